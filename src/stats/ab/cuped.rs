use super::{Moments, Undefined, ZTest, error, finite, mean, weights, z_test};

/// Outcome and pre-assignment covariate of every unit of one arm.
#[derive(Clone, Copy, Debug)]
pub struct Covaried<'a> {
    pub value: &'a [f64],
    pub covariate: &'a [f64],
    pub weight: Option<&'a [f64]>,
}

/// A difference of means, adjusted by `theta` times the difference of the covariate's means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adjusted {
    pub theta: f64,
    pub difference: Result<f64, Undefined>,
    /// Of the adjusted values, with unpooled variances.
    pub se: Result<f64, Undefined>,
    pub test: Result<ZTest, Undefined>,
}

/// What a covariate buys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuped {
    /// The slope over all units pooled; undefined when the covariate is constant.
    pub pooled: Result<Adjusted, Undefined>,
    /// The slope within arms (analysis of covariance), as a check.
    pub within: Result<Adjusted, Undefined>,
    /// Without the covariate: `theta` is 0.
    pub unadjusted: Adjusted,
    /// The share of the unadjusted variance that the pooled adjustment removes.
    pub variance_reduction: Result<f64, Undefined>,
}

/// Compares means after taking out what a covariate known before the assignment explains.
/// Deng, Xu, Kohavi & Walker (2013). Out of range where a sum is no finite number.
pub fn cuped(control: &Covaried, treatment: &Covaried) -> Cuped {
    let (a, b) = (control.rows(), treatment.rows());
    let all: Vec<Row> = a.iter().chain(&b).copied().collect();
    let Some(pivot) = all.first().copied() else { return Cuped::empty() };
    let both = Arms { a: &a, b: &b, pivot };
    let pooled = slope([Comoments::of(&all, pivot)]).map(|theta| both.adjusted(theta));
    let unadjusted = both.adjusted(0.0);
    Cuped {
        pooled,
        within: slope([Comoments::of(&a, pivot), Comoments::of(&b, pivot)]).map(|theta| both.adjusted(theta)),
        unadjusted,
        variance_reduction: pooled.and_then(|pooled| reduction(pooled.se?, unadjusted.se?)),
    }
}

#[derive(Clone, Copy)]
struct Row {
    value: f64,
    covariate: f64,
    weight: f64,
}

impl Covaried<'_> {
    fn rows(&self) -> Vec<Row> {
        (self.value.iter().zip(self.covariate).zip(weights(self.weight)))
            .map(|((&value, &covariate), weight)| Row { value, covariate, weight })
            .filter(|row| row.weight > 0.0)
            .collect()
    }
}

impl Cuped {
    fn empty() -> Self {
        let none = Err(Undefined::Empty);
        let unadjusted = Adjusted { theta: 0.0, difference: none, se: none, test: Err(Undefined::Empty) };
        Self { pooled: Err(Undefined::Empty), within: Err(Undefined::Empty), unadjusted, variance_reduction: none }
    }
}

/// Sums of squares and products about the means.
struct Comoments {
    xx: f64,
    xy: f64,
}

impl Comoments {
    fn of(rows: &[Row], pivot: Row) -> Self {
        let x = Moments::in_two_passes(rows.iter().map(|row| (row.covariate - pivot.covariate, row.weight)));
        let y = Moments::in_two_passes(rows.iter().map(|row| (row.value - pivot.value, row.weight)));
        let product = |row: &Row| (row.covariate - pivot.covariate - x.mean) * (row.value - pivot.value - y.mean);
        Self { xx: x.m2, xy: rows.iter().map(|row| row.weight * product(row)).sum() }
    }
}

fn slope<const N: usize>(parts: [Comoments; N]) -> Result<f64, Undefined> {
    let xx = finite(parts.iter().map(|part| part.xx).sum())?;
    let xy: f64 = parts.iter().map(|part| part.xy).sum();
    if xx > 0.0 { finite(xy / xx) } else { Err(Undefined::Constant) }
}

struct Arms<'a> {
    a: &'a [Row],
    b: &'a [Row],
    pivot: Row,
}

