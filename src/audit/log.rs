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

/// When leads came, by weeks from the first one on.
#[derive(Clone, Debug)]
pub struct Arrivals {
    start: Instant,
    arrived: Vec<f64>,
}

impl Arrivals {
    /// Nothing where the time until the end of the log is too short to show a break, or absurdly long.
    pub fn of(created: &[Instant], until: Instant) -> Option<Self> {
        let start = *created.iter().min()?;
        let weeks = usize::try_from((until - start) / WEEK).ok()? + 1;
        if !(2 * BESIDE + 1..=5_000).contains(&weeks) {
            return None;
        }
        let mut arrivals = Self { start, arrived: vec![0.0; weeks] };
        for week in created.iter().filter_map(|at| arrivals.week(*at)).collect::<Vec<usize>>() {
            arrivals.arrived[week] += 1.0;
        }
        Some(arrivals)
    }

    fn week(&self, at: Instant) -> Option<usize> {
        usize::try_from((at - self.start).div_euclid(WEEK)).ok().filter(|week| *week < self.arrived.len())
    }

    fn begin(&self, week: usize) -> Instant {
        self.start + week as i64 * WEEK
    }
}

/// The log of one kind of events, counted: the order of events means nothing.
#[derive(Clone, Debug)]
pub struct KindLog {
    seen: Vec<f64>,
    /// The first and the last event of every week that has some.
    ends: Vec<Option<(Instant, Instant)>>,
    /// Events by whole weeks after their lead's creation; those before creation count in the first.
    at_lag: Vec<f64>,
}

impl KindLog {
    pub fn new(arrivals: &Arrivals) -> Self {
        let weeks = arrivals.arrived.len();
        Self { seen: vec![0.0; weeks], ends: vec![None; weeks], at_lag: vec![0.0; LAGS] }
    }

    /// One event of a lead created at `born`.
    pub fn add(&mut self, arrivals: &Arrivals, born: Instant, at: Instant) {
        let lag = usize::try_from((at - born).div_euclid(WEEK)).unwrap_or(0);
        self.at_lag[lag.min(LAGS - 1)] += 1.0;
        if let Some(week) = arrivals.week(at) {
            self.seen[week] += 1.0;
            let (first, last) = self.ends[week].unwrap_or((at, at));
            self.ends[week] = Some((first.min(at), last.max(at)));
        }
    }
}

/// The clearest break in the log of one kind of events, if there is one.
pub fn cliff(arrivals: &Arrivals, log: &KindLog) -> Option<Break> {
    let (seen, arrived) = (&log.seen, &arrivals.arrived);
    let weeks = arrived.len();
    if log.at_lag.iter().sum::<f64>() < FEWEST {
        return None;
    }
    let expected = expected(arrived, &lags(arrived, &log.at_lag));
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
    let near = || log.ends[cut - 1..=cut].iter().flatten();
    let at = match what {
        CliffKind::Begins => near().map(|(first, _)| *first).min(),
        CliffKind::Ends => near().map(|(_, last)| *last).max(),
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
