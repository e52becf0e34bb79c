use std::path::Path;

use crate::time::{Instant, NEVER, Zone};

use super::checks::{self, Log};
use super::events::Keep;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::history::History;
use super::outcomes::{self, Latest};
use super::source::Progress;
use super::spec::DataSpec;
use super::{DataError, changes, events, leads};

/// Reads all that the data section names; relative paths start at `base`. Of the events' own columns only
/// `event_columns` are read, and of the events of each lead those until `last_event` of the history without them are kept
/// (nothing: all are).
///
/// # Errors
/// When a file cannot be read as what the section says it is; the message names the file, the line and what to do.
pub fn read(
    spec: &DataSpec,
    base: &Path,
    event_columns: &[String],
    last_event: &dyn Fn(&History) -> Option<Vec<Instant>>,
    progress: &dyn Fn(Progress),
) -> Result<(History, Findings), DataError> {
    let zone = &spec.timezone;
    let mut findings = Findings::default();
    check_ids(spec)?;
    let leads = leads::read(&spec.leads, &spec.outcomes, base, zone, &mut findings, progress)?;
    let own;
    let (source, deals, latest) = match &leads.deals {
        Some(deals) => (&leads.source, deals, Latest::of_deals(deals)),
        None => {
            let header = &leads.source.header;
            own = outcomes::read(&spec.outcomes, &leads.ids, header, base, zone, &mut findings, progress)?;
            (&own.0, &own.1, own.2)
        }
    };
    let ends = outcomes::ends(&spec.outcomes, deals, leads.ids.len(), source, &mut findings)?;
    let mut attributes = leads.attributes;
    let changes = match &spec.history {
        Some(history) => {
            let columns = &mut attributes;
            changes::read(history, &spec.leads, &leads.ids, columns, base, zone, &mut findings, progress)?
        }
        None => Vec::new(),
    };
    let mut history = History {
        zone: zone.clone(),
        ids: leads.ids,
        position: leads.position,
        created: leads.created,
        attributes,
        changes,
        events: None,
        outcomes: ends.outcomes,
        until: NEVER,
        read: leads.read,
        unreadable: leads.unreadable,
        duplicates: leads.duplicates,
    };
    let until = until(spec, latest, zone, &mut findings);
    history.until = until.unwrap_or(NEVER);
    if let Some(events) = &spec.events {
        let last = until.and_then(|_| last_event(&history));
        let keep = Keep { created: history.created.as_deref(), last: last.as_deref(), until };
        let events = events::read(events, event_columns, &history.ids, &keep, base, zone, &mut findings, progress)?;
        history.events = Some(events);
    }
    if until.is_none() {
        let created = history.created.iter().flatten().copied().max();
        history.until = created.max(history.events.as_ref().map(|events| events.latest)).unwrap_or(0);
    }
    let log = Log { source, leads: &leads.source, lead_spots: &leads.spots, won: &ends.won, lost: &ends.lost, latest };
    checks::check(spec, &history, &log, &mut findings);
    Ok((history, findings))
}

fn check_ids(spec: &DataSpec) -> Result<(), DataError> {
    let named = spec.leads.id.is_some();
    outcomes::check(&spec.outcomes, named)?;
    let joined = [("events", spec.events.is_some()), ("history", spec.history.is_some())];
    match joined.into_iter().find(|(_, given)| *given && !named) {
        Some((input, _)) => Err(DataError::Spec(format!(
            "data.{input}: its rows are joined by the leads' ids; name the column as `leads.id`"
        ))),
        None => Ok(()),
    }
}

/// When the outcomes were exported: given, or their latest time; nothing where they have no times.
fn until(spec: &DataSpec, latest: Latest, zone: &Zone, findings: &mut Findings) -> Option<Instant> {
    if let Some(until) = &spec.until {
        return Some(until.end(zone));
    }
    if latest.far > 0 {
        let text = "outcomes dated 2100 or later, passed over in finding `until`; they have not happened".to_string();
        let finding = Finding::new("outcomes", What::FarFuture, FindingLevel::Warning, latest.far, text);
        findings.list.push(finding.advice("if such dates mean an open end, declare them by `nulls`"));
    }
    if let Some(at) = latest.at {
        let text = format!("`until` is not given: taken from the latest outcome, {}", zone.text(at));
        let finding = Finding::new("outcomes", What::UntilFromOutcomes, FindingLevel::Note, 1, text);
        findings.list.push(finding.advice("declare `until`, the day the outcomes were exported"));
    }
    latest.at
}
