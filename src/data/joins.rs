//! How rows find their lead: by its id, by what was declared of how ids are written, and what would join the rest.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::table::{Column, Ids, MISSING, is_blank, yaml_name};

use super::cells::{Spot, TextBlock};
use super::finding::{Finding, FindingLevel, Findings, What};
use super::gather::{NO_LEAD, leads_of};
use super::history::Attribute;
use super::reader::Counted;
use super::source::Source;
use super::values::Nulls;

/// What two writings of one id may differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Spaces and signs without width before and after it.
    Blanks,
    /// Capital and small letters.
    Case,
    /// Zeros before it.
    Zeros,
    /// `.0` after it: a program took it for a number.
    Float,
    /// The last three of Salesforce's 18 characters.
    Salesforce15,
}

const MATCHES: [Match; 5] = [Match::Blanks, Match::Case, Match::Zeros, Match::Float, Match::Salesforce15];

impl Match {
    /// The id without that in which it may differ.
    fn fold(self, id: &str) -> Cow<'_, str> {
        match self {
            Self::Blanks => id.trim_matches(is_blank).into(),
            Self::Case => id.to_lowercase().into(),
            Self::Zeros => {
                let rest = id.trim_start_matches('0');
                if rest.is_empty() { id } else { rest }.into()
            }
            Self::Float => id.strip_suffix(".0").unwrap_or(id).into(),
            Self::Salesforce15 => {
                let is_long = id.len() == 18 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if is_long { &id[..15] } else { id }.into()
            }
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Blanks => "blanks",
            Self::Case => "case",
            Self::Zeros => "zeros",
            Self::Float => "float",
            Self::Salesforce15 => "salesforce15",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Blanks => "without the blanks around them",
            Self::Case => "without regard to capital letters",
            Self::Zeros => "without leading zeros",
            Self::Float => "without the `.0` that made them numbers",
            Self::Salesforce15 => "by the first 15 of Salesforce's 18 characters",
        }
    }
}

fn folded(id: &str, by: &[Match]) -> String {
    by.iter().fold(id.to_owned(), |id, how| how.fold(&id).into_owned())
}

/// The column that names a row's lead, and in what its ids may differ from the leads'.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LeadKey {
    pub column: String,
    #[serde(rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Match>,
}

impl From<&str> for LeadKey {
    fn from(column: &str) -> Self {
        Self { column: column.into(), by: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for LeadKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnOrMap;

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Whole {
            column: String,
            #[serde(default, rename = "match")]
            by: Vec<Match>,
        }

        impl<'de> Visitor<'de> for ColumnOrMap {
            type Value = LeadKey;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a column, or `{ column: …, match: [blanks, case, zeros, float, salesforce15] }`")
            }

            fn visit_str<E: de::Error>(self, column: &str) -> Result<LeadKey, E> {
                Ok(column.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LeadKey, A::Error> {
                let Whole { column, by } = Whole::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(LeadKey { column, by })
            }
        }

        deserializer.deserialize_any(ColumnOrMap)
    }
}

impl JsonSchema for LeadKey {
    fn schema_name() -> Cow<'static, str> {
        "LeadKey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let how = generator.subschema_for::<Match>();
        json_schema!({
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "column": { "type": "string" }, "match": { "type": "array", "items": how } },
                    "required": ["column"],
                    "additionalProperties": false
                }
            ],
            "description": "The column that names the lead; with `match`, in what its ids may be written otherwise than the leads'."
        })
    }
}

/// The leads by their ids, and by what else was declared to name them.
pub(crate) struct Keys<'a> {
    pub ids: &'a Ids,
    nulls: Nulls,
    by: &'a [Match],
    /// Leads by their ids without that in which these may differ; nothing where two leads become one.
    folded: HashMap<String, Option<u32>>,
    merged: &'a Merged,
}

/// Ids that leads had before they were merged into others.
#[derive(Default)]
pub(crate) struct Merged(HashMap<String, Option<u32>>);

impl Merged {
    /// Of the column of each lead that lists them.
    pub fn of(column: &Column) -> Self {
        let mut merged = Self::default();
        if let Column::Text(text) = column {
            for (lead, &code) in text.codes.iter().enumerate().filter(|(_, code)| **code != MISSING) {
                merged_ids(&text.levels[code as usize]).for_each(|id| add(&mut merged.0, id.into(), lead as u32));
            }
        }
        merged
    }
}

