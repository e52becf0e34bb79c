use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::{
    ArrowDataType, ArrowField, DataType, IpcReader, ParquetReader, PolarsError, PolarsResult, SerReader, Series,
    TimeUnit,
};
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{
    ArrowSchemaRef, DTYPE_CATEGORICAL_NEW, IntegerType, Metadata, TimeUnit as ArrowTimeUnit,
};
use polars_buffer::Buffer;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, PageReader, RowGroupMetadata, column_iter_to_arrays,
};
use rayon::prelude::*;

use crate::table::MISSING;

use super::DataError;
use super::cells::{Batch, Cells, Lines, NO_INTEGER, TextBlock};
use super::files::{Content, InFile};
use super::finding::{Finding, FindingLevel, What};
use super::source::{Header, Met};

/// Rows of a batch, and of row groups that are decoded together: a group as it is mostly written, so that what its
/// dictionaries hold is looked up once.
const ROWS: usize = 1 << 18;

pub(crate) fn header(input: &'static str, file: &InFile, content: Content) -> Result<Header, DataError> {
    let (mut columns, mut notes) = (Vec::new(), Vec::new());
    let (schema, rows) = match content {
        Content::Parquet => {
            let mut reader = ParquetReader::new(open(file)?);
            let schema = reader.schema().map_err(|error| broken(file, &error))?;
            (schema, reader.num_rows().map_err(|error| broken(file, &error))?)
        }
        // How many rows there are stands nowhere.
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
    Ok(Header { columns, notes, has_rows: rows > 0, rows })
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

pub(crate) fn open(file: &InFile) -> Result<File, DataError> {
    File::open(&file.path).map_err(|error| file.error(error))
}

pub(crate) fn broken(file: &InFile, error: &dyn std::fmt::Display) -> DataError {
    DataError::Columnar { file: file.shown.clone(), why: format!("{error}; the file is perhaps damaged or cut short") }
}

/// Row groups that `is_passed_over` names by their place are counted, and not decoded.
pub(crate) fn read(
    file: &InFile,
    content: Content,
    place: u32,
    names: &[&str],
    is_passed_over: &(dyn Fn(usize) -> bool + Sync),
    bytes: &Arc<AtomicU64>,
    send: &mut dyn FnMut(Batch) -> bool,
) -> Result<Met, DataError> {
    let fail = |error: PolarsError| broken(file, &error);
    let mut out = Output { file, place, names, start: 0, send };
    if content == Content::Arrow {
        let wanted = Some(names.iter().map(|name| name.to_string()).collect());
        let frame = IpcReader::new(open(file)?).with_columns(wanted).finish().map_err(fail)?;
        bytes.fetch_add(file.size(), Ordering::Relaxed);
        let columns = names.iter().map(|name| Ok(Values::Series(frame.column(name)?.as_materialized_series().clone())));
        let columns = columns.collect::<PolarsResult<Vec<Values>>>().map_err(fail)?;
        out.deliver(frame.height(), columns)?;
        return Ok(Met::default());
    }
    let mut reader = ParquetReader::new(open(file)?);
    let (schema, metadata) = (reader.schema().map_err(fail)?, reader.get_metadata().map_err(fail)?.clone());
    let groups = Groups { file, schema, names };
    let parts = parts(metadata.row_groups.iter().map(RowGroupMetadata::num_rows));
    let mut met = Met::default();
    for together in parts.chunks(rayon::current_num_threads()) {
        let decode = |part: &Range<usize>| {
            let wanted = part.clone().map(|group| (&metadata.row_groups[group], !is_passed_over(group)));
            groups.decode(wanted)
        };
        let decoded: Vec<Result<Vec<Group>, DataError>> = together.par_iter().map(decode).collect();
        for part in decoded {
            for (rows, columns) in part? {
                let share = rows as f64 / metadata.num_rows.max(1) as f64;
                bytes.fetch_add((file.size() as f64 * share) as u64, Ordering::Relaxed);
                let Some(columns) = columns else {
                    met.passed_over += rows as u64;
                    out.start += rows;
                    continue;
                };
                if !out.deliver(rows, columns)? {
                    return Ok(met);
                }
            }
        }
    }
    Ok(met)
}

/// Row groups of about a quarter of a million rows together, so that memory is bounded.
fn parts(groups: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let (mut parts, mut rows) = (Vec::<Range<usize>>::new(), 0);
    for (place, height) in groups.enumerate().filter(|(_, height)| *height > 0) {
        match parts.last_mut() {
            Some(last) if rows + height <= ROWS => last.end = place + 1,
            _ => {
                parts.push(place..place + 1);
                rows = 0;
            }
        }
        rows += height;
    }
    parts
}

/// A decoded column of a row group.
enum Values {
    Series(Series),
    /// Text as the file holds it: places among distinct texts, or [`MISSING`].
    Coded(Vec<u32>, Utf8ViewArray),
    /// Microseconds of times none of which is missing, and whether they have a time zone.
    Times(Vec<i64>, bool),
}

/// The rows of a row group, and its columns; nothing where it is passed over.
type Group = (usize, Option<Vec<Values>>);

/// Row groups of a Parquet file, decoded column by column.
struct Groups<'a> {
    file: &'a InFile,
    schema: ArrowSchemaRef,
    names: &'a [&'a str],
}

