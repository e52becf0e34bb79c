//! A points model as one SELECT for an engine: what every lead's score is, in the words of DuckDB.

use std::fmt::Write;

use super::shape::{Amount, Filter, Shape, Signal, shape};
use super::spec::{Bounds, Criterion};
use super::{Context, ModelError, Points};
use crate::data::Known;
use crate::predicate::{Kind, Predicate, Reader, find_name, instant, quoted};
use crate::replay::{AsOf, Decay};
use crate::table::inert;
use crate::time::{DAY, HOUR, Instant, Span};

/// What an engine's tables are called, and when leads are scored.
#[derive(Clone, Debug)]
pub struct Tables<'a> {
    /// The leads' columns of ids and of times of creation.
    pub id: &'a str,
    pub created: Option<&'a str>,
    /// The events' columns of leads and times, and of kinds (several make one name; or the one kind that they all are).
    pub log: Option<LogTable<'a>>,
    /// The leads' columns of dates: known from the end of their day on.
    pub dates: Vec<&'a str>,
    pub when: When<'a>,
}

#[derive(Clone, Debug)]
pub struct LogTable<'a> {
    pub lead: &'a str,
    pub at: &'a str,
    pub kind: &'a [String],
    pub are_dates: bool,
}

/// When leads are scored.
#[derive(Clone, Debug)]
pub enum When<'a> {
    /// All of them at one instant, those that are created by then.
    At(Instant),
    /// Each at a moment of its own, which is not after this instant.
    Each(&'a AsOf, Option<Instant>),
}

/// The SELECT that gives `id` and `score` of every lead from tables `leads` and `events`.
///
/// # Errors
/// When a criterion does not fit the data, and the rules are no platform's.
pub fn duckdb(points: &Points, context: &Context, tables: &Tables) -> Result<String, ModelError> {
    let mut writing = Writing { context, tables, of_leads: Vec::new(), of_events: Vec::new(), sums: Vec::new() };
    let mut given = Vec::new();
    for placed in &points.criteria {
        match writing.criterion(&placed.criterion, &placed.path) {
            Err(_) if points.is_foreign => given.push("0e0".to_string()),
            written => given.push(written?),
        }
    }
    Ok(writing.whole(points, &given))
}

struct Writing<'a, 'c> {
    context: &'a Context<'c>,
    tables: &'a Tables<'a>,
    /// Columns that are read.
    of_leads: Vec<String>,
    of_events: Vec<String>,
    /// What is made of each lead's events; a place is its name.
    sums: Vec<String>,
}

fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn number(value: f64) -> String {
    // With an exponent it is a floating number; without one engines reckon in whole or decimal ones.
    let text = format!("{value}e0");
    if value < 0.0 { format!("({text})") } else { text }
}

fn interval(span: Span) -> String {
    match span.micros() {
        micros if micros % HOUR == 0 => format!("INTERVAL {} HOUR", micros / HOUR),
        micros => format!("to_microseconds({micros})"),
    }
}

fn cast(column: &str, kind: Kind) -> String {
    let column = name(column);
    match kind {
        Kind::Number => format!("TRY_CAST({column} AS DOUBLE)"),
        Kind::Text => format!("CAST({column} AS VARCHAR)"),
        Kind::Flag => format!("TRY_CAST({column} AS BOOLEAN)"),
        Kind::Instant => format!("CAST({column} AS TIMESTAMP)"),
    }
}

fn clamped(text: &str, bounds: Bounds) -> String {
    let low =
        if bounds.low().is_finite() { format!("GREATEST({text}, {})", number(bounds.low())) } else { text.into() };
    if bounds.high().is_finite() { format!("LEAST({low}, {})", number(bounds.high())) } else { low }
}

/// What is left of a weight at an age in microseconds.
fn weight(decay: Decay, age: &str) -> String {
    let lives = |span: Span| format!("({age}) / {}", number(span.micros() as f64));
    match decay {
        Decay::None => "1e0".into(),
        Decay::HalfLife(span) => format!("pow(0.5, {})", lives(span)),
        Decay::Linear(span) => format!("GREATEST(1e0 - {}, 0e0)", lives(span)),
        Decay::Steps { share, every } => format!("GREATEST(1e0 - {} * floor({}), 0e0)", number(share), lives(every)),
    }
}

