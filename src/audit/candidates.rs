//! What the leads and the log hold that no criterion says, as criteria to be weighed.

use crate::data::Known;
use crate::models::spec::{Criterion, Per};
use crate::models::{Contribution, KindSpec, KnownColumn, Placed, Points, Scores, Spec};
use crate::predicate::Predicate;
use crate::result::MissedKind;
use crate::stats::quantile;
use crate::table::{Column, Table, Text};
use crate::time::Span;

use super::{Candidate, Pair};

/// Text levels of a column that are looked at, the most frequent first.
const LEVELS: usize = 30;

/// Levels and quarters of the columns that may be known when a lead is scored, as conditions.
pub fn columns(attributes: &Table, columns: &[KnownColumn], training: &[usize]) -> Vec<Candidate> {
    let usable = columns.iter().filter(|column| matches!(column.known, Known::AtCreation | Known::ByHistory));
    usable
        .filter_map(|known| Some((known, attributes.get(&known.name)?)))
        .flat_map(|(known, column)| conditions(&known.name, column, training))
        .collect()
}

fn conditions(name: &str, column: &Column, training: &[usize]) -> Vec<Candidate> {
    let quoted = quoted(name);
    let conditions = match column {
        Column::Text(text) => levels(name, &quoted, text, training),
        Column::Flag(flags) => {
            let holds = training.iter().map(|&row| flags[row] == Some(true)).collect();
            vec![Condition { label: name.into(), when: quoted, holds }]
        }
        Column::Number(values) => quarters(name, &quoted, values, training),
        Column::Instant(_) => Vec::new(),
    };
    conditions.into_iter().filter_map(|condition| condition.candidate(name)).collect()
}

