//! Challenger against champion within the segments of a column.

use rayon::prelude::*;

use crate::result::{Estimate, Reading, Reason, SegmentDifference, Verdict};
use crate::stats::discrimination::{self, AucComparison, PairedScores};
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::{Interval, Undefined, dist};

use super::LEVEL;
use super::cohort::{Cohort, Grouping};
use super::schedule::{Schedule, inclusion};

/// The fewest wins, and the fewest others, on which a segment is judged.
pub(super) const FEWEST: usize = 10;

/// Two models on the leads of one segment.
pub(super) struct Within {
    pub label: String,
    pub rows: Vec<usize>,
    pub wins: usize,
    /// Nothing where the segment has too few wins or others to be judged.
    pub auc: Option<AucComparison>,
}

pub(super) fn within(cohort: &Cohort, grouping: &Grouping, champion: usize, challenger: usize) -> Vec<Within> {
    let one = |(label, rows): (String, Vec<usize>)| {
        let converted = cohort.converted(&rows);
        let wins = converted.iter().filter(|won| **won).count();
        let ranked = |model: usize| cohort.models()[model].ranked(&rows);
        let auc = (wins >= FEWEST && rows.len() - wins >= FEWEST).then(|| {
            let (a, b) = (ranked(champion), ranked(challenger));
            let account = cohort.account_of(&rows);
            let cluster = account.as_deref();
            discrimination::delong_paired(PairedScores { a: &a, b: &b, converted: &converted, weight: None, cluster })
                .ok()
        });
        Within { label, wins, auc: auc.flatten(), rows }
    };
    grouping.split(cohort.mature()).into_iter().map(one).collect()
}

/// Every challenger in every segment: AUC within it and the share of its wins handed over, with false discoveries
/// controlled over all of them (Benjamini & Hochberg 1995).
pub(super) fn differences(cohort: &Cohort, schedule: &Schedule) -> Vec<SegmentDifference> {
    let Some(champion) = cohort.design().champion else { return Vec::new() };
    let handed: Vec<Vec<f64>> =
        (0..cohort.models().len()).into_par_iter().map(|model| shares(cohort, schedule, model)).collect();
    let mut found = Vec::new();
    let mut p = Vec::new();
    for challenger in (0..cohort.models().len()).filter(|&model| model != champion) {
        for grouping in &cohort.leads().segments {
            for within in within(cohort, grouping, champion, challenger) {
                let test = within.auc.ok_or(Undefined::TooFewRows).and_then(|auc| auc.test().map(|test| test.p));
                let moved = |row: usize| handed[challenger][row] - handed[champion][row];
                p.push(test);
                found.push(SegmentDifference {
                    challenger: cohort.models()[challenger].name.clone(),
                    column: grouping.name.clone(),
                    label: within.label,
                    leads: within.rows.len() as u64,
                    wins: within.wins as u64,
                    auc: Estimate::with(
                        within.auc.map(|auc| auc.difference).ok_or(Undefined::TooFewRows),
                        within.auc.ok_or(Undefined::TooFewRows).and_then(|auc| auc.interval(LEVEL)),
                    ),
                    p: test.into(),
                    q: Undefined::TooFewRows.into(),
                    capture: capture(cohort, &within.rows, moved),
                    reading: None,
                });
            }
        }
    }
    let defined: Vec<f64> = p.iter().filter_map(|p| p.as_ref().ok().copied()).collect();
    let mut adjusted = benjamini_hochberg(&defined).into_iter();
    for (difference, _) in found.iter_mut().zip(&p).filter(|(_, p)| p.is_ok()) {
        let Some(q) = adjusted.next() else { break };
        difference.q = q.into();
        let point = difference.auc.point.finite().unwrap_or(0.0);
        difference.reading = (q < 1.0 - LEVEL).then_some(if point > 0.0 { Reading::Better } else { Reading::Worse });
    }
    found
}

/// The difference in the share of a segment's wins that are handed over: a mean over its wins.
fn capture(cohort: &Cohort, rows: &[usize], moved: impl Fn(usize) -> f64) -> Estimate {
    let won = rows.iter().copied().filter(|&row| cohort.leads().converted[row] && !moved(row).is_nan());
    let won: Vec<usize> = won.collect();
    let changes: Vec<f64> = won.iter().map(|&row| moved(row)).collect();
    if changes.len() < FEWEST {
        return Estimate::undefined(Undefined::TooFewRows.to_string());
    }
    let n = changes.len() as f64;
    let mean = changes.iter().sum::<f64>() / n;
    let influence: Vec<f64> = changes.iter().map(|change| (change - mean) / n).collect();
    let error = cohort.clustered_error(&won, &influence).unwrap_or_else(|| {
        Ok((changes.iter().map(|change| (change - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt())
    });
    Estimate::with(mean, error.map(|error| Interval::around(mean, dist::normal_critical(LEVEL) * error)))
}

/// A lead's probability to be handed over, by row; NaN outside the periods that count.
pub(super) fn shares(cohort: &Cohort, schedule: &Schedule, model: usize) -> Vec<f64> {
    let mut shares = vec![f64::NAN; cohort.leads().part.len()];
    let chosen = inclusion(&cohort.models()[model], schedule);
    for ((rows, _), chosen) in schedule.periods.iter().zip(chosen) {
        rows.iter().zip(chosen).for_each(|(&row, share)| shares[row] = share);
    }
    shares
}

/// Adds to a verdict whom its challenger harms.
pub(super) fn warn(mut verdict: Verdict, segments: &[SegmentDifference]) -> Verdict {
    let gains =
        verdict.difference.as_ref().and_then(|difference| difference.point.finite()).is_some_and(|gain| gain > 0.0);
    let harmed = segments.iter().filter(|segment| {
        Some(&segment.challenger) == verdict.challenger.as_ref() && segment.reading == Some(Reading::Worse)
    });
    let reason = |segment: &SegmentDifference| Reason::Harms {
        challenger: segment.challenger.clone(),
        column: segment.column.clone(),
        label: segment.label.clone(),
        auc: segment.auc.point.finite().unwrap_or_default(),
        leads: segment.leads,
    };
    verdict.reasons.extend(harmed.filter(|_| gains).map(reason));
    verdict
}
