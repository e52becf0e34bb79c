use super::{Moments, Undefined, Units, error, finite, mean, normal_interval};
use crate::stats::Interval;
use crate::stats::dist::{normal_critical, t_critical, t_p};

/// Means of two arms and how they differ, absolutely and relative to the control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanDifference {
    pub control: Result<f64, Undefined>,
    pub treatment: Result<f64, Undefined>,
    pub difference: Result<f64, Undefined>,
    pub test: Result<TTest, Undefined>,
    /// `difference / control`; undefined when the control's mean is zero.
    pub relative: Result<f64, Undefined>,
    /// For comparison: the delta method is symmetric where the truth is not.
    pub delta: Result<DeltaRelative, Undefined>,
    /// Fieller's (1954) interval of `relative`; unbounded when the control is not clearly away from zero.
    pub fieller: Result<Interval, Undefined>,
    /// The interval of `relative` from the logarithm of the ratio; undefined unless both means are positive.
    pub log_ratio: Result<Interval, Undefined>,
}

/// Welch's t-test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TTest {
    pub t: f64,
    /// Welch-Satterthwaite degrees of freedom.
    pub df: f64,
    /// Two-sided.
    pub p: f64,
    pub interval: Interval,
}

/// The relative difference by the delta method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeltaRelative {
    pub variance: f64,
    /// With normal limits.
    pub interval: Interval,
}

/// Compares the means of two arms with unequal variances: Welch (1947); relative limits from the normal law.
/// The test is undefined below two units an arm and where no value differs from its arm's mean; out of range is what has
/// values that are no finite numbers, or exceeds them.
pub fn difference_of_means(control: &Units, treatment: &Units, level: f64) -> MeanDifference {
    let rows = || control.rows().chain(treatment.rows()).map(|(value, _)| value);
    let (unit, pivot) = (unit(rows()), rows().next().unwrap_or(0.0));
    let (a, b) = (Arm::of(control, unit, pivot), Arm::of(treatment, unit, pivot));
    let difference = a.mean.and(b.mean).and_then(|_| finite(b.offset - a.offset));
    let pair = difference.and_then(|d| Pair::new(d, &a, &b));
    let back = |value: f64| finite(value * unit);
    MeanDifference {
        control: a.mean.and_then(back),
        treatment: b.mean.and_then(back),
        difference: difference.and_then(back),
        test: difference.and_then(|d| welch(d, &a, &b, level)?.times(unit)),
        relative: difference.and_then(|d| relative(d, &a)),
        delta: pair.and_then(|pair| pair.delta(level)),
        fieller: pair.and_then(|pair| pair.fieller(level)),
        log_ratio: pair.and_then(|pair| pair.log_ratio(level)),
    }
}

/// A power of two of the order of the largest value: in this unit squares neither overflow nor vanish, and no digit
/// changes.
fn unit(values: impl Iterator<Item = f64>) -> f64 {
    let largest = values.filter(|value| value.is_finite()).fold(0.0, |largest: f64, value| largest.max(value.abs()));
    if largest == 0.0 { 1.0 } else { largest.log2().floor().clamp(-1000.0, 1000.0).exp2() }
}

/// One arm's moments in some unit; `offset` is its mean less the common pivot.
struct Arm {
    n: f64,
    mean: Result<f64, Undefined>,
    offset: f64,
    error: Result<f64, Undefined>,
}

impl Arm {
    fn of(units: &Units, unit: f64, pivot: f64) -> Self {
        let pivot = pivot / unit;
        let moments = Moments::in_two_passes(units.rows().map(|(value, weight)| (value / unit - pivot, weight)));
        let mean = mean(&moments).and_then(|mean| finite(pivot + mean));
        Self { n: moments.n, mean, offset: moments.mean, error: error(&moments) }
    }
}

fn welch(difference: f64, a: &Arm, b: &Arm, level: f64) -> Result<TTest, Undefined> {
    let (va, vb) = (a.error?, b.error?);
    if va + vb <= 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    // Shares of the variance, not its square: that could underflow.
    let (share_a, share_b) = (va / (va + vb), vb / (va + vb));
    let df = 1.0 / (share_a * share_a / (a.n - 1.0) + share_b * share_b / (b.n - 1.0));
    let se = (va + vb).sqrt();
    let interval = Interval::around(difference, t_critical(level, finite(df)?) * se);
    let t = finite(difference / se)?;
    Ok(TTest { t, df, p: t_p(t, df), interval })
}

