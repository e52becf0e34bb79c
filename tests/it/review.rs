//! Reviews: on made histories with a known truth, on real leads, and as their users meet them.

use leadoff::evaluation::Grouping;
use leadoff::result::review::{Alarm, AlarmKind};
use leadoff::review::{
    Arrivals, Compared, FollowUp, Given, Input, LeadColumns, Place, Values, Volume, alarms, early_reads,
};
use leadoff::simulate::changing::{CRITERIA, EDGES, KINDS, Made, Quarters, SOURCES, Turn};
use leadoff::stats::random::Seed;
use leadoff::stats::survival::End;
use leadoff::time::DAY;
use serde_json::Value;

use crate::product::{close, folder, json, leadoff_in, shared, write};

const QUARTERS: usize = 8;
const QUARTER_DAYS: i64 = 91;

fn history(turn: Option<(Turn, usize)>, after: f64, seed: u64) -> Quarters {
    Quarters { quarters: QUARTERS, leads: 2_500, after, horizon: 90.0, turn, seed: Seed(seed) }
}

/// When leads of made quarters came, counted from the export backwards, and their quarters.
fn arrivals(made: &Made) -> Arrivals {
    let created: Vec<i64> = made.exposure.iter().map(|days| -(days * DAY as f64) as i64).collect();
    let last = |row: &usize| made.quarter[*row] == QUARTERS - 1;
    let latest = (0..created.len()).filter(last).map(|row| created[row]).max().unwrap_or(0);
    let quarter = |back: i64| (latest - (back + 1) * QUARTER_DAYS * DAY, latest - back * QUARTER_DAYS * DAY);
    Arrivals { created, spans: (0..QUARTERS as i64).rev().map(quarter).collect() }
}

/// The columns of a review from made leads.
fn compared(made: &Made, horizon: f64) -> Compared {
    let leads = made.quarter.len();
    let levels = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect::<Vec<String>>();
    let sources = levels(&SOURCES.map(|(name, ..)| name));
    let columns = LeadColumns {
        labels: (1..=QUARTERS).map(|quarter| format!("Q{quarter}")).collect(),
        place: made.quarter.iter().map(|quarter| Place::Period(*quarter)).collect(),
        arrivals: Some(arrivals(made)),
        reference: made.quarter.iter().map(|quarter| *quarter == 0).collect(),
        trained: vec![false; leads],
        mature: made.exposure.iter().map(|days| *days >= horizon).collect(),
        converted: (0..leads).map(|row| made.end[row] == End::Converted && made.days[row] <= horizon).collect(),
        follow_up: Some(FollowUp {
            days: made.days.clone(),
            end: made.end.clone(),
            exposure: made.exposure.clone(),
            entry: vec![0.0; leads],
        }),
        horizon: Some(horizon),
        score: made.score.clone(),
        bracket: made.score.iter().map(|score| EDGES.iter().filter(|edge| *edge <= score).count()).collect(),
        brackets: levels(&["cold", "warm", "hot"]),
        criteria: CRITERIA
            .iter()
            .zip(&made.meets)
            .map(|((name, _, _, points), meets)| Given {
                name: (*name).into(),
                points: *points,
                given: meets.iter().map(|meets| if *meets { *points } else { 0.0 }).collect(),
                fires: meets.clone(),
            })
            .collect(),
        segments: vec![Grouping { name: "source".into(), codes: made.source.clone(), levels: sources.clone() }],
        inputs: vec![
            Input { name: "size".into(), values: Values::Number(made.size.clone()) },
            Input { name: "source".into(), values: Values::Level(made.source.clone(), sources) },
        ],
        volumes: KINDS
            .iter()
            .zip(&made.events)
            .map(|((kind, _), events)| Volume { kind: (*kind).into(), events: events.clone() })
            .collect(),
        ..LeadColumns::default()
    };
    Compared::new(columns).expect("columns of the same leads")
}

fn rung(turn: Option<(Turn, usize)>, seed: u64) -> Vec<Alarm> {
    // All horizons are over.
    alarms(&compared(&history(turn, 95.0, seed).made(), 90.0)).rung
}

/// The share of steady histories in which anything rings at all.
fn false_alarms(runs: u64) -> f64 {
    (0..runs).filter(|run| !rung(None, 1_000 + run).is_empty()).count() as f64 / runs as f64
}

