use std::borrow::Cow;
use std::io::Write;

use jiff::civil::Date;

/// Some rows of a file, as columns in the order they were asked for.
pub(crate) struct Batch {
    /// A place among the source's files.
    pub file: u32,
    /// The line of each row in text files, its number from 1 in columnar ones.
    pub lines: Vec<u32>,
    pub cells: Vec<Cells>,
}

/// A value's place: a file of the source, and a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub file: u32,
    pub line: u32,
}

impl Batch {
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    pub fn spot(&self, row: usize) -> Spot {
        Spot { file: self.file, line: self.lines[row] }
    }
}

/// A missing whole number, and a missing count of microseconds.
pub(crate) const NO_INTEGER: i64 = i64::MIN;

/// A column of a batch, as its file holds it.
pub(crate) enum Cells {
    Text(TextBlock),
    /// NaN is missing.
    Number(Vec<f64>),
    Integer(Vec<i64>),
    Flag(Vec<Option<bool>>),
    /// Microseconds since 1970, UTC.
    Instant(Vec<i64>),
    /// Microseconds of a clock without a zone since its 1970.
    Clock(Vec<i64>),
    /// Days since 1970.
    Date(Vec<i64>),
}

/// Texts end to end; an empty one is missing.
#[derive(Clone, Default)]
pub(crate) struct TextBlock {
    text: String,
    ends: Vec<u32>,
    /// Every value that is there was a true or false of its format, not a text.
    pub booleans: bool,
}

impl TextBlock {
    pub fn from_parts(text: String, ends: Vec<u32>, booleans: bool) -> Self {
        Self { text, ends, booleans }
    }

    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn get(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.text[start..self.ends[row] as usize]
    }
}

impl Cells {
    pub fn len(&self) -> usize {
        match self {
            Self::Text(block) => block.len(),
            Self::Number(values) => values.len(),
            Self::Flag(values) => values.len(),
            Self::Integer(values) | Self::Instant(values) | Self::Clock(values) | Self::Date(values) => values.len(),
        }
    }

    /// The values as text: what ids, kinds and declared text columns are read from.
    pub fn as_text(&self) -> Cow<'_, TextBlock> {
        if let Self::Text(block) = self {
            return Cow::Borrowed(block);
        }
        let mut bytes = Vec::new();
        let ends = (0..self.len()).map(|row| {
            // Writing to memory does not fail.
            let _ = self.write(row, &mut bytes);
            bytes.len() as u32
        });
        let ends = ends.collect();
        Cow::Owned(TextBlock::from_parts(String::from_utf8(bytes).unwrap_or_default(), ends, false))
    }

    fn write(&self, row: usize, output: &mut impl Write) -> std::io::Result<()> {
        match self {
            Self::Text(block) => write!(output, "{}", block.get(row)),
            Self::Number(values) if values[row].is_nan() => Ok(()),
            Self::Number(values) => write!(output, "{}", values[row]),
            Self::Flag(values) => values[row].map_or(Ok(()), |value| write!(output, "{value}")),
            Self::Integer(values) | Self::Instant(values) | Self::Clock(values) | Self::Date(values)
                if values[row] == NO_INTEGER =>
            {
                Ok(())
            }
            Self::Integer(values) => write!(output, "{}", values[row]),
            Self::Instant(values) => {
                jiff::Timestamp::from_microsecond(values[row]).map_or(Ok(()), |at| write!(output, "{at}"))
            }
            Self::Clock(values) => clock(values[row]).map_or(Ok(()), |at| write!(output, "{at}")),
            Self::Date(values) => date(values[row]).map_or(Ok(()), |at| write!(output, "{at}")),
        }
    }
}

/// The clock reading of microseconds since the clock's 1970.
pub(crate) fn clock(micros: i64) -> Option<jiff::civil::DateTime> {
    let stamp = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(jiff::tz::Offset::UTC.to_datetime(stamp))
}

/// The date of days since 1970.
pub(crate) fn date(days: i64) -> Option<Date> {
    let micros = days.checked_mul(crate::time::DAY)?;
    clock(micros).map(jiff::civil::DateTime::date)
}
