//! Files become a history: leads, events and outcomes in plain columns, and what was found wrong with them.

mod history;
mod write;

pub use history::{Attribute, Change, EventChunk, Events, History, Known, Outcomes, Win};
pub use write::{write, write_csv};
