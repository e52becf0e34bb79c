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
