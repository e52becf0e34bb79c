//! A regression in coordinates where its columns have mean 0 and spread 1, and the way back.

use super::Rows;
use crate::stats::Undefined;
use crate::stats::linear::Matrix;
use crate::stats::moments::Moments;
use rayon::prelude::*;
use std::ops::Range;

/// Partial sums are taken over blocks of this size and added in order, so that threads do not change a digit.
const BLOCK: usize = 4096;

/// The rows of a regression with an intercept in front and every column centred and scaled: columns near 10⁹ with
/// a small spread would otherwise lose their digits in the cross products.
pub(super) struct Standardised<'a> {
    rows: Rows<'a>,
    design: Matrix,
    centre: Vec<f64>,
    pub scale: Vec<f64>,
}

/// What one pass over the rows yields at a point.
pub(super) struct Pass {
    pub log_likelihood: f64,
    pub gradient: Vec<f64>,
    /// Σ w π (1 - π) x xᵀ.
    pub information: Matrix,
}

/// One row at a point: success and failure probabilities, each with its digits.
#[derive(Clone, Copy)]
pub(super) struct Fitted {
    pub success: f64,
    pub failure: f64,
    log_success: f64,
    log_failure: f64,
}

impl Fitted {
    fn at(eta: f64) -> Self {
        let small = (-eta.abs()).exp();
        let (likely, unlikely) = (1.0 / (1.0 + small), small / (1.0 + small));
        let (log_likely, log_unlikely) = (-small.ln_1p(), -eta.abs() - small.ln_1p());
        if eta >= 0.0 {
            Self { success: likely, failure: unlikely, log_success: log_likely, log_failure: log_unlikely }
        } else {
            Self { success: unlikely, failure: likely, log_success: log_unlikely, log_failure: log_likely }
        }
    }

    pub fn variance(&self) -> f64 {
        self.success * self.failure
    }

    /// `y - π`.
    fn residual(&self, y: f64) -> f64 {
        y * self.failure - (1.0 - y) * self.success
    }

    fn log_likelihood(&self, y: f64) -> f64 {
        let term = |share: f64, log: f64| if share == 0.0 { 0.0 } else { share * log };
        term(y, self.log_success) + term(1.0 - y, self.log_failure)
    }
}

impl<'a> Standardised<'a> {
    /// Rows with both outcomes.
    pub fn of(rows: &Rows<'a>) -> Result<Self, Undefined> {
        let (successes, failures) = classes(rows);
        if successes + failures > 0.0 && (successes == 0.0 || failures == 0.0) {
            return Err(Undefined::OneClass);
        }
        Self::of_any_classes(rows)
    }

    pub fn of_any_classes(rows: &Rows<'a>) -> Result<Self, Undefined> {
        if classes(rows) == (0.0, 0.0) {
            return Err(Undefined::Empty);
        }
        let moments: Vec<Moments> = (0..rows.x.cols).map(|j| column_moments(rows, j)).collect();
        let centre: Vec<f64> = moments.iter().map(|m| m.mean).collect();
        let scale: Vec<f64> = moments.iter().map(spread).collect();
        let design = Matrix::from_fn(rows.x.rows, rows.x.cols + 1, |i, j| match j {
            0 => 1.0,
            j => (rows.x[(i, j - 1)] - centre[j - 1]) / scale[j - 1],
        });
        Ok(Self { rows: *rows, design, centre, scale })
    }

    /// Coefficients, the intercept's included.
    pub fn width(&self) -> usize {
        self.design.cols
    }

    pub fn len(&self) -> usize {
        self.design.rows
    }

    pub fn row(&self, i: usize) -> &[f64] {
        self.design.row(i)
    }

    pub fn weight(&self, i: usize) -> f64 {
        self.rows.weight_of(i)
    }

    pub fn y(&self, i: usize) -> f64 {
        self.rows.y[i]
    }

    pub fn fitted(&self, i: usize, beta: &[f64]) -> Fitted {
        Fitted::at(self.rows.offset_of(i) + self.along(i, beta))
    }

    /// The guess there is; else no slopes, and an intercept near the best one, the outcomes shrunk by a lead of each.
    pub fn start(&self) -> Vec<f64> {
        if let Some(guess) = self.rows.start {
            let slopes = guess[1..].iter().zip(&self.scale).map(|(slope, scale)| slope * scale);
            let level = guess[0] + guess[1..].iter().zip(&self.centre).map(|(slope, at)| slope * at).sum::<f64>();
            return std::iter::once(level).chain(slopes).collect();
        }
        self.level()
    }

    /// No slopes, and an intercept near the best one.
    fn level(&self) -> Vec<f64> {
        let (successes, failures) = classes(&self.rows);
        let level = ((successes + 1.0) / (failures + 1.0)).ln();
        let mut beta = vec![0.0; self.width()];
        beta[0] = match self.rows.offset {
            None => level,
            Some(offset) => self.level_beside(offset, level),
        };
        beta
    }

    /// Bisects for the intercept: offsets may leave Newton's method without any information to start from.
    fn level_beside(&self, offset: &[f64], level: f64) -> f64 {
        let farthest = offset.iter().map(|offset| offset.abs()).fold(0.0, f64::max);
        let (mut low, mut high) = (level - farthest, level + farthest);
        let mut beta = vec![0.0; self.width()];
        while high - low > 0.5 {
            beta[0] = low + (high - low) / 2.0;
            let residual = |i: usize| self.weight(i) * self.fitted(i, &beta).residual(self.y(i));
            let too_low = self.in_blocks(|rows| rows.map(residual).sum::<f64>()).iter().sum::<f64>() > 0.0;
            if too_low { low = beta[0] } else { high = beta[0] }
        }
        low + (high - low) / 2.0
    }

