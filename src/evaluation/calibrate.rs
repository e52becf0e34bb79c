use crate::result::{Calibration, Estimate, ProbabilityMap, ReliabilityBin, Scale};
use crate::stats::calibration::{self, Binning, Block, Platt};
use crate::stats::proportion::wilson;
use crate::stats::{Sample, Tally, Undefined, clustered, dist};

use super::LEVEL;
use super::cohort::{Cohort, Scored};
use super::options::Calibrated;

/// How a model's scores become probabilities.
pub(super) enum Map {
    AsGiven,
    Platt(Platt, usize),
    Isotonic(Vec<Block>, usize),
    None(Undefined),
}

/// The map of each fit that scores leads.
pub(super) struct Maps(Vec<Map>);

impl Maps {
    pub fn of(cohort: &Cohort, model: &Scored) -> Self {
        let maps: Vec<Map> = (0..cohort.fits()).map(|fit| Map::of(cohort, model, fit)).collect();
        // Leads of a period without a map would be missed among the others.
        let missing = maps.iter().find_map(|map| if let Map::None(reason) = map { Some(*reason) } else { None });
        Self(missing.map_or(maps, |reason| vec![Map::None(reason)]))
    }

    #[cfg(test)]
    pub fn as_given() -> Self {
        Self(vec![Map::AsGiven])
    }

    /// The probability of a score by a fit; unscored leads have none.
    pub fn apply(&self, fit: usize, score: f64) -> Option<f64> {
        self.0.get(fit).unwrap_or(&self.0[0]).apply(score)
    }

    fn told(&self) -> ProbabilityMap {
        match (self.0.as_slice(), &self.0[0]) {
            ([_, _, ..], Map::Platt(..) | Map::Isotonic(..)) => ProbabilityMap::Refitted { fits: self.0.len() as u64 },
            (_, first) => first.told(),
        }
    }
}

impl Map {
    /// Points are mapped by Platt's curve or, by choice, isotonic steps, fitted on the leads that a fit learns from; a
    /// probability is taken as it is.
    fn of(cohort: &Cohort, model: &Scored, fit: usize) -> Self {
        if model.scale == Scale::Probability {
            let sound = |&row: &usize| model.score[row].is_nan() || (0.0..=1.0).contains(&model.score[row]);
            return if cohort.mature().iter().all(sound) {
                Self::AsGiven
            } else {
                Self::None(Undefined::NotProbability)
            };
        }
        let rows = model.scored(&cohort.learned_by(fit));
        if rows.is_empty() {
            return Self::None(Undefined::NoTraining);
        }
        let scores: Vec<f64> = rows.iter().map(|&row| model.score[row]).collect();
        let converted = cohort.converted(&rows);
        let tally = Sample::new(&scores, &converted).tally();
        if cohort.asked().calibration == Calibrated::Isotonic {
            let blocks = tally.classes().map(|_| calibration::isotonic(&tally));
            return match blocks {
                // One step for all: the rate does not rise with the score anywhere.
                Ok(blocks) if blocks.len() > 1 => Self::Isotonic(blocks, rows.len()),
                Ok(_) => Self::None(Undefined::Reversed),
                Err(reason) => Self::None(reason),
            };
        }
        match tally.classes().and_then(|_| calibration::platt(&tally)) {
            Ok(platt) if platt.slope > 0.0 => Self::Platt(platt, rows.len()),
            Ok(_) => Self::None(Undefined::Reversed),
            Err(reason) => Self::None(reason),
        }
    }

    fn apply(&self, score: f64) -> Option<f64> {
        match self {
            _ if score.is_nan() => None,
            Self::AsGiven => Some(score),
            Self::Platt(platt, _) => Some(platt.apply(score)),
            Self::Isotonic(blocks, _) => Some(step(blocks, score)),
            Self::None(_) => None,
        }
    }

    fn told(&self) -> ProbabilityMap {
        match self {
            Self::AsGiven => ProbabilityMap::AsGiven,
            Self::Platt(_, leads) => ProbabilityMap::Platt { leads: *leads as u64 },
            Self::Isotonic(blocks, leads) => {
                ProbabilityMap::Isotonic { steps: blocks.len() as u64, leads: *leads as u64 }
            }
            Self::None(reason) => ProbabilityMap::None { reason: reason.to_string() },
        }
    }
}

