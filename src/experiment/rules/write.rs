//! A points model for those who read rules: as a table, or as a draft for a platform.

use serde_json::{Value, json};

use super::operation::operation;
use super::table as rows;
use crate::models::Points;
use crate::models::spec::{Bounds, Criterion, Entries, Loses, Per, PointsSpec, RulesSpec};
use crate::predicate::Predicate;
use crate::time::DAY;

/// The points model as a table that `rules:` reads as the same model.
pub fn table(points: &Points) -> String {
    rows::write(&PointsSpec {
        criteria: points.criteria.iter().map(|placed| placed.criterion.clone()).collect(),
        groups: points.groups.clone(),
        bounds: points.bounds,
        tiers: points.tiers.clone(),
        grades: points.grades.clone(),
        threshold: points.threshold,
        round: points.round,
    })
}

/// A configuration for a platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub json: Value,
    /// What the platform cannot hold, a sentence each.
    pub unheld: Vec<String>,
    /// What is to be filled in, a sentence each.
    pub to_fill: Vec<String>,
}

/// A draft of HubSpot's configuration of a lead score, as its Lead Scoring API takes it for a new one.
pub fn draft(points: &Points, name: &str, names: Option<&RulesSpec>) -> Draft {
    let mut drafting = Drafting { names, unheld: Vec::new(), to_fill: Vec::new() };
    let mut groups: Vec<(&str, Vec<&Criterion>)> = Vec::new();
    for criterion in points.criteria.iter().map(|placed| &placed.criterion) {
        let group = criterion.group.as_deref().unwrap_or(UNGROUPED);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, criteria)) => criteria.push(criterion),
            None => groups.push((group, vec![criterion])),
        }
    }
    let configs: Vec<Value> = groups
        .iter()
        .filter_map(|(group, criteria)| drafting.group(group, criteria, points.groups.get(group)))
        .collect();
    let mut kinds: Vec<&str> = configs.iter().filter_map(|config| config["groupCategory"].as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut json = json!({ "name": name, "objectTypeId": "0-1", "allowedGroupTypes": kinds, "groupConfigs": configs });
    drafting.whole(points, &mut json);
    Draft { json, unheld: drafting.unheld, to_fill: drafting.to_fill }
}

/// The group of criteria that have none.
const UNGROUPED: &str = "Other";

struct Drafting<'a> {
    names: Option<&'a RulesSpec>,
    unheld: Vec<String>,
    to_fill: Vec<String>,
}

