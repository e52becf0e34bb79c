//! An experiment's data, read, replayed and scored by every model.

use std::cell::{Cell, RefCell};

use crate::data::{self, FindingLevel, Findings, Folded, History};
use crate::experiment::Experiment;
use crate::models::{self, KnownColumn, Learned, Model, ModelError, Scores};
use crate::predicate::PredicateError;
use crate::replay::{Cast, Fold, Plan, Replayed, Role, Scope};
use crate::result::{Barred, Screened, Screening, Standing, Subject, Suspicion};
use crate::table::did_you_mean;
use crate::time::{Horizon, Moment};

use super::accounts;
use super::concealed::{self, conceal};
use super::doctor;
use super::engine::{answers, of_replay};
use super::screening::{found, moved, screen};
use super::streaming;
use super::streaming::{Compiled, Reading, known_columns};
use super::timings::Timings;
use super::{PipelineError, Progress};

/// A history with every model compiled against it, replayed and scored.
pub(crate) struct Played {
    pub history: History,
    pub findings: Findings,
    pub models: Vec<Model>,
    pub replayed: Replayed,
    pub scores: Vec<Scores>,
    pub timings: Timings,
    /// What the models ask of the events.
    pub plan: Plan,
    /// What columns and kinds of events give away of the outcome.
    pub screening: Screening,
    /// Columns that name somebody, whose values have numbers in their place.
    pub concealed: Vec<String>,
}

/// Reads the data, replays them and scores every lead by every model.
pub(crate) fn play(experiment: &Experiment, scope: Scope, progress: &dyn Progress) -> Result<Played, PipelineError> {
    let mut timings = Timings::default();
    let mut reading = Reading::new(experiment, scope, scope == Scope::Used);
    let read = read_into(&mut reading, progress, &mut timings.parts())?;
    play_begun(reading, read, timings, progress)
}

/// The same, on data that are read already.
pub(crate) fn play_read(
    experiment: &Experiment,
    read: (History, Findings),
    scope: Scope,
    progress: &dyn Progress,
) -> Result<Played, PipelineError> {
    play_begun(Reading::new(experiment, scope, false), read, Timings::default(), progress)
}

fn play_begun(
    Reading { experiment, scope, cast: cast_before, begun, .. }: Reading,
    (mut history, mut findings): (History, Findings),
    mut timings: Timings,
    progress: &dyn Progress,
) -> Result<Played, PipelineError> {
    let (Compiled { models, plan, screened }, fold) = match begun {
        Some(begun) => begun,
        None => {
            let compiled = Compiled::of(experiment, &history).map_err(|error| refused(error, &findings))?;
            let fold = Fold::new(&compiled.plan, history.ids.len());
            (compiled, fold)
        }
    };
    segments_exist(experiment, &known_columns(&history), &findings)?;
    accounts::exists(experiment, &known_columns(&history), &findings)?;
    progress.say("replaying".into());
    answers(experiment, &history, &plan)?;
    let replayed = timings.time("replay", || {
        let cast = || Cast::of(&history, &experiment.file.replay, experiment.learns(), scope);
        cast_before.map_or_else(cast, Ok)?.play(&history, &plan, fold)
    });
    let mut replayed = replayed.map_err(|error| of_replay(error, experiment))?;
    if let (Scope::Used, Some(events)) = (scope, &mut history.events) {
        // Their features say all that is asked of the events; what is scored takes their room.
        events.chunks = Vec::new();
        events.folded = events.folded.take().map(|_| Folded::default());
    }
    replayed.accounts = timings.time("accounts", || accounts::of(experiment, &replayed.features.attributes));
    let screening = timings.time("screening", || screen(experiment, (&history, &findings), &replayed, &screened));
    let mut screening = if experiment.distrusts { screening.distrusting() } else { screening };
    let concealed = if experiment.internal { Vec::new() } else { conceal(&mut replayed, &mut screening) };
    replayed.later = Vec::new();
    let models: Vec<Model> = models.into_iter().map(|model| model.screened(&screening, &plan)).collect();
    progress.say("scoring".into());
    let scores = timings.time("score", || scored(&models, &replayed));
    let mut scores = scores.map_err(|error| not_scored(error, &findings))?;
    if scope == Scope::Used {
        let judged: Vec<usize> =
            (0..replayed.roles.len()).filter(|&row| replayed.roles[row] == Role::Evaluated).collect();
        for (model, scores) in models.iter().zip(&mut scores) {
            let learned = learned_from(experiment, &history, &replayed, model, &judged);
            scores.not_promotable = scores.not_promotable.take().or(learned);
        }
    }
    findings.list.extend(found(&screening, &models, &plan));
    findings.list.extend(moved(experiment));
    findings.list.extend(models.iter().filter_map(|model| doctor::left_out(experiment, model)));
    findings.list.extend(concealed::found(&concealed, experiment, &models, &plan));
    Ok(Played { history, findings, models, replayed, scores, timings, plan, screening, concealed })
}

/// That a model was fitted outside of this run on outcomes of leads at some rows.
pub(crate) fn learned_from(
    experiment: &Experiment,
    history: &History,
    replayed: &Replayed,
    model: &Model,
    rows: &[usize],
) -> Option<Barred> {
    let fitted_on = model.fitted_on()?;
    let known = fitted_on.parse::<Moment>().ok()?.end(&history.zone);
    let closes = |row: usize| match experiment.file.replay.horizon {
        Horizon::Within(span) => replayed.features.as_of[row].saturating_add(span.micros()),
        Horizon::Ever => replayed.features.as_of[row],
    };
    let leads = rows.iter().filter(|&&row| closes(row) <= known).count() as u64;
    (leads > 0).then(|| Barred::LearnedFrom { fitted_on: fitted_on.into(), leads })
}

