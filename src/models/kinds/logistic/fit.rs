//! Newton's method with halved steps. Sums run over blocks of rows that depend on the number of rows alone, so that
//! threads change no digit.

use rayon::prelude::*;

use super::terms::Bound;
use crate::stats::Undefined;
use crate::stats::linear::Matrix;

const MOST_ITERATIONS: usize = 100;

/// Coefficients with the intercept first.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    pub coefficients: Vec<f64>,
    pub standard_errors: Vec<f64>,
    pub iterations: usize,
    pub log_likelihood: f64,
}

/// `Err` says in words why there is no fit.
pub(super) fn fit(terms: &[Bound], rows: &[usize], converted: &[bool], ridge: f64) -> Result<Fit, String> {
    let blocks = blocks(terms, rows, converted);
    let wins = converted.iter().filter(|won| **won).count() as f64;
    let mut coefficients = vec![0.0; terms.len() + 1];
    coefficients[0] = (wins / (rows.len() as f64 - wins)).ln();
    let mut at = Point::new(&blocks, &coefficients, ridge);
    for iterations in 1..=MOST_ITERATIONS {
        let step = at.information.solve_spd(&at.gradient).map_err(|reason| in_words(reason, iterations))?;
        let (next, taken) = descend(&blocks, &at, &coefficients, &step, ridge);
        coefficients = coefficients.iter().zip(&taken).map(|(coefficient, part)| coefficient + part).collect();
        at = next;
        if length(&taken) < 1e-10 * (1.0 + length(&coefficients)) {
            return at.fit(coefficients, iterations, ridge);
        }
    }
    Err(in_words(Undefined::Separated, MOST_ITERATIONS))
}

/// Of the longest part.
fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|part| part.abs()).fold(0.0, f64::max)
}

fn in_words(reason: Undefined, iterations: usize) -> String {
    // At first every row has its weight: what is dependent then is so in the inputs.
    if reason == Undefined::Collinear && iterations == 1 {
        return "some inputs say the same, and too small a ridge chooses between them: raise `ridge`, or leave one out"
            .into();
    }
    "some input tells converted leads from the others without exception, so its weight would be infinite: raise `ridge`"
        .into()
}

/// Halves the step until the objective does not rise.
fn descend(blocks: &[Block], at: &Point, from: &[f64], step: &[f64], ridge: f64) -> (Point, Vec<f64>) {
    let mut taken = step.to_vec();
    loop {
        let there: Vec<f64> = from.iter().zip(&taken).map(|(from, step)| from + step).collect();
        let next = Point::new(blocks, &there, ridge);
        // The last digits of a sum are noise: a rise in them is none.
        if next.objective <= at.objective + 1e-12 * at.objective.abs() {
            return (next, taken);
        }
        taken.iter_mut().for_each(|part| *part *= 0.5);
        if length(&taken) < 1e-12 {
            return (Point::new(blocks, from, ridge), vec![0.0; from.len()]);
        }
    }
}

/// Some rows of the regression.
struct Block {
    design: Matrix,
    converted: Vec<bool>,
}

fn blocks(terms: &[Bound], rows: &[usize], converted: &[bool]) -> Vec<Block> {
    let length = rows.len().div_ceil(64).max(4_096);
    let pairs: Vec<_> = rows.chunks(length).zip(converted.chunks(length)).collect();
    let block = |(rows, converted): &(&[usize], &[bool])| {
        let cell = |i: usize, j: usize| if j == 0 { 1.0 } else { terms[j - 1].value(rows[i]) };
        Block { design: Matrix::from_fn(rows.len(), terms.len() + 1, cell), converted: converted.to_vec() }
    };
    pairs.par_iter().map(block).collect()
}

/// The penalised likelihood at some coefficients.
struct Point {
    log_likelihood: f64,
    /// −log-likelihood + λ/2·‖β‖².
    objective: f64,
    /// Of minus the objective.
    gradient: Vec<f64>,
    /// The second derivative of the objective.
    information: Matrix,
}

impl Point {
    fn new(blocks: &[Block], coefficients: &[f64], ridge: f64) -> Self {
        let size = coefficients.len();
        let parts: Vec<(f64, Vec<f64>, Matrix)> = blocks.par_iter().map(|block| block.sums(coefficients)).collect();
        let (mut log_likelihood, mut gradient) = (0.0, vec![0.0; size]);
        let mut information = Matrix::zeros(size, size);
        for (likelihood, slope, curve) in parts {
            log_likelihood += likelihood;
            gradient.iter_mut().zip(&slope).for_each(|(sum, part)| *sum += part);
            for i in 0..size {
                (0..size).for_each(|j| information[(i, j)] += curve[(i, j)]);
            }
        }
        let mut penalty = 0.0;
        // The intercept is free.
        for (place, coefficient) in coefficients.iter().enumerate().skip(1) {
            penalty += 0.5 * ridge * coefficient * coefficient;
            gradient[place] -= ridge * coefficient;
            information[(place, place)] += ridge;
        }
        Self { log_likelihood, objective: penalty - log_likelihood, gradient, information }
    }

    fn fit(self, coefficients: Vec<f64>, iterations: usize, ridge: f64) -> Result<Fit, String> {
        let inverse = self.information.inverse_spd().map_err(|_| in_words(Undefined::Separated, iterations))?;
        let standard_errors: Vec<f64> = inverse.diagonal().iter().map(|variance| variance.sqrt()).collect();
        // Inputs are of the order of 1: no honest error of a weight is anywhere near.
        let infinite = |error: &f64| error.is_nan() || *error > 500.0;
        if ridge == 0.0 && standard_errors.iter().any(infinite) {
            return Err(in_words(Undefined::Separated, iterations));
        }
        Ok(Fit { coefficients, standard_errors, iterations, log_likelihood: self.log_likelihood })
    }
}

impl Block {
    /// Log-likelihood, its gradient and minus its second derivative.
    fn sums(&self, coefficients: &[f64]) -> (f64, Vec<f64>, Matrix) {
        let log_odds = self.design.times_vector(coefficients);
        let (mut likelihood, mut gradient) = (0.0, vec![0.0; coefficients.len()]);
        let mut weight = Vec::with_capacity(log_odds.len());
        for (i, (log_odds, converted)) in log_odds.iter().zip(&self.converted).enumerate() {
            let side = if *converted { *log_odds } else { -log_odds };
            // ln(1/(1+e^-x)), which overflows on neither side.
            likelihood -= (-side.abs()).exp().ln_1p() + (-side).max(0.0);
            let chance = 1.0 / (1.0 + (-log_odds).exp());
            let residual = f64::from(*converted) - chance;
            gradient.iter_mut().zip(self.design.row(i)).for_each(|(sum, x)| *sum += residual * x);
            weight.push(chance * (1.0 - chance));
        }
        (likelihood, gradient, self.design.gram(|i| weight[i]))
    }
}
