use std::path::PathBuf;

use crate::data::DataError;
use crate::evaluation::CohortError;
use crate::models::ModelError;
use crate::replay::ReplayError;
use crate::report::ReportError;

use crate::store::StoreError;

/// Why an experiment file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: not a text file: an experiment is YAML in UTF-8", path = path.display())]
    NotText { path: PathBuf },
    #[error("{path}:{line}:{column}: {message}\n{snippet}", path = path.display())]
    Parse { path: PathBuf, line: usize, column: usize, message: String, snippet: String },
    /// Parsed, but it does not fit together.
    #[error("{path}: {field}: {message}", path = path.display())]
    Invalid { path: PathBuf, field: String, message: String },
    #[error("{path}: {error}", path = path.display())]
    Model { path: PathBuf, error: Box<ModelError> },
}

/// Why a run came to no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Data(Box<DataError>),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Model(Box<ModelError>),
    #[error("{place}: the data hold `{column}`, but no model may read it: {reason}")]
    Refused { column: String, reason: String, place: String },
    #[error("segments: there is no column `{column}` among the leads{why}")]
    NoSegment { column: String, why: String },
    #[error(transparent)]
    Cohort(#[from] CohortError),
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

impl From<ModelError> for RunError {
    fn from(error: ModelError) -> Self {
        Self::Model(Box::new(error))
    }
}

impl From<DataError> for RunError {
    fn from(error: DataError) -> Self {
        Self::Data(Box::new(error))
    }
}
