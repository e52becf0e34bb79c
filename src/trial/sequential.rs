use crate::result::Number;
use crate::result::trial::{Look, Sequential, StageLook};
use crate::stats::dist::{normal_p, normal_sf};
use crate::stats::sequential::{
    Bound, CalendarLook, Design, Entrants, Sides, Spending, Stage, logrank_at_looks, stagewise_p,
};
use crate::stats::survival::End;

use super::units::Units;
use super::{Monitoring, Test};

/// Beyond this a bound is as good as infinite.
const FARTHEST: f64 = 7.0;

/// The confidence of intervals at this look: they are as long as the bound is high (repeated confidence intervals,
/// Jennison & Turnbull 1989).
pub(super) fn confidence(test: &Test, sequential: Option<&Sequential>) -> f64 {
    let last = sequential.and_then(|sequential| sequential.stages.last());
    let critical = last.map(|stage| stage.critical.value().unwrap_or(f64::INFINITY).min(FARTHEST));
    critical.map_or(test.confidence, |critical| 1.0 - 2.0 * normal_sf(critical))
}

/// The looks taken so far and this one, with O'Brien and Fleming's spending (Lan & DeMets 1983) of the information
/// that each had.
pub(super) fn looks(test: &Test, units: &Units, before: &[Look]) -> Option<Sequential> {
    let Monitoring::Looks { at, conversions } = &test.monitoring else { return None };
    let (day, _) = test.as_of.as_ref()?;
    let mut found = Sequential {
        planned_information: planned_information(test, *conversions),
        alpha: test.alpha(),
        stages: Vec::new(),
        crossed: false,
        p: Number::undefined("no look yet"),
        refused: None,
        notes: Vec::new(),
    };
    if let Some(reason) = refusal(test, units) {
        found.refused = Some(reason.into());
        return Some(found);
    }
    let now = at_day(units, end_of_follow_up(units));
    let mut stages: Vec<StageLook> =
        before.iter().filter(|look| look.as_of < *day).map(|look| earlier(look, found.planned_information)).collect();
    stages.push(StageLook {
        as_of: day.clone(),
        planned: test.is_planned(day),
        leads: now.leads.round() as u64,
        conversions: now.events.round() as u64,
        information: now.information,
        fraction: now.information / found.planned_information,
        z: now.z.into(),
        critical: Number::undefined("not computed"),
        spent: 0.0,
    });
    let is_last = at.iter().max().is_some_and(|last| day >= last);
    bound(test, &mut stages, is_last);
    found.notes = costs(test, &stages, is_last);
    found.crossed = stages.iter().any(StageLook::is_crossed);
    found.p = stage_p(&stages);
    found.stages = stages;
    Some(found)
}

fn refusal(test: &Test, units: &Units) -> Option<&'static str> {
    if test.arms.len() != 2 {
        Some("planned looks are for two arms: test one challenger at a time, or read the test once")
    } else if !units.is_timed() || units.entry.is_none() {
        Some("planned looks need times of assignment and conversion")
    } else if units.is_assigned_by_cluster() {
        Some("the log-rank test does not know of clusters: read a test by representative once, at its end")
    } else {
        None
    }
}

/// The variance of the log-rank score with this many conversions at the arms' shares.
fn planned_information(test: &Test, conversions: f64) -> f64 {
    let weights = test.weights();
    let share = weights.last().copied().unwrap_or(1.0) / weights.iter().sum::<f64>();
    conversions * share * (1.0 - share)
}

/// The look's day, counted from the first assignment: after everybody's follow-up so far.
fn end_of_follow_up(units: &Units) -> f64 {
    let (Some(entry), Some((time, _))) = (&units.entry, &units.followed) else { return 0.0 };
    entry.iter().zip(time).map(|(entry, time)| entry + time).fold(0.0, f64::max) + 1e-6
}

fn at_day(units: &Units, day: f64) -> CalendarLook {
    let empty = (Vec::new(), Vec::new());
    let (time, end) = units.followed.as_ref().unwrap_or(&empty);
    let converted: Vec<bool> = end.iter().map(|end| *end == End::Converted).collect();
    let treated: Vec<bool> = units.arm.iter().map(|arm| *arm == 1).collect();
    let nobody = Vec::new();
    let entry = units.entry.as_ref().unwrap_or(&nobody);
    let entrants =
        Entrants { entry, followed: time, converted: &converted, treated: &treated, weight: units.weight.as_deref() };
    logrank_at_looks(&entrants, &[day])[0]
}

