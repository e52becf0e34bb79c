//! The audit of a points model: replayed once, weighed on the training leads, what it proposes judged on later ones.

use std::path::{Path, PathBuf};

use crate::audit::{self, Candidate, Evidence, Faded, Proposed};
use crate::data::{Events, History, Known};
use crate::evaluation::{self, Grouping};
use crate::models::spec::{Criterion, FeatureSpec, LogisticSpec, Per};
use crate::models::{self, Context, KindSpec, KnownColumn, Model, Placed, Points, Scores, Spec, Training};
use crate::predicate::{Kind, nearest};
use crate::replay::{Plan, Replayed, Role, Scope};
use crate::report::{self, chart};
use crate::result::{
    AUDIT_SCHEMA, Audit, Belief, Cliff, CliffKind, Comparison, CriterionAudit, Estimate, Leaks, Level, Notice, Number,
    Proposal, Simpler, SimplerStep,
};
use crate::stats::discrimination;
use crate::stats::random::Seed;
use crate::stats::{Sample, Undefined, quantile};
use crate::table::{Column, Text};
use crate::time::{Calendar, Horizon, NEVER, Span};

use super::load::Experiment;
use super::run::{Played, play, scored};
use super::store::{StoreError, write_file};
use super::{Progress, RunError, assemble};

/// Half-lives that are tried, in days.
const HALF_LIVES: [f64; 15] =
    [2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 42.0, 60.0, 90.0, 130.0, 180.0, 260.0, 365.0];
/// Points of ten and more are proposed in steps of this.
const STEP: f64 = 5.0;

/// Holds the criteria of a points model against what happened: the one named, else the champion, else the first.
///
/// # Errors
/// As a run; and when there is no such points model, or no training window.
pub fn audit(experiment: &Experiment, model: Option<&str>, progress: &dyn Progress) -> Result<Audit, RunError> {
    let spec = chosen(experiment, model)?;
    let KindSpec::Points(points) = &spec.kind else { return Err(not_points(&spec.name)) };
    let fading: Vec<(usize, Spec)> = points.criteria.iter().enumerate().filter_map(half_lives).collect();
    let mut alone = experiment.clone();
    alone.models = std::iter::once(spec.clone()).chain(fading.iter().map(|(_, spec)| spec.clone())).collect();
    alone.champion = Some(0);
    let played = play(&alone, Scope::Used, progress)?;
    let training = rows(&played.replayed, &[Role::Training]);
    if training.is_empty() {
        return Err(RunError::NoTraining { model: spec.name.clone() });
    }
    progress.say("weighing the criteria".into());
    let evidence = evidence(&played, &training, experiment.file.seed);
    let (weighing, criteria) = audit::criteria(&evidence);
    progress.say("looking for what to change".into());
    let proposal = proposal(&alone, points, &played, (&evidence, &criteria), &training)?;
    progress.say("looking for leaks, blind spots and decay".into());
    let faded: Vec<Faded> = fading
        .iter()
        .enumerate()
        .map(|(i, (place, _))| faded(points, *place, &played.scores[i + 1], &training))
        .collect();
    let cliffs = cliffs(&played, points);
    let file = &experiment.file;
    let mut notices = notices(&played.models[0], &played.scores[0], &cliffs);
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
        window: file.replay.train.as_ref().map_or("all leads".into(), |window| window.in_words()),
        seed: file.seed,
        leads: evidence.leads() as u64,
        wins: evidence.wins() as u64,
        notices,
        weighing,
        criteria,
        proposal,
        leaks: leaks(&played, &training),
        cliffs,
        decays: audit::decays(&evidence, &faded),
        missing: audit::missing(&evidence, &candidates(&played, &training)),
        simpler: simpler(&alone, &played, &evidence),
    })
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

fn evidence(played: &Played, training: &[usize], seed: u64) -> Evidence {
    let Played { replayed, scores, models, history, .. } = played;
    let zone = &history.zone;
    let quarter = |row: &usize| match replayed.outcomes.created[*row] {
        NEVER => None,
        at => Some(zone.period_name(at, Calendar::Quarter)),
    };
    let names: Vec<Option<String>> = training.iter().map(quarter).collect();
    let text: Text = names.iter().map(|name| name.as_deref()).collect();
    let whole = Evidence {
        criteria: scores[0].contributions.clone(),
        what: models[0].card(None).into_iter().map(|line| line.what).collect(),
        converted: replayed.outcomes.converted.clone(),
        periods: None,
        seed: Seed(seed),
    };
    let periods = names.iter().any(Option::is_some).then(|| Grouping {
        name: "quarter".into(),
        codes: text.codes,
        levels: text.levels,
    });
    Evidence { periods, ..whole.take(training) }
}

