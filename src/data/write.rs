//! Tables to files: CSV (gzip by extension) or Parquet.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use polars::prelude::*;

use crate::table::{Cell, Column, MISSING, Table};
use crate::time::{NEVER, Zone};

/// Writes a table in the format of the path's extension: `.parquet`, `.csv` or `.csv.gz`. Times are UTC.
pub fn write(table: &Table, path: &Path) -> io::Result<()> {
    write_as(table, &path.to_string_lossy(), BufWriter::new(File::create(path)?))
}

/// A table in the format of a name's extension.
pub fn write_as(table: &Table, name: &str, mut out: impl Write) -> io::Result<()> {
    if name.ends_with(".parquet") {
        write_parquet(table, &mut out)?;
        out.flush()
    } else if name.ends_with(".gz") {
        // A header without a time: the same table is the same bytes.
        let mut packed = flate2::GzBuilder::new().write(out, flate2::Compression::best());
        write_csv(table, &mut packed)?;
        packed.finish()?.flush()
    } else {
        write_csv(table, out)
    }
}

/// Writes CSV with a header; a missing value is an empty field.
pub fn write_csv(table: &Table, out: impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(table.names())?;
    let zone = Zone::utc();
    for row in 0..table.rows() {
        for (_, column) in table.iter() {
            match column.cell(row) {
                Cell::Missing => writer.write_field(""),
                Cell::Number(value) => writer.write_field(value.to_string()),
                Cell::Text(text) => writer.write_field(text),
                Cell::Flag(flag) => writer.write_field(if flag { "true" } else { "false" }),
                Cell::Instant(at) => writer.write_field(zone.stamp(at)),
            }?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

fn write_parquet(table: &Table, out: impl Write) -> io::Result<()> {
    let columns: Vec<polars::prelude::Column> =
        table.iter().map(|(name, column)| series(name, column).into()).collect();
    let mut frame = DataFrame::new(table.rows(), columns).map_err(io::Error::other)?;
    let writer = ParquetWriter::new(out).with_row_group_size(Some(1 << 18));
    writer.finish(&mut frame).map(|_| ()).map_err(io::Error::other)
}

fn series(name: &str, column: &Column) -> Series {
    let name = PlSmallStr::from(name);
    match column {
        Column::Number(values) => {
            Float64Chunked::from_iter_options(name, values.iter().map(|value| (!value.is_nan()).then_some(*value)))
                .into_series()
        }
        Column::Text(text) => {
            let level = |code: &u32| (*code != MISSING).then(|| text.levels[*code as usize].as_str());
            StringChunked::from_iter_options(name, text.codes.iter().map(level)).into_series()
        }
        Column::Flag(values) => BooleanChunked::from_iter_options(name, values.iter().copied()).into_series(),
        Column::Instant(values) => {
            Int64Chunked::from_iter_options(name, values.iter().map(|at| (*at != NEVER).then_some(*at)))
                .into_datetime(TimeUnit::Microseconds, None)
                .into_series()
        }
    }
}
