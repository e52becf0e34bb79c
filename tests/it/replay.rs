//! A criterion of every kind, on twenty leads whose scores were computed by hand.
//!
//! All leads but L20 are created on 2026-03-01 and scored on 2026-03-08, both at midnight; L20 nine days later.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::product::{evaluated, folder, leadoff_in, model, write};

const LEADS: &str = "\
lead_id,created_at,seniority,employees,visits,nps,nps_at,stage
L01,2026-03-01,vp,120,,9,2026-03-08 00:00:00,won
L02,2026-03-01,manager,49,3,,,won
L03,2026-03-01,c-level,,,,,won
L04,2026-03-01,,50,,,,sql
L05,2026-03-01,manager,500,,,,
L06,2026-03-01,,501,,,,
L07,2026-03-01,,,,,,
L08,2026-03-01,,,,,,
L09,2026-03-01,,,,,,
L10,2026-03-01,,,,,,
L11,2026-03-01,,,,,,
L12,2026-03-01,,,2.5,,,
L13,2026-03-01,vp,,,,,
L14,2026-03-01,vp,,,,,
L15,2026-03-01,,,,,,
L16,2026-03-01,c-level,,4,,,
L17,2026-03-01,vp,501,10,10,2026-03-02,
L18,2026-03-01,manager,10,-5,9,2026-03-01,
L19,2026-03-01,VP,,,,,sql
L20,2026-03-10,vp,,,9,2026-03-17 00:00:01,
";

const EVENTS: &str = "\
lead_id,at,kind,page,minutes
L01,2026-03-08 00:00:00,demo_request,,
L02,2026-03-01 00:00:00,demo_request,,
L02,2026-03-03 00:00:00,trial,,
L03,2026-03-08 00:00:01,demo_request,,
L04,2026-02-01 00:00:00,demo_request,,
L05,2026-03-02 00:00:00,email_open,,
L05,2026-03-06 00:00:00,email_open,,
L05,2026-03-04 00:00:00,email_open,,
L05,2026-03-09 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L06,2026-03-06 00:00:00,email_open,,
L07,2026-03-07 10:00:00,page_view,/careers,10
L07,2026-03-07 11:00:00,page_view,/pricing,20
L07,2026-03-08 11:00:00,page_view,/terms,40
L08,2026-03-06 10:00:00,page_view,/a,1.5
L08,2026-03-06 11:00:00,page_view,/b,2.5
L08,2026-03-06 12:00:00,page_view,/a,
L09,2026-03-02 00:00:00,email_send,,
L09,2026-03-05 00:00:00,click,,
L09,2026-03-06 00:00:00,click,,
L10,2026-03-01 00:00:00,webinar,,
L11,2026-03-01 00:00:01,webinar,,
L13,2026-03-05 00:00:00,email_send,,
L14,2026-03-05 00:00:01,email_send,,
L17,2026-03-08 00:00:00,demo_request,,
L17,2026-03-07 00:00:00,webinar,,
L18,2026-03-07 00:00:00,webinar,,
L20,2026-03-10 00:00:00,demo_request,,
L99,2026-03-07 00:00:00,demo_request,,
";

const HISTORY: &str = "\
lead_id,field,value,from
L02,stage,mql,2026-03-02
L02,stage,sql,2026-03-08 00:00:00
L02,stage,won,2026-03-10
L03,stage,mql,2026-03-02
L03,stage,sql,2026-03-08 00:00:01
L04,stage,sql,2026-03-09
L19,stage,sql,2026-03-01
L19,shoe size,44,2026-03-01 10:00:00
";

