//! Named metrics over counted leads, one table with their facts: laws, glossary and documentation read it.

mod calibration;
mod methods;
mod ranking;

pub use methods::{CHAPTERS, Chapter, Method, methods, methods_page};

use crate::stats::{Tally, Undefined};

/// A number that says how good a model's scores are, with what must be known to read it.
pub struct Metric {
    /// Stable, in results and files.
    pub id: &'static str,
    /// In reports.
    pub label: &'static str,
    pub direction: Direction,
    /// Closed; an end may be infinite.
    pub range: (f64, f64),
    pub reads: Reads,
    pub formula: &'static str,
    pub reference: &'static str,
    /// When it does not exist.
    pub undefined: &'static str,
    pub compute: fn(&Tally) -> Result<f64, Undefined>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Maximize,
    Minimize,
    /// Neither: it is best at a value.
    Target,
}

/// What a metric reads of the scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Their order alone: increasing transformations change nothing.
    Order,
    /// Probabilities.
    Probability,
}

/// Every metric, family by family.
pub const METRICS: &[Metric] = &[
    ranking::AUC,
    ranking::GINI,
    ranking::AVERAGE_PRECISION,
    ranking::KS,
    ranking::H_MEASURE,
    ranking::LIFT_10,
    ranking::CAPTURE_10,
    calibration::BRIER,
    calibration::BRIER_SKILL,
    calibration::MISCALIBRATION,
    calibration::DISCRIMINATION,
    calibration::LOG_LOSS,
    calibration::EXPECTED_ERROR,
    calibration::SLOPE,
    calibration::IN_THE_LARGE,
];

/// The metric of that id.
pub fn metric(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id == id)
}
