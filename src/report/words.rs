//! The sentences. None claims more than its interval.

use crate::metrics::{self, CAPTURE, MetricId, Place, SLOPE};
use crate::result::{
    Bottom, Bracket, CapacitySetting, Comparison, Difference, Estimate, Evaluation, GateEvidence, GateOutcome,
    Inversion, ModelEvaluation, Number, SwapSet,
};

use super::document::{Span, Text, name, say};
use super::facts;
use super::text::{self, Unit};

/// "Leads of 2026-01-01 to 2026-06-15, scored 7 days after creation; a win counts within 90 days."
pub(super) fn setting(evaluation: &Evaluation) -> Text {
    let setting = &evaluation.setting;
    let mut words = format!("Leads of {}, scored {}", text::clean(&setting.evaluate), text::clean(&setting.as_of));
    words += &match setting.horizon_days {
        Some(days) => format!("; a win counts within {}", text::days(days)),
        None => "; a win counts whenever it came".to_owned(),
    };
    words += &match &setting.until {
        Some(until) => format!("; outcomes as known on {} ({})", text::clean(until), text::clean(&setting.timezone)),
        None => "; outcomes have no times".to_owned(),
    };
    if let Some(train) = &setting.train {
        let how = if setting.walk.is_empty() { "on leads of " } else { "" };
        words += &format!("; fitted {how}{}", text::clean(train));
    }
    Text::from(words + ".")
}

/// "214 mature wins among 2,400 leads; the smallest difference in AUC they could show is 0.04."
pub(super) fn readiness(evaluation: &Evaluation) -> Text {
    let readiness = &evaluation.readiness;
    let wins = text::plural(readiness.wins, "mature win");
    let rate = text::estimate(&readiness.rate, Unit::Share);
    let mut words = format!("{wins} among {}: {rate}. ", text::plural(readiness.leads, "lead"));
    if let Some(comparison) = deciding(evaluation)
        && let Some(least) = comparison.gain.detectable.finite()
    {
        let (least, per) = (text::rough(least, Unit::Plain), facts::per(comparison.gain.per));
        words += "The smallest difference between ";
        return say![
            words,
            name(&comparison.challenger),
            " and ",
            name(&comparison.champion),
            format!(" that they would show in four evaluations out of five is {least} winners {per}.")
        ];
    }
    words += &match (readiness.detectable_auc.finite(), readiness.detectable_capture.finite()) {
        (Some(auc), capture) => {
            let capture = capture.map(|capture| {
                let points = text::rough(capture, Unit::Share).replace(" %", "");
                format!("; in the share of wins found in the top 10 % it is {points} percentage points")
            });
            let auc = text::rough(auc, Unit::Plain);
            format!("The smallest difference in AUC they could show is {auc}{}.", capture.unwrap_or_default())
        }
        (None, _) => match &readiness.detectable_auc {
            Number::Undefined(reason) => {
                format!("They could show no difference between models ({}).", text::clean(reason))
            }
            Number::Value(_) => "They could show no difference between models.".to_owned(),
        },
    };
    words.into()
}

/// The share of wins captured at capacity; without one, in the top 10 %.
pub(super) fn captured(model: &ModelEvaluation) -> Option<Estimate> {
    if model.capacity.is_some() {
        return Some(model.metric(CAPTURE.id));
    }
    let top = model.top(0.1)?;
    // The wins are the same for every model: the interval of the lift is that of the capture on another scale.
    let scaled = |number: &Number| match number {
        Number::Value(lift) => Number::from((lift * top.share).min(1.0)),
        undefined => undefined.clone(),
    };
    let lift = &top.lift_interval;
    Some(Estimate { point: top.capture.expected.clone(), low: scaled(&lift.low), high: scaled(&lift.high) })
}

/// The comparison that the verdict speaks of.
pub(super) fn deciding(evaluation: &Evaluation) -> Option<&Comparison> {
    let verdict = &evaluation.verdict;
    let named = verdict.challenger.as_ref().or(verdict.model.as_ref())?;
    evaluation.comparisons.iter().find(|comparison| &comparison.challenger == named)
}

