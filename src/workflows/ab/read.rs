use std::collections::{BTreeMap, BTreeSet};

use crate::data::{
    AggregatesSpec, Asked, AssignmentsSpec, Fate, FieldOutcomesSpec, Finding, FindingLevel, Role, RowFate, Wanted,
    columns,
};
use crate::result::Level;
use crate::table::{Column, Ids, MISSING, Text};
use crate::time::{Calendar, Instant, NEVER, days};
use crate::trial::{Aggregate, GuardrailColumn, Oddities, RatioColumn, Record, Segment, Units, from_aggregates};

use super::TestError;
use super::file::{Better, UnitKind};
use super::load::FieldTest;

/// What a test's files hold at a look.
pub(super) struct Seen {
    pub units: Units,
    pub oddities: Oddities,
    /// The day of the look and its last instant; nothing without times.
    pub as_of: Option<(String, Instant)>,
}

/// Reads the units or the counts of a test, as they looked at `as_of`.
pub(super) fn read(test: &FieldTest, as_of: Option<Instant>) -> Result<Seen, TestError> {
    match (&test.file.assignments, &test.file.aggregates) {
        (Some(assignments), None) => Reader { test, assignments }.read(as_of),
        (None, Some(aggregates)) => read_aggregates(test, aggregates, as_of),
        _ => Err(test
            .invalid("assignments", "expected either `assignments` or `aggregates`: the data of the test")
            .into()),
    }
}

/// Rows of an arm from which on steady growth is no chance.
const MOST_BY_CHANCE: usize = 3;

struct Reader<'a> {
    test: &'a FieldTest,
    assignments: &'a AssignmentsSpec,
}

/// Columns that were read, by the key that asked for them.
struct Columns(BTreeMap<String, Column>);

