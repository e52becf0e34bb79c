//! How cells look, and how text gets into them.

use std::borrow::Cow;

use rust_xlsxwriter::{ColNum, Format, FormatAlign, FormatBorder, RowNum, Worksheet, XlsxError};

use crate::table::looks_like_a_formula;

use super::super::document::Tone;
use super::super::text;

/// Longer text does not fit a cell; nobody reads it in one.
const LONGEST: usize = 8_000;

pub(super) struct Style {
    pub(super) title: Format,
    pub(super) heading: Format,
    pub(super) soft: Format,
    pub(super) text: Format,
    pub(super) wrapped: Format,
    /// Text that may stand behind a number.
    pub(super) aside: Format,
    pub(super) header: Format,
    pub(super) number_header: Format,
    pub(super) aside_header: Format,
    pub(super) reason: Format,
    pub(super) total: Format,
    pub(super) link: Format,
    pub(super) label: Format,
    pub(super) banner: Format,
}

const SOFT: u32 = 0x0056_6273;
const RULE: u32 = 0x00B8_C0CA;

impl Style {
    pub(super) fn new() -> Self {
        let middle = Format::new().set_align(FormatAlign::VerticalCenter);
        let wrapped = middle.clone().set_text_wrap();
        let header = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Bottom)
            .set_background_color(0x00EE_F1F5)
            .set_border_bottom(FormatBorder::Thin)
            .set_border_bottom_color(SOFT);
        Self {
            title: Format::new().set_bold().set_font_size(15),
            heading: Format::new().set_bold().set_font_size(12),
            soft: wrapped.clone().set_font_color(SOFT),
            text: middle.clone(),
            aside: wrapped.clone().set_align(FormatAlign::Left).set_indent(1),
            aside_header: header.clone().set_align(FormatAlign::Left).set_indent(1),
            number_header: header.clone().set_align(FormatAlign::Right),
            header,
            reason: wrapped.clone().set_font_color(SOFT).set_italic(),
            total: Format::new().set_bold().set_border_top(FormatBorder::Thin).set_border_top_color(RULE),
            link: middle.set_font_color(0x001F_5F99).set_underline(rust_xlsxwriter::FormatUnderline::Single),
            label: wrapped.clone().set_bold().set_font_color(SOFT),
            banner: wrapped.clone().set_background_color(0x00FD_F1F1).set_font_color(0x00A4_262C),
            wrapped,
        }
    }

    /// The answer, in the colour of what is to be done.
    pub(super) fn answer(&self, tone: Tone) -> Format {
        let colour = match tone {
            Tone::Change => 0x000B_7A5C,
            Tone::Keep => 0x001F_5F99,
            Tone::Undecided => 0x009A_6200,
        };
        self.wrapped.clone().set_bold().set_font_size(14).set_font_color(colour)
    }
}

/// Text as a cell holds it: on one line, and not longer than a cell.
pub(super) fn stored(words: &str) -> String {
    text::clipped(words, LONGEST)
}

/// Writes text as text. What other programs would take for a formula, should somebody edit or export it, is marked
/// as text for them too.
pub(super) fn put(
    sheet: &mut Worksheet,
    (row, column): (RowNum, ColNum),
    words: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    let words = stored(words);
    let format = match looks_like_a_formula(&words) {
        true => Cow::Owned(format.clone().set_quote_prefix()),
        false => Cow::Borrowed(format),
    };
    sheet.write_string_with_format(row, column, words, &format)?;
    Ok(())
}

/// How many lines a text takes in a column so many characters wide.
pub(super) fn lines(words: &str, width: f64) -> usize {
    let room = (width - 1.0).max(4.0) as usize;
    let (mut lines, mut used) = (1, 0);
    for word in words.split(' ') {
        let long = word.chars().count();
        if used > 0 && used + 1 + long <= room {
            used += 1 + long;
            continue;
        }
        let broken = long.saturating_sub(1) / room;
        lines += usize::from(used > 0) + broken;
        used = long - broken * room;
    }
    lines
}

/// How high a row of so many lines is; programs do not all find it themselves.
pub(super) fn height(lines: usize) -> f64 {
    (15.0 * lines.max(1) as f64).min(400.0)
}

/// A link to the top of another sheet.
pub(super) fn link(
    sheet: &mut Worksheet,
    (row, column): (RowNum, ColNum),
    to: &str,
    words: &str,
    style: &Style,
) -> Result<(), XlsxError> {
    let url = format!("internal:'{}'!A1", to.replace('\'', "''"));
    sheet.write_url_with_options(row, column, url.as_str(), words, "", Some(&style.link))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn words_are_folded_where_a_column_ends() {
        assert_eq!([lines("", 10.0), lines("one two", 10.0), lines("one two three", 10.0)], [1, 1, 2]);
        assert_eq!(lines("a-word-of-twenty-two-x", 10.0), 3);
        assert_eq!(lines("a a-word-of-twenty-two-x b", 10.0), 4);
    }
}
