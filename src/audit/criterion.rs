//! What can be counted of one criterion.

use crate::models::Contribution;
use crate::result::{CriterionPeriod, Estimate, Number};
use crate::stats::drift::smoothed_weight_of_evidence;
use crate::stats::proportion::{self, Count};
use crate::stats::{Interval, Undefined, dist, quantile};

use super::fit::{Fit, deviation};
use super::{Evidence, IT_ALONE, LEVEL};

/// Counts of a criterion.
pub(super) struct Facts {
    pub fires: u64,
    pub share: Estimate,
    pub contribution: Number,
    pub rate_with: Estimate,
    pub rate_without: Estimate,
    pub difference: Estimate,
    pub lift: Estimate,
    pub information_value: Number,
    pub capped: Number,
    /// The deviation of its strength.
    pub spread: f64,
}

impl Facts {
    pub(super) fn of(evidence: &Evidence, one: &Contribution) -> Self {
        let leads = evidence.leads();
        let firing: Vec<usize> = (0..leads).filter(|&row| one.fires(row)).collect();
        let wins = |rows: &[usize]| rows.iter().filter(|&&row| evidence.converted[row]).count() as f64;
        let with = Count::new(wins(&firing), firing.len() as f64);
        let all = Count::new(evidence.wins() as f64, leads as f64);
        let without = Count::new(all.successes - with.successes, all.n - with.n);
        let points: f64 = firing.iter().map(|&row| one.capped(row)).sum();
        let at_cap = |row: &&usize| one.cap.is_some_and(|cap| one.raw(**row).abs() >= cap);
        let share_of = |part: f64| if with.n > 0.0 { (part / with.n).into() } else { Undefined::NoEvents.into() };
        Self {
            fires: with.n as u64,
            share: rate(Count::new(with.n, all.n)),
            contribution: share_of(points),
            rate_with: rate(with),
            rate_without: rate(without),
            difference: Estimate::with(
                proportion::difference(without, with),
                proportion::difference_interval(without, with, LEVEL),
            ),
            lift: Estimate::with(proportion::lift(with, all), proportion::lift_interval(with, all, LEVEL)),
            information_value: information_value(evidence, one, &firing),
            capped: match one.cap {
                Some(_) => share_of(firing.iter().filter(at_cap).count() as f64),
                None => Number::undefined("no cap"),
            },
            spread: deviation(&one.strength.iter().collect::<Vec<f64>>()),
        }
    }
}

fn rate(count: Count) -> Estimate {
    Estimate::with(count.rate(), proportion::wilson(count.successes, count.n, LEVEL))
}

/// Over leads without it and up to four parts of those with it, by strength.
fn information_value(evidence: &Evidence, one: &Contribution, firing: &[usize]) -> Number {
    let mut strengths: Vec<f64> = firing.iter().map(|&row| one.strength[row]).collect();
    strengths.sort_unstable_by(f64::total_cmp);
    let mut cuts: Vec<f64> = match strengths.is_empty() {
        true => Vec::new(),
        false => [0.25, 0.5, 0.75].iter().map(|q| quantile::sorted(&strengths, *q)).collect(),
    };
    cuts.dedup();
    let mut bins = vec![(0.0, 0.0); cuts.len() + 2];
    for row in 0..evidence.leads() {
        let bin = match one.fires(row) {
            false => 0,
            true => 1 + cuts.partition_point(|cut| *cut < one.strength[row]),
        };
        bins[bin].0 += f64::from(evidence.converted[row]);
        bins[bin].1 += 1.0;
    }
    let bins: Vec<Count> = bins.into_iter().filter(|bin| bin.1 > 0.0).map(|(wins, n)| Count::new(wins, n)).collect();
    if bins.len() < 2 {
        return Undefined::Constant.into();
    }
    smoothed_weight_of_evidence(&bins).map(|evidence| evidence.information_value).into()
}

