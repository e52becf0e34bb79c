use crate::stats::calibration::{self, Binning};

use super::{Across, Compute, Definition, Direction, Measured, Metric, MetricId, Reads, Resample, Shown, Term, Unit};

pub const BRIER: Metric = Metric {
    id: MetricId::new("brier"),
    label: "Brier score",
    unit: Unit::Plain,
    direction: Direction::Minimize,
    range: (0.0, 1.0),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "mean (p - y)²",
        reference: "Brier (1950)",
        undefined: "no leads, or a score that is no probability",
        term: Some(Term {
            term: "Brier score",
            meaning: "The mean squared gap between the predicted chance and what happened (1 or 0). Lower is better. It equals miscalibration minus discrimination plus uncertainty.",
        }),
    },
    compute: Some(Compute::Point(calibration::brier)),
    resample: Some(Resample::free(|figures| figures.brier)),
    shown: &[Shown::COMPARED, Shown::calibration(3, "Brier score")],
};

pub(super) const BRIER_SKILL: Metric = Metric {
    id: MetricId::new("brier_skill"),
    label: "Brier skill",
    unit: Unit::Plain,
    direction: Direction::Maximize,
    range: (f64::NEG_INFINITY, 1.0),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "1 - Brier / (rate (1 - rate))",
        reference: "Murphy (1973)",
        undefined: "one class only",
        term: None,
    },
    compute: Some(Compute::Point(calibration::brier_skill)),
    resample: Some(Resample::free(|figures| 1.0 - figures.brier / (figures.rate * (1.0 - figures.rate)))),
    shown: &[],
};

pub(super) const MISCALIBRATION: Metric = Metric {
    id: MetricId::new("miscalibration"),
    label: "miscalibration",
    unit: Unit::Plain,
    direction: Direction::Minimize,
    range: (0.0, 1.0),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "Brier less the Brier score after isotonic recalibration, equal probabilities pooled first (CORP)",
        reference: "Dimitriadis, Gneiting & Jordan (2021)",
        undefined: "no leads, or a score that is no probability",
        term: Some(Term {
            term: "Miscalibration",
            meaning: "The part of the Brier score lost because predicted chances differ from the rates that follow them. 0 is best.",
        }),
    },
    compute: Some(Compute::Point(|tally| Ok(calibration::corp(tally)?.miscalibration))),
    resample: None,
    shown: &[Shown::calibration(4, "Miscalibration")],
};

pub(super) const DISCRIMINATION: Metric = Metric {
    id: MetricId::new("discrimination"),
    label: "discrimination",
    unit: Unit::Plain,
    direction: Direction::Maximize,
    range: (0.0, 0.25),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "rate (1 - rate) less the Brier score after isotonic recalibration (CORP)",
        reference: "Dimitriadis, Gneiting & Jordan (2021)",
        undefined: "no leads, or a score that is no probability",
        term: Some(Term {
            term: "Discrimination",
            meaning: "The part of the Brier score gained because leads with different chances are told apart. Higher is better.",
        }),
    },
    compute: Some(Compute::Point(|tally| Ok(calibration::corp(tally)?.discrimination))),
    resample: None,
    shown: &[Shown::calibration(5, "Discrimination")],
};

pub(super) const UNCERTAINTY: Metric = Metric {
    id: MetricId::new("uncertainty"),
    label: "uncertainty",
    unit: Unit::Plain,
    direction: Direction::Neither,
    range: (0.0, 0.25),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "rate (1 - rate): the Brier score of the overall rate",
        reference: "Murphy (1973)",
        undefined: "no leads, or a score that is no probability",
        term: Some(Term {
            term: "Uncertainty",
            meaning: "The Brier score of predicting the overall rate for every lead: what there is to explain.",
        }),
    },
    compute: Some(Compute::Point(|tally| Ok(calibration::corp(tally)?.uncertainty))),
    resample: None,
    shown: &[Shown::calibration(6, "Uncertainty")],
};

