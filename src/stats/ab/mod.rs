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
use super::moments::Moments;
use super::{Interval, Undefined, finite};

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

fn mean(moments: &Moments) -> Result<f64, Undefined> {
    if moments.n > 0.0 { finite(moments.mean) } else { Err(Undefined::Empty) }
}

/// The squared standard error of the mean.
fn error(moments: &Moments) -> Result<f64, Undefined> {
    finite(moments.variance()? / moments.n)
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
    if se <= 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    let z = finite(estimate / se)?;
    Ok(ZTest { z, p: normal_p(z) })
}

fn normal_interval(estimate: f64, se: f64, level: f64) -> Interval {
    Interval::around(estimate, normal_critical(level) * se)
}
