//! How rows find their lead: by its id, by what was declared of how ids are written, and what would join the rest.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::table::{Column, Ids, MISSING, is_blank, yaml_name};
use crate::time::Zone;

use super::DataError;
use super::cells::{Spot, TextBlock};
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{NO_LEAD, leads_of};
use super::history::Attribute;
use super::key::{LeadKey, MATCHES, Match};
use super::links::Links;
use super::reader::Counted;
use super::source::Source;
use super::values::Nulls;

/// The leads by their ids, and by what else was declared to name them.
pub(crate) struct Keys<'a> {
    pub ids: &'a Ids,
    key: &'a LeadKey,
    nulls: Nulls,
    /// Leads by their ids without that in which these may differ.
    folded: Places,
    pub names: &'a LeadNames,
    /// Leads by keys that lead to them through other files.
    through: Places,
}

/// Leads by what names them; nothing where it names two.
pub(crate) type Places = HashMap<String, Option<u32>>;

/// Where the leads' ids stand, and what else names them.
#[derive(Default)]
pub(crate) struct LeadNames {
    /// The leads' file, as the experiment names it, and the column of their ids.
    pub file: String,
    pub id: String,
    /// Leads by ids that were merged into theirs.
    merged: Places,
}

impl LeadNames {
    /// `merged`: the column of each lead that lists such ids.
    pub fn new(file: String, id: String, merged: Option<&Column>) -> Self {
        let mut names = Self { file, id, merged: Places::new() };
        if let Some(Column::Text(text)) = merged {
            for (lead, &code) in text.codes.iter().enumerate().filter(|(_, code)| **code != MISSING) {
                merged_ids(&text.levels[code as usize]).for_each(|id| add(&mut names.merged, id.into(), lead as u32));
            }
        }
        names
    }
}

/// `51117;57300`, `51117:1577836800000;57300:…`: the ids in a list of them.
fn merged_ids(list: &str) -> impl Iterator<Item = &str> {
    let ids = list.split([';', ',', '|', ' ']).map(|one| one.split_once(':').map_or(one, |(id, _)| id));
    ids.map(|id| id.trim_matches(is_blank)).filter(|id| !id.is_empty())
}

fn add(places: &mut Places, key: String, lead: u32) {
    places.entry(key).and_modify(|known| *known = known.filter(|known| *known == lead)).or_insert(Some(lead));
}

/// The rows of a block that have a lead, and how they came by it.
#[derive(Default)]
pub(crate) struct Joined {
    /// The lead of each row; [`NO_LEAD`] where there is none.
    pub leads: Vec<u32>,
    /// The row of each lead, where a row may be several leads'; nothing: one lead a row.
    pub rows: Option<Vec<u32>>,
    /// Rows whose key is no lead's id and leads to one all the same.
    pub otherwise: u64,
}

impl<'a> Keys<'a> {
    pub fn new(ids: &'a Ids, nulls: Vec<String>, key: &'a LeadKey, names: &'a LeadNames) -> Self {
        let mut folded = Places::new();
        if !key.by.is_empty() {
            ids.iter().enumerate().for_each(|(lead, id)| add(&mut folded, key.folded(id).into(), lead as u32));
        }
        Self { ids, key, nulls: Nulls::new(nulls), folded, names, through: Places::new() }
    }

    /// With the files that lead from its keys to the leads.
    ///
    /// # Errors
    /// When such a file cannot be read, or lacks a column.
    pub fn walked(
        mut self,
        input: &'static str,
        base: &Path,
        zone: &Zone,
        findings: &mut Findings,
    ) -> Result<Self, DataError> {
        // From the last step to the first: each one's keys are those of the leads that the next one leads to.
        for (step, via) in self.key.via.iter().enumerate().rev() {
            let is_last = step + 1 == self.key.via.len();
            let links = Links::read(input, via, base, zone)?;
            let mut places = Places::new();
            for (from, to) in links.iter() {
                let lead = if is_last { self.own(to) } else { self.through(to) };
                if lead != NO_LEAD {
                    add(&mut places, self.key.folded(from.trim_matches(is_blank)).into(), lead);
                }
            }
            findings.list.push(links.report(&places));
            self.through = places;
        }
        Ok(self)
    }

