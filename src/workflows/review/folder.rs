//! Where a review is kept: a folder with everything a report needs, the report in its formats, and what stays here.

use std::path::Path;

use serde_json::json;

use crate::data::InputFile;
use crate::report::{self, chart};
use crate::result::review::{REVIEW_SCHEMA, Review};
use crate::store::{self, Kind, StoreError, Stored, Target, Writer, write_files};

use super::ReviewError;
use super::ledger::append;

/// Writes a review into its folder below `folder`, all of it or nothing, and its line into the ledger. A review that is
/// made again takes its own place.
///
/// # Errors
/// When a file can not be written or the ledger not be read.
pub fn store(review: &Review, inputs: &[InputFile], folder: &Path, png: bool) -> Result<Stored, ReviewError> {
    let label = review.periods.last().map_or("review", |period| period.label.as_str());
    let target = folder.join(report::slug(&label.to_lowercase()));
    let mut draft = Target::folder(&target, Writer::Review, &[])?.draft()?;
    let json = serde_json::to_string_pretty(review).expect("a review has only plain values") + "\n";
    draft.write("review.json", json)?;
    for (name, bytes) in report_files(review, png)? {
        draft.write(&name, bytes)?;
    }
    draft.write("run.json", run_json(review, inputs))?;
    // Before the report: what a review said is never forgotten.
    append(review, &super::files(inputs), folder)?;
    Ok(draft.finish()?)
}

/// Every file of the report with its bytes: formats, charts and the slide.
fn report_files(review: &Review, png: bool) -> Result<Vec<(String, Vec<u8>)>, ReviewError> {
    let document = report::review(review);
    let mut files = report::files(&document, "review")?;
    let slide = chart::brief(&document, &report::review_brief(review));
    files.extend(chart::files(&chart::review(review), slide, png)?);
    Ok(files)
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
/// When it can not be read, is something else, or is newer than this program.
pub fn read_review(path: &Path) -> Result<Review, StoreError> {
    store::read(path, Kind::Review, REVIEW_SCHEMA)
}

/// Draws the report of a review anew, beside it. Each file appears whole.
///
/// # Errors
/// When a file can not be written.
pub fn redraw(review: &Review, folder: &Path) -> Result<(), ReviewError> {
    Ok(write_files(folder, Writer::Review, report_files(review, true)?)?)
}
