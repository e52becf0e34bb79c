//! What is made of events while their log is read.

use crate::data::{self, EventBatch, EventChunk, EventSink, Events, History};
use crate::experiment::Experiment;
use crate::models::{self, Context, EventLog, KnownColumn, Model, ModelError};
use crate::predicate::Kind;
use crate::replay::{Cast, Fold, Plan, Scope};
use crate::stats::random::Seed;
use crate::time::{Horizon, Instant, NEVER};

use super::screening::EventsScreened;

/// Data that are being read, and the replay that begins meanwhile.
pub(super) struct Reading<'a> {
    pub experiment: &'a Experiment,
    pub scope: Scope,
    /// Whether events become features as they come, where no model asks for more: then they are not kept.
    streams: bool,
    /// Known before the events are, if it does not depend on them.
    pub cast: Option<Cast>,
    /// What was taken of the events, and by which models.
    pub begun: Option<(Compiled, Fold)>,
}

/// Models, and what they ask of the events.
pub(super) struct Compiled {
    pub models: Vec<Model>,
    pub plan: Plan,
    pub screened: EventsScreened,
}

impl Compiled {
    pub fn of(experiment: &Experiment, history: &History) -> Result<Self, ModelError> {
        let mut plan = Plan::default();
        let models = compiled(experiment, history, |context| models::compile(&experiment.models, context, &mut plan))?;
        let screened = EventsScreened::ask(&models, &mut plan, !history.outcomes.worked.is_empty());
        Ok(Self { models, plan, screened })
    }
}

/// What keeps each model from being made of the history, where something does.
pub(super) fn problems(experiment: &Experiment, history: &History) -> Vec<ModelError> {
    let of = |context: &Context| {
        let compile = |spec| Model::compile(spec, &experiment.models, context, &mut Plan::default()).err();
        experiment.models.iter().filter_map(compile).map(|error| located(error, experiment)).collect()
    };
    in_context(experiment, history, of)
}

/// What is made of models with what there is for them to read; an error is told with its line in the experiment file.
pub(super) fn compiled<T>(
    experiment: &Experiment,
    history: &History,
    make: impl FnOnce(&Context) -> Result<T, ModelError>,
) -> Result<T, ModelError> {
    in_context(experiment, history, make).map_err(|error| located(error, experiment))
}

fn located(error: ModelError, experiment: &Experiment) -> ModelError {
    error.located(|field| experiment.source().at(field))
}

/// With what there is for models to read.
pub(crate) fn in_context<T>(experiment: &Experiment, history: &History, make: impl FnOnce(&Context) -> T) -> T {
    let columns = known_columns(history);
    let event_columns = history.events.as_ref().map(event_columns).unwrap_or_default();
    let log = EventLog { kinds: history.event_kinds(), columns: &event_columns };
    make(&Context {
        columns: &columns,
        events: (!experiment.file.data.events.is_empty()).then_some(log),
        zone: &history.zone,
        seed: Seed(experiment.file.seed),
    })
}

impl EventSink for Reading<'_> {
    /// The last event of each lead that matters: the touches of a review are counted until its horizon ends.
    fn last(&mut self, history: &History) -> Option<Vec<Instant>> {
        let file = &self.experiment.file;
        let cast = Cast::before_events(history, &file.replay, self.experiment.learns(), self.scope)?;
        let mut last = cast.last_events(history.ids.len());
        if self.scope == Scope::Everyone && !file.sales().is_empty() {
            let Horizon::Within(span) = file.replay.horizon else { return None };
            last.iter_mut().filter(|at| **at != NEVER).for_each(|at| *at = at.saturating_add(span.micros()));
        }
        if self.streams && self.experiment.models.iter().all(|model| !model.kind.recipe().reads_every_kind()) {
            // What is wrong with a model is said when all is read.
            let compiled = Compiled::of(self.experiment, history).ok();
            self.begun = compiled.filter(|compiled| compiled.plan.is_of_single_events()).map(|compiled| {
                let mut fold = Fold::new(&compiled.plan, history.ids.len());
                if history.events.as_ref().is_some_and(|events| events.are_dates) {
                    fold.on_dates(&last, &history.zone);
                }
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
    pub fn new(experiment: &'a Experiment, scope: Scope, streams: bool) -> Self {
        Self { experiment, scope, streams, cast: None, begun: None }
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

pub(super) fn event_columns(events: &Events) -> Vec<(String, Kind)> {
    let first: Option<&EventChunk> = events.chunks.first();
    let columns = first.map(|chunk| chunk.columns.iter().map(Kind::of).collect::<Vec<_>>()).unwrap_or_default();
    events.columns.iter().cloned().zip(columns).collect()
}
