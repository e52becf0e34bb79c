use std::collections::HashMap;
use std::fmt::{self, Write};
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::DataError;
use super::cells::{Batch, Cells, Lines, TextBlock};
use super::files::{self, InFile};
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
        let mut lines: Vec<u32> = Vec::new();
        each_line(&self.file, &self.dialect, wanted.bytes, |line, number| {
            parse(&self.file, line, number, Row { places: &places, growing: &mut growing })?;
            growing.close_row();
            lines.push(number as u32);
            if lines.len() < ROWS {
                return Ok(true);
            }
            let full = std::mem::replace(&mut growing, Growing::new(names.len()));
            Ok(send(full.batch(wanted.file, std::mem::take(&mut lines))))
        })?;
        if !lines.is_empty() {
            send(growing.batch(wanted.file, lines));
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
        if reader.read_until(b'\n', &mut line).map_err(|error| file.error(error))? == 0 {
            return Ok(());
        }
        number += 1;
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
            if !self.known.contains_key(key.as_ref()) {
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

    fn batch(self, file: u32, lines: Vec<u32>) -> Batch {
        let text = |block: Block| Cells::Text(TextBlock::from_parts(block.text, block.ends, block.booleans));
        Batch { file, lines: Lines::Each(lines), cells: self.blocks.into_iter().map(text).collect() }
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

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element::<serde_json::Value>()? {
            parts.push(part);
        }
        self.text(&serde_json::Value::Array(parts).to_string());
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut text = String::from("{");
        while let Some((key, value)) = object.next_entry::<String, serde_json::Value>()? {
            let comma = if text.len() > 1 { "," } else { "" };
            // Writing to memory does not fail.
            let _ = write!(text, "{comma}{}:{value}", serde_json::Value::String(key));
        }
        self.text(&(text + "}"));
        Ok(())
    }
}
