//! Whether a platform computes what a points model says: its scores against the replayed ones, and why they differ.

mod classes;
mod said;

use std::path::PathBuf;

use crate::data::History;
use crate::experiment::Experiment;
use crate::models::KindSpec;
use crate::pipeline::{Looked, Looks, PipelineError, Progress, looked};
use crate::predicate::find_name;
use crate::store::{StoreError, Target};
use crate::table::{Column, Table, Text, did_you_mean};
use crate::time::{Instant, NEVER};

use classes::Compared;
pub use classes::{Class, Differs};
pub use said::text;

/// Why scores were not compared.
#[derive(Debug, thiserror::Error)]
pub enum ParityError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error("`{name}` is no points model, and only those are replayed rule by rule{others}")]
    NotPoints { name: String, others: String },
    #[error("which points model does the platform compute? Name one of {names} after the experiment")]
    WhichModel { names: String },
    #[error("which column holds the platform's score? Name it by `--column`{columns}")]
    WhichColumn { columns: String },
    #[error("`--column {name}`: there is no such column among the leads{near}")]
    NoColumn { name: String, near: String },
    #[error("`--column {name}`: it holds {kind}, expected numbers")]
    NotNumbers { name: String, kind: &'static str },
    #[error("`{name}` holds no score that could be compared: {why}")]
    NoScores { name: String, why: &'static str },
    #[error("{path}: examples are written to .csv, .csv.gz or .parquet", path = path.display())]
    Format { path: PathBuf },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A platform's scores beside the replayed ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Parity {
    pub model: String,
    pub column: String,
    /// Whether every change of the score was compared; else the score of the export.
    pub by_history: bool,
    pub compared: u64,
    pub leads: u64,
    pub equal: u64,
    /// The first and the last instant that were compared, as text.
    pub span: (String, String),
    /// Those that are not equal, in the order of leads and times.
    pub differing: Vec<Differing>,
    /// Why they are not, the most frequent reason first.
    pub reasons: Vec<(Differs, u64)>,
    /// What is to be known of the rules before: what of them is not in the model.
    pub notices: Vec<String>,
}

/// A score that is not equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Differing {
    pub lead: String,
    pub at: Instant,
    pub platform: f64,
    pub replayed: f64,
    pub reason: Differs,
    /// What the criteria gave, the strongest first.
    pub given: String,
}

/// Compares a points model's replayed scores with a column of the platform's: at every change of it where `data.history`
/// holds them, else as exported.
///
/// # Errors
/// When there is no such model or column, or the experiment cannot be replayed.
pub fn parity(
    experiment: &Experiment,
    model: Option<&str>,
    column: Option<&str>,
    progress: &dyn Progress,
) -> Result<Parity, ParityError> {
    let place = chosen(experiment, model)?;
    let score = |history: &History| Platform::of(experiment, history, column);
    let looked = looked(experiment, place, &|history| score(history).map(|platform| platform.looks), progress)?;
    let platform = score(&looked.history)?;
    let Looked { history, findings, model, looks, scores } = &looked;
    let Some(points) = model.points() else { return Err(not_points(experiment, model.name())) };
    let compared = Compared::new(points, scores, &platform.score, looks, history);
    let differs = compared.reasons();
    let mut reasons: Vec<(Differs, u64)> = Vec::new();
    for (_, reason) in &differs {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason.clone(), 1)),
        }
    }
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.class.cmp(&b.0.class)));
    let differing = differs.into_iter().map(|(row, reason)| Differing {
        lead: history.ids.get(looks.lead[row]).into(),
        at: looks.at[row],
        platform: platform.score[row],
        replayed: scores.value[row],
        reason,
        given: super::scores::strongest(&scores.contributions, row, usize::MAX),
    });
    let differing: Vec<Differing> = differing.collect();
    let mut leads = looks.lead.clone();
    leads.dedup();
    let edge = |at: Option<&Instant>| at.map_or(String::new(), |&at| history.zone.date(at).to_string());
    Ok(Parity {
        model: model.name().into(),
        column: platform.column,
        by_history: platform.by_history,
        compared: looks.at.len() as u64,
        leads: leads.len() as u64,
        equal: (looks.at.len() - differing.len()) as u64,
        span: (edge(looks.at.iter().min()), edge(looks.at.iter().max())),
        differing,
        reasons,
        notices: findings.of(crate::data::What::RulesNotExpressed).map(|one| one.in_words()).collect(),
    })
}

/// Writes the scores that are not equal, with leads' ids.
///
/// # Errors
/// When the file cannot be written.
pub fn write(parity: &Parity, experiment: &Experiment, out: &Target) -> Result<(), ParityError> {
    if !super::scores::is_table(out.path()) {
        return Err(ParityError::Format { path: out.path().into() });
    }
    let mut table = Table::new(parity.differing.len());
    let text = |read: &dyn Fn(&Differing) -> String| {
        let words: Vec<String> = parity.differing.iter().map(read).collect();
        Column::Text(words.iter().map(|word| Some(word.as_str())).collect::<Text>())
    };
    let number = |read: &dyn Fn(&Differing) -> f64| Column::Number(parity.differing.iter().map(read).collect());
    table.push("lead", text(&|one| one.lead.clone()));
    table.push("at", text(&|one| experiment.file.data.timezone.stamp(one.at)));
    table.push("platform", number(&|one| one.platform));
    table.push("replayed", number(&|one| one.replayed));
    table.push("difference", number(&|one| one.platform - one.replayed));
    table.push("class", text(&|one| one.reason.class.in_words().into()));
    table.push("about", text(&|one| one.reason.about()));
    table.push("given", text(&|one| one.given.clone()));
    out.write_with(|draft| crate::data::write(&table, draft))?;
    Ok(())
}

