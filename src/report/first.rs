//! The first screen of an evaluation: what to do and how much it brings, how sure that is, at most three reasons, one
//! question. What does not fit stands below.

use crate::metrics::{AUC, WINS};
use crate::result::{
    Basis, Belief, Comparison, Decision, Estimate, Evaluation, Fact, GateEvidence, GateOutcome, Level, ModelEvaluation,
    ModelKind, Notice, Number, Reason,
};

use super::document::{Answer, Block, Section, Span, Text, Tone, name, names, say};
use super::text::{self, Unit};
use super::words::{self, captured, currency, deciding, with_level};
use super::{facts, notices};

/// No more numerals than a reader keeps in mind.
const NUMERALS: usize = 12;
const REASONS: usize = 3;
/// Where no conclusion can be drawn, so many causes are shown at most.
const CAUSES: usize = 5;

pub(super) fn answer(evaluation: &Evaluation) -> Answer {
    let (banners, doubts) = (banners(evaluation), doubts(&evaluation.notices));
    let shown = if forbidden(evaluation).is_some() { CAUSES.saturating_sub(banners.len()).max(1) } else { 1 };
    let mut answer = Answer {
        tone: match evaluation.verdict.decision {
            _ if forbidden(evaluation).is_some() => Tone::Undecided,
            Decision::Promote => Tone::Change,
            Decision::Keep => Tone::Keep,
            Decision::NotEnoughEvidence => Tone::Undecided,
        },
        headline: headline(evaluation).from_section(against(evaluation)),
        line: line(evaluation),
        readiness: rests_on(evaluation).from_section("ledger"),
        banners,
        doubts: doubts.into_iter().take(shown).collect(),
        reasons: Vec::new(),
        next: next(evaluation),
    };
    answer.reasons = split(evaluation, &answer).0;
    answer
}

/// What has no room on the first screen; nothing where all of it has.
pub(super) fn beside(evaluation: &Evaluation) -> Option<Section> {
    let mut answer = answer(evaluation);
    let shown = answer.doubts.len();
    answer.reasons.clear();
    let mut rest = split(evaluation, &answer).1;
    rest.extend(doubts(&evaluation.notices).into_iter().skip(shown));
    (!rest.is_empty()).then(|| Section::new("beside", "What else there is to say", vec![Block::List(rest)]))
}

/// The reasons that fit beside the rest of an answer, and those that do not: the weightiest first.
fn split(evaluation: &Evaluation, answer: &Answer) -> (Vec<Text>, Vec<Text>) {
    let texts = [&answer.banners, &answer.doubts, &answer.next].into_iter().flatten();
    let mut left = NUMERALS.saturating_sub(texts.chain([&answer.headline, &answer.readiness]).map(numerals).sum());
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for reason in reasons(evaluation) {
        let own = numerals(&reason);
        if first.len() < REASONS && own <= left {
            left -= own;
            first.push(reason);
        } else {
            rest.push(reason);
        }
    }
    (first, rest)
}

/// How many numbers a reader meets; those in names are names.
pub(super) fn numerals(text: &Text) -> usize {
    let words = text.0.iter().map(|span| match span {
        Span::Plain(words) | Span::Strong(words) => words.as_str(),
        _ => " ",
    });
    let words: Vec<char> = words.collect::<String>().chars().collect();
    let is_in = |place: usize| {
        let joins = |c: char| matches!(c, ',' | '.' | '-' | ':');
        words[place].is_ascii_digit()
            || joins(words[place])
                && place > 0
                && words[place - 1].is_ascii_digit()
                && words.get(place + 1).is_some_and(char::is_ascii_digit)
    };
    (0..words.len()).filter(|&place| is_in(place) && (place == 0 || !is_in(place - 1))).count()
}

/// Banners of all that is concluded; of a model alone only where the answer speaks of it.
fn banners(evaluation: &Evaluation) -> Vec<Text> {
    let apart = out_of_competition(evaluation).map(|model| &model.name);
    let named = |model: &String| {
        let verdict = &evaluation.verdict;
        [verdict.model.as_ref(), verdict.challenger.as_ref(), evaluation.setting.champion.as_ref(), apart]
            .contains(&Some(model))
    };
    let concerns = |notice: &&Notice| match &notice.fact {
        Fact::Barred { model, .. } => named(model),
        _ => notice.level == Level::Banner,
    };
    let banners = evaluation.notices.iter().filter(concerns);
    banners.map(|notice| Text::whole(&notices::sentence(&notice.fact)).from_section("notices")).collect()
}

/// What was found in the files and may change the answer, the question that decides first.
pub(super) fn doubts(notices: &[Notice]) -> Vec<Text> {
    let mut doubts: Vec<&Notice> = notices
        .iter()
        .filter(|notice| {
            notice.level == Level::Warning
                && matches!(
                    notice.fact,
                    Fact::SevereFinding { .. }
                        | Fact::Open(_)
                        | Fact::UnknownEventsOf { .. }
                        | Fact::DeclaredByYou { .. }
                )
        })
        .collect();
    doubts.sort_by_key(|notice| !matches!(notice.fact, Fact::Open(_)));
    let text = |notice: &Notice| Text::whole(&notices::sentence(&notice.fact)).from_section("notices");
    doubts.into_iter().take(CAUSES).map(text).collect()
}