/// The share of histories in which the change is named, by what it is and in its quarter.
fn named(turn: Turn, runs: u64) -> f64 {
    let (kind, what) = match turn {
        Turn::SourceFalls => (AlarmKind::Segment, "source paid"),
        Turn::CriterionStops => (AlarmKind::Criterion, "Decision maker"),
        Turn::TrackingBreaks | Turn::RelationTurns => (AlarmKind::Tracking, "email_open"),
    };
    let found = |run: &u64| {
        let quarter = 2 + (*run % 6) as usize;
        let label = format!("Q{}", quarter + 1);
        let rung = rung(Some((turn, quarter)), 5_000 + run);
        rung.iter().any(|alarm| alarm.kind == kind && alarm.what == what && alarm.period == label)
    };
    (0..runs).filter(found).count() as f64 / runs as f64
}

/// Shares of histories in which the early read of the last quarter covers what happens, and in which it is doubted.
fn early(turn: Option<(Turn, usize)>, runs: u64) -> (f64, f64) {
    let (mut covered, mut doubted) = (0, 0);
    for run in 0..runs {
        let made = history(turn, 10.0, 9_000 + run).made();
        let leads = compared(&made, 90.0);
        let rung = alarms(&leads).rung;
        let reads = early_reads(&leads, &rung, Seed(run));
        let read = reads.last().expect("the last quarter is open");
        let last = || (0..made.quarter.len()).filter(|&row| made.quarter[row] == QUARTERS - 1);
        let truth = last().filter(|&row| made.converts[row]).count() as f64 / last().count() as f64;
        let interval = read.rate.interval().expect("a prediction");
        covered += u64::from(interval.contains(truth));
        doubted += u64::from(read.doubt.is_some());
    }
    (covered as f64 / runs as f64, doubted as f64 / runs as f64)
}

/// A share that may lie above its promise by three standard errors.
fn at_most(promise: f64, runs: u64) -> f64 {
    promise + 3.0 * (promise * (1.0 - promise) / runs as f64).sqrt()
}

#[test]
fn a_few_steady_histories_stay_silent_and_a_change_is_named() {
    let runs = 4;
    assert!(false_alarms(runs) <= at_most(0.05, runs));
    for turn in [Turn::SourceFalls, Turn::CriterionStops, Turn::TrackingBreaks] {
        assert!(named(turn, runs) >= 0.75, "{turn:?}");
    }
    let (covered, _) = early(None, runs);
    assert!(covered >= 0.5, "{covered}");
    let (_, doubted) = early(Some((Turn::RelationTurns, QUARTERS - 1)), 2);
    assert!(doubted > 0.0);
}

#[test]
#[ignore = "a study of minutes: the figures of docs/review.md"]
fn steady_histories_ring_in_one_of_twenty_at_most() {
    let runs = 400;
    let share = false_alarms(runs);
    println!("steady histories of eight quarters with any alarm: {share:.4} of {runs}");
    assert!(share <= at_most(0.05, runs), "{share}");
}

#[test]
#[ignore = "a study of minutes: the figures of docs/review.md"]
fn changes_are_named_in_their_quarter() {
    let runs = 400;
    for turn in [Turn::SourceFalls, Turn::CriterionStops, Turn::TrackingBreaks] {
        let share = named(turn, runs);
        println!("{turn:?}: named in its quarter in {share:.4} of {runs}");
        assert!(share >= 0.9, "{turn:?} {share}");
    }
}

#[test]
#[ignore = "a study of minutes: the figures of docs/review.md"]
fn early_reads_cover_what_happens_and_are_doubted_when_the_relation_turns() {
    let runs = 400;
    let (covered, doubted) = early(None, runs);
    println!("early reads of steady histories: {covered:.4} of {runs} covered, {doubted:.4} doubted");
    assert!(covered >= 0.9, "{covered}");
    let (covered, doubted) = early(Some((Turn::RelationTurns, QUARTERS - 1)), runs);
    println!("early reads when the relation turns: {covered:.4} of {runs} covered, {doubted:.4} doubted");
    assert!(doubted >= 0.9, "{doubted}");
}

