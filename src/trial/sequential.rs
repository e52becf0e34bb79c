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

/// The confidence of an arm's intervals at this look. Before the last one they are as long as the log-rank bound is high
/// (repeated confidence intervals, Jennison & Turnbull 1989); at the last one the error kept for the plateau is spent.
pub(super) fn confidence(test: &Test, sequential: Option<&Sequential>) -> f64 {
    let Some(sequential) = sequential else { return test.confidence };
    if test.is_last() {
        return 1.0 - sequential.plateau_alpha;
    }
    let last = sequential.stages.last();
    let critical = last.map(|stage| stage.critical.value().unwrap_or(f64::INFINITY).min(FARTHEST));
    critical.map_or(test.confidence, |critical| 1.0 - 2.0 * normal_sf(critical))
}

/// The looks taken so far and this one, every arm against the control, with O'Brien and Fleming's spending (Lan & DeMets
/// 1983) of the information that each had.
pub(super) fn looks(test: &Test, units: &Units, before: &[Look]) -> Vec<Sequential> {
    let (Monitoring::Looks { conversions, plateau, .. }, Some((day, _))) = (&test.monitoring, &test.as_of) else {
        return Vec::new();
    };
    (1..test.arms.len()).map(|arm| of_arm(test, units, before, arm, (day, *conversions, *plateau))).collect()
}

fn of_arm(
    test: &Test,
    units: &Units,
    before: &[Look],
    arm: usize,
    (day, conversions, plateau): (&str, f64, f64),
) -> Sequential {
    let name = &test.arms[arm].name;
    let mut found = Sequential {
        arm: name.clone(),
        planned_information: planned_information(test, arm, conversions),
        alpha: test.alpha_of_one() * (1.0 - plateau),
        plateau_alpha: test.alpha_of_one() * plateau,
        stages: Vec::new(),
        crossed: false,
        p: Number::undefined("no look yet"),
        refused: None,
        notes: Vec::new(),
    };
    if let Some(reason) = refusal(units) {
        found.refused = Some(reason.into());
        return found;
    }
    let now = at_day(units, arm, end_of_follow_up(units));
    let mut stages: Vec<StageLook> = before
        .iter()
        .filter(|look| look.as_of.as_str() < day)
        .map(|look| earlier(look, name, found.planned_information))
        .collect();
    stages.push(StageLook {
        as_of: day.into(),
        planned: test.is_planned(day),
        leads: now.leads.round() as u64,
        conversions: now.events.round() as u64,
        information: now.information,
        fraction: now.information / found.planned_information,
        z: now.z.into(),
        critical: Number::undefined("not computed"),
        spent: 0.0,
    });
    bound(found.alpha, &mut stages, test.last_planned());
    found.notes = costs(found.alpha, &stages, test.is_last());
    found.crossed = stages.iter().any(StageLook::is_crossed);
    found.p = stage_p(&stages);
    found.stages = stages;
    found
}

fn refusal(units: &Units) -> Option<&'static str> {
    if !units.is_timed() || units.entry.is_none() {
        Some("planned looks need times of assignment and conversion")
    } else if units.is_assigned_by_cluster() {
        Some("the log-rank test does not know of clusters: read a test by representative once, at its end")
    } else {
        None
    }
}

/// The variance of the log-rank score of the control and an arm, with this many conversions of all arms.
fn planned_information(test: &Test, arm: usize, conversions: f64) -> f64 {
    let weights = test.weights();
    let share = weights[arm] / (weights[0] + weights[arm]);
    conversions * test.share_of_pair(arm) * share * (1.0 - share)
}

/// The look's day, counted from the first assignment: after everybody's follow-up so far.
fn end_of_follow_up(units: &Units) -> f64 {
    let (Some(entry), Some((time, _))) = (&units.entry, &units.followed) else { return 0.0 };
    entry.iter().zip(time).map(|(entry, time)| entry + time).fold(0.0, f64::max) + 1e-6
}

