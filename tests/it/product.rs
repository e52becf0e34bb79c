//! The product as its users meet it: the binary, run on files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of its own, gone at the end of the test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for temporary files")
}

/// What a command left.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// What the command printed, when it was done without failing.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.err, self.out);
        self.out
    }

    /// What the command complained of, when it failed with this code.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}", self.err, self.out);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self.err
    }
}

/// Runs the command in a folder.
pub fn leadoff_in(folder: &Path, arguments: &[&str]) -> Said {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_leadoff"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}

pub fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Runs an experiment of this text in a folder and reads its evaluation.
#[track_caller]
pub fn evaluated(folder: &Path, experiment: &str) -> Value {
    write(folder, "experiment.yaml", experiment);
    leadoff_in(folder, &["run", "experiment.yaml", "--out", "out", "--no-png"]).done();
    json(&folder.join("out/evaluation.json"))
}

pub fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Data that may not stand in this repository; nothing where they are absent, and a line that says so.
pub fn shared(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("LEADOFF_SHARED").map_or_else(beside, PathBuf::from);
    let path = root.join("data").join(name);
    if path.exists() {
        return Some(path.canonicalize().unwrap());
    }
    println!("skipped: {} is not there", path.display());
    None
}

/// A model of an evaluation by its name.
#[track_caller]
pub fn model<'a>(evaluation: &'a Value, name: &str) -> &'a Value {
    let models = evaluation["models"].as_array().unwrap();
    models.iter().find(|model| model["name"] == name).unwrap_or_else(|| panic!("no model {name}"))
}

/// Fails when a number of an evaluation is not this one to so many decimals.
#[track_caller]
pub fn close(found: &Value, expected: f64, tolerance: f64) {
    let number = found.as_f64().unwrap_or_else(|| panic!("{found} is no number, expected {expected}"));
    assert!((number - expected).abs() <= tolerance, "{number}, expected {expected}");
}
