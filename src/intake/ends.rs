//! What a table says of how deals end, by its stages, flags and times.

use std::collections::BTreeMap;

use crate::data::{Fate, Sketched, spoken};
use crate::table::{Column, Text, words_of};
use crate::time::{Instant, NEVER};

use super::table::{Facts, Found, by_frequency, there};
use super::words::{Meaning, likely};

/// Which columns tell what became of a lead, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    pub stage: Option<Stages>,
    pub flag: Option<(String, Vec<String>)>,
    pub closed: Option<String>,
    pub converted: Option<String>,
    pub lost: Vec<String>,
    pub value: Option<String>,
}

/// A column of stages, its values sorted.
#[derive(Clone, Debug)]
pub(crate) struct Stages {
    pub column: String,
    /// With their rows, the most frequent first.
    pub values: Vec<(String, Fate, usize)>,
}

impl Stages {
    pub fn of(&self, fate: Fate) -> Vec<String> {
        self.values.iter().filter(|(_, of, _)| *of == fate).map(|(value, ..)| value.clone()).collect()
    }
}

impl Ends {
    /// What a table of deals says; nothing where it says nothing of how they end.
    pub fn of_deals(table: &Found) -> Option<Self> {
        let value = amount(table);
        if let Some(stage) = stages(table) {
            return Some(Self { closed: closed(table, &stage), stage: Some(stage), value, ..Self::default() });
        }
        if let Some(flag) = flag(table) {
            let closed = time_of(table, Meaning::Closed).or_else(|| last_time(table));
            return Some(Self { flag: Some(flag), closed, value, ..Self::default() });
        }
        if let Some(stage) = unsorted_stages(table) {
            return Some(Self {
                closed: time_of(table, Meaning::Closed).or_else(|| last_time(table)),
                stage: Some(stage),
                value,
                ..Self::default()
            });
        }
        // A list of wins: whoever stands in it has bought.
        let converted = time_of(table, Meaning::Won);
        let converted = converted.or_else(|| table.is_named(Meaning::Deal).then(|| last_time(table)).flatten())?;
        Some(Self { converted: Some(converted), value, ..Self::default() })
    }

    /// What the leads' own columns say.
    pub fn of_leads(table: &Found) -> Option<Self> {
        let value = amount(table);
        let is_partly =
            |name: &str| table.get(name).is_some_and(|(_, facts)| 10 * facts.filled < 9 * table.sketch.rows);
        let named = |meaning: Meaning| {
            let of = table.times().filter(|(column, _)| meaning.is_in(&column.name) && is_partly(&column.name));
            of.filter(|(column, _)| !Meaning::Changed.is_in(&column.name) || meaning == Meaning::Won)
                .map(|(column, _)| column.name.clone())
                .collect::<Vec<String>>()
        };
        // Of several steps the last, which fewest take.
        let filled = |name: &String| table.get(name).map_or(0, |(_, facts)| facts.filled);
        let is_sale = |name: &String| SALE.iter().any(|word| name.to_lowercase().contains(word));
        let mut wins = named(Meaning::Won);
        // A lead that was converted into a contact or a deal has not bought yet.
        let is_step =
            |name: &str| is_conversion(name) && table.sketch.columns.iter().any(|column| leads_on(&column.name));
        wins.retain(|name| !is_step(name));
        let converted = wins.iter().min_by_key(|name| (!is_sale(name), filled(name))).cloned();
        if let Some(converted) = converted {
            let mut lost = named(Meaning::Lost);
            lost.retain(|name| *name != converted);
            return Some(Self { converted: Some(converted), lost, value, ..Self::default() });
        }
        if let Some((stage, closed)) = stages(table).zip(time_of(table, Meaning::Closed)) {
            return Some(Self { stage: Some(stage), closed: Some(closed), value, ..Self::default() });
        }
        if let Some((flag, positive)) = flag(table).filter(|(name, _)| !is_step(name)) {
            // A time that those have who bought, and nobody else.
            if let Some(converted) = time_of_those(table, &flag, &positive) {
                return Some(Self { converted: Some(converted), value, ..Self::default() });
            }
            let flag = (flag, positive);
            return Some(Self { flag: Some(flag), value, ..Self::default() });
        }
        let stage = stages(table)?;
        Some(Self { flag: Some((stage.column.clone(), stage.of(Fate::Won))), value, ..Self::default() })
    }

