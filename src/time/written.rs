use jiff::civil::{Date, DateTime, Time};

use super::{DAY, Instant, NEVER, SECOND, Zone};

/// Whether a date alone means the start of its day or the end of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Created, an event: something begins.
    Start,
    /// Converted, lost, `until`: something is over.
    End,
}

/// How the three numbers of a date are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    YearFirst,
    /// `2/26/2018` or `26/2/2018`.
    Slashes,
    /// `02-26-2018` or `26-02-2018`.
    Dashes,
    /// `26.2.2018`.
    Dots,
}

/// Which of the first two numbers is the month, where the year is last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonthPlace {
    First,
    Second,
}

/// A time that may be nothing but a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Midnight {
    /// It is one as it is written.
    Date,
    /// Midnight where times without an offset are read.
    InZone,
    /// Midnight so many seconds east of Greenwich.
    East(i32),
}

impl Midnight {
    /// Of an instant whose offset is lost: midnight in UTC, in which such instants are kept, or in the zone.
    pub fn of(at: Instant, zone: &Zone) -> Option<Self> {
        if at.rem_euclid(DAY) == 0 {
            Some(Self::East(0))
        } else {
            (!zone.is_utc() && zone.start_of(zone.date(at)) == at).then_some(Self::InZone)
        }
    }

    /// The start or the end, in the zone, of the date that an instant stands for.
    pub fn edge(self, at: Instant, zone: &Zone, edge: Edge) -> Instant {
        match self {
            Self::Date => at,
            Self::InZone => edge_of(zone.date(at), zone, edge),
            Self::East(offset) => edge_of(Zone::utc().date(at + i64::from(offset) * SECOND), zone, edge),
        }
    }
}

/// A time as it stands in a file, before it is settled which number is the month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    pub layout: Layout,
    numbers: [i16; 3],
    clock: Option<Time>,
    /// Seconds east of Greenwich.
    offset: Option<i32>,
}

impl Written {
    /// Reads ISO 8601 with `-`, `/` or `.` between its numbers, and dates with the year last; with or without a time
    /// of day (`T` or a space, seconds, a fraction, AM or PM), with or without an offset. Numbers need no padding.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Cursor { bytes: text.trim_ascii().as_bytes() };
        let (first, width) = rest.number(4)?;
        let separator = rest.one_of(b"-/.")?;
        let (second, _) = rest.number(2)?;
        rest.one_of(&[separator])?;
        let (third, last_width) = rest.number(4)?;
        let layout = match (width, last_width, separator) {
            (4, 1..=2, _) => Layout::YearFirst,
            (1..=2, 4, b'/') => Layout::Slashes,
            (1..=2, 4, b'-') => Layout::Dashes,
            (1..=2, 4, _) => Layout::Dots,
            _ => return None,
        };
        let numbers = [first as i16, second as i16, third as i16];
        let (clock, offset) = if rest.bytes.is_empty() { (None, None) } else { rest.clock_and_offset()? };
        Some(Self { layout, numbers, clock, offset })
    }

    pub fn is_date(&self) -> bool {
        self.clock.is_none()
    }

    /// Where its day began, if it says so and no other time of that day.
    pub fn midnight(&self) -> Option<Midnight> {
        match (self.clock, self.offset) {
            (None, _) => Some(Midnight::Date),
            (Some(clock), _) if clock != Time::midnight() => None,
            (Some(_), None) => Some(Midnight::InZone),
            (Some(_), Some(offset)) => Some(Midnight::East(offset)),
        }
    }

    /// The instant, if the numbers are a date; `month` matters only where the year is last.
    pub fn at(&self, month: MonthPlace, zone: &Zone, edge: Edge) -> Option<Instant> {
        let [first, second, third] = self.numbers;
        let (year, month, day) = match (self.layout, month) {
            (Layout::YearFirst, _) => (first, second, third),
            (Layout::Dots, MonthPlace::First) => return None,
            (_, MonthPlace::First) => (third, first, second),
            (_, MonthPlace::Second) => (third, second, first),
        };
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        let at = match (self.clock, self.offset) {
            (None, _) => edge_of(date, zone, edge),
            (Some(clock), None) => zone.instant(date.to_datetime(clock)),
            (Some(clock), Some(offset)) => {
                Zone::utc().instant(date.to_datetime(clock)).checked_sub(i64::from(offset) * SECOND)?
            }
        };
        (at != NEVER).then_some(at)
    }
}

/// The start or the end of a date.
pub fn edge_of(date: Date, zone: &Zone, edge: Edge) -> Instant {
    match edge {
        Edge::Start => zone.start_of(date),
        Edge::End => zone.end_of(date),
    }
}

