use super::brier::{brier, uncertainty};
use super::leads;
use crate::stats::{Tally, Undefined};

/// Neighbouring scores that isotonic regression gives one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// The lowest and the highest score of the block.
    pub low: f64,
    pub high: f64,
    pub count: f64,
    pub converted: f64,
    /// The conversion rate of the block.
    pub value: f64,
}

/// The non-decreasing map from score to rate that fits best: equal scores are pooled first, then neighbours that
/// violate the order or share a rate (Ayer et al. 1955).
pub fn isotonic(tally: &Tally) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for i in 0..tally.len() {
        let mut block = cell(tally, i);
        while let Some(before) = blocks.pop_if(|before| before.value >= block.value) {
            block = pooled(&before, &block);
        }
        blocks.push(block);
    }
    blocks
}

fn cell(tally: &Tally, i: usize) -> Block {
    let (count, converted) = (tally.count(i), tally.positive[i]);
    Block { low: tally.score[i], high: tally.score[i], count, converted, value: converted / count }
}

fn pooled(before: &Block, block: &Block) -> Block {
    let (count, converted) = (before.count + block.count, before.converted + block.converted);
    Block { low: before.low, high: block.high, count, converted, value: converted / count }
}

/// The Brier score's parts without bins (Dimitriadis, Gneiting & Jordan 2021):
/// `brier = miscalibration - discrimination + uncertainty`, exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corp {
    /// What isotonic recalibration would gain, MCB. 0 for calibrated probabilities.
    pub miscalibration: f64,
    /// What the recalibrated probabilities gain on the overall rate, DSC.
    pub discrimination: f64,
    pub uncertainty: f64,
    pub brier: f64,
}

pub fn corp(tally: &Tally) -> Result<Corp, Undefined> {
    let n = leads(tally)?;
    let brier = brier(tally)?;
    let blocks = isotonic(tally);
    let recalibrated = blocks.iter().map(|b| b.converted * (b.count - b.converted) / b.count).sum::<f64>() / n;
    let rate = tally.positives() / n;
    Ok(Corp {
        miscalibration: brier - recalibrated,
        discrimination: blocks.iter().map(|block| block.count * (block.value - rate).powi(2)).sum::<f64>() / n,
        uncertainty: uncertainty(tally),
        brier,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::calibration::samples::{leads, near, tally};
    use proptest::prelude::*;

    #[test]
    fn a_fall_in_the_rate_is_pooled() {
        let blocks = isotonic(&tally(&[(0.1, false), (0.2, true), (0.3, false), (0.4, true)]));
        let values: Vec<(f64, f64, f64)> = blocks.iter().map(|block| (block.low, block.high, block.value)).collect();
        assert_eq!(values, [(0.1, 0.1, 0.0), (0.2, 0.3, 0.5), (0.4, 0.4, 1.0)]);
    }

    #[test]
    fn scores_that_share_a_rate_share_a_block() {
        assert_eq!(isotonic(&tally(&[(1.0, false), (2.0, false), (3.0, true)])).len(), 2);
    }

    #[test]
    fn probabilities_equal_to_the_rates_are_not_miscalibrated() {
        let parts = corp(&tally(&[(0.5, false), (0.5, true), (1.0, true)])).unwrap();
        assert_eq!(parts.miscalibration, 0.0);
    }

    proptest! {
        #[test]
        fn the_map_rises_and_keeps_the_rate_of_every_block(rows in leads()) {
            let blocks = isotonic(&tally(&rows));
            prop_assert!(blocks.windows(2).all(|pair| pair[0].value < pair[1].value && pair[0].high < pair[1].low));
            for block in blocks {
                let inside = rows.iter().filter(|(p, _)| (block.low..=block.high).contains(p));
                let (all, converted) = inside.fold((0.0, 0.0), |(n, c), (_, y)| (n + 1.0, c + f64::from(*y)));
                prop_assert_eq!(block.value, converted / all);
            }
        }

        #[test]
        fn the_parts_add_up_to_the_brier_score(rows in leads()) {
            let parts = corp(&tally(&rows)).unwrap();
            prop_assert!(near(parts.miscalibration - parts.discrimination + parts.uncertainty, parts.brier));
            prop_assert!(parts.miscalibration >= -1e-12 && parts.discrimination >= -1e-12);
        }
    }
}
