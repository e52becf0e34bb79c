//! Leads of one account convert together: where it is known whose leads they are, nothing takes them for independent.

use crate::result::Estimate;
use crate::stats::clustered::{self, MAX_SHARE, MIN_CLUSTERS};
use crate::stats::discrimination::{PairedScores, auc, auc_interval_of, delong_paired, delong_variance};
use crate::stats::proportion::{Count, wilson};
use crate::stats::within_strata::{delong_within, placements_within};
use crate::stats::{Interval, Sample, Undefined, dist};

use super::cohort::Cohort;
use super::selfcheck::decision;
use super::{Decided, LEVEL, schedule};

/// Why the accounts of the evaluated leads show no spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FewAccounts {
    pub accounts: u64,
    /// The share of the leads that the largest one has.
    pub largest: f64,
}

/// The accounts of evaluated leads, as far as they were looked at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    pub refused: Option<FewAccounts>,
    pub count: usize,
    /// How alike the outcomes of an account's leads are.
    correlation: f64,
}

impl Accounts {
    /// Of the accounts and outcomes of the evaluated leads.
    pub fn of(account: &[u32], converted: &[bool]) -> Self {
        let sizes = clustered::sizes(account);
        let accounts = sizes.iter().filter(|size| **size > 0.0).count();
        let largest = sizes.iter().copied().fold(0.0, f64::max) / account.len() as f64;
        let outcome: Vec<f64> = converted.iter().map(|won| f64::from(*won)).collect();
        Self {
            count: accounts,
            refused: (accounts < MIN_CLUSTERS || largest > MAX_SHARE)
                .then_some(FewAccounts { accounts: accounts as u64, largest }),
            correlation: clustered::intra_correlation(&outcome, account).unwrap_or(0.0).max(0.0),
        }
    }
}

/// An area under the curve, with its variance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub auc: f64,
    pub variance: Result<f64, Undefined>,
}

impl Area {
    pub fn interval(&self) -> Result<Interval, Undefined> {
        auc_interval_of(self.auc, self.variance?, LEVEL)
    }
}

/// What becomes of the decision when leads of one account are not taken for independent.
#[derive(Clone, Debug)]
pub struct ByAccount {
    pub accounts: u64,
    /// How many times the variance of independent leads the differences that decide have, the largest of them.
    pub design_effect: f64,
    /// The decision, where it may be another one.
    pub decided: Option<Decided>,
}

/// A larger design effect than this may move a decision.
const MOVING: f64 = 1.05;

/// Of the accounts of a cohort's leads, of which none were known; nothing where they are too few or too uneven to be accounts.
pub fn by_account(cohort: &Cohort, account: &[u32]) -> Option<ByAccount> {
    let of_mature: Vec<u32> = cohort.mature().iter().map(|&row| account[row]).collect();
    let own = Accounts::of(&of_mature, &cohort.converted(cohort.mature()));
    if own.refused.is_some() || own.count == cohort.mature().len() {
        return None;
    }
    let champion = cohort.design().champion.unwrap_or(0);
    let challengers = || (0..cohort.models().len()).filter(|&model| model != champion);
    let clustered = cohort.clone().with_account(account.to_vec());
    let schedules = [cohort, &clustered].map(schedule::schedule);
    let variances = schedules.map(|schedule| {
        let error = |model| schedule.edges.of_difference(champion, model);
        challengers().map(|model| error(model).powi(2)).collect::<Vec<f64>>()
    });
    let ratios = variances[0].iter().zip(&variances[1]).filter(|(own, _)| **own > 0.0).map(|(own, by)| by / own);
    let design_effect = ratios.fold(1.0, f64::max);
    let decided = (design_effect > MOVING).then(|| decision(&clustered));
    Some(ByAccount { accounts: own.count as u64, design_effect, decided })
}

impl Cohort {
    /// The accounts of some rows; nothing where leads are taken one by one.
    pub(super) fn account_of(&self, rows: &[usize]) -> Option<Vec<u32>> {
        let account = self.leads().account.as_ref()?;
        Some(rows.iter().map(|&row| account[row]).collect())
    }

    /// How many there are that are independent: evaluated leads, or their accounts.
    pub(super) fn units(&self) -> f64 {
        if self.leads().account.is_some() { self.accounts().count as f64 } else { self.mature().len() as f64 }
    }

    /// How many independent leads tell as much of a mean, over some rows, of values from 0 to 1 as these do.
    pub(super) fn effective(&self, rows: &[usize], value: impl Fn(usize) -> f64) -> Result<f64, Undefined> {
        let Some(account) = self.account_of(rows) else { return Ok(rows.len() as f64) };
        if self.accounts().refused.is_some() {
            return Err(Undefined::TooFewClusters);
        }
        let values: Vec<f64> = rows.iter().map(|&row| value(row)).collect();
        clustered::effective_size(&values, &account, self.accounts().correlation, LEVEL)
    }

