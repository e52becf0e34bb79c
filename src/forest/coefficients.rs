//! Coefficients written out by hand, in JSON: an intercept, and terms over columns.
//!
//! `{ "model": "logistic regression", "intercept": -0.7, "terms": [{ "column": "employees", "missing": 99, "mean": 379, "scale": 1326,
//! "coefficient": 0.24 }, { "column": "seniority", "equals": "vp", "coefficient": 1.1 }] }`

use std::collections::{HashMap, HashSet};

use super::error::{Wrong, quoted};
use super::json;
use super::linear::{Linear, Of, Term};
use super::value::{Found, Value};
use super::{Body, Forest, Input, Level, Link, Scale, Takes};

/// # Errors
/// When the text is no such model.
pub(super) fn read(bytes: &[u8]) -> Result<Forest, Wrong> {
    let value = json::parse(bytes)?;
    let whole = Found::whole(&value);
    whole.expect_only(&["model", "classes", "intercept", "terms"])?;
    let link = match whole.find("model")?.map(|found| found.text()).transpose()? {
        None | Some("logistic regression") => Link { factor: 1.0, scale: Scale::Logistic },
        Some("linear regression") => Link::margin(),
        Some(other) => {
            let what =
                format!("{} is not known here, expected `logistic regression` or `linear regression`", quoted(other));
            return Err(Wrong::new("`model`", what));
        }
    };
    if let Some(classes) = whole.find("classes")? {
        let count = classes.len()?;
        if count != 2 {
            return Err(classes.wrong(format!("{count} classes, expected two: lost and won")));
        }
    }
    let start = whole.get("intercept")?.number()?;
    let (mut known, mut terms) = (Known::default(), Vec::new());
    for term in whole.get("terms")?.each()? {
        terms.push(read_term(&term, &mut known)?);
    }
    let inputs = known.inputs;
    if terms.is_empty() {
        return Err(Wrong::new(
            "`terms`",
            "no terms, expected some such as { \"column\": \"employees\", \"coefficient\": 0.2 }",
        ));
    }
    let linear = Linear { start, terms, single: false };
    Forest::new("JSON of coefficients", inputs, link, |_| Ok(Body::Linear(linear)))
}

/// Inputs that terms have named so far.
#[derive(Default)]
struct Known<'a> {
    inputs: Vec<Input>,
    places: HashMap<&'a str, usize>,
    levels: HashSet<(usize, String)>,
}

fn read_term<'a>(term: &Found<'a>, known: &mut Known<'a>) -> Result<Term, Wrong> {
    let name = term.get("column")?.text()?;
    let weight = term.get("coefficient")?.number()?;
    let equals = term.find("equals")?;
    let takes = if equals.is_some() { Takes::Levels(Vec::new()) } else { Takes::Number };
    let inputs = &mut known.inputs;
    let input = *known.places.entry(name).or_insert_with(|| {
        inputs.push(Input { name: name.into(), takes });
        inputs.len() - 1
    });
    let mixed = || term.wrong(format!("{} is a number in one term and a category in another", quoted(name)));
    let Some(equals) = equals else {
        term.expect_only(&["column", "coefficient", "missing", "mean", "scale"])?;
        if inputs[input].takes != Takes::Number {
            return Err(mixed());
        }
        let number = |key: &str| term.find(key)?.map(|found| found.number()).transpose();
        let scale = number("scale")?.unwrap_or(1.0);
        if scale == 0.0 {
            return Err(term.wrong("`scale` is 0, and values are divided by it"));
        }
        let of = Of::Standard { mean: number("mean")?.unwrap_or(0.0), scale, missing: number("missing")? };
        return Ok(Term { input, weight, of });
    };
    term.expect_only(&["column", "coefficient", "equals"])?;
    let level = match equals.value {
        Value::Text(text) => Level::Text(text.clone()),
        Value::Flag(flag) => Level::Flag(*flag),
        Value::Number(number) if number.is_finite() => Level::Number(*number),
        _ => return Err(equals.wrong("expected a text, a number, or true or false")),
    };
    let Takes::Levels(levels) = &mut inputs[input].takes else { return Err(mixed()) };
    if !known.levels.insert((input, format!("{level:?}"))) {
        return Err(equals.wrong("stands in two terms of one column"));
    }
    levels.push(level);
    Ok(Term { input, weight, of: Of::Code(levels.len() - 1) })
}
