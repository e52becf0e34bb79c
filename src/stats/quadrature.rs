//! Gauss-Legendre quadrature: integrals of smooth functions on panels, to machine precision.

/// Nodes in (-1, 1), ascending, with their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussLegendre {
    pub node: Vec<f64>,
    pub weight: Vec<f64>,
}

impl GaussLegendre {
    /// The rule of `n` nodes, exact for polynomials of degree 2n - 1: roots of the Legendre polynomial by Newton.
    pub fn new(n: usize) -> Self {
        let roots = (0..n).map(|i| {
            let start = -(std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            (0..10).fold(start, |x, _| {
                let (value, slope) = legendre_with_slope(n, x);
                x - value / slope
            })
        });
        let node: Vec<f64> = roots.collect();
        let weight = node.iter().map(|&x| 2.0 / ((1.0 - x * x) * legendre_with_slope(n, x).1.powi(2))).collect();
        Self { node, weight }
    }

    /// The nodes and weights of one panel `[low, high]`.
    pub fn on(&self, low: f64, high: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
        self.node.iter().zip(&self.weight).map(move |(x, w)| (centre + half * x, half * w))
    }

    /// Row `i` holds the weights of the integral from -1 to node `i`, exact for polynomials of degree n - 1.
    pub fn cumulative(&self) -> Vec<Vec<f64>> {
        let n = self.node.len();
        let at_nodes: Vec<Vec<f64>> = self.node.iter().map(|&x| legendre(n, x)).collect();
        let entry = |i: usize, k: usize| {
            let terms = (0..n).map(|degree| {
                (degree as f64 + 0.5) * at_nodes[k][degree] * legendre_integral(&at_nodes[i], degree, self.node[i])
            });
            self.weight[k] * terms.sum::<f64>()
        };
        (0..n).map(|i| (0..n).map(|k| entry(i, k)).collect()).collect()
    }
}

/// P₀(x) to Pₙ(x) by their recurrence.
fn legendre(n: usize, x: f64) -> Vec<f64> {
    let mut p = vec![1.0, x];
    for k in 1..n {
        let k_ = k as f64;
        p.push(((2.0 * k_ + 1.0) * x * p[k] - k_ * p[k - 1]) / (k_ + 1.0));
    }
    p
}

fn legendre_with_slope(n: usize, x: f64) -> (f64, f64) {
    let p = legendre(n, x);
    (p[n], n as f64 * (x * p[n] - p[n - 1]) / (x * x - 1.0))
}

/// The integral of one Legendre polynomial from -1 to x, from the values of all at x.
fn legendre_integral(p: &[f64], degree: usize, x: f64) -> f64 {
    if degree == 0 { x + 1.0 } else { (p[degree + 1] - p[degree - 1]) / (2.0 * degree as f64 + 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_nodes_integrate_a_smooth_function_to_machine_precision() {
        let integral: f64 = GaussLegendre::new(16).on(0.0, 2.0).map(|(x, w)| w * x.exp()).sum();
        assert!((integral - (2.0f64.exp() - 1.0)).abs() < 1e-14);
    }

    #[test]
    fn cumulative_weights_integrate_up_to_every_node() {
        let rule = GaussLegendre::new(16);
        for (row, &x) in rule.cumulative().iter().zip(&rule.node) {
            let integral: f64 = row.iter().zip(&rule.node).map(|(w, u)| w * u.exp()).sum();
            assert!((integral - (x.exp() - (-1.0f64).exp())).abs() < 1e-14);
        }
    }
}
