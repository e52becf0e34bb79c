//! A folder that appears whole. What others put into it stays.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::draft::{drafted, name_of};
use super::lock::Lock;
use super::marks::{self, Content, MARKS, Mark, Marks, Standing};
use super::target::{Target, sync_folder};
use super::{StoreError, Writer};

/// The marks of a folder that is not finished; renamed to [`MARKS`] when it is.
const UNFINISHED: &str = ".leadoff-draft";

/// A folder under a random name beside its place, until [`Folder::finish`].
pub struct Folder {
    target: Target,
    draft: PathBuf,
    lock: Lock,
    marks: Vec<Mark>,
    is_finished: bool,
}

/// A folder that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// As the user named it.
    pub path: PathBuf,
    /// Entries that are not of this command's writing, and stayed.
    pub kept: Vec<String>,
}

impl Target {
    /// A draft of the folder. What stands in its place stays until [`Folder::finish`].
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn draft(&self) -> Result<Folder, StoreError> {
        let (parent, name) = self.parts();
        fs::create_dir_all(&parent).map_err(StoreError::at(&self.shown))?;
        sweep(&parent, &name, self);
        sweep(&self.real, &name, self);
        let beside = Folder::new(self, &parent, &name);
        // A folder that is mounted, or whose parent is read only, holds the draft itself.
        let inside = |error| if self.real.is_dir() { Folder::new(self, &self.real, &name) } else { Err(error) };
        beside.or_else(inside).map_err(|error| self.instead(error))
    }
}

impl Folder {
    fn new(target: &Target, parent: &Path, name: &str) -> Result<Self, StoreError> {
        loop {
            let draft = parent.join(name_of(name));
            fs::create_dir(&draft).map_err(StoreError::at(&draft))?;
            match Lock::wait(&draft.join(UNFINISHED)) {
                Ok(lock) => {
                    return Ok(Self { target: target.clone(), draft, lock, marks: Vec::new(), is_finished: false });
                }
                // Somebody's sweep took the folder before it was held.
                Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A file of the folder.
    ///
    /// # Errors
    /// When a byte could not be written.
    pub fn write(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), StoreError> {
        let path = self.draft.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, &bytes));
        written.map_err(StoreError::at(&self.target.shown.join(name)))?;
        self.marks.push(Mark { name: name.into(), by: self.target.by, content: Content::of(bytes.as_ref()) });
        Ok(())
    }

    /// Puts the draft in its place, in one step where the system can exchange two folders; file by file else.
    ///
    /// # Errors
    /// When the place is somebody else's by now, or the draft cannot reach the disk. What stood there then stands.
    pub fn finish(mut self) -> Result<Stored, StoreError> {
        self.complete().map_err(StoreError::at(&self.target.shown))?;
        let kept = self.settle().inspect_err(|_| {
            // Nothing is left to do about a draft that stays: the next run sweeps it.
            let _ = fs::remove_dir_all(&self.draft);
        })?;
        Ok(Stored { path: self.target.shown.clone(), kept })
    }

    /// Every byte on the disk, and the marks beside them.
    fn complete(&mut self) -> io::Result<()> {
        self.marks.sort();
        self.marks.par_iter().try_for_each(|mark| File::open(self.draft.join(&mark.name))?.sync_all())?;
        marks::append(&mut self.lock.file, &self.marks)?;
        fs::rename(self.draft.join(UNFINISHED), self.draft.join(MARKS))?;
        self.is_finished = true;
        Ok(())
    }

    fn settle(&mut self) -> Result<Vec<String>, StoreError> {
        let target = self.target.real.clone();
        loop {
            if !target.exists() || (is_empty(&target) && !is_here(&target)) {
                match fs::rename(&self.draft, &target) {
                    Ok(()) => {
                        sync_folder(target.parent().unwrap_or(&target));
                        return Ok(Vec::new());
                    }
                    // Somebody wrote there meanwhile, or it is mounted.
                    Err(_) if target.exists() => {}
                    Err(source) => return Err(StoreError::Io { path: self.target.shown.clone(), source }),
                }
            }
            let before = Marks::read(&target);
            if !before.any_by(self.target.by) {
                self.target.is_empty_folder(&before)?;
            }
            let lock = Lock::wait(&target.join(MARKS));
            match lock {
                Ok(lock) => return self.replace(lock),
                // The folder went away while its lock was waited for.
                Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.target.instead(error)),
            }
        }
    }

