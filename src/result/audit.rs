use serde::{Deserialize, Serialize};

use super::{Comparison, Estimate, Notice, Number};

/// The version of `audit.json`. Old versions stay readable.
pub const AUDIT_SCHEMA: u32 = 2;

/// The criteria of one points model, each held against what happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    pub schema: u32,
    pub experiment: String,
    pub model: String,
    /// When a lead is scored, in words.
    pub as_of: String,
    /// Days, or nothing for `ever`.
    pub horizon_days: Option<f64>,
    /// Which leads the criteria are held against, in words.
    pub window: String,
    pub seed: u64,
    pub leads: u64,
    pub wins: u64,
    pub notices: Vec<Notice>,
    pub weighing: Weighing,
    /// What costs most comes first.
    pub criteria: Vec<CriterionAudit>,
    pub proposal: Proposal,
    pub leaks: Leaks,
    /// Kinds of events whose log begins, ends or thins out at a date.
    pub cliffs: Vec<Cliff>,
    pub decays: Vec<Decay>,
    /// What no criterion says and the outcome knows.
    pub missing: Vec<Missed>,
    /// Who converts more, or less, than the score promises.
    pub misjudged: Vec<Misjudged>,
    pub simpler: Simpler,
}

/// How the points were weighed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weighing {
    /// firth, ridge, or none.
    pub method: String,
    /// Log-odds that one point stands for, by the criteria that are worth their points.
    pub scale: Estimate,
    /// The slope of a regression on the unclamped sum alone.
    pub slope: Estimate,
}

/// One criterion, and what the data say of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriterionAudit {
    pub name: String,
    /// What it gives points for.
    pub what: String,
    pub group: Option<String>,
    pub verdict: Belief,
    /// What else is true of it.
    pub also: Vec<Belief>,
    /// The verdict in a sentence.
    pub sentence: String,
    /// Leads on which it fires, and their share.
    pub fires: u64,
    pub share: Estimate,
    pub periods: Vec<CriterionPeriod>,
    /// Mean points that it gives where it fires, after its cap.
    pub contribution: Number,
    pub rate_with: Estimate,
    pub rate_without: Estimate,
    /// `rate_with - rate_without`.
    pub difference: Estimate,
    pub lift: Estimate,
    pub information_value: Number,
    pub configured: f64,
    /// Points that the data imply, adjusted for the other criteria, on the model's own scale.
    pub implied: Estimate,
    /// Of configured points equal to what the data imply.
    pub p: Number,
    /// Benjamini-Hochberg over the criteria.
    pub p_adjusted: Number,
    /// The share of its firings on which it is at its cap.
    pub capped: Number,
    /// Points by which it misplaces a typical lead: |configured - implied| times the deviation of its strength.
    pub cost: Number,
    /// Leads it would take to tell the criterion from a worthless one; for too little data.
    pub leads_needed: Number,
    /// The criterion that says the same.
    pub twin: Option<String>,
}

/// A criterion in one calendar quarter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriterionPeriod {
    pub label: String,
    pub leads: u64,
    pub share: Estimate,
    pub rate_with: Estimate,
    /// What the quarter alone implies.
    pub implied: Estimate,
}

/// What a criterion turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Belief {
    WrongSign,
    OverWeighted,
    UnderWeighted,
    Redundant,
    Dead,
    Saturated,
    Unstable,
    TooLittleData,
    Fine,
    /// The points cannot be weighed at all.
    Unknown,
}

impl Belief {
    pub fn in_words(self) -> &'static str {
        match self {
            Self::WrongSign => "wrong sign",
            Self::OverWeighted => "over-weighted",
            Self::UnderWeighted => "under-weighted",
            Self::Redundant => "redundant",
            Self::Dead => "dead",
            Self::Saturated => "saturated",
            Self::Unstable => "unstable",
            Self::TooLittleData => "too little data",
            Self::Fine => "fine",
            Self::Unknown => "cannot be weighed",
        }
    }

    /// Nothing that asks for a change.
    pub fn is_quiet(self) -> bool {
        matches!(self, Self::TooLittleData | Self::Fine | Self::Unknown)
    }
}

