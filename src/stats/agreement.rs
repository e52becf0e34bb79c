//! Whether two scores order the same leads alike: Kendall's tau-b, Spearman's rho.

use super::{Undefined, dist, finite};

/// Two scores of the same leads, row by row. A missing `weight` counts every row once.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    pub a: &'a [f64],
    pub b: &'a [f64],
    pub weight: Option<&'a [f64]>,
}

impl<'a> Pairs<'a> {
    /// # Panics
    /// When the slices differ in length.
    pub fn new(a: &'a [f64], b: &'a [f64]) -> Self {
        assert_eq!(a.len(), b.len(), "two scores for every lead");
        Self { a, b, weight: None }
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row])
    }

    /// Whether every row that counts has a place in both orders.
    fn ranked(&self) -> bool {
        (0..self.a.len()).all(|row| self.weight(row) <= 0.0 || !self.a[row].is_nan() && !self.b[row].is_nan())
    }

    /// Rows that count, by `a` and then by `b`.
    fn ordered(&self) -> Vec<Row> {
        let row = |i: usize| Row { a: self.a[i], b: self.b[i], weight: self.weight(i) };
        let mut rows: Vec<Row> = (0..self.a.len()).map(row).filter(|row| row.weight > 0.0).collect();
        // Adding zero makes -0.0 equal to 0.0 in the total order too.
        let key = |row: &Row| (row.a + 0.0, row.b + 0.0);
        rows.sort_unstable_by(|x, y| key(x).0.total_cmp(&key(y).0).then(key(x).1.total_cmp(&key(y).1)));
        rows
    }
}

#[derive(Clone, Copy, Debug)]
struct Row {
    a: f64,
    b: f64,
    weight: f64,
}

/// Sums over blocks of t tied leads, as Kendall's variance needs them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Ties {
    /// Σ t (t - 1) / 2.
    pairs: f64,
    /// Σ t (t - 1) (t - 2).
    triples: f64,
    /// Σ t (t - 1) (2t + 5).
    spread: f64,
}

impl Ties {
    fn of(sizes: impl Iterator<Item = f64>) -> Self {
        sizes.fold(Self::default(), |ties, t| Self {
            pairs: ties.pairs + t * (t - 1.0) / 2.0,
            triples: ties.triples + t * (t - 1.0) * (t - 2.0),
            spread: ties.spread + t * (t - 1.0) * (2.0 * t + 5.0),
        })
    }
}

/// Pairs of leads by what two scores say of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kendall {
    /// Pairs in the same order by both.
    pub concordant: f64,
    /// Pairs in opposite orders.
    pub discordant: f64,
    leads: f64,
    ties_a: Ties,
    ties_b: Ties,
}

/// Counts concordant and discordant pairs by merge sort. Knight (1966).
pub fn kendall(pairs: &Pairs) -> Kendall {
    let mut rows = pairs.ordered();
    let leads: f64 = rows.iter().map(|row| row.weight).sum();
    let sizes = |rows: &[Row], same: fn(&Row, &Row) -> bool| -> Vec<f64> {
        rows.chunk_by(same).map(|block| block.iter().map(|row| row.weight).sum()).collect()
    };
    let ties_a = Ties::of(sizes(&rows, |x, y| x.a == y.a).into_iter());
    let ties_both = Ties::of(sizes(&rows, |x, y| x.a == y.a && x.b == y.b).into_iter());
    let discordant = sort_by_b(&mut rows);
    let ties_b = Ties::of(sizes(&rows, |x, y| x.b == y.b).into_iter());
    let all = leads * (leads - 1.0) / 2.0;
    // A score that is no number has no order: NaN makes every answer undefined.
    let all = if pairs.ranked() { all } else { f64::NAN };
    let concordant = all - ties_a.pairs - ties_b.pairs + ties_both.pairs - discordant;
    Kendall { concordant, discordant, leads, ties_a, ties_b }
}

/// Merge-sorts rows by `b`, bottom up, and returns the weighted number of pairs that had to change sides.
fn sort_by_b(rows: &mut Vec<Row>) -> f64 {
    let (n, mut swaps, mut width) = (rows.len(), 0.0, 1);
    let mut merged = Vec::with_capacity(n);
    while width < n {
        merged.clear();
        for start in (0..n).step_by(2 * width) {
            let (middle, end) = ((start + width).min(n), (start + 2 * width).min(n));
            swaps += merge(&rows[start..middle], &rows[middle..end], &mut merged);
        }
        std::mem::swap(rows, &mut merged);
        width *= 2;
    }
    swaps
}

