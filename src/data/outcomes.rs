use std::collections::{HashMap, HashSet};
use std::path::Path;

use rayon::prelude::*;

use crate::predicate::Predicate;
use crate::table::{Column, MISSING, Text, is_all, tidy, yaml_name};
use crate::time::{Instant, NEVER, Zone};

use super::DataError;
use super::builder::{As, Ask, Gathered, all_remarks, tidied};
use super::cells::{Batch, Spot, TextBlock};
use super::columns::kind;
use super::fates::{Fate, Role, RowFate, RowFates, spoken};
use super::finding::{Finding, FindingLevel, Findings, RefusedColumn, What};
use super::gather::{NO_LEAD, Request, gather, gather_rows};
use super::history::Attribute;
use super::joins::{Cure, How, Joined, Keys, Strangers, no_cure};
use super::leads::{Leads, kind_of};
use super::only;
use super::reader::{Counted, Met, shortened};
use super::source::{Progress, Shown, Source, listed};
use super::spec::{OutcomesSpec, StageSpec, WorkedSpec};

/// The columns that the outcomes name.
pub(crate) fn roles(spec: &OutcomesSpec) -> Vec<(Role, &str)> {
    let worked = spec.worked.as_ref().and_then(WorkedSpec::column);
    let others = [(Role::Value, spec.value.as_deref()), (Role::Worked, worked)];
    let others = others.into_iter().filter_map(|(role, column)| column.map(|column| (role, column)));
    spec.telling().columns().into_iter().chain(others).collect()
}

/// The outcomes' rows of known leads.
#[derive(Default)]
pub(crate) struct Deals {
    pub lead: Vec<u32>,
    pub spots: Vec<Spot>,
    pub fates: Vec<RowFate>,
    pub value: Option<Vec<f64>>,
    pub worked: Option<Vec<Instant>>,
}

/// The outcomes of one section.
pub(crate) struct Section<'a> {
    pub spec: &'a OutcomesSpec,
    /// The files of their rows.
    pub shown: Shown,
    pub deals: Deals,
    /// All times of wins and losses, of rows of other leads too.
    pub instants: Vec<Instant>,
}

/// Columns of deals by what they say, a value a row.
pub(crate) type RoleColumns = HashMap<Role, Column>;

impl Deals {
    /// # Errors
    /// When no value of the column that tells means won.
    pub fn new(
        spec: &OutcomesSpec,
        lead: Vec<u32>,
        spots: Vec<Spot>,
        columns: &mut RoleColumns,
        findings: &mut Findings,
    ) -> Result<Self, DataError> {
        let told = fates(spec, lead.len(), columns)?;
        say_fates(spec, &told, columns, findings);
        findings.fates.extend(told.values);
        Ok(Self { lead, spots, fates: told.rows, value: numbers(columns), worked: times(columns, Role::Worked) })
    }

    /// The times of their wins and losses.
    pub fn instants(&self) -> Vec<Instant> {
        let both = self.fates.iter().flat_map(|row| [row.won, row.lost]);
        both.filter(|at| *at != NEVER).collect()
    }

    fn kept(self, rows: &[usize]) -> Self {
        fn of<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| column[row]).collect()
        }
        Self {
            lead: of(&self.lead, rows),
            spots: of(&self.spots, rows),
            fates: of(&self.fates, rows),
            value: self.value.map(|value| of(&value, rows)),
            worked: self.worked.map(|worked| of(&worked, rows)),
        }
    }
}

fn fates(spec: &OutcomesSpec, rows: usize, columns: &RoleColumns) -> Result<RowFates, DataError> {
    let told = spec.telling().rows(rows, |role| columns.get(&role));
    told.map_err(|why| DataError::Spec(format!("data.outcomes.{why}")))
}

fn numbers(columns: &mut RoleColumns) -> Option<Vec<f64>> {
    match columns.remove(&Role::Value)? {
        Column::Number(values) => Some(values),
        _ => None,
    }
}

fn times(columns: &mut RoleColumns, role: Role) -> Option<Vec<Instant>> {
    match columns.remove(&role)? {
        Column::Instant(at) => Some(at),
        _ => None,
    }
}

