//! Features become scores: points, a regression, a column, a mix of these, and floors to beat.
//!
//! [`resolve`] makes whole models of the experiment's `models:`, [`Model::compile`] finds their columns and asks the
//! events for what they need, and [`score`] gives every lead each model's score.

mod context;
mod criterion;
mod error;
mod explain;
mod gaps;
mod kinds;
mod resolve;
mod scorer;
mod scores;
mod shape;
pub mod spec;
mod sql;
mod strength;
mod words;

use std::sync::Arc;

use rayon::prelude::*;

pub use context::{Context, EventLog, KnownColumn};
pub use error::ModelError;

pub use explain::{Explanation, GroupLine, Line};
pub use gaps::Gap;
pub use kinds::{
    Coefficient, FileSpec, Fitted, FittedFile, Imported, ImportedModel, KindSpec, LogisticModel, ModelSpec,
    PointsModel, Unlisted, Wanted,
};
pub use resolve::{Placed, Points, Spec, check_criterion, resolve};
pub use scorer::{Reader, Recipe, ScoreInputs, Scorer};
pub use scores::{Contribution, GroupScore, Scores};
pub use sql::{LogTable, Tables, When, duckdb};
pub use strength::Strength;

use crate::replay::{FeatureId, Features, Plan};
use crate::result::{Barred, ModelKind, Scale, Screening, Subject, Suspicion, UnknownEvents};
use crate::table::suggest;
use spec::BracketSpec;

/// The leads a model may learn from: their rows among the features, ascending, and whether each converted.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    pub rows: &'a [usize],
    pub converted: &'a [bool],
}

/// The same, of rows that are held.
#[derive(Clone, Debug)]
pub struct Learned {
    rows: Vec<usize>,
    converted: Vec<bool>,
}

impl Learned {
    /// `converted`: of every lead, by row.
    pub fn of(rows: Vec<usize>, converted: &[bool]) -> Self {
        Self { converted: rows.iter().map(|&row| converted[row]).collect(), rows }
    }

    pub fn training(&self) -> Training<'_> {
        Training { rows: &self.rows, converted: &self.converted }
    }
}

/// A model whose names are found and whose features are asked for.
#[derive(Clone, Debug)]
pub struct Model {
    name: String,
    kind: ModelKind,
    scale: Scale,
    brackets: Option<BracketSpec>,
    scorer: Arc<dyn Scorer>,
    /// What it reads that looks as if it knew the outcome.
    suspicions: Vec<Suspicion>,
}

/// One criterion, coefficient or part of a model, as a reader would say it.
#[derive(Clone, Debug, PartialEq)]
pub struct CardLine {
    pub name: String,
    pub what: String,
    /// Points, coefficient or share; nothing where there is no single one.
    pub weight: Option<f64>,
    pub standard_error: Option<f64>,
}

/// All models of an experiment, in its order; what they ask of the events is in the plan.
///
/// # Errors
/// When a column or what it holds is not what a model needs.
pub fn compile(specs: &[Spec], context: &Context, plan: &mut Plan) -> Result<Vec<Model>, ModelError> {
    specs.iter().map(|spec| Model::compile(spec, specs, context, plan)).collect()
}

/// What the inputs of a model's file are here, and whether they are there; nothing for a model that is not read from a file.
pub fn wanted(spec: &Spec, context: &Context) -> Option<Vec<Wanted>> {
    let KindSpec::Imported(imported) = &spec.kind else { return None };
    let path = format!("models.{}.{}", spec.name, spec.kind.recipe().kind().as_str());
    Some(imported.wanted(&path, context))
}

/// Every model's scores, in the order of the models; mixes after what they are mixed of.
///
/// # Errors
/// When a regression cannot be fitted, or a column holds no probabilities and says so.
pub fn score(models: &[Model], features: &Features, training: Option<&Training>) -> Result<Vec<Scores>, ModelError> {
    score_rest(models, features, training, models.iter().map(|_| None).collect())
}

