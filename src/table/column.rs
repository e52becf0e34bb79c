use std::collections::HashMap;

use super::is_all;
use crate::time::{Instant, NEVER};

/// The code of a missing text.
pub const MISSING: u32 = u32::MAX;

/// One column of values in the table's row order; any value may be missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// NaN is missing.
    Number(Vec<f64>),
    Text(Text),
    Flag(Vec<Option<bool>>),
    /// [`NEVER`] is missing.
    Instant(Vec<Instant>),
}

/// A column of text as codes into its distinct values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// A place in `levels`, or [`MISSING`].
    pub codes: Vec<u32>,
    /// Distinct values, in order of first appearance.
    pub levels: Vec<String>,
    /// Rows, ascending, whose text stands otherwise in its file than people see it (blanks around it, signs that are not seen), and
    /// how; only of columns that are asked for as they are written.
    pub written: Vec<(u32, String)>,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
    Flag(bool),
    Instant(Instant),
}

impl Column {
    pub fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Text(text) => text.codes.len(),
            Self::Flag(values) => values.len(),
            Self::Instant(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Number(values) if values[row].is_nan() => Cell::Missing,
            Self::Number(values) => Cell::Number(values[row]),
            Self::Text(text) => text.get(row).map_or(Cell::Missing, Cell::Text),
            Self::Flag(values) => values[row].map_or(Cell::Missing, Cell::Flag),
            Self::Instant(values) if values[row] == NEVER => Cell::Missing,
            Self::Instant(values) => Cell::Instant(values[row]),
        }
    }

    pub fn is_missing(&self, row: usize) -> bool {
        self.cell(row) == Cell::Missing
    }

    /// The rows named, in the order named.
    pub fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Number(values) => Self::Number(rows.iter().map(|&row| values[row]).collect()),
            Self::Text(text) => Self::Text(Text {
                codes: rows.iter().map(|&row| text.codes[row]).collect(),
                levels: text.levels.clone(),
                written: text.written_in(rows.iter().map(|&row| Some(row))),
            }),
            Self::Flag(values) => Self::Flag(rows.iter().map(|&row| values[row]).collect()),
            Self::Instant(values) => Self::Instant(rows.iter().map(|&row| values[row]).collect()),
        }
    }

    /// The rows named, in the order named; itself where these are all in order.
    pub fn kept(self, rows: &[usize]) -> Self {
        if is_all(rows, self.len()) { self } else { self.take(rows) }
    }

    /// The rows named, in the order named; missing where none is named.
    pub fn take_some(&self, rows: &[Option<usize>]) -> Self {
        fn of<T: Copy>(values: &[T], rows: &[Option<usize>], missing: T) -> Vec<T> {
            rows.iter().map(|row| row.map_or(missing, |row| values[row])).collect()
        }
        match self {
            Self::Number(values) => Self::Number(of(values, rows, f64::NAN)),
            Self::Text(text) => Self::Text(Text {
                codes: of(&text.codes, rows, MISSING),
                levels: text.levels.clone(),
                written: text.written_in(rows.iter().copied()),
            }),
            Self::Flag(values) => Self::Flag(of(values, rows, None)),
            Self::Instant(values) => Self::Instant(of(values, rows, NEVER)),
        }
    }

    /// A column of the same kind, of so many missing values.
    pub fn missing(&self, rows: usize) -> Self {
        self.take_some(&vec![None; rows])
    }

    /// What it holds, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "numbers",
            Self::Text(_) => "text",
            Self::Flag(_) => "true/false",
            Self::Instant(_) => "times",
        }
    }
}

impl Text {
    pub fn get(&self, row: usize) -> Option<&str> {
        let code = self.codes[row];
        (code != MISSING).then(|| self.levels[code as usize].as_str())
    }

    /// What is written otherwise, in rows that are put in this order.
    fn written_in(&self, rows: impl Iterator<Item = Option<usize>>) -> Vec<(u32, String)> {
        if self.written.is_empty() {
            return Vec::new();
        }
        let of_row = |(new, old): (usize, Option<usize>)| {
            let place = self.written.binary_search_by_key(&(old? as u32), |(row, _)| *row).ok()?;
            Some((new as u32, self.written[place].1.clone()))
        };
        rows.enumerate().filter_map(of_row).collect()
    }
}

impl<'a> FromIterator<Option<&'a str>> for Text {
    fn from_iter<I: IntoIterator<Item = Option<&'a str>>>(values: I) -> Self {
        let mut text = Self::default();
        let mut known: HashMap<&'a str, u32> = HashMap::new();
        for value in values {
            let code = value.map_or(MISSING, |value| {
                *known.entry(value).or_insert_with(|| {
                    text.levels.push(value.to_string());
                    (text.levels.len() - 1) as u32
                })
            });
            text.codes.push(code);
        }
        text
    }
}

/// Named columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    rows: usize,
    columns: Vec<(String, Column)>,
    /// Where each name stands first.
    places: HashMap<String, usize>,
}

impl Table {
    pub fn new(rows: usize) -> Self {
        Self { rows, ..Self::default() }
    }

    /// # Panics
    /// When the column's length is not the table's.
    pub fn push(&mut self, name: impl Into<String>, column: Column) {
        assert_eq!(column.len(), self.rows, "a value in every row");
        let name = name.into();
        self.places.entry(name.clone()).or_insert(self.columns.len());
        self.columns.push((name, column));
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn get(&self, name: &str) -> Option<&Column> {
        self.places.get(name).map(|&place| &self.columns[place].1)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// Puts another column in the place of each for which there is one.
    ///
    /// # Panics
    /// When its length is not the table's.
    pub fn replace(&mut self, mut other: impl FnMut(&str, &Column) -> Option<Column>) {
        for (name, column) in &mut self.columns {
            if let Some(new) = other(name, column) {
                assert_eq!(new.len(), self.rows, "a value in every row");
                *column = new;
            }
        }
    }

    /// The rows named, in the order named.
    pub fn take(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter().map(|(name, column)| (name.clone(), column.take(rows))).collect();
        Self { rows: rows.len(), columns, places: self.places.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_named_are_missing() {
        let columns = [
            Column::Number(vec![1.0, 2.0]),
            Column::Text([Some("a"), Some("b")].into_iter().collect()),
            Column::Flag(vec![Some(true), Some(false)]),
            Column::Instant(vec![1, 2]),
        ];
        for column in columns {
            let taken = column.take_some(&[Some(1), None, Some(1)]);
            assert_eq!((taken.len(), taken.kind()), (3, column.kind()));
            assert_eq!([taken.cell(0), taken.cell(2)], [column.cell(1); 2]);
            assert!(taken.is_missing(1) && column.missing(2).is_missing(1) && column.missing(2).len() == 2);
        }
    }

    #[test]
    fn what_is_written_otherwise_goes_with_its_row() {
        let written = vec![(1, "b ".to_string()), (2, " a".to_string())];
        let text = Text { written, ..[Some("a"), Some("b"), Some("a")].into_iter().collect() };
        let Column::Text(taken) = Column::Text(text).take_some(&[Some(2), None, Some(0), Some(1)]) else { panic!() };
        assert_eq!(taken.written, [(0, " a".to_string()), (3, "b ".to_string())]);
        let Column::Text(taken) = Column::Text(taken).take(&[3, 2]) else { panic!() };
        assert_eq!(taken.written, [(0, "b ".to_string())]);
    }
}
