//! Bootstrap: replicates of an estimate, and the intervals read from them.

use super::random::Stream;
use super::{Interval, Undefined, dist, quantile};

/// An estimate with its values on resampled leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Bootstrap {
    pub estimate: f64,
    /// Ascending.
    replicates: Vec<f64>,
}

impl Bootstrap {
    /// Undefined without replicates, or when one of them is.
    pub fn new(estimate: f64, mut replicates: Vec<f64>) -> Result<Self, Undefined> {
        if replicates.is_empty() {
            return Err(Undefined::Empty);
        }
        if estimate.is_nan() || replicates.iter().any(|value| value.is_nan()) {
            return Err(Undefined::OutOfRange);
        }
        replicates.sort_unstable_by(f64::total_cmp);
        Ok(Self { estimate, replicates })
    }

    fn mean_excess(&self) -> f64 {
        self.replicates.iter().map(|value| value - self.estimate).sum::<f64>() / self.replicates.len() as f64
    }

    /// Mean of the replicates less the estimate.
    pub fn bias(&self) -> f64 {
        self.mean_excess()
    }

    /// Standard deviation of the replicates, with B - 1; undefined of a single one.
    pub fn standard_error(&self) -> Result<f64, Undefined> {
        let count = self.replicates.len() as f64;
        if count < 2.0 {
            return Err(Undefined::TooFewRows);
        }
        let mean = self.estimate + self.mean_excess();
        let squares: f64 = self.replicates.iter().map(|value| (value - mean).powi(2)).sum();
        Ok((squares / (count - 1.0)).sqrt())
    }

    /// Between the type-7 percentiles of the replicates. Efron (1981).
    pub fn percentile(&self, level: f64) -> Interval {
        let tail = (1.0 - level) / 2.0;
        Interval::new(quantile::sorted(&self.replicates, tail), quantile::sorted(&self.replicates, 1.0 - tail))
    }

    /// The percentile interval reflected at the estimate.
    pub fn basic(&self, level: f64) -> Interval {
        let percentile = self.percentile(level);
        Interval::new(2.0 * self.estimate - percentile.high, 2.0 * self.estimate - percentile.low)
    }

    /// Normal quantile of the share of replicates below the estimate, equal ones counting half.
    /// Undefined when all lie on one side.
    pub fn bias_correction(&self) -> Result<f64, Undefined> {
        let reach = self.replicates.iter().map(|value| value.abs()).fold(self.estimate.abs(), f64::max);
        // The same resample summed in another order is the same estimate.
        let slack = 1e-12 * reach;
        let below = self.replicates.iter().filter(|value| **value < self.estimate - slack).count();
        let above = self.replicates.iter().filter(|value| **value > self.estimate + slack).count();
        let count = self.replicates.len();
        let share = (below as f64 + (count - below - above) as f64 / 2.0) / count as f64;
        if share == 0.0 || share == 1.0 { Err(Undefined::ZeroVariance) } else { Ok(dist::normal_quantile(share)) }
    }

    /// Bias-corrected and accelerated interval; undefined when the replicates are all the same or on one side.
    /// Efron (1987).
    pub fn bca(&self, level: f64, acceleration: f64) -> Result<Interval, Undefined> {
        let correction = self.bias_correction()?;
        if self.replicates[0] == self.replicates[self.replicates.len() - 1] {
            return Err(Undefined::ZeroVariance);
        }
        let limit = |tail: f64| {
            let shifted = correction + dist::normal_quantile(tail);
            let stretch = 1.0 - acceleration * shifted;
            let share = dist::normal_cdf(correction + shifted / stretch);
            if stretch > 0.0 { Ok(quantile::sorted(&self.replicates, share)) } else { Err(Undefined::OutOfRange) }
        };
        let tail = (1.0 - level) / 2.0;
        Ok(Interval::new(limit(tail)?, limit(1.0 - tail)?))
    }
}

/// Acceleration of the BCa interval from the estimates that leave one lead out; undefined when they are all the same.
pub fn acceleration(leave_one_out: &[f64]) -> Result<f64, Undefined> {
    if leave_one_out.is_empty() {
        return Err(Undefined::Empty);
    }
    let mean = leave_one_out.iter().sum::<f64>() / leave_one_out.len() as f64;
    let power = |k: i32| leave_one_out.iter().map(|value| (mean - value).powi(k)).sum::<f64>();
    let (squares, reach) = (power(2), leave_one_out.iter().fold(0.0, |most: f64, value| most.max(value.abs())));
    if squares <= leave_one_out.len() as f64 * (1e-15 * reach).powi(2) {
        return Err(Undefined::ZeroVariance);
    }
    Ok(power(3) / (6.0 * squares.powf(1.5)))
}

/// Means of values at resampled row numbers; undefined when a number is not a row's.
pub fn resampled_means(values: &[f64], index: &[Vec<usize>]) -> Result<Vec<f64>, Undefined> {
    let mean = |rows: &Vec<usize>| {
        let sum = rows.iter().map(|&row| values.get(row)).sum::<Option<f64>>().ok_or(Undefined::OutOfRange)?;
        if rows.is_empty() { Err(Undefined::Empty) } else { Ok(sum / rows.len() as f64) }
    };
    index.iter().map(mean).collect()
}