/// Why nothing can be concluded from the data, whatever the figures.
fn forbidden(evaluation: &Evaluation) -> Option<&str> {
    evaluation.verdict.reasons.iter().find_map(|reason| match reason {
        Reason::Forbidden { what } => Some(what.as_str()),
        _ => None,
    })
}

/// The section that the verdict rests on.
fn against(evaluation: &Evaluation) -> &'static str {
    if evaluation.comparisons.is_empty() { "models" } else { "champion" }
}

/// "It rests on 214 winners among 2,400 finished leads", and what it costs to leave things as they are.
fn rests_on(evaluation: &Evaluation) -> Text {
    let readiness = &evaluation.readiness;
    let wins = text::plural(readiness.wins, "winner");
    let at_stake = match evaluation.verdict.decision {
        Decision::Promote if claim(evaluation).is_some() => " Every quarter without it misses about that many winners.",
        _ => "",
    };
    let of =
        readiness.accounts.map_or_else(String::new, |accounts| format!(" of {}", text::plural(accounts, "account")));
    format!("It rests on {wins} among {}{of}.{at_stake}", text::plural(readiness.leads, "finished lead")).into()
}

fn headline(evaluation: &Evaluation) -> Text {
    if let Some(why) = forbidden(evaluation) {
        return Text::whole(&format!("No conclusion can be drawn from these data: {why}."));
    }
    let of_the_champion = evaluation.verdict.reasons.iter().find(|reason| is_of_the_champion(reason));
    let decision = decision(evaluation);
    match of_the_champion {
        Some(reason) => Text::whole(&facts::reason(reason)).then(" ".into()).then(decision),
        None => decision,
    }
}

fn is_of_the_champion(reason: &Reason) -> bool {
    matches!(reason, Reason::UpsideDown { .. } | Reason::NoBetterThanChance { .. })
}

fn doubts_the_champion(evaluation: &Evaluation) -> bool {
    evaluation.verdict.reasons.iter().any(is_of_the_champion)
}

fn decision(evaluation: &Evaluation) -> Text {
    let verdict = &evaluation.verdict;
    let Some(champion) = &evaluation.setting.champion else { return without_champion(evaluation) };
    match verdict.decision {
        Decision::Promote => {
            let to = verdict.model.as_ref().or(verdict.challenger.as_ref());
            let start = match to {
                Some(to) => say!["Use ", name(to), " instead of ", name(champion)],
                None => say!["Replace ", name(champion)],
            };
            let find = |name: &String| evaluation.models.iter().find(|model| model.name == *name);
            let by = to.and_then(find).map(|model| finds(model, find(champion)));
            start.then(clause(": ", gain(evaluation, &by.unwrap_or_else(|| "it finds".into()))))
        }
        Decision::Keep => {
            let what = match &verdict.challenger {
                Some(challenger) => gain(evaluation, &say![name(challenger), " would find"]),
                None if evaluation.comparisons.is_empty() => Some("no challenger was evaluated".into()),
                None => Some("no challenger is shown to be better".into()),
            };
            say!["Keep ", name(champion)].then(clause(": ", what))
        }
        Decision::NotEnoughEvidence if champion_is_suspended(evaluation) => say![
            "Not enough evidence to replace ",
            name(champion),
            ": nobody knows how good it is, for it reads what the sale itself seems to have written."
        ],
        Decision::NotEnoughEvidence => {
            let stay = if doubts_the_champion(evaluation) { "." } else { ": stay with it for now." };
            let start = say!["Not enough evidence to replace ", name(champion), stay];
            let guess = verdict.challenger.as_ref().and_then(|challenger| best_guess(evaluation, challenger));
            let start = guess.map_or_else(|| start.clone(), |guess| start.clone().then(" ".into()).then(guess));
            match barred(evaluation) {
                Some(barred) => start.then(say![" But ", name(&barred.name), " cannot be promoted on this evidence."]),
                None => start,
            }
        }
    }
}

/// "its four edits find" of a champion of points that is changed, "it finds".
fn finds(model: &ModelEvaluation, champion: Option<&ModelEvaluation>) -> Text {
    const WORDS: [&str; 9] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let is_edited = [Some(model), champion].iter().all(|one| one.is_some_and(|one| one.kind == ModelKind::Points));
    match model.effort.edits {
        1 if is_edited => "its one edit finds".into(),
        edits @ 2..=10 if is_edited => format!("its {} edits find", WORDS[edits as usize - 2]).into(),
        _ => "it finds".into(),
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
        _ => match out_of_competition(evaluation) {
            Some(apart) => say![
                "Use ",
                name(best),
                ": of the models that can be judged none finds as many winners",
                figure(" (", ")"),
                ". ",
                name(&apart.name),
                " is out of competition."
            ],
            None => say!["Use ", name(best), ": no other model finds as many winners", figure(" (", ")"), "."],
        },
    }
}

