use crate::metrics::{CAPTURE, MetricId, captures};
use crate::result::{Comparison, Decision, Estimate, Reason, Verdict};

use super::cohort::{Cohort, Scored};
use super::compare;
use super::paired::Paired;
use super::schedule::Schedule;

/// What to do, from the comparisons with the champion.
pub(super) fn verdict(cohort: &Cohort, schedule: &Schedule, paired: &Paired, comparisons: &[Comparison]) -> Verdict {
    let (best, tied) = compare::tied_with_best(cohort, schedule, paired);
    let name = |model: usize| cohort.models()[model].name.clone();
    let tied: Vec<String> = tied.into_iter().map(name).collect();
    let Some(champion) = cohort.design().champion else {
        return without_champion(best.map(name), tied, schedule);
    };
    let promotable = |comparison: &Comparison| {
        let challenger = cohort.models().iter().find(|model| model.name == comparison.challenger);
        challenger.is_some_and(|model| model.not_promotable.is_none())
    };
    let promoted = strongest(comparisons, |comparison| comparison.decision == Decision::Promote);
    let undecided = strongest(comparisons, |comparison| {
        comparison.decision == Decision::NotEnoughEvidence && promotable(comparison)
    });
    let (decision, named) = match (promoted, undecided) {
        (Some(promoted), _) => (Decision::Promote, Some(promoted)),
        (None, Some(undecided)) => (Decision::NotEnoughEvidence, Some(undecided)),
        (None, None) if cohort.models()[champion].is_suspended() => {
            (Decision::NotEnoughEvidence, strongest(comparisons, promotable))
        }
        (None, None) => {
            (Decision::Keep, strongest(comparisons, promotable).or_else(|| strongest(comparisons, |_| true)))
        }
    };
    let model = match (decision, named) {
        (Decision::Promote, Some(comparison)) => comparison.challenger.clone(),
        _ => name(champion),
    };
    Verdict {
        decision,
        model: Some(model),
        metric: Some(CAPTURE.id),
        hand_over: schedule.hand_over.clone(),
        difference: named.and_then(capture_of),
        challenger: named.map(|comparison| comparison.challenger.clone()),
        tied: if cohort.models()[champion].is_suspended() { Vec::new() } else { tied },
        reasons: of_champion(&cohort.models()[champion]).into_iter().collect(),
    }
}

/// That a champion seems to know the outcome, where it does.
fn of_champion(champion: &Scored) -> Option<Reason> {
    let on = champion.not_promotable.as_ref()?.suspicions().to_vec();
    (!on.is_empty()).then(|| Reason::ChampionSuspended { model: champion.name.clone(), on })
}

/// Without a champion there is nothing to switch from: the best is named, when nothing ties with it.
fn without_champion(best: Option<String>, tied: Vec<String>, schedule: &Schedule) -> Verdict {
    let alone = tied.len() == 1;
    Verdict {
        decision: if alone { Decision::Promote } else { Decision::NotEnoughEvidence },
        model: best,
        metric: Some(CAPTURE.id),
        hand_over: schedule.hand_over.clone(),
        difference: None,
        challenger: None,
        reasons: vec![Reason::NoChampion],
        tied,
    }
}

/// Without a capacity, stated or estimated: says where the choice turns with the number of leads that sales can work.
pub(super) fn sweep(mut verdict: Verdict, schedule: &Schedule, comparisons: &[Comparison]) -> Verdict {
    let named = comparisons.iter().find(|comparison| Some(&comparison.challenger) == verdict.challenger.as_ref());
    let Some(comparison) = named.filter(|_| !schedule.is_capacity) else { return verdict };
    let gain = |id: MetricId| {
        let found = comparison.differences.iter().find(|one| one.metric == id)?;
        found.difference.point.finite()
    };
    let captures: Vec<(f64, f64)> = captures().into_iter().filter_map(|(id, share)| Some((share, gain(id)?))).collect();
    let shares = |which: fn(f64) -> bool| -> Vec<f64> {
        captures.iter().filter(|(_, gain)| which(*gain)).map(|(share, _)| *share).collect()
    };
    let (ahead, behind) = (shares(|gain| gain > 0.0), shares(|gain| gain < 0.0));
    if !ahead.is_empty() || !behind.is_empty() {
        verdict.reasons.push(Reason::Sweep { challenger: comparison.challenger.clone(), ahead, behind });
    }
    verdict
}

fn capture_of(comparison: &Comparison) -> Option<Estimate> {
    let capture = comparison.differences.iter().find(|difference| difference.metric == CAPTURE.id);
    capture.map(|capture| capture.simultaneous.clone())
}

/// Of some comparisons the one with the largest difference in capture.
fn strongest(comparisons: &[Comparison], which: impl Fn(&Comparison) -> bool) -> Option<&Comparison> {
    let gain = |comparison: &Comparison| {
        capture_of(comparison).and_then(|capture| capture.point.finite()).unwrap_or(f64::NEG_INFINITY)
    };
    let mut found: Vec<&Comparison> = comparisons.iter().filter(|comparison| which(comparison)).collect();
    found.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    found.first().copied()
}
