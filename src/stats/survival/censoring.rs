use super::curve::exhausts;
use super::timeline::Timeline;
use super::{Followed, Moment};

/// The share of leads not yet censored over time: Kaplan-Meier with censorings as the events. Conversions and losses
/// at the same time come first, so they are not at risk of being censored then.
#[derive(Clone, Debug, PartialEq)]
pub struct Censoring {
    time: Vec<f64>,
    /// After each time.
    share: Vec<f64>,
}

impl Censoring {
    pub fn of(followed: &Followed) -> Self {
        Self::on(&Timeline::of(followed))
    }

    fn on(timeline: &Timeline) -> Self {
        let mut share = 1.0;
        let step = |moment: &Moment| {
            let at_risk = moment.at_risk - moment.converted - moment.lost;
            let all = moment.censored > 0.0 && exhausts(moment.censored, at_risk);
            share *= if all { 0.0 } else { 1.0 - moment.censored / at_risk.max(f64::MIN_POSITIVE) };
            (moment.time, share)
        };
        let (time, share) = Moment::on(timeline).iter().map(step).unzip();
        Self { time, share }
    }

    /// The share not censored by time `t`.
    pub fn at(&self, t: f64) -> f64 {
        self.after(self.time.partition_point(|time| *time <= t))
    }

    /// The share not censored before time `t`.
    pub fn before(&self, t: f64) -> f64 {
        self.after(self.time.partition_point(|time| *time < t))
    }

    /// The share not censored before each lead's own time; 1 for leads that are not counted.
    pub(super) fn before_each(followed: &Followed) -> (Self, Vec<f64>) {
        let timeline = Timeline::of(followed);
        let censoring = Self::on(&timeline);
        let mut before = vec![1.0; followed.len()];
        for (moments, instant) in timeline.forwards().enumerate() {
            for exit in instant.exits {
                before[exit.row()] = censoring.after(moments);
            }
        }
        (censoring, before)
    }

    fn after(&self, moments: usize) -> f64 {
        moments.checked_sub(1).map_or(1.0, |i| self.share[i])
    }
}
