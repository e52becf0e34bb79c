use serde::{Deserialize, Serialize};

/// A two-sided interval, `low <= high`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// `point ± half`.
    pub fn around(point: f64, half: f64) -> Self {
        Self { low: point - half, high: point + half }
    }

    /// The part of the interval inside `[low, high]`.
    pub fn clamped(self, low: f64, high: f64) -> Self {
        Self { low: self.low.clamp(low, high), high: self.high.clamp(low, high) }
    }

    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { low: f(self.low), high: f(self.high) }
    }
}

/// Interval of B less A from the interval of each, where the two are independent: each side of the difference takes the
/// sides of the estimates that reach there. Of two Wilson intervals it makes Newcombe's. Zou & Donner (2008), eq. 3
/// ("method of variance estimates recovery"). Where estimates go together, as on shared leads, it is too wide.
pub fn of_difference((a, of_a): (f64, Interval), (b, of_b): (f64, Interval)) -> Interval {
    let down = (b - of_b.low).hypot(of_a.high - a);
    let up = (of_b.high - b).hypot(a - of_a.low);
    Interval::new(b - a - down, b - a + up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_wilson_intervals_is_newcombes() {
        use super::super::proportion::{Count, newcombe, wilson};
        let (control, treatment) = (Count { successes: 9.0, n: 120.0 }, Count { successes: 31.0, n: 200.0 });
        let side = |count: Count| (count.successes / count.n, wilson(count.successes, count.n, 0.95).unwrap());
        let (ours, theirs) =
            (of_difference(side(control), side(treatment)), newcombe(control, treatment, 0.95).unwrap());
        assert!(
            (ours.low - theirs.low).abs() < 1e-12 && (ours.high - theirs.high).abs() < 1e-12,
            "{ours:?} {theirs:?}"
        );
    }
}
