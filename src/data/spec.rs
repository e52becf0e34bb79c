use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::ends::FAR;
use super::fates::Telling;
use super::key::LeadKey;

use crate::predicate::Predicate;
use crate::time::{Format, Moment, Zone};

/// When data were exported: a day that means "never" would call every horizon passed.
fn export_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    let until = Option::<Moment>::deserialize(deserializer)?;
    match until {
        Some(until) if until.start(&Zone::utc()) >= FAR => Err(de::Error::custom(format!(
            "{until} has not come: expected the day of the export, before 2100; without it the latest outcome tells"
        ))),
        until => Ok(until),
    }
}

/// A row as an editor or a spreadsheet numbers it.
fn row_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match Option::<i64>::deserialize(deserializer)?.map(u32::try_from) {
        None => Ok(None),
        Some(Ok(row)) if row > 0 => Ok(Some(row)),
        _ => Err(de::Error::custom("expected the number of the row with the columns' names, from 1")),
    }
}

/// Where the leads, their events and their outcomes stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    pub leads: LeadsSpec,
    /// What leads did, one event a row: a log, or a list of logs with columns of their own.
    #[serde(default, skip_serializing_if = "OneOrMore::is_empty")]
    pub events: OneOrMore<EventsSpec>,
    /// What became of the leads: a section, or a list of sections with files or columns of their own.
    pub outcomes: OneOrMore<OutcomesSpec>,
    /// What the leads' columns were at other times, one change a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistorySpec>,
    /// When the outcomes were exported; a date alone is its end. By default the latest time among the outcomes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "export_day")]
    pub until: Option<Moment>,
    /// Where times without an offset are read, and days, weeks and quarters are kept.
    #[serde(default)]
    pub timezone: Zone,
    /// What values are counted in, for the reports: EUR, USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

impl DataSpec {
    /// Keeps the texts of these columns of the leads as they are written, too.
    pub fn keep_as_written(&mut self, columns: &[String]) {
        self.leads.as_written = columns.to_vec();
        self.leads.lookup.0.iter_mut().for_each(|lookup| lookup.as_written = columns.to_vec());
    }

    /// What each section of the outcomes says of how deals ended.
    pub fn telling(&self) -> Vec<Telling<'_>> {
        self.outcomes.0.iter().map(OutcomesSpec::telling).collect()
    }

    /// Kinds of events that say when sales worked a lead.
    pub fn worked_kinds(&self) -> impl Iterator<Item = &String> {
        self.outcomes.0.iter().flat_map(|outcomes| &outcomes.worked).flat_map(WorkedSpec::kinds)
    }

    /// The outcomes that are columns of the leads.
    pub(crate) fn own_outcomes(&self) -> Option<&OutcomesSpec> {
        self.outcomes.0.iter().find(|outcomes| outcomes.path.is_empty())
    }
}

/// What `account` says where leads are independent.
const NO_ACCOUNT: &str = "none";

impl LeadsSpec {
    /// The column that names a lead's account.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref().filter(|name| *name != NO_ACCOUNT)
    }

    /// Whether it is said whose leads they are, or that they are independent.
    pub fn tells_accounts(&self) -> bool {
        self.account.is_some()
    }

    /// When a column of the leads, or one that is looked up for them, was known, where it is declared by its name.
    pub fn declared(&self, column: &str) -> Option<&KnownSpec> {
        let looked_up = self.lookup.0.iter().find_map(|lookup| lookup.except.get(column));
        self.except.get(column).or(looked_up)
    }
}

impl OutcomesSpec {
    /// Whether it speaks of losses alone, as beside another section that says who was won.
    pub(crate) fn is_of_losses(&self) -> bool {
        let told = self.converted.is_some() || self.closed.is_some() || self.flag.is_some() || self.stage.is_some();
        !self.lost.is_empty() && !told
    }
}

