use rayon::prelude::*;

use crate::table::{Column, Ids, MISSING, Text};
use crate::time::{Edge, Format, Zone};

use super::cells::{Batch, Cells, NO_INTEGER, Spot, TextBlock};
use super::decoding::Decoding;
use super::finding::{Finding, FindingLevel, What};
use super::reader::{Counted, Met};
use super::source::{Progress, Source};
use super::times::{Apart, TimeColumn, too_many, with_places};
use super::{DataError, groups};

/// A column to be read.
#[derive(Clone)]
pub(crate) struct Ask {
    /// A place in the source's header.
    pub place: usize,
    pub kind: As,
}

/// Columns of a source that are to be read.
pub(crate) struct Request<'a> {
    pub source: &'a Source,
    /// Columns of the header that stand first in every batch, in this order.
    pub seen: &'a [usize],
    pub asks: &'a [Ask],
    pub zone: &'a Zone,
    /// Their decoding, where it has begun.
    pub begun: Option<Decoding>,
}

impl<'a> Request<'a> {
    pub fn new(source: &'a Source, seen: &'a [usize], asks: &'a [Ask], zone: &'a Zone) -> Self {
        Self { source, seen, asks, zone, begun: None }
    }
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
    /// Values that the kind could not be read from; they are missing.
    pub unreadable: Counted,
    /// Of times, how many were dates.
    pub dates: u64,
    /// Of text found: values that are numbers, and those that are not.
    pub numbers: u64,
    pub words: Counted,
}

/// Columns of all rows of a source, and where the rows stand.
pub(crate) struct Table {
    pub spots: Vec<Spot>,
    pub columns: Vec<Gathered>,
    pub met: Vec<Met>,
}

/// Reads columns whole.
pub(crate) fn gather(
    source: &Source,
    asks: &[Ask],
    zone: &Zone,
    progress: &dyn Fn(Progress),
) -> Result<Table, DataError> {
    let mut spots = Vec::with_capacity(source.rows);
    let all = |_: &Batch| ((), Chosen::default());
    let request = Request::new(source, &[], asks, zone);
    let (columns, met) = gather_rows(request, progress, all, |step| match step {
        Step::Begin => spots.clear(),
        Step::Of(batch, ()) => spots.extend((0..batch.rows()).map(|row| batch.spot(row))),
    })?;
    Ok(Table { spots, columns, met })
}

/// The columns to be decoded: those that are seen first, then those asked for.
pub(crate) fn places(seen: &[usize], asks: &[Ask]) -> Vec<usize> {
    let mut places = seen.to_vec();
    for ask in asks {
        if !places.contains(&ask.place) {
            places.push(ask.place);
        }
    }
    places
}

/// How far reading is.
pub(crate) enum Step<'a, T> {
    /// It begins, perhaps once more: forget what was.
    Begin,
    /// What was made of a batch when its rows were chosen.
    Of(&'a Batch, T),
}

/// What is to be read of a batch.
#[derive(Default)]
pub(crate) struct Chosen {
    /// Nothing: all rows.
    pub rows: Option<Vec<u32>>,
    /// What the first column asked for holds in other rows, where it is of times and counts with those that are read.
    pub apart: Apart,
}

