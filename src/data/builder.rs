use crate::table::{Column, MISSING, Text};
use crate::time::{Edge, Format, Zone};

use super::DataError;
use super::cells::{Batch, Cells, NO_INTEGER, Spot, TextBlock};
use super::checks::nulls;
use super::dictionary::Dictionary;
use super::finding::{Finding, FindingLevel, PLACES, What};
use super::numbers::{NumberForm, is_number};
use super::reader::{Counted, shortened};
use super::source::Source;
use super::spec::Decimal;
use super::times::{TimeColumn, too_many, with_places};
use super::values::{EXACT, Nulls, flag};

/// A column to be read.
#[derive(Clone)]
pub(crate) struct Ask {
    /// A place in the source's header.
    pub place: usize,
    pub kind: As,
}

/// What a column is read as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum As {
    /// Numbers if every value is one, else text; times and flags only where the file has such.
    Found,
    /// Text, as the values turned out to be.
    FoundText,
    Number,
    Text,
    /// Text that names leads: nearly all of it distinct.
    Id,
    Flag,
    Time(Edge),
}

/// A column that was read.
pub(crate) struct Gathered {
    pub column: Column,
    /// What was asked for as ids stands here, and not in the column.
    pub ids: Dictionary,
    pub tally: Tally,
}

/// What is to be said of a column's values.
#[derive(Default)]
pub(crate) struct Tally {
    /// Values that are there.
    present: u64,
    /// Those that the kind could not be read from; they are missing.
    pub unreadable: Counted,
    /// Of times, how many were dates.
    pub dates: u64,
    /// Whether all were.
    pub are_dates: bool,
    words: Words,
    /// Texts of which blanks or signs that are not seen were left out.
    tidied: u64,
    /// How numbers are written.
    form: NumberForm,
    /// Why found numbers have no one reading: no model may read them.
    pub unclear: Option<String>,
}

/// Of text found: values that are numbers, and the first of those that are not.
#[derive(Default)]
struct Words {
    numbers: u64,
    others: u64,
    first: Vec<String>,
}

/// A column in the making.
pub(crate) struct Builder {
    name: String,
    kind: As,
    nulls: Nulls,
    zone: Zone,
    format: Option<Format>,
    data: Data,
    tally: Tally,
    /// What was taken for numbers, flags or times is text: to be read once more.
    is_text_after_all: bool,
    /// Places of numbers, and what they are if a comma stands before their decimals.
    by_comma: Vec<(usize, f64)>,
    /// Rows to make room for.
    room: usize,
    /// Whether texts are kept as they are written, too.
    as_written: bool,
}

enum Data {
    /// So many missing values, and no other yet.
    Nothing(usize),
    Number(Vec<f64>),
    Text(Box<Dictionary>),
    Flag(Vec<Option<bool>>),
    Time(Box<TimeColumn>),
}

#[derive(PartialEq, Eq)]
enum Pushed {
    Well,
    NotNumbers,
}

impl Builder {
    pub fn new(source: &Source, ask: &Ask, zone: &Zone) -> Self {
        let name = source.header[ask.place].clone();
        let format = source.dialect.format(&name);
        Self {
            nulls: Nulls::new(source.dialect.nulls(&name)),
            zone: zone.clone(),
            format,
            kind: ask.kind,
            data: Data::Nothing(0),
            tally: Tally { form: NumberForm::new(source, &name), ..Tally::default() },
            is_text_after_all: false,
            by_comma: Vec::new(),
            room: 0,
            as_written: source.dialect.is_kept_as_written(&name),
            name,
        }
    }

    /// `all`: rows that there are, as far as known.
    pub fn push(&mut self, cells: &Cells, batch: &Batch, rows: Option<&[u32]>, all: usize) {
        if self.is_text_after_all {
            return;
        }
        let pushed = match rows {
            None => {
                self.room = all;
                self.push_rows(cells, batch, 0..batch.rows())
            }
            Some(rows) => self.push_rows(cells, batch, rows.iter().map(|&row| row as usize)),
        };
        if pushed == Pushed::NotNumbers {
            (self.is_text_after_all, self.data) = (true, Data::Nothing(0));
        }
    }

