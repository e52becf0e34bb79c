use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use csv::ByteRecord;
use memchr::{memchr, memchr_iter, memchr2, memrchr};

use super::DataError;
use super::cells::{Batch, Cells, Lines, Spot, TextBlock};
use super::files::{self, COLUMNS, InFile, RECORD};
use super::finding::{Finding, FindingLevel, PLACES, RowUnit, What};
use super::reader::{Counted, Header, Met, TableReader, Wanted, shortened};
use super::spec::Dialect;

/// Rows of a batch.
const ROWS: usize = 1 << 14;
/// A batch of long rows is handed over before.
pub(super) const BYTES: usize = 1 << 22;

/// Cells of a batch: of wide files it has fewer rows.
pub(super) const CELLS: usize = 1 << 22;

/// The records of a file, each with the line of an editor that it begins in.
struct Records {
    csv: csv::Reader<Bounded>,
    /// The line that the next byte is in, and whether a line end in two signs is half over.
    line: u64,
    is_within_end: bool,
    /// Of the record that was read last: its line, whether an empty one comes before it, and its bytes.
    begins: u64,
    is_after_a_gap: bool,
    bytes: std::ops::Range<u64>,
    has_quotes: bool,
}

/// Text of which no more is given out than a record may have, until it is told where the next one begins.
struct Bounded {
    text: Box<dyn Read + Send>,
    given: u64,
    /// What was given out last: the record as it is written, and what comes after it.
    written: Vec<u8>,
    /// Behind the last quote of it.
    quoted: u64,
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
        // What was given before the record is not looked at again.
        self.written.drain(..self.written.len().saturating_sub(so_far as usize));
        self.written.extend_from_slice(&buffer[..read]);
        self.quoted = memrchr(b'"', &buffer[..read]).map_or(self.quoted, |at| self.given + at as u64 + 1);
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

impl Records {
    /// The next record; false at the end.
    fn next(&mut self, file: &InFile, record: &mut ByteRecord) -> Result<bool, DataError> {
        let from = self.csv.get_ref().begun.get();
        let is_record = self.csv.read_byte_record(record).map_err(|error| broken(file, self.line, error))?;
        let text = self.csv.get_ref();
        let to = self.csv.position().byte();
        text.begun.set(to);
        text.look(from..to, |written| {
            let before = written.iter().take_while(|byte| is_end(**byte)).count();
            let (before, within) = written.split_at(before);
            let empty = ends(before, self.is_within_end);
            self.has_quotes = text.quoted > from && memchr(b'"', within).is_some();
            // Without quotes no line ends within a record but its last.
            let own = if self.has_quotes {
                ends(within, false)
            } else {
                within.last().is_some_and(|&byte| is_end(byte)).into()
            };
            self.is_after_a_gap = empty > 0;
            self.begins = self.line + empty;
            self.line = self.begins + own;
            self.is_within_end = written.last() == Some(&b'\r');
            self.bytes = from + before.len() as u64..to;
        });
        Ok(is_record)
    }

    fn look<T>(&self, at: impl FnOnce(&[u8]) -> T) -> T {
        self.csv.get_ref().look(self.bytes.clone(), at)
    }
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// How many lines end in some text; the first sign may be the second of an end.
fn ends(text: &[u8], is_within_end: bool) -> u64 {
    let text = if is_within_end { text.strip_prefix(b"\n").unwrap_or(text) } else { text };
    let count = |wanted: u8| text.iter().filter(|byte| **byte == wanted).count();
    let pairs = || text.windows(2).filter(|two| *two == b"\r\n").count();
    let returns = count(b'\r');
    (count(b'\n') + returns - if returns > 0 { pairs() } else { 0 }) as u64
}

impl Bounded {
    /// Looks at what was written between two places of the text.
    fn look<T>(&self, bytes: std::ops::Range<u64>, at: impl FnOnce(&[u8]) -> T) -> T {
        let written = &self.written;
        let start = self.given - written.len() as u64;
        let place = |byte: u64| (byte.saturating_sub(start) as usize).min(written.len());
        at(&written[place(bytes.start)..place(bytes.end).max(place(bytes.start))])
    }
}

/// A file whose fields stand between commas, semicolons, bars or tabs.
pub(crate) struct DelimitedFile {
    input: &'static str,
    file: InFile,
    dialect: Arc<Dialect>,
    start: Start,
}

impl DelimitedFile {
    pub fn open(input: &'static str, file: InFile, dialect: Arc<Dialect>) -> Result<Self, DataError> {
        let start = Start::of(&file, &dialect)?;
        Ok(Self { input, file, dialect, start })
    }

