use std::ops::Range;

use super::leads;
use crate::stats::{Tally, Undefined, dist, quantile};

/// How probabilities are cut into bins, each closed at its upper edge, the first one at both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binning {
    /// Edges at k / bins.
    Width(usize),
    /// Edges at the distinct type-7 quantiles k / bins: fewer bins when many leads share a probability.
    Mass(usize),
}

/// The leads of one bin: a point of the reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    pub low: f64,
    pub high: f64,
    pub count: f64,
    pub converted: f64,
    /// The mean predicted probability.
    pub predicted: f64,
    /// The conversion rate.
    pub observed: f64,
}

/// The bins that have leads, ascending.
pub fn reliability_bins(tally: &Tally, binning: Binning) -> Result<Vec<ReliabilityBin>, Undefined> {
    Ok(cells_of_bins(tally, binning)?.into_iter().map(|(bin, _)| bin).collect())
}

/// The bins with the cells of the tally that each one holds.
pub(super) fn cells_of_bins(tally: &Tally, binning: Binning) -> Result<Vec<(ReliabilityBin, Range<usize>)>, Undefined> {
    leads(tally)?;
    if matches!(binning, Binning::Width(0) | Binning::Mass(0)) {
        return Err(Undefined::OutOfRange);
    }
    let edges = edges(tally, binning);
    let mut bins = Vec::new();
    let mut start = 0;
    for edge in edges.windows(2) {
        let end = tally.score.partition_point(|&p| p <= edge[1]);
        if end > start {
            bins.push((bin(tally, edge[0], edge[1], start..end), start..end));
        }
        start = start.max(end);
    }
    Ok(bins)
}

fn edges(tally: &Tally, binning: Binning) -> Vec<f64> {
    match binning {
        Binning::Width(bins) => (0..=bins).map(|k| k as f64 / bins as f64).collect(),
        Binning::Mass(bins) => mass_edges(tally, bins),
    }
}

/// Distinct quantiles. A single distinct probability makes a bin of its own.
fn mass_edges(tally: &Tally, bins: usize) -> Vec<f64> {
    let count: Vec<f64> = (0..tally.len()).map(|i| tally.count(i)).collect();
    let mut edges = quantile::counted_parts(&tally.score, &count, bins);
    edges.dedup();
    if edges.len() == 1 {
        edges.push(edges[0]);
    }
    edges
}

fn bin(tally: &Tally, low: f64, high: f64, cells: Range<usize>) -> ReliabilityBin {
    let count: f64 = cells.clone().map(|i| tally.count(i)).sum();
    let converted: f64 = tally.positive[cells.clone()].iter().sum();
    let predicted = cells.map(|i| tally.count(i) * tally.score[i]).sum::<f64>() / count;
    ReliabilityBin { low, high, count, converted, predicted, observed: converted / count }
}

/// How far the bins' rates lie from their mean probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalibrationError {
    /// The mean gap over leads, ECE (Naeini, Cooper & Hauskrecht 2015). Biased upwards: chance alone makes gaps.
    pub expected: f64,
    /// The largest gap, MCE.
    pub largest: f64,
}

pub fn calibration_error(bins: &[ReliabilityBin]) -> Result<CalibrationError, Undefined> {
    if bins.is_empty() {
        return Err(Undefined::Empty);
    }
    let n: f64 = bins.iter().map(|bin| bin.count).sum();
    let gap = |bin: &ReliabilityBin| (bin.predicted - bin.observed).abs();
    Ok(CalibrationError {
        expected: bins.iter().map(|bin| bin.count / n * gap(bin)).sum(),
        largest: bins.iter().map(gap).fold(0.0, f64::max),
    })
}

/// Hosmer and Lemeshow's (1980) comparison of observed and expected counts in groups of about equal size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HosmerLemeshow {
    /// At most as many as asked for: equal probabilities stay together.
    pub groups: usize,
    /// Infinite when something happened in a group that had been given probability 0; undefined when such a group
    /// shows nothing either way.
    pub chi2: Result<f64, Undefined>,
}

pub fn hosmer_lemeshow(tally: &Tally, groups: usize) -> Result<HosmerLemeshow, Undefined> {
    let bins = reliability_bins(tally, Binning::Mass(groups))?;
    let chi2: f64 = bins.iter().map(group_chi2).sum();
    let chi2 = if chi2.is_nan() { Err(Undefined::ZeroVariance) } else { Ok(chi2) };
    Ok(HosmerLemeshow { groups: bins.len(), chi2 })
}

