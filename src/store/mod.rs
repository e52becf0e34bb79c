//! Files that appear whole: the one writer of reports, and which of our results a file holds.

mod error;
mod folder;
mod kind;

pub use error::StoreError;
pub use folder::{Folder, write_file, write_files, write_with};
pub use kind::{Kind, read};
