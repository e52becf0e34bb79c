use serde::{Deserialize, Serialize};

use crate::metrics::MetricId;

use super::{Decision, Estimate, GateAsked, GateOutcome, HandOver, ModelKind, Number};

/// The version of `compare.json`.
pub const CHANGES_SCHEMA: u32 = 2;

/// What changed from one result to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    pub schema: u32,
    pub a: Side,
    pub b: Side,
    /// Why it is not known whether the files are the same; nothing where it is.
    pub inputs_unknown: Option<InputsUnknown>,
    pub inputs: Vec<InputChange>,
    pub settings: Vec<SettingChange>,
    pub ledger: Vec<CountChange>,
    pub models: Vec<ModelChange>,
    pub metrics: Vec<MetricChange>,
    /// Conversion in brackets that both results have.
    pub brackets: Vec<BracketChange>,
    pub verdict: VerdictChange,
    pub gates: Vec<GateChange>,
}

/// One of the two results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The folder's name.
    pub name: String,
    pub experiment: String,
    /// The version of leadoff that made it; not known without its `run.json`.
    pub leadoff: Option<String>,
    pub evaluate: String,
    pub until: Option<String>,
    pub champion: Option<String>,
    pub leads: u64,
    pub wins: u64,
}

/// A file by its SHA-256 on each side; nothing where a side does not read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputChange {
    /// The file's name.
    pub path: String,
    pub a: Option<String>,
    pub b: Option<String>,
}

/// Why it is not known whether the files are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InputsUnknown {
    /// A result has no `run.json` beside it.
    NoRunFile { side: String },
    /// Its `run.json` cannot be read.
    Unreadable { side: String },
    /// Of a comparison of version 1, in its words.
    Written { text: String },
}

/// A setting; nothing where a side does not have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingChange {
    pub what: SettingName,
    pub a: Option<SettingValue>,
    pub b: Option<SettingValue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SettingName {
    Experiment,
    Evaluate,
    Train,
    AsOf,
    Horizon,
    Until,
    Capacity,
    Champion,
    Timezone,
    Currency,
    Seed,
    /// Of a comparison of version 1, in its words.
    Written {
        text: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SettingValue {
    /// As it stands in the results.
    Text(String),
    Days(f64),
    Ever,
    Capacity {
        leads: f64,
        per_days: f64,
    },
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerLine {
    Read,
    Evaluated,
    Immature,
    Training,
    LeftOut {
        reason: String,
    },
    /// Of a comparison of version 1, in its words.
    Written {
        text: String,
    },
}

/// The leads in a line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountChange {
    pub what: LedgerLine,
    pub a: Option<u64>,
    pub b: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelFate {
    Added,
    Removed,
    Changed,
    Same,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelChange {
    pub name: String,
    pub fate: ModelFate,
    /// Kind, where it changed.
    pub kinds: Option<(ModelKind, ModelKind)>,
    /// Criteria, coefficients or parts that are not the same.
    pub parts: Vec<PartChange>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartChange {
    pub name: String,
    pub a: Option<PartSide>,
    pub b: Option<PartSide>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSide {
    pub what: String,
    pub weight: Number,
}

/// Whether each side's value lies in the other's interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    Both,
    One,
    Neither,
    Unknown,
}

/// What a difference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shift {
    /// Not a digit changed.
    Same,
    /// The interval of the difference holds zero.
    WithinChance,
    Higher,
    Lower,
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricChange {
    /// Nothing for what is true of all leads.
    pub model: Option<String>,
    /// Nothing: the conversion of all leads.
    pub metric: Option<MetricId>,
    pub a: Estimate,
    pub b: Estimate,
    /// B less A; its interval is that of independent leads, and too wide where both results share leads.
    pub difference: Estimate,
    pub within: Within,
    pub shift: Shift,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BracketChange {
    pub model: String,
    pub bracket: String,
    pub leads: (u64, u64),
    pub a: Estimate,
    pub b: Estimate,
    pub difference: Estimate,
    pub shift: Shift,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictChange {
    pub a: VerdictSide,
    pub b: VerdictSide,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictSide {
    pub decision: Decision,
    pub model: Option<String>,
    pub challenger: Option<String>,
    /// Nothing where nothing was evaluated.
    pub metric: Option<MetricId>,
    pub hand_over: HandOver,
    pub difference: Option<Estimate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateChange {
    pub challenger: String,
    pub asked: GateAsked,
    pub a: Option<GateOutcome>,
    pub b: Option<GateOutcome>,
}
