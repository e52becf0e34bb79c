//! What an evaluation *is*: plain, serialisable, versioned. It names no lead; a report is a function of it.

mod audit;
mod changes;
mod evaluation;
mod evidence;
mod number;
pub mod review;
pub mod trial;

pub use audit::*;
pub use changes::*;
pub use evaluation::*;
pub use evidence::*;
pub use number::{Estimate, Number};
