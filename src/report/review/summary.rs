//! The review in sentences, each written by a rule from numbers that stand in the review, and none saying more than its
//! interval does.

use crate::metrics::{AUC, WINS};
use crate::result::review::{Alarm, AlarmKind, Change, ChangeOf, Regret, Review};
use crate::result::{Basis, Comparison, Decision, Estimate, Level, Per};

use super::super::document::{Block, Section, Span, Text, name, say};
use super::super::text::{self, Unit};
use super::super::{facts, notices};
use super::{back, live, named_period, reviewed};

/// The first sentence of a review.
pub(super) struct Verdict {
    pub headline: Text,
    pub line: Text,
}

/// How well the live model still orders leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Works,
    /// It orders leads, and worse than in the period before beyond what is luck.
    Worse,
    /// It can not be shown to order leads at all.
    NotShown,
    /// No horizon is over, or one class only.
    TooEarly,
}

pub(super) fn health(review: &Review) -> Health {
    let Some(auc) = live(review, 0).map(|live| &live.auc) else { return Health::TooEarly };
    let Some(interval) = auc.interval() else { return Health::TooEarly };
    if interval.low <= 0.5 {
        return Health::NotShown;
    }
    let weaker = |change: &&Change| {
        change.what == ChangeOf::Metric { metric: AUC.id }
            && change.model == review.setting.champion
            && change.p_adjusted.finite().is_some_and(|p| p <= 0.05)
            && change.difference.interval().is_some_and(|interval| interval.high < 0.0)
    };
    let rang = |alarm: &&Alarm| {
        alarm.kind == AlarmKind::Ranking && alarm.now < alarm.before && alarm.period == reviewed(review).label
    };
    if review.changes.iter().any(|change| weaker(&change)) || review.alarms.rung.iter().any(|alarm| rang(&alarm)) {
        Health::Worse
    } else {
        Health::Works
    }
}

/// Wins a quarter, or over the leads judged where there are no times: what is claimed for the challenger that the decision
/// speaks of.
pub(super) fn switching(review: &Review, comparison: &Comparison) -> (Estimate, &'static str) {
    let verdict = &review.decision.verdict;
    let is_named = verdict.challenger.as_ref() == Some(&comparison.challenger);
    let claim = verdict.difference.as_ref().filter(|_| is_named && verdict.metric == Some(WINS.id));
    let per = match comparison.gain.basis {
        Basis::HadAllBeenWorked => "a quarter, had all leads been called,",
        _ => "a quarter",
    };
    match (claim, comparison.gain.per, comparison.wins_per_quarter.point.finite()) {
        (Some(claim), Per::Quarter, _) if claim.point.finite().is_some() => (claim.clone(), per),
        (_, _, Some(_)) => (comparison.wins_per_quarter.clone(), "a quarter"),
        _ => (comparison.wins.clone(), "over the leads judged"),
    }
}

/// The challenger that the decision speaks of, against the live model.
pub(super) fn named(review: &Review) -> Option<&Comparison> {
    let challenger = review.decision.verdict.challenger.as_ref()?;
    review.decision.comparisons.iter().find(|one| one.challenger == *challenger)
}

/// From how many leads a figure comes.
pub(super) fn counted_on(leads: u64) -> String {
    format!("counted on {}", text::plural(leads, "finished lead"))
}

/// "+25 wins a quarter (+13 to +34), counted on 4,000 finished leads".
pub(super) fn worth(review: &Review, comparison: &Comparison) -> String {
    let (wins, per) = switching(review, comparison);
    let (point, interval) = text::parts(&wins, Unit::CountDifference);
    let interval = interval.map_or(String::new(), |interval| format!(" ({interval})"));
    format!("{point} wins {per}{interval}, {}", counted_on(review.decision.leads))
}

/// "AUC 0.694, 0.650 to 0.738".
fn auc(review: &Review) -> String {
    let Some(live) = live(review, 0) else { return String::new() };
    let (point, interval) = text::parts(&live.auc, Unit::Plain);
    let interval = interval.map_or(String::new(), |interval| format!(", {interval}"));
    format!("AUC {point}{interval}")
}

