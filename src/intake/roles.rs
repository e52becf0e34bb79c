//! Which table is what: the leads, the deals, logs of what leads did, histories of their columns, other tables with columns
//! of theirs.

use std::collections::HashSet;

use crate::data::Fate;
use crate::table::{Class, Column, Text};

use super::ends::Ends;
use super::join::{Join, Leads};
use super::table::{Found, by_frequency, distinct, there};
use super::words::{Meaning, folded};

/// The tables by what they are, by their places.
pub(crate) struct Roles {
    pub leads: usize,
    pub id: Option<String>,
    pub deals: Option<(usize, Join, Ends)>,
    pub logs: Vec<(usize, Join, Log)>,
    pub history: Option<(usize, Join, Changes)>,
    /// Tables that say how deals ended, and lead to no lead.
    pub stray: Vec<usize>,
    /// Tables that nothing is made of, and why.
    pub unused: Vec<(usize, &'static str)>,
}

/// What a log of events holds where.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub at: String,
    /// The columns that say what happened; none: one kind throughout.
    pub kind: Vec<String>,
    /// Kinds, with their rows, the most frequent first.
    pub kinds: Vec<(String, usize)>,
    /// Rows that are changes of a field, and no events.
    pub without: Option<(String, String)>,
}

/// What a history of changes holds where.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    /// The column that names fields, or the one field whose changes these are.
    pub field: Result<String, String>,
    pub value: String,
    pub old: Option<String>,
    pub from: String,
    /// The rows that are changes, where others are events.
    pub only: Option<(String, String)>,
}

/// More kinds than this are details.
const KINDS: usize = 40;
/// Fewer rows for each lead than this are deals, more a log.
const DEALS: f64 = 1.5;

/// A log has more rows for each lead.
const REPEATED: f64 = 1.02;

/// Rows with an id, a name or an address of their own.
fn is_of_people(table: &Found) -> bool {
    let says = |class: Class| table.facts.iter().any(|facts| facts.class == Some(class) && facts.names_rows());
    let own = table
        .own_keys()
        .first()
        .is_some_and(|key| table.get(key).is_some_and(|(_, facts)| facts.filled == table.sketch.rows));
    let is_named = |(column, facts): (&crate::data::Sketched, &super::table::Facts)| {
        facts.class == Some(Class::PersonName)
            || (facts.class == Some(Class::Account) && column.name.to_lowercase().contains("name"))
    };
    own && (says(Class::Email) || table.columns().any(is_named))
}

