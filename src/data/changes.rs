use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use crate::table::{Cell, Column, MISSING, Text, did_you_mean};
use crate::time::{Edge, NEVER, Zone};

use super::DataError;
use super::builder::{As, all_remarks};
use super::cells::Spot;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{OfLeads, Request, gather_of_leads};
use super::history::{Attribute, Change, Known};
use super::joins::Keys;
use super::numbers::{NumberForm, Reading};
use super::only;
use super::outcomes::left_out_by;
use super::reader::Counted;
use super::source::{Progress, Source, listed};
use super::spec::{HistorySpec, KnownSpec, LeadsSpec};
use super::times::TimeColumn;
use super::values::{Nulls, flag};

/// Reads the history of the leads' columns, and gives them the values they took.
#[expect(clippy::too_many_arguments, reason = "one step of the reader, called once")]
pub(crate) fn read(
    spec: &HistorySpec,
    leads: &LeadsSpec,
    keys: &Keys,
    attributes: &mut [Attribute],
    base: &Path,
    zone: &Zone,
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> Result<Vec<Change>, DataError> {
    if spec.field.is_some() == spec.field_is.is_some() {
        let why = "data.history: expected either `field: column` or `field_is: name`";
        return Err(DataError::Spec(why.into()));
    }
    if let Some(name) = spec.field_is.as_ref().filter(|name| attributes.iter().all(|known| known.name != **name)) {
        let near = did_you_mean(attributes.iter().map(|known| known.name.as_str()), name);
        return Err(DataError::Spec(format!("data.history.field_is: the leads have no column `{name}`{near}")));
    }
    let source = Source::open("history", &spec.path, spec.dialect(), base)?;
    let lead = source.column(&spec.lead.column, "history.lead")?;
    let text = |column: &String, key: &str| source.ask(column, key, As::Text);
    let mut asks = vec![
        text(&spec.value, "history.value")?,
        // A date says that by its end the value was known.
        source.ask(&spec.from, "history.from", As::Time(Edge::End))?,
    ];
    asks.extend(spec.field.as_ref().map(|field| text(field, "history.field")).transpose()?);
    asks.extend(spec.old.as_ref().map(|old| text(old, "history.old")).transpose()?);
    let asked = asks.len();
    asks.extend(only::asks(spec.only.as_ref(), &BTreeMap::new(), &source, "history.where")?);
    let OfLeads { leads: mut rows_of, mut spots, strangers, mut columns, met } =
        gather_of_leads(Request::new(&source, &[lead], &asks, zone), keys, progress)?;
    findings.list.extend(source.findings(met));
    let known = keys.known(rows_of.len() as u64, attributes);
    findings.list.extend(keys.report(&source, rows_of.len() as u64, strangers.otherwise));
    strangers.report(&source, &spec.lead.column, known, What::ChangeWithoutLead, findings);
    let of_condition = columns.split_off(asked);
    findings.list.extend(all_remarks(&source, &asks, &columns));
    let mut columns: Vec<Column> = columns.into_iter().map(|gathered| gathered.column).collect();
    if let Some(only) = &spec.only {
        let holds = only::holds(only, &source, &asks[asked..], &of_condition, (spots.len(), zone))?;
        let rows: Vec<usize> = (0..spots.len()).filter(|&row| holds[row]).collect();
        findings.list.extend(only::never_occur(only, &source, &asks[asked..], &of_condition));
        findings.list.extend(left_out_by(only, "history", (spots.len() - rows.len()) as u64));
        columns = columns.into_iter().map(|column| column.kept(&rows)).collect();
        (rows_of, spots) = rows.iter().map(|&row| (rows_of[row], spots[row])).unzip();
    }
    let mut columns = columns.into_iter();
    let (Some(Column::Text(value)), Some(Column::Instant(from))) = (columns.next(), columns.next()) else {
        return Ok(Vec::new());
    };
    let mut next = || match columns.next() {
        Some(Column::Text(text)) => Some(text),
        _ => None,
    };
    let field = match &spec.field_is {
        Some(name) => Text { codes: vec![0; spots.len()], levels: vec![name.clone()], ..Text::default() },
        None => next().unwrap_or_default(),
    };
    let (field, value, before) = (&field, &value, next());
    let fields = fields(field, attributes, findings);
    let mut changes = Vec::new();
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); attributes.len()];
    let mut timeless = Counted::default();
    for row in 0..rows_of.len() {
        let Some(place) = (field.codes[row] != MISSING).then(|| fields[field.codes[row] as usize]).flatten() else {
            continue;
        };
        if from[row] == NEVER {
            timeless.add(spots[row], field.get(row).unwrap_or_default());
            continue;
        }
        let next = rows[place].len() as u32;
        rows[place].push(row as u32);
        changes.push(Change { lead: rows_of[row], field: place as u32, from: from[row], value: next });
    }
    if timeless.count > 0 {
        let text = format!("changes without a readable time (`{}`), left out", spec.from);
        let finding = Finding::new("history", What::MissingTime, FindingLevel::Doubt, timeless.count, text);
        findings.list.push(finding.rows(source.places(&timeless, &spec.from)));
    }
    for (attribute, rows) in attributes.iter_mut().zip(&rows).filter(|(_, rows)| !rows.is_empty()) {
        let values: Vec<(Option<&str>, Spot)> =
            rows.iter().map(|&row| (value.get(row as usize), spots[row as usize])).collect();
        give(attribute, &values, &source, zone, findings)?;
        // Its changes say more than that it was known at the beginning.
        if matches!(leads.declared(&attribute.name), None | Some(KnownSpec::AtCreation)) {
            attribute.known = Known::ByHistory;
        }
    }
    changes.sort_by_key(|change| (change.lead, change.field, change.from));
    let texts = |change: &Change| {
        let row = rows[change.field as usize][change.value as usize] as usize;
        (value.get(row), before.as_ref().and_then(|before| before.get(row)))
    };
    let (mut several, mut repeated) = (Counted::default(), 0);
    let settled = changes.chunk_by(|a, b| (a.lead, a.field, a.from) == (b.lead, b.field, b.from)).map(|at_once| {
        let distinct: HashSet<Option<&str>> = at_once.iter().map(|change| texts(change).0).collect();
        if distinct.len() > 1 {
            let row = rows[at_once[0].field as usize][at_once[0].value as usize] as usize;
            several.add(spots[row], texts(&at_once[0]).0.unwrap_or_default());
        }
        repeated += (at_once.len() - distinct.len()) as u64;
        last_of(at_once, &attributes[at_once[0].field as usize], texts).clone()
    });
    let settled: Vec<Change> = settled.collect();
    if repeated > 0 {
        let text = "changes that are equal to another, read once".to_string();
        findings.list.push(Finding::new("history", What::IdenticalChanges, FindingLevel::Note, repeated, text));
    }
    if several.count > 0 {
        let held = if before.is_some() {
            "the one that no other follows holds, else the greatest value"
        } else {
            "the greatest value holds"
        };
        let text = format!("times at which a field of a lead took several values; {held}");
        let finding = Finding::new("history", What::ChangesAtOneInstant, FindingLevel::Note, several.count, text);
        let advice =
            if before.is_some() { "" } else { "name the column of the value before as `history.old`, if there is one" };
        findings.list.push(finding.advice(advice).rows(source.places(&several, &spec.value)));
    }
    Ok(settled)
}

