//! What no criterion says and the outcome knows: ready criteria.

use rayon::prelude::*;

use crate::models::spec::Criterion;
use crate::result::{Estimate, Missed, MissedKind};
use crate::stats::linear::dot;
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::proportion::{Count, wilson};
use crate::stats::{Interval, Undefined, dist};

use super::fit::Fit;
use super::weigh::Weighed;
use super::{Evidence, FALSE_DISCOVERIES, LEVEL, words};

/// Fewer leads than this share are not worth a criterion.
const RARE: f64 = 0.01;
/// What is left of a column's information beside the criteria, below which they say it already.
const SAID: f64 = 0.05;
/// Two criteria together are worth telling where they multiply the odds by half as much again, or take a third.
const STRONG: f64 = 0.4;

/// A criterion that the model does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub kind: MissedKind,
    /// The column or the kind of events that it reads.
    pub reads: String,
    /// As the experiment file has it, without points.
    pub criterion: Criterion,
    /// Whether it holds for every lead of the evidence.
    pub holds: Vec<bool>,
}

/// Two criteria, and the one that says that both hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The criteria's places.
    pub first: usize,
    pub second: usize,
    /// As the experiment file has it, without points.
    pub criterion: Criterion,
}

/// What would add to the criteria there are: a Newton step from the fit and its standard error, or why none.
type Gain = Result<(f64, f64), Undefined>;

/// The candidates that would add to the criteria there are, adjusted for them and corrected for the number looked at; of
/// each column or kind of events the clearest, the clearest first.
///
/// # Panics
/// When a candidate has not a value for every lead.
pub fn missing(evidence: &Evidence, weighed: &Weighed, candidates: &[Candidate]) -> Vec<Missed> {
    let Some((fit, scale)) = usable(weighed) else { return Vec::new() };
    let gains: Vec<Gain> = candidates.par_iter().map(|one| gain(evidence, fit, &one.holds)).collect();
    let adjusted = adjusted(&gains);
    let mut seen: Vec<&str> = Vec::new();
    let mut found = clearest(&gains, &adjusted);
    found.retain(|&i| {
        let reads = candidates[i].reads.as_str();
        let new = !seen.contains(&reads);
        seen.push(reads);
        new
    });
    let of = |&i: &usize| {
        let Candidate { kind, reads, criterion, holds } = &candidates[i];
        let told = Told { kind: *kind, reads: reads.clone(), criterion, holds };
        told.missed(evidence, gains[i], scale, adjusted[i])
    };
    found.iter().map(of).collect()
}

/// Pairs of criteria that together are worth clearly more, or less, than their points added up; corrected for the number
/// of pairs looked at, the clearest first.
///
/// # Panics
/// When a pair names no criterion of the evidence.
pub fn interactions(evidence: &Evidence, weighed: &Weighed, pairs: &[Pair]) -> Vec<Missed> {
    let Some((fit, scale)) = usable(weighed) else { return Vec::new() };
    let gains: Vec<Gain> = pairs.par_iter().map(|pair| together(evidence, fit, pair)).collect();
    let adjusted = adjusted(&gains);
    let mut found = clearest(&gains, &adjusted);
    found.retain(|&i| gains[i].is_ok_and(|(step, _)| step.abs() >= STRONG));
    let of = |&i: &usize| {
        let Pair { first, second, criterion } = &pairs[i];
        let [a, b] = [first, second].map(|place| &evidence.criteria[*place]);
        let holds: Vec<bool> = (0..evidence.leads()).map(|row| a.fires(row) && b.fires(row)).collect();
        let reads = format!("{} + {}", a.name, b.name);
        let told = Told { kind: MissedKind::Pair, reads, criterion, holds: &holds };
        told.missed(evidence, gains[i], scale, adjusted[i])
    };
    found.iter().map(of).collect()
}

fn usable(weighed: &Weighed) -> Option<(&Fit, f64)> {
    let fit = weighed.fit.as_ref().ok()?;
    Some((fit, fit.usable_scale().ok()?))
}

/// Benjamini-Hochberg over all that was looked at.
fn adjusted(gains: &[Gain]) -> Vec<f64> {
    let p = |gain: &Gain| gain.map_or(f64::NAN, |(step, error)| dist::normal_p(step / error));
    benjamini_hochberg(&gains.iter().map(p).collect::<Vec<f64>>())
}

/// The places of what is clear, the clearest first.
fn clearest(gains: &[Gain], adjusted: &[f64]) -> Vec<usize> {
    let z = |i: usize| gains[i].map_or(0.0, |(step, error)| (step / error).abs());
    let mut found: Vec<usize> = (0..gains.len()).filter(|&i| adjusted[i] <= FALSE_DISCOVERIES).collect();
    found.sort_by(|&a, &b| z(b).total_cmp(&z(a)).then(a.cmp(&b)));
    found
}

/// One Newton step of a new column's coefficient from the fit, the others free, with its standard error: the score over
/// the information that the criteria leave (Rao 1948).
fn gain(evidence: &Evidence, fit: &Fit, holds: &[bool]) -> Gain {
    assert_eq!(holds.len(), evidence.leads(), "a value for every lead");
    enough(evidence, holds.iter().filter(|holds| **holds).count())?;
    let mut sums = Sums::new(fit, 1);
    (0..holds.len()).filter(|&row| holds[row]).for_each(|row| sums.add(evidence, fit, row, [1.0]));
    sums.last_step(fit)
}