    /// Whether something says which rows are won.
    pub fn is_sorted(&self) -> bool {
        self.flag.is_some() || self.stage.as_ref().is_some_and(|stage| !stage.of(Fate::Won).is_empty())
    }

    /// The columns that it reads.
    pub fn columns(&self) -> Vec<String> {
        let one = [&self.closed, &self.converted, &self.value].into_iter().flatten().cloned();
        let told =
            self.stage.iter().map(|stage| stage.column.clone()).chain(self.flag.iter().map(|(flag, _)| flag.clone()));
        one.chain(self.lost.iter().cloned()).chain(told).collect()
    }

    /// The times of ends that are known: not those of open deals.
    pub fn times(&self, table: &Found) -> Vec<Instant> {
        let all = |name: &String| match table.get(name) {
            Some((Sketched { column: Column::Instant(at), .. }, _)) => at.clone(),
            _ => Vec::new(),
        };
        let mut times: Vec<Instant> = self.converted.iter().chain(&self.lost).flat_map(all).collect();
        if let Some(closed) = &self.closed {
            let open = |row: usize| match (&self.stage, &self.flag) {
                (Some(stage), _) => stage.fate(table, row) == Fate::Open,
                (None, Some((flag, positive))) => {
                    let text = table.get(flag).and_then(|(_, facts)| facts.keys.as_ref());
                    text.is_some_and(|text| !text.get(row).is_some_and(|value| positive.iter().any(|one| one == value)))
                }
                _ => false,
            };
            times.extend(all(closed).into_iter().enumerate().filter(|(row, _)| !open(*row)).map(|(_, at)| at));
        }
        times.retain(|at| *at != NEVER);
        times
    }
}

fn is_conversion(name: &str) -> bool {
    words_of(name).iter().any(|word| word.starts_with("convert") || word.starts_with("konvert"))
}

/// `ConvertedOpportunityId`: what a lead was converted into.
fn leads_on(name: &str) -> bool {
    is_conversion(name) && words_of(name).len() > 1 && Meaning::Key.is_in(name)
}

const SALE: [&str; 8] = ["customer", "kunde", "client", "klant", "won", "gewonn", "purchas", "sale"];

impl Stages {
    fn fate(&self, table: &Found, row: usize) -> Fate {
        let text = table.get(&self.column).and_then(|(_, facts)| facts.keys.as_ref());
        let value = text.and_then(|text| text.get(row));
        let of = |value: &str| self.values.iter().find(|(known, ..)| known == value).map(|(_, fate, _)| *fate);
        value.and_then(of).unwrap_or(Fate::Open)
    }

    /// Whether the deal of a row is won.
    pub fn is_won(&self, table: &Found, row: usize) -> bool {
        self.fate(table, row) == Fate::Won
    }

    /// Values that nothing sorts, all of whose ends come before the latest end of those that are sorted.
    fn ends(&self, table: &Found, closed: Option<&String>) -> Vec<String> {
        let Some((Sketched { column: Column::Instant(at), .. }, _)) = closed.and_then(|closed| table.get(closed))
        else {
            return Vec::new();
        };
        let over = |row: &usize| self.fate(table, *row) != Fate::Open && at[*row] != NEVER;
        let Some(latest) = (0..at.len()).filter(over).map(|row| at[row]).max() else { return Vec::new() };
        let Some(text) = table.get(&self.column).and_then(|(_, facts)| facts.keys.as_ref()) else { return Vec::new() };
        let is_past = |value: &str| {
            let rows = (0..at.len()).filter(|&row| text.get(row) == Some(value) && at[row] != NEVER);
            let (past, all) = rows.fold((0, 0), |(past, all), row| (past + usize::from(at[row] <= latest), all + 1));
            100 * past >= 98 * all && all > 0
        };
        let open = self.values.iter().filter(|(_, fate, _)| *fate == Fate::Open);
        open.map(|(value, ..)| value.clone()).filter(|value| is_past(value)).collect()
    }

