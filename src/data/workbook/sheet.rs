use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::super::DataError;
use super::super::cells::{Cells, TextBlock};
use super::super::files::InFile;
use super::super::finding::PLACES;
use super::super::reader::shortened;
use super::{broken, serial};

/// Cells that a sheet may have, formats without a value not counted.
const CELLS: usize = 1 << 27;
/// Bytes of text that a sheet may have, and at most by byte of its file: a text that many cells share counts for each.
const BYTES: u64 = 64 << 20;
const BYTES_BY_BYTE: u64 = 64;
/// Rows and columns of any spreadsheet program.
const ROWS: u64 = 1 << 24;
const COLUMNS: u64 = 1 << 14;
/// Whole numbers from here on have more digits than a spreadsheet keeps.
const LONG: f64 = 1e15;

/// What a cell holds.
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(f64),
    /// A date, a moment or a time of day, as text.
    Time(&'a str),
    Flag(bool),
    Error(&'a str),
    /// A formula whose value the file does not hold.
    Uncalculated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Long,
    Time,
    Flag,
    Error,
    Uncalculated,
}

impl Kind {
    pub fn is_value(self) -> bool {
        !matches!(self, Self::Error | Self::Uncalculated)
    }
}

/// Cells of a column, downwards.
#[derive(Default)]
pub(crate) struct Column {
    rows: Vec<u32>,
    text: String,
    ends: Vec<u32>,
    kinds: Vec<Kind>,
}

/// A cell of a column.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub row: u32,
    pub kind: Kind,
    pub text: &'a str,
}

impl Column {
    fn cell(&self, place: usize) -> Cell<'_> {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        Cell { row: self.rows[place], kind: self.kinds[place], text: &self.text[start..self.ends[place] as usize] }
    }

    /// Its cells from one row to another.
    pub fn cells(&self, first: u32, last: u32) -> impl Iterator<Item = Cell<'_>> {
        let places = self.rows.partition_point(|row| *row < first)..self.rows.partition_point(|row| *row <= last);
        places.map(|place| self.cell(place))
    }

    /// Its values in rows that ascend; a cell without a value is empty.
    pub fn values(&self, rows: &[u32]) -> Cells {
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
            return Cells::Text(TextBlock::from_parts(String::new(), Vec::new(), false));
        };
        let mut cells = self.cells(first, last).peekable();
        let (mut text, mut ends, mut booleans) = (String::new(), Vec::with_capacity(rows.len()), true);
        for &row in rows {
            while cells.peek().is_some_and(|cell| cell.row < row) {
                cells.next();
            }
            if let Some(cell) = cells.next_if(|cell| cell.row == row && cell.kind.is_value()) {
                text.push_str(cell.text);
                booleans &= cell.kind == Kind::Flag;
            }
            ends.push(text.len() as u32);
        }
        Cells::Text(TextBlock::from_parts(text, ends, booleans))
    }
}

/// An area that the workbook itself calls a table, its rows and columns from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub name: String,
    pub rows: (u32, u32),
    pub columns: (u32, u32),
    /// Rows of totals at its end.
    pub totals: u32,
}

/// A sheet as it stands in its file. Rows and columns count from 1, as the program shows them.
pub(crate) struct Sheet {
    file: InFile,
    pub name: String,
    pub columns: BTreeMap<u32, Column>,
    pub tables: Vec<Table>,
    pub hidden_rows: BTreeSet<u32>,
    pub hidden_columns: Vec<(u32, u32)>,
    pub is_filtered: bool,
    cells: usize,
    /// Bytes of text that it may still have.
    left: u64,
}

impl Sheet {
    pub fn new(file: &InFile, name: &str) -> Self {
        Self {
            file: file.clone(),
            name: name.into(),
            columns: BTreeMap::new(),
            tables: Vec::new(),
            hidden_rows: BTreeSet::new(),
            hidden_columns: Vec::new(),
            is_filtered: false,
            cells: 0,
            left: BYTES.saturating_add(BYTES_BY_BYTE.saturating_mul(file.size())).min(u32::MAX.into()),
        }
    }

    pub fn broken(&self, why: &str) -> DataError {
        broken(&self.file, &format!("sheet `{}`: {why}", shortened(&self.name)))
    }

    /// Takes a cell; those of a column come downwards.
    pub fn put(&mut self, row: u64, column: u64, value: &Value) -> Result<(), DataError> {
        let kind = kind(value);
        let held = if let Value::Number(number) = value { serial::number(*number) } else { String::new() };
        let text = match value {
            Value::Text("") => return Ok(()),
            Value::Text(text) | Value::Time(text) | Value::Error(text) => *text,
            Value::Number(_) => &held,
            Value::Flag(true) => "true",
            Value::Flag(false) => "false",
            Value::Uncalculated => "",
        };
        if row > ROWS || column > COLUMNS {
            return Err(self.broken("it has a cell beyond the last row or column of any spreadsheet program"));
        }
        self.cells += 1;
        let left = self.left.checked_sub(text.len() as u64).filter(|_| self.cells <= CELLS);
        let Some(left) = left else {
            let why = "its cells hold far more text than its file could; export it as CSV or Parquet";
            return Err(self.broken(why));
        };
        self.left = left;
        let place = || cell_name(row as u32, column as u32);
        if text.contains('\0') {
            return Err(self.broken(&format!("cell {} holds a NUL", place())));
        }
        let cells = self.columns.entry(column as u32).or_default();
        match cells.rows.last() {
            Some(&last) if u64::from(last) == row => {
                return Err(self.broken(&format!("cell {} is there twice", place())));
            }
            Some(&last) if u64::from(last) > row => {
                return Err(self.broken(&format!("row {row} comes after row {last}: its rows are out of order")));
            }
            _ => {}
        }
        cells.rows.push(row as u32);
        cells.text.push_str(text);
        cells.ends.push(cells.text.len() as u32);
        cells.kinds.push(kind);
        Ok(())
    }

