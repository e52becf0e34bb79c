//! What results say beside their numbers, as codes with arguments: `report` has the words.

use serde::{Deserialize, Serialize};

use super::{Cliff, Decision, Effort, Estimate, GateOutcome, Per, Suspicion, WinsBefore};

/// Who is handed over to sales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HandOver {
    /// The best of all leads at once, a share from 0 to 1.
    Top { share: f64 },
    /// The best of each period.
    Capacity { leads: f64, per_days: f64 },
    /// Of a result of version 1, in its words.
    Written { text: String },
}

/// How a model comes to its scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelKind {
    Points,
    Logistic,
    File,
    Column,
    Blend,
    Constant,
    Random,
    Lightgbm,
    Xgboost,
    Linear,
    /// Of a result of version 1, in its words.
    Written {
        text: String,
    },
}

/// Every kind, its key in an experiment file, and what it is.
const MODEL_KINDS: [(ModelKind, &str, &str); 10] = [
    (ModelKind::Points, "points", "points for what is known of a lead, set by hand"),
    (ModelKind::Logistic, "logistic", "a logistic regression, fitted to past leads"),
    (ModelKind::File, "file", "a logistic regression as it was fitted before"),
    (ModelKind::Column, "column", "a score that came with the leads"),
    (ModelKind::Blend, "blend", "a mix of other models' scores"),
    (ModelKind::Constant, "constant", "the same score for every lead, a floor to beat"),
    (ModelKind::Random, "random", "a random score, a floor to beat"),
    (ModelKind::Lightgbm, "lightgbm", "a LightGBM model, made elsewhere and read from its file"),
    (ModelKind::Xgboost, "xgboost", "an XGBoost model, made elsewhere and read from its file"),
    (ModelKind::Linear, "linear", "weights made elsewhere and read from their file"),
];

impl ModelKind {
    /// Of the key in an experiment file.
    pub fn named(name: &str) -> Self {
        let known = MODEL_KINDS.iter().find(|known| known.1 == name);
        known.map_or_else(|| Self::Written { text: name.into() }, |known| known.0.clone())
    }

    /// The key in an experiment file.
    pub fn as_str(&self) -> &str {
        self.known().map_or_else(|text| text, |known| known.1)
    }

    /// What it is, in words.
    pub fn definition(&self) -> &str {
        self.known().map_or_else(|text| text, |known| known.2)
    }

    /// Whether it is a floor that others are held against, and no candidate itself.
    pub fn is_floor(&self) -> bool {
        matches!(self, Self::Constant | Self::Random)
    }

    /// Whether it is fitted to leads and can be written as a file.
    pub fn is_fitted(&self) -> bool {
        matches!(self, Self::Logistic)
    }

    /// Whether it learns from the training leads, or may be mixed of models that do.
    pub fn may_learn(&self) -> bool {
        matches!(self, Self::Logistic | Self::Blend)
    }

    /// Its line in the table, or its words.
    fn known(&self) -> Result<&'static (Self, &'static str, &'static str), &str> {
        match self {
            Self::Written { text } => Err(text),
            kind => Ok(MODEL_KINDS.iter().find(|known| known.0 == *kind).expect("every kind stands in the table")),
        }
    }
}

/// Why a model cannot be promoted whatever its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Barred {
    /// It reads columns that are known only as exported.
    RestsOn { columns: Vec<String> },
    /// It reads what the outcome seems to have written, or what sales itself made.
    Suspended { on: Vec<Suspicion> },
    /// It was fitted, outside of this run, on outcomes of leads that it is judged on: so many of them.
    LearnedFrom { fitted_on: String, leads: u64 },
    /// It is mixed of a model that cannot be promoted.
    MixedOf { model: String, because: Box<Barred> },
    /// Of a result of version 1, in its words.
    Written { text: String },
}

impl Barred {
    /// Whether it knows outcomes of leads that it is judged on.
    pub fn has_learned_from(&self) -> bool {
        match self {
            Self::LearnedFrom { .. } => true,
            Self::MixedOf { because, .. } => because.has_learned_from(),
            _ => false,
        }
    }

    /// Whether its own figures cannot be believed: it reads what the outcome seems to have written, or has learned from it.
    pub fn knows_the_outcome(&self) -> bool {
        !self.suspicions().is_empty() || self.has_learned_from()
    }

    /// What is held against it, also by way of what it is mixed of.
    pub fn suspicions(&self) -> &[Suspicion] {
        match self {
            Self::Suspended { on } => on,
            Self::MixedOf { because, .. } => because.suspicions(),
            Self::RestsOn { .. } | Self::LearnedFrom { .. } | Self::Written { .. } => &[],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Good to know.
    Note,
    /// Changes how a result is to be read.
    Warning,
    /// Forbids a conclusion.
    Banner,
}

/// What a reader must know beside the numbers: a code with its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub level: Level,
    #[serde(flatten)]
    pub fact: Fact,
}

/// A question that the data leave open and that the answer hangs on, with the answer under each reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenQuestion {
    pub question: Question,
    pub answers: Vec<ReadingAnswer>,
}