    /// Whether its first batch may hold JSON objects: a look at its text, which costs less than to read it as a table.
    /// What is wrong with the file is said when it is read.
    pub fn may_hold_objects(&self) -> bool {
        let Ok(text) = files::text(&self.file, self.dialect.encoding(), &Arc::default()) else { return false };
        let mut text = text.take(4 * BYTES as u64);
        let (mut buffer, mut lines, mut has_quotes) = (vec![0; 1 << 16], 0, false);
        // Within quotes a row may have many lines.
        while has_quotes || lines <= ROWS {
            let part = match files::fill(&mut text, &mut buffer) {
                Err(_) | Ok(0) => return false,
                Ok(length) => &buffer[..length],
            };
            if memchr(b'{', part).is_some() {
                return true;
            }
            has_quotes = has_quotes || memchr(b'"', part).is_some();
            lines += memchr_iter(b'\n', part).count();
        }
        false
    }
}

impl TableReader for DelimitedFile {
    fn header(&self) -> Result<Header, DataError> {
        let Self { input, file, dialect, start } = self;
        let Start { delimiter, is_found, escape, skipped, below } = start;
        let mut records = open(file, dialect, start, &Arc::default())?;
        let columns = first_row(file, dialect, &mut records)?;
        let has_rows = records.next(file, &mut ByteRecord::new())?;
        let mut notes = Vec::new();
        if let Some(first) = below {
            let text = format!(
                "{}: the columns' names were found in line {}; what stands above them (`{}`) is left out",
                file.shown,
                skipped + 1,
                shortened(first)
            );
            let advice = format!("if that is wrong, declare `header_row: 1` for {input}");
            notes.push(Finding::new(input, What::HeaderFound, FindingLevel::Note, 1, text).advice(advice));
        }
        if escape.is_some() {
            let text = format!(
                "{}: a quote within quotes is written as `\\\"`, as found in its first lines, and read as a quote",
                file.shown
            );
            notes.push(Finding::new(input, What::QuotesAfterBackslashes, FindingLevel::Note, 1, text));
        }
        if *is_found && *delimiter != b',' {
            let shown = if *delimiter == b'\t' { "tab".into() } else { char::from(*delimiter).to_string() };
            let text = format!("{}: fields stand between `{shown}`, as found in the header", file.shown);
            let advice = format!("if that is wrong, declare `delimiter:` for {input}");
            notes.push(Finding::new(input, What::DelimiterFound, FindingLevel::Note, 1, text).advice(advice));
        }
        Ok(Header { columns, notes, has_rows, rows: 0 })
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let Self { input, file, dialect, start } = self;
        let mut records = open(file, dialect, start, wanted.bytes)?;
        let columns = first_row(file, dialect, &mut records)?;
        let places = places(input, file, &columns, wanted.names)?;
        let unnamed = (0..columns.len()).filter(|&column| columns[column].is_empty());
        let met = Met { unnamed: unnamed.map(|column| (column, Counted::default())).collect(), ..Met::default() };
        let names = wanted.names;
        let width = columns.len();
        let (delimiter, escape) = (start.delimiter, start.escape);
        let looks = Looks::of(&columns);
        let mut reading = Reading {
            file,
            place: wanted.file,
            dialect,
            names,
            delimiter,
            escape,
            columns: &columns,
            looks,
            width,
            met,
        };
        let mut record = ByteRecord::new();
        let mut growing = Growing::new(places.len());
        let mut tail = Tail::default();
        while records.next(file, &mut record)? {
            let line = records.begins;
            reading.look_at_quotes(&record, &records)?;
            if record.len() != reading.width && !reading.repair(&mut record, line) {
                let is_end = records.is_after_a_gap || is_spaced(&record) && !tail.is_spaced;
                if record.len() < reading.width && is_end && tail.rest(&record, file, &mut records)? {
                    break;
                }
                let others = tail.others + reading.others(&mut records);
                return Err(reading.ragged(&record, line, others));
            }
            if record.as_slice().trim_ascii().is_empty() {
                reading.met.empty.add(reading.spot(line), "");
                tail.is_after_a_gap |= tail.rows.is_empty();
                continue;
            }
            if reading.repeats_the_header(&record, line)? {
                continue;
            }
            if reading.width > 2 && tail.rows.len() < PLACES && Tail::is_one(&record) {
                tail.is_after_a_gap |= tail.rows.is_empty() && records.is_after_a_gap;
                tail.rows.push((line, std::mem::take(&mut record)));
                continue;
            }
            tail.is_spaced = tail.is_spaced || is_spaced(&record);
            for (line, row) in tail.rows.drain(..) {
                reading.take(&row, line, &places, &mut growing);
            }
            tail.is_after_a_gap = false;
            reading.take(&record, line, &places, &mut growing);
            if growing.full() && !send(reading.batch(std::mem::replace(&mut growing, Growing::new(places.len())))?) {
                return Ok(reading.met);
            }
        }
        for (line, row) in tail.rows {
            if tail.is_after_a_gap || tail.is_ragged || is_spaced(&row) && !tail.is_spaced {
                reading.met.footers.add(reading.spot(line), &text_of(&row));
            } else {
                reading.take(&row, line, &places, &mut growing);
            }
        }
        if !growing.lines.is_empty() {
            send(reading.batch(growing)?);
        }
        Ok(reading.met)
    }
}

/// How a file begins, by its first lines.
struct Start {
    delimiter: u8,
    /// Whether the delimiter is not declared.
    is_found: bool,
    /// What stands before a quote within quotes, where it is no second quote.
    escape: Option<u8>,
    /// Lines above the header.
    skipped: u64,
    /// The first of them, where they are not declared.
    below: Option<String>,
}

/// What may stand between fields; the first of equals wins.
const DELIMITERS: &[u8] = b",;\t|";

impl Start {
    fn of(file: &InFile, dialect: &Dialect) -> Result<Self, DataError> {
        let mut text = Vec::new();
        let reader = files::text(file, dialect.encoding(), &Arc::default())?;
        reader.take(1 << 16).read_to_end(&mut text).map_err(|error| file.error(error))?;
        let (hint, rest, hinted) = match separator_hint(&text) {
            Some((delimiter, length)) => (Some(delimiter), &text[length..], 1),
            None => (None, &text[..], 0),
        };
        let lines: Vec<&[u8]> = lines(rest).take(LOOKED_AT).collect();
        let first = lines.iter().position(|line| !line.trim_ascii().is_empty()).unwrap_or(0);
        let known = dialect.delimiter.or(hint);
        let start = lines.get(first).copied().unwrap_or_default();
        let delimiter = known.unwrap_or_else(|| most_frequent(|delimiter| fields(start, delimiter)));
        let is_found = known.is_none();
        let escape = backslashes_are_escapes(rest, delimiter).then_some(b'\\');
        let whole = Self { delimiter, is_found, escape, skipped: hinted, below: None };
        if let Some(row) = dialect.header_row {
            let line = lines.get((row as usize).saturating_sub(1 + hinted as usize)).copied().unwrap_or_default();
            let delimiter = known.unwrap_or_else(|| most_frequent(|delimiter| fields(line, delimiter)));
            return Ok(Self { delimiter, skipped: u64::from(row) - 1, ..whole });
        }
        let Some((delimiter, header)) = header_below(&lines, first, known) else { return Ok(whole) };
        let below = Some(String::from_utf8_lossy(start).into_owned());
        Ok(Self { delimiter, skipped: hinted + header as u64, below, ..whole })
    }
}

/// Lines that are looked at to find the header.
const LOOKED_AT: usize = 64;

/// The delimiter that spreadsheets are told in a line of its own, as `sep=;`, and the length of the line.
fn separator_hint(text: &[u8]) -> Option<(u8, usize)> {
    let line = lines(text).next()?;
    let hint = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match hint {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => {
            let end = if text[line.len()..].starts_with(b"\r\n") { 2 } else { 1 };
            Some((*delimiter, (line.len() + end).min(text.len())))
        }
        _ => None,
    }
}

/// Lines as an editor shows them, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            rest = None;
            return Some(text);
        };
        let length = if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = Some(&text[end + length..]);
        Some(&text[..end])
    })
}

