//! Parts that models of several kinds have in the experiment file, and points models whole.

mod change;
mod criterion;
mod entries;
mod imported;
mod logistic;
mod rules;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use change::Change;
pub(super) use change::RESERVED;
pub use criterion::{Bands, Criterion, CriterionFields, InputFields, Loses, Per, Soon};
pub use entries::Entries;
pub use imported::{Filler, ImportedSpec, InputSpec, ModelFile, Unseen};
pub use logistic::{FeatureSpec, LogisticSpec};
pub use rules::{RulesRead, RulesSpec};

/// Σ criteria; each criterion capped, each group clamped, the total clamped to `bounds`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PointsSpec {
    /// What gives points, each with a name of its own.
    pub criteria: Vec<Criterion>,
    /// Bounds of each group's sum: `fit: [0, 50]`.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub groups: Entries<Bounds>,
    /// Bounds of the total: `[0, 100]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// Names for ranges of scores, each from its lowest score on.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub tiers: Entries<Tier>,
    /// Two groups whose marks make a grade: `{ fit: { A: 40, B: 20, C: ~ }, engagement: { "1": 50, "2": ~ } }` gives A1 to C2.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub grades: Entries<Entries<Option<f64>>>,
    /// The score at which sales takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The total is rounded to a multiple of this, as CRMs do: `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<f64>,
}

/// Lowest and highest value, both possible; `~` leaves a side open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    /// No bounds.
    pub const OPEN: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// Nothing, when the lowest is above the highest or one is not a number.
    pub fn new(low: f64, high: f64) -> Option<Self> {
        (low <= high).then_some(Self { low, high })
    }

    pub fn low(self) -> f64 {
        self.low
    }

    pub fn high(self) -> f64 {
        self.high
    }

    pub fn clamp(self, value: f64) -> f64 {
        value.max(self.low).min(self.high)
    }
}

impl<'de> Deserialize<'de> for Bounds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [low, high] = <[Option<f64>; 2]>::deserialize(deserializer)?;
        let (low, high) = (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY));
        let wrong = || de::Error::custom(format!("bounds [{low}, {high}]: expected the lower one first"));
        Self::new(low, high).ok_or_else(wrong)
    }
}

impl Serialize for Bounds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let side = |value: f64| value.is_finite().then_some(value);
        [side(self.low), side(self.high)].serialize(serializer)
    }
}

impl JsonSchema for Bounds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bounds".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array", "items": { "type": ["number", "null"] }, "minItems": 2, "maxItems": 2,
            "description": "Lowest and highest value, null (~) for an open side.",
        })
    }
}

/// A range of scores with a name: from `from` to the next tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tier {
    pub from: f64,
    /// What sales does with a lead in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub does: Option<String>,
}

impl<'de> Deserialize<'de> for Tier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            from: f64,
            #[serde(default)]
            does: Option<String>,
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Tier;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("the tier's lowest score, such as 75, or { from: 75, does: \"call within a day\" }")
            }

            fn visit_f64<E: de::Error>(self, from: f64) -> Result<Tier, E> {
                Ok(Tier { from, does: None })
            }

            fn visit_i64<E: de::Error>(self, from: i64) -> Result<Tier, E> {
                self.visit_f64(from as f64)
            }

            fn visit_u64<E: de::Error>(self, from: u64) -> Result<Tier, E> {
                self.visit_f64(from as f64)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Tier, A::Error> {
                let Fields { from, does } = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Tier { from, does })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Tier {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tier".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The tier's lowest score, or that and what sales does with a lead in it.",
            "anyOf": [
                { "type": "number" },
                {
                    "type": "object", "required": ["from"], "additionalProperties": false,
                    "properties": { "from": { "type": "number" }, "does": { "type": "string" } },
                },
            ],
        })
    }
}

/// How scores are cut into brackets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BracketSpec {
    /// Inclusive lower bounds: `[25, 50]` is below 25, 25 to below 50, 50 and over.
    Edges(Vec<f64>),
    /// So many brackets of equal volume.
    Quantiles(u32),
    /// Names for inclusive lower bounds: `{ Low: 1, Medium: 2, High: 3 }`. The lowest one holds what is below it too.
    Named(Entries<f64>),
}

impl BracketSpec {
    /// Why scores cannot be cut so; nothing where they can.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Edges(edges) if edges.is_empty() => Some("no edges, expected some such as [25, 50, 75]".into()),
            Self::Edges(edges) if edges.iter().any(|edge| !edge.is_finite()) => Some("edges are finite numbers".into()),
            Self::Edges(edges) if edges.windows(2).any(|pair| pair[0] >= pair[1]) => {
                Some("edges must rise, such as [25, 50, 75]".into())
            }
            Self::Quantiles(count) if !(2..=100).contains(count) => {
                Some(format!("{count} brackets, expected 2 to 100"))
            }
            Self::Named(bounds) if bounds.len() < 2 => {
                Some("expected two names or more with their lowest scores, such as { Low: 0, High: 50 }".into())
            }
            Self::Named(bounds) if bounds.iter().any(|(_, from)| !from.is_finite()) => {
                Some("the lowest scores of named brackets are finite numbers".into())
            }
            Self::Named(_) => {
                let bounds = self.bounds();
                let shared = bounds.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
                Some(format!("`{}` and `{}` both begin at {}", shared[0].1, shared[1].1, shared[0].0))
            }
            Self::Edges(_) | Self::Quantiles(_) => None,
        }
    }

    /// Named brackets with their lowest scores, ascending.
    pub fn bounds(&self) -> Vec<(f64, &str)> {
        let Self::Named(names) = self else { return Vec::new() };
        let mut bounds: Vec<(f64, &str)> = names.iter().map(|(name, from)| (*from, name)).collect();
        bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        bounds
    }
}
