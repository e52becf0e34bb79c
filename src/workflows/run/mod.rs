//! One run of an experiment: its evaluation, and the folder that it leaves.

mod error;
mod folder;

pub use error::RunError;
pub use folder::{read_evaluation, redraw, store};

use crate::data::{self, FindingLevel, Findings, History, InputFile};
use crate::evaluation::{self, Cohort};
use crate::experiment::Experiment;
use crate::models::Model;
use crate::pipeline::{self, PipelineError, Played, Progress};
use crate::replay::{AsOf, Replayed, Scope};
use crate::result::{
    self, About, CapacitySetting, Evaluation, Evidence, Fact, FindingCount, Level, Notice, Number, Setting, TierNote,
};
use crate::time::DAY;

use super::{audit, tracking_breaks};

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
    let mut played = pipeline::play(experiment, Scope::Used, progress)?;
    let mut timings = std::mem::take(&mut played.timings);
    let crossed = timings.time("breaks of the log", || tracking_breaks::crossed(experiment, &played))?;
    progress.say("evaluating".into());
    let criteria = timings.time("audit", || audit::of_run(experiment, &played));
    let cohort = timings.time("cohort", || pipeline::cohort(experiment, &mut played))?;
    let Played { history, findings, models, replayed, .. } = played;
    let (mut evaluated, inputs) = rayon::join(
        || timings.time_parts(|done| evaluation::evaluate_watched(&cohort, done)),
        || data::inputs(&experiment.file.data, &experiment.base),
    );
    for (one, model) in evaluated.models.iter_mut().zip(&models) {
        one.about = about(experiment, model);
    }
    let mut notices = notices(experiment, &history, &models, &replayed, &cohort);
    notices.extend(crossed.into_iter().map(|cliff| Notice { level: Level::Banner, fact: Fact::TrackingBreak(cliff) }));
    let evaluation = Evaluation {
        schema: result::SCHEMA,
        experiment: experiment.file.experiment.clone(),
        setting: setting(experiment, &history, &cohort),
        readiness: evaluated.readiness,
        notices,
        ledger: replayed.ledger,
        findings: findings.list.iter().map(finding).collect(),
        models: evaluated.models,
        comparisons: evaluated.comparisons,
        verdict: evaluated.verdict,
        evidence: dated(evaluated.evidence, &history),
        criteria,
    };
    // Freeing all that was read takes a while; the report can be written meanwhile.
    rayon::spawn(move || drop((history, replayed.features, replayed.outcomes, cohort)));
    let text = std::fs::read_to_string(experiment.path()).unwrap_or_default();
    Ok(Run {
        evaluation,
        findings,
        inputs: inputs.map_err(PipelineError::from)?,
        experiment: text,
        timings: timings.in_words(),
    })
}

/// What the experiment file says of a model.
fn about(experiment: &Experiment, model: &Model) -> About {
    let spec = experiment.file.models.get(model.name());
    let points = model.points().map(|points| points.spec());
    let tiers = points.iter().flat_map(|points| points.tiers.iter());
    let mut tiers: Vec<TierNote> =
        tiers.map(|(name, tier)| TierNote { name: name.into(), from: tier.from, does: tier.does.clone() }).collect();
    tiers.sort_by(|a, b| b.from.total_cmp(&a.from));
    About {
        owner: spec.and_then(|spec| spec.owner.clone()),
        description: spec.and_then(|spec| spec.description.clone()),
        tiers,
        threshold: points.and_then(|points| points.threshold),
    }
}

/// Evidence with the days by which enough leads are mature, counted from the export of the outcomes.
fn dated(mut evidence: Evidence, history: &History) -> Evidence {
    let after = |days: &Number| {
        let days = days.finite().filter(|days| history.outcomes.timed && *days > 0.0 && *days < 36_525.0)?;
        let at = history.until.checked_add((days * DAY as f64) as i64)?;
        Some(history.zone.date(at).to_string())
    };
    evidence.gates.iter_mut().for_each(|gate| gate.by = after(&gate.days));
    evidence.waiting.iter_mut().for_each(|waiting| waiting.by = after(&waiting.days));
    evidence
}

