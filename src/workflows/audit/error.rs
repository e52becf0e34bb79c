use crate::pipeline::PipelineError;
use crate::report::ReportError;
use crate::store::StoreError;

/// Why an audit came to no result.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error("there is no points model to audit: only points are held against what happened")]
    NoPoints,
    #[error("model `{model}` gives no points by criteria, and only those can be audited")]
    NotPoints { model: String },
    #[error(
        "model `{model}` is audited on training leads, and there are none: no lead was created in `replay.train` with its horizon over before `replay.evaluate` begins; state an earlier or longer `train`, or a shorter `horizon`"
    )]
    NoTraining { model: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
}