impl Roles {
    /// # Errors
    /// When no table holds leads.
    pub fn of(tables: &[Found]) -> Result<Self, &'static str> {
        let leads = leads(tables).ok_or("none of the tables holds leads: expected one with a row for each")?;
        let table = &tables[leads];
        let id = table.own_keys().first().map(|name| (*name).to_string());
        let mut roles = Self {
            leads,
            id: id.clone(),
            deals: None,
            logs: Vec::new(),
            history: None,
            stray: Vec::new(),
            unused: Vec::new(),
        };
        let rest: Vec<usize> = (0..tables.len()).filter(|&place| place != leads).collect();
        let Some(id) = id else {
            roles.unused = rest.into_iter().map(|place| (place, "the leads have no id to join it by")).collect();
            return Ok(roles);
        };
        let by = Leads::new(table, &id);
        let fields: HashSet<String> = table.sketch.columns.iter().map(|column| folded(&column.name)).collect();
        let mut deals: Vec<(usize, Join, Ends)> = Vec::new();
        for &place in &rest {
            let one = &tables[place];
            let others: Vec<&Found> =
                rest.iter().filter(|&&other| other != place).map(|&other| &tables[other]).collect();
            let Some(join) = by.join(one, &others) else {
                let ends = Ends::of_deals(one)
                    .filter(|ends| ends.stage.as_ref().is_some_and(|stage| !stage.of(Fate::Lost).is_empty()));
                if ends.is_some() {
                    roles.stray.push(place);
                }
                roles.unused.push((place, "none of its columns names leads"));
                continue;
            };
            if roles.history.is_none()
                && let Some(changes) = changes(one, &join, &fields)
            {
                roles.history = Some((place, join, changes));
                continue;
            }
            let ends = Ends::of_deals(one).filter(|ends| ends.is_sorted() || join.rows_per_lead() < DEALS);
            let log = log(one, &join);
            let tells = ends.as_ref().is_some_and(|ends| ends.is_sorted() || ends.value.is_some());
            let is_won = ends
                .as_ref()
                .and_then(|ends| ends.converted.as_ref())
                .is_some_and(|at| Meaning::Won.is_in(at) || one.is_named(Meaning::Won));
            let is_won = is_won && log.as_ref().is_none_or(|log| log.kind.is_empty());
            let is_deals =
                is_won || tells && !one.is_named(Meaning::Activity) || (one.is_named(Meaning::Deal) && ends.is_some());
            match (ends, log) {
                (Some(ends), log) if is_deals || log.is_none() => deals.push((place, join, ends)),
                (_, Some(log))
                    if log.kind.is_empty() && join.rows_per_lead() < REPEATED && !one.is_named(Meaning::Activity) =>
                {
                    roles.unused.push((place, "it has a row for each lead and no kinds: no log of events"));
                }
                (_, Some(_)) if is_of_people(one) => {
                    roles.unused.push((place, "it is a table of people or companies, and no log of events"));
                }
                (_, Some(mut log)) => {
                    if roles.history.is_none()
                        && let Some(changes) = changes_within(one, &log, table)
                    {
                        log.without.clone_from(&changes.only);
                        let is_event = |kind: &(String, usize)| {
                            log.without
                                .as_ref()
                                .is_none_or(|(_, value)| kind.0 != *value && !kind.0.starts_with(&format!("{value}: ")))
                        };
                        log.kinds = log.kinds.iter().filter(|kind| is_event(kind)).cloned().collect();
                        roles.history = Some((place, join.clone(), changes));
                    }
                    roles.logs.push((place, join, log));
                }
                _ => roles.unused.push((place, "it holds no time at which something happened")),
            }
        }
        // Of several tables with ends the one that says most: stages, then those of most leads.
        deals.sort_by_key(|(_, join, ends)| {
            (!ends.is_sorted(), ends.stage.is_none(), ends.closed.is_none(), std::cmp::Reverse(join.matched))
        });
        let mut deals = deals.into_iter();
        roles.deals = deals.next();
        roles.unused.extend(deals.map(|(place, ..)| (place, "another table says how deals ended")));
        // A table that others lead through is used.
        let through: Vec<String> =
            roles.joins().flat_map(|join| &join.key.via).flat_map(|via| via.path.0.clone()).collect();
        roles.unused.retain(|(place, _)| !through.iter().any(|path| tables[*place].sketch.files.contains(path)));
        Ok(roles)
    }

    fn joins(&self) -> impl Iterator<Item = &Join> {
        let deals = self.deals.iter().map(|(_, join, _)| join);
        deals.chain(self.logs.iter().map(|(_, join, _)| join)).chain(self.history.iter().map(|(_, join, _)| join))
    }
}

/// The table of leads: people with an id and a creation, whom other tables name.
fn leads(tables: &[Found]) -> Option<usize> {
    let names: Vec<HashSet<&str>> = tables.iter().map(own_values).collect();
    let score = |place: usize| {
        let table = &tables[place];
        let has = |class: Class| table.facts.iter().any(|facts| facts.class == Some(class));
        let people = table.columns().filter(|(column, _)| Meaning::Person.is_in(&column.name)).count().min(3) as i32;
        let named_by =
            (0..tables.len()).filter(|&other| other != place && names_any(&tables[other], &names[place])).count();
        let of = |is: bool, points: i32| if is { points } else { 0 };
        people
            + of(has(Class::Email), 2)
            + of(has(Class::PersonName), 1)
            + of(!table.own_keys().is_empty(), 2)
            + of(table.times().next().is_some(), 1)
            + of(table.is_named(Meaning::Lead), 2)
            + of(
                table.is_named(Meaning::Lead)
                    && table.sketch.columns.iter().any(|column| Meaning::Won.is_in(&column.name)),
                1,
            )
            + of(is_log_like(table), -4)
            + of(table.is_named(Meaning::Deal) || table.is_named(Meaning::Activity), -3)
            + 2 * (named_by.min(3) as i32)
    };
    let best = (0..tables.len()).max_by_key(|&place| (score(place), std::cmp::Reverse(place)))?;
    (tables[best].sketch.rows > 1).then_some(best)
}

