use std::ops::RangeInclusive;

use rayon::prelude::*;

use super::leads;
use crate::stats::{Tally, Undefined, quantile};

/// Up to this many distinct probabilities the curve is computed at each of them.
const EXACT: usize = 5000;
/// Beyond, it is computed at this many quantiles and interpolated …
const KNOTS: usize = 512;
/// … from probabilities pooled into this many cells, a second-order change of less than 1e-9.
const CELLS: usize = 1 << 17;

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
    (1.0 - distance.powi(3)).max(0.0).powi(3)
}

/// The value at the centre of a weighted parabola, by orthogonal polynomials (Forsythe 1957). Where the window holds
/// too few distinct places for one, the line or the mean through them is the same at the centre.
fn local_quadratic(cells: &Cells, window: &Window) -> Result<f64, Undefined> {
    if window.reach == 0.0 {
        return Err(Undefined::Constant);
    }
    let place = |i: usize| (cells.x[i] - window.centre) / window.reach;
    let weight = |i: usize| cells.count[i] * tricube(place(i).abs());
    let sum = |term: &dyn Fn(f64) -> f64| -> f64 { window.cells.clone().map(|i| weight(i) * term(place(i))).sum() };
    let against = |term: &dyn Fn(f64) -> f64| -> f64 {
        window.cells.clone().map(|i| weight(i) * cells.rate[i] * term(place(i))).sum()
    };
    let mass = sum(&|_| 1.0);
    let centre = sum(&|u| u) / mass;
    let line = |u: f64| u - centre;
    let (line_square, fourth) = (sum(&|u| line(u).powi(2)), sum(&|u| u.powi(4)));
    let mut fit = against(&|_| 1.0) / mass;
    if line_square <= NEGLIGIBLE * mass {
        return Ok(fit);
    }
    fit += against(&line) / line_square * line(0.0);
    let (mean_square, lean) = (sum(&|u| u * u) / mass, sum(&|u| u * u * line(u)) / line_square);
    let bow = |u: f64| u * u - lean * line(u) - mean_square;
    let bow_square = sum(&|u| bow(u).powi(2));
    let bends = bow_square > NEGLIGIBLE * fourth;
    Ok(if bends { fit + against(&bow) / bow_square * bow(0.0) } else { fit })
}

/// Squared lengths below this share of the whole are rounding.
const NEGLIGIBLE: f64 = 1e-27;

/// The value at the centre of a weighted line, with the bounds of Cleveland's program: full weight within a thousandth
/// of the reach, none in its last thousandth, no slope where the places hardly differ.
fn local_line(cells: &Cells, window: &Window) -> Result<f64, Undefined> {
    let weight = |i: usize| {
        let distance = (cells.x[i] - window.centre).abs();
        match distance {
            d if d <= 0.001 * window.reach => cells.count[i],
            d if d <= 0.999 * window.reach => cells.count[i] * tricube(d / window.reach),
            _ => 0.0,
        }
    };
    let sum = |term: &dyn Fn(usize) -> f64| -> f64 { window.cells.clone().map(|i| weight(i) * term(i)).sum() };
    let mass = sum(&|_| 1.0);
    let mean = sum(&|i| cells.rate[i]) / mass;
    let centre = window.centre + sum(&|i| cells.x[i] - window.centre) / mass;
    let square = sum(&|i| (cells.x[i] - centre).powi(2));
    let range = cells.x[cells.x.len() - 1] - cells.x[0];
    if (square / mass).sqrt() <= 0.001 * range {
        return Ok(mean);
    }
    let slope = sum(&|i| (cells.x[i] - centre) * cells.rate[i]) / square;
    Ok(mean + slope * (window.centre - centre))
}
