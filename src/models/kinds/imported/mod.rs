//! A model that was made elsewhere: its file read, its inputs found among the leads' columns and events.

mod inputs;

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;

use crate::forest::{Forest, Format, Takes};
use crate::models::context::Context;
use crate::models::resolve::Spec;
use crate::models::scorer::{Reader, Recipe, ScoreInputs, Scorer};
use crate::models::scores::{Scores, round};
use crate::models::spec::{Entries, ImportedSpec, InputSpec};
use crate::models::{CardLine, Explanation, ModelError, ModelSpec, explain, words};
use crate::replay::{FeatureId, Features, Plan};
use crate::result::{ModelKind, Scale};
use inputs::Input;
pub use inputs::{Unlisted, Wanted};

/// A model of a file, as the experiment has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    pub format: Format,
    pub spec: ImportedSpec,
}

/// A model of a file whose inputs are found.
#[derive(Clone, Debug)]
pub struct ImportedModel {
    forest: Arc<Forest>,
    /// In the file's order; nothing where the model makes no use of one.
    inputs: Vec<Option<Input>>,
    /// How often each decides a split, or weighs.
    uses: Vec<usize>,
}

impl Imported {
    /// What it asks for by name, input by input, and whether that is there.
    pub(in crate::models) fn wanted(&self, path: &str, context: &Context) -> Vec<Wanted> {
        let Some(read) = &self.spec.read else { return Vec::new() };
        let uses = read.forest.uses();
        let inputs = read.forest.inputs().iter().zip(uses);
        let wanted = |(input, uses): (&crate::forest::Input, usize)| {
            let found = Input::of(input, &self.spec, path, context, &mut Plan::default());
            Wanted { input: input.name.clone(), uses, found: found.map(|found| found.what()) }
        };
        inputs.filter(|(_, uses)| *uses > 0).map(wanted).collect()
    }
}

impl Recipe for Imported {
    fn kind(&self) -> ModelKind {
        match self.format {
            Format::LightGbm => ModelKind::Lightgbm,
            Format::XgBoost => ModelKind::Xgboost,
            Format::Coefficients => ModelKind::Linear,
        }
    }

    fn scale(&self) -> Scale {
        let is_probability = self.spec.read.as_ref().is_some_and(|read| read.forest.is_probability());
        if is_probability { Scale::Probability } else { Scale::Points }
    }

    fn check(&self, path: &str, _: &Entries<ModelSpec>) -> Result<(), ModelError> {
        let Some(read) = &self.spec.read else {
            return Err(ModelError::invalid(format!("{path}.file"), "was not read"));
        };
        let known = read.forest.inputs().iter().map(|input| input.name.as_str());
        match self.spec.features.names().find(|name| !known.clone().any(|known| known == *name)) {
            Some(name) => Err(ModelError::unknown(format!("{path}.features"), "input of the file", name, known)),
            None => Ok(()),
        }
    }

    fn compile(
        &self,
        path: &str,
        _: &[Spec],
        context: &Context,
        plan: &mut Plan,
    ) -> Result<Arc<dyn Scorer>, ModelError> {
        let Some(read) = &self.spec.read else {
            return Err(ModelError::invalid(format!("{path}.file"), "was not read"));
        };
        let uses = read.forest.uses();
        let (mut inputs, mut absent) = (Vec::with_capacity(uses.len()), Vec::new());
        for (input, &uses) in read.forest.inputs().iter().zip(&uses) {
            // What is named must be there, used or not: it may be misspelt.
            let is_named = self.spec.features.get(&input.name).is_some();
            if uses == 0 && !is_named {
                inputs.push(None);
                continue;
            }
            match Input::of(input, &self.spec, path, context, plan) {
                Ok(found) => inputs.push((uses > 0).then_some(found)),
                Err(ModelError::Unknown { .. }) if !is_named => absent.push(input.name.as_str()),
                Err(error) => return Err(error),
            }
        }
        match absent.as_slice() {
            [] => Ok(Arc::new(ImportedModel { forest: read.forest.clone(), inputs, uses })),
            [one] => Err(inputs::absent(path, one, context)),
            several => Err(inputs::all_absent(path, several)),
        }
    }

    fn event_columns(&self) -> Vec<String> {
        self.spec.features.iter().flat_map(|(_, input)| input.event_columns()).collect()
    }

    fn readers(&self, kind: &str) -> Vec<Reader> {
        let reads = |(_, input): (&str, &InputSpec)| input.reads_kind(kind);
        if self.spec.features.iter().any(reads) { vec![Reader::Model] } else { Vec::new() }
    }
}

impl ImportedModel {
    /// Every lead's margin, unrounded.
    ///
    /// # Errors
    /// When a text is to be refused that the file does not know.
    pub fn margins(&self, features: &Features, model: &str) -> Result<Vec<f64>, ModelError> {
        let values = self.values(features, model)?;
        let columns: Vec<&[f64]> = values.iter().map(|values| &**values).collect();
        Ok(self.forest.margins(&columns, features.rows()))
    }

    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// Texts that have no number, input by input, as the leads have them.
    pub fn unlisted(&self, features: &Features) -> Vec<Unlisted> {
        self.used().filter_map(|(_, input)| input.unlisted(features)).collect()
    }

