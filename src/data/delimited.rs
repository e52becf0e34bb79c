use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use csv::ByteRecord;

use super::DataError;
use super::cells::{Batch, Cells, Lines, Spot, TextBlock};
use super::files::{self, COLUMNS, InFile, RECORD};
use super::finding::{Finding, FindingLevel, What};
use super::reader::{Counted, Header, Met, TableReader, Wanted, shortened};
use super::spec::Dialect;

/// Rows of a batch.
const ROWS: usize = 1 << 14;
/// A batch of long rows is handed over before.
pub(super) const BYTES: usize = 1 << 22;

/// Cells of a batch: of wide files it has fewer rows.
pub(super) const CELLS: usize = 1 << 22;

type Rows = csv::Reader<Bounded>;

/// Text of which no more is given out than a record may have, until it is told where the next one begins.
struct Bounded {
    text: Box<dyn Read + Send>,
    given: u64,
    /// Where the record begins.
    begun: Cell<u64>,
    delimiter: u8,
    /// Delimiters in the part of a long record that was given: each takes more memory than its byte.
    fields: usize,
}

/// A record of more bytes is looked at for its fields.
const LONG: u64 = 1 << 20;

/// Why a record is read no further.
#[derive(Debug, thiserror::Error)]
#[error("a record is too long")]
struct TooLong;

#[derive(Debug, thiserror::Error)]
#[error("a record has too many fields")]
struct TooWide;

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One more than it may have: its end may stand there.
        let so_far = self.given - self.begun.get();
        let left = (RECORD + 1).saturating_sub(so_far);
        if left == 0 {
            return Err(io::Error::other(TooLong));
        }
        let room = buffer.len().min(left as usize);
        let read = self.text.read(&mut buffer[..room])?;
        self.given += read as u64;
        // Within quotes delimiters are no fields, so that there may be many more than fields.
        self.fields = if so_far < LONG { 0 } else { self.fields };
        if so_far >= LONG {
            self.fields += buffer[..read].iter().filter(|byte| **byte == self.delimiter).count();
            if self.fields > 16 * COLUMNS {
                return Err(io::Error::other(TooWide));
            }
        }
        Ok(read)
    }
}

/// The next record; false at the end.
fn next(file: &InFile, rows: &mut Rows, record: &mut ByteRecord) -> Result<bool, DataError> {
    let read = rows.read_byte_record(record).map_err(|error| broken(file, record, error))?;
    rows.get_ref().begun.set(rows.position().byte());
    Ok(read)
}

/// A file whose fields stand between commas, semicolons, bars or tabs.
pub(crate) struct DelimitedFile {
    input: &'static str,
    file: InFile,
    dialect: Arc<Dialect>,
    delimiter: u8,
    /// Whether the delimiter is not declared.
    found: bool,
}

impl DelimitedFile {
    pub fn open(input: &'static str, file: InFile, dialect: Arc<Dialect>) -> Result<Self, DataError> {
        let (delimiter, found) = delimiter(&file, &dialect)?;
        Ok(Self { input, file, dialect, delimiter, found })
    }
}