    fn push_rows(&mut self, cells: &Cells, batch: &Batch, rows: impl Iterator<Item = usize> + Clone) -> Pushed {
        if let Data::Nothing(before) = self.data {
            let Some(kind) = self.kind_of(cells, rows.clone()) else {
                self.data = Data::Nothing(before + rows.count());
                return Pushed::Well;
            };
            self.begin(kind, before);
        }
        match &mut self.data {
            Data::Number(_) => self.push_numbers(cells, batch, rows),
            Data::Text(dictionary) => {
                self.tally.present += dictionary.push_block(&cells.as_text(), &self.nulls, rows);
                Pushed::Well
            }
            Data::Flag(_) => self.push_flags(cells, batch, rows),
            Data::Time(_) => self.push_times(cells, batch, rows),
            Data::Nothing(_) => Pushed::Well,
        }
    }

    /// What the column is read as, by its first batch with a value.
    fn kind_of(&self, cells: &Cells, mut rows: impl Iterator<Item = usize>) -> Option<As> {
        match (self.kind, cells) {
            (As::Found, Cells::Text(block)) => {
                let mut values = rows.filter_map(|row| self.nulls.text(block.get(row))).peekable();
                values.peek()?;
                Some(if block.booleans {
                    As::Flag
                } else if values.all(is_number) {
                    As::Number
                } else {
                    As::Text
                })
            }
            (As::Found, Cells::Number(values)) => rows.any(|row| !values[row].is_nan()).then_some(As::Number),
            (As::Found, Cells::Integer(_)) => Some(As::Number),
            (As::Found, Cells::Flag(_)) => Some(As::Flag),
            (As::Found, Cells::Instant(_) | Cells::Clock(_) | Cells::Date(_)) => Some(As::Time(Edge::Start)),
            (As::FoundText, _) => Some(As::Text),
            (kind, _) => Some(kind),
        }
    }

    fn begin(&mut self, kind: As, missing: usize) {
        fn values<T: Clone>(none: T, missing: usize, room: usize) -> Vec<T> {
            let mut values = Vec::with_capacity(room.max(missing));
            values.resize(missing, none);
            values
        }
        self.data = match kind {
            As::Number => Data::Number(values(f64::NAN, missing, self.room)),
            As::Flag => Data::Flag(values(None, missing, self.room)),
            As::Time(edge) => {
                let mut times = TimeColumn::new(self.zone.clone(), edge, self.format.clone(), self.room);
                (0..missing).for_each(|_| times.push_missing());
                Data::Time(Box::new(times))
            }
            As::Found | As::FoundText | As::Text | As::Id => {
                let codes = Dictionary::from_codes(values(MISSING, missing, self.room));
                Data::Text(Box::new(if self.as_written { codes.keeping_written() } else { codes }))
            }
        };
    }

