//! The words for the facts of a result: rules, kinds, gates and reasons.

use crate::metrics::{CAPTURE, MetricId};
use crate::result::{
    CurveMethod, CutOn, CutRule, Effort, Estimate, GateAsked, GateFound, GateMargin, HandOver, NoCurves, ParadoxKind,
    Per, ProbabilityMap, Reading, Reason, ThresholdAim, TraitOf,
};

use super::screening;
use super::text::{self, Unit};

/// "at 120 leads a week", "in the top 10 %".
pub fn hand_over(hand_over: &HandOver) -> String {
    match hand_over {
        HandOver::Top { share } => format!("in the top {}", percent(*share)),
        HandOver::Capacity { leads, per_days } => format!("at {leads} leads {}", every(*per_days)),
        HandOver::Written { text } => text.clone(),
    }
}

fn every(days: f64) -> String {
    match days {
        1.0 => "a day".into(),
        7.0 => "a week".into(),
        days => format!("every {days} days"),
    }
}

/// A metric, with who is handed over where it is the share of wins captured.
pub(super) fn metric(metric: MetricId, at: &HandOver) -> String {
    let label = metric.metric().label;
    if metric == CAPTURE.id { format!("{label} {}", hand_over(at)) } else { label.into() }
}

pub(super) fn cut_rule(rule: &CutRule) -> String {
    let on = |on: &CutOn| match on {
        CutOn::TrainingWindow => "cut on the training window",
        CutOn::EvaluatedLeads => "cut on the evaluated leads",
        CutOn::EachFit => "cut for each period on the leads that its models learn from",
    };
    match rule {
        CutRule::Fixed => "fixed scores".into(),
        CutRule::EqualVolume { brackets, on: whose } => format!("{brackets} brackets of equal volume, {}", on(whose)),
        CutRule::Like { model, on: whose } => {
            format!("equal in volume to the brackets of `{model}`, {}", on(whose))
        }
        CutRule::Written { text } => text.clone(),
    }
}

pub(super) fn probability_map(map: &ProbabilityMap) -> String {
    match map {
        ProbabilityMap::AsGiven => "probabilities as given".into(),
        ProbabilityMap::Platt { leads } => format!("Platt's logistic map, fitted on {leads} training leads"),
        ProbabilityMap::Isotonic { steps, leads } => {
            format!("isotonic steps ({steps}), fitted on {leads} training leads")
        }
        ProbabilityMap::Refitted { fits } => format!("a map fitted anew for each of {fits} periods"),
        ProbabilityMap::None { reason } => format!("no map to probabilities: {reason}"),
        ProbabilityMap::Written { text } => text.clone(),
    }
}

pub(super) fn threshold_aim(aim: &ThresholdAim) -> String {
    match aim {
        ThresholdAim::PerWeek { leads } => {
            format!("at most {} leads a week, on average", (leads * 10.0).round() / 10.0)
        }
        ThresholdAim::Precision { share } => {
            format!("the lowest at which {} of those handed over convert", percent(*share))
        }
        ThresholdAim::Worth { cost, value } => format!("worth the most at {cost} a lead and {value} a win"),
        ThresholdAim::Written { text } => text.clone(),
    }
}

pub(super) fn paradox(kind: &ParadoxKind) -> &str {
    match kind {
        ParadoxKind::Reversed => "reversed when pooled (Simpson's paradox)",
        ParadoxKind::Attenuated => "attenuated when pooled",
        ParadoxKind::OwedToTheColumn => "owed to the column when pooled",
        ParadoxKind::Written { text } => text,
    }
}

pub(super) fn trait_of(of: &TraitOf) -> String {
    match of {
        TraitOf::Criterion { model } => format!("criterion of `{model}`"),
        TraitOf::Column { name } => name.clone(),
    }
}

pub(super) fn reading(reading: Reading) -> &'static str {
    match reading {
        Reading::Better => "better",
        Reading::Worse => "worse",
    }
}

pub(super) fn curve_method(method: &CurveMethod) -> &str {
    match method {
        CurveMethod::KaplanMeier => "Kaplan-Meier",
        CurveMethod::CumulativeIncidence => "cumulative incidence, losses competing",
        CurveMethod::Written { text } => text,
    }
}

pub(super) fn no_curves(reason: &NoCurves) -> &str {
    match reason {
        NoCurves::NoTimes => "outcomes have no times: it is known whether a lead converted, not when",
        NoCurves::Written { text } => text,
    }
}

/// What a gate asks.
pub fn gate(asked: &GateAsked) -> String {
    match asked {
        GateAsked::Written { text } => text.clone(),
        GateAsked::Metric { metric: own, hand_over, margin } => {
            let label = match hand_over {
                Some(at) => metric(*own, at),
                None => own.metric().label.into(),
            };
            let margin = match margin {
                GateMargin::AtLeast(least) if *least > 0.0 => format!("better by at least {least}"),
                GateMargin::AtLeast(_) => "better".into(),
                GateMargin::NotWorseBy(most) => format!("not worse by more than {most}"),
            };
            format!("{label}: {margin}")
        }
        GateAsked::Segments { column, not_worse_by } => {
            format!("AUC within every {column}: not worse by more than {not_worse_by}")
        }
        GateAsked::Quarters { hand_over: at, better, of } => {
            format!("more wins handed over {} in {better} of the last {of} quarters", hand_over(at))
        }
    }
}