pub(super) fn verdict(review: &Review) -> Verdict {
    let live_model = &review.setting.champion;
    let auc = auc(review);
    let (works, short) = match health(review) {
        Health::Works => (format!(" still works ({auc})"), "still works"),
        Health::Worse => (format!(" orders leads worse than before ({auc})"), "orders leads worse"),
        Health::NotShown => (format!(" can not be shown to order leads ({auc})"), "is not shown to work"),
        Health::TooEarly => (" can not be judged on this period's wins yet".to_owned(), "is too early to judge"),
    };
    let decision = &review.decision.verdict;
    let (act, brief) = match (decision.decision, named(review)) {
        (Decision::Promote, Some(comparison)) => (
            say![
                ", but ",
                name(&comparison.challenger),
                format!(" does better by {}: replace it.", worth(review, comparison))
            ],
            format!("replace it by `{}`", comparison.challenger),
        ),
        (Decision::Keep, _) => (say![": keep it. No challenger passes the gates."], "keep it".into()),
        (_, Some(comparison)) => (
            say![
                ": keep it for now. Whether ",
                name(&comparison.challenger),
                format!(" does better is not shown ({}).", worth(review, comparison))
            ],
            "keep it for now".into(),
        ),
        _ => (say![": keep it for now. There is no evidence for another one."], "keep it for now".into()),
    };
    let label = text::clipped(&reviewed(review).label, 40);
    Verdict {
        headline: say![format!("In {label} the score of "), name(live_model), works].then(act),
        line: Text::sentence(&text::clipped(&format!("{label}: `{live_model}` {short}; {brief}."), 100)),
    }
}

/// A sentence and the section that holds its evidence.
fn seen(sentence: impl Into<Text>, section: (&str, &str)) -> Text {
    sentence.into().then(Text(vec![Span::from(" "), Span::Link(format!("→ {}", section.1), section.0.to_owned())]))
}

const TREND: (&str, &str) = ("trend", "Trend");
const DRIFT: (&str, &str) = ("drift", "Drift");
const ALARMS: (&str, &str) = ("alarms", "Alarms");
const EARLY: (&str, &str) = ("early", "Early read");
const DECISION: (&str, &str) = ("decision", "Decision");
const MEMORY: (&str, &str) = ("memory", "Memory");
const BENCHMARKS: (&str, &str) = ("benchmarks", "Benchmarks");

pub(super) fn section(review: &Review) -> Section {
    let mut sentences = vec![ranking(review), conversion(review)];
    sentences.push(split(review));
    sentences.push(calibration(review));
    sentences.push(early(review));
    sentences.push(Some(rang(review)));
    sentences.push(turned(review));
    sentences.push(Some(decided(review)));
    sentences.push(pipeline(review));
    sentences.push(remembered(review));
    let mut blocks: Vec<Block> = review
        .notices
        .iter()
        .filter(|notice| notice.level != Level::Banner)
        .map(|notice| Block::Notice(notice.level, Text::whole(&notices::sentence(&notice.fact))))
        .collect();
    blocks.push(Block::List(sentences.into_iter().flatten().collect()));
    Section::new("summary", "Executive summary", blocks).brief()
}

fn is_apart(difference: &Estimate) -> Option<bool> {
    difference.interval().map(|interval| !interval.contains(0.0))
}

/// The AUC of the live model against the period before.
fn ranking(review: &Review) -> Option<Text> {
    let change = review
        .changes
        .iter()
        .find(|one| one.what == ChangeOf::Metric { metric: AUC.id } && one.model == review.setting.champion)?;
    let before = back(review, 1)?;
    change.difference.point.finite()?;
    let sure = change.p_adjusted.finite().is_some_and(|p| p <= 0.05);
    let rises = change.difference.point.finite().is_some_and(|point| point > 0.0);
    let words = match (sure, rises) {
        (true, true) => "orders leads better than in",
        (true, false) => "orders leads worse than in",
        (false, _) => "orders leads no differently, as far as the data can tell, than in",
    };
    let sentence = say![
        name(&review.setting.champion),
        format!(
            " {words} {}: AUC {} then, {} now.",
            text::clipped(&before.label, 40),
            text::estimate(&change.before, Unit::Plain),
            text::estimate(&change.now, Unit::Plain)
        )
    ];
    Some(seen(sentence, TREND))
}

fn conversion(review: &Review) -> Option<Text> {
    let (now, before) = (reviewed(review), back(review, 1)?);
    let total = &review.drift.split.as_ref()?.total;
    let words = match (is_apart(total)?, total.point.finite()? > 0.0) {
        (true, true) => "rose",
        (true, false) => "fell",
        (false, _) => "did not clearly change",
    };
    Some(seen(
        format!(
            "Conversion of finished leads {words}: {} in {}, {} now ({}).",
            text::estimate(&before.rate, Unit::Share),
            named_period(before, 40),
            text::estimate(&now.rate, Unit::Share),
            text::estimate(total, Unit::Points)
        ),
        TREND,
    ))
}

