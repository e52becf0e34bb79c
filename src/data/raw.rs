use serde::Serialize;

use crate::stats::Interval;
use crate::stats::proportion::wilson;
use crate::table::{Cell, Column, did_you_mean};
use crate::time::{Calendar, Instant, NEVER, days};

use super::history::History;
use super::reader::shortened;
use super::{DataError, Findings};

/// What the data say before any replay: no window, no horizon, no model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RawTable {
    /// All leads. Recent ones have had less time to convert: the rate is naive.
    pub all: RawRow,
    /// By when they were created, the earliest first; empty without creation times.
    pub cohorts: Vec<RawRow>,
    pub by: Vec<RawColumn>,
    /// First and last creation.
    pub created: Option<(Instant, Instant)>,
    /// First and last recorded outcome, won or lost.
    pub outcomes: Option<(Instant, Instant)>,
    pub until: Instant,
}

/// Leads that were won by `until`, among some.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RawRow {
    pub name: String,
    pub leads: u64,
    pub wins: u64,
    /// Wins by lead, 0 to 1; NaN without leads.
    pub rate: f64,
    /// Wilson's, at the confidence asked for; nothing without leads.
    pub interval: Option<Interval>,
}

/// Leads by the values of one column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RawColumn {
    pub column: String,
    /// The most frequent first; the missing ones and the rest at the end.
    pub rows: Vec<RawRow>,
}

/// Values of a column that are shown on their own.
const LEVELS: usize = 12;

/// Counts leads and wins by creation cohort and by the columns named.
///
/// # Errors
/// When a column is not among the leads' attributes: says why, or names the nearest.
pub fn raw_table(
    history: &History,
    findings: &Findings,
    by: &[String],
    cohorts: Calendar,
    confidence: f64,
) -> Result<RawTable, DataError> {
    let won = won_by_until(history);
    let tally = Tally { won: &won, confidence };
    let mut columns = Vec::with_capacity(by.len());
    for name in by {
        let attribute = history.attributes.iter().find(|attribute| attribute.name == *name);
        let attribute = attribute.ok_or_else(|| no_attribute(name, history, findings))?;
        columns.push(RawColumn { column: name.clone(), rows: by_level(history, &attribute.column, &tally) });
    }
    let created = history.created.as_ref();
    Ok(RawTable {
        all: tally.row("all leads", (0..won.len()).collect::<Vec<_>>().as_slice()),
        cohorts: created.map_or(Vec::new(), |created| by_cohort(history, created, cohorts, &tally)),
        by: columns,
        created: created.and_then(|created| range(created.iter().copied())),
        outcomes: range(history.outcomes.wins.iter().map(|win| win.at).chain(history.outcomes.lost.iter().copied())),
        until: history.until,
    })
}

fn no_attribute(name: &str, history: &History, findings: &Findings) -> DataError {
    let near = || did_you_mean(history.attributes.iter().map(|attribute| attribute.name.as_str()), name);
    DataError::Spec(match findings.refusal(name) {
        Some(reason) => format!("leads: `{name}` cannot be used: {reason}"),
        None => format!("leads: no column `{name}`{}", near()),
    })
}

fn won_by_until(history: &History) -> Vec<bool> {
    let mut won = vec![false; history.ids.len()];
    for win in history.outcomes.wins.iter().filter(|win| win.at == NEVER || win.at <= history.until) {
        won[win.lead as usize] = true;
    }
    won
}

fn range(times: impl Iterator<Item = Instant>) -> Option<(Instant, Instant)> {
    times.filter(|at| *at != NEVER).fold(None, |range, at| {
        let (first, last) = range.unwrap_or((at, at));
        Some((first.min(at), last.max(at)))
    })
}

struct Tally<'a> {
    won: &'a [bool],
    confidence: f64,
}

impl Tally<'_> {
    fn row(&self, name: &str, leads: &[usize]) -> RawRow {
        let wins = leads.iter().filter(|&&lead| self.won[lead]).count() as u64;
        let n = leads.len() as f64;
        RawRow {
            name: name.into(),
            leads: leads.len() as u64,
            wins,
            rate: wins as f64 / n,
            interval: wilson(wins as f64, n, self.confidence).ok(),
        }
    }
}

fn by_cohort(history: &History, created: &[Instant], period: Calendar, tally: &Tally) -> Vec<RawRow> {
    let mut order: Vec<usize> = (0..created.len()).collect();
    order.sort_by_key(|&lead| created[lead]);
    let (mut rows, mut rest) = (Vec::new(), order.as_slice());
    while let Some(&first) = rest.first() {
        let start = history.zone.period_start(created[first], period);
        let inside = |lead: &usize| history.zone.period_start(created[*lead], period) == start;
        let (cohort, later) = rest.split_at(rest.partition_point(inside));
        let name = history.zone.period_name(start, period);
        let name = match later.is_empty().then(|| cut_short(history, created, start, period)).flatten() {
            Some(last) => format!("{name} (leads until {last})"),
            None => name,
        };
        rows.push(tally.row(&name, cohort));
        rest = later;
    }
    rows
}

/// The day on which leads end, where the period that holds it goes on: with days of it still to come, or without leads.
fn cut_short(history: &History, created: &[Instant], start: Instant, period: Calendar) -> Option<String> {
    let last = history.zone.date(created.iter().copied().max()?);
    let end = history.zone.date(history.zone.period(start, period).end - 1);
    (days(history.zone.start_of(end) - history.zone.start_of(last)) > QUIET).then(|| last.to_string())
}

/// Days without a lead at the end of a period that are no wonder.
const QUIET: f64 = 3.0;

fn by_level(history: &History, column: &Column, tally: &Tally) -> Vec<RawRow> {
    let name = |row| match column.cell(row) {
        Cell::Missing => None,
        Cell::Number(number) => Some(number.to_string()),
        Cell::Text(text) => Some(shortened(text)),
        Cell::Flag(flag) => Some(flag.to_string()),
        Cell::Instant(at) => Some(history.zone.period_name(at, Calendar::Quarter)),
    };
    let mut order: Vec<(Option<String>, usize)> = (0..column.len()).map(|row| (name(row), row)).collect();
    order.sort();
    let mut levels: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    for (name, row) in order {
        match levels.last_mut().filter(|(last, _)| *last == name) {
            Some((_, rows)) => rows.push(row),
            None => levels.push((name, vec![row])),
        }
    }
    let missing = levels.iter().position(|(name, _)| name.is_none()).map(|place| levels.remove(place).1);
    levels.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
    let rest = levels.split_off(levels.len().min(LEVELS));
    let mut rows: Vec<RawRow> =
        levels.iter().map(|(name, rows)| tally.row(name.as_deref().unwrap_or_default(), rows)).collect();
    if !rest.is_empty() {
        let together: Vec<usize> = rest.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
        rows.push(tally.row(&format!("other ({} values)", rest.len()), &together));
    }
    rows.extend(missing.map(|missing| tally.row("(missing)", &missing)));
    rows
}
