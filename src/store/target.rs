//! Where a command may write: asked before anything is computed, and again when it is written.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::draft::{self, Drafted};
use super::lock::Lock;
use super::marks::{self, Content, MARKS, Mark, Marks, Standing};
use super::{Foreign, StoreError, Writer};

/// A path that a command may write: free, or of its own writing.
#[derive(Clone, Debug)]
pub struct Target {
    /// Links followed.
    pub(super) real: PathBuf,
    /// As the user named it.
    pub(super) shown: PathBuf,
    pub(super) by: Writer,
}

impl Target {
    /// A file's. Nothing is written yet.
    ///
    /// # Errors
    /// When it is one of the inputs, stands there and is not of this command's writing, or its folder is not there.
    pub fn file(path: &Path, by: Writer, inputs: &[PathBuf]) -> Result<Self, StoreError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
        if let Some(folder) = folder {
            return Err(StoreError::NoFolder { path: path.into(), folder: folder.into() });
        }
        Self::file_to_be(path, by, inputs)
    }

    /// A file of a folder that is made with it.
    ///
    /// # Errors
    /// When it stands there and is not of this command's writing.
    pub fn file_in(folder: &Path, name: &str, by: Writer) -> Result<Self, StoreError> {
        Self::file_to_be(&folder.join(name), by, &[])
    }

    fn file_to_be(path: &Path, by: Writer, inputs: &[PathBuf]) -> Result<Self, StoreError> {
        let target = Self { real: followed(path)?, shown: path.into(), by };
        if target.real.file_name().is_some_and(|name| name.to_str().is_none()) {
            return Err(target.refused("", Foreign::Kind("is no name in UTF-8")));
        }
        target.reads_none_of(inputs)?;
        target.is_free()?;
        Ok(target)
    }

    /// A folder's. Nothing is written yet.
    ///
    /// # Errors
    /// When inputs lie in it, when it holds entries and none of this command's writing, or when one of those was changed.
    pub fn folder(path: &Path, by: Writer, inputs: &[PathBuf]) -> Result<Self, StoreError> {
        let place = Self { real: followed(path)?, shown: path.into(), by };
        place.reads_none_of(inputs)?;
        place.may_be_a_folder()?;
        Ok(place)
    }

    /// A folder's that is not there yet, or holds nothing.
    ///
    /// # Errors
    /// When it holds anything.
    pub fn new_folder(path: &Path, by: Writer) -> Result<Self, StoreError> {
        let target = Self::folder(path, by, &[])?;
        if target.real.exists() { target.is_empty_folder(&Marks::default()) } else { Ok(()) }.map(|()| target)
    }

    /// # Errors
    /// When two outputs of one command are one, or one lies in the other.
    pub fn is_apart_from(&self, other: &Self) -> Result<(), StoreError> {
        let one_in_the_other = self.real.starts_with(&other.real) || other.real.starts_with(&self.real);
        let twice = Foreign::Kind("is named for two outputs");
        if one_in_the_other { Err(self.refused("", twice)) } else { Ok(()) }
    }

    /// As the user named it.
    pub fn path(&self) -> &Path {
        &self.shown
    }

    fn reads_none_of(&self, inputs: &[PathBuf]) -> Result<(), StoreError> {
        let Ok(here) = self.real.canonicalize() else { return Ok(()) };
        let read = inputs.iter().find(|input| input.canonicalize().is_ok_and(|input| input.starts_with(&here)));
        read.map_or(Ok(()), |input| Err(StoreError::Input { path: self.shown.clone(), input: input.clone() }))
    }

    pub(super) fn refused(&self, name: &str, what: Foreign) -> StoreError {
        StoreError::NotOurs { path: if name.is_empty() { self.shown.clone() } else { self.shown.join(name) }, what }
    }

    /// Whether what stands there may be replaced.
    fn is_free(&self) -> Result<(), StoreError> {
        if is_stream(&self.real) || self.real.metadata().is_ok_and(|meta| meta.is_file() && meta.len() == 0) {
            return Ok(());
        }
        let (folder, name) = self.parts();
        match Marks::of(&folder)?.standing(&folder, &name, self.by) {
            Standing::Free | Standing::Ours => Ok(()),
            Standing::Foreign(what) => Err(self.refused("", what)),
        }
    }

    fn may_be_a_folder(&self) -> Result<(), StoreError> {
        let Ok(meta) = self.real.metadata() else { return Ok(()) };
        if !meta.is_dir() {
            return Err(self.refused("", Foreign::Kind("is no folder")));
        }
        loop {
            let marks = Marks::of(&self.real)?;
            let Err(refused) = self.is_ours(&marks) else { return Ok(()) };
            // Another writer may have exchanged the folder between its marks and its files.
            if Marks::of(&self.real).is_ok_and(|now| now.list == marks.list) {
                return Err(refused);
            }
        }
    }

    /// Whether all that stands there is of this command's writing, by these marks.
    fn is_ours(&self, marks: &Marks) -> Result<(), StoreError> {
        if !marks.any_by(self.by) {
            return self.is_empty_folder(marks);
        }
        let mut names: Vec<&str> =
            marks.list.iter().filter(|mark| mark.by == self.by).map(|mark| mark.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            if let Standing::Foreign(what) = marks.standing(&self.real, name, self.by) {
                return Err(self.refused(name, what));
            }
        }
        Ok(())
    }

    pub(super) fn is_empty_folder(&self, marks: &Marks) -> Result<(), StoreError> {
        let entries = fs::read_dir(&self.real).map_err(StoreError::at(&self.shown))?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| name != MARKS && draft::drafted(name).is_none());
        names.sort();
        match (
            names.len(),
            marks.list.iter().find(|mark| names.iter().any(|name| mark.name.starts_with(name.as_str()))),
        ) {
            (0, _) => Ok(()),
            (_, Some(mark)) => Err(self.refused("", Foreign::OfAnother(mark.by))),
            (entries, None) => {
                names.truncate(3);
                Err(self.refused("", Foreign::Folder { entries, some: names }))
            }
        }
    }

    /// The folder and the name in it.
    pub(super) fn parts(&self) -> (PathBuf, String) {
        let name = self.real.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let folder = self.real.parent().filter(|parent| !parent.as_os_str().is_empty());
        (folder.map_or_else(|| PathBuf::from("."), Path::to_path_buf), name)
    }

    /// Writes a file that appears in one step.
    ///
    /// # Errors
    /// When it is there by now and not ours, or a byte could not be written.
    pub fn write(&self, bytes: impl AsRef<[u8]>) -> Result<(), StoreError> {
        self.write_with(|draft| fs::write(draft, &bytes))
    }

    /// A file that `write` makes beside its place and that then appears in one step. The draft keeps the extension.
    ///
    /// # Errors
    /// When it is there by now and not ours, or a byte could not be written.
    pub fn write_with(&self, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), StoreError> {
        if is_stream(&self.real) {
            return write(&self.real).map_err(StoreError::at(&self.shown));
        }
        let (folder, name) = self.parts();
        fs::create_dir_all(&folder).map_err(StoreError::at(&folder))?;
        let drafted = Drafted::beside(&folder, &name, self.by).map_err(|error| self.instead(error))?;
        write(&drafted.path).map_err(StoreError::at(&self.shown))?;
        drafted.sync().map_err(StoreError::at(&self.shown))?;
        let content = Content::of_file(&drafted.path).map_err(StoreError::at(&self.shown))?;
        let mut lock = Lock::wait(&folder.join(MARKS)).map_err(|error| self.instead(error))?;
        self.is_free()?;
        let mark = Mark { name, by: self.by, content };
        marks::append(&mut lock.file, &[mark]).map_err(StoreError::at(&self.shown))?;
        drafted.become_(&self.real).map_err(StoreError::at(&self.shown))
    }

    /// An error of the files beside the place is told of the place.
    pub(super) fn instead(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Io { source, .. } => StoreError::Io { path: self.shown.clone(), source },
            other => other,
        }
    }
}

