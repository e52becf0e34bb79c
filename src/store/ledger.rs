//! Files that remember across runs: read and written by one at a time, and never shortened.

use std::fs;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::draft::Drafted;
use super::lock::Lock;
use super::target::followed;

/// A ledger that nobody else reads for writing until this is dropped.
pub struct Ledger {
    path: PathBuf,
    lock: Option<Lock>,
}

impl Ledger {
    /// Waits until nobody else holds the ledger. It need not be there yet; its folder must.
    ///
    /// # Errors
    /// When somebody holds it for longer than one waits, or its folder cannot be written.
    pub fn hold(path: &Path) -> Result<Self, StoreError> {
        let path = followed(path)?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let lock = Lock::wait(&path.with_file_name(format!(".{name}.lock")))?;
        Ok(Self { path, lock: Some(lock) })
    }

    /// Its text; nothing before the first entry.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self) -> Result<Option<String>, StoreError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::Read { path: self.path.clone(), why: error.to_string() }),
        }
    }

    /// Puts another text in its place, in one step.
    ///
    /// # Errors
    /// When a byte could not be written; the old text then stands.
    pub fn replace(&self, text: &str) -> Result<(), StoreError> {
        let failed = StoreError::at(&self.path);
        let drafted = Drafted::unmarked(&self.path)?;
        fs::write(&drafted.path, text)
            .and_then(|()| drafted.sync())
            .and_then(|()| drafted.become_(&self.path))
            .map_err(failed)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.remove_if_empty();
        }
    }
}
