//! Profile likelihood of how fast the events of a criterion fade.

use std::cell::RefCell;

use crate::result::Estimate;
use crate::stats::linear::Matrix;
use crate::stats::regression::{Rows, maximum_likelihood};
use crate::stats::{Undefined, dist};

use super::alike::LeftOut;
use super::{Evidence, LEVEL};

/// A criterion's strengths at several speeds of fading.
#[derive(Clone, Debug)]
pub struct Faded {
    /// The criterion's place.
    pub criterion: usize,
    /// Days; nothing where no half-life is set.
    pub configured_days: Option<f64>,
    /// Days; nothing where no linear expiry is set.
    pub configured_expiry: Option<f64>,
    /// Ascending half-lives in days with the strengths they give, the last one infinite: no decay.
    pub half_lives: Vec<(f64, Vec<f64>)>,
    /// The same of linear expiries: days until nothing is left.
    pub expiries: Vec<(f64, Vec<f64>)>,
}

/// Both ways of fading.
pub(super) struct Found {
    pub half_life: Profile,
    pub expiry: Result<Profile, Undefined>,
}

/// A straight line fits better than a half-life from this much log likelihood on.
const CLEARLY: f64 = 2.0;

impl Found {
    pub fn of(evidence: &Evidence, faded: &Faded, left_out: &[Option<LeftOut>]) -> Result<Self, Undefined> {
        let problem = Problem::of(evidence, faded.criterion, left_out);
        let half_life = problem.profile(&faded.half_lives)?;
        Ok(Self { half_life, expiry: problem.profile(&faded.expiries) })
    }

    /// Likelihood ratio of a half-life against no decay; at its edge the χ² is on the safe side (Self & Liang 1987).
    pub fn p(&self) -> f64 {
        dist::chi2_sf((2.0 * (self.half_life.most - self.half_life.never)).max(0.0), 1.0)
    }

    /// The straight line, where it fits clearly better.
    pub fn straighter(&self) -> Option<&Profile> {
        self.expiry.as_ref().ok().filter(|line| line.best.is_finite() && line.most > self.half_life.most + CLEARLY)
    }
}

/// The days that fit best, and those that the likelihood ratio does not reject.
pub(super) struct Profile {
    pub best: f64,
    pub low: f64,
    pub high: f64,
    /// Log likelihood at the best days, and without decay.
    most: f64,
    never: f64,
}

impl Profile {
    pub fn estimate(&self) -> Estimate {
        Estimate { point: self.best.into(), low: self.low.into(), high: self.high.into() }
    }
}

/// The outcomes and the other criteria, with the criterion itself to come.
struct Problem<'a> {
    evidence: &'a Evidence,
    others: Vec<usize>,
    y: Vec<f64>,
    /// The coefficients of the latest fit: the next one is near.
    latest: RefCell<Option<Vec<f64>>>,
}

impl<'a> Problem<'a> {
    fn of(evidence: &'a Evidence, criterion: usize, left_out: &[Option<LeftOut>]) -> Self {
        let others = (0..left_out.len()).filter(|&place| place != criterion && left_out[place].is_none());
        let y = evidence.converted.iter().map(|won| f64::from(*won)).collect();
        Self { evidence, others: others.collect(), y, latest: RefCell::new(None) }
    }

    fn likelihood(&self, strength: impl Fn(usize) -> f64) -> Result<f64, Undefined> {
        let x = Matrix::from_fn(self.y.len(), self.others.len() + 1, |row, column| match self.others.get(column) {
            Some(&place) => self.evidence.criteria[place].strength[row],
            None => strength(row),
        });
        let start = self.latest.borrow().clone();
        let rows = Rows::new(&x, &self.y);
        let fit = maximum_likelihood(&start.as_ref().map_or(rows, |start| rows.starting_at(start)))?;
        *self.latest.borrow_mut() = Some(fit.coefficients);
        Ok(fit.log_likelihood)
    }

