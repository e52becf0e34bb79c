use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::builder::{As, Ask};
use super::cells::{Batch, Spot};
use super::decoding::{Decoding, RowGroups};
use super::files::{self, InFile};
use super::finding::{Finding, FindingLevel, Place, RowUnit, What};
use super::reader::{Counted, Met, TableReader, Wanted};
use super::spec::{Dialect, Paths};
use super::{DataError, file_kinds};

use crate::table::suggest;

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
    pub readers: Arc<[Box<dyn TableReader>]>,
    pub dialect: Arc<Dialect>,
    /// Names of the columns, in the first file's order.
    pub header: Vec<String>,
    /// Columns that cannot be read (nested, binary, without a name), and why.
    pub notes: Vec<Finding>,
    /// Rows to make room for.
    pub rows: usize,
}

impl Source {
    /// Finds the files and reads their headers.
    pub fn open(input: &'static str, paths: &Paths, dialect: Dialect, base: &Path) -> Result<Self, DataError> {
        let (files, dialect) = (files::expand(input, paths, base)?, Arc::new(dialect));
        let kinds = files.iter().map(file_kinds::kind).collect::<Result<Vec<_>, _>>()?;
        let (header, notes, readers) = (Vec::new(), Vec::new(), Vec::new().into());
        let mut source = Self { input, files, readers, dialect, header, notes, rows: 0 };
        let (mut readers, mut has_rows, mut known) = (Vec::new(), false, HashSet::new());
        for (place, kind) in kinds.into_iter().enumerate() {
            let file = &source.files[place];
            let reader = file_kinds::open(kind, input, file, &source.dialect)?;
            let header = reader.header()?;
            source.notes.extend(header.notes);
            has_rows |= header.has_rows;
            source.rows = source.rows.saturating_add(header.rows).min(ROOM);
            if !header.has_rows {
                let text = format!("{} has a header and no rows", file.shown);
                source.notes.push(Finding::new(input, What::EmptyFile, FindingLevel::Note, 1, text));
            }
            readers.push(reader);
            let columns: Vec<String> = header.columns.into_iter().filter(|name| !name.is_empty()).collect();
            if place == 0 {
                known.extend(columns.iter().cloned());
                source.header = columns;
            } else if readers.iter().all(|reader| reader.has_loose_rows()) {
                source.header.extend(columns.into_iter().filter(|name| known.insert(name.clone())));
            } else {
                source.compare(place, &columns)?;
            }
        }
        if !has_rows {
            let (file, advice) = (source.files[0].shown.clone(), "export it again, with its rows");
            return Err(DataError::NoRows { file, found: "it has a header and no rows", advice });
        }
        source.readers = readers.into();
        Ok(source)
    }

