//! The sentences of notices: what a reader must know beside the numbers.

use crate::result::{
    Barred, Cliff, CliffKind, Decision, Estimate, Fact, OpenQuestion, Per, Question, Readiness, ReadingAnswer,
    Suspicion, UnknownEvents, WinsBefore,
};
use crate::stats::Undefined;
use crate::table::yaml_name;

use super::facts;
use super::screening;
use super::text::{self, Unit};
use super::words::with_level;

/// Names and evidence beyond so many are counted.
const MOST: usize = 4;

/// A notice in one or two sentences.
pub fn sentence(fact: &Fact) -> String {
    match fact {
        Fact::Written { text } => text.clone(),
        Fact::Barred { model, because: Barred::Written { text } } => {
            format!("`{model}` cannot be promoted on this evidence: {text}")
        }
        Fact::Barred { model, because } => {
            format!("`{model}` cannot be promoted on this evidence: it {}{}", barred(because), judged_by(because))
        }
        Fact::Doubted { models, suspicion } => format!(
            "{} reads what may know the outcome: {}. If it does, {}",
            listed(models),
            screening::evidence(suspicion),
            screening::mend(suspicion)
        ),
        Fact::DeclaredByYou { models, suspicion } => format!(
            "{} reads what looks as if it knew the outcome, and is declared by you as known when leads come: {}",
            listed(models),
            screening::evidence(suspicion)
        ),
        Fact::WinsBeforeAsOf { wins, of, as_of, others } => wins_before(*wins, *of, as_of, others),
        Fact::NoTimes => "The outcomes have no times: every lead counts as if its horizon were over, and there is no time to convert, no capacity by week and no quarters.".into(),
        Fact::NoCreationTimes => "The leads have no creation times: each is scored as it stands in its file.".into(),
        Fact::FewWins { wins, enough } => few_wins(*wins, *enough),
        Fact::CapacityEstimated { leads } => format!(
            "No capacity is stated. Sales worked about {leads} of these leads a week, and models are compared at that number; state `capacity` to compare them at another."
        ),
        Fact::CapacityNotReplayed => {
            "The capacity cannot be replayed without times: models are compared in the top 10 % instead.".into()
        }
        Fact::NoTrainingLeads => {
            "There are no training leads, so points are not turned into probabilities: their calibration is undefined."
                .into()
        }
        Fact::WorkedUnknown => "It is not known which leads sales worked (`data.outcomes.worked`). If sales worked leads in the order of the champion's score, its high scores were helped to convert, and the comparison flatters the champion.".into(),
        Fact::UnknownEvents(unknown) => unknown_events(unknown),
        Fact::UnknownEventsOf { model, unknown } => format!("`{model}`: {}", unknown_events(unknown)),
        Fact::TrackingBreak(cliff) => {
            let text = tracking_break(cliff);
            format!("T{}: those leads score lower for want of a log", &text[1..])
        }
        Fact::WalkStartsAfter(cliff) => {
            let text = tracking_break(cliff);
            format!("T{}: the walk starts there, and leads of before are left out", &text[1..])
        }
        Fact::RefitSpread { champion, challenger, wider, draws, undoes } => {
            refit_spread((champion, challenger), *wider, *draws, *undoes)
        }
        Fact::StaleFit { model, winners, per } => stale_fit(model, winners, *per),
        Fact::WorkedByScore { high, low } => format!(
            "Sales worked {:.0} % of the better half by this score and {:.0} % of the other: what points seem to be worth holds some of that work. The audit does not take it out; a comparison by `leadoff run` does.",
            100.0 * high,
            100.0 * low
        ),
        Fact::WeighedOnAll => "Nothing is fitted, so all mature leads are weighed and none are kept aside: what is proposed is not judged here. Run it beside the model on the leads of the next quarter.".into(),
        Fact::CriteriaOfTheSale { model, because } => {
            format!("`{model}` {}; what such criteria seem to be worth may be the sale's own trace", barred(because))
        }
        Fact::NotJudgedAcrossBreak => "What is proposed is not judged on the evaluation window, and no simpler model is looked for: that would compare leads across the break of the log; --allow-truncated compares them all the same".into(),
        Fact::FewWinsForCriteria { wins, leads } => format!(
            "{wins} wins among {leads} training leads are too few for most of the criteria: widen `replay.train`"
        ),
        Fact::LiveModelOfTheSale { model, because } => {
            format!("`{model}` {}: what it seems to be worth may be the sale's own trace", barred(because))
        }
        Fact::LedgerBroken { line } => format!(
            "line {line} of the ledger of reviews does not follow from the one before it: a line was changed after it was written, and what is quoted from it can not be relied on"
        ),
        Fact::NoEarlyRead => "the outcomes have no times: every lead counts as if its horizon were over, and there is no early read and no time to convert".into(),
        Fact::SevereFinding { what, rows, advice, .. } => {
            let rows = if what.starts_with("rows ") { format!("{rows} ") } else { String::new() };
            match advice.is_empty() {
                true => format!("{rows}{what}"),
                false => format!("{rows}{what}. {}", super::text::capitalised(advice)),
            }
        }
        Fact::Open(reading) => open(reading),
    }
}

