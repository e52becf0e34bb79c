use std::borrow::Cow;

use crate::table::{Ids, MISSING, Text, tidy};

use super::cells::TextBlock;
use super::values::Nulls;

/// Text as codes into distinct values, in order of first appearance.
#[derive(Clone, Default)]
pub(crate) struct Dictionary {
    pub codes: Vec<u32>,
    pub levels: Ids,
    /// Short texts seen lately, by a few of their bits: columns of few values need no more.
    lately: Vec<Option<(Short, u32)>>,
    /// Texts of which blanks or signs that are not seen were left out.
    pub tidied: u64,
    /// Rows whose text was written otherwise, and how, where that is asked for.
    written: Option<Vec<(u32, String)>>,
}

/// Texts that are kept at hand, a power of two.
const LATELY: usize = 64;

/// A text of at most sixteen bytes: its length, its first and its last eight.
type Short = (usize, u64, u64);

fn short(text: &str) -> Option<Short> {
    let bytes = text.as_bytes();
    let word = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[from + i]));
    match bytes.len() {
        length @ 8..=16 => Some((length, word(0), word(length - 8))),
        length @ 0..8 => Some((length, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)),
        _ => None,
    }
}

impl Dictionary {
    /// Codes of missing texts.
    pub fn from_codes(codes: Vec<u32>) -> Self {
        Self { codes, ..Self::default() }
    }

    /// The same, and how its texts are written is kept.
    pub fn keeping_written(self) -> Self {
        Self { written: Some(Vec::new()), ..self }
    }

    fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(MISSING, |text| self.code(text));
        self.codes.push(code);
    }

    /// Remembers how the last row is written, where that is not as people see it.
    fn note(&mut self, raw: &str) {
        let Some(written) = &mut self.written else { return };
        let (row, code) = (self.codes.len() - 1, self.codes[self.codes.len() - 1]);
        if code != MISSING && self.levels.get(code as usize) != raw {
            written.push((row as u32, raw.into()));
        }
    }

    /// Rows of a block; how many have a value.
    pub fn push_block(&mut self, block: &TextBlock, nulls: &Nulls, rows: impl Iterator<Item = usize>) -> u64 {
        let start = self.codes.len();
        match block.codes() {
            Some((levels, codes)) => {
                // A code of our own for each of the block's, once it is met; the last one is that of no text.
                let mut own: Vec<Option<u32>> = vec![None; levels + 1];
                for row in rows {
                    let theirs = codes[row];
                    let code = *own[(theirs as usize).min(levels)].get_or_insert_with(|| {
                        let text = if theirs == MISSING { None } else { nulls.text(block.level(theirs)) };
                        text.map_or(MISSING, |text| self.code(text))
                    });
                    self.codes.push(code);
                    if theirs != MISSING {
                        self.note(block.level(theirs));
                    }
                }
            }
            None => rows.for_each(|row| {
                let raw = block.get(row);
                let text = nulls.text(raw);
                self.tidied += u64::from(text.is_some_and(|text| text.len() < raw.len()));
                self.push(text);
                self.note(raw);
            }),
        }
        self.codes[start..].iter().filter(|&&code| code != MISSING).count() as u64
    }

    pub fn code(&mut self, text: &str) -> u32 {
        if !text.is_ascii()
            && let Cow::Owned(seen) = tidy(text)
        {
            self.tidied += 1;
            return self.levels.insert(&seen).0 as u32;
        }
        let Some(key) = short(text).filter(|_| self.levels.len() <= LATELY) else {
            return self.levels.insert(text).0 as u32;
        };
        let (length, first, last) = key;
        let mixed = (first ^ last.rotate_left(32) ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 58) as usize;
        if let Some(Some((known, code))) = self.lately.get(place)
            && *known == key
        {
            return *code;
        }
        let code = self.levels.insert(text).0 as u32;
        self.lately.resize(LATELY, None);
        self.lately[place] = Some((key, code));
        code
    }

    pub fn text(self) -> Text {
        let written = self.written.unwrap_or_default();
        Text { codes: self.codes, levels: self.levels.iter().map(String::from).collect(), written }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_codes_in_the_order_they_come() {
        let texts =
            ["page_view", "email_open", "page_view", "", "a", "\0a", "sixteen bytes 16", "seventeen bytes 17", "a"];
        let mut dictionary = Dictionary::default();
        texts.iter().for_each(|text| dictionary.push(Some(text)));
        dictionary.push(None);
        assert_eq!(dictionary.codes, [0, 1, 0, 2, 3, 4, 5, 6, 3, MISSING]);
        (0..500).for_each(|number| dictionary.push(Some(&format!("v{}", number % 250))));
        let text = dictionary.text();
        assert!(
            (0..500).all(|number| text.get(texts.len() + 1 + number) == Some(format!("v{}", number % 250).as_str()))
        );
    }
}