/// "0.031 (95 %: 0.011 to 0.051)".
pub(super) fn with_level(estimate: &Estimate, unit: Unit) -> String {
    match text::parts(estimate, unit) {
        (point, Some(interval)) if estimate.interval().is_some() => format!("{point} (95 %: {interval})"),
        (point, Some(reason)) => format!("{point} ({reason})"),
        (point, None) => point,
    }
}

/// "1,200 more mature leads, by about 2027-01-31".
pub(super) fn until_settled(gate: &GateEvidence) -> String {
    match (&gate.more_leads, &gate.by) {
        _ if gate.outcome != GateOutcome::Open => "–".into(),
        (Number::Value(more), _) if *more <= 0.0 => "enough leads for a difference of the gate's size".into(),
        (Number::Value(_), _) if gate.days.finite().is_some_and(|days| days > FAR) => {
            let margin = gate.settles.map_or_else(String::new, |margin| {
                format!(
                    " (these leads bear a margin of about {}, not the one asked for)",
                    text::rough(margin, Unit::Plain)
                )
            });
            format!("not at this rate: it would take more than two years{margin}")
        }
        (Number::Value(more), by) => {
            let by =
                by.as_ref().map_or(String::new(), |by| format!(", by about {} at the present rate", text::clean(by)));
            format!("about {} more mature leads{by}", text::rough(*more, Unit::Plain))
        }
        (Number::Undefined(reason), _) => format!("not known: {}", text::clean(reason)),
    }
}

/// Two years: nobody waits longer for an answer.
pub(super) const FAR: f64 = 730.5;

/// "Not working the lowest 20 % by current (814 leads) would lose 14 of the 351 wins: 3.99 % (2.39 to 6.58)."
pub(super) fn lost(evaluation: &Evaluation, bottom: &Bottom) -> Text {
    let share = text::round_share(bottom.share);
    let leads = text::quantity(bottom.leads, Unit::Count);
    let wins = text::number(&bottom.wins.expected, Unit::Count);
    let of = text::plural(evaluation.readiness.wins, "win");
    let part = text::estimate(&bottom.share_of_wins, Unit::Share);
    let quarter = bottom
        .wins_per_quarter
        .finite()
        .map_or_else(String::new, |wins| format!(", {} a quarter", text::quantity(wins, Unit::Count)));
    let money = |amount: f64| text::with_currency(&text::quantity(amount, Unit::Money), currency(evaluation));
    let value = bottom.value.map_or_else(String::new, |value| format!(", worth {}", money(value)));
    let cost = bottom.cost.map_or_else(String::new, |cost| format!("; working all of them costs {}", money(cost)));
    let worked = match bottom.worked.as_ref().and_then(Number::finite) {
        Some(worked) if worked < 0.95 => format!(
            " Sales worked {} of them; what the others would have won if worked, this does not say.",
            text::quantity(worked, Unit::Share)
        ),
        _ => String::new(),
    };
    say![
        format!("Not working the lowest {share} of the leads by "),
        name(&bottom.model),
        format!(" ({leads}) would lose {wins} of the {of}: {part}{quarter}{value}{cost}.{worked}")
    ]
}

pub(super) fn currency(evaluation: &Evaluation) -> Option<&str> {
    evaluation.setting.currency.as_deref()
}

/// "120 leads a week".
pub(super) fn capacity(setting: &CapacitySetting) -> String {
    let leads = text::quantity(setting.leads, Unit::Count);
    let leads = if setting.estimated { format!("about {leads}") } else { leads };
    let period = match setting.per_days {
        1.0 => "a day".to_owned(),
        7.0 => "a week".to_owned(),
        days => format!("every {}", text::days(days)),
    };
    format!("{leads} leads {period}")
}

/// The unit in which a metric's difference is written.
pub(super) fn difference_unit(metric: MetricId) -> Unit {
    match metric.metric().unit {
        metrics::Unit::Share => Unit::Points,
        metrics::Unit::Money => Unit::Money,
        metrics::Unit::Count => Unit::CountDifference,
        _ => Unit::Difference,
    }
}