/// How many fields a line has.
fn fields(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    let outside = line.iter().filter(|&&byte| {
        quoted ^= byte == b'"';
        !quoted && byte == delimiter
    });
    1 + outside.count()
}

fn most_frequent(count: impl Fn(u8) -> usize) -> u8 {
    DELIMITERS.iter().rev().max_by_key(|&&wanted| count(wanted)).copied().unwrap_or(b',')
}

/// The header's line, where narrower ones stand above it: the first that is as wide as most, and holds names alone.
fn header_below(lines: &[&[u8]], first: usize, known: Option<u8>) -> Option<(u8, usize)> {
    let usual = |delimiter: u8| -> (usize, usize) {
        let mut widths: Vec<usize> =
            lines.iter().map(|line| fields(line, delimiter)).filter(|width| *width > 2).collect();
        widths.sort_unstable();
        let runs = widths.chunk_by(|one, other| one == other).map(|run| (run.len(), run[0]));
        runs.max().unwrap_or_default()
    };
    let delimiter = known.unwrap_or_else(|| most_frequent(|delimiter| usual(delimiter).0));
    let (_, width) = usual(delimiter);
    if width < 3 || 5 * fields(lines.get(first)?, delimiter) >= 4 * width {
        return None;
    }
    let header = lines.iter().position(|line| fields(line, delimiter) == width)?;
    let names = lines[header].split(|byte| *byte == delimiter).map(|name| name.trim_ascii());
    let names = names.map(|name| name.strip_prefix(b"\"").unwrap_or(name));
    let are_names = names.into_iter().all(|name| name.first().is_some_and(|letter| !letter.is_ascii_digit()));
    let are_narrow = lines[..header].iter().all(|line| 5 * fields(line, delimiter) < 4 * width);
    // A name may hold a line end within quotes.
    let are_whole = lines[..header].iter().all(|line| line.iter().filter(|byte| **byte == b'"').count() % 2 == 0);
    (are_names && are_narrow && are_whole).then_some((delimiter, header))
}

