//! The changes to make: what rang, what the audit found, what the gates decided; at most three, the most urgent first.

use crate::metrics::WINS;
use crate::result::review::{Advice, AdviceKind, Alarm, AlarmKind, ModelTrend, ReviewDecision};
use crate::result::{Belief, Comparison, CriterionAudit, Decision, Edit, Estimate, Per};

use super::in_words;

/// The most advice that anybody follows.
const MOST: usize = 3;

/// What an audit of the live model found.
pub struct Found<'a> {
    pub criteria: &'a [CriterionAudit],
    pub edits: &'a [Edit],
    /// What each edit by itself brings.
    pub gains: &'a [Estimate],
    /// Finished leads that the gains are counted on.
    pub leads: u64,
}

/// Winners a quarter as they decide; without times, wins among the leads judged.
pub fn a_quarter(comparison: &Comparison) -> Estimate {
    let gain = Some(&comparison.gain.winners).filter(|_| comparison.gain.per == Per::Quarter);
    let known = gain.into_iter().chain([&comparison.wins_per_quarter]);
    known.chain([&comparison.wins]).find(|wins| wins.point.finite().is_some()).unwrap_or(&comparison.wins).clone()
}

/// What to change, the most urgent first.
pub fn advice(
    alarms: &[Alarm],
    reviewed: &str,
    decision: &ReviewDecision,
    found: Option<&Found>,
    champion: &ModelTrend,
) -> Vec<Advice> {
    let mut advice: Vec<Advice> = alarms.iter().filter(|alarm| alarm.period == reviewed).filter_map(of_alarm).collect();
    advice.extend(replacement(decision));
    if let Some(found) = found {
        let mut edits: Vec<Advice> = edits(found).collect();
        edits.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
        advice.extend(edits);
        advice.extend(useless(found));
    }
    advice.extend(recalibration(champion));
    drop_moot(&mut advice);
    let mut seen: Vec<(AdviceKind, String)> = Vec::new();
    advice.retain(|one| {
        let key = (one.what, one.subject.clone());
        let fresh = !seen.contains(&key);
        seen.push(key);
        fresh
    });
    advice.truncate(MOST);
    advice
}

/// Changes to a model that is to be replaced are moot.
fn drop_moot(advice: &mut Vec<Advice>) {
    let is_of_the_model = |what: AdviceKind| {
        matches!(what, AdviceKind::ChangePoints | AdviceKind::RemoveCriterion | AdviceKind::Recalibrate)
    };
    if advice.iter().any(|one| one.what == AdviceKind::ReplaceModel) {
        advice.retain(|one| !is_of_the_model(one.what));
    }
}

fn gain(advice: &Advice) -> f64 {
    advice.gain.point.finite().unwrap_or(f64::NEG_INFINITY)
}

const MARKETING_OPERATIONS: &str = "marketing operations";
const BOTH_HEADS: &str = "head of sales and head of marketing";
const MARKETING: &str = "head of marketing";

fn of_alarm(alarm: &Alarm) -> Option<Advice> {
    let what = match alarm.kind {
        AlarmKind::Tracking => AdviceKind::MendTracking,
        AlarmKind::Segment if alarm.now < alarm.before => AdviceKind::LookAtSegment,
        _ => return None,
    };
    Some(Advice {
        what,
        subject: alarm.what.clone(),
        from: None,
        to: None,
        gain: Estimate::undefined("can not be replayed"),
        leads: None,
        who: if what == AdviceKind::MendTracking { MARKETING_OPERATIONS } else { MARKETING }.into(),
        why: in_words(alarm),
    })
}

fn replacement(decision: &ReviewDecision) -> Option<Advice> {
    let verdict = &decision.verdict;
    let challenger = verdict.challenger.as_ref().filter(|_| verdict.decision == Decision::Promote)?;
    let comparison = decision.comparisons.iter().find(|one| one.challenger == *challenger)?;
    Some(Advice {
        what: AdviceKind::ReplaceModel,
        subject: challenger.clone(),
        from: None,
        to: None,
        gain: match &verdict.difference {
            Some(claim) if verdict.metric == Some(WINS.id) && comparison.gain.per == Per::Quarter => claim.clone(),
            _ => a_quarter(comparison),
        },
        leads: Some(decision.leads),
        who: BOTH_HEADS.into(),
        why: match decision.proposal.as_ref().filter(|proposal| proposal.name == *challenger) {
            Some(proposal) => {
                let edit = |edit: &Edit| format!("`{}` from {} to {}", edit.criterion, edit.from, edit.to);
                let edits: Vec<String> = proposal.edits.iter().map(edit).collect();
                format!("it takes these edits of `{}`: {}", comparison.champion, edits.join(", "))
            }
            None => format!("it passes every gate against `{}`", comparison.champion),
        },
    })
}

fn edits<'a>(found: &Found<'a>) -> impl Iterator<Item = Advice> + 'a {
    let leads = found.leads;
    found.edits.iter().zip(found.gains).map(move |(edit, gain)| Advice {
        what: AdviceKind::ChangePoints,
        subject: edit.criterion.clone(),
        from: Some(edit.from),
        to: Some(edit.to),
        gain: gain.clone(),
        leads: Some(leads),
        who: MARKETING_OPERATIONS.into(),
        why: edit.why.clone(),
    })
}

/// Criteria that never fire, or say what others say.
fn useless<'a>(found: &Found<'a>) -> impl Iterator<Item = Advice> + 'a {
    let quiet = found.criteria.iter().filter(|one| matches!(one.verdict, Belief::Dead | Belief::Redundant));
    quiet.map(|one| Advice {
        what: AdviceKind::RemoveCriterion,
        subject: one.name.clone(),
        from: Some(one.configured),
        to: Some(0.0),
        gain: Estimate::undefined("nothing is lost by it"),
        leads: None,
        who: MARKETING_OPERATIONS.into(),
        why: one.sentence.clone(),
    })
}

/// Probabilities that are off by a quarter and more in the reviewed period.
fn recalibration(champion: &ModelTrend) -> Option<Advice> {
    let last = champion.periods.last()?;
    let interval = last.calibration.interval()?;
    let (predicted, observed) = (last.mean_predicted.finite()?, last.observed.point.finite()?);
    let off = observed > 1.25 * predicted || predicted > 1.25 * observed;
    (off && !interval.contains(0.0)).then(|| Advice {
        what: AdviceKind::Recalibrate,
        subject: champion.name.clone(),
        from: None,
        to: None,
        gain: Estimate::undefined("the order of leads stays as it is"),
        leads: None,
        who: MARKETING_OPERATIONS.into(),
        why: format!(
            "leads convert {} than its probabilities say: fit them anew on later leads",
            if observed > predicted { "more often" } else { "less often" }
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_to_a_model_that_is_to_be_replaced_are_moot() {
        let kinds = |mut kinds: Vec<AdviceKind>| {
            let one = |what| Advice {
                what,
                subject: String::new(),
                from: None,
                to: None,
                gain: Estimate::undefined("not counted"),
                leads: None,
                who: String::new(),
                why: String::new(),
            };
            let mut advice: Vec<Advice> = kinds.drain(..).map(one).collect();
            drop_moot(&mut advice);
            advice.into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        use AdviceKind::{ChangePoints, MendTracking, Recalibrate, RemoveCriterion, ReplaceModel};
        assert_eq!(
            kinds(vec![MendTracking, ReplaceModel, ChangePoints, RemoveCriterion, Recalibrate]),
            [MendTracking, ReplaceModel]
        );
        assert_eq!(kinds(vec![ChangePoints, RemoveCriterion, Recalibrate]).len(), 3);
    }
}