    pub fn pass(&self, beta: &[f64]) -> Pass {
        let block = |rows: Range<usize>| {
            let mut sums = Pass::zero(self.width());
            let mut weighted = Vec::with_capacity(rows.len());
            for i in rows {
                let (fitted, weight, row, y) = (self.fitted(i, beta), self.weight(i), self.row(i), self.y(i));
                sums.log_likelihood += weight * fitted.log_likelihood(y);
                add_scaled(&mut sums.gradient, row, weight * fitted.residual(y));
                weighted.push((row, weight * fitted.variance()));
            }
            sums.information.add_outers(&weighted);
            sums
        };
        Pass::sum(self.width(), &self.in_blocks(block))
    }

    /// A value of every block of rows, in order.
    pub fn in_blocks<T: Send>(&self, value: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
        // A single block is not worth waking a thread for.
        if self.len() <= BLOCK {
            return vec![value(0..self.len())];
        }
        let starts: Vec<usize> = (0..self.len()).step_by(BLOCK).collect();
        starts.into_par_iter().map(|start| value(start..(start + BLOCK).min(self.len()))).collect()
    }

    /// Σ w x xᵀ: whether the columns are linearly independent at all.
    pub fn gram(&self) -> Matrix {
        let block = |rows: Range<usize>| {
            let weighted: Vec<(&[f64], f64)> = rows.map(|i| (self.row(i), self.weight(i))).collect();
            let mut sums = Pass::zero(self.width());
            sums.information.add_outers(&weighted);
            sums
        };
        Pass::sum(self.width(), &self.in_blocks(block)).information
    }

    fn along(&self, i: usize, direction: &[f64]) -> f64 {
        self.row(i).iter().zip(direction).map(|(x, d)| x * d).sum()
    }

    /// The farthest that a direction moves any row's linear predictor.
    pub fn reach(&self, direction: &[f64]) -> f64 {
        let farthest = |rows: Range<usize>| rows.map(|i| self.along(i, direction).abs()).fold(0.0, f64::max);
        self.in_blocks(farthest).into_iter().fold(0.0, f64::max)
    }

    /// Whether no row contradicts the direction (Albert & Anderson 1984): a way to infinity that never lowers the
    /// likelihood.
    pub fn separates(&self, direction: &[f64]) -> bool {
        let slack = 1e-6 * self.reach(direction);
        (0..self.len()).filter(|&i| self.weight(i) > 0.0).all(|i| match self.y(i) {
            1.0 => self.along(i, direction) >= -slack,
            0.0 => self.along(i, direction) <= slack,
            _ => self.along(i, direction).abs() <= slack,
        })
    }

    /// The row of the map back to the columns' own units: `coefficient = row · beta`.
    pub fn back(&self, j: usize) -> Vec<f64> {
        let mut row = vec![0.0; self.width()];
        if j > 0 {
            row[j] = 1.0 / self.scale[j - 1];
            return row;
        }
        row[0] = 1.0;
        let shifts = self.centre.iter().zip(&self.scale).map(|(centre, scale)| -centre / scale);
        row[1..].iter_mut().zip(shifts).for_each(|(place, shift)| *place = shift);
        row
    }

    fn back_matrix(&self) -> Matrix {
        let rows: Vec<Vec<f64>> = (0..self.width()).map(|j| self.back(j)).collect();
        Matrix::from_fn(self.width(), self.width(), |i, j| rows[i][j])
    }

    pub fn coefficients(&self, beta: &[f64]) -> Vec<f64> {
        self.back_matrix().times_vector(beta)
    }

    pub fn covariance(&self, standardised: &Matrix) -> Matrix {
        let back = self.back_matrix();
        back.times(standardised).times(&back.transpose())
    }
}

impl Pass {
    pub fn zero(width: usize) -> Self {
        Self { log_likelihood: 0.0, gradient: vec![0.0; width], information: Matrix::zeros(width, width) }
    }

    /// Block sums with lower triangles, in order.
    pub fn sum(width: usize, blocks: &[Self]) -> Self {
        let mut whole = Self::zero(width);
        blocks.iter().for_each(|block| whole.add(block));
        whole.information.mirror();
        whole
    }

    fn add(&mut self, other: &Self) {
        self.log_likelihood += other.log_likelihood;
        add_scaled(&mut self.gradient, &other.gradient, 1.0);
        self.information.add(&other.information);
    }
}

pub(super) fn add_scaled(sum: &mut [f64], row: &[f64], factor: f64) {
    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x);
}

fn classes(rows: &Rows) -> (f64, f64) {
    let total = |share: &dyn Fn(f64) -> f64| -> f64 {
        rows.y.iter().enumerate().map(|(i, &y)| rows.weight_of(i) * share(y)).sum()
    };
    (total(&|y| y), total(&|y| 1.0 - y))
}

fn column_moments(rows: &Rows, j: usize) -> Moments {
    let mut moments = Moments::default();
    (0..rows.x.rows).for_each(|i| moments.add_times(rows.x[(i, j)], rows.weight_of(i)));
    moments
}

/// A constant column has no spread to divide by: it stays a column of zeros.
fn spread(moments: &Moments) -> f64 {
    let spread = (moments.m2 / moments.n).sqrt();
    if spread > 0.0 { spread } else { 1.0 }
}
