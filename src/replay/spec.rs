use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::{Horizon, Moment, Span};

use super::walk::WalkSpec;

/// How leads are replayed: when each is scored, how long it may take to convert, which leads train and which are evaluated.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaySpec {
    /// The instant at which a lead is scored.
    #[serde(default)]
    pub as_of: AsOf,
    /// How long after `as_of` a conversion counts.
    #[serde(default = "ninety_days")]
    pub horizon: Horizon,
    /// Leads that models may learn from.
    pub train: Option<Window>,
    /// Instead of `train`: period after period, each judged by models fitted on what was mature when it began.
    pub walk: Option<WalkSpec>,
    /// Leads that models are judged on. All that do not train, when not given.
    pub evaluate: Option<Window>,
}

fn ninety_days() -> Horizon {
    Horizon::Within(Span::from_days(90.0))
}

impl Default for ReplaySpec {
    fn default() -> Self {
        Self { as_of: AsOf::default(), horizon: ninety_days(), train: None, walk: None, evaluate: None }
    }
}

/// The instant at which a lead is scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AsOf {
    /// When the lead is created.
    #[default]
    Created,
    /// So long after it is created.
    AfterCreated(Span),
    /// At its first event of this kind at or after its creation.
    Event(String),
}

impl AsOf {
    pub fn in_words(&self) -> String {
        match self {
            Self::Created => "at creation".into(),
            Self::AfterCreated(span) => format!("{} after creation", span.in_words()),
            Self::Event(kind) => format!("at the first `{kind}` after creation"),
        }
    }
}

/// Some of the leads: by creation time, half-open, or by row where there are no times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Created at or after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Created before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
    /// Rows in file order (or `order_by`), counted from 0, the last one excluded: `0..27972`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
}

impl Window {
    pub fn in_words(&self) -> String {
        match (&self.rows, &self.from, &self.to) {
            (Some(rows), ..) => format!("rows {rows}"),
            (None, Some(from), Some(to)) => format!("{from} to before {to}"),
            (None, Some(from), None) => format!("{from} on"),
            (None, None, Some(to)) => format!("before {to}"),
            (None, None, None) => "all leads".into(),
        }
    }
}

/// A half-open range of rows, `from..to`; without an end, all from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    pub from: u64,
    pub to: Option<u64>,
}

impl Rows {
    pub fn contains(&self, row: u64) -> bool {
        self.from <= row && self.to.is_none_or(|to| row < to)
    }
}

impl std::fmt::Display for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}..", self.from)?;
        self.to.map_or(Ok(()), |to| write!(f, "{to}"))
    }
}

impl std::str::FromStr for Rows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a range of rows: expected `from..to`, such as `0..27972`");
        let (from, to) = text.split_once("..").ok_or_else(wrong)?;
        let from = from.trim().parse().map_err(|_| wrong())?;
        let to = match to.trim() {
            "" => None,
            to => Some(to.parse().map_err(|_| wrong())?),
        };
        if to.is_some_and(|to| to <= from) {
            return Err(format!("`{text}` holds no row: the first comes before the last, which is not included"));
        }
        Ok(Self { from, to })
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Rows {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rows".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^\d+\.\.\d*$", "description": "Rows from..to, the last excluded: 0..27972" })
    }
}
