use rayon::prelude::*;

use crate::predicate::Predicate;
use crate::table::{Cell, Class, Column, MISSING, class_of, nearest, suggest};
use crate::time::{Calendar, DAY, Instant, NEVER, days};

use super::cells::Spot;
use super::ends::Latest;
use super::finding::{Finding, FindingLevel, Findings, Place, What};
use super::history::{Attribute, History};
use super::outcomes::{speaks_of_fates, stages};
use super::reader::{Counted, shortened};
use super::source::{Shown, Source};
use super::spec::DataSpec;
use super::weeks::KindWeeks;

/// Where leads and outcomes stand in their files.
pub(crate) struct Log<'a> {
    pub shown: &'a Shown,
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
    let is_told = findings.of(What::OutcomeWithoutLead).any(|finding| finding.level == FindingLevel::Forbids);
    if !won.contains(&true) && !is_told {
        let text = "no lead has converted".to_string();
        let advice = match findings.of(What::LeftOut).find(|finding| finding.input == "outcomes") {
            Some(left_out) => format!("{} {}: check that condition", left_out.count, left_out.text),
            None => "check the ids that join the outcomes, and their columns".to_string(),
        };
        findings.list.push(Finding::new("outcomes", What::NoWins, FindingLevel::Forbids, 0, text).advice(advice));
    }
    let of_attributes: Vec<Finding> = history.attributes.par_iter().filter_map(empty_or_constant).collect();
    findings.list.extend(of_attributes);
    findings.list.extend(words_for_nothing(&history.attributes));
    findings.list.extend(history.attributes.iter().filter_map(look_alikes));
    findings.list.extend(kinds_that_look_alike(history));
    let telling = spec.telling();
    if telling.iter().all(|telling| telling.stage.is_none() && telling.flag.is_none()) {
        let date = telling.iter().find_map(|telling| telling.converted);
        let texts =
            history.attributes.iter().filter_map(|attribute| Some((&attribute.name, stages(&attribute.column)?)));
        findings.list.extend(texts.filter_map(|(name, text)| speaks_of_fates((name, text), &won, "leads", date)));
    }
    closed_only(history, &won, findings);
    collapses(history, findings);
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
        Cell::Text(_) if class_of(name, column).is_some_and(Class::names_somebody) => "the same".into(),
        Cell::Text(text) => shortened(text),
        Cell::Number(number) => number.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Missing | Cell::Instant(_) => "the same time".into(),
    };
    let text = format!("`{name}` is `{value}` for every lead");
    let finding = Finding::new("leads", What::ConstantColumn, FindingLevel::Note, rows as u64, text);
    Some(finding.advice("it tells no lead from another"))
}

/// Values of a column that a message names.
const SHOWN: usize = 5;

/// A text that a condition holds against a column, and that the column never holds.
pub(crate) fn never_occurs(
    condition: &Predicate,
    (column, value): (&str, &str),
    levels: &[String],
    input: &str,
) -> Option<Finding> {
    if levels.iter().any(|level| level == value) {
        return None;
    }
    // Backticks of its own stand for themselves.
    let quote = if condition.text().contains('`') { "" } else { "`" };
    let text = format!("{quote}{}{quote} asks for '{value}', and `{column}` never holds it", condition.text());
    let known = || levels.iter().map(String::as_str);
    let meant = suggest(known(), value).map_or_else(String::new, |near| format!("did you mean '{near}'? "));
    let nearest: Vec<String> =
        nearest(known(), value).into_iter().take(SHOWN).map(|one| format!("'{}'", shortened(one))).collect();
    let more = if levels.len() > SHOWN { format!(" and {} other values", levels.len() - SHOWN) } else { String::new() };
    let advice = format!("{meant}it holds {}{more}", nearest.join(", "));
    Some(Finding::new(input, What::ValueNeverOccurs, FindingLevel::Doubt, 0, text).advice(advice))
}

/// Values of a picklist that differ only in capital letters or in blanks.
fn look_alikes(attribute: &Attribute) -> Option<Finding> {
    let text = stages(&attribute.column)?;
    let mut counts = vec![0u64; text.levels.len()];
    text.codes.iter().filter(|code| **code != MISSING).for_each(|&code| counts[code as usize] += 1);
    let values = text.levels.iter().zip(counts).map(|(level, rows)| (level.as_str(), rows));
    let (rows, said, first) = alike(values)?;
    let name = &attribute.name;
    let text = format!("`{name}` holds values that differ only in capital letters or blanks: {said}");
    let first = shortened(&first.to_lowercase());
    let advice =
        format!("conditions tell them apart; if they are one, correct them, or compare lower(…) with '{first}'");
    Some(Finding::new("leads", What::LookAlikes, FindingLevel::Doubt, rows, text).advice(advice))
}

