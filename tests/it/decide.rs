//! Compare and decide: what is promoted, what is held back, and how often that is right.
//!
//! The long simulations: `cargo test --release --test it decide -- --ignored`.

use std::path::PathBuf;

use leadoff::evaluation::{
    Asked, BracketRule, Cohort, Contact, Design, Evaluated, Gate, Grouping, Leads, Margin, PartOfRun, Scored,
    ThresholdRule, decision, evaluate, selfcheck,
};
use leadoff::result::{Decision, Difference, GateOutcome, Scale};
use leadoff::stats::dist;
use leadoff::stats::random::{Seed, Stream};

/// Leads without times: all mature, the top 10 % handed over, models by name with the first as champion.
fn cohort(models: &[(&str, Vec<f64>)], converted: Vec<bool>, replicates: usize) -> Cohort {
    with_segments(models, converted, replicates, Vec::new())
}

fn with_segments(
    models: &[(&str, Vec<f64>)],
    converted: Vec<bool>,
    replicates: usize,
    segments: Vec<Grouping>,
) -> Cohort {
    let n = converted.len();
    let leads = Leads { part: vec![PartOfRun::Mature; n], converted, as_of: vec![0; n], segments, ..Leads::default() };
    let scored = |(name, score): &(&str, Vec<f64>)| Scored {
        name: (*name).into(),
        kind: "column".into(),
        scale: Scale::Points,
        score: score.clone(),
        groups: Vec::new(),
        card: Vec::new(),
        not_promotable: None,
        brackets: None,
    };
    let design = Design {
        champion: Some(0),
        brackets: BracketRule::Quantiles(5),
        horizon_days: None,
        timed: false,
        losses: false,
        capacity: None,
        seed: Seed(7),
        replicates,
    };
    Cohort::new(leads, models.iter().map(scored).collect(), design).unwrap()
}

fn difference<'a>(evaluated: &'a Evaluated, metric: &str) -> &'a Difference {
    evaluated.comparisons[0].differences.iter().find(|difference| difference.metric == metric).unwrap()
}

fn shared(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("LEADOFF_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = folder.join(path);
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    }
    Some(path)
}

/// A lead's worth z decides conversion; a score sees it through noise.
fn score(stream: &mut Stream, z: &[f64], sight: f64) -> Vec<f64> {
    z.iter().map(|z| sight * z + (1.0 - sight * sight).sqrt() * stream.normal()).collect()
}

fn worths(stream: &mut Stream, n: usize) -> Vec<f64> {
    (0..n).map(|_| stream.normal()).collect()
}

/// Conversion at about a base rate, steeper the more it rests on the worth.
fn outcomes(stream: &mut Stream, z: &[f64], intercept: f64, slope: f64) -> Vec<bool> {
    z.iter().map(|z| stream.chance(dist::expit(intercept + slope * z))).collect()
}

#[test]
fn the_paired_interval_of_two_markers_is_the_published_one() {
    let Some(path) = shared("oracles/data/asah.csv") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let column = |name: &str| -> Vec<f64> {
        text.lines().skip(1).map(|line| line.split(',').nth(place(name)).unwrap().parse().unwrap()).collect()
    };
    let converted = column("outcome").into_iter().map(|outcome| outcome == 1.0).collect();
    let evaluated = evaluate(&cohort(&[("wfns", column("wfns")), ("s100b", column("s100b"))], converted, 100));
    let interval = difference(&evaluated, "auc").difference.interval().unwrap();
    assert!((interval.low + 0.17421442).abs() < 5e-9, "{interval:?}");
    assert!((interval.high + 0.01040618).abs() < 5e-9, "{interval:?}");
}

#[test]
fn two_identical_models_swap_nobody_and_none_is_promoted() {
    let mut stream = Seed(1).replicate(0);
    let z = worths(&mut stream, 600);
    let converted = outcomes(&mut stream, &z, -2.0, 1.0);
    let tied: Vec<f64> = z.iter().map(|z| (2.0 * z).round()).collect();
    let evaluated = evaluate(&cohort(&[("a", tied.clone()), ("b", tied)], converted, 200));
    let swap = &evaluated.comparisons[0].swap;
    assert_eq!((swap.champion_only.leads, swap.challenger_only.leads), (0.0, 0.0));
    assert_eq!(evaluated.verdict.decision, Decision::Keep);
}

