//! A period of the live model beside the ones before it: what a head of marketing and a head of sales read together.
//!
//! [`review`] replays the leads once and puts them into plain columns by period ([`Compared`]); all that follows reads
//! those alone: [`alarms`], [`early_reads`], the drift of inputs, what it takes to win.

mod advice;
mod alarm;
mod benchmark;
mod bins;
mod drift;
mod early;
mod error;
mod folder;
mod gather;
mod leads;
mod ledger;
mod likelihood;
mod memory;
mod period;
mod run;
mod trend;

pub use alarm::alarms;
pub use early::early_reads;
pub use error::ReviewError;
pub use folder::{read_review, redraw, store};
pub use leads::{Compared, Given, Input, LATER, NONE, Values, Volume};
pub use ledger::Kept;
pub use period::Reviewed;
pub use run::{Asked, review};

/// Confidence of every interval.
const LEVEL: f64 = 0.95;
