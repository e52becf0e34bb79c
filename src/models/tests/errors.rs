use insta::assert_snapshot;

use super::*;

/// Of one model, whose text stands here.
fn model(yaml: &str) -> String {
    error(&format!("m: {{ {yaml} }}"))
}

fn error(yaml: &str) -> String {
    World::new().compile(yaml).map_or_else(|error| error.to_string(), |_| "no error".into())
}

fn criterion(yaml: &str) -> String {
    model(&format!("points: {{ criteria: [{{ name: It, {yaml} }}] }}"))
}

fn points(yaml: &str) -> String {
    let criterion = "{ name: It, event: demo, points: 1, group: fit }";
    model(&format!(
        "points: {{ criteria: [{criterion}, {{ name: Two, event: visit, points: 1, group: engagement }}], {yaml} }}"
    ))
}

#[test]
fn a_model_is_of_one_kind() {
    assert_snapshot!(error("{}"), @"models: no models, expected at least one");
    assert_snapshot!(model("brackets: { quantiles: 5 }"), @"models.m: a model of no kind, expected one of `points`, `rules`, `logistic`, `file`, `column`, `blend`, `lightgbm`, `xgboost`, `linear`, `constant: {}`, `random: {}` or `extends`");
    assert_snapshot!(model("constant: {}, random: {}"), @"models.m: a model of several kinds (`constant` and `random`), expected one of `points`, `rules`, `logistic`, `file`, `column`, `blend`, `lightgbm`, `xgboost`, `linear`, `constant: {}`, `random: {}` or `extends`");
    assert_snapshot!(model("constant: {}, change: {}"), @"models.m.change: goes with `extends`: what is it a change of?");
    assert_snapshot!(model("constant: {}, brackets: { edges: [50, 25] }"), @"models.m.brackets: edges must rise, such as [25, 50, 75]");
}

#[test]
fn a_variant_is_of_something() {
    assert_snapshot!(error("current: { constant: {} }\nm: { extends: curent }"), @"models.m.extends: there is no model `curent`, did you mean `current`?");
    assert_snapshot!(error("current: { constant: {} }\nm: { extends: current }"), @"models.m.extends: `current` is no points model, and only those have variants");
    assert_snapshot!(error("a: { extends: b }\nb: { extends: a }"), @"models.b.extends: models extend each other in a circle: a -> b -> a");
    assert_snapshot!(error("a: { extends: a }"), @"models.a.extends: models extend each other in a circle: a -> a");
    let base = "a: { points: { criteria: [{ name: Demo, event: demo, points: 1 }] } }";
    assert_snapshot!(error(&format!("{base}\nb: {{ extends: a, change: {{ Demos: {{ points: 2 }} }} }}")), @"models.b.change: there is no criterion `Demos`, did you mean `Demo`?");
    assert_snapshot!(error(&format!("{base}\nb: {{ extends: a, change: {{ Demo: {{ cap: -2 }} }} }}")), @"models.b.change.Demo.cap: -2, expected 0 or more: it bounds points and minus points alike");
    assert_snapshot!(error(&format!("{base}\nb: {{ extends: a, change: {{ remove: [Demo] }} }}")), @"models.b.change.criteria: no criteria, expected at least one");
    assert_snapshot!(error(&format!("{base}\nb: {{ extends: a, change: {{ add: [{{ name: Demo, event: visit, points: 1 }}] }} }}")), @"models.b.change.add[0].name: `Demo` is the name of two criteria, expected one each");
}

#[test]
fn criteria_that_make_no_sense_say_why() {
    assert_snapshot!(criterion("points: 3"), @"models.m.points.criteria[0]: gives points for nothing: expected `when`, `per_unit`, `bands`, `event` or `inactive_for`");
    assert_snapshot!(criterion("event: demo"), @"models.m.points.criteria[0].points: missing: how many points does it give?");
    assert_snapshot!(criterion("event: demo, points: 1, half_life: 3d, expires: 3d"), @"models.m.points.criteria[0].half_life: `half_life` and `expires` exclude each other: choose one decay");
    assert_snapshot!(criterion("event: demo, points: 1, half_life: 0d"), @"models.m.points.criteria[0].half_life: no time at all, expected more than 0");
    assert_snapshot!(criterion("event: demo, points: 1, cap: -5"), @"models.m.points.criteria[0].cap: -5, expected 0 or more: it bounds points and minus points alike");
    assert_snapshot!(criterion("event: demo, points: .inf"), @"models.m.points.criteria[0].points: inf points, expected a finite number");
    assert_snapshot!(criterion("event: demo, points: 1, at_least: 0"), @"models.m.points.criteria[0].at_least: 0, expected more than 0");
    assert_snapshot!(criterion("event: demo, points: 1, per: event, at_least: 2"), @"models.m.points.criteria[0].at_least: belongs to `per: lead`: with `per: event` every event counts");
    assert_snapshot!(criterion("event: demo, points: 1, sum: minutes, distinct: page"), @"models.m.points.criteria[0].distinct: `sum` and `distinct` exclude each other");
    assert_snapshot!(criterion("event: demo, points: 1, distinct: page, half_life: 3d"), @"models.m.points.criteria[0].half_life: distinct values have no age: use `within`, or `per: lead`");
    assert_snapshot!(criterion("event: demo, points: 1, per_unit: visits"), @"models.m.points.criteria[0].per_unit: is for columns of the lead, and the criterion counts events: use `sum` for a column of the events");
    assert_snapshot!(criterion("when: customer, points: 1, half_life: 3d"), @"models.m.points.criteria[0].half_life: speaks of events, and the criterion has no `event`");
    assert_snapshot!(criterion("when: customer, lead_when: customer, points: 1"), @"models.m.points.criteria[0].lead_when: without `event`, `when` is already over the lead's columns: join them by AND");
    assert_snapshot!(criterion("inactive_for: 3d, within: 30d, points: 1"), @"models.m.points.criteria[0].within: means nothing beside `inactive_for`, which asks only how long ago the latest event is");
    assert_snapshot!(criterion("inactive_for: 3d, per_unit: visits, points: 1"), @"models.m.points.criteria[0]: `per_unit`, `bands` and `inactive_for` exclude each other");
}

