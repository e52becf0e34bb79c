//! What is said of breaks in the log of events, and the comparison across them that is refused.

use crate::experiment::Experiment;
use crate::models::Spec;
use crate::pipeline::Played;
use crate::pipeline::tracking_breaks::{bends, cliffs};
use crate::report::notices;
use crate::result::Cliff;

/// Why leads from both sides of a break in the event log are not compared.
#[derive(Debug, thiserror::Error)]
#[error(
    "{what}: those leads score lower for want of a log, and a comparison across that date would be about the log; {advice}, or compare all the same with --allow-truncated"
)]
pub struct Truncated {
    what: String,
    advice: String,
}

/// The breaks across which the models would be compared: refused, unless the experiment allows it.
pub(super) fn crossed(experiment: &Experiment, played: &Played) -> Result<Vec<Cliff>, Truncated> {
    let models: Vec<&Spec> = experiment.models.iter().collect();
    let crossed: Vec<Cliff> = cliffs(&played.history, &played.replayed, &models).into_iter().filter(bends).collect();
    match crossed.first() {
        Some(first) if !experiment.allow_truncated => {
            let what = crossed.iter().map(notices::tracking_break).collect::<Vec<_>>().join("; ");
            Err(Truncated { what, advice: notices::one_side_of(first) })
        }
        _ => Ok(crossed),
    }
}
