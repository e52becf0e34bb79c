//! The one table of metrics: what is computed and resampled, what a gate may ask, what reports tell and documents define.

mod calibration;
mod figures;
mod handed_over;
mod id;
mod methods;
mod ranking;
mod top;

pub use calibration::{BRIER, IN_THE_LARGE, SLOPE};
pub use figures::{Edge, Figures, Resample, SHARES};
pub use handed_over::{CAPTURE, VALUE, WINS};
pub use id::MetricId;
pub use methods::{CHAPTERS, Chapter, Method, methods, methods_page};
pub use ranking::{AUC, AVERAGE_PRECISION, GINI, KS};
pub use top::{LIFT_10, captures};

use crate::stats::{Interval, Tally, Undefined};

/// A number that says how good a model's scores are, with what must be known to compute, compare and read it.
#[derive(Debug)]
pub struct Metric {
    /// Stable, in results and files.
    pub id: MetricId,
    /// In reports.
    pub label: &'static str,
    pub unit: Unit,
    pub direction: Direction,
    /// Closed; an end may be infinite.
    pub range: (f64, f64),
    pub reads: Reads,
    pub across: Across,
    pub definition: Definition,
    /// Nothing where it hangs on the periods in which leads are handed over.
    pub compute: Option<Compute>,
    /// Of two models on the same resampled leads; nothing where they are not compared in it.
    pub resample: Option<Resample>,
    pub shown: &'static [Shown],
}

/// What a metric is, for readers of methods and of reports.
#[derive(Debug)]
pub struct Definition {
    pub formula: &'static str,
    pub reference: &'static str,
    /// When it does not exist.
    pub undefined: &'static str,
    /// Its entry in a report's glossary.
    pub term: Option<Term>,
}

/// A word of a report and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    pub term: &'static str,
    pub meaning: &'static str,
}

/// What a metric is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Plain,
    /// Read against 1.
    Ratio,
    /// Read against 0, with its sign.
    Signed,
    /// 0 to 1.
    Share,
    Count,
    Money,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Direction {
    Maximize,
    Minimize,
    /// Best at a value.
    Target(f64),
    /// The same for every model.
    Neither,
}

/// What a metric reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The order of the scores alone: increasing transformations change nothing.
    Order,
    /// Probabilities.
    Probability,
    /// Who is handed over, period by period.
    HandedOver,
}

/// How leads count together whose scores are of several fits, one for each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// In one order: what a score means does not hang on its fit.
    Together,
    /// Each period by itself, weighed by what it has of this.
    Within(Weighed),
}

/// What a period counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// Pairs of a lead that converted and one that did not.
    Pairs,
    Wins,
    Leads,
}

/// How a metric is computed from leads counted by score.
#[derive(Clone, Copy, Debug)]
pub enum Compute {
    Point(fn(&Tally) -> Result<f64, Undefined>),
    /// With its interval at a level.
    Estimate(fn(&Tally, f64) -> Measured),
}

/// A value; and its interval, where the metric has one.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub point: Result<f64, Undefined>,
    pub interval: Option<Result<Interval, Undefined>>,
}

impl Compute {
    pub fn measure(self, tally: &Tally, level: f64) -> Measured {
        match self {
            Self::Point(point) => Measured { point: point(tally), interval: None },
            Self::Estimate(estimate) => estimate(tally, level),
        }
    }

    pub fn point(self, tally: &Tally) -> Result<f64, Undefined> {
        self.measure(tally, 0.95).point
    }
}

/// Where a report tells a metric, and how it is headed there.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    pub place: Place,
    /// Ascending within a place.
    pub order: u8,
    pub heading: &'static str,
    /// The glossary's word for it.
    pub term: Option<&'static str>,
}

/// A table of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Challenger against champion; the order is that of [`METRICS`].
    Comparison,
    /// The models side by side; the three of least rank stand in short versions too.
    League { rank: u8 },
    /// A model's calibration in numbers.
    Calibration,
    /// What changed from one result to another.
    Changes,
}

impl Shown {
    const COMPARED: Self = Self { place: Place::Comparison, order: 0, heading: "", term: None };
    const COMPARED_ONLY: &'static [Self] = &[Self::COMPARED];

    const fn league(order: u8, rank: u8, heading: &'static str, term: &'static str) -> Self {
        Self { place: Place::League { rank }, order, heading, term: Some(term) }
    }

    const fn calibration(order: u8, heading: &'static str) -> Self {
        Self { place: Place::Calibration, order, heading, term: None }
    }

    const fn changes(order: u8, heading: &'static str) -> Self {
        Self { place: Place::Changes, order, heading, term: None }
    }
}

/// Every metric, in the order of results and comparisons.
pub const METRICS: &[Metric] = &[
    handed_over::CAPTURE,
    ranking::AUC,
    ranking::GINI,
    ranking::AVERAGE_PRECISION,
    ranking::KS,
    ranking::H_MEASURE,
    top::LIFT_10,
    calibration::BRIER,
    calibration::BRIER_SKILL,
    calibration::MISCALIBRATION,
    calibration::DISCRIMINATION,
    calibration::UNCERTAINTY,
    calibration::LOG_LOSS,
    calibration::SLOPE,
    calibration::IN_THE_LARGE,
    calibration::EXPECTED_ERROR,
    top::CAPTURE_1,
    top::CAPTURE_5,
    top::CAPTURE_10,
    top::CAPTURE_20,
    top::CAPTURE_30,
    top::LIFT_1,
    top::LIFT_5,
    top::LIFT_20,
    top::LIFT_30,
    handed_over::VALUE,
    handed_over::WINS,
];

impl Metric {
    pub fn is_higher_better(&self) -> bool {
        self.direction != Direction::Minimize
    }

    /// How a place heads it; nothing where it does not stand there.
    pub fn shown(&self, is_place: impl Fn(Place) -> bool) -> Option<&'static Shown> {
        self.shown.iter().find(|shown| is_place(shown.place))
    }
}

/// The metric of that id.
pub fn metric(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id.as_str() == id)
}

/// The metrics in which models are compared: those that a gate may ask.
pub fn compared() -> impl Iterator<Item = (&'static Metric, Resample)> {
    METRICS.iter().filter_map(|metric| Some((metric, metric.resample?)))
}

/// The metrics that stand in a place, in its order.
pub fn shown_in(is_place: impl Fn(Place) -> bool) -> Vec<(&'static Metric, &'static Shown)> {
    let shown = METRICS.iter().filter_map(|metric| Some((metric, metric.shown(&is_place)?)));
    let mut shown: Vec<_> = shown.collect();
    shown.sort_by_key(|(_, shown)| shown.order);
    shown
}
