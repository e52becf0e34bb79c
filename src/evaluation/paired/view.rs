use super::super::calibrate::Map;
use super::super::ranking::SHARES;
use super::rows::{LANES, Lanes, Rows, Weight};
use super::{Figures, NOWHERE};

/// Marks a row that converted.
const WON: u32 = 1 << 31;
/// Rows after which the counts so far are noted, for shares to be found by.
const STRIDE: usize = 64;
/// The place of 10 % among the shares.
const TENTH: usize = 2;

/// Rows in tied blocks, best first.
#[derive(Default)]
struct Order {
    /// Rows, with [`WON`].
    rows: Vec<u32>,
    /// Where each block ends.
    ends: Vec<u32>,
}

/// What a lead of a tied block that did not convert, and one that did, lose by its probability: Brier score and log
/// loss.
type Loss = [[f64; 2]; 2];

/// One model's view of the rows.
pub(super) struct View {
    order: Order,
    /// A block each; empty where the model has no probabilities.
    loss: Vec<Loss>,
    /// Blocks that are certain of what may not have happened: a win (or else another lead) among them loses all.
    certain: Vec<(u32, bool)>,
    /// The rows of each period that counts, and how many leads are handed over in it.
    periods: Vec<(Order, f64)>,
}

/// How often leads were drawn: those that did not convert, and those that did.
#[derive(Clone, Copy, Default)]
struct Counts([Lanes<u32>; 2]);

impl Order {
    /// `rank` by row; equal ranks are one block.
    fn new(mut rows: Vec<u32>, rank: &[u32], converted: &[bool]) -> Self {
        rows.sort_unstable_by_key(|&row| (std::cmp::Reverse(rank[row as usize]), row));
        let mut end = 0;
        let ends = rows.chunk_by(|&a, &b| rank[a as usize] == rank[b as usize]).map(|block| {
            end += block.len() as u32;
            end
        });
        let ends = ends.collect();
        rows.iter_mut().filter(|row| converted[**row as usize]).for_each(|row| *row |= WON);
        Self { rows, ends }
    }

    fn block(&self, place: usize) -> &[u32] {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        &self.rows[start..self.ends[place] as usize]
    }

    fn blocks(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let block = &self.rows[start..end as usize];
            start = end as usize;
            block
        })
    }
}

impl Counts {
    #[inline(always)]
    fn of<W: Weight>(block: &[u32], drawn: &[Lanes<W>]) -> Self {
        let mut counts = Self::default();
        for &row in block {
            counts.add(row, drawn);
        }
        counts
    }

    #[inline(always)]
    fn add<W: Weight>(&mut self, row: u32, drawn: &[Lanes<W>]) {
        plus(&mut self.0[usize::from(row & WON != 0)], &widened(&drawn[(row & !WON) as usize]));
    }

    fn won(&self, lane: usize) -> f64 {
        f64::from(self.0[1][lane])
    }

    fn all(&self, lane: usize) -> f64 {
        f64::from(self.0[0][lane]) + f64::from(self.0[1][lane])
    }
}

#[inline(always)]
fn plus(sum: &mut Lanes<u32>, more: &Lanes<u32>) {
    for lane in 0..LANES {
        sum[lane] += more[lane];
    }
}

#[inline(always)]
fn widened<W: Weight>(weight: &Lanes<W>) -> Lanes<u32> {
    let mut wide = [0; LANES];
    for lane in 0..LANES {
        wide[lane] = weight[lane].into();
    }
    wide
}

impl View {
    /// `rank` and `period` are by row, `scores` the distinct ones, ascending; `limits` by period.
    pub fn new(rows: &Rows, rank: &[u32], scores: &[f64], period: &[u32], limits: &[f64], map: &Map) -> Self {
        let order = Order::new((0..rows.len() as u32).collect(), rank, &rows.converted);
        let mut members = vec![Vec::new(); limits.len()];
        for (row, &period) in period.iter().enumerate().filter(|(_, period)| **period != NOWHERE) {
            members[period as usize].push(row as u32);
        }
        let periods = members.into_iter().zip(limits);
        let (loss, certain) = losses(scores, map);
        let periods = periods.map(|(rows_of, &limit)| (Order::new(rows_of, rank, &rows.converted), limit)).collect();
        Self { order, loss, certain, periods }
    }

