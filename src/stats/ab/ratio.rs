use super::{Moments, Undefined, ZTest, error, finite, normal_interval, weights, z_test};
use crate::stats::Interval;

/// Numerator and denominator of every unit of one arm: meetings and touches, say.
#[derive(Clone, Copy, Debug)]
pub struct RatioUnits<'a> {
    pub numerator: &'a [f64],
    pub denominator: &'a [f64],
    pub weight: Option<&'a [f64]>,
}

/// Ratios of sums in two arms and their difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioDifference {
    pub control: Result<f64, Undefined>,
    pub treatment: Result<f64, Undefined>,
    pub difference: Result<f64, Undefined>,
    pub se: Result<f64, Undefined>,
    pub test: Result<ZTest, Undefined>,
    pub interval: Result<Interval, Undefined>,
}

/// Compares Σ numerator / Σ denominator where the unit of assignment is not the denominator's: the delta method on
/// sums of units, Deng, Knoblich & Lu (2018). A ratio is undefined when its denominators sum to zero, and out of range where a sum is no finite number.
pub fn difference_of_ratios(control: &RatioUnits, treatment: &RatioUnits, level: f64) -> RatioDifference {
    let (a, b) = (control.ratio(), treatment.ratio());
    let difference = a.and_then(|a| finite(b? - a));
    let se = control.error().and_then(|va| finite((va + treatment.error()?).sqrt()));
    let both = difference.and_then(|d| Ok((d, se?)));
    RatioDifference {
        control: a,
        treatment: b,
        difference,
        se,
        test: both.and_then(|(d, se)| z_test(d, se)),
        interval: both.map(|(d, se)| normal_interval(d, se, level)),
    }
}

impl RatioUnits<'_> {
    fn rows(&self) -> impl Iterator<Item = (f64, f64, f64)> + Clone + '_ {
        (self.numerator.iter().zip(self.denominator).zip(weights(self.weight)))
            .map(|((&numerator, &denominator), weight)| (numerator, denominator, weight))
            .filter(|row| row.2 > 0.0)
    }

    fn sum(&self, part: impl Fn(f64, f64) -> f64) -> f64 {
        self.rows().map(|(numerator, denominator, w)| w * part(numerator, denominator)).sum()
    }

    fn ratio(&self) -> Result<f64, Undefined> {
        if self.rows().next().is_none() {
            return Err(Undefined::Empty);
        }
        let denominator = finite(self.sum(|_, denominator| denominator))?;
        if denominator == 0.0 { Err(Undefined::ZeroCount) } else { finite(self.sum(|n, _| n) / denominator) }
    }

    /// The squared standard error: that of the mean of `numerator - ratio * denominator` over the mean denominator's
    /// square, which is the delta method without its cancelling terms.
    fn error(&self) -> Result<f64, Undefined> {
        let ratio = self.ratio()?;
        let residual = self.rows().map(|(numerator, denominator, w)| (numerator - ratio * denominator, w));
        let moments = Moments::in_two_passes(residual);
        let mean = self.sum(|_, denominator| denominator) / moments.n;
        finite(error(&moments)? / (mean * mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::ab::{Units, difference_of_means};

    #[test]
    fn with_denominators_of_one_a_ratio_is_a_mean() {
        let (a, b, ones) = ([1.0, 2.0, 4.0], [3.0, 5.0, 9.0], [1.0; 3]);
        let units = |numerator| RatioUnits { numerator, denominator: &ones, weight: None };
        let ratio = difference_of_ratios(&units(&a), &units(&b), 0.95);
        let mean = difference_of_means(&Units::new(&a), &Units::new(&b), 0.95);
        assert!((ratio.test.unwrap().z - mean.test.unwrap().t).abs() < 1e-14);
    }

    #[test]
    fn no_denominator_means_no_ratio() {
        let none = RatioUnits { numerator: &[1.0, 2.0], denominator: &[0.0, 0.0], weight: None };
        let some = RatioUnits { numerator: &[1.0, 2.0], denominator: &[2.0, 3.0], weight: None };
        let answer = difference_of_ratios(&none, &some, 0.95);
        assert_eq!((answer.control, answer.se), (Err(Undefined::ZeroCount), Err(Undefined::ZeroCount)));
        assert_eq!(answer.treatment, Ok(0.6));
    }

    #[test]
    fn a_constant_ratio_has_no_test() {
        let units = RatioUnits { numerator: &[1.0, 2.0], denominator: &[2.0, 4.0], weight: None };
        assert_eq!(difference_of_ratios(&units, &units, 0.95).test, Err(Undefined::ZeroVariance));
    }

    #[test]
    fn what_is_no_number_leaves_a_reason() {
        let some = RatioUnits { numerator: &[1.0, 2.0], denominator: &[2.0, 3.0], weight: None };
        for odd in [f64::NAN, f64::INFINITY, 1e308] {
            let numerator = [odd, 1.0, odd];
            let units = RatioUnits { numerator: &numerator, denominator: &[1.0, 2.0, 4.0], weight: None };
            let answer = difference_of_ratios(&units, &some, 0.95);
            assert_eq!((answer.se, answer.test), (Err(Undefined::OutOfRange), Err(Undefined::OutOfRange)), "{odd}");
            assert_eq!(answer.interval, Err(Undefined::OutOfRange));
        }
    }

    #[test]
    fn a_weight_is_a_repetition() {
        let other = RatioUnits { numerator: &[1.0, 2.0], denominator: &[3.0, 3.5], weight: None };
        let short = RatioUnits { numerator: &[1.0, 2.0], denominator: &[2.0, 3.0], weight: Some(&[2.0, 1.0]) };
        let long = RatioUnits { numerator: &[1.0, 1.0, 2.0], denominator: &[2.0, 2.0, 3.0], weight: None };
        let p = |units| difference_of_ratios(&other, &units, 0.95).test.unwrap().p;
        assert!((p(short) - p(long)).abs() < 1e-14);
    }
}
