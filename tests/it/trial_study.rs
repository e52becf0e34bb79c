//! How often a field test says what is true: simulated tests with a known truth, through the analysis itself.
//! Every promise is held with few runs among all tests, and with the runs behind the figures of docs/ab.md by `--ignored`.

use leadoff::result::trial::{ArmLook, Call, Look, Queue, Trial};
use leadoff::stats::power::Rates;
use leadoff::stats::proportion::{Count, pooled_z};
use leadoff::stats::random::Seed;
use leadoff::stats::survival::End;
use leadoff::time::DAY;
use leadoff::trial::simulate::{History, Truth, history};
use leadoff::trial::{self, ArmSpec, Monitoring, Oddities, Test, Units};
use rayon::prelude::*;

const QUICK: u64 = 200;
const LONG: u64 = 10_000;

fn test(arms: usize, horizon: f64, monitoring: Monitoring, day: usize) -> Test {
    let arm = |place: usize| ArmSpec { name: format!("arm {place}"), weight: 1.0 };
    Test {
        name: "simulated".into(),
        unit: "lead".into(),
        arms: (0..arms).map(arm).collect(),
        horizon: Some(horizon),
        queue: Queue::Split,
        confidence: 0.95,
        monitoring,
        currency: None,
        winsor: 0.99,
        foretold: Vec::new(),
        margin: None,
        as_of: Some((named(day), day as i64 * DAY)),
    }
}

/// A name of the day that sorts as days do.
fn named(day: usize) -> String {
    format!("day {day:05}")
}

/// Conversions only: what is sold decides nothing here.
fn seen(made: &History, horizon: f64, day: usize) -> Units {
    Units { value: None, ..made.units(horizon, day as i64 * DAY) }
}

fn read_once(made: &History, horizon: f64, day: usize) -> Trial {
    let fixed = Monitoring::Fixed { at: None };
    trial::analyze(&test(2, horizon, fixed, day), &seen(made, horizon, day), &Oddities::default(), &[])
}

/// What every planned look said, with the ledger that the looks before it left.
fn at_looks(arms: usize, made: &History, horizon: f64, days: &[usize], conversions: f64) -> Vec<Trial> {
    let looks = Monitoring::Looks { at: days.iter().map(|day| named(*day)).collect(), conversions, plateau: 0.5 };
    let (mut ledger, mut said) = (Vec::new(), Vec::new());
    for &day in days {
        let test = test(arms, horizon, looks.clone(), day);
        let trial = trial::analyze(&test, &seen(made, horizon, day), &Oddities::default(), &ledger);
        ledger.push(taken(&trial, day));
        said.push(trial);
    }
    said
}

fn taken(trial: &Trial, day: usize) -> Look {
    let arm = |own: &leadoff::result::trial::Sequential| {
        let stage = own.stages.last().unwrap();
        ArmLook {
            arm: own.arm.clone(),
            information: stage.information.into(),
            z: stage.z.clone(),
            critical: stage.critical.clone(),
        }
    };
    Look {
        data: String::new(),
        as_of: named(day),
        planned: true,
        arms: trial.sequential.iter().map(arm).collect(),
        result: trial.verdict.headline.clone(),
    }
}

/// Whether it says that any arm differs in any way.
fn claims(trial: &Trial) -> bool {
    trial.contrasts.iter().any(|contrast| !matches!(contrast.call, Call::NoDifferenceShown | Call::NotJudged))
}

/// How often each of `N` things was found, over the runs.
fn shares<const N: usize>(runs: u64, found: impl Fn(u64) -> [bool; N] + Sync + Send) -> [f64; N] {
    let all: Vec<[bool; N]> = (0..runs).into_par_iter().map(found).collect();
    std::array::from_fn(|place| all.iter().filter(|found| found[place]).count() as f64 / runs as f64)
}

/// 2.33 standard errors of a share.
fn slack(share: f64, runs: u64) -> f64 {
    2.33 * (share * (1.0 - share) / runs as f64).sqrt()
}

