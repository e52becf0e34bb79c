//! Units are assigned to arms by a hash that any SQL dialect can repeat.

use std::fmt::Write as _;

use md5::{Digest, Md5};

use crate::table::{Dialect, Unquotable};

/// Assigns units to arms by the MD5 of `SALT:UNIT`: its first eight hexadecimal digits are compared, as text, with cuts
/// at the cumulative weights. The same unit gets the same arm on any machine, and any SQL dialect can repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigner {
    salt: String,
    /// Every arm with the cut that it ends before; the last takes the rest.
    arms: Vec<(String, String)>,
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
    ///
    /// # Errors
    /// When the dialect cannot hold the salt, an arm's name or the column's.
    pub fn sql(&self, dialect: Dialect, unit: &str) -> Result<String, Unquotable> {
        let named = |error| Unquotable { name: self.salt.clone(), ..error };
        let prefix = dialect.text("salt", &format!("{}:", self.salt)).map_err(named)?;
        let digits = digits(dialect, &prefix, &dialect.column(unit)?);
        let mut sql = "CASE".to_string();
        let last = self.arms.len().saturating_sub(1);
        for (arm, cut) in &self.arms[..last] {
            let _ = write!(sql, " WHEN {digits} < '{cut}' THEN {}", dialect.text("arm", arm)?);
        }
        let _ = write!(sql, " ELSE {} END", dialect.text("arm", self.arms.last().map_or("", |arm| &arm.0))?);
        Ok(sql)
    }

    /// The expression in every dialect, each with the dialect's names.
    ///
    /// # Errors
    /// When one of them cannot hold a name.
    pub fn sql_of_all(&self, unit: &str) -> Result<Vec<(&'static str, String)>, Unquotable> {
        Dialect::ALL.iter().map(|(dialect, names)| Ok((*names, self.sql(*dialect, unit)?))).collect()
    }

    /// What must not change once units are assigned.
    pub fn frozen(&self) -> String {
        let arms: Vec<_> =
            self.arms.iter().map(|(name, cut)| serde_json::json!({ "arm": name, "before": cut })).collect();
        let frozen =
            serde_json::json!({ "salt": self.salt, "hash": "md5, 8 hexadecimal digits of SALT:UNIT", "arms": arms });
        serde_json::to_string_pretty(&frozen).expect("plain values") + "\n"
    }
}

/// The first eight digits of the hash of a prefix (a quoted text) and a unit (a quoted column), in small letters.
fn digits(dialect: Dialect, prefix: &str, unit: &str) -> String {
    match dialect {
        Dialect::Postgres | Dialect::Databricks => format!("SUBSTR(MD5({prefix} || {unit}), 1, 8)"),
        Dialect::MySql => format!("SUBSTR(MD5(CONCAT({prefix}, {unit})), 1, 8)"),
        Dialect::BigQuery => format!("SUBSTR(TO_HEX(MD5(CONCAT({prefix}, {unit}))), 1, 8)"),
        Dialect::Snowflake => format!("SUBSTR(MD5_HEX({prefix} || {unit}), 1, 8)"),
        Dialect::SqlServer => format!(
            "LOWER(SUBSTRING(CONVERT(VARCHAR(32), HASHBYTES('MD5', {prefix} + CAST({unit} AS VARCHAR(255))), 2), 1, 8))"
        ),
    }
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
        let sql = assigner().sql(Dialect::Postgres, "lead_id").unwrap();
        assert_eq!(
            sql,
            "CASE WHEN SUBSTR(MD5('autumn:' || lead_id), 1, 8) < '80000000' THEN 'current' ELSE 'challenger' END"
        );
    }

    #[test]
    fn an_arm_that_would_end_its_text_is_refused_or_stays_in_it() {
        let arms = [(r"a\' END; DROP TABLE leads; -- ".to_string(), 1.0), ("b".into(), 1.0)];
        let hostile = Assigner::new("s", &arms);
        assert_eq!(hostile.sql_of_all("id").unwrap_err().what, "arm");
        let sql = hostile.sql(Dialect::MySql, "id").unwrap();
        assert!(sql.contains(r"THEN 'a\\'' END; DROP TABLE leads; -- ' ELSE 'b' END"), "{sql}");
    }

    #[test]
    fn a_quote_in_the_salt_stays_in_its_text() {
        let salted = Assigner::new("o'neil", &[("a".into(), 1.0), ("b".into(), 1.0)]);
        assert!(salted.sql(Dialect::Postgres, "id").unwrap().contains("MD5('o''neil:' || id)"));
        assert!(salted.sql(Dialect::BigQuery, "id").unwrap().contains(r"CONCAT('o\'neil:', id)"));
    }
}