/// "41.3 % (95 %: 35.0 to 47.8) of the winners found at 20 leads a week" of the model to use; without it, its AUC.
fn best_figure(evaluation: &Evaluation) -> Option<String> {
    let best = evaluation.verdict.model.as_ref()?;
    let model = evaluation.models.iter().find(|model| &model.name == best)?;
    let captured = captured(model).filter(|captured| captured.interval().is_some());
    Some(match (captured, &evaluation.setting.capacity) {
        (Some(captured), Some(setting)) => {
            format!("{} of the winners found at {}", with_level(&captured, Unit::Share), words::capacity(setting))
        }
        _ => format!("AUC {}", with_level(&model.metric(AUC.id), Unit::Plain)),
    })
}

/// Without a champion: the first model that seems to find more winners than the one that is named, and cannot be judged.
fn out_of_competition(evaluation: &Evaluation) -> Option<&ModelEvaluation> {
    if evaluation.setting.champion.is_some() {
        return None;
    }
    let find = |name: &String| evaluation.models.iter().find(|model| model.name == *name);
    let found = |model: &ModelEvaluation| captured(model).and_then(|captured| captured.point.finite());
    let best = found(evaluation.verdict.model.as_ref().and_then(find)?)?;
    let mut barred = evaluation.models.iter().filter(|model| model.not_promotable.is_some());
    barred.find(|model| found(model).is_some_and(|own| own > best))
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
    because.is_some_and(|because| because.knows_the_outcome())
}

/// What is claimed for the challenger that the answer speaks of: winners, and what they are counted over. Older results
/// know but the winners a quarter.
pub(super) fn claim(evaluation: &Evaluation) -> Option<(Estimate, &'static str)> {
    let comparison = deciding(evaluation)?;
    let claim = evaluation.verdict.difference.as_ref().filter(|_| evaluation.verdict.metric == Some(WINS.id));
    let all = [
        (claim, facts::per(comparison.gain.per)),
        (Some(&comparison.wins_per_quarter), "a quarter"),
        (Some(&comparison.wins), "among these leads"),
    ];
    let told = |(wins, per): (Option<&Estimate>, &'static str)| {
        let wins = wins.filter(|wins| wins.point.finite().is_some() && wins.interval().is_some())?;
        Some((wins.clone(), per))
    };
    let is_held = comparison.gain.winners.point.finite().is_none() && evaluation.verdict.metric == Some(WINS.id);
    if is_held { None } else { all.into_iter().find_map(told) }
}

/// "at 120 leads a week it finds 15 more winners a quarter (95 %: 6 to 24), had all leads been called".
fn gain(evaluation: &Evaluation, finds: &Text) -> Option<Text> {
    let comparison = deciding(evaluation)?;
    let (winners, per) = claim(evaluation)?;
    let words = more_or_fewer(&winners, per)?;
    let rule = text::clean(&facts::hand_over(&comparison.swap.hand_over));
    let had = if comparison.gain.basis == Basis::HadAllBeenWorked { ", had all leads been called" } else { "" };
    Some(say![format!("{rule} ")].then(finds.clone()).then(format!(" {words}{had}").into()))
}

/// The best of the others: what is claimed for it, and where nothing is, what it may be.
fn best_guess(evaluation: &Evaluation, challenger: &str) -> Option<Text> {
    let finds = say![name(challenger), " would find"];
    let (winners, per) = claim(evaluation)?;
    if winners.point.finite()? > 0.0 {
        return Some(say!["Best guess: "].then(gain(evaluation, &finds)?).then(".".into()));
    }
    let comparison = deciding(evaluation)?;
    let range = more_or_fewer(&winners, per)?.split_once("(95 %: ")?.1.trim_end_matches(')').to_owned();
    let rule = text::clean(&facts::hand_over(&comparison.swap.hand_over));
    Some(
        say![format!("No other is seen to be better: {rule} ")]
            .then(finds)
            .then(format!(" {range} winners {per} (95 %).").into()),
    )
}

/// "15 more winners a quarter (95 %: 6 to 24)": the words follow the signs of the interval's ends.
pub(super) fn more_or_fewer(estimate: &Estimate, per: &str) -> Option<String> {
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
    // Where nothing is claimed for the best of the others its figure would read as a guess.
    let told = |winners: &Estimate| {
        verdict.decision != Decision::NotEnoughEvidence || winners.point.finite().is_some_and(|point| point > 0.0)
    };
    let change = claim(evaluation).filter(|(winners, _)| told(winners));
    let change = change.and_then(|(winners, per)| signed_wins(&winners, per));
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
    let guess = match (&verdict.challenger, &change) {
        (Some(challenger), Some(change)) => say![": ", name(challenger), format!(" {change}")],
        _ => ".".into(),
    };
    match verdict.decision {
        Decision::Promote => {
            let to = verdict.model.as_ref().or(verdict.challenger.as_ref()).unwrap_or(champion);
            let change = change.map_or_else(String::new, |change| format!(": {change}"));
            say!["Use ", name(to), " instead of ", name(champion), change]
        }
        Decision::Keep => say!["Keep ", name(champion)].then(guess),
        Decision::NotEnoughEvidence if champion_is_suspended(evaluation) => {
            say!["Not enough evidence to replace ", name(champion), ": how good it is nobody knows"]
        }
        Decision::NotEnoughEvidence => say!["Not enough evidence to replace ", name(champion)].then(guess),
    }
}

