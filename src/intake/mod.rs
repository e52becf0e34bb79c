//! Exports → an experiment that reads them: which file is what, how rows find their lead, how deals end, which windows fit.
//! Names and values are guessed at and joins are tried; each guess stands in the experiment with its alternative, and what
//! cannot be decided is asked.

mod draft;
mod ends;
mod fit;
mod join;
mod roles;
mod table;
mod words;
mod yaml;

pub use draft::{Choice, Draft, Question};
pub use fit::{Fit, Spread};
