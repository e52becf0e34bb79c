//! Breaks in the log of events, and whom they touch: a lead whose log is cut scores low for want of a log.

use crate::audit::{self, Break};
use crate::data::{Events, History};
use crate::models::{Reader, Spec};
use crate::replay::{Replayed, Role};
use crate::result::{Cliff, CliffKind, Level, Notice, Number};
use crate::stats::Undefined;

use super::RunError;
use super::load::Experiment;
use super::run::Played;

/// A break that touches a smaller share of the leads bends no comparison.
const FEW: f64 = 0.01;

/// Breaks in the log of every kind of events, with the criteria of some models that read the kind.
pub(super) fn cliffs(history: &History, replayed: &Replayed, models: &[&Spec]) -> Vec<Cliff> {
    let Some(events) = &history.events else { return Vec::new() };
    let found = breaks(events);
    let several = models.len() > 1;
    let cliff = |(name, found): (String, Break)| {
        let readers: Vec<String> = models.iter().flat_map(|model| readers(model, &name, several)).collect();
        Cliff {
            what: found.what,
            at: history.zone.date(found.at).to_string(),
            before: found.before,
            after: found.after,
            criteria: readers,
            share: touched(replayed, &found),
            kind: name,
        }
    };
    found.into_iter().map(cliff).collect()
}

/// The clearest break of every kind, by the kinds' names.
fn breaks(events: &Events) -> Vec<(String, Break)> {
    let Some(weeks) = &events.weeks else { return Vec::new() };
    let found = events.kinds.iter().zip(&weeks.kinds);
    let found = found.filter_map(|(kind, log)| Some((kind.clone(), audit::cliff(&weeks.arrivals, log)?)));
    let mut found: Vec<(String, Break)> = found.collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The share of the scored leads whose log the break cuts.
fn touched(replayed: &Replayed, found: &Break) -> Number {
    let outcomes = &replayed.outcomes;
    let is_touched = |row: &usize| match found.what {
        CliffKind::Begins | CliffKind::Swells => outcomes.created[*row] < found.at,
        CliffKind::Ends | CliffKind::ThinsOut => outcomes.as_of[*row] >= found.at,
    };
    let rows = (0..outcomes.created.len()).filter(|&row| replayed.roles[row] != Role::Immature);
    let rows: Vec<usize> = rows.collect();
    match rows.len() {
        0 => Undefined::Empty.into(),
        all => (rows.iter().filter(|row| is_touched(row)).count() as f64 / all as f64).into(),
    }
}

/// What of a model reads a kind of events: its criteria, or the model itself.
fn readers(model: &Spec, kind: &str, several: bool) -> Vec<String> {
    let of_model = |what: &str| if several { format!("{}: {what}", model.name) } else { what.to_owned() };
    let said = |reader| match reader {
        Reader::Criterion(name) => of_model(&name),
        Reader::Model => model.name.clone(),
    };
    model.kind.recipe().readers(kind).into_iter().map(said).collect()
}

/// Whether models that read the kind are compared, or weighed, on leads from both sides of the break.
pub(super) fn bends(cliff: &Cliff) -> bool {
    !cliff.criteria.is_empty() && cliff.share.finite().is_some_and(|share| share >= FEW)
}

/// The breaks across which the models would be compared: refused, unless the experiment allows it.
pub(super) fn crossed(experiment: &Experiment, played: &Played) -> Result<Vec<Cliff>, RunError> {
    let models: Vec<&Spec> = experiment.models.iter().collect();
    let crossed: Vec<Cliff> = cliffs(&played.history, &played.replayed, &models).into_iter().filter(bends).collect();
    match crossed.first() {
        Some(first) if !experiment.allow_truncated => Err(RunError::Truncated {
            what: crossed.iter().map(in_words).collect::<Vec<_>>().join("; "),
            advice: advice(first),
        }),
        _ => Ok(crossed),
    }
}

/// What of the leads is beyond the break, in a clause.
pub(super) fn in_words(cliff: &Cliff) -> String {
    let what = match cliff.what {
        CliffKind::Begins => "begins",
        CliffKind::Ends => "ends",
        CliffKind::ThinsOut => "thins out",
        CliffKind::Swells => "swells",
    };
    let share = cliff.share.finite().map_or("some".into(), |share| format!("{:.0} %", 100.0 * share));
    let side = match cliff.what {
        CliffKind::Begins => "were created before it",
        CliffKind::Swells => "were created before it, when fewer events were logged",
        CliffKind::Ends => "are scored after it",
        CliffKind::ThinsOut => "are scored after it, when fewer events were logged",
    };
    let readers = match cliff.criteria.len() {
        0 => String::new(),
        _ => format!(" (read by {})", listed(&cliff.criteria)),
    };
    format!("the log of `{}` {what} at {}, and {share} of the leads {side}{readers}", cliff.kind, cliff.at)
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 4;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    shown.join(", ") + &more
}

/// The window on one side of the break.
fn advice(cliff: &Cliff) -> String {
    match cliff.what {
        CliffKind::Begins | CliffKind::Swells => {
            format!("let `replay.train` and `replay.evaluate` begin at {}", cliff.at)
        }
        CliffKind::Ends | CliffKind::ThinsOut => {
            format!("let `replay.train` and `replay.evaluate` end before {}, with `until` there too", cliff.at)
        }
    }
}

pub(super) fn notice(cliff: &Cliff, level: Level) -> Notice {
    let text = in_words(cliff);
    Notice { level, text: format!("T{}: those leads score lower for want of a log", &text[1..]) }
}
