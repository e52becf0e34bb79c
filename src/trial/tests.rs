//! Each rule of a test's decision, on both sides of its boundary.

use super::*;
use crate::result::trial::{Advice, Check, WorthCall};
use crate::time::DAY;

fn test(arms: &[&str]) -> Test {
    Test {
        name: "Small".into(),
        unit: "lead".into(),
        arms: arms.iter().map(|name| ArmSpec { name: (*name).into(), weight: 1.0 }).collect(),
        horizon: None,
        queue: Queue::Split,
        confidence: 0.95,
        monitoring: Monitoring::Fixed { at: None },
        currency: None,
        winsor: 0.95,
        foretold: Vec::new(),
        margin: None,
        as_of: None,
    }
}

/// Conversions and units of every arm.
fn flagged(arms: &[(usize, usize)]) -> Units {
    let rows = |(arm, (won, n)): (usize, &(usize, usize))| {
        let won = *won;
        (0..*n).map(move |row| (arm, row < won)).collect::<Vec<_>>()
    };
    let (arm, won) = arms.iter().enumerate().flat_map(rows).unzip();
    Units::flagged(arm, won)
}

fn read(test: &Test, units: &Units) -> Trial {
    analyze(test, units, &Oddities::default(), &[])
}

fn called(test: &Test, units: &Units) -> Call {
    read(test, units).contrasts[0].call
}

fn found<'a>(trial: &'a Trial, what: &str) -> Option<&'a Check> {
    trial.soundness.checks.iter().find(|check| check.what == what)
}

fn is_refused(trial: &Trial) -> bool {
    !trial.soundness.refusals.is_empty()
}

/// The verdict's call where the error allowed lies just above and just below a p-value.
fn around(p: &crate::result::Number, of: impl Fn(f64) -> Call) -> [Call; 2] {
    let p = p.finite().unwrap();
    [of(1.0 - 1.02 * p), of(1.0 - 0.98 * p)]
}

#[test]
fn sizes_that_chance_gives_once_in_a_thousand_tests_forbid_a_verdict() {
    // Chi-square 10.758 and 10.890 around 10.828, the quantile of 0.999.
    let units = |a: usize| flagged(&[(500, a), (500, 10_000 - a)]);
    assert!(!is_refused(&read(&test(&["a", "b"]), &units(5_164))));
    assert!(is_refused(&read(&test(&["a", "b"]), &units(5_165))));
}

#[test]
fn a_mismatch_that_was_there_and_is_made_up_for_forbids_a_verdict() {
    let mut units = flagged(&[(400, 4_000), (400, 4_000)]);
    let day = |row: usize, first: usize| if row % 4_000 < first { 0.0 } else { 1.0 };
    let entries = |first: [usize; 2]| (0..8_000).map(|row| day(row, first[row / 4_000])).collect();
    units.entry = Some(entries([2_000, 2_000]));
    assert!(!is_refused(&read(&test(&["a", "b"]), &units)));
    units.entry = Some(entries([2_000, 1_500]));
    assert!(is_refused(&read(&test(&["a", "b"]), &units)));
}

#[test]
fn more_than_one_unit_in_a_hundred_with_a_fault_forbids_a_verdict() {
    let units = flagged(&[(50, 495), (50, 495)]);
    let faults: [fn(u64) -> Oddities; 3] = [
        |n| Oddities { several_arms: n, ..Oddities::default() },
        |n| Oddities { decided_before: n, ..Oddities::default() },
        |n| Oddities { not_by_hash: Some(n), ..Oddities::default() },
    ];
    for (faults, most) in faults.iter().zip([10, 10, 9]) {
        let of = |n: u64| is_refused(&analyze(&test(&["a", "b"]), &units, &faults(n), &[]));
        assert_eq!([of(most), of(most + 1)], [false, true]);
    }
}