/// Market against model.
fn split(review: &Review) -> Option<Text> {
    let split = review.drift.split.as_ref()?;
    let shown = |estimate: &Estimate| text::estimate(estimate, Unit::Points);
    let (mix, rate) = (shown(&split.mix), shown(&split.rate));
    let sentence = match (is_apart(&split.mix)?, is_apart(&split.rate)?) {
        (true, true) => format!(
            "Other leads came, which the score sees: {mix}. And leads of the same score convert otherwise, which is the market or a worn model: {rate}."
        ),
        (true, false) => format!(
            "Other leads came, which the score sees: {mix}. That leads of the same score convert otherwise is not shown ({rate})."
        ),
        (false, true) => format!(
            "Leads of the same score convert otherwise, which is the market or a worn model: {rate}. That other leads came is not what did it ({mix})."
        ),
        (false, false) => format!(
            "Neither is it shown that other leads came ({mix}), nor that leads of the same score convert otherwise ({rate})."
        ),
    };
    Some(seen(sentence, DRIFT))
}

fn calibration(review: &Review) -> Option<Text> {
    let live = live(review, 0)?;
    let (predicted, observed) = (live.mean_predicted.finite()?, live.observed.point.finite()?);
    let off = live.calibration.interval().map(|interval| !interval.contains(0.0))?;
    let numbers = format!(
        "{} predicted on average, {} happened",
        text::quantity(predicted, Unit::Share),
        text::estimate(&live.observed, Unit::Share)
    );
    let sentence = match off {
        true if observed > predicted => say![
            "The probabilities of ",
            name(&review.setting.champion),
            format!(" are too low: {numbers}, {} times as many.", text::quantity(observed / predicted, Unit::Ratio))
        ],
        true => say![
            "The probabilities of ",
            name(&review.setting.champion),
            format!(" are too high: {numbers}, {} times as many.", text::quantity(observed / predicted, Unit::Ratio))
        ],
        false => say![
            "The probabilities of ",
            name(&review.setting.champion),
            format!(" agree with what happened, as far as the data can tell: {numbers}.")
        ],
    };
    Some(seen(sentence, TREND))
}

fn early(review: &Review) -> Option<Text> {
    let read = review.early.iter().find(|read| read.label == reviewed(review).label)?;
    read.rate.point.finite()?;
    let doubt = read.doubt.as_ref().map(|doubt| format!(", which can not be trusted ({doubt})"));
    let sentence = format!(
        "Early read{}: once every horizon is over, {} of the leads of {} will have converted ({} wins, {} so far).",
        doubt.unwrap_or_default(),
        text::estimate(&read.rate, Unit::Share),
        super::named(review, &read.label),
        text::estimate(&read.wins, Unit::Count),
        text::count(read.wins_so_far)
    );
    Some(seen(Text::sentence(&sentence), EARLY))
}

/// An alarm as a reader says it.
pub(super) fn alarm_words(alarm: &Alarm) -> Text {
    let more = alarm.now > alarm.before;
    let of = |words: &str| say![words.to_owned(), name(&alarm.what)];
    match alarm.kind {
        AlarmKind::Conversion => format!("{} leads convert", if more { "more" } else { "fewer" }).into(),
        AlarmKind::Ranking => format!("the score orders leads {}", if more { "better" } else { "worse" }).into(),
        AlarmKind::Brackets => of("tiers are upside down: "),
        AlarmKind::LowScores => {
            format!("low-scored leads convert {} against the rest", if more { "more" } else { "less" }).into()
        }
        AlarmKind::Criterion => of("the criterion ").then(
            match (more, alarm.now) {
                (true, _) => " is worth more than it was",
                (false, now) if (0.8..1.25).contains(&now) => " no longer tells leads apart",
                (false, _) => " is worth less than it was",
            }
            .into(),
        ),
        AlarmKind::Segment => {
            of("leads of ").then(format!(" convert {} against the rest", if more { "more" } else { "less" }).into())
        }
        AlarmKind::Score => "the scores are distributed otherwise".into(),
        AlarmKind::Input => of("the column ").then(" is distributed otherwise".into()),
        AlarmKind::Volume => {
            let leads = |a_week: f64| text::quantity(a_week, Unit::Plain);
            let far = if more { "more" } else { "fewer" };
            format!("far {far} leads came, {} a week where {} came before", leads(alarm.now), leads(alarm.before))
                .into()
        }
        AlarmKind::Tracking => of("the log of ").then(
            match (more, alarm.now) {
                (true, _) => " swells",
                (false, 0.0) => " ends",
                (false, _) => " thins out",
            }
            .into(),
        ),
    }
}

fn rang(review: &Review) -> Text {
    let label = &reviewed(review).label;
    let rung: Vec<&Alarm> = review.alarms.rung.iter().filter(|alarm| alarm.period == *label).collect();
    let Some(first) = rung.first() else {
        return seen(
            format!(
                "Nothing rang in {}: {} tests, of which a steady history sets off any in one of twenty reviews.",
                text::clipped(label, 40),
                text::count(review.alarms.tests)
            ),
            ALARMS,
        );
    };
    let others = rung.len() as u64 - 1;
    let more = if others > 0 { format!("; and {}", text::plural(others, "other alarm")) } else { String::new() };
    let words = alarm_words(first);
    seen(say!["An alarm rang in ", text::clipped(label, 40), ": "].then(words).then(format!("{more}.").into()), ALARMS)
}

