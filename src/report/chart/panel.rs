//! What a chart draws, as numbers.

use crate::report::text::Unit;
use crate::result::Estimate;

use super::ink::Pen;
use super::words;

/// One plot of a chart as its numbers, for formats that draw their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub title: String,
    pub shape: Shape,
    /// What the marks are placed by, and what they are as high (or as long) as.
    pub across: Axis,
    pub up: Axis,
    pub series: Vec<Series>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A horizontal bar a label.
    Bars,
    /// Upright bars a label.
    Columns,
    /// A line a series, with a dot a label.
    Lines,
    /// Points by two numbers.
    Scatter,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub title: String,
    pub unit: Unit,
}

/// Marks of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub name: String,
    /// Red, green, blue, on paper.
    pub colour: u32,
    /// Whether a line joins the points of a scatter; else each is a dot.
    pub joined: bool,
    pub marks: Vec<Mark>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub place: Place,
    /// Finite; nothing where there is no such value.
    pub value: Option<f64>,
    /// Of its interval, finite.
    pub ends: Option<(f64, f64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Label(String),
    At(f64),
}

impl Axis {
    pub(super) fn new(title: impl Into<String>, unit: Unit) -> Self {
        Self { title: title.into(), unit }
    }
}

impl Series {
    pub(super) fn new(name: &str, pen: Pen, marks: Vec<Mark>) -> Self {
        Self { name: words::clean(name), colour: pen.ink.on_paper(), joined: false, marks }
    }

    /// A line through points.
    pub(super) fn line(name: &str, pen: Pen, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let finite = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite();
        let mark = |(x, y)| Mark { place: Place::At(x), value: Some(y), ends: None };
        Self { joined: true, ..Self::new(name, pen, points.into_iter().filter(finite).map(mark).collect()) }
    }
}

impl Mark {
    pub(super) fn new(place: Place, value: Option<f64>) -> Self {
        Self { place, value: value.filter(|value| value.is_finite()), ends: None }
    }

    /// A point with its interval.
    pub(super) fn of(place: Place, point: Option<f64>, estimate: &Estimate) -> Self {
        Self { ends: estimate.interval().map(|ends| (ends.low, ends.high)), ..Self::new(place, point) }
    }
}

impl Place {
    pub(super) fn label(label: &str) -> Self {
        Self::Label(words::clean(label))
    }
}
