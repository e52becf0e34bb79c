use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::DataError;
use super::key::LeadKey;
use super::spec::{DataSpec, Paths};

use crate::table::did_you_mean;

/// Bytes of a line or row of text, at most: so much of it is held while its end is looked for.
pub(crate) const RECORD: u64 = 64 << 20;

/// Columns of a text file, at most: a line of separators is as many.
pub(crate) const COLUMNS: usize = 1_000_000;

/// A file that was read, for the record of a run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct InputFile {
    /// As the experiment names it.
    pub path: String,
    pub bytes: u64,
    /// Of the file as it lies on the disk, in hexadecimal.
    pub sha256: String,
}

/// The files that the data section names, each once, with their sizes and hashes.
///
/// # Errors
/// When a file is missing or cannot be read.
pub fn inputs(spec: &DataSpec, base: &Path) -> Result<Vec<InputFile>, DataError> {
    hashed(named(spec), base)
}

fn named(spec: &DataSpec) -> impl Iterator<Item = (&'static str, &Paths)> {
    let lookups = spec.leads.lookup.0.iter().map(|lookup| ("lookup", &lookup.path));
    let leads = std::iter::once(("leads", &spec.leads.path)).chain(lookups);
    let events =
        spec.events.0.iter().flat_map(|events| {
            of_source("events", events.features.as_ref().unwrap_or(&events.path), Some(&events.lead))
        });
    let outcomes = spec.outcomes.0.iter();
    let outcomes = outcomes.flat_map(|outcomes| of_source("outcomes", &outcomes.path, outcomes.lead.as_ref()));
    let history = spec.history.iter().flat_map(|history| of_source("history", &history.path, Some(&history.lead)));
    leads.chain(events).chain(outcomes).chain(history)
}

/// A source's own files, and those that lead from its keys to the leads.
fn of_source<'a>(
    input: &'static str,
    own: &'a Paths,
    key: Option<&'a LeadKey>,
) -> impl Iterator<Item = (&'static str, &'a Paths)> {
    let via = key.into_iter().flat_map(|key| &key.via).map(|via| &via.path);
    std::iter::once(own).chain(via).map(move |paths| (input, paths))
}

/// The files that the data section names and that are there.
pub fn files(spec: &DataSpec, base: &Path) -> Vec<PathBuf> {
    files_of(named(spec), base)
}

/// The files of inputs that are there.
pub fn files_of<'a>(named: impl Iterator<Item = (&'static str, &'a Paths)>, base: &Path) -> Vec<PathBuf> {
    let named = named.filter(|(_, paths)| !paths.is_empty());
    named.flat_map(|(input, paths)| expand(input, paths, base).unwrap_or_default()).map(|file| file.path).collect()
}

/// The files of inputs, each once, with their sizes and hashes.
///
/// # Errors
/// When a file is missing or cannot be read.
pub fn hashed<'a>(
    named: impl Iterator<Item = (&'static str, &'a Paths)>,
    base: &Path,
) -> Result<Vec<InputFile>, DataError> {
    let mut files: Vec<InputFile> = Vec::new();
    for (input, paths) in named.filter(|(_, paths)| !paths.is_empty()) {
        for file in expand(input, paths, base)? {
            if files.iter().all(|known| known.path != file.shown) {
                let (bytes, sha256) = hash(&file.path).map_err(|source| file.error(source))?;
                files.push(InputFile { path: file.shown, bytes, sha256 });
            }
        }
    }
    Ok(files)
}

/// The size of a file and its SHA-256 in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hasher, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
    Ok((bytes, hex(&hasher.finalize())))
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of an input.
#[derive(Clone, Debug)]
pub(crate) struct InFile {
    pub path: PathBuf,
    /// As the experiment names it.
    pub shown: String,
}

impl InFile {
    pub fn error(&self, source: io::Error) -> DataError {
        // Of gzip and zstd, in their libraries' words.
        let words = source.to_string();
        if words.starts_with("incomplete") || source.kind() == io::ErrorKind::UnexpectedEof {
            let found = format!("it is cut short ({words})");
            let advice = "download or copy it again".to_string();
            return DataError::NotATable { file: self.shown.clone(), found, advice };
        }
        DataError::Io { file: self.shown.clone(), source }
    }

    pub fn size(&self) -> u64 {
        self.path.metadata().map_or(0, |meta| meta.len())
    }
}

/// The files that paths and patterns name: in the order of the list, a pattern's in the order of their names.
pub(crate) fn expand(input: &'static str, paths: &Paths, base: &Path) -> Result<Vec<InFile>, DataError> {
    let mut files: Vec<InFile> = Vec::new();
    for pattern in &paths.0 {
        let found = if pattern.contains(['*', '?', '[']) && !base.join(pattern).exists() {
            matching(input, pattern, base)?
        } else {
            vec![existing(input, pattern, base)?]
        };
        for file in found {
            if files.iter().all(|known| known.path != file.path) {
                files.push(file);
            }
        }
    }
    if files.is_empty() {
        return Err(DataError::Spec(format!("data.{input}.path: names no file; expected a path")));
    }
    Ok(files)
}

fn existing(input: &'static str, shown: &str, base: &Path) -> Result<InFile, DataError> {
    let path = base.join(shown);
    let missing = |hint: String| DataError::NoFile { input, pattern: shown.into(), hint };
    match path.metadata() {
        Ok(meta) if meta.is_dir() => {
            Err(missing(format!("; it is a folder: name its files, as `{}/*.csv`", shown.trim_end_matches('/'))))
        }
        Ok(meta) if !meta.is_file() => Err(DataError::Passing { file: shown.into() }),
        Ok(_) => Ok(InFile { path, shown: shown.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(neighbour(&path))),
        Err(source) => Err(DataError::Io { file: shown.into(), source }),
    }
}

/// The file of the same folder that is named most like the one that is missing.
fn neighbour(path: &Path) -> String {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return String::new();
    };
    let Ok(entries) = folder.read_dir() else {
        return format!(
            ", for there is no folder `{}`; paths are relative to the working directory",
            last_part(folder)
        );
    };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    did_you_mean(names.iter().map(String::as_str), name)
}