impl Writing<'_, '_> {
    /// What a criterion gives, within its cap.
    fn criterion(&mut self, criterion: &Criterion, path: &str) -> Result<String, ModelError> {
        let Shape { lead_when, signal } = shape(criterion, path)?;
        let when = lead_when.map(|when| self.lead_condition(path, &when)).transpose()?;
        let strength = self.signal(&signal, path)?;
        let strength = match when {
            Some(when) => format!("CASE WHEN {when} THEN {strength} ELSE 0e0 END"),
            None => strength,
        };
        let given = match criterion.points {
            Some(points) => format!("{} * {strength}", number(points)),
            None => strength,
        };
        Ok(criterion.cap.and_then(|cap| Bounds::new(-cap, cap)).map_or(given.clone(), |cap| clamped(&given, cap)))
    }

    fn signal(&mut self, signal: &Signal, path: &str) -> Result<String, ModelError> {
        Ok(match signal {
            Signal::Holds => "1e0".into(),
            Signal::Unit(column) => format!("COALESCE({}, 0e0)", self.number(column, path)?),
            Signal::Bands(column, bands) => {
                let column = self.number(column, path)?;
                let mut text = "CASE".to_string();
                for band in bands {
                    let range = band.range;
                    let sides = [
                        (range.low, if range.with_low { ">=" } else { ">" }),
                        (range.high, if range.with_high { "<=" } else { "<" }),
                    ];
                    let sides = sides.into_iter().filter(|(bound, _)| bound.is_finite());
                    let sides: Vec<String> =
                        sides.map(|(bound, sign)| format!("{column} {sign} {}", number(bound))).collect();
                    let holds = if sides.is_empty() { format!("{column} IS NOT NULL") } else { sides.join(" AND ") };
                    let _ = write!(text, " WHEN {holds} THEN {}", number(band.points));
                }
                text + " ELSE 0e0 END"
            }
            Signal::Once { filter, amount, at_least, decay } => {
                let filter = self.filter(filter, path)?;
                let amount = self.amount(amount, &filter, path)?;
                let holds = format!("{amount} >= {}", number(*at_least));
                if *decay == Decay::None {
                    format!("CASE WHEN {holds} THEN 1e0 ELSE 0e0 END")
                } else {
                    let latest = self.sum(format!("max(e._at) FILTER (WHERE {filter})"));
                    let age = format!("epoch_us(_as_of) - epoch_us({latest})");
                    format!("CASE WHEN {holds} AND {latest} IS NOT NULL THEN {} ELSE 0e0 END", weight(*decay, &age))
                }
            }
            Signal::Each { filter, amount: Amount::Distinct(column), .. } => {
                let filter = self.filter(filter, path)?;
                self.amount(&Amount::Distinct(column.clone()), &filter, path)?
            }
            Signal::Each { filter, amount, decay } => {
                let filter = self.filter(filter, path)?;
                let value = match amount {
                    Amount::Sum(column) => format!("{} * ", self.event_column(column, path)?),
                    _ => String::new(),
                };
                let weight = weight(*decay, "epoch_us(s._as_of) - epoch_us(e._at)");
                self.sum(format!("COALESCE(sum({value}{weight}) FILTER (WHERE {filter}), 0e0)"))
            }
            Signal::Inactive { filter, span } => {
                let filter = self.filter(filter, path)?;
                let latest = self.sum(format!("max(e._at) FILTER (WHERE {filter})"));
                let long = format!("_as_of - {latest} >= {}", interval(*span));
                format!("CASE WHEN {latest} IS NULL OR {long} THEN 1e0 ELSE 0e0 END")
            }
        })
    }

    fn amount(&mut self, amount: &Amount, filter: &str, path: &str) -> Result<String, ModelError> {
        let text = match amount {
            Amount::Events => format!("count(*) FILTER (WHERE {filter})"),
            Amount::Sum(column) => {
                format!("COALESCE(sum({}) FILTER (WHERE {filter}), 0e0)", self.event_column(column, path)?)
            }
            Amount::Distinct(column) => {
                format!("count(DISTINCT {}) FILTER (WHERE {filter})", self.event_column(column, path)?)
            }
        };
        Ok(self.sum(text))
    }

