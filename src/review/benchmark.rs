//! What to expect of leads, in plain terms.

use crate::result::review::{
    Benchmarks, Feedback, FeedbackPart, LevelShare, SegmentYield, TouchClass, TouchSpeed, Yield,
};
use crate::result::{Estimate, Number};
use crate::stats::proportion::Count;
use crate::stats::random::Seed;
use crate::stats::{Undefined, dist};
use crate::time::{DAY, HOUR};

use super::early::{Forecast, no_forecast};
use super::leads::{Compared, FeedbackColumns, FirstTouch, Place};
use super::{conversion, rate, trend};

/// Parts with fewer leads are merged: a number of them may be a person's.
const FEWEST: u64 = 10;

pub fn benchmarks(compared: &Compared, seed: Seed) -> Benchmarks {
    let forecast = Forecast::new(compared, seed);
    let all: Vec<usize> = (0..compared.leads()).filter(|&row| compared.place[row] != Place::Reference).collect();
    let part = |label: &str, rows: Vec<usize>, stream: u64| one(compared, label, &rows, (forecast.as_ref(), stream));
    let by_bracket = (0..compared.brackets.len()).rev().map(|place| {
        let rows = all.iter().copied().filter(|&row| compared.bracket[row] == place).collect();
        part(&compared.brackets[place], rows, 1 + place as u64)
    });
    let by_segment = compared.segments.iter().enumerate().map(|(number, segment)| SegmentYield {
        column: segment.name.clone(),
        parts: segment
            .split(&all)
            .into_iter()
            .enumerate()
            .map(|(place, (label, rows))| part(&label, rows, (number as u64 + 1) * 1_000 + place as u64))
            .collect(),
    });
    let mature: Vec<usize> = compared.in_periods().filter(|&row| compared.mature[row]).collect();
    Benchmarks {
        leads: mature.len() as u64,
        by_bracket: by_bracket.collect(),
        by_segment: by_segment.collect(),
        pipeline: forecast.as_ref().map_or_else(no_forecast, |forecast| forecast.of(&all, 0)),
        touch: compared.first_touch.as_ref().map(|touch| speed(compared, touch)),
        days_to_win: [0.25, 0.5, 0.75].map(|share| trend::days_to_win(compared, &mature, share)),
        feedback: compared.feedback.as_ref().map(|said| feedback(compared, said)),
    }
}

fn one(compared: &Compared, label: &str, rows: &[usize], (forecast, stream): (Option<&Forecast>, u64)) -> Yield {
    let mature: Vec<usize> =
        rows.iter().copied().filter(|&row| compared.mature[row] && compared.period(row).is_some()).collect();
    let count = compared.count(mature.iter().copied());
    let reviewed = Some(compared.reviewed());
    let now: Vec<usize> = rows.iter().copied().filter(|&row| compared.period(row) == reviewed).collect();
    let now_over: Vec<usize> = now.iter().copied().filter(|&row| compared.mature[row]).collect();
    let (rate_now, rate) = (conversion(compared, &now_over), conversion(compared, &mature));
    let pipeline = forecast.map_or_else(no_forecast, |forecast| forecast.of(rows, stream));
    Yield {
        label: label.into(),
        leads: count.n as u64,
        wins: count.successes as u64,
        leads_per_win: inverse(&rate),
        touches_per_win: match &compared.touches {
            None => Number::undefined("no kind of events is named as a touch"),
            Some(_) if count.successes == 0.0 => Undefined::NoEvents.into(),
            Some(touches) => (mature.iter().map(|&row| f64::from(touches[row])).sum::<f64>() / count.successes).into(),
        },
        value_per_lead: match &compared.value {
            Some(values) if count.n > 0.0 => (value(compared, values, &mature) / count.n).into(),
            _ => Number::undefined("wins carry no value"),
        },
        rate,
        now_leads: now.len() as u64,
        now_rate: rate_now,
        open: pipeline.open,
        expected: pipeline.expected,
    }
}

