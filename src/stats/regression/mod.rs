//! Regressions on a binary outcome, and how far their columns explain each other.

mod coefficient;
mod firth;
mod logistic;
mod standardised;
mod vif;

pub use coefficient::Coefficient;
pub use firth::{Firth, firth};
pub use logistic::{Logistic, logistic, maximum_likelihood};
pub use vif::variance_inflation;

use super::linear::Matrix;

/// The rows of a regression on an outcome between 0 and 1. The intercept is not a column: every fit adds one.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub x: &'a Matrix,
    /// The share of successes in a row: 0 or 1 for a single lead.
    pub y: &'a [f64],
    /// A frequency: a row of weight 3 is three equal rows.
    pub weight: Option<&'a [f64]>,
    /// A part of the linear predictor that is known.
    pub offset: Option<&'a [f64]>,
    /// A guess of the coefficients, the intercept first: from near the answer the way is shorter, and ends the same.
    pub start: Option<&'a [f64]>,
}

impl<'a> Rows<'a> {
    /// # Panics
    /// When there is not an outcome for every row.
    pub fn new(x: &'a Matrix, y: &'a [f64]) -> Self {
        assert_eq!(x.rows, y.len(), "an outcome for every row");
        Self { x, y, weight: None, offset: None, start: None }
    }

    /// # Panics
    /// When there is not a weight for every row.
    pub fn weighted(self, weight: &'a [f64]) -> Self {
        assert_eq!(self.x.rows, weight.len(), "a weight for every row");
        Self { weight: Some(weight), ..self }
    }

    /// # Panics
    /// When there is not an offset for every row.
    pub fn with_offset(self, offset: &'a [f64]) -> Self {
        assert_eq!(self.x.rows, offset.len(), "an offset for every row");
        Self { offset: Some(offset), ..self }
    }

    /// # Panics
    /// When there is not a coefficient for the intercept and every column.
    pub fn starting_at(self, start: &'a [f64]) -> Self {
        assert_eq!(self.x.cols + 1, start.len(), "a coefficient for the intercept and every column");
        Self { start: Some(start), ..self }
    }

    pub(super) fn weight_of(&self, i: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[i])
    }

    pub(super) fn offset_of(&self, i: usize) -> f64 {
        self.offset.map_or(0.0, |offset| offset[i])
    }
}
