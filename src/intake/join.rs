//! How a table's rows find their lead, found by trying: by its id, by several ids in a cell, by another column that names
//! leads, or through a third table; with what ids may differ in.

use std::collections::HashMap;

use crate::data::{LeadKey, Match, Via};
use crate::table::{Class, MISSING, Text};

use super::table::{Facts, Found, by_frequency};
use super::words::Meaning;

/// A way from a table's rows to leads.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub key: LeadKey,
    /// Rows that have a key, and those of them that find a lead.
    pub keyed: usize,
    pub matched: usize,
    /// Rows that find several leads.
    pub several: usize,
    /// The first lead of each row; [`MISSING`] where there is none.
    pub lead: Vec<u32>,
}

impl Join {
    pub fn share(&self) -> f64 {
        self.matched as f64 / self.keyed.max(1) as f64
    }

    /// Rows for each lead that has any.
    pub fn rows_per_lead(&self) -> f64 {
        let mut leads: Vec<u32> = self.lead.iter().copied().filter(|lead| *lead != MISSING).collect();
        let rows = leads.len();
        leads.sort_unstable();
        leads.dedup();
        rows as f64 / leads.len().max(1) as f64
    }
}

/// Leads by what may name them.
pub(crate) struct Leads<'a> {
    pub table: &'a Found,
    pub id: String,
    /// The column of their ids first, then others that name leads.
    names: Vec<Names<'a>>,
}

struct Names<'a> {
    column: &'a str,
    text: &'a Text,
    class: Option<Class>,
    plain: HashMap<&'a str, u32>,
}

/// Less of a column that finds leads is chance.
const TELLS: f64 = 0.3;
/// More that is found by one more way is worth its key.
const WORTH: f64 = 0.005;
/// A column all of whose keys find leads needs no name that says what it is.
const CERTAIN: f64 = 0.95;
/// Nothing is tried for the few that are left.
const ENOUGH: f64 = 0.995;
/// What may stand between ids in one cell.
const BETWEEN: [&str; 3] = [";", ",", "|"];
const FOLDS: [Match; 5] = [Match::Blanks, Match::Case, Match::Zeros, Match::Float, Match::Salesforce15];

impl<'a> Leads<'a> {
    pub fn new(table: &'a Found, id: &str) -> Self {
        let others =
            table.columns().filter(|(column, facts)| column.name != id && facts.names_rows() && facts.filled >= 10);
        let own = table.columns().filter(|(column, _)| column.name == id);
        let names = own.chain(others).filter_map(|(column, facts)| Names::of(&column.name, facts)).collect();
        Self { table, id: id.into(), names }
    }