#[test]
fn bands_do_not_overlap() {
    let bands = |points: &str| criterion(&format!("bands: {{ column: employees, points: {{ {points} }} }}"));
    assert_snapshot!(bands("\"0..50\": 1, \"50..100\": 2"), @"models.m.points.criteria[0].bands.points: `0..50` and `50..100` overlap; both hold 50: write `0..<50`");
    assert_snapshot!(bands("\"<50\": 1, \"<=20\": 2"), @"models.m.points.criteria[0].bands.points: `<=20` and `<50` overlap");
    assert_snapshot!(bands("\">5\": 1, \"7\": 2"), @"models.m.points.criteria[0].bands.points: `>5` and `7` overlap");
    assert_snapshot!(bands("\"few\": 1"), @"models.m.points.criteria[0].bands.points: `few` is no range, expected one such as <50, <=50, 50..500, 50..<500, >500, >=500 or a number");
    assert_snapshot!(bands("\"9..5\": 1"), @"models.m.points.criteria[0].bands.points: `9..5` is no range, expected one such as <50, <=50, 50..500, 50..<500, >500, >=500 or a number");
    assert_snapshot!(bands(""), @r#"models.m.points.criteria[0].bands.points: no bands, expected some such as { "<50": 0, "50..500": 15 }"#);
    assert_eq!(bands("\"<5\": 1, \"5\": 2, \">5\": 3, "), "no error");
    assert_eq!(bands("\"0..<5\": 1, \"5..<7\": 2, \"8..9\": 3"), "no error");
}

#[test]
fn what_a_criterion_reads_must_be_there() {
    assert_snapshot!(criterion("when: \"senority = 'vp'\", points: 1"), @"models.m.points.criteria[0].when: `senority = 'vp'` at column 1: there is no column `senority`, did you mean `seniority`?");
    assert_snapshot!(criterion("when: \"employees = 'many'\", points: 1"), @"models.m.points.criteria[0].when: `employees = 'many'` at column 1: `employees` holds numbers and is compared with text: if that is wrong, declare its type under `types:` as text");
    assert_snapshot!(criterion("event: visit, when: \"seniority = 'vp'\", points: 1"), @"models.m.points.criteria[0].when: `seniority = 'vp'` at column 1: there is no column `seniority` here; it is a column of the leads: it goes into `lead_when`");
    assert_snapshot!(criterion("when: \"page = 'x'\", points: 1"), @"models.m.points.criteria[0].when: `page = 'x'` at column 1: there is no column `page` here; it is a column of the events: it goes into `when` beside `event`");
    assert_snapshot!(criterion("per_unit: visit, points: 1"), @"models.m.points.criteria[0].per_unit: there is no column `visit`, did you mean `visits`?");
    assert_snapshot!(criterion("per_unit: seniority, points: 1"), @"models.m.points.criteria[0].per_unit: `seniority` holds text, expected numbers; if that is wrong, declare its type under `types:` as number");
    assert_snapshot!(criterion("event: visit, sum: page, points: 1"), @"models.m.points.criteria[0].sum: `page` holds text, expected numbers; if that is wrong, declare its type under `types:` as number");
    assert_snapshot!(criterion("event: visit, sum: minuts, points: 1"), @"models.m.points.criteria[0].sum: there is no column of the events `minuts`, did you mean `minutes`?");
    assert_snapshot!(criterion("bands: { column: size, points: { \"<5\": 1 } }"), @"models.m.points.criteria[0].bands.column: there is no column `size` (known: seniority, employees, visits, customer, crm_score)");
}

#[test]
fn settings_of_a_points_model_fit_together() {
    assert_snapshot!(model("points: { criteria: [] }"), @"models.m.points.criteria: no criteria, expected at least one");
    assert_snapshot!(model("points: { criteria: [{ name: A, event: demo, points: 1 }, { name: A, event: visit, points: 1 }] }"), @"models.m.points.criteria[1].name: `A` is the name of two criteria, expected one each");
    assert_snapshot!(model("points: { criteria: [{ name: tiers, event: demo, points: 1 }] }"), @"models.m.points.criteria[0].name: `tiers` means something else under `change:`, call the criterion otherwise");
    assert_snapshot!(model("points: { criteria: [{ name: \" \", event: demo, points: 1 }] }"), @"models.m.points.criteria[0].name: an empty name: reports call the criterion by it");
    assert_snapshot!(points("groups: { fitt: [0, 50] }"), @"models.m.points.groups: there is no criterion in group `fitt`, did you mean `fit`?");
    assert_snapshot!(points("tiers: { hot: 50, warm: { from: 50 } }"), @"models.m.points.tiers: `hot` and `warm` both start at 50, expected different scores");
    assert_snapshot!(points("round: 0"), @"models.m.points.round: 0, expected more than 0, such as 1");
    assert_snapshot!(points("grades: { fit: { A: 50, B: 20 } }"), @"models.m.points.grades: marks for 1 groups, expected two, such as fit and engagement");
    assert_snapshot!(points("grades: { fit: { A: 50, B: 50 }, engagement: { 1: 5 } }"), @"models.m.points.grades.fit: expected marks with the lowest points of each, all different, such as { A: 40, B: 20, C: ~ }");
    assert_snapshot!(points("grades: { fit: { A: 50, B: 5 }, engagment: { 1: 5 } }"), @"models.m.points.grades.engagment: there is no group `engagment`, did you mean `engagement`?");
    assert_eq!(points("grades: { fit: { A: 50, B: 5 }, engagement: { 1: 5 } }"), "no error");
    let slip = "points: { groups: { fit: [0, 5] }, criteria: [
        { name: A, event: demo, points: 1, group: fit }, { name: B, event: visit, points: 1, group: fitt }] }";
    assert_snapshot!(model(slip), @"models.m.points.criteria[1].group: there is no group `fitt`, did you mean `fit`?");
}

