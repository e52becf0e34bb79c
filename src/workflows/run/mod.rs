//! One run of an experiment: its evaluation, and the folder that it leaves.

mod error;
mod facts;
mod folder;
mod refits;

pub use error::RunError;
pub use folder::{read_evaluation, redraw, store};

use crate::data::{Findings, InputFile};
use crate::evaluation::{self, Evaluated};
use crate::experiment::Experiment;
use crate::models::Model;
use crate::pipeline::{self, PipelineError, Played, Progress};
use crate::replay::Scope;
use crate::result::{self, Comparison, Evaluation, Fact, Level, Notice, OpenQuestion};

use super::{audit, tracking_breaks};
use facts::{about, by_accounts, dated, doubt, finding, forbidden, found, open, screened, setting};

/// What a run made: its evaluation, and what stays on the machine.
pub struct Run {
    pub evaluation: Evaluation,
    pub findings: Findings,
    pub inputs: Vec<InputFile>,
    /// The experiment file's text.
    pub experiment: String,
    /// A line a step: what took how long.
    pub timings: String,
}

/// Replays the leads of an experiment through all its models and evaluates them.
pub fn run(experiment: &Experiment, progress: &dyn Progress) -> Result<Run, RunError> {
    run_noting(experiment, Vec::new(), progress)
}

/// The same, with what is to be told beside it.
fn run_noting(experiment: &Experiment, noted: Vec<Notice>, progress: &dyn Progress) -> Result<Run, RunError> {
    let mut played = pipeline::play(experiment, Scope::Used, progress)?;
    let mut timings = std::mem::take(&mut played.timings);
    played.diagnose(experiment.champion);
    let crossed = match timings.time("breaks of the log", || tracking_breaks::crossed(experiment, &played)) {
        Ok(crossed) => crossed,
        Err(truncated) => match tracking_breaks::after(experiment, &played, &truncated) {
            Some(later) => {
                let of = |cliff| Notice { level: Level::Note, fact: Fact::WalkStartsAfter(cliff) };
                return run_noting(&later, truncated.breaks.into_iter().map(of).collect(), progress);
            }
            None => return Err(truncated.into()),
        },
    };
    progress.say("evaluating".into());
    let (screened, open, doubt) = (screened(&played), open(experiment, &played), doubt(experiment, &played));
    let beside = timings.time("audit", || audit::of_run(experiment, &played, !crossed.is_empty()));
    let (criteria, challenger) = beside.map(|beside| (beside.criteria, beside.challenger)).unzip();
    let (proposal, variant) = challenger.flatten().map(|one| (one.proposal, one.scored)).unzip();
    let cohort = timings.time("cohort", || pipeline::cohort(experiment, &mut played, variant))?;
    let Played { history, findings, models, replayed, .. } = played;
    let mut barred = doubt.as_ref().map_or_else(Vec::new, |doubt| doubt.models.clone());
    // What the audit would change reads what the champion reads.
    let of_champion = barred.iter().find(|(place, _)| Some(*place) == experiment.champion).cloned();
    let changed = of_champion.filter(|_| proposal.is_some()).map(|(_, because)| (models.len(), because));
    barred.extend(changed);
    let ((cohort, evaluated, without), inputs) =
        rayon::join(|| evaluation::evaluate_twice(cohort, &barred, &mut timings.parts()), || experiment.inputs());
    let answers =
        || open.into_iter().map(|open| open.answers(&evaluated, again)).collect::<Result<Vec<OpenQuestion>, _>>();
    let mut readings = timings.time("readings", answers)?;
    readings.extend(timings.time("by account", || by_accounts(&cohort, &replayed, &evaluated)));
    readings.extend(doubt.zip(without).map(|(doubt, without)| doubt.answers(&evaluated, without)));
    let mut evaluated = evaluated.forbidden(forbidden(&findings, &readings));
    for (one, model) in evaluated.models.iter_mut().zip(&models) {
        one.about = about(experiment, model);
    }
    let mut notices = found(&findings, readings);
    notices.extend(noted);
    notices.extend(facts::notices(experiment, &history, &models, &replayed, &cohort));
    let deciding = deciding(&evaluated, &models).cloned();
    if replayed.walk.is_some() && deciding.is_some() {
        progress.say("fitting on other leads of the same kind".into());
    }
    notices.extend(timings.time("refits", || {
        let fact = refits::wider(&models, &replayed, &cohort, deciding.as_ref());
        fact.map(|fact| {
            let undoes = matches!(fact, Fact::RefitSpread { undoes: true, .. });
            Notice { level: if undoes { Level::Warning } else { Level::Note }, fact }
        })
    }));
    notices.extend(screened);
    notices.extend(crossed.into_iter().map(|cliff| Notice { level: Level::Banner, fact: Fact::TrackingBreak(cliff) }));
    let mut evaluation = Evaluation {
        schema: result::SCHEMA,
        experiment: experiment.file.experiment.clone(),
        setting: setting(experiment, &history, replayed.walk.as_ref(), &cohort),
        readiness: evaluated.readiness,
        notices,
        ledger: replayed.ledger,
        findings: findings.list.iter().map(finding).collect(),
        models: evaluated.models,
        comparisons: evaluated.comparisons,
        verdict: evaluated.verdict,
        evidence: dated(evaluated.evidence, &history),
        criteria,
        proposal,
    };
    if !experiment.internal {
        evaluation.withhold_rates_of_few();
    }
    // Freeing all that was read takes a while; the report can be written meanwhile.
    rayon::spawn(move || drop((history, replayed.features, replayed.outcomes, cohort)));
    let text = experiment.source().text.clone();
    Ok(Run {
        evaluation,
        findings,
        inputs: inputs.map_err(PipelineError::from)?,
        experiment: text,
        timings: timings.in_words(),
    })
}

/// The comparison with a model that is fitted: the one that the decision speaks of, else that with the most winners.
fn deciding<'a>(evaluated: &'a Evaluated, models: &[Model]) -> Option<&'a Comparison> {
    let verdict = &evaluated.verdict;
    let named = verdict.challenger.as_ref().or(verdict.model.as_ref());
    let is_fitted = |name: &str| models.iter().any(|model| model.name() == name && model.kind().is_fitted());
    let fitted = |one: &&Comparison| is_fitted(&one.champion) || is_fitted(&one.challenger);
    let all = || evaluated.comparisons.iter().filter(fitted);
    let gain = |one: &Comparison| one.gain.winners.point.finite().unwrap_or(f64::NEG_INFINITY);
    let named = named.and_then(|name| all().find(|one| one.challenger == *name));
    named.or_else(|| all().max_by(|a, b| gain(a).total_cmp(&gain(b))))
}

/// The evaluation alone, of the experiment read otherwise.
fn again(experiment: &Experiment) -> Result<Evaluated, PipelineError> {
    let mut played = pipeline::play(experiment, Scope::Used, &())?;
    let is_whole = tracking_breaks::crossed(experiment, &played).is_ok_and(|crossed| crossed.is_empty());
    let challenger = audit::of_run(experiment, &played, !is_whole).and_then(|beside| beside.challenger);
    let more = challenger.map(|challenger| challenger.scored);
    Ok(evaluation::evaluate(&pipeline::cohort(experiment, &mut played, more)?))
}
