//! What is said of breaks in the log of events, and the comparison across them that is refused.

use crate::experiment::Experiment;
use crate::models::Spec;
use crate::pipeline::Played;
use crate::pipeline::tracking_breaks::{bends, cliffs};
use crate::result::{Cliff, CliffKind, Level, Notice};

use super::RunError;

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
