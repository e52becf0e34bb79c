use crate::stats::Undefined;
use crate::stats::linear::dot;
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
        if !moments.m2.is_finite() {
            return Err(Undefined::OutOfRange);
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

fn norm(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 7.0];
    const B: [f64; 6] = [2.0, 1.0, 4.0, 3.0, 6.0, 5.0];

    #[test]
    fn a_column_alone_is_not_inflated() {
        assert_eq!(variance_inflation(&[&A], None), [Ok(1.0)]);
    }

    #[test]
    fn a_duplicate_is_inflated_infinitely_and_leaves_the_others_alone() {
        let twice: Vec<f64> = A.iter().map(|x| 2.0 * x + 1.0).collect();
        let found = variance_inflation(&[&A, &B, &twice], None);
        let without = variance_inflation(&[&A, &B], None);
        assert_eq!((found[0], found[2]), (Ok(f64::INFINITY), Ok(f64::INFINITY)));
        assert!((found[1].unwrap() / without[1].unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_constant_column_has_no_variance_to_inflate() {
        let found = variance_inflation(&[&A, &[0.1; 6], &B], None);
        assert_eq!(found[1], Err(Undefined::Constant));
        assert!(found[0].is_ok());
    }

    #[test]
    fn values_near_a_billion_keep_their_spread() {
        let far: Vec<f64> = A.iter().map(|x| 1e9 + x).collect();
        let (near, far) = (variance_inflation(&[&A, &B], None), variance_inflation(&[&far, &B], None));
        assert!((near[0].unwrap() / far[0].unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_weight_is_a_repetition() {
        let weight = [1.0, 2.0, 3.0, 1.0, 2.0, 1.0];
        let repeat = |column: &[f64]| -> Vec<f64> {
            column.iter().zip(&weight).flat_map(|(x, w)| vec![*x; *w as usize]).collect()
        };
        let weighted = variance_inflation(&[&A, &B], Some(&weight))[0].unwrap();
        let repeated = variance_inflation(&[&repeat(&A), &repeat(&B)], None)[0].unwrap();
        assert!((weighted / repeated - 1.0).abs() < 1e-12);
    }
}