impl TableReader for DelimitedFile {
    fn header(&self) -> Result<Header, DataError> {
        let Self { input, file, dialect, delimiter, found } = self;
        let mut rows = open(file, dialect, *delimiter, &Arc::default())?;
        let columns = first_row(file, dialect, &mut rows)?;
        let mut record = ByteRecord::new();
        let has_rows = next(file, &mut rows, &mut record)?;
        let mut notes = Vec::new();
        if *found && *delimiter != b',' {
            let shown = if *delimiter == b'\t' { "tab".into() } else { char::from(*delimiter).to_string() };
            let text = format!("{}: fields stand between `{shown}`, as found in the header", file.shown);
            let advice = format!("if that is wrong, declare `delimiter:` for {input}");
            notes.push(Finding::new(input, What::DelimiterFound, FindingLevel::Note, 1, text).advice(advice));
        }
        Ok(Header { columns, notes, has_rows, rows: 0 })
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let Self { input, file, dialect, delimiter, .. } = self;
        let mut rows = open(file, dialect, *delimiter, wanted.bytes)?;
        let columns = first_row(file, dialect, &mut rows)?;
        let lag = lag(&rows, &columns);
        let places = places(input, file, &columns, wanted.names)?;
        let unnamed = (0..columns.len()).filter(|&column| columns[column].is_empty());
        let met = Met { unnamed: unnamed.map(|column| (column, Counted::default())).collect(), ..Met::default() };
        let names = wanted.names;
        let width = columns.len();
        let mut reading = Reading { file, place: wanted.file, dialect, names, delimiter: *delimiter, width, met };
        let mut record = ByteRecord::new();
        let mut growing = Growing::new(places.len());
        while next(file, &mut rows, &mut record)? {
            let line = record.position().map_or(0, csv::Position::line) + lag;
            if record.len() != reading.width && !reading.repair(&mut record, line) {
                return Err(reading.ragged(&record, line, &mut rows));
            }
            if record.as_slice().trim_ascii().is_empty() {
                reading.met.empty.add(reading.spot(line), "");
                continue;
            }
            reading.look_at_unnamed(&record, line);
            growing.lines.push(line as u32);
            for (&column, (text, ends)) in places.iter().zip(&mut growing.columns) {
                text.extend_from_slice(&record[column]);
                ends.push(text.len() as u32);
                growing.bytes += record[column].len();
            }
            if growing.full() && !send(reading.batch(std::mem::replace(&mut growing, Growing::new(places.len())))?) {
                return Ok(reading.met);
            }
        }
        if !growing.lines.is_empty() {
            send(reading.batch(growing)?);
        }
        Ok(reading.met)
    }
}

/// How many lines the reader is behind, once it has read the header: where lines end in two signs, the second is read
/// with the next line.
fn lag(rows: &Rows, columns: &[String]) -> u64 {
    let within: usize = columns.iter().map(|name| name.matches('\n').count()).sum();
    (2 + within as u64).saturating_sub(rows.position().line())
}

/// What stands between fields: declared, or of `,` `;` tab `|` the one the header has most of.
fn delimiter(file: &InFile, dialect: &Dialect) -> Result<(u8, bool), DataError> {
    if let Some(declared) = dialect.delimiter {
        return Ok((declared, false));
    }
    let mut start = Vec::new();
    let encoding = dialect.encoding.as_ref().map(|encoding| encoding.encoding);
    let reader = files::text(file, encoding, &Arc::default())?;
    reader.take(1 << 16).read_to_end(&mut start).map_err(|error| file.error(error))?;
    let line = start.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| !line.trim_ascii().is_empty());
    let count = |wanted: u8| {
        let mut quoted = false;
        let outside = line.unwrap_or_default().iter().filter(|&&byte| {
            quoted ^= byte == b'"';
            !quoted && byte == wanted
        });
        outside.count()
    };
    // The first of equals wins: a comma before all others.
    let best = b",;\t|".iter().rev().max_by_key(|&&wanted| count(wanted)).copied().unwrap_or(b',');
    Ok((best, true))
}

fn open(file: &InFile, dialect: &Dialect, delimiter: u8, bytes: &Arc<AtomicU64>) -> Result<Rows, DataError> {
    let text = files::text(file, dialect.encoding.as_ref().map(|encoding| encoding.encoding), bytes)?;
    let text = Bounded { text, given: 0, begun: Cell::new(0), delimiter, fields: 0 };
    let mut builder = csv::ReaderBuilder::new();
    // Rows of another length are our errors, with the file and the line.
    Ok(builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(1 << 17).from_reader(text))
}

