use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::DataError;
use super::cells::{Batch, Cells, Lines, TextBlock};
use super::delimited::{BYTES, CELLS, line_of, nul};
use super::files::{self, COLUMNS, InFile, RECORD};
use super::finding::RowUnit;
use super::reader::{Header, Met, TableReader, Wanted};
use super::spec::Dialect;

const ROWS: usize = 1 << 14;

/// A file of objects: one a line, one after another, in an array, or in an array of one object.
pub(crate) struct JsonLinesFile {
    file: InFile,
    dialect: Arc<Dialect>,
    shape: Shape,
}

impl JsonLinesFile {
    pub fn open(file: InFile, dialect: Arc<Dialect>) -> Result<Self, DataError> {
        let shape = Shape::of(&file, &dialect)?;
        Ok(Self { file, dialect, shape })
    }

    fn each(
        &self,
        bytes: &Arc<AtomicU64>,
        take: impl FnMut(&[u8], u64) -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        let text = files::text(&self.file, self.dialect.encoding(), bytes)?;
        let reader = BufReader::with_capacity(1 << 17, text);
        match self.shape {
            Shape::Lines => each_line(&self.file, reader, take),
            Shape::Within(depth) => each_object(&self.file, reader, depth, take),
        }
    }
}

impl TableReader for JsonLinesFile {
    /// The keys of all objects, in the order in which they first appear; those of an object within by their path.
    fn header(&self) -> Result<Header, DataError> {
        let mut paths = Paths::default();
        self.each(&Arc::default(), |object, number| {
            parse(&self.file, object, number, Keys { paths: &mut paths, path: "" })?;
            Ok(true)
        })?;
        let columns = paths.columns();
        Ok(Header { has_rows: !columns.is_empty(), columns, notes: Vec::new(), rows: 0 })
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let names = wanted.names;
        let places = Places::of(names);
        let mut growing = Growing::new(names.len());
        let (mut lines, mut bytes) = (Vec::<u32>::new(), 0);
        self.each(wanted.bytes, |line, number| {
            parse(&self.file, line, number, Row { places: &places, growing: &mut growing, path: "" })?;
            growing.close_row();
            lines.push(number as u32);
            bytes += line.len();
            if lines.len() < ROWS && bytes < BYTES && lines.len() * names.len() < CELLS {
                return Ok(true);
            }
            bytes = 0;
            let full = std::mem::replace(&mut growing, Growing::new(names.len()));
            Ok(send(full.batch((&self.file, self.unit()), wanted.file, std::mem::take(&mut lines))?))
        })?;
        if !lines.is_empty() {
            send(growing.batch((&self.file, self.unit()), wanted.file, lines)?);
        }
        Ok(Met::default())
    }

    /// Objects need not have all keys.
    fn has_loose_rows(&self) -> bool {
        true
    }
}

/// Where the objects of a file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Lines,
    /// Within so many brackets.
    Within(usize),
}

/// How deep some JSON is, byte by byte.
#[derive(Default)]
struct Depth {
    depth: usize,
    is_text: bool,
    is_escaped: bool,
}

impl Depth {
    /// Whether the byte is a bracket that opens (true) or closes.
    fn step(&mut self, byte: u8) -> Option<bool> {
        if self.is_text {
            self.is_text = self.is_escaped || byte != b'"';
            self.is_escaped = !self.is_escaped && byte == b'\\';
            return None;
        }
        match byte {
            b'"' => self.is_text = true,
            b'{' | b'[' => {
                self.depth += 1;
                return Some(true);
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return Some(false);
            }
            _ => {}
        }
        None
    }
}