pub(super) const LOG_LOSS: Metric = Metric {
    id: MetricId::new("log_loss"),
    label: "log loss",
    unit: Unit::Plain,
    direction: Direction::Minimize,
    range: (0.0, f64::INFINITY),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "-mean ln P(what happened), natural logarithm, never clipped: infinite when what happened was called impossible",
        reference: "Good (1952)",
        undefined: "no leads, or a score that is no probability",
        term: Some(Term {
            term: "Log loss",
            meaning: "The mean surprise at what happened, given the predicted chance. Lower is better; infinite when something predicted as certain did not happen.",
        }),
    },
    compute: Some(Compute::Point(calibration::log_loss)),
    resample: Some(Resample::free(|figures| figures.log_loss)),
    shown: &[Shown::COMPARED, Shown::calibration(7, "Log loss")],
};

pub const SLOPE: Metric = Metric {
    id: MetricId::new("calibration_slope"),
    label: "calibration slope",
    unit: Unit::Ratio,
    direction: Direction::Target(1.0),
    range: (f64::NEG_INFINITY, f64::INFINITY),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "b in logit P(y) = a + b logit(p), by maximum likelihood; 1 when calibrated, below 1 when too extreme",
        reference: "Cox (1958)",
        undefined: "one class only, a probability of 0 or 1, equal or separating probabilities",
        term: Some(Term {
            term: "Calibration slope",
            meaning: "1 when predictions are as spread out as outcomes. Below 1 they are too extreme: high scores promise too much, low scores too little. Above 1 they are too timid.",
        }),
    },
    compute: Some(Compute::Estimate(|tally, level| {
        let slope = calibration::cox(tally).map(|cox| cox.slope);
        Measured { point: slope.map(|slope| slope.point), interval: Some(slope.map(|slope| slope.interval(level))) }
    })),
    resample: None,
    shown: &[
        Shown::league(6, 6, "Calibration slope", "Calibration slope"),
        Shown::calibration(1, "Calibration slope"),
        Shown::changes(4, "calibration slope"),
    ],
};

pub const IN_THE_LARGE: Metric = Metric {
    id: MetricId::new("calibration_in_the_large"),
    label: "calibration in the large",
    unit: Unit::Signed,
    direction: Direction::Target(0.0),
    range: (f64::NEG_INFINITY, f64::INFINITY),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "a in logit P(y) = a + logit(p), by maximum likelihood; 0 when calibrated, above 0 when predicted too low",
        reference: "Steyerberg (2010)",
        undefined: "one class only, or a probability of 0 or 1",
        term: Some(Term {
            term: "Calibration intercept",
            meaning: "0 when the average prediction is right. Above 0 the model predicts too few wins, below 0 too many.",
        }),
    },
    compute: Some(Compute::Estimate(|tally, level| {
        let shift = calibration::in_the_large(tally);
        Measured { point: shift.map(|shift| shift.point), interval: Some(shift.map(|shift| shift.interval(level))) }
    })),
    resample: None,
    shown: &[Shown::calibration(2, "Calibration intercept")],
};

pub(super) const EXPECTED_ERROR: Metric = Metric {
    id: MetricId::new("expected_error"),
    label: "expected calibration error",
    unit: Unit::Share,
    direction: Direction::Minimize,
    range: (0.0, 1.0),
    reads: Reads::Probability,
    across: Across::Together,
    definition: Definition {
        formula: "Σ n_b / n |mean p - rate| over ten bins of equal mass (distinct type-7 quantiles, right-closed); biased upwards",
        reference: "Naeini et al. (2015)",
        undefined: "no leads, or a score that is no probability",
        term: Some(Term {
            term: "Expected calibration error",
            meaning: "The mean gap between predicted chance and observed rate over ten groups of leads. It is never below 0, and small groups push it up.",
        }),
    },
    compute: Some(Compute::Point(|tally| {
        let bins = calibration::reliability_bins(tally, Binning::Mass(10))?;
        Ok(calibration::calibration_error(&bins)?.expected)
    })),
    resample: None,
    shown: &[Shown::calibration(8, "Expected calibration error")],
};
