use std::path::PathBuf;

use super::rules::Wrong;
use crate::models::ModelError;

/// Why an experiment file cannot be used. `at` is the file, its line and the field ([`super::Source::at`]).
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: cannot be read: {source}; `leadoff` alone says what is in this folder", path = path.display())]
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
    #[error("{at}: {message}")]
    Invalid { at: String, message: String },
    /// A file of rules, with all that is wrong in it.
    #[error("{at}: {file}: {wrong}", file = file.display(), wrong = listed(wrong))]
    Rules { at: String, file: PathBuf, wrong: Vec<Wrong> },
    /// The file of a model that was made elsewhere.
    #[error("{at}: {file}: {what}", file = file.display())]
    ModelFile { at: String, file: PathBuf, what: String },
    #[error(transparent)]
    Model(Box<ModelError>),
}

fn listed(wrong: &[Wrong]) -> String {
    match wrong {
        [one] => one.to_string(),
        all => all.iter().map(|one| format!("\n  {one}")).collect(),
    }
}
