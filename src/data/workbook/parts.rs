use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};

use quick_xml::XmlVersion;
use quick_xml::encoding::DecodingReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::super::DataError;
use super::super::fence::fenced;
use super::super::files::{InFile, RECORD};
use super::broken;

/// Bytes that any part may have.
const BYTES: u64 = 64 << 20;
/// The most that cells shrink when they are compressed; blanks and zeros shrink to less.
const BYTES_BY_BYTE: u64 = 256;

/// A zipped workbook: its parts by name, in lower case, with slashes and without escapes.
pub(crate) struct Parts {
    file: InFile,
    zip: ZipArchive<BufReader<File>>,
    places: HashMap<String, usize>,
}

impl Parts {
    pub fn open(file: &InFile) -> Result<Self, DataError> {
        let reader = File::open(&file.path).map_err(|error| file.error(error))?;
        let why =
            "it is a workbook or another ZIP archive that is damaged or ends early (its list of parts cannot be read)";
        let zip = fenced(file, || ZipArchive::new(BufReader::new(reader)).map_err(|_| broken(file, why)))?;
        let mut places = HashMap::new();
        for place in 0..zip.len() {
            if let Some(Ok(name)) = zip.name_for_index(place) {
                places.insert(plain(&name), place);
            }
        }
        Ok(Self { file: file.clone(), zip, places })
    }

    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(&plain(name))
    }

    pub fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.places.keys().any(|name| is(name))
    }

    /// A part's bytes, no more than its compressed size can honestly be.
    pub fn bytes(&mut self, name: &str) -> Result<Option<Part<'_>>, DataError> {
        let Some(&place) = self.places.get(&plain(name)) else { return Ok(None) };
        let file = &self.file;
        let part = self.zip.by_index(place).map_err(|error| match error {
            zip::result::ZipError::UnsupportedArchive(_) => {
                broken(file, &format!("its part `{name}` is encrypted, or compressed in a way that workbooks are not"))
            }
            _ => broken(file, &format!("its part `{name}` cannot be found where its list of parts says")),
        })?;
        let most = BYTES.saturating_add(part.compressed_size().saturating_mul(BYTES_BY_BYTE));
        Ok(Some(Bounded { inner: part, left: most, run: 0, is_xml: true }))
    }

    /// Unpacks all parts and keeps nothing, for a reader that does so without bounds.
    pub fn check_all(&mut self) -> Result<(), DataError> {
        let (file, names) = (self.file.clone(), self.places.keys().cloned().collect::<Vec<String>>());
        for name in names {
            if let Some(mut part) = self.bytes(&name)? {
                part.is_xml = false;
                let read = io::copy(&mut part, &mut io::sink());
                read.map_err(|error| broken(&file, &format!("its part `{name}` cannot be read: {error}")))?;
            }
        }
        Ok(())
    }

    /// A part as XML; nothing where there is none of the name.
    pub fn xml(&mut self, name: &str) -> Result<Option<Xml<'_>>, DataError> {
        let file = self.file.clone();
        let Some(part) = self.bytes(name)? else { return Ok(None) };
        let mut reader = Reader::from_reader(DecodingReader::new(BufReader::with_capacity(1 << 16, part)));
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(Xml { reader, buffer: Vec::new(), depth: 0, file, part: name.into() }))
    }
}

fn plain(name: &str) -> String {
    let bytes = name.trim_start_matches('/').as_bytes();
    let (mut text, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match (bytes[at], digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                text.push(byte);
                at += 2;
            }
            (b'\\', _) => text.push(b'/'),
            (byte, _) => text.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&text).to_lowercase()
}

/// Bytes of a part, of which there may be so many, with a mark of XML now and then.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
    /// Since the last mark: so much is held at once.
    run: u64,
    is_xml: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_large)?;
        self.run = match buffer[..read].iter().rposition(|byte| *byte == b'<') {
            Some(at) => (read - at) as u64,
            None => self.run + read as u64,
        };
        if self.is_xml && self.run > RECORD { Err(too_large()) } else { Ok(read) }
    }
}

fn too_large() -> io::Error {
    io::Error::other("it unpacks to far more than a sheet holds")
}

type Part<'a> = Bounded<ZipFile<'a, BufReader<File>>>;

/// A part that is read element by element.
pub(crate) struct Xml<'a> {
    reader: Reader<DecodingReader<BufReader<Part<'a>>>>,
    buffer: Vec<u8>,
    depth: usize,
    file: InFile,
    part: String,
}

impl Xml<'_> {
    /// What comes next; nothing at the end.
    ///
    /// # Errors
    /// When the part is no XML, or ends within an element.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, DataError> {
        self.buffer.clear();
        let Self { reader, buffer, depth, file, part } = self;
        let event = reader.read_event_into(buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => broken(file, &format!("its part `{part}` cannot be read: {error}")),
            quick_xml::Error::Syntax(_) => ends_early(file, part),
            error => broken(file, &format!("its part `{part}` is damaged: {error}; export the workbook again")),
        })?;
        match event {
            Event::Start(_) => *depth += 1,
            Event::End(_) => *depth = depth.saturating_sub(1),
            Event::Eof if *depth > 0 => {
                return Err(ends_early(file, part));
            }
            Event::Eof => return Ok(None),
            _ => {}
        }
        Ok(Some(event))
    }

    /// Appends the text of the element that has just begun, to its end.
    pub fn text(&mut self, text: &mut String) -> Result<(), DataError> {
        let depth = self.depth;
        loop {
            match self.next()? {
                Some(event) => push_text(&event, text),
                None => return Ok(()),
            }
            if self.depth < depth {
                return Ok(());
            }
        }
    }

    /// Passes over the element that has just begun.
    pub fn skip(&mut self) -> Result<(), DataError> {
        let depth = self.depth;
        while self.depth >= depth && self.next()?.is_some() {}
        Ok(())
    }
}

fn ends_early(file: &InFile, part: &str) -> DataError {
    broken(file, &format!("its part `{part}` ends early, so that rows may be missing; export the workbook again"))
}

/// The text of an event, if it is one.
pub(crate) fn push_text(event: &Event, text: &mut String) {
    match event {
        Event::Text(part) => text.push_str(&part.xml10_content()),
        Event::CData(part) => text.push_str(&part.xml10_content()),
        Event::GeneralRef(name) => match (name.as_ref(), name.resolve_char_ref()) {
            ("lt", _) => text.push('<'),
            ("gt", _) => text.push('>'),
            ("amp", _) => text.push('&'),
            ("quot", _) => text.push('"'),
            ("apos", _) => text.push('\''),
            (_, Ok(Some(letter))) => text.push(letter),
            _ => {}
        },
        _ => {}
    }
}

/// An element's attribute, whatever its prefix.
pub(crate) fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    let mut all = element.attributes();
    let found = all.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}
