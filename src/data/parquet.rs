use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use polars::prelude::{ArrowDataType, ArrowField, PolarsError, PolarsResult, Series};
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::datatypes::{
    ArrowSchema, ArrowSchemaRef, DTYPE_CATEGORICAL_NEW, IntegerType, Metadata, TimeUnit as ArrowTimeUnit,
};
use polars_buffer::Buffer;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::parquet::page::ParquetPageHeader;
use polars_parquet::parquet::read::deserialize_metadata;
use polars_parquet::parquet::statistics::Statistics;
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, FileMetadata, PageReader, RowGroupMetadata, column_iter_to_arrays,
    infer_schema,
};
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use rayon::prelude::*;

use crate::table::MISSING;

use super::cells::Batch;
use super::claims::{check_bytes, check_rows};
use super::columnar::{Output, ROWS, Values, broken, header, is_uuid, open, stored, uuids};
use super::fence::fenced;
use super::files::InFile;
use super::finding::RowUnit;
use super::reader::{Bounds, Group, Header, Met, Stored, TableReader, Wanted};
use super::{DataError, footer};

/// A Parquet file, its footer read.
pub(crate) struct ParquetFile {
    input: &'static str,
    file: InFile,
    schema: ArrowSchemaRef,
    metadata: Arc<FileMetadata>,
}

impl ParquetFile {
    pub fn open(input: &'static str, file: InFile) -> Result<Self, DataError> {
        let (metadata, schema) = fenced(&file, || metadata(&file))?;
        Ok(Self { input, file, schema: schema.into(), metadata: metadata.into() })
    }
}

/// The end of the file: the footer's length, and a mark.
const TAIL: u64 = 8;

/// What the footer says, which is checked before it is decoded.
fn metadata(file: &InFile) -> Result<(FileMetadata, ArrowSchema), DataError> {
    let size = file.size();
    let mut reader = open(file)?;
    let mut last = |length: u64| {
        let mut bytes = Vec::new();
        let end = i64::try_from(length).map_err(io::Error::other)?;
        reader.seek(SeekFrom::End(-end)).and_then(|_| reader.by_ref().take(length).read_to_end(&mut bytes))?;
        Ok(bytes)
    };
    let mut read = |length: u64| last(length).map_err(|error| file.error(error));
    if size < TAIL + 4 {
        return Err(broken(file, &"it has no footer"));
    }
    let tail = read(TAIL)?;
    let (length, mark) = tail.split_at(4);
    if mark != b"PAR1" {
        return Err(broken(file, &"it does not end as a Parquet file does"));
    }
    let length = u64::from(length.try_into().map_or(u32::MAX, u32::from_le_bytes)) + TAIL;
    if length > size - 4 {
        return Err(broken(file, &format!("its footer claims {length} bytes, of {size} of the file")));
    }
    let footer = read(length)?;
    footer::check(&footer).map_err(|error| broken(file, &error))?;
    let metadata = deserialize_metadata(Buffer::from(footer)).map_err(|error| broken(file, &error))?;
    let rows = metadata.row_groups.iter().try_fold(0, |sum: u64, group| sum.checked_add(group.num_rows() as u64));
    match rows {
        Some(rows) if rows == metadata.num_rows as u64 => check_rows(rows, size),
        _ => Err("its groups of rows are not as many as it says".to_string()),
    }
    .map_err(|error| broken(file, &error))?;
    let schema = infer_schema(&metadata).map_err(|error| broken(file, &error))?;
    Ok((metadata, schema))
}

impl TableReader for ParquetFile {
    fn header(&self) -> Result<Header, DataError> {
        Ok(header(self.input, &self.file, &self.schema, self.metadata.num_rows))
    }

    fn unit(&self) -> RowUnit {
        RowUnit::Row
    }