    /// Values that nothing sorts, though most of their rows have an end that is past: with their rows.
    pub fn unsorted(&self, table: &Found, closed: Option<&String>, until: Instant) -> Vec<(String, usize)> {
        let Some((Sketched { column: Column::Instant(at), .. }, _)) = closed.and_then(|closed| table.get(closed))
        else {
            return Vec::new();
        };
        let Some(text) = table.get(&self.column).and_then(|(_, facts)| facts.keys.as_ref()) else { return Vec::new() };
        let rows: usize = self.values.iter().map(|(.., rows)| rows).sum();
        let is_over = |value: &str| {
            let of = (0..at.len()).filter(|&row| text.get(row) == Some(value) && at[row] != NEVER);
            let (past, all) = of.fold((0, 0), |(past, all), row| (past + usize::from(at[row] <= until), all + 1));
            all > 0 && 2 * past > all
        };
        let open =
            self.values.iter().filter(|(value, fate, n)| *fate == Fate::Open && 50 * n >= rows && is_over(value));
        open.map(|(value, _, rows)| (value.clone(), *rows)).collect()
    }
}

/// The column of stages: values that speak of wins, sorted by their words and by what else the rows say.
fn stages(table: &Found) -> Option<Stages> {
    let by_words = |(name, text): (&str, &Text)| {
        let won = by_frequency(text).iter().any(|(level, _)| spoken(level) == Some(Fate::Won));
        won.then(|| (name.to_string(), text.clone()))
    };
    let mut spoken_of: Vec<(String, Text)> = table.levels().filter_map(by_words).collect();
    spoken_of.sort_by_key(|(name, _)| !Meaning::Stage.is_in(name));
    let told = || told(table);
    if let Some((column, text)) = spoken_of.into_iter().next() {
        let by_row = told().unwrap_or_default();
        let fate = |level: &str| likely(level).or_else(|| majority(&text, level, &by_row)).unwrap_or(Fate::Open);
        return Some(Stages { values: sorted(&text, fate), column });
    }
    // No word is known: what flags and probabilities say.
    let by_row = told()?;
    let of_stage = table.levels().filter(|(name, _)| Meaning::Stage.is_in(name));
    of_stage
        .map(|(name, text)| {
            let fate = |level: &str| majority(text, level, &by_row).unwrap_or(Fate::Open);
            Stages { column: name.into(), values: sorted(text, fate) }
        })
        .find(|stages| !stages.of(Fate::Won).is_empty())
}

fn sorted(text: &Text, fate: impl Fn(&str) -> Fate) -> Vec<(String, Fate, usize)> {
    by_frequency(text).into_iter().map(|(level, rows)| (level.to_string(), fate(level), rows)).collect()
}

/// What nearly all rows of a level are by another column.
fn majority(text: &Text, level: &str, by_row: &[Option<Fate>]) -> Option<Fate> {
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    let rows = (0..by_row.len().min(text.codes.len())).filter(|&row| text.get(row) == Some(level));
    let mut all = 0;
    rows.for_each(|row| {
        all += 1;
        by_row[row].into_iter().for_each(|fate| *counts.entry(fate).or_default() += 1);
    });
    counts.into_iter().find(|(_, rows)| 10 * rows >= 9 * all).map(|(fate, _)| fate)
}

/// How each row stands by flags ("IsWon", "IsClosed") or by a probability of 0 or 100.
fn told(table: &Found) -> Option<Vec<Option<Fate>>> {
    let flag = |meaning: Meaning, not: Meaning| {
        // A lead that was converted into a deal has not bought yet.
        let is_step =
            |name: &str| is_conversion(name) && table.sketch.columns.iter().any(|column| leads_on(&column.name));
        let is_named = |(column, _): &(&Sketched, &Facts)| {
            meaning.is_in(&column.name) && !not.is_in(&column.name) && !is_step(&column.name)
        };
        table.columns().filter(is_named).find_map(|(column, facts)| yes_and_no(column, facts))
    };
    let rows = table.sketch.rows;
    let (won, closed) = (flag(Meaning::Won, Meaning::Closed), flag(Meaning::Closed, Meaning::Won));
    if let Some(won) = won {
        let fate = |row: usize| match (won[row], closed.as_ref().map(|closed| closed[row])) {
            (Some(true), _) => Some(Fate::Won),
            (_, Some(Some(true))) => Some(Fate::Lost),
            (_, Some(Some(false))) => Some(Fate::Open),
            _ => None,
        };
        return Some((0..rows).map(fate).collect());
    }
    let chance = table.columns().find_map(|(column, _)| match &column.column {
        Column::Number(numbers) if is_chance(&column.name, numbers) => Some(numbers),
        _ => None,
    })?;
    let top = chance.iter().copied().filter(|value| !value.is_nan()).fold(0.0, f64::max);
    let fate = |value: &f64| match *value {
        value if value == top && (top == 1.0 || top == 100.0) => Some(Fate::Won),
        0.0 => Some(Fate::Lost),
        value if value.is_nan() => None,
        _ => Some(Fate::Open),
    };
    Some(chance.iter().map(fate).collect())
}

