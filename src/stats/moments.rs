//! Means and variances that can be added up: values near 10⁹ with a spread of 10⁻³ keep their digits.

use super::Undefined;

/// Count, mean and centred sum of squares (Welford 1962), which merge without loss (Chan, Golub & LeVeque 1983).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many values, or their total weight.
    pub n: f64,
    pub mean: f64,
    /// Σ (x - mean)².
    pub m2: f64,
}

impl Moments {
    pub fn of(values: &[f64]) -> Self {
        values.iter().copied().collect()
    }

    /// Of (value, weight) pairs by two corrected passes, which keep more digits than updating does (Chan, Golub & LeVeque
    /// 1983). Less a pivot among them, values that share a large offset keep all of theirs.
    pub fn in_two_passes(rows: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (n, sum) = rows.clone().fold((0.0, 0.0), |(n, sum), (value, weight)| (n + weight, sum + weight * value));
        if n == 0.0 {
            return Self::default();
        }
        let first = sum / n;
        let (m1, m2) = rows.fold((0.0, 0.0), |(m1, m2), (value, weight)| {
            let deviation = value - first;
            (m1 + weight * deviation, m2 + weight * deviation * deviation)
        });
        // NaN stays NaN, which `max` would not leave it.
        let m2 = m2 - m1 * m1 / n;
        Self { n, mean: first + m1 / n, m2: if m2 < 0.0 { 0.0 } else { m2 } }
    }

    /// One value more.
    pub fn add(&mut self, value: f64) {
        self.add_times(value, 1.0);
    }

    /// One value more, `weight` times.
    pub fn add_times(&mut self, value: f64, weight: f64) {
        *self = self.merge(&Self { n: weight, mean: value, m2: 0.0 });
    }

    /// The moments of both groups together.
    pub fn merge(&self, other: &Self) -> Self {
        if self.n == 0.0 {
            return *other;
        }
        if other.n == 0.0 {
            return *self;
        }
        let n = self.n + other.n;
        let gap = other.mean - self.mean;
        let mean = self.mean + gap * (other.n / n);
        Self { n, mean, m2: self.m2 + other.m2 + gap * gap * (self.n * other.n / n) }
    }

    /// The unbiased variance, Σ (x - mean)² / (n - 1). One value has none.
    pub fn variance(&self) -> Result<f64, Undefined> {
        if self.n > 1.0 { Ok(self.m2 / (self.n - 1.0)) } else { Err(Undefined::TooFewRows) }
    }

    /// The mean squared distance from the mean, Σ (x - mean)² / n.
    pub fn population_variance(&self) -> Result<f64, Undefined> {
        if self.n > 0.0 { Ok(self.m2 / self.n) } else { Err(Undefined::Empty) }
    }

    pub fn standard_deviation(&self) -> Result<f64, Undefined> {
        self.variance().map(f64::sqrt)
    }

    /// The standard error of the mean.
    pub fn standard_error(&self) -> Result<f64, Undefined> {
        self.variance().map(|variance| (variance / self.n).sqrt())
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_value_has_no_variance() {
        assert_eq!(Moments::of(&[3.0]).variance(), Err(Undefined::TooFewRows));
        assert_eq!(Moments::default().population_variance(), Err(Undefined::Empty));
    }

    #[test]
    fn a_small_spread_far_from_zero_keeps_its_digits() {
        let variance = Moments::of(&[1e9 + 0.25, 1e9 + 0.5, 1e9 + 0.75]).variance().unwrap();
        assert!((variance - 0.0625).abs() < 1e-12, "{variance}");
    }

    #[test]
    fn two_passes_agree_with_one_and_none_with_nothing() {
        let rows = [(1.0, 2.0), (4.0, 1.0), (0.5, 3.0)];
        let mut once = Moments::default();
        rows.iter().for_each(|&(value, weight)| once.add_times(value, weight));
        let twice = Moments::in_two_passes(rows.iter().copied());
        assert!(close(once.mean, twice.mean) && close(once.m2, twice.m2) && once.n == twice.n);
        assert_eq!(Moments::in_two_passes(std::iter::empty()), Moments::default());
        assert!(Moments::in_two_passes([(f64::NAN, 1.0)].into_iter()).m2.is_nan());
    }

    #[test]
    fn equal_values_have_no_spread() {
        assert_eq!(Moments::of(&[0.1; 1000]).m2, 0.0);
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + a.abs())
    }

    proptest! {
        #[test]
        fn merging_groups_equals_adding_all_values(
            left in prop::collection::vec(-1e3..1e3f64, 0..30),
            right in prop::collection::vec(-1e3..1e3f64, 0..30),
        ) {
            let merged = Moments::of(&left).merge(&Moments::of(&right));
            let whole = Moments::of(&[left, right].concat());
            prop_assert!(close(merged.n, whole.n) && close(merged.mean, whole.mean) && close(merged.m2, whole.m2));
        }

        #[test]
        fn a_weight_is_a_repetition(rows in prop::collection::vec((-1e3..1e3f64, 1..5usize), 1..20)) {
            let mut weighted = Moments::default();
            rows.iter().for_each(|&(value, times)| weighted.add_times(value, times as f64));
            let repeated: Moments = rows.iter().flat_map(|&(value, times)| vec![value; times]).collect();
            prop_assert!(close(weighted.mean, repeated.mean) && close(weighted.m2, repeated.m2));
        }
    }
}
