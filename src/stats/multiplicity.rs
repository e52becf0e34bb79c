//! Adjusted p-values of several tests, in input order: monotone in the raw p-values and at most 1.
//!
//! A p-value that does not exist (NaN) stays NaN and does not count as a test.

/// Every p-value times the number of tests: the family-wise error at any dependence. Bonferroni (1936).
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    step_down(p, |p, place| p * place.tests)
}

/// Family-wise error at any dependence, never worse than Bonferroni. Holm (1979).
pub fn holm(p: &[f64]) -> Vec<f64> {
    step_down(p, |p, place| p * place.left())
}

/// Family-wise error of independent or positively dependent tests. Hochberg (1988).
pub fn hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, |p, place| p * place.left())
}

/// False-discovery rate of independent or positively dependent tests. Benjamini & Hochberg (1995).
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    step_up(p, |p, place| p * place.tests / place.rank)
}

/// False-discovery rate at any dependence. Benjamini & Yekutieli (2001).
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    let harmonic: f64 = (1..=tests(p)).rev().map(|rank| 1.0 / rank as f64).sum();
    step_up(p, |p, place| p * harmonic * place.tests / place.rank)
}

/// Family-wise error of independent tests: 1 - (1 - p)^n. Šidák (1967).
pub fn sidak(p: &[f64]) -> Vec<f64> {
    step_down(p, |p, place| at_least_one(p, place.tests))
}

/// Family-wise error of independent tests, stepping down as Holm does with Šidák's formula.
pub fn holm_sidak(p: &[f64]) -> Vec<f64> {
    step_down(p, |p, place| at_least_one(p, place.left()))
}

/// Where a p-value stands among the tests.
struct Place {
    /// 1 for the smallest p-value.
    rank: f64,
    tests: f64,
}

impl Place {
    /// Tests with this rank or a later one.
    fn left(&self) -> f64 {
        self.tests - self.rank + 1.0
    }
}

/// 1 - (1 - p)^n with the digits of a small p kept.
fn at_least_one(p: f64, n: f64) -> f64 {
    -(n * (-p).ln_1p()).exp_m1()
}

fn tests(p: &[f64]) -> usize {
    p.iter().filter(|p| !p.is_nan()).count()
}

/// Scaled from the smallest p-value up, each at least the one before.
fn step_down(p: &[f64], scale: impl Fn(f64, Place) -> f64) -> Vec<f64> {
    adjust(p, ascending(p).into_iter(), 0.0, f64::max, scale)
}

/// Scaled from the largest p-value down, each at most the one before.
fn step_up(p: &[f64], scale: impl Fn(f64, Place) -> f64) -> Vec<f64> {
    adjust(p, ascending(p).into_iter().rev(), 1.0, f64::min, scale)
}

/// (rank, index) of the p-values that exist.
fn ascending(p: &[f64]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    order.into_iter().enumerate().map(|(place, index)| (place + 1, index)).collect()
}

fn adjust(
    p: &[f64],
    order: impl Iterator<Item = (usize, usize)>,
    start: f64,
    bound: impl Fn(f64, f64) -> f64,
    scale: impl Fn(f64, Place) -> f64,
) -> Vec<f64> {
    let tests = tests(p) as f64;
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut running = start;
    for (rank, index) in order {
        running = bound(running, scale(p[index], Place { rank: rank as f64, tests }).min(1.0));
        adjusted[index] = running;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Method = fn(&[f64]) -> Vec<f64>;

    const METHODS: [Method; 7] =
        [bonferroni, holm, hochberg, benjamini_hochberg, benjamini_yekutieli, sidak, holm_sidak];

    #[test]
    fn one_test_needs_no_adjustment() {
        for method in METHODS {
            assert!((method(&[0.04])[0] - 0.04).abs() < 1e-16);
        }
    }

    #[test]
    fn no_tests_have_no_adjusted_values() {
        for method in METHODS {
            assert!(method(&[]).is_empty());
        }
    }

    #[test]
    fn holm_multiplies_by_the_tests_that_are_left() {
        assert_eq!(holm(&[0.5, 0.125, 0.0625]), [0.5, 0.25, 0.1875]);
    }

    #[test]
    fn a_missing_p_value_is_not_a_test() {
        let adjusted = holm(&[0.25, f64::NAN, 0.125]);
        assert_eq!((adjusted[0], adjusted[2]), (0.25, 0.25));
        assert!(adjusted[1].is_nan());
    }

    #[test]
    fn a_tiny_p_value_keeps_its_digits() {
        assert!((sidak(&[1e-30, 0.5])[0] / 2e-30 - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn milder_procedures_adjust_less(p in prop::collection::vec(0.0..=1.0f64, 1..30)) {
            let chain = [bonferroni(&p), holm(&p), hochberg(&p), benjamini_hochberg(&p), p.clone()];
            for pair in chain.windows(2) {
                prop_assert!(pair[0].iter().zip(&pair[1]).all(|(more, less)| *less <= more + 1e-12));
            }
        }

        #[test]
        fn adjusted_values_keep_the_order_of_the_raw_ones(p in prop::collection::vec(0.0..=1.0f64, 1..30)) {
            for method in METHODS {
                let adjusted = method(&p);
                for i in 0..p.len() {
                    for j in 0..p.len() {
                        prop_assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
                    }
                }
            }
        }
    }
}
