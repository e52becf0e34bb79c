use crate::data::DataError;
use crate::engine::EngineError;
use crate::evaluation::CohortError;
use crate::models::ModelError;
use crate::replay::{FoldedError, ReplayError};

/// Why an experiment's leads could not be read, replayed, scored or put into a cohort.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Data(Box<DataError>),
    #[error(transparent)]
    Replay(ReplayError),
    /// What an engine made of the log is no answer.
    #[error("{error}; make it anew by the statement that `{command}` writes")]
    Folded { error: Box<FoldedError>, command: String },
    #[error(transparent)]
    Engine(Box<EngineError>),
    #[error(transparent)]
    Model(Box<ModelError>),
    #[error("{place}: the data hold `{column}`, but no model may read it: {reason}")]
    Refused { column: String, reason: String, place: String },
    /// What was found in the files is the likelier cause.
    #[error("{found}. {advice} ({error})")]
    Forbidden { found: String, advice: String, error: Box<ModelError> },
    #[error("{place}: there is no column `{column}` among the leads{why}")]
    NoColumn { place: String, column: String, why: String },
    #[error(transparent)]
    Cohort(#[from] CohortError),
}

impl From<ModelError> for PipelineError {
    fn from(error: ModelError) -> Self {
        Self::Model(Box::new(error))
    }
}

impl From<DataError> for PipelineError {
    fn from(error: DataError) -> Self {
        Self::Data(Box::new(error))
    }
}

impl From<EngineError> for PipelineError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<ReplayError> for PipelineError {
    fn from(error: ReplayError) -> Self {
        Self::Replay(error)
    }
}