/// What is left to read of a text.
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl Cursor<'_> {
    /// A number of up to `width` digits, and how many it had.
    fn number(&mut self, width: usize) -> Option<(u16, usize)> {
        let digits = self.bytes.iter().take(width).take_while(|byte| byte.is_ascii_digit()).count();
        let value = self.bytes[..digits].iter().fold(0u16, |value, digit| value * 10 + u16::from(digit - b'0'));
        self.bytes = &self.bytes[digits..];
        (digits > 0).then_some((value, digits))
    }

    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let first = *self.bytes.first().filter(|byte| wanted.contains(byte))?;
        self.bytes = &self.bytes[1..];
        Some(first)
    }

    fn spaces(&mut self) -> usize {
        let before = self.bytes.len();
        self.bytes = self.bytes.trim_ascii_start();
        before - self.bytes.len()
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.bytes.len() >= word.len() && self.bytes[..word.len()].eq_ignore_ascii_case(word.as_bytes());
        if found {
            self.bytes = &self.bytes[word.len()..];
        }
        found
    }

    fn clock_and_offset(&mut self) -> Option<(Option<Time>, Option<i32>)> {
        let comma = self.one_of(b",").is_some();
        if (comma || self.one_of(b"Tt").is_none()) && self.spaces() == 0 {
            return None;
        }
        let clock = self.clock()?;
        self.spaces();
        let offset = self.offset()?;
        self.bytes.is_empty().then_some((Some(clock), offset))
    }

    fn clock(&mut self) -> Option<Time> {
        let (mut hour, _) = self.number(2)?;
        self.one_of(b":")?;
        let (minute, _) = self.number(2)?;
        let (mut second, mut nanos) = (0, 0);
        if self.one_of(b":").is_some() {
            second = self.number(2)?.0;
            if self.one_of(b".,").is_some() {
                nanos = self.fraction()?;
            }
        }
        self.spaces();
        if let Some(evening) = self.half_of_the_day() {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + 12 * u16::from(evening);
        }
        // A leap second is the last second of its minute.
        let second = if second == 60 { 59 } else { second };
        Time::new(hour as i8, minute as i8, second as i8, nanos).ok()
    }

    fn half_of_the_day(&mut self) -> Option<bool> {
        if self.word("am") {
            Some(false)
        } else if self.word("pm") {
            Some(true)
        } else {
            None
        }
    }

    /// Nanoseconds of up to nine decimals.
    fn fraction(&mut self) -> Option<i32> {
        let digits = self.bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let value = self.bytes.iter().take(digits.min(9)).fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
        let scale = 10i32.pow(9 - digits.min(9) as u32);
        self.bytes = &self.bytes[digits..];
        (digits > 0).then_some(value * scale)
    }

    /// Nothing when the text is over; an error when what follows is no offset.
    fn offset(&mut self) -> Option<Option<i32>> {
        if self.bytes.is_empty() {
            return Some(None);
        }
        if self.word("utc") || self.word("gmt") || self.word("z") {
            return Some(Some(0));
        }
        let sign = if self.one_of(b"+-")? == b'+' { 1 } else { -1 };
        let (hours, 2) = self.number(2)? else { return None };
        self.one_of(b":");
        let minutes = if self.bytes.is_empty() { 0 } else { self.number(2)?.0 };
        (hours <= 18 && minutes < 60).then_some(Some(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)))
    }
}

/// A way to read times that someone declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// As strftime writes it: `%d/%m/%Y %H:%M`.
    Pattern(String),
    /// Seconds since 1970-01-01 UTC.
    Seconds,
    /// Milliseconds since 1970-01-01 UTC.
    Milliseconds,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no format of times: expected strftime directives such as `%d/%m/%Y %H:%M`, or `seconds` or `milliseconds` (since 1970){1}"
)]
pub struct FormatError(String, String);

impl std::str::FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let wrong = |why: String| FormatError(text.into(), why);
        match text {
            "seconds" => return Ok(Self::Seconds),
            "milliseconds" => return Ok(Self::Milliseconds),
            _ if !text.contains('%') => return Err(wrong(String::new())),
            _ => {}
        }
        let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
        jiff::fmt::strtime::format(text, &sample).map_err(|error| wrong(format!("; {error}")))?;
        Ok(Self::Pattern(text.into()))
    }
}

impl Format {
    /// As it is declared.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pattern(pattern) => pattern,
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
        }
    }

    /// The instant, and whether it was a date alone.
    pub fn read(&self, text: &str, zone: &Zone, edge: Edge) -> Option<(Instant, bool)> {
        let text = text.trim_ascii();
        let at = match self {
            Self::Pattern(pattern) => return read_pattern(pattern, text, zone, edge),
            Self::Seconds => epoch(text, SECOND as f64)?,
            Self::Milliseconds => epoch(text, SECOND as f64 / 1e3)?,
        };
        Some((at, false))
    }
}

