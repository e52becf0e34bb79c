//! Which of our results a file or a folder holds.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::result::version1;

use super::StoreError;

/// A stored result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Run,
    Review,
    Trial,
    Audit,
    Changes,
}

/// Its file, a field that it alone has, and what it is called.
const KNOWN: [(Kind, &str, &str, &str); 5] = [
    (Kind::Run, "evaluation.json", "readiness", "a run"),
    (Kind::Review, "review.json", "memory", "a review"),
    (Kind::Trial, "trial.json", "contrasts", "an A/B test"),
    (Kind::Audit, "audit.json", "weighing", "an audit"),
    (Kind::Changes, "compare.json", "inputs_unknown", "what changed between two runs"),
];

impl Kind {
    fn known(self) -> &'static (Self, &'static str, &'static str, &'static str) {
        KNOWN.iter().find(|known| known.0 == self).expect("every kind stands in the table")
    }

    /// The name of its file.
    pub fn file(self) -> &'static str {
        self.known().1
    }

    /// "a run", "an audit".
    pub fn in_words(self) -> &'static str {
        self.known().3
    }

    /// What a folder holds: the result and its file.
    pub fn in_folder(folder: &Path) -> Option<(Self, PathBuf)> {
        KNOWN.iter().map(|known| (known.0, folder.join(known.1))).find(|(_, file)| file.is_file())
    }

    /// What a file holds, whatever it is called; nothing when it is no result of ours.
    ///
    /// # Errors
    /// When it can not be read or is no JSON.
    pub fn of_file(path: &Path) -> Result<Option<Self>, StoreError> {
        parsed(path).map(|json| Self::of(&json)).map_err(|why| StoreError::Read { path: path.into(), why })
    }

    /// What version 1 kept, in today's form.
    fn upgraded(self, json: Value) -> Value {
        match self {
            Self::Run => version1::evaluation(json),
            Self::Review => version1::review(json),
            Self::Audit => version1::audit(json),
            Self::Changes => version1::changes(json),
            Self::Trial => json,
        }
    }

    fn of(json: &Value) -> Option<Self> {
        KNOWN.iter().find(|known| json.get(known.2).is_some()).map(|known| known.0)
    }
}

fn parsed(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))
}

/// Reads a result of this kind, whose schema is this one or an older one.
///
/// # Errors
/// When it is of another kind, of a newer schema, or no result at all.
pub fn read<T: DeserializeOwned>(path: &Path, kind: Kind, newest: u32) -> Result<T, StoreError> {
    read_as(path, kind, newest).map_err(|why| StoreError::Read { path: path.into(), why })
}

fn read_as<T: DeserializeOwned>(path: &Path, kind: Kind, newest: u32) -> Result<T, String> {
    let json = parsed(path)?;
    if let Some(other) = Kind::of(&json).filter(|other| *other != kind) {
        return Err(format!("it holds {}, and what is asked for is {}", other.in_words(), kind.in_words()));
    }
    let json = match json.get("schema").and_then(Value::as_u64) {
        Some(1) => kind.upgraded(json),
        Some(schema) if schema <= u64::from(newest) => json,
        Some(newer) => {
            return Err(format!("its schema {newer} is newer than this leadoff knows ({newest}): take a newer one"));
        }
        None => return Err(format!("it names no schema: not {} of leadoff", kind.in_words())),
    };
    serde_json::from_value(json).map_err(|error| error.to_string())
}
