use std::path::Path;

use rayon::prelude::*;

use super::cells::{Batch, Spot};
use super::decoding::{Decoder, Decoding, RowGroups};
use super::files::{self, Content, InFile, nearest};
use super::finding::{Finding, FindingLevel, PLACES, Place, What};
use super::spec::{Dialect, Paths};
use super::{DataError, columnar, delimited, json_lines};

/// How far the reading of an input has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which input: leads, events, outcomes, history.
    pub input: &'static str,
    pub rows: u64,
    /// Bytes read from the disk, of `total`.
    pub bytes: u64,
    pub total: u64,
}

/// Rows that room is made for before they are seen: a damaged file may speak of any number.
const ROOM: usize = 1 << 24;

/// An input: files with one header.
pub(crate) struct Source {
    pub input: &'static str,
    pub files: Vec<InFile>,
    pub contents: Vec<Content>,
    pub dialect: Dialect,
    /// Names of the columns, in the first file's order.
    pub header: Vec<String>,
    /// Columns that cannot be read (nested, binary, without a name), and why.
    pub notes: Vec<Finding>,
    /// Rows to make room for.
    pub rows: usize,
}

/// Columns of one file.
pub(crate) struct Header {
    /// Empty names are columns that are left out.
    pub columns: Vec<String>,
    pub notes: Vec<Finding>,
    pub has_rows: bool,
    /// How many, if the file says so; else 0.
    pub rows: usize,
}

/// What a reader met in one file, beside its rows.
#[derive(Default)]
pub(crate) struct Met {
    pub wrapped: Counted,
    pub trailing: Counted,
    pub empty: Counted,
    /// Rows that were not decoded.
    pub passed_over: u64,
    /// Columns without a name, by place, and their values.
    pub unnamed: Vec<(usize, Counted)>,
}

/// How many, and the first of them.
#[derive(Clone, Default)]
pub(crate) struct Counted {
    pub count: u64,
    pub first: Vec<(Spot, String)>,
}

impl Counted {
    pub fn add(&mut self, spot: Spot, value: &str) {
        self.count += 1;
        if self.first.len() < PLACES {
            self.first.push((spot, shortened(value)));
        }
    }

    pub fn append(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        self.first.truncate(PLACES);
    }
}

/// A value short enough for a message.
pub(crate) fn shortened(value: &str) -> String {
    let mut text: String = value.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(80).is_some() {
        text.push('…');
    }
    text
}

impl Source {
    /// Finds the files and reads their headers.
    pub fn open(input: &'static str, paths: &Paths, dialect: Dialect, base: &Path) -> Result<Self, DataError> {
        let files = files::expand(input, paths, base)?;
        let contents = files.iter().map(files::content).collect::<Result<Vec<_>, _>>()?;
        let mut source = Self { input, files, contents, dialect, header: Vec::new(), notes: Vec::new(), rows: 0 };
        let mut has_rows = false;
        for place in 0..source.files.len() {
            let header = source.header_of(place)?;
            source.notes.extend(header.notes);
            has_rows |= header.has_rows;
            source.rows = source.rows.saturating_add(header.rows).min(ROOM);
            if !header.has_rows {
                let text = format!("{} has a header and no rows", source.files[place].shown);
                source.notes.push(Finding::new(input, What::EmptyFile, FindingLevel::Note, 1, text));
            }
            let columns: Vec<String> = header.columns.into_iter().filter(|name| !name.is_empty()).collect();
            if place == 0 {
                source.header = columns;
            } else {
                source.compare(place, &columns)?;
            }
        }
        if !has_rows {
            let (file, advice) = (source.files[0].shown.clone(), "export it again, with its rows");
            return Err(DataError::NoRows { file, found: "it has a header and no rows", advice });
        }
        Ok(source)
    }

    fn header_of(&self, place: usize) -> Result<Header, DataError> {
        let file = &self.files[place];
        match self.contents[place] {
            Content::Delimited => delimited::header(self.input, file, &self.dialect),
            Content::JsonLines => json_lines::header(file, &self.dialect),
            Content::Parquet | Content::Arrow => columnar::header(self.input, file, self.contents[place]),
        }
    }

    fn compare(&mut self, place: usize, columns: &[String]) -> Result<(), DataError> {
        // Objects need not have all keys.
        if self.contents.iter().all(|content| *content == Content::JsonLines) {
            let new: Vec<String> = columns.iter().filter(|name| !self.header.contains(name)).cloned().collect();
            self.header.extend(new);
            return Ok(());
        }
        let lacks = |side: &[String], other: &[String], word: &str| -> Vec<String> {
            side.iter().filter(|name| !other.contains(name)).map(|name| format!("{word} `{name}`")).collect()
        };
        let mut differing = lacks(&self.header, columns, "lacks");
        differing.extend(lacks(columns, &self.header, "has"));
        if differing.is_empty() {
            return Ok(());
        }
        let more = if differing.len() > 8 { format!(" and {} more", differing.len() - 8) } else { String::new() };
        differing.truncate(8);
        Err(DataError::Headers {
            input: self.input,
            file: self.files[place].shown.clone(),
            first: self.files[0].shown.clone(),
            differing: differing.join(", ") + &more,
        })
    }

