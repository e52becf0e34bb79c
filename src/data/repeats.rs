//! Events that a log holds twice: rows that share an id.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::time::Written;

use super::DataError;
use super::cells::{Batch, Cells, Spot, TextBlock};
use super::finding::{Finding, FindingLevel, What};
use super::reader::Counted;
use super::source::Source;
use super::values::{Nulls, number};

/// Ids that stand in several rows, and the row of each that counts.
pub(crate) struct Repeats {
    /// The column of ids, a place in the header.
    pub column: usize,
    first: HashMap<u64, Spot>,
    /// Rows whose id stands in a row before.
    pub again: Counted,
}

/// Nearly all of a file's first values are different where they are ids.
const DISTINCT: f64 = 0.9;
/// Columns that are tried, those first whose names say that they are ids.
const TRIED: usize = 2;

impl Repeats {
    /// Of a declared column; else of one whose values repeat only in rows that are equal in what is read of them.
    /// Nothing where no row is repeated.
    pub fn find(source: &Source, seen: &[usize], declared: Option<usize>) -> Result<Option<Self>, DataError> {
        if let Some(column) = declared {
            return Self::of(source, column, seen, true);
        }
        for column in candidates(source, seen) {
            if let Some(repeats) = Self::of(source, column, seen, false)? {
                return Ok(Some(repeats));
            }
        }
        Ok(None)
    }

    /// Whether a row repeats one before it.
    pub fn is_again(&self, id: &str, spot: Spot) -> bool {
        self.first.get(&hash(id)).is_some_and(|first| *first != spot)
    }

    /// What is to be said of them.
    pub fn report(&self, source: &Source) -> Finding {
        let name = &source.header[self.column];
        let text = format!("rows of the events whose `{name}` stands in another row, read once");
        let finding = Finding::new("events", What::IdenticalEvents, FindingLevel::Note, self.again.count, text);
        finding.rows(source.places(&self.again, name))
    }

    /// The rows that share a value of the column. Where it is not declared to hold ids, nothing if one of them is not equal
    /// to the first in what else is seen.
    fn of(source: &Source, column: usize, seen: &[usize], declared: bool) -> Result<Option<Self>, DataError> {
        let nulls = Nulls::new(source.dialect.nulls(&source.header[column]));
        let mut ids: Vec<u64> = Vec::with_capacity(source.rows);
        let of_batch = |batch: &Batch| {
            let texts = batch.cells[0].as_text();
            texts.iter().filter_map(|id| nulls.text(id)).map(hash).collect::<Vec<u64>>()
        };
        source.read(source.decode(&[column], None), &|_| (), of_batch, |_, some| {
            ids.extend(some);
            true
        })?;
        ids.sort_unstable();
        let several: HashSet<u64> = ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        // Of a log that was exported twice as a whole every value stands in two rows; a measure repeats more often.
        let repeated = ids.windows(2).filter(|pair| pair[0] == pair[1]).count();
        if several.is_empty() || (!declared && repeated > ids.len() / 2) {
            return Ok(None);
        }
        drop(ids);
        let places: Vec<usize> = std::iter::once(column).chain(seen.iter().copied()).collect();
        let mut rows: HashMap<u64, (Spot, u64)> = HashMap::with_capacity(several.len());
        let (mut again, mut are_equal) = (Counted::default(), true);
        let of_batch = |batch: &Batch| {
            let texts: Vec<_> = batch.cells.iter().map(Cells::as_text).collect();
            let of_row = |row: usize| {
                let key = hash(nulls.text(texts[0].get(row))?);
                several.contains(&key).then(|| (key, row, of_row(&texts[1..], row)))
            };
            (0..batch.rows()).filter_map(of_row).collect::<Vec<_>>()
        };
        source.read(source.decode(&places, None), &|_| (), of_batch, |batch, some| {
            let texts = batch.cells[0].as_text();
            for (key, row, rest) in some {
                let spot = batch.spot(row);
                match rows.get(&key) {
                    Some((_, first)) => {
                        are_equal &= *first == rest;
                        again.add(spot, texts.get(row));
                    }
                    None => drop(rows.insert(key, (spot, rest))),
                }
            }
            declared || are_equal
        })?;
        if !declared && !are_equal {
            return Ok(None);
        }
        let first = rows.into_iter().map(|(key, (spot, _))| (key, spot)).collect();
        Ok(Some(Self { column, first, again }))
    }
}

fn of_row(texts: &[std::borrow::Cow<TextBlock>], row: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    texts.iter().for_each(|text| text.get(row).hash(&mut hasher));
    hasher.finish()
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.trim().hash(&mut hasher);
    hasher.finish()
}

/// Columns that may hold ids, by the first rows of the first file.
fn candidates(source: &Source, seen: &[usize]) -> Vec<usize> {
    let mut found: Vec<usize> =
        (0..source.header.len()).filter(|place| !seen.contains(place) && is_of_ids(source, *place)).collect();
    found.sort_by_key(|&place| (!is_named_id(&source.header[place]), place));
    found.truncate(TRIED);
    found
}

fn is_named_id(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.clone().any(|word| matches!(word, "id" | "guid" | "uuid" | "key")) || name.ends_with("id")
}

fn is_of_ids(source: &Source, place: usize) -> bool {
    let (mut distinct, mut present, mut is_other) = (HashSet::new(), 0_usize, false);
    source.head(0, place, |batch| {
        let texts = batch.cells[0].as_text();
        for id in texts.iter().map(str::trim).filter(|id| !id.is_empty()) {
            present += 1;
            is_other |= Written::parse(id).is_some() || (id.contains('.') && number(id).is_some());
            distinct.insert(id.to_owned());
        }
    });
    !is_other && present > 1 && distinct.len() as f64 >= DISTINCT * present as f64
}
