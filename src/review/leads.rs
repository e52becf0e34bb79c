//! The leads of the compared periods as plain columns: all that the mathematics of a review reads.

use crate::evaluation::Grouping;
use crate::stats::proportion::Count;
use crate::stats::survival::End;
use crate::table::MISSING;

/// Leads in one row order, those of the reference too.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Names of the periods, oldest first.
    pub labels: Vec<String>,
    /// The period of each lead; [`NONE`] for a lead of the reference alone, [`LATER`] for one after the reviewed period.
    pub period: Vec<usize>,
    /// Leads that the drift of inputs is held against.
    pub reference: Vec<bool>,
    /// Whether the horizon is over; true for all without times.
    pub mature: Vec<bool>,
    /// Converted within the horizon: so far, where it is not over.
    pub converted: Vec<bool>,
    /// Follow-up from the moment of scoring, in days, and how it ended; empty without times.
    pub days: Vec<f64>,
    pub end: Vec<End>,
    /// Days from the moment of scoring to the export, whatever became of the lead.
    pub exposure: Vec<f64>,
    /// Days after the moment of scoring from which on outcomes were recorded at all; 0 for most.
    pub entry: Vec<f64>,
    /// Days; nothing for ever.
    pub horizon: Option<f64>,
    /// Of the live model; NaN where it gives none.
    pub score: Vec<f64>,
    /// The bracket of each lead, from 0 for the lowest, and the brackets' names.
    pub bracket: Vec<usize>,
    pub brackets: Vec<String>,
    pub criteria: Vec<Given>,
    pub segments: Vec<Grouping>,
    pub inputs: Vec<Input>,
    pub volumes: Vec<Volume>,
}

/// In no compared period.
pub const NONE: usize = usize::MAX;
/// Created after the reviewed period: such leads are in the pipeline, and in nothing else.
pub const LATER: usize = usize::MAX - 1;

/// What a criterion gave each lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub name: String,
    pub points: f64,
    /// Points after the cap; 0 where it does not fire.
    pub given: Vec<f64>,
    pub fires: Vec<bool>,
}

/// A column that is known when a lead is scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub name: String,
    pub values: Values,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// NaN is missing.
    Number(Vec<f64>),
    /// A place among the levels, or [`MISSING`].
    Level(Vec<u32>, Vec<String>),
}

/// Events of one kind that each lead had when it was scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    pub kind: String,
    pub events: Vec<u32>,
}

impl Compared {
    pub fn periods(&self) -> usize {
        self.labels.len()
    }

    /// Rows of a period, ascending.
    pub fn rows(&self, period: usize) -> Vec<usize> {
        (0..self.period.len()).filter(|&row| self.period[row] == period).collect()
    }

    /// Rows of a period whose horizon is over.
    pub fn mature(&self, period: usize) -> Vec<usize> {
        self.rows(period).into_iter().filter(|&row| self.mature[row]).collect()
    }

    /// Wins among some rows.
    pub fn count(&self, rows: impl IntoIterator<Item = usize>) -> Count {
        rows.into_iter().fold(Count::default(), |sum, row| sum + Count::new(f64::from(self.converted[row]), 1.0))
    }

    pub fn timed(&self) -> bool {
        !self.days.is_empty()
    }

    /// Rows of the reference.
    pub fn reference(&self) -> Vec<usize> {
        (0..self.reference.len()).filter(|&row| self.reference[row]).collect()
    }
}

impl Values {
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Number(values) => values[row].is_nan(),
            Self::Level(codes, _) => codes[row] == MISSING,
        }
    }
}