/// Kinds of events that look alike: a criterion on one of them counts no other.
fn kinds_that_look_alike(history: &History) -> Option<Finding> {
    let events = history.events.as_ref()?;
    let weeks =
        |kind: usize| events.weeks.as_ref().and_then(|weeks| weeks.kinds.get(kind)).map_or(1, KindWeeks::events);
    let kinds = events.kinds.iter().enumerate().map(|(place, kind)| (kind.as_str(), weeks(place)));
    let (count, said, _) = alike(kinds)?;
    let text = format!("kinds of events that differ only in capital letters or blanks: {said}");
    let finding = Finding::new("events", What::LookAlikes, FindingLevel::Doubt, count, text);
    Some(
        finding
            .advice("criteria tell them apart; if they are one, correct them, or count each by a criterion of its own"),
    )
}

/// Of values and how often each occurs those that differ only in capital letters or blanks: all their rows, the first few in
/// words, and the first of all.
fn alike<'a>(values: impl Iterator<Item = (&'a str, u64)>) -> Option<(u64, String, &'a str)> {
    let folded = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut values: Vec<(String, &str, u64)> = values.map(|(value, rows)| (folded(value), value, rows)).collect();
    values.retain(|(.., rows)| *rows > 0);
    values.sort();
    let alike: Vec<&[(String, &str, u64)]> = values.chunk_by(|a, b| a.0 == b.0).filter(|some| some.len() > 1).collect();
    let say = |some: &&[(String, &str, u64)]| {
        let each: Vec<String> =
            some.iter().map(|(_, value, rows)| format!("`{}` in {rows}", shortened(value))).collect();
        each.join(" and ") + " rows"
    };
    let said: Vec<String> = alike.iter().take(3).map(say).collect();
    let rows = alike.iter().flat_map(|some| some.iter()).map(|(.., rows)| rows).sum();
    Some((rows, said.join("; "), alike.first()?.first()?.1))
}

/// Words that programs write for what is missing.
const NULL_WORDS: [&str; 11] = ["null", "none", "nil", "nan", "n/a", "#n/a", "na", "undefined", "(null)", "\\n", "-"];
/// A word in no more rows than this share may be a value.
const MANY_ROWS: f64 = 0.01;

/// Of a text that says in many rows that there is none: the words, and in how many rows.
fn null_words(attribute: &Attribute) -> Vec<(&str, u64)> {
    let Column::Text(text) = &attribute.column else { return Vec::new() };
    let words: Vec<usize> = (0..text.levels.len()).filter(|&level| is_null_word(&text.levels[level])).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let of = |level: usize| text.codes.iter().filter(|&&code| code as usize == level).count() as u64;
    let present = text.codes.iter().filter(|&&code| code != MISSING).count() as f64;
    let counted: Vec<(&str, u64)> = words.into_iter().map(|level| (text.levels[level].as_str(), of(level))).collect();
    let all = counted.iter().map(|(_, rows)| rows).sum::<u64>();
    if all as f64 > MANY_ROWS * present { counted } else { Vec::new() }
}

pub(crate) fn is_null_word(value: &str) -> bool {
    NULL_WORDS.contains(&value.trim().to_lowercase().as_str())
}

/// The YAML that makes words nothing.
pub(crate) fn nulls<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.into_iter().map(|word| format!("'{}'", word.replace('\'', "''"))).collect();
    words.sort();
    words.dedup();
    format!("nulls: [{}]", words.join(", "))
}

/// Columns with such words, in one finding.
fn words_for_nothing(attributes: &[Attribute]) -> Option<Finding> {
    let found: Vec<(&Attribute, Vec<(&str, u64)>)> =
        attributes.par_iter().map(|attribute| (attribute, null_words(attribute))).collect();
    let found: Vec<_> = found.into_iter().filter(|(_, words)| !words.is_empty()).collect();
    let rows = found.iter().flat_map(|(_, words)| words).map(|(_, rows)| rows).sum::<u64>();
    let of = |(attribute, words): &(&Attribute, Vec<(&str, u64)>)| {
        let words: Vec<String> =
            words.iter().map(|(word, rows)| format!("`{}` in {rows} rows", shortened(word))).collect();
        format!("`{}` says {}", attribute.name, words.join(", "))
    };
    let mut said: Vec<String> = found.iter().take(3).map(of).collect();
    if found.len() > said.len() {
        said.push(format!("and so do {} more columns", found.len() - said.len()));
    }
    let text = format!("{}: texts like any other, though they mean that nothing is there", said.join("; "));
    let advice =
        format!("declare `{}` under `leads`", nulls(found.iter().flat_map(|(_, words)| words).map(|(word, _)| *word)));
    let finding = Finding::new("leads", What::NullWords, FindingLevel::Doubt, rows, text);
    (!found.is_empty()).then(|| finding.advice(advice))
}

/// The fewest leads of which it is told how many were won.
const ENOUGH: usize = 50;
/// More leads than this are not won where all that came are in the export.
const USUAL: f64 = 0.5;