/// Every model's scores: fitted once on the training leads, or anew for each period.
fn scored(models: &[Model], replayed: &Replayed) -> Result<Vec<Scores>, ModelError> {
    let learned = |rows: Vec<usize>| Learned::of(rows, &replayed.outcomes.converted);
    if let Some(walk) = &replayed.walk {
        let learned: Vec<Learned> = (0..walk.fits.len()).map(|fit| learned(walk.training(fit))).collect();
        return models::score_forward(models, &replayed.features, &learned, &walk.fit);
    }
    let rows: Vec<usize> = (0..replayed.roles.len()).filter(|&row| replayed.roles[row] == Role::Training).collect();
    let learned = (!rows.is_empty()).then(|| learned(rows));
    models::score(models, &replayed.features, learned.as_ref().map(Learned::training).as_ref())
}

impl Played {
    /// The models that read a column or a kind of events.
    pub fn readers(&self, subject: &Subject) -> Vec<String> {
        let reads = |model: &&Model| model.subjects(&self.plan).contains(subject);
        self.models.iter().filter(reads).map(|model| model.name().to_owned()).collect()
    }

    /// What models read and what may know the outcome: answers are to be given with and without it.
    pub fn doubts(&self) -> Vec<(Vec<String>, Suspicion)> {
        self.read_of(Standing::Doubted)
    }

    /// What models read of a standing, each with the sign against it and its readers.
    pub fn read_of(&self, standing: Standing) -> Vec<(Vec<String>, Suspicion)> {
        let of = |one: &Screened| Some((self.readers(&one.subject), one.suspicion()?));
        self.screening.standing(standing).filter_map(of).filter(|(readers, _)| !readers.is_empty()).collect()
    }
}

/// What keeps models from being made of the data, each model's first trouble.
pub(crate) fn problems(experiment: &Experiment, history: &History, findings: &Findings) -> Vec<PipelineError> {
    let of_models = streaming::problems(experiment, history).into_iter().map(|error| refused(error, findings));
    let columns = known_columns(history);
    let account = accounts::exists(experiment, &columns, findings).err();
    segments_exist(experiment, &columns, findings).err().into_iter().chain(account).chain(of_models).collect()
}

/// Every column of `segments:` is there.
pub(crate) fn segments_exist(
    experiment: &Experiment,
    columns: &[KnownColumn],
    findings: &Findings,
) -> Result<(), PipelineError> {
    let known = |name: &String| columns.iter().any(|column| column.name == *name);
    match experiment.file.segments.iter().find(|name| !known(name)) {
        Some(name) => Err(PipelineError::NoColumn {
            place: experiment.source().at("segments"),
            column: name.clone(),
            why: why_not(name, columns, findings),
        }),
        None => Ok(()),
    }
}

pub(crate) fn read(
    experiment: &Experiment,
    scope: Scope,
    progress: &dyn Progress,
) -> Result<(History, Findings), PipelineError> {
    read_into(&mut Reading::new(experiment, scope, false), progress, &mut |_| ())
}

/// `done` is told after each input that it is read.
fn read_into(
    reading: &mut Reading,
    progress: &dyn Progress,
    done: &mut dyn FnMut(&'static str),
) -> Result<(History, Findings), PipelineError> {
    let (input, done) = (Cell::new("leads"), RefCell::new(done));
    let step = |input: &str| match input {
        "leads" => "read leads",
        "outcomes" => "read outcomes",
        "history" => "read history",
        _ => "read events",
    };
    let say = |at: data::Progress| {
        let before = input.replace(at.input);
        if before != at.input {
            (done.borrow_mut())(step(before));
        }
        progress.reading(&at);
    };
    let Experiment { file, base, .. } = reading.experiment;
    let read = data::read(&file.data, base, &reading.experiment.event_columns(), reading, &say)?;
    (done.borrow_mut())(step(input.get()));
    let (history, mut findings) = read;
    findings.list.extend(reading.experiment.unexpressed());
    Ok((history, findings))
}

/// A model that cannot be fitted, with what was found in the files and explains it.
fn not_scored(error: ModelError, findings: &Findings) -> PipelineError {
    match findings.list.iter().find(|finding| finding.level == FindingLevel::Forbids) {
        Some(finding) => PipelineError::Forbidden {
            found: finding.in_words(),
            advice: finding.advice.clone(),
            error: Box::new(error),
        },
        None => error.into(),
    }
}

/// A column that the data hold but no model may read has its reason told.
fn refused(error: ModelError, findings: &Findings) -> PipelineError {
    let (place, name) = match &error {
        ModelError::Unknown { path, name, .. }
        | ModelError::Predicate { path, error: PredicateError::UnknownColumn { name, .. } } => (path, name),
        _ => return error.into(),
    };
    match findings.refusal(name) {
        Some(reason) => PipelineError::Refused { column: name.clone(), reason: reason.into(), place: place.clone() },
        None => error.into(),
    }
}

pub(super) fn why_not(name: &str, columns: &[KnownColumn], findings: &Findings) -> String {
    if let Some(reason) = findings.refusal(name) {
        return format!(": {reason}");
    }
    did_you_mean(columns.iter().map(|column| column.name.as_str()), name)
}
