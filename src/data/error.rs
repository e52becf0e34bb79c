use std::io;

/// Why the data could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{input}: no file matches `{pattern}`{hint}")]
    NoFile { input: &'static str, pattern: String, hint: String },
    #[error("{input}: `{pattern}` is no pattern of files: {why}")]
    Pattern { input: &'static str, pattern: String, why: String },
    #[error("{file}: cannot be read: {source}")]
    Io { file: String, source: io::Error },
    #[error("{file}: {found}; expected CSV (also gzip or zstd), NDJSON, Parquet or Arrow IPC; {advice}")]
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
        "{file}, line {line}, column `{column}`: not {encoding} text (`{value}`); declare the file's encoding, such as `encoding: windows-1252`"
    )]
    Encoding { file: String, line: u64, column: String, encoding: &'static str, value: String },
    #[error("{file}, line {line}: holds a NUL byte; {advice}")]
    Nul { file: String, line: u64, advice: &'static str },
    #[error("{file}, line {line}: not JSON: {why}; expected one object a line")]
    Json { file: String, line: u64, why: String },
    #[error("{file}: {why}")]
    Columnar { file: String, why: String },
    #[error("{input}: column `{column}` of {file} holds {found}, which cannot be read as {expected}; {advice}")]
    ColumnType {
        input: &'static str,
        file: String,
        column: String,
        found: String,
        expected: &'static str,
        advice: String,
    },
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
    #[error(
        "{input}: column `{column}` can be read with the month first and with the day first: `{value}` ({file}, line {line}) is {month_first} or {day_first}; declare which, as `format: {{ {column}: \"{month_format}\" }}` or `\"{day_format}\"`"
    )]
    AmbiguousTime {
        input: &'static str,
        column: String,
        value: String,
        file: String,
        line: u64,
        month_first: String,
        day_first: String,
        month_format: String,
        day_format: String,
    },
    #[error(
        "leads: `{id}` stands in {first} and in {second} with different values of `{column}` (`{one}` and `{other}`); keep one row a lead, or `ignore` the column"
    )]
    ConflictingLeads { id: String, first: String, second: String, column: String, one: String, other: String },
    #[error("leads: every row is unreadable: {why}")]
    NoLeads { why: String },
    #[error("{0}")]
    Spec(String),
}
