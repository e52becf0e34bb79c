//! Text of data that does nothing where it is shown: no order to a terminal, no turned direction, no formula.

use std::borrow::Cow;
use std::fmt::Write;

/// A value on one line: what steers a terminal, turns text around or cannot be seen is written out, as `\n` or `\u{1b}`.
pub fn inert(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false, written)
}

/// A whole text of lines that are ours: newlines and tabs stay.
pub fn inert_lines(text: &str) -> Cow<'_, str> {
    escaped(text, is_layout, written)
}

/// JSON that holds the same values, with such characters in its own escapes.
pub fn inert_json(json: &str) -> Cow<'_, str> {
    escaped(json, is_layout, |out, c| {
        c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
            let _ = write!(out, "\\u{unit:04x}");
        });
    })
}

/// Text as a cell of CSV that people open in a spreadsheet: inert, and never a formula.
pub fn spreadsheet_cell(text: &str) -> Cow<'_, str> {
    let text = inert(text);
    if looks_like_a_formula(&text) { Cow::Owned(format!("'{text}")) } else { text }
}

/// Whether some spreadsheet would run a cell of this text. Full-width signs count: East Asian editions read them so.
pub fn looks_like_a_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'])
}

fn is_layout(c: char) -> bool {
    matches!(c, '\n' | '\t')
}

fn written(out: &mut String, c: char) {
    match c {
        '\n' | '\r' | '\t' => out.extend(c.escape_default()),
        c => out.extend(c.escape_unicode()),
    }
}

fn escaped(text: &str, stays: impl Fn(char) -> bool, write: impl Fn(&mut String, char)) -> Cow<'_, str> {
    let steers = |at: usize, c: char| !stays(c) && (steers(c) || is_joiner(c) && !joins(text, at, c));
    if !text.char_indices().any(|(at, c)| steers(at, c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        if steers(at, c) { write(&mut out, c) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Controls, marks of direction, separators of lines, what has no width or no ink, and what is no character at all.
fn steers(c: char) -> bool {
    let is_none = |code: u32| code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    c.is_control()
        || is_none(c.into())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a joiner stands where writing needs it: in the scripts from Arabic on, and between emoji. In a Latin name it
/// only hides a difference.
fn joins(text: &str, at: usize, c: char) -> bool {
    let needs = |beside: Option<char>| beside.is_some_and(|beside| beside >= '\u{600}' && !is_joiner(beside));
    needs(text[..at].chars().next_back()) && needs(text[at + c.len_utf8()..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_written_out_and_nothing_is_lost() {
        assert_eq!(inert("a\u{1b}]0;x\u{7}b\u{9b}2J"), r"a\u{1b}]0;x\u{7}b\u{9b}2J");
        assert_eq!(inert("a\nb\tc\rd\0"), r"a\nb\tc\rd\u{0}");
        assert_eq!(
            inert("\u{202e}a\u{2066}b\u{200b}c\u{2028}d\u{feff}"),
            r"\u{202e}a\u{2066}b\u{200b}c\u{2028}d\u{feff}"
        );
        assert_eq!(inert_lines("a\n\tb\u{1b}\r\n"), "a\n\tb\\u{1b}\\r\n");
    }

    #[test]
    fn ordinary_text_of_any_script_stays_as_it_is() {
        for text in [
            "",
            "Größe 5 %",
            "日本語",
            "שלום",
            "می\u{200c}خواهم",
            "👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥",
            "葛\u{e0100}城",
            "a\u{a0}b",
        ] {
            assert!(matches!(inert(text), Cow::Borrowed(same) if same == text), "{text}");
        }
        assert_eq!(inert("pay\u{200d}pal"), r"pay\u{200d}pal");
        assert_eq!(inert("م\u{200d}\u{200d}م"), r"م\u{200d}\u{200d}م");
    }

    #[test]
    fn inert_json_holds_the_same_values() {
        let json = serde_json::to_string_pretty(&["a\u{9b}b\u{202e}\u{e0041}\u{7f}", "\u{1b}\n"]).unwrap();
        let inert = inert_json(&json);
        assert!(inert.is_ascii() && !inert.contains('\u{7f}'), "{inert}");
        let read = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap();
        assert_eq!(read(&inert), read(&json));
    }

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(spreadsheet_cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        for formula in ["+1", "-1", "@x", " =1", "＝1", "%x"] {
            assert_eq!(spreadsheet_cell(formula), format!("'{formula}"));
        }
        assert_eq!(spreadsheet_cell("\t=1"), r"\t=1");
        assert_eq!(spreadsheet_cell("a=1"), "a=1");
    }
}
