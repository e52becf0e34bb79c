//! What a number means that is shown as a date: days since the workbook's first.

/// As what a number format shows a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Number,
    Date,
    /// A date with a time of day.
    Moment,
    /// A time of day.
    Clock,
}

/// As what the formats show that have a number and no code.
pub(crate) fn builtin(id: u32) -> Shown {
    match id {
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Shown::Date,
        18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Shown::Clock,
        22 => Shown::Moment,
        _ => Shown::Number,
    }
}

/// As what a format shows positive numbers, by its letters outside quotes, brackets and escapes.
pub(crate) fn shown(code: &str) -> Shown {
    let (mut letters, mut rest) = (String::new(), code.chars());
    while let Some(letter) = rest.next() {
        match letter {
            '"' => drop(rest.by_ref().find(|letter| *letter == '"')),
            '\\' | '_' | '*' => drop(rest.next()),
            '[' => {
                let within: String = rest.by_ref().take_while(|letter| *letter != ']').collect();
                // A span such as [h]:mm is a number of days.
                if !within.is_empty() && within.to_lowercase().chars().all(|letter| "hms".contains(letter)) {
                    return Shown::Number;
                }
            }
            ';' => break,
            letter => letters.push(letter.to_ascii_lowercase()),
        }
    }
    if letters.contains("general") || letters.contains(['0', '#', '?', '@']) && !letters.contains(['y', 'd', 'h', 's'])
    {
        return Shown::Number;
    }
    let has_time = letters.contains(['h', 's']);
    let has_date = letters.contains(['y', 'd']) || letters.contains('m') && !has_time;
    match (has_date, has_time) {
        (true, true) => Shown::Moment,
        (true, false) => Shown::Date,
        (false, true) => Shown::Clock,
        (false, false) => Shown::Number,
    }
}

/// The date, moment or time of day that a number is shown as; nothing if it is a number, or no date of the calendar.
pub(crate) fn text(value: f64, shown: Shown, is_1904: bool) -> Option<String> {
    const MILLIS: f64 = 86_400_000.0;
    const DAYS: f64 = 2_958_466.0;
    if shown == Shown::Number || !(0.0..DAYS).contains(&value) {
        return None;
    }
    let millis = (value * MILLIS).round() as i64;
    let (days, millis) = (millis.div_euclid(MILLIS as i64), millis.rem_euclid(MILLIS as i64));
    let clock = || {
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if millis == 0 { text } else { format!("{text}.{millis:03}") }
    };
    if days == 0 && (shown == Shown::Clock || !is_1904) {
        return Some(clock());
    }
    let (year, days) = match (is_1904, days) {
        (true, _) => (1904, days),
        // Spreadsheets count a 29 February 1900 that never was.
        (false, 60) => return None,
        (false, ..60) => (1900, days - 1),
        (false, _) => (1900, days - 2),
    };
    let date = jiff::civil::date(year, 1, 1).checked_add(jiff::Span::new().days(days)).ok()?;
    Some(if shown == Shown::Date && millis == 0 { date.to_string() } else { format!("{date}T{}", clock()) })
}

/// A number as a whole or the shortest text that reads back to it.
pub(crate) fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e18 { format!("{}", value as i64) } else { format!("{value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_a_date_by_its_letters_outside_quotes() {
        for (code, expected) in [
            ("yyyy-mm-dd", Shown::Date),
            ("[$-407]d. mmmm yyyy;@", Shown::Date),
            ("mmm-yy", Shown::Date),
            ("m/d/yy h:mm", Shown::Moment),
            ("hh:mm:ss AM/PM", Shown::Clock),
            ("[h]:mm", Shown::Number),
            ("General", Shown::Number),
            ("#,##0.00 \"days\"", Shown::Number),
            ("[Red]0.00", Shown::Number),
            ("0.00E+00", Shown::Number),
            ("0\\d", Shown::Number),
            ("@", Shown::Number),
        ] {
            assert_eq!(shown(code), expected, "{code}");
        }
    }

    #[test]
    fn days_are_counted_from_the_workbooks_first() {
        let date = |value, is_1904| text(value, Shown::Date, is_1904).unwrap_or_default();
        assert_eq!(date(46082.0, false), "2026-03-01");
        assert_eq!(date(46082.0 - 1462.0, true), "2026-03-01");
        assert_eq!((date(59.0, false).as_str(), date(61.0, false).as_str()), ("1900-02-28", "1900-03-01"));
        assert_eq!(date(60.0, false), "");
        assert_eq!(date(2_958_465.0, false), "9999-12-31");
        assert_eq!(date(2_958_466.0, false), "");
        assert_eq!(date(46082.34375, false), "2026-03-01T08:15:00");
        assert_eq!(text(46082.0, Shown::Moment, false).unwrap(), "2026-03-01T00:00:00");
        assert_eq!(text(0.34375, Shown::Clock, false).unwrap(), "08:15:00");
        assert_eq!(text(-1.0, Shown::Date, false), None);
    }

    #[test]
    fn a_number_is_the_shortest_text_that_reads_back() {
        for (value, expected) in [(1001.0, "1001"), (-0.0, "0"), (0.255, "0.255"), (1.5e-7, "1.5e-7"), (1e22, "1e22")] {
            assert_eq!(number(value), expected);
        }
    }
}
