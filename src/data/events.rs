use std::path::Path;

use crate::table::{Column, Ids, MISSING, Text};
use crate::time::{Edge, NEVER, Zone};

use super::DataError;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{As, Ask, Gathered, OfLeads, gather_of_leads, remarks};
use super::history::{EventChunk, Events};
use super::leads::kind_of;
use super::outcomes::report_strangers;
use super::source::{Progress, Source};
use super::spec::EventsSpec;

/// Events of a chunk.
const CHUNK: usize = 1 << 22;
/// The kind of events whose kind is missing.
const NO_KIND: &str = "(none)";

/// Reads the event log: of its own columns only those that are needed.
pub(crate) fn read(
    spec: &EventsSpec,
    needs: &[String],
    ids: &Ids,
    base: &Path,
    zone: &Zone,
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> Result<Events, DataError> {
    if spec.kind.is_some() == spec.kind_is.is_some() {
        let why = "data.events: expected either `kind: column` or `kind_is: name`";
        return Err(DataError::Spec(why.into()));
    }
    let source = Source::open("events", &spec.path, spec.dialect(), base)?;
    let lead = source.column(&spec.lead, "events.lead")?;
    let asks = asks(spec, needs, &source)?;
    let OfLeads { leads, strangers, columns, met, .. } =
        gather_of_leads(&source, (lead, ids), &asks, false, zone, progress)?;
    findings.list.extend(source.findings(met));
    report_strangers(&source, Some(&spec.lead), &strangers, leads.len(), What::EventWithoutLead, findings);
    for (ask, gathered) in asks.iter().zip(&columns) {
        findings.list.extend(remarks(&source, &source.header[ask.place], gathered));
    }
    Ok(assemble(spec, needs, leads, columns, findings))
}

fn asks(spec: &EventsSpec, needs: &[String], source: &Source) -> Result<Vec<Ask>, DataError> {
    for name in spec.types.keys().map(String::as_str).chain(source.dialect.columns()) {
        source.column(name, "events.types, events.nulls_in or events.format")?;
    }
    let mut asks = vec![Ask { place: source.column(&spec.at, "events.at")?, kind: As::Time(Edge::Start) }];
    if let Some(kind) = &spec.kind {
        asks.push(Ask { place: source.column(kind, "events.kind")?, kind: As::Text });
    }
    for name in needs {
        let kind = spec.types.get(name).copied().map_or(As::Found, kind_of);
        asks.push(Ask { place: source.column(name, "a model")?, kind });
    }
    Ok(asks)
}

fn assemble(
    spec: &EventsSpec,
    needs: &[String],
    mut lead: Vec<u32>,
    columns: Vec<Gathered>,
    findings: &mut Findings,
) -> Events {
    let mut columns = columns.into_iter().map(|gathered| gathered.column);
    let Some(Column::Instant(mut at)) = columns.next() else { return Events::default() };
    let mut kind = match spec.kind.as_ref().and_then(|_| columns.next()) {
        Some(Column::Text(kind)) => kind,
        _ => Text { codes: vec![0; lead.len()], levels: vec![spec.kind_is.clone().unwrap_or_default()] },
    };
    name_missing_kinds(&mut kind, spec, findings);
    let mut own: Vec<Column> = columns.collect();
    let timeless = at.iter().filter(|at| **at == NEVER).count() as u64;
    if timeless > 0 {
        let text = format!("events without a readable time (`{}`), left out", spec.at);
        findings.list.push(Finding::new("events", What::MissingTime, FindingLevel::Warning, timeless, text));
        let kept: Vec<usize> = (0..at.len()).filter(|&row| at[row] != NEVER).collect();
        lead = kept.iter().map(|&row| lead[row]).collect();
        kind.codes = kept.iter().map(|&row| kind.codes[row]).collect();
        own = own.iter().map(|column| column.take(&kept)).collect();
        at.retain(|at| *at != NEVER);
    }
    let mut chunks = Vec::new();
    // From the end, so that what is left keeps its place.
    while lead.len() > CHUNK {
        let from = (lead.len() - 1) / CHUNK * CHUNK;
        chunks.push(EventChunk {
            lead: lead.split_off(from),
            at: at.split_off(from),
            kind: kind.codes.split_off(from),
            columns: own.iter_mut().map(|column| split_off(column, from)).collect(),
        });
    }
    lead.shrink_to_fit();
    at.shrink_to_fit();
    kind.codes.shrink_to_fit();
    chunks.push(EventChunk { lead, at, kind: kind.codes, columns: own });
    chunks.reverse();
    Events { kinds: kind.levels, columns: needs.to_vec(), chunks }
}

fn split_off(column: &mut Column, from: usize) -> Column {
    match column {
        Column::Number(values) => Column::Number(values.split_off(from)),
        Column::Text(text) => Column::Text(Text { codes: text.codes.split_off(from), levels: text.levels.clone() }),
        Column::Flag(values) => Column::Flag(values.split_off(from)),
        Column::Instant(values) => Column::Instant(values.split_off(from)),
    }
}

fn name_missing_kinds(kind: &mut Text, spec: &EventsSpec, findings: &mut Findings) {
    let count = kind.codes.iter().filter(|&&code| code == MISSING).count() as u64;
    if count == 0 {
        return;
    }
    let code = kind.levels.iter().position(|level| level == NO_KIND).unwrap_or_else(|| {
        kind.levels.push(NO_KIND.into());
        kind.levels.len() - 1
    });
    kind.codes.iter_mut().filter(|kind| **kind == MISSING).for_each(|kind| *kind = code as u32);
    let text = format!("events without a kind (`{}`), read as `{NO_KIND}`", spec.kind.as_deref().unwrap_or_default());
    findings.list.push(Finding::new("events", What::MissingKind, FindingLevel::Warning, count, text));
}
