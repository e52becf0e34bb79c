use crate::result::trial::{Call, Contrast, Foretold, Line, Look, Trial, TrialVerdict};
use crate::result::{Estimate, Number};

use super::sequential::naive_error;
use super::{Monitoring, Test};

pub(super) fn nothing() -> TrialVerdict {
    TrialVerdict {
        best: None,
        call: Call::NotJudged,
        headline: String::new(),
        reasons: Vec::new(),
        next: Vec::new(),
        foretold: None,
    }
}

/// Calls every arm and the test.
pub(super) fn decide(test: &Test, before: &[Look], trial: &mut Trial) {
    let mut verdict = nothing();
    let refusals = refusals(test, before, trial);
    if refusals.is_empty() {
        let calls: Vec<Call> = trial.contrasts.iter().map(|contrast| call(test, trial, contrast)).collect();
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
    verdict.best = best.filter(|best| best.call.is_gain()).map(|best| best.arm.clone());
    verdict.reasons = reasons(test, before, trial, refusals.clone());
    verdict.next = next(test, trial, &refusals);
    verdict.foretold =
        test.foretold.zip(trial.contrasts.first()).map(|(difference, contrast)| foretold(difference, contrast));
    trial.verdict = verdict;
}

fn refusals(test: &Test, before: &[Look], trial: &Trial) -> Vec<String> {
    let mut refusals = trial.soundness.refusals.clone();
    refusals.extend(trial.sequential.as_ref().and_then(|sequential| sequential.refused.clone()));
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

fn call(test: &Test, trial: &Trial, contrast: &Contrast) -> Call {
    let more = direction(&contrast.primary.difference).filter(|_| is_below(&contrast.primary.p_holm, test.alpha()));
    let sooner = contrast.speed.as_ref().filter(|line| is_below(&line.p, test.alpha())).and_then(speed_direction);
    let (more, sooner) = match &test.monitoring {
        Monitoring::Fixed { .. } => (more.or_else(|| permuted(test, contrast)), sooner),
        Monitoring::Looks { .. } => match &trial.sequential {
            Some(sequential) if sequential.crossed => {
                let z = sequential.stages.iter().rev().find_map(|stage| stage.z.finite()).unwrap_or(0.0);
                (direction(&contrast.primary.difference), Some(z > 0.0))
            }
            _ => (None, None),
        },
        Monitoring::Anytime { .. } => {
            let difference = trial.anytime.as_ref().map(|anytime| &anytime.difference);
            (difference.and_then(direction), None)
        }
    };
    if contrast.primary.difference.point.finite().is_none() && sooner.is_none() {
        return Call::NotJudged;
    }
    match (more, sooner) {
        (Some(true), _) => Call::More,
        (Some(false), _) => Call::Fewer,
        (None, Some(true)) => Call::SoonerNotMore,
        (None, Some(false)) => Call::LaterNotFewer,
        (None, None) => Call::NoDifferenceShown,
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
fn direction(difference: &Estimate) -> Option<bool> {
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
        Call::More => 2,
        Call::SoonerNotMore => 1,
        _ => 0,
    };
    let called = trial.contrasts.iter().filter(|contrast| contrast.call.is_gain());
    called.max_by(|a, b| rank(a.call).cmp(&rank(b.call)).then(gain(a).total_cmp(&gain(b))))
}

fn headline(trial: &Trial, best: Option<&Contrast>, refusals: &[String]) -> String {
    if let Some(first) = refusals.first() {
        return format!("No verdict: {first}");
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

fn reasons(test: &Test, before: &[Look], trial: &Trial, refusals: Vec<String>) -> Vec<String> {
    let mut reasons: Vec<String> = refusals.into_iter().skip(1).collect();
    reasons.extend(trial.sequential.iter().flat_map(|sequential| sequential.notes.iter().cloned()));
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
    if days.len() > 1 && matches!(test.monitoring, Monitoring::Fixed { .. }) {
        reasons.push(format!(
            "this is look number {} at a test that promised one{}",
            days.len(),
            error_of(days.len(), test)
        ));
    }
    reasons
}

fn next(test: &Test, trial: &Trial, refusals: &[String]) -> Vec<String> {
    if !refusals.is_empty() {
        return vec!["Mend what forbids the verdict; the figures below are shown for that and decide nothing.".into()];
    }
    let gain = trial.contrasts.iter().any(|contrast| contrast.call.is_gain());
    let harm = trial.contrasts.iter().all(|contrast| matches!(contrast.call, Call::Fewer));
    let waits = match (&test.monitoring, &test.as_of) {
        (Monitoring::Looks { at, .. }, Some((day, _))) => at.iter().filter(|at| *at > day).min(),
        _ => None,
    };
    vec![match (gain, harm, waits) {
        (true, ..) => "Give the better arm all leads, and keep a holdout of some percent to see that it lasts.".into(),
        (_, true, _) => format!("Keep `{}`.", trial.setting.control),
        (_, _, Some(day)) => format!("Go on; the next planned look is on {day}."),
        _ => format!(
            "Keep `{}`, or plan a larger test with `leadoff ab plan`: the interval says which differences are still possible.",
            trial.setting.control
        ),
    }]
}

fn foretold(difference: f64, contrast: &Contrast) -> Foretold {
    let observed = contrast.primary.difference.clone();
    let inside = observed.interval().map(|interval| interval.contains(difference));
    Foretold { difference, observed, inside }
}