    fn push_numbers(&mut self, cells: &Cells, batch: &Batch, rows: impl Iterator<Item = usize>) -> Pushed {
        let Data::Number(numbers) = &mut self.data else { return Pushed::Well };
        let found = self.kind == As::Found;
        match cells {
            Cells::Number(values) => {
                for row in rows {
                    let value = self.nulls.number(values[row]);
                    if value.is_infinite() {
                        self.tally.unreadable.add(batch.spot(row), &value.to_string());
                    }
                    self.tally.present += u64::from(!value.is_nan());
                    numbers.push(if value.is_finite() { value } else { f64::NAN });
                }
            }
            Cells::Integer(values) => {
                for row in rows {
                    let missing = values[row] == NO_INTEGER;
                    let value = if missing { f64::NAN } else { self.nulls.number(values[row] as f64) };
                    if found && value.abs() > EXACT {
                        return Pushed::NotNumbers;
                    }
                    numbers.push(value);
                }
            }
            Cells::Text(block) => {
                for row in rows {
                    let Some(text) = self.nulls.text(block.get(row)) else {
                        numbers.push(f64::NAN);
                        continue;
                    };
                    let reading = self.tally.form.read(text, batch.spot(row));
                    match &reading {
                        None if found => return Pushed::NotNumbers,
                        None => self.tally.unreadable.add(batch.spot(row), text),
                        Some(reading) => self.by_comma.extend(reading.by_comma.map(|value| (numbers.len(), value))),
                    }
                    self.tally.present += 1;
                    numbers.push(reading.map_or(f64::NAN, |reading| reading.value));
                }
            }
            _ if found => return Pushed::NotNumbers,
            other => {
                let block = other.as_text();
                for row in rows {
                    self.tally.unreadable.add(batch.spot(row), block.get(row));
                    self.tally.present += 1;
                    numbers.push(f64::NAN);
                }
            }
        }
        Pushed::Well
    }

    fn push_flags(&mut self, cells: &Cells, batch: &Batch, rows: impl Iterator<Item = usize>) -> Pushed {
        let Data::Flag(flags) = &mut self.data else { return Pushed::Well };
        if let Cells::Flag(values) = cells {
            flags.extend(rows.map(|row| values[row]));
            return Pushed::Well;
        }
        let block = cells.as_text();
        for row in rows {
            let text = self.nulls.text(block.get(row));
            let value = text.and_then(flag);
            if let (Some(text), None) = (text, value) {
                if self.kind == As::Found {
                    return Pushed::NotNumbers;
                }
                self.tally.unreadable.add(batch.spot(row), text);
            }
            self.tally.present += u64::from(text.is_some());
            flags.push(value);
        }
        Pushed::Well
    }

    fn push_times(&mut self, cells: &Cells, batch: &Batch, rows: impl Iterator<Item = usize> + Clone) -> Pushed {
        let Data::Time(times) = &mut self.data else { return Pushed::Well };
        if matches!(cells, Cells::Instant(_) | Cells::Clock(_) | Cells::Date(_)) {
            if !times.push_instants(cells, rows.clone()) {
                rows.for_each(|row| times.push_cell(cells, row, batch.spot(row)));
            }
            return Pushed::Well;
        }
        if self.kind == As::Found {
            return Pushed::NotNumbers;
        }
        let block: &TextBlock = &cells.as_text();
        for row in rows {
            match self.nulls.text(block.get(row)) {
                Some(text) => times.push_text(text, batch.spot(row)),
                None => times.push_missing(),
            }
        }
        Pushed::Well
    }

    /// Whether the column was read as what it is not, and is text.
    pub fn is_text_after_all(&self) -> bool {
        self.is_text_after_all || (self.kind == As::Found && self.tally.form.names_things())
    }

    /// How the column's numbers are written, by the values so far.
    pub fn form(&self) -> &NumberForm {
        &self.tally.form
    }

    /// What the column is, by the values so far; nothing without any.
    pub fn found(&self) -> Option<As> {
        match self.data {
            _ if self.is_text_after_all() => Some(As::Text),
            Data::Nothing(_) => None,
            Data::Number(_) => Some(As::Number),
            Data::Text(_) => Some(As::Text),
            Data::Flag(_) => Some(As::Flag),
            Data::Time(_) => Some(As::Time(Edge::Start)),
        }
    }

    /// The column's times, if it holds any.
    pub fn times(&mut self) -> Option<&mut TimeColumn> {
        match &mut self.data {
            Data::Time(times) => Some(times),
            _ => None,
        }
    }

