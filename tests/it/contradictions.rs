//! No page contradicts another: what several pages of one result say of the same thing is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::product::{folder, leadoff_in, write};

/// What pages say: of each thing all that is said of it, with the page.
#[derive(Default)]
struct Claims(BTreeMap<String, BTreeSet<(String, String)>>);

/// What tables say of a criterion: what it is worth, and what to change it to.
const CRITERION: [&str; 4] = ["Verdict", "Implied", "From", "To"];

impl Claims {
    fn add(&mut self, of: impl Into<String>, said: impl Into<String>, page: &str) {
        self.0.entry(of.into()).or_default().insert((said.into(), page.into()));
    }

    /// Things of which two pages say different things.
    fn contradictions(&self) -> Vec<String> {
        let differ = |(of, said): (&String, &BTreeSet<(String, String)>)| {
            let different: BTreeSet<&String> = said.iter().map(|(said, _)| said).collect();
            (different.len() > 1).then(|| format!("{of}: {said:?}"))
        };
        self.0.iter().filter_map(differ).collect()
    }

    /// Things of which several pages speak.
    fn shared(&self) -> usize {
        let pages =
            |said: &BTreeSet<(String, String)>| said.iter().map(|(_, page)| page).collect::<BTreeSet<_>>().len();
        self.0.values().filter(|said| pages(said) > 1).count()
    }

    fn read(&mut self, page: &str, text: &str) {
        self.decisions(page, text);
        self.rests_on(page, text);
        self.tables(page, text);
        self.rankings(page, text);
    }

    /// "Use `a` instead of `b`", "Keep `b`", "Not enough evidence to replace `b`".
    fn decisions(&mut self, page: &str, text: &str) {
        for (start, kind) in [("Use `", "use"), ("Keep `", "keep"), ("Not enough evidence to replace `", "open")] {
            for (at, _) in text.match_indices(start) {
                let rest = &text[at + start.len()..];
                let named: Vec<&str> = rest.split('`').take(3).collect();
                match (kind, named.as_slice()) {
                    ("use", [model, " instead of ", champion]) => {
                        self.add(format!("what to do about {champion}"), format!("use {model}"), page);
                        self.add(format!("gain of {model} over {champion}, its sign"), sign(rest), page);
                    }
                    ("keep" | "open", [champion, ..]) => {
                        self.add(format!("what to do about {champion}"), kind, page);
                    }
                    _ => {}
                }
            }
        }
    }

    /// What a review says to do about the model in use: "replace it by `a`", "Replace the live model by `a`".
    fn reviewed(&mut self, champion: &str, page: &str, text: &str) {
        for start in ["replace it by `", "Replace the live model by `"] {
            for (at, _) in text.match_indices(start) {
                let model = text[at + start.len()..].split('`').next().unwrap();
                self.add(format!("what to do about {champion}"), format!("use {model}"), page);
            }
        }
    }

    /// "290 winners among 4,073 finished leads", "290 mature wins among 4,073 leads".
    fn rests_on(&mut self, page: &str, text: &str) {
        for (winners, leads) in [(" winners among ", " finished leads"), (" mature wins among ", " leads")] {
            for (at, _) in text.match_indices(winners) {
                let before = text[..at].rsplit(|c: char| !c.is_ascii_digit() && c != ',').next().unwrap();
                let after = text[at + winners.len()..].split(leads).next().unwrap();
                self.add("what it rests on", format!("{before} of {after}"), page);
            }
        }
    }

