#![expect(clippy::needless_range_loop, reason = "a plain loop over lanes is one step of a wide register")]

use crate::metrics::{Figures, SHARES};

use super::super::calibrate::Maps;
use super::rows::{LANES, Lanes, NOWHERE, Rows, Weight};

/// Marks a row that converted.
const WON: u32 = 1 << 31;
/// More blocks are not counted side by side: their counts would not stay at hand.
const CELLS: usize = 2_048;
/// So many rows a block are worth counting.
const FEW: usize = 8;
/// Rows that are copied at a time.
const AHEAD: usize = 64;
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
    all: Ranked,
    /// The rows of each fit, where there are several: their scores are compared with one another only.
    by_fit: Vec<Ranked>,
    /// The rows of each period that counts, and how many leads are handed over in it.
    periods: Vec<(Order, f64)>,
}

/// Rows as a model ranks them.
struct Ranked {
    order: Order,
    /// Where blocks are few, twice the block of every row, and one more if it converted: then rows are counted as they
    /// lie in memory.
    cells: Vec<u32>,
    /// A block each; empty where the model has no probabilities, and where rows of several fits stand together.
    loss: Vec<Loss>,
    /// Blocks that are certain of what may not have happened: a win (or else another lead) among them loses all.
    certain: Vec<(u32, bool)>,
}

/// A model's scores by row.
pub(super) struct Ranks<'a> {
    /// The rank of each row's score among the distinct ones.
    pub rank: &'a [u32],
    /// The distinct scores, ascending.
    pub scores: &'a [f64],
    pub maps: &'a Maps,
}

/// How often leads were drawn: those that did not convert, and those that did.
#[derive(Clone, Copy, Default)]
struct Counts([Lanes<u32>; 2]);

/// Rows with the highest rank first, those of one rank as they stood.
fn counted_out(rows: &[u32], rank: &[u32], ranks: usize) -> Vec<u32> {
    let mut next = vec![0u32; ranks + 1];
    rows.iter().for_each(|&row| next[rank[row as usize] as usize] += 1);
    let mut before = 0;
    for count in next.iter_mut().rev() {
        (before, *count) = (before + *count, before);
    }
    let mut ordered = vec![0; rows.len()];
    for &row in rows {
        let place = &mut next[rank[row as usize] as usize];
        ordered[*place as usize] = row;
        *place += 1;
    }
    ordered
}

impl Order {
    /// Rows in ascending order; `rank` is by row, below `ranks`, and equal ranks are one block.
    fn new(mut rows: Vec<u32>, rank: &[u32], ranks: usize, converted: &[bool]) -> Self {
        if rows.len() < ranks / FEW {
            rows.sort_by_key(|&row| std::cmp::Reverse(rank[row as usize]));
        } else {
            rows = counted_out(&rows, rank, ranks);
        }
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
    /// Of the next rows of an order.
    #[inline(always)]
    fn of<W: Weight>(block: &[u32], ahead: &mut Ahead<W>) -> Self {
        let (mut all, mut won) = ([0; LANES], [0; LANES]);
        for &row in block {
            let weight = widened(ahead.next());
            let mask = if row & WON == 0 { 0 } else { u32::MAX };
            for lane in 0..LANES {
                all[lane] += weight[lane];
                won[lane] += weight[lane] & mask;
            }
        }
        Self([std::array::from_fn(|lane| all[lane] - won[lane]), won])
    }

    fn won(&self, lane: usize) -> f64 {
        f64::from(self.0[1][lane])
    }

    fn all(&self, lane: usize) -> f64 {
        f64::from(self.0[0][lane]) + f64::from(self.0[1][lane])
    }
}

/// How often the rows of an order were drawn, row after row. They lie anywhere in memory: some at a time are copied
/// before any is looked at, so that the memory they wait for is fetched at once.
struct Ahead<'a, W> {
    rows: &'a [u32],
    drawn: &'a [Lanes<W>],
    copied: [Lanes<W>; AHEAD],
    /// The next one among the copied.
    next: usize,
}

impl<'a, W: Weight> Ahead<'a, W> {
    #[inline(always)]
    fn new(rows: &'a [u32], drawn: &'a [Lanes<W>]) -> Self {
        Self { rows, drawn, copied: [[W::default(); LANES]; AHEAD], next: AHEAD }
    }

