//! The audit as a command, on files.

use std::fmt::Write;
use std::path::Path;

use leadoff::audit;
use leadoff::models::Contribution;
use leadoff::simulate::PlantedOrganisation;
use leadoff::stats::dist;
use leadoff::stats::random::Seed;
use leadoff::time::{DAY, Moment, Zone};
use serde_json::Value;

use crate::product::{folder, json, leadoff_in, write};

fn criterion<'a>(audit: &'a Value, name: &str) -> &'a Value {
    let found = audit["criteria"].as_array().unwrap().iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no criterion {name}: {audit:#}"))
}

/// Runs the audit of a folder's experiment and reads what it wrote.
#[track_caller]
fn audited(folder: &Path, arguments: &[&str]) -> (String, Value) {
    let all = [&["audit", "experiment.yaml", "--out", "audit"], arguments].concat();
    let said = leadoff_in(folder, &all).done();
    (said, json(&folder.join("audit/audit.json")))
}

#[test]
fn separation_twins_and_a_single_firing_give_no_wild_number() {
    let folder = folder();
    let mut leads = String::from("id,a,b,winners,twin,once,won\n");
    for row in 0..6_000usize {
        let mut chance = Seed(9).replicate(row as u64);
        let (a, b) = (row % 3 == 0, row % 5 < 2);
        let won = chance.chance(dist::expit(-2.5 + f64::from(a) + 0.5 * f64::from(b)));
        let winners = won && row % 4 == 0;
        let flags = [a, b, winners, a, row == 7].map(u8::from);
        let [a, b, winners, twin, once] = flags;
        let _ = writeln!(leads, "L{row:05},{a},{b},{winners},{twin},{once},{won}");
    }
    write(folder.path(), "leads.csv", leads);
    let criteria = [("a", 20), ("b", 10), ("winners", 20), ("twin", 15), ("once", 20)];
    let criteria: Vec<String> = criteria
        .iter()
        .map(|(name, points)| format!("{{ name: {name}, when: {name} = 1, points: {points} }}"))
        .collect();
    let text = format!(
        "version: 1
experiment: Odd criteria
data:
  leads: {{ path: leads.csv, id: id, known: at_creation }}
  outcomes: {{ flag: won }}
replay: {{ as_of: created, horizon: ever, train: {{ rows: 0..4000 }}, evaluate: {{ rows: 4000.. }} }}
models:
  odd: {{ points: {{ criteria: [{}] }} }}
",
        criteria.join(", ")
    );
    write(folder.path(), "experiment.yaml", text);
    let (_, audit) = audited(folder.path(), &[]);
    let winners = criterion(&audit, "winners");
    assert_eq!(winners["verdict"], "under_weighted");
    assert!(winners["implied"]["point"].as_f64().unwrap() < 400.0, "{winners:#}");
    assert!(winners["implied"]["high"].as_f64().unwrap() < 1_000.0, "{winners:#}");
    let leaks = audit["leaks"]["columns"].as_array().unwrap();
    assert!(leaks.iter().any(|leak| leak["column"] == "winners"), "{leaks:#?}");
    assert_eq!(criterion(&audit, "twin")["verdict"], "redundant");
    assert_eq!(criterion(&audit, "twin")["twin"], "a");
    assert_eq!(criterion(&audit, "once")["verdict"], "dead");
    assert!(criterion(&audit, "once")["sentence"].as_str().unwrap().contains("1 lead of 4000"));
    for name in ["a", "b"] {
        let verdict = criterion(&audit, name)["verdict"].as_str().unwrap();
        assert!(["fine", "too_little_data"].contains(&verdict), "{name}: {verdict}");
    }
}

#[test]
fn a_planted_organisation_in_files_is_the_one_that_is_studied() {
    let folder = folder();
    let said = leadoff_in(folder.path(), &["simulate", ".", "--planted", "--leads", "4000", "--seed", "3"]).done();
    assert!(said.contains("4000 training leads and 2000 later ones"), "{said}");
    let truth = json(&folder.path().join("truth.json"));
    assert_eq!(truth["criteria"].as_array().unwrap().len(), 30);
    let (_, found) = audited(folder.path(), &[]);
    assert_eq!((found["leads"].as_u64(), found["model"].as_str()), (Some(4_000), Some("planted")));
    let organisation = PlantedOrganisation::new(Seed(3), true);
    let leads = organisation.leads(4_000, Seed(1_000_003));
    let one = |(planted, strength): (&leadoff::simulate::PlantedCriterion, &Vec<f64>)| Contribution {
        name: planted.name.clone(),
        group: None,
        points: planted.points,
        cap: None,
        strength: strength.clone().into(),
    };
    let evidence = audit::Evidence {
        criteria: organisation.criteria.iter().zip(&leads.strength).map(one).collect(),
        what: Vec::new(),
        converted: leads.converted.clone(),
        periods: None,
        seed: Seed(3),
    };
    for known in audit::criteria(&evidence, &audit::weigh(&evidence)) {
        let implied = serde_json::to_value(&known.implied).unwrap();
        assert_eq!(criterion(&found, &known.name)["implied"], implied, "{}", known.name);
    }
    leadoff_in(folder.path(), &["simulate", "x", "--without-faults"]).failed(2);
}

