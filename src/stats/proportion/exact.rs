//! Exact tests of two rates: conditional (Fisher) and unconditional (Barnard, Boschloo).

use super::Count;
use crate::stats::{Undefined, dist};

/// Whole counts of a checked 2x2 table.
fn whole(control: Count, treatment: Count) -> Result<(Count, Count), Undefined> {
    let (control, treatment) = (control.checked()?, treatment.checked()?);
    let counts = [control.successes, control.n, treatment.successes, treatment.n];
    let countable = counts.iter().all(|count| count.fract() == 0.0 && *count < 1e15);
    if countable { Ok((control, treatment)) } else { Err(Undefined::OutOfRange) }
}

/// Two-sided p-value of equal rates given the margins: all tables no more probable than the observed one,
/// with a relative slack of 1e-7 as in R. Counts of a billion cost the square root of that.
pub fn fisher(control: Count, treatment: Count) -> Result<f64, Undefined> {
    let (control, treatment) = whole(control, treatment)?;
    let law = Hypergeometric { a: control.n, b: treatment.n, drawn: control.successes + treatment.successes };
    Ok(law.p_two_sided(control.successes))
}

/// One-sided p-value given the margins: no more successes in the control than equal rates would give.
pub fn fisher_fewer(control: Count, treatment: Count) -> Result<f64, Undefined> {
    let (control, treatment) = whole(control, treatment)?;
    let law = Hypergeometric { a: control.n, b: treatment.n, drawn: control.successes + treatment.successes };
    let x = control.successes;
    // Far above the mode a density may vanish, and with it the sum that begins there.
    let p = if x > law.mode() { 1.0 - law.at_least(x + 1.0) } else { law.at_most(x) };
    Ok(p.clamp(0.0, 1.0))
}

/// One-sided p-value given the margins: no fewer successes in the control than equal rates would give.
pub fn fisher_more(control: Count, treatment: Count) -> Result<f64, Undefined> {
    let (control, treatment) = whole(control, treatment)?;
    fisher_fewer(control.complement(), treatment.complement())
}

/// Probability of no more than the count's successes at a rate: one-sided, exact.
pub fn binomial_fewer(count: Count, rate: f64) -> Result<f64, Undefined> {
    let Count { successes, n } = count.checked()?;
    if !(0.0..=1.0).contains(&rate) {
        return Err(Undefined::OutOfRange);
    }
    // The beta distribution's tail is the binomial one's.
    Ok(if successes >= n { 1.0 } else { dist::beta_cdf(1.0 - rate, n - successes, successes + 1.0) })
}

/// Successes of the first arm when `drawn` successes fall at random on arms of sizes `a` and `b`.
struct Hypergeometric {
    a: f64,
    b: f64,
    drawn: f64,
}

impl Hypergeometric {
    fn least(&self) -> f64 {
        (self.drawn - self.b).max(0.0)
    }

    fn most(&self) -> f64 {
        self.a.min(self.drawn)
    }

    fn mode(&self) -> f64 {
        let mode = ((self.drawn + 1.0) * (self.a + 1.0) / (self.a + self.b + 2.0)).floor();
        mode.clamp(self.least(), self.most())
    }

    /// As a quotient of binomial probabilities, which keep their digits.
    fn density(&self, x: f64) -> f64 {
        let n = self.a + self.b;
        let (p, q) = (self.drawn / n, (n - self.drawn) / n);
        let other = self.drawn - x;
        dist::binomial_density(x, self.a - x, p, q) * dist::binomial_density(other, self.b - other, p, q)
            / dist::binomial_density(self.drawn, n - self.drawn, p, q)
    }

    /// density(x + 1) / density(x).
    fn ratio(&self, x: f64) -> f64 {
        (self.a - x) * (self.drawn - x) / ((x + 1.0) * (self.b - self.drawn + x + 1.0))
    }

    /// P(X <= x).
    fn at_most(&self, x: f64) -> f64 {
        let (mut term, mut sum, mut at) = (self.density(x), 0.0, x);
        while at >= self.least() && term > sum * 1e-18 {
            sum += term;
            at -= 1.0;
            term /= self.ratio(at);
        }
        sum
    }

    /// The same law of what the first arm lacks.
    fn mirrored(&self) -> Self {
        Self { a: self.a, b: self.b, drawn: self.a + self.b - self.drawn }
    }

    /// P(X >= x).
    fn at_least(&self, x: f64) -> f64 {
        if x > self.most() { 0.0 } else { self.mirrored().at_most(self.a - x) }
    }

