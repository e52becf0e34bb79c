//! Columns that know the outcome.

use crate::data::Known;
use crate::models::KnownColumn;
use crate::result::{Estimate, Leak};
use crate::stats::proportion::{Count, wilson};
use crate::stats::{Sample, discrimination, dist, quantile};
use crate::table::{Column, MISSING, Table};

use super::LEVEL;
use super::fit::dealt;

/// A column whose filled cells convert at least so often, even at the low end of the interval, was filled by the sale.
const DECIDED: f64 = 0.95;
/// The fewest filled cells that bear that conclusion.
const FILLED: f64 = 30.0;
/// No column known before the sale ranks so well alone.
const NEAR_PERFECT: f64 = 0.9;
/// A column that is declared as known later is worth naming from here on.
const WORTH_NAMING: f64 = 0.55;
/// Numbers with more values are cut into so many parts.
const PARTS: usize = 20;
const FOLDS: usize = 5;

/// A column and what it knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Screened {
    pub leak: Leak,
    /// Nobody knows it when leads are scored: it may go into no model.
    pub kept_out: bool,
}

/// How often a column changed for leads about the time they were won, by its history.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    pub column: String,
    /// Winners whose history is known for a month on either side of the win.
    pub winners: u64,
    /// Of those, with a change in the month from the win on and none in the month before; and the other way round.
    pub after: u64,
    pub before: u64,
}

/// Fewer winners than this share with a change after the win are no pattern.
const OFTEN: f64 = 0.05;

impl Changed {
    /// More winners change after the win than before it, beyond chance: McNemar's test, by its normal limit.
    fn follows_the_win(&self) -> bool {
        let (after, before) = (self.after as f64, self.before as f64);
        let z = (after - before) / (after + before).sqrt().max(1.0);
        after >= OFTEN * self.winners as f64 && after >= 2.0 * before && after >= 10.0 && dist::normal_p(z) < 0.001
    }
}

/// The columns that seem to know the outcome, the surest first. `changed` tells of those with a history.
///
/// # Panics
/// When `converted` is not aligned with `rows`.
pub fn leaks(
    table: &Table,
    columns: &[KnownColumn],
    rows: &[usize],
    converted: &[bool],
    changed: &[Changed],
) -> Vec<Screened> {
    assert_eq!(rows.len(), converted.len(), "an outcome for every row");
    let leads = Leads { rows, converted, all_exported: columns.iter().all(|c| c.known == Known::AsExported) };
    let of = |column: &KnownColumn| changed.iter().find(|one| one.column == column.name);
    let mut found: Vec<Screened> =
        columns.iter().filter_map(|column| screen(table.get(&column.name)?, column, &leads, of(column))).collect();
    let auc = |one: &Screened| one.leak.auc.point.finite().unwrap_or(0.0);
    found.sort_by(|a, b| auc(b).total_cmp(&auc(a)));
    found
}

/// The leads that columns are held against.
struct Leads<'a> {
    rows: &'a [usize],
    converted: &'a [bool],
    /// Nothing was declared of any column, so that says nothing.
    all_exported: bool,
}