    /// Takes the place of a folder that is held by `lock`.
    fn replace(&mut self, mut lock: Lock) -> Result<Vec<String>, StoreError> {
        let target = &self.target.real.clone();
        let before = Marks::read(target);
        for mark in &self.marks {
            if let Standing::Foreign(what) = before.standing(target, &mark.name, self.target.by)
                && Content::of_file(&target.join(&mark.name)).ok().as_ref() != Some(&mark.content)
            {
                return Err(self.target.refused(&mark.name, what));
            }
        }
        let found = Found::below(target, &before, self.target.by, &self.marks);
        let shown = self.target.shown.clone();
        let failed = |source| StoreError::Io { path: shown.clone(), source };
        if !is_here(target) && self.draft.parent() != Some(target) && self.exchange(&before, &found).map_err(failed)? {
            // From here on the new report stands; what is left to do is cleaning, which fails nothing.
            retire(&self.draft, target, &found);
            return Ok(found.foreign);
        }
        marks::append(&mut lock.file, &self.marks).map_err(failed)?;
        self.pour(&found).map_err(failed)?;
        Ok(found.foreign)
    }

    /// The draft and what stands in its place change names. False where the system cannot do that.
    fn exchange(&mut self, before: &Marks, found: &Found) -> io::Result<bool> {
        let others: Vec<Mark> = before.list.iter().filter(|mark| mark.by != self.target.by).cloned().collect();
        marks::append(&mut self.lock.file, &others)?;
        // Files of others are in both folders at the moment of the exchange: none is moved, and none is away for any time.
        // What cannot be in two folders, such as a folder, keeps its place, and ours is exchanged file by file.
        for name in &found.foreign {
            let to = self.draft.join(name);
            let folder = to.parent().map_or(Ok(()), fs::create_dir_all);
            let is_link = self.target.real.join(name).symlink_metadata().is_ok_and(|meta| meta.is_symlink());
            if is_link || folder.and_then(|()| fs::hard_link(self.target.real.join(name), &to)).is_err() {
                return Ok(false);
            }
        }
        if let Ok(meta) = self.target.real.metadata() {
            let _ = fs::set_permissions(&self.draft, meta.permissions());
        }
        let done = exchanged(&self.draft, &self.target.real);
        if done {
            sync_folder(self.target.real.parent().unwrap_or(&self.target.real));
        }
        Ok(done)
    }

    /// Every file of the draft into its place, one after the other, and what was ours before and is no more away.
    fn pour(&self, found: &Found) -> io::Result<()> {
        let target = &self.target.real;
        let staged = self.on_the_disk_of(target)?;
        for (mark, from) in self.marks.iter().zip(&staged) {
            let to = target.join(&mark.name);
            fs::create_dir_all(to.parent().unwrap_or(target))?;
            fs::rename(from, &to)?;
        }
        for name in found.ours.iter().filter(|name| self.marks.iter().all(|mark| mark.name != **name)) {
            let old = target.join(name);
            let _ = fs::remove_file(&old);
            // A folder that holds anything else stays.
            let _ = old.parent().filter(|folder| *folder != target).map(fs::remove_dir);
        }
        let _ = fs::remove_dir_all(&self.draft);
        Ok(())
    }

