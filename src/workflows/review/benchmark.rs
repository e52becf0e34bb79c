//! What to expect of leads, in plain terms.

use crate::experiment::{Experiment, FeedbackSpec};
use crate::pipeline::Played;
use crate::predicate::nearest;
use crate::result::review::{
    Benchmarks, Feedback, FeedbackPart, LevelShare, SegmentYield, TouchClass, TouchSpeed, Yield,
};
use crate::result::{Estimate, Number};
use crate::stats::proportion::Count;
use crate::stats::{Undefined, dist, quantile};
use crate::table::{Cell, Column};
use crate::time::{DAY, HOUR, Horizon, NEVER};

use super::ReviewError;
use super::gather::Gathered;
use crate::review::{Forecast, LATER, no_forecast, rate};
use crate::stats::random::Seed;

/// Parts with fewer leads are merged: a number of them may be a person's.
const FEWEST: u64 = 10;

pub(super) fn benchmarks(
    gathered: &Gathered,
    experiment: &Experiment,
    played: &Played,
) -> Result<Benchmarks, ReviewError> {
    let compared = &gathered.compared;
    let touches = touches(gathered, experiment, played)?;
    let forecast = Forecast::new(compared, Seed(experiment.file.seed));
    let in_period = |row: &usize| compared.period[*row] < compared.periods();
    let all: Vec<usize> =
        (0..compared.period.len()).filter(|row| in_period(row) || compared.period[*row] == LATER).collect();
    let part = |label: String, rows: Vec<usize>, stream: u64| {
        one(gathered, played, label, &rows, touches.as_deref(), (forecast.as_ref(), stream))
    };
    let by_bracket = (0..compared.brackets.len()).rev().map(|place| {
        let rows = all.iter().copied().filter(|&row| compared.bracket[row] == place).collect();
        part(compared.brackets[place].clone(), rows, 1 + place as u64)
    });
    let by_segment = compared.segments.iter().enumerate().map(|(number, segment)| SegmentYield {
        column: segment.name.clone(),
        parts: segment
            .split(&all)
            .into_iter()
            .enumerate()
            .map(|(place, (label, rows))| part(label, rows, (number as u64 + 1) * 1_000 + place as u64))
            .collect(),
    });
    let mature: Vec<usize> = all.iter().copied().filter(in_period).filter(|&row| compared.mature[row]).collect();
    Ok(Benchmarks {
        leads: mature.len() as u64,
        by_bracket: by_bracket.collect(),
        by_segment: by_segment.collect(),
        pipeline: forecast.as_ref().map_or_else(no_forecast, |forecast| forecast.of(compared, &all, 0)),
        touch: touch(gathered, played),
        days_to_win: days_to_win(gathered, played, &mature),
        feedback: match &experiment.file.review.feedback {
            Some(spec) => {
                let judged: Vec<usize> = all.iter().copied().filter(in_period).collect();
                Some(feedback(gathered, played, spec, &judged)?)
            }
            None => None,
        },
    })
}