impl Columns {
    fn text(&mut self, key: &str) -> Option<Text> {
        match self.0.remove(key) {
            Some(Column::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn numbers(&mut self, key: &str) -> Option<Vec<f64>> {
        match self.0.remove(key) {
            Some(Column::Number(numbers)) => Some(numbers),
            _ => None,
        }
    }

    fn times(&mut self, key: &str) -> Option<Vec<Instant>> {
        match self.0.remove(key) {
            Some(Column::Instant(times)) => Some(times),
            _ => None,
        }
    }
}

/// What the rows of the assignments say about one unit.
struct Unit {
    row: usize,
    arm: usize,
    at: Instant,
    /// Its place among the units' names.
    name: Option<usize>,
    is_moved: bool,
}

impl Reader<'_> {
    fn outcomes(&self) -> Result<&FieldOutcomesSpec, TestError> {
        let outcomes = self.test.file.outcomes.as_ref();
        let outcomes = outcomes
            .ok_or_else(|| self.test.invalid("outcomes", "missing: name the column that says who converted"))?;
        let wrong = |message: &str| Err(self.test.invalid("outcomes", message).into());
        let telling = outcomes.telling();
        if let Err(why) = telling.check() {
            return wrong(&why);
        }
        if telling.is_one_time() && telling.stage.is_none() && telling.flag.is_none() {
            return wrong(
                "one column is the time of wins and of losses, and nothing says which is which: name `stage` or `flag`",
            );
        }
        if outcomes.path.is_empty() == outcomes.unit.is_some() {
            return wrong("a file of its own needs `unit: column`; outcomes on the assignments' rows need none");
        }
        if !outcomes.path.is_empty() && self.assignments.unit.is_none() {
            return wrong("a file of its own is joined by the units' names: give `assignments.unit`");
        }
        if telling.is_timed() && self.assignments.at.is_none() {
            return wrong("times of conversion need times of assignment: give `assignments.at`, or use a `flag`");
        }
        if telling.is_timed() && self.test.file.horizon.is_none() {
            return Err(self
                .test
                .invalid("horizon", "missing: within which time a conversion counts, such as `90d`")
                .into());
        }
        Ok(outcomes)
    }

    fn read(&self, as_of: Option<Instant>) -> Result<Seen, TestError> {
        let outcomes = self.outcomes()?;
        let (mut table, found) = self.columns(outcomes)?;
        let mut oddities = Oddities { looks_back: as_of.is_some(), found: said(found), ..Oddities::default() };
        let arms = table.text("arm").unwrap_or(Text { codes: Vec::new(), levels: Vec::new(), ..Text::default() });
        let at = table.times("at");
        let names = table.text("unit");
        let (mut units, ids) = self.units(&arms, at.as_deref(), names.as_ref(), &mut oddities);
        let named: BTreeSet<&str> = names.iter().flat_map(|names| names.levels.iter().map(String::as_str)).collect();
        oddities.not_by_hash = match (self.test.file.unit, table.0.get("cluster")) {
            // Whole representatives or accounts are hashed, not their leads.
            (UnitKind::Rep | UnitKind::Account, Some(Column::Text(own))) => self.not_by_hash(&units, Some(own)),
            _ => self.not_by_hash(&units, names.as_ref()),
        };
        let mut deals = Deals::read(self.test, outcomes, &mut table, &ids, &units, arms.codes.len())?;
        oddities.found.extend(said(std::mem::take(&mut deals.found)));
        oddities.strangers = deals.strangers.iter().filter(|name| !named.contains(name.as_str())).count() as u64;
        oddities.unknown_delivered = self.unknown_delivered(&table, &units)?;
        let timed = outcomes.telling().is_timed();
        let until = as_of.or(self.test.file.until.as_ref().map(|until| until.end(&self.test.file.timezone)));
        let look = if timed { Some(self.look(until, &units, &deals)) } else { until };
        units.retain(|unit| match look {
            Some(look) if at.is_some() && unit.at > look => {
                oddities.later += 1;
                false
            }
            _ => true,
        });
        if !timed && outcomes.stage.is_some() {
            units.retain(|unit| {
                let is_open = deals.of(unit.row).is_some_and(|deal| deal.is_open && !deal.won);
                oddities.open += u64::from(is_open);
                !is_open
            });
        }
        if timed {
            units.retain(|unit| {
                let before = deals.of(unit.row).is_some_and(|deal| deal.is_before(unit.at));
                oddities.decided_before += u64::from(before);
                !before
            });
        }
        let mut seen = if timed {
            let records: Vec<Record> = units.iter().map(|unit| deals.record(unit)).collect();
            let look = look.unwrap_or(0);
            oddities.outcomes_later = deals.times().filter(|at| *at != NEVER && *at > look).count() as u64;
            oddities.no_value = if outcomes.value.is_some() {
                records.iter().filter(|record| record.wins.iter().any(|win| win.0 <= look && win.1.is_nan())).count()
                    as u64
            } else {
                0
            };
            Units::timed(&records, self.test.file.horizon.map(|horizon| horizon.days()), look)
        } else {
            self.flagged(&units, &mut deals, at.is_some(), &mut oddities)
        };
        if outcomes.value.is_none() {
            seen.value = None;
        }
        let rows: Vec<usize> = units.iter().map(|unit| unit.row).collect();
        self.attach(&mut seen, &mut table, &rows, &units);
        let zone = &self.test.file.timezone;
        Ok(Seen { units: seen, oddities, as_of: look.map(|look| (zone.period_name(look, Calendar::Day), look)) })
    }

    fn flagged(&self, units: &[Unit], deals: &mut Deals, has_times: bool, oddities: &mut Oddities) -> Units {
        let deal = |unit: &Unit| deals.of(unit.row);
        let won: Vec<bool> = units.iter().map(|unit| deal(unit).is_some_and(|deal| deal.won)).collect();
        let value: Vec<f64> = units.iter().map(|unit| deal(unit).map_or(f64::NAN, |deal| deal.value)).collect();
        oddities.no_value = won.iter().zip(&value).filter(|(won, value)| **won && value.is_nan()).count() as u64;
        let mut seen = Units::flagged(units.iter().map(|unit| unit.arm).collect(), won);
        seen.value = Some(value.into_iter().map(|value| if value.is_nan() { 0.0 } else { value }).collect());
        if has_times && units.iter().all(|unit| unit.at != NEVER) {
            let first = units.iter().map(|unit| unit.at).min().unwrap_or(0);
            seen.entry = Some(units.iter().map(|unit| days(unit.at - first)).collect());
        }
        seen
    }

    /// The look's instant: given, or the latest that any file tells of.
    fn look(&self, until: Option<Instant>, units: &[Unit], deals: &Deals) -> Instant {
        let latest = units.iter().map(|unit| unit.at).chain(deals.times()).filter(|at| *at != NEVER).max();
        until.unwrap_or(latest.unwrap_or(0))
    }

    fn columns(&self, outcomes: &FieldOutcomesSpec) -> Result<(Columns, Vec<Finding>), TestError> {
        let spec = self.assignments;
        let optional = [
            ("unit", &spec.unit, Wanted::Text),
            ("at", &spec.at, Wanted::Start),
            ("delivered", &spec.delivered, Wanted::Text),
            ("cluster", &spec.cluster, Wanted::Text),
            ("stratum", &spec.stratum, Wanted::Text),
            ("covariate", &spec.covariate, Wanted::Number),
            ("discordant", &spec.discordant, Wanted::Text),
            ("accepted", &spec.accepted, Wanted::Text),
            ("worked", &spec.worked, Wanted::Text),
        ];
        let own = if outcomes.path.is_empty() { outcome_columns(outcomes) } else { Vec::new() };
        let mut asked: Vec<(String, &str, Wanted)> = vec![("arm".into(), &spec.arm, Wanted::Text)];
        for (key, column, wanted) in optional {
            asked.extend(column.as_deref().map(|column| (key.to_string(), column, wanted)));
        }
        asked.extend(own);
        for column in &self.test.file.segments {
            asked.push((format!("segment {column}"), column, Wanted::Text));
        }
        for (name, ratio) in self.test.file.ratios.iter() {
            asked.push((format!("numerator {name}"), &ratio.numerator, Wanted::Number));
            asked.push((format!("denominator {name}"), &ratio.denominator, Wanted::Number));
        }
        for (name, guard) in self.test.file.guardrails.iter() {
            asked.push((format!("guardrail {name}"), &guard.column, Wanted::Number));
        }
        let asks: Vec<Asked> =
            asked.iter().map(|(_, column, wanted)| Asked { column, key: "the test", wanted: *wanted }).collect();
        let (read, found) = columns(spec, &asks, &self.test.base, &self.test.file.timezone)?;
        Ok((Columns(asked.into_iter().map(|(key, ..)| key).zip(read).collect()), found))
    }

    /// One unit for every name, in order of first appearance, and the names' places.
    fn units(
        &self,
        arms: &Text,
        at: Option<&[Instant]>,
        names: Option<&Text>,
        oddities: &mut Oddities,
    ) -> (Vec<Unit>, Ids) {
        let place: Vec<Option<usize>> =
            arms.levels.iter().map(|level| self.test.arms.iter().position(|arm| arm.name == *level)).collect();
        let (mut units, mut ids, mut unknown) = (Vec::<Unit>::new(), Ids::default(), BTreeMap::new());
        for (row, &code) in arms.codes.iter().enumerate() {
            if code == MISSING {
                oddities.no_arm += 1;
                continue;
            }
            let Some(arm) = place[code as usize] else {
                *unknown.entry(arms.levels[code as usize].clone()).or_insert(0) += 1;
                continue;
            };
            let at = at.map_or(NEVER, |at| at[row]);
            if at == NEVER && self.assignments.at.is_some() {
                oddities.no_time += 1;
                continue;
            }
            let name = match names.map(|names| names.get(row)) {
                Some(Some(name)) => Some(ids.insert(name)),
                Some(None) => {
                    oddities.no_arm += 1;
                    continue;
                }
                None => None,
            };
            // With names, every unit stands at its name's place.
            let known = name.filter(|(_, is_new)| !is_new);
            match known.and_then(|(place, _)| units.get_mut(place)) {
                Some(unit) => {
                    oddities.repeated += u64::from(unit.arm == arm);
                    unit.is_moved |= unit.arm != arm;
                    unit.at = unit.at.min(at);
                }
                None => units.push(Unit { row, arm, at, name: name.map(|(place, _)| place), is_moved: false }),
            }
        }
        (oddities.holdouts, oddities.unknown_arms) = self.test.holdouts_apart(unknown);
        oddities.several_arms = units.iter().filter(|unit| unit.is_moved).count() as u64;
        units.retain(|unit| !unit.is_moved);
        (units, ids)
    }

    /// Labels of who scored the units that are no arm.
    fn unknown_delivered(&self, table: &Columns, units: &[Unit]) -> Result<Vec<(String, u64)>, TestError> {
        let Some(Column::Text(delivered)) = table.0.get("delivered") else { return Ok(Vec::new()) };
        let is_arm = |label: &str| self.test.arms.iter().any(|arm| arm.name == label);
        let (mut unknown, mut known) = (BTreeMap::new(), 0);
        for label in units.iter().filter_map(|unit| delivered.get(unit.row)) {
            match is_arm(label) {
                true => known += 1,
                false => *unknown.entry(label.to_string()).or_insert(0) += 1,
            }
        }
        if known == 0 && !unknown.is_empty() {
            let shown = |names: &mut dyn Iterator<Item = &str>| {
                names.take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            };
            let message = format!(
                "delivered: no unit was scored by an arm of the test: the column holds {}, the arms are {}; write the arms' names",
                shown(&mut unknown.keys().map(String::as_str)),
                shown(&mut self.test.arms.iter().map(|arm| arm.name.as_str()))
            );
            return Err(self.test.invalid("assignments", message).into());
        }
        Ok(unknown.into_iter().collect())
    }

    fn not_by_hash(&self, units: &[Unit], names: Option<&Text>) -> Option<u64> {
        let (assigner, names) = (self.test.assigner()?, names?);
        let is_off =
            |unit: &&Unit| names.get(unit.row).is_some_and(|name| assigner.arm(name) != self.test.arms[unit.arm].name);
        Some(units.iter().filter(is_off).count() as u64)
    }

    /// The columns beside arms and outcomes.
    fn attach(&self, seen: &mut Units, table: &mut Columns, rows: &[usize], units: &[Unit]) {
        let of = |numbers: Vec<f64>| -> Vec<f64> { rows.iter().map(|&row| numbers[row]).collect() };
        seen.cluster = table.text("cluster").map(|text| numbered(&text, rows));
        seen.stratum = table.text("stratum").map(|text| numbered(&text, rows));
        seen.covariate = table.numbers("covariate").map(of);
        seen.discordant = table.text("discordant").map(|text| happened(&text, rows));
        seen.accepted = table.text("accepted").map(|text| happened(&text, rows));
        seen.worked = table.text("worked").map(|text| happened(&text, rows));
        seen.delivered = table.text("delivered").map(|text| {
            let is_own = |unit: &Unit| text.get(unit.row).is_none_or(|arm| arm == self.test.arms[unit.arm].name);
            units.iter().map(is_own).collect()
        });
        for column in &self.test.file.segments {
            if let Some(text) = table.text(&format!("segment {column}")) {
                let level =
                    rows.iter().map(|&row| (text.codes[row] != MISSING).then_some(text.codes[row] as usize)).collect();
                seen.segments.push(Segment { column: column.clone(), levels: text.levels, level });
            }
        }
        for (name, _) in self.test.file.ratios.iter() {
            let of_key = |table: &mut Columns, key: String| table.numbers(&key).map(of);
            if let (Some(numerator), Some(denominator)) =
                (of_key(table, format!("numerator {name}")), of_key(table, format!("denominator {name}")))
            {
                let zero = |numbers: Vec<f64>| numbers.into_iter().map(|n| if n.is_nan() { 0.0 } else { n }).collect();
                seen.ratios.push(RatioColumn {
                    name: name.into(),
                    numerator: zero(numerator),
                    denominator: zero(denominator),
                });
            }
        }
        for (name, guard) in self.test.file.guardrails.iter() {
            if let Some(value) = table.numbers(&format!("guardrail {name}")).map(of) {
                let lower_is_better = guard.better == Better::Lower;
                seen.guardrails.push(GuardrailColumn {
                    name: name.into(),
                    value,
                    margin: guard.margin,
                    lower_is_better,
                });
            }
        }
    }
}

/// The columns of the outcomes, by what they say.
fn outcome_columns(outcomes: &FieldOutcomesSpec) -> Vec<(String, &str, Wanted)> {
    let value = outcomes.value.as_deref().map(|column| (Role::Value, column));
    let all = outcomes.telling().columns().into_iter().chain(value);
    all.map(|(role, column)| (key(role), column, role.wanted())).collect()
}

fn key(role: Role) -> String {
    format!("{role:?}")
}

/// Values numbered from 0; the missing ones are one value of their own.
fn numbered(text: &Text, rows: &[usize]) -> Vec<usize> {
    rows.iter()
        .map(|&row| if text.codes[row] == MISSING { text.levels.len() } else { text.codes[row] as usize })
        .collect()
}

/// Whether a time or a yes stands there.
fn happened(text: &Text, rows: &[usize]) -> Vec<bool> {
    rows.iter().map(|&row| text.get(row).is_some_and(|value| !is_no(value))).collect()
}

fn is_no(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "" | "0" | "0.0" | "false" | "f" | "no" | "n")
}

/// What became of one unit.
#[derive(Clone, Default)]
struct Deal {
    won: bool,
    value: f64,
    wins: Vec<(Instant, f64)>,
    lost: Option<Instant>,
    /// One of its deals is still being worked.
    is_open: bool,
}

impl Deal {
    fn is_before(&self, at: Instant) -> bool {
        self.wins.iter().map(|win| win.0).chain(self.ended()).any(|end| end != NEVER && end < at)
    }