/// Whether backslashes stand before quotes within quotes, and no such quote is doubled.
fn backslashes_are_escapes(text: &[u8], delimiter: u8) -> bool {
    let written = Written::of(text, delimiter, None);
    let with = Written::of(text, delimiter, Some(b'\\'));
    written.half_quoted.is_some_and(|at| at > 1 && text[..at].ends_with(b"\\\""))
        && with.half_quoted.is_none()
        && !with.has_doubled
}

fn open(file: &InFile, dialect: &Dialect, start: &Start, bytes: &Arc<AtomicU64>) -> Result<Records, DataError> {
    let text = files::text(file, dialect.encoding(), bytes)?;
    Ok(records(below(text, start.skipped).map_err(|error| file.error(error))?, start))
}

fn records(text: Box<dyn Read + Send>, start: &Start) -> Records {
    let delimiter = start.delimiter;
    let text = Bounded { text, given: 0, written: Vec::new(), quoted: 0, begun: Cell::new(0), delimiter, fields: 0 };
    let mut builder = csv::ReaderBuilder::new();
    // Rows of another length are our errors, with the file and the line.
    let builder = builder.has_headers(false).flexible(true).delimiter(delimiter).escape(start.escape);
    let csv = builder.double_quote(start.escape.is_none()).buffer_capacity(1 << 17).from_reader(text);
    let line = start.skipped + 1;
    Records { csv, line, is_within_end: false, begins: line, is_after_a_gap: false, bytes: 0..0, has_quotes: false }
}

/// The text below so many lines.
fn below(mut text: Box<dyn Read + Send>, lines: u64) -> io::Result<Box<dyn Read + Send>> {
    let (mut byte, mut left) = ([0], lines);
    while left > 0 {
        if text.read(&mut byte)? == 0 {
            break;
        }
        if byte == *b"\r" {
            left -= 1;
            if text.read(&mut byte)? > 0 && byte != *b"\n" {
                left -= u64::from(left > 0 && byte == *b"\r");
                if left == 0 {
                    return Ok(Box::new(io::Cursor::new(byte).chain(text)));
                }
            }
        } else if byte == *b"\n" {
            left -= 1;
        }
    }
    Ok(text)
}