#[test]
fn other_models_say_what_they_miss() {
    assert_snapshot!(model("logistic: { ridge: -1 }"), @"models.m.logistic.ridge: -1, expected 0 or more, such as 1.0");
    assert_snapshot!(model("logistic: { features: [] }"), @"models.m.logistic.features: no features, expected some; leave the key out for all that is known at creation");
    assert_snapshot!(model("logistic: { features: [employes] }"), @"models.m.logistic.features[0]: there is no column `employes`, did you mean `employees`?");
    assert_snapshot!(model("logistic: { features: [employees, EMPLOYEES] }"), @"models.m.logistic.features[1]: `employees` stands here twice");
    assert_snapshot!(model("logistic: { features: [{ event: visit, points: 3 }] }"), @"models.m.logistic.features[0].points: a regression finds the weights itself: leave it out");
    assert_snapshot!(model("column: { score: seniority, scale: points }"), @"models.m.column.score: `seniority` gives text, expected numbers; if that is wrong, declare the column's type under `types:` as number");
    assert_snapshot!(model("column: { score: crm, scale: points }"), @"models.m.column.score: `crm` at column 1: there is no column `crm`, did you mean `crm_score`?");
    assert_snapshot!(model("blend: { of: { n: 1 }, by: rank }"), @"models.m.blend.of: there is no model `n` (known: m)");
    assert_snapshot!(model("blend: { of: { m: 1 }, by: rank }"), @"models.m.blend.of: `m` is mixed of itself");
    assert_snapshot!(error("m: { blend: { of: { a: 0 }, by: rank } }\na: { constant: {} }"), @"models.m.blend.of.a: weight 0, expected more than 0");
    assert_snapshot!(error("a: { blend: { of: { b: 1 }, by: rank } }\nb: { blend: { of: { a: 1 }, by: rank } }"), @"models.a.blend.of: `a` is mixed of itself");
    let crm = "a: { column: { score: crm_score, scale: points } }";
    assert_snapshot!(error(&format!("m: {{ blend: {{ of: {{ a: 1 }}, by: probability }} }}\n{crm}")), @"models.m.blend.by: `a` gives points, and those are no probabilities: mix `by: rank`");
}

#[test]
fn events_need_a_log() {
    let world = World::new();
    let (columns, zone) = (world.columns(), Zone::utc());
    let context = Context { columns: &columns, events: None, zone: &zone, seed: Seed(1) };
    let specs = resolve(&specs("m: { points: { criteria: [{ name: It, event: demo, points: 1 }] } }")).unwrap();
    assert_snapshot!(compile(&specs, &context, &mut Plan::default()).unwrap_err(), @"models.m.points.criteria[0]: speaks of events, and `data.events` is not given");
}