    /// When it was lost, if no other deal of it is open.
    fn ended(&self) -> Option<Instant> {
        self.lost.filter(|_| !self.is_open)
    }
}

/// Deals by the row of their unit's assignment.
#[derive(Default)]
struct Deals {
    of_row: BTreeMap<usize, Deal>,
    /// Whom the other outcomes are of.
    strangers: Vec<String>,
    /// What was found in reading the outcomes.
    found: Vec<Finding>,
}

impl Deals {
    fn read(
        test: &FieldTest,
        outcomes: &FieldOutcomesSpec,
        table: &mut Columns,
        ids: &Ids,
        units: &[Unit],
        rows: usize,
    ) -> Result<Self, TestError> {
        let mut deals = Self::default();
        if outcomes.path.is_empty() {
            let parts = Parts::of(test, outcomes, table, rows)?;
            for unit in units {
                deals.add(unit.row, &parts, unit.row);
            }
            return Ok(deals);
        }
        let unit = outcomes.unit.as_deref().map(|column| ("unit".to_string(), column, Wanted::Text));
        let named: Vec<_> = unit.into_iter().chain(outcome_columns(outcomes)).collect();
        let asks: Vec<Asked> =
            named.iter().map(|(_, column, wanted)| Asked { column, key: "outcomes", wanted: *wanted }).collect();
        let (read, found) = columns(outcomes, &asks, &test.base, &test.file.timezone)?;
        deals.found = found;
        let mut table = Columns(named.into_iter().map(|(key, ..)| key).zip(read).collect());
        let Some(names) = table.text("unit") else { return Ok(deals) };
        let parts = Parts::of(test, outcomes, &mut table, names.codes.len())?;
        let rows: BTreeMap<usize, usize> = units.iter().filter_map(|unit| Some((unit.name?, unit.row))).collect();
        for row in 0..names.codes.len() {
            let name = names.get(row).unwrap_or_default();
            match ids.find(name) {
                Some(place) => {
                    if let Some(unit) = rows.get(&place) {
                        deals.add(*unit, &parts, row);
                    }
                }
                None => deals.strangers.push(name.into()),
            }
        }
        Ok(deals)
    }