/// A probability by its name, or by its values: few, from 0 to 100.
fn is_chance(name: &str, numbers: &[f64]) -> bool {
    let mut values: Vec<i64> = numbers.iter().filter(|value| !value.is_nan()).map(|value| *value as i64).collect();
    values.sort_unstable();
    values.dedup();
    let spans = values.first() == Some(&0) && values.last() == Some(&100) && values.len() <= 15;
    PROBABLE.iter().any(|word| name.to_lowercase().contains(word))
        || (spans && values.iter().all(|value| value % 5 == 0))
}

const PROBABLE: [&str; 4] = ["probab", "wahrscheinlich", "kans", "chance"];

fn yes_and_no(column: &Sketched, facts: &Facts) -> Option<Vec<Option<bool>>> {
    match &column.column {
        Column::Flag(flags) => Some(flags.clone()),
        _ => {
            let text = facts.keys.as_ref().filter(|_| facts.distinct <= 2)?;
            let is_yes = |value: &str| YES.contains(&value.to_lowercase().as_str());
            let known = |value: &str| is_yes(value) || NO.contains(&value.to_lowercase().as_str());
            let all_known = by_frequency(text).iter().all(|(level, _)| known(level));
            all_known.then(|| (0..text.codes.len()).map(|row| text.get(row).map(is_yes)).collect())
        }
    }
}

const YES: [&str; 9] = ["true", "yes", "1", "y", "t", "ja", "wahr", "oui", "sí"];
const NO: [&str; 9] = ["false", "no", "0", "n", "f", "nein", "falsch", "non", "nee"];

/// A column that tells won from not won, and its value that means won.
fn flag(table: &Found) -> Option<(String, Vec<String>)> {
    let two = table.columns().filter_map(|(column, facts)| {
        let flags = yes_and_no(column, facts)?;
        let yes = flags.iter().filter(|flag| **flag == Some(true)).count();
        let is_told = Meaning::Won.is_in(&column.name) || Meaning::Stage.is_in(&column.name);
        // What nobody or everybody has, and what most have, is no sale.
        let is_named = is_told || column.name.len() == 1;
        (is_named && yes > 0 && 2 * yes < flags.len().max(1) + 1).then(|| {
            let text = facts.keys.as_ref();
            let is_yes = |value: &&str| YES.contains(&value.to_lowercase().as_str());
            let values =
                text.map_or_else(Vec::new, |text| by_frequency(text).into_iter().map(|(level, _)| level).collect());
            let positive = values.into_iter().filter(|value| is_yes(value)).map(String::from).collect();
            (column.name.clone(), positive)
        })
    });
    let two: Vec<(String, Vec<String>)> = two.collect();
    let is_sale = |name: &str| SALE.iter().any(|word| name.to_lowercase().contains(word));
    two.into_iter().min_by_key(|(name, _)| !is_sale(name))
}

/// The time that the rows of a flag's values have, and no others.
fn time_of_those(table: &Found, flag: &str, positive: &[String]) -> Option<String> {
    let (sketched, facts) = table.get(flag)?;
    let is_yes = |row: usize| match (&sketched.column, &facts.keys) {
        (Column::Flag(flags), _) => flags[row] == Some(true),
        (_, Some(text)) => text.get(row).is_some_and(|value| positive.iter().any(|one| one == value)),
        _ => false,
    };
    let yes = (0..table.sketch.rows).filter(|&row| is_yes(row)).count();
    let fits = |at: &[Instant]| {
        let (both, filled) = (0..at.len())
            .filter(|&row| at[row] != NEVER)
            .fold((0, 0), |(both, filled), row| (both + usize::from(is_yes(row)), filled + 1));
        50 * both >= 49 * yes.max(1) && 50 * both >= 49 * filled
    };
    table.times().find(|(column, at)| is_end(&column.name) && fits(at)).map(|(column, _)| column.name.clone())
}

