//! The audit finds the faults that were planted, names little else, and proposes nothing where nothing is wrong.

mod commands;
mod fading;
mod log;
mod public;
mod study;

use std::path::Path;

use leadoff::audit::{self, Evidence};
use leadoff::experiment::Experiment;
use leadoff::models::Contribution;
use leadoff::result::{Belief, CriterionAudit};
use leadoff::stats::dist;
use leadoff::stats::random::Seed;
use leadoff::workflows;

/// A number from the environment: how many seeds a study takes.
fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What all leads say of the criteria.
fn audited(evidence: &Evidence) -> Vec<CriterionAudit> {
    audit::criteria(evidence, &audit::weigh(evidence))
}

/// One criterion a column of flags, in the order given.
fn plain(criteria: Vec<(&str, f64, Vec<f64>)>, converted: Vec<bool>) -> Evidence {
    let one = |(name, points, strength): (&str, f64, Vec<f64>)| Contribution {
        name: name.into(),
        group: None,
        points,
        cap: None,
        strength: strength.into(),
    };
    Evidence {
        criteria: criteria.into_iter().map(one).collect(),
        what: Vec::new(),
        converted,
        periods: None,
        seed: Seed(1),
    }
}

fn flags(leads: usize, holds: impl Fn(usize) -> bool) -> Vec<f64> {
    (0..leads).map(|row| f64::from(holds(row))).collect()
}

/// Leads that convert by two criteria, worth 20 and 10 points at 0.05 log-odds each.
fn honest(leads: usize) -> (Vec<f64>, Vec<f64>, Vec<bool>) {
    let (a, b) = (flags(leads, |row| row % 3 == 0), flags(leads, |row| row % 5 < 2));
    let converted = (0..leads).map(|row| {
        let chance = dist::expit(-2.5 + a[row] + 0.5 * b[row]);
        Seed(9).replicate(row as u64).chance(chance)
    });
    let converted = converted.collect();
    (a, b, converted)
}

fn named<'a>(audits: &'a [CriterionAudit], name: &str) -> &'a CriterionAudit {
    audits.iter().find(|one| one.name == name).unwrap()
}

#[test]
fn perfect_separation_gives_no_wild_number() {
    let (a, b, converted) = honest(4_000);
    let winners = converted.iter().enumerate().map(|(row, won)| f64::from(*won && row % 4 == 0)).collect();
    let known = plain(vec![("a", 20.0, a), ("b", 10.0, b), ("winners", 20.0, winners)], converted);
    let audits = audited(&known);
    let found = named(&audits, "winners");
    assert_eq!(found.verdict, Belief::UnderWeighted, "{found:?}");
    assert!(found.implied.point.finite().unwrap() < 400.0, "{found:?}");
}

#[test]
fn a_criterion_that_always_fires_with_another_is_redundant() {
    let (a, b, converted) = honest(4_000);
    let known = plain(vec![("a", 20.0, a.clone()), ("b", 10.0, b), ("again", 15.0, a)], converted);
    let audits = audited(&known);
    assert_eq!(
        (named(&audits, "again").verdict, named(&audits, "again").twin.as_deref()),
        (Belief::Redundant, Some("a"))
    );
    assert!(named(&audits, "a").verdict.is_quiet());
}

#[test]
fn a_criterion_with_one_firing_has_too_little_data() {
    let (a, b, converted) = honest(900);
    let once = flags(900, |row| row == 7);
    let nowhere = flags(900, |_| false);
    let everywhere = flags(900, |_| true);
    let criteria = vec![
        ("a", 20.0, a),
        ("b", 10.0, b),
        ("once", 20.0, once),
        ("never", 5.0, nowhere),
        ("always", 5.0, everywhere),
    ];
    let audits = audited(&plain(criteria, converted));
    assert_eq!(named(&audits, "once").verdict, Belief::TooLittleData, "{:?}", named(&audits, "once"));
    assert!(named(&audits, "once").leads_needed.finite().unwrap() > 900.0);
    assert_eq!(named(&audits, "never").verdict, Belief::Dead);
    assert_eq!(named(&audits, "always").verdict, Belief::Dead);
}

#[test]
fn leads_without_a_win_have_no_implied_points() {
    let (a, b, _) = honest(300);
    let known = plain(vec![("a", 20.0, a), ("b", 10.0, b)], vec![false; 300]);
    let (weighed, audits) = (audit::weigh(&known), audited(&known));
    assert_eq!(weighed.weighing().method, "none");
    assert!(audits.iter().all(|one| one.verdict == Belief::Unknown && one.implied.point.value().is_none()));
}

#[test]
fn a_score_that_does_not_rise_with_conversion_is_not_weighed() {
    let (a, b, converted) = honest(4_000);
    let audits = audited(&plain(vec![("a", -20.0, a), ("b", -10.0, b)], converted));
    assert!(audits.iter().all(|one| one.implied.point.value().is_none()), "{audits:?}");
}

/// Leads over 18 months, each with a few events of a kind over its first weeks.
#[test]
fn the_demo_s_champion_is_audited_and_its_variant_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/demo.yaml");
    let experiment = Experiment::load(&path).unwrap();
    let audit = workflows::audit::audit(&experiment, None, &()).unwrap();
    assert_eq!(audit.model, "current");
    assert_eq!(named(&audit.criteria, "Large company").verdict, Belief::OverWeighted);
    assert!(audit.leaks.columns.iter().any(|leak| leak.column == "crm_score"));
    assert!(audit.cliffs.is_empty(), "{:?}", audit.cliffs);
    assert!(
        audit.missing.iter().any(|one| one.reads == "seniority" || one.reads == "employees"),
        "{:?}",
        audit.missing
    );
    assert!(!audit.simpler.steps.is_empty());
    let again = workflows::audit::audit(&experiment, Some("current"), &()).unwrap();
    assert_eq!(audit, again);
    let json = serde_json::to_string(&audit).unwrap();
    assert_eq!(serde_json::from_str::<leadoff::result::Audit>(&json).unwrap(), audit);
    let yaml = audit.proposal.yaml.unwrap();
    let variant = yaml.split_once("models:\n").unwrap().1;
    let text = std::fs::read_to_string(&path).unwrap().replacen("models:\n", &format!("models:\n{variant}"), 1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("with-variant.yaml");
    std::fs::write(&file, text).unwrap();
    assert!(Experiment::load(&file).unwrap().models.iter().any(|model| model.name == audit.proposal.name));
}
