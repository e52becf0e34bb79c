//! Columns that hide or turn what a score says: pooled against pair-weighted within-level AUC.

use std::collections::BTreeMap;

use crate::result::{Estimate, Number, Paradox, ParadoxKind};
use crate::stats::proportion::Count;
use crate::stats::strata::{self, Stratum};
use crate::stats::{Interval, Sample, dist, quantile};
use crate::table::MISSING;

use super::LEVEL;
use super::cohort::{Cohort, Grouping, Scored};

/// The fewest leads of a level that is named.
const NAMED: usize = 10;
/// The smallest change of AUC that is spoken of.
const SPOKEN: f64 = 0.02;
/// A score that is higher in pooled AUC by more than this owes it to the column.
const OWED: f64 = 0.1;

pub(super) fn paradoxes(cohort: &Cohort) -> Vec<Paradox> {
    let models = cohort.models().iter();
    models
        .flat_map(|model| cohort.leads().segments.iter().filter_map(|grouping| paradox(cohort, model, grouping)))
        .collect()
}

/// The leads of each level, every level on its own.
fn levels(grouping: &Grouping, rows: &[usize]) -> BTreeMap<u32, Vec<usize>> {
    let mut levels: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    rows.iter().for_each(|&row| levels.entry(grouping.codes[row]).or_default().push(row));
    levels
}

/// An AUC with a variance that it has at most.
#[derive(Clone, Copy)]
struct Known {
    auc: f64,
    variance: f64,
}

impl Known {
    fn estimate(self) -> Estimate {
        Estimate::new(self.auc, Interval::around(self.auc, dist::normal_critical(LEVEL) * self.variance.sqrt()))
    }
}

fn area(cohort: &Cohort, model: &Scored, rows: &[usize]) -> Option<(Known, f64)> {
    let (scores, converted) = (model.ranked(rows), cohort.converted(rows));
    let tally = Sample::new(&scores, &converted).tally();
    let area = cohort.area_of(&scores, rows).ok()?;
    let known = Known { auc: area.auc, variance: area.variance.unwrap_or(0.25) };
    Some((known, tally.positives() * tally.negatives()))
}

/// AUC over pairs of a winner and another of the same level: each level counts by its pairs.
fn within<'a>(cohort: &Cohort, model: &Scored, levels: impl Iterator<Item = &'a Vec<usize>>) -> Option<Known> {
    let areas: Vec<(Known, f64)> = levels.filter_map(|rows| area(cohort, model, rows)).collect();
    let pairs: f64 = areas.iter().map(|(_, pairs)| pairs).sum();
    let share = |of: &dyn Fn(&Known, f64) -> f64| areas.iter().map(|(area, own)| of(area, own / pairs)).sum::<f64>();
    (pairs > 0.0).then(|| Known {
        auc: share(&|area, share| share * area.auc),
        variance: share(&|area, share| share * share * area.variance),
    })
}

fn paradox(cohort: &Cohort, model: &Scored, grouping: &Grouping) -> Option<Paradox> {
    let rows = cohort.mature();
    let levels = levels(grouping, rows);
    if levels.len() < 2 {
        return None;
    }
    let (pooled, _) = area(cohort, model, rows)?;
    let inner = within(cohort, model, levels.values())?;
    let kind = kind(pooled, inner)?;
    let (code, responsible) = responsible(cohort, model, &levels)?;
    let lowest = model.ranked(rows).into_iter().fold(f64::INFINITY, f64::min);
    let at_lowest = model.ranked(responsible).into_iter().filter(|score| *score == lowest).count() as f64;
    let n = responsible.len() as f64;
    let strata = strata(cohort, model, &levels);
    Some(Paradox {
        model: model.name.clone(),
        column: grouping.name.clone(),
        kind,
        pooled: pooled.estimate(),
        within: inner.estimate(),
        level: if code == MISSING { "(missing)".into() } else { grouping.levels[code as usize].clone() },
        level_leads: responsible.len() as u64,
        level_rate: cohort.rate(responsible),
        level_lowest: Number::from(at_lowest / n),
        crude_difference: strata::crude_difference(&strata).into(),
        standardised_difference: strata::risk_difference(&strata).map(|pooled| pooled.difference).into(),
    })
}

/// What is the matter, if it is more than twice the larger standard error.
fn kind(pooled: Known, within: Known) -> Option<ParadoxKind> {
    let change = within.auc - pooled.auc;
    let sure = |area: Known| (area.auc - 0.5).abs() > dist::normal_critical(LEVEL) * area.variance.sqrt();
    if change.abs() < f64::max(SPOKEN, 2.0 * pooled.variance.max(within.variance).sqrt()) {
        return None;
    }
    if (pooled.auc - 0.5) * (within.auc - 0.5) < 0.0 && sure(pooled) && sure(within) {
        Some(ParadoxKind::Reversed)
    } else if (within.auc - 0.5).abs() > (pooled.auc - 0.5).abs() {
        Some(ParadoxKind::Attenuated)
    } else if change.abs() > OWED {
        Some(ParadoxKind::OwedToTheColumn)
    } else {
        None
    }
}

/// The level without which pooled and within lie closest together.
fn responsible<'a>(
    cohort: &Cohort,
    model: &Scored,
    levels: &'a BTreeMap<u32, Vec<usize>>,
) -> Option<(u32, &'a Vec<usize>)> {
    let gap = |without: u32| {
        let kept = || levels.iter().filter(move |(code, _)| **code != without).map(|(_, rows)| rows);
        let rows: Vec<usize> = kept().flatten().copied().collect();
        let (pooled, _) = area(cohort, model, &rows)?;
        Some((within(cohort, model, kept())?.auc - pooled.auc).abs())
    };
    let large = levels.iter().filter(|(_, rows)| rows.len() >= NAMED);
    let gaps = large.filter_map(|(&code, rows)| Some((gap(code)?, code, rows)));
    gaps.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, code, rows)| (code, rows))
}

/// Leads with a score over the median against the others, level by level.
fn strata(cohort: &Cohort, model: &Scored, levels: &BTreeMap<u32, Vec<usize>>) -> Vec<Stratum> {
    let scores = model.ranked(cohort.mature());
    let finite: Vec<f64> = scores.into_iter().filter(|score| score.is_finite()).collect();
    let median = quantile::of(&finite, 0.5).unwrap_or(f64::NAN);
    let arm = |rows: &[usize], high: bool| {
        let own = || rows.iter().filter(|row| (model.score[**row] > median) == high);
        Count::new(own().filter(|row| cohort.leads().converted[**row]).count() as f64, own().count() as f64)
    };
    levels.values().map(|rows| Stratum { control: arm(rows, false), treatment: arm(rows, true) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(auc: f64, error: f64) -> Known {
        Known { auc, variance: error * error }
    }

    #[test]
    fn a_change_is_named_by_what_it_does_to_the_score() {
        assert_eq!(kind(area(0.65, 0.006), area(0.75, 0.006)), Some(ParadoxKind::Attenuated));
        assert_eq!(kind(area(0.45, 0.01), area(0.6, 0.01)), Some(ParadoxKind::Reversed));
        assert_eq!(kind(area(0.8, 0.01), area(0.6, 0.01)), Some(ParadoxKind::OwedToTheColumn));
        assert_eq!(kind(area(0.7, 0.01), area(0.69, 0.01)), None);
        assert_eq!(kind(area(0.6, 0.1), area(0.7, 0.1)), None);
    }
}