    /// The best way from a table's rows to the leads; `others`: tables that may lead there.
    pub fn join(&self, table: &'a Found, others: &[&'a Found]) -> Option<Join> {
        let direct = self.best(table, &self.names);
        // An account has several leads: another way that finds nearly as many is better.
        let by_account = |join: &Join| {
            let class = table.get(&join.key.column).and_then(|(_, facts)| facts.class);
            !join.key.via.is_empty() && class == Some(Class::Account)
        };
        if direct.as_ref().is_some_and(|join| join.share() > TELLS && !by_account(join)) {
            return direct;
        }
        let through = others.iter().filter_map(|other| self.through(table, other)).max_by_key(|join| join.matched);
        let found = match (through, direct) {
            (Some(through), Some(direct)) if 10 * through.matched < 9 * direct.matched => direct,
            (Some(through), _) => through,
            (None, direct) => direct?,
        };
        Some(found).filter(|join| join.share() > TELLS)
    }

    fn best(&self, table: &Found, names: &[Names]) -> Option<Join> {
        let columns = table.columns().filter(|(column, facts)| {
            facts.distinct > 1 && !(std::ptr::eq(table, self.table) && column.name == self.id)
        });
        let own = table.own_keys();
        let tried = columns.filter_map(|(column, facts)| {
            let text = facts.keys.as_ref()?;
            let tried = self.column(&column.name, text, facts, names)?;
            let is_named = Meaning::Key.is_in(&column.name) || facts.class.is_some_and(Class::is_identity);
            let is_certain = tried.share() >= CERTAIN && tried.spread(names[0].text.codes.len());
            // Of two that find all, the one that names its own rows: an account has many leads, a deal one.
            let is_own = own.first() == Some(&column.name.as_str());
            let is_id = facts.class != Some(Class::Account);
            let rank = (tried.key.via.is_empty(), is_id, is_own, facts.names_rows(), is_named, tried.matched);
            (is_named || is_certain).then_some((rank, tried))
        });
        let tried: Vec<_> = tried.collect();
        let most = tried.iter().map(|(_, join)| join.matched).max()?;
        // Of those that find nearly as many, the plainest.
        let near = tried.into_iter().filter(|(_, join)| 100 * join.matched >= 97 * most);
        near.max_by_key(|(rank, _)| *rank).map(|(_, join)| join)
    }

    /// A column held against all that names leads.
    fn column(&self, column: &str, text: &Text, facts: &Facts, names: &[Names]) -> Option<Join> {
        let levels = by_frequency(text);
        let keyed: usize = levels.iter().map(|(_, rows)| rows).sum();
        let matched = |find: &dyn Fn(&str) -> bool| {
            levels.iter().filter(|(level, _)| find(level)).map(|(_, rows)| rows).sum::<usize>()
        };
        let split = BETWEEN.into_iter().find(|between| {
            let cells = levels.iter().filter(|(level, _)| level.contains(between)).count();
            cells > 0
                && matched(&|level| level.split(between).any(|part| names[0].find(part.trim()).is_some()))
                    > matched(&|level| names[0].find(level).is_some())
        });
        let mut way = Way { split, by: Vec::new(), through: Vec::new() };
        let mut found = matched(&|level| way.find(level, names).is_some());
        // What ids may differ in, then other columns that name leads: each where it finds more.
        let is_key = facts.distinct > 20 && (facts.class.is_some_and(Class::is_identity) || Meaning::Key.is_in(column));
        let is_enough = |found: usize| found as f64 >= ENOUGH * keyed as f64;
        for fold in FOLDS.into_iter().filter(|_| names[0].text.levels.len() > 1) {
            if is_enough(found) {
                break;
            }
            let mut with = way.clone();
            with.by.push(fold);
            let names_folded: Vec<Folded> = names[..1].iter().map(|one| one.folded(&with.by)).collect();
            let more = matched(&|level| with.find_folded(level, &names_folded).is_some());
            if more as f64 > found as f64 + WORTH * keyed as f64 {
                (way, found) = (with, more);
            }
        }
        for place in 1..names.len() {
            if is_enough(found) {
                continue;
            }
            // A key of another kind is not held against it letter by letter.
            let are_ids = is_key && names[place].class.is_some_and(Class::is_identity);
            let folds = FOLDS.into_iter().filter(|_| are_ids).map(|fold| [way.by.clone(), vec![fold]].concat());
            for by in std::iter::once(way.by.clone()).chain(folds).collect::<Vec<_>>() {
                let with = Way { by, through: [way.through.clone(), vec![place]].concat(), ..way.clone() };
                let folded: Vec<Folded> = std::iter::once(0)
                    .chain(with.through.iter().copied())
                    .map(|name| names[name].folded(&with.by))
                    .collect();
                let more = matched(&|level| with.find_folded(level, &folded).is_some());
                if more as f64 > found as f64 + WORTH * keyed as f64 {
                    (way, found) = (with, more);
                }
            }
        }
        if found == 0 {
            return None;
        }
        let folded: Vec<Folded> =
            std::iter::once(0).chain(way.through.iter().copied()).map(|name| names[name].folded(&way.by)).collect();
        let leads: Vec<Vec<u32>> = text.levels.iter().map(|level| way.all(level, &folded)).collect();
        let several = text.codes.iter().filter(|code| **code != MISSING && leads[**code as usize].len() > 1).count();
        let first = |code: &u32| {
            if *code == MISSING { MISSING } else { leads[*code as usize].first().copied().unwrap_or(MISSING) }
        };
        let via = way.through.first().map(|&place| Via {
            path: crate::data::Paths(self.table.sketch.files.clone()),
            from: names[place].column.into(),
            to: self.id.clone(),
        });
        let key = LeadKey {
            column: column.into(),
            by: way.by,
            via: via.into_iter().collect(),
            split: way.split.map(String::from),
            ..LeadKey::default()
        };
        Some(Join { key, keyed, matched: found, several, lead: text.codes.iter().map(first).collect() })
    }

    /// Through a table that has both keys.
    fn through(&self, table: &'a Found, other: &'a Found) -> Option<Join> {
        let last = self.best(other, &self.names).filter(|join| join.share() > TELLS)?;
        let from = other.columns().filter(|(column, _)| column.name != last.key.column);
        let steps = from.filter_map(|(column, facts)| {
            let text = facts.keys.as_ref()?;
            let leads = text.codes.iter().copied().zip(last.lead.iter().copied());
            Some(Names { column: &column.name, text, class: facts.class, plain: alone(text, leads) })
        });
        let steps: Vec<Names> = steps.collect();
        let mut best: Option<Join> = None;
        for step in steps {
            let column = step.column.to_string();
            let Some(mut join) = self.best(table, &[step]).filter(|join| join.share() > TELLS) else { continue };
            let first =
                Via { path: crate::data::Paths(other.sketch.files.clone()), from: column, to: last.key.column.clone() };
            join.key.via = std::iter::once(first).chain(last.key.via.clone()).collect();
            if best.as_ref().is_none_or(|known| known.matched < join.matched) {
                best = Some(join);
            }
        }
        best
    }
}

