//! Events counted for the leads of a review.

use crate::experiment::Experiment;
use crate::pipeline::Played;
use crate::review::Volume;
use crate::table::did_you_mean;
use crate::time::Horizon;

use super::ReviewError;

/// Events of each kind by the moment of scoring.
pub(super) fn volumes(played: &Played, rows: &[usize]) -> Vec<Volume> {
    let Played { history, replayed, .. } = played;
    let Some(events) = &history.events else { return Vec::new() };
    let place = places(played, rows);
    let mut counts = vec![vec![0u32; rows.len()]; events.kinds.len()];
    for chunk in &events.chunks {
        for ((&lead, &at), &kind) in chunk.lead.iter().zip(&chunk.at).zip(&chunk.kind) {
            if let Some(row) = place[lead as usize].filter(|&row| at <= replayed.features.as_of[rows[row]]) {
                counts[kind as usize][row] += 1;
            }
        }
    }
    let mut volumes: Vec<Volume> =
        events.kinds.iter().zip(counts).map(|(kind, events)| Volume { kind: kind.clone(), events }).collect();
    volumes.sort_by(|a, b| a.kind.cmp(&b.kind));
    volumes
}

/// Touches by sales within each lead's horizon; nothing where none are named.
pub(super) fn touches(
    experiment: &Experiment,
    played: &Played,
    rows: &[usize],
) -> Result<Option<Vec<u32>>, ReviewError> {
    let named = experiment.file.sales();
    let Some(events) = played.history.events.as_ref().filter(|_| !named.is_empty()) else { return Ok(None) };
    let mut wanted = vec![false; events.kinds.len()];
    for kind in named {
        match events.kinds.iter().position(|known| known == kind) {
            Some(place) => wanted[place] = true,
            None => {
                let near = did_you_mean(events.kinds.iter().map(String::as_str), kind);
                return Err(ReviewError::NoKind { kind: kind.into(), near });
            }
        }
    }
    let place = places(played, rows);
    let closes = |row: usize| match experiment.file.replay.horizon {
        Horizon::Within(span) => played.replayed.outcomes.as_of[row].saturating_add(span.micros()),
        Horizon::Ever => played.history.until,
    };
    let mut counts = vec![0u32; rows.len()];
    for chunk in &events.chunks {
        for ((&lead, &at), &kind) in chunk.lead.iter().zip(&chunk.at).zip(&chunk.kind) {
            if let Some(row) = place[lead as usize].filter(|&row| wanted[kind as usize] && at <= closes(rows[row])) {
                counts[row] += 1;
            }
        }
    }
    Ok(Some(counts))
}

/// The place among some rows of the replay of every lead of the history.
fn places(played: &Played, rows: &[usize]) -> Vec<Option<usize>> {
    let mut place = vec![None; played.history.ids.len()];
    for (at, &row) in rows.iter().enumerate() {
        if let Some(lead) = played.history.ids.find(played.replayed.features.ids.get(row)) {
            place[lead] = Some(at);
        }
    }
    place
}
