use std::fmt;
use std::sync::Arc;

/// Where in an expression's text something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Shared by all places of an expression.
    text: Arc<str>,
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
}

impl Place {
    pub(super) fn new(text: impl Into<Arc<str>>, line: u64, column: u64) -> Self {
        Self { text: text.into(), line: line.max(1), column: column.max(1) }
    }

    /// The line that is meant, cut to what stands around the place.
    fn excerpt(&self) -> String {
        const BEFORE: usize = 30;
        const LENGTH: usize = 70;
        let line = self.text.lines().nth(self.line as usize - 1).unwrap_or_default();
        let length = line.chars().count();
        if length <= LENGTH {
            return line.into();
        }
        let start = (self.column as usize).saturating_sub(BEFORE).min(length - LENGTH);
        let part: String = line.chars().skip(start).take(LENGTH).collect();
        let (left, right) = (if start > 0 { "…" } else { "" }, if start + LENGTH < length { "…" } else { "" });
        format!("{left}{part}{right}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "`{}` at ", self.excerpt())?;
        if self.text.trim_end().lines().count() > 1 {
            write!(f, "line {} ", self.line)?;
        }
        write!(f, "column {}", self.column)
    }
}

/// Why a text is no expression, or not one over these columns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PredicateError {
    /// Not SQL.
    #[error("{at}: {what}")]
    Syntax { at: Place, what: String },
    /// SQL, but more than is understood row by row.
    #[error("{at}: {what}")]
    Refused { at: Place, what: String },
    #[error("{at}: there is no column `{name}`{hint}")]
    UnknownColumn { at: Place, name: String, hint: String },
    #[error("{at}: {what}")]
    Type { at: Place, what: String },
}
