//! One lead's score over time: at its creation, at every event and change, and at every midnight, with what moved it.

use std::fmt::Write;

use crate::data::History;
use crate::experiment::Experiment;
use crate::models::KindSpec;
use crate::pipeline::{Looked, Looks, PipelineError, Progress, looked};
use crate::result::Scale;
use crate::table::{did_you_mean, inert, tidy};
use crate::time::{Calendar, Instant, NEVER, Zone, known};

/// Why there is no timeline.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("lead `{lead}` is not among the leads")]
    NoLead { lead: String },
    #[error("lead `{lead}` has no time of creation: a score over time needs `data.leads.created`")]
    NoTime { lead: String },
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error("`{name}` is {what}: only points, and models in files (`leadoff fit` writes one), are scored at any time")]
    NotAtAnyTime { name: String, what: String },
    #[error("no model of the experiment gives points: only those, and models in files, are scored at any time")]
    None,
}

/// One lead's score by one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    pub lead: String,
    pub model: String,
    pub from: Instant,
    /// The first win, or when the outcomes were exported.
    pub to: Instant,
    pub won: bool,
    /// Whether the score is a chance from 0 to 1.
    pub is_chance: bool,
    /// From where on sales takes over.
    pub threshold: Option<f64>,
    /// Each tier with its lowest score, ascending.
    pub tiers: Vec<(String, f64)>,
    /// The score at every look, in time's order.
    pub looks: Vec<Look>,
}

/// A score, and what gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub at: Instant,
    pub score: f64,
    /// Whether something happened then, or a day began.
    pub happened: bool,
    /// What each criterion gave, after its cap.
    pub given: Vec<(String, f64)>,
}

/// Scores one lead whenever it is looked at: by the model named, else by the champion, else by the first that gives points.
///
/// # Errors
/// When there is no such lead or model, or the experiment cannot be replayed.
pub fn timeline(
    experiment: &Experiment,
    lead: &str,
    model: Option<&str>,
    progress: &dyn Progress,
) -> Result<Timeline, TimelineError> {
    let place = chosen(experiment, model)?;
    let id = tidy(lead).into_owned();
    let choose = |history: &History| {
        let lead = history.ids.find(&id).ok_or_else(|| TimelineError::NoLead { lead: id.clone() })?;
        let at = looks_of(history, lead).ok_or_else(|| TimelineError::NoTime { lead: id.clone() })?;
        Ok::<Looks, TimelineError>(Looks { lead: vec![lead; at.len()], at: at.into_iter().map(|(at, _)| at).collect() })
    };
    let Looked { history, model, looks, scores, .. } = looked(experiment, place, &choose, progress)?;
    let lead = looks.lead[0];
    let happened = looks_of(&history, lead).unwrap_or_default();
    let look = |(row, (at, happened)): (usize, (Instant, bool))| Look {
        at,
        score: scores.value[row],
        happened,
        given: scores.contributions.iter().map(|one| (one.name.clone(), one.capped(row))).collect(),
    };
    let spec = model.points().map(|points| points.spec());
    let mut tiers: Vec<(String, f64)> = spec
        .map(|spec| spec.tiers.iter().map(|(name, tier)| (name.to_owned(), tier.from)).collect())
        .unwrap_or_default();
    tiers.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (to, won) = end(&history, lead);
    Ok(Timeline {
        lead: id,
        model: model.name().into(),
        from: looks.at[0],
        to,
        won,
        is_chance: model.scale() == Scale::Probability,
        threshold: spec.and_then(|spec| spec.threshold),
        tiers,
        looks: happened.into_iter().enumerate().map(look).collect(),
    })
}

fn chosen(experiment: &Experiment, model: Option<&str>) -> Result<usize, TimelineError> {
    let is_timeless = |place: &usize| {
        matches!(experiment.models[*place].kind, KindSpec::Points(_) | KindSpec::File(_) | KindSpec::Imported(_))
    };
    let names = || experiment.models.iter().map(|model| model.name.as_str());
    let Some(name) = model else {
        let first = || (0..experiment.models.len()).find(is_timeless);
        return experiment.champion.filter(is_timeless).or_else(first).ok_or(TimelineError::None);
    };
    let place = names().position(|known| known == name);
    let place = place.ok_or_else(|| TimelineError::NoModel { name: name.into(), near: did_you_mean(names(), name) })?;
    match is_timeless(&place) {
        true => Ok(place),
        false => {
            let what = experiment.models[place].kind.recipe().kind().definition().into();
            Err(TimelineError::NotAtAnyTime { name: name.into(), what })
        }
    }
}

/// When a lead's story ends: with its first win, else with the data; and whether it is a win.
fn end(history: &History, lead: usize) -> (Instant, bool) {
    let wins = history.outcomes.wins.iter().filter(|win| win.lead as usize == lead && win.at != NEVER);
    let first = wins.map(|win| win.at).filter(|at| *at <= history.until).min();
    (first.unwrap_or(history.until), first.is_some())
}