/// The wins' value among some leads, as far as it is known.
fn value(compared: &Compared, values: &[f64], rows: &[usize]) -> f64 {
    let won = rows.iter().filter(|&&row| compared.converted[row]).map(|&row| values[row]);
    won.filter(|value| !value.is_nan()).sum()
}

/// Leads for one win: one over the rate, its interval turned over.
fn inverse(rate: &Estimate) -> Estimate {
    let over = |number: &Number| match number {
        Number::Value(0.0) => Number::Value(f64::INFINITY),
        Number::Value(rate) => (1.0 / rate).into(),
        undefined => undefined.clone(),
    };
    Estimate { point: over(&rate.point), low: over(&rate.high), high: over(&rate.low) }
}

/// Names of the classes of first touches, and within how long each is.
const CLASSES: [(&str, i64); 4] =
    [("within an hour", HOUR), ("within a day", DAY), ("within three days", 3 * DAY), ("later", i64::MAX)];

fn speed(compared: &Compared, touch: &FirstTouch) -> TouchSpeed {
    // Who came less than so long before the export may be touched in time yet.
    let within = |period: Option<usize>, limit: i64| {
        let Some(period) = period else { return Estimate::undefined("no period before") };
        let known = |row: &usize| touch.known_for[*row].is_some_and(|known| limit <= known);
        let rows: Vec<usize> = compared.rows(period).into_iter().filter(known).collect();
        let touched = rows.iter().filter(|&&row| touch.after[row].is_some_and(|delay| delay <= limit)).count();
        rate(Count::new(touched as f64, rows.len() as f64))
    };
    let last = compared.reviewed();
    let mature: Vec<usize> = compared.in_periods().filter(|&row| compared.mature[row]).collect();
    let class = |row: usize| match touch.after[row] {
        None => CLASSES.len(),
        Some(delay) => CLASSES.iter().position(|(_, limit)| delay <= *limit).unwrap_or(CLASSES.len() - 1),
    };
    let classes = (0..=CLASSES.len()).map(|place| {
        let rows: Vec<usize> = mature.iter().copied().filter(|&row| class(row) == place).collect();
        let count = compared.count(rows.iter().copied());
        let scores: Vec<f64> = rows.iter().map(|&row| compared.score[row]).filter(|score| !score.is_nan()).collect();
        TouchClass {
            label: CLASSES.get(place).map_or("not touched", |(name, _)| name).into(),
            leads: count.n as u64,
            wins: count.successes as u64,
            rate: conversion(compared, &rows),
            mean_score: if scores.is_empty() {
                Undefined::Empty.into()
            } else {
                (scores.iter().sum::<f64>() / scores.len() as f64).into()
            },
        }
    });
    let touched: Vec<(usize, usize, bool)> = mature
        .iter()
        .map(|&row| (compared.bracket[row], class(row), compared.converted[row]))
        .filter(|(_, class, _)| *class < CLASSES.len())
        .collect();
    let z = trend_within(&touched, compared.brackets.len());
    TouchSpeed {
        within_hour: within(Some(last), HOUR),
        within_day: within(Some(last), DAY),
        within_hour_before: within(last.checked_sub(1), HOUR),
        within_day_before: within(last.checked_sub(1), DAY),
        classes: classes.collect(),
        z: z.into(),
        p: z.map(dist::normal_p).into(),
    }
}

/// Trend of conversion over classes within strata (Mantel 1963): Σ of the wins' classes over what is expected of them
/// with the stratum's margins, over its hypergeometric deviation.
fn trend_within(leads: &[(usize, usize, bool)], strata: usize) -> Result<f64, Undefined> {
    let (mut excess, mut variance) = (0.0, 0.0);
    for stratum in 0..strata {
        let (mut n, mut wins, mut sum, mut square, mut of_wins) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (_, class, won) in leads.iter().filter(|(place, ..)| *place == stratum) {
            let score = *class as f64;
            n += 1.0;
            sum += score;
            square += score * score;
            if *won {
                wins += 1.0;
                of_wins += score;
            }
        }
        if n < 2.0 {
            continue;
        }
        excess += of_wins - wins * sum / n;
        variance += wins * (n - wins) / (n * n * (n - 1.0)) * (n * square - sum * sum);
    }
    if variance > 0.0 { Ok(excess / f64::sqrt(variance)) } else { Err(Undefined::ZeroVariance) }
}