const OUTCOMES: &str = "\
lead_id,won_at,lost_at,amount
L01,2026-03-20 12:00:00,,10
L02,,2026-03-12 12:00:00,
L02,2026-04-30 12:00:00,,7
L11,2026-03-20 12:00:00,2026-03-20 12:00:00,
L12,,2026-03-15 12:00:00,
L13,2026-03-08 00:00:00,,
L14,,2026-03-05 12:00:00,
L15,2026-04-20 12:00:00,,
L16,2026-04-07 00:00:00,,
L17,2026-04-07 00:00:01,,
L18,2026-03-25 12:00:00,,50
L18,2026-03-20 12:00:00,,100
L18,2026-04-09 12:00:00,,999
L19,,2026-03-12 12:00:00,
L19,2026-03-20 12:00:00,,
";

/// A name, a criterion, its group, and by hand what it gives each lead for which that is not 0.
type Case = (&'static str, &'static str, &'static str, &'static [(u8, f64)]);

const CASES: &[Case] = &[
    (
        "decision maker",
        "when: \"seniority IN ('vp', 'c-level')\", points: 20",
        "fit",
        &[(1, 20.0), (3, 20.0), (13, 20.0), (14, 20.0), (16, 20.0), (17, 20.0), (20, 20.0)],
    ),
    // Both ends of `50..500` are inside.
    (
        "size",
        "bands: { column: employees, points: { \"<50\": 0, \"50..500\": 15, \">500\": 5 } }",
        "fit",
        &[(1, 15.0), (4, 15.0), (5, 15.0), (6, 5.0), (17, 5.0)],
    ),
    ("visits", "per_unit: visits, points: 2", "fit", &[(2, 6.0), (12, 5.0), (16, 8.0), (17, 20.0), (18, -10.0)]),
    // Halved every week: at once 24, after a week 12, after five 0.75; an event a second after scoring is unknown.
    (
        "demo",
        "event: demo_request, points: 24, half_life: 7d",
        "engagement",
        &[(1, 24.0), (2, 12.0), (4, 0.75), (17, 24.0), (20, 12.0)],
    ),
    ("trial", "event: trial, points: 10, expires: 10d", "engagement", &[(2, 5.0)]),
    ("opens", "event: email_open, per: event, points: 1, cap: 10", "engagement", &[(5, 3.0), (6, 10.0)]),
    // Ages of 6, 4 and 2 days: 8 · (1/8 + 1/4 + 1/2); fifteen of 2 days: 15 · 8 / 2.
    ("fading opens", "event: email_open, per: event, points: 8, half_life: 2d", "engagement", &[(5, 7.0), (6, 60.0)]),
    // (1 - 6/8) + (1 - 4/8) + (1 - 2/8); 15 · 3/4.
    ("expiring opens", "event: email_open, per: event, points: 1, expires: 8d", "engagement", &[(5, 1.5), (6, 11.25)]),
    ("frequent", "event: email_open, at_least: 3, points: 6", "engagement", &[(5, 6.0), (6, 6.0)]),
    ("minutes", "event: page_view, sum: minutes, points: 0.5", "engagement", &[(7, 15.0), (8, 2.0)]),
    ("long", "event: page_view, sum: minutes, at_least: 30, points: 9", "engagement", &[(7, 9.0)]),
    ("pages", "event: page_view, distinct: page, points: 3", "engagement", &[(7, 6.0), (8, 6.0)]),
    ("many pages", "event: page_view, distinct: page, at_least: 2, points: 4", "engagement", &[(7, 4.0), (8, 4.0)]),
    // Three days after the mail still counts, four do not.
    (
        "clicked soon",
        "event: click, per: event, after: { event: email_send, within: 3d }, points: 7",
        "engagement",
        &[(9, 7.0)],
    ),
    // Exactly a week before is no longer within a week.
    ("webinar", "event: webinar, within: 7d, points: 11", "engagement", &[(11, 11.0), (17, 11.0), (18, 11.0)]),
    (
        "demo of a vp",
        "event: demo_request, lead_when: \"seniority = 'vp'\", points: 12",
        "engagement",
        &[(1, 12.0), (17, 12.0), (20, 12.0)],
    ),
    ("careers", "event: page_view, when: \"page = '/careers'\", points: -15", "", &[(7, -15.0)]),
    ("skimmed", "event: page_view, when: minutes < 3, points: -1", "", &[(8, -1.0)]),
    // The latest event at least three days before, or none at all.
    (
        "quiet",
        "inactive_for: 3d, points: -10",
        "",
        &[
            (2, -10.0),
            (3, -10.0),
            (4, -10.0),
            (10, -10.0),
            (11, -10.0),
            (12, -10.0),
            (13, -10.0),
            (15, -10.0),
            (16, -10.0),
            (19, -10.0),
            (20, -10.0),
        ],
    ),
    (
        "no mail",
        "event: email_open, inactive_for: 3d, points: -3",
        "",
        &[
            (1, -3.0),
            (2, -3.0),
            (3, -3.0),
            (4, -3.0),
            (7, -3.0),
            (8, -3.0),
            (9, -3.0),
            (10, -3.0),
            (11, -3.0),
            (12, -3.0),
            (13, -3.0),
            (14, -3.0),
            (15, -3.0),
            (16, -3.0),
            (17, -3.0),
            (18, -3.0),
            (19, -3.0),
            (20, -3.0),
        ],
    ),
    // Known from a column's time on: L01 at the very instant, L20 a second late.
    ("happy", "when: nps >= 9, points: 13", "", &[(1, 13.0), (17, 13.0), (18, 13.0)]),
    // By the history of changes: today's value is not what was known.
    ("stage", "when: \"stage = 'sql'\", points: 14", "", &[(2, 14.0), (19, 14.0)]),
];