    /// How rows came by their leads, where not all do by their ids.
    pub fn report(&self, source: &Source, joined: u64, otherwise: u64) -> Option<Finding> {
        let mut how: Vec<String> = self.key.via.iter().map(|via| format!("through `{}`", via.from)).collect();
        how.extend(self.key.split.iter().map(|_| "as one of several in a cell".to_string()));
        how.extend(self.key.by.iter().map(|by| by.in_words().to_string()));
        let text = format!(
            "`{}` of the {}: {joined} rows have a lead, {otherwise} of them {}",
            self.key.column,
            source.input,
            how.join(" or ")
        );
        let finding = Finding::new(source.input, What::Walked, FindingLevel::Note, otherwise, text);
        (!how.is_empty()).then_some(finding)
    }

    /// Whether nothing but the leads' ids names them.
    pub fn are_ids(&self) -> bool {
        *self.key == LeadKey::from(self.key.column.as_str()) && self.names.merged.is_empty()
    }

    /// Whether a row names no lead at all.
    pub fn is_missing(&self, name: &str) -> bool {
        self.nulls.text(name).is_none()
    }

    /// The leads of each row.
    pub fn join(&self, named: &TextBlock) -> Joined {
        let mut joined = Joined { leads: leads_of(named, self.ids, &self.nulls), ..Joined::default() };
        if self.are_ids() {
            return joined;
        }
        let mut known: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut shared: Vec<(u32, u32)> = Vec::new();
        for (row, lead) in joined.leads.iter_mut().enumerate().filter(|(_, lead)| **lead == NO_LEAD) {
            let Some(name) = self.nulls.text(named.get(row)) else { continue };
            let leads = known.entry(name).or_insert_with(|| self.others(name));
            if let Some((first, more)) = leads.split_first() {
                *lead = *first;
                joined.otherwise += 1;
                shared.extend(more.iter().map(|lead| (row as u32, *lead)));
            }
        }
        if !shared.is_empty() {
            let first = joined.leads.iter().enumerate().map(|(row, lead)| (row as u32, *lead));
            let mut all: Vec<(u32, u32)> = first.chain(shared).collect();
            all.sort_by_key(|(row, _)| *row);
            let (rows, leads) = all.into_iter().unzip();
            (joined.rows, joined.leads) = (Some(rows), leads);
        }
        joined
    }

    /// The leads of a cell that is no lead's id: at most one, where a row is but one's.
    fn others(&self, name: &str) -> Vec<u32> {
        let of = |key: &str| match self.own(key) {
            NO_LEAD => self.through(key),
            lead => lead,
        };
        let Some(split) = &self.key.split else {
            return Vec::from_iter(Some(of(name)).filter(|lead| *lead != NO_LEAD));
        };
        let mut leads: Vec<u32> = Vec::new();
        for lead in name.split(split.as_str()).map(of).filter(|lead| *lead != NO_LEAD) {
            if !leads.contains(&lead) {
                leads.push(lead);
            }
        }
        leads.truncate(if self.key.is_shared() { leads.len() } else { 1 });
        leads
    }

    /// The lead of a key by its id, as it is written or as it may be written, or by one that was merged into it.
    fn own(&self, name: &str) -> u32 {
        let name = name.trim_matches(is_blank);
        let by_id = || self.ids.find(name).map(|place| place as u32);
        let by_fold = || self.folded.get(self.key.folded(name).as_ref()).copied().flatten();
        let by_merge = || self.names.merged.get(name).copied().flatten();
        by_id().or_else(by_fold).or_else(by_merge).unwrap_or(NO_LEAD)
    }

    fn through(&self, name: &str) -> u32 {
        if self.through.is_empty() {
            return NO_LEAD;
        }
        let key = self.key.folded(name.trim_matches(is_blank));
        self.through.get(key.as_ref()).copied().flatten().unwrap_or(NO_LEAD)
    }
}

