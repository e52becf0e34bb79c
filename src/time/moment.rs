use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::written::{Edge, Layout, MonthPlace, Written};
use super::{Instant, NEVER, Zone};

/// A date or a time that someone wrote, in ISO 8601: `2026-09-30`, `2026-09-30 18:00`, `2026-09-30T16:00Z`.
/// Without an offset it is read in the experiment's time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    text: String,
    written: Written,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no date: {advice}")]
pub struct MomentError {
    text: String,
    advice: String,
}

impl Moment {
    /// Of a date alone, its midnight.
    pub fn start(&self, zone: &Zone) -> Instant {
        self.written.at(MonthPlace::First, zone, Edge::Start).unwrap_or(NEVER)
    }

    /// Of a date alone, its last microsecond.
    pub fn end(&self, zone: &Zone) -> Instant {
        self.written.at(MonthPlace::First, zone, Edge::End).unwrap_or(NEVER)
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let wrong = || {
            let date = Written::parse(text).filter(|written| !written.layout.is_open());
            let at = date.and_then(|date| date.at(MonthPlace::Second, &Zone::utc(), Edge::Start));
            let advice = match at {
                Some(at) => format!("write {}", Zone::utc().text(at)),
                None => "expected `2026-09-30`, or with a time `2026-09-30 18:00`".into(),
            };
            MomentError { text: text.into(), advice }
        };
        let written = Written::parse(text).filter(|written| written.layout == Layout::YearFirst).ok_or_else(wrong)?;
        written.at(MonthPlace::First, &Zone::utc(), Edge::End).ok_or_else(wrong)?;
        Ok(Self { text: text.trim().into(), written })
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl schemars::JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A date or a time: 2026-09-30, 2026-09-30 18:00, 2026-09-30T16:00Z."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_or_a_time() {
        let zone = Zone::utc();
        let date: Moment = "2026-09-30".parse().unwrap();
        assert_eq!(zone.text(date.start(&zone)), "2026-09-30");
        assert_eq!(zone.text(date.end(&zone)), "2026-09-30 23:59:59");
        let time: Moment = "2026-09-30T18:00+02:00".parse().unwrap();
        assert_eq!((time.start(&zone), time.end(&zone)), (time.start(&zone), time.start(&zone)));
        assert_eq!("30.9.2026".parse::<Moment>().unwrap_err().to_string(), "`30.9.2026` is no date: write 2026-09-30");
        assert!("2026-02-30".parse::<Moment>().is_err());
    }
}
