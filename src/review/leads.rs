//! The leads of the compared periods as plain columns: all that the mathematics of a review reads.

use std::ops::Deref;

use crate::evaluation::Grouping;
use crate::result::ModelKind;
use crate::stats::discrimination::{AucComparison, PairedScores, delong_paired};
use crate::stats::proportion::Count;
use crate::stats::survival::End;
use crate::stats::{Undefined, clustered};
use crate::time::Instant;

use super::LEVEL;

/// Leads in one row order, those of the reference too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeadColumns {
    /// Names of the periods, oldest first.
    pub labels: Vec<String>,
    pub place: Vec<Place>,
    /// The account of each lead, numbered from 0; nothing where leads are taken one by one.
    pub account: Option<Vec<u32>>,
    /// Nothing where periods are ranges of rows.
    pub arrivals: Option<Arrivals>,
    /// Leads that the drift of inputs is held against.
    pub reference: Vec<bool>,
    /// Leads that models learned from.
    pub trained: Vec<bool>,
    /// Whether the horizon is over; true for all without times.
    pub mature: Vec<bool>,
    /// Converted within the horizon: so far, where it is not over.
    pub converted: Vec<bool>,
    /// Nothing without times.
    pub follow_up: Option<FollowUp>,
    /// Days; nothing for ever.
    pub horizon: Option<f64>,
    /// Days from creation to the win within the horizon, NaN without one; nothing where no times are known.
    pub days_to_win: Option<Vec<f64>>,
    /// Value of the wins, NaN where it is missing; nothing where wins carry none.
    pub value: Option<Vec<f64>>,
    /// Of the live model; NaN where it gives none.
    pub score: Vec<f64>,
    /// The bracket of each lead, from 0 for the lowest, and the brackets' names.
    pub bracket: Vec<usize>,
    pub brackets: Vec<String>,
    pub models: Vec<ModelColumns>,
    pub criteria: Vec<Given>,
    pub segments: Vec<Grouping>,
    pub inputs: Vec<Input>,
    pub volumes: Vec<Volume>,
    /// Touches by sales within the horizon; nothing where no kind of events is one.
    pub touches: Option<Vec<u32>>,
    /// Nothing where it is not recorded which leads sales worked.
    pub first_touch: Option<FirstTouch>,
    /// Nothing where sales says nothing of leads.
    pub feedback: Option<FeedbackColumns>,
}

/// When leads came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrivals {
    pub created: Vec<Instant>,
    /// From when to before when leads of each period are there.
    pub spans: Vec<(Instant, Instant)>,
}

/// Where a lead stands among the periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this period, from 0 for the oldest.
    Period(usize),
    /// Created after the reviewed period: such leads are in the pipeline, and in nothing else.
    Later,
    /// In no compared period: a lead of the reference alone.
    Reference,
}

/// How long each lead was followed from the moment of scoring, in days.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FollowUp {
    /// Until it ended, and how.
    pub days: Vec<f64>,
    pub end: Vec<End>,
    /// To the export, whatever became of the lead.
    pub exposure: Vec<f64>,
    /// From which on outcomes were recorded at all; 0 for most.
    pub entry: Vec<f64>,
}

/// The first touch by sales, in microseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FirstTouch {
    /// From creation; nothing for a lead that was not touched.
    pub after: Vec<Option<i64>>,
    /// From creation to the export; nothing where the creation is not known.
    pub known_for: Vec<Option<i64>>,
}

/// What sales said of the leads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeedbackColumns {
    pub accepted: Vec<Option<bool>>,
    /// Nothing where no column gives reasons.
    pub reason: Option<Vec<Option<String>>>,
}

/// What is read of a model beside its evaluations.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelColumns {
    pub name: String,
    pub kind: ModelKind,
    pub is_champion: bool,
    /// Whether it learned from the training leads: then it is judged on others.
    pub learns: bool,
    /// Scores as they rank: unscored leads below all others.
    pub ranked: Vec<f64>,
    /// Where the highest bracket begins; nothing where there is but one.
    pub top: Option<f64>,
}

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
    /// A place among the levels, or [`MISSING`](crate::table::MISSING).
    Level(Vec<u32>, Vec<String>),
}

/// Events of one kind that each lead had when it was scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    pub kind: String,
    pub events: Vec<u32>,
}

