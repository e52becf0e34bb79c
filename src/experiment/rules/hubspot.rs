//! HubSpot's lead score as its Lead Scoring API gives it (2026-09-beta, 2027-03-beta), as a points model.

use std::collections::BTreeMap;

use serde_json::Value;

use super::operation::{condition, number, picked};
use super::{Rules, Unexpressed, Wrong};
use crate::models::check_criterion;
use crate::models::spec::{Bounds, Criterion, Entries, Loses, Per, PointsSpec, RulesRead, RulesSpec, Tier};
use crate::predicate::Predicate;
use crate::time::Span;

/// Names of criteria are cut after so many characters.
const NAME: usize = 60;
/// Rules lie in each other at most so deep.
const DEEP: usize = 32;

pub(super) fn read(text: &str, shown: &str, spec: &RulesSpec) -> Result<Rules, Vec<Wrong>> {
    let wrong = |line: u64, what: String| vec![Wrong { line, what }];
    let json: Value =
        serde_json::from_str(text).map_err(|error| wrong(error.line() as u64, format!("no JSON: {}", told(&error))))?;
    let score = score(&json).map_err(|what| wrong(0, what))?;
    let mut reading = Reading {
        shown,
        spec,
        points: PointsSpec::default(),
        places: Vec::new(),
        unexpressed: Vec::new(),
        unmapped: BTreeMap::new(),
        switched_off: 0,
    };
    reading.score(score);
    reading.unmapped();
    if reading.points.criteria.is_empty() {
        let told: Vec<String> = reading.unexpressed.iter().map(|one| format!("{}: {}", one.rule, one.why)).collect();
        let why = if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) };
        return Err(wrong(0, format!("no rule of it can be expressed as a criterion{why}")));
    }
    let Reading { points, places, unexpressed, .. } = reading;
    Ok(Rules { read: RulesRead { points, places, is_foreign: true }, unexpressed })
}

/// What is wrong with the text, without its line, which stands before.
fn told(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or(&said);
    format!("{what}, in column {}", error.column())
}

