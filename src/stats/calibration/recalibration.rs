use super::{leads, log_likelihood};
use crate::stats::linear::Matrix;
use crate::stats::regression::{Coefficient, Logistic, Rows, maximum_likelihood};
use crate::stats::{Tally, Undefined, dist};

/// `logit P(converted) = intercept + slope · logit(p)`: Cox's (1958) test that probabilities are right, which
/// they are at intercept 0 and slope 1. A slope below 1 says that they are too extreme.
#[derive(Clone, Debug, PartialEq)]
pub struct Cox {
    /// With the slope free: not calibration in the large, for which see [`in_the_large`].
    pub intercept: Coefficient,
    pub slope: Coefficient,
    /// Σ y ln q + (1 - y) ln (1 - q) of the recalibrated probabilities q.
    pub log_likelihood: f64,
    /// The same of the probabilities as they are.
    pub ideal_log_likelihood: f64,
    /// Both coefficients against (0, 1) by their likelihood ratio, chi-square with two degrees of freedom.
    pub likelihood_ratio: f64,
    /// The same by their covariance (Wald).
    pub wald: f64,
}

impl Cox {
    pub fn likelihood_ratio_p_value(&self) -> f64 {
        // The chi-square tail with two degrees of freedom, which keeps all digits.
        (-0.5 * self.likelihood_ratio).exp()
    }
}

/// Undefined when a probability is 0 or 1, all are equal, or they separate the outcomes.
pub fn cox(tally: &Tally) -> Result<Cox, Undefined> {
    let logits = logits(tally)?;
    let fit = fit(tally, &[&logits], None)?;
    let ideal = log_likelihood(tally)?;
    Ok(Cox {
        intercept: fit.coefficient(0),
        slope: fit.coefficient(1),
        log_likelihood: fit.log_likelihood,
        ideal_log_likelihood: ideal,
        likelihood_ratio: (2.0 * (fit.log_likelihood - ideal)).max(0.0),
        wald: wald(&fit)?,
    })
}

fn wald(fit: &Logistic) -> Result<f64, Undefined> {
    let gap = [fit.coefficients[0], fit.coefficients[1] - 1.0];
    let solved = fit.covariance.solve_spd(&gap)?;
    Ok(gap[0] * solved[0] + gap[1] * solved[1])
}

/// Calibration in the large: the intercept with logit(p) as an offset (Steyerberg 2010). Positive when more leads
/// convert than promised. Undefined for one class, or when a probability is 0 or 1.
pub fn in_the_large(tally: &Tally) -> Result<Coefficient, Undefined> {
    let logits = logits(tally)?;
    Ok(fit(tally, &[], Some(&logits))?.coefficient(0))
}

/// Converted leads over the number that the probabilities promise. Infinite when they promise none.
pub fn observed_expected(tally: &Tally) -> Result<f64, Undefined> {
    leads(tally)?;
    let expected: f64 = (0..tally.len()).map(|i| tally.count(i) * tally.score[i]).sum();
    let ratio = tally.positives() / expected;
    if ratio.is_nan() { Err(Undefined::ZeroCount) } else { Ok(ratio) }
}

fn logits(tally: &Tally) -> Result<Vec<f64>, Undefined> {
    finite(tally, dist::logit)
}

/// A transformation of the probabilities, where none of them is 0 or 1.
fn finite(tally: &Tally, transform: impl Fn(f64) -> f64) -> Result<Vec<f64>, Undefined> {
    leads(tally)?;
    let inside = tally.score.iter().all(|&p| 0.0 < p && p < 1.0);
    if inside { Ok(tally.score.iter().map(|&p| transform(p)).collect()) } else { Err(Undefined::NotProbability) }
}

/// Logistic regression of the outcome on columns with a value for every cell of the tally.
fn fit(tally: &Tally, columns: &[&[f64]], offset: Option<&[f64]>) -> Result<Logistic, Undefined> {
    let y: Vec<f64> = (0..tally.len()).map(|i| tally.positive[i] / tally.count(i)).collect();
    fit_shares(tally, columns, &y, offset)
}