/// All criteria together: fit within 0 to 30, engagement at most 40, the total rounded and within 0 to 70.
const TOTALS: [f64; 20] = [
    70.0, // fit 35 -> 30, engagement 36, happy 13, no mail -3: 76, within bounds 70
    24.0, // fit 6, engagement 17, stage 14, quiet -10, no mail -3
    7.0,  // 20 - 13
    3.0,  // 15 + 0.75 - 13 = 2.75
    33.0, // 15 + 3 + 7 + 1.5 + 6 = 32.5
    45.0, // 5 + (87.25 -> 40)
    16.0, // 34 - 15 - 3
    8.0,  // 12 - 1 - 3
    4.0,  // 7 - 3
    0.0,  // -13
    0.0,  // 11 - 13
    0.0,  // 5 - 13
    7.0,  // 20 - 13
    17.0, // 20 - 3
    0.0,  // -13
    15.0, // 28 - 13
    70.0, // (45 -> 30) + (47 -> 40) + 13 - 3 = 80
    21.0, // (-10 -> 0) + 11 + 13 - 3
    1.0,  // 14 - 13; 'VP' is not 'vp'
    31.0, // 20 + 24 - 13
];

fn criteria(cases: &[Case]) -> String {
    let line = |(name, fields, group, _): &Case| {
        let group = if group.is_empty() { String::new() } else { format!(", group: {group}") };
        format!("        - {{ name: {name}, {fields}{group} }}\n")
    };
    cases.iter().map(line).collect()
}

fn experiment() -> String {
    let alone: String = CASES
        .iter()
        .map(|case| {
            format!("  only {}:\n    points:\n      criteria:\n{}", case.0, criteria(std::slice::from_ref(case)))
        })
        .collect();
    format!(
        "
version: 1
experiment: A criterion of every kind
data:
  leads:
    path: leads.csv
    id: lead_id
    created: created_at
    known: at_creation
    except: {{ nps: {{ at: nps_at }} }}
  events: {{ path: events.csv, lead: lead_id, at: at, kind: kind }}
  history: {{ path: history.csv, lead: lead_id, field: field, value: value, from: from }}
  outcomes: {{ path: outcomes.csv, lead: lead_id, converted: won_at, lost: lost_at, value: amount }}
  until: 2026-04-10
replay: {{ as_of: {{ after_created: 7d }}, horizon: 30d }}
champion: all
models:
  all:
    points:
      criteria:
{}      groups: {{ fit: [0, 30], engagement: [~, 40] }}
      bounds: [0, 70]
      round: 1
      tiers: {{ hot: 40, warm: 10, cold: 0 }}
{alone}",
        criteria(CASES)
    )
}

