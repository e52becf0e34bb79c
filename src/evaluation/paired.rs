//! The paired bootstrap: every model on the same resampled leads.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::stats::random::Stream;
use crate::stats::{Interval, Undefined, quantile};

use super::LEVEL;

use super::calibrate::Map;
use super::capacity::Schedule;
use super::cohort::Cohort;
use super::ranking::SHARES;

/// What is computed for every model on every resample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figures {
    pub auc: f64,
    pub average_precision: f64,
    /// Share of wins handed over at capacity (or in the top 10 %).
    pub capture: f64,
    pub wins: f64,
    /// NaN where wins carry no value.
    pub value: f64,
    pub lift_10: f64,
    /// Share of wins in the top 1, 5, 10, 20 and 30 %.
    pub top: [f64; SHARES.len()],
    /// NaN where the model has no probabilities.
    pub brier: f64,
    pub log_loss: f64,
}

/// Figures of every model: on the leads as they are, and on each resample.
pub(super) struct Paired {
    /// A model each.
    pub observed: Vec<Figures>,
    /// A resample each, of a model each.
    pub resampled: Vec<Vec<Figures>>,
}

impl Paired {
    /// The percentile interval of one figure of one model.
    pub fn interval(&self, model: usize, read: fn(&Figures) -> f64) -> Result<Interval, Undefined> {
        percentiles(self.resampled.iter().map(|figures| read(&figures[model])).collect())
    }
}

/// The type-7 percentile interval; resamples without a single win have no figures and are left out.
pub(super) fn percentiles(mut values: Vec<f64>) -> Result<Interval, Undefined> {
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    if values.is_empty() {
        return Err(Undefined::TooFewRows);
    }
    Ok(Interval::new(quantile::sorted(&values, (1.0 - LEVEL) / 2.0), quantile::sorted(&values, (1.0 + LEVEL) / 2.0)))
}

/// Not in any period that counts.
const NOWHERE: u32 = u32::MAX;

/// Leads that agree in all that is read, merged with their count, in canonical order: so neither the order of rows nor
/// merging changes a draw.
struct Cells {
    count: Vec<u64>,
    converted: Vec<bool>,
    /// 0 where no value is known.
    value: Vec<f64>,
    valued: bool,
    /// The cell of each of the leads in canonical order.
    of_lead: Vec<u32>,
}

/// One model's view of the cells.
struct View {
    /// The rank of the cell's score among the distinct ones, ascending.
    rank: Vec<u32>,
    ranks: usize,
    /// The probability at each rank; empty where there is none.
    probability: Vec<f64>,
    /// The cell's tied block in its period, best first; [`NOWHERE`] outside.
    block: Vec<u32>,
    /// The period of each block, ascending.
    period_of: Vec<u32>,
}

pub(super) fn bootstrap(cohort: &Cohort, schedule: &Schedule) -> Paired {
    let rows = cohort.mature();
    let mut period = vec![NOWHERE; rows.len()];
    let place: HashMap<usize, usize> = rows.iter().enumerate().map(|(i, &row)| (row, i)).collect();
    for (number, (members, _)) in schedule.periods.iter().enumerate() {
        members.iter().for_each(|row| period[place[row]] = number as u32);
    }
    let ranks: Vec<(Vec<u32>, Vec<f64>)> = cohort.models().iter().map(|model| ranks(&model.ranked(rows))).collect();
    let (cells, first) = cells(cohort, &period, &ranks);
    let limits: Vec<f64> = schedule.periods.iter().map(|(_, k)| *k).collect();
    let views: Vec<View> = ranks
        .iter()
        .zip(cohort.models())
        .map(|((rank, scores), model)| {
            let map = Map::of(cohort, model);
            let rank: Vec<u32> = first.iter().map(|&i| rank[i]).collect();
            let at: Vec<u32> = first.iter().map(|&i| period[i]).collect();
            View::new(rank, scores, &at, &map)
        })
        .collect();
    let figures = |weight: &[f64]| views.iter().map(|view| view.figures(&cells, weight, &limits)).collect::<Vec<_>>();
    let design = cohort.design();
    let resampled = (0..design.replicates as u64)
        .into_par_iter()
        .map(|replicate| figures(&cells.draw(design.seed.replicate(replicate))));
    let counts: Vec<f64> = cells.count.iter().map(|count| *count as f64).collect();
    Paired { observed: figures(&counts), resampled: resampled.collect() }
}

