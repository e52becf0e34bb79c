use rayon::prelude::*;

use crate::metrics::Resample;
use crate::result::{Estimate, Pair};
use crate::stats::multiplicity::holm;
use crate::stats::{Interval, Undefined};

use super::LEVEL;
use super::cohort::Cohort;
use super::paired::Paired;
use super::schedule::Schedule;
use super::spread::{Spread, max_t};

/// Every pair of models, in the order of the file: one family, so that a league can be read off without a champion.
pub(super) fn pairs(cohort: &Cohort, schedule: &Schedule, paired: &Paired) -> Vec<Pair> {
    let models = cohort.models().len();
    let places: Vec<(usize, usize)> = (0..models).flat_map(|a| (a + 1..models).map(move |b| (a, b))).collect();
    let spreads: Vec<Spread> =
        places.iter().map(|&pair| Spread::of(paired, schedule, pair, Resample::CAPTURE)).collect();
    let areas: Vec<_> = places.par_iter().map(|&(a, b)| paired.areas(a, b)).collect();
    let capture_p: Vec<Result<f64, Undefined>> = spreads.iter().map(Spread::p).collect();
    let auc_p: Vec<Result<f64, Undefined>> = areas
        .iter()
        .map(|area| area.ok_or(Undefined::OneClass).and_then(|area| area.test().map(|test| test.p)))
        .collect();
    let (capture_holm, auc_holm) = (family(&capture_p), family(&auc_p));
    let critical = max_t(&spreads, LEVEL);
    // Bonferroni over all pairs: DeLong's statistics have no resamples to take a maximum over.
    let level = 1.0 - (1.0 - LEVEL) / places.len().max(1) as f64;
    let one = |(i, &(a, b)): (usize, &(usize, usize))| {
        let (spread, area) = (&spreads[i], areas[i].ok_or(Undefined::OneClass));
        let capture = critical.map(|critical| Interval::around(spread.observed, critical * spread.se));
        Pair {
            a: cohort.models()[a].name.clone(),
            b: cohort.models()[b].name.clone(),
            capture: Estimate::with(spread.observed, capture.ok_or(Undefined::ZeroVariance)),
            capture_p: capture_p[i].map(|_| capture_holm[i]).into(),
            auc: Estimate::with(area.map(|area| area.difference), area.and_then(|area| area.interval(level))),
            auc_p: auc_p[i].map(|_| auc_holm[i]).into(),
        }
    };
    places.iter().enumerate().map(one).collect()
}

fn family(p: &[Result<f64, Undefined>]) -> Vec<f64> {
    holm(&p.iter().map(|p| p.unwrap_or(1.0)).collect::<Vec<f64>>())
}
