//! Logs that are cut are found at their date; whole ones raise no alarm.

use leadoff::audit::{self, Break};
use leadoff::data::{Arrivals, KindWeeks};
use leadoff::result::CliffKind;
use leadoff::stats::random::{Seed, Stream};
use leadoff::time::DAY;
use rayon::prelude::*;

use super::asked;

const UNTIL: i64 = 540 * DAY;

/// How leads come, and how many events of the kind each has: evenly, growing fourfold, in bursts, or with few events.
#[derive(Clone, Copy)]
enum Shape {
    Even,
    Growing,
    Bursts,
    Few,
}

impl Shape {
    const ALL: [Self; 4] = [Self::Even, Self::Growing, Self::Bursts, Self::Few];

    /// When a lead is created, as a share of the log.
    fn created(self, chance: &mut Stream) -> f64 {
        let u = chance.uniform();
        match self {
            Self::Even | Self::Few => u,
            // The density rises on a line from 1 to 4.
            Self::Growing => ((1.0 + 15.0 * u).sqrt() - 1.0) / 3.0,
            // A third of the leads come in the days of three fairs.
            Self::Bursts if chance.chance(0.33) => [0.2, 0.55, 0.8][chance.below(3) as usize] + 0.01 * u,
            Self::Bursts => u,
        }
    }

    fn events(self) -> f64 {
        if matches!(self, Self::Few) { 0.1 } else { 2.0 }
    }
}

/// Leads over 18 months, each with a few events of a kind over its first weeks: pairs of creation and event.
fn log(seed: u64, shape: Shape) -> (Vec<i64>, Vec<(i64, i64)>) {
    let mut created = Vec::new();
    let mut events = Vec::new();
    for lead in 0..4_000u64 {
        let mut chance = Seed(seed).replicate(lead);
        let born = (shape.created(&mut chance) * UNTIL as f64) as i64;
        created.push(born);
        let warm = (0.7 * chance.normal()).exp();
        for _ in 0..chance.poisson(shape.events() * warm) {
            events.push((born, born + (12.0 * chance.exponential() * DAY as f64) as i64));
        }
    }
    events.retain(|(_, at)| *at <= UNTIL);
    (created, events)
}

fn cliff(created: &[i64], events: impl Iterator<Item = (i64, i64)>) -> Option<Break> {
    let arrivals = Arrivals::of(created, UNTIL)?;
    let mut log = KindWeeks::new(&arrivals);
    events.for_each(|(born, at)| log.add(&arrivals, born, at));
    audit::cliff(&arrivals, &log)
}

#[test]
fn a_log_cut_at_ninety_days_is_found_at_its_date() {
    let (created, events) = log(1, Shape::Even);
    let cut = UNTIL - 90 * DAY;
    let found = cliff(&created, events.iter().copied().filter(|(_, at)| *at >= cut)).unwrap();
    assert_eq!(found.what, CliffKind::Begins);
    assert!((found.at - cut).abs() <= 2 * DAY, "{found:?}");
    let found = cliff(&created, events.iter().copied().filter(|(_, at)| *at < cut)).unwrap();
    assert_eq!(found.what, CliffKind::Ends);
    assert!((found.at - cut).abs() <= 2 * DAY, "{found:?}");
    for shape in Shape::ALL {
        let (created, events) = log(2, shape);
        let found = cliff(&created, events.iter().copied().filter(|(_, at)| *at >= cut));
        let found = found.map(|found| (found.what, (found.at - cut).abs() <= 7 * DAY));
        assert_eq!(found, Some((CliffKind::Begins, true)));
    }
    let thinned = events.iter().copied().enumerate().filter(|(i, (_, at))| *at >= 200 * DAY || i % 5 == 0);
    assert_eq!(cliff(&created, thinned.map(|(_, one)| one)).unwrap().what, CliffKind::Swells);
}

/// LEADOFF_LOGS=1000 for the figures of docs/audit.md.
#[test]
fn whole_logs_raise_no_alarm() {
    let logs = asked("LEADOFF_LOGS", 100);
    let alarm = |seed: u64| {
        let (created, events) = log(seed, Shape::ALL[seed as usize % 4]);
        usize::from(cliff(&created, events.into_iter()).is_some())
    };
    let alarms: usize = (0..logs).into_par_iter().map(alarm).sum();
    println!("{alarms} of {logs} whole logs raise an alarm");
    assert!(alarms as u64 <= logs / 100);
}
