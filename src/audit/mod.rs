//! The criteria of a points model, each held against what happened: what it says, what the data say, what to change.
//!
//! [`weigh`] weighs the points, [`criteria`] says of each criterion what it turns out to be; [`propose`] looks for the
//! smallest change that leads kept aside support; [`cliff`] dates at
//! which the log of a kind of events breaks, [`decays`] how fast events fade, [`missing`] and [`interactions`] what no criterion says, and
//! [`misjudged`] which leads convert more or less than their score promises.

mod alike;
pub mod candidates;
mod case;
mod cells;
mod criterion;
mod decay;
pub mod fading;
mod fit;
mod log;
mod misjudged;
mod missing;
mod profile;
mod proposal;
mod regression;
mod scale;
mod simplify;
mod starter;
mod verdict;
mod weigh;
mod words;

pub use decay::decays;
pub use log::{Break, cliff};
pub use misjudged::misjudged;
pub use missing::{Candidate, Pair, interactions, missing};
pub use profile::Faded;
pub use proposal::{Proposed, propose, with_points};
pub use regression::{Split, regression_auc};
pub use simplify::{least_missed, simpler};
pub use starter::starter;
pub use weigh::{Weighed, weigh};

use crate::evaluation::Grouping;
use crate::models::Contribution;
use crate::result::CriterionAudit;
use crate::stats::random::Seed;

/// Confidence of every interval.
const LEVEL: f64 = 0.95;
/// The share of wrong names among those that are named: Benjamini & Hochberg's rate.
const FALSE_DISCOVERIES: f64 = 0.05;
/// Why the criterion that alone tells the scale is not weighed on it.
const IT_ALONE: &str = "it alone tells what a point is worth";

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
        Self {
            criteria: self.criteria.iter().map(|one| one.take(rows)).collect(),
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
pub fn criteria(evidence: &Evidence, weighed: &Weighed) -> Vec<CriterionAudit> {
    let mut audits = verdict::verdicts(evidence, weighed);
    let cost = |audit: &CriterionAudit| audit.cost.finite().unwrap_or(0.0);
    audits.sort_by(|a, b| a.verdict.is_quiet().cmp(&b.verdict.is_quiet()).then(cost(b).total_cmp(&cost(a))));
    audits
}