impl Drafting<'_> {
    fn group(&mut self, group: &str, criteria: &[&Criterion], bounds: Option<&Bounds>) -> Option<Value> {
        let events: Vec<&&Criterion> = criteria.iter().filter(|one| one.event.is_some()).collect();
        let loses = events.first().and_then(|first| first.loses);
        let mut rules = Vec::new();
        for criterion in criteria {
            match self.rule(criterion, loses) {
                Ok(rule) => rules.push(rule),
                Err(why) => self.unheld.push(format!("`{}`: {why}", criterion.name)),
            }
        }
        if rules.is_empty() {
            return None;
        }
        let category = if events.is_empty() { "FIT" } else { "INTENT" };
        let mut config = json!({ "groupName": group, "groupCategory": category, "ruleConfigurations": rules });
        if let (Some(loses), true) = (loses, config["groupCategory"] == "INTENT") {
            let days = loses.every.micros() / DAY;
            config["groupDecay"] = json!({ "decayIntervalDays": days, "percentToDecayPerInterval": loses.percent });
        }
        if let Some(bounds) = bounds {
            let sides = [("minValue", bounds.low()), ("maxValue", bounds.high())];
            sides.into_iter().filter(|(_, side)| side.is_finite()).for_each(|(key, side)| config[key] = whole(side));
        }
        Some(config)
    }

    fn rule(&mut self, criterion: &Criterion, loses: Option<Loses>) -> Result<Value, String> {
        let points = criterion.points.ok_or("points by bands of a column: write a criterion a band")?;
        let no = [
            (criterion.half_life.is_some(), "points that halve: only steps of a share are held (`loses:`)"),
            (criterion.expires.is_some(), "points that fall in a line: only steps of a share are held (`loses:`)"),
            (criterion.inactive_for.is_some(), "points for having been quiet"),
            (criterion.after.is_some(), "events soon after others"),
            (criterion.sum.is_some() || criterion.distinct.is_some(), "sums and distinct values of events"),
            (criterion.per_unit.is_some(), "points for each unit of a column"),
            (criterion.event.is_some() && criterion.lead_when.is_some(), "events of some leads only"),
            (
                criterion.event.is_some() && criterion.loses != loses,
                "another decay than its group's first events: a group has one",
            ),
            (points.fract() != 0.0 || criterion.cap.is_some_and(|cap| cap.fract() != 0.0), "points that are not whole"),
            (
                criterion.loses.is_some_and(|loses| loses.every.micros() % DAY != 0 || loses.percent.fract() != 0.0),
                "a decay in parts of days or of percents",
            ),
            (criterion.event.is_none() && criterion.loses.is_some(), "a decay without events"),
        ];
        if let Some((_, why)) = no.into_iter().find(|(is_so, _)| *is_so) {
            return Err(why.into());
        }
        let calculation = match &criterion.event {
            Some(event) => self.events(event, criterion, points)?,
            None => self.conditional(criterion.when.as_ref().or(criterion.lead_when.as_ref()), points)?,
        };
        let mut rule = json!({ "enabled": true, "configuration": { "calculation": calculation } });
        if let Some(cap) = criterion.cap {
            if points < 0.0 {
                rule["minValue"] = whole(-cap);
            } else {
                rule["maxValue"] = whole(cap);
            }
        }
        Ok(rule)
    }

    fn conditional(&mut self, when: Option<&Predicate>, points: f64) -> Result<Value, String> {
        let Some(when) = when.filter(|when| when.text() != "TRUE") else {
            return Ok(json!({ "type": "CONSTANT", "value": whole(points) }));
        };
        let said = || format!("a condition that is no list of plain tests ({})", when.text().trim());
        let mut conditions = Vec::new();
        for test in when.tests().ok_or_else(said)? {
            let asked = operation(&test.asks).ok_or_else(said)?;
            conditions.push(json!({ "type": "SINGLE", "property": self.property(test.column), "operation": asked }));
        }
        let composite = json!({ "type": "COMPOSITE", "operator": "AND", "conditions": conditions });
        Ok(json!({ "type": "CONDITIONAL", "value": whole(points), "whereCondition": composite }))
    }

    fn events(&mut self, event: &str, criterion: &Criterion, points: f64) -> Result<Value, String> {
        let each = criterion.per == Some(Per::Event);
        if !each && criterion.loses.is_some() {
            return Err("points once for the latest event that decay".into());
        }
        if criterion.at_least.is_some_and(|least| least.fract() != 0.0) {
            return Err("a number of events that is not whole".into());
        }
        if !each && criterion.when.is_some() {
            return Err("points once for events that meet a condition".into());
        }
        let part_of_a_day = criterion.within.is_some_and(|within| within.micros() % DAY != 0);
        if part_of_a_day {
            return Err("events of a part of a day".into());
        }
        let mut calculator = json!({ "eventTypeId": self.event_type(event) });
        calculator["recordCalculation"] = self.conditional(criterion.when.as_ref(), if each { points } else { 1.0 })?;
        if !each {
            let from = criterion.at_least.unwrap_or(1.0);
            let range = json!({ "type": "AT_LEAST", "from": whole(from), "value": whole(points) });
            calculator["eventFrequencyCriteria"] = json!({ "type": "BETWEEN", "ranges": [range] });
        }
        if let Some(within) = criterion.within {
            let days = within.micros() / DAY;
            let rolling =
                json!({ "operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN", "numberOfDays": days });
            calculator["eventTimeframe"] = json!({ "eventFilterOperation": rolling });
        }
        Ok(json!({ "type": "MULTI_UE", "eventCalculators": [calculator] }))
    }

    /// The platform's name of a column.
    fn property(&mut self, column: &str) -> String {
        let own = |names: &Entries<String>| {
            names.iter().find(|(_, known)| *known == column).map(|(name, _)| name.to_string())
        };
        if let Some(name) = self.names.and_then(|names| own(&names.columns)) {
            return name;
        }
        let bare: String =
            column.chars().filter(|c| c.is_alphanumeric() || *c == '_').flat_map(char::to_lowercase).collect();
        if bare != column {
            self.fill(format!(
                "`{bare}` is written for the column `{column}`: look whether it is the property's internal name"
            ));
        }
        bare
    }

    fn event_type(&mut self, kind: &str) -> String {
        let own =
            |names: &Entries<String>| names.iter().find(|(_, known)| *known == kind).map(|(name, _)| name.to_string());
        self.names.and_then(|names| own(&names.events)).unwrap_or_else(|| {
            self.fill(format!("`<{kind}>` stands for the type of event `{kind}`: write its id"));
            format!("<{kind}>")
        })
    }

    fn fill(&mut self, what: String) {
        if !self.to_fill.contains(&what) {
            self.to_fill.push(what);
        }
    }

    fn whole(&mut self, points: &Points, json: &mut Value) {
        if let Some(bounds) = points.bounds {
            if bounds.high().is_finite() {
                json["maxScore"] = whole(bounds.high());
            }
            if bounds.low().is_finite() {
                self.unheld
                    .push(format!("the lowest score, {}: a configuration has a highest one alone", bounds.low()));
            }
        }
        if !points.tiers.is_empty() {
            let boundary = |(name, tier): (&str, &crate::models::spec::Tier)| json!({ "label": name, "threshold": whole(tier.from) });
            let boundaries: Vec<Value> = points.tiers.iter().map(boundary).collect();
            let output = json!({ "outputType": "THRESHOLD", "boundaries": boundaries });
            json["outputConfiguration"] = json!({ "outputs": [output] });
        }
        let more = [
            (points.round.is_some_and(|round| round != 1.0), "a rounding to other than whole points"),
            (!points.grades.is_empty(), "grades of two groups: set the matrix by hand"),
            (points.threshold.is_some(), "the score at which sales takes over: build it as a workflow"),
        ];
        self.unheld.extend(more.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what.to_string()));
    }
}

/// A whole number without decimals.
fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

/// The draft as a file.
pub fn draft_text(draft: &Draft) -> String {
    serde_json::to_string_pretty(&draft.json).unwrap_or_default() + "\n"
}
