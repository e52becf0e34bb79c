use std::fs::File;
use std::sync::atomic::Ordering;

use polars::prelude::{PolarsError, PolarsResult, Series};
use polars_arrow::datatypes::ArrowSchemaRef;
use polars_arrow::io::ipc::read::{FileReader, read_file_metadata};

use super::cells::Batch;
use super::columnar::{Output, Values, broken, header, is_uuid, open, stored, uuids};
use super::fence::fenced;
use super::files::InFile;
use super::finding::RowUnit;
use super::reader::{Header, Met, Stored, TableReader, Wanted};
use super::{DataError, messages};

/// A file of Arrow IPC (Feather), its messages looked through.
pub(crate) struct ArrowFile {
    input: &'static str,
    file: InFile,
    schema: ArrowSchemaRef,
    rows: usize,
}

impl ArrowFile {
    pub fn open(input: &'static str, file: InFile) -> Result<Self, DataError> {
        let (schema, rows) = fenced(&file, || {
            let mut reader = open(&file)?;
            let rows = messages::check(&mut reader, file.size()).map_err(|why| broken(&file, &why))?;
            let metadata = read_file_metadata(&mut reader).map_err(|error| broken(&file, &error))?;
            Ok((metadata.schema, rows as usize))
        })?;
        Ok(Self { input, file, schema, rows })
    }

    /// The reader of some columns.
    fn reader(&self, names: &[&str]) -> PolarsResult<FileReader<File>> {
        let mut reader = File::open(&self.file.path)?;
        let metadata = read_file_metadata(&mut reader)?;
        let place = |name: &&str| metadata.schema.try_index_of(name);
        let places = names.iter().map(place).collect::<PolarsResult<Vec<usize>>>()?;
        Ok(FileReader::new(reader, metadata, Some(places), None))
    }

    /// The next rows, column by column in the order of the names; nothing at the end.
    fn next(&self, reader: &mut FileReader<File>, names: &[&str]) -> PolarsResult<Option<(usize, Vec<Values>)>> {
        let Some(batch) = reader.next().transpose()? else { return Ok(None) };
        let rows = batch.len();
        let column = |name: &&str| {
            let place = batch.schema().try_index_of(name)?;
            let field = self.schema.try_get(name)?;
            let ids = || uuids(name, &batch.arrays()[place..=place]);
            if let Some(ids) = is_uuid(field.dtype()).then(ids).flatten() {
                return Ok(ids);
            }
            Ok(Values::Series(Series::try_from((field, vec![batch.arrays()[place].clone()]))?))
        };
        Ok(Some((rows, names.iter().map(column).collect::<PolarsResult<Vec<Values>>>()?)))
    }
}

impl TableReader for ArrowFile {
    fn header(&self) -> Result<Header, DataError> {
        Ok(header(self.input, &self.file, &self.schema, self.rows))
    }

    fn unit(&self) -> RowUnit {
        RowUnit::Row
    }

    fn stored(&self, column: &str) -> Stored {
        stored(&self.schema, column)
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let (file, names) = (&self.file, wanted.names);
        let fail = |error: PolarsError| broken(file, &error);
        let mut out = Output { file, place: wanted.file, names, start: 0, send };
        let mut reader = fenced(file, || self.reader(names).map_err(fail))?;
        while let Some((rows, columns)) = fenced(file, || self.next(&mut reader, names).map_err(fail))? {
            let share = rows as f64 / self.rows.max(1) as f64;
            wanted.bytes.fetch_add((file.size() as f64 * share) as u64, Ordering::Relaxed);
            if !out.deliver(rows, columns)? {
                break;
            }
        }
        Ok(Met::default())
    }
}