/// The criterion at every half-life, as a model that is replayed in the same pass; the last one does not fade.
fn half_lives((place, placed): (usize, &Placed)) -> Option<(usize, Spec)> {
    let criterion = &placed.criterion;
    let counts_once = criterion.per == Some(Per::Lead) || (criterion.per.is_none() && criterion.sum.is_none());
    let fades = criterion.event.is_some()
        && criterion.inactive_for.is_none()
        && (criterion.distinct.is_none() || (counts_once && criterion.at_least.is_some()));
    if !fades {
        return None;
    }
    let at = |days: Option<f64>| Placed {
        path: placed.path.clone(),
        criterion: Criterion {
            name: days.map_or("never".into(), |days| format!("{days} days")),
            points: Some(1.0),
            half_life: days.map(Span::from_days),
            expires: None,
            cap: None,
            group: None,
            ..criterion.clone()
        },
    };
    let criteria = HALF_LIVES.iter().map(|days| at(Some(*days))).chain([at(None)]).collect();
    let points = Points { criteria, ..Points::default() };
    let name = format!("half-lives of {}", criterion.name);
    Some((place, Spec { name, kind: KindSpec::Points(Box::new(points)), brackets: None }))
}

fn faded(points: &Points, place: usize, scores: &Scores, training: &[usize]) -> Faded {
    let criterion = &points.criteria[place].criterion;
    let days = HALF_LIVES.iter().copied().chain([f64::INFINITY]);
    let strength = |one: &models::Contribution| training.iter().map(|&row| one.strength[row]).collect::<Vec<f64>>();
    Faded {
        criterion: place,
        configured_days: criterion.half_life.map(Span::days),
        grid: days.zip(&scores.contributions).map(|(days, one)| (days, strength(one))).collect(),
    }
}

fn proposal(
    experiment: &Experiment,
    points: &Points,
    played: &Played,
    (evidence, criteria): (&Evidence, &[CriterionAudit]),
    training: &[usize],
) -> Result<Proposal, RunError> {
    let model = &played.models[0];
    let Some(scorer) = model.points() else { return Err(not_points(model.name())) };
    let as_of = |place: &usize| played.replayed.features.as_of[training[*place]];
    let mut order: Vec<usize> = (0..training.len()).collect();
    // Without times the rows' order is all there is.
    order.sort_by_key(as_of);
    let editable: Vec<bool> = points.criteria.iter().map(|placed| placed.criterion.points.is_some()).collect();
    let found = audit::propose(evidence, criteria, &order, &editable, STEP, |parts, rows| scorer.totals(parts, rows));
    let name = variant_name(experiment, model.name());
    let evidence = if found.edits.is_empty() { None } else { judged(experiment, played, &found, &name)? };
    Ok(Proposal {
        yaml: (!found.edits.is_empty()).then(|| yaml(model.name(), &name, &found)),
        name,
        edits: found.edits,
        reason: found.reason,
        held_out: found.held_out,
        held_out_leads: found.held_out_leads as u64,
        evidence,
    })
}

/// A name that no model of the experiment has.
fn variant_name(experiment: &Experiment, model: &str) -> String {
    let taken = |name: &str| experiment.file.models.names().any(|known| known == name);
    let first = format!("{model}_audited");
    let numbered = (2..).map(|number| format!("{model}_audited_{number}"));
    std::iter::once(first.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(first)
}

/// The variant as the experiment file takes it. Names are quoted as JSON, which YAML reads.
fn yaml(model: &str, name: &str, found: &Proposed) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = format!(
        "# Proposed by `leadoff audit`: put it under `models:` of the experiment, and judge it with `leadoff run`.\nmodels:\n  {}:\n    extends: {}\n    change:\n",
        quoted(name),
        quoted(model)
    );
    for edit in &found.edits {
        text.push_str(&format!("      {}: {{ points: {} }} # was {}\n", quoted(&edit.criterion), edit.to, edit.from));
    }
    text
}

