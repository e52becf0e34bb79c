//! What an A/B test of scoring models in the field *is*: plain, serialisable, versioned. It names no lead.

use serde::{Deserialize, Serialize};

use super::{Curve, Estimate, Level, Number};

/// The version of this format. Older results stay readable.
pub const TRIAL_SCHEMA: u32 = 1;

/// How a setting says that the test may be read at any time: its confidence sequence decides.
pub const AT_ANY_TIME: &str = "at any time";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    pub schema: u32,
    pub test: String,
    pub setting: TrialSetting,
    pub soundness: Soundness,
    /// The control first.
    pub arms: Vec<Arm>,
    /// Every other arm against the control, in the order of the file.
    pub contrasts: Vec<Contrast>,
    /// Of a test whose looks were planned: every arm against the control.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequential: Vec<Sequential>,
    /// What holds at every look, planned or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anytime: Option<Anytime>,
    pub segments: Vec<SegmentEffect>,
    pub looks: Vec<Look>,
    /// What was planned beside what came; empty without a plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<Planned>,
    pub verdict: TrialVerdict,
}

/// One thing that was planned, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    pub what: String,
    pub planned: String,
    pub found: String,
    /// What the deviation means; nothing where the plan was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialSetting {
    pub unit: String,
    pub control: String,
    pub horizon_days: Option<f64>,
    pub queue: Queue,
    pub confidence: f64,
    /// The day the outcomes are looked at, in words.
    pub as_of: Option<String>,
    pub currency: Option<String>,
    /// Whether the outcomes have times.
    pub timed: bool,
    /// Units on which the models differ: those that are compared. Nothing where all are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<u64>,
    /// When the test may be read: "once", "at planned looks", "at any time".
    #[serde(default)]
    pub read: String,
    /// Values are capped at this quantile of those won.
    pub winsor: f64,
}

/// Who works the leads of the arms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    /// Both arms stand in one queue: a lead moved up moves another one down.
    Shared,
    /// Each arm has a capacity of its own.
    Split,
    /// Whole representatives are assigned.
    ByRep,
}

/// Whether the test can be believed at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Soundness {
    pub ratios: Vec<SampleRatioAt>,
    pub checks: Vec<Check>,
    /// Why no verdict is given, if none is.
    pub refusals: Vec<String>,
}

/// Whether the arms have the sizes they were promised, at one point of the funnel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleRatioAt {
    /// assigned, compared (units on which the models differ), accepted or worked.
    pub stage: String,
    pub counts: Vec<u64>,
    pub expected: Vec<f64>,
    pub chi2: Number,
    pub p: Number,
    /// Valid however often one looks.
    pub sequential_p: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub level: Level,
    pub what: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    pub name: String,
    pub weight: f64,
    pub units: u64,
    pub mature: u64,
    /// Conversions within the horizon among mature units.
    pub conversions: u64,
    /// Wilson's interval of the mature units' rate.
    pub rate: Estimate,
    /// P(this arm's rate is the highest) on mature units; exact integration, uniform prior.
    pub best: Number,
    /// Conversion rate lost on average by choosing this arm.
    pub expected_loss: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
}

/// One arm against the control; differences are treatment less control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    pub arm: String,
    pub primary: Primary,
    /// Days to conversion of those who convert: below 0 the arm converts sooner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Line>,
    pub secondary: Vec<Line>,
    pub guardrails: Vec<Guardrail>,
    /// What its conversions were worth; nothing where outcomes have no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<Worth>,
    /// Difference of conversion by each day up to the horizon.
    pub by_horizon: Vec<EffectPoint>,
    pub call: Call,
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Primary {
    /// What interval and test are.
    pub method: String,
    pub control: Estimate,
    pub treatment: Estimate,
    pub difference: Estimate,
    /// Relative to the control.
    pub relative: Estimate,
    pub statistic: Number,
    /// Older results do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestStatistic>,
    pub p: Number,
    /// Over all arms.
    pub p_holm: Number,
}

/// The value of an arm's conversions beside the control's, among finished units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worth {
    /// What one unit's value is capped at: the setting's quantile of the values won in all arms. Nothing where only means
    /// and variances are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<f64>,
    /// Capped value per unit, arm less control.
    pub difference: Estimate,
    /// Sums without a cap.
    pub control_sum: f64,
    pub treatment_sum: f64,
    /// Share of the largest values, `LARGEST` of them, in the sum of both arms.
    pub largest_share: Number,
    pub call: WorthCall,
}

