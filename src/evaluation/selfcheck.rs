//! How often this comparison would cry wolf on the user's own data.

use crate::metrics::CAPTURE;
use crate::result::{Comparison, Decision, Verdict};
use crate::stats::Interval;
use crate::stats::proportion::clopper_pearson;
use crate::stats::random::Stream;

use super::cohort::Cohort;
use super::{Grounds, LEVEL, compare, decide, gates};

/// Streams of permutations and halves, apart from those of resamples.
const PERMUTED: u64 = 2 << 32;
const HALVED: u64 = 3 << 32;

/// What came of looking for differences where there are none, and for the same difference twice.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfCheck {
    pub runs: usize,
    /// Resamples of the paired bootstrap in each run.
    pub replicates: usize,
    /// Runs with permuted outcomes in which any challenger was promoted: every one is a false alarm.
    pub false_alarms: usize,
    /// The exact interval of their rate (Clopper & Pearson 1934).
    pub rate: Option<Interval>,
    pub halves: Halves,
}

/// The leads split at random in two, the verdict on one half held against the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Halves {
    pub runs: usize,
    /// Halves in which a challenger was promoted.
    pub promoted: usize,
    /// Of those, where the other half promotes it too, and where it shows the opposite sign.
    pub confirmed: usize,
    pub contradicted: usize,
}

/// Permutes the outcomes of the evaluated leads, and splits them in halves, `runs` times each.
pub fn selfcheck(cohort: &Cohort, runs: usize, replicates: usize, said: &dyn Fn(usize)) -> SelfCheck {
    let cohort = cohort.clone().with_replicates(replicates);
    let seed = cohort.design().seed;
    let mut false_alarms = 0;
    let mut halves = Halves { runs, ..Halves::default() };
    for run in 0..runs {
        let permuted = cohort.permuted(&mut seed.replicate(PERMUTED + run as u64));
        false_alarms += usize::from(decision(&permuted).1.iter().any(promotes));
        halves.add(&cohort, &mut seed.replicate(HALVED + run as u64));
        said(run + 1);
    }
    let rate = clopper_pearson(false_alarms as f64, runs as f64, LEVEL).ok();
    SelfCheck { runs, replicates, false_alarms, rate, halves }
}

fn promotes(comparison: &Comparison) -> bool {
    comparison.decision == Decision::Promote
}

impl Halves {
    fn add(&mut self, cohort: &Cohort, stream: &mut Stream) {
        let Some((one, other)) = cohort.halves(stream) else { return };
        let (verdict, _) = decision(&one);
        if verdict.decision != Decision::Promote || cohort.design().champion.is_none() {
            return;
        }
        self.promoted += 1;
        let again = decision(&other).1;
        let Some(same) = again.iter().find(|comparison| Some(&comparison.challenger) == verdict.model.as_ref()) else {
            return;
        };
        let capture = same.differences.iter().find(|difference| difference.metric == CAPTURE.id);
        self.confirmed += usize::from(promotes(same));
        self.contradicted += usize::from(
            capture.and_then(|capture| capture.difference.point.finite()).is_some_and(|difference| difference < 0.0),
        );
    }
}

/// The decision and what it rests on, without the rest of an evaluation.
pub fn decision(cohort: &Cohort) -> (Verdict, Vec<Comparison>) {
    let grounds = Grounds::of(cohort);
    let Grounds { schedule, paired, .. } = &grounds;
    let winners = grounds.winners(cohort);
    let against = winners.against_champion(cohort);
    let mut comparisons = compare::comparisons(cohort, schedule, paired, (&winners, against.as_ref()));
    gates::decide(&gates::gates(cohort, schedule, paired), cohort, &mut comparisons);
    (decide::verdict(cohort, schedule, (&winners, against.as_ref()), &comparisons), comparisons)
}