fn group_chi2(bin: &ReliabilityBin) -> f64 {
    let expected = bin.count * bin.predicted;
    let gap = bin.converted - expected;
    gap * gap / expected + gap * gap / (bin.count - expected)
}

impl HosmerLemeshow {
    /// Degrees of freedom for probabilities that were fitted to other leads: one a group.
    pub fn external_degrees(&self) -> i64 {
        self.groups as i64
    }

    pub fn external_p_value(&self) -> Result<f64, Undefined> {
        self.p_value(self.external_degrees())
    }

    /// Degrees of freedom on the leads that the model was fitted to: two fewer.
    pub fn fitted_degrees(&self) -> i64 {
        self.groups as i64 - 2
    }

    /// Undefined with two groups or fewer.
    pub fn fitted_p_value(&self) -> Result<f64, Undefined> {
        self.p_value(self.fitted_degrees())
    }

    fn p_value(&self, degrees: i64) -> Result<f64, Undefined> {
        let chi2 = self.chi2?;
        if degrees > 0 { Ok(dist::chi2_sf(chi2, degrees as f64)) } else { Err(Undefined::TooFewRows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::calibration::samples::{leads, near, tally};
    use proptest::prelude::*;

    fn counts(rows: &[(f64, bool)], binning: Binning) -> Vec<f64> {
        reliability_bins(&tally(rows), binning).unwrap().iter().map(|bin| bin.count).collect()
    }

    #[test]
    fn a_probability_on_an_edge_belongs_to_the_bin_below() {
        let rows = [(0.0, false), (0.1, false), (0.11, true), (0.2, true), (0.3, false), (1.0, true)];
        assert_eq!(counts(&rows, Binning::Width(10)), [2.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn equal_probabilities_stay_in_one_bin() {
        let rows = [(0.1, false), (0.1, true), (0.1, false), (0.1, true), (0.5, false), (0.9, true), (0.9, true)];
        assert_eq!(counts(&rows, Binning::Mass(4)), [5.0, 2.0]);
        assert_eq!(counts(&rows[..4], Binning::Mass(4)), [4.0]);
    }

    #[test]
    fn no_bins_are_no_answer() {
        for binning in [Binning::Width(0), Binning::Mass(0)] {
            assert_eq!(reliability_bins(&tally(&[(0.1, true)]), binning), Err(Undefined::OutOfRange));
        }
    }

    #[test]
    fn something_impossible_makes_the_groups_differ_infinitely() {
        let rows = [(0.0, true), (0.0, false), (0.5, true), (0.5, false)];
        let test = hosmer_lemeshow(&tally(&rows), 2).unwrap();
        assert_eq!(test.chi2, Ok(f64::INFINITY));
        assert_eq!(test.external_p_value(), Ok(0.0));
    }

    #[test]
    fn a_group_without_chance_has_no_chi_square() {
        let rows = [(0.0, false), (0.0, false), (0.5, true), (0.5, false)];
        let test = hosmer_lemeshow(&tally(&rows), 2).unwrap();
        assert_eq!((test.groups, test.chi2), (2, Err(Undefined::ZeroVariance)));
    }

    #[test]
    fn two_groups_leave_no_degrees_of_freedom_to_the_fitted_model() {
        let rows = [(0.2, true), (0.2, false), (0.5, true), (0.5, false)];
        assert!(hosmer_lemeshow(&tally(&rows), 2).unwrap().fitted_p_value().is_err());
    }

    proptest! {
        #[test]
        fn every_lead_is_in_one_bin(rows in leads(), bins in 1..20usize) {
            for binning in [Binning::Width(bins), Binning::Mass(bins)] {
                prop_assert_eq!(counts(&rows, binning).iter().sum::<f64>(), rows.len() as f64);
            }
        }

        #[test]
        fn repeating_every_lead_leaves_the_error(rows in leads()) {
            let error = |rows: &[(f64, bool)]| {
                calibration_error(&reliability_bins(&tally(rows), Binning::Width(10)).unwrap()).unwrap()
            };
            let (once, thrice) = (error(&rows), error(&rows.repeat(3)));
            prop_assert!(near(once.expected, thrice.expected) && near(once.largest, thrice.largest));
            prop_assert!(once.expected <= once.largest + 1e-12);
        }
    }
}