fn merge(left: &[Row], right: &[Row], merged: &mut Vec<Row>) -> f64 {
    let mut waiting: f64 = left.iter().map(|row| row.weight).sum();
    let (mut i, mut swaps) = (0, 0.0);
    for row in right {
        while i < left.len() && left[i].b <= row.b {
            waiting -= left[i].weight;
            merged.push(left[i]);
            i += 1;
        }
        swaps += waiting * row.weight;
        merged.push(*row);
    }
    merged.extend_from_slice(&left[i..]);
    swaps
}

impl Kendall {
    fn ranked(&self, ties: &Ties) -> f64 {
        self.leads * (self.leads - 1.0) / 2.0 - ties.pairs
    }

    fn defined(&self) -> Result<(), Undefined> {
        if self.leads < 2.0 {
            return Err(Undefined::TooFewRows);
        }
        finite(self.concordant)?;
        let constant = self.ranked(&self.ties_a) <= 0.0 || self.ranked(&self.ties_b) <= 0.0;
        if constant { Err(Undefined::Constant) } else { Ok(()) }
    }

    /// (C - D) over the geometric mean of the pairs that each score ranks; undefined for a constant score. Kendall (1945).
    pub fn tau_b(&self) -> Result<f64, Undefined> {
        self.defined()?;
        let ranked = self.ranked(&self.ties_a).sqrt() * self.ranked(&self.ties_b).sqrt();
        Ok(((self.concordant - self.discordant) / ranked).clamp(-1.0, 1.0))
    }

    /// (C - D) / (C + D); undefined when no pair is ranked by both. Goodman & Kruskal (1954).
    pub fn gamma(&self) -> Result<f64, Undefined> {
        let ranked = finite(self.concordant)? + self.discordant;
        if ranked > 0.0 { Ok((self.concordant - self.discordant) / ranked) } else { Err(Undefined::Constant) }
    }

    /// Two-sided normal p-value of no association, corrected for ties, not for continuity. From three leads on.
    pub fn p(&self) -> Result<f64, Undefined> {
        self.defined()?;
        if self.leads < 3.0 {
            return Err(Undefined::TooFewRows);
        }
        let (n, a, b) = (self.leads, &self.ties_a, &self.ties_b);
        let untied = n * (n - 1.0) * (2.0 * n + 5.0);
        let variance = (untied - a.spread - b.spread) / 18.0
            + 2.0 * a.pairs * b.pairs / (n * (n - 1.0))
            + a.triples * b.triples / (9.0 * n * (n - 1.0) * (n - 2.0));
        Ok(dist::normal_p((self.concordant - self.discordant) / variance.sqrt()))
    }
}

/// Spearman's rank correlation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spearman {
    pub rho: f64,
    /// Two-sided, by Student's t with n - 2 degrees of freedom; undefined below three leads.
    pub p: Result<f64, Undefined>,
}

/// Pearson correlation of midranks; undefined for a constant score and one that is no number. Spearman (1904).
pub fn spearman(pairs: &Pairs) -> Result<Spearman, Undefined> {
    let n: f64 = (0..pairs.a.len()).map(|row| pairs.weight(row)).sum();
    if !pairs.ranked() {
        return Err(Undefined::OutOfRange);
    }
    if n < 2.0 {
        return Err(Undefined::TooFewRows);
    }
    let (a, b) = (centred_midranks(pairs, pairs.a, n), centred_midranks(pairs, pairs.b, n));
    let product = |x: &[f64], y: &[f64]| -> f64 { (0..x.len()).map(|i| pairs.weight(i) * x[i] * y[i]).sum() };
    let (in_a, in_b) = (product(&a, &a), product(&b, &b));
    if in_a == 0.0 || in_b == 0.0 {
        return Err(Undefined::Constant);
    }
    let rho = (product(&a, &b) / (in_a.sqrt() * in_b.sqrt())).clamp(-1.0, 1.0);
    // Equal and opposite orders are known from the ranks, not from rounded sums.
    let same = |sign: f64| (0..a.len()).all(|i| pairs.weight(i) == 0.0 || a[i] == sign * b[i]);
    let rho = if same(1.0) {
        1.0
    } else if same(-1.0) {
        -1.0
    } else {
        rho
    };
    Ok(Spearman { rho, p: correlation_p(rho, n) })
}

fn correlation_p(rho: f64, n: f64) -> Result<f64, Undefined> {
    if n < 3.0 {
        return Err(Undefined::TooFewRows);
    }
    let rest = (1.0 - rho) * (1.0 + rho);
    if rest <= 0.0 { Ok(0.0) } else { Ok(dist::t_p(rho * ((n - 2.0) / rest).sqrt(), n - 2.0)) }
}

