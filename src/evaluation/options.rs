use schemars::JsonSchema;
use serde::Deserialize;

use crate::metrics::MetricId;

/// What is asked of an evaluation beyond the comparison itself, and the columns it takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub gates: Vec<Gate>,
    /// Which hand-over thresholds are looked for, beside the one that meets the capacity.
    pub thresholds: ThresholdRule,
    /// Which leads sales worked; nothing where it is not recorded.
    pub contact: Option<Contact>,
    /// What may tell those who swap in from those who swap out.
    pub marks: Vec<Mark>,
    pub calibration: Calibrated,
    pub worthwhile: Worthwhile,
    /// What a switch costs once, in winners.
    pub cost_of_switching: f64,
}

/// The smallest difference that is worth a change of model, as a share of all wins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worthwhile(pub f64);

impl Default for Worthwhile {
    /// Two wins in a hundred.
    fn default() -> Self {
        Self(0.02)
    }
}

/// The map from points to probabilities, fitted on the training leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CalibrationSpec")]
pub enum Calibrated {
    /// A logistic curve (Platt 1999).
    #[default]
    Platt,
    /// Non-decreasing steps: needs some hundred wins among the training leads.
    Isotonic,
}

/// A condition on a challenger for its promotion.
#[derive(Clone, Debug, PartialEq)]
pub enum Gate {
    /// One of those that are compared ([`crate::metrics::compared`]).
    Metric { metric: MetricId, margin: Margin, confidence: f64 },
    /// AUC within every segment of a column.
    Segments { column: String, not_worse_by: f64, confidence: f64 },
    /// Wins handed over, in so many of the last quarters.
    Quarters { better: usize, of: usize },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// The lower bound of the gain reaches this (0: lies above it).
    AtLeast(f64),
    /// The lower bound of the gain lies above minus this.
    NotWorseBy(f64),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ThresholdRule {
    /// The share of leads handed over that is to convert.
    pub precision: Option<f64>,
    pub cost_per_lead: Option<f64>,
    pub value_per_win: Option<f64>,
}

/// Whether sales worked each lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    pub worked: Vec<bool>,
}

/// Something that holds for some leads: a criterion that fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The model whose criterion it is.
    pub model: String,
    pub what: String,
    pub holds: Vec<bool>,
}