/// What sales said of the leads of the periods that it judged.
fn feedback(compared: &Compared, said: &FeedbackColumns) -> Feedback {
    let judged: Vec<(usize, bool)> = compared.in_periods().filter_map(|row| Some((row, said.accepted[row]?))).collect();
    let top = compared.brackets.len() - 1;
    let by_bracket = (0..=top).rev().map(|place| {
        let of = |yes: bool| {
            judged.iter().filter(|(row, said)| compared.bracket[*row] == place && *said == yes).count() as u64
        };
        let (accepted, rejected) = (of(true), of(false));
        FeedbackPart {
            label: compared.brackets[place].clone(),
            accepted,
            rejected,
            share: rate(Count::new(accepted as f64, (accepted + rejected) as f64)),
        }
    });
    let at_odds = |place: usize, yes: bool| {
        let rows = judged
            .iter()
            .filter(move |(row, said)| compared.bracket[*row] == place && *said == yes && compared.mature[*row]);
        let rows: Vec<usize> = rows.map(|(row, _)| *row).collect();
        let count = compared.count(rows.iter().copied());
        (count.n as u64, count.successes as u64)
    };
    let ((rejected_high, rejected_high_wins), (accepted_low, accepted_low_wins)) =
        (at_odds(top, false), at_odds(0, true));
    Feedback {
        by_bracket: by_bracket.collect(),
        reasons: said.reason.as_ref().map_or_else(Vec::new, |reason| {
            shares(judged.iter().filter(|(_, yes)| !yes).filter_map(|(row, _)| reason[*row].clone()).collect())
        }),
        rejected_high_wins,
        rejected_high,
        accepted_low_wins,
        accepted_low,
    }
}

/// Words by their share, the rare ones together.
fn shares(words: Vec<String>) -> Vec<LevelShare> {
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    let all = words.len() as f64;
    words.into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
    let mut found: Vec<(String, u64)> = counts.into_iter().collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.1));
    let named = found.iter().take(9).filter(|(_, count)| *count >= FEWEST).count();
    let other: u64 = found.split_off(named).iter().map(|(_, count)| count).sum();
    if other > 0 {
        found.push(("other".into(), other));
    }
    found.into_iter().map(|(level, count)| LevelShare { level, share: count as f64 / all }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_for_a_win_are_one_over_the_rate() {
        let rate = rate(Count::new(10.0, 100.0));
        let leads = inverse(&rate);
        assert_eq!(leads.point, Number::Value(10.0));
        assert!(leads.low.finite().unwrap() < 10.0 && leads.high.finite().unwrap() > 10.0);
        assert_eq!(inverse(&super::rate(Count::new(0.0, 50.0))).high, Number::Value(f64::INFINITY));
    }

    #[test]
    fn a_trend_within_strata_does_not_see_what_lies_between_them() {
        // Hot leads are touched sooner and convert more, but within each bracket the touch changes nothing.
        let mut leads = Vec::new();
        for (bracket, class, all, wins) in [(0, 0, 20, 2), (0, 2, 180, 18), (1, 0, 180, 54), (1, 2, 20, 6)] {
            (0..all).for_each(|lead| leads.push((bracket, class, lead < wins)));
        }
        assert!(trend_within(&leads, 2).unwrap().abs() < 1e-9);
        leads.iter_mut().for_each(|lead| lead.0 = 0);
        assert!(trend_within(&leads, 1).unwrap() < -3.0);
        assert_eq!(trend_within(&[], 1), Err(Undefined::ZeroVariance));
    }

    #[test]
    fn rare_reasons_are_told_together() {
        let words =
            [vec!["budget".to_string(); 30], vec!["timing".to_string(); 3], vec!["fit".to_string(); 4]].concat();
        let found = shares(words);
        assert_eq!(found.iter().map(|one| one.level.as_str()).collect::<Vec<_>>(), ["budget", "other"]);
    }
}