/// "+15 winners a quarter (95 %: +6 to +24)".
fn signed_wins(estimate: &Estimate, per: &str) -> Option<String> {
    let (point, interval) = (estimate.point.finite()?, estimate.interval()?);
    let written = text::aligned(&[point, interval.low, interval.high], Unit::CountDifference);
    Some(format!("{} winners {per} (95 %: {} to {})", written[0], written[1], written[2]))
}

/// What the decision rests on, the weightiest first.
fn reasons(evaluation: &Evaluation) -> Vec<Text> {
    let verdict = &evaluation.verdict;
    if forbidden(evaluation).is_some() {
        // The banners say why; no figure is to be acted on.
        return Vec::new();
    }
    let against = against(evaluation);
    let rests_on = if evaluation.evidence.gates.is_empty() { against } else { "gates" };
    // What the headline says already is no reason for it.
    let reasons = verdict.reasons.iter().filter(|reason| !is_of_the_champion(reason));
    let mut out: Vec<Text> = reasons.map(|one| Text::whole(&facts::reason(one)).from_section(rests_on)).collect();
    let is_open = barred(evaluation).is_none() && !champion_is_suspended(evaluation);
    if verdict.decision != Decision::Promote
        && is_open
        && let Some(comparison) = deciding(evaluation)
    {
        out.extend(
            settled(evaluation)
                .map(|words| words.from_section(if evaluation.criteria.is_some() { "criteria" } else { "models" })),
        );
        out.extend(at_most(evaluation, comparison).map(|words| words.from_section(against)));
        let is_held = comparison.gain.winners.point.finite().is_none() && verdict.metric == Some(WINS.id);
        if verdict.decision == Decision::NotEnoughEvidence && !is_held {
            out.extend(what_it_takes(evaluation, comparison));
            out.extend(waiting(evaluation).map(|words| words.from_section(against)));
        }
    }
    out.extend(who_was_worked(evaluation).map(|words| words.from_section("worked")));
    out.extend(value(evaluation).map(|words| words.from_section(against)));
    out.extend(bottom(evaluation).map(|words| words.from_section("models")));
    if evaluation.setting.champion.is_some() && verdict.tied.len() > 1 {
        let at = text::clean(&facts::hand_over(&verdict.hand_over));
        let words = say!["The data cannot tell "]
            .then(names(&verdict.tied))
            .then(format!(" apart in the winners they find {at}.").into());
        out.push(words.from_section("models"));
    }
    out
}

/// What is known all the same where nothing can be decided: rules that do nothing or point the wrong way, brackets in the
/// wrong order.
fn settled(evaluation: &Evaluation) -> Option<Text> {
    const MOST: usize = 3;
    let criteria = evaluation.criteria.iter().flat_map(|audit| &audit.criteria);
    let of_rules = criteria.filter_map(|one| match one.verdict {
        Belief::Dead => Some(say![name(&one.name), " never fires"]),
        Belief::WrongSign => Some(say![name(&one.name), " points the wrong way"]),
        _ => None,
    });
    let champion = evaluation.models.iter().find(|model| Some(&model.name) == evaluation.setting.champion.as_ref());
    let inversions = champion.into_iter().flat_map(|model| &model.brackets.inversions);
    let beyond_chance = inversions.filter(|one| one.difference.interval().is_some_and(|bounds| bounds.high < 0.0));
    let of_brackets =
        beyond_chance.map(|one| Text::sentence(&format!("`{}` converts better than `{}`", one.lower, one.higher)));
    let all: Vec<Text> = of_rules.chain(of_brackets).take(MOST).collect();
    let mut out = Text::default();
    for (place, one) in all.iter().enumerate() {
        let joint = match place {
            0 => "Settled all the same: ",
            _ if place + 1 == all.len() => ", and ",
            _ => ", ",
        };
        out = out.then(joint.into()).then(one.clone());
    }
    (!out.is_empty()).then(|| out.then(".".into()))
}

