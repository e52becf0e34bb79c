//! X Education: 9,240 leads without any date, with the scores of their own CRM.

use serde_json::Value;

use crate::product::{close, evaluated, folder, leadoff_in, model, shared};

fn experiment(models: &str) -> Option<String> {
    let data = shared("x-education/Leads.csv")?;
    let data = data.display();
    Some(format!(
        "
version: 1
experiment: X Education
data:
  leads: {{ path: {data}, id: Prospect ID, order_by: Lead Number, known: as_exported, nulls: [Select] }}
  outcomes: {{ flag: Converted }}
replay: {{ as_of: created, horizon: ever }}
models:
{models}
"
    ))
}

fn run(models: &str) -> Option<Value> {
    let folder = folder();
    Some(evaluated(folder.path(), &experiment(models)?))
}

/// Worst, expected and best lift of the top tenth.
#[track_caller]
fn lift_is(model: &Value, expected: [f64; 3]) {
    let tenth = model["top"].as_array().unwrap().iter().find(|top| top["share"] == 0.1).unwrap();
    for (bound, expected) in ["worst", "expected", "best"].iter().zip(expected) {
        close(&tenth["lift"][bound], expected, 5e-4);
    }
}

#[test]
fn the_crm_score_orders_leads_and_can_not_be_promoted_on_this_evidence() {
    let models = r#"
  crm: { column: { score: '"Asymmetrique Activity Score" + "Asymmetrique Profile Score"', scale: points, missing: exclude } }"#;
    let Some(evaluation) = run(models) else { return };
    let crm = model(&evaluation, "crm");
    assert_eq!(evaluation["ledger"]["evaluated"], 5022);
    close(&crm["metrics"]["auc"]["point"], 0.663, 5e-4);
    let columns = crm["not_promotable"]["rests_on"]["columns"].as_array().unwrap();
    assert!(columns.contains(&"Asymmetrique Activity Score".into()), "{columns:?}");
    // Nobody uses it yet: the warning stands with the model.
    let warned =
        evaluation["notices"].as_array().unwrap().iter().any(|notice| {
            notice["level"] == "warning" && notice["code"] == "barred" && notice["args"]["model"] == "crm"
        });
    assert!(warned, "{}", evaluation["notices"]);
}

#[test]
fn medium_activity_converts_better_than_high_and_is_named() {
    let models = r#"
  activity:
    column:
      score: CASE "Asymmetrique Activity Index" WHEN '03.Low' THEN 1 WHEN '02.Medium' THEN 2 WHEN '01.High' THEN 3 END
      scale: points
      missing: exclude
    brackets: { named: { High: 3, Medium: 2, Low: 1 } }"#;
    let Some(evaluation) = run(models) else { return };
    let brackets = &model(&evaluation, "activity")["brackets"];
    let expected = [("Low", 362, 0.091), ("Medium", 3839, 0.425), ("High", 821, 0.298)];
    for (row, (label, leads, rate)) in brackets["rows"].as_array().unwrap().iter().zip(expected) {
        assert_eq!((&row["label"], &row["leads"]), (&label.into(), &leads.into()));
        close(&row["rate"]["point"], rate, 5e-4);
    }
    let inversions = brackets["inversions"].as_array().unwrap();
    assert_eq!(inversions.len(), 1, "{inversions:?}");
    assert_eq!((&inversions[0]["lower"], &inversions[0]["higher"]), (&"Medium".into(), &"High".into()));
    assert!(inversions[0]["difference"]["high"].as_f64().unwrap() < 0.0, "{inversions:?}");
}

#[test]
fn the_report_names_the_inversion_in_words() {
    let models = r#"
  activity:
    column:
      score: CASE "Asymmetrique Activity Index" WHEN '03.Low' THEN 1 WHEN '02.Medium' THEN 2 WHEN '01.High' THEN 3 END
      scale: points
      missing: exclude
    brackets: { named: { Low: 1, Medium: 2, High: 3 } }"#;
    let Some(text) = experiment(models) else { return };
    let folder = folder();
    crate::product::write(folder.path(), "e.yaml", text);
    leadoff_in(folder.path(), &["run", "e.yaml", "--out", "out", "--no-png"]).done();
    let report = std::fs::read_to_string(folder.path().join("out/models/activity.md")).unwrap();
    let named = report.lines().find(|line| line.contains("Medium") && line.contains("High") && line.contains("42.5"));
    assert!(named.is_some_and(|line| line.contains("29.8")), "{report}");
}

#[test]
fn leads_without_a_score_rank_last_in_one_tied_block() {
    let Some(evaluation) = run("
  views: { column: { score: '\"Page Views Per Visit\"', scale: points } }
  visits: { column: { score: TotalVisits, scale: points } }")
    else {
        return;
    };
    assert_eq!(evaluation["ledger"]["evaluated"], 9240);
    let (views, visits) = (model(&evaluation, "views"), model(&evaluation, "visits"));
    assert_eq!((&views["unscored"], &visits["unscored"]), (&137.into(), &137.into()));
    lift_is(views, [0.660, 0.988, 1.244]);
    lift_is(visits, [1.118, 1.194, 1.311]);
}

#[test]
fn leads_without_a_score_leave_the_cohort_when_asked() {
    let Some(evaluation) = run("
  views: { column: { score: '\"Page Views Per Visit\"', scale: points, missing: exclude } }
  visits: { column: { score: TotalVisits, scale: points, missing: exclude } }")
    else {
        return;
    };
    assert_eq!(evaluation["ledger"]["evaluated"], 9240 - 137);
    assert_eq!(evaluation["ledger"]["exclusions"][0]["reason"], "not scored");
    lift_is(model(&evaluation, "views"), [0.679, 1.000, 1.280]);
    lift_is(model(&evaluation, "visits"), [1.150, 1.213, 1.310]);
}