/// The unit of one metric's own values.
pub(super) fn metric_unit(metric: MetricId) -> Unit {
    match metric.metric().unit {
        metrics::Unit::Plain => Unit::Plain,
        metrics::Unit::Ratio => Unit::Ratio,
        metrics::Unit::Signed => Unit::Difference,
        metrics::Unit::Share => Unit::Share,
        metrics::Unit::Count => Unit::Count,
        metrics::Unit::Money => Unit::Money,
    }
}

/// The unit of a metric's values beside their difference: a ratio has as many digits as it.
pub(super) fn compared_unit(metric: MetricId) -> Unit {
    match metric_unit(metric) {
        Unit::Ratio => Unit::Plain,
        unit => unit,
    }
}

/// The differences that reports tell.
pub(super) fn told(comparison: &Comparison) -> impl Iterator<Item = &Difference> {
    let is_told = |one: &&Difference| one.metric.metric().shown(|place| place == Place::Comparison).is_some();
    comparison.differences.iter().filter(is_told)
}

pub(super) fn reading(difference: &Difference) -> &'static str {
    match difference.simultaneous.interval() {
        Some(interval) if interval.low > 0.0 => {
            if difference.metric.metric().is_higher_better() {
                "better"
            } else {
                "worse"
            }
        }
        Some(interval) if interval.high < 0.0 => {
            if difference.metric.metric().is_higher_better() {
                "worse"
            } else {
                "better"
            }
        }
        Some(_) => "no clear difference",
        None => "not known",
    }
}

/// "140 leads swap in and convert at 18.1 % (…), 140 swap out and convert at 7.0 % (…)."
pub(super) fn swap(swap: &SwapSet) -> Text {
    let rule = text::clean(&facts::hand_over(&swap.hand_over));
    let leads = |n: f64| format!("{} lead{}", text::quantity(n, Unit::Count), if n == 1.0 { "" } else { "s" });
    if swap.challenger_only.leads == 0.0 && swap.champion_only.leads == 0.0 {
        return text::capitalised(&format!("{rule}, both hand over the same {}.", leads(swap.both.leads))).into();
    }
    let rate = |estimate: &Estimate| match estimate.point {
        Number::Value(_) => format!("convert at {}", text::estimate(estimate, Unit::Share)),
        Number::Undefined(ref reason) => format!("have no rate ({})", text::clean(reason)),
    };
    let (into, out) = (&swap.challenger_only, &swap.champion_only);
    let words = format!(
        "{rule}, {} swap in and {}; {} swap out and {}. {} would be handed over either way.",
        leads(into.leads),
        rate(&into.rate),
        leads(out.leads),
        rate(&out.rate),
        text::capitalised(&leads(swap.both.leads)),
    );
    text::capitalised(&words).into()
}

/// "Medium converts better than High: 42.5 % (…) against 29.8 % (…)."
pub(super) fn inversion(inversion: &Inversion, brackets: &[Bracket]) -> Text {
    let rate = |label: &str| {
        let found = brackets.iter().find(|bracket| bracket.label == label);
        found.map_or_else(|| "an unknown rate".to_owned(), |bracket| text::estimate(&bracket.rate, Unit::Share))
    };
    let (lower, higher) = (text::clipped(&inversion.lower, 40), text::clipped(&inversion.higher, 40));
    let rates = format!("{} against {}", rate(&inversion.lower), rate(&inversion.higher));
    if inversion.difference.interval().is_some_and(|interval| interval.high < 0.0) {
        let p = p_words(&inversion.p);
        return say![
            Span::Strong(format!("{lower} converts better than {higher}")),
            format!(": {rates}; {p}. Move the boundary or re-weigh the criteria ("),
            name("leadoff audit"),
            ")."
        ];
    }
    let difference = text::parts(&inversion.difference, Unit::Points).1.unwrap_or_default();
    format!("{lower} converted better than {higher}: {rates}. That may be chance: the difference is {difference} percentage points.").into()
}

/// "p = 0.0321", "p < 0.0001".
pub(super) fn p_words(p: &Number) -> String {
    let written = text::number(p, Unit::P);
    if written.starts_with('<') { format!("p {written}") } else { format!("p = {written}") }
}

