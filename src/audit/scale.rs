//! What one point stands for in log-odds.

/// Starts are refined for so many steps.
const STEPS: usize = 60;
/// One criterion with more than this of what tells the scale scales itself.
const SOLE: f64 = 0.95;
/// The scale is no less than this part of the total's slope: criteria of no worth flatten the slope, and one that is worth
/// far more than its points steepens it.
const LEAST: f64 = 0.1;
/// A criterion further from the common scale than this many standard errors has no say in it.
const AT_ODDS: f64 = 2.5;

/// Coefficients, what the model gives for them, and how sure each is.
pub(super) struct Pairs {
    pub points: Vec<f64>,
    pub variance: Vec<f64>,
}

/// The slope of conversion on the total of all points, in log-odds a point, and its lower limit: above 0 where the total orders
/// leads.
#[derive(Clone, Copy)]
pub(super) struct Total {
    pub slope: f64,
    pub low: f64,
}

/// A law of the coefficients: worth their points on one scale, worth nothing, or something else.
struct Mixture {
    scale: f64,
    /// Of criteria of each kind.
    shares: [f64; 3],
    /// The largest coefficient.
    widest: f64,
}

impl Pairs {
    /// The chance of each criterion to be worth its points, on the scale that all of them together make likeliest. Criteria at
    /// odds with the others would bend a slope through all, and with it the verdict on those that are right; a loss that is
    /// cut off is least at nought where most are worth nothing. So each is worth its points, or nothing, or something else:
    /// normal, normal about 0, and uniform over the coefficients' range (a noise component: Banfield & Raftery 1993), with
    /// a Dirichlet(2, 2, 2) law of their shares (Fraley & Raftery 2007), fitted by EM from every scale that a single
    /// criterion proposes. A total that orders leads bounds the scale from below; without one the criteria that agree
    /// most closely count.
    pub fn as_configured(&self, coefficient: &[f64], total: Option<Total>) -> Vec<f64> {
        let Some(total) = total.filter(|total| total.low > 0.0) else {
            return self.only(&self.agreeing(coefficient));
        };
        let with_points = self.with_points();
        let proposed = with_points.iter().map(|&j| coefficient[j] / self.points[j]);
        let starts = proposed.chain([total.slope]).filter(|scale| scale.is_finite() && *scale > 0.0);
        let fitted = starts.map(|start| self.refined(coefficient, start, LEAST * total.low));
        let rated = fitted.map(|mixture| (self.log_posterior(coefficient, &mixture), mixture));
        let best = rated.reduce(|best, one| if one.0 > best.0 { one } else { best });
        let mut chances = vec![0.0; self.points.len()];
        if let Some((_, mixture)) = best {
            with_points.iter().for_each(|&j| chances[j] = self.parts(coefficient, j, &mixture).1[0]);
        }
        chances
    }

    /// The criterion that alone tells what a point is worth, where one does.
    pub fn sole(&self, as_configured: &[f64]) -> Option<usize> {
        let told = |j: usize| as_configured[j] * self.points[j].powi(2) / self.variance[j];
        let all: f64 = (0..self.points.len()).map(told).sum();
        (0..self.points.len()).find(|&j| all > 0.0 && told(j) > SOLE * all)
    }

    fn with_points(&self) -> Vec<usize> {
        (0..self.points.len()).filter(|&j| self.points[j] != 0.0).collect()
    }

    /// These count, and no others.
    fn only(&self, places: &[usize]) -> Vec<f64> {
        let mut weight = vec![0.0; self.points.len()];
        places.iter().for_each(|&j| weight[j] = 1.0);
        weight
    }

    fn refined(&self, coefficient: &[f64], start: f64, least: f64) -> Mixture {
        let widest = coefficient.iter().fold(f64::MIN_POSITIVE, |widest, one| widest.max(one.abs()));
        let mut mixture = Mixture { scale: start.max(least), shares: [1.0 / 3.0; 3], widest };
        let places = self.with_points();
        for _ in 0..STEPS {
            let (mut along, mut length, mut counts) = (0.0, 0.0, [1.0; 3]);
            for &j in &places {
                let (_, belongs) = self.parts(coefficient, j, &mixture);
                counts.iter_mut().zip(belongs).for_each(|(count, part)| *count += part);
                along += belongs[0] * coefficient[j] * self.points[j] / self.variance[j];
                length += belongs[0] * self.points[j].powi(2) / self.variance[j];
            }
            mixture.shares = counts.map(|count| count / (places.len() + 3) as f64);
            if length > 0.0 {
                mixture.scale = (along / length).max(least);
            }
        }
        mixture
    }

    fn log_posterior(&self, coefficient: &[f64], mixture: &Mixture) -> f64 {
        let prior: f64 = mixture.shares.iter().map(|share| share.ln()).sum();
        prior + self.with_points().iter().map(|&j| self.parts(coefficient, j, mixture).0).sum::<f64>()
    }

