//! No page contradicts another: what several pages of one result say of the same thing is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::product::{folder, leadoff_in, write};

/// What pages say: of each thing all that is said of it, with the page.
#[derive(Default)]
struct Claims(BTreeMap<String, BTreeSet<(String, String)>>);

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
            let Some(model) = cells[0].split('`').nth(1) else { continue };
            for (column, cell) in columns.iter().zip(&cells) {
                match (columns[0].as_str(), column.as_str()) {
                    ("Model", "AUC") if columns[1] == "AUC" => self.add(format!("AUC of {model}"), *cell, page),
                    ("Challenger", "Decision") => self.add(format!("decision on {model}"), *cell, page),
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
fn agree(place: &Path, experiment: &str) {
    let said = leadoff_in(place, &["run", experiment, "--out", "out", "--no-png"]).done();
    let mut claims = Claims::default();
    claims.read("terminal", &said);
    let pages = pages(&place.join("out"));
    assert!(pages.len() > 2, "{experiment}");
    pages.iter().for_each(|(page, text)| claims.read(page, text));
    assert!(claims.shared() >= 3, "{experiment}: {:?}", claims.0);
    assert_eq!(claims.contradictions(), [] as [String; 0], "{experiment}");
    assert!(pages.iter().any(|(page, text)| page == "report.md" && text.lines().count() < 400), "{experiment}");
}

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The demo's experiment on another history, changed.
fn made(seed: u64, leads: &str, change: impl Fn(&str) -> String) {
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", leads, "--seed", &seed.to_string()]).done();
    let demo = std::fs::read_to_string(home().join("experiments/demo.yaml")).unwrap();
    let demo = demo
        .replace("data/demo/", "data/")
        .replace("events.csv.gz", "events.csv")
        .replace("seed: 1\n", "seed: 1\nreplicates: 200\n");
    write(folder.path(), "e.yaml", change(&demo));
    agree(folder.path(), "e.yaml");
}

#[test]
fn pages_of_made_histories_agree() {
    made(1, "6000", str::to_owned);
    made(2, "2000", str::to_owned);
    // Nobody says who was called; no capacity; no champion of points; nothing to compare with.
    made(3, "4000", |demo| demo.replace("    worked: first_touch_at\n", ""));
    made(4, "4000", |demo| demo.replace("capacity: { leads: 40, per: 7d }\n", ""));
    made(5, "4000", |demo| demo.replace("champion: current", "champion: regression"));
    made(6, "4000", |demo| demo.replace("capacity: { leads: 40, per: 7d }", "capacity: { leads: 4000, per: 7d }"));
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
}
