use crate::data::DataError;
use crate::evaluation::CohortError;
use crate::models::ModelError;
use crate::replay::ReplayError;

/// Why an experiment's leads could not be read, replayed, scored or put into a cohort.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Data(Box<DataError>),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Model(Box<ModelError>),
    #[error("{place}: the data hold `{column}`, but no model may read it: {reason}")]
    Refused { column: String, reason: String, place: String },
    /// What was found in the files is the likelier cause.
    #[error("{found}. {advice} ({error})")]
    Forbidden { found: String, advice: String, error: Box<ModelError> },
    #[error("segments: there is no column `{column}` among the leads{why}")]
    NoSegment { column: String, why: String },
    #[error("data.leads.account: there is no column `{column}` among the leads{why}")]
    NoAccount { column: String, why: String },
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
