//! The fold of an event log as one SELECT for the engine where the log lies.

mod dialect;
mod select;
mod weights;

pub use dialect::Engine;
pub use select::{Asked, EngineError, Tables, plan_hash, select};
