//! Rows that `where:` leaves out.

use crate::predicate::{Columns, Kind, Predicate};
use crate::table::Column;
use crate::time::Zone;

use super::DataError;
use super::builder::{As, Ask, Gathered};
use super::source::Source;

/// What to read for a condition: its columns, each found by its values.
pub(crate) fn asks(only: Option<&Predicate>, source: &Source, key: &str) -> Result<Vec<Ask>, DataError> {
    let columns = only.into_iter().flat_map(Predicate::columns);
    columns.map(|name| Ok(Ask { place: place(name, source, key)?, kind: As::Found })).collect()
}

/// A column as conditions name it, whatever the case.
pub(crate) fn place(name: &str, source: &Source, key: &str) -> Result<usize, DataError> {
    let names = source.header.iter().map(String::as_str);
    crate::predicate::find_name(names, name).map_or_else(|| source.column(name, key), Ok)
}

/// Columns by name.
pub(crate) struct Named<'a> {
    pub names: Vec<&'a str>,
    pub columns: Vec<&'a Column>,
    pub rows: usize,
}

impl Columns for Named<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn named(&self) -> Vec<(&str, &Column)> {
        self.names.iter().copied().zip(self.columns.iter().copied()).collect()
    }
}

/// The condition over columns of these names and kinds.
///
/// # Errors
/// When it is none of them.
pub(crate) fn resolved(
    only: &Predicate,
    columns: &[(String, Kind)],
    zone: &Zone,
    key: &str,
) -> Result<Predicate, DataError> {
    only.resolve(columns, zone).map_err(|error| DataError::Spec(format!("data.{key}.where: {error}")))
}

/// For which rows the condition holds, by columns that were read as [`asks`] says.
pub(crate) fn holds(
    only: &Predicate,
    source: &Source,
    asks: &[Ask],
    gathered: &[Gathered],
    (rows, zone): (usize, &Zone),
) -> Result<Vec<bool>, DataError> {
    let names = asks.iter().map(|ask| source.header[ask.place].as_str()).collect();
    let named = Named { names, columns: gathered.iter().map(|one| &one.column).collect(), rows };
    let kinds: Vec<(String, Kind)> =
        named.named().into_iter().map(|(name, column)| (name.to_owned(), Kind::of(column))).collect();
    Ok(resolved(only, &kinds, zone, source.input)?.holds(&named))
}
