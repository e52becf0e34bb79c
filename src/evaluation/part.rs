use crate::result::{Estimate, Part, Segmentation};
use crate::stats::{Sample, discrimination};

use super::cohort::{Cohort, Grouping, Scored};

pub(super) fn segments(cohort: &Cohort, model: &Scored) -> Vec<Segmentation> {
    let split = |grouping: &Grouping| Segmentation {
        column: grouping.name.clone(),
        parts: grouping
            .split(cohort.mature())
            .into_iter()
            .map(|(label, rows)| part(cohort, model, label, &rows, 0))
            .collect(),
    };
    cohort.leads().segments.iter().map(split).collect()
}

/// Calendar periods of creation, those that are not yet mature too.
pub(super) fn periods(cohort: &Cohort, model: &Scored) -> Vec<Part> {
    let Some(periods) = &cohort.leads().periods else { return Vec::new() };
    let mut rows = [cohort.mature(), cohort.immature()].concat();
    rows.sort_unstable();
    let one = |(label, rows): (String, Vec<usize>)| {
        let mature: Vec<usize> =
            rows.iter().copied().filter(|&row| cohort.leads().part[row] == super::PartOfRun::Mature).collect();
        part(cohort, model, label, &mature, (rows.len() - mature.len()) as u64)
    };
    periods.in_order(&rows).into_iter().map(one).collect()
}

/// Each group of criteria as a model of its own, on all evaluated leads.
pub(super) fn groups(cohort: &Cohort, model: &Scored) -> Vec<Part> {
    let alone = |(name, score): &(String, Vec<f64>)| {
        let group = Scored { score: score.clone(), ..model.clone() };
        part(cohort, &group, name.clone(), cohort.mature(), 0)
    };
    model.groups.iter().map(alone).collect()
}

fn part(cohort: &Cohort, model: &Scored, label: String, rows: &[usize], immature: u64) -> Part {
    let (scores, converted) = (model.ranked(rows), cohort.converted(rows));
    let tally = Sample::new(&scores, &converted).tally();
    let (wins, leads) = (tally.positives(), tally.total());
    let area = cohort.area_of(&scores, rows);
    Part {
        label,
        leads: leads as u64,
        wins: wins as u64,
        rate: cohort.rate(rows),
        auc: Estimate::with(area.map(|area| area.auc), area.and_then(|area| area.interval())),
        lift: discrimination::top_share(&tally, 0.1 * leads).lift().into(),
        immature,
    }
}
