use std::borrow::Cow;

use crate::table::yaml_name;
use crate::time::{Edge, Format, Instant, Layout, Midnight, MonthPlace, NEVER, Written, Zone, edge_of};

use super::cells::{Batch, CALENDAR, Cells, NO_INTEGER, Spot, clock, date};
use super::checks::{is_null_word, nulls};
use super::error::{AmbiguousTime, DataError};
use super::reader::{Counted, shortened};
use super::source::Source;
use super::values::Nulls;

/// A column of times in the making: what is read from text keeps both of its readings until all values are seen.
pub(crate) struct TimeColumn {
    zone: Zone,
    edge: Edge,
    format: Option<Format>,
    /// With the month first, where the year is last; also every reading that does not depend on it.
    month_first: Vec<Instant>,
    /// With the day first; empty while no value has its year last.
    day_first: Vec<Instant>,
    kinds: Vec<Kind>,
    /// Where each value's day began, while all that are there are midnights: then they are dates.
    midnights: Option<Vec<Midnight>>,
    dates: u64,
    unreadable: Counted,
    /// The first values of every layout, and of those with the year last that only one reading fits.
    seen: [Counted; 6],
    only_month_first: Counted,
    only_day_first: Counted,
    /// Of a layout's values, how many only the month-first and only the day-first reading fits.
    only: [(u64, u64); 6],
    /// A value that the two readings read differently.
    differs: [Option<(Spot, String)>; 6],
}

/// How the texts of a column of times are to be read.
#[derive(Clone)]
pub(crate) enum Form {
    Declared(Format),
    Found { layout: Layout, day_first: bool },
}

/// What a value was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Missing,
    Unreadable,
    /// A time of its file's own, or read by a declared format.
    Sure,
    Written(Layout),
}

/// A column of times.
pub(crate) struct Times {
    pub at: Vec<Instant>,
    /// How many were dates without a time of day.
    pub dates: u64,
    /// Whether all were dates, as they are written or by their values.
    pub are_dates: bool,
    /// Values that no time could be read from: their `at` is `NEVER`.
    pub unreadable: Counted,
}

/// A time of its file's own.
enum Own {
    Missing,
    /// [`NEVER`]: no time of the calendar.
    At(Instant),
}

fn own_time(cells: &Cells, row: usize, zone: &Zone, edge: Edge) -> Own {
    let (Cells::Instant(values) | Cells::Clock(values) | Cells::Date(values)) = cells else { return Own::At(NEVER) };
    let value = values[row];
    match cells {
        _ if value == NO_INTEGER => Own::Missing,
        // Beyond the calendar a number is no time, and sums with it would overflow.
        Cells::Clock(_) if !zone.is_utc() => Own::At(clock(value).map_or(NEVER, |clock| zone.instant(clock))),
        Cells::Date(_) => Own::At(date(value).map_or(NEVER, |date| edge_of(date, zone, edge))),
        _ => Own::At(on_calendar(value)),
    }
}

impl Form {
    /// As declared; else with the year first.
    pub fn of(declared: Option<Format>) -> Self {
        declared.map_or(Self::Found { layout: Layout::YearFirst, day_first: false }, Self::Declared)
    }
}

/// Reads the times of a column whose form is settled.
pub(crate) struct TimeReader {
    pub zone: Zone,
    pub edge: Edge,
    pub nulls: Nulls,
    pub form: Form,
    /// All values are midnights, and dates.
    pub are_dates: bool,
}

/// What was met while times of a settled form were read.
#[derive(Default)]
pub(crate) struct TimesMet {
    /// Values that are there.
    present: u64,
    dates: u64,
    unreadable: Counted,
    /// Texts of other layouts than the column's, and such that only the other place of the month fits.
    others: [Counted; 6],
    misfits: Counted,
}

