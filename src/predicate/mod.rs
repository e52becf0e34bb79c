//! Conditions and small computations over columns, in a part of SQL, row by row and three-valued: null is not true.
//!
//! What is understood: `=`, `<>`, `!=`, `<`, `<=`, `>`, `>=`, `BETWEEN`, `IN (…)`, `[NOT] [I]LIKE … [ESCAPE …]`,
//! `IS [NOT] NULL`, `IS [NOT] TRUE`, `AND`, `OR`, `NOT`, `+ - * / %`, `CASE`, `DATE '…'`, `TIMESTAMP '…'`, and the
//! functions of one table. Everything else is refused with its place.
//!
//! Arithmetic without a finite result (a division by zero) is null.

mod engine;
mod error;
mod evaluate;
mod function;
mod like;
mod names;
mod node;
mod parse;
mod plain;
mod range;
mod render;
mod resolve;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use engine::EngineWords;
pub use error::{Place, PredicateError};
pub use names::{Columns, Kind, find_alike, find_name, sql_name};
use node::Node;
pub use plain::{Asks, Test};
pub use range::Range;
pub use render::{Reader, instant, quoted};

use crate::time::Zone;

/// A column that an expression reads, where it is first named.
#[derive(Clone, Debug)]
struct Mention {
    name: String,
    place: Place,
}

/// A parsed computation over columns, with its text.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    columns: Vec<Mention>,
    root: Node,
    /// Whether names, types and times are those of a table.
    resolved: bool,
}

impl Expression {
    /// # Errors
    /// When the text is not SQL, or more of it than the small part that is understood.
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        parse::parse(text)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names of the columns it reads, each once, in the order of their first mention.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|mention| mention.name.as_str())
    }

    /// The same expression with names, types and times made those of a table: names take the table's case, texts compared
    /// with times become times, and naive times are read in the zone.
    ///
    /// # Errors
    /// When there is no such column, or it holds what cannot be compared or computed with.
    pub fn resolve(&self, columns: &[(String, Kind)], zone: &Zone) -> Result<Self, PredicateError> {
        resolve::resolve(self, columns, zone).map(|(expression, _)| expression)
    }

    /// What it gives: nothing when it is null whatever the row.
    ///
    /// # Errors
    /// As [`Expression::resolve`].
    pub fn kind(&self, columns: &[(String, Kind)]) -> Result<Option<Kind>, PredicateError> {
        resolve::resolve(self, columns, &Zone::utc()).map(|(_, kind)| kind)
    }

    /// Its value for every row; NaN where it is null or not a number. A column that is not there is null.
    pub fn numbers<C: Columns + ?Sized>(&self, table: &C) -> Vec<f64> {
        evaluate::numbers(self, table)
    }

    /// Whether it is true, false or null, for every row.
    pub fn truths<C: Columns + ?Sized>(&self, table: &C) -> Vec<Option<bool>> {
        evaluate::truths(self, table)
    }

    fn place(&self, node: &Node) -> Place {
        let first = node.first_column().map(|column| self.columns[column].place.clone());
        first.unwrap_or_else(|| Place::new(self.text.as_str(), 1, 1))
    }
}

/// Equal texts, both or neither resolved: what replay merges by.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.resolved == other.resolved && self.root == other.root
    }
}

/// An expression that is true or false: a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate(Expression);

impl Predicate {
    /// # Errors
    /// As [`Expression::parse`].
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        Expression::parse(text).map(Self)
    }

    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// Names of the columns it reads, each once, in the order of their first mention.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.columns()
    }

    /// The column that the condition holds against numbers and the numbers for which it is true, where it does nothing else.
    pub fn range(&self) -> Option<(&str, Range)> {
        let (column, range) = range::range(&self.0.root)?;
        Some((self.0.columns[column].name.as_str(), range))
    }

    /// The texts that columns are held against by `=`, `<>` and `IN`.
    pub fn texts(&self) -> Vec<(&str, &str)> {
        let mut texts = Vec::new();
        self.0.root.texts(false, &mut texts);
        texts.into_iter().map(|(column, text)| (self.0.columns[column].name.as_str(), text)).collect()
    }

    /// Finds every error that evaluation would hide as null.
    ///
    /// # Errors
    /// As [`Predicate::resolve`].
    pub fn check(&self, columns: &[(String, Kind)]) -> Result<(), PredicateError> {
        self.resolve(columns, &Zone::utc()).map(drop)
    }

    /// The same condition with names, types and times made those of a table; see [`Expression::resolve`].
    ///
    /// # Errors
    /// As [`Expression::resolve`], and when it gives something else than true or false.
    pub fn resolve(&self, columns: &[(String, Kind)], zone: &Zone) -> Result<Self, PredicateError> {
        let (expression, kind) = resolve::resolve(&self.0, columns, zone)?;
        match kind {
            None | Some(Kind::Flag) => Ok(Self(expression)),
            Some(other) => Err(PredicateError::Type {
                at: self.0.place(&self.0.root),
                what: format!("gives {}, expected a condition such as `employees > 50`", other.one()),
            }),
        }
    }

    /// Rows for which the condition is true. A column that is not there is null.
    pub fn holds<C: Columns + ?Sized>(&self, table: &C) -> Vec<bool> {
        self.0.truths(table).into_iter().map(|truth| truth == Some(true)).collect()
    }
}

macro_rules! text_in_yaml {
    ($type:ident, $description:literal, $example:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.text())
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $description, "examples": [$example] })
            }
        }
    };
}

text_in_yaml!(Predicate, "A condition over columns, in SQL.", "employees BETWEEN 50 AND 500 AND title ILIKE '%vp%'");
text_in_yaml!(Expression, "A number computed from columns, in SQL.", "100 * crm_score / 5");

#[cfg(test)]
mod tests;