fn reviewed(folder: &std::path::Path, experiment: &str, arguments: &[&str], label: &str) -> Value {
    write(folder, "experiment.yaml", experiment);
    let all = [&["review", "experiment.yaml", "--out", "reviews", "--no-png"], arguments].concat();
    leadoff_in(folder, &all).done();
    json(&folder.join("reviews").join(label).join("review.json"))
}

fn input<'a>(review: &'a Value, name: &str) -> &'a Value {
    let all = review["drift"]["inputs"].as_array().unwrap();
    all.iter().find(|input| input["name"] == name).unwrap_or_else(|| panic!("{name}: {all:?}"))
}

#[test]
fn three_blocks_of_calls_show_what_drifted_and_that_the_probabilities_fail() {
    let Some(data) = shared("bank-marketing/bank-additional-full.csv.gz") else { return };
    let experiment = format!(
        "
version: 1
experiment: Bank
data:
  leads: {{ path: {}, delimiter: ';', known: at_creation, except: {{ duration: as_exported }} }}
  outcomes: {{ flag: y }}
replay: {{ as_of: created, horizon: ever, train: {{ rows: 0..27972 }} }}
champion: regression
models:
  regression: {{ logistic: {{ ridge: 1.0, features: [age, job, marital, education, default, contact, campaign, pdays, previous, poutcome] }} }}
  clock: {{ column: {{ score: '-\"nr.employed\"', scale: points }} }}
review:
  periods:
    - {{ name: first, rows: 0..27972 }}
    - {{ name: second, rows: 27972..32949 }}
    - {{ name: third, rows: '32949..' }}
replicates: 200
",
        data.display()
    );
    let folder = folder();
    let review = reviewed(folder.path(), &experiment, &["--quarter", "third"], "third");
    let period = |place: usize| &review["periods"][place];
    let leads: Vec<u64> = (0..3).map(|place| period(place)["leads"].as_u64().unwrap()).collect();
    assert_eq!(leads, [27972, 4977, 8239]);
    let percent = |place: usize| (period(place)["rate"]["point"].as_f64().unwrap() * 1000.0).round() / 10.0;
    assert_eq!([percent(0), percent(1), percent(2)], [5.2, 12.8, 30.8]);
    for (name, psi) in [("duration", 0.030881), ("age", 0.225670), ("campaign", 0.042485)] {
        close(&input(&review, name)["psi"][2], psi, 5e-7);
    }
    let turned: Vec<&str> = review["drift"]["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|input| input["turned"] == true && input["is_score"] == false)
        .map(|input| input["name"].as_str().unwrap())
        .collect();
    for name in ["cons.conf.idx", "euribor3m", "previous"] {
        assert!(turned.contains(&name), "{turned:?}");
    }
    let live = &review["models"][0]["periods"][2];
    let (predicted, observed) = (live["mean_predicted"].as_f64().unwrap(), live["observed"]["point"].as_f64().unwrap());
    assert!((0.3..0.7).contains(&(predicted / observed)), "{predicted} {observed}");
    assert!(live["calibration"]["low"].as_f64().unwrap() > 0.0);
    let advice = review["advice"].as_array().unwrap();
    assert!(advice.iter().any(|one| one["what"] == "recalibrate"), "{advice:?}");
    let page = std::fs::read_to_string(folder.path().join("reviews/third/review.html")).unwrap();
    assert!(page.contains("are too low"), "the summary says so");
}

/// What the leads of two cohorts came to, and what was said of them half a year before.
fn olist(arguments: &[&str], label: &str) -> Option<(Value, Value)> {
    let data = shared("olist")?;
    let experiment = |until: &str| {
        format!(
            "
version: 1
experiment: Olist
data:
  leads: {{ path: {0}/olist_marketing_qualified_leads_dataset.csv, id: mql_id, created: first_contact_date, known: at_creation }}
  outcomes: {{ path: {0}/olist_closed_deals_dataset.csv, lead: mql_id, converted: won_date }}
  until: {until}
replay: {{ as_of: created, horizon: 90d }}
champion: search
models:
  search: {{ points: {{ criteria: [{{ name: Search, when: \"origin = 'organic_search'\", points: 10 }}] }} }}
segments: [origin]
replicates: 200
",
            data.display()
        )
    };
    let folder = folder();
    let early = reviewed(folder.path(), &experiment("2018-06-01"), arguments, label);
    let folder = crate::product::folder();
    let late = reviewed(folder.path(), &experiment("2018-11-14"), arguments, label);
    Some((early, late))
}

#[test]
fn early_reads_of_real_cohorts_hold_what_became_of_them() {
    let quarters = (&["--quarter", "2018Q2", "--compare", "3"][..], "2018q2");
    let months = (&["--month", "2018-05", "--compare", "5"][..], "2018-05");
    for (arguments, label) in [quarters, months] {
        let Some((early, late)) = olist(arguments, label) else { return };
        let known: u64 =
            early["periods"].as_array().unwrap().iter().map(|period| period["wins_so_far"].as_u64().unwrap()).sum();
        assert!(known > 0);
        let periods = late["periods"].as_array().unwrap();
        let reads = early["early"].as_array().unwrap();
        for period in &periods[periods.len() - 2..] {
            assert_eq!(period["mature"], period["leads"]);
            let read = reads.iter().find(|read| read["label"] == period["label"]).expect("it was open then");
            let (low, high) = (read["rate"]["low"].as_f64().unwrap(), read["rate"]["high"].as_f64().unwrap());
            let happened = period["rate"]["point"].as_f64().unwrap();
            println!("{} {low} {happened} {high} {}", period["label"], read["doubt"]);
            assert!(low <= happened && happened <= high, "{}: {low} to {high}, {happened}", period["label"]);
        }
    }
}

/// A folder with a made history.
fn simulated(leads: &str) -> tempfile::TempDir {
    let folder = folder();
    let arguments =
        ["simulate", "data", "--leads", leads, "--from", "2025-01-01", "--to", "2026-04-01", "--until", "2026-12-31"];
    leadoff_in(folder.path(), &arguments).done();
    folder
}

fn made(until: &str) -> String {
    format!(
        "
version: 1
experiment: Made leads
data:
  leads: {{ path: data/leads.csv, id: lead_id, created: created_at, known: at_creation, except: {{ crm_score: as_exported }} }}
  events: {{ path: data/events.csv, lead: lead_id, at: occurred_at, kind: kind }}
  outcomes: {{ path: data/outcomes.csv, lead: lead_id, converted: converted_at, lost: lost_at, value: amount, worked: first_touch_at }}
  until: {until}
  currency: EUR
replay:
  as_of: {{ after_created: 7d }}
  horizon: 90d
  train: {{ from: 2025-01-01, to: 2025-04-01 }}
champion: current
models:
  current:
    points:
      criteria:
        - {{ name: Decision maker, when: \"seniority IN ('vp', 'c-level')\", points: 20 }}
        - {{ name: Asked for a demo, event: demo_request, points: 20 }}
        - {{ name: Opened e-mails, event: email_open, per: event, points: 5, cap: 40 }}
      tiers: {{ hot: 30, warm: 15, cold: 0 }}
  better:
    points:
      criteria:
        - {{ name: Decision maker, when: \"seniority IN ('vp', 'c-level')\", points: 20 }}
        - {{ name: Asked for a demo, event: demo_request, points: 30 }}
        - {{ name: Looked at prices, event: pricing_view, per: event, points: 10, cap: 40 }}
        - {{ name: Referred, when: \"source = 'referral'\", points: 15 }}
segments: [source]
replicates: 200
"
    )
}

#[test]
fn a_second_review_quotes_the_first_and_names_a_history_that_was_edited() {
    let folder = simulated("4000");
    let path = folder.path();
    let first = reviewed(path, &made("2025-12-31"), &["--quarter", "2025Q3", "--compare", "2"], "2025q3");
    assert_eq!(first["memory"]["reviews"], 0);
    let ledger = std::fs::read_to_string(path.join("reviews/ledger.jsonl")).unwrap();
    let page = std::fs::read(path.join("reviews/2025q3/review.html")).unwrap();
    // Made again it is the same, byte for byte, in its folder and in the ledger.
    reviewed(path, &made("2025-12-31"), &["--quarter", "2025Q3", "--compare", "2"], "2025q3");
    assert_eq!(std::fs::read_to_string(path.join("reviews/ledger.jsonl")).unwrap(), ledger);
    assert_eq!(std::fs::read(path.join("reviews/2025q3/review.html")).unwrap(), page);

    let next = ["--quarter", "2025Q4", "--compare", "3"];
    let second = reviewed(path, &made("2026-06-30"), &next, "2025q4");
    let last = &second["memory"]["last"];
    assert_eq!(last["period"], "2025Q3");
    assert_eq!(last["hash"].as_str().unwrap().len(), 64);
    assert!(last["headline"].as_str().unwrap().contains("2025Q3"));
    let regret = &last["regret"];
    assert!(regret["window"].as_str().unwrap().contains("2025Q4") && regret["wins"].as_u64().unwrap() > 10, "{regret}");
    assert!(regret["regret"]["point"].as_f64().unwrap() >= 0.0);
    assert_eq!(second["memory"]["rewritten"].as_array().unwrap().len(), 0, "{}", second["memory"]);
    let judged = second["memory"]["judged"].as_array().unwrap();
    assert!(judged.iter().any(|one| one["period"] == "2025Q3"), "{judged:?}");

    // Somebody takes leads out of a quarter that was mature when it was reviewed.
    let leads = std::fs::read_to_string(path.join("data/leads.csv")).unwrap();
    let (mut kept, mut dropped) = (Vec::new(), 0);
    for line in leads.lines() {
        let is_of_the_quarter =
            ["2025-04", "2025-05", "2025-06"].iter().any(|month| line.contains(&format!(",{month}")));
        if is_of_the_quarter && dropped < 25 {
            dropped += 1;
        } else {
            kept.push(line);
        }
    }
    write(path, "data/leads.csv", kept.join("\n") + "\n");
    let edited = reviewed(path, &made("2026-06-30"), &next, "2025q4");
    let rewritten = edited["memory"]["rewritten"].as_array().unwrap();
    let named = rewritten.iter().find(|one| one["period"] == "2025Q2").unwrap_or_else(|| panic!("{rewritten:?}"));
    assert!(named["why"].as_str().unwrap().contains("taken out"), "{named}");
    let page = std::fs::read_to_string(path.join("reviews/2025q4/review.html")).unwrap();
    assert!(page.contains("was changed since the review of"));
}

#[test]
fn a_quarter_that_the_leads_do_not_cover_says_so() {
    let folder = folder();
    let made_until =
        ["simulate", "data", "--leads", "1500", "--from", "2025-01-01", "--to", "2026-02-20", "--until", "2026-04-30"];
    leadoff_in(folder.path(), &made_until).done();
    let review = reviewed(folder.path(), &made("2026-04-30"), &["--quarter", "2026Q1", "--compare", "2"], "2026q1");
    let covered = |place: usize| review["periods"][place]["covered"].clone();
    assert_eq!((covered(0), covered(1), &covered(2)[0]), (Value::Null, Value::Null, &"2026-01-01".into()));
    let last = covered(2)[1].as_str().unwrap().to_owned();
    assert!(last.starts_with("2026-02-1"), "{last}");
    let page = std::fs::read_to_string(folder.path().join("reviews/2026q1/review.md")).unwrap();
    assert!(page.contains(&format!("leads in 2026Q1 (leads to {last} only)")), "{page}");
}

#[test]
fn a_ledger_that_was_touched_up_is_not_believed() {
    let folder = simulated("3000");
    let path = folder.path();
    for (until, quarter) in [("2025-12-31", "2025Q2"), ("2026-03-31", "2025Q3")] {
        reviewed(path, &made(until), &["--quarter", quarter, "--compare", "1"], &quarter.to_lowercase());
    }
    let ledger = std::fs::read_to_string(path.join("reviews/ledger.jsonl")).unwrap();
    write(path, "reviews/ledger.jsonl", ledger.replacen("the score of", "the splendid score of", 1));
    let review = reviewed(path, &made("2026-06-30"), &["--quarter", "2025Q4", "--compare", "1"], "2025q4");
    let notices = review["notices"].as_array().unwrap();
    let banner = notices.iter().find(|notice| notice["level"] == "banner").unwrap_or_else(|| panic!("{notices:?}"));
    assert_eq!(banner["code"], "ledger_broken", "{banner}");
}

#[test]
fn what_can_not_be_reviewed_says_why() {
    let folder = simulated("500");
    write(folder.path(), "e.yaml", made("2026-06-30"));
    let failed = |arguments: &[&str], code: i32| {
        leadoff_in(folder.path(), &[&["review", "e.yaml", "--out", "reviews"], arguments].concat()).failed(code)
    };
    assert!(failed(&["--quarter", "2025-3"], 2).contains("`2026Q3`"));
    assert!(failed(&["--quarter", "2019Q1"], 4).contains("leads are there from 2025-01-0"));
    assert!(failed(&["--month", "2025-13"], 2).contains("`2026-07`"));
    assert!(!folder.path().join("reviews/ledger.jsonl").exists());
}

/// Every file of a folder and of those in it, with its bytes.
fn files(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with(leadoff::store::MARKS) {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn render_redraws_a_review_from_its_json_alone() {
    let folder = simulated("1500");
    let path = folder.path();
    write(path, "experiment.yaml", made("2026-03-31"));
    let asked = ["review", "experiment.yaml", "--out", "reviews", "--quarter", "2025Q4", "--compare", "4"];
    leadoff_in(path, &asked).done();
    let home = path.join("reviews/2025q4");
    let drawn = files(&home);
    let names: Vec<String> =
        drawn.iter().map(|(name, _)| name.strip_prefix(&home).unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(
        names,
        [
            "charts/tiers.png",
            "charts/tiers.svg",
            "charts/trend.png",
            "charts/trend.svg",
            "review.html",
            "review.json",
            "review.md",
            "review.xlsx",
            "run.json",
            "slide.png",
            "slide.svg"
        ]
    );
    std::fs::remove_dir_all(path.join("data")).unwrap();
    for (file, _) in drawn.iter().filter(|(file, _)| file.extension().is_none_or(|kind| kind != "json")) {
        std::fs::remove_file(file).unwrap();
    }
    let said = leadoff_in(path, &["render", "reviews/2025q4"]).done();
    assert!(said.contains("review.html"), "{said}");
    for ((name, bytes), (again, now)) in drawn.iter().zip(files(&home)) {
        assert!(*name == again && *bytes == now, "{} drawn anew differs", name.display());
    }
    // One format of it, from a file of any name.
    std::fs::copy(home.join("review.json"), path.join("kept.json")).unwrap();
    let markdown = leadoff_in(path, &["render", "kept.json", "--format", "markdown"]).done();
    assert!(drawn.iter().any(|(_, bytes)| bytes == markdown.as_bytes()));
    assert_eq!(names.len(), files(&home).len());
}

#[test]
fn what_render_can_not_redraw_says_why() {
    let folder = simulated("500");
    let path = folder.path();
    write(path, "experiment.yaml", made("2026-03-31"));
    leadoff_in(path, &["review", "experiment.yaml", "--out", "reviews", "--quarter", "2025Q4", "--no-png"]).done();
    assert!(!path.join("reviews/2025q4/slide.png").exists() && path.join("reviews/2025q4/slide.svg").exists());
    let failed = |what: &str| leadoff_in(path, &["render", what]).failed(4);
    let error = failed("reviews");
    assert!(error.contains("name one, such as reviews/2025q4"), "{error}");
    assert!(failed("data").contains("neither `evaluation.json` nor `review.json`"));
    let review = json(&path.join("reviews/2025q4/review.json"));
    let mut newer = review.clone();
    newer["schema"] = 999.into();
    write(path, "newer.json", newer.to_string());
    assert!(failed("newer.json").contains("schema 999 is newer"));
    let mut broken = review;
    broken["periods"] = "none".into();
    write(path, "broken.json", broken.to_string());
    assert!(failed("broken.json").contains("broken.json: "));
    write(path, "half/review.json", "{\"schema\": 1, \"memo");
    assert!(failed("half").contains("not JSON"));
    write(path, "test/trial.json", "{\"schema\": 1, \"contrasts\": []}");
    assert!(failed("test").contains("`leadoff ab render` redraws it"));
    write(path, "audit/audit.json", "{\"schema\": 1, \"weighing\": {}}");
    assert!(failed("audit").contains("it holds an audit, and what is redrawn are runs and reviews"));
    // Where a run's folder says it holds one and holds a review.
    std::fs::create_dir(path.join("run")).unwrap();
    std::fs::copy(path.join("reviews/2025q4/review.json"), path.join("run/evaluation.json")).unwrap();
    assert!(failed("run").contains("it holds a review, and what is asked for is a run"));
    let error = leadoff_in(path, &["compare", "reviews/2025q4", "reviews/2025q4"]).failed(2);
    assert!(error.contains("it holds a review, and runs are compared"), "{error}");
}

/// Two quarters of a hundred hot and a hundred cold leads each, with what sales did and said, all of it counted by hand.
fn worked(folder: &std::path::Path) -> String {
    let mut leads = String::from("lead_id,created_at,size,sales_verdict,sales_reason\n");
    let mut outcomes = String::from("lead_id,converted_at,first_touch_at\n");
    let mut events = String::from("lead_id,occurred_at,kind\n");
    for (quarter, month) in [(1, 1), (2, 4)] {
        for place in 0..200 {
            let (hot, i) = (place < 100, place % 100);
            let id = format!("Q{quarter}-{place}");
            let at = |days: u32, time: &str| {
                // Created in the first 20 days of the quarter; days go on into the month after.
                let day = i % 20 + days;
                format!("2026-{:02}-{:02}T{time}", month + day / 28, day % 28 + 1)
            };
            let said = match (hot, i) {
                (true, 0..70) | (false, 0..15) => "accepted,",
                (true, 70..81) => "rejected,no <b>budget</b>",
                (true, 81..88) => "rejected,student",
                (true, 88..90) => "rejected,rival",
                (false, 15..65) => "rejected,too small",
                _ => "later,",
            };
            leads += &format!("{id},{},{},{said}\n", at(0, "09:00:00"), if hot { 60 } else { 10 });
            let won = if hot { i % 4 == 0 } else { i % 10 == 3 };
            let converted = if won { at(10, "12:00:00") } else { String::new() };
            let touched = match (hot, i) {
                (true, 0..50) => at(0, "09:30:00"),
                (true, _) => at(0, "14:00:00"),
                (false, 0..90) => at(2, "09:00:00"),
                _ => String::new(),
            };
            outcomes += &format!("{id},{converted},{touched}\n");
            for call in 0..(if hot { 3 } else { 1 }) {
                events += &format!("{id},{},call\n", at(call + 1, "10:00:00"));
            }
            // Neither is a touch within the horizon.
            events += &format!("{id},{},page_view\n{id},{},call\n", at(1, "11:00:00"), at(40, "10:00:00"));
        }
    }
    write(folder, "leads.csv", leads);
    write(folder, "outcomes.csv", outcomes);
    write(folder, "events.csv", events);
    "
version: 1
experiment: What sales did
data:
  leads: { path: leads.csv, id: lead_id, created: created_at, known: at_creation, except: { sales_verdict: as_exported, sales_reason: as_exported } }
  events: { path: events.csv, lead: lead_id, at: occurred_at, kind: kind }
  outcomes: { path: outcomes.csv, lead: lead_id, converted: converted_at, worked: first_touch_at }
  until: 2026-09-30
replay: { as_of: created, horizon: 30d }
champion: current
models:
  current: { points: { criteria: [{ name: Large, when: size > 50, points: 10 }] } }
brackets: { named: { Cold: 0, Hot: 10 } }
replicates: 100
review:
  touches: [call]
  feedback: { column: sales_verdict, accepted: [accepted], rejected: [rejected], reason: sales_reason }
"
    .into()
}

#[test]
fn what_sales_did_and_said_is_counted_by_tier() {
    let folder = folder();
    let experiment = worked(folder.path());
    let review = reviewed(folder.path(), &experiment, &["--quarter", "2026Q2", "--compare", "1"], "2026q2");
    let benchmarks = &review["benchmarks"];
    let tier = |list: &'static str, label: &str| {
        let all = match list {
            "feedback" => benchmarks["feedback"]["by_bracket"].as_array().unwrap(),
            _ => benchmarks["by_bracket"].as_array().unwrap(),
        };
        all.iter().find(|part| part["label"] == label).unwrap_or_else(|| panic!("{label}: {all:?}")).clone()
    };
    // Sales' verdicts, of both quarters; who was not judged does not count.
    for (label, accepted, rejected) in [("Hot", 140, 40), ("Cold", 30, 100)] {
        let part = tier("feedback", label);
        assert_eq!((part["accepted"].as_u64(), part["rejected"].as_u64()), (Some(accepted), Some(rejected)), "{part}");
        close(&part["share"]["point"], accepted as f64 / (accepted + rejected) as f64, 1e-12);
    }
    let reasons: Vec<(&str, f64)> = benchmarks["feedback"]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["level"].as_str().unwrap(), one["share"].as_f64().unwrap() * 140.0))
        .collect();
    let expected = [("too small", 100.0), ("no <b>budget</b>", 22.0), ("student", 14.0), ("other", 4.0)];
    for ((found, share), (reason, count)) in reasons.iter().zip(expected) {
        assert!(*found == reason && (share - count).abs() < 1e-9, "{reasons:?}");
    }
    let at_odds = |key: &str| benchmarks["feedback"][key].as_u64().unwrap();
    assert_eq!((at_odds("rejected_high"), at_odds("rejected_high_wins")), (40, 10));
    assert_eq!((at_odds("accepted_low"), at_odds("accepted_low_wins")), (30, 4));
    // Touches for a win: 600 calls for 50 wins, 200 for 20; calls after the horizon and other events are none.
    close(&tier("tiers", "Hot")["touches_per_win"], 12.0, 1e-12);
    close(&tier("tiers", "Cold")["touches_per_win"], 10.0, 1e-12);
    let touch = &benchmarks["touch"];
    for (within, share) in [("within_hour", 0.25), ("within_day", 0.5), ("within_day_before", 0.5)] {
        close(&touch[within]["point"], share, 1e-12);
    }
    let classes: Vec<u64> =
        touch["classes"].as_array().unwrap().iter().map(|class| class["leads"].as_u64().unwrap()).collect();
    assert_eq!(classes, [100, 100, 180, 0, 20]);

    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.path().join("reviews/2026q2").join(name)).unwrap();
        text.replace('\u{a0}', " ")
    };
    let (page, markdown) = (read("review.html"), read("review.md"));
    for words in [
        "What sales says of the leads, by tier.",
        "Touched within an hour: 25.0 %",
        "It does not show that speed wins",
        "Where sales and the score disagree: of 40 finished leads in the top tier that sales rejected, 10 converted; of 30 finished leads in the lowest that sales accepted, 4 did.",
    ] {
        assert!(page.contains(words) && markdown.contains(words), "{words}");
    }
    // A reason is text from the data.
    assert!(page.contains("too small (71.4 %), no &lt;b&gt;budget&lt;/b&gt; (15.7 %), student (10.0 %)"));
    assert!(!page.contains("<b>budget") && !markdown.contains("<b>budget") && !read("slide.svg").contains("<b>budget"));

    for (right, wrong, near) in
        [("column: sales_verdict", "column: sales_verdikt", "sales_verdict"), ("[call]", "[cal]", "call")]
    {
        write(folder.path(), "wrong.yaml", experiment.replace(right, wrong));
        let error = leadoff_in(folder.path(), &["review", "wrong.yaml", "--out", "wrong"]).failed(3);
        assert!(error.contains(&format!("did you mean `{near}`?")), "{error}");
        assert!(!folder.path().join("wrong").exists());
    }
}

/// The first screen, top to bottom.
#[test]
fn the_first_screen_keeps_its_order() {
    let folder = simulated("3000");
    reviewed(folder.path(), &made("2026-03-31"), &["--quarter", "2025Q4", "--compare", "3"], "2025q4");
    let page = std::fs::read_to_string(folder.path().join("reviews/2025q4/review.html")).unwrap();
    let places = [
        "class=\"headline\"",
        "id=\"glance\"",
        "Wins and value, beside the last period and the same a year ago",
        "Switching is worth",
        "id=\"chart-tiers\"",
        "to make",
        "Where good leads come from",
        "of this period",
        "No break in the tracking",
        "This is the first review",
        "id=\"summary\"",
    ];
    let page = page.replace("No change is proposed", "No change to make");
    let mut from = 0;
    for place in places {
        let found = page[from..].find(place).unwrap_or_else(|| panic!("`{place}` comes too early or not at all"));
        from += found;
    }
}
