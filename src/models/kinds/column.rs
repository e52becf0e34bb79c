//! A score that came with the leads.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::models::context::Context;
use crate::models::resolve::Spec;
use crate::models::scorer::{Recipe, ScoreInputs, Scorer};
use crate::models::scores::{Scores, round};
use crate::models::{CardLine, ModelError, words};
use crate::predicate::{Expression, Kind};
use crate::replay::Plan;
use crate::result::{ModelKind, Scale};

/// A score that came with the leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// A column, or a number computed from columns in SQL.
    pub score: Expression,
    /// `points` in any range, or a `probability` from 0 to 1.
    pub scale: Scale,
    /// What becomes of leads without a score.
    #[serde(default)]
    pub missing: Missing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// They rank last, all tied.
    #[default]
    Last,
    /// They leave the cohort, for every model.
    Exclude,
}

impl Recipe for ColumnSpec {
    fn kind(&self) -> ModelKind {
        ModelKind::Column
    }

    fn scale(&self) -> Scale {
        self.scale
    }

    fn compile(&self, path: &str, _: &[Spec], context: &Context, _: &mut Plan) -> Result<Arc<dyn Scorer>, ModelError> {
        let path = format!("{path}.score");
        let columns = context.lead_columns();
        let wrong = |error| ModelError::Predicate { path: path.clone(), error };
        let score = self.score.resolve(&columns, context.zone).map_err(wrong)?;
        match self.score.kind(&columns).map_err(wrong)? {
            Some(Kind::Number) => {}
            None => return Err(ModelError::invalid(path, "is null for every lead, expected a number")),
            Some(kind) => {
                let advice = "if that is wrong, declare the column's type under `types:` as number";
                let what = format!("`{}` gives {kind}, expected numbers; {advice}", score.text());
                return Err(ModelError::invalid(path, what));
            }
        }
        let reads = score.columns().map(String::from).collect();
        Ok(Arc::new(ColumnModel { score, scale: self.scale, missing: self.missing, reads }))
    }
}

/// A score column that was found.
#[derive(Debug)]
struct ColumnModel {
    score: Expression,
    scale: Scale,
    missing: Missing,
    reads: Vec<String>,
}

impl Scorer for ColumnModel {
    fn reads(&self) -> Vec<&str> {
        self.reads.iter().map(String::as_str).collect()
    }

    fn excludes_unscored(&self) -> bool {
        self.missing == Missing::Exclude
    }

    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError> {
        let value: Vec<f64> = self.score.numbers(&inputs.features.attributes).into_iter().map(round).collect();
        let outside = |score: &&f64| !score.is_nan() && !(0.0..=1.0).contains(*score);
        if self.scale == Scale::Probability
            && let Some(first) = value.iter().find(outside)
        {
            let count = value.iter().filter(outside).count();
            let problem = format!(
                "{count} scores are no probabilities, such as {}: expected 0 to 1; divide in `score`, or say `scale: points`",
                words::number(*first)
            );
            return Err(ModelError::NotScored { model: inputs.model.into(), problem });
        }
        Ok(Scores { value, ..Scores::default() })
    }

    fn card(&self, _: Option<&Scores>) -> Vec<CardLine> {
        let what = format!("the score as it came with the leads: {}", self.score.text().trim());
        vec![CardLine { name: "score".into(), what, weight: None, standard_error: None }]
    }
}
