//! Fixed-horizon comparisons of two arms: differences are treatment - control.

mod allocation;
mod bayes;
mod cuped;
mod mean;
mod rank;
mod ratio;

pub use allocation::{SampleRatio, sample_ratio};
pub use bayes::{BestArm, NormalPosterior, beta_binomial, normal_posterior};
pub use cuped::{Adjusted, Covaried, Cuped, cuped};
pub use mean::{DeltaRelative, MeanDifference, TTest, difference_of_means};
pub use rank::{MannWhitney, mann_whitney};
pub use ratio::{RatioDifference, RatioUnits, difference_of_ratios};

use super::dist::{normal_critical, normal_p};
use super::{Interval, Undefined};

/// A value of every unit of one arm. A missing `weight` counts every unit once; a weight is a frequency.
#[derive(Clone, Copy, Debug)]
pub struct Units<'a> {
    pub value: &'a [f64],
    pub weight: Option<&'a [f64]>,
}

impl<'a> Units<'a> {
    pub fn new(value: &'a [f64]) -> Self {
        Self { value, weight: None }
    }

    /// # Panics
    /// When the slices differ in length.
    pub fn weighted(value: &'a [f64], weight: &'a [f64]) -> Self {
        assert_eq!(value.len(), weight.len(), "a weight for every unit");
        Self { value, weight: Some(weight) }
    }

    /// (value, weight) of the units that count.
    fn rows(&self) -> impl Iterator<Item = (f64, f64)> + Clone + '_ {
        self.value.iter().zip(weights(self.weight)).map(|(&value, weight)| (value, weight)).filter(|row| row.1 > 0.0)
    }
}

/// The weights, or as many ones as anyone asks for.
fn weights(weight: Option<&[f64]>) -> impl Iterator<Item = f64> + Clone + '_ {
    (0..).map(move |i| weight.map_or(1.0, |w| w.get(i).copied().unwrap_or(0.0)))
}

/// Count, mean and sum of squared deviations, all of `value - pivot`.
#[derive(Clone, Copy, Debug)]
struct Moments {
    n: f64,
    mean: f64,
    m2: f64,
}

impl Moments {
    /// Two corrected passes. With a pivot among the values a large common offset costs no digits.
    fn about(pivot: f64, rows: impl Iterator<Item = (f64, f64)> + Clone) -> Self {
        let (n, sum) = rows.clone().fold((0.0, 0.0), |(n, sum), (value, w)| (n + w, sum + w * (value - pivot)));
        let first = sum / n;
        let (m1, m2) = rows.fold((0.0, 0.0), |(m1, m2), (value, w)| {
            let deviation = value - pivot - first;
            (m1 + w * deviation, m2 + w * deviation * deviation)
        });
        Self { n, mean: first + m1 / n, m2: m2 - m1 * m1 / n }
    }

    fn mean(&self) -> Result<f64, Undefined> {
        if self.n > 0.0 { Ok(self.mean) } else { Err(Undefined::Empty) }
    }

    /// The squared standard error of the mean.
    fn error(&self) -> Result<f64, Undefined> {
        if self.n > 1.0 { Ok(self.m2.max(0.0) / (self.n - 1.0) / self.n) } else { Err(Undefined::TooFewRows) }
    }
}

/// A normal test of an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZTest {
    pub z: f64,
    /// Two-sided.
    pub p: f64,
}

/// `estimate / se` against the standard normal; undefined where the standard error is zero.
fn z_test(estimate: f64, se: f64) -> Result<ZTest, Undefined> {
    if se.is_nan() || se <= 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    Ok(ZTest { z: estimate / se, p: normal_p(estimate / se) })
}

fn normal_interval(estimate: f64, se: f64, level: f64) -> Interval {
    Interval::around(estimate, normal_critical(level) * se)
}