/// Says what the outcomes need and lack.
pub(crate) fn check(sections: &[OutcomesSpec], leads_have_ids: bool) -> Result<(), DataError> {
    let is_one = sections.len() == 1;
    for (place, spec) in sections.iter().enumerate() {
        let at = if is_one { String::new() } else { format!("[{place}]") };
        let wrong = |why: &str| Err(DataError::Spec(format!("data.outcomes{at}: {why}")));
        let is_of_losses = !is_one && spec.is_of_losses();
        if !is_of_losses {
            spec.telling().check().or_else(|why: String| wrong(&why))?;
        }
        let wrongly_typed = roles(spec).into_iter().find_map(|(role, column)| {
            let declared = spec.types.get(column).map(|declared| kind_of(*declared))?;
            let is_one = std::mem::discriminant(&declared) == std::mem::discriminant(&kind(role.wanted()));
            (!is_one).then(|| (column, role.key()))
        });
        if let Some((column, key)) = wrongly_typed {
            return wrong(&format!("`{column}` is named by `{key}`, which says what it holds; take it out of `types`"));
        }
        if let Some(key) = spec.dialect().first_key().filter(|_| spec.path.is_empty()) {
            return wrong(&format!(
                "`{key}` without `path`: these outcomes stand on the leads' own rows; write it under `leads`"
            ));
        }
        match (spec.path.is_empty(), &spec.lead) {
            (true, Some(_)) => wrong("`lead` without `path`: outcomes on the leads' own rows need no lead column"),
            (false, None) => wrong("a file of its own needs `lead: column`, the column that names the lead"),
            (false, _) if !leads_have_ids => {
                wrong("a file of its own is joined by the leads' ids; name the column as `leads.id`")
            }
            _ => Ok(()),
        }?;
    }
    let wrong = |why: &str| Err(DataError::Spec(format!("data.outcomes: {why}")));
    let winning: Vec<&OutcomesSpec> = sections.iter().filter(|spec| !spec.is_of_losses()).collect();
    if sections.iter().filter(|spec| spec.path.is_empty()).count() > 1 {
        return wrong("two sections without `path` speak of the leads' own rows; make one of them");
    }
    match winning.split_first() {
        None => wrong("no section says who was won; expected `converted: column`, `flag: column` or `stage: …` in one"),
        Some((first, rest)) if rest.iter().any(|spec| spec.telling().is_timed() != first.telling().is_timed()) => {
            wrong(
                "one section says when leads were won and another does not; expected times (`converted` or `closed`) in all",
            )
        }
        Some(_) => Ok(()),
    }
}

/// A column with more values than this names things.
const STAGES: usize = 60;

/// Text columns of a source that nobody asked for, with few enough values to tell how deals stand.
fn few_valued(spec: &OutcomesSpec, source: &Source, zone: &Zone) -> Result<Vec<(String, Text)>, DataError> {
    let asked: Vec<&str> = roles(spec).into_iter().map(|(_, column)| column).collect();
    let is_lead = |name: &str| spec.lead.as_ref().is_some_and(|lead| lead.column == name);
    let places = (0..source.header.len()).filter(|&place| {
        let name = source.header[place].as_str();
        !asked.contains(&name) && !is_lead(name)
    });
    let asks: Vec<Ask> = places.map(|place| Ask { place, kind: As::Text }).collect();
    let columns = gather(source, &asks, zone, &|_| {})?.columns;
    let text = |(ask, gathered): (&Ask, Gathered)| {
        stages(&gathered.column).map(|text| (source.header[ask.place].clone(), text.clone()))
    };
    Ok(asks.iter().zip(columns).filter_map(text).collect())
}

/// One column is said to hold the times of wins and of losses, and nothing says which is which.
pub(crate) fn refuse_untold(spec: &OutcomesSpec, source: &Source, zone: &Zone) -> Result<(), DataError> {
    let telling = spec.telling();
    if telling.stage.is_some() || telling.flag.is_some() || !telling.is_one_time() {
        return Ok(());
    }
    let column = telling.converted.unwrap_or_default();
    let mut tell: Vec<String> = few_valued(spec, source, zone)?
        .into_iter()
        .filter(|(_, text)| text.levels.iter().any(|level| spoken(level).is_some()) || is_yes_and_no(text))
        .map(|(name, text)| {
            let levels: Vec<String> = text.levels.iter().take(6).map(|level| shortened(level)).collect();
            format!("`{name}` ({})", levels.join(", "))
        })
        .collect();
    tell.truncate(4);
    let tell =
        if tell.is_empty() { "no column of the file does".into() } else { format!("these could: {}", tell.join("; ")) };
    Err(DataError::Spec(format!(
        "data.outcomes: `{column}` is said to be the time of wins and of losses, and nothing says which is which; name \
         the column that does, as `closed: {column}` with `stage: {{ column: …, won: […], lost: […] }}`; {tell}"
    )))
}

