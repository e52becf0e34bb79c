use super::standardised::{Pass, Standardised};
use super::{Coefficient, Rows};
use crate::stats::Undefined;
use crate::stats::linear::Matrix;

const STEPS: usize = 200;
const HALVINGS: usize = 60;

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// The intercept first, then one for each column.
    pub coefficients: Vec<f64>,
    /// (XᵀWX + Λ)⁻¹: of the estimate without a penalty; of the posterior with one.
    pub covariance: Matrix,
    /// H⁻¹ XᵀWX H⁻¹ with H = XᵀWX + Λ: the estimate's own variance when penalised. Equal to `covariance` without.
    pub sandwich: Matrix,
    /// Without the penalty.
    pub log_likelihood: f64,
    /// The trace of H⁻¹ XᵀWX: how many coefficients the penalty leaves free.
    pub degrees_of_freedom: f64,
}

impl Logistic {
    pub fn coefficient(&self, j: usize) -> Coefficient {
        Coefficient { point: self.coefficients[j], standard_error: self.covariance[(j, j)].sqrt() }
    }

    /// Every coefficient with its standard error, the intercept first.
    pub fn table(&self) -> Vec<Coefficient> {
        (0..self.coefficients.len()).map(|j| self.coefficient(j)).collect()
    }

    pub fn standard_errors(&self) -> Vec<f64> {
        root_diagonal(&self.covariance)
    }

    pub fn sandwich_errors(&self) -> Vec<f64> {
        root_diagonal(&self.sandwich)
    }

    /// The linear predictor of a row of columns.
    pub fn logit(&self, row: &[f64]) -> f64 {
        self.coefficients[0] + self.coefficients[1..].iter().zip(row).map(|(b, x)| b * x).sum::<f64>()
    }
}

fn root_diagonal(matrix: &Matrix) -> Vec<f64> {
    matrix.diagonal().into_iter().map(f64::sqrt).collect()
}

/// Logistic regression without a penalty. Undefined when a combination of columns separates the outcomes (Albert &
/// Anderson 1984): the estimate then lies at infinity.
pub fn maximum_likelihood(rows: &Rows) -> Result<Logistic, Undefined> {
    logistic(rows, &vec![0.0; rows.x.cols])
}

/// Minimises the log loss plus Σ λⱼ/2 bⱼ² over the columns as they come, with a free intercept (le Cessie & van
/// Houwelingen 1992). A λ of zero leaves its column free.
///
/// # Panics
/// When there is not a λ for every column.
pub fn logistic(rows: &Rows, ridge: &[f64]) -> Result<Logistic, Undefined> {
    assert_eq!(rows.x.cols, ridge.len(), "a penalty for every column");
    let problem = Standardised::of(rows)?;
    let penalty = standardised_penalty(&problem, ridge);
    penalised(&problem.gram(), &penalty).cholesky()?;
    let (beta, pass) = newton(&problem, &penalty)?;
    report(&problem, &penalty, &beta, &pass)
}

/// λ/2 b² in units of a coefficient that was divided by its column's spread; none for the intercept.
fn standardised_penalty(problem: &Standardised, ridge: &[f64]) -> Vec<f64> {
    let scaled = ridge.iter().zip(&problem.scale).map(|(lambda, scale)| lambda / (scale * scale));
    std::iter::once(0.0).chain(scaled).collect()
}

fn penalised(information: &Matrix, penalty: &[f64]) -> Matrix {
    let mut sum = information.clone();
    penalty.iter().enumerate().for_each(|(j, lambda)| sum[(j, j)] += lambda);
    sum
}

fn objective(pass: &Pass, penalty: &[f64], beta: &[f64]) -> f64 {
    pass.log_likelihood - 0.5 * penalty.iter().zip(beta).map(|(lambda, b)| lambda * b * b).sum::<f64>()
}

/// Newton's method with halved steps. Where the estimate is finite the steps shrink quadratically; where it is not,
/// every step moves some row's log odds by about one until the information vanishes.
fn newton(problem: &Standardised, penalty: &[f64]) -> Result<(Vec<f64>, Pass), Undefined> {
    let mut beta = problem.start();
    let mut pass = problem.pass(&beta);
    let mut step = vec![0.0; beta.len()];
    for _ in 0..STEPS {
        let Ok(factor) = penalised(&pass.information, penalty).cholesky() else { break };
        let slope: Vec<f64> = (0..beta.len()).map(|j| pass.gradient[j] - penalty[j] * beta[j]).collect();
        step = factor.solve_cholesky(&slope);
        let Some(next) = uphill(problem, penalty, &beta, &pass, &step) else { break };
        (beta, pass) = next;
        if is_small(problem, &step, &beta) {
            return Ok((beta, pass));
        }
    }
    Err(if problem.separates(&step) { Undefined::Separated } else { Undefined::NotConverged })
}

/// Judged by what the rows see of it: along nearly dependent columns a step is all rounding and moves no row.
fn is_small(problem: &Standardised, step: &[f64], beta: &[f64]) -> bool {
    problem.reach(step) <= 1e-9 * (1.0 + problem.reach(beta))
}

/// The longest of the step, its half, its quarter … that does not lower the objective.
fn uphill(
    problem: &Standardised,
    penalty: &[f64],
    beta: &[f64],
    pass: &Pass,
    step: &[f64],
) -> Option<(Vec<f64>, Pass)> {
    let here = objective(pass, penalty, beta);
    // Near the top the gain is below rounding.
    let slack = 1e-11 * (1.0 + here.abs());
    (0..HALVINGS).find_map(|halving| {
        let share = 0.5f64.powi(halving as i32);
        let next: Vec<f64> = beta.iter().zip(step).map(|(b, s)| b + share * s).collect();
        let pass = problem.pass(&next);
        (objective(&pass, penalty, &next) >= here - slack).then_some((next, pass))
    })
}

fn report(problem: &Standardised, penalty: &[f64], beta: &[f64], pass: &Pass) -> Result<Logistic, Undefined> {
    let inverse = penalised(&pass.information, penalty).inverse_spd()?;
    let hat = inverse.times(&pass.information);
    Ok(Logistic {
        coefficients: problem.coefficients(beta),
        covariance: problem.covariance(&inverse),
        sandwich: problem.covariance(&hat.times(&inverse)),
        log_likelihood: pass.log_likelihood,
        degrees_of_freedom: hat.diagonal().iter().sum(),
    })
}
