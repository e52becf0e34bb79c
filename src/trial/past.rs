//! What past leads say for a plan: how many come, how soon they convert, and how alike a representative's are.

use crate::stats::clusters::intracluster;
use crate::stats::survival::Curve;
use crate::time::{DAY, Instant};

use super::plan::Delay;

/// Fewest leads of a representative who is counted.
const FEWEST: usize = 10;
const WEEK: i64 = 7 * DAY;

/// Leads a week on average, and in the weeks between the first and the last tenth; over whole weeks from the first
/// lead on. Nothing for less than two weeks.
pub fn arrivals(scored: &[Instant]) -> Option<(f64, (f64, f64))> {
    let (first, last) = (scored.iter().min()?, scored.iter().max()?);
    let weeks = usize::try_from(last.checked_sub(*first)? / WEEK).ok().filter(|weeks| *weeks >= 2)?;
    let mut counts = vec![0.0; weeks];
    for at in scored {
        if let Some(count) = counts.get_mut(((at - first) / WEEK) as usize) {
            *count += 1.0;
        }
    }
    let mean = counts.iter().sum::<f64>() / weeks as f64;
    counts.sort_by(f64::total_cmp);
    let tenth = weeks / 10;
    Some((mean, (counts[tenth], counts[weeks - 1 - tenth])))
}

/// The times of a curve with their shares.
pub fn steps(curve: &Curve) -> Vec<(f64, f64)> {
    curve.moments().iter().zip(curve.points()).map(|(moment, point)| (moment.time, point.value)).collect()
}

/// Days by which half and 95 % of all conversions had come; nothing without any.
pub fn delays(curve: &Curve) -> Option<(f64, f64)> {
    let last = curve.last_time();
    let all = Delay::of_curve(steps(curve), last);
    let any = curve.at(last).is_ok_and(|point| point.value > 0.0);
    any.then(|| (all.quantile(0.5), all.quantile(0.95)))
}

/// How alike the leads of a representative are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reps {
    /// Representatives with at least ten leads.
    pub count: usize,
    /// Intra-class correlation of conversion; at least 0.
    pub icc: f64,
    /// At the size that representatives had in this history.
    pub design_effect: f64,
    /// Leads without one.
    pub missing: usize,
}

impl Reps {
    /// Nothing where there are no two representatives with leads of their own. `own` names each lead's.
    pub fn of(own: &[Option<usize>], converted: &[bool]) -> Option<Self> {
        let known = own.iter().zip(converted).filter_map(|(own, won)| Some(((*own)?, f64::from(*won))));
        let (cluster, won): (Vec<usize>, Vec<f64>) = known.unzip();
        let found = intracluster(&won, &cluster, None);
        let mut sizes = std::collections::BTreeMap::new();
        cluster.iter().for_each(|own| *sizes.entry(own).or_insert(0) += 1);
        Some(Self {
            count: sizes.values().filter(|size| **size >= FEWEST).count(),
            icc: found.correlation.ok()?.max(0.0),
            design_effect: found.design_effect_unequal.ok()?.max(1.0),
            missing: own.len() - cluster.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_that_is_not_over_counts_for_nothing() {
        let scored: Vec<Instant> = [0, 1, 8, 9, 10, 14].map(|day| day * DAY).into();
        assert_eq!(arrivals(&scored), Some((2.5, (2.0, 3.0))));
        assert_eq!(arrivals(&[0, 13 * DAY]), None);
        assert_eq!(arrivals(&[]), None);
    }

    #[test]
    fn leads_without_a_representative_are_counted_apart() {
        let own: Vec<Option<usize>> = (0..45).map(|lead| (lead < 40).then_some(lead / 10)).collect();
        let converted: Vec<bool> = (0..45).map(|lead| lead / 10 == 0 || lead % 3 == 0).collect();
        let reps = Reps::of(&own, &converted).unwrap();
        assert_eq!((reps.count, reps.missing), (4, 5));
        assert!(reps.icc > 0.0 && reps.design_effect > 1.0, "{reps:?}");
        assert_eq!(Reps::of(&[None, None], &[true, false]), None);
    }
}
