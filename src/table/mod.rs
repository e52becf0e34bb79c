//! Plain columns: what crosses the floors between the files and the mathematics.

mod accounts;
mod classes;
mod column;
mod dialect;
mod ids;
mod inert;
mod names;
mod numbered;
mod tidy;

pub use accounts::accounts;
pub use classes::{Class, class_of, concealed, words_of};
pub use column::{Cell, Column, MISSING, Table, Text};
pub use dialect::{Dialect, Unquotable};
pub use ids::Ids;
pub use inert::{inert, inert_json, inert_lines, looks_like_a_formula, spreadsheet_cell};
pub use names::{did_you_mean, nearest, suggest, yaml_name};
pub use tidy::{composed, is_blank, tidy, trimmed};

/// Whether these are all rows of a column of so many, in order.
pub fn is_all(chosen: &[usize], rows: usize) -> bool {
    chosen.len() == rows && chosen.iter().copied().eq(0..rows)
}
