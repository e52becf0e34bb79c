use serde::{Deserialize, Serialize};

use crate::metrics::MetricId;

use super::{Estimate, GateAsked, GateFound, HandOver, Number, ParadoxKind, Per, Reading, ThresholdAim, Tied, TraitOf};

/// What stands behind a decision, beside the comparisons themselves. Every part may be missing: older results have none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Evidence {
    /// Every stated gate for every challenger, in the order of the experiment file.
    pub gates: Vec<GateEvidence>,
    /// Every pair of models.
    pub pairs: Vec<Pair>,
    /// A model each.
    pub thresholds: Vec<Thresholds>,
    /// Which leads sales worked, and what that does to the comparison.
    pub worked: Option<Worked>,
    /// Challenger against champion, segment by segment.
    pub segments: Vec<SegmentDifference>,
    /// Columns that hide or turn what a model's score says.
    pub paradoxes: Vec<Paradox>,
    /// Who swaps in and who swaps out.
    pub traits: Vec<Trait>,
    /// Brackets without a single win, and whether that means anything.
    pub silent: Vec<Silent>,
    /// What waiting for more evidence costs, for every challenger for which it does not reach.
    pub waiting: Vec<Waiting>,
    /// What is lost by not working the lowest scores, a model after the other.
    pub bottom: Vec<Bottom>,
    /// What one would do on Monday; nothing where nothing is to be expected of any switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prospect: Option<Prospect>,
    /// How far the values are those of a few deals; nothing where wins carry no value.
    pub deals: Option<Deals>,
}

/// What is to be expected of a switch, whether it is proven or not: under a prior by which all models are alike, and learned
/// from all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prospect {
    pub challenger: String,
    /// Whether more is to be expected of it than a switch costs.
    pub switch: bool,
    /// The chance that it hands over more winners than the champion.
    pub chance: f64,
    /// Winners more in the mean, and fewer in the mean where it hands over fewer.
    pub gain: f64,
    pub loss: f64,
    pub per: Per,
}

/// How far what the wins are worth is what a few of them are worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deals {
    /// What a deal counts at most in comparisons: the 95th percentile.
    pub cap: Number,
    /// Deals above it.
    pub capped: u64,
    /// Share of all value that the ten largest deals make.
    pub largest: Number,
}

impl Deals {
    /// Whether ten deals make the total: what is won then hangs on who had luck with them.
    pub fn make_the_total(&self) -> bool {
        self.largest.finite().is_some_and(|share| share > 0.5)
    }
}

/// Until there are leads enough to settle the open gates (without gates: to see the smallest worthwhile difference).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    pub challenger: String,
    /// More mature leads it takes.
    pub more_leads: Number,
    /// Days until then at the present rate.
    pub days: Number,
    /// The day, where leads have times.
    pub by: Option<String>,
    /// The winners that the challenger would hand over more until then, if the present estimate is right.
    pub wins_until: Estimate,
    /// What they are worth; nothing where wins carry no value.
    pub value_until: Option<Estimate>,
}

/// The leads with the lowest scores of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bottom {
    pub model: String,
    /// Their share of the leads, 0 to 1.
    pub share: f64,
    /// Possibly fractional.
    pub leads: f64,
    pub wins: Tied,
    /// Share of all wins among them.
    pub share_of_wins: Estimate,
    /// Undefined without times.
    pub wins_per_quarter: Number,
    /// What those wins were worth; nothing where wins carry no value.
    pub value: Option<f64>,
    /// What it costs to work them; nothing where that is not stated.
    pub cost: Option<f64>,
    /// The share of them that sales worked; nothing where that is not known.
    pub worked: Option<Number>,
}

/// A bracket without a win.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silent {
    pub model: String,
    pub bracket: String,
    pub leads: u64,
    /// The rate of all leads, which the bracket is held against.
    pub rate: f64,
    /// The probability of no win at that rate.
    pub chance: f64,
    /// The fewest leads without a win that would be evidence, at 95 %.
    pub enough: Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    Passed,
    /// The evidence is against it.
    Failed,
    /// The evidence does not reach.
    Open,
}

impl GateOutcome {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Open => "open",
        }
    }
}

/// One gate and what was found for one challenger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateEvidence {
    pub challenger: String,
    pub asked: GateAsked,
    /// The metric it speaks of.
    pub metric: MetricId,
    pub outcome: GateOutcome,
    /// Challenger minus champion, with the interval the gate goes by; of several parts, the one that decides.
    pub difference: Estimate,
    pub confidence: f64,
    pub found: GateFound,
    /// Segments or quarters, where the gate asks for each.
    pub parts: Vec<GatePart>,
    /// More mature leads it would take for 80 % power at the gate's margin; for an open gate.
    pub more_leads: Number,
    /// Days until then at the present rate.
    pub days: Number,
    /// The day, where leads have times.
    pub by: Option<String>,
    /// The smallest margin that these leads would settle with 80 % power; for an open gate.
    #[serde(default)]
    pub settles: Option<f64>,
}

