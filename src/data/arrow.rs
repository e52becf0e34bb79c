use std::sync::atomic::Ordering;

use polars::prelude::{IpcReader, PolarsError, PolarsResult, SerReader};

use polars_arrow::datatypes::ArrowSchemaRef;

use super::DataError;
use super::cells::Batch;
use super::columnar::{Output, Values, broken, header, open, stored};
use super::files::InFile;
use super::reader::{Header, Met, Stored, TableReader, Wanted};

/// A file of Arrow IPC (Feather).
pub(crate) struct ArrowFile {
    input: &'static str,
    file: InFile,
    schema: ArrowSchemaRef,
}

impl ArrowFile {
    pub fn open(input: &'static str, file: InFile) -> Result<Self, DataError> {
        let schema = IpcReader::new(open(&file)?).schema().map_err(|error| broken(&file, &error))?;
        Ok(Self { input, file, schema })
    }
}

impl TableReader for ArrowFile {
    /// How many rows there are stands nowhere.
    fn header(&self) -> Result<Header, DataError> {
        Ok(header(self.input, &self.file, &self.schema, 1))
    }

    fn stored(&self, column: &str) -> Stored {
        stored(&self.schema, column)
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let (file, names) = (&self.file, wanted.names);
        let fail = |error: PolarsError| broken(file, &error);
        let columns = Some(names.iter().map(|name| name.to_string()).collect());
        let frame = IpcReader::new(open(file)?).with_columns(columns).finish().map_err(fail)?;
        wanted.bytes.fetch_add(file.size(), Ordering::Relaxed);
        let columns = names.iter().map(|name| Ok(Values::Series(frame.column(name)?.as_materialized_series().clone())));
        let columns = columns.collect::<PolarsResult<Vec<Values>>>().map_err(fail)?;
        Output { file, place: wanted.file, names, start: 0, send }.deliver(frame.height(), columns)?;
        Ok(Met::default())
    }
}
