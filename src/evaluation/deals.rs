//! How far the values of the wins are those of a few large deals.

use crate::result::Deals;

use super::cohort::Cohort;

/// So many of the largest deals are held against all.
const LARGEST: usize = 10;

/// Of the evaluated leads; nothing where wins carry no value.
pub(super) fn deals(cohort: &Cohort) -> Option<Deals> {
    if !cohort.is_valued() {
        return None;
    }
    let mut values: Vec<f64> = cohort.mature().iter().filter_map(|&row| cohort.value_of(row)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    let all: f64 = values.iter().sum();
    let largest: f64 = values.iter().take(LARGEST).sum();
    Some(Deals {
        cap: cohort.cap().into(),
        capped: values.iter().filter(|value| **value > cohort.cap()).count() as u64,
        largest: if all > 0.0 { (largest / all).into() } else { crate::stats::Undefined::Empty.into() },
    })
}
