//! Imports go down only; rooms on one floor do not know each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rooms by floor. A room may use any room on a lower floor.
const FLOORS: &[&[&str]] = &[
    &["forest", "stats", "time"],
    &["metrics", "table"],
    &["predicate"],
    &["data", "result"],
    &["oracle", "replay", "screening", "simulate", "store"],
    &["engine", "evaluation", "models", "trial"],
    &["audit", "experiment", "intake", "report", "review"],
    &["pipeline"],
    &["workflows"],
];

/// The workflows by floor, in the same way.
const WORKFLOWS: &[&[&str]] = &[
    &["found", "readings", "tracking_breaks"],
    &["ab", "audit"],
    &["review", "run"],
    &["check", "compare", "examples", "fit", "intake", "scores", "simulated", "sql", "timeline"],
    &["export", "next", "parity", "verify"],
];

/// Libraries that stay in their rooms.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("polars", &["data"]),
    ("quick_xml", &["data"]),
    ("calamine", &["data"]),
    ("plotters", &["report"]),
    ("resvg", &["report"]),
    ("rust_xlsxwriter", &["report"]),
    ("sqlparser", &["predicate"]),
    ("serde_yaml", &["experiment"]),
    ("statrs", &["stats"]),
    ("jiff", &["data", "predicate", "time"]),
    ("clap", &[]),
    ("indicatif", &[]),
];

fn floor(room: &str) -> usize {
    floor_in(FLOORS, room)
}

fn floor_in(floors: &[&[&str]], room: &str) -> usize {
    floors.iter().position(|rooms| rooms.contains(&room)).unwrap_or_else(|| panic!("room `{room}` stands on no floor"))
}

/// Every source of the library with the room it belongs to, tests beside the code apart.
fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&root).unwrap();
            let room = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let is_test = ["tests", "published", "fixture"].iter().any(|name| {
                inside.components().any(|part| part.as_os_str().to_string_lossy().trim_end_matches(".rs") == *name)
            });
            if path.extension().is_some_and(|extension| extension == "rs")
                && !room.ends_with(".rs")
                && room != "cli"
                && !is_test
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
                found.push((room, path.clone(), code.to_string()));
            }
        }
    }
    found
}

/// Names that follow a prefix in the code, comments apart: `crate::stats::…` gives `stats`.
fn named<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = String> + 'a {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(move |line| line.match_indices(prefix).map(move |(at, _)| line[at + prefix.len()..].to_string()))
        .flat_map(|rest| {
            // `use crate::{a::B, c}` names several rooms at once.
            let list =
                rest.strip_prefix('{').map(|list| list.split_once('}').map_or(list, |(inner, _)| inner).to_string());
            let words = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
            match list {
                Some(list) => list.split(',').map(|item| words(item.trim())).collect::<Vec<_>>(),
                None => vec![words(&rest)],
            }
        })
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for (room, path, code) in sources() {
        for other in named(&code, "crate::") {
            let known = FLOORS.iter().flat_map(|rooms| rooms.iter()).any(|name| *name == other);
            if known && other != room && floor(&other) >= floor(&room) {
                wrong.push(format!("{}: {room} uses {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_workflow_uses_those_below_it_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/workflows");
    let (mut wrong, mut met) = (Vec::new(), 0);
    for (_, path, code) in sources().into_iter().filter(|(room, ..)| room == "workflows") {
        let inside = path.strip_prefix(&root).unwrap();
        let name =
            inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_string();
        // In a workflow's other files `super` is the workflow itself.
        let is_face = inside.components().count() == 1 || inside.ends_with("mod.rs");
        let beside = named(&code, "super::").filter(|_| is_face);
        for other in named(&code, "crate::workflows::").chain(beside) {
            let is_known = WORKFLOWS.iter().any(|workflows| workflows.contains(&other.as_str()));
            if name == "mod" || !is_known || other == name {
                continue;
            }
            met += 1;
            if floor_in(WORKFLOWS, &other) >= floor_in(WORKFLOWS, &name) {
                wrong.push(format!("{}: {name} uses {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(met > 3, "the workflows' imports were not found");
}

#[test]
fn every_room_stands_on_a_floor() {
    let rooms: BTreeMap<String, usize> = sources().into_iter().map(|(room, ..)| (room.clone(), floor(&room))).collect();
    assert!(rooms.len() > 5, "the sources were not found: {rooms:?}");
}

#[test]
fn every_workflow_stands_on_a_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/workflows");
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().trim_end_matches(".rs").to_string();
        assert!(name == "mod" || floor_in(WORKFLOWS, &name) < WORKFLOWS.len(), "{name}");
    }
}

/// What changes files; `write_as` and `write` of `data` make a table's bytes for a draft of the store.
const CHANGES: [&str; 7] =
    ["fs::write", "fs::rename", "fs::remove", "fs::copy", "File::create", "OpenOptions", "create_dir"];

#[test]
fn one_room_changes_files() {
    let mut wrong = Vec::new();
    for (room, path, code) in sources() {
        if room != "store" && !path.ends_with("data/write.rs") {
            let found = CHANGES.iter().filter(|change| code.contains(**change));
            wrong.extend(found.map(|change| format!("{}: {change}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_library_stays_in_its_room() {
    let mut wrong = Vec::new();
    for (room, path, code) in sources() {
        for (library, rooms) in LIBRARIES {
            let used = code.lines().any(|line| {
                let line = line.trim_start();
                !line.starts_with("//")
                    && (line.contains(&format!("use {library}::"))
                        || line.contains(&format!(" {library}::"))
                        || line.contains(&format!("({library}::")))
            });
            if used && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{}: {room} uses {library}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
