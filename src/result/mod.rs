//! What an evaluation *is*: plain, serialisable, versioned. It names no lead; a report is a function of it.

mod evaluation;
mod number;
pub mod trial;

pub use evaluation::*;
pub use number::{Estimate, Number};
