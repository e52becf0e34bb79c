//! Histories of field tests with a known truth.

use crate::stats::random::{Seed, Stream};
use crate::time::{DAY, Instant};

use super::units::{Record, Units};

/// What is true of a simulated test.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    pub leads: usize,
    /// Leads are assigned evenly over this many days.
    pub accrual_days: f64,
    /// The share that ever converts, control and treatment.
    pub rate: [f64; 2],
    /// Mean days from assignment to conversion, exponential.
    pub delay: [f64; 2],
    /// Share of the others that is lost, after a mean of thirty days.
    pub lost: f64,
    /// The share really assigned to the treatment; one half is promised.
    pub share: f64,
    /// Representatives to which leads belong and who are assigned as wholes, and the standard deviation of their factor
    /// on the rate.
    pub reps: Option<(usize, f64)>,
    /// Both arms in one queue, where the treatment's leads stand above by scale alone: the share of conversions that
    /// moves from the control's leads to the treatment's.
    pub shift: f64,
    pub seed: Seed,
}

impl Default for Truth {
    fn default() -> Self {
        Self {
            leads: 4_000,
            accrual_days: 84.0,
            rate: [0.12, 0.12],
            delay: [20.0, 20.0],
            lost: 0.4,
            share: 0.5,
            reps: None,
            shift: 0.0,
            seed: Seed(1),
        }
    }
}

/// A simulated test's units: what was recorded of each, and its representative.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub records: Vec<Record>,
    pub rep: Vec<usize>,
    /// A score from before the assignment that knows a little of who converts.
    pub score: Vec<f64>,
}

/// Makes the history of one replicate, from `start` on.
pub fn history(truth: &Truth, replicate: u64, start: Instant) -> History {
    history_assigned(truth, replicate, start, |_| None)
}

/// The same where some leads' arms are decided elsewhere, by a hash say; nothing leaves a lead to chance.
pub fn history_assigned(
    truth: &Truth,
    replicate: u64,
    start: Instant,
    arm_of: impl Fn(usize) -> Option<usize>,
) -> History {
    let mut chance = truth.seed.replicate(replicate);
    let reps = truth.reps.map_or(20, |(count, _)| count.max(1));
    let spread = truth.reps.map_or(0.0, |(_, spread)| spread);
    let factor: Vec<f64> = (0..reps).map(|_| (spread * chance.normal() - 0.5 * spread * spread).exp()).collect();
    let arm_of_rep = shuffled(reps, &mut chance);
    let mut made = History { records: Vec::new(), rep: Vec::new(), score: Vec::new() };
    for lead in 0..truth.leads {
        let rep = lead % reps;
        let drawn = if truth.reps.is_some() { arm_of_rep[rep] } else { usize::from(chance.chance(truth.share)) };
        let arm = arm_of(lead).unwrap_or(drawn);
        let at = start + (truth.accrual_days * DAY as f64 * lead as f64 / truth.leads.max(1) as f64) as i64;
        let moved = if arm == 1 { 1.0 + truth.shift } else { 1.0 - truth.shift };
        let won = chance.chance((truth.rate[arm] * factor[rep] * moved).clamp(0.0, 1.0));
        made.score.push((50.0 + 15.0 * chance.normal() + if won { 12.0 } else { 0.0 }).clamp(0.0, 100.0).round());
        made.records.push(record(truth, arm, at, won, &mut chance));
        made.rep.push(rep);
    }
    made
}

fn record(truth: &Truth, arm: usize, at: Instant, won: bool, chance: &mut Stream) -> Record {
    let after = |mean: f64, chance: &mut Stream| at + (mean * chance.exponential() * DAY as f64) as i64;
    if won {
        let value = (7.0 + chance.normal()).exp().round();
        return Record { arm, assigned: at, wins: vec![(after(truth.delay[arm], chance), value)], lost: None };
    }
    let lost = chance.chance(truth.lost).then(|| after(30.0, chance));
    Record { arm, assigned: at, wins: Vec::new(), lost }
}

/// Half of the representatives in each arm, by chance.
fn shuffled(reps: usize, chance: &mut Stream) -> Vec<usize> {
    let mut arms: Vec<usize> = (0..reps).map(|rep| rep % 2).collect();
    for place in (1..reps).rev() {
        arms.swap(place, chance.below(place as u64 + 1) as usize);
    }
    arms
}

impl History {
    /// Its units as a look at this instant sees them.
    pub fn units(&self, horizon: f64, as_of: Instant) -> Units {
        let rows: Vec<usize> = (0..self.records.len()).filter(|&row| self.records[row].assigned <= as_of).collect();
        let records: Vec<Record> = rows.iter().map(|&row| self.records[row].clone()).collect();
        Units::timed(&records, Some(horizon), as_of)
    }
}
