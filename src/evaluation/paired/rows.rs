use std::cmp::Ordering;

use crate::stats::random::Stream;

use super::super::cohort::Cohort;

/// Resamples that are drawn and counted side by side: a lead is fetched once for all of them.
pub(super) const LANES: usize = 32;
pub(super) type Lanes<T> = [T; LANES];

/// Leads that a draw tells apart by one random byte.
const BLOCK: usize = 256;
/// Fewer cells than an eighth of the leads are drawn as cells.
const FEW: usize = 8;

/// Not in any period that counts.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What is drawn, in canonical order, so that neither the order of the leads nor merging them changes a draw: leads,
/// or cells of leads that agree in all that is read where these are few.
pub(super) struct Rows {
    /// A lead (a place among the mature ones) of each row.
    pub first: Vec<u32>,
    pub converted: Vec<bool>,
    /// 0 where no value is known.
    pub value: Vec<f64>,
    pub valued: bool,
    /// What is drawn at once, with all of its rows.
    units: Units,
}

/// What is drawn with replacement, as many as there are.
enum Units {
    /// Each row is one.
    Leads,
    /// Each row stands for so many leads.
    Cells { counts: Vec<u64>, leads: u64 },
    /// Rows are leads, each of one of so many accounts.
    Accounts { of: Vec<u32>, accounts: u64 },
}

impl Rows {
    /// `period` and `ranks` (a model each) are by mature lead.
    pub fn new(cohort: &Cohort, period: &[u32], ranks: &[Vec<u32>]) -> Self {
        use rayon::slice::ParallelSliceMut;
        let leads = cohort.leads();
        let mature = cohort.mature();
        let value = |i: u32| cohort.capped_value_of(mature[i as usize]).unwrap_or(0.0);
        let fit = |i: u32| cohort.fit_of(mature[i as usize]);
        let won = |i: u32| leads.converted[mature[i as usize]];
        let compare = |&a: &u32, &b: &u32| {
            let by_rank = ranks.iter().map(|rank| rank[b as usize].cmp(&rank[a as usize])).find(|order| order.is_ne());
            by_rank.unwrap_or(Ordering::Equal).then_with(|| {
                let key = |i: u32| (fit(i), period[i as usize], won(i), value(i).to_bits());
                key(a).cmp(&key(b))
            })
        };
        let mut order: Vec<u32> = (0..mature.len() as u32).collect();
        order.par_sort_unstable_by(compare);
        let (first, units): (Vec<u32>, Units) = match cohort.account_of(mature) {
            Some(account) => {
                let (of, accounts) = numbered(&order, &account);
                (order, Units::Accounts { of, accounts })
            }
            None => {
                let cells: Vec<&[u32]> = order.chunk_by(|a, b| compare(a, b).is_eq()).collect();
                if FEW * cells.len() > order.len() {
                    (order, Units::Leads)
                } else {
                    let counts = cells.iter().map(|cell| cell.len() as u64).collect();
                    let units = Units::Cells { counts, leads: mature.len() as u64 };
                    (cells.iter().map(|cell| cell[0]).collect(), units)
                }
            }
        };
        Self {
            converted: first.iter().map(|&i| won(i)).collect(),
            value: first.iter().map(|&i| value(i)).collect(),
            valued: cohort.is_valued(),
            units,
            first,
        }
    }

    #[cfg(test)]
    pub fn of_leads(converted: Vec<bool>, value: Vec<f64>) -> Self {
        Self { first: (0..converted.len() as u32).collect(), converted, value, valued: true, units: Units::Leads }
    }

    pub fn len(&self) -> usize {
        self.first.len()
    }

    pub fn are_leads(&self) -> bool {
        !matches!(self.units, Units::Cells { .. })
    }

    /// The leads themselves, once each, in every lane.
    pub fn observed(&self) -> Vec<Lanes<u32>> {
        match &self.units {
            Units::Cells { counts, .. } => counts.iter().map(|&count| [count as u32; LANES]).collect(),
            _ => vec![[1; LANES]; self.len()],
        }
    }
}

