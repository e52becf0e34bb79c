use crate::stats::Undefined;
use crate::stats::moments::Moments;

/// How much the other columns inflate the variance of each column's coefficient, 1 / (1 - R²) from a regression with
/// an intercept (Marquardt 1970). Infinite for a column that the others determine; undefined for a constant one, which
/// takes no part in the others' either.
pub fn variance_inflation(columns: &[&[f64]], weight: Option<&[f64]>) -> Vec<Result<f64, Undefined>> {
    let units: Vec<Result<Unit, Undefined>> = columns.iter().map(|column| Unit::of(column, weight)).collect();
    let varying: Vec<&Unit> = units.iter().filter_map(|unit| unit.as_ref().ok()).collect();
    let mut inflation = inflation(&varying).into_iter();
    units
        .iter()
        .map(|unit| unit.as_ref().map(|_| inflation.next().expect("one a varying column")).map_err(|e| *e))
        .collect()
}

/// A centred column of length 1, and the share of it that may be rounding.
struct Unit {
    values: Vec<f64>,
    noise: f64,
}

impl Unit {
    fn of(column: &[f64], weight: Option<&[f64]>) -> Result<Self, Undefined> {
        let weight_of = |i: usize| weight.map_or(1.0, |weight| weight[i]);
        let mut moments = Moments::default();
        column.iter().enumerate().for_each(|(i, &x)| moments.add_times(x, weight_of(i)));
        if moments.n == 0.0 {
            return Err(Undefined::Empty);
        }
        if moments.m2 == 0.0 {
            return Err(Undefined::Constant);
        }
        let norm = moments.m2.sqrt();
        let values = column.iter().enumerate().map(|(i, x)| (x - moments.mean) * weight_of(i).sqrt() / norm).collect();
        let largest = column.iter().map(|x| x.abs()).fold(0.0, f64::max);
        Ok(Self { values, noise: (4.0 * f64::EPSILON * largest * moments.n.sqrt() / norm).max(1e-8) })
    }
}

/// Every column against the others, in the coordinates of one triangular factor.
fn inflation(units: &[&Unit]) -> Vec<f64> {
    let factor = triangular(units);
    (0..units.len()).map(|j| inflation_of(&factor, units, j)).collect()
}

fn inflation_of(factor: &[Vec<f64>], units: &[&Unit], j: usize) -> f64 {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for k in (0..factor.len()).filter(|&k| k != j) {
        let rest = residual(&factor[k], &basis);
        let length = norm(&rest);
        if length > units[k].noise {
            basis.push(rest.iter().map(|x| x / length).collect());
        }
    }
    let left = norm(&residual(&factor[j], &basis));
    if left > units[j].noise { (norm(&factor[j]) / left).powi(2) } else { f64::INFINITY }
}

/// The columns in an orthonormal basis of what they span: coordinates as long as there are columns, not rows.
fn triangular(units: &[&Unit]) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for unit in units {
        let rest = residual(&unit.values, &basis);
        let length = norm(&rest);
        // What is only rounding still gets its axis: dropping it here would be a verdict on one order of the columns.
        if length > 0.0 {
            basis.push(rest.iter().map(|x| x / length).collect());
        }
    }
    units.iter().map(|unit| basis.iter().map(|axis| dot(&unit.values, axis)).collect()).collect()
}

/// What an orthonormal basis leaves of a column; twice, so that rounding of the first round is removed too.
fn residual(column: &[f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut rest = column.to_vec();
    for axis in basis.iter().chain(basis) {
        let along = dot(&rest, axis);
        rest.iter_mut().zip(axis).for_each(|(r, a)| *r -= along * a);
    }
    rest
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}
