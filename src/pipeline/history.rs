//! An experiment's data, read, replayed and scored by every model.

use std::cell::{Cell, RefCell};

use crate::data::{self, EventBatch, EventChunk, EventSink, Events, Findings, History};
use crate::experiment::Experiment;
use crate::models::{self, Context, EventLog, KnownColumn, Model, ModelError, Scores, Training};
use crate::predicate::{Kind, PredicateError};
use crate::replay::{Cast, Fold, Plan, Replayed, Role, Scope};
use crate::stats::random::Seed;
use crate::table::did_you_mean;
use crate::time::{Horizon, Instant, NEVER};

use super::timings::Timings;
use super::{PipelineError, Progress};

/// A history with every model compiled against it, replayed and scored.
pub(crate) struct Played {
    pub history: History,
    pub findings: Findings,
    pub models: Vec<Model>,
    pub replayed: Replayed,
    pub scores: Vec<Scores>,
    pub timings: Timings,
    /// What the models ask of the events.
    pub plan: Plan,
}

/// Reads the data, replays them and scores every lead by every model.
pub(crate) fn play(experiment: &Experiment, scope: Scope, progress: &dyn Progress) -> Result<Played, PipelineError> {
    let mut timings = Timings::default();
    let mut reading = Reading::new(experiment, scope, scope == Scope::Used);
    let read = timings.time_parts(|done| reading.read(progress, done))?;
    play_begun(reading, read, timings, progress)
}

/// The same, on data that are read already.
pub(crate) fn play_read(
    experiment: &Experiment,
    read: (History, Findings),
    scope: Scope,
    progress: &dyn Progress,
) -> Result<Played, PipelineError> {
    play_begun(Reading::new(experiment, scope, false), read, Timings::default(), progress)
}

fn play_begun(
    Reading { experiment, scope, cast, begun, .. }: Reading,
    (mut history, findings): (History, Findings),
    mut timings: Timings,
    progress: &dyn Progress,
) -> Result<Played, PipelineError> {
    let (Compiled { models, plan }, fold) = match begun {
        Some(begun) => begun,
        None => {
            let compiled = Compiled::of(experiment, &history).map_err(|error| refused(error, &findings))?;
            let fold = Fold::new(&compiled.plan, history.ids.len());
            (compiled, fold)
        }
    };
    segments_exist(experiment, &known_columns(&history), &findings)?;
    progress.say("replaying".into());
    let replayed = timings.time("replay", || {
        cast.map_or_else(|| Cast::of(&history, &experiment.file.replay, scope), Ok)?.play(&history, &plan, fold)
    })?;
    if let (Scope::Used, Some(events)) = (scope, &mut history.events) {
        // Their features say all that is asked of the events; what is scored takes their room.
        events.chunks = Vec::new();
    }
    progress.say("scoring".into());
    let rows: Vec<usize> = (0..replayed.roles.len()).filter(|&row| replayed.roles[row] == Role::Training).collect();
    let converted: Vec<bool> = rows.iter().map(|&row| replayed.outcomes.converted[row]).collect();
    let training = (!rows.is_empty()).then_some(Training { rows: &rows, converted: &converted });
    let scores = timings.time("score", || models::score(&models, &replayed.features, training.as_ref()))?;
    Ok(Played { history, findings, models, replayed, scores, timings, plan })
}

impl Compiled {
    fn of(experiment: &Experiment, history: &History) -> Result<Self, ModelError> {
        let columns = known_columns(history);
        let event_columns = history.events.as_ref().map(event_columns).unwrap_or_default();
        let log = EventLog { kinds: history.event_kinds(), columns: &event_columns };
        let context = Context {
            columns: &columns,
            events: experiment.file.data.events.is_some().then_some(log),
            zone: &history.zone,
            seed: Seed(experiment.file.seed),
        };
        let mut plan = Plan::default();
        let models = models::compile(&experiment.models, &context, &mut plan)?;
        Ok(Self { models, plan })
    }
}

/// Every column of `segments:` is there.
pub(crate) fn segments_exist(
    experiment: &Experiment,
    columns: &[KnownColumn],
    findings: &Findings,
) -> Result<(), PipelineError> {
    let known = |name: &String| columns.iter().any(|column| column.name == *name);
    match experiment.file.segments.iter().find(|name| !known(name)) {
        Some(name) => Err(PipelineError::NoSegment { column: name.clone(), why: why_not(name, columns, findings) }),
        None => Ok(()),
    }
}