    fn add(&mut self, unit: usize, parts: &Parts, row: usize) {
        let deal = self.of_row.entry(unit).or_insert_with(|| Deal { value: f64::NAN, ..Deal::default() });
        let value = parts.value.as_ref().map_or(f64::NAN, |value| value[row]);
        let fate = parts.fates[row];
        if fate.won != NEVER {
            deal.wins.push((fate.won, value));
        }
        if fate.lost != NEVER {
            deal.lost = deal.lost.max(Some(fate.lost));
        }
        deal.is_open |= fate.fate == Fate::Open;
        deal.won |= fate.fate == Fate::Won;
        deal.value = if deal.value.is_nan() { value } else { deal.value + if value.is_nan() { 0.0 } else { value } };
    }

    fn of(&self, row: usize) -> Option<&Deal> {
        self.of_row.get(&row)
    }

    fn times(&self) -> impl Iterator<Item = Instant> + '_ {
        self.of_row.values().flat_map(|deal| deal.wins.iter().map(|win| win.0).chain(deal.lost))
    }

    fn record(&self, unit: &Unit) -> Record {
        let deal = self.of(unit.row);
        Record {
            arm: unit.arm,
            assigned: unit.at,
            wins: deal.map_or(Vec::new(), |deal| deal.wins.clone()),
            lost: deal.and_then(Deal::ended),
        }
    }
}

