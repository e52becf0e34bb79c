use std::ops::RangeInclusive;

use rayon::prelude::*;

use super::leads;
use crate::stats::{Tally, Undefined, quantile};

/// Up to this many distinct probabilities the curve is computed at each of them.
const EXACT: usize = 5000;
/// Beyond, it is computed at this many quantiles and interpolated …
const KNOTS: usize = 512;
/// … from probabilities pooled into at most this many cells, which moves it by some 1e-8.
const CELLS: usize = 1 << 15;

/// How far a smooth calibration curve lies from the diagonal, at the leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AbsoluteError {
    pub mean: f64,
    pub median: f64,
    /// The 90th percentile.
    pub ninetieth: f64,
    pub largest: f64,
}

/// ICI, E50, E90 and Emax (Austin & Steyerberg 2019) of the curve that [`loess`] draws.
pub fn loess_error(tally: &Tally) -> Result<AbsoluteError, Undefined> {
    Ok(absolute_error(tally, &loess(tally)?))
}

/// Harrell's Eavg, E50, E90 and Emax of the curve that [`lowess`] draws.
pub fn lowess_error(tally: &Tally) -> Result<AbsoluteError, Undefined> {
    Ok(absolute_error(tally, &lowess(tally)?))
}

fn absolute_error(tally: &Tally, curve: &[f64]) -> AbsoluteError {
    let mut gaps: Vec<(f64, f64)> =
        (0..tally.len()).map(|i| ((tally.score[i] - curve[i]).abs(), tally.count(i))).collect();
    gaps.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (gap, count): (Vec<f64>, Vec<f64>) = gaps.into_iter().unzip();
    let total: f64 = count.iter().sum();
    AbsoluteError {
        mean: gap.iter().zip(&count).map(|(gap, count)| gap * count).sum::<f64>() / total,
        median: quantile::counted(&gap, &count, 0.5),
        ninetieth: quantile::counted(&gap, &count, 0.9),
        largest: gap[gap.len() - 1],
    }
}

/// The conversion rate around each distinct probability by local quadratic regression: tricube weights, the nearest
/// three quarters of the leads (Cleveland & Devlin 1988), computed directly rather than between the vertices of a tree.
/// Undefined for fewer than four leads, and where so many leads share a probability that a neighbourhood has no width.
pub fn loess(tally: &Tally) -> Result<Vec<f64>, Undefined> {
    let n = leads(tally)?;
    let neighbours = (0.75 * n + 1e-5).floor();
    if neighbours < 3.0 {
        return Err(Undefined::TooFewRows);
    }
    curve(tally, neighbours, local_quadratic)
}

/// The conversion rate around each distinct probability by Cleveland's (1979) local line: tricube weights, the nearest
/// two thirds of the leads, no robustness rounds.
pub fn lowess(tally: &Tally) -> Result<Vec<f64>, Undefined> {
    let n = leads(tally)?;
    let neighbours = (2.0 / 3.0 * n + 1e-7).floor().max(2.0).min(n);
    curve(tally, neighbours, local_line)
}

/// Distinct probabilities with their rate and number of leads.
struct Cells {
    x: Vec<f64>,
    rate: Vec<f64>,
    count: Vec<f64>,
}

/// The nearest cells to one of them, out to the distance of the farthest.
struct Window {
    centre: f64,
    reach: f64,
    cells: RangeInclusive<usize>,
}

type Local = fn(&Cells, &Window) -> Result<f64, Undefined>;

fn curve(tally: &Tally, neighbours: f64, local: Local) -> Result<Vec<f64>, Undefined> {
    let cells = Cells::of(tally);
    let knots = cells.knots();
    let at = |&knot: &usize| local(&cells, &cells.window(knot, neighbours));
    let values: Vec<f64> = knots.par_iter().map(at).collect::<Result<_, _>>()?;
    if knots.len() == tally.len() {
        return Ok(values);
    }
    let places: Vec<f64> = knots.iter().map(|&knot| cells.x[knot]).collect();
    Ok(tally.score.iter().map(|&p| interpolated(&places, &values, p)).collect())
}

