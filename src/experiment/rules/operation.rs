//! What a platform asks of a property, as a condition in SQL.

use serde_json::{Value, json};

use crate::predicate::{Asks, Reader, instant, quoted, sql_name};
use crate::time::Instant;

/// Signs of comparison, and what the platform calls them.
const SIGNS: [(&str, &str); 6] = [
    ("=", "IS_EQUAL_TO"),
    ("<>", "IS_NOT_EQUAL_TO"),
    (">", "IS_GREATER_THAN"),
    (">=", "IS_GREATER_THAN_OR_EQUAL_TO"),
    ("<", "IS_LESS_THAN"),
    ("<=", "IS_LESS_THAN_OR_EQUAL_TO"),
];

/// The condition that an operation is on a column, or why there is none.
pub(super) fn condition(column: &str, operation: &Value) -> Result<String, String> {
    let kind = word(operation, "operationType");
    let asked = word(operation, "operator");
    let column = sql_name(column);
    let of = Asked { column: &column, operation, operator: &asked };
    let condition = match kind.as_str() {
        "ALL_PROPERTY" => of.known(),
        "BOOL" => of.flag(),
        "NUMBER" => of.number(),
        "NUMBER_RANGED" => of.range(),
        "STRING" | "MULTISTRING" => of.text(),
        "ENUMERATION" => of.choice(),
        "DATE" | "DATETIME" => of.time(),
        _ => None,
    };
    let condition = condition.ok_or_else(|| {
        let asked = if asked.is_empty() { "without an operator".into() } else { format!("`{asked}`") };
        format!("asks {asked} ({kind}) of {column}, which no condition here can say")
    })?;
    let and_missing = operation.get("includeObjectsWithNoValueSet").and_then(Value::as_bool) == Some(true);
    let says_so = kind == "ALL_PROPERTY";
    Ok(if and_missing && !says_so { format!("({condition} OR {column} IS NULL)") } else { condition })
}

/// The values by which an operation picks, where it picks by nothing else: two that share none exclude each other.
pub(super) fn picked(operation: &Value) -> Option<Vec<String>> {
    let is_pick = matches!(word(operation, "operator").as_str(), "IS_ANY_OF" | "IS_EQUAL_TO");
    let alone = operation.get("includeObjectsWithNoValueSet").and_then(Value::as_bool) != Some(true);
    let values = values(operation).into_iter().map(|value| value.to_lowercase()).collect::<Vec<_>>();
    (is_pick && alone && !values.is_empty()).then_some(values)
}

fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase()
}

/// `values`, or the one `value`.
fn values(operation: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match (operation.get("values").and_then(Value::as_array), operation.get("value")) {
        (Some(values), _) => values.iter().filter_map(text).collect(),
        (None, Some(value)) => text(value).into_iter().collect(),
        (None, None) => Vec::new(),
    }
}

/// A number, also one that is written as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

struct Asked<'a> {
    column: &'a str,
    operation: &'a Value,
    operator: &'a str,
}