    /// The figures of each lane. The same code with wider registers where the processor has them: each lane adds in the
    /// same order, so no digit depends on it.
    pub fn figures<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>]) -> Lanes<Figures> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { self.figures_wide(rows, drawn) };
        }
        self.figures_in_lanes(rows, drawn)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn figures_wide<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>]) -> Lanes<Figures> {
        self.figures_in_lanes(rows, drawn)
    }

    #[inline(always)]
    fn figures_in_lanes<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>]) -> Lanes<Figures> {
        let walk = self.walk(drawn);
        let handed = self.handed_over(rows, drawn);
        std::array::from_fn(|lane| {
            let (won, other) = (walk.counts.won(lane), f64::from(walk.counts.0[0][lane]));
            let top = SHARES.map(|share| self.found(&walk.notes, drawn, lane, share * (won + other)));
            let loss = |which: usize| {
                if self.loss.is_empty() { f64::NAN } else { walk.loss[which][lane] / (won + other) }
            };
            Figures {
                auc: 1.0 - walk.above[lane] as f64 / 2.0 / (won * other),
                average_precision: walk.precision[lane] / won,
                capture: handed.won[lane] / handed.of[lane],
                wins: handed.won[lane],
                value: if rows.valued { handed.value[lane] } else { f64::NAN },
                lift_10: top[TENTH] / (SHARES[TENTH] * won),
                top: top.map(|found| found / won),
                brier: loss(0),
                log_loss: loss(1),
            }
        })
    }

    /// Once over the blocks, best first.
    #[inline(always)]
    fn walk<W: Weight>(&self, drawn: &[Lanes<W>]) -> Walk {
        let mut walk = Walk { notes: vec![(0, Counts::default())], ..Walk::default() };
        let (mut noted, mut seen) = (0, 0);
        for (place, block) in self.order.blocks().enumerate() {
            if seen > noted && seen + block.len() > noted + STRIDE {
                walk.notes.push((place, walk.counts));
                noted = seen;
            }
            seen += block.len();
            match block {
                [row] if row & WON == 0 => {
                    let weight = widened(&drawn[*row as usize]);
                    plus(&mut walk.counts.0[0], &weight);
                    if let Some(loss) = self.loss.get(place) {
                        walk.lose(&weight, &loss[0]);
                    }
                }
                _ => walk.take(&Counts::of(block, drawn), self.loss.get(place)),
            }
        }
        walk.notes.push((self.order.ends.len(), walk.counts));
        for &(place, won) in &self.certain {
            let here = Counts::of(self.order.block(place as usize), drawn);
            let wrong = &here.0[usize::from(won)];
            (0..LANES).filter(|&lane| wrong[lane] > 0).for_each(|lane| walk.loss[1][lane] = f64::INFINITY);
        }
        walk
    }

    /// Wins among the best `leads` of a lane, with the tied block at the edge shared.
    fn found<W: Weight>(&self, notes: &[(usize, Counts)], drawn: &[Lanes<W>], lane: usize, leads: f64) -> f64 {
        let after = notes.partition_point(|(_, counts)| counts.all(lane) < leads).clamp(1, notes.len() - 1);
        let (from, before) = &notes[after - 1];
        let (to, beyond) = &notes[after];
        let (mut found, mut left) = (before.won(lane), leads - before.all(lane));
        if to - from == 1 {
            let block = beyond.all(lane) - before.all(lane);
            let won = beyond.won(lane) - found;
            return found + if block > 0.0 { won * f64::min(left / block, 1.0) } else { 0.0 };
        }
        for place in *from..*to {
            let (mut won, mut block) = (0.0, 0.0);
            for &row in self.order.block(place) {
                let weight: u32 = drawn[(row & !WON) as usize][lane].into();
                block += f64::from(weight);
                won += if row & WON == 0 { 0.0 } else { f64::from(weight) };
            }
            if block >= left {
                return found + if block > 0.0 { won * left / block } else { 0.0 };
            }
            found += won;
            left -= block;
        }
        found
    }

    /// Wins and value among the leads handed over, with ties shared.
    #[inline(always)]
    fn handed_over<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>]) -> HandedOver {
        let mut sum = HandedOver::default();
        for (order, limit) in &self.periods {
            let mut left = [*limit; LANES];
            let mut passed = 0;
            for block in order.blocks() {
                if left.iter().all(|left| *left <= 0.0) {
                    break;
                }
                passed += block.len();
                sum.hand_over(block, &mut left, rows, drawn);
            }
            count_wins(&order.rows[passed..], drawn, &mut sum.of);
        }
        sum
    }
}

