use std::fmt::Write as _;
use std::path::Path;

use md5::{Digest, Md5};

use crate::data::{Asked, AssignmentsSpec, Paths, Wanted, columns};
use crate::store::{StoreError, write_file};
use crate::table::Column;

use super::load::FieldTest;
use crate::workflows::RunError;

/// Assigns units to arms by the MD5 of `SALT:UNIT`: its first eight hexadecimal digits are compared, as text, with cuts
/// at the cumulative weights. The same unit gets the same arm on any machine, and any SQL dialect can repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigner {
    salt: String,
    /// Every arm with the cut that it ends before; the last takes the rest.
    arms: Vec<(String, String)>,
}

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    MySql,
    BigQuery,
    Snowflake,
    SqlServer,
}

impl Dialect {
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Postgres, "PostgreSQL, Redshift, DuckDB, Databricks"),
        (Self::MySql, "MySQL, MariaDB"),
        (Self::BigQuery, "BigQuery"),
        (Self::Snowflake, "Snowflake"),
        (Self::SqlServer, "SQL Server"),
    ];

    /// The first eight digits of the hash, in small letters.
    fn digits(self, salt: &str, unit: &str) -> String {
        let salt = match self {
            // Backslashes begin an escape there.
            Self::MySql | Self::BigQuery | Self::Snowflake => salt.replace('\\', "\\\\"),
            Self::Postgres | Self::SqlServer => salt.into(),
        };
        let salt = match self {
            Self::BigQuery => format!("'{}:'", salt.replace('\'', "\\'")),
            _ => format!("'{}:'", salt.replace('\'', "''")),
        };
        match self {
            Self::Postgres => format!("SUBSTR(MD5({salt} || {unit}), 1, 8)"),
            Self::MySql => format!("SUBSTR(MD5(CONCAT({salt}, {unit})), 1, 8)"),
            Self::BigQuery => format!("SUBSTR(TO_HEX(MD5(CONCAT({salt}, {unit}))), 1, 8)"),
            Self::Snowflake => format!("SUBSTR(MD5_HEX({salt} || {unit}), 1, 8)"),
            Self::SqlServer => format!(
                "LOWER(SUBSTRING(CONVERT(VARCHAR(32), HASHBYTES('MD5', {salt} + CAST({unit} AS VARCHAR(255))), 2), 1, 8))"
            ),
        }
    }
}

impl Assigner {
    /// Weights are proportional; arms in a fixed order.
    pub fn new(salt: &str, arms: &[(String, f64)]) -> Self {
        let whole: f64 = arms.iter().map(|arm| arm.1).sum();
        let mut sum = 0.0;
        let cut = |(name, weight): &(String, f64)| {
            sum += weight;
            let cut = (sum / whole * 4_294_967_296.0).round().min(4_294_967_295.0) as u32;
            (name.clone(), format!("{cut:08x}"))
        };
        Self { salt: salt.into(), arms: arms.iter().map(cut).collect() }
    }

    /// The arm of a unit.
    pub fn arm(&self, unit: &str) -> &str {
        let digits = self.digits(unit);
        let found = self.arms.iter().find(|(_, cut)| digits < *cut).or(self.arms.last());
        found.map_or("", |(name, _)| name)
    }