impl Arms<'_> {
    fn adjusted(&self, theta: f64) -> Adjusted {
        let (a, b) = (self.moments(self.a, theta), self.moments(self.b, theta));
        let difference = mean(&a).and_then(|a| finite(mean(&b)? - a));
        let se = error(&a).and_then(|a| finite((a + error(&b)?).sqrt()));
        let test = difference.and_then(|d| z_test(d, se?));
        Adjusted { theta, difference, se, test }
    }

    fn moments(&self, rows: &[Row], theta: f64) -> Moments {
        let Row { value, covariate, .. } = self.pivot;
        // Without a slope a covariate that is no number takes no part.
        let explained = |row: &Row| if theta == 0.0 { 0.0 } else { theta * (row.covariate - covariate) };
        Moments::in_two_passes(rows.iter().map(|row| ((row.value - value) - explained(row), row.weight)))
    }
}

fn reduction(adjusted: f64, unadjusted: f64) -> Result<f64, Undefined> {
    if unadjusted > 0.0 { finite(1.0 - (adjusted / unadjusted).powi(2)) } else { Err(Undefined::ZeroVariance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units<'a>(value: &'a [f64], covariate: &'a [f64]) -> Covaried<'a> {
        Covaried { value, covariate, weight: None }
    }

    #[test]
    fn a_covariate_that_says_nothing_leaves_the_difference() {
        let (x, a, b) = ([1.0, -1.0, 1.0, -1.0], [1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 5.0, 5.0]);
        let answer = cuped(&units(&a, &x), &units(&b, &x));
        assert_eq!(answer.pooled.unwrap().difference, Ok(2.5));
        assert_eq!(answer.pooled.unwrap().theta, 0.0);
    }

    #[test]
    fn a_constant_covariate_has_no_slope() {
        let answer = cuped(&units(&[1.0, 2.0], &[3.0; 2]), &units(&[2.0, 4.0], &[3.0; 2]));
        assert_eq!(answer.pooled, Err(Undefined::Constant));
        assert_eq!(answer.unadjusted.difference, Ok(1.5));
    }

    #[test]
    fn a_covariate_constant_within_arms_has_a_pooled_slope_only() {
        let answer = cuped(&units(&[1.0, 2.0], &[3.0; 2]), &units(&[2.0, 4.0], &[5.0; 2]));
        assert_eq!(answer.pooled.unwrap().theta, 0.75);
        assert_eq!(answer.within, Err(Undefined::Constant));
    }

    #[test]
    fn a_covariate_equal_to_the_outcome_takes_out_everything() {
        let (a, b) = ([1.0, 2.0, 5.0], [2.0, 2.5, 7.0]);
        let answer = cuped(&units(&a, &a), &units(&b, &b));
        assert_eq!(answer.variance_reduction, Ok(1.0));
        assert_eq!(answer.pooled.unwrap().test, Err(Undefined::ZeroVariance));
    }

    #[test]
    fn no_units_have_no_answer() {
        assert_eq!(cuped(&units(&[], &[]), &units(&[], &[])).pooled, Err(Undefined::Empty));
    }

    #[test]
    fn what_is_no_number_leaves_a_reason() {
        let other = units(&[1.0, 4.0, 5.0], &[2.0, 3.0, 7.0]);
        for odd in [f64::NAN, f64::INFINITY, 1e300] {
            let answer = cuped(&units(&[1.0, odd, 3.0], &[2.0, 4.0, 5.0]), &other);
            assert_eq!(answer.unadjusted.test, Err(Undefined::OutOfRange), "{odd}");
            assert!(answer.pooled.is_err() || answer.pooled.unwrap().test.is_err(), "{odd}");
            let answer = cuped(&units(&[1.0, 2.0, 3.0], &[2.0, odd, 5.0]), &other);
            assert_eq!(answer.pooled, Err(Undefined::OutOfRange), "{odd}");
            assert!(answer.unadjusted.test.is_ok());
        }
    }

    #[test]
    fn a_weight_is_a_repetition() {
        let other = units(&[1.0, 4.0, 5.0], &[2.0, 3.0, 7.0]);
        let short = Covaried { value: &[1.0, 3.0], covariate: &[2.0, 5.0], weight: Some(&[2.0, 1.0]) };
        let long = units(&[1.0, 1.0, 3.0], &[2.0, 2.0, 5.0]);
        let p = |units| cuped(&other, &units).pooled.unwrap().test.unwrap().p;
        assert!((p(short) - p(long)).abs() < 1e-14);
    }
}
