//! An A/B test's columns become its result: first whether it is sound, then more apart from sooner.

mod aggregate;
mod anytime;
mod arms;
mod assign;
mod decide;
mod effect;
pub mod past;
pub mod plan;
mod segments;
mod sequential;
pub mod simulate;
mod soundness;
#[cfg(test)]
mod tests;
mod units;

pub use aggregate::{Aggregate, from_aggregates};
pub use assign::Assigner;
pub use units::{GuardrailColumn, RatioColumn, Record, Segment, Units};

use crate::result::Level;
use crate::result::trial::{AT_ANY_TIME, Call, Contrast, Look, Queue, TRIAL_SCHEMA, Trial, TrialSetting};
use crate::stats::Interval;
pub use crate::table::{Dialect, Unquotable};
use crate::time::Instant;

/// What was promised before the test started.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub name: String,
    /// lead, account or rep.
    pub unit: String,
    /// The control first.
    pub arms: Vec<ArmSpec>,
    /// Days from assignment within which a conversion counts; nothing where outcomes have no times.
    pub horizon: Option<f64>,
    pub queue: Queue,
    pub confidence: f64,
    pub monitoring: Monitoring,
    pub currency: Option<String>,
    /// Values above this quantile of the positive ones are capped.
    pub winsor: f64,
    /// Differences that a replay foretold.
    pub foretold: Vec<Prediction>,
    /// A difference of conversion that would not matter: within it *sooner* is said to be *not more*.
    pub margin: Option<f64>,
    /// The day of this look and its instant; nothing where outcomes have no times.
    pub as_of: Option<(String, Instant)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ArmSpec {
    pub name: String,
    pub weight: f64,
}

/// A difference of conversion that was foretold for an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub arm: String,
    pub difference: f64,
    /// Its 95 % limits, where it has some.
    pub limits: Option<Interval>,
    /// The replay that foretold it.
    pub replay: Option<String>,
}

/// When the test may be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Monitoring {
    /// Once, on this day if one was promised.
    Fixed { at: Option<String> },
    /// On these days, with this many conversions of all arms planned for the last. Of the error `plateau` is kept for
    /// conversion by the horizon at the last look; the log-rank test spends the rest.
    Looks { at: Vec<String>, conversions: f64, plateau: f64 },
    /// Whenever one likes; narrowest near this many leads of all arms.
    Anytime { leads: f64 },
}

impl Test {
    pub fn alpha(&self) -> f64 {
        1.0 - self.confidence
    }

    /// Whether a look on this day was promised.
    pub fn is_planned(&self, day: &str) -> bool {
        match &self.monitoring {
            Monitoring::Fixed { at } => at.as_deref().is_none_or(|at| at == day),
            Monitoring::Looks { at, .. } => at.iter().any(|at| at == day),
            Monitoring::Anytime { .. } => true,
        }
    }

    /// The error of one comparison with the control: shared out evenly over the arms.
    fn alpha_of_one(&self) -> f64 {
        self.alpha() / (self.arms.len().max(2) - 1) as f64
    }

    /// The day of the last planned look.
    fn last_planned(&self) -> Option<&str> {
        match &self.monitoring {
            Monitoring::Looks { at, .. } => at.iter().max().map(String::as_str),
            _ => None,
        }
    }

    /// Whether the last planned look has come.
    fn is_last(&self) -> bool {
        match (self.last_planned(), &self.as_of) {
            (Some(last), Some((day, _))) => day.as_str() >= last,
            _ => true,
        }
    }

    fn weights(&self) -> Vec<f64> {
        self.arms.iter().map(|arm| arm.weight).collect()
    }

    /// The part of the weights that the control and one arm have.
    fn share_of_pair(&self, arm: usize) -> f64 {
        let weights = self.weights();
        (weights[0] + weights[arm]) / weights.iter().sum::<f64>()
    }
}

