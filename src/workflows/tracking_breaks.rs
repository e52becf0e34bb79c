//! What is said of breaks in the log of events, and the comparison across them that is refused.

use crate::experiment::Experiment;
use crate::models::Spec;
use crate::pipeline::Played;
use crate::pipeline::tracking_breaks::{bends, cliffs};
use crate::replay::WalkSpec;
use crate::report::notices;
use crate::result::{Cliff, CliffKind};
use crate::time::Moment;

/// Why leads from both sides of a break in the event log are not compared.
#[derive(Debug, thiserror::Error)]
#[error(
    "{what}: those leads score lower for want of a log, and a comparison across that date would be about the log; {advice}, or compare all the same with --allow-truncated"
)]
pub struct Truncated {
    what: String,
    advice: String,
    pub breaks: Vec<Cliff>,
}

/// The breaks across which the models would be compared: refused, unless the experiment allows it.
pub(super) fn crossed(experiment: &Experiment, played: &Played) -> Result<Vec<Cliff>, Truncated> {
    let models: Vec<&Spec> = experiment.models.iter().collect();
    let crossed: Vec<Cliff> = cliffs(&played.history, &played.replayed, &models).into_iter().filter(bends).collect();
    match crossed.first() {
        Some(first) if !experiment.allow_truncated => {
            let what = crossed.iter().map(notices::tracking_break).collect::<Vec<_>>().join("; ");
            Err(Truncated { what, advice: notices::one_side_of(first), breaks: crossed })
        }
        _ => Ok(crossed),
    }
}

/// A walk that starts after the last of the breaks; nothing where the log ends for good, where the experiment does not walk,
/// and where it walks after a break already.
pub(super) fn after(experiment: &Experiment, played: &Played, crossed: &Truncated) -> Option<Experiment> {
    let walk = experiment.file.replay.walk.as_ref().filter(|walk| walk.after.is_none())?;
    if crossed.breaks.iter().any(|cliff| cliff.what == CliffKind::Ends) {
        return None;
    }
    let zone = &played.history.zone;
    let start = |cliff: &Cliff| Some(cliff.at.parse::<Moment>().ok()?.start(zone));
    let after = crossed.breaks.iter().filter_map(start).max()?;
    let mut later = experiment.clone();
    later.file.replay.walk = Some(WalkSpec { after: Some(after), ..walk.clone() });
    Some(later)
}