    /// The draft's files where a rename reaches the target: those of the draft, or copies of all of them, so that a full
    /// disk is met before the first one takes its place.
    fn on_the_disk_of(&self, target: &Path) -> io::Result<Vec<PathBuf>> {
        let written = || self.marks.iter().map(|mark| self.draft.join(&mark.name));
        let probe = target.join(name_of("probe"));
        let from = self.draft.join(name_of("probe"));
        File::create(&from)?;
        if fs::rename(&from, &probe).is_ok() {
            fs::remove_file(&probe)?;
            return Ok(written().collect());
        }
        let staged: Vec<PathBuf> = written().map(|_| target.join(name_of("copy"))).collect();
        let copied = written().zip(&staged).try_for_each(|(from, to)| fs::copy(from, to).map(drop));
        copied.inspect_err(|_| staged.iter().for_each(|copy| drop(fs::remove_file(copy))))?;
        Ok(staged)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_finished {
            // When it cannot be removed there is nothing left to do about it: the next run sweeps it.
            let _ = fs::remove_dir_all(&self.draft);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchanged(draft: &Path, target: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, draft, CWD, target, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchanged(_: &Path, _: &Path) -> bool {
    false
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Whether somebody's shell, ours, stands in the folder: it keeps its place, and only its files are exchanged.
fn is_here(folder: &Path) -> bool {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.is_ok_and(|here| folder.canonicalize().is_ok_and(|folder| here.starts_with(folder)))
}

/// The files below a folder, by whose they are.
#[derive(Default)]
struct Found {
    ours: Vec<String>,
    /// A folder in which nothing is ours is one entry, with `/` at its end.
    foreign: Vec<String>,
}

impl Found {
    /// Files equal to those that `new` will put in their place are nobody's loss.
    fn below(folder: &Path, marks: &Marks, by: Writer, new: &[Mark]) -> Self {
        let mut found = Self::default();
        found.walk(folder, "", marks, by, new);
        found.foreign.sort();
        found
    }

    fn walk(&mut self, folder: &Path, inside: &str, marks: &Marks, by: Writer, new: &[Mark]) {
        for entry in fs::read_dir(folder.join(inside)).into_iter().flatten().flatten() {
            let own = entry.file_name().to_string_lossy().into_owned();
            let name = format!("{inside}{own}");
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let below = format!("{name}/");
            if inside.is_empty() && (own == MARKS || drafted(&own).is_some()) {
                continue;
            }
            if is_folder && marks.list.iter().any(|mark| mark.name.starts_with(&below)) {
                self.walk(folder, &below, marks, by, new);
            } else if is_folder {
                self.foreign.push(below);
            } else if marks.standing(folder, &name, by) == Standing::Ours || new.iter().any(|mark| mark.name == name) {
                self.ours.push(name);
            } else {
                self.foreign.push(name);
            }
        }
    }
}

/// Takes an old folder apart: ours goes, what is of others moves into the new one.
fn retire(old: &Path, target: &Path, found: &Found) {
    for name in &found.ours {
        let _ = fs::remove_file(old.join(name));
    }
    for name in &found.foreign {
        let (from, to) = (old.join(name.trim_end_matches('/')), target.join(name.trim_end_matches('/')));
        if to.symlink_metadata().is_err() {
            let _ = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::rename(&from, &to));
        } else if is_same(&from, &to) {
            let _ = fs::remove_file(&from);
        }
    }
    remove_empty(old, true);
}

/// Removes the folders below one that hold nothing, and itself with its marks when nothing else is left.
fn remove_empty(folder: &Path, is_top: bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path(), false);
        }
    }
    let only_marks =
        fs::read_dir(folder).is_ok_and(|entries| entries.flatten().all(|entry| entry.file_name() == MARKS));
    if is_top && only_marks {
        let _ = fs::remove_file(folder.join(MARKS));
    }
    let _ = fs::remove_dir(folder);
}

#[cfg(unix)]
fn is_same(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path: &Path| path.symlink_metadata().map(|meta| (meta.dev(), meta.ino())).ok();
    id(a).is_some() && id(a) == id(b)
}

#[cfg(not(unix))]
fn is_same(_: &Path, _: &Path) -> bool {
    false
}

/// What commands that were killed left beside a place or in it. Cleaning fails nothing.
fn sweep(parent: &Path, name: &str, target: &Target) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let own = entry.file_name().to_string_lossy().into_owned();
        if drafted(&own) != Some(name) || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let left = entry.path();
        if left.join(UNFINISHED).exists() && !left.join(MARKS).exists() {
            if let Some(_held) = Lock::if_free(&left.join(UNFINISHED)) {
                let _ = fs::remove_dir_all(&left);
            }
        } else if let Some(_held) = Lock::if_free(&left.join(MARKS)) {
            // Whole: an old report whose place was taken, or a new one that had not taken its target.
            if !target.real.exists() && fs::rename(&left, &target.real).is_ok() {
                continue;
            }
            let marks = Marks::read(&left);
            retire(&left, &target.real, &Found::below(&left, &marks, target.by, &[]));
        } else {
            let _ = fs::remove_dir(&left);
        }
    }
}