/// Reads columns, of each batch what `choose` says; it is asked of several batches side by side. What else it makes of a
/// batch is handed to `take`, in order.
///
/// A column taken for numbers whose text turns out otherwise makes reading begin again, with that column as text; so do
/// times read apart that turn out to be written otherwise, and must not be read apart then: the memory of one reading, and
/// what a column is still depends on all of its values.
pub(crate) fn gather_rows<T: Send>(
    Request { source, seen, asks, zone, mut begun }: Request,
    progress: &dyn Fn(Progress),
    choose: impl Fn(&Batch) -> (T, Chosen) + Sync,
    mut take: impl FnMut(Step<T>),
) -> Result<(Vec<Gathered>, Vec<Met>), DataError> {
    let mut asks = asks.to_vec();
    let places = places(seen, &asks);
    let cell_of: Vec<usize> =
        asks.iter().filter_map(|ask| places.iter().position(|place| *place == ask.place)).collect();
    loop {
        take(Step::Begin);
        let mut builders: Vec<Builder> = asks.iter().map(|ask| Builder::new(source, ask, zone)).collect();
        let mut again = false;
        let decoding = begun.take().unwrap_or_else(|| source.decode(&places, None));
        let read = source.read(decoding, progress, &choose, |batch, (made, Chosen { rows, apart })| {
            take(Step::Of(batch, made));
            let push = |(builder, &cell): (&mut Builder, &usize)| {
                builder.push(&batch.cells[cell], batch, rows.as_deref(), source.rows) == Pushed::NotNumbers
            };
            let not_numbers: Vec<bool> = builders.par_iter_mut().zip(&cell_of).map(push).collect();
            if let Some(Data::Time(times)) = builders.first_mut().map(|builder| &mut builder.data) {
                times.add_apart(apart);
            }
            for (ask, _) in asks.iter_mut().zip(&not_numbers).filter(|(_, not_numbers)| **not_numbers) {
                (ask.kind, again) = (As::FoundText, true);
            }
            // Any error ends the reading; this one is never seen.
            if again { Err(DataError::Spec(String::new())) } else { Ok(()) }
        });
        if again {
            continue;
        }
        let met = read?;
        if builders.iter().any(|builder| matches!(&builder.data, Data::Time(times) if times.was_misread())) {
            continue;
        }
        let columns = builders
            .into_par_iter()
            .map(|builder| builder.finish(source))
            .collect::<Vec<Result<Gathered, DataError>>>();
        return Ok((columns.into_iter().collect::<Result<_, _>>()?, met));
    }
}

/// Columns of the rows whose lead is known.
pub(crate) struct OfLeads {
    /// The lead of each row.
    pub leads: Vec<u32>,
    /// Where each row stands; empty unless asked for.
    pub spots: Vec<Spot>,
    /// Rows of other leads.
    pub strangers: Counted,
    pub columns: Vec<Gathered>,
    pub met: Vec<Met>,
}

/// Rows of a batch whose lead is known, and their leads.
pub(crate) struct OfBatch {
    pub leads: Vec<u32>,
    pub rows: Vec<u32>,
    /// What the first column asked for holds in rows that were taken out.
    pub apart: Apart,
}

/// Reads columns of the rows whose lead is among `ids`; the column first seen names it. `choose` may take rows out. What
/// else it makes of a batch is handed to `take`, in order.
pub(crate) fn gather_of_leads<T: Send>(
    mut request: Request,
    ids: &Ids,
    with_spots: bool,
    progress: &dyn Fn(Progress),
    choose: impl Fn(&Batch, &mut OfBatch) -> T + Sync,
    mut take: impl FnMut(Step<T>),
) -> Result<OfLeads, DataError> {
    let Request { source, seen, asks, .. } = request;
    let passed_over = groups::of_strangers(source, seen[0], ids);
    match &request.begun {
        Some(decoding) => decoding.pass_over(passed_over),
        None => request.begun = Some(source.decode(&places(seen, asks), Some(passed_over))),
    }
    let nulls = Nulls::new(source.dialect.nulls(&source.header[seen[0]]));
    let choose = |batch: &Batch| {
        let mut strangers = Counted::default();
        let named = batch.cells[0].as_text();
        let leads = leads_of(&named, ids, &nulls);
        let mut of_batch = OfBatch { rows: (0..leads.len() as u32).collect(), leads, apart: Apart::default() };
        if of_batch.leads.contains(&NO_LEAD) {
            let unknown = of_batch.leads.iter().enumerate().filter(|(_, lead)| **lead == NO_LEAD);
            unknown.for_each(|(row, _)| strangers.add(batch.spot(row), named.get(row)));
            let leads = &of_batch.leads;
            of_batch.rows.retain(|&row| leads[row as usize] != NO_LEAD);
            of_batch.leads.retain(|&lead| lead != NO_LEAD);
        }
        let made = choose(batch, &mut of_batch);
        let OfBatch { leads, rows, apart } = of_batch;
        let all = leads.len() == batch.rows();
        let spots = rows.iter().filter(|_| with_spots).map(|&row| batch.spot(row as usize)).collect::<Vec<_>>();
        ((leads, spots, strangers, made), Chosen { rows: (!all).then_some(rows), apart })
    };
    let (mut leads, mut spots, mut strangers) = (Vec::new(), Vec::new(), Counted::default());
    let (columns, met) = gather_rows(request, progress, choose, |step| match step {
        Step::Begin => {
            (leads, spots, strangers) = Default::default();
            take(Step::Begin);
        }
        Step::Of(batch, (found, at, unknown, made)) => {
            leads.extend(found);
            spots.extend(at);
            strangers.append(unknown);
            take(Step::Of(batch, made));
        }
    })?;
    strangers.count += met.iter().map(|met| met.passed_over).sum::<u64>();
    Ok(OfLeads { leads, spots, strangers, columns, met })
}

