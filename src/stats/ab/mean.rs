use super::{Moments, Undefined, Units, normal_interval};
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
/// The test is undefined below two units an arm and where no value differs from its arm's mean.
pub fn difference_of_means(control: &Units, treatment: &Units, level: f64) -> MeanDifference {
    let pivot = control.rows().chain(treatment.rows()).next().map_or(0.0, |(value, _)| value);
    let (a, b) = (Arm::of(control, pivot), Arm::of(treatment, pivot));
    let difference = a.mean.and(b.mean).map(|_| b.offset - a.offset);
    let test = difference.and_then(|d| welch(d, &a, &b, level));
    let pair = difference.and_then(|d| Pair::new(d, &a, &b));
    MeanDifference {
        control: a.mean,
        treatment: b.mean,
        difference,
        test,
        relative: difference.and_then(|d| relative(d, &a)),
        delta: pair.map(|pair| pair.delta(level)),
        fieller: pair.and_then(|pair| pair.fieller(level)),
        log_ratio: pair.and_then(|pair| pair.log_ratio(level)),
    }
}

/// One arm's moments; `offset` is its mean less the common pivot.
struct Arm {
    n: f64,
    mean: Result<f64, Undefined>,
    offset: f64,
    error: Result<f64, Undefined>,
}

impl Arm {
    fn of(units: &Units, pivot: f64) -> Self {
        let moments = Moments::about(pivot, units.rows());
        let mean = moments.mean().map(|mean| pivot + mean);
        Self { n: moments.n, mean, offset: moments.mean, error: moments.error() }
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
    let interval = Interval::around(difference, t_critical(level, df) * se);
    Ok(TTest { t: difference / se, df, p: t_p(difference / se, df), interval })
}

fn relative(difference: f64, a: &Arm) -> Result<f64, Undefined> {
    let control = a.mean?;
    if control == 0.0 { Err(Undefined::ZeroControl) } else { Ok(difference / control) }
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

    fn delta(&self, level: f64) -> DeltaRelative {
        let ratio = self.treatment / self.control;
        let variance = (self.vb + ratio * ratio * self.va) / (self.control * self.control);
        DeltaRelative { variance, interval: normal_interval(self.difference / self.control, variance.sqrt(), level) }
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
        Ok(Interval::new((middle - spread) / lead, (middle + spread) / lead))
    }

    fn log_ratio(&self, level: f64) -> Result<Interval, Undefined> {
        if self.control <= 0.0 || self.treatment <= 0.0 {
            return Err(Undefined::OutOfRange);
        }
        let se = (self.va / self.control.powi(2) + self.vb / self.treatment.powi(2)).sqrt();
        let log_ratio = (self.difference / self.control).ln_1p();
        Ok(normal_interval(log_ratio, se, level).map(f64::exp_m1))
    }
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
