use super::Undefined;
use crate::stats::dist::{normal_pdf, normal_quantile, normal_sf};
use crate::stats::quadrature::GaussLegendre;
use crate::stats::root::{bracketed, turning};

/// How alpha is spent as information grows. Lan & DeMets (1983).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spending {
    /// Like O'Brien and Fleming's bounds: next to nothing early.
    OBrienFleming,
    /// Like Pocock's bounds: α ln(1 + (e - 1) t).
    Pocock,
    /// Kim & DeMets (1987): α t^γ.
    Power { gamma: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Only a large positive z stops.
    One,
    /// A large z of either sign stops; the bounds are symmetric.
    Two,
}

/// A group-sequential test: what stops it, fixed before it starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    pub spending: Spending,
    pub sides: Sides,
    pub alpha: f64,
}

/// Whether more looks can follow the last one given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Interim,
    /// The last look spends what is left of alpha, whatever its information.
    Final,
}

/// What one look may spend, and where it stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Alpha spent so far.
    pub spent: f64,
    /// The z that stops; infinite where nothing is left to spend.
    pub critical: f64,
}

impl Design {
    /// Alpha spent at the information fraction `t`, at most alpha.
    pub fn spent(&self, t: f64) -> f64 {
        let sides = self.sides.count();
        let spent = match self.spending {
            Spending::OBrienFleming => {
                let z = -normal_quantile(self.alpha / (2.0 * sides));
                2.0 * sides * normal_sf(z / t.sqrt())
            }
            Spending::Pocock => self.alpha * (t * (std::f64::consts::E - 1.0)).ln_1p(),
            Spending::Power { gamma } => self.alpha * t.powf(gamma),
        };
        spent.min(self.alpha)
    }

    /// The bounds at looks with these fractions of the planned information, by the exact recursion of Armitage,
    /// McPherson & Rowe (1969). A look without new information spends nothing. Undefined for fractions that are not
    /// positive, an alpha outside (0, 1) and a gamma that is not positive.
    pub fn bounds(&self, information: &[f64], stage: Stage) -> Result<Vec<Bound>, Undefined> {
        self.check(information)?;
        let times = never_decreasing(information);
        let spent = self.spending_plan(&times, stage);
        let steps: Vec<f64> =
            spent.iter().scan(0.0, |before, &now| Some(now - std::mem::replace(before, now))).collect();
        let mut walk = Walk::start(&times, 0.0);
        let mut bounds = Vec::with_capacity(times.len());
        for (look, &spent) in spent.iter().enumerate() {
            let critical = walk.critical(self.sides, steps[look]);
            bounds.push(Bound { spent, critical });
            let rest = steps[look + 1..].iter().copied().filter(|&step| step > 0.0).fold(1e-3, f64::min);
            walk.advance(self.sides, critical, reach(rest));
        }
        Ok(bounds)
    }

    fn check(&self, information: &[f64]) -> Result<(), Undefined> {
        let gamma_fits = match self.spending {
            Spending::Power { gamma } => gamma > 0.0,
            Spending::OBrienFleming | Spending::Pocock => true,
        };
        let times_fit = information.iter().all(|t| *t > 0.0 && t.is_finite());
        if gamma_fits && times_fit && self.alpha > 0.0 && self.alpha < 1.0 {
            Ok(())
        } else {
            Err(Undefined::OutOfRange)
        }
    }

    fn spending_plan(&self, times: &[f64], stage: Stage) -> Vec<f64> {
        let mut spent: Vec<f64> = times.iter().map(|&t| self.spent(t)).collect();
        if let (Stage::Final, Some(last)) = (stage, spent.last_mut()) {
            *last = self.alpha;
        }
        spent
    }
}

impl Sides {
    fn count(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Two => 2.0,
        }
    }
}

/// Information that shrinks on a later look counts as not having grown.
fn never_decreasing(information: &[f64]) -> Vec<f64> {
    let grown = |most: &mut f64, &now: &f64| {
        // Less than a millionth of growth is rounding, and would need a grid of millions.
        if now > *most * (1.0 + 1e-6) {
            *most = now;
        }
        Some(*most)
    };
    information.iter().scan(0.0, grown).collect()
}

/// How many standard deviations of the walk can still matter to a step of this size.
fn reach(step: f64) -> f64 {
    -normal_quantile((step * 1e-13).max(1e-300))
}

/// The walk of the score S(t) ~ N(drift t, t), as far as it has not stopped: its density at quadrature nodes.
struct Walk<'a> {
    times: &'a [f64],
    drift: f64,
    rule: GaussLegendre,
    /// Looks taken.
    look: usize,
    node: Vec<f64>,
    /// Density times quadrature weight.
    mass: Vec<f64>,
}

