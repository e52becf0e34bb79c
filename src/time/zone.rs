use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Instant;

/// A time zone, in which naive times are read and calendars are kept.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone: expected a name of the IANA database, such as `UTC` or `Europe/Berlin`")]
pub struct ZoneError(String);

/// A calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Zone {
    pub fn utc() -> Self {
        Self { name: "UTC".into(), zone: TimeZone::UTC }
    }

    pub fn named(name: &str) -> Result<Self, ZoneError> {
        if name == "UTC" {
            return Ok(Self::utc());
        }
        let zone = TimeZone::get(name).map_err(|_| ZoneError(name.into()))?;
        Ok(Self { name: name.into(), zone })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn is_utc(&self) -> bool {
        self.name == "UTC"
    }

    /// The instant of a clock reading in this zone; of two (autumn) the earlier, of none (spring) the later side of the gap.
    /// At the ends of the calendar (CRMs write an open end as 9999-12-31), the last or the first instant there is.
    pub fn instant(&self, clock: DateTime) -> Instant {
        let zone = if self.is_utc() { TimeZone::UTC } else { self.zone.clone() };
        let end = if clock.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
        zone.to_ambiguous_timestamp(clock).compatible().unwrap_or(end).as_microsecond()
    }

    /// The clock reading at an instant.
    pub fn clock(&self, at: Instant) -> DateTime {
        let stamp = Timestamp::from_microsecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX });
        self.zone.to_datetime(stamp)
    }

    pub fn date(&self, at: Instant) -> Date {
        self.clock(at).date()
    }

    /// Midnight at the start of a date: when something that has only a date begins.
    pub fn start_of(&self, date: Date) -> Instant {
        self.instant(date.at(0, 0, 0, 0))
    }

    /// The last microsecond of a date: when something that has only a date is over.
    pub fn end_of(&self, date: Date) -> Instant {
        let last = || self.instant(date.at(23, 59, 59, 999_999_000));
        date.tomorrow().map_or_else(|_| last(), |next| self.start_of(next) - 1)
    }

    /// The start of the calendar period that holds an instant.
    pub fn period_start(&self, at: Instant, period: Calendar) -> Instant {
        self.start_of(self.first_date(at, period))
    }

    /// From the start of the calendar period that holds an instant to that of the next one.
    pub fn period(&self, at: Instant, period: Calendar) -> Range<Instant> {
        let first = self.first_date(at, period);
        let length = match period {
            Calendar::Day => 1.day(),
            Calendar::Week => 1.week(),
            Calendar::Month => 1.month(),
            Calendar::Quarter => 3.months(),
            Calendar::Year => 1.year(),
        };
        self.start_of(first)..first.checked_add(length).map_or(Instant::MAX, |next| self.start_of(next))
    }

    fn first_date(&self, at: Instant, period: Calendar) -> Date {
        let date = self.date(at);
        let month = |m: i8| Date::new(date.year(), m, 1).unwrap_or(date);
        match period {
            Calendar::Day => date,
            Calendar::Week => date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days()),
            Calendar::Month => date.first_of_month(),
            Calendar::Quarter => month((date.month() - 1) / 3 * 3 + 1),
            Calendar::Year => date.first_of_year(),
        }
    }

    /// Midnight at the start of a month; months are counted from January of the year 0. Nothing outside the calendar.
    pub fn month_start(&self, month: i32) -> Option<Instant> {
        let year = i16::try_from(month.div_euclid(12)).ok()?;
        let date = Date::new(year, month.rem_euclid(12) as i8 + 1, 1).ok()?;
        Some(self.start_of(date))
    }

    /// Midnight of the same day so many months before.
    pub fn months_before(&self, at: Instant, months: u16) -> Instant {
        self.start_of(self.date(at).saturating_sub(i32::from(months).months()))
    }

    /// The month that holds an instant, counted from January of the year 0.
    pub fn month_of(&self, at: Instant) -> i32 {
        let date = self.date(at);
        i32::from(date.year()) * 12 + i32::from(date.month()) - 1
    }

    /// The name of the calendar period that holds an instant: "2026Q3", "2026-07", "2026-07-14".
    pub fn period_name(&self, at: Instant, period: Calendar) -> String {
        let date = self.first_date(at, period);
        match period {
            Calendar::Day | Calendar::Week => date.to_string(),
            Calendar::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Calendar::Quarter => format!("{:04}Q{}", date.year(), (date.month() - 1) / 3 + 1),
            Calendar::Year => format!("{:04}", date.year()),
        }
    }

    /// "2026-07-14 00:00:00": the day and the time of day, always.
    pub fn stamp(&self, at: Instant) -> String {
        self.clock(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// "2026-07-14", or with the time of day where it is not midnight.
    pub fn text(&self, at: Instant) -> String {
        let clock = self.clock(at);
        if at == self.start_of(clock.date()) {
            clock.date().to_string()
        } else {
            clock.strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::named(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl schemars::JsonSchema for Zone {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Zone".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "An IANA time zone: UTC, Europe/Berlin." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR};

    #[test]
    fn a_day_in_its_zone_has_its_own_length() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let spring = Date::new(2026, 3, 29).unwrap();
        assert_eq!(berlin.end_of(spring) + 1 - berlin.start_of(spring), 23 * HOUR);
        assert_eq!(berlin.start_of(Date::new(1970, 1, 1).unwrap()), -HOUR);
    }

    #[test]
    fn the_last_day_of_the_calendar_has_an_end() {
        let last = Date::new(9999, 12, 31).unwrap();
        assert!(Zone::utc().end_of(last) > Zone::utc().start_of(Date::new(9999, 12, 1).unwrap()));
        assert!(Zone::named("Asia/Tokyo").unwrap().text(Zone::utc().end_of(last)).starts_with("9999-12-31"));
    }

    #[test]
    fn periods_are_calendar_ones() {
        let utc = Zone::utc();
        let at = utc.start_of(Date::new(2026, 8, 19).unwrap()) + 5 * HOUR;
        assert_eq!(utc.period_name(at, Calendar::Quarter), "2026Q3");
        assert_eq!(utc.period_name(at, Calendar::Month), "2026-08");
        assert_eq!(utc.period_name(at, Calendar::Week), "2026-08-17");
        assert_eq!((at - utc.period_start(at, Calendar::Day)) % DAY, 5 * HOUR);
        assert_eq!(utc.text(at), "2026-08-19 05:00:00");
        for period in [Calendar::Day, Calendar::Week, Calendar::Month, Calendar::Quarter, Calendar::Year] {
            let span = utc.period(at, period);
            assert_eq!(span.start, utc.period_start(at, period));
            assert_eq!(utc.period(span.end - 1, period), span);
            assert_eq!(utc.period_start(span.end, period), span.end);
        }
        let quarter = utc.period(at, Calendar::Quarter);
        assert_eq!((utc.text(quarter.start), utc.text(quarter.end)), ("2026-07-01".into(), "2026-10-01".into()));
        let last = utc.end_of(Date::new(9999, 12, 31).unwrap());
        assert!(utc.period(last, Calendar::Quarter).contains(&last));
    }
}