pub(crate) fn read(
    experiment: &Experiment,
    scope: Scope,
    progress: &dyn Progress,
) -> Result<(History, Findings), PipelineError> {
    Reading::new(experiment, scope, false).read(progress, &mut |_| ())
}

/// Data that are being read, and the replay that begins meanwhile.
struct Reading<'a> {
    experiment: &'a Experiment,
    scope: Scope,
    /// Whether events become features as they come, where no model asks for more: then they are not kept.
    streams: bool,
    /// Known before the events are, if it does not depend on them.
    cast: Option<Cast>,
    /// What was taken of the events, and by which models.
    begun: Option<(Compiled, Fold)>,
}

/// Models, and what they ask of the events.
struct Compiled {
    models: Vec<Model>,
    plan: Plan,
}

impl EventSink for Reading<'_> {
    /// The last event of each lead that matters: the touches of a review are counted until its horizon ends.
    fn last(&mut self, history: &History) -> Option<Vec<Instant>> {
        let file = &self.experiment.file;
        let cast = Cast::before_events(history, &file.replay, self.scope)?;
        let mut last = cast.last_events(history.ids.len());
        if self.scope == Scope::Everyone && !file.review.touches.is_empty() {
            let Horizon::Within(span) = file.replay.horizon else { return None };
            last.iter_mut().filter(|at| **at != NEVER).for_each(|at| *at = at.saturating_add(span.micros()));
        }
        if self.streams && self.experiment.models.iter().all(|model| !model.kind.recipe().reads_every_kind()) {
            // What is wrong with a model is said when all is read.
            let compiled = Compiled::of(self.experiment, history).ok();
            self.begun = compiled.filter(|compiled| compiled.plan.is_of_single_events()).map(|compiled| {
                let fold = Fold::new(&compiled.plan, history.ids.len());
                (compiled, fold)
            });
        }
        self.cast = Some(cast);
        Some(last)
    }

    fn take(&mut self, events: &EventBatch) -> bool {
        let fold = self.begun.as_mut().map(|(_, fold)| fold.take(events));
        fold.is_some()
    }
}

impl<'a> Reading<'a> {
    fn new(experiment: &'a Experiment, scope: Scope, streams: bool) -> Self {
        Self { experiment, scope, streams, cast: None, begun: None }
    }

    /// `done` is told after each input that it is read.
    fn read(
        &mut self,
        progress: &dyn Progress,
        done: &mut dyn FnMut(&'static str),
    ) -> Result<(History, Findings), PipelineError> {
        let (input, done) = (Cell::new("leads"), RefCell::new(done));
        let step = |input: &str| match input {
            "leads" => "read leads",
            "outcomes" => "read outcomes",
            "history" => "read history",
            _ => "read events",
        };
        let say = |at: data::Progress| {
            let before = input.replace(at.input);
            if before != at.input {
                (done.borrow_mut())(step(before));
            }
            progress.reading(&at);
        };
        let Experiment { file, base, .. } = self.experiment;
        let read = data::read(&file.data, base, &self.experiment.event_columns(), self, &say)?;
        (done.borrow_mut())(step(input.get()));
        Ok(read)
    }
}

pub(crate) fn known_columns(history: &History) -> Vec<KnownColumn> {
    let column = |attribute: &data::Attribute| KnownColumn {
        name: attribute.name.clone(),
        kind: Kind::of(&attribute.column),
        known: attribute.known.clone(),
    };
    history.attributes.iter().map(column).collect()
}

fn event_columns(events: &Events) -> Vec<(String, Kind)> {
    let first: Option<&EventChunk> = events.chunks.first();
    let columns = first.map(|chunk| chunk.columns.iter().map(Kind::of).collect::<Vec<_>>()).unwrap_or_default();
    events.columns.iter().cloned().zip(columns).collect()
}

/// A column that the data hold but no model may read has its reason told.
fn refused(error: ModelError, findings: &Findings) -> PipelineError {
    let (place, name) = match &error {
        ModelError::Unknown { path, name, .. }
        | ModelError::Predicate { path, error: PredicateError::UnknownColumn { name, .. } } => (path, name),
        _ => return error.into(),
    };
    match findings.refusal(name) {
        Some(reason) => PipelineError::Refused { column: name.clone(), reason: reason.into(), place: place.clone() },
        None => error.into(),
    }
}

fn why_not(name: &str, columns: &[KnownColumn], findings: &Findings) -> String {
    if let Some(reason) = findings.refusal(name) {
        return format!(": {reason}");
    }
    did_you_mean(columns.iter().map(|column| column.name.as_str()), name)
}