impl Shape {
    /// By the first value of the file, and whether another one follows.
    fn of(file: &InFile, dialect: &Dialect) -> Result<Self, DataError> {
        let text = files::text(file, dialect.encoding(), &Arc::default())?;
        let (mut reader, mut depth) = (BufReader::with_capacity(1 << 17, text), Depth::default());
        let (mut is_over, mut has_breaks, mut has_rows, mut before) = (false, false, false, 0);
        loop {
            let bytes = reader.fill_buf().map_err(|error| file.error(error))?;
            if bytes.is_empty() {
                break;
            }
            for &byte in bytes.iter().filter(|byte| !byte.is_ascii_whitespace() || **byte == b'\n') {
                match (byte, is_over) {
                    (b'\n', _) => has_breaks |= !is_over && depth.depth > 0,
                    (_, true) => return Ok(if has_breaks { Self::Within(0) } else { Self::Lines }),
                    (b'[', false) if before == 0 => return Ok(Self::Within(1)),
                    _ => {
                        has_rows |= byte == b'{' && before == b'[' && depth.depth == 2;
                        is_over = depth.step(byte) == Some(false) && depth.depth == 0;
                        before = byte;
                    }
                }
            }
            let length = bytes.len();
            reader.consume(length);
        }
        Ok(match (is_over, has_rows, has_breaks) {
            (true, true, _) => Self::Within(2),
            (true, false, true) => Self::Within(0),
            _ => Self::Lines,
        })
    }
}

/// Objects within so many brackets, of which the last is an array's: of several arrays the first that has any.
fn each_object(
    file: &InFile,
    mut reader: impl BufRead,
    within: usize,
    mut take: impl FnMut(&[u8], u64) -> Result<bool, DataError>,
) -> Result<(), DataError> {
    let (mut depth, mut object, mut line, mut begun) = (Depth::default(), Vec::new(), 1, 0);
    let (mut is_array, mut is_object, mut some) = (within == 0, false, false);
    loop {
        let bytes = reader.fill_buf().map_err(|error| file.error(error))?;
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        for &byte in bytes {
            let step = depth.step(byte);
            match step {
                Some(true) if depth.depth == within + 1 && is_array && byte == b'{' => {
                    (is_object, begun) = (true, line)
                }
                Some(true) if depth.depth == within => is_array = byte == b'[' && !some,
                Some(false) if depth.depth + 1 == within => is_array = false,
                _ => {}
            }
            if is_object {
                object.push(byte);
                if object.len() as u64 > RECORD {
                    return Err(DataError::LongRecord { file: file.shown.clone(), line: begun });
                }
            }
            if is_object && step == Some(false) && depth.depth == within {
                (is_object, some) = (false, true);
                if !take(&object, begun)? {
                    return Ok(());
                }
                object.clear();
            }
            line += u64::from(byte == b'\n');
        }
        reader.consume(length);
    }
    if depth.depth > 0 {
        let why = "the file ends before its last bracket, so that rows may be missing".into();
        return Err(DataError::Json { file: file.shown.clone(), line, why });
    }
    Ok(())
}

fn each_line(
    file: &InFile,
    mut reader: impl BufRead,
    mut take: impl FnMut(&[u8], u64) -> Result<bool, DataError>,
) -> Result<(), DataError> {
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
        // The position is the object's own.
        let within = (error.line() as u64).saturating_sub(1);
        let why = error.to_string().replace(&format!(" at line {} column ", error.line()), " at column ");
        DataError::Json { file: file.shown.clone(), line: number + within, why }
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

/// Paths to the values of objects.
#[derive(Default)]
pub(super) struct Paths {
    /// In the order in which they first appear.
    all: Vec<String>,
    /// Whether anything but null stands there.
    known: HashMap<String, bool>,
}

impl Paths {
    fn add(&mut self, path: &str, is_value: bool) -> Result<(), String> {
        if let Some(known) = self.known.get_mut(path) {
            *known |= is_value;
            return Ok(());
        }
        if self.all.len() == COLUMNS {
            return Err(format!("more than {COLUMNS} keys in all objects"));
        }
        self.known.insert(path.to_string(), is_value);
        self.all.push(path.to_string());
        Ok(())
    }

    /// Takes the paths of an object; nothing where the text is none.
    pub fn take(&mut self, text: &str) {
        let mut json = serde_json::Deserializer::from_str(text);
        // What cannot be read is counted where it is read.
        let _ = Keys { paths: self, path: "" }.deserialize(&mut json);
    }

    /// An object that is null in some rows is no column of its own.
    pub fn columns(self) -> Vec<String> {
        let Self { all, known } = self;
        let parents: HashSet<&str> = all.iter().flat_map(|path| parents(path)).collect();
        let is_column = |path: &&String| known.get(*path) == Some(&true) || !parents.contains(path.as_str());
        all.iter().filter(is_column).cloned().collect()
    }
}

/// The paths of the objects that a path may lead through.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.').map(|(at, _)| &path[..at])
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

struct Keys<'a> {
    paths: &'a mut Paths,
    path: &'a str,
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
            let path = joined(self.path, &key);
            object.next_value_seed(KeysWithin { paths: self.paths, path: &path })?;
        }
        Ok(())
    }
}