/// A row of no known lead.
pub(crate) const NO_LEAD: u32 = u32::MAX;

/// The lead that each text names.
pub(crate) fn leads_of(named: &TextBlock, ids: &Ids, nulls: &Nulls) -> Vec<u32> {
    let lead = |place: Option<usize>| place.map_or(NO_LEAD, |place| place as u32);
    let known = |id| nulls.text(id).unwrap_or_default();
    let Some((levels, codes)) = named.codes() else {
        let mut leads = Vec::with_capacity(named.len());
        ids.find_all(named.iter().map(known), |place| leads.push(lead(place)));
        return leads;
    };
    // Each distinct text is looked up once; those that do not occur here only where they cannot be many.
    let wanted = if levels <= codes.len() { (0..levels as u32).collect() } else { distinct(codes, levels) };
    let mut lead_of = vec![NO_LEAD; levels];
    let mut place_of = wanted.iter();
    ids.find_all(wanted.iter().map(|&code| known(named.level(code))), |place| {
        if let Some(&code) = place_of.next() {
            lead_of[code as usize] = lead(place);
        }
    });
    codes.iter().map(|&code| lead_of.get(code as usize).copied().unwrap_or(NO_LEAD)).collect()
}

/// The codes that occur, in order of first appearance.
fn distinct(codes: &[u32], levels: usize) -> Vec<u32> {
    let mut seen = vec![false; levels];
    let is_new = |code: &&u32| **code != MISSING && !std::mem::replace(&mut seen[**code as usize], true);
    codes.iter().filter(is_new).copied().collect()
}

/// Text as codes into distinct values, in order of first appearance.
#[derive(Clone, Default)]
pub(crate) struct Dictionary {
    pub codes: Vec<u32>,
    pub levels: Ids,
    /// Short texts seen lately, by a few of their bits: columns of few values need no more.
    lately: Vec<Option<(Short, u32)>>,
}

/// Texts that are kept at hand, a power of two.
const LATELY: usize = 64;

/// A text of at most sixteen bytes: its length, its first and its last eight.
type Short = (usize, u64, u64);

fn short(text: &str) -> Option<Short> {
    let bytes = text.as_bytes();
    let word = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[from + i]));
    match bytes.len() {
        length @ 8..=16 => Some((length, word(0), word(length - 8))),
        length @ 0..8 => Some((length, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)),
        _ => None,
    }
}

