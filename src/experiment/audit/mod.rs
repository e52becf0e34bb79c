//! The audit of a points model: replayed once, weighed on the training leads, what it proposes judged on later ones.

mod fading;
mod leaks;
mod missing;
mod proposal;
mod simpler;
mod store;

pub use store::store_audit;

use crate::audit::{self, Evidence, Faded};
use crate::evaluation::Grouping;
use crate::models::{KindSpec, Scores, Spec};
use crate::predicate::nearest;
use crate::replay::{Replayed, Role, Scope};
use crate::result::{AUDIT_SCHEMA, Audit, Belief, Cliff, CriteriaAudit, CriterionAudit, Level, Notice};
use crate::stats::random::Seed;
use crate::table::Text;
use crate::time::{Calendar, Horizon, NEVER};

use super::load::Experiment;
use super::run::{Played, Timings, play_read, read};
use super::{Progress, RunError, log};

/// Holds the criteria of a points model against what happened: the one named, else the champion, else the first.
///
/// # Errors
/// As a run; and when there is no such points model, or no training window.
pub fn audit(experiment: &Experiment, model: Option<&str>, progress: &dyn Progress) -> Result<Audit, RunError> {
    let spec = chosen(experiment, model)?;
    let KindSpec::Points(points) = &spec.kind else { return Err(not_points(&spec.name)) };
    let read = read(experiment, progress)?;
    let fading = fading::models(points);
    let kinds = missing::unused_kinds(points, read.0.events.as_ref());
    let mut alone = experiment.clone();
    let beside = fading.iter().map(|(_, spec)| spec.clone()).chain(kinds.clone());
    alone.models = std::iter::once(spec.clone()).chain(beside).collect();
    alone.champion = Some(0);
    let played = play_read(&alone, read, Timings::default(), Scope::Used, progress)?;
    let training = rows(&played.replayed, &[Role::Training]);
    if training.is_empty() {
        return Err(RunError::NoTraining { model: spec.name.clone() });
    }
    progress.say("weighing the criteria".into());
    let evidence = evidence(&played, 0, &training, experiment.file.seed);
    let weighed = audit::weigh(&evidence);
    let criteria = audit::criteria(&evidence, &weighed);
    progress.say("looking for what to change".into());
    let cliffs = log::cliffs(&played.history, &played.replayed, &[spec]);
    let across = !experiment.allow_truncated && cliffs.iter().any(log::bends);
    let proposal = proposal::proposal(&alone, points, &played, (&evidence, &criteria), &training, across)?;
    progress.say("looking for leaks, decay and what is missing".into());
    let faded: Vec<Faded> = fading
        .iter()
        .enumerate()
        .map(|(i, (place, _))| fading::faded(points, *place, &played.scores[i + 1], &training))
        .collect();
    let columns = missing::columns(&played, &training);
    let scores: Vec<f64> = training.iter().map(|&row| played.scores[0].value[row]).collect();
    let misjudged = audit::misjudged(&scores, &evidence.converted, &columns);
    let of_kinds = kinds.as_ref().zip(played.scores.last());
    let events = of_kinds.map_or_else(Vec::new, |(spec, scores)| missing::events(spec, scores, &training));
    let mut missed = audit::missing(&evidence, &weighed, &[columns, events].concat());
    missed.extend(audit::interactions(&evidence, &weighed, &missing::pairs(points)));
    let file = &experiment.file;
    let mut notices = notices(&played, &cliffs, across);
    notices.extend(few_wins(&evidence, &criteria));
    Ok(Audit {
        schema: AUDIT_SCHEMA,
        experiment: file.experiment.clone(),
        model: spec.name.clone(),
        as_of: file.replay.as_of.in_words(),
        horizon_days: match file.replay.horizon {
            Horizon::Within(span) => Some(span.days()),
            Horizon::Ever => None,
        },
        window: window(experiment),
        seed: file.seed,
        leads: evidence.leads() as u64,
        wins: evidence.wins() as u64,
        notices,
        weighing: weighed.weighing(),
        criteria,
        proposal,
        leaks: leaks::leaks(&played, &training),
        decays: audit::decays(&evidence, &weighed, &faded),
        missing: missed,
        misjudged,
        simpler: if across { Default::default() } else { simpler::simpler(&alone, &played, &evidence) },
        cliffs,
    })
}