/// The variant against the model on the evaluation window; nothing where that holds no mature lead.
fn judged(
    experiment: &Experiment,
    played: &Played,
    found: &Proposed,
    name: &str,
) -> Result<Option<Comparison>, RunError> {
    let (model, scores) = (&played.models[0], &played.scores[0]);
    let current = scored(model, scores, &played.replayed);
    let variant = variant(played, &current, name, &found.points).ok_or_else(|| not_points(model.name()))?;
    Ok(against(experiment, played, vec![current, variant]).into_iter().next())
}

/// The model with other points.
fn variant(played: &Played, current: &evaluation::Scored, name: &str, points: &[f64]) -> Option<evaluation::Scored> {
    let changed = audit::with_points(&played.scores[0].contributions, points);
    let score = played.models[0].points()?.totals(&changed, played.replayed.features.rows());
    Some(evaluation::Scored { name: name.into(), score, groups: Vec::new(), ..current.clone() })
}

/// Each variant against the first model, on the evaluation window; nothing where that holds no mature lead.
fn against(experiment: &Experiment, played: &Played, models: Vec<evaluation::Scored>) -> Vec<Comparison> {
    let rule = super::run::brackets(experiment, &played.models);
    let cohort = assemble::cohort(&experiment.file, &played.history, &played.replayed, models, Some(0), rule);
    cohort.map(|cohort| evaluation::evaluate(&cohort).comparisons).unwrap_or_default()
}

/// A loss of AUC that nobody would notice.
const UNNOTICED: f64 = 0.01;

/// The model with one criterion fewer at a time; the last one stays.
fn simpler(experiment: &Experiment, played: &Played, evidence: &Evidence) -> Simpler {
    let Some(scorer) = played.models[0].points() else { return Simpler::default() };
    let mut order = audit::least_missed(evidence, |parts, rows| scorer.totals(parts, rows));
    order.pop();
    let current = scored(&played.models[0], &played.scores[0], &played.replayed);
    let mut points: Vec<f64> = evidence.criteria.iter().map(|one| one.points).collect();
    let mut models = vec![current.clone()];
    for (step, &place) in order.iter().enumerate() {
        points[place] = 0.0;
        models.extend(variant(played, &current, &format!("without {}", step + 1), &points));
    }
    if models.len() < 2 {
        return Simpler::default();
    }
    let comparisons = against(experiment, played, models);
    let of = |comparison: &Comparison, metric: &str| {
        let found = comparison.differences.iter().find(|one| one.metric.starts_with(metric));
        found.map_or_else(|| Estimate::undefined(Undefined::Empty.to_string()), |one| one.simultaneous.clone())
    };
    let step = |(place, comparison): (&usize, &Comparison)| SimplerStep {
        criterion: evidence.criteria[*place].name.clone(),
        auc: of(comparison, "auc"),
        capture: of(comparison, "capture"),
    };
    let steps: Vec<SimplerStep> = order.iter().zip(&comparisons).map(step).collect();
    let harmless = |step: &&SimplerStep| {
        let auc = step.auc.low.finite().is_some_and(|low| low > -UNNOTICED);
        auc && step.capture.high.finite().is_none_or(|high| high >= 0.0)
    };
    let without_loss = steps.iter().take_while(harmless).count() as u64;
    Simpler { steps, without_loss }
}

fn notices(model: &Model, scores: &Scores, cliffs: &[Cliff]) -> Vec<Notice> {
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
    for cliff in cliffs.iter().filter(|cliff| !cliff.criteria.is_empty()) {
        say(
            Level::Warning,
            format!(
                "The log of `{}` {} at {}: leads on the other side score lower for want of a log, and what the audit says of criteria on it is to be read with that in mind",
                cliff.kind,
                cliff_words(cliff.what),
                cliff.at
            ),
        );
    }
    notices
}

fn cliff_words(what: CliffKind) -> &'static str {
    match what {
        CliffKind::Begins => "begins",
        CliffKind::Ends => "ends",
        CliffKind::ThinsOut => "thins out",
        CliffKind::Swells => "swells",
    }
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

/// Columns that know the outcome, and what a regression is worth with and without them.
fn leaks(played: &Played, training: &[usize]) -> Leaks {
    let Played { replayed, history, .. } = played;
    let columns = super::run::known_columns(history);
    let known = rows(replayed, &[Role::Training, Role::Evaluated]);
    let converted: Vec<bool> = known.iter().map(|&row| replayed.outcomes.converted[row]).collect();
    let found = audit::leaks(&replayed.features.attributes, &columns, &known, &converted);
    let out: Vec<&str> = found.iter().filter(|one| one.kept_out).map(|one| one.leak.column.as_str()).collect();
    let all = || columns.iter().filter(|column| column.kind != Kind::Instant);
    let names = |keep: &dyn Fn(&KnownColumn) -> bool| {
        all().filter(|column| keep(column)).map(|column| column.name.clone()).collect()
    };
    let auc_with = regression_auc(played, &columns, names(&|_| true), training);
    let auc_without = match out.is_empty() {
        true => auc_with.clone(),
        false => regression_auc(played, &columns, names(&|column| !out.contains(&column.name.as_str())), training),
    };
    Leaks { columns: found.into_iter().map(|one| one.leak).collect(), auc_with, auc_without }
}

