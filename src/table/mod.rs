//! Plain columns: what crosses the floors between the files and the mathematics.

mod column;
mod ids;
mod numbered;

pub use column::{Cell, Column, MISSING, Table, Text};
pub use ids::Ids;
