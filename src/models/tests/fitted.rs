use insta::assert_snapshot;

use super::*;
use crate::result::Barred;
use crate::stats::random::Seed;

/// Leads whose conversion depends on what is known of them, and whether each converted.
fn history(leads: usize) -> (World, Vec<bool>) {
    let mut stream = Seed(5).replicate(0);
    let (mut size, mut industry, mut flag, mut converted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut events = Vec::new();
    for lead in 0..leads {
        let known = stream.chance(0.9);
        let value = 100.0 + 40.0 * stream.normal();
        let level = ["saas", "retail", "rare"][stream.below(40).min(20) as usize / 10];
        let yes = stream.chance(0.3);
        let visits = stream.poisson(1.0);
        for _ in 0..visits {
            events.push(Event(lead, 20.0 * stream.uniform(), "visit", "/", 1.0));
        }
        let eta = -1.5 + 0.02 * (value - 100.0) + f64::from(level == "saas") + 0.5 * visits as f64 - f64::from(yes);
        converted.push(stream.chance(1.0 / (1.0 + (-eta).exp())));
        size.push(if known { value } else { f64::NAN });
        industry.push(stream.chance(0.95).then_some(level));
        flag.push(stream.chance(0.95).then_some(yes));
    }
    let mut table = Table::new(leads);
    table.push("size", Column::Number(size));
    table.push("industry", Column::Text(industry.into_iter().collect()));
    table.push("student", Column::Flag(flag));
    table.push("stage", Column::Text((0..leads).map(|_| Some("won")).collect()));
    (World { leads: table, events, as_exported: vec!["stage".into()] }, converted)
}

fn fit(world: &World, yaml: &str, rows: &[usize], converted: &[bool]) -> Result<Scores, ModelError> {
    let (models, plan) = world.compile(yaml)?;
    let training = Training { rows, converted };
    score(&models, &world.features(&plan), Some(&training)).map(|mut scores| scores.remove(0))
}

#[test]
fn two_groups_are_fitted_to_their_log_odds() {
    let mut world = World::new();
    world.leads = Table::new(100);
    world.leads.push("flag", Column::Flag((0..100).map(|row| Some(row < 40)).collect()));
    world.events.clear();
    // 30 of 40 and 15 of 60 convert.
    let converted: Vec<bool> = (0..100).map(|row| row < 30 || (40..55).contains(&row)).collect();
    let rows: Vec<usize> = (0..100).collect();
    let scores = fit(&world, "m: { logistic: { ridge: 0, features: [flag] } }", &rows, &converted).unwrap();
    assert_eq!(scores.value[0], 0.75);
    assert_eq!(scores.value[99], 0.25);
    let fitted = scores.fitted.unwrap();
    assert!((fitted.intercept - (15.0f64 / 45.0).ln()).abs() < 1e-12);
    assert!((fitted.coefficients[0].value - 9f64.ln()).abs() < 1e-12);
    // Woolf's standard error of a log odds ratio.
    let woolf = (1.0 / 30.0 + 1.0 / 10.0 + 1.0 / 15.0 + 1.0 / 45.0f64).sqrt();
    assert!((fitted.coefficients[0].standard_error - woolf).abs() < 1e-10);
}

#[test]
fn at_the_ridge_minimum_the_gradient_is_the_penalty() {
    let (world, converted) = history(3_000);
    let rows: Vec<usize> = (0..3_000).collect();
    let (models, plan) = world.compile("m: { logistic: { ridge: 7.5 } }").unwrap();
    let features = world.features(&plan);
    let scores = score(&models, &features, Some(&Training { rows: &rows, converted: &converted })).unwrap().remove(0);
    let fitted = scores.fitted.unwrap();
    let sizes = features.attributes.get("size").unwrap();
    let Column::Number(sizes) = sizes else { panic!() };
    let known: Vec<f64> = sizes.iter().copied().filter(|size| !size.is_nan()).collect();
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let deviation = (known.iter().map(|size| (size - mean).powi(2)).sum::<f64>() / known.len() as f64).sqrt();
    let median = crate::stats::quantile::of(&known, 0.5).unwrap();
    let residuals = scores.value.iter().zip(&converted).map(|(p, won)| f64::from(*won) - p);
    let standard = sizes.iter().map(|size| (if size.is_nan() { median } else { *size } - mean) / deviation);
    let gradient: f64 = residuals.clone().zip(standard).map(|(residual, x)| residual * x).sum();
    assert!((gradient - 7.5 * fitted.coefficients[0].value).abs() < 1e-5);
    assert!(residuals.sum::<f64>().abs() < 1e-5, "the intercept is free");
}

#[test]
fn the_default_is_all_that_is_known_at_creation_and_each_kind_of_event() {
    let (world, converted) = history(3_000);
    let rows: Vec<usize> = (0..3_000).collect();
    let fitted = fit(&world, "m: { logistic: {} }", &rows, &converted).unwrap().fitted.unwrap();
    let lines = fitted.coefficients.iter().map(|term| format!("{} | {}", term.name, term.what));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    size | each standard deviation (39.882) above the mean (99.746)
    size missing | a missing value
    industry = 'rare' | this value, against the rare ones
    industry = 'retail' | this value, against the rare ones
    industry = 'saas' | this value, against the rare ones
    industry missing | a missing value
    student | true, against false
    student missing | a missing value
    visit, how many | each standard deviation (1.005) above the mean (1.009)
    visit, days since the latest | each standard deviation (5.662) above the mean (8.36)
    visit, days since the latest missing | a missing value
    ");
    let value = |name: &str| fitted.coefficients.iter().find(|term| term.name == name).unwrap().value;
    assert!((value("size") - 0.8).abs() < 0.15, "{}", value("size"));
    assert!((value("student") + 1.0).abs() < 0.3, "{}", value("student"));
    assert!((value("visit, how many") - 0.5).abs() < 0.2, "{}", value("visit, how many"));
}

#[test]
fn rare_levels_and_constants_are_no_terms() {
    let (world, converted) = history(600);
    let rows: Vec<usize> = (0..600).collect();
    let fitted =
        fit(&world, "m: { logistic: { features: [industry, stage] } }", &rows, &converted).unwrap().fitted.unwrap();
    let names: Vec<&str> = fitted.coefficients.iter().map(|term| term.name.as_str()).collect();
    assert!(names.iter().all(|name| name.starts_with("industry")), "{names:?}");
}

#[test]
fn features_are_asked_for_in_the_grammar_of_criteria() {
    let (world, converted) = history(1_000);
    let rows: Vec<usize> = (0..1_000).collect();
    let yaml =
        "m: { logistic: { features: [size, { event: visit, within: 7d, per: event }, { event: visit, half_life: 3d },
        { when: industry = 'saas' }, { inactive_for: 10d }] } }";
    let fitted = fit(&world, yaml, &rows, &converted).unwrap().fitted.unwrap();
    let names: Vec<&str> = fitted.coefficients.iter().map(|term| term.name.as_str()).collect();
    assert_snapshot!(names.join("\n"), @r"
    size
    size missing
    each `visit` in the last 7 days
    `visit`, halving every 3 days
    when industry = 'saas'
    after 10 days without any event
    ");
}

