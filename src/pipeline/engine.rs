//! What an experiment asks of its event log, as a statement for the engine where the log lies.

use crate::data::{self, EventBatch, EventChunk, EventSink, Events, History, Type};
use crate::engine::{self, Asked, Engine, EngineError, Tables};
use crate::experiment::Experiment;
use crate::predicate::{Kind, Predicate, find_name};
use crate::replay::{FoldedError, Plan, ReplayError, agree};
use crate::table::{Column, yaml_name};
use crate::time::{Instant, NEVER};

use super::streaming::{Compiled, event_columns, known_columns};
use super::{PipelineError, Progress};

/// The statement of all that the models ask. The leads are read for what their columns hold; of a log that is there, what
/// kinds and columns it has.
///
/// # Errors
/// When an engine would read it otherwise, or it cannot be known what the log holds.
pub(crate) fn engine_statement(
    experiment: &Experiment,
    engine: Engine,
    tables: Tables,
    progress: &dyn Progress,
) -> Result<String, PipelineError> {
    let mut here = experiment.clone();
    here.file.data.events.0.iter_mut().for_each(|log| log.features = None);
    if here.file.data.events.is_empty() {
        return Err(EngineError::NoLog.into());
    }
    let paths = here.file.data.events.0.iter().map(|log| ("events", &log.path));
    let is_here = !data::files_of(paths, &here.base).is_empty();
    let history = if is_here { of_files(&here, progress)? } else { as_declared(&here, progress)? };
    let Compiled { models, plan, .. } = Compiled::of(&here, &history)?;
    let name = |place: usize| {
        let asks = |model: &&crate::models::Model| model.asks().iter().any(|feature| feature.0 == place);
        models.iter().find(asks).map_or("models".to_string(), |model| format!("models.{}", model.name()))
    };
    let names: Vec<String> = (0..plan.features().len()).map(name).collect();
    let lead_columns: Vec<(String, Kind)> =
        known_columns(&history).into_iter().map(|column| (column.name, column.kind)).collect();
    let asked = Asked {
        experiment: &here.path().to_string_lossy(),
        data: &here.file.data,
        as_of: &here.file.replay.as_of,
        plan: &plan,
        event_columns: &history.events.as_ref().map(event_columns).unwrap_or_default(),
        lead_columns: &lead_columns,
        models: &names,
    };
    Ok(engine::select(&asked, engine, tables)?)
}

/// That what an engine made is an answer to this plan.
pub(super) fn answers(experiment: &Experiment, history: &History, plan: &Plan) -> Result<(), PipelineError> {
    let Some(folded) = history.events.as_ref().and_then(|events| events.folded.as_ref()) else { return Ok(()) };
    let file = &experiment.file;
    let expected = engine::plan_hash(plan, &file.data, &file.replay.as_of);
    if folded.plan == expected {
        return agree(history, &file.replay.as_of, plan).map_err(|error| of_replay(error, experiment));
    }
    let error = FoldedError::Plan { file: folded.shown.clone(), found: folded.plan.clone(), expected };
    Err(anew(error, experiment))
}

/// The error, with the command that mends what an engine made.
pub(super) fn of_replay(error: ReplayError, experiment: &Experiment) -> PipelineError {
    match error {
        ReplayError::Folded(error) => anew(*error, experiment),
        other => other.into(),
    }
}

fn anew(error: FoldedError, experiment: &Experiment) -> PipelineError {
    let command = format!("leadoff sql {} --dialect …", experiment.path().display());
    PipelineError::Folded { error: Box::new(error), command }
}

/// No event is kept.
struct Passing;

impl EventSink for Passing {
    fn last(&mut self, history: &History) -> Option<Vec<Instant>> {
        Some(vec![NEVER; history.ids.len()])
    }

    fn take(&mut self, _: &EventBatch) -> bool {
        true
    }
}

fn of_files(experiment: &Experiment, progress: &dyn Progress) -> Result<History, PipelineError> {
    let say = |at: data::Progress| progress.reading(&at);
    let columns = experiment.event_columns();
    Ok(data::read(&experiment.file.data, &experiment.base, &columns, &mut Passing, &say)?.0)
}

/// The leads, and a log that holds what its section says.
fn as_declared(experiment: &Experiment, progress: &dyn Progress) -> Result<History, PipelineError> {
    let log = &experiment.file.data.events.0[0];
    if let Some(model) = experiment.models.iter().find(|model| model.kind.recipe().reads_every_kind()) {
        let why = format!(
            "reads every kind of events, and `{}` is not here to say which there are: name the features, or have the log here for this once",
            log.path.0.first().map_or("the log", String::as_str)
        );
        return Err(EngineError::Refused { place: format!("models.{}", model.name), why }.into());
    }
    let mut names = experiment.event_columns();
    names.extend(log.only.iter().flat_map(Predicate::columns).map(String::from));
    let mut columns: Vec<(String, Column)> = Vec::new();
    for name in &names {
        let declared =
            find_name(log.types.keys().map(String::as_str), name).and_then(|place| log.types.iter().nth(place));
        let Some((name, kind)) = declared else {
            let why = format!(
                "does not say what `{name}` holds, and the log is not here to tell: `types: {{ {}: text }}` (or number, flag, time)",
                yaml_name(name)
            );
            return Err(EngineError::Refused { place: "data.events.types".into(), why }.into());
        };
        if columns.iter().all(|(known, _)| known != name) {
            columns.push((name.clone(), empty(*kind)));
        }
    }
    let mut leads = experiment.file.data.clone();
    leads.events = data::OneOrMore::default();
    let say = |at: data::Progress| progress.reading(&at);
    let (mut history, _) = data::read(&leads, &experiment.base, &[], &mut Passing, &say)?;
    let (columns, empty): (Vec<String>, Vec<Column>) = columns.into_iter().unzip();
    let chunks = vec![EventChunk { columns: empty, ..EventChunk::default() }];
    history.events = Some(Events { columns, chunks, ..Events::default() });
    Ok(history)
}

fn empty(kind: Type) -> Column {
    match kind {
        Type::Number => Column::Number(Vec::new()),
        Type::Text => Column::Text(std::iter::empty::<Option<&str>>().collect()),
        Type::Flag => Column::Flag(Vec::new()),
        Type::Time => Column::Instant(Vec::new()),
    }
}
