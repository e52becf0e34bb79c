//! Scores lead by lead: to a file, or explained.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::data;
use crate::evaluation::{self, SelfCheck, Swapped};
use crate::experiment::Experiment;
use crate::models::{Contribution, Explanation, KindSpec, Line, Model, Scores};
use crate::pipeline::{PipelineError, Progress, cohort, play};
use crate::replay::{Role, Scope, Step, Trail};
use crate::report::text::clean;
use crate::store::{StoreError, Target};
use crate::table::{Cell, Column, Table, Text, did_you_mean, inert, tidy};
use crate::time::Zone;

use super::tracking_breaks::{self, Truncated};

/// Why leads were not scored, or a score not explained.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Truncated(#[from] Truncated),
    #[error("lead `{lead}` {why}")]
    NoLead { lead: String, why: &'static str },
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error("{path}: scores are written to .csv, .csv.gz or .parquet", path = path.display())]
    Format { path: PathBuf },
    #[error("{path}: {problem}", path = path.display())]
    Former { path: PathBuf, problem: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Scores every lead that can be scored, those outside the windows and decided ones too, into CSV or Parquet; with a
/// former output, only those that are new or whose tier (without tiers: score) by the champion is another one.
/// Returns how many.
///
/// # Errors
/// When the experiment cannot be replayed, or the file not be written.
pub fn score(
    experiment: &Experiment,
    out: &Target,
    since: Option<&Path>,
    progress: &dyn Progress,
) -> Result<usize, ScoreError> {
    is_a_table(out.path())?;
    let former = since.map(|path| Former::read(experiment, path)).transpose()?;
    let played = play(experiment, Scope::Everyone, progress)?;
    let mut table = Table::new(played.replayed.features.rows());
    let ids: Text = played.replayed.features.ids.iter().map(Some).collect();
    table.push("lead", Column::Text(ids));
    table.push("as_of", Column::Instant(played.replayed.features.as_of.clone()));
    let role: Text = played.replayed.roles.iter().map(|role: &Role| Some(role.in_words())).collect();
    table.push("role", Column::Text(role));
    let said = played.models.iter().zip(&played.scores).map(|(model, scores)| beside(model, scores));
    let said: Vec<(String, Text)> = said.flatten().collect();
    for (model, scores) in played.models.iter().zip(played.scores) {
        table.push(model.name(), Column::Number(scores.value));
    }
    // Scores keep the places that they have had: what is said of them comes after them.
    let day: Vec<String> = played.replayed.features.as_of.iter().map(|&at| day(&played.history.zone, at)).collect();
    let day: Text = day.iter().map(|day| Some(day.as_str()).filter(|day| !day.is_empty())).collect();
    table.push("scored_on", Column::Text(day));
    said.into_iter().for_each(|(name, column)| table.push(name, Column::Text(column)));
    if let Some(former) = former {
        table = former.changed(table);
    }
    out.write_with(|draft| data::write(&table, draft))?;
    Ok(table.rows())
}

/// What a former output says of one model's scores.
struct Former {
    /// The column that is compared, the model's tiers or its scores.
    column: String,
    by_lead: HashMap<String, String>,
}

impl Former {
    /// The champion's, else those of the first model.
    fn read(experiment: &Experiment, path: &Path) -> Result<Self, ScoreError> {
        let wrong = |problem: String| ScoreError::Former { path: path.into(), problem };
        let Some(model) = experiment.models.get(experiment.champion.unwrap_or(0)) else {
            return Err(wrong("there is no model to compare".into()));
        };
        let has_tiers = matches!(&model.kind, KindSpec::Points(points) if !points.tiers.is_empty());
        let column = if has_tiers { format!("{} tier", model.name) } else { model.name.clone() };
        let mut csv = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
        let header = csv.headers().map_err(|error| wrong(error.to_string()))?.clone();
        let place = |name: &str| {
            let place = header.iter().position(|known| known == name);
            place.ok_or_else(|| {
                wrong(format!(
                    "it has no column `{name}`: expected a .csv that `leadoff score` wrote of this experiment"
                ))
            })
        };
        let (lead, former) = (place("lead")?, place(&column)?);
        let mut by_lead = HashMap::new();
        for record in csv.records() {
            let record = record.map_err(|error| wrong(error.to_string()))?;
            let cell = |place: usize| record.get(place).unwrap_or_default().to_string();
            by_lead.insert(cell(lead), cell(former));
        }
        Ok(Self { column, by_lead })
    }

    /// The rows of new leads and of those with another tier (without tiers, another score), with what it was.
    fn changed(self, table: Table) -> Table {
        let word = |column: &Column, row: usize| match column.cell(row) {
            Cell::Text(text) => text.to_string(),
            Cell::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let (Some(leads), Some(now)) = (table.get("lead"), table.get(&self.column)) else { return table };
        let is_equal = |former: &str, now: &str| {
            former == now || former.parse::<f64>().is_ok_and(|former| now.parse() == Ok(former))
        };
        let former = |row: &usize| self.by_lead.get(&word(leads, *row)).map(String::as_str);
        let differs = |row: &usize| former(row).is_none_or(|former| !is_equal(former, &word(now, *row)));
        let rows: Vec<usize> = (0..table.rows()).filter(differs).collect();
        let before: Text = rows.iter().map(|row| former(row).filter(|former| !former.is_empty())).collect();
        let mut changed = table.take(&rows);
        changed.push(format!("{} before", self.column), Column::Text(before));
        changed
    }
}

/// So many criteria are named beside a score.
const REASONS: usize = 3;

/// What is said of a points model's scores: the tier, where it has any, and the strongest criteria.
fn beside(model: &Model, scores: &Scores) -> Vec<(String, Text)> {
    let Some(points) = model.points() else { return Vec::new() };
    let tier = |score: &f64| points.tier(*score).map(|(name, _)| name);
    let reasons: Vec<String> =
        (0..scores.value.len()).map(|row| strongest(&scores.contributions, row, REASONS)).collect();
    let reasons: Text = reasons.iter().map(|reasons| Some(reasons.as_str()).filter(|one| !one.is_empty())).collect();
    let tiers: Option<Text> = (!points.spec().tiers.is_empty()).then(|| scores.value.iter().map(tier).collect());
    let said = tiers.map(|tiers| ("tier", tiers)).into_iter().chain([("reasons", reasons)]);
    said.map(|(what, column)| (format!("{} {what}", model.name()), column)).collect()
}

/// Writes the leads that change hands at the experiment's capacity (or in the top 10 %) when a challenger replaces the
/// champion: the lead, the challenger, in or out, and with which share where tied leads share a place. Returns how many.
///
/// # Errors
/// When the experiment cannot be replayed, or the file not be written.
pub fn swaps(experiment: &Experiment, out: &Target, progress: &dyn Progress) -> Result<usize, ScoreError> {
    is_a_table(out.path())?;
    let mut played = play(experiment, Scope::Used, progress)?;
    tracking_breaks::crossed(experiment, &played)?;
    let cohort = cohort(experiment, &mut played, None)?;
    let swapped = evaluation::swapped(&cohort);
    let ids: Vec<&str> = played.replayed.features.ids.iter().collect();
    let mut table = Table::new(swapped.len());
    let text = |read: &dyn Fn(&Swapped) -> String| {
        let words: Vec<String> = swapped.iter().map(read).collect();
        Column::Text(words.iter().map(|word| Some(word.as_str())).collect::<Text>())
    };
    table.push("lead", text(&|one| ids[one.row].to_string()));
    table.push("challenger", text(&|one| one.challenger.clone()));
    table.push("swap", text(&|one| if one.share > 0.0 { "in".into() } else { "out".into() }));
    table.push("share", Column::Number(swapped.iter().map(|one| one.share.abs()).collect()));
    out.write_with(|draft| data::write(&table, draft))?;
    Ok(swapped.len())
}

/// Whether a table can be written in the format of the name.
pub(super) fn is_table(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".csv", ".csv.gz", ".parquet"].iter().any(|known| name.ends_with(known))
}

fn is_a_table(path: &Path) -> Result<(), ScoreError> {
    if is_table(path) { Ok(()) } else { Err(ScoreError::Format { path: path.into() }) }
}

/// The criteria that gave a lead most points either way, with these: "Decision maker +20; Looked at jobs -15".
pub(super) fn strongest(parts: &[Contribution], row: usize, most: usize) -> String {
    let given = parts.iter().map(|part| (part.name.as_str(), (part.capped(row) * 1e3).round() / 1e3));
    let mut given: Vec<(&str, f64)> = given.filter(|(_, points)| *points != 0.0).collect();
    given.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let said: Vec<String> = given.into_iter().take(most).map(|(name, points)| format!("{name} {points:+}")).collect();
    said.join("; ")
}

/// How often the experiment's own comparison would cry wolf: outcomes permuted, leads split in halves, `runs` times.
pub fn selfcheck(
    experiment: &Experiment,
    runs: usize,
    replicates: usize,
    progress: &dyn Progress,
) -> Result<SelfCheck, PipelineError> {
    let mut played = play(experiment, Scope::Used, progress)?;
    let cohort = cohort(experiment, &mut played, None)?;
    let said = |run: usize| progress.say(format!("run {run} of {runs}"));
    Ok(evaluation::selfcheck(&cohort, runs, replicates, &said))
}

/// Where one lead's scores come from, as text.
pub fn explain(
    experiment: &Experiment,
    lead: &str,
    model: Option<&str>,
    progress: &dyn Progress,
) -> Result<String, ScoreError> {
    if let Some(name) = model
        && !experiment.models.iter().any(|known| known.name == name)
    {
        let near = did_you_mean(experiment.models.iter().map(|known| known.name.as_str()), name);
        return Err(ScoreError::NoModel { name: name.into(), near });
    }
    let played = play(experiment, Scope::Everyone, progress)?;
    let features = &played.replayed.features;
    // As ids are read.
    let lead = &*tidy(lead);
    let Some(row) = features.ids.find(lead) else {
        let why = if played.history.ids.find(lead).is_some() {
            "has no moment at which it is scored"
        } else {
            "is not among the leads"
        };
        return Err(ScoreError::NoLead { lead: lead.into(), why });
    };
    let mut text = format!(
        "{}, scored {} at {}\n",
        inert(lead),
        inert(&experiment.file.replay.as_of.in_words()),
        at(&played.history.zone, features.as_of[row])
    );
    let trail = played.history.ids.find(lead).map(|place| Trail::new(&played.history, place, features.as_of[row]));
    for (place, known) in played.models.iter().enumerate() {
        if model.is_none_or(|name| name == known.name()) {
            let explanation = known.explain(features, &played.scores[place], row);
            let events = |line: &Line| match (&trail, line.events) {
                (Some(trail), Some(feature)) => {
                    let seen = trail.of(&played.plan, feature).map_err(PipelineError::from)?;
                    Ok(steps(&seen, &played.history.zone))
                }
                _ => Ok(String::new()),
            };
            text.push_str(&said(&explanation, events)?);
        }
    }
    Ok(text)
}

/// So many events are listed under a line.
const LISTED: usize = 5;

/// The events that a line counts, the latest first.
fn steps(steps: &[Step], zone: &Zone) -> String {
    let mut text = String::new();
    for step in steps.iter().take(LISTED) {
        let cells: Vec<String> =
            step.cells.iter().map(|(name, cell)| format!("{} = {}", inert(name), shown(*cell, zone))).collect();
        let cells = if cells.is_empty() { String::new() } else { format!(": {}", cells.join(", ")) };
        let _ = writeln!(text, "  {:>10}    {} {}{cells}", "", zone.text(step.at), inert(step.kind));
    }
    if steps.len() > LISTED {
        let _ = writeln!(text, "  {:>10}    and {} before", "", steps.len() - LISTED);
    }
    text
}

fn shown(cell: Cell, zone: &Zone) -> String {
    match cell {
        Cell::Missing => "missing".into(),
        Cell::Number(value) => value.to_string(),
        Cell::Text(text) => format!("'{}'", inert(text)),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Instant(at) => zone.text(at),
    }
}

/// The date of an instant; nothing where it is not known.
fn day(zone: &Zone, at: i64) -> String {
    if at == crate::time::NEVER { String::new() } else { zone.date(at).to_string() }
}

fn at(zone: &Zone, at: i64) -> String {
    if at == crate::time::NEVER { "no known time".into() } else { zone.text(at) }
}

fn said(explanation: &Explanation, events: impl Fn(&Line) -> Result<String, ScoreError>) -> Result<String, ScoreError> {
    let number =
        |value: f64| if value.is_nan() { "–".to_string() } else { format!("{}", (value * 1e6).round() / 1e6) };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\n{}: {}",
        inert(&explanation.model),
        if explanation.score.is_nan() { "not scored".into() } else { number(explanation.score) }
    );
    for line in &explanation.lines {
        let group = line.group.as_ref().map_or(String::new(), |group| format!(" [{}]", inert(group)));
        let capped = if line.before == line.after {
            String::new()
        } else {
            format!(" (before its cap {})", number(line.before))
        };
        // A condition may be written on several lines.
        let [name, seen, what] = [inert(&line.name), inert(&line.seen), clean(&line.what).into()];
        let _ = writeln!(text, "  {:>10}{capped}  {name}{group}: {seen} ({what})", number(line.after));
        text.push_str(&events(line)?);
    }
    for group in &explanation.groups {
        let clamped = if group.before == group.after {
            String::new()
        } else {
            format!(" (before its bounds {})", number(group.before))
        };
        let _ = writeln!(text, "  {:>10}{clamped}  in all for {}", number(group.after), inert(&group.name));
    }
    if !explanation.sum.is_nan() && explanation.sum != explanation.score {
        let _ = writeln!(text, "  {:>10}  sum before bounds and rounding", number(explanation.sum));
    }
    let tier = explanation.tier.as_ref().map(|tier| {
        let does = explanation.does.as_ref().map_or(String::new(), |does| format!(": {}", clean(does)));
        format!("tier {}{does}", inert(tier))
    });
    let grade = explanation.grade.as_ref().map(|grade| format!("grade {}", inert(grade)));
    let threshold = explanation
        .over_threshold
        .map(|over| if over { "handed over to sales" } else { "below the hand-over threshold" }.to_string());
    let facts: Vec<String> = [tier, grade, threshold].into_iter().flatten().collect();
    if !facts.is_empty() {
        let _ = writeln!(text, "  {}", facts.join(", "));
    }
    Ok(text)
}
