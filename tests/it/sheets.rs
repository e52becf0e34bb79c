//! What is made of a result besides the report: workbook, cards, slide, and what changed since another.

use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};

use crate::product::{folder, json, leadoff_in, write};

/// The demo on a small history, with this done to its text; the run's folder.
fn run(folder: &Path, out: &str, edit: impl Fn(String) -> String) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let demo = std::fs::read_to_string(home.join("experiments/demo.yaml")).unwrap();
    let demo = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    write(folder, "demo.yaml", edit(demo.replace("seed: 1", "seed: 1\nreplicates: 100")));
    leadoff_in(folder, &["run", "demo.yaml", "--out", out, "--no-png"]).done();
}

fn history(folder: &Path) {
    leadoff_in(folder, &["simulate", "data", "--leads", "2000"]).done();
}

/// Every text of a workbook's files.
fn unzipped(bytes: Vec<u8>) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut all = String::new();
    for place in 0..archive.len() {
        std::io::Read::read_to_string(&mut archive.by_index(place).unwrap(), &mut all).unwrap();
    }
    all
}

#[test]
fn no_format_names_a_lead_or_a_folder_of_this_machine() {
    let folder = folder();
    history(folder.path());
    run(folder.path(), "out", |demo| demo);
    let out = folder.path().join("out");
    let mut seen = 0;
    for entry in out.read_dir().unwrap().chain(out.join("charts").read_dir().unwrap()) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // What ties a report to its files and findings stays on the machine.
        if path.is_dir() || ["findings.csv", "run.json", "experiment.yaml"].contains(&name.as_str()) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let text = if name.ends_with(".xlsx") { unzipped(bytes) } else { String::from_utf8(bytes).unwrap() };
        assert!(!text.contains("L000"), "{name} names a lead");
        assert!(!text.contains(&*folder.path().to_string_lossy()), "{name} names a folder of this machine");
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn the_workbook_holds_the_numbers_of_the_evaluation_and_comes_out_the_same_again() {
    let folder = folder();
    history(folder.path());
    run(folder.path(), "out", |demo| demo);
    let path = folder.path().join("out/report.xlsx");
    let first = std::fs::read(&path).unwrap();
    leadoff_in(folder.path(), &["render", "out"]).done();
    assert!(first == std::fs::read(&path).unwrap(), "drawn again, the workbook is another");
    let evaluation = json(&folder.path().join("out/evaluation.json"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(first)).unwrap();
    let league = book.worksheet_range("The models side by side").unwrap();
    let rows: Vec<&[Data]> = league.rows().collect();
    let place =
        |title: &str| rows[3].iter().position(|cell| matches!(cell, Data::String(text) if text == title)).unwrap();
    let (auc, low, high) = (place("AUC"), place("AUC, low"), place("AUC, high"));
    for model in evaluation["models"].as_array().unwrap() {
        let name = model["name"].as_str().unwrap();
        let row = rows[4..].iter().find(|row| row[0].to_string().split(' ').next() == Some(name)).unwrap();
        for (column, end) in [(auc, "point"), (low, "low"), (high, "high")] {
            assert_eq!(row[column], Data::Float(model["metrics"]["auc"][end].as_f64().unwrap()), "{name} {end}");
        }
    }
}

#[test]
fn every_model_has_a_card_with_its_owner_and_its_criteria() {
    let folder = folder();
    history(folder.path());
    run(folder.path(), "out", |demo| {
        demo.replace(
            "  no_email_points:\n",
            "  no_email_points:\n    owner: Revenue operations\n    description: what if e-mails counted nothing?\n",
        )
    });
    let card = |name: &str| std::fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let page = card("card-no_email_points.md");
    assert!(
        page.contains("owned by Revenue operations") && page.contains("What if e-mails counted nothing?"),
        "{page}"
    );
    let page = card("card-reweighted.md");
    assert!(page.contains("no owner is named") && page.contains("Asked for a demo"), "{page}");
    assert!(card("card-current.html").contains("Model card: current"));
    assert!(card("slide.svg").contains("viewBox=\"0 0 1280 720\""));
}

#[test]
fn compare_says_what_changed_and_what_is_chance() {
    let folder = folder();
    history(folder.path());
    run(folder.path(), "a", |demo| demo);
    let again = leadoff_in(folder.path(), &["compare", "a", "a"]).done();
    assert!(again.trim_end().ends_with("Nothing changed."), "{again}");
    // Another seed resamples otherwise, a challenger is edited, another one left out, and the window moves.
    run(folder.path(), "b", |demo| {
        let demo = demo
            .replace("seed: 1\n", "seed: 2\n")
            .replace("evaluate: { from: 2026-01-01", "evaluate: { from: 2026-02-01");
        let (head, tail) = demo.split_once("  crm:\n").unwrap();
        let rest = tail.split_once("\nbrackets").map_or(String::new(), |(_, rest)| format!("brackets{rest}"));
        format!("{head}{rest}").replace("name: Asked for a demo", "name: Wanted a demo")
    });
    let said = leadoff_in(folder.path(), &["compare", "a", "b", "--format", "json"]).done();
    let changes: serde_json::Value = serde_json::from_str(&said).unwrap();
    let of = |list: &str, key: &str, name: &str| {
        changes[list].as_array().unwrap().iter().find(|one| one[key] == name).cloned().unwrap_or_default()
    };
    assert_eq!(of("models", "name", "crm")["fate"], "removed");
    assert_eq!(of("models", "name", "current")["fate"], "changed");
    let parts: Vec<String> = of("models", "name", "current")["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(parts, ["Asked for a demo", "Wanted a demo"]);
    let seed = of("settings", "what", "seed");
    assert_eq!((seed["a"]["text"].as_str(), seed["b"]["text"].as_str()), (Some("1"), Some("2")));
    let evaluated = of("ledger", "what", "evaluated");
    assert!(evaluated["b"].as_u64().unwrap() < evaluated["a"].as_u64().unwrap());
    let inputs = changes["inputs"].as_array().unwrap();
    assert!(inputs.len() == 3 && inputs.iter().all(|input| input["a"] == input["b"]), "{inputs:?}");
    let told = leadoff_in(folder.path(), &["compare", "a", "b", "--out", "changes"]).done();
    assert!(told.contains("`crm` removed") && told.contains("The same files, byte by byte."), "{told}");
    for name in ["compare.html", "compare.md", "compare.json", "compare.xlsx"] {
        assert!(folder.path().join("changes").join(name).is_file(), "{name}");
    }
    let error = leadoff_in(folder.path(), &["render", "changes/compare.json"]).failed(4);
    assert!(error.contains("it holds what changed between two runs"), "{error}");
    // A file that is not the one it was.
    let leads = folder.path().join("data/leads.csv");
    let text = std::fs::read_to_string(&leads).unwrap();
    std::fs::write(&leads, format!("{text}\n")).unwrap();
    run(folder.path(), "c", |demo| demo);
    let told = leadoff_in(folder.path(), &["compare", "a", "c"]).done();
    assert!(told.contains("1 of 3 files differ"), "{told}");
    assert!(told.contains("find out who changed the history"), "{told}");
}

#[test]
fn compare_refuses_what_is_no_run_and_other_champions() {
    let folder = folder();
    history(folder.path());
    run(folder.path(), "a", |demo| demo);
    run(folder.path(), "b", |demo| demo.replace("champion: current", "champion: regression"));
    let error = leadoff_in(folder.path(), &["compare", "a", "b"]).failed(2);
    assert!(error.contains("the champion of the first run is `current`, of the second `regression`"), "{error}");
    let error = leadoff_in(folder.path(), &["compare", "a", "data"]).failed(2);
    assert!(error.contains("it holds no `evaluation.json`"), "{error}");
    let error = leadoff_in(folder.path(), &["compare", "nowhere", "a"]).failed(2);
    assert!(error.contains("there is no such folder"), "{error}");
    leadoff_in(folder.path(), &["audit", "demo.yaml", "--model", "current", "--out", "audit"]).done();
    let error = leadoff_in(folder.path(), &["compare", "a", "audit"]).failed(2);
    assert!(error.contains("it holds an audit"), "{error}");
    assert!(folder.path().join("audit/audit.xlsx").is_file());
    let error = leadoff_in(folder.path(), &["render", "audit/audit.json"]).failed(4);
    assert!(error.contains("it holds an audit"), "{error}");
    // An older result, without what came later, is read.
    let path = folder.path().join("a/evaluation.json");
    let mut old = json(&path);
    old.as_object_mut().unwrap().remove("evidence");
    old["models"].as_array_mut().unwrap().iter_mut().for_each(|model| {
        model.as_object_mut().unwrap().remove("about");
    });
    std::fs::create_dir(folder.path().join("old")).unwrap();
    write(folder.path(), "old/evaluation.json", old.to_string());
    let told = leadoff_in(folder.path(), &["compare", "old", "a"]).done();
    assert!(told.contains("Whether the files are the same is not known"), "{told}");
}
