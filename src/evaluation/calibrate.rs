use crate::result::{Calibration, Estimate, ReliabilityBin, Scale};
use crate::stats::calibration::{self, Binning, Block, Platt};
use crate::stats::proportion::wilson;
use crate::stats::{Sample, Undefined};

use super::LEVEL;
use super::asked::Calibrated;
use super::cohort::{Cohort, Scored};

/// How a model's scores become probabilities.
pub(super) enum Map {
    AsGiven,
    Platt(Platt, usize),
    Isotonic(Vec<Block>, usize),
    None(Undefined),
}

impl Map {
    /// Points are mapped by Platt's curve or, by choice, isotonic steps, fitted on the training leads; a probability is
    /// taken as it is.
    pub fn of(cohort: &Cohort, model: &Scored) -> Self {
        if model.scale == Scale::Probability {
            let sound = |&row: &usize| model.score[row].is_nan() || (0.0..=1.0).contains(&model.score[row]);
            return if cohort.mature().iter().all(sound) {
                Self::AsGiven
            } else {
                Self::None(Undefined::NotProbability)
            };
        }
        let rows = model.scored(cohort.training());
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

    /// The probability of a score; unscored leads have none.
    pub fn apply(&self, score: f64) -> Option<f64> {
        match self {
            _ if score.is_nan() => None,
            Self::AsGiven => Some(score),
            Self::Platt(platt, _) => Some(platt.apply(score)),
            Self::Isotonic(blocks, _) => Some(step(blocks, score)),
            Self::None(_) => None,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::AsGiven => "probabilities as given".into(),
            Self::Platt(_, leads) => format!("Platt's logistic map, fitted on {leads} training leads"),
            Self::Isotonic(blocks, leads) => {
                format!("isotonic steps ({}), fitted on {leads} training leads", blocks.len())
            }
            Self::None(reason) => format!("no map to probabilities: {reason}"),
        }
    }
}

/// The rate of the step that a score falls on; between two steps, and outside all, that of the nearer lower one.
fn step(blocks: &[Block], score: f64) -> f64 {
    let after = blocks.partition_point(|block| block.low <= score);
    blocks[after.saturating_sub(1)].value
}

pub(super) fn calibration(cohort: &Cohort, model: &Scored, map: &Map) -> Calibration {
    let rows = model.scored(cohort.mature());
    let converted = cohort.converted(&rows);
    let predicted: Vec<f64> = rows.iter().filter_map(|&row| map.apply(model.score[row])).collect();
    let wins = converted.iter().filter(|won| **won).count() as f64;
    let observed = Estimate::with(
        if rows.is_empty() { Err(Undefined::Empty) } else { Ok(wins / rows.len() as f64) },
        wilson(wins, rows.len() as f64, LEVEL),
    );
    if let Map::None(reason) = map {
        return undefined(map.in_words(), *reason, observed);
    }
    let tally = Sample::new(&predicted, &converted).tally();
    let parts = calibration::corp(&tally);
    let slope = calibration::cox(&tally).map(|cox| cox.slope);
    let intercept = calibration::in_the_large(&tally);
    let bins = calibration::reliability_bins(&tally, Binning::Mass(10));
    let error = bins.as_ref().map_err(|reason| *reason).and_then(|bins| calibration::calibration_error(bins));
    Calibration {
        map: map.in_words(),
        brier: calibration::brier(&tally).into(),
        miscalibration: parts.map(|parts| parts.miscalibration).into(),
        discrimination: parts.map(|parts| parts.discrimination).into(),
        uncertainty: parts.map(|parts| parts.uncertainty).into(),
        log_loss: calibration::log_loss(&tally).into(),
        slope: Estimate::with(slope.map(|slope| slope.point), slope.map(|slope| slope.interval(LEVEL))),
        intercept: Estimate::with(intercept.map(|citl| citl.point), intercept.map(|citl| citl.interval(LEVEL))),
        expected_error: error.map(|error| error.expected).into(),
        mean_predicted: mean(&predicted).into(),
        observed,
        reliability: bins.unwrap_or_default().iter().map(reliability).collect(),
    }
}

fn mean(values: &[f64]) -> Result<f64, Undefined> {
    if values.is_empty() { Err(Undefined::Empty) } else { Ok(values.iter().sum::<f64>() / values.len() as f64) }
}

fn reliability(bin: &calibration::ReliabilityBin) -> ReliabilityBin {
    ReliabilityBin {
        leads: bin.count as u64,
        predicted: bin.predicted,
        observed: Estimate::with(bin.observed, wilson(bin.converted, bin.count, LEVEL)),
    }
}

fn undefined(map: String, reason: Undefined, observed: Estimate) -> Calibration {
    let none = || reason.into();
    let nothing = || Estimate::undefined(reason.to_string());
    Calibration {
        map,
        brier: none(),
        miscalibration: none(),
        discrimination: none(),
        uncertainty: none(),
        log_loss: none(),
        slope: nothing(),
        intercept: nothing(),
        expected_error: none(),
        mean_predicted: none(),
        observed,
        reliability: Vec::new(),
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