fn first_row(file: &InFile, dialect: &Dialect, rows: &mut Rows) -> Result<Vec<String>, DataError> {
    let mut record = ByteRecord::new();
    next(file, rows, &mut record)?;
    if record.len() > COLUMNS {
        return Err(DataError::Wide { file: file.shown.clone(), line: 1 });
    }
    if record.as_slice().contains(&0) {
        return Err(nul(file, 1));
    }
    let mut columns = Vec::with_capacity(record.len());
    for field in &record {
        let name = std::str::from_utf8(field).map_err(|_| not_text(file, dialect, 1, "header", field))?;
        columns.push(name.trim().to_string());
    }
    if let [one] = columns.as_slice()
        && [',', ';', '\t', '|'].iter().any(|&delimiter| one.matches(delimiter).count() > 1)
    {
        return Err(DataError::NotATable {
            file: file.shown.clone(),
            found: format!("its header is one column (`{}`), perhaps wrapped whole in quotes", shortened(one)),
            advice: "export it again, or declare its `delimiter`".into(),
        });
    }
    if columns.iter().all(String::is_empty) {
        let found = "its first line names no column";
        return Err(DataError::NoRows {
            file: file.shown.clone(),
            found,
            advice: "put the columns' names in the first line",
        });
    }
    Ok(columns)
}

fn is<E: std::error::Error + 'static>(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|source| source.is::<E>())
}

fn broken(file: &InFile, record: &ByteRecord, error: csv::Error) -> DataError {
    let text = error.to_string();
    let line = record.position().map_or(0, csv::Position::line);
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) if is::<TooLong>(&source) => {
            return DataError::LongRecord { file: file.shown.clone(), line };
        }
        csv::ErrorKind::Io(source) if is::<TooWide>(&source) => {
            return DataError::Wide { file: file.shown.clone(), line };
        }
        csv::ErrorKind::Io(source) => source,
        _ => io::Error::other(text),
    };
    file.error(source)
}

pub(super) fn nul(file: &InFile, line: u64) -> DataError {
    let advice = "if every second byte is one, declare `encoding: utf-16le`; else export the file again";
    DataError::Nul { file: file.shown.clone(), line, advice }
}

fn not_text(file: &InFile, dialect: &Dialect, line: u64, column: &str, value: &[u8]) -> DataError {
    let encoding = dialect.encoding.as_ref().map_or("UTF-8", |encoding| encoding.encoding.name());
    let value = shortened(&String::from_utf8_lossy(value));
    DataError::Encoding { file: file.shown.clone(), line, column: column.into(), encoding, value }
}

/// The columns of a batch, byte by byte as they stand in the file.
struct Growing {
    lines: Vec<u32>,
    columns: Vec<(Vec<u8>, Vec<u32>)>,
    bytes: usize,
}

impl Growing {
    fn new(columns: usize) -> Self {
        Self { lines: Vec::with_capacity(ROWS), columns: vec![(Vec::new(), Vec::new()); columns], bytes: 0 }
    }

    fn full(&self) -> bool {
        self.lines.len() == ROWS || self.bytes >= BYTES || self.lines.len() * self.columns.len() >= CELLS
    }
}

/// Where the columns named stand in this file.
fn places(input: &'static str, file: &InFile, columns: &[String], names: &[&str]) -> Result<Vec<usize>, DataError> {
    let mut named: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, name) in columns.iter().enumerate() {
        named.entry(name).or_default().push(place);
    }
    let place = |name: &&str| match named.get(name).map_or(&[][..], Vec::as_slice) {
        [one] => Ok(*one),
        [] => Err(DataError::NoColumn {
            input,
            file: file.shown.clone(),
            column: (*name).into(),
            named: String::new(),
            hint: "the file changed while it was read".into(),
        }),
        several => Err(DataError::DuplicateColumn {
            file: file.shown.clone(),
            column: (*name).into(),
            times: several.len(),
            places: several.iter().map(|column| (column + 1).to_string()).collect::<Vec<_>>().join(", "),
        }),
    };
    names.iter().map(place).collect()
}

struct Reading<'a> {
    file: &'a InFile,
    place: u32,
    dialect: &'a Dialect,
    names: &'a [&'a str],
    delimiter: u8,
    width: usize,
    met: Met,
}