/// The log-rank test of the control and one arm.
fn at_day(units: &Units, arm: usize, day: f64) -> CalendarLook {
    let rows: Vec<usize> = (0..units.len()).filter(|&row| units.arm[row] == 0 || units.arm[row] == arm).collect();
    let (Some(entry), Some((time, end))) = (&units.entry, &units.followed) else {
        return logrank_at_looks(&NOBODY, &[day])[0];
    };
    let of = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<f64>>();
    let (entry, time) = (of(entry), of(time));
    let converted: Vec<bool> = rows.iter().map(|&row| end[row] == End::Converted).collect();
    let treated: Vec<bool> = rows.iter().map(|&row| units.arm[row] == arm).collect();
    let weight = units.weight.as_ref().map(|weight| of(weight));
    let entrants = Entrants {
        entry: &entry,
        followed: &time,
        converted: &converted,
        treated: &treated,
        weight: weight.as_deref(),
    };
    logrank_at_looks(&entrants, &[day])[0]
}

const NOBODY: Entrants = Entrants { entry: &[], followed: &[], converted: &[], treated: &[], weight: None };

fn earlier(look: &Look, arm: &str, planned: f64) -> StageLook {
    let own = look.arms.iter().find(|own| own.arm == arm);
    let information = own.and_then(|own| own.information.finite()).unwrap_or(0.0);
    StageLook {
        as_of: look.as_of.clone(),
        planned: look.planned,
        leads: 0,
        conversions: 0,
        information,
        fraction: information / planned,
        z: own.map_or(Number::undefined("the look knew no such arm"), |own| own.z.clone()),
        critical: Number::undefined("not computed"),
        spent: 0.0,
    }
}

/// A look that has no information yet cannot stop and spends nothing. The first look on the last planned day or after it
/// spends what is left: later ones cannot stop any more.
fn bound(alpha: f64, stages: &mut [StageLook], last: Option<&str>) {
    let informed: Vec<usize> = (0..stages.len()).filter(|&i| stages[i].fraction > 0.0).collect();
    let is_final = |&i: &usize| last.is_some_and(|last| stages[i].as_of.as_str() >= last);
    let end = informed.iter().position(is_final);
    let open = &informed[..end.map_or(informed.len(), |end| end + 1)];
    let fractions: Vec<f64> = open.iter().map(|&i| stages[i].fraction).collect();
    match bounds(alpha, &fractions, end.is_some()) {
        Some(bounds) => {
            for (&i, bound) in informed.iter().zip(bounds) {
                (stages[i].critical, stages[i].spent) = (bound.critical.into(), bound.spent);
            }
        }
        None => informed.iter().for_each(|&i| stages[i].critical = Number::undefined("no information")),
    }
    for &i in &informed[open.len()..] {
        (stages[i].critical, stages[i].spent) = (f64::INFINITY.into(), alpha);
    }
}

fn bounds(alpha: f64, fractions: &[f64], is_last: bool) -> Option<Vec<Bound>> {
    let design = Design { spending: Spending::OBrienFleming, sides: Sides::Two, alpha };
    design.bounds(fractions, if is_last { Stage::Final } else { Stage::Interim }).ok()
}

impl StageLook {
    pub(super) fn is_crossed(&self) -> bool {
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
fn costs(alpha: f64, stages: &[StageLook], is_last: bool) -> Vec<String> {
    let unplanned: Vec<&str> = stages.iter().filter(|stage| !stage.planned).map(|stage| stage.as_of.as_str()).collect();
    if unplanned.is_empty() || is_last {
        return Vec::new();
    }
    let final_bound = |keep: &dyn Fn(&StageLook) -> bool| {
        let kept = stages.iter().filter(|stage| stage.fraction > 0.0 && stage.fraction < 1.0 && keep(stage));
        let fractions: Vec<f64> = kept.map(|stage| stage.fraction).chain([1.0]).collect();
        bounds(alpha, &fractions, true).and_then(|bounds| bounds.last().map(|bound| bound.critical))
    };
    let looks = match unplanned.as_slice() {
        [only] => format!("the look of {only} was not planned and spends part of the error"),
        many => format!("{} looks were not planned ({}) and spend part of the error", many.len(), many.join(", ")),
    };
    let cost = match (final_bound(&|stage| stage.planned), final_bound(&|_| true)) {
        (Some(without), Some(with)) if with - without < 5e-4 => {
            format!("so early that the last look's bound stays {without:.3}")
        }
        (Some(without), Some(with)) => format!("the last look's bound rises from {without:.3} to {with:.3}"),
        _ => "what is left for the last look cannot be told".into(),
    };
    vec![format!("{looks}: {cost}")]
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
