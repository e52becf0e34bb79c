use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::{
    ArrowDataType, DataFrame, DataType, IpcReader, ParallelStrategy, ParquetReader, SerReader, Series, TimeUnit,
};
use rayon::prelude::*;

use super::DataError;
use super::cells::{Batch, Cells, NO_INTEGER, TextBlock};
use super::files::{Content, InFile};
use super::finding::{Finding, FindingLevel, What};
use super::source::{Header, Met};

/// Rows of a batch, and of row groups that are decoded together.
const ROWS: usize = 1 << 16;
const PART: usize = 1 << 18;

pub(crate) fn header(input: &'static str, file: &InFile, content: Content) -> Result<Header, DataError> {
    let (mut columns, mut notes) = (Vec::new(), Vec::new());
    let (schema, rows) = match content {
        Content::Parquet => {
            let mut reader = ParquetReader::new(open(file)?);
            let schema = reader.schema().map_err(|error| broken(file, &error))?;
            (schema, reader.num_rows().map_err(|error| broken(file, &error))?)
        }
        _ => (IpcReader::new(open(file)?).schema().map_err(|error| broken(file, &error))?, 1),
    };
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
    Ok(Header { columns, notes, has_rows: rows > 0 })
}

fn readable(kind: &ArrowDataType) -> bool {
    use ArrowDataType as A;
    match kind {
        A::Dictionary(_, values, _) => readable(values),
        A::Extension(_) => false,
        A::Null | A::Boolean | A::Utf8 | A::LargeUtf8 | A::Utf8View | A::Date32 | A::Date64 | A::Timestamp(..) => true,
        A::Int8 | A::Int16 | A::Int32 | A::Int64 | A::UInt8 | A::UInt16 | A::UInt32 | A::UInt64 => true,
        A::Float32 | A::Float64 | A::Decimal(..) | A::Decimal32(..) | A::Decimal64(..) => true,
        _ => false,
    }
}

fn open(file: &InFile) -> Result<File, DataError> {
    File::open(&file.path).map_err(|error| file.error(error))
}

fn broken(file: &InFile, error: &dyn std::fmt::Display) -> DataError {
    DataError::Columnar { file: file.shown.clone(), why: format!("{error}; the file is perhaps damaged or cut short") }
}

pub(crate) fn read(
    file: &InFile,
    content: Content,
    place: u32,
    names: &[&str],
    bytes: &Arc<AtomicU64>,
    send: &mut dyn FnMut(Batch) -> bool,
) -> Result<Met, DataError> {
    let columns = Some(names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    let fail = |error: polars::prelude::PolarsError| broken(file, &error);
    if content == Content::Arrow {
        let frame = IpcReader::new(open(file)?).with_columns(columns).finish().map_err(fail)?;
        bytes.fetch_add(file.size(), Ordering::Relaxed);
        deliver(file, place, names, &frame, 0, send)?;
        return Ok(Met::default());
    }
    let mut reader = ParquetReader::new(open(file)?);
    let metadata = reader.get_metadata().map_err(fail)?.clone();
    let mut none = (*metadata).clone();
    none.row_groups.clear();
    // A reader that knows of no other row groups decodes no others.
    let decode = |groups: &Range<usize>| {
        let mut own = none.clone();
        own.row_groups.extend_from_slice(&metadata.row_groups[groups.clone()]);
        own.num_rows = own.row_groups.iter().map(|group| group.num_rows()).sum();
        let mut part = ParquetReader::new(open(file)?).read_parallel(ParallelStrategy::None);
        part.set_metadata(Arc::new(own));
        part.with_columns(columns.clone()).finish().map_err(fail)
    };
    let mut start = 0;
    let parts = parts(metadata.row_groups.iter().map(|group| group.num_rows()));
    for together in parts.chunks(rayon::current_num_threads()) {
        let frames: Vec<Result<DataFrame, DataError>> = together.par_iter().map(decode).collect();
        for frame in frames {
            let frame = frame?;
            let share = frame.height() as f64 / metadata.num_rows.max(1) as f64;
            bytes.fetch_add((file.size() as f64 * share) as u64, Ordering::Relaxed);
            if !deliver(file, place, names, &frame, start, send)? {
                return Ok(Met::default());
            }
            start += frame.height();
        }
    }
    Ok(Met::default())
}

/// Row groups of about a quarter of a million rows together, so that memory is bounded.
fn parts(groups: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let (mut parts, mut rows) = (Vec::<Range<usize>>::new(), 0);
    for (place, height) in groups.enumerate().filter(|(_, height)| *height > 0) {
        match parts.last_mut() {
            Some(last) if rows + height <= PART => last.end = place + 1,
            _ => {
                parts.push(place..place + 1);
                rows = 0;
            }
        }
        rows += height;
    }
    parts
}

fn deliver(
    file: &InFile,
    place: u32,
    names: &[&str],
    frame: &DataFrame,
    start: usize,
    send: &mut dyn FnMut(Batch) -> bool,
) -> Result<bool, DataError> {
    for from in (0..frame.height()).step_by(ROWS) {
        let slice = frame.slice(from as i64, ROWS);
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let column = slice.column(name).map_err(|error| broken(file, &error))?;
            columns.push(cells(file, name, column.as_materialized_series())?);
        }
        let first = start + from + 1;
        let lines = (first..first + slice.height()).map(|line| line as u32).collect();
        if !send(Batch { file: place, lines, cells: columns }) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn cells(file: &InFile, name: &str, series: &Series) -> Result<Cells, DataError> {
    let fail = |error: polars::prelude::PolarsError| broken(file, &error);
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
