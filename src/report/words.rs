//! The sentences. None claims more than its interval.

use crate::metrics::{self, AUC, CAPTURE, MetricId, Place, SLOPE};
use crate::result::{
    Bottom, Bracket, CapacitySetting, Comparison, Decision, Difference, Estimate, Evaluation, Fact, GateEvidence,
    GateOutcome, Inversion, Level, ModelEvaluation, Notice, Number, Reason, SwapSet,
};

use super::document::{Answer, Span, Text, Tone, name, names, say};
use super::text::{self, Unit};
use super::{facts, notices};

pub(super) fn answer(evaluation: &Evaluation) -> Answer {
    let banners = evaluation.notices.iter().filter(|notice| notice.level == Level::Banner);
    let banners: Vec<Text> = banners.map(|notice| Text::whole(&notices::sentence(&notice.fact))).collect();
    let against = against(evaluation);
    Answer {
        tone: match evaluation.verdict.decision {
            _ if !banners.is_empty() => Tone::Undecided,
            Decision::Promote => Tone::Change,
            Decision::Keep => Tone::Keep,
            Decision::NotEnoughEvidence => Tone::Undecided,
        },
        headline: headline(evaluation).from_section(against.as_str()),
        line: line(evaluation),
        readiness: readiness(evaluation).from_section("ledger"),
        banners: banners.into_iter().map(|banner| banner.from_section("notices")).collect(),
        doubts: doubts(&evaluation.notices),
        reasons: reasons(evaluation),
        next: next(evaluation),
    }
}

/// What was found in the files and may change the answer: no more than a first screen holds.
pub(super) fn doubts(notices: &[Notice]) -> Vec<Text> {
    const MOST: usize = 5;
    let forbids = notices.iter().filter(|notice| notice.level == Level::Banner).count();
    let doubts = notices.iter().filter(|notice| {
        notice.level == Level::Warning
            && matches!(
                notice.fact,
                Fact::SevereFinding { .. } | Fact::Open(_) | Fact::UnknownEventsOf { .. } | Fact::DeclaredByYou { .. }
            )
    });
    let shown = doubts.take(MOST.saturating_sub(forbids).max(1));
    shown.map(|notice| Text::whole(&notices::sentence(&notice.fact)).from_section("notices")).collect()
}

/// Why nothing can be concluded from the data, whatever the figures.
fn forbidden(evaluation: &Evaluation) -> Option<&str> {
    evaluation.verdict.reasons.iter().find_map(|reason| match reason {
        Reason::Forbidden { what } => Some(what.as_str()),
        _ => None,
    })
}

/// The section that the verdict rests on.
fn against(evaluation: &Evaluation) -> String {
    deciding(evaluation)
        .map_or_else(|| "models".to_owned(), |comparison| format!("against-{}", text::slug(&comparison.challenger)))
}

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
        words += &format!("; fitted on leads of {}", text::clean(train));
    }
    Text::from(words + ".")
}

