//! What leadoff wrote into a folder, so that it replaces its own files and no others: a line a file in `.leadoff`.
//!
//! Lines are only ever added while the folder stands. A file is ours when its bytes are those of any line of its name, so
//! that a command killed between the line and the file leaves nothing that looks like somebody else's.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::{hash, hex};

use super::{Foreign, StoreError};

/// The file of the marks.
pub const MARKS: &str = ".leadoff";

/// A command that writes files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    Run,
    Review,
    Audit,
    Trial,
    Changes,
    Scores,
    Findings,
    Assignment,
    Plan,
    Simulation,
    Init,
    Parity,
    Export,
    Fit,
    Sql,
}

impl Writer {
    /// What the user typed after `leadoff`.
    pub fn command(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Review => "review",
            Self::Audit => "audit",
            Self::Trial => "ab analyze",
            Self::Changes => "compare",
            Self::Scores => "score",
            Self::Findings => "check",
            Self::Assignment => "ab assign",
            Self::Plan => "ab plan",
            Self::Simulation => "simulate",
            Self::Init => "init",
            Self::Parity => "parity",
            Self::Export => "export",
            Self::Fit => "fit",
            Self::Sql => "sql",
        }
    }
}

/// The bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Content {
    pub bytes: u64,
    pub sha256: String,
}

impl Content {
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }
    }

    pub fn of_file(path: &Path) -> io::Result<Self> {
        hash(path).map(|(bytes, sha256)| Self { bytes, sha256 })
    }
}

/// One file as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// Below the folder, with `/` between its parts.
    pub name: String,
    pub by: Writer,
    #[serde(flatten)]
    pub content: Content,
}

/// Whose a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Free,
    Ours,
    Foreign(Foreign),
}

/// The marks of a folder.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub list: Vec<Mark>,
}

impl Marks {
    /// Those of a folder; none where there are none. A line that a full disk cut short is no mark, and neither is one whose
    /// name leads out of the folder.
    pub fn read(folder: &Path) -> Self {
        let path = folder.join(MARKS);
        let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
        let text = if is_file { fs::read(path).unwrap_or_default() } else { Vec::new() };
        let text = String::from_utf8_lossy(&text);
        let is_inside =
            |mark: &Mark| Path::new(&mark.name).components().all(|part| matches!(part, Component::Normal(_)));
        Self { list: text.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(is_inside).collect() }
    }

    /// Those of a folder that is to be written into.
    ///
    /// # Errors
    /// When what stands under the marks' name is somebody else's.
    pub fn of(folder: &Path) -> Result<Self, StoreError> {
        let (path, marks) = (folder.join(MARKS), Self::read(folder));
        match path.symlink_metadata() {
            Ok(meta) if !meta.is_file() || (meta.len() > 0 && marks.list.is_empty()) => {
                Err(StoreError::NotOurs { path, what: Foreign::Unknown })
            }
            _ => Ok(marks),
        }
    }

    /// Whether a command wrote any file of the folder.
    pub fn any_by(&self, by: Writer) -> bool {
        self.list.iter().any(|mark| mark.by == by)
    }

    /// Whose the entry of this name is, for a command that would write it.
    pub fn standing(&self, folder: &Path, name: &str, by: Writer) -> Standing {
        let path = folder.join(name);
        let above = Path::new(name).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        if above.map(|above| folder.join(above)).any(|above| above.symlink_metadata().is_ok_and(|meta| !meta.is_dir()))
        {
            return Standing::Foreign(Foreign::Kind("lies below what is no folder"));
        }
        let Ok(meta) = path.symlink_metadata() else { return Standing::Free };
        if !meta.is_file() {
            let what = if meta.is_dir() { "is a folder" } else { "is no file" };
            return Standing::Foreign(Foreign::Kind(what));
        }
        let of_name: Vec<&Mark> = self.list.iter().filter(|mark| mark.name == name).collect();
        if of_name.is_empty() {
            return Standing::Foreign(Foreign::Unknown);
        }
        // Of a file that is large and another's, nothing needs to be read.
        let content = of_name.iter().any(|mark| mark.content.bytes == meta.len()).then(|| Content::of_file(&path).ok());
        let same = |mark: &&&Mark| content.as_ref().and_then(Option::as_ref) == Some(&mark.content);
        let mut written = of_name.iter().filter(same).peekable();
        match written.peek().copied() {
            None => Standing::Foreign(Foreign::Changed),
            Some(_) if written.any(|mark| mark.by == by) => Standing::Ours,
            Some(other) => Standing::Foreign(Foreign::OfAnother(other.by)),
        }
    }
}

/// The lines of marks, as they stand in the file.
pub fn lines(marks: &[Mark]) -> String {
    marks.iter().map(|mark| serde_json::to_string(mark).expect("plain values") + "\n").collect()
}

/// Adds lines to a file of marks that is open for reading and appending.
pub fn append(file: &mut File, marks: &[Mark]) -> io::Result<()> {
    let text = lines(marks);
    // After a line that was cut short ours begins anew.
    let whole = ends_a_line(file)?;
    file.write_all(if whole { text } else { format!("\n{text}") }.as_bytes())?;
    file.sync_data()
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
