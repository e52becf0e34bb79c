//! What one would do on Monday, whether it is proven or not.

use crate::result::Prospect;
use crate::stats::exchangeable::{Exchangeable, Expected};
use crate::stats::linear::Matrix;

use super::cohort::Cohort;
use super::deciding::{Against, Winners};

/// Quarters of a year over which what a switch costs is earned.
const QUARTERS: f64 = 4.0;

/// The challenger of which most is to be expected, of those that may be promoted; nothing without a champion whose figures
/// can be believed, and where nothing can be said of how models differ.
pub(super) fn prospect(cohort: &Cohort, winners: &Winners, against: Option<&Against>) -> Option<Prospect> {
    let champion = &cohort.models()[cohort.design().champion?];
    let against = against.filter(|_| !champion.is_suspended() && !winners.is_refused())?;
    let candidates: Vec<usize> = against.moving().filter(|&model| cohort.models()[model].is_candidate()).collect();
    let (seen, covariance) = against.differences(&candidates);
    let covariance = Matrix::from_fn(seen.len(), seen.len(), |a, b| covariance[a][b]);
    let scale = winners.worthwhile();
    let expected = Exchangeable { seen: &seen, covariance: &covariance, scale }.expected().ok()?;
    let best = (0..candidates.len()).reduce(|a, b| if expected[b].mean > expected[a].mean { b } else { a })?;
    let Expected { mean, chance, shortfall } = expected[best];
    let cost = cohort.asked().cost_of_switching;
    let (gain, loss) = (mean * winners.unit(), shortfall * winners.unit());
    let earned = gain * if winners.is_a_quarter() { QUARTERS } else { 1.0 };
    Some(Prospect {
        challenger: cohort.models()[candidates[best]].name.clone(),
        switch: earned > cost && mean > 0.0,
        chance,
        gain,
        loss,
        per: winners.per(),
    })
}
