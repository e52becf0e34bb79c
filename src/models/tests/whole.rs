use insta::assert_snapshot;

use super::*;
use crate::result::{Barred, UnknownEvents};

#[test]
fn a_column_is_scored_as_it_came() {
    let mut world = World::new();
    world.as_exported = vec!["crm_score".into()];
    let yaml = "
crm: { column: { score: crm_score, scale: points } }
half: { column: { score: 'coalesce(crm_score, 0) / 2', scale: points, missing: exclude } }";
    let scores = world.scores(yaml);
    assert_eq!(scores[0].value[..2], [10.0, 90.0]);
    assert!(scores[0].value[2].is_nan());
    assert_eq!(scores[1].value, [5.0, 45.0, 0.0, 27.75]);
    assert_eq!(scores[0].not_promotable, Some(Barred::RestsOn { columns: vec!["crm_score".into()] }));
    let (models, _) = world.compile(yaml).unwrap();
    assert_eq!([models[0].excludes_unscored(), models[1].excludes_unscored()], [false, true]);
}

#[test]
fn a_probability_outside_0_to_1_is_an_error() {
    let world = World::new();
    let (models, plan) = world.compile("crm: { column: { score: crm_score, scale: probability } }").unwrap();
    assert_snapshot!(score(&models, &world.features(&plan), None).unwrap_err(), @"model `crm` cannot score: 3 scores are no probabilities, such as 10: expected 0 to 1; divide in `score`, or say `scale: points`");
}

#[test]
fn floors_need_nothing() {
    let scores = World::new().scores("flat: { constant: {} }\nchance: { random: {} }");
    assert_eq!(scores[0].value, [0.5; 4]);
    let expected = |id: &str| (Seed(1).hash(id) * 1e9).round() / 1e9;
    assert_eq!(scores[1].value[2], expected("L00002"));
    assert!(scores[1].value.iter().all(|score| (0.0..1.0).contains(score)));
}

const MIX: &str = "
mix: { blend: { of: { a: 3, b: 1 }, by: rank } }
a: { points: { criteria: [{ name: It, event: visit, per: event, points: 1 }] } }
b: { column: { score: crm_score, scale: points } }
again: { blend: { of: { mix: 1 }, by: rank } }";

#[test]
fn a_mix_by_rank_is_the_weighted_mid_rank() {
    let world = World::new();
    let scores = world.scores(MIX);
    // a: 3, 1, 0, 0 and b: 10, 90, none, 55.5.
    assert_eq!(scores[0].value, [75.0, 68.75, 21.875, 34.375]);
    assert_eq!(scores[3].value, [87.5, 62.5, 12.5, 37.5]);
    let (models, _) = world.compile(MIX).unwrap();
    assert_eq!(models[0].scale(), Scale::Points);
}

#[test]
fn a_mix_by_rank_ranks_among_the_training_leads() {
    let world = World::new();
    let (models, plan) = world.compile(MIX).unwrap();
    let training = Training { rows: &[1, 3], converted: &[true, false] };
    let scores = score(&models, &world.features(&plan), Some(&training)).unwrap();
    // a: 1 and 0, b: 90 and 55.5.
    assert_eq!(scores[0].value, [75.0, 75.0, 18.75, 25.0]);
}

#[test]
fn a_mix_of_what_can_not_be_promoted_can_not_be_either() {
    let mut world = World::new();
    world.as_exported = vec!["crm_score".into()];
    let scores = world.scores(MIX);
    assert!(scores[1].not_promotable.is_none());
    let exported = Barred::RestsOn { columns: vec!["crm_score".into()] };
    let mixed = |model: &str, because: Barred| Barred::MixedOf { model: model.into(), because: Box::new(because) };
    assert_eq!(scores[3].not_promotable, Some(mixed("mix", mixed("b", exported))));
}

#[test]
fn a_mix_by_probability_is_the_weighted_mean() {
    let yaml = "
mix: { blend: { of: { flat: 1, p: 3 }, by: probability } }
flat: { constant: {} }
p: { column: { score: crm_score / 100, scale: probability } }";
    let scores = World::new().scores(yaml).remove(0);
    assert_eq!(scores.value[..2], [0.2, 0.8]);
    assert!(scores.value[2].is_nan());
}

