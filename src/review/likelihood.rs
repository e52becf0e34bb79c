//! Likelihood-ratio tests on counts. They keep their level far out in the tail, where tests corrected for many others
//! are read, better than the tests by χ² of Pearson's kind.

use crate::stats::proportion::Count;
use crate::stats::{Undefined, dist};

/// A test and what it compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tested {
    pub p: f64,
    pub before: f64,
    pub now: f64,
}

/// The fewest leads that a bin must expect in either population; bins below it are pooled.
const FEWEST: f64 = 5.0;

/// Whether two tables of counts over the same bins are of one distribution: G² with thin bins pooled (Wilks 1938).
pub(crate) fn same_distribution(reference: &[f64], current: &[f64]) -> Result<f64, Undefined> {
    let (was, is): (f64, f64) = (reference.iter().sum(), current.iter().sum());
    if was == 0.0 || is == 0.0 {
        return Err(Undefined::Empty);
    }
    let expected = |both: f64| both * was.min(is) / (was + is);
    let (mut thick, mut thin) = (Vec::new(), (0.0, 0.0));
    for (&a, &b) in reference.iter().zip(current).filter(|(a, b)| **a + **b > 0.0) {
        if expected(a + b) < FEWEST {
            thin = (thin.0 + a, thin.1 + b);
        } else {
            thick.push((a, b));
        }
    }
    if thin.0 + thin.1 > 0.0 {
        match thick.iter_mut().min_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1))) {
            // Too thin for a bin of their own even together.
            Some(least) if expected(thin.0 + thin.1) < FEWEST => *least = (least.0 + thin.0, least.1 + thin.1),
            _ => thick.push(thin),
        }
    }
    if thick.len() < 2 {
        return Err(Undefined::OneGroup);
    }
    let term = |seen: f64, both: f64, total: f64| entropy(seen, both * total / (was + is));
    let deviance: f64 = thick.iter().map(|(a, b)| term(*a, a + b, was) + term(*b, a + b, is)).sum();
    Ok(dist::chi2_sf((2.0 * deviance).max(0.0), (thick.len() - 1) as f64))
}

fn entropy(seen: f64, expected: f64) -> f64 {
    if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 }
}

/// Whether two rates are one.
pub(crate) fn same_rate(before: Count, now: Count) -> Result<Tested, Undefined> {
    let (was, is) = (before.rate()?, now.rate()?);
    let pooled = (before + now).rate()?;
    if pooled == 0.0 || pooled == 1.0 {
        return Err(Undefined::OneClass);
    }
    let part =
        |count: Count| entropy(count.successes, count.n * pooled) + entropy(count.failures(), count.n * (1.0 - pooled));
    Ok(Tested { p: dist::chi2_sf((2.0 * (part(before) + part(now))).max(0.0), 1.0), before: was, now: is })
}

/// Leads with something and without it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pair {
    pub with: Count,
    pub without: Count,
}

/// The fewest wins and losses that leads with it, and without it, must expect in each period.
const TELLING: f64 = 10.0;

/// Whether the odds of those with something, against those without, are the same before and now: the deviance of one
/// common odds ratio in two tables with levels of their own. `before` and `now` are the odds ratios.
pub(crate) fn same_worth(before: Pair, now: Pair) -> Result<Tested, Undefined> {
    let tables = [before, now];
    for table in tables {
        let all = table.with + table.without;
        let least = all.successes.min(all.failures()) / all.n * table.with.n.min(table.without.n);
        if least.is_nan() || least < TELLING {
            return Err(Undefined::TooFewRows);
        }
    }
    let seen: f64 = tables.iter().map(|table| table.with.successes).sum();
    let fitted = |log_odds: f64| tables.map(|table| expected(table, log_odds));
    let (mut low, mut high) = (-30.0, 30.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if fitted(middle).iter().sum::<f64>() < seen { low = middle } else { high = middle }
    }
    let deviance: f64 = tables.iter().zip(fitted(f64::midpoint(low, high))).map(|(table, fit)| left(*table, fit)).sum();
    let odds = |table: Pair| {
        let odds = |count: Count| (count.successes + 0.5) / (count.failures() + 0.5);
        odds(table.with) / odds(table.without)
    };
    Ok(Tested { p: dist::chi2_sf((2.0 * deviance).max(0.0), 1.0), before: odds(before), now: odds(now) })
}

