//! A fitted regression as a file: `leadoff fit` writes it, `file:` reads it.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::models::context::Context;
use crate::models::resolve::Spec;
use crate::models::scorer::{Reader, Recipe, Scorer};
use crate::models::spec::{Criterion, CriterionFields};
use crate::models::{ModelError, Scores};
use crate::replay::Plan;
use crate::result::{ModelKind, Scale};

use super::fit::Fit;
use super::terms::{Part, Term};
use super::{Coefficient, Fitted, Input, LogisticModel, column_input, count_input, criterion_input, recency_input};

/// The version of the files that are written.
const VERSION: u32 = 1;

/// A model that was fitted before, in a file that `leadoff fit` wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileSpec {
    pub path: PathBuf,
    /// What was read of the file.
    pub read: Option<Arc<FittedFile>>,
}

/// A fitted regression, with what it must be given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedFile {
    /// Of this format.
    leadoff_model: u32,
    kind: FittedKind,
    /// What it was called where it was fitted.
    pub model: String,
    /// The day on which the outcomes that it learned from were known.
    pub fitted_on: String,
    pub leads: usize,
    pub wins: usize,
    ridge: f64,
    iterations: usize,
    log_likelihood: f64,
    intercept: f64,
    intercept_error: f64,
    inputs: Vec<InputSpec>,
    terms: Vec<TermOfFile>,
}

/// The kinds of models that a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FittedKind {
    Logistic,
}

/// What a regression reads, by names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum InputSpec {
    Column(String),
    Criterion(Box<CriterionFields>),
    /// How many events of a kind.
    HowMany(String),
    /// Days since the latest event of a kind.
    DaysSince(String),
}

/// A term with its coefficient, in log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermOfFile {
    name: String,
    /// A place among the inputs, from 0.
    input: usize,
    part: Part,
    coefficient: f64,
    standard_error: f64,
}

impl InputSpec {
    pub fn input(&self, path: &str, context: &Context, plan: &mut Plan) -> Result<Input, ModelError> {
        match self {
            Self::Column(name) => column_input(path, name, context),
            Self::Criterion(fields) => criterion_input(path, fields, context, plan),
            Self::HowMany(kind) => Ok(count_input(self.kind_of_log(path, kind, context)?, plan)),
            Self::DaysSince(kind) => Ok(recency_input(self.kind_of_log(path, kind, context)?, plan)),
        }
    }

    /// A kind that the log has: of one that it has not, every lead would have none.
    fn kind_of_log<'a>(&self, path: &str, kind: &'a str, context: &Context) -> Result<&'a str, ModelError> {
        let Some(log) = context.events else {
            return Err(ModelError::invalid(
                path,
                format!("it reads events of kind `{kind}`, and there is no `data.events`"),
            ));
        };
        let kinds = log.kinds.iter().map(String::as_str);
        if log.kinds.iter().any(|known| known == kind) {
            Ok(kind)
        } else {
            Err(ModelError::unknown(path, "kind of events", kind, kinds))
        }
    }

    fn criterion(&self) -> Option<Criterion> {
        let Self::Criterion(fields) = self else { return None };
        let mut criterion = Criterion::default();
        fields.apply(&mut criterion);
        Some(criterion)
    }

    fn reads_kind(&self, kind: &str) -> bool {
        match self {
            Self::Column(_) => false,
            Self::Criterion(_) => self.criterion().is_some_and(|criterion| criterion.reads_kind(kind)),
            Self::HowMany(known) | Self::DaysSince(known) => known == kind,
        }
    }
}

impl FittedFile {
    /// Of a model's fit.
    pub(super) fn of(model: &str, fitted_on: &str, inputs: &[Input], fitted: &Fitted) -> Self {
        let term = |(term, coefficient): (&Term, &Coefficient)| TermOfFile {
            name: term.name.clone(),
            input: term.input,
            part: term.part().clone(),
            coefficient: coefficient.value,
            standard_error: coefficient.standard_error,
        };
        Self {
            leadoff_model: VERSION,
            kind: FittedKind::Logistic,
            model: model.into(),
            fitted_on: fitted_on.into(),
            leads: fitted.leads,
            wins: fitted.wins,
            ridge: fitted.ridge,
            iterations: fitted.iterations,
            log_likelihood: fitted.log_likelihood,
            intercept: fitted.intercept,
            intercept_error: fitted.intercept_error,
            inputs: inputs.iter().map(|input| input.spec.clone()).collect(),
            terms: fitted.terms.iter().zip(&fitted.coefficients).map(term).collect(),
        }
    }

