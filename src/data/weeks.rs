use crate::time::{DAY, Instant, NEVER};

const WEEK: i64 = 7 * DAY;
/// Weeks after creation in which a lead's events are told apart.
const LAGS: usize = 26;
/// A log of more weeks is one of wrong times.
const MOST: usize = 5_000;

/// When leads came, by weeks from the first one on until the end of the log.
#[derive(Clone, Debug)]
pub struct Arrivals {
    start: Instant,
    /// Leads of each week.
    pub arrived: Vec<f64>,
}

impl Arrivals {
    /// Nothing where no lead has a creation time, or the log is absurdly long.
    pub fn of(created: &[Instant], until: Instant) -> Option<Self> {
        let known = || created.iter().copied().filter(|at| *at != NEVER);
        let start = known().min()?;
        let weeks = usize::try_from(until.checked_sub(start)?.div_euclid(WEEK)).ok()? + 1;
        if weeks > MOST {
            return None;
        }
        let mut arrivals = Self { start, arrived: vec![0.0; weeks] };
        for at in known() {
            if let Some(week) = arrivals.week(at) {
                arrivals.arrived[week] += 1.0;
            }
        }
        Some(arrivals)
    }

    /// While the end of the log is not known; [`KindWeeks::end`] cuts what it counts.
    pub fn endless(created: &[Instant]) -> Option<Self> {
        let start = created.iter().copied().filter(|at| *at != NEVER).min()?;
        Some(Self { start, arrived: vec![0.0; MOST] })
    }

    fn week(&self, at: Instant) -> Option<usize> {
        let since = u64::try_from(at - self.start).ok()?;
        Some((since / WEEK as u64) as usize).filter(|week| *week < self.arrived.len())
    }

    /// When a week begins.
    pub fn begin(&self, week: usize) -> Instant {
        self.start + week as i64 * WEEK
    }
}

/// The log of one kind of events, counted: the order of events means nothing.
#[derive(Clone, Debug)]
pub struct KindWeeks {
    pub weeks: Vec<Week>,
    /// Events by whole weeks after their lead's creation; those before creation count in the first.
    pub at_lag: [u64; LAGS],
}

/// Events of a week.
#[derive(Clone, Copy, Debug)]
pub struct Week {
    pub seen: u64,
    /// [`Instant::MAX`] and [`NEVER`] without any.
    pub first: Instant,
    pub last: Instant,
}

impl Week {
    const EMPTY: Self = Self { seen: 0, first: Instant::MAX, last: NEVER };

    fn append(&mut self, other: Self) {
        self.seen += other.seen;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

impl KindWeeks {
    pub fn new(arrivals: &Arrivals) -> Self {
        Self { weeks: vec![Week::EMPTY; arrivals.arrived.len()], at_lag: [0; LAGS] }
    }

    /// One event of a lead created at `born`.
    pub fn add(&mut self, arrivals: &Arrivals, born: Instant, at: Instant) {
        let lag = (at - born).max(0) / WEEK;
        self.at_lag[(lag as usize).min(LAGS - 1)] += 1;
        if let Some(week) = arrivals.week(at) {
            self.weeks[week].append(Week { seen: 1, first: at, last: at });
        }
    }

    /// So many events, by when the weeks began after the first creation and after their lead's (microseconds), and the
    /// first and last of them.
    pub fn add_counted(&mut self, week: Option<i64>, lag: i64, seen: u64, (first, last): (Instant, Instant)) {
        self.at_lag[usize::try_from(lag / WEEK).unwrap_or(0).min(LAGS - 1)] += seen;
        let week = week.and_then(|week| usize::try_from(week / WEEK).ok());
        if let Some(own) = week.and_then(|week| self.weeks.get_mut(week)) {
            own.append(Week { seen, first, last });
        }
    }

    /// How many there are.
    pub fn events(&self) -> u64 {
        self.at_lag.iter().sum()
    }

    /// Leaves out the weeks after the last.
    pub fn end(&mut self, arrivals: &Arrivals) {
        self.weeks.truncate(arrivals.arrived.len());
    }

    /// Counts of other events of the kind.
    pub fn append(&mut self, other: &Self) {
        self.at_lag.iter_mut().zip(&other.at_lag).for_each(|(own, other)| *own += other);
        self.weeks.iter_mut().zip(&other.weeks).for_each(|(own, other)| own.append(*other));
    }
}
