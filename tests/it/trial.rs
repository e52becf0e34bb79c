//! Field tests: what they must say, and how often.

use std::fs;
use std::path::{Path, PathBuf};

use leadoff::experiment::trial::{FieldTest, analyze, read_trial, store};
use leadoff::report::{self, Format};
use leadoff::result::trial::{Call, Queue, Trial};
use leadoff::stats::power::Rates;
use leadoff::stats::random::Seed;
use leadoff::time::DAY;
use leadoff::trial::simulate::{History, Truth, history};
use leadoff::trial::{self, ArmSpec, Monitoring, Oddities, Test, Units};

fn shared() -> PathBuf {
    std::env::var_os("LEADOFF_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

fn analysed(folder: &Path, yaml: &str) -> Trial {
    let path = folder.join("test.yaml");
    fs::write(&path, yaml).unwrap();
    analyze(&FieldTest::load(&path).unwrap(), None, &()).unwrap().trial
}

fn close(found: &leadoff::result::Number, wanted: f64, within: f64) {
    let found = found.finite().unwrap();
    assert!((found - wanted).abs() <= within, "{found} instead of {wanted}");
}

#[test]
fn hillstrom_comes_out_as_published() {
    let name = "Kevin_Hillstrom_MineThatData_E-MailAnalytics_DataMiningChallenge_2008.03.20.csv";
    let data = shared().join("data/hillstrom").join(name);
    if !data.exists() {
        println!("skipped: {} is not there", data.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let yaml = format!(
        "version: 1\ntest: Hillstrom\narms: {{ No E-Mail: 1, Mens E-Mail: 1, Womens E-Mail: 1 }}\nqueue: split\n\
         assignments: {{ path: '{}', arm: segment }}\noutcomes: {{ flag: conversion, value: spend }}\n",
        data.canonicalize().unwrap().display()
    );
    let trial = analysed(folder.path(), &yaml);
    let counts: Vec<(u64, u64)> = trial.arms.iter().map(|arm| (arm.conversions, arm.units)).collect();
    assert_eq!(counts, [(122, 21_306), (267, 21_307), (189, 21_387)]);
    let [mens, womens] = &trial.contrasts[..] else { panic!("two arms beside the control") };
    close(&mens.primary.difference.point, 0.006805, 5e-7);
    close(&mens.primary.difference.low, 0.005014, 5e-7);
    close(&mens.primary.difference.high, 0.008641, 5e-7);
    close(&mens.primary.statistic, 7.3851, 5e-5);
    close(&womens.primary.difference.point, 0.003111, 5e-7);
    close(&womens.primary.difference.low, 0.001502, 5e-7);
    close(&womens.primary.difference.high, 0.004745, 5e-7);
    close(&womens.primary.statistic, 3.7796, 5e-5);
    close(&mens.secondary[0].difference.point, 0.769827, 5e-7);
    close(&mens.secondary[0].statistic, 5.3001, 5e-5);
    close(&womens.secondary[0].difference.point, 0.424412, 5e-7);
    close(&womens.secondary[0].statistic, 3.2564, 5e-5);
    close(&trial.soundness.ratios[0].chi2, 0.2025, 5e-5);
    close(&trial.soundness.ratios[0].p, 0.9037, 5e-5);
    // Holm: the smaller p twice, the larger once.
    close(&mens.primary.p_holm, 2.0 * mens.primary.p.finite().unwrap(), 1e-20);
    close(&womens.primary.p_holm, womens.primary.p.finite().unwrap(), 1e-20);
    assert_eq!(trial.verdict.best.as_deref(), Some("Mens E-Mail"));
}

/// A small test with times, of which lines can be changed.
fn small(folder: &Path, arms: &str, until: &str, more: &str) -> String {
    let (mut assigned, mut won) = ("lead,arm,at\n".to_string(), "lead,won\n".to_string());
    for lead in 0..400 {
        let arm = if lead % 2 == 0 { "a" } else { "b" };
        assigned += &format!("L{lead},{arm},2026-01-{:02}\n", 1 + lead % 28);
        if lead % 10 == 0 || lead % 10 == 1 {
            won += &format!("L{lead},2026-02-{:02}\n", 1 + lead % 28);
        }
    }
    fs::write(folder.join("a.csv"), assigned).unwrap();
    fs::write(folder.join("o.csv"), won).unwrap();
    format!(
        "version: 1\ntest: Small\narms: {{ {arms} }}\nhorizon: 60d\nqueue: split\nuntil: {until}\n{more}\
         assignments: {{ path: a.csv, unit: lead, arm: arm, at: at }}\n\
         outcomes: {{ path: o.csv, unit: lead, converted: won }}\n"
    )
}

fn refusal(yaml: impl Fn(&Path) -> String) -> String {
    let folder = tempfile::tempdir().unwrap();
    let yaml = yaml(folder.path());
    let trial = analysed(folder.path(), &yaml);
    assert_eq!(trial.verdict.call, Call::NotJudged, "{}", trial.verdict.headline);
    assert_eq!(trial.verdict.best, None);
    trial.verdict.headline
}

#[test]
fn an_arm_without_units_gives_no_verdict() {
    assert!(refusal(|folder| small(folder, "a: 1, b: 1, c: 1", "2026-06-01", "")).contains("arm `c` has no leads"));
}

#[test]
fn a_horizon_beyond_the_follow_up_gives_no_verdict() {
    let said = refusal(|folder| small(folder, "a: 1, b: 1", "2026-02-10", ""));
    assert!(said.contains("the horizon is 60 days, but nobody has been followed longer"), "{said}");
}

#[test]
fn no_conversion_at_all_gives_no_verdict() {
    let said = refusal(|folder| small(folder, "a: 1, b: 1", "2026-01-28", ""));
    assert!(said.contains("no unit has converted"), "{said}");
}

#[test]
fn a_shared_queue_gives_no_verdict_but_a_reason() {
    let said = refusal(|folder| small(folder, "a: 1, b: 1", "2026-06-01", "").replace("queue: split", "queue: shared"));
    assert!(said.contains("both arms stand in one queue"), "{said}");
}

#[test]
fn wrong_sizes_give_no_verdict() {
    assert!(refusal(|folder| small(folder, "a: 2, b: 1", "2026-06-01", "")).contains("promised sizes"));
}

#[test]
fn a_fixed_test_is_not_read_before_its_day() {
    let fixed = "monitoring: { fixed: { at: 2026-07-01 } }\n";
    let said = refusal(|folder| small(folder, "a: 1, b: 1", "2026-06-01", fixed));
    assert!(said.contains("read once, on 2026-07-01"), "{said}");
}

#[test]
fn a_unit_in_two_arms_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = small(folder.path(), "a: 1, b: 1", "2026-06-01", "");
    let path = folder.path().join("a.csv");
    let rows = fs::read_to_string(&path).unwrap() + "L0,b,2026-01-03\nL1,b,2026-01-05\nL5,z,2026-01-05\n";
    fs::write(&path, rows).unwrap();
    let trial = analysed(folder.path(), &yaml);
    let said: Vec<&str> = trial.soundness.checks.iter().map(|check| check.what.as_str()).collect();
    assert!(
        said.contains(&"Changed assignments") && said.contains(&"Repeated rows") && said.contains(&"Unknown arm"),
        "{said:?}"
    );
    assert_eq!(trial.arms.iter().map(|arm| arm.units).sum::<u64>(), 399);
}

#[test]
fn the_same_look_twice_changes_nothing_and_later_data_are_another_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.yaml");
    fs::write(&path, small(folder.path(), "a: 1, b: 1", "2026-06-01", "")).unwrap();
    let run = |as_of: &str| {
        let test = FieldTest::load(&path).unwrap();
        let analysis = analyze(&test, Some(&as_of.parse().unwrap()), &()).unwrap();
        store(&analysis, &folder.path().join("out")).unwrap();
        fs::read_to_string(folder.path().join("test.ledger.json")).unwrap()
    };
    let once = run("2026-05-01");
    let first = fs::read(folder.path().join("out/trial.json")).unwrap();
    assert_eq!(once, run("2026-05-01"));
    assert_eq!(first, fs::read(folder.path().join("out/trial.json")).unwrap());
    assert_eq!(run("2026-06-01").matches("as_of").count(), 2);
    let again = read_trial(&folder.path().join("out/trial.json")).unwrap();
    let page = Format::Terminal.render(&report::trial(&again));
    assert!(page.contains("look number 2"), "{page}");
    for format in Format::ALL {
        assert!(!format.render(&report::trial(&again)).contains("NaN"));
    }
}

#[test]
fn counts_of_a_warehouse_say_the_same_as_leads() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.csv"), "arm,n,x,mean,var\na,200,20,1.5,4.0\nb,200,30,2.0,5.0\n").unwrap();
    let trial = analysed(
        folder.path(),
        "version: 1\ntest: Counts\narms: { a: 1, b: 1 }\nqueue: split\n\
         aggregates: { path: c.csv, arm: arm, units: n, conversions: x, mean: mean, variance: var }\n",
    );
    close(&trial.contrasts[0].primary.difference.point, 0.05, 1e-12);
    // Welch: 0.5 / sqrt(4/200 + 5/200).
    close(&trial.contrasts[0].secondary[0].statistic, 0.5 / (9.0f64 / 200.0).sqrt(), 1e-9);
}

#[test]
fn a_misspelt_key_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.yaml");
    fs::write(&path, "version: 1\ntest: x\narms: { a: 1, b: 1 }\nqueu: split\n").unwrap();
    let said = FieldTest::load(&path).unwrap_err().to_string();
    assert!(said.contains("test.yaml:4:1: unknown field `queu`, did you mean `queue`?"), "{said}");
}

