//! What earlier reviews said, held against what is known now.

use crate::audit;
use crate::evaluation::{self, Scored};
use crate::experiment::Experiment;
use crate::pipeline::Played;
use crate::result::review::{
    Advice, AdviceKind, Fingerprint, Judged, LedgerEntry, Memory, Period, Quoted, Regret, Rewritten,
};
use crate::result::{Comparison, Decision, Estimate};
use crate::stats::Interval;

use super::gather::Gathered;
use super::ledger::Kept;

pub(super) fn memory(
    kept: &Kept,
    periods: &[Period],
    definition: &str,
    gathered: &Gathered,
    experiment: &Experiment,
    played: &Played,
) -> Memory {
    Memory {
        reviews: kept.len() as u64,
        last: kept.entries().next_back().map(|last| Quoted {
            period: last.period.clone(),
            hash: kept.hash().unwrap_or_default(),
            headline: last.headline.clone(),
            decision: last.decision,
            advised: last.advised.clone(),
            in_use: gathered.scored[gathered.champion].name.clone(),
            followed: followed(&last.advice, gathered, played),
            advised_changes: last.advice.iter().filter(|one| is_change(one)).count() as u64,
            regret: regret(last, gathered, experiment, played),
        }),
        rewritten: rewritten(kept, periods, definition),
        judged: judged(kept, periods),
    }
}

/// Advice on points.
fn is_change(advice: &Advice) -> bool {
    matches!(advice.what, AdviceKind::ChangePoints | AdviceKind::RemoveCriterion)
}

/// Advised points that the live model has now.
fn followed(advice: &[Advice], gathered: &Gathered, played: &Played) -> u64 {
    let parts = &played.scores[gathered.champion].contributions;
    let stands = |advice: &&Advice| {
        let now = parts.iter().find(|part| part.name == advice.subject).map_or(0.0, |part| part.points);
        is_change(advice) && advice.to == Some(now)
    };
    advice.iter().filter(stands).count() as u64
}

/// The latest view of every period that an earlier review saw with all horizons over, against the one now.
fn rewritten(kept: &Kept, periods: &[Period], definition: &str) -> Vec<Rewritten> {
    let one = |now: &Period| {
        let seen = kept.entries().rev().find_map(|entry| {
            let then = entry.periods.iter().find(|then| then.label == now.label && then.is_mature())?;
            Some((entry, then))
        });
        let (entry, then) = seen?;
        let changed = (then.leads, then.wins) != (now.leads, now.wins) || then.fingerprint != now.fingerprint;
        changed.then(|| Rewritten {
            period: now.label.clone(),
            seen_in: entry.period.clone(),
            leads_then: then.leads,
            leads_now: now.leads,
            wins_then: then.wins,
            wins_now: now.wins,
            why: why(then, now, entry.definition == definition),
        })
    };
    periods.iter().filter_map(one).collect()
}

fn why(then: &Period, now: &Period, same_definition: bool) -> String {
    if !same_definition {
        return "the experiment defines leads, horizon or models otherwise than it did then".into();
    }
    let Fingerprint { leads, outcomes, scores } = &then.fingerprint;
    let mut found = Vec::new();
    if *leads != now.fingerprint.leads {
        found.push(match now.leads.cmp(&then.leads) {
            std::cmp::Ordering::Less => "leads were taken out afterwards",
            std::cmp::Ordering::Greater => "leads were added afterwards",
            std::cmp::Ordering::Equal => "leads were exchanged afterwards",
        });
    }
    if *outcomes != now.fingerprint.outcomes {
        let rates = (now.wins * then.mature).cmp(&(then.wins * now.mature));
        found.push(match rates {
            std::cmp::Ordering::Greater => {
                "outcomes were rewritten: more wins are dated into the period than were known"
            }
            std::cmp::Ordering::Less => "outcomes were rewritten: wins that were known are gone",
            std::cmp::Ordering::Equal => "outcomes were rewritten: days or amounts of wins are others",
        });
    }
    if *scores != now.fingerprint.scores && *leads == now.fingerprint.leads {
        found.push("what the score reads was rewritten: columns or events of these leads are others");
    }
    found.join("; ")
}