/// Writes files into a folder, whatever else stands there. Each appears in one step; none does when one is not ours.
///
/// # Errors
/// When one of them stands there and is not of this command's writing, or cannot be written.
pub fn write_files(folder: &Path, by: Writer, files: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
    let shown = folder;
    let folder = followed(folder)?;
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    fs::create_dir_all(&folder).map_err(StoreError::at(&folder))?;
    let marks = Marks::of(&folder)?;
    for (name, bytes) in &files {
        if let Standing::Foreign(what) = marks.standing(&folder, name, by)
            && !holds(&folder.join(name), bytes)
        {
            return Err(StoreError::NotOurs { path: shown.join(name), what });
        }
    }
    for (name, bytes) in files {
        let path = folder.join(&name);
        if holds(&path, &bytes) {
            continue;
        }
        let failed = |source| StoreError::Io { path: shown.join(&name), source };
        fs::create_dir_all(path.parent().unwrap_or(&folder)).map_err(failed)?;
        let drafted = Drafted::beside(&folder, &name.replace('/', "-"), by)?;
        fs::write(&drafted.path, &bytes).and_then(|()| drafted.sync()).map_err(failed)?;
        let mut lock = Lock::wait(&folder.join(MARKS))?;
        let mark = Mark { name: name.clone(), by, content: Content::of(&bytes) };
        marks::append(&mut lock.file, &[mark]).map_err(failed)?;
        drafted.become_(&path).map_err(failed)?;
    }
    Ok(())
}

/// Whether a file has these bytes already.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_file() && meta.len() == bytes.len() as u64)
        && fs::read(path).is_ok_and(|there| there == bytes)
}

/// Where links lead. What is not there yet stays as it was named.
pub(super) fn followed(path: &Path) -> Result<PathBuf, StoreError> {
    if is_stream(path) {
        return Ok(path.into());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match path.symlink_metadata() {
        Ok(_) => path.canonicalize().map_err(|_| StoreError::NotOurs {
            path: path.into(),
            what: Foreign::Kind("is a link that leads to nothing"),
        }),
        // `a/../b` is b only where a is no link: the folder that is there is asked.
        Err(_) => Ok(match (above.canonicalize().ok(), path.file_name()) {
            (Some(parent), Some(name)) if path.components().next_back() != Some(Component::ParentDir) => {
                parent.join(name)
            }
            _ => path.into(),
        }),
    }
}

/// A pipe or a device, which takes bytes as they come.
fn is_stream(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Names of a folder's entries reach the disk.
pub(super) fn sync_folder(folder: &Path) {
    // Not every system opens folders; the files themselves are synced.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}