/// AUC on the evaluated leads of a regression on some columns, fitted on the training leads.
fn regression_auc(played: &Played, columns: &[KnownColumn], names: Vec<String>, training: &[usize]) -> Estimate {
    let Played { replayed, history, .. } = played;
    let rows = rows(replayed, &[Role::Evaluated]);
    if names.is_empty() || rows.is_empty() {
        return Estimate::undefined(Undefined::Empty.to_string());
    }
    let features = names.into_iter().map(FeatureSpec::Column).collect();
    let kind = KindSpec::Logistic(LogisticSpec { ridge: 1.0, features: Some(features) });
    let spec = Spec { name: "columns".into(), kind, brackets: None };
    let context = Context { columns, events: None, zone: &history.zone, seed: Seed(0) };
    let won = |rows: &[usize]| rows.iter().map(|&row| replayed.outcomes.converted[row]).collect::<Vec<bool>>();
    let learned = won(training);
    let training = Training { rows: training, converted: &learned };
    let model = Model::compile(&spec, std::slice::from_ref(&spec), &context, &mut Plan::default());
    let scores = model.and_then(|model| models::score(&[model], &replayed.features, Some(&training)));
    match scores {
        Ok(scores) => {
            let (score, converted): (Vec<f64>, Vec<bool>) =
                (rows.iter().map(|&row| scores[0].value[row]).collect(), won(&rows));
            let tally = Sample::new(&score, &converted).tally();
            Estimate::with(discrimination::auc(&tally), discrimination::auc_interval(&tally, 0.95))
        }
        Err(error) => Estimate::undefined(error.to_string()),
    }
}

/// Text levels of a column that are looked at, the most frequent first.
const LEVELS: usize = 30;

/// Levels and quarters of the columns that may be known when a lead is scored, as conditions.
fn candidates(played: &Played, training: &[usize]) -> Vec<Candidate> {
    let attributes = &played.replayed.features.attributes;
    let columns = super::run::known_columns(&played.history);
    let usable = columns.iter().filter(|column| matches!(column.known, Known::AtCreation | Known::ByHistory));
    usable
        .filter_map(|known| Some((known, attributes.get(&known.name)?)))
        .flat_map(|(known, column)| conditions(&known.name, column, training))
        .collect()
}

fn conditions(name: &str, column: &Column, training: &[usize]) -> Vec<Candidate> {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    let candidate =
        |label: String, when: String, holds: Vec<bool>| Candidate { name: label, column: name.into(), when, holds };
    match column {
        Column::Text(text) => {
            let mut counts = vec![0usize; text.levels.len()];
            training
                .iter()
                .filter_map(|&row| counts.get(text.codes[row] as usize).map(|_| text.codes[row] as usize))
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|code| counts[code] += 1);
            let mut order: Vec<usize> = (0..counts.len()).collect();
            order.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then_with(|| text.levels[*a].cmp(&text.levels[*b])));
            let level = |code: usize| {
                let level = &text.levels[code];
                let holds = training.iter().map(|&row| text.codes[row] as usize == code).collect();
                candidate(format!("{name} is {level}"), format!("{quoted} = '{}'", level.replace('\'', "''")), holds)
            };
            order.into_iter().take(LEVELS).map(level).collect()
        }
        Column::Flag(flags) => {
            let holds = training.iter().map(|&row| flags[row] == Some(true)).collect();
            vec![candidate(name.into(), quoted, holds)]
        }
        Column::Number(values) => quarters(name, &quoted, values, training, &candidate),
        Column::Instant(_) => Vec::new(),
    }
}