/// Means of all values but one, for each of them.
pub fn leave_one_out_means(values: &[f64]) -> Result<Vec<f64>, Undefined> {
    if values.len() < 2 {
        return Err(Undefined::TooFewRows);
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    Ok(values.iter().map(|value| mean + (mean - value) / (n - 1.0)).collect())
}

/// How often each of `rows` leads is drawn in one resample of as many.
pub fn resample(stream: &mut Stream, rows: usize) -> Vec<f64> {
    let mut drawn = vec![0.0; rows];
    for _ in 0..rows {
        drawn[stream.below(rows as u64) as usize] += 1.0;
    }
    drawn
}

/// The same for cells that stand for `weight` equal leads each: one multinomial draw, cell by cell.
pub fn resample_cells(stream: &mut Stream, weight: &[f64]) -> Vec<f64> {
    let mut left: f64 = weight.iter().sum();
    let mut draws = left.round() as u64;
    let draw = |w: &f64| {
        let chance = if left > 0.0 { (w / left).min(1.0) } else { 0.0 };
        let drawn = stream.binomial(draws, chance);
        left -= w;
        draws -= drawn;
        drawn as f64
    };
    weight.iter().map(draw).collect()
}

/// Intervals that hold together: estimates plus and minus their standard errors times one common factor,
/// the quantile of the largest studentised deviation over all of them (max-t). `replicates[b][j]` belongs to
/// estimate `j`; an estimate that never varies has no interval and does not widen the others.
///
/// # Panics
/// When a replicate differs in length from the estimates.
pub fn simultaneous(
    estimates: &[f64],
    replicates: &[Vec<f64>],
    level: f64,
) -> Result<Vec<Result<Interval, Undefined>>, Undefined> {
    assert!(replicates.iter().all(|row| row.len() == estimates.len()), "a replicate of every estimate");
    let spread = |j: usize| {
        let error = Bootstrap::new(estimates[j], replicates.iter().map(|row| row[j]).collect())?.standard_error()?;
        if error > 0.0 { Ok(error) } else { Err(Undefined::ZeroVariance) }
    };
    let errors: Vec<Result<f64, Undefined>> = (0..estimates.len()).map(spread).collect();
    let deviation = |row: &Vec<f64>| {
        let each = errors.iter().enumerate().filter_map(|(j, e)| Some((row[j] - estimates[j]).abs() / e.ok()?));
        each.fold(0.0, f64::max)
    };
    let deviations: Vec<f64> = replicates.iter().map(deviation).collect();
    let factor = quantile::of(&deviations, level).ok_or(Undefined::Empty)?;
    Ok(estimates.iter().zip(&errors).map(|(at, e)| Ok(Interval::around(*at, factor * (*e)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Seed;

    #[test]
    fn replicates_that_are_all_the_same_have_no_bca_interval() {
        let boot = Bootstrap::new(2.0, vec![2.0; 9]).unwrap();
        assert_eq!((boot.standard_error(), boot.bias()), (Ok(0.0), 0.0));
        assert_eq!(boot.percentile(0.95), Interval::new(2.0, 2.0));
        assert_eq!(boot.bca(0.95, 0.0), Err(Undefined::ZeroVariance));
        assert_eq!(acceleration(&[2.0; 9]), Err(Undefined::ZeroVariance));
    }

    #[test]
    fn replicates_on_one_side_have_no_bias_correction() {
        let boot = Bootstrap::new(0.0, vec![1.0, 2.0, 3.0]).unwrap();
        assert_eq!(boot.bias_correction(), Err(Undefined::ZeroVariance));
        assert_eq!(boot.bias(), 2.0);
    }

    #[test]
    fn without_bias_and_acceleration_bca_is_the_percentile_interval() {
        let boot = Bootstrap::new(0.0, (-500..=500).map(f64::from).collect()).unwrap();
        let (plain, corrected) = (boot.percentile(0.9), boot.bca(0.9, 0.0).unwrap());
        assert!((plain.low - corrected.low).abs() < 1e-9 && (plain.high - corrected.high).abs() < 1e-9);
    }

    #[test]
    fn a_row_that_does_not_exist_is_out_of_range() {
        assert_eq!(resampled_means(&[1.0], &[vec![1]]), Err(Undefined::OutOfRange));
        assert_eq!(resampled_means(&[1.0, 3.0], &[vec![1, 1], vec![0, 1]]), Ok(vec![3.0, 2.0]));
    }

    #[test]
    fn a_resample_has_as_many_leads() {
        let mut stream = Seed(3).replicate(0);
        assert_eq!(resample(&mut stream, 50).iter().sum::<f64>(), 50.0);
        assert_eq!(resample_cells(&mut stream, &[20.0, 0.0, 30.0]).iter().sum::<f64>(), 50.0);
    }

    #[test]
    fn one_comparison_alone_is_as_wide_as_its_quantile() {
        let replicates: Vec<Vec<f64>> = (-100..=100).map(|value| vec![f64::from(value), 7.0]).collect();
        let found = simultaneous(&[0.0, 7.0], &replicates, 0.95).unwrap();
        assert!((found[0].unwrap().high - 95.0).abs() < 1e-9);
        assert_eq!(found[1], Err(Undefined::ZeroVariance));
    }
}