fn first_row(file: &InFile, dialect: &Dialect, records: &mut Records) -> Result<Vec<String>, DataError> {
    let mut record = ByteRecord::new();
    records.next(file, &mut record)?;
    let line = records.begins;
    if record.len() > COLUMNS {
        return Err(DataError::Wide { file: file.shown.clone(), line });
    }
    if record.as_slice().contains(&0) {
        return Err(nul((file, RowUnit::Line), line));
    }
    let mut columns = Vec::with_capacity(record.len());
    for field in &record {
        let name = std::str::from_utf8(field).map_err(|_| not_text(file, dialect, line, "header", field))?;
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

fn broken(file: &InFile, line: u64, error: csv::Error) -> DataError {
    let text = error.to_string();
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

pub(super) fn nul((file, unit): (&InFile, RowUnit), line: u64) -> DataError {
    let advice = "if every second byte is one, declare `encoding: utf-16le`; else export the file again";
    DataError::Nul { file: file.shown.clone(), unit, line, advice }
}

fn not_text(file: &InFile, dialect: &Dialect, line: u64, column: &str, value: &[u8]) -> DataError {
    let encoding = dialect.encoding().map_or("UTF-8", encoding_rs::Encoding::name);
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
    escape: Option<u8>,
    columns: &'a [String],
    looks: Looks,
    width: usize,
    met: Met,
}

/// By first byte the lengths of a header's names, as bits: few values look like one of them.
struct Looks([u64; 256]);

impl Looks {
    fn of(names: &[String]) -> Self {
        let mut lengths = [0; 256];
        for name in names.iter().filter(|name| !name.is_empty()) {
            lengths[usize::from(name.as_bytes()[0])] |= 1 << name.len().min(63);
        }
        Self(lengths)
    }

    /// Whether a field may be a name, or has at its sides what may not be part of it.
    fn fit(&self, field: &[u8]) -> bool {
        let (Some(first), Some(last)) = (field.first(), field.last()) else { return false };
        !first.is_ascii_graphic()
            || !last.is_ascii_graphic()
            || self.0[usize::from(*first)] >> field.len().min(63) & 1 == 1
    }
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
        let builder = builder.has_headers(false).flexible(true).delimiter(self.delimiter).escape(self.escape);
        let mut inner = builder.from_reader(&record[0]);
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

    /// Takes a row that is one.
    fn take(&mut self, record: &ByteRecord, line: u64, places: &[usize], growing: &mut Growing) {
        self.look_at_unnamed(record, line);
        growing.lines.push(line as u32);
        for (&column, (text, ends)) in places.iter().zip(&mut growing.columns) {
            let field = &record[column];
            text.extend_from_slice(field);
            ends.push(text.len() as u32);
            growing.bytes += field.len();
        }
    }

    /// Whether the row is the header once more, as where files were put together.
    ///
    /// # Errors
    /// When it names the columns in another order: then what comes after it stands in that order.
    fn repeats_the_header(&mut self, record: &ByteRecord, line: u64) -> Result<bool, DataError> {
        let name = |field: &[u8]| String::from_utf8_lossy(field).trim().trim_start_matches('\u{feff}').to_string();
        if !self.looks.fit(&record[0]) {
            return Ok(false);
        }
        let first = name(&record[0]);
        if first.is_empty() || self.width < 2 || !self.columns.contains(&first) {
            return Ok(false);
        }
        let again: Vec<String> = record.iter().map(name).collect();
        if again == self.columns {
            self.met.headers.add(self.spot(line), &text_of(record));
            return Ok(true);
        }
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        if sorted(&again) == sorted(self.columns) {
            return Err(DataError::HeaderAgain { file: self.file.shown.clone(), line });
        }
        Ok(false)
    }

    /// Looks at the record as it is written.
    ///
    /// # Errors
    /// When a quote is never closed, or so late that rows stand within it.
    fn look_at_quotes(&mut self, record: &ByteRecord, records: &Records) -> Result<(), DataError> {
        let line = records.begins;
        if !records.has_quotes {
            return Ok(());
        }
        let is_half_quoted = records.look(|text| {
            let written = Written::of(text, self.delimiter, self.escape);
            let Some(at) = written.lost_from(text, self.delimiter, self.width) else {
                return Ok(written.half_quoted.is_some());
            };
            let value = shortened(&String::from_utf8_lossy(lines(&text[at..]).next().unwrap_or_default()));
            let end = match written.is_open {
                true => "never closed".into(),
                false => format!("closed only in line {}", line + ends(&text[..written.longest.1], false)),
            };
            let line = line + ends(&text[..at], false);
            Err(DataError::Unclosed { file: self.file.shown.clone(), line, value, end })
        });
        if is_half_quoted? {
            self.met.half_quoted.add(self.spot(line), &text_of(record));
        }
        Ok(())
    }

    /// The error of a row that has too many or too few fields, with how many others are like it.
    fn ragged(&self, record: &ByteRecord, line: u64, others: u64) -> DataError {
        let hint = if record.len() > self.width {
            "; a value that holds the delimiter needs quotes"
        } else {
            "; the row is perhaps cut short"
        };
        let other = DELIMITERS.iter().find(|other| {
            record.len() == 1 && **other != self.delimiter && record[0].iter().filter(|byte| byte == other).count() > 0
        });
        let hint = match other {
            Some(other) => format!(
                "; the header has `{}` between its fields and this row `{}`: write both alike",
                char::from(self.delimiter).escape_debug(),
                char::from(*other).escape_debug()
            ),
            None => hint.to_string(),
        };
        let more = if others > 0 { format!(" (and {others} more such rows)") } else { String::new() };
        let file = self.file.shown.clone();
        DataError::Ragged { file, line, found: record.len(), expected: self.width, more, hint }
    }

    /// The rows from here on that have too many or too few fields.
    fn others(&mut self, records: &mut Records) -> u64 {
        let (mut others, mut record) = (0, ByteRecord::new());
        while let Ok(true) = records.next(self.file, &mut record) {
            others += u64::from(record.len() != self.width && !self.repair(&mut record, 0));
        }
        others
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
            if let Some(at) = memchr(0, &text) {
                return Err(nul((self.file, RowUnit::Line), line_of(at, &ends, &growing.lines)));
            }
            // A sequence cut between two fields is no text either, so fields are looked at one by one on failure.
            let text = String::from_utf8(text).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                self.field_error(error.as_bytes(), &ends, &growing.lines, name, at)
            })?;
            let is_cut = |end: &u32| !text.is_char_boundary(*end as usize);
            if let Some(at) = if text.is_ascii() { None } else { ends.iter().position(is_cut) } {
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

/// Rows that may be the end of an export and no rows: each has a value in its first field alone.
#[derive(Default)]
struct Tail {
    rows: Vec<(u64, ByteRecord)>,
    is_after_a_gap: bool,
    /// Whether they lack the fields of other rows.
    is_ragged: bool,
    /// How many rows lack fields and are no end.
    others: u64,
    /// Whether the first field of another row has blanks.
    is_spaced: bool,
}

impl Tail {
    fn is_one(record: &ByteRecord) -> bool {
        let (first, others) = record.as_slice().split_at(record.get(0).map_or(0, <[u8]>::len));
        !first.trim_ascii().is_empty() && others.trim_ascii().is_empty()
    }

    /// Takes the rest of the file, if all of its rows are such; else counts those that lack fields.
    fn rest(&mut self, first: &ByteRecord, file: &InFile, records: &mut Records) -> Result<bool, DataError> {
        let (mut record, mut rest) = (first.clone(), vec![]);
        loop {
            if !Self::is_one(&record) {
                self.others = rest.len() as u64;
                return Ok(false);
            }
            rest.push((records.begins, std::mem::take(&mut record)));
            if !records.next(file, &mut record)? {
                break;
            }
        }
        self.rows.append(&mut rest);
        self.is_ragged = true;
        Ok(true)
    }
}

fn is_spaced(record: &ByteRecord) -> bool {
    record.get(0).is_some_and(|field| field.trim_ascii().contains(&b' '))
}

fn text_of(record: &ByteRecord) -> String {
    let fields: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
    fields.join(" ").trim().to_string()
}

/// How quotes stand in some text.
#[derive(Default)]
struct Written {
    /// Where a quote ends that something other than a delimiter follows: behind the quote.
    half_quoted: Option<usize>,
    /// Where the longest text within quotes begins and ends.
    longest: (usize, usize),
    /// Whether its last quote is not closed.
    is_open: bool,
    has_doubled: bool,
}

impl Written {
    fn of(text: &[u8], delimiter: u8, escape: Option<u8>) -> Self {
        let (mut written, mut at, mut opened) = (Self::default(), 0, None);
        loop {
            let rest = &text[at.min(text.len())..];
            let next = match (opened, escape) {
                (Some(_), Some(escape)) => memchr2(b'"', escape, rest),
                _ => memchr(b'"', rest),
            };
            let Some(next) = next else { break };
            at += next;
            let (byte, after) = (text[at], text.get(at + 1).copied());
            match opened {
                None if byte == b'"' => {
                    let before = at.checked_sub(1).map(|before| text[before]);
                    if before.is_none_or(|before| before == delimiter || matches!(before, b'\n' | b'\r')) {
                        opened = Some(at + 1);
                    }
                }
                Some(_) if Some(byte) == escape => at += 1,
                Some(_) if byte == b'"' && after == Some(b'"') && escape.is_none() => {
                    written.has_doubled = true;
                    at += 1;
                }
                Some(start) if byte == b'"' => {
                    if at - start > written.longest.1 - written.longest.0 {
                        written.longest = (start, at);
                    }
                    opened = None;
                    if after.is_some_and(|after| after != delimiter && !matches!(after, b'\n' | b'\r')) {
                        written.has_doubled |= after == Some(b'"');
                        written.half_quoted.get_or_insert(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        if let Some(start) = opened {
            written.is_open = true;
            written.longest = (start, text.len());
        }
        written
    }

    /// Where the quotes begin that hold rows of the file, or are never closed.
    fn lost_from(&self, text: &[u8], delimiter: u8, width: usize) -> Option<usize> {
        let (start, end) = self.longest;
        let within = &text[start..end];
        if self.is_open {
            return Some(start);
        }
        let breaks = lines(within).count() - 1;
        if breaks == 0 {
            return None;
        }
        // The first and the last line are parts of rows.
        let inner = lines(within).skip(1).take(breaks - 1);
        let (rows, all) =
            inner.fold((0, 0), |(rows, all), line| (rows + usize::from(fields(line, delimiter) == width), all + 1));
        let is_cut = self.half_quoted == Some(end + 1);
        (width > 2 && (rows > 1 && 2 * rows > all || is_cut && (rows > 0 || breaks == 1))).then_some(start)
    }
}

pub(super) fn line_of(at: usize, ends: &[u32], lines: &[u32]) -> u64 {
    let row = ends.partition_point(|&end| end as usize <= at);
    lines.get(row).map_or(0, |&line| u64::from(line))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text that comes a few bytes at a time.
    struct Trickle(io::Cursor<Vec<u8>>);

    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let few = buffer.len().min(3);
            self.0.read(&mut buffer[..few])
        }
    }

    proptest! {
        #[test]
        fn a_record_begins_in_the_line_that_an_editor_shows(text in "(a|,|\"|\n|\r\n|\r){0,40}") {
            let start = Start { delimiter: b',', is_found: false, escape: None, skipped: 0, below: None };
            let mut records = records(Box::new(Trickle(io::Cursor::new(text.clone().into_bytes()))), &start);
            let file = InFile { path: "a.csv".into(), shown: "a.csv".into() };
            while records.next(&file, &mut ByteRecord::new()).unwrap() {
                let (from, to) = (records.bytes.start as usize, records.bytes.end as usize);
                prop_assert_eq!(records.begins, lines(&text.as_bytes()[..from]).count() as u64);
                prop_assert_eq!(records.has_quotes, text[from..to].contains('"'));
                prop_assert!(records.look(|written| written == &text.as_bytes()[from..to]));
            }
        }
    }

    #[test]
    fn few_values_look_like_a_name_of_the_header() {
        let looks = Looks::of(&["id".to_string(), "größe".into(), "n".repeat(100)]);
        let fit = |field: &str| looks.fit(field.as_bytes());
        assert!(["id", "if", " id", "id\u{a0}", "\u{feff}id", "größe", &"n".repeat(70)].into_iter().all(fit));
        assert!(!["", "i", "ids", "7d", "größen", &"n".repeat(62)].into_iter().any(fit));
    }
}
