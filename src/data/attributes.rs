//! Columns of the leads, of their own file and of others.

use std::collections::HashMap;
use std::path::Path;

use crate::table::{Cell, Column, MISSING, Text};
use crate::time::{Edge, Written, Zone};

use super::DataError;
use super::builder::{As, Ask, Gathered, all_remarks};
use super::cells::Spot;
use super::finding::{Finding, FindingLevel, Findings, RefusedColumn, What};
use super::gather::gather;
use super::history::{Attribute, Known};
use super::leads::{Leads, kind_of};
use super::reader::Counted;
use super::source::{Source, listed};
use super::spec::{KnownSpec, LookupSpec};
use super::times::{TimeColumn, Times};

/// A column as it was read: text that is times throughout holds times.
pub(crate) fn attribute(
    name: &str,
    (ask, gathered): (&Ask, Gathered),
    known: Option<&KnownSpec>,
    (source, spots): (&Source, &[Spot]),
    zone: &Zone,
) -> Attribute {
    let known = match known.unwrap_or(&KnownSpec::AsExported) {
        KnownSpec::AtCreation => Known::AtCreation,
        KnownSpec::AsExported => Known::AsExported,
        KnownSpec::Planned => Known::Planned,
        // A time is known when it comes.
        KnownSpec::At(column) => Known::At(column.clone()),
    };
    let found = match &gathered.column {
        Column::Text(text) if ask.kind == As::Found => times_of(text, (source, spots), name, zone),
        _ => None,
    };
    let (column, are_dates) = match found {
        Some(times) => (Column::Instant(times.at), times.are_dates),
        None => (gathered.column, gathered.tally.are_dates),
    };
    Attribute { name: name.into(), column, known, are_dates, changed: None }
}

/// The times of a text column of which every value is one, read in one way.
fn times_of(text: &Text, (source, spots): (&Source, &[Spot]), name: &str, zone: &Zone) -> Option<Times> {
    let is_time = |level: &String| Written::parse(level).is_some();
    if text.levels.is_empty() || !text.levels.iter().all(is_time) {
        return None;
    }
    let mut times = TimeColumn::new(zone.clone(), Edge::Start, source.dialect.format(name), text.codes.len());
    for (row, &spot) in spots.iter().enumerate() {
        match text.get(row) {
            Some(value) => times.push_text(value, spot),
            None => times.push_missing(),
        }
    }
    times.finish(source, name).ok().filter(|times| times.unreadable.count == 0)
}

/// Gives the leads the columns of another file.
///
/// # Errors
/// When the file cannot be read, lacks a column, or has one that the leads have too.
pub(crate) fn look_up(
    spec: &LookupSpec,
    leads: &mut Leads,
    (base, zone): (&Path, &Zone),
    findings: &mut Findings,
) -> Result<(), DataError> {
    let source = Source::open("lookup", &spec.path, spec.dialect(), base)?;
    let asks = asks(spec, &source, &leads.attributes)?;
    let keys = keys(spec, leads)?;
    let mut table = gather(&source, &asks, zone, &|_| {})?;
    findings.list.extend(source.findings(std::mem::take(&mut table.met)));
    findings.list.extend(all_remarks(&source, &asks, &table.columns));
    let mut columns = table.columns.into_iter();
    let key = match columns.next().map(|gathered| gathered.column) {
        Some(Column::Text(text)) => text,
        _ => Text::default(),
    };
    let (clear, unclear): (Vec<_>, Vec<_>) =
        asks[1..].iter().zip(columns).partition(|(_, gathered)| gathered.tally.unclear.is_none());
    findings.refused.extend(unclear.into_iter().map(|(ask, gathered)| RefusedColumn {
        column: source.header[ask.place].clone(),
        reason: gathered.tally.unclear.unwrap_or_default(),
    }));
    let own: Vec<Attribute> = clear
        .into_iter()
        .map(|(ask, gathered)| {
            let name = &source.header[ask.place];
            let known = spec.except.get(name).or(spec.known.as_ref());
            attribute(name, (ask, gathered), known, (&source, &table.spots), zone)
        })
        .collect();
    let mut twice = Counted::default();
    let rows = rows_by_key(&key, &own, &table.spots, &mut twice);
    let row_of = |lead: usize| keys.get(lead).and_then(|key| rows.get(key.trim()).copied().flatten());
    let row_of: Vec<Option<usize>> = (0..keys.codes.len()).map(row_of).collect();
    let found = row_of.iter().flatten().count();
    let text = format!(
        "`{}` of the leads has a row in {} for {found} of {} leads",
        spec.from,
        source.files[0].shown,
        row_of.len()
    );
    let level = if found == 0 { FindingLevel::Doubt } else { FindingLevel::Note };
    findings.list.push(Finding::new("lookup", What::Walked, level, found as u64, text));
    if twice.count > 0 {
        let text = format!(
            "rows of {} whose `{}` stands in another row that says otherwise; nothing is read of either",
            source.files[0].shown, spec.to
        );
        let finding = Finding::new("lookup", What::LookedUpTwice, FindingLevel::Doubt, twice.count, text);
        findings.list.push(finding.advice("keep one row a key").rows(source.places(&twice, &spec.to)));
    }
    leads.attributes.extend(
        own.into_iter().map(|attribute| Attribute { column: attribute.column.take_some(&row_of), ..attribute }),
    );
    Ok(())
}

