use std::path::PathBuf;

use super::rules::Wrong;
use crate::models::ModelError;

/// Why an experiment file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error(
        "{path}: a file of data, expected an experiment: YAML that names it, as `data: {{ leads: {{ path: {name} }} }}`; `leadoff init FOLDER` writes one to start from",
        path = path.display(),
        name = path.file_name().unwrap_or_default().to_string_lossy()
    )]
    Table { path: PathBuf },
    #[error("{path}: not a text file: an experiment is YAML in UTF-8", path = path.display())]
    NotText { path: PathBuf },
    #[error("{path}:{line}:{column}: {message}\n{snippet}", path = path.display())]
    Parse { path: PathBuf, line: usize, column: usize, message: String, snippet: String },
    /// Parsed, but it does not fit together.
    #[error("{path}: {field}: {message}", path = path.display())]
    Invalid { path: PathBuf, field: String, message: String },
    /// A file of rules, with all that is wrong in it.
    #[error("{path}: models.{model}.rules: {file}: {wrong}", path = path.display(), file = file.display(), wrong = listed(wrong))]
    Rules { path: PathBuf, model: String, file: PathBuf, wrong: Vec<Wrong> },
    /// The file of a model that was made elsewhere.
    #[error("{path}: {field}: {file}: {what}", path = path.display(), file = file.display())]
    ModelFile { path: PathBuf, field: String, file: PathBuf, what: String },
    #[error("{path}: {error}", path = path.display())]
    Model { path: PathBuf, error: Box<ModelError> },
}

fn listed(wrong: &[Wrong]) -> String {
    match wrong {
        [one] => one.to_string(),
        all => all.iter().map(|one| format!("\n  {one}")).collect(),
    }
}
