//! Which criteria could go, the least missed first.

use rayon::prelude::*;

use crate::models::Contribution;
use crate::stats::{Sample, discrimination};

use super::{Evidence, with_points};

/// The places of all criteria by what the ranking of the training leads loses without each of them, the least first;
/// those without points are not there to lose.
pub fn least_missed(evidence: &Evidence, totals: impl Fn(&[Contribution], usize) -> Vec<f64> + Sync) -> Vec<usize> {
    let points: Vec<f64> = evidence.criteria.iter().map(|one| one.points).collect();
    let auc = |points: &[f64]| {
        let scores = totals(&with_points(&evidence.criteria, points), evidence.leads());
        discrimination::auc(&Sample::new(&scores, &evidence.converted).tally()).unwrap_or(0.5)
    };
    let without = |place: usize| {
        let mut points = points.clone();
        points[place] = 0.0;
        auc(&points)
    };
    let given: Vec<usize> = (0..points.len()).filter(|&place| points[place] != 0.0).collect();
    let left: Vec<f64> = given.par_iter().map(|&place| without(place)).collect();
    let mut order: Vec<usize> = (0..given.len()).collect();
    order.sort_by(|&a, &b| left[b].total_cmp(&left[a]).then(a.cmp(&b)));
    order.into_iter().map(|i| given[i]).collect()
}
