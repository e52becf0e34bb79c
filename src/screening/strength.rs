//! How well a column ranks leads by itself, each lead by how others with its value fared.

use crate::result::Estimate;
use crate::stats::random::Seed;
use crate::stats::{Interval, Sample, Tally, discrimination, quantile};
use crate::table::{Column, MISSING};

use super::{Fate, Leads};

/// Numbers with more values are cut into so many parts.
const PARTS: usize = 20;
const FOLDS: usize = 5;
/// Confidence of the interval that is shown.
const LEVEL: f64 = 0.95;
/// Leads that the rate of all adds to a value's own.
const PRIOR: f64 = 10.0;
/// Numbers are cut by so many of their values, spread evenly over the rows.
const ENOUGH: usize = 50_000;

/// The fold of every lead: by chance, for leads in the order of their ids often come in turns.
pub(super) fn folds(leads: usize) -> Vec<u8> {
    (0..leads).map(|row| Seed(0).replicate(row as u64).below(FOLDS as u64) as u8).collect()
}

/// How a column ranks leads.
pub(super) struct Strength(Option<Tally>);

impl Strength {
    pub fn of(column: &Column, leads: &Leads, folds: &[u8]) -> Self {
        let (codes, levels) = codes(column, leads.rows);
        // Where hardly any two leads share a value there is nothing to learn.
        let few = 2 * levels <= leads.rows.len().max(8);
        Self(few.then(|| tally(&codes, levels, leads, folds)))
    }

    /// Of leads that have something, and others.
    pub fn of_presence(has: &[bool], leads: &Leads, folds: &[u8]) -> Self {
        let codes: Vec<u32> = has.iter().map(|has| u32::from(*has)).collect();
        Self(Some(tally(&codes, 2, leads, folds)))
    }

    pub fn auc(&self) -> Option<f64> {
        self.0.as_ref().and_then(|tally| discrimination::auc(tally).ok())
    }

    pub fn estimate(&self) -> Estimate {
        let auc = self.0.as_ref().map(|tally| (discrimination::auc(tally), discrimination::auc_interval(tally, LEVEL)));
        auc.map_or_else(
            || Estimate::undefined("hardly two leads share a value"),
            |(point, interval)| Estimate::with(point, interval),
        )
    }

    pub fn interval(&self, level: f64) -> Option<Interval> {
        discrimination::auc_interval(self.0.as_ref()?, level).ok()
    }
}

/// Each row's level and how many there are: a text, yes or no, or one of twenty parts of a number's range; what is
/// missing is the last.
fn codes(column: &Column, rows: &[usize]) -> (Vec<u32>, usize) {
    let of = |levels: usize, code: &dyn Fn(usize) -> Option<u32>| {
        (rows.iter().map(|&row| code(row).unwrap_or(levels as u32)).collect(), levels + 1)
    };
    match column {
        Column::Text(text) => of(text.levels.len(), &|row| Some(text.codes[row]).filter(|code| *code != MISSING)),
        Column::Flag(flags) => of(2, &|row| flags[row].map(u32::from)),
        Column::Number(values) => {
            let cuts = cuts(values, rows);
            let part = |value: f64| cuts.partition_point(|cut| *cut < value) as u32;
            of(cuts.len() + 1, &|row| Some(values[row]).filter(|value| !value.is_nan()).map(part))
        }
        // A time is known or not.
        Column::Instant(_) => of(1, &|row| (!column.is_missing(row)).then_some(0)),
    }
}

fn cuts(values: &[f64], rows: &[usize]) -> Vec<f64> {
    let step = rows.len().div_ceil(ENOUGH).max(1);
    let some = rows.iter().step_by(step).map(|&row| values[row]);
    let mut sorted: Vec<f64> = some.filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    if sorted.is_empty() {
        return Vec::new();
    }
    let mut cuts: Vec<f64> = (1..PARTS).map(|part| quantile::sorted(&sorted, part as f64 / PARTS as f64)).collect();
    cuts.dedup();
    cuts
}

/// Leads by the rate of others with their level, those of their own fold apart: a level seen once knows nothing of its
/// own row.
fn tally(codes: &[u32], levels: usize, leads: &Leads, folds: &[u8]) -> Tally {
    let mut counts = vec![[0u32; 2]; levels * FOLDS];
    for ((code, fold), fate) in codes.iter().zip(folds).zip(leads.fates) {
        counts[*code as usize * FOLDS + usize::from(*fold)][usize::from(*fate == Fate::Won)] += 1;
    }
    let wins: f64 = counts.iter().map(|[_, won]| f64::from(*won)).sum();
    let base = wins / codes.len().max(1) as f64;
    let (mut score, mut converted, mut weight): (Vec<f64>, Vec<bool>, Vec<f64>) = Default::default();
    for level in counts.chunks(FOLDS) {
        let all = level.iter().fold([0u32; 2], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
        for own in level.iter().filter(|own| **own != [0, 0]) {
            let [lost, won] = [all[0] - own[0], all[1] - own[1]].map(f64::from);
            let rate = (won + PRIOR * base) / (lost + won + PRIOR);
            score.extend([rate, rate]);
            converted.extend([false, true]);
            weight.extend([f64::from(own[0]), f64::from(own[1])]);
        }
    }
    Sample::weighted(&score, &converted, &weight).tally()
}
