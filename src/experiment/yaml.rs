//! YAML with places: every error says where, what was found, and the nearest name that would have done.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_yaml::Error;

use super::ConfigError;

use crate::table::{inert, suggest};

/// The text of a file of YAML.
pub(super) fn text(path: &Path) -> Result<String, ConfigError> {
    let bytes = std::fs::read(path).map_err(|source| ConfigError::Read { path: path.into(), source })?;
    let text = String::from_utf8_lossy(&bytes);
    if is_table(path, &text) {
        return Err(ConfigError::Table { path: path.into() });
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::NotText { path: path.into() })
}

/// Parses YAML; `path` is for messages only.
pub(super) fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, ConfigError> {
    let mut field = String::new();
    let mut options = serde_yaml::Options::default();
    options.strict_booleans = true;
    options.with_snippet = false;
    let parsed = serde_yaml::with_deserializer_from_str_with_options(text, options, |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            field = error.path().to_string();
            error.into_inner()
        })
    });
    parsed.map_err(|error: Error| {
        let place = error.location().map_or((1, 1), |location| (location.line() as usize, location.column() as usize));
        let at = place_of(&field, &error);
        let found = found(text, place.0, place.1);
        let key = field.rsplit('.').next().unwrap_or_default();
        let is_map = matches!(error.without_snippet(), Error::Unexpected { expected: "mapping start", .. });
        let by_column = BY_COLUMN.iter().find(|(known, _)| is_map && *known == key);
        let message = match by_column {
            Some((_, form)) => format!("expected columns with what holds for each, such as {form}; found {found}"),
            None => message(&error, &found),
        };
        ConfigError::Parse {
            path: path.into(),
            line: place.0,
            column: place.1,
            message: inert(&format!("{at}{message}")).into_owned(),
            snippet: snippet(text, place.0, place.1),
        }
    })
}

/// The path to what is wrong; of an unknown field, the section that holds it.
fn place_of(field: &str, error: &Error) -> String {
    let section = match error.without_snippet() {
        Error::SerdeUnknownField { field: unknown, .. } => field.strip_suffix(unknown.as_str()).unwrap_or(field),
        _ => field,
    };
    match section.trim_end_matches(['.', '?']) {
        "" => String::new(),
        section => format!("{section}: "),
    }
}

