//! Rules as a table: a line a criterion.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{ConfigError, yaml};
use super::{Rules, Unexpressed, Wrong};
use crate::models::spec::{Bounds, Change, Criterion, CriterionFields, Entries, PointsSpec, RulesRead, RulesSpec};
use crate::models::{ModelError, check_criterion};
use crate::predicate::Predicate;
use crate::table::{looks_like_a_formula, spreadsheet_cell, suggest, yaml_name};
use crate::time::Span;

const COLUMNS: [&str; 6] = ["criterion", "condition", "points", "group", "cap", "half_life"];
/// Without these a line says nothing.
const NEEDED: usize = 3;
/// What a line may set for the whole, instead of being a criterion.
pub(super) const SETTINGS: [&str; 6] = ["groups", "bounds", "tiers", "grades", "threshold", "round"];

/// A table's lines, each with its number.
struct Lines {
    /// The place of each of [`COLUMNS`].
    places: [Option<usize>; 6],
    unread: Vec<String>,
    records: Vec<(u64, csv::StringRecord)>,
}

pub(super) fn read(text: &str, shown: &str, spec: &RulesSpec) -> Result<Rules, Vec<Wrong>> {
    let lines = Lines::of(text).map_err(|wrong| vec![wrong])?;
    let mut wrong: Vec<Wrong> = mapped(spec).into_iter().collect();
    let (mut points, mut places) = (PointsSpec::default(), Vec::new());
    for (line, record) in &lines.records {
        let cell = |column: usize| lines.places[column].and_then(|place| record.get(place)).unwrap_or("").trim();
        let name = cell(0);
        let read = match SETTINGS.contains(&name) {
            true => setting(name, [cell(1), cell(2)], &mut points),
            false => criterion(COLUMNS.map(|column| cell(position(column)))).and_then(|criterion| {
                check_criterion("", &criterion).map_err(|error| bare(&error))?;
                if points.criteria.iter().any(|known| known.name == criterion.name) {
                    return Err(format!(
                        "criterion: `{}` is the name of two criteria, expected one each",
                        criterion.name
                    ));
                }
                points.criteria.push(criterion);
                places.push(format!("{shown}, line {line}"));
                Ok(())
            }),
        };
        wrong.extend(read.err().map(|what| Wrong { line: *line, what }));
    }
    if wrong.is_empty() && points.criteria.is_empty() {
        let what = "no criteria, expected lines such as `Decision maker,seniority = 'vp',20`".into();
        wrong.push(Wrong { line: 0, what });
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let why = "a column that is not read";
    let unread = |name: &String| Unexpressed { rule: format!("`{name}`"), why: why.into(), matters: false };
    let unexpressed = lines.unread.iter().map(unread).collect();
    Ok(Rules { read: RulesRead { points, places, is_foreign: false }, unexpressed })
}

/// What is wrong with a criterion, without a path that says nothing here.
fn bare(error: &ModelError) -> String {
    error.to_string().trim_start_matches(['.', ':', ' ']).to_string()
}

fn position(column: &str) -> usize {
    COLUMNS.iter().position(|known| *known == column).unwrap_or_default()
}

/// Names of a platform mean nothing to a table.
fn mapped(spec: &RulesSpec) -> Option<Wrong> {
    let given = !spec.columns.is_empty() || !spec.events.is_empty();
    given.then(|| Wrong {
        line: 0,
        what: "a table of criteria names columns and events as the data do: leave `columns:` and `events:` out".into(),
    })
}

impl Lines {
    fn of(text: &str) -> Result<Self, Wrong> {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let named = |delimiter: char| {
            let known = |name: &str| COLUMNS.contains(&plain(name).as_str());
            first.split(delimiter).filter(|name| known(name.trim_matches('"'))).count()
        };
        let delimiter = [',', ';', '\t'].into_iter().max_by_key(|delimiter| (named(*delimiter), *delimiter == ','));
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter.map_or(b',', |delimiter| delimiter as u8))
            .from_reader(text.as_bytes());
        let (mut records, mut record) = (Vec::new(), csv::StringRecord::new());
        loop {
            let start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).min(text.len());
            match reader.read_record(&mut record) {
                Ok(false) => break,
                // Blank lines are passed over with the line that they come before.
                Ok(true) => {
                    let blank = text[start..].find(|c| c != '\n' && c != '\r').unwrap_or(0);
                    let line = 1 + text[..start + blank].matches('\n').count() as u64;
                    if record.iter().any(|cell| !cell.trim().is_empty()) {
                        records.push((line, record.clone()));
                    }
                }
                Err(error) => return Err(Wrong { line: 0, what: format!("no table: {error}") }),
            }
        }
        if records.is_empty() {
            return Err(Wrong { line: 0, what: "it is empty, expected rules".into() });
        }
        let (line, header) = records.remove(0);
        let (mut places, mut unread) = ([None; 6], Vec::new());
        for (place, name) in header.iter().enumerate() {
            let known = COLUMNS.iter().position(|known| *known == plain(name));
            match known {
                Some(known) if places[known].is_some() => {
                    return Err(Wrong { line, what: format!("two columns `{}`, expected one", COLUMNS[known]) });
                }
                Some(known) => places[known] = Some(place),
                None if name.trim().is_empty() => {}
                None => unread.push(name.trim().to_string()),
            }
        }
        let lacking: Vec<&str> =
            (0..NEEDED).filter(|&column| places[column].is_none()).map(|one| COLUMNS[one]).collect();
        if let Some(first) = lacking.first() {
            let near = suggest(unread.iter().map(String::as_str), first);
            let near = near.map_or(String::new(), |near| format!(" (is it `{near}`?)"));
            let what = format!(
                "the header lacks `{}`{near}; expected columns `criterion`, `condition` and `points`, and where wanted `group`, `cap` and `half_life`; found `{}`",
                lacking.join("` and `"),
                header.iter().map(str::trim).collect::<Vec<_>>().join("`, `")
            );
            return Err(Wrong { line, what });
        }
        Ok(Self { places, unread, records })
    }
}

