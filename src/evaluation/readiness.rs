use crate::result::{Number, Readiness};
use crate::stats::{Undefined, dist};

use super::LEVEL;
use super::cohort::Cohort;

/// What the number of wins can show, before any result is looked at.
pub fn readiness(cohort: &Cohort) -> Readiness {
    let leads = cohort.mature().len() as f64;
    let wins = cohort.converted(cohort.mature()).iter().filter(|won| **won).count() as f64;
    let design_effect = cohort.design_effect();
    Readiness {
        leads: leads as u64,
        accounts: cohort.leads().account.as_ref().map(|_| cohort.accounts().count as u64),
        wins: wins as u64,
        rate: cohort.rate(cohort.mature()),
        detectable_auc: detectable(wins, leads - wins, |wins, others| design_effect * auc_variance(wins, others)),
        detectable_capture: detectable(wins, leads - wins, |wins, _| design_effect * 0.25 * 0.75 / wins),
    }
}

/// The difference that two models of like quality, correlated by a half, would show with 80 % power: the variance of
/// their difference is then that of one of them.
fn detectable(wins: f64, others: f64, variance: impl Fn(f64, f64) -> f64) -> Number {
    if wins < 2.0 || others < 2.0 {
        return Undefined::TooFewRows.into();
    }
    let z = dist::normal_critical(LEVEL) + dist::normal_quantile(0.8);
    (z * variance(wins, others).sqrt()).min(1.0).into()
}

/// Variance of an AUC of 0.7: Hanley & McNeil (1982).
fn auc_variance(wins: f64, others: f64) -> f64 {
    let auc: f64 = 0.7;
    let (q1, q2) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    (auc * (1.0 - auc) + (wins - 1.0) * (q1 - auc * auc) + (others - 1.0) * (q2 - auc * auc)) / (wins * others)
}