/// A column of stages whose words are not known: sorted by reasons of losses and by ends that are past, where that sorts
/// all; else none of its values is a win yet.
fn unsorted_stages(table: &Found) -> Option<Stages> {
    let is_stage = |(sketched, facts): &(&Sketched, &Facts)| {
        (2..=30).contains(&facts.distinct) && facts.keys.is_some() && Meaning::Stage.is_in(&sketched.name)
    };
    let (sketched, facts) = table.columns().find(is_stage)?;
    let (column, text) = (sketched.name.clone(), facts.keys.as_ref()?);
    let by_words = |level: &str| likely(level).unwrap_or(Fate::Open);
    let values = sorted(text, by_words);
    if values.iter().any(|(_, fate, _)| *fate == Fate::Won) {
        return Some(Stages { column, values });
    }
    let reason =
        table.columns().find(|(column, _)| REASON.iter().any(|word| column.name.to_lowercase().contains(word)));
    let has_reason = |level: &str| {
        let Some((reason, _)) = reason else { return false };
        let rows = (0..text.codes.len()).filter(|&row| text.get(row) == Some(level));
        let (with, all) =
            rows.fold((0, 0), |(with, all), row| (with + usize::from(!reason.column.is_missing(row)), all + 1));
        2 * with > all
    };
    let mut stage =
        Stages { column, values: sorted(text, |level| if has_reason(level) { Fate::Lost } else { by_words(level) }) };
    let closed = time_of(table, Meaning::Closed).or_else(|| last_time(table));
    let past = stage.ends(table, closed.as_ref());
    if let ([only], false) = (past.as_slice(), stage.of(Fate::Lost).is_empty()) {
        stage.values.iter_mut().filter(|(value, ..)| value == only).for_each(|value| value.1 = Fate::Won);
    }
    Some(stage)
}

const REASON: [&str; 6] = ["reason", "motif", "motivo", "grund", "reden", "powód"];

fn is_end(name: &str) -> bool {
    !(Meaning::Created.is_in(name) || Meaning::Changed.is_in(name) || Meaning::Planned.is_in(name))
}

fn time_of(table: &Found, meaning: Meaning) -> Option<String> {
    let named = table.times().filter(|(column, _)| meaning.is_in(&column.name) && is_end(&column.name));
    named.max_by_key(|(_, at)| there(at).count()).map(|(column, _)| column.name.clone())
}

/// When deals ended: by its name, or the latest of the times that most of the rows that are over have.
fn closed(table: &Found, stage: &Stages) -> Option<String> {
    let over: Vec<usize> = (0..table.sketch.rows).filter(|&row| stage.fate(table, row) != Fate::Open).collect();
    let of_most = |at: &[Instant]| 10 * over.iter().filter(|&&row| at[row] != NEVER).count() >= 9 * over.len();
    let named =
        table.times().filter(|(column, at)| Meaning::Closed.is_in(&column.name) && is_end(&column.name) && of_most(at));
    let named: Vec<String> = named.map(|(column, _)| column.name.clone()).collect();
    if let Some(first) = named.into_iter().next() {
        return Some(first);
    }
    let mean = |at: &[Instant]| over.iter().map(|&row| at[row] as f64 / over.len().max(1) as f64).sum::<f64>();
    let late = table.times().filter(|(column, at)| is_end(&column.name) && of_most(at));
    late.max_by(|a, b| mean(a.1).total_cmp(&mean(b.1))).map(|(column, _)| column.name.clone())
}

/// The latest of the times, on average.
fn last_time(table: &Found) -> Option<String> {
    let mean = |at: &[Instant]| {
        let times: Vec<f64> = there(at).map(|at| at as f64).collect();
        times.iter().sum::<f64>() / times.len().max(1) as f64
    };
    let ends = table.times().filter(|(column, _)| is_end(&column.name) || table.times().count() == 1);
    ends.max_by(|a, b| mean(a.1).total_cmp(&mean(b.1))).map(|(column, _)| column.name.clone())
}