    /// The best place by golden section around the best of the grid; the ends where the likelihood falls by 1.92, by
    /// bisection.
    fn profile(&self, grid: &[(f64, Vec<f64>)]) -> Result<Profile, Undefined> {
        let way = Way { grid };
        if grid.len() < 4 {
            return Err(Undefined::TooFewRows);
        }
        let at = |place: f64| self.likelihood(|row| way.strength(place, row));
        let tried = (0..grid.len()).map(|place| at(place as f64)).collect::<Result<Vec<f64>, _>>()?;
        let last = grid.len() - 1;
        let top = (0..=last).fold(0, |best, place| if tried[place] > tried[best] { place } else { best });
        let (best, most) = highest(&at, (top.saturating_sub(1) as f64, (top + 1).min(last) as f64), tried[top], top)?;
        let floor = most - dist::normal_critical(LEVEL).powi(2) / 2.0;
        let inside = |place: &usize| tried[*place] >= floor;
        let below = (0..=last).take_while(|place| (*place as f64) < best && !inside(place)).last();
        let above = (0..=last).rev().take_while(|place| (*place as f64) > best && !inside(place)).last();
        let edge = |outside: usize, step: f64| {
            let beside = outside as f64 + step;
            let within = if step > 0.0 { beside.min(best) } else { beside.max(best) };
            crossing(&at, within, outside as f64, floor)
        };
        Ok(Profile {
            best: way.days(best),
            low: below.map_or(Ok(0.0), |outside| edge(outside, 1.0).map(|place| way.days(place)))?,
            high: above.map_or(Ok(f64::INFINITY), |outside| edge(outside, -1.0).map(|place| way.days(place)))?,
            most,
            never: tried[last],
        })
    }
}

/// A grid as a way that can be walked between its points: by the logarithm of days, towards no decay by their inverse.
struct Way<'a> {
    grid: &'a [(f64, Vec<f64>)],
}

impl Way<'_> {
    fn between(&self, place: f64) -> (usize, f64) {
        let from = (place.floor() as usize).min(self.grid.len() - 2);
        (from, place - from as f64)
    }

    fn days(&self, place: f64) -> f64 {
        let (from, share) = self.between(place);
        let (low, high) = (self.grid[from].0, self.grid[from + 1].0);
        if high.is_finite() { (low.ln() + share * (high.ln() - low.ln())).exp() } else { low / (1.0 - share) }
    }

    fn strength(&self, place: f64, row: usize) -> f64 {
        let (from, share) = self.between(place);
        (1.0 - share) * self.grid[from].1[row] + share * self.grid[from + 1].1[row]
    }
}

/// Golden section; the grid's own best stays where nothing beside it is better.
fn highest(
    at: &impl Fn(f64) -> Result<f64, Undefined>,
    (mut low, mut high): (f64, f64),
    known: f64,
    place: usize,
) -> Result<(f64, f64), Undefined> {
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut on_left, mut on_right) = (at(left)?, at(right)?);
    let mut best = (place as f64, known);
    while high - low > 0.05 {
        if on_left > on_right {
            (high, right, on_right) = (right, left, on_left);
            left = high - golden * (high - low);
            on_left = at(left)?;
        } else {
            (low, left, on_left) = (left, right, on_right);
            right = low + golden * (high - low);
            on_right = at(right)?;
        }
        for tried in [(left, on_left), (right, on_right)] {
            if tried.1 > best.1 {
                best = tried;
            }
        }
    }
    Ok(best)
}

/// Where the likelihood passes the floor between a place inside and one outside.
fn crossing(
    at: &impl Fn(f64) -> Result<f64, Undefined>,
    mut inside: f64,
    mut outside: f64,
    floor: f64,
) -> Result<f64, Undefined> {
    for _ in 0..6 {
        let middle = f64::midpoint(inside, outside);
        if at(middle)? >= floor { inside = middle } else { outside = middle }
    }
    Ok(f64::midpoint(inside, outside))
}
