//! Every model period by period, and what changed against the period before.

use crate::evaluation::{Profile, Scored};
use crate::experiment::Experiment;
use crate::pipeline::Played;
use crate::result::review::{Change, ChangeUnit, ModelPeriod, ModelTrend, Period};
use crate::result::{Bracket, Estimate, Number};
use crate::stats::multiplicity::holm;
use crate::stats::proportion::{self, Count};
use crate::stats::{Sample, Undefined, discrimination, quantile};

use super::gather::{Gathered, ends};
use crate::review::{LEVEL, likelihood, rate};

/// Why a model is not judged on some leads.
const LEARNED: &str = "it learned from these leads";

pub(super) fn periods(gathered: &Gathered, played: &Played) -> Vec<Period> {
    (0..gathered.compared.periods()).map(|period| one(gathered, played, period)).collect()
}

fn one(gathered: &Gathered, played: &Played, period: usize) -> Period {
    let compared = &gathered.compared;
    let (rows, mature) = (compared.rows(period), compared.mature(period));
    let outcomes = &played.replayed.outcomes;
    let count = compared.count(mature.iter().copied());
    let won = |row: &&usize| compared.converted[**row];
    let of = |row: &usize| gathered.rows[*row];
    let mut days: Vec<f64> = mature
        .iter()
        .filter(won)
        .filter_map(|row| outcomes.created_to_win_days.get(of(row)).copied())
        .filter(|days| !days.is_nan())
        .collect();
    days.sort_unstable_by(f64::total_cmp);
    let none = if compared.timed() { Undefined::NoEvents } else { Undefined::NoTimes };
    let value = || rows.iter().filter(won).map(|row| outcomes.value[of(row)]).filter(|value| !value.is_nan()).sum();
    let stretch = &gathered.stretches.all[period];
    let (from, to) = ends(stretch, &played.history.zone).unzip();
    Period {
        label: stretch.label.clone(),
        from,
        to,
        leads: rows.len() as u64,
        decided_before: gathered.decided[period],
        mature: mature.len() as u64,
        wins: count.successes as u64,
        wins_so_far: compared.count(rows.iter().copied()).successes as u64,
        rate: rate(count),
        value: (!outcomes.value.is_empty()).then(value),
        median_days: quantile::of(&days, 0.5).ok_or(none).into(),
        fingerprint: gathered.fingerprint(played, period),
    }
}

/// Whether a model of this kind learns from the training leads.
fn learns(model: &Scored) -> bool {
    matches!(model.kind.as_str(), "logistic" | "blend")
}

/// Every model through the periods. A model that learned is judged on other leads than those it learned from.
pub(super) fn models(gathered: &Gathered, experiment: &Experiment, played: &Played) -> Vec<ModelTrend> {
    let mut trends: Vec<ModelTrend> = gathered
        .scored
        .iter()
        .enumerate()
        .map(|(place, model)| ModelTrend {
            name: model.name.clone(),
            kind: model.kind.clone(),
            is_champion: place == gathered.champion,
            periods: Vec::new(),
        })
        .collect();
    for period in 0..gathered.compared.periods() {
        let rows = gathered.period(period);
        let unseen: Vec<usize> = rows.iter().copied().filter(|&row| !gathered.trained[row]).collect();
        let whole = gathered.profiles(experiment, played, period, &rows);
        let clean = if unseen.len() == rows.len() {
            whole.clone()
        } else {
            gathered.profiles(experiment, played, period, &unseen)
        };
        let learned = (rows.len() - unseen.len()) as u64;
        for (place, trend) in trends.iter_mut().enumerate() {
            let (profiles, learned) = if learns(&gathered.scored[place]) { (&clean, learned) } else { (&whole, 0) };
            let label = &gathered.compared.labels[period];
            let over = over_threshold(gathered, place, &rows);
            trend.periods.push(match profiles {
                Some(profiles) => told(&profiles[place], label, learned, over),
                None => untold(label, learned, over),
            });
        }
    }
    trends
}

/// Leads in the model's highest bracket.
fn over_threshold(gathered: &Gathered, place: usize, rows: &[usize]) -> u64 {
    let model = &gathered.scored[place];
    let Some(crate::evaluation::BracketRule::Edges { edges, .. }) = &model.brackets else { return 0 };
    let Some(top) = edges.last() else { return 0 };
    rows.iter().filter(|&&row| model.score[gathered.rows[row]] >= *top).count() as u64
}

fn told(profile: &Profile, label: &str, learned_from: u64, over_threshold: u64) -> ModelPeriod {
    let evaluation = &profile.evaluation;
    let lift = evaluation.top.iter().find(|top| top.share == 0.1).map(|top| top.lift_interval.clone());
    let days = evaluation.capacity.as_ref().map(|capacity| capacity.median_days.clone());
    ModelPeriod {
        label: label.into(),
        leads: evaluation.leads,
        wins: evaluation.wins,
        learned_from,
        auc: evaluation.ranking.auc.clone(),
        lift: lift.unwrap_or_else(|| Estimate::undefined(Undefined::Empty.to_string())),
        capture: profile.capture.clone(),
        wins_captured: profile.captured.into(),
        mean_predicted: evaluation.calibration.mean_predicted.clone(),
        observed: evaluation.calibration.observed.clone(),
        calibration: evaluation.calibration.intercept.clone(),
        brackets: evaluation.brackets.rows.clone(),
        over_threshold,
        median_days: days.unwrap_or_else(|| Number::undefined("no capacity is stated")),
    }
}