impl Asked<'_> {
    fn known(&self) -> Option<String> {
        match self.operator {
            "IS_KNOWN" => Some(format!("{} IS NOT NULL", self.column)),
            "IS_UNKNOWN" => Some(format!("{} IS NULL", self.column)),
            _ => None,
        }
    }

    fn flag(&self) -> Option<String> {
        let wanted = values(self.operation).first()?.parse::<bool>().ok()?;
        let wanted = match self.operator {
            "IS_EQUAL_TO" => wanted,
            "IS_NOT_EQUAL_TO" => !wanted,
            _ => return None,
        };
        Some(format!("{} = {}", self.column, if wanted { "TRUE" } else { "FALSE" }))
    }

    fn number(&self) -> Option<String> {
        let sign = SIGNS.iter().find(|(_, operator)| *operator == self.operator)?.0;
        Some(format!("{} {sign} {}", self.column, number(self.operation.get("value")?)?))
    }

    fn range(&self) -> Option<String> {
        let bound = |key: &str| number(self.operation.get(key)?);
        let (low, high) = (bound("lowerBound")?, bound("upperBound")?);
        let between = format!("{} BETWEEN {low} AND {high}", self.column);
        match self.operator {
            "IS_BETWEEN" => Some(between),
            "IS_NOT_BETWEEN" => Some(format!("NOT ({between})")),
            _ => None,
        }
    }

    /// Texts are compared whatever their case, as the platform's lists do.
    fn text(&self) -> Option<String> {
        let values = values(self.operation);
        let like = |before: &str, after: &str| {
            let one = |value: &String| {
                let literal = value.replace('!', "!!").replace('%', "!%").replace('_', "!_");
                let escape = if literal == *value { "" } else { " ESCAPE '!'" };
                format!("{} ILIKE {}{escape}", self.column, quoted(&format!("{before}{literal}{after}")))
            };
            let all: Vec<String> = values.iter().map(one).collect();
            if all.len() == 1 { all.concat() } else { format!("({})", all.join(" OR ")) }
        };
        let equal = || {
            let all: Vec<String> = values.iter().map(|value| quoted(&value.to_lowercase())).collect();
            match all.as_slice() {
                [one] => format!("lower({}) = {one}", self.column),
                all => format!("lower({}) IN ({})", self.column, all.join(", ")),
            }
        };
        if values.is_empty() {
            return None;
        }
        match self.operator {
            "IS_EQUAL_TO" | "IS_ANY_OF" => Some(equal()),
            "IS_NOT_EQUAL_TO" | "IS_NONE_OF" => Some(format!("NOT ({})", equal())),
            "CONTAINS" => Some(like("%", "%")),
            "DOES_NOT_CONTAIN" => Some(format!("NOT ({})", like("%", "%"))),
            "STARTS_WITH" => Some(like("", "%")),
            "ENDS_WITH" => Some(like("%", "")),
            _ => None,
        }
    }

    fn choice(&self) -> Option<String> {
        let values: Vec<String> = values(self.operation).iter().map(|value| quoted(value)).collect();
        if values.is_empty() {
            return None;
        }
        let any = match values.as_slice() {
            [one] => format!("{} = {one}", self.column),
            all => format!("{} IN ({})", self.column, all.join(", ")),
        };
        match self.operator {
            "IS_ANY_OF" | "IS_EQUAL_TO" => Some(any),
            "IS_NONE_OF" | "IS_NOT_EQUAL_TO" => Some(format!("NOT ({any})")),
            _ => None,
        }
    }

    fn time(&self) -> Option<String> {
        let part = |key: &str| self.operation.get(key).and_then(number);
        let value = match (part("timestamp"), part("year"), part("month"), part("day")) {
            (Some(millis), ..) if millis.abs() < 9e12 => {
                instant((millis as Instant).saturating_mul(1_000), Reader::Own)
            }
            (None, Some(year), Some(month), Some(day)) => format!("DATE '{year:04}-{month:02}-{day:02}'"),
            _ => return None,
        };
        match self.operator {
            "IS_BEFORE" | "IS_LESS_THAN" => Some(format!("{} < {value}", self.column)),
            "IS_AFTER" | "IS_GREATER_THAN" => Some(format!("{} > {value}", self.column)),
            "IS_GREATER_THAN_OR_EQUAL_TO" => Some(format!("{} >= {value}", self.column)),
            "IS_LESS_THAN_OR_EQUAL_TO" => Some(format!("{} <= {value}", self.column)),
            _ => None,
        }
    }
}

/// What a test is in the platform's words; nothing where it has none.
pub(super) fn operation(asks: &Asks) -> Option<Value> {
    Some(match asks {
        Asks::Known(known) => {
            json!({ "operationType": "ALL_PROPERTY", "operator": if *known { "IS_KNOWN" } else { "IS_UNKNOWN" } })
        }
        Asks::Flag(flag) => json!({ "operationType": "BOOL", "operator": "IS_EQUAL_TO", "value": flag }),
        Asks::Number(sign, value) => {
            let operator = SIGNS.iter().find(|(known, _)| known == sign)?.1;
            json!({ "operationType": "NUMBER", "operator": operator, "value": value })
        }
        Asks::Texts { any, negated, folded: false } => {
            let operator = if *negated { "IS_NONE_OF" } else { "IS_ANY_OF" };
            json!({ "operationType": "ENUMERATION", "operator": operator, "values": any })
        }
        Asks::Texts { any, negated, folded: true } => {
            let operator = if *negated { "IS_NOT_EQUAL_TO" } else { "IS_EQUAL_TO" };
            json!({ "operationType": "MULTISTRING", "operator": operator, "values": any })
        }
        Asks::Like(pattern) => {
            let (from, to) =
                (pattern.starts_with('%'), pattern.len() > 1 && pattern.ends_with('%') && !pattern.ends_with("!%"));
            let inner = pattern.strip_prefix('%').unwrap_or(pattern);
            let inner = if to { inner.strip_suffix('%').unwrap_or(inner) } else { inner };
            let operator = match (from, to) {
                (true, true) => "CONTAINS",
                (false, true) => "STARTS_WITH",
                (true, false) => "ENDS_WITH",
                (false, false) => return None,
            };
            json!({ "operationType": "STRING", "operator": operator, "value": plain(inner)? })
        }
    })
}

/// The text of a pattern that has no other signs in it.
fn plain(pattern: &str) -> Option<String> {
    let (mut text, mut chars) = (String::new(), pattern.chars());
    while let Some(c) = chars.next() {
        match c {
            '!' => text.push(chars.next()?),
            '%' | '_' => return None,
            c => text.push(c),
        }
    }
    (!text.is_empty()).then_some(text)
}
