//! Models made elsewhere: bytes of a file → trees or coefficients, and inputs → margins.
//!
//! A file is not believed: sizes, places, circles and numbers are checked before anything is made of them, and what a reader
//! does not know is refused by name.

mod coefficients;
mod draft;
mod error;
mod json;
mod kinds;
mod layout;
mod lightgbm;
mod linear;
mod ubjson;
mod value;
mod xgboost;

use rayon::prelude::*;

pub use error::Wrong;
use layout::Layout;
use linear::Linear;

/// What kind of file a model is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// LightGBM's text.
    LightGbm,
    /// XGBoost's JSON or UBJSON, told apart by the content.
    XgBoost,
    /// JSON of an intercept and terms.
    Coefficients,
}

/// A model that was made elsewhere, ready to score.
#[derive(Clone, Debug)]
pub struct Forest {
    /// "a LightGBM text file".
    made_as: &'static str,
    inputs: Vec<Input>,
    link: Link,
    body: Body,
}

/// What a model takes of a lead, by the name that it has in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub name: String,
    pub takes: Takes,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Takes {
    Number,
    /// A category as a number, and which it is the file does not say.
    Codes,
    /// A category whose number is its place here.
    Levels(Vec<Level>),
}

/// A category as the file has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    Text(String),
    Number(f64),
    Flag(bool),
}

/// What becomes of a margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The margin is multiplied by this first.
    factor: f64,
    scale: Scale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Margin,
    Logistic,
    Exponential,
    /// With its sign.
    Squared,
}

#[derive(Clone, Debug)]
enum Body {
    /// Compared and summed in double precision.
    Double(Layout<f64>),
    /// Compared and summed in single precision, from a start.
    Single(Layout<f32>, f32),
    Linear(Linear),
}

/// How one lead came to its margin.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    pub margin: f64,
    /// What every lead starts with.
    pub start: f64,
    /// What each input adds, in the order of the inputs.
    pub inputs: Vec<f64>,
}

impl Link {
    fn margin() -> Self {
        Self { factor: 1.0, scale: Scale::Margin }
    }
}

impl Forest {
    /// Reads a model.
    ///
    /// # Errors
    /// When the bytes are no such model, or a damaged one, or one that gives a lead more than one score.
    pub fn read(bytes: &[u8], format: Format) -> Result<Self, Wrong> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Wrong::whole("it is empty, expected a model"));
        }
        let looks = kinds::looks_like(bytes);
        let expected = match format {
            Format::LightGbm => ["a LightGBM text file", ""],
            Format::XgBoost => ["XGBoost JSON", "XGBoost UBJSON"],
            Format::Coefficients => ["JSON of coefficients", ""],
        };
        let named = if format == Format::XgBoost { "XGBoost JSON or UBJSON" } else { expected[0] };
        match (looks, format) {
            (Some(looks), _) if expected.contains(&looks) => {}
            // What begins as JSON and lacks the word that tells it may be cut short: its reader says so.
            (Some("JSON of another kind"), Format::XgBoost | Format::Coefficients) => {}
            (Some(looks), _) => return Err(Wrong::whole(format!("it is not {named} but looks like {looks}"))),
            (None, _) => return Err(Wrong::whole(format!("it is not {named}, nor a kind of file that is known here"))),
        }
        match format {
            Format::LightGbm => lightgbm::read(bytes),
            Format::XgBoost => xgboost::read(bytes),
            Format::Coefficients => coefficients::read(bytes),
        }
    }

    fn new(
        made_as: &'static str,
        inputs: Vec<Input>,
        link: Link,
        body: impl FnOnce(usize) -> Result<Body, Wrong>,
    ) -> Result<Self, Wrong> {
        let body = body(inputs.len())?;
        Ok(Self { made_as, inputs, link, body })
    }

    /// "a LightGBM text file".
    pub fn made_as(&self) -> &'static str {
        self.made_as
    }

    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// How many trees it has; none where it is linear.
    pub fn trees(&self) -> Option<usize> {
        match &self.body {
            Body::Double(layout) => Some(layout.trees()),
            Body::Single(layout, _) => Some(layout.trees()),
            Body::Linear(_) => None,
        }
    }

    /// How often each input decides a split, or weighs.
    pub fn uses(&self) -> Vec<usize> {
        match &self.body {
            Body::Double(layout) => layout.uses(self.inputs.len()),
            Body::Single(layout, _) => layout.uses(self.inputs.len()),
            Body::Linear(linear) => linear.uses(self.inputs.len()),
        }
    }

    /// The weights of a linear model, each with what a step of 1 is; nothing where it is trees.
    pub fn weights(&self) -> Option<Vec<(String, String, f64)>> {
        let Body::Linear(linear) = &self.body else { return None };
        Some(linear.weights(&self.inputs))
    }

    /// Whether margins become probabilities.
    pub fn is_probability(&self) -> bool {
        self.link.scale == Scale::Logistic
    }

    /// Within which a margin is to equal that of the library: so much of it, or of 1 where it is smaller.
    pub fn tolerance(&self) -> f64 {
        match self.body {
            Body::Double(_) => 1e-12,
            Body::Linear(ref linear) if !linear.is_single() => 1e-12,
            Body::Single(..) | Body::Linear(_) => 1e-5,
        }
    }

    /// Every lead's margin; `columns` are the inputs' values in order, not a number where one is missing. Of inputs that are
    /// never used ([`Forest::uses`]) they may be empty.
    ///
    /// # Panics
    /// When there is not a column for each input, with a value in every row.
    pub fn margins(&self, columns: &[&[f64]], rows: usize) -> Vec<f64> {
        assert_eq!(columns.len(), self.inputs.len(), "a column for each input");
        let unused = self.uses().into_iter().map(|uses| uses == 0);
        assert!(
            columns.iter().zip(unused).all(|(column, unused)| unused || column.len() == rows),
            "a value in every row"
        );
        match &self.body {
            Body::Double(layout) => layout.sums(columns, rows, 0.0),
            Body::Single(layout, start) => layout.sums(columns, rows, *start).into_par_iter().map(f64::from).collect(),
            Body::Linear(linear) => linear.sums(columns, rows),
        }
    }

    /// What the library gives for a margin: a probability, where it is a model of one.
    pub fn score(&self, margin: f64) -> f64 {
        let margin = margin * self.link.factor;
        match self.link.scale {
            Scale::Margin => margin,
            Scale::Logistic => 1.0 / (1.0 + (-margin).exp()),
            Scale::Exponential => margin.exp().min(f64::MAX),
            Scale::Squared => margin * margin.abs(),
        }
    }

    /// How one lead came to its margin, from its inputs in order.
    ///
    /// # Panics
    /// When there is not a value for each input.
    pub fn parts(&self, inputs: &[f64]) -> Parts {
        assert_eq!(inputs.len(), self.inputs.len(), "a value for each input");
        let columns: Vec<&[f64]> = inputs.iter().map(std::slice::from_ref).collect();
        let margin = self.margins(&columns, 1)[0];
        let (start, inputs) = match &self.body {
            Body::Double(layout) => layout.parts(inputs),
            Body::Single(layout, base) => {
                let (start, parts) = layout.parts(inputs);
                (start + f64::from(*base), parts)
            }
            Body::Linear(linear) => linear.parts(inputs),
        };
        Parts { margin, start, inputs }
    }
}