#[test]
fn the_four_cells_add_up_with_equal_numbers_swapped_under_any_ties() {
    for seed in 0..40 {
        let mut stream = Seed(2).replicate(seed);
        let n = 50 + stream.below(300) as usize;
        let steps = 1.0 + stream.below(12) as f64;
        let z = worths(&mut stream, n);
        let converted = outcomes(&mut stream, &z, -1.0, 1.0);
        let models: Vec<(&str, Vec<f64>)> = ["a", "b"]
            .map(|name| (name, score(&mut stream, &z, 0.5).iter().map(|s| (s * steps / 2.0).round()).collect()))
            .into();
        let evaluated = evaluate(&cohort(&models, converted, 100));
        let swap = &evaluated.comparisons[0].swap;
        let all = swap.both.leads + swap.champion_only.leads + swap.challenger_only.leads + swap.neither.leads;
        assert!((all - n as f64).abs() < 1e-9, "{all} of {n}");
        assert!((swap.champion_only.leads - swap.challenger_only.leads).abs() < 1e-9);
    }
}

#[test]
fn a_gate_that_fails_keeps_a_better_challenger_out() {
    let mut stream = Seed(3).replicate(0);
    let z = worths(&mut stream, 6_000);
    let converted = outcomes(&mut stream, &z, -2.0, 1.2);
    let models = [("a", score(&mut stream, &z, 0.2)), ("b", score(&mut stream, &z, 0.8))];
    let plain = cohort(&models, converted, 300);
    assert_eq!(evaluate(&plain).verdict.decision, Decision::Promote);
    let gate = |metric: &str, margin| Gate::Metric { metric: metric.into(), margin, confidence: 0.95 };
    let asking = |gates: Vec<Gate>| plain.clone().asking(Asked { gates, ..Asked::default() });
    let passed = evaluate(&asking(vec![gate("capture", Margin::AtLeast(0.02)), gate("auc", Margin::NotWorseBy(0.0))]));
    assert_eq!(passed.verdict.decision, Decision::Promote);
    assert!(passed.evidence.gates.iter().all(|gate| gate.outcome == GateOutcome::Passed));
    let failed = evaluate(&asking(vec![gate("capture", Margin::AtLeast(0.02)), gate("auc", Margin::AtLeast(0.4))]));
    assert_eq!(failed.verdict.decision, Decision::Keep);
    assert!(failed.verdict.reasons.iter().any(|reason| reason.contains("gate failed: AUC")), "{:?}", failed.verdict);
    // Probabilities need a training window: without one a gate on the Brier score stays open.
    let open = evaluate(&asking(vec![gate("brier", Margin::NotWorseBy(0.002))]));
    assert_eq!(open.evidence.gates.first().map(|gate| gate.outcome), Some(GateOutcome::Open));
    assert_ne!(open.verdict.decision, Decision::Promote);
}

#[test]
fn a_model_that_wins_overall_and_harms_a_segment_says_so() {
    let mut stream = Seed(4).replicate(0);
    let n = 8_000;
    let z = worths(&mut stream, n);
    let converted = outcomes(&mut stream, &z, -1.5, 1.5);
    let partner: Vec<u32> = (0..n).map(|_| u32::from(stream.chance(0.2))).collect();
    let champion = score(&mut stream, &z, 0.5);
    let challenger: Vec<f64> = score(&mut stream, &z, 0.9)
        .into_iter()
        .zip(&partner)
        .map(|(s, partner)| if *partner == 1 { -s } else { s })
        .collect();
    let source = Grouping { name: "source".into(), codes: partner, levels: vec!["web".into(), "partner".into()] };
    let models = [("a", champion), ("b", challenger)];
    let cohort = with_segments(&models, converted, 200, vec![source]);
    let evaluated = evaluate(&cohort);
    let worse = evaluated.evidence.segments.iter().find(|segment| segment.label == "partner").unwrap();
    assert_eq!(worse.reading.as_deref(), Some("worse"));
    assert!(
        evaluated.verdict.reasons.iter().any(|reason| reason.contains("`partner` worse")),
        "{:?}",
        evaluated.verdict
    );
    let gate = Gate::Segments { column: "source".into(), not_worse_by: 0.05, confidence: 0.95 };
    let gated = evaluate(&cohort.asking(Asked { gates: vec![gate], ..Asked::default() }));
    assert_eq!(gated.verdict.decision, Decision::Keep);
}

