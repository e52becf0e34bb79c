//! The one writer of files: whole or not at all, and never over what somebody else wrote; and which of our results a file
//! holds.

mod draft;
mod error;
mod folder;
mod kind;
mod ledger;
mod lock;
mod marks;
mod target;
#[cfg(test)]
mod tests;

pub use error::{Foreign, StoreError};
pub use folder::{Folder, Stored};
pub use kind::{Kind, read};
pub use ledger::Ledger;
pub use marks::{MARKS, Writer};
pub use target::{Target, write_files};