impl TTest {
    fn times(self, unit: f64) -> Result<Self, Undefined> {
        let interval = self.interval.map(|limit| limit * unit);
        Ok(Self { interval: bounded(interval)?, ..self })
    }
}

fn relative(difference: f64, a: &Arm) -> Result<f64, Undefined> {
    let control = a.mean?;
    if control == 0.0 { Err(Undefined::ZeroControl) } else { finite(difference / control) }
}

/// What the relative intervals are made of: means and squared standard errors.
#[derive(Clone, Copy)]
struct Pair {
    difference: f64,
    control: f64,
    treatment: f64,
    va: f64,
    vb: f64,
}

impl Pair {
    fn new(difference: f64, a: &Arm, b: &Arm) -> Result<Self, Undefined> {
        relative(difference, a)?;
        Ok(Self { difference, control: a.mean?, treatment: b.mean?, va: a.error?, vb: b.error? })
    }

    fn delta(&self, level: f64) -> Result<DeltaRelative, Undefined> {
        let ratio = self.treatment / self.control;
        let variance = finite((self.vb + ratio * ratio * self.va) / (self.control * self.control))?;
        let interval = normal_interval(self.difference / self.control, variance.sqrt(), level);
        Ok(DeltaRelative { variance, interval })
    }

    /// The roots e of (difference - e control)² = z² (vb + (1 + e)² va).
    fn fieller(&self, level: f64) -> Result<Interval, Undefined> {
        let (m, square) = (self.control, normal_critical(level).powi(2));
        let lead = m * m - square * self.va;
        if lead <= 0.0 {
            return Err(Undefined::Unbounded);
        }
        let middle = self.difference * m + square * self.va;
        let spread = (square * (self.va * self.treatment.powi(2) + self.vb * lead)).sqrt();
        bounded(Interval::new((middle - spread) / lead, (middle + spread) / lead))
    }

    fn log_ratio(&self, level: f64) -> Result<Interval, Undefined> {
        if self.control <= 0.0 || self.treatment <= 0.0 {
            return Err(Undefined::OutOfRange);
        }
        let se = (self.va / self.control.powi(2) + self.vb / self.treatment.powi(2)).sqrt();
        let log_ratio = (self.difference / self.control).ln_1p();
        bounded(normal_interval(log_ratio, se, level).map(f64::exp_m1))
    }
}