    /// Files read together have the same columns.
    fn compare(&self, place: usize, columns: &[String]) -> Result<(), DataError> {
        let lacks = |side: &[String], other: &[String], word: &str| -> Vec<String> {
            let other: HashSet<&String> = other.iter().collect();
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
        let hint = match suggest(self.header.iter().map(String::as_str), name) {
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

    /// A column that is to be read as this.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn ask(&self, name: &str, named_by: &str, kind: As) -> Result<Ask, DataError> {
        Ok(Ask { place: self.column(name, named_by)?, kind })
    }

    /// Begins to decode columns of the header; [`Decoding::pass_over`] may be said at once.
    pub fn decode(&self, wanted: &[usize], passed_over: Option<RowGroups>) -> Decoding {
        let names = wanted.iter().map(|&place| self.header[place].clone()).collect();
        Decoding::begin(self.readers.clone(), names, passed_over)
    }

    /// The first rows of a column of one file; what is wrong with it is said when it is read.
    pub fn head(&self, file: usize, column: usize, mut see: impl FnMut(&Batch)) {
        let (names, bytes) = ([self.header[column].as_str()], Arc::default());
        let wanted = Wanted { names: &names, file: file as u32, is_passed_over: &|_| false, bytes: &bytes };
        let _ = self.readers[file].read(&wanted, &mut |batch| {
            see(&batch);
            false
        });
    }

    /// Hands over what is decoded, batch after batch in the order of the files, each with what `prepare` makes of it, until
    /// `take` says false; other threads decode ahead and prepare.
    pub fn read<T: Send>(
        &self,
        mut decoding: Decoding,
        progress: &dyn Fn(Progress),
        prepare: impl Fn(&Batch) -> T + Sync,
        mut take: impl FnMut(&Batch, T) -> bool,
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
            if !batches.iter().zip(prepared).all(|(batch, prepared)| take(batch, prepared)) {
                return Ok(Vec::new());
            }
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
        self.shown().place(spot, column, value)
    }

    pub fn places(&self, counted: &Counted, column: &str) -> Vec<Place> {
        self.shown().places(counted, column)
    }

    /// Where its rows stand, for those who come later.
    pub fn shown(&self) -> Shown {
        let files =
            self.files.iter().zip(self.readers.iter()).map(|(file, reader)| (file.shown.clone(), reader.unit()));
        Shown { input: self.input, files: files.collect() }
    }

    /// What its readers met, as findings.
    pub fn findings(&self, met: Vec<Met>) -> Vec<Finding> {
        let mut sum = Met::default();
        let mut findings = self.notes.clone();
        for one in met {
            findings.extend(one.notes);
            sum.wrapped.append(one.wrapped);
            sum.trailing.append(one.trailing);
            sum.empty.append(one.empty);
            sum.headers.append(one.headers);
            sum.footers.append(one.footers);
            sum.half_quoted.append(one.half_quoted);
            for (place, counted) in one.unnamed {
                match sum.unnamed.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, known)) => known.append(counted),
                    None => sum.unnamed.push((place, counted)),
                }
            }
        }
        let mut add = |what, level, counted: &Counted, text: String, advice: &str| {
            if counted.count > 0 {
                let finding = Finding::new(self.input, what, level, counted.count, text);
                findings.push(finding.advice(advice).rows(self.places(counted, "")));
            }
        };
        let (note, warning) = (FindingLevel::Note, FindingLevel::Doubt);
        let text = "rows wrapped whole in quotes, read as the fields within".into();
        add(What::RowsWrappedInQuotes, warning, &sum.wrapped, text, "export the file again, or check these rows");
        let text = "rows with empty fields beyond the header, which are left out".into();
        add(What::TrailingDelimiters, note, &sum.trailing, text, "");
        add(What::EmptyRows, note, &sum.empty, "rows without any value, left out".into(), "");
        let text = "rows that are the header once more, as where files were put together; they are left out".into();
        add(What::HeaderAgain, note, &sum.headers, text, "");
        let text = "rows at the end that are no rows of the table but totals or remarks; they are left out".into();
        add(What::Footers, note, &sum.footers, text, "");
        let text = "rows with text behind a quote that is closed, read without the quote".into();
        let advice = "write a quote within quotes twice, as `\"Best \"\"price\"\"\"`, or export the file again";
        add(What::HalfQuoted, warning, &sum.half_quoted, text, advice);
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

/// The files in which rows stand, of one source or of several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub input: &'static str,
    files: Vec<(String, RowUnit)>,
}

impl Shown {
    pub fn places(&self, counted: &Counted, column: &str) -> Vec<Place> {
        counted.first.iter().map(|(spot, value)| self.place(*spot, column, value)).collect()
    }

    fn place(&self, spot: Spot, column: &str, value: &str) -> Place {
        let (file, unit) = self.files.get(spot.file as usize).cloned().unwrap_or_default();
        Place { file, unit, row: u64::from(spot.line), column: column.into(), value: value.into() }
    }

    /// A place among the files of the next source, once these are appended.
    pub fn beside(&self, spot: Spot) -> Spot {
        Spot { file: self.files.len() as u32 + spot.file, ..spot }
    }

    pub fn append(&mut self, other: Self) {
        self.input = other.input;
        self.files.extend(other.files);
    }
}

/// Names for a message, not too many.
pub(crate) fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 12 { format!(" and {} more", names.len() - 12) } else { String::new() };
    shown.join(", ") + &more
}