fn amount(table: &Found) -> Option<String> {
    let is_amount =
        |column: &&Sketched| matches!(column.column, Column::Number(_)) && Meaning::Amount.is_in(&column.name);
    let is_money =
        |name: &str| !Meaning::Score.is_in(name) && !PROBABLE.iter().any(|word| name.to_lowercase().contains(word));
    let mut named = table.sketch.columns.iter().filter(is_amount).filter(|column| is_money(&column.name));
    named.next().map(|column| column.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Sketch;
    use crate::time::DAY;

    fn text(name: &str, value: impl Fn(usize) -> &'static str) -> Sketched {
        let values: Vec<&str> = (0..90).map(value).collect();
        let text = values.iter().map(|value| (!value.is_empty()).then_some(*value)).collect();
        sketched(name, Column::Text(text))
    }

    fn sketched(name: &str, column: Column) -> Sketched {
        Sketched { name: name.into(), column, format: None, unclear: None, are_dates: false }
    }

    /// 90 rows: 30 won, 30 lost, 30 open, whose ends lie ahead.
    fn deals(stages: [&'static str; 3], more: Vec<Sketched>) -> Found {
        let at = (0..90).map(|row| (20_000 + row + 200 * i64::from(row % 3 == 2)) * DAY).collect();
        let mut columns = vec![text("Stage", move |row| stages[row % 3]), sketched("Close Date", Column::Instant(at))];
        columns.extend(more);
        let (files, rows, has_more) = (vec!["deals.csv".into()], 90, false);
        Found::of(Sketch { files, sheet: None, encoding: None, nulls: Vec::new(), columns, rows, has_more })
    }

    fn sorted_into(table: &Found) -> [Vec<String>; 3] {
        let stage = Ends::of_deals(table).unwrap().stage.unwrap();
        [Fate::Won, Fate::Lost, Fate::Open].map(|fate| stage.of(fate))
    }

    fn names(names: [&str; 3]) -> [Vec<String>; 3] {
        names.map(|name| vec![name.to_string()])
    }

    #[test]
    fn stages_are_sorted_by_words_flags_probabilities_and_reasons() {
        assert_eq!(
            sorted_into(&deals(["Cierre ganado", "Cierre perdido", "Cita"], vec![])),
            names(["Cierre ganado", "Cierre perdido", "Cita"])
        );
        let coded = ["S5", "S6", "S1"];
        let chance = sketched("Prob.", Column::Number((0..90).map(|row| [100.0, 0.0, 40.0][row % 3]).collect()));
        assert_eq!(sorted_into(&deals(coded, vec![chance])), names(coded));
        let reason = text("Motivo", |row| if row % 3 == 1 { "price" } else { "" });
        assert_eq!(sorted_into(&deals(coded, vec![reason])), names(coded));
    }

    #[test]
    fn without_any_sign_no_stage_is_won() {
        let [won, lost, open] = sorted_into(&deals(["S5", "S6", "S1"], vec![]));
        assert_eq!((won.len(), lost.len(), open.len()), (0, 0, 3));
    }

    #[test]
    fn a_conversion_into_a_contact_is_no_sale() {
        let at = |from: i64| {
            Column::Instant((0..90).map(|row| if row % 3 == 0 { (from + row) * DAY } else { NEVER }).collect())
        };
        let lead = |more: Vec<Sketched>| {
            let columns = [vec![sketched("Converted Date", at(20_000))], more].concat();
            let files = vec!["leads.csv".into()];
            Found::of(Sketch {
                files,
                sheet: None,
                encoding: None,
                nulls: Vec::new(),
                columns,
                rows: 90,
                has_more: false,
            })
        };
        let told = |table: &Found| Ends::of_leads(table).and_then(|ends| ends.converted);
        assert_eq!(told(&lead(vec![])).as_deref(), Some("Converted Date"));
        assert_eq!(told(&lead(vec![text("Converted Opportunity ID", |_| "006")])), None);
        // Nor does its flag sort a status.
        let flagged = vec![
            text("Converted Opportunity ID", |_| "006"),
            text("IsConverted", |row| if row % 3 == 0 { "true" } else { "false" }),
            text("Status", |row| ["Closed - Converted", "Working", "Open"][row % 3]),
        ];
        assert!(Ends::of_leads(&lead(flagged)).is_none());
        let bought = sketched("Customer since", at(20_010));
        assert_eq!(
            told(&lead(vec![text("Converted Contact ID", |_| "003"), bought])).as_deref(),
            Some("Customer since")
        );
    }
}