    fn stored(&self, column: &str) -> Stored {
        stored(&self.schema, column)
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let Self { file, metadata, .. } = self;
        let mut out = Output { file, place: wanted.file, names: wanted.names, start: 0, send };
        let parts = parts(metadata.row_groups.iter().map(RowGroupMetadata::num_rows));
        let mut met = Met::default();
        for together in parts.chunks(rayon::current_num_threads()) {
            let decode = |part: &Range<usize>| fenced(file, || self.decode(part.clone(), wanted));
            let decoded: Vec<Result<Vec<Decoded>, DataError>> = together.par_iter().map(decode).collect();
            for part in decoded {
                for (rows, columns) in part? {
                    let share = rows as f64 / metadata.num_rows.max(1) as f64;
                    wanted.bytes.fetch_add((file.size() as f64 * share) as u64, Ordering::Relaxed);
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

    fn groups(&self, column: &str) -> Vec<Group> {
        let Some(field) = self.schema.get(column) else { return Vec::new() };
        let bounds = |group: &RowGroupMetadata| {
            let chunk = group.columns_under_root_iter(column)?.next()?;
            bounds(&chunk.statistics(&self.metadata.footer_buf)?.ok()?, &field.dtype)
        };
        let of_group = |group: &RowGroupMetadata| {
            // Statistics that cannot be read tell nothing.
            let bounds = fenced(&self.file, || Ok(bounds(group))).ok().flatten();
            Group { rows: group.num_rows(), bounds }
        };
        self.metadata.row_groups.iter().map(of_group).collect()
    }
}

/// Nothing where they are not known, or not those of the values' text.
fn bounds(statistics: &Statistics, kind: &ArrowDataType) -> Option<Bounds> {
    use ArrowDataType as A;
    match statistics {
        Statistics::Binary(text) if is_text(kind) => {
            Some(Bounds::Text(text.min_value.as_ref()?.to_vec(), text.max_value.as_ref()?.to_vec()))
        }
        Statistics::Int64(number) if *kind == A::Int64 => Some(Bounds::Number(number.min_value?, number.max_value?)),
        Statistics::Int32(number) if *kind == A::Int32 => {
            Some(Bounds::Number(number.min_value?.into(), number.max_value?.into()))
        }
        _ => None,
    }
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

/// The rows of a row group, and its columns; nothing where it is passed over.
type Decoded = (usize, Option<Vec<Values>>);

impl ParquetFile {
    /// Row groups, column by column.
    fn decode(&self, groups: Range<usize>, wanted: &Wanted) -> Result<Vec<Decoded>, DataError> {
        let mut file = open(&self.file)?;
        let size = self.file.size();
        let mut decode = |place: usize| {
            let group = &self.metadata.row_groups[place];
            let mut columns = || wanted.names.iter().map(|name| self.column(&mut file, size, group, name)).collect();
            Ok((group.num_rows(), (!(wanted.is_passed_over)(place)).then(&mut columns).transpose()?))
        };
        groups.map(&mut decode).collect()
    }

    fn column(&self, file: &mut File, size: u64, group: &RowGroupMetadata, name: &str) -> Result<Values, DataError> {
        let fail = |error: PolarsError| broken(&self.file, &error);
        let chunk = group.columns_under_root_iter(name).and_then(|mut chunks| chunks.next());
        let (Some(field), Some(chunk)) = (self.schema.get(name), chunk) else {
            return Err(broken(&self.file, &format!("a group of its rows lacks column `{name}`")));
        };
        let range = chunk.byte_range();
        if range.start > range.end || range.end > size {
            return Err(broken(&self.file, &format!("column `{name}` goes on beyond its end")));
        }
        let length = range.end - range.start;
        let mut bytes = Vec::with_capacity(length as usize);
        file.seek(SeekFrom::Start(range.start)).map_err(|error| self.file.error(error))?;
        file.take(length).read_to_end(&mut bytes).map_err(|error| self.file.error(error))?;
        let bytes = Buffer::from(bytes);
        check_pages(chunk, group.num_rows() as u64, &bytes)
            .map_err(|why| broken(&self.file, &format!("column `{name}`: {why}")))?;
        // A writer may give up its dictionary in the midst of a column: then its texts are decoded one by one.
        if is_text(&field.dtype)
            && chunk.dictionary_page_offset().is_some()
            && let Ok(Some(coded)) = coded(chunk, bytes.clone(), field)
        {
            return Ok(coded);
        }
        let arrays = arrays(chunk, bytes, field.clone()).map_err(fail)?;
        if is_uuid(&field.dtype)
            && let Some(ids) = uuids(name, &arrays)
        {
            return Ok(ids);
        }
        let arrays = match times(arrays, field) {
            Ok(times) => return Ok(times),
            Err(arrays) => arrays,
        };
        Ok(Values::Series(Series::try_from((field, arrays)).map_err(fail)?))
    }
}

/// # Errors
/// When the pages of a column claim other rows than its group has, or more than they can hold.
fn check_pages(chunk: &ColumnChunkMetadata, rows: u64, bytes: &[u8]) -> Result<(), String> {
    let compressed = chunk.compression() != Compression::Uncompressed;
    let (mut rest, mut values) = (bytes, 0);
    while values < rows {
        // What a page says of itself is read as the decoder reads it, and may take no more than the column does.
        let mut protocol = TCompactInputProtocol::new(&mut rest, bytes.len().max(1 << 16));
        let page = ParquetPageHeader::read_from_in_protocol(&mut protocol)
            .map_err(|_| "a page of it cannot be read".to_string())?;
        let size = |size: i32| u64::try_from(size).map_err(|_| "a page of it has a negative size".to_string());
        let (stored, size) = (size(page.compressed_page_size)?, size(page.uncompressed_page_size)?);
        rest = rest.get(stored as usize..).ok_or("a page of it goes on beyond its end")?;
        if compressed {
            check_bytes(size, stored, rows)?;
        }
        let claimed = |claimed: i32| u64::try_from(claimed).unwrap_or(u64::MAX);
        if claimed(page.dictionary_page_header.map_or(0, |page| page.num_values)) > size {
            return Err("its dictionary claims more values than bytes".into());
        }
        let data = page.data_page_header.map(|page| page.num_values);
        let data = data.or(page.data_page_header_v2.map(|page| page.num_values));
        values = claimed(data.unwrap_or(0)).saturating_add(values);
    }
    match values == rows && u64::try_from(chunk.num_values()) == Ok(rows) {
        true => Ok(()),
        false => Err(format!("its pages claim {values} values, expected the {rows} rows of their group")),
    }
}

fn is_text(kind: &ArrowDataType) -> bool {
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