impl<'a> Walk<'a> {
    fn start(times: &'a [f64], drift: f64) -> Self {
        Self { times, drift, rule: GaussLegendre::new(16), look: 0, node: vec![0.0], mass: vec![1.0] }
    }

    fn time(&self) -> f64 {
        self.times[self.look]
    }

    /// Information since the last look.
    fn step(&self) -> f64 {
        self.time() - if self.look == 0 { 0.0 } else { self.times[self.look - 1] }
    }

    /// P(not stopped before, and z beyond `critical` now), upwards.
    fn upper(&self, critical: f64) -> f64 {
        self.crossing(critical * self.time().sqrt(), 1.0)
    }

    /// The same downwards.
    fn lower(&self, critical: f64) -> f64 {
        self.crossing(critical * self.time().sqrt(), -1.0)
    }

    fn crossing(&self, bound: f64, side: f64) -> f64 {
        let (step, sd) = (self.step(), self.step().sqrt());
        if step <= 0.0 || bound.is_infinite() {
            return 0.0;
        }
        let tail = |at: f64| normal_sf((bound - side * (at + self.drift * step)) / sd);
        self.node.iter().zip(&self.mass).map(|(&at, mass)| mass * tail(at)).sum()
    }

    fn stopping(&self, sides: Sides, critical: f64) -> f64 {
        match sides {
            Sides::One => self.upper(critical),
            Sides::Two => self.upper(critical) + self.lower(critical),
        }
    }

    /// The z beyond which the walk stops with probability `alpha` now.
    fn critical(&self, sides: Sides, alpha: f64) -> f64 {
        if alpha <= 0.0 || self.step() <= 0.0 {
            return f64::INFINITY;
        }
        // Without the earlier looks the walk stops more easily.
        let most = -normal_quantile(alpha / sides.count()) + 1e-9;
        let least = if sides == Sides::Two { 0.0 } else { -40.0 };
        if self.look == 0 {
            return most - 1e-9;
        }
        let excess = |z: f64| (self.stopping(sides, z) / alpha).ln();
        if excess(most).is_finite() && excess(least) > 0.0 {
            bracketed(excess, self.nearer(least, most, &excess), most, 1e-13)
        } else {
            turning(least, most, |z| self.stopping(sides, z) < alpha)
        }
    }

    /// A lower end closer to the root, so that few steps find it.
    fn nearer(&self, least: f64, most: f64, excess: &impl Fn(f64) -> f64) -> f64 {
        let steps = [0.1, 0.5, 2.0, 8.0].into_iter().map(|below| most - below);
        steps.filter(|&z| z > least).find(|&z| excess(z) > 0.0).unwrap_or(least)
    }

    /// Takes the look: what went beyond `critical` is gone. The density is kept up to `reach` standard deviations.
    fn advance(&mut self, sides: Sides, critical: f64, reach: f64) {
        let (step, sd) = (self.step(), self.step().sqrt());
        if step > 0.0 && self.look + 1 < self.times.len() {
            let (low, high) = self.region(sides, critical, reach);
            let (node, weight): (Vec<f64>, Vec<f64>) = self.grid(low, high).unzip();
            let density = |to: f64| self.density(to - self.drift * step, sd);
            self.mass = node.iter().zip(&weight).map(|(&to, weight)| weight * density(to)).collect();
            self.node = node;
        }
        self.look += 1;
    }

    fn region(&self, sides: Sides, critical: f64, reach: f64) -> (f64, f64) {
        let (time, sd) = (self.time(), self.time().sqrt());
        let (low, high) = (self.drift * time - reach * sd, self.drift * time + reach * sd);
        match sides {
            Sides::One => (low, high.min(critical * sd)),
            Sides::Two => (low.max(-critical * sd), high.min(critical * sd)),
        }
    }

    /// Panels as wide as the density can bend: two standard deviations of the shorter of the adjoining steps.
    fn grid(&self, low: f64, high: f64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let ahead = self.times[self.look..].windows(2).map(|pair| pair[1] - pair[0]).find(|&step| step > 0.0);
        let width = 2.0 * self.step().min(ahead.unwrap_or(f64::INFINITY)).sqrt();
        let panels = ((high - low) / width).ceil().max(1.0);
        let edge = move |i: usize| low + (high - low) * i as f64 / panels;
        (0..panels as usize).flat_map(move |i| self.rule.on(edge(i), edge(i + 1)))
    }