/// The audit's first part, for the report of a run: of the champion where it gives points, else of the first model that
/// does. Nothing without one, without training leads, or where the experiment wants none.
pub(super) fn of_run(experiment: &Experiment, played: &Played) -> Option<CriteriaAudit> {
    if !experiment.file.audit {
        return None;
    }
    let spec = chosen(experiment, None).ok()?;
    let place = experiment.models.iter().position(|known| known.name == spec.name)?;
    let training = rows(&played.replayed, &[Role::Training]);
    if training.is_empty() {
        return None;
    }
    let evidence = evidence(played, place, &training, experiment.file.seed);
    let weighed = audit::weigh(&evidence);
    Some(CriteriaAudit {
        model: spec.name.clone(),
        window: window(experiment),
        leads: evidence.leads() as u64,
        wins: evidence.wins() as u64,
        weighing: weighed.weighing(),
        criteria: audit::criteria(&evidence, &weighed),
    })
}

fn window(experiment: &Experiment) -> String {
    experiment.file.replay.train.as_ref().map_or("all leads".into(), |window| window.in_words())
}

fn chosen<'a>(experiment: &'a Experiment, model: Option<&str>) -> Result<&'a Spec, RunError> {
    let is_points = |spec: &&Spec| matches!(spec.kind, KindSpec::Points(_));
    if let Some(name) = model {
        let found = experiment.models.iter().find(|spec| spec.name == name);
        return found.ok_or_else(|| {
            let near = nearest(experiment.models.iter().map(|known| known.name.as_str()), name);
            let near = near.map_or(String::new(), |near| format!(", did you mean `{near}`?"));
            RunError::NoModel { name: name.into(), near }
        });
    }
    let champion = experiment.champion.map(|place| &experiment.models[place]).filter(is_points);
    champion.or_else(|| experiment.models.iter().find(is_points)).ok_or(RunError::NoPoints)
}

fn not_points(model: &str) -> RunError {
    RunError::NotPoints { model: model.into() }
}

fn rows(replayed: &Replayed, roles: &[Role]) -> Vec<usize> {
    (0..replayed.roles.len()).filter(|&row| roles.contains(&replayed.roles[row])).collect()
}

/// What the criteria of the model at a place gave the training leads, and what became of them.
fn evidence(played: &Played, place: usize, training: &[usize], seed: u64) -> Evidence {
    let Played { replayed, scores, models, history, .. } = played;
    let zone = &history.zone;
    let quarter = |row: &usize| match replayed.outcomes.created[*row] {
        NEVER => None,
        at => Some(zone.period_name(at, Calendar::Quarter)),
    };
    let names: Vec<Option<String>> = training.iter().map(quarter).collect();
    let text: Text = names.iter().map(|name| name.as_deref()).collect();
    let periods = names.iter().any(Option::is_some).then(|| Grouping {
        name: "quarter".into(),
        codes: text.codes,
        levels: text.levels,
    });
    Evidence {
        criteria: scores[place].contributions.iter().map(|one| one.take(training)).collect(),
        what: models[place].card(None).into_iter().map(|line| line.what).collect(),
        converted: training.iter().map(|&row| replayed.outcomes.converted[row]).collect(),
        periods,
        seed: Seed(seed),
    }
}

fn notices(played: &Played, cliffs: &[Cliff], across: bool) -> Vec<Notice> {
    let (model, scores): (_, &Scores) = (&played.models[0], &played.scores[0]);
    let mut notices = Vec::new();
    let mut say = |level: Level, text: String| notices.push(Notice { level, text });
    if let Some(reason) = &scores.not_promotable {
        say(
            Level::Warning,
            format!("`{}` {reason}; what such criteria seem to be worth may be the sale's own trace", model.name()),
        );
    }
    for text in model.notices() {
        say(Level::Warning, text);
    }
    notices.extend(cliffs.iter().filter(|cliff| log::bends(cliff)).map(|cliff| log::notice(cliff, Level::Warning)));
    if across {
        let text = "What is proposed is not judged on the evaluation window, and no simpler model is looked for: that would compare leads across the break of the log; --allow-truncated compares them all the same";
        notices.push(Notice { level: Level::Warning, text: text.into() });
    }
    notices
}

fn few_wins(evidence: &Evidence, criteria: &[CriterionAudit]) -> Option<Notice> {
    let unsure = criteria.iter().filter(|one| matches!(one.verdict, Belief::TooLittleData | Belief::Unknown)).count();
    (2 * unsure > criteria.len()).then(|| Notice {
        level: Level::Warning,
        text: format!(
            "{} wins among {} training leads are too few for most of the criteria: widen `replay.train`",
            evidence.wins(),
            evidence.leads()
        ),
    })
}