/// One table of the data: its own fields, and how its files are written. Serde's `flatten` would do without the macro,
/// but lose the line in error messages.
macro_rules! source {
    ($(#[$about:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$meta])* pub $field: $kind,)*
            /// The sheet of a workbook. By default the only one that is not hidden.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub sheet: Option<String>,
            /// The row that holds the columns' names, as a spreadsheet or an editor numbers it, from 1. By default found.
            #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "row_number")]
            #[schemars(range(min = 1))]
            pub header_row: Option<u32>,
            /// What stands between fields: `,`, `;`, `|` or a tab. By default found in the header.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub delimiter: Option<Delimiter>,
            /// How letters are encoded: utf-8 (the default), windows-1252, latin1, utf-16le.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub encoding: Option<Encoding>,
            /// Values that stand for a missing one, in every column: `["Select", "unknown"]`. An empty field is always missing.
            // YAML reads a bare `null` as nothing at all, even as a key.
            #[serde(default, skip_serializing_if = "Vec::is_empty", alias = "null")]
            pub nulls: Vec<String>,
            /// Values that stand for a missing one, in a column: `{ pdays: ["999"] }`.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty", alias = "null_in")]
            pub nulls_in: BTreeMap<String, Vec<String>>,
            /// How times are written, for all columns or one by one: `"%d/%m/%Y %H:%M"`, `seconds`, `milliseconds`,
            /// `excel` (days since 1899-12-30).
            /// By default found from the whole column.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub format: Option<Formats>,
            /// What stands before decimals, for all columns or one by one: `comma`, or `{ revenue: comma }`. By default found
            /// from the whole column.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub decimal: Option<Decimals>,
            /// Columns whose texts are kept as they are written too, because a model looks them up so.
            #[serde(skip)]
            pub as_written: Vec<String>,
        }

        impl $name {
            pub(crate) fn dialect(&self) -> Dialect {
                Dialect {
                    sheet: self.sheet.clone(),
                    header_row: self.header_row,
                    delimiter: self.delimiter.map(|delimiter| delimiter.0),
                    encoding: self.encoding.clone(),
                    nulls: self.nulls.clone(),
                    nulls_in: self.nulls_in.clone(),
                    format: self.format.clone(),
                    decimal: self.decimal.clone(),
                    as_written: self.as_written.clone(),
                }
            }
        }
    };
}

source! {
    /// The leads, one a row.
    LeadsSpec {
        /// A file, a pattern (`leads-*.csv`) or a list of them; a workbook, CSV (also gzip or zstd), NDJSON, Parquet or
        /// Arrow IPC.
        path: Paths,
        /// The column that names a lead. Without one a lead is named by its row number, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The column that lists ids of leads that were merged into this one: rows of those are its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merged_ids: Option<String>,
        /// The column that says when a lead was created.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created: Option<String>,
        /// The column that names a lead's company or account, or its e-mail address, of which the domain does: leads of one
        /// account convert together. `none`: they do not, whatever columns there are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// The column that orders leads where they have no creation times. By default they stand in file order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_by: Option<String>,
        /// When the columns' values were known: `at_creation`, `as_exported` (the default: today's value, perhaps written
        /// by the sale itself) or `{ at: column }`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<KnownSpec>,
        /// The columns for which that differs: `{ crm_score: as_exported }`. A column that is declared `at_creation` by its
        /// name is not suspected of knowing the outcome; `planned` is a time that lies ahead, such as the end of a contract.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        except: BTreeMap<String, KnownSpec>,
        /// What columns hold, where it is not to be found from their values.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        types: BTreeMap<String, Type>,
        /// Columns that are not read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ignore: Vec<String>,
        /// Columns of other files, such as the accounts': `{ path: accounts.csv, from: AccountId, to: Id }`.
        #[serde(default, skip_serializing_if = "OneOrMore::is_empty")]
        lookup: OneOrMore<LookupSpec>,
        /// Only rows for which this SQL condition over the file's columns holds are read: `"Type <> 'Renewal'"`.
        #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
        only: Option<Predicate>,
    }
}

source! {
    /// Columns of another file, for leads that name its rows.
    LookupSpec {
        /// A file, a pattern or a list of them.
        path: Paths,
        /// The leads' column that names a row of the file.
        from: String,
        /// The column of the file that it names, such as an account's id.
        to: String,
        /// The columns that are wanted; by default all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        columns: Vec<String>,
        /// When their values were known, as of the leads' own columns.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        known: Option<KnownSpec>,
        /// The columns for which that differs.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        except: BTreeMap<String, KnownSpec>,
        /// What columns hold, where it is not to be found from their values.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        types: BTreeMap<String, Type>,
    }
}

