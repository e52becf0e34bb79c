use crate::result::trial::Anytime;
use crate::result::{Estimate, Number};
use crate::stats::Undefined;
use crate::stats::sequential::{AnytimeLook, Looks, asymptotic_sequence, ratio_evidence};
use crate::stats::survival::End;

use super::units::Units;
use super::{Monitoring, Test};

/// Weight of equal rates in the e-test of conversions, in conversions.
const CONCENTRATION: f64 = 50.0;
/// Leads near which the confidence sequence is narrowest where the test promised no number.
const LEADS: f64 = 10_000.0;
/// Days that are followed one by one.
const MOST_DAYS: usize = 20_000;

/// What may be said however often one looks. Nothing without times, and for clusters, whose leads are not independent.
pub(super) fn evidence(test: &Test, units: &Units) -> Option<Anytime> {
    if !units.is_timed() || units.is_assigned_by_cluster() || units.is_empty() {
        return None;
    }
    let planned = match test.monitoring {
        Monitoring::Anytime { leads } => leads,
        _ => LEADS,
    };
    let conversions = ratio_evidence(&conversions(test, units), &test.weights(), CONCENTRATION);
    let last = sequence(test, units, planned);
    let point = last.map(|(point, _)| point);
    Some(Anytime {
        conversions_p: conversions.and_then(|looks| looks.last().map(|look| look.p).ok_or(Undefined::Empty)).into(),
        difference: Estimate::with(point, last.and_then(|(_, look)| look.interval)),
        difference_p: match last {
            Ok((_, look)) => look.smallest_p.into(),
            Err(reason) => Number::from(reason),
        },
        planned_leads: planned,
        looks: days(units) as u64,
    })
}

fn days(units: &Units) -> usize {
    let Some((time, _)) = &units.followed else { return 0 };
    let entry = |row: usize| units.entry.as_ref().map_or(0.0, |entry| entry[row]);
    let last = time.iter().enumerate().map(|(row, time)| entry(row) + time).fold(0.0, f64::max);
    (last as usize + 1).min(MOST_DAYS)
}

/// New conversions of every day and arm.
fn conversions(test: &Test, units: &Units) -> Vec<Vec<f64>> {
    let mut periods = vec![vec![0.0; test.arms.len()]; days(units)];
    let Some((time, end)) = &units.followed else { return periods };
    for row in (0..units.len()).filter(|&row| end[row] == End::Converted) {
        let entry = units.entry.as_ref().map_or(0.0, |entry| entry[row]);
        let day = ((entry + time[row]) as usize).min(periods.len() - 1);
        periods[day][units.arm[row]] += units.weight(row);
    }
    periods
}

/// The difference of two arms on mature units after every day.
fn sequence(test: &Test, units: &Units, planned: f64) -> Result<(f64, AnytimeLook), Undefined> {
    if test.arms.len() != 2 {
        return Err(Undefined::OutOfRange);
    }
    let (Some(horizon), Some(entry)) = (test.horizon, units.entry.as_ref()) else { return Err(Undefined::NoTimes) };
    let days = days(units);
    let mut counts = [[vec![0.0; days], vec![0.0; days]], [vec![0.0; days], vec![0.0; days]]];
    for row in (0..units.len()).filter(|&row| units.mature[row]) {
        let day = ((entry[row] + horizon) as usize).min(days - 1);
        let arm = &mut counts[units.arm[row].min(1)];
        arm[0][day] += units.weight(row);
        arm[1][day] += units.weight(row) * f64::from(units.won[row]);
    }
    for column in counts.iter_mut().flatten() {
        (1..days).for_each(|day| column[day] += column[day - 1]);
    }
    let [control, treatment] = &counts;
    let looks = Looks {
        control_leads: &control[0],
        treatment_leads: &treatment[0],
        control_converted: &control[1],
        treatment_converted: &treatment[1],
    };
    let last = asymptotic_sequence(&looks, test.alpha(), planned).pop().ok_or(Undefined::Empty)?;
    let rate = |side: &[Vec<f64>; 2]| {
        let (n, won) = (side[0][days - 1], side[1][days - 1]);
        if n > 0.0 { Ok(won / n) } else { Err(Undefined::Empty) }
    };
    Ok((rate(treatment)? - rate(control)?, last))
}
