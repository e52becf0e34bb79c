//! UBJSON (draft 12) as XGBoost writes it: lists of one type with their length, and plain ones.

use super::error::Wrong;
use super::value::{DEEPEST, ListOf, Value, map};

/// # Errors
/// When it is not UBJSON, ends early, is nested too deeply, or claims more than the file has bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Wrong> {
    let mut reader = Reader { bytes, at: 0 };
    let marker = reader.marker()?;
    let value = reader.value(marker, 0)?;
    if reader.at < bytes.len() {
        return Err(reader.wrong("something stands after the end of the UBJSON"));
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What a list or an object says before its elements.
struct Header {
    kind: Option<u8>,
    count: Option<usize>,
}

impl<'a> Reader<'a> {
    fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong::new(format!("byte {}", self.at), what)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Wrong> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..count));
        let taken = taken.ok_or_else(|| {
            Wrong::ends_early(
                format!("byte {}", self.at),
                &format!("{count} bytes were to come and {} did", self.left()),
            )
        })?;
        self.at += count;
        Ok(taken)
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next marker that does something.
    fn marker(&mut self) -> Result<u8, Wrong> {
        loop {
            match self.take(1)?[0] {
                b'N' => {}
                marker => return Ok(marker),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn value(&mut self, marker: u8, depth: usize) -> Result<Value, Wrong> {
        if depth > DEEPEST {
            return Err(
                self.wrong(format!("it is nested too deeply: more than {DEEPEST} lists and objects in each other"))
            );
        }
        Ok(match marker {
            b'Z' => Value::Null,
            b'T' => Value::Flag(true),
            b'F' => Value::Flag(false),
            b'C' => Value::Text(char::from(self.take(1)?[0]).to_string()),
            b'S' => Value::Text(self.text()?),
            b'H' => {
                let digits = self.text()?;
                Value::Number(digits.parse().map_err(|_| self.wrong("a number in digits that is none"))?)
            }
            b'[' => self.list(depth)?,
            b'{' => self.object(depth)?,
            marker => Value::Number(self.number(marker)?),
        })
    }

    fn number(&mut self, marker: u8) -> Result<f64, Wrong> {
        Ok(match marker {
            b'i' => f64::from(i8::from_be_bytes(self.array()?)),
            b'U' => f64::from(u8::from_be_bytes(self.array()?)),
            b'I' => f64::from(i16::from_be_bytes(self.array()?)),
            b'l' => f64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?) as f64,
            b'd' => f64::from(f32::from_be_bytes(self.array()?)),
            b'D' => f64::from_be_bytes(self.array()?),
            other => {
                self.at -= 1;
                let shown =
                    if other.is_ascii_graphic() { format!("`{}`", other as char) } else { format!("{other:#04x}") };
                return Err(self.wrong(format!("{shown} is no type of UBJSON")));
            }
        })
    }

    fn length(&mut self) -> Result<usize, Wrong> {
        let marker = self.marker()?;
        if !matches!(marker, b'i' | b'U' | b'I' | b'l' | b'L') {
            self.at -= 1;
            return Err(self.wrong("expected a length"));
        }
        let length = match marker {
            b'L' => i64::from_be_bytes(self.array()?),
            marker => self.number(marker)? as i64,
        };
        usize::try_from(length).map_err(|_| self.wrong(format!("a length is negative ({length})")))
    }

    fn text(&mut self) -> Result<String, Wrong> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| self.wrong("a text that is not UTF-8"))
    }

    fn header(&mut self) -> Result<Header, Wrong> {
        let kind = (self.peek() == Some(b'$')).then(|| self.take(2).map(|taken| taken[1])).transpose()?;
        let counted = self.peek() == Some(b'#');
        if kind.is_some() && !counted {
            return Err(self.wrong("a list of one type without its length"));
        }
        if !counted {
            return Ok(Header { kind, count: None });
        }
        self.at += 1;
        let count = self.length()?;
        // Elements that take no byte could be claimed without end.
        let size = match kind {
            Some(b'Z' | b'T' | b'F' | b'N') => return Err(self.wrong("a list of values that take no room")),
            Some(b'I') => 2,
            Some(b'l' | b'd') => 4,
            Some(b'L' | b'D') => 8,
            _ => 1,
        };
        if count.checked_mul(size).is_none_or(|bytes| bytes > self.left()) {
            let left = self.left();
            let what = format!("a list claims more values ({count}) than the file has bytes ({left} are left)");
            return Err(Wrong::ends_early(format!("byte {}", self.at), &what));
        }
        Ok(Header { kind, count: Some(count) })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Wrong> {
        let header = self.header()?;
        if let (Some(kind @ (b'i' | b'U' | b'I' | b'l' | b'L' | b'd' | b'D')), Some(count)) =
            (header.kind, header.count)
        {
            return (0..count).map(|_| self.number(kind)).collect::<Result<_, _>>().map(Value::Numbers);
        }
        let mut list = ListOf::default();
        let mut done = 0;
        while header.count != Some(done) {
            let marker = match header.kind {
                Some(kind) => kind,
                None => self.marker()?,
            };
            if header.count.is_none() && marker == b']' {
                break;
            }
            list.push(self.value(marker, depth + 1)?);
            done += 1;
        }
        Ok(list.value())
    }

    fn object(&mut self, depth: usize) -> Result<Value, Wrong> {
        let header = self.header()?;
        let mut entries = Vec::new();
        while header.count != Some(entries.len()) {
            if header.count.is_none() {
                while self.peek() == Some(b'N') {
                    self.at += 1;
                }
                if self.peek() == Some(b'}') {
                    self.at += 1;
                    break;
                }
            }
            let name = self.text()?;
            let marker = match header.kind {
                Some(kind) => kind,
                None => self.marker()?,
            };
            entries.push((name, self.value(marker, depth + 1)?));
        }
        let at = self.at;
        map(entries, || format!("byte {at}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(bytes: &[u8]) -> String {
        parse(bytes).map_or_else(|wrong| wrong.to_string(), |value| format!("{value:?}"))
    }

    #[test]
    fn lists_of_one_type_and_plain_ones_hold_the_same() {
        let numbers = Ok(Value::Numbers(vec![1.0, -2.0]));
        assert_eq!(parse(b"[i\x01Ni\xfe]"), numbers);
        assert_eq!(parse(b"[#i\x02i\x01i\xfe"), numbers);
        assert_eq!(parse(b"[$i#U\x02\x01\xfe"), numbers);
        assert_eq!(parse(b"[$d#i\x02\x3f\x80\0\0\xc0\0\0\0"), numbers);
    }

    #[test]
    fn objects_have_names_and_every_kind_of_value() {
        let value = parse(b"{i\x01aSi\x02hii\x01bTi\x01cZi\x01dHi\x0312.}").unwrap();
        let expected =
            [("a", Value::Text("hi".into())), ("b", Value::Flag(true)), ("c", Value::Null), ("d", Value::Number(12.0))];
        assert_eq!(value, Value::Map(expected.map(|(name, value)| (name.to_string(), value)).to_vec()));
    }

    #[test]
    fn claims_are_held_against_the_bytes_that_are_left() {
        assert!(wrong(b"[$d#L\x20\0\0\0\0\0\0\0\0").contains("claims more values"));
        assert!(wrong(b"[$Z#L\x20\0\0\0\0\0\0\0").contains("take no room"));
        assert!(wrong(b"[$d").contains("without its length"));
        assert!(wrong(b"SL\xff\xff\xff\xff\xff\xff\xff\xfda").contains("negative (-3)"));
        assert!(wrong(b"Si\x05abc").contains("ends early"));
        assert!(wrong(b"[Q]").contains("`Q` is no type"));
        assert!(wrong(&b"[".repeat(100_000)).contains("nested too deeply"));
    }
}