/// What would join rows that have no lead.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cure {
    pub how: How,
    /// How many of the rows that were tried.
    pub rows: u64,
    pub tried: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum How {
    By(Match),
    /// A column of the leads lists ids that were merged into theirs.
    MergedIds(String),
    /// A column of the leads holds these keys.
    Column(String),
    /// Their cells hold several ids each, between which this stands.
    Several(char),
}

impl Cure {
    /// The likeliest for keys that name no lead; nothing where none joins half of them.
    pub fn find(keys: &[&str], ids: &Ids, attributes: &[Attribute]) -> Option<Self> {
        let tried = keys.len() as u64;
        let count = |joins: &dyn Fn(&str) -> bool| keys.iter().filter(|key| joins(key)).count() as u64;
        let mut found = Vec::new();
        for by in MATCHES {
            let mut places = HashMap::new();
            ids.iter().enumerate().for_each(|(lead, id)| add(&mut places, by.fold(id).into_owned(), lead as u32));
            let rows = count(&|key| matches!(places.get(by.fold(key).as_ref()), Some(Some(_))));
            found.push(Self { how: How::By(by), rows, tried });
        }
        for between in [';', ',', '|'] {
            let is_id = |id: &str| ids.find(id.trim_matches(is_blank)).is_some();
            let rows = count(&|key| key.contains(between) && key.split(between).any(is_id));
            found.push(Self { how: How::Several(between), rows, tried });
        }
        let wanted: HashSet<&str> = keys.iter().map(|key| key.trim_matches(is_blank)).collect();
        for attribute in attributes {
            let (whole, listed) = holding(&attribute.column, &wanted);
            let of = |held: &HashSet<String>| count(&|key| held.contains(key.trim_matches(is_blank)));
            found.push(Self { how: How::Column(attribute.name.clone()), rows: of(&whole), tried });
            if !listed.is_empty() {
                let both = whole.union(&listed).cloned().collect();
                found.push(Self { how: How::MergedIds(attribute.name.clone()), rows: of(&both), tried });
            }
        }
        // Of equals the first: a way of writing before another column.
        let best = found.into_iter().rev().max_by_key(|cure| cure.rows)?;
        (2 * best.rows >= tried && best.rows > 0).then_some(best)
    }

    /// What to do, for the input's section of the experiment file.
    pub fn advice(&self, input: &str, column: &str, names: &LeadNames) -> String {
        let share = if self.rows == self.tried {
            "all of them".into()
        } else {
            format!("{} of {} that were tried", self.rows, self.tried)
        };
        match &self.how {
            How::By(by) => format!(
                "{share} have a lead {}: declare `lead: {{ column: {}, match: [{}] }}` under `{input}`",
                by.in_words(),
                yaml_name(column),
                by.key()
            ),
            How::Several(between) => format!(
                "{share} hold several ids in one cell of `{column}`: declare `lead: {{ column: {}, split: \"{between}\" }}` under `{input}`; the first known lead has the row then, with `credit: each` every one",
                yaml_name(column)
            ),
            How::MergedIds(name) => format!(
                "{share} are ids that `{name}` of the leads lists, merged into others: declare `merged_ids: {}` under `leads`",
                yaml_name(name)
            ),
            How::Column(name) => format!(
                "{share} stand in `{name}` of the leads: declare `lead: {{ column: {}, via: [{{ path: {}, \
                 from: {}, to: {} }}] }}` under `{input}`",
                yaml_name(column),
                yaml_name(&names.file),
                yaml_name(name),
                yaml_name(&names.id)
            ),
        }
    }
}

/// Which of some keys a column holds: as its values, and within lists.
fn holding(column: &Column, wanted: &HashSet<&str>) -> (HashSet<String>, HashSet<String>) {
    let (mut whole, mut listed) = (HashSet::new(), HashSet::new());
    match column {
        Column::Text(text) => {
            for level in &text.levels {
                if wanted.contains(level.trim_matches(is_blank)) {
                    whole.insert(level.trim_matches(is_blank).to_owned());
                }
                if level.contains([';', ',', '|', ':']) {
                    listed.extend(merged_ids(level).filter(|id| wanted.contains(id)).map(str::to_owned));
                }
            }
        }
        Column::Number(values) => {
            let names = values.iter().filter(|value| value.fract() == 0.0).map(|value| format!("{value:.0}"));
            whole.extend(names.filter(|name| wanted.contains(name.as_str())));
        }
        Column::Flag(_) | Column::Instant(_) => {}
    }
    (whole, listed)
}

