//! Whether predicted probabilities mean what they say, and maps that make them.

mod benefit;
mod bins;
mod brier;
mod isotonic;
mod recalibration;
mod smooth;

pub use benefit::{NetBenefit, net_benefit};
pub use bins::{
    Binning, CalibrationError, HosmerLemeshow, ReliabilityBin, calibration_error, hosmer_lemeshow, reliability_bins,
};
pub use brier::{
    BinnedMurphy, Murphy, Spiegelhalter, binned_murphy, brier, brier_skill, log_likelihood, log_loss, murphy,
    spiegelhalter,
};
pub use isotonic::{Block, Corp, corp, isotonic};
pub use recalibration::{BetaMap, Cox, Platt, beta, cox, in_the_large, logistic_map, observed_expected, platt};
pub use smooth::{AbsoluteError, loess, loess_error, lowess, lowess_error};

use super::{Tally, Undefined};

/// The number of leads, when there are some and all their scores are probabilities.
fn leads(tally: &Tally) -> Result<f64, Undefined> {
    if tally.is_empty() {
        return Err(Undefined::Empty);
    }
    // Ascending, so the ends tell.
    let inside = tally.score[0] >= 0.0 && tally.score[tally.len() - 1] <= 1.0;
    if inside { Ok(tally.total()) } else { Err(Undefined::NotProbability) }
}

/// A sum over the cells of (probability, converted, others).
fn sum_cells(tally: &Tally, term: impl Fn(f64, f64, f64) -> f64) -> f64 {
    (0..tally.len()).map(|i| term(tally.score[i], tally.positive[i], tally.negative[i])).sum()
}

/// Made samples for the tests of this room.
#[cfg(test)]
mod samples {
    use crate::stats::{Sample, Tally};
    use proptest::prelude::*;

    pub fn tally(rows: &[(f64, bool)]) -> Tally {
        let (score, converted): (Vec<f64>, Vec<bool>) = rows.iter().copied().unzip();
        Sample::new(&score, &converted).tally()
    }

    /// Leads with probabilities inside (0, 1), many of them equal.
    pub fn leads() -> impl Strategy<Value = Vec<(f64, bool)>> {
        prop::collection::vec(((1..40u32).prop_map(|k| f64::from(k) / 40.0), any::<bool>()), 1..60)
    }

    pub fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-11 * (1.0 + a.abs())
    }
}