    fn p_two_sided(&self, x: f64) -> f64 {
        let limit = self.density(x) * (1.0 + 1e-7);
        let mode = self.mode();
        if x <= mode {
            let Some(first) = self.first_at_most(limit, mode) else { return self.at_most(x).min(1.0) };
            let low = self.last_at_most(limit, mode).unwrap_or(x).max(x);
            return if low + 1.0 >= first { 1.0 } else { (self.at_most(low) + self.at_least(first)).min(1.0) };
        }
        self.mirrored().p_two_sided(self.a - x)
    }

    /// The least count from the mode upwards whose density is within `limit`.
    fn first_at_most(&self, limit: f64, mode: f64) -> Option<f64> {
        let (mut low, mut high) = (mode - 1.0, self.most());
        if self.density(high) > limit {
            return None;
        }
        while high - low > 1.0 {
            let middle = ((low + high) / 2.0).floor();
            if self.density(middle) <= limit { high = middle } else { low = middle }
        }
        Some(high)
    }

    /// The greatest count from the mode downwards whose density is within `limit`.
    fn last_at_most(&self, limit: f64, mode: f64) -> Option<f64> {
        let mirrored = self.mirrored();
        mirrored.first_at_most(limit, self.a - mode).map(|missing| self.a - missing)
    }
}

/// What orders tables from unremarkable to extreme in an unconditional test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableOrder {
    /// |z| with the pooled variance.
    Pooled,
    /// |z| with the variances of both arms added.
    Unpooled,
}

/// Most tables that an unconditional test enumerates.
const MOST_TABLES: f64 = 2.5e7;

/// Two-sided unconditional exact p-value of equal rates: the largest probability, over the common rate,
/// of a table at least as extreme as the observed one; equal tables count in spite of rounding. Barnard (1945, 1947).
pub fn barnard(control: Count, treatment: Count, order: TableOrder) -> Result<f64, Undefined> {
    let (control, treatment) = whole(control, treatment)?;
    let extremeness = |x: f64, y: f64| z_size(Count::new(x, control.n), Count::new(y, treatment.n), order);
    let observed = extremeness(control.successes, treatment.successes);
    let slack = 1e-12 * if observed.is_finite() { observed } else { 0.0 };
    let region = Region::of(control.n, treatment.n, |x, y| extremeness(x, y) >= observed - slack)?;
    Ok(region.largest_probability().min(1.0))
}

fn z_size(a: Count, b: Count, order: TableOrder) -> f64 {
    let gap = (a.share() - b.share()).abs();
    // Equal shares are known from whole numbers only.
    if a.successes * b.n == b.successes * a.n {
        return 0.0;
    }
    let pooled = (a + b).share() * (a + b).complement().share();
    let variance = match order {
        TableOrder::Pooled => pooled * (1.0 / a.n + 1.0 / b.n),
        TableOrder::Unpooled => a.variance() + b.variance(),
    };
    gap / variance.sqrt()
}

/// Twice the smaller one-sided unconditional exact p-value, with Fisher's p-value as the statistic; at most 1.
/// Boschloo (1970).
pub fn boschloo(control: Count, treatment: Count) -> Result<f64, Undefined> {
    let (control, treatment) = whole(control, treatment)?;
    let fewer = boschloo_fewer(control, treatment)?;
    let more = boschloo_fewer(control.complement(), treatment.complement())?;
    Ok((2.0 * fewer.min(more)).min(1.0))
}

/// One-sided: fewer successes in the control than equal rates would give.
fn boschloo_fewer(control: Count, treatment: Count) -> Result<f64, Undefined> {
    if (control.n + 1.0) * (treatment.n + 1.0) > MOST_TABLES {
        return Err(Undefined::OutOfRange);
    }
    let (rows, columns) = (control.n as usize, treatment.n as usize);
    let mut fisher = vec![vec![0.0; columns + 1]; rows + 1];
    for drawn in 0..=rows + columns {
        fill_tails(&mut fisher, rows, columns, drawn);
    }
    let observed = fisher[control.successes as usize][treatment.successes as usize] * (1.0 + 1e-12);
    let region = Region::of(control.n, treatment.n, |x, y| fisher[x as usize][y as usize] <= observed)?;
    Ok(region.largest_probability())
}

/// P(X <= x) given the margins, for all tables with `drawn` successes.
fn fill_tails(fisher: &mut [Vec<f64>], rows: usize, columns: usize, drawn: usize) {
    let law = Hypergeometric { a: rows as f64, b: columns as f64, drawn: drawn as f64 };
    let mut below = 0.0;
    for x in law.least() as usize..=law.most() as usize {
        below += law.density(x as f64);
        fisher[x][drawn - x] = below;
    }
}

