//! Sums of weighted inputs.

use rayon::prelude::*;

use super::{Input, Level, Takes};

#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub(super) start: f64,
    pub(super) terms: Vec<Term>,
    /// Whether the library that made it computes in single precision.
    pub(super) single: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) input: usize,
    pub(super) weight: f64,
    pub(super) of: Of,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    /// `(value − mean) / scale`, with another value for a missing one; without that, a missing value adds nothing.
    Standard { mean: f64, scale: f64, missing: Option<f64> },
    /// 1 where the input is this code.
    Code(usize),
}

impl Term {
    fn value(&self, input: f64) -> f64 {
        match self.of {
            Of::Standard { missing: None, .. } if input.is_nan() => 0.0,
            Of::Standard { mean, scale, missing } => {
                let input = if input.is_nan() { missing.unwrap_or_default() } else { input };
                self.weight * ((input - mean) / scale)
            }
            Of::Code(code) if input == code as f64 => self.weight,
            Of::Code(_) => 0.0,
        }
    }
}

impl Linear {
    pub(super) fn is_single(&self) -> bool {
        self.single
    }

    pub(super) fn uses(&self, inputs: usize) -> Vec<usize> {
        let mut uses = vec![0; inputs];
        self.terms.iter().for_each(|term| uses[term.input] += 1);
        uses
    }

    /// The name of each term, what a step of 1 is, and its weight; what every lead starts with first.
    pub(super) fn weights(&self, inputs: &[Input]) -> Vec<(String, String, f64)> {
        let of_term = |term: &Term| {
            let input = &inputs[term.input];
            match (term.of, &input.takes) {
                (Of::Code(code), Takes::Levels(levels)) => {
                    let level = match levels.get(code) {
                        Some(Level::Text(text)) => format!("'{text}'"),
                        Some(Level::Number(number)) => number.to_string(),
                        Some(Level::Flag(flag)) => flag.to_string(),
                        None => String::new(),
                    };
                    (format!("{} = {level}", input.name), "this value".into(), term.weight)
                }
                (Of::Standard { mean, scale, .. }, _) if (mean, scale) != (0.0, 1.0) => {
                    (input.name.clone(), format!("each {scale} above {mean}"), term.weight)
                }
                _ => (input.name.clone(), "each unit".into(), term.weight),
            }
        };
        let start = ("intercept".to_string(), "where every lead starts".to_string(), self.start);
        std::iter::once(start).chain(self.terms.iter().map(of_term)).collect()
    }

    pub(super) fn sums(&self, columns: &[&[f64]], rows: usize) -> Vec<f64> {
        let sum = |row: usize| self.sum(|input| columns[input][row]);
        (0..rows).into_par_iter().map(sum).collect()
    }

    fn sum(&self, input: impl Fn(usize) -> f64) -> f64 {
        if !self.single {
            return self.terms.iter().fold(self.start, |sum, term| sum + term.value(input(term.input)));
        }
        let add = |sum: f32, term: &Term| {
            let input = input(term.input) as f32;
            if input.is_nan() { sum } else { sum + input * term.weight as f32 }
        };
        f64::from(self.terms.iter().fold(self.start as f32, add))
    }

    pub(super) fn parts(&self, inputs: &[f64]) -> (f64, Vec<f64>) {
        let mut parts = vec![0.0; inputs.len()];
        self.terms.iter().for_each(|term| parts[term.input] += term.value(inputs[term.input]));
        (self.start, parts)
    }
}