/// The same, with what learns fitted anew by each of several trainings; `fit` says by which of them a row is scored.
///
/// # Errors
/// As [`score`].
///
/// # Panics
/// When there is no training, or a row is scored by none.
pub fn score_forward(
    models: &[Model],
    features: &Features,
    learned: &[Learned],
    fit: &[u32],
) -> Result<Vec<Scores>, ModelError> {
    let mut by_model: Vec<Vec<Scores>> = models.iter().map(|_| Vec::new()).collect();
    let mut known: Vec<Option<Scores>> = models.iter().map(|_| None).collect();
    for learned in learned {
        let scores = score_rest(models, features, Some(&learned.training()), known)?;
        // What learns nothing is scored once.
        let sorted = models.iter().zip(scores).enumerate().map(|(place, (model, own))| {
            if !model.kind.may_learn() {
                return Some(own);
            }
            by_model[place].push(own);
            None
        });
        known = sorted.collect();
    }
    let forward = |(known, fits): (Option<Scores>, Vec<Scores>)| known.unwrap_or_else(|| Scores::forward(fits, fit));
    Ok(known.into_par_iter().zip(by_model).map(forward).collect())
}

/// The scores of the models that have none yet.
fn score_rest(
    models: &[Model],
    features: &Features,
    training: Option<&Training>,
    mut scores: Vec<Option<Scores>>,
) -> Result<Vec<Scores>, ModelError> {
    // Mixes of mixes wait a round; there are no circles, so each round settles one at least.
    for _ in 0..models.len() {
        let settle = |(place, model): (usize, &Model)| {
            let parts = scores[place].is_none().then(|| model.parts(models, &scores)).flatten()?;
            Some((place, model.score(features, training, &parts)))
        };
        let settled: Vec<_> = models.par_iter().enumerate().filter_map(settle).collect();
        if settled.is_empty() {
            break;
        }
        for (place, settled) in settled {
            scores[place] = Some(settled?);
        }
    }
    let unmixed = |(model, scores): (&Model, Option<Scores>)| {
        let problem = "it is mixed of models that are not here".to_string();
        scores.ok_or_else(|| ModelError::NotScored { model: model.name.clone(), problem })
    };
    models.iter().zip(scores).map(unmixed).collect()
}

impl Model {
    /// # Errors
    /// As [`compile`].
    pub fn compile(spec: &Spec, all: &[Spec], context: &Context, plan: &mut Plan) -> Result<Self, ModelError> {
        let recipe = spec.kind.recipe();
        let path = format!("models.{}.{}", spec.name, recipe.kind().as_str());
        let scorer = recipe.compile(&path, all, context, plan)?;
        let (name, brackets) = (spec.name.clone(), spec.brackets.clone());
        let suspicions = Vec::new();
        Ok(Self { name, kind: recipe.kind(), scale: recipe.scale(), brackets, scorer, suspicions })
    }

    /// The model as the screening leaves it: without features that it took unasked and that are suspected or say nothing
    /// of how leads convert, and barred where it reads by name what is suspended.
    #[must_use]
    pub fn screened(self, screening: &Screening, plan: &Plan) -> Self {
        let left_out = |subject: &Subject| screening.of(subject).is_some_and(|one| !one.by_default);
        let scorer = self.scorer.without(plan, &left_out).unwrap_or_else(|| self.scorer.clone());
        let screened = Self { scorer, ..self };
        let suspicions = screening.suspicions(&screened.subjects(plan));
        Self { suspicions, ..screened }
    }

    /// The columns and kinds of events that it reads, each once; a mix reads none itself.
    pub fn subjects(&self, plan: &Plan) -> Vec<Subject> {
        let columns = self.reads().into_iter().map(|name| Subject::Column(name.into()));
        let events = self.scorer.asks().into_iter().flat_map(|feature| {
            let feature = &plan.features()[feature.0];
            let own = feature.kind.clone().map_or(Subject::AnyEvent, Subject::Events);
            std::iter::once(own).chain(feature.after.as_ref().map(|after| Subject::Events(after.event.clone())))
        });
        let mut subjects: Vec<Subject> = columns.chain(events).collect();
        subjects.sort();
        subjects.dedup();
        subjects
    }