#[test]
fn more_than_one_unit_in_ten_scored_by_another_arm_forbids_a_verdict() {
    let of = |wrong: usize| {
        let mut units = flagged(&[(50, 500), (50, 500)]);
        units.delivered = Some((0..1_000).map(|row| row >= wrong).collect());
        is_refused(&read(&test(&["a", "b"]), &units))
    };
    assert_eq!([of(100), of(101)], [false, true]);
}

#[test]
fn an_arm_of_fewer_than_thirty_is_small() {
    let of = |n: usize| found(&read(&test(&["a", "b"]), &flagged(&[(5, 40), (5, n)])), "Small arm").is_some();
    assert_eq!([of(29), of(30)], [true, false]);
}

#[test]
fn more_is_said_at_the_error_of_the_test_and_shared_by_its_arms() {
    let units = flagged(&[(100, 1_000), (130, 1_000)]);
    let p = read(&test(&["a", "b"]), &units).contrasts[0].primary.p.clone();
    let of = |confidence: f64| called(&Test { confidence, ..test(&["a", "b"]) }, &units);
    assert_eq!(around(&p, of), [Call::More, Call::NoDifferenceShown]);
    // The interval excludes 0, and p is doubled where another arm stands beside.
    let three = read(&test(&["a", "b", "c"]), &flagged(&[(100, 1_000), (130, 1_000), (101, 1_000)]));
    assert!(three.contrasts[0].primary.difference.interval().unwrap().low > 0.0);
    assert_eq!(three.contrasts[0].call, Call::NoDifferenceShown);
}

/// 400 units over 40 days, converting in the share and after the days given for each arm, seen on a day.
fn timed(won: [usize; 2], days: [i64; 2], horizon: f64, seen: i64) -> Units {
    let record = |row: usize| {
        let (arm, assigned) = (row % 2, row as i64 % 40 * DAY);
        let converts = row / 2 % 100 < won[arm];
        let after = days[arm] + row as i64 / 2 % 7;
        Record { arm, assigned, wins: if converts { vec![(assigned + after * DAY, 1.0)] } else { vec![] }, lost: None }
    };
    let records: Vec<Record> = (0..400).map(record).filter(|record| record.assigned <= seen * DAY).collect();
    let mut units = Units::timed(&records, Some(horizon), seen * DAY);
    units.value = None;
    units
}

fn days(horizon: f64) -> Test {
    Test { horizon: Some(horizon), ..test(&["a", "b"]) }
}

#[test]
fn sooner_is_said_at_the_error_of_the_test() {
    let units = timed([40, 40], [10, 9], 30.0, 100);
    let p = read(&days(30.0), &units).contrasts[0].speed.as_ref().unwrap().p.clone();
    let of = |confidence: f64| called(&Test { confidence, ..days(30.0) }, &units);
    assert_eq!(around(&p, of), [Call::SoonerNotMore, Call::NoDifferenceShown]);
}

#[test]
fn a_margin_tells_that_as_many_convert_where_the_whole_interval_lies_within_it() {
    let units = timed([40, 40], [15, 5], 30.0, 100);
    let said = |margin: f64| {
        let trial = read(&Test { margin: Some(margin), ..days(30.0) }, &units);
        let limits = trial.contrasts[0].primary.difference.interval().unwrap();
        (trial.verdict.reasons[0].contains("lies within"), limits)
    };
    let (_, limits) = said(1.0);
    let widest = limits.high.max(-limits.low);
    assert!(said(1.001 * widest).0);
    assert!(!said(0.999 * widest).0);
}

