use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use crate::predicate::Predicate;
use crate::table::{Cell, Column, Ids, MISSING, is_all};
use crate::time::{Edge, Instant, NEVER, Zone};

use super::attributes::attribute;
use super::builder::{As, Ask, Gathered, all_remarks};
use super::cells::Spot;
use super::columns::kind;
use super::error::{ConflictingLeads, DataError};
use super::fates::Role;
use super::finding::{Finding, FindingLevel, Findings, RefusedColumn, What};
use super::gather::gather;
use super::history::Attribute;
use super::joins::LeadNames;
use super::only;
use super::outcomes::{Deals, RoleColumns, refuse_untold, roles};
use super::reader::Counted;
use super::source::{Progress, Source};
use super::spec::{KnownSpec, LeadsSpec, OutcomesSpec, Type};

/// The leads as they were read, ascending by id.
pub(crate) struct Leads {
    pub source: Source,
    pub ids: Ids,
    pub position: Vec<u64>,
    pub created: Option<Vec<Instant>>,
    pub attributes: Vec<Attribute>,
    pub spots: Vec<Spot>,
    pub read: u64,
    pub unreadable: u64,
    pub duplicates: u64,
    /// Rows that `where` leaves out.
    pub left_out: u64,
    /// The outcomes that stand on the leads' own rows.
    pub deals: Option<Deals>,
    /// Ids that other rows may have instead.
    pub names: LeadNames,
}

/// The columns to be read, and what they are for.
#[derive(Default)]
struct Plan {
    asks: Vec<Ask>,
    id: Option<usize>,
    created: Option<usize>,
    order_by: Option<usize>,
    outcomes: Vec<(Role, usize)>,
    attributes: Vec<usize>,
}

pub(crate) fn read(
    spec: &LeadsSpec,
    own: Option<&OutcomesSpec>,
    base: &Path,
    zone: &Zone,
    findings: &mut Findings,
    progress: &dyn Fn(Progress),
) -> Result<Leads, DataError> {
    let source = Source::open("leads", &spec.path, spec.dialect(), base)?;
    let own_outcomes = own.map(roles).unwrap_or_default();
    let plan = plan(spec, &own_outcomes, &source)?;
    own.map_or(Ok(()), |outcomes| refuse_untold(outcomes, &source, zone))?;
    refuse(spec, &own_outcomes, findings);
    let asked = plan.asks.len();
    let asks: Vec<Ask> = plan.asks.iter().cloned().chain(conditions(spec, own, &source)?).collect();
    let mut table = gather(&source, &asks, zone, progress)?;
    let of_conditions = table.columns.split_off(asked);
    let rows_read = table.spots.len();
    let holds = |only: &Option<Predicate>| {
        let holds = |only| only::holds(only, &source, &asks[asked..], &of_conditions, (rows_read, zone));
        only.as_ref().map(holds).transpose()
    };
    let (read, deals_read) = (holds(&spec.only)?, own.map_or(Ok(None), |outcomes| holds(&outcomes.only))?);
    for only in spec.only.iter().chain(own.and_then(|outcomes| outcomes.only.as_ref())) {
        findings.list.extend(only::never_occur(only, &source, &asks[asked..], &of_conditions));
    }
    findings.list.extend(source.findings(std::mem::take(&mut table.met)));
    findings.list.extend(all_remarks(&source, &plan.asks, &table.columns));
    let (read, deals_read) = (read.as_deref(), deals_read.as_deref());
    let rows =
        Rows { spec, source: &source, plan: &plan, columns: &table.columns, spots: &table.spots, read, deals_read };
    let sorted = rows.sort_out(findings)?;
    let position = rows.positions();
    for ask in &plan.attributes {
        if let Some(why) = &table.columns[*ask].tally.unclear {
            let (column, reason) = (source.header[plan.asks[*ask].place].clone(), why.clone());
            findings.refused.push(RefusedColumn { column, reason });
        }
    }
    let deals = own.map(|outcomes| {
        let (lead, spots, mut columns) = rows.deals(&sorted);
        Deals::new(outcomes, lead, spots, &mut columns, findings)
    });
    let deals = deals.transpose()?;

    let kept: Vec<usize> = sorted.kept.iter().map(|&row| row as usize).collect();
    let none = || Column::Instant(Vec::new());
    let created = plan.created.map(|column| std::mem::replace(&mut table.columns[column].column, none()).kept(&kept));
    let read = table.spots.len() as u64;
    let (ids, mut attributes) = rayon::join(
        || sorted.ids.settled(),
        || attributes(spec, (&source, &table.spots), &plan, table.columns, (&kept, zone)),
    );
    let lists = |attribute: &&Attribute| Some(&attribute.name) == spec.merged_ids.as_ref();
    let (file, id) = (source.files[0].shown.clone(), spec.id.clone().unwrap_or_default());
    let names = LeadNames::new(file, id, attributes.iter().find(lists).map(|attribute| &attribute.column));
    attributes.retain(|attribute| !lists(&attribute));
    let created = created.map(|column| match column {
        Column::Instant(at) => at,
        _ => vec![NEVER; kept.len()],
    });
    Ok(Leads {
        ids,
        position: these(position, &kept),
        created,
        attributes,
        spots: these(table.spots, &kept),
        read,
        unreadable: sorted.unreadable,
        duplicates: sorted.duplicates,
        left_out: sorted.left_out,
        deals,
        names,
        source,
    })
}

