//! What parity says, as text.

use std::fmt::Write;

use super::Parity;
use super::classes::{Class, Differs, How};
use crate::table::inert;

/// So many reasons are listed.
const LISTED: usize = 20;

impl Class {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Rounding => "rounding",
            Self::Edited => "rule edited",
            Self::Event => "event missing",
            Self::Stale => "column without history",
            Self::LeftOut => "rule left out",
            Self::Other => "other",
        }
    }
}

fn number(value: f64) -> String {
    format!("{}", (value * 1e6).round() / 1e6 + 0.0)
}

impl Differs {
    /// What it is about, in a few words.
    pub fn about(&self) -> String {
        match &self.how {
            How::StaysAt(edge) => format!("stays at {}", number(*edge)),
            How::Limit(limit) => format!("{}: at most {}", self.subject, number(*limit)),
            How::Whole => "whole points".into(),
            How::Points { platform, day, before, .. } => {
                let when = day
                    .as_ref()
                    .map_or(String::new(), |day| format!(" {} {day}", if *before { "before" } else { "from" }));
                format!("{}: {}{when}", self.subject, number(*platform))
            }
            How::Quiet(quiet) => format!("{}: {}", self.subject, if *quiet { "quiet" } else { "not quiet" }),
            How::More(more) => format!("{}: {}", self.subject, if *more { "one more" } else { "one less" }),
            How::Plain | How::Unlimited => self.subject.clone(),
        }
    }

    /// What it is, and what to do, in one sentence.
    fn sentence(&self) -> String {
        let name = inert(&self.subject);
        match (&self.class, &self.how) {
            (Class::Cap, How::StaysAt(edge)) => {
                let edge = number(*edge);
                format!("the platform stays at {edge} where the model passes it: set `bounds:` to end there")
            }
            (Class::Cap, How::Limit(limit)) => {
                let limit = number(*limit);
                format!("equal where `{name}` gives {limit} points at most, as the platform seems to hold: write that limit")
            }
            (Class::Cap, _) if name.is_empty() => {
                "equal without the model's `bounds`: the platform does not hold them; take them out, or set them there".into()
            }
            (Class::Cap, _) => {
                format!("equal without the limit of `{name}`: the platform does not hold it; take it out, or set it there")
            }
            (Class::Rounding, How::Whole) => "equal in whole points: write `round: 1` in the model".into(),
            (Class::Rounding, _) => {
                "less than a point for each criterion that fades, `{name}` among them: the platform rounds what is left on the way; no lead is judged by it".replace("{name}", &name)
            }
            (Class::Edited, How::Points { platform, model, before, day }) => {
                let (platform, model) = (number(*platform), number(*model));
                match (day, before) {
                    (Some(day), false) => format!("`{name}` gives {platform} points instead of {model} from {day} on: the rule was edited; write the points in force, and evaluate leads of one version"),
                    (Some(day), true) => format!("`{name}` gave {platform} points instead of {model} before {day}: the rule was edited; evaluate leads from then on, for the model is today's"),
                    (None, _) => format!("`{name}` gives {platform} points in the platform and {model} in the model: write the same"),
                }
            }
            (Class::Event, How::Quiet(quiet)) => {
                let (one, other) = if *quiet { ("the log", "the platform") } else { ("the platform", "the log") };
                format!("{one} holds an event that ends `{name}`, and {other} does not: look for filters, and for events that are dated late")
            }
            (Class::Event, How::More(true)) => {
                format!("the platform counts one event more for `{name}` than the log holds by then: export its events again, and look whether they are dated late")
            }
            (Class::Event, _) => {
                format!("the log holds one event for `{name}` that the platform does not count: look for a filter, or for events that are logged twice")
            }
            (Class::Stale, _) => {
                format!("`{name}` reads a column that is known only as exported, and it was otherwise then: export the column's history too")
            }
            (Class::LeftOut, _) => format!("`{name}` is in the platform and fits no column or event of the data: name what it reads"),
            _ => "not explained: hold examples (`--out FILE`) against the leads' pages in the platform".into(),
        }
    }
}

/// The comparison as a person reads it.
pub fn text(parity: &Parity) -> String {
    let mut text = String::new();
    for notice in &parity.notices {
        let _ = writeln!(text, "{}", inert(notice));
    }
    let share = if parity.equal == parity.compared {
        "100 %".to_string()
    } else {
        // Never rounded up to all.
        format!("{:.1} %", (1000.0 * parity.equal as f64 / parity.compared as f64).floor() / 10.0)
    };
    let (from, to) = &parity.span;
    let when = match parity.by_history {
        true => format!("at each of its changes from {from} to {to}"),
        false => format!("as exported, on {to}"),
    };
    let _ = writeln!(
        text,
        "`{}` against `{}`, {when}: {} of {} scores equal ({share}), of {} leads",
        inert(&parity.model),
        inert(&parity.column),
        parity.equal,
        parity.compared,
        parity.leads,
    );
    for (reason, count) in parity.reasons.iter().take(LISTED) {
        let _ = writeln!(text, "  {count:>7}  {}: {}", reason.class.in_words(), reason.sentence());
    }
    if parity.reasons.len() > LISTED {
        let rest: u64 = parity.reasons[LISTED..].iter().map(|(_, count)| count).sum();
        let _ = writeln!(text, "  {rest:>7}  for {} reasons more", parity.reasons.len() - LISTED);
    }
    text
}
