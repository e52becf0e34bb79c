use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;

use crate::table::{Column, Ids, MISSING};
use crate::time::{Edge, Instant, NEVER, Zone};

use super::DataError;
use super::builder::{As, Ask, Gathered, remarks};
use super::cells::{Batch, Spot, TextBlock};
use super::finding::{Finding, FindingLevel, Findings, RefusedColumn, What};
use super::gather::{NO_LEAD, Request, gather_rows, leads_of};
use super::history::{Outcomes, Win};
use super::reader::{Counted, Met, shortened};
use super::source::{Progress, Source, listed};
use super::spec::OutcomesSpec;
use super::values::{Nulls, flag};

/// What a column of the outcomes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Converted,
    Lost,
    Value,
    Worked,
    Flag,
}

impl Role {
    pub fn key(self) -> &'static str {
        match self {
            Self::Converted => "outcomes.converted",
            Self::Lost => "outcomes.lost",
            Self::Value => "outcomes.value",
            Self::Worked => "outcomes.worked",
            Self::Flag => "outcomes.flag",
        }
    }

    pub fn kind(self) -> As {
        match self {
            Self::Converted | Self::Lost => As::Time(Edge::End),
            Self::Worked => As::Time(Edge::Start),
            Self::Value => As::Number,
            Self::Flag => As::Text,
        }
    }
}

/// The columns that the outcomes name.
pub(crate) fn roles(spec: &OutcomesSpec) -> Vec<(Role, &str)> {
    let all = [
        (Role::Converted, &spec.converted),
        (Role::Lost, &spec.lost),
        (Role::Value, &spec.value),
        (Role::Worked, &spec.worked),
        (Role::Flag, &spec.flag),
    ];
    all.into_iter().filter_map(|(role, column)| column.as_deref().map(|column| (role, column))).collect()
}

/// The outcomes' rows of known leads.
#[derive(Default)]
pub(crate) struct Deals {
    pub lead: Vec<u32>,
    pub spots: Vec<Spot>,
    pub columns: HashMap<Role, Column>,
}

impl Deals {
    fn times(&self, role: Role) -> Option<&[Instant]> {
        match self.columns.get(&role)? {
            Column::Instant(at) => Some(at),
            _ => None,
        }
    }
}

/// What became of the leads, and where it stands in the files.
pub(crate) struct Ends {
    pub outcomes: Outcomes,
    /// Of every win and loss: the lead, when, and its place.
    pub won: Vec<(u32, Instant, Spot)>,
    pub lost: Vec<(u32, Instant, Spot)>,
}

/// Says what the outcomes need and lack.
pub(crate) fn check(spec: &OutcomesSpec, leads_have_ids: bool) -> Result<(), DataError> {
    let wrong = |why: &str| Err(DataError::Spec(format!("data.outcomes: {why}")));
    if spec.converted.is_none() && spec.flag.is_none() {
        return wrong("says neither when leads converted nor whether; expected `converted: column` or `flag: column`");
    }
    if !spec.positive.is_empty() && spec.flag.is_none() {
        return wrong("`positive` speaks of the values of a `flag`; name the column as `flag: column`");
    }
    if spec.converted.is_none() && spec.lost.is_some() {
        return wrong("`lost` without `converted`: a loss has a time only beside wins that have one");
    }
    match (spec.path.is_empty(), &spec.lead) {
        (true, Some(_)) => wrong("`lead` without `path`: outcomes on the leads' own rows need no lead column"),
        (false, None) => wrong("a file of its own needs `lead: column`, the column that names the lead"),
        (false, _) if !leads_have_ids => {
            wrong("a file of its own is joined by the leads' ids; name the column as `leads.id`")
        }
        _ => Ok(()),
    }
}

/// The outcomes' own columns that nobody asked for: to use one as a feature would tell who was won.
fn only_of_winners(spec: &OutcomesSpec, source: &Source, leads_header: &[String]) -> Option<Finding> {
    let asked: Vec<&str> = roles(spec).into_iter().map(|(_, column)| column).chain(spec.lead.as_deref()).collect();
    let of_leads: HashSet<&String> = leads_header.iter().collect();
    let own = |column: &&String| !asked.contains(&column.as_str()) && !of_leads.contains(column);
    let own: Vec<String> = source.header.iter().filter(own).cloned().collect();
    let text = format!(
        "{} {} known only of leads whose deal is recorded: no model may read {}",
        listed(&own),
        if own.len() == 1 { "is" } else { "are" },
        if own.len() == 1 { "it" } else { "them" }
    );
    let finding = Finding::new("outcomes", What::OnlyOfWinners, FindingLevel::Note, own.len() as u64, text);
    (!own.is_empty()).then_some(finding)
}