/// A segment or a quarter of a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatePart {
    pub label: String,
    pub leads: u64,
    pub wins: u64,
    pub difference: Estimate,
    pub outcome: GateOutcome,
}

/// Two models on the same leads: `b` minus `a`, simultaneous over all pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub a: String,
    pub b: String,
    /// Difference in the share of wins captured.
    pub capture: Estimate,
    /// Holm over all pairs.
    pub capture_p: Number,
    pub auc: Estimate,
    pub auc_p: Number,
}

/// At which score a model hands leads over, and what each such score brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    pub model: String,
    /// From the highest score down.
    pub rows: Vec<Threshold>,
    pub chosen: Vec<ChosenThreshold>,
}

/// Leads at or over a score are handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    pub score: f64,
    pub leads: u64,
    pub wins: u64,
    /// Share of them that convert.
    pub precision: Estimate,
    /// Share of all wins among them.
    pub recall: Estimate,
    /// Leads a week; undefined without times.
    pub per_week: Number,
    /// Their wins' worth less their cost, a lead of all; nothing where costs are not stated.
    pub value_per_lead: Option<Estimate>,
    /// Vickers & Elkin (2006) at the odds of cost to value, in wins a hundred leads.
    pub net_benefit: Option<Number>,
}

/// The threshold that meets a capacity, a precision or a cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenThreshold {
    /// What it meets.
    pub aim: ThresholdAim,
    pub score: Estimate,
    pub leads: u64,
    pub wins: u64,
    pub precision: Estimate,
    pub recall: Estimate,
    /// The same rule in each quarter alone.
    pub quarters: Vec<QuarterThreshold>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarterThreshold {
    pub quarter: String,
    pub score: Number,
}

/// History as sales worked it: what was not worked could hardly convert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worked {
    pub leads: u64,
    pub worked: u64,
    /// By bracket of the champion's score (of the first model's without one).
    pub by_score: Vec<WorkedPart>,
    pub models: Vec<WorkedModel>,
    /// Corrected differences to the champion.
    pub differences: Vec<WorkedDifference>,
    pub overlap: Overlap,
    /// Estimated is the share of the wins handed over so, had every lead been worked.
    pub hand_over: HandOver,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkedPart {
    pub label: String,
    pub leads: u64,
    pub worked: u64,
    pub share: Estimate,
    /// Conversion among those worked, and among the others.
    pub rate_worked: Estimate,
    pub rate_not_worked: Estimate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkedModel {
    pub model: String,
    /// Of the leads it would have handed over, the share that was worked.
    pub share_worked: Estimate,
    /// Capture as history shows it.
    pub naive: Estimate,
    pub inverse_propensity: Estimate,
    pub doubly_robust: Estimate,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkedDifference {
    pub challenger: String,
    pub naive: Number,
    pub doubly_robust: Estimate,
}

fn none_trimmed() -> Number {
    Number::Value(0.0)
}

/// Whether worked leads are found wherever a model would hand leads over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// Why nothing can be corrected; nothing where it can.
    pub refused: Option<String>,
    pub lowest_propensity: Number,
    pub highest_propensity: Number,
    /// Share of leads whose propensity is below 5 %.
    pub thin: Number,
    /// Kish's effective number of worked leads under the weights.
    pub effective: Number,
    /// Share of leads whose propensity was raised to the least one that is used; missing in older results.
    #[serde(default = "none_trimmed")]
    pub trimmed: Number,
}

/// Challenger minus champion in one segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentDifference {
    pub challenger: String,
    pub column: String,
    pub label: String,
    pub leads: u64,
    pub wins: u64,
    /// In the AUC within the segment.
    pub auc: Estimate,
    pub p: Number,
    /// Benjamini and Hochberg over all segments of all challengers.
    pub q: Number,
    /// In the share of the segment's wins that are handed over.
    pub capture: Estimate,
    /// Where the false-discovery rate allows one.
    pub reading: Option<Reading>,
}

/// A score says one thing of all leads together and another within the levels of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paradox {
    pub model: String,
    pub column: String,
    pub kind: ParadoxKind,
    pub pooled: Estimate,
    /// The AUC of pairs within a level, weighted by their number.
    pub within: Estimate,
    /// The level without which pooled and within come closest.
    pub level: String,
    pub level_leads: u64,
    pub level_rate: Estimate,
    /// Share of the level's leads with the lowest score of all.
    pub level_lowest: Number,
    /// Conversion above the median score less below it: of all leads, and standardised over the levels.
    pub crude_difference: Number,
    pub standardised_difference: Number,
}

/// What tells those who swap in from those who swap out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trait {
    pub challenger: String,
    pub of: TraitOf,
    pub what: String,
    pub swapped_in: Estimate,
    pub swapped_out: Estimate,
    pub difference: Estimate,
}