fn is_yes_and_no(text: &Text) -> bool {
    text.levels.len() == 2 && text.levels.iter().all(|level| super::values::flag(level).is_some())
}

/// The outcomes' own columns that nobody asked for: to use one as a feature would tell who was won.
fn only_of_winners(spec: &OutcomesSpec, source: &Source, leads_header: &[String]) -> Option<Finding> {
    let lead = spec.lead.as_ref().map(|lead| lead.column.as_str());
    let asked: Vec<&str> = roles(spec).into_iter().map(|(_, column)| column).chain(lead).collect();
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
    /// What nobody asked for and could tell how deals stand, where nothing is said to.
    others: Vec<(String, Text)>,
    /// Of which rows `where` lets in; nothing: of all.
    read: Option<Vec<bool>>,
    /// What that condition asks for in vain.
    in_vain: Vec<Finding>,
}

/// Reads the outcomes from a file of their own.
pub(crate) fn read(spec: &OutcomesSpec, base: &Path, zone: &Zone) -> Result<Read, DataError> {
    let source = Source::open("outcomes", &spec.path, spec.dialect(), base)?;
    let lead = spec.lead.as_ref().map(|lead| lead.column.as_str());
    let lead = source.column(lead.unwrap_or_default(), "outcomes.lead")?;
    let mut asks = Vec::new();
    for (role, column) in &roles(spec) {
        asks.push(source.ask(column, role.key(), kind(role.wanted()))?);
    }
    for column in spec.types.keys().map(String::as_str).chain(source.dialect.columns()) {
        source.column(column, "outcomes.types, outcomes.nulls_in, outcomes.format or outcomes.decimal")?;
    }
    refuse_untold(spec, &source, zone)?;
    let asked = asks.len();
    asks.extend(only::asks(spec.only.as_ref(), &spec.types, &source, "outcomes.where")?);
    let (mut named, mut spots) = (Vec::new(), Vec::with_capacity(source.rows));
    let names = |batch: &Batch| (batch.cells[0].as_text().into_owned(), None);
    let seen = [lead];
    let request = Request::new(&source, &seen, &asks, zone);
    let (mut columns, met) = gather_rows(request, &|_| (), &names, &mut |batch, names: TextBlock| {
        spots.extend((0..names.len()).map(|row| batch.spot(row)));
        named.push(names);
    })?;
    let of_condition = columns.split_off(asked);
    let read =
        spec.only.as_ref().map(|only| only::holds(only, &source, &asks[asked..], &of_condition, (spots.len(), zone)));
    let read = read.transpose()?;
    let in_vain = |only| only::never_occur(only, &source, &asks[asked..], &of_condition);
    let in_vain = spec.only.as_ref().map_or_else(Vec::new, in_vain);
    asks.truncate(asked);
    let is_told = spec.stage.is_some() || spec.flag.is_some();
    let others = if is_told { Vec::new() } else { few_valued(spec, &source, zone)? };
    Ok(Read { source, asks, columns, met, spots, named, others, read, in_vain })
}

