//! What rings: every period against all before it, and no more than one steady history in twenty rings at all.
//!
//! Each test compares a period with the periods before it, since the last time that it rang. The level is shared by all
//! tests of all periods (Bonferroni): so it holds however the tests depend on one another, and wherever a test begins
//! anew. A change must be large enough to matter as well: on many leads the least one is beyond luck.

use crate::result::review::{Alarm, AlarmKind, Alarms};
use crate::stats::dist::normal_p;
use crate::stats::{Undefined, discrimination};
use crate::time::{DAY, Instant};

use super::bins::{self, Frozen};
use super::leads::{Arrivals, Compared, Input, Values};
use super::likelihood::{self, Pair, Tested};

/// The chance that anything rings in a steady history.
const FAMILY: f64 = 0.05;

/// The least changes worth a name.
const AUC: f64 = 0.03;
const RATE_RATIO: f64 = 1.2;
const ODDS_RATIO: f64 = 1.5;
const STABILITY: f64 = 0.1;
const VOLUME_RATIO: f64 = 1.25;
const LEADS_RATIO: f64 = 1.5;

/// The fewest whole weeks of a period, and of those before it, on which a number of leads is judged.
const WEEKS: usize = 4;

const WEEK: Instant = 7 * DAY;

/// Rows of the periods before, and of a period.
type Test<'a> = dyn Fn(&[usize], &[usize]) -> Result<Tested, Undefined> + 'a;

/// One thing that is watched through the periods.
struct Watch<'a> {
    kind: AlarmKind,
    what: String,
    measure: &'static str,
    /// The periods before, as rows, against the rows of a period.
    test: Box<Test<'a>>,
    /// Whether the change is large enough.
    matters: fn(&Tested) -> bool,
    /// Whether it reads outcomes, and so mature leads alone.
    of_outcomes: bool,
}

fn ratio(tested: &Tested, least: f64) -> bool {
    tested.now >= least * tested.before || tested.before >= least * tested.now
}

/// Every alarm of the compared periods.
pub fn alarms(compared: &Compared) -> Alarms {
    let watches = watches(compared);
    let rows: Vec<Vec<usize>> = (0..compared.periods()).map(|period| compared.rows(period)).collect();
    let mature: Vec<Vec<usize>> = (0..compared.periods()).map(|period| compared.mature(period)).collect();
    let of = |watch: &Watch| if watch.of_outcomes { &mature } else { &rows };
    // How many tests there are is settled by the leads before any of them is read.
    let tests: usize =
        watches.iter().map(|watch| (1..of(watch).len()).filter(|&period| !of(watch)[period].is_empty()).count()).sum();
    let threshold = FAMILY / tests.max(1) as f64;
    let mut rung = Vec::new();
    for watch in &watches {
        let rows = of(watch);
        let mut since = 0;
        for period in 1..rows.len() {
            let before: Vec<usize> = rows[since..period].concat();
            let Ok(tested) = (watch.test)(&before, &rows[period]) else { continue };
            if tested.p <= threshold && (watch.matters)(&tested) {
                since = period;
                rung.push((period, alarm(compared, watch, period, tested)));
            }
        }
    }
    rung.sort_by(|a, b| {
        a.0.cmp(&b.0).then(a.1.p.total_cmp(&b.1.p)).then(a.1.kind.cmp(&b.1.kind)).then_with(|| a.1.what.cmp(&b.1.what))
    });
    Alarms { tests: tests as u64, threshold, rung: rung.into_iter().map(|(_, alarm)| alarm).collect() }
}

fn alarm(compared: &Compared, watch: &Watch, period: usize, tested: Tested) -> Alarm {
    Alarm {
        period: compared.labels[period].clone(),
        kind: watch.kind,
        what: watch.what.clone(),
        p: tested.p,
        before: tested.before,
        now: tested.now,
        measure: watch.measure.into(),
    }
}

fn watches(compared: &Compared) -> Vec<Watch<'_>> {
    let mut watches = vec![conversion(compared), ranking(compared)];
    watches.extend(brackets(compared));
    watches.extend(compared.criteria.iter().filter_map(|criterion| {
        worth(compared, AlarmKind::Criterion, criterion.name.clone(), |row| criterion.fires[row])
    }));
    for segment in &compared.segments {
        for (code, level) in segment.levels.iter().enumerate() {
            let name = format!("{} {level}", segment.name);
            watches.extend(worth(compared, AlarmKind::Segment, name, move |row| segment.codes[row] as usize == code));
        }
    }
    let score = Input { name: "score".into(), values: Values::Number(compared.score.clone()) };
    watches.push(distribution(compared, AlarmKind::Score, String::new(), score.values));
    for input in &compared.inputs {
        watches.push(distribution(compared, AlarmKind::Input, input.name.clone(), input.values.clone()));
    }
    watches.extend(arrivals(compared));
    watches.extend(compared.volumes.iter().map(|volume| tracking(compared, &volume.kind, &volume.events)));
    watches
}

