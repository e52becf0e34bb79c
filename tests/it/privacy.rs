//! Nothing that is meant to be shared names a person.

use std::fmt::Write;
use std::path::Path;

use calamine::{Reader, Xlsx};

use crate::product::{folder, leadoff_in, write};

/// Columns of personal values, and of how many distinct ones.
const PERSONAL: [(&str, usize); 21] = [
    ("Record ID", 900),
    ("First Name", 40),
    ("Last Name", 300),
    ("Full Name", 900),
    ("Email", 900),
    ("Work Email", 450),
    ("Phone", 900),
    ("Mobile Number", 30),
    ("Fax", 3),
    ("Street Address", 200),
    ("Zip", 12),
    ("Website URL", 60),
    ("LinkedIn", 900),
    ("IP Address", 25),
    ("Company Name", 9),
    ("Account ID", 9),
    ("Contact owner", 4),
    ("OwnerId", 4),
    ("Notes", 7),
    ("Message", 900),
    ("Description", 2),
];

/// Every personal value holds this, and nothing else does.
const MARK: &str = "xq";

/// Files of a report that stay in the house.
const HOME: [&str; 2] = ["findings.csv", "experiment.yaml"];

fn day(number: usize) -> String {
    let (month, day) = (number / 28, number % 28 + 1);
    format!("{}-{:02}-{day:02}", 2025 + month / 12, month % 12 + 1)
}

/// Leads whose owner and company say much of how they convert.
fn leads() -> String {
    let mut text = PERSONAL.map(|(name, _)| name).join(",") + ",created,size,region,score,won,accepted\n";
    for lead in 0..900 {
        for (kind, (name, distinct)) in PERSONAL.iter().enumerate() {
            let at = if name.contains("mail") { "@x.example" } else { "" };
            let _ = write!(text, "{MARK}{kind}k{}{at},", lead * 7 % distinct);
        }
        let hash = lead * 2_654_435_761 % 1_000;
        let won = hash < 60 + 200 * usize::from(lead % 4 == 1) + 250 * usize::from(lead * 7 % 9 == 2);
        let end = if won { day(lead * 3 / 5 + 9) } else { String::new() };
        let region = ["north", "south"][lead % 2];
        let _ = writeln!(
            text,
            "{},{},{region},{},{end},{}",
            day(lead * 3 / 5),
            lead % 50,
            lead % 37,
            ["yes", "no"][lead % 2]
        );
    }
    text
}

const EXPERIMENT: &str = "
version: 1
experiment: Who is who
data:
  leads: { path: leads.csv, id: Record ID, created: created, known: at_creation,
           except: { Contact owner: at_creation, Company Name: at_creation, Notes: at_creation } }
  outcomes: { converted: won }
replay: { as_of: created, horizon: 28d, train: { from: 2025-01-01, to: 2025-10-01 }, evaluate: { from: 2025-10-01 } }
champion: points
models:
  points: { points: { criteria: [{ name: Large, when: size > 20, points: 5 }, { name: South, when: region = 'south', points: 3 }] } }
  score: { column: { score: score, scale: points } }
  regression: { logistic: { ridge: 1.0, features: [Contact owner, Company Name, Notes, Fax, size, region] } }
  unasked: { logistic: { ridge: 1.0 } }
segments: [Contact owner, Company Name, Zip, region]
replicates: 200
";

/// Where the mark stands in files of a folder that may be shared, texts and workbooks.
fn marked(folder: &Path, found: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            marked(&path, found);
        } else if !HOME.contains(&name.as_str()) {
            let text = if name.ends_with(".xlsx") { cells(&path) } else { text(&path) };
            if let Some(at) = text.find(MARK) {
                let around: String = text[at.saturating_sub(0)..].chars().take(60).collect();
                found.push(format!("{}: {around}", path.display()));
            }
        }
    }
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).to_lowercase()
}

fn cells(path: &Path) -> String {
    let mut book: Xlsx<_> = calamine::open_workbook(path).unwrap();
    let mut text = String::new();
    for (sheet, range) in book.worksheets() {
        text += &sheet;
        range.used_cells().for_each(|(.., cell)| write!(text, " {cell:?}").unwrap());
    }
    text.to_lowercase()
}

#[test]
fn what_is_published_holds_no_personal_value() {
    let folder = folder();
    write(folder.path(), "leads.csv", leads());
    write(folder.path(), "who.yaml", EXPERIMENT);
    let mut found = Vec::new();
    for (out, command) in [
        ("run", &["run", "who.yaml", "--out", "run", "--no-png"][..]),
        ("audit", &["audit", "who.yaml", "--out", "audit"]),
        ("review", &["review", "who.yaml", "--out", "review", "--quarter", "2026Q1", "--no-png"]),
    ] {
        let said = leadoff_in(folder.path(), command);
        assert!([0, 10].contains(&said.code), "{command:?}: {}", said.err);
        marked(&folder.path().join(out), &mut found);
        let printed = said.out + &said.err;
        found.extend(printed.contains(MARK).then(|| format!("printed by {out}: {printed}")));
    }
    assert!(found.is_empty(), "{found:#?}");
    // The numbers that stand for owners are there, and the names are in a report that stays in the house.
    let published = |file: &str| text(&folder.path().join("run").join(file));
    assert!(published("card-regression.md").contains("contact owner = '(withheld 1)'"));
    assert!(published("report.md").contains("`--internal` shows them"));
    leadoff_in(folder.path(), &["run", "who.yaml", "--out", "home", "--no-png", "--internal"]).done();
    marked(&folder.path().join("home"), &mut found);
    assert!(found.iter().any(|place| place.contains("card-regression.md")), "{found:#?}");
    // Numbers in the place of names move no score.
    let evaluation = |out: &str| crate::product::json(&folder.path().join(out).join("evaluation.json"));
    let scores = |out: &str| {
        evaluation(out)["models"].as_array().unwrap().iter().map(|m| m["ranking"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(scores("run"), scores("home"));
}
