//! Challenger against champion within the segments of a column.

use crate::stats::discrimination::{self, AucComparison, PairedScores};

use super::cohort::{Cohort, Grouping};

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
            discrimination::delong_paired(PairedScores { a: &a, b: &b, converted: &converted, weight: None }).ok()
        });
        Within { label, wins, auc: auc.flatten(), rows }
    };
    grouping.split(cohort.mature()).into_iter().map(one).collect()
}
