use super::Undefined;
use crate::stats::dist::{expit, normal_cdf, normal_pdf};
use crate::stats::quadrature::GaussLegendre;
use crate::stats::root::turning;

/// Which arm has the highest rate, given what was counted.
#[derive(Clone, Debug, PartialEq)]
pub struct BestArm {
    /// P(this arm's rate is the highest).
    pub probability: Vec<f64>,
    /// E[highest rate - this arm's rate]: what is lost on average by choosing this arm.
    pub expected_loss: Vec<f64>,
    pub posterior_mean: Vec<f64>,
    /// E[highest rate].
    pub expected_max: f64,
}

/// Independent binomial counts, `converted[i]` of `leads[i]`, with the same Beta(`prior`) for every arm's rate.
///
/// The integrals run over the log-odds, where every posterior is log-concave and smooth, on panels that follow the
/// spread of each arm; so they keep their digits for counts of one and of a billion. Undefined without arms, for
/// impossible counts, and for an improper posterior.
pub fn beta_binomial(converted: &[f64], leads: &[f64], prior: (f64, f64)) -> Result<BestArm, Undefined> {
    if converted.is_empty() || converted.len() != leads.len() {
        return Err(Undefined::Empty);
    }
    let arms: Vec<Posterior> = converted
        .iter()
        .zip(leads)
        .map(|(x, n)| Posterior::new(prior.0 + x, prior.1 + (n - x)))
        .collect::<Result<_, _>>()?;
    if converted.iter().zip(leads).any(|(x, n)| !(0.0 <= *x && x <= n)) {
        return Err(Undefined::OutOfRange);
    }
    let posterior_mean: Vec<f64> = arms.iter().map(|arm| arm.rate).collect();
    let (probability, expected_loss) = Contest::new(arms).integrate();
    let probability = probability.into_iter().map(|p| p.min(1.0)).collect();
    let best = (0..posterior_mean.len()).max_by(|&i, &j| posterior_mean[i].total_cmp(&posterior_mean[j]));
    let expected_max = best.map_or(0.0, |best| posterior_mean[best] + expected_loss[best]);
    Ok(BestArm { probability, expected_loss, posterior_mean, expected_max })
}

/// Beta(a, b) over the log-odds.
struct Posterior {
    a: f64,
    b: f64,
    /// a / (a + b), the mean; over the log-odds the mode.
    rate: f64,
    /// b / (a + b).
    rest: f64,
    mode: f64,
}

/// exp(-700) of the mode's density is as good as nothing.
const DEEPEST: u32 = 37;

impl Posterior {
    fn new(a: f64, b: f64) -> Result<Self, Undefined> {
        let proper = |shape: f64| shape > 0.0 && shape.is_finite();
        if !proper(a) || !proper(b) {
            return Err(Undefined::OutOfRange);
        }
        Ok(Self { a, b, rate: a / (a + b), rest: b / (a + b), mode: a.ln() - b.ln() })
    }

    /// The logarithm of the density `t` beyond the mode, relative to the mode's.
    fn log_density(&self, t: f64) -> f64 {
        let fall = |t: f64, shape: f64, rate: f64, rest: f64| shape * t - (self.a + self.b) * log_mix(t, rate, rest);
        if t < 0.0 { fall(t, self.a, self.rate, self.rest) } else { fall(-t, self.b, self.rest, self.rate) }
    }

    fn density(&self, y: f64) -> f64 {
        self.log_density(y - self.mode).exp()
    }

    /// Places where the log-density has fallen by 0, 1/2, 2, 9/2, ...: about a standard deviation from one to the next.
    fn breaks(&self) -> Vec<f64> {
        let depths = (1..=DEEPEST).map(|k| 0.5 * f64::from(k * k));
        let sides = depths.flat_map(|depth| [-self.reach(depth, -1.0), self.reach(depth, 1.0)]);
        sides.chain([0.0]).map(|t| self.mode + t).collect()
    }

