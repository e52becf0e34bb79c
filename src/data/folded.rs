//! Features that an engine made of the event log, read back, with what it counted of the log.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use crate::predicate::find_name;
use crate::table::{Column, Ids, inert};
use crate::time::{DAY, Instant, NEVER, Zone};

use super::DataError;
use super::cells::{Batch, Cells, NO_INTEGER, Spot};
use super::finding::{Finding, FindingLevel, Findings, What};
use super::history::{EventChunk, Events, Folded, Weeks};
use super::joins::no_cure;
use super::outcomes::left_out_by;
use super::sieve::NO_KIND;
use super::source::{Progress, Source};
use super::spec::{Dialect, EventsSpec, Paths};
use super::values::EXACT;
use super::weeks::{Arrivals, KindWeeks};

/// Columns of every result, those of features apart.
pub const LEAD: &str = "lead_id";
pub const AS_OF: &str = "as_of";
/// What was asked, as a hash.
pub const PLAN: &str = "plan";
/// Events of the lead that its score may see.
pub const EVENTS: &str = "events";
/// What a row counts; the row of a lead counts nothing.
pub const COUNT_OF: &str = "count_of";
pub const NAME: &str = "name";
/// Microseconds from the first creation of a lead to the beginning of the week.
pub const WEEK: &str = "week_at";
/// Microseconds from the lead's creation to the beginning of the week after it.
pub const LAG: &str = "lag_at";
pub const N: &str = "n";
pub const FIRST: &str = "first_at";
pub const LAST: &str = "last_at";

/// In their order.
pub const FIXED: [&str; 11] = [LEAD, AS_OF, PLAN, EVENTS, COUNT_OF, NAME, WEEK, LAG, N, FIRST, LAST];
/// Those of them that are text.
pub const TEXTS: [&str; 4] = [LEAD, PLAN, COUNT_OF, NAME];

/// What rows count.
pub mod counted {
    /// Events of known leads until `until`, by kind, week and lag.
    pub const EVENT: &str = "event";
    /// Those after it, by kind.
    pub const LATER: &str = "later";
    /// Rows of known leads without a time.
    pub const TIMELESS: &str = "timeless";
    /// Rows of known leads that the condition leaves out.
    pub const LEFT_OUT: &str = "left out";
    /// Rows whose id stands in another.
    pub const REPEAT: &str = "repeat";
    /// Such that are not equal to the other.
    pub const DIFFERING: &str = "differing repeat";
    pub const STRANGER: &str = "stranger";
    pub const NAMELESS: &str = "nameless";
    /// Leads with a time of creation, and the first and last of these.
    pub const LEADS: &str = "leads";
    /// The `until` that the statement was written with.
    pub const UNTIL: &str = "until";
    /// A column of the events, and what it holds.
    pub const COLUMN: &str = "column ";
}

/// Weeks after creation that are told apart.
pub const LAGS: i64 = 25;
pub const WEEK_LONG: i64 = 7 * DAY;

/// What a result is held against.
pub(crate) struct Beside<'a> {
    pub ids: &'a Ids,
    pub created: Option<&'a [Instant]>,
    pub until: Option<Instant>,
    pub zone: &'a Zone,
    /// The events' own columns that models read.
    pub columns: &'a [String],
}

/// A row that counts.
struct Count {
    of: String,
    name: Option<String>,
    week: Option<i64>,
    lag: Option<i64>,
    n: u64,
    first: Instant,
    last: Instant,
}

/// What is made of a batch.
#[derive(Default)]
struct Part {
    plan: Option<String>,
    leads: Vec<u32>,
    spots: Vec<Spot>,
    as_of: Vec<Instant>,
    events: Vec<i64>,
    columns: Vec<Vec<Option<i64>>>,
    counts: Vec<Count>,
}