    pub(super) fn count(&self, rows: &[usize]) -> Count {
        let wins = rows.iter().filter(|&&row| self.leads().converted[row]).count();
        Count::new(wins as f64, rows.len() as f64)
    }

    /// Wins and leads of some rows, as many as tell as much by themselves.
    pub(super) fn effective_count(&self, rows: &[usize]) -> Result<Count, Undefined> {
        let (count, effective) =
            (self.count(rows), self.effective(rows, |row| f64::from(self.leads().converted[row]))?);
        if effective == count.n { Ok(count) } else { Ok(Count::new(count.successes / count.n * effective, effective)) }
    }

    /// The conversion of some rows.
    pub(super) fn rate(&self, rows: &[usize]) -> Estimate {
        self.share_of(rows, |row| f64::from(self.leads().converted[row]))
    }

    /// A mean, over some rows, of values from 0 to 1.
    pub(super) fn share_of(&self, rows: &[usize], value: impl Fn(usize) -> f64) -> Estimate {
        let (n, sum) = (rows.len() as f64, rows.iter().map(|&row| value(row)).sum::<f64>());
        let point = if n > 0.0 { Ok(sum / n) } else { Err(Undefined::Empty) };
        let interval = point.and_then(|mean| {
            let effective = self.effective(rows, value)?;
            wilson(if effective == n { sum.min(n) } else { mean.min(1.0) * effective }, effective, LEVEL)
        });
        Estimate::with(point, interval)
    }

    /// How many times as many leads as there are would tell as little, were they independent.
    pub(super) fn design_effect(&self) -> f64 {
        let rows = self.mature();
        let effective = self.effective(rows, |row| f64::from(self.leads().converted[row]));
        effective.map_or(1.0, |effective| rows.len() as f64 / effective)
    }

    /// The area under the curve of some rows' scores, which are compared with scores of their own fit.
    pub(super) fn area_of(&self, scores: &[f64], rows: &[usize]) -> Result<Area, Undefined> {
        let (account, converted) = (self.account_of(rows), self.converted(rows));
        let cluster = account.as_deref();
        let own = |placed| PairedScores { a: placed, b: placed, converted: &converted, weight: None, cluster };
        let both = match (self.fits_of(rows), cluster) {
            (None, None) => {
                let tally = Sample::new(scores, &converted).tally();
                return Ok(Area { auc: auc(&tally)?, variance: delong_variance(&tally) });
            }
            (None, Some(_)) => delong_paired(own(scores))?,
            (Some(fit), _) => delong_within(own(&placements_within(scores, &converted, &fit)), &fit)?,
        };
        let variance = match self.accounts().refused {
            Some(_) => Err(Undefined::TooFewClusters),
            None => both.variance.map(|variance| variance.a),
        };
        Ok(Area { auc: both.auc_a, variance })
    }

    /// The standard error of a sum of influences of some rows, of which the sum over independent leads would have
    /// another one; nothing where leads are taken one by one.
    pub(super) fn clustered_error(&self, rows: &[usize], influence: &[f64]) -> Option<Result<f64, Undefined>> {
        let account = self.account_of(rows)?;
        if self.accounts().refused.is_some() {
            return Some(Err(Undefined::TooFewClusters));
        }
        Some(clustered::variance_of_sum(influence, &account).map(f64::sqrt))
    }

    /// The rate of a share of leads, of which each tells with its part: (row, share, counts as a success).
    pub(super) fn shared_rate(&self, members: &[(usize, f64, bool)]) -> Estimate {
        let sum = |of: &dyn Fn(&(usize, f64, bool)) -> f64| members.iter().map(of).sum::<f64>();
        let (all, squares) = (sum(&|(_, share, _)| *share), sum(&|(_, share, _)| share * share));
        if all <= 0.0 {
            return Estimate::undefined(Undefined::Empty.to_string());
        }
        let rate = f64::min(sum(&|(_, share, holds)| share * f64::from(*holds)) / all, 1.0);
        // A tied block that is taken in part tells of the rate with all of its leads (Kish 1965).
        let kish = all * all / squares;
        let rows: Vec<usize> = members.iter().map(|(row, ..)| *row).collect();
        let influence: Vec<f64> =
            members.iter().map(|(_, share, holds)| share / all * (f64::from(*holds) - rate)).collect();
        let effective = match self.clustered_error(&rows, &influence) {
            None => Ok(kish),
            Some(Ok(error)) if error > 0.0 => Ok((rate * (1.0 - rate) / (error * error)).min(kish)),
            Some(Ok(_)) => {
                let sizes = self.account_of(&rows).map(|account| clustered::sums(&account, |i| members[i].1));
                let typical = sizes.unwrap_or_default().iter().map(|size| size * size).sum::<f64>() / all;
                Ok(kish / (1.0 + (typical - 1.0).max(0.0) * self.accounts().correlation))
            }
            Some(Err(reason)) => Err(reason),
        };
        Estimate::with(rate, effective.and_then(|n| wilson(rate * n, n, LEVEL)))
    }