/// Midranks less their mean (n + 1) / 2.
fn centred_midranks(pairs: &Pairs, score: &[f64], n: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..score.len()).collect();
    order.sort_unstable_by(|&i, &j| (score[i] + 0.0).total_cmp(&(score[j] + 0.0)));
    let (mut ranks, mut below) = (vec![0.0; score.len()], 0.0);
    for block in order.chunk_by(|&i, &j| score[i] == score[j]) {
        let size: f64 = block.iter().map(|&i| pairs.weight(i)).sum();
        for &i in block {
            ranks[i] = below + size / 2.0 - n / 2.0;
        }
        below += size;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn opposite_orders_disagree_on_every_pair() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]);
        let found = kendall(&Pairs::new(&a, &b));
        assert_eq!((found.concordant, found.discordant, found.tau_b()), (0.0, 6.0, Ok(-1.0)));
        assert_eq!(spearman(&Pairs::new(&a, &b)), Ok(Spearman { rho: -1.0, p: Ok(0.0) }));
    }

    #[test]
    fn a_constant_score_agrees_with_nothing() {
        let pairs = Pairs::new(&[1.0, 2.0, 3.0], &[7.0; 3]);
        assert_eq!(kendall(&pairs).tau_b(), Err(Undefined::Constant));
        assert_eq!(kendall(&pairs).gamma(), Err(Undefined::Constant));
        assert_eq!(spearman(&pairs), Err(Undefined::Constant));
    }

    #[test]
    fn two_leads_have_an_order_but_no_test() {
        let pairs = Pairs::new(&[1.0, 2.0], &[3.0, 4.0]);
        assert_eq!((kendall(&pairs).tau_b(), kendall(&pairs).p()), (Ok(1.0), Err(Undefined::TooFewRows)));
        assert_eq!(spearman(&pairs).unwrap().p, Err(Undefined::TooFewRows));
        assert_eq!(kendall(&Pairs::new(&[], &[])).tau_b(), Err(Undefined::TooFewRows));
    }

    type Rows = Vec<(i32, i32, u32)>;

    fn rows() -> impl Strategy<Value = Rows> {
        prop::collection::vec((-5i32..5, -5i32..5, 1u32..4), 3..40)
    }

    fn columns(rows: &Rows) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let column = |pick: fn(&(i32, i32, u32)) -> f64| rows.iter().map(pick).collect();
        (column(|r| f64::from(r.0)), column(|r| f64::from(r.1)), column(|r| f64::from(r.2)))
    }

    fn pairs_counted_one_by_one(a: &[f64], b: &[f64]) -> (f64, f64) {
        let signs = (0..a.len()).flat_map(|i| (0..i).map(move |j| (a[i] - a[j]) * (b[i] - b[j])));
        signs.fold((0.0, 0.0), |(c, d), sign| (c + f64::from(sign > 0.0), d + f64::from(sign < 0.0)))
    }

    #[test]
    fn a_score_that_is_no_number_has_no_rank() {
        let (odd, even) = ([1.0, f64::NAN, 2.0], [1.0, 2.0, 3.0]);
        assert_eq!(spearman(&Pairs::new(&odd, &even)), Err(Undefined::OutOfRange));
        assert_eq!(kendall(&Pairs::new(&even, &odd)).tau_b(), Err(Undefined::OutOfRange));
    }

    proptest! {
        #[test]
        fn merge_sort_counts_what_pairs_count(rows in rows()) {
            let (a, b, _) = columns(&rows);
            let found = kendall(&Pairs::new(&a, &b));
            prop_assert_eq!((found.concordant, found.discordant), pairs_counted_one_by_one(&a, &b));
        }

        #[test]
        fn a_weight_is_a_repetition(rows in rows()) {
            let (a, b, weight) = columns(&rows);
            let long: Rows = rows.iter().flat_map(|row| vec![*row; row.2 as usize]).collect();
            let (long_a, long_b, _) = columns(&long);
            let (short, long) = (Pairs { a: &a, b: &b, weight: Some(&weight) }, Pairs::new(&long_a, &long_b));
            prop_assert_eq!(kendall(&short), kendall(&long));
            if let (Ok(short), Ok(long)) = (spearman(&short), spearman(&long)) {
                prop_assert!((short.rho - long.rho).abs() < 1e-12);
            }
        }

        #[test]
        fn increasing_maps_change_nothing(rows in rows()) {
            let (a, b, _) = columns(&rows);
            let cubed: Vec<f64> = a.iter().map(|s| s.powi(3)).collect();
            let (plain, mapped) = (Pairs::new(&a, &b), Pairs::new(&cubed, &b));
            prop_assert_eq!(kendall(&plain), kendall(&mapped));
            prop_assert_eq!(spearman(&plain), spearman(&mapped));
        }
    }
}
