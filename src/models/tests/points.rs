use std::sync::Arc;

use super::*;

#[test]
fn a_condition_gives_its_points_where_it_is_true() {
    assert_eq!(one("when: \"seniority IN ('vp', 'c-level')\", points: 20"), [20.0, 0.0, 0.0, 20.0]);
    assert_eq!(one("when: \"NOT employees > 100\", points: -5"), [-5.0, 0.0, 0.0, 0.0]);
}

#[test]
fn a_unit_gives_its_points_times_the_column_and_nothing_where_it_is_missing() {
    assert_eq!(one("per_unit: visits, points: 0.5"), [0.0, 1.5, 0.0, 4.0]);
    assert_eq!(one("per_unit: visits, points: 2, cap: 5"), [0.0, 5.0, 0.0, 5.0]);
    assert_eq!(one("per_unit: visits, points: -2, cap: 5, when: employees > 500"), [0.0, 0.0, 0.0, -5.0]);
}

#[test]
fn bands_include_the_ends_they_name() {
    let bands = "bands: { column: employees, points: { \"<50\": 1, \"50..500\": 15, \">500\": 5 } }";
    assert_eq!(one(bands), [15.0, 15.0, 0.0, 5.0]);
    let bands = "bands: { column: employees, points: { \"50\": 1, \"50.5..<500\": 2, \">=501\": 3 } }";
    assert_eq!(one(bands), [1.0, 0.0, 0.0, 3.0]);
    let bands = "bands: { column: employees, points: { \"<=50\": 1, \"-1e9 .. -1\": 2 } }";
    assert!(World::new().compile(&format!("m: {{ points: {{ criteria: [{{ name: It, {bands} }}] }} }}")).is_err());
}

#[test]
fn an_event_gives_its_points_once() {
    assert_eq!(one("event: demo, points: 25"), [25.0, 0.0, 0.0, 25.0]);
    assert_eq!(one("event: demo, at_least: 2, points: 25"), [25.0, 0.0, 0.0, 0.0]);
    assert_eq!(one("event: demo, within: 30d, points: 25"), [0.0, 0.0, 0.0, 25.0]);
    assert_eq!(one("event: demo, within: 31d, points: 25"), [25.0, 0.0, 0.0, 25.0]);
}

#[test]
fn once_it_fades_by_the_age_of_the_latest_event() {
    assert_eq!(one("event: demo, points: 24, half_life: 30d"), [12.0, 0.0, 0.0, 24.0]);
    assert_eq!(one("event: demo, points: 24, half_life: 30d, at_least: 2"), [12.0, 0.0, 0.0, 0.0]);
    assert_eq!(one("event: demo, points: 24, expires: 40d"), [6.0, 0.0, 0.0, 24.0]);
    assert_eq!(one("event: demo, points: 24, expires: 30d"), [0.0, 0.0, 0.0, 24.0]);
    // The latest is 30 days old: the first step is taken on that day and not before.
    assert_eq!(one("event: demo, points: 24, loses: { percent: 25, every: 30d }"), [18.0, 0.0, 0.0, 24.0]);
    assert_eq!(one("event: demo, points: 24, loses: { percent: 25, every: 31d }"), [24.0, 0.0, 0.0, 24.0]);
}

#[test]
fn each_event_gives_its_points_and_fades_by_its_own_age() {
    assert_eq!(one("event: visit, per: event, points: 2"), [6.0, 2.0, 0.0, 0.0]);
    assert_eq!(one("event: visit, per: event, points: 2, cap: 5"), [5.0, 2.0, 0.0, 0.0]);
    let (a, b) = (0.5f64.powf(30.0 / 30.0), 0.5f64.powf(90.0 / 30.0));
    assert_eq!(one("event: demo, per: event, points: 8, half_life: 30d"), [8.0 * (a + b), 0.0, 0.0, 8.0]);
    assert_eq!(one("event: demo, per: event, points: 8, expires: 60d"), [4.0, 0.0, 0.0, 8.0]);
    // 30 and 90 days old: one step and three, of which the third would leave less than nothing.
    assert_eq!(one("event: demo, per: event, points: 8, loses: { percent: 40, every: 30d }"), [4.8, 0.0, 0.0, 8.0]);
}

#[test]
fn conditions_over_events_and_over_leads_must_both_hold() {
    assert_eq!(one("event: visit, when: page = '/careers', points: -15"), [-15.0, -15.0, 0.0, 0.0]);
    let both = "event: visit, when: page = '/careers', lead_when: employees > 100, points: -15";
    assert_eq!(one(both), [0.0, -15.0, 0.0, 0.0]);
}