fn one(
    gathered: &Gathered,
    played: &Played,
    label: String,
    rows: &[usize],
    touches: Option<&[u32]>,
    (forecast, stream): (Option<&Forecast>, u64),
) -> Yield {
    let compared = &gathered.compared;
    let mature: Vec<usize> =
        rows.iter().copied().filter(|&row| compared.mature[row] && compared.period[row] < compared.periods()).collect();
    let count = compared.count(mature.iter().copied());
    let last = compared.periods() - 1;
    let now: Vec<usize> = rows.iter().copied().filter(|&row| compared.period[row] == last).collect();
    let rate_now = rate(compared.count(now.iter().copied().filter(|&row| compared.mature[row])));
    let rate = rate(count);
    let values = &played.replayed.outcomes.value;
    let value: f64 = mature
        .iter()
        .filter(|&&row| compared.converted[row] && !values.is_empty())
        .map(|&row| values[gathered.rows[row]])
        .filter(|value| !value.is_nan())
        .sum();
    let pipeline = forecast.map_or_else(no_forecast, |forecast| forecast.of(compared, rows, stream));
    Yield {
        label,
        leads: count.n as u64,
        wins: count.successes as u64,
        leads_per_win: inverse(&rate),
        touches_per_win: match touches {
            None => Number::undefined("no kind of events is named as a touch"),
            Some(_) if count.successes == 0.0 => Undefined::NoEvents.into(),
            Some(touches) => (mature.iter().map(|&row| f64::from(touches[row])).sum::<f64>() / count.successes).into(),
        },
        value_per_lead: if values.is_empty() || count.n == 0.0 {
            Number::undefined("wins carry no value")
        } else {
            (value / count.n).into()
        },
        rate,
        now_leads: now.len() as u64,
        now_rate: rate_now,
        open: pipeline.open,
        expected: pipeline.expected,
    }
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

/// Touches by sales within each lead's horizon; nothing where none are named.
fn touches(gathered: &Gathered, experiment: &Experiment, played: &Played) -> Result<Option<Vec<u32>>, ReviewError> {
    let named = &experiment.file.review.touches;
    let Some(events) = played.history.events.as_ref().filter(|_| !named.is_empty()) else { return Ok(None) };
    let mut wanted = vec![false; events.kinds.len()];
    for kind in named {
        match events.kinds.iter().position(|known| known == kind) {
            Some(place) => wanted[place] = true,
            None => {
                let near = nearest(events.kinds.iter().map(String::as_str), kind);
                let near = near.map_or(String::new(), |near| format!(", did you mean `{near}`?"));
                return Err(ReviewError::NoKind { kind: kind.clone(), near });
            }
        }
    }
    let ids = &played.replayed.features.ids;
    let mut place = vec![usize::MAX; played.history.ids.len()];
    for (at, &row) in gathered.rows.iter().enumerate() {
        if let Some(lead) = played.history.ids.find(ids.get(row)) {
            place[lead] = at;
        }
    }
    let closes = |row: usize| match experiment.file.replay.horizon {
        Horizon::Within(span) => played.replayed.outcomes.as_of[row].saturating_add(span.micros()),
        Horizon::Ever => played.history.until,
    };
    let mut counts = vec![0u32; gathered.rows.len()];
    for chunk in &events.chunks {
        for ((&lead, &at), &kind) in chunk.lead.iter().zip(&chunk.at).zip(&chunk.kind) {
            let row = place[lead as usize];
            if wanted[kind as usize] && row != usize::MAX && at <= closes(gathered.rows[row]) {
                counts[row] += 1;
            }
        }
    }
    Ok(Some(counts))
}

/// A quarter, half and three quarters of the mature converters have won by these days after creation.
fn days_to_win(gathered: &Gathered, played: &Played, mature: &[usize]) -> [Number; 3] {
    let all = &played.replayed.outcomes.created_to_win_days;
    let mut days: Vec<f64> = mature
        .iter()
        .filter(|&&row| gathered.compared.converted[row])
        .filter_map(|&row| all.get(gathered.rows[row]).copied())
        .filter(|days| !days.is_nan())
        .collect();
    days.sort_unstable_by(f64::total_cmp);
    let none = if gathered.compared.timed() { Undefined::NoEvents } else { Undefined::NoTimes };
    [0.25, 0.5, 0.75].map(|q| quantile::of(&days, q).ok_or(none).into())
}

/// Names of the classes of first touches, and within how long each is.
const CLASSES: [(&str, i64); 4] =
    [("within an hour", HOUR), ("within a day", DAY), ("within three days", 3 * DAY), ("later", i64::MAX)];

fn touch(gathered: &Gathered, played: &Played) -> Option<TouchSpeed> {
    let (compared, outcomes) = (&gathered.compared, &played.replayed.outcomes);
    if outcomes.worked.is_empty() || outcomes.created.iter().all(|at| *at == NEVER) {
        return None;
    }
    let until = played.history.until;
    let after = |row: usize| {
        let (worked, created) = (outcomes.worked[gathered.rows[row]], outcomes.created[gathered.rows[row]]);
        (worked != NEVER && created != NEVER && worked <= until).then(|| worked - created)
    };
    // Who came less than so long before the export may be touched in time yet.
    let within = |period: Option<usize>, limit: i64| {
        let Some(period) = period else { return Estimate::undefined("no period before") };
        let rows: Vec<usize> = compared
            .rows(period)
            .into_iter()
            .filter(|&row| outcomes.created[gathered.rows[row]].saturating_add(limit) <= until)
            .collect();
        let touched = rows.iter().filter(|&&row| after(row).is_some_and(|delay| delay <= limit)).count();
        rate(Count::new(touched as f64, rows.len() as f64))
    };
    let last = compared.periods() - 1;
    let mature: Vec<usize> = (0..compared.period.len())
        .filter(|&row| compared.period[row] < compared.periods() && compared.mature[row])
        .collect();
    let class = |row: usize| match after(row) {
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
            rate: rate(count),
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
    Some(TouchSpeed {
        within_hour: within(Some(last), HOUR),
        within_day: within(Some(last), DAY),
        within_hour_before: within(last.checked_sub(1), HOUR),
        within_day_before: within(last.checked_sub(1), DAY),
        classes: classes.collect(),
        z: z.into(),
        p: z.map(dist::normal_p).into(),
    })
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

/// What sales said of the leads that it judged.
fn feedback(gathered: &Gathered, played: &Played, spec: &FeedbackSpec, all: &[usize]) -> Result<Feedback, ReviewError> {
    let verdicts = column(played, &spec.column)?;
    let reasons = spec.reason.as_ref().map(|name| column(played, name)).transpose()?;
    let compared = &gathered.compared;
    let ids = &played.replayed.features.ids;
    let lead = |row: usize| played.history.ids.find(ids.get(gathered.rows[row]));
    let word = |column: &Column, row: usize| lead(row).and_then(|lead| said(column, lead));
    let verdict = |row: usize| {
        let word = word(verdicts, row)?;
        let (yes, no) = (spec.accepted.contains(&word), spec.rejected.contains(&word));
        (yes || no).then_some(yes)
    };
    let judged: Vec<(usize, bool)> = all.iter().filter_map(|&row| Some((row, verdict(row)?))).collect();
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
    Ok(Feedback {
        by_bracket: by_bracket.collect(),
        reasons: reasons.map_or_else(Vec::new, |column| {
            let said = judged.iter().filter(|(_, yes)| !yes).filter_map(|(row, _)| word(column, *row));
            shares(said.collect())
        }),
        rejected_high_wins,
        rejected_high,
        accepted_low_wins,
        accepted_low,
    })
}

fn column<'a>(played: &'a Played, name: &str) -> Result<&'a Column, ReviewError> {
    let known = &played.history.attributes;
    let found = known.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.column);
    found.ok_or_else(|| {
        let near = nearest(known.iter().map(|attribute| attribute.name.as_str()), name);
        let near = near.map_or(String::new(), |near| format!(", did you mean `{near}`?"));
        ReviewError::NoColumn { column: name.into(), near }
    })
}

fn said(column: &Column, lead: usize) -> Option<String> {
    match column.cell(lead) {
        Cell::Text(text) => Some(text.to_string()),
        Cell::Flag(flag) => Some(flag.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Missing | Cell::Instant(_) => None,
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