#[test]
fn more_than_the_stated_precision_at_a_threshold() {
    let mut stream = Seed(5).replicate(0);
    let z = worths(&mut stream, 4_000);
    let converted = outcomes(&mut stream, &z, -2.0, 1.5);
    let score: Vec<f64> = z.iter().map(|z| (10.0 * z).round()).collect();
    let thresholds = ThresholdRule { precision: Some(0.4), cost_per_lead: Some(30.0), value_per_win: Some(300.0) };
    let asked = Asked { thresholds, ..Asked::default() };
    let evaluated = evaluate(&cohort(&[("a", score)], converted, 300).asking(asked));
    let found = &evaluated.evidence.thresholds[0];
    for chosen in &found.chosen {
        assert!(chosen.score.interval().is_some_and(|own| own.contains(chosen.score.point.finite().unwrap())));
    }
    assert!(found.chosen[0].precision.point.finite().unwrap() >= 0.4);
    // A lead is worth working where it converts more often than 1 time in 10: the logistic curve says −0.13, or −1.
    let breaks_even = found.chosen[1].score.interval().unwrap();
    assert!(breaks_even.contains(10.0 * ((0.1f64 / 0.9).ln() + 2.0) / 1.5), "{breaks_even:?}");
}

#[test]
fn permuted_outcomes_promote_nobody_often() {
    let mut stream = Seed(6).replicate(0);
    let z = worths(&mut stream, 1_000);
    let converted = outcomes(&mut stream, &z, -1.5, 1.5);
    let models = [("a", score(&mut stream, &z, 0.1)), ("b", score(&mut stream, &z, 0.9))];
    let found = selfcheck(&cohort(&models, converted, 500), 60, 200, &|_| ());
    assert!(found.false_alarms <= 8, "{found:?}");
    assert!(found.halves.promoted > 50 && found.halves.contradicted == 0, "{found:?}");
}

/// How often any of seven challengers is promoted over a champion of the same sight.
fn promotions_under_the_null(runs: u64, n: usize, replicates: usize) -> u64 {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    (0..runs)
        .filter(|&run| {
            let mut stream = Seed(11).replicate(run);
            let z = worths(&mut stream, n);
            let converted = outcomes(&mut stream, &z, -1.8, 1.0);
            let models: Vec<(&str, Vec<f64>)> = names.map(|name| (name, score(&mut stream, &z, 0.5))).into();
            decision(&cohort(&models, converted, replicates)).0.decision == Decision::Promote
        })
        .count() as u64
}

#[test]
fn eight_models_identical_in_truth_are_seldom_told_apart() {
    let (runs, promoted) = (100, promotions_under_the_null(100, 800, 200));
    assert!(promoted <= 11, "{promoted} of {runs}");
}

#[test]
#[ignore = "minutes: cargo test --release --test it decide -- --ignored"]
fn eight_models_identical_in_truth_promote_one_in_at_most_one_run_of_twenty() {
    let (runs, promoted) = (2_000, promotions_under_the_null(2_000, 1_000, 300));
    eprintln!("any promotion in {promoted} of {runs} runs");
    let limit = 0.05 + 3.0 * (0.05f64 * 0.95 / runs as f64).sqrt();
    assert!(promoted as f64 / runs as f64 <= limit, "{promoted} of {runs}");
}

/// Challenger and champion of known sight on the same leads.
fn pair(seed: Seed, run: u64, n: usize, sights: (f64, f64), replicates: usize) -> Cohort {
    let mut stream = seed.replicate(run);
    let z = worths(&mut stream, n);
    let converted = outcomes(&mut stream, &z, -2.0, 1.2);
    let models = [("a", score(&mut stream, &z, sights.0)), ("b", score(&mut stream, &z, sights.1))];
    cohort(&models, converted, replicates)
}

/// A planted improvement, its power computed from one large history beforehand, and how often it was promoted.
fn planted(runs: u64, n: usize, replicates: usize) -> (f64, f64) {
    let sights = (0.5, 0.65);
    let large = decision(&pair(Seed(12), 0, 40_000, sights, 200)).1;
    let capture = large[0].differences.iter().find(|difference| difference.metric == "capture").unwrap();
    let interval = capture.simultaneous.interval().unwrap();
    let z = dist::normal_critical(0.95);
    let se = (interval.high - interval.low) / 2.0 / z * (40_000.0 / n as f64).sqrt();
    let power = dist::normal_cdf(capture.difference.point.finite().unwrap() / se - z);
    let promoted = (0..runs)
        .filter(|&run| decision(&pair(Seed(13), run, n, sights, replicates)).0.decision == Decision::Promote)
        .count();
    (power, promoted as f64 / runs as f64)
}

#[test]
fn a_planted_improvement_is_promoted_at_the_power_computed_beforehand() {
    let (power, promoted) = planted(100, 2_000, 200);
    assert!((promoted - power).abs() < 0.05 + 3.0 * (power * (1.0 - power) / 100.0).sqrt(), "{promoted} for {power}");
}