source! {
    /// The event log.
    EventsSpec {
        /// A file, a pattern (`events-*.parquet`) or a list of them.
        path: Paths,
        /// The column that names the lead; `{ column: …, match: [case] }` where ids are written otherwise than the leads'.
        lead: LeadKey,
        /// The column that says when it happened.
        at: String,
        /// The column that says what happened, or a list of columns whose values make one name: `[Type, Subject]`.
        #[serde(default, skip_serializing_if = "Names::is_empty")]
        kind: Names,
        /// The column that names an event: rows that share a name are one. Without it such a column is looked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// What happened, in a file of one kind of event.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind_is: Option<String>,
        /// Only rows for which this SQL condition over the file's columns holds are read: `"Type <> 'Renewal'"`.
        #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
        only: Option<Predicate>,
        /// Kinds of events that sales makes, such as calls: no model may rest on them, and reviews count them as touches.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sales: Vec<String>,
        /// What columns hold, where it is not to be found from their values.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        types: BTreeMap<String, Type>,
        /// The result of the statement that `leadoff sql` writes, run where the log lies: read instead of `path`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        features: Option<Paths>,
    }
}

/// What a deal's stage means. A value in neither list is a deal that is still open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a column with its values, such as `{ column: Stage, won: [Closed Won], lost: [Closed Lost] }`"
)]
pub struct StageSpec {
    /// The column that says how the deal stands.
    pub column: String,
    /// Its values that mean won, whatever their case.
    pub won: Vec<String>,
    /// Its values that mean lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<String>,
}

/// What says when sales first worked a lead.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkedSpec {
    Column(String),
    /// The first event of these kinds.
    Kinds(Vec<String>),
}

impl WorkedSpec {
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Column(column) => Some(column),
            Self::Kinds(_) => None,
        }
    }

    pub fn kinds(&self) -> &[String] {
        match self {
            Self::Column(_) => &[],
            Self::Kinds(kinds) => kinds,
        }
    }
}

/// The map that names kinds.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WorkedKinds {
    kinds: Vec<String>,
}

impl Serialize for WorkedSpec {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Column(column) => serializer.serialize_str(column),
            Self::Kinds(kinds) => WorkedKinds { kinds: kinds.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for WorkedSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnOrKinds;

        impl<'de> Visitor<'de> for ColumnOrKinds {
            type Value = WorkedSpec;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a column, or the kinds of events that say so, as `{ kinds: [Call] }`")
            }

            fn visit_str<E: de::Error>(self, column: &str) -> Result<WorkedSpec, E> {
                Ok(WorkedSpec::Column(column.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WorkedSpec, A::Error> {
                let WorkedKinds { kinds } = WorkedKinds::deserialize(de::value::MapAccessDeserializer::new(map))?;
                if kinds.is_empty() {
                    Err(de::Error::custom("`kinds` names no kind of events"))
                } else {
                    Ok(WorkedSpec::Kinds(kinds))
                }
            }
        }

        deserializer.deserialize_any(ColumnOrKinds)
    }
}

impl JsonSchema for WorkedSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WorkedSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<WorkedKinds>()] })
    }
}

source! {
    /// What became of the leads; several rows of a lead are several deals.
    OutcomesSpec {
        /// A file, a pattern or a list of them. Without one the outcomes are columns of the leads.
        #[serde(default, skip_serializing_if = "Paths::is_empty")]
        path: Paths,
        /// The column that names the lead, in a file of its own; `{ column: …, match: [case] }` where ids are written
        /// otherwise than the leads'.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lead: Option<LeadKey>,
        /// The column that says when it was won. With `flag`, only where the flag is positive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        converted: Option<String>,
        /// The column that says when it was lost, or a list of such columns: the latest counts. With `flag` or `stage`,
        /// only where these do not say that it was won.
        #[serde(default, skip_serializing_if = "Names::is_empty")]
        lost: Names,
        /// The column that says when it was won or lost, where `stage` or `flag` says which. The date of a deal that is
        /// neither is an expectation, and no outcome.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed: Option<String>,
        /// Which values of a column mean won and which lost: `{ column: Stage, won: [Closed Won], lost: [Closed Lost] }`;
        /// deals of any other value are open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<StageSpec>,
        /// Only rows for which this SQL condition over the file's columns holds are read: `"Type <> 'Renewal'"`.
        #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
        only: Option<Predicate>,
        /// The column that says what the deal was worth.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
        /// The column that says when sales first worked the lead; or `{ kinds: [Call] }`, the kinds of events that say so:
        /// they are sales' own, as if they stood under `events.sales`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worked: Option<WorkedSpec>,
        /// The column that says whether it was won; without `converted` or `closed`, nobody knows when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag: Option<String>,
        /// The flag's values that mean won, whatever their case. By default 1, true, t, yes, y, won, converted, closed won.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        positive: Vec<String>,
        /// What columns of the condition hold, where it is not to be found from their values.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        types: BTreeMap<String, Type>,
    }
}

