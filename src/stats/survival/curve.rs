use super::timeline::{Instant, Timeline};
use super::{End, Followed};
use crate::stats::dist::normal_critical;
use crate::stats::{Interval, Undefined};

/// Values this close are one: a curve that is exactly one half is so only up to rounding.
const SLACK: f64 = 1e-12;

/// Leads at risk at one time and what becomes of them then, counted by weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    pub time: f64,
    pub at_risk: f64,
    pub converted: f64,
    pub lost: f64,
    pub censored: f64,
}

impl Moment {
    pub(super) fn count(&self, end: End) -> f64 {
        match end {
            End::Censored => self.censored,
            End::Converted => self.converted,
            End::Lost => self.lost,
        }
    }

    /// All distinct times at which somebody leaves, ascending.
    pub(super) fn all(followed: &Followed) -> Vec<Self> {
        Self::on(&Timeline::of(followed))
    }

    pub(super) fn on(timeline: &Timeline) -> Vec<Self> {
        let mut at_risk = 0.0;
        let mut moments: Vec<Self> = timeline.backwards().map(|instant| Self::step(&instant, &mut at_risk)).collect();
        moments.reverse();
        moments
    }

    fn step(instant: &Instant, at_risk: &mut f64) -> Self {
        // An empty sum is -0.0.
        let left = |end| instant.exits.iter().filter(|exit| exit.end == end).map(|exit| exit.weight).sum::<f64>() + 0.0;
        let (converted, lost, censored) = (left(End::Converted), left(End::Lost), left(End::Censored));
        *at_risk += converted + lost + censored - instant.entries.iter().map(|entry| entry.weight).sum::<f64>();
        Self { time: instant.time, at_risk: *at_risk, converted, lost, censored }
    }
}

/// Whether all at risk have an event, rounding of fractional weights aside.
pub(super) fn exhausts(events: f64, at_risk: f64) -> bool {
    events >= at_risk * (1.0 - SLACK)
}

/// Which ends a curve counts as its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Events {
    Only(End),
    Any,
}

impl Events {
    pub fn at(self, moment: &Moment) -> f64 {
        match self {
            Self::Only(end) => moment.count(end),
            Self::Any => moment.converted + moment.lost,
        }
    }
}

/// What the values of a [`Curve`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The share still without the event, from 1 down.
    Survival,
    /// The share with the event, from 0 up.
    Incidence,
}

/// A step function of time with its variance: a survival curve (falling from 1) or a cumulative incidence
/// (rising from 0).
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    pub(super) reading: Reading,
    pub(super) events: Events,
    pub(super) moments: Vec<Moment>,
    /// After each moment.
    pub(super) value: Vec<f64>,
    /// After each moment; NaN where it does not exist.
    pub(super) variance: Vec<f64>,
    /// The share that may still have the event, after the last moment.
    pub(super) open: f64,
}

/// A curve's value at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// In [0, 1].
    pub value: f64,
    /// The standard error; undefined once a survival curve has come down to 0.
    pub se: Result<f64, Undefined>,
    reading: Reading,
}

impl Point {
    /// The same with a standard error so many times as large.
    #[must_use]
    pub fn widened(self, factor: f64) -> Self {
        Self { se: self.se.map(|se| factor * se), ..self }
    }

    /// Limits on the scale of `log(-log)` of the share without the event (Kalbfleisch & Prentice 1980, Borgan &
    /// Liestøl 1990): they stay in [0, 1], and those of an incidence without losses mirror those of Kaplan-Meier.
    /// Both equal the point while nothing has happened; undefined where nobody is left without the event.
    pub fn log_log(&self, level: f64) -> Result<Interval, Undefined> {
        self.limits(level, log_log)
    }

    /// Limits on the scale of the logarithm of the share without the event, at most 1.
    pub fn log(&self, level: f64) -> Result<Interval, Undefined> {
        self.limits(level, |share, half| Interval::around(0.0, half / share).map(|shift| share * shift.exp()))
    }

