//! A logistic regression: minimises −Σ log-likelihood + λ/2·‖β‖² over the training leads.

mod file;
mod fit;
mod terms;

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::Known;
use crate::models::context::{Context, KnownColumn};
use crate::models::criterion::Compiled;
use crate::models::resolve::Spec;
use crate::models::scorer::{Reader, Recipe, ScoreInputs, Scorer};
use crate::models::scores::{Scores, round};
use crate::models::spec::{Criterion, CriterionFields, Entries, FeatureSpec, LogisticSpec};
use crate::models::{CardLine, Explanation, ModelError, ModelSpec, explain, words};
use crate::predicate::Kind;
use crate::replay::{EventFeature, FeatureId, Features, Measure, Plan};
use crate::result::{ModelKind, Scale, Subject};
use file::InputSpec;
pub use file::{FileSpec, FittedFile};
pub use fit::Fit;
use terms::{Term, Values};

/// Inputs and a penalty, ready to be fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct LogisticModel {
    ridge: f64,
    inputs: Vec<Input>,
    /// Whether it takes what there is, rather than what was named.
    by_default: bool,
    /// As it was fitted before, once and for all.
    fitted: Option<Fitted>,
    /// The last day of outcomes that it was fitted on, then.
    fitted_on: Option<String>,
}

/// A column or event feature, before it is cut into terms.
#[derive(Clone, Debug, PartialEq)]
struct Input {
    name: String,
    spec: InputSpec,
    source: Source,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Column(String),
    Criterion(Box<Compiled>),
    Count(FeatureId),
    /// Days since the latest.
    Recency(FeatureId),
}

impl Source {
    /// What it asks of the events, if anything; how long ago the latest was asks nothing new.
    fn events(&self) -> Option<FeatureId> {
        match self {
            Self::Column(_) | Self::Recency(_) => None,
            Self::Criterion(criterion) => criterion.events(),
            Self::Count(feature) => Some(*feature),
        }
    }
}

/// A fitted regression: what the result keeps of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    pub leads: usize,
    pub wins: usize,
    pub ridge: f64,
    pub intercept: f64,
    pub intercept_error: f64,
    pub coefficients: Vec<Coefficient>,
    pub iterations: usize,
    pub log_likelihood: f64,
    #[serde(skip)]
    terms: Vec<Term>,
}

/// What one term adds to the log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficient {
    pub name: String,
    /// What a step of 1 is: "one standard deviation, 210, above the mean, 95".
    pub what: String,
    pub value: f64,
    /// Of the penalised fit: the root of the inverse information's diagonal, the penalty included.
    pub standard_error: f64,
}

impl Recipe for LogisticSpec {
    fn kind(&self) -> ModelKind {
        ModelKind::Logistic
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn check(&self, path: &str, _: &Entries<ModelSpec>) -> Result<(), ModelError> {
        if !(self.ridge.is_finite() && self.ridge >= 0.0) {
            let what = format!("{}, expected 0 or more, such as 1.0", self.ridge);
            return Err(ModelError::invalid(format!("{path}.ridge"), what));
        }
        if self.features.as_ref().is_some_and(Vec::is_empty) {
            let what = "no features, expected some; leave the key out for all that is known at creation";
            return Err(ModelError::invalid(format!("{path}.features"), what));
        }
        Ok(())
    }

    fn compile(
        &self,
        path: &str,
        _: &[Spec],
        context: &Context,
        plan: &mut Plan,
    ) -> Result<Arc<dyn Scorer>, ModelError> {
        let inputs = match &self.features {
            Some(features) => asked(features, path, context, plan)?,
            None => everything(context, plan),
        };
        if inputs.is_empty() {
            let what = "nothing to fit on: no column is known at creation and there are no events; declare `known:`";
            return Err(ModelError::invalid(path, what));
        }
        Ok(Arc::new(LogisticModel {
            ridge: self.ridge,
            inputs,
            by_default: self.features.is_none(),
            fitted: None,
            fitted_on: None,
        }))
    }

    fn event_columns(&self) -> Vec<String> {
        self.features.iter().flatten().flat_map(FeatureSpec::event_columns).collect()
    }

    fn reads_every_kind(&self) -> bool {
        self.features.is_none()
    }

    fn learns(&self) -> bool {
        true
    }

    fn readers(&self, kind: &str) -> Vec<Reader> {
        let reads = |features: &Vec<FeatureSpec>| features.iter().any(|feature| feature.reads_kind(kind));
        if self.features.as_ref().is_none_or(reads) { vec![Reader::Model] } else { Vec::new() }
    }
}

impl Scorer for LogisticModel {
    fn reads(&self) -> Vec<&str> {
        let columns = self.inputs.iter().flat_map(|input| match &input.source {
            Source::Column(name) => std::slice::from_ref(name),
            Source::Criterion(criterion) => &criterion.reads,
            Source::Count(_) | Source::Recency(_) => &[],
        });
        columns.map(String::as_str).collect()
    }