    /// Rows of a table whose first cell names a model: its AUC, and what is decided of it.
    fn tables(&mut self, page: &str, text: &str) {
        let mut columns: Vec<String> = Vec::new();
        for line in text.lines() {
            let Some(inner) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
                columns.clear();
                continue;
            };
            let cells: Vec<&str> = inner.split(" | ").collect();
            if columns.is_empty() {
                columns = cells.iter().map(|cell| (*cell).to_owned()).collect();
                continue;
            }
            // A review weighs criteria on leads of its own.
            if columns[0] == "Criterion"
                && !page.contains("review")
                && ["Verdict", "From"].contains(&columns[1].as_str())
            {
                for (column, cell) in
                    columns.iter().zip(&cells).filter(|(column, _)| CRITERION.contains(&column.as_str()))
                {
                    self.add(format!("{column} of {}", cells[0]), *cell, page);
                }
            }
            let Some(model) = cells[0].split('`').nth(1) else { continue };
            for (column, cell) in columns.iter().zip(&cells) {
                match (columns[0].as_str(), column.as_str()) {
                    ("Model", "AUC") if columns[1] == "AUC" => self.add(format!("AUC of {model}"), *cell, page),
                    // A review speaks of the champion as the model in use.
                    ("Challenger", "Decision") => {
                        self.add(format!("decision on {model}"), cell.replace("live model", "champion"), page);
                    }
                    ("Challenger", title) if title.starts_with("Winners ") => {
                        self.add(format!("gain of {model}, its sign"), sign_of_range(cell), page);
                    }
                    _ => {}
                }
            }
        }
    }

    /// "`a` ranks leads better than chance: AUC 0.74 (0.71 to 0.76)."
    fn rankings(&mut self, page: &str, text: &str) {
        for line in text.lines().filter(|line| line.starts_with("**`") && line.contains(": AUC ")) {
            let model = line.split('`').nth(1).unwrap();
            let auc = line.split(": AUC ").nth(1).unwrap().trim_end_matches("**").trim_end_matches('.');
            self.add(format!("AUC of {model}"), auc, page);
        }
    }
}

/// Of "(95 %: 4 to 20)", "(95 %: +4 to +20)" or "(95 %: from 5 fewer to 13 more)": whether it may be nothing.
fn sign(rest: &str) -> &'static str {
    let range = rest.split("(95 %: ").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or("");
    if range.starts_with("from ") || range.starts_with('−') { "may be nothing" } else { "beyond nothing" }
}

fn sign_of_range(cell: &str) -> &'static str {
    let Some((low, high)) = cell.split_once('(').and_then(|(_, range)| range.split_once(" to ")) else { return "none" };
    match (low.starts_with('−'), high.starts_with('−')) {
        (true, true) => "a loss",
        (true, false) => "may be nothing",
        _ => "a gain",
    }
}

/// Every text a reader gets of a result, with the name of its page.
fn pages(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(place) = folders.pop() {
        for entry in std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "md") {
                let name = entry.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&entry).unwrap()));
            }
        }
    }
    found
}

/// Runs an experiment, and holds all its pages and its last line against each other.
fn agree(place: &Path, experiment: &str) -> Claims {
    let said = leadoff_in(place, &["run", experiment, "--out", "out", "--no-png"]).done();
    let mut claims = Claims::default();
    claims.read("terminal", &said);
    let pages = pages(&place.join("out"));
    assert!(pages.len() > 2, "{experiment}");
    pages.iter().for_each(|(page, text)| claims.read(page, text));
    assert!(claims.shared() >= 3, "{experiment}: {:?}", claims.0);
    assert_eq!(claims.contradictions(), [] as [String; 0], "{experiment}");
    assert!(pages.iter().any(|(page, text)| page == "report.md" && text.lines().count() < 400), "{experiment}");
    claims
}

/// Holds an audit and a review of the same experiment against what its run says.
fn agree_with_the_others(place: &Path, experiment: &str, champion: &str, mut claims: Claims) {
    let before = claims.shared();
    for (command, more) in [("audit", &[][..]), ("review", &["--no-png"])] {
        let arguments = [&[command, experiment, "--out", command][..], more].concat();
        let said = leadoff_in(place, &arguments).done();
        let mut texts = pages(&place.join(command));
        texts.push((format!("{command}, terminal"), said));
        for (page, text) in &texts {
            claims.tables(page, text);
            claims.reviewed(champion, page, text);
        }
    }
    assert!(claims.shared() > before, "nothing that the run says stands in the audit or the review");
    assert_eq!(claims.contradictions(), [] as [String; 0], "{experiment}");
}

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The demo's experiment on another history, changed.
fn made(seed: u64, leads: &str, change: impl Fn(&str) -> String) -> (tempfile::TempDir, Claims) {
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", leads, "--seed", &seed.to_string()]).done();
    let demo = std::fs::read_to_string(home().join("experiments/demo.yaml")).unwrap();
    let demo = demo
        .replace("data/demo/", "data/")
        .replace("events.csv.gz", "events.csv")
        .replace("seed: 1\n", "seed: 1\nreplicates: 200\n");
    write(folder.path(), "e.yaml", change(&demo));
    let claims = agree(folder.path(), "e.yaml");
    (folder, claims)
}