fn history() -> tempfile::TempDir {
    let folder = folder();
    for (name, text) in
        [("leads.csv", LEADS), ("events.csv", EVENTS), ("history.csv", HISTORY), ("outcomes.csv", OUTCOMES)]
    {
        write(folder.path(), name, text);
    }
    write(folder.path(), "experiment.yaml", experiment());
    folder
}

/// The scores of a CSV file, by model and lead.
fn scores(csv: &str) -> BTreeMap<String, BTreeMap<String, f64>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let mut scores: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let models = header.iter().zip(row.iter()).skip(3).take_while(|(name, _)| *name != "scored_on");
        for (name, cell) in models {
            scores.entry(name.clone()).or_default().insert(row[0].into(), cell.parse().unwrap());
        }
    }
    scores
}

fn lead(number: u8) -> String {
    format!("L{number:02}")
}

#[test]
fn a_criterion_of_every_kind_gives_the_points_computed_by_hand() {
    let folder = history();
    leadoff_in(folder.path(), &["score", "experiment.yaml", "scores.csv"]).done();
    let found = scores(&std::fs::read_to_string(folder.path().join("scores.csv")).unwrap());
    for (name, _, _, points) in CASES {
        let of = &found[&format!("only {name}")];
        for number in 1..=20 {
            let expected = points.iter().find(|(known, _)| *known == number).map_or(0.0, |(_, points)| *points);
            assert_eq!(of[&lead(number)], expected, "{name} of lead {}", lead(number));
        }
    }
    for (number, total) in (1..).zip(TOTALS) {
        assert_eq!(found["all"][&lead(number)], total, "all of lead {}", lead(number));
    }
}

#[test]
fn what_became_of_the_twenty_leads_is_counted_as_the_rules_say() {
    let folder = history();
    let evaluation = evaluated(folder.path(), &experiment());
    let ledger = &evaluation["ledger"];
    let count = |key: &str| ledger[key].as_u64().unwrap();
    // L13 won and L14 lost before they were scored; the horizon of L20 is still open.
    assert_eq!((count("read"), count("evaluated"), count("immature")), (20, 17, 1), "{ledger}");
    assert_eq!(ledger["exclusions"][0]["leads"], 2);
    assert_eq!(ledger["exclusions"][0]["reason"], "decided before it was scored");
    assert_eq!(ledger["wins_before_as_of"], 1);
    // L01, L11 (won and lost at once), L16 (at the horizon's last instant), L18 (two deals) and L19 (reopened).
    let all = model(&evaluation, "all");
    assert_eq!(all["wins"], 5);
    let value: f64 = rows(all).iter().filter_map(|row| row["value"].as_f64()).sum();
    assert_eq!(value, 160.0, "L18's third deal is past the horizon, and a missing value is not zero");
}

#[test]
fn brackets_are_the_champions_tiers_by_name() {
    let folder = history();
    let evaluation = evaluated(folder.path(), &experiment());
    let rows = rows(model(&evaluation, "all"));
    let counted: Vec<(&str, u64, u64)> = rows
        .iter()
        .map(|row| (row["label"].as_str().unwrap(), row["leads"].as_u64().unwrap(), row["wins"].as_u64().unwrap()))
        .collect();
    // Cold: 3, 4, 8, 9, 10, 11, 12, 15, 19; warm: 2, 5, 7, 16, 18; hot: 1, 6, 17.
    assert_eq!(counted, [("cold", 9, 2), ("warm", 5, 2), ("hot", 3, 1)]);
}