fn conversion(compared: &Compared) -> Watch<'_> {
    Watch {
        kind: AlarmKind::Conversion,
        what: String::new(),
        measure: "conversion of all leads",
        test: Box::new(|before, now| {
            likelihood::same_rate(compared.effective(before.iter().copied()), compared.effective(now.iter().copied()))
        }),
        matters: |tested| ratio(tested, RATE_RATIO),
        of_outcomes: true,
    }
}

/// The fewest wins, and others, on which an AUC is judged.
const FEWEST: f64 = 20.0;

fn ranking(compared: &Compared) -> Watch<'_> {
    let scores = |rows: &[usize]| {
        let ranked = |&row: &usize| if compared.score[row].is_nan() { f64::NEG_INFINITY } else { compared.score[row] };
        rows.iter().map(ranked).collect::<Vec<f64>>()
    };
    Watch {
        kind: AlarmKind::Ranking,
        what: String::new(),
        measure: "AUC",
        test: Box::new(move |before, now| {
            let counts = [before, now].map(|rows| compared.count(rows.iter().copied()));
            if counts.iter().any(|count| count.successes.min(count.failures()) < FEWEST) {
                return Err(Undefined::TooFewRows);
            }
            let area = |rows: &[usize]| compared.area(&scores(rows), rows);
            let found = discrimination::apart(area(before)?, area(now)?);
            Ok(Tested { p: found.test()?.p, before: found.auc_a, now: found.auc_b })
        }),
        matters: |tested| (tested.now - tested.before).abs() >= AUC,
        of_outcomes: true,
    }
}

/// The lowest bracket against the rest, and every pair of neighbours for its order.
fn brackets(compared: &Compared) -> Vec<Watch<'_>> {
    let in_bracket = move |rows: &[usize], bracket: usize| {
        compared.effective(rows.iter().copied().filter(|&row| compared.bracket[row] == bracket))
    };
    let lowest = worth(compared, AlarmKind::LowScores, String::new(), |row| compared.bracket[row] == 0);
    let inverted = (1..compared.brackets.len()).map(|higher| Watch {
        kind: AlarmKind::Brackets,
        what: format!("{} against {}", compared.brackets[higher], compared.brackets[higher - 1]),
        measure: "conversion of the lower bracket and of the higher one",
        test: Box::new(move |_, now| {
            let tested = likelihood::same_rate(in_bracket(now, higher - 1), in_bracket(now, higher))?;
            Ok(Tested { p: if tested.now < tested.before { tested.p / 2.0 } else { 1.0 }, ..tested })
        }),
        matters: |tested| ratio(tested, RATE_RATIO),
        of_outcomes: true,
    });
    lowest.into_iter().chain(inverted).collect()
}

/// The odds of leads of which something holds, against the rest. Nothing where it holds for nobody or for all.
fn worth<'a>(
    compared: &'a Compared,
    kind: AlarmKind,
    what: String,
    holds: impl Fn(usize) -> bool + 'a,
) -> Option<Watch<'a>> {
    let with = compared.in_periods().filter(|&row| holds(row)).count();
    let all = compared.in_periods().count();
    if with == 0 || with == all {
        return None;
    }
    let pair = move |rows: &[usize]| {
        let side = |wanted: bool| compared.effective(rows.iter().copied().filter(|&row| holds(row) == wanted));
        Pair { with: side(true), without: side(false) }
    };
    Some(Watch {
        kind,
        what,
        measure: "odds of conversion with it, over those without",
        test: Box::new(move |before, now| likelihood::same_worth(pair(before), pair(now))),
        matters: |tested| ratio(tested, ODDS_RATIO),
        of_outcomes: true,
    })
}

fn distribution(compared: &Compared, kind: AlarmKind, what: String, values: Values) -> Watch<'_> {
    Watch {
        kind,
        what,
        measure: "stability index",
        test: Box::new(move |before, now| {
            let frozen = Frozen::of(&values, before);
            let (was, is) = (frozen.count(&values, before), frozen.count(&values, now));
            let p = same_distribution(compared, (before, &was), (now, &is))?;
            Ok(Tested { p, before: 0.0, now: bins::psi(&was, &is)? })
        }),
        matters: |tested| tested.now >= STABILITY,
        of_outcomes: false,
    }
}