/// An export of deals that are over, or of customers alone.
fn closed_only(history: &History, won: &[bool], findings: &mut Findings) {
    let leads = won.len();
    if leads < ENOUGH {
        return;
    }
    let wins = won.iter().filter(|won| **won).count();
    let is_over = |lead: usize| won[lead] || history.outcomes.lost.get(lead).is_some_and(|at| *at != NEVER);
    if !history.outcomes.lost.is_empty() && wins > 0 && (0..leads).all(is_over) {
        let text = "every lead is won or lost: those that are still open are not in the export".to_string();
        let advice = "export the open leads too, or the rates are of those that ended early";
        let finding = Finding::new("leads", What::ClosedOnly, FindingLevel::Doubt, leads as u64, text);
        findings.list.push(finding.advice(advice));
    } else if wins as f64 > USUAL * leads as f64 {
        let text = format!("{wins} of {leads} leads are won, more than half");
        let advice =
            "check that the export holds the leads that came to nothing, and that the column of wins means a sale";
        let finding = Finding::new("leads", What::ManyWins, FindingLevel::Doubt, wins as u64, text);
        findings.list.push(finding.advice(advice));
    }
}

/// A month with less than this share of the leads of the months before it has lost some.
const COLLAPSED: f64 = 0.2;
/// Months that tell what is usual.
const BEFORE: usize = 3;

/// A month in which hardly any leads came, and never as many again: the export or the form that fed it broke.
fn collapses(history: &History, findings: &mut Findings) {
    let Some(created) = &history.created else { return };
    let zone = &history.zone;
    let known = || created.iter().copied().filter(|at| *at != NEVER);
    let (Some(first), Some(last)) = (known().min(), known().max()) else { return };
    let mut months: Vec<(Instant, u64)> = Vec::new();
    let mut start = zone.period_start(first, Calendar::Month);
    while start <= last {
        months.push((start, 0));
        start = zone.period(start, Calendar::Month).end;
    }
    for at in known() {
        let place = months.partition_point(|(start, _)| *start <= at);
        months[place - 1].1 += 1;
    }
    // The first and the last may have been cut short.
    let whole = months.get(1..months.len().saturating_sub(1)).unwrap_or_default();
    for place in BEFORE..whole.len() {
        let usual = whole[place - BEFORE..place].iter().map(|(_, leads)| *leads).min().unwrap_or(0);
        if usual < ENOUGH as u64 {
            continue;
        }
        let most = whole[place..].iter().map(|(_, leads)| *leads).max().unwrap_or(0);
        if (most as f64) < COLLAPSED * usual as f64 {
            let month = zone.period_name(whole[place].0, Calendar::Month);
            let text =
                format!("from {month} on at most {most} leads a month came, where {usual} and more had come before");
            let finding = Finding::new("leads", What::VolumeCollapses, FindingLevel::Doubt, most, text);
            findings.list.push(finding.advice("check that the export is whole; else let the windows end before it"));
            return;
        }
    }
}

fn before_creation(spec: &DataSpec, history: &History, log: &Log, findings: &mut Findings) {
    let Some(created) = &history.created else { return };
    // Of several sections each has a column of its own.
    let only = match spec.telling().as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    let lost = only.and_then(|telling| telling.closed.or(telling.lost.first().map(String::as_str)));
    let won = only.and_then(|telling| telling.won_at());
    let kinds = [
        (log.won, What::ConvertedBeforeCreation, "conversions before the lead's creation", won),
        (log.lost, What::LostBeforeCreation, "losses before the lead's creation", lost),
    ];
    for (ends, what, text, column) in kinds {
        let mut before = Counted::default();
        for &(lead, at, spot) in ends.iter().filter(|(lead, at, _)| *at != NEVER && *at < created[*lead as usize]) {
            let (id, zone) = (history.ids.get(lead as usize), &history.zone);
            before.add(spot, &format!("{id}: {}, created {}", zone.text(at), zone.text(created[lead as usize])));
        }
        if before.count > 0 {
            let finding = Finding::new("outcomes", what, FindingLevel::Doubt, before.count, text.into());
            let advice = "these leads are decided before they can be scored, and left out; check the two clocks and their time zones";
            findings.list.push(finding.advice(advice).rows(log.shown.places(&before, column.unwrap_or_default())));
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
            findings.list.push(finding.advice("if that is not meant, correct `until`, or a mistyped year").rows(rows));
        }
    };
    let mut ended = Counted::default();
    for &(lead, at, spot) in log.won.iter().chain(log.lost).filter(|(_, at, _)| *at > until) {
        ended.add(spot, &format!("{}: {}", history.ids.get(lead as usize), zone.text(at)));
    }
    add("outcomes", ended.count, "outcomes", log.shown.places(&ended, ""));
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
    let finding = Finding::new("outcomes", What::OutcomesStartLate, FindingLevel::Doubt, early as u64, text);
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
            let finding = Finding::new(input, What::OutcomesEndEarly, FindingLevel::Doubt, later, text);
            findings.list.push(finding.advice("declare `until`, the day the outcomes were exported"));
        }
    }
}