/// The values of the rows named; themselves where these are all in order.
fn these<T: Copy>(values: Vec<T>, rows: &[usize]) -> Vec<T> {
    if is_all(rows, values.len()) { values } else { rows.iter().map(|&row| values[row]).collect() }
}

fn plan(spec: &LeadsSpec, outcomes: &[(Role, &str)], source: &Source) -> Result<Plan, DataError> {
    let used =
        [("id", &spec.id), ("created", &spec.created), ("order_by", &spec.order_by), ("merged_ids", &spec.merged_ids)];
    for (key, name) in used.iter().filter_map(|(key, name)| name.as_deref().map(|name| (*key, name))) {
        source.column(name, &format!("leads.{key}"))?;
        if spec.ignore.iter().any(|ignored| ignored == name) {
            return Err(DataError::Spec(format!("data.leads: `{name}` is named by `{key}` and by `ignore`; keep one")));
        }
    }
    if let (Some(id), true) = (&spec.id, spec.id == spec.created) {
        return Err(DataError::Spec(format!(
            "data.leads: `{id}` is named by `id` and by `created`; `created` is the column of the times at which leads came"
        )));
    }
    check_names(spec, outcomes, source)?;
    let at_columns: HashSet<&str> = known_at(spec).collect();
    let ignored: HashSet<&str> = spec.ignore.iter().map(String::as_str).collect();
    let mut plan = Plan::default();
    for (place, name) in source.header.iter().enumerate() {
        if ignored.contains(name.as_str()) {
            continue;
        }
        let is = |wanted: &Option<String>| wanted.as_deref() == Some(name.as_str());
        let ask = plan.asks.len();
        let outcome: Vec<Role> = outcomes.iter().filter(|(_, column)| column == name).map(|(role, _)| *role).collect();
        if is(&spec.id) {
            plan.id = Some(ask);
            plan.asks.push(Ask { place, kind: As::Id });
        } else if is(&spec.created) && outcome.is_empty() {
            plan.created = Some(ask);
            plan.asks.push(Ask { place, kind: As::Time(Edge::Start) });
        } else if !outcome.is_empty() {
            // One column may be both, as a close date with a flag that says how it closed.
            for role in outcome {
                plan.outcomes.push((role, plan.asks.len()));
                plan.asks.push(Ask { place, kind: kind(role.wanted()) });
            }
        } else {
            if is(&spec.order_by) {
                plan.order_by = Some(ask);
            }
            plan.attributes.push(ask);
            let declared = spec.types.get(name).copied().or(at_columns.contains(name.as_str()).then_some(Type::Time));
            let listed = is(&spec.merged_ids).then_some(As::Text);
            plan.asks.push(Ask { place, kind: listed.or(declared.map(kind_of)).unwrap_or(As::Found) });
        }
    }
    Ok(plan)
}

pub(crate) fn kind_of(declared: Type) -> As {
    match declared {
        Type::Number => As::Number,
        Type::Text => As::Text,
        Type::Flag => As::Flag,
        Type::Time => As::Time(Edge::Start),
    }
}