/// The outcomes of the leads, from a file of their own.
pub(crate) fn of_leads<'a>(
    read: Read,
    spec: &'a OutcomesSpec,
    leads: &Leads,
    (base, zone): (&Path, &Zone),
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> Result<Section<'a>, DataError> {
    let Read { source, asks, columns, met, mut spots, named, mut others, read, in_vain } = read;
    progress(source.progress_at_the_end(spots.len() as u64));
    let roles = roles(spec);
    let lead_key = spec.lead.clone().unwrap_or_default();
    let of_leads: HashSet<&String> = leads.source.header.iter().collect();
    for column in source.header.iter().filter(|column| !of_leads.contains(column) && lead_key.column != **column) {
        let reason = "it is a column of the outcomes, known only of leads whose deal is recorded".to_string();
        findings.refused.push(RefusedColumn { column: column.clone(), reason });
    }
    findings.list.extend(only_of_winners(spec, &source, &leads.source.header));
    let keys = Keys::new(&leads.ids, source.dialect.nulls(&lead_key.column), &lead_key, &leads.names);
    let keys = keys.walked(source.input, base, zone, findings)?;
    let (mut rows, mut lead_of, otherwise) = joined(&named, &keys);
    let untidy = named.par_iter().map(|named| named.iter().filter(|name| tidy(name) != *name).count() as u64).sum();
    findings.list.extend(tidied("outcomes", &lead_key.column, untidy));
    findings.list.extend(source.findings(met).into_iter().chain(in_vain));
    findings.list.extend(all_remarks(&source, &asks, &columns));
    let columns = columns.into_iter().map(|gathered| gathered.column);
    let mut columns: RoleColumns = roles.iter().map(|(role, _)| *role).zip(columns).collect();
    if let (Some(read), Some(only)) = (&read, &spec.only) {
        let left_out = read.iter().filter(|is_read| !**is_read).count() as u64;
        findings.list.extend(left_out_by(only, "outcomes", left_out));
        (rows, lead_of) = rows.into_iter().zip(lead_of).filter(|(row, _)| read[*row]).unzip();
    }
    let all: Vec<&str> = named.iter().flat_map(TextBlock::iter).collect();
    let names: Vec<&str> = rows.iter().map(|&row| all[row]).collect();
    if !is_all(&rows, spots.len()) {
        columns = columns.into_iter().map(|(role, column)| (role, column.kept(&rows))).collect();
        others.iter_mut().for_each(|(_, text)| text.codes = rows.iter().map(|&row| text.codes[row]).collect());
        spots = rows.iter().map(|&row| spots[row]).collect();
    }
    let deals = Deals::new(spec, lead_of, spots, &mut columns, findings)?;
    // Rows of other leads too say until when the outcomes were recorded.
    let instants = deals.instants();
    let is_win: Vec<bool> = deals.fates.iter().map(|row| row.fate == Fate::Won).collect();
    for (name, text) in &others {
        findings.list.extend(speaks_of_fates((name, text), &is_win, "outcomes", spec.telling().converted));
    }
    report_strangers(&source, &lead_key.column, &keys, &names, &deals, &leads.attributes, findings);
    drop(named);
    let mut kept: Vec<usize> = (0..deals.lead.len()).filter(|&row| deals.lead[row] != NO_LEAD).collect();
    findings.list.extend(keys.report(&source, kept.len() as u64, otherwise));
    let place = |row: usize| rows[row];
    repeats(&mut kept, &source, (&deals, &place), zone, findings)?;
    let deals = if kept.len() < deals.lead.len() { deals.kept(&kept) } else { deals };
    Ok(Section { spec, shown: source.shown(), deals, instants })
}

/// Of the rows of all blocks the place and the lead, a row of several leads once for each; and how many name their lead
/// otherwise than by its id.
fn joined(named: &[TextBlock], keys: &Keys) -> (Vec<usize>, Vec<u32>, u64) {
    let blocks: Vec<Joined> = named.par_iter().map(|named| keys.join(named)).collect();
    let (mut rows, mut leads, mut start) = (Vec::new(), Vec::new(), 0);
    let otherwise = blocks.iter().map(|block| block.otherwise).sum();
    for (named, block) in named.iter().zip(blocks) {
        match block.rows {
            None => rows.extend(start..start + named.len()),
            Some(of_block) => rows.extend(of_block.into_iter().map(|row| start + row as usize)),
        }
        leads.extend(block.leads);
        start += named.len();
    }
    (rows, leads, otherwise)
}

/// Rows that a condition leaves out, under its own words.
pub(crate) fn left_out_by(only: &Predicate, input: &str, rows: u64) -> Option<Finding> {
    let text = format!("rows of the {input} left out by `where: {}`", only.text());
    (rows > 0).then(|| Finding::new(input, What::LeftOut, FindingLevel::Note, rows, text))
}

