//! What a slide on a review shows.

use crate::result::Decision;
use crate::result::review::{Advice, Period, Review};

use super::super::chart::{self, Brief, Chart, Figure, Proposal};
use super::super::text::{self, Unit};
use super::{glance, named_period, reviewed, summary};

/// The most tiers that can be read on a slide.
const TIERS: usize = 5;

/// Wins and value beside the last period and the same a year ago, the decision, the tiers, the changes to make, and
/// whether to trust it.
pub fn brief(review: &Review) -> Brief {
    let (level, trust) = glance::trust(review);
    let (title, proposals) = match review.advice.as_slice() {
        [] => ("What to change".into(), vec![nothing()]),
        all => (glance::changes_title(review).into(), all.iter().enumerate().map(proposal).collect()),
    };
    Brief {
        figures: vec![wins(review), value(review).unwrap_or_else(|| conversion(review)), decision(review)],
        chart: picture(review),
        title,
        proposals,
        trust: (level, trust.plain()),
    }
}

/// The tiers; before any horizon is over the trend, which shows what is known.
fn picture(review: &Review) -> Chart {
    let tiers = chart::tiers_from_the_top(review, TIERS);
    let trend = chart::trend(review);
    if tiers.panels.is_empty() && !trend.panels.is_empty() { trend } else { tiers }
}

fn label(period: &Period) -> String {
    named_period(period, 24)
}

/// What something was in the period before and a year ago: "145 in 2026Q1; 156 in 2025Q2, a year ago".
fn before(review: &Review, of: impl Fn(&Period) -> Option<String>) -> Option<String> {
    let say = |(place, period): (usize, &&Period)| {
        let so_far = if period.is_mature() { "" } else { " so far" };
        let ago = if place == 1 { ", a year ago" } else { "" };
        Some(format!("{}{so_far} in {}{ago}", of(period)?, label(period)))
    };
    let all: Vec<String> = glance::compared(review)[1..].iter().enumerate().filter_map(say).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().collect::<Vec<String>>().join("; ")
}

fn wins(review: &Review) -> Figure {
    let period = reviewed(review);
    let count = |period: &Period| Some(text::count(if period.is_mature() { period.wins } else { period.wins_so_far }));
    let so_far = if period.is_mature() { "" } else { " so far" };
    Figure {
        label: format!("Wins in {}", label(period)),
        value: format!("{}{so_far}", count(period).unwrap_or_default()),
        beside: joined([in_the_end(review), before(review, count)]),
    }
}

/// The early read of an open period; a doubted one is not repeated on a slide.
fn in_the_end(review: &Review) -> Option<String> {
    let period = reviewed(review);
    let read = review.early.iter().find(|read| read.label == period.label).filter(|_| !period.is_mature())?;
    match (&read.doubt, text::parts(&read.wins, Unit::Count).1, read.wins.interval()) {
        (None, Some(ends), Some(_)) => Some(format!("{ends} in the end")),
        _ => Some(glance::UNTOLD.into()),
    }
}

fn value(review: &Review) -> Option<Figure> {
    let period = reviewed(review);
    let currency = review.setting.currency.as_deref();
    let sum = |period: &Period| Some(text::with_currency(&text::quantity(period.value?, Unit::Money), currency));
    let so_far = if period.is_mature() { "" } else { " so far" };
    Some(Figure {
        label: format!("Value won in {}{so_far}", label(period)),
        value: sum(period)?,
        beside: joined([before(review, sum)]),
    })
}

fn conversion(review: &Review) -> Figure {
    let period = reviewed(review);
    let share = |period: &Period| period.rate.point.finite().map(|_| text::estimate(&period.rate, Unit::Share));
    let (value, range) = match (period.rate.point.finite(), period.rate.interval()) {
        (Some(_), Some(_)) => {
            let (value, range) = text::parts(&period.rate, Unit::Share);
            (value, range.map(|range| format!("95 %: {range}")))
        }
        (Some(_), None) => text::parts(&period.rate, Unit::Share),
        (None, _) => ("–".into(), Some("no horizon is over".into())),
    };
    Figure {
        label: format!("Conversion of finished leads in {}", label(period)),
        value,
        beside: joined([range, before(review, share)]),
    }
}

fn decision(review: &Review) -> Figure {
    let (value, beside) = match (review.decision.verdict.decision, summary::named(review)) {
        (Decision::Promote, Some(comparison)) => (
            "Replace it",
            format!("by {}: {}", text::clipped(&comparison.challenger, 24), summary::worth(review, comparison)),
        ),
        (Decision::Keep, _) => ("Keep it", "no challenger passes the gates".into()),
        (_, Some(comparison)) => (
            "Keep it for now",
            format!(
                "whether {} does better is not shown: {}",
                text::clipped(&comparison.challenger, 24),
                summary::worth(review, comparison)
            ),
        ),
        _ => ("Keep it for now", "there is no evidence for another one".into()),
    };
    let live = text::clipped(&review.setting.champion, 24);
    Figure { label: format!("Decision on {live}"), value: value.into(), beside }
}

fn proposal((place, advice): (usize, &Advice)) -> Proposal {
    let points = match (advice.from, advice.to) {
        (Some(from), Some(to)) => {
            let written = text::aligned(&[from, to], Unit::Plain);
            Some(format!("{} to {}", written[0], written[1]))
        }
        _ => None,
    };
    let gain = advice.gain.point.finite().map(|_| {
        let may_be_nothing = match advice.gain.interval() {
            Some(interval) if interval.low > 0.0 => "",
            _ => ", which may be nothing",
        };
        let on = advice.leads.map_or(String::new(), |leads| format!(", {}", summary::counted_on(leads)));
        format!("{} wins a quarter{may_be_nothing}{on}", text::estimate(&advice.gain, Unit::CountDifference))
    });
    Proposal {
        what: format!("{}. {}", place + 1, glance::advice_words(advice).plain()),
        beside: joined([points, gain, Some(format!("decides: {}", text::clipped(&advice.who, 60)))]),
    }
}

fn nothing() -> Proposal {
    Proposal { what: glance::NO_CHANGE.into(), beside: text::capitalised(glance::WHY_NONE) + "." }
}