/// What is open, the answer under each reading, and what to say.
fn open(reading: &OpenQuestion) -> String {
    let answers: Vec<String> = reading.answers.iter().map(answer).collect();
    let answers = match reading.is_one_answer() {
        true => "The answer is the same under each reading".to_string(),
        false => answers.join("; "),
    };
    match &reading.question {
        Question::Until { rows } => format!(
            "{rows} outcomes lie beyond a long gap after all others (a mistyped year?), and the last one was taken for the day of the export. {answers}. Declare `until`, the day on which the outcomes were exported"
        ),
        Question::Accounts { column, accounts, leads, design_effect } => format!(
            "{leads} leads are of {accounts} accounts by `{column}`, and leads of one account convert together: the difference that decides varies as if there were {} times fewer. {answers}. {}",
            text::number(&(*design_effect).into(), Unit::Plain),
            match reading.is_one_answer() {
                true => format!("`leads: {{ account: {} }}` allows for it", yaml_name(column)),
                false => format!(
                    "Say whose leads they are, `leads: {{ account: {} }}`; or, if leads of one account decide by themselves, `account: none`",
                    yaml_name(column)
                ),
            }
        ),
        Question::KnownInTime { columns } => format!(
            "It is doubted that {} known when leads were scored. {answers}. If so, say so by name: `leads: {{ except: {{ {}: at_creation }} }}`; if not, put it under `leads.ignore`",
            match columns.as_slice() {
                [one] => format!("`{one}` was"),
                several => format!("{} were", listed(several)),
            },
            columns.first().map_or("…", String::as_str)
        ),
    }
}

/// "With `until` 2026-03-01: use `b` (+12 winners a quarter, 95 %: 3 to 21)".
fn answer(answer: &ReadingAnswer) -> String {
    let model = answer.model.as_deref().unwrap_or("none");
    let decision = match answer.decision {
        Decision::Promote => format!("use `{model}`"),
        Decision::Keep => format!("keep `{model}`"),
        Decision::NotEnoughEvidence => "not enough evidence".into(),
    };
    let gain = answer.gain.as_ref().and_then(|gain| {
        let (point, interval) = (gain.point.finite()?, gain.interval()?);
        Some(format!(" ({point:+.1} winners a quarter, 95 %: {:+.1} to {:+.1})", interval.low, interval.high))
    });
    format!("{}: {decision}{}", answer.reading, gain.unwrap_or_default())
}

/// How a model that rests on today's values is judged all the same.
fn judged_by(because: &Barred) -> String {
    if because.has_learned_from() {
        return ". To judge it, fit it on what was known before they came: `leadoff fit --until DATE`".into();
    }
    let Barred::RestsOn { columns } = because else { return String::new() };
    let column = columns.first().map_or_else(|| "…".into(), |column| yaml_name(column));
    format!(
        ". To judge it, export its history (`data.history`), write its rules as points, or say that it was known in time: `leads: {{ except: {{ {column}: at_creation }} }}`"
    )
}

/// Why a model cannot be promoted, as what it does: "rests on …".
pub fn barred(because: &Barred) -> String {
    match because {
        Barred::RestsOn { columns } => {
            let listed = columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            format!("rests on {listed}, known only as exported: the sale itself may have written it")
        }
        Barred::Suspended { on } => suspended(on),
        Barred::LearnedFrom { fitted_on, leads } => {
            format!(
                "was fitted on what was known on {fitted_on}, and may have learned from {leads} of the leads that it is judged on"
            )
        }
        Barred::MixedOf { model, because } => format!("is mixed of `{model}`, which {}", barred(because)),
        Barred::Written { text } => text.clone(),
    }
}

/// What is held against a model's columns and kinds of events, with what mends the first.
fn suspended(on: &[Suspicion]) -> String {
    let said: Vec<String> = on.iter().take(MOST).map(screening::evidence).collect();
    let more = if on.len() > MOST { format!(" (and {} more)", on.len() - MOST) } else { String::new() };
    let mend = on.first().map_or_else(String::new, |first| format!("; {}", screening::mend(first)));
    format!("rests on what the sale itself seems to have written: {}{more}{mend}", said.join("; "))
}

