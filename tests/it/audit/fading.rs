//! Planted half-lives: how often the intervals hold them, and that no decay is seen where there is none.

use leadoff::audit::{self, Evidence, Faded};
use leadoff::result::{Decay, Estimate};
use leadoff::stats::dist;
use leadoff::stats::random::Seed;
use rayon::prelude::*;

use super::{asked, plain};

const DAYS: [f64; 15] = [2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 42.0, 60.0, 90.0, 130.0, 180.0, 260.0, 365.0];

/// How an event of an age counts.
#[derive(Clone, Copy)]
enum Law {
    HalfLife(f64),
    Expires(f64),
    Never,
}

impl Law {
    fn left(self, age: f64) -> f64 {
        match self {
            _ if age.is_infinite() => 0.0,
            Self::HalfLife(days) => 0.5f64.powf(age / days),
            Self::Expires(days) => (1.0 - age / days).max(0.0),
            Self::Never => 1.0,
        }
    }
}

/// Leads six in ten of which had an event in the four months before, which counts by its age, and a flag beside.
fn leads(seed: u64, count: u64, law: Law) -> (Evidence, Vec<Faded>) {
    let (mut ages, mut other, mut converted) = (Vec::new(), Vec::new(), Vec::new());
    for lead in 0..count {
        let mut chance = Seed(seed).replicate(lead);
        let age = if chance.chance(0.6) { 120.0 * chance.uniform() } else { f64::INFINITY };
        let flag = f64::from(chance.chance(0.3));
        converted.push(chance.chance(dist::expit(-2.5 + 2.0 * law.left(age) + 0.7 * flag)));
        ages.push(age);
        other.push(flag);
    }
    let at = |law: Law| -> Vec<f64> { ages.iter().map(|age| law.left(*age)).collect() };
    let grid = |of: fn(f64) -> Law| {
        let fading = DAYS.iter().map(|days| (*days, at(of(*days))));
        fading.chain([(f64::INFINITY, at(Law::Never))]).collect::<Vec<_>>()
    };
    let faded = vec![Faded {
        criterion: 0,
        configured_days: Some(30.0),
        configured_expiry: None,
        half_lives: grid(Law::HalfLife),
        expiries: grid(Law::Expires),
    }];
    (plain(vec![("event", 20.0, at(Law::HalfLife(30.0))), ("flag", 7.0, other)], converted), faded)
}

fn decay(seed: u64, count: u64, law: Law) -> Decay {
    let (evidence, faded) = leads(seed, count, law);
    audit::decays(&evidence, &audit::weigh(&evidence), &faded).remove(0)
}

/// Enough to tell the laws apart; a third of it for the few seeds that run among the usual tests.
const MANY: u64 = 12_000;

fn count(seeds: u64) -> u64 {
    if seeds < 100 { MANY / 3 } else { MANY }
}

/// The share of seeds whose interval holds the days.
fn coverage(seeds: u64, law: Law, days: f64, of: fn(&Decay) -> &Estimate) -> f64 {
    let covers = |seed: u64| {
        let found = decay(seed, count(seeds), law);
        let (low, high) = (of(&found).low.value().unwrap(), of(&found).high.value().unwrap());
        usize::from(low <= days && days <= high)
    };
    (0..seeds).into_par_iter().map(covers).sum::<usize>() as f64 / seeds as f64
}

/// LEADOFF_SEEDS=400 for the figures of docs/audit.md.
#[test]
fn half_lives_are_found_with_their_intervals() {
    let seeds = asked("LEADOFF_SEEDS", 4);
    let slack = 3.0 * (0.95 * 0.05 / seeds as f64).sqrt();
    for days in [7.0, 30.0, 90.0] {
        let covered = coverage(seeds, Law::HalfLife(days), days, |found| &found.half_life);
        println!("half-life of {days} days: the interval holds it in {:.1} % of {seeds} seeds", 100.0 * covered);
        assert!((covered - 0.95).abs() <= slack, "{days}: {covered}");
    }
    let covered = coverage(seeds, Law::Expires(60.0), 60.0, |found| &found.expiry);
    println!("expiry of 60 days: the interval holds it in {:.1} % of {seeds} seeds", 100.0 * covered);
    assert!((covered - 0.95).abs() <= slack, "expiry: {covered}");
}

#[test]
fn a_flat_hazard_is_no_evidence_of_decay() {
    let seeds = asked("LEADOFF_SEEDS", 4);
    let seen = |seed: u64| {
        usize::from(!decay(seed, count(seeds), Law::Never).sentence.contains("o evidence that decay helps"))
    };
    let alarms: usize = (0..seeds).into_par_iter().map(seen).sum();
    println!("decay is seen in {alarms} of {seeds} logs without any");
    let most = 0.05 * seeds as f64 + 3.0 * (0.05 * 0.95 * seeds as f64).sqrt();
    assert!(alarms as f64 <= most, "{alarms}");
    let flat = decay(1, MANY, Law::Never);
    assert_eq!(flat.half_life.high.value(), Some(f64::INFINITY), "{flat:?}");
}

#[test]
fn a_straight_line_to_nothing_is_told_from_a_half_life() {
    let line = decay(1, MANY, Law::Expires(60.0));
    assert!(line.sentence.contains("straight line to nothing over about"), "{}", line.sentence);
    let halving = decay(1, MANY, Law::HalfLife(30.0));
    assert!(halving.sentence.starts_with("The half-life of 30 days agrees with the data"), "{}", halving.sentence);
    assert!(!halving.sentence.contains("straight line"), "{}", halving.sentence);
}
