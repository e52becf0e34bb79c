use crate::pipeline::PipelineError;
use crate::report::ReportError;
use crate::store::StoreError;
use crate::workflows::tracking_breaks::Truncated;

/// Why a run came to no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Truncated(#[from] Truncated),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
}