    /// The log-likelihood of a coefficient, and the chance that it is of each part.
    fn parts(&self, coefficient: &[f64], j: usize, mixture: &Mixture) -> (f64, [f64; 3]) {
        let variance = self.variance[j];
        let normal = |residual: f64| -0.5 * (residual * residual / variance + (std::f64::consts::TAU * variance).ln());
        let configured = normal(coefficient[j] - mixture.scale * self.points[j]);
        let density = [configured, normal(coefficient[j]), -(2.0 * mixture.widest).ln()];
        let log = [0, 1, 2].map(|part| density[part] + mixture.shares[part].ln());
        let most = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let whole: f64 = log.iter().map(|one| (one - most).exp()).sum();
        (most + whole.ln(), log.map(|one| (one - most).exp() / whole))
    }

    /// The criteria that agree on what a point is worth. Criteria at odds with the others would bend a slope through all,
    /// and with it the verdict on those that are right: so the scale is the one with the least truncated square error over
    /// the scales that single criteria propose (least trimmed squares, Rousseeuw 1984).
    fn agreeing(&self, coefficient: &[f64]) -> Vec<usize> {
        let with_points: Vec<usize> = (0..self.points.len()).filter(|&j| self.points[j] != 0.0).collect();
        let distance = |j: usize, scale: f64| (coefficient[j] - scale * self.points[j]).powi(2) / self.variance[j];
        let most = AT_ODDS * AT_ODDS;
        let loss = |scale: f64| with_points.iter().map(|&j| distance(j, scale).min(most)).sum::<f64>();
        let near = |scale: f64| with_points.iter().copied().filter(|&j| distance(j, scale) < most).collect::<Vec<_>>();
        let proposed = with_points.iter().map(|&j| coefficient[j] / self.points[j]).filter(|scale| *scale > 0.0);
        let refined = proposed.map(|mut scale| {
            for _ in 0..10 {
                scale = self.common(coefficient, &self.only(&near(scale)));
            }
            scale
        });
        let best = refined.map(|scale| (loss(scale), scale));
        let best = best.reduce(|best, one| if one.0 < best.0 { one } else { best });
        best.map_or(with_points.clone(), |(_, scale)| near(scale))
    }

    /// Log-odds a point, by least squares over the criteria with their weights.
    pub fn common(&self, coefficient: &[f64], weight: &[f64]) -> f64 {
        let (mut along, mut length) = (0.0, 0.0);
        for j in 0..self.points.len() {
            along += weight[j] * coefficient[j] * self.points[j] / self.variance[j];
            length += weight[j] * self.points[j] * self.points[j] / self.variance[j];
        }
        if length > 0.0 { along / length } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOTAL: Total = Total { slope: 0.012, low: 0.008 };

    fn pairs(points: &[f64]) -> Pairs {
        Pairs { points: points.to_vec(), variance: vec![0.0025; points.len()] }
    }

    /// Sixty criteria, fifteen of them worth 0.04 a point and the others nothing.
    fn mostly_worthless() -> (Pairs, Vec<f64>) {
        let points: Vec<f64> = (0..60).map(|j| 5.0 * f64::from(j % 5 + 1)).collect();
        let noise = |j: usize| 0.05 * ((j * 7 % 11) as f64 / 5.0 - 1.0);
        let coefficient = (0..60).map(|j| noise(j) + if j < 15 { 0.04 * points[j] } else { 0.0 }).collect();
        (pairs(&points), coefficient)
    }

    #[test]
    fn a_scale_survives_most_criteria_being_worthless() {
        let (pairs, coefficient) = mostly_worthless();
        let as_configured = pairs.as_configured(&coefficient, Some(TOTAL));
        let scale = pairs.common(&coefficient, &as_configured);
        assert!((scale / 0.04 - 1.0).abs() < 0.1, "{scale}");
        assert!(as_configured[4] > 0.9 && as_configured[19] < 0.1);
        // The loss that is cut off is least at nought.
        let cut_off = pairs.only(&pairs.agreeing(&coefficient));
        assert!(pairs.common(&coefficient, &cut_off) < 0.01);
    }

    #[test]
    fn a_total_that_orders_nobody_leaves_the_scale_to_those_that_agree() {
        let (pairs, coefficient) = mostly_worthless();
        let unordered = Total { low: 0.0, ..TOTAL };
        let agreeing = pairs.only(&pairs.agreeing(&coefficient));
        assert_eq!(pairs.as_configured(&coefficient, Some(unordered)), agreeing);
        assert_eq!(pairs.as_configured(&coefficient, None), agreeing);
    }

    #[test]
    fn one_criterion_that_alone_tells_the_scale_is_known() {
        let three = pairs(&[10.0, 10.0, 10.0]);
        assert_eq!(three.sole(&[0.96, 0.02, 0.02]), Some(0));
        assert_eq!(three.sole(&[0.94, 0.03, 0.03]), None);
        assert_eq!(three.sole(&[0.0; 3]), None);
        assert_eq!(pairs(&[10.0, 0.0]).sole(&[1.0, 1.0]), Some(0));
    }

    #[test]
    fn no_coefficient_breaks_it() {
        for b in [[f64::NAN, 1.0], [f64::INFINITY, 0.0], [0.0, 0.0], [-1.0, -1.0], [1e300, -1e300]] {
            pairs(&[10.0, 5.0]).as_configured(&b, Some(TOTAL));
        }
    }
}