impl Groups<'_> {
    /// Groups, and whether they are wanted.
    fn decode<'g>(&self, groups: impl Iterator<Item = (&'g RowGroupMetadata, bool)>) -> Result<Vec<Group>, DataError> {
        let mut file = open(self.file)?;
        let size = self.file.size();
        let mut decode = |(group, wanted): (&RowGroupMetadata, bool)| {
            let mut columns = || self.names.iter().map(|name| self.column(&mut file, size, group, name)).collect();
            Ok((group.num_rows(), wanted.then(&mut columns).transpose()?))
        };
        groups.map(&mut decode).collect()
    }

    fn column(&self, file: &mut File, size: u64, group: &RowGroupMetadata, name: &str) -> Result<Values, DataError> {
        let fail = |error: PolarsError| broken(self.file, &error);
        let chunk = group.columns_under_root_iter(name).and_then(|mut chunks| chunks.next());
        let (Some(field), Some(chunk)) = (self.schema.get(name), chunk) else {
            return Err(broken(self.file, &format!("a group of its rows lacks column `{name}`")));
        };
        let range = chunk.byte_range();
        if range.start > range.end || range.end > size {
            return Err(broken(self.file, &format!("column `{name}` goes on beyond its end")));
        }
        let length = range.end - range.start;
        let mut bytes = Vec::with_capacity(length as usize);
        file.seek(SeekFrom::Start(range.start)).map_err(|error| self.file.error(error))?;
        file.take(length).read_to_end(&mut bytes).map_err(|error| self.file.error(error))?;
        let bytes = Buffer::from(bytes);
        // A writer may give up its dictionary in the midst of a column: then its texts are decoded one by one.
        if is_text(&field.dtype)
            && chunk.dictionary_page_offset().is_some()
            && let Ok(Some(coded)) = coded(chunk, bytes.clone(), field)
        {
            return Ok(coded);
        }
        let arrays = match times(arrays(chunk, bytes, field.clone()).map_err(fail)?, field) {
            Ok(times) => return Ok(times),
            Err(arrays) => arrays,
        };
        Ok(Values::Series(Series::try_from((field, arrays)).map_err(fail)?))
    }
}

pub(crate) fn is_text(kind: &ArrowDataType) -> bool {
    match kind {
        ArrowDataType::Dictionary(_, values, _) => is_text(values),
        kind => *kind == ArrowDataType::Utf8View,
    }
}

fn arrays(chunk: &ColumnChunkMetadata, bytes: Buffer<u8>, field: ArrowField) -> PolarsResult<Vec<Box<dyn Array>>> {
    let pages = PageReader::new(Cursor::new(bytes), chunk, Vec::new(), usize::MAX);
    let kind = &chunk.descriptor().descriptor.primitive_type;
    Ok(column_iter_to_arrays(vec![BasicDecompressor::new(pages, Vec::new())], vec![kind], field, None)?.0)
}

/// A column of text as the file holds it; nothing where not all of it is in its dictionary.
fn coded(chunk: &ColumnChunkMetadata, bytes: Buffer<u8>, field: &ArrowField) -> PolarsResult<Option<Values>> {
    let kind = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(ArrowDataType::Utf8View), false);
    // The library decodes to codes what is marked as a categorical of its own.
    let mark = Metadata::from_iter([(DTYPE_CATEGORICAL_NEW.into(), "".into())]);
    let field = ArrowField::new(field.name.clone(), kind, field.is_nullable).with_metadata(mark);
    let arrays = arrays(chunk, bytes, field)?;
    let [array] = arrays.as_slice() else { return Ok(None) };
    let Some(array) = array.as_any().downcast_ref::<DictionaryArray<u32>>() else { return Ok(None) };
    let Some(levels) = array.values().as_any().downcast_ref::<Utf8ViewArray>() else { return Ok(None) };
    let (keys, levels) = (array.keys().clone(), levels.clone());
    // Nobody else holds the values then: they need not be copied.
    drop(arrays);
    let codes = match keys.validity() {
        Some(_) => keys.iter().map(|key| key.copied().unwrap_or(MISSING)).collect(),
        None => keys.into_inner().1.to_vec(),
    };
    Ok(Some(Values::Coded(codes, levels)))
}

/// Times as the file holds them, not copied; the arrays again where some are missing, or not in microseconds.
fn times(arrays: Vec<Box<dyn Array>>, field: &ArrowField) -> Result<Values, Vec<Box<dyn Array>>> {
    let zoned = match &field.dtype {
        ArrowDataType::Timestamp(ArrowTimeUnit::Microsecond, zone) => {
            zone.as_ref().is_some_and(|zone| !zone.is_empty())
        }
        _ => return Err(arrays),
    };
    let [array] = arrays.as_slice() else { return Err(arrays) };
    let array = array.as_any().downcast_ref::<PrimitiveArray<i64>>().filter(|array| array.null_count() == 0).cloned();
    let Some(array) = array else { return Err(arrays) };
    // Nobody else holds the values then: they need not be copied.
    drop(arrays);
    Ok(Values::Times(array.into_inner().1.to_vec(), zoned))
}

/// Where decoded columns go, some rows at a time.
struct Output<'a> {
    file: &'a InFile,
    place: u32,
    names: &'a [&'a str],
    /// Rows so far.
    start: usize,
    send: &'a mut dyn FnMut(Batch) -> bool,
}

impl Output<'_> {
    /// False: nobody wants more.
    fn deliver(&mut self, rows: usize, mut columns: Vec<Values>) -> Result<bool, DataError> {
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
            let cells = self.names.iter().zip(&mut columns).map(cell).collect::<Result<Vec<Cells>, DataError>>()?;
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
