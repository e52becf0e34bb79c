use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

use super::months;
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
    /// `26 February 2018`, in one of six languages.
    Named,
    /// `20180226`, `20180226195800`.
    Compact,
}

impl Layout {
    pub const ALL: [Self; 6] = [Self::YearFirst, Self::Slashes, Self::Dashes, Self::Dots, Self::Named, Self::Compact];

    /// Whether it leaves open which number is the month.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Slashes | Self::Dashes)
    }
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
    /// Reads ISO 8601 with `-`, `/`, `.` or 年月日 between its numbers or with nothing, dates with the year last, and dates
    /// with the name of their month; with or without a time of day (`T` or a space, seconds, a fraction, AM or PM), with
    /// or without an offset. Numbers need no padding; a year has four digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_ascii() { Self::parse_plain(text.trim_ascii()) } else { Self::parse_plain(plain(text).trim_ascii()) }
    }

    fn parse_plain(text: &str) -> Option<Self> {
        let cursor = || Cursor { bytes: text.as_bytes() };
        Self::numeric(cursor()).or_else(|| Self::compact(cursor())).or_else(|| Self::named(cursor()))
    }

    /// A date with the name of its month, its day and its year in any order; the year may stand behind the time of day.
    fn named(mut rest: Cursor) -> Option<Self> {
        let (mut year, mut month, mut day, mut time) = (None, None, None, None);
        let (mut words, mut is_first) = (0, true);
        while year.is_none() || month.is_none() || day.is_none() {
            rest.skip(b" ,.-/");
            let word = rest.letters();
            if !word.is_empty() {
                match months::month(word) {
                    Some(found) if month.is_none() => month = Some(found),
                    // The day of the week comes first; `de`, `of`, `st`.
                    _ if words < 3 && (is_first || word.chars().count() <= 3) => words += 1,
                    _ => return None,
                }
                is_first = false;
                continue;
            }
            if rest.is_clock() {
                time = Some(rest.clock_and_offset_here().filter(|_| time.is_none())?);
                continue;
            }
            is_first = false;
            match rest.number(4)? {
                (found, 4) if year.is_none() => year = Some(found),
                (found, 1 | 2) if day.is_none() => day = Some(found),
                _ => return None,
            }
        }
        let numbers = [year? as i16, month?, day? as i16];
        let (clock, offset) = match time {
            Some((clock, offset)) => rest.bytes.is_empty().then_some((Some(clock), offset))?,
            None if rest.bytes.is_empty() => (None, None),
            None => rest.clock_and_offset()?,
        };
        Some(Self { layout: Layout::Named, numbers, clock, offset })
    }

    fn compact(mut rest: Cursor) -> Option<Self> {
        let digits = rest.bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !matches!(digits, 8 | 12 | 14) {
            return None;
        }
        let numbers = [rest.number(4)?.0 as i16, rest.number(2)?.0 as i16, rest.number(2)?.0 as i16];
        // Other numbers have as many digits.
        if !(1900..2100).contains(&numbers[0]) {
            return None;
        }
        if digits == 8 && rest.one_of(b"Tt").is_none() {
            return rest.bytes.is_empty().then_some(Self {
                layout: Layout::Compact,
                numbers,
                clock: None,
                offset: None,
            });
        }
        let (hour, minute) = (rest.number(2)?.0, rest.number(2)?.0);
        let second = rest.number(2).map_or(0, |(second, _)| second);
        let clock = Time::new(hour as i8, minute as i8, second as i8, 0).ok()?;
        let offset = rest.offset()?;
        rest.bytes.is_empty().then_some(Self { layout: Layout::Compact, numbers, clock: Some(clock), offset })
    }

    fn numeric(mut rest: Cursor) -> Option<Self> {
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
            (Layout::YearFirst | Layout::Named | Layout::Compact, _) => (first, second, third),
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

impl<'a> Cursor<'a> {
    /// Letters of any alphabet.
    fn letters(&mut self) -> &'a str {
        let length = self.bytes.iter().take_while(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()).count();
        let (word, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        std::str::from_utf8(word).unwrap_or_default()
    }

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

    fn skip(&mut self, bytes: &[u8]) {
        let count = self.bytes.iter().take_while(|byte| bytes.contains(byte)).count();
        self.bytes = &self.bytes[count..];
    }

    fn is_clock(&self) -> bool {
        matches!(self.bytes, [b'0'..=b'9', b':', ..] | [b'0'..=b'9', b'0'..=b'9', b':', ..])
    }

    fn clock_and_offset(&mut self) -> Option<(Option<Time>, Option<i32>)> {
        let comma = self.one_of(b",").is_some();
        if (comma || self.one_of(b"Tt").is_none()) && self.spaces() == 0 {
            return None;
        }
        let _ = ["at ", "um ", "kl. "].into_iter().any(|word| self.word(word));
        let (clock, offset) = self.clock_and_offset_here()?;
        self.bytes.is_empty().then_some((Some(clock), offset))
    }

    fn clock_and_offset_here(&mut self) -> Option<(Time, Option<i32>)> {
        let clock = self.clock()?;
        self.spaces();
        let _ = self.word("uhr");
        self.spaces();
        // A year may follow.
        let is_year = self.bytes.len() == 4 && self.bytes.iter().all(u8::is_ascii_digit);
        let offset = if is_year { None } else { self.offset()? };
        Some((clock, offset))
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
        let is_one_of = |cursor: &mut Self, words: [&str; 3]| words.into_iter().any(|word| cursor.word(word));
        if is_one_of(self, ["am", "a.m.", "a. m."]) {
            Some(false)
        } else {
            is_one_of(self, ["pm", "p.m.", "p. m."]).then_some(true)
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
        let is_greenwich = ["utc", "gmt", "z"].into_iter().any(|word| self.word(word));
        if is_greenwich && !matches!(self.bytes, [b'+' | b'-', ..]) {
            self.name_of_zone()?;
            return Some(Some(0));
        }
        let zones = || ZONES.iter().copied();
        if let Some((_, hours)) = zones().find(|(name, _)| self.bytes.eq_ignore_ascii_case(name.as_bytes())) {
            self.bytes = &[];
            return Some(Some(hours * 3600));
        }
        let sign = if self.one_of(b"+-")? == b'+' { 1 } else { -1 };
        let (hours, width) = self.number(2)?;
        if width != 2 && !is_greenwich {
            return None;
        }
        self.one_of(b":");
        let minutes = self.number(2).map_or(0, |(minutes, _)| minutes);
        self.name_of_zone()?;
        (hours <= 18 && minutes < 60).then_some(Some(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)))
    }

    /// The name behind an offset, which says no more: `UTC`, `[Europe/Berlin]`, `(CET)`.
    fn name_of_zone(&mut self) -> Option<()> {
        let before = self.bytes;
        self.spaces();
        let is_name = match self.bytes {
            [] => true,
            [b'[', .., b']'] | [b'(', .., b')'] => true,
            word => before.len() > word.len() && word.len() <= 5 && word.iter().all(u8::is_ascii_uppercase),
        };
        if is_name {
            self.bytes = &[];
        } else {
            self.bytes = before;
        }
        Some(())
    }
}

/// Zones by their abbreviations, in hours east of Greenwich: those of RFC 2822, and of Europe.
const ZONES: [(&str, i32); 16] = [
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("UT", 0),
];

/// The text with plain blanks, without signs that are not seen, and with dashes where 年月日 stand.
fn plain(text: &str) -> String {
    let sign = |c: char| match c {
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '日' => None,
        '年' | '月' => Some('-'),
        c if c.is_whitespace() => Some(' '),
        c => Some(c),
    };
    text.chars().filter_map(sign).collect()
}

/// The text as a declared pattern knows it: plain blanks, English months, AM and PM.
fn english(text: &str) -> String {
    let mut text = plain_blanks(text);
    for (written, known) in [("a. m.", "AM"), ("p. m.", "PM"), ("a.m.", "AM"), ("p.m.", "PM")] {
        text = text.replace(written, known);
    }
    let mut words = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_alphabetic()) {
        let (letters, rest) = word.split_at(word.trim_end_matches(|c: char| !c.is_alphabetic()).len());
        match months::month(letters) {
            Some(month) => words += months::short(month),
            None => words += letters,
        }
        words += rest;
    }
    words
}