    /// Point ± normal quantile · standard error, within [0, 1].
    pub fn plain(&self, level: f64) -> Result<Interval, Undefined> {
        self.limits(level, Interval::around)
    }

    /// The share without the event.
    fn share(&self) -> f64 {
        match self.reading {
            Reading::Survival => self.value,
            Reading::Incidence => 1.0 - self.value,
        }
    }

    fn limits(&self, level: f64, scale: fn(f64, f64) -> Interval) -> Result<Interval, Undefined> {
        let around = self.share_limits(normal_critical(level), scale)?;
        Ok(match self.reading {
            Reading::Survival => around,
            Reading::Incidence => Interval::new(1.0 - around.high, 1.0 - around.low),
        })
    }

    fn share_limits(&self, critical: f64, scale: fn(f64, f64) -> Interval) -> Result<Interval, Undefined> {
        let (share, half) = (self.share(), critical * self.se?);
        if share <= SLACK {
            return Err(Undefined::Exhausted);
        }
        Ok(if share >= 1.0 { Interval::new(1.0, 1.0) } else { scale(share, half).clamped(0.0, 1.0) })
    }
}

/// The limits of a quantile of time; either may not be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileInterval {
    pub low: Result<f64, Undefined>,
    pub high: Result<f64, Undefined>,
}

/// The mean time without the event up to a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RestrictedMean {
    pub point: f64,
    pub se: f64,
}

impl RestrictedMean {
    pub fn interval(&self, level: f64) -> Interval {
        Interval::around(self.point, normal_critical(level) * self.se)
    }
}

impl Curve {
    /// The value at time `t`, with what happens at `t` included. Undefined after the last follow-up, unless no lead
    /// was left that could still change it.
    pub fn at(&self, t: f64) -> Result<Point, Undefined> {
        self.within_follow_up(t)?;
        let after = self.moments.partition_point(|moment| moment.time <= t);
        Ok(after.checked_sub(1).map_or_else(|| self.start(), |i| self.point(i)))
    }

