//! Every model period by period, and what changed against the period before.

use crate::evaluation::Profile;
use crate::metrics::{AUC, IN_THE_LARGE};
use crate::result::review::{Change, ChangeOf, ChangeUnit, Fingerprint, ModelPeriod, ModelTrend, Period};
use crate::result::{Bracket, Estimate, Number};
use crate::stats::multiplicity::holm;
use crate::stats::proportion::{self, Count};
use crate::stats::{Undefined, discrimination, quantile};

use super::leads::{Compared, ModelColumns};
use super::{LEVEL, conversion, likelihood};

/// Why a model is not judged on some leads.
const LEARNED: &str = "it learned from these leads";

/// The leads of a period, as far as the columns tell.
pub fn period(compared: &Compared, period: usize) -> Period {
    let (rows, mature) = (compared.rows(period), compared.mature(period));
    let count = compared.count(mature.iter().copied());
    let won = |row: &&usize| compared.converted[**row];
    let value =
        |values: &Vec<f64>| rows.iter().filter(won).map(|row| values[*row]).filter(|value| !value.is_nan()).sum();
    Period {
        label: compared.labels[period].clone(),
        from: None,
        to: None,
        covered: None,
        leads: rows.len() as u64,
        decided_before: 0,
        mature: mature.len() as u64,
        wins: count.successes as u64,
        wins_so_far: compared.count(rows.iter().copied()).successes as u64,
        rate: conversion(compared, &mature),
        value: compared.value.as_ref().map(value),
        median_days: days_to_win(compared, &mature, 0.5),
        fingerprint: Fingerprint::default(),
    }
}

/// Days from creation by which a share of the converters among some leads had won.
pub(super) fn days_to_win(compared: &Compared, rows: &[usize], share: f64) -> Number {
    let Some(all) = &compared.days_to_win else { return none(compared).into() };
    let won = rows.iter().filter(|&&row| compared.converted[row]).map(|&row| all[row]);
    let mut days: Vec<f64> = won.filter(|days| !days.is_nan()).collect();
    days.sort_unstable_by(f64::total_cmp);
    quantile::of(&days, share).ok_or(none(compared)).into()
}

fn none(compared: &Compared) -> Undefined {
    if compared.timed() { Undefined::NoEvents } else { Undefined::NoTimes }
}

/// Every model through the periods. A model that learned is judged on other leads than those it learned from;
/// `profiles` evaluates every model on some rows of a period, and has nothing where no horizon is over.
pub fn trends(compared: &Compared, profiles: impl Fn(usize, &[usize]) -> Option<Vec<Profile>>) -> Vec<ModelTrend> {
    let begun = |model: &ModelColumns| ModelTrend {
        name: model.name.clone(),
        kind: model.kind.clone(),
        is_champion: model.is_champion,
        periods: Vec::new(),
    };
    let mut trends: Vec<ModelTrend> = compared.models.iter().map(begun).collect();
    for period in 0..compared.periods() {
        let rows = compared.rows(period);
        let unseen: Vec<usize> = rows.iter().copied().filter(|&row| !compared.trained[row]).collect();
        let whole = profiles(period, &rows);
        let clean = if unseen.len() == rows.len() { whole.clone() } else { profiles(period, &unseen) };
        let learned = (rows.len() - unseen.len()) as u64;
        for (place, (model, trend)) in compared.models.iter().zip(&mut trends).enumerate() {
            let (profiles, learned) = if model.learns { (&clean, learned) } else { (&whole, 0) };
            let label = &compared.labels[period];
            let over = model.over_threshold(&rows);
            trend.periods.push(match profiles {
                Some(profiles) => told(&profiles[place], label, learned, over),
                None => untold(label, learned, over),
            });
        }
    }
    trends
}

impl ModelColumns {
    /// Leads in the model's highest bracket.
    fn over_threshold(&self, rows: &[usize]) -> u64 {
        let Some(top) = self.top else { return 0 };
        rows.iter().filter(|&&row| self.ranked[row] >= top).count() as u64
    }
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
        auc: evaluation.metric(AUC.id),
        lift: lift.unwrap_or_else(|| Estimate::undefined(Undefined::Empty.to_string())),
        capture: profile.capture.clone(),
        wins_captured: profile.captured.into(),
        mean_predicted: evaluation.calibration.mean_predicted.clone(),
        observed: evaluation.calibration.observed.clone(),
        calibration: evaluation.metric(IN_THE_LARGE.id),
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
pub fn changes(compared: &Compared, trends: &[ModelTrend]) -> Vec<Change> {
    let last = compared.reviewed();
    let Some(before) = last.checked_sub(1) else { return Vec::new() };
    let mut changes: Vec<Change> =
        compared.models.iter().zip(trends).map(|(model, trend)| auc(compared, model, trend, before, last)).collect();
    if let Some(trend) = trends.iter().find(|trend| trend.is_champion) {
        let (was, is) = (&trend.periods[before], &trend.periods[last]);
        let told = [before, last].map(|period| compared.told(&compared.mature(period)));
        for bracket in is.brackets.iter().rev() {
            if let Some(old) = was.brackets.iter().find(|old| old.label == bracket.label) {
                changes.push(of_bracket(&trend.name, (old, bracket), told));
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

fn auc(compared: &Compared, model: &ModelColumns, trend: &ModelTrend, before: usize, last: usize) -> Change {
    let area = |period: usize| {
        let rows = compared.mature(period).into_iter().filter(|&row| !(model.learns && compared.trained[row]));
        let rows: Vec<usize> = rows.collect();
        compared.area(&rows.iter().map(|&row| model.ranked[row]).collect::<Vec<f64>>(), &rows)
    };
    let found = area(before).and_then(|was| Ok(discrimination::apart(was, area(last)?)));
    Change {
        model: trend.name.clone(),
        what: ChangeOf::Metric { metric: AUC.id },
        unit: ChangeUnit::Plain,
        before: trend.periods[before].auc.clone(),
        now: trend.periods[last].auc.clone(),
        difference: Estimate::with(found.map(|found| found.difference), found.and_then(|found| found.interval(LEVEL))),
        p: found.and_then(|found| found.test()).map(|test| test.p).into(),
        p_adjusted: Number::undefined("not tested"),
    }
}

/// Conversion in a bracket, of whose leads parts tell as much by themselves.
fn of_bracket(model: &str, (was, is): (&Bracket, &Bracket), told: [f64; 2]) -> Change {
    let count = |bracket: &Bracket, told: f64| Count::new(told * bracket.wins as f64, told * bracket.leads as f64);
    let (before, now) = (count(was, told[0]), count(is, told[1]));
    Change {
        model: model.into(),
        what: ChangeOf::Conversion { bracket: is.label.clone() },
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
        what: ChangeOf::Metric { metric: IN_THE_LARGE.id },
        unit: ChangeUnit::Plain,
        before: was.clone(),
        now: is.clone(),
        difference: Estimate::new(now - before, crate::stats::Interval::around(now - before, half)),
        p: crate::stats::dist::normal_p(z).into(),
        p_adjusted: Number::undefined("not tested"),
    })
}