fn untold(label: &str, learned_from: u64, over_threshold: u64) -> ModelPeriod {
    let why = if learned_from > 0 { LEARNED } else { "no horizon is over yet" };
    let (none, nothing) = (|| Number::undefined(why), || Estimate::undefined(why));
    ModelPeriod {
        label: label.into(),
        leads: 0,
        wins: 0,
        learned_from,
        auc: nothing(),
        lift: nothing(),
        capture: nothing(),
        wins_captured: none(),
        mean_predicted: none(),
        observed: nothing(),
        calibration: nothing(),
        brackets: Vec::new(),
        over_threshold,
        median_days: none(),
    }
}

/// The reviewed period against the one before it: every model's AUC, and the champion's conversion by bracket and
/// calibration. Holm over all of them.
pub(super) fn changes(gathered: &Gathered, trends: &[ModelTrend]) -> Vec<Change> {
    let last = gathered.compared.periods() - 1;
    let Some(before) = last.checked_sub(1) else { return Vec::new() };
    let mut changes: Vec<Change> =
        trends.iter().enumerate().map(|(place, trend)| auc(gathered, place, trend, before, last)).collect();
    if let Some(trend) = trends.iter().find(|trend| trend.is_champion) {
        let (was, is) = (&trend.periods[before], &trend.periods[last]);
        for bracket in is.brackets.iter().rev() {
            if let Some(old) = was.brackets.iter().find(|old| old.label == bracket.label) {
                changes.push(conversion(&trend.name, old, bracket));
            }
        }
        changes.extend(calibration(&trend.name, &was.calibration, &is.calibration));
    }
    let p: Vec<f64> = changes.iter().map(|change| change.p.finite().unwrap_or(f64::NAN)).collect();
    let defined: Vec<f64> = p.iter().copied().filter(|p| !p.is_nan()).collect();
    let mut adjusted = holm(&defined).into_iter();
    for (change, p) in changes.iter_mut().zip(&p) {
        if !p.is_nan()
            && let Some(adjusted) = adjusted.next()
        {
            change.p_adjusted = adjusted.into();
        }
    }
    changes
}

fn auc(gathered: &Gathered, place: usize, trend: &ModelTrend, before: usize, last: usize) -> Change {
    let model = &gathered.scored[place];
    let tally = |period: usize| {
        let rows: Vec<usize> = gathered
            .compared
            .mature(period)
            .into_iter()
            .filter(|&row| !(learns(model) && gathered.trained[row]))
            .collect();
        let replayed: Vec<usize> = rows.iter().map(|&row| gathered.rows[row]).collect();
        let converted: Vec<bool> = rows.iter().map(|&row| gathered.compared.converted[row]).collect();
        Sample::new(&model.ranked(&replayed), &converted).tally()
    };
    let found = discrimination::delong_unpaired(&tally(before), &tally(last));
    Change {
        model: trend.name.clone(),
        what: "AUC".into(),
        unit: ChangeUnit::Plain,
        before: trend.periods[before].auc.clone(),
        now: trend.periods[last].auc.clone(),
        difference: Estimate::with(found.map(|found| found.difference), found.and_then(|found| found.interval(LEVEL))),
        p: found.and_then(|found| found.test()).map(|test| test.p).into(),
        p_adjusted: Number::undefined("not tested"),
    }
}

fn conversion(model: &str, was: &Bracket, is: &Bracket) -> Change {
    let count = |bracket: &Bracket| Count::new(bracket.wins as f64, bracket.leads as f64);
    let (before, now) = (count(was), count(is));
    Change {
        model: model.into(),
        what: format!("conversion, {}", is.label),
        unit: ChangeUnit::Share,
        before: was.rate.clone(),
        now: is.rate.clone(),
        difference: Estimate::with(
            proportion::difference(before, now),
            proportion::difference_interval(before, now, LEVEL),
        ),
        p: likelihood::same_rate(before, now).map(|tested| tested.p).into(),
        p_adjusted: Number::undefined("not tested"),
    }
}

/// Calibration in the large on the scale of log-odds, told apart by the standard errors of both.
fn calibration(model: &str, was: &Estimate, is: &Estimate) -> Option<Change> {
    let half = |estimate: &Estimate| estimate.interval().map(|interval| (interval.high - interval.low) / 2.0);
    let (before, now) = (was.point.finite()?, is.point.finite()?);
    let half = half(was)?.hypot(half(is)?);
    let z = (now - before) / half * crate::stats::dist::normal_critical(LEVEL);
    Some(Change {
        model: model.into(),
        what: "calibration, in log-odds beyond what was predicted".into(),
        unit: ChangeUnit::Plain,
        before: was.clone(),
        now: is.clone(),
        difference: Estimate::new(now - before, crate::stats::Interval::around(now - before, half)),
        p: crate::stats::dist::normal_p(z).into(),
        p_adjusted: Number::undefined("not tested"),
    })
}
