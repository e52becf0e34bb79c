//! Points models whose rules stand in a file of their own: a table of criteria, or a platform's configuration.

mod hubspot;
mod operation;
mod table;
mod write;

#[cfg(test)]
mod tests;

pub use write::{Draft, draft, draft_text, table};

use std::path::Path;

use crate::data::{Finding, FindingLevel, What};
use crate::models::spec::{RulesRead, RulesSpec};
use crate::table::inert;

/// Rules that were read, and what of them no points model can say.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    pub read: RulesRead,
    pub unexpressed: Vec<Unexpressed>,
}

/// A rule, or a part of one, that no points model can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexpressed {
    /// Where it stands, as its platform shows it.
    pub rule: String,
    pub why: String,
    /// Whether a score could depend on it.
    pub matters: bool,
}

/// Something in a file of rules that cannot stay so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// From 1, as an editor shows it; 0 where it is about the whole file.
    pub line: u64,
    pub what: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&inert(&self.what)),
            line => write!(f, "line {line}: {}", inert(&self.what)),
        }
    }
}

/// Reads rules: JSON is a platform's configuration, all else a table of criteria. `shown` names the file in messages.
///
/// # Errors
/// All that is wrong in it, not the first alone.
pub fn read(text: &str, shown: &str, spec: &RulesSpec) -> Result<Rules, Vec<Wrong>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().chars().next() {
        None => Err(vec![Wrong { line: 0, what: "it is empty, expected rules".into() }]),
        Some('{' | '[') => hubspot::read(text, shown, spec),
        Some(_) => table::read(text, shown, spec),
    }
}

/// The same, of a file.
///
/// # Errors
/// As [`read`], and when it cannot be read.
pub fn read_file(path: &Path, spec: &RulesSpec) -> Result<Rules, Vec<Wrong>> {
    let wrong = |what: String| vec![Wrong { line: 0, what }];
    // A device or a pipe might never end.
    if path.metadata().is_ok_and(|known| !known.is_file()) {
        return Err(wrong("is no file, expected rules".into()));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| wrong("no text in UTF-8: save it as \"CSV UTF-8\", or as JSON in UTF-8".into()))?;
    read(&text, &spec.file.to_string_lossy(), spec)
}

impl Rules {
    /// What is to be said of them before any result is read; `model` is the one that they make. Of a champion that lacks
    /// some, nothing can be concluded: it is not the score in use.
    pub(crate) fn findings(&self, model: &str, file: &Path, is_champion: bool) -> Vec<Finding> {
        let rules = self.read.points.criteria.len();
        let of = |matters: bool| {
            let these: Vec<&Unexpressed> = self.unexpressed.iter().filter(|one| one.matters == matters).collect();
            let named: Vec<String> = these.iter().map(|one| format!("{}: {}", one.rule, one.why)).collect();
            let mend = "mend what can be, and hold the score against the platform's with `leadoff parity`";
            let (level, advice) = match (matters, is_champion) {
                (true, true) => (
                    FindingLevel::Forbids,
                    format!(
                        "{mend}; if what is missing gives nobody points, say so: `rules: {{ file: {}, complete: true }}`",
                        file.display()
                    ),
                ),
                (true, false) => (FindingLevel::Doubt, format!("the replayed score lacks them: {mend}")),
                (false, _) => (FindingLevel::Note, "no score depends on it".to_string()),
            };
            let not_yet = if matters && is_champion { " is not your score yet" } else { "" };
            let text = format!(
                "`{model}`{not_yet} ({}): {rules} criteria were read, and {}: {}",
                file.display(),
                match these.len() {
                    1 => "one thing is not in the model".to_string(),
                    count => format!("{count} things are not in the model"),
                },
                named.join("; ")
            );
            let finding = Finding::new("rules", What::RulesNotExpressed, level, these.len() as u64, text);
            (!these.is_empty()).then(|| finding.advice(advice))
        };
        [of(true), of(false)].into_iter().flatten().collect()
    }
}
