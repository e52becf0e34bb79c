use std::ops::Range;

use super::standardised::{Pass, Standardised, add_scaled};
use super::{Coefficient, Rows};
use crate::stats::linear::{Matrix, dot};
use crate::stats::{Interval, Undefined, dist};

const STEPS: usize = 1000;
const HALVINGS: i32 = 60;
/// No step moves any row's log odds farther.
const FARTHEST: f64 = 10.0;

/// A logistic regression penalised by Jeffreys' prior, which stays finite when the outcomes are separated.
pub struct Firth<'a> {
    problem: Standardised<'a>,
    beta: Vec<f64>,
    /// The intercept first, then one for each column.
    pub coefficients: Vec<f64>,
    /// The inverse of the unpenalised Fisher information at the estimate (Heinze & Schemper 2002).
    pub covariance: Matrix,
    /// ℓ + ½ ln |XᵀWX|.
    pub penalised_log_likelihood: f64,
}

/// Firth (1993): maximises ℓ + ½ ln |XᵀWX|. Undefined when the columns are linearly dependent.
pub fn firth<'a>(rows: &Rows<'a>) -> Result<Firth<'a>, Undefined> {
    let problem = Standardised::of_any_classes(rows)?;
    problem.gram().cholesky()?;
    let start = Jeffreys::at(&problem, &near_the_top(&problem))?;
    let top = climb(&problem, start, &Matrix::identity(problem.width()))?;
    Ok(Firth {
        coefficients: problem.coefficients(&top.beta),
        covariance: problem.covariance(&top.information.inverse_spd()?),
        penalised_log_likelihood: top.objective + problem.scale.iter().map(|scale| scale.ln()).sum::<f64>(),
        beta: top.beta,
        problem,
    })
}

/// Where Newton's method on the plain likelihood comes to rest in a few full steps, that is a start a step or two from
/// the top, at a third of the price a step; where it does not (the outcomes may be separated), the usual start.
fn near_the_top(problem: &Standardised) -> Vec<f64> {
    let start = problem.start();
    let mut beta = start.clone();
    for _ in 0..8 {
        let Pass { gradient, information, .. } = problem.pass(&beta);
        let Ok(step) = information.solve_spd(&gradient) else { return start };
        let reach = problem.reach(&step);
        if reach.is_nan() || reach > FARTHEST {
            return start;
        }
        add_scaled(&mut beta, &step, 1.0);
        if reach < 0.01 {
            return beta;
        }
    }
    start
}

impl Firth<'_> {
    pub fn coefficient(&self, j: usize) -> Coefficient {
        Coefficient { point: self.coefficients[j], standard_error: self.covariance[(j, j)].sqrt() }
    }

    /// Every coefficient with its standard error, the intercept first.
    pub fn table(&self) -> Vec<Coefficient> {
        (0..self.coefficients.len()).map(|j| self.coefficient(j)).collect()
    }

    /// The values of a coefficient that the penalised likelihood ratio does not reject.
    pub fn profile_interval(&self, j: usize, level: f64) -> Result<Interval, Undefined> {
        let critical = dist::normal_critical(level);
        Ok(Interval::new(self.profile_limit(j, -critical)?, self.profile_limit(j, critical)?))
    }

    /// The p-value of the penalised likelihood ratio of a coefficient being zero, the others free.
    ///
    /// Undefined (not converged) for some data in which rows of weight 10⁹ stand beside rows of weight 1 and the heavy ones
    /// are separated: the fit then lies twenty log-odds out, the held one misses by 10¹⁰ in log-likelihood, and its last
    /// digits no longer tell the way to the top. About one in seven random mixes of 0, 1, 3 and 10⁹ ends so.
    pub fn likelihood_ratio_p(&self, j: usize) -> Result<f64, Undefined> {
        let profile = Profile::of(self, j)?;
        Ok(dist::normal_p(profile.root(0.0, &profile.top.clone())?.0))
    }

    /// Where the signed root of the likelihood ratio reaches `critical`.
    fn profile_limit(&self, j: usize, critical: f64) -> Result<f64, Undefined> {
        let profile = Profile::of(self, j)?;
        let stride = critical * self.coefficient(j).standard_error;
        let estimate = self.coefficients[j];
        let (inside, outside) = profile.bracket(estimate, stride, critical.abs())?;
        profile.refine(inside, outside, critical.abs(), 1e-10 * stride.abs())
    }
}