fn screen(column: &Column, known: &KnownColumn, leads: &Leads, changed: Option<&Changed>) -> Option<Screened> {
    let &Leads { rows, converted, all_exported } = leads;
    let filled: Vec<bool> = rows.iter().map(|&row| !column.is_missing(row)).collect();
    let count = |of: bool| {
        let rows = || filled.iter().zip(converted).filter(move |(_, won)| **won == of);
        Count::new(rows().filter(|(filled, _)| **filled).count() as f64, rows().count() as f64)
    };
    let (won, other) = (count(true), count(false));
    let all = Count::new(won.successes, won.successes + other.successes);
    let base = won.n / (won.n + other.n);
    let codes = codes(column, rows);
    let encoded = encoded(&codes, converted);
    let tally = Sample::new(&encoded, converted).tally();
    let auc = discrimination::auc(&tally).ok()?;
    let by_winners = all.n >= FILLED
        && base < 0.9
        && wilson(all.successes, all.n, LEVEL).is_ok_and(|interval| interval.low >= DECIDED.max(base));
    let decided = decided(column, rows, &codes, converted).filter(|_| base < 0.9);
    let surely = by_winners || decided.is_some() || auc >= NEAR_PERFECT;
    let later = !all_exported && !matches!(known.known, Known::AtCreation | Known::ByHistory);
    let why = if by_winners {
        format!(
            "filled for winners and hardly for others: {:.1} % of the leads that have it converted",
            100.0 * all.successes / all.n
        )
    } else if let Some((level, leads, wins)) = decided {
        format!("{wins} of the {leads} leads with `{level}` converted: was it written after the sale?")
    } else if auc >= NEAR_PERFECT {
        "alone tells winners from the others almost without fail: was it written after the sale?".into()
    } else if let Some(changed) = changed.filter(|changed| changed.follows_the_win()) {
        let share = |count: u64| 100.0 * count as f64 / changed.winners as f64;
        format!(
            "changes when a lead is won: for {:.0} % of the winners in the month after the win, for {:.0} % in the month before; only its value at scoring may be used",
            share(changed.after),
            share(changed.before)
        )
    } else if later && auc >= WORTH_NAMING {
        match &known.known {
            Known::At(column) => format!("known only from `{column}` on"),
            _ => "declared as known only when the data were exported".into(),
        }
    } else {
        return None;
    };
    let rate = |count: Count| Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL));
    let leak = Leak {
        column: known.name.clone(),
        why,
        auc: Estimate::with(auc, discrimination::auc_interval(&tally, LEVEL)),
        filled_won: rate(won),
        filled_other: rate(other),
    };
    // What is read as it stood at scoring cannot know what was written later.
    let kept_out = match known.known {
        Known::At(_) => false,
        Known::ByHistory => surely,
        Known::AtCreation | Known::AsExported => true,
    };
    Some(Screened { leak, kept_out })
}

/// The level most of whose leads, nearly all, converted: its name, its leads and their wins.
fn decided(column: &Column, rows: &[usize], codes: &[u32], converted: &[bool]) -> Option<(String, u64, u64)> {
    let mut counts: std::collections::BTreeMap<u32, (u64, u64, usize)> = std::collections::BTreeMap::new();
    for (place, (code, won)) in codes.iter().zip(converted).enumerate().filter(|(_, (code, _))| **code != MISSING) {
        let count = counts.entry(*code).or_insert((0, 0, rows[place]));
        (count.0, count.1) = (count.0 + 1, count.1 + u64::from(*won));
    }
    let is_decided = |count: &&(u64, u64, usize)| {
        wilson(count.1 as f64, count.0 as f64, LEVEL).is_ok_and(|ends| ends.low >= DECIDED)
    };
    let most = counts.values().filter(is_decided).max_by_key(|count| count.0)?;
    let level = match column {
        Column::Text(text) => text.get(most.2).unwrap_or_default().to_owned(),
        Column::Flag(flags) => flags[most.2].map_or_else(String::new, |flag| flag.to_string()),
        Column::Number(values) => format!("about {}", values[most.2]),
        Column::Instant(_) => return None,
    };
    Some((level, most.0, most.1))
}

/// Each row's level: a text, yes or no, or one of twenty parts of a number's range; what is missing is a level.
fn codes(column: &Column, rows: &[usize]) -> Vec<u32> {
    match column {
        Column::Text(text) => rows.iter().map(|&row| text.codes[row]).collect(),
        Column::Flag(flags) => rows.iter().map(|&row| flags[row].map_or(MISSING, u32::from)).collect(),
        Column::Number(values) => parts(rows.iter().map(|&row| values[row]).collect()),
        // A time is known or not.
        Column::Instant(_) => rows.iter().map(|&row| if column.is_missing(row) { MISSING } else { 0 }).collect(),
    }
}

fn parts(values: Vec<f64>) -> Vec<u32> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut cuts: Vec<f64> = match sorted.is_empty() {
        true => Vec::new(),
        false => (1..PARTS).map(|part| quantile::sorted(&sorted, part as f64 / PARTS as f64)).collect(),
    };
    cuts.dedup();
    let code = |value: &f64| match value.is_nan() {
        true => MISSING,
        false => cuts.partition_point(|cut| cut < value) as u32,
    };
    values.iter().map(code).collect()
}

