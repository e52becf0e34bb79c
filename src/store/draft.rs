//! What is not finished yet: files and folders under random names, each held by who writes it.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use super::lock::Lock;
use super::marks::{self, Content, MARKS, Mark, Marks};
use super::target::sync_folder;
use super::{StoreError, Writer};

const PREFIX: &str = ".draft-";
const DIGITS: usize = 16;

/// A name for the draft of what will be called so, with digits that no two writers share, whatever their machines and
/// process ids.
pub fn name_of(name: &str) -> String {
    format!("{PREFIX}{:0DIGITS$x}-{name}", RandomState::new().build_hasher().finish())
}

/// What a draft of [`name_of`] is to be called; nothing for other names.
pub fn drafted(name: &str) -> Option<&str> {
    let (digits, rest) = name.strip_prefix(PREFIX)?.split_at_checked(DIGITS)?;
    let is_ours = digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && !rest.contains(['/', '\\']);
    rest.strip_prefix('-').filter(|_| is_ours)
}

/// A file under a random name, removed unless it takes its place.
pub struct Drafted {
    pub path: PathBuf,
    file: File,
}

impl Drafted {
    /// A draft in a folder whose marks name it first, so that one left behind by a killed command is known as ours.
    pub fn beside(folder: &Path, name: &str, by: Writer) -> Result<Self, StoreError> {
        let draft = name_of(name);
        {
            let mut lock = Lock::wait(&folder.join(MARKS))?;
            sweep(folder);
            let mark = Mark { name: draft.clone(), by, content: Content { bytes: 0, sha256: String::new() } };
            marks::append(&mut lock.file, &[mark]).map_err(StoreError::at(folder))?;
        }
        Self::at(folder.join(draft))
    }

    /// A draft that nothing remembers, for files that are the user's afterwards.
    pub fn unmarked(path: &Path) -> Result<Self, StoreError> {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self::at(path.with_file_name(name_of(&name)))
    }

    fn at(path: PathBuf) -> Result<Self, StoreError> {
        let opened = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = opened.map_err(StoreError::at(&path))?;
        // Only the sweep asks, and a draft that it removes too early is an error of the rename, not a loss.
        let _ = file.try_lock();
        Ok(Self { path, file })
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Takes a file's place, in one step.
    pub fn become_(self, path: &Path) -> io::Result<()> {
        if let Ok(meta) = path.metadata() {
            // Who may read it is for its user to say.
            let _ = self.file.set_permissions(meta.permissions());
        }
        fs::rename(&self.path, path)?;
        sync_folder(path.parent().unwrap_or(path));
        Ok(())
    }
}

impl Drop for Drafted {
    fn drop(&mut self) {
        // Gone where it took its place; else rubbish, and the next writer's sweep tries again.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes the drafts of a folder that its marks name and that nobody holds.
fn sweep(folder: &Path) {
    for mark in
        Marks::read(folder).list.iter().filter(|mark| mark.content.sha256.is_empty() && drafted(&mark.name).is_some())
    {
        let path = folder.join(&mark.name);
        if let Some(lock) = Lock::if_free(&path) {
            lock.remove();
        }
    }
}
