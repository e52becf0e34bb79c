use std::borrow::Cow;
use std::io::Write;

use jiff::civil::Date;
use polars::prelude::StringChunked;
use polars_arrow::array::Utf8ViewArray;

use crate::table::{MISSING, tidy};

/// Some rows of a file, as columns in the order they were asked for.
pub(crate) struct Batch {
    /// A place among the source's files.
    pub file: u32,
    pub lines: Lines,
    pub cells: Vec<Cells>,
}

/// Where the rows of a batch stand in their file.
pub(crate) enum Lines {
    /// The line of each in a text file.
    Each(Vec<u32>),
    /// The number of the first in a columnar file, from 1, and how many they are.
    From(u32, usize),
}

/// A value's place: a file of the source, and a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub file: u32,
    pub line: u32,
}

impl Batch {
    pub fn rows(&self) -> usize {
        match &self.lines {
            Lines::Each(lines) => lines.len(),
            Lines::From(_, rows) => *rows,
        }
    }

    pub fn spot(&self, row: usize) -> Spot {
        let line = match &self.lines {
            Lines::Each(lines) => lines[row],
            Lines::From(first, _) => first + row as u32,
        };
        Spot { file: self.file, line }
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

/// Texts; an empty one is missing.
#[derive(Clone)]
pub(crate) struct TextBlock {
    texts: Texts,
    /// Every value that is there was a true or false of its format, not a text.
    pub booleans: bool,
}

#[derive(Clone)]
enum Texts {
    /// End to end.
    Written { text: String, ends: Vec<u32> },
    /// As a columnar file's library holds them.
    Decoded(StringChunked),
    /// Places among distinct texts, or [`MISSING`], as a columnar file may hold them.
    Coded { codes: Vec<u32>, levels: Utf8ViewArray },
}

impl TextBlock {
    pub fn from_parts(text: String, ends: Vec<u32>, booleans: bool) -> Self {
        Self { texts: Texts::Written { text, ends }, booleans }
    }

    pub fn decoded(texts: StringChunked) -> Self {
        Self { texts: Texts::Decoded(texts), booleans: false }
    }

    pub fn coded(codes: Vec<u32>, levels: Utf8ViewArray) -> Self {
        Self { texts: Texts::Coded { codes, levels }, booleans: false }
    }

    /// How many distinct texts there are at most, and the place of each row's among them (or [`MISSING`]), where the
    /// file holds them so.
    pub fn codes(&self) -> Option<(usize, &[u32])> {
        match &self.texts {
            Texts::Coded { codes, levels } => Some((levels.len(), codes)),
            Texts::Written { .. } | Texts::Decoded(_) => None,
        }
    }

    /// The text of a code.
    pub fn level(&self, code: u32) -> &str {
        match &self.texts {
            Texts::Coded { levels, .. } => levels.value(code as usize),
            Texts::Written { .. } | Texts::Decoded(_) => "",
        }
    }

    pub fn len(&self) -> usize {
        match &self.texts {
            Texts::Written { ends, .. } => ends.len(),
            Texts::Decoded(texts) => texts.len(),
            Texts::Coded { codes, .. } => codes.len(),
        }
    }

    pub fn get(&self, row: usize) -> &str {
        match &self.texts {
            Texts::Written { text, ends } => {
                let start = if row == 0 { 0 } else { ends[row - 1] as usize };
                &text[start..ends[row] as usize]
            }
            Texts::Decoded(texts) => texts.get(row).unwrap_or_default(),
            Texts::Coded { codes, levels } => match codes[row] {
                MISSING => "",
                code => levels.value(code as usize),
            },
        }
    }

    /// The texts as people see them; nothing where these are they.
    pub fn tidied(&self) -> Option<Self> {
        let is_plain = match &self.texts {
            Texts::Written { text, .. } => text.is_ascii(),
            Texts::Coded { levels, .. } => levels.values_iter().all(str::is_ascii),
            Texts::Decoded(_) => self.iter().all(str::is_ascii),
        };
        if is_plain {
            return None;
        }
        let (mut text, mut is_other) = (String::new(), false);
        let ends = self.iter().map(|one| {
            let seen = tidy(one);
            is_other |= seen != one;
            text += &seen;
            text.len() as u32
        });
        let ends = ends.collect();
        is_other.then(|| Self::from_parts(text, ends, self.booleans))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> + Clone {
        (0..self.len()).map(|row| self.get(row))
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

/// The instants of the calendar's years: those that [`clock`] reads.
pub(crate) const CALENDAR: std::ops::RangeInclusive<i64> = -377_705_023_201_000_000..=253_402_207_200_000_000;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_reads_the_instants_of_the_calendar_and_no_other() {
        for end in [*CALENDAR.start(), *CALENDAR.end()] {
            assert!(clock(end).is_some());
        }
        assert!(clock(CALENDAR.start() - 1).is_none() && clock(CALENDAR.end() + 1).is_none());
    }
}