    /// Nothing was drawn beyond the last row.
    #[inline(always)]
    fn next(&mut self) -> &Lanes<W> {
        if self.next == AHEAD {
            let (now, later) = self.rows.split_at(self.rows.len().min(AHEAD));
            for (copied, &row) in self.copied.iter_mut().zip(now) {
                *copied = self.drawn[(row & !WON) as usize];
            }
            (self.rows, self.next) = (later, 0);
        }
        self.next += 1;
        &self.copied[self.next - 1]
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
    /// `fit` (where there are several) and `period` are by row, `limits` by period.
    pub fn new(rows: &Rows, ranks: &Ranks, fit: Option<&[u32]>, period: &[u32], limits: &[f64]) -> Self {
        let Ranks { rank, scores, .. } = *ranks;
        let order = |members: Vec<u32>| Order::new(members, rank, scores.len(), &rows.converted);
        let periods = members(period, limits.len()).into_iter().map(order).zip(limits.iter().copied()).collect();
        let whole = order((0..rows.len() as u32).collect());
        let best = scores.len().saturating_sub(1) as u32;
        let cell = |(rank, won): (&u32, &bool)| 2 * (best - rank) + u32::from(*won);
        let cells = if scores.len() <= CELLS && FEW * scores.len() <= rows.len() {
            rank.iter().zip(&rows.converted).map(cell).collect()
        } else {
            Vec::new()
        };
        let Some(fit) = fit else {
            let (loss, certain) = losses(&whole, ranks, 0);
            return Self { all: Ranked { order: whole, cells, loss, certain }, by_fit: Vec::new(), periods };
        };
        let fits = fit.iter().max().map_or(0, |&last| last as usize + 1);
        let of_fit = |(fit, members): (usize, Vec<u32>)| {
            let order = order(members);
            let (loss, certain) = losses(&order, ranks, fit);
            Ranked { order, cells: Vec::new(), loss, certain }
        };
        let all = Ranked { order: whole, cells, loss: Vec::new(), certain: Vec::new() };
        Self { all, by_fit: members(fit, fits).into_iter().enumerate().map(of_fit).collect(), periods }
    }

    /// The figures of each lane, of which `wins` are the wins in periods that count. The same code with wider registers
    /// where the processor has them: each lane adds in the same order, so no digit depends on it.
    pub fn figures<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>], wins: &Lanes<f64>) -> Lanes<Figures> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { self.figures_widest(rows, drawn, wins) };
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { self.figures_wide(rows, drawn, wins) };
        }
        self.figures_in_lanes(rows, drawn, wins)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn figures_widest<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>], wins: &Lanes<f64>) -> Lanes<Figures> {
        self.figures_in_lanes(rows, drawn, wins)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn figures_wide<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>], wins: &Lanes<f64>) -> Lanes<Figures> {
        self.figures_in_lanes(rows, drawn, wins)
    }

    #[inline(always)]
    fn figures_in_lanes<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>], wins: &Lanes<f64>) -> Lanes<Figures> {
        let walk = self.all.walk(drawn);
        let within = if self.by_fit.is_empty() { Within::of(&walk) } else { self.within(drawn) };
        let has_loss = self.by_fit.first().unwrap_or(&self.all).has_loss();
        let handed = self.handed_over(rows, drawn);
        std::array::from_fn(|lane| {
            let (won, other) = (walk.counts.won(lane), f64::from(walk.counts.0[0][lane]));
            let top = SHARES.map(|share| self.all.found(&walk.notes, drawn, lane, share * (won + other)));
            let loss = |which: usize| if has_loss { within.loss[which][lane] / (won + other) } else { f64::NAN };
            Figures {
                auc: 1.0 - within.above[lane] / 2.0 / within.pairs[lane],
                average_precision: within.precision[lane] / won,
                capture: handed.won[lane] / wins[lane],
                wins: handed.won[lane],
                value: if rows.valued { handed.value[lane] } else { f64::NAN },
                lift_10: top[TENTH] / (SHARES[TENTH] * won),
                top: top.map(|found| found / won),
                brier: loss(0),
                log_loss: loss(1),
                rate: won / (won + other),
            }
        })
    }

    /// What is compared within a fit only, over all fits: areas by pairs, precision by wins.
    #[inline(always)]
    fn within<W: Weight>(&self, drawn: &[Lanes<W>]) -> Within {
        let mut sum = Within::default();
        self.by_fit.iter().for_each(|ranked| sum.add(&Within::of(&ranked.walk(drawn))));
        sum
    }

    /// Wins and value among the leads handed over, with ties shared.
    #[inline(always)]
    fn handed_over<W: Weight>(&self, rows: &Rows, drawn: &[Lanes<W>]) -> HandedOver {
        let mut sum = HandedOver::default();
        for (order, limit) in &self.periods {
            let mut left = [*limit; LANES];
            let mut ahead = Ahead::new(&order.rows, drawn);
            for block in order.blocks() {
                if left.iter().all(|left| *left <= 0.0) {
                    break;
                }
                sum.hand_over(block, &mut left, rows, drawn, &mut ahead);
            }
        }
        sum
    }
}

