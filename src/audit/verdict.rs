//! What each criterion turns out to be.

use crate::result::{Belief, CriterionAudit, Estimate, Number};
use crate::stats::Undefined;

use super::alike::LeftOut;
use super::case::{Case, cases};
use super::weigh::Weighed;
use super::{Evidence, IT_ALONE, words};

pub(super) fn verdicts(evidence: &Evidence, weighed: &Weighed) -> Vec<CriterionAudit> {
    let unweighed = weighed.fit.as_ref().err().copied();
    cases(evidence, weighed).into_iter().map(|case| audit(case, unweighed)).collect()
}

fn audit(case: Case, unweighed: Option<Undefined>) -> CriterionAudit {
    let one = &case.evidence.criteria[case.place];
    let mut beliefs = case.beliefs().into_iter();
    let verdict = beliefs.next().unwrap_or(Belief::Unknown);
    let implied = match (case.tested, case.left_out) {
        (Some(tested), _) => Estimate::new(tested.implied, tested.interval),
        (None, Some(LeftOut::Dead)) => Estimate::undefined("almost never fires"),
        (None, Some(LeftOut::Constant)) => Estimate::undefined(Undefined::Constant.to_string()),
        (None, Some(LeftOut::Redundant(_))) => Estimate::undefined("says what another criterion says"),
        (None, None) if case.is_sole => Estimate::undefined(IT_ALONE),
        (None, None) => Estimate::undefined(unweighed.unwrap_or(Undefined::Unbounded).to_string()),
    };
    let number = |p: f64| if p.is_nan() { Number::undefined("not tested") } else { p.into() };
    CriterionAudit {
        sentence: words::sentence(&case, verdict),
        verdict,
        also: beliefs.collect(),
        name: one.name.clone(),
        what: case.evidence.what.get(case.place).cloned().unwrap_or_default(),
        group: one.group.clone(),
        configured: one.points,
        implied,
        p: number(case.tested.map_or(f64::NAN, |tested| tested.p)),
        p_adjusted: number(case.p_adjusted),
        cost: case.cost(),
        leads_needed: match (verdict, case.leads_needed()) {
            (Belief::TooLittleData, Some(leads)) => leads.into(),
            _ => Number::undefined("enough leads"),
        },
        twin: case.twin().map(|twin| case.evidence.criteria[twin].name.clone()),
        fires: case.facts.fires,
        share: case.facts.share,
        periods: case.course.periods,
        contribution: case.facts.contribution,
        rate_with: case.facts.rate_with,
        rate_without: case.facts.rate_without,
        difference: case.facts.difference,
        lift: case.facts.lift,
        information_value: case.facts.information_value,
        capped: case.facts.capped,
    }
}