/// The model named, else the champion or the only points model.
fn chosen(experiment: &Experiment, model: Option<&str>) -> Result<usize, ParityError> {
    let models = &experiment.models;
    let is_points = |place: &usize| matches!(models[*place].kind, KindSpec::Points(_));
    let points: Vec<usize> = (0..models.len()).filter(is_points).collect();
    if let Some(name) = model {
        let near = || did_you_mean(models.iter().map(|known| known.name.as_str()), name);
        let place = models.iter().position(|known| known.name == name);
        let place = place.ok_or_else(|| ParityError::NoModel { name: name.into(), near: near() })?;
        return if is_points(&place) { Ok(place) } else { Err(not_points(experiment, name)) };
    }
    let names = || points.iter().map(|&place| format!("`{}`", models[place].name)).collect::<Vec<_>>().join(", ");
    match (experiment.champion.filter(|place| is_points(place)), points.as_slice()) {
        (Some(place), _) | (None, &[place]) => Ok(place),
        (None, []) => Err(not_points(experiment, models.first().map_or("", |model| &model.name))),
        (None, _) => Err(ParityError::WhichModel { names: names() }),
    }
}

fn not_points(experiment: &Experiment, name: &str) -> ParityError {
    let points = experiment.models.iter().filter(|model| matches!(model.kind, KindSpec::Points(_)));
    let names: Vec<String> = points.map(|model| format!("`{}`", model.name)).collect();
    let others = if names.is_empty() { String::new() } else { format!(": name {}", names.join(" or ")) };
    ParityError::NotPoints { name: name.into(), others }
}

/// The platform's scores and when each stood.
struct Platform {
    column: String,
    by_history: bool,
    looks: Looks,
    score: Vec<f64>,
}

impl Platform {
    fn of(experiment: &Experiment, history: &History, column: Option<&str>) -> Result<Self, ParityError> {
        let place = Self::column(experiment, history, column)?;
        let attribute = &history.attributes[place];
        let name = attribute.name.clone();
        let not_numbers = |column: &Column| ParityError::NotNumbers { name: name.clone(), kind: column.kind() };
        let (mut looks, mut score) = (Looks::default(), Vec::new());
        let mut push = |lead: usize, at: Instant, value: f64| {
            if value.is_finite() && at != NEVER && at <= history.until {
                looks.lead.push(lead);
                looks.at.push(at);
                score.push(value);
            }
        };
        // What a history tells is compared, whatever is declared of the column for models.
        let changed = attribute.changed.as_ref();
        if let Some(changed) = changed {
            let Column::Number(values) = changed else { return Err(not_numbers(changed)) };
            let own = history.changes.iter().filter(|change| change.field as usize == place);
            own.for_each(|change| push(change.lead as usize, change.from, values[change.value as usize]));
        } else {
            let Column::Number(values) = &attribute.column else { return Err(not_numbers(&attribute.column)) };
            values.iter().enumerate().for_each(|(lead, value)| push(lead, history.until, *value));
        }
        if score.is_empty() {
            let why = "no value is a number, dated by `until`";
            return Err(ParityError::NoScores { name, why });
        }
        Ok(Self { column: name, by_history: changed.is_some(), looks, score })
    }

    /// The place of the column named; else of the one that a `column:` model reads, or of the only one of numbers whose
    /// history is known.
    fn column(experiment: &Experiment, history: &History, column: Option<&str>) -> Result<usize, ParityError> {
        let names = history.attributes.iter().map(|attribute| attribute.name.as_str());
        if let Some(name) = column {
            let near = || did_you_mean(names.clone(), name);
            let place = find_name(names.clone(), name);
            return place.ok_or_else(|| ParityError::NoColumn { name: name.into(), near: near() });
        }
        let scores = experiment.models.iter().filter_map(|model| match &model.kind {
            KindSpec::Column(column) => find_name(names.clone(), column.score.text().trim().trim_matches('`')),
            _ => None,
        });
        let mut imported: Vec<usize> = scores.collect();
        imported.sort_unstable();
        imported.dedup();
        let numbers = (0..history.attributes.len()).filter(|&place| {
            let attribute = &history.attributes[place];
            attribute.changed.is_some() && matches!(attribute.column, Column::Number(_))
        });
        let moving: Vec<usize> = numbers.collect();
        match (imported.as_slice(), moving.as_slice()) {
            (&[place], _) | ([], &[place]) => Ok(place),
            _ => {
                let numbers = history.attributes.iter().filter(|one| matches!(one.column, Column::Number(_)));
                let numbers: Vec<String> = numbers.take(12).map(|one| format!("`{}`", one.name)).collect();
                let listed = numbers.join(", ");
                let columns =
                    if numbers.is_empty() { String::new() } else { format!("; columns of numbers are {listed}") };
                Err(ParityError::WhichColumn { columns })
            }
        }
    }
}