/// Of changes of one field at one instant the one that holds: whose value no other one started from; else the
/// greatest, numbers as numbers, so that the order of rows decides nothing.
fn last_of<'c, 't>(
    at_once: &'c [Change],
    attribute: &Attribute,
    texts: impl Fn(&Change) -> (Option<&'t str>, Option<&'t str>),
) -> &'c Change {
    let is_last = |change: &&Change| {
        let value = texts(change).0;
        at_once.iter().all(|other| std::ptr::eq(other, *change) || texts(other).1 != value)
    };
    let mut last = at_once.iter().filter(is_last);
    if at_once.iter().any(|change| texts(change).1.is_some())
        && let (Some(last), None) = (last.next(), last.next())
    {
        return last;
    }
    let cell = |change: &Change| attribute.changed.as_ref().map_or(Cell::Missing, |c| c.cell(change.value as usize));
    at_once.iter().max_by(|a, b| compare(cell(a), cell(b))).unwrap_or(&at_once[0])
}

/// What is missing is less than anything.
fn compare(a: Cell, b: Cell) -> std::cmp::Ordering {
    match (a, b) {
        (Cell::Number(a), Cell::Number(b)) => a.total_cmp(&b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Flag(a), Cell::Flag(b)) => a.cmp(&b),
        (Cell::Instant(a), Cell::Instant(b)) => a.cmp(&b),
        (a, b) => (a != Cell::Missing).cmp(&(b != Cell::Missing)),
    }
}

