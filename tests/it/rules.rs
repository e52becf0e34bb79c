//! Rules in, held against a platform's scores, and out again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::product::{evaluated, folder, leadoff_in, write};

const DAY: i64 = 86_400;
/// 2026-01-01, in seconds.
const START: i64 = 1_767_225_600;

fn stamp(at: i64) -> String {
    let days = (START + at).div_euclid(DAY);
    let (clock, mut day) = ((START + at).rem_euclid(DAY), days - START / DAY);
    let mut month = 0;
    let long = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while day >= long[month] {
        day -= long[month];
        month += 1;
    }
    format!("2026-{:02}-{:02} {:02}:{:02}:{:02}", month + 1, day + 1, clock / 3600, clock / 60 % 60, clock % 60)
}

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

struct Person {
    title: &'static str,
    employees: u64,
    industry: &'static str,
    /// When and of which kind, in order.
    events: Vec<(i64, &'static str)>,
}

/// The day on which a webinar came to give 20 points instead of 15.
const EDIT: i64 = 90 * DAY;

/// The platform's score, reckoned as its pages say it: rule by rule, each event by itself.
fn platform(person: &Person, at: i64) -> f64 {
    let mut fit = match person.title {
        "VP Sales" => 20.0,
        "Director" => 10.0,
        _ => 0.0,
    };
    if person.employees >= 500 {
        fit += 25.0;
    }
    if person.industry == "Education" {
        fit -= 30.0;
    }
    let fit = f64::min(fit, 40.0);
    let rest = |then: i64| {
        let months = (at - then) / (30 * DAY);
        f64::max(0.0, 1.0 - 0.25 * months as f64)
    };
    let of = |kind: &str, points: f64| {
        let mut sum = 0.0;
        for (then, known) in &person.events {
            if *known == kind && *then <= at {
                sum += points * rest(*then);
            }
        }
        sum
    };
    let webinar = if at < EDIT { 15.0 } else { 20.0 };
    let opens = f64::min(of("open", 2.0), 10.0);
    let unsubscribes = f64::max(of("unsubscribe", -8.0), -15.0);
    let engagement = f64::min(opens + of("demo", 24.0) + unsubscribes + of("webinar", webinar), 60.0);
    f64::min(fit + engagement, 80.0)
}

fn configuration() -> Value {
    let events = |kind: &str, points: f64, limits: Value| {
        let calculation = json!({ "type": "MULTI_UE", "eventCalculators": [
            { "eventTypeId": kind, "recordCalculation": { "type": "CONSTANT", "value": points } }] });
        let mut rule = json!({ "id": kind, "enabled": true, "configuration": { "calculation": calculation } });
        limits.as_object().unwrap().iter().for_each(|(key, value)| rule[key] = value.clone());
        rule
    };
    let property = |calculation: Value| json!({ "enabled": true, "configuration": { "calculation": calculation } });
    let pick = |value: &str, points: f64| {
        let operation = json!({ "operationType": "STRING", "operator": "CONTAINS", "value": value });
        json!({ "operation": operation, "value": points })
    };
    let single = |property: &str, operation: Value, points: f64| {
        let condition = json!({ "type": "SINGLE", "property": property, "operation": operation });
        json!({ "type": "CONDITIONAL", "value": points,
            "whereCondition": { "type": "COMPOSITE", "operator": "AND", "conditions": [condition] } })
    };
    let large = json!({ "operationType": "NUMBER", "operator": "IS_GREATER_THAN_OR_EQUAL_TO", "value": 500 });
    let schools = json!({ "operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": ["Education"] });
    json!({
        "name": "Lead score", "objectTypeId": "0-1", "allowedGroupTypes": ["FIT", "INTENT"], "maxScore": 80,
        "groupConfigs": [
            { "groupName": "Fit", "groupCategory": "FIT", "maxValue": 40, "ruleConfigurations": [
                property(json!({ "type": "MATCH", "property": "jobtitle",
                    "matchRules": [pick("vp", 20.0), pick("director", 10.0)] })),
                property(single("numberofemployees", large, 25.0)),
                property(single("industry", schools, -30.0)),
                property(json!({ "type": "SEGMENT_MEMBERSHIP", "segmentMembershipRules": [] })),
            ] },
            { "groupName": "Engagement", "groupCategory": "INTENT", "maxValue": 60,
              "groupDecay": { "decayIntervalDays": 30, "percentToDecayPerInterval": 25 },
              "ruleConfigurations": [
                events("4-1", 2.0, json!({ "maxValue": 10 })), events("4-2", 24.0, json!({})),
                events("4-3", -8.0, json!({ "minValue": -15 })), events("4-4", 20.0, json!({})),
                events("4-9", 50.0, json!({ "enabled": false })),
            ] },
        ],
    })
}

fn persons() -> Vec<Person> {
    let mut dice = Dice(7);
    let mut persons = Vec::new();
    for number in 0..400u64 {
        let title = ["VP Sales", "Director", "Analyst", ""][dice.below(4) as usize];
        let (employees, industry) = (
            [20, 300, 500, 4_000][dice.below(4) as usize],
            ["Software", "Education", "Retail"][dice.below(3) as usize],
        );
        let mut events: Vec<(i64, &str)> = Vec::new();
        for _ in 0..dice.below(12) {
            let kind = ["open", "open", "open", "demo", "unsubscribe"][dice.below(5) as usize];
            events.push((dice.below(150) as i64 * DAY + dice.below(80_000) as i64 + number as i64, kind));
        }
        // The rule that is edited is a rare one.
        if number % 50 == 7 {
            events.push((EDIT - 9 * DAY + number as i64, "webinar"));
        }
        events.sort_unstable();
        persons.push(Person { title, employees, industry, events });
    }
    persons
}

/// Every change of a person's score: after events, when something decays, and when the rule is edited.
fn changes(person: &Person) -> Vec<(i64, f64)> {
    let mut instants: Vec<i64> = vec![0, EDIT];
    for (at, _) in &person.events {
        instants.extend((0..5).map(|steps| at + steps * 30 * DAY));
    }
    instants.retain(|at| *at < 170 * DAY);
    instants.sort_unstable();
    instants.dedup();
    let mut changes: Vec<(i64, f64)> = Vec::new();
    for at in instants {
        let score = platform(person, at);
        if changes.last().is_none_or(|(_, last)| *last != score) {
            changes.push((at, score));
        }
    }
    changes
}

fn hubspot(folder: &Path) {
    let (mut leads, mut events) = (
        String::from("Record ID,Create Date,Job Title,Number of Employees,Industry,HubSpot Score,Won\n"),
        String::from("contact,at,kind\n"),
    );
    let mut history = String::from("contact,property,value,changed\n");
    for (number, person) in persons().iter().enumerate() {
        let changes = changes(person);
        let last = changes.last().unwrap().1;
        let Person { title, employees, industry, .. } = person;
        writeln!(leads, "{number},{},{title},{employees},{industry},{last},{}", stamp(0), number % 3 == 0).unwrap();
        person.events.iter().for_each(|(at, kind)| writeln!(events, "{number},{},{kind}", stamp(*at)).unwrap());
        for (at, score) in changes {
            writeln!(history, "{number},HubSpot Score,{score},{}", stamp(at)).unwrap();
        }
    }
    write(folder, "leads.csv", leads);
    write(folder, "events.csv", events);
    write(folder, "history.csv", history);
    write(folder, "score.json", configuration().to_string());
    write(folder, "experiment.yaml", "version: 1
experiment: The score that is live
data:
  leads: { path: leads.csv, id: Record ID, created: Create Date, except: { Job Title: at_creation, Number of Employees: at_creation, Industry: at_creation } }
  events: { path: events.csv, lead: contact, at: at, kind: kind }
  history: { path: history.csv, lead: contact, field: property, value: value, from: changed }
  outcomes: { flag: Won }
  until: 2026-06-20
models:
  live: { rules: { file: score.json, events: { '4-1': open, '4-2': demo, '4-3': unsubscribe, '4-4': webinar } } }
");
}

#[test]
fn a_hubspot_score_is_replayed_change_by_change_and_every_difference_has_its_reason() {
    let folder = folder();
    hubspot(folder.path());
    let said = leadoff_in(folder.path(), &["parity", "experiment.yaml", "--out", "differing.csv"]).done();
    assert!(said.contains("asks for membership of lists"), "what is not in the model is said first: {said}");
    let counts: Vec<u64> = said
        .split_once(": ")
        .unwrap()
        .1
        .lines()
        .find(|line| line.contains("scores equal"))
        .unwrap()
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect();
    // From and to are dates of three numbers each.
    let (equal, compared) = (counts[6], counts[7]);
    assert!(compared > 2_000 && equal < compared, "{said}");
    assert!(equal as f64 >= 0.995 * compared as f64, "{said}");
    assert!(said.contains("rule edited: `webinar` gave 15 points instead of 20 before 2026-04-01"), "{said}");
    assert!(!said.contains("other:"), "{said}");
    let written = std::fs::read_to_string(folder.path().join("differing.csv")).unwrap();
    assert_eq!(written.lines().count() as u64 - 1, compared - equal, "{written}");
    assert!(written.lines().nth(1).unwrap().contains("rule edited,webinar: 15 before 2026-04-01"), "{written}");
    // Nothing is dropped without a word: `check` says it too, with its level.
    let said = leadoff_in(folder.path(), &["check", "experiment.yaml"]).done();
    assert!(
        said.contains(
            "doubt           1  rules: `live` (score.json): 8 criteria were read, and one thing is not in the model"
        ),
        "{said}"
    );
    assert!(said.contains("switched off"), "{said}");
}

/// The experiment of [`hubspot`] with its score as the champion, against the points of one rule.
fn with_champion(folder: &Path, more: &str) -> String {
    let text = std::fs::read_to_string(folder.join("experiment.yaml")).unwrap();
    let events = "'4-4': webinar }";
    let text = text.replace(events, &format!("{events}{more}"));
    text.replace(
        "models:\n",
        "champion: live\nmodels:\n  simple: { points: { criteria: [{ name: Demo, event: demo, points: 10 }] } }\n",
    )
}

#[test]
fn a_champion_that_lacks_rules_is_not_the_score_in_use() {
    let folder = folder();
    hubspot(folder.path());
    let plain = with_champion(folder.path(), "");
    let declared = with_champion(folder.path(), ", complete: true");
    let evaluation = evaluated(folder.path(), &plain);
    assert_eq!(evaluation["verdict"]["decision"], "not_enough_evidence");
    let forbids = |evaluation: &Value| evaluation["verdict"]["reasons"].to_string().contains("is not your score yet");
    assert!(forbids(&evaluation), "{}", evaluation["verdict"]);
    let report = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    assert!(report.contains("`live` is not your score yet (score.json): 8 criteria were read"), "{report}");
    // Who says that nobody gets points by the others is believed; and a challenger may lack what it lacks.
    assert!(!forbids(&evaluated(folder.path(), &declared)));
    let challenger = plain.replace("champion: live", "champion: simple");
    assert!(!forbids(&evaluated(folder.path(), &challenger)));
}

#[test]
fn rules_that_the_data_do_not_fit_are_named_and_not_dropped() {
    let folder = folder();
    hubspot(folder.path());
    let text = configuration().to_string().replace("numberofemployees", "hs_size");
    write(folder.path(), "score.json", &text);
    let said = leadoff_in(folder.path(), &["check", "experiment.yaml"]).done();
    assert!(
        said.contains("`live`: 1 of 8 criteria give no points, as they do not fit the data: score.json, `Fit`, rule 2"),
        "{said}"
    );
    assert!(said.contains("columns: { jobtitle: Job Title }"), "{said}");
    // The cure as it is shown.
    let yaml = std::fs::read_to_string(folder.path().join("experiment.yaml")).unwrap();
    write(
        folder.path(),
        "experiment.yaml",
        yaml.replace("file: score.json,", "file: score.json, columns: { hs_size: Number of Employees },"),
    );
    let said = leadoff_in(folder.path(), &["parity", "experiment.yaml"]).done();
    assert!(!said.contains("do not fit the data"), "{said}");
    assert!(!said.contains("other:"), "{said}");
}

/// A small experiment: three rules, and a platform's scores that `tamper` makes of the right ones.
fn small(folder: &Path, history: bool, tamper: impl Fn(usize, i64, f64) -> f64) {
    let rules = "criterion,condition,points,group,cap\nLarge,employees >= 500,20,fit,\nDemo,\"event: demo, per: event\",12,use,30\nOpen,\"event: open, per: event\",3,use,\nbounds,\"[0, 60]\",,,\ngroups,\"{ use: [~, 45] }\",,,\n";
    let (mut leads, mut events, mut changed) = (
        String::from("id,created,employees,score,won\n"),
        String::from("id,at,kind\n"),
        String::from("id,field,value,from\n"),
    );
    let mut dice = Dice(3);
    for number in 0..60 {
        let employees = [20, 800][dice.below(2) as usize];
        let mut own: BTreeMap<i64, &str> = BTreeMap::new();
        for _ in 0..6 {
            own.insert(dice.below(100) as i64 * DAY + number as i64, ["demo", "open"][dice.below(2) as usize]);
        }
        let score = |at: i64| {
            let count = |kind: &str| own.iter().filter(|(then, known)| **then <= at && **known == kind).count() as f64;
            let used = f64::min(f64::min(12.0 * count("demo"), 30.0) + 3.0 * count("open"), 45.0);
            (if employees >= 500 { 20.0 } else { 0.0 } + used).clamp(0.0, 60.0)
        };
        for (at, kind) in &own {
            writeln!(events, "{number},{},{kind}", stamp(*at)).unwrap();
            writeln!(changed, "{number},score,{},{}", tamper(number, *at, score(*at)), stamp(*at)).unwrap();
        }
        let last = tamper(number, 200 * DAY, score(200 * DAY));
        writeln!(leads, "{number},{},{employees},{last},{}", stamp(0), number % 2 == 0).unwrap();
    }
    write(folder, "leads.csv", leads);
    write(folder, "events.csv", events);
    write(folder, "changes.csv", changed);
    write(folder, "rules.csv", rules);
    let by = if history {
        "  history: { path: changes.csv, lead: id, field: field, value: value, from: from }\n"
    } else {
        ""
    };
    write(
        folder,
        "e.yaml",
        format!(
            "version: 1\nexperiment: Small\ndata:\n  leads: {{ path: leads.csv, id: id, created: created, except: {{ employees: at_creation }} }}\n  events: {{ path: events.csv, lead: id, at: at, kind: kind }}\n  outcomes: {{ flag: won }}\n  until: 2026-07-20\n{by}models: {{ live: {{ rules: rules.csv }} }}\n"
        ),
    );
}

/// What parity says of the small experiment, with a change to its files.
fn compared(history: bool, tamper: impl Fn(usize, i64, f64) -> f64, change: impl Fn(&Path)) -> String {
    let folder = folder();
    small(folder.path(), history, tamper);
    change(folder.path());
    leadoff_in(folder.path(), &["parity", "e.yaml", "--column", "score"]).done()
}

fn edit(folder: &Path, name: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(text.contains(from), "{name} holds no {from}");
    write(folder, name, text.replacen(from, to, 1));
}

#[test]
fn equal_scores_are_all_equal() {
    for history in [true, false] {
        let said = compared(history, |_, _, score| score, |_| ());
        assert!(said.contains("scores equal (100 %), of 60 leads"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(if history { "at each of its changes" } else { "as exported, on 2026-07-20" }), "{said}");
    }
    // Whatever models may read of the column.
    let exported = |folder: &Path| edit(folder, "e.yaml", "at_creation", "at_creation, score: as_exported");
    assert!(compared(true, |_, _, score| score, exported).contains("at each of its changes"));
}

#[test]
fn a_limit_of_one_side_is_a_cap() {
    let limits = [
        ("\"[0, 60]\"", "\"[0, 50]\"", "without the model's `bounds`"),
        ("{ use: [~, 45] }", "{ use: [~, 21] }", "the limit of `use`"),
        ("use,30", "use,20", "where `Demo` gives 30 points at most"),
    ];
    for (from, to, said) in limits {
        let text = compared(true, |_, _, score| score, |folder| edit(folder, "rules.csv", from, to));
        assert!(text.contains("cap: equal w") && text.contains(said), "{text}");
        assert!(!text.contains("other:"), "{text}");
    }
    let text = compared(true, |_, _, score| score.min(33.0), |_| ());
    assert!(text.contains("cap: the platform stays at 33 where the model passes it"), "{text}");
    assert!(!text.contains("other:"), "{text}");
}

#[test]
fn an_edited_rule_has_its_day_its_points_and_its_side() {
    let large = |number: usize, folder: &Path| {
        let leads = std::fs::read_to_string(folder.join("leads.csv")).unwrap();
        leads.lines().nth(number + 1).unwrap().split(',').nth(2) == Some("800")
    };
    let plain = folder();
    small(plain.path(), true, |_, _, score| score);
    let is_large: Vec<bool> = (0..60).map(|number| large(number, plain.path())).collect();
    // The platform gave 10 instead of 20 until a day; and gives 10 from a day on.
    let before = compared(
        true,
        |number, at, score| if is_large[number] && at < 50 * DAY { score - 10.0 } else { score },
        |_| (),
    );
    assert!(before.contains("rule edited: `Large` gave 10 points instead of 20 before 2026-02-"), "{before}");
    let after = compared(
        true,
        |number, at, score| if is_large[number] && at >= 50 * DAY { score - 10.0 } else { score },
        |_| (),
    );
    assert!(after.contains("rule edited: `Large` gives 10 points instead of 20 from 2026-02-"), "{after}");
    // As exported there is one day, and the rule differs.
    let always = compared(false, |number, _, score| if is_large[number] { score - 10.0 } else { score }, |_| ());
    assert!(always.contains("rule edited: `Large` gives 10 points in the platform and 20 in the model"), "{always}");
    // Some leads of many are no rule.
    let two = compared(
        true,
        |number, at, score| if is_large[number] && number < 4 && at >= 50 * DAY { score - 10.0 } else { score },
        |_| (),
    );
    assert!(!two.contains("rule edited"), "{two}");
}

#[test]
fn an_edit_takes_three_leads_and_nine_in_ten_of_those_it_touches() {
    // Of the leads that a rule touches, so many are scored by the platform as if it were not there.
    let said = |touched: usize, without: usize| {
        let platform = |number: usize, _: i64, score: f64| if number < touched - without { score + 7.0 } else { score };
        compared(false, platform, |folder| {
            edit(folder, "rules.csv", "bounds", "Rare,rare = 1,7,,\nbounds2");
            edit(folder, "rules.csv", "bounds2,\"[0, 60]\",,,\n", "");
            edit(folder, "rules.csv", "groups,\"{ use: [~, 45] }\",,,\n", "");
            edit(folder, "e.yaml", "employees: at_creation", "employees: at_creation, rare: at_creation");
            let leads = std::fs::read_to_string(folder.join("leads.csv")).unwrap();
            let add = |(row, line): (usize, &str)| match row {
                0 => format!("{line},rare\n"),
                row => format!("{line},{}\n", u8::from(row <= touched)),
            };
            write(folder, "leads.csv", leads.lines().enumerate().map(add).collect::<String>());
        })
    };
    let is_edit = |said: &str| said.contains("rule edited: `Rare` gives 0 points in the platform and 7 in the model");
    assert!(is_edit(&said(3, 3)) && !is_edit(&said(2, 2)), "{}\n{}", said(3, 3), said(2, 2));
    assert!(is_edit(&said(10, 9)) && !is_edit(&said(10, 8)), "{}\n{}", said(10, 9), said(10, 8));
}

#[test]
fn an_event_of_one_side_is_named_with_its_criterion() {
    let lost = |folder: &Path| {
        let text = std::fs::read_to_string(folder.join("events.csv")).unwrap();
        let line = text.lines().find(|line| line.starts_with("5,") && line.ends_with("open")).unwrap();
        write(folder, "events.csv", text.replacen(&format!("{line}\n"), "", 1));
    };
    let said = compared(false, |_, _, score| score, lost);
    assert!(said.contains("1  event missing: the platform counts one event more for `Open`"), "{said}");
    let more = |folder: &Path| {
        let text = std::fs::read_to_string(folder.join("events.csv")).unwrap();
        write(folder, "events.csv", text + "5,2026-06-01 00:00:00,open\n");
    };
    let said = compared(false, |_, _, score| score, more);
    assert!(
        said.contains("event missing: the log holds one event for `Open` that the platform does not count"),
        "{said}"
    );
}

#[test]
fn a_lead_that_is_quiet_on_one_side_has_an_event_on_the_other() {
    let quiet = |folder: &Path| edit(folder, "rules.csv", "bounds", "Quiet,inactive_for: 30d,-7,,\nbounds");
    // At its own events nobody is quiet: where the platform says so it lacks the event.
    let said = compared(true, |number, _, score| if number == 5 { score - 7.0 } else { score }, quiet);
    assert!(
        said.contains("6  event missing: the log holds an event that ends `Quiet`, and the platform does not"),
        "{said}"
    );
}

#[test]
fn a_run_records_its_file_of_rules() {
    let folder = folder();
    small(folder.path(), false, |_, _, score| score);
    leadoff_in(folder.path(), &["run", "e.yaml", "--out", "out", "--no-png"]).done();
    let run = crate::product::json(&folder.path().join("out/run.json"));
    let paths: Vec<&str> =
        run["inputs"].as_array().unwrap().iter().map(|input| input["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["leads.csv", "events.csv", "rules.csv"]);
}

#[test]
fn a_column_known_only_today_is_told_from_an_event() {
    let today = |folder: &Path| {
        edit(folder, "e.yaml", ", except: { employees: at_creation }", "");
        edit(folder, "leads.csv", ",20,", ",800,");
    };
    let said = compared(true, |_, _, score| score, today);
    assert!(said.contains("column without history: `Large` reads a column that is known only as exported"), "{said}");
    assert!(!said.contains("other:"), "{said}");
}

#[test]
fn what_fades_is_rounded_and_what_nothing_explains_is_other() {
    let fades = |folder: &Path| {
        edit(
            folder,
            "rules.csv",
            "Open,\"event: open, per: event\",3,use,",
            "Open,\"event: open, per: event, half_life: 9000d\",3,use,",
        )
    };
    let said = compared(true, |_, _, score| score, fades);
    assert!(said.contains("rounding: equal in whole points: write `round: 1`"), "{said}");
    assert!(!said.contains("other:"), "{said}");
    let odd = compared(true, |number, _, score| if number == 9 { score + 7.77 } else { score }, |_| ());
    assert!(odd.contains("6  other: not explained"), "{odd}");
}

#[test]
fn parity_says_what_it_lacks() {
    let folder = folder();
    small(folder.path(), false, |_, _, score| score);
    let error = leadoff_in(folder.path(), &["parity", "e.yaml"]).failed(2);
    assert!(error.contains("Name it by `--column`; columns of numbers are `employees`, `score`"), "{error}");
    let error = leadoff_in(folder.path(), &["parity", "e.yaml", "live", "--column", "scor"]).failed(2);
    assert!(error.contains("did you mean `score`?"), "{error}");
    let error = leadoff_in(folder.path(), &["parity", "e.yaml", "lvie", "--column", "score"]).failed(2);
    assert!(error.contains("did you mean `live`?"), "{error}");
}

#[test]
fn a_wrong_file_of_rules_is_told_with_all_its_lines() {
    let folder = folder();
    small(folder.path(), false, |_, _, score| score);
    write(folder.path(), "rules.csv", "criterion,condition,points\nA,employees >,5\nB,employees > 3,x\n");
    let error = leadoff_in(folder.path(), &["check", "e.yaml"]).failed(3);
    assert!(
        error.contains("e.yaml:8: models.live.rules: rules.csv: \n  line 2: condition:")
            && error.contains("\n  line 3: points: found `x`"),
        "{error}"
    );
    let error = leadoff_in(folder.path(), &["check", "e.yaml"]).failed(3);
    assert!(!error.contains("\\n"), "{error}");
    std::fs::remove_file(folder.path().join("rules.csv")).unwrap();
    let error = leadoff_in(folder.path(), &["check", "e.yaml"]).failed(3);
    assert!(error.contains("rules.csv: cannot be read"), "{error}");
    write(folder.path(), "rules.csv", "criterion,condition,points\nA,employes > 3,5\n");
    let error = leadoff_in(folder.path(), &["check", "e.yaml"]);
    assert!((error.err.clone() + &error.out).contains("rules.csv, line 2"), "{} {}", error.err, error.out);
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The demo's experiment on a smaller history in this folder.
fn demo(folder: &Path) {
    leadoff_in(folder, &["simulate", "data", "--leads", "1500"]).done();
    let demo = std::fs::read_to_string(home().join("experiments/demo.yaml")).unwrap();
    write(folder, "demo.yaml", demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv"));
}

/// The cells of a column of a CSV that was written, by lead.
fn column(path: &Path, name: &str) -> BTreeMap<String, String> {
    let mut csv = csv::Reader::from_path(path).unwrap();
    let headers = csv.headers().unwrap().clone();
    let place = headers.iter().position(|known| known == name).unwrap_or_else(|| panic!("no {name} among {headers:?}"));
    csv.records()
        .map(|record| record.unwrap())
        .map(|record| (record[0].to_string(), record[place].to_string()))
        .collect()
}

#[test]
fn a_score_has_its_tier_its_day_and_its_strongest_criteria_beside_it() {
    let folder = folder();
    demo(folder.path());
    leadoff_in(folder.path(), &["score", "demo.yaml", "scores.csv"]).done();
    let path = folder.path().join("scores.csv");
    let header = std::fs::read_to_string(&path).unwrap().lines().next().unwrap().to_string();
    assert_eq!(
        header,
        "lead,as_of,role,current,no_email_points,reweighted,regression,crm,scored_on,current tier,current reasons,no_email_points tier,no_email_points reasons,reweighted reasons"
    );
    let (score, tier, reasons, day, as_of) = (
        column(&path, "current"),
        column(&path, "current tier"),
        column(&path, "current reasons"),
        column(&path, "scored_on"),
        column(&path, "as_of"),
    );
    assert!(score.len() > 1_000);
    let mut three = 0;
    for (lead, score) in &score {
        let score: f64 = score.parse().unwrap();
        assert_eq!(
            tier[lead],
            if score >= 60.0 {
                "hot"
            } else if score >= 35.0 {
                "warm"
            } else {
                "cold"
            }
        );
        assert!(as_of[lead].starts_with(&day[lead]) && day[lead].len() == 10, "{} {}", as_of[lead], day[lead]);
        let parts: Vec<f64> = reasons[lead]
            .split("; ")
            .filter(|part| !part.is_empty())
            .map(|part| part.rsplit(' ').next().unwrap().parse().unwrap())
            .collect();
        assert!(parts.len() <= 3 && parts.windows(2).all(|pair| pair[0].abs() >= pair[1].abs()), "{}", reasons[lead]);
        three += usize::from(parts.len() == 3);
    }
    assert!(three > 100);
}

#[test]
fn leads_that_crossed_a_tier_are_written_with_the_tier_before() {
    let folder = folder();
    demo(folder.path());
    leadoff_in(folder.path(), &["score", "demo.yaml", "a.csv"]).done();
    let path = folder.path().join("a.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let warm: Vec<&str> = text.lines().filter(|line| line.contains(",warm,")).collect();
    let lead = |line: &str| line.split(',').next().unwrap().to_string();
    // One was cold, one was warm with another score, one was not there.
    let former = text.replace(warm[0], &warm[0].replacen(",warm,", ",cold,", 1)).replace(&format!("{}\n", warm[2]), "");
    write(folder.path(), "former.csv", former);
    let said = leadoff_in(folder.path(), &["score", "demo.yaml", "b.csv", "--changed-since", "former.csv"]).done();
    assert!(said.starts_with("2 leads scored"), "{said}");
    let before = column(&folder.path().join("b.csv"), "current tier before");
    assert_eq!(before, BTreeMap::from([(lead(warm[0]), "cold".to_string()), (lead(warm[2]), String::new())]));
    let error =
        leadoff_in(folder.path(), &["score", "demo.yaml", "c.csv", "--changed-since", "data/leads.csv"]).failed(4);
    assert!(error.contains("it has no column `lead`"), "{error}");
    leadoff_in(folder.path(), &["score", "demo.yaml", "former.csv", "--changed-since", "former.csv"]).failed(2);
}

#[test]
fn a_model_that_is_written_as_a_table_gives_the_same_points_to_every_lead() {
    let folder = folder();
    demo(folder.path());
    for model in ["current", "no_email_points", "reweighted"] {
        leadoff_in(folder.path(), &["export", "demo.yaml", model, "--to", "csv", "--out", &format!("{model}.csv")])
            .done();
    }
    let yaml = std::fs::read_to_string(folder.path().join("demo.yaml")).unwrap();
    let added = "models:\n  again_1: { rules: current.csv }\n  again_2: { rules: no_email_points.csv }\n  again_3: { rules: { file: reweighted.csv } }\n";
    write(folder.path(), "again.yaml", yaml.replacen("models:\n", added, 1));
    leadoff_in(folder.path(), &["score", "again.yaml", "scores.csv"]).done();
    let path = folder.path().join("scores.csv");
    for (model, again) in [("current", "again_1"), ("no_email_points", "again_2"), ("reweighted", "again_3")] {
        assert_eq!(column(&path, model), column(&path, again), "{model}");
    }
    assert_eq!(column(&path, "current tier"), column(&path, "again_1 tier"));
    // It is an input: nothing may be written over it.
    let error = leadoff_in(folder.path(), &["score", "again.yaml", "current.csv"]).failed(2);
    assert!(error.contains("current.csv"), "{error}");
}

#[test]
fn a_list_of_changes_goes_group_by_group_and_says_from_what_to_what() {
    let folder = folder();
    demo(folder.path());
    let list = |model: &str| leadoff_in(folder.path(), &["export", "demo.yaml", model, "--to", "checklist"]).done();
    insta::assert_snapshot!(list("no_email_points"), @r"
    # From `current` to `no_email_points`

    One change.

    ## engagement

    1. [ ] **Opened e-mails**: switch it off (was 5 points)
    ");
    insta::assert_snapshot!(list("reweighted"), @r"
    # From `current` to `reweighted`

    17 changes, in the order of the groups.

    ## fit

    1. [ ] **Decision maker**: points 20 → 25
    2. [ ] **Large company**: take it away (was points 25, when employees > 500). Why: over-weighted, worth -4.7 points by the training leads
    3. [ ] **Director**: add it: points 15, when seniority = 'director'
    4. [ ] **Mid-sized company**: add it: points 15, when employees BETWEEN 50 AND 500
    5. [ ] **Software**: add it: points 10, when industry = 'software'
    6. [ ] **Referred**: add it: points 20, when source = 'referral'
    7. [ ] the sum of the group: 0 to 45 → none

    ## engagement

    8. [ ] **Asked for a demo**: points 20 → 40
    9. [ ] **Looked at prices**: points 5 → 8, cap 20 → 32
    10. [ ] **Opened e-mails**: take it away (was points 5, event email_open, per event, cap 40)
    11. [ ] **Attended a webinar**: points 15 → 12
    12. [ ] the sum of the group: 0 to 70 → none

    ## Without a group

    13. [ ] **Looked at jobs**: points -15 → -25
    14. [ ] **Unsubscribed**: points -10 → -30
    15. [ ] **Gone quiet**: points -10 → -12

    ## The whole score

    16. [ ] the whole score: 0 to 100 → none
    17. [ ] tiers: cold from 0, hot from 60, warm from 35 → none
    ");
    assert!(list("current").contains("Nothing is to be changed"));
    let error = leadoff_in(folder.path(), &["export", "demo.yaml", "regression", "--to", "checklist"]).failed(2);
    assert!(error.contains("`regression` is no points model"), "{error}");
}

/// Python with DuckDB: the one named by `LEADOFF_PYTHON`, else that of the path; nothing where there is none.
fn python() -> Option<String> {
    let python = std::env::var("LEADOFF_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = std::process::Command::new(&python).args(["-c", "import duckdb"]).output();
    has.is_ok_and(|has| has.status.success()).then_some(python)
}

/// The scores that DuckDB gives by this statement, by lead.
fn by_duckdb(folder: &Path, python: &str, sql: &str) -> BTreeMap<String, f64> {
    let program = format!(
        "import duckdb\nc = duckdb.connect()\nc.execute(\"CREATE TABLE leads AS SELECT * FROM read_csv('data/leads.csv')\")\nc.execute(\"CREATE TABLE events AS SELECT * FROM read_csv('data/events.csv')\")\nfor row in c.execute(open('{sql}').read()).fetchall(): print(row[0], repr(row[1]))\n"
    );
    let said = std::process::Command::new(python).args(["-c", &program]).current_dir(folder).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let text = String::from_utf8(said.stdout).unwrap();
    text.lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(lead, score)| (lead.into(), score.parse().unwrap()))
        .collect()
}

#[test]
fn sql_gives_the_scores_of_score() {
    let folder = folder();
    demo(folder.path());
    let more = "models:\n  odd:\n    points:\n      criteria:\n        - { name: Pages, event: page_view, distinct: page, points: 2, cap: 7 }\n        - { name: Lately, event: email_open, within: 3d, per: event, points: 1.5, expires: 4d }\n        - { name: Steps, event: email_open, per: event, points: 3, loses: { percent: 40, every: 1d }, lead_when: \"employees > 100 OR source = 'referral'\", group: a }\n        - { name: Soon, event: page_view, after: { event: email_open, within: 2d }, at_least: 1, points: 4, half_life: 2d, group: a }\n        - { name: Size, bands: { column: employees, points: { '<50': 1, '50..<500': 2.25, '>=500': -3 } } }\n        - { name: Unit, per_unit: employees, points: 0.001, cap: 2, when: \"NOT (industry IN ('other', 'software'))\" }\n        - { name: Not odd, when: \"(seniority LIKE '%v%') IS NOT TRUE AND employees / 7 > 3\", points: 1 }\n      groups: { a: [~, 9] }\n      round: 0.5\n";
    let yaml = std::fs::read_to_string(folder.path().join("demo.yaml")).unwrap();
    write(folder.path(), "demo.yaml", yaml.replacen("models:\n", more, 1));
    leadoff_in(folder.path(), &["score", "demo.yaml", "scores.csv"]).done();
    let Some(python) = python() else {
        println!("skipped: no Python with duckdb (name one by LEADOFF_PYTHON)");
        return;
    };
    for model in ["current", "no_email_points", "reweighted", "odd"] {
        leadoff_in(folder.path(), &["export", "demo.yaml", model, "--to", "sql", "--out", "score.sql"]).done();
        let ours = column(&folder.path().join("scores.csv"), model);
        let theirs = by_duckdb(folder.path(), &python, "score.sql");
        assert_eq!(ours.len(), theirs.len(), "{model}");
        for (lead, score) in ours {
            let score: f64 = score.parse().unwrap();
            assert!((score - theirs[&lead]).abs() < 1e-8, "{model}, {lead}: {score} is {} there", theirs[&lead]);
        }
    }
    // At one instant everybody who is there by then.
    leadoff_in(
        folder.path(),
        &["export", "demo.yaml", "current", "--to", "sql", "--at", "2025-12-31", "--out", "score.sql"],
    )
    .done();
    let created = column(&folder.path().join("data/leads.csv"), "created_at");
    let there = created.values().filter(|at| at.as_str() < "2026").count();
    assert_eq!(by_duckdb(folder.path(), &python, "score.sql").len(), there);
}

#[test]
fn the_statement_is_one_that_a_person_can_read() {
    let folder = folder();
    small(folder.path(), false, |_, _, score| score);
    let sql = leadoff_in(folder.path(), &["export", "e.yaml", "live", "--to", "sql"]).done();
    insta::assert_snapshot!(sql, @r#"
    -- Scores of a points model, for DuckDB: tables `leads` and `events`, times as they are written there (UTC).
    WITH
    e AS (
      SELECT CAST("id" AS VARCHAR) AS _lead,
        CAST("at" AS TIMESTAMP) AS _at,
        CAST("kind" AS VARCHAR) AS _kind
      FROM events
    ),
    l AS (
      SELECT CAST("id" AS VARCHAR) AS _id,
        CAST("created" AS TIMESTAMP) AS _created,
        TRY_CAST("employees" AS DOUBLE) AS "employees"
      FROM leads
    ),
    m AS (
      SELECT l.*, _created AS _as_of
      FROM l
    ),
    s AS (
      SELECT l.*
      FROM m AS l
      WHERE _as_of IS NOT NULL
    ),
    f AS (
      SELECT s._id,
        COALESCE(sum(1e0) FILTER (WHERE e._kind = 'demo'), 0e0) AS f1,
        COALESCE(sum(1e0) FILTER (WHERE e._kind = 'open'), 0e0) AS f2
      FROM s LEFT JOIN e ON e._lead = s._id AND e._at <= s._as_of
      GROUP BY s._id
    ),
    p AS (
      SELECT s._id,
        20e0 * CASE WHEN s."employees" >= 500 THEN 1e0 ELSE 0e0 END AS p1, -- Large
        LEAST(GREATEST(12e0 * f1, (-30e0)), 30e0) AS p2, -- Demo
        3e0 * f2 AS p3 -- Open
      FROM s JOIN f ON f._id = s._id
    )
    SELECT _id AS id, round(LEAST(GREATEST(round(p1 + LEAST(p2 + p3, 45e0), 9), 0e0), 60e0), 9) AS score
    FROM p
    ORDER BY id;
    "#);
}

#[test]
fn a_draft_for_hubspot_is_read_as_the_same_model_and_says_what_it_cannot_hold() {
    let folder = folder();
    demo(folder.path());
    let yaml = std::fs::read_to_string(folder.path().join("demo.yaml")).unwrap();
    let said = leadoff_in(folder.path(), &["export", "demo.yaml", "current", "--to", "hubspot", "--out", "draft.json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    insta::assert_snapshot!(said.err, @r"
    note: HubSpot cannot hold `Asked for a demo`: points that halve: only steps of a share are held (`loses:`)
    note: HubSpot cannot hold `Looked at jobs`: points once for events that meet a condition
    note: HubSpot cannot hold `Gone quiet`: points for having been quiet
    note: HubSpot cannot hold the lowest score, 0: a configuration has a highest one alone
    note: `<pricing_view>` stands for the type of event `pricing_view`: write its id
    note: `<email_open>` stands for the type of event `email_open`: write its id
    note: `<webinar>` stands for the type of event `webinar`: write its id
    note: `<unsubscribe>` stands for the type of event `unsubscribe`: write its id
    ");
    // What it can hold comes back as it went.
    let held = "models:\n  held:\n    points:\n      criteria:\n        - { name: A, when: \"seniority IN ('vp', 'c-level') AND employees > 100\", points: 20, group: fit }\n        - { name: B, when: \"lower(industry) = 'software' AND NOT (country = 'US')\", points: -5, group: fit }\n        - { name: C, when: \"source ILIKE '%a%' AND employees BETWEEN 10 AND 900\", points: 3, group: fit }\n        - { name: D, event: email_open, per: event, points: 5, cap: 12, loses: { percent: 25, every: 2d }, group: use }\n        - { name: E, event: page_view, when: \"page = '/careers'\", per: event, points: -4, cap: 10, loses: { percent: 25, every: 2d }, group: use }\n        - { name: F, event: pricing_view, at_least: 2, within: 5d, points: 9, group: prices }\n      groups: { fit: [-3, 21], use: [~, 11] }\n      bounds: [~, 30]\n      tiers: { hot: 20, cold: 0 }\n";
    write(folder.path(), "held.yaml", yaml.replacen("models:\n", held, 1));
    let said = leadoff_in(folder.path(), &["export", "held.yaml", "held", "--to", "hubspot", "--out", "held.json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!said.err.contains("cannot hold"), "{}", said.err);
    let again = "models:\n  again: { rules: { file: held.json, events: { <email_open>: email_open, <page_view>: page_view, <pricing_view>: pricing_view } } }\n";
    write(
        folder.path(),
        "again.yaml",
        yaml.replacen("models:\n", &format!("{again}{}", held.strip_prefix("models:\n").unwrap()), 1),
    );
    leadoff_in(folder.path(), &["score", "again.yaml", "scores.csv"]).done();
    let path = folder.path().join("scores.csv");
    assert_eq!(column(&path, "held"), column(&path, "again"));
    assert_eq!(column(&path, "held tier"), column(&path, "again tier"));
    assert!(
        column(&path, "held").values().filter(|score| score.as_str() != "0.0" && score.as_str() != "0").count() > 300
    );
}
