//! A points model's score as a statement for an engine.

use crate::data::History;
use crate::experiment::Experiment;
use crate::models::{LogTable, Points, Tables, When, duckdb};
use crate::time::Instant;

use super::PipelineError;
use super::streaming::compiled;

/// The SELECT of a points model's scores: at one instant, else of each lead at the experiment's `as_of`.
pub(crate) fn statement(
    experiment: &Experiment,
    history: &History,
    points: &Points,
    at: Option<Instant>,
) -> Result<String, PipelineError> {
    let data = &experiment.file.data;
    let log = data.events.0.first().map(|log| LogTable {
        lead: &log.lead.column,
        at: &log.at,
        kind: &log.kind.0,
        are_dates: history.events.as_ref().is_some_and(|events| events.are_dates),
    });
    let dates = history.attributes.iter().filter(|one| one.are_dates).map(|one| one.name.as_str());
    let until = history.outcomes.timed.then_some(history.until);
    let tables = Tables {
        id: data.leads.id.as_deref().unwrap_or("id"),
        created: data.leads.created.as_deref(),
        log,
        dates: dates.collect(),
        when: at.map_or(When::Each(&experiment.file.replay.as_of, until), When::At),
    };
    Ok(compiled(experiment, history, |context| duckdb(points, context, &tables))?)
}
