use crate::metrics::Metric;
use crate::result::{Capacity, Estimate, Number, Tied};
use crate::stats::{Undefined, quantile};

use super::cohort::Cohort;
use super::paired::Paired;
use super::schedule::{Schedule, inclusion};
use super::spread::interval_of_one;

/// What a model would have handed to sales, and what became of it.
pub(super) fn capacity(cohort: &Cohort, place: usize, schedule: &Schedule) -> Option<Capacity> {
    let model = &cohort.models()[place];
    if !schedule.is_capacity {
        return None;
    }
    let leads = cohort.leads();
    let chosen = inclusion(model, schedule);
    let handed: Vec<(usize, f64)> = schedule
        .periods
        .iter()
        .zip(&chosen)
        .flat_map(|((rows, _), p)| rows.iter().copied().zip(p.iter().copied()))
        .collect();
    let won = |(row, _): &&(usize, f64)| leads.converted[*row];
    let in_all = handed.iter().filter(won).count() as f64;
    let expected: f64 = handed.iter().filter(won).map(|(_, p)| p).sum();
    let (worst, best) = extremes(cohort, schedule, &chosen);
    let share =
        |wins: f64| -> Number { if in_all > 0.0 { (wins / in_all).into() } else { Undefined::NoEvents.into() } };
    let valued = |(row, p): &(usize, f64)| cohort.value_of(*row).map(|value| value * p);
    let mut days: Vec<(f64, f64)> = handed
        .iter()
        .filter(won)
        .filter(|(_, p)| *p > 0.0)
        .filter_map(|(row, p)| Some((cohort.days_to_win(*row)?, *p)))
        .collect();
    days.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    Some(Capacity {
        periods: schedule.periods.len() as u64,
        left_out: schedule.left_out,
        handed_over: chosen.iter().flatten().sum(),
        leads: handed.len() as u64,
        wins_in_all: in_all as u64,
        wins: Tied { worst: worst.into(), expected: expected.into(), best: best.into() },
        capture: Tied { worst: share(worst), expected: share(expected), best: share(best) },
        value: cohort.is_valued().then(|| handed.iter().filter_map(valued).sum()),
        median_days: weighted_median(&days).into(),
    })
}

/// A metric of the leads handed over, with its interval.
pub(super) fn handed_over(schedule: &Schedule, paired: &Paired, model: usize, metric: &Metric) -> Estimate {
    let Some(resample) = metric.resample else { return Estimate::undefined(Undefined::Empty.to_string()) };
    let point = (resample.read)(&paired.observed[model]);
    if point.is_nan() {
        return Estimate::undefined(Undefined::NoEvents.to_string());
    }
    Estimate::with(point, interval_of_one(paired, schedule, model, resample))
}

/// Wins when the tied block at each edge puts its wins last, and first.
fn extremes(cohort: &Cohort, schedule: &Schedule, chosen: &[Vec<f64>]) -> (f64, f64) {
    let mut total = (0.0, 0.0);
    for ((rows, _), p) in schedule.periods.iter().zip(chosen) {
        let (mut sure, mut wins, mut others, mut places) = (0.0, 0.0, 0.0, 0.0);
        for (&row, &p) in rows.iter().zip(p) {
            let won = f64::from(cohort.leads().converted[row]);
            if p >= 1.0 {
                sure += won;
            } else if p > 0.0 {
                wins += won;
                others += 1.0 - won;
                places += p;
            }
        }
        total.0 += sure + (places - others).max(0.0);
        total.1 += sure + places.min(wins);
    }
    total
}

fn weighted_median(ascending: &[(f64, f64)]) -> Result<f64, Undefined> {
    if ascending.iter().all(|(_, weight)| *weight == 1.0) {
        let days: Vec<f64> = ascending.iter().map(|(days, _)| *days).collect();
        return quantile::of(&days, 0.5).ok_or(Undefined::NoEvents);
    }
    let half = ascending.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut through = 0.0;
    let reached = ascending.iter().find(|(_, weight)| {
        through += weight;
        through >= half
    });
    reached.map(|(days, _)| *days).ok_or(Undefined::NoEvents)
}
