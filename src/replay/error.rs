use super::FoldedError;

/// Why a history cannot be replayed as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReplayError {
    #[error(
        "replay.{window}: leads have no creation times: give a range of rows (`rows: 0..1000`) instead of `from` and `to`"
    )]
    WindowNeedsTimes { window: &'static str },
    #[error("replay.{window}: give either `rows` or `from` and `to`, not both")]
    WindowOverdetermined { window: &'static str },
    #[error("replay.{window}: `from` ({from}) does not come before `to` ({to})")]
    WindowEmpty { window: &'static str, from: String, to: String },
    #[error(
        "replay: the windows `train` and `evaluate` share {leads} leads, such as `{example}`: a model would be judged on leads it learned from"
    )]
    WindowsOverlap { leads: usize, example: String },
    #[error(
        "replay.as_of: leads have no creation times: name `data.leads.created`, or score at an event (`as_of: {{ event: KIND }}`)"
    )]
    AsOfNeedsTimes,
    #[error("replay.as_of: there is no event log: name `data.events`")]
    AsOfNeedsEvents,
    #[error("replay.as_of: no event of kind `{kind}` in the log{near}")]
    UnknownKind { kind: String, near: String },
    #[error(
        "data.events: leads have no creation times, so no event can be said to come before `as_of`: name `data.leads.created`, or score at an event"
    )]
    EventsNeedTimes,
    #[error("a criterion reads the events' column `{column}`, which the event log does not have{near}")]
    UnknownColumn { column: String, near: String },
    #[error(
        "replay.walk: periods are those of creation, and outcomes must be known by then: name `data.leads.created`, and give outcomes times"
    )]
    WalkNeedsTimes,
    #[error(
        "replay.walk: `horizon: ever` leaves no lead whose outcome was known when a period began; give a horizon such as 90d"
    )]
    WalkNeedsHorizon,
    #[error(
        "replay.walk: no {every} begins with {enough} wins and {enough} other leads known by then to learn from (the most wins are {most}): take a shorter `horizon`, a longer `train`, or longer periods"
    )]
    NoWalk { every: &'static str, most: usize, enough: usize },
    #[error(
        "{what} asks events for more than the models do, and of this log there are only the features that an engine made (`data.events.features`): leave `features` out to read it from its files"
    )]
    NeedsEvents { what: &'static str },
    #[error(transparent)]
    Folded(Box<FoldedError>),
    #[error("no lead is left to evaluate: {why}")]
    NoLeads { why: String },
}

impl From<FoldedError> for ReplayError {
    fn from(error: FoldedError) -> Self {
        Self::Folded(Box::new(error))
    }
}
