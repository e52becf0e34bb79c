use crate::result::trial::{Advice, Call, Contrast, Foretold, Line, Look, Trial, TrialVerdict, WorthCall};
use crate::result::{Estimate, Number};

use crate::stats::Interval;

use super::sequential::naive_error;
use super::units::Units;
use super::{Monitoring, Prediction, Test};

pub(super) fn nothing() -> TrialVerdict {
    TrialVerdict {
        best: None,
        call: Call::NotJudged,
        headline: String::new(),
        reasons: Vec::new(),
        advice: None,
        next: Vec::new(),
        foretold: Vec::new(),
    }
}

/// Calls every arm and the test.
pub(super) fn decide(test: &Test, units: &Units, before: &[Look], trial: &mut Trial) {
    let mut verdict = nothing();
    let refusals = refusals(test, before, trial);
    if refusals.is_empty() {
        let half = units.half_is_mature();
        let calls: Vec<Call> = (0..trial.contrasts.len()).map(|place| call(test, trial, place, half)).collect();
        trial.contrasts.iter_mut().zip(calls).for_each(|(contrast, call)| contrast.call = call);
    }
    let best = best(trial);
    verdict.call = match (&best, trial.contrasts.as_slice()) {
        (Some(best), _) => best.call,
        (None, [only]) => only.call,
        (None, _) if refusals.is_empty() => Call::NoDifferenceShown,
        _ => Call::NotJudged,
    };
    verdict.headline = headline(trial, best, &refusals);
    verdict.best = best.map(|best| best.arm.clone());
    verdict.reasons = reasons(test, before, trial, &refusals);
    verdict.advice = Some(if refusals.is_empty() { advice(test, trial) } else { after_refusal(test, trial) });
    verdict.foretold = test.foretold.iter().filter_map(|prediction| foretold(prediction, trial)).collect();
    trial.verdict = verdict;
}

fn refusals(test: &Test, before: &[Look], trial: &Trial) -> Vec<String> {
    let mut refusals = trial.soundness.refusals.clone();
    refusals.extend(trial.sequential.iter().find_map(|sequential| sequential.refused.clone()));
    refusals.extend(anytime_refusal(test, trial));
    if let (Some(last), Some((day, _))) = (test.last_planned(), &test.as_of)
        && let Some(taken) = before.iter().find(|look| look.as_of.as_str() >= last && look.as_of < *day)
    {
        refusals.push(format!(
            "the last planned look was taken on {} and nothing is left to spend: what it said stands (\u{201c}{}\u{201d})",
            taken.as_of, taken.result
        ));
    }
    if let (Monitoring::Fixed { at: Some(at) }, Some((day, _))) = (&test.monitoring, &test.as_of)
        && day < at
    {
        let taken = before.iter().filter(|look| look.as_of < *day).count() + 1;
        refusals.push(format!(
            "the test was to be read once, on {at}: a verdict before that day would be one of several tries{}",
            error_of(taken + 1, test)
        ));
    }
    refusals
}

fn error_of(looks: usize, test: &Test) -> String {
    let error = naive_error(looks, test.alpha()).map(|error| {
        format!(" ({looks} naive looks find something in {:.0} % of tests where there is nothing)", 100.0 * error)
    });
    error.unwrap_or_default()
}

/// A test that may be read at any time needs days, and leads that are independent.
fn anytime_refusal(test: &Test, trial: &Trial) -> Option<String> {
    let is_missing = matches!(test.monitoring, Monitoring::Anytime { .. }) && trial.anytime.is_none();
    is_missing.then(|| {
        "a test that may be read at any time needs days of assignment, and units that are assigned one by one: read this one once".into()
    })
}

/// What a contrast says, more apart from sooner; nothing where it says neither.
struct Found {
    more: Option<bool>,
    sooner: Option<bool>,
    /// Different so far, by the log-rank test.
    ahead: Option<bool>,
}

