use super::super::text;

/// Advance widths of ' ' to '~' in DejaVu Sans, in hundredths of an em. System fonts are narrower, so what fits by this
/// table fits everywhere.
const ADVANCE: [u8; 95] = [
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69,
    61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63,
    59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/// The width of a text in pixels.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let ems: f64 = text.chars().map(advance).sum();
    ems * size * if bold { 1.1 } else { 1.0 }
}

fn advance(char: char) -> f64 {
    match u32::from(char) {
        code @ 32..127 => f64::from(ADVANCE[code as usize - 32]) / 100.0,
        0x300..0x370 | 0x200b..0x2010 | 0xfe00..0xfe10 => 0.0,
        0x1100..0x1200 | 0x2e80..0xa4d0 | 0xac00..0xd7b0 | 0xf900..0xfb00 | 0xff00..0xff61 | 0x1f000.. => 1.2,
        _ => 0.75,
    }
}

/// The text on one line, with what would turn the text around it written out.
pub(super) fn clean(text: &str) -> String {
    match text::clean(text) {
        none if none.is_empty() => "(no name)".into(),
        words => words,
    }
}

/// As much of the text as fits into `room` pixels, with an ellipsis where it was cut.
pub(super) fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    let text = clean(text);
    if width(&text, size, bold) <= room {
        return text;
    }
    let mut kept = String::new();
    for char in text.chars() {
        kept.push(char);
        if width(&kept, size, bold) + width("…", size, bold) > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// Lines of at most `room` pixels, the last one cut where there would be more than `lines`.
pub(super) fn wrap(text: &str, size: f64, bold: bool, room: f64, lines: usize) -> Vec<String> {
    let text = clean(text);
    let mut wrapped = vec![String::new()];
    for word in text.split(' ') {
        let last = wrapped.len() - 1;
        let longer = if wrapped[last].is_empty() { word.to_string() } else { format!("{} {word}", wrapped[last]) };
        if wrapped[last].is_empty() || wrapped.len() == lines || width(&longer, size, bold) <= room {
            wrapped[last] = longer;
        } else {
            wrapped.push(word.to_string());
        }
    }
    wrapped.iter().map(|line| fit(line, size, bold, room)).collect()
}

/// The first of many items, and how many more there are.
pub(super) fn first(items: &[String], separator: &str) -> String {
    const SHOWN: usize = 6;
    let shown = items[..items.len().min(SHOWN)].join(separator);
    match items.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}{separator}{more} more"),
    }
}

/// A name short enough to stand in a sentence.
pub(super) fn short(name: &str) -> String {
    fit(name, 1.0, false, 30.0)
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_line_breaks_stays_on_its_line() {
        assert_eq!(clean("a\r\n  b\tc\u{0}\u{202e}d"), r"a b c\u{0}\u{202e}d");
        assert_eq!(clean(" \n"), "(no name)");
    }

    #[test]
    fn a_long_name_is_cut_with_an_ellipsis() {
        let cut = fit(&"very long ".repeat(20), 12.0, false, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, false) <= 100.0, "{cut}");
        assert_eq!(fit("short", 12.0, false, 100.0), "short");
    }

    #[test]
    fn a_long_sentence_wraps_and_ends_with_an_ellipsis() {
        assert_eq!(wrap("one two three", 10.0, false, 40.0, 5), ["one two", "three"]);
        assert_eq!(wrap("one two three four five six", 10.0, false, 40.0, 2), ["one two", "three…"]);
    }

    #[test]
    fn a_long_list_ends_with_the_number_left_out() {
        let items: Vec<String> = (1..=9).map(|n| n.to_string()).collect();
        assert_eq!(first(&items, ", "), "1, 2, 3, 4, 5, 6, 3 more");
        assert_eq!(first(&items[..2], ", "), "1, 2");
    }

    #[test]
    fn markup_in_names_is_text() {
        assert_eq!(escape("<script>\"'&"), "&lt;script&gt;&quot;&#39;&amp;");
    }
}