/// The penalised likelihood with one coefficient held.
struct Profile<'f> {
    problem: &'f Standardised<'f>,
    /// The coefficient is `row · beta`.
    row: Vec<f64>,
    /// An orthonormal basis of the directions that keep it.
    free: Matrix,
    top: Vec<f64>,
    highest: f64,
}

/// A held value, the signed root there, and the other coefficients' best fit.
#[derive(Clone)]
struct Point {
    value: f64,
    root: f64,
    beta: Vec<f64>,
}

impl<'f> Profile<'f> {
    fn of(fit: &'f Firth, j: usize) -> Result<Self, Undefined> {
        let row = fit.problem.back(j);
        let highest = Jeffreys::at(&fit.problem, &fit.beta)?.objective;
        Ok(Self { problem: &fit.problem, free: orthogonal_to(&row), row, top: fit.beta.clone(), highest })
    }

    /// √(2 (ℓ* - ℓ*(value))) and the coefficients that reach it, climbing from near `start`.
    fn root(&self, value: f64, start: &[f64]) -> Result<(f64, Vec<f64>), Undefined> {
        let best = self.best(value, start, 0)?;
        Ok(((2.0 * (self.highest - best.objective)).max(0.0).sqrt(), best.beta))
    }

    /// The best fit with the coefficient at `value`; by way of the middle where the information vanishes on the way.
    fn best(&self, value: f64, start: &[f64], detours: usize) -> Result<Jeffreys, Undefined> {
        let from = dot(&self.row, start);
        let mut beta = start.to_vec();
        add_scaled(&mut beta, &self.row, (value - from) / dot(&self.row, &self.row));
        let direct = Jeffreys::at(self.problem, &beta).and_then(|there| climb(self.problem, there, &self.free));
        if direct.is_ok() || detours == 4 {
            return direct;
        }
        let middle = self.best(from + (value - from) / 2.0, start, detours + 1)?;
        self.best(value, &middle.beta, detours + 1)
    }

    fn point(&self, value: f64, start: &[f64]) -> Result<Point, Undefined> {
        let (root, beta) = self.root(value, start)?;
        Ok(Point { value, root, beta })
    }

    fn bracket(&self, estimate: f64, stride: f64, critical: f64) -> Result<(Point, Point), Undefined> {
        let mut inside = Point { value: estimate, root: 0.0, beta: self.top.clone() };
        for doubling in 0..40 {
            let outside = self.point(inside.value + stride * f64::from(1 << doubling.min(20)), &inside.beta)?;
            if outside.root >= critical {
                return Ok((inside, outside));
            }
            inside = outside;
        }
        Err(Undefined::NotReached)
    }

    /// The root is almost a line in the value: false position, with the stale end's distance halved (Illinois).
    fn refine(&self, inside: Point, outside: Point, critical: f64, tolerance: f64) -> Result<f64, Undefined> {
        let (mut a, mut b) = ((inside.value, inside.root - critical), (outside.value, outside.root - critical));
        let mut beta = outside.beta;
        let rounding = 1e-13 * (1.0 + self.highest.abs());
        for _ in 0..100 {
            let value = b.0 - b.1 * (b.0 - a.0) / (b.1 - a.1);
            let point = self.point(value, &beta)?;
            let gap = point.root - critical;
            if (value - b.0).abs() <= tolerance || gap.abs() <= rounding {
                return Ok(value);
            }
            a = if (gap > 0.0) == (b.1 > 0.0) { (a.0, a.1 / 2.0) } else { b };
            b = (value, gap);
            beta = point.beta;
        }
        Err(Undefined::NotConverged)
    }
}