#[test]
fn a_guardrail_holds_where_its_interval_ends_within_the_margin() {
    for lower_is_better in [true, false] {
        let of = |margin: f64| {
            let mut units = flagged(&[(100, 1_000), (160, 1_000)]);
            let value = (0..2_000).map(|row| (row % 10) as f64).collect();
            units.guardrails.push(GuardrailColumn { name: "hours".into(), value, margin, lower_is_better });
            read(&test(&["a", "b"]), &units)
        };
        let limits = of(1.0).contrasts[0].guardrails[0].difference.interval().unwrap();
        let edge = if lower_is_better { limits.high } else { -limits.low };
        let (held, open) = (of(1.001 * edge), of(0.999 * edge));
        assert_eq!(held.contrasts[0].guardrails[0].holds, Some(true));
        assert_eq!(held.verdict.advice, Some(Advice::RollOut));
        assert_eq!(open.contrasts[0].guardrails[0].holds, Some(false));
        assert_eq!(open.verdict.advice, Some(Advice::SettleGuardrail("hours".into())));
    }
}

/// Units that convert as counted, each for the value of its arm and place.
fn valued(arms: &[(usize, usize)], value: impl Fn(usize, usize) -> f64) -> Units {
    let mut units = flagged(arms);
    let mut place = vec![0; arms.len()];
    let values = units.arm.iter().zip(&units.won).map(|(&arm, &won)| {
        place[arm] += 1;
        if won { value(arm, place[arm]) } else { 0.0 }
    });
    units.value = Some(values.collect());
    units
}

fn worth(units: &Units) -> (WorthCall, Option<Advice>) {
    let trial = read(&test(&["a", "b"]), units);
    (trial.contrasts[0].worth.as_ref().unwrap().call, trial.verdict.advice)
}

#[test]
fn all_units_go_to_an_arm_that_converts_more_only_where_value_follows() {
    let of = |value: [f64; 2]| worth(&valued(&[(200, 2_000), (300, 2_000)], |arm, _| value[arm]));
    assert_eq!(of([100.0, 100.0]), (WorthCall::More, Some(Advice::RollOut)));
    assert_eq!(of([150.0, 100.0]), (WorthCall::NoDifferenceShown, Some(Advice::NotOnConversionsAlone)));
    assert_eq!(of([300.0, 100.0]), (WorthCall::Less, Some(Advice::NotOnConversionsAlone)));
    let fewer = valued(&[(300, 2_000), (200, 2_000)], |arm, _| [100.0, 300.0][arm]);
    assert_eq!(worth(&fewer), (WorthCall::More, Some(Advice::WeighValue)));
    let nothing = valued(&[(300, 2_000), (200, 2_000)], |_, _| 100.0);
    assert_eq!(worth(&nothing), (WorthCall::Less, Some(Advice::KeepControl)));
}

#[test]
fn nothing_is_claimed_from_a_sum_of_which_ten_values_make_half() {
    // Ten large values of each arm beside 200 small ones of `b`, which make as much as one arm's.
    let of = |small: f64| {
        let units = valued(&[(5, 2_000), (205, 2_000)], |_, place| if place <= 5 { 1_000.0 } else { small });
        worth(&units)
    };
    assert_eq!([of(50.0).0, of(50.01).0], [WorthCall::MadeByFew, WorthCall::More]);
    assert_eq!([of(50.0).1, of(50.01).1], [Some(Advice::NotOnConversionsAlone), Some(Advice::RollOut)]);
}

#[test]
fn values_are_capped_at_a_quantile_of_those_won_in_all_arms() {
    let units = valued(&[(50, 500), (51, 500)], |arm, place| if arm == 0 { place as f64 } else { (50 + place) as f64 });
    let trial = read(&test(&["a", "b"]), &units);
    // 1 to 101: the quantile of 0.95 has 95 of 100 steps below it.
    assert_eq!(trial.contrasts[0].worth.as_ref().unwrap().cap, Some(96.0));
    let whole = |arm: usize| units.rows(arm).map(|row| units.value.as_ref().unwrap()[row]).sum::<f64>();
    let worth = trial.contrasts[0].worth.as_ref().unwrap();
    assert_eq!((worth.control_sum, worth.treatment_sum), (whole(0), whole(1)));
}

