use std::path::PathBuf;

use crate::data::DataError;
use crate::experiment::ConfigError;
use crate::pipeline::PipelineError;
use crate::report::ReportError;
use crate::store::StoreError;
use crate::trial::Unquotable;

/// Why a field test was not planned, assigned or analysed.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Data(Box<DataError>),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("{path}: {error}", path = path.display())]
    Sql { path: PathBuf, error: Unquotable },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl From<DataError> for TestError {
    fn from(error: DataError) -> Self {
        Self::Data(Box::new(error))
    }
}
