use rayon::prelude::*;

use crate::table::Cell;
use crate::time::{DAY, Instant, NEVER, days};

use super::cells::Spot;
use super::finding::{Finding, FindingLevel, Findings, Place, What};
use super::history::{Attribute, History};
use super::outcomes::Latest;
use super::reader::{Counted, shortened};
use super::source::Source;
use super::spec::DataSpec;

/// Where leads and outcomes stand in their files.
pub(crate) struct Log<'a> {
    pub source: &'a Source,
    pub leads: &'a Source,
    pub lead_spots: &'a [Spot],
    pub won: &'a [(u32, Instant, Spot)],
    pub lost: &'a [(u32, Instant, Spot)],
    pub latest: Latest,
}

/// A column with fewer values is nearly empty.
const NEARLY_EMPTY: f64 = 0.05;
/// An outcome log that begins so much later than the leads has perhaps lost its beginning.
const LATE: i64 = 30 * DAY;

/// Looks for what makes results wrong though every value can be read.
pub(crate) fn check(spec: &DataSpec, history: &History, log: &Log, findings: &mut Findings) {
    let won = winners(history);
    if !won.contains(&true) {
        let text = "no lead has converted".to_string();
        let advice = "check the ids that join the outcomes, and their columns";
        findings.list.push(Finding::new("outcomes", What::NoWins, FindingLevel::Severe, 0, text).advice(advice));
    }
    let of_attributes: Vec<Finding> = history.attributes.par_iter().filter_map(empty_or_constant).collect();
    findings.list.extend(of_attributes);
    before_creation(spec, history, log, findings);
    after_until(spec, history, log, findings);
    starts_late(history, log, &won, findings);
    ends_early(spec, history, log, findings);
}

fn winners(history: &History) -> Vec<bool> {
    let mut won = vec![false; history.ids.len()];
    for win in &history.outcomes.wins {
        won[win.lead as usize] = true;
    }
    won
}

fn empty_or_constant(attribute: &Attribute) -> Option<Finding> {
    let (column, name) = (&attribute.column, &attribute.name);
    let rows = column.len();
    let filled = (0..rows).filter(|&row| !column.is_missing(row)).count();
    if (filled as f64) < NEARLY_EMPTY * rows as f64 {
        let text = match filled {
            0 => format!("`{name}` has no value"),
            filled => format!("`{name}` has a value for {filled} of {rows} leads"),
        };
        return Some(Finding::new("leads", What::NearlyEmptyColumn, FindingLevel::Note, filled as u64, text));
    }
    let first = column.cell(0);
    if rows < 2 || filled < rows || (1..rows).any(|row| column.cell(row) != first) {
        return None;
    }
    let value = match first {
        Cell::Text(text) => shortened(text),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Missing | Cell::Instant(_) => "the same time".into(),
    };
    let text = format!("`{name}` is `{value}` for every lead");
    let finding = Finding::new("leads", What::ConstantColumn, FindingLevel::Note, rows as u64, text);
    Some(finding.advice("it tells no lead from another"))
}

fn before_creation(spec: &DataSpec, history: &History, log: &Log, findings: &mut Findings) {
    let Some(created) = &history.created else { return };
    let kinds = [
        (log.won, What::ConvertedBeforeCreation, "conversions before the lead's creation", &spec.outcomes.converted),
        (log.lost, What::LostBeforeCreation, "losses before the lead's creation", &spec.outcomes.lost),
    ];
    for (ends, what, text, column) in kinds {
        let mut before = Counted::default();
        for &(lead, at, spot) in ends.iter().filter(|(lead, at, _)| *at != NEVER && *at < created[*lead as usize]) {
            let (id, zone) = (history.ids.get(lead as usize), &history.zone);
            before.add(spot, &format!("{id}: {}, created {}", zone.text(at), zone.text(created[lead as usize])));
        }
        if before.count > 0 {
            let finding = Finding::new("outcomes", what, FindingLevel::Warning, before.count, text.into());
            let advice = "these leads are decided before they can be scored, and left out; check the two clocks and their time zones";
            findings
                .list
                .push(finding.advice(advice).rows(log.source.places(&before, column.as_deref().unwrap_or_default())));
        }
    }
}

