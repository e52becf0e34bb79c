use crate::result::{Capacity, Estimate, Number, Tied};
use crate::stats::{Undefined, quantile};

use super::cohort::{CapacityRule, Cohort, PartOfRun, Scored};
use super::compare::standard_deviation;
use super::edges::{Edge, Edges};
use super::paired::Paired;

/// The evaluated leads period by period, and how many of each period are handed over.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// Mature rows of every period that counts, with the number handed over.
    pub periods: Vec<(Vec<usize>, f64)>,
    /// Periods left out: cut short, or with an immature lead.
    pub left_out: u64,
    /// How long the periods that count are together, in quarters of a year; nothing without times.
    pub quarters: Option<f64>,
    pub rule: String,
    pub is_capacity: bool,
    pub edges: Edges,
}

/// The share handed over where no capacity is stated.
const DEFAULT_SHARE: f64 = 0.1;

/// Calendar periods from `evaluate.from`, or all evaluated leads at once with the top 10 % handed over.
pub(super) fn schedule(cohort: &Cohort) -> Schedule {
    match &cohort.design().capacity {
        Some(rule) if cohort.design().timed => by_period(cohort, rule),
        _ => {
            let periods = vec![(cohort.mature().to_vec(), DEFAULT_SHARE * cohort.mature().len() as f64)];
            Schedule {
                left_out: 0,
                quarters: cohort.quarters(),
                rule: "in the top 10 %".into(),
                is_capacity: false,
                edges: Edges::of(cohort, &periods),
                periods,
            }
        }
    }
}

fn by_period(cohort: &Cohort, rule: &CapacityRule) -> Schedule {
    let length = rule.per.micros().max(1);
    let leads = cohort.leads();
    let number = |row: usize| (leads.as_of[row] - rule.begins).div_euclid(length);
    let scored = cohort.mature().iter().chain(cohort.immature());
    let mut rows: Vec<(i64, usize)> = scored.map(|&row| (number(row), row)).collect();
    rows.sort_unstable();
    let (mut periods, mut left_out) = (Vec::new(), 0);
    for period in rows.chunk_by(|a, b| a.0 == b.0) {
        let begins = rule.begins + period[0].0 * length;
        let whole = rule.covered.0 <= begins && begins + length <= rule.covered.1;
        if whole && period.iter().all(|(_, row)| leads.part[*row] == PartOfRun::Mature) {
            periods.push((period.iter().map(|(_, row)| *row).collect(), rule.leads));
        } else {
            left_out += 1;
        }
    }
    let quarters = periods.len() as f64 * rule.per.days() / (365.25 / 4.0);
    Schedule {
        quarters: (!periods.is_empty()).then_some(quarters),
        edges: Edges::of(cohort, &periods),
        periods,
        left_out,
        rule: format!("at {} leads {}", rule.leads, every(rule.per.days())),
        is_capacity: true,
    }
}

fn every(days: f64) -> String {
    match days {
        1.0 => "a day".into(),
        7.0 => "a week".into(),
        days => format!("every {days} days"),
    }
}

/// Each lead's probability to be handed over, aligned with the schedule's rows: 1 above the edge, 0 below it, and an
/// equal share within the tied block at the edge.
pub(super) fn inclusion(model: &Scored, schedule: &Schedule) -> Vec<Vec<f64>> {
    schedule.periods.iter().map(|(rows, k)| chosen(&model.ranked(rows), *k)).collect()
}

/// The `k` highest scores.
pub(super) fn chosen(scores: &[f64], k: f64) -> Vec<f64> {
    if k <= 0.0 || k >= scores.len() as f64 {
        return vec![f64::from(k > 0.0); scores.len()];
    }
    let mut sorted = scores.to_vec();
    let (_, edge, _) = sorted.select_nth_unstable_by(k.ceil() as usize - 1, |a, b| b.total_cmp(a));
    let edge = *edge;
    let count = |holds: &dyn Fn(f64) -> bool| scores.iter().filter(|score| holds(**score)).count() as f64;
    let share = ((k - count(&|score| score > edge)) / count(&|score| score == edge)).clamp(0.0, 1.0);
    let inclusion = |score: &f64| match *score {
        score if score > edge => 1.0,
        score if score == edge => share,
        _ => 0.0,
    };
    scores.iter().map(inclusion).collect()
}

/// What a model would have handed to sales, and what became of it.
pub(super) fn capacity(cohort: &Cohort, place: usize, schedule: &Schedule, paired: &Paired) -> Option<Capacity> {
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
    let valued =
        |(row, p): &(usize, f64)| Some(leads.value[*row] * p).filter(|value| !value.is_nan() && leads.converted[*row]);
    let mut days: Vec<(f64, f64)> = handed
        .iter()
        .filter(won)
        .filter(|(_, p)| *p > 0.0)
        .filter_map(|(row, p)| Some((leads.created_to_win_days.get(*row).copied()?, *p)))
        .filter(|(days, _)| !days.is_nan())
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
        capture_interval: captured(schedule, paired, place),
        value: (!leads.value.is_empty()).then(|| handed.iter().filter_map(valued).sum()),
        median_days: weighted_median(&days).into(),
    })
}

/// The share of wins that a model captures, with its interval.
pub(super) fn captured(schedule: &Schedule, paired: &Paired, model: usize) -> Estimate {
    let point = paired.observed[model].capture;
    if point.is_nan() {
        return Estimate::undefined(Undefined::NoEvents.to_string());
    }
    let resampled = paired.resampled.iter().map(|figures| figures[model].capture);
    let spread = standard_deviation(&resampled.filter(|capture| capture.is_finite()).collect::<Vec<f64>>());
    let narrowing = schedule.edges.narrowing_of_one(Edge::Capture, model, spread);
    let interval = paired.interval(model, |figures| figures.capture);
    Estimate::with(point, interval.map(|own| own.map(|end| point + narrowing * (end - point))))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tied_block_at_the_edge_shares_the_places_left() {
        assert_eq!(chosen(&[3.0, 1.0, 1.0, 1.0, 0.0], 2.5), [1.0, 0.5, 0.5, 0.5, 0.0]);
        assert_eq!(chosen(&[1.0, 2.0], 5.0), [1.0, 1.0]);
    }
}