/// The outcomes of a file of their own, before it is known who the leads are.
pub(crate) struct Read {
    source: Source,
    asks: Vec<Ask>,
    columns: Vec<Gathered>,
    met: Vec<Met>,
    spots: Vec<Spot>,
    /// What names the leads, block by block.
    named: Vec<TextBlock>,
    nulls: Nulls,
}

/// Reads the outcomes from a file of their own.
pub(crate) fn read(spec: &OutcomesSpec, base: &Path, zone: &Zone) -> Result<Read, DataError> {
    let source = Source::open("outcomes", &spec.path, spec.dialect(), base)?;
    let lead = source.column(spec.lead.as_deref().unwrap_or_default(), "outcomes.lead")?;
    let mut asks = Vec::new();
    for (role, column) in &roles(spec) {
        asks.push(Ask { place: source.column(column, role.key())?, kind: role.kind() });
    }
    for column in source.dialect.columns() {
        source.column(column, "outcomes.nulls_in or outcomes.format")?;
    }
    let (mut named, mut spots) = (Vec::new(), Vec::with_capacity(source.rows));
    let names = |batch: &Batch| (batch.cells[0].as_text().into_owned(), None);
    let seen = [lead];
    let request = Request::new(&source, &seen, &asks, zone);
    let (columns, met) = gather_rows(request, &|_| (), &names, &mut |batch, names: TextBlock| {
        spots.extend((0..names.len()).map(|row| batch.spot(row)));
        named.push(names);
    })?;
    let nulls = Nulls::new(source.dialect.nulls(&source.header[lead]));
    Ok(Read { source, asks, columns, met, spots, named, nulls })
}

/// The outcomes of the leads, from a file of their own.
pub(crate) fn of_leads(
    read: Read,
    spec: &OutcomesSpec,
    ids: &Ids,
    leads_header: &[String],
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> (Source, Deals, Latest) {
    let Read { source, asks, columns, met, mut spots, named, nulls } = read;
    progress(source.progress_at_the_end(spots.len() as u64));
    let roles = roles(spec);
    let of_leads: HashSet<&String> = leads_header.iter().collect();
    for column in source.header.iter().filter(|column| !of_leads.contains(column) && spec.lead.as_ref() != Some(column))
    {
        let reason = "it is a column of the outcomes, known only of leads whose deal is recorded".to_string();
        findings.refused.push(RefusedColumn { column: column.clone(), reason });
    }
    findings.list.extend(only_of_winners(spec, &source, leads_header));
    let mut lead_of: Vec<u32> = named.par_iter().flat_map_iter(|named| leads_of(named, ids, &nulls)).collect();
    let mut strangers = Counted::default();
    if lead_of.contains(&NO_LEAD) {
        let names = named.iter().flat_map(TextBlock::iter);
        for (row, name) in names.enumerate().filter(|(row, _)| lead_of[*row] == NO_LEAD) {
            strangers.add(spots[row], name);
        }
    }
    drop(named);
    findings.list.extend(source.findings(met));
    for (ask, gathered) in asks.iter().zip(&columns) {
        findings.list.extend(remarks(&source, &source.header[ask.place], &gathered.column, &gathered.tally));
    }
    let columns: Vec<Column> = columns.into_iter().map(|gathered| gathered.column).collect();
    // Rows of other leads too say until when the outcomes were recorded.
    let latest = Latest::of(roles.iter().zip(&columns).filter_map(|((role, _), column)| match (role, column) {
        (Role::Converted | Role::Lost, Column::Instant(at)) => Some(at.as_slice()),
        _ => None,
    }));

    let kept: Vec<usize> = (0..lead_of.len()).filter(|&row| lead_of[row] != NO_LEAD).collect();
    report_strangers(&source, spec.lead.as_deref(), &strangers, kept.len() as u64, What::OutcomeWithoutLead, findings);
    if kept.len() < lead_of.len() {
        spots = kept.iter().map(|&row| spots[row]).collect();
        lead_of = kept.iter().map(|&row| lead_of[row]).collect();
    }
    let columns = roles.iter().zip(columns).map(|((role, _), column)| (*role, column.kept(&kept))).collect();
    (source, Deals { lead: lead_of, spots, columns }, latest)
}

/// Rows whose lead is not among the leads.
pub(crate) fn report_strangers(
    source: &Source,
    column: Option<&str>,
    strangers: &Counted,
    known: u64,
    what: What,
    findings: &mut Findings,
) {
    if strangers.count == 0 {
        return;
    }
    let many = strangers.count as f64 > 0.01 * known as f64;
    let level = if many { FindingLevel::Warning } else { FindingLevel::Note };
    let text = format!("rows of the {} whose lead is not among the leads, left out", source.input);
    let advice = if known == 0 {
        "no row at all has a known lead: check that the ids are written alike (case, leading zeros, spaces)"
    } else {
        "check that the leads' export covers the same leads"
    };
    let rows = source.places(strangers, column.unwrap_or_default());
    findings.list.push(Finding::new(source.input, what, level, strangers.count, text).advice(advice).rows(rows));
}

/// The latest time of the outcomes, and how many lie in a future that only a placeholder means.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Latest {
    pub at: Option<Instant>,
    pub far: u64,
}

