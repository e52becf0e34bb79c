//! What it costs to wait for more evidence.

use crate::result::{Comparison, Decision, GateEvidence, GateOutcome, Number, Waiting};
use crate::stats::Undefined;

use super::cohort::Cohort;

/// Days in a quarter of a year.
const QUARTER: f64 = 365.25 / 4.0;

/// Every challenger for which the evidence does not reach: what is forgone each quarter if it is as good as the best
/// guess says, and for how long.
pub(super) fn waiting(cohort: &Cohort, comparisons: &[Comparison], gates: &[GateEvidence]) -> Vec<Waiting> {
    let undecided = comparisons.iter().filter(|comparison| comparison.decision == Decision::NotEnoughEvidence);
    undecided.map(|comparison| of(cohort, comparison, gates)).collect()
}

fn of(cohort: &Cohort, comparison: &Comparison, gates: &[GateEvidence]) -> Waiting {
    let more_leads = more_leads(cohort, comparison, gates);
    let days = more_leads.finite().zip(cohort.quarters()).map(|(more, quarters)| {
        let a_day = cohort.mature().len() as f64 / (quarters * QUARTER);
        more / a_day
    });
    let quarters = days.map(|days| days / QUARTER);
    let until = |estimate: &crate::result::Estimate| match quarters {
        Some(quarters) => estimate.scaled(quarters),
        None => crate::result::Estimate::undefined("it is not known how long it takes"),
    };
    Waiting {
        challenger: comparison.challenger.clone(),
        days: match (&more_leads, days) {
            (_, Some(days)) => days.into(),
            (Number::Undefined(reason), None) => Number::undefined(reason.clone()),
            (Number::Value(_), None) => Undefined::NoTimes.into(),
        },
        more_leads,
        wins_until: until(&comparison.wins_per_quarter),
        value_until: comparison.value_per_quarter.as_ref().map(until),
        by: None,
    }
}

/// More mature leads until every open gate can be settled; without gates, until the smallest worthwhile difference is.
fn more_leads(cohort: &Cohort, comparison: &Comparison, gates: &[GateEvidence]) -> Number {
    let here = cohort.mature().len() as f64;
    if gates.is_empty() {
        return match &comparison.leads_needed {
            Number::Value(all) => (all - here).max(0.0).into(),
            undefined => undefined.clone(),
        };
    }
    let open = gates
        .iter()
        .filter(|gate| gate.challenger == comparison.challenger && gate.outcome == GateOutcome::Open)
        .map(|gate| &gate.more_leads);
    let longest = |most: Option<Number>, next: &Number| match (&most, next) {
        (Some(Number::Undefined(_)), _) => most,
        (Some(Number::Value(known)), Number::Value(more)) if known >= more => most,
        _ => Some(next.clone()),
    };
    open.fold(None, longest).unwrap_or_else(|| Number::undefined("no gate is open"))
}