#[test]
fn a_run_s_report_holds_its_criteria_unless_it_is_told_not_to() {
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", ".", "--planted", "--leads", "2000"]).done();
    let run = || leadoff_in(folder.path(), &["run", "experiment.yaml", "--out", "out", "--no-png"]).done();
    run();
    let html = || std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    let criteria = json(&folder.path().join("out/evaluation.json"))["criteria"].clone();
    assert_eq!((criteria["model"].as_str(), criteria["leads"].as_u64()), (Some("planted"), Some(2_000)));
    assert!(html().contains("The criteria against what happened") && html().contains("Points of planted"));
    assert!(folder.path().join("out/charts/points.svg").is_file());
    let text = std::fs::read_to_string(folder.path().join("experiment.yaml")).unwrap();
    write(folder.path(), "experiment.yaml", text + "audit: false\n");
    run();
    assert!(json(&folder.path().join("out/evaluation.json"))["criteria"].is_null());
    assert!(!html().contains("The criteria against what happened"));
}

/// The demo on a smaller history.
fn demo(folder: &Path) {
    leadoff_in(folder, &["simulate", "data", "--leads", "3000"]).done();
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let demo = std::fs::read_to_string(home.join("experiments/demo.yaml")).unwrap();
    let text = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    write(folder, "experiment.yaml", text.replace("seed: 1", "seed: 1\nreplicates: 100"));
}

#[test]
fn models_are_not_compared_across_a_break_of_the_log_unless_asked() {
    let folder = folder();
    demo(folder.path());
    let events = std::fs::read_to_string(folder.path().join("data/events.csv")).unwrap();
    let cut = ["email_open", "page_view"];
    let kept = events.lines().enumerate().filter(|(place, line)| {
        let is_cut = cut.iter().any(|kind| line.contains(&format!(",{kind},")) || line.ends_with(&format!(",{kind}")));
        // A retention of ninety days: nothing before 2 July 2026.
        *place == 0 || !is_cut || line.split(',').any(|cell| cell >= "2026-07-02" && cell.starts_with("2026-"))
    });
    let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
    assert!(kept.len() < events.lines().count() - 1_000);
    write(folder.path(), "data/events.csv", kept.join("\n") + "\n");
    let run = ["run", "experiment.yaml", "--out", "out", "--no-png"];
    let error = leadoff_in(folder.path(), &run).failed(4);
    for said in [
        "`email_open` begins at 2026-07-0",
        "`page_view` begins at 2026-07-0",
        "100 % of the leads",
        "--allow-truncated",
    ] {
        assert!(error.contains(said), "{said}: {error}");
    }
    let swaps = ["score", "experiment.yaml", "--swap", "swaps.csv"];
    assert_eq!(leadoff_in(folder.path(), &swaps).failed(4), error);
    leadoff_in(folder.path(), &[&swaps[..], &["--allow-truncated"]].concat()).done();
    let checked = leadoff_in(folder.path(), &["check", "experiment.yaml"]).done();
    assert!(checked.contains("Blind spot: the log of `email_open` begins"), "{checked}");
    leadoff_in(folder.path(), &[&run[..], &["--allow-truncated"]].concat()).done();
    let evaluation = json(&folder.path().join("out/evaluation.json"));
    let banners = evaluation["notices"].as_array().unwrap().iter().filter(|notice| notice["level"] == "banner");
    assert_eq!(banners.filter(|notice| notice["code"] == "tracking_break").count(), 2);
    let report = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    assert!(report.contains("The log of"), "{report}");
    let (_, audit) = audited(folder.path(), &[]);
    let kinds: Vec<&str> =
        audit["cliffs"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, cut);
    assert!(audit["simpler"]["steps"].as_array().unwrap().is_empty() && audit["proposal"]["evidence"].is_null());
    let (_, audit) = audited(folder.path(), &["--allow-truncated"]);
    assert!(!audit["simpler"]["steps"].as_array().unwrap().is_empty());
}