/// The rank of every score among the distinct ones, and those, ascending.
fn ranks(scores: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let mut distinct = scores.to_vec();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    let rank = scores.iter().map(|score| distinct.partition_point(|known| known < score) as u32).collect();
    (rank, distinct)
}

/// The cells, and a lead (a place among the mature ones) of each.
fn cells(cohort: &Cohort, period: &[u32], ranks: &[(Vec<u32>, Vec<f64>)]) -> (Cells, Vec<usize>) {
    let leads = cohort.leads();
    let rows = cohort.mature();
    let value = |i: usize| {
        leads.value.get(rows[i]).copied().filter(|value| !value.is_nan() && leads.converted[rows[i]]).unwrap_or(0.0)
    };
    let key = |i: usize| (period[i], leads.converted[rows[i]], value(i).to_bits());
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let compare = |&a: &usize, &b: &usize| {
        let by_rank = ranks.iter().map(|(rank, _)| rank[a].cmp(&rank[b])).find(|order| order.is_ne());
        by_rank.unwrap_or(std::cmp::Ordering::Equal).then_with(|| key(a).cmp(&key(b)))
    };
    order.par_sort_unstable_by(compare);
    let mut cells = Cells {
        count: Vec::new(),
        converted: Vec::new(),
        value: Vec::new(),
        valued: !leads.value.is_empty(),
        of_lead: Vec::with_capacity(rows.len()),
    };
    let mut first: Vec<usize> = Vec::new();
    for &i in &order {
        if first.last().is_none_or(|last| compare(last, &i).is_ne()) {
            first.push(i);
            cells.count.push(0);
            cells.converted.push(leads.converted[rows[i]]);
            cells.value.push(value(i));
        }
        *cells.count.last_mut().expect("a cell was just pushed") += 1;
        cells.of_lead.push(cells.count.len() as u32 - 1);
    }
    (cells, first)
}

impl Cells {
    /// How often each cell is drawn when as many leads are drawn as there are, with replacement: an exact multinomial,
    /// by binomials where cells are few and lead by lead where they are many.
    fn draw(&self, mut stream: Stream) -> Vec<f64> {
        let total = self.of_lead.len() as u64;
        let mut weight = vec![0.0; self.count.len()];
        if 8 * self.count.len() as u64 > total {
            (0..total).for_each(|_| weight[self.of_lead[stream.below(total) as usize] as usize] += 1.0);
            return weight;
        }
        let (mut left, mut behind) = (total, total);
        for (weight, &count) in weight.iter_mut().zip(&self.count) {
            let drawn = stream.binomial(left, count as f64 / behind as f64);
            *weight = drawn as f64;
            left -= drawn;
            behind -= count;
        }
        weight
    }
}

impl View {
    fn new(rank: Vec<u32>, scores: &[f64], period: &[u32], map: &Map) -> Self {
        let mut keys: Vec<(u32, std::cmp::Reverse<u32>)> = (0..rank.len())
            .filter(|&cell| period[cell] != NOWHERE)
            .map(|cell| (period[cell], std::cmp::Reverse(rank[cell])))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let block = |cell: usize| match period[cell] {
            NOWHERE => NOWHERE,
            period => keys.partition_point(|key| *key < (period, std::cmp::Reverse(rank[cell]))) as u32,
        };
        let probability: Option<Vec<f64>> = scores.iter().map(|score| map.apply(*score)).collect();
        Self {
            block: (0..rank.len()).map(block).collect(),
            period_of: keys.iter().map(|(period, _)| *period).collect(),
            // A score of minus infinity stands for a lead without one, which has no probability.
            probability: probability
                .filter(|_| scores.first().is_none_or(|lowest| lowest.is_finite()))
                .unwrap_or_default(),
            ranks: scores.len(),
            rank,
        }
    }