    /// What it asks of the events.
    pub fn asks(&self) -> Vec<FeatureId> {
        self.scorer.asks()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn kind(&self) -> &ModelKind {
        &self.kind
    }

    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Brackets of the model's own.
    pub fn brackets(&self) -> Option<&BracketSpec> {
        self.brackets.as_ref()
    }

    pub fn points(&self) -> Option<&PointsModel> {
        self.scorer.as_points()
    }

    /// The model of a file that it is.
    pub fn imported(&self) -> Option<&ImportedModel> {
        self.scorer.as_imported()
    }

    /// Values between the ranges of a points model's criteria.
    pub fn gaps(&self) -> Vec<Gap> {
        self.points().map_or_else(Vec::new, |points| gaps::gaps(points.spec()))
    }

    /// The day, as text, up to which outcomes were known when it was fitted outside of this run.
    pub fn fitted_on(&self) -> Option<&str> {
        self.scorer.fitted_on()
    }

    /// Its fit as a file; nothing where it learns nothing. `fitted_on` is the day on which outcomes were known.
    pub fn file(&self, fitted_on: &str, scores: &Scores) -> Option<FittedFile> {
        self.scorer.file(&self.name, fitted_on, scores)
    }

    /// Whether leads that it does not score leave the cohort for every model.
    pub fn excludes_unscored(&self) -> bool {
        self.scorer.excludes_unscored()
    }

    /// The leads' columns it reads, each once; a mix reads none itself.
    pub fn reads(&self) -> Vec<&str> {
        let mut reads = self.scorer.reads();
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// What a reader should know of the model: kinds of events that are not among those of the log.
    pub fn notices(&self, kinds: &[String]) -> Vec<UnknownEvents> {
        let unknown = self.scorer.kinds().into_iter().filter(|(_, kind)| !kinds.contains(kind));
        let notice = |(path, kind): &(String, String)| UnknownEvents {
            path: path.clone(),
            kind: kind.clone(),
            meant: suggest(kinds.iter().map(String::as_str), kind).map(str::to_owned),
        };
        unknown.map(notice).collect()
    }

    /// What the model is made of, in words; with its scores, a regression tells its coefficients.
    pub fn card(&self, scores: Option<&Scores>) -> Vec<CardLine> {
        self.scorer.card(scores)
    }

    /// How one lead came to its score.
    ///
    /// # Panics
    /// When there is no such row, or the scores are not this model's of these features.
    pub fn explain(&self, features: &Features, scores: &Scores, row: usize) -> Explanation {
        let mut explanation = Explanation {
            model: self.name.clone(),
            lead: features.ids.get(row).into(),
            score: scores.value[row],
            sum: scores.value[row],
            ..Explanation::default()
        };
        self.scorer.explain(features, scores, row, &mut explanation);
        explanation
    }

    /// The scores of the models that it names as its parts; nothing while one has none.
    fn parts<'a>(&self, models: &[Model], scores: &'a [Option<Scores>]) -> Option<Vec<&'a Scores>> {
        let part = |name: &str| scores[models.iter().position(|model| model.name == name)?].as_ref();
        self.scorer.parts().into_iter().map(part).collect()
    }

    fn score(&self, features: &Features, training: Option<&Training>, parts: &[&Scores]) -> Result<Scores, ModelError> {
        let scores = self.scorer.score(&ScoreInputs { model: &self.name, features, training, parts })?;
        let not_promotable = scores.not_promotable.or_else(|| self.not_promotable(features));
        Ok(Scores { not_promotable, ..scores })
    }

    fn not_promotable(&self, features: &Features) -> Option<Barred> {
        if !self.suspicions.is_empty() {
            return Some(Barred::Suspended { on: self.suspicions.clone() });
        }
        let is_exported = |name: &&str| features.as_exported.iter().any(|known| known == name);
        let columns: Vec<String> = self.reads().into_iter().filter(is_exported).map(str::to_owned).collect();
        (!columns.is_empty()).then_some(Barred::RestsOn { columns })
    }
}

#[cfg(test)]
mod tests;
