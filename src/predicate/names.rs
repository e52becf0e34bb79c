use std::fmt;

use crate::table::{Column, Table};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    Flag,
    Instant,
}

impl Kind {
    pub fn of(column: &Column) -> Self {
        match column {
            Column::Number(_) => Self::Number,
            Column::Text(_) => Self::Text,
            Column::Flag(_) => Self::Flag,
            Column::Instant(_) => Self::Instant,
        }
    }

    /// One value of it, in words.
    pub(super) fn one(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "text",
            Self::Flag => "true/false",
            Self::Instant => "a time",
        }
    }

    /// Its name under `types:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Flag => "flag",
            Self::Instant => "time",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "numbers",
            Self::Text => "text",
            Self::Flag => "true/false",
            Self::Instant => "times",
        })
    }
}

/// Named columns of one length: a table, or a chunk of one.
pub trait Columns {
    fn rows(&self) -> usize;
    fn named(&self) -> Vec<(&str, &Column)>;
}

impl Columns for Table {
    fn rows(&self) -> usize {
        self.rows()
    }

    fn named(&self) -> Vec<(&str, &Column)> {
        self.iter().collect()
    }
}

/// Names beside their columns, of so many rows.
impl Columns for (usize, &[String], &[Column]) {
    fn rows(&self) -> usize {
        self.0
    }

    fn named(&self) -> Vec<(&str, &Column)> {
        self.1.iter().map(String::as_str).zip(self.2).collect()
    }
}

/// A column's name as a condition takes it.
pub fn sql_name(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_plain { name.into() } else { format!("`{name}`") }
}

/// The place of a name: the exact one, or else the only one that differs in case alone.
pub fn find_name<'a>(names: impl Iterator<Item = &'a str> + Clone, name: &str) -> Option<usize> {
    let exact = names.clone().position(|known| known == name);
    exact.or_else(|| {
        let folded = name.to_lowercase();
        let mut alike = names.enumerate().filter(|(_, known)| known.to_lowercase() == folded);
        let first = alike.next();
        first.filter(|_| alike.next().is_none()).map(|(place, _)| place)
    })
}

/// The place of a name that a platform calls otherwise: as [`find_name`], or else the only one that is the same after
/// case, blanks and marks are dropped (`jobtitle` is "Job Title").
pub fn find_alike<'a>(names: impl Iterator<Item = &'a str> + Clone, name: &str) -> Option<usize> {
    let bare =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    find_name(names.clone(), name).or_else(|| {
        let wanted = bare(name);
        let mut alike = names.enumerate().filter(|(_, known)| bare(known) == wanted);
        let first = alike.next().filter(|_| !wanted.is_empty());
        first.filter(|_| alike.next().is_none()).map(|(place, _)| place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platforms_name_is_found_where_it_is_the_only_one() {
        let names = ["Job Title", "Job-Title 2", "Lead Source", "lead_source"];
        let find = |name: &str| find_alike(names.iter().copied(), name);
        assert_eq!(find("jobtitle"), Some(0));
        assert_eq!(find("job_title_2"), Some(1));
        assert_eq!(find("leadsource"), None, "it could be any of two");
        assert_eq!(find("lead_source"), Some(3), "the exact one");
        assert_eq!(find("--"), None);
    }
}