/// What the evidence answers it.
pub(super) fn found(found: &GateFound) -> String {
    let gain = |side: &str, gain: f64, confidence: f64| {
        format!("the gain is {side} {}, with {} confidence over all challengers", signed(gain), percent(confidence))
    };
    match found {
        GateFound::Written { text } => text.clone(),
        GateFound::NoFigure => "one of the models has no such figure".into(),
        GateFound::AtLeast { gain: low, confidence } => gain("at least", *low, *confidence),
        GateFound::AtMost { gain: high, confidence } => gain("at most", *high, *confidence),
        GateFound::Segments { worst: None, enough, .. } => format!("no segment has {enough} wins and {enough} others"),
        GateFound::Segments { worst: Some(worst), small, enough } => {
            let beside = match small {
                0 => String::new(),
                small => format!("; {small} with fewer than {enough} wins or others are not judged"),
            };
            format!("the widest loss that is possible is in `{}`: {}{beside}", worst.label, signed(worst.low))
        }
        GateFound::Quarters { judged: 0, .. } => "no quarter can be judged".into(),
        GateFound::Quarters { better, judged } => format!("better in {better} of the {judged} quarters there are"),
    }
}

/// What a verdict rests on beside its numbers.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Written { text } => text.clone(),
        Reason::Forbidden { what } => format!("no conclusion can be drawn: {what}"),
        Reason::ChampionSuspended { model, on } => {
            let evidence: Vec<String> = on.iter().map(screening::evidence).collect();
            format!(
                "how good `{model}` is nobody knows: {}; so it is neither kept nor tied with anything on this evidence",
                evidence.join("; ")
            )
        }
        Reason::UpsideDown { model, auc } => format!(
            "`{model}` is upside down: of a buyer and a non-buyer it ranks the buyer first only {}; does a low score mean a good lead? Then turn it round",
            times_in_a_hundred(auc)
        ),
        Reason::NoBetterThanChance { model, auc } => format!(
            "`{model}` is no better than chance here: of a buyer and a non-buyer it ranks the buyer first {}",
            times_in_a_hundred(auc)
        ),
        Reason::NoFullPeriod { hand_over: rule } => {
            format!(
                "no period lies in the window in full with all its outcomes known, so nothing can be said {}",
                hand_over(rule)
            )
        }
        Reason::CapacityAboveLeads { hand_over: rule, largest } => format!(
            "{} sales could work every lead of every period (the largest has {}): every score hands over the same leads",
            hand_over(rule),
            text::count(*largest)
        ),
        Reason::FewAccounts { accounts, largest } => format!(
            "the leads are of {} accounts, the largest with {} of them: too few, or too uneven, to say how sure anything is",
            text::count(*accounts),
            text::quantity(*largest, Unit::Share)
        ),
        Reason::Cheapest { model, best, best_effort, price, per, .. } => format!(
            "`{best}` would take {} to find {} more winners {} than `{model}` does: too few to be worth it",
            effort(*best_effort),
            text::number(&price.point, Unit::Count),
            self::per(*per),
        ),
        Reason::NoChampion => "no champion is named: models are compared with the best of them".into(),
        Reason::Gate { outcome, asked, found: answer } => {
            format!("gate {}: {} ({})", outcome.in_words(), gate(asked), found(answer))
        }
        Reason::Harms { challenger, column, label, auc, leads } => format!(
            "`{challenger}` captures more wins over all leads, but ranks those whose {column} is `{label}` worse than the champion does (AUC {auc:+.3}, {leads} leads)"
        ),
        Reason::Sweep { challenger, ahead, behind } => sweep(challenger, ahead, behind),
    }
}

/// "69 times in 100 (66 to 72)".
pub(super) fn times_in_a_hundred(auc: &Estimate) -> String {
    let times = text::estimate(&auc.scaled(100.0), Unit::Count);
    match times.split_once(" (") {
        Some((times, range)) => format!("{times} times in 100 ({range}"),
        None => format!("{times} times in 100"),
    }
}

/// "a quarter".
pub(super) fn per(per: Per) -> &'static str {
    match per {
        Per::Quarter => "a quarter",
        Per::ThousandLeads => "in 1,000 leads",
    }
}

/// "4 edits", "55 weights that the CRM cannot compute".
pub(super) fn effort(effort: Effort) -> String {
    if effort.in_crm {
        text::plural(effort.edits, "edit")
    } else {
        format!("{} that the CRM cannot compute", text::plural(effort.edits, "weight"))
    }
}

/// Where the choice turns with the number of leads that sales can work.
fn sweep(challenger: &str, ahead: &[f64], behind: &[f64]) -> String {
    let turns = "no capacity is stated, and the best guess turns with it";
    let stays = "no capacity is stated, and the best guess does not turn with it";
    match (ahead, behind) {
        (ahead, []) => format!("{stays}: `{challenger}` is ahead in the top {} alike", shares(ahead)),
        ([], behind) => format!("{stays}: `{challenger}` is behind in the top {} alike", shares(behind)),
        (ahead, behind) => format!(
            "{turns}: `{challenger}` is ahead in the top {}, behind in the top {}",
            shares(ahead),
            shares(behind)
        ),
    }
}

/// "1, 5, 10 %".
fn shares(shares: &[f64]) -> String {
    let hundredths = shares.iter().map(|share| ((share * 1e4).round() / 100.0).to_string());
    format!("{} %", hundredths.collect::<Vec<_>>().join(", "))
}

/// A figure as it is printed: with a true minus.
fn signed(value: f64) -> String {
    format!("{value:.4}").replace('-', "−")
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 100.0)
}
