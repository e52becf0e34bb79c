use std::collections::BTreeMap;

use crate::stats::Undefined;

/// A computed value, in the shapes that expected values take.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Finite or infinite.
    Number(f64),
    Undefined(String),
    Flag(bool),
    Text(String),
    List(Vec<Value>),
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        if value.is_nan() { Self::Undefined("not a number".into()) } else { Self::Number(value) }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<Undefined> for Value {
    fn from(reason: Undefined) -> Self {
        Self::Undefined(reason.to_string())
    }
}

impl<T: Into<Value>> From<Result<T, Undefined>> for Value {
    fn from(value: Result<T, Undefined>) -> Self {
        value.map_or_else(Into::into, Into::into)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(|| Self::Undefined("not defined here".into()), Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

/// The keys of one statistic with their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer(pub BTreeMap<String, Value>);

impl Answer {
    pub fn new() -> Self {
        Self::default()
    }

    /// With one key more.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }

    /// The same undefined answer for every key.
    pub fn undefined(keys: &[&str], reason: Undefined) -> Self {
        keys.iter().fold(Self::new(), |answer, key| answer.with(*key, reason))
    }
}
