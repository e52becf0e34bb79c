//! What an evaluation *is*: plain, serialisable, versioned. It names no lead; a report is a function of it.

mod audit;
mod changes;
mod evaluation;
mod evidence;
mod facts;
mod few;
mod number;
pub mod review;
mod screening;
pub mod trial;
pub mod version1;

pub use audit::*;
pub use changes::*;
pub use evaluation::*;
pub use evidence::*;
pub use facts::*;
pub use number::{Estimate, Number};
pub use screening::*;
