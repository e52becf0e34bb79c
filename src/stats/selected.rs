//! What was picked among several estimates is worth less than it looks: the luck that picked it is in its estimate.
//!
//! Along the line on which the picked estimate moves and what is independent of it stays, the rule that picked it picks
//! it again on some intervals. Given those the estimate is a truncated normal. The hybrid estimator of Andrews, Kitagawa
//! & McCloskey (2024, "Inference on winners", section 5) takes the mean under which what was observed is the median, and
//! never leaves the simultaneous interval.

use super::dist::normal_cdf;
use super::{Interval, root};

/// One of several estimates, picked by a rule.
pub struct Picked<'a, R> {
    pub estimates: &'a [f64],
    pub place: usize,
    /// Covariances of every estimate with the picked one.
    pub covariance: &'a [f64],
    /// Which place the rule picks of other estimates. It holds their differences against 0 and `margin`, nothing else.
    pub rule: R,
    pub margin: f64,
}

impl<R: Fn(&[f64]) -> Option<usize>> Picked<'_, R> {
    /// The picked estimate without the luck of having been picked, within `critical` standard errors of it: median
    /// unbiased but for the share of cases in which the simultaneous interval of that critical value misses.
    pub fn hybrid(&self, critical: f64) -> f64 {
        let (observed, error) = (self.estimates[self.place], self.covariance[self.place].max(0.0).sqrt());
        let reach = critical * error;
        if !(reach > 0.0 && reach.is_finite()) {
            return observed;
        }
        let kept = self.kept(Interval::around(observed, 2.0 * reach));
        let below = |mean: f64| {
            let mass = |low: f64, high: f64| {
                let parts = kept.iter().map(|one| {
                    let (low, high) = (one.low.max(low).max(mean - reach), one.high.min(high).min(mean + reach));
                    let z = |value: f64| normal_cdf((value - mean) / error);
                    if high > low { z(high) - z(low) } else { 0.0 }
                });
                parts.sum::<f64>()
            };
            let all = mass(f64::NEG_INFINITY, f64::INFINITY);
            if all > 0.0 { mass(f64::NEG_INFINITY, observed) / all - 0.5 } else { 0.0 }
        };
        root::bracketed(below, observed - reach, observed + reach, 1e-9 * reach)
    }

    /// Where the rule picks the same place, when the picked estimate moves and what is independent of it stays.
    fn kept(&self, within: Interval) -> Vec<Interval> {
        let Self { estimates, place, covariance, .. } = self;
        let slope: Vec<f64> = covariance.iter().map(|one| one / covariance[*place]).collect();
        let observed = estimates[*place];
        let mut turns = vec![within.low, within.high];
        for a in 0..estimates.len() {
            for b in 0..a {
                let (level, steep) = (estimates[a] - estimates[b], slope[a] - slope[b]);
                let turn = [0.0, self.margin, -self.margin].map(|margin| observed + (margin - level) / steep);
                turns.extend(turn.into_iter().filter(|turn| within.low < *turn && *turn < within.high));
            }
        }
        turns.sort_by(f64::total_cmp);
        let moved = |to: f64| -> Vec<f64> {
            estimates.iter().zip(&slope).map(|(one, slope)| one + slope * (to - observed)).collect()
        };
        let pieces = turns.windows(2).map(|ends| Interval::new(ends[0], ends[1]));
        pieces.filter(|piece| (self.rule)(&moved(f64::midpoint(piece.low, piece.high))) == Some(*place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Seed;

    fn largest(values: &[f64]) -> Option<usize> {
        (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b]))
    }

    fn picked(values: &[f64], correlation: f64) -> f64 {
        let place = largest(values).unwrap();
        let covariance: Vec<f64> =
            (0..values.len()).map(|other| if other == place { 1.0 } else { correlation }).collect();
        Picked { estimates: values, place, covariance: &covariance, rule: largest, margin: 0.0 }.hybrid(2.7)
    }

    #[test]
    fn what_was_never_in_doubt_is_taken_as_it_stands() {
        assert!((picked(&[9.0, 0.0, 0.1], 0.0) - 9.0).abs() < 1e-6);
        assert!((picked(&[1.5], 0.0) - 1.5).abs() < 1e-6);
    }

    #[test]
    fn of_two_that_are_close_the_better_one_gives_way() {
        let claim = picked(&[2.0, 1.9], 0.0);
        assert!((2.0 - 2.7..1.5).contains(&claim), "{claim}");
    }

    #[test]
    fn half_of_the_claims_for_the_best_of_eight_equals_are_too_high() {
        for correlation in [0.0, 0.5] {
            let runs = 2_000;
            let high = (0..runs).filter(|&run| {
                let mut stream = Seed(7).replicate(run);
                let shared = stream.normal() * f64::sqrt(correlation);
                let values: Vec<f64> =
                    (0..8).map(|_| shared + f64::sqrt(1.0 - correlation) * stream.normal()).collect();
                picked(&values, correlation) > 0.0
            });
            let share = high.count() as f64 / runs as f64;
            // Three standard errors of a half, and what the simultaneous interval misses.
            assert!((share - 0.5).abs() < 3.0 * 0.5 / (runs as f64).sqrt() + 0.013, "{correlation}: {share}");
        }
    }

    #[test]
    fn a_rule_that_takes_the_first_within_a_margin_is_undone_too() {
        let rule = |values: &[f64]| {
            let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            values.iter().position(|one| *one >= best - 0.5)
        };
        let runs = 2_000;
        let high = (0..runs).filter(|&run| {
            let mut stream = Seed(11).replicate(run);
            let values: Vec<f64> = (0..4).map(|_| stream.normal()).collect();
            let place = rule(&values).unwrap();
            let covariance: Vec<f64> = (0..4).map(|other| f64::from(other == place)).collect();
            let claim = Picked { estimates: &values, place, covariance: &covariance, rule, margin: 0.5 }.hybrid(2.5);
            claim > 0.0
        });
        let share = high.count() as f64 / runs as f64;
        assert!((share - 0.5).abs() < 3.0 * 0.5 / (runs as f64).sqrt() + 0.013, "{share}");
    }
}
