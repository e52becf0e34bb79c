use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de;
use serde::{Deserialize, Deserializer};

use crate::data::DataSpec;
use crate::evaluation::{Calibrated, Worthwhile};
use crate::models::ModelSpec;
use crate::models::spec::{BracketSpec, Entries};
use crate::replay::ReplaySpec;
use crate::time::Span;

use super::gates::{GateSpec, Share, Sum, ThresholdSpec};
use super::review::ReviewSpec;

/// Champion and challengers on the same historical leads, each lead as it was known at the time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentFile {
    /// The version of this format: 1.
    pub version: Version,
    /// What is compared, in a few words: the report's title.
    pub experiment: String,
    pub data: DataSpec,
    /// How leads are replayed.
    #[serde(default)]
    pub replay: ReplaySpec,
    /// The model in use, which challengers would replace.
    pub champion: Option<String>,
    /// The models, by name.
    pub models: Entries<ModelSpec>,
    /// How scores are cut into brackets; by default five of equal volume, or the champion's tiers.
    pub brackets: Option<BracketSpec>,
    /// How many leads sales can work in a period; by default as many a week as sales worked of those evaluated, where
    /// `data.outcomes.worked` says which.
    pub capacity: Option<CapacitySpec>,
    /// How points become probabilities.
    #[serde(default)]
    pub calibration: Calibrated,
    /// Columns by which results are split.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Chance is drawn from this number alone: the same seed gives the same report.
    #[serde(default = "one")]
    pub seed: u64,
    /// Resamples of the paired bootstrap.
    #[serde(default)]
    pub replicates: Replicates,
    /// Conditions that a challenger must meet to be promoted, all of them; `leadoff run` ends with exit code 10 when
    /// no challenger does.
    #[serde(default)]
    pub gates: Vec<GateSpec>,
    /// The smallest gain that is worth a change of model, as a share of all wins; by default 0.02, two wins in a hundred.
    /// Of models that come so close to the best, the one that takes the fewest edits is proposed.
    #[serde(default = "two_in_a_hundred")]
    pub worthwhile: Share,
    /// What a change of model costs once, in winners: as many must be expected of it in a year to be worth it. By default nothing.
    #[serde(default)]
    pub cost_of_switching: Option<Sum>,
    /// What the score at which leads are handed over is to meet, beside the capacity.
    #[serde(default)]
    pub thresholds: ThresholdSpec,
    /// Whether the report holds the criteria of the champion (or of the first points model) against what happened to the
    /// training leads; true by default.
    #[serde(default = "yes")]
    pub audit: bool,
    /// What `leadoff review` needs to know beside all this.
    #[serde(default)]
    pub review: ReviewSpec,
}

impl ExperimentFile {
    /// Kinds of events that sales makes; `review.touches` is where they stood before.
    pub fn sales(&self) -> Vec<&str> {
        let declared = self.data.events.0.iter().flat_map(|events| &events.sales);
        let all = declared.chain(self.data.worked_kinds()).chain(&self.review.touches);
        let mut kinds: Vec<&str> = all.map(String::as_str).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

fn two_in_a_hundred() -> Share {
    Share(Worthwhile::default().0)
}

fn yes() -> bool {
    true
}

fn one() -> u64 {
    1
}

/// The version of the file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(de::Error::custom(format!(
                "version {other} is not known here, expected 1; is there a newer leadoff?"
            ))),
        }
    }
}

impl JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}

/// How often leads are resampled: 100 to 100,000 times, 2,000 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicates(usize);

impl Replicates {
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for Replicates {
    fn default() -> Self {
        Self(2_000)
    }
}

impl<'de> Deserialize<'de> for Replicates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match usize::deserialize(deserializer)? {
            count @ 100..=100_000 => Ok(Self(count)),
            other => Err(de::Error::custom(format!("{other} resamples: expected 100 to 100000"))),
        }
    }
}

impl JsonSchema for Replicates {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Replicates".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 100, "maximum": 100_000 })
    }
}

/// How many leads sales can work, and in what time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacitySpec {
    /// Leads in a period.
    pub leads: Count,
    /// The length of a period: 7d.
    #[serde(deserialize_with = "above_zero")]
    pub per: Span,
}

fn above_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    match Span::deserialize(deserializer)? {
        Span::ZERO => Err(de::Error::custom("a period of no length, expected one such as 7d")),
        span => Ok(span),
    }
}

/// A number above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count(pub f64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match f64::deserialize(deserializer)? {
            count if count > 0.0 && count.is_finite() => Ok(Self(count)),
            other => Err(de::Error::custom(format!("{other} leads: expected a number above 0"))),
        }
    }
}

impl JsonSchema for Count {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0 })
    }
}