/// Rows of the deals whose lead is not among the leads: a win among them is missing from every result.
fn report_strangers(
    source: &Source,
    column: &str,
    keys: &Keys,
    names: &[&str],
    deals: &Deals,
    attributes: &[Attribute],
    findings: &mut Findings,
) {
    if !deals.lead.contains(&NO_LEAD) {
        return;
    }
    let (mut strangers, mut wins, mut losing) = (Strangers::default(), Counted::default(), Vec::new());
    let (mut won, mut without) = (0, 0);
    for (row, &name) in names.iter().enumerate() {
        let is_win = deals.fates[row].fate == Fate::Won;
        won += u64::from(is_win);
        if deals.lead[row] != NO_LEAD {
            continue;
        }
        strangers.add(keys, deals.spots[row], name);
        if !keys.is_missing(name) {
            losing.push(name);
            if is_win {
                wins.add(deals.spots[row], name);
            }
        } else {
            without += u64::from(is_win);
        }
    }
    if without > 0 {
        let text = format!("wins that came without a lead: `{column}` is empty");
        let finding = Finding::new("outcomes", What::WinsWithoutLead, FindingLevel::Note, without, text);
        findings.list.push(finding.advice("they are no lead's, and in no result"));
    }
    let known = deals.lead.len() as u64 - strangers.unknown.count - strangers.nameless.count;
    strangers.report_nameless(source, column, findings);
    if strangers.unknown.count == 0 {
        return;
    }
    let cure = Cure::find(&losing, keys.ids, attributes);
    if let Some(Cure { how: How::MergedIds(list), .. }) = &cure {
        findings.lists_ids = Some(list.clone());
    }
    let advice = cure.map_or_else(|| no_cure(known), |cure| cure.advice("outcomes", column, keys.names));
    let (level, text, rows) = if wins.count > 0 {
        let forbids = wins.count as f64 > LOST_WINS * won as f64;
        let level = if forbids { FindingLevel::Forbids } else { FindingLevel::Doubt };
        let text = format!(
            "rows of the outcomes have a lead that is not among the leads, {} of {won} wins among them; they are in no result",
            wins.count
        );
        (level, text, source.places(&wins, column))
    } else {
        let many = strangers.unknown.count as f64 > 0.01 * known as f64;
        let text = "rows of the outcomes whose lead is not among the leads, none of them won; left out".to_string();
        (if many { FindingLevel::Doubt } else { FindingLevel::Note }, text, source.places(&strangers.unknown, column))
    };
    let finding = Finding::new("outcomes", What::OutcomeWithoutLead, level, strangers.unknown.count, text);
    findings.list.push(finding.advice(advice).rows(rows));
}

/// Where more of the wins than this have no lead, nothing can be concluded from the others.
const LOST_WINS: f64 = 0.1;

/// Of rows that are equal in every column of the file all but the first are left out.
fn repeats(
    kept: &mut Vec<usize>,
    source: &Source,
    (deals, place): (&Deals, &dyn Fn(usize) -> usize),
    zone: &Zone,
    findings: &mut Findings,
) -> Result<(), DataError> {
    let key = |row: usize| {
        let fate = &deals.fates[row];
        let value = deals.value.as_ref().map_or(0, |value| value[row].to_bits());
        (deals.lead[row], fate.won, fate.lost, fate.fate, value)
    };
    let mut order = kept.clone();
    order.par_sort_unstable_by_key(|&row| (key(row), row));
    let alike: Vec<&[usize]> = order.chunk_by(|&a, &b| key(a) == key(b)).filter(|rows| rows.len() > 1).collect();
    if alike.is_empty() {
        return Ok(());
    }
    let asks = (0..source.header.len()).map(|place| Ask { place, kind: As::Text }).collect::<Vec<Ask>>();
    let columns = gather(source, &asks, zone, &|_| {})?.columns;
    let texts: Vec<&Text> = columns.iter().filter_map(|gathered| text_of(&gathered.column)).collect();
    let (mut gone, mut counted) = (HashSet::new(), Counted::default());
    for rows in alike {
        let mut first: HashSet<Vec<u32>> = HashSet::new();
        for &row in rows {
            if !first.insert(texts.iter().map(|text| text.codes[place(row)]).collect()) {
                gone.insert(row);
                counted.add(deals.spots[row], "");
            }
        }
    }
    if counted.count > 0 {
        kept.retain(|row| !gone.contains(row));
        let text = "rows of the outcomes that are equal to another in every column, read once".to_string();
        let finding = Finding::new("outcomes", What::IdenticalDeals, FindingLevel::Note, counted.count, text);
        findings.list.push(finding.rows(source.places(&counted, "")));
    }
    Ok(())
}

