use super::standardised::{Pass, Standardised, add_scaled};
use super::{Coefficient, Rows};
use crate::stats::linear::Matrix;
use crate::stats::{Interval, Undefined, dist};

const STEPS: usize = 1000;
const HALVINGS: usize = 60;

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
    let start = Jeffreys::at(&problem, &problem.start())?;
    let top = climb(&problem, start, &Matrix::identity(problem.width()))?;
    Ok(Firth {
        coefficients: problem.coefficients(&top.beta),
        covariance: problem.covariance(&top.information.inverse_spd()?),
        penalised_log_likelihood: top.objective + problem.scale.iter().map(|scale| scale.ln()).sum::<f64>(),
        beta: top.beta,
        problem,
    })
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
        if direct.is_ok() || detours == 8 {
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
        for _ in 0..100 {
            let value = b.0 - b.1 * (b.0 - a.0) / (b.1 - a.1);
            let point = self.point(value, &beta)?;
            let gap = point.root - critical;
            if (value - b.0).abs() <= tolerance || gap == 0.0 {
                return Ok(value);
            }
            a = if (gap > 0.0) == (b.1 > 0.0) { (a.0, a.1 / 2.0) } else { b };
            b = (value, gap);
            beta = point.beta;
        }
        Err(Undefined::NotConverged)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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
    let width = problem.width();
    let add_row = |sums: &mut Pass, i: usize| {
        let (fitted, row) = (problem.fitted(i, beta), problem.row(i));
        let reach: f64 = lower.forward(row).iter().map(|x| x * x).sum();
        let leverage = problem.weight(i) * fitted.variance() * reach;
        add_scaled(&mut sums.gradient, row, leverage * 0.5 * (fitted.failure - fitted.success));
        sums.information.add_outer(row, leverage * fitted.variance());
    };
    let mut whole = Pass::zero(width);
    problem.in_blocks(|| Pass::zero(width), add_row).iter().for_each(|block| whole.add(block));
    whole.information.mirror();
    whole
}

/// Climbs to the top of the penalised likelihood along the directions of `free`.
fn climb(problem: &Standardised, start: Jeffreys, free: &Matrix) -> Result<Jeffreys, Undefined> {
    let mut here = start;
    for _ in 0..STEPS {
        let Some(step) = step_along(&here, free)? else { return Ok(here) };
        let Some(next) = uphill(problem, &here, &step) else { return Ok(here) };
        here = next;
        if largest(&step) <= 1e-11 * (1.0 + largest(&here.beta)) {
            return Ok(here);
        }
    }
    Err(Undefined::NotConverged)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).fold(0.0, f64::max)
}

/// The scoring step within `free`; `None` when nothing is free.
fn step_along(here: &Jeffreys, free: &Matrix) -> Result<Option<Vec<f64>>, Undefined> {
    if free.cols == 0 {
        return Ok(None);
    }
    let across = free.transpose();
    let information = across.times(&here.augmented.information).times(free);
    let step = information.solve_spd(&across.times_vector(&here.augmented.gradient))?;
    Ok(Some(free.times_vector(&step)))
}

fn uphill(problem: &Standardised, here: &Jeffreys, step: &[f64]) -> Option<Jeffreys> {
    let slack = 1e-12 * (1.0 + here.objective.abs());
    (0..HALVINGS).find_map(|halving| {
        let mut beta = here.beta.clone();
        add_scaled(&mut beta, step, 0.5f64.powi(halving as i32));
        Jeffreys::at(problem, &beta).ok().filter(|next| next.objective >= here.objective - slack)
    })
}
