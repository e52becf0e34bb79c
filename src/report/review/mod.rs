//! The report on a review: the first screen, then what stands behind each of its lines.

mod glance;
mod sections;
mod slide;
mod summary;
#[cfg(test)]
pub(super) mod tests;

use crate::metrics::IN_THE_LARGE;
use crate::result::review::{ChangeOf, ModelPeriod, ModelTrend, Period, Review};
use crate::result::{Decision, Level};

use super::document::{Answer, Block, Document, Section, Text, Tone, name, say};
use super::notices;
use super::text;

pub use slide::brief;

/// The report on a review.
pub fn document(review: &Review) -> Document {
    let mut all = vec![glance::section(review), summary::section(review)];
    all.extend(sections::all(review));
    all.push(Section::new("definitions", "What the words mean", vec![Block::Definitions(&super::GLOSSARY)]));
    let unit = text::capitalised(&review.setting.unit);
    let label = text::clipped(&reviewed(review).label, 40);
    Document {
        title: format!("{unit} review {label}: {}", text::clipped(&review.experiment, 90)),
        setting: setting(review),
        answer: answer(review),
        sections: all,
        charts: "charts",
        footer: footer(review).into(),
    }
}

fn footer(review: &Review) -> String {
    let inputs: String = review.setting.inputs.chars().take(12).collect();
    format!(
        "leadoff {}, review format {}, seed {}, inputs {inputs}. Ranges in parentheses are 95 % intervals; those of an early read are prediction intervals.",
        env!("CARGO_PKG_VERSION"),
        review.schema,
        review.setting.seed,
    )
}

/// # Panics
/// Never: a review has at least the period it reviews.
fn reviewed(review: &Review) -> &Period {
    review.periods.last().expect("a review has a period")
}

/// The period's name; where the leads that there are leave out a part of it, with what they cover.
fn named_period(period: &Period, most: usize) -> String {
    let label = text::clipped(&period.label, most);
    let covers = |end: &Option<String>, day: &String| end.as_ref() == Some(day);
    match &period.covered {
        None => label,
        Some((first, last)) => match (covers(&period.from, first), covers(&period.to, last)) {
            (true, _) => format!("{label} (leads to {last} only)"),
            (_, true) => format!("{label} (leads from {first} only)"),
            _ => format!("{label} (leads from {first} to {last} only)"),
        },
    }
}

/// The same for the period of this label.
fn named(review: &Review, label: &str) -> String {
    let period = review.periods.iter().find(|period| period.label == label);
    period.map_or_else(|| text::clipped(label, 40), |period| named_period(period, 40))
}

/// The period so many back.
fn back(review: &Review, periods: usize) -> Option<&Period> {
    review.periods.len().checked_sub(1 + periods).and_then(|place| review.periods.get(place))
}

fn champion(review: &Review) -> Option<&ModelTrend> {
    review.models.iter().find(|model| model.is_champion)
}

/// The live model in the period so many back.
fn live(review: &Review, periods: usize) -> Option<&ModelPeriod> {
    let model = champion(review)?;
    model.periods.len().checked_sub(1 + periods).and_then(|place| model.periods.get(place))
}

fn setting(review: &Review) -> Text {
    let setting = &review.setting;
    let horizon = setting.horizon_days.map_or("ever".into(), |days| format!("within {}", text::days(days)));
    let period = reviewed(review);
    let created = match (&period.from, &period.to) {
        (Some(from), Some(to)) => format!("Leads created {from} to {to}"),
        _ => format!("The leads of {}", text::clipped(&period.label, 40)),
    };
    let seen = setting.until.as_ref().map_or(String::new(), |until| format!(", as they stood on {until}"));
    say![
        format!("{created}, scored {} by ", text::clean(&setting.as_of)),
        name(&setting.champion),
        format!("; a win is a conversion {horizon}{seen}.")
    ]
}

fn answer(review: &Review) -> Answer {
    let verdict = summary::verdict(review);
    let period = reviewed(review);
    let mature = text::quantity(period.share_mature(), text::Unit::Share);
    let label = named_period(period, 40);
    let leads = text::plural(period.leads, "lead");
    let wins = match period.is_mature() {
        true => text::plural(period.wins, "win"),
        false => format!("{} of the {} so far", text::count(period.wins), text::plural(period.wins_so_far, "win")),
    };
    Answer {
        tone: match review.decision.verdict.decision {
            Decision::Promote => Tone::Change,
            Decision::Keep => Tone::Keep,
            Decision::NotEnoughEvidence => Tone::Undecided,
        },
        headline: verdict.headline,
        line: verdict.line,
        readiness: format!("{leads} in {label}, {mature} of them finished with {wins}.").into(),
        banners: review
            .notices
            .iter()
            .filter(|notice| notice.level == Level::Banner)
            .map(|notice| Text::whole(&notices::sentence(&notice.fact)))
            .collect(),
        doubts: super::first::doubts(&review.notices),
        reasons: Vec::new(),
        next: Vec::new(),
    }
}

/// "AUC", "conversion, hot".
fn change_of(what: &ChangeOf) -> String {
    match what {
        ChangeOf::Metric { metric } => match metric.metric() {
            own if own.id == IN_THE_LARGE.id => "calibration, in log-odds beyond what was predicted".into(),
            own => own.label.into(),
        },
        ChangeOf::Conversion { bracket } => format!("conversion, {bracket}"),
        ChangeOf::Written { text } => text.clone(),
    }
}
