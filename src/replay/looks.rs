//! Leads as they were known at many instants each.

use super::{Features, Fold, Plan, ReplayError, attributes};
use crate::data::{EventChunk, Events, History};
use crate::table::Ids;
use crate::time::Instant;

/// Events that are laid out at a time, at least: a lead's events are laid out once a look.
const TOGETHER: usize = 1 << 21;

/// What the plan asks of each of these leads (places in the history, ascending, several times each) at the instant beside it.
/// The rows have no ids: they are looks, and no leads.
pub fn seen_at(history: &History, plan: &Plan, leads: &[usize], at: &[Instant]) -> Result<Features, ReplayError> {
    let mut fold = Fold::new(plan, leads.len());
    if let Some(events) = &history.events {
        if events.folded.is_some() {
            return Err(ReplayError::NeedsEvents { what: "scoring leads at many instants" });
        }
        if events.are_dates {
            fold.on_dates(at, &history.zone);
        }
        let log = Log::of(events, history.ids.len());
        let mut start = 0;
        while start < leads.len() {
            let (end, batch) = log.batch(leads, at, start);
            fold.take_kept(&batch, at, |_, _| ())?;
            start = end;
        }
    }
    let rows: Vec<usize> = (0..leads.len()).collect();
    let (known, _) = attributes::known(history, leads, at);
    let exported = attributes::as_exported(history);
    Ok(Features::new(Ids::default(), at.to_vec(), known, exported, plan, fold.finished(&rows)))
}

/// A log by lead.
struct Log<'a> {
    events: &'a Events,
    /// Chunk and row of every event, lead by lead.
    places: Vec<(u32, u32)>,
    /// Where each lead's begin; one more is the end.
    starts: Vec<usize>,
}

impl<'a> Log<'a> {
    fn of(events: &'a Events, leads: usize) -> Self {
        let mut starts = vec![0; leads + 1];
        let of_leads = || events.chunks.iter().flat_map(|chunk| &chunk.lead);
        of_leads().for_each(|&lead| starts[lead as usize + 1] += 1);
        (0..leads).for_each(|lead| starts[lead + 1] += starts[lead]);
        let mut next = starts.clone();
        let mut places = vec![(0, 0); starts[leads]];
        for (chunk, place) in events.chunks.iter().zip(0..) {
            for (&lead, row) in chunk.lead.iter().zip(0..) {
                places[next[lead as usize]] = (place, row);
                next[lead as usize] += 1;
            }
        }
        Self { events, places, starts }
    }

    /// The events of the looks from `start` on, under the look's number, and where the next batch begins.
    fn batch(&self, leads: &[usize], at: &[Instant], start: usize) -> (usize, Events) {
        let (mut end, mut laid_out) = (start, 0);
        let mut rows: Vec<(Vec<u32>, Vec<usize>)> = vec![Default::default(); self.events.chunks.len()];
        while end < leads.len() && (end == start || laid_out < TOGETHER) {
            for &(chunk, row) in &self.places[self.starts[leads[end]]..self.starts[leads[end] + 1]] {
                if self.events.chunks[chunk as usize].at[row as usize] <= at[end] {
                    let (looks, rows) = &mut rows[chunk as usize];
                    looks.push(end as u32);
                    rows.push(row as usize);
                    laid_out += 1;
                }
            }
            end += 1;
        }
        let chunk = |(chunk, (looks, rows)): (&EventChunk, (Vec<u32>, Vec<usize>))| EventChunk {
            lead: looks,
            at: rows.iter().map(|&row| chunk.at[row]).collect(),
            kind: rows.iter().map(|&row| chunk.kind[row]).collect(),
            columns: chunk.columns.iter().map(|column| column.take(&rows)).collect(),
        };
        let Events { kinds, columns, are_dates, .. } = self.events;
        let (kinds, columns, are_dates) = (kinds.clone(), columns.clone(), *are_dates);
        let chunks = self.events.chunks.iter().zip(rows).map(chunk).collect();
        (end, Events { kinds, columns, are_dates, chunks, ..Events::default() })
    }
}
