use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Instant, Zone};

/// A day or an instant as someone writes it: `2026-01-31`, `2026-01-31 17:00`, `2026-01-31T17:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    Date(Date),
    Clock(DateTime),
    Exact(Timestamp),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date: expected 2026-01-31, 2026-01-31 17:00 or 2026-01-31T17:00:00Z")]
pub struct WhenError(String);

impl When {
    /// The instant at which it begins.
    pub fn start(self, zone: &Zone) -> Instant {
        match self {
            Self::Date(date) => zone.start_of(date),
            Self::Clock(clock) => zone.instant(clock),
            Self::Exact(stamp) => stamp.as_microsecond(),
        }
    }

    /// The instant at which it is over: the end of the day for a date.
    pub fn end(self, zone: &Zone) -> Instant {
        match self {
            Self::Date(date) => zone.end_of(date),
            other => other.start(zone),
        }
    }
}

impl std::str::FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        let text = text.trim();
        // A date and time parses as a date too, its time dropped: the longer reading goes first.
        if text.len() <= 10 {
            return text.parse().map(Self::Date).map_err(|_| WhenError(text.into()));
        }
        let exact = text.parse().map(Self::Exact);
        exact.or_else(|_| text.parse().map(Self::Clock)).map_err(|_| WhenError(text.into()))
    }
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Date(date) => date.fmt(f),
            Self::Clock(clock) => clock.fmt(f),
            Self::Exact(stamp) => stamp.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for When {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}", "description": "A date, or a date and time: 2026-01-31, 2026-01-31 17:00, 2026-01-31T17:00:00Z." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    #[test]
    fn a_date_ends_at_its_last_microsecond() {
        let (day, utc) = ("2026-01-31".parse::<When>().unwrap(), Zone::utc());
        assert_eq!(day.end(&utc) - day.start(&utc), DAY - 1);
        assert_eq!("2026-01-31T00:00:00Z".parse::<When>().unwrap().end(&utc), day.start(&utc));
        assert_eq!("2026-01-31 00:00".parse::<When>().unwrap().end(&utc), day.start(&utc));
        assert!("31.01.2026".parse::<When>().is_err());
    }
}
