use crate::result::trial::{Anytime, AnytimeArm};
use crate::result::{Estimate, Number};
use crate::stats::Undefined;
use crate::stats::sequential::{AnytimeLook, Looks, asymptotic_sequence, ratio_evidence};
use crate::stats::survival::End;

use super::units::Units;
use super::{Monitoring, Test};

/// Weight of equal rates in the e-test of conversions, in conversions.
const CONCENTRATION: f64 = 50.0;
/// Leads of all arms near which the confidence sequence is narrowest where the test promised no number.
const LEADS: f64 = 10_000.0;
/// Days that are followed one by one.
const MOST_DAYS: usize = 20_000;

/// What may be said however often one looks. Nothing without days, and for clusters, whose leads are not independent.
pub(super) fn evidence(test: &Test, units: &Units) -> Option<Anytime> {
    if units.entry.is_none() || units.is_assigned_by_cluster() || units.is_empty() {
        return None;
    }
    let planned = match test.monitoring {
        Monitoring::Anytime { leads } => leads,
        _ => LEADS,
    };
    let conversions = match units.is_timed() {
        true => ratio_evidence(&conversions(test, units), &test.weights(), CONCENTRATION),
        false => Err(Undefined::NoTimes),
    };
    let of = |arm: usize| {
        let last = sequence(test, units, arm, planned * test.share_of_pair(arm));
        AnytimeArm {
            arm: test.arms[arm].name.clone(),
            difference: Estimate::with(last.map(|(point, _)| point), last.and_then(|(_, look)| look.interval)),
            p: match last {
                Ok((_, look)) => look.smallest_p.into(),
                Err(reason) => Number::from(reason),
            },
        }
    };
    Some(Anytime {
        conversions_p: conversions.and_then(|looks| looks.last().map(|look| look.p).ok_or(Undefined::Empty)).into(),
        arms: (1..test.arms.len()).map(of).collect(),
        confidence: 1.0 - test.alpha_of_one(),
        planned_leads: planned,
        looks: days_with_units(test, units),
    })
}

/// Days on which units were finished.
fn days_with_units(test: &Test, units: &Units) -> u64 {
    let finished = |row: usize| {
        let entry = units.entry.as_ref().map_or(0.0, |entry| entry[row]);
        (entry + test.horizon.unwrap_or(0.0)) as u64
    };
    let counted = (0..units.len()).filter(|&row| units.mature[row] && units.weight(row) > 0.0).map(finished);
    counted.collect::<std::collections::BTreeSet<_>>().len() as u64
}

/// Days from the first assignment to the last that anything is known of.
fn days(test: &Test, units: &Units) -> usize {
    let entry = |row: usize| units.entry.as_ref().map_or(0.0, |entry| entry[row]);
    let end = |row: usize| match &units.followed {
        Some((time, _)) => entry(row) + time[row],
        None if units.mature[row] => entry(row) + test.horizon.unwrap_or(0.0),
        None => entry(row),
    };
    let last = (0..units.len()).map(end).fold(0.0, f64::max);
    (last as usize + 1).min(MOST_DAYS)
}

/// New conversions of every day and arm.
fn conversions(test: &Test, units: &Units) -> Vec<Vec<f64>> {
    let mut periods = vec![vec![0.0; test.arms.len()]; days(test, units)];
    let Some((time, end)) = &units.followed else { return periods };
    for row in (0..units.len()).filter(|&row| end[row] == End::Converted) {
        let entry = units.entry.as_ref().map_or(0.0, |entry| entry[row]);
        let day = ((entry + time[row]) as usize).min(periods.len() - 1);
        periods[day][units.arm[row]] += units.weight(row);
    }
    periods
}

/// The difference to the control on mature units after every day.
fn sequence(test: &Test, units: &Units, arm: usize, planned: f64) -> Result<(f64, AnytimeLook), Undefined> {
    let entry = units.entry.as_ref().ok_or(Undefined::NoTimes)?;
    let horizon = test.horizon.unwrap_or(0.0);
    let days = days(test, units);
    let mut counts = [[vec![0.0; days], vec![0.0; days]], [vec![0.0; days], vec![0.0; days]]];
    for row in (0..units.len()).filter(|&row| units.mature[row]) {
        let side = match units.arm[row] {
            0 => 0,
            own if own == arm => 1,
            _ => continue,
        };
        let day = ((entry[row] + horizon) as usize).min(days - 1);
        counts[side][0][day] += units.weight(row);
        counts[side][1][day] += units.weight(row) * f64::from(units.won[row]);
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
    let last = asymptotic_sequence(&looks, test.alpha_of_one(), planned).pop().ok_or(Undefined::Empty)?;
    let rate = |side: &[Vec<f64>; 2]| {
        let (n, won) = (side[0][days - 1], side[1][days - 1]);
        if n > 0.0 { Ok(won / n) } else { Err(Undefined::Empty) }
    };
    Ok((rate(treatment)? - rate(control)?, last))
}
