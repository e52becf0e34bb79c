//! Where reviews are kept: a folder each, and a ledger of what every one of them said.

use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::data::InputFile;
use crate::experiment::{Folder, RunError, write_file};
use crate::report::{self, chart};
use crate::result::review::{LedgerEntry, REVIEW_SCHEMA, Review};

use super::ReviewError;
use super::gather::hex;

const LEDGER: &str = "ledger.jsonl";

/// The reviews so far, oldest first, with the line of each as it stands in the ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    entries: Vec<(LedgerEntry, String)>,
    /// The first line, from 1, that does not follow from the one before: it, or the one before, was changed.
    pub broken: Option<usize>,
}

impl Kept {
    /// The ledger in a folder of reviews; an empty one where there is none.
    ///
    /// # Errors
    /// When the ledger can not be read, or a line of it is no entry.
    pub fn read(folder: &Path) -> Result<Self, ReviewError> {
        let path = folder.join(LEDGER);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(ReviewError::Read { path, why: error.to_string() }),
        };
        let mut kept = Self::default();
        for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let entry: LedgerEntry = serde_json::from_str(line).map_err(|error| ReviewError::Ledger {
                path: path.clone(),
                line: place + 1,
                why: error.to_string(),
            })?;
            if entry.before != kept.hash() && kept.broken.is_none() {
                kept.broken = Some(place + 1);
            }
            kept.entries.push((entry, line.to_string()));
        }
        Ok(kept)
    }

    /// The reviews before one of this period on these inputs and definitions: a review that is made again does not
    /// count itself, nor what came after it.
    #[must_use]
    pub fn before(mut self, period: &str, inputs: &str, definition: &str) -> Self {
        let same =
            |entry: &LedgerEntry| entry.period == period && entry.inputs == inputs && entry.definition == definition;
        if let Some(place) = self.entries.iter().position(|(entry, _)| same(entry)) {
            self.entries.truncate(place);
        }
        self
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LedgerEntry> {
        self.entries.iter().map(|(entry, _)| entry)
    }

    /// SHA-256 of the last line.
    pub fn hash(&self) -> Option<String> {
        self.entries.last().map(|(_, line)| hex(&Sha256::digest(line.as_bytes())))
    }
}

/// The entry of a review.
fn entry(review: &Review, before: Option<String>) -> LedgerEntry {
    let setting = &review.setting;
    LedgerEntry {
        schema: REVIEW_SCHEMA,
        period: review.periods.last().map_or_else(String::new, |period| period.label.clone()),
        until: setting.until.clone(),
        inputs: setting.inputs.clone(),
        definition: setting.definition.clone(),
        champion: setting.champion.clone(),
        decision: review.decision.verdict.decision,
        advised: review.decision.verdict.model.clone().unwrap_or_else(|| setting.champion.clone()),
        headline: report::review(review).answer.headline.plain(),
        advice: review.advice.clone(),
        periods: review.periods.clone(),
        early: review.early.clone(),
        before,
    }
}

/// Writes a review into its folder below `folder`, all of it or nothing, and its line into the ledger. A review that is
/// made again takes its own place. Returns the review's folder.
///
/// # Errors
/// When a file can not be written or the ledger not be read.
pub fn store(review: &Review, inputs: &[InputFile], folder: &Path) -> Result<PathBuf, ReviewError> {
    let label = review.periods.last().map_or("review", |period| period.label.as_str());
    let target = folder.join(report::slug(&label.to_lowercase()));
    std::fs::create_dir_all(folder)
        .map_err(|error| ReviewError::Read { path: folder.into(), why: error.to_string() })?;
    let draft = Folder::create(&target)?;
    let json = serde_json::to_string_pretty(review).expect("a review has only plain values") + "\n";
    draft.write("review.json", json)?;
    let document = report::review(review);
    for (name, bytes) in report::files(&document, "review").map_err(RunError::from)? {
        draft.write(&name, bytes)?;
    }
    for chart in chart::review(review) {
        draft.write(&format!("charts/{}.svg", chart.id), chart::standalone(&chart))?;
    }
    draft.write("run.json", run_json(review, inputs))?;
    let written = draft.finish()?;
    append(review, folder)?;
    Ok(written)
}

fn append(review: &Review, folder: &Path) -> Result<(), ReviewError> {
    let all = Kept::read(folder)?;
    let setting = &review.setting;
    let label = review.periods.last().map_or("", |period| period.label.as_str());
    let before = all.clone().before(label, &setting.inputs, &setting.definition);
    // What was said later stands: a review made again in between changes no line.
    if before.len() + 1 < all.len() {
        return Ok(());
    }
    let line = serde_json::to_string(&entry(review, before.hash())).expect("an entry has only plain values");
    let lines: String = before.entries.iter().map(|(_, line)| format!("{line}\n")).collect();
    Ok(write_file(&folder.join(LEDGER), format!("{lines}{line}\n"))?)
}

/// File names, sizes and hashes: what ties a review to its inputs.
fn run_json(review: &Review, inputs: &[InputFile]) -> String {
    let inputs: Vec<_> = inputs
        .iter()
        .map(|input| json!({ "path": input.path, "bytes": input.bytes, "sha256": input.sha256 }))
        .collect();
    let run = json!({
        "leadoff": env!("CARGO_PKG_VERSION"),
        "schema": REVIEW_SCHEMA,
        "experiment": review.experiment,
        "seed": review.setting.seed,
        "inputs": inputs,
    });
    serde_json::to_string_pretty(&run).expect("plain values") + "\n"
}

/// Reads a `review.json` of this or an older version.
///
/// # Errors
/// When it can not be read, or is newer than this program.
pub fn read_review(path: &Path) -> Result<Review, ReviewError> {
    let failed = |why: String| ReviewError::Read { path: path.into(), why };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| failed(format!("not JSON: {error}")))?;
    match json.get("schema").and_then(serde_json::Value::as_u64) {
        Some(schema) if schema <= u64::from(REVIEW_SCHEMA) => {}
        Some(newer) => {
            return Err(failed(format!(
                "its schema {newer} is newer than this leadoff knows ({REVIEW_SCHEMA}): take a newer one"
            )));
        }
        None => return Err(failed("it names no schema: not a review of leadoff".into())),
    }
    serde_json::from_value(json).map_err(|error| failed(error.to_string()))
}