fn bounded(interval: Interval) -> Result<Interval, Undefined> {
    finite(interval.high).and(finite(interval.low)).map(|_| interval)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(a: &[f64], b: &[f64]) -> MeanDifference {
        difference_of_means(&Units::new(a), &Units::new(b), 0.95)
    }

    #[test]
    fn two_small_arms_match_a_calculation_by_hand() {
        let test = compare(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).test.unwrap();
        assert!((test.t - 2.0 / (5.0f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!((test.df - 50.0 / 17.0).abs() < 1e-14);
    }

    #[test]
    fn one_unit_has_a_mean_but_no_test() {
        let one = compare(&[1.0], &[2.0, 3.0]);
        assert_eq!((one.difference, one.test), (Ok(1.5), Err(Undefined::TooFewRows)));
    }

    #[test]
    fn an_empty_arm_leaves_the_other_its_mean() {
        let half = compare(&[], &[2.0, 3.0]);
        assert_eq!((half.control, half.treatment), (Err(Undefined::Empty), Ok(2.5)));
        assert_eq!(half.difference, Err(Undefined::Empty));
    }

    #[test]
    fn constant_arms_have_no_test() {
        assert_eq!(compare(&[0.1; 7], &[0.3; 5]).test, Err(Undefined::ZeroVariance));
    }

    #[test]
    fn a_zero_control_has_no_relative_difference() {
        let zero = compare(&[-1.0, 1.0], &[1.0, 2.0]);
        assert_eq!((zero.relative, zero.fieller), (Err(Undefined::ZeroControl), Err(Undefined::ZeroControl)));
    }

    #[test]
    fn a_control_near_zero_has_no_bounded_fieller_interval() {
        assert_eq!(compare(&[-1.0, 1.5], &[1.0, 2.0]).fieller, Err(Undefined::Unbounded));
    }

    #[test]
    fn a_large_common_offset_costs_no_digits() {
        let (a, b) = ([1.0, 2.0, 4.0], [2.5, 4.0, 6.0, 6.5]);
        let far = |values: &[f64]| values.iter().map(|v| v + 1e9).collect::<Vec<f64>>();
        let (near, far) = (compare(&a, &b).test.unwrap(), compare(&far(&a), &far(&b)).test.unwrap());
        assert!((near.t - far.t).abs() < 1e-14);
    }

    #[test]
    fn a_value_that_is_no_number_leaves_nothing_to_test() {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let answer = compare(&[1.0, odd, 2.0], &[1.0, 2.0, 3.0]);
            assert_eq!((answer.control, answer.treatment), (Err(Undefined::OutOfRange), Ok(2.0)));
            assert_eq!((answer.difference, answer.test), (Err(Undefined::OutOfRange), Err(Undefined::OutOfRange)));
            assert_eq!(compare(&[1.0, 2.0, 3.0], &[1.0, odd, 2.0]).fieller, Err(Undefined::OutOfRange));
        }
    }

    #[test]
    fn the_unit_of_the_values_changes_no_test() {
        let (a, b) = ([1.0, 2.0, 1.5], [2.0, 4.5, 3.0]);
        let plain = compare(&a, &b);
        for unit in [1e300, 1e160, 1e-200, 1e-300] {
            let scaled = compare(&a.map(|v| v * unit), &b.map(|v| v * unit));
            assert!((scaled.test.unwrap().p / plain.test.unwrap().p - 1.0).abs() < 1e-12, "{unit}");
            assert!(
                (scaled.test.unwrap().interval.high / unit / plain.test.unwrap().interval.high - 1.0).abs() < 1e-12
            );
            assert!((scaled.difference.unwrap() / unit / plain.difference.unwrap() - 1.0).abs() < 1e-12);
            assert!((scaled.delta.unwrap().variance / plain.delta.unwrap().variance - 1.0).abs() < 1e-12);
            assert!((scaled.log_ratio.unwrap().low / plain.log_ratio.unwrap().low - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn values_too_large_to_add_have_an_answer_or_a_reason() {
        let far = compare(&[1e308, 1.5e308, 1.7e308], &[-1e308, -1.5e308, -1.7e308]);
        assert_eq!(far.difference, Err(Undefined::OutOfRange));
        assert_eq!(compare(&[1e300, 2e300, 1.5e300], &[1.0, 2.0, 3.0]).control, Ok(1.5e300));
        assert!(compare(&[1.0, 1e160, 2.0], &[1.0, 2.0, 3.0]).test.unwrap().p.is_finite());
        assert!(compare(&[1e-200, 2e-200, 3e-200], &[2e-200, 5e-200, 1e-200]).delta.unwrap().variance.is_finite());
    }

    proptest! {
        #[test]
        fn a_weight_is_a_repetition(rows in prop::collection::vec((0.0..9.0f64, 1..4usize), 3..20)) {
            let (value, weight): (Vec<f64>, Vec<f64>) = rows.iter().map(|&(v, w)| (v, w as f64)).unzip();
            let repeated: Vec<f64> = rows.iter().flat_map(|&(v, w)| vec![v; w]).collect();
            let other = [1.0, 2.0, 2.5];
            let weighted = difference_of_means(&Units::weighted(&value, &weight), &Units::new(&other), 0.95);
            let long = compare(&repeated, &other);
            prop_assert!((weighted.test.unwrap().p - long.test.unwrap().p).abs() < 1e-12);
        }

        #[test]
        fn swapping_the_arms_flips_the_sign(
            a in prop::collection::vec(0.0..9.0f64, 3..20), b in prop::collection::vec(0.0..9.0f64, 3..20)
        ) {
            let (there, back) = (compare(&a, &b).test.unwrap(), compare(&b, &a).test.unwrap());
            prop_assert!((there.t + back.t).abs() < 1e-9 * (1.0 + there.t.abs()));
            prop_assert!((there.p - back.p).abs() < 1e-9);
        }
    }
}
