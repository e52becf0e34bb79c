//! Texts and names as each dialect of SQL reads them: they end where they should, or are refused.

use super::inert::inert;

/// A dialect of SQL, or those that read everything that is written here alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Databricks,
    MySql,
    BigQuery,
    Snowflake,
    SqlServer,
}

/// A name that a dialect cannot hold safely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{name}` holds {holds}, which SQL of {dialect} cannot hold safely: choose another name", name = inert(name))]
pub struct Unquotable {
    pub what: &'static str,
    pub name: String,
    pub holds: &'static str,
    pub dialect: &'static str,
}

impl Dialect {
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Postgres, "PostgreSQL, Redshift, DuckDB"),
        (Self::Databricks, "Databricks"),
        (Self::MySql, "MySQL, MariaDB"),
        (Self::BigQuery, "BigQuery"),
        (Self::Snowflake, "Snowflake"),
        (Self::SqlServer, "SQL Server"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(dialect, _)| *dialect == self).map_or("", |(_, name)| name)
    }

    /// A text in its quotes; `what` it is stands in the refusal.
    ///
    /// # Errors
    /// When it holds what ends a line, is not seen, or is read in one way here and in another there.
    pub fn text(self, what: &'static str, text: &str) -> Result<String, Unquotable> {
        let refused = |holds| Unquotable { what, name: text.into(), holds, dialect: self.name() };
        if inert(text) != text {
            return Err(refused("characters that control or are not seen"));
        }
        let inside = match self {
            // Redshift and old settings of PostgreSQL begin an escape with it, the others do not.
            Self::Postgres if text.contains('\\') => return Err(refused("a backslash")),
            Self::Postgres | Self::SqlServer => text.replace('\'', "''"),
            Self::MySql | Self::Snowflake => text.replace('\\', "\\\\").replace('\'', "''"),
            // Two quotes are two texts side by side in Databricks, and an error in BigQuery.
            Self::Databricks | Self::BigQuery => text.replace('\\', "\\\\").replace('\'', "\\'"),
        };
        Ok(format!("'{inside}'"))
    }

    /// The name of a column: bare where it is plainly one, else in the dialect's own marks.
    ///
    /// # Errors
    /// As of a text.
    pub fn column(self, name: &str) -> Result<String, Unquotable> {
        let refused = |holds| Unquotable { what: "column", name: name.into(), holds, dialect: self.name() };
        let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if is_plain {
            return Ok(name.into());
        }
        if inert(name) != name || name.is_empty() {
            return Err(refused("nothing, or characters that control or are not seen"));
        }
        Ok(match self {
            Self::BigQuery if name.contains(['`', '\\']) => return Err(refused("a backtick or a backslash")),
            Self::Postgres | Self::Snowflake => format!("\"{}\"", name.replace('"', "\"\"")),
            Self::MySql | Self::Databricks | Self::BigQuery => format!("`{}`", name.replace('`', "``")),
            Self::SqlServer => format!("[{}]", name.replace(']', "]]")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text that stands between the first quote and the one that ends it, as the dialect reads it, and what follows.
    fn read(dialect: Dialect, sql: &str) -> (String, String) {
        let escapes = !matches!(dialect, Dialect::Postgres | Dialect::SqlServer);
        let doubles = !matches!(dialect, Dialect::BigQuery | Dialect::Databricks);
        let mut chars = sql.strip_prefix('\'').unwrap().chars().peekable();
        let mut text = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' if escapes => text.extend(chars.next()),
                '\'' if doubles && chars.peek() == Some(&'\'') => text.extend(chars.next()),
                '\'' => break,
                c => text.push(c),
            }
        }
        (text, chars.collect())
    }

    #[test]
    fn a_text_ends_where_it_should_in_every_dialect() {
        let names = ["plain", "o'neil", "'; DROP TABLE leads; --", "''", "a -- b", "a /* b", "Größe", "\"`$(x)%s{}"];
        let slashed = [r"a\' END; DROP TABLE leads; -- ", r"x\", r"\\'", r"\n"];
        for (dialect, _) in Dialect::ALL {
            for name in names.iter().chain(slashed.iter().filter(|_| dialect != Dialect::Postgres)) {
                let quoted = dialect.text("arm", name).unwrap();
                assert_eq!(read(dialect, &quoted), (name.to_string(), String::new()), "{dialect:?}: {quoted}");
            }
        }
        for name in slashed {
            let error = Dialect::Postgres.text("arm", name).unwrap_err().to_string();
            assert!(error.ends_with("holds a backslash, which SQL of PostgreSQL, Redshift, DuckDB cannot hold safely: choose another name"), "{error}");
        }
    }

    #[test]
    fn what_no_dialect_can_hold_is_refused_by_name() {
        for (dialect, names) in Dialect::ALL {
            for name in ["a\0b", "a\nDROP TABLE leads", "a\u{1b}[2J", "a\u{85}b", "a\u{2028}b", "a\u{202e}b"] {
                let error = dialect.text("salt", name).unwrap_err().to_string();
                let expected = format!("salt `{}` holds characters", inert(name));
                assert!(error.starts_with(&expected) && error.contains(names), "{error}");
                assert!(dialect.column(name).is_err());
            }
        }
    }

    #[test]
    fn a_column_is_one_name_in_every_dialect() {
        let quoted = |name: &str| Dialect::ALL.map(|(dialect, _)| dialect.column(name).map_err(|error| error.holds));
        assert!(quoted("unit_id").iter().all(|column| column.as_deref() == Ok("unit_id")));
        let marks = ["\"a\"\"b`c]d\"", "`a\"b``c]d`", "`a\"b``c]d`", "", "\"a\"\"b`c]d\"", "[a\"b`c]]d]"];
        let expected =
            marks.map(|mark| if mark.is_empty() { Err("a backtick or a backslash") } else { Ok(mark.into()) });
        assert_eq!(quoted("a\"b`c]d"), expected);
        assert_eq!(quoted("Lead")[3], Ok("`Lead`".into()));
    }
}
