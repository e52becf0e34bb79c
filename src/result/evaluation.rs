use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::MetricId;

use super::{
    Barred, CriteriaAudit, CurveMethod, CutRule, Estimate, Evidence, HandOver, Level, ModelKind, NoCurves, Notice,
    Number, ProbabilityMap, Proposal, Reason,
};

/// The version of `evaluation.json`. Old versions stay readable.
pub const SCHEMA: u32 = 2;

/// Several models on the same leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    pub schema: u32,
    pub experiment: String,
    pub setting: Setting,
    pub readiness: Readiness,
    pub notices: Vec<Notice>,
    pub ledger: Ledger,
    pub findings: Vec<FindingCount>,
    /// In the order of the experiment file.
    pub models: Vec<ModelEvaluation>,
    /// Every challenger against the champion.
    pub comparisons: Vec<Comparison>,
    pub verdict: Verdict,
    /// Gates, thresholds, pairs, segments: missing in older results.
    #[serde(default)]
    pub evidence: Evidence,
    /// The criteria of the champion (or of the first points model) held against what happened: missing in older results,
    /// without training leads or points, and where the experiment says `audit: false`.
    #[serde(default)]
    pub criteria: Option<CriteriaAudit>,
    /// What the audit of the champion would change, which is one of the models; missing in older results and where it
    /// would change nothing.
    #[serde(default)]
    pub proposal: Option<Proposal>,
}

/// What was asked: how the leads were replayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub champion: Option<String>,
    /// When a lead is scored, in words: "7 days after creation".
    pub as_of: String,
    /// Days, or nothing for `ever`.
    pub horizon_days: Option<f64>,
    /// In words: "2026-01-01 to 2026-06-15".
    pub train: Option<String>,
    /// Where models are fitted anew for each period, the fits, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub walk: Vec<FitSetting>,
    pub evaluate: String,
    /// When the outcomes were exported; nothing where outcomes have no times.
    pub until: Option<String>,
    pub timezone: String,
    pub currency: Option<String>,
    pub capacity: Option<CapacitySetting>,
    pub seed: u64,
}

/// A period, and what the models that score its leads were fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitSetting {
    /// "2026Q3".
    pub period: String,
    /// Its first day: what the fit learns from was known by then.
    pub begins: String,
    /// Leads that the fit learns from, and how many of them won.
    pub leads: u64,
    pub wins: u64,
}

/// How many leads sales can work in a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacitySetting {
    pub leads: f64,
    pub per_days: f64,
    /// Not stated, but how many leads sales worked.
    #[serde(default)]
    pub estimated: bool,
}

/// How much the data can say, before any result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    /// Leads evaluated (mature).
    pub leads: u64,
    /// Of how many accounts they are, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u64>,
    pub wins: u64,
    pub rate: Estimate,
    /// The smallest difference in AUC that this many wins would show with 80 % power.
    pub detectable_auc: Number,
    /// The smallest difference in capture in the top 10 % likewise, as a share of wins.
    pub detectable_capture: Number,
}

/// What became of every lead: the parts add up to `read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    pub read: u64,
    pub training: u64,
    pub evaluated: u64,
    pub immature: u64,
    /// Each lead under its first reason, in the order in which reasons are asked.
    pub exclusions: Vec<Exclusion>,
    /// Wins among the leads left out as decided before they were scored, and all wins of the window.
    pub wins_before_as_of: u64,
    pub wins_in_window: u64,
    /// The same at other moments of scoring, when the share is above 10 %.
    pub wins_before: Vec<WinsBefore>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    pub reason: String,
    pub leads: u64,
}

/// Wins that come before a moment of scoring so many days after creation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WinsBefore {
    pub days: f64,
    pub wins: u64,
    pub of: u64,
}

/// One kind of trouble in the data, counted. The rows stand in `findings.csv`, which stays on the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingCount {
    /// Which input: leads, events, outcomes.
    pub input: String,
    /// In words: "conversions before creation".
    pub what: String,
    pub count: u64,
    pub level: Level,
    /// What to do about it.
    pub advice: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Any range; only the order means something.
    Points,
    /// From 0 to 1.
    Probability,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEvaluation {
    pub name: String,
    pub kind: ModelKind,
    pub scale: Scale,
    /// Why this model cannot be promoted on this evidence; nothing where it can.
    pub not_promotable: Option<Barred>,
    /// Evaluated leads without a score, ranked last in one tied block.
    pub unscored: u64,
    pub leads: u64,
    pub wins: u64,
    pub brackets: Brackets,
    pub top: Vec<TopShare>,
    /// The cumulative gain curve, from (0, 0) to (1, 1).
    pub gain: Vec<GainPoint>,
    /// Every metric of the table, by its id; those that an older result has not are missing.
    pub metrics: BTreeMap<MetricId, Estimate>,
    pub ranking: Ranking,
    pub calibration: Calibration,
    pub time_to_convert: TimeToConvert,
    pub distribution: Vec<ScoreBin>,
    pub segments: Vec<Segmentation>,
    pub periods: Vec<Part>,
    /// Each group of criteria as a model of its own.
    pub groups: Vec<Part>,
    pub capacity: Option<Capacity>,
    /// What the model is made of, in words.
    pub card: Vec<CardLine>,
    /// What the experiment file says of it; missing in older results.
    #[serde(default)]
    pub about: About,
    /// What it takes to put it in the champion's place; missing in older results.
    #[serde(default)]
    pub effort: Effort,
}

