//! From an experiment file to a scored history, and on to its cohort.

pub(crate) mod accounts;
pub(crate) mod assemble;
mod cohort;
mod concealed;
mod doctor;
mod engine;
mod error;
mod history;
mod looks;
mod screening;
mod statement;
mod streaming;
mod timings;
pub(crate) mod tracking_breaks;

pub(crate) use cohort::{brackets, cohort, effort, scored};
pub(crate) use engine::engine_statement;
pub use error::PipelineError;
pub(crate) use history::{Played, learned_from, play, play_read, problems, read};
pub(crate) use looks::{Looked, Looks, looked};
pub(crate) use statement::statement;
pub(crate) use streaming::{in_context, known_columns};

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