impl TimeReader {
    /// The instants of some rows, [`NEVER`] where there is none.
    pub fn read<'c>(&self, cells: &'c Cells, batch: &Batch, rows: &[u32], met: &mut TimesMet) -> Cow<'c, [Instant]> {
        let utc = match cells {
            Cells::Instant(values) => Some(values),
            Cells::Clock(values) if self.zone.is_utc() => Some(values),
            _ => None,
        };
        if let Some(values) = utc.filter(|values| !self.are_dates && rows.len() == values.len())
            && values.iter().all(|at| CALENDAR.contains(at))
        {
            met.present += values.len() as u64;
            return values.as_slice().into();
        }
        let block = match cells {
            Cells::Instant(_) | Cells::Clock(_) | Cells::Date(_) => {
                let own = |&row: &u32| self.own(cells, row as usize, batch, met);
                return rows.iter().map(own).collect();
            }
            cells => cells.as_text(),
        };
        let text = |&row: &u32| match self.nulls.text(block.get(row as usize)) {
            Some(text) => self.text(text, batch.spot(row as usize), met).unwrap_or(NEVER),
            None => NEVER,
        };
        rows.iter().map(text).collect()
    }

    fn own(&self, cells: &Cells, row: usize, batch: &Batch, met: &mut TimesMet) -> Instant {
        let at = match own_time(cells, row, &self.zone, self.edge) {
            Own::Missing => return NEVER,
            Own::At(at) => at,
        };
        met.present += 1;
        if at == NEVER {
            met.unreadable.add(batch.spot(row), "");
        } else {
            met.dates += u64::from(self.are_dates || matches!(cells, Cells::Date(_)));
        }
        let midnight = match cells {
            Cells::Date(_) => None,
            Cells::Clock(_) => Some(Midnight::InZone),
            _ => Midnight::of(at, &self.zone),
        };
        self.day(at, midnight)
    }

    /// The edge of the day that a midnight stands for, where all are midnights.
    fn day(&self, at: Instant, midnight: Option<Midnight>) -> Instant {
        match midnight {
            Some(midnight) if self.are_dates && at != NEVER => midnight.edge(at, &self.zone, self.edge),
            _ => at,
        }
    }

    fn text(&self, text: &str, spot: Spot, met: &mut TimesMet) -> Option<Instant> {
        met.present += 1;
        let (layout, month) = match &self.form {
            Form::Declared(format) => {
                let read = format.read(text, &self.zone, self.edge);
                match read {
                    Some((_, is_date)) => met.dates += u64::from(is_date || self.are_dates),
                    None => met.unreadable.add(spot, text),
                }
                let midnight = |at, is_date: bool| if is_date { None } else { Midnight::of(at, &self.zone) };
                return read.map(|(at, is_date)| self.day(at, midnight(at, is_date)));
            }
            Form::Found { layout: Layout::Dots, .. } => (Layout::Dots, MonthPlace::Second),
            Form::Found { layout, day_first: true } => (*layout, MonthPlace::Second),
            Form::Found { layout, day_first: false } => (*layout, MonthPlace::First),
        };
        let written = Written::parse(text);
        let read = |month| written.and_then(|written| written.at(month, &self.zone, self.edge));
        let at = read(month);
        match written {
            Some(written) if at.is_some() || read(MonthPlace::First).or(read(MonthPlace::Second)).is_some() => {
                met.dates += u64::from(written.is_date() || self.are_dates);
                match at {
                    _ if written.layout != layout => met.others[written.layout as usize].add(spot, text),
                    Some(at) => return Some(self.day(at, written.midnight())),
                    None => met.misfits.add(spot, text),
                }
            }
            _ => met.unreadable.add(spot, text),
        }
        None
    }
}

impl TimesMet {
    pub fn append(&mut self, other: Self) {
        self.present += other.present;
        self.dates += other.dates;
        self.unreadable.append(other.unreadable);
        self.others.iter_mut().zip(other.others).for_each(|(own, other)| own.append(other));
        self.misfits.append(other.misfits);
    }

    /// How many were dates without a time of day, and which could not be read.
    ///
    /// # Errors
    /// When too many could not.
    pub fn finish(self, source: &Source, column: &str, form: &Form) -> Result<(u64, Counted), DataError> {
        let mut unreadable = self.unreadable;
        self.others.into_iter().chain([self.misfits]).for_each(|others| unreadable.append(others));
        if too_many(unreadable.count, self.present) {
            let format = match form {
                Form::Declared(format) => Some(format),
                Form::Found { .. } => None,
            };
            return Err(no_format(source, column, &unreadable, self.present, format));
        }
        Ok((self.dates, unreadable))
    }
}