#[test]
fn a_horizon_that_somebody_has_reached_gives_a_verdict() {
    let of = |horizon: f64| is_refused(&read(&days(horizon), &timed([40, 40], [1, 1], horizon, 50)));
    assert_eq!([of(50.0), of(50.001)], [false, true]);
}

#[test]
fn half_of_the_units_finished_are_enough() {
    let immature = |finished: usize| {
        let mut units = timed([40, 40], [1, 1], 30.0, 100);
        units.mature = (0..400).map(|row| row < finished).collect();
        found(&read(&days(30.0), &units), "Immature").is_some()
    };
    assert_eq!([immature(199), immature(200)], [true, false]);
}

fn at_looks(at: &[&str], day: &str) -> Test {
    Test {
        monitoring: Monitoring::Looks {
            at: at.iter().map(|day| (*day).into()).collect(),
            conversions: 100.0,
            plateau: 0.5,
        },
        as_of: Some((day.into(), 0)),
        ..days(30.0)
    }
}

#[test]
fn before_the_last_look_more_is_said_once_bounds_are_crossed_and_half_is_finished() {
    let of = |finished: usize, day: &str| {
        let mut units = timed([5, 60], [1, 1], 30.0, 48);
        let all = units.len();
        units.mature = (0..all).map(|row| 2 * row + finished < all).collect();
        called(&at_looks(&["2026-02-01", "2026-03-01"], day), &units)
    };
    assert_eq!([of(2, "2026-02-01"), of(0, "2026-02-01")], [Call::Ahead, Call::More]);
    // The last look comes on its day, not on the day before.
    assert_eq!([of(2, "2026-02-28"), of(2, "2026-03-01")], [Call::Ahead, Call::More]);
}

#[test]
fn the_last_look_is_taken_once() {
    let look = |day: &str| Look {
        data: String::new(),
        as_of: day.into(),
        planned: true,
        arms: Vec::new(),
        result: "said".into(),
    };
    let of = |before: &str| {
        let units = timed([5, 60], [1, 1], 30.0, 100);
        let test = at_looks(&["2026-02-01", "2026-03-01"], "2026-03-02");
        analyze(&test, &units, &Oddities::default(), &[look(before)]).verdict.advice
    };
    assert_ne!(of("2026-02-28"), Some(Advice::HeedLastLook));
    assert_eq!(of("2026-03-01"), Some(Advice::HeedLastLook));
}

#[test]
fn a_test_that_is_read_once_is_read_from_its_day_on() {
    let of = |day: &str| {
        let monitoring = Monitoring::Fixed { at: Some("2026-03-01".into()) };
        let test = Test { monitoring, as_of: Some((day.into(), 0)), ..test(&["a", "b"]) };
        read(&test, &flagged(&[(100, 1_000), (160, 1_000)])).verdict.advice
    };
    assert_eq!(of("2026-02-28"), Some(Advice::WaitUntil("2026-03-01".into())));
    assert_eq!([of("2026-03-01"), of("2026-03-02")], [Some(Advice::RollOut), Some(Advice::RollOut)]);
}

#[test]
fn the_arm_that_converts_most_is_best_and_more_goes_before_sooner() {
    let trial = read(&test(&["a", "b", "c"]), &flagged(&[(100, 1_000), (180, 1_000), (160, 1_000)]));
    assert_eq!(trial.verdict.best.as_deref(), Some("b"));
    // `b` is small: its larger difference is not shown, and it converts sooner.
    let arms = [(0, 1_000, 300, 10), (1, 1_000, 360, 10), (2, 100, 38, 2)];
    let record = |(arm, n, won, after): (usize, usize, usize, i64)| {
        let win = move |row: usize| if row < won { vec![((after + row as i64 % 5) * DAY, 1.0)] } else { vec![] };
        (0..n).map(move |row| Record { arm, assigned: 0, wins: win(row), lost: None }).collect::<Vec<_>>()
    };
    let records: Vec<Record> = arms.into_iter().flat_map(record).collect();
    let mut three = Test { horizon: Some(30.0), ..test(&["a", "b", "c"]) };
    three.arms[2].weight = 0.1;
    let trial = read(&three, &Units::timed(&records, Some(30.0), 40 * DAY));
    let calls: Vec<Call> = trial.contrasts.iter().map(|contrast| contrast.call).collect();
    assert_eq!((calls.as_slice(), trial.verdict.best.as_deref()), (&[Call::More, Call::SoonerNotMore][..], Some("b")));
}