/// What stands at a path: an object has paths of its own.
struct KeysWithin<'a> {
    paths: &'a mut Paths,
    path: &'a str,
}

impl KeysWithin<'_> {
    fn add<E: de::Error>(self, is_value: bool) -> Result<(), E> {
        self.paths.add(self.path, is_value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for KeysWithin<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeysWithin<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.add(true)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.add(true)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.add(true)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.add(true)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.add(true)
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.add(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.add(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        Keys { paths: self.paths, path: self.path }.visit_map(object)
    }
}

/// Where the values of paths go.
pub(super) struct Places<'a> {
    places: HashMap<&'a str, usize>,
    /// Objects that lead to them.
    parents: HashSet<&'a str>,
}

impl<'a> Places<'a> {
    pub fn of(names: &[&'a str]) -> Self {
        let places = names.iter().enumerate().map(|(place, name)| (*name, place)).collect();
        Self { places, parents: names.iter().flat_map(|name| parents(name)).collect() }
    }
}

/// The columns of a batch.
pub(super) struct Growing {
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
    pub fn new(columns: usize) -> Self {
        let block = Block { text: String::new(), ends: Vec::new(), booleans: true };
        Self { rows: 0, blocks: vec![block; columns] }
    }

    /// Takes the values of an object in some text; false where it is none.
    pub fn take(&mut self, text: &str, places: &Places) -> bool {
        let mut json = serde_json::Deserializer::from_str(text);
        let read = Row { places, growing: self, path: "" }.deserialize(&mut json).and_then(|()| json.end());
        self.close_row();
        read.is_ok()
    }

    /// Keys that the object lacks are missing values.
    pub fn close_row(&mut self) {
        self.rows += 1;
        for block in self.blocks.iter_mut().filter(|block| block.ends.len() < self.rows) {
            block.push("");
        }
    }

    /// # Errors
    /// When a text holds a NUL, as in no other kind of text file.
    pub fn batch(self, (file, unit): (&InFile, RowUnit), place: u32, lines: Vec<u32>) -> Result<Batch, DataError> {
        let text = |block: Block| match block.text.bytes().position(|byte| byte == 0) {
            Some(at) => Err(nul((file, unit), line_of(at, &block.ends, &lines))),
            None => Ok(Cells::Text(TextBlock::from_parts(block.text, block.ends, block.booleans))),
        };
        let cells = self.blocks.into_iter().map(text).collect::<Result<_, _>>()?;
        Ok(Batch { file: place, lines: Lines::Each(lines), cells })
    }
}

struct Row<'a> {
    places: &'a Places<'a>,
    growing: &'a mut Growing,
    path: &'a str,
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
        let Self { places, growing, path } = self;
        while let Some(key) = object.next_key_seed(Key)? {
            let path = joined(path, &key);
            let place = places.places.get(path.as_str()).copied();
            if place.is_none() && !places.parents.contains(path.as_str()) {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            let taken = |place: usize| growing.blocks[place].ends.len() > growing.rows;
            if place.is_some_and(taken) {
                return Err(de::Error::custom(format!("key `{path}` stands twice in the object")));
            }
            object.next_value_seed(Value { place, row: Row { places, growing: &mut *growing, path: &path } })?;
        }
        Ok(())
    }
}

/// A value becomes the text that CSV would hold; an object that leads to wanted ones is looked through.
struct Value<'a> {
    place: Option<usize>,
    row: Row<'a>,
}

impl Value<'_> {
    fn text(self, text: &str) {
        self.push(text, text.is_empty());
    }

    fn push(self, text: &str, is_boolean: bool) {
        if let Some(place) = self.place {
            let block = &mut self.row.growing.blocks[place];
            block.booleans &= is_boolean;
            block.push(text);
        }
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
        self.push(if flag { "true" } else { "false" }, true);
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
        self.text("");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let mut text = String::new();
        Json { text: &mut text, before: "" }.visit_seq(list)?;
        self.text(&text);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        if self.row.places.parents.contains(self.row.path) {
            return self.row.visit_map(object);
        }
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