source! {
    /// The history of the leads' columns.
    HistorySpec {
        /// A file, a pattern or a list of them.
        path: Paths,
        /// The column that names the lead; `{ column: …, match: [case] }` where ids are written otherwise than the leads'.
        lead: LeadKey,
        /// The column that names the leads' column that changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// The leads' column that changed, in a file of changes of one column.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field_is: Option<String>,
        /// The column that holds its new value.
        value: String,
        /// The column that holds the value before. Of several changes at one instant it tells the last; without it the
        /// greatest value holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old: Option<String>,
        /// The column that says from when on.
        from: String,
        /// Only rows for which this SQL condition over the file's columns holds are read: `"activityTypeId = 22"`.
        #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
        only: Option<Predicate>,
    }
}

source! {
    /// Who was assigned to which arm, one unit a row.
    AssignmentsSpec {
        /// A file, a pattern or a list of them; a workbook, CSV (also gzip or zstd), NDJSON, Parquet or
        /// Arrow IPC.
        path: Paths,
        /// The column that names the unit. Without one every row is a unit of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
        /// The column that names the arm.
        arm: String,
        /// The column that says when it was assigned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// The column that names the arm whose model really scored it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivered: Option<String>,
        /// The column that names whom it belongs to (a rep, an account): its units are not independent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cluster: Option<String>,
        /// The column whose values were strata of the assignment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stratum: Option<String>,
        /// A number known before the assignment, such as the old score: it makes intervals shorter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        covariate: Option<String>,
        /// The column that says whether the arms' models treat it differently (one would hand it over, another not).
        /// With it only such units are compared: nothing can come from the others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        discordant: Option<String>,
        /// The column that says when (or whether) sales accepted it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<String>,
        /// The column that says when (or whether) sales worked it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worked: Option<String>,
    }
}

source! {
    /// Counts of a field test as a warehouse made them: a row an arm, or a row an arm and day.
    AggregatesSpec {
        /// A file, a pattern or a list of them.
        path: Paths,
        /// The column that names the arm.
        arm: String,
        /// The column that says on which day the units were assigned. With a `horizon` in the test's file the units of
        /// a day are mature that long after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<String>,
        /// The column that counts units.
        units: String,
        /// The column that counts units converted within the horizon.
        conversions: String,
        /// Whether a row counts all units up to its day (`true`: the last row of each arm holds all) or those of its day
        /// alone (`false`: rows are added up). Without it, rows that grow from day to day in every arm are an error.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cumulative: Option<bool>,
        /// The column that holds the mean of the value over all units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mean: Option<String>,
        /// The column that holds the value's variance over all units, divided by n - 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        variance: Option<String>,
    }
}

