//! No command writes over what it did not write, and no byte is lost without a word.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::product::{folder, leadoff_in, write};

const LEADOFF: &str = env!("CARGO_BIN_EXE_leadoff");

/// A small experiment with its data.
pub fn experiment(at: &Path) {
    let mut leads = "lead_id,created_at,visits\n".to_string();
    let mut outcomes = "lead_id,converted_at\n".to_string();
    for lead in 0..120 {
        let month = 1 + lead / 20;
        leads += &format!("L{lead:03},2026-{month:02}-0{},{}\n", 1 + lead % 9, lead % 7);
        if lead % 3 == 0 {
            outcomes += &format!("L{lead:03},2026-{month:02}-2{}\n", lead % 9);
        }
    }
    write(at, "data/leads.csv", leads);
    write(at, "data/outcomes.csv", outcomes);
    write(
        at,
        "exp.yaml",
        "version: 1
experiment: Small
data:
  leads: { path: data/leads.csv, id: lead_id, created: created_at, known: at_creation }
  outcomes: { path: data/outcomes.csv, lead: lead_id, converted: converted_at }
  until: 2026-12-31
replay: { as_of: created, horizon: 90d }
champion: visits
models:
  visits: { points: { criteria: [{ name: some, when: visits >= 2, points: 1 }] } }
  many: { points: { criteria: [{ name: more, when: visits >= 5, points: 1 }] } }
replicates: 200
",
    );
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn no_command_writes_over_the_users_files() {
    let folder = folder();
    let at = folder.path();
    experiment(at);
    write(at, "mine.csv", "years of work\n");
    write(at, "made/leads.csv", "lead_id,my,real,leads\n");
    write(at, "made/test.yaml", "mine");
    let refused = |arguments: &[&str]| {
        let error = leadoff_in(at, arguments).failed(2);
        assert!(error.contains("name another place") || error.contains("is read as an input"), "{error}");
    };
    refused(&["simulate", "made", "--leads", "10"]);
    refused(&["simulate", "made", "--ab"]);
    refused(&["score", "exp.yaml", "data/leads.csv"]);
    refused(&["score", "exp.yaml", "mine.csv"]);
    refused(&["score", "exp.yaml", "--swap", "mine.csv"]);
    refused(&["score", "exp.yaml", "s.csv", "--swap", "./s.csv"]);
    refused(&["check", "exp.yaml", "--findings", "exp.yaml"]);
    refused(&["check", "exp.yaml", "--findings", "data/leads.csv"]);
    refused(&["audit", "exp.yaml", "--write", "exp.yaml"]);
    refused(&["audit", "exp.yaml", "--out", "data"]);
    refused(&["run", "exp.yaml", "--no-png", "--out", "."]);
    refused(&["run", "exp.yaml", "--no-png", "--out", "data"]);
    refused(&["init", "data"]);
    refused(&["ab", "plan", "--rate", "0.1", "--effect", "0.02", "--per-week", "300", "--out", "mine.csv"]);
    assert_eq!(text(&at.join("mine.csv")), "years of work\n");
    assert_eq!(text(&at.join("made/leads.csv")), "lead_id,my,real,leads\n");
    assert!(text(&at.join("data/leads.csv")).starts_with("lead_id,created_at,visits\n"));
    let mut left: Vec<String> =
        fs::read_dir(at).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["data", "exp.yaml", "made", "mine.csv"]);
}

#[test]
fn a_report_copied_without_its_marks_into_a_folder_of_the_users_gives_it_away_to_nobody() {
    let folder = folder();
    let at = folder.path();
    experiment(at);
    leadoff_in(at, &["run", "exp.yaml", "--no-png", "--out", "r"]).done();
    write(at, "p/notes.md", "mine");
    fs::copy(at.join("r/evaluation.json"), at.join("p/evaluation.json")).unwrap();
    let error = leadoff_in(at, &["run", "exp.yaml", "--no-png", "--out", "p"]).failed(2);
    assert!(error.contains("and holds evaluation.json, notes.md"), "{error}");
    assert_eq!(text(&at.join("p/notes.md")), "mine");
}

#[test]
fn a_nightly_run_replaces_what_it_wrote_and_names_what_stays() {
    let folder = folder();
    let at = folder.path();
    experiment(at);
    let nightly: [&[&str]; 6] = [
        &["run", "exp.yaml", "--no-png", "--out", "r"],
        &["score", "exp.yaml", "scores.csv"],
        &["check", "exp.yaml", "--findings", "findings.csv"],
        &["simulate", "made", "--leads", "50"],
        &["compare", "r", "r", "--out", "changed"],
        &["ab", "plan", "--rate", "0.1", "--effect", "0.02", "--per-week", "300", "--out", "test.yaml"],
    ];
    for command in nightly {
        leadoff_in(at, command).done();
        leadoff_in(at, command).done();
    }
    write(at, "r/notes.md", "mine");
    let said = leadoff_in(at, nightly[0]).done();
    assert!(said.contains("left as they are: notes.md\n"), "{said}");
    assert_eq!(text(&at.join("r/notes.md")), "mine");
    // What somebody filled in is theirs.
    write(at, "test.yaml", text(&at.join("test.yaml")) + "# ours now\n");
    let error = leadoff_in(at, nightly[5]).failed(2);
    assert!(error.contains("test.yaml: was changed since leadoff wrote it"), "{error}");
}