/// The rows of each of so many groups; those of none are in none.
fn members(group: &[u32], groups: usize) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); groups];
    for (row, &group) in group.iter().enumerate().filter(|(_, group)| **group != NOWHERE) {
        members[group as usize].push(row as u32);
    }
    members
}

impl Ranked {
    /// Whether its leads have probabilities. Without a lead there is nothing to lose.
    fn has_loss(&self) -> bool {
        !self.loss.is_empty()
    }

    /// Once over the blocks, best first.
    #[inline(always)]
    fn walk<W: Weight>(&self, drawn: &[Lanes<W>]) -> Walk {
        let mut walk = Walk { notes: vec![(0, Counts::default())], ..Walk::default() };
        let mut ahead = Ahead::new(&self.order.rows, drawn);
        let (mut noted, mut seen) = (0, 0);
        let counted = self.counted(drawn);
        for (place, block) in self.order.blocks().enumerate() {
            if seen > noted && seen + block.len() > noted + STRIDE {
                walk.notes.push((place, walk.counts));
                noted = seen;
            }
            seen += block.len();
            match block {
                _ if !counted.is_empty() => {
                    walk.take(&Counts([counted[2 * place], counted[2 * place + 1]]), self.loss.get(place));
                }
                [row] if row & WON == 0 => {
                    let weight = widened(ahead.next());
                    plus(&mut walk.counts.0[0], &weight);
                    if let Some(loss) = self.loss.get(place) {
                        walk.lose(&weight, &loss[0]);
                    }
                }
                _ => walk.take(&Counts::of(block, &mut ahead), self.loss.get(place)),
            }
        }
        walk.notes.push((self.order.ends.len(), walk.counts));
        for &(place, won) in &self.certain {
            let block = self.order.block(place as usize);
            let here = Counts::of(block, &mut Ahead::new(block, drawn));
            let wrong = &here.0[usize::from(won)];
            (0..LANES).filter(|&lane| wrong[lane] > 0).for_each(|lane| walk.loss[1][lane] = f64::INFINITY);
        }
        walk
    }

    /// How often the leads of each block were drawn that did not convert, and those that did; nothing where blocks are many.
    #[inline(always)]
    fn counted<W: Weight>(&self, drawn: &[Lanes<W>]) -> Vec<Lanes<u32>> {
        if self.cells.is_empty() {
            return Vec::new();
        }
        let mut counted = vec![[0; LANES]; 2 * self.order.ends.len()];
        for (&cell, weight) in self.cells.iter().zip(drawn) {
            plus(&mut counted[cell as usize], &widened(weight));
        }
        counted
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
}

/// The rows that converted in periods that count, whichever model ranks them.
pub(super) fn winners(rows: &Rows, period: &[u32]) -> Vec<u32> {
    let counts = |row: &u32| rows.converted[*row as usize] && period[*row as usize] != NOWHERE;
    (0..rows.len() as u32).filter(counts).collect()
}

/// How many of some rows were drawn in each lane.
pub(super) fn drawn_of<W: Weight>(rows: &[u32], drawn: &[Lanes<W>]) -> Lanes<f64> {
    let mut sum = [0u32; LANES];
    rows.iter().for_each(|&row| plus(&mut sum, &widened(&drawn[row as usize])));
    sum.map(f64::from)
}

/// The losses of each block of an order, and those that are certain, by the probabilities of a fit; none unless every
/// score has one.
fn losses(order: &Order, ranks: &Ranks, fit: usize) -> (Vec<Loss>, Vec<(u32, bool)>) {
    // A score of minus infinity stands for a lead without one, which has no probability.
    let all_scored = ranks.scores.first().is_none_or(|lowest| lowest.is_finite());
    let score = |block: &[u32]| ranks.scores[ranks.rank[(block[0] & !WON) as usize] as usize];
    let chances = order.blocks().map(|block| ranks.maps.apply(fit, score(block))).collect::<Option<Vec<f64>>>();
    let Some(chances) = chances.filter(|_| all_scored) else { return Default::default() };
    let finite = |loss: f64| if loss.is_finite() { loss } else { 0.0 };
    let loss = |p: &f64| [[p * p, finite(-(-p).ln_1p())], [(1.0 - p).powi(2), finite(-p.ln())]];
    let certain = (0u32..).zip(&chances).filter(|(_, p)| **p == 0.0 || **p == 1.0).map(|(place, p)| (place, *p == 0.0));
    (chances.iter().map(loss).collect(), certain.collect())
}

/// What compares leads of one fit, over one or more of them.
#[derive(Default)]
struct Within {
    /// Twice the pairs in which the other lead stands above the win, ties counting half.
    above: Lanes<f64>,
    pairs: Lanes<f64>,
    precision: Lanes<f64>,
    loss: [Lanes<f64>; 2],
}

impl Within {
    #[inline(always)]
    fn of(walk: &Walk) -> Self {
        Self {
            above: walk.above.map(|above| above as f64),
            pairs: std::array::from_fn(|lane| walk.counts.won(lane) * f64::from(walk.counts.0[0][lane])),
            precision: walk.precision,
            loss: walk.loss,
        }
    }