fn quarters(
    name: &str,
    quoted: &str,
    values: &[f64],
    training: &[usize],
    candidate: &dyn Fn(String, String, Vec<bool>) -> Candidate,
) -> Vec<Candidate> {
    let mut sorted: Vec<f64> = training.iter().map(|&row| values[row]).filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    if sorted.is_empty() {
        return Vec::new();
    }
    let mut cuts: Vec<f64> = [0.25, 0.5, 0.75].iter().map(|q| quantile::sorted(&sorted, *q)).collect();
    cuts.dedup();
    let mut found = Vec::new();
    let mut ends = vec![f64::NEG_INFINITY];
    ends.extend(cuts);
    ends.push(f64::INFINITY);
    for (i, low) in ends.iter().enumerate() {
        for high in &ends[i + 1..] {
            let (label, when) = match (low.is_finite(), high.is_finite()) {
                (false, false) => continue,
                (true, false) => (format!("{name} from {low} on"), format!("{quoted} >= {low}")),
                (false, true) => (format!("{name} below {high}"), format!("{quoted} < {high}")),
                (true, true) => {
                    (format!("{name} {low} to below {high}"), format!("{quoted} >= {low} AND {quoted} < {high}"))
                }
            };
            let holds = training.iter().map(|&row| *low <= values[row] && values[row] < *high).collect();
            found.push(candidate(label, when, holds));
        }
    }
    found
}

/// Breaks in the log of every kind of events.
fn cliffs(played: &Played, points: &Points) -> Vec<Cliff> {
    let History { created: Some(created), events: Some(events), until, zone, .. } = &played.history else {
        return Vec::new();
    };
    let arrived: Vec<i64> = created.iter().copied().filter(|at| *at != NEVER).collect();
    let logs = by_kind(created, events, *until);
    let mut order: Vec<usize> = (0..logs.len()).collect();
    order.sort_by(|a, b| events.kinds[*a].cmp(&events.kinds[*b]));
    let outcomes = &played.replayed.outcomes;
    let found = order.into_iter().filter_map(|kind| {
        let found = audit::cliffs(&arrived, &logs[kind], *until)?;
        let name = &events.kinds[kind];
        let touched = |row: &usize| match found.what {
            CliffKind::Begins | CliffKind::Swells => outcomes.created[*row] < found.at,
            CliffKind::Ends | CliffKind::ThinsOut => outcomes.as_of[*row] >= found.at,
        };
        let all = outcomes.created.len();
        let share: Number = match all {
            0 => Undefined::Empty.into(),
            all => ((0..all).filter(touched).count() as f64 / all as f64).into(),
        };
        let reads = |criterion: &Criterion| {
            criterion.event.as_ref() == Some(name)
                || criterion.after.as_ref().is_some_and(|after| after.event == *name)
                || (criterion.inactive_for.is_some() && criterion.event.is_none())
        };
        Some(Cliff {
            kind: name.clone(),
            what: found.what,
            at: zone.date(found.at).to_string(),
            before: found.before,
            after: found.after,
            criteria: points
                .criteria
                .iter()
                .filter(|placed| reads(&placed.criterion))
                .map(|placed| placed.criterion.name.clone())
                .collect(),
            share,
        })
    });
    found.collect()
}

/// (creation of its lead, time) of every event that has happened, by kind.
fn by_kind(created: &[i64], events: &Events, until: i64) -> Vec<Vec<(i64, i64)>> {
    let mut logs = vec![Vec::new(); events.kinds.len()];
    for chunk in &events.chunks {
        for ((&lead, &at), &kind) in chunk.lead.iter().zip(&chunk.at).zip(&chunk.kind) {
            let born = created[lead as usize];
            if born != NEVER && at <= until {
                logs[kind as usize].push((born, at));
            }
        }
    }
    // The order of the log means nothing.
    logs.iter_mut().for_each(|log| log.sort_unstable());
    logs
}

/// Writes the audit as JSON and as a report, and the proposal where there is one. Returns the folder.
///
/// # Errors
/// When a file can not be written.
pub fn store_audit(audit: &Audit, folder: &Path) -> Result<PathBuf, RunError> {
    let charts = folder.join("charts");
    std::fs::create_dir_all(&charts).map_err(|source| StoreError::Io { path: charts.clone(), source })?;
    let json = serde_json::to_string_pretty(audit).expect("an audit has only plain values") + "\n";
    write_file(&folder.join("audit.json"), json)?;
    let document = report::audit(audit);
    for (name, bytes) in report::files(&document, "audit")? {
        write_file(&folder.join(name), bytes)?;
    }
    let drawn = chart::criteria(audit);
    write_file(&charts.join(format!("{}.svg", drawn.id)), chart::standalone(&drawn))?;
    Ok(folder.into())
}