    /// Only what the values tell of the column is wanted, not the values.
    pub fn clear(&mut self) {
        match &mut self.data {
            Data::Nothing(missing) => *missing = 0,
            Data::Number(values) => {
                values.clear();
                self.by_comma.clear();
            }
            Data::Text(dictionary) => **dictionary = Dictionary::default(),
            Data::Flag(values) => values.clear(),
            Data::Time(times) => times.clear(),
        }
    }

    /// The column is of this kind and its numbers are written like this, as all of its values told; so many come.
    pub fn settle(&mut self, (kind, form): (As, &NumberForm), room: usize) {
        self.room = room;
        self.tally.form = form.clone();
        self.begin(kind, 0);
    }

    /// The column; times as they stand.
    pub fn part(mut self) -> (Column, Dictionary, Tally) {
        if let Data::Nothing(missing) = self.data {
            self.begin(self.kind, missing);
        }
        let mut ids = Dictionary::default();
        let column = match self.data {
            Data::Number(mut values) => {
                if self.tally.form.decimal() == Some(Decimal::Comma) {
                    self.by_comma.iter().for_each(|&(row, value)| values[row] = value);
                }
                Column::Number(values)
            }
            Data::Flag(values) => Column::Flag(values),
            Data::Text(dictionary) if self.kind == As::Id => {
                self.tally.tidied = dictionary.tidied;
                ids = *dictionary;
                Column::Text(Text::default())
            }
            Data::Text(dictionary) => {
                self.tally.tidied = dictionary.tidied;
                let text = dictionary.text();
                if matches!(self.kind, As::Found | As::FoundText) {
                    self.tally.words = Words::of(&text);
                }
                Column::Text(text)
            }
            Data::Time(_) | Data::Nothing(_) => Column::Text(Text::default()),
        };
        (column, ids, self.tally)
    }

    /// # Errors
    /// When too many values cannot be read, or it is not clear how.
    pub fn finish(mut self, source: &Source) -> Result<Gathered, DataError> {
        if let (Data::Nothing(missing), As::Time(_)) = (&self.data, self.kind) {
            self.begin(self.kind, *missing);
        }
        if let Data::Time(times) = self.data {
            let times = times.finish(source, &self.name)?;
            let tally = Tally { are_dates: times.are_dates, ..Tally::of_times(times.dates, times.unreadable) };
            return Ok(Gathered { column: Column::Instant(times.at), ids: Dictionary::default(), tally });
        }
        let (name, kind) = (self.name.clone(), self.kind);
        let (column, ids, mut tally) = self.part();
        tally.check(source, &name, &column)?;
        tally.unclear = tally.form.problem(source, &name);
        if let Some(problem) = tally.unclear.take_if(|_| kind == As::Number) {
            return Err(DataError::Spec(problem));
        }
        Ok(Gathered { column, ids, tally })
    }
}

impl Tally {
    pub fn of_times(dates: u64, unreadable: Counted) -> Self {
        Self { dates, unreadable, ..Self::default() }
    }

    /// # Errors
    /// When too many values cannot be read.
    pub fn check(&self, source: &Source, name: &str, column: &Column) -> Result<(), DataError> {
        if !too_many(self.unreadable.count, self.present) {
            return Ok(());
        }
        let expected = match column {
            Column::Flag(_) => "true/false (true, yes, y, t, 1 or false, no, n, f, 0)",
            _ => "numbers",
        };
        let advice = match column {
            _ if self.unreadable.count == self.present => {
                format!("if `{name}` is not the column that is meant, name another; else take it out of `types`")
            }
            Column::Number(_) => {
                let words = self.unreadable.first.iter().map(|(_, value)| value.as_str());
                format!(
                    "correct them, or if they mean that nothing is there, declare `{}` under `{}`",
                    nulls(words),
                    source.input
                )
            }
            _ => "correct them, or declare what means that nothing is there by `nulls`".to_string(),
        };
        Err(DataError::Values {
            input: source.input,
            column: name.into(),
            count: self.unreadable.count,
            total: self.present,
            expected,
            examples: with_places(source, &self.unreadable),
            advice,
        })
    }

