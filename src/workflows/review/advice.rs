//! The changes to make: what rang, what the audit found, what the gates decided; at most three, the most urgent first.

use crate::evaluation;
use crate::experiment::Experiment;
use crate::models::{KindSpec, Spec};
use crate::pipeline::{self, Progress};
use crate::replay::{Rows, Window};
use crate::result::review::{Advice, AdviceKind, Alarm, AlarmKind, ModelTrend, ReviewDecision};
use crate::result::{Audit, Belief, Comparison, Decision, Estimate};
use crate::time::Zone;

use super::period::{Extent, Stretches};
use crate::review::{Compared, in_words};

/// The most advice that anybody follows.
const MOST: usize = 3;
/// A period in which fewer wins are mature can not judge a change.
const FEWEST_WINS: f64 = 20.0;

/// The audit of the live model's points on the periods before the one that judges what it proposes, and what each
/// proposed change by itself brings there.
pub(super) struct Audited {
    pub audit: Audit,
    /// One an edit.
    pub gains: Vec<Estimate>,
}

/// Nothing where the live model gives no points, or where there are too few leads to learn from and to judge on.
pub(super) fn audited(
    experiment: &Experiment,
    compared: &Compared,
    stretches: &Stretches,
    zone: &Zone,
    progress: &dyn Progress,
) -> Option<Audited> {
    let judge = judging(compared)?;
    let mut own = experiment.clone();
    let (train, evaluate) = windows(stretches, judge, zone)?;
    own.file.replay.train = Some(train);
    own.file.replay.evaluate = Some(evaluate);
    let champion = experiment.champion?;
    let name = experiment.models[champion].name.clone();
    let audit = crate::workflows::audit::audit(&own, Some(&name), progress).ok()?;
    let gains = if audit.proposal.edits.is_empty() { Vec::new() } else { gains(&own, champion, &audit, progress) };
    Some(Audited { audit, gains })
}

/// The latest period of which half is mature and that has wins to judge on, with others before it.
fn judging(compared: &Compared) -> Option<usize> {
    (1..compared.periods()).rev().find(|&period| {
        let mature = compared.mature(period);
        let wins = compared.count(mature.iter().copied()).successes;
        2 * mature.len() >= compared.rows(period).len() && wins >= FEWEST_WINS
    })
}

/// All compared periods before the judging one to learn from, and the judging one.
fn windows(stretches: &Stretches, judge: usize, zone: &Zone) -> Option<(Window, Window)> {
    let moment = |at| zone.stamp(at).parse().ok();
    match (&stretches.all.first()?.extent, &stretches.all[judge].extent) {
        (Extent::Created(first, _), Extent::Created(from, to)) => Some((
            Window { from: moment(*first), to: moment(*from), rows: None },
            Window { from: moment(*from), to: moment(*to), rows: None },
        )),
        (Extent::Rows(first), Extent::Rows(judge)) => {
            let before = Rows { from: first.from, to: Some(judge.from) };
            (first.from < judge.from).then_some((
                Window { from: None, to: None, rows: Some(before) },
                Window { from: None, to: None, rows: Some(*judge) },
            ))
        }
        _ => None,
    }
}

/// Each edit by itself against the live model on the judging period.
fn gains(own: &Experiment, champion: usize, audit: &Audit, progress: &dyn Progress) -> Vec<Estimate> {
    let none = |why: &str| audit.proposal.edits.iter().map(|_| Estimate::undefined(why)).collect::<Vec<_>>();
    let current = &own.models[champion];
    let variant = |edit: &crate::result::Edit| -> Option<Spec> {
        let KindSpec::Points(points) = &current.kind else { return None };
        let mut points = points.clone();
        let placed = points.criteria.iter_mut().find(|placed| placed.criterion.name == edit.criterion)?;
        placed.criterion.points = Some(edit.to);
        let name = format!("{} with {}", current.name, edit.criterion);
        Some(Spec { name, kind: KindSpec::Points(points), brackets: current.brackets.clone() })
    };
    let mut alone = own.clone();
    let variants: Vec<Option<Spec>> = audit.proposal.edits.iter().map(variant).collect();
    alone.models = std::iter::once(current.clone()).chain(variants.iter().flatten().cloned()).collect();
    alone.champion = Some(0);
    let Ok(mut played) = pipeline::play(&alone, crate::replay::Scope::Used, progress) else {
        return none("the leads could not be replayed");
    };
    let Ok(cohort) = pipeline::cohort(&alone, &mut played) else {
        return none("no horizon of the judging leads is over");
    };
    let comparisons = evaluation::evaluate(&cohort).comparisons;
    let gain = |variant: &Option<Spec>| {
        let found = variant.as_ref().and_then(|variant| comparisons.iter().find(|one| one.challenger == variant.name));
        found.map_or_else(|| Estimate::undefined("not compared"), a_quarter)
    };
    variants.iter().map(gain).collect()
}

/// Wins a quarter; without times, wins among the leads judged.
pub(super) fn a_quarter(comparison: &Comparison) -> Estimate {
    match comparison.wins_per_quarter.point.finite() {
        Some(_) => comparison.wins_per_quarter.clone(),
        None => comparison.wins.clone(),
    }
}

/// What to change, the most urgent first.
pub(super) fn advice(
    alarms: &[Alarm],
    reviewed: &str,
    decision: &ReviewDecision,
    audited: Option<&Audited>,
    champion: &ModelTrend,
) -> Vec<Advice> {
    let mut advice: Vec<Advice> = alarms.iter().filter(|alarm| alarm.period == reviewed).filter_map(of_alarm).collect();
    advice.extend(replacement(decision));
    if let Some(audited) = audited {
        let mut edits: Vec<Advice> = edits(audited).collect();
        edits.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
        advice.extend(edits);
        advice.extend(useless(audited));
    }
    advice.extend(recalibration(champion));
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
        gain: a_quarter(comparison),
        who: BOTH_HEADS.into(),
        why: format!("it passes every gate against `{}`", comparison.champion),
    })
}

fn edits(audited: &Audited) -> impl Iterator<Item = Advice> + '_ {
    audited.audit.proposal.edits.iter().zip(&audited.gains).map(|(edit, gain)| Advice {
        what: AdviceKind::ChangePoints,
        subject: edit.criterion.clone(),
        from: Some(edit.from),
        to: Some(edit.to),
        gain: gain.clone(),
        who: MARKETING_OPERATIONS.into(),
        why: edit.why.clone(),
    })
}

/// Criteria that never fire, or say what others say.
fn useless(audited: &Audited) -> impl Iterator<Item = Advice> + '_ {
    let quiet = audited.audit.criteria.iter().filter(|one| matches!(one.verdict, Belief::Dead | Belief::Redundant));
    quiet.map(|one| Advice {
        what: AdviceKind::RemoveCriterion,
        subject: one.name.clone(),
        from: Some(one.configured),
        to: Some(0.0),
        gain: Estimate::undefined("nothing is lost by it"),
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
        who: MARKETING_OPERATIONS.into(),
        why: format!(
            "leads convert {} than its probabilities say: fit them anew on later leads",
            if observed > predicted { "more often" } else { "less often" }
        ),
    })
}
