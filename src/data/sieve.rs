use crate::table::{Ids, MISSING};
use crate::time::{Instant, NEVER};

use super::cells::Cells;
use super::gather::{Dictionary, Nulls, OfBatch};
use super::history::SeenEvent;
use super::weeks::{Arrivals, KindWeeks};

/// The kind of events whose kind is missing.
pub(crate) const NO_KIND: &str = "(none)";

/// Which events are kept; all are counted.
pub(crate) struct Sieve {
    /// Of every lead: when it was created, and the last instant whose events are kept.
    leads: Vec<(Instant, Instant)>,
    pub until: Instant,
    pub arrivals: Option<Arrivals>,
    /// Whether the events that matter are handed over, and not kept, where their times can be read at once.
    pub hands_over: bool,
}

impl Sieve {
    /// `last` is by lead; nothing: all events are kept.
    pub fn new(created: Option<&[Instant]>, last: Option<&[Instant]>, leads: usize, until: Instant) -> Self {
        let of = |column: Option<&[Instant]>, lead: usize, otherwise| column.map_or(otherwise, |column| column[lead]);
        let (leads, arrivals) = rayon::join(
            || (0..leads).map(|lead| (of(created, lead, NEVER), of(last, lead, Instant::MAX))).collect(),
            || created.and_then(|created| Arrivals::of(created, until)),
        );
        Self { leads, until, hands_over: false, arrivals }
    }

    /// When a lead was created.
    pub fn born(&self, lead: u32) -> Instant {
        self.leads[lead as usize].0
    }

    pub fn keeps(&self, lead: u32, at: Instant) -> bool {
        at != NEVER && at <= self.leads[lead as usize].1
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

/// What is made of a batch of events: their kinds, and what was counted where times could be read at once.
pub(crate) struct Sifted {
    /// Events of known leads, kept or not.
    known: u64,
    /// Events kept.
    kept: usize,
    /// Of the events kept the code, of all the levels.
    pub kinds: Dictionary,
    /// Events handed over, by kind; nothing where they are kept.
    pub seen: Vec<Vec<SeenEvent>>,
    without_kind: u64,
    counts: Option<Counts>,
}

impl Sifted {
    /// Kinds are looked up for every row, and rows that are not kept are taken out of `rows`. Without times (`at`, by the
    /// batch's rows) all are kept, to be counted later.
    pub fn of(kinds: &Kinds, rows: &mut OfBatch, sieve: Option<&Sieve>, at: Option<&[Instant]>) -> Self {
        let (kinds, without_kind) = kinds.of(rows);
        let known = rows.leads.len() as u64;
        let mut sifted = Self { known, kept: 0, kinds, seen: Vec::new(), without_kind, counts: None };
        if let Some((sieve, at)) = sieve.zip(at) {
            sifted.sift(rows, sieve, at);
        }
        sifted.kept = rows.leads.len();
        sifted
    }

    /// Counts all, and hands over or keeps what matters.
    fn sift(&mut self, rows: &mut OfBatch, sieve: &Sieve, at: &[Instant]) {
        let Self { kinds, seen, .. } = self;
        let mut counts = Counts::default();
        counts.make_room(kinds.levels.len(), sieve);
        if sieve.hands_over {
            *seen = vec![Vec::new(); kinds.levels.len()];
        }
        let (mut kept, mut of_leads) = (0, Vec::with_capacity(TOGETHER));
        let mut matter = [(0, SeenEvent { lead: 0, event: 0, age: 0 }); TOGETHER];
        for start in (0..at.len()).step_by(TOGETHER) {
            let places = start..at.len().min(start + TOGETHER);
            let (leads, at) = (&rows.leads[places.clone()], &at[places.clone()]);
            of_leads.clear();
            of_leads.extend(leads.iter().map(|&lead| sieve.leads[lead as usize]));
            let events = leads.iter().zip(at).zip(&kinds.codes[places.clone()]).zip(&of_leads);
            let mut matters = 0;
            for (((&lead, &at), &kind), &(born, last)) in events.filter(|(((_, at), _), _)| **at != NEVER) {
                counts.add(sieve, born, at, kind);
                // Whether it matters is hard to foretell: each is written down, and the next one over it if not.
                matter[matters] = (kind, SeenEvent { lead, event: 0, age: last.saturating_sub(at) });
                matters += usize::from(at <= last);
            }
            if sieve.hands_over {
                matter[..matters].iter().for_each(|&(kind, event)| seen[kind as usize].push(event));
                // What has no time is told of later.
                if !at.contains(&NEVER) {
                    continue;
                }
            }
            for ((place, &at), &(_, last)) in places.zip(at).zip(&of_leads) {
                (rows.leads[kept], rows.rows[kept], kinds.codes[kept]) =
                    (rows.leads[place], rows.rows[place], kinds.codes[place]);
                kept += usize::from(at == NEVER || (at <= last && !sieve.hands_over));
            }
        }
        rows.leads.truncate(kept);
        rows.rows.truncate(kept);
        kinds.codes.truncate(kept);
        self.counts = Some(counts);
    }
}

/// Where the kinds of a batch's events stand.
pub(crate) enum Kinds<'a> {
    /// All are of one.
    Are(&'a str),
    In(&'a Cells, &'a Nulls),
}

impl Kinds<'_> {
    /// The kind of each row, and how many had none.
    fn of(&self, rows: &OfBatch) -> (Dictionary, u64) {
        let mut kinds = Dictionary::default();
        match self {
            Self::Are(kind) => {
                let code = kinds.code(kind);
                kinds.codes.resize(rows.rows.len(), code);
            }
            Self::In(cells, nulls) => {
                kinds.push_block(&cells.as_text(), nulls, rows.rows.iter().map(|&row| row as usize));
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

/// The kinds of the events kept, and what was counted, over all batches.
#[derive(Default)]
pub(crate) struct Log {
    pub known: u64,
    pub levels: Ids,
    pub kinds: Vec<u32>,
    pub without_kind: u64,
    pub counts: Counts,
    /// Places of events that are still to be counted.
    pub uncounted: Vec<std::ops::Range<usize>>,
}

impl Log {
    pub fn append(&mut self, batch: Sifted, sieve: Option<&Sieve>) {
        let Sifted { known, kept, kinds, without_kind, counts, .. } = batch;
        let start = self.kinds.len();
        self.known += known;
        self.without_kind += without_kind;
        let codes: Vec<u32> = kinds.levels.iter().map(|kind| self.levels.insert(kind).0 as u32).collect();
        self.kinds.extend(kinds.codes.iter().map(|&code| codes.get(code as usize).copied().unwrap_or(code)));
        let (Some(counts), Some(sieve)) = (counts, sieve) else {
            self.uncounted.push(start..start + kept);
            return;
        };
        self.counts.make_room(self.levels.len(), sieve);
        self.counts.append(&counts, &codes);
    }
}
