//! An experiment file, one run of it, its folder.

mod assemble;
mod audit;
mod check;
mod compare;
mod definition;
mod error;
mod file;
mod folder;
mod gates;
mod kind;
mod load;
mod log;
mod reviewing;
mod run;
mod scores;
mod start;
mod store;
pub mod trial;
mod yaml;

pub(crate) use assemble::asked;
pub(crate) use assemble::cohort as assembled;
pub use audit::{audit, store_audit};
pub use check::{Checked, check};
pub use compare::{changes_json, compare, store_changes};
pub use definition::definition;
pub use error::{ConfigError, RunError};
pub use file::{CalibrationSpec, CapacitySpec, Count, ExperimentFile, Replicates, Version};
pub use folder::{read_evaluation, redraw, store};
pub use gates::{GateSpec, Share, Sum, ThresholdSpec};
pub use kind::Kind;
pub(crate) use kind::read as read_stored;
pub use load::Experiment;
pub use reviewing::{FeedbackSpec, Month, NamedRows, ReviewSpec};
pub(crate) use run::cohort as cohort_of;
pub(crate) use run::{Played, brackets, play, scored};
pub use run::{Run, run};
pub use scores::{explain, score, selfcheck, swaps};
pub use start::{demo, init, schema};
pub(crate) use store::{Folder, write_files};
pub use store::{StoreError, write_file};

/// Hears what is being done, for somebody who waits.
pub trait Progress: Sync {
    fn say(&self, what: String);

    /// How far the reading of the files is.
    fn reading(&self, at: &crate::data::Progress) {
        self.say(format!("reading {}: {} rows", at.input, at.rows));
    }
}

/// Nobody listens.
impl Progress for () {
    fn say(&self, _: String) {}
}
