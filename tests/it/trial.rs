//! Field tests: what they must say, and how often.

use std::fs;
use std::path::{Path, PathBuf};

use leadoff::report::{self, Format};
use leadoff::result::trial::{Call, Trial};
use leadoff::store::{Target, Writer};
use leadoff::workflows::ab::{FieldTest, analyze, read_trial, store};

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
        let out = Target::folder(&folder.path().join("out"), Writer::Trial, &[]).unwrap();
        store(&analysis, &out).unwrap();
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
