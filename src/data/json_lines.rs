use std::collections::HashMap;
use std::fmt::{self, Write};
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::DataError;
use super::cells::{Batch, Cells, Lines, TextBlock};
use super::delimited::{BYTES, CELLS, line_of, nul};
use super::files::{self, COLUMNS, InFile, RECORD};
use super::reader::{Header, Met, TableReader, Wanted};
use super::spec::Dialect;

const ROWS: usize = 1 << 14;

/// A file of objects, one a line.
pub(crate) struct JsonLinesFile {
    pub file: InFile,
    pub dialect: Arc<Dialect>,
}

impl TableReader for JsonLinesFile {
    /// The keys of all objects, in the order in which they first appear.
    fn header(&self) -> Result<Header, DataError> {
        let mut columns: Vec<String> = Vec::new();
        let mut known: HashMap<String, ()> = HashMap::new();
        each_line(&self.file, &self.dialect, &Arc::default(), |line, number| {
            let keys = Keys { columns: &mut columns, known: &mut known };
            parse(&self.file, line, number, keys)?;
            Ok(true)
        })?;
        Ok(Header { has_rows: !columns.is_empty(), columns, notes: Vec::new(), rows: 0 })
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let names = wanted.names;
        let places: HashMap<&str, usize> = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
        let mut growing = Growing::new(names.len());
        let (mut lines, mut bytes) = (Vec::<u32>::new(), 0);
        each_line(&self.file, &self.dialect, wanted.bytes, |line, number| {
            parse(&self.file, line, number, Row { places: &places, growing: &mut growing })?;
            growing.close_row();
            lines.push(number as u32);
            bytes += line.len();
            if lines.len() < ROWS && bytes < BYTES && lines.len() * names.len() < CELLS {
                return Ok(true);
            }
            bytes = 0;
            let full = std::mem::replace(&mut growing, Growing::new(names.len()));
            Ok(send(full.batch(&self.file, wanted.file, std::mem::take(&mut lines))?))
        })?;
        if !lines.is_empty() {
            send(growing.batch(&self.file, wanted.file, lines)?);
        }
        Ok(Met::default())
    }

    /// Objects need not have all keys.
    fn has_loose_rows(&self) -> bool {
        true
    }
}

fn each_line(
    file: &InFile,
    dialect: &Dialect,
    bytes: &Arc<AtomicU64>,
    mut take: impl FnMut(&[u8], u64) -> Result<bool, DataError>,
) -> Result<(), DataError> {
    let text = files::text(file, dialect.encoding.as_ref().map(|encoding| encoding.encoding), bytes)?;
    let mut reader = BufReader::with_capacity(1 << 17, text);
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = reader.by_ref().take(RECORD + 1).read_until(b'\n', &mut line).map_err(|error| file.error(error))?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        if line.trim_ascii_end().len() as u64 > RECORD {
            return Err(DataError::LongRecord { file: file.shown.clone(), line: number });
        }
        if !line.trim_ascii().is_empty() && !take(line.trim_ascii(), number)? {
            return Ok(());
        }
    }
}

fn parse<'de, S: DeserializeSeed<'de, Value = ()>>(
    file: &InFile,
    line: &'de [u8],
    number: u64,
    seed: S,
) -> Result<(), DataError> {
    let mut json = serde_json::Deserializer::from_slice(line);
    seed.deserialize(&mut json).and_then(|()| json.end()).map_err(|error| {
        // The position is the line's own: only the column helps.
        let why = error.to_string().replace(" at line 1 column ", " at column ");
        DataError::Json { file: file.shown.clone(), line: number, why }
    })
}

/// A key, without a copy where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = std::borrow::Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(key.into())
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(key.to_string().into())
    }
}