/// 2100-01-01: CRMs write an open end as 2999 or 9999.
pub(super) const FAR: Instant = 4_102_444_800_000_000;

impl Latest {
    pub fn of<'a>(columns: impl Iterator<Item = &'a [Instant]>) -> Self {
        let mut latest = Self::default();
        for &at in columns.flatten().filter(|&&at| at != NEVER) {
            if at >= FAR {
                latest.far += 1;
            } else {
                latest.at = latest.at.max(Some(at));
            }
        }
        latest
    }

    pub fn of_deals(deals: &Deals) -> Self {
        Self::of([Role::Converted, Role::Lost].into_iter().filter_map(|role| deals.times(role)))
    }
}

/// What means won, where nobody said.
const POSITIVE: [&str; 8] = ["1", "true", "t", "yes", "y", "won", "converted", "closed won"];

/// Which rows a flag says are won.
fn won_by_flag(spec: &OutcomesSpec, deals: &Deals, findings: &mut Findings) -> Result<Option<Vec<bool>>, DataError> {
    let (Some(column), Some(Column::Text(text))) = (&spec.flag, deals.columns.get(&Role::Flag)) else {
        return Ok(None);
    };
    let plain = |value: &str| {
        let value = value.trim().to_lowercase();
        value.strip_suffix(".0").map(String::from).unwrap_or(value)
    };
    let wanted: Vec<String> = match spec.positive.as_slice() {
        [] => POSITIVE.iter().map(|value| (*value).into()).collect(),
        declared => declared.iter().map(|value| plain(value)).collect(),
    };
    let positive: Vec<bool> = text.levels.iter().map(|level| wanted.contains(&plain(level))).collect();
    let named = |is: bool| -> Vec<String> {
        let levels = text.levels.iter().zip(&positive).filter(|(_, positive)| **positive == is);
        levels.map(|(level, _)| shortened(level)).collect()
    };
    // A flag that says no to every lead is read well; any other word may be the one that means won.
    let all_negative = text.levels.iter().all(|level| flag(&plain(level)) == Some(false));
    if named(true).is_empty() && !(all_negative && spec.positive.is_empty()) {
        return Err(DataError::Spec(format!(
            "data.outcomes.flag: no value of `{column}` means won; it holds {}; declare which do, as `positive: [won]`",
            listed(&named(false))
        )));
    }
    let won = text.codes.iter().map(|&code| code != MISSING && positive[code as usize]);
    let won: Vec<bool> = won.collect();
    let missing = text.codes.iter().filter(|&&code| code == MISSING).count();
    let others = if named(false).is_empty() { "nothing else".into() } else { listed(&named(false)) };
    let blank = if missing > 0 { format!(", {missing} missing values") } else { String::new() };
    let yes = if named(true).is_empty() { "no values".into() } else { listed(&named(true)) };
    let said = format!("`{column}`: {yes} count as won; {others}{blank} do not");
    let count = won.iter().filter(|won| **won).count() as u64;
    findings.list.push(
        Finding::new("outcomes", What::FlagValues, FindingLevel::Note, count, said)
            .advice("declare `positive:` if that is wrong"),
    );
    Ok(Some(won))
}

