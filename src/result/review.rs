//! What a periodic review of the live model *is*: plain, serialisable, versioned. It names no lead.

use serde::{Deserialize, Serialize};

use crate::metrics::MetricId;

use super::{
    Bracket, CapacitySetting, Comparison, CriterionAudit, Decision, Estimate, GateEvidence, ModelKind, Notice, Number,
    Proposal, Verdict,
};

/// The version of `review.json`. Old versions stay readable.
pub const REVIEW_SCHEMA: u32 = 2;

/// One period of the live model beside the ones before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    pub schema: u32,
    pub experiment: String,
    pub setting: ReviewSetting,
    pub notices: Vec<Notice>,
    /// Oldest first; the last one is reviewed.
    pub periods: Vec<Period>,
    /// In the order of the experiment file.
    pub models: Vec<ModelTrend>,
    /// The reviewed period against the one before it, corrected for the number of tests.
    pub changes: Vec<Change>,
    pub drift: Drift,
    /// One for each period whose horizons are not all over.
    pub early: Vec<EarlyRead>,
    pub alarms: Alarms,
    pub benchmarks: Benchmarks,
    pub decision: ReviewDecision,
    /// At most three, the most urgent first.
    pub advice: Vec<Advice>,
    /// Criteria of the live model on the mature leads of the compared periods; nothing where it gives no points.
    pub criteria: Vec<CriterionAudit>,
    pub memory: Memory,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewSetting {
    pub champion: String,
    /// quarter, month or period.
    pub unit: String,
    /// How far back the same season lies, in periods: 4 for quarters, 12 for months.
    pub season: Option<u64>,
    pub as_of: String,
    pub horizon_days: Option<f64>,
    /// The day of the export; nothing where outcomes have no times.
    pub until: Option<String>,
    pub timezone: String,
    pub currency: Option<String>,
    pub capacity: Option<CapacitySetting>,
    /// Which leads the drift of inputs is held against, in words.
    pub reference: String,
    pub reference_leads: u64,
    /// SHA-256 over what the review reads of the leads, in the order of their ids; of version 0.1.0, over the files' hashes.
    pub inputs: String,
    /// SHA-256 over what defines a lead's moment, its horizon and the models.
    pub definition: String,
    pub seed: u64,
}

/// Leads created in one period, as they are known now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub label: String,
    /// First day and last day; nothing where periods are ranges of rows.
    pub from: Option<String>,
    pub to: Option<String>,
    /// The first and the last day of the leads that there are, where they begin after the period does or end before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<(String, String)>,
    /// Leads scored.
    pub leads: u64,
    /// Leads decided before they were scored.
    pub decided_before: u64,
    pub mature: u64,
    /// Wins within the horizon among mature leads.
    pub wins: u64,
    /// Wins within the horizon among all scored leads so far.
    pub wins_so_far: u64,
    /// Of mature leads.
    pub rate: Estimate,
    /// Of all wins so far.
    pub value: Option<f64>,
    /// From creation to win, over mature converters within the horizon.
    pub median_days: Number,
    pub fingerprint: Fingerprint,
}

impl Period {
    /// Whether every horizon is over.
    pub fn is_mature(&self) -> bool {
        self.mature == self.leads
    }

    pub fn share_mature(&self) -> f64 {
        if self.leads == 0 { 0.0 } else { self.mature as f64 / self.leads as f64 }
    }
}

/// Hashes by which a later review sees that the history of a period was changed. They tell no lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// Of the set of leads.
    pub leads: String,
    /// Of what became of the leads that were mature.
    pub outcomes: String,
    /// Of the live model's scores.
    pub scores: String,
}

/// One model through the periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelTrend {
    pub name: String,
    pub kind: ModelKind,
    pub is_champion: bool,
    /// One a period, in the periods' order.
    pub periods: Vec<ModelPeriod>,
}

