//! The model with fewer criteria.

use crate::audit::{self, Evidence};
use crate::experiment::Experiment;
use crate::pipeline::{Played, scored};
use crate::result::Simpler;

use super::proposal::{against, variant};

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
        models.extend(variant(played, 0, &current, &format!("without {}", step + 1), &points));
    }
    if models.len() < 2 {
        return Simpler::default();
    }
    let comparisons = against(experiment, played, models);
    audit::simpler(evidence, &order, &comparisons)
}
