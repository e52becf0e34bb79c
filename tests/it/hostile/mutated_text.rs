//! An experiment, its texts and its result, changed at random from a seed: whatever stands there, every command ends with a
//! result or with an error of the input. `LEADOFF_MUTANTS=3000` makes as many.

use std::collections::BTreeMap;
use std::path::Path;

use leadoff::stats::random::Seed;

use crate::product::{folder, leadoff_in, write};

const EXPERIMENT: &str = "version: 1
experiment: Small
data:
  leads: { path: leads.csv, id: lead_id, created: created_at, known: at_creation }
  events: { path: events.ndjson, lead: lead_id, at: at, kind: kind }
  outcomes: { path: outcomes.csv, lead: lead_id, converted: won_at, lost: lost_at, value: amount }
  until: 2026-12-31
replay:
  as_of: { after_created: 3d }
  horizon: 60d
  train: { from: 2026-01-01, to: 2026-04-01 }
  evaluate: { from: 2026-06-01, to: 2026-10-01 }
champion: points
models:
  points:
    points:
      criteria:
        - { name: Visits, when: \"visits BETWEEN 2 AND 5 AND source IN ('web', 'fair')\", points: 10 }
        - { name: Demo, event: demo, per: event, points: 5, cap: 10, half_life: 7d }
      bounds: [0, 100]
  fitted: { logistic: { features: [visits, source] } }
  both: { blend: { of: { points: 0.5, fitted: 0.5 }, by: rank } }
brackets: { edges: [5, 10] }
segments: [source]
capacity: { leads: 3, per: 7d }
thresholds: { cost_per_lead: 5, value_per_win: 100 }
replicates: 200
";

fn made(at: &Path) {
    let (mut leads, mut events) = (String::from("lead_id,created_at,visits,source\n"), String::new());
    let mut outcomes = String::from("lead_id,won_at,lost_at,amount\n");
    for lead in 0..200 {
        let day = format!("2026-{:02}-{:02}", 1 + lead / 20, 1 + lead % 20);
        leads +=
            &format!("L{lead:03},{day}T08:00:00Z,{},{}\n", lead % 7, ["web", "fair", "\"paid, search\""][lead % 3]);
        events += &format!("{{\"lead_id\":\"L{lead:03}\",\"at\":\"{day}T09:00:00Z\",\"kind\":\"demo\"}}\n");
        if lead % 3 == 0 {
            outcomes += &format!("L{lead:03},2026-{:02}-25,,{}.50\n", 1 + lead / 20, 100 + lead);
        }
    }
    write(at, "leads.csv", leads);
    write(at, "events.ndjson", events);
    write(at, "outcomes.csv", outcomes);
    write(at, "exp.yaml", EXPERIMENT);
}

/// What users and their tools put where something else should stand.
const WORDS: [&str; 40] = [
    "\"",
    "'",
    ",",
    ";",
    "\n",
    "\r\n",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ":",
    "#",
    "&a",
    "*a",
    "null",
    "~",
    "true",
    "NaN",
    "inf",
    "-1",
    "0",
    "1e308",
    "-1e308",
    "99999999999999999999",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "0d",
    "365000d",
    "-3d",
    "\u{feff}",
    "\0",
    "\u{202e}",
    "é",
    "=1+1",
    "\\",
    "<b>",
    "((((",
    " AND ",
];

fn mutant(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut chance = Seed(seed).replicate(1);
    let mut below = |n: usize| (chance.uniform() * n.max(1) as f64) as usize;
    let mut bytes = whole.to_vec();
    for _ in 0..1 + below(3) {
        let at = below(bytes.len());
        let end = (at + 1 + below(12)).min(bytes.len());
        match below(6) {
            0 => bytes[at] = below(256) as u8,
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, WORDS[below(WORDS.len())].bytes())),
            3 => drop(bytes.splice(at..end, WORDS[below(WORDS.len())].bytes())),
            4 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                // A number becomes another.
                let digits: Vec<usize> = (0..bytes.len()).filter(|place| bytes[*place].is_ascii_digit()).collect();
                if let Some(place) = digits.get(below(digits.len())) {
                    bytes.splice(place..=place, WORDS[18 + below(13)].bytes());
                }
            }
        }
        if bytes.is_empty() {
            bytes.push(b' ');
        }
    }
    bytes
}

/// A file that is changed, and the commands that read it.
const READ: [(&str, &[&[&str]]); 5] = [
    (
        "exp.yaml",
        &[
            &["check", "exp.yaml"],
            &["run", "exp.yaml", "--no-png"],
            &["score", "exp.yaml", "s.csv"],
            &["audit", "exp.yaml"],
        ],
    ),
    ("leads.csv", &[&["run", "exp.yaml", "--no-png"], &["explain", "exp.yaml", "L001"], &["check", "exp.yaml"]]),
    ("events.ndjson", &[&["run", "exp.yaml", "--no-png"], &["explain", "exp.yaml", "L001"]]),
    ("outcomes.csv", &[&["run", "exp.yaml", "--no-png"], &["review", "exp.yaml", "--no-png"]]),
    (
        "kept/evaluation.json",
        &[&["render", "kept"], &["render", "kept", "--format", "xlsx"], &["compare", "kept", "kept"]],
    ),
];

#[test]
fn no_text_is_worse_than_an_error_of_the_input() {
    let mutants: u64 = std::env::var("LEADOFF_MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    let first: u64 = std::env::var("LEADOFF_MUTANTS_FROM").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    let folder = folder();
    let at = folder.path();
    made(at);
    leadoff_in(at, &["run", "exp.yaml", "--no-png", "--out", "whole"]).done();
    std::fs::create_dir(at.join("kept")).unwrap();
    std::fs::copy(at.join("whole/evaluation.json"), at.join("kept/evaluation.json")).unwrap();
    let (mut ended, mut wrong) = (BTreeMap::<i32, u64>::new(), Vec::new());
    for number in first..first + mutants {
        let (name, commands) = READ[number as usize % READ.len()];
        let whole = std::fs::read(at.join(name)).unwrap();
        write(at, name, mutant(&whole, number));
        for command in commands {
            let said = leadoff_in(at, command);
            *ended.entry(said.code).or_default() += 1;
            if ![0, 2, 3, 4, 10].contains(&said.code) || said.err.contains("panicked") {
                wrong.push(format!("{name} {number} {command:?}: {} {:.400}", said.code, said.err));
            }
        }
        write(at, name, whole);
    }
    println!("{mutants} mutants: {ended:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
