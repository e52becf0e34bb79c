//! What every kind of model does: as a recipe in the experiment file, and as a scorer once its names are found.

use std::fmt;
use std::sync::Arc;

use super::context::Context;
use super::explain::{Explanation, Line};
use super::resolve::Spec;
use super::scores::{Scores, round};
use super::spec::Entries;
use super::{CardLine, FittedFile, ImportedModel, ModelError, ModelSpec, PointsModel, Training, words};
use crate::replay::{FeatureId, Features, Plan};
use crate::result::{ModelKind, Scale, Subject};

/// A model as the experiment file has it, variants carried out.
pub trait Recipe: fmt::Debug {
    /// Its key in the experiment file.
    fn kind(&self) -> ModelKind;

    fn scale(&self) -> Scale;

    /// # Errors
    /// When it cannot work, whatever the data; `path` is where it stands.
    fn check(&self, _path: &str, _models: &Entries<ModelSpec>) -> Result<(), ModelError> {
        Ok(())
    }

    /// Finds its names among what there is to read, and asks the plan for its features.
    ///
    /// # Errors
    /// When a column, or what it holds, is not what the model needs.
    fn compile(
        &self,
        path: &str,
        models: &[Spec],
        context: &Context,
        plan: &mut Plan,
    ) -> Result<Arc<dyn Scorer>, ModelError>;

    /// The events' own columns that it reads.
    fn event_columns(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether what it asks of the events depends on the kinds that the log has.
    fn reads_every_kind(&self) -> bool {
        false
    }

    /// Whether it is fitted on the training leads.
    fn learns(&self) -> bool {
        false
    }

    /// What of it reads a kind of events.
    fn readers(&self, _kind: &str) -> Vec<Reader> {
        Vec::new()
    }

    /// Models whose scores it takes.
    fn parts(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// What of a model reads a kind of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A criterion, by name.
    Criterion(String),
    Model,
}

/// A model whose names are found and whose features are asked for.
pub trait Scorer: fmt::Debug + Send + Sync {
    /// The leads' columns that it reads.
    fn reads(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The kinds of events that it names, each with where.
    fn kinds(&self) -> Vec<&(String, String)> {
        Vec::new()
    }

    /// What it asks of the events, as places in the plan.
    fn asks(&self) -> Vec<FeatureId> {
        Vec::new()
    }

    /// The same model without features that it took unasked and that are to be left out; nothing where it takes none so.
    fn without(&self, _plan: &Plan, _left_out: &dyn Fn(&Subject) -> bool) -> Option<Arc<dyn Scorer>> {
        None
    }

    /// Models whose scores it takes: [`ScoreInputs::parts`] has them in this order.
    fn parts(&self) -> Vec<&str> {
        Vec::new()
    }

    /// What it is made of, in words; with its scores, a regression tells its coefficients.
    fn card(&self, scores: Option<&Scores>) -> Vec<CardLine>;

    /// A score for every lead.
    ///
    /// # Errors
    /// When it cannot be fitted, or what it reads cannot be a score.
    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError>;

    /// How one lead came to its score: by default a line for each part of the card, with what was seen of the lead.
    fn explain(&self, features: &Features, scores: &Scores, row: usize, explanation: &mut Explanation) {
        let seen = columns_seen(self.reads(), features, row);
        let line = |(place, card): (usize, CardLine)| {
            let part = scores.contributions.get(place);
            let given = part.map_or(scores.value[row], |part| round(part.raw(row)));
            let seen = part.map_or(seen.clone(), |part| words::number(part.strength[row]));
            Line { name: card.name, what: card.what, seen, group: None, before: given, after: given, events: None }
        };
        explanation.lines = self.card(Some(scores)).into_iter().enumerate().map(line).collect();
    }

    /// The day, as text, up to which outcomes were known when it was fitted outside of this run.
    fn fitted_on(&self) -> Option<&str> {
        None
    }

    /// Its fit as a file; nothing where it learns nothing. `fitted_on` is the day on which outcomes were known.
    fn file(&self, _model: &str, _fitted_on: &str, _scores: &Scores) -> Option<FittedFile> {
        None
    }

    /// Whether leads that it does not score leave the cohort for every model.
    fn excludes_unscored(&self) -> bool {
        false
    }

    /// The model of a file that it is.
    fn as_imported(&self) -> Option<&ImportedModel> {
        None
    }

    /// The points model that it is.
    fn as_points(&self) -> Option<&PointsModel> {
        None
    }
}

/// What a model may score by.
#[derive(Clone, Copy)]
pub struct ScoreInputs<'a> {
    /// The model's name, for messages.
    pub model: &'a str,
    pub features: &'a Features,
    /// Nothing without a training window.
    pub training: Option<&'a Training<'a>>,
    /// The scores of the models that it names as its parts.
    pub parts: &'a [&'a Scores],
}

/// "seniority = 'vp', employees = 50" of a lead.
pub(super) fn columns_seen<'a>(names: impl IntoIterator<Item = &'a str>, features: &Features, row: usize) -> String {
    let seen = |name: &str| {
        let column = features.attributes.get(name)?;
        Some(format!("{name} = {}", words::cell(column.cell(row))))
    };
    names.into_iter().filter_map(seen).collect::<Vec<_>>().join(", ")
}
