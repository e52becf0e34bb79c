//! Other files that lead from a row's key to its lead.

use std::path::Path;

use crate::table::{Column, Text};
use crate::time::Zone;

use super::DataError;
use super::builder::As;
use super::finding::{Finding, FindingLevel, What};
use super::gather::gather;
use super::joins::Places;
use super::key::Via;
use super::source::Source;
use super::spec::Dialect;

/// One step: from each key to the next.
pub(crate) struct Links<'a> {
    via: &'a Via,
    source: Source,
    from: Text,
    to: Text,
}

/// More keys than this that stand for two leads are no slip.
const SLIPS: f64 = 0.01;

impl<'a> Links<'a> {
    /// # Errors
    /// When the file cannot be read, or lacks a column.
    pub fn read(input: &'static str, via: &'a Via, base: &Path, zone: &Zone) -> Result<Self, DataError> {
        let source = Source::open(input, &via.path, Dialect::default(), base)?;
        let ask = |name: &str, key: &str| source.ask(name, key, As::Text);
        let asks = [ask(&via.from, "lead.via.from")?, ask(&via.to, "lead.via.to")?];
        let mut columns = gather(&source, &asks, zone, &|_| {})?.columns.into_iter().map(|gathered| gathered.column);
        let mut next = || match columns.next() {
            Some(Column::Text(text)) => text,
            _ => Text::default(),
        };
        let (from, to) = (next(), next());
        Ok(Self { via, source, from, to })
    }

    /// The rows that have both keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.from.codes.len()).filter_map(|row| Some((self.from.get(row)?, self.to.get(row)?)))
    }

    /// What the step leads to.
    pub fn report(&self, places: &Places) -> Finding {
        let twice = places.values().filter(|lead| lead.is_none()).count();
        let (keys, from, file) = (places.len(), &self.via.from, &self.source.files[0].shown);
        let joined = format!("`{from}` of {file} leads from {} keys to leads", keys - twice);
        let (level, text, advice) = match twice {
            0 => (FindingLevel::Note, joined, String::new()),
            _ => (
                if twice as f64 > SLIPS * keys as f64 { FindingLevel::Doubt } else { FindingLevel::Note },
                format!("{joined}; {twice} more lead to two leads each, and join nothing"),
                format!("name a column for `from` that stands for one lead, or correct the rows of {file}"),
            ),
        };
        Finding::new(self.source.input, What::Walked, level, keys as u64, text).advice(advice)
    }
}
