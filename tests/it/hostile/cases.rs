//! Cases that once broke the command; they stand outside of this repository.

use std::path::{Path, PathBuf};

use crate::product::{folder, leadoff_in, write};

fn case(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("LEADOFF_SHARED").map_or_else(beside, PathBuf::from);
    let path = root.join("cases-hardening").join(name);
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    println!("skipped: {} is not there", path.display());
    None
}

#[test]
fn damaged_columnar_files_are_errors_of_the_data() {
    for name in [
        "07-arrow-ipc-panic",
        "07b-arrow-bitmap-panic",
        "08-parquet-panic",
        "08b-parquet-metadata-panic",
        "09-arrow-alloc-abort",
    ] {
        let Some(case) = case(name) else { continue };
        let out = folder();
        let out = out.path().join("out");
        for command in [&["check", "exp.yaml"][..], &["run", "exp.yaml", "--no-png", "--out", out.to_str().unwrap()]] {
            let error = leadoff_in(&case, command).failed(4);
            assert!(error.contains("d/") && error.contains("export it again"), "{name}: {error}");
        }
    }
}

#[test]
fn nested_conditions_take_no_longer_than_others() {
    let (Some(case), Some(tiny)) = (case("11-predicate-exponential"), case("tiny")) else { return };
    let folder = folder();
    for file in ["leads.csv", "events.csv", "outcomes.csv"] {
        write(folder.path(), &format!("d/{file}"), std::fs::read(tiny.join("d").join(file)).unwrap());
    }
    let began = std::time::Instant::now();
    for name in ["case16.yaml", "case20.yaml", "case24.yaml"] {
        write(folder.path(), name, std::fs::read(case.join(name)).unwrap());
        leadoff_in(folder.path(), &["check", name]).done();
    }
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}