struct Parts {
    fates: Vec<RowFate>,
    value: Option<Vec<f64>>,
}

impl Parts {
    fn of(test: &FieldTest, outcomes: &FieldOutcomesSpec, table: &mut Columns, rows: usize) -> Result<Self, TestError> {
        let told = outcomes.telling().rows(rows, |role| table.0.get(&key(role)));
        let fates = told.map_err(|why| test.invalid("outcomes", &why))?.rows;
        Ok(Self { fates, value: table.numbers(&key(Role::Value)) })
    }
}

fn read_aggregates(test: &FieldTest, spec: &AggregatesSpec, as_of: Option<Instant>) -> Result<Seen, TestError> {
    if spec.mean.is_some() != spec.variance.is_some() {
        return Err(test.invalid("aggregates", "`mean` and `variance` stand together").into());
    }
    let (mut table, found) = counts(test, spec)?;
    let (Some(arms), Some(units), Some(conversions)) =
        (table.text("arm"), table.numbers("units"), table.numbers("conversions"))
    else {
        return Err(test
            .invalid("aggregates", "arms, units and conversions were not all read as what they are")
            .into());
    };
    let value = table.numbers("mean").zip(table.numbers("variance"));
    let zone = &test.file.timezone;
    let look = as_of.or(test.file.until.as_ref().map(|until| until.end(zone)));
    let days = Days::new(table.times("day"), look, test.file.horizon.map(|horizon| horizon.micros()));
    let mut oddities = Oddities { looks_back: as_of.is_some(), found: said(found), ..Oddities::default() };
    let (mut counted, mut rows) = (Vec::new(), Vec::new());
    let (mut unknown, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for row in 0..arms.codes.len() {
        let Some(name) = arms.get(row) else {
            oddities.no_arm += 1;
            continue;
        };
        let Some(arm) = test.arms.iter().position(|arm| arm.name == name) else {
            *unknown.entry(name.to_string()).or_insert(0) += 1;
            continue;
        };
        if units[row].is_nan() {
            oddities.not_known += 1;
            continue;
        }
        let is_known = !conversions[row].is_nan();
        oddities.not_known += u64::from(!is_known);
        let (n, x) = (units[row], if is_known { conversions[row] } else { 0.0 });
        let value = value.as_ref().map(|(mean, variance)| (mean[row], variance[row]));
        let value = if is_known { value } else { value.map(|_| (0.0, 0.0)) };
        if let Some(problem) = problem_of_counts(n, x, value) {
            return Err(test.invalid("aggregates", format!("row {} of `{name}`: {problem}", row + 1)).into());
        }
        if n == 0.0 {
            continue;
        }
        if days.is_later(row) {
            oddities.later += n as u64;
            continue;
        }
        oddities.added_up += u64::from(!seen.insert((arm, days.at(row))));
        counted.push(Aggregate {
            arm,
            day: days.since_first(row),
            mature: is_known && days.is_mature(row),
            units: n,
            conversions: x,
            value,
        });
        rows.push(Row { arm, day: days.at(row), number: row + 1, units: n, conversions: is_known.then_some(x) });
    }
    match spec.cumulative {
        None => {
            if let Some(growth) = growth(&rows) {
                return Err(test.invalid("aggregates", growth).into());
            }
        }
        Some(true) => counted = last_of_each(&rows, counted),
        Some(false) => {}
    }
    (oddities.holdouts, oddities.unknown_arms) = test.holdouts_apart(unknown);
    let as_of = look.map(|look| (zone.period_name(look, Calendar::Day), look));
    Ok(Seen { units: from_aggregates(&counted), oddities, as_of })
}

fn counts(test: &FieldTest, spec: &AggregatesSpec) -> Result<(Columns, Vec<Finding>), TestError> {
    let named = [
        ("arm", Some(&spec.arm), Wanted::Text),
        ("day", spec.day.as_ref(), Wanted::Start),
        ("units", Some(&spec.units), Wanted::Number),
        ("conversions", Some(&spec.conversions), Wanted::Number),
        ("mean", spec.mean.as_ref(), Wanted::Number),
        ("variance", spec.variance.as_ref(), Wanted::Number),
    ];
    let named: Vec<_> = named.into_iter().filter_map(|(key, column, wanted)| Some((key, column?, wanted))).collect();
    let asks: Vec<Asked> =
        named.iter().map(|(_, column, wanted)| Asked { column, key: "aggregates", wanted: *wanted }).collect();
    let (read, found) = columns(spec, &asks, &test.base, &test.file.timezone)?;
    Ok((Columns(named.iter().map(|(key, ..)| key.to_string()).zip(read).collect()), found))
}

/// What was found in files, as it is said of a test.
fn said(found: Vec<Finding>) -> Vec<(Level, String)> {
    let say = |finding: Finding| {
        let level = match finding.level {
            FindingLevel::Note => Level::Note,
            FindingLevel::Doubt => Level::Warning,
            FindingLevel::Forbids => Level::Banner,
        };
        let count = if finding.count > 0 { format!(" ({})", finding.count) } else { String::new() };
        let advice = if finding.advice.is_empty() { String::new() } else { format!("; {}", finding.advice) };
        // The value stays out of what is published.
        let first = finding.rows.first().filter(|place| !place.file.is_empty());
        let place = first.map_or(String::new(), |place| format!(", first in {place}"));
        (level, format!("{}: {}{count}{place}{advice}", finding.input, finding.text))
    };
    found.into_iter().map(say).collect()
}

/// A row of counts as it may be one of a running total.
struct Row {
    arm: usize,
    day: Option<Instant>,
    /// From 1.
    number: usize,
    units: f64,
    conversions: Option<f64>,
}

/// Rows of an arm by day; those without one in the file's order.
fn by_arm(rows: &[Row]) -> BTreeMap<usize, Vec<&Row>> {
    let mut arms: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| arms.entry(row.arm).or_default().push(row));
    arms.values_mut().for_each(|rows| rows.sort_by_key(|row| row.day));
    arms
}

