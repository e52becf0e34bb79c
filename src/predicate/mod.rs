//! Conditions over columns, in a small part of SQL, row by row and three-valued: null is not true.

use crate::table::Table;

/// A parsed condition with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    text: String,
}

impl Predicate {
    /// Rows for which the condition is true.
    pub fn holds(&self, _table: &Table) -> Result<Vec<bool>, String> {
        todo!()
    }
}
