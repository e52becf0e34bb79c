//! What the program is built of keeps to `deny.toml`, and C code is named in `docs/limits.md`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The tree of what the program is built of, for a platform or for all.
fn tree(target: &[&str]) -> Result<String, String> {
    let told = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-e", "normal,build", "--prefix", "none", "--no-dedupe"])
        .args(["--format", "{p}|{l}|{r}"])
        .args(target)
        .current_dir(home())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if told.status.success() { Ok(text(told.stdout)) } else { Err(text(told.stderr)) }
}

/// Name, licence and source of everything that is built into the program, on any platform.
fn dependencies() -> BTreeSet<(String, String, String)> {
    // A fresh machine has fetched what it built, and no more.
    let all = tree(&["--target", "all"]).or_else(|_| tree(&["--target", "all", "--offline"]));
    let text = all.unwrap_or_else(|error| {
        eprintln!("skipped 1: packages for other platforms cannot be fetched ({})", error.lines().next().unwrap_or(""));
        tree(&["--offline"]).unwrap_or_else(|error| panic!("{error}"))
    });
    let parts = |line: &str| {
        let (package, rest) = line.split_once('|').unwrap();
        let licence = rest.split('|').next().unwrap();
        let (name, version) = package.split_once(' ').unwrap();
        (name.to_string(), licence.to_string(), version.to_string())
    };
    let found: BTreeSet<_> = text.lines().filter(|line| line.contains('|')).map(parts).collect();
    assert!(found.len() > 100, "{found:?}");
    found
}

/// The strings of a list in `deny.toml`.
fn allowed(list: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(home().join("deny.toml")).unwrap();
    let from = text.split_once(&format!("{list} = [")).unwrap().1;
    from.split_once(']').unwrap().0.split('"').skip(1).step_by(2).map(String::from).collect()
}

/// Whether a licence expression is met by what is allowed: every part of an AND, any of an OR.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    expression.split(" AND ").all(|part| {
        part.split(" OR ")
            .map(|licence| licence.split_whitespace().collect::<Vec<_>>().join(" "))
            .any(|one| allowed.contains(&one))
    })
}

#[test]
fn every_licence_is_allowed_and_every_source_is_the_registry() {
    let licences = allowed("allow");
    assert!(is_met("(MIT OR Apache-2.0) AND Unicode-3.0", &licences) && !is_met("MIT AND GPL-3.0", &licences));
    for (name, licence, version) in dependencies() {
        assert!(is_met(&licence, &licences), "{name}: {licence} is not allowed by deny.toml");
        // Packages from elsewhere show where: `v0.1.0 (https://…)`.
        assert!(name == "leadoff" || !version.contains("://"), "{name}: {version}");
    }
}

/// Bindings to what every system brings along, without C code of their own.
const BINDINGS: [&str; 5] = ["core-foundation-sys", "js-sys", "linux-raw-sys", "web-sys", "windows-sys"];

#[test]
fn c_code_is_named_in_the_page_of_limits() {
    let page = std::fs::read_to_string(home().join("docs/limits.md")).unwrap();
    for (name, ..) in dependencies().iter().filter(|(name, ..)| name.ends_with("-sys")) {
        assert!(BINDINGS.contains(&name.as_str()) || page.contains(&format!("`{name}`")), "{name}");
    }
}