fn fit_shares(tally: &Tally, columns: &[&[f64]], y: &[f64], offset: Option<&[f64]>) -> Result<Logistic, Undefined> {
    let x = Matrix::from_fn(tally.len(), columns.len(), |i, j| columns[j][i]);
    let weight: Vec<f64> = (0..tally.len()).map(|i| tally.count(i)).collect();
    maximum_likelihood(&Rows { offset, ..Rows::new(&x, y).weighted(&weight) })
}

/// A map from any score to a probability, `1 / (1 + exp(-(slope · score + intercept)))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Platt {
    pub slope: f64,
    pub intercept: f64,
}

impl Platt {
    pub fn apply(&self, score: f64) -> f64 {
        dist::expit(self.slope * score + self.intercept)
    }
}

/// Platt's (1999) map with his smoothed targets, (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2), so that it is finite
/// even when the score separates the outcomes. Undefined when all scores are equal.
pub fn platt(tally: &Tally) -> Result<Platt, Undefined> {
    let (converted, others) = (tally.positives(), tally.negatives());
    let (high, low) = ((converted + 1.0) / (converted + 2.0), 1.0 / (others + 2.0));
    let target = |i: usize| (tally.positive[i] * high + tally.negative[i] * low) / tally.count(i);
    let y: Vec<f64> = (0..tally.len()).map(target).collect();
    fit_shares(tally, &[&tally.score], &y, None).map(|fit| Platt::of(&fit))
}

/// The same map by maximum likelihood, with the outcomes as they are. Undefined when the score separates them.
pub fn logistic_map(tally: &Tally) -> Result<Platt, Undefined> {
    fit(tally, &[&tally.score], None).map(|fit| Platt::of(&fit))
}

impl Platt {
    fn of(fit: &Logistic) -> Self {
        Self { slope: fit.coefficients[1], intercept: fit.coefficients[0] }
    }
}

/// A monotone map from probability to probability, `logit = c + a ln p - b ln (1 - p)` with a, b ≥ 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaMap {
    pub a: f64,
    pub b: f64,
    pub c: f64,
}

impl BetaMap {
    pub fn apply(&self, p: f64) -> f64 {
        let term = |factor: f64, log: f64| if factor == 0.0 { 0.0 } else { factor * log };
        dist::expit(self.c + term(self.a, p.ln()) - term(self.b, (-p).ln_1p()))
    }
}

/// Beta calibration by maximum likelihood; a negative exponent is set to 0 and the rest refitted (Kull, Silva Filho &
/// Flach 2017). Undefined as [`cox`] is, and with two distinct probabilities.
pub fn beta(tally: &Tally) -> Result<BetaMap, Undefined> {
    let (rising, falling) = (finite(tally, f64::ln)?, finite(tally, |p| -(-p).ln_1p())?);
    let [c, a, b] = three(fit(tally, &[&rising, &falling], None)?);
    if a >= 0.0 && b >= 0.0 {
        return Ok(BetaMap { a, b, c });
    }
    let (column, keeps_a) = if a < 0.0 { (&falling, false) } else { (&rising, true) };
    let alone = fit(tally, &[column], None)?;
    match (alone.coefficients[1], alone.coefficients[0]) {
        (exponent, _) if exponent < 0.0 => Ok(BetaMap { a: 0.0, b: 0.0, c: fit(tally, &[], None)?.coefficients[0] }),
        (a, c) if keeps_a => Ok(BetaMap { a, b: 0.0, c }),
        (b, c) => Ok(BetaMap { a: 0.0, b, c }),
    }
}