impl Dictionary {
    fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(MISSING, |text| self.code(text));
        self.codes.push(code);
    }

    /// Rows of a block; how many have a value.
    pub fn push_block(&mut self, block: &TextBlock, nulls: &Nulls, rows: impl Iterator<Item = usize>) -> u64 {
        let start = self.codes.len();
        match block.codes() {
            Some((levels, codes)) => {
                // A code of our own for each of the block's, once it is met; the last one is that of no text.
                let mut own: Vec<Option<u32>> = vec![None; levels + 1];
                for row in rows {
                    let theirs = codes[row];
                    let code = *own[(theirs as usize).min(levels)].get_or_insert_with(|| {
                        let text = if theirs == MISSING { None } else { nulls.text(block.level(theirs)) };
                        text.map_or(MISSING, |text| self.code(text))
                    });
                    self.codes.push(code);
                }
            }
            None => rows.for_each(|row| self.push(nulls.text(block.get(row)))),
        }
        self.codes[start..].iter().filter(|&&code| code != MISSING).count() as u64
    }

    pub fn code(&mut self, text: &str) -> u32 {
        let Some(key) = short(text).filter(|_| self.levels.len() <= LATELY) else {
            return self.levels.insert(text).0 as u32;
        };
        let (length, first, last) = key;
        let mixed = (first ^ last.rotate_left(32) ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 58) as usize;
        if let Some(Some((known, code))) = self.lately.get(place)
            && *known == key
        {
            return *code;
        }
        let code = self.levels.insert(text).0 as u32;
        self.lately.resize(LATELY, None);
        self.lately[place] = Some((key, code));
        code
    }

    fn text(self) -> Text {
        Text { codes: self.codes, levels: self.levels.iter().map(String::from).collect() }
    }
}

struct Builder {
    name: String,
    kind: As,
    nulls: Nulls,
    decimal_comma: bool,
    zone: Zone,
    format: Option<Format>,
    data: Data,
    unreadable: Counted,
    /// Values that are there.
    present: u64,
    /// Rows to make room for.
    room: usize,
}

enum Data {
    /// So many missing values, and no other yet.
    Nothing(usize),
    Number(Vec<f64>),
    Text(Dictionary),
    Flag(Vec<Option<bool>>),
    Time(Box<TimeColumn>),
}

#[derive(PartialEq, Eq)]
enum Pushed {
    Well,
    NotNumbers,
}

/// Values that stand for a missing one.
#[derive(Clone, Default)]
pub(crate) struct Nulls {
    words: Vec<String>,
    numbers: Vec<f64>,
}

impl Nulls {
    pub fn new(words: Vec<String>) -> Self {
        let numbers = words.iter().filter_map(|word| word.trim().parse().ok()).collect();
        Self { words, numbers }
    }

    /// The value, if it is there.
    pub fn text<'a>(&self, text: &'a str) -> Option<&'a str> {
        if text.trim_ascii().is_empty()
            || (!self.words.is_empty() && self.words.iter().any(|word| word == text.trim_ascii()))
        {
            None
        } else {
            Some(text)
        }
    }

    fn number(&self, number: f64) -> f64 {
        if self.numbers.contains(&number) { f64::NAN } else { number }
    }
}

/// Whole numbers beyond this are names of things: as floating-point numbers some of them would be equal.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number as people and programs write it. No leading zeros (they belong to names of things), no infinity, no words.
pub(crate) fn number(text: &str, decimal_comma: bool) -> Option<f64> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let bytes = digits.as_bytes();
    let starts_well = match bytes {
        [b'0', next, ..] => !next.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit() || matches!((first, decimal_comma), (b'.', false) | (b',', true)),
        [] => false,
    };
    if !starts_well || !bytes.iter().all(|byte| byte.is_ascii_digit() || b".,eE+-".contains(byte)) {
        return None;
    }
    let value: f64 = if decimal_comma { comma_number(text)? } else { text.parse().ok()? };
    let whole = bytes.iter().all(u8::is_ascii_digit);
    (value.is_finite() && !(whole && value.abs() > EXACT)).then_some(value)
}

/// `1.234,5`: points group thousands.
fn comma_number(text: &str) -> Option<f64> {
    let (whole, decimals) = text.split_once(',').unwrap_or((text, ""));
    let mut groups = whole.split('.');
    let first = groups.next()?;
    let grouped = groups.clone().count() > 0;
    let well_grouped = !grouped || (first.trim_start_matches('-').len() <= 3 && groups.all(|group| group.len() == 3));
    let plain = format!("{}.{decimals}", whole.replace('.', ""));
    if well_grouped && !decimals.contains(['.', ',']) { plain.trim_end_matches('.').parse().ok() } else { None }
}