fn at_most(what: &str, found: f64, promised: f64, runs: u64) {
    assert!(found <= promised + slack(promised, runs), "{what}: {found} of {runs}, promised {promised}");
}

fn at_least(what: &str, found: f64, promised: f64, runs: u64) {
    assert!(found >= promised - slack(promised, runs), "{what}: {found} of {runs}, promised {promised}");
}

const EIGHT: [usize; 8] = [12, 23, 34, 45, 57, 68, 79, 90];

/// A z-test of what has converted so far at some days, each as if it were the only look.
fn naive(made: &History, days: impl IntoIterator<Item = usize>) -> bool {
    // New leads and conversions of each day and arm, then sums.
    let mut counts = [[[0.0; 2]; 91]; 2];
    let units = seen(made, 90.0, 90);
    let (Some(entry), Some((time, end))) = (&units.entry, &units.followed) else { return false };
    for row in 0..units.len() {
        let arm = units.arm[row];
        counts[arm][(entry[row].ceil() as usize).min(90)][0] += 1.0;
        if end[row] == End::Converted {
            counts[arm][((entry[row] + time[row]).ceil() as usize).min(90)][1] += 1.0;
        }
    }
    for arm in &mut counts {
        (1..91).for_each(|day| (0..2).for_each(|kind| arm[day][kind] += arm[day - 1][kind]));
    }
    let count = |arm: usize, day: usize| Count::new(counts[arm][day][1], counts[arm][day][0]);
    days.into_iter().any(|day| pooled_z(count(0, day), count(1, day)).is_ok_and(|test| test.p <= 0.05))
}

fn looks_keep_their_error(runs: u64) {
    let truth = Truth { seed: Seed(15), ..Truth::default() };
    let below = |p: &leadoff::result::Number| p.finite().is_some_and(|p| p <= 0.05);
    let [e_test, sequence, crossed, claimed, daily, eight] = shares(runs, |run| {
        let made = history(&truth, run, 0);
        let every_day = test(2, 30.0, Monitoring::Anytime { leads: 2_500.0 }, 90);
        let anytime = trial::analyze(&every_day, &seen(&made, 30.0, 90), &Oddities::default(), &[]).anytime.unwrap();
        let looks = at_looks(2, &made, 30.0, &EIGHT, 400.0);
        [
            below(&anytime.conversions_p),
            below(&anytime.arms[0].p),
            looks.iter().any(|trial| trial.sequential[0].crossed),
            looks.iter().any(claims),
            naive(&made, 1..=90),
            naive(&made, EIGHT),
        ]
    });
    println!(
        "no effect, {runs} runs: daily e-test {e_test:.4}, daily confidence sequence {sequence:.4}; eight planned looks: log-rank crosses {crossed:.4}, any claim {claimed:.4}; naive z daily {daily:.4}, at the eight looks {eight:.4}"
    );
    at_most("e-test", e_test, 0.05, runs);
    at_most("confidence sequence", sequence, 0.05, runs);
    at_most("planned looks, log-rank alone", crossed, 0.025, runs);
    at_most("planned looks, any claim", claimed, 0.05, runs);
    assert!(daily > 0.1 && eight > 0.1, "a naive z is no better than the rest: {daily} {eight}");
}