/// Rows that repeat one of few kinds at a time, and name somebody many times: what happened, and no people.
fn is_log_like(table: &Found) -> bool {
    let repeats = |facts: &super::table::Facts| {
        facts.class.is_some_and(Class::is_identity) && facts.filled > 0 && 10 * facts.distinct < 7 * facts.filled
    };
    table.sketch.columns.len() <= 10 && table.facts.iter().any(repeats) && table.times().next().is_some()
}

fn own_values(table: &Found) -> HashSet<&str> {
    let keys = table.own_keys();
    let of = keys.iter().filter_map(|name| table.get(name)).filter_map(|(_, facts)| facts.keys.as_ref());
    of.flat_map(distinct).collect()
}

/// Whether a column of keys holds mostly these.
fn names_any(table: &Found, names: &HashSet<&str>) -> bool {
    let is_key = |name: &str, facts: &super::table::Facts| {
        (Meaning::Key.is_in(name) || facts.class.is_some_and(Class::is_identity)) && facts.distinct > 20
    };
    table.columns().filter(|(column, facts)| is_key(&column.name, facts)).any(|(_, facts)| {
        let Some(text) = &facts.keys else { return false };
        let levels = by_frequency(text);
        let known = levels.iter().filter(|(level, _)| level.split([';', ',']).any(|part| names.contains(part.trim())));
        2 * known.count() > levels.len()
    })
}

/// Where a log says what happened and when.
fn log(table: &Found, join: &Join) -> Option<Log> {
    let rows = table.sketch.rows;
    let mut times: Vec<(&str, bool, usize)> = table
        .times()
        .filter(|(_, at)| 10 * there(at).count() >= 9 * rows)
        .map(|(column, at)| {
            (column.name.as_str(), column.are_dates, is_named_for_time(&column.name) * there(at).count())
        })
        .collect();
    // A time tells more than a date; what was changed last tells nothing.
    times.sort_by_key(|(name, are_dates, named)| {
        (Meaning::Changed.is_in(name) || Meaning::Planned.is_in(name), *are_dates, std::cmp::Reverse(*named))
    });
    let at = times.first()?.0.to_string();
    let is_free = |name: &str| name != at && join.key.column != name;
    let kind_like = |name: &str| Meaning::Kind.is_in(name) || Meaning::Subject.is_in(name);
    let mut columns: Vec<(&str, &Text)> = table
        .columns()
        .filter(|(column, facts)| {
            is_free(&column.name)
                && (2..=KINDS).contains(&facts.distinct)
                && 10 * facts.filled >= 9 * rows
                && facts.class.is_none_or(|class| class == Class::Identifier && Meaning::Kind.is_in(&column.name))
        })
        .filter_map(|(column, facts)| Some((column.name.as_str(), facts.keys.as_ref()?)))
        .filter(|(name, _)| kind_like(name))
        .collect();
    columns.sort_by_key(|(name, _)| !Meaning::Kind.is_in(name));
    let Some(&(first, text)) = columns.first() else {
        return Some(Log { at, kind: Vec::new(), kinds: Vec::new(), without: None });
    };
    // A second column that tells kinds apart: alone where it tells what the first does, else beside it.
    let second = columns[1..].iter().find_map(|&(name, other)| {
        let pairs = pairs(text, other);
        let determines = pairs.len() == distinct(other).len();
        (pairs.len() > distinct(text).len() && pairs.len() <= KINDS).then_some((name, other, determines))
    });
    let counted = |text: &Text| by_frequency(text).into_iter().map(|(level, rows)| (level.to_string(), rows)).collect();
    Some(match second {
        Some((name, other, true)) => Log { at, kind: vec![name.into()], kinds: counted(other), without: None },
        Some((name, other, false)) => {
            Log { at, kind: vec![first.into(), name.into()], kinds: pairs(text, other), without: None }
        }
        None => Log { at, kind: vec![first.into()], kinds: counted(text), without: None },
    })
}

