use std::io;
use std::path::{Path, PathBuf};

use super::Writer;

/// Why a result could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: cannot be written: {source}", path = path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: {}: move it away, or name another place", what.in_words(), path = path.display())]
    NotOurs { path: PathBuf, what: Foreign },
    #[error("{path}: there is no folder {}: make it, or name another place", folder.display(), path = path.display())]
    NoFolder { path: PathBuf, folder: PathBuf },
    #[error("{path}: {} is read as an input: name another place for what is written", input.display(), path = path.display())]
    Input { path: PathBuf, input: PathBuf },
    #[error("{path}: another leadoff{who} is writing here, and has been for {seconds} seconds: wait for it, or name another place", path = path.display())]
    Held { path: PathBuf, who: String, seconds: u64 },
    #[error("{path}: {why}", path = path.display())]
    Read { path: PathBuf, why: String },
}

impl StoreError {
    /// For `map_err` of what is done at a path.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        |source| Self::Io { path, source }
    }
}

/// What stands where something is to be written, and is not to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Without a mark of ours.
    Unknown,
    /// Written here once, and changed by somebody since.
    Changed,
    /// Written by another command.
    OfAnother(Writer),
    /// A folder with entries, where a new one was asked for or none of them is of this command: so many, some by name.
    Folder { entries: usize, some: Vec<String> },
    /// A folder where a file is to be, a file where a folder is to be, or a link to nothing.
    Kind(&'static str),
}

impl Foreign {
    fn in_words(&self) -> String {
        match self {
            Self::Unknown => "is there already, and leadoff did not write it".into(),
            Self::Changed => "was changed since leadoff wrote it".into(),
            Self::OfAnother(writer) => format!("was written by `leadoff {}`", writer.command()),
            Self::Folder { entries, some } => {
                let more =
                    if *entries > some.len() { format!(" and {} more", entries - some.len()) } else { String::new() };
                format!("is there already, and holds {}{more}", some.join(", "))
            }
            Self::Kind(what) => (*what).into(),
        }
    }
}