fn last_part(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn matching(input: &'static str, pattern: &str, base: &Path) -> Result<Vec<InFile>, DataError> {
    let root = glob::Pattern::escape(&base.to_string_lossy());
    let whole = Path::new(&root).join(pattern);
    let paths = glob::glob(&whole.to_string_lossy()).map_err(|error| DataError::Pattern {
        input,
        pattern: pattern.into(),
        why: error.to_string(),
    })?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| DataError::Io { file: pattern.into(), source: error.into() })?;
        if path.is_file() {
            let shown = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().into_owned();
            files.push(InFile { path, shown });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if files.is_empty() {
        return Err(DataError::NoFile { input, pattern: pattern.into(), hint: String::new() });
    }
    Ok(files)
}

/// Reads until the buffer is full or the file is over.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match reader.read(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// Counts what is read from the disk, for the progress bar.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The file's bytes out of gzip or zstd, told by their first bytes.
pub(crate) fn decompressed(file: &InFile, bytes: &Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, DataError> {
    let open = || File::open(&file.path).map_err(|error| file.error(error));
    let mut mark = [0; 4];
    fill(&mut open()?, &mut mark).map_err(|error| file.error(error))?;
    let counted = BufReader::with_capacity(1 << 16, Counted { inner: open()?, bytes: bytes.clone() });
    Ok(match mark {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            Box::new(zstd::stream::Decoder::with_buffer(counted).map_err(|error| file.error(error))?)
        }
        _ => Box::new(counted),
    })
}

/// The encoding of text without a mark, half of whose bytes are mostly 0.
fn utf16(start: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let zeros = |side: usize| start.chunks_exact(2).filter(|pair| pair[side] == 0).count();
    match (zeros(0), zeros(1), start.len() / 2) {
        (0, high, all) if 3 * high > all => Some(encoding_rs::UTF_16LE),
        (high, 0, all) if 3 * high > all => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// The file's text as UTF-8 bytes without a byte order mark. Bytes that are no UTF-8 pass where no encoding is known:
/// their reader knows the line.
pub(crate) fn text(
    file: &InFile,
    declared: Option<&'static encoding_rs::Encoding>,
    bytes: &Arc<AtomicU64>,
) -> Result<Box<dyn Read + Send>, DataError> {
    let mut reader = decompressed(file, bytes)?;
    let mut start = [0; 256];
    let length = fill(&mut reader, &mut start).map_err(|error| file.error(error))?;
    let start = &start[..length];
    let marked = encoding_rs::Encoding::for_bom(start);
    let encoding =
        marked.map(|(encoding, _)| encoding).or(declared).or_else(|| utf16(start)).unwrap_or(encoding_rs::UTF_8);
    let skip = marked.map_or(0, |(_, length)| length);
    let whole = io::Cursor::new(start[skip..].to_vec()).chain(reader);
    if encoding == encoding_rs::UTF_8 {
        return Ok(Box::new(whole));
    }
    Ok(Box::new(Transcoded::new(whole, encoding)))
}

/// Text of another encoding, as UTF-8.
struct Transcoded<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    over: bool,
}

impl<R: Read> Transcoded<R> {
    fn new(inner: R, encoding: &'static encoding_rs::Encoding) -> Self {
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { inner, decoder, input: vec![0; 1 << 15], output: Vec::new(), given: 0, over: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let read = self.inner.read(&mut self.input)?;
        self.over = read == 0;
        let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(4 * read + 16);
        self.output.resize(room, 0);
        let (_, _, written, malformed) = self.decoder.decode_to_utf8(&self.input[..read], &mut self.output, self.over);
        if malformed {
            let name = self.decoder.encoding().name();
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("not {name} text; declare another `encoding`"),
            ));
        }
        self.output.truncate(written);
        self.given = 0;
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() && !self.over {
            self.refill()?;
        }
        let length = buffer.len().min(self.output.len() - self.given);
        buffer[..length].copy_from_slice(&self.output[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_hashed_as_it_lies_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "abc").unwrap();
        let spec: DataSpec = serde_yaml::from_str("leads: { path: 'a*.csv' }\noutcomes: { flag: y }\n").unwrap();
        let files = inputs(&spec, folder.path()).unwrap();
        assert_eq!((files[0].path.as_str(), files[0].bytes), ("a.csv", 3));
        assert_eq!(files[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[cfg(unix)]
    #[test]
    fn what_can_be_read_once_only_is_refused_without_being_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("leads.csv");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            let error = expand("leads", &"leads.csv".into(), folder.path()).unwrap_err().to_string();
            assert!(error.contains("leads.csv") && error.contains("save it as a file"), "{error}");
        }
        assert!(expand("leads", &"/dev/null".into(), folder.path()).is_err());
    }

    #[test]
    fn a_missing_file_is_named_with_its_neighbour() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("leads.csv"), "abc").unwrap();
        let error = expand("leads", &"lead.csv".into(), folder.path()).unwrap_err().to_string();
        assert_eq!(error, "leads: no file matches `lead.csv`, did you mean `leads.csv`?");
        assert!(expand("leads", &"*.parquet".into(), folder.path()).is_err());
    }
}