    /// The name of something made of a lead's events.
    fn sum(&mut self, text: String) -> String {
        let place = self.sums.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.sums.push(text);
            self.sums.len() - 1
        });
        format!("f{}", place + 1)
    }

    /// Which events count.
    fn filter(&mut self, filter: &Filter, path: &str) -> Result<String, ModelError> {
        let are_dates = self.tables.log.as_ref().is_some_and(|log| log.are_dates);
        let mut parts = vec![match &filter.kind {
            Some(kind) => format!("e._kind = {}", quoted(kind)),
            None => "e._at IS NOT NULL".into(),
        }];
        if let Some(when) = &filter.when {
            let when = self.context.event_condition(path, when)?;
            for column in when.columns() {
                self.event_column(column, path)?;
            }
            parts.push(format!("({})", when.written(Reader::DuckDb, &|column| format!("e.{}", name(column)))));
        }
        let days = |span: Span| span.micros() / DAY;
        if let Some(within) = filter.within {
            parts.push(match are_dates {
                true => format!("date_diff('day', e._at, s._as_of) <= {}", days(within)),
                false => format!("e._at > s._as_of - {}", interval(within)),
            });
        }
        if let Some(after) = &filter.after {
            let soon = match are_dates {
                true => format!("date_diff('day', a._at, e._at) <= {}", days(after.within)),
                false => format!("a._at >= e._at - {}", interval(after.within)),
            };
            let follows = format!(
                "EXISTS (SELECT 1 FROM e AS a WHERE a._lead = e._lead AND a._kind = {} AND a._at <= e._at AND {soon})",
                quoted(&after.event)
            );
            parts.push(follows);
        }
        Ok(parts.join(" AND "))
    }

    fn lead_condition(&mut self, path: &str, when: &Predicate) -> Result<String, ModelError> {
        let when = self.context.lead_condition(path, when)?;
        when.columns().for_each(|column| push(&mut self.of_leads, column));
        Ok(when.written(Reader::DuckDb, &|column| format!("s.{}", name(column))))
    }

    fn number(&mut self, column: &str, path: &str) -> Result<String, ModelError> {
        let column = self.context.number_column(path, column)?;
        push(&mut self.of_leads, &column);
        Ok(format!("s.{}", name(&column)))
    }

    fn event_column(&mut self, column: &str, path: &str) -> Result<String, ModelError> {
        let column = self.context.log(path)?.column(path, column, false)?;
        push(&mut self.of_events, &column);
        Ok(format!("e.{}", name(&column)))
    }

    /// A column of the leads as it was known at `_as_of`.
    fn known(&self, column: &str) -> Option<String> {
        let place = find_name(self.context.columns.iter().map(|known| known.name.as_str()), column)?;
        let known = &self.context.columns[place];
        let from = |time: &str| match self.tables.dates.contains(&time) {
            true => format!("l.{} + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND <= _as_of", name(time)),
            false => format!("l.{} <= _as_of", name(time)),
        };
        let holds = match &known.known {
            Known::At(other) => from(other),
            Known::Planned => return None,
            _ if known.kind == Kind::Instant => from(column),
            _ => return None,
        };
        Some(format!("CASE WHEN {holds} THEN l.{0} END AS {0}", name(column)))
    }

    fn whole(&self, points: &Points, given: &[String]) -> String {
        let mut text = String::from(
            "-- Scores of a points model, for DuckDB: tables `leads` and `events`, times as they are written there (UTC).\n",
        );
        let mut columns = self.of_leads.clone();
        for known in self.context.columns {
            if let (Known::At(other), true) = (&known.known, self.of_leads.contains(&known.name)) {
                push(&mut columns, other);
            }
            if known.known == Known::ByHistory && self.of_leads.contains(&known.name) {
                let _ = writeln!(
                    text,
                    "-- `{}` changes: its value in `leads` is taken for that of the moment.",
                    inert(&known.name)
                );
            }
        }
        text.push_str("WITH\n");
        self.log(&mut text);
        let kind = |column: &String| {
            let known = self.context.columns.iter().find(|known| known.name == *column);
            known.map_or(Kind::Text, |known| known.kind)
        };
        let own = columns.iter().map(|column| format!(",\n    {} AS {}", cast(column, kind(column)), name(column)));
        let created = self.tables.created.map_or("NULL".into(), |created| cast(created, Kind::Instant));
        let _ = writeln!(
            text,
            "l AS (\n  SELECT CAST({} AS VARCHAR) AS _id,\n    {created} AS _created{}\n  FROM leads\n),",
            name(self.tables.id),
            own.collect::<String>()
        );
        let (as_of, holds) = self.when();
        let hidden: Vec<String> = self.of_leads.iter().filter_map(|column| self.known(column)).collect();
        let replaced = self.of_leads.iter().filter(|column| self.known(column).is_some()).map(|column| name(column));
        let star = match hidden.is_empty() {
            true => "l.*".to_string(),
            false => format!("l.* EXCLUDE ({}), {}", replaced.collect::<Vec<_>>().join(", "), hidden.join(", ")),
        };
        let _ = writeln!(text, "m AS (\n  SELECT l.*, {as_of} AS _as_of\n  FROM l\n),");
        let _ = writeln!(text, "s AS (\n  SELECT {}\n  FROM m AS l\n  WHERE {holds}\n),", star);
        let sums = self.sums.iter().enumerate().map(|(place, sum)| format!(",\n    {sum} AS f{}", place + 1));
        let joined = "LEFT JOIN e ON e._lead = s._id AND e._at <= s._as_of";
        let from = if self.tables.log.is_some() && !self.sums.is_empty() { joined } else { "" };
        let _ =
            writeln!(text, "f AS (\n  SELECT s._id{}\n  FROM s {from}\n  GROUP BY s._id\n),", sums.collect::<String>());
        let each = points.criteria.iter().zip(given).enumerate().map(|(place, (placed, given))| {
            let end = if place + 1 == points.criteria.len() { "" } else { "," };
            format!("\n    {given} AS p{}{end} -- {}", place + 1, inert(&placed.criterion.name))
        });
        let _ =
            writeln!(text, "p AS (\n  SELECT s._id,{}\n  FROM s JOIN f ON f._id = s._id\n)", each.collect::<String>());
        let _ = write!(text, "SELECT _id AS id, {} AS score\nFROM p\nORDER BY id;\n", self.total(points));
        text
    }

    /// The events, and beside them what follows others.
    fn log(&self, text: &mut String) {
        let Some(log) = &self.tables.log else { return };
        let columns = self.context.events.map_or(&[][..], |events| events.columns);
        let kind =
            |column: &String| columns.iter().find(|(known, _)| known == column).map_or(Kind::Text, |(_, kind)| *kind);
        let own =
            self.of_events.iter().map(|column| format!(",\n    {} AS {}", cast(column, kind(column)), name(column)));
        let kinds: Vec<String> = log.kind.iter().map(|column| cast(column, Kind::Text)).collect();
        let kinds = if kinds.is_empty() { "NULL".into() } else { kinds.join(" || ' ' || ") };
        let _ = writeln!(
            text,
            "e AS (\n  SELECT CAST({} AS VARCHAR) AS _lead,\n    {} AS _at,\n    {kinds} AS _kind{}\n  FROM events\n),",
            name(log.lead),
            cast(log.at, Kind::Instant),
            own.collect::<String>()
        );
    }

    /// When a lead is scored, and which leads are.
    fn when(&self) -> (String, String) {
        match &self.tables.when {
            When::At(at) => {
                let at = instant(*at, Reader::DuckDb);
                let created = if self.tables.created.is_some() { "_created <= _as_of" } else { "TRUE" };
                (at, created.into())
            }
            When::Each(as_of, until) => {
                let moment = match as_of {
                    AsOf::Created => "_created".into(),
                    AsOf::AfterCreated(span) => format!("_created + {}", interval(*span)),
                    AsOf::Event(kind) => {
                        format!(
                            "(SELECT min(e._at) FROM e WHERE e._lead = l._id AND e._kind = {} AND e._at >= l._created)",
                            quoted(kind)
                        )
                    }
                };
                let until = until.map(|until| format!("_as_of <= {}", instant(until, Reader::DuckDb)));
                (moment, until.unwrap_or_else(|| "_as_of IS NOT NULL".into()))
            }
        }
    }

    /// The sum of the criteria, groups within their bounds, rounded as sales sees it.
    fn total(&self, points: &Points) -> String {
        let mut groups: Vec<(Option<&str>, Vec<String>)> = vec![(None, Vec::new())];
        for (place, placed) in points.criteria.iter().enumerate() {
            let (group, term) = (placed.criterion.group.as_deref(), format!("p{}", place + 1));
            match groups.iter_mut().find(|(known, _)| *known == group) {
                Some((_, terms)) => terms.push(term),
                None => groups.push((group, vec![term])),
            }
        }
        let sum = |(group, terms): (Option<&str>, Vec<String>)| {
            let bounds = group.and_then(|group| points.groups.get(group)).copied().unwrap_or(Bounds::OPEN);
            (!terms.is_empty()).then(|| clamped(&terms.join(" + "), bounds))
        };
        let sums: Vec<String> = groups.into_iter().filter_map(sum).collect();
        // To nine decimals first, as scores are: a half that lost its last digit still rounds up.
        let sum = format!("round({}, 9)", sums.join(" + "));
        let stepped = points.round.map_or(sum.clone(), |step| format!("round({sum} / {0}) * {0}", number(step)));
        format!("round({}, 9)", clamped(&stepped, points.bounds.unwrap_or(Bounds::OPEN)))
    }
}

fn push(columns: &mut Vec<String>, column: &str) {
    if !columns.iter().any(|known| known == column) {
        columns.push(column.into());
    }
}
