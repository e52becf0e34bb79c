use crate::table::{Ids, MISSING};
use crate::time::{Instant, NEVER};

use super::cells::Cells;
use super::dictionary::Dictionary;
use super::gather::OfBatch;
use super::sink::{ALL, SeenEvent};
use super::values::Nulls;
use super::weeks::{Arrivals, KindWeeks};

/// The kind of events whose kind is missing.
pub(crate) const NO_KIND: &str = "(none)";

/// Which events matter; all are counted.
pub(crate) struct Sieve {
    /// Of every lead: when it was created, and the last instant whose events matter.
    leads: Vec<(Instant, Instant)>,
    until: Instant,
    pub arrivals: Option<Arrivals>,
}

impl Sieve {
    /// `last` is by lead; nothing: all events matter. Without `until` weeks are counted without end.
    pub fn new(created: Option<&[Instant]>, last: Option<&[Instant]>, leads: usize, until: Option<Instant>) -> Self {
        let of = |column: Option<&[Instant]>, lead: usize, otherwise| column.map_or(otherwise, |column| column[lead]);
        let (leads, arrivals) = rayon::join(
            || (0..leads).map(|lead| (of(created, lead, NEVER), of(last, lead, ALL))).collect(),
            || {
                created.and_then(|created| {
                    until.map_or_else(|| Arrivals::endless(created), |until| Arrivals::of(created, until))
                })
            },
        );
        Self { leads, until: until.unwrap_or(Instant::MAX), arrivals }
    }
}

/// What is counted of all events that have a time.
pub(crate) struct Counts {
    /// [`NEVER`] without any.
    pub latest: Instant,
    pub after_until: u64,
    /// By kind; empty where weeks are not counted.
    pub weeks: Vec<KindWeeks>,
}

impl Default for Counts {
    fn default() -> Self {
        Self { latest: NEVER, after_until: 0, weeks: Vec::new() }
    }
}

impl Counts {
    /// Weeks for so many kinds, where weeks are counted.
    pub fn make_room(&mut self, kinds: usize, sieve: &Sieve) {
        if let Some(arrivals) = &sieve.arrivals {
            self.weeks.resize_with(kinds, || KindWeeks::new(arrivals));
        }
    }

    /// One event of a lead created at `born`, of a kind that there is room for.
    #[inline]
    pub fn add(&mut self, sieve: &Sieve, born: Instant, at: Instant, kind: u32) {
        self.latest = self.latest.max(at);
        if at > sieve.until {
            self.after_until += 1;
        } else if let Some(arrivals) = &sieve.arrivals
            && born != NEVER
        {
            self.weeks[kind as usize].add(arrivals, born, at);
        }
    }

    /// Counts of other events, each of whose kinds has its code here; there is room for it.
    fn append(&mut self, other: &Self, codes: &[u32]) {
        self.latest = self.latest.max(other.latest);
        self.after_until += other.after_until;
        for (weeks, &kind) in other.weeks.iter().zip(codes) {
            self.weeks[kind as usize].append(weeks);
        }
    }
}

/// Events whose leads are looked up before any is counted, so that the memory they wait for is fetched at once.
const TOGETHER: usize = 1_024;

/// What is made of a batch of events.
pub(crate) struct Sifted {
    /// Of all events of known leads.
    pub kinds: Ids,
    /// Events that matter, by kind.
    pub seen: Vec<Vec<SeenEvent>>,
    /// Rows of the batch that the columns of these are to be read from, as the events are numbered.
    pub rows: Vec<u32>,
    known: u64,
    without_kind: u64,
    timeless: u64,
    counts: Counts,
}

/// Which rows the columns of events are read from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnRows {
    /// Those of all known leads: what a text column holds is told by all of them.
    All,
    /// Those that matter, and those without a time.
    Seen,
}