#[test]
fn events_are_weighed_by_a_column_or_counted_by_its_distinct_values() {
    assert_eq!(one("event: visit, sum: minutes, points: 2"), [16.0, 1.0, 0.0, 0.0]);
    assert_eq!(one("event: visit, per: event, sum: minutes, points: 2, within: 10d"), [14.0, 0.0, 0.0, 0.0]);
    assert_eq!(one("event: visit, distinct: page, points: 3"), [6.0, 3.0, 0.0, 0.0]);
    assert_eq!(one("event: visit, distinct: page, at_least: 2, points: 3"), [3.0, 0.0, 0.0, 0.0]);
    assert_eq!(one("event: visit, sum: minutes, per: lead, points: 3"), [3.0, 0.0, 0.0, 0.0]);
}

#[test]
fn only_events_soon_after_another_count() {
    assert_eq!(one("event: visit, after: { event: mail, within: 1d }, points: 7"), [0.0, 7.0, 0.0, 0.0]);
    assert_eq!(one("event: visit, after: { event: mail, within: 6h }, points: 7"), [0.0; 4]);
}

#[test]
fn a_lead_is_inactive_when_its_latest_event_is_long_ago_or_absent() {
    assert_eq!(one("inactive_for: 5d, points: -10"), [0.0, -10.0, -10.0, 0.0]);
    assert_eq!(one("inactive_for: 10d, points: -10"), [0.0, -10.0, -10.0, 0.0]);
    assert_eq!(one("inactive_for: 241h, points: -10"), [0.0, 0.0, -10.0, 0.0]);
    assert_eq!(one("inactive_for: 5d, event: demo, points: -10"), [-10.0, -10.0, -10.0, 0.0]);
    assert_eq!(one("inactive_for: 5d, lead_when: customer IS NULL, points: -10"), [0.0, 0.0, -10.0, 0.0]);
    assert_eq!(one("inactive_for: 5d, event: visit, when: minutes >= 3, points: -1"), [0.0, -1.0, -1.0, -1.0]);
}

const GROUPED: &str = "criteria: [
    { name: Senior, when: \"seniority IN ('vp', 'c-level')\", points: 40, group: fit },
    { name: Size, per_unit: employees, points: 0.1, group: fit },
    { name: Demo, event: demo, points: 25, group: engagement },
    { name: Quiet, inactive_for: 5d, points: -30 }]";

#[test]
fn groups_are_clamped_before_the_total() {
    let scores =
        World::new().scores(&format!("m: {{ points: {{ {GROUPED}, groups: {{ fit: [0, 50] }} }} }}")).remove(0);
    assert_eq!(scores.value, [70.0, 20.0, -30.0, 75.0]);
    assert_eq!(scores.groups[0].value, [45.0, 50.0, 0.0, 50.0]);
    assert_eq!(scores.groups[1].value, [25.0, 0.0, 0.0, 25.0]);
    assert_eq!(scores.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["fit", "engagement"]);
    assert_eq!(scores.contributions[1].raw(3), 50.1);
}

#[test]
fn the_total_is_rounded_and_clamped_to_its_bounds() {
    assert_eq!(points(&format!("{GROUPED}, bounds: [0, 80]")), [70.0, 20.0, 0.0, 80.0]);
    assert_eq!(points("criteria: [{ name: It, per_unit: visits, points: 0.5 }], round: 1"), [0.0, 2.0, 0.0, 4.0]);
    assert_eq!(points("criteria: [{ name: It, per_unit: visits, points: 1 }], round: 5"), [0.0, 5.0, 0.0, 10.0]);
    assert_eq!(points("criteria: [{ name: It, per_unit: visits, points: 1 }], bounds: [~, 2.5]"), [0.0, 2.5, 0.0, 2.5]);
    assert_eq!(points("criteria: [{ name: It, per_unit: visits, points: 1 }], bounds: [~, 2.5], round: 1")[1], 2.5);
}

#[test]
fn contributions_are_kept_before_and_after_their_cap() {
    let scores =
        World::new().scores("m: { points: { criteria: [{ name: It, event: visit, per: event, points: 2, cap: 5 }] } }");
    let contribution = &scores[0].contributions[0];
    assert_eq!((contribution.raw(0), contribution.capped(0)), (6.0, 5.0));
}

#[test]
fn other_points_give_other_totals_within_the_same_bounds() {
    let world = World::new();
    let (models, plan) = world.compile(&format!("m: {{ points: {{ {GROUPED}, bounds: [0, 80] }} }}")).unwrap();
    let mut scores = score(&models, &world.features(&plan), None).unwrap().remove(0);
    scores.contributions[0].points = 10.0;
    assert_eq!(models[0].points().unwrap().totals(&scores.contributions, 4), [40.0, 20.0, 0.0, 80.0]);
}