    /// The file's text: JSON.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a fit has only plain values") + "\n"
    }

    /// Larger files are no fitted regressions.
    pub const LARGEST: usize = 16 << 20;

    /// # Errors
    /// In words, when the bytes are no model that can be used.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > Self::LARGEST {
            let most = Self::LARGEST;
            return Err(format!("expected a file of `leadoff fit`, which has at most {most} bytes, found more"));
        }
        let file: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("no model of `leadoff fit`: {error}; write it anew"))?;
        match file.problem() {
            Some(problem) => Err(problem),
            None => Ok(file),
        }
    }

    fn problem(&self) -> Option<String> {
        if self.leadoff_model != VERSION {
            return Some(format!(
                "`leadoff_model: {}`, expected {VERSION}: it is of another version",
                self.leadoff_model
            ));
        }
        let own = [("intercept", self.intercept), ("intercept_error", self.intercept_error), ("ridge", self.ridge)];
        let terms = self.terms.iter().enumerate();
        let of_terms = terms.clone().map(|(place, term)| (place, term.coefficient));
        if let Some((name, value)) = own.into_iter().find(|(_, value)| !value.is_finite()) {
            return Some(format!("`{name}` is {value}, expected a finite number"));
        }
        if let Some((place, value)) = of_terms.into_iter().find(|(_, value)| !value.is_finite()) {
            return Some(format!("`terms[{place}].coefficient` is {value}, expected a finite number"));
        }
        let wrong = terms.clone().find(|(_, term)| term.input >= self.inputs.len());
        if let Some((place, term)) = wrong {
            let count = self.inputs.len();
            return Some(format!(
                "`terms[{place}].input` is {}, and there are {count} inputs, counted from 0",
                term.input
            ));
        }
        let wrong = terms.clone().find(|(_, term)| !term.part.is_sound());
        wrong.map(|(place, _)| format!("`terms[{place}].part`: a mean, a fill and a deviation over 0 are expected"))
    }

    fn fitted(&self) -> Fitted {
        let fit = Fit {
            coefficients: std::iter::once(self.intercept)
                .chain(self.terms.iter().map(|term| term.coefficient))
                .collect(),
            standard_errors: std::iter::once(self.intercept_error)
                .chain(self.terms.iter().map(|term| term.standard_error))
                .collect(),
            iterations: self.iterations,
            log_likelihood: self.log_likelihood,
        };
        let terms = self.terms.iter().map(|term| Term::new(term.name.clone(), term.input, term.part.clone()));
        Fitted::new(fit, terms.collect(), self.leads, self.wins, self.ridge)
    }
}

impl Recipe for FileSpec {
    fn kind(&self) -> ModelKind {
        ModelKind::File
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn compile(
        &self,
        path: &str,
        _: &[Spec],
        context: &Context,
        plan: &mut Plan,
    ) -> Result<Arc<dyn Scorer>, ModelError> {
        let file = self.read.as_ref().ok_or_else(|| ModelError::invalid(path, "its file was not read"))?;
        let at = |place: usize| format!("{path}: {} inputs[{place}]", self.path.display());
        let inputs = file.inputs.iter().enumerate().map(|(place, spec)| spec.input(&at(place), context, plan));
        let inputs = inputs.collect::<Result<Vec<Input>, ModelError>>()?;
        Ok(Arc::new(LogisticModel {
            ridge: file.ridge,
            inputs,
            by_default: false,
            fitted: Some(file.fitted()),
            fitted_on: Some(file.fitted_on.clone()),
        }))
    }

    fn event_columns(&self) -> Vec<String> {
        let inputs = self.read.iter().flat_map(|file| &file.inputs);
        inputs.filter_map(InputSpec::criterion).flat_map(|criterion| criterion.event_columns()).collect()
    }

    fn readers(&self, kind: &str) -> Vec<Reader> {
        let reads = self.read.iter().flat_map(|file| &file.inputs).any(|input| input.reads_kind(kind));
        if reads { vec![Reader::Model] } else { Vec::new() }
    }
}

impl LogisticModel {
    /// The fit of some scores as a file; nothing without one.
    pub(super) fn file(&self, model: &str, fitted_on: &str, scores: &Scores) -> Option<FittedFile> {
        Some(FittedFile::of(model, fitted_on, &self.inputs, scores.fitted.as_ref()?))
    }
}

impl<'de> Deserialize<'de> for FileSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { path: PathBuf::deserialize(deserializer)?, read: None })
    }
}

impl Serialize for FileSpec {
    /// What it says, wherever it stands; where it was not read, where it stands.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.read {
            Some(file) => file.serialize(serializer),
            None => self.path.serialize(serializer),
        }
    }
}

impl JsonSchema for FileSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FileSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A file that `leadoff fit` wrote: regression.json" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{ "leadoff_model": 1, "kind": "logistic", "model": "m", "fitted_on": "2026-01-01",
        "leads": 100, "wins": 40, "ridge": 1.0, "iterations": 4, "log_likelihood": -10.5, "intercept": -1.0,
        "intercept_error": 0.1, "inputs": [{ "column": "size" }, { "how_many": "visit" }],
        "terms": [{ "name": "size", "input": 0, "part": { "standard": { "mean": 1.0, "deviation": 2.0, "fill": 1.0 } },
        "coefficient": 0.5, "standard_error": 0.1 }] }"#;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let file = FittedFile::read(GOOD.as_bytes()).unwrap();
        assert_eq!(FittedFile::read(file.text().as_bytes()).unwrap(), file);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let said = |from: &str, to: &str| {
            assert!(GOOD.contains(from));
            FittedFile::read(GOOD.replace(from, to).as_bytes()).unwrap_err()
        };
        insta::assert_snapshot!(
            [
                said("\"leadoff_model\": 1", "\"leadoff_model\": 2"),
                said("\"input\": 0", "\"input\": 2"),
                said("\"deviation\": 2.0", "\"deviation\": 0.0"),
                said("\"intercept\": -1.0", "\"intercept\": 1e999"),
                said("\"wins\": 40, ", ""),
                said("logistic", "forest"),
                FittedFile::read(b"").unwrap_err(),
            ]
            .join("\n"),
            @"
        `leadoff_model: 2`, expected 1: it is of another version
        `terms[0].input` is 2, and there are 2 inputs, counted from 0
        `terms[0].part`: a mean, a fill and a deviation over 0 are expected
        no model of `leadoff fit`: number out of range at line 2 column 108; write it anew
        no model of `leadoff fit`: missing field `wins` at line 5 column 54; write it anew
        no model of `leadoff fit`: unknown variant `forest`, expected `logistic` at line 1 column 38; write it anew
        no model of `leadoff fit`: EOF while parsing a value at line 1 column 0; write it anew
        "
        );
    }
}
