//! UCI Bank: 41,188 calls in date order, without dates or ids.

use serde_json::Value;

use crate::product::{close, evaluated, folder, model, shared};

fn run(replay: &str) -> Option<Value> {
    let data = shared("bank-marketing/bank-additional-full.csv.gz")?;
    let folder = folder();
    Some(evaluated(
        folder.path(),
        &format!(
            "
version: 1
experiment: Bank
data:
  leads: {{ path: {}, delimiter: ';', known: at_creation, except: {{ duration: as_exported }} }}
  outcomes: {{ flag: y }}
replay: {replay}
models:
  duration: {{ column: {{ score: duration, scale: points }} }}
  clock: {{ column: {{ score: '-\"nr.employed\"', scale: points }} }}
",
            data.display()
        ),
    ))
}

/// An area under the curve and its standard error, told from the 95 % interval.
#[track_caller]
fn auc_is(model: &Value, auc: f64, error: f64) {
    let interval = &model["metrics"]["auc"];
    close(&interval["point"], auc, 5e-7);
    let width = interval["high"].as_f64().unwrap() - interval["low"].as_f64().unwrap();
    let found = width / 2.0 / 1.959_963_984_540_054;
    assert!((found - error).abs() < 5e-6, "standard error {found}, expected {error}");
}

#[test]
fn the_length_of_the_call_orders_all_rows() {
    let Some(evaluation) = run("{ as_of: created, horizon: ever }") else { return };
    let duration = model(&evaluation, "duration");
    assert_eq!((&duration["leads"], &duration["wins"]), (&41188.into(), &4640.into()));
    close(&duration["metrics"]["auc"]["point"], 0.818446, 5e-7);
    close(&duration["metrics"]["ks"]["point"], 0.464063, 5e-7);
}

#[test]
fn the_last_fifth_of_the_rows_is_a_window_by_position() {
    let Some(evaluation) = run("{ as_of: created, horizon: ever, evaluate: { rows: '32949..' } }") else { return };
    assert_eq!(evaluation["ledger"]["evaluated"], 8239);
    auc_is(model(&evaluation, "duration"), 0.781710, 0.005091);
    auc_is(model(&evaluation, "clock"), 0.722214, 0.005679);
}
