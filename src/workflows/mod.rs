//! What is done with an experiment: a run, an audit, a review, a field test; and, above them, what compares and checks.

pub mod ab;
pub mod audit;
pub mod check;
pub mod compare;
pub mod examples;
pub mod export;
pub mod fit;
mod found;
pub mod intake;
pub mod next;
pub mod parity;
mod readings;
pub mod review;
pub mod run;
pub mod scores;
pub mod simulated;
pub mod sql;
pub mod timeline;
mod tracking_breaks;
pub mod verify;

pub use tracking_breaks::Truncated;