/// The smallest change of whole points that a part of the training window kept aside supports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Of the variant.
    pub name: String,
    /// Empty: nothing is proposed.
    pub edits: Vec<Edit>,
    /// Why it is proposed, or why nothing is.
    pub reason: String,
    /// Gain in AUC on the part kept aside.
    pub held_out: Estimate,
    pub held_out_leads: u64,
    /// The variant against the model, on the evaluation window.
    pub evidence: Option<Comparison>,
    /// A variant for the experiment file.
    pub yaml: Option<String>,
}

/// A line of the change list for those who edit the CRM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    pub criterion: String,
    pub from: f64,
    pub to: f64,
    pub why: String,
}

/// Columns that seem to know the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaks {
    pub columns: Vec<Leak>,
    /// AUC of a regression on all columns, and without the leaks, on the evaluated leads.
    pub auc_with: Estimate,
    pub auc_without: Estimate,
}

/// A column that seems to know the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leak {
    pub column: String,
    /// In words.
    pub why: String,
    /// AUC of the column alone.
    pub auc: Estimate,
    /// The share of winners and of others for whom it is filled.
    pub filled_won: Estimate,
    pub filled_other: Estimate,
}

/// What happens to the log of a kind of events at a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CliffKind {
    Begins,
    Ends,
    ThinsOut,
    Swells,
}

/// A kind of events whose log changes at a date in a way that leads do not explain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cliff {
    pub kind: String,
    pub what: CliffKind,
    /// A date.
    pub at: String,
    /// Events a lead would lead one to expect, before and after.
    pub before: f64,
    pub after: f64,
    /// Criteria that read the kind.
    pub criteria: Vec<String>,
    /// The share of the scored leads that it touches.
    pub share: Number,
}

/// How fast a criterion's events fade, by the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decay {
    pub criterion: String,
    /// Days; nothing where no half-life is set.
    pub configured_days: Option<f64>,
    /// Days; nothing where no linear expiry is set.
    pub configured_expiry: Option<f64>,
    /// Days; infinite: no decay.
    pub half_life: Estimate,
    /// Days until nothing is left, on a straight line; infinite: no decay.
    pub expiry: Estimate,
    /// Likelihood ratio against no decay, Benjamini-Hochberg over the criteria.
    pub p: Number,
    pub sentence: String,
}

/// What a criterion that is missing would read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedKind {
    /// A column of the leads.
    Column,
    /// A kind of events that no criterion reads.
    Event,
    /// Two criteria that together are worth more, or less, than their points added up.
    Pair,
}

/// A criterion that the model does not have and that would add to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missed {
    pub name: String,
    pub kind: MissedKind,
    /// The column, the kind of events, or the two criteria.
    pub reads: String,
    /// The share of leads for which it holds, and how they convert.
    pub share: Estimate,
    pub rate: Estimate,
    /// What it is worth beside the criteria there are, on the model's scale.
    pub points: Estimate,
    /// Benjamini-Hochberg over all that was looked at of its kind; columns and events are one family.
    pub p_adjusted: Number,
    /// Ready for the experiment file.
    pub criterion: String,
}

/// A part of the leads that converts more, or less, than others with the same score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Misjudged {
    pub name: String,
    /// The column that tells it.
    pub reads: String,
    /// Converts well and scores low; false: the reverse.
    pub undervalued: bool,
    /// Of the training leads.
    pub share: Number,
    pub rate: Estimate,
    /// The rate of other leads with the same scores.
    pub expected: Number,
    /// Benjamini-Hochberg over all parts looked at.
    pub p_adjusted: Number,
}

/// The criteria of one points model held against what happened on the training leads: the audit's first part, as it
/// stands in the report of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriteriaAudit {
    pub model: String,
    /// Which leads, in words.
    pub window: String,
    pub leads: u64,
    pub wins: u64,
    pub weighing: Weighing,
    /// What costs most comes first.
    pub criteria: Vec<CriterionAudit>,
}

/// The model with one criterion fewer at a time, the least missed first, on the evaluation window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simpler {
    pub steps: Vec<SimplerStep>,
    /// So many steps lose no more than one point in a hundred of AUC, and no capture that can be seen.
    pub without_loss: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimplerStep {
    /// The criterion that goes, after those before it.
    pub criterion: String,
    /// Differences to the whole model, simultaneous over all steps.
    pub auc: Estimate,
    pub capture: Estimate,
}
