//! Evaluation at one time when some leads were not followed that long: leads whose fate is known stand, by the inverse
//! chance of having stayed in view (IPCW), for those whose fate is not.

use super::{Censoring, End, Followed};
use crate::stats::Undefined;

/// What is known about a lead at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Converted,
    /// Still open, or lost for good.
    Not,
    Unknown,
}

/// A known fate with the weight it carries.
fn fate(followed: &Followed, row: usize, u: f64, censoring: &Censoring) -> (Fate, f64) {
    let (time, weight) = (followed.time[row], followed.weight_of(row));
    match followed.end[row] {
        _ if !followed.counts(row) => (Fate::Unknown, 0.0),
        _ if time > u => (Fate::Not, weight / censoring.at(u)),
        End::Censored => (Fate::Unknown, 0.0),
        End::Converted => (Fate::Converted, weight / censoring.before(time)),
        End::Lost => (Fate::Not, weight / censoring.before(time)),
    }
}

/// The chance that a lead converted by `u` has a higher score than one that did not (lost ones included), equal scores
/// counting one half: cumulative cases, dynamic controls (Uno et al. 2007; Blanche et al. 2013). For each of `times`;
/// undefined where either group is empty. Few leads are left behind a value where [`Censoring::at`] is below 0.1.
///
/// # Panics
/// When the slices differ in length.
pub fn dynamic_auc(followed: &Followed, score: &[f64], times: &[f64]) -> Vec<Result<f64, Undefined>> {
    assert_eq!(followed.len(), score.len(), "a score for every lead");
    let mut order: Vec<usize> = (0..score.len()).filter(|&row| !score[row].is_nan()).collect();
    order.sort_unstable_by(|&a, &b| score[a].total_cmp(&score[b]).then(a.cmp(&b)));
    let censoring = Censoring::of(followed);
    times.iter().map(|&u| auc_at(followed, score, &order, u, &censoring)).collect()
}

fn auc_at(
    followed: &Followed,
    score: &[f64],
    order: &[usize],
    u: f64,
    censoring: &Censoring,
) -> Result<f64, Undefined> {
    let (mut cases, mut controls, mut won) = (0.0, 0.0, 0.0);
    for block in order.chunk_by(|&a, &b| score[a] == score[b]) {
        let known = || block.iter().map(|&row| fate(followed, row, u, censoring));
        let sum = |fate| known().filter(|(of, _)| *of == fate).map(|(_, weight)| weight).sum::<f64>();
        let (case, control) = (sum(Fate::Converted), sum(Fate::Not));
        won += case * (controls + 0.5 * control);
        cases += case;
        controls += control;
    }
    if cases > 0.0 && controls > 0.0 { Ok(won / (cases * controls)) } else { Err(Undefined::OneClass) }
}

/// The mean squared difference between the predicted chance `risk` of converting by `u` and whether the lead did
/// (Graf et al. 1999; with losses Schoop et al. 2011). Undefined without leads, when `risk` holds anything but
/// probabilities, and when nobody's fate at `u` is known.
///
/// # Panics
/// When the slices differ in length.
pub fn ipcw_brier(followed: &Followed, risk: &[f64], u: f64) -> Result<f64, Undefined> {
    assert_eq!(followed.len(), risk.len(), "a risk for every lead");
    if risk.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(Undefined::NotProbability);
    }
    let censoring = Censoring::of(followed);
    let (mut loss, mut known, mut total) = (0.0, 0.0, 0.0);
    for row in (0..followed.len()).filter(|&row| followed.counts(row)) {
        let (fate, weight) = fate(followed, row, u, &censoring);
        loss += weight * (risk[row] - f64::from(fate == Fate::Converted)).powi(2);
        known += weight;
        total += followed.weight_of(row);
    }
    match (total, known) {
        (0.0, _) => Err(Undefined::Empty),
        (_, 0.0) => Err(Undefined::BeyondFollowUp),
        _ => Ok(loss / total),
    }
}