source! {
    /// What became of the units of a field test; several rows of a unit are several deals.
    FieldOutcomesSpec {
        /// A file, a pattern or a list of them. Without one the outcomes are columns of the assignments.
        #[serde(default, skip_serializing_if = "Paths::is_empty")]
        path: Paths,
        /// The column that names the unit, in a file of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
        /// The column that says when it was won.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        converted: Option<String>,
        /// The column that says when it was lost, or a list of such columns: the latest counts. With `flag` or `stage`,
        /// only where these do not say that it was won.
        #[serde(default, skip_serializing_if = "Names::is_empty")]
        lost: Names,
        /// The column that says when it was won or lost, where `stage` or `flag` says which. The date of a deal that is
        /// neither is an expectation, and no outcome.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed: Option<String>,
        /// Which values of a column mean won and which lost: `{ column: Stage, won: [Closed Won], lost: [Closed Lost] }`;
        /// deals of any other value are open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<StageSpec>,
        /// The column that says whether it was won; without `converted` or `closed`, nobody knows when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag: Option<String>,
        /// The flag's values that mean won, whatever their case. By default 1, true, t, yes, y, won, converted, closed won.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        positive: Vec<String>,
        /// The column that says what the deal was worth.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    }
}

/// How a source's files are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dialect {
    pub sheet: Option<String>,
    pub header_row: Option<u32>,
    pub delimiter: Option<u8>,
    pub encoding: Option<Encoding>,
    pub nulls: Vec<String>,
    pub nulls_in: BTreeMap<String, Vec<String>>,
    pub format: Option<Formats>,
    pub decimal: Option<Decimals>,
    pub as_written: Vec<String>,
}

impl Dialect {
    /// Whether a column's texts are kept as they are written, too; case is no difference, as where a model names a column.
    pub fn is_kept_as_written(&self, column: &str) -> bool {
        let folded = || column.to_lowercase();
        !self.as_written.is_empty() && self.as_written.iter().any(|name| name.to_lowercase() == folded())
    }

    pub fn encoding(&self) -> Option<&'static encoding_rs::Encoding> {
        self.encoding.as_ref().map(|encoding| encoding.encoding)
    }

    pub fn format(&self, column: &str) -> Option<Format> {
        self.format.as_ref()?.of(column).cloned()
    }

    pub fn decimal(&self, column: &str) -> Option<Decimal> {
        self.decimal.as_ref()?.of(column).copied()
    }

    pub fn nulls(&self, column: &str) -> Vec<String> {
        let own = self.nulls_in.get(column).into_iter().flatten();
        self.nulls.iter().chain(own).cloned().collect()
    }

    /// A key of it that is given.
    pub fn first_key(&self) -> Option<&'static str> {
        let given = [
            ("delimiter", self.delimiter.is_some()),
            ("encoding", self.encoding.is_some()),
            ("nulls", !self.nulls.is_empty()),
            ("nulls_in", !self.nulls_in.is_empty()),
            ("format", self.format.is_some()),
            ("decimal", self.decimal.is_some()),
        ];
        given.into_iter().find_map(|(key, is_given)| is_given.then_some(key))
    }

    /// Columns that the dialect speaks of by name.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let formats = self.format.iter().flat_map(PerColumn::columns);
        let decimals = self.decimal.iter().flat_map(PerColumn::columns);
        self.nulls_in.keys().chain(formats).chain(decimals).map(String::as_str)
    }
}

/// When a column's value is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KnownSpec {
    /// When the lead was created.
    AtCreation,
    /// Today's value, perhaps written by the sale itself.
    AsExported,
    /// From the time in another column on.
    At(String),
    /// A time that lies ahead by nature, such as the end of a contract: it is read before it comes.
    Planned,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    Number,
    Text,
    /// true or false, yes or no, 1 or 0.
    Flag,
    Time,
}

/// What stands before decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    Point,
    Comma,
}

/// Files or patterns, one or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths(pub Vec<String>);

impl Paths {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Paths {
    fn from(path: &str) -> Self {
        Self(vec![path.into()])
    }
}

impl Serialize for Paths {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

/// One text, or a list of at least one.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D, what: &'static str) -> Result<Vec<String>, D::Error> {
    struct OneOrSeveral(&'static str);

    impl<'de> Visitor<'de> for OneOrSeveral {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            write!(f, "a {0} or a list of {0}s", self.0)
        }

        fn visit_str<E: de::Error>(self, one: &str) -> Result<Vec<String>, E> {
            Ok(vec![one.into()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut several: A) -> Result<Vec<String>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = several.next_element()? {
                all.push(one);
            }
            if all.is_empty() {
                Err(de::Error::custom(format!("a list of {0}s without a {0}", self.0)))
            } else {
                Ok(all)
            }
        }
    }

    deserializer.deserialize_any(OneOrSeveral(what))
}

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_several(deserializer, "path").map(Self)
    }
}