fn earlier(look: &Look, planned: f64) -> StageLook {
    let information = look.information.finite().unwrap_or(0.0);
    StageLook {
        as_of: look.as_of.clone(),
        planned: look.planned,
        leads: 0,
        conversions: 0,
        information,
        fraction: information / planned,
        z: look.z.clone(),
        critical: Number::undefined("not computed"),
        spent: 0.0,
    }
}

/// A look that has no information yet cannot stop and spends nothing.
fn bound(test: &Test, stages: &mut [StageLook], is_last: bool) {
    let informed: Vec<usize> = (0..stages.len()).filter(|&i| stages[i].fraction > 0.0).collect();
    let fractions: Vec<f64> = informed.iter().map(|&i| stages[i].fraction).collect();
    match bounds(test, &fractions, is_last) {
        Some(bounds) => {
            for (&i, bound) in informed.iter().zip(bounds) {
                (stages[i].critical, stages[i].spent) = (bound.critical.into(), bound.spent);
            }
        }
        None => informed.iter().for_each(|&i| stages[i].critical = Number::undefined("no information")),
    }
}

fn bounds(test: &Test, fractions: &[f64], is_last: bool) -> Option<Vec<Bound>> {
    let design = Design { spending: Spending::OBrienFleming, sides: Sides::Two, alpha: test.alpha() };
    design.bounds(fractions, if is_last { Stage::Final } else { Stage::Interim }).ok()
}

impl StageLook {
    fn is_crossed(&self) -> bool {
        match (self.z.finite(), self.critical.value()) {
            (Some(z), Some(critical)) => z.abs() >= critical,
            _ => false,
        }
    }
}

/// Ordered by stages, up to the first crossing.
fn stage_p(stages: &[StageLook]) -> Number {
    let known: Vec<&StageLook> =
        stages.iter().filter(|stage| stage.fraction > 0.0 && stage.z.finite().is_some()).collect();
    let stop = known.iter().position(|stage| stage.is_crossed()).unwrap_or(known.len().saturating_sub(1));
    let Some(last) = known.get(stop) else { return Number::undefined("no conversions yet") };
    let information: Vec<f64> = known[..=stop].iter().map(|stage| stage.fraction).collect();
    let critical: Vec<f64> =
        known[..stop].iter().map(|stage| stage.critical.value().unwrap_or(f64::INFINITY)).collect();
    stagewise_p(&information, &critical, last.z.finite().unwrap_or(0.0), Sides::Two).into()
}

/// What the looks that nobody planned cost: the bound that is left for the last look.
fn costs(test: &Test, stages: &[StageLook], is_last: bool) -> Vec<String> {
    let unplanned = stages.iter().filter(|stage| !stage.planned).count();
    if unplanned == 0 || is_last {
        return Vec::new();
    }
    let final_bound = |keep: &dyn Fn(&StageLook) -> bool| {
        let kept = stages.iter().filter(|stage| stage.fraction > 0.0 && stage.fraction < 1.0 && keep(stage));
        let fractions: Vec<f64> = kept.map(|stage| stage.fraction).chain([1.0]).collect();
        bounds(test, &fractions, true).and_then(|bounds| bounds.last().map(|bound| bound.critical))
    };
    match (final_bound(&|stage| stage.planned), final_bound(&|_| true)) {
        (Some(without), Some(with)) => vec![format!(
            "{unplanned} look{} not planned; each spends part of the error: the last look's bound is {with:.3} instead of {without:.3}",
            if unplanned == 1 { " was" } else { "s were" }
        )],
        _ => vec!["looks were not planned".into()],
    }
}

/// The chance that one of this many naive looks at equal steps finds something where there is nothing.
pub(super) fn naive_error(looks: usize, alpha: f64) -> Option<f64> {
    let z = -crate::stats::dist::normal_quantile(alpha / 2.0);
    let information: Vec<f64> = (1..=looks.min(60)).map(|look| look as f64).collect();
    if looks == 1 {
        return Some(normal_p(z));
    }
    stagewise_p(&information, &vec![z; information.len() - 1], z, Sides::Two).ok()
}