/// A text with few enough values to tell how deals stand.
pub(super) fn stages(column: &Column) -> Option<&Text> {
    text_of(column).filter(|text| text.levels.len() <= STAGES)
}

fn text_of(column: &Column) -> Option<&Text> {
    match column {
        Column::Text(text) => Some(text),
        _ => None,
    }
}

/// A column whose values say that deals were lost, or are open, while each of them that has a date is taken for a win.
pub(crate) fn speaks_of_fates(
    (name, text): (&str, &Text),
    is_win: &[bool],
    input: &str,
    date: Option<&str>,
) -> Option<Finding> {
    let fates: Vec<Option<Fate>> = text.levels.iter().map(|level| spoken(level)).collect();
    let mut counts = vec![0u64; text.levels.len()];
    let wins = text.codes.iter().zip(is_win).filter(|(code, won)| **won && **code != MISSING);
    wins.for_each(|(&code, _)| counts[code as usize] += 1);
    let of = |fate: Option<Fate>| fates.iter().zip(&counts).filter(|(f, _)| **f == fate).map(|(_, n)| n).sum::<u64>();
    let (won, lost, other) = (of(Some(Fate::Won)), of(Some(Fate::Lost)), of(None));
    let all = won + lost + other;
    let wrong = lost + if won > 0 { other } else { 0 };
    if lost * 100 < all.max(1) && (won == 0 || other * 10 < all) {
        return None;
    }
    let mut levels: Vec<usize> = (0..counts.len()).filter(|&level| counts[level] > 0).collect();
    levels.sort_by_key(|&level| std::cmp::Reverse(counts[level]));
    let named = |fate: Fate| {
        let of = levels.iter().filter(|&&level| fates[level] == Some(fate));
        of.map(|&level| shortened(&text.levels[level])).collect::<Vec<String>>()
    };
    let example =
        levels.iter().find(|&&level| fates[level] == Some(Fate::Lost) || (won > 0 && fates[level].is_none()))?;
    let said = format!(
        "`{name}` says how deals stand, and all that have a date are taken for wins: {} of {all} are no win by it, {} of them `{}`",
        wrong,
        counts[*example],
        shortened(&text.levels[*example])
    );
    let finding = Finding::new(input, What::SpeaksOfFates, FindingLevel::Forbids, wrong, said);
    Some(finding.advice(format!(
        "say which are won and lost: `outcomes: {{ {}, closed: {} }}`",
        stage(name, &named(Fate::Won), &named(Fate::Lost)),
        date.map_or_else(|| "…".to_string(), yaml_name)
    )))
}

/// The same section with more values that mean lost.
fn stage_of(spec: &StageSpec, lost: &[String]) -> String {
    let lost: Vec<String> = spec.lost.iter().chain(lost).cloned().collect();
    stage(&spec.column, &spec.won, &lost)
}

/// The YAML that tells fates by a column.
fn stage(column: &str, won: &[String], lost: &[String]) -> String {
    let list = |values: &[String]| match values.is_empty() {
        true => "…".to_string(),
        false => values.iter().map(|value| yaml_name(value)).collect::<Vec<_>>().join(", "),
    };
    let column = if column == "…" { column.to_string() } else { yaml_name(column) };
    format!("stage: {{ column: {column}, won: [{}], lost: [{}] }}", list(won), list(lost))
}