/// Columns, one or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl Names {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Names {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_several(deserializer, "column").map(Self)
    }
}

impl JsonSchema for Names {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }],
            "description": "A column or a list of columns."
        })
    }
}

impl JsonSchema for Paths {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Paths".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }],
            "description": "A file, a pattern or a list of them, relative to the working directory."
        })
    }
}

/// Sections of one kind: one, or a list of at least one; none where the key is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOrMore<T>(pub Vec<T>);

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> OneOrMore<T> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Serialize> Serialize for OneOrMore<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sections<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Sections<T> {
            type Value = OneOrMore<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a section such as `{ path: …, … }`, or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, section: A) -> Result<Self::Value, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(section)).map(|one| OneOrMore(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sections: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(section) = sections.next_element()? {
                    all.push(section);
                }
                if all.is_empty() { Err(de::Error::custom("a list without a section")) } else { Ok(OneOrMore(all)) }
            }
        }

        deserializer.deserialize_any(Sections(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMore<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("OneOrMore{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let section = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [section, { "type": "array", "items": section, "minItems": 1 }] })
    }
}

/// How values are written: for all columns, or a column its own.
#[derive(Clone, Debug, PartialEq)]
pub enum PerColumn<T> {
    All(T),
    Each(BTreeMap<String, T>),
}

/// Formats of times.
pub type Formats = PerColumn<Format>;
/// What stands before decimals.
pub type Decimals = PerColumn<Decimal>;

/// A way of writing that has a name.
pub trait Way: FromStr<Err: fmt::Display> {
    /// What is expected instead of a text that is none.
    const EXPECTED: &'static str;
    const SCHEMA: &'static str;
    fn name(&self) -> &str;
}

impl Way for Format {
    const EXPECTED: &'static str = "a format such as `%d/%m/%Y`, or a map from columns to formats";
    const SCHEMA: &'static str = "How times are written: strftime (`%d/%m/%Y %H:%M`), `seconds`, `milliseconds` or `excel`; for all columns or one by one.";

    fn name(&self) -> &str {
        self.as_str()
    }
}

impl Way for Decimal {
    const EXPECTED: &'static str = "`point` or `comma`, or a map from columns to these";
    const SCHEMA: &'static str = "What stands before decimals: `point` or `comma`; for all columns or one by one.";

    fn name(&self) -> &str {
        if *self == Self::Point { "point" } else { "comma" }
    }
}

impl FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "point" => Ok(Self::Point),
            "comma" => Ok(Self::Comma),
            _ => Err(format!("`{text}` is nothing that stands before decimals: expected `point` or `comma`")),
        }
    }
}

impl<T> PerColumn<T> {
    fn of(&self, column: &str) -> Option<&T> {
        match self {
            Self::All(all) => Some(all),
            Self::Each(each) => each.get(column),
        }
    }

    fn columns(&self) -> impl Iterator<Item = &String> {
        let each = if let Self::Each(each) = self { Some(each.keys()) } else { None };
        each.into_iter().flatten()
    }
}

impl<T: Way> Serialize for PerColumn<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All(all) => serializer.serialize_str(all.name()),
            Self::Each(each) => serializer.collect_map(each.iter().map(|(column, one)| (column, one.name()))),
        }
    }
}

impl<'de, T: Way> Deserialize<'de> for PerColumn<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrEach<T>(PhantomData<T>);

        impl<'de, T: Way> Visitor<'de> for OneOrEach<T> {
            type Value = PerColumn<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, all: &str) -> Result<PerColumn<T>, E> {
                all.parse().map(PerColumn::All).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PerColumn<T>, A::Error> {
                let mut each = BTreeMap::new();
                while let Some((column, one)) = map.next_entry::<String, String>()? {
                    each.insert(column, one.parse().map_err(de::Error::custom)?);
                }
                Ok(PerColumn::Each(each))
            }
        }

        deserializer.deserialize_any(OneOrEach(PhantomData))
    }
}

impl<T: Way> JsonSchema for PerColumn<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        std::any::type_name::<T>().rsplit("::").next().map_or_else(String::new, |name| format!("{name}s")).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "object", "additionalProperties": { "type": "string" } }],
            "description": T::SCHEMA
        })
    }
}