/// What the interval excludes, as far as history can show it.
fn at_most(evaluation: &Evaluation, comparison: &Comparison) -> Option<Text> {
    let gain = &comparison.gain;
    let interval = gain.winners.interval()?;
    let per = facts::per(gain.per);
    let written = text::aligned(&[interval.low.abs(), interval.high.abs()], Unit::Count);
    if gain.basis.shows_losses() {
        let gains = if interval.high > 0.0 {
            format!("a gain of more than {} winners {per}", written[1])
        } else {
            "any gain".to_owned()
        };
        let unit = if interval.high > 0.0 { String::new() } else { format!(" winners {per}") };
        let losses = if interval.low < 0.0 {
            format!("a loss of more than {}{unit}", written[0])
        } else {
            "any loss".to_owned()
        };
        return Some(say!["Ruled out for ", name(&comparison.challenger), format!(": {gains}, and {losses}.")]);
    }
    let gains = if interval.high > 0.0 {
        format!("a gain of at most {} winners {per}", written[1])
    } else {
        "no gain".to_owned()
    };
    let why = match (gain.basis, evaluation.evidence.worked.as_ref().and_then(|worked| worked.overlap.refused.as_ref()))
    {
        (Basis::NoOverlap, Some(reason)) => {
            Text::sentence(&format!("a lead that nobody called can hardly buy, and that is {reason}"))
        }
        _ => say![
            "a lead that nobody called can hardly buy. Which ones did sales call? Name the column under ",
            name("data.outcomes.worked")
        ],
    };
    let start = format!("History shows {gains}; more it cannot show: ");
    Some(say![start].then(why).then(".".into()))
}

/// How many more leads settle it, and where that is too many, what else does.
fn what_it_takes(evaluation: &Evaluation, comparison: &Comparison) -> Vec<Text> {
    let gates = &evaluation.evidence.gates;
    if !gates.is_empty() {
        let open = gates.iter().filter(|gate| {
            gate.challenger == comparison.challenger
                && gate.outcome == GateOutcome::Open
                && gate.more_leads.finite().is_some()
        });
        let takes = |gate: &GateEvidence| {
            let words = format!("To settle \"{}\": {}.", facts::gate(&gate.asked), words::until_settled(gate));
            Text::sentence(&words).from_section("gates")
        };
        return open.map(takes).collect();
    }
    vec![leads_needed(evaluation, comparison).from_section("ledger")]
}

/// Whether it takes more than two years until there are leads enough.
fn is_far(evaluation: &Evaluation, comparison: &Comparison) -> bool {
    let mut waiting = evaluation.evidence.waiting.iter();
    waiting
        .any(|one| one.challenger == comparison.challenger && one.days.finite().is_some_and(|days| days > words::FAR))
}

fn leads_needed(evaluation: &Evaluation, comparison: &Comparison) -> Text {
    let here = evaluation.readiness.leads as f64;
    let waiting = evaluation.evidence.waiting.iter().find(|waiting| waiting.challenger == comparison.challenger);
    let is_far = is_far(evaluation, comparison);
    match &comparison.leads_needed {
        Number::Value(all) if all.is_finite() && *all > here && is_far => {
            "More leads do not settle it at the rate at which they come.".into()
        }
        Number::Value(all) if all.is_finite() && *all > here => {
            let by = waiting.and_then(|waiting| waiting.by.as_ref());
            let by = by.map_or_else(String::new, |by| format!(", by about {}", text::clean(by)));
            let more = text::rough(all - here, Unit::Plain);
            format!("About {more} more finished leads settle whether there is a gain worth having{by}.").into()
        }
        Number::Value(all) if all.is_finite() => {
            "There are leads enough to see a gain worth having; more of them only narrow the interval.".into()
        }
        Number::Value(_) => "No number of leads shows the smallest gain worth having.".into(),
        Number::Undefined(reason) => {
            format!("How many more leads settle it is not known ({}).", text::clean(reason)).into()
        }
    }
}

/// What is forgone until there is evidence enough, if the best guess is right.
fn waiting(evaluation: &Evaluation) -> Option<Text> {
    let (winners, per) = claim(evaluation)?;
    let point = winners.point.finite()?;
    if point <= 0.0 {
        return None;
    }
    let winners = text::quantity(point, Unit::Count);
    Some(format!("If the best guess is right, waiting costs about {winners} winners {per}.").into())
}

/// That history was made by who was called, and what is done about it.
fn who_was_worked(evaluation: &Evaluation) -> Option<Text> {
    let comparison = deciding(evaluation)?;
    let worked = evaluation.evidence.worked.as_ref().filter(|worked| worked.worked < worked.leads)?;
    let share = text::quantity(worked.worked as f64 / worked.leads.max(1) as f64, Unit::Share);
    match (&worked.overlap.refused, comparison.gain.basis) {
        (Some(reason), _) => Some(Text::sentence(&format!(
            "Sales called {share} of these leads, and what that does to the comparison cannot be undone: {}.",
            text::clean(reason)
        ))),
        (None, Basis::HadAllBeenWorked) => {
            let seen = text::number(&comparison.wins_per_quarter.point, Unit::CountDifference);
            Some(
                format!(
                    "Sales called {share} of these leads, those that today's score puts first more often; as they were called, the difference is {seen} a quarter."
                )
                .into(),
            )
        }
        _ => None,
    }
}

/// What the difference is worth, where a few deals do not make it.
fn value(evaluation: &Evaluation) -> Option<Text> {
    let value = deciding(evaluation)?.value_per_quarter.as_ref()?;
    if evaluation.evidence.deals.as_ref().is_some_and(|deals| deals.make_the_total()) {
        return Some("In money nothing is claimed: ten deals make most of all that was won.".into());
    }
    let (point, interval) = (value.point.finite()?, value.interval()?);
    let written = text::aligned(&[point, interval.low, interval.high], Unit::Money);
    let money = text::with_currency(&written[0], currency(evaluation));
    let range = format!("95 %: {} to {}", written[1], written[2]);
    if interval.contains(0.0) {
        return Some("In money the difference may be nothing: \"Against the champion\" has it.".into());
    }
    Some(format!("In money it is {money} a quarter ({range}); the largest deals are capped.").into())
}