/// What must hold in simulation. `RUNS` is for CI; the long counts behind `--ignored` are those of docs/ab.md.
const RUNS: u64 = 200;
const LONG: u64 = 10_000;

fn test(horizon: f64, monitoring: Monitoring, as_of: i64) -> Test {
    let arm = |name: &str| ArmSpec { name: name.into(), weight: 1.0 };
    Test {
        name: "simulated".into(),
        unit: "lead".into(),
        arms: vec![arm("a"), arm("b")],
        horizon: Some(horizon),
        queue: Queue::Split,
        confidence: 0.95,
        monitoring,
        currency: None,
        winsor: 0.99,
        foretold: None,
        as_of: Some(("9999-12-31".into(), as_of)),
    }
}

fn read_once(made: &History, horizon: f64, days: i64) -> Trial {
    let as_of = days * DAY;
    let units = Units { value: None, ..made.units(horizon, as_of) };
    trial::analyze(&test(horizon, Monitoring::Fixed { at: None }, as_of), &units, &Oddities::default(), &[])
}

/// The share of runs in which `holds`, in runs' order.
fn share(runs: u64, holds: impl Fn(u64) -> bool + Sync) -> f64 {
    use rayon::prelude::*;
    (0..runs).into_par_iter().filter(|&run| holds(run)).count() as f64 / runs as f64
}