    /// How far from the mode the log-density has fallen by `depth`.
    fn reach(&self, depth: f64, side: f64) -> f64 {
        let is_beyond = |t: f64| self.log_density(side * t) < -depth;
        let mut far = ((self.a + self.b) / (self.a * self.b)).sqrt();
        while far.is_finite() && !is_beyond(far) {
            far *= 2.0;
        }
        turning(0.0, far, is_beyond)
    }
}

/// ln(rest + rate exp(t)) for t <= 0.
fn log_mix(t: f64, rate: f64, rest: f64) -> f64 {
    let change = rate * t.exp_m1();
    if change > -0.5 { change.ln_1p() } else { (rest + rate * t.exp()).ln() }
}

/// All arms on common panels of the log-odds.
struct Contest {
    arms: Vec<Posterior>,
    edges: Vec<f64>,
    rule: GaussLegendre,
    cumulative: Vec<Vec<f64>>,
}

/// One arm on one panel: density, P(below) and P(above) at the panel's nodes.
struct Piece {
    density: Vec<f64>,
    below: Vec<f64>,
    above: Vec<f64>,
}

impl Contest {
    fn new(arms: Vec<Posterior>) -> Self {
        // The logistic function bends near zero; panels must not jump over that.
        let bend = (-40..=40).map(f64::from);
        let mut edges: Vec<f64> = arms.iter().flat_map(Posterior::breaks).chain(bend).collect();
        edges.sort_unstable_by(f64::total_cmp);
        edges.dedup();
        let rule = GaussLegendre::new(16);
        let cumulative = rule.cumulative();
        Self { arms, edges, rule, cumulative }
    }

    /// (probability to be the best, expected loss) of every arm.
    fn integrate(&self) -> (Vec<f64>, Vec<f64>) {
        let masses: Vec<Masses> = self.arms.iter().map(|arm| self.masses(arm)).collect();
        let (mut best, mut loss) = (vec![0.0; self.arms.len()], vec![0.0; self.arms.len()]);
        for panel in 0..self.edges.len() - 1 {
            let pieces: Vec<Piece> =
                self.arms.iter().zip(&masses).map(|(arm, masses)| self.piece(arm, masses, panel)).collect();
            self.add_panel(panel, &pieces, &mut best, &mut loss);
        }
        (best, loss)
    }

    fn nodes(&self, panel: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.rule.on(self.edges[panel], self.edges[panel + 1])
    }

    fn masses(&self, arm: &Posterior) -> Masses {
        let panels = 0..self.edges.len() - 1;
        let mass: Vec<f64> = panels.map(|panel| self.nodes(panel).map(|(y, w)| w * arm.density(y)).sum()).collect();
        let running = |total: &mut f64, mass: &f64| {
            let before = *total;
            *total += mass;
            Some(before)
        };
        let below: Vec<f64> = mass.iter().scan(0.0, running).collect();
        let mut above: Vec<f64> = mass.iter().rev().scan(0.0, running).collect();
        above.reverse();
        Masses { total: mass.iter().sum(), mass, below, above }
    }

    fn piece(&self, arm: &Posterior, masses: &Masses, panel: usize) -> Piece {
        let half = 0.5 * (self.edges[panel + 1] - self.edges[panel]);
        let density: Vec<f64> = self.nodes(panel).map(|(y, _)| arm.density(y) / masses.total).collect();
        let dot = |row: &Vec<f64>| half * row.iter().zip(&density).map(|(w, f)| w * f).sum::<f64>();
        let within: Vec<f64> = self.cumulative.iter().map(|row| dot(row).max(0.0)).collect();
        let (before, own, after) = (masses.below[panel], masses.mass[panel], masses.above[panel]);
        let below = within.iter().map(|part| (before / masses.total + part).min(1.0)).collect();
        let above = within.iter().map(|part| after / masses.total + (own / masses.total - part).max(0.0)).collect();
        Piece { density, below, above }
    }