/// Counts of events from 0 on, as they are told apart.
fn class(events: u32) -> usize {
    match events {
        0..=2 => events as usize,
        3..=4 => 3,
        5..=8 => 4,
        _ => 5,
    }
}

/// Of counts of leads over the same bins, as many as tell as much by themselves.
fn same_distribution(
    compared: &Compared,
    (before, was): (&[usize], &[f64]),
    (now, is): (&[usize], &[f64]),
) -> Result<f64, Undefined> {
    let known = |rows: &[usize], counts: &[f64]| {
        let share = compared.independent(rows);
        counts.iter().map(|count| count * share).collect::<Vec<f64>>()
    };
    likelihood::same_distribution(&known(before, was), &known(now, is))
}

fn tracking<'a>(compared: &'a Compared, kind: &str, events: &'a [u32]) -> Watch<'a> {
    let counts = move |rows: &[usize]| {
        let mut counts = [0.0; 6];
        rows.iter().for_each(|&row| counts[class(events[row])] += 1.0);
        counts
    };
    let mean =
        move |rows: &[usize]| rows.iter().map(|&row| f64::from(events[row])).sum::<f64>() / rows.len().max(1) as f64;
    Watch {
        kind: AlarmKind::Tracking,
        what: kind.into(),
        measure: "events a lead",
        test: Box::new(move |before, now| {
            let p = same_distribution(compared, (before, &counts(before)), (now, &counts(now)))?;
            Ok(Tested { p, before: mean(before), now: mean(now) })
        }),
        matters: |tested| ratio(tested, VOLUME_RATIO),
        of_outcomes: false,
    }
}

/// Leads of every whole week of every period, so that weekdays and short months make no difference.
fn weeks(compared: &Compared) -> Option<Vec<Vec<f64>>> {
    let Arrivals { created, spans } = compared.arrivals.as_ref()?;
    let mut weeks: Vec<Vec<f64>> =
        spans.iter().map(|(from, to)| vec![0.0; ((to - from).max(0) / WEEK) as usize]).collect();
    for row in compared.in_periods() {
        let Some(period) = compared.period(row) else { continue };
        let week = (created[row] - spans[period].0).max(0) / WEEK;
        weeks[period].get_mut(week as usize).into_iter().for_each(|leads| *leads += 1.0);
    }
    Some(weeks)
}

/// How many leads come: two Poisson means, their variance enlarged by how unevenly the weeks of one period fill (McCullagh
/// & Nelder 1989, 4.5). Nothing where leads have no dates.
fn arrivals(compared: &Compared) -> Option<Watch<'_>> {
    let weeks = weeks(compared)?;
    Some(Watch {
        kind: AlarmKind::Volume,
        what: String::new(),
        measure: "leads a week",
        test: Box::new(move |before, now| {
            let period = |rows: &[usize]| rows.first().and_then(|&row| compared.period(row)).ok_or(Undefined::Empty);
            let (first, last) = (before.iter().filter_map(|&row| compared.period(row)).min(), period(now)?);
            same_volume(&weeks[first.ok_or(Undefined::Empty)?..last], &weeks[last])
        }),
        matters: |tested| ratio(tested, LEADS_RATIO),
        of_outcomes: false,
    })
}

fn same_volume(before: &[Vec<f64>], now: &[f64]) -> Result<Tested, Undefined> {
    let n = before.iter().map(Vec::len).sum::<usize>();
    if n < WEEKS || now.len() < WEEKS {
        return Err(Undefined::TooFewRows);
    }
    let mean = |weeks: &[f64]| weeks.iter().sum::<f64>() / weeks.len() as f64;
    let (mut squares, mut free) = (0.0, 0.0);
    for weeks in before.iter().map(Vec::as_slice).chain([now]).filter(|weeks| mean(weeks) > 0.0) {
        squares += weeks.iter().map(|leads| (leads - mean(weeks)).powi(2)).sum::<f64>() / mean(weeks);
        free += weeks.len() as f64 - 1.0;
    }
    let dispersion = (squares / f64::max(free, 1.0)).max(1.0);
    let (was, is) = (before.iter().flatten().sum::<f64>(), now.iter().sum::<f64>());
    // Half a lead keeps the logarithm of nobody finite.
    let ratio = ((is + 0.5) / now.len() as f64) / ((was + 0.5) / n as f64);
    let error = (dispersion * (1.0 / (was + 0.5) + 1.0 / (is + 0.5))).sqrt();
    Ok(Tested { p: normal_p(ratio.ln() / error), before: was / n as f64, now: is / now.len() as f64 })
}