/// What is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// A few outcomes lie beyond a long gap: is the last before it the day of the export?
    Until { rows: u64 },
    /// It is doubted that these columns were known when leads were scored.
    KnownInTime { columns: Vec<String> },
    /// Leads of one account, which this column may name, are taken for independent: they convert together.
    Accounts { column: String, accounts: u64, leads: u64, design_effect: f64 },
}

impl OpenQuestion {
    /// Whether every reading leads to the same decision.
    pub fn is_one_answer(&self) -> bool {
        self.answers.windows(2).all(|pair| (pair[0].decision, &pair[0].model) == (pair[1].decision, &pair[1].model))
    }
}

/// The answer under one reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadingAnswer {
    /// How the question is read: a day, with or without the columns.
    pub reading: String,
    pub decision: Decision,
    pub model: Option<String>,
    /// Of the challenger that decides, in winners a quarter where there are times.
    pub gain: Option<Estimate>,
}

/// Codes of notices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "snake_case")]
pub enum Fact {
    /// Of a result of version 1, in its words.
    Written {
        text: String,
    },
    Barred {
        model: String,
        because: Barred,
    },
    /// Models read something that may know the outcome.
    Doubted {
        models: Vec<String>,
        suspicion: Suspicion,
    },
    /// Models read something that looks as if it knew the outcome, and the user says it does not.
    DeclaredByYou {
        models: Vec<String>,
        suspicion: Suspicion,
    },
    /// Many wins come before the leads are scored, here and at other moments of scoring.
    WinsBeforeAsOf {
        wins: u64,
        of: u64,
        as_of: String,
        others: Vec<WinsBefore>,
    },
    NoTimes,
    NoCreationTimes,
    /// Fewer mature wins than it takes to act on a ranking.
    FewWins {
        wins: u64,
        enough: u64,
    },
    /// No capacity is stated: what sales worked a week stands for it.
    CapacityEstimated {
        leads: f64,
    },
    /// A capacity is stated and the outcomes have no times.
    CapacityNotReplayed,
    NoTrainingLeads,
    WorkedUnknown,
    /// The model in question reads events of a kind that the log has not.
    UnknownEvents(UnknownEvents),
    /// The same of one model of several.
    UnknownEventsOf {
        model: String,
        unknown: UnknownEvents,
    },
    TrackingBreak(Cliff),
    /// Leads from before a break of the log are left out of a walk.
    WalkStartsAfter(Cliff),
    /// How many times as wide the interval of a difference would be, had models learned from other leads.
    RefitSpread {
        champion: String,
        challenger: String,
        wider: f64,
        draws: u64,
        /// Whether the interval that decides would then reach the other side of 0.
        undoes: bool,
    },
    /// Winners of a model by each period's own fit, less those by the fit of the period before.
    StaleFit {
        model: String,
        winners: Estimate,
        per: Per,
    },
    /// An audit of an experiment that walks and fits nothing.
    WeighedOnAll,
    /// An audit over leads of which sales worked those with a high score more often than the others: the shares, from 0 to 1.
    WorkedByScore {
        high: f64,
        low: f64,
    },
    /// Criteria may read what the sale itself has written.
    CriteriaOfTheSale {
        model: String,
        because: Barred,
    },
    /// What an audit proposes is not judged on leads from both sides of a break of the log.
    NotJudgedAcrossBreak,
    /// For most criteria of an audit.
    FewWinsForCriteria {
        wins: u64,
        leads: u64,
    },
    /// The live model of a review may read what the sale itself has written.
    LiveModelOfTheSale {
        model: String,
        because: Barred,
    },
    /// A line of the ledger of reviews does not follow from the one before it.
    LedgerBroken {
        line: u64,
    },
    /// A review of outcomes without times.
    NoEarlyRead,
    /// Trouble in the files that forbids conclusions.
    Open(OpenQuestion),
    SevereFinding {
        input: String,
        what: String,
        rows: u64,
        advice: String,
    },
}

impl Fact {
    /// Whether it speaks of that model.
    pub fn speaks_of(&self, model: &str) -> bool {
        match self {
            Self::Written { text } => text.contains(&format!("`{model}`")),
            Self::Barred { model: barred, because } => {
                barred == model || matches!(because, Barred::MixedOf { model: part, .. } if part == model)
            }
            Self::UnknownEventsOf { model: reader, .. } => reader == model,
            Self::TrackingBreak(cliff) => cliff.criteria.iter().any(|reader| reader == model),
            _ => false,
        }
    }
}

/// A kind of events that a model reads and the log has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnknownEvents {
    /// Where it stands in the experiment file.
    pub path: String,
    pub kind: String,
    pub meant: Option<String>,
}