fn rows(model: &Value) -> &Vec<Value> {
    model["brackets"]["rows"].as_array().unwrap()
}

#[test]
fn the_role_of_every_lead_stands_beside_its_scores() {
    let folder = history();
    leadoff_in(folder.path(), &["score", "experiment.yaml", "scores.csv"]).done();
    let text = std::fs::read_to_string(folder.path().join("scores.csv")).unwrap();
    let role =
        |lead: &str| text.lines().find(|line| line.starts_with(lead)).unwrap().split(',').nth(2).unwrap().to_string();
    assert_eq!(role("L01"), "evaluated");
    assert_eq!(role("L13"), "decided before it was scored");
    assert_eq!(role("L20"), "immature");
    assert!(text.lines().nth(1).unwrap().contains("2026-03-08"), "{text}");
}

#[test]
fn explain_shows_what_fired_and_which_events() {
    let folder = history();
    let explain =
        |lead: &str| leadoff_in(folder.path(), &["explain", "experiment.yaml", lead, "--model", "all"]).done();
    let text = explain("L06");
    assert!(text.contains("all: 45"), "{text}");
    assert!(text.contains("10 (before its cap 15)  opens [engagement]"), "{text}");
    assert!(text.contains("40 (before its bounds 87.25)  in all for engagement"), "{text}");
    assert!(text.contains("2026-03-06 email_open") && text.contains("and 10 before"), "{text}");
    assert!(text.contains("tier hot"), "{text}");
    let text = explain("L07");
    assert!(text.contains("page = '/careers'") && text.contains("minutes = 10"), "{text}");
    assert!(!text.contains("/terms"), "an event after scoring is not shown: {text}");
    let text = explain("L09");
    let soon = text.lines().skip_while(|line| !line.contains("clicked soon")).skip(1);
    let events: Vec<&str> = soon.take_while(|line| line.contains("2026-")).collect();
    assert_eq!(events.len(), 1, "{text}");
    assert!(events[0].contains("2026-03-05 click"), "{text}");
}

#[test]
fn forgetting_all_that_came_after_scoring_changes_no_score() {
    let folder = history();
    let scores = || {
        leadoff_in(folder.path(), &["score", "experiment.yaml", "scores.csv"]).done();
        std::fs::read_to_string(folder.path().join("scores.csv")).unwrap()
    };
    let before = scores();
    // L20 is scored on the 17th, all others on the 8th.
    let is_known = |line: &&str, at: &str| {
        let as_of = if line.starts_with("L20") { "2026-03-17 00:00:00" } else { "2026-03-08 00:00:00" };
        at.is_empty() || at.starts_with(|c: char| !c.is_ascii_digit()) || at <= as_of
    };
    let forget = |name: &str, text: &str, place: usize| {
        let kept: Vec<&str> =
            text.lines().filter(|line| is_known(line, line.split(',').nth(place).unwrap_or_default())).collect();
        assert!(kept.len() < text.lines().count(), "{name}");
        write(folder.path(), name, kept.join("\n") + "\n");
    };
    forget("events.csv", EVENTS, 1);
    forget("history.csv", HISTORY, 3);
    write(folder.path(), "leads.csv", LEADS.replace("9,2026-03-17 00:00:01", "3,2026-05-01 00:00:01"));
    assert_eq!(scores(), before);
}