    fn density(&self, to: f64, sd: f64) -> f64 {
        // Nodes ascend, and beyond 39 standard deviations the normal density is zero.
        let from = self.node.partition_point(|&at| at < to - 39.0 * sd);
        let until = self.node.partition_point(|&at| at <= to + 39.0 * sd);
        let near = self.node[from..until].iter().zip(&self.mass[from..until]);
        near.map(|(at, mass)| mass * normal_pdf((to - at) / sd)).sum::<f64>() / sd
    }
}

/// The p-value of a test that stopped at its last look with this `z`, ordered by stages: stopping earlier is more
/// extreme, then the larger z. `bounds` are those of the looks before. Two-sided tests count both directions.
/// Undefined when information is missing or does not grow.
pub fn stagewise_p(information: &[f64], bounds: &[f64], z: f64, sides: Sides) -> Result<f64, Undefined> {
    let grows = information.windows(2).all(|pair| pair[0] < pair[1]) && information.first().is_some_and(|&t| t > 0.0);
    if !grows || bounds.len() + 1 != information.len() {
        return Err(Undefined::OutOfRange);
    }
    let stops: Vec<f64> = bounds.iter().copied().chain([if sides == Sides::Two { z.abs() } else { z }]).collect();
    Ok(stopping(information, &stops, sides, 0.0).iter().map(|stop| stop.0 + stop.1).sum::<f64>().min(1.0))
}

/// The probabilities to stop at each look, (upwards, downwards).
fn stopping(times: &[f64], critical: &[f64], sides: Sides, drift: f64) -> Vec<(f64, f64)> {
    let mut walk = Walk::start(times, drift);
    let stop = |&critical: &f64| {
        let down = if sides == Sides::Two { walk.lower(critical) } else { 0.0 };
        let stop = (walk.upper(critical), down);
        walk.advance(sides, critical, reach(1e-4));
        stop
    };
    critical.iter().map(stop).collect()
}

/// How classic bounds move over equally spaced looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// z falls with the root of the information: O'Brien & Fleming (1979).
    OBrienFleming,
    /// z is the same at all looks: Pocock (1977).
    Pocock,
}

/// A classic group-sequential test with equally spaced looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Classic {
    pub critical: Vec<f64>,
    sides: Sides,
    alpha: f64,
}

impl Classic {
    /// Finds the constant that spends `alpha` exactly. Undefined without looks and for an alpha outside (0, 1).
    pub fn new(shape: Shape, looks: usize, sides: Sides, alpha: f64) -> Result<Self, Undefined> {
        if looks == 0 || !(alpha > 0.0 && alpha < 1.0) {
            return Err(Undefined::OutOfRange);
        }
        let spent = |constant: f64| {
            let stops = stopping(&equal(looks), &shape.bounds(constant, looks), sides, 0.0);
            stops.iter().map(|stop| stop.0 + stop.1).sum::<f64>()
        };
        let least = -normal_quantile(alpha / sides.count());
        let most = -normal_quantile(alpha / (sides.count() * looks as f64));
        let constant = if looks == 1 { least } else { bracketed(|c| spent(c) - alpha, least, most, 1e-12) };
        Ok(Self { critical: shape.bounds(constant, looks), sides, alpha })
    }

    /// The largest sample relative to a fixed test of the same `power`, where only stops in the direction of the effect
    /// count as power.
    pub fn inflation(&self, power: f64) -> Result<f64, Undefined> {
        let fixed = self.fixed_drift(power)?;
        Ok((self.drift(power, fixed) / fixed).powi(2))
    }

    /// The sample used on average when the effect is as planned, relative to the fixed test.
    pub fn expected_sample(&self, power: f64) -> Result<f64, Undefined> {
        let fixed = self.fixed_drift(power)?;
        let drift = self.drift(power, fixed);
        let times = equal(self.critical.len());
        let stops = stopping(&times, &self.critical, self.sides, drift);
        let saved: f64 = stops.iter().zip(&times).map(|(stop, t)| (stop.0 + stop.1) * (1.0 - t)).sum();
        Ok((drift / fixed).powi(2) * (1.0 - saved))
    }

    fn fixed_drift(&self, power: f64) -> Result<f64, Undefined> {
        let drift = normal_quantile(power) - normal_quantile(self.alpha / self.sides.count());
        if power > 0.0 && power < 1.0 && drift > 0.0 { Ok(drift) } else { Err(Undefined::OutOfRange) }
    }

    fn drift(&self, power: f64, fixed: f64) -> f64 {
        let times = equal(self.critical.len());
        let missing = |drift: f64| {
            stopping(&times, &self.critical, self.sides, drift).iter().map(|stop| stop.0).sum::<f64>() - power
        };
        bracketed(missing, 0.0, 3.0 * fixed, 1e-12)
    }
}