    fn kinds(&self) -> Vec<&(String, String)> {
        let kinds = self.inputs.iter().map(|input| match &input.source {
            Source::Criterion(criterion) => criterion.kinds.as_slice(),
            _ => &[],
        });
        kinds.flatten().collect()
    }

    fn asks(&self) -> Vec<FeatureId> {
        let asks = |input: &Input| match input.source {
            Source::Recency(feature) => Some(feature),
            ref source => source.events(),
        };
        self.inputs.iter().filter_map(asks).collect()
    }

    fn without(&self, plan: &Plan, left_out: &dyn Fn(&Subject) -> bool) -> Option<Arc<dyn Scorer>> {
        let kept = |input: &&Input| match &input.source {
            Source::Column(name) => !left_out(&Subject::Column(name.clone())),
            Source::Count(feature) | Source::Recency(feature) => {
                !plan.features()[feature.0].kind.clone().is_some_and(|kind| left_out(&Subject::Events(kind)))
            }
            Source::Criterion(_) => true,
        };
        let inputs = self.inputs.iter().filter(kept).cloned().collect();
        self.by_default.then(|| Arc::new(Self { inputs, ..self.clone() }) as Arc<dyn Scorer>)
    }

    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError> {
        let ScoreInputs { model, features, training, .. } = *inputs;
        if self.inputs.is_empty() {
            let problem = "nothing to fit on: what is known at creation are names, running counts and what a sale writes; name its `features`";
            return Err(ModelError::NotScored { model: model.into(), problem: problem.into() });
        }
        if let Some(fitted) = &self.fitted {
            return Ok(self.by(fitted.clone(), features));
        }
        let training = training.filter(|training| !training.rows.is_empty());
        let training = training.ok_or_else(|| ModelError::NoTraining { model: model.into() })?;
        let (leads, wins) = (training.rows.len(), training.converted.iter().filter(|won| **won).count());
        if wins == 0 || wins == leads {
            return Err(ModelError::OneClass { model: model.into(), leads, wins });
        }
        let values = self.values(features);
        let terms = self.terms(&values, training.rows);
        let bound: Vec<_> = terms.iter().map(|term| term.bind(&values)).collect();
        let fit = fit::fit(&bound, training.rows, training.converted, self.ridge);
        let fit = fit.map_err(|problem| ModelError::NotFitted { model: model.into(), problem })?;
        Ok(self.by(Fitted::new(fit, terms, leads, wins, self.ridge), features))
    }

    fn fitted_on(&self) -> Option<&str> {
        self.fitted_on.as_deref()
    }

    fn file(&self, model: &str, fitted_on: &str, scores: &Scores) -> Option<FittedFile> {
        Self::file(self, model, fitted_on, scores)
    }

