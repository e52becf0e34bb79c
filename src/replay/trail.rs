use crate::data::{EventChunk, Events, Folded, History};
use crate::table::Cell;
use crate::time::{Instant, Zone};

use super::fold;
use super::{FeatureId, Plan, ReplayError};

/// One lead's events, for showing which of them a model saw.
#[derive(Clone, Debug)]
pub struct Trail {
    events: Events,
    as_of: Instant,
    zone: Zone,
}

/// An event that a feature counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<'a> {
    pub at: Instant,
    pub kind: &'a str,
    /// The event's own columns that were read, without missing ones.
    pub cells: Vec<(&'a str, Cell<'a>)>,
}

impl Trail {
    /// The events of the lead at this place of the history, scored at `as_of`.
    pub fn new(history: &History, lead: usize, as_of: Instant) -> Self {
        let none = Events::default();
        let log = history.events.as_ref().unwrap_or(&none);
        let of_lead = |chunk: &EventChunk| {
            let rows: Vec<usize> = (0..chunk.lead.len()).filter(|&row| chunk.lead[row] as usize == lead).collect();
            EventChunk {
                lead: vec![0; rows.len()],
                at: rows.iter().map(|&row| chunk.at[row]).collect(),
                kind: rows.iter().map(|&row| chunk.kind[row]).collect(),
                columns: chunk.columns.iter().map(|column| column.take(&rows)).collect(),
            }
        };
        let chunks = log.chunks.iter().map(of_lead).collect();
        Self {
            events: Events {
                kinds: log.kinds.clone(),
                columns: log.columns.clone(),
                are_dates: log.are_dates,
                chunks,
                folded: log.folded.as_ref().map(|_| Folded::default()),
                ..Events::default()
            },
            as_of,
            zone: history.zone.clone(),
        }
    }

    /// The events that a feature of the plan counts, the latest first.
    pub fn of(&self, plan: &Plan, feature: FeatureId) -> Result<Vec<Step<'_>>, ReplayError> {
        if self.events.folded.is_some() {
            return Err(ReplayError::NeedsEvents { what: "explaining a score" });
        }
        let counted = fold::counted(plan, feature, &self.events, (self.as_of, &self.zone))?;
        let step = |(chunk, event): (usize, usize)| {
            let chunk = &self.events.chunks[chunk];
            let cells = self.events.columns.iter().zip(&chunk.columns);
            let cells = cells.map(|(name, column)| (name.as_str(), column.cell(event)));
            Step {
                at: chunk.at[event],
                kind: &self.events.kinds[chunk.kind[event] as usize],
                cells: cells.filter(|(_, cell)| *cell != Cell::Missing).collect(),
            }
        };
        let mut steps: Vec<Step> = counted.into_iter().map(step).collect();
        steps.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.kind.cmp(b.kind)));
        Ok(steps)
    }
}
