//! Results of version 1 in the form of version 2: facts where their prose can be read as such, `written` where not.
//!
//! `schema` stays as it was: a report says which version its result was made in.

use serde_json::{Map, Value, json};

/// An `evaluation.json`.
pub fn evaluation(mut result: Value) -> Value {
    notices(&mut result);
    each(&mut result, "models", model);
    each(&mut result, "comparisons", comparison);
    within(&mut result, "verdict", verdict);
    within(&mut result, "evidence", evidence);
    result
}

/// A `review.json`.
pub fn review(mut result: Value) -> Value {
    notices(&mut result);
    each(&mut result, "models", |model| rewrite(model, "kind", model_kind));
    each(&mut result, "changes", |change| rewrite(change, "what", change_of));
    within(&mut result, "decision", |decision| {
        within(decision, "verdict", verdict);
        each(decision, "comparisons", comparison);
        each(decision, "gates", gate);
    });
    result
}

/// An `audit.json`.
pub fn audit(mut result: Value) -> Value {
    notices(&mut result);
    within(&mut result, "proposal", |proposal| within(proposal, "evidence", comparison));
    result
}

/// A `compare.json`.
pub fn changes(mut result: Value) -> Value {
    rewrite(&mut result, "inputs_unknown", |why| written(why));
    each(&mut result, "settings", |setting| {
        rewrite(setting, "what", setting_name);
        ["a", "b"].iter().for_each(|side| rewrite(setting, side, |value| json!({ "text": value })));
    });
    each(&mut result, "ledger", |line| rewrite(line, "what", ledger_line));
    each(&mut result, "models", |model| {
        if let Some(Value::Array(kinds)) = model.get_mut("kinds") {
            kinds.iter_mut().for_each(|kind| *kind = kind.as_str().map_or(Value::Null, model_kind));
        }
    });
    each(&mut result, "metrics", |one| {
        drop_keys(one, &["label"]);
        let metric = one.get("metric").and_then(Value::as_str).unwrap_or_default();
        one["metric"] = match metric {
            "conversion" => Value::Null,
            "capture_at_capacity" => "capture".into(),
            "slope" => "calibration_slope".into(),
            other => other.into(),
        };
    });
    within(&mut result, "verdict", |sides| ["a", "b"].iter().for_each(|side| within(sides, side, verdict_metric)));
    each(&mut result, "gates", |gate| rename(gate, "gate", "asked", coded));
    result
}

fn notices(result: &mut Value) {
    each(result, "notices", |notice| {
        if let Some(text) = notice.as_object_mut().and_then(|own| own.remove("text")) {
            notice["code"] = "written".into();
            notice["args"] = json!({ "text": text });
        }
    });
}

fn model(model: &mut Value) {
    rewrite(model, "kind", model_kind);
    rewrite(model, "not_promotable", |text| written(text));
    within(model, "brackets", |brackets| rewrite(brackets, "rule", cut_rule));
    within(model, "time_to_convert", |time| {
        rewrite(time, "refused", no_curves);
        rewrite(time, "method", curve_method);
    });
    let mut metrics = Map::new();
    top(model, &mut metrics);
    ranking(model, &mut metrics);
    calibration(model, &mut metrics);
    within(model, "capacity", |capacity| at_capacity(capacity, &mut metrics));
    model["metrics"] = Value::Object(metrics);
}

fn top(model: &Value, metrics: &mut Map<String, Value>) {
    for row in model.get("top").and_then(Value::as_array).into_iter().flatten() {
        let share = row.get("share").and_then(Value::as_f64).unwrap_or_default();
        let Some(at) = [1, 5, 10, 20, 30].into_iter().find(|at| (share - f64::from(*at) / 100.0).abs() < 1e-9) else {
            continue;
        };
        metrics.insert(format!("lift_{at}"), row["lift_interval"].clone());
        metrics.insert(format!("capture_{at}"), point(row["capture"]["expected"].clone()));
    }
}

fn ranking(model: &mut Value, metrics: &mut Map<String, Value>) {
    within(model, "ranking", |ranking| {
        for (id, value) in taken(ranking, &["auc", "gini", "average_precision", "ks"]) {
            metrics.insert(id.into(), if id == "auc" { value } else { point(value) });
        }
    });
}