impl TimeColumn {
    /// With room for so many values.
    pub fn new(zone: Zone, edge: Edge, format: Option<Format>, room: usize) -> Self {
        Self {
            zone,
            edge,
            format,
            month_first: Vec::with_capacity(room),
            day_first: Vec::new(),
            kinds: Vec::with_capacity(room),
            midnights: Some(Vec::with_capacity(room)),
            dates: 0,
            unreadable: Counted::default(),
            seen: Default::default(),
            only_month_first: Counted::default(),
            only_day_first: Counted::default(),
            only: Default::default(),
            differs: Default::default(),
        }
    }

    /// Only what the values tell of their form is wanted, not the values.
    pub fn clear(&mut self) {
        self.month_first.clear();
        self.day_first.clear();
        self.kinds.clear();
        self.midnights.iter_mut().for_each(Vec::clear);
    }

    /// Whether a value is no midnight: then no later one makes dates of them.
    pub fn has_clock(&self) -> bool {
        self.midnights.is_none()
    }

    /// Whether all texts so far have their year first, those apart that are no times at all.
    pub fn is_year_first(&self) -> bool {
        let count = |layout: Layout| self.seen[layout as usize].count;
        count(Layout::YearFirst) > 0 && Layout::ALL[1..].iter().all(|layout| count(*layout) == 0)
    }

    /// How texts are to be read, by all values.
    ///
    /// # Errors
    /// When two readings fit.
    pub fn form(&mut self, source: &Source, column: &str) -> Result<Form, DataError> {
        if let Some(format) = &self.format {
            return Ok(Form::Declared(format.clone()));
        }
        let layout = self.layout().unwrap_or(Layout::YearFirst);
        let day_first = layout.is_open() && self.day_comes_first(layout, source, column)?;
        Ok(Form::Found { layout, day_first })
    }

    /// In which most values are written; nothing without any.
    fn layout(&self) -> Option<Layout> {
        let count = |layout: &Layout| self.seen[*layout as usize].count;
        let layout = Layout::ALL.into_iter().max_by_key(|layout| (count(layout), std::cmp::Reverse(*layout)));
        layout.filter(|layout| count(layout) > 0)
    }

    fn push(&mut self, at: Instant, kind: Kind) {
        self.both(at, at, kind);
    }

    /// The same of a value that is a midnight, or is none.
    fn push_of_day(&mut self, at: Instant, kind: Kind, midnight: Option<Midnight>) {
        self.mark(midnight);
        self.push(at, kind);
    }

    fn mark(&mut self, midnight: Option<Midnight>) {
        match (midnight, &mut self.midnights) {
            (Some(midnight), Some(midnights)) => midnights.push(midnight),
            (None, midnights) => *midnights = None,
            _ => {}
        }
    }

    fn both(&mut self, month_first: Instant, day_first: Instant, kind: Kind) {
        if month_first != day_first && self.day_first.is_empty() {
            self.day_first = self.month_first.clone();
        }
        if month_first != day_first || !self.day_first.is_empty() {
            self.day_first.push(day_first);
        }
        self.month_first.push(month_first);
        self.kinds.push(kind);
    }

    pub fn push_missing(&mut self) {
        self.push_of_day(NEVER, Kind::Missing, Some(Midnight::Date));
    }

