use std::fmt::Write;
use std::fs::File;

use polars::prelude::{
    ArrowDataType, DataType, IntoSeries, NewChunkedArray, PolarsError, Series, StringChunked, TimeUnit,
};
use polars_arrow::array::{Array, FixedSizeBinaryArray, Utf8ViewArray};
use polars_arrow::datatypes::ArrowSchema;

use super::DataError;
use super::cells::{Batch, Cells, Lines, NO_INTEGER, TextBlock};
use super::fence::fenced;
use super::files::InFile;
use super::finding::{Finding, FindingLevel, What};
use super::reader::{Header, Stored, Typed};

/// Rows of a batch, and of row groups that are decoded together: a group as it is mostly written, so that what its
/// dictionaries hold is looked up once.
pub(crate) const ROWS: usize = 1 << 18;

/// The columns of a file with so many rows, if it says how many.
pub(crate) fn header(input: &'static str, file: &InFile, schema: &ArrowSchema, rows: usize) -> Header {
    let (mut columns, mut notes) = (Vec::new(), Vec::new());
    for (name, field) in schema.iter() {
        if readable(field.dtype()) {
            columns.push(name.to_string());
        } else {
            let text =
                format!("column `{name}` of {} is nested, binary or of another type that is not read", file.shown);
            let note = Finding::new(input, What::ColumnNotRead, FindingLevel::Note, 1, text);
            notes.push(note.advice("export the parts of it that matter as columns of their own"));
        }
    }
    Header { columns, notes, has_rows: rows > 0, rows }
}

fn readable(kind: &ArrowDataType) -> bool {
    use ArrowDataType as A;
    match kind {
        A::Dictionary(_, values, _) => readable(values),
        A::Extension(_) => is_uuid(kind),
        A::FixedSizeBinary(_) => is_uuid(kind),
        A::Null | A::Boolean | A::Utf8 | A::LargeUtf8 | A::Utf8View | A::Date32 | A::Date64 | A::Timestamp(..) => true,
        A::Int8 | A::Int16 | A::Int32 | A::Int64 | A::UInt8 | A::UInt16 | A::UInt32 | A::UInt64 => true,
        A::Float32 | A::Float64 | A::Decimal(..) | A::Decimal32(..) | A::Decimal64(..) => true,
        _ => false,
    }
}

/// Whether values are ids of 16 bytes.
pub(crate) fn is_uuid(kind: &ArrowDataType) -> bool {
    matches!(kind.to_storage(), ArrowDataType::FixedSizeBinary(16))
}

/// Ids of 16 bytes as they are written elsewhere.
pub(crate) fn uuids(name: &str, arrays: &[Box<dyn Array>]) -> Option<Values> {
    let mut texts = Vec::with_capacity(arrays.iter().map(|array| array.len()).sum());
    for array in arrays {
        let array = array.as_any().downcast_ref::<FixedSizeBinaryArray>()?;
        texts.extend(array.iter().map(|bytes| bytes.map(uuid)));
    }
    Some(Values::Series(StringChunked::from_iter_options(name.into(), texts.into_iter()).into_series()))
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
        // Writing to memory does not fail.
        let _ = write!(text, "{dash}{byte:02x}");
    }
    text
}

/// As what files of such a schema hold a column.
pub(crate) fn stored(schema: &ArrowSchema, column: &str) -> Stored {
    use ArrowDataType as A;
    let Some(field) = schema.get(column) else { return Stored::Text };
    match field.dtype() {
        A::Boolean => Stored::Typed(Typed::Flag),
        A::Date32 | A::Date64 | A::Timestamp(..) => Stored::Typed(Typed::Time),
        A::Int64 => Stored::Whole,
        A::Int8 | A::Int16 | A::Int32 | A::UInt8 | A::UInt16 | A::UInt32 => Stored::Typed(Typed::Number),
        A::Float32 | A::Float64 | A::Decimal(..) | A::Decimal32(..) | A::Decimal64(..) => Stored::Typed(Typed::Number),
        _ => Stored::Text,
    }
}

pub(crate) fn open(file: &InFile) -> Result<File, DataError> {
    File::open(&file.path).map_err(|error| file.error(error))
}

pub(crate) fn broken(file: &InFile, error: &dyn std::fmt::Display) -> DataError {
    let advice = "the file is perhaps damaged or cut short: export it again";
    DataError::Columnar { file: file.shown.clone(), why: format!("{error}; {advice}") }
}