/// A heading without what is written in many ways.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Parses YAML of one line, with its message alone where it is wrong.
fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    yaml::parse(text, "".as_ref()).map_err(|error| match error {
        ConfigError::Parse { message, .. } => message,
        other => other.to_string(),
    })
}

/// A line that sets something of the whole: its value stands under `condition`, or under `points`.
fn setting(name: &str, [condition, points]: [&str; 2], spec: &mut PointsSpec) -> Result<(), String> {
    let value = match (condition, points) {
        ("", "") => return Err(format!("{name}: no value, expected one under `condition`")),
        (value, "") | ("", value) => value,
        _ => return Err(format!("{name}: values under `condition` and `points`, expected one")),
    };
    let change: Change = yaml(&format!("{{ {name}: {value} }}"))?;
    change.groups.iter().for_each(|(name, bounds)| spec.groups.set(name, bounds.unwrap_or(Bounds::OPEN)));
    for (name, tier) in change.tiers.iter() {
        tier.iter().for_each(|tier| spec.tiers.set(name, tier.clone()));
    }
    spec.bounds = change.bounds.unwrap_or(spec.bounds);
    spec.threshold = change.threshold.unwrap_or(spec.threshold);
    spec.round = change.round.unwrap_or(spec.round);
    if let Some(grades) = change.grades {
        spec.grades = grades;
    }
    Ok(())
}

fn criterion([name, condition, points, group, cap, half_life]: [&str; 6]) -> Result<Criterion, String> {
    let mut criterion = Criterion { name: name.into(), ..Criterion::default() };
    if condition.is_empty() {
        return Err("condition: empty, expected one such as `employees > 500` or `event: demo_request`".into());
    }
    match fields(condition) {
        Some(text) => {
            let fields: CriterionFields = yaml(&text).map_err(|what| {
                format!("condition: {what}; a condition with a comma or a colon stands in quotes: `event: page_view, when: \"page IN ('/a', '/b')\"`")
            })?;
            fields.apply(&mut criterion);
        }
        None => {
            let when = Predicate::parse(condition).map_err(|error| format!("condition: {error}"))?;
            criterion.when = Some(when);
        }
    }
    let stated = [
        ("points", !points.is_empty() && criterion.points.is_some()),
        ("group", !group.is_empty() && criterion.group.is_some()),
        ("cap", !cap.is_empty() && criterion.cap.is_some()),
        ("half_life", !half_life.is_empty() && criterion.half_life.is_some()),
    ];
    if let Some((column, _)) = stated.iter().find(|(_, twice)| *twice) {
        return Err(format!("{column}: stands in `condition` too, expected it once"));
    }
    if !points.is_empty() {
        criterion.points = Some(number("points", points, "20 or -15")?);
    }
    if !cap.is_empty() {
        criterion.cap = Some(number("cap", cap, "20")?);
    }
    if !half_life.is_empty() {
        criterion.half_life = Some(half_life.parse().map_err(|error| format!("half_life: {error}"))?);
    }
    if !group.is_empty() {
        criterion.group = Some(group.into());
    }
    Ok(criterion)
}

/// A condition that is written in fields, as a criterion of the experiment file: `event: page_view, per: event`.
fn fields(condition: &str) -> Option<String> {
    if condition.starts_with('{') {
        return Some(condition.into());
    }
    let (word, _) = condition.split_once(':')?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    is_word.then(|| format!("{{ {condition} }}"))
}

