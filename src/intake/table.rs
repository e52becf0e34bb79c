//! A table, and what its values say of its columns.

use std::collections::HashSet;

use crate::data::{Sketch, Sketched};
use crate::table::{Class, Column, MISSING, Text, class_of};
use crate::time::{Instant, NEVER};

use super::words::Meaning;

/// A table as it was found, with its columns looked at.
pub(crate) struct Found {
    pub sketch: Sketch,
    pub facts: Vec<Facts>,
}

/// What a column's values say of it.
pub(crate) struct Facts {
    /// Rows with a value, and different values.
    pub filled: usize,
    pub distinct: usize,
    pub class: Option<Class>,
    /// Its values as they could name something; nothing of times, flags and decimals.
    pub keys: Option<Text>,
}

/// A column with this share of different values names its rows.
const NEARLY_ALL: f64 = 0.98;
/// Fewer rows may differ by chance.
const FEW: usize = 10;

impl Found {
    pub fn of(sketch: Sketch) -> Self {
        let facts = sketch.columns.iter().map(Facts::of).collect();
        Self { sketch, facts }
    }

    /// Its columns with their facts.
    pub fn columns(&self) -> impl Iterator<Item = (&Sketched, &Facts)> {
        self.sketch.columns.iter().zip(&self.facts)
    }

    pub fn place(&self, name: &str) -> Option<usize> {
        self.sketch.columns.iter().position(|column| column.name == name)
    }

    pub fn get(&self, name: &str) -> Option<(&Sketched, &Facts)> {
        self.place(name).map(|place| (&self.sketch.columns[place], &self.facts[place]))
    }

    /// The columns of times.
    pub fn times(&self) -> impl Iterator<Item = (&Sketched, &[Instant])> {
        self.sketch.columns.iter().filter_map(|column| match &column.column {
            Column::Instant(at) => Some((column, at.as_slice())),
            _ => None,
        })
    }

    /// The columns of text with few values.
    pub fn levels(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.columns().filter_map(|(column, facts)| match &column.column {
            Column::Text(text) if facts.distinct <= LEVELS => Some((column.name.as_str(), text)),
            _ => None,
        })
    }

    /// Words of its file, or of its sheet.
    pub fn is_named(&self, meaning: Meaning) -> bool {
        let file = self.sketch.files.first().map_or("", String::as_str);
        let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let stem = stem.split('.').next().unwrap_or(stem);
        meaning.is_in(self.sketch.sheet.as_deref().unwrap_or(stem))
    }

    /// As messages call it.
    pub fn shown(&self) -> String {
        let file = self.sketch.files.join(", ");
        self.sketch.sheet.as_ref().map_or(file.clone(), |sheet| format!("{file} (sheet {sheet})"))
    }

    /// Columns that name its rows, the likeliest first: complete, then with a name that says so, then in their order.
    pub fn own_keys(&self) -> Vec<&str> {
        let names_rows =
            |(_, facts): &(&Sketched, &Facts)| facts.names_rows() && facts.filled >= FEW.min(self.sketch.rows);
        let mut keys: Vec<(&Sketched, &Facts)> = self.columns().filter(names_rows).collect();
        let rank = |(column, facts): &(&Sketched, &Facts)| {
            let is_whole = facts.filled == self.sketch.rows && facts.distinct == facts.filled;
            (
                !is_whole,
                facts.class != Some(Class::Identifier),
                facts.class == Some(Class::Email),
                !Meaning::Key.is_in(&column.name),
            )
        };
        keys.sort_by_key(rank);
        keys.into_iter().map(|(column, _)| column.name.as_str()).collect()
    }
}

/// Texts with more values are no levels.
const LEVELS: usize = 200;

impl Facts {
    fn of(sketched: &Sketched) -> Self {
        let column = &sketched.column;
        let keys = keys(column);
        let (filled, distinct) = match (&keys, column) {
            (Some(text), _) | (None, Column::Text(text)) => counted(text),
            (None, column) => {
                let filled = (0..column.len()).filter(|&row| !column.is_missing(row)).count();
                (filled, if matches!(column, Column::Flag(_)) { filled.min(2) } else { filled })
            }
        };
        Self { filled, distinct, class: class_of(&sketched.name, column), keys }
    }

    /// Whether nearly every row that has a value has one of its own.
    pub fn names_rows(&self) -> bool {
        self.keys.is_some() && self.filled > 0 && self.distinct as f64 >= NEARLY_ALL * self.filled as f64
    }
}

fn counted(text: &Text) -> (usize, usize) {
    let mut met = vec![false; text.levels.len()];
    let filled = text.codes.iter().filter(|code| **code != MISSING);
    let filled = filled.map(|&code| met[code as usize] = true).count();
    (filled, met.iter().filter(|met| **met).count())
}

/// Values as text; whole numbers as they are written.
fn keys(column: &Column) -> Option<Text> {
    match column {
        Column::Text(text) => Some(text.clone()),
        Column::Number(numbers) => {
            let is_whole = |number: &&f64| number.fract() == 0.0 && **number >= 0.0;
            if !numbers.iter().filter(|number| !number.is_nan()).all(|number| is_whole(&number)) {
                return None;
            }
            let texts: Vec<Option<String>> =
                numbers.iter().map(|number| (!number.is_nan()).then(|| format!("{number}"))).collect();
            Some(texts.iter().map(Option::as_deref).collect())
        }
        Column::Flag(_) | Column::Instant(_) => None,
    }
}

/// Instants that are there.
pub(super) fn there(at: &[Instant]) -> impl Iterator<Item = Instant> + '_ {
    at.iter().copied().filter(|at| *at != NEVER)
}

/// Levels that rows have, each with their number, the most frequent first.
pub(super) fn by_frequency(text: &Text) -> Vec<(&str, usize)> {
    let mut counts = vec![0; text.levels.len()];
    text.codes.iter().filter(|code| **code != MISSING).for_each(|&code| counts[code as usize] += 1);
    let mut levels: Vec<(&str, usize)> = text.levels.iter().map(String::as_str).zip(counts).collect();
    levels.retain(|(_, rows)| *rows > 0);
    levels.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    levels
}

/// The values of rows, as a set.
pub(super) fn distinct(text: &Text) -> HashSet<&str> {
    by_frequency(text).into_iter().map(|(level, _)| level).collect()
}
