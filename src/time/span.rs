use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{DAY, HOUR, SECOND};

/// A length of time in exact hours: `30d` is 720 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a span of time: expected a number and a unit, such as `30d`, `12h`, `90min` or `2w`")]
pub struct SpanError(String);

/// Units from the largest to the smallest; a span is written in the largest that leaves it whole.
const UNITS: [(&str, i64); 5] = [("w", 7 * DAY), ("d", DAY), ("h", HOUR), ("min", 60 * SECOND), ("s", SECOND)];

impl Span {
    pub const ZERO: Self = Self(0);

    pub fn from_days(days: f64) -> Self {
        Self((days * DAY as f64).round() as i64)
    }

    pub fn micros(self) -> i64 {
        self.0
    }

    pub fn days(self) -> f64 {
        super::days(self.0)
    }

    /// "30 days", "1 day", "12 hours": as a reader says it.
    pub fn in_words(self) -> String {
        let names = [(DAY, "day"), (HOUR, "hour"), (60 * SECOND, "minute"), (SECOND, "second")];
        let (size, name) = names.into_iter().find(|(size, _)| self.0 % size == 0).unwrap_or((DAY, "day"));
        let count = self.0 as f64 / size as f64;
        format!("{count} {name}{}", if count == 1.0 { "" } else { "s" })
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let wrong = || SpanError(text.into());
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let (count, unit) = (trimmed[..split].trim(), &trimmed[split..]);
        let count: f64 = count.parse().map_err(|_| wrong())?;
        let unit = match unit {
            "days" | "day" => "d",
            "hours" | "hour" => "h",
            "weeks" | "week" => "w",
            other => other,
        };
        let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let micros = count * size as f64;
        // Two centuries keep every sum of an instant and a span inside i64.
        if !(0.0..=73_000.0 * DAY as f64).contains(&micros) {
            return Err(wrong());
        }
        Ok(Self(micros.round() as i64))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // Weeks read worse than days in everything but capacity.
        let (name, size) = UNITS[1..].iter().find(|(_, size)| self.0 % size == 0).unwrap_or(&("s", SECOND));
        write!(f, "{}{name}", self.0 as f64 / *size as f64)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^\s*[0-9.]+\s*(w|d|h|min|s|weeks?|days?|hours?)\s*$",
            "description": "A length of time: 30d, 12h, 90min, 2w."
        })
    }
}

/// How long after `as_of` a conversion counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    Within(Span),
    /// Any time until `until`.
    Ever,
}

impl Horizon {
    pub fn days(self) -> Option<f64> {
        match self {
            Self::Within(span) => Some(span.days()),
            Self::Ever => None,
        }
    }
}

impl<'de> Deserialize<'de> for Horizon {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "ever" => Ok(Self::Ever),
            span => span.parse().map(Self::Within).map_err(|error| de::Error::custom(format!("{error}, or `ever`"))),
        }
    }
}

impl Serialize for Horizon {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Within(span) => span.serialize(serializer),
            Self::Ever => serializer.serialize_str("ever"),
        }
    }
}

impl schemars::JsonSchema for Horizon {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Horizon".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [generator.subschema_for::<Span>(), { "const": "ever" }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!("30d".parse::<Span>().unwrap().micros(), 720 * HOUR);
        assert_eq!("2w".parse::<Span>().unwrap(), "14 days".parse().unwrap());
        assert_eq!("1.5h".parse::<Span>().unwrap().to_string(), "90min");
        for wrong in ["", "30", "d", "-3d", "3 fortnights", "NaNd", "infd", "1e300d"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_span_in_words_is_singular_for_one() {
        assert_eq!("1d".parse::<Span>().unwrap().in_words(), "1 day");
        assert_eq!("36h".parse::<Span>().unwrap().in_words(), "36 hours");
    }
}
