use crate::metrics::{AUC, MetricId, WINS, captures};
use crate::result::{Comparison, Decision, ModelEvaluation, Reason, Verdict};

use super::LEVEL;
use super::cohort::{Cohort, Scored};
use super::deciding::{Against, Winners, decided};
use super::schedule::Schedule;
use super::spread::{Spread, max_t};

/// What to do, from the comparisons with the champion.
pub(super) fn verdict(
    cohort: &Cohort,
    schedule: &Schedule,
    (winners, against): (&Winners, Option<&Against>),
    comparisons: &[Comparison],
) -> Verdict {
    let name = |model: usize| cohort.models()[model].name.clone();
    let (Some(champion), Some(against)) = (cohort.design().champion, against) else {
        let (best, tied) = tied(cohort, winners, None);
        return without_champion(best.map(name), tied.into_iter().map(name).collect(), schedule);
    };
    let models = cohort.models();
    let among = |decision| decided(cohort, comparisons, decision);
    let (promoted, undecided, kept) =
        (among(Decision::Promote), among(Decision::NotEnoughEvidence), among(Decision::Keep));
    let (decision, pool) = match (promoted.is_empty(), undecided.is_empty()) {
        (false, _) => (Decision::Promote, promoted),
        (true, false) => (Decision::NotEnoughEvidence, undecided),
        (true, true) if models[champion].is_suspended() => (Decision::NotEnoughEvidence, kept),
        (true, true) => (Decision::Keep, kept),
    };
    // Without a candidate one can still be told why none of the others is.
    let others = || (0..models.len()).filter(|&model| model != champion).collect::<Vec<usize>>();
    let pool = if pool.is_empty() { others() } else { pool };
    let picked = against.cheapest(winners, cohort, &pool);
    let challenger = picked.map(|place| pool[place]);
    let mut reasons: Vec<Reason> = of_champion(&models[champion]).into_iter().chain(schedule.refuses()).collect();
    if decision == Decision::Promote
        && let Some(model) = challenger
    {
        reasons.extend(against.cheaper(winners, cohort, &pool, model));
    }
    let model = challenger.filter(|_| decision == Decision::Promote).unwrap_or(champion);
    let (_, tied) = tied(cohort, winners, Some((champion, (decision == Decision::Promote).then_some(model))));
    Verdict {
        decision,
        model: Some(name(model)),
        metric: Some(WINS.id),
        hand_over: schedule.hand_over.clone(),
        difference: picked.map(|place| against.claim(winners, cohort, &pool, place)),
        challenger: challenger.map(name),
        tied: if models[champion].is_suspended() { Vec::new() } else { tied.into_iter().map(name).collect() },
        reasons,
    }
}

/// The best of the models that may be used, and all of them that it does not beat in winners: simultaneous over the
/// comparisons with it. With a champion that is among them, unless one is promoted in its place: then that is the best.
fn tied(cohort: &Cohort, winners: &Winners, champion: Option<(usize, Option<usize>)>) -> (Option<usize>, Vec<usize>) {
    let may_be_used = |&model: &usize| match champion {
        Some((champion, promoted)) if model == champion => promoted.is_none(),
        _ => cohort.models()[model].is_candidate(),
    };
    let models: Vec<usize> = (0..cohort.models().len()).filter(may_be_used).collect();
    // Of equal ones the first in the file.
    let better = |best: usize, model: usize| {
        if winners.difference((best, model)).observed > 0.0 { model } else { best }
    };
    let promoted = champion.and_then(|(_, promoted)| promoted);
    let Some(best) = promoted.or_else(|| models.iter().copied().reduce(better)) else { return (None, Vec::new()) };
    let spreads: Vec<Spread> = models.iter().map(|&model| winners.difference((model, best))).collect();
    let critical = max_t(&spreads, LEVEL).unwrap_or(0.0);
    let beaten = |spread: &Spread| spread.observed - critical * spread.se > 0.0;
    (Some(best), models.iter().zip(&spreads).filter(|(_, spread)| !beaten(spread)).map(|(&model, _)| model).collect())
}

/// Puts first what a champion's AUC says of it: no comparison is worth more than that.
pub(super) fn of_the_champion(mut verdict: Verdict, cohort: &Cohort, models: &[ModelEvaluation]) -> Verdict {
    let Some(champion) = cohort.design().champion.map(|place| &models[place]) else { return verdict };
    let auc = champion.metric(AUC.id);
    let (model, bounds) = (champion.name.clone(), auc.interval());
    let said = match bounds {
        Some(bounds) if bounds.high < 0.5 => Some(Reason::UpsideDown { model, auc }),
        Some(bounds) if bounds.low <= 0.5 => Some(Reason::NoBetterThanChance { model, auc }),
        _ => None,
    };
    verdict.reasons.splice(0..0, said);
    verdict
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
        metric: Some(WINS.id),
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

#[cfg(test)]
mod tests {
    use super::super::deciding::tests::{made, scored};
    use super::super::evaluate;
    use crate::result::{ModelKind, Reason};

    /// Of a hundred leads, every tenth of which is won, a score that sees so many of the ten wins.
    fn seeing(name: &str, wins: usize) -> super::Scored {
        let score =
            |row: usize| if row.is_multiple_of(10) && row / 10 < wins { 1_000.0 } else { ((row * 37) % 100) as f64 };
        scored(name, (0..100).map(score).collect())
    }

    #[test]
    fn what_is_promoted_is_not_tied_with_what_it_replaces_and_floors_with_nothing() {
        let mut floor = seeing("floor", 10);
        floor.kind = ModelKind::Constant;
        let cohort =
            made(vec![seeing("today", 0), seeing("better", 10), seeing("also", 10), floor], Some(1.0), Some(true));
        let verdict = evaluate(&cohort).verdict;
        assert_eq!(verdict.model.as_deref(), Some("better"), "{verdict:?}");
        assert_eq!(verdict.tied, ["better", "also"]);
    }

    #[test]
    fn a_champion_upside_down_comes_first() {
        let reason = |champion: super::Scored| {
            let cohort = made(vec![champion, seeing("other", 5)], Some(1.0), Some(true));
            evaluate(&cohort).verdict.reasons.into_iter().next()
        };
        let mut turned = seeing("turned", 9);
        turned.score.iter_mut().for_each(|score| *score = -*score);
        assert!(matches!(reason(turned), Some(Reason::UpsideDown { .. })));
        assert!(matches!(reason(seeing("blind", 0)), Some(Reason::NoBetterThanChance { .. })));
        assert!(!matches!(
            reason(seeing("sees", 10)),
            Some(Reason::UpsideDown { .. } | Reason::NoBetterThanChance { .. })
        ));
    }

    #[test]
    fn a_copy_with_fewer_edits_is_named_and_the_price_of_the_other_stands_beside_it() {
        let mut large = seeing("large", 10);
        large.effort = crate::result::Effort { in_crm: false, edits: 55 };
        let mut small = seeing("small", 10);
        // A lead that is not won in the place of nobody: one rank apart.
        small.score[1] = 999.0;
        let cohort = made(vec![seeing("today", 0), large, small], Some(1.0), Some(true));
        let verdict = evaluate(&cohort).verdict;
        assert_eq!(verdict.model.as_deref(), Some("small"), "{verdict:?}");
    }
}
