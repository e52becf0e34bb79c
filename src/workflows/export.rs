//! A points model for those who put it into practice: a list of changes for a person, a table, a statement, a draft.

use std::fmt::Write;

use serde_json::Value;

use crate::experiment::{Experiment, rules};
use crate::models::{Points, PointsModel};
use crate::pipeline::{PipelineError, Played, Progress, play, statement};
use crate::replay::Scope;
use crate::report::text::clean;
use crate::result::CriterionAudit;
use crate::table::{did_you_mean, inert};
use crate::time::Moment;

use super::audit;

/// Why a model was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("there is no model `{name}`{near}")]
    NoModel { name: String, near: String },
    #[error("`{name}` is no points model, and a CRM holds only those")]
    NotPoints { name: String },
    #[error("a list of changes starts from the `champion`, which is a points model: name one in the experiment")]
    NoChampion,
    #[error("`--at` is the instant of `--to sql`: leave it out")]
    AtOfSql,
    #[error("SQL is written for one log of events, whose kinds are a column: make one of them, named `events`")]
    SeveralLogs,
}

/// For whom a model is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What to change in the champion, for the person who edits the CRM.
    Checklist,
    /// The table that `rules:` reads.
    Csv,
    /// A SELECT of every lead's score.
    Sql,
    /// HubSpot's configuration.
    Hubspot,
}

/// A model as it was written, and what is to be known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub text: String,
    pub notes: Vec<String>,
}

/// A points model in another form.
///
/// # Errors
/// When it is no points model, or the experiment cannot be replayed.
pub fn export(
    experiment: &Experiment,
    model: &str,
    form: Form,
    at: Option<&Moment>,
    progress: &dyn Progress,
) -> Result<Exported, ExportError> {
    if at.is_some() && form != Form::Sql {
        return Err(ExportError::AtOfSql);
    }
    let logs = &experiment.file.data.events.0;
    if form == Form::Sql && (logs.len() > 1 || logs.iter().any(|log| log.kind_is.is_some() || log.only.is_some())) {
        return Err(ExportError::SeveralLogs);
    }
    let models = &experiment.models;
    let near = || did_you_mean(models.iter().map(|known| known.name.as_str()), model);
    let place = models.iter().position(|known| known.name == model);
    let place = place.ok_or_else(|| ExportError::NoModel { name: model.into(), near: near() })?;
    // A statement asks what columns the events have, and these are kept for everyone alone.
    let scope = if form == Form::Sql { Scope::Everyone } else { Scope::Used };
    let played = play(experiment, scope, progress)?;
    let points = played.models[place].points().ok_or_else(|| ExportError::NotPoints { name: model.into() })?;
    let mut notes: Vec<String> =
        points.left_out().iter().map(|(_, error)| format!("left out, as it does not fit the data: {error}")).collect();
    let text = match form {
        Form::Checklist => {
            let champion = experiment.champion.and_then(|place| played.models[place].points());
            let from = champion.ok_or(ExportError::NoChampion)?;
            checklist(experiment, &played, (from, points), model)
        }
        Form::Csv => rules::table(&fitting(points)),
        Form::Sql => {
            let at = at.map(|at| at.end(&played.history.zone));
            if !played.history.zone.is_utc() {
                notes.push(format!(
                    "times are compared as they are written in the tables: in {}, bring them to UTC first",
                    played.history.zone.name()
                ));
            }
            statement(experiment, &played.history, points.spec(), at)?
        }
        Form::Hubspot => {
            let names = experiment.file.models.get(model).and_then(|spec| spec.rules.as_ref());
            let draft = rules::draft(&fitting(points), model, names);
            notes.extend(draft.unheld.iter().map(|what| format!("HubSpot cannot hold {what}")));
            notes.extend(draft.to_fill.iter().cloned());
            rules::draft_text(&draft)
        }
    };
    Ok(Exported { text, notes })
}

/// The model without criteria that do not fit the data.
fn fitting(points: &PointsModel) -> Points {
    let mut spec = points.spec().clone();
    spec.criteria.retain(|placed| !points.left_out().iter().any(|(name, _)| *name == placed.criterion.name));
    spec
}

/// What to change, in the order of the CRM's groups.
fn checklist(
    experiment: &Experiment,
    played: &Played,
    (from, to): (&PointsModel, &PointsModel),
    model: &str,
) -> String {
    let beside = audit::of_run(experiment, played, false);
    let of_champion = |found: &audit::BesideRun| experiment.file.champion.as_ref() == Some(&found.criteria.model);
    let audited = beside.filter(of_champion).map_or_else(Vec::new, |found| found.criteria.criteria);
    let (from, to) = (from.spec(), to.spec());
    let mut groups: Vec<Option<&str>> = from.groups.names().chain(to.groups.names()).map(Some).collect();
    let own = from.criteria.iter().chain(&to.criteria).map(|placed| placed.criterion.group.as_deref());
    groups.extend(own);
    let mut seen: Vec<Option<&str>> = Vec::new();
    groups.retain(|group| {
        let is_new = !seen.contains(group);
        seen.push(*group);
        is_new
    });
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for group in groups {
        let mut lines = changes(from, to, group, &audited);
        if let Some(name) = group {
            lines.extend(limit("the sum of the group", from.groups.get(name), to.groups.get(name)));
        }
        let title = group.map_or("Without a group".to_string(), |group| inert(group).into_owned());
        sections.push((title, lines));
    }
    let whole = [
        limit("the whole score", from.bounds.as_ref(), to.bounds.as_ref()),
        limit("round to", from.round.as_ref(), to.round.as_ref()),
        limit("hand over to sales from", from.threshold.as_ref(), to.threshold.as_ref()),
        limit("tiers", some(&from.tiers), some(&to.tiers)),
        limit("grades", some(&from.grades), some(&to.grades)),
    ];
    sections.push(("The whole score".into(), whole.into_iter().flatten().collect()));
    sections.retain(|(_, lines)| !lines.is_empty());
    let count: usize = sections.iter().map(|(_, lines)| lines.len()).sum();
    let champion = experiment.file.champion.as_deref().unwrap_or_default();
    let mut text = format!("# From `{}` to `{}`\n\n", inert(champion), inert(model));
    let _ = match count {
        0 => writeln!(text, "Nothing is to be changed: they give the same points."),
        1 => writeln!(text, "One change."),
        count => writeln!(text, "{count} changes, in the order of the groups."),
    };
    let mut number = 0;
    for (title, lines) in sections {
        let _ = writeln!(text, "\n## {title}\n");
        for line in lines {
            number += 1;
            let _ = writeln!(text, "{number}. [ ] {line}");
        }
    }
    text
}