/// One model in one period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPeriod {
    pub label: String,
    /// Mature leads judged, and their wins.
    pub leads: u64,
    pub wins: u64,
    /// Leads left out because the model learned from them.
    pub learned_from: u64,
    pub auc: Estimate,
    /// In the top 10 %.
    pub lift: Estimate,
    /// Share of wins handed over at capacity; in the top 10 % where none is stated.
    pub capture: Estimate,
    pub wins_captured: Number,
    pub mean_predicted: Number,
    pub observed: Estimate,
    /// Calibration in the large: 0 when as many convert as predicted, above 0 when more do.
    pub calibration: Estimate,
    /// From the lowest scores to the highest, with edges that are the same in every period.
    pub brackets: Vec<Bracket>,
    /// All scored leads of the highest bracket, mature or not.
    pub over_threshold: u64,
    pub median_days: Number,
}

/// One number that may have changed from one period to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub model: String,
    pub what: ChangeOf,
    pub unit: ChangeUnit,
    pub before: Estimate,
    pub now: Estimate,
    pub difference: Estimate,
    pub p: Number,
    /// Holm over all changes of the review.
    pub p_adjusted: Number,
}

/// What may have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ChangeOf {
    Metric {
        metric: MetricId,
    },
    /// The conversion of a bracket.
    Conversion {
        bracket: String,
    },
    /// Of a review of version 1, in its words.
    Written {
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeUnit {
    Plain,
    Share,
}

/// How the leads of the reviewed period differ from those before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// The live model's score, then every input.
    pub inputs: Vec<InputDrift>,
    pub events: Vec<EventDrift>,
    /// Which criteria moved the mean score.
    pub criteria: Vec<CriterionDrift>,
    /// The change in conversion against the period before; nothing without mature leads in both.
    pub split: Option<RateSplit>,
}

/// One input: the reference against the reviewed period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputDrift {
    pub name: String,
    pub is_score: bool,
    /// Inner edges of the reference's deciles, frozen; empty for levels.
    pub edges: Vec<f64>,
    /// Population stability index of each period against the reference, in the periods' order.
    pub psi: Vec<Number>,
    /// Likelihood-ratio test that the reviewed period and the reference fall into the bins alike.
    pub p: Number,
    /// Benjamini-Hochberg over the inputs.
    pub p_adjusted: Number,
    /// Two-sample Kolmogorov-Smirnov distance; undefined for levels.
    pub ks: Number,
    pub missing_before: Number,
    pub missing_now: Number,
    /// Levels that the reference has not, and those it alone has, with their share: at most ten each.
    pub new_levels: Vec<LevelShare>,
    pub vanished_levels: Vec<LevelShare>,
    /// AUC of the input alone in every period: above one half, higher values convert better. Undefined for levels.
    pub auc: Vec<Estimate>,
    /// The last two periods say the opposite of each other, each with an interval off one half.
    pub turned: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelShare {
    pub level: String,
    pub share: f64,
}

/// Events of one kind by the moment of scoring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventDrift {
    pub kind: String,
    /// Mean events a lead in every period.
    pub mean: Vec<Number>,
    /// Reviewed period over the one before.
    pub ratio: Number,
    pub p: Number,
    pub p_adjusted: Number,
}

/// What one criterion gives a lead on average.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriterionDrift {
    pub name: String,
    pub points: f64,
    /// Share of leads on which it fires, in the period before and now.
    pub fires_before: Estimate,
    pub fires_now: Estimate,
    /// Mean points a lead, now less before.
    pub moved: Estimate,
}

/// The change in conversion, split by the brackets of the live model (Kitagawa 1955).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSplit {
    pub from: String,
    pub to: String,
    pub total: Estimate,
    /// Other leads came.
    pub mix: Estimate,
    /// Leads of the same bracket convert otherwise.
    pub rate: Estimate,
}

/// How a period will end whose horizons are not all over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyRead {
    pub label: String,
    pub leads: u64,
    pub share_mature: f64,
    pub wins_so_far: u64,
    /// Wins within the horizon once every horizon is over, with a 95 % prediction interval.
    pub wins: Estimate,
    pub rate: Estimate,
    /// Wins so far over what the curves of the other periods foretell.
    pub pace: Estimate,
    /// Why it can not be trusted; nothing where nothing speaks against it.
    pub doubt: Option<String>,
}

