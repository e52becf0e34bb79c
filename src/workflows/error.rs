use std::path::PathBuf;

use crate::data::DataError;
use crate::experiment::ConfigError;
use crate::pipeline::PipelineError;
use crate::report::ReportError;
use crate::store::StoreError;

/// Why a run came to no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("lead `{lead}` {why}")]
    NoLead { lead: String, why: &'static str },
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error("there is no points model to audit: only points are held against what happened")]
    NoPoints,
    #[error("model `{model}` gives no points by criteria, and only those can be audited")]
    NotPoints { model: String },
    #[error("model `{model}` is audited on training leads, and there are none: give `replay.train` a window")]
    NoTraining { model: String },
    #[error(
        "{what}: those leads score lower for want of a log, and a comparison across that date would be about the log; {advice}, or compare all the same with --allow-truncated"
    )]
    Truncated { what: String, advice: String },
    #[error("{path}: {why}: name two folders that `leadoff run` left, such as `leadoff compare reports/q2 reports/q3`", path = path.display())]
    NotARun { path: PathBuf, why: String },
    #[error(
        "the champion of the first run is {}, of the second {}: what is said against different champions cannot be compared; run the second again with the champion of the first",
        named(a),
        named(b)
    )]
    OtherChampion { a: Option<String>, b: Option<String> },
    #[error("{path}: scores are written to .csv, .csv.gz or .parquet", path = path.display())]
    Format { path: PathBuf },
}

fn named(champion: &Option<String>) -> String {
    champion.as_ref().map_or("none".into(), |champion| format!("`{champion}`"))
}

impl From<DataError> for RunError {
    fn from(error: DataError) -> Self {
        Self::Pipeline(error.into())
    }
}
