//! The criteria of a points model, each held against what happened: what it says, what the data say, what to change.
//!
//! [`criteria`] weighs the points and says of each criterion what it turns out to be; [`propose`] looks for the
//! smallest change that leads kept aside support; [`leaks`] finds columns that know the outcome, [`cliffs`] dates at
//! which the log of a kind of events breaks, [`decays`] how fast events fade, and [`missing`] what no criterion says.

mod criterion;
mod decay;
mod leak;
mod log;
mod missing;
mod proposal;
mod simplify;
mod verdict;
mod weigh;
mod words;

pub use decay::{Faded, decays};
pub use leak::{Screened, leaks};
pub use log::{Break, cliffs};
pub use missing::{Candidate, missing};
pub use proposal::{Proposed, propose, with_points};
pub use simplify::least_missed;

use crate::evaluation::Grouping;
use crate::models::Contribution;
use crate::result::{CriterionAudit, Weighing};
use crate::stats::random::Seed;

/// Confidence of every interval.
const LEVEL: f64 = 0.95;
/// The share of wrong names among those that are named: Benjamini & Hochberg's rate.
const FALSE_DISCOVERIES: f64 = 0.05;

/// Leads of the training window with what each criterion gave them and what became of them, in one order.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// In the order of the model; strengths are those of these leads alone.
    pub criteria: Vec<Contribution>,
    /// What each criterion gives points for, in words.
    pub what: Vec<String>,
    pub converted: Vec<bool>,
    /// Calendar quarters of creation; nothing without creation times.
    pub periods: Option<Grouping>,
    pub seed: Seed,
}

impl Evidence {
    pub fn leads(&self) -> usize {
        self.converted.len()
    }

    pub fn wins(&self) -> usize {
        self.converted.iter().filter(|won| **won).count()
    }

    /// The leads at some places.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let taken = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        Self {
            criteria: self
                .criteria
                .iter()
                .map(|one| Contribution { strength: taken(&one.strength), ..one.without_strength() })
                .collect(),
            what: self.what.clone(),
            converted: rows.iter().map(|&row| self.converted[row]).collect(),
            periods: self.periods.as_ref().map(|periods| Grouping {
                codes: rows.iter().map(|&row| periods.codes[row]).collect(),
                ..periods.clone()
            }),
            seed: self.seed,
        }
    }
}

/// What the data say of every criterion, what costs most first.
///
/// # Panics
/// When a criterion has not a strength for every lead.
pub fn criteria(evidence: &Evidence) -> (Weighing, Vec<CriterionAudit>) {
    assert!(evidence.criteria.iter().all(|one| one.strength.len() == evidence.leads()), "a strength for every lead");
    let weighed = weigh::weigh(evidence);
    let mut audits = verdict::verdicts(evidence, &weighed);
    let cost = |audit: &CriterionAudit| audit.cost.finite().unwrap_or(0.0);
    audits.sort_by(|a, b| a.verdict.is_quiet().cmp(&b.verdict.is_quiet()).then(cost(b).total_cmp(&cost(a))));
    (weighed.weighing(), audits)
}