/// One ASCII character between fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(pub u8);

impl Serialize for Delimiter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(char::from(self.0))
    }
}

impl<'de> Deserialize<'de> for Delimiter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_bytes() {
            b"tab" | b"\\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n".contains(byte) => Ok(Self(*byte)),
            _ => Err(de::Error::custom(format!("`{text}` is no delimiter: expected one character, or `tab`"))),
        }
    }
}

impl JsonSchema for Delimiter {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Delimiter".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "One character (`,` `;` `|`), or `tab`." })
    }
}

/// An encoding by one of its names in the WHATWG standard.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding {
    name: String,
    pub(crate) encoding: &'static encoding_rs::Encoding,
}

impl Encoding {
    /// What Western European editions of Windows write.
    pub(crate) fn windows() -> Self {
        Self { name: "windows-1252".into(), encoding: encoding_rs::WINDOWS_1252 }
    }
}

impl Serialize for Encoding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match encoding_rs::Encoding::for_label(name.as_bytes()) {
            Some(encoding) => Ok(Self { name, encoding }),
            None => Err(de::Error::custom(format!(
                "`{name}` is no known encoding: expected a name such as utf-8, windows-1252, latin1 or utf-16le"
            ))),
        }
    }
}

impl JsonSchema for Encoding {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Encoding".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "utf-8 (the default), windows-1252, latin1, utf-16le." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(yaml: &str) -> Result<DataSpec, String> {
        serde_yaml::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn a_data_section_is_read_as_it_is_written() {
        let spec = spec(
            "leads: { path: [a.csv, b-*.csv], id: lead_id, created: created_at, known: at_creation, \
               except: { crm_score: as_exported, stage: { at: stage_at } }, types: { zip: text }, nulls: [Select, 999], \
               nulls_in: { pdays: [999] }, format: { created_at: '%d/%m/%Y' }, delimiter: ';', decimal: comma }\n\
             events: { path: e.csv, lead: lead_id, at: at, kind_is: demo }\n\
             outcomes: { flag: y }\n\
             until: 2026-09-30\n\
             timezone: Europe/Berlin\n",
        )
        .unwrap();
        assert_eq!(spec.leads.path.0, ["a.csv", "b-*.csv"]);
        assert_eq!(spec.leads.except["stage"], KnownSpec::At("stage_at".into()));
        assert_eq!(spec.leads.dialect().nulls("pdays"), ["Select", "999", "999"]);
        assert_eq!(spec.leads.dialect().format("created_at"), Some(Format::Pattern("%d/%m/%Y".into())));
        assert_eq!(spec.leads.delimiter, Some(Delimiter(b';')));
        assert_eq!(spec.until.unwrap().to_string(), "2026-09-30");
    }

    #[test]
    fn what_is_misspelt_is_named_with_its_line() {
        let error = spec("leads:\n  path: a.csv\n  creatd: x\noutcomes: { flag: y }\n").unwrap_err();
        assert!(error.contains("creatd") && error.contains('3'), "{error}");
        let error = spec("leads: { path: a.csv, format: dd/mm }\noutcomes: { flag: y }\n").unwrap_err();
        assert!(error.contains("`dd/mm` is no format of times"), "{error}");
        let error = spec("leads: { path: a.csv, encoding: klingon }\noutcomes: { flag: y }\n").unwrap_err();
        assert!(error.contains("no known encoding"), "{error}");
    }

    #[test]
    fn what_a_source_needs_is_required() {
        let error =
            spec("leads: { path: a.csv }\nevents: { path: e.csv, lead: id }\noutcomes: { flag: y }\n").unwrap_err();
        assert!(error.contains("missing field `at`"), "{error}");
    }

    #[test]
    fn a_data_section_survives_being_written() {
        let before =
            spec("leads: { path: a.csv, format: seconds, delimiter: tab, encoding: latin1 }\noutcomes: { flag: y }\n");
        let before = before.unwrap();
        let text = serde_json::to_string(&before).unwrap();
        assert_eq!(serde_json::from_str::<DataSpec>(&text).unwrap(), before);
    }
}