impl Reading<'_> {
    fn spot(&self, line: u64) -> Spot {
        Spot { file: self.place, line: line as u32 }
    }

    /// Makes a row of another length one of the right length, where there is only one way to.
    fn repair(&mut self, record: &mut ByteRecord, line: u64) -> bool {
        if record.len() > self.width && record.iter().skip(self.width).all(|field| field.trim_ascii().is_empty()) {
            record.truncate(self.width);
            self.met.trailing.add(self.spot(line), "");
            return true;
        }
        if record.len() == 1 && self.width > 1 {
            return self.unwrap(record, line);
        }
        false
    }

    /// A row that stands whole in quotes, its own quotes doubled: what is inside is a row.
    fn unwrap(&mut self, record: &mut ByteRecord, line: u64) -> bool {
        let mut builder = csv::ReaderBuilder::new();
        let mut inner = builder.has_headers(false).flexible(true).delimiter(self.delimiter).from_reader(&record[0]);
        let mut unwrapped = ByteRecord::new();
        let mut rest = ByteRecord::new();
        let one = inner.read_byte_record(&mut unwrapped).unwrap_or(false)
            && !inner.read_byte_record(&mut rest).unwrap_or(true);
        if !one || unwrapped.len() != self.width {
            return false;
        }
        self.met.wrapped.add(self.spot(line), &String::from_utf8_lossy(&record[0]));
        *record = unwrapped;
        true
    }

    /// The error of a row that has too many or too few fields; counts the others like it.
    fn ragged(&mut self, record: &ByteRecord, line: u64, rows: &mut Rows) -> DataError {
        let broken_quote = record.iter().any(|field| field.iter().filter(|&&byte| byte == b'\n').count() > 1);
        let hint = if broken_quote {
            "; a field spans several lines: a quote in or before this row is perhaps never closed"
        } else if record.len() > self.width {
            "; a value that holds the delimiter needs quotes"
        } else {
            "; the row is perhaps cut short"
        };
        let (found, mut others) = (record.len(), 0u64);
        let mut record = ByteRecord::new();
        while let Ok(true) = next(self.file, rows, &mut record) {
            let line = record.position().map_or(0, csv::Position::line);
            others += u64::from(record.len() != self.width && !self.repair(&mut record, line));
        }
        let more = if others > 0 { format!(" (and {others} more such rows)") } else { String::new() };
        let file = self.file.shown.clone();
        DataError::Ragged { file, line, found, expected: self.width, more, hint: hint.into() }
    }

    fn look_at_unnamed(&mut self, record: &ByteRecord, line: u64) {
        let spot = self.spot(line);
        for (column, values) in &mut self.met.unnamed {
            let value = record[*column].trim_ascii();
            if !value.is_empty() {
                values.add(spot, &String::from_utf8_lossy(value));
            }
        }
    }

    fn batch(&self, growing: Growing) -> Result<Batch, DataError> {
        let mut cells = Vec::with_capacity(growing.columns.len());
        for (&name, (text, ends)) in self.names.iter().zip(growing.columns) {
            if let Some(at) = text.iter().position(|&byte| byte == 0) {
                return Err(nul(self.file, line_of(at, &ends, &growing.lines)));
            }
            // A sequence cut between two fields is no text either, so fields are looked at one by one on failure.
            let text = String::from_utf8(text).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                self.field_error(error.as_bytes(), &ends, &growing.lines, name, at)
            })?;
            if let Some(at) = ends.iter().position(|&end| !text.is_char_boundary(end as usize)) {
                let at = if at == 0 { 0 } else { ends[at - 1] as usize };
                return Err(self.field_error(text.as_bytes(), &ends, &growing.lines, name, at));
            }
            cells.push(Cells::Text(TextBlock::from_parts(text, ends, false)));
        }
        Ok(Batch { file: self.place, lines: Lines::Each(growing.lines), cells })
    }

    fn field_error(&self, text: &[u8], ends: &[u32], lines: &[u32], name: &str, at: usize) -> DataError {
        let row = ends.partition_point(|&end| end as usize <= at).min(ends.len() - 1);
        let start = if row == 0 { 0 } else { ends[row - 1] as usize };
        not_text(self.file, self.dialect, u64::from(lines[row]), name, &text[start..ends[row] as usize])
    }
}

pub(super) fn line_of(at: usize, ends: &[u32], lines: &[u32]) -> u64 {
    let row = ends.partition_point(|&end| end as usize <= at);
    lines.get(row).map_or(0, |&line| u64::from(line))
}