/// What a verdict rests on beside its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "snake_case")]
pub enum Reason {
    /// Something in the data forbids a conclusion.
    Forbidden {
        what: String,
    },
    /// Of a result of version 1, in its words; or why there is no evaluation.
    Written {
        text: String,
    },
    NoChampion,
    /// The champion's AUC is beyond doubt below a half.
    UpsideDown {
        model: String,
        auc: Estimate,
    },
    /// The champion's AUC may be a half.
    NoBetterThanChance {
        model: String,
        auc: Estimate,
    },
    /// No period lies in the window in full and with all of its outcomes known: nothing is handed over.
    NoFullPeriod {
        hand_over: HandOver,
    },
    /// Sales can work more leads than any period has: every model hands all of them over.
    CapacityAboveLeads {
        hand_over: HandOver,
        largest: u64,
    },
    /// The leads are of too few accounts, or too many of them of one, to tell how they vary.
    FewAccounts {
        accounts: u64,
        /// The share of the leads that the largest one has.
        largest: f64,
    },
    /// What the model takes is less than what another one takes that gains about as much.
    Cheapest {
        model: String,
        effort: Effort,
        best: String,
        best_effort: Effort,
        /// More winners with the other one.
        price: Estimate,
        per: Per,
    },
    /// The champion reads what the outcome seems to have written: nobody knows how good it is.
    ChampionSuspended {
        model: String,
        on: Vec<Suspicion>,
    },
    Gate {
        outcome: GateOutcome,
        asked: GateAsked,
        found: GateFound,
    },
    /// More wins over all leads, and a worse order in a segment.
    Harms {
        challenger: String,
        column: String,
        label: String,
        auc: f64,
        leads: u64,
    },
    /// Without a capacity: the shares of the leads in which the challenger captures more wins, and fewer.
    Sweep {
        challenger: String,
        ahead: Vec<f64>,
        behind: Vec<f64>,
    },
}

/// What a gate asks of a challenger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "snake_case")]
pub enum GateAsked {
    /// Of a result of version 1, in its words.
    Written { text: String },
    /// A metric; with who is handed over, where it hangs on that.
    Metric { metric: crate::metrics::MetricId, hand_over: Option<HandOver>, margin: GateMargin },
    /// The AUC within every level of a column.
    Segments { column: String, not_worse_by: f64 },
    /// More wins handed over in so many of the last quarters.
    Quarters { hand_over: HandOver, better: u64, of: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateMargin {
    /// The least gain; 0: any.
    AtLeast(f64),
    /// The largest loss.
    NotWorseBy(f64),
}

/// What the evidence answers a gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "snake_case")]
pub enum GateFound {
    /// Of a result of version 1, in its words.
    Written {
        text: String,
    },
    /// One of the models has no such figure.
    NoFigure,
    /// The bound of the gain that decides.
    AtLeast {
        gain: f64,
        confidence: f64,
    },
    AtMost {
        gain: f64,
        confidence: f64,
    },
    /// The segment with the widest possible loss, and how many are too small to be judged; `enough` wins and others are.
    Segments {
        worst: Option<WorstSegment>,
        small: u64,
        enough: u64,
    },
    /// So many of the quarters that can be judged.
    Quarters {
        better: u64,
        judged: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorstSegment {
    pub label: String,
    /// The lower bound of its gain.
    pub low: f64,
}

/// How scores were cut into brackets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CutRule {
    /// At the scores that were stated.
    Fixed,
    /// So many brackets of equal volume.
    EqualVolume { brackets: u64, on: CutOn },
    /// Equal in volume to the brackets of another model.
    Like { model: String, on: CutOn },
    /// Of a result of version 1, in its words.
    Written { text: String },
}

/// Leads to whose volume brackets are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutOn {
    TrainingWindow,
    EvaluatedLeads,
    /// For each period on what its fit learns from.
    EachFit,
}

/// How scores became probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProbabilityMap {
    AsGiven,
    Platt {
        leads: u64,
    },
    Isotonic {
        steps: u64,
        leads: u64,
    },
    /// Fitted anew for each period.
    Refitted {
        fits: u64,
    },
    None {
        reason: String,
    },
    /// Of a result of version 1, in its words.
    Written {
        text: String,
    },
}

/// What a hand-over threshold meets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ThresholdAim {
    /// At most so many leads a week.
    PerWeek { leads: f64 },
    /// At least this share of them converts.
    Precision { share: f64 },
    /// Worth the most.
    Worth { cost: f64, value: f64 },
    /// Of a result of version 1, in its words.
    Written { text: String },
}

/// What pooling the levels of a column does to a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ParadoxKind {
    /// Simpson's paradox.
    Reversed,
    Attenuated,
    OwedToTheColumn,
    /// Of a result of version 1, in its words.
    Written {
        text: String,
    },
}

/// What a trait is one of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TraitOf {
    Criterion { model: String },
    Column { name: String },
}

/// What a difference says of the challenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    Better,
    Worse,
}

/// How curves of the time to convert are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CurveMethod {
    KaplanMeier,
    /// Losses compete.
    CumulativeIncidence,
    /// Of a result of version 1, in its words.
    Written {
        text: String,
    },
}

/// Why there are no curves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NoCurves {
    NoTimes,
    /// Of a result of version 1, in its words.
    Written {
        text: String,
    },
}
