//! JSON with the tokens that Python and C++ add to it (`NaN`, `Infinity`), which are read and judged where they stand.

use super::error::{Wrong, quoted};
use super::value::{DEEPEST, ListOf, Value, map};

/// # Errors
/// When it is not JSON, ends early, or is nested too deeply.
pub(super) fn parse(text: &[u8]) -> Result<Value, Wrong> {
    let mut reader = Reader { text: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text), at: 0 };
    let value = reader.value(0)?;
    reader.blank();
    match reader.text.get(reader.at) {
        None => Ok(value),
        Some(_) => Err(reader.wrong("something stands after the end of the JSON")),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn place(&self) -> String {
        let before = &self.text[..self.at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        format!("line {line}, character {}", before.len() - start + 1)
    }

    fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong::new(self.place(), what)
    }

    fn ends_early(&self) -> Wrong {
        Wrong::ends_early(self.place(), "in the middle of its JSON")
    }

    fn blank(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Result<u8, Wrong> {
        self.blank();
        self.text.get(self.at).copied().ok_or_else(|| self.ends_early())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Wrong> {
        if depth > DEEPEST {
            return Err(
                self.wrong(format!("it is nested too deeply: more than {DEEPEST} lists and objects in each other"))
            );
        }
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => Ok(Value::Text(self.string()?)),
            b'-' | b'+' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => self.word(),
            other => Err(self.wrong(format!("{} is no JSON here", byte(other)))),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Value::Map(entries));
        }
        loop {
            if self.peek()? != b'"' {
                return Err(self.wrong(format!("{}, expected a name in quotes", byte(self.text[self.at]))));
            }
            let name = self.string()?;
            self.expect(b':')?;
            entries.push((name, self.value(depth + 1)?));
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                other => return Err(self.wrong(format!("{}, expected `,` or `}}`", byte(other)))),
            }
        }
        self.at += 1;
        map(entries, || self.place())
    }

    fn list(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.at += 1;
        let mut list = ListOf::default();
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(list.value());
        }
        loop {
            list.push(self.value(depth + 1)?);
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                other => return Err(self.wrong(format!("{}, expected `,` or `]`", byte(other)))),
            }
        }
        self.at += 1;
        Ok(list.value())
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Wrong> {
        match self.peek()? {
            found if found == wanted => {
                self.at += 1;
                Ok(())
            }
            found => Err(self.wrong(format!("{}, expected `{}`", byte(found), wanted as char))),
        }
    }

    /// A number, or one of the words.
    fn word(&mut self) -> Result<Value, Wrong> {
        let rest = &self.text[self.at..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        if length == rest.len() {
            return Err(self.ends_early());
        }
        let word = std::str::from_utf8(&rest[..length]).unwrap_or_default();
        let value = match word {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            "null" => Value::Null,
            "NaN" | "nan" => Value::Number(f64::NAN),
            "Infinity" | "inf" => Value::Number(f64::INFINITY),
            "-Infinity" | "-inf" => Value::Number(f64::NEG_INFINITY),
            word if word.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) => {
                return Err(self.wrong(format!("{} is no JSON", quoted(word))));
            }
            word => Value::Number(word.parse().map_err(|_| self.wrong(format!("{} is no number", quoted(word))))?),
        };
        self.at += length;
        Ok(value)
    }

    fn string(&mut self) -> Result<String, Wrong> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).ok_or_else(|| self.ends_early())?;
            bytes.extend_from_slice(&rest[..plain]);
            self.at += plain + 1;
            if rest[plain] == b'"' {
                return String::from_utf8(bytes).map_err(|_| self.wrong("a text that is not UTF-8"));
            }
            let escape = self.text.get(self.at).copied().ok_or_else(|| self.ends_early())?;
            self.at += 1;
            match escape {
                b'"' | b'\\' | b'/' => bytes.push(escape),
                b'b' => bytes.push(8),
                b'f' => bytes.push(12),
                b'n' => bytes.push(b'\n'),
                b'r' => bytes.push(b'\r'),
                b't' => bytes.push(b'\t'),
                b'u' => {
                    let character = self.character()?;
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                other => return Err(self.wrong(format!("`\\` before {} in a text", byte(other)))),
            }
        }
    }

    /// After `\u`; two of them beyond the first 65,536 characters.
    fn character(&mut self) -> Result<char, Wrong> {
        let first = self.hexadecimal()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !self.text[self.at..].starts_with(b"\\u") {
                return Err(self.wrong("half a character (`\\u` of a pair without the other)"));
            }
            self.at += 2;
            let second = self.hexadecimal()?;
            0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.wrong("`\\u` with the number of no character"))
    }

    fn hexadecimal(&mut self) -> Result<u32, Wrong> {
        let digits = self.text.get(self.at..self.at + 4).ok_or_else(|| self.ends_early())?;
        let number = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        number.ok_or_else(|| self.wrong("`\\u` without four hexadecimal digits"))
    }
}

/// A byte as a message shows it.
fn byte(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", byte as char) } else { format!("the byte {byte:#04x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        parse(text.as_bytes()).map_or_else(|wrong| wrong.to_string(), |value| format!("{value:?}"))
    }

    #[test]
    fn lists_of_numbers_are_flat_and_others_are_not() {
        assert_eq!(parse(b" [1, -2.5e-1,Infinity] "), Ok(Value::Numbers(vec![1.0, -0.25, f64::INFINITY])));
        assert_eq!(parse(b"[1,true]"), Ok(Value::List(vec![Value::Number(1.0), Value::Flag(true)])));
        assert!(matches!(parse(b"[NaN]"), Ok(Value::Numbers(numbers)) if numbers[0].is_nan()));
    }

    #[test]
    fn escapes_are_characters() {
        let text = r#""a\"\\\/\n\u00e9\ud83d\ude00""#;
        assert_eq!(parse(text.as_bytes()), Ok(Value::Text("a\"\\/\n\u{e9}\u{1f600}".into())));
        assert!(wrong(r#""\ud83d""#).contains("half a character"));
        assert!(wrong(r#""\uzzzz""#).contains("four hexadecimal digits"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(wrong("{\"a\":1,\n \"b\" 2}"), "line 2, character 6: `2`, expected `:`");
        assert!(wrong("{\"a\":1,\"a\":2}").contains("`a` stands twice"));
        assert!(wrong("[1,").starts_with("line 1, character 4: it ends early"));
        assert!(wrong("[1.2.3]").contains("`1.2.3` is no number"));
        assert!(wrong("[nil]").contains("`nil` is no JSON"));
        assert!(wrong("{} {}").contains("after the end"));
        assert!(wrong(&"[".repeat(100_000)).contains("nested too deeply"));
    }
}