#[test]
fn scores_have_nine_decimals_and_no_minus_zero() {
    let scores = one("per_unit: visits, points: 0.1");
    assert_eq!(scores[1], 0.3);
    assert!(one("per_unit: visits, points: -1")[0].is_sign_positive());
}

#[test]
fn huge_values_stay_numbers() {
    let mut world = World::new();
    world.leads = Table::new(1);
    world.leads.push("big", Column::Number(vec![1e300]));
    let yaml = "m: { points: { criteria: [{ name: Up, per_unit: big, points: 1e300 }, { name: Down, per_unit: big, points: -1e300 }] } }";
    assert_eq!(world.scores(yaml)[0].value, [0.0]);
}

#[test]
fn a_tier_starts_at_its_score() {
    let world = World::new();
    let yaml = format!("m: {{ points: {{ {GROUPED}, tiers: {{ warm: 20, hot: {{ from: 75, does: call }} }} }} }}");
    let (models, _) = world.compile(&yaml).unwrap();
    let model = models[0].points().unwrap();
    assert_eq!(model.tier(75.0), Some(("hot", Some("call"))));
    assert_eq!(model.tier(74.9), Some(("warm", None)));
    assert_eq!(model.tier(19.9), None);
}

#[test]
fn a_grade_is_the_marks_of_two_groups() {
    let world = World::new();
    let grades = "grades: { fit: { A: 45, B: 20, C: ~ }, engagement: { 1: 20, 2: 0 } }";
    let (models, plan) = world.compile(&format!("m: {{ points: {{ {GROUPED}, {grades} }} }}")).unwrap();
    let scores = score(&models, &world.features(&plan), None).unwrap().remove(0);
    let grade = |row| models[0].points().unwrap().grade(&scores, row).unwrap();
    assert_eq!([grade(0), grade(1), grade(2), grade(3)], ["A1", "A2", "C2", "A1"]);
}

#[test]
fn a_variant_changes_what_it_names() {
    let yaml = "
current: { points: { criteria: [
    { name: Demo, event: demo, points: 24, half_life: 30d }, { name: Opened, event: visit, per: event, points: 1 }],
    tiers: { hot: 50, cool: 5 } } }
no_visits: { extends: current, change: { Opened: { points: 0 } } }
steady: { extends: current, change: { Demo: { half_life: ~ }, bounds: [0, 20], tiers: { hot: 15, cool: ~ } } }
less: { extends: steady, change: { remove: [Opened], add: [{ name: Vp, when: seniority = 'vp', points: 3 }], bounds: ~ } }";
    let world = World::new();
    let value: Vec<Vec<f64>> = world.scores(yaml).into_iter().map(|scores| scores.value).collect();
    assert_eq!(value[0], [15.0, 1.0, 0.0, 24.0]);
    assert_eq!(value[1], [12.0, 0.0, 0.0, 24.0]);
    assert_eq!(value[2], [20.0, 1.0, 0.0, 20.0]);
    assert_eq!(value[3], [27.0, 0.0, 0.0, 24.0]);
    let (models, _) = world.compile(yaml).unwrap();
    assert_eq!(models[2].points().unwrap().tier(15.0), Some(("hot", None)));
    assert_eq!(models[3].points().unwrap().tier(14.0), None);
}

#[test]
fn models_ask_for_the_same_feature_once() {
    let yaml = "
a: { points: { criteria: [{ name: It, event: demo, points: 1, half_life: 30d }, { name: Two, event: demo, points: 3 }] } }
b: { extends: a, change: { It: { points: 5, half_life: 10d } } }";
    let (_, plan) = World::new().compile(yaml).unwrap();
    assert_eq!(plan.features().len(), 2, "{:?}", plan.features());
}

#[test]
fn a_condition_that_models_share_is_computed_once() {
    let yaml = "
a: { points: { criteria: [{ name: Big, when: employees > 100, points: 1 }, { name: Quiet, inactive_for: 5d, lead_when: employees > 100, points: 2 }] } }
b: { points: { criteria: [{ name: Large, when: employees > 100, points: 3 }, { name: Huge, when: employees > 500, points: 4 }] } }";
    let world = World::new();
    let (models, plan) = world.compile(yaml).unwrap();
    let scores = score(&models, &world.features(&plan), None).unwrap();
    let flags = |model: usize, criterion: usize| match &scores[model].contributions[criterion].strength {
        Strength::Flags(flags) => flags.clone(),
        Strength::Numbers(_) => panic!("a plain yes or no"),
    };
    assert!(Arc::ptr_eq(&flags(0, 0), &flags(1, 0)));
    assert_eq!(*flags(0, 0), [false, true, false, true]);
    // What is narrowed by the condition is narrowed alone.
    assert_eq!(*flags(0, 1), [false, true, false, false]);
    assert_eq!(*flags(1, 1), [false, false, false, true]);
}
