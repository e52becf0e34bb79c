use std::path::PathBuf;

/// Why an experiment file can not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: can not be read: {source}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: not a text file: an experiment is YAML in UTF-8", path = path.display())]
    NotText { path: PathBuf },
    #[error("{path}:{line}:{column}: {message}\n{snippet}", path = path.display())]
    Parse { path: PathBuf, line: usize, column: usize, message: String, snippet: String },
    /// Parsed, but it does not fit together.
    #[error("{path}: {field}: {message}", path = path.display())]
    Invalid { path: PathBuf, field: String, message: String },
}