/// An orthonormal basis, as columns, of what is orthogonal to `row`: all but the first column of the Householder
/// reflection that turns `row` into an axis.
fn orthogonal_to(row: &[f64]) -> Matrix {
    let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut v: Vec<f64> = row.iter().map(|x| x / norm).collect();
    v[0] += v[0].signum();
    let length = v.iter().map(|x| x * x).sum::<f64>();
    Matrix::from_fn(row.len(), row.len() - 1, |i, j| f64::from(i == j + 1) - 2.0 * v[i] * v[j + 1] / length)
}

/// The penalised likelihood at a point.
struct Jeffreys {
    beta: Vec<f64>,
    objective: f64,
    information: Matrix,
    /// The modified score, with Σ (w + h) π (1 - π) x xᵀ: the information of the data with the pseudo-observations
    /// that the penalty amounts to, exact when the columns describe groups.
    augmented: Pass,
}

impl Jeffreys {
    fn at(problem: &Standardised, beta: &[f64]) -> Result<Self, Undefined> {
        let Pass { log_likelihood, gradient, information } = problem.pass(beta);
        let lower = information.cholesky()?;
        let half_log_determinant = lower.diagonal().iter().map(|d| d.ln()).sum::<f64>();
        let mut augmented = augmentation(problem, beta, &lower);
        add_scaled(&mut augmented.gradient, &gradient, 1.0);
        augmented.information.add(&information);
        Ok(Self { beta: beta.to_vec(), objective: log_likelihood + half_log_determinant, information, augmented })
    }
}

/// Σ h (½ - π) x and Σ h π (1 - π) x xᵀ with the leverages h.
fn augmentation(problem: &Standardised, beta: &[f64], lower: &Matrix) -> Pass {
    let inverse = lower.inverse_lower();
    let block = |rows: Range<usize>| {
        let mut sums = Pass::zero(problem.width());
        let mut weighted = Vec::with_capacity(rows.len());
        for i in rows {
            let (fitted, row) = (problem.fitted(i, beta), problem.row(i));
            let leverage = problem.weight(i) * fitted.variance() * inverse.reach_squared(row);
            add_scaled(&mut sums.gradient, row, leverage * 0.5 * (fitted.failure - fitted.success));
            weighted.push((row, leverage * fitted.variance()));
        }
        sums.information.add_outers(&weighted);
        sums
    };
    Pass::sum(problem.width(), &problem.in_blocks(block))
}

/// Climbs to the top of the penalised likelihood along the directions of `free`.
fn climb(problem: &Standardised, start: Jeffreys, free: &Matrix) -> Result<Jeffreys, Undefined> {
    if free.cols == 0 {
        return Ok(start);
    }
    let (mut here, mut last_gain) = (start, f64::INFINITY);
    for _ in 0..STEPS {
        let step = here.step_along(free)?;
        let gain = dot(&step, &here.augmented.gradient);
        if !here.is_close(gain) {
            here = uphill(problem, &here, &step, gain).ok_or(Undefined::NotConverged)?;
            continue;
        }
        // So near the top the likelihood is flat to its last digit, and only the gradient tells the way.
        if gain >= 0.99 * last_gain {
            return Ok(here);
        }
        here = here.moved(problem, &step, 1.0)?;
        if problem.reach(&step) <= 1e-11 * (1.0 + problem.reach(&here.beta)) {
            return Ok(here);
        }
        last_gain = gain;
    }
    Err(Undefined::NotConverged)
}

impl Jeffreys {
    /// The scoring step within `free`.
    fn step_along(&self, free: &Matrix) -> Result<Vec<f64>, Undefined> {
        let across = free.transpose();
        let information = across.times(&self.augmented.information).times(free);
        let step = information.solve_spd(&across.times_vector(&self.augmented.gradient))?;
        Ok(free.times_vector(&step))
    }

    fn is_close(&self, gain: f64) -> bool {
        gain <= 1e-6 + 1e-12 * self.objective.abs()
    }

    fn moved(&self, problem: &Standardised, step: &[f64], share: f64) -> Result<Self, Undefined> {
        let mut beta = self.beta.clone();
        add_scaled(&mut beta, step, share);
        Self::at(problem, &beta)
    }
}