/// Wins among those with it at an odds ratio, the margins as they are.
fn expected(table: Pair, log_odds: f64) -> f64 {
    let wins = table.with.successes + table.without.successes;
    let (mut low, mut high) = ((wins - table.without.n).max(0.0), wins.min(table.with.n));
    let ratio = log_odds.exp();
    for _ in 0..60 {
        let a = f64::midpoint(low, high);
        // a d against ratio · b c, which rises with a.
        let (b, c) = (table.with.n - a, wins - a);
        let d = table.without.n - c;
        if a * d < ratio * b * c { low = a } else { high = a }
    }
    f64::midpoint(low, high)
}

fn left(table: Pair, fit: f64) -> f64 {
    let wins = table.with.successes + table.without.successes;
    entropy(table.with.successes, fit)
        + entropy(table.with.failures(), table.with.n - fit)
        + entropy(table.without.successes, wins - fit)
        + entropy(table.without.failures(), table.without.n - wins + fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rates_are_told_apart_by_their_deviance() {
        // R: glm(cbind(s, f) ~ g, binomial) on 30 of 200 and 60 of 200: null deviance 13.0526.
        let tested = same_rate(Count::new(30.0, 200.0), Count::new(60.0, 200.0)).unwrap();
        let deviance = 2.0
            * (30.0 * (30.0f64 / 45.0).ln()
                + 60.0 * (60.0f64 / 45.0).ln()
                + 170.0 * (170.0f64 / 155.0).ln()
                + 140.0 * (140.0f64 / 155.0).ln());
        assert!((tested.p - dist::chi2_sf(deviance, 1.0)).abs() < 1e-15);
        assert_eq!((tested.before, tested.now), (0.15, 0.3));
        assert_eq!(same_rate(Count::new(0.0, 9.0), Count::new(0.0, 9.0)), Err(Undefined::OneClass));
    }

    #[test]
    fn tables_with_one_odds_ratio_are_alike_whatever_their_level() {
        let table = |odds: f64, ratio: f64| {
            let count = |odds: f64| Count::new(1000.0 * odds / (1.0 + odds), 1000.0);
            Pair { with: count(odds * ratio), without: count(odds) }
        };
        let alike = same_worth(table(0.1, 3.0), table(0.5, 3.0)).unwrap();
        assert!(alike.p > 0.999, "{alike:?}");
        let apart = same_worth(table(0.1, 3.0), table(0.1, 1.0)).unwrap();
        assert!(apart.p < 1e-6 && apart.before > 2.9 && apart.now < 1.1, "{apart:?}");
    }

    #[test]
    fn a_table_that_expects_almost_nobody_can_not_say() {
        let thin = Pair { with: Count::new(1.0, 20.0), without: Count::new(20.0, 400.0) };
        let thick = Pair { with: Count::new(40.0, 400.0), without: Count::new(40.0, 400.0) };
        assert_eq!(same_worth(thick, thin), Err(Undefined::TooFewRows));
    }

    #[test]
    fn thin_bins_are_pooled() {
        assert!(same_distribution(&[500.0, 500.0, 1.0], &[500.0, 500.0, 0.0]).unwrap() > 0.5);
        assert!(same_distribution(&[500.0, 500.0], &[700.0, 300.0]).unwrap() < 1e-10);
        assert_eq!(same_distribution(&[9.0, 0.0], &[9.0, 0.0]), Err(Undefined::OneGroup));
        assert_eq!(same_distribution(&[9.0], &[0.0]), Err(Undefined::Empty));
    }
}
