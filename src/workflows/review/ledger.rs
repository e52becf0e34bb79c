//! The ledger of reviews: what every one of them said.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::data::hex;
use crate::report;
use crate::result::review::{LedgerEntry, REVIEW_SCHEMA, Review};
use crate::store::{Ledger, StoreError};

use super::ReviewError;

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
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::of(&text, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(StoreError::Read { path, why: error.to_string() }.into()),
        }
    }

    fn of(text: &str, path: &Path) -> Result<Self, ReviewError> {
        let mut kept = Self::default();
        for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let entry: LedgerEntry = serde_json::from_str(line).map_err(|error| ReviewError::Ledger {
                path: path.into(),
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
    /// count itself, nor what came after it. Version 0.1.0 told its inputs by the hashes of their files.
    #[must_use]
    pub fn before(mut self, period: &str, inputs: [&str; 2], definition: &str) -> Self {
        let same = |entry: &LedgerEntry| {
            let on_the_same = inputs.contains(&entry.inputs.as_str());
            entry.period == period && on_the_same && entry.is_defined_as(definition) != Some(false)
        };
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

/// Writes the line of a review into the ledger of its folder.
pub(super) fn append(review: &Review, files: &str, folder: &Path) -> Result<(), ReviewError> {
    let path = folder.join(LEDGER);
    let ledger = Ledger::hold(&path)?;
    let all = Kept::of(&ledger.read()?.unwrap_or_default(), &path)?;
    let setting = &review.setting;
    let label = review.periods.last().map_or("", |period| period.label.as_str());
    let before = all.clone().before(label, [&setting.inputs, files], &setting.definition);
    // What was said later stands: a review made again in between changes no line.
    if before.len() + 1 < all.len() {
        return Ok(());
    }
    let line = serde_json::to_string(&entry(review, before.hash())).expect("an entry has only plain values");
    let lines: String = before.entries.iter().map(|(_, line)| format!("{line}\n")).collect();
    Ok(ledger.replace(&format!("{lines}{line}\n"))?)
}