    pub fn push_text(&mut self, text: &str, spot: Spot) {
        if let Some(format) = &self.format {
            match format.read(text, &self.zone, self.edge) {
                Some((at, date)) => {
                    self.dates += u64::from(date);
                    let midnight = if date { Some(Midnight::Date) } else { Midnight::of(at, &self.zone) };
                    self.push_of_day(at, Kind::Sure, midnight);
                }
                None => self.push_unreadable(text, spot),
            }
            return;
        }
        let Some(written) = Written::parse(text) else { return self.push_unreadable(text, spot) };
        let read = |month| written.at(month, &self.zone, self.edge).unwrap_or(NEVER);
        let (month_first, day_first) = match written.layout {
            Layout::Dots => (read(MonthPlace::Second), NEVER),
            layout if layout.is_open() => (read(MonthPlace::First), read(MonthPlace::Second)),
            _ => (read(MonthPlace::First), NEVER),
        };
        if month_first == NEVER && day_first == NEVER {
            return self.push_unreadable(text, spot);
        }
        self.dates += u64::from(written.is_date());
        self.mark(written.midnight());
        let layout = written.layout as usize;
        self.seen[layout].add(spot, text);
        if !written.layout.is_open() {
            return self.push(month_first, Kind::Written(written.layout));
        }
        let (only_month_first, only_day_first) = &mut self.only[layout];
        match (month_first == NEVER, day_first == NEVER) {
            (false, true) => {
                *only_month_first += 1;
                self.only_month_first.add(spot, text);
            }
            (true, false) => {
                *only_day_first += 1;
                self.only_day_first.add(spot, text);
            }
            _ if month_first != day_first && self.differs[layout].is_none() => {
                self.differs[layout] = Some((spot, shortened(text)));
            }
            _ => {}
        }
        self.both(month_first, day_first, Kind::Written(written.layout));
    }

    fn push_unreadable(&mut self, text: &str, spot: Spot) {
        self.unreadable.add(spot, text);
        self.push_of_day(NEVER, Kind::Unreadable, Some(Midnight::Date));
    }

    /// Values that are instants already; false, and nothing taken, where any must be looked at.
    pub fn push_instants(&mut self, cells: &Cells, rows: impl Iterator<Item = usize> + Clone) -> bool {
        let values = match cells {
            Cells::Instant(values) => values,
            Cells::Clock(values) if self.zone.is_utc() => values,
            _ => return false,
        };
        let is_sure = |row: usize| values[row] == NO_INTEGER || CALENDAR.contains(&values[row]);
        if !self.day_first.is_empty() || !rows.clone().all(is_sure) {
            return false;
        }
        for row in rows.clone() {
            if self.midnights.is_none() {
                break;
            }
            let is_missing = values[row] == NO_INTEGER;
            self.mark(if is_missing { Some(Midnight::Date) } else { self.midnight_of(cells, values[row]) });
        }
        // A missing whole number is the same as a missing instant.
        self.month_first.extend(rows.clone().map(|row| values[row]));
        self.kinds.extend(rows.map(|row| if values[row] == NO_INTEGER { Kind::Missing } else { Kind::Sure }));
        true
    }

    fn midnight_of(&self, cells: &Cells, at: Instant) -> Option<Midnight> {
        match cells {
            Cells::Date(_) => Some(Midnight::Date),
            Cells::Clock(_) => (self.zone.start_of(self.zone.date(at)) == at).then_some(Midnight::InZone),
            _ => Midnight::of(at, &self.zone),
        }
    }

    /// A value of a file that has times of its own.
    pub fn push_cell(&mut self, cells: &Cells, row: usize, spot: Spot) {
        match own_time(cells, row, &self.zone, self.edge) {
            Own::Missing => self.push_missing(),
            Own::At(NEVER) => self.push_unreadable("", spot),
            Own::At(at) => {
                self.dates += u64::from(matches!(cells, Cells::Date(_)));
                self.push_of_day(at, Kind::Sure, self.midnight_of(cells, at));
            }
        }
    }