fn calibration(model: &mut Value, metrics: &mut Map<String, Value>) {
    let points = ["brier", "miscalibration", "discrimination", "uncertainty", "log_loss", "expected_error"];
    within(model, "calibration", |calibration| {
        rewrite(calibration, "map", probability_map);
        metrics.extend(taken(calibration, &points).into_iter().map(|(id, value)| (id.into(), point(value))));
        for (key, value) in taken(calibration, &["slope", "intercept"]) {
            let id = if key == "slope" { "calibration_slope" } else { "calibration_in_the_large" };
            metrics.insert(id.into(), value);
        }
    });
}

fn at_capacity(capacity: &mut Value, metrics: &mut Map<String, Value>) {
    for (_, interval) in taken(capacity, &["capture_interval"]) {
        metrics.insert("capture".into(), interval);
    }
    metrics.insert("wins".into(), point(capacity["wins"]["expected"].clone()));
    if let Some(value) = capacity.get("value").filter(|value| !value.is_null()) {
        metrics.insert("value".into(), point(value.clone()));
    }
}

/// A number without an interval.
fn point(number: Value) -> Value {
    let none = json!({ "undefined": "no interval" });
    json!({ "point": number, "low": none, "high": none })
}

fn comparison(comparison: &mut Value) {
    each(comparison, "differences", |one| drop_keys(one, &["label", "higher_is_better"]));
    within(comparison, "swap", |swap| rename(swap, "rule", "hand_over", hand_over));
}

fn verdict(verdict: &mut Value) {
    verdict_metric(verdict);
    if let Some(Value::Array(reasons)) = verdict.get_mut("reasons") {
        reasons.iter_mut().for_each(|reason| *reason = json!({ "code": "written", "args": { "text": reason.take() } }));
    }
}

/// The metric in words becomes the metric and who is handed over.
fn verdict_metric(verdict: &mut Value) {
    let words = verdict.get("metric").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (metric, at) = match words.strip_prefix("share of wins captured ") {
        Some(rule) => ("capture".into(), hand_over(rule)),
        None => (Value::Null, written(&words)),
    };
    verdict["metric"] = metric;
    verdict["hand_over"] = at;
}

fn evidence(evidence: &mut Value) {
    each(evidence, "gates", gate);
    each(evidence, "thresholds", |one| each(one, "chosen", |chosen| rename(chosen, "rule", "aim", written)));
    within(evidence, "worked", |worked| {
        rename(worked, "estimand", "hand_over", |text| {
            let start = "of the wins there would be if sales worked every lead, the share among those handed over ";
            hand_over(text.strip_prefix(start).unwrap_or(text))
        });
    });
    each(evidence, "paradoxes", |one| rewrite(one, "kind", paradox));
    each(evidence, "traits", |one| rewrite(one, "of", trait_of));
}

fn gate(gate: &mut Value) {
    rename(gate, "gate", "asked", coded);
    rewrite(gate, "found", coded);
}

fn written(text: &str) -> Value {
    json!({ "written": { "text": text } })
}

fn coded(text: &str) -> Value {
    json!({ "code": "written", "args": { "text": text } })
}

/// "in the top 10 %", "at 120 leads a week", "at 5 leads every 2 days".
fn hand_over(text: &str) -> Value {
    let top = text.strip_prefix("in the top ").and_then(|rest| rest.strip_suffix(" %"));
    if let Some(hundredths) = top.and_then(|top| top.parse::<f64>().ok()) {
        return json!({ "top": { "share": hundredths / 100.0 } });
    }
    capacity(text).unwrap_or_else(|| written(text))
}

fn capacity(text: &str) -> Option<Value> {
    let (leads, period) = text.strip_prefix("at ")?.split_once(" leads ")?;
    let per_days = match period {
        "a day" => 1.0,
        "a week" => 7.0,
        other => other.strip_prefix("every ")?.strip_suffix(" days")?.parse::<f64>().ok()?,
    };
    Some(json!({ "capacity": { "leads": leads.parse::<f64>().ok()?, "per_days": per_days } }))
}

fn model_kind(kind: &str) -> Value {
    match kind {
        "points" | "logistic" | "column" | "blend" | "constant" | "random" => kind.into(),
        other => written(other),
    }
}

fn cut_rule(text: &str) -> Value {
    if text == "fixed scores" { "fixed".into() } else { written(text) }
}

fn probability_map(text: &str) -> Value {
    if text == "probabilities as given" { "as_given".into() } else { written(text) }
}

fn curve_method(text: &str) -> Value {
    match text {
        "" => Value::Null,
        "Kaplan-Meier" => "kaplan_meier".into(),
        "cumulative incidence, losses competing" => "cumulative_incidence".into(),
        other => written(other),
    }
}