    fn used(&self) -> impl Iterator<Item = (usize, &Input)> {
        self.inputs.iter().enumerate().filter_map(|(place, input)| Some((place, input.as_ref()?)))
    }

    fn values<'a>(&self, features: &'a Features, model: &str) -> Result<Vec<Cow<'a, [f64]>>, ModelError> {
        let refused = self.used().filter(|(_, input)| input.refuses()).find_map(|(_, input)| input.unlisted(features));
        if let Some(Unlisted { input, column, leads }) = refused {
            let problem = format!(
                "{leads} leads have a text in `{column}` that the file does not know for its input `{input}`, and `unseen: refuse` is said; write `unseen: missing`, or train it on them"
            );
            return Err(ModelError::NotScored { model: model.into(), problem });
        }
        let values =
            |input: &Option<Input>| input.as_ref().map_or(Cow::Borrowed(&[][..]), |input| input.values(features));
        Ok(self.inputs.par_iter().map(values).collect())
    }

    fn score_of(&self, margin: f64) -> f64 {
        let score = self.forest.score(margin);
        if !self.forest.is_probability() {
            return round(score);
        }
        // Never certain: a certain prediction that is wrong has infinite loss.
        round(score).clamp(1e-9, 1.0 - 1e-9)
    }
}

impl Scorer for ImportedModel {
    fn reads(&self) -> Vec<&str> {
        self.used().flat_map(|(_, input)| input.reads()).collect()
    }

    fn kinds(&self) -> Vec<&(String, String)> {
        self.used().flat_map(|(_, input)| input.kinds()).collect()
    }

    fn asks(&self) -> Vec<FeatureId> {
        self.used().filter_map(|(_, input)| input.events()).collect()
    }

    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError> {
        let margins = self.margins(inputs.features, inputs.model)?;
        let value = margins.into_par_iter().map(|margin| self.score_of(margin)).collect();
        Ok(Scores { value, ..Scores::default() })
    }

    fn card(&self, _: Option<&Scores>) -> Vec<CardLine> {
        if let Some(weights) = self.forest.weights() {
            let line = |(name, what, weight): (String, String, f64)| CardLine {
                name,
                what,
                weight: Some(weight),
                standard_error: None,
            };
            return weights.into_iter().map(line).collect();
        }
        let line = |(place, input): (usize, &Input)| {
            let uses = self.uses[place];
            let times = if uses == 1 { "once".into() } else { format!("{uses} times") };
            let (name, what) = (input.name().to_string(), format!("{}; decides {times}", input.what()));
            CardLine { name, what, weight: None, standard_error: None }
        };
        self.used().map(line).collect()
    }

    fn explain(&self, features: &Features, _: &Scores, row: usize, explanation: &mut Explanation) {
        let one = features.take(&[row]);
        // A text that is refused has no score to explain.
        let Ok(values) = self.values(&one, &explanation.model) else { return };
        let inputs: Vec<f64> = values.iter().map(|values| values.first().copied().unwrap_or(f64::NAN)).collect();
        let parts = self.forest.parts(&inputs);
        let line = |name: &str, what: &str, seen: String, part: f64, events: Option<FeatureId>| explain::Line {
            name: name.into(),
            what: what.into(),
            seen,
            group: None,
            before: round(part),
            after: round(part),
            events,
        };
        let start = match self.forest.trees() {
            Some(_) => {
                "where every lead starts; an input adds what its decisions change on the lead's way through the trees"
            }
            None => "where every lead starts; an input adds its weight times its value",
        };
        let of_input = |(place, input): (usize, &Input)| {
            let seen = input.seen(&one, inputs[place]);
            line(input.name(), &input.what(), seen, parts.inputs[place], input.events())
        };
        explanation.lines = self.used().map(of_input).collect();
        // The largest first: a model has many inputs.
        explanation.lines.sort_by(|a, b| b.after.abs().total_cmp(&a.after.abs()));
        explanation.lines.push(line("start", start, String::new(), parts.start, None));
        let sum: f64 = parts.start + parts.inputs.iter().sum::<f64>();
        let lost = round(parts.margin - sum);
        if lost != 0.0 && lost.is_finite() {
            let what = "the library adds up in single precision, or in another order";
            explanation.lines.push(line("rounding", what, String::new(), lost, None));
        }
        explanation.sum = round(explanation.lines.iter().map(|line| line.after).sum());
    }

    fn as_imported(&self) -> Option<&ImportedModel> {
        Some(self)
    }
}

/// What an input takes, in a few words.
fn takes(takes: &Takes) -> String {
    match takes {
        Takes::Number => "a number".into(),
        Takes::Codes => "a category's number".into(),
        Takes::Levels(levels) => format!("one of {} categories", words::number(levels.len() as f64)),
    }
}
