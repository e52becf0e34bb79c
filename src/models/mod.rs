//! Features become scores: points, a regression, a column, a mix of these, and floors to beat.
//!
//! [`resolve`] makes whole models of the experiment's `models:`, [`Model::compile`] finds their columns and asks the
//! events for what they need, and [`score`] gives every lead each model's score.

mod context;
mod criterion;
mod error;
mod explain;
mod logistic;
mod points;
mod resolve;
mod scores;
mod shape;
mod simple;
pub mod spec;
mod strength;
mod words;

use rayon::prelude::*;

pub use context::{Context, EventLog, KnownColumn};
pub use error::ModelError;
pub use explain::{Explanation, GroupLine, Line};
pub use logistic::{Coefficient, Fitted, LogisticModel};
pub use points::PointsModel;
pub use resolve::{KindSpec, Placed, Points, Spec, resolve};
pub use scores::{Contribution, GroupScore, Scores};
pub use simple::{BlendModel, ColumnModel};
pub use strength::Strength;

use crate::predicate::nearest;
use crate::replay::{Features, Plan};
use crate::result::{Barred, ModelKind, Scale, UnknownEvents};
use crate::stats::random::Seed;
use spec::{BlendBy, BracketSpec, Missing};

/// The leads a model may learn from: their rows among the features, ascending, and whether each converted.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    pub rows: &'a [usize],
    pub converted: &'a [bool],
}

/// A model whose names are found and whose features are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    name: String,
    kind: &'static str,
    scale: Scale,
    brackets: Option<BracketSpec>,
    work: Work,
}

/// How a model scores.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    Points(Box<PointsModel>),
    Logistic(LogisticModel),
    Column(ColumnModel),
    Blend(BlendModel),
    Constant,
    Random(Seed),
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

impl Spec {
    /// points, logistic, column, blend, constant, random.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            KindSpec::Points(_) => "points",
            KindSpec::Logistic(_) => "logistic",
            KindSpec::Column(_) => "column",
            KindSpec::Blend(_) => "blend",
            KindSpec::Constant => "constant",
            KindSpec::Random => "random",
        }
    }

    /// What the scores are; a mix of ranks is points from 0 to 100.
    pub fn scale(&self) -> Scale {
        match &self.kind {
            KindSpec::Points(_) => Scale::Points,
            KindSpec::Column(column) => column.scale,
            KindSpec::Blend(blend) if blend.by == BlendBy::Rank => Scale::Points,
            KindSpec::Logistic(_) | KindSpec::Blend(_) | KindSpec::Constant | KindSpec::Random => Scale::Probability,
        }
    }
}

/// All models of an experiment, in its order; what they ask of the events is in the plan.
///
/// # Errors
/// When a column or what it holds is not what a model needs.
pub fn compile(specs: &[Spec], context: &Context, plan: &mut Plan) -> Result<Vec<Model>, ModelError> {
    specs.iter().map(|spec| Model::compile(spec, specs, context, plan)).collect()
}