fn no_curves(text: &str) -> Value {
    match text {
        "outcomes have no times: it is known whether a lead converted, not when" => "no_times".into(),
        other => written(other),
    }
}

fn paradox(text: &str) -> Value {
    match text {
        "reversed when pooled (Simpson's paradox)" => "reversed".into(),
        "attenuated when pooled" => "attenuated".into(),
        "owed to the column when pooled" => "owed_to_the_column".into(),
        other => written(other),
    }
}

fn trait_of(text: &str) -> Value {
    match text.strip_prefix("criterion of `").and_then(|rest| rest.strip_suffix('`')) {
        Some(model) => json!({ "criterion": { "model": model } }),
        None => json!({ "column": { "name": text } }),
    }
}

fn change_of(text: &str) -> Value {
    match text {
        "AUC" => json!({ "metric": { "metric": "auc" } }),
        "calibration, in log-odds beyond what was predicted" => {
            json!({ "metric": { "metric": "calibration_in_the_large" } })
        }
        text => match text.strip_prefix("conversion, ") {
            Some(bracket) => json!({ "conversion": { "bracket": bracket } }),
            None => written(text),
        },
    }
}

fn setting_name(text: &str) -> Value {
    let name = match text {
        "Experiment" => "experiment",
        "Leads evaluated" => "evaluate",
        "Fitted on leads of" => "train",
        "Scored" => "as_of",
        "A win counts within" => "horizon",
        "Outcomes as known on" => "until",
        "Capacity" => "capacity",
        "Champion" => "champion",
        "Time zone" => "timezone",
        "Currency" => "currency",
        "Seed" => "seed",
        other => return written(other),
    };
    name.into()
}

fn ledger_line(text: &str) -> Value {
    match text {
        "Read" => "read".into(),
        "Evaluated (mature)" => "evaluated".into(),
        "Scored, not mature yet" => "immature".into(),
        "Used for training" => "training".into(),
        other => match other.strip_prefix("Left out: ") {
            Some(reason) => json!({ "left_out": { "reason": reason } }),
            None => written(other),
        },
    }
}

/// Every entry of a list, where there is one.
fn each(object: &mut Value, key: &str, change: impl FnMut(&mut Value)) {
    if let Some(Value::Array(entries)) = object.get_mut(key) {
        entries.iter_mut().for_each(change);
    }
}

/// A part, where there is one.
fn within(object: &mut Value, key: &str, change: impl FnOnce(&mut Value)) {
    if let Some(part) = object.get_mut(key).filter(|part| part.is_object()) {
        change(part);
    }
}

/// A text, where there is one.
fn rewrite(object: &mut Value, key: &str, change: impl FnOnce(&str) -> Value) {
    if let Some(value) = object.get_mut(key) {
        if let Some(text) = value.as_str() {
            *value = change(text);
        }
    }
}

fn rename(object: &mut Value, from: &str, to: &str, change: impl FnOnce(&str) -> Value) {
    if let Some(Value::String(text)) = object.as_object_mut().and_then(|own| own.remove(from)) {
        object[to] = change(&text);
    }
}

fn taken<'a>(object: &mut Value, keys: &[&'a str]) -> Vec<(&'a str, Value)> {
    let Some(own) = object.as_object_mut() else { return Vec::new() };
    keys.iter().filter_map(|key| Some((*key, own.remove(*key)?))).collect()
}

fn drop_keys(object: &mut Value, keys: &[&str]) {
    taken(object, keys);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_handed_over_is_read_where_it_can_be() {
        assert_eq!(hand_over("in the top 10 %"), json!({ "top": { "share": 0.1 } }));
        assert_eq!(hand_over("at 20 leads a week"), json!({ "capacity": { "leads": 20.0, "per_days": 7.0 } }));
        assert_eq!(hand_over("at 2.5 leads every 30 days"), json!({ "capacity": { "leads": 2.5, "per_days": 30.0 } }));
        assert_eq!(hand_over("at 20 leads a fortnight"), written("at 20 leads a fortnight"));
    }

    #[test]
    fn what_an_older_result_has_not_stays_out() {
        let old = json!({ "schema": 1, "models": [{ "kind": "points", "capacity": null, "top": [] }] });
        let new = evaluation(old);
        assert_eq!(new["models"][0], json!({ "kind": "points", "capacity": null, "top": [], "metrics": {} }));
        assert_eq!(new["schema"], 1);
    }
}
