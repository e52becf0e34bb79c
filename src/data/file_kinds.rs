use std::fs::File;
use std::sync::Arc;

use super::DataError;
use super::arrow::ArrowFile;
use super::delimited::DelimitedFile;
use super::files::{InFile, decompressed, fill, text as text_of};
use super::json_columns::with_objects;
use super::json_lines::JsonLinesFile;
use super::parquet::ParquetFile;
use super::reader::TableReader;
use super::spec::Dialect;
use super::workbook::{Book, WorkbookFile, zipped};

/// What a file holds, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Delimited,
    JsonLines,
    Parquet,
    Arrow,
    Workbook(Book),
}

/// Bytes that mark a file which is no table, what it is, and what to do.
const IMPOSTORS: &[(&[u8], &str, &str)] = &[
    (b"PK\x05\x06", "it is a ZIP archive without a file in it", "export it again"),
    (b"\x09\x08\x10\x00", "it is a workbook from before 1997", "open it and save it as .xlsx"),
    (b"\x09\x08\x08\x00", "it is a workbook from before 1997", "open it and save it as .xlsx"),
    (b"\x09\x04\x06\x00", "it is a workbook from before 1997", "open it and save it as .xlsx"),
    (b"\x09\x02\x06\x00", "it is a workbook from before 1997", "open it and save it as .xlsx"),
    (b"version https://git-lfs", "it is a Git LFS pointer, not the file itself", "fetch it with `git lfs pull`"),
    (
        b"FEA1",
        "it is a Feather file of version 1",
        "write it as Parquet, as CSV, or as Feather of version 2 (Arrow IPC)",
    ),
    (b"%PDF", "it is a PDF document", "export the table as CSV"),
    (b"SQLite format 3", "it is an SQLite database", "export the table as CSV"),
    (b"Obj\x01", "it is an Avro file", "convert it to Parquet"),
    (b"ORC", "it is an ORC file", "convert it to Parquet"),
    (b"BZh", "it is compressed with bzip2", "decompress it, or compress it with gzip"),
    (b"\xfd7zXZ", "it is compressed with xz", "decompress it, or compress it with gzip"),
    (b"\xff\xff\xff\xff", "it is an Arrow stream", "write it as an Arrow IPC file (Feather) or as Parquet"),
];

const ARROW: &[u8] = b"ARROW1";
const PARQUET: &[u8] = b"PAR1";
const ZIP: &[u8] = b"PK\x03\x04";
/// The file system within a file of old Office programs.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Looks at the beginning of the file, inside its compression.
pub(crate) fn kind(file: &InFile) -> Result<FileKind, DataError> {
    let mut raw = [0; 8];
    let length =
        fill(&mut File::open(&file.path).map_err(|error| file.error(error))?, &mut raw).map_err(|e| file.error(e))?;
    if raw[..length].starts_with(PARQUET) {
        return Ok(FileKind::Parquet);
    }
    if raw[..length].starts_with(ARROW) {
        return Ok(FileKind::Arrow);
    }
    if raw[..length].starts_with(ZIP) {
        return zipped(file).map(FileKind::Workbook);
    }
    if raw[..length].starts_with(COMPOUND) {
        return Ok(FileKind::Workbook(Book::Old));
    }
    let mut start = vec![0; 1 << 12];
    let length = fill(&mut decompressed(file, &Arc::default())?, &mut start).map_err(|error| file.error(error))?;
    start.truncate(length);
    kind_of_text(file, &start)
}

fn kind_of_text(file: &InFile, start: &[u8]) -> Result<FileKind, DataError> {
    let not = |found: &str, advice: &str| {
        Err(DataError::NotATable { file: file.shown.clone(), found: found.into(), advice: advice.into() })
    };
    if let Some((_, found, advice)) = IMPOSTORS.iter().find(|(mark, ..)| start.starts_with(mark)) {
        return not(found, advice);
    }
    if [PARQUET, ARROW, ZIP, COMPOUND].iter().any(|mark| start.starts_with(mark)) {
        return not("it is a workbook or a columnar file inside gzip or zstd", "decompress it");
    }
    let mut text = vec![0; 1 << 12];
    let length = fill(&mut text_of(file, None, &Arc::default())?, &mut text).unwrap_or(0);
    let visible = text[..length].trim_ascii_start();
    let lower: Vec<u8> = visible.iter().take(64).map(u8::to_ascii_lowercase).collect();
    match visible.first() {
        None => Err(DataError::NoRows { file: file.shown.clone(), found: "it is empty", advice: "export it again" }),
        Some(b'{') => Ok(FileKind::JsonLines),
        Some(b'[') if visible[1..].trim_ascii_start().starts_with(b"{") => Ok(FileKind::JsonLines),
        Some(b'<')
            if [&b"<!doctype"[..], b"<html", b"<?xml", b"<head", b"<table"]
                .iter()
                .any(|tag| lower.starts_with(tag)) =>
        {
            match named_as_a_workbook(file) {
                Some(end) => not(
                    &format!("it is named .{end}, and is a web page or XML, as some systems export tables"),
                    "open it in a spreadsheet program and save it as .xlsx",
                ),
                None => not("it is a web page (HTML or XML), perhaps a sign-in page", "download the file itself"),
            }
        }
        _ => match named_as_a_workbook(file) {
            Some(end) => not(
                &format!("it is named .{end}, and is no workbook but text, such as CSV"),
                "name it .csv, or open it in a spreadsheet program and save it as .xlsx",
            ),
            None => Ok(FileKind::Delimited),
        },
    }
}

/// The end of a name that only workbooks have.
fn named_as_a_workbook(file: &InFile) -> Option<&'static str> {
    let end = file.path.extension()?.to_str()?.to_ascii_lowercase();
    ["xls", "xlsx", "xlsm", "xlsb", "ods"].into_iter().find(|known| *known == end)
}

/// Opens a file that holds this.
pub(crate) fn open(
    kind: FileKind,
    input: &'static str,
    file: &InFile,
    dialect: &Arc<Dialect>,
) -> Result<Box<dyn TableReader>, DataError> {
    let is_workbook = matches!(kind, FileKind::Workbook(_));
    let has_lines = matches!(kind, FileKind::Delimited) || is_workbook;
    for (key, is_declared, is_apt) in
        [("sheet", dialect.sheet.is_some(), is_workbook), ("header_row", dialect.header_row.is_some(), has_lines)]
    {
        if is_declared && !is_apt {
            let why = format!("data.{input}: {} has no `{key}`: leave the key out", file.shown);
            return Err(DataError::Spec(why));
        }
    }
    let file = file.clone();
    Ok(match kind {
        FileKind::Delimited => {
            let table = DelimitedFile::open(input, file.clone(), dialect.clone())?;
            if table.may_hold_objects() { with_objects(input, &file, Box::new(table))? } else { Box::new(table) }
        }
        FileKind::JsonLines => Box::new(JsonLinesFile::open(file, dialect.clone())?),
        FileKind::Parquet => Box::new(ParquetFile::open(input, file)?),
        FileKind::Arrow => Box::new(ArrowFile::open(input, file)?),
        FileKind::Workbook(book) => {
            with_objects(input, &file, Box::new(WorkbookFile::open(input, file.clone(), dialect.clone(), book)?))?
        }
    })
}