#[test]
fn a_feature_known_only_as_exported_bars_promotion() {
    let (world, converted) = history(500);
    let rows: Vec<usize> = (0..500).collect();
    let scores = fit(&world, "m: { logistic: { features: [size, stage] } }", &rows, &converted).unwrap();
    assert_eq!(scores.not_promotable, Some(Barred::RestsOn { columns: vec!["stage".into()] }));
}

#[test]
fn without_training_leads_of_both_kinds_there_is_no_fit() {
    let (world, _) = history(100);
    let yaml = "m: { logistic: { features: [size] } }";
    let (models, plan) = world.compile(yaml).unwrap();
    assert_snapshot!(score(&models, &world.features(&plan), None).unwrap_err(), @"model `m` is fitted on training leads, and there are none: no lead was created in `replay.train` with its horizon over before `replay.evaluate` begins; state an earlier or longer `train`, or a shorter `horizon`");
    assert_snapshot!(fit(&world, yaml, &[0, 1, 2], &[false; 3]).unwrap_err(), @"model `m` cannot be fitted: 0 of its 3 training leads converted, expected some of either kind");
}

#[test]
fn separated_classes_need_a_ridge() {
    let (world, _) = history(200);
    let rows: Vec<usize> = (0..200).collect();
    let Some(Column::Number(sizes)) = world.leads.get("size") else { panic!() };
    let converted: Vec<bool> = sizes.iter().map(|size| *size > 100.0).collect();
    let yaml = |ridge: &str| format!("m: {{ logistic: {{ ridge: {ridge}, features: [size] }} }}");
    assert_snapshot!(fit(&world, &yaml("0"), &rows, &converted).unwrap_err(), @"model `m` cannot be fitted: some input tells converted leads from the others without exception, so its weight would be infinite: raise `ridge`");
    assert!(fit(&world, &yaml("0.001"), &rows, &converted).is_ok());
    assert!(fit(&world, &yaml("1e-9"), &rows, &converted).is_ok());
}

#[test]
fn inputs_that_say_the_same_need_a_ridge() {
    let (world, converted) = history(200);
    let rows: Vec<usize> = (0..200).collect();
    let yaml = |ridge: &str| {
        format!(
            "m: {{ logistic: {{ ridge: {ridge}, features: [{{ when: size > 100 }}, {{ when: NOT size <= 100 }}] }} }}"
        )
    };
    assert_snapshot!(fit(&world, &yaml("0"), &rows, &converted).unwrap_err(), @"model `m` cannot be fitted: some inputs say the same, and too small a ridge chooses between them: raise `ridge`, or leave one out");
    assert!(fit(&world, &yaml("1"), &rows, &converted).is_ok());
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let (world, converted) = history(9_000);
    let rows: Vec<usize> = (0..9_000).collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| fit(&world, "m: { logistic: {} }", &rows, &converted).unwrap())
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn an_explanation_adds_up_to_the_log_odds() {
    let (world, converted) = history(500);
    let rows: Vec<usize> = (0..500).collect();
    let (models, plan) = world.compile("m: { logistic: {} }").unwrap();
    let features = world.features(&plan);
    let scores = score(&models, &features, Some(&Training { rows: &rows, converted: &converted })).unwrap();
    let explanation = models[0].explain(&features, &scores[0], 7);
    assert!((1.0 / (1.0 + (-explanation.sum).exp()) - scores[0].value[7]).abs() < 1e-7);
}