fn finding(finding: &data::Finding) -> FindingCount {
    FindingCount {
        input: finding.input.clone(),
        what: finding.text.clone(),
        count: finding.count,
        level: match finding.level {
            FindingLevel::Note => Level::Note,
            FindingLevel::Warning => Level::Warning,
            FindingLevel::Severe => Level::Banner,
        },
        advice: finding.advice.clone(),
    }
}

fn setting(experiment: &Experiment, history: &History, cohort: &Cohort) -> Setting {
    let file = &experiment.file;
    let timed = history.outcomes.timed;
    Setting {
        champion: file.champion.clone(),
        as_of: file.replay.as_of.in_words(),
        horizon_days: file.replay.horizon.days(),
        train: file.replay.train.as_ref().map(|window| window.in_words()),
        evaluate: match (&file.replay.evaluate, &file.replay.train) {
            (Some(window), _) => window.in_words(),
            (None, Some(_)) => "all leads outside the training window".into(),
            (None, None) => "all leads".into(),
        },
        until: timed.then(|| until(history)),
        timezone: history.zone.name().into(),
        currency: file.data.currency.clone(),
        capacity: cohort.design().capacity.map(|rule| CapacitySetting {
            leads: rule.leads,
            per_days: rule.per.days(),
            estimated: file.capacity.is_none(),
        }),
        seed: file.seed,
    }
}

/// The day of the export, or its moment when it is not the end of a day.
fn until(history: &History) -> String {
    let zone = &history.zone;
    let date = zone.date(history.until);
    if zone.end_of(date) == history.until { date.to_string() } else { zone.text(history.until) }
}

/// Below so many wins a report warns of itself: an AUC's interval is then more than 0.25 wide.
const FEW_WINS: u64 = 20;

/// What a reader must know to read the numbers right.
fn notices(
    experiment: &Experiment,
    history: &History,
    models: &[Model],
    replayed: &Replayed,
    cohort: &Cohort,
) -> Vec<Notice> {
    let file = &experiment.file;
    let mut notices = Vec::new();
    let mut say = |level: Level, fact: Fact| notices.push(Notice { level, fact });
    for model in cohort.models() {
        if let Some(because) = &model.not_promotable {
            say(Level::Banner, Fact::Barred { model: model.name.clone(), because: because.clone() });
        }
    }
    let ledger = &replayed.ledger;
    if !ledger.wins_before.is_empty() {
        let fact = Fact::WinsBeforeAsOf {
            wins: ledger.wins_before_as_of,
            of: ledger.wins_in_window,
            as_of: file.replay.as_of.in_words(),
            others: ledger.wins_before.clone(),
        };
        say(Level::Warning, fact);
    }
    if !history.outcomes.timed {
        say(Level::Warning, Fact::NoTimes);
    }
    if history.created.is_none() && file.replay.as_of == AsOf::Created {
        say(Level::Note, Fact::NoCreationTimes);
    }
    let wins = cohort.converted(cohort.mature()).into_iter().filter(|won| *won).count() as u64;
    if wins < FEW_WINS {
        say(Level::Warning, Fact::FewWins { wins, enough: FEW_WINS });
    }
    if let Some(rule) = cohort.design().capacity.filter(|_| file.capacity.is_none()) {
        say(Level::Note, Fact::CapacityEstimated { leads: rule.leads });
    }
    if file.capacity.is_some() && !replayed.outcomes.timed {
        say(Level::Note, Fact::CapacityNotReplayed);
    }
    if cohort.training().is_empty() && models.iter().any(|model| model.scale() == result::Scale::Points) {
        say(Level::Note, Fact::NoTrainingLeads);
    }
    if file.champion.is_some() && history.outcomes.worked.is_empty() {
        say(Level::Note, Fact::WorkedUnknown);
    }
    for model in models {
        let unknown = model.notices(history.event_kinds()).into_iter();
        let fact = |unknown| Fact::UnknownEventsOf { model: model.name().into(), unknown };
        unknown.map(fact).for_each(|fact| say(Level::Warning, fact));
    }
    notices
}