/// A declared flag's value.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.trim_ascii().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

impl Builder {
    fn new(source: &Source, ask: &Ask, zone: &Zone) -> Self {
        let name = source.header[ask.place].clone();
        let format = source.dialect.format(&name);
        Self {
            nulls: Nulls::new(source.dialect.nulls(&name)),
            decimal_comma: source.dialect.decimal_comma,
            zone: zone.clone(),
            format,
            kind: ask.kind,
            data: Data::Nothing(0),
            unreadable: Counted::default(),
            present: 0,
            room: 0,
            name,
        }
    }

    /// `all`: rows that there are, as far as known.
    fn push(&mut self, cells: &Cells, batch: &Batch, rows: Option<&[u32]>, all: usize) -> Pushed {
        match rows {
            None => {
                self.room = all;
                self.push_rows(cells, batch, 0..batch.rows())
            }
            Some(rows) => self.push_rows(cells, batch, rows.iter().map(|&row| row as usize)),
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
                self.present += dictionary.push_block(&cells.as_text(), &self.nulls, rows);
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
                } else if values.all(|value| number(value, self.decimal_comma).is_some()) {
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
                Data::Text(Dictionary { codes: values(MISSING, missing, self.room), ..Dictionary::default() })
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
                        self.unreadable.add(batch.spot(row), &value.to_string());
                    }
                    self.present += u64::from(!value.is_nan());
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
                    match number(text, self.decimal_comma) {
                        None if found => return Pushed::NotNumbers,
                        None => self.unreadable.add(batch.spot(row), text),
                        Some(_) => {}
                    }
                    self.present += 1;
                    numbers.push(number(text, self.decimal_comma).unwrap_or(f64::NAN));
                }
            }
            _ if found => return Pushed::NotNumbers,
            other => {
                let block = other.as_text();
                for row in rows {
                    self.unreadable.add(batch.spot(row), block.get(row));
                    self.present += 1;
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
                self.unreadable.add(batch.spot(row), text);
            }
            self.present += u64::from(text.is_some());
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

    fn finish(mut self, source: &Source) -> Result<Gathered, DataError> {
        if let Data::Nothing(missing) = self.data {
            let kind = self.kind;
            self.begin(kind, missing);
        }
        let expected = match self.data {
            Data::Flag(_) => "true/false (true, yes, y, t, 1 or false, no, n, f, 0)",
            _ => "numbers",
        };
        if too_many(self.unreadable.count, self.present) {
            let advice =
                "declare missing values by `nulls`, decimals by `decimal: comma`, or the column's kind in `types`";
            return Err(DataError::Values {
                input: source.input,
                column: self.name,
                count: self.unreadable.count,
                total: self.present,
                expected,
                examples: with_places(source, &self.unreadable),
                advice: advice.into(),
            });
        }
        let guessed = matches!(self.kind, As::Found | As::FoundText);
        let mut gathered = Gathered {
            column: Column::Number(Vec::new()),
            ids: Dictionary::default(),
            unreadable: self.unreadable,
            dates: 0,
            numbers: 0,
            words: Counted::default(),
        };
        gathered.column = match self.data {
            Data::Nothing(_) => Column::Text(Text::default()),
            Data::Number(values) => Column::Number(values),
            Data::Flag(values) => Column::Flag(values),
            Data::Time(times) => {
                let times = times.finish(source, &self.name)?;
                gathered.dates = times.dates;
                gathered.unreadable = times.unreadable;
                Column::Instant(times.at)
            }
            Data::Text(dictionary) if self.kind == As::Id => {
                gathered.ids = dictionary;
                Column::Text(Text::default())
            }
            Data::Text(dictionary) => {
                let text = dictionary.text();
                if guessed {
                    (gathered.numbers, gathered.words) = numbers_among(&text, self.decimal_comma);
                }
                Column::Text(text)
            }
        };
        Ok(gathered)
    }
}

