//! A first card of points from the data: few criteria, whole points, ten of which double the odds.

use std::f64::consts::LN_2;

use crate::models::spec::Criterion;
use crate::stats::linear::Matrix;
use crate::stats::regression::{Logistic, Rows, logistic};

use super::Candidate;

/// More criteria than this nobody keeps up to date.
const CRITERIA: usize = 8;
/// So many standard errors off nothing a candidate lies to be taken: of some hundred, one in three by chance.
const CLEAR: f64 = 3.0;
/// Leads that have it, or lack it, at least.
const FEWEST: usize = 30;
/// Points are multiples of this.
const STEP: f64 = 5.0;

/// Criteria with points, the strongest first: of each column or kind of events the one that adds most to those before it
/// (score tests, forward), fitted together at the end. Nothing where no candidate is clear.
///
/// # Panics
/// When a candidate has not a value for every lead.
pub fn starter(candidates: &[Candidate], won: &[bool]) -> Vec<Criterion> {
    let y: Vec<f64> = won.iter().map(|&won| f64::from(u8::from(won))).collect();
    let is_common = |one: &Candidate| {
        let have = one.holds.iter().filter(|holds| **holds).count();
        have >= FEWEST && one.holds.len() - have >= FEWEST
    };
    let usable: Vec<&Candidate> = candidates.iter().filter(|one| is_common(one)).collect();
    let mut chosen: Vec<&Candidate> = Vec::new();
    let mut card: Option<Logistic> = None;
    while chosen.len() < CRITERIA {
        let rate = y.iter().sum::<f64>() / y.len().max(1) as f64;
        let expected = |row: usize| match &card {
            Some(card) => 1.0 / (1.0 + (-card.logit(&values(&chosen, row))).exp()),
            None => rate,
        };
        let expected: Vec<f64> = (0..y.len()).map(expected).collect();
        let is_new = |one: &&&Candidate| chosen.iter().all(|known| known.reads != one.reads);
        let scored = usable.iter().filter(is_new).map(|one| (score(one, &y, &expected), *one));
        let best = scored.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
        let Some((_, one)) = best.filter(|(z, _)| z.abs() >= CLEAR) else { break };
        chosen.push(one);
        match fitted(&chosen, &y) {
            Some(fit) => card = Some(fit),
            None => {
                chosen.pop();
                break;
            }
        }
    }
    let Some(card) = card else { return Vec::new() };
    let points = |place: usize| (card.coefficients[place + 1] / LN_2 * 10.0 / STEP).round() * STEP;
    let criteria = chosen
        .iter()
        .enumerate()
        .map(|(place, one)| Criterion { points: Some(points(place)), ..one.criterion.clone() });
    criteria.filter(|criterion| criterion.points != Some(0.0)).collect()
}

fn values(chosen: &[&Candidate], row: usize) -> Vec<f64> {
    chosen.iter().map(|one| f64::from(u8::from(one.holds[row]))).collect()
}

/// How many standard errors a candidate's coefficient lies off nothing, beside what is expected.
fn score(one: &Candidate, y: &[f64], expected: &[f64]) -> f64 {
    let (mut gain, mut all, mut own) = (0.0, 0.0, 0.0);
    for (row, holds) in one.holds.iter().enumerate() {
        let weight = expected[row] * (1.0 - expected[row]);
        all += weight;
        if *holds {
            gain += y[row] - expected[row];
            own += weight;
        }
    }
    let variance = own - own * own / all;
    if variance > 0.0 { gain / variance.sqrt() } else { 0.0 }
}

fn fitted(chosen: &[&Candidate], y: &[f64]) -> Option<Logistic> {
    let mut x = Matrix::zeros(y.len(), chosen.len());
    for row in 0..y.len() {
        for (column, value) in values(chosen, row).into_iter().enumerate() {
            x[(row, column)] = value;
        }
    }
    logistic(&Rows::new(&x, y), &vec![1.0; chosen.len()]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::MissedKind;

    fn candidate(reads: &str, holds: Vec<bool>) -> Candidate {
        let criterion = Criterion { name: reads.into(), ..Criterion::default() };
        Candidate { kind: MissedKind::Column, reads: reads.into(), criterion, holds }
    }

    /// 1,000 leads of which those with `good` win in two of five cases, others in one of ten.
    fn world() -> (Vec<Candidate>, Vec<bool>) {
        let good = |row: usize| row.is_multiple_of(2);
        let won = (0..1000).map(|row| if good(row) { row % 10 < 3 } else { row % 20 < 2 }).collect();
        let all = |is: fn(usize) -> bool| (0..1000).map(is).collect::<Vec<bool>>();
        let candidates = vec![
            candidate("good", all(|row| row % 2 == 0)),
            candidate("noise", all(|row| (row / 7) % 3 == 0)),
            candidate("rare", all(|row| row < 20)),
        ];
        (candidates, won)
    }

    #[test]
    fn what_is_clear_gets_points_and_the_rest_none() {
        let (candidates, won) = world();
        let card = starter(&candidates, &won);
        let named: Vec<(&str, Option<f64>)> = card.iter().map(|one| (one.name.as_str(), one.points)).collect();
        // Odds of 0.4 / 0.6 against 0.1 / 0.9: two doublings and a half.
        assert_eq!(named, [("good", Some(25.0))]);
    }

    #[test]
    fn of_one_column_one_condition_is_taken() {
        let (mut candidates, won) = world();
        let also = candidates[0].holds.iter().enumerate().map(|(row, holds)| *holds || row < 40).collect();
        candidates.push(candidate("good", also));
        assert_eq!(starter(&candidates, &won).len(), 1);
        assert_eq!(starter(&candidates[1..3], &won), []);
    }
}