/// How many of the largest values are set beside a sum.
pub const LARGEST: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorthCall {
    More,
    Less,
    NoDifferenceShown,
    /// The largest values make so much of the sum that nothing is claimed from it.
    MadeByFew,
}

/// A difference beside the primary one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub name: String,
    pub unit: LineUnit,
    pub control: Number,
    pub treatment: Number,
    pub difference: Estimate,
    pub statistic: Number,
    /// Older results do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestStatistic>,
    pub p: Number,
    /// False-discovery rate over all secondary lines of all arms.
    pub p_bh: Number,
    pub method: String,
}

/// What a test's statistic is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStatistic {
    Z,
    T,
    /// Mann and Whitney's: a count of pairs, without a sign.
    U,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineUnit {
    Share,
    Money,
    Days,
    Plain,
}

/// What must not become worse by more than a margin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardrail {
    pub name: String,
    /// The worst difference that is still accepted.
    pub margin: f64,
    pub difference: Estimate,
    /// Whether the interval excludes anything worse; nothing where it is undefined.
    pub holds: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffectPoint {
    pub days: f64,
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

/// What the data say about one arm, more apart from sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    More,
    SoonerNotMore,
    /// Converts earlier so far; whether more or only sooner is open.
    Ahead,
    Fewer,
    LaterNotFewer,
    /// Converts later so far.
    Behind,
    NoDifferenceShown,
    NotJudged,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentEffect {
    pub arm: String,
    pub column: String,
    pub value: String,
    pub units: u64,
    pub conversions: u64,
    pub difference: Estimate,
    pub p: Number,
    pub p_bh: Number,
}

/// The group-sequential log-rank test of one arm against the control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequential {
    pub arm: String,
    pub planned_information: f64,
    /// The error that this arm's log-rank test may spend.
    pub alpha: f64,
    /// The error kept for this arm's conversion by the horizon at the last look.
    pub plateau_alpha: f64,
    pub stages: Vec<StageLook>,
    /// Whether a bound is crossed.
    pub crossed: bool,
    /// Ordered by stages, at the stop or the last look.
    pub p: Number,
    pub refused: Option<String>,
    /// What unplanned looks cost.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageLook {
    pub as_of: String,
    pub planned: bool,
    pub leads: u64,
    pub conversions: u64,
    pub information: f64,
    pub fraction: f64,
    pub z: Number,
    pub critical: Number,
    pub spent: f64,
}

/// Evidence that keeps its promise at any number of looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anytime {
    /// Conversions by arm against the assignment shares (Lindon & Malek); all arms at once.
    pub conversions_p: Number,
    /// Every arm against the control, in the order of the file.
    pub arms: Vec<AnytimeArm>,
    /// The confidence of each arm's sequence: the error is shared out over the arms.
    pub confidence: f64,
    pub planned_leads: f64,
    pub looks: u64,
}

/// The difference on mature units with a confidence sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnytimeArm {
    pub arm: String,
    pub difference: Estimate,
    /// The smallest so far, not corrected for the number of arms.
    pub p: Number,
}

/// A look in the test's ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// SHA-256 over the data's files.
    pub data: String,
    pub as_of: String,
    pub planned: bool,
    /// Every arm against the control.
    pub arms: Vec<ArmLook>,
    /// The verdict's headline.
    pub result: String,
}

/// What a look saw of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmLook {
    pub arm: String,
    /// The log-rank score's variance where looks are planned, else conversions.
    pub information: Number,
    pub z: Number,
    pub critical: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrialVerdict {
    /// Nothing where none can be given.
    pub best: Option<String>,
    pub call: Call,
    pub headline: String,
    pub reasons: Vec<String>,
    /// What to do now; older results have it in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Advice>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// What a replay foretold, beside what was observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foretold: Vec<Foretold>,
}

/// What to do after a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// All units to the best arm.
    RollOut,
    /// The best arm converts more, and its value does not follow.
    NotOnConversionsAlone,
    /// The best arm converts more, but this guardrail is not shown to hold.
    SettleGuardrail(String),
    KeepControl,
    /// The only arm converts fewer and brings more value.
    WeighValue,
    /// Until the next look, on this day.
    GoOn(String),
    WeighSpeed,
    KeepWhileOpen,
    KeepOrEnlarge,
    /// No verdict is given.
    MendTest,
    WaitUntil(String),
    HeedLastLook,
    ReadOnce,
}

/// A replay's prediction for one arm, held against the field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foretold {
    pub arm: String,
    /// Where the prediction comes from; nothing where it was stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    pub predicted: Estimate,
    pub observed: Estimate,
    /// Observed less predicted; its interval where both have one.
    pub gap: Estimate,
}