    /// Adds ∫ f_i Π F_j dy to the probabilities and ∫ F_i (1 - Π F_j) dp to the losses, j over the other arms:
    /// the latter is E[max - p_i] without a difference of nearly equal numbers.
    fn add_panel(&self, panel: usize, pieces: &[Piece], best: &mut [f64], loss: &mut [f64]) {
        for (node, (y, weight)) in self.nodes(panel).enumerate() {
            let logs: Vec<f64> = pieces.iter().map(|piece| piece.log_below(node)).collect();
            let jacobian = expit(y) * expit(-y);
            for (arm, piece) in pieces.iter().enumerate() {
                let others: f64 = (0..logs.len()).filter(|&other| other != arm).map(|other| logs[other]).sum();
                best[arm] += weight * piece.density[node] * others.exp();
                loss[arm] += weight * jacobian * piece.below[node] * -others.exp_m1();
            }
        }
    }
}

/// One arm's unnormalised mass in every panel, and before and after it.
struct Masses {
    total: f64,
    mass: Vec<f64>,
    below: Vec<f64>,
    above: Vec<f64>,
}

impl Piece {
    /// ln P(below) from whichever side keeps its digits.
    fn log_below(&self, node: usize) -> f64 {
        if self.above[node] < 0.5 { (-self.above[node]).ln_1p() } else { self.below[node].ln() }
    }
}

/// The difference of two arms as a normal posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalPosterior {
    pub mean: f64,
    pub sd: f64,
    /// P(difference > 0).
    pub treatment_better: f64,
    /// E[(-difference)⁺].
    pub loss_choosing_treatment: f64,
    /// E[(difference)⁺].
    pub loss_choosing_control: f64,
}

/// A normal likelihood of the difference, with a flat prior or N(0, `prior_sd`²).
/// Undefined for a negative `se` and where nothing is uncertain and the difference is zero.
pub fn normal_posterior(difference: f64, se: f64, prior_sd: Option<f64>) -> Result<NormalPosterior, Undefined> {
    let makes_sense = difference.is_finite() && se >= 0.0 && prior_sd.is_none_or(|sd| sd >= 0.0);
    if !makes_sense {
        return Err(Undefined::OutOfRange);
    }
    let (mean, sd) = match prior_sd {
        Some(prior) if prior.is_finite() && prior.hypot(se) > 0.0 => {
            let share = prior / prior.hypot(se);
            (difference * share * share, se * share)
        }
        _ => (difference, se),
    };
    if mean == 0.0 && sd == 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    Ok(NormalPosterior {
        mean,
        sd,
        treatment_better: normal_cdf(mean / sd),
        loss_choosing_treatment: overshoot(-mean, sd),
        loss_choosing_control: overshoot(mean, sd),
    })
}

/// E[X⁺] of X ~ N(mean, sd²).
fn overshoot(mean: f64, sd: f64) -> f64 {
    let z = -mean / sd;
    if z > 2.0 { sd * far_overshoot(z) } else { (sd * normal_pdf(z) + mean * normal_cdf(-z)).max(0.0) }
}