fn call(test: &Test, trial: &Trial, place: usize, half_is_mature: bool) -> Call {
    let contrast = &trial.contrasts[place];
    let Found { more, sooner, ahead } = match &test.monitoring {
        Monitoring::Fixed { .. } => read_once(test, contrast),
        Monitoring::Looks { .. } => read_at_looks(test, trial, place, half_is_mature),
        Monitoring::Anytime { .. } => Found {
            more: trial.anytime.as_ref().and_then(|anytime| direction(&anytime.arms.get(place)?.difference)),
            sooner: None,
            ahead: None,
        },
    };
    match (more, sooner, ahead) {
        (Some(true), ..) => Call::More,
        (Some(false), ..) => Call::Fewer,
        (None, Some(true), _) => Call::SoonerNotMore,
        (None, Some(false), _) => Call::LaterNotFewer,
        (None, None, Some(true)) => Call::Ahead,
        (None, None, Some(false)) => Call::Behind,
        (None, None, None) if contrast.primary.difference.point.finite().is_none() => match test.is_last() {
            true => Call::NotJudged,
            // An interim look before the horizon has passed: the log-rank test spoke, and found nothing.
            false => Call::NoDifferenceShown,
        },
        (None, None, None) => Call::NoDifferenceShown,
    }
}

fn read_once(test: &Test, contrast: &Contrast) -> Found {
    let more = direction(&contrast.primary.difference).filter(|_| is_below(&contrast.primary.p_holm, test.alpha()));
    let sooner = contrast.speed.as_ref().filter(|line| is_below(&line.p, test.alpha())).and_then(speed_direction);
    Found { more: more.or_else(|| permuted(test, contrast)), sooner, ahead: None }
}

/// A crossing of the log-rank bounds says *different*. *More* rests on conversion by the horizon alone: at the last look
/// with the error kept for it, before that once the bounds are crossed and half of the units are mature.
fn read_at_looks(test: &Test, trial: &Trial, place: usize, half_is_mature: bool) -> Found {
    let contrast = &trial.contrasts[place];
    let crossing = trial.sequential.get(place).and_then(|own| own.stages.iter().find(|stage| stage.is_crossed()));
    let ahead = crossing.and_then(|stage| stage.z.finite()).map(|z| z > 0.0);
    let is_told = test.is_last() || (ahead.is_some() && half_is_mature);
    let speed = contrast.speed.as_ref().and_then(|line| direction(&line.difference)).map(|slower| !slower);
    Found {
        more: direction(&contrast.primary.difference).filter(|_| is_told),
        sooner: speed.filter(|_| is_told && speed == ahead),
        ahead,
    }
}

/// Fewer days to conversion is sooner.
fn speed_direction(line: &Line) -> Option<bool> {
    line.difference.point.finite().map(|days| days < 0.0)
}

/// A permutation test has no interval, but a direction.
fn permuted(test: &Test, contrast: &Contrast) -> Option<bool> {
    let primary = &contrast.primary;
    let decided = primary.difference.interval().is_none() && is_below(&primary.p_holm, test.alpha());
    primary.difference.point.finite().filter(|point| decided && *point != 0.0).map(|point| point > 0.0)
}

fn is_below(p: &Number, alpha: f64) -> bool {
    p.finite().is_some_and(|p| p <= alpha)
}

/// Which side of zero the whole interval lies on.
pub(super) fn direction(difference: &Estimate) -> Option<bool> {
    let interval = difference.interval()?;
    if interval.low > 0.0 {
        Some(true)
    } else if interval.high < 0.0 {
        Some(false)
    } else {
        None
    }
}

/// The arm with the largest difference among those that bring most.
fn best(trial: &Trial) -> Option<&Contrast> {
    let gain = |contrast: &Contrast| contrast.primary.difference.point.finite().unwrap_or(f64::NEG_INFINITY);
    let rank = |call: Call| match call {
        Call::More => 3,
        Call::SoonerNotMore => 2,
        Call::Ahead => 1,
        _ => 0,
    };
    let called = trial.contrasts.iter().filter(|contrast| contrast.call.is_gain());
    called.max_by(|a, b| rank(a.call).cmp(&rank(b.call)).then(gain(a).total_cmp(&gain(b))))
}