fn read_pattern(pattern: &str, text: &str, zone: &Zone, edge: Edge) -> Option<(Instant, bool)> {
    let parts = jiff::fmt::strtime::parse(pattern, text).ok()?;
    if let Some(stamp) = parts.timestamp() {
        return Some((stamp.as_microsecond(), false));
    }
    let date = parts.to_date().ok()?;
    if parts.hour().is_none() {
        return Some((edge_of(date, zone, edge), true)).filter(|(at, _)| *at != NEVER);
    }
    let clock: DateTime = parts.to_datetime().ok()?;
    let at = match parts.offset() {
        Some(offset) => offset.to_timestamp(clock).ok()?.as_microsecond(),
        None => zone.instant(clock),
    };
    (at != NEVER).then_some((at, false))
}

/// An instant of this century and the ones around it: what lies beyond is another unit.
fn epoch(text: &str, unit: f64) -> Option<Instant> {
    let count: f64 = text.parse().ok()?;
    let micros = count * unit;
    // The years 1770 to 2500.
    ((-6.3e15..1.68e16).contains(&micros)).then_some(micros.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str, month: MonthPlace) -> Option<String> {
        let at = Written::parse(text)?.at(month, &Zone::utc(), Edge::Start)?;
        Some(Zone::utc().clock(at).to_string())
    }

    #[test]
    fn iso_is_read_in_all_its_forms() {
        for text in [
            "2021-01-07 6:49:18",
            "2021-01-07T06:49:18Z",
            "2021-01-07 06:49:18 UTC",
            "2021-01-07 06:49:18.000000 UTC",
            "2021-01-07T08:49:18+02:00",
            "2021-01-07T08:49:18 +0200",
            "2021/1/7 6:49:18 am",
        ] {
            assert_eq!(utc(text, MonthPlace::First).as_deref(), Some("2021-01-07T06:49:18"), "{text}");
        }
        assert_eq!(utc("2021-01-07T06:49:18.25", MonthPlace::First).unwrap(), "2021-01-07T06:49:18.25");
    }

    #[test]
    fn a_year_at_the_end_leaves_two_readings() {
        assert_eq!(utc("2/26/2018 19:58", MonthPlace::First).unwrap(), "2018-02-26T19:58:00");
        assert_eq!(utc("2/26/2018 19:58", MonthPlace::Second), None);
        assert_eq!(utc("3/4/2018, 2:30 PM", MonthPlace::First).unwrap(), "2018-03-04T14:30:00");
        assert_eq!(utc("3/4/2018 12:30 am", MonthPlace::Second).unwrap(), "2018-04-03T00:30:00");
        assert_eq!(utc("3.4.2018", MonthPlace::Second).unwrap(), "2018-04-03T00:00:00");
        assert_eq!(utc("3.4.2018", MonthPlace::First), None);
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "2018",
            "2018-02",
            "2018-02-30",
            "2018-13-01",
            "2018-02-01x",
            "2018-02-01 25:00",
            "1.2.3.4",
            "20180201",
            "2018-02/01",
            "2018-02-01 13:00 PM",
            "2018-02-01T",
            "2018-02-01 10:00 +99:00",
            "١٢/٣/2018",
            "2018-02-01 10",
        ] {
            assert_eq!(utc(text, MonthPlace::First), None, "{text}");
        }
    }

    #[test]
    fn a_date_alone_ends_with_its_day_where_something_ends() {
        let date = Written::parse("2018-02-01").unwrap();
        let (start, end) = (Edge::Start, Edge::End);
        let zone = Zone::utc();
        let length =
            date.at(MonthPlace::First, &zone, end).unwrap() - date.at(MonthPlace::First, &zone, start).unwrap();
        assert_eq!(length, super::super::DAY - 1);
    }

    #[test]
    fn a_declared_format_needs_no_padding() {
        let format: Format = "%d/%m/%Y %H:%M".parse().unwrap();
        let read = |text| format.read(text, &Zone::utc(), Edge::Start).map(|(at, date)| (Zone::utc().text(at), date));
        assert_eq!(read("3/4/2018 7:05").unwrap(), ("2018-04-03 07:05:00".into(), false));
        assert_eq!(read("3/14/2018 7:05"), None);
        let date: Format = "%b %d, %Y".parse().unwrap();
        let (at, alone) = date.read("Feb 3, 2018", &Zone::utc(), Edge::End).unwrap();
        assert_eq!((Zone::utc().text(at).as_str(), alone), ("2018-02-03 23:59:59", true));
    }

    #[test]
    fn an_epoch_is_read_only_in_its_unit() {
        let read =
            |format: Format, text| format.read(text, &Zone::utc(), Edge::Start).map(|(at, _)| Zone::utc().text(at));
        assert_eq!(read(Format::Seconds, "1517443200").unwrap(), "2018-02-01");
        assert_eq!(read(Format::Milliseconds, "1517443200000").unwrap(), "2018-02-01");
        assert_eq!(read(Format::Seconds, "1517443200000"), None);
        assert!("%!".parse::<Format>().is_err());
        assert!("dd/mm/yyyy".parse::<Format>().is_err());
    }
}