    fn digits(&self, unit: &str) -> String {
        let mut hash = Md5::new();
        hash.update(format!("{}:{unit}", self.salt).as_bytes());
        hash.finalize().iter().take(4).fold(String::with_capacity(8), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The same assignment as an SQL expression over a text column.
    pub fn sql(&self, dialect: Dialect, unit: &str) -> String {
        let digits = dialect.digits(&self.salt, unit);
        let name = |name: &str| name.replace('\'', if dialect == Dialect::BigQuery { "\\'" } else { "''" });
        let mut sql = "CASE".to_string();
        let last = self.arms.len().saturating_sub(1);
        for (arm, cut) in &self.arms[..last] {
            let _ = write!(sql, " WHEN {digits} < '{cut}' THEN '{}'", name(arm));
        }
        let _ = write!(sql, " ELSE '{}' END", name(self.arms.last().map_or("", |arm| &arm.0)));
        sql
    }

    /// What must not change once units are assigned.
    fn frozen(&self) -> String {
        let arms: Vec<_> =
            self.arms.iter().map(|(name, cut)| serde_json::json!({ "arm": name, "before": cut })).collect();
        let frozen =
            serde_json::json!({ "salt": self.salt, "hash": "md5, 8 hexadecimal digits of SALT:UNIT", "arms": arms });
        serde_json::to_string_pretty(&frozen).expect("plain values") + "\n"
    }

    /// Writes down salt and weights at the first assignment, and holds all later ones to them.
    ///
    /// # Errors
    /// When they have changed since, or the file cannot be written.
    pub fn freeze(&self, test: &FieldTest) -> Result<(), RunError> {
        let path = test.beside("assigned.json");
        match std::fs::read_to_string(&path) {
            Ok(before) if before == self.frozen() => Ok(()),
            Ok(_) => Err(test
                .invalid(
                    "arms",
                    format!(
                        "salt, arms or weights are not those of {}: units were assigned by them, and a change would move some \
                         to another arm in mid-test; undo it, or begin a new test under another file name and salt",
                        path.display()
                    ),
                )
                .into()),
            Err(_) => Ok(write_file(&path, self.frozen())?),
        }
    }
}

/// The units of a column of a file with their arms, as CSV.
///
/// # Errors
/// When the file or the column is not there.
pub fn assign_file(assigner: &Assigner, path: &Path, column: &str) -> Result<String, RunError> {
    let spec = AssignmentsSpec { path: Paths(vec![path.to_string_lossy().into_owned()]), ..AssignmentsSpec::default() };
    let asked = Asked { column, key: "--id", wanted: Wanted::Text };
    let (mut read, _) = columns(&spec, &[asked], Path::new("."), &crate::time::Zone::utc())?;
    let Some(Column::Text(units)) = read.pop() else { return Ok(String::new()) };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut seen = vec![false; units.levels.len()];
    let failed = |error: csv::Error| StoreError::Read { path: path.into(), why: error.to_string() };
    writer.write_record([column, "arm"]).map_err(failed)?;
    for &code in &units.codes {
        // The same unit again gets the same arm: one row says it.
        if let Some(unit) = units.levels.get(code as usize)
            && !std::mem::replace(&mut seen[code as usize], true)
        {
            writer.write_record([unit, assigner.arm(unit)]).map_err(failed)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| StoreError::Read { path: path.into(), why: error.to_string() })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigner() -> Assigner {
        Assigner::new("autumn", &[("current".into(), 1.0), ("challenger".into(), 1.0)])
    }

    /// `printf 'autumn:L1' | md5sum` begins with these digits.
    #[test]
    fn the_hash_is_the_md5_of_salt_and_unit() {
        assert_eq!(Assigner::new("", &[]).digits(""), "853ae90f");
    }

    #[test]
    fn arms_get_their_shares() {
        let thirds = Assigner::new("s", &[("a".into(), 1.0), ("b".into(), 2.0)]);
        let units: Vec<String> = (0..30_000).map(|unit| format!("L{unit}")).collect();
        let in_a = units.iter().filter(|unit| thirds.arm(unit) == "a").count() as f64;
        assert!((in_a - 10_000.0).abs() < 4.0 * (30_000.0f64 * 2.0 / 9.0).sqrt(), "{in_a}");
    }

    #[test]
    fn the_sql_compares_the_same_digits() {
        let sql = assigner().sql(Dialect::Postgres, "lead_id");
        assert_eq!(
            sql,
            "CASE WHEN SUBSTR(MD5('autumn:' || lead_id), 1, 8) < '80000000' THEN 'current' ELSE 'challenger' END"
        );
    }

    #[test]
    fn a_quote_in_the_salt_stays_in_its_text() {
        let salted = Assigner::new("o'neil", &[("a".into(), 1.0), ("b".into(), 1.0)]);
        assert!(salted.sql(Dialect::Postgres, "id").contains("MD5('o''neil:' || id)"));
        assert!(salted.sql(Dialect::BigQuery, "id").contains(r"CONCAT('o\'neil:', id)"));
    }
}