/// Rows of no known lead.
#[derive(Default)]
pub(crate) struct Strangers {
    /// Their keys match nothing.
    pub unknown: Counted,
    /// They have no key.
    pub nameless: Counted,
    /// Beside them: rows that name their lead otherwise than by its id.
    pub otherwise: u64,
}

/// What there is to judge strangers by.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    ids: &'a Ids,
    names: &'a LeadNames,
    attributes: &'a [Attribute],
    /// Rows that have a lead.
    rows: u64,
}

impl<'a> Keys<'a> {
    /// Beside so many rows that have a lead.
    pub fn known<'b>(&self, rows: u64, attributes: &'b [Attribute]) -> Known<'b>
    where
        'a: 'b,
    {
        Known { ids: self.ids, names: self.names, attributes, rows }
    }
}

impl Strangers {
    pub fn add(&mut self, keys: &Keys, spot: Spot, name: &str) {
        let rows = if keys.is_missing(name) { &mut self.nameless } else { &mut self.unknown };
        rows.add(spot, name);
    }

    pub fn append(&mut self, other: Self) {
        self.unknown.append(other.unknown);
        self.nameless.append(other.nameless);
        self.otherwise += other.otherwise;
    }

    /// What would join them, by the first of them.
    pub fn cure(&self, known: Known) -> Option<Cure> {
        let keys: Vec<&str> = self.unknown.first.iter().map(|(_, key)| key.as_str()).collect();
        if keys.is_empty() { None } else { Cure::find(&keys, known.ids, known.attributes) }
    }

    /// Says which rows of a source they are, and what would join them.
    pub fn report(&self, source: &Source, column: &str, known: Known, what: What, findings: &mut Findings) {
        self.report_nameless(source, column, findings);
        if self.unknown.count == 0 {
            return;
        }
        let many = self.unknown.count as f64 > 0.01 * known.rows as f64;
        // Of a log that joins nobody nothing is known.
        let level = match (known.rows, many) {
            (0, _) => FindingLevel::Forbids,
            (_, true) => FindingLevel::Doubt,
            (_, false) => FindingLevel::Note,
        };
        let text = format!("rows of the {} whose lead is not among the leads, left out", source.input);
        let advice =
            self.cure(known).map_or_else(|| no_cure(known.rows), |cure| cure.advice(source.input, column, known.names));
        let rows = source.places(&self.unknown, column);
        let finding = Finding::new(source.input, what, level, self.unknown.count, text);
        findings.list.push(finding.advice(advice).rows(rows));
    }

    pub fn report_nameless(&self, source: &Source, column: &str, findings: &mut Findings) {
        if self.nameless.count > 0 {
            let text = format!("rows of the {} that name no lead (`{column}` is empty), left out", source.input);
            let rows = source.places(&self.nameless, column);
            let finding =
                Finding::new(source.input, What::RowWithoutLead, FindingLevel::Note, self.nameless.count, text);
            findings.list.push(finding.rows(rows));
        }
    }
}