/// The attribute that each name of a field means.
fn fields(field: &Text, attributes: &[Attribute], findings: &mut Findings) -> Vec<Option<usize>> {
    let places: HashMap<&str, usize> =
        attributes.iter().enumerate().map(|(place, a)| (a.name.as_str(), place)).collect();
    let fields: Vec<Option<usize>> = field.levels.iter().map(|name| places.get(name.as_str()).copied()).collect();
    let unknown: Vec<String> =
        field.levels.iter().zip(&fields).filter(|(_, place)| place.is_none()).map(|(name, _)| name.clone()).collect();
    if !unknown.is_empty() {
        let text = format!("fields that are no columns of the leads, left out: {}", listed(&unknown));
        let level = if unknown.len() == fields.len() { FindingLevel::Doubt } else { FindingLevel::Note };
        let finding = Finding::new("history", What::ChangeOfUnknownColumn, level, unknown.len() as u64, text);
        findings.list.push(finding.advice("fields are found by the leads' column names, letter by letter"));
    }
    fields
}

/// Reads the values by the attribute's own type.
fn give(
    attribute: &mut Attribute,
    values: &[(Option<&str>, Spot)],
    source: &Source,
    zone: &Zone,
    findings: &mut Findings,
) -> Result<(), DataError> {
    let mut unreadable = Counted::default();
    let nulls = Nulls::new(source.dialect.nulls.clone());
    let values = values.iter().map(|(text, spot)| (text.and_then(|text| nulls.text(text)), *spot));
    let changed = match &mut attribute.column {
        Column::Number(_) => {
            let mut form = NumberForm::new(source, &attribute.name);
            let read = |(text, spot)| read_or(text, spot, |text| form.read(text, spot), &mut unreadable);
            let readings: Vec<Option<Reading>> = values.map(read).collect();
            if let Some(problem) = form.problem(source, &attribute.name) {
                return Err(DataError::Spec(problem));
            }
            Column::Number(readings.iter().map(|one| one.as_ref().map_or(f64::NAN, |one| form.value(one))).collect())
        }
        Column::Flag(_) => {
            Column::Flag(values.map(|(text, spot)| read_or(text, spot, flag, &mut unreadable)).collect())
        }
        Column::Instant(_) => {
            let mut times = TimeColumn::new(zone.clone(), Edge::Start, source.dialect.format(&attribute.name), 0);
            for (text, spot) in values {
                match text {
                    Some(text) => times.push_text(text, spot),
                    None => times.push_missing(),
                }
            }
            let times = times.finish(source, &attribute.name)?;
            unreadable = times.unreadable;
            Column::Instant(times.at)
        }
        Column::Text(own) => {
            let mut levels: HashMap<String, u32> =
                own.levels.iter().enumerate().map(|(code, level)| (level.clone(), code as u32)).collect();
            let codes = values.map(|(text, _)| {
                text.map_or(MISSING, |text| {
                    *levels.entry(text.into()).or_insert_with(|| {
                        own.levels.push(text.into());
                        (own.levels.len() - 1) as u32
                    })
                })
            });
            let codes = codes.collect();
            Column::Text(Text { codes, levels: own.levels.clone(), ..Text::default() })
        }
    };
    if unreadable.count > 0 {
        let text = format!(
            "values of `{}` that are not {} as in the leads; they count as missing",
            attribute.name,
            changed.kind()
        );
        let finding = Finding::new("history", What::UnreadableValue, FindingLevel::Doubt, unreadable.count, text);
        findings.list.push(finding.rows(source.places(&unreadable, &attribute.name)));
    }
    attribute.changed = Some(changed);
    Ok(())
}

fn read_or<T>(
    text: Option<&str>,
    spot: Spot,
    read: impl FnOnce(&str) -> Option<T>,
    unreadable: &mut Counted,
) -> Option<T> {
    let text = text?;
    let value = read(text);
    if value.is_none() {
        unreadable.add(spot, text);
    }
    value
}
