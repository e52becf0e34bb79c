//! The live model's points audited on the compared periods.

use crate::evaluation;
use crate::experiment::Experiment;
use crate::models::{KindSpec, Spec};
use crate::pipeline::{self, Progress};
use crate::replay::{Rows, Window};
use crate::result::{Audit, Estimate};
use crate::review::{Compared, Found, a_quarter};
use crate::time::Zone;

use super::period::{Extent, Stretches};

/// A period in which fewer wins are mature can not judge a change.
const FEWEST_WINS: f64 = 20.0;

/// The audit of the live model's points on the periods before the one that judges what it proposes, and what each
/// proposed change by itself brings there.
pub(super) struct Audited {
    pub audit: Audit,
    /// One an edit.
    pub gains: Vec<Estimate>,
    /// Finished leads that judge the changes.
    leads: u64,
}

impl Audited {
    pub fn found(&self) -> Found<'_> {
        Found {
            criteria: &self.audit.criteria,
            edits: &self.audit.proposal.edits,
            gains: &self.gains,
            leads: self.leads,
        }
    }
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
    Some(Audited { audit, gains, leads: compared.mature(judge).len() as u64 })
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
    let Ok(cohort) = pipeline::cohort(&alone, &mut played, None) else {
        return none("no horizon of the judging leads is over");
    };
    let comparisons = evaluation::evaluate(&cohort).comparisons;
    let gain = |variant: &Option<Spec>| {
        let found = variant.as_ref().and_then(|variant| comparisons.iter().find(|one| one.challenger == variant.name));
        found.map_or_else(|| Estimate::undefined("not compared"), a_quarter)
    };
    variants.iter().map(gain).collect()
}