/// A decoded column of some rows.
pub(crate) enum Values {
    Series(Series),
    /// Text as the file holds it: places among distinct texts, or [`MISSING`](crate::table::MISSING).
    Coded(Vec<u32>, Utf8ViewArray),
    /// Microseconds of times none of which is missing, and whether they have a time zone.
    Times(Vec<i64>, bool),
}

/// Where decoded columns go, some rows at a time.
pub(crate) struct Output<'a> {
    pub file: &'a InFile,
    pub place: u32,
    pub names: &'a [&'a str],
    /// Rows so far.
    pub start: usize,
    pub send: &'a mut dyn FnMut(Batch) -> bool,
}

impl Output<'_> {
    /// False: nobody wants more.
    pub fn deliver(&mut self, rows: usize, mut columns: Vec<Values>) -> Result<bool, DataError> {
        for from in (0..rows).step_by(ROWS) {
            let some = ROWS.min(rows - from);
            let cell = |(name, values): (&&str, &mut Values)| match values {
                Values::Series(series) => cells(self.file, name, &series.slice(from as i64, some)),
                Values::Coded(codes, levels) => {
                    Ok(Cells::Text(TextBlock::coded(part(codes, from, some), levels.clone())))
                }
                Values::Times(micros, true) => Ok(Cells::Instant(part(micros, from, some))),
                Values::Times(micros, false) => Ok(Cells::Clock(part(micros, from, some))),
            };
            let all = || self.names.iter().zip(&mut columns).map(cell).collect::<Result<Vec<Cells>, DataError>>();
            let cells = fenced(self.file, all)?;
            let lines = Lines::From((self.start + from + 1) as u32, some);
            if !(self.send)(Batch { file: self.place, lines, cells }) {
                return Ok(false);
            }
        }
        self.start += rows;
        Ok(true)
    }
}

/// Some of the values, which are taken away where they are all.
fn part<T: Clone>(values: &mut Vec<T>, from: usize, some: usize) -> Vec<T> {
    if some == values.len() { std::mem::take(values) } else { values[from..from + some].to_vec() }
}

fn cells(file: &InFile, name: &str, series: &Series) -> Result<Cells, DataError> {
    let fail = |error: PolarsError| broken(file, &error);
    let integers = |series: &Series| -> Result<Vec<i64>, DataError> {
        let cast = series.cast(&DataType::Int64).map_err(fail)?;
        let values = cast.i64().map_err(fail)?;
        Ok(match values.cont_slice() {
            Ok(values) => values.to_vec(),
            Err(_) => values.iter().map(|value| value.unwrap_or(NO_INTEGER)).collect(),
        })
    };
    Ok(match series.dtype() {
        DataType::Boolean => Cells::Flag(series.bool().map_err(fail)?.iter().collect()),
        DataType::String => Cells::Text(TextBlock::decoded(series.str().map_err(fail)?.clone())),
        DataType::Categorical(..) | DataType::Enum(..) | DataType::UInt64 => {
            let cast = series.cast(&DataType::String).map_err(fail)?;
            Cells::Text(TextBlock::decoded(cast.str().map_err(fail)?.clone()))
        }
        DataType::Null => Cells::Number(vec![f64::NAN; series.len()]),
        DataType::Date => Cells::Date(integers(series)?),
        DataType::Datetime(unit, zone) => {
            let scale = |value: i64| match unit {
                _ if value == NO_INTEGER => NO_INTEGER,
                TimeUnit::Nanoseconds => value.div_euclid(1_000),
                TimeUnit::Microseconds => value,
                TimeUnit::Milliseconds => value.saturating_mul(1_000),
            };
            let micros = integers(series)?.into_iter().map(scale).collect();
            if zone.is_some() { Cells::Instant(micros) } else { Cells::Clock(micros) }
        }
        kind if kind.is_integer() => Cells::Integer(integers(series)?),
        kind if kind.is_float() || kind.is_decimal() => {
            let cast = series.cast(&DataType::Float64).map_err(fail)?;
            Cells::Number(cast.f64().map_err(fail)?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
        }
        kind => {
            let why = format!("column `{name}` holds {kind}, which is not read");
            return Err(DataError::Columnar { file: file.shown.clone(), why });
        }
    })
}
