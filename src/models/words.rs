//! Models in words, for people who did not write them.

use super::shape::{Amount, Filter, Shape, Signal};
use super::spec::Criterion;
use crate::replay::Decay;
use crate::table::Cell;

/// Up to three decimals, none that say nothing.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 1e3).round() / 1e3;
    format!("{}", if rounded.is_finite() { rounded + 0.0 } else { value })
}

pub(super) fn points(points: f64) -> String {
    format!("{} {}", number(points), if points == 1.0 { "point" } else { "points" })
}

pub(super) fn days(days: f64) -> String {
    format!("{} {}", number(days), if days == 1.0 { "day" } else { "days" })
}

pub(super) fn cell(cell: Cell) -> String {
    match cell {
        Cell::Missing => "missing".into(),
        Cell::Number(value) => number(value),
        Cell::Text(text) => format!("'{text}'"),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Instant(at) => crate::time::Zone::utc().text(at),
    }
}

/// "25 points once for `demo_request`, halving every 30 days".
pub(super) fn criterion(criterion: &Criterion, what: &str) -> String {
    let cap = criterion.cap.map(|cap| format!(", at most {} either way", number(cap))).unwrap_or_default();
    match criterion.points {
        Some(given) => format!("{} {what}{cap}", points(given)),
        None => format!("{what}{cap}"),
    }
}

/// What a criterion gives its points for.
pub(super) fn signal(shape: &Shape) -> String {
    let when = shape.lead_when.as_ref().map(|when| when.text().trim().to_string());
    let what = match &shape.signal {
        Signal::Holds => return format!("when {}", when.unwrap_or_default()),
        Signal::Unit(column) => format!("for each unit of `{column}`"),
        Signal::Bands(column, bands) => {
            let bands: Vec<String> =
                bands.iter().map(|band| format!("{} for {}", points(band.points), band.label)).collect();
            format!("by `{column}`: {}", bands.join(", "))
        }
        Signal::Once { filter, amount, at_least, decay } => {
            let amount = match amount {
                Amount::Events if *at_least == 1.0 => kind(filter, ""),
                Amount::Events => format!("{} or more {}", number(*at_least), kind(filter, "")),
                Amount::Sum(column) => format!("{} or more `{column}` over {}", number(*at_least), kind(filter, "")),
                Amount::Distinct(column) => {
                    format!("{} or more different `{column}` of {}", number(*at_least), kind(filter, ""))
                }
            };
            format!("once for {amount}{}{}", limits(filter), fading(*decay))
        }
        Signal::Each { filter, amount, decay } => {
            let amount = match amount {
                Amount::Events => kind(filter, "each "),
                Amount::Sum(column) => format!("each unit of `{column}` over {}", kind(filter, "")),
                Amount::Distinct(column) => format!("each different `{column}` of {}", kind(filter, "")),
            };
            format!("for {amount}{}{}", limits(filter), fading(*decay))
        }
        Signal::Inactive { filter, span } => {
            format!("after {} without {}{}", span.in_words(), kind(filter, ""), limits(filter))
        }
    };
    when.map_or(what.clone(), |when| format!("{what}, only when {when}"))
}

fn kind(filter: &Filter, each: &str) -> String {
    match &filter.kind {
        Some(kind) => format!("{each}`{kind}`"),
        None if each.is_empty() => "any event".into(),
        None => format!("{each}event"),
    }
}

fn limits(filter: &Filter) -> String {
    let mut text = String::new();
    if let Some(when) = &filter.when {
        text += &format!(" where {}", when.text().trim());
    }
    if let Some(within) = filter.within {
        text += &format!(" in the last {}", within.in_words());
    }
    if let Some(after) = &filter.after {
        text += &format!(" within {} of `{}`", after.within.in_words(), after.event);
    }
    text
}

fn fading(decay: Decay) -> String {
    match decay {
        Decay::None => String::new(),
        Decay::HalfLife(span) => format!(", halving every {}", span.in_words()),
        Decay::Linear(span) => format!(", fading to nothing over {}", span.in_words()),
        Decay::Steps { share, every } => {
            format!(", losing {} % of the first points every {}", number(share * 100.0), every.in_words())
        }
    }
}
