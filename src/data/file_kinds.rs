use std::fs::File;
use std::sync::Arc;

use super::DataError;
use super::arrow::ArrowFile;
use super::delimited::DelimitedFile;
use super::files::{InFile, decompressed, fill};
use super::json_lines::JsonLinesFile;
use super::parquet::ParquetFile;
use super::reader::TableReader;
use super::spec::Dialect;

/// What a file holds, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Delimited,
    JsonLines,
    Parquet,
    Arrow,
}

/// Bytes that mark a file which is no table, what it is, and what to do.
const IMPOSTORS: &[(&[u8], &str, &str)] = &[
    (
        b"PK\x03\x04",
        "it is an Excel workbook (XLSX) or another ZIP archive, whatever its name says",
        "open it and save its sheet as CSV UTF-8",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "it is an old Excel workbook (XLS), whatever its name says",
        "open it and save its sheet as CSV UTF-8",
    ),
    (b"version https://git-lfs", "it is a Git LFS pointer, not the file itself", "fetch it with `git lfs pull`"),
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
    if start.starts_with(PARQUET) || start.starts_with(ARROW) {
        return not("it is a columnar file inside gzip or zstd", "decompress it");
    }
    let visible = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let lower: Vec<u8> = visible.iter().take(64).map(u8::to_ascii_lowercase).collect();
    match visible.first() {
        None => Err(DataError::NoRows { file: file.shown.clone(), found: "it is empty", advice: "export it again" }),
        Some(b'{') => Ok(FileKind::JsonLines),
        Some(b'[') if visible[1..].trim_ascii_start().starts_with(b"{") => {
            not("it is one JSON array", "write one object a line, as with `jq -c '.[]'`")
        }
        Some(b'<')
            if [&b"<!doctype"[..], b"<html", b"<?xml", b"<head", b"<table"]
                .iter()
                .any(|tag| lower.starts_with(tag)) =>
        {
            not("it is a web page (HTML or XML), perhaps a sign-in page", "download the file itself")
        }
        _ => Ok(FileKind::Delimited),
    }
}

/// Opens a file that holds this.
pub(crate) fn open(
    kind: FileKind,
    input: &'static str,
    file: &InFile,
    dialect: &Arc<Dialect>,
) -> Result<Box<dyn TableReader>, DataError> {
    let file = file.clone();
    Ok(match kind {
        FileKind::Delimited => Box::new(DelimitedFile::open(input, file, dialect.clone())?),
        FileKind::JsonLines => Box::new(JsonLinesFile { file, dialect: dialect.clone() }),
        FileKind::Parquet => Box::new(ParquetFile::open(input, file)?),
        FileKind::Arrow => Box::new(ArrowFile::open(input, file)?),
    })
}
