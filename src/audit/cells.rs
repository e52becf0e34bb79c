//! Leads that agree in every criterion, counted: what a fit reads.

use crate::stats::linear::Matrix;

use super::Evidence;

/// Leads by what the criteria say of them, in an order that depends on the strengths alone.
pub(super) struct Cells {
    /// A row a cell, a column a criterion.
    pub strength: Matrix,
    pub leads: Vec<f64>,
    /// The share of the cell's leads that converted.
    pub rate: Vec<f64>,
    /// The cell of every lead.
    pub of: Vec<u32>,
}

impl Cells {
    pub fn of(evidence: &Evidence) -> Self {
        let bits = |place: usize, row: usize| (evidence.criteria[place].strength[row] + 0.0).to_bits();
        let criteria = 0..evidence.criteria.len();
        let mut hash = vec![0u64; evidence.leads()];
        for place in criteria.clone() {
            hash.iter_mut().enumerate().for_each(|(row, hash)| *hash = mixed(*hash, bits(place, row)));
        }
        let order_of = |a: &u32, b: &u32| {
            let (a, b) = (*a as usize, *b as usize);
            let mut exactly = criteria.clone().map(|place| bits(place, a).cmp(&bits(place, b)));
            hash[a].cmp(&hash[b]).then_with(|| exactly.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal))
        };
        let mut order: Vec<u32> = (0..evidence.leads() as u32).collect();
        order.sort_unstable_by(order_of);
        let (mut of, mut first) = (vec![0; order.len()], Vec::new());
        let (mut leads, mut wins): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        for (place, row) in order.iter().enumerate() {
            if place == 0 || order_of(&order[place - 1], row).is_ne() {
                first.push(*row as usize);
                leads.push(0.0);
                wins.push(0.0);
            }
            let cell = first.len() - 1;
            of[*row as usize] = cell as u32;
            leads[cell] += 1.0;
            wins[cell] += f64::from(evidence.converted[*row as usize]);
        }
        let strength = Matrix::from_fn(first.len(), criteria.len(), |cell, place| {
            evidence.criteria[place].strength[first[cell]] + 0.0
        });
        let rate = wins.iter().zip(&leads).map(|(wins, leads)| wins / leads).collect();
        Self { strength, leads, rate, of }
    }

    pub fn count(&self) -> usize {
        self.leads.len()
    }

    /// Some criteria alone.
    pub fn design(&self, criteria: &[usize]) -> Matrix {
        Matrix::from_fn(self.count(), criteria.len(), |cell, place| self.strength[(cell, criteria[place])])
    }

    /// A value of every lead, from one of its cell.
    pub fn spread(&self, values: &[f64]) -> Vec<f64> {
        self.of.iter().map(|&cell| values[cell as usize]).collect()
    }
}

/// FNV-1a by words, then stirred.
fn mixed(hash: u64, bits: u64) -> u64 {
    let product = (hash ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Contribution;
    use crate::stats::random::Seed;

    fn evidence(strength: Vec<Vec<f64>>, converted: Vec<bool>) -> Evidence {
        let one = |strength| Contribution {
            name: String::new(),
            group: None,
            points: 1.0,
            cap: None,
            strength: Vec::into(strength),
        };
        let criteria = strength.into_iter().map(one).collect();
        Evidence { criteria, what: Vec::new(), converted, periods: None, seed: Seed(1) }
    }

    #[test]
    fn leads_that_agree_are_counted_together() {
        let cells = Cells::of(&evidence(vec![vec![1.0, 0.0, 1.0, -0.0], vec![2.0; 4]], vec![true, false, false, true]));
        assert_eq!(cells.count(), 2);
        assert_eq!((cells.leads.clone(), cells.rate.clone()), (vec![2.0; 2], vec![0.5; 2]));
        assert_eq!((cells.of[0], cells.of[1]), (cells.of[2], cells.of[3]));
        assert_eq!(cells.spread(&[7.0, 8.0])[0], cells.spread(&[7.0, 8.0])[2]);
    }

    #[test]
    fn the_order_of_leads_does_not_matter() {
        let (a, b) = (vec![1.0, 0.0, 0.5, 2.0, 0.5], vec![0.0, 1.0, 3.0, 2.0, 4.0]);
        let turned = |values: &[f64]| values.iter().rev().copied().collect::<Vec<f64>>();
        let here = Cells::of(&evidence(vec![a.clone(), b.clone()], vec![true, false, false, true, true]));
        let there = Cells::of(&evidence(vec![turned(&a), turned(&b)], vec![true, true, false, false, true]));
        assert_eq!((here.strength, here.leads, here.rate), (there.strength, there.leads, there.rate));
    }
}
