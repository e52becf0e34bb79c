//! Rows that `where:` leaves out.

use std::collections::BTreeMap;

use crate::predicate::{Columns, Kind, Predicate};
use crate::table::Column;
use crate::time::Zone;

use super::DataError;
use super::builder::{As, Ask, Gathered};
use super::checks::never_occurs;
use super::finding::Finding;
use super::leads::kind_of;
use super::source::Source;
use super::spec::Type;

/// What to read for a condition: its columns, as declared or found by their values.
pub(crate) fn asks(
    only: Option<&Predicate>,
    types: &BTreeMap<String, Type>,
    source: &Source,
    key: &str,
) -> Result<Vec<Ask>, DataError> {
    let columns = only.into_iter().flat_map(Predicate::columns);
    let ask = |name| {
        let place = place(name, source, key)?;
        Ok(Ask { place, kind: types.get(&source.header[place]).copied().map_or(As::Found, kind_of) })
    };
    columns.map(ask).collect()
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

/// Texts that the condition asks for and that no row of the source holds: it leaves out other rows than were meant.
pub(crate) fn never_occur(only: &Predicate, source: &Source, asks: &[Ask], gathered: &[Gathered]) -> Vec<Finding> {
    let levels = |name: &str| {
        let place = place(name, source, "").ok()?;
        let (_, gathered) = asks.iter().zip(gathered).find(|(ask, _)| ask.place == place)?;
        if let Column::Text(text) = &gathered.column { Some(&text.levels) } else { None }
    };
    let texts = only.texts().into_iter();
    texts.filter_map(|(name, value)| never_occurs(only, (name, value), levels(name)?, source.input)).collect()
}

/// For which rows the condition holds, by columns that were read as [`asks`] says.
pub(crate) fn holds(
    only: &Predicate,
    source: &Source,
    asks: &[Ask],
    gathered: &[Gathered],
    (rows, zone): (usize, &Zone),
) -> Result<Vec<bool>, DataError> {
    if let Some(why) = gathered.iter().find_map(|one| one.tally.unclear.clone()) {
        return Err(DataError::Spec(why));
    }
    let names = asks.iter().map(|ask| source.header[ask.place].as_str()).collect();
    let named = Named { names, columns: gathered.iter().map(|one| &one.column).collect(), rows };
    let kinds: Vec<(String, Kind)> =
        named.named().into_iter().map(|(name, column)| (name.to_owned(), Kind::of(column))).collect();
    Ok(resolved(only, &kinds, zone, source.input)?.holds(&named))
}