/// What to do where nothing that was tried joins strangers.
pub(crate) fn no_cure(known: u64) -> String {
    let tried = "no way of writing the ids and no column of the leads joins them";
    match known {
        0 => format!("no row at all has a known lead, and {tried}: check which column names the lead"),
        _ => format!("{tried}: check that the leads' export covers the same leads"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Credit, Known as When};

    fn ids(of: &[&str]) -> Ids {
        of.iter().copied().collect()
    }

    #[test]
    fn each_way_of_writing_is_one_that_ids_may_differ_in() {
        for (by, written, folded) in [
            (Match::Blanks, "\u{a0}L1\u{200b} ", "L1"),
            (Match::Case, "aB1", "ab1"),
            (Match::Zeros, "00120", "120"),
            (Match::Zeros, "000", "000"),
            (Match::Float, "51117.0", "51117"),
            (Match::Float, "5.10", "5.10"),
            (Match::Salesforce15, "00Q5g00001aBcDeAAV", "00Q5g00001aBcDe"),
            (Match::Salesforce15, "00Q5g00001aBcDe", "00Q5g00001aBcDe"),
        ] {
            assert_eq!(by.fold(written), folded, "{by:?}");
        }
    }

    /// The lead of each cell.
    fn leads(keys: &Keys, cells: &[&str]) -> Vec<u32> {
        let ends = cells.iter().scan(0, |end, cell| {
            *end += cell.len() as u32;
            Some(*end)
        });
        keys.join(&TextBlock::from_parts(cells.concat(), ends.collect(), false)).leads
    }

    #[test]
    fn ids_that_become_one_name_nobody() {
        let (ids, merged) = (ids(&["a1", "A1", "B2"]), LeadNames::default());
        let key = LeadKey { by: vec![Match::Case], ..LeadKey::from("id") };
        let keys = Keys::new(&ids, Vec::new(), &key, &merged);
        assert_eq!(leads(&keys, &["b2", "A1", "a1 ", "C3"]), [2, 1, 0, NO_LEAD]);
        let both = Ids::from_iter(["x1", "X1"]);
        let keys = Keys::new(&both, Vec::new(), &key, &merged);
        assert_eq!(keys.folded.get("x1"), Some(&None));
    }

    #[test]
    fn merged_ids_name_the_lead_that_lists_them() {
        let column = Column::Text([Some("7;8:1577836800000"), None, Some("9")].into_iter().collect());
        let (ids, merged, key) =
            (ids(&["1", "2", "3"]), LeadNames::new(String::new(), String::new(), Some(&column)), LeadKey::from("id"));
        let keys = Keys::new(&ids, Vec::new(), &key, &merged);
        assert_eq!(leads(&keys, &["7", "8", "9", "4"]), [0, 0, 2, NO_LEAD]);
    }

    #[test]
    fn a_cell_of_several_ids_is_its_first_known_leads_or_each_ones() {
        let (ids, merged) = (ids(&["1", "2", "3"]), LeadNames::default());
        let cells = TextBlock::from_parts("9; 2;31;3;19".into(), vec![6, 11, 12], false);
        let join = |credit| {
            let key = LeadKey { split: Some(";".into()), credit, ..LeadKey::from("id") };
            let joined = Keys::new(&ids, Vec::new(), &key, &merged).join(&cells);
            (joined.leads, joined.rows, joined.otherwise)
        };
        assert_eq!(join(Credit::First), (vec![1, 0, NO_LEAD], None, 2));
        assert_eq!(join(Credit::Each), (vec![1, 2, 0, 2, NO_LEAD], Some(vec![0, 0, 1, 1, 2]), 2));
    }

    #[test]
    fn the_likeliest_cure_joins_most() {
        let ids = ids(&["00Q5g00001aBcDeAAV", "00Q5g00001aBcDfAAV"]);
        let by = |keys: &[&str], attributes: &[Attribute]| {
            Cure::find(keys, &ids, attributes).map(|cure| (cure.how, cure.rows))
        };
        let short = ["00Q5g00001aBcDe", "00Q5g00001aBcDf"];
        assert_eq!(by(&short, &[]), Some((How::By(Match::Salesforce15), 2)));
        let attribute = |name: &str, values: &[Option<&str>]| Attribute {
            name: name.into(),
            column: Column::Text(values.iter().copied().collect()),
            known: When::AtCreation,
            are_dates: false,
            changed: None,
        };
        let contact = attribute("ContactId", &[Some("003a"), Some("003b")]);
        let merged = attribute("merged", &[Some("17;18"), None]);
        let both = [contact, merged];
        assert_eq!(by(&["003a", "003b", "x"], &both), Some((How::Column("ContactId".into()), 2)));
        assert_eq!(by(&["17", "18"], &both), Some((How::MergedIds("merged".into()), 2)));
        // Fewer than half of the keys are joined by chance.
        assert_eq!(by(&["003a", "x", "y"], &both), None);
    }
}