fn three(fit: Logistic) -> [f64; 3] {
    fit.coefficients.try_into().expect("an intercept and two columns")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Sample;
    use crate::stats::calibration::samples::{leads, tally};
    use proptest::prelude::*;

    #[test]
    fn probabilities_that_hold_have_intercept_zero_and_slope_one() {
        let score = [0.25, 0.25, 0.75, 0.75];
        let weight = [1.0, 3.0, 3.0, 1.0];
        let cox = cox(&Sample::weighted(&score, &[true, false, true, false], &weight).tally()).unwrap();
        assert!(cox.intercept.point.abs() < 1e-12 && (cox.slope.point - 1.0).abs() < 1e-12);
        assert!(cox.likelihood_ratio < 1e-12);
    }

    #[test]
    fn a_certain_prediction_has_no_logit() {
        let tally = tally(&[(0.0, false), (0.4, true), (0.6, false)]);
        assert_eq!(cox(&tally).unwrap_err(), Undefined::NotProbability);
        assert_eq!(beta(&tally).unwrap_err(), Undefined::NotProbability);
        assert_eq!(observed_expected(&tally), Ok(1.0));
    }

    #[test]
    fn separated_outcomes_have_a_level_but_no_slope() {
        let tally = tally(&[(0.1, false), (0.2, false), (0.3, true), (0.4, true)]);
        assert_eq!(cox(&tally).unwrap_err(), Undefined::Separated);
        assert!(in_the_large(&tally).unwrap().point > 0.0);
        assert_eq!(logistic_map(&tally).unwrap_err(), Undefined::Separated);
        assert!(platt(&tally).unwrap().slope > 0.0);
    }

    #[test]
    fn a_promise_of_nothing_is_beaten_infinitely_by_anything() {
        assert_eq!(observed_expected(&tally(&[(0.0, true)])), Ok(f64::INFINITY));
        assert_eq!(observed_expected(&tally(&[(0.0, false)])), Err(Undefined::ZeroCount));
    }

    #[test]
    fn one_class_has_no_level() {
        assert_eq!(in_the_large(&tally(&[(0.1, false), (0.2, false)])).unwrap_err(), Undefined::OneClass);
    }

    #[test]
    fn a_level_is_found_among_certainties() {
        let tally = tally(&[(1e-300, false), (1e-12, false), (1e-9, true), (0.5, true), (1.0 - 1e-12, false)]);
        assert!(in_the_large(&tally).unwrap().point.is_finite());
    }

    #[test]
    fn platts_map_keeps_a_score_of_a_billion_apart_from_the_next() {
        let shifted = |by: f64| -> Vec<(f64, bool)> {
            [(1.0, false), (2.0, true), (3.0, false), (4.0, true), (5.0, true)].map(|(s, y)| (s + by, y)).to_vec()
        };
        let (near, far) = (platt(&tally(&shifted(0.0))).unwrap(), platt(&tally(&shifted(1e9))).unwrap());
        assert!((near.slope - far.slope).abs() < 1e-12);
        assert!((near.apply(3.5) - far.apply(1e9 + 3.5)).abs() < 1e-6);
    }

    #[test]
    fn a_score_that_falls_as_conversion_rises_gives_a_flat_beta_map() {
        let rows = [(0.1, true), (0.2, true), (0.3, false), (0.6, true), (0.8, false), (0.9, false)];
        let map = beta(&tally(&rows)).unwrap();
        assert_eq!((map.a, map.b), (0.0, 0.0));
        assert!((map.apply(0.7) - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn repeating_every_lead_keeps_the_slope_and_halves_its_variance(rows in leads()) {
            match (cox(&tally(&rows)), cox(&tally(&rows.repeat(2)))) {
                (Ok(once), Ok(twice)) => {
                    prop_assert!((once.slope.point - twice.slope.point).abs() <= 1e-9 * (1.0 + once.slope.point.abs()));
                    let ratio = once.slope.standard_error / twice.slope.standard_error;
                    prop_assert!((ratio - 2f64.sqrt()).abs() < 1e-7);
                }
                (once, twice) => prop_assert_eq!(once.is_ok(), twice.is_ok()),
            }
        }

        #[test]
        fn recalibrated_in_the_large_as_many_convert_as_promised(rows in leads()) {
            if let Ok(level) = in_the_large(&tally(&rows)) {
                let promised: f64 = rows.iter().map(|(p, _)| dist::expit(dist::logit(*p) + level.point)).sum();
                let converted = rows.iter().filter(|(_, y)| *y).count() as f64;
                prop_assert!((promised - converted).abs() < 1e-9 * converted);
            }
        }

        #[test]
        fn a_beta_map_never_falls(rows in leads()) {
            if let Ok(map) = beta(&tally(&rows)) {
                prop_assert!(map.a >= 0.0 && map.b >= 0.0);
            }
        }
    }
}