#[test]
fn looks_keep_five_percent() {
    looks_keep_their_error(QUICK);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn looks_keep_five_percent_long() {
    looks_keep_their_error(LONG);
}

/// Three arms at random, whatever the history says.
fn in_three(mut made: History, run: u64) -> History {
    let mut chance = Seed(77).replicate(run);
    made.records.iter_mut().for_each(|record| record.arm = chance.below(3) as usize);
    made
}

fn three_arms_keep_their_error(runs: u64) {
    let truth = Truth { seed: Seed(16), ..Truth::default() };
    let [looks, anytime, once] = shares(runs, |run| {
        let made = in_three(history(&truth, run, 0), run);
        let units = seen(&made, 30.0, 90);
        let all =
            |monitoring: Monitoring| trial::analyze(&test(3, 30.0, monitoring, 90), &units, &Oddities::default(), &[]);
        let every_day = all(Monitoring::Anytime { leads: 2_500.0 }).anytime.unwrap();
        let more = |trial: &Trial| trial.contrasts.iter().any(|arm| matches!(arm.call, Call::More | Call::Fewer));
        [
            at_looks(3, &made, 30.0, &EIGHT, 400.0).iter().any(claims),
            every_day.arms.iter().any(|arm| arm.p.finite().is_some_and(|p| p <= 1.0 - every_day.confidence)),
            more(&all(Monitoring::Fixed { at: None })),
        ]
    });
    println!(
        "no effect, three arms, {runs} runs: eight looks {looks:.4}, daily sequences {anytime:.4}, read once {once:.4}"
    );
    at_most("looks", looks, 0.05, runs);
    at_most("sequences", anytime, 0.05, runs);
    at_most("read once", once, 0.05, runs);
}

#[test]
fn three_arms_keep_five_percent_together() {
    three_arms_keep_their_error(QUICK / 2);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn three_arms_keep_five_percent_together_long() {
    three_arms_keep_their_error(LONG / 2);
}

const SOONER: Truth = Truth {
    leads: 8_000,
    accrual_days: 84.0,
    rate: [0.12, 0.12],
    delay: [30.0, 15.0],
    lost: 0.4,
    share: 0.5,
    reps: None,
    shift: 0.0,
    seed: Seed(11),
};

fn same_rate_but_sooner(runs: u64) {
    let [sooner, more] = shares(runs, |run| {
        let call = read_once(&history(&SOONER, run, 0), 240.0, 330).verdict.call;
        [call == Call::SoonerNotMore, call == Call::More]
    });
    println!("same rate, twice as fast, read once, {runs} runs: sooner, not more {sooner:.4}; more {more:.4}");
    at_least("sooner, not more", sooner, 0.9, runs);
    at_most("more", more, 0.05, runs);
}

#[test]
fn the_same_rate_twice_as_fast_is_sooner_and_not_more() {
    same_rate_but_sooner(QUICK / 2);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn the_same_rate_twice_as_fast_is_sooner_and_not_more_long() {
    same_rate_but_sooner(LONG);
}

const TO_THE_PLATEAU: [usize; 8] = [42, 83, 124, 165, 207, 248, 289, 330];

fn same_rate_but_sooner_at_looks(runs: u64) {
    let [sooner, more, ahead] = shares(runs, |run| {
        let looks = at_looks(2, &history(&SOONER, run, 0), 240.0, &TO_THE_PLATEAU, 960.0);
        let said = |call: Call| looks.iter().any(|trial| trial.verdict.call == call);
        let last = looks.last().unwrap().verdict.call;
        [last == Call::SoonerNotMore, said(Call::More), said(Call::Ahead)]
    });
    println!(
        "same rate, twice as fast, eight looks, {runs} runs: in the end sooner, not more {sooner:.4}; ever more {more:.4}; ever ahead {ahead:.4}"
    );
    at_most("more at any look", more, 0.05, runs);
}

#[test]
fn the_same_rate_twice_as_fast_is_not_more_at_any_look() {
    same_rate_but_sooner_at_looks(QUICK / 4);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn the_same_rate_twice_as_fast_is_not_more_at_any_look_long() {
    same_rate_but_sooner_at_looks(LONG / 5);
}

fn more_but_slower(runs: u64) {
    let truth = Truth { rate: [0.12, 0.15], delay: [45.0, 60.0], seed: Seed(12), lost: 0.0, ..Truth::default() };
    let power = |alpha: f64| Rates::new(0.12, 0.15, alpha).unwrap().power(2_000.0).unwrap().one_tail;
    let (once, at_last) = (power(0.05), power(0.025));
    let [more, last, behind] = shares(runs, |run| {
        let made = history(&truth, run, 0);
        let looks = at_looks(2, &made, 480.0, &[120, 240, 360, 565], 540.0);
        let call = looks.last().unwrap().verdict.call;
        let behind = looks.iter().any(|trial| trial.verdict.call == Call::Behind);
        [read_once(&made, 480.0, 565).verdict.call == Call::More, call == Call::More, behind]
    });
    println!(
        "+25 % but slower, {runs} runs: read once more {more:.4} (power beforehand {once:.4}); four looks, at the last more {last:.4} (beforehand {at_last:.4}), behind at a look before {behind:.4}"
    );
    assert!((more - once).abs() <= slack(once, runs) + 0.01, "{more} {once}");
    assert!((last - at_last).abs() <= slack(at_last, runs) + 0.01, "{last} {at_last}");
}

#[test]
fn more_but_slower_is_more_at_the_plateau() {
    more_but_slower(QUICK);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn more_but_slower_is_more_at_the_plateau_long() {
    more_but_slower(LONG);
}

fn broken_splits_raise_the_alarm(runs: u64) {
    let alarm = |share: f64, run: u64| {
        let truth = Truth { leads: 20_000, share, seed: Seed(13), ..Truth::default() };
        // Only who was assigned where, and when: what became of them plays no part.
        let units = Units { followed: None, ..seen(&history(&truth, run, 0), 30.0, 120) };
        let fixed = test(2, 30.0, Monitoring::Fixed { at: None }, 120);
        let trial = trial::analyze(&fixed, &units, &Oddities::default(), &[]);
        trial.soundness.checks.iter().any(|check| check.what == "Sample-ratio mismatch")
    };
    let [broken, whole] = shares(runs, |run| [alarm(0.52, run), alarm(0.5, run)]);
    println!("52 % where 50 % were promised, 20,000 leads, {runs} runs: alarm {broken:.4}; false alarm {whole:.4}");
    assert!(broken >= 0.97, "{broken}");
    at_most("false alarms", whole, 0.002, runs);
}

#[test]
fn a_broken_split_raises_the_alarm() {
    broken_splits_raise_the_alarm(QUICK / 2);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn a_broken_split_raises_the_alarm_long() {
    broken_splits_raise_the_alarm(LONG);
}

fn clusters_keep_their_error(runs: u64) {
    let differs = |units: &Units| {
        let fixed = test(2, 90.0, Monitoring::Fixed { at: None }, 300);
        let trial = trial::analyze(&fixed, units, &Oddities::default(), &[]);
        trial.contrasts[0].primary.p.finite().is_some_and(|p| p <= 0.05)
    };
    let by_reps = |reps: usize, run: u64| {
        let made = history(&Truth { reps: Some((reps, 0.4)), seed: Seed(14), ..Truth::default() }, run, 0);
        let units = seen(&made, 90.0, 300);
        (differs(&Units { cluster: Some(made.rep.clone()), ..units.clone() }), differs(&units))
    };
    let [cr2, alone, permuted] = shares(runs, |run| {
        let (cr2, alone) = by_reps(20, run);
        [cr2, alone, by_reps(10, run).0]
    });
    println!(
        "no effect, {runs} runs: 20 representatives, CR2 {cr2:.4}, without clusters {alone:.4}; 10 representatives, exact permutation {permuted:.4}"
    );
    at_most("CR2", cr2, 0.05, runs);
    at_most("permutation", permuted, 0.05, runs);
    assert!(alone > 0.1, "{alone}");
}

#[test]
fn clustered_reps_keep_five_percent() {
    clusters_keep_their_error(QUICK);
}

#[test]
#[ignore = "minutes: see docs/ab.md"]
fn clustered_reps_keep_five_percent_long() {
    clusters_keep_their_error(LONG);
}