const CARD: &str = "m: { points: { criteria: [
    { name: Decision maker, when: \"seniority IN ('vp', 'c-level')\", points: 20, group: fit },
    { name: Size, bands: { column: employees, points: { \"<50\": 0, \"50..500\": 15, \">500\": 5 } }, group: fit },
    { name: Visits, per_unit: visits, points: 0.5, cap: 3, when: customer },
    { name: Asked for a demo, event: demo, points: 25, half_life: 30d, group: engagement },
    { name: Read a lot, event: visit, sum: minutes, points: 1, expires: 30d, lead_when: employees > 10 },
    { name: Came back, event: visit, at_least: 2, within: 14d, points: 5 },
    { name: Clicked, event: visit, after: { event: mail, within: 3d }, when: page <> '', per: event, points: 1 },
    { name: Wide, distinct: page, event: visit, points: 2 },
    { name: Gone quiet, inactive_for: 5d, points: -10 }],
    groups: { fit: [0, 30] }, bounds: [0, 100], round: 1, threshold: 40,
    tiers: { hot: { from: 50, does: call within a day }, warm: 25 },
    grades: { fit: { A: 30, B: ~ }, engagement: { 1: 10, 2: ~ } } } }";

#[test]
fn a_card_says_in_words_what_gives_points() {
    let (models, _) = World::new().compile(CARD).unwrap();
    let lines = models[0].card(None).into_iter().map(|line| format!("{}: {}", line.name, line.what));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    Decision maker: 20 points when seniority IN ('vp', 'c-level')
    Size: by `employees`: 0 points for <50, 15 points for 50..500, 5 points for >500
    Visits: 0.5 points for each unit of `visits`, only when customer, at most 3 either way
    Asked for a demo: 25 points once for `demo`, halving every 30 days
    Read a lot: 1 point for each unit of `minutes` over `visit`, fading to nothing over 30 days, only when employees > 10
    Came back: 5 points once for 2 or more `visit` in the last 14 days
    Clicked: 1 point for each `visit` where page <> '' within 3 days of `mail`
    Wide: 2 points for each different `page` of `visit`
    Gone quiet: -10 points after 5 days without any event
    ");
}

#[test]
fn an_explanation_says_what_fired_and_what_it_gave() {
    let world = World::new();
    let (models, plan) = world.compile(CARD).unwrap();
    let features = world.features(&plan);
    let scores = score(&models, &features, None).unwrap();
    let explanation = models[0].explain(&features, &scores[0], 0);
    let mut lines: Vec<String> = explanation
        .lines
        .iter()
        .map(|line| format!("{} | {} | {} -> {}", line.name, line.seen, line.before, line.after))
        .collect();
    lines.extend(explanation.groups.iter().map(|group| format!("{}: {} -> {}", group.name, group.before, group.after)));
    lines.push(format!("{} {} -> {}", explanation.lead, explanation.sum, explanation.score));
    lines.push(format!("{:?} {:?} {:?}", explanation.tier, explanation.does, explanation.grade));
    assert_snapshot!(lines.join("\n"), @r#"
    Decision maker | seniority = 'vp' | 20 -> 20
    Size | employees = 50 | 15 -> 15
    Visits | customer = true, visits = 0 | 0 -> 0
    Asked for a demo | 2 found, the latest 30 days before | 12.5 -> 12.5
    Read a lot | 6.633 left of those found; employees = 50 | 6.633333333 -> 6.633333333
    Came back | 2 found | 5 -> 5
    Clicked | 0 found | 0 -> 0
    Wide | 2 found | 4 -> 4
    Gone quiet | the latest 1 day before | 0 -> 0
    fit: 35 -> 30
    engagement: 12.5 -> 12.5
    L00000 58.133333333 -> 58
    Some("hot") Some("call within a day") Some("A1")
    "#);
    assert_eq!(explanation.over_threshold, Some(true));
}

#[test]
fn a_mix_explains_its_parts() {
    let world = World::new();
    let (models, plan) = world.compile(MIX).unwrap();
    let features = world.features(&plan);
    let scores = score(&models, &features, None).unwrap();
    let explanation = models[0].explain(&features, &scores[0], 1);
    let lines =
        explanation.lines.iter().map(|line| format!("{} | {} | {} | {}", line.name, line.what, line.seen, line.after));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    a | 75 % of the model's rank among the leads it is compared with, 0 to 100 | 62.5 | 46.875
    b | 25 % of the model's rank among the leads it is compared with, 0 to 100 | 87.5 | 21.875
    ");
    let explanation = models[2].explain(&features, &scores[2], 1);
    assert_snapshot!(format!("{} | {}", explanation.lines[0].what, explanation.lines[0].seen), @"the score as it came with the leads: crm_score | crm_score = 90");
}

#[test]
fn a_kind_of_event_that_never_happens_is_noticed() {
    let yaml = "m: { points: { criteria: [{ name: It, event: demos, points: 1 }] } }";
    let (models, _) = World::new().compile(yaml).unwrap();
    let unknown =
        UnknownEvents { path: "models.m.points.criteria[0]".into(), kind: "demos".into(), meant: Some("demo".into()) };
    assert_eq!(models[0].notices(&["demo".into(), "visit".into()]), [unknown]);
}