    fn card(&self, scores: Option<&Scores>) -> Vec<CardLine> {
        if let Some(fitted) = scores.and_then(|scores| scores.fitted.as_ref()) {
            return fitted.card();
        }
        let line = |input: &Input| CardLine {
            name: input.name.clone(),
            what: "an input of the regression".into(),
            weight: None,
            standard_error: None,
        };
        self.inputs.iter().map(line).collect()
    }

    fn explain(&self, features: &Features, scores: &Scores, row: usize, explanation: &mut Explanation) {
        let Some(fitted) = scores.fitted_of(row) else { return };
        let values = self.values(features);
        let line = |(term, coefficient): (&Term, &Coefficient)| {
            let step = round(coefficient.value * term.bind(&values).value(row));
            explain::Line {
                name: coefficient.name.clone(),
                what: format!("{} for {}", words::number(coefficient.value), coefficient.what),
                seen: values[term.input].seen(row),
                group: None,
                before: step,
                after: step,
                events: self.inputs[term.input].source.events(),
            }
        };
        explanation.lines = fitted.terms.iter().zip(&fitted.coefficients).map(line).collect();
        explanation.lines.push(explain::Line {
            name: "intercept".into(),
            what: "where every lead starts".into(),
            seen: String::new(),
            group: None,
            before: round(fitted.intercept),
            after: round(fitted.intercept),
            events: None,
        });
        explanation.sum = round(explanation.lines.iter().map(|line| line.after).sum());
    }
}

impl LogisticModel {
    /// The scores by a fit.
    fn by(&self, fitted: Fitted, features: &Features) -> Scores {
        let values = self.values(features);
        let bound: Vec<_> = fitted.terms.iter().map(|term| term.bind(&values)).collect();
        let coefficients: Vec<f64> = fitted.coefficients.iter().map(|coefficient| coefficient.value).collect();
        let probability = |row: usize| {
            let steps = bound.iter().zip(&coefficients).map(|(term, coefficient)| coefficient * term.value(row));
            rounded_probability(fitted.intercept + steps.sum::<f64>())
        };
        let value = (0..features.rows()).into_par_iter().map(probability).collect();
        drop(bound);
        Scores { value, fitted: Some(fitted), ..Scores::default() }
    }

    fn values<'a>(&self, features: &'a Features) -> Vec<Values<'a>> {
        self.inputs.iter().map(|input| Values::of(&input.source, features)).collect()
    }

    fn terms(&self, values: &[Values], rows: &[usize]) -> Vec<Term> {
        let inputs = self.inputs.iter().zip(values).enumerate();
        inputs.flat_map(|(place, (input, values))| terms::of(place, &input.name, values, rows)).collect()
    }
}

/// To 1e-9, but never certain: a regression is not, and a certain prediction that is wrong has infinite loss.
fn rounded_probability(log_odds: f64) -> f64 {
    round(1.0 / (1.0 + (-log_odds).exp())).clamp(1e-9, 1.0 - 1e-9)
}

impl Fitted {
    fn new(fit: Fit, terms: Vec<Term>, leads: usize, wins: usize, ridge: f64) -> Self {
        let coefficient = |(place, term): (usize, &Term)| Coefficient {
            name: term.name.clone(),
            what: term.what(),
            value: fit.coefficients[place + 1],
            standard_error: fit.standard_errors[place + 1],
        };
        Self {
            leads,
            wins,
            ridge,
            intercept: fit.coefficients[0],
            intercept_error: fit.standard_errors[0],
            coefficients: terms.iter().enumerate().map(coefficient).collect(),
            iterations: fit.iterations,
            log_likelihood: fit.log_likelihood,
            terms,
        }
    }

    fn card(&self) -> Vec<CardLine> {
        let line = |coefficient: &Coefficient| CardLine {
            name: coefficient.name.clone(),
            what: format!("log-odds for {}", coefficient.what),
            weight: Some(coefficient.value),
            standard_error: Some(coefficient.standard_error),
        };
        let intercept = CardLine {
            name: "intercept".into(),
            what: "log-odds that every lead starts with".into(),
            weight: Some(self.intercept),
            standard_error: Some(self.intercept_error),
        };
        std::iter::once(intercept).chain(self.coefficients.iter().map(line)).collect()
    }
}