/// How many values of a text are numbers, and the levels that are not (each counted as often as it stands there).
fn numbers_among(text: &Text, decimal_comma: bool) -> (u64, Counted) {
    let numeric: Vec<bool> = text.levels.iter().map(|level| number(level, decimal_comma).is_some()).collect();
    if !numeric.contains(&true) {
        return (0, Counted::default());
    }
    let mut times = vec![0u64; numeric.len()];
    for &code in text.codes.iter().filter(|&&code| code != MISSING) {
        times[code as usize] += 1;
    }
    let (mut numbers, mut words) = (0, Counted::default());
    for (level, &count) in times.iter().enumerate() {
        if numeric[level] {
            numbers += count;
        } else {
            words.add(Spot { file: u32::MAX, line: 0 }, &text.levels[level]);
            words.count += count - 1;
        }
    }
    (numbers, words)
}

/// What is to be said of a column that was read.
pub(crate) fn remarks(source: &Source, name: &str, gathered: &Gathered) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Gathered { unreadable, numbers, words, dates, .. } = gathered;
    if unreadable.count > 0 {
        let (what, kind) = match gathered.column {
            Column::Instant(_) => (What::UnreadableTime, "a time"),
            Column::Flag(_) => (What::UnreadableValue, "true or false"),
            _ => (What::UnreadableValue, "a number"),
        };
        let text = format!("values of `{name}` that are not {kind} like the others; they count as missing");
        let finding = Finding::new(source.input, what, FindingLevel::Warning, unreadable.count, text);
        findings.push(finding.advice("correct them, or declare them by `nulls`").rows(source.places(unreadable, name)));
    }
    if words.count > 0 && words.count * 20 <= *numbers {
        let text = format!("`{name}` is text because of a few values among numbers");
        let finding = Finding::new(source.input, What::NearlyNumeric, FindingLevel::Warning, words.count, text);
        findings
            .push(finding.advice("declare them by `nulls`, or the column in `types`").rows(source.places(words, name)));
    }
    if *dates > 0 {
        let text = format!("times of `{name}` are dates without a time of day");
        findings.push(Finding::new(source.input, What::DatesWithoutTime, FindingLevel::Note, *dates, text));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_codes_in_the_order_they_come() {
        let texts =
            ["page_view", "email_open", "page_view", "", "a", "\0a", "sixteen bytes 16", "seventeen bytes 17", "a"];
        let mut dictionary = Dictionary::default();
        texts.iter().for_each(|text| dictionary.push(Some(text)));
        dictionary.push(None);
        assert_eq!(dictionary.codes, [0, 1, 0, 2, 3, 4, 5, 6, 3, MISSING]);
        (0..500).for_each(|number| dictionary.push(Some(&format!("v{}", number % 250))));
        let text = dictionary.text();
        assert!(
            (0..500).all(|number| text.get(texts.len() + 1 + number) == Some(format!("v{}", number % 250).as_str()))
        );
    }

    #[test]
    fn what_looks_like_a_number_but_names_a_thing_is_text() {
        for text in ["00123", "+4930123", "12345678901234567890", "inf", "NaN", "1,5", "0x1f", "", "-", "1-2", "٣"] {
            assert_eq!(number(text, false), None, "{text}");
        }
        for (text, value) in [("0", 0.0), ("0.5", 0.5), ("-0.5", -0.5), ("1e3", 1000.0), (" 7 ", 7.0), (".5", 0.5)] {
            assert_eq!(number(text, false), Some(value), "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_is_read_where_it_is_declared() {
        for (text, value) in [
            ("1,5", Some(1.5)),
            ("1.234,5", Some(1234.5)),
            ("-1.234.567", Some(-1_234_567.0)),
            ("12", Some(12.0)),
            ("1.5", None),
            ("1,2,3", None),
        ] {
            assert_eq!(number(text, true), value, "{text}");
        }
    }

    #[test]
    fn one_slip_in_a_hundred_is_a_finding_and_more_is_another_format() {
        assert!(!too_many(0, 0) && !too_many(1, 3) && !too_many(10, 1000));
        assert!(too_many(1, 1) && too_many(2, 3) && too_many(11, 1000));
    }
}
