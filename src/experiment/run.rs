use std::cell::{Cell, RefCell};
use std::time::Instant as Clock;

use rayon::prelude::*;

use crate::data::{self, EventChunk, EventSink, Events, FindingLevel, Findings, History, InputFile, SeenEvents};
use crate::evaluation::{self, BracketRule, Cohort, Mark, Scored};
use crate::models::{self, Context, EventLog, KnownColumn, Model, ModelError, Scores, Training};
use crate::predicate::{Kind, PredicateError};
use crate::replay::{AsOf, Cast, Fold, Plan, Replayed, Role, Scope};
use crate::result::{
    self, About, CapacitySetting, CardLine, Estimate, Evaluation, Evidence, FindingCount, Level, Notice, Number,
    Readiness, Setting, TierNote,
};
use crate::stats::random::Seed;
use crate::stats::{Interval, Undefined, dist};
use crate::time::{DAY, Horizon, Instant, NEVER};

use super::load::Experiment;
use super::{Progress, RunError, assemble, audit, log};

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
}

/// Seconds a step.
#[derive(Default)]
pub(crate) struct Timings(Vec<(&'static str, f64)>);

impl Timings {
    fn time<T>(&mut self, step: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Clock::now();
        let done = work();
        self.0.push((step, start.elapsed().as_secs_f64()));
        done
    }

    /// Times the parts of a work that tells when each is done.
    fn time_parts<T>(&mut self, work: impl FnOnce(&mut dyn FnMut(&'static str)) -> T) -> T {
        let mut start = Clock::now();
        work(&mut |part| {
            self.0.push((part, start.elapsed().as_secs_f64()));
            start = Clock::now();
        })
    }

    fn in_words(&self) -> String {
        let total: f64 = self.0.iter().map(|(_, seconds)| seconds).sum();
        let lines: String = self.0.iter().map(|(step, seconds)| format!("{step:<28} {seconds:>9.3} s\n")).collect();
        let memory = peak_memory().map_or(String::new(), |mib| format!("{:<28} {mib:>9.0} MiB\n", "peak memory"));
        format!("{lines}{:<28} {total:>9.3} s\n{memory}", "in all")
    }
}

/// The process's largest resident size so far, where the system tells it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kib| kib / 1024.0)
}

/// Replays the leads of an experiment through all its models and evaluates them.
pub fn run(experiment: &Experiment, progress: &dyn Progress) -> Result<Run, RunError> {
    let mut played = play(experiment, Scope::Used, progress)?;
    let mut timings = std::mem::take(&mut played.timings);
    let crossed = timings.time("breaks of the log", || log::crossed(experiment, &played))?;
    progress.say("evaluating".into());
    let criteria = timings.time("audit", || audit::of_run(experiment, &played));
    let cohort = timings.time("cohort", || cohort(experiment, &mut played))?;
    let Played { history, findings, models, replayed, .. } = played;
    let (mut evaluated, inputs) = rayon::join(
        || timings.time_parts(|done| evaluation::evaluate_watched(&cohort, done)),
        || data::inputs(&experiment.file.data, &experiment.base),
    );
    for (one, model) in evaluated.models.iter_mut().zip(&models) {
        one.about = about(experiment, model);
    }
    let mut notices = notices(experiment, &history, &models, &replayed, &cohort);
    notices.extend(crossed.iter().map(|cliff| log::notice(cliff, Level::Banner)));
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
    Ok(Run { evaluation, findings, inputs: inputs?, experiment: text, timings: timings.in_words() })
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

/// The cohort of what was replayed and scored; the scores move into it.
pub(crate) fn cohort(experiment: &Experiment, played: &mut Played) -> Result<Cohort, RunError> {
    let scores = std::mem::take(&mut played.scores);
    let models = &played.models;
    let of_model = |(model, scores): (&Model, Scores)| {
        let marks = marks(model.name(), &scores);
        (scored(model, scores, &played.replayed), marks)
    };
    let (mut scored, marks): (Vec<Scored>, Vec<Vec<Mark>>) = models.par_iter().zip(scores).map(of_model).unzip();
    let mut marks: Vec<Mark> = marks.into_iter().flatten().collect();
    let excluding: Vec<usize> = (0..models.len()).filter(|&model| models[model].excludes_unscored()).collect();
    let kept = assemble::exclude(&mut played.replayed, &mut scored, &excluding);
    if kept.len() < marks.first().map_or(0, |mark| mark.holds.len()) {
        marks.iter_mut().for_each(|mark| mark.holds = kept.iter().map(|&row| mark.holds[row]).collect());
    }
    let brackets = brackets(experiment, models);
    let cohort =
        assemble::cohort(&experiment.file, &played.history, &played.replayed, scored, experiment.champion, brackets)?;
    Ok(cohort.asking(assemble::asked(&experiment.file, &played.replayed, marks)))
}

/// Reads the data, replays them and scores every lead by every model.
pub(crate) fn play(experiment: &Experiment, scope: Scope, progress: &dyn Progress) -> Result<Played, RunError> {
    let mut timings = Timings::default();
    let mut reading = Reading::new(experiment, scope, scope == Scope::Used);
    let read = timings.time_parts(|done| reading.read(progress, done))?;
    play_begun(reading, read, timings, progress)
}

/// The same, on data that are read already.
pub(super) fn play_read(
    experiment: &Experiment,
    read: (History, Findings),
    scope: Scope,
    progress: &dyn Progress,
) -> Result<Played, RunError> {
    play_begun(Reading::new(experiment, scope, false), read, Timings::default(), progress)
}

fn play_begun(
    Reading { experiment, scope, cast, begun, .. }: Reading,
    (mut history, findings): (History, Findings),
    mut timings: Timings,
    progress: &dyn Progress,
) -> Result<Played, RunError> {
    let (Compiled { models, plan }, fold) = match begun {
        Some(begun) => begun,
        None => {
            let compiled = Compiled::of(experiment, &history).map_err(|error| refused(error, &findings))?;
            let fold = Fold::new(&compiled.plan, history.ids.len());
            (compiled, fold)
        }
    };
    segments_exist(experiment, &known_columns(&history), &findings)?;
    progress.say("replaying".into());
    let replayed = timings.time("replay", || {
        cast.map_or_else(|| Cast::of(&history, &experiment.file.replay, scope), Ok)?.play(&history, &plan, fold)
    })?;
    if let (Scope::Used, Some(events)) = (scope, &mut history.events) {
        // Their features say all that is asked of the events; what is scored takes their room.
        events.chunks = Vec::new();
    }
    progress.say("scoring".into());
    let rows: Vec<usize> = (0..replayed.roles.len()).filter(|&row| replayed.roles[row] == Role::Training).collect();
    let converted: Vec<bool> = rows.iter().map(|&row| replayed.outcomes.converted[row]).collect();
    let training = (!rows.is_empty()).then_some(Training { rows: &rows, converted: &converted });
    let scores = timings.time("score", || models::score(&models, &replayed.features, training.as_ref()))?;
    Ok(Played { history, findings, models, replayed, scores, timings, plan })
}

impl Compiled {
    fn of(experiment: &Experiment, history: &History) -> Result<Self, ModelError> {
        let columns = known_columns(history);
        let event_columns = history.events.as_ref().map(event_columns).unwrap_or_default();
        let log = EventLog { kinds: history.event_kinds(), columns: &event_columns };
        let context = Context {
            columns: &columns,
            events: experiment.file.data.events.is_some().then_some(log),
            zone: &history.zone,
            seed: Seed(experiment.file.seed),
        };
        let mut plan = Plan::default();
        let models = models::compile(&experiment.models, &context, &mut plan)?;
        Ok(Self { models, plan })
    }
}

/// Every column of `segments:` is there.
pub(super) fn segments_exist(
    experiment: &Experiment,
    columns: &[KnownColumn],
    findings: &Findings,
) -> Result<(), RunError> {
    let known = |name: &String| columns.iter().any(|column| column.name == *name);
    match experiment.file.segments.iter().find(|name| !known(name)) {
        Some(name) => Err(RunError::NoSegment { column: name.clone(), why: why_not(name, columns, findings) }),
        None => Ok(()),
    }
}

pub(super) fn read(
    experiment: &Experiment,
    scope: Scope,
    progress: &dyn Progress,
) -> Result<(History, Findings), RunError> {
    Reading::new(experiment, scope, false).read(progress, &mut |_| ())
}

/// Data that are being read, and the replay that begins meanwhile.
struct Reading<'a> {
    experiment: &'a Experiment,
    scope: Scope,
    /// Whether events become features as they come, where no model asks for more: then they are not kept.
    streams: bool,
    /// Known before the events are, if it does not depend on them.
    cast: Option<Cast>,
    /// What was taken of the events, and by which models.
    begun: Option<(Compiled, Fold)>,
}

/// Models, and what they ask of the events.
struct Compiled {
    models: Vec<Model>,
    plan: Plan,
}

impl EventSink for Reading<'_> {
    /// The last event of each lead that matters: the touches of a review are counted until its horizon ends.
    fn last(&mut self, history: &History) -> Option<Vec<Instant>> {
        let file = &self.experiment.file;
        let cast = Cast::before_events(history, &file.replay, self.scope)?;
        let mut last = cast.last_events(history.ids.len());
        if self.scope == Scope::Everyone && !file.review.touches.is_empty() {
            let Horizon::Within(span) = file.replay.horizon else { return None };
            last.iter_mut().filter(|at| **at != NEVER).for_each(|at| *at = at.saturating_add(span.micros()));
        }
        if self.streams && self.experiment.models.iter().all(|model| !model.kind.recipe().reads_every_kind()) {
            // What is wrong with a model is said when all is read.
            let compiled = Compiled::of(self.experiment, history).ok();
            self.begun = compiled.filter(|compiled| compiled.plan.is_of_single_events()).map(|compiled| {
                let fold = Fold::new(&compiled.plan, history.ids.len());
                (compiled, fold)
            });
        }
        self.cast = Some(cast);
        Some(last)
    }

    fn takes(&self) -> bool {
        self.begun.is_some()
    }

    fn take(&mut self, events: &SeenEvents) {
        if let Some((_, fold)) = &mut self.begun {
            fold.take(events);
        }
    }

    fn forget(&mut self) {
        if let Some((_, fold)) = &mut self.begun {
            fold.forget();
        }
    }
}

impl<'a> Reading<'a> {
    fn new(experiment: &'a Experiment, scope: Scope, streams: bool) -> Self {
        Self { experiment, scope, streams, cast: None, begun: None }
    }

    /// `done` is told after each input that it is read.
    fn read(
        &mut self,
        progress: &dyn Progress,
        done: &mut dyn FnMut(&'static str),
    ) -> Result<(History, Findings), RunError> {
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
        let Experiment { file, base, .. } = self.experiment;
        let read = data::read(&file.data, base, &self.experiment.event_columns(), self, &say)?;
        (done.borrow_mut())(step(input.get()));
        Ok(read)
    }
}

pub(crate) fn known_columns(history: &History) -> Vec<KnownColumn> {
    let column = |attribute: &data::Attribute| KnownColumn {
        name: attribute.name.clone(),
        kind: Kind::of(&attribute.column),
        known: attribute.known.clone(),
    };
    history.attributes.iter().map(column).collect()
}

fn event_columns(events: &Events) -> Vec<(String, Kind)> {
    let first: Option<&EventChunk> = events.chunks.first();
    let columns = first.map(|chunk| chunk.columns.iter().map(Kind::of).collect::<Vec<_>>()).unwrap_or_default();
    events.columns.iter().cloned().zip(columns).collect()
}

/// A column that the data hold but no model may read has its reason told.
fn refused(error: ModelError, findings: &Findings) -> RunError {
    let (place, name) = match &error {
        ModelError::Unknown { path, name, .. }
        | ModelError::Predicate { path, error: PredicateError::UnknownColumn { name, .. } } => (path, name),
        _ => return error.into(),
    };
    match findings.refusal(name) {
        Some(reason) => RunError::Refused { column: name.clone(), reason: reason.into(), place: place.clone() },
        None => error.into(),
    }
}

fn why_not(name: &str, columns: &[KnownColumn], findings: &Findings) -> String {
    if let Some(reason) = findings.refusal(name) {
        return format!(": {reason}");
    }
    let near = crate::predicate::nearest(columns.iter().map(|column| column.name.as_str()), name);
    near.map_or(String::new(), |near| format!(", did you mean `{near}`?"))
}

/// The experiment's brackets; without any, the champion's tiers; else five of equal volume.
pub(crate) fn brackets(experiment: &Experiment, models: &[Model]) -> BracketRule {
    if let Some(spec) = &experiment.file.brackets {
        return assemble::bracket_rule(spec);
    }
    let tiers = experiment.champion.and_then(|place| models[place].points()).map(|points| &points.spec().tiers);
    match tiers.filter(|tiers| tiers.len() > 1) {
        Some(tiers) => {
            let mut bounds: Vec<(f64, &str)> = tiers.iter().map(|(name, tier)| (tier.from, name)).collect();
            bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
            assemble::named(bounds)
        }
        None => BracketRule::Quantiles(5),
    }
}

/// Which criteria of a model fire for whom.
fn marks(model: &str, scores: &Scores) -> Vec<Mark> {
    let mark = |part: &models::Contribution| Mark {
        model: model.into(),
        what: part.name.clone(),
        holds: part.strength.fires(),
    };
    scores.contributions.par_iter().map(mark).collect()
}

pub(crate) fn scored(model: &Model, scores: Scores, replayed: &Replayed) -> Scored {
    let used = replayed.roles.iter().filter(|role| **role != Role::Training).count();
    let fires = |name: &str| {
        let part = scores.contributions.iter().find(|part| part.name == name)?;
        let fires = replayed.roles.iter().zip(part.strength.iter());
        let count = fires.filter(|(role, strength)| **role != Role::Training && *strength != 0.0).count();
        (used > 0).then(|| count as f64 / used as f64)
    };
    let line = |line: models::CardLine| CardLine {
        fires: fires(&line.name).map_or(Number::undefined("not counted for this kind of model"), Number::from),
        weight: weight(&line),
        name: line.name,
        what: line.what,
    };
    Scored {
        name: model.name().into(),
        kind: model.kind().into(),
        scale: model.scale(),
        card: model.card(Some(&scores)).into_iter().map(line).collect(),
        score: scores.value,
        groups: scores.groups.into_iter().map(|group| (group.name, group.value)).collect(),
        not_promotable: scores.not_promotable,
        brackets: model.brackets().map(assemble::bracket_rule),
    }
}

fn weight(line: &models::CardLine) -> Estimate {
    let Some(point) = line.weight else { return Estimate::undefined("no single weight") };
    match line.standard_error {
        Some(error) => Estimate::new(point, Interval::around(point, dist::normal_critical(0.95) * error)),
        None => Estimate { point: point.into(), low: fixed(), high: fixed() },
    }
}

/// Points are set by hand: they have no interval.
fn fixed() -> Number {
    Number::undefined("set by hand")
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
const FEW_WINS: usize = 20;

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
    let mut say = |level: Level, text: String| notices.push(Notice { level, text });
    for model in cohort.models() {
        if let Some(reason) = &model.not_promotable {
            say(Level::Banner, format!("`{}` cannot be promoted on this evidence: it {reason}", model.name));
        }
    }
    let ledger = &replayed.ledger;
    if !ledger.wins_before.is_empty() {
        let share = 100.0 * ledger.wins_before_as_of as f64 / ledger.wins_in_window as f64;
        let others =
            ledger.wins_before.iter().map(|before| format!("{} of {} by day {}", before.wins, before.of, before.days));
        let others = others.collect::<Vec<_>>().join(", ");
        say(
            Level::Warning,
            format!(
                "{share:.1} % of the wins ({} of {}) come before the leads are scored ({}), and no model is judged on them. Wins after creation: {others}. To judge on more of them, score earlier.",
                ledger.wins_before_as_of,
                ledger.wins_in_window,
                file.replay.as_of.in_words()
            ),
        );
    }
    if !history.outcomes.timed {
        say(Level::Warning, "The outcomes have no times: every lead counts as if its horizon were over, and there is no time to convert, no capacity by week and no quarters.".into());
    }
    if history.created.is_none() && file.replay.as_of == AsOf::Created {
        say(Level::Note, "The leads have no creation times: each is scored as it stands in its file.".into());
    }
    let wins = cohort.converted(cohort.mature()).into_iter().filter(|won| *won).count();
    if wins < FEW_WINS {
        say(
            Level::Warning,
            format!(
                "Only {wins} mature {} behind this report. With fewer than about {FEW_WINS} no ranking, curve or threshold here is to be acted on: take a longer window, a shorter horizon, or wait.",
                if wins == 1 { "win stands" } else { "wins stand" }
            ),
        );
    }
    if let Some(rule) = cohort.design().capacity.filter(|_| file.capacity.is_none()) {
        say(
            Level::Note,
            format!(
                "No capacity is stated. Sales worked about {} of these leads a week, and models are compared at that number; state `capacity` to compare them at another.",
                rule.leads
            ),
        );
    }
    if file.capacity.is_some() && !replayed.outcomes.timed {
        say(
            Level::Note,
            "The capacity cannot be replayed without times: models are compared in the top 10 % instead.".into(),
        );
    }
    if cohort.training().is_empty() && models.iter().any(|model| model.scale() == result::Scale::Points) {
        say(
            Level::Note,
            "There are no training leads, so points are not turned into probabilities: their calibration is undefined."
                .into(),
        );
    }
    if file.champion.is_some() && history.outcomes.worked.is_empty() {
        say(Level::Note, "It is not known which leads sales worked (`data.outcomes.worked`). If sales worked leads in the order of the champion's score, its high scores were helped to convert, and the comparison flatters the champion.".into());
    }
    for model in models {
        model
            .notices(history.event_kinds())
            .into_iter()
            .for_each(|text| say(Level::Warning, format!("`{}`: {text}", model.name())));
    }
    notices
}

/// What can be shown by the wins there are, in one line, before any result.
pub(super) fn readiness(readiness: &Readiness) -> String {
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