/// A criterion quarter by quarter: what it does, and whether its worth changes.
pub(super) struct Course {
    pub periods: Vec<CriterionPeriod>,
    /// Of one worth in all quarters (Cochran's Q); undefined without two quarters that can say.
    pub p: Result<f64, Undefined>,
    /// Some quarter says clearly the opposite of another.
    pub turns: bool,
}

/// The fewest firings, and wins, of a quarter that has a say.
const ENOUGH: (usize, f64) = (30, 5.0);

pub(super) fn course(evidence: &Evidence, one: &Contribution, fit: Option<(&Fit, usize)>) -> Course {
    let Some(quarters) = &evidence.periods else {
        return Course { periods: Vec::new(), p: Err(Undefined::NoTimes), turns: false };
    };
    let all: Vec<usize> = (0..evidence.leads()).collect();
    let mut worths: Vec<(f64, f64)> = Vec::new();
    let mut periods = Vec::new();
    for (label, rows) in quarters.in_order(&all) {
        let firing: Vec<usize> = rows.iter().copied().filter(|&row| one.fires(row)).collect();
        let wins = firing.iter().filter(|&&row| evidence.converted[row]).count() as f64;
        let all_wins = rows.iter().filter(|&&row| evidence.converted[row]).count() as f64;
        let mut implied = Estimate::undefined(Undefined::TooFewRows.to_string());
        if let Some((fit, place)) = fit
            && firing.len() >= ENOUGH.0
            && all_wins >= ENOUGH.1
            && let Some((worth, error)) = worth(evidence, one, fit, place, &rows)
        {
            worths.push((worth, error));
            implied = match fit.usable_scale() {
                Ok(_) if fit.sole == Some(place) => Estimate::undefined(IT_ALONE),
                Ok(scale) => {
                    let half = dist::normal_critical(LEVEL) * error / scale;
                    Estimate::new(worth / scale, Interval::around(worth / scale, half))
                }
                Err(reason) => Estimate::undefined(reason.to_string()),
            };
        }
        periods.push(CriterionPeriod {
            label,
            leads: rows.len() as u64,
            share: rate(Count::new(firing.len() as f64, rows.len() as f64)),
            rate_with: rate(Count::new(wins, firing.len() as f64)),
            implied,
        });
    }
    let z = dist::normal_critical(LEVEL);
    let above = worths.iter().any(|(worth, error)| worth - z * error > 0.0);
    let below = worths.iter().any(|(worth, error)| worth + z * error < 0.0);
    Course { periods, p: heterogeneity(&worths), turns: above && below }
}

/// One Newton step of the criterion's coefficient on some leads alone, with an intercept of their own.
fn worth(evidence: &Evidence, one: &Contribution, fit: &Fit, place: usize, rows: &[usize]) -> Option<(f64, f64)> {
    let weight = |row: usize| fit.probability[row] * (1.0 - fit.probability[row]);
    let (mut total, mut sum) = (0.0, 0.0);
    for &row in rows {
        total += weight(row);
        sum += weight(row) * one.strength[row];
    }
    let mean = sum / total;
    let (mut score, mut information) = (0.0, 0.0);
    for &row in rows {
        let x = one.strength[row] - mean;
        score += x * (f64::from(evidence.converted[row]) - fit.probability[row]);
        information += x * x * weight(row);
    }
    (information > 0.0).then(|| (fit.coefficient[place] + score / information, information.sqrt().recip()))
}

/// Cochran (1954): Σ (xᵢ - x̄)² / vᵢ is χ² with k - 1 degrees of freedom where all are one.
fn heterogeneity(worths: &[(f64, f64)]) -> Result<f64, Undefined> {
    if worths.len() < 2 {
        return Err(Undefined::OneGroup);
    }
    let weight = |error: f64| 1.0 / (error * error);
    let total: f64 = worths.iter().map(|(_, error)| weight(*error)).sum();
    let mean = worths.iter().map(|(worth, error)| worth * weight(*error)).sum::<f64>() / total;
    let q = worths.iter().map(|(worth, error)| (worth - mean).powi(2) * weight(*error)).sum();
    Ok(dist::chi2_sf(q, (worths.len() - 1) as f64))
}