/// 2.33 standard errors of a share.
fn slack(share: f64, runs: u64) -> f64 {
    2.33 * (share * (1.0 - share) / runs as f64).sqrt()
}

fn same_rate_but_sooner(runs: u64) {
    let truth = Truth { leads: 8_000, delay: [30.0, 15.0], seed: Seed(11), ..Truth::default() };
    let call = |run| read_once(&history(&truth, run, 0), 240.0, 330).verdict.call;
    let sooner = share(runs, |run| call(run) == Call::SoonerNotMore);
    let more = share(runs, |run| call(run) == Call::More);
    println!("same rate, twice as fast: sooner, not more {sooner:.4}; more {more:.4} of {runs}");
    assert!(sooner >= 0.9 - slack(0.9, runs), "{sooner}");
    assert!(more <= 0.05 + slack(0.05, runs), "{more}");
}

#[test]
fn the_same_rate_twice_as_fast_is_sooner_and_not_more() {
    same_rate_but_sooner(RUNS / 2);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn the_same_rate_twice_as_fast_is_sooner_and_not_more_long() {
    same_rate_but_sooner(LONG / 5);
}

fn more_but_slower(runs: u64) {
    let truth = Truth { rate: [0.12, 0.15], delay: [45.0, 60.0], seed: Seed(12), lost: 0.0, ..Truth::default() };
    let foretold = Rates::new(0.12, 0.15, 0.05).unwrap().power(2_000.0).unwrap().one_tail;
    let more = share(runs, |run| read_once(&history(&truth, run, 0), 480.0, 565).verdict.call == Call::More);
    println!("+25 % but slower: more {more:.4} of {runs}; power beforehand {foretold:.4}");
    assert!((more - foretold).abs() <= slack(foretold, runs) + 0.01, "{more} {foretold}");
}

#[test]
fn more_but_slower_is_more_at_the_plateau() {
    more_but_slower(RUNS);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn more_but_slower_is_more_at_the_plateau_long() {
    more_but_slower(LONG / 5);
}

#[test]
fn a_broken_split_raises_the_alarm() {
    let truth = Truth { leads: 20_000, share: 0.52, seed: Seed(13), ..Truth::default() };
    let alarm = share(100, |run| {
        let trial = read_once(&history(&truth, run, 0), 30.0, 120);
        trial.verdict.call == Call::NotJudged && trial.soundness.refusals[0].contains("promised sizes")
    });
    assert!(alarm >= 0.97, "{alarm}");
}

fn clusters_keep_their_error(runs: u64) {
    let truth = Truth { reps: Some((20, 0.4)), seed: Seed(14), ..Truth::default() };
    let (mut wrong, mut naive) = (0.0, 0.0);
    for run in 0..runs {
        let made = history(&truth, run, 0);
        let as_of = 300 * DAY;
        let mut units = Units { value: None, ..made.units(90.0, as_of) };
        let spec = test(90.0, Monitoring::Fixed { at: None }, as_of);
        naive += f64::from(units_differ(&trial::analyze(&spec, &units, &Oddities::default(), &[])));
        units.cluster = Some(made.rep.clone());
        wrong += f64::from(units_differ(&trial::analyze(&spec, &units, &Oddities::default(), &[])));
    }
    let (wrong, naive) = (wrong / runs as f64, naive / runs as f64);
    println!("no effect, 20 reps assigned: CR2 {wrong:.4}, without clusters {naive:.4} of {runs}");
    assert!(wrong <= 0.05 + slack(0.05, runs), "{wrong}");
}

fn units_differ(trial: &Trial) -> bool {
    trial.contrasts[0].primary.p.finite().is_some_and(|p| p <= 0.05)
}

#[test]
fn clustered_reps_keep_five_percent() {
    clusters_keep_their_error(RUNS);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn clustered_reps_keep_five_percent_long() {
    clusters_keep_their_error(LONG / 5);
}

/// Whether the anytime track, the eight planned looks and the naive z at the same looks find something in one history.
fn found_by(made: &History) -> [bool; 4] {
    use leadoff::stats::proportion::{Count, pooled_z};
    use leadoff::stats::sequential::{Design, Entrants, Sides, Spending, Stage, logrank_at_looks};
    let last = 90;
    let units = made.units(30.0, last * DAY);
    let everyday = trial::analyze(
        &test(30.0, Monitoring::Anytime { leads: 2_000.0 }, last * DAY),
        &Units { value: None, ..units.clone() },
        &Oddities::default(),
        &[],
    );
    let anytime = everyday.anytime.unwrap();
    let below = |p: &leadoff::result::Number| p.finite().is_some_and(|p| p <= 0.05);
    let (entry, (followed, _)) = (units.entry.clone().unwrap(), units.followed.clone().unwrap());
    let converted: Vec<bool> =
        units.followed.as_ref().unwrap().1.iter().map(|end| *end == leadoff::stats::survival::End::Converted).collect();
    let treated: Vec<bool> = units.arm.iter().map(|arm| *arm == 1).collect();
    let entrants =
        Entrants { entry: &entry, followed: &followed, converted: &converted, treated: &treated, weight: None };
    let days: Vec<f64> = (1..=8).map(|look| 90.0 * f64::from(look) / 8.0 + 1e-6).collect();
    let looks = logrank_at_looks(&entrants, &days);
    let most = looks[7].information.max(1e-9);
    let design = Design { spending: Spending::OBrienFleming, sides: Sides::Two, alpha: 0.05 };
    let informed: Vec<_> = looks.iter().filter(|look| look.information > 0.0).collect();
    let fractions: Vec<f64> =
        informed.iter().map(|look| (look.information / PLANNED).min(look.information / most)).collect();
    let bounds = design.bounds(&fractions, Stage::Final).unwrap();
    let planned = informed.iter().zip(bounds).any(|(look, bound)| look.z.is_ok_and(|z| z.abs() >= bound.critical));
    let naive = (1..=90).any(|day| {
        let count = |arm: bool| {
            let rows = || (0..entry.len()).filter(|&row| treated[row] == arm && entry[row] < f64::from(day));
            let won = rows().filter(|&row| converted[row] && entry[row] + followed[row] <= f64::from(day)).count();
            Count::new(won as f64, rows().count() as f64)
        };
        pooled_z(count(false), count(true)).is_ok_and(|test| test.p <= 0.05)
    });
    [below(&anytime.conversions_p), below(&anytime.difference_p), planned, naive]
}

/// Information that the simulated test plans for: 400 conversions at 1:1.
const PLANNED: f64 = 100.0;

fn looks_keep_their_error(runs: u64) {
    use rayon::prelude::*;
    let truth = Truth { seed: Seed(15), ..Truth::default() };
    let found: Vec<[bool; 4]> = (0..runs).into_par_iter().map(|run| found_by(&history(&truth, run, 0))).collect();
    let rate = |track: usize| found.iter().filter(|found| found[track]).count() as f64 / runs as f64;
    let [conversions, sequence, planned, naive] = [0, 1, 2, 3].map(rate);
    println!(
        "no effect, of {runs}: e-test daily {conversions:.4}, confidence sequence daily {sequence:.4}, eight planned looks {planned:.4}, naive z daily {naive:.4}"
    );
    for error in [conversions, sequence, planned] {
        assert!(error <= 0.05 + slack(0.05, runs), "{error}");
    }
    assert!(naive > 0.1, "{naive}");
}

#[test]
fn looks_keep_five_percent() {
    looks_keep_their_error(RUNS);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn looks_keep_five_percent_long() {
    looks_keep_their_error(LONG);
}
