use crate::table::{Column, Ids, MISSING};
use crate::time::Instant;

use super::history::{EventChunk, History};

/// Who makes use of the events while their log is read.
pub trait EventSink {
    /// By lead the last instant whose events matter, [`NEVER`](crate::time::NEVER) where none does; nothing: all do. The history holds all
    /// but its events: of these one chunk without any says what columns they have. Asked once, before the first event.
    fn last(&mut self, history: &History) -> Option<Vec<Instant>>;

    /// Makes use of some events that matter, each once, in any order. False: of no use here, and kept in the history.
    fn take(&mut self, _events: &EventBatch) -> bool {
        false
    }
}

impl<F: Fn(&History) -> Option<Vec<Instant>>> EventSink for F {
    fn last(&mut self, history: &History) -> Option<Vec<Instant>> {
        self(history)
    }
}

/// Some events that their leads' scores may see.
pub struct EventBatch<'a> {
    pub kinds: &'a Ids,
    /// A list a kind.
    pub by_kind: &'a [Vec<SeenEvent>],
    /// Names of the events' own columns.
    pub names: &'a [String],
    /// Rows of each column: those of other events too.
    pub rows: usize,
    pub columns: &'a [Column],
}

/// An event that its lead's score may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenEvent {
    /// A place among the leads.
    pub lead: u32,
    /// Its row in the columns beside it.
    pub event: u32,
    /// Microseconds before the last instant that matters, or before the end of all times where all do.
    pub age: i64,
}

/// Later than any time: all events matter until then.
pub(crate) const ALL: Instant = Instant::MAX / 2;

/// Events that nobody made use of.
pub(crate) struct Kept<'a> {
    /// By lead the last instant that matters; nothing: all do.
    last: Option<&'a [Instant]>,
    chunks: Vec<EventChunk>,
    /// The texts of each column.
    texts: Vec<Ids>,
}

/// Events of a chunk: conditions are computed a chunk at a time.
const CHUNK: usize = 1 << 22;

impl<'a> Kept<'a> {
    /// `empty`: a column of each kind, without values.
    pub fn new(last: Option<&'a [Instant]>, empty: Vec<Column>) -> Self {
        let texts = empty.iter().map(|_| Ids::default()).collect();
        Self { last, chunks: vec![EventChunk { columns: empty, ..EventChunk::default() }], texts }
    }

    /// The kinds of the batch have these codes in the log.
    pub fn keep(&mut self, batch: &EventBatch, codes: &[u32]) {
        let chunk = match self.chunks.last_mut() {
            Some(chunk) if chunk.lead.len() < CHUNK => chunk,
            _ => {
                let columns = self.chunks[0].columns.iter().map(|column| column.take(&[])).collect();
                self.chunks.push(EventChunk { columns, ..EventChunk::default() });
                let last = self.chunks.len() - 1;
                &mut self.chunks[last]
            }
        };
        for (events, &kind) in batch.by_kind.iter().zip(codes) {
            for event in events {
                let last = self.last.map_or(ALL, |last| last[event.lead as usize]);
                chunk.lead.push(event.lead);
                chunk.at.push(last.saturating_sub(event.age));
                chunk.kind.push(kind);
            }
        }
        let rows = || batch.by_kind.iter().flatten().map(|event| event.event as usize);
        for ((own, column), texts) in chunk.columns.iter_mut().zip(batch.columns).zip(&mut self.texts) {
            append(own, column, texts, rows());
        }
    }

    /// In chunks, of which there is one at least.
    pub fn finish(self) -> Vec<EventChunk> {
        let Self { mut chunks, texts, .. } = self;
        if let Some(last) = chunks.last_mut() {
            last.lead.shrink_to_fit();
            last.at.shrink_to_fit();
            last.kind.shrink_to_fit();
        }
        for chunk in &mut chunks {
            for (column, texts) in chunk.columns.iter_mut().zip(&texts) {
                if let Column::Text(text) = column {
                    text.levels = texts.iter().map(String::from).collect();
                }
            }
        }
        chunks
    }
}

/// Adds rows of a column to one of the same kind, whose texts stand apart.
fn append(own: &mut Column, column: &Column, texts: &mut Ids, rows: impl Iterator<Item = usize>) {
    match (own, column) {
        (Column::Number(own), Column::Number(values)) => own.extend(rows.map(|row| values[row])),
        (Column::Flag(own), Column::Flag(values)) => own.extend(rows.map(|row| values[row])),
        (Column::Instant(own), Column::Instant(values)) => own.extend(rows.map(|row| values[row])),
        (Column::Text(own), Column::Text(text)) => {
            let mut codes: Vec<Option<u32>> = vec![None; text.levels.len()];
            own.codes.extend(rows.map(|row| {
                let Some(code) = codes.get_mut(text.codes[row] as usize) else { return MISSING };
                *code.get_or_insert_with(|| texts.insert(&text.levels[text.codes[row] as usize]).0 as u32)
            }));
        }
        // A column keeps its kind from batch to batch.
        _ => unreachable!("columns of one kind"),
    }
}
