//! What a run leaves: `evaluation.json` with everything a report needs, the report in its formats, and what stays here.

use std::path::Path;

use serde_json::json;

use crate::pipeline::Progress;
use crate::report::{self, chart};
use crate::result::{Evaluation, SCHEMA};
use crate::store::{self, Kind, StoreError, Stored, Target, Writer, write_files};

use super::{Run, RunError};

/// Writes the folder of a run, all of it or nothing.
pub fn store(run: &Run, place: &Target, png: bool, progress: &dyn Progress) -> Result<Stored, RunError> {
    progress.say("drawing".into());
    let mut folder = place.draft()?;
    folder.write("evaluation.json", to_json(&run.evaluation))?;
    for (name, bytes) in report_files(&run.evaluation, png)? {
        folder.write(&name, bytes)?;
    }
    let mut findings = Vec::new();
    run.findings
        .write_csv(&mut findings)
        .map_err(|source| StoreError::Io { path: place.path().join("findings.csv"), source })?;
    folder.write("findings.csv", findings)?;
    folder.write("experiment.yaml", &run.experiment)?;
    if let Some(yaml) = run.evaluation.proposal.as_ref().and_then(|proposal| proposal.yaml.as_ref()) {
        folder.write("proposal.yaml", yaml)?;
    }
    folder.write("run.json", run_json(run))?;
    Ok(folder.finish()?)
}

/// Every file of the report with its bytes: formats and charts.
fn report_files(evaluation: &Evaluation, png: bool) -> Result<Vec<(String, Vec<u8>)>, RunError> {
    let document = report::document(evaluation);
    let pictures = || {
        let slide = chart::slide(&document, &report::slide_figures(evaluation));
        chart::files(&chart::all(evaluation), slide, png)
    };
    let sheets = || report::workbook(&report::whole(evaluation));
    let ((sheets, mut files), pictures) =
        rayon::join(|| rayon::join(sheets, || report::pages(&document, "report")), pictures);
    files.push(("report.xlsx".into(), sheets?));
    for (stem, page) in report::cards(evaluation).into_iter().chain(report::models(evaluation)) {
        files.extend(report::pages(&page, &stem));
    }
    files.extend(pictures?);
    Ok(files)
}

fn to_json(evaluation: &Evaluation) -> String {
    serde_json::to_string_pretty(evaluation).expect("an evaluation has only plain values") + "\n"
}

/// File names, sizes and hashes: what ties a report to its inputs. Stays beside the report.
fn run_json(run: &Run) -> String {
    let inputs: Vec<_> = run
        .inputs
        .iter()
        .map(|input| json!({ "path": input.path, "bytes": input.bytes, "sha256": input.sha256 }))
        .collect();
    let run = json!({
        "leadoff": env!("CARGO_PKG_VERSION"),
        "schema": SCHEMA,
        "experiment": run.evaluation.experiment,
        "seed": run.evaluation.setting.seed,
        "inputs": inputs,
    });
    serde_json::to_string_pretty(&run).expect("plain values") + "\n"
}

/// Reads an `evaluation.json` of this or an older version.
pub fn read_evaluation(path: &Path) -> Result<Evaluation, StoreError> {
    store::read(path, Kind::Run, SCHEMA)
}

/// Draws the report of an evaluation anew, beside it. Each file appears whole.
pub fn redraw(evaluation: &Evaluation, folder: &Path) -> Result<(), RunError> {
    Ok(write_files(folder, Writer::Run, report_files(evaluation, true)?)?)
}
