use std::path::PathBuf;

use crate::evaluation::CohortError;
use crate::pipeline::PipelineError;
use crate::report::ReportError;
use crate::review::MisalignedError;
use crate::store::StoreError;

/// Why a review came to no result.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error("`{text}` is no quarter: expected one such as `{example}`")]
    Quarter { text: String, example: &'static str },
    #[error("`{text}` is no month: expected one such as `2026-07`")]
    Month { text: String },
    #[error("from {from} to before {to} lies no day: the first comes before the last, which is not included")]
    NoDays { from: String, to: String },
    #[error("there is no period `{name}` under `review.periods`: known are {known}")]
    NoPeriod { name: String, known: String },
    #[error("the leads have no creation times: name ranges of rows under `review.periods`")]
    NoDates,
    #[error("these periods lie outside the calendar: compare fewer of them")]
    OutsideTheCalendar,
    #[error("a review is of the model in use: name the experiment's `champion`")]
    NoChampion,
    #[error("no lead was created in {label}: leads are there from {from} to {to}")]
    Empty { label: String, from: String, to: String },
    #[error("review.feedback: there is no column `{column}` among the leads{near}")]
    NoColumn { column: String, near: String },
    #[error("data.events.sales: there is no kind of events `{kind}`{near}")]
    NoKind { kind: String, near: String },
    #[error("{path}:{line}: no entry of a ledger of reviews: {why}; move the file away to begin a new one", path = path.display())]
    Ledger { path: PathBuf, line: usize, why: String },
    #[error(transparent)]
    Misaligned(#[from] MisalignedError),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl From<CohortError> for ReviewError {
    fn from(error: CohortError) -> Self {
        Self::Pipeline(error.into())
    }
}