/// What would be lost by not working the lowest fifth of the model to use.
fn bottom(evaluation: &Evaluation) -> Option<Text> {
    let model = evaluation.verdict.model.as_ref()?;
    let bottom = evaluation.evidence.bottom.iter().find(|one| &one.model == model && one.share == 0.2)?;
    let knows_the_outcome = champion_is_suspended(evaluation) && evaluation.setting.champion.as_ref() == Some(model);
    (!knows_the_outcome).then(|| words::lost(evaluation, bottom))
}

fn next(evaluation: &Evaluation) -> Vec<Text> {
    if forbidden(evaluation).is_some() {
        return vec!["Mend what stands above, and run this again: until then no figure here is to be acted on.".into()];
    }
    let verdict = &evaluation.verdict;
    let Some(champion) = &evaluation.setting.champion else {
        return vec![Text::sentence(
            "Name the model in use as `champion:` in the experiment file: then every other model is measured against it.",
        )];
    };
    let confirm = Text::sentence(
        "A replay cannot show how sales would have called other leads: confirm the gain in the field (`leadoff ab plan`), or run this again on the next quarter.",
    );
    let monday = on_monday(evaluation).filter(|_| verdict.decision == Decision::NotEnoughEvidence);
    let then = match verdict.decision {
        Decision::Promote => {
            let to = verdict.model.as_ref().or(verdict.challenger.as_ref()).unwrap_or(champion);
            let edits = evaluation.proposal.as_ref().filter(|proposal| proposal.name == *to);
            let first = match edits {
                Some(_) => say!["Make the edits in the CRM that \"What to change\" lists."].from_section("change"),
                None if is_fitted(evaluation, to) => say![
                    "Fit ",
                    name(to),
                    format!(" on everything that is mature{}: ", as_known(evaluation)),
                    name("leadoff fit"),
                    " writes the model that goes into use."
                ],
                None => say!["Agree with sales on the score at which ", name(to), " hands a lead over."]
                    .from_section("thresholds"),
            };
            vec![first, confirm]
        }
        Decision::Keep => vec![say![
            "Look for what holds ",
            name(champion),
            " back: ",
            name("leadoff audit"),
            " shows which of its criteria are over- or under-weighted."
        ]],
        Decision::NotEnoughEvidence if barred(evaluation).is_some() => {
            vec![say!["Get the evidence that is missing: the reasons above say which."]]
        }
        Decision::NotEnoughEvidence if deciding(evaluation).is_some_and(|one| is_far(evaluation, one)) => {
            vec![say!["Try both in the field: ", name("leadoff ab plan"), " says how many leads that takes."]]
        }
        Decision::NotEnoughEvidence => {
            vec!["Run this again when more leads are finished, or over a longer window.".into()]
        }
    };
    monday.into_iter().chain(then).collect()
}

fn is_fitted(evaluation: &Evaluation, model: &str) -> bool {
    evaluation.models.iter().any(|one| one.name == model && one.kind.is_fitted())
}

/// " as known on 2026-09-30".
fn as_known(evaluation: &Evaluation) -> String {
    evaluation.setting.until.as_ref().map_or_else(String::new, |until| format!(" as known on {}", text::clean(until)))
}

/// What one would do on Monday where nothing is proven: the odds, and what is lost if they turn out badly.
fn on_monday(evaluation: &Evaluation) -> Option<Text> {
    let prospect = evaluation.evidence.prospect.as_ref()?;
    let champion = evaluation.setting.champion.as_ref()?;
    let winners = |number: f64| text::quantity(number.abs(), Unit::Count);
    let per = facts::per(prospect.per);
    Some(if prospect.switch {
        say![
            "On Monday we would switch to ",
            name(&prospect.challenger),
            format!(
                ": the odds are {} that it finds more winners, {} more {per} in the mean. If not, it costs {} {per}.",
                odds(prospect.chance),
                winners(prospect.gain),
                winners(prospect.loss)
            ),
        ]
    } else {
        say![
            "On Monday we would stay with ",
            name(champion),
            format!(": the odds that another finds more winners, {}, are", odds(prospect.chance)),
            " not worth a change.",
        ]
    })
}