struct Keys<'a> {
    columns: &'a mut Vec<String>,
    known: &'a mut HashMap<String, ()>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key_seed(Key)? {
            if key.contains('\0') {
                return Err(de::Error::custom("a key holds a NUL"));
            }
            if !self.known.contains_key(key.as_ref()) {
                if self.columns.len() == COLUMNS {
                    return Err(de::Error::custom(format!("more than {COLUMNS} keys in all objects")));
                }
                self.known.insert(key.to_string(), ());
                self.columns.push(key.into_owned());
            }
            object.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// The columns of a batch.
struct Growing {
    rows: usize,
    blocks: Vec<Block>,
}

/// Texts in the making.
#[derive(Clone)]
struct Block {
    text: String,
    ends: Vec<u32>,
    booleans: bool,
}

impl Block {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }
}

impl Growing {
    fn new(columns: usize) -> Self {
        let block = Block { text: String::new(), ends: Vec::new(), booleans: true };
        Self { rows: 0, blocks: vec![block; columns] }
    }

    /// Keys that the object lacks are missing values.
    fn close_row(&mut self) {
        self.rows += 1;
        for block in self.blocks.iter_mut().filter(|block| block.ends.len() < self.rows) {
            block.push("");
        }
    }

    /// # Errors
    /// When a text holds a NUL, as in no other kind of text file.
    fn batch(self, file: &InFile, place: u32, lines: Vec<u32>) -> Result<Batch, DataError> {
        let text = |block: Block| match block.text.bytes().position(|byte| byte == 0) {
            Some(at) => Err(nul(file, line_of(at, &block.ends, &lines))),
            None => Ok(Cells::Text(TextBlock::from_parts(block.text, block.ends, block.booleans))),
        };
        let cells = self.blocks.into_iter().map(text).collect::<Result<_, _>>()?;
        Ok(Batch { file: place, lines: Lines::Each(lines), cells })
    }
}

struct Row<'a> {
    places: &'a HashMap<&'a str, usize>,
    growing: &'a mut Growing,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key_seed(Key)? {
            let Some(&place) = self.places.get(key.as_ref()) else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            let block = &mut self.growing.blocks[place];
            if block.ends.len() > self.growing.rows {
                return Err(de::Error::custom(format!("key `{key}` stands twice in the object")));
            }
            object.next_value_seed(Value(block))?;
        }
        Ok(())
    }
}

/// A value becomes the text that CSV would hold.
struct Value<'a>(&'a mut Block);

impl Value<'_> {
    fn text(self, text: &str) {
        self.0.booleans &= text.is_empty();
        self.0.push(text);
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.0.push(if flag { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.text(&number.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.text(&number.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.text(&number.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push("");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let mut text = String::new();
        Json { text: &mut text, before: "" }.visit_seq(list)?;
        self.text(&text);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        let mut text = String::new();
        Json { text: &mut text, before: "" }.visit_map(object)?;
        self.text(&text);
        Ok(())
    }
}

/// What lies within a value, written down as it is read: as a tree it would take many times its text.
struct Json<'a> {
    text: &'a mut String,
    /// Stands before it.
    before: &'static str,
}

impl Json<'_> {
    fn scalar(self, value: impl Into<serde_json::Value>) {
        self.text.push_str(self.before);
        // Writing to memory does not fail.
        let _ = write!(self.text, "{}", value.into());
    }
}

impl<'de> DeserializeSeed<'de> for Json<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Json<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.scalar(text);
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.scalar(flag);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.scalar(number);
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.scalar(number);
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.scalar(number);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(serde_json::Value::Null);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { text, before } = self;
        text.push_str(before);
        text.push('[');
        let mut before = "";
        while list.next_element_seed(Json { text, before })?.is_some() {
            before = ",";
        }
        text.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self { text, before } = self;
        text.push_str(before);
        text.push('{');
        let mut before = "";
        while object.next_key_seed(Json { text, before })?.is_some() {
            object.next_value_seed(Json { text, before: ":" })?;
            before = ",";
        }
        text.push('}');
        Ok(())
    }
}