/// Wins and losses of deals.
pub(crate) fn ends(
    spec: &OutcomesSpec,
    deals: &Deals,
    leads: usize,
    source: &Source,
    findings: &mut Findings,
) -> Result<Ends, DataError> {
    let flags = won_by_flag(spec, deals, findings)?;
    let converted = deals.times(Role::Converted);
    let values = match deals.columns.get(&Role::Value) {
        Some(Column::Number(values)) => Some(values),
        _ => None,
    };
    let (mut wins, mut won, mut lost, mut undated) = (Vec::new(), Vec::new(), Vec::new(), Counted::default());
    let losses = deals.times(Role::Lost);
    for (row, (&lead, &spot)) in deals.lead.iter().zip(&deals.spots).enumerate() {
        let flagged = flags.as_ref().map(|flags| flags[row]);
        let at = match (converted, flagged) {
            (Some(at), None) => at[row],
            (Some(at), Some(true)) => {
                if at[row] == NEVER {
                    undated.add(spot, "");
                }
                at[row]
            }
            _ => NEVER,
        };
        if at != NEVER || (converted.is_none() && flagged == Some(true)) {
            let value = values.map_or(f64::NAN, |values| values[row]);
            wins.push(Win { lead, at, value });
            won.push((lead, at, spot));
        }
        let end = losses.map_or(NEVER, |at| at[row]);
        if end != NEVER && flagged != Some(true) {
            lost.push((lead, end, spot));
        }
    }
    if undated.count > 0 {
        let text = "deals that are won but have no time; they count as open".to_string();
        let finding = Finding::new(source.input, What::WonWithoutTime, FindingLevel::Warning, undated.count, text);
        let rows = source.places(&undated, spec.converted.as_deref().unwrap_or_default());
        findings.list.push(finding.advice("complete their times, or these leads look like losses").rows(rows));
    }
    wins.sort_by(|a, b| (a.lead, a.at).cmp(&(b.lead, b.at)).then(a.value.total_cmp(&b.value)));
    report_equal_deals(&wins, findings);
    let outcomes = Outcomes {
        timed: converted.is_some(),
        wins,
        lost: spec
            .lost
            .as_ref()
            .map_or(Vec::new(), |_| last_a_lead(leads, lost.iter().map(|(lead, at, _)| (*lead, *at)))),
        worked: first_worked(deals, leads),
        valued: values.is_some(),
    };
    Ok(Ends { outcomes, won, lost })
}

fn last_a_lead(leads: usize, times: impl Iterator<Item = (u32, Instant)>) -> Vec<Instant> {
    let mut last = vec![NEVER; leads];
    for (lead, at) in times {
        last[lead as usize] = last[lead as usize].max(at);
    }
    last
}

fn first_worked(deals: &Deals, leads: usize) -> Vec<Instant> {
    let Some(worked) = deals.times(Role::Worked) else { return Vec::new() };
    let mut first = vec![NEVER; leads];
    for (&lead, &at) in deals.lead.iter().zip(worked).filter(|(_, at)| **at != NEVER) {
        let known = &mut first[lead as usize];
        *known = if *known == NEVER { at } else { (*known).min(at) };
    }
    first
}

fn report_equal_deals(wins: &[Win], findings: &mut Findings) {
    let same = |pair: &&[Win]| {
        let [a, b] = pair else { return false };
        a.at != NEVER && (a.lead, a.at) == (b.lead, b.at) && a.value.to_bits() == b.value.to_bits()
    };
    let count = wins.windows(2).filter(same).count() as u64;
    if count > 0 {
        let text = "deals that equal another deal of their lead in time and value; each counts".to_string();
        let finding = Finding::new("outcomes", What::EqualDeals, FindingLevel::Warning, count, text);
        findings
            .list
            .push(finding.advice("if the export repeats rows, remove the repetitions, or values are summed twice"));
    }
}
