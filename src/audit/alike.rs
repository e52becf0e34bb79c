//! Criteria that say nothing, or nothing that earlier ones have not said.

use crate::stats::linear::Matrix;

use super::Evidence;
use super::cells::Cells;

/// Criteria that fire on fewer leads than this share are dead.
const ALMOST_NEVER: f64 = 0.001;
/// A criterion of whose strength earlier ones leave less unexplained says what they say: R² of 0.9.
const NOTHING_NEW: f64 = 0.1;

/// Why a criterion is not weighed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LeftOut {
    /// Never or almost never fires.
    Dead,
    /// The same strength for every lead.
    Constant,
    /// The place of the criterion that says most of the same.
    Redundant(usize),
}

/// A reason for each criterion that is not weighed. Of two that say the same the later one says nothing new.
pub(super) fn left_out(evidence: &Evidence, cells: &Cells) -> Vec<Option<LeftOut>> {
    let leads = evidence.leads() as f64;
    let unit = Units::of(cells);
    let mut factor = Factor { rows: Vec::new(), places: Vec::new() };
    let why = |place: usize| {
        let fires = evidence.criteria[place].strength.iter().filter(|strength| *strength != 0.0).count() as f64;
        if fires == 0.0 || fires / leads < ALMOST_NEVER {
            return Some(LeftOut::Dead);
        }
        if !unit.varies[place] {
            return Some(LeftOut::Constant);
        }
        let likeness = |other: &usize| unit.correlation[(place, *other)];
        let twin = factor
            .places
            .iter()
            .copied()
            .reduce(|best, other| if likeness(&other).abs() > likeness(&best).abs() { other } else { best });
        let left = factor.push(place, &unit.correlation);
        twin.filter(|_| left < NOTHING_NEW).map(LeftOut::Redundant)
    };
    (0..evidence.criteria.len()).map(why).collect()
}

/// How alike criteria are.
struct Units {
    varies: Vec<bool>,
    correlation: Matrix,
}

impl Units {
    fn of(cells: &Cells) -> Self {
        let (count, criteria) = (cells.count(), cells.strength.cols);
        let total: f64 = cells.leads.iter().sum();
        let weighted =
            |value: &dyn Fn(usize) -> f64| (0..count).map(|cell| cells.leads[cell] * value(cell)).sum::<f64>();
        let mut unit = cells.strength.clone();
        let mut varies = vec![false; criteria];
        for (place, varies) in varies.iter_mut().enumerate() {
            let mean = weighted(&|cell| cells.strength[(cell, place)]) / total;
            let norm = weighted(&|cell| (cells.strength[(cell, place)] - mean).powi(2)).sqrt();
            let largest = (0..count).map(|cell| cells.strength[(cell, place)].abs()).fold(0.0, f64::max);
            *varies = norm.is_finite() && norm > 1e-9 * largest;
            let scale = if *varies { norm.recip() } else { 0.0 };
            (0..count).for_each(|cell| unit[(cell, place)] = (unit[(cell, place)] - mean) * scale);
        }
        let rows: Vec<(&[f64], f64)> = (0..count).map(|cell| (unit.row(cell), cells.leads[cell])).collect();
        let mut correlation = Matrix::zeros(criteria, criteria);
        correlation.add_outers(&rows);
        correlation.mirror();
        Self { varies, correlation }
    }
}

/// A Cholesky factor that grows by the criteria that say something new.
struct Factor {
    rows: Vec<Vec<f64>>,
    places: Vec<usize>,
}

impl Factor {
    /// The share of a criterion that the others leave unexplained, 1 - R²; it joins them where that is enough.
    fn push(&mut self, place: usize, correlation: &Matrix) -> f64 {
        let mut row: Vec<f64> = Vec::with_capacity(self.rows.len() + 1);
        for (known, other) in self.rows.iter().zip(&self.places) {
            let said: f64 = row.iter().zip(known).map(|(a, b)| a * b).sum();
            row.push((correlation[(place, *other)] - said) / known[known.len() - 1]);
        }
        let left = 1.0 - row.iter().map(|x| x * x).sum::<f64>();
        if left >= NOTHING_NEW {
            row.push(left.sqrt());
            self.rows.push(row);
            self.places.push(place);
        }
        left
    }
}
