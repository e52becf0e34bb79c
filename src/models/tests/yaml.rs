use insta::assert_snapshot;

use super::*;

/// The first line of a broken file's error.
fn broken(yaml: &str) -> String {
    let error = serde_yaml::from_str::<Entries<ModelSpec>>(yaml).unwrap_err().to_string();
    error.lines().next().unwrap_or_default().into()
}

#[test]
fn a_broken_file_is_told_with_its_line() {
    assert_snapshot!(broken("m:\n  logistic: { rigde: 1 }"), @"error: line 2 column 15: unknown field `rigde`, expected one of ridge, features");
    assert_snapshot!(broken("m:\n  points:\n    criteria:\n      - { name: A, evnt: demo }"), @"error: line 4 column 20: unknown field `evnt`, expected one of name, points, when, lead_when, per_unit, bands, event, inactive_for, within, after, per, at_least, half_life, expires, loses, sum, distinct, cap, group");
    assert_snapshot!(broken("m:\n  points:\n    criteria:\n      - { name: A, when: \"a > > 3\" }"), @"error: line 4 column 26: `a > > 3` at column 5: expected an expression, found `>`");
    assert_snapshot!(broken("m:\n  points:\n    criteria:\n      - { name: A, half_life: soon }"), @"error: line 4 column 31: `soon` is not a span of time: expected a number and a unit, such as `30d`, `12h`, `90min` or `2w`");
    assert_snapshot!(broken("m:\n  points: { criteria: [], bounds: [5, 1] }"), @"error: line 2 column 35: bounds [5, 1]: expected the lower one first");
    assert_snapshot!(broken("m:\n  points: { criteria: [], tiers: { hot: high } }"), @r#"error: line 2 column 36: invalid type: string "high", expected the tier's lowest score, such as 75, or { from: 75, does: "call within a day" }"#);
    assert_snapshot!(broken("m:\n  points: { criteria: [], tiers: { hot: { form: 3 } } }"), @"error: line 2 column 43: unknown field `form`, expected one of from, does");
    assert_snapshot!(broken("m:\n  extends: a\n  change: { Demo: { poinst: 3 } }"), @"error: line 3 column 21: unknown field `poinst`, expected one of points, when, lead_when, per_unit, bands, event, inactive_for, within, after, per, at_least, half_life, expires, loses, sum, distinct, cap, group");
    assert_snapshot!(broken("m: { constant: {} }\nm: { random: {} }"), @"error: line 2 column 1: duplicate mapping key: m, set DuplicateKeyPolicy in Options if acceptable");
    assert_snapshot!(broken("m: { brackets: { edge: [1] } }"), @"error: line 1 column 18: unknown variant `edge`, expected one of edges, quantiles, named");
    assert_snapshot!(broken("m: { logistic: { features: [3] } }"), @"error: line 1 column 29: invalid type: integer `3`, expected the name of a column, or an event feature such as { event: page_view, within: 30d, per: event }");
}

#[test]
fn what_is_written_is_read_the_same() {
    let yaml = "
a: { points: { criteria: [{ name: Demo, event: demo, points: 1, half_life: 30d, when: \"page = 'x'\" },
    { name: Size, bands: { column: employees, points: { \"<5\": 1 } } }], groups: { fit: [0, ~] },
    tiers: { hot: 5, cool: { from: 1, does: wait } }, bounds: [~, 100], grades: { fit: { A: 1, B: ~ } }, round: 1 } }
b: { extends: a, change: { Demo: { half_life: ~, points: 2 }, bounds: ~, tiers: { hot: ~ }, remove: [Size] } }
c: { logistic: { ridge: 2, features: [size, { event: demo, per: event }] }, brackets: { quantiles: 10 } }
d: { column: { score: 100 * p, scale: probability, missing: exclude } }
e: { blend: { of: { c: 1, d: 2 }, by: probability } }
f: { constant: {} }
g: { random: {}, brackets: { edges: [25, 50] } }";
    let first = specs(yaml);
    let json = serde_json::to_string(&first).unwrap();
    assert_eq!(serde_json::from_str::<Entries<ModelSpec>>(&json).unwrap(), first);
    let written = serde_yaml::to_string(&first).unwrap();
    assert_eq!(specs(&written), first, "{written}");
}

#[test]
fn the_schema_tells_an_editor_what_each_key_means() {
    let schema = serde_json::to_value(schemars::schema_for!(ModelSpec)).unwrap();
    let defs = &schema["$defs"];
    let key = |kind: &str, key: &str| defs[kind]["properties"][key]["description"].as_str().unwrap_or("").to_string();
    assert!(key("Criterion", "half_life").contains("halve"), "{defs}");
    assert!(key("CriterionFields", "cap").contains("never gives more"));
    assert_eq!(defs["Criterion"]["required"], serde_json::json!(["name"]));
    assert_eq!(defs["PointsSpec"]["required"], serde_json::json!(["criteria"]));
}
