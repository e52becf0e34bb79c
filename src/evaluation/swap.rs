//! Who changes hands when a challenger replaces the champion.

use rayon::prelude::*;

use crate::result::{Estimate, HandOver, Trait, TraitOf};
use crate::stats::proportion::{Count, difference_interval, wilson};

use super::cohort::Cohort;
use super::options::Mark;
use super::schedule::{self, Schedule};
use super::{LEVEL, segment};

/// Traits told of each challenger.
const TOLD: usize = 12;

/// A lead that changes hands, wholly or (in a tied block at the edge) in part.
#[derive(Clone, Debug, PartialEq)]
pub struct Swapped {
    /// The lead's row in the cohort.
    pub row: usize,
    pub challenger: String,
    /// Above 0 for a lead that swaps in, below 0 for one that swaps out.
    pub share: f64,
}

/// The leads that swap in and out, a challenger after the other, in the cohort's order.
pub fn swapped(cohort: &Cohort) -> Vec<Swapped> {
    let Some(champion) = cohort.design().champion else { return Vec::new() };
    let schedule = schedule::schedule(cohort);
    let before = segment::shares(cohort, &schedule, champion);
    let challengers = (0..cohort.models().len()).filter(|&model| model != champion);
    challengers
        .flat_map(|challenger| {
            let after = segment::shares(cohort, &schedule, challenger);
            let name = &cohort.models()[challenger].name;
            let swapped = |(row, share)| Swapped { row, challenger: name.clone(), share };
            moved(&before, &after, 1e-12).into_iter().map(swapped).collect::<Vec<Swapped>>()
        })
        .collect()
}

/// The rows whose share handed over changes by more than `least`, and by how much.
fn moved(before: &[f64], after: &[f64], least: f64) -> Vec<(usize, f64)> {
    let moved = before.iter().zip(after).map(|(p, q)| q - p).enumerate();
    moved.filter(|(_, share)| share.abs() > least).collect()
}

/// What is more common among those who swap in than among those who swap out, or less: criteria that fire and levels
/// of segments, the largest differences first.
pub(super) fn traits(cohort: &Cohort, schedule: &Schedule) -> Vec<Trait> {
    let Some(champion) = cohort.design().champion else { return Vec::new() };
    let before = segment::shares(cohort, schedule, champion);
    let challengers: Vec<usize> = (0..cohort.models().len()).filter(|&model| model != champion).collect();
    let of = |&challenger: &usize| {
        let after = segment::shares(cohort, schedule, challenger);
        of_challenger(cohort, challenger, &moved(&before, &after, 0.0))
    };
    challengers.par_iter().map(of).collect::<Vec<_>>().into_iter().flatten().collect()
}

/// `moved` holds the rows that move, and by which share.
fn of_challenger(cohort: &Cohort, challenger: usize, moved: &[(usize, f64)]) -> Vec<Trait> {
    let name = &cohort.models()[challenger].name;
    let champion = cohort.design().champion.map(|place| &cohort.models()[place].name);
    let mut found = Vec::new();
    let mut look = |of: TraitOf, what: &str, holds: &dyn Fn(usize) -> bool| {
        found.extend(tell(cohort, name, of, what, moved, holds));
    };
    let own = |mark: &&Mark| mark.model == *name || Some(&mark.model) == champion;
    let marks: Vec<&Mark> = cohort.asked().marks.iter().filter(own).collect();
    for (place, mark) in marks.iter().enumerate() {
        // A variant shares most criteria with the model that it extends: each is told once.
        if !marks[..place].iter().any(|before| before.holds == mark.holds) {
            look(TraitOf::Criterion { model: mark.model.clone() }, &mark.what, &|row| mark.holds[row]);
        }
    }
    for grouping in &cohort.leads().segments {
        for (label, rows) in grouping.split(cohort.mature()) {
            let mut own = vec![false; cohort.leads().part.len()];
            rows.iter().for_each(|&row| own[row] = true);
            look(TraitOf::Column { name: grouping.name.clone() }, &label, &|row| own[row]);
        }
    }
    let size = |one: &Trait| one.difference.point.finite().unwrap_or(0.0).abs();
    found.sort_by(|a, b| size(b).total_cmp(&size(a)));
    found.truncate(TOLD);
    found
}

/// One trait, if it tells the two apart beyond chance and both are large enough to speak of.
fn tell(
    cohort: &Cohort,
    challenger: &str,
    of: TraitOf,
    what: &str,
    moved: &[(usize, f64)],
    holds: &dyn Fn(usize) -> bool,
) -> Option<Trait> {
    let sum = |sign: f64, only: bool| {
        let shares = moved.iter().filter(|(row, share)| *share * sign > 0.0 && (!only || holds(*row)));
        shares.map(|(_, share)| share * sign).sum::<f64>()
    };
    let side = |sign: f64| {
        let all = sum(sign, false);
        Count::new(f64::min(sum(sign, true), all), all)
    };
    let (entering, leaving) = (side(1.0), side(-1.0));
    if entering.n < 10.0 || leaving.n < 10.0 {
        return None;
    }
    // As many leads as tell as much by themselves.
    let known = |sign: f64, count: Count| {
        if cohort.leads().account.is_none() {
            return Some(count);
        }
        let rows: Vec<usize> = moved.iter().filter(|(_, share)| share * sign > 0.0).map(|(row, _)| *row).collect();
        let told = cohort.effective(&rows, |row| f64::from(holds(row))).ok()? / rows.len() as f64;
        Some(Count::new(count.successes * told, count.n * told))
    };
    let (entering, leaving) = (known(1.0, entering)?, known(-1.0, leaving)?);
    let rate = |count: Count| Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL));
    let interval = difference_interval(leaving, entering, LEVEL).ok()?;
    let point = entering.rate().ok()? - leaving.rate().ok()?;
    (!interval.contains(0.0)).then(|| Trait {
        challenger: challenger.into(),
        of,
        what: what.into(),
        swapped_in: rate(entering),
        swapped_out: rate(leaving),
        difference: Estimate::new(point, interval),
    })
}

/// How far two models agree on whom they would hand over at the experiment's capacity (or in the top 10 %).
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    pub hand_over: HandOver,
    /// Leads of the periods that count.
    pub leads: f64,
    /// Those that only the challenger hands over, and those that only the champion does; fractional under ties.
    pub swapped_in: Swap,
    pub swapped_out: Swap,
}

/// Leads that change hands, and the wins among them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Swap {
    pub leads: f64,
    pub wins: f64,
}

/// Where the champion and a challenger differ.
pub fn agreement(cohort: &Cohort, champion: usize, challenger: usize) -> Agreement {
    let schedule = schedule::schedule(cohort);
    let before = segment::shares(cohort, &schedule, champion);
    let after = segment::shares(cohort, &schedule, challenger);
    let moved = |sign: f64| {
        let rows =
            (0..before.len()).map(|row| (row, sign * (after[row] - before[row]))).filter(|(_, share)| *share > 0.0);
        rows.fold(Swap::default(), |sum, (row, share)| Swap {
            leads: sum.leads + share,
            wins: sum.wins + share * f64::from(cohort.leads().converted[row]),
        })
    };
    Agreement {
        leads: schedule.periods.iter().map(|(rows, _)| rows.len()).sum::<usize>() as f64,
        swapped_in: moved(1.0),
        swapped_out: moved(-1.0),
        hand_over: schedule.hand_over,
    }
}