/// All columns known at creation, and for each kind of event how many and how long ago.
fn everything(context: &Context, plan: &mut Plan) -> Vec<Input> {
    let usable = |column: &&KnownColumn| column.known == Known::AtCreation && column.kind != Kind::Instant;
    let mut inputs: Vec<Input> = context.columns.iter().filter(usable).map(|column| of_column(&column.name)).collect();
    let mut kinds: Vec<&String> = context.events.iter().flat_map(|log| log.kinds).collect();
    // The order of the log means nothing, and the order of a sum would.
    kinds.sort();
    for kind in kinds {
        inputs.push(count_input(kind, plan));
        inputs.push(recency_input(kind, plan));
    }
    inputs
}

fn count_input(kind: &str, plan: &mut Plan) -> Input {
    let source = Source::Count(plan.ask(of_kind(kind, Measure::Count)));
    Input { name: format!("{kind}, how many"), spec: InputSpec::HowMany(kind.into()), source }
}

fn recency_input(kind: &str, plan: &mut Plan) -> Input {
    let source = Source::Recency(plan.ask(of_kind(kind, Measure::Age)));
    Input { name: format!("{kind}, days since the latest"), spec: InputSpec::DaysSince(kind.into()), source }
}

fn of_kind(kind: &str, measure: Measure) -> EventFeature {
    EventFeature { kind: Some(kind.into()), when: None, within: None, after: None, measure }
}

fn of_column(name: &str) -> Input {
    Input { name: name.into(), spec: InputSpec::Column(name.into()), source: Source::Column(name.into()) }
}

fn asked(features: &[FeatureSpec], path: &str, context: &Context, plan: &mut Plan) -> Result<Vec<Input>, ModelError> {
    let mut inputs: Vec<Input> = Vec::with_capacity(features.len());
    for (place, feature) in features.iter().enumerate() {
        let path = format!("{path}.features[{place}]");
        let input = match feature {
            FeatureSpec::Column(name) => column_input(&path, name, context)?,
            FeatureSpec::Criterion(fields) => criterion_input(&path, fields, context, plan)?,
        };
        if inputs.iter().any(|known| known.source == input.source) {
            return Err(ModelError::invalid(path, format!("`{}` stands here twice", input.name)));
        }
        inputs.push(input);
    }
    Ok(inputs)
}

fn column_input(path: &str, name: &str, context: &Context) -> Result<Input, ModelError> {
    let column = context.column(path, name)?;
    if column.kind == Kind::Instant {
        let what = format!("`{}` holds times, expected numbers, text or true/false", column.name);
        return Err(ModelError::invalid(path, what));
    }
    Ok(of_column(&column.name))
}

fn criterion_input(
    path: &str,
    fields: &CriterionFields,
    context: &Context,
    plan: &mut Plan,
) -> Result<Input, ModelError> {
    let mut criterion = Criterion::default();
    fields.apply(&mut criterion);
    let criterion = &criterion;
    let given = [
        ("points", criterion.points.is_some()),
        ("cap", criterion.cap.is_some()),
        ("group", criterion.group.is_some()),
        ("bands", criterion.bands.is_some()),
    ];
    if let Some((field, _)) = given.iter().find(|(_, given)| *given) {
        let what = "a regression finds the weights itself: leave it out";
        return Err(ModelError::invalid(format!("{path}.{field}"), what));
    }
    let compiled = Compiled::new(criterion, path, context, plan)?;
    let name = compiled.what.trim_start_matches("once ").trim_start_matches("for ").to_string();
    let spec = InputSpec::Criterion(Box::new(fields.clone()));
    Ok(Input { name, spec, source: Source::Criterion(Box::new(compiled)) })
}
