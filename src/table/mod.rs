//! Plain columns: what crosses the floors between the files and the mathematics.

mod column;
mod ids;

pub use column::{Cell, Column, MISSING, Table, Text};
pub use ids::Ids;
