//! The Olist marketing funnel: 8,000 leads whose deals stand in a file of their own, without losses.

use crate::product::{Said, close, evaluated, folder, json, leadoff_in, shared, write};

/// An experiment on the two files; nothing where they are absent.
fn experiment(replay: &str, models: &str, more: &str) -> Option<String> {
    let data = shared("olist")?;
    let data = data.display();
    Some(format!(
        "
version: 1
experiment: Olist
data:
  leads:
    path: {data}/olist_marketing_qualified_leads_dataset.csv
    id: mql_id
    created: first_contact_date
    known: at_creation
  outcomes: {{ path: {data}/olist_closed_deals_dataset.csv, lead: mql_id, converted: won_date }}
replay: {replay}
models: {models}
{more}
"
    ))
}

const SEARCH: &str =
    "{ search: { points: { criteria: [{ name: Search, when: \"origin = 'organic_search'\", points: 10 }] } } }";
const EVER: &str = "{ as_of: created, horizon: ever }";

fn check(experiment: &str, arguments: &[&str]) -> (Said, String) {
    let folder = folder();
    write(folder.path(), "e.yaml", experiment);
    let arguments = [&["check", "e.yaml", "--findings", "findings.csv"], arguments].concat();
    let said = leadoff_in(folder.path(), &arguments);
    let findings = std::fs::read_to_string(folder.path().join("findings.csv")).unwrap_or_default();
    (said, findings)
}

/// A line of `check`: its first cell, then leads and wins.
#[track_caller]
fn counted(out: &str, name: &str, leads: &str, wins: &str) -> String {
    let line = out.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{name}: {out}"));
    assert!(line.contains(&format!(" {leads} leads ")), "{line}");
    assert!(line.contains(&format!(" {wins} won ")), "{line}");
    line.to_string()
}

#[test]
fn check_counts_the_raw_leads_before_any_replay() {
    let Some(experiment) = experiment(EVER, SEARCH, "") else { return };
    let (said, findings) = check(&experiment, &["--by", "origin"]);
    let out = said.done();
    assert!(counted(&out, "all leads", "8000", "842").contains("10.53 %"), "{out}");
    assert!(counted(&out, "organic_search", "2296", "271").contains("[0.1055, 0.1319]"), "{out}");
    assert!(counted(&out, "paid_search", "1586", "195").contains("[0.1077, 0.1400]"), "{out}");
    assert!(counted(&out, "social", "1350", "75").contains("[0.0446, 0.0691]"), "{out}");
    // The cohorts of January to May 2018: 781 of 5,998.
    let months = [("2018-01", "1141", "152"), ("2018-02", "1028", "149"), ("2018-03", "1174", "167")];
    for (month, leads, wins) in months.into_iter().chain([("2018-04", "1352", "183"), ("2018-05", "1303", "130")]) {
        counted(&out, month, leads, wins);
    }
    // The log of outcomes starts half a year after the leads do.
    assert!(out.contains("outcomes from 2017-12-05 02:00:00 to 2018-11-14 18:04:19"), "{out}");
    assert!(out.contains("leads created from 2017-06-14 to 2018-05-31"), "{out}");
    assert!(out.contains("the first outcome (2017-12-05) comes 174 days after the first lead (2017-06-14)"), "{out}");
    assert!(out.contains("conversions before the lead's creation"), "{out}");
    // The one lead is named where it stays on the machine, and there alone.
    let before: Vec<&str> = findings.lines().filter(|line| line.contains("converted_before_creation")).collect();
    assert_eq!(before.len(), 1, "{findings}");
    assert!(before[0].contains(",1,") && before[0].contains("b91cf8812365f50ff4bda4bcd6206b05"), "{findings}");
}

#[test]
fn columns_of_the_deals_are_refused_for_they_are_known_of_winners_only() {
    let rule =
        "{ leaky: { points: { criteria: [{ name: Cat, when: \"lead_behaviour_profile = 'cat'\", points: 10 }] } } }";
    let Some(experiment) = experiment(EVER, rule, "") else { return };
    for command in [&["check", "e.yaml"][..], &["run", "e.yaml", "--out", "out"]] {
        let folder = folder();
        write(folder.path(), "e.yaml", &experiment);
        let error = leadoff_in(folder.path(), command).failed(3);
        assert!(error.contains("`lead_behaviour_profile`"), "{error}");
        assert!(error.contains("known only of leads whose deal is recorded"), "{error}");
        assert!(error.contains("models.leaky.points.criteria[0].when"), "{error}");
        assert!(!folder.path().join("out").exists());
    }
}

#[test]
fn check_says_that_the_deals_columns_stand_only_beside_winners() {
    let Some(experiment) = experiment(EVER, SEARCH, "") else { return };
    let out = check(&experiment, &[]).0.done();
    assert!(out.contains("known only of leads whose deal is recorded"), "{out}");
    assert!(out.contains("business_segment"), "{out}");
}

#[test]
fn the_replay_at_creation_leaves_out_the_lead_won_before_it() {
    let Some(all) = experiment(EVER, SEARCH, "") else { return };
    let folder = folder();
    let evaluation = evaluated(folder.path(), &all);
    let ledger = &evaluation["ledger"];
    assert_eq!((&ledger["read"], &ledger["evaluated"]), (&8000.into(), &7999.into()), "{ledger}");
    assert_eq!(evaluation["models"][0]["wins"], 841);
    let cohorts =
        experiment("{ as_of: created, horizon: ever, evaluate: { from: 2018-01-01, to: 2018-06-01 } }", SEARCH, "");
    let evaluation = evaluated(folder.path(), &cohorts.unwrap());
    assert_eq!(evaluation["ledger"]["evaluated"], 5997);
    assert_eq!(evaluation["models"][0]["wins"], 780);
    close(&evaluation["readiness"]["rate"]["point"], 780.0 / 5997.0, 1e-12);
}

#[test]
fn two_weeks_after_creation_half_of_the_wins_are_past_and_the_report_warns() {
    let Some(late) = experiment("{ as_of: { after_created: 14d }, horizon: ever }", SEARCH, "") else { return };
    let folder = folder();
    write(folder.path(), "e.yaml", late);
    let out = leadoff_in(folder.path(), &["run", "e.yaml", "--out", "out", "--no-png"]).done();
    let evaluation = json(&folder.path().join("out/evaluation.json"));
    let ledger = &evaluation["ledger"];
    assert_eq!((&ledger["wins_before_as_of"], &ledger["wins_in_window"]), (&412.into(), &842.into()));
    let days: Vec<f64> =
        ledger["wins_before"].as_array().unwrap().iter().map(|before| before["days"].as_f64().unwrap()).collect();
    assert_eq!(days, [0.0, 7.0, 14.0, 30.0]);
    assert_eq!(ledger["wins_before"][2]["wins"], 412);
    assert_eq!(ledger["wins_before"][0]["wins"], 1);
    let warned = evaluation["notices"].as_array().unwrap().iter().any(|notice| {
        notice["level"] == "warning" && notice["code"] == "wins_before_as_of" && notice["args"]["wins"] == 412
    });
    assert!(warned, "{}", evaluation["notices"]);
    let report = std::fs::read_to_string(folder.path().join("out/report.md")).unwrap();
    assert!(report.contains("48.9 %") && report.contains("412 of 842"), "{report}");
    let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
    for figure in ["1 of 842 by day 0", "412 of 842 by day 14"] {
        assert!(flat.contains(figure), "{figure}: {out}");
    }
}