/// "9 to 1".
fn odds(chance: f64) -> String {
    let ratio = |chance: f64| match (chance / (1.0 - chance)).round() {
        ratio if ratio >= 99.0 => "99 to 1".to_owned(),
        ratio => format!("{ratio} to 1"),
    };
    match chance {
        chance if (0.4..=0.6).contains(&chance) => "about even".into(),
        chance if chance > 0.6 => ratio(chance),
        chance => format!("{} against it", ratio(1.0 - chance)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::result::Gain;

    fn headline_of(evaluation: &Evaluation) -> String {
        answer(evaluation).headline.plain()
    }

    fn of(point: f64, low: f64, high: f64) -> Estimate {
        Estimate { point: point.into(), low: low.into(), high: high.into() }
    }

    fn reasons_of(evaluation: &Evaluation) -> Vec<String> {
        reasons(evaluation).iter().map(Text::plain).collect()
    }

    fn with_basis(mut evaluation: Evaluation, basis: Basis) -> Evaluation {
        evaluation.comparisons.iter_mut().for_each(|one| one.gain = Gain { basis, ..one.gain.clone() });
        evaluation
    }

    #[test]
    fn a_promotion_says_what_is_claimed_for_it() {
        assert_eq!(
            headline_of(&fixture::promoted()),
            "Use reweighted instead of current: at 20 leads a week it finds 10 more winners a quarter (95 %: 4 to 16)."
        );
        let corrected = with_basis(fixture::promoted(), Basis::HadAllBeenWorked);
        assert!(headline_of(&corrected).ends_with("(95 %: 4 to 16), had all leads been called."));
    }

    #[test]
    fn a_score_that_cannot_be_judged_is_told_apart_from_those_that_lose() {
        let mut evaluation = fixture::without_champion();
        evaluation.verdict.tied = vec!["reweighted".into()];
        evaluation.verdict.decision = Decision::Promote;
        let capture = |model: &mut ModelEvaluation, share: f64| {
            let tenth = model.top.iter_mut().filter(|top| top.share == 0.1);
            tenth.for_each(|top| top.capture.expected = share.into());
        };
        let place = |name: &str| evaluation.models.iter().position(|model| model.name == name).unwrap();
        let (crm, best) = (place("crm"), place("reweighted"));
        capture(&mut evaluation.models[best], 0.40);
        capture(&mut evaluation.models[crm], 0.39);
        assert!(headline_of(&evaluation).starts_with("Use reweighted: no other model finds as many winners"));
        capture(&mut evaluation.models[crm], 0.41);
        let headline = headline_of(&evaluation);
        assert!(
            headline.starts_with("Use reweighted: of the models that can be judged none finds as many"),
            "{headline}"
        );
        assert!(headline.ends_with("crm is out of competition."), "{headline}");
    }

    #[test]
    fn on_monday_one_switches_where_the_odds_are_worth_it() {
        let monday = |chance: f64, switch: bool| {
            let mut evaluation = fixture::undecided();
            let (challenger, per) = ("reweighted".into(), crate::result::Per::Quarter);
            evaluation.evidence.prospect =
                Some(crate::result::Prospect { challenger, switch, chance, gain: 3.2, loss: 1.4, per });
            next(&evaluation)[0].plain()
        };
        assert_eq!(
            monday(0.9, true),
            "On Monday we would switch to reweighted: the odds are 9 to 1 that it finds more winners, 3.2 more a quarter in the mean. If not, it costs 1.4 a quarter."
        );
        assert!(monday(0.55, false).starts_with("On Monday we would stay with current: the odds that another"));
        assert_eq!(
            [odds(0.6), odds(0.601), odds(0.995), odds(0.25)],
            ["about even", "2 to 1", "99 to 1", "3 to 1 against it"]
        );
        let mut settled = fixture::promoted();
        settled.evidence.prospect = fixture::undecided().evidence.prospect;
        assert!(next(&settled).iter().all(|line| !line.plain().contains("Monday")));
    }

    #[test]
    fn a_few_edits_are_named_and_many_weights_are_not() {
        let mut evaluation = fixture::promoted();
        evaluation.models[1].effort = crate::result::Effort { in_crm: true, edits: 4 };
        assert!(headline_of(&evaluation).contains("at 20 leads a week its four edits find 10 more winners"));
        evaluation.models[0].kind = ModelKind::Column;
        assert!(headline_of(&evaluation).contains("at 20 leads a week it finds 10 more winners"));
    }

    #[test]
    fn too_little_evidence_says_what_to_do_and_the_best_guess() {
        let evaluation = fixture::undecided();
        assert_eq!(
            headline_of(&evaluation),
            "Not enough evidence to replace current: stay with it for now. Best guess: at 20 leads a week reweighted \
             would find 3 more winners a quarter (95 %: from 5 fewer to 13 more)."
        );
        let reasons = reasons_of(&evaluation);
        assert!(
            reasons.contains(
                &"Ruled out for reweighted: a gain of more than 13 winners a quarter, and a loss of more than 5."
                    .to_owned()
            ),
            "{reasons:?}"
        );
        assert!(reasons.iter().any(|reason| reason.starts_with("About 9,500 more finished leads")), "{reasons:?}");
    }

    #[test]
    fn what_takes_more_than_two_years_is_not_waited_for() {
        let of = |days: f64| {
            let mut evaluation = fixture::undecided();
            let none = || Estimate::undefined("not asked");
            evaluation.evidence.waiting = vec![crate::result::Waiting {
                challenger: "reweighted".into(),
                more_leads: 9_500.0.into(),
                days: days.into(),
                by: None,
                wins_until: none(),
                value_until: None,
            }];
            (reasons_of(&evaluation).join(" "), answer(&evaluation).next[0].plain())
        };
        let (soon, run_again) = of(730.0);
        assert!(soon.contains("About 9,500 more finished leads") && run_again.starts_with("Run this again"), "{soon}");
        let (late, test) = of(731.0);
        assert!(late.contains("do not settle it at the rate") && test.starts_with("Try both in the field"), "{late}");
    }

    #[test]
    fn what_is_claimed_to_be_no_gain_is_no_best_guess() {
        let mut evaluation = fixture::undecided();
        evaluation.verdict.difference = Some(of(-4.0, -15.0, 17.0));
        assert_eq!(
            headline_of(&evaluation),
            "Not enough evidence to replace current: stay with it for now. No other is seen to be better: at 20 leads a \
             week reweighted would find from 15 fewer to 17 more winners a quarter (95 %)."
        );
    }

    #[test]
    fn what_history_cannot_show_is_not_ruled_out() {
        for basis in [Basis::WorkedUnknown, Basis::NoOverlap] {
            let reasons = reasons_of(&with_basis(fixture::undecided(), basis)).join("\n");
            assert!(!reasons.contains("Ruled out"), "{reasons}");
            assert!(reasons.contains("History shows a gain of at most 13 winners a quarter; more it cannot show"));
        }
        let unknown = reasons_of(&with_basis(fixture::undecided(), Basis::WorkedUnknown)).join("\n");
        assert!(unknown.contains("data.outcomes.worked"), "{unknown}");
    }

    #[test]
    fn a_challenger_that_cannot_be_promoted_is_named_as_such() {
        assert!(headline_of(&fixture::barred()).ends_with("But crm cannot be promoted on this evidence."));
    }

    #[test]
    fn a_champion_that_is_better_stays() {
        assert!(headline_of(&fixture::kept()).starts_with("Keep current: at 20 leads a week reweighted would find"));
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
    fn a_champion_upside_down_is_the_first_thing_said() {
        let mut evaluation = fixture::promoted();
        evaluation.verdict.reasons = vec![Reason::UpsideDown { model: "current".into(), auc: of(0.17, 0.1, 0.25) }];
        let headline = headline_of(&evaluation);
        assert!(
            headline.starts_with("`current` is upside down") || headline.starts_with("current is upside down"),
            "{headline}"
        );
        assert!(headline.contains("17 times in 100 (10 to 25)"), "{headline}");
    }

    #[test]
    fn a_first_screen_holds_no_more_numerals_and_reasons_than_a_reader_keeps() {
        for evaluation in [fixture::promoted(), fixture::undecided(), fixture::kept(), fixture::barred()] {
            let answer = answer(&evaluation);
            let texts = [&answer.reasons, &answer.next].into_iter().flatten();
            let all: usize = texts.chain([&answer.headline, &answer.readiness]).map(numerals).sum();
            assert!(all <= NUMERALS, "{all}: {answer:#?}");
            assert!(answer.reasons.len() <= REASONS);
        }
    }

    #[test]
    fn a_numeral_is_a_number_as_people_read_it() {
        let count = |words: &str| numerals(&words.into());
        assert_eq!(count("40 leads of 4,073 at 0.05 by 2026-01-31 (95 %)"), 5);
        assert_eq!(count("no more. Than this"), 0);
        assert_eq!(numerals(&say![name("v2"), " and 3"]), 1);
    }

    #[test]
    fn money_that_ten_deals_make_is_not_claimed() {
        let mut evaluation = fixture::promoted();
        let deals = |largest: f64| crate::result::Deals { cap: 9_000.0.into(), capped: 3, largest: largest.into() };
        evaluation.evidence.deals = Some(deals(0.51));
        assert!(value(&evaluation).unwrap().plain().starts_with("In money nothing is claimed"));
        evaluation.evidence.deals = Some(deals(0.49));
        assert!(value(&evaluation).unwrap().plain().starts_with("In money it is 23,500 EUR a quarter"));
        evaluation.comparisons[0].value_per_quarter = Some(of(100.0, -5.0, 900.0));
        assert!(value(&evaluation).unwrap().plain().starts_with("In money the difference may be nothing"));
    }

    #[test]
    fn warnings_of_a_model_that_nobody_recommends_stand_with_that_model() {
        let mut evaluation = fixture::promoted();
        let because = crate::result::Barred::RestsOn { columns: vec!["x".into()] };
        let fact = Fact::Barred { model: "crm".into(), because };
        evaluation.notices = vec![Notice { level: Level::Warning, fact }];
        assert!(answer(&evaluation).banners.is_empty());
        evaluation.verdict.challenger = Some("crm".into());
        assert_eq!(answer(&evaluation).banners.len(), 1);
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
    fn the_decision_fits_a_line_whatever_the_names() {
        for evaluation in fixture::all() {
            let line = answer(&evaluation).line;
            assert!(line.plain().chars().count() <= 100, "{}", line.plain());
        }
    }
}