/// Reads the result of the statement that `leadoff sql` writes.
///
/// # Errors
/// When it is none, or not one of these leads and of this `until`; the message says what to do.
pub(crate) fn read(
    (spec, paths): (&EventsSpec, &Paths),
    beside: &Beside,
    base: &Path,
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> Result<Events, DataError> {
    let source = Source::open("events", paths, Dialect::default(), base).map_err(|error| match error {
        DataError::NoFile { pattern, hint, .. } => DataError::Spec(format!(
            "data.events.features: no file matches `{pattern}`{hint}; run the statement that `leadoff sql` writes where the log lies, and save its result there"
        )),
        other => other,
    })?;
    let names = source.header.iter().map(String::as_str);
    let fixed = FIXED.map(|name| find_name(names.clone(), name));
    if let Some((name, _)) = FIXED.iter().zip(&fixed).find(|(_, place)| place.is_none()) {
        return Err(DataError::Spec(format!(
            "data.events.features: {} has no column `{name}`, expected the whole result of the statement that `leadoff sql` writes",
            source.files[0].shown
        )));
    }
    let fixed: Vec<usize> = fixed.into_iter().flatten().collect();
    let own: Vec<usize> = (0..source.header.len()).filter(|place| !fixed.contains(place)).collect();
    let places: Vec<usize> = fixed.iter().chain(&own).copied().collect();
    let reading = Reading { source: &source, places: &places, ids: beside.ids };
    let mut whole = Part { columns: vec![Vec::new(); own.len()], ..Part::default() };
    let (mut wrong, mut seen) = (None, HashSet::new());
    source.read(
        source.decode(&places, None),
        progress,
        |batch| reading.part(batch),
        |_, part| {
            let appended = part.and_then(|part| whole.append(part, &mut seen, &reading));
            wrong = appended.err();
            wrong.is_none()
        },
    )?;
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let columns = own.iter().map(|&place| source.header[place].to_lowercase()).zip(std::mem::take(&mut whole.columns));
    let folded = Folded {
        shown: source.files[0].shown.clone(),
        plan: whole.plan.unwrap_or_default(),
        leads: whole.leads,
        as_of: whole.as_of,
        events: whole.events,
        columns: columns.collect(),
    };
    whole_result(&whole.counts, beside, &source)?;
    Ok(events(spec, &whole.counts, beside, (&source, folded), findings))
}

struct Reading<'a> {
    source: &'a Source,
    /// Of what is read, in the header: the columns of every result, then the others.
    places: &'a [usize],
    ids: &'a Ids,
}

impl Reading<'_> {
    fn wrong(&self, spot: Spot, what: &str) -> DataError {
        let place = self.source.place(spot, "", "");
        DataError::Spec(format!("{place}: {what}"))
    }

    fn part(&self, batch: &Batch) -> Result<Part, DataError> {
        let texts = [0, 2, 4, 5].map(|cell| batch.cells[cell].as_text());
        let [lead, plan, of, name] = &texts;
        let mut part = Part { columns: vec![Vec::new(); self.places.len() - FIXED.len()], ..Part::default() };
        let whole = |cell: usize, row: usize| {
            whole(&batch.cells[cell], row).map_err(|found| {
                let column = &self.source.header[self.places[cell]];
                let what = format!(
                    "column `{column}` holds `{}`, expected a whole number or nothing; save the statement's result without rounding its numbers, as Parquet or CSV",
                    inert(&found)
                );
                self.wrong(batch.spot(row), &what)
            })
        };
        for row in 0..batch.rows() {
            let known = plan.get(row).trim();
            match &part.plan {
                Some(other) if other != known => return Err(self.two_plans(batch.spot(row), other, known)),
                Some(_) => {}
                None => part.plan = Some(known.into()),
            }
            let id = lead.get(row).trim();
            if id.is_empty() {
                let text = |text: &str| (!text.is_empty()).then(|| text.to_string());
                part.counts.push(Count {
                    of: of.get(row).trim().into(),
                    name: text(name.get(row).trim()),
                    week: whole(6, row)?,
                    lag: whole(7, row)?,
                    n: whole(8, row)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
                    first: whole(9, row)?.unwrap_or(Instant::MAX),
                    last: whole(10, row)?.unwrap_or(NEVER),
                });
                continue;
            }
            let Some(place) = self.ids.find(id) else {
                let what = format!(
                    "`{}` is none of the leads that `data.leads` reads: the statement ran on other leads; run it again on these (`leadoff sql` writes it)",
                    inert(id)
                );
                return Err(self.wrong(batch.spot(row), &what));
            };
            part.leads.push(place as u32);
            part.spots.push(batch.spot(row));
            part.as_of.push(whole(1, row)?.unwrap_or(NEVER));
            part.events.push(whole(3, row)?.unwrap_or(0));
            for (column, cell) in part.columns.iter_mut().zip(FIXED.len()..) {
                column.push(whole(cell, row)?);
            }
        }
        Ok(part)
    }

    fn two_plans(&self, spot: Spot, one: &str, other: &str) -> DataError {
        let what = format!(
            "plan `{}` stands here and plan `{}` before: the results of two statements; save one alone, of the statement that `leadoff sql` writes now",
            inert(other),
            inert(one)
        );
        self.wrong(spot, &what)
    }
}