/// Each row's level by how the level's other rows converted: a level seen once knows nothing of its own row. Rows are
/// dealt to folds by chance: in files that go by turns (one row a weekday, say) every fifth would be a part of its own.
fn encoded(codes: &[u32], converted: &[bool]) -> Vec<f64> {
    let base = converted.iter().filter(|won| **won).count() as f64 / converted.len().max(1) as f64;
    let mut counts: std::collections::HashMap<(u32, usize), (f64, f64)> = std::collections::HashMap::new();
    let fold: Vec<usize> = (0..codes.len()).map(|row| dealt(row, FOLDS)).collect();
    for (row, (code, won)) in codes.iter().zip(converted).enumerate() {
        let count = counts.entry((*code, fold[row])).or_default();
        *count = (count.0 + f64::from(*won), count.1 + 1.0);
    }
    let rate = |row: usize| {
        let others = (0..FOLDS).filter(|other| *other != fold[row]);
        let (wins, leads) = others
            .filter_map(|fold| counts.get(&(codes[row], fold)))
            .fold((0.0, 0.0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        (wins + 10.0 * base) / (leads + 10.0)
    };
    (0..codes.len()).map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::Kind;
    use crate::table::Text;

    fn screened(column: Column, known: Known, converted: &[bool]) -> Vec<Screened> {
        let mut table = Table::new(converted.len());
        table.push("c", column);
        table.push("d", Column::Number(vec![1.0; converted.len()]));
        let one = |name: &str, known| KnownColumn { name: name.into(), kind: Kind::Number, known };
        let rows: Vec<usize> = (0..converted.len()).collect();
        leaks(&table, &[one("c", known), one("d", Known::AtCreation)], &rows, converted, &[])
    }

    fn outcomes() -> Vec<bool> {
        (0..2_000).map(|i| i * 7_919 % 97 < 10).collect()
    }

    #[test]
    fn a_column_filled_only_for_winners_is_a_leak() {
        let converted = outcomes();
        let values = converted.iter().enumerate().map(|(i, won)| if *won && i % 2 == 0 { 1.0 } else { f64::NAN });
        let found = screened(Column::Number(values.collect()), Known::AtCreation, &converted);
        assert_eq!(found.len(), 1);
        assert!(found[0].leak.why.starts_with("filled for winners"), "{}", found[0].leak.why);
    }

    #[test]
    fn an_id_knows_nothing_of_its_own_row() {
        let converted = outcomes();
        let levels: Vec<String> = (0..converted.len()).map(|i| format!("L{i}")).collect();
        let text = Text { codes: (0..converted.len() as u32).collect(), levels };
        assert_eq!(screened(Column::Text(text), Known::AtCreation, &converted), []);
    }

    #[test]
    fn a_value_whose_leads_nearly_all_converted_is_named() {
        let converted = outcomes();
        let flag = |i: usize, won: bool| Some(won && !i.is_multiple_of(3));
        let flags = converted.iter().enumerate().map(|(i, won)| flag(i, *won)).collect();
        let found = screened(Column::Flag(flags), Known::AtCreation, &converted);
        assert!(found[0].leak.why.contains("leads with `true` converted"), "{}", found[0].leak.why);
        // A flag that winners have twice as often as others is a criterion.
        let often = converted.iter().enumerate().map(|(i, won)| Some(i % 10 < if *won { 6 } else { 3 })).collect();
        assert_eq!(screened(Column::Flag(often), Known::AtCreation, &converted), []);
    }

    #[test]
    fn a_column_that_changes_when_a_lead_is_won_is_named() {
        let (converted, mut table) = (outcomes(), Table::new(2_000));
        table.push("stage", Column::Number((0..2_000).map(|i| f64::from(i % 3)).collect()));
        let rows: Vec<usize> = (0..2_000).collect();
        let found = |after: u64, before: u64, known: Known| {
            let column = KnownColumn { name: "stage".into(), kind: Kind::Number, known };
            let changed = Changed { column: "stage".into(), winners: 200, after, before };
            leaks(&table, &[column], &rows, &converted, &[changed])
        };
        let named = found(120, 10, Known::ByHistory);
        assert!(named[0].leak.why.contains("60 %"), "{}", named[0].leak.why);
        assert!(!named[0].kept_out, "its value at scoring is known");
        assert!(found(120, 10, Known::AtCreation)[0].kept_out);
        assert_eq!(found(20, 18, Known::ByHistory), []);
        assert_eq!(found(4, 0, Known::ByHistory), []);
    }

    #[test]
    fn a_column_known_later_is_named_when_it_ranks() {
        let converted = outcomes();
        let values: Vec<f64> =
            converted.iter().enumerate().map(|(i, won)| ((i % 7) as f64 + 3.0 * f64::from(*won)).min(6.0)).collect();
        assert_eq!(screened(Column::Number(values.clone()), Known::AtCreation, &converted), []);
        let found = screened(Column::Number(values), Known::At("seen_at".into()), &converted);
        assert!(found[0].leak.why.contains("seen_at"));
    }
}
