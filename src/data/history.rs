use crate::table::{Column, Ids};
use crate::time::{Instant, NEVER, Zone};

use super::weeks::{Arrivals, KindWeeks};

/// All that is known of the leads, in one row order: ascending by id.
#[derive(Clone, Debug)]
pub struct History {
    pub zone: Zone,
    /// The leads' ids, ascending.
    pub ids: Ids,
    /// Where each lead stands in its file (or `order_by`), from 0: what row windows count.
    pub position: Vec<u64>,
    /// When each lead was created; nothing where leads have no creation times.
    pub created: Option<Vec<Instant>>,
    pub attributes: Vec<Attribute>,
    /// What attributes were at other times, ascending by (lead, field, from).
    pub changes: Vec<Change>,
    pub events: Option<Events>,
    pub outcomes: Outcomes,
    /// When the outcomes were exported: what is dated later has not happened yet.
    pub until: Instant,
    /// Rows of the leads' files, unreadable ones and merged duplicates included.
    pub read: u64,
    pub unreadable: u64,
    pub duplicates: u64,
    /// Rows that conditions left out, in their words.
    pub left_out: Vec<(String, u64)>,
}

impl History {
    /// Distinct kinds of events.
    pub fn event_kinds(&self) -> &[String] {
        self.events.as_ref().map_or(&[], |events| &events.kinds)
    }
}

/// A column of the leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub name: String,
    pub column: Column,
    pub known: Known,
    /// Whether it holds times that all are dates: such a value is known from the end of its day on.
    pub are_dates: bool,
    /// The values it took according to the history of changes (levels shared with `column`), for [`Change::value`].
    pub changed: Option<Column>,
}

/// When an attribute's value is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    AtCreation,
    /// Today's value, perhaps written by the sale itself.
    AsExported,
    /// From the time in another column on; missing before.
    At(String),
    /// A time that lies ahead by nature: read before it comes.
    Planned,
    /// By the history of changes: the last one at or before `as_of`.
    ByHistory,
}

/// From `from` on, the lead's `field` (a place among the attributes) had this value, read by the attribute's own type.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub lead: u32,
    pub field: u32,
    pub from: Instant,
    /// A row of the attribute's column in [`Attribute::changed`].
    pub value: u32,
}

/// The event log, in chunks as it was read; their order means nothing.
#[derive(Clone, Debug)]
pub struct Events {
    /// Distinct kinds, of events that are not kept too; an event's kind is a place here.
    pub kinds: Vec<String>,
    /// Names of the events' own columns, in every chunk's order.
    pub columns: Vec<String>,
    /// Whether all their times are dates: then spans between them are of calendar days.
    pub are_dates: bool,
    /// The events that are kept: not those that were handed over while they were read.
    pub chunks: Vec<EventChunk>,
    /// The latest event of all; [`NEVER`] without any.
    pub latest: Instant,
    /// Events after `until`.
    pub after_until: u64,
    pub weeks: Option<Weeks>,
    /// What an engine made of the log: then no event is kept.
    pub folded: Option<Folded>,
}

/// Features that an engine made of a log, as it gave them.
#[derive(Clone, Debug, Default)]
pub struct Folded {
    /// The file that holds them.
    pub shown: String,
    /// What was asked, as a hash.
    pub plan: String,
    /// Places among the leads, a row each; leads without an event that scores may see have none.
    pub leads: Vec<u32>,
    /// When each was scored there.
    pub as_of: Vec<Instant>,
    /// Events of each that its score may see.
    pub events: Vec<i64>,
    /// By name, a value a row.
    pub columns: Vec<(String, Vec<Option<i64>>)>,
}

impl Default for Events {
    fn default() -> Self {
        let (kinds, columns, chunks) = Default::default();
        Self { kinds, columns, are_dates: false, chunks, latest: NEVER, after_until: 0, weeks: None, folded: None }
    }
}

/// All events of known leads until `until`, counted by the week: those that are not kept too.
#[derive(Clone, Debug)]
pub struct Weeks {
    pub arrivals: Arrivals,
    /// In the order of [`Events::kinds`].
    pub kinds: Vec<KindWeeks>,
}

/// Some events of known leads, as columns.
#[derive(Clone, Debug, Default)]
pub struct EventChunk {
    /// A place among the leads.
    pub lead: Vec<u32>,
    pub at: Vec<Instant>,
    pub kind: Vec<u32>,
    /// The events' own columns; text levels are shared by all chunks.
    pub columns: Vec<Column>,
}

/// What became of the leads.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// False: only whether, not when (`at` is [`NEVER`](crate::time::NEVER)).
    pub timed: bool,
    /// Every won deal, ascending by (lead, at).
    pub wins: Vec<Win>,
    /// When each lead was lost, the last time if several; `NEVER` where it was not. Empty: losses are not recorded.
    pub lost: Vec<Instant>,
    /// Whether each lead has a deal that is still open. Empty: no stage tells.
    pub open: Vec<bool>,
    /// When sales first worked each lead. Empty: not recorded.
    pub worked: Vec<Instant>,
    /// Whether wins carry values.
    pub valued: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Win {
    pub lead: u32,
    pub at: Instant,
    /// NaN where it is missing: a missing value is not zero.
    pub value: f64,
}