/// Whether conversion rises with the bracket.
pub(super) fn trend(model: &ModelEvaluation) -> Text {
    let brackets = &model.brackets;
    match (brackets.trend_z.value(), brackets.trend_p.value()) {
        (Some(z), Some(p)) => {
            let claim = match (p < 0.05, z > 0.0) {
                (true, true) => "Over all brackets, conversion rises with the score",
                (true, false) => {
                    "Over all brackets, conversion falls as the score rises: this score points the wrong way"
                }
                (false, _) => "Over all brackets, no trend of conversion with the score is shown",
            };
            format!("{claim} ({}).", p_words(&brackets.trend_p)).into()
        }
        _ => format!("Trend over the brackets: {}.", text::number(&brackets.trend_p, Unit::P)).into(),
    }
}

/// What the calibration slope and intercept say, as far as their intervals go.
pub(super) fn calibration(model: &ModelEvaluation) -> Vec<Text> {
    let calibration = &model.calibration;
    let mut out = Vec::new();
    if let Number::Value(predicted) = calibration.mean_predicted {
        let predicted = text::quantity(predicted, Unit::Share);
        let observed = text::estimate(&calibration.observed, Unit::Share);
        out.push(format!("It predicts {predicted} on average; {observed} happened.").into());
    }
    let slope = model.metric(SLOPE.id);
    if let Some(interval) = slope.interval() {
        let slope = with_level(&slope, Unit::Ratio).replace(" (", ", ");
        let words = if interval.high < 1.0 {
            format!(
                "Its predictions are too extreme (slope {slope}: high scores promise too much and low ones too little."
            )
        } else if interval.low > 1.0 {
            format!(
                "Its predictions are too timid (slope {slope}: high scores promise too little and low ones too much."
            )
        } else {
            format!("No sign that its predictions are too extreme or too timid (slope {slope}.")
        };
        out.push(words.into());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::result::CapacitySetting;

    fn of(point: f64, low: f64, high: f64) -> Estimate {
        Estimate { point: point.into(), low: low.into(), high: high.into() }
    }

    #[test]
    fn readiness_comes_with_the_smallest_difference_to_be_seen() {
        assert_eq!(
            readiness(&fixture::promoted()).plain(),
            "212 mature wins among 2,400 leads: 8.83 % (7.76 to 10.04). The smallest difference between reweighted and \
             current that they would show in four evaluations out of five is 7.4 winners a quarter."
        );
    }

    #[test]
    fn leads_that_change_hands_convert_at_a_rate_with_its_interval() {
        let evaluation = fixture::promoted();
        assert_eq!(
            swap(&evaluation.comparisons[0].swap).plain(),
            "At 20 leads a week, 140 leads swap in and convert at 16.4 % (11.2 to 23.4); 140 leads swap out and convert \
             at 7.14 % (3.93 to 12.65). 320 leads would be handed over either way."
        );
    }

    #[test]
    fn models_that_hand_over_the_same_leads_swap_nobody() {
        let mut set = fixture::promoted().comparisons[0].swap.clone();
        (set.challenger_only.leads, set.champion_only.leads) = (0.0, 0.0);
        assert_eq!(swap(&set).plain(), "At 20 leads a week, both hand over the same 320 leads.");
    }

    #[test]
    fn an_inversion_is_a_fact_only_beyond_chance() {
        let model = fixture::promoted().models[0].clone();
        let (rows, mut one) = (&model.brackets.rows, model.brackets.inversions[0].clone());
        assert_eq!(
            inversion(&one, rows).plain(),
            "Warm converts better than Hot: 32.0 % (27.9 to 36.3) against 20.7 % (15.3 to 27.4); p = 0.0071. Move the \
             boundary or re-weigh the criteria (leadoff audit)."
        );
        one.difference = of(-0.11, -0.23, 0.01);
        assert!(inversion(&one, rows).plain().contains("That may be chance"));
    }

    #[test]
    fn capacity_reads_as_people_say_it() {
        let words = |leads, per_days| capacity(&CapacitySetting { leads, per_days, estimated: false });
        assert_eq!(words(120.0, 7.0), "120 leads a week");
        assert_eq!(words(20.0, 1.0), "20 leads a day");
        assert_eq!(words(500.0, 30.0), "500 leads every 30 days");
    }
}