/// What a model reads that the log has not.
fn unknown_events(UnknownEvents { path, kind, meant }: &UnknownEvents) -> String {
    let meant = meant.as_ref().map(|known| format!(", did you mean `{known}`?")).unwrap_or_default();
    format!("{path}: no event of kind `{kind}` is in the log{meant}")
}

fn wins_before(wins: u64, of: u64, as_of: &str, others: &[WinsBefore]) -> String {
    let share = 100.0 * wins as f64 / of as f64;
    let others = others.iter().map(|before| format!("{} of {} by day {}", before.wins, before.of, before.days));
    let others = others.collect::<Vec<_>>().join(", ");
    format!(
        "{share:.1} % of the wins ({wins} of {of}) come before the leads are scored ({as_of}), and no model is judged on them. Wins after creation: {others}. To judge on more of them, score earlier."
    )
}

fn few_wins(wins: u64, enough: u64) -> String {
    let stand = if wins == 1 { "win stands" } else { "wins stand" };
    format!(
        "Only {wins} mature {stand} behind this report. With fewer than about {enough} no ranking, curve or threshold here is to be acted on: take a longer window, a shorter horizon, or wait."
    )
}

/// What of the leads is beyond a break of the log, in a clause.
pub fn tracking_break(cliff: &Cliff) -> String {
    let what = match cliff.what {
        CliffKind::Begins => "begins",
        CliffKind::Ends => "ends",
        CliffKind::ThinsOut => "thins out",
        CliffKind::Swells => "swells",
    };
    let share = cliff.share.finite().map_or("some".into(), |share| format!("{:.0} %", 100.0 * share));
    let side = match cliff.what {
        CliffKind::Begins => "were created before it",
        CliffKind::Swells => "were created before it, when fewer events were logged",
        CliffKind::Ends => "are scored after it",
        CliffKind::ThinsOut => "are scored after it, when fewer events were logged",
    };
    let readers = match cliff.criteria.len() {
        0 => String::new(),
        _ => format!(" (read by {})", listed(&cliff.criteria)),
    };
    format!("the log of `{}` {what} at {}, and {share} of the leads {side}{readers}", cliff.kind, cliff.at)
}

fn refit_spread((champion, challenger): (&str, &str), wider: f64, draws: u64, undoes: bool) -> String {
    let how = match (100.0 * (wider - 1.0)).round() {
        percent if percent < 1.0 => "hardly any wider".to_owned(),
        percent => format!("{percent} % wider"),
    };
    format!(
        "Intervals take the fits as they are. Had the models learned from other leads of the same kind, the interval of the difference between `{challenger}` and `{champion}` would be {how} ({draws} refits){}.",
        if undoes { ", and would hold 0: what is proven is this fit, and not yet the way it is made" } else { "" }
    )
}

fn stale_fit(model: &str, winners: &Estimate, per: Per) -> String {
    let found = with_level(winners, Unit::CountDifference);
    let per = facts::per(per);
    let advice = match winners.interval() {
        Some(interval) if interval.low > 0.0 => "fit it again each period (`leadoff fit`)",
        Some(interval) if interval.high < 0.0 => "what it learns anew misleads it: look for what has changed",
        _ => "that a fit is a period old does not show in these leads",
    };
    format!(
        "`{model}` by each period's own fit, against the fit of the period before: {found} winners {per}; {advice}."
    )
}

/// The window on one side of a break of the log.
pub fn one_side_of(cliff: &Cliff) -> String {
    match cliff.what {
        CliffKind::Begins | CliffKind::Swells => {
            format!("let `replay.train` and `replay.evaluate` begin at {}", cliff.at)
        }
        CliffKind::Ends | CliffKind::ThinsOut => {
            format!("let `replay.train` and `replay.evaluate` end before {}, with `until` there too", cliff.at)
        }
    }
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    shown.join(", ") + &more
}

/// What can be shown by the wins there are, in one line, before any result.
pub fn readiness(readiness: &Readiness) -> String {
    let Readiness { leads, wins, detectable_auc, detectable_capture, .. } = readiness;
    match (detectable_auc.finite(), detectable_capture.finite()) {
        (Some(auc), Some(capture)) => format!(
            "Readiness: {wins} mature wins among {leads} leads; the smallest differences they could show are about {auc:.2} in AUC and {:.0} in 100 wins captured in the top 10 %.",
            100.0 * capture
        ),
        _ => format!(
            "Readiness: {wins} mature wins among {leads} leads: too few to compare models ({}).",
            Undefined::TooFewRows
        ),
    }
}