#[test]
fn an_event_can_be_the_moment_of_scoring() {
    let folder = history();
    let at_event = experiment().replace("as_of: { after_created: 7d }", "as_of: { event: demo_request }");
    write(folder.path(), "experiment.yaml", at_event);
    leadoff_in(folder.path(), &["score", "experiment.yaml", "scores.csv"]).done();
    let found = scores(&std::fs::read_to_string(folder.path().join("scores.csv")).unwrap());
    // L04's request came before its creation: no moment to score at. The first one counts itself, without any decay.
    let demo = &found["only demo"];
    assert_eq!(demo.keys().collect::<Vec<_>>(), ["L01", "L02", "L03", "L17", "L20"]);
    assert!(demo.values().all(|points| *points == 24.0), "{demo:?}");
    let evaluation = evaluated(folder.path(), &std::fs::read_to_string(folder.path().join("experiment.yaml")).unwrap());
    let none = evaluation["ledger"]["exclusions"].as_array().unwrap();
    assert!(none.iter().any(|one| one["reason"] == "no moment to score at" && one["leads"] == 15), "{none:?}");
}

/// Leads created on 2026-03-01 and scored a week later; outcomes are dates without a time of day.
fn small(outcomes: &str, replay: &str) -> Value {
    let folder = folder();
    let leads: String = (1..=6).map(|number| format!("S{number},2026-03-0{number},{number}\n")).collect();
    write(folder.path(), "leads.csv", format!("id,created,size\n{leads}"));
    write(folder.path(), "outcomes.csv", format!("id,won,lost\n{outcomes}"));
    let experiment = format!(
        "
version: 1
experiment: Small
data:
  leads: {{ path: leads.csv, id: id, created: created, known: at_creation }}
  outcomes: {{ path: outcomes.csv, lead: id, converted: won, lost: lost }}
  until: 2026-06-30
replay: {replay}
models: {{ size: {{ column: {{ score: size, scale: points }} }} }}
"
    );
    evaluated(folder.path(), &experiment)
}

fn excluded(evaluation: &Value, reason: &str) -> u64 {
    let exclusions = evaluation["ledger"]["exclusions"].as_array().unwrap();
    exclusions.iter().find(|one| one["reason"] == reason).map_or(0, |one| one["leads"].as_u64().unwrap())
}

#[test]
fn a_date_ends_something_at_the_end_of_its_day() {
    // S1 is scored at the midnight that begins the 8th: won that day is won after it, lost the day before is lost before.
    let weekly = "{ as_of: { after_created: 7d }, horizon: 30d }";
    let evaluation = small("S1,2026-03-08,\nS2,,2026-03-08\nS3,2026-03-09,\n", weekly);
    assert_eq!(model(&evaluation, "size")["wins"], 1);
    assert_eq!(excluded(&evaluation, "decided before it was scored"), 2);
}

#[test]
fn a_lead_that_was_lost_and_then_won_is_won_and_its_loss_is_void() {
    let created = "{ as_of: created, horizon: ever }";
    let evaluation =
        small("S1,,2026-03-01\nS1,2026-05-01,\nS2,2026-03-03,2026-03-20\nS3,2026-03-05,2026-03-05\n", created);
    assert_eq!(evaluation["ledger"]["evaluated"], 6);
    let size = model(&evaluation, "size");
    assert_eq!(size["wins"], 3);
    let curves = size["time_to_convert"]["curves"].as_array().unwrap();
    let losses: u64 = curves.iter().map(|curve| curve["losses"].as_u64().unwrap()).sum();
    assert_eq!(losses, 0, "{curves:?}");
}

#[test]
fn a_training_lead_must_have_had_its_chance_before_evaluation_begins() {
    let windows = "{ as_of: created, horizon: 3d, train: { to: 2026-03-04 }, evaluate: { from: 2026-03-05 } }";
    let evaluation = small("S1,2026-03-02,\nS6,2026-03-07,\n", windows);
    let ledger = &evaluation["ledger"];
    // S1 and S2 closed on the 4th and the 5th; S3 on the 6th, a day too late; S4 lies between the windows.
    assert_eq!((&ledger["training"], &ledger["evaluated"]), (&2.into(), &2.into()), "{ledger}");
    assert_eq!(excluded(&evaluation, "training lead whose horizon was still open when evaluation began"), 1);
    assert_eq!(excluded(&evaluation, "outside the windows"), 1);
}