    fn figures(&self, cells: &Cells, weight: &[f64], limits: &[f64]) -> Figures {
        let (mut positive, mut negative) = (vec![0.0; self.ranks], vec![0.0; self.ranks]);
        for (cell, &w) in weight.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            let side = if cells.converted[cell] { &mut positive } else { &mut negative };
            side[self.rank[cell] as usize] += w;
        }
        let handed = self.handed_over(cells, weight, limits);
        let (brier, log_loss) = self.losses(&positive, &negative);
        let (auc, average_precision, top) = order(&positive, &negative);
        let wins: f64 = positive.iter().sum();
        Figures {
            auc,
            average_precision,
            capture: handed.wins / handed.of,
            wins: handed.wins,
            value: if cells.valued { handed.value } else { f64::NAN },
            lift_10: top[TENTH] / (SHARES[TENTH] * wins),
            top: top.map(|found| found / wins),
            brier,
            log_loss,
        }
    }

    /// Brier score and log loss of the probabilities.
    fn losses(&self, positive: &[f64], negative: &[f64]) -> (f64, f64) {
        if self.probability.is_empty() {
            return (f64::NAN, f64::NAN);
        }
        let (mut brier, mut log, mut total) = (0.0, 0.0, 0.0);
        for ((&p, &won), &not) in self.probability.iter().zip(positive).zip(negative) {
            brier += won * (1.0 - p).powi(2) + not * p * p;
            log -= if won > 0.0 { won * p.ln() } else { 0.0 } + if not > 0.0 { not * (-p).ln_1p() } else { 0.0 };
            total += won + not;
        }
        (brier / total, log / total)
    }

    /// Wins and value among the leads handed over, with ties shared.
    fn handed_over(&self, cells: &Cells, weight: &[f64], limits: &[f64]) -> HandedOver {
        let mut blocks = vec![(0.0, 0.0, 0.0); self.period_of.len()];
        for (cell, &w) in weight.iter().enumerate() {
            if w > 0.0 && self.block[cell] != NOWHERE {
                let block = &mut blocks[self.block[cell] as usize];
                block.0 += w;
                if cells.converted[cell] {
                    block.1 += w;
                    block.2 += w * cells.value[cell];
                }
            }
        }
        let mut sum = HandedOver::default();
        let (mut period, mut left) = (NOWHERE, 0.0);
        for (block, &at) in blocks.iter().zip(&self.period_of) {
            if at != period {
                (period, left) = (at, limits[at as usize]);
            }
            sum.of += block.1;
            if left > 0.0 && block.0 > 0.0 {
                let share = f64::min(left / block.0, 1.0);
                sum.wins += share * block.1;
                sum.value += share * block.2;
                left -= share * block.0;
            }
        }
        sum
    }
}

#[derive(Default)]
struct HandedOver {
    wins: f64,
    /// All wins of the periods that count.
    of: f64,
    value: f64,
}

/// The place of 10 % among the shares.
const TENTH: usize = 2;

/// AUC, average precision and the wins in the top shares, from counts by ascending rank.
fn order(positive: &[f64], negative: &[f64]) -> (f64, f64, [f64; SHARES.len()]) {
    let (wins, others): (f64, f64) = (positive.iter().sum(), negative.iter().sum());
    let mut left = SHARES.map(|share| share * (wins + others));
    let (mut above, mut found, mut pairs, mut precision, mut top) = (0.0, 0.0, 0.0, 0.0, [0.0; SHARES.len()]);
    for (&won, &not) in positive.iter().zip(negative).rev() {
        let block = won + not;
        if block == 0.0 {
            continue;
        }
        // Shares ascend: where the widest is full, all are.
        if left[SHARES.len() - 1] > 0.0 {
            for (left, top) in left.iter_mut().zip(&mut top) {
                let share = f64::min(*left / block, 1.0);
                *top += share * won;
                *left -= share * block;
            }
        }
        pairs += not * (found + won / 2.0);
        above += block;
        found += won;
        precision += won * found / above;
    }
    (pairs / (wins * others), precision / wins, top)
}
