//! What earlier reviews said, held against the periods as they are known now.

use crate::result::review::{Fingerprint, Judged, LedgerEntry, Period, Rewritten};

/// The latest view of every period that an earlier review saw with all horizons over, against the one now.
pub fn rewritten(kept: &[&LedgerEntry], periods: &[Period], definition: &str) -> Vec<Rewritten> {
    let one = |now: &Period| {
        let seen = kept.iter().rev().find_map(|entry| {
            let then = entry.periods.iter().find(|then| then.label == now.label && then.is_mature())?;
            Some((entry, then))
        });
        let (entry, then) = seen?;
        let same_definition = entry.is_defined_as(definition);
        let changed = (then.leads, then.wins) != (now.leads, now.wins)
            || fingerprint(then, same_definition) != fingerprint(now, same_definition);
        changed.then(|| Rewritten {
            period: now.label.clone(),
            seen_in: entry.period.clone(),
            leads_then: then.leads,
            leads_now: now.leads,
            wins_then: then.wins,
            wins_now: now.wins,
            why: why(then, now, same_definition),
        })
    };
    periods.iter().filter_map(one).collect()
}

/// What of a period must be the same now. Where the definitions cannot be compared, neither can the scores: the version
/// that computed them rounded otherwise.
fn fingerprint(period: &Period, same_definition: Option<bool>) -> (&str, &str, Option<&str>) {
    let Fingerprint { leads, outcomes, scores } = &period.fingerprint;
    (leads, outcomes, same_definition.map(|_| scores.as_str()))
}

fn why(then: &Period, now: &Period, same_definition: Option<bool>) -> String {
    if same_definition == Some(false) {
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
    if same_definition.is_none() {
        found.push("or the experiment was changed: the version of leadoff that wrote that review left no definition to compare");
    } else if *scores != now.fingerprint.scores && *leads == now.fingerprint.leads {
        found.push("what the score reads was rewritten: columns or events of these leads are others");
    }
    found.join("; ")
}

/// Early reads whose periods are mature now, the latest read of each.
pub fn judged(kept: &[&LedgerEntry], periods: &[Period]) -> Vec<Judged> {
    let one = |now: &Period| {
        let read = kept.iter().rev().find_map(|entry| {
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
