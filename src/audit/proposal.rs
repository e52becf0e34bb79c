//! The smallest change of whole points that leads kept aside support.

use crate::models::Contribution;
use crate::result::{Belief, CriterionAudit, Edit, Estimate};
use crate::stats::discrimination::{AucComparison, PairedScores, auc, delong_paired};
use crate::stats::{Sample, Undefined};

use super::{Evidence, LEVEL, criteria, weigh};

/// The part of the training window, by time, from which edits are taken; the rest must support them.
const LEARNED: f64 = 2.0 / 3.0;
/// An edit that gains less AUC than this on the leads it was taken from is not worth the work.
const WORTHWHILE: f64 = 0.0005;

/// What to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    /// Empty: nothing is proposed.
    pub edits: Vec<Edit>,
    /// The points of every criterion after the edits.
    pub points: Vec<f64>,
    pub reason: String,
    /// Gain in AUC on the leads kept aside.
    pub held_out: Estimate,
    pub held_out_leads: usize,
}

/// Looks for edits on the earlier part of the leads and holds them, all at once, against the later part.
///
/// `known` is what all leads together say: an edit that they do not ask for is none. `order` are the places of the leads in time; `editable` says which criteria have points of their own; `totals` gives
/// scores of other contributions of the model; points of ten and more are moved in steps of `step`.
///
/// # Panics
/// When a place in `order` is none of the leads'.
pub fn propose(
    evidence: &Evidence,
    known: &[CriterionAudit],
    order: &[usize],
    editable: &[bool],
    step: f64,
    totals: impl Fn(&[Contribution], usize) -> Vec<f64>,
) -> Proposed {
    let cut = (order.len() as f64 * LEARNED).round() as usize;
    let (early, late) = (evidence.take(&order[..cut]), evidence.take(&order[cut..]));
    let configured: Vec<f64> = evidence.criteria.iter().map(|one| one.points).collect();
    let mut proposed = Proposed {
        edits: Vec::new(),
        points: configured.clone(),
        reason: "No criterion is named on the earlier part of the training window.".into(),
        held_out: Estimate::undefined("nothing to hold out for"),
        held_out_leads: late.leads(),
    };
    let audits = criteria(&early, &weigh(&early));
    let mut ranked = Ranked::of(&early, &totals);
    let mut edits = Vec::new();
    for audit in &audits {
        let Some(place) = evidence.criteria.iter().position(|one| one.name == audit.name) else { continue };
        // What the whole window does not call the same is no finding to act on.
        let Some(whole) = known.iter().find(|one| one.name == audit.name && one.verdict == audit.verdict) else {
            continue;
        };
        let Some(to) = target(audit, step).filter(|to| editable[place] && *to != configured[place]) else { continue };
        if ranked.gains(place, to) {
            edits.push(Edit {
                criterion: audit.name.clone(),
                from: configured[place],
                to,
                why: whole.sentence.clone(),
            });
        }
    }
    let points: Vec<f64> = ranked.criteria.iter().map(|one| one.points).collect();
    if edits.is_empty() {
        if audits.iter().any(|audit| !audit.verdict.is_quiet()) {
            proposed.reason = "What is named would not move the ranking by enough to be worth an edit.".into();
        }
        return proposed;
    }
    let found = compare(&late, &configured, &points, &totals);
    let interval = found.and_then(|found| found.interval(LEVEL));
    proposed.held_out = Estimate::with(found.map(|found| found.difference), interval);
    if interval.is_ok_and(|interval| interval.low > 0.0) {
        proposed.reason = "Taken from the earlier two thirds of the training window, supported by the rest.".into();
        (proposed.edits, proposed.points) = (edits, points);
    } else {
        proposed.reason = format!(
            "{} found on the earlier two thirds of the training window, and not supported by the rest: nothing is proposed.",
            if edits.len() == 1 { "One edit was".to_string() } else { format!("{} edits were", edits.len()) }
        );
    }
    proposed
}

/// Criteria whose points are moved one at a time, with the AUC they come to.
struct Ranked<'a, F> {
    criteria: Vec<Contribution>,
    converted: &'a [bool],
    totals: F,
    auc: f64,
}

impl<'a, F: Fn(&[Contribution], usize) -> Vec<f64>> Ranked<'a, F> {
    fn of(evidence: &'a Evidence, totals: F) -> Self {
        let mut ranked = Self { criteria: evidence.criteria.clone(), converted: &evidence.converted, totals, auc: 0.0 };
        ranked.auc = ranked.auc();
        ranked
    }

    fn auc(&self) -> f64 {
        let scores = (self.totals)(&self.criteria, self.converted.len());
        auc(&Sample::new(&scores, self.converted).tally()).unwrap_or(0.5)
    }

    /// Moves a criterion's points where that gains enough; else they stay.
    fn gains(&mut self, place: usize, to: f64) -> bool {
        let from = std::mem::replace(&mut self.criteria[place].points, to);
        let auc = self.auc();
        let gains = auc - self.auc >= WORTHWHILE;
        if gains {
            self.auc = auc;
        } else {
            self.criteria[place].points = from;
        }
        gains
    }
}

fn compare(
    evidence: &Evidence,
    points: &[f64],
    other: &[f64],
    totals: impl Fn(&[Contribution], usize) -> Vec<f64>,
) -> Result<AucComparison, Undefined> {
    let scores = |points: &[f64]| totals(&with_points(&evidence.criteria, points), evidence.leads());
    let (a, b) = (scores(points), scores(other));
    delong_paired(PairedScores { a: &a, b: &b, converted: &evidence.converted, weight: None, cluster: None })
}

/// The criteria with other points.
pub fn with_points(criteria: &[Contribution], points: &[f64]) -> Vec<Contribution> {
    criteria.iter().zip(points).map(|(one, points)| Contribution { points: *points, ..one.clone() }).collect()
}

/// The points to move a criterion to.
fn target(audit: &CriterionAudit, step: f64) -> Option<f64> {
    match audit.verdict {
        Belief::Redundant => Some(0.0),
        Belief::WrongSign | Belief::OverWeighted | Belief::UnderWeighted => {
            let implied = audit.implied.point.finite()?;
            // What the data cannot tell from nothing is worth nothing.
            let nothing = audit.implied.interval().is_some_and(|interval| interval.contains(0.0));
            Some(if nothing { 0.0 } else { rounded(implied, audit.configured, step) })
        }
        _ => None,
    }
}

/// To the step from ten points on, to whole points from one on, to two digits below.
fn rounded(implied: f64, configured: f64, step: f64) -> f64 {
    let largest = implied.abs().max(configured.abs());
    let step = if largest >= 10.0 {
        step
    } else if largest >= 1.0 {
        1.0
    } else {
        10f64.powf(largest.max(1e-9).log10().floor() - 1.0)
    };
    (implied / step).round() * step + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_moved_in_steps_of_their_size() {
        assert_eq!(rounded(13.2, 25.0, 5.0), 15.0);
        assert_eq!(rounded(1.4, 5.0, 5.0), 1.0);
        assert!((rounded(0.0123, 0.02, 5.0) - 0.012).abs() < 1e-12);
        assert_eq!(rounded(-0.3, 12.0, 5.0).to_bits(), 0.0f64.to_bits());
    }
}