/// The same of two criteria firing together, beside each firing at all.
fn together(evidence: &Evidence, fit: &Fit, pair: &Pair) -> Gain {
    let [first, second] = [pair.first, pair.second].map(|place| &evidence.criteria[place]);
    let mut sums = Sums::new(fit, 3);
    let mut both = 0;
    for row in 0..evidence.leads() {
        let (a, b) = (first.fires(row), second.fires(row));
        if a || b {
            both += usize::from(a && b);
            sums.add(evidence, fit, row, [a, b, a && b].map(f64::from));
        }
    }
    enough(evidence, both)?;
    sums.last_step(fit)
}

fn enough(evidence: &Evidence, count: usize) -> Result<(), Undefined> {
    let (count, leads) = (count as f64, evidence.leads() as f64);
    if count < RARE * leads || count > (1.0 - RARE) * leads { Err(Undefined::TooFewRows) } else { Ok(()) }
}

/// Score and information of new columns, and the information that they share with the criteria.
struct Sums {
    score: Vec<f64>,
    own: Vec<Vec<f64>>,
    shared: Vec<Vec<f64>>,
}

impl Sums {
    fn new(fit: &Fit, columns: usize) -> Self {
        Self {
            score: vec![0.0; columns],
            own: vec![vec![0.0; columns]; columns],
            shared: vec![vec![0.0; fit.used.len() + 1]; columns],
        }
    }

    fn add<const N: usize>(&mut self, evidence: &Evidence, fit: &Fit, row: usize, values: [f64; N]) {
        let p = fit.probability[row];
        let weight = p * (1.0 - p);
        for (column, value) in values.into_iter().enumerate().filter(|(_, value)| *value != 0.0) {
            self.score[column] += value * (f64::from(evidence.converted[row]) - p);
            values.iter().zip(&mut self.own[column]).for_each(|(other, sum)| *sum += weight * value * other);
            let shared = &mut self.shared[column];
            shared[0] += weight * value;
            let criteria = shared[1..].iter_mut().zip(&fit.used);
            criteria.for_each(|(sum, &place)| *sum += weight * value * evidence.criteria[place].strength[row]);
        }
    }

    /// The step of the last column, the criteria and the columns before it free.
    fn last_step(mut self, fit: &Fit) -> Gain {
        let columns = self.score.len();
        let whole: Vec<f64> = (0..columns).map(|column| self.own[column][column]).collect();
        let along: Vec<Vec<f64>> = self.shared.iter().map(|shared| fit.covariance.times_vector(shared)).collect();
        for (a, own) in self.own.iter_mut().enumerate() {
            own.iter_mut().enumerate().for_each(|(b, own)| *own -= dot(&self.shared[a], &along[b]));
        }
        let last = columns - 1;
        for (pivot, all) in whole[..last].iter().enumerate() {
            // What the criteria say already needs no freedom of its own.
            if self.own[pivot][pivot] <= SAID * all {
                continue;
            }
            for a in pivot + 1..columns {
                let share = self.own[a][pivot] / self.own[pivot][pivot];
                self.score[a] -= share * self.score[pivot];
                for b in pivot + 1..columns {
                    self.own[a][b] -= share * self.own[pivot][b];
                }
            }
        }
        let left = self.own[last][last];
        if left > SAID * whole[last] {
            Ok((self.score[last] / left, left.sqrt().recip()))
        } else {
            Err(Undefined::Collinear)
        }
    }
}

/// Something that is missing, with the leads for whom it holds.
struct Told<'a> {
    kind: MissedKind,
    reads: String,
    criterion: &'a Criterion,
    holds: &'a [bool],
}

impl Told<'_> {
    fn missed(&self, evidence: &Evidence, gain: Gain, scale: f64, p_adjusted: f64) -> Missed {
        let holds = || self.holds.iter().zip(&evidence.converted).filter(|(holds, _)| **holds);
        let count = Count::new(holds().filter(|(_, won)| **won).count() as f64, holds().count() as f64);
        let points = match gain {
            Ok((step, error)) => {
                let half = dist::normal_critical(LEVEL) * error / scale;
                Estimate::new(step / scale, Interval::around(step / scale, half))
            }
            Err(reason) => Estimate::undefined(reason.to_string()),
        };
        let suggested = points.point.finite().map_or(0.0, suggested);
        let criterion = Criterion { points: Some(suggested), ..self.criterion.clone() };
        Missed {
            name: criterion.name.clone(),
            kind: self.kind,
            reads: self.reads.clone(),
            share: Estimate::with(count.n / evidence.leads() as f64, wilson(count.n, evidence.leads() as f64, LEVEL)),
            rate: Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL)),
            points,
            p_adjusted: p_adjusted.into(),
            criterion: words::ready(&criterion),
        }
    }
}

/// Whole points; fives from ten on.
fn suggested(points: f64) -> f64 {
    let step = if points.abs() >= 10.0 { 5.0 } else { 1.0 };
    (points / step).round() * step + 0.0
}