fn some<V>(entries: &crate::models::spec::Entries<V>) -> Option<&crate::models::spec::Entries<V>> {
    (!entries.is_empty()).then_some(entries)
}

/// The changes of a group's criteria: those that are there in their order, then new ones.
fn changes(from: &Points, to: &Points, group: Option<&str>, audited: &[CriterionAudit]) -> Vec<String> {
    let find = |points: &Points, name: &str| {
        points.criteria.iter().map(|placed| placed.criterion.clone()).find(|criterion| criterion.name == name)
    };
    let of_group = |points: &Points| {
        let own = points.criteria.iter().map(|placed| placed.criterion.clone());
        own.filter(|criterion| criterion.group.as_deref() == group).collect::<Vec<_>>()
    };
    let mut lines = Vec::new();
    for old in of_group(from) {
        let (name, why) = (inert(&old.name).into_owned(), why(&old.name, audited));
        match find(to, &old.name) {
            Some(new) if new == old => {}
            Some(new) if new.points == Some(0.0) => {
                lines.push(format!("**{name}**: switch it off (was {}){why}", said(&old.points)));
            }
            Some(new) => lines.push(format!("**{name}**: {}{why}", differences(&fields(&old), &fields(&new)))),
            None => lines.push(format!("**{name}**: take it away (was {}){why}", words(&fields(&old)))),
        }
    }
    let new = of_group(to).into_iter().filter(|new| find(from, &new.name).is_none());
    lines.extend(new.map(|new| format!("**{}**: add it: {}", inert(&new.name), words(&fields(&new)))));
    lines
}

/// The audit's verdict on a criterion, where it has one that speaks for a change.
fn why(name: &str, audited: &[CriterionAudit]) -> String {
    let found = audited.iter().find(|one| one.name == name && !one.verdict.is_quiet());
    found.map_or(String::new(), |one| format!(". Why: {}, worth {}", one.verdict.in_words(), implied(one)))
}

fn implied(one: &CriterionAudit) -> String {
    one.implied.point.finite().map_or("nothing that the data can see".into(), |points| {
        format!("{} points by the training leads", (points * 10.0).round() / 10.0 + 0.0)
    })
}

/// A criterion's fields in the order of the experiment file, as text.
fn fields(criterion: &crate::models::spec::Criterion) -> Vec<(String, String)> {
    // A map of JSON sorts its keys: the order is that of the text.
    let text = serde_json::to_string(criterion).unwrap_or_default();
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut fields: Vec<(String, String)> = json
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != "name" && *key != "group")
        .map(|(key, value)| (key.clone(), plain(value)))
        .collect();
    fields.sort_by_key(|(key, _)| text.find(&format!("\"{key}\":")));
    fields
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text).to_string(),
        Value::Number(number) => number.as_f64().map_or(number.to_string(), |number| number.to_string()),
        Value::Null => "open".into(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" to "),
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{} {}", inert(key), plain(value))).collect();
            entries.join(", ")
        }
        other => other.to_string(),
    }
}

fn label(key: &str) -> String {
    key.replace('_', " ")
}

fn words(fields: &[(String, String)]) -> String {
    fields.iter().map(|(key, value)| format!("{} {value}", label(key))).collect::<Vec<_>>().join(", ")
}

fn differences(from: &[(String, String)], to: &[(String, String)]) -> String {
    let get = |fields: &[(String, String)], key: &str| {
        fields.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    };
    let mut keys: Vec<&String> = from.iter().chain(to).map(|(key, _)| key).collect();
    let mut seen: Vec<&String> = Vec::new();
    keys.retain(|key| {
        let is_new = !seen.contains(key);
        seen.push(key);
        is_new
    });
    let change = |key: &&String| {
        let (old, new) = (get(from, key), get(to, key));
        let none = || "none".to_string();
        (old != new).then(|| format!("{} {} → {}", label(key), old.unwrap_or_else(none), new.unwrap_or_else(none)))
    };
    let said: Vec<String> = keys.iter().filter_map(change).collect();
    if said.is_empty() { "move it to another group".into() } else { said.join(", ") }
}

fn said(points: &Option<f64>) -> String {
    points.map_or("points by bands".into(), |points| format!("{points} points"))
}

/// What changes in a setting.
fn limit<V: PartialEq + serde::Serialize>(what: &str, from: Option<&V>, to: Option<&V>) -> Option<String> {
    let text = |value: Option<&V>| {
        value.map_or("none".into(), |value| plain(&serde_json::to_value(value).unwrap_or_default()))
    };
    (from != to).then(|| format!("{what}: {} → {}", text(from), text(to)))
}