#[test]
fn six_representatives_an_arm_have_an_interval_and_three_a_test() {
    let method = |reps: usize| {
        let mut units = flagged(&[(60, 600), (90, 600)]);
        units.cluster = Some((0..1_200).map(|row| row / 600 * reps + row % reps).collect());
        read(&Test { queue: Queue::ByRep, ..test(&["a", "b"]) }, &units).contrasts[0].primary.method.clone()
    };
    let starts = |reps: usize, with: &str| assert!(method(reps).contains(with), "{reps}: {}", method(reps));
    starts(6, "CR2");
    starts(5, "permutation of 10");
    starts(3, "permutation of 6");
    starts(2, "nothing can be said");
}

#[test]
fn a_margin_is_held_on_both_sides() {
    for won in [[40, 43], [43, 40]] {
        let units = timed(won, [15, 5], 30.0, 100);
        let of = |margin: f64| read(&Test { margin: Some(margin), ..days(30.0) }, &units);
        let limits = of(1.0).contrasts[0].primary.difference.interval().unwrap();
        // Only the nearer limit lies within it.
        let between = 0.5 * (limits.high - limits.low);
        assert!(!of(between).verdict.reasons[0].contains("lies within"), "{limits:?}");
    }
}

#[test]
fn a_single_large_value_does_not_decide() {
    let one = valued(&[(200, 2_000), (200, 2_000)], |arm, place| if (arm, place) == (1, 1) { 1e6 } else { 100.0 });
    let mut units = one;
    units.value.as_mut().unwrap()[0] = 100.0;
    let trial = read(&test(&["a", "b"]), &units);
    let worth = trial.contrasts[0].worth.as_ref().unwrap();
    assert_eq!((worth.cap, worth.difference.point.finite()), (Some(100.0), Some(0.0)));
    assert_eq!(worth.call, WorthCall::MadeByFew);
}

#[test]
fn at_any_time_the_sequences_decide() {
    let mut units = valued(&[(200, 2_000), (260, 2_000)], |_, _| 100.0);
    units.entry = Some((0..4_000).map(|row| (row % 40) as f64).collect());
    let once = read(&test(&["a", "b"]), &units);
    let monitoring = Monitoring::Anytime { leads: 4_000.0 };
    let any = read(&Test { monitoring, ..test(&["a", "b"]) }, &units);
    let said = |trial: &Trial| (trial.contrasts[0].call, trial.contrasts[0].worth.as_ref().unwrap().call);
    assert_eq!(said(&once), (Call::More, WorthCall::More));
    assert_eq!(said(&any), (Call::NoDifferenceShown, WorthCall::NoDifferenceShown));
}

#[test]
fn looks_and_arms_share_the_error() {
    let mut test = at_looks(&["2026-02-01", "2026-03-01"], "2026-03-01");
    test.arms.push(ArmSpec { name: "c".into(), weight: 1.0 });
    let mut units = timed([40, 60], [1, 1], 30.0, 100);
    units.arm.iter_mut().step_by(5).for_each(|arm| *arm = 2);
    let trial = read(&test, &units);
    for own in &trial.sequential {
        assert!((own.alpha - 0.0125).abs() < 1e-12 && (own.plateau_alpha - 0.0125).abs() < 1e-12);
    }
    assert!((sequential::confidence(&test, trial.sequential.first()) - 0.9875).abs() < 1e-12);
}