/// The column's name in SQL, in quotes where it needs some.
fn quoted(name: &str) -> String {
    let bare = Predicate::parse(&format!("{name} IS NULL")).is_ok_and(|condition| condition.columns().eq([name]));
    if bare { name.into() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Something that holds for some of the leads, in SQL.
struct Condition {
    label: String,
    when: String,
    holds: Vec<bool>,
}

impl Condition {
    /// Nothing where the words of the data make no condition.
    fn candidate(self, column: &str) -> Option<Candidate> {
        let when = Predicate::parse(&self.when).ok()?;
        let criterion = Criterion { name: self.label, when: Some(when), ..Criterion::default() };
        Some(Candidate { kind: MissedKind::Column, reads: column.into(), criterion, holds: self.holds })
    }
}

/// The most frequent levels.
fn levels(name: &str, quoted: &str, text: &Text, training: &[usize]) -> Vec<Condition> {
    let mut counts = vec![0usize; text.levels.len()];
    for &row in training {
        // What is missing is no level.
        if let Some(count) = counts.get_mut(text.codes[row] as usize) {
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|a, b| counts[*b].cmp(&counts[*a]).then_with(|| text.levels[*a].cmp(&text.levels[*b])));
    let level = |code: usize| {
        let level = &text.levels[code];
        Condition {
            label: format!("{name} is {level}"),
            when: format!("{quoted} = '{}'", level.replace('\'', "''")),
            holds: training.iter().map(|&row| text.codes[row] as usize == code).collect(),
        }
    };
    order.into_iter().take(LEVELS).map(level).collect()
}

/// Every run of quarters of a column's values.
fn quarters(name: &str, quoted: &str, values: &[f64], training: &[usize]) -> Vec<Condition> {
    let mut sorted: Vec<f64> = training.iter().map(|&row| values[row]).filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    if sorted.is_empty() {
        return Vec::new();
    }
    let mut cuts: Vec<f64> = [0.25, 0.5, 0.75].iter().map(|q| quantile::sorted(&sorted, *q)).collect();
    cuts.dedup();
    let ends: Vec<f64> = [f64::NEG_INFINITY].into_iter().chain(cuts).chain([f64::INFINITY]).collect();
    let mut found = Vec::new();
    for (i, low) in ends.iter().enumerate() {
        for high in &ends[i + 1..] {
            let (label, when) = match (low.is_finite(), high.is_finite()) {
                (false, false) => continue,
                (true, false) => (format!("{name} from {low} on"), format!("{quoted} >= {low}")),
                (false, true) => (format!("{name} below {high}"), format!("{quoted} < {high}")),
                (true, true) => {
                    (format!("{name} {low} to below {high}"), format!("{quoted} >= {low} AND {quoted} < {high}"))
                }
            };
            let holds = training.iter().map(|&row| *low <= values[row] && values[row] < *high).collect();
            found.push(Condition { label, when, holds });
        }
    }
    found
}

/// How the events of a kind that no criterion reads may count: ever, lately, often.
fn of_kind(kind: &str) -> [Criterion; 3] {
    let event = |name: String| Criterion { name, event: Some(kind.into()), ..Criterion::default() };
    [
        event(kind.into()),
        Criterion { within: Some(Span::from_days(7.0)), ..event(format!("{kind} in the last 7 days")) },
        Criterion { at_least: Some(3.0), ..event(format!("{kind}, three times or more")) },
    ]
}

/// The criteria that the kinds of events which no criterion names would make, as a model that is replayed with the
/// others; nothing where every kind is named.
pub fn unused_kinds(points: &Points, kinds: &[String]) -> Option<Spec> {
    let named = |kind: &str| {
        let criteria = points.criteria.iter().map(|placed| &placed.criterion);
        criteria.clone().any(|one| {
            one.event.as_deref() == Some(kind) || one.after.as_ref().is_some_and(|after| after.event == kind)
        })
    };
    let mut kinds: Vec<&String> = kinds.iter().filter(|kind| !named(kind)).collect();
    kinds.sort();
    let placed = |criterion: Criterion| {
        let path = format!("models.kinds.{}", criterion.name);
        Placed { path, criterion: Criterion { points: Some(1.0), ..criterion } }
    };
    let criteria: Vec<Placed> = kinds.into_iter().flat_map(|kind| of_kind(kind)).map(placed).collect();
    let points = Points { criteria, ..Points::default() };
    let some = !points.criteria.is_empty();
    some.then(|| Spec { name: "kinds".into(), kind: KindSpec::Points(Box::new(points)), brackets: None })
}

/// What that model gave the training leads.
pub fn events(spec: &Spec, scores: &Scores, training: &[usize]) -> Vec<Candidate> {
    let KindSpec::Points(points) = &spec.kind else { return Vec::new() };
    let candidate = |(placed, given): (&Placed, &Contribution)| Candidate {
        kind: MissedKind::Event,
        reads: placed.criterion.event.clone().unwrap_or_default(),
        criterion: Criterion { points: None, ..placed.criterion.clone() },
        holds: training.iter().map(|&row| given.fires(row)).collect(),
    };
    points.criteria.iter().zip(&scores.contributions).map(candidate).collect()
}

/// Every two criteria that a single one can say together: at least one of them is a condition on the lead.
pub fn pairs(points: &Points) -> Vec<Pair> {
    let criteria: Vec<&Criterion> = points.criteria.iter().map(|placed| &placed.criterion).collect();
    let mut pairs = Vec::new();
    for (first, a) in criteria.iter().enumerate() {
        for (second, b) in criteria.iter().enumerate().skip(first + 1) {
            if let Some(criterion) = both(a, b).or_else(|| both(b, a)) {
                pairs.push(Pair { first, second, criterion });
            }
        }
    }
    pairs
}

/// The criterion that holds where both do; nothing where `condition` is no condition on the lead.
fn both(condition: &Criterion, other: &Criterion) -> Option<Criterion> {
    let plain = |one: &Criterion| one.event.is_none() && one.inactive_for.is_none();
    let measured = |one: &Criterion| one.per_unit.is_some() || one.bands.is_some();
    if !plain(condition) || measured(condition) || measured(other) {
        return None;
    }
    let holds = [&condition.when, &condition.lead_when].into_iter().flatten();
    let too = if plain(other) { [&other.when, &other.lead_when] } else { [&other.lead_when, &None] };
    let parts: Vec<String> = holds.chain(too.into_iter().flatten()).map(|when| format!("({})", when.text())).collect();
    let when = Some(Predicate::parse(&parts.join(" AND ")).ok()?);
    let name = format!("{} and {}", condition.name, other.name);
    let base = Criterion { name, points: None, cap: None, group: None, ..other.clone() };
    Some(match plain(other) {
        true => Criterion { when, lead_when: None, ..base },
        // Counted once: that both hold is what is asked.
        false => {
            let per = other.per.map(|_| Per::Lead);
            Criterion { lead_when: when, per, half_life: None, expires: None, loses: None, ..base }
        }
    })
}