impl Part {
    fn append(&mut self, other: Self, seen: &mut HashSet<u32>, reading: &Reading) -> Result<(), DataError> {
        let spot = other.spots.first().copied().unwrap_or(Spot { file: 0, line: 1 });
        match (&self.plan, &other.plan) {
            (Some(one), Some(two)) if one != two => return Err(reading.two_plans(spot, one, two)),
            (None, _) => self.plan = other.plan,
            _ => {}
        }
        for (lead, spot) in other.leads.iter().zip(&other.spots) {
            if !seen.insert(*lead) {
                let what = format!(
                    "lead `{}` stands in a row before: its rows in the engine's table of leads differ in their time of creation, or two results were saved together; leave one",
                    inert(reading.ids.get(*lead as usize))
                );
                return Err(reading.wrong(*spot, &what));
            }
        }
        self.leads.extend(other.leads);
        self.as_of.extend(other.as_of);
        self.events.extend(other.events);
        self.counts.extend(other.counts);
        self.columns.iter_mut().zip(other.columns).for_each(|(own, other)| own.extend(other));
        Ok(())
    }
}

/// A whole number as engines save it; what was found where it is none.
fn whole(cells: &Cells, row: usize) -> Result<Option<i64>, String> {
    match cells {
        Cells::Integer(values) => Ok((values[row] != NO_INTEGER).then_some(values[row])),
        Cells::Number(values) => of_float(values[row]),
        Cells::Text(block) => {
            let text = block.get(row).trim();
            if text.is_empty() {
                return Ok(None);
            }
            match text.parse() {
                Ok(whole) => Ok(Some(whole)),
                Err(_) => text.parse().map_or_else(|_| Err(text.into()), of_float).map_err(|_| text.into()),
            }
        }
        Cells::Flag(values) => values[row].map_or(Ok(None), |flag| Err(flag.to_string())),
        Cells::Instant(values) | Cells::Clock(values) | Cells::Date(values) => match values[row] {
            NO_INTEGER => Ok(None),
            _ => Err("a time".into()),
        },
    }
}

/// Programs that have no missing whole number write floats.
fn of_float(value: f64) -> Result<Option<i64>, String> {
    match value {
        missing if missing.is_nan() => Ok(None),
        whole if whole.fract() == 0.0 && whole.abs() <= EXACT => Ok(Some(whole as i64)),
        other => Err(other.to_string()),
    }
}

fn of<'a>(counts: &'a [Count], what: &'a str) -> impl Iterator<Item = &'a Count> {
    counts.iter().filter(move |count| count.of == what)
}