impl Shape {
    fn bounds(self, constant: f64, looks: usize) -> Vec<f64> {
        let factor = |t: f64| if self == Self::Pocock { 1.0 } else { t.sqrt().recip() };
        equal(looks).into_iter().map(|t| constant * factor(t)).collect()
    }
}

fn equal(looks: usize) -> Vec<f64> {
    (1..=looks).map(|look| look as f64 / looks as f64).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OF: Design = Design { spending: Spending::OBrienFleming, sides: Sides::Two, alpha: 0.05 };

    fn critical(design: Design, information: &[f64]) -> Vec<f64> {
        design.bounds(information, Stage::Final).unwrap().iter().map(|bound| bound.critical).collect()
    }

    #[test]
    fn a_single_look_has_the_bound_of_a_fixed_test() {
        assert!((critical(OF, &[1.0])[0] - 1.959963984540054).abs() < 1e-12);
    }

    #[test]
    fn four_equal_looks_have_the_published_bounds() {
        let published = [4.3326, 2.9631, 2.3590, 2.0141];
        for (ours, theirs) in critical(OF, &[0.25, 0.5, 0.75, 1.0]).iter().zip(published) {
            assert!((ours - theirs).abs() < 6e-5);
        }
    }

    #[test]
    fn pocock_constants_are_the_published_ones() {
        let constant = |looks| Classic::new(Shape::Pocock, looks, Sides::Two, 0.05).unwrap().critical[0];
        assert!((constant(2) - 2.178).abs() < 5e-4);
        assert!((constant(10) - 2.555).abs() < 5e-4);
    }

    #[test]
    fn an_interim_look_keeps_alpha_for_later() {
        let looks = OF.bounds(&[0.25, 0.5], Stage::Interim).unwrap();
        assert!(looks[1].spent < 0.0031);
        assert_eq!(OF.bounds(&[0.25, 0.5], Stage::Final).unwrap()[1].spent, 0.05);
    }

    #[test]
    fn a_look_without_new_information_stops_nothing() {
        let looks = critical(OF, &[0.5, 0.5, 1.0]);
        assert_eq!(looks[1], f64::INFINITY);
        assert!((looks[2] - critical(OF, &[0.5, 1.0])[1]).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_left_after_all_alpha_is_spent() {
        assert_eq!(critical(OF, &[0.5, 1.1, 1.3])[2], f64::INFINITY);
    }

    #[test]
    fn a_fraction_of_zero_is_no_look() {
        assert_eq!(OF.bounds(&[0.0, 1.0], Stage::Final), Err(Undefined::OutOfRange));
    }

    #[test]
    fn the_stagewise_p_at_the_bound_is_the_alpha_spent() {
        let information = [0.3, 0.7, 1.0];
        let bounds = OF.bounds(&information, Stage::Final).unwrap();
        let before: Vec<f64> = bounds[..2].iter().map(|bound| bound.critical).collect();
        let p = stagewise_p(&information, &before, bounds[2].critical, Sides::Two).unwrap();
        assert!((p - 0.05).abs() < 1e-10);
    }

    #[test]
    fn one_classic_look_needs_no_larger_sample() {
        let fixed = Classic::new(Shape::Pocock, 1, Sides::One, 0.025).unwrap();
        assert!((fixed.inflation(0.8).unwrap() - 1.0).abs() < 1e-9);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_bounds_spend_what_the_plan_says(
            steps in prop::collection::vec(0.05..1.0f64, 1..7), alpha in 0.001..0.2f64, one in any::<bool>(), kind in 0..3
        ) {
            let total: f64 = steps.iter().sum();
            let information: Vec<f64> =
                steps.iter().scan(0.0, |t, step| { *t += step / total; Some(*t) }).collect();
            let spending =
                [Spending::OBrienFleming, Spending::Pocock, Spending::Power { gamma: 2.0 }][kind as usize];
            let sides = if one { Sides::One } else { Sides::Two };
            let bounds = Design { spending, sides, alpha }.bounds(&information, Stage::Final).unwrap();
            prop_assert!(bounds.windows(2).all(|pair| pair[0].spent <= pair[1].spent));
            let critical: Vec<f64> = bounds.iter().map(|bound| bound.critical).collect();
            let total: f64 = stopping(&information, &critical, sides, 0.0).iter().map(|stop| stop.0 + stop.1).sum();
            prop_assert!((total - alpha).abs() < 1e-11);
        }
    }
}