/// The key first, then the columns that are wanted.
fn asks(spec: &LookupSpec, source: &Source, known: &[Attribute]) -> Result<Vec<Ask>, DataError> {
    let mut asks = vec![source.ask(&spec.to, "lookup.to", As::Text)?];
    let named = spec.except.keys().chain(spec.types.keys()).chain(&spec.columns);
    for name in named.map(String::as_str).chain(source.dialect.columns()) {
        source.column(name, "leads.lookup")?;
    }
    let is_wanted = |name: &&String| match spec.columns.as_slice() {
        [] => **name != spec.to,
        columns => columns.contains(name),
    };
    for name in source.header.iter().filter(is_wanted) {
        asks.push(source.ask(name, "lookup.columns", spec.types.get(name).copied().map_or(As::Found, kind_of))?);
    }
    let names = asks[1..].iter().map(|ask| &source.header[ask.place]);
    let both: Vec<String> = names.filter(|name| known.iter().any(|one| one.name == **name)).cloned().collect();
    if both.is_empty() {
        return Ok(asks);
    }
    Err(DataError::Spec(format!(
        "data.leads.lookup: {} and the leads both have {}; name the columns that are wanted, as `columns: […]`, or rename them",
        source.files[0].shown,
        listed(&both)
    )))
}

/// What each lead is looked up by.
fn keys(spec: &LookupSpec, leads: &Leads) -> Result<Text, DataError> {
    let attribute = leads.attributes.iter().find(|attribute| attribute.name == spec.from);
    if spec.from == leads.names.id {
        return Ok(leads.ids.iter().map(Some).collect());
    }
    let Some(attribute) = attribute else {
        leads.source.column(&spec.from, "leads.lookup.from")?;
        return Err(DataError::Spec(format!(
            "data.leads.lookup: `{}` is no column of the leads that is read; take it out of `ignore`",
            spec.from
        )));
    };
    let text = |row| match attribute.column.cell(row) {
        Cell::Text(text) => Some(text.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Missing | Cell::Flag(_) | Cell::Instant(_) => None,
    };
    let texts: Vec<Option<String>> = (0..attribute.column.len()).map(text).collect();
    Ok(texts.iter().map(Option::as_deref).collect())
}

/// The row of each key; nothing where rows of one key say different things.
fn rows_by_key<'k>(
    key: &'k Text,
    columns: &[Attribute],
    spots: &[Spot],
    twice: &mut Counted,
) -> HashMap<&'k str, Option<usize>> {
    let mut rows: HashMap<&str, Option<usize>> = HashMap::new();
    for row in (0..key.codes.len()).filter(|row| key.codes[*row] != MISSING) {
        let Some(name) = key.get(row).map(str::trim) else { continue };
        match rows.get(name).copied() {
            None => drop(rows.insert(name, Some(row))),
            Some(Some(first)) if columns.iter().all(|one| one.column.cell(first) == one.column.cell(row)) => {}
            Some(_) => {
                twice.add(spots[row], name);
                rows.insert(name, None);
            }
        }
    }
    rows
}
