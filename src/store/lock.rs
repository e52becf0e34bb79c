//! One writer at a time, on one machine or on several that share a disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::StoreError;

/// How long a lock is waited for. It is held for the time of a rename, by a stopped process for ever.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// A file that is locked, by this handle alone, until it is dropped.
pub struct Lock {
    pub file: File,
    path: PathBuf,
}

impl Lock {
    /// Waits for a file, which is made where it is not there; an error when its folder goes away meanwhile.
    pub fn wait(path: &Path) -> Result<Self, StoreError> {
        let made = || OpenOptions::new().read(true).append(true).create(true).open(path);
        let gone = || StoreError::Io { path: path.into(), source: io::ErrorKind::NotFound.into() };
        Self::of(path, PATIENCE, made)?.ok_or_else(gone)
    }

    /// A file that nobody holds; nothing where it is not there or held.
    pub fn if_free(path: &Path) -> Option<Self> {
        Self::of(path, Duration::ZERO, || OpenOptions::new().read(true).append(true).open(path)).ok().flatten()
    }

    fn of(path: &Path, patience: Duration, open: impl Fn() -> io::Result<File>) -> Result<Option<Self>, StoreError> {
        let begun = Instant::now();
        loop {
            let file = match open() {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(StoreError::Io { path: path.into(), source }),
            };
            match file.try_lock() {
                // Where a disk knows no locks, two writers at once are the user's to prevent.
                Ok(()) => {}
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(source)) => return Err(StoreError::Io { path: path.into(), source }),
                Err(TryLockError::WouldBlock) if begun.elapsed() >= patience => {
                    let who = holder(&file);
                    return Err(StoreError::Held { path: path.into(), who, seconds: patience.as_secs() });
                }
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
            }
            // Who held it may have put another file in its place.
            if is_at(&file, path) {
                return Ok(Some(Self { file, path: path.into() }));
            }
        }
    }

    /// Removes the file.
    pub fn remove(self) {
        // A lock that stays is an empty file: no reason to fail.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Removes the file if it was made for the lock alone.
    pub fn remove_if_empty(self) {
        if self.file.metadata().is_ok_and(|meta| meta.len() == 0) {
            self.remove();
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same =
        |ours: std::fs::Metadata, there: std::fs::Metadata| (ours.dev(), ours.ino()) == (there.dev(), there.ino());
    file.metadata().ok().zip(path.metadata().ok()).is_some_and(|(ours, there)| same(ours, there))
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// " (process 4711)", where the system says who holds the lock.
#[cfg(target_os = "linux")]
fn holder(file: &File) -> String {
    use std::os::unix::fs::MetadataExt;
    let inode = file.metadata().map_or(0, |meta| meta.ino()).to_string();
    let table = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let mut processes = table.lines().filter_map(|line| {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let held = parts.get(5)?.rsplit(':').next()? == inode;
        parts.get(4).filter(|process| held && process.parse::<u32>().is_ok_and(|id| id > 0)).copied()
    });
    processes.next().map_or(String::new(), |process| format!(" (process {process})"))
}

#[cfg(not(target_os = "linux"))]
fn holder(_: &File) -> String {
    String::new()
}
