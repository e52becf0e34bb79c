//! Formats that may be those of a text, told by its digits, its letters and what stands between them.

use super::months;
use super::{Edge, Format, Zone};

/// A stretch of a text that is of one kind.
enum Part<'a> {
    Digits(&'a str),
    Letters(&'a str),
    Other(&'a str),
}

/// The instants that numbers of days, seconds and milliseconds are likely to mean: 1985 to 2100.
const LIKELY: std::ops::Range<i64> = 473_385_600_000_000..4_102_444_800_000_000;

impl Format {
    /// Formats that read a text, in the order of its parts.
    pub fn candidates(text: &str) -> Vec<Self> {
        let numbers = [Self::Excel, Self::Seconds, Self::Milliseconds];
        let mut candidates: Vec<Self> = numbers.into_iter().collect();
        let parts = parts(text.trim());
        for date in ["Ymd", "dmY", "mdY", "ymd", "dmy", "mdy"] {
            let pattern = pattern(&parts, date);
            candidates.extend(pattern.filter(|pattern| pattern.contains('%')).map(Self::Pattern));
        }
        let zone = Zone::utc();
        candidates.retain(|format| format.is_likely(text, &zone));
        candidates
    }

    /// Whether the format reads a text, and numbers as times of our days.
    pub fn is_likely(&self, text: &str, zone: &Zone) -> bool {
        match self.read(text, zone, Edge::Start) {
            Some((at, _)) => matches!(self, Self::Pattern(_)) || LIKELY.contains(&at),
            None => false,
        }
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let kind = |c: char| if c.is_ascii_digit() { 0 } else { 1 + u8::from(!c.is_alphabetic()) };
    let mut parts = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((_, c)) = chars.next() {
        let end = chars.peek().map_or(text.len(), |(next, _)| *next);
        if chars.peek().is_none_or(|(_, next)| kind(*next) != kind(c)) {
            let part = &text[start..end];
            parts.push(match kind(c) {
                0 => Part::Digits(part),
                1 => Part::Letters(part),
                _ => Part::Other(part),
            });
            start = end;
        }
    }
    parts
}

/// The pattern of a text whose date has its parts in an order; nothing where a part is none of them.
fn pattern(parts: &[Part], date: &str) -> Option<String> {
    let mut date = date.chars();
    let has_name = parts.iter().any(|part| matches!(part, Part::Letters(word) if months::month(word).is_some()));
    let is_half = parts.iter().any(|part| matches!(part, Part::Letters("AM" | "PM" | "am" | "pm" | "m")));
    let mut clock = [if is_half { "%I" } else { "%H" }, "%M", "%S"].into_iter();
    let (mut pattern, mut is_fraction, mut open) = (String::new(), false, date.clone().count());
    for (place, part) in parts.iter().enumerate() {
        match part {
            // The dot is part of the directive.
            Part::Other(".") if open == 0 && clock.len() == 0 => is_fraction = true,
            Part::Other(between) => pattern += &between.replace('%', "%%"),
            Part::Digits(_) if is_fraction => {
                pattern += "%.f";
                is_fraction = false;
            }
            Part::Digits(digits) if open > 0 => {
                let next = date.next()?;
                open -= 1;
                let is_year = next.eq_ignore_ascii_case(&'y');
                // Nobody writes a year of two digits before a month's name.
                let is_name = (next == 'm' || (next == 'y' && open == 2)) && has_name;
                let fits = match next {
                    'Y' => digits.len() == 4,
                    'y' => digits.len() == 2,
                    _ => digits.len() <= 2,
                };
                if is_name || !fits || (!is_year && digits.is_empty()) {
                    return None;
                }
                pattern.extend(['%', next]);
            }
            Part::Digits(digits) if digits.len() <= 2 => pattern += clock.next()?,
            Part::Digits(_) => return None,
            Part::Letters(word) if months::month(word).is_some() && open > 0 => {
                if date.next()? != 'm' {
                    return None;
                }
                open -= 1;
                pattern += "%b";
            }
            Part::Letters("T") if open == 0 => pattern += "T",
            Part::Letters("AM" | "PM" | "am" | "pm") => pattern += "%p",
            Part::Letters(word) if place == 0 && open == 3 && word.len() == 3 => pattern += "%a",
            Part::Letters(word) => pattern += word,
        }
    }
    (open == 0).then_some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_follow_the_parts_of_the_text() {
        let of = |text: &str| {
            Format::candidates(text).iter().map(|format| format.as_str().to_owned()).collect::<Vec<String>>()
        };
        assert_eq!(of("20-10-16"), ["%y-%m-%d", "%d-%m-%y"]);
        assert_eq!(of("31/01/26 08:20 PM"), ["%y/%m/%d %I:%M %p", "%d/%m/%y %I:%M %p"]);
        assert_eq!(of("01-JAN-26"), ["%d-%b-%y"]);
        assert_eq!(of("31-M\u{e4}r-26"), ["%d-%b-%y"]);
        assert_eq!(of("5.1.26 8:05:07.25"), ["%d.%m.%y %H:%M:%S%.f", "%m.%d.%y %H:%M:%S%.f"]);
        assert_eq!(of("1517443200"), ["seconds"]);
        assert_eq!(of("1517443200000"), ["milliseconds"]);
        assert_eq!(of("1.76726E+12"), ["milliseconds"]);
        assert_eq!(of("46023.347222"), ["excel"]);
        assert!(of("soon").is_empty() && of("12").is_empty());
    }
}
