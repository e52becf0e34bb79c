//! The model with fewer criteria.

use crate::audit::{self, Evidence};
use crate::experiment::Experiment;
use crate::metrics::{AUC, CAPTURE, MetricId};
use crate::pipeline::{Played, scored};
use crate::result::{Comparison, Estimate, Simpler, SimplerStep};
use crate::stats::Undefined;

use super::proposal::{against, variant};

/// A loss of AUC that nobody would notice.
const UNNOTICED: f64 = 0.01;

/// The model with one criterion fewer at a time; the last one stays.
pub(super) fn simpler(experiment: &Experiment, played: &Played, evidence: &Evidence) -> Simpler {
    let Some(scorer) = played.models[0].points() else { return Simpler::default() };
    let mut order = audit::least_missed(evidence, |parts, rows| scorer.totals(parts, rows));
    order.pop();
    let current = scored(&played.models[0], played.scores[0].clone(), &played.replayed);
    let mut points: Vec<f64> = evidence.criteria.iter().map(|one| one.points).collect();
    let mut models = vec![current.clone()];
    for (step, &place) in order.iter().enumerate() {
        points[place] = 0.0;
        models.extend(variant(played, &current, &format!("without {}", step + 1), &points));
    }
    if models.len() < 2 {
        return Simpler::default();
    }
    let comparisons = against(experiment, played, models);
    let of = |comparison: &Comparison, metric: MetricId| {
        let found = comparison.differences.iter().find(|one| one.metric == metric);
        found.map_or_else(|| Estimate::undefined(Undefined::Empty.to_string()), |one| one.simultaneous.clone())
    };
    let step = |(place, comparison): (&usize, &Comparison)| SimplerStep {
        criterion: evidence.criteria[*place].name.clone(),
        auc: of(comparison, AUC.id),
        capture: of(comparison, CAPTURE.id),
    };
    let steps: Vec<SimplerStep> = order.iter().zip(&comparisons).map(step).collect();
    let harmless = |step: &&SimplerStep| {
        let auc = step.auc.low.finite().is_some_and(|low| low > -UNNOTICED);
        auc && step.capture.high.finite().is_none_or(|high| high >= 0.0)
    };
    let without_loss = steps.iter().take_while(harmless).count() as u64;
    Simpler { steps, without_loss }
}