#[test]
fn looks_taken_at_once_are_all_remembered() {
    let folder = folder();
    let at = folder.path();
    leadoff_in(at, &["simulate", "t", "--ab", "--leads", "400"]).done();
    let look = |month: usize| {
        let (day, out) = (format!("2026-0{month}-01"), format!("r{month}"));
        let mut command = Command::new(LEADOFF);
        command.args(["ab", "analyze", "t/test.yaml", "--as-of", &day, "--out", &out]).current_dir(at);
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let looks: Vec<_> = (4..8).map(look).collect();
    assert!(looks.into_iter().all(|mut look| look.wait().unwrap().success()));
    let ledger: serde_json::Value = serde_json::from_str(&text(&at.join("t/test.ledger.json"))).unwrap();
    assert_eq!(ledger.as_array().unwrap().len(), 4);
}

/// Runs a command whose standard output is this file.
#[cfg(target_os = "linux")]
fn into(out: &str, at: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let out = fs::OpenOptions::new().write(true).open(out).unwrap();
    let done = Command::new(LEADOFF).args(arguments).current_dir(at).stdout(out).output().unwrap();
    (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let folder = folder();
    let at = folder.path();
    experiment(at);
    leadoff_in(at, &["run", "exp.yaml", "--no-png", "--out", "r"]).done();
    leadoff_in(at, &["simulate", "t", "--ab", "--leads", "50"]).done();
    let commands: [&[&str]; 9] = [
        &["--help"],
        &["--version"],
        &["schema"],
        &["completions", "bash"],
        &["check", "exp.yaml"],
        &["run", "exp.yaml", "--no-png", "--out", "r"],
        &["render", "r", "--format", "xlsx"],
        &["explain", "exp.yaml", "L001"],
        &["ab", "assign", "t/test.yaml", "--file", "t/assignments.csv", "--id", "lead_id"],
    ];
    for command in commands {
        let (code, error) = into("/dev/full", at, command);
        assert_eq!(code, Some(1), "{command:?}: {error}");
        assert!(error.contains("standard output: cannot be written"), "{command:?}: {error}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let folder = folder();
    experiment(folder.path());
    let mut command = Command::new(LEADOFF);
    let mut child =
        command.arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(folder.path()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

/// A folder's files with their bytes, marks and all.
#[cfg(target_os = "linux")]
fn whole(at: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut folders = vec![at.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => {
                    let name = path.strip_prefix(at).unwrap().to_string_lossy().into_owned();
                    found.insert(name, fs::read(path).unwrap());
                }
            }
        }
    }
    found
}

/// Two experiments whose reports differ, and what each leaves.
#[cfg(target_os = "linux")]
struct Two {
    _folder: tempfile::TempDir,
    at: std::path::PathBuf,
    reports: [std::collections::BTreeMap<String, Vec<u8>>; 2],
}

#[cfg(target_os = "linux")]
impl Two {
    fn new() -> Self {
        let folder = folder();
        let at = folder.path().to_path_buf();
        experiment(&at);
        write(&at, "other.yaml", text(&at.join("exp.yaml")).replace("experiment: Small", "experiment: Other"));
        let report = |name: &str| {
            leadoff_in(&at, &["run", name, "--no-png", "--out", "reports/r"]).done();
            whole(&at.join("reports/r"))
        };
        let reports = ["exp.yaml", "other.yaml"].map(report);
        Self { _folder: folder, at, reports }
    }

    fn command(&self, which: usize) -> Command {
        let mut command = Command::new(LEADOFF);
        command.args(self.arguments(which)).current_dir(&self.at).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn arguments(&self, which: usize) -> [&'static str; 5] {
        ["run", ["exp.yaml", "other.yaml"][which], "--no-png", "--out", "reports/r"]
    }

    /// One report or the other stands there, whole.
    #[track_caller]
    fn stands(&self, when: &str) {
        let found = whole(&self.at.join("reports/r"));
        assert!(self.reports.contains(&found), "{when}: {:?}", found.keys());
    }

    /// The next run works, and leaves nothing but its report.
    #[track_caller]
    fn goes_on(&self, which: usize, when: &str) {
        assert!(self.command(which).status().unwrap().success(), "{when}");
        assert_eq!(whole(&self.at.join("reports")).len(), self.reports[which].len(), "{when}");
        assert!(whole(&self.at.join("reports/r")) == self.reports[which], "{when}");
    }
}

#[cfg(target_os = "linux")]
fn kill_at_random(times: u64) {
    let two = Two::new();
    let begun = std::time::Instant::now();
    two.goes_on(0, "undisturbed");
    let whole = begun.elapsed().as_micros() as u64;
    let mut stream = leadoff::stats::random::Seed(16).replicate(0);
    for kill in 0..times {
        let mut child = two.command((kill % 2) as usize).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_micros((1.1 * whole as f64 * stream.uniform()) as u64));
        let _ = child.kill();
        child.wait().unwrap();
        two.stands(&format!("kill {kill}"));
    }
    two.goes_on(1, "after all of them");
}

#[cfg(target_os = "linux")]
#[test]
fn killed_at_any_moment_the_old_report_or_the_new_is_whole() {
    kill_at_random(12);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "two minutes: the figures of docs/safety.md"]
fn killed_two_hundred_times() {
    kill_at_random(200);
}

/// What changes a disk.
#[cfg(target_os = "linux")]
const CALLS: [&str; 9] = ["write", "rename", "renameat2", "unlink", "mkdir", "fsync", "linkat", "rmdir", "openat"];

/// Runs a command under `strace` with a fault at the n-th call; nothing where it cannot trace.
#[cfg(target_os = "linux")]
fn with_fault(at: &Path, fault: &str, arguments: &[&str]) -> Option<std::process::Output> {
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("inject={fault}"), LEADOFF])
        .args(arguments)
        .current_dir(at)
        .output();
    traced.inspect_err(|error| println!("skipped: strace: {error}")).ok()
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "several minutes and strace: the figures of docs/safety.md"]
fn killed_at_every_call_that_changes_files() {
    let two = Two::new();
    let mut kills = 0;
    for call in CALLS {
        let places: Vec<usize> = if call == "openat" { (1..400).step_by(10).collect() } else { (1..=20).collect() };
        for place in places {
            let fault = format!("{call}:signal=KILL:when={place}");
            let Some(done) = with_fault(&two.at, &fault, &two.arguments(kills % 2)) else { return };
            kills += usize::from(!done.status.success());
            two.stands(&fault);
            two.goes_on((kills + 1) % 2, &fault);
        }
    }
    println!("{kills} kills");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "several minutes and strace: the figures of docs/safety.md"]
fn a_full_disk_at_every_write_loses_nothing() {
    let two = Two::new();
    let at = two.at.as_path();
    leadoff_in(at, &["simulate", "t", "--ab", "--leads", "200"]).done();
    leadoff_in(at, &["score", "exp.yaml", "scores.csv"]).done();
    leadoff_in(at, &["run", "exp.yaml", "--no-png", "--out", "reports/drawn"]).done();
    let drawn = fs::read(at.join("reports/drawn/report.html")).unwrap();
    leadoff_in(at, &["ab", "analyze", "t/test.yaml", "--out", "reports/t"]).done();
    let commands: [&[&str]; 4] = [
        &["run", "other.yaml", "--no-png", "--out", "reports/r"],
        &["render", "reports/drawn"],
        &["score", "exp.yaml", "scores.csv"],
        &["ab", "analyze", "t/test.yaml", "--out", "reports/t"],
    ];
    let (mut full, scores) = (0, fs::read(at.join("scores.csv")).unwrap());
    for command in commands {
        for place in 1..=80 {
            let fault = format!("write:error=ENOSPC:when={place}");
            let Some(done) = with_fault(at, &fault, command) else { return };
            let error = String::from_utf8_lossy(&done.stderr).into_owned();
            match done.status.code() {
                Some(0) => {}
                Some(1) => {
                    assert!(error.contains("cannot be written") || error.is_empty(), "{command:?} {fault}: {error}");
                    full += 1;
                }
                code => panic!("{command:?} {fault}: {code:?} {error}"),
            }
            two.stands(&format!("{command:?} {fault}"));
            assert!(fs::read(at.join("scores.csv")).unwrap() == scores);
            assert!(fs::read(at.join("reports/drawn/report.html")).unwrap() == drawn);
        }
        assert!(leadoff_in(at, command).code == 0, "{command:?}");
    }
    println!("{full} writes that failed");
}

#[cfg(target_os = "linux")]
fn two_at_once(times: usize) {
    let two = Two::new();
    let alike = Command::new("unshare").args(["-pf", "true"]).status().is_ok_and(|status| status.success());
    if !alike {
        println!("skipped: equal process ids need `unshare -p`");
    }
    for pair in 0..times {
        let begin = |which: usize| {
            let mut command = if alike && pair % 2 == 0 {
                Command::new("unshare")
            } else {
                return two.command(which).spawn().unwrap();
            };
            command.args(["-pf", LEADOFF]).args(two.arguments(which)).current_dir(&two.at);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        for mut one in [begin(0), begin(1)] {
            assert!(one.wait().unwrap().success(), "pair {pair}");
        }
        two.stands(&format!("pair {pair}"));
        assert_eq!(whole(&two.at.join("reports")).len(), two.reports[0].len(), "pair {pair}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn two_runs_at_once_leave_one_whole_report() {
    two_at_once(4);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "two minutes: the figures of docs/safety.md"]
fn two_runs_at_once_a_hundred_times() {
    two_at_once(100);
}
