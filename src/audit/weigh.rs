//! Coefficients of all criteria at once, and the scale on which they are points.

use crate::result::{Estimate, Weighing};
use crate::stats::linear::Matrix;
use crate::stats::regression::{Rows, firth, logistic, maximum_likelihood};
use crate::stats::{Interval, Undefined, dist, quantile};

use super::{Evidence, LEVEL};

/// Criteria that fire on fewer leads than this share are dead.
pub(super) const ALMOST_NEVER: f64 = 0.001;
/// A criterion of whose strength earlier ones leave less unexplained says what they say: R² of 0.9.
const NOTHING_NEW: f64 = 0.1;
/// Resamples of the coefficients.
const REPLICATES: u64 = 999;
/// Leads are resampled in so many blocks at most.
const BLOCKS: usize = 1_000;
/// A criterion further from the common scale than this many standard errors has no say in it.
const AT_ODDS: f64 = 2.5;

/// Why a criterion is not weighed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LeftOut {
    /// Never or almost never fires.
    Dead,
    /// The same strength for every lead.
    Constant,
    /// The place of the criterion that says most of the same.
    Redundant(usize),
}

/// The criteria's weights by the data.
pub(super) struct Weighed {
    /// A reason for each criterion that is left out.
    pub left_out: Vec<Option<LeftOut>>,
    pub fit: Result<Fit, Undefined>,
    pub method: &'static str,
    slope: Estimate,
}

/// A fit of the criteria that are weighed.
pub(super) struct Fit {
    /// The criteria's places.
    pub used: Vec<usize>,
    pub coefficient: Vec<f64>,
    /// Coefficients of resampled leads.
    pub replicates: Vec<Vec<f64>>,
    /// Log-odds that one point stands for.
    pub scale: f64,
    pub scales: Vec<f64>,
    /// Of the intercept and the coefficients.
    pub covariance: Matrix,
    /// Fitted probability of every lead.
    pub probability: Vec<f64>,
}

impl Fit {
    /// The criterion's place among those that are weighed.
    pub fn place(&self, criterion: usize) -> Option<usize> {
        self.used.iter().position(|used| *used == criterion)
    }

    /// Undefined where the scale's interval reaches 0.
    pub fn usable_scale(&self) -> Result<f64, Undefined> {
        let interval = percentiles(&self.scales);
        if self.scale > 0.0 && interval.low > 0.0 { Ok(self.scale) } else { Err(Undefined::Unbounded) }
    }

    /// The points that the data imply for the criterion at a place.
    pub fn implied(&self, place: usize) -> Result<(f64, Interval), Undefined> {
        let scale = self.usable_scale()?;
        let ratios: Vec<f64> =
            self.replicates.iter().zip(&self.scales).map(|(one, scale)| one[place] / scale).collect();
        Ok((self.coefficient[place] / scale, percentiles(&ratios)))
    }

    /// Coefficient less what `points` stand for, and its standard error.
    pub fn excess(&self, place: usize, points: f64) -> (f64, f64) {
        let replicates = self.replicates.iter().zip(&self.scales).map(|(one, scale)| one[place] - scale * points);
        (self.coefficient[place] - self.scale * points, deviation(&replicates.collect::<Vec<f64>>()))
    }

    pub fn standard_error(&self, place: usize) -> f64 {
        deviation(&self.replicates.iter().map(|one| one[place]).collect::<Vec<f64>>())
    }
}

impl Weighed {
    pub fn weighing(&self) -> Weighing {
        let scale = match &self.fit {
            Ok(fit) => Estimate::new(fit.scale, percentiles(&fit.scales)),
            Err(reason) => Estimate::undefined(reason.to_string()),
        };
        Weighing { method: self.method.into(), scale, slope: self.slope.clone() }
    }
}

pub(super) fn weigh(evidence: &Evidence) -> Weighed {
    let left_out = left_out(evidence);
    let used: Vec<usize> = (0..left_out.len()).filter(|&place| left_out[place].is_none()).collect();
    let y: Vec<f64> = evidence.converted.iter().map(|won| f64::from(*won)).collect();
    let (fit, method) = match solve(evidence, &used, &y) {
        Ok((solved, method)) => (Ok(fit(evidence, used, &y, &solved)), method),
        Err(reason) => (Err(reason), "none"),
    };
    Weighed { left_out, fit, method, slope: slope(evidence, &y) }
}

/// The criteria that say nothing, or nothing new.
fn left_out(evidence: &Evidence) -> Vec<Option<LeftOut>> {
    let leads = evidence.leads() as f64;
    let mut left_out: Vec<Option<LeftOut>> = Vec::with_capacity(evidence.criteria.len());
    let mut units: Vec<(usize, Vec<f64>)> = Vec::new();
    // An orthonormal basis of what the criteria kept so far say.
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for (place, one) in evidence.criteria.iter().enumerate() {
        let fires = one.strength.iter().filter(|strength| **strength != 0.0).count() as f64;
        let unit = unit(&one.strength);
        let why = match unit {
            _ if fires == 0.0 || fires / leads < ALMOST_NEVER => Some(LeftOut::Dead),
            None => Some(LeftOut::Constant),
            Some(unit) => {
                let rest = residual(&unit, &basis);
                let left: f64 = rest.iter().map(|x| x * x).sum();
                let twin = nearest(&unit, &units);
                match twin {
                    Some(twin) if left < NOTHING_NEW => Some(LeftOut::Redundant(twin)),
                    _ => {
                        basis.push(rest.iter().map(|x| x / left.sqrt()).collect());
                        units.push((place, unit));
                        None
                    }
                }
            }
        };
        left_out.push(why);
    }
    left_out
}

