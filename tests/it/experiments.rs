//! The experiments of the repository: all load, and run where their data are.

use std::path::{Path, PathBuf};

use leadoff::experiment::Experiment;

use crate::product::{folder, json, leadoff_in, shared, write};

fn experiments() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_experiment_of_the_repository_is_one() {
    let found = experiments();
    assert!(found.len() >= 4, "{found:?}");
    for path in found {
        Experiment::load(&path).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_experiment_on_data_of_others_says_where_to_get_them() {
    for path in experiments() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("data/demo/") || text.contains("https://") || text.contains("upGrad"),
            "{}",
            path.display()
        );
    }
}

/// Runs an experiment of the repository on data that stand elsewhere; its folder lives as long as the first part.
fn run(name: &str, here: &str, there: PathBuf) -> (tempfile::TempDir, serde_json::Value) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(name)).unwrap();
    let moved = text.replace(here, &there.display().to_string());
    assert_ne!(moved, text);
    let folder = folder();
    write(folder.path(), name, moved);
    leadoff_in(folder.path(), &["check", name]).done();
    let out = leadoff_in(folder.path(), &["run", name, "--out", "out", "--no-png"]).done();
    assert!(out.lines().rev().nth(1).unwrap().starts_with("Report: out/report.html"), "{out}");
    let evaluation = json(&folder.path().join("out/evaluation.json"));
    (folder, evaluation)
}

#[test]
fn the_olist_experiment_runs() {
    let Some(data) = shared("olist") else { return };
    let (_folder, evaluation) = run("olist.yaml", "data/olist", data);
    assert_eq!(evaluation["ledger"]["read"], 8000);
    assert!(evaluation["ledger"]["evaluated"].as_u64().unwrap() > 1000);
}

#[test]
fn the_x_education_experiment_runs_and_names_the_inversion() {
    let Some(data) = shared("x-education") else { return };
    let (_folder, evaluation) = run("x_education.yaml", "data/x-education", data);
    let activity = crate::product::model(&evaluation, "activity");
    assert_eq!(activity["brackets"]["inversions"][0]["lower"], "Medium");
}

#[test]
fn the_bank_experiment_runs() {
    let Some(data) = shared("bank-marketing/bank-additional-full.csv.gz") else { return };
    let (_folder, evaluation) = run("uci_bank.yaml", "data/bank-marketing/bank-additional-full.csv", data);
    assert_eq!(evaluation["ledger"]["training"], 32949);
}

#[test]
fn the_schema_beside_the_experiments_is_the_one_that_the_command_prints() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/experiment.schema.json");
    let stored = std::fs::read_to_string(beside).unwrap();
    let folder = folder();
    let printed = leadoff_in(folder.path(), &["schema"]).done();
    assert!(stored == printed, "make it anew: leadoff schema > experiments/experiment.schema.json");
}
