use std::collections::HashMap;
use std::path::Path;

use crate::table::{Column, Ids, MISSING, Text};
use crate::time::{Edge, NEVER, Zone};

use super::DataError;
use super::builder::{As, Ask, remarks};
use super::cells::Spot;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{OfLeads, Request, gather_of_leads};
use super::history::{Attribute, Change, Known};
use super::outcomes::report_strangers;
use super::reader::Counted;
use super::source::{Progress, Source, listed};
use super::spec::{HistorySpec, LeadsSpec};
use super::times::TimeColumn;
use super::values::{Nulls, flag, number};

/// Reads the history of the leads' columns, and gives them the values they took.
#[expect(clippy::too_many_arguments, reason = "one step of the reader, called once")]
pub(crate) fn read(
    spec: &HistorySpec,
    leads: &LeadsSpec,
    ids: &Ids,
    attributes: &mut [Attribute],
    base: &Path,
    zone: &Zone,
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> Result<Vec<Change>, DataError> {
    let source = Source::open("history", &spec.path, spec.dialect(), base)?;
    let lead = source.column(&spec.lead, "history.lead")?;
    let asks = [
        Ask { place: source.column(&spec.field, "history.field")?, kind: As::Text },
        Ask { place: source.column(&spec.value, "history.value")?, kind: As::Text },
        Ask { place: source.column(&spec.from, "history.from")?, kind: As::Time(Edge::Start) },
    ];
    let OfLeads { leads: rows_of, spots, strangers, columns, met } =
        gather_of_leads(Request::new(&source, &[lead], &asks, zone), ids, progress)?;
    findings.list.extend(source.findings(met));
    report_strangers(&source, Some(&spec.lead), &strangers, rows_of.len() as u64, What::ChangeWithoutLead, findings);
    for (ask, gathered) in asks.iter().zip(&columns) {
        findings.list.extend(remarks(&source, &source.header[ask.place], &gathered.column, &gathered.tally));
    }
    let columns: Vec<Column> = columns.into_iter().map(|gathered| gathered.column).collect();
    let [Column::Text(field), Column::Text(value), Column::Instant(from)] = columns.as_slice() else {
        return Ok(Vec::new());
    };
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
        let finding = Finding::new("history", What::MissingTime, FindingLevel::Warning, timeless.count, text);
        findings.list.push(finding.rows(source.places(&timeless, &spec.from)));
    }
    for (attribute, rows) in attributes.iter_mut().zip(&rows).filter(|(_, rows)| !rows.is_empty()) {
        let values: Vec<(Option<&str>, Spot)> =
            rows.iter().map(|&row| (value.get(row as usize), spots[row as usize])).collect();
        give(attribute, &values, &source, zone, findings)?;
        if !leads.except.contains_key(&attribute.name) {
            attribute.known = Known::ByHistory;
        }
    }
    // Of equal times the later row holds: the sort is stable.
    changes.sort_by_key(|change| (change.lead, change.field, change.from));
    Ok(changes)
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
        let level = if unknown.len() == fields.len() { FindingLevel::Warning } else { FindingLevel::Note };
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
        Column::Number(_) => Column::Number(
            values
                .map(|(text, spot)| {
                    read_or(text, spot, |t| number(t, source.dialect.decimal_comma), &mut unreadable)
                        .unwrap_or(f64::NAN)
                })
                .collect(),
        ),
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
            Column::Text(Text { codes, levels: own.levels.clone() })
        }
    };
    if unreadable.count > 0 {
        let text = format!(
            "values of `{}` that are not {} as in the leads; they count as missing",
            attribute.name,
            changed.kind()
        );
        let finding = Finding::new("history", What::UnreadableValue, FindingLevel::Warning, unreadable.count, text);
        findings.list.push(finding.rows(source.places(&unreadable, &attribute.name)));
    }
    attribute.changed = Some(changed);
    Ok(())
}

fn read_or<T>(text: Option<&str>, spot: Spot, read: impl Fn(&str) -> Option<T>, unreadable: &mut Counted) -> Option<T> {
    let text = text?;
    let value = read(text);
    if value.is_none() {
        unreadable.add(spot, text);
    }
    value
}