/// Columns of a review that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MisalignedError {
    #[error("column `{column}` has {rows} rows, and there are {leads} leads")]
    Rows { column: String, rows: usize, leads: usize },
    #[error("no period is named")]
    NoPeriod,
    #[error("lead {row} stands in period {place}, and there are {places}")]
    Period { row: usize, place: usize, places: usize },
    #[error("lead {row} stands in bracket {place}, and there are {places}")]
    Bracket { row: usize, place: usize, places: usize },
}

/// Columns that fit together: one value a lead, and no period or bracket without a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared(LeadColumns);

impl Deref for Compared {
    type Target = LeadColumns;

    fn deref(&self) -> &LeadColumns {
        &self.0
    }
}

impl Compared {
    /// # Errors
    /// When a column has not one value a lead, or a lead stands in a period or a bracket that has no name.
    pub fn new(columns: LeadColumns) -> Result<Self, MisalignedError> {
        let leads = columns.place.len();
        if let Some((column, rows)) = columns.lengths().into_iter().find(|(_, rows)| *rows != leads) {
            return Err(MisalignedError::Rows { column, rows, leads });
        }
        let (periods, brackets) = (columns.labels.len(), columns.brackets.len());
        if periods == 0 {
            return Err(MisalignedError::NoPeriod);
        }
        for row in 0..leads {
            if let Place::Period(place) = columns.place[row]
                && place >= periods
            {
                return Err(MisalignedError::Period { row, place, places: periods });
            }
            let place = columns.bracket[row];
            if place >= brackets {
                return Err(MisalignedError::Bracket { row, place, places: brackets });
            }
        }
        Ok(Self(columns))
    }

    pub fn leads(&self) -> usize {
        self.place.len()
    }

    pub fn periods(&self) -> usize {
        self.labels.len()
    }

    /// The place of the reviewed period, the last.
    pub fn reviewed(&self) -> usize {
        self.labels.len() - 1
    }

    /// Rows of a period, ascending.
    pub fn rows(&self, period: usize) -> Vec<usize> {
        (0..self.leads()).filter(|&row| self.place[row] == Place::Period(period)).collect()
    }

    /// Rows of all periods, ascending.
    pub fn in_periods(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.leads()).filter(|&row| self.period(row).is_some())
    }

    /// The period of a lead; nothing for one that stands in none.
    pub fn period(&self, row: usize) -> Option<usize> {
        match self.place[row] {
            Place::Period(period) => Some(period),
            Place::Later | Place::Reference => None,
        }
    }

    /// Rows of a period whose horizon is over.
    pub fn mature(&self, period: usize) -> Vec<usize> {
        self.rows(period).into_iter().filter(|&row| self.mature[row]).collect()
    }

    /// Wins among some rows.
    pub fn count(&self, rows: impl IntoIterator<Item = usize>) -> Count {
        rows.into_iter().fold(Count::default(), |sum, row| sum + Count::new(f64::from(self.converted[row]), 1.0))
    }

    /// Wins and leads, as many as tell as much by themselves where leads of an account convert together.
    pub fn effective(&self, rows: impl IntoIterator<Item = usize>) -> Count {
        let rows: Vec<usize> = rows.into_iter().collect();
        let count = self.count(rows.iter().copied());
        let Some(account) = self.account_of(&rows) else { return count };
        let won: Vec<f64> = rows.iter().map(|&row| f64::from(self.converted[row])).collect();
        // All won or none: as if an account's leads were one.
        let size = clustered::effective_size(&won, &account, 1.0, LEVEL).unwrap_or(1.0);
        Count::new(count.successes * size / count.n, size)
    }

    /// The part of some leads that tells as much of their conversion as they all do.
    pub fn told(&self, rows: &[usize]) -> f64 {
        if rows.is_empty() { 1.0 } else { self.effective(rows.iter().copied()).n / rows.len() as f64 }
    }

    /// The part of some leads that tells as much of anything that leads of an account share as they all do.
    pub fn independent(&self, rows: &[usize]) -> f64 {
        let Some(account) = self.account_of(rows) else { return 1.0 };
        let squares: f64 = clustered::sizes(&account).iter().map(|size| size * size).sum();
        if squares > 0.0 { rows.len() as f64 / squares } else { 1.0 }
    }

    pub fn account_of(&self, rows: &[usize]) -> Option<Vec<u32>> {
        let account = self.account.as_ref()?;
        Some(rows.iter().map(|&row| account[row]).collect())
    }

    /// The area under the curve of some leads' scores, with its variance.
    pub fn area(&self, score: &[f64], rows: &[usize]) -> Result<AucComparison, Undefined> {
        let converted: Vec<bool> = rows.iter().map(|&row| self.converted[row]).collect();
        let account = self.account_of(rows);
        let cluster = account.as_deref();
        delong_paired(PairedScores { a: score, b: score, converted: &converted, weight: None, cluster })
    }

    pub fn timed(&self) -> bool {
        self.follow_up.is_some()
    }

    /// Rows of the reference.
    pub fn reference(&self) -> Vec<usize> {
        (0..self.leads()).filter(|&row| self.reference[row]).collect()
    }
}