/// Every blank a plain one, and no sign that is not seen.
fn plain_blanks(text: &str) -> String {
    let seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    text.chars().filter(seen).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
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
    /// Days since 1899-12-30 and their fractions, on a clock without a zone: what Excel shows as a date.
    Excel,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no format of times: expected strftime directives such as `%d/%m/%Y %H:%M`, or `seconds` or `milliseconds` (since 1970), or `excel` (its numbers of days){1}"
)]
pub struct FormatError(String, String);

impl std::str::FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let wrong = |why: String| FormatError(text.into(), why);
        match text {
            "seconds" => return Ok(Self::Seconds),
            "milliseconds" => return Ok(Self::Milliseconds),
            "excel" => return Ok(Self::Excel),
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
            Self::Excel => "excel",
        }
    }

    /// The instant, and whether it was a date alone.
    pub fn read(&self, text: &str, zone: &Zone, edge: Edge) -> Option<(Instant, bool)> {
        let text = text.trim_ascii();
        let at = match self {
            Self::Pattern(pattern) => {
                let read = read_pattern(pattern, text, zone, edge);
                return read.or_else(|| read_pattern(&plain_blanks(pattern), &english(text), zone, edge));
            }
            Self::Excel => return excel(text, zone, edge),
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

/// Days since 1899-12-30, to the second; a whole number is a date.
fn excel(text: &str, zone: &Zone, edge: Edge) -> Option<(Instant, bool)> {
    // The years 1900 to 2500.
    let days: f64 = text.parse().ok().filter(|days| (1.0..219_512.0).contains(days))?;
    let date = Date::constant(1899, 12, 30).checked_add((days.trunc() as i64).days()).ok()?;
    if days.fract() == 0.0 {
        return Some((edge_of(date, zone, edge), true));
    }
    let clock = date.at(0, 0, 0, 0).checked_add(((days.fract() * 86_400.0).round() as i64).seconds()).ok()?;
    Some((zone.instant(clock), false))
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
    fn months_have_names_in_six_languages() {
        for text in [
            "07-Mar-2026 06:49",
            "March 07, 2026 06:49 AM",
            "7 mars 2026 06:49",
            "Samstag, 7. März 2026 um 06:49 Uhr",
            "7 de marzo de 2026, 6:49 a. m.",
            "7 marzo 2026 06:49",
            "7 de março de 2026 06:49",
            "Sat, 07 Mar 2026 06:49:00 +0000",
            "Sat Mar 07 2026 07:49:00 GMT+0100 (CET)",
            "Sat Mar  7 06:49:00 2026",
            "March 7th, 2026 06:49",
            "2026-Mar-07 06:49",
        ] {
            assert_eq!(utc(text, MonthPlace::First).as_deref(), Some("2026-03-07T06:49:00"), "{text}");
        }
        assert_eq!(utc("1. août 2026", MonthPlace::First).unwrap(), "2026-08-01T00:00:00");
        for text in ["07-Mar-26", "Mar 2026", "7 Marc 2026", "7 Mar 2026 soon", "seven words that are no 7 Mar 2026"] {
            assert_eq!(utc(text, MonthPlace::First), None, "{text}");
        }
    }

    #[test]
    fn zones_and_odd_signs_are_read() {
        for text in [
            "2026-03-07 08:49:00 GMT+2",
            "2026-03-07 08:49:00 UTC+02:00",
            "2026-03-07T07:49:00+01:00[Europe/Berlin]",
            "2026-03-07 06:49:00 +0000 UTC",
            "2026-03-07 01:49:00 EST",
            "2026-03-07 07:49:00 CET",
            "2026-03-07 06:49:00.000+00",
            "3/7/2026, 6:49:00\u{202f}AM",
            "\u{200e}3/\u{200e}7/\u{200e}2026 6:49",
            "2026年3月7日 6:49",
            "20260307064900",
            "20260307T064900Z",
        ] {
            assert_eq!(utc(text, MonthPlace::First).as_deref(), Some("2026-03-07T06:49:00"), "{text}");
        }
        assert_eq!(utc("20260307", MonthPlace::First).unwrap(), "2026-03-07T00:00:00");
        for text in ["2026-03-07 06:49 XYZ", "18260307", "2026-03-07 06:49 GMT+", "2026030706490"] {
            assert_eq!(utc(text, MonthPlace::First), None, "{text}");
        }
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
    fn a_declared_format_is_blind_to_blanks_and_languages() {
        let read = |format: &str, text| {
            let format: Format = format.parse().unwrap();
            format.read(text, &Zone::utc(), Edge::Start).map(|(at, _)| Zone::utc().text(at))
        };
        let noon = Some("2026-03-07 12:05:00".to_string());
        assert_eq!(read("%m/%d/%Y, %I:%M %p", "3/7/2026, 12:05\u{202f}PM"), noon);
        assert_eq!(read("%d/%m/%Y, %I:%M %p", "7/3/2026, 12:05 p.\u{a0}m."), noon);
        assert_eq!(read("%d-%b-%y %H:%M", "07-mär-26 12:05"), noon);
        assert_eq!(read("excel", "46088.503472"), noon);
        assert_eq!(read("excel", "46088").as_deref(), Some("2026-03-07"));
        assert_eq!(read("excel", "0.5"), None);
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
