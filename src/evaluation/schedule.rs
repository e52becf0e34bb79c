use crate::result::{HandOver, Reason};

use super::accounts::FewAccounts;
use super::cohort::{CapacityRule, Cohort, PartOfRun, Scored};
use super::edges::Edges;

/// The evaluated leads period by period, and how many of each period are handed over.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// Mature rows of every period that counts, with the number handed over.
    pub periods: Vec<(Vec<usize>, f64)>,
    /// Periods left out: cut short, or with an immature lead.
    pub left_out: u64,
    /// How long the periods that count are together, in quarters of a year; nothing without times.
    pub quarters: Option<f64>,
    pub hand_over: HandOver,
    pub is_capacity: bool,
    pub edges: Edges,
    /// Why the accounts show no spread.
    few_accounts: Option<FewAccounts>,
}

impl Schedule {
    /// Why nothing can be said of how models differ: none can hand over other leads than another, or the accounts show no
    /// spread.
    pub fn refuses(&self) -> Option<Reason> {
        if let Some(FewAccounts { accounts, largest }) = self.few_accounts {
            return Some(Reason::FewAccounts { accounts, largest });
        }
        let hand_over = self.hand_over.clone();
        let largest = self.periods.iter().map(|(rows, _)| rows.len()).max();
        match largest {
            None | Some(0) => Some(Reason::NoFullPeriod { hand_over }),
            Some(largest) => {
                let is_above = self.periods.iter().all(|(rows, k)| *k >= rows.len() as f64);
                is_above.then_some(Reason::CapacityAboveLeads { hand_over, largest: largest as u64 })
            }
        }
    }
}

/// The share handed over where no capacity is stated.
const DEFAULT_SHARE: f64 = 0.1;

/// Calendar periods from `evaluate.from`, or all evaluated leads at once with the top 10 % handed over.
pub(super) fn schedule(cohort: &Cohort) -> Schedule {
    match &cohort.design().capacity {
        Some(rule) if cohort.design().timed => by_period(cohort, rule),
        _ => {
            let periods = vec![(cohort.mature().to_vec(), DEFAULT_SHARE * cohort.mature().len() as f64)];
            Schedule {
                left_out: 0,
                quarters: cohort.quarters(),
                hand_over: HandOver::Top { share: DEFAULT_SHARE },
                is_capacity: false,
                edges: Edges::of(cohort, &periods),
                few_accounts: cohort.accounts().refused,
                periods,
            }
        }
    }
}

/// Wins of the evaluated leads that each of some scores, a value a row, hands over.
pub fn handed_over(cohort: &Cohort, scores: &[Vec<f64>]) -> Vec<f64> {
    let periods = match &cohort.design().capacity {
        Some(rule) if cohort.design().timed => laid_out(cohort, rule).0,
        _ => vec![(cohort.mature().to_vec(), DEFAULT_SHARE * cohort.mature().len() as f64)],
    };
    let won = |score: &Vec<f64>| -> f64 {
        let ranked = |row: &usize| if score[*row].is_nan() { f64::NEG_INFINITY } else { score[*row] };
        let of_period = |(rows, k): &(Vec<usize>, f64)| -> f64 {
            let shares = chosen(&rows.iter().map(ranked).collect::<Vec<f64>>(), *k);
            rows.iter().zip(shares).filter(|(row, _)| cohort.leads().converted[**row]).map(|(_, share)| share).sum()
        };
        periods.iter().map(of_period).sum()
    };
    scores.iter().map(won).collect()
}

fn by_period(cohort: &Cohort, rule: &CapacityRule) -> Schedule {
    let (periods, left_out) = laid_out(cohort, rule);
    let quarters = periods.len() as f64 * rule.per.days() / (365.25 / 4.0);
    Schedule {
        quarters: (!periods.is_empty()).then_some(quarters),
        edges: Edges::of(cohort, &periods),
        few_accounts: cohort.accounts().refused,
        periods,
        left_out,
        hand_over: HandOver::Capacity { leads: rule.leads, per_days: rule.per.days() },
        is_capacity: true,
    }
}

/// The mature rows of every period that counts, with the number handed over; and how many periods are left out.
fn laid_out(cohort: &Cohort, rule: &CapacityRule) -> (Vec<(Vec<usize>, f64)>, u64) {
    let length = rule.per.micros().max(1);
    let leads = cohort.leads();
    let number = |row: usize| (leads.as_of[row] - rule.begins).div_euclid(length);
    let scored = cohort.mature().iter().chain(cohort.immature());
    let mut rows: Vec<(i64, usize)> = scored.map(|&row| (number(row), row)).collect();
    rows.sort_unstable();
    let (mut periods, mut left_out) = (Vec::new(), 0);
    for period in rows.chunk_by(|a, b| a.0 == b.0) {
        let begins = rule.begins + period[0].0 * length;
        let whole = rule.covered.iter().any(|(from, to)| *from <= begins && begins + length <= *to);
        if whole && period.iter().all(|(_, row)| leads.part[*row] == PartOfRun::Mature) {
            periods.push((period.iter().map(|(_, row)| *row).collect(), rule.leads));
        } else {
            left_out += 1;
        }
    }
    (periods, left_out)
}

/// Each lead's probability to be handed over, aligned with the schedule's rows: 1 above the edge, 0 below it, and an
/// equal share within the tied block at the edge.
pub(super) fn inclusion(model: &Scored, schedule: &Schedule) -> Vec<Vec<f64>> {
    schedule.periods.iter().map(|(rows, k)| chosen(&model.ranked(rows), *k)).collect()
}

/// The `k` highest scores.
pub(super) fn chosen(scores: &[f64], k: f64) -> Vec<f64> {
    if k <= 0.0 || k >= scores.len() as f64 {
        return vec![f64::from(k > 0.0); scores.len()];
    }
    let mut sorted = scores.to_vec();
    let (_, edge, _) = sorted.select_nth_unstable_by(k.ceil() as usize - 1, |a, b| b.total_cmp(a));
    let edge = *edge;
    let count = |holds: &dyn Fn(f64) -> bool| scores.iter().filter(|score| holds(**score)).count() as f64;
    let share = ((k - count(&|score| score > edge)) / count(&|score| score == edge)).clamp(0.0, 1.0);
    let inclusion = |score: &f64| match *score {
        score if score > edge => 1.0,
        score if score == edge => share,
        _ => 0.0,
    };
    scores.iter().map(inclusion).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tied_block_at_the_edge_shares_the_places_left() {
        assert_eq!(chosen(&[3.0, 1.0, 1.0, 1.0, 0.0], 2.5), [1.0, 0.5, 0.5, 0.5, 0.0]);
        assert_eq!(chosen(&[1.0, 2.0], 5.0), [1.0, 1.0]);
    }
}