/// The extreme tables: for each count of the first arm, runs of counts of the second, as (first, one past the last).
struct Region {
    rows: f64,
    columns: f64,
    runs: Vec<Vec<(usize, usize)>>,
}

impl Region {
    fn of(rows: f64, columns: f64, extreme: impl Fn(f64, f64) -> bool) -> Result<Self, Undefined> {
        if (rows + 1.0) * (columns + 1.0) > MOST_TABLES {
            return Err(Undefined::OutOfRange);
        }
        let runs_of = |x: usize| {
            let mut runs: Vec<(usize, usize)> = Vec::new();
            for y in (0..=columns as usize).filter(|&y| extreme(x as f64, y as f64)) {
                match runs.last_mut() {
                    Some(run) if run.1 == y => run.1 += 1,
                    _ => runs.push((y, y + 1)),
                }
            }
            runs
        };
        Ok(Self { rows, columns, runs: (0..=rows as usize).map(runs_of).collect() })
    }

    fn probability(&self, p: f64) -> f64 {
        let q = 1.0 - p;
        let columns = (0..=self.columns as usize)
            .map(|y| dist::binomial_density(y as f64, self.columns - y as f64, p, q))
            .scan(0.0, |sum, density| {
                *sum += density;
                Some(*sum)
            });
        let below: Vec<f64> = std::iter::once(0.0).chain(columns).collect();
        let row = |(x, runs): (usize, &Vec<(usize, usize)>)| {
            let in_runs: f64 = runs.iter().map(|&(from, to)| below[to] - below[from]).sum();
            if in_runs == 0.0 { 0.0 } else { in_runs * dist::binomial_density(x as f64, self.rows - x as f64, p, q) }
        };
        self.runs.iter().enumerate().map(row).sum()
    }

    /// The maximum over the common rate: a grid in steps of a small part of a standard deviation, then a search
    /// around its best points.
    fn largest_probability(&self) -> f64 {
        let steps = (50.0 * (self.rows + self.columns).sqrt()).clamp(1024.0, 8192.0) as usize;
        let at = |i: usize| (i as f64 / steps as f64 * std::f64::consts::FRAC_PI_2).sin().powi(2);
        let grid: Vec<f64> = (0..=steps).map(|i| self.probability(at(i))).collect();
        let best = grid.iter().copied().fold(0.0, f64::max);
        let peaks = (1..steps).filter(|&i| grid[i] >= grid[i - 1] && grid[i] >= grid[i + 1] && grid[i] > 0.98 * best);
        peaks.map(|i| self.refine(at(i - 1), at(i + 1))).fold(best, f64::max)
    }

    /// Golden-section search for a maximum.
    fn refine(&self, mut low: f64, mut high: f64) -> f64 {
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let mut best: f64 = 0.0;
        for _ in 0..40 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            let (at_left, at_right) = (self.probability(left), self.probability(right));
            best = best.max(at_left).max(at_right);
            if at_left > at_right { high = right } else { low = left }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sided_tails_meet_in_what_was_observed() {
        let (control, treatment) = (Count::new(3.0, 10.0), Count::new(5.0, 12.0));
        // Of 22 leads 8 succeed: P(X <= 3) of the ten, by the binomial coefficients.
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        let density = |x: u64| choose(10, x) * choose(12, 8 - x) / choose(22, 8);
        let fewer: f64 = (0..=3).map(density).sum();
        assert!((fisher_fewer(control, treatment).unwrap() - fewer).abs() < 1e-12);
        let more = fisher_more(control, treatment).unwrap();
        assert!((fewer + more - density(3) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_tail_on_the_other_side_is_all_of_it() {
        let (all, none) = (Count::new(5_000.0, 5_000.0), Count::new(0.0, 5_000.0));
        assert_eq!(fisher_fewer(all, none), Ok(1.0));
        assert_eq!(fisher_more(none, all), Ok(1.0));
        assert!(fisher_fewer(none, all).unwrap() < 1e-300);
    }

    #[test]
    fn a_binomial_tail_counts_all_its_terms() {
        assert!((binomial_fewer(Count::new(1.0, 3.0), 0.2).unwrap() - (0.512 + 3.0 * 0.2 * 0.64)).abs() < 1e-14);
        assert!((binomial_fewer(Count::new(0.0, 66.0), 0.1).unwrap() - 0.9f64.powi(66)).abs() < 1e-15);
        assert_eq!(binomial_fewer(Count::new(3.0, 3.0), 0.2), Ok(1.0));
        assert_eq!(binomial_fewer(Count::new(0.0, 0.0), 0.2), Err(Undefined::Empty));
    }
}