impl Sifted {
    /// Counts all events of known leads, and lists those that matter; `at` is by the rows of known leads.
    pub fn of(kinds: &Kinds, of_batch: OfBatch, sieve: &Sieve, at: &[Instant], wanted: ColumnRows) -> Self {
        let OfBatch { leads, mut rows, .. } = of_batch;
        let (kinds, without_kind) = kinds.of(&rows);
        let (known, mut timeless) = (rows.len() as u64, 0);
        let mut counts = Counts::default();
        counts.make_room(kinds.levels.len(), sieve);
        let mut seen = vec![Vec::new(); kinds.levels.len()];
        let (mut listed, mut of_leads) = (0, Vec::with_capacity(TOGETHER));
        let mut matter = [(0, SeenEvent { lead: 0, event: 0, age: 0 }); TOGETHER];
        for start in (0..at.len()).step_by(TOGETHER) {
            let places = start..at.len().min(start + TOGETHER);
            of_leads.clear();
            of_leads.extend(leads[places.clone()].iter().map(|&lead| sieve.leads[lead as usize]));
            let mut matters = 0;
            for (place, &(born, last)) in places.zip(&of_leads) {
                let (lead, at, kind) = (leads[place], at[place], kinds.codes[place]);
                // Rows move up over those that are not listed.
                let event = if wanted == ColumnRows::All { place } else { listed };
                rows[event] = rows[place];
                if at == NEVER {
                    timeless += 1;
                    listed += 1;
                    continue;
                }
                counts.add(sieve, born, at, kind);
                // Whether it matters is hard to foretell: each is written down, and the next one over it if not.
                matter[matters] = (kind, SeenEvent { lead, event: event as u32, age: last.saturating_sub(at) });
                matters += usize::from(at <= last);
                listed += usize::from(at <= last);
            }
            matter[..matters].iter().for_each(|&(kind, event)| seen[kind as usize].push(event));
        }
        if wanted == ColumnRows::Seen {
            rows.truncate(listed);
        }
        Self { kinds: kinds.levels, seen, rows, known, without_kind, timeless, counts }
    }
}

/// Where the kinds of a batch's events stand.
pub(crate) enum Kinds<'a> {
    /// All are of one.
    Are(&'a str),
    In(&'a Cells, &'a Nulls),
    /// In several columns, whose values make one name.
    InAll(&'a [Cells], &'a [Nulls]),
}

impl Kinds<'_> {
    /// The kind of each row, and how many had none.
    pub fn of(&self, rows: &[u32]) -> (Dictionary, u64) {
        let mut kinds = Dictionary::default();
        match self {
            Self::Are(kind) => {
                let code = kinds.code(kind);
                kinds.codes.resize(rows.len(), code);
            }
            Self::In(cells, nulls) => {
                kinds.push_block(&cells.as_text(), nulls, rows.iter().map(|&row| row as usize));
            }
            Self::InAll(cells, nulls) => {
                let texts: Vec<_> = cells.iter().map(Cells::as_text).collect();
                for &row in rows {
                    let parts = texts.iter().zip(*nulls).filter_map(|(text, nulls)| nulls.text(text.get(row as usize)));
                    let name = parts.collect::<Vec<&str>>().join(": ");
                    let code = if name.is_empty() { MISSING } else { kinds.code(&name) };
                    kinds.codes.push(code);
                }
            }
        }
        let without = kinds.codes.iter().filter(|&&code| code == MISSING).count();
        if without > 0 {
            let none = kinds.code(NO_KIND);
            kinds.codes.iter_mut().filter(|code| **code == MISSING).for_each(|code| *code = none);
        }
        (kinds, without as u64)
    }
}

/// What was counted of the events of all logs.
#[derive(Default)]
pub(crate) struct Log {
    pub levels: Ids,
    pub counts: Counts,
}

/// What was counted of the rows of one log.
#[derive(Default)]
pub(crate) struct LogTally {
    pub known: u64,
    pub without_kind: u64,
    pub timeless: u64,
}

impl LogTally {
    pub fn append(&mut self, batch: &Sifted) {
        self.known += batch.known;
        self.without_kind += batch.without_kind;
        self.timeless += batch.timeless;
    }
}

impl Log {
    /// Adds what was counted of a batch; the code of each of its kinds in the log.
    pub fn append(&mut self, batch: &Sifted, sieve: &Sieve) -> Vec<u32> {
        let codes: Vec<u32> = batch.kinds.iter().map(|kind| self.levels.insert(kind).0 as u32).collect();
        self.counts.make_room(self.levels.len(), sieve);
        self.counts.append(&batch.counts, &codes);
        codes
    }
}