    /// The value after each of the curve's moments.
    pub fn points(&self) -> impl Iterator<Item = Point> + '_ {
        (0..self.value.len()).map(|i| self.point(i))
    }

    /// The times at which somebody leaves, ascending, with who is at risk then.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Whether the curve is known at time `t`.
    pub fn within_follow_up(&self, t: f64) -> Result<(), Undefined> {
        if t <= self.last_time() || self.open <= SLACK { Ok(()) } else { Err(Undefined::BeyondFollowUp) }
    }

    /// The end of the last follow-up.
    pub fn last_time(&self) -> f64 {
        self.moments.last().map_or(f64::NEG_INFINITY, |moment| moment.time)
    }

    fn start(&self) -> Point {
        Point { value: f64::from(self.reading == Reading::Survival), se: Ok(0.0), reading: self.reading }
    }

    fn point(&self, i: usize) -> Point {
        let variance = self.variance[i];
        let se = if variance.is_nan() { Err(Undefined::Exhausted) } else { Ok(variance.sqrt()) };
        Point { value: self.value[i], se, reading: self.reading }
    }

    /// The time by which a share `q` has had the event. Where the curve is flat exactly there, the middle of the
    /// flat (so do R and SAS).
    pub fn quantile(&self, q: f64) -> Result<f64, Undefined> {
        self.crossing(q, self.points().map(|point| point.share()))
    }

    /// The limits of [`Curve::quantile`]: where the log-log band crosses (Brookmeyer & Crowley 1982).
    /// There is no band any more once nobody is left without the event.
    pub fn quantile_interval(&self, q: f64, level: f64) -> QuantileInterval {
        let band = |side: fn(&Interval) -> f64| self.band(level).map(move |band| side(&band));
        QuantileInterval {
            low: self.crossing(q, band(|band| band.low)),
            high: self.crossing(q, band(|band| band.high)),
        }
    }

    /// Where the values (NaN where there is none) come down to `1 - q`, by the rule of the middle of the flat.
    fn crossing(&self, q: f64, mut values: impl Iterator<Item = f64>) -> Result<f64, Undefined> {
        let target = 1.0 - q;
        let (mut place, mut on_it) = (0, false);
        let reached = values.by_ref().enumerate().find(|(_, value)| *value <= target + SLACK);
        if let Some((i, value)) = reached {
            (place, on_it) = (i, value >= target - SLACK);
        }
        let first = self.time_of(reached.map(|(i, _)| i))?;
        if !on_it {
            return Ok(first);
        }
        let leaves = values.position(|value| value < target - SLACK).map(|after| place + 1 + after);
        Ok((first + self.time_of(leaves).unwrap_or(self.last_time())) / 2.0)
    }

    fn time_of(&self, moment: Option<usize>) -> Result<f64, Undefined> {
        moment.map(|i| self.moments[i].time).ok_or(Undefined::NotReached)
    }

    /// The first time at which at least a share `q` has had the event.
    pub fn first_passage(&self, q: f64) -> Result<f64, Undefined> {
        self.time_of(self.points().position(|point| point.share() <= 1.0 - q + SLACK))
    }

    /// The first times at which the log-log band reaches a share `q`; where nobody is left without the event,
    /// both limits have reached it.
    pub fn first_passage_interval(&self, q: f64, level: f64) -> QuantileInterval {
        let first = |side: fn(&Interval) -> f64| {
            let shares = self.points().map(|point| point.share());
            let mut limits = self.band(level).zip(shares);
            self.time_of(limits.position(|(band, share)| side(&band) <= 1.0 - q + SLACK || share <= SLACK))
        };
        QuantileInterval { low: first(|band| band.low), high: first(|band| band.high) }
    }

    /// The log-log band of the share without the event; NaN where there is none.
    fn band(&self, level: f64) -> impl Iterator<Item = Interval> + '_ {
        let critical = normal_critical(level);
        let none = Interval::new(f64::NAN, f64::NAN);
        self.points().map(move |point| point.share_limits(critical, log_log).unwrap_or(none))
    }

    /// The mean time without the event up to `tau`: the area under the survival curve, or `tau` less the area
    /// under the incidence (Irwin 1949). Undefined when leads are followed less long than `tau`.
    pub fn restricted_mean(&self, tau: f64) -> Result<RestrictedMean, Undefined> {
        self.within_follow_up(tau)?;
        Ok(self.restricted_mean_extended(tau))
    }

    /// [`Curve::restricted_mean`] with the curve's last value carried on to `tau`.
    pub fn restricted_mean_extended(&self, tau: f64) -> RestrictedMean {
        match self.reading {
            Reading::Survival => super::km::restricted_mean(self, tau),
            Reading::Incidence => super::incidence::restricted_mean(self, tau),
        }
    }

    /// Moments up to `tau` with the value that holds from each on, and for how long, latest first.
    pub(super) fn stretches_back(&self, tau: f64) -> impl Iterator<Item = (usize, f64)> + '_ {
        let within = self.moments.partition_point(|moment| moment.time <= tau);
        (0..within).rev().scan(tau, |until, i| {
            let length = *until - self.moments[i].time.max(0.0);
            *until = self.moments[i].time.max(0.0);
            Some((i, length))
        })
    }
}

/// Limits of a share on the scale of log(-log).
fn log_log(share: f64, half: f64) -> Interval {
    // The derivative of log(-log s) is 1 / (s log s), which is negative.
    let shift = -half / (share * share.ln());
    Interval::new(share.powf(shift.exp()), share.powf((-shift).exp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_leaves_that_way_the_count_is_a_plain_zero() {
        let (time, end) = ([1.0, 2.0, 3.0], [End::Converted, End::Lost, End::Censored]);
        for moment in Moment::all(&Followed::new(&time, &end)) {
            let counts = [moment.converted, moment.lost, moment.censored];
            assert!(counts.iter().all(|count| count.is_sign_positive()), "{moment:?}");
        }
    }
}