/// What it takes to put a model in another's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Whether a CRM can compute it with what it has: points, or a score that is there.
    pub in_crm: bool,
    /// Criteria and limits to change, to add and to take away; of other kinds all weights that there are.
    pub edits: u64,
}

impl Effort {
    /// The less of it the smaller.
    pub fn order(self) -> (bool, u64) {
        (!self.in_crm, self.edits)
    }
}

impl ModelEvaluation {
    /// The model's value in a metric; undefined where the result has none.
    pub fn metric(&self, id: MetricId) -> Estimate {
        self.metrics.get(&id).cloned().unwrap_or_else(|| Estimate::undefined("not computed when this was made"))
    }

    /// The leads with the highest scores, a share of all.
    pub fn top(&self, share: f64) -> Option<&TopShare> {
        self.top.iter().find(|top| (top.share - share).abs() < 1e-9)
    }
}

/// What the people behind a model say of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    /// The team or the role that answers for it.
    pub owner: Option<String>,
    pub description: Option<String>,
    /// From the highest scores down.
    pub tiers: Vec<TierNote>,
    /// The score at which sales takes over.
    pub threshold: Option<f64>,
}

/// A range of scores with a name, from `from` to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierNote {
    pub name: String,
    pub from: f64,
    /// What sales does with a lead in it.
    pub does: Option<String>,
}

/// One criterion, coefficient or part of a model, as a reader would say it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardLine {
    pub name: String,
    pub what: String,
    /// Points or coefficient.
    pub weight: Estimate,
    /// Share of the evaluated leads for which it is not zero.
    pub fires: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brackets {
    /// How the brackets were cut.
    pub rule: CutRule,
    /// From the lowest scores to the highest.
    pub rows: Vec<Bracket>,
    /// Cochran-Armitage, z > 0 when conversion rises with the bracket.
    pub trend_z: Number,
    pub trend_p: Number,
    /// Pairs of neighbours in the wrong order, as (lower bracket, higher bracket, p of the difference).
    pub inversions: Vec<Inversion>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inversion {
    pub lower: String,
    pub higher: String,
    /// Rate of the higher bracket minus the rate of the lower one: negative.
    pub difference: Estimate,
    pub p: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bracket {
    pub label: String,
    /// Inclusive; nothing for the lowest.
    pub from: Option<f64>,
    /// Exclusive; nothing for the highest.
    pub to: Option<f64>,
    pub leads: u64,
    pub share: Number,
    pub wins: u64,
    pub rate: Estimate,
    /// Rate over the overall rate.
    pub lift: Estimate,
    /// Share of all wins in this bracket or a higher one.
    pub capture: Number,
    pub value: Option<f64>,
    /// From creation to win, over mature converters within the horizon.
    pub median_days: Number,
    /// Scored leads of the bracket whose horizon is still open.
    pub immature: u64,
}

/// Worst, expected and best order of tied leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tied {
    pub worst: Number,
    pub expected: Number,
    pub best: Number,
}

/// The leads with the highest scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopShare {
    /// 0 to 1.
    pub share: f64,
    /// Possibly fractional.
    pub leads: f64,
    pub wins: Tied,
    pub lift: Tied,
    pub lift_interval: Estimate,
    /// Share of all wins among them.
    pub capture: Tied,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainPoint {
    pub share: f64,
    pub capture: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// The average precision of a random order.
    pub prevalence: Number,
    /// The score at which the KS distance lies.
    pub ks_threshold: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How scores became probabilities, or why they did not.
    pub map: ProbabilityMap,
    /// Mean prediction and what happened.
    pub mean_predicted: Number,
    pub observed: Estimate,
    pub reliability: Vec<ReliabilityBin>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityBin {
    pub leads: u64,
    pub predicted: f64,
    pub observed: Estimate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeToConvert {
    /// Why there are no curves; nothing where there are.
    pub refused: Option<NoCurves>,
    /// Nothing where there are no curves.
    pub method: Option<CurveMethod>,
    /// One a bracket, in the brackets' order.
    pub curves: Vec<Curve>,
    pub logrank_chi2: Number,
    pub logrank_df: Number,
    pub logrank_p: Number,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    pub label: String,
    pub leads: u64,
    pub wins: u64,
    pub losses: u64,
    /// Thinned to at most 200 steps.
    pub points: Vec<CurvePoint>,
    /// Days over which incidence and mean are taken.
    pub to_days: f64,
    pub incidence: Estimate,
    /// Mean days without a win within `to_days`.
    pub restricted_mean: Estimate,
    /// Days until half of the bracket has converted: often not reached.
    pub median: Number,
    /// Days from `as_of` to the win among mature converters within the horizon.
    pub median_of_wins: Number,
}

/// Incidence of conversion by `days` after `as_of`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    pub days: f64,
    pub incidence: f64,
    pub low: f64,
    pub high: f64,
}

/// Share of the converted and of the others with a score in `[from, to)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreBin {
    pub from: f64,
    pub to: f64,
    pub wins: u64,
    pub others: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segmentation {
    pub column: String,
    pub parts: Vec<Part>,
}

/// The model on a part of the leads: a segment, a period; or one group of its criteria on all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub label: String,
    pub leads: u64,
    pub wins: u64,
    pub rate: Estimate,
    pub auc: Estimate,
    /// Lift in the top 10 % of the part.
    pub lift: Number,
    pub immature: u64,
}

/// Period by period: what the model would have handed to sales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    pub periods: u64,
    /// Periods with an immature lead or cut short.
    pub left_out: u64,
    pub handed_over: f64,
    /// Leads in the periods counted, and the wins among them.
    pub leads: u64,
    pub wins_in_all: u64,
    pub wins: Tied,
    pub capture: Tied,
    pub value: Option<f64>,
    pub median_days: Number,
}