/// Early reads whose periods are mature now, the latest read of each.
fn judged(kept: &Kept, periods: &[Period]) -> Vec<Judged> {
    let one = |now: &Period| {
        let read = kept.entries().rev().find_map(|entry| {
            let read = entry.early.iter().find(|read| read.label == now.label)?;
            Some((entry, read))
        });
        let (entry, read) = read?;
        let (happened, interval) = (now.rate.point.finite()?, read.rate.interval()?);
        Some(Judged {
            period: now.label.clone(),
            read_in: entry.period.clone(),
            rate: read.rate.clone(),
            happened,
            inside: interval.contains(happened),
        })
    };
    periods.iter().filter(|period| period.is_mature()).filter_map(one).collect()
}

/// The advice on the mature leads created after the period that it was given in; nothing where there are none.
fn regret(last: &LedgerEntry, gathered: &Gathered, experiment: &Experiment, played: &Played) -> Option<Regret> {
    let compared = &gathered.compared;
    let given = compared.labels.iter().position(|label| *label == last.period)?;
    let since = given + 1..compared.periods();
    let rows: Vec<usize> = (0..compared.period.len())
        .filter(|&row| since.contains(&compared.period[row]) && !gathered.trained[row])
        .collect();
    let advised = gathered.scored.iter().position(|model| model.name == last.advised)?;
    let window = gathered.window(given + 1..=compared.periods() - 1);
    let mut models = gathered.scored.clone();
    let changed = changed(last, gathered, played);
    models.extend(changed.clone());
    let cohort = gathered.cohort_of(experiment, played, &rows, window, (&models, advised)).ok()?;
    let evaluated = evaluation::evaluate(&cohort);
    let against = |name: &str| evaluated.comparisons.iter().find(|one| one.challenger == name);
    let nothing = Estimate::new(0.0, Interval::new(0.0, 0.0));
    let contenders = evaluated.comparisons.iter().filter(|one| {
        let model = models.iter().find(|model| model.name == one.challenger);
        model.is_some_and(|model| model.not_promotable.is_none())
            && changed.as_ref().is_none_or(|changed| changed.name != one.challenger)
    });
    let ahead = |one: &&Comparison| one.wins.point.finite().is_some_and(|wins| wins > 0.0);
    let best = contenders.filter(ahead).max_by(|a, b| {
        let wins = |one: &Comparison| one.wins.point.finite().unwrap_or(0.0);
        wins(a).total_cmp(&wins(b))
    });
    let changes_gained = changed.as_ref().and_then(|changed| against(&changed.name)).map(|one| one.wins.clone());
    let labels = &compared.labels[given + 1..];
    Some(Regret {
        window: match labels {
            [one] => format!("mature leads created in {one}"),
            [first, .., last] => format!("mature leads created from {first} to {last}"),
            [] => return None,
        },
        leads: evaluated.readiness.leads,
        wins: evaluated.readiness.wins,
        gained: if last.advised == last.champion {
            nothing.clone()
        } else {
            against(&last.champion).map_or(nothing.clone(), |one| negated(&one.wins))
        },
        changes_gained: changes_gained.filter(|_| last.advised == last.champion || last.decision != Decision::Promote),
        best: best.map_or_else(|| last.advised.clone(), |best| best.challenger.clone()),
        regret: best.map_or(nothing, |best| best.wins.clone()),
    })
}

fn negated(estimate: &Estimate) -> Estimate {
    match (estimate.point.finite(), estimate.interval()) {
        (Some(point), Some(interval)) => Estimate::new(-point, Interval::new(-interval.high, -interval.low)),
        _ => estimate.clone(),
    }
}

/// The live model with the points that were advised, where its criteria are still there and have others.
fn changed(last: &LedgerEntry, gathered: &Gathered, played: &Played) -> Option<Scored> {
    let place = gathered.scored.iter().position(|model| model.name == last.champion)?;
    let scorer = played.models[place].points()?;
    let parts = &played.scores[place].contributions;
    let points: Vec<f64> = parts
        .iter()
        .map(|part| {
            let found = last.advice.iter().find(|one| is_change(one) && one.subject == part.name);
            found.and_then(|one| one.to).unwrap_or(part.points)
        })
        .collect();
    let differs = points.iter().zip(parts).any(|(points, part)| *points != part.points);
    differs.then(|| Scored {
        name: format!("{} with the points advised in {}", last.champion, last.period),
        score: scorer.totals(&audit::with_points(parts, &points), played.replayed.features.rows()),
        groups: Vec::new(),
        ..gathered.scored[place].clone()
    })
}