/// Leads with two flags that together are worth more than added up, a kind of events and a channel that nobody gives
/// points for, and a stage that changes once a lead is won.
fn organisation(folder: &Path) {
    let (mut leads, mut events) = (String::from("id,created,x,y,channel,stage\n"), String::from("lead,at,kind\n"));
    let (mut outcomes, mut history) = (String::from("lead,won\n"), String::from("lead,field,value,from\n"));
    let zone = Zone::utc();
    let start = "2025-01-01".parse::<Moment>().unwrap().start(&zone);
    let day = |day: f64| zone.date(start + (day * DAY as f64) as i64).to_string();
    for lead in 0..12_000u64 {
        let mut chance = Seed(11).replicate(lead);
        let created = (lead / 30) as f64;
        let [x, y, chat, visit, partner] = [0.3, 0.3, 0.2, 0.5, 0.15].map(|share| chance.chance(share));
        let both = x && y;
        let facts = [(x, 0.7), (y, 0.7), (both, 1.0), (chat, 0.9), (visit, 0.6), (partner, 0.9)];
        let log_odds: f64 = facts.iter().filter(|(holds, _)| *holds).map(|(_, worth)| worth).sum();
        let won = chance.chance(dist::expit(log_odds - 3.4)).then(|| created + 10.0 + 60.0 * chance.uniform());
        let channel = if partner { "partner" } else { ["web", "fair", "mail"][(lead % 3) as usize] };
        let stage = if won.is_some() { "customer" } else { "open" };
        let _ = writeln!(leads, "L{lead:05},{},{},{},{channel},{stage}", day(created), u8::from(x), u8::from(y));
        for (holds, kind) in [(chat, "chat"), (visit, "visit")] {
            if holds {
                let _ = writeln!(events, "L{lead:05},{},{kind}", day(created + 5.0 * chance.uniform()));
            }
        }
        let _ = writeln!(history, "L{lead:05},stage,open,{}", day(created));
        if let Some(won) = won {
            let _ = writeln!(outcomes, "L{lead:05},{}", day(won));
            let _ = writeln!(history, "L{lead:05},stage,customer,{}", day(won + 1.0));
        }
    }
    for (name, text) in
        [("leads.csv", leads), ("events.csv", events), ("outcomes.csv", outcomes), ("history.csv", history)]
    {
        write(folder, name, text);
    }
}

fn experiment(more: &str) -> String {
    format!(
        "version: 1
experiment: What is missing
data:
  leads: {{ path: leads.csv, id: id, created: created, known: at_creation }}
  events: {{ path: events.csv, lead: lead, at: at, kind: kind }}
  history: {{ path: history.csv, lead: lead, field: field, value: value, from: from }}
  outcomes: {{ path: outcomes.csv, lead: lead, converted: won }}
  until: 2026-06-30
replay:
  as_of: {{ after_created: 7d }}
  horizon: 90d
  train: {{ from: 2025-01-01, to: 2025-10-01 }}
  evaluate: {{ from: 2026-01-07, to: 2026-02-05 }}
champion: current
models:
  current:
    points:
      criteria:
        - {{ name: X, when: x = 1, points: 15 }}
        - {{ name: Y, when: y = 1, points: 15 }}
        - {{ name: Visited, event: visit, points: 12 }}
{more}"
    )
}

#[test]
fn what_no_criterion_says_comes_as_criteria_that_the_experiment_takes() {
    let folder = folder();
    organisation(folder.path());
    write(folder.path(), "experiment.yaml", experiment(""));
    let (_, audit) = audited(folder.path(), &[]);
    let missing = audit["missing"].as_array().unwrap();
    let found =
        |kind: &str| missing.iter().find(|one| one["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {missing:#?}"));
    assert_eq!(found("column")["reads"], "channel");
    assert_eq!((found("event")["reads"].as_str(), found("pair")["reads"].as_str()), (Some("chat"), Some("X + Y")));
    assert_eq!(missing.len(), 3, "{missing:#?}");
    let ready: Vec<String> =
        missing.iter().map(|one| format!("        - {}\n", one["criterion"].as_str().unwrap())).collect();
    let misjudged = audit["misjudged"].as_array().unwrap();
    let partner = misjudged.iter().find(|one| one["name"] == "channel is partner").unwrap();
    assert!(partner["undervalued"].as_bool().unwrap());
    let leaks = audit["leaks"]["columns"].as_array().unwrap();
    let stage = leaks.iter().find(|leak| leak["column"] == "stage").unwrap_or_else(|| panic!("{leaks:#?}"));
    assert!(stage["why"].as_str().unwrap().contains("changes when a lead is won"), "{stage:#}");
    // With these criteria in its file the model has nothing to add.
    write(folder.path(), "experiment.yaml", experiment(&ready.concat()));
    let (_, audit) = audited(folder.path(), &[]);
    assert_eq!(audit["missing"], Value::Array(Vec::new()));
    assert_eq!(audit["criteria"].as_array().unwrap().len(), 6);
}

#[test]
fn an_audit_says_that_high_scores_were_worked_more() {
    let folder = folder();
    leadoff_in(folder.path(), &["init", "demo"]).done();
    let demo = folder.path().join("demo");
    let notice = |audit: &Value| {
        let notices = audit["notices"].as_array().unwrap();
        notices.iter().find(|notice| notice["code"] == "worked_by_score").cloned()
    };
    let (_, audit) = audited(&demo, &[]);
    let page = std::fs::read_to_string(demo.join("audit/audit.md")).unwrap();
    let shares = notice(&audit).unwrap_or_else(|| panic!("{}", audit["notices"]))["args"].clone();
    let [high, low] = ["high", "low"].map(|half| shares[half].as_f64().unwrap());
    assert!(high >= low + 0.05 && high < 1.0, "{high} {low}");
    assert!(page.contains("of the better half by this score"), "{page}");
    // Where it is not known who was worked, nothing is said of it.
    let text = std::fs::read_to_string(demo.join("experiment.yaml")).unwrap();
    write(&demo, "experiment.yaml", text.replace("    worked: first_touch_at\n", ""));
    assert_eq!(notice(&audited(&demo, &[]).1), None);
}