/// Adds the wins among some rows.
#[inline(always)]
fn count_wins<W: Weight>(rows: &[u32], drawn: &[Lanes<W>], sum: &mut Lanes<f64>) {
    let mut counts = Counts::default();
    for &row in rows.iter().filter(|row| **row & WON != 0) {
        counts.add(row, drawn);
    }
    for lane in 0..LANES {
        sum[lane] += counts.won(lane);
    }
}

/// The losses of each distinct score, the best first, and those that are certain; none unless every score has a
/// probability.
fn losses(scores: &[f64], map: &Map) -> (Vec<Loss>, Vec<(u32, bool)>) {
    // A score of minus infinity stands for a lead without one, which has no probability.
    let all_scored = scores.first().is_none_or(|lowest| lowest.is_finite());
    let chances = scores.iter().rev().map(|score| map.apply(*score)).collect::<Option<Vec<f64>>>();
    let Some(chances) = chances.filter(|_| all_scored) else { return Default::default() };
    let finite = |loss: f64| if loss.is_finite() { loss } else { 0.0 };
    let loss = |p: &f64| [[p * p, finite(-(-p).ln_1p())], [(1.0 - p).powi(2), finite(-p.ln())]];
    let certain = (0u32..).zip(&chances).filter(|(_, p)| **p == 0.0 || **p == 1.0).map(|(place, p)| (place, *p == 0.0));
    (chances.iter().map(loss).collect(), certain.collect())
}

/// What one walk over the blocks finds.
#[derive(Default)]
struct Walk {
    counts: Counts,
    /// Twice the pairs in which the other lead stands above the win, ties counting half.
    above: Lanes<u64>,
    precision: Lanes<f64>,
    /// Brier score and log loss, summed.
    loss: [Lanes<f64>; 2],
    /// The counts before some blocks, ascending.
    notes: Vec<(usize, Counts)>,
}

impl Walk {
    #[inline(always)]
    fn lose(&mut self, weight: &Lanes<u32>, loss: &[f64; 2]) {
        // A lead is drawn less than 2^31 times: a signed number is converted faster.
        for which in 0..2 {
            for lane in 0..LANES {
                self.loss[which][lane] += f64::from(weight[lane] as i32) * loss[which];
            }
        }
    }

    #[inline(always)]
    fn take(&mut self, block: &Counts, loss: Option<&Loss>) {
        let Counts([other, won]) = block;
        for lane in 0..LANES {
            let tied = 2 * u64::from(self.counts.0[0][lane]) + u64::from(other[lane]);
            self.above[lane] += u64::from(won[lane]) * tied;
        }
        plus(&mut self.counts.0[0], other);
        plus(&mut self.counts.0[1], won);
        for lane in 0..LANES {
            // Before the first draw of all, nothing is found among nothing.
            let share = self.counts.won(lane) / self.counts.all(lane).max(1.0);
            self.precision[lane] += f64::from(won[lane] as i32) * share;
        }
        if let Some(loss) = loss {
            self.lose(other, &loss[0]);
            self.lose(won, &loss[1]);
        }
    }
}

#[derive(Default)]
struct HandedOver {
    won: Lanes<f64>,
    /// All wins of the periods that count.
    of: Lanes<f64>,
    value: Lanes<f64>,
}

impl HandedOver {
    #[inline(always)]
    fn hand_over<W: Weight>(&mut self, block: &[u32], left: &mut Lanes<f64>, rows: &Rows, drawn: &[Lanes<W>]) {
        let here = Counts::of(block, drawn);
        let mut share = [0.0; LANES];
        for lane in 0..LANES {
            let size = here.all(lane);
            share[lane] = if size <= left[lane] { 1.0 } else { f64::max(left[lane], 0.0) / size };
            left[lane] -= share[lane] * size;
            self.won[lane] += share[lane] * here.won(lane);
            self.of[lane] += here.won(lane);
        }
        for &row in block.iter().filter(|row| **row & WON != 0) {
            let row = (row & !WON) as usize;
            for lane in 0..LANES {
                let weight: u32 = drawn[row][lane].into();
                self.value[lane] += share[lane] * f64::from(weight) * rows.value[row];
            }
        }
    }
}