#[test]
#[ignore = "minutes: cargo test --release --test it decide -- --ignored"]
fn a_planted_improvement_is_promoted_at_its_power_in_a_thousand_histories() {
    let (power, promoted) = planted(1_000, 2_000, 400);
    eprintln!("promoted {promoted:.3}, power {power:.3}");
    assert!((promoted - power).abs() < 0.03 + 3.0 * (power * (1.0 - power) / 1_000.0).sqrt(), "{promoted} for {power}");
}

/// How often the interval of more wins handed over holds the truth, known from one very large history.
fn covered(runs: u64, n: usize, replicates: usize) -> f64 {
    let sights = (0.5, 0.6);
    let (_, large) = decision(&pair(Seed(14), 0, 400_000, sights, 2));
    let truth = large[0].wins.point.finite().unwrap() * n as f64 / 400_000.0;
    let holds = |run: &u64| {
        let (_, own) = decision(&pair(Seed(15), *run, n, sights, replicates));
        own[0].wins.interval().is_some_and(|interval| interval.contains(truth))
    };
    (0..runs).filter(holds).count() as f64 / runs as f64
}

#[test]
fn the_interval_of_more_wins_covers_the_truth() {
    let covered = covered(150, 1_500, 200);
    assert!(covered > 0.95 - 3.0 * (0.05f64 * 0.95 / 150.0).sqrt() - 0.01, "{covered}");
}

#[test]
#[ignore = "minutes: cargo test --release --test it decide -- --ignored"]
fn the_interval_of_more_wins_covers_the_truth_in_two_thousand_histories() {
    let covered = covered(2_000, 1_500, 500);
    eprintln!("covered {covered:.4}");
    assert!((covered - 0.95).abs() < 3.0 * (0.05f64 * 0.95 / 2_000.0).sqrt(), "{covered}");
}

/// History in which sales followed the champion: contact rises with its rank from 15 % to 90 %, only worked leads
/// convert, and of worked leads about 14 % do. The challenger sees a lead's worth better.
fn confounded(run: u64, n: usize, replicates: usize, deterministic: bool) -> Cohort {
    let mut stream = Seed(16).replicate(run);
    let z = worths(&mut stream, n);
    let (champion, challenger) = (score(&mut stream, &z, 0.45), score(&mut stream, &z, 0.6));
    let would = outcomes(&mut stream, &z, -2.2, 1.1);
    let contact = |score: f64, stream: &mut Stream| {
        let rank = dist::normal_cdf(score);
        if deterministic { rank > 0.5 } else { stream.chance(0.15 + 0.75 * rank) }
    };
    let worked: Vec<bool> = champion.iter().map(|score| contact(*score, &mut stream)).collect();
    let converted = would.iter().zip(&worked).map(|(would, worked)| *would && *worked).collect();
    let models = [("champion", champion), ("challenger", challenger)];
    let asked = Asked { contact: Some(Contact { worked }), ..Asked::default() };
    cohort(&models, converted, replicates).asking(asked)
}

/// What the models capture in the top 10 % when everybody is worked, in one very large history.
fn truth() -> (f64, f64) {
    let mut stream = Seed(17).replicate(0);
    let z = worths(&mut stream, 1_000_000);
    let would = outcomes(&mut stream, &z, -2.2, 1.1);
    let all = would.iter().filter(|would| **would).count() as f64;
    let mut capture = |sight: f64| {
        let scores = score(&mut stream, &z, sight);
        let edge = dist::normal_quantile(0.9);
        would.iter().zip(&scores).filter(|(would, score)| **would && **score > edge).count() as f64 / all
    };
    (capture(0.45), capture(0.6))
}

/// Wrong choices of the naive and of the corrected ranking, and how often the corrected intervals hold the truth: the
/// champion's, the challenger's, the difference's.
fn corrected(seeds: u64, n: usize) -> (f64, f64, [f64; 3]) {
    let (champion, challenger) = truth();
    let (mut naive, mut robust, mut covered) = (0.0, 0.0, [0.0; 3]);
    for seed in 0..seeds {
        let worked = evaluate(&confounded(seed, n, 100, false)).evidence.worked.unwrap();
        let difference = &worked.differences[0];
        naive += f64::from(difference.naive.finite().unwrap() < 0.0);
        robust += f64::from(difference.doubly_robust.point.finite().unwrap() < 0.0);
        let estimates = [&worked.models[0].doubly_robust, &worked.models[1].doubly_robust, &difference.doubly_robust];
        for ((covered, estimate), truth) in
            covered.iter_mut().zip(estimates).zip([champion, challenger, challenger - champion])
        {
            *covered += f64::from(estimate.interval().unwrap().contains(truth));
        }
    }
    let share = |count: f64| count / seeds as f64;
    (share(naive), share(robust), covered.map(share))
}

