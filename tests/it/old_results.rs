//! Results that older versions wrote: they are read, and show what they showed, for ever.

use std::path::{Path, PathBuf};

use crate::product::{folder, json, leadoff_in};

/// A folder a result, under the version that wrote it.
fn results() -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let mut found: Vec<PathBuf> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
        found.sort();
        found
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old-results");
    entries(&root).iter().flat_map(|version| entries(version)).collect()
}

/// A copy of a result's folder that may be written into.
fn copy(result: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in result.read_dir().unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn results_of_older_versions_show_what_they_showed() {
    let results = results();
    assert!(results.len() >= 4, "{results:?}");
    let mut different = Vec::new();
    for result in &results {
        let folder = folder();
        let own = folder.path().join("result");
        copy(result, &own);
        let report = if result.join("review.json").is_file() { "review.md" } else { "report.md" };
        std::fs::remove_file(own.join(report)).unwrap();
        leadoff_in(folder.path(), &["render", "result"]).done();
        let (kept, made) = (result.join(report), std::fs::read_to_string(own.join(report)).unwrap());
        if std::env::var_os("LEADOFF_BLESS").is_some() {
            std::fs::write(&kept, &made).unwrap();
        }
        if std::fs::read_to_string(&kept).unwrap() != made {
            different.push(kept.display().to_string());
        }
    }
    let renew =
        "if today's words are better, look at them and keep them: LEADOFF_BLESS=1 cargo test --test it old_results";
    assert!(different.is_empty(), "other text than before:\n{}\n{renew}", different.join("\n"));
}

#[test]
fn a_result_of_an_older_version_is_compared_with_one_of_this() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old-results/0.1.0/run");
    let said = leadoff_in(&old, &["compare", ".", "../gated"]).done();
    assert!(said.contains("regression"), "{said}");
}

#[test]
fn a_ledger_of_an_older_version_goes_on_without_accusing_anybody() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old-results/0.1.0/review");
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", "3000", "--seed", "7"]).done();
    std::fs::copy(old.join("experiment.yaml"), folder.path().join("experiment.yaml")).unwrap();
    let reviews = folder.path().join("reviews");
    std::fs::create_dir(&reviews).unwrap();
    std::fs::copy(old.join("ledger.jsonl"), reviews.join("ledger.jsonl")).unwrap();
    let again = ["review", "experiment.yaml", "--quarter", "2026Q2", "--out", "reviews", "--no-png"];
    leadoff_in(folder.path(), &again).done();
    let memory = &json(&reviews.join("2026q2/review.json"))["memory"];
    // The review of the quarter before is quoted; that of this quarter is the same one, made again.
    assert_eq!(memory["reviews"], 1, "{memory}");
    assert_eq!(memory["rewritten"].as_array().map(Vec::len), Some(0), "{memory}");
    let ledger = std::fs::read_to_string(reviews.join("ledger.jsonl")).unwrap();
    assert_eq!(ledger.lines().count(), 2, "{ledger}");
}