fn interpolated(places: &[f64], values: &[f64], x: f64) -> f64 {
    let right = places.partition_point(|&place| place < x).clamp(1, places.len() - 1);
    let (from, to) = (places[right - 1], places[right]);
    values[right - 1] + (x - from) / (to - from) * (values[right] - values[right - 1])
}

impl Cells {
    fn of(tally: &Tally) -> Self {
        let mut cells = Self { x: Vec::new(), rate: Vec::new(), count: Vec::new() };
        for chunk in runs(tally.len(), tally.len().div_ceil(CELLS)) {
            let count: f64 = chunk.clone().map(|i| tally.count(i)).sum();
            let sum: f64 = chunk.clone().map(|i| tally.count(i) * tally.score[i]).sum();
            cells.x.push(if chunk.len() == 1 { tally.score[chunk.start] } else { sum / count });
            cells.rate.push(tally.positive[chunk].iter().sum::<f64>() / count);
            cells.count.push(count);
        }
        cells
    }

    /// The cells where the curve is computed: all of them, or those at equal steps of the leads.
    fn knots(&self) -> Vec<usize> {
        if self.x.len() <= EXACT {
            return (0..self.x.len()).collect();
        }
        let total: f64 = self.count.iter().sum();
        let (mut knots, mut through) = (vec![0], 0.0);
        for i in 0..self.x.len() - 1 {
            through += self.count[i];
            if through >= total * knots.len() as f64 / (KNOTS - 1) as f64 && i > 0 {
                knots.push(i);
            }
        }
        knots.push(self.x.len() - 1);
        knots
    }

    /// The cells around `knot` that hold the nearest `neighbours` leads.
    fn window(&self, knot: usize, neighbours: f64) -> Window {
        let centre = self.x[knot];
        let (mut low, mut high, mut reach) = (knot, knot, 0.0);
        let mut held = self.count[knot];
        while held < neighbours && (low > 0 || high + 1 < self.x.len()) {
            let left = if low > 0 { centre - self.x[low - 1] } else { f64::INFINITY };
            let right = self.x.get(high + 1).map_or(f64::INFINITY, |x| x - centre);
            let next = if left <= right {
                low -= 1;
                low
            } else {
                high += 1;
                high
            };
            held += self.count[next];
            reach = left.min(right);
        }
        Window { centre, reach, cells: low..=high }
    }
}

/// `0..n` in runs of a length.
fn runs(n: usize, length: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..n).step_by(length.max(1)).map(move |start| start..(start + length).min(n))
}

fn tricube(distance: f64) -> f64 {
    let rest = (1.0 - distance * distance * distance).max(0.0);
    rest * rest * rest
}

/// A cell as seen from the centre of a window.
struct Neighbour {
    weight: f64,
    /// Distance to the right of the centre.
    place: f64,
    rate: f64,
}

fn neighbours(cells: &Cells, window: &Window, kernel: impl Fn(f64) -> f64) -> Vec<Neighbour> {
    let neighbour = |i: usize| {
        let place = cells.x[i] - window.centre;
        Neighbour { weight: cells.count[i] * kernel(place.abs()), place, rate: cells.rate[i] }
    };
    window.cells.clone().map(neighbour).collect()
}

/// Σ w · term(place, rate).
fn weigh(neighbours: &[Neighbour], term: impl Fn(f64, f64) -> f64) -> f64 {
    neighbours.iter().map(|n| n.weight * term(n.place, n.rate)).sum()
}

/// The value at the centre of a weighted parabola, by orthogonal polynomials (Forsythe 1957). Where the window holds
/// too few distinct places for one, the line or the mean through them is the same at the centre.
fn local_quadratic(cells: &Cells, window: &Window) -> Result<f64, Undefined> {
    if window.reach == 0.0 {
        return Err(Undefined::Constant);
    }
    let near = neighbours(cells, window, |distance| tricube(distance / window.reach));
    let mass = weigh(&near, |_, _| 1.0);
    let mean = weigh(&near, |_, rate| rate) / mass;
    let middle = weigh(&near, |x, _| x) / mass;
    let line = |x: f64| x - middle;
    let line_square = weigh(&near, |x, _| line(x) * line(x));
    if line_square <= NEGLIGIBLE * mass * window.reach * window.reach {
        return Ok(mean);
    }
    let lean = weigh(&near, |x, _| x * x * line(x)) / line_square;
    let square = weigh(&near, |x, _| x * x) / mass;
    let bow = |x: f64| x * x - lean * line(x) - square;
    let bow_square = weigh(&near, |x, _| bow(x) * bow(x));
    let straight = mean + weigh(&near, |x, rate| line(x) * rate) / line_square * line(0.0);
    if bow_square <= NEGLIGIBLE * weigh(&near, |x, _| x * x * x * x) {
        return Ok(straight);
    }
    Ok(straight + weigh(&near, |x, rate| bow(x) * rate) / bow_square * bow(0.0))
}