impl LeadColumns {
    /// Every column's name and length.
    fn lengths(&self) -> Vec<(String, usize)> {
        let mut found: Vec<(String, usize)> = [
            ("reference", self.reference.len()),
            ("trained", self.trained.len()),
            ("mature", self.mature.len()),
            ("converted", self.converted.len()),
            ("score", self.score.len()),
            ("bracket", self.bracket.len()),
        ]
        .map(|(name, length)| (name.to_owned(), length))
        .into();
        let mut some = |name: &str, length: usize| found.push((name.to_owned(), length));
        if let Some(FollowUp { days, end, exposure, entry }) = &self.follow_up {
            some("days", days.len());
            some("end", end.len());
            some("exposure", exposure.len());
            some("entry", entry.len());
        }
        self.account.iter().for_each(|column| some("account", column.len()));
        self.arrivals.iter().for_each(|arrivals| some("created", arrivals.created.len()));
        self.days_to_win.iter().for_each(|column| some("days_to_win", column.len()));
        self.value.iter().for_each(|column| some("value", column.len()));
        self.touches.iter().for_each(|column| some("touches", column.len()));
        if let Some(FirstTouch { after, known_for }) = &self.first_touch {
            some("first touch", after.len());
            some("known for", known_for.len());
        }
        if let Some(FeedbackColumns { accepted, reason }) = &self.feedback {
            some("accepted", accepted.len());
            reason.iter().for_each(|column| some("reason", column.len()));
        }
        self.models.iter().for_each(|one| some(&one.name, one.ranked.len()));
        for one in &self.criteria {
            some(&one.name, one.given.len());
            some(&one.name, one.fires.len());
        }
        self.segments.iter().for_each(|one| some(&one.name, one.codes.len()));
        self.inputs.iter().for_each(|one| some(&one.name, one.values.len()));
        self.volumes.iter().for_each(|one| some(&one.kind, one.events.len()));
        found
    }
}

impl Values {
    pub fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Level(codes, _) => codes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> LeadColumns {
        LeadColumns {
            labels: vec!["Q1".into()],
            place: vec![Place::Period(0), Place::Later],
            reference: vec![true, false],
            trained: vec![false; 2],
            mature: vec![true; 2],
            converted: vec![true, false],
            score: vec![1.0, 2.0],
            bracket: vec![0; 2],
            brackets: vec!["all".into()],
            ..LeadColumns::default()
        }
    }

    #[test]
    fn columns_of_another_length_are_refused_by_name() {
        assert!(Compared::new(columns()).is_ok());
        let short = Compared::new(LeadColumns { value: Some(vec![1.0]), ..columns() });
        assert_eq!(short, Err(MisalignedError::Rows { column: "value".into(), rows: 1, leads: 2 }));
        let volume = Volume { kind: "visit".into(), events: vec![0; 3] };
        let long = Compared::new(LeadColumns { volumes: vec![volume], ..columns() });
        assert_eq!(long, Err(MisalignedError::Rows { column: "visit".into(), rows: 3, leads: 2 }));
    }

    #[test]
    fn a_lead_stands_in_periods_and_brackets_that_have_a_name() {
        let period = Compared::new(LeadColumns { place: vec![Place::Period(1), Place::Reference], ..columns() });
        assert_eq!(period, Err(MisalignedError::Period { row: 0, place: 1, places: 1 }));
        let bracket = Compared::new(LeadColumns { bracket: vec![0, 1], ..columns() });
        assert_eq!(bracket, Err(MisalignedError::Bracket { row: 1, place: 1, places: 1 }));
        let none = Compared::new(LeadColumns { labels: Vec::new(), place: vec![Place::Later; 2], ..columns() });
        assert_eq!(none, Err(MisalignedError::NoPeriod));
    }
}