/// A challenger against the champion on the same leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    pub champion: String,
    pub challenger: String,
    pub differences: Vec<Difference>,
    pub swap: SwapSet,
    /// More wins handed over at capacity (or in the top 10 %), over the leads evaluated, as history shows them; the
    /// interval holds for all challengers at once.
    pub wins: Estimate,
    /// The same a quarter of a year, and what they are worth; undefined without times.
    pub wins_per_quarter: Estimate,
    pub value_per_quarter: Option<Estimate>,
    pub decision: Decision,
    /// What the decision rests on, where no gates are stated; missing in older results.
    #[serde(default)]
    pub gain: Gain,
    /// Leads it would take to see the smallest worthwhile difference with 80 % power; for `NotEnoughEvidence`.
    pub leads_needed: Number,
}

/// Challenger minus champion in winners handed over, with the interval that holds for all challengers at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    pub winners: Estimate,
    pub per: Per,
    pub basis: Basis,
    /// The smallest difference that these leads would show with 80 % power, from the spread of this one.
    pub detectable: Number,
}

impl Default for Gain {
    fn default() -> Self {
        let none = "not computed when this was made";
        Self {
            winners: Estimate::undefined(none),
            per: Per::Quarter,
            basis: Basis::WorkedUnknown,
            detectable: Number::undefined(none),
        }
    }
}

/// What winners are counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A quarter of a year.
    Quarter,
    /// Where outcomes have no times.
    ThousandLeads,
}

/// How far history can show what the leads handed over would have won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// As it happened: sales worked every lead.
    AllWorked,
    /// Estimated, had sales worked every lead.
    HadAllBeenWorked,
    /// As it happened; nobody says which leads sales worked.
    WorkedUnknown,
    /// As it happened; what was not worked cannot be judged from what was.
    NoOverlap,
}

impl Basis {
    /// Whether it can show that a challenger gains nothing. Else it may gain from leads that were never worked.
    pub fn shows_losses(self) -> bool {
        matches!(self, Self::AllWorked | Self::HadAllBeenWorked)
    }
}

/// Challenger minus champion in one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    pub metric: MetricId,
    pub champion: Number,
    pub challenger: Number,
    /// With its own interval.
    pub difference: Estimate,
    /// The interval that holds for all comparisons of this metric at once.
    pub simultaneous: Estimate,
    pub p: Number,
    /// Holm over the comparisons of this metric.
    pub p_adjusted: Number,
}

/// At capacity (or in the top 10 %): the leads both would hand over, one, the other, neither. Fractional under ties.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapSet {
    pub hand_over: HandOver,
    pub both: SwapCell,
    pub champion_only: SwapCell,
    pub challenger_only: SwapCell,
    pub neither: SwapCell,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapCell {
    pub leads: f64,
    pub wins: f64,
    pub rate: Estimate,
    pub value: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Promote,
    Keep,
    NotEnoughEvidence,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    pub decision: Decision,
    /// The model to use: a promoted challenger, the champion, or (without a champion) the best.
    pub model: Option<String>,
    /// The metric the decision rests on; nothing where nothing was evaluated.
    pub metric: Option<MetricId>,
    pub hand_over: HandOver,
    /// What is claimed for the named challenger (or the best guess) over the champion: in the metric, a quarter or in a
    /// thousand leads, without the luck of having been picked; the interval holds for all challengers at once.
    pub difference: Option<Estimate>,
    pub challenger: Option<String>,
    /// Models that the data cannot tell from the best, in the order of the experiment.
    pub tied: Vec<String>,
    pub reasons: Vec<Reason>,
}
