//! The table "One more" of ARCHITECTURE.md: what it says one more of a thing would touch is what one that is there stands in.

use std::path::{Path, PathBuf};

/// A thing of each row: the folder that is searched, and marks that only files which know this one thing hold.
const EXEMPLARS: [(&str, &str, &[&str]); 6] = [
    ("metric", "src", &["H_MEASURE"]),
    ("model kind", "src", &["mod blend;", "BlendSpec", "ModelKind::Blend"]),
    ("chart", "src/report", &["mod lift;", "lift::draw", "\"lift\""]),
    ("kind of file", "src", &["mod json_lines;", "JsonLines"]),
    ("command", "src/cli", &["mod selfcheck;", "Selfcheck", "selfcheck::"]),
    ("statistic", "src", &["mod vif;", "fn variance_inflation(", "\"vif\""]),
];

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sources below a folder, tests beside the code apart.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match path.is_dir() {
            _ if ["tests", "fixture"].contains(&stem.as_str()) => {}
            true => found.extend(sources(&path)),
            false => found.push(path),
        }
    }
    found
}

/// The files that a row of the table speaks of, and how many it says they are.
fn stated(page: &str, thing: &str) -> Option<usize> {
    let row = page.lines().find(|line| line.starts_with(&format!("| {thing} |")))?;
    row.split('|').nth(2)?.trim().parse().ok()
}

#[test]
fn one_more_of_a_thing_touches_as_many_files_as_the_page_says() {
    let page = std::fs::read_to_string(home().join("ARCHITECTURE.md")).unwrap();
    let mut wrong = Vec::new();
    for (thing, folder, marks) in EXEMPLARS {
        let knows = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            marks.iter().any(|mark| code.contains(mark))
        };
        let files: Vec<PathBuf> = sources(&home().join(folder)).into_iter().filter(knows).collect();
        if stated(&page, thing) != Some(files.len()) {
            wrong.push(format!("{thing}: the page says {:?}, and there are {files:#?}", stated(&page, thing)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
