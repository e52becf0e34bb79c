//! Which criteria could go, the least missed first.

use rayon::prelude::*;

use crate::metrics::{AUC, CAPTURE, MetricId};
use crate::models::Contribution;
use crate::result::{Comparison, Estimate, Simpler, SimplerStep};
use crate::stats::{Sample, Undefined, discrimination};

use super::{Evidence, with_points};

/// The places of all criteria by what the ranking of the training leads loses without each of them, the least first;
/// those without points are not there to lose.
pub fn least_missed(evidence: &Evidence, totals: impl Fn(&[Contribution], usize) -> Vec<f64> + Sync) -> Vec<usize> {
    let points: Vec<f64> = evidence.criteria.iter().map(|one| one.points).collect();
    let auc = |points: &[f64]| {
        let scores = totals(&with_points(&evidence.criteria, points), evidence.leads());
        discrimination::auc(&Sample::new(&scores, &evidence.converted).tally()).unwrap_or(0.5)
    };
    let without = |place: usize| {
        let mut points = points.clone();
        points[place] = 0.0;
        auc(&points)
    };
    let given: Vec<usize> = (0..points.len()).filter(|&place| points[place] != 0.0).collect();
    let left: Vec<f64> = given.par_iter().map(|&place| without(place)).collect();
    let mut order: Vec<usize> = (0..given.len()).collect();
    order.sort_by(|&a, &b| left[b].total_cmp(&left[a]).then(a.cmp(&b)));
    order.into_iter().map(|i| given[i]).collect()
}

/// A loss of AUC that nobody would notice.
const UNNOTICED: f64 = 0.01;

/// The model with one criterion of `order` fewer at a time, each step by its comparison with the whole model.
pub fn simpler(evidence: &Evidence, order: &[usize], comparisons: &[Comparison]) -> Simpler {
    let of = |comparison: &Comparison, metric: MetricId| {
        let found = comparison.differences.iter().find(|one| one.metric == metric);
        found.map_or_else(|| Estimate::undefined(Undefined::Empty.to_string()), |one| one.simultaneous.clone())
    };
    let step = |(place, comparison): (&usize, &Comparison)| SimplerStep {
        criterion: evidence.criteria[*place].name.clone(),
        auc: of(comparison, AUC.id),
        capture: of(comparison, CAPTURE.id),
    };
    let steps: Vec<SimplerStep> = order.iter().zip(comparisons).map(step).collect();
    let harmless = |step: &&SimplerStep| {
        let auc = step.auc.low.finite().is_some_and(|low| low > -UNNOTICED);
        auc && step.capture.high.finite().is_none_or(|high| high >= 0.0)
    };
    let without_loss = steps.iter().take_while(harmless).count() as u64;
    Simpler { steps, without_loss }
}
