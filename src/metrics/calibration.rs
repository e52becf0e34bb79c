use crate::stats::calibration::{self, Binning};

use super::{Direction, Metric, Reads};

pub(super) const BRIER: Metric = Metric {
    id: "brier",
    label: "Brier score",
    direction: Direction::Minimize,
    range: (0.0, 1.0),
    reads: Reads::Probability,
    formula: "mean (p - y)²",
    reference: "Brier (1950)",
    undefined: "no leads, or a score that is no probability",
    compute: calibration::brier,
};

pub(super) const BRIER_SKILL: Metric = Metric {
    id: "brier_skill",
    label: "Brier skill",
    direction: Direction::Maximize,
    range: (f64::NEG_INFINITY, 1.0),
    reads: Reads::Probability,
    formula: "1 - Brier / (rate (1 - rate))",
    reference: "Murphy (1973)",
    undefined: "one class only",
    compute: calibration::brier_skill,
};

pub(super) const MISCALIBRATION: Metric = Metric {
    id: "miscalibration",
    label: "miscalibration",
    direction: Direction::Minimize,
    range: (0.0, 1.0),
    reads: Reads::Probability,
    formula: "Brier less the Brier score after isotonic recalibration, equal probabilities pooled first (CORP)",
    reference: "Dimitriadis, Gneiting & Jordan (2021)",
    undefined: "no leads, or a score that is no probability",
    compute: |tally| Ok(calibration::corp(tally)?.miscalibration),
};

pub(super) const DISCRIMINATION: Metric = Metric {
    id: "discrimination",
    label: "discrimination",
    direction: Direction::Maximize,
    range: (0.0, 0.25),
    reads: Reads::Probability,
    formula: "rate (1 - rate) less the Brier score after isotonic recalibration (CORP)",
    reference: "Dimitriadis, Gneiting & Jordan (2021)",
    undefined: "no leads, or a score that is no probability",
    compute: |tally| Ok(calibration::corp(tally)?.discrimination),
};

pub(super) const LOG_LOSS: Metric = Metric {
    id: "log_loss",
    label: "log loss",
    direction: Direction::Minimize,
    range: (0.0, f64::INFINITY),
    reads: Reads::Probability,
    formula: "-mean ln P(what happened), natural logarithm, never clipped: infinite when what happened was called impossible",
    reference: "Good (1952)",
    undefined: "no leads, or a score that is no probability",
    compute: calibration::log_loss,
};

pub(super) const EXPECTED_ERROR: Metric = Metric {
    id: "expected_error",
    label: "expected calibration error",
    direction: Direction::Minimize,
    range: (0.0, 1.0),
    reads: Reads::Probability,
    formula: "Σ n_b / n |mean p - rate| over ten bins of equal mass (distinct type-7 quantiles, right-closed); biased upwards",
    reference: "Naeini et al. (2015)",
    undefined: "no leads, or a score that is no probability",
    compute: |tally| {
        let bins = calibration::reliability_bins(tally, Binning::Mass(10))?;
        Ok(calibration::calibration_error(&bins)?.expected)
    },
};

pub(super) const SLOPE: Metric = Metric {
    id: "calibration_slope",
    label: "calibration slope",
    direction: Direction::Target,
    range: (f64::NEG_INFINITY, f64::INFINITY),
    reads: Reads::Probability,
    formula: "b in logit P(y) = a + b logit(p), by maximum likelihood; 1 when calibrated, below 1 when too extreme",
    reference: "Cox (1958)",
    undefined: "one class only, a probability of 0 or 1, equal or separating probabilities",
    compute: |tally| Ok(calibration::cox(tally)?.slope.point),
};

pub(super) const IN_THE_LARGE: Metric = Metric {
    id: "calibration_in_the_large",
    label: "calibration in the large",
    direction: Direction::Target,
    range: (f64::NEG_INFINITY, f64::INFINITY),
    reads: Reads::Probability,
    formula: "a in logit P(y) = a + logit(p), by maximum likelihood; 0 when calibrated, above 0 when predicted too low",
    reference: "Steyerberg (2010)",
    undefined: "one class only, or a probability of 0 or 1",
    compute: |tally| Ok(calibration::in_the_large(tally)?.point),
};