#[test]
fn a_bound_is_crossed_where_it_is_reached() {
    let of = |z: f64| crate::result::trial::StageLook {
        as_of: String::new(),
        planned: true,
        leads: 0,
        conversions: 0,
        information: 1.0,
        fraction: 1.0,
        z: z.into(),
        critical: 2.0.into(),
        spent: 0.0,
    };
    assert_eq!([1.99, 2.0, -2.0, -1.99].map(|z| of(z).is_crossed()), [false, true, true, false]);
}

#[test]
fn without_a_crossing_nothing_is_said_of_more_before_the_last_look_and_of_sooner_at_all() {
    // Earlier conversions of the control and later ones of the arm: the log-rank test sees no difference.
    let later = timed([40, 60], [1, 20], 30.0, 100);
    let of = |day: &str| read(&at_looks(&["2026-02-01", "2026-03-01"], day), &later);
    assert!(!of("2026-02-01").sequential[0].crossed);
    assert!(of("2026-02-01").contrasts[0].primary.difference.interval().unwrap().low > 0.0);
    assert_eq!(of("2026-02-01").contrasts[0].call, Call::NoDifferenceShown);
    assert_eq!(of("2026-03-01").contrasts[0].call, Call::More);
    let sooner = read(&at_looks(&["2026-02-01", "2026-03-01"], "2026-03-01"), &timed([40, 40], [10, 9], 30.0, 100));
    assert!(!sooner.sequential[0].crossed);
    assert!(sooner.contrasts[0].speed.as_ref().unwrap().difference.interval().unwrap().high < 0.0);
    assert_eq!(sooner.contrasts[0].call, Call::NoDifferenceShown);
}

#[test]
fn shares_of_finished_units_that_chance_does_not_give_are_named() {
    let of = |finished: usize| {
        let mut units = flagged(&[(100, 1_000), (100, 1_000)]);
        units.mature = (0..2_000).map(|row| row % 1_000 < [500, finished][row / 1_000]).collect();
        units.followed = Some((vec![50.0; 2_000], vec![crate::stats::survival::End::Censored; 2_000]));
        found(&read(&days(30.0), &units), "Unequal follow-up").is_some()
    };
    assert_eq!([of(560), of(580)], [false, true]);
}

#[test]
fn conversions_that_still_come_in_at_the_horizon_are_named_from_a_tenth_on() {
    let noted = |late: usize, all: usize| {
        let record = |row: usize| {
            let after = if row / 2 < late { 29 } else { 1 };
            let wins = if row / 2 < all { vec![(after * DAY, 1.0)] } else { vec![] };
            Record { arm: row % 2, assigned: 0, wins, lost: None }
        };
        let records: Vec<Record> = (0..400).map(record).collect();
        !read(&days(30.0), &Units::timed(&records, Some(30.0), 40 * DAY)).contrasts[0].notes.is_empty()
    };
    assert_eq!([noted(5, 52), noted(5, 48)], [false, true]);
}

#[test]
fn what_the_files_tell_of_no_test_is_refused() {
    assert!(is_refused(&read(&test(&["a", "b"]), &flagged(&[(0, 100), (0, 100)]))));
    assert!(is_refused(&read(&Test { queue: Queue::Shared, ..test(&["a", "b"]) }, &flagged(&[(9, 100), (9, 100)]))));
    let of = |mixed: usize| {
        let mut units = flagged(&[(60, 600), (90, 600)]);
        units.cluster = Some((0..1_200).map(|row| if row < mixed { 11 } else { row / 600 * 6 + row % 6 }).collect());
        is_refused(&read(&Test { queue: Queue::ByRep, ..test(&["a", "b"]) }, &units))
    };
    assert_eq!([of(0), of(1)], [false, true]);
}