fn is_named_for_time(name: &str) -> usize {
    if Meaning::Created.is_in(name) || name.to_lowercase().ends_with("at") { 2 } else { 1 }
}

/// Pairs of values that rows have, as kinds are named by two columns.
fn pairs(one: &Text, other: &Text) -> Vec<(String, usize)> {
    let join = |row: usize| match (one.get(row), other.get(row)) {
        (Some(one), Some(other)) => Some(format!("{one}: {other}")),
        (Some(only), None) | (None, Some(only)) => Some(only.to_string()),
        (None, None) => None,
    };
    let joined: Vec<Option<String>> = (0..one.codes.len()).map(join).collect();
    let text: Text = joined.iter().map(Option::as_deref).collect();
    by_frequency(&text).into_iter().map(|(level, rows)| (level.to_string(), rows)).collect()
}

/// A history: one column names fields of the leads, others hold what they became.
fn changes(table: &Found, join: &Join, fields: &HashSet<String>) -> Option<Changes> {
    let names_fields = |text: &Text| {
        let levels = by_frequency(text);
        let known = levels.iter().filter(|(level, _)| fields.contains(&folded(level))).count();
        known > 0 && (3 * known >= levels.len() || known >= 3)
    };
    let field = table
        .levels()
        .find(|(name, text)| *name != join.key.column && names_fields(text) && !is_value(name))?
        .0
        .to_string();
    let rest = || table.sketch.columns.iter().filter(|column| column.name != field && column.name != join.key.column);
    let named = |meaning: Meaning| {
        rest().find(|column| meaning.is_in(&column.name) && !matches!(column.column, Column::Instant(_)))
    };
    let old = named(Meaning::Old).map(|column| column.name.clone());
    let value =
        rest().find(|column| Meaning::Value.is_in(&column.name) && Some(&column.name) != old.as_ref())?.name.clone();
    let from = table.times().map(|(column, _)| column.name.clone()).find(|name| *name != value)?;
    Some(Changes { field: Ok(field), value, old, from, only: None })
}

fn is_value(name: &str) -> bool {
    Meaning::Old.is_in(name) || (Meaning::Value.is_in(name) && !Meaning::Field.is_in(name))
}

/// Stems of "new".
const NEW: [&str; 5] = ["new", "neu", "nouv", "nuev", "nov"];

/// Changes among the events: one kind has an old and a new value, and its rows name a column of the leads.
fn changes_within(table: &Found, log: &Log, leads: &Found) -> Option<Changes> {
    let values = |is: &dyn Fn(&str) -> bool| {
        let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_lowercase();
        table
            .columns()
            .find(|(column, facts)| facts.filled > 0 && last(&column.name).contains("val") && is(&last(&column.name)))
    };
    let (new, facts) = values(&|name| NEW.iter().any(|stem| name.starts_with(stem)))?;
    let (old, _) = values(&|name| Meaning::Old.is_in(name))?;
    let kind = log.kind.first()?;
    let text = table.get(kind).and_then(|(_, facts)| facts.keys.as_ref())?;
    let has = |row: usize| !new.column.is_missing(row);
    let (level, rows) = by_frequency(text).into_iter().find(|(level, rows)| {
        let with = (0..text.codes.len()).filter(|&row| has(row) && text.get(row) == Some(level)).count();
        10 * with >= 9 * rows && 10 * with >= 9 * facts.filled
    })?;
    // What the rows of that kind are named after.
    let said = table.columns().filter_map(|(_, facts)| facts.keys.as_ref()).flat_map(|named| {
        let mut of: Vec<&str> = (0..text.codes.len())
            .filter(|&row| text.get(row) == Some(level))
            .filter_map(|row| named.get(row))
            .collect();
        of.sort_unstable();
        of.dedup();
        if of.len() == 1 { of } else { Vec::new() }
    });
    let fields = || leads.sketch.columns.iter().map(|column| column.name.as_str());
    let field = said.filter_map(|said| fields().find(|field| folded(field) == folded(said))).next()?;
    (rows > 0).then(|| Changes {
        field: Err(field.to_string()),
        value: new.name.clone(),
        old: Some(old.name.clone()),
        from: log.at.clone(),
        only: Some((kind.clone(), level.to_string())),
    })
}
