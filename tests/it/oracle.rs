//! Every published reference case, where the folder of cases is at hand.

use std::path::{Path, PathBuf};

use leadoff::oracle::{self, Verdict};

const CASES: usize = 218;

/// The folder of cases: under `LEADOFF_SHARED`, or beside the sources.
fn cases() -> Option<Vec<PathBuf>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("LEADOFF_SHARED").map_or_else(beside, PathBuf::from);
    let files = std::fs::read_dir(shared.join("oracles/expected")).ok()?.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    files.sort();
    Some(files)
}

#[test]
fn every_reference_case_agrees() {
    let Some(files) = cases() else { return eprintln!("skipped: no reference cases, see LEADOFF_SHARED") };
    let cases: Vec<oracle::Case> = files.iter().flat_map(|file| oracle::read(file).unwrap()).collect();
    let differs = |case: &oracle::Case| match oracle::judge(case) {
        Verdict::Agreed { .. } => None,
        verdict => Some(format!("{}: {verdict:?}", case.id)),
    };
    let differences: Vec<String> = cases.iter().filter_map(differs).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(cases.len(), CASES);
}
