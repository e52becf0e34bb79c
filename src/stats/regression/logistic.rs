use super::standardised::{Pass, Standardised, add_scaled};
use super::{Coefficient, Rows};
use crate::stats::Undefined;
use crate::stats::linear::{Matrix, dot};

const STEPS: usize = 200;
const HALVINGS: i32 = 60;

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
        let Some(next) = uphill(problem, penalty, (&beta, &pass), &step, dot(&slope, &step)) else { break };
        (beta, pass) = next;
        if is_small(problem, &step, &beta) {
            return Ok((beta, pass));
        }
    }
    Err(if runs_away(problem, penalty, &step) { Undefined::Separated } else { Undefined::NotConverged })
}

/// Whether a direction costs no penalty and no row contradicts it.
fn runs_away(problem: &Standardised, penalty: &[f64], step: &[f64]) -> bool {
    let free = penalty.iter().zip(step).all(|(lambda, d)| *lambda == 0.0 || d.abs() < 1e-6 * problem.reach(step));
    free && problem.separates(step)
}

/// Judged by what the rows see of it: along nearly dependent columns a step is all rounding and moves no row.
fn is_small(problem: &Standardised, step: &[f64], beta: &[f64]) -> bool {
    problem.reach(step) <= 1e-9 * (1.0 + problem.reach(beta))
}