#[test]
fn pages_of_made_histories_agree() {
    made(2, "2000", str::to_owned);
    // Nobody says who was called; no capacity; no champion of points; nothing to compare with.
    made(3, "4000", |demo| demo.replace("    worked: first_touch_at\n", ""));
    made(4, "4000", |demo| demo.replace("capacity: { leads: 40, per: 7d }\n", ""));
    made(5, "4000", |demo| demo.replace("champion: current", "champion: regression"));
    made(6, "4000", |demo| demo.replace("capacity: { leads: 40, per: 7d }", "capacity: { leads: 4000, per: 7d }"));
}

#[test]
fn run_audit_and_review_agree() {
    let (folder, claims) = made(1, "6000", str::to_owned);
    agree_with_the_others(folder.path(), "e.yaml", "current", claims);
}

/// What is known of customers before a mailing, as models of who buys; no ids, no times.
const HILLSTROM: &str = "
version: 1
experiment: Who buys
data: { leads: { path: FILE, known: at_creation, ignore: [visit, spend] }, outcomes: { flag: conversion } }
replay: { as_of: created, horizon: ever }
champion: recent
models:
  recent: { points: { criteria: [{ name: Recent, when: recency <= 3, points: 10 }, { name: Large, when: history > 500, points: 10 }] } }
  both: { points: { criteria: [{ name: Both, when: mens = 1 AND womens = 1, points: 10 }, { name: New, when: newbie = 0, points: 5 }] } }
segments: [channel]
replicates: 200
";

#[test]
fn pages_of_a_file_without_ids_and_times_agree() {
    let Some(shared) = crate::product::shared("hillstrom") else { return };
    let folder = folder();
    let file = std::fs::read_dir(&shared).unwrap().next().unwrap().unwrap().path();
    write(folder.path(), "e.yaml", HILLSTROM.replace("FILE", &file.display().to_string()));
    agree(folder.path(), "e.yaml");
}

#[test]
fn pages_of_third_parties_histories_agree() {
    for (name, data) in [("olist", "olist"), ("x_education", "x-education"), ("uci_bank", "bank-marketing")] {
        let Some(shared) = crate::product::shared(data) else { return };
        let folder = folder();
        let text = std::fs::read_to_string(home().join(format!("experiments/{name}.yaml"))).unwrap();
        let text = text.replace(&format!("data/{data}/"), &format!("{}/", shared.display()));
        write(folder.path(), "e.yaml", text.replace("bank-additional-full.csv", "bank-additional-full.csv.gz"));
        agree(folder.path(), "e.yaml");
    }
}

#[test]
fn two_pages_that_disagree_are_found() {
    let mut claims = Claims::default();
    claims.read("report.md", "**Use `b` instead of `a`: it finds 9 more winners (95 %: 2 to 16).**");
    claims.read("card.md", "Use `b` instead of `a`: +9 winners a quarter (95 %: +2 to +16)");
    assert_eq!((claims.contradictions().len(), claims.shared()), (0, 2));
    claims.read("slide.md", "Keep `a`: `b` −8 winners a quarter");
    claims.read("other.md", "| Model | AUC |\n| --- | --- |\n| `b` | 0.70 |");
    claims.read("card.md", "**`b` ranks leads better than chance: AUC 0.71.**");
    assert_eq!(claims.contradictions().len(), 2);
    claims.reviewed("a", "review.md", "1. Replace the live model by `c`");
    claims.read("audit.md", "| Criterion | Verdict | From |\n| --- | --- | --- |\n| Large | fine | 5 |");
    claims.read("report.md", "| Criterion | From | To |\n| --- | --- | --- |\n| Large | 6 | 0 |");
    assert_eq!(claims.contradictions().len(), 3);
}
