use super::bins::{Binning, cells_of_bins};
use super::{leads, sum_cells};
use crate::stats::{Tally, Undefined, dist};

/// Mean squared difference between the predicted probability and the outcome, 0 to 1 (Brier 1950).
pub fn brier(tally: &Tally) -> Result<f64, Undefined> {
    let n = leads(tally)?;
    Ok(sum_cells(tally, |p, converted, others| converted * (1.0 - p).powi(2) + others * p * p) / n)
}

/// 1 - Brier / (Brier of the overall rate): 1 is perfect, 0 no better than the rate. Undefined for one class.
pub fn brier_skill(tally: &Tally) -> Result<f64, Undefined> {
    let brier = brier(tally)?;
    tally.classes()?;
    Ok(1.0 - brier / uncertainty(tally))
}

/// Mean negative log probability of what happened, in nats. Infinite when something happened that had been given
/// probability 0; never clipped.
pub fn log_loss(tally: &Tally) -> Result<f64, Undefined> {
    let n = leads(tally)?;
    Ok(-log_likelihood(tally)? / n)
}

/// Σ y ln p + (1 - y) ln (1 - p).
pub fn log_likelihood(tally: &Tally) -> Result<f64, Undefined> {
    leads(tally)?;
    let term = |count: f64, log: f64| if count == 0.0 { 0.0 } else { count * log };
    Ok(sum_cells(tally, |p, converted, others| term(converted, p.ln()) + term(others, (-p).ln_1p())))
}

/// The overall rate's own Brier score.
pub(super) fn uncertainty(tally: &Tally) -> f64 {
    let n = tally.total();
    tally.positives() / n * (tally.negatives() / n)
}

/// Murphy's (1973) parts over distinct probabilities: `brier = reliability - resolution + uncertainty`, exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Murphy {
    pub reliability: f64,
    pub resolution: f64,
    pub uncertainty: f64,
}

pub fn murphy(tally: &Tally) -> Result<Murphy, Undefined> {
    let n = leads(tally)?;
    let rate = tally.positives() / n;
    let squared = |away: f64, converted: f64, others: f64| {
        let all = converted + others;
        all * (converted / all - away).powi(2)
    };
    Ok(Murphy {
        reliability: sum_cells(tally, squared) / n,
        resolution: sum_cells(tally, |_, converted, others| squared(rate, converted, others)) / n,
        uncertainty: uncertainty(tally),
    })
}

/// Murphy's parts over bins with the two terms for what varies inside a bin (Stephenson, Coelho & Jolliffe 2008):
/// `brier = reliability - resolution + uncertainty + within_variance - within_covariance`, exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinnedMurphy {
    pub murphy: Murphy,
    pub within_variance: f64,
    /// Twice the covariance of probability and outcome inside the bins.
    pub within_covariance: f64,
}

pub fn binned_murphy(tally: &Tally, binning: Binning) -> Result<BinnedMurphy, Undefined> {
    let n = leads(tally)?;
    let rate = tally.positives() / n;
    let mut parts = BinnedMurphy {
        murphy: Murphy { reliability: 0.0, resolution: 0.0, uncertainty: uncertainty(tally) },
        within_variance: 0.0,
        within_covariance: 0.0,
    };
    for (bin, cells) in cells_of_bins(tally, binning)? {
        let gap = |i: usize| tally.score[i] - bin.predicted;
        let share = |term: &dyn Fn(usize) -> f64| cells.clone().map(term).sum::<f64>() / n;
        parts.murphy.reliability += bin.count / n * (bin.predicted - bin.observed).powi(2);
        parts.murphy.resolution += bin.count / n * (bin.observed - rate).powi(2);
        parts.within_variance += share(&|i| tally.count(i) * gap(i).powi(2));
        parts.within_covariance += 2.0 * share(&|i| gap(i) * (tally.positive[i] - tally.count(i) * bin.observed));
    }
    Ok(parts)
}

/// Spiegelhalter's (1986) test that the probabilities are right: `z` is positive when the Brier score is larger than
/// they promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spiegelhalter {
    pub z: f64,
    pub p_value: f64,
}

/// Undefined when every probability is 0, ½ or 1, where the Brier score says nothing about calibration.
pub fn spiegelhalter(tally: &Tally) -> Result<Spiegelhalter, Undefined> {
    leads(tally)?;
    let variance = sum_cells(tally, |p, a, b| (a + b) * (1.0 - 2.0 * p).powi(2) * p * (1.0 - p));
    if variance == 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    let excess = sum_cells(tally, |p, a, b| (1.0 - 2.0 * p) * (a * (1.0 - p) - b * p));
    let z = excess / variance.sqrt();
    Ok(Spiegelhalter { z, p_value: dist::normal_p(z) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Sample;
    use crate::stats::calibration::samples::{leads, near, tally};
    use proptest::prelude::*;

    #[test]
    fn a_certain_prediction_that_was_wrong_costs_infinitely_much() {
        assert_eq!(log_loss(&tally(&[(0.0, true), (0.5, false)])), Ok(f64::INFINITY));
        assert_eq!(log_loss(&tally(&[(0.0, false), (1.0, true)])), Ok(0.0));
    }

    #[test]
    fn a_score_of_points_is_not_a_probability() {
        assert_eq!(brier(&tally(&[(55.0, true)])), Err(Undefined::NotProbability));
    }

    #[test]
    fn no_leads_have_no_brier_score() {
        assert_eq!(brier(&tally(&[])), Err(Undefined::Empty));
    }

    #[test]
    fn one_class_leaves_nothing_to_be_skilled_at() {
        assert_eq!(brier_skill(&tally(&[(0.2, true), (0.4, true)])), Err(Undefined::OneClass));
        assert_eq!(brier(&tally(&[(0.5, true)])), Ok(0.25));
    }

    #[test]
    fn certain_and_even_probabilities_cannot_be_tested() {
        assert_eq!(spiegelhalter(&tally(&[(0.0, false), (0.5, true), (1.0, true)])), Err(Undefined::ZeroVariance));
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_brier_score(rows in leads(), bins in 1..12usize) {
            let tally = tally(&rows);
            let whole = brier(&tally).unwrap();
            let parts = murphy(&tally).unwrap();
            prop_assert!(near(parts.reliability - parts.resolution + parts.uncertainty, whole));
            for binning in [Binning::Width(bins), Binning::Mass(bins)] {
                let BinnedMurphy { murphy: parts, within_variance, within_covariance } =
                    binned_murphy(&tally, binning).unwrap();
                let sum = parts.reliability - parts.resolution + parts.uncertainty + within_variance - within_covariance;
                prop_assert!(near(sum, whole));
            }
        }

        #[test]
        fn a_weight_is_a_repetition(rows in leads(), times in 1..5usize) {
            let (score, converted): (Vec<f64>, Vec<bool>) = rows.iter().copied().unzip();
            let weighted = Sample::weighted(&score, &converted, &vec![times as f64; rows.len()]).tally();
            let repeated = tally(&rows.repeat(times));
            prop_assert_eq!(&weighted, &repeated);
            prop_assert!(near(brier(&weighted).unwrap(), brier(&tally(&rows)).unwrap()));
            prop_assert!(near(log_loss(&weighted).unwrap(), log_loss(&tally(&rows)).unwrap()));
        }
    }
}
