//! Columns that know the outcome.

use crate::data::Known;
use crate::models::KnownColumn;
use crate::result::{Estimate, Leak};
use crate::stats::proportion::{Count, wilson};
use crate::stats::{Sample, discrimination, quantile};
use crate::table::{Column, MISSING, Table};

use super::LEVEL;

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

/// The columns that seem to know the outcome, the surest first.
///
/// # Panics
/// When `converted` is not aligned with `rows`.
pub fn leaks(table: &Table, columns: &[KnownColumn], rows: &[usize], converted: &[bool]) -> Vec<Screened> {
    assert_eq!(rows.len(), converted.len(), "an outcome for every row");
    let all_exported = columns.iter().all(|column| column.known == Known::AsExported);
    let mut found: Vec<Screened> = columns
        .iter()
        .filter_map(|column| screen(table.get(&column.name)?, column, all_exported, rows, converted))
        .collect();
    let auc = |one: &Screened| one.leak.auc.point.finite().unwrap_or(0.0);
    found.sort_by(|a, b| auc(b).total_cmp(&auc(a)));
    found
}

fn screen(
    column: &Column,
    known: &KnownColumn,
    all_exported: bool,
    rows: &[usize],
    converted: &[bool],
) -> Option<Screened> {
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
    let later = !all_exported && !matches!(known.known, Known::AtCreation | Known::ByHistory);
    let why = if by_winners {
        format!(
            "filled for winners and hardly for others: {:.1} % of the leads that have it converted",
            100.0 * all.successes / all.n
        )
    } else if auc >= NEAR_PERFECT {
        "alone tells winners from the others almost without fail: was it written after the sale?".into()
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
    Some(Screened { leak, kept_out: !matches!(known.known, Known::At(_)) })
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

/// Each row's level by how the level's other rows converted: a level seen once knows nothing of its own row.
fn encoded(codes: &[u32], converted: &[bool]) -> Vec<f64> {
    let base = converted.iter().filter(|won| **won).count() as f64 / converted.len().max(1) as f64;
    let mut counts: std::collections::HashMap<(u32, usize), (f64, f64)> = std::collections::HashMap::new();
    for (row, (code, won)) in codes.iter().zip(converted).enumerate() {
        let count = counts.entry((*code, row % FOLDS)).or_default();
        *count = (count.0 + f64::from(*won), count.1 + 1.0);
    }
    let rate = |row: usize| {
        let others = (0..FOLDS).filter(|fold| *fold != row % FOLDS);
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
        leaks(&table, &[one("c", known), one("d", Known::AtCreation)], &rows, converted)
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
    fn a_column_known_later_is_named_when_it_ranks() {
        let converted = outcomes();
        let values: Vec<f64> =
            converted.iter().enumerate().map(|(i, won)| (i % 7) as f64 + 3.0 * f64::from(*won)).collect();
        assert_eq!(screened(Column::Number(values.clone()), Known::AtCreation, &converted), []);
        let found = screened(Column::Number(values), Known::At("seen_at".into()), &converted);
        assert!(found[0].leak.why.contains("seen_at"));
    }
}
