//! A mix of other models' scores.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::models::context::Context;
use crate::models::resolve::Spec;
use crate::models::scorer::{Recipe, ScoreInputs, Scorer};
use crate::models::scores::{Contribution, Scores, round};
use crate::models::spec::Entries;
use crate::models::{CardLine, ModelError, ModelSpec, Training, words};
use crate::replay::Plan;
use crate::result::{Barred, ModelKind, Scale};

/// Other models' scores, mixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlendSpec {
    /// Models and their weights: `{ current: 2, regression: 1 }`.
    pub of: Entries<f64>,
    pub by: BlendBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlendBy {
    /// Weighted mean of the ranks (0 to 100) that the scores have among the training window's.
    Rank,
    /// Weighted mean of the probabilities.
    Probability,
}

impl Recipe for BlendSpec {
    fn kind(&self) -> ModelKind {
        ModelKind::Blend
    }

    fn scale(&self) -> Scale {
        match self.by {
            BlendBy::Rank => Scale::Points,
            BlendBy::Probability => Scale::Probability,
        }
    }

    fn check(&self, path: &str, models: &Entries<ModelSpec>) -> Result<(), ModelError> {
        let path = format!("{path}.of");
        if self.of.is_empty() {
            let what = "no models, expected some with their weights, such as { current: 2 }";
            return Err(ModelError::invalid(path, what));
        }
        for (part, weight) in self.of.iter() {
            if models.get(part).is_none() {
                return Err(ModelError::unknown(path, "model", part, models.names()));
            }
            if !(weight.is_finite() && *weight > 0.0) {
                let what = format!("weight {weight}, expected more than 0");
                return Err(ModelError::invalid(format!("{path}.{part}"), what));
            }
        }
        Ok(())
    }

    fn compile(&self, path: &str, models: &[Spec], _: &Context, _: &mut Plan) -> Result<Arc<dyn Scorer>, ModelError> {
        let is_points = |name: &str| models.iter().any(|model| model.name == name && model.scale() == Scale::Points);
        if self.by == BlendBy::Probability
            && let Some(name) = self.of.names().find(|name| is_points(name))
        {
            let what = format!("`{name}` gives points, and those are no probabilities: mix `by: rank`");
            return Err(ModelError::invalid(format!("{path}.by"), what));
        }
        let total: f64 = self.of.iter().map(|(_, weight)| weight).sum();
        let parts = self.of.iter().map(|(name, weight)| (name.to_string(), weight / total)).collect();
        Ok(Arc::new(BlendModel { parts, by: self.by }))
    }

    fn parts(&self) -> Vec<&str> {
        self.of.names().collect()
    }

    fn learns(&self) -> bool {
        self.by == BlendBy::Rank
    }
}

/// A mix with shares that add to 1.
#[derive(Debug)]
struct BlendModel {
    parts: Vec<(String, f64)>,
    by: BlendBy,
}

impl Scorer for BlendModel {
    fn parts(&self) -> Vec<&str> {
        self.parts.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError> {
        let ScoreInputs { parts, training, .. } = *inputs;
        let strength = |part: &&Scores| match self.by {
            BlendBy::Probability => part.value.clone(),
            BlendBy::Rank => ranks(&part.value, training),
        };
        let contributions: Vec<Contribution> = self
            .parts
            .iter()
            .zip(parts)
            .map(|((name, share), part)| Contribution {
                name: name.clone(),
                group: None,
                points: *share,
                cap: None,
                strength: strength(part).into(),
            })
            .collect();
        let rows = contributions.first().map_or(0, |part| part.strength.len());
        let mix = |row: usize| round(contributions.iter().map(|part| part.points * part.strength[row]).sum::<f64>());
        let barred =
            self.parts.iter().zip(parts).find_map(|((name, _), part)| Some((name, part.not_promotable.as_ref()?)));
        let not_promotable =
            barred.map(|(name, reason)| Barred::MixedOf { model: name.clone(), because: Box::new(reason.clone()) });
        Ok(Scores { value: (0..rows).map(mix).collect(), contributions, not_promotable, ..Scores::default() })
    }

    fn card(&self, _: Option<&Scores>) -> Vec<CardLine> {
        let by = match self.by {
            BlendBy::Rank => "rank among the leads it is compared with, 0 to 100",
            BlendBy::Probability => "probability",
        };
        let line = |(name, share): &(String, f64)| CardLine {
            name: name.clone(),
            what: format!("{} % of the model's {by}", words::number(100.0 * share)),
            weight: Some(*share),
            standard_error: None,
        };
        self.parts.iter().map(line).collect()
    }
}

/// The mid-rank of each score among the training leads' (without any, among all), as a share of 100. Leads without a
/// score are one tied block below all others.
fn ranks(scores: &[f64], training: Option<&Training>) -> Vec<f64> {
    let low = |score: f64| if score.is_nan() { f64::NEG_INFINITY } else { score };
    let mut known: Vec<f64> = match training.filter(|training| !training.rows.is_empty()) {
        Some(training) => training.rows.iter().map(|row| low(scores[*row])).collect(),
        None => scores.iter().map(|score| low(*score)).collect(),
    };
    known.sort_unstable_by(f64::total_cmp);
    let rank = |score: &f64| {
        let below = known.partition_point(|other| *other < low(*score));
        let through = known.partition_point(|other| *other <= low(*score));
        100.0 * 0.5 * (below + through) as f64 / known.len() as f64
    };
    scores.iter().map(rank).collect()
}