/// The longest of the step, its half, its quarter … that gains a third of what the slope promises: a longer one may
/// land where no information is left to return by.
fn uphill(problem: &Standardised, here: &Jeffreys, step: &[f64], promise: f64) -> Option<Jeffreys> {
    let slack = 1e-12 * (1.0 + here.objective.abs());
    let longest = (FARTHEST / problem.reach(step)).min(1.0);
    (0..HALVINGS).find_map(|halving| {
        let share = longest * 0.5f64.powi(halving);
        let next = here.moved(problem, step, share).ok()?;
        (next.objective >= here.objective + share * promise / 3.0 - slack).then_some(next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_columns_half_a_lead_is_added_to_each_outcome() {
        let fit_of = |y: &[f64]| {
            let x = Matrix::zeros(y.len(), 0);
            firth(&Rows::new(&x, y)).map(|fit| fit.coefficients[0])
        };
        assert!((fit_of(&[1.0, 0.0, 0.0, 0.0]).unwrap() - (1.5f64 / 3.5).ln()).abs() < 1e-12);
        assert!((fit_of(&[0.0; 3]).unwrap() - (0.5f64 / 3.5).ln()).abs() < 1e-12);
    }

    #[test]
    fn a_table_of_two_by_two_gets_half_a_lead_in_every_cell() {
        let x = Matrix::from_fn(4, 1, |i, _| f64::from(i >= 2));
        let weight = [0.0, 7.0, 5.0, 3.0];
        let fit = firth(&Rows::new(&x, &[1.0, 0.0, 1.0, 0.0]).weighted(&weight)).unwrap();
        let expected = (5.5f64 / 3.5).ln() - (0.5f64 / 7.5).ln();
        assert!((fit.coefficients[1] - expected).abs() < 1e-10);
    }

    #[test]
    fn separated_outcomes_have_a_finite_coefficient_with_limits() {
        let x = Matrix::from_fn(8, 1, |i, _| i as f64);
        let y: Vec<f64> = (0..8).map(|i| f64::from(i >= 4)).collect();
        let fit = firth(&Rows::new(&x, &y)).unwrap();
        let limits = fit.profile_interval(1, 0.95).unwrap();
        assert!(limits.low > 0.0 && limits.contains(fit.coefficients[1]) && limits.high.is_finite());
        assert!(fit.likelihood_ratio_p(1).unwrap() < 0.05);
    }

    #[test]
    fn the_test_at_a_profile_limit_has_the_level_as_its_p_value() {
        let x = Matrix::from_fn(12, 1, |i, _| (i as f64).sin());
        let y: Vec<f64> = (0..12).map(|i| f64::from(i % 3 == 0)).collect();
        let fit = firth(&Rows::new(&x, &y)).unwrap();
        let high = fit.profile_interval(1, 0.9).unwrap().high;
        let profile = Profile::of(&fit, 1).unwrap();
        let (root, _) = profile.root(high, &profile.top).unwrap();
        assert!((dist::normal_p(root) - 0.1).abs() < 1e-8);
    }

    #[test]
    fn limits_exist_for_columns_near_a_billion() {
        let y: Vec<f64> = (0..12).map(|i| f64::from(i % 3 == 0)).collect();
        let at = |far: f64| {
            let x = Matrix::from_fn(12, 1, |i, _| far + i as f64);
            firth(&Rows::new(&x, &y)).unwrap().profile_interval(1, 0.95).unwrap()
        };
        assert!((at(0.0).low - at(1e9).low).abs() < 1e-7);
        let x = Matrix::from_fn(12, 1, |i, _| 1e9 + i as f64);
        assert!(firth(&Rows::new(&x, &y)).unwrap().profile_interval(0, 0.95).is_ok());
    }

    #[test]
    fn dependent_columns_have_no_estimate() {
        let x = Matrix::from_fn(6, 2, |i, _| i as f64);
        assert_eq!(firth(&Rows::new(&x, &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0])).err(), Some(Undefined::Collinear));
    }
}