/// What the conditions on the leads' rows, and on the deals that stand on them, are to be told by.
fn conditions(spec: &LeadsSpec, own: Option<&OutcomesSpec>, source: &Source) -> Result<Vec<Ask>, DataError> {
    let deals = own.map_or(Ok(Vec::new()), |outcomes| {
        only::asks(outcomes.only.as_ref(), &outcomes.types, source, "outcomes.where")
    })?;
    Ok(only::asks(spec.only.as_ref(), &spec.types, source, "leads.where")?.into_iter().chain(deals).collect())
}

/// Columns whose times say when other columns were known.
fn known_at(spec: &LeadsSpec) -> impl Iterator<Item = &str> {
    spec.known.iter().chain(spec.except.values()).filter_map(|known| match known {
        KnownSpec::At(column) => Some(column.as_str()),
        _ => None,
    })
}

fn check_names(spec: &LeadsSpec, outcomes: &[(Role, &str)], source: &Source) -> Result<(), DataError> {
    let dialect = spec.dialect();
    let named = (spec.except.keys().map(|name| (name.as_str(), "leads.except")))
        .chain(spec.types.keys().map(|name| (name.as_str(), "leads.types")))
        .chain(spec.ignore.iter().map(|name| (name.as_str(), "leads.ignore")))
        .chain(known_at(spec).map(|name| (name, "leads.known")))
        .chain(dialect.columns().map(|name| (name, "leads.nulls_in, leads.format or leads.decimal")))
        .chain(outcomes.iter().map(|(role, name)| (*name, role.key())));
    for (name, by) in named {
        source.column(name, by)?;
    }
    let gone = known_at(spec).find(|column| {
        spec.ignore.iter().any(|ignored| ignored == column)
            || spec.types.get(*column).is_some_and(|kind| *kind != Type::Time)
    });
    if let Some(column) = gone {
        return Err(DataError::Spec(format!(
            "data.leads: `{column}` says when other columns were known, so it is read as a time; take it out of `ignore` and `types`"
        )));
    }
    if let Some(ignored) = outcomes.iter().find(|(_, name)| spec.ignore.iter().any(|ignored| ignored == name)) {
        return Err(DataError::Spec(format!(
            "data.leads.ignore: `{}` is named by `{}`; keep one",
            ignored.1,
            ignored.0.key()
        )));
    }
    Ok(())
}

fn refuse(spec: &LeadsSpec, outcomes: &[(Role, &str)], findings: &mut Findings) {
    let mut refuse = |column: &str, reason: &str| {
        findings.refused.push(RefusedColumn { column: column.into(), reason: reason.into() });
    };
    for (role, column) in outcomes {
        refuse(column, &format!("it is the outcome itself (`{}`)", role.key()));
    }
    for column in &spec.ignore {
        refuse(column, "it stands under `leads.ignore`");
    }
    if let Some(created) = spec.created.as_ref().filter(|name| outcomes.iter().all(|(_, column)| column != name)) {
        refuse(created, "it is when the lead was created (`leads.created`)");
    }
    if let Some(id) = &spec.id {
        refuse(id, "it is the leads' id");
    }
    if let Some(list) = &spec.merged_ids {
        refuse(list, "it lists ids of merged leads");
    }
}

/// All rows of the leads' files, before they are sorted out.
struct Rows<'a> {
    spec: &'a LeadsSpec,
    source: &'a Source,
    plan: &'a Plan,
    columns: &'a [Gathered],
    spots: &'a [Spot],
    /// Which rows `where` lets in, and of which the deal counts; nothing: all.
    read: Option<&'a [bool]>,
    deals_read: Option<&'a [bool]>,
}

/// Which rows are leads.
struct Sorted {
    ids: Ids,
    /// The row of each lead, in the order of their ids.
    kept: Vec<u32>,
    /// Rows that hold more deals of a lead that has a row already, and its place.
    more_deals: Vec<(u32, u32)>,
    unreadable: u64,
    duplicates: u64,
    left_out: u64,
}

