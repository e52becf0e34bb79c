//! What one point stands for in log-odds.

/// A criterion further from the common scale than this many standard errors has no say in it.
const AT_ODDS: f64 = 2.5;

/// Coefficients, what the model gives for them, and how sure each is.
pub(super) struct Pairs {
    pub points: Vec<f64>,
    pub variance: Vec<f64>,
}

impl Pairs {
    /// The criteria that agree on what a point is worth. Criteria at odds with the others would bend a slope through all,
    /// and with it the verdict on those that are right: so the scale is the one with the least truncated square error over
    /// the scales that single criteria propose (least trimmed squares, Rousseeuw 1984).
    pub fn agreeing(&self, coefficient: &[f64]) -> Vec<usize> {
        let with_points: Vec<usize> = (0..self.points.len()).filter(|&j| self.points[j] != 0.0).collect();
        let distance = |j: usize, scale: f64| (coefficient[j] - scale * self.points[j]).powi(2) / self.variance[j];
        let most = AT_ODDS * AT_ODDS;
        let loss = |scale: f64| with_points.iter().map(|&j| distance(j, scale).min(most)).sum::<f64>();
        let near = |scale: f64| with_points.iter().copied().filter(|&j| distance(j, scale) < most).collect::<Vec<_>>();
        let proposed = with_points.iter().map(|&j| coefficient[j] / self.points[j]).filter(|scale| *scale > 0.0);
        let refined = proposed.map(|mut scale| {
            for _ in 0..10 {
                scale = self.common(coefficient, &near(scale));
            }
            scale
        });
        let best = refined.map(|scale| (loss(scale), scale));
        let best = best.reduce(|best, one| if one.0 < best.0 { one } else { best });
        best.map_or(with_points.clone(), |(_, scale)| near(scale))
    }

    /// Log-odds a point, by least squares over some criteria.
    pub fn common(&self, coefficient: &[f64], agreeing: &[usize]) -> f64 {
        let (mut along, mut length) = (0.0, 0.0);
        for &j in agreeing {
            along += coefficient[j] * self.points[j] / self.variance[j];
            length += self.points[j] * self.points[j] / self.variance[j];
        }
        if length > 0.0 { along / length } else { 0.0 }
    }
}
