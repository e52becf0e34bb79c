//! Nested values as JSON and UBJSON have them, with rows of numbers kept flat.

use super::error::{Wrong, quoted};

/// Files are not nested deeper; more is an attack on the stack.
pub(super) const DEEPEST: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Number(f64),
    Text(String),
    /// A list of numbers and nothing else; an empty list.
    Numbers(Vec<f64>),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Numbers(_) | Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

/// Builds a list, flat as long as it holds numbers only.
#[derive(Default)]
pub(super) struct ListOf {
    numbers: Vec<f64>,
    others: Vec<Value>,
}

impl ListOf {
    pub(super) fn push(&mut self, value: Value) {
        match value {
            Value::Number(number) if self.others.is_empty() => self.numbers.push(number),
            value => {
                self.others.extend(std::mem::take(&mut self.numbers).into_iter().map(Value::Number));
                self.others.push(value);
            }
        }
    }

    pub(super) fn value(self) -> Value {
        if self.others.is_empty() { Value::Numbers(self.numbers) } else { Value::List(self.others) }
    }
}

/// An object from its entries.
pub(super) fn map(entries: Vec<(String, Value)>, place: impl Fn() -> String) -> Result<Value, Wrong> {
    let mut names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Wrong::new(place(), format!("{} stands twice in one object", quoted(pair[0])))),
        None => Ok(Value::Map(entries)),
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
}

impl<'a> Found<'a> {
    pub(super) fn whole(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    pub(super) fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong::new(format!("`{}`", self.path), what)
    }

    fn not(&self, expected: &str) -> Wrong {
        let found = match self.value {
            Value::Text(text) => quoted(text),
            Value::Number(number) => number.to_string(),
            other => other.kind().into(),
        };
        self.wrong(format!("{found}, expected {expected}"))
    }

    fn entries(&self) -> Result<&'a [(String, Value)], Wrong> {
        if let Value::Map(entries) = self.value { Ok(entries) } else { Err(self.not("an object")) }
    }

    pub(super) fn names(&self) -> Result<impl Iterator<Item = &'a str>, Wrong> {
        Ok(self.entries()?.iter().map(|(name, _)| name.as_str()))
    }

    /// An entry that may be absent.
    pub(super) fn find(&self, name: &str) -> Result<Option<Self>, Wrong> {
        let found = self.entries()?.iter().find(|(known, _)| known == name);
        let path = || if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) };
        Ok(found.map(|(_, value)| Self { value, path: path() }))
    }

    pub(super) fn get(&self, name: &str) -> Result<Self, Wrong> {
        let missing = || {
            let what = format!("there is no `{name}`, which such a model has");
            if self.path.is_empty() { Wrong::whole(what) } else { self.wrong(what) }
        };
        self.find(name)?.ok_or_else(missing)
    }

    /// Refuses what is not known, by name.
    pub(super) fn expect_only(&self, known: &[&str]) -> Result<(), Wrong> {
        match self.names()?.find(|name| !known.contains(name)) {
            Some(name) => Err(self.wrong(format!(
                "{} is not known here: a newer format, which this reader would guess at",
                quoted(name)
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, Wrong> {
        if let Value::Text(text) = self.value { Ok(text) } else { Err(self.not("text")) }
    }

    /// A finite number.
    pub(super) fn number(&self) -> Result<f64, Wrong> {
        match self.value {
            Value::Number(number) if number.is_finite() => Ok(*number),
            _ => Err(self.not("a finite number")),
        }
    }

    pub(super) fn numbers(&self) -> Result<&'a [f64], Wrong> {
        match self.value {
            Value::Numbers(numbers) => Ok(numbers),
            Value::List(_) => Err(self.wrong("holds more than numbers, expected a list of numbers")),
            _ => Err(self.not("a list of numbers")),
        }
    }

    /// A list of so many numbers.
    pub(super) fn numbers_for(&self, count: usize, what: &str) -> Result<&'a [f64], Wrong> {
        let numbers = self.numbers()?;
        if numbers.len() == count {
            return Ok(numbers);
        }
        let found = numbers.len();
        Err(self.wrong(format!("the counts do not agree: {found} values for {count} {what}, expected one each")))
    }

    /// How many elements a list has.
    pub(super) fn len(&self) -> Result<usize, Wrong> {
        match self.value {
            Value::List(list) => Ok(list.len()),
            Value::Numbers(numbers) => Ok(numbers.len()),
            _ => Err(self.not("a list")),
        }
    }

    /// The elements of a list of anything but numbers; none of an empty one.
    pub(super) fn each(&self) -> Result<impl Iterator<Item = Self> + use<'a>, Wrong> {
        let list: &'a [Value] = match self.value {
            Value::List(list) => list,
            Value::Numbers(numbers) if numbers.is_empty() => &[],
            _ => return Err(self.not("a list")),
        };
        let path = self.path.clone();
        Ok(list.iter().enumerate().map(move |(place, value)| Self { value, path: format!("{path}[{place}]") }))
    }

    /// Whole numbers, or true and false as old versions write them.
    pub(super) fn flags_for(&self, count: usize, what: &str) -> Result<Vec<bool>, Wrong> {
        let flag = |value: &Value| match value {
            Value::Flag(flag) => Ok(*flag),
            Value::Number(number) if *number == 0.0 || *number == 1.0 => Ok(*number == 1.0),
            _ => Err(self.wrong("holds more than 0 and 1")),
        };
        let flags: Vec<bool> = match self.value {
            Value::List(list) => list.iter().map(flag).collect::<Result<_, _>>()?,
            Value::Numbers(numbers) => {
                numbers.iter().map(|one| flag(&Value::Number(*one))).collect::<Result<_, _>>()?
            }
            _ => return Err(self.not("a list of 0 and 1")),
        };
        if flags.len() == count {
            return Ok(flags);
        }
        let found = flags.len();
        Err(self.wrong(format!("the counts do not agree: {found} values for {count} {what}, expected one each")))
    }

    /// A count, as a number or as a number in a text.
    pub(super) fn count(&self) -> Result<usize, Wrong> {
        let count = match self.value {
            Value::Number(number) => whole(*number),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        count.ok_or_else(|| self.not("a whole number"))
    }
}

/// A whole number from 0 on, of which there may be as many as the machine can count.
pub(super) fn whole(number: f64) -> Option<usize> {
    ((0.0..=9e15).contains(&number) && number.fract() == 0.0).then_some(number as usize)
}