#[test]
fn where_sales_followed_the_champion_the_correction_finds_the_better_model() {
    let (naive, robust, covered) = corrected(30, 4_000);
    assert!(naive > 0.5, "{naive}");
    assert!(robust < 0.25, "{robust}");
    assert!(covered.iter().all(|covered| *covered >= 0.8), "{covered:?}");
}

#[test]
#[ignore = "minutes: cargo test --release --test it decide -- --ignored"]
fn where_sales_followed_the_champion_the_correction_holds_in_four_hundred_histories() {
    let (naive, robust, covered) = corrected(400, 4_000);
    eprintln!("wrong: naive {naive:.3}, corrected {robust:.3}; covered {covered:?}");
    assert!(naive > 0.5 && robust <= 0.15, "{naive} {robust}");
    assert!(covered.iter().all(|covered| *covered >= 0.93), "{covered:?}");
}

#[test]
fn where_contact_followed_the_score_without_chance_nothing_can_be_corrected() {
    let worked = evaluate(&confounded(0, 2_000, 100, true)).evidence.worked.unwrap();
    let reason = worked.overlap.refused.unwrap();
    assert!(reason.starts_with("not identifiable: no lead below"), "{reason}");
    assert!(worked.models.iter().all(|model| model.doubly_robust.interval().is_none()));
}

/// Runs an experiment file whose data are third parties'.
fn run(yaml: &str) -> leadoff::result::Evaluation {
    let folder = std::env::temp_dir().join(format!("leadoff-decide-{}-{}", std::process::id(), yaml.len()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("experiment.yaml");
    std::fs::write(&path, yaml).unwrap();
    let experiment = leadoff::experiment::Experiment::load(&path).unwrap();
    let run = leadoff::experiment::run(&experiment, &()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    run.evaluation
}

#[test]
fn a_column_attenuated_by_lead_origin_is_named_with_the_origin_responsible() {
    let Some(path) = shared("data/x-education/Leads.csv") else { return };
    let evaluation = run(&format!(
        "version: 1
experiment: Time on site
data:
  leads: {{ path: '{}', id: Prospect ID, known: at_creation }}
  outcomes: {{ flag: Converted }}
replay: {{ as_of: created, horizon: ever }}
models:
  time: {{ column: {{ score: '\"Total Time Spent on Website\"', scale: points }} }}
segments: [Lead Origin]
replicates: 100
",
        path.display()
    ));
    let found = &evaluation.evidence.paradoxes[0];
    assert_eq!((found.column.as_str(), found.kind.as_str()), ("Lead Origin", "attenuated when pooled"));
    assert!((found.pooled.point.finite().unwrap() - 0.6506).abs() < 5e-5, "{found:?}");
    assert!((found.within.point.finite().unwrap() - 0.7455).abs() < 5e-5, "{found:?}");
    assert_eq!((found.level.as_str(), found.level_leads), ("Lead Add Form", 718));
    assert!((found.level_rate.point.finite().unwrap() - 0.925).abs() < 5e-4, "{found:?}");
    assert!((found.level_lowest.finite().unwrap() - 0.78).abs() < 5e-3, "{found:?}");
}

#[test]
fn the_last_calls_of_a_bank_tell_two_scores_apart() {
    let Some(path) = shared("data/bank-marketing/bank-additional-full.csv.gz") else { return };
    let evaluation = run(&format!(
        "version: 1
experiment: Duration
data:
  leads: {{ path: '{}', delimiter: ';', known: at_creation }}
  outcomes: {{ flag: y }}
replay:
  as_of: created
  horizon: ever
  evaluate: {{ rows: 32949.. }}
champion: clock
models:
  clock: {{ column: {{ score: '-\"nr.employed\"', scale: points }} }}
  duration: {{ column: {{ score: duration, scale: points }} }}
replicates: 100
",
        path.display()
    ));
    assert_eq!(evaluation.readiness.leads, 8_239);
    let auc = evaluation.comparisons[0].differences.iter().find(|difference| difference.metric == "auc").unwrap();
    let interval = auc.difference.interval().unwrap();
    let (point, se) =
        (auc.difference.point.finite().unwrap(), (interval.high - interval.low) / 2.0 / dist::normal_critical(0.95));
    assert!((point - 0.059496).abs() < 5e-7, "{point}");
    assert!((se - 0.0078717).abs() < 5e-8, "{se}");
    assert!((point / se - 7.5583).abs() < 5e-5, "{}", point / se);
}
