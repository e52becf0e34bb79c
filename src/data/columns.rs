use std::path::Path;

use crate::table::Column;
use crate::time::{Edge, Zone};

use super::DataError;
use super::builder::{As, all_remarks};
use super::finding::Finding;
use super::gather::gather;
use super::source::Source;
use super::spec::{AggregatesSpec, AssignmentsSpec, Dialect, FieldOutcomesSpec, Paths};

/// What a column is asked to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Text,
    Number,
    /// A time; a date is its midnight.
    Start,
    /// A time; a date is the end of its day.
    End,
}

/// A column to be read: its name, what it holds, and the key of the file that names it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub column: &'a str,
    pub key: &'static str,
    pub wanted: Wanted,
}

/// Where columns are read from.
pub trait Files {
    /// What it is called in messages.
    const INPUT: &'static str;
    fn paths(&self) -> &Paths;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn written(&self) -> Dialect;
}

macro_rules! files {
    ($($spec:ident is $input:literal,)*) => {
        $(impl Files for $spec {
            const INPUT: &'static str = $input;
            fn paths(&self) -> &Paths {
                &self.path
            }
            #[allow(private_interfaces)]
            fn written(&self) -> Dialect {
                self.dialect()
            }
        })*
    };
}

files! { AggregatesSpec is "aggregates", AssignmentsSpec is "assignments", FieldOutcomesSpec is "outcomes", }

/// Reads columns of a table by name, in the order asked, and what was found wrong with them.
///
/// # Errors
/// When a file or a column is not there, or a column does not hold what is asked of it.
pub fn columns<F: Files>(
    files: &F,
    asked: &[Asked],
    base: &Path,
    zone: &Zone,
) -> Result<(Vec<Column>, Vec<Finding>), DataError> {
    let source = Source::open(F::INPUT, files.paths(), files.written(), base)?;
    let asks = asked.iter().map(|ask| source.ask(ask.column, ask.key, kind(ask.wanted)));
    let asks = asks.collect::<Result<Vec<_>, DataError>>()?;
    let table = gather(&source, &asks, zone, &|_| {})?;
    let mut findings = source.findings(table.met);
    findings.extend(all_remarks(&source, &asks, &table.columns));
    Ok((table.columns.into_iter().map(|gathered| gathered.column).collect(), findings))
}

pub(super) fn kind(wanted: Wanted) -> As {
    match wanted {
        Wanted::Text => As::Text,
        Wanted::Number => As::Number,
        Wanted::Start => As::Time(Edge::Start),
        Wanted::End => As::Time(Edge::End),
    }
}