/// "214 mature wins among 2,400 leads; the smallest difference in AUC they could show is 0.04."
pub(super) fn readiness(evaluation: &Evaluation) -> Text {
    let readiness = &evaluation.readiness;
    let wins = text::plural(readiness.wins, "mature win");
    let rate = text::estimate(&readiness.rate, Unit::Share);
    let mut words = format!("{wins} among {}: {rate}. ", text::plural(readiness.leads, "lead"));
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

fn headline(evaluation: &Evaluation) -> Text {
    if let Some(why) = forbidden(evaluation) {
        return Text::whole(&format!("No conclusion can be drawn from these data: {why}."));
    }
    let verdict = &evaluation.verdict;
    let comparison = deciding(evaluation);
    match (verdict.decision, evaluation.setting.champion.as_ref()) {
        (Decision::Promote, Some(champion)) => {
            let to = verdict.model.as_ref().or(verdict.challenger.as_ref());
            let start = match to {
                Some(to) => say!["Use ", name(to), " instead of ", name(champion)],
                None => say!["Replace ", name(champion)],
            };
            start.then(clause(": ", gain(evaluation, comparison, None)))
        }
        (Decision::Keep, Some(champion)) => {
            let what = match (comparison, &verdict.challenger) {
                (Some(_), Some(challenger)) => gain(evaluation, comparison, Some(challenger)),
                _ if evaluation.comparisons.is_empty() => Some("no challenger was evaluated".into()),
                _ => Some("no challenger is shown to be better".into()),
            };
            say!["Keep ", name(champion)].then(clause(": ", what))
        }
        (Decision::NotEnoughEvidence, Some(champion)) if champion_is_suspended(evaluation) => say![
            "Not enough evidence to replace ",
            name(champion),
            ": nobody knows how good it is, for it reads what the sale itself seems to have written."
        ],
        (Decision::NotEnoughEvidence, Some(champion)) => {
            let start = say!["Not enough evidence to replace ", name(champion), "."];
            let start = match gain(evaluation, comparison, verdict.challenger.as_ref()) {
                Some(gain) => start.then(" Best guess: ".into()).then(gain).then(".".into()),
                None => start,
            };
            match barred(evaluation) {
                Some(barred) => start.then(say![" But ", name(&barred.name), " cannot be promoted on this evidence."]),
                None => start,
            }
        }
        (_, None) => without_champion(evaluation),
    }
}

fn clause(joint: &str, words: Option<Text>) -> Text {
    words.map_or_else(|| ".".into(), |words| say![joint].then(words).then(".".into()))
}

fn without_champion(evaluation: &Evaluation) -> Text {
    let verdict = &evaluation.verdict;
    let Some(best) = &verdict.model else { return "No model can be named.".into() };
    let figure = |before: &str, after: &str| {
        best_figure(evaluation).map_or_else(String::new, |figure| format!("{before}{figure}{after}"))
    };
    if verdict.tied.len() > 1 {
        let all = verdict.tied.len() == evaluation.models.len();
        let models = if all { "the models" } else { "the best models" };
        let start = format!("The data cannot tell {models} apart: ");
        let guess = say![". Best guess: ", name(best), figure(", ", ""), "."];
        return say![start].then(names(&verdict.tied)).then(" are tied".into()).then(guess);
    }
    match verdict.decision {
        Decision::NotEnoughEvidence => {
            say!["Not enough evidence to choose a model. Best guess: ", name(best), figure(", ", ""), "."]
        }
        _ if evaluation.models.len() == 1 => say!["One model was evaluated: ", name(best), figure(", ", ""), "."],
        _ => say!["Use ", name(best), ": no other model captures as many wins", figure(" (", ")"), "."],
    }
}

/// "41.3 % (95 %: 35.0 to 47.8) of the wins captured at 20 leads a week" of the model to use; without it, its AUC.
fn best_figure(evaluation: &Evaluation) -> Option<String> {
    let best = evaluation.verdict.model.as_ref()?;
    let model = evaluation.models.iter().find(|model| &model.name == best)?;
    let captured = captured(model).filter(|captured| captured.interval().is_some());
    Some(match (captured, &evaluation.setting.capacity) {
        (Some(captured), Some(setting)) => {
            format!("{} of the wins captured at {}", with_level(&captured, Unit::Share), capacity(setting))
        }
        _ => format!("AUC {}", with_level(&model.metric(AUC.id), Unit::Plain)),
    })
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

/// The challenger that the verdict speaks of, where it cannot be promoted whatever its numbers.
fn barred(evaluation: &Evaluation) -> Option<&ModelEvaluation> {
    let named = evaluation.verdict.challenger.as_ref()?;
    evaluation.models.iter().find(|model| &model.name == named && model.not_promotable.is_some())
}

/// Whether the champion seems to know the outcome: a comparison with it rules nothing out.
fn champion_is_suspended(evaluation: &Evaluation) -> bool {
    let champion = evaluation.models.iter().find(|model| Some(&model.name) == evaluation.setting.champion.as_ref());
    let because = champion.and_then(|model| model.not_promotable.as_ref());
    because.is_some_and(|because| !because.suspicions().is_empty())
}

/// The comparison that the verdict speaks of.
pub(super) fn deciding(evaluation: &Evaluation) -> Option<&Comparison> {
    let verdict = &evaluation.verdict;
    let named = verdict.challenger.as_ref().or(verdict.model.as_ref())?;
    evaluation.comparisons.iter().find(|comparison| &comparison.challenger == named)
}

/// "at 120 leads a week it hands over 15 more winners a quarter (95 %: 6 to 24), worth about 41,000 EUR (95 %: …)".
/// Without winners a quarter: the difference that the verdict rests on.
fn gain(evaluation: &Evaluation, comparison: Option<&Comparison>, subject: Option<&String>) -> Option<Text> {
    let who = || subject.map_or(Span::from("it"), |subject| name(subject));
    let is_promoted = evaluation.verdict.decision == Decision::Promote;
    let winners = comparison.and_then(winners);
    if let Some(comparison) = comparison
        && let Some((wins, per)) = winners
        && (!is_promoted || wins.interval().is_some_and(|interval| interval.low > 0.0))
        && let Some(words) = more_or_fewer(wins, per)
    {
        let rule = text::clean(&facts::hand_over(&comparison.swap.hand_over));
        let verb = match (evaluation.setting.capacity.is_some(), is_promoted) {
            (true, true) => " hands over ",
            (true, false) => " would hand over ",
            (false, true) => " finds ",
            (false, false) => " would find ",
        };
        let value = comparison.value_per_quarter.as_ref().filter(|_| per == "a quarter");
        let worth = value.and_then(|value| worth(value, currency(evaluation)));
        return Some(say![format!("{rule} "), who(), verb, words, worth.unwrap_or_default()]);
    }
    let difference = evaluation.verdict.difference.as_ref().filter(|difference| difference.point.finite().is_some())?;
    let unit = verdict_unit(evaluation);
    let metric = text::clean(&facts::verdict_metric(&evaluation.verdict));
    let written = with_level(difference, unit).replace(" pp", " percentage points");
    let wins = winners.and_then(|(wins, per)| more_or_fewer(wins, per));
    let guess = wins.map(|wins| format!("; in winners the best guess is {wins}")).unwrap_or_default();
    Some(match subject {
        Some(subject) => say![name(subject), format!(" differs in {metric} by {written}{guess}")],
        None => say![format!("the difference in {metric} is {written}{guess}")],
    })
}

/// More winners a quarter; where there are no quarters, among the leads evaluated.
fn winners(comparison: &Comparison) -> Option<(&Estimate, &'static str)> {
    let all = [(&comparison.wins_per_quarter, "a quarter"), (&comparison.wins, "among these leads")];
    all.into_iter().find(|(wins, _)| wins.point.finite().is_some() && wins.interval().is_some())
}

/// "15 more winners a quarter (95 %: 6 to 24)": the words follow the signs of the interval's ends.
fn more_or_fewer(estimate: &Estimate, per: &str) -> Option<String> {
    let (point, interval) = (estimate.point.finite()?, estimate.interval()?);
    let written = text::aligned(&[point.abs(), interval.low.abs(), interval.high.abs()], Unit::Count);
    let [point_, low, high] = <[String; 3]>::try_from(written).ok()?;
    let direction = |value: f64| if value < 0.0 { "fewer" } else { "more" };
    let plural = if point_ == "1" { "" } else { "s" };
    let range = if interval.low > 0.0 {
        format!("{low} to {high}")
    } else if interval.high < 0.0 {
        format!("{high} to {low} fewer")
    } else {
        let end = |value: f64, written: &str| {
            if value == 0.0 { "0".to_owned() } else { format!("{written} {}", direction(value)) }
        };
        format!("from {} to {}", end(interval.low, &low), end(interval.high, &high))
    };
    Some(format!("{point_} {} winner{plural} {per} (95 %: {range})", direction(point)))
}

/// ", worth about 41,000 EUR (95 %: 12,000 to 70,000)".
fn worth(value: &Estimate, currency: Option<&str>) -> Option<String> {
    let (point, interval) = (value.point.finite()?, value.interval()?);
    let written = text::aligned(&[point, interval.low, interval.high], Unit::Money);
    let money = text::with_currency(&written[0], currency);
    let range = format!("95 %: {} to {}", written[1], written[2]);
    Some(if interval.low > 0.0 {
        format!(", worth about {money} ({range})")
    } else if interval.high < 0.0 {
        format!(", a loss: {money} ({range})")
    } else {
        format!("; in money {money} ({range}), which may be nothing")
    })
}

/// "0.031 (95 %: 0.011 to 0.051)".
fn with_level(estimate: &Estimate, unit: Unit) -> String {
    match text::parts(estimate, unit) {
        (point, Some(interval)) if estimate.interval().is_some() => format!("{point} (95 %: {interval})"),
        (point, Some(reason)) => format!("{point} ({reason})"),
        (point, None) => point,
    }
}

/// The decision in at most a hundred columns: what a script shows, the last line in a terminal.
fn line(evaluation: &Evaluation) -> Text {
    let most = 100;
    let all = [60, 40, 30, 24, 18, 14, 10, 6].map(|width| short(evaluation, width));
    let fits = |line: &&Text| {
        line.plain().chars().count() + 2 * line.0.iter().filter(|span| matches!(span, Span::Name(_))).count() <= most
    };
    all.iter().find(fits).unwrap_or(&all[all.len() - 1]).clone()
}

fn short(evaluation: &Evaluation, width: usize) -> Text {
    if forbidden(evaluation).is_some() {
        return "No conclusion can be drawn from these data: the reason stands first in the report".into();
    }
    let verdict = &evaluation.verdict;
    let name = |one: &String| Span::Name(text::clipped(one, width));
    let is_sure = |wins: &Estimate| {
        verdict.decision != Decision::Promote || wins.interval().is_some_and(|interval| interval.low > 0.0)
    };
    let winners = deciding(evaluation).and_then(winners).filter(|(wins, _)| is_sure(wins));
    let change = winners.and_then(|(wins, per)| signed_wins(wins, per)).or_else(|| {
        let difference = verdict.difference.as_ref().filter(|difference| difference.point.finite().is_some())?;
        Some(format!(
            "{} in {}",
            with_level(difference, verdict_unit(evaluation)),
            text::clipped(&facts::verdict_metric(verdict), width.max(12))
        ))
    });
    let Some(champion) = &evaluation.setting.champion else {
        let auc = best_figure(evaluation).map_or_else(String::new, |figure| format!(", {figure}"));
        return match &verdict.model {
            Some(best) if verdict.tied.len() > 1 => {
                say![format!("Undecided: {} models are tied. Best guess: ", verdict.tied.len()), name(best), auc]
            }
            Some(best) if verdict.decision == Decision::NotEnoughEvidence => {
                say!["Not enough evidence. Best guess: ", name(best), auc]
            }
            Some(best) => say!["Best: ", name(best), auc],
            None => "No model can be named.".into(),
        };
    };
    let guess = |before: &str| match (&verdict.challenger, &change) {
        (Some(challenger), Some(change)) => say![before, name(challenger), format!(" {change}")],
        (None, Some(change)) => say![before, change.clone()],
        _ => ".".into(),
    };
    match verdict.decision {
        Decision::Promote => {
            let to = verdict.model.as_ref().or(verdict.challenger.as_ref()).unwrap_or(champion);
            let change = change.map_or_else(String::new, |change| format!(": {change}"));
            say!["Use ", name(to), " instead of ", name(champion), change]
        }
        Decision::Keep => say!["Keep ", name(champion)].then(guess(": ")),
        Decision::NotEnoughEvidence if champion_is_suspended(evaluation) => {
            say!["Not enough evidence to replace ", name(champion), ": how good it is nobody knows"]
        }
        Decision::NotEnoughEvidence => say!["Not enough evidence to replace ", name(champion)].then(guess(": ")),
    }
}

/// "+15 winners a quarter (95 %: +6 to +24)".
fn signed_wins(estimate: &Estimate, per: &str) -> Option<String> {
    let (point, interval) = (estimate.point.finite()?, estimate.interval()?);
    let written = text::aligned(&[point, interval.low, interval.high], Unit::CountDifference);
    Some(format!("{} winners {per} (95 %: {} to {})", written[0], written[1], written[2]))
}

fn reasons(evaluation: &Evaluation) -> Vec<Text> {
    let verdict = &evaluation.verdict;
    if forbidden(evaluation).is_some() {
        // The banners say why; no figure is to be acted on.
        return Vec::new();
    }
    let against = against(evaluation);
    let rests_on = if evaluation.evidence.gates.is_empty() { against.as_str() } else { "gates" };
    let mut out: Vec<Text> =
        verdict.reasons.iter().map(|one| Text::whole(&facts::reason(one)).from_section(rests_on)).collect();
    if verdict.decision != Decision::Promote
        && let Some(comparison) = deciding(evaluation)
    {
        let is_open = barred(evaluation).is_none() && !champion_is_suspended(evaluation);
        let ruled_out = ruled_out(comparison).filter(|_| is_open);
        out.extend(ruled_out.map(|words| words.from_section(against.as_str())));
        let gates = &evaluation.evidence.gates;
        if verdict.decision == Decision::NotEnoughEvidence && is_open {
            if gates.is_empty() {
                out.push(leads_needed(evaluation, comparison).from_section("ledger"));
            }
            let open = gates.iter().filter(|gate| {
                gate.challenger == comparison.challenger
                    && gate.outcome == GateOutcome::Open
                    && gate.more_leads.finite().is_some()
            });
            out.extend(open.map(|gate| {
                Text::sentence(&format!("To settle \"{}\": {}.", facts::gate(&gate.asked), until_settled(gate)))
                    .from_section("gates")
            }));
            out.extend(waiting(evaluation, comparison));
        }
    }
    out.extend(had_all_been_worked(evaluation));
    out.extend(bottom(evaluation));
    if evaluation.setting.champion.is_some() && verdict.tied.len() > 1 {
        let words = say!["The data cannot tell "].then(names(&verdict.tied)).then(" apart.".into());
        out.push(words.from_section("models"));
    }
    out
}

/// What is forgone until there is evidence enough, if the best guess is right.
fn waiting(evaluation: &Evaluation, comparison: &Comparison) -> Option<Text> {
    let all = &evaluation.evidence.waiting;
    let waiting = all.iter().find(|waiting| waiting.challenger == comparison.challenger)?;
    let each = more_or_fewer(&comparison.wins_per_quarter, "a quarter")?;
    let value = comparison.value_per_quarter.as_ref().and_then(|value| worth(value, currency(evaluation)));
    if comparison.wins_per_quarter.point.finite()? <= 0.0 {
        return Some(say![
            "Waiting costs nothing by the best guess: ",
            name(&comparison.challenger),
            format!(" would hand over {each}.")
        ]);
    }
    let start = say![
        "The cost of waiting, if the best guess is right: ",
        name(&comparison.challenger),
        format!(" would hand over {each}{}, and until it is in use they are forgone.", value.unwrap_or_default())
    ];
    let until = match (waiting.days.finite(), &waiting.by) {
        (Some(days), _) if days <= 0.0 => {
            " There are leads enough to see the difference that was asked for; more of them only narrow the interval."
                .to_owned()
        }
        (Some(days), _) if days > FAR => format!(
            " At the present rate it takes {} years until there are leads enough: waiting does not decide it.",
            text::rough(days / 365.25, Unit::Plain)
        ),
        (Some(_), Some(by)) => {
            let wins = more_or_fewer(&waiting.wins_until, "in all")?;
            format!(
                " Until about {}, when there are leads enough at the present rate, that is {wins}.",
                text::clean(by)
            )
        }
        _ => String::new(),
    };
    Some(start.then(until.into()))
}

/// What the comparison would be had sales worked every lead, where it is known which it worked.
fn had_all_been_worked(evaluation: &Evaluation) -> Option<Text> {
    let worked = evaluation.evidence.worked.as_ref().filter(|worked| worked.worked < worked.leads)?;
    let challenger = &deciding(evaluation)?.challenger;
    let share = text::quantity(worked.worked as f64 / worked.leads.max(1) as f64, Unit::Share);
    if let Some(reason) = &worked.overlap.refused {
        return Some(say![format!(
            "Sales worked {share} of these leads, and what that does to the comparison cannot be corrected: {}.",
            text::clean(reason)
        )]);
    }
    let own = worked.differences.iter().find(|one| &one.challenger == challenger)?;
    own.doubly_robust.interval()?;
    Some(say![
        format!("Sales worked {share} of these leads. Had it worked all, "),
        name(challenger),
        format!(
            " would differ from the champion by an estimated {} of the wins captured; history shows {}.",
            with_level(&own.doubly_robust, Unit::Points).replace(" pp", " percentage points"),
            text::number(&own.naive, Unit::Points).replace(" pp", "")
        )
    ])
}

/// "1,200 more mature leads, by about 2027-01-31".
pub(super) fn until_settled(gate: &GateEvidence) -> String {
    match (&gate.more_leads, &gate.by) {
        _ if gate.outcome != GateOutcome::Open => "–".into(),
        (Number::Value(more), _) if *more <= 0.0 => "enough leads for a difference of the gate's size".into(),
        (Number::Value(_), _) if gate.days.finite().is_some_and(|days| days > FAR) => {
            let years = gate.days.finite().unwrap_or(f64::NAN) / 365.25;
            let margin = gate.settles.map_or_else(String::new, |margin| {
                format!(
                    " (these leads bear a margin of about {}, not the one asked for)",
                    text::rough(margin, Unit::Plain)
                )
            });
            format!("out of reach, about {} years at the present rate{margin}", text::rough(years, Unit::Plain))
        }
        (Number::Value(more), by) => {
            let by =
                by.as_ref().map_or(String::new(), |by| format!(", by about {} at the present rate", text::clean(by)));
            format!("about {} more mature leads{by}", text::rough(*more, Unit::Plain))
        }
        (Number::Undefined(reason), _) => format!("not known: {}", text::clean(reason)),
    }
}

/// Whether more leads settle it only in ten years or later.
fn is_out_of_reach(evaluation: &Evaluation) -> bool {
    let named = deciding(evaluation).map(|comparison| &comparison.challenger);
    let mut waiting = evaluation.evidence.waiting.iter();
    waiting.any(|one| Some(&one.challenger) == named && one.days.finite().is_some_and(|days| days > FAR))
}

/// Ten years: beyond that no quarter's review waits.
pub(super) const FAR: f64 = 3_652.5;

/// What would be lost by not working the lowest fifth of the model to use.
fn bottom(evaluation: &Evaluation) -> Option<Text> {
    let model = evaluation.verdict.model.as_ref()?;
    let bottom = evaluation.evidence.bottom.iter().find(|one| &one.model == model && one.share == 0.2)?;
    let knows_the_outcome = champion_is_suspended(evaluation) && evaluation.setting.champion.as_ref() == Some(model);
    (!knows_the_outcome).then(|| lost(evaluation, bottom))
}

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

/// What the interval excludes: the useful half of not knowing.
fn ruled_out(comparison: &Comparison) -> Option<Text> {
    let (wins, per) = winners(comparison)?;
    let interval = wins.interval()?;
    let written = text::aligned(&[interval.low.abs(), interval.high.abs()], Unit::Count);
    let rule = text::clean(&facts::hand_over(&comparison.swap.hand_over));
    let gain = if interval.high > 0.0 {
        format!("a gain of more than {} winners {per}", written[1])
    } else {
        "any gain".to_owned()
    };
    let unit = if interval.high > 0.0 { String::new() } else { format!(" winners {per}") };
    let loss =
        if interval.low < 0.0 { format!("a loss of more than {}{unit}", written[0]) } else { "any loss".to_owned() };
    Some(say!["Ruled out for ", name(&comparison.challenger), format!(" {rule}: {gain}, and {loss}.")])
}

fn leads_needed(evaluation: &Evaluation, comparison: &Comparison) -> Text {
    let here = evaluation.readiness.leads;
    match &comparison.leads_needed {
        Number::Value(all) if all.is_finite() && *all > here as f64 => {
            let more = [all - here as f64, *all].map(|leads| text::rough(leads, Unit::Plain));
            format!(
                "It would take about {} more mature leads ({} in all) to see the smallest worthwhile difference in 4 evaluations out of 5.",
                more[0], more[1]
            )
            .into()
        }
        Number::Value(all) if all.is_finite() => {
            "There are enough leads to see the smallest worthwhile difference in 4 evaluations out of 5; more of them would only narrow the interval.".into()
        }
        Number::Value(_) => "No number of leads would show the smallest worthwhile difference.".into(),
        Number::Undefined(reason) => format!("How many more leads it would take is not known ({}).", text::clean(reason)).into(),
    }
}

fn next(evaluation: &Evaluation) -> Vec<Text> {
    if forbidden(evaluation).is_some() {
        return vec!["Mend what stands above, and run this again: until then no figure here is to be acted on.".into()];
    }
    let verdict = &evaluation.verdict;
    let mut out: Vec<Text> = Vec::new();
    if evaluation.notices.iter().any(|notice| notice.level == Level::Banner) {
        out.push("Read the warning above first: it says on which numbers not to act.".into());
    }
    match (verdict.decision, &evaluation.setting.champion) {
        (_, None) => out.push(Text::sentence("Name the model in use as `champion:` in the experiment file: then every other model is measured against it.")),
        (Decision::Promote, Some(champion)) => {
            let to = verdict.model.as_ref().or(verdict.challenger.as_ref()).unwrap_or(champion);
            out.push(say!["Agree with sales on the score at which ", name(to), " hands a lead over: see its brackets in the report."]
                .from_section(format!("brackets-of-{}", text::slug(to))));
            out.push(Text::sentence("A replay cannot show how sales would have worked the other leads: confirm the gain with an A/B test, or run this again on the next quarter."));
        }
        (Decision::Keep, Some(champion)) => {
            out.push(say!["Look for what holds ", name(champion), " back: ", name("leadoff audit"), " shows which of its criteria are over- or under-weighted."]);
        }
        (Decision::NotEnoughEvidence, Some(champion)) if barred(evaluation).is_some() => {
            out.push(say!["Stay with ", name(champion), " for now, and get the evidence that is missing: the reasons above say which."]);
        }
        (Decision::NotEnoughEvidence, Some(champion)) if is_out_of_reach(evaluation) => {
            let advice = " for now. Waiting does not settle what is asked: ask for a margin that these leads bear, or try both models in the field (";
            out.push(say!["Stay with ", name(champion), advice, name("leadoff ab plan"), ")."]);
        }
        (Decision::NotEnoughEvidence, Some(champion)) => {
            out.push(say!["Stay with ", name(champion), " for now, and run this again when more leads are mature, or over a longer window."]);
        }
    }
    out
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

fn verdict_unit(evaluation: &Evaluation) -> Unit {
    evaluation.verdict.metric.map_or(Unit::Difference, difference_unit)
}

/// What a difference says about the challenger, by its simultaneous interval.
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
    use crate::result::{CapacitySetting, Fact, Notice};

    fn headline_of(evaluation: &Evaluation) -> String {
        answer(evaluation).headline.plain()
    }

    fn of(point: f64, low: f64, high: f64) -> Estimate {
        Estimate { point: point.into(), low: low.into(), high: high.into() }
    }

    #[test]
    fn a_promotion_says_what_it_brings() {
        assert_eq!(
            headline_of(&fixture::promoted()),
            "Use reweighted instead of current: at 20 leads a week it hands over 7 more winners a quarter \
             (95 %: 2 to 13), worth about 23,500 EUR (95 %: 4,900 to 42,700)."
        );
    }

    #[test]
    fn winners_that_may_be_none_are_a_guess_even_in_a_promotion() {
        assert_eq!(
            headline_of(&fixture::narrow()),
            "Use reweighted instead of current: the difference in share of wins captured at 20 leads a week is \
             +7.12 percentage points (95 %: +2.81 to +11.43); in winners the best guess is 7 more winners a quarter \
             (95 %: from 1 fewer to 15 more)."
        );
        assert!(!answer(&fixture::narrow()).line.plain().contains("winners"));
    }

    #[test]
    fn too_little_evidence_says_what_is_ruled_out_and_what_it_would_take() {
        let answer = answer(&fixture::undecided());
        assert_eq!(
            answer.headline.plain(),
            "Not enough evidence to replace current. Best guess: at 20 leads a week reweighted would hand over 4 more \
             winners a quarter (95 %: from 5 fewer to 13 more); in money 11,300 EUR (95 %: −16,100 to 39,800), \
             which may be nothing."
        );
        let reasons: Vec<String> = answer.reasons.iter().map(Text::plain).collect();
        assert_eq!(
            reasons[..2],
            [
                "Ruled out for reweighted at 20 leads a week: a gain of more than 13 winners a quarter, and a loss of \
                 more than 5.",
                "It would take about 9,500 more mature leads (12,000 in all) to see the smallest worthwhile difference \
                 in 4 evaluations out of 5."
            ]
        );
    }

    #[test]
    fn a_challenger_that_cannot_be_promoted_is_named_as_such() {
        assert!(headline_of(&fixture::barred()).ends_with("But crm cannot be promoted on this evidence."));
    }

    #[test]
    fn a_champion_that_is_better_stays() {
        assert_eq!(
            headline_of(&fixture::kept()),
            "Keep current: at 20 leads a week reweighted would hand over 8 fewer winners a quarter \
             (95 %: 2 to 14 fewer)."
        );
    }

    #[test]
    fn without_a_champion_the_tie_is_the_answer() {
        assert_eq!(
            headline_of(&fixture::without_champion()),
            "The data cannot tell the best models apart: reweighted and regression are tied. Best guess: reweighted, \
             AUC 0.694 (95 %: 0.663 to 0.723)."
        );
    }

    #[test]
    fn without_times_winners_are_counted_among_the_leads() {
        assert_eq!(
            headline_of(&fixture::without_times()),
            "Use reweighted instead of current: in the top 10 % it finds 13 more winners among these leads \
             (95 %: 4 to 23)."
        );
    }

    #[test]
    fn readiness_comes_with_the_smallest_difference_to_be_seen() {
        assert_eq!(
            readiness(&fixture::promoted()).plain(),
            "212 mature wins among 2,400 leads: 8.83 % (7.76 to 10.04). The smallest difference in AUC they could show \
             is 0.04; in the share of wins found in the top 10 % it is 7.1 percentage points."
        );
    }

    #[test]
    fn banners_stand_under_the_answer_and_come_first_among_what_to_do() {
        let mut evaluation = fixture::promoted();
        let fact = Fact::Written { text: "no model can be promoted".into() };
        evaluation.notices.push(Notice { level: Level::Banner, fact });
        let answer = answer(&evaluation);
        assert_eq!(answer.banners[0].plain(), "No model can be promoted.");
        assert!(answer.next[0].plain().starts_with("Read the warning"));
    }

    #[test]
    fn the_words_follow_the_signs_of_the_interval() {
        let words = |point, low, high| more_or_fewer(&of(point, low, high), "a quarter").unwrap();
        assert_eq!(words(15.0, 6.0, 24.0), "15 more winners a quarter (95 %: 6 to 24)");
        assert_eq!(words(15.0, -6.0, 24.0), "15 more winners a quarter (95 %: from 6 fewer to 24 more)");
        assert_eq!(words(-15.0, -24.0, -6.0), "15 fewer winners a quarter (95 %: 6 to 24 fewer)");
        assert_eq!(words(15.0, 0.0, 24.0), "15 more winners a quarter (95 %: from 0 to 24 more)");
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

    #[test]
    fn the_decision_fits_a_line_whatever_the_names() {
        for evaluation in fixture::all() {
            let line = answer(&evaluation).line;
            assert!(line.plain().chars().count() <= 100, "{}", line.plain());
        }
    }
}
