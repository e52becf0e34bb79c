//! Logs that are cut are found at their date; whole ones raise no alarm.

use leadoff::audit::{self, Arrivals, Break, KindLog};
use leadoff::result::CliffKind;
use leadoff::stats::random::Seed;
use leadoff::time::DAY;
use rayon::prelude::*;

use super::asked;

const UNTIL: i64 = 540 * DAY;

/// Leads over 18 months, each with a few events of a kind over its first weeks: pairs of creation and event.
fn log(seed: u64) -> (Vec<i64>, Vec<(i64, i64)>) {
    let mut created = Vec::new();
    let mut events = Vec::new();
    for lead in 0..4_000u64 {
        let mut chance = Seed(seed).replicate(lead);
        let born = (chance.uniform() * UNTIL as f64) as i64;
        created.push(born);
        let warm = (0.7 * chance.normal()).exp();
        for _ in 0..chance.poisson(2.0 * warm) {
            events.push((born, born + (12.0 * chance.exponential() * DAY as f64) as i64));
        }
    }
    events.retain(|(_, at)| *at <= UNTIL);
    (created, events)
}

fn cliff(created: &[i64], events: impl Iterator<Item = (i64, i64)>) -> Option<Break> {
    let arrivals = Arrivals::of(created, UNTIL)?;
    let mut log = KindLog::new(&arrivals);
    events.for_each(|(born, at)| log.add(&arrivals, born, at));
    audit::cliff(&arrivals, &log)
}

#[test]
fn a_log_cut_at_ninety_days_is_found_at_its_date() {
    let (created, events) = log(1);
    let cut = UNTIL - 90 * DAY;
    let found = cliff(&created, events.iter().copied().filter(|(_, at)| *at >= cut)).unwrap();
    assert_eq!(found.what, CliffKind::Begins);
    assert!((found.at - cut).abs() <= 2 * DAY, "{found:?}");
    let found = cliff(&created, events.iter().copied().filter(|(_, at)| *at < cut)).unwrap();
    assert_eq!(found.what, CliffKind::Ends);
    assert!((found.at - cut).abs() <= 2 * DAY, "{found:?}");
    let thinned = events.iter().copied().enumerate().filter(|(i, (_, at))| *at >= 200 * DAY || i % 5 == 0);
    assert_eq!(cliff(&created, thinned.map(|(_, one)| one)).unwrap().what, CliffKind::Swells);
}

/// LEADOFF_LOGS=1000 for the figures of docs/audit.md.
#[test]
fn whole_logs_raise_no_alarm() {
    let logs = asked("LEADOFF_LOGS", 100);
    let alarm = |seed: u64| {
        let (created, events) = log(seed);
        usize::from(cliff(&created, events.into_iter()).is_some())
    };
    let alarms: usize = (0..logs).into_par_iter().map(alarm).sum();
    println!("{alarms} of {logs} whole logs raise an alarm");
    assert!(alarms as u64 <= logs / 100);
}