/// The instants at which a lead is looked at, ascending, each once, and whether something happened then; nothing where it has
/// no time of creation.
fn looks_of(history: &History, lead: usize) -> Option<Vec<(Instant, bool)>> {
    let created = known(*history.created.as_ref()?.get(lead)?)?;
    let (end, _) = end(history, lead);
    let mut looks = vec![(created, true)];
    if let Some(events) = &history.events {
        for chunk in &events.chunks {
            let own = chunk.lead.iter().zip(&chunk.at).filter(|(owner, _)| **owner as usize == lead);
            looks.extend(own.map(|(_, at)| (*at, true)));
        }
    }
    looks.extend(history.changes.iter().filter(|one| one.lead as usize == lead).map(|one| (one.from, true)));
    looks.retain(|(at, _)| *at >= created && *at <= end);
    looks.extend(midnights(&history.zone, created, end).map(|at| (at, false)));
    looks.push((end, false));
    // Of several at one instant there is one look; what happened comes first.
    looks.sort_unstable_by_key(|(at, happened)| (*at, !happened));
    looks.dedup_by_key(|(at, _)| *at);
    Some(looks)
}

fn midnights(zone: &Zone, from: Instant, to: Instant) -> impl Iterator<Item = Instant> {
    let next =
        move |at: Instant| Some(zone.period(at, Calendar::Day).end).filter(move |next| *next <= to && *next > at);
    std::iter::successors(next(from), move |&at| next(at))
}

/// Less than this is no move: points, and points that fade while something else happens.
const STILL: f64 = 0.05;
const FADES: f64 = 1.0;
/// The same of a chance.
const STILL_CHANCE: f64 = 0.005;

/// A timeline as text: a line wherever something moved the score by itself, and where a day's fading took it into another
/// tier or below the threshold.
pub fn text(timeline: &Timeline, zone: &Zone) -> String {
    let ends = if timeline.won { "won" } else { "not won by then" };
    let mut text = format!(
        "{} by `{}`, {} to {} ({ends})\n\n",
        inert(&timeline.lead),
        inert(&timeline.model),
        zone.text(timeline.from),
        zone.text(timeline.to)
    );
    let mut told: Option<&Look> = None;
    for (place, look) in timeline.looks.iter().enumerate() {
        let is_last = place + 1 == timeline.looks.len();
        let moved = told.map_or_else(Vec::new, |before| moved(before, look));
        let stands = standing(timeline, look.score);
        let crossed = told.is_none_or(|before| standing(timeline, before.score) != stands);
        let by_parts = moved.iter().any(|(_, by)| *by >= STILL || *by <= -FADES);
        let in_all = told.is_some_and(|before| timeline.is_chance && (look.score - before.score).abs() >= STILL_CHANCE);
        let own = look.happened && (by_parts || in_all);
        if !(told.is_none() || own || crossed || is_last) {
            continue;
        }
        let first = || look.given.iter().filter(|(_, given)| given.abs() >= STILL).cloned().collect();
        let because: Vec<(String, f64)> = if told.is_none() { first() } else { moved };
        let because = because.iter().map(|(name, by)| format!("{} {}", signed(*by), inert(name)));
        let because = because.collect::<Vec<String>>().join(", ");
        let stands = if crossed && !stands.is_empty() { format!("  → {}", inert(&stands)) } else { String::new() };
        let _ = writeln!(text, "{:<20}{:>8}  {because}{stands}", zone.text(look.at), score(timeline, look.score));
        told = Some(look);
    }
    if timeline.threshold.is_none() && !timeline.is_chance {
        text += "\nWhen sales would take over is not shown: the model states no `threshold:`.\n";
    }
    text
}

fn score(timeline: &Timeline, score: f64) -> String {
    if timeline.is_chance && !score.is_nan() { format!("{:.1} %", 100.0 * score) } else { number(score) }
}

/// What each criterion gives more or less than before, the most first.
fn moved(before: &Look, now: &Look) -> Vec<(String, f64)> {
    let pairs = before.given.iter().zip(&now.given).map(|(before, now)| (now.0.clone(), now.1 - before.1));
    let mut moved: Vec<(String, f64)> = pairs.filter(|(_, by)| by.abs() >= STILL).collect();
    moved.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    moved
}

/// The tier of a score, and whether sales takes over.
fn standing(timeline: &Timeline, score: f64) -> String {
    let tier = timeline.tiers.iter().rev().find(|(_, from)| score >= *from).map(|(name, _)| name.as_str());
    let over = timeline.threshold.filter(|threshold| score >= *threshold).map(|_| "handed over");
    [tier, over].into_iter().flatten().collect::<Vec<&str>>().join(", ")
}

fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0 + 0.0;
    if value.is_nan() { "–".into() } else { rounded.to_string().replace('-', "−") }
}

fn signed(value: f64) -> String {
    let text = number(value.abs());
    if value < 0.0 { format!("−{text}") } else { format!("+{text}") }
}
