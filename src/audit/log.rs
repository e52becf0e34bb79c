//! Blind spots of the event log: dates at which the log of a kind begins, ends, thins out or swells.

use crate::data::{Arrivals, KindWeeks};
use crate::result::CliffKind;
use crate::time::Instant;

/// Weeks beside a date that must show the change, and the fewest weeks on a side.
const BESIDE: usize = 4;
/// Likelihood ratio over dispersion from which on a change is more than the luck of the best of a few hundred dates.
const CLEAR: f64 = 30.0;
/// A rate that falls to less than this share (or rises by its inverse) is a cliff.
const STEEP: f64 = 0.4;
/// Fewer events show no break.
const FEWEST: f64 = 50.0;
/// Less than this share of the events expected is none.
const NONE: f64 = 0.02;

/// A date at which the log of a kind breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Break {
    pub what: CliffKind,
    pub at: Instant,
    /// Events for each one that leads would lead one to expect over the whole log.
    pub before: f64,
    pub after: f64,
}

/// The clearest break in the log of one kind of events, if there is one.
pub fn cliff(arrivals: &Arrivals, log: &KindWeeks) -> Option<Break> {
    let arrived = &arrivals.arrived;
    let weeks = arrived.len();
    let at_lag: Vec<f64> = log.at_lag.iter().map(|count| *count as f64).collect();
    if weeks < 2 * BESIDE + 1 || at_lag.iter().sum::<f64>() < FEWEST {
        return None;
    }
    let seen: &[f64] = &log.weeks.iter().map(|week| week.seen as f64).collect::<Vec<f64>>();
    let expected = expected(arrived, &lags(arrived, &at_lag));
    let total: f64 = expected.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let factor = seen.iter().sum::<f64>() / total;
    let expected: Vec<f64> = expected.iter().map(|one| one * factor).collect();
    let best = (BESIDE.min(2)..weeks - 1).filter_map(|cut| candidate(seen, &expected, cut));
    let (cut, _) = best.reduce(|best, one| if one.1 > best.1 { one } else { best })?;
    let (before, after) = (rate(&seen[..cut], &expected[..cut]), rate(&seen[cut..], &expected[cut..]));
    let what = if before < NONE * after {
        CliffKind::Begins
    } else if after < NONE * before {
        CliffKind::Ends
    } else if after < before {
        CliffKind::ThinsOut
    } else {
        CliffKind::Swells
    };
    // To the event, where there is one; the break may lie within the week before the cut.
    let near = || log.weeks[cut - 1..=cut].iter().filter(|week| week.seen > 0);
    let at = match what {
        CliffKind::Begins => near().map(|week| week.first).min(),
        CliffKind::Ends => near().map(|week| week.last).max(),
        CliffKind::ThinsOut | CliffKind::Swells => None,
    };
    Some(Break { what, at: at.unwrap_or(arrivals.begin(cut)), before, after })
}

fn rate(seen: &[f64], expected: &[f64]) -> f64 {
    let (seen, expected): (f64, f64) = (seen.iter().sum(), expected.iter().sum());
    if expected > 0.0 { seen / expected } else { 0.0 }
}

/// Events by whole weeks after creation, per lead that had so many weeks.
fn lags(arrived: &[f64], at_lag: &[f64]) -> Vec<f64> {
    let with_lag = |lag: usize| arrived[..arrived.len().saturating_sub(lag)].iter().sum::<f64>().max(1.0);
    at_lag.iter().enumerate().map(|(lag, count)| count / with_lag(lag)).collect()
}

/// Events a week that the leads of the weeks before would have.
fn expected(arrived: &[f64], lags: &[f64]) -> Vec<f64> {
    let of = |week: usize| (0..lags.len().min(week + 1)).map(|lag| arrived[week - lag] * lags[lag]).sum::<f64>();
    (0..arrived.len()).map(of).collect()
}

/// A cut before a week, with its likelihood ratio over the dispersion, where the change is steep, clear and sudden.
fn candidate(seen: &[f64], expected: &[f64], cut: usize) -> Option<(usize, f64)> {
    let steep = |before: f64, after: f64| {
        let (low, high) = (before.min(after), before.max(after));
        high > 0.0 && low <= STEEP * high
    };
    let (before, after) = (rate(&seen[..cut], &expected[..cut]), rate(&seen[cut..], &expected[cut..]));
    let (near_from, near_to) = (cut.saturating_sub(BESIDE), (cut + BESIDE).min(seen.len()));
    let near_before = rate(&seen[near_from..cut], &expected[near_from..cut]);
    let near_after = rate(&seen[cut..near_to], &expected[cut..near_to]);
    if !steep(before, after) || !steep(near_before, near_after) || (before < after) != (near_before < near_after) {
        return None;
    }
    let fitted = |week: usize| expected[week] * if week < cut { before } else { after };
    let pearson = (0..seen.len()).filter(|&week| fitted(week) > 0.5);
    let (sum, count) = pearson
        .fold((0.0, 0.0), |(sum, count), week| (sum + (seen[week] - fitted(week)).powi(2) / fitted(week), count + 1.0));
    let dispersion = f64::max(sum / f64::max(count - 2.0, 1.0), 1.0);
    let whole = rate(seen, expected);
    let gain = |seen: &[f64], expected: &[f64]| {
        let (count, own) = (seen.iter().sum::<f64>(), rate(seen, expected));
        let log = if count > 0.0 { count * (own / whole).ln() } else { 0.0 };
        2.0 * (log - (own - whole) * expected.iter().sum::<f64>())
    };
    let ratio = (gain(&seen[..cut], &expected[..cut]) + gain(&seen[cut..], &expected[cut..])) / dispersion;
    (ratio > CLEAR).then_some((cut, ratio))
}