    pub fn is_hidden(&self, column: u32) -> bool {
        self.hidden_columns.iter().any(|(first, last)| (*first..=*last).contains(&column))
    }
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Text(_) => Kind::Text,
        Value::Number(number) if number.abs() >= LONG && number.fract() == 0.0 => Kind::Long,
        Value::Number(_) => Kind::Number,
        Value::Time(_) => Kind::Time,
        Value::Flag(_) => Kind::Flag,
        Value::Error(_) => Kind::Error,
        Value::Uncalculated => Kind::Uncalculated,
    }
}

/// `B4`.
pub(crate) fn cell_name(row: u32, column: u32) -> String {
    format!("{}{row}", column_name(column))
}

/// `B`, of a column from 1.
pub(crate) fn column_name(column: u32) -> String {
    let (mut letters, mut left) = (Vec::new(), column);
    while left > 0 {
        letters.push(b'A' + ((left - 1) % 26) as u8);
        left = (left - 1) / 26;
    }
    letters.iter().rev().map(|&letter| char::from(letter)).collect()
}

/// The row and column of a name such as `$B$4`.
pub(crate) fn place_of(name: &str) -> Option<(u64, u64)> {
    let (mut row, mut column) = (0u64, 0u64);
    for byte in name.bytes() {
        match byte {
            b'$' => {}
            b'A'..=b'Z' | b'a'..=b'z' if row == 0 && column < ROWS => {
                column = column * 26 + u64::from(byte.to_ascii_uppercase() - b'A' + 1);
            }
            b'0'..=b'9' if column > 0 && row <= ROWS => row = row * 10 + u64::from(byte - b'0'),
            _ => return None,
        }
    }
    (row > 0 && column > 0).then_some((row, column))
}

/// Cells for a message, not too many: `B4 (#N/A), B7 (#REF!) and 3 more`.
pub(crate) fn listed_cells<'a>(column: u32, cells: impl Iterator<Item = Cell<'a>>) -> (u64, String) {
    let (mut text, mut count) = (String::new(), 0);
    for cell in cells {
        if count < PLACES.min(6) as u64 {
            let between = if count == 0 { "" } else { ", " };
            // Writing to memory does not fail.
            let _ = write!(text, "{between}{}", cell_name(cell.row, column));
            if !cell.text.is_empty() {
                let _ = write!(text, " (`{}`)", shortened(cell.text));
            }
        }
        count += 1;
    }
    if count > 6 {
        let _ = write!(text, " and {} more", count - 6);
    }
    (count, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet::new(&InFile { path: "book.xlsx".into(), shown: "book.xlsx".into() }, "Leads")
    }

    #[test]
    fn cells_are_named_as_a_spreadsheet_names_them() {
        for (row, column, name) in
            [(1, 1, "A1"), (4, 2, "B4"), (9, 26, "Z9"), (1, 27, "AA1"), (1_048_576, 16_384, "XFD1048576")]
        {
            assert_eq!(cell_name(row, column), name);
            assert_eq!(place_of(name), Some((u64::from(row), u64::from(column))));
        }
        for name in ["", "A", "4", "4A", "A0", "A1B", "A-1", "AAAAAAAAAAAAAAAAAA1"] {
            assert_eq!(place_of(name).filter(|place| place.1 <= COLUMNS), None, "{name}");
        }
    }

    #[test]
    fn a_cell_that_is_there_twice_is_an_error_and_so_is_one_too_far_away() {
        let mut sheet = sheet();
        sheet.put(2, 1, &Value::Number(1.0)).unwrap();
        let error = sheet.put(2, 1, &Value::Number(2.0)).unwrap_err().to_string();
        assert!(error.contains("cell A2 is there twice"), "{error}");
        assert!(sheet.put(1, 1, &Value::Number(2.0)).unwrap_err().to_string().contains("out of order"));
        assert!(sheet.put(ROWS, COLUMNS, &Value::Flag(true)).is_ok());
        assert!(sheet.put(ROWS + 1, 1, &Value::Flag(true)).is_err());
        assert!(sheet.put(3, COLUMNS + 1, &Value::Flag(true)).is_err());
    }

    #[test]
    fn a_text_that_all_cells_share_is_not_held_without_end() {
        let (mut sheet, text) = (sheet(), "a".repeat(1 << 20));
        for row in 1..=64 {
            sheet.put(row, 1, &Value::Text(&text)).unwrap();
        }
        assert!(sheet.put(65, 1, &Value::Text("a")).unwrap_err().to_string().contains("export it as CSV"));
    }

    #[test]
    fn rows_without_a_cell_are_empty_and_errors_have_no_value() {
        let mut sheet = sheet();
        for (row, value) in
            [(2, Value::Text(" a ")), (4, Value::Error("#N/A")), (5, Value::Number(1e15)), (9, Value::Text("z"))]
        {
            sheet.put(row, 3, &value).unwrap();
        }
        let Cells::Text(block) = sheet.columns[&3].values(&[2, 3, 4, 5]) else { panic!() };
        assert_eq!(block.iter().collect::<Vec<_>>(), [" a ", "", "", "1000000000000000"]);
        let kinds: Vec<Kind> = sheet.columns[&3].cells(1, 9).map(|cell| cell.kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Error, Kind::Long, Kind::Text]);
        assert_eq!(kind(&Value::Number(LONG - 1.0)), Kind::Number);
    }
}
