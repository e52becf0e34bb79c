//! An organisation whose points model has known faults: what an audit must find, and what it must leave alone.

mod history;

pub use history::{PlantedHistory, planted};

use crate::stats::dist::expit;
use crate::stats::random::{Seed, Stream};

/// Log-odds of a point of the planted models.
pub const POINT: f64 = 0.04;
const BASE_RATE: f64 = 0.08;

/// What is wrong with a planted criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: its points are its worth.
    None,
    /// Twice its worth.
    Over,
    /// Half its worth.
    Under,
    WrongSign,
    /// Never fires.
    NeverFires,
    /// Fires and is worth nothing.
    Worthless,
    /// Fires together with the criterion at this place, but for one lead in a hundred.
    CopyOf(usize),
}

/// A criterion with its true worth.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantedCriterion {
    pub name: String,
    /// The share of leads on which it fires.
    pub share: f64,
    /// Log-odds that it truly adds.
    pub worth: f64,
    /// What the model gives.
    pub points: f64,
    pub fault: Fault,
}

/// Thirty criteria, and the rate at which leads without any convert.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantedOrganisation {
    pub criteria: Vec<PlantedCriterion>,
    pub intercept: f64,
}

/// Leads of a planted organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantedLeads {
    /// 0 or 1 for every lead, by criterion.
    pub strength: Vec<Vec<f64>>,
    pub converted: Vec<bool>,
    /// True probabilities.
    pub probability: Vec<f64>,
}

/// 5 over-weighted, 5 under-weighted, 2 of the wrong sign, 2 that never or almost never fire and 1 that is worth nothing,
/// 2 copies, the rest as they should be; or none of these.
const FAULTS: [Fault; 17] = [
    Fault::Over,
    Fault::Over,
    Fault::Over,
    Fault::Over,
    Fault::Over,
    Fault::Under,
    Fault::Under,
    Fault::Under,
    Fault::Under,
    Fault::Under,
    Fault::WrongSign,
    Fault::WrongSign,
    Fault::NeverFires,
    Fault::NeverFires,
    Fault::Worthless,
    Fault::CopyOf(17),
    Fault::CopyOf(18),
];

impl PlantedOrganisation {
    /// An organisation of its own for every seed; with faults or without any.
    pub fn new(seed: Seed, with_faults: bool) -> Self {
        let mut chance = seed.replicate(u64::MAX);
        let criteria = (0..30).map(|place| {
            let fault = FAULTS.get(place).copied().filter(|_| with_faults).unwrap_or(Fault::None);
            criterion(place, fault, &mut chance)
        });
        let mut organisation = Self { criteria: criteria.collect(), intercept: -3.0 };
        for place in 0..organisation.criteria.len() {
            if let Fault::CopyOf(of) = organisation.criteria[place].fault {
                let original = organisation.criteria[of].clone();
                let copy = &mut organisation.criteria[place];
                (copy.share, copy.worth, copy.points) = (original.share, 0.0, original.points);
            }
        }
        organisation.intercept = organisation.calibrated(seed);
        organisation
    }

    /// The intercept at which one lead in twelve and a half converts, on some leads.
    fn calibrated(&self, seed: Seed) -> f64 {
        let mut chance = seed.replicate(u64::MAX - 1);
        let sums: Vec<f64> = (0..4_000).map(|_| self.sum(&self.facts(&mut chance))).collect();
        let (mut low, mut high) = (-20.0, 10.0);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            let rate = sums.iter().map(|sum| expit(middle + sum)).sum::<f64>() / sums.len() as f64;
            if rate < BASE_RATE { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    fn facts(&self, chance: &mut Stream) -> Vec<bool> {
        let mut facts: Vec<bool> = self.criteria.iter().map(|one| chance.chance(one.share)).collect();
        for (place, one) in self.criteria.iter().enumerate() {
            if let Fault::CopyOf(of) = one.fault {
                let differs = chance.chance(0.01);
                facts[place] = if differs { facts[place] } else { facts[of] };
            }
        }
        facts
    }

    fn sum(&self, facts: &[bool]) -> f64 {
        self.criteria.iter().zip(facts).filter(|(_, holds)| **holds).map(|(one, _)| one.worth).sum()
    }

    /// So many leads; the same seed gives the same ones.
    pub fn leads(&self, count: usize, seed: Seed) -> PlantedLeads {
        let mut leads = PlantedLeads {
            strength: vec![Vec::with_capacity(count); self.criteria.len()],
            converted: Vec::with_capacity(count),
            probability: Vec::with_capacity(count),
        };
        for number in 0..count as u64 {
            let mut chance = seed.replicate(number);
            let facts = self.facts(&mut chance);
            let probability = expit(self.intercept + self.sum(&facts));
            leads.probability.push(probability);
            leads.converted.push(chance.chance(probability));
            leads.strength.iter_mut().zip(facts).for_each(|(strength, holds)| strength.push(f64::from(holds)));
        }
        leads
    }
}

fn criterion(place: usize, fault: Fault, chance: &mut Stream) -> PlantedCriterion {
    let sign = if chance.chance(0.25) { -1.0 } else { 1.0 };
    // 15 to 30 points, on 3 to 40 % of the leads, each share as likely as twice or half of it.
    let true_points = sign * 5.0 * (3 + chance.below(4)) as f64;
    let share = 0.03 * (chance.uniform() * (0.4f64 / 0.03).ln()).exp();
    let (worth, points, share) = match fault {
        Fault::None | Fault::CopyOf(_) => (true_points, true_points, share),
        Fault::Over => (true_points, 2.0 * true_points, share),
        Fault::Under => (true_points, true_points / 2.0, share),
        Fault::WrongSign => (true_points, -true_points, share),
        Fault::NeverFires => (true_points, true_points, if place.is_multiple_of(2) { 0.0 } else { 0.0003 }),
        Fault::Worthless => (0.0, true_points, share),
    };
    PlantedCriterion { name: format!("Criterion {}", place + 1), share, worth: POINT * worth, points, fault }
}
