//! What to expect of models that are alike beforehand, given how they were seen to differ.

use super::Undefined;
use super::dist::{normal_cdf, normal_pdf};
use super::linear::{Matrix, dot};

/// Scales of the prior that are weighed, each as likely beforehand.
const SCALES: usize = 32;

/// Differences of several models to one, as they were seen, with their covariances.
///
/// Beforehand the worths of all models, the one too, are independent normal numbers of one spread: a difference to the one has
/// mean 0 and standard deviation τ, two of them a correlation of a half. τ itself has a half-Cauchy law (Gelman 2006), and
/// is learned from the differences together (empirical Bayes where they are many).
pub struct Exchangeable<'a> {
    pub seen: &'a [f64],
    pub covariance: &'a Matrix,
    /// The median of τ beforehand, in the unit of the differences.
    pub scale: f64,
}

/// What is to be expected of one difference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expected {
    pub mean: f64,
    /// The chance that it lies above 0.
    pub chance: f64,
    /// How far below 0 it lies in the mean, where it does.
    pub shortfall: f64,
}

impl Exchangeable<'_> {
    /// Of every difference, in order; undefined where they do not vary.
    pub fn expected(&self) -> Result<Vec<Expected>, Undefined> {
        let places: Vec<usize> = (0..self.seen.len()).collect();
        let mut laws = Vec::with_capacity(SCALES);
        for step in 0..SCALES {
            let share = (step as f64 + 0.5) / SCALES as f64;
            laws.push(self.given(self.scale * (std::f64::consts::FRAC_PI_2 * share).tan())?);
        }
        let best = laws.iter().map(|law| law.ln_weight).fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = laws.iter().map(|law| (law.ln_weight - best).exp()).collect();
        let total: f64 = weights.iter().sum();
        let of = |&place: &usize| {
            let mean = |read: &dyn Fn(f64, f64) -> f64| {
                let each =
                    laws.iter().zip(&weights).map(|(law, weight)| weight * read(law.mean[place], law.error[place]));
                each.sum::<f64>() / total
            };
            let below = mean(&|m, s| normal_cdf(-m / s));
            let missed = mean(&|m, s| s * normal_pdf(m / s) - m * normal_cdf(-m / s));
            Expected {
                mean: mean(&|m, _| m),
                chance: 1.0 - below,
                shortfall: if below > 0.0 { missed / below } else { 0.0 },
            }
        };
        Ok(places.iter().map(of).collect())
    }

    /// The law of the differences at one τ.
    fn given(&self, spread: f64) -> Result<Law, Undefined> {
        let n = self.seen.len();
        let before = |a: usize, b: usize| spread * spread * if a == b { 1.0 } else { 0.5 };
        let both = Matrix::from_fn(n, n, |a, b| before(a, b) + self.covariance[(a, b)]);
        let root = both.cholesky()?;
        let solved = root.solve_cholesky(self.seen);
        let row = |a: usize| (0..n).map(|b| before(a, b)).collect::<Vec<f64>>();
        let error =
            |a: usize| (before(a, a) - dot(&row(a), &root.solve_cholesky(&row(a)))).max(f64::MIN_POSITIVE).sqrt();
        Ok(Law {
            mean: (0..n).map(|a| dot(&row(a), &solved)).collect(),
            error: (0..n).map(error).collect(),
            ln_weight: -(both.ln_determinant()? + dot(self.seen, &solved)) / 2.0,
        })
    }
}

struct Law {
    mean: Vec<f64>,
    error: Vec<f64>,
    ln_weight: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(seen: f64, error: f64) -> Expected {
        let covariance = Matrix::from_fn(1, 1, |_, _| error * error);
        Exchangeable { seen: &[seen], covariance: &covariance, scale: 1.0 }.expected().unwrap()[0]
    }

    #[test]
    fn what_was_seen_is_believed_as_far_as_it_is_sure() {
        let (sure, unsure, nothing) = (one(3.0, 0.1), one(3.0, 3.0), one(0.0, 1.0));
        assert!((sure.mean - 3.0).abs() < 0.05 && sure.chance > 0.999);
        assert!(unsure.mean > 0.1 && unsure.mean < 2.0 && unsure.chance > 0.6 && unsure.chance < 0.9, "{unsure:?}");
        assert!((nothing.chance - 0.5).abs() < 1e-12 && nothing.mean == 0.0);
        // The chance of a loss, times it, is what the mean is short of the mean of gains alone.
        let turned = one(-3.0, 3.0);
        assert!((turned.chance + unsure.chance - 1.0).abs() < 1e-12);
        let gains = turned.shortfall * (1.0 - turned.chance);
        assert!((gains - unsure.shortfall * (1.0 - unsure.chance) - unsure.mean).abs() < 1e-9);
    }

    #[test]
    fn the_best_of_many_that_look_alike_is_believed_less() {
        let among = |others: usize| {
            let seen: Vec<f64> = (0..=others).map(|i| if i == 0 { 2.0 } else { -0.4 + 0.1 * (i % 9) as f64 }).collect();
            let covariance = Matrix::from_fn(seen.len(), seen.len(), |a, b| if a == b { 1.0 } else { 0.5 });
            Exchangeable { seen: &seen, covariance: &covariance, scale: 1.0 }.expected().unwrap()[0].mean
        };
        assert!(among(40) < 0.6 * among(0), "{} {}", among(40), among(0));
    }
}
