use crate::predicate::EngineWords;
use crate::table::{Dialect, Unquotable};

/// An engine that is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    DuckDb,
    /// And Databricks, and Sail.
    Spark,
    Postgres,
    Snowflake,
    BigQuery,
}

impl Engine {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::DuckDb => "DuckDB",
            Self::Spark => "Spark",
            Self::Postgres => "PostgreSQL",
            Self::Snowflake => "Snowflake",
            Self::BigQuery => "BigQuery",
        }
    }

    /// As `--dialect` takes it.
    pub fn key(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::Spark => "spark",
            Self::Postgres => "postgres",
            Self::Snowflake => "snowflake",
            Self::BigQuery => "bigquery",
        }
    }

    pub(super) fn double(self) -> &'static str {
        match self {
            Self::Postgres => "DOUBLE PRECISION",
            Self::BigQuery => "FLOAT64",
            Self::DuckDb | Self::Spark | Self::Snowflake => "DOUBLE",
        }
    }

    /// Whole numbers of 64 bits.
    pub(super) fn big(self) -> &'static str {
        if self == Self::BigQuery { "INT64" } else { "BIGINT" }
    }

    pub(super) fn string(self) -> &'static str {
        match self {
            Self::Postgres => "TEXT",
            Self::DuckDb | Self::Snowflake => "VARCHAR",
            Self::Spark | Self::BigQuery => "STRING",
        }
    }

    /// Microseconds since 1970 of a column of times; null where it is infinite.
    pub(super) fn micros(self, column: &str) -> String {
        match self {
            Self::DuckDb => format!("CASE WHEN isfinite({column}) THEN epoch_us({column}) END"),
            Self::Spark => format!("unix_micros(CAST({column} AS TIMESTAMP))"),
            Self::Postgres => {
                format!("CASE WHEN isfinite({column}) THEN CAST(extract(epoch FROM {column}) * 1000000 AS BIGINT) END")
            }
            Self::Snowflake => format!("DATE_PART(EPOCH_MICROSECOND, {column})"),
            Self::BigQuery => format!("UNIX_MICROS(CAST({column} AS TIMESTAMP))"),
        }
    }

    /// The name of a column in quotes: a plain word may be reserved.
    pub(super) fn column(self, name: &str) -> Result<String, Unquotable> {
        let known = self.dialect().column(name)?;
        Ok(match self {
            _ if known != name => known,
            // There a bare name is one of capitals.
            Self::Snowflake => format!("\"{}\"", name.to_uppercase()),
            Self::DuckDb | Self::Postgres => format!("\"{name}\""),
            Self::Spark | Self::BigQuery => format!("`{name}`"),
        })
    }

    /// Several texts as one, those that are there.
    pub(super) fn joined(self, texts: &[String]) -> String {
        let all = texts.join(", ");
        match self {
            Self::DuckDb | Self::Spark | Self::Postgres => format!("CONCAT_WS(': ', {all})"),
            Self::Snowflake => format!("ARRAY_TO_STRING(ARRAY_CONSTRUCT_COMPACT({all}), ': ')"),
            Self::BigQuery => format!("ARRAY_TO_STRING([{all}], ': ')"),
        }
    }

    /// 2 to a whole power, as a float: exact.
    pub(super) fn power_of_two(self, exponent: &str) -> String {
        format!("power(CAST(2 AS {}), {exponent})", self.double())
    }

    /// Keeps PostgreSQL from writing one step of a computation into the next, many times over.
    pub(super) fn fence(self) -> &'static str {
        if self == Self::Postgres { " OFFSET 0" } else { "" }
    }

    fn infinity(self) -> String {
        format!("CAST('Infinity' AS {})", self.double())
    }

    /// The number as a float, null where it is missing or not finite.
    pub(super) fn finite_column(self, column: &str) -> String {
        let (value, infinity) = (format!("CAST({column} AS {})", self.double()), self.infinity());
        format!("CASE WHEN {value} > -{infinity} AND {value} < {infinity} THEN {value} END")
    }
}

impl EngineWords for Engine {
    fn dialect(&self) -> Dialect {
        match self {
            // What DuckDB reads as PostgreSQL does.
            Self::DuckDb | Self::Postgres => Dialect::Postgres,
            Self::Spark => Dialect::Databricks,
            Self::Snowflake => Dialect::Snowflake,
            Self::BigQuery => Dialect::BigQuery,
        }
    }

    /// As a quotient of whole numbers that floats hold: no parser of decimals has a say.
    fn number(&self, value: f64) -> String {
        let cast = |whole: u64| format!("CAST({whole} AS {})", self.double());
        if value < 0.0 {
            return format!("(-{})", self.number(-value));
        }
        if value.fract() == 0.0 && value < EXACT {
            return cast(value as u64);
        }
        let bits = value.to_bits();
        let (stored, digits) = ((bits >> 52) as i64, bits & ((1 << 52) - 1));
        let (mut digits, mut exponent) = if stored == 0 { (digits, -1074) } else { (digits | 1 << 52, stored - 1075) };
        while digits.is_multiple_of(2) && digits > 0 && exponent < 0 {
            (digits, exponent) = (digits / 2, exponent + 1);
        }
        let (sign, mut left) = (if exponent < 0 { "/" } else { "*" }, exponent.unsigned_abs());
        let mut text = cast(digits);
        while left > 0 {
            let step = left.min(52);
            text += &format!(" {sign} {}", cast(1 << step));
            left -= step;
        }
        format!("({text})")
    }

    fn whole(&self, value: i64) -> String {
        let text = format!("CAST({value} AS {})", self.big());
        text
    }

    fn finite(&self, number: &str) -> String {
        let infinity = self.infinity();
        format!("NULLIF(NULLIF({number}, {infinity}), -{infinity})")
    }

    fn by_bytes(&self) -> &'static str {
        if *self == Self::Postgres { " COLLATE \"C\"" } else { "" }
    }
}

/// Whole numbers below it are floats too.
const EXACT: f64 = (1u64 << 53) as f64;

#[cfg(test)]
mod tests {
    use super::*;

    /// What `(CAST(3 AS DOUBLE) / CAST(2 AS DOUBLE))` is.
    fn read(text: &str) -> f64 {
        let negative = text.starts_with("(-");
        let bare = text.trim_start_matches("(-").replace("CAST(", "").replace(" AS DOUBLE)", "");
        let bare: Vec<&str> = bare.trim_matches(['(', ')']).split(' ').collect();
        let first: f64 = bare[0].parse().unwrap();
        let value = bare[1..].chunks(2).fold(first, |value, step| {
            let by: f64 = step[1].parse().unwrap();
            if step[0] == "/" { value / by } else { value * by }
        });
        if negative { -value } else { value }
    }

    #[test]
    fn a_number_is_written_to_the_bit() {
        for value in
            [0.0, 1.0, 0.5, 0.1, 1e-300, 5e-324, 1e300, 123_456.789, 9e15, f64::MAX, 2f64.powi(53), 2f64.powi(-60)]
        {
            for value in [value, -value] {
                let text = Engine::DuckDb.number(value);
                assert_eq!(read(&text).abs().to_bits(), value.abs().to_bits(), "{value:e}: {text}");
                assert_eq!(read(&text) < 0.0, value < 0.0);
            }
        }
        assert_eq!(Engine::Postgres.number(100.0), "CAST(100 AS DOUBLE PRECISION)");
    }
}