/// That the result is whole, of these leads and of this `until`.
fn whole_result(counts: &[Count], beside: &Beside, source: &Source) -> Result<(), DataError> {
    let shown = &source.files[0].shown;
    let wrong = |why: String| Err(DataError::Spec(format!("{shown}: {why}")));
    let text = |at: Instant| beside.zone.text(at);
    let Some((leads, until)) = of(counts, counted::LEADS).next().zip(of(counts, counted::UNTIL).next()) else {
        let why = "holds no rows that count the log (`count_of`): save every row of the statement's result";
        return wrong(why.into());
    };
    if let Some(ours) = beside.until.filter(|ours| *ours != until.last) {
        return wrong(format!(
            "made until {}, and here `until` is {}: run the statement that `leadoff sql` writes now",
            text(until.last),
            text(ours)
        ));
    }
    let made: Vec<&str> =
        counts.iter().filter(|one| one.of.starts_with(counted::COLUMN)).filter_map(|one| one.name.as_deref()).collect();
    if let Some(name) = beside.columns.iter().find(|name| find_name(made.iter().copied(), name).is_none()) {
        return wrong(format!(
            "made for models that do not read the events' column `{}`: run the statement that `leadoff sql` writes now",
            inert(name)
        ));
    }
    let differing: u64 = of(counts, counted::DIFFERING).map(|one| one.n).sum();
    if differing > 0 {
        return wrong(format!(
            "{differing} rows of the log share `data.events.id` with a row that says something else, and in a table none is the first: make the ids unique there"
        ));
    }
    let known = || beside.created.into_iter().flatten().copied().filter(|at| *at != NEVER);
    let (n, first) = (known().count() as u64, known().min().unwrap_or(Instant::MAX));
    if leads.n != n {
        return wrong(format!(
            "made of {} leads with a time of creation, and `data.leads` has {n}: run the statement again on these leads",
            leads.n
        ));
    }
    if leads.first != first && n > 0 {
        return wrong(format!(
            "there the first lead is created {}, and here {}: the engine reads times in another zone, or has other leads; make its column one of instants, or of clocks in UTC",
            text(leads.first),
            text(first)
        ));
    }
    Ok(())
}

/// The log as if it had been read, without an event.
fn events(
    spec: &EventsSpec,
    counts: &[Count],
    beside: &Beside,
    (source, folded): (&Source, Folded),
    findings: &mut Findings,
) -> Events {
    let kind = |count: &Count| count.name.clone().unwrap_or_else(|| NO_KIND.into());
    let of_known =
        || counts.iter().filter(|one| [counted::EVENT, counted::LATER, counted::TIMELESS].contains(&one.of.as_str()));
    let mut kinds: BTreeSet<String> = of_known().map(kind).collect();
    kinds.extend(spec.kind_is.clone());
    let kinds: Vec<String> = kinds.into_iter().collect();
    let timed = || of_known().filter(|one| one.of != counted::TIMELESS);
    let latest = timed().map(|one| one.last).max().unwrap_or(NEVER);
    let arrivals = beside.created.and_then(|created| {
        let end = || created.iter().copied().max().max(Some(latest)).unwrap_or(0);
        Arrivals::of(created, beside.until.unwrap_or_else(end))
    });
    let weeks = arrivals.map(|arrivals| {
        let mut weeks: Vec<KindWeeks> = kinds.iter().map(|_| KindWeeks::new(&arrivals)).collect();
        for one in of(counts, counted::EVENT) {
            if let (Some(lag), Ok(place)) = (one.lag, kinds.binary_search(&kind(one))) {
                weeks[place].add_counted(one.week, lag, one.n, (one.first, one.last));
            }
        }
        Weeks { arrivals, kinds: weeks }
    });
    let columns: Vec<(String, Column)> = counts.iter().filter_map(column).collect();
    let chunk =
        EventChunk { columns: columns.iter().map(|(_, column)| column.clone()).collect(), ..EventChunk::default() };
    let midnight = |at: Instant| at.rem_euclid(DAY) == 0;
    report(spec, counts, source, findings);
    Events {
        are_dates: timed().next().is_some() && timed().all(|one| midnight(one.first) && midnight(one.last)),
        columns: columns.into_iter().map(|(name, _)| name).collect(),
        kinds,
        chunks: vec![chunk],
        latest,
        after_until: of(counts, counted::LATER).map(|one| one.n).sum(),
        weeks,
        folded: Some(folded),
    }
}

