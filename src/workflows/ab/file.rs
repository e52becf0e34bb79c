use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{AggregatesSpec, AssignmentsSpec, FieldOutcomesSpec};
use crate::experiment::Version;
use crate::models::spec::Entries;
use crate::result::trial::Queue;
use crate::stats::Interval;
use crate::time::{Moment, Span, Zone};
use crate::trial::Prediction;

/// A field test: two or more scoring models, each of which decides about its own leads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestFile {
    pub version: Version,
    /// What is tested, in a few words: the report's title.
    pub test: String,
    /// What is assigned: lead (the default), account or rep.
    #[serde(default)]
    pub unit: UnitKind,
    /// Goes into the hash that assigns; another test has another salt.
    pub salt: Option<String>,
    /// The arms with their weights: `{ current: 1, challenger: 1 }`. A holdout that nobody is assigned to has weight 0.
    pub arms: Entries<f64>,
    /// The arm that the others are compared with; by default the first.
    pub control: Option<String>,
    /// Within which time after its assignment a conversion counts.
    pub horizon: Option<Span>,
    /// Whether both arms stand in one queue (`shared`), have a capacity of their own (`split`) or whole representatives
    /// are assigned (`by_rep`).
    pub queue: Queue,
    /// When the test may be read. By default once.
    pub monitoring: Option<MonitoringSpec>,
    pub assignments: Option<AssignmentsSpec>,
    pub outcomes: Option<FieldOutcomesSpec>,
    /// Counts instead of units.
    pub aggregates: Option<AggregatesSpec>,
    /// When the outcomes were exported; a date alone is its end.
    pub until: Option<Moment>,
    #[serde(default)]
    pub timezone: Zone,
    pub currency: Option<String>,
    #[serde(default = "confidence")]
    pub confidence: f64,
    /// Values above this quantile of those won in all arms are capped, 0.95 by default: no single deal decides.
    #[serde(default = "winsor")]
    pub winsor: f64,
    /// Columns of the assignments by which the effect is shown in parts.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Ratios of two columns of the assignments: `{ meetings a touch: { numerator: meetings, denominator: touches } }`.
    #[serde(default)]
    pub ratios: Entries<RatioSpec>,
    /// What must not become worse by more than a margin.
    #[serde(default)]
    pub guardrails: Entries<GuardrailSpec>,
    /// A difference in conversion, as a share, that would not matter: *sooner* is then also said to be *not more* where
    /// the interval lies within it. By default the difference that the plan was made for.
    pub margin: Option<f64>,
    /// What was planned, as `leadoff ab plan` wrote it: the analysis is held to it.
    pub plan: Option<PlanSpec>,
}

fn confidence() -> f64 {
    0.95
}

fn winsor() -> f64 {
    0.95
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    #[default]
    Lead,
    Account,
    Rep,
}

impl UnitKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Account => "account",
            Self::Rep => "rep",
        }
    }
}

/// When the test may be read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MonitoringSpec {
    /// Once: `{ at: 2026-12-31 }`, or `{}` without a day.
    Fixed(FixedSpec),
    /// At planned looks: `{ at: [2026-10-01, 2026-12-31], conversions: 400 }`.
    Looks(LooksSpec),
    /// At any time: `{ leads: 20000 }`.
    Anytime(AnytimeSpec),
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedSpec {
    /// The day of the one look.
    pub at: Option<Moment>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LooksSpec {
    /// The days of the looks.
    pub at: Vec<Moment>,
    /// Conversions of all arms together that are planned for the last look.
    pub conversions: f64,
    /// The part of the error that is kept for conversion by the horizon at the last look, between 0 and 1; the log-rank
    /// test spends the rest over the looks.
    #[serde(default = "half")]
    pub plateau: f64,
}

fn half() -> f64 {
    0.5
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnytimeSpec {
    /// Mature leads of all arms near which the interval is to be shortest.
    pub leads: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatioSpec {
    pub numerator: String,
    pub denominator: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardrailSpec {
    pub column: String,
    /// The worst difference that is still accepted, above 0.
    pub margin: f64,
    pub better: Better,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Lower,
    Higher,
}

/// What was planned.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSpec {
    /// Units of all arms together.
    pub leads: f64,
    /// Conversions of all arms within the horizon, among the units that are compared.
    pub conversions: f64,
    /// Calendar weeks, the wait for the last unit's horizon included.
    pub weeks: f64,
    pub base_rate: f64,
    /// The difference of rates that the test was made for.
    pub difference: f64,
    pub power: f64,
    /// The error of all comparisons together.
    #[serde(default = "five_percent")]
    pub alpha: f64,
    /// Arms with their weights.
    #[serde(default)]
    pub arms: Entries<f64>,
    pub unit: Option<UnitKind>,
    pub queue: Option<Queue>,
    pub horizon: Option<Span>,
    /// How many looks; 1 reads the test once.
    pub looks: Option<u32>,
    /// The share of units on which the models differ.
    pub discordant: Option<f64>,
    /// By how much clusters enlarge the variance.
    pub design_effect: Option<f64>,
    /// Days within which 95 % of the conversions of history came.
    pub delay_95: Option<f64>,
    /// Differences that a replay foretold, by arm.
    #[serde(default)]
    pub foretold: Entries<ForetoldSpec>,
}

fn five_percent() -> f64 {
    0.05
}

/// A difference that was foretold for an arm.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForetoldSpec {
    pub difference: f64,
    /// Its 95 % limits.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The experiment file whose replay foretold it.
    pub replay: Option<String>,
}

impl PlanSpec {
    /// Why the plan cannot be; nothing where it can.
    pub(super) fn problem(&self, file: &TestFile) -> Option<String> {
        let is_share = |share: f64| share > 0.0 && share < 1.0;
        if ![self.base_rate, self.power, self.alpha].into_iter().all(is_share) {
            return Some("base_rate, power and alpha are shares between 0 and 1".into());
        }
        if self.difference == 0.0 || !is_share(self.base_rate + self.difference) {
            return Some("difference is not 0 and leaves base_rate between 0 and 1".into());
        }
        let unknown = self.foretold.names().find(|name| file.arms.get(name).is_none())?;
        Some(format!("foretold: there is no arm `{unknown}`"))
    }

    pub(super) fn predictions(&self) -> Vec<Prediction> {
        let one = |(arm, foretold): (&str, &ForetoldSpec)| Prediction {
            arm: arm.into(),
            difference: foretold.difference,
            limits: foretold.low.zip(foretold.high).map(|(low, high)| Interval::new(low, high)),
            replay: foretold.replay.clone(),
        };
        self.foretold.iter().map(one).collect()
    }
}
