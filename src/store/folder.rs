//! A folder that appears whole, and a file that does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Kind, StoreError};

/// A folder that appears in one step: written beside its place, then renamed into it.
pub struct Folder {
    target: PathBuf,
    draft: PathBuf,
}

/// A folder that holds one of these is ours.
const OURS: [Kind; 3] = [Kind::Run, Kind::Trial, Kind::Review];

impl Folder {
    /// A draft beside `target`. An older report of ours at `target` stays until [`Folder::finish`].
    pub fn create(target: &Path) -> Result<Self, StoreError> {
        let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        let is_ours = OURS.iter().any(|kind| target.join(kind.file()).exists());
        if target.exists() && !is_ours && !is_empty(target) {
            return Err(StoreError::NotOurs { path: target.into() });
        }
        let name = target.file_name().map_or("report".into(), |name| name.to_string_lossy().into_owned());
        let draft = target.with_file_name(format!(".{name}.draft-{}", std::process::id()));
        let failed = |source| StoreError::Io { path: target.into(), source };
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(failed)?;
        }
        fs::create_dir_all(&draft).map_err(failed)?;
        Ok(Self { target: target.into(), draft })
    }

    /// A file of the folder.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), StoreError> {
        let path = self.draft.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
        written.map_err(|source| StoreError::Io { path: self.target.join(name), source })
    }

    /// Puts the draft in its place.
    pub fn finish(self) -> Result<PathBuf, StoreError> {
        let failed = |source| StoreError::Io { path: self.target.clone(), source };
        let old = self.draft.with_extension("old");
        let had_old = self.target.exists();
        if had_old {
            fs::rename(&self.target, &old).map_err(failed)?;
        }
        if let Err(source) = fs::rename(&self.draft, &self.target) {
            // The old report comes back: a failure leaves what was there.
            if had_old {
                fs::rename(&old, &self.target).map_err(failed)?;
            }
            return Err(failed(source));
        }
        if had_old {
            fs::remove_dir_all(&old).map_err(failed)?;
        }
        Ok(self.target.clone())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A draft that was not finished is rubbish; when it cannot be removed there is nothing left to do about it.
        let _ = fs::remove_dir_all(&self.draft);
    }
}

/// Files of a report, each of which appears in one step.
pub fn write_files(folder: &Path, files: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
    for (name, bytes) in files {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|source| StoreError::Io { path: parent.into(), source })?;
        write_file(&path, bytes)?;
    }
    Ok(())
}

/// A file that appears in one step.
pub fn write_file(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), StoreError> {
    write_with(path, |draft| fs::write(draft, bytes))
}

/// A file that `write` makes beside its place and that then appears in one step. The draft keeps the extension.
pub fn write_with(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), StoreError> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let draft = path.with_file_name(format!(".draft-{}-{name}", std::process::id()));
    let done = write(&draft).and_then(|()| fs::rename(&draft, path));
    done.map_err(|source| {
        let _ = fs::remove_file(&draft);
        StoreError::Io { path: path.into(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_folder_leaves_the_old_one_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("report");
        let first = Folder::create(&target).unwrap();
        first.write(Kind::Run.file(), "1").unwrap();
        first.finish().unwrap();
        let second = Folder::create(&target).unwrap();
        second.write(Kind::Run.file(), "2").unwrap();
        drop(second);
        assert_eq!(fs::read_to_string(target.join(Kind::Run.file())).unwrap(), "1");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_of_somebody_else_is_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("thesis.txt"), "years of work").unwrap();
        assert!(matches!(Folder::create(root.path()), Err(StoreError::NotOurs { .. })));
    }
}