fn column(count: &Count) -> Option<(String, Column)> {
    let column = match count.of.strip_prefix(counted::COLUMN)? {
        "number" => Column::Number(Vec::new()),
        "flag" => Column::Flag(Vec::new()),
        "time" => Column::Instant(Vec::new()),
        _ => Column::Text(std::iter::empty::<Option<&str>>().collect()),
    };
    Some((count.name.clone()?, column))
}

/// What would have been found while reading the log; the rows are not named.
fn report(spec: &EventsSpec, counts: &[Count], source: &Source, findings: &mut Findings) {
    let n = |what: &str| of(counts, what).map(|one| one.n).sum::<u64>();
    let of_known = n(counted::EVENT) + n(counted::LATER) + n(counted::TIMELESS);
    let repeated = spec.id.as_deref().unwrap_or_default();
    let text = format!("rows of the events whose `{repeated}` stands in another row, read once");
    if n(counted::REPEAT) > 0 {
        let finding = Finding::new(source.input, What::IdenticalEvents, FindingLevel::Note, n(counted::REPEAT), text);
        findings.list.push(finding);
    }
    let left_out = spec.only.as_ref().and_then(|only| left_out_by(only, source.input, n(counted::LEFT_OUT)));
    findings.list.extend(left_out);
    let mut note = |what, level, count, text: String, advice: String| {
        if count > 0 {
            findings.list.push(Finding::new(source.input, what, level, count, text).advice(advice));
        }
    };
    let lead = &spec.lead.column;
    let text = format!("rows of the events that name no lead (`{lead}` is empty), left out");
    note(What::RowWithoutLead, FindingLevel::Note, n(counted::NAMELESS), text, String::new());
    let strangers = n(counted::STRANGER);
    let level = match (of_known, strangers as f64 > 0.01 * of_known as f64) {
        (0, _) => FindingLevel::Forbids,
        (_, true) => FindingLevel::Doubt,
        (_, false) => FindingLevel::Note,
    };
    let text = "rows of the events whose lead is not among the leads, left out".to_string();
    note(What::EventWithoutLead, level, strangers, text, no_cure(of_known));
    let without: u64 = counts
        .iter()
        .filter(|one| {
            one.name.is_none() && [counted::EVENT, counted::LATER, counted::TIMELESS].contains(&one.of.as_str())
        })
        .map(|one| one.n)
        .sum();
    let column = spec.kind.0.join("`, `");
    let text = format!("events without a kind (`{column}`), read as `{NO_KIND}`");
    note(What::MissingKind, FindingLevel::Doubt, without, text, String::new());
    let text = format!("events without a readable time (`{}`), left out", spec.at);
    note(What::MissingTime, FindingLevel::Doubt, n(counted::TIMELESS), text, String::new());
}

/// The only section of the log whose features an engine made.
///
/// # Errors
/// When there is another section beside it, or what the engine does not give is asked for.
pub(crate) fn section<'a>(
    logs: &'a [EventsSpec],
    worked: &[String],
) -> Result<Option<(&'a EventsSpec, &'a Paths)>, DataError> {
    let Some((log, paths)) = logs.iter().find_map(|log| Some((log, log.features.as_ref()?))) else { return Ok(None) };
    if logs.len() > 1 {
        let why = "data.events: `features` stands for a whole log, and there are several sections; make one table of them in the engine, and one section here";
        return Err(DataError::Spec(why.into()));
    }
    if !worked.is_empty() {
        let why = "data.outcomes.worked: names kinds of events, and `data.events.features` holds none; name a column of times, or leave out `features`";
        return Err(DataError::Spec(why.into()));
    }
    Ok(Some((log, paths)))
}
