use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::stats::{Interval, Undefined};

/// A number that is finite, infinite, or undefined with a reason: `0.31`, `"inf"`, `{"undefined": "one class only"}` in JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// Finite or infinite, never NaN.
    Value(f64),
    Undefined(String),
}

impl Number {
    pub fn undefined(reason: impl Into<String>) -> Self {
        Self::Undefined(reason.into())
    }

    /// The value, finite or infinite.
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(*value),
            Self::Undefined(_) => None,
        }
    }

    pub fn finite(&self) -> Option<f64> {
        self.value().filter(|value| value.is_finite())
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        if value.is_nan() { Self::undefined("not a number") } else { Self::Value(value) }
    }
}

impl From<Undefined> for Number {
    fn from(reason: Undefined) -> Self {
        Self::Undefined(reason.to_string())
    }
}

impl<T: Into<Number>> From<Result<T, Undefined>> for Number {
    fn from(value: Result<T, Undefined>) -> Self {
        value.map_or_else(Into::into, Into::into)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) if value.is_finite() => serializer.serialize_f64(*value),
            Self::Value(value) => serializer.serialize_str(if *value > 0.0 { "inf" } else { "-inf" }),
            Self::Undefined(reason) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("undefined", reason)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, \"inf\", \"-inf\" or {\"undefined\": reason}")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Value(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Value(value as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        match text {
            "inf" => Ok(Number::Value(f64::INFINITY)),
            "-inf" => Ok(Number::Value(f64::NEG_INFINITY)),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        match map.next_entry::<String, String>()? {
            Some((key, reason)) if key == "undefined" => Ok(Number::Undefined(reason)),
            _ => Err(de::Error::custom("expected {\"undefined\": reason}")),
        }
    }
}

/// A value with its uncertainty, at 95 % unless said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    pub point: Number,
    pub low: Number,
    pub high: Number,
}

impl Estimate {
    /// The point and both ends times a number above 0: in another unit, or over another time.
    pub fn scaled(&self, factor: f64) -> Self {
        let scaled = |number: &Number| number.value().map_or_else(|| number.clone(), |value| (value * factor).into());
        Self { point: scaled(&self.point), low: scaled(&self.low), high: scaled(&self.high) }
    }

    /// An interval so many times as far from the point; nothing where there is none.
    pub fn widened(&self, factor: f64) -> Option<Interval> {
        let (point, own) = (self.point.finite()?, self.interval()?);
        Some(own.map(|end| point + factor * (end - point)))
    }

    pub fn new(point: f64, interval: Interval) -> Self {
        Self { point: point.into(), low: interval.low.into(), high: interval.high.into() }
    }

    /// A point whose interval may not exist.
    pub fn with(point: impl Into<Number>, interval: Result<Interval, Undefined>) -> Self {
        let point = point.into();
        match interval {
            Ok(interval) => Self { point, low: interval.low.into(), high: interval.high.into() },
            Err(reason) => Self { point, low: reason.into(), high: reason.into() },
        }
    }

    pub fn undefined(reason: impl Into<String>) -> Self {
        let reason = Number::undefined(reason);
        Self { point: reason.clone(), low: reason.clone(), high: reason }
    }

    /// The interval, when both of its ends are finite.
    pub fn interval(&self) -> Option<Interval> {
        Some(Interval::new(self.low.finite()?, self.high.finite()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_survives_json_whatever_it_is() {
        for number in [0.1.into(), f64::INFINITY.into(), f64::NEG_INFINITY.into(), Number::undefined("one class only")]
        {
            let json = serde_json::to_string(&number).unwrap();
            assert_eq!(serde_json::from_str::<Number>(&json).unwrap(), number, "{json}");
        }
        assert_eq!(
            serde_json::to_string(&Number::from(Undefined::OneClass)).unwrap(),
            r#"{"undefined":"one class only"}"#
        );
    }
}