/// The one score of a file, which may hold the answer for many.
fn score(json: &Value) -> Result<&Value, String> {
    let is_score = |value: &&Value| value.get("groupConfigs").is_some_and(Value::is_array);
    if is_score(&json) {
        return Ok(json);
    }
    let all = json.as_array().or_else(|| json.get("results")?.as_array());
    let scores: Vec<&Value> = all.into_iter().flatten().filter(is_score).collect();
    match scores.as_slice() {
        [one] => Ok(one),
        [] => Err(
            "JSON without `groupConfigs`, expected a lead score's configuration as HubSpot's Lead Scoring API gives it"
                .into(),
        ),
        several => {
            let names: Vec<String> = several.iter().map(|score| format!("`{}`", text(score, "name"))).collect();
            Err(format!("{} scores ({}), expected a file with one", several.len(), names.join(", ")))
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A number under one of two names, which the two versions differ in.
fn limit(value: &Value, keys: [&str; 2]) -> Option<f64> {
    keys.iter().find_map(|key| number(value.get(key)?))
}

fn is_of(value: &Value, kind: &str) -> bool {
    text(value, "type").eq_ignore_ascii_case(kind)
}

struct Reading<'a> {
    shown: &'a str,
    spec: &'a RulesSpec,
    points: PointsSpec,
    places: Vec<String>,
    unexpressed: Vec<Unexpressed>,
    /// Types of events that have no kind, and how many rules ask for them.
    unmapped: BTreeMap<String, u64>,
    switched_off: u64,
}

/// One rule, and what of its group holds for it.
struct Rule<'a> {
    /// As messages name it.
    shown: String,
    group: &'a str,
    /// The least and the most that it gives.
    limits: (Option<f64>, Option<f64>),
    loses: Option<Loses>,
}

/// What a rule gives points for, before the rule's own limits.
struct Part {
    criterion: Criterion,
    /// The least and the most that it gives one lead.
    range: (f64, f64),
    /// Whether no two of a set give points at once.
    excludes: Option<usize>,
}

impl Reading<'_> {
    fn lost(&mut self, rule: impl Into<String>, why: impl Into<String>, matters: bool) {
        self.unexpressed.push(Unexpressed { rule: rule.into(), why: why.into(), matters });
    }

    fn score(&mut self, score: &Value) {
        for (place, group) in list(score, "groupConfigs").iter().enumerate() {
            self.group(group, place);
        }
        if self.switched_off > 0 {
            let rules = if self.switched_off == 1 { "1 rule".into() } else { format!("{} rules", self.switched_off) };
            self.lost(rules, "switched off", false);
        }
        self.most(score);
        self.tiers(score);
        if score.get("filterConfiguration").is_some_and(|filter| !list(filter, "segmentIds").is_empty()) {
            let why = "scores only some contacts, by lists that no export holds: leave the others out by `leads.where`";
            self.lost("`filterConfiguration`", why, true);
        }
    }

    fn group(&mut self, group: &Value, place: usize) {
        let named = text(group, "groupName").trim();
        let numbered = format!("Group {}", place + 1);
        let name = if named.is_empty() { &numbered } else { named };
        let loses = group.get("groupDecay").filter(|decay| decay.is_object()).and_then(|decay| {
            let days = number(decay.get("decayIntervalDays")?).filter(|days| *days > 0.0 && *days < 36_500.0)?;
            let percent = number(decay.get("percentToDecayPerInterval")?);
            let percent = percent.filter(|percent| *percent > 0.0 && *percent <= 100.0)?;
            Some(Loses { percent, every: Span::from_days(days) })
        });
        if loses.is_none() && group.get("groupDecay").is_some_and(|decay| !decay.is_null()) {
            self.lost(format!("`{name}`"), "its decay has no days or no percent: it does not decay here", true);
        }
        let before = self.points.criteria.len();
        for (place, rule) in list(group, "ruleConfigurations").iter().enumerate() {
            let id = text(rule, "id");
            let id = if id.is_empty() { String::new() } else { format!(" ({id})") };
            let shown = format!("`{name}`, rule {}{id}", place + 1);
            if rule.get("enabled").and_then(Value::as_bool) == Some(false) {
                self.switched_off += 1;
                continue;
            }
            let limits = (limit(rule, ["minValue", "minimumValue"]), limit(rule, ["maxValue", "maximumValue"]));
            let calculation = rule.get("configuration").and_then(|one| one.get("calculation"));
            match calculation.or_else(|| rule.get("calculation")) {
                Some(calculation) => self.rule(calculation, &Rule { shown, group: name, limits, loses }),
                None => self.lost(shown, "has no calculation", true),
            }
        }
        let bounds = (limit(group, ["minValue", "minimumValue"]), limit(group, ["maxValue", "maximumValue"]));
        if self.points.criteria.len() == before || bounds == (None, None) {
            return;
        }
        match Bounds::new(bounds.0.unwrap_or(f64::NEG_INFINITY), bounds.1.unwrap_or(f64::INFINITY)) {
            Some(bounds) => self.points.groups.set(name, bounds),
            None => self.lost(format!("`{name}`"), "its minimum is above its maximum", true),
        }
    }

    fn rule(&mut self, calculation: &Value, rule: &Rule) {
        let mut parts = Vec::new();
        self.parts(calculation, rule, 0, &mut parts);
        self.limited(rule, &mut parts);
        for Part { mut criterion, .. } in parts {
            criterion.name = self.name(&criterion);
            criterion.group = Some(rule.group.into());
            match check_criterion("", &criterion) {
                Ok(()) => {
                    self.places.push(format!("{}, {}", self.shown, rule.shown));
                    self.points.criteria.push(criterion);
                }
                Err(error) => self.lost(&rule.shown, error.to_string(), true),
            }
        }
    }

    /// What a calculation gives points for; what it is that cannot be said is noted.
    fn parts(&mut self, calculation: &Value, rule: &Rule, depth: usize, parts: &mut Vec<Part>) {
        if depth > DEEP {
            return self.lost(&rule.shown, "lies too deep in others", true);
        }
        let kind = text(calculation, "type").to_ascii_uppercase();
        match kind.as_str() {
            "MULTI" => {
                list(calculation, "calculators").iter().for_each(|one| self.parts(one, rule, depth + 1, parts));
            }
            "MULTI_UE" => {
                let calculators = list(calculation, "eventCalculators");
                if calculators.is_empty() {
                    self.lost(&rule.shown, "counts no kind of event", true);
                }
                calculators.iter().for_each(|one| self.events(one, rule, depth, parts));
            }
            "CONSTANT" | "MATCH" | "CONDITIONAL" => {
                let set = parts.len();
                for (points, when) in self.cases(calculation, rule, depth) {
                    let Some(when) = self.parsed(when.as_deref().unwrap_or("TRUE"), rule) else { continue };
                    let criterion = Criterion { points: Some(points), when: Some(when), ..Criterion::default() };
                    let excludes = (kind == "MATCH").then_some(set);
                    parts.push(Part { criterion, range: (points.min(0.0), points.max(0.0)), excludes });
                }
            }
            "SEGMENT_MEMBERSHIP" => {
                let why = "asks for membership of lists, which no export holds: export it as a column, and say it as a criterion";
                self.lost(&rule.shown, why, true);
            }
            "ASSOCIATIONS" | "ASSOCIATION_UE" => {
                self.lost(
                    &rule.shown,
                    "scores by associated records (companies, deals), which are not among the leads",
                    true,
                );
            }
            "" => self.lost(&rule.shown, "its calculation has no type", true),
            other => {
                self.lost(&rule.shown, format!("its calculation is of type {other}, which is not known here"), true)
            }
        }
    }

    /// Points with their conditions, no two of which give points at once, of a calculation over one record.
    fn cases(&mut self, calculation: &Value, rule: &Rule, depth: usize) -> Vec<(f64, Option<String>)> {
        let value = |value: &Value, key: &str| value.get(key).and_then(number);
        if is_of(calculation, "CONSTANT") {
            return value(calculation, "value").map(|points| (points, None)).into_iter().collect();
        }
        if is_of(calculation, "CONDITIONAL") {
            let Some(points) = value(calculation, "value") else { return Vec::new() };
            let when = calculation.get("whereCondition").ok_or_else(|| "has no condition".to_string());
            return match when.and_then(|when| self.composite(when, depth)) {
                Ok(when) => vec![(points, Some(when))],
                Err(why) => {
                    self.lost(&rule.shown, why, true);
                    Vec::new()
                }
            };
        }
        if !is_of(calculation, "MATCH") {
            self.lost(
                &rule.shown,
                format!("scores events by {}, which is not known here", text(calculation, "type")),
                true,
            );
            return Vec::new();
        }
        let column = self.column(text(calculation, "property"));
        let (mut cases, mut before, mut values) = (Vec::new(), Vec::<String>::new(), Vec::<Option<Vec<String>>>::new());
        for one in list(calculation, "matchRules") {
            let operation = one.get("operation").unwrap_or(&Value::Null);
            let Some(points) = value(one, "value") else { continue };
            match condition(&column, operation) {
                Ok(when) => {
                    let own = picked(operation);
                    // The first that matches gives its points: earlier ones that could match too are ruled out.
                    let apart = |other: &Option<Vec<String>>| match (&own, other) {
                        (Some(own), Some(other)) => own.iter().all(|value| !other.contains(value)),
                        _ => false,
                    };
                    let earlier = before.iter().zip(&values).filter(|(_, values)| !apart(values));
                    let guards: Vec<String> = earlier.map(|(when, _)| format!("({when}) IS NOT TRUE")).collect();
                    let all = guards.into_iter().chain([when.clone()]).collect::<Vec<_>>().join(" AND ");
                    cases.push((points, Some(all)));
                    before.push(when);
                    values.push(own);
                }
                Err(why) => self.lost(&rule.shown, why, true),
            }
        }
        if let Some(points) = value(calculation, "defaultValue").filter(|points| *points != 0.0) {
            let none: Vec<String> = before.iter().map(|when| format!("({when}) IS NOT TRUE")).collect();
            cases.push((points, (!none.is_empty()).then(|| none.join(" AND "))));
        }
        cases.retain(|(points, _)| *points != 0.0);
        cases
    }

    /// A condition that is joined of others.
    fn composite(&self, when: &Value, depth: usize) -> Result<String, String> {
        if depth > DEEP {
            return Err("its conditions lie too deep in others".into());
        }
        if let Some(operation) = when.get("operation") {
            return condition(&self.column(text(when, "property")), operation);
        }
        let is_condition = |value: &Value| value.get("operation").is_some() || is_of(value, "COMPOSITE");
        let parts: Vec<&Value> = when
            .as_object()
            .into_iter()
            .flat_map(|entries| entries.values())
            .filter_map(Value::as_array)
            .flatten()
            .filter(|value| is_condition(value))
            .collect();
        let parts = parts.into_iter().map(|part| self.composite(part, depth + 1)).collect::<Result<Vec<_>, _>>()?;
        let joined = |between: &str| match parts.as_slice() {
            [one] => one.clone(),
            all => all.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(between),
        };
        match text(when, "operator").to_ascii_uppercase().as_str() {
            _ if parts.is_empty() => Err("has a condition without parts".into()),
            "" | "AND" => Ok(joined(" AND ")),
            "OR" => Ok(joined(" OR ")),
            other => Err(format!("joins conditions by {other}, which is not known here")),
        }
    }

    fn events(&mut self, calculator: &Value, rule: &Rule, depth: usize, parts: &mut Vec<Part>) {
        let kind = text(calculator, "eventTypeId");
        let Some(event) = self.spec.events.get(kind).cloned() else {
            *self.unmapped.entry(kind.into()).or_default() += 1;
            return;
        };
        let within = match timeframe(calculator) {
            Ok(within) => within,
            Err(why) => return self.lost(&rule.shown, why, true),
        };
        let base = Criterion { event: Some(event), within, loses: rule.loses, ..Criterion::default() };
        let frequency =
            calculator.get("eventFrequencyCriteria").filter(|criteria| !list(criteria, "ranges").is_empty());
        if let Some(frequency) = frequency {
            return self.frequency(frequency, &base, rule, parts);
        }
        let Some(calculation) = calculator.get("recordCalculation") else {
            return self.lost(&rule.shown, "counts events, and says not for how many points", true);
        };
        for (points, when) in self.cases(calculation, rule, depth + 1) {
            let when = match when {
                Some(when) => match self.parsed(&when, rule) {
                    Some(when) => Some(when),
                    None => continue,
                },
                None => None,
            };
            let criterion = Criterion { points: Some(points), when, per: Some(Per::Event), ..base.clone() };
            let far = points * f64::INFINITY;
            parts.push(Part { criterion, range: (far.min(0.0), far.max(0.0)), excludes: None });
        }
    }

    /// Points by how many events there are: what is added, or taken away again, from each number on.
    fn frequency(&mut self, frequency: &Value, base: &Criterion, rule: &Rule, parts: &mut Vec<Part>) {
        let mut steps: BTreeMap<u64, f64> = BTreeMap::new();
        for range in list(frequency, "ranges") {
            let count = |key: &str| range.get(key).and_then(number).filter(|count| (0.0..1e9).contains(count));
            let (Some(from), Some(points)) = (count("from"), range.get("value").and_then(number)) else {
                self.lost(&rule.shown, "has a range of counts without a beginning or points", true);
                continue;
            };
            let points = points.clamp(
                rule.limits.0.unwrap_or(f64::MIN),
                rule.limits.1.unwrap_or(f64::MAX).max(rule.limits.0.unwrap_or(f64::MIN)),
            );
            let from = (from as u64).max(1);
            let to = match text(range, "type").to_ascii_uppercase().as_str() {
                "EXACTLY" => Some(from),
                "BETWEEN" => count("to").map(|to| to as u64),
                _ => None,
            };
            *steps.entry(from).or_default() += points;
            if let Some(to) = to {
                *steps.entry(to.max(from) + 1).or_default() -= points;
            }
        }
        if base.loses.is_some() && !steps.is_empty() {
            let why =
                "points by the number of events decay here with the latest one: the platform may reckon otherwise";
            self.lost(&rule.shown, why, true);
        }
        let set = parts.len();
        for (from, points) in steps.into_iter().filter(|(_, points)| *points != 0.0) {
            let least = (from > 1).then_some(from as f64);
            let criterion = Criterion { points: Some(points), at_least: least, per: Some(Per::Lead), ..base.clone() };
            // Their limits are kept already.
            parts.push(Part { criterion, range: (0.0, 0.0), excludes: Some(set) });
        }
    }

    /// Brings the rule's own limits into what it gives points for.
    fn limited(&mut self, rule: &Rule, parts: &mut [Part]) {
        let (low, high) = (rule.limits.0.unwrap_or(f64::NEG_INFINITY), rule.limits.1.unwrap_or(f64::INFINITY));
        if low > high {
            return self.lost(&rule.shown, "its minimum is above its maximum: both are left out", true);
        }
        if low > 0.0 || high < 0.0 {
            self.lost(&rule.shown, "gives every lead some points by its minimum or maximum, which is left out", true);
            return;
        }
        // Of those that exclude each other one gives points at most.
        let mut least: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (place, part) in parts.iter().enumerate() {
            let set = least.entry(part.excludes.unwrap_or(usize::MAX - place)).or_default();
            *set = (set.0.min(part.range.0), set.1.max(part.range.1));
        }
        let sum = least.values().fold((0.0, 0.0), |sum, set| (sum.0 + set.0, sum.1 + set.1));
        if low <= sum.0 && sum.1 <= high {
            return;
        }
        let alone = least.len() == 1;
        if !alone {
            let why = "its minimum or maximum over several sums is left out, and the criteria are kept without it";
            return self.lost(&rule.shown, why, true);
        }
        for part in parts {
            let points = part.criterion.points.unwrap_or_default();
            let cap = if points < 0.0 { -low } else { high };
            if part.criterion.event.is_some() && cap.is_finite() {
                part.criterion.cap = Some(cap);
            } else {
                part.criterion.points = Some(points.clamp(low, high));
            }
        }
    }

    fn column(&self, property: &str) -> String {
        self.spec.columns.get(property).cloned().unwrap_or_else(|| property.into())
    }

    fn parsed(&mut self, when: &str, rule: &Rule) -> Option<Predicate> {
        Predicate::parse(when).map_err(|error| self.lost(&rule.shown, error.to_string(), true)).ok()
    }

    /// A name that no criterion has: rules have none of their own.
    fn name(&self, criterion: &Criterion) -> String {
        let when = criterion.when.as_ref().map(|when| when.text().to_string());
        let what = match (&criterion.event, when) {
            (Some(event), None) => event.clone(),
            (Some(event), Some(when)) => format!("{event} where {when}"),
            (None, when) if when.as_deref() == Some("TRUE") => "Everybody".into(),
            (None, when) => when.unwrap_or_default(),
        };
        let often = criterion.at_least.map_or(String::new(), |least| format!(", {least} or more"));
        let cut = what.char_indices().nth(NAME).map_or(what.as_str(), |(end, _)| &what[..end]);
        let dots = if cut.len() < what.len() { "…" } else { "" };
        let first = format!("{cut}{dots}{often}");
        let taken = |name: &str| self.points.criteria.iter().any(|known| known.name == name);
        let mut numbered = (2..).map(|number| format!("{first} ({number})"));
        if taken(&first) { numbered.find(|name| !taken(name)).unwrap_or(first) } else { first }
    }

    /// Types of events that the user has to name.
    fn unmapped(&mut self) {
        for (kind, rules) in std::mem::take(&mut self.unmapped) {
            let rules = if rules == 1 { "1 rule counts".into() } else { format!("{rules} rules count") };
            let why = format!(
                "{rules} events of this type, and no kind of the log is named for it: `rules: {{ file: {}, events: {{ \"{kind}\": KIND }} }}`",
                self.shown
            );
            self.lost(format!("event type `{kind}`"), why, true);
        }
    }

    /// The most that a score reaches.
    fn most(&mut self, score: &Value) {
        let most = score.get("maxScore").and_then(number);
        let by_category = score.get("maxScorePerCategory").filter(|value| !value.is_null());
        let categories: Vec<&str> =
            list(score, "groupConfigs").iter().map(|group| text(group, "groupCategory")).collect();
        let alike = categories.windows(2).all(|pair| pair[0] == pair[1]);
        let of_category = match by_category {
            None => None,
            Some(value) if alike => {
                number(value).or_else(|| value.get(categories.first().copied().unwrap_or_default()).and_then(number))
            }
            Some(_) => None,
        };
        if by_category.is_some() && of_category.is_none() {
            self.lost(
                "`maxScorePerCategory`",
                "a limit of each of several categories of groups, which is left out",
                true,
            );
        }
        if let Some(most) = most.into_iter().chain(of_category).reduce(f64::min) {
            self.points.bounds = Bounds::new(f64::NEG_INFINITY, most);
        }
    }

    /// Labels of ranges of scores.
    fn tiers(&mut self, score: &Value) {
        let outputs = score.get("outputConfiguration").map_or(&[][..], |one| list(one, "outputs"));
        for output in outputs {
            match text(output, "outputType") {
                "THRESHOLD" if self.points.tiers.is_empty() => {
                    let tier = |boundary: &Value| {
                        let from = boundary.get("threshold").and_then(number)?;
                        Some((text(boundary, "label").to_string(), Tier { from, does: None }))
                    };
                    let tiers: Entries<Tier> = list(output, "boundaries").iter().filter_map(tier).collect();
                    let mut from: Vec<f64> = tiers.iter().map(|(_, tier)| tier.from).collect();
                    from.sort_by(f64::total_cmp);
                    let mut names: Vec<&str> = tiers.names().collect();
                    names.sort_unstable();
                    let distinct = from.windows(2).all(|pair| pair[0] < pair[1])
                        && names.windows(2).all(|pair| pair[0] != pair[1]);
                    if distinct {
                        self.points.tiers = tiers;
                    } else {
                        self.lost("thresholds", "two labels begin at one score or have one name", false);
                    }
                }
                "MATRIX" => self.lost(
                    "the matrix of fit and engagement",
                    "labels of two scores: state them as `grades:`",
                    false,
                ),
                _ => {}
            }
        }
    }
}

/// The last days that events count in.
fn timeframe(calculator: &Value) -> Result<Option<Span>, String> {
    let Some(operation) = calculator.get("eventTimeframe").and_then(|frame| frame.get("eventFilterOperation")) else {
        return Ok(None);
    };
    if operation.is_null() {
        return Ok(None);
    }
    let days = operation.get("numberOfDays").and_then(number).filter(|days| *days > 0.0 && *days < 36_500.0);
    match (text(operation, "operationType"), days) {
        ("ROLLING_DATE_RANGE", Some(days)) => Ok(Some(Span::from_days(days))),
        (other, _) => Err(format!("counts events of a time that cannot be said here ({other})")),
    }
}
