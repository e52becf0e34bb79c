use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// A blank of any width, or a sign that is not seen.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A text without the blanks around it.
pub fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_matches(is_blank),
    }
}

/// A text as people see it: without blanks around it and signs that are not seen, its blanks plain ones and its letters
/// composed.
pub fn tidy(text: &str) -> Cow<'_, str> {
    let text = trimmed(text);
    if text.is_ascii() {
        return text.into();
    }
    // Joiners stand within words of some scripts.
    let seen = |c: &char| !matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}');
    let plain = |c: char| if c.is_whitespace() { ' ' } else { c };
    let tidied: String = text.chars().filter(seen).map(plain).nfc().collect();
    if tidied == text { text.into() } else { tidied.into() }
}

/// A text with its letters composed.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { text.nfc().collect::<String>().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_one_text() {
        for text in
            ["Zu\u{308}rich West", " Z\u{fc}rich\u{a0}West\u{200b}", "\u{feff}Zu\u{308}\u{ad}rich\u{202f}West\u{a0}"]
        {
            assert_eq!(tidy(text), "Z\u{fc}rich West", "{text:?}");
        }
        assert!(matches!(tidy("a  b"), Cow::Borrowed("a  b")) && matches!(tidy("Zürich"), Cow::Borrowed(_)));
        assert_eq!((trimmed("\u{a0}"), trimmed("\ta\u{200b}")), ("", "a"));
    }
}
