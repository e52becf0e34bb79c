use crate::result::{Comparison, Decision, Estimate, Verdict};

use super::capacity::Schedule;
use super::cohort::Cohort;
use super::compare;
use super::paired::Paired;

/// What to do, from the comparisons with the champion.
pub(super) fn verdict(cohort: &Cohort, schedule: &Schedule, paired: &Paired, comparisons: &[Comparison]) -> Verdict {
    let (best, tied) = compare::tied_with_best(cohort, schedule, paired);
    let name = |model: usize| cohort.models()[model].name.clone();
    let tied: Vec<String> = tied.into_iter().map(name).collect();
    let metric = format!("share of wins captured {}", schedule.rule);
    let Some(champion) = cohort.design().champion else {
        return without_champion(best.map(name), tied, metric);
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
        metric,
        difference: named.and_then(capture_of),
        challenger: named.map(|comparison| comparison.challenger.clone()),
        tied,
        reasons: Vec::new(),
    }
}

/// Without a champion there is nothing to switch from: the best is named, when nothing ties with it.
fn without_champion(best: Option<String>, tied: Vec<String>, metric: String) -> Verdict {
    let alone = tied.len() == 1;
    Verdict {
        decision: if alone { Decision::Promote } else { Decision::NotEnoughEvidence },
        model: best,
        metric,
        difference: None,
        challenger: None,
        reasons: vec!["no champion is named: models are compared with the best of them".into()],
        tied,
    }
}

/// Without a capacity, stated or estimated: says where the choice turns with the number of leads that sales can work.
pub(super) fn sweep(mut verdict: Verdict, schedule: &Schedule, comparisons: &[Comparison]) -> Verdict {
    let named = comparisons.iter().find(|comparison| Some(&comparison.challenger) == verdict.challenger.as_ref());
    let Some(comparison) = named.filter(|_| !schedule.is_capacity) else { return verdict };
    let captures: Vec<(&str, f64)> = comparison
        .differences
        .iter()
        .filter_map(|one| Some((one.metric.strip_prefix("capture_")?, one.difference.point.finite()?)))
        .collect();
    let shares = |which: fn(f64) -> bool| {
        let own: Vec<&str> = captures.iter().filter(|(_, gain)| which(*gain)).map(|(share, _)| *share).collect();
        (!own.is_empty()).then(|| own.join(", "))
    };
    let (ahead, behind) = (shares(|gain| gain > 0.0), shares(|gain| gain < 0.0));
    let challenger = &comparison.challenger;
    verdict.reasons.push(match (ahead, behind) {
        (Some(ahead), Some(behind)) => format!(
            "no capacity is stated, and the best guess turns with it: `{challenger}` is ahead in the top {ahead} %, behind in the top {behind} %"
        ),
        (Some(ahead), None) => format!(
            "no capacity is stated, and the best guess does not turn with it: `{challenger}` is ahead in the top {ahead} % alike"
        ),
        (None, Some(behind)) => format!(
            "no capacity is stated, and the best guess does not turn with it: `{challenger}` is behind in the top {behind} % alike"
        ),
        (None, None) => return verdict,
    });
    verdict
}

fn capture_of(comparison: &Comparison) -> Option<Estimate> {
    let capture = comparison.differences.iter().find(|difference| difference.metric == "capture");
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
