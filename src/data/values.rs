//! What a text in a file means: nothing, a number, true or false.

use crate::table::trimmed;

/// Values that stand for a missing one.
#[derive(Clone, Default)]
pub(crate) struct Nulls {
    words: Vec<String>,
    numbers: Vec<f64>,
}

impl Nulls {
    pub fn new(words: Vec<String>) -> Self {
        let numbers = words.iter().filter_map(|word| word.trim().parse().ok()).collect();
        Self { words, numbers }
    }

    /// The value without blanks around it, if it is there.
    pub fn text<'a>(&self, text: &'a str) -> Option<&'a str> {
        let text = trimmed(text);
        let is_nothing = text.is_empty() || self.words.iter().any(|word| trimmed(word) == text);
        (!is_nothing).then_some(text)
    }

    pub fn number(&self, number: f64) -> f64 {
        if self.numbers.contains(&number) { f64::NAN } else { number }
    }
}

/// Whole numbers beyond this are names of things: as floating-point numbers some of them would be equal.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number as programs write it. No leading zeros (they belong to names of things), no infinity, no words.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let bytes = digits.as_bytes();
    let starts_well = match bytes {
        [b'0', next, ..] => !next.is_ascii_digit(),
        [first, ..] => first.is_ascii_digit() || *first == b'.',
        [] => false,
    };
    if !starts_well || !bytes.iter().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte)) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    let whole = bytes.iter().all(u8::is_ascii_digit);
    (value.is_finite() && !(whole && value.abs() > EXACT)).then_some(value)
}

/// A declared flag's value.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text.trim_ascii().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_number_but_names_a_thing_is_text() {
        for text in ["00123", "+4930123", "12345678901234567890", "inf", "NaN", "1,5", "0x1f", "", "-", "1-2", "٣"] {
            assert_eq!(number(text), None, "{text}");
        }
        for (text, value) in [("0", 0.0), ("0.5", 0.5), ("-0.5", -0.5), ("1e3", 1000.0), (" 7 ", 7.0), (".5", 0.5)] {
            assert_eq!(number(text), Some(value), "{text}");
        }
    }
}
