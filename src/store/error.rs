use std::io;
use std::path::PathBuf;

/// Why a result could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: cannot be written: {source}", path = path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: is there already and is no report of ours (it holds no `evaluation.json`): name another folder with --out", path = path.display())]
    NotOurs { path: PathBuf },
    #[error("{path}: is there already and not empty: name a new folder", path = path.display())]
    NotEmpty { path: PathBuf },
    #[error("{path}: {why}", path = path.display())]
    Read { path: PathBuf, why: String },
}
