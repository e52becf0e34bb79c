use std::panic::resume_unwind;
use std::path::Path;
use std::thread::ScopedJoinHandle;

use crate::table::did_you_mean;
use crate::time::{Instant, NEVER, Zone};

use super::checks::{self, Log};
use super::ends::{self, Ends, Latest};
use super::events::{Keep, Logs};
use super::finding::{Finding, FindingLevel, Findings, What};
use super::history::History;
use super::joins::Keys;
use super::outcomes::{self, Section};
use super::sink::EventSink;
use super::source::Progress;
use super::spec::{DataSpec, OutcomesSpec};
use super::{DataError, attributes, changes, events, folded, leads};

/// Reads all that the data section names; relative paths start at `base`. Of the events' own columns only
/// `event_columns` are read, and the events go to `sink` as they come; those that it has no use for are kept.
///
/// # Errors
/// When a file cannot be read as what the section says it is; the message names the file, the line and what to do.
pub fn read(
    spec: &DataSpec,
    base: &Path,
    event_columns: &[String],
    sink: &mut dyn EventSink,
    progress: &dyn Fn(Progress),
) -> Result<(History, Findings), DataError> {
    let zone = &spec.timezone;
    let mut findings = Findings::default();
    check_ids(spec)?;
    // The log is decoded while it is found out who the leads are; what is wrong with it is said after what is with them.
    let worked: Vec<String> = spec.worked_kinds().cloned().collect();
    let by_engine = folded::section(&spec.events.0, &worked)?;
    let logs = if by_engine.is_some() { Ok(Vec::new()) } else { events::open(&spec.events.0, event_columns, base) };
    let of_files: Vec<&OutcomesSpec> = spec.outcomes.0.iter().filter(|outcomes| !outcomes.path.is_empty()).collect();
    let (mut leads, read) = std::thread::scope(|scope| {
        // What does not need the leads is read beside them.
        let outcomes: Vec<ScopedJoinHandle<Result<outcomes::Read, DataError>>> =
            of_files.iter().map(|outcomes| scope.spawn(|| outcomes::read(outcomes, base, zone))).collect();
        let leads = leads::read(&spec.leads, spec.own_outcomes(), base, zone, &mut findings, progress)?;
        let join = |thread: ScopedJoinHandle<Result<_, _>>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok::<_, DataError>((leads, outcomes.into_iter().map(join).collect::<Result<Vec<_>, _>>()?))
    })?;
    let mut sections = Vec::new();
    if let (Some(own), Some(deals)) = (spec.own_outcomes(), leads.deals.take()) {
        sections.push(Section { spec: own, shown: leads.source.shown(), instants: deals.instants(), deals });
    }
    for (outcomes, read) in of_files.into_iter().zip(read) {
        sections.push(outcomes::of_leads(read, outcomes, &leads, (base, zone), &mut findings, progress)?);
    }
    let latest = Latest::of(sections.iter().flat_map(|section| section.instants.iter().copied()));
    let Ends { outcomes, won, lost, shown } = ends::ends(sections, leads.ids.len(), &mut findings);
    for lookup in &spec.leads.lookup.0 {
        attributes::look_up(lookup, &mut leads, (base, zone), &mut findings)?;
    }
    let mut attributes = leads.attributes;
    let names = leads.names;
    let changes = match &spec.history {
        Some(history) => {
            let columns = &mut attributes;
            let keys = Keys::new(&leads.ids, history.dialect().nulls(&history.lead.column), &history.lead, &names);
            let keys = keys.walked("history", base, zone, &mut findings)?;
            changes::read(history, &spec.leads, &keys, columns, base, zone, &mut findings, progress)?
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
        outcomes,
        until: NEVER,
        read: leads.read,
        unreadable: leads.unreadable,
        duplicates: leads.duplicates,
        left_out: spec.leads.only.iter().map(|only| (format!("where: {}", only.text()), leads.left_out)).collect(),
    };
    let until = until(spec, &latest, zone, &mut findings);
    history.until = until.unwrap_or(NEVER);
    let logs = logs?;
    if !logs.is_empty() {
        let mut ready = Vec::with_capacity(logs.len());
        for log in logs {
            ready.push(log.settle(&history.ids, &names, (base, zone), &mut findings)?);
        }
        let logs = Logs::new(ready)?;
        if !worked.is_empty() {
            history.outcomes.worked = logs.first_of(&worked, history.ids.len())?;
        }
        history.events = Some(logs.empty());
        let last = until.and_then(|_| sink.last(&history));
        let keep = Keep { created: history.created.as_deref(), last: last.as_deref(), until };
        let events = logs.read(&history.attributes, &keep, sink, &mut findings, progress)?;
        check_worked(&worked, &events.kinds)?;
        history.events = Some(events);
    }
    if let Some(section) = by_engine {
        let created = history.created.as_deref();
        let beside = folded::Beside { ids: &history.ids, created, until, zone, columns: event_columns };
        history.events = Some(folded::read(section, &beside, base, &mut findings, progress)?);
    }
    if until.is_none() {
        let created = history.created.iter().flatten().copied().max();
        history.until = created.max(history.events.as_ref().map(|events| events.latest)).unwrap_or(0);
    }
    let log = Log { shown: &shown, leads: &leads.source, lead_spots: &leads.spots, won: &won, lost: &lost, latest };
    checks::check(spec, &history, &log, &mut findings);
    Ok((history, findings))
}

/// The kinds that say when sales worked a lead are such as there are.
fn check_worked(worked: &[String], kinds: &[String]) -> Result<(), DataError> {
    match worked.iter().find(|kind| !kinds.contains(kind)) {
        Some(kind) => Err(DataError::Spec(format!(
            "data.outcomes.worked: there is no kind of events `{kind}`{}",
            did_you_mean(kinds.iter().map(String::as_str), kind)
        ))),
        None => Ok(()),
    }
}

fn check_ids(spec: &DataSpec) -> Result<(), DataError> {
    let named = spec.leads.id.is_some();
    outcomes::check(&spec.outcomes.0, named)?;
    if spec.events.is_empty() && spec.worked_kinds().next().is_some() {
        return Err(DataError::Spec(
            "data.outcomes.worked: names kinds of events, and there is no event log: name `data.events`".into(),
        ));
    }
    let joined = [("events", !spec.events.is_empty()), ("history", spec.history.is_some())];
    match joined.into_iter().find(|(_, given)| *given && !named) {
        Some((input, _)) => Err(DataError::Spec(format!(
            "data.{input}: its rows are joined by the leads' ids; name the column as `leads.id`"
        ))),
        None => Ok(()),
    }
}

/// When the outcomes were exported: given, or their latest time; nothing where they have no times.
fn until(spec: &DataSpec, latest: &Latest, zone: &Zone, findings: &mut Findings) -> Option<Instant> {
    if let Some(until) = &spec.until {
        return Some(until.end(zone));
    }
    if latest.far > 0 {
        let text = "outcomes dated 2100 or later, passed over in finding `until`; they have not happened".to_string();
        let finding = Finding::new("outcomes", What::FarFuture, FindingLevel::Doubt, latest.far, text);
        findings.list.push(finding.advice("if such dates mean an open end, declare them by `nulls`"));
    }
    findings.until_or = latest.before_gap;
    if let (Some((before, rows)), Some(at)) = (latest.before_gap, latest.at) {
        let text = format!(
            "outcomes that come long after all others, the latest {}; it was taken for `until`, though the others end {}",
            zone.date(at),
            zone.date(before)
        );
        let finding = Finding::new("outcomes", What::UntilAfterGap, FindingLevel::Doubt, rows, text);
        findings.list.push(finding.advice(format!(
            "if a year is mistyped, correct it, or state the day of the export: `until: {}`",
            zone.date(before)
        )));
    }
    if let Some(at) = latest.at {
        let text = format!("`until` is not given: taken from the latest outcome, {}", zone.text(at));
        let finding = Finding::new("outcomes", What::UntilFromOutcomes, FindingLevel::Note, 1, text);
        findings.list.push(finding.advice("declare `until`, the day the outcomes were exported"));
    }
    latest.at
}