/// Every model's scores, in the order of the models; mixes after what they are mixed of.
///
/// # Errors
/// When a regression cannot be fitted, or a column holds no probabilities and says so.
pub fn score(models: &[Model], features: &Features, training: Option<&Training>) -> Result<Vec<Scores>, ModelError> {
    let alone = |model: &Model| model.score_alone(features, training).transpose();
    let alone: Vec<Option<Result<Scores, ModelError>>> = models.par_iter().map(alone).collect();
    let mut scores = alone.into_iter().map(Option::transpose).collect::<Result<Vec<Option<Scores>>, _>>()?;
    // Mixes of mixes wait a round; there are no circles, so each round settles one at least.
    for _ in 0..models.len() {
        for (place, model) in models.iter().enumerate() {
            if scores[place].is_none() {
                scores[place] = model.mix(models, &scores, training);
            }
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
        let path = format!("models.{}.{}", spec.name, spec.kind_name());
        let work = match &spec.kind {
            KindSpec::Points(points) => Work::Points(Box::new(PointsModel::new(points, context, plan)?)),
            KindSpec::Logistic(logistic) => Work::Logistic(LogisticModel::new(logistic, &path, context, plan)?),
            KindSpec::Column(column) => Work::Column(ColumnModel::new(column, &path, context)?),
            KindSpec::Blend(blend) => Work::Blend(BlendModel::new(blend, &path, all)?),
            KindSpec::Constant => Work::Constant,
            KindSpec::Random => Work::Random(context.seed),
        };
        let (name, brackets) = (spec.name.clone(), spec.brackets.clone());
        Ok(Self { name, kind: spec.kind_name(), scale: spec.scale(), brackets, work })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// points, logistic, column, blend, constant, random.
    pub fn kind(&self) -> ModelKind {
        ModelKind::named(self.kind)
    }

    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Brackets of the model's own.
    pub fn brackets(&self) -> Option<&BracketSpec> {
        self.brackets.as_ref()
    }

    pub fn work(&self) -> &Work {
        &self.work
    }

    pub fn points(&self) -> Option<&PointsModel> {
        if let Work::Points(points) = &self.work { Some(points) } else { None }
    }

    /// Whether leads that it does not score leave the cohort for every model.
    pub fn excludes_unscored(&self) -> bool {
        matches!(&self.work, Work::Column(column) if column.missing == Missing::Exclude)
    }

    pub fn needs_training(&self) -> bool {
        matches!(self.work, Work::Logistic(_))
    }

    /// The leads' columns it reads, each once; a mix reads none itself.
    pub fn reads(&self) -> Vec<&str> {
        let mut reads: Vec<&str> = match &self.work {
            Work::Points(points) => points.reads().collect(),
            Work::Logistic(logistic) => logistic.reads().collect(),
            Work::Column(column) => column.reads.iter().map(String::as_str).collect(),
            Work::Blend(_) | Work::Constant | Work::Random(_) => Vec::new(),
        };
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// What a reader should know of the model: kinds of events that are not among those of the log.
    pub fn notices(&self, kinds: &[String]) -> Vec<UnknownEvents> {
        let named: Vec<&(String, String)> = match &self.work {
            Work::Points(points) => points.kinds().collect(),
            Work::Logistic(logistic) => logistic.kinds().collect(),
            Work::Column(_) | Work::Blend(_) | Work::Constant | Work::Random(_) => Vec::new(),
        };
        let unknown = named.into_iter().filter(|(_, kind)| !kinds.contains(kind));
        let notice = |(path, kind): &(String, String)| UnknownEvents {
            path: path.clone(),
            kind: kind.clone(),
            meant: nearest(kinds.iter().map(String::as_str), kind).map(str::to_owned),
        };
        unknown.map(notice).collect()
    }

    /// What the model is made of, in words; with its scores, a regression tells its coefficients.
    pub fn card(&self, scores: Option<&Scores>) -> Vec<CardLine> {
        let floor =
            |what: &str| CardLine { name: self.kind.into(), what: what.into(), weight: None, standard_error: None };
        match &self.work {
            Work::Points(points) => points.card(),
            Work::Logistic(logistic) => match scores.and_then(|scores| scores.fitted.as_ref()) {
                Some(fitted) => fitted.card(),
                None => logistic.card(),
            },
            Work::Column(column) => column.card(),
            Work::Blend(blend) => blend.card(),
            Work::Constant => vec![floor("one score for every lead: a floor to beat")],
            Work::Random(_) => vec![floor("a random score from the seed and the lead's id: a floor to beat")],
        }
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
        match &self.work {
            Work::Points(points) => points.explain(features, scores, row, &mut explanation),
            Work::Logistic(logistic) => logistic.explain(features, scores, row, &mut explanation),
            Work::Column(_) | Work::Blend(_) | Work::Constant | Work::Random(_) => {
                explanation.lines = self.plain_lines(features, scores, row);
            }
        }
        explanation
    }

    /// A line for each part of the card, with what was seen of the lead.
    fn plain_lines(&self, features: &Features, scores: &Scores, row: usize) -> Vec<Line> {
        let columns = self.reads().into_iter().filter_map(|name| {
            let column = features.attributes.get(name)?;
            Some(format!("{name} = {}", words::cell(column.cell(row))))
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        let line = |(place, card): (usize, CardLine)| {
            let part = scores.contributions.get(place);
            let given = part.map_or(scores.value[row], |part| scores::round(part.raw(row)));
            let seen = part.map_or(columns.clone(), |part| words::number(part.strength[row]));
            Line { name: card.name, what: card.what, seen, group: None, before: given, after: given, events: None }
        };
        self.card(Some(scores)).into_iter().enumerate().map(line).collect()
    }

    /// Nothing for a mix.
    fn score_alone(&self, features: &Features, training: Option<&Training>) -> Result<Option<Scores>, ModelError> {
        let plain = |value: Vec<f64>| Scores { value, ..Scores::default() };
        let scores = match &self.work {
            Work::Points(points) => points.score(features),
            Work::Logistic(logistic) => logistic.score(&self.name, features, training)?,
            Work::Column(column) => column.score(&self.name, features)?,
            Work::Constant => plain(vec![0.5; features.rows()]),
            Work::Random(seed) => plain(features.ids.iter().map(|id| scores::round(seed.hash(id))).collect()),
            Work::Blend(_) => return Ok(None),
        };
        Ok(Some(Scores { not_promotable: self.not_promotable(features), ..scores }))
    }

    fn mix(&self, models: &[Model], scores: &[Option<Scores>], training: Option<&Training>) -> Option<Scores> {
        let Work::Blend(blend) = &self.work else { return None };
        let part = |(name, _): &(String, f64)| {
            let place = models.iter().position(|model| model.name == *name)?;
            scores[place].as_ref()
        };
        let parts: Option<Vec<&Scores>> = blend.parts.iter().map(part).collect();
        Some(blend.score(&parts?, training))
    }

    fn not_promotable(&self, features: &Features) -> Option<Barred> {
        let is_exported = |name: &&str| features.as_exported.iter().any(|known| known == name);
        let columns: Vec<String> = self.reads().into_iter().filter(is_exported).map(str::to_owned).collect();
        (!columns.is_empty()).then_some(Barred::RestsOn { columns })
    }
}

#[cfg(test)]
mod tests;