fn number(column: &str, text: &str, such_as: &str) -> Result<f64, String> {
    let plain = text.strip_prefix('+').unwrap_or(text).replace('\u{2212}', "-");
    let number = plain.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("{column}: found `{text}`, expected a number such as {such_as}"))
}

/// The points model as such a table: what [`read`] reads as the same model.
pub(super) fn write(points: &PointsSpec) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    // Into memory nothing fails.
    let mut line = |cells: [&str; 6]| csv.write_record(cells).unwrap_or_default();
    line(COLUMNS);
    for criterion in &points.criteria {
        let number = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
        let half_life = criterion.half_life.map_or(String::new(), |span| span.to_string());
        let name = spreadsheet_cell(&criterion.name);
        let group = spreadsheet_cell(criterion.group.as_deref().unwrap_or_default()).into_owned();
        let (given, cap) = (number(criterion.points), number(criterion.cap));
        line([&name, &condition(criterion), &given, &group, &cap, &half_life]);
    }
    for (name, value) in settings(points) {
        line([name, &value, "", "", "", ""]);
    }
    String::from_utf8(csv.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// What is set for the whole, as YAML takes it; names in their order, which grades are read in.
fn settings(points: &PointsSpec) -> Vec<(&'static str, String)> {
    let groups =
        (!points.groups.is_empty()).then(|| braces(points.groups.iter().map(|(name, one)| (name, in_yaml(one)))));
    let tiers = (!points.tiers.is_empty()).then(|| braces(points.tiers.iter().map(|(name, one)| (name, in_yaml(one)))));
    let marks = |marks: &Entries<Option<f64>>| braces(marks.iter().map(|(name, one)| (name, in_yaml(one))));
    let grades =
        (!points.grades.is_empty()).then(|| braces(points.grades.iter().map(|(name, one)| (name, marks(one)))));
    let bounds = points.bounds.map(|bounds| in_yaml(&bounds));
    let (threshold, round) = (points.threshold.map(|one| in_yaml(&one)), points.round.map(|one| in_yaml(&one)));
    let all = SETTINGS.into_iter().zip([groups, bounds, tiers, grades, threshold, round]);
    all.filter_map(|(name, value)| Some((name, value?))).collect()
}

fn braces<'a>(entries: impl Iterator<Item = (&'a str, String)>) -> String {
    let entries: Vec<String> = entries.map(|(name, value)| format!("{}: {value}", yaml_name(name))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// A criterion without what has columns of its own.
fn condition(criterion: &Criterion) -> String {
    if let (Some(when), true) = (&criterion.when, is_plain(criterion)) {
        let text = when.text().trim();
        // What a spreadsheet could take for a formula.
        return if looks_like_a_formula(text) { format!("({text})") } else { text.into() };
    }
    let own = Criterion { points: None, group: None, cap: None, half_life: None, ..criterion.clone() };
    let json = serde_json::to_value(own).unwrap_or_default();
    // The kind of events comes first: a reader looks for it.
    let first = ["event", "inactive_for", "per_unit", "bands"];
    let entries: Vec<(&String, &serde_json::Value)> =
        json.as_object().into_iter().flatten().filter(|(key, _)| *key != "name").collect();
    let (head, tail): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| first.contains(&key.as_str()));
    head.into_iter().chain(tail).map(|(key, value)| format!("{key}: {}", flow(value))).collect::<Vec<_>>().join(", ")
}

/// Whether it is a condition on leads and nothing else.
fn is_plain(criterion: &Criterion) -> bool {
    let bare = Criterion {
        name: criterion.name.clone(),
        points: criterion.points,
        group: criterion.group.clone(),
        cap: criterion.cap,
        when: criterion.when.clone(),
        ..Criterion::default()
    };
    bare == *criterion && criterion.half_life.is_none()
}

fn in_yaml(value: &impl Serialize) -> String {
    flow(&serde_json::to_value(value).unwrap_or_default())
}

/// A value as YAML takes it inside braces.
fn flow(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "~".into(),
        serde_json::Value::String(text) if text.parse::<Span>().is_ok() => text.clone(),
        serde_json::Value::String(text) => yaml_name(text),
        serde_json::Value::Number(number) => number.as_f64().map_or(number.to_string(), |number| number.to_string()),
        serde_json::Value::Array(values) => format!("[{}]", values.iter().map(flow).collect::<Vec<_>>().join(", ")),
        serde_json::Value::Object(entries) => {
            let entry = |(key, value): (&String, &serde_json::Value)| format!("{}: {}", yaml_name(key), flow(value));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}
