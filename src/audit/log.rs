//! Blind spots of the event log: dates at which the log of a kind begins, ends, thins out or swells.

use crate::result::CliffKind;
use crate::time::{DAY, Instant};

const WEEK: i64 = 7 * DAY;
/// Weeks after creation in which a lead's events are told apart.
const LAGS: usize = 26;
/// Weeks beside a date that must show the change, and the fewest weeks on a side.
const BESIDE: usize = 4;
/// Likelihood ratio over dispersion from which on a change is more than the luck of the best of a few hundred dates.
const CLEAR: f64 = 30.0;
/// A rate that falls to less than this share (or rises by its inverse) is a cliff.
const STEEP: f64 = 0.4;
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
///
/// `created` are the leads' creation times, `events` pairs of a lead's creation and the event's time, `until` the end of
/// the log.
pub fn cliffs(created: &[Instant], events: &[(Instant, Instant)], until: Instant) -> Option<Break> {
    let start = *created.iter().min()?;
    let weeks = usize::try_from((until - start) / WEEK).ok()? + 1;
    if !(2 * BESIDE + 1..=5_000).contains(&weeks) || events.len() < 50 {
        return None;
    }
    let week = |at: Instant| usize::try_from((at - start).div_euclid(WEEK)).ok().filter(|week| *week < weeks);
    let mut seen = vec![0.0; weeks];
    events.iter().filter_map(|(_, at)| week(*at)).for_each(|week| seen[week] += 1.0);
    let mut arrived = vec![0.0; weeks];
    created.iter().filter_map(|at| week(*at)).for_each(|week| arrived[week] += 1.0);
    let expected = expected(&arrived, &lags(&arrived, events, weeks));
    let total: f64 = expected.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let factor = seen.iter().sum::<f64>() / total;
    let expected: Vec<f64> = expected.iter().map(|one| one * factor).collect();
    let best = (BESIDE.min(2)..weeks - 1).filter_map(|cut| candidate(&seen, &expected, cut));
    let best = best.reduce(|best, one| if one.1 > best.1 { one } else { best })?;
    let (cut, _) = best;
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
    let at = match what {
        // To the event, where there is one.
        CliffKind::Begins => {
            events.iter().map(|(_, at)| *at).filter(|at| *at >= start + cut as i64 * WEEK - WEEK).min()
        }
        _ => None,
    };
    Some(Break { what, at: at.unwrap_or(start + cut as i64 * WEEK), before, after })
}

fn rate(seen: &[f64], expected: &[f64]) -> f64 {
    let (seen, expected): (f64, f64) = (seen.iter().sum(), expected.iter().sum());
    if expected > 0.0 { seen / expected } else { 0.0 }
}

/// The share of events by whole weeks after creation, per lead that had so many weeks; events before creation count in
/// the first.
fn lags(arrived: &[f64], events: &[(Instant, Instant)], weeks: usize) -> Vec<f64> {
    let mut at_lag = vec![0.0; LAGS];
    for (created, at) in events {
        let lag = usize::try_from((at - created).div_euclid(WEEK)).unwrap_or(0);
        at_lag[lag.min(LAGS - 1)] += 1.0;
    }
    let with_lag = |lag: usize| arrived[..weeks.saturating_sub(lag)].iter().sum::<f64>().max(1.0);
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