/// What rang, with the error over all tests of all periods together held at 5 %.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    /// Tests made over all periods.
    pub tests: u64,
    /// A test rings at or below this.
    pub threshold: f64,
    /// By period, the smallest p first.
    pub rung: Vec<Alarm>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// Conversion of all leads.
    Conversion,
    /// The score orders leads otherwise.
    Ranking,
    /// A higher bracket converts less than a lower one.
    Brackets,
    /// Low-scored leads convert otherwise, against the rest.
    LowScores,
    /// A criterion's worth.
    Criterion,
    /// A level of a segment, such as a source.
    Segment,
    /// The distribution of the score.
    Score,
    /// The distribution of an input.
    Input,
    /// The log of a kind of events.
    Tracking,
    /// How many leads come in a week.
    Volume,
}

/// A change that is beyond luck and large enough to matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The period in which it happens.
    pub period: String,
    pub kind: AlarmKind,
    /// The criterion, the level, the kind of events; empty where the kind says it all.
    pub what: String,
    pub p: f64,
    pub before: f64,
    pub now: f64,
    /// What `before` and `now` are, in words.
    pub measure: String,
}

/// What to expect of leads, in plain terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmarks {
    /// Mature leads of all compared periods.
    pub leads: u64,
    pub by_bracket: Vec<Yield>,
    pub by_segment: Vec<SegmentYield>,
    pub pipeline: Pipeline,
    /// Nothing where first touches are not recorded.
    pub touch: Option<TouchSpeed>,
    /// Days from creation to win over mature converters: a quarter, half and three quarters have won by then.
    pub days_to_win: [Number; 3],
    /// Nothing where sales' verdicts are not mapped.
    pub feedback: Option<Feedback>,
}

/// What it takes to win in one part of the leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yield {
    pub label: String,
    pub leads: u64,
    pub wins: u64,
    pub rate: Estimate,
    /// Leads for one win.
    pub leads_per_win: Estimate,
    /// Touches for one win; undefined where no kind of events is named as one.
    pub touches_per_win: Number,
    pub value_per_lead: Number,
    /// Leads of the reviewed period, and its rate where mature.
    pub now_leads: u64,
    pub now_rate: Estimate,
    /// Still open, and the wins expected of them within the horizon.
    pub open: u64,
    pub expected: Estimate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentYield {
    pub column: String,
    pub parts: Vec<Yield>,
}

/// Scored leads of the compared periods and after that are neither won nor lost and whose horizon is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    pub open: u64,
    /// Those that are neither won nor lost, whether their horizon is over or not; older reviews did not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<u64>,
    pub expected: Estimate,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self { open: 0, undecided: None, expected: Estimate::undefined("the outcomes have no times") }
    }
}

/// How soon sales touches leads, and how leads fare that were touched sooner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TouchSpeed {
    /// Of the reviewed period's leads, and of the period before.
    pub within_hour: Estimate,
    pub within_day: Estimate,
    pub within_hour_before: Estimate,
    pub within_day_before: Estimate,
    pub classes: Vec<TouchClass>,
    /// Trend of conversion over the classes within brackets, by Mantel-Haenszel's extension; z < 0: later is worse.
    pub z: Number,
    pub p: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TouchClass {
    pub label: String,
    pub leads: u64,
    pub wins: u64,
    pub rate: Estimate,
    /// Mean score of the live model.
    pub mean_score: Number,
}

/// What sales says of the leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    pub by_bracket: Vec<FeedbackPart>,
    pub reasons: Vec<LevelShare>,
    /// Rejected leads of the highest bracket that converted all the same, and accepted ones of the lowest that did not.
    pub rejected_high_wins: u64,
    pub rejected_high: u64,
    pub accepted_low_wins: u64,
    pub accepted_low: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackPart {
    pub label: String,
    pub accepted: u64,
    pub rejected: u64,
    pub share: Estimate,
}