/// The accounts of leads in some order, numbered without gaps as they are first met in the canonical one.
fn numbered(order: &[u32], account: &[u32]) -> (Vec<u32>, u64) {
    let mut number = vec![u32::MAX; account.iter().max().map_or(0, |&last| last as usize + 1)];
    let mut accounts = 0;
    for &own in account {
        if number[own as usize] == u32::MAX {
            number[own as usize] = accounts;
            accounts += 1;
        }
    }
    (order.iter().map(|&lead| number[account[lead as usize] as usize]).collect(), u64::from(accounts))
}

/// How often each row was drawn, and room for how often accounts were.
#[derive(Default)]
pub(super) struct Drawn<W> {
    pub rows: Vec<Lanes<W>>,
    accounts: Vec<Lanes<W>>,
}

/// How often a row was drawn.
pub(super) trait Weight: Copy + Default + Send + Into<u32> {
    /// Draws as many leads or accounts as there are, with replacement, in each lane from its stream: an exact multinomial.
    fn draw(rows: &Rows, streams: &mut Lanes<Stream>, drawn: &mut Drawn<Self>);
}

/// Leads, or accounts with all of their leads.
impl Weight for u8 {
    fn draw(rows: &Rows, streams: &mut Lanes<Stream>, drawn: &mut Drawn<u8>) {
        let Units::Accounts { of, accounts } = &rows.units else {
            return draw_equal(rows.len(), streams, &mut drawn.rows);
        };
        draw_equal(*accounts as usize, streams, &mut drawn.accounts);
        drawn.rows.clear();
        drawn.rows.extend(of.iter().map(|&account| drawn.accounts[account as usize]));
    }
}

/// Units as likely as one another, block by block: how many draws fall into a block is binomial given those before, and
/// within a block a byte chooses one. None is drawn 256 times: the chance is below 1e-500.
fn draw_equal(units: usize, streams: &mut Lanes<Stream>, drawn: &mut Vec<Lanes<u8>>) {
    drawn.clear();
    let mut left = [units as u64; LANES];
    let mut tile = [[0u8; BLOCK]; LANES];
    for start in (0..units).step_by(BLOCK) {
        let behind = units - start;
        let length = behind.min(BLOCK);
        for ((lane, stream), left) in tile.iter_mut().zip(streams.iter_mut()).zip(&mut left) {
            lane.fill(0);
            let here = stream.binomial(*left, length as f64 / behind as f64);
            *left -= here;
            scatter(lane, length, here, stream);
        }
        drawn.extend((0..length).map(|row| std::array::from_fn(|lane| tile[lane][row])));
    }
}

/// Draws `count` of the first `length` leads of a block.
fn scatter(lane: &mut [u8; BLOCK], length: usize, mut count: u64, stream: &mut Stream) {
    if length < BLOCK {
        (0..count).for_each(|_| lane[stream.below(length as u64) as usize] += 1);
        return;
    }
    while count > 0 {
        let bytes = stream.next_u64().to_le_bytes();
        let used = count.min(8);
        bytes[..used as usize].iter().for_each(|&byte| lane[usize::from(byte)] += 1);
        count -= used;
    }
}

/// Cells, by binomials given those before.
impl Weight for u32 {
    fn draw(rows: &Rows, streams: &mut Lanes<Stream>, drawn: &mut Drawn<u32>) {
        drawn.rows.clear();
        let Units::Cells { counts, leads } = &rows.units else { return };
        let (mut left, mut behind) = ([*leads; LANES], *leads);
        for &count in counts {
            let chance = count as f64 / behind as f64;
            drawn.rows.push(std::array::from_fn(|lane| {
                let here = streams[lane].binomial(left[lane], chance);
                left[lane] -= here;
                here as u32
            }));
            behind -= count;
        }
    }
}