    /// The column's place in the header.
    ///
    /// # Errors
    /// When there is none, with the nearest name.
    pub fn column(&self, name: &str, named_by: &str) -> Result<usize, DataError> {
        if let Some(place) = self.header.iter().position(|known| known == name) {
            return Ok(place);
        }
        let hint = match nearest(name, self.header.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its columns are {}", listed(&self.header)),
        };
        let named = if named_by.is_empty() { String::new() } else { format!(" (named by `{named_by}`)") };
        Err(DataError::NoColumn {
            input: self.input,
            file: self.files[0].shown.clone(),
            column: name.into(),
            named,
            hint,
        })
    }

    /// Begins to decode columns of the header; [`Decoding::pass_over`] may be said at once.
    pub fn decode(&self, wanted: &[usize], passed_over: Option<RowGroups>) -> Decoding {
        let (files, contents, dialect) = (self.files.clone(), self.contents.clone(), self.dialect.clone());
        let names = wanted.iter().map(|&place| self.header[place].clone()).collect();
        Decoding::begin(Decoder { input: self.input, files, contents, dialect, names }, passed_over)
    }

    /// Hands over what is decoded, batch after batch in the order of the files, each with what `prepare` makes of it;
    /// other threads decode ahead and prepare.
    pub fn read<T: Send>(
        &self,
        decoding: Decoding,
        progress: &dyn Fn(Progress),
        prepare: impl Fn(&Batch) -> T + Sync,
        mut take: impl FnMut(&Batch, T) -> Result<(), DataError>,
    ) -> Result<Vec<Met>, DataError> {
        let total = self.size();
        progress(Progress { input: self.input, rows: 0, bytes: 0, total });
        let mut rows = 0;
        loop {
            let batches = decoding.next();
            if batches.is_empty() {
                return decoding.end();
            }
            let prepared: Vec<T> = batches.par_iter().map(&prepare).collect();
            rows += batches.iter().map(|batch| batch.rows() as u64).sum::<u64>();
            batches.iter().zip(prepared).try_for_each(|(batch, prepared)| take(batch, prepared))?;
            progress(Progress { input: self.input, rows, bytes: decoding.bytes().min(total), total });
        }
    }

    fn size(&self) -> u64 {
        self.files.iter().map(InFile::size).sum()
    }

    /// What is told when all of its rows were read.
    pub fn progress_at_the_end(&self, rows: u64) -> Progress {
        Progress { input: self.input, rows, bytes: self.size(), total: self.size() }
    }

    pub fn place(&self, spot: Spot, column: &str, value: &str) -> Place {
        let file = self.files.get(spot.file as usize).map_or(String::new(), |file| file.shown.clone());
        Place { file, row: u64::from(spot.line), column: column.into(), value: value.into() }
    }

    pub fn places(&self, counted: &Counted, column: &str) -> Vec<Place> {
        counted.first.iter().map(|(spot, value)| self.place(*spot, column, value)).collect()
    }

    /// What its readers met, as findings.
    pub fn findings(&self, met: Vec<Met>) -> Vec<Finding> {
        let mut sum = Met::default();
        for one in met {
            sum.wrapped.append(one.wrapped);
            sum.trailing.append(one.trailing);
            sum.empty.append(one.empty);
            for (place, counted) in one.unnamed {
                match sum.unnamed.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, known)) => known.append(counted),
                    None => sum.unnamed.push((place, counted)),
                }
            }
        }
        let mut findings = self.notes.clone();
        let mut add = |what, level, counted: &Counted, text: String, advice: &str| {
            if counted.count > 0 {
                let finding = Finding::new(self.input, what, level, counted.count, text);
                findings.push(finding.advice(advice).rows(self.places(counted, "")));
            }
        };
        let (note, warning) = (FindingLevel::Note, FindingLevel::Warning);
        let text = "rows wrapped whole in quotes, read as the fields within".into();
        add(What::RowsWrappedInQuotes, warning, &sum.wrapped, text, "export the file again, or check these rows");
        let text = "rows with empty fields beyond the header, which are left out".into();
        add(What::TrailingDelimiters, note, &sum.trailing, text, "");
        add(What::EmptyRows, note, &sum.empty, "rows without any value, left out".into(), "");
        for (place, _) in sum.unnamed.iter().filter(|(_, counted)| counted.count == 0) {
            let text = format!("column {} has neither a name nor a value; it is left out", place + 1);
            findings.push(Finding::new(self.input, What::UnnamedColumn, FindingLevel::Note, 1, text));
        }
        for (place, counted) in sum.unnamed.iter().filter(|(_, counted)| counted.count > 0) {
            let mut add = |what, level, text: String, advice: &str| {
                let finding = Finding::new(self.input, what, level, counted.count, text);
                findings.push(finding.advice(advice).rows(self.places(counted, "")));
            };
            let text = format!("column {} has no name in the header but has values; it is left out", place + 1);
            add(What::UnnamedColumn, warning, text, "name it in the header to use it");
        }
        findings
    }
}

/// Names for a message, not too many.
pub(crate) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 12 { format!(" and {} more", names.len() - 12) } else { String::new() };
    shown.join(", ") + &more
}