    /// Settles on one reading of all values.
    ///
    /// # Errors
    /// When two readings fit, or none fits nearly all.
    pub fn finish(mut self, source: &Source, column: &str) -> Result<Times, DataError> {
        let total = self.kinds.iter().filter(|kind| **kind != Kind::Missing).count() as u64;
        let layout = self.layout();
        for other in Layout::ALL.into_iter().filter(|other| Some(*other) != layout) {
            let seen = std::mem::take(&mut self.seen[other as usize]);
            self.unreadable.append(seen);
        }
        let day_first = match layout {
            Some(layout) if layout.is_open() => self.day_comes_first(layout, source, column)?,
            _ => false,
        };
        let mut at = if day_first && !self.day_first.is_empty() { self.day_first } else { self.month_first };
        // Without a layout nothing was written in another.
        if layout.is_some() {
            for (value, kind) in at.iter_mut().zip(&self.kinds) {
                if matches!(kind, Kind::Written(own) if Some(*own) != layout) {
                    *value = NEVER;
                }
            }
        }
        if too_many(self.unreadable.count, total) {
            return Err(no_format(source, column, &self.unreadable, total, self.format.as_ref()));
        }
        let midnights = self.midnights.filter(|_| total > 0);
        let are_dates = midnights.is_some();
        for (value, midnight) in at.iter_mut().zip(midnights.iter().flatten()).filter(|(value, _)| **value != NEVER) {
            *value = midnight.edge(*value, &self.zone, self.edge);
        }
        let dates = if are_dates { total - self.unreadable.count } else { self.dates };
        Ok(Times { at, dates, are_dates, unreadable: self.unreadable })
    }

    /// Whether dates with the year last have their day first: the reading that fits what the other does not.
    fn day_comes_first(&mut self, layout: Layout, source: &Source, column: &str) -> Result<bool, DataError> {
        let seen = self.seen[layout as usize].count;
        let (not_day_first, not_month_first) = self.only[layout as usize];
        let (fits_month, fits_day) = (!too_many(not_month_first, seen), !too_many(not_day_first, seen));
        let day_first = match (not_month_first, not_day_first) {
            (0, 0) => match self.differs[layout as usize].clone() {
                Some(example) => return Err(self.ambiguous(layout, example, source, column)),
                // Nothing but days like 5/5: both readings say the same.
                None => return Ok(false),
            },
            (0, _) => false,
            (_, 0) => true,
            _ if fits_month && !fits_day => false,
            _ if fits_day && !fits_month => true,
            _ if fits_day && fits_month => {
                let example = self.differs[layout as usize].clone().or(self.only_day_first.first.first().cloned());
                match example {
                    Some(example) => return Err(self.ambiguous(layout, example, source, column)),
                    None => return Ok(false),
                }
            }
            // Neither fits: the error of the reading that fits better tells.
            _ => not_day_first < not_month_first,
        };
        let misfits = if day_first { &mut self.only_month_first } else { &mut self.only_day_first };
        let misfits = std::mem::take(misfits);
        self.unreadable.append(misfits);
        Ok(day_first)
    }

    fn ambiguous(&self, layout: Layout, (spot, value): (Spot, String), source: &Source, column: &str) -> DataError {
        let say = |month| {
            let at = Written::parse(&value).and_then(|written| written.at(month, &self.zone, Edge::Start));
            at.map_or("no date".into(), |at| self.zone.date(at).to_string())
        };
        let sign = if layout == Layout::Slashes { '/' } else { '-' };
        let rest = clock_directives(&value);
        Box::new(AmbiguousTime {
            input: source.input,
            column: column.into(),
            place: source.place(spot, "", ""),
            month_first: say(MonthPlace::First),
            day_first: say(MonthPlace::Second),
            month_format: format!("%m{sign}%d{sign}%Y{rest}"),
            day_format: format!("%d{sign}%m{sign}%Y{rest}"),
            value,
        })
        .into()
    }
}

/// An instant, if it lies within the calendar.
fn on_calendar(at: Instant) -> Instant {
    if CALENDAR.contains(&at) { at } else { NEVER }
}

/// What a format needs after the date, for an example value.
fn clock_directives(value: &str) -> &'static str {
    let evening = value.to_ascii_lowercase().ends_with('m');
    match (value.matches(':').count(), evening) {
        (0, _) => "",
        (1, false) => " %H:%M",
        (1, true) => " %I:%M %p",
        (_, false) => " %H:%M:%S",
        (_, true) => " %I:%M:%S %p",
    }
}

/// More than one value and more than one in a hundred: that is no slip of the pen, the format is another.
pub(crate) fn too_many(wrong: u64, total: u64) -> bool {
    wrong > 0 && (wrong == total || wrong > (total / 100).max(1))
}

