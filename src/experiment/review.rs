//! What a periodic review needs to know beside the experiment itself.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::replay::Rows;

/// How periods are cut, and what sales did with the leads.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewSpec {
    /// The month in which the fiscal year begins, 1 to 12. Years are then named after the one in which they end:
    /// FY2027Q1.
    pub fiscal_year_starts: Option<Month>,
    /// Periods as ranges of rows, oldest first, for leads without creation times.
    #[serde(default)]
    pub periods: Vec<NamedRows>,
    /// Kinds of events that are touches by sales, where they stood before: they belong into `data.events.sales`.
    #[serde(default)]
    pub touches: Vec<String>,
    /// What sales says of the leads it was given.
    pub feedback: Option<FeedbackSpec>,
}

/// A period without dates.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedRows {
    pub name: String,
    pub rows: Rows,
}

/// Columns of the leads with the verdict of sales.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackSpec {
    /// The column with the verdict.
    pub column: String,
    /// Its values that mean: accepted.
    pub accepted: Vec<String>,
    /// Its values that mean: rejected.
    pub rejected: Vec<String>,
    /// The column with the reason of a rejection.
    pub reason: Option<String>,
}

/// A month, 1 to 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month(u8);

impl Month {
    /// Nothing outside 1 to 12.
    pub fn new(number: u8) -> Option<Self> {
        (1..=12).contains(&number).then_some(Self(number))
    }

    pub fn number(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| de::Error::custom(format!("{number} is no month: expected 1 to 12")))
    }
}

impl JsonSchema for Month {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Month".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 12 })
    }
}