/// Inputs that say the opposite of what they said.
fn turned(review: &Review) -> Option<Text> {
    let before = back(review, 1)?;
    let all: Vec<String> =
        review.drift.inputs.iter().filter(|input| input.turned).map(|input| input.name.clone()).collect();
    if all.is_empty() {
        return None;
    }
    let words = if all.len() == 1 { " says" } else { " say" };
    Some(seen(
        super::super::document::names(&all).then(
            format!(
                "{words} the opposite of what was true in {}: the relation has turned.",
                text::clipped(&before.label, 40)
            )
            .into(),
        ),
        DRIFT,
    ))
}

fn decided(review: &Review) -> Text {
    let decision = &review.decision;
    let words = match decision.verdict.decision {
        Decision::Promote => "A challenger passes the gates",
        Decision::Keep => "No challenger passes the gates",
        Decision::NotEnoughEvidence => "The evidence does not reach for a decision",
    };
    let reason = decision
        .verdict
        .reasons
        .first()
        .map_or(Text::default(), |reason| say![" "].then(Text::whole(&facts::reason(reason))));
    let on = format!(
        "{words}, on {} with {} ({}).",
        text::plural(decision.leads, "finished lead"),
        text::plural(decision.wins, "win"),
        text::clean(&decision.window)
    );
    seen(Text::from(on).then(reason), DECISION)
}

/// Which leads are open, and of how many.
pub(super) fn open_leads(review: &Review) -> String {
    let pipeline = &review.benchmarks.pipeline;
    let since = review
        .periods
        .first()
        .map_or(String::new(), |first| format!(" created since {}", text::clipped(&first.label, 40)));
    let horizon = review.setting.horizon_days.map_or("their horizon".into(), text::days);
    match pipeline.undecided {
        Some(undecided) => format!(
            "Of {}{since} that are neither won nor lost, {} can still win within {horizon}",
            text::plural(undecided, "lead"),
            text::count(pipeline.open)
        ),
        None => format!("{}{since} can still win within {horizon}", text::plural(pipeline.open, "open lead")),
    }
}

fn pipeline(review: &Review) -> Option<Text> {
    let pipeline = &review.benchmarks.pipeline;
    pipeline.expected.point.finite().filter(|_| pipeline.open > 0)?;
    Some(seen(
        format!(
            "{}; {} of these are expected to be won by then.",
            open_leads(review),
            text::estimate(&pipeline.expected, Unit::Count)
        ),
        BENCHMARKS,
    ))
}

fn remembered(review: &Review) -> Option<Text> {
    let last = review.memory.last.as_ref()?;
    let quoted = format!("The review of {} said: ", text::clipped(&last.period, 40));
    let mut sentence = say![quoted, "“"].then(Text::sentence(&last.headline)).then("”".into());
    if let Some(regret) = &last.regret {
        let since = format!(" Since then, on {} ({}), ", text::plural(regret.wins, "win"), regret.window);
        sentence = sentence.then(since.into()).then(regret_words(regret));
    }
    let changed = review.memory.rewritten.len() as u64;
    if changed > 0 {
        sentence = sentence.then(
            format!(" The history of {} is not what it was: see why.", text::plural(changed, "earlier period")).into(),
        );
    }
    Some(seen(sentence, MEMORY))
}

/// What an advice brought, and what the best in hindsight would have.
pub(super) fn regret_words(regret: &Regret) -> Text {
    let apart = |estimate: &Estimate| estimate.interval().is_some_and(|interval| !interval.contains(0.0));
    let gained = match regret.gained.point.finite() {
        Some(0.0) | None => Text::from("it asked for no other model"),
        Some(_) => format!("it was worth {} wins", text::estimate(&regret.gained, Unit::CountDifference)).into(),
    };
    let best = match regret.regret.point.finite() {
        Some(wins) if wins > 0.0 && apart(&regret.regret) => say![
            ", and ",
            name(&regret.best),
            format!(" would have handed over {} more", text::estimate(&regret.regret, Unit::CountDifference))
        ],
        Some(wins) if wins > 0.0 => say![
            ", and no model is shown to have been better (the best in hindsight ",
            name(&regret.best),
            format!(": {})", text::estimate(&regret.regret, Unit::CountDifference))
        ],
        _ => ", and no model would have been better".into(),
    };
    gained.then(best).then(".".into())
}
