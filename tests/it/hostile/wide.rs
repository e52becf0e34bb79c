//! Tables of very many columns.

use std::io::Cursor;

use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};

use super::{HEADER, check, row};
use crate::product::folder;

const COLUMNS: usize = 100_000;
const ROWS: usize = 8;

/// Seconds, of a slow build on a slow machine; what is quadratic takes minutes.
fn in_time(name: &str, leads: impl AsRef<[u8]>) {
    let folder = folder();
    let began = std::time::Instant::now();
    check(folder.path(), name, leads).done();
    assert!(began.elapsed().as_secs() < 60, "{name}: {:?}", began.elapsed());
}

#[test]
fn a_wide_csv_is_read_in_time() {
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("c{column}")).collect();
    let values = ",1".repeat(COLUMNS);
    let rows: Vec<String> = (0..ROWS).map(|lead| row(lead) + &values).collect();
    in_time("leads.csv", format!("{HEADER},{}\n{}\n", names.join(","), rows.join("\n")));
}

#[test]
fn a_wide_file_of_objects_is_read_in_time() {
    let values: String = (0..COLUMNS).map(|column| format!(",\"c{column}\":1")).collect();
    let object = |lead: usize| {
        let row = row(lead);
        let cells: Vec<&str> = row.split(',').collect();
        let named: Vec<String> =
            HEADER.split(',').zip(cells).map(|(name, cell)| format!("\"{name}\":\"{cell}\"")).collect();
        format!("{{{}{values}}}", named.join(","))
    };
    let rows: Vec<String> = (0..ROWS).map(object).collect();
    in_time("leads.ndjson", rows.join("\n"));
}

#[test]
fn a_wide_parquet_is_read_in_time() {
    let rows: Vec<String> = (0..ROWS).map(row).collect();
    let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.split(',').collect()).collect();
    let texts = HEADER.split(',').enumerate().map(|(place, name)| {
        let column: Vec<Option<&str>> =
            cells.iter().map(|row| Some(row[place]).filter(|cell| !cell.is_empty())).collect();
        Column::from(Series::new(name.into(), column))
    });
    let numbers =
        (0..COLUMNS / 5).map(|column| Column::from(Series::new(format!("c{column}").into(), vec![1.0; ROWS])));
    let mut frame = DataFrame::new(ROWS, texts.chain(numbers).collect()).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
    in_time("leads.parquet", bytes.into_inner());
}