/// E[(Z - z)⁺] far in the tail, by the continued fraction of Mills' ratio: its two terms would cancel.
fn far_overshoot(z: f64) -> f64 {
    let fraction = (1..200).rev().fold(0.0, |rest, k| f64::from(k) / (z + rest));
    if z.is_infinite() { 0.0 } else { normal_pdf(z) * fraction / (z + fraction) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance * b.abs() + 1e-14, "{a} is not {b}");
    }

    #[test]
    fn two_uniform_rates_differ_by_a_third_on_average() {
        let answer = beta_binomial(&[0.0, 0.0], &[0.0, 0.0], (1.0, 1.0)).unwrap();
        near(answer.probability[0], 0.5, 1e-13);
        near(answer.expected_max, 2.0 / 3.0, 1e-13);
        near(answer.expected_loss[1], 1.0 / 6.0, 1e-13);
    }

    #[test]
    fn the_largest_of_ten_uniform_rates_is_ten_elevenths() {
        let answer = beta_binomial(&[0.0; 10], &[0.0; 10], (1.0, 1.0)).unwrap();
        near(answer.expected_max, 10.0 / 11.0, 1e-12);
        near(answer.probability.iter().sum(), 1.0, 1e-12);
    }

    #[test]
    fn one_arm_is_the_best_for_certain() {
        let answer = beta_binomial(&[3.0], &[10.0], (1.0, 1.0)).unwrap();
        near(answer.probability[0], 1.0, 1e-13);
        assert_eq!(answer.expected_loss, [0.0]);
    }

    #[test]
    fn an_improper_posterior_says_nothing() {
        assert_eq!(beta_binomial(&[0.0, 1.0], &[5.0, 5.0], (0.0, 0.0)), Err(Undefined::OutOfRange));
        assert_eq!(beta_binomial(&[6.0, 1.0], &[5.0, 5.0], (1.0, 1.0)), Err(Undefined::OutOfRange));
    }

    /// P(B > A) for whole shapes (Miller 2015).
    fn finite_sum(a: (f64, f64), b: (f64, f64)) -> f64 {
        use crate::stats::dist::ln_gamma;
        let ln_beta = |x: f64, y: f64| ln_gamma(x) + ln_gamma(y) - ln_gamma(x + y);
        (0..b.0 as u32)
            .map(f64::from)
            .map(|i| (ln_beta(a.0 + i, b.1 + a.1) - (b.1 + i).ln() - ln_beta(1.0 + i, b.1) - ln_beta(a.0, a.1)).exp())
            .sum()
    }

    #[test]
    fn quadrature_agrees_with_the_finite_sum() {
        let answer = beta_binomial(&[3.0, 9.0], &[40.0, 60.0], (1.0, 1.0)).unwrap();
        near(answer.probability[1], finite_sum((4.0, 38.0), (10.0, 52.0)), 1e-12);
    }

    #[test]
    fn a_billion_leads_tend_to_the_normal_answer() {
        let answer = beta_binomial(&[1e8, 1.0001e8], &[1e9, 1e9], (1.0, 1.0)).unwrap();
        let se = (2.0f64 * 0.1 * 0.9 / 1e9).sqrt();
        near(answer.probability[1], normal_cdf(1e-5 / se), 1e-3);
        near(answer.probability.iter().sum(), 1.0, 1e-10);
    }

    #[test]
    fn certainty_loses_nothing() {
        let sure = normal_posterior(2.0, 0.0, None).unwrap();
        assert_eq!((sure.treatment_better, sure.loss_choosing_treatment, sure.loss_choosing_control), (1.0, 0.0, 2.0));
        assert_eq!(normal_posterior(0.0, 0.0, None), Err(Undefined::ZeroVariance));
    }

    #[test]
    fn the_two_forms_of_a_small_loss_agree() {
        near(far_overshoot(2.0), normal_pdf(2.0) - 2.0 * normal_cdf(-2.0), 1e-13);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn swapping_arms_permutes_the_answers(
            x in 0..40u32, y in 0..40u32, more in 0..400u32, prior in 0.01..2.0f64
        ) {
            let (x, y, more) = (f64::from(x), f64::from(y), f64::from(more));
            let there = beta_binomial(&[x, y], &[40.0, 40.0 + more], (prior, prior)).unwrap();
            let back = beta_binomial(&[y, x], &[40.0 + more, 40.0], (prior, prior)).unwrap();
            near(there.probability[0], back.probability[1], 1e-12);
            near(there.expected_loss[1], back.expected_loss[0], 1e-12);
            near(there.probability.iter().sum(), 1.0, 1e-12);
            prop_assert!(there.expected_loss.iter().all(|loss| *loss >= 0.0));
        }
    }
}