/// The longest of the step, its half, its quarter … that gains a third of what the slope promises. Less would do for
/// a rise, but such a step may land where the fitted probabilities leave no information to return by.
fn uphill(
    problem: &Standardised,
    penalty: &[f64],
    (beta, pass): (&[f64], &Pass),
    step: &[f64],
    promise: f64,
) -> Option<(Vec<f64>, Pass)> {
    let here = objective(pass, penalty, beta);
    // Near the top the gain is below rounding.
    let slack = 1e-11 * (1.0 + here.abs());
    (0..HALVINGS).find_map(|halving| {
        let share = 0.5f64.powi(halving);
        let mut next = beta.to_vec();
        add_scaled(&mut next, step, share);
        let pass = problem.pass(&next);
        let rises = objective(&pass, penalty, &next) >= here + share * promise / 3.0 - slack;
        rises.then_some((next, pass))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::regression::firth;
    use proptest::prelude::*;

    fn column(values: &[f64]) -> Matrix {
        Matrix::from_fn(values.len(), 1, |i, _| values[i])
    }

    #[test]
    fn a_table_of_two_by_two_gives_the_log_odds_ratio() {
        let (x, y, weight) = (column(&[0.0, 0.0, 1.0, 1.0]), [1.0, 0.0, 1.0, 0.0], [10.0, 30.0, 40.0, 20.0]);
        let fit = maximum_likelihood(&Rows::new(&x, &y).weighted(&weight)).unwrap();
        let slope = fit.coefficient(1);
        assert!((slope.point - 6f64.ln()).abs() < 1e-12);
        assert!((slope.standard_error - (0.1 + 1.0 / 30.0 + 0.025 + 0.05f64).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn counts_of_a_billion_are_fitted_like_any_others() {
        let (x, y, weight) = (column(&[0.0, 0.0, 1.0, 1.0]), [1.0, 0.0, 1.0, 0.0], [1.0, 1e9, 3.0, 1e9]);
        let fit = maximum_likelihood(&Rows::new(&x, &y).weighted(&weight)).unwrap();
        assert!((fit.coefficients[1] - 3f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn a_guess_changes_the_way_and_not_the_answer() {
        let x = Matrix::from_fn(400, 2, |i, j| f64::from((i * (j + 3)) as u32 % 7) - 2.0);
        let y: Vec<f64> = (0..400).map(|i| f64::from(i % 5 == 0 || i % 7 == 3)).collect();
        let rows = Rows::new(&x, &y);
        let (plain, penalised) = (maximum_likelihood(&rows).unwrap(), firth(&rows).unwrap());
        for guess in [plain.coefficients.clone(), vec![1.0, -0.5, 0.5]] {
            let guessed = rows.starting_at(&guess);
            assert!(near(&maximum_likelihood(&guessed).unwrap().coefficients, &plain.coefficients, 1e-10));
            assert!(near(&firth(&guessed).unwrap().coefficients, &penalised.coefficients, 1e-9));
        }
    }

    #[test]
    fn separation_is_said_and_never_estimated() {
        let x = column(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(maximum_likelihood(&Rows::new(&x, &[0.0, 0.0, 1.0, 1.0])), Err(Undefined::Separated));
        let touching = column(&[1.0, 2.0, 2.0, 4.0]);
        assert_eq!(maximum_likelihood(&Rows::new(&touching, &[0.0, 0.0, 1.0, 1.0])), Err(Undefined::Separated));
    }

    #[test]
    fn an_overlap_of_one_lead_in_a_million_is_not_separation() {
        let (x, y) = (column(&[0.0, 0.0, 1.0, 1.0]), [1.0, 0.0, 1.0, 0.0]);
        let fit = maximum_likelihood(&Rows::new(&x, &y).weighted(&[1.0, 1e6, 1e6, 1.0])).unwrap();
        assert!((fit.coefficients[1] - 2.0 * 1e6f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn a_repeated_column_is_collinear_until_it_is_penalised() {
        let x = Matrix::from_fn(5, 2, |i, _| i as f64);
        let rows = Rows::new(&x, &[0.0, 1.0, 0.0, 1.0, 1.0]);
        assert_eq!(maximum_likelihood(&rows), Err(Undefined::Collinear));
        let fit = logistic(&rows, &[1.0, 1.0]).unwrap();
        assert!((fit.coefficients[1] - fit.coefficients[2]).abs() < 1e-12);
    }

    #[test]
    fn one_class_has_no_level_even_with_a_penalty() {
        let x = column(&[1.0, 2.0, 3.0]);
        assert_eq!(logistic(&Rows::new(&x, &[0.0; 3]), &[1.0]), Err(Undefined::OneClass));
        assert_eq!(logistic(&Rows::new(&column(&[]), &[]), &[1.0]), Err(Undefined::Empty));
    }

    /// Two columns and an outcome with some of each class.
    fn problems() -> impl Strategy<Value = (Vec<(f64, f64)>, Vec<f64>)> {
        prop::collection::vec(((-3.0..3.0f64, -3.0..3.0f64), prop::bool::ANY.prop_map(f64::from)), 20..60)
            .prop_map(|rows| rows.into_iter().unzip())
    }

    fn matrix(x: &[(f64, f64)]) -> Matrix {
        Matrix::from_fn(x.len(), 2, |i, j| if j == 0 { x[i].0 } else { x[i].1 })
    }

    fn near(a: &[f64], b: &[f64], tolerance: f64) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * (1.0 + a.abs()))
    }

    proptest! {
        #[test]
        fn a_weight_is_a_repetition((x, y) in problems(), weight in prop::collection::vec(1..4usize, 60)) {
            let repeat = |i: usize| std::iter::repeat_n(i, weight[i]);
            let (xs, ys): (Vec<_>, Vec<_>) = (0..x.len()).flat_map(repeat).map(|i| (x[i], y[i])).unzip();
            let (once, repeated) = (matrix(&x), matrix(&xs));
            let weight: Vec<f64> = weight[..x.len()].iter().map(|&w| w as f64).collect();
            let weighted = logistic(&Rows::new(&once, &y).weighted(&weight), &[0.3, 0.3]);
            let repeated = logistic(&Rows::new(&repeated, &ys), &[0.3, 0.3]);
            match (weighted, repeated) {
                (Ok(a), Ok(b)) => prop_assert!(near(&a.coefficients, &b.coefficients, 1e-10)),
                (a, b) => prop_assert_eq!(a.err(), b.err()),
            }
        }

        #[test]
        fn a_small_penalty_changes_little_and_a_large_one_leaves_the_rate((x, y) in problems()) {
            let x = matrix(&x);
            let rows = Rows::new(&x, &y);
            if let Ok(free) = maximum_likelihood(&rows) {
                let gentle = logistic(&rows, &[1e-9; 2]).unwrap();
                prop_assert!(near(&free.coefficients, &gentle.coefficients, 1e-4));
                let harsh = logistic(&rows, &[1e12; 2]).unwrap();
                let rate = y.iter().sum::<f64>() / y.len() as f64;
                prop_assert!(near(&harsh.coefficients, &[crate::stats::dist::logit(rate), 0.0, 0.0], 1e-6));
            }
        }

        #[test]
        fn exchanging_the_outcomes_changes_the_signs((x, y) in problems()) {
            let x = matrix(&x);
            let other: Vec<f64> = y.iter().map(|y| 1.0 - y).collect();
            let (here, there) = (firth(&Rows::new(&x, &y)).unwrap(), firth(&Rows::new(&x, &other)).unwrap());
            let negated: Vec<f64> = there.coefficients.iter().map(|b| -b).collect();
            prop_assert!(near(&here.coefficients, &negated, 1e-8));
        }
    }

    #[test]
    fn the_number_of_threads_does_not_matter() {
        let x = Matrix::from_fn(20_000, 3, |i, j| ((i * (j + 7)) % 101) as f64 / 10.0);
        let y: Vec<f64> = (0..20_000).map(|i| f64::from(i % 3 == 0 || i % 101 > 80)).collect();
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| maximum_likelihood(&Rows::new(&x, &y)))
        };
        assert_eq!(on(1), on(4));
    }
}
