//! Floors to beat: scores that know nothing of the leads.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::models::context::Context;
use crate::models::resolve::Spec;
use crate::models::scorer::{Recipe, ScoreInputs, Scorer};
use crate::models::scores::{Scores, round};
use crate::models::{CardLine, ModelError};
use crate::replay::Plan;
use crate::result::{ModelKind, Scale};
use crate::stats::random::Seed;

/// The same score for every lead; nothing to set: `{}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Constant {}

/// A random score from the seed and the lead's id; nothing to set: `{}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Random {}

impl Recipe for Constant {
    fn kind(&self) -> ModelKind {
        ModelKind::Constant
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn compile(&self, _: &str, _: &[Spec], _: &Context, _: &mut Plan) -> Result<Arc<dyn Scorer>, ModelError> {
        Ok(Arc::new(Self {}))
    }
}

impl Scorer for Constant {
    fn card(&self, _: Option<&Scores>) -> Vec<CardLine> {
        line(&ModelKind::Constant, "one score for every lead: a floor to beat")
    }

    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError> {
        Ok(Scores { value: vec![0.5; inputs.features.rows()], ..Scores::default() })
    }
}

impl Recipe for Random {
    fn kind(&self) -> ModelKind {
        ModelKind::Random
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn compile(&self, _: &str, _: &[Spec], context: &Context, _: &mut Plan) -> Result<Arc<dyn Scorer>, ModelError> {
        Ok(Arc::new(Seeded(context.seed)))
    }
}

/// Random scores of a seed.
#[derive(Debug)]
struct Seeded(Seed);

impl Scorer for Seeded {
    fn card(&self, _: Option<&Scores>) -> Vec<CardLine> {
        line(&ModelKind::Random, "a random score from the seed and the lead's id: a floor to beat")
    }

    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError> {
        let value = inputs.features.ids.iter().map(|id| round(self.0.hash(id))).collect();
        Ok(Scores { value, ..Scores::default() })
    }
}

fn line(kind: &ModelKind, what: &str) -> Vec<CardLine> {
    vec![CardLine { name: kind.as_str().into(), what: what.into(), weight: None, standard_error: None }]
}