/// Centred, of length 1; nothing for a constant.
fn unit(values: &[f64]) -> Option<Vec<f64>> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let norm = centred.iter().map(|x| x * x).sum::<f64>().sqrt();
    let largest = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    (norm.is_finite() && norm > 1e-9 * largest).then(|| centred.iter().map(|x| x / norm).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn residual(unit: &[f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut rest = unit.to_vec();
    for axis in basis {
        let along = dot(&rest, axis);
        rest.iter_mut().zip(axis).for_each(|(rest, axis)| *rest -= along * axis);
    }
    rest
}

/// The most correlated of some criteria.
fn nearest(unit: &[f64], units: &[(usize, Vec<f64>)]) -> Option<usize> {
    let likeness = units.iter().map(|(place, known)| (dot(unit, known).abs(), *place));
    likeness.reduce(|best, one| if one.0 > best.0 { one } else { best }).map(|(_, place)| place)
}

fn design(evidence: &Evidence, used: &[usize]) -> Matrix {
    Matrix::from_fn(evidence.leads(), used.len(), |row, place| evidence.criteria[used[place]].strength[row])
}

/// Coefficients, the intercept first, with their covariance.
struct Solved {
    x: Matrix,
    coefficients: Vec<f64>,
    covariance: Matrix,
}

/// Firth's regression; ridge by cross-validation where there are fewer than ten wins a criterion.
fn solve(evidence: &Evidence, used: &[usize], y: &[f64]) -> Result<(Solved, &'static str), Undefined> {
    if used.is_empty() {
        return Err(Undefined::Constant);
    }
    let wins = evidence.wins();
    if wins == 0 || wins == evidence.leads() {
        return Err(Undefined::OneClass);
    }
    let x = design(evidence, used);
    if used.len() as f64 > wins as f64 / 10.0 {
        let fit = logistic(&Rows::new(&x, y), &ridge(&x, y)?)?;
        return Ok((Solved { coefficients: fit.coefficients, covariance: fit.covariance, x }, "ridge"));
    }
    let fit = firth(&Rows::new(&x, y))?;
    let (coefficients, covariance) = (fit.coefficients.clone(), fit.covariance.clone());
    drop(fit);
    Ok((Solved { coefficients, covariance, x }, "firth"))
}

/// The penalty with the smallest log loss over five folds, for columns of spread 1.
fn ridge(x: &Matrix, y: &[f64]) -> Result<Vec<f64>, Undefined> {
    const FOLDS: usize = 5;
    const GRID: [f64; 7] = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];
    let variance: Vec<f64> =
        (0..x.cols).map(|j| variance(&(0..x.rows).map(|i| x[(i, j)]).collect::<Vec<_>>())).collect();
    let penalty = |lambda: f64| variance.iter().map(|variance| lambda * variance.max(1e-12)).collect::<Vec<f64>>();
    let loss = |lambda: f64| -> Option<f64> {
        let mut sum = 0.0;
        for fold in 0..FOLDS {
            let weight: Vec<f64> = (0..y.len()).map(|i| f64::from(i % FOLDS != fold)).collect();
            let fit = logistic(&Rows::new(x, y).weighted(&weight), &penalty(lambda)).ok()?;
            let left = (fold..y.len()).step_by(FOLDS);
            sum += left
                .map(|i| dist::softplus(if y[i] > 0.5 { -fit.logit(x.row(i)) } else { fit.logit(x.row(i)) }))
                .sum::<f64>();
        }
        Some(sum)
    };
    let tried = GRID.iter().filter_map(|&lambda| loss(lambda).map(|loss| (loss, lambda)));
    let best = tried.reduce(|best, one| if one.0 < best.0 { one } else { best });
    best.map(|(_, lambda)| penalty(lambda)).ok_or(Undefined::NotConverged)
}

fn fit(evidence: &Evidence, used: Vec<usize>, y: &[f64], solved: &Solved) -> Fit {
    let Solved { x, coefficients, covariance } = solved;
    let logit = |row: usize| coefficients[0] + dot(&coefficients[1..], x.row(row));
    let probability: Vec<f64> = (0..y.len()).map(|row| dist::expit(logit(row))).collect();
    let coefficient = coefficients[1..].to_vec();
    let replicates = replicates(evidence, solved, y, &probability);
    let points: Vec<f64> = used.iter().map(|&place| evidence.criteria[place].points).collect();
    let variances: Vec<f64> = (0..used.len()).map(|j| covariance[(j + 1, j + 1)].max(f64::MIN_POSITIVE)).collect();
    let agreeing = agreeing(&coefficient, &points, &variances);
    let scale_of = |coefficient: &[f64]| common_scale(coefficient, &points, &variances, &agreeing);
    let scales = replicates.iter().map(|one| scale_of(one)).collect();
    let covariance = covariance.clone();
    Fit { scale: scale_of(&coefficient), scales, used, coefficient, replicates, covariance, probability }
}

/// One Newton step from the fit for every resample of the leads: β + C Σ (m - 1) u, with u a block's score. Where a
/// criterion fires so rarely that its resamples vary less than the likelihood says, they are spread to that.
fn replicates(evidence: &Evidence, solved: &Solved, y: &[f64], probability: &[f64]) -> Vec<Vec<f64>> {
    let width = solved.coefficients.len();
    let blocks = y.len().min(BLOCKS);
    let mut scores = vec![vec![0.0; width]; blocks];
    for (row, (y, p)) in y.iter().zip(probability).enumerate() {
        let (score, residual) = (&mut scores[row % blocks], y - p);
        score[0] += residual;
        score[1..].iter_mut().zip(solved.x.row(row)).for_each(|(score, x)| *score += residual * x);
    }
    let steps: Vec<Vec<f64>> = scores.iter().map(|score| solved.covariance.times_vector(score)).collect();
    let whole: Vec<f64> = (1..width).map(|j| steps.iter().map(|step| step[j]).sum()).collect();
    let draw = |replicate: u64| -> Vec<f64> {
        let mut stream = evidence.seed.replicate(replicate);
        let mut sum: Vec<f64> = whole.iter().map(|whole| -whole).collect();
        for _ in 0..blocks {
            let step = &steps[stream.below(blocks as u64) as usize];
            sum.iter_mut().zip(&step[1..]).for_each(|(sum, step)| *sum += step);
        }
        sum
    };
    let mut moved: Vec<Vec<f64>> = (0..REPLICATES).map(draw).collect();
    for j in 0..width - 1 {
        let spread = deviation(&moved.iter().map(|one| one[j]).collect::<Vec<f64>>());
        let likely = solved.covariance[(j + 1, j + 1)].max(0.0).sqrt();
        let stretch = if spread > 0.0 { (likely / spread).max(1.0) } else { 1.0 };
        moved.iter_mut().for_each(|one| one[j] = solved.coefficients[j + 1] + stretch * one[j]);
    }
    moved
}

/// The criteria that agree on what a point is worth. Criteria at odds with the others would bend a slope through all,
/// and with it the verdict on those that are right: so the scale is the one with the least truncated square error over
/// the scales that single criteria propose (least trimmed squares, Rousseeuw 1984).
fn agreeing(coefficient: &[f64], points: &[f64], variance: &[f64]) -> Vec<usize> {
    let with_points: Vec<usize> = (0..points.len()).filter(|&j| points[j] != 0.0).collect();
    let distance = |j: usize, scale: f64| (coefficient[j] - scale * points[j]).powi(2) / variance[j];
    let most = AT_ODDS * AT_ODDS;
    let loss = |scale: f64| with_points.iter().map(|&j| distance(j, scale).min(most)).sum::<f64>();
    let near = |scale: f64| with_points.iter().copied().filter(|&j| distance(j, scale) < most).collect::<Vec<_>>();
    let proposed = with_points.iter().map(|&j| coefficient[j] / points[j]).filter(|scale| *scale > 0.0);
    let refined = proposed.map(|mut scale| {
        for _ in 0..10 {
            scale = common_scale(coefficient, points, variance, &near(scale));
        }
        scale
    });
    let best = refined.map(|scale| (loss(scale), scale)).reduce(|best, one| if one.0 < best.0 { one } else { best });
    best.map_or(with_points.clone(), |(_, scale)| near(scale))
}

/// Log-odds a point, by least squares over some criteria.
fn common_scale(coefficient: &[f64], points: &[f64], variance: &[f64], agreeing: &[usize]) -> f64 {
    let (mut along, mut length) = (0.0, 0.0);
    for &j in agreeing {
        along += coefficient[j] * points[j] / variance[j];
        length += points[j] * points[j] / variance[j];
    }
    if length > 0.0 { along / length } else { 0.0 }
}

fn slope(evidence: &Evidence, y: &[f64]) -> Estimate {
    let sum = |row: usize| evidence.criteria.iter().map(|one| one.raw(row)).sum::<f64>();
    let x = Matrix::from_fn(evidence.leads(), 1, |row, _| sum(row));
    match maximum_likelihood(&Rows::new(&x, y)) {
        Ok(fit) => Estimate::new(fit.coefficients[1], fit.coefficient(1).interval(LEVEL)),
        Err(reason) => Estimate::undefined(reason.to_string()),
    }
}

pub(super) fn percentiles(values: &[f64]) -> Interval {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    Interval::new(quantile::sorted(&sorted, (1.0 - LEVEL) / 2.0), quantile::sorted(&sorted, (1.0 + LEVEL) / 2.0))
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

pub(super) fn deviation(values: &[f64]) -> f64 {
    variance(values).sqrt()
}