/// Squared lengths below this share of the whole are rounding.
const NEGLIGIBLE: f64 = 1e-27;

/// The value at the centre of a weighted line, with the bounds of Cleveland's program: full weight within a thousandth
/// of the reach, none in its last thousandth, no slope where the places hardly differ.
fn local_line(cells: &Cells, window: &Window) -> Result<f64, Undefined> {
    let near = neighbours(cells, window, |distance| match distance {
        d if d <= 0.001 * window.reach => 1.0,
        d if d <= 0.999 * window.reach => tricube(d / window.reach),
        _ => 0.0,
    });
    let mass = weigh(&near, |_, _| 1.0);
    let mean = weigh(&near, |_, rate| rate) / mass;
    let middle = weigh(&near, |x, _| x) / mass;
    let square = weigh(&near, |x, _| (x - middle) * (x - middle));
    let range = cells.x[cells.x.len() - 1] - cells.x[0];
    if (square / mass).sqrt() <= 0.001 * range {
        return Ok(mean);
    }
    Ok(mean - weigh(&near, |x, rate| (x - middle) * rate) / square * middle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Sample;
    use crate::stats::calibration::samples::{leads, tally};
    use crate::stats::random::Seed;
    use proptest::prelude::*;

    #[test]
    fn a_constant_probability_has_a_lowess_error_and_no_loess() {
        let tally = tally(&[(0.5, true), (0.5, true), (0.5, false), (0.5, true)]);
        assert_eq!(lowess_error(&tally).unwrap().largest, 0.25);
        assert_eq!(loess_error(&tally), Err(Undefined::Constant));
    }

    #[test]
    fn three_leads_are_too_few_for_a_parabola() {
        assert_eq!(loess_error(&tally(&[(0.1, false), (0.2, true), (0.3, true)])), Err(Undefined::TooFewRows));
    }

    #[test]
    fn a_window_with_two_places_draws_through_their_rates() {
        let rows = [(0.1, false), (0.1, true), (0.9, true), (0.9, true)];
        assert_eq!(loess(&tally(&rows)), Ok(vec![0.5, 1.0]));
    }

    #[test]
    fn the_interpolated_curve_is_the_exact_one_to_four_digits() {
        let mut chance = Seed(3).replicate(0);
        let score: Vec<f64> = (1..=40_000).map(|i| f64::from(i) / 40_001.0).collect();
        let converted: Vec<bool> = score.iter().map(|p| chance.below(1_000_000) as f64 <= 1e6 * p * p).collect();
        let tally = Sample::new(&score, &converted).tally();
        let curve = loess(&tally).unwrap();
        let all = Cells { x: tally.score.clone(), rate: tally.positive.clone(), count: vec![1.0; tally.len()] };
        for i in [0, 7, 2_000, 19_999, 31_234, 39_999] {
            let exact = local_quadratic(&all, &all.window(i, 30_000.0)).unwrap();
            assert!((curve[i] - exact).abs() < 1e-5, "{i}: {} {exact}", curve[i]);
        }
    }

    proptest! {
        #[test]
        fn a_rate_that_is_a_line_is_drawn_as_that_line(rows in leads()) {
            let mut tally = tally(&rows);
            for i in 0..tally.len() {
                let count = tally.count(i);
                (tally.positive[i], tally.negative[i]) = (count * tally.score[i], count * (1.0 - tally.score[i]));
            }
            if let Ok(error) = loess_error(&tally) {
                prop_assert!(error.largest < 1e-9, "{}", error.largest);
            }
            prop_assert!(tally.len() < 30 || lowess_error(&tally).unwrap().largest < 1e-9);
        }
    }
}