/// Says that rows are running totals: units grow from row to row in every arm, and conversions never fall. Arms of fewer
/// than three rows may do so by chance.
fn growth(rows: &[Row]) -> Option<String> {
    let arms = by_arm(rows);
    let grows = |rows: &Vec<&Row>| {
        rows.len() >= MOST_BY_CHANCE
            && rows.windows(2).all(|pair| {
                let falls = pair[0].conversions.zip(pair[1].conversions).is_some_and(|(before, after)| after < before);
                pair[0].units < pair[1].units && !falls
            })
    };
    if arms.is_empty() || !arms.values().all(grows) {
        return None;
    }
    let rows = arms.values().next()?;
    let (first, last) = (rows.first()?, rows.last()?);
    Some(format!(
        "rows look cumulative: in every arm units grow from row to row and conversions never fall (from {} units in row {} to {} in row {}), and running totals must not be added up; say `cumulative: true` to take the last row of each arm, or `cumulative: false` where each row counts its own day alone",
        first.units, first.number, last.units, last.number
    ))
}

/// Of running totals the last of each arm holds all.
fn last_of_each(rows: &[Row], counted: Vec<Aggregate>) -> Vec<Aggregate> {
    let last: BTreeSet<usize> = by_arm(rows).values().filter_map(|rows| rows.last().map(|row| row.number)).collect();
    rows.iter().zip(counted).filter(|(row, _)| last.contains(&row.number)).map(|(_, counts)| counts).collect()
}