/// An alarm in a few words, without its figures.
pub(super) fn in_words(alarm: &Alarm) -> String {
    let more = alarm.now > alarm.before;
    match alarm.kind {
        AlarmKind::Conversion => format!("{} leads convert", if more { "more" } else { "fewer" }),
        AlarmKind::Ranking => format!("the score orders leads {}", if more { "better" } else { "worse" }),
        AlarmKind::Brackets => format!("brackets are upside down: `{}`", alarm.what),
        AlarmKind::LowScores => {
            format!("low-scored leads convert {} against the rest", if more { "more" } else { "less" })
        }
        AlarmKind::Criterion => {
            format!("the criterion `{}` is worth {}", alarm.what, if more { "more" } else { "less" })
        }
        AlarmKind::Segment => {
            format!("leads of `{}` convert {} against the rest", alarm.what, if more { "more" } else { "less" })
        }
        AlarmKind::Score => "the scores are distributed otherwise".into(),
        AlarmKind::Input => format!("the column `{}` is distributed otherwise", alarm.what),
        AlarmKind::Volume => format!("{} leads come in", if more { "more" } else { "fewer" }),
        AlarmKind::Tracking => {
            format!("the log of `{}` {}", alarm.what, if more { "swells" } else { "thins out" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::leads::{LeadColumns, Place};
    use super::*;

    /// Periods of thirteen weeks with so many leads a week, seven more on every Monday.
    fn arriving(a_week: &[usize]) -> Alarms {
        let (mut place, mut created) = (Vec::new(), Vec::new());
        for (period, leads) in a_week.iter().enumerate() {
            for lead in 0..13 * leads {
                place.push(Place::Period(period));
                let week = (period * 13 + lead % 13) as i64;
                created.push(week * WEEK + if lead % 2 == 0 { 0 } else { lead as i64 % 7 * DAY });
            }
        }
        let spans = (0..a_week.len() as i64).map(|period| (period * 13 * WEEK, (period + 1) * 13 * WEEK)).collect();
        let leads = place.len();
        alarms(
            &Compared::new(LeadColumns {
                labels: (0..a_week.len()).map(|period| format!("Q{period}")).collect(),
                place,
                arrivals: Some(Arrivals { created, spans }),
                reference: vec![false; leads],
                trained: vec![false; leads],
                mature: vec![true; leads],
                converted: vec![false; leads],
                score: vec![1.0; leads],
                bracket: vec![0; leads],
                brackets: vec!["all".into()],
                ..LeadColumns::default()
            })
            .unwrap(),
        )
    }

    fn rung(a_week: &[usize]) -> Vec<String> {
        let volume = |alarm: &Alarm| (alarm.kind == AlarmKind::Volume).then(|| alarm.period.clone());
        arriving(a_week).rung.iter().filter_map(volume).collect()
    }

    #[test]
    fn a_quarter_of_far_fewer_leads_rings_and_a_steady_one_does_not() {
        assert_eq!(rung(&[84, 86, 85, 5]), ["Q3"]);
        assert_eq!(rung(&[84, 86, 85, 80]), [""; 0]);
        // From the new level on nothing rings any more.
        assert_eq!(rung(&[84, 86, 200, 205]), ["Q2"]);
    }

    #[test]
    fn volume_matters_from_half_as_many_again_on() {
        assert_eq!(rung(&[400, 601]), ["Q1"]);
        assert_eq!(rung(&[400, 599]), [""; 0]);
    }

    #[test]
    fn a_period_of_few_weeks_is_not_judged_by_its_number_of_leads() {
        let weeks = |n: usize| vec![50.0; n];
        assert!(same_volume(&[weeks(13)], &weeks(4)).is_ok());
        assert!(same_volume(&[weeks(13)], &weeks(3)).is_err());
        // Leads that come in bursts need a larger change.
        let bursts: Vec<f64> = (0..13).map(|week| if week % 4 == 0 { 200.0 } else { 0.0 }).collect();
        let less: Vec<f64> = bursts.iter().map(|leads| leads / 2.0).collect();
        let even = same_volume(&[weeks(13)], &[25.0; 13]).unwrap();
        assert!(same_volume(&[bursts], &less).unwrap().p > 1e4 * even.p);
    }
}