/// A way that is being tried: what stands between ids, what they may differ in, which other names lead on.
#[derive(Clone)]
struct Way {
    split: Option<&'static str>,
    by: Vec<Match>,
    through: Vec<usize>,
}

type Folded = HashMap<String, u32>;

/// Leads by values that stand for one of them: a value of two joins nothing.
fn alone(text: &Text, leads: impl Iterator<Item = (u32, u32)>) -> HashMap<&str, u32> {
    let mut found: HashMap<u32, Option<u32>> = HashMap::new();
    for (code, lead) in leads.filter(|(code, lead)| *code != MISSING && *lead != MISSING) {
        found.entry(code).and_modify(|known| *known = known.filter(|known| *known == lead)).or_insert(Some(lead));
    }
    found.into_iter().filter_map(|(code, lead)| Some((text.levels[code as usize].as_str(), lead?))).collect()
}

impl<'a> Names<'a> {
    fn of(column: &'a str, facts: &'a Facts) -> Option<Self> {
        let text = facts.keys.as_ref()?;
        let leads = text.codes.iter().enumerate().map(|(row, &code)| (code, row as u32));
        Some(Self { column, text, class: facts.class, plain: alone(text, leads) })
    }

    fn find(&self, key: &str) -> Option<u32> {
        self.plain.get(key).copied()
    }

    fn folded(&self, by: &[Match]) -> Folded {
        let key = LeadKey { by: by.to_vec(), ..LeadKey::default() };
        self.plain.iter().map(|(name, row)| (key.folded(name).into_owned(), *row)).collect()
    }
}

impl Way {
    fn find(&self, cell: &str, names: &[Names]) -> Option<u32> {
        self.parts(cell).find_map(|part| names[0].find(part))
    }

    fn find_folded(&self, cell: &str, names: &[Folded]) -> Option<u32> {
        self.all(cell, names).first().copied()
    }

    /// The leads of a cell, each once.
    fn all(&self, cell: &str, names: &[Folded]) -> Vec<u32> {
        let key = LeadKey { by: self.by.clone(), ..LeadKey::default() };
        let find = |part: &str| {
            let folded = key.folded(part);
            names.iter().find_map(|names| names.get(folded.as_ref()).copied())
        };
        let mut leads: Vec<u32> = Vec::new();
        for lead in self.parts(cell).filter_map(find) {
            if !leads.contains(&lead) {
                leads.push(lead);
            }
        }
        leads
    }

    fn parts<'c>(&self, cell: &'c str) -> Box<dyn Iterator<Item = &'c str> + 'c> {
        match self.split {
            Some(between) => Box::new(cell.split(between).map(str::trim)),
            None => Box::new(std::iter::once(cell)),
        }
    }
}

impl Join {
    /// Whether the leads that are found lie among all of them, and not among a few small numbers.
    fn spread(&self, leads: usize) -> bool {
        let found: Vec<usize> = self.lead.iter().filter(|lead| **lead != MISSING).map(|lead| *lead as usize).collect();
        let (Some(low), Some(high)) = (found.iter().min(), found.iter().max()) else { return false };
        2 * (high - low) > leads
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Sketch, Sketched};
    use crate::table::Column;