fn headline(trial: &Trial, best: Option<&Contrast>, refusals: &[String]) -> String {
    if let Some(first) = refusals.first() {
        let short = first.split_once(": ").map_or(first.as_str(), |(short, _)| short);
        let short = short.split_once("; ").map_or(short, |(short, _)| short);
        return format!("No verdict: {}", short.split_once(" (").map_or(short, |(short, _)| short));
    }
    let control = &trial.setting.control;
    let say = |contrast: &Contrast| {
        let arm = &contrast.arm;
        match contrast.call {
            Call::More => format!("`{arm}` converts more leads than `{control}`"),
            Call::SoonerNotMore => {
                format!("`{arm}` converts leads sooner than `{control}`, but not shown to convert more")
            }
            Call::Fewer => format!("`{arm}` converts fewer leads than `{control}`"),
            Call::LaterNotFewer => {
                format!("`{arm}` converts leads later than `{control}`, but not shown to convert fewer")
            }
            Call::Ahead => {
                format!("`{arm}` is ahead of `{control}` so far: more conversions or only sooner ones is open")
            }
            Call::Behind => {
                format!("`{arm}` is behind `{control}` so far: fewer conversions or only later ones is open")
            }
            Call::NoDifferenceShown => format!("No difference between `{arm}` and `{control}` is shown"),
            Call::NotJudged => format!("`{arm}` cannot be judged"),
        }
    };
    match (best, trial.contrasts.as_slice()) {
        (Some(best), _) => say(best),
        (None, [only]) => say(only),
        (None, _) => format!("No arm is shown to convert more than `{control}`"),
    }
}

fn reasons(test: &Test, before: &[Look], trial: &Trial, refusals: &[String]) -> Vec<String> {
    // What is unsound is told with the soundness.
    let is_told = |refusal: &&String| trial.soundness.refusals.contains(refusal);
    let mut reasons: Vec<String> = refusals.iter().filter(|refusal| !is_told(refusal)).cloned().collect();
    reasons.extend(trial.contrasts.iter().filter_map(|contrast| within_margin(test, contrast)));
    if refusals.is_empty() {
        reasons.extend(trial.contrasts.iter().filter_map(not_judged));
    }
    let arms = trial.sequential.len();
    reasons.extend(trial.sequential.iter().flat_map(|own| {
        own.notes.iter().map(move |note| if arms > 1 { format!("`{}`: {note}", own.arm) } else { note.clone() })
    }));
    let failed = trial.contrasts.iter().flat_map(|contrast| {
        contrast.guardrails.iter().filter(|guard| guard.holds != Some(true)).map(move |guard| (contrast, guard))
    });
    reasons.extend(failed.map(|(contrast, guard)| {
        format!(
            "guardrail `{}` is not shown to hold for `{}`: its interval reaches beyond the margin of {}",
            guard.name, contrast.arm, guard.margin
        )
    }));
    let days = before.iter().map(|look| look.as_of.as_str()).chain(test.as_of.iter().map(|(day, _)| day.as_str()));
    let days: std::collections::BTreeSet<&str> = days.collect();
    if days.len() > 1 && matches!(test.monitoring, Monitoring::Fixed { .. }) && refusals.is_empty() {
        reasons.push(format!(
            "this is look number {} at a test that promised one{}",
            days.len(),
            error_of(days.len(), test)
        ));
    }
    reasons
}

/// Why an arm cannot be judged.
fn not_judged(contrast: &Contrast) -> Option<String> {
    match (&contrast.primary.p, contrast.call) {
        (Number::Undefined(reason), Call::NotJudged) => Some(format!("`{}` cannot be judged: {reason}", contrast.arm)),
        _ => None,
    }
}

