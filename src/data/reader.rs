use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::DataError;
use super::cells::{Batch, Spot};
use super::finding::{Finding, PLACES, RowUnit};
use crate::table::inert;

/// A file of one kind, opened. One more kind of file is one more of these, and two in `file_kinds`.
pub(crate) trait TableReader: Send + Sync {
    /// Its columns.
    fn header(&self) -> Result<Header, DataError>;

    /// Hands over columns, some rows at a time, until nobody wants more (`send` says false).
    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError>;

    /// What the numbers of its rows count.
    fn unit(&self) -> RowUnit {
        RowUnit::Line
    }

    /// As what it holds a column.
    fn stored(&self, _column: &str) -> Stored {
        Stored::Text
    }

    /// The groups in which its rows lie, and what it says of a column's values in each; nothing where it has no groups.
    fn groups(&self, _column: &str) -> Vec<Group> {
        Vec::new()
    }

    /// Whether rows may lack columns, so that the next file may have others.
    fn has_loose_rows(&self) -> bool {
        false
    }
}

/// What is to be read of a file.
pub(crate) struct Wanted<'a> {
    pub names: &'a [&'a str],
    /// The file's place among its input's.
    pub file: u32,
    /// Groups of rows that are counted, and not decoded.
    pub is_passed_over: &'a (dyn Fn(usize) -> bool + Sync),
    /// Bytes read from the disk.
    pub bytes: &'a Arc<AtomicU64>,
}

/// Columns of one file.
pub(crate) struct Header {
    /// Empty names are columns that are left out.
    pub columns: Vec<String>,
    pub notes: Vec<Finding>,
    pub has_rows: bool,
    /// How many, if the file says so; else 0.
    pub rows: usize,
}

/// As what a file holds a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// As text, which may mean anything.
    Text,
    /// As whole numbers, of which those that are too large are names.
    Whole,
    Typed(Typed),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    Number,
    Flag,
    Time,
}

/// Rows that lie together in a file.
pub(crate) struct Group {
    pub rows: usize,
    /// Between which a column's values lie in it, where that is known; the values may be fewer than the bounds allow.
    pub bounds: Option<Bounds>,
}

pub(crate) enum Bounds {
    /// Byte by byte; a writer may have cut them short.
    Text(Vec<u8>, Vec<u8>),
    Number(i64, i64),
}

/// What a reader met in one file, beside its rows.
#[derive(Default)]
pub(crate) struct Met {
    pub wrapped: Counted,
    pub trailing: Counted,
    pub empty: Counted,
    /// The header, once more.
    pub headers: Counted,
    /// Rows of an export's end that are none.
    pub footers: Counted,
    /// Rows with text behind a closed quote.
    pub half_quoted: Counted,
    pub notes: Vec<Finding>,
    /// Rows that were not decoded.
    pub passed_over: u64,
    /// Columns without a name, by place, and their values.
    pub unnamed: Vec<(usize, Counted)>,
}

/// How many, and the first of them.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    pub count: u64,
    pub first: Vec<(Spot, String)>,
}

impl Counted {
    pub fn add(&mut self, spot: Spot, value: &str) {
        self.count += 1;
        if self.first.len() < PLACES {
            self.first.push((spot, shortened(value)));
        }
    }

    pub fn append(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.truncate(PLACES);
    }
}

/// A value short enough for a message.
pub(crate) fn shortened(value: &str) -> String {
    match value.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", inert(&value[..end])),
        None => inert(value).into_owned(),
    }
}
