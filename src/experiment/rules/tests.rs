use serde_json::{Value, json};

use super::super::yaml;
use super::{Rules, read, table};
use crate::models::spec::{Entries, RulesSpec};
use crate::models::{KindSpec, ModelSpec, Points, resolve};

fn spec(yaml: &str) -> RulesSpec {
    yaml::parse(yaml, "e.yaml".as_ref()).unwrap_or_else(|error| panic!("{error}"))
}

fn rules(text: &str) -> Rules {
    read(text, "rules.csv", &spec("rules.csv")).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn wrong(text: &str) -> String {
    let wrong = read(text, "rules.csv", &spec("rules.csv")).map(|rules| panic!("{rules:?}")).unwrap_err();
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The points model that these rules make.
fn points(rules: &Rules) -> Points {
    let spec = RulesSpec { read: Some(rules.read.clone()), ..RulesSpec::default() };
    let model = ModelSpec { rules: Some(spec), ..ModelSpec::default() };
    let models: Entries<ModelSpec> = [("live".to_string(), model)].into_iter().collect();
    let KindSpec::Points(points) = resolve(&models).unwrap_or_else(|error| panic!("{error}")).remove(0).kind else {
        panic!("no points model")
    };
    *points
}

/// The criteria as the experiment file would have them.
fn said(points: &Points) -> String {
    let criteria: Vec<String> =
        points.criteria.iter().map(|placed| serde_json::to_string(&placed.criterion).unwrap()).collect();
    criteria.join("\n")
}

const TABLE: &str = r#"Criterion,CONDITION,Points,Group,Half life,cap
Decision maker,"seniority IN ('vp', 'c-level')",20,fit,,
Asked for a demo,event: demo_request,+25,engagement,30d,

Looked at prices,"event: pricing_view, per: event, when: page = '/pricing'",5,engagement,,20
Looked at jobs,"event: page_view, when: ""page IN ('/jobs', '/careers')""",−15,,,
Gone quiet,inactive_for: 5d,-10,,,
Employees,"bands: { column: employees, points: { ""<50"": 0, "">=50"": 5 } }",,fit,,
bounds,"[0, 100]",,,,
groups,"{ fit: [0, 45] }",,,,
tiers,"{ hot: 60, warm: 35 }",,,,
round,,1,,,
"#;

#[test]
fn a_table_is_a_points_model() {
    let rules = rules(TABLE);
    assert!(rules.unexpressed.is_empty());
    assert_eq!(rules.read.places[2], "rules.csv, line 5", "a blank line is one");
    insta::assert_snapshot!(said(&points(&rules)), @r#"
    {"name":"Decision maker","points":20.0,"when":"seniority IN ('vp', 'c-level')","group":"fit"}
    {"name":"Asked for a demo","points":25.0,"event":"demo_request","half_life":"30d","group":"engagement"}
    {"name":"Looked at prices","points":5.0,"when":"page = '/pricing'","event":"pricing_view","per":"event","cap":20.0,"group":"engagement"}
    {"name":"Looked at jobs","points":-15.0,"when":"page IN ('/jobs', '/careers')","event":"page_view"}
    {"name":"Gone quiet","points":-10.0,"inactive_for":"5d"}
    {"name":"Employees","bands":{"column":"employees","points":{"<50":0.0,">=50":5.0}},"group":"fit"}
    "#);
    let points = points(&rules);
    assert_eq!((points.bounds.unwrap().low(), points.bounds.unwrap().high()), (0.0, 100.0));
    assert_eq!((points.groups.get("fit").unwrap().high(), points.round), (45.0, Some(1.0)));
    assert_eq!(points.tiers.names().collect::<Vec<_>>(), ["hot", "warm"]);
}

#[test]
fn semicolons_a_mark_of_bytes_and_any_case_are_read() {
    let rules = rules("\u{feff}POINTS; Condition ;criterion;notes\r\n5;employees > 500;Large;agreed\r\n");
    assert_eq!(said(&points(&rules)), r#"{"name":"Large","points":5.0,"when":"employees > 500"}"#);
    assert_eq!((rules.unexpressed.len(), rules.unexpressed[0].matters), (1, false), "`notes` is not read");
}

#[test]
fn every_wrong_line_is_told_at_once() {
    insta::assert_snapshot!(wrong(r#"criterion,condition,points,cap,half_life
Good,a = 1,5,,
Condition,employees >,5,,
Number,a = 1,five,,
Field,"event: demo, evry: 3d",5,,
Twice,"event: demo, cap: 3",5,4,
,a = 1,5,,
Good,a = 2,5,,
Shape,"event: demo, per_unit: a",5,,
"Two
lines",a = 1,,,
Span,event: demo,5,,30
Nothing,,5,,
bounds,"[9, 1]",,,
"#), @r#"
    line 3: condition: `employees >` at column 12: expected an expression, found the end
    line 4: points: found `five`, expected a number such as 20 or -15
    line 5: condition: unknown field `evry`, expected one of `points`, `when`, `lead_when`, `per_unit`, `bands`, `event`, `inactive_for`, `within`, `after`, `per`, `at_least`, `half_life`, `expires`, `loses`, `sum`, `distinct`, `cap`, `group`; a condition with a comma or a colon stands in quotes: `event: page_view, when: "page IN ('/a', '/b')"`
    line 6: cap: stands in `condition` too, expected it once
    line 7: name: an empty name: reports call the criterion by it
    line 8: criterion: `Good` is the name of two criteria, expected one each
    line 9: per_unit: is for columns of the lead, and the criterion counts events: use `sum` for a column of the events
    line 10: points: missing: how many points does it give?
    line 12: half_life: `30` is not a span of time: expected a number and a unit, such as `30d`, `12h`, `90min` or `2w`
    line 13: condition: empty, expected one such as `employees > 500` or `event: demo_request`
    line 14: bounds: bounds [9, 1]: expected the lower one first
    "#);
}

#[test]
fn a_header_without_what_is_needed_is_told() {
    insta::assert_snapshot!(wrong("name,condition,points\nA,a = 1,5\n"), @r"line 1: the header lacks `criterion`; expected columns `criterion`, `condition` and `points`, and where wanted `group`, `cap` and `half_life`; found `name`, `condition`, `points`");
    insta::assert_snapshot!(wrong("criterion,condition,points,Points\nA,a = 1,5,6\n"), @r"line 1: two columns `points`, expected one");
    insta::assert_snapshot!(wrong("criterion,condition,points\n"), @r"no criteria, expected lines such as `Decision maker,seniority = 'vp',20`");
    assert_eq!(wrong(" \n"), "it is empty, expected rules");
}

#[test]
fn what_is_written_as_a_table_is_read_as_the_same_model() {
    let criteria = [
        "{ name: '=A', when: \"seniority IN ('vp', 'c-level')\", points: 20.25, group: fit, cap: 3 }",
        "{ name: B, when: '-employees > 3', points: -1 }",
        "{ name: C, event: page_view, when: \"page = '/a, b' OR page = 'x: \\\"y\\\"'\", lead_when: employees > 3, points: 1, within: 30d, after: { event: email_open, within: 3d }, per: event, half_life: 12h }",
        "{ name: D, event: visit, sum: minutes, points: 1, expires: 30d, cap: 7 }",
        "{ name: E, event: visit, distinct: page, points: 1, group: engagement }",
        "{ name: F, event: visit, at_least: 3, points: 9, loses: { percent: 25, every: 30d } }",
        "{ name: G, inactive_for: 5d, event: visit, points: -4 }",
        "{ name: H, per_unit: employees, points: 0.001, cap: 5, when: country = 'DE' }",
        "{ name: I, bands: { column: employees, points: { '50..500': 15, '<50': 0, '>500': 5 } } }",
    ];
    let settings = "groups: { fit: [0, 45], engagement: [~, 70] }, bounds: [0, ~], round: 0.5, threshold: 60, tiers: { cold: 0, hot: { from: 60, does: 'call: at once' } }, grades: { fit: { A: 40, B: ~ }, engagement: { '1': 50, '2': ~ } }";
    let yaml = format!("m: {{ points: {{ criteria: [{}], {settings} }} }}", criteria.join(", "));
    let models: Entries<ModelSpec> = yaml::parse(&yaml, "e.yaml".as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let KindSpec::Points(written) = resolve(&models).unwrap().remove(0).kind else { panic!("no points model") };
    let text = table(&written);
    let again = points(&rules(&text));
    let tamed = said(&written).replace("\"=A\"", "\"'=A\"").replace("-employees > 3", "(-employees > 3)");
    assert_eq!(said(&again), tamed, "{text}");
    let settings = |points: &Points| Points { criteria: Vec::new(), ..points.clone() };
    assert_eq!(settings(&again), settings(&written), "{text}");
    assert_eq!(again.grades.names().collect::<Vec<_>>(), ["fit", "engagement"], "their order makes the grade");
}

fn one(calculation: Value, more: Value) -> Value {
    let mut rule = json!({ "id": "7", "enabled": true, "configuration": { "calculation": calculation } });
    for (key, value) in more.as_object().unwrap() {
        rule[key] = value.clone();
    }
    rule
}

fn score(rules: Vec<Value>, group: Value) -> Value {
    let mut own = json!({ "groupName": "Engagement", "groupCategory": "INTENT", "ruleConfigurations": rules });
    for (key, value) in group.as_object().unwrap() {
        own[key] = value.clone();
    }
    json!({ "name": "Score", "groupConfigs": [own] })
}

fn hubspot(score: &Value) -> Rules {
    let spec =
        spec("{ file: hubspot.json, columns: { hs_size: Employees }, events: { '4-1': email_open, '4-2': demo } }");
    read(&score.to_string(), "hubspot.json", &spec).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

/// The criteria of one rule, and what is not among them.
fn of_rule(calculation: Value, more: Value) -> String {
    let always = json!({ "type": "CONDITIONAL", "value": 1, "whereCondition": { "type": "SINGLE", "property": "z", "operation": { "operationType": "ALL_PROPERTY", "operator": "IS_KNOWN" } } });
    let rules = hubspot(&score(vec![one(calculation, more), one(always, json!({}))], json!({})));
    let criteria = said(&points(&rules)).replace(",\"group\":\"Engagement\"", "");
    let criteria: Vec<&str> = criteria.lines().filter(|line| !line.contains("z IS NOT NULL")).collect();
    let lost = rules.unexpressed.iter().map(|one| format!("! {}: {}", one.rule, one.why));
    criteria.into_iter().map(String::from).chain(lost).collect::<Vec<_>>().join("\n")
}

fn property(name: &str, operation: Value, value: f64) -> Value {
    json!({ "type": "CONDITIONAL", "value": value, "whereCondition": { "type": "COMPOSITE", "operator": "AND",
        "conditions": [{ "type": "SINGLE", "property": name, "operation": operation }] } })
}

#[test]
fn what_hubspot_asks_of_a_property_is_a_condition() {
    let when = |operation: Value| of_rule(property("jobtitle", operation, 5.0), json!({}));
    let all = [
        json!({ "operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": ["VP", "O'Neill"] }),
        json!({ "operationType": "ENUMERATION", "operator": "IS_NONE_OF", "values": ["VP"], "includeObjectsWithNoValueSet": true }),
        json!({ "operationType": "STRING", "operator": "CONTAINS", "value": "100%" }),
        json!({ "operationType": "MULTISTRING", "operator": "IS_EQUAL_TO", "values": ["Vice President", "VP"] }),
        json!({ "operationType": "MULTISTRING", "operator": "STARTS_WITH", "values": ["vp", "head"] }),
        json!({ "operationType": "NUMBER", "operator": "IS_GREATER_THAN_OR_EQUAL_TO", "value": "50" }),
        json!({ "operationType": "NUMBER_RANGED", "operator": "IS_NOT_BETWEEN", "lowerBound": 5, "upperBound": 10 }),
        json!({ "operationType": "BOOL", "operator": "IS_NOT_EQUAL_TO", "value": true }),
        json!({ "operationType": "ALL_PROPERTY", "operator": "IS_UNKNOWN" }),
        json!({ "operationType": "DATE", "operator": "IS_BEFORE", "year": 2026, "month": 3, "day": 1 }),
        json!({ "operationType": "DATETIME", "operator": "IS_AFTER", "timestamp": 1767225600000i64 }),
        json!({ "operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN", "numberOfDays": 5 }),
    ];
    insta::assert_snapshot!(all.map(when).join("\n"), @r#"
    {"name":"jobtitle IN ('VP', 'O''Neill')","points":5.0,"when":"jobtitle IN ('VP', 'O''Neill')"}
    {"name":"(NOT (jobtitle = 'VP') OR jobtitle IS NULL)","points":5.0,"when":"(NOT (jobtitle = 'VP') OR jobtitle IS NULL)"}
    {"name":"jobtitle ILIKE '%100!%%' ESCAPE '!'","points":5.0,"when":"jobtitle ILIKE '%100!%%' ESCAPE '!'"}
    {"name":"lower(jobtitle) IN ('vice president', 'vp')","points":5.0,"when":"lower(jobtitle) IN ('vice president', 'vp')"}
    {"name":"(jobtitle ILIKE 'vp%' OR jobtitle ILIKE 'head%')","points":5.0,"when":"(jobtitle ILIKE 'vp%' OR jobtitle ILIKE 'head%')"}
    {"name":"jobtitle >= 50","points":5.0,"when":"jobtitle >= 50"}
    {"name":"NOT (jobtitle BETWEEN 5 AND 10)","points":5.0,"when":"NOT (jobtitle BETWEEN 5 AND 10)"}
    {"name":"jobtitle = FALSE","points":5.0,"when":"jobtitle = FALSE"}
    {"name":"jobtitle IS NULL","points":5.0,"when":"jobtitle IS NULL"}
    {"name":"jobtitle < DATE '2026-03-01'","points":5.0,"when":"jobtitle < DATE '2026-03-01'"}
    {"name":"jobtitle > TIMESTAMP '2026-01-01 00:00:00Z'","points":5.0,"when":"jobtitle > TIMESTAMP '2026-01-01 00:00:00Z'"}
    ! `Engagement`, rule 1 (7): asks `IS_LESS_THAN` (ROLLING_DATE_RANGE) of jobtitle, which no condition here can say
    "#);
}

#[test]
fn a_property_has_the_column_that_is_named_for_it() {
    let operation = json!({ "operationType": "NUMBER", "operator": "IS_LESS_THAN", "value": 5 });
    assert!(of_rule(property("hs_size", operation, 5.0), json!({})).contains("Employees < 5"));
}

#[test]
fn the_first_rule_of_a_match_gives_the_points() {
    let any = |values: Value| json!({ "operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": values });
    let less = |value: f64| json!({ "operationType": "NUMBER", "operator": "IS_LESS_THAN", "value": value });
    let picks = json!({ "type": "MATCH", "property": "title", "defaultValue": -2, "matchRules": [
        { "operation": any(json!(["vp"])), "value": 20 }, { "operation": any(json!(["c-level"])), "value": 30 }] });
    let ranges = json!({ "type": "MATCH", "property": "size", "matchRules": [
        { "operation": less(50.0), "value": 5 }, { "operation": less(500.0), "value": 15 }] });
    insta::assert_snapshot!(of_rule(picks, json!({ "maxValue": 25 })), @r#"
    {"name":"title = 'vp'","points":20.0,"when":"title = 'vp'"}
    {"name":"title = 'c-level'","points":25.0,"when":"title = 'c-level'"}
    {"name":"(title = 'vp') IS NOT TRUE AND (title = 'c-level') IS NOT TR…","points":-2.0,"when":"(title = 'vp') IS NOT TRUE AND (title = 'c-level') IS NOT TRUE"}
    "#);
    insta::assert_snapshot!(of_rule(ranges, json!({})), @r#"
    {"name":"size < 50","points":5.0,"when":"size < 50"}
    {"name":"(size < 50) IS NOT TRUE AND size < 500","points":15.0,"when":"(size < 50) IS NOT TRUE AND size < 500"}
    "#);
}

fn events(calculators: Value) -> Value {
    json!({ "type": "MULTI_UE", "eventCalculators": calculators })
}

#[test]
fn events_count_each_and_a_rule_bounds_their_sum() {
    let each = |kind: &str, value: f64| json!({ "eventTypeId": kind, "recordCalculation": { "type": "CONSTANT", "value": value } });
    insta::assert_snapshot!(of_rule(events(json!([each("4-1", 2.0)])), json!({ "maximumValue": 10 })), @r#"{"name":"email_open","points":2.0,"event":"email_open","per":"event","cap":10.0}"#);
    insta::assert_snapshot!(of_rule(events(json!([each("4-1", -2.0)])), json!({ "minValue": -10, "maxValue": 10 })), @r#"{"name":"email_open","points":-2.0,"event":"email_open","per":"event","cap":10.0}"#);
    // A maximum of two sums is no cap of either.
    insta::assert_snapshot!(of_rule(events(json!([each("4-1", 2.0), each("4-2", 5.0)])), json!({ "maxValue": 10 })), @r#"
    {"name":"email_open","points":2.0,"event":"email_open","per":"event"}
    {"name":"demo","points":5.0,"event":"demo","per":"event"}
    ! `Engagement`, rule 1 (7): its minimum or maximum over several sums is left out, and the criteria are kept without it
    "#);
    // Nobody guesses what a type of event is.
    insta::assert_snapshot!(of_rule(events(json!([each("4-666288", 2.0)])), json!({})), @r#"! event type `4-666288`: 1 rule counts events of this type, and no kind of the log is named for it: `rules: { file: hubspot.json, events: { "4-666288": KIND } }`"#);
}

#[test]
fn a_number_of_events_gives_points_by_its_range() {
    let frequency = json!([{ "eventTypeId": "4-1", "recordCalculation": { "type": "CONSTANT", "value": 1 },
        "eventTimeframe": { "eventFilterOperation": { "operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN", "numberOfDays": 30 } },
        "eventFrequencyCriteria": { "type": "BETWEEN", "ranges": [
            { "type": "EXACTLY", "from": 1, "value": 2 }, { "type": "BETWEEN", "from": 2, "to": 4, "value": 5 },
            { "type": "AT_LEAST", "from": 5, "value": 50 }] } }]);
    insta::assert_snapshot!(of_rule(events(frequency), json!({ "maxValue": 8 })), @r#"
    {"name":"email_open","points":2.0,"event":"email_open","within":"30d","per":"lead"}
    {"name":"email_open, 2 or more","points":3.0,"event":"email_open","within":"30d","per":"lead","at_least":2.0}
    {"name":"email_open, 5 or more","points":3.0,"event":"email_open","within":"30d","per":"lead","at_least":5.0}
    "#);
}

#[test]
fn what_no_points_model_can_say_is_named() {
    let lists = json!({ "type": "SEGMENT_MEMBERSHIP", "segmentMembershipRules": [] });
    let deals = json!({ "type": "ASSOCIATIONS", "associatedObjectTypeId": "0-3" });
    insta::assert_snapshot!([lists, deals, json!({ "type": "NEW" }), json!(null)].map(|one| of_rule(one, json!({}))).join("\n"), @r"
    ! `Engagement`, rule 1 (7): asks for membership of lists, which no export holds: export it as a column, and say it as a criterion
    ! `Engagement`, rule 1 (7): scores by associated records (companies, deals), which are not among the leads
    ! `Engagement`, rule 1 (7): its calculation is of type NEW, which is not known here
    ! `Engagement`, rule 1 (7): its calculation has no type
    ");
}

#[test]
fn groups_bound_and_decay_and_a_score_has_a_most_and_tiers() {
    let open = events(json!([{ "eventTypeId": "4-1", "recordCalculation": { "type": "CONSTANT", "value": 4 } }]));
    let off = one(open.clone(), json!({ "enabled": false }));
    let decay = json!({ "decayIntervalDays": 30, "percentToDecayPerInterval": 25 });
    let group = json!({ "minValue": -5, "maxValue": 40, "groupDecay": decay });
    let mut score = score(vec![one(open, json!({})), off], group);
    score["maxScore"] = json!(90);
    score["outputConfiguration"] = json!({ "outputs": [
        { "outputType": "THRESHOLD", "boundaries": [{ "label": "Hot", "threshold": 60 }, { "label": "Cold", "threshold": 0 }] },
        { "outputType": "MATRIX", "boundaries": {} }] });
    score["filterConfiguration"] = json!({ "listFilterType": "EXCLUDES", "segmentIds": ["12"] });
    // An answer for many scores holds this one.
    let rules = hubspot(&json!({ "results": [score] }));
    let points = points(&rules);
    assert_eq!(
        said(&points),
        r#"{"name":"email_open","points":4.0,"event":"email_open","per":"event","loses":{"percent":25.0,"every":"30d"},"group":"Engagement"}"#
    );
    let group = points.groups.get("Engagement").unwrap();
    assert_eq!((group.low(), group.high(), points.bounds.unwrap().high()), (-5.0, 40.0, 90.0));
    assert_eq!(points.tiers.get("Hot").unwrap().from, 60.0);
    let lost: Vec<(&str, bool)> = rules.unexpressed.iter().map(|one| (one.rule.as_str(), one.matters)).collect();
    assert_eq!(lost, [("1 rule", false), ("the matrix of fit and engagement", false), ("`filterConfiguration`", true)]);
    assert!(points.is_foreign);
    assert_eq!(points.criteria[0].path, "hubspot.json, `Engagement`, rule 1 (7)");
}

#[test]
fn a_limit_of_categories_bounds_the_total_where_there_is_one() {
    let open = || events(json!([{ "eventTypeId": "4-1", "recordCalculation": { "type": "CONSTANT", "value": 4 } }]));
    let mut score = score(vec![one(open(), json!({}))], json!({}));
    score["maxScorePerCategory"] = json!({ "INTENT": 50 });
    assert_eq!(points(&hubspot(&score)).bounds.unwrap().high(), 50.0);
    let mut other = score["groupConfigs"][0].clone();
    other["groupCategory"] = json!("FIT");
    other["groupName"] = json!("Fit");
    score["groupConfigs"].as_array_mut().unwrap().push(other);
    let rules = hubspot(&score);
    assert!(points(&rules).bounds.is_none());
    assert!(rules.unexpressed.iter().any(|one| one.rule == "`maxScorePerCategory`" && one.matters));
}

#[test]
fn json_that_is_no_score_is_told() {
    insta::assert_snapshot!([
        "{ \"groupConfigs\": [\n  ] ",
        "{ \"name\": 1 }",
        "[{ \"name\": \"A\", \"groupConfigs\": [] }, { \"name\": \"B\", \"groupConfigs\": [] }]",
        "{ \"groupConfigs\": [{ \"ruleConfigurations\": [{ \"configuration\": { \"calculation\": { \"type\": \"NEW\" } } }] }] }",
    ].map(wrong).join("\n"), @r"
    line 2: no JSON: EOF while parsing an object, in column 4
    JSON without `groupConfigs`, expected a lead score's configuration as HubSpot's Lead Scoring API gives it
    2 scores (`A`, `B`), expected a file with one
    no rule of it can be expressed as a criterion (`Group 1`, rule 1: its calculation is of type NEW, which is not known here)
    ");
}