/// Why counts cannot be: nothing where they can.
fn problem_of_counts(n: f64, x: f64, value: Option<(f64, f64)>) -> Option<String> {
    let is_count = |count: f64| count >= 0.0 && count.fract() == 0.0 && count.is_finite();
    if !is_count(n) || !is_count(x) {
        return Some(format!("{x} conversions of {n} units are no counts"));
    }
    if x > n {
        return Some(format!("{x} conversions of only {n} units"));
    }
    let (mean, variance) = value.filter(|_| n > 0.0)?;
    // A single unit has no variance.
    if mean.is_nan() || (n >= 2.0 && variance.is_nan()) {
        return Some("its mean or variance is empty; expected both beside conversions that are known".into());
    }
    let is_known = mean.is_finite() && (n < 2.0 || (variance >= 0.0 && variance.is_finite()));
    (!is_known)
        .then(|| format!("a mean of {mean} with a variance of {variance}: expected a number, and one of at least 0"))
}

/// The days of counts, where they have some.
struct Days {
    day: Option<Vec<Instant>>,
    first: Instant,
    look: Option<Instant>,
    horizon: Option<i64>,
}

impl Days {
    fn new(day: Option<Vec<Instant>>, look: Option<Instant>, horizon: Option<i64>) -> Self {
        let first = day.iter().flatten().copied().filter(|at| *at != NEVER).min().unwrap_or(0);
        Self { day, first, look, horizon }
    }

    fn at(&self, row: usize) -> Option<Instant> {
        self.day.as_ref().map(|day| day[row]).filter(|at| *at != NEVER)
    }

    fn since_first(&self, row: usize) -> Option<f64> {
        self.at(row).map(|at| days(at - self.first))
    }

    fn is_later(&self, row: usize) -> bool {
        self.at(row).zip(self.look).is_some_and(|(at, look)| at > look)
    }

    /// Counts without a day, a horizon or a look are as if all of their units were mature.
    fn is_mature(&self, row: usize) -> bool {
        match (self.at(row), self.look, self.horizon) {
            (Some(at), Some(look), Some(horizon)) => at.saturating_add(horizon) <= look,
            _ => true,
        }
    }
}