impl Rows<'_> {
    fn cell(&self, ask: usize, row: usize) -> Cell<'_> {
        self.columns[ask].column.cell(row)
    }

    fn place(&self, row: usize) -> String {
        self.source.place(self.spots[row], "", "").to_string()
    }

    /// The code of each row's id; without ids each row is a lead of its own.
    fn codes(&self) -> Cow<'_, [u32]> {
        match self.plan.id {
            Some(id) => Cow::Borrowed(&self.columns[id].ids.codes),
            None => (0..self.spots.len() as u32).collect(),
        }
    }

    /// The ids that the codes stand for.
    fn names(&self) -> Cow<'_, Ids> {
        match self.plan.id {
            Some(id) => Cow::Borrowed(&self.columns[id].ids.levels),
            None => Cow::Owned((1..=self.spots.len()).map(|row| row.to_string()).collect()),
        }
    }

    fn sort_out(&self, findings: &mut Findings) -> Result<Sorted, DataError> {
        let (codes, names) = (self.codes(), self.names());
        // The first row of every id that is a lead, by the id's code.
        let mut row_of: Vec<u32> = vec![MISSING; names.len()];
        let mut more_deals: Vec<(u32, u32)> = Vec::new();
        let (mut nameless, mut timeless, mut identical) = (Counted::default(), Counted::default(), Counted::default());
        let mut left_out = 0;
        for (row, &code) in codes.iter().enumerate() {
            if self.read.is_some_and(|read| !read[row]) {
                left_out += 1;
                continue;
            }
            if code == MISSING {
                nameless.add(self.spots[row], "");
                continue;
            }
            let id = names.get(code as usize);
            if self.plan.created.is_some_and(|created| self.cell(created, row) == Cell::Missing) {
                timeless.add(self.spots[row], id);
                continue;
            }
            let first = row_of[code as usize];
            if first == MISSING {
                row_of[code as usize] = row as u32;
                continue;
            }
            self.agree(id, first as usize, row)?;
            identical.add(self.spots[row], id);
            if !self.same_outcome(first as usize, row) {
                more_deals.push((row as u32, code));
            }
        }
        self.report(&nameless, &timeless, &identical, more_deals.len(), findings);
        if row_of.iter().all(|row| *row == MISSING) {
            let why = match (nameless.count, left_out) {
                (1.., _) => "no row has an id",
                (0, 1..) => "`leads.where` leaves out every row",
                _ => "no row has a creation time",
            };
            return Err(DataError::NoLeads { why: why.into() });
        }
        Ok(Sorted { left_out, ..by_id(names, &row_of, more_deals, nameless.count + timeless.count, identical.count) })
    }

    /// Rows of one lead must say the same of it, deals apart.
    fn agree(&self, id: &str, first: usize, second: usize) -> Result<(), DataError> {
        let timed = self.plan.outcomes.iter().any(|(role, _)| matches!(role, Role::Converted | Role::Closed));
        let outcomes = self.plan.outcomes.iter().filter(|_| !timed).map(|(_, ask)| *ask);
        let mut compared = self.plan.attributes.iter().copied().chain(self.plan.created).chain(outcomes);
        let Some(differing) = compared.find(|&ask| self.cell(ask, first) != self.cell(ask, second)) else {
            return Ok(());
        };
        let say = |row| match self.cell(differing, row) {
            Cell::Missing => "missing".to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => super::reader::shortened(text),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Instant(at) => Zone::utc().text(at),
        };
        Err(Box::new(ConflictingLeads {
            id: id.into(),
            first: self.place(first),
            second: self.place(second),
            column: self.source.header[self.plan.asks[differing].place].clone(),
            one: say(first),
            other: say(second),
        })
        .into())
    }

    fn same_outcome(&self, first: usize, second: usize) -> bool {
        self.plan.outcomes.iter().all(|(_, ask)| self.cell(*ask, first) == self.cell(*ask, second))
    }

    fn report(
        &self,
        nameless: &Counted,
        timeless: &Counted,
        identical: &Counted,
        deals: usize,
        findings: &mut Findings,
    ) {
        let mut add = |what, level, counted: &Counted, column: &Option<String>, text: String, advice: &str| {
            if counted.count > 0 {
                let rows = self.source.places(counted, column.as_deref().unwrap_or(""));
                findings.list.push(Finding::new("leads", what, level, counted.count, text).advice(advice).rows(rows));
            }
        };
        let text = "rows without an id, left out as unreadable".into();
        add(What::MissingId, FindingLevel::Doubt, nameless, &self.spec.id, text, "export them with their ids");
        let text = "leads without a readable creation time, left out as unreadable".into();
        let advice = "complete their creation times, or they are in no result";
        // The value of such a place is the lead's id.
        add(What::MissingTime, FindingLevel::Doubt, timeless, &self.spec.id, text, advice);
        let text = match deals {
            0 => "rows that repeat another lead's row, merged with it".into(),
            deals => format!("rows that repeat another lead's row, merged with it; {deals} of them hold another deal"),
        };
        add(What::IdenticalLeads, FindingLevel::Note, identical, &self.spec.id, text, "");
    }

    /// The place of every row: in its file, or in the order of a column (missing values last).
    fn positions(&self) -> Vec<u64> {
        let rows = self.spots.len();
        let Some(column) = self.plan.order_by.map(|ask| &self.columns[ask].column) else {
            return (0..rows as u64).collect();
        };
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by(|&a, &b| compare(column.cell(a), column.cell(b)));
        let mut positions = vec![0; rows];
        for (position, &row) in order.iter().enumerate() {
            positions[row] = position as u64;
        }
        positions
    }

    /// The rows that hold deals: their leads, their places, and what they say.
    fn deals(&self, sorted: &Sorted) -> (Vec<u32>, Vec<Spot>, RoleColumns) {
        let mut rows: Vec<(u32, u32)> = sorted.kept.iter().enumerate().map(|(lead, &row)| (row, lead as u32)).collect();
        rows.extend(&sorted.more_deals);
        rows.retain(|(row, _)| self.deals_read.is_none_or(|read| read[*row as usize]));
        rows.sort_unstable();
        let leads = rows.iter().map(|(_, lead)| *lead).collect();
        let rows: Vec<usize> = rows.iter().map(|(row, _)| *row as usize).collect();
        let spots = rows.iter().map(|row| self.spots[*row]).collect();
        let columns = self.plan.outcomes.iter().map(|(role, ask)| (*role, self.columns[*ask].column.take(&rows)));
        (leads, spots, columns.collect())
    }
}