    pub fn append(&mut self, other: Self) {
        self.present += other.present;
        self.unreadable.append(other.unreadable);
        self.dates += other.dates;
        self.words.append(other.words);
        self.form.append(other.form);
        self.tidied += other.tidied;
    }
}

impl Words {
    fn of(text: &Text) -> Self {
        let is_number: Vec<bool> = text.levels.iter().map(|level| is_number(level)).collect();
        let present = || text.codes.iter().filter(|&&code| code != MISSING);
        let all = present().count() as u64;
        let numbers = match is_number.contains(&true) {
            true => present().filter(|&&code| is_number[code as usize]).count() as u64,
            false => 0,
        };
        let words = text.levels.iter().zip(&is_number).filter(|(_, is_number)| !**is_number);
        Self { numbers, others: all - numbers, first: words.map(|(word, _)| word.clone()).take(PLACES).collect() }
    }

    fn append(&mut self, other: Self) {
        self.numbers += other.numbers;
        self.others += other.others;
        for word in other.first {
            if self.first.len() < PLACES && !self.first.contains(&word) {
                self.first.push(word);
            }
        }
    }
}

/// What is to be said of columns that were read: of one that was asked for twice, once.
pub(crate) fn all_remarks(source: &Source, asks: &[Ask], columns: &[Gathered]) -> Vec<Finding> {
    let mut said = std::collections::HashSet::new();
    let new = asks.iter().zip(columns).filter(|(ask, _)| said.insert(ask.place));
    new.flat_map(|(ask, gathered)| remarks(source, &source.header[ask.place], &gathered.column, &gathered.tally))
        .collect()
}

/// Texts of which blanks or signs that are not seen were left out.
pub(crate) fn tidied(input: &str, name: &str, count: u64) -> Option<Finding> {
    let text = format!("values of `{name}` are read without blanks around them and signs that are not seen");
    (count > 0).then(|| Finding::new(input, What::TidiedText, FindingLevel::Note, count, text))
}

/// What is to be said of a column that was read.
pub(crate) fn remarks(source: &Source, name: &str, column: &Column, tally: &Tally) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Tally { unreadable, words, dates, .. } = tally;
    if unreadable.count > 0 {
        let (what, kind) = match column {
            Column::Instant(_) => (What::UnreadableTime, "a time"),
            Column::Flag(_) => (What::UnreadableValue, "true or false"),
            _ => (What::UnreadableValue, "a number"),
        };
        let text = format!("values of `{name}` that are not {kind} like the others; they count as missing");
        let finding = Finding::new(source.input, what, FindingLevel::Doubt, unreadable.count, text);
        findings.push(finding.advice("correct them, or declare them by `nulls`").rows(source.places(unreadable, name)));
    }
    if words.others > 0 && words.others * 20 <= words.numbers {
        let text = format!("`{name}` is text because of a few values among numbers");
        let finding = Finding::new(source.input, What::NearlyNumeric, FindingLevel::Doubt, words.others, text);
        let first =
            words.first.iter().map(|word| source.place(Spot { file: u32::MAX, line: 0 }, name, &shortened(word)));
        findings.push(finding.advice("declare them by `nulls`, or the column in `types`").rows(first.collect()));
    }
    findings.extend(tidied(source.input, name, tally.tidied));
    if let (Column::Number(_), Some((count, text))) = (column, tally.form.remark(name)) {
        findings.push(Finding::new(source.input, What::NumbersAsWritten, FindingLevel::Note, count, text));
    }
    if let Some(why) = &tally.unclear {
        findings.push(Finding::new(source.input, What::NumbersUnclear, FindingLevel::Note, 0, why.clone()));
    }
    if *dates > 0 {
        let text = format!("times of `{name}` are dates without a time of day");
        findings.push(Finding::new(source.input, What::DatesWithoutTime, FindingLevel::Note, *dates, text));
    }
    findings
}
