use std::borrow::Cow;

use super::names::Kind;
use crate::time::Instant;

/// One value of a computation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Number(f64),
    Text(Cow<'a, str>),
    Flag(bool),
    Instant(Instant),
}

impl Value<'_> {
    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn truth(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }

    /// Null, when there is none or it is not finite.
    pub(super) fn finite(number: Option<f64>) -> Self {
        number.filter(|number| number.is_finite()).map_or(Self::Null, Value::Number)
    }

    /// The order of two values of one kind.
    pub(super) fn order(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Flag(a), Self::Flag(b)) => Some(a.cmp(b)),
            (Self::Instant(a), Self::Instant(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// A function of one row.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Fewest and most arguments.
    pub(super) arity: (usize, usize),
    pub(super) takes: Takes,
    compute: for<'a> fn(&[Value<'a>]) -> Value<'a>,
}

/// What a function takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Arguments of one kind, and gives another; null as soon as one is null.
    Each(Kind, Kind),
    /// Arguments alike, and gives the same; sees nulls.
    Alike,
}

impl Function {
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        FUNCTIONS.iter().map(|function| function.name)
    }

    pub(super) fn apply<'a>(&self, arguments: &[Value<'a>]) -> Value<'a> {
        if self.takes != Takes::Alike && arguments.contains(&Value::Null) {
            return Value::Null;
        }
        (self.compute)(arguments)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const TEXT: Takes = Takes::Each(Kind::Text, Kind::Text);
const NUMBER: Takes = Takes::Each(Kind::Number, Kind::Number);
const ASKS: Takes = Takes::Each(Kind::Text, Kind::Flag);
const MANY: usize = 100;

const fn function(
    name: &'static str,
    arity: (usize, usize),
    takes: Takes,
    compute: for<'a> fn(&[Value<'a>]) -> Value<'a>,
) -> Function {
    Function { name, arity, takes, compute }
}

const FUNCTIONS: &[Function] = &[
    function("lower", (1, 1), TEXT, |values| text(values, str::to_lowercase)),
    function("upper", (1, 1), TEXT, |values| text(values, str::to_uppercase)),
    function("trim", (1, 1), TEXT, |values| text(values, |text| text.trim().into())),
    function("length", (1, 1), Takes::Each(Kind::Text, Kind::Number), |values| {
        Value::finite(values[0].text().map(|text| text.chars().count() as f64))
    }),
    function("starts_with", (2, 2), ASKS, |values| asks(values, |text, part| text.starts_with(part))),
    function("ends_with", (2, 2), ASKS, |values| asks(values, |text, part| text.ends_with(part))),
    function("contains", (2, 2), ASKS, |values| asks(values, |text, part| text.contains(part))),
    function("abs", (1, 1), NUMBER, |values| number(values, f64::abs)),
    function("floor", (1, 1), NUMBER, |values| number(values, f64::floor)),
    function("ceil", (1, 1), NUMBER, |values| number(values, f64::ceil)),
    function("ceiling", (1, 1), NUMBER, |values| number(values, f64::ceil)),
    function("round", (1, 2), NUMBER, round),
    function("sqrt", (1, 1), NUMBER, |values| number(values, f64::sqrt)),
    function("exp", (1, 1), NUMBER, |values| number(values, f64::exp)),
    function("ln", (1, 1), NUMBER, |values| number(values, f64::ln)),
    function("power", (2, 2), NUMBER, |values| {
        let power = values[0].number().zip(values[1].number()).map(|(base, exponent)| base.powf(exponent));
        Value::finite(power)
    }),
    function("coalesce", (1, MANY), Takes::Alike, |values| {
        values.iter().find(|value| **value != Value::Null).cloned().unwrap_or(Value::Null)
    }),
    function(
        "nullif",
        (2, 2),
        Takes::Alike,
        |values| {
            if values[0] == values[1] { Value::Null } else { values[0].clone() }
        },
    ),
    // Nulls are passed over, as in PostgreSQL and DuckDB.
    function("greatest", (1, MANY), Takes::Alike, |values| extreme(values, std::cmp::Ordering::Greater)),
    function("least", (1, MANY), Takes::Alike, |values| extreme(values, std::cmp::Ordering::Less)),
];

fn text<'a>(values: &[Value<'a>], change: impl Fn(&str) -> String) -> Value<'a> {
    values[0].text().map_or(Value::Null, |text| Value::Text(change(text).into()))
}

fn number<'a>(values: &[Value<'a>], change: impl Fn(f64) -> f64) -> Value<'a> {
    Value::finite(values[0].number().map(change))
}

fn asks<'a>(values: &[Value<'a>], holds: impl Fn(&str, &str) -> bool) -> Value<'a> {
    let both = values[0].text().zip(values[1].text());
    both.map_or(Value::Null, |(text, part)| Value::Flag(holds(text, part)))
}

/// Half away from zero, to so many decimals.
fn round<'a>(values: &[Value<'a>]) -> Value<'a> {
    let decimals = values.get(1).and_then(Value::number).unwrap_or(0.0);
    let scale = 10f64.powf(decimals.trunc().clamp(-300.0, 300.0));
    number(values, |value| {
        let scaled = value * scale;
        // Beyond 2^53 a number has no decimals left to round.
        if scaled.abs() < 9e15 { scaled.round() / scale } else { value }
    })
}

fn extreme<'a>(values: &[Value<'a>], wanted: std::cmp::Ordering) -> Value<'a> {
    let known = values.iter().filter(|value| **value != Value::Null);
    known
        .reduce(|best, value| if value.order(best) == Some(wanted) { value } else { best })
        .cloned()
        .unwrap_or(Value::Null)
}