/// Of an arm that converts sooner: whether the difference of conversion lies within what would not matter.
fn within_margin(test: &Test, contrast: &Contrast) -> Option<String> {
    if !matches!(contrast.call, Call::SoonerNotMore | Call::LaterNotFewer) {
        return None;
    }
    let interval = contrast.primary.difference.interval()?;
    let (low, high) = (100.0 * interval.low, 100.0 * interval.high);
    Some(match test.margin {
        Some(margin) if interval.low > -margin && interval.high < margin => format!(
            "the difference in conversion of `{}` lies within {:.2} points, the margin that was stated beforehand: \
             the same customers, at another time",
            contrast.arm,
            100.0 * margin
        ),
        Some(margin) => format!(
            "that `{}` converts as many is not shown: {low:+.2} to {high:+.2} points are possible, the stated margin is \
             {:.2}",
            contrast.arm,
            100.0 * margin
        ),
        None => {
            format!("differences in conversion of `{}` from {low:+.2} to {high:+.2} points stay possible", contrast.arm)
        }
    })
}

fn advice(test: &Test, trial: &Trial) -> Advice {
    let waits = match (&test.monitoring, &test.as_of) {
        (Monitoring::Looks { at, .. }, Some((day, _))) => at.iter().filter(|at| *at > day).min(),
        _ => None,
    };
    let worth = |contrast: &Contrast| contrast.worth.as_ref().map(|worth| worth.call);
    match (best(trial), waits) {
        (Some(best), _) if best.call == Call::More => after_more(trial, best),
        _ if trial.contrasts.iter().all(|contrast| contrast.call == Call::Fewer) => {
            match trial.contrasts.iter().any(|contrast| worth(contrast) == Some(WorthCall::More)) {
                true => Advice::WeighValue,
                false => Advice::KeepControl,
            }
        }
        (_, Some(day)) => Advice::GoOn(day.clone()),
        (Some(best), None) if best.call == Call::SoonerNotMore => Advice::WeighSpeed,
        (Some(_), None) => Advice::KeepWhileOpen,
        (None, None) => Advice::KeepOrEnlarge,
    }
}

/// All units go to an arm that converts more only where no guardrail and no value speaks against it.
fn after_more(trial: &Trial, best: &Contrast) -> Advice {
    let converting = trial.contrasts.iter().filter(|contrast| contrast.call == Call::More);
    let open = converting.flat_map(|contrast| &contrast.guardrails).find(|guard| guard.holds != Some(true));
    match (open, best.worth.as_ref().map(|worth| worth.call)) {
        (Some(guard), _) => Advice::SettleGuardrail(guard.name.clone()),
        (None, None | Some(WorthCall::More)) => Advice::RollOut,
        (None, Some(_)) => Advice::NotOnConversionsAlone,
    }
}

/// What to do where no verdict is given.
fn after_refusal(test: &Test, trial: &Trial) -> Advice {
    match &test.monitoring {
        _ if !trial.soundness.refusals.is_empty() => Advice::MendTest,
        Monitoring::Fixed { at: Some(at) } => Advice::WaitUntil(at.clone()),
        Monitoring::Looks { .. } if trial.sequential.iter().all(|own| own.refused.is_none()) => Advice::HeedLastLook,
        _ => Advice::ReadOnce,
    }
}

/// A prediction beside what came, where the test has its arm.
fn foretold(prediction: &Prediction, trial: &Trial) -> Option<Foretold> {
    let contrast = trial.contrasts.iter().find(|contrast| contrast.arm == prediction.arm)?;
    let observed = contrast.primary.difference.clone();
    let predicted = match prediction.limits {
        Some(limits) => Estimate::new(prediction.difference, limits),
        None => Estimate {
            point: prediction.difference.into(),
            low: Number::undefined("stated without limits"),
            high: Number::undefined("stated without limits"),
        },
    };
    let gap = match (observed.point.finite(), observed.interval()) {
        (Some(point), Some(seen)) => {
            let gap = point - prediction.difference;
            let (down, up) = prediction
                .limits
                .map_or((0.0, 0.0), |limits| (prediction.difference - limits.low, limits.high - prediction.difference));
            // Both are uncertain: squared and added, Zou & Donner (2008).
            Estimate::new(gap, Interval::new(gap - (point - seen.low).hypot(up), gap + (seen.high - point).hypot(down)))
        }
        _ => Estimate::undefined("nothing is observed with an interval"),
    };
    Some(Foretold { arm: prediction.arm.clone(), replay: prediction.replay.clone(), predicted, observed, gap })
}