fn after_until(spec: &DataSpec, history: &History, log: &Log, findings: &mut Findings) {
    if spec.until.is_none() {
        return;
    }
    let (until, zone) = (history.until, &history.zone);
    let mut add = |input: &str, count: u64, what: &str, rows: Vec<Place>| {
        if count > 0 {
            let text = format!("{what} dated after `until` ({}); they have not happened yet", zone.text(until));
            let finding = Finding::new(input, What::AfterUntil, FindingLevel::Note, count, text);
            findings.list.push(finding.advice("if that is not meant, correct `until`").rows(rows));
        }
    };
    let mut ended = Counted::default();
    for &(lead, at, spot) in log.won.iter().chain(log.lost).filter(|(_, at, _)| *at > until) {
        ended.add(spot, &format!("{}: {}", history.ids.get(lead as usize), zone.text(at)));
    }
    add("outcomes", ended.count, "outcomes", log.source.places(&ended, ""));
    let mut created = Counted::default();
    for (lead, at) in history.created.iter().flatten().enumerate().filter(|(_, at)| **at > until) {
        created.add(log.lead_spots[lead], &zone.text(*at));
    }
    let column = spec.leads.created.as_deref().unwrap_or_default();
    add("leads", created.count, "leads", log.leads.places(&created, column));
    add("events", history.events.as_ref().map_or(0, |events| events.after_until), "events", Vec::new());
}

/// Leads from before the outcome log look like losses.
fn starts_late(history: &History, log: &Log, won: &[bool], findings: &mut Findings) {
    let ends = || log.won.iter().chain(log.lost).map(|(_, at, _)| *at).filter(|at| *at != NEVER);
    let (Some(created), Some(first)) = (&history.created, ends().min()) else { return };
    let Some(earliest) = created.iter().copied().min() else { return };
    let early = created.iter().filter(|at| **at < first - LATE).count();
    let rate = won.iter().filter(|won| **won).count() as f64 / won.len().max(1) as f64;
    // A few wins must be missing before a gap is more than the time a sale takes.
    if first - earliest <= LATE || rate * (early as f64) < 5.0 {
        return;
    }
    let zone = &history.zone;
    let text = format!(
        "the first outcome ({}) comes {:.0} days after the first lead ({}): {early} leads are more than 30 days older than any outcome",
        zone.date(first),
        days(first - earliest),
        zone.date(earliest)
    );
    let finding = Finding::new("outcomes", What::OutcomesStartLate, FindingLevel::Warning, early as u64, text);
    let advice =
        "if outcomes from before were not recorded, let the windows begin with leads that could convert on record";
    findings.list.push(finding.advice(advice));
}

/// Leads or events that run on after the last outcome: the outcomes were exported earlier than the rest.
fn ends_early(spec: &DataSpec, history: &History, log: &Log, findings: &mut Findings) {
    let (None, Some(last)) = (&spec.until, log.latest.at) else { return };
    let zone = &history.zone;
    let created = history.created.iter().flatten().copied();
    let leads = created.filter(|at| *at > last).fold((NEVER, 0), |(latest, later), at| (at.max(latest), later + 1));
    // Here `until` is the last outcome.
    let events = history.events.as_ref().map_or((NEVER, 0), |events| (events.latest, events.after_until));
    for (input, (latest, later)) in [("leads", leads), ("events", events)] {
        if latest > last.saturating_add(DAY) {
            let text =
                format!("the {input} run until {}, the outcomes only until {}", zone.date(latest), zone.date(last));
            let finding = Finding::new(input, What::OutcomesEndEarly, FindingLevel::Warning, later, text);
            findings.list.push(finding.advice("declare `until`, the day the outcomes were exported"));
        }
    }
}