/// `51117;57300`, `51117:1577836800000;57300:…`: the ids in a list of them.
fn merged_ids(list: &str) -> impl Iterator<Item = &str> {
    let ids = list.split([';', ',', '|', ' ']).map(|one| one.split_once(':').map_or(one, |(id, _)| id));
    ids.map(|id| id.trim_matches(is_blank)).filter(|id| !id.is_empty())
}

fn add(places: &mut HashMap<String, Option<u32>>, key: String, lead: u32) {
    places.entry(key).and_modify(|known| *known = known.filter(|known| *known == lead)).or_insert(Some(lead));
}

impl<'a> Keys<'a> {
    pub fn new(ids: &'a Ids, nulls: Vec<String>, by: &'a [Match], merged: &'a Merged) -> Self {
        let mut places = HashMap::new();
        if !by.is_empty() {
            ids.iter().enumerate().for_each(|(lead, id)| add(&mut places, folded(id, by), lead as u32));
        }
        Self { ids, nulls: Nulls::new(nulls), by, folded: places, merged }
    }

    /// Whether nothing but the leads' ids names them.
    pub fn are_ids(&self) -> bool {
        self.by.is_empty() && self.merged.0.is_empty()
    }

    /// Whether a row names no lead at all.
    pub fn is_missing(&self, name: &str) -> bool {
        self.nulls.text(name).is_none()
    }

    /// The lead of each row, [`NO_LEAD`] where there is none.
    pub fn leads_of(&self, named: &TextBlock) -> Vec<u32> {
        let mut leads = leads_of(named, self.ids, &self.nulls);
        if !self.are_ids() {
            let mut known: HashMap<&str, u32> = HashMap::new();
            for (lead, name) in leads.iter_mut().zip(named.iter()).filter(|(lead, _)| **lead == NO_LEAD) {
                if let Some(name) = self.nulls.text(name) {
                    *lead = *known.entry(name).or_insert_with(|| self.other(name));
                }
            }
        }
        leads
    }

    fn other(&self, name: &str) -> u32 {
        let by_fold = || self.folded.get(&folded(name, self.by)).copied().flatten();
        let by_merge = || self.merged.0.get(name.trim_matches(is_blank)).copied().flatten();
        by_fold().or_else(by_merge).unwrap_or(NO_LEAD)
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
    /// Their cells hold several ids each.
    Several,
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
        let several =
            count(&|key| merged_ids(key).nth(1).is_some() && merged_ids(key).any(|id| ids.find(id).is_some()));
        found.push(Self { how: How::Several, rows: several, tried });
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
    pub fn advice(&self, input: &str, column: &str) -> String {
        let share = if self.rows == self.tried {
            "all of them".into()
        } else {
            format!("{} of {} that were tried", self.rows, self.tried)
        };
        match &self.how {
            How::By(by) => format!(
                "{share} have a lead {}: declare `{input}: {{ lead: {{ column: {}, match: [{}] }} }}`",
                by.in_words(),
                yaml_name(column),
                by.key()
            ),
            How::Several => format!(
                "{share} hold several ids in one cell of `{column}`: write a row an id, or keep the first, before reading"
            ),
            How::MergedIds(name) => format!(
                "{share} are ids that `{name}` of the leads lists, merged into others: declare `leads: {{ merged_ids: {} }}`",
                yaml_name(name)
            ),
            How::Column(name) => format!(
                "{share} stand in `{name}` of the leads: they name leads by that column, and are to be \
                 joined through it (put the id of the lead that has `{column}` in its `{name}` in its place)"
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
}

/// What there is to judge strangers by.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    ids: &'a Ids,
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
        Known { ids: self.ids, attributes, rows }
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
        let advice = self.cure(known).map_or_else(|| no_cure(known.rows), |cure| cure.advice(source.input, column));
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
    use crate::data::Known as When;

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

    #[test]
    fn ids_that_become_one_name_nobody() {
        let (ids, merged) = (ids(&["a1", "A1", "B2"]), Merged::default());
        let by = [Match::Case];
        let keys = Keys::new(&ids, Vec::new(), &by, &merged);
        assert_eq!(keys.other("b2"), 2);
        assert_eq!(keys.other("a1"), NO_LEAD);
    }

    #[test]
    fn merged_ids_name_the_lead_that_lists_them() {
        let column = Column::Text([Some("7;8:1577836800000"), None, Some("9")].into_iter().collect());
        let (ids, merged) = (ids(&["1", "2", "3"]), Merged::of(&column));
        let keys = Keys::new(&ids, Vec::new(), &[], &merged);
        assert_eq!(["7", "8", "9", "4"].map(|id| keys.other(id)), [0, 0, 2, NO_LEAD]);
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