    #[inline(always)]
    fn add(&mut self, more: &Self) {
        for lane in 0..LANES {
            self.above[lane] += more.above[lane];
            self.pairs[lane] += more.pairs[lane];
            self.precision[lane] += more.precision[lane];
            for which in 0..2 {
                self.loss[which][lane] += more.loss[which][lane];
            }
        }
    }
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
    value: Lanes<f64>,
}

impl HandedOver {
    #[inline(always)]
    fn hand_over<W: Weight>(
        &mut self,
        block: &[u32],
        left: &mut Lanes<f64>,
        rows: &Rows,
        drawn: &[Lanes<W>],
        ahead: &mut Ahead<W>,
    ) {
        let here = Counts::of(block, ahead);
        let mut share = [0.0; LANES];
        for lane in 0..LANES {
            let size = here.all(lane);
            // Rounding may leave less than nothing: nothing drawn is then no part of it, and not 0 / 0.
            let room = f64::max(left[lane], 0.0);
            share[lane] = if size <= room { 1.0 } else { room / size };
            left[lane] -= share[lane] * size;
            self.won[lane] += share[lane] * here.won(lane);
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

#[cfg(test)]
mod tests {
    use super::super::rows::Drawn;
    use super::*;
    use crate::stats::random::Seed;
    use crate::stats::{Sample, discrimination};

    /// Leads in three periods, the last of which does not count, with tied scores that are probabilities.
    struct Made {
        rows: Rows,
        score: Vec<f64>,
        period: Vec<u32>,
        drawn: Vec<Lanes<u8>>,
    }

    fn made(leads: usize, distinct: u64) -> Made {
        let mut chance = Seed(3).replicate(distinct);
        let score: Vec<f64> = (0..leads).map(|_| chance.below(distinct) as f64 / distinct as f64).collect();
        let converted: Vec<bool> = score.iter().map(|score| chance.chance(0.1 + 0.3 * score)).collect();
        let value = converted.iter().map(|won| if *won { chance.uniform() } else { 0.0 }).collect();
        let period = (0..leads).map(|_| [0, 1, NOWHERE][chance.below(3) as usize]).collect();
        let mut drawn = Drawn::default();
        let rows = Rows::of_leads(converted, value);
        u8::draw(&rows, &mut std::array::from_fn(|lane| Seed(1).replicate(lane as u64)), &mut drawn);
        Made { rows, score, period, drawn: drawn.rows }
    }

    fn figures(made: &Made, limits: &[f64]) -> Lanes<Figures> {
        let mut scores: Vec<f64> = made.score.clone();
        scores.sort_unstable_by(f64::total_cmp);
        scores.dedup();
        let rank: Vec<u32> =
            made.score.iter().map(|score| scores.partition_point(|known| known < score) as u32).collect();
        let ranks = Ranks { rank: &rank, scores: &scores, maps: &Maps::as_given() };
        let view = View::new(&made.rows, &ranks, None, &made.period, limits);
        view.figures(&made.rows, &made.drawn, &drawn_of(&winners(&made.rows, &made.period), &made.drawn))
    }

    fn handed_over(made: &Made, weight: &[f64], period: u32, limit: f64) -> (f64, f64, f64) {
        let mut order: Vec<usize> = (0..made.score.len()).filter(|&row| made.period[row] == period).collect();
        order.sort_by(|&a, &b| made.score[b].total_cmp(&made.score[a]));
        let (mut left, mut won, mut value, mut of) = (limit, 0.0, 0.0, 0.0);
        for block in order.chunk_by(|&a, &b| made.score[a] == made.score[b]) {
            let size: f64 = block.iter().map(|&row| weight[row]).sum();
            let share = if size > 0.0 { (left / size).clamp(0.0, 1.0) } else { 0.0 };
            for &row in block.iter().filter(|&&row| made.rows.converted[row]) {
                won += share * weight[row];
                value += share * weight[row] * made.rows.value[row];
                of += weight[row];
            }
            left -= share * size;
        }
        (won, value, of)
    }

    /// Every lane against the statistics of the leads repeated as often as they were drawn.
    fn check(leads: usize, distinct: u64) {
        let made = made(leads, distinct);
        let limits = [0.1 * leads as f64, 7.5];
        let figures = figures(&made, &limits);
        for lane in 0..LANES {
            let weight: Vec<f64> = made.drawn.iter().map(|weight| f64::from(weight[lane])).collect();
            assert_eq!(weight.iter().sum::<f64>(), leads as f64);
            let tally = Sample::weighted(&made.score, &made.rows.converted, &weight).tally();
            let found = &figures[lane];
            let near = |ours: f64, theirs: f64| {
                // Where no win was drawn neither has a share of the wins.
                let same = ours.is_nan() && theirs.is_nan() || (ours - theirs).abs() < 1e-9;
                assert!(same, "{ours} {theirs} of {leads}");
            };
            near(found.auc, discrimination::auc(&tally).unwrap());
            near(found.average_precision, discrimination::average_precision(&tally).unwrap());
            for (share, found) in SHARES.iter().zip(found.top) {
                near(found, discrimination::top_share(&tally, share * tally.total()).expected / tally.positives());
            }
            let loss = |of: fn(f64) -> f64| {
                let each = (0..leads).map(|row| {
                    let p = made.score[row];
                    weight[row] * of(if made.rows.converted[row] { p } else { 1.0 - p })
                });
                each.filter(|part| !part.is_nan()).sum::<f64>() / leads as f64
            };
            near(found.brier, loss(|right| (1.0 - right).powi(2)));
            if found.log_loss.is_finite() {
                near(found.log_loss, loss(|right| -right.ln()));
            } else {
                assert!((0..leads).any(|row| weight[row] > 0.0 && made.rows.converted[row] && made.score[row] == 0.0));
            }
            let parts = [0, 1].map(|period| handed_over(&made, &weight, period, limits[period as usize]));
            near(found.wins, parts[0].0 + parts[1].0);
            near(found.value, parts[0].1 + parts[1].1);
            near(found.capture, found.wins / (parts[0].2 + parts[1].2));
        }
    }

    #[test]
    fn the_figures_of_a_resample_are_those_of_its_leads_repeated() {
        // Few scores and many, fewer leads than a block and more, blocks longer and shorter than a stride.
        for (leads, distinct) in [(40, 3), (256, 1_000_000), (1_000, 2), (1_500, 20), (1_500, 700), (3_000, 1_000_000)]
        {
            check(leads, distinct);
        }
    }

    #[test]
    fn what_is_left_to_hand_over_may_miss_zero_by_a_digit() {
        let made = made(1_500, 700);
        for place in 1..200 {
            let limits = [0.7 * f64::from(place), 1.1 * f64::from(place)];
            let figures = figures(&made, &limits);
            let all_told = figures.iter().all(|found| found.wins.is_finite() && found.capture.is_finite());
            assert!(all_told, "{limits:?}");
        }
    }

    #[test]
    fn leads_are_drawn_as_often_as_chance_has_it() {
        let leads = 700;
        let rows = Rows::of_leads(vec![false; leads], vec![0.0; leads]);
        let (mut drawn, mut sums, mut squares) = (Drawn::default(), vec![0.0; leads], 0.0);
        let batches = 400;
        for batch in 0..batches {
            let mut streams = std::array::from_fn(|lane| Seed(5).replicate((batch * LANES + lane) as u64));
            u8::draw(&rows, &mut streams, &mut drawn);
            for (sum, weight) in sums.iter_mut().zip(&drawn.rows) {
                *sum += weight.iter().map(|weight| f64::from(*weight)).sum::<f64>();
                squares += weight.iter().map(|weight| (f64::from(*weight) - 1.0).powi(2)).sum::<f64>();
            }
        }
        let draws = (batches * LANES) as f64;
        let variance = 1.0 - 1.0 / leads as f64;
        assert!((squares / draws / leads as f64 - variance).abs() < 0.005, "a multinomial's variance");
        let far = sums.iter().map(|sum| (sum / draws - 1.0).abs() / (variance / draws).sqrt()).fold(0.0, f64::max);
        assert!(far < 4.5, "every lead as often as any other: {far} standard errors");
    }
}