/// What the files held beside sound assignments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Oddities {
    /// Rows that repeat an assignment.
    pub repeated: u64,
    /// Units that stand in several arms; left out.
    pub several_arms: u64,
    /// Rows whose arm is missing.
    pub no_arm: u64,
    /// Rows of arms that the test does not have, with their names.
    pub unknown_arms: Vec<(String, u64)>,
    /// Rows of arms of weight 0, which the test assigns to nobody, with their names.
    pub holdouts: Vec<(String, u64)>,
    /// Labels of `delivered` that are no arm, with their units.
    pub unknown_delivered: Vec<(String, u64)>,
    /// Rows of counts whose conversions, or whose units, are not known.
    pub not_known: u64,
    /// Units without a readable time of assignment.
    pub no_time: u64,
    /// Units assigned after the look.
    pub later: u64,
    /// Conversions and losses dated after the look.
    pub outcomes_later: u64,
    /// Whether the look was asked for by its day: then it is no wonder that the files know more.
    pub looks_back: bool,
    /// Rows of counts that repeat an arm and day.
    pub added_up: u64,
    /// Units won or lost before their assignment; left out.
    pub decided_before: u64,
    /// Units whose arm differs from what the salt and the weights assign.
    pub not_by_hash: Option<u64>,
    /// Outcomes of units that were never assigned.
    pub strangers: u64,
    /// Converted units without a value.
    pub no_value: u64,
    /// Units whose deals are open where nobody knows when deals ended; left out.
    pub open: u64,
    /// What was found in reading the files, in words.
    pub found: Vec<(Level, String)>,
}

/// Analyses a test. `before` are the looks already taken, this one not among them. Where it is known on which units the
/// models differ, only those are compared; the sizes of the arms are those of all units.
pub fn analyze(test: &Test, units: &Units, oddities: &Oddities, before: &[Look]) -> Trial {
    let compared = units.compared();
    let soundness = soundness::examine(test, units, &compared, oddities);
    let arms = arms::summaries(test, &compared);
    let sequential = sequential::looks(test, &compared, before);
    let anytime = anytime::evidence(test, &compared);
    let contrast = |arm: usize| {
        let confidence = sequential::confidence(test, sequential.get(arm - 1));
        effect::contrast(&Test { confidence, ..test.clone() }, &compared, arm)
    };
    let mut contrasts: Vec<Contrast> = (1..test.arms.len()).map(contrast).collect();
    effect::adjust(&mut contrasts);
    let segments = segments::effects(test, &compared);
    let mut trial = Trial {
        schema: TRIAL_SCHEMA,
        test: test.name.clone(),
        setting: setting(test, units),
        soundness,
        arms,
        contrasts,
        sequential,
        anytime,
        segments,
        looks: before.to_vec(),
        plan: Vec::new(),
        verdict: decide::nothing(),
    };
    decide::decide(test, &compared, before, &mut trial);
    trial
}

fn setting(test: &Test, units: &Units) -> TrialSetting {
    TrialSetting {
        unit: test.unit.clone(),
        control: test.arms.first().map_or(String::new(), |arm| arm.name.clone()),
        horizon_days: test.horizon,
        queue: test.queue,
        confidence: test.confidence,
        as_of: test.as_of.as_ref().map(|(day, _)| day.clone()),
        currency: test.currency.clone(),
        timed: units.is_timed(),
        compared: units.discordant.is_some().then(|| {
            let compared = units.compared();
            compared.sum(0..compared.len()).round() as u64
        }),
        read: match test.monitoring {
            Monitoring::Fixed { .. } => "once",
            Monitoring::Looks { .. } => "at planned looks",
            Monitoring::Anytime { .. } => AT_ANY_TIME,
        }
        .into(),
        winsor: test.winsor,
    }
}

impl Call {
    /// Whether it says that the arm brings something.
    pub fn is_gain(self) -> bool {
        matches!(self, Self::More | Self::SoonerNotMore | Self::Ahead)
    }
}