/// What is to be said of the values that tell fates.
fn say_fates(spec: &OutcomesSpec, told: &RowFates, columns: &RoleColumns, findings: &mut Findings) {
    let telling = spec.telling();
    let named = |fate: Fate| -> Vec<String> {
        let of = told.values.iter().filter(|value| value.fate == fate);
        of.filter_map(|value| value.value.clone()).collect()
    };
    let rows = |fate: Fate| told.values.iter().filter(|value| value.fate == fate).map(|value| value.rows).sum::<u64>();
    let missing = told.values.iter().filter(|value| value.value.is_none()).map(|value| value.rows).sum::<u64>();
    let blank = if missing > 0 { format!(", {missing} missing values") } else { String::new() };
    let or = |values: &[String], none: &str| if values.is_empty() { none.to_string() } else { listed(values) };
    if let Some(stage) = telling.stage {
        let said = format!(
            "`{}`: {} count as won, {} as lost; {}{blank} are open",
            stage.column,
            or(&named(Fate::Won), "no values"),
            or(&named(Fate::Lost), "no values"),
            or(&named(Fate::Open), "no others")
        );
        let ended: Vec<String> =
            named(Fate::Open).into_iter().filter(|value| spoken(value) == Some(Fate::Lost)).collect();
        let (level, advice) = match ended.is_empty() {
            true => (FindingLevel::Note, "correct `stage:` if that is wrong".to_string()),
            false => (
                FindingLevel::Doubt,
                format!("{} speak of losses; if they are, declare `{}`", listed(&ended), stage_of(stage, &ended)),
            ),
        };
        let finding = Finding::new("outcomes", What::StageValues, level, rows(Fate::Won), said);
        findings.list.push(finding.advice(advice));
        findings.list.extend(never_occurs(spec, told));
    }
    if let Some(column) = telling.flag {
        let said = format!(
            "`{column}`: {} count as won; {}{blank} do not",
            or(&named(Fate::Won), "no values"),
            or(&named(Fate::Open), "nothing else")
        );
        let finding = Finding::new("outcomes", What::FlagValues, FindingLevel::Note, rows(Fate::Won), said);
        let lost: Vec<String> =
            named(Fate::Open).into_iter().filter(|value| spoken(value) == Some(Fate::Lost)).collect();
        let advice = match lost.is_empty() {
            true => "declare `positive:` if that is wrong".to_string(),
            false => format!("to tell lost from open: `outcomes: {{ {} }}`", stage(column, &named(Fate::Won), &lost)),
        };
        findings.list.push(finding.advice(advice));
        findings.list.extend(lost_is_expected(spec, told, columns));
    }
}

/// Values that are declared and that no deal has.
fn never_occurs(spec: &OutcomesSpec, told: &RowFates) -> Option<Finding> {
    let stage = spec.stage.as_ref()?;
    let held = |value: &&String| {
        told.values.iter().flat_map(|known| &known.value).any(|known| known.trim().eq_ignore_ascii_case(value.trim()))
    };
    let declared = stage.won.iter().chain(&stage.lost);
    let never: Vec<String> = declared.filter(|value| !held(value)).cloned().collect();
    let near = never
        .iter()
        .find_map(|value| crate::table::suggest(told.values.iter().filter_map(|known| known.value.as_deref()), value));
    let said = format!("`stage` names values that no deal has in `{}`: {}", stage.column, listed(&never));
    let advice = near.map_or_else(String::new, |near| format!("did you mean `{near}`? deals of it count as open"));
    let finding = Finding::new("outcomes", What::StageNeverOccurs, FindingLevel::Doubt, never.len() as u64, said);
    (!never.is_empty()).then(|| finding.advice(advice))
}

/// With a flag and one column of times, what is not won is open: its date is an expectation.
fn lost_is_expected(spec: &OutcomesSpec, told: &RowFates, columns: &RoleColumns) -> Option<Finding> {
    let telling = spec.telling();
    if telling.closed.is_some() || !telling.is_one_time() {
        return None;
    }
    let Some(Column::Instant(at)) = columns.get(&Role::Converted) else { return None };
    let open = told.rows.iter().zip(at).filter(|(row, at)| row.fate == Fate::Open && **at != NEVER).count();
    let (flag, time) = (telling.flag.unwrap_or_default(), telling.converted.unwrap_or_default());
    let of = |fate: Fate, spoken_of: Option<Fate>| -> Vec<String> {
        let of = told.values.iter().filter(|value| value.fate == fate).filter_map(|value| value.value.clone());
        of.filter(|value| spoken_of.is_none() || spoken(value) == spoken_of).collect()
    };
    let is_flag = told.values.iter().flat_map(|value| &value.value).all(|value| super::values::flag(value).is_some());
    let told_by = if is_flag { "…".to_string() } else { flag.to_string() };
    let won = if is_flag { Vec::new() } else { of(Fate::Won, None) };
    let said = format!(
        "deals that are not won have a date in `{time}`, which may be an expectation: they count as open, and none as lost"
    );
    let finding = Finding::new("outcomes", What::LostIsExpected, FindingLevel::Doubt, open as u64, said);
    let yaml = stage(&told_by, &won, &of(Fate::Open, Some(Fate::Lost)));
    (open > 0)
        .then(|| finding.advice(format!("say which are lost: `outcomes: {{ {yaml}, closed: {} }}`", yaml_name(time))))
}