/// Whether a challenger should replace the live model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewDecision {
    /// Which leads it rests on, in words.
    pub window: String,
    pub leads: u64,
    pub wins: u64,
    pub verdict: Verdict,
    pub comparisons: Vec<Comparison>,
    pub gates: Vec<GateEvidence>,
    /// What the audit of the live model would change, which is one of the challengers; missing in older results.
    #[serde(default)]
    pub proposal: Option<Proposal>,
}

/// A change to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    pub what: AdviceKind,
    /// The criterion, the model, the kind of events, the segment.
    pub subject: String,
    /// Points, where points are changed.
    pub from: Option<f64>,
    pub to: Option<f64>,
    /// Wins a quarter at capacity (or in the top 10 %) on leads that the advice was not taken from.
    pub gain: Estimate,
    /// Finished leads that the gain was counted on; older reviews do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads: Option<u64>,
    pub who: String,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdviceKind {
    ReplaceModel,
    ChangePoints,
    RemoveCriterion,
    MendTracking,
    LookAtSegment,
    Recalibrate,
}

/// What earlier reviews said, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Reviews in the ledger before this one.
    pub reviews: u64,
    pub last: Option<Quoted>,
    /// Periods whose mature figures are others than an earlier review saw.
    pub rewritten: Vec<Rewritten>,
    /// Early reads of earlier reviews whose periods are mature now.
    pub judged: Vec<Judged>,
}

/// The review before this one, as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quoted {
    pub period: String,
    /// SHA-256 of its entry in the ledger.
    pub hash: String,
    pub headline: String,
    pub decision: Decision,
    /// The model it advised.
    pub advised: String,
    /// The model in use now.
    pub in_use: String,
    /// Changes to points that it advised and that stand in the live model now, of so many.
    pub followed: u64,
    pub advised_changes: u64,
    pub regret: Option<Regret>,
}

/// What the advice would have brought since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regret {
    /// Mature leads created after the reviewed period of the advice, in words.
    pub window: String,
    pub leads: u64,
    pub wins: u64,
    /// Wins handed over by the advised model less those of the model in use then.
    pub gained: Estimate,
    /// Wins handed over by the model in use then with the changes to its points that were advised, less without them.
    pub changes_gained: Option<Estimate>,
    /// The model that would have been best, of all there are: chosen afterwards, so it looks better than it is.
    pub best: String,
    /// Wins that the best in hindsight hands over beyond the advised one, by interval of that difference.
    pub regret: Estimate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewritten {
    pub period: String,
    /// The review that saw other figures.
    pub seen_in: String,
    pub leads_then: u64,
    pub leads_now: u64,
    pub wins_then: u64,
    pub wins_now: u64,
    /// What was changed, in words.
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    pub period: String,
    pub read_in: String,
    pub rate: Estimate,
    pub happened: f64,
    pub inside: bool,
}

/// One review in the ledger: what the next one needs to know. No clock: the same inputs give the same line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    pub schema: u32,
    pub period: String,
    pub until: Option<String>,
    pub inputs: String,
    pub definition: String,
    pub champion: String,
    pub decision: Decision,
    pub advised: String,
    pub headline: String,
    pub advice: Vec<Advice>,
    pub periods: Vec<Period>,
    pub early: Vec<EarlyRead>,
    /// SHA-256 of the entry before, so that a line that is changed afterwards shows.
    pub before: Option<String>,
}

/// Marks definitions that are hashes of the experiment's own words. Version 0.1.0 hashed how it wrote its structures
/// down, which no other version can tell again.
const OWN_WORDS: &str = "words:";

impl LedgerEntry {
    /// A definition as entries hold it.
    pub fn definition(hash: &str) -> String {
        format!("{OWN_WORDS}{hash}")
    }

    /// Whether it was written under this definition; nothing where the version that wrote it left none to compare.
    pub fn is_defined_as(&self, definition: &str) -> Option<bool> {
        self.definition.starts_with(OWN_WORDS).then(|| self.definition == definition)
    }
}