/// What is wrong, in one line without its place. The parser's words, where a person could act on them; else ours.
fn message(error: &Error, found: &str) -> String {
    match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => unknown("field", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("choice", variant, expected),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` stands here twice"),
        Error::Eof { .. } => {
            "the text ends here, and something is missing; an experiment begins with `version: 1`".into()
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            format!("expected a list, such as [a, b], found {found}")
        }
        Error::Unexpected { expected: "mapping start", .. } => {
            format!("expected keys with their values, such as `key: value`, found {found}")
        }
        Error::Unexpected { expected, .. } => format!("expected {expected}, found {found}"),
        Error::InvalidScalar { ty: "floating point", .. } => format!("expected a number, found {found}"),
        Error::InvalidScalar { ty, .. } if ty.starts_with('u') => {
            format!("expected a whole number of 0 or more, found {found}")
        }
        Error::InvalidScalar { ty, .. } if ty.starts_with('i') => format!("expected a whole number, found {found}"),
        Error::InvalidBooleanStrict { .. } => format!("expected true or false, found {found}"),
        Error::NonFiniteFloat { .. } => format!("expected a finite number, found {found}"),
        Error::NullIntoString { .. } => {
            "expected a text, found nothing; YAML reads a bare `null` or `~` as nothing: put it in quotes".into()
        }
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => {
            format!("expected a choice, such as `choice: value`, found {found}")
        }
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => {
            format!("only one choice can stand here, and {found} is a second one")
        }
        Error::SerdeInvalidLength { len, expected, .. } => {
            format!("expected {}, found {len}", expected.replace("a tuple of size ", "values in number: "))
        }
        other => {
            let text = other.to_string();
            let place = text.rfind(" at line ").unwrap_or(text.len());
            let advice = SYNTAX.iter().find(|(said, _)| text.contains(said)).map(|(_, advice)| *advice);
            advice.map_or_else(|| text[..place].into(), String::from)
        }
    }
}

/// What the parser says of broken YAML, and what a person can do about it.
const SYNTAX: [(&str, &str); 10] = [
    ("expected ',' or '}'", "a `{` above is not closed, or a comma is missing between two keys"),
    ("expected ',' or ']'", "a `[` above is not closed, or a comma is missing between two values"),
    (
        "expected key",
        "neither a `key: value` of the section that it is indented under nor the start of one: check its indentation",
    ),
    ("expected '-'", "not an entry of the list above: each begins with `- `, all at the same indentation"),
    (
        "mapping values are not allowed",
        "a second `: ` in one line: put a text that holds one in quotes, and each key on a line of its own",
    ),
    (
        "trailing content",
        "text goes on behind a closing quote: in a text in double quotes a column's name stands in backticks, as in \"`Job Title` = 'CEO'\"",
    ),
    ("multiline quoted", "a quote above is opened and not closed"),
    ("unclosed quote", "a quote is opened here and not closed"),
    (
        "unexpected character",
        "a value cannot begin with this character: put it in double quotes, such as \"`Job Title` = 'CEO'\"",
    ),
    ("indicator", "a bracket or quote above is not closed"),
];

/// Whether a text is a table of data: lines of as many fields, the first without a colon.
fn is_table(path: &Path, text: &str) -> bool {
    let data = ["csv", "tsv", "txt", "ndjson", "jsonl", "parquet", "arrow", "feather", "xlsx", "xls", "gz", "zst"];
    let named = path.extension().is_some_and(|ending| data.iter().any(|known| ending.eq_ignore_ascii_case(known)));
    let fields = |line: &str| line.matches([',', ';', '\t', '|']).count();
    let mut lines = text.lines();
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let is_yaml = first.starts_with(['#', '{', '-', '%']) || first.contains(": ") || second.contains(": ");
    named || (fields(first) > 1 && fields(first) == fields(second) && !is_yaml)
}

/// Keys whose values go by column, and how that is written.
const BY_COLUMN: [(&str, &str); 3] = [
    ("except", "`except: { score: as_exported }`; what holds for all others is `known:`"),
    ("types", "`types: { zip: text }`"),
    ("nulls_in", "`nulls_in: { employees: ['-1'] }`; words for all columns are `nulls:`"),
];

/// What stands at the place, as far as it is one value.
fn found(text: &str, line: usize, column: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let rest: String = line.chars().skip(column.saturating_sub(1)).collect();
    let quoted = rest.starts_with(['"', '\'']);
    let end = if quoted { rest.len() } else { rest.find([',', '}', ']', '#']).unwrap_or(rest.len()) };
    match rest[..end].trim() {
        "" => "nothing".into(),
        value if value.starts_with('[') => "a list".into(),
        value if value.starts_with('{') => "keys with their values".into(),
        value if value.starts_with("- ") => "a list".into(),
        value if value.chars().count() > 40 => format!("`{}…`", value.chars().take(40).collect::<String>()),
        value => format!("`{value}`"),
    }
}

fn unknown(what: &str, found: &str, expected: &[&'static str]) -> String {
    match suggest(expected.iter().copied(), found) {
        Some(near) => format!("unknown {what} `{found}`, did you mean `{near}`?"),
        None => format!("unknown {what} `{found}`, expected one of {}", list(expected)),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The line with a caret under the place, and the line before it.
pub(super) fn snippet(text: &str, line: usize, column: usize) -> String {
    if text.trim().is_empty() {
        return "  the file is empty".into();
    }
    let shown = text.lines().enumerate().skip(line.saturating_sub(2)).take(if line > 1 { 2 } else { 1 });
    let width = line.to_string().len();
    let mut snippet: String = shown.map(|(i, text)| format!("  {:>width$} | {}\n", i + 1, text.trim_end())).collect();
    snippet.push_str(&format!("  {:>width$} | {}^", "", " ".repeat(column.saturating_sub(1))));
    snippet
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Model {
        ridge: f64,
        #[serde(default)]
        on: Option<bool>,
    }

    fn error(text: &str) -> String {
        type Models = std::collections::BTreeMap<String, Model>;
        parse::<std::collections::BTreeMap<String, Models>>(text, Path::new("e.yaml")).unwrap_err().to_string()
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_place_and_the_nearest_one() {
        insta::assert_snapshot!(error("models:\n  challenger:\n    rigde: 1.0\n"), @r"
        e.yaml:3:5: models.challenger: unknown field `rigde`, did you mean `ridge`?
          2 |   challenger:
          3 |     rigde: 1.0
            |     ^
        ");
    }

    #[test]
    fn broken_yaml_is_told_with_its_cure() {
        for (text, cure) in [
            ("data:\n  leads: { path: l.csv\n  outcomes: { flag: won }\n", "a `{` above is not closed"),
            ("experiment: x: y\n", "a second `: ` in one line"),
            ("experiment: \"abc\nmodels: {}\n", "a quote above is opened and not closed"),
            ("a: { when: `b` = 1 }\n", "put it in double quotes"),
            ("experiment: \"b\" c\n", "goes on behind a closing quote"),
            ("models:\n  a: {}\n b: {}\n", "check its indentation"),
        ] {
            let told = parse::<serde_json::Value>(text, Path::new("e.yaml")).unwrap_err().to_string();
            assert!(told.contains(cure), "{told}");
        }
    }

    #[test]
    fn a_file_of_data_is_told_from_an_experiment() {
        assert!(is_table(Path::new("a.yaml"), "id,created,won\n1,2,3\n"));
        assert!(is_table(Path::new("contacts.CSV"), "id\n"));
        assert!(!is_table(Path::new("a.yaml"), "data: { leads: { path: a, id: b }, x: 1 }\nb: { c: 1, d: 2, e: 3 }\n"));
        assert!(!is_table(Path::new("a.yaml"), "# a, b, c\n# d, e, f\nversion: 1\n"));
        assert!(!is_table(Path::new("a.yaml"), "version: 1\nmodels: {}\n"));
    }

    #[test]
    fn other_errors_say_where_they_are_too() {
        let wrong = [
            "models:\n  a: { ridge: x }\n",
            "models:\n  a: { ridge: 1 }\n  a: { ridge: 2 }\n",
            "models:\n  a: { ridge: 1, on: yes }\n",
            "models:\n  a: {}\n",
            "models: [\n",
            "models:\n  a: [1]\n",
        ];
        let first_lines: Vec<String> =
            wrong.iter().map(|text| error(text).lines().next().unwrap().to_string()).collect();
        insta::assert_snapshot!(first_lines.join("\n"), @r"
        e.yaml:2:15: models.a.ridge: expected a number, found `x`
        e.yaml:3:3: models: `a` stands here twice
        e.yaml:2:22: models.a.on: expected true or false, found `yes`
        e.yaml:2:6: models.a: missing field `ridge`
        e.yaml:1:9: models: expected keys with their values, such as `key: value`, found a list
        e.yaml:2:6: models.a: expected keys with their values, such as `key: value`, found a list
        ");
    }
}