fn by_id(names: Cow<Ids>, row_of: &[u32], more_deals: Vec<(u32, u32)>, unreadable: u64, duplicates: u64) -> Sorted {
    let mut order: Vec<u32> = (0..names.len() as u32).filter(|&code| row_of[code as usize] != MISSING).collect();
    if !names.are_ascending() {
        order.sort_unstable_by(|&a, &b| names.get(a as usize).cmp(names.get(b as usize)));
    }
    let mut lead_of = Vec::new();
    if !more_deals.is_empty() {
        lead_of.resize(names.len(), 0);
        order.iter().enumerate().for_each(|(lead, &code)| lead_of[code as usize] = lead as u32);
    }
    let in_order = order.iter().enumerate().all(|(lead, &code)| lead == code as usize);
    Sorted {
        kept: order.iter().map(|&code| row_of[code as usize]).collect(),
        more_deals: more_deals.into_iter().map(|(row, code)| (row, lead_of[code as usize])).collect(),
        ids: if in_order && order.len() == names.len() {
            names.into_owned()
        } else {
            order.iter().map(|&code| names.get(code as usize)).collect()
        },
        unreadable,
        duplicates,
        left_out: 0,
    }
}

fn compare(a: Cell, b: Cell) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    match (a, b) {
        (Cell::Missing, Cell::Missing) => Ordering::Equal,
        (Cell::Missing, _) => Ordering::Greater,
        (_, Cell::Missing) => Ordering::Less,
        (Cell::Number(a), Cell::Number(b)) => a.total_cmp(&b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Flag(a), Cell::Flag(b)) => a.cmp(&b),
        (Cell::Instant(a), Cell::Instant(b)) => a.cmp(&b),
        _ => Ordering::Equal,
    }
}

fn attributes(
    spec: &LeadsSpec,
    (source, spots): (&Source, &[Spot]),
    plan: &Plan,
    columns: Vec<Gathered>,
    (kept, zone): (&[usize], &Zone),
) -> Vec<Attribute> {
    let mut attributes = Vec::with_capacity(plan.attributes.len());
    let asked: HashSet<usize> = plan.attributes.iter().copied().collect();
    let is_read = |(ask, gathered): &(usize, Gathered)| asked.contains(ask) && gathered.tally.unclear.is_none();
    for (ask, gathered) in columns.into_iter().enumerate().filter(is_read) {
        let ask = &plan.asks[ask];
        let name = &source.header[ask.place];
        let known = spec.except.get(name).or(spec.known.as_ref());
        let attribute = attribute(name, (ask, gathered), known, (source, spots), zone);
        attributes.push(Attribute { column: attribute.column.kept(kept), ..attribute });
    }
    attributes
}