fn no_format(source: &Source, column: &str, unreadable: &Counted, total: u64, format: Option<&Format>) -> DataError {
    let words = || unreadable.first.iter().map(|(_, value)| value.as_str());
    let yaml = |format: &Format| {
        let quote = if matches!(format, Format::Pattern(_)) { "\"" } else { "" };
        format!("`format: {{ {}: {quote}{}{quote} }}`", yaml_name(column), format.as_str())
    };
    let declared = format.map_or_else(String::new, |format| format!("the declared format is `{}`; ", format.as_str()));
    let input = source.input;
    let advice = if words().all(|word| is_null_word(word) || is_zero(word)) && words().next().is_some() {
        format!("these mean that nothing is there: declare `{}` under `{input}`", nulls(words()))
    } else {
        let of = |(format, value, at): &(Format, String, String)| {
            let is_rounded = matches!(format, Format::Seconds | Format::Milliseconds) && value.contains(['e', 'E']);
            let rounded = if is_rounded { ", as a spreadsheet rounded it: better export it again as text" } else { "" };
            format!("{} (`{value}` is then {at}{rounded})", yaml(format))
        };
        let fitting: Vec<String> = proposals(source, column, words()).iter().map(of).collect();
        match fitting.as_slice() {
            [] if unreadable.count == total => format!(
                "{declared}if `{column}` is not the column that is meant, name another; else write times as `2026-01-31 14:05`"
            ),
            [] => format!(
                "{declared}no one way of writing fits all values: write them alike, or if some mean that nothing is there, declare these by `nulls`"
            ),
            [one] => format!("{declared}declare {one} under `{input}`, which fits every value"),
            several => format!(
                "{declared}each of these fits every value, declare the one that is meant under `{input}`: {}",
                several.join(" or ")
            ),
        }
    };
    DataError::Values {
        input: source.input,
        column: column.into(),
        count: unreadable.count,
        total,
        expected: "times in one format",
        examples: with_places(source, unreadable),
        advice,
    }
}

/// `0000-00-00`: what some databases write for no date.
fn is_zero(value: &str) -> bool {
    value.contains('0') && !value.contains(|c: char| c.is_alphanumeric() && c != '0')
}

/// Formats that read every value of a column, each with what it makes of the first that could not be read.
fn proposals<'v>(
    source: &Source,
    column: &str,
    unreadable: impl Iterator<Item = &'v str>,
) -> Vec<(Format, String, String)> {
    let nulls = Nulls::new(source.dialect.nulls(column));
    let Some(example) = unreadable.map(str::to_owned).find(|word| !is_null_word(word) && !is_zero(word)) else {
        return Vec::new();
    };
    let mut fitting = Format::candidates(&example);
    let Ok(place) = source.column(column, "") else { return Vec::new() };
    let zone = Zone::utc();
    let read = source.read(
        source.decode(&[place], None),
        &|_| (),
        |_| (),
        |batch, ()| {
            let texts = batch.cells[0].as_text();
            for text in texts.iter().filter_map(|text| nulls.text(text)) {
                fitting.retain(|format| format.is_likely(text, &zone));
            }
            !fitting.is_empty()
        },
    );
    if read.is_err() {
        return Vec::new();
    }
    let shown = |format: Format| {
        let at = format.read(&example, &zone, Edge::Start)?.0;
        Some((format, example.clone(), zone.text(at)))
    };
    fitting.into_iter().filter_map(shown).collect()
}

/// The first few values, and where they stand.
pub(crate) fn with_places(source: &Source, counted: &Counted) -> String {
    let one = |(spot, value): &(Spot, String)| format!("`{value}` ({})", source.place(*spot, "", ""));
    counted.first.iter().take(3).map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_in_a_hundred_is_a_finding_and_more_is_another_format() {
        assert!(!too_many(0, 0) && !too_many(1, 3) && !too_many(10, 1000));
        assert!(too_many(1, 1) && too_many(2, 3) && too_many(11, 1000));
    }
}
