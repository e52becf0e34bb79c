//! The criteria weighed by the data, once for all that is asked of them.

use crate::result::{Estimate, Weighing};
use crate::stats::Undefined;
use crate::stats::linear::Matrix;
use crate::stats::regression::{Rows, maximum_likelihood};

use super::alike::{LeftOut, left_out};
use super::cells::Cells;
use super::fit::{Fit, percentiles};
use super::{Evidence, LEVEL};

/// The criteria's weights by the data.
pub struct Weighed {
    /// A reason for each criterion that is left out.
    pub(super) left_out: Vec<Option<LeftOut>>,
    pub(super) fit: Result<Fit, Undefined>,
    slope: Estimate,
}

/// Fits all criteria at once, and the scale on which their coefficients are points.
///
/// # Panics
/// When a criterion has not a strength for every lead.
pub fn weigh(evidence: &Evidence) -> Weighed {
    assert!(evidence.criteria.iter().all(|one| one.strength.len() == evidence.leads()), "a strength for every lead");
    let cells = Cells::of(evidence);
    let left_out = left_out(evidence, &cells);
    let used: Vec<usize> = (0..left_out.len()).filter(|&place| left_out[place].is_none()).collect();
    let slope = slope(evidence, &cells);
    Weighed { fit: Fit::of(evidence, &cells, used), slope, left_out }
}

impl Weighed {
    /// The place of the criterion that alone tells what a point is worth, so that nothing weighs it.
    pub fn sole(&self) -> Option<usize> {
        let fit = self.fit.as_ref().ok()?;
        Some(fit.used[fit.sole?])
    }

    /// What the result says of how the points were weighed.
    pub fn weighing(&self) -> Weighing {
        let (method, scale) = match &self.fit {
            Ok(fit) => (fit.method, Estimate::new(fit.scale, percentiles(&fit.scales))),
            Err(reason) => ("none", Estimate::undefined(reason.to_string())),
        };
        Weighing { method: method.into(), scale, slope: self.slope.clone() }
    }
}

fn slope(evidence: &Evidence, cells: &Cells) -> Estimate {
    let sum = |cell: usize| {
        let points = evidence.criteria.iter().map(|one| one.points).zip(cells.strength.row(cell));
        points.map(|(points, strength)| (points * strength).clamp(-1e12, 1e12)).sum::<f64>()
    };
    let x = Matrix::from_fn(cells.count(), 1, |cell, _| sum(cell));
    match maximum_likelihood(&Rows::new(&x, &cells.rate).weighted(&cells.leads)) {
        Ok(fit) => Estimate::new(fit.coefficients[1], fit.coefficient(1).interval(LEVEL)),
        Err(reason) => Estimate::undefined(reason.to_string()),
    }
}