    /// The interval of the lift of a part of the evaluated leads over all of them, each with its share in the part: the delta
    /// method's on the log scale, from sums by account.
    pub(super) fn clustered_lift(&self, shares: &[f64]) -> Result<Interval, Undefined> {
        let rows = self.mature();
        let won: Vec<f64> = rows.iter().map(|&row| f64::from(self.leads().converted[row])).collect();
        let sum = |of: &dyn Fn(usize) -> f64| (0..rows.len()).map(of).sum::<f64>();
        let (part, found) = (sum(&|i| shares[i]), sum(&|i| shares[i] * won[i]));
        let (all, wins) = (rows.len() as f64, sum(&|i| won[i]));
        if found <= 0.0 {
            return Err(Undefined::ZeroCount);
        }
        let moved = |i: usize| shares[i] * (won[i] / found - 1.0 / part) - won[i] / wins + 1.0 / all;
        let influence: Vec<f64> = (0..rows.len()).map(moved).collect();
        let lift = (found / part) / (wins / all);
        let error = self.clustered_error(rows, &influence).unwrap_or(Err(Undefined::OneGroup))?;
        Ok(Interval::around(lift.ln(), dist::normal_critical(LEVEL) * error).map(f64::exp))
    }
}

#[cfg(test)]
mod tests {
    use super::super::deciding::tests::{made, scored};
    use super::super::evaluate;
    use super::*;
    use crate::result::{Decision, Reason};
    use crate::stats::random::Seed;

    /// A hundred leads, in accounts of so many.
    fn by(leads: u32, account: impl Fn(u32) -> u32) -> Cohort {
        let sight = |turn: usize| (0..100).map(|row| ((row * 37 + turn) % 100) as f64).collect();
        let cohort = made(vec![scored("champion", sight(0)), scored("challenger", sight(11))], Some(2.0), Some(true));
        cohort.with_account((0..leads).map(account).collect())
    }

    #[test]
    fn an_accounts_leads_fall_into_one_half_and_keep_their_outcomes_together() {
        let cohort = by(100, |row| row / 5);
        let mut stream = Seed(3).replicate(0);
        let (one, other) = cohort.halves(&mut stream).unwrap();
        let of = |half: &Cohort| half.leads().account.clone().unwrap();
        assert!(of(&one).iter().all(|account| !of(&other).contains(account)));
        assert_eq!(of(&one).len() + of(&other).len(), 100);
        // Every second account has one win, on its first lead: dealt anew, each still has one or none.
        let dealt = cohort.permuted(&mut stream);
        let wins =
            clustered::sums(dealt.leads().account.as_ref().unwrap(), |row| f64::from(dealt.leads().converted[row]));
        assert_eq!(wins.iter().filter(|wins| **wins == 1.0).count(), 10);
        assert_ne!(dealt.leads().converted, cohort.leads().converted);
    }

    #[test]
    fn too_few_accounts_or_one_with_a_fifth_of_the_leads_show_no_spread() {
        let refused = |cohort: &Cohort| {
            let verdict = evaluate(cohort).verdict;
            let few = verdict.reasons.iter().any(|reason| matches!(reason, Reason::FewAccounts { .. }));
            assert!(!few || verdict.decision == Decision::NotEnoughEvidence);
            few
        };
        // Five accounts of twenty; six that share a hundred as evenly as they can.
        assert!(refused(&by(100, |row| row % 5)));
        assert!(!refused(&by(100, |row| row % 6)));
        // The largest has 21 of a hundred, and 20.
        assert!(refused(&by(100, |row| if row < 21 { 0 } else { row })));
        assert!(!refused(&by(100, |row| if row < 20 { 0 } else { row })));
        let rate = by(100, |row| row % 5).rate(&[0, 1, 2]);
        assert!(rate.point.finite().is_some() && rate.interval().is_none());
    }

    #[test]
    fn leads_by_themselves_have_the_figures_of_leads_without_accounts() {
        let alone = |row: u32| row;
        let (own, none) = (evaluate(&by(100, alone)), {
            let cohort = by(100, alone);
            let leads = super::super::Leads { account: None, ..cohort.leads().clone() };
            evaluate(&Cohort::new(leads, cohort.models().to_vec(), cohort.design().clone()).unwrap())
        });
        for (own, none) in own.models.iter().zip(&none.models) {
            let rates = |model: &crate::result::ModelEvaluation| {
                model.brackets.rows.iter().map(|row| row.rate.clone()).collect::<Vec<_>>()
            };
            assert_eq!(rates(own), rates(none));
        }
    }
}