/// The rate of the step that a score falls on; between two steps, and outside all, that of the nearer lower one.
fn step(blocks: &[Block], score: f64) -> f64 {
    let after = blocks.partition_point(|block| block.low <= score);
    blocks[after.saturating_sub(1)].value
}

/// The scored mature leads by their probability; why they have none.
pub(super) fn chances(cohort: &Cohort, model: &Scored, maps: &Maps) -> Result<Tally, Undefined> {
    if let Map::None(reason) = &maps.0[0] {
        return Err(*reason);
    }
    let rows = model.scored(cohort.mature());
    Ok(Sample::new(&predicted(cohort, model, maps, &rows), &cohort.converted(&rows)).tally())
}

fn predicted(cohort: &Cohort, model: &Scored, maps: &Maps, rows: &[usize]) -> Vec<f64> {
    rows.iter().filter_map(|&row| maps.apply(cohort.fit_of(row), model.score[row])).collect()
}

/// `tally` counts the leads by probability.
pub(super) fn calibration(
    cohort: &Cohort,
    model: &Scored,
    maps: &Maps,
    tally: Result<&Tally, Undefined>,
) -> Calibration {
    let rows = model.scored(cohort.mature());
    let bins = tally.and_then(|tally| calibration::reliability_bins(tally, Binning::Mass(10)));
    Calibration {
        map: maps.told(),
        mean_predicted: tally.and_then(|_| mean(&predicted(cohort, model, maps, &rows))).into(),
        observed: cohort.rate(&rows),
        reliability: bins.unwrap_or_default().iter().map(|bin| reliability(bin, cohort.design_effect())).collect(),
    }
}

/// How many times as wide as over independent leads the intervals of the calibration's slope and of its shift are: the root
/// of the design effects of the scores (y − q) (x − x̄) and y − q, x the predicted log-odds, q the recalibrated chance and x̄
/// weighted by q (1 − q) (Liang & Zeger 1986).
pub(super) fn widening(cohort: &Cohort, model: &Scored, maps: &Maps) -> Result<[f64; 2], Undefined> {
    let rows = model.scored(cohort.mature());
    let (chances, converted) = (predicted(cohort, model, maps, &rows), cohort.converted(&rows));
    let account = cohort.account_of(&rows).ok_or(Undefined::OneGroup)?;
    let tally = Sample::new(&chances, &converted).tally();
    let (cox, shift) = (calibration::cox(&tally)?, calibration::in_the_large(&tally)?);
    let x: Vec<f64> = chances.iter().map(|chance| dist::logit(*chance)).collect();
    let fitted = |a: f64, b: f64| x.iter().map(move |x| dist::expit(a + b * x)).collect::<Vec<f64>>();
    let (free, shifted) = (fitted(cox.intercept.point, cox.slope.point), fitted(shift.point, 1.0));
    let weight: f64 = free.iter().map(|q| q * (1.0 - q)).sum();
    let middle = free.iter().zip(&x).map(|(q, x)| q * (1.0 - q) * x).sum::<f64>() / weight;
    let surprise = |q: &[f64], row: usize| f64::from(converted[row]) - q[row];
    let slope: Vec<f64> = (0..x.len()).map(|row| surprise(&free, row) * (x[row] - middle)).collect();
    let shift: Vec<f64> = (0..x.len()).map(|row| surprise(&shifted, row)).collect();
    let root = |influence: &[f64]| clustered::design_effect(influence, &account).map(f64::sqrt);
    Ok([root(&slope)?, root(&shift)?])
}

fn mean(values: &[f64]) -> Result<f64, Undefined> {
    if values.is_empty() { Err(Undefined::Empty) } else { Ok(values.iter().sum::<f64>() / values.len() as f64) }
}

fn reliability(bin: &calibration::ReliabilityBin, design_effect: f64) -> ReliabilityBin {
    ReliabilityBin {
        leads: bin.count as u64,
        predicted: bin.predicted,
        observed: Estimate::with(bin.observed, wilson(bin.converted / design_effect, bin.count / design_effect, LEVEL)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isotonic_steps_reach_from_their_lowest_score_to_the_next_step() {
        let (scores, converted) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [false, true, false, true, true, true]);
        let blocks = calibration::isotonic(&Sample::new(&scores, &converted).tally());
        let at = |score| step(&blocks, score);
        assert_eq!([at(0.0), at(1.9), at(2.0), at(3.5), at(4.0), at(9.0)], [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]);
    }
}
