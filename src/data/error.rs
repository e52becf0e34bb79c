use std::io;

use crate::table::yaml_name;

use super::files::{COLUMNS, RECORD};
use super::finding::{Place, RowUnit};

/// Why the data could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{input}: no file matches `{pattern}`{hint}")]
    NoFile { input: &'static str, pattern: String, hint: String },
    #[error("{input}: `{pattern}` is no pattern of files: {why}")]
    Pattern { input: &'static str, pattern: String, why: String },
    #[error("{file}: cannot be read: {source}")]
    Io { file: String, source: io::Error },
    #[error(
        "{file}: it is a pipe or a device, expected a file: inputs are read more than once; save it as a file and name that"
    )]
    Passing { file: String },
    #[error(
        "{file}, line {line}: a record of more than {} MiB; close the quote that holds it together, or leave out the column that is so long",
        RECORD >> 20
    )]
    LongRecord { file: String, line: u64 },
    #[error(
        "{file}, line {line}: a row of more than {COLUMNS} fields; declare its `delimiter`, or export fewer columns"
    )]
    Wide { file: String, line: u64 },
    #[error("{file}: {found}; expected a workbook, CSV (also gzip or zstd), JSON, Parquet or Arrow IPC; {advice}")]
    NotATable { file: String, found: String, advice: String },
    #[error("{file}: {found}; {advice}")]
    NoRows { file: String, found: &'static str, advice: &'static str },
    #[error(
        "{file}: column `{column}` stands in the header {times} times (columns {places}); rename them, or `ignore` them"
    )]
    DuplicateColumn { file: String, column: String, times: usize, places: String },
    #[error("{input}: {file} has other columns than {first}: {differing}; files read together need the same header")]
    Headers { input: &'static str, file: String, first: String, differing: String },
    #[error("{input}: {file} has no column `{column}`{named}; {hint}")]
    NoColumn { input: &'static str, file: String, column: String, named: String, hint: String },
    #[error("{file}, line {line}: {found} fields, expected {expected} as in the header{more}{hint}")]
    Ragged { file: String, line: u64, found: usize, expected: usize, more: String, hint: String },
    #[error(
        "{file}, line {line}: a quote is opened before `{value}` and {end}, so that rows are lost in it; close it behind its value, or delete it"
    )]
    Unclosed { file: String, line: u64, value: String, end: String },
    #[error(
        "{file}, line {line}: the header once more, with its columns in another order; name the two parts as files of their own, as `path: [first.csv, second.csv]`"
    )]
    HeaderAgain { file: String, line: u64 },
    #[error(
        "{file}, line {line}, column `{column}`: not {encoding} text (`{value}`); declare the file's encoding, such as `encoding: windows-1252`"
    )]
    Encoding { file: String, line: u64, column: String, encoding: &'static str, value: String },
    #[error("{file}, {unit} {line}: holds a NUL byte; {advice}")]
    Nul { file: String, unit: RowUnit, line: u64, advice: &'static str },
    #[error("{file}, line {line}: not JSON: {why}; expected objects, one a line or in an array")]
    Json { file: String, line: u64, why: String },
    #[error("{file}: it has several sheets ({listed}), and it is not said which to read; {advice}")]
    Sheets { file: String, listed: String, advice: String, sheets: Vec<String> },
    #[error("{file}: {why}")]
    Columnar { file: String, why: String },
    #[error("{file}: {why}")]
    Workbook { file: String, why: String },
    #[error("{input}: column `{column}`: {count} of {total} values are not {expected}, such as {examples}; {advice}")]
    Values {
        input: &'static str,
        column: String,
        count: u64,
        total: u64,
        expected: &'static str,
        examples: String,
        advice: String,
    },
    #[error(transparent)]
    AmbiguousTime(#[from] Box<AmbiguousTime>),
    #[error(transparent)]
    ConflictingLeads(#[from] Box<ConflictingLeads>),
    #[error("leads: every row is unreadable: {why}")]
    NoLeads { why: String },
    #[error("{0}")]
    Spec(String),
}

/// Times that two formats fit.
#[derive(Debug, thiserror::Error)]
#[error(
    "{input}: column `{column}` can be read with the month first and with the day first: `{value}` ({place}) is {month_first} or {day_first}; declare under `{input}` which: `format: {{ {yaml}: \"{month_format}\" }}` or `format: {{ {yaml}: \"{day_format}\" }}`",
    yaml = yaml_name(column)
)]
pub struct AmbiguousTime {
    pub input: &'static str,
    pub column: String,
    /// A value that the two formats read differently, and where it stands.
    pub value: String,
    pub place: Place,
    pub month_first: String,
    pub day_first: String,
    pub month_format: String,
    pub day_format: String,
}

/// Two rows of one lead that say different things.
#[derive(Debug, thiserror::Error)]
#[error(
    "leads: `{id}` stands in {first} and in {second} with different values of `{column}` (`{one}` and `{other}`); keep one row a lead, or `ignore` the column"
)]
pub struct ConflictingLeads {
    pub id: String,
    /// Where the two rows stand.
    pub first: String,
    pub second: String,
    /// The first column in which they differ, and its two values.
    pub column: String,
    pub one: String,
    pub other: String,
}
