//! Bins of an input, frozen on the reference.

use std::collections::BTreeMap;

use crate::result::review::LevelShare;
use crate::stats::drift::{self, Bins};
use crate::stats::{Undefined, drift::Values as Sorted};
use crate::table::MISSING;

use super::leads::Values;

/// Bins with the reference's counts: deciles with inclusive lower bounds, as brackets have them, or levels; what is
/// missing has a bin of its own where anything is missing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frozen {
    pub edges: Vec<f64>,
    levels: usize,
}

const DECILES: usize = 10;

impl Frozen {
    pub fn of(values: &Values, reference: &[usize]) -> Self {
        match values {
            Values::Number(all) => {
                let known: Vec<f64> = reference.iter().map(|&row| all[row]).filter(|value| !value.is_nan()).collect();
                let edges = Bins::of_quantiles(Sorted::new(&known), DECILES).map(|bins| bins.inner_edges);
                Self { edges: edges.unwrap_or_default(), levels: 0 }
            }
            Values::Level(_, levels) => Self { edges: Vec::new(), levels: levels.len() },
        }
    }

    /// Leads in every bin, the missing ones last.
    pub fn count(&self, values: &Values, rows: &[usize]) -> Vec<f64> {
        let bins = match values {
            Values::Number(_) => self.edges.len() + 1,
            Values::Level(..) => self.levels,
        };
        let mut counts = vec![0.0; bins + 1];
        for &row in rows {
            let bin = match values {
                Values::Number(all) if !all[row].is_nan() => self.edges.partition_point(|edge| *edge <= all[row]),
                Values::Level(codes, _) if codes[row] != MISSING => codes[row] as usize,
                _ => bins,
            };
            counts[bin] += 1.0;
        }
        counts
    }
}

/// The population stability index of two counts over the same bins, those that are empty in both apart. One half is
/// added to every cell where a bin is empty in one of them, so that it is finite; without need nothing is added.
pub(super) fn psi(reference: &[f64], current: &[f64]) -> Result<f64, Undefined> {
    let filled = |of: &[f64]| {
        let both = of.iter().zip(reference.iter().zip(current));
        both.filter(|(_, (a, b))| **a + **b > 0.0).map(|(one, _)| *one).collect::<Vec<f64>>()
    };
    let (was, is) = (filled(reference), filled(current));
    match drift::psi(&was, &is) {
        Err(Undefined::ZeroCount) => drift::smoothed_psi(&was, &is),
        other => other,
    }
}

/// Share of the missing: the last bin.
pub(super) fn missing(counts: &[f64]) -> Result<f64, Undefined> {
    let all: f64 = counts.iter().sum();
    if all == 0.0 { Err(Undefined::Empty) } else { Ok(counts.last().copied().unwrap_or(0.0) / all) }
}

/// The most levels that are named.
const NAMED: usize = 10;
/// Levels with fewer leads are not named: they may be a person.
const FEWEST: f64 = 10.0;

/// Levels that the second count has and the first has not, with their share of the second.
pub(super) fn only_in(levels: &[String], first: &[f64], second: &[f64]) -> Vec<LevelShare> {
    let all: f64 = second.iter().sum();
    let mut found: BTreeMap<&String, f64> = BTreeMap::new();
    for (place, level) in levels.iter().enumerate() {
        if first[place] == 0.0 && second[place] >= FEWEST {
            found.insert(level, second[place] / all);
        }
    }
    let mut found: Vec<LevelShare> =
        found.into_iter().map(|(level, share)| LevelShare { level: level.clone(), share }).collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    found.truncate(NAMED);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_an_edge_belongs_to_the_bin_above_as_in_brackets() {
        let values = Values::Number((0..=10).map(f64::from).chain([f64::NAN]).collect());
        let rows: Vec<usize> = (0..11).collect();
        let bins = Frozen::of(&values, &rows);
        assert_eq!(bins.edges, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        let counted = bins.count(&values, &(0..12).collect::<Vec<_>>());
        assert_eq!(counted, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0]);
    }

    #[test]
    fn an_empty_bin_alone_calls_for_smoothing() {
        assert_eq!(psi(&[6.0, 4.0, 0.0], &[4.0, 6.0, 0.0]), drift::psi(&[6.0, 4.0], &[4.0, 6.0]));
        assert_eq!(psi(&[6.0, 4.0], &[9.0, 0.0]), drift::smoothed_psi(&[6.0, 4.0], &[9.0, 0.0]));
    }

    #[test]
    fn levels_of_few_leads_are_not_named() {
        let levels = ["a".to_string(), "b".to_string(), "c".to_string()];
        let found = only_in(&levels, &[5.0, 0.0, 0.0, 0.0], &[0.0, 30.0, 3.0, 0.0]);
        assert_eq!(found, [LevelShare { level: "b".into(), share: 30.0 / 33.0 }]);
    }
}