    /// A table of text columns.
    fn table(file: &str, columns: &[(&str, Vec<String>)]) -> Found {
        let sketched = |(name, values): &(&str, Vec<String>)| {
            let text = values.iter().map(|value| (!value.is_empty()).then_some(value.as_str())).collect();
            Sketched { name: (*name).into(), column: Column::Text(text), format: None, unclear: None, are_dates: false }
        };
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        let columns = columns.iter().map(sketched).collect();
        let (sheet, encoding, nulls) = (None, None, Vec::new());
        Found::of(Sketch { files: vec![file.into()], sheet, encoding, nulls, columns, rows, has_more: false })
    }

    fn each(rows: std::ops::Range<usize>, of: impl Fn(usize) -> String) -> Vec<String> {
        rows.map(of).collect()
    }

    fn leads() -> Found {
        table(
            "leads.csv",
            &[
                ("Lead ID", each(0..100, |row| format!("L{row:03}"))),
                ("Email", each(0..100, |row| format!("p{row}@x.example"))),
                ("Account ID", each(0..100, |row| format!("A{:02}", row / 4))),
                ("Converted Deal ID", each(0..100, |row| if row < 40 { format!("D{row:03}") } else { String::new() })),
            ],
        )
    }

    fn joined(table: &Found) -> Option<LeadKey> {
        let leads = leads();
        Leads::new(&leads, "Lead ID").join(table, &[]).map(|join| join.key)
    }

    #[test]
    fn a_leads_own_id_is_better_than_its_account() {
        let deals = [
            ("Account ID", each(0..60, |row| format!("A{:02}", row / 4))),
            ("Lead ID", each(0..60, |row| format!("L{row:03}"))),
        ];
        assert_eq!(joined(&table("deals.csv", &deals)).unwrap(), LeadKey::from("Lead ID"));
        // Accounts of four leads join nothing.
        assert_eq!(joined(&table("deals.csv", &deals[..1])), None);
    }

    #[test]
    fn keys_are_found_in_cells_of_several_and_written_otherwise() {
        let lists = table("deals.csv", &[("Contact IDs", each(0..50, |row| format!("L{row:03};L{:03}", row + 1)))]);
        assert_eq!(joined(&lists).unwrap().split.as_deref(), Some(";"));
        let shouted = table("mails.csv", &[("Recipient Email", each(0..60, |row| format!("P{row}@X.example")))]);
        let key = joined(&shouted).unwrap();
        assert_eq!((key.by, key.via[0].from.as_str(), key.via[0].to.as_str()), (vec![Match::Case], "Email", "Lead ID"));
        let converted = table("deals.csv", &[("Deal ID", each(0..40, |row| format!("D{row:03}")))]);
        assert_eq!(joined(&converted).unwrap().via[0].from, "Converted Deal ID");
    }

    #[test]
    fn a_third_table_leads_on() {
        let leads = leads();
        let roles = table(
            "roles.csv",
            &[
                ("Opportunity ID", each(0..50, |row| format!("O{row:03}"))),
                ("Lead ID", each(0..50, |row| format!("L{row:03}"))),
            ],
        );
        let deals = table("deals.csv", &[("Id", each(0..50, |row| format!("O{row:03}")))]);
        let join = Leads::new(&leads, "Lead ID").join(&deals, &[&roles]).unwrap();
        let via = &join.key.via[0];
        assert_eq!(
            (via.path.0[0].as_str(), via.from.as_str(), via.to.as_str()),
            ("roles.csv", "Opportunity ID", "Lead ID")
        );
        assert_eq!((join.keyed, join.matched), (50, 50));
    }

    #[test]
    fn the_share_is_of_rows_that_find_one_lead() {
        let deals = table("deals.csv", &[("Lead ID", each(0..100, |row| format!("L{:03}", row * 2)))]);
        let leads = leads();
        let join = Leads::new(&leads, "Lead ID").join(&deals, &[]).unwrap();
        assert_eq!((join.keyed, join.matched), (100, 50));
        // A few that are found by chance are no join.
        let few = table("deals.csv", &[("Lead ID", each(0..100, |row| format!("L{:03}", row * 4)))]);
        assert!(Leads::new(&leads, "Lead ID").join(&few, &[]).is_none());
    }
}
