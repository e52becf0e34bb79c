//! How well a score orders leads: area under the ROC curve with DeLong's variance, precision, KS, H-measure, gain.

use super::proportion::ZTest;
use super::{Interval, Tally, Undefined, dist, order};

/// Probability that a converted lead scores above another one, ties counting half. Bamber (1975).
pub fn auc(tally: &Tally) -> Result<f64, Undefined> {
    let (positives, negatives) = tally.classes()?;
    let wins: f64 = Placements::of(tally).of_positives.iter().zip(&tally.positive).map(|(c, w)| c * w).sum();
    Ok(wins / (positives * negatives))
}

/// Accuracy ratio: 2 AUC - 1.
pub fn gini(tally: &Tally) -> Result<f64, Undefined> {
    Ok(2.0 * auc(tally)? - 1.0)
}

/// For the leads at each score, how many of the other class are on their right side; ties count half.
struct Placements {
    /// Others below a converted lead.
    of_positives: Vec<f64>,
    /// Converted leads above another one.
    of_negatives: Vec<f64>,
}

impl Placements {
    fn of(tally: &Tally) -> Self {
        let (mut below, mut above) = (0.0, tally.positives());
        let mut placements = Self { of_positives: Vec::new(), of_negatives: Vec::new() };
        for (positive, negative) in tally.positive.iter().zip(&tally.negative) {
            above -= positive;
            placements.of_positives.push(below + negative / 2.0);
            placements.of_negatives.push(above + positive / 2.0);
            below += negative;
        }
        placements
    }
}

/// Σ w (a - ā)(b - b̄) / (Σ w - 1), in two passes.
fn covariance(rows: impl Iterator<Item = (f64, f64, f64)> + Clone) -> f64 {
    let (weight, a, b) = rows.clone().fold((0.0, 0.0, 0.0), |(n, a, b), (w, x, y)| (n + w, a + w * x, b + w * y));
    let (a, b) = (a / weight, b / weight);
    rows.map(|(w, x, y)| w * (x - a) * (y - b)).sum::<f64>() / (weight - 1.0)
}

/// Variance of the AUC, with n - 1 in both classes; undefined below two leads in a class.
/// DeLong, DeLong & Clarke-Pearson (1988), from one sort as in Sun & Xu (2014).
pub fn delong_variance(tally: &Tally) -> Result<f64, Undefined> {
    let (positives, negatives) = two_of_each(tally.classes()?)?;
    let placements = Placements::of(tally);
    let spread = |placements: &[f64], weight: &[f64]| {
        covariance(weight.iter().zip(placements).filter(|(w, _)| **w > 0.0).map(|(w, c)| (*w, *c, *c)))
    };
    let of_positives = spread(&placements.of_positives, &tally.positive) / negatives.powi(2);
    let of_negatives = spread(&placements.of_negatives, &tally.negative) / positives.powi(2);
    Ok(of_positives / positives + of_negatives / negatives)
}

fn two_of_each((positives, negatives): (f64, f64)) -> Result<(f64, f64), Undefined> {
    let enough = positives >= 2.0 && negatives >= 2.0;
    if enough { Ok((positives, negatives)) } else { Err(Undefined::TooFewRows) }
}

/// The interval of the AUC that is shown: Wald's, or the logit one when the AUC is above 0.95 or below 0.05.
/// Undefined when the variance is zero, as for a perfect or a constant score.
pub fn auc_interval(tally: &Tally, level: f64) -> Result<Interval, Undefined> {
    let (area, variance) = (auc(tally)?, delong_variance(tally)?);
    auc_interval_of(area, variance, level)
}

/// The same from an area and its variance.
pub fn auc_interval_of(area: f64, variance: f64, level: f64) -> Result<Interval, Undefined> {
    if variance == 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    if (0.05..=0.95).contains(&area) { Ok(auc_wald(area, variance, level)) } else { auc_logit(area, variance, level) }
}

/// AUC plus and minus its standard error times the critical value, inside [0, 1].
pub fn auc_wald(auc: f64, variance: f64, level: f64) -> Interval {
    Interval::around(auc, dist::normal_critical(level) * variance.sqrt()).clamped(0.0, 1.0)
}

/// Delta-method interval of the AUC on the logit scale; undefined at 0, at 1 and without variance.
pub fn auc_logit(auc: f64, variance: f64, level: f64) -> Result<Interval, Undefined> {
    if variance == 0.0 || auc <= 0.0 || auc >= 1.0 {
        return Err(Undefined::ZeroVariance);
    }
    let half = dist::normal_critical(level) * variance.sqrt() / (auc * (1.0 - auc));
    Ok(Interval::around(dist::logit(auc), half).map(dist::expit))
}

/// Two AUCs, `a` the reference and `b` the one that would replace it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucComparison {
    pub auc_a: f64,
    pub auc_b: f64,
    /// `auc_b - auc_a`.
    pub difference: f64,
    /// Undefined below two leads in a class.
    pub variance: Result<AucVariance, Undefined>,
}

/// DeLong's variances of two AUCs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucVariance {
    pub a: f64,
    pub b: f64,
    pub covariance: f64,
    /// Of the difference.
    pub difference: f64,
}

impl AucComparison {
    /// Test of equal AUCs. Without variance: p = 1 for equal AUCs, undefined else.
    pub fn test(&self) -> Result<ZTest, Undefined> {
        let variance = self.variance?.difference;
        match (variance > 0.0, self.difference == 0.0) {
            (true, _) => Ok(ZTest::of(self.difference / variance.sqrt())),
            (false, true) => Ok(ZTest { z: 0.0, p: 1.0 }),
            (false, false) => Err(Undefined::ZeroVariance),
        }
    }

    /// Wald interval of the difference. Without variance: of no width for equal AUCs, undefined else.
    pub fn interval(&self, level: f64) -> Result<Interval, Undefined> {
        let variance = self.variance?.difference;
        if variance <= 0.0 && self.difference != 0.0 {
            return Err(Undefined::ZeroVariance);
        }
        Ok(Interval::around(self.difference, dist::normal_critical(level) * variance.sqrt()))
    }
}

/// Two scores of the same leads, row by row.
#[derive(Clone, Copy, Debug)]
pub struct PairedScores<'a> {
    pub a: &'a [f64],
    pub b: &'a [f64],
    pub converted: &'a [bool],
    pub weight: Option<&'a [f64]>,
    /// The cluster of each lead, numbered from 0; nothing: every lead is one of its own.
    pub cluster: Option<&'a [u32]>,
}

impl PairedScores<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row])
    }

    fn classes(&self) -> Result<(f64, f64), Undefined> {
        let size = |class: bool| {
            (0..self.converted.len()).filter(|&i| self.converted[i] == class).map(|i| self.weight(i)).sum::<f64>()
        };
        match (size(true), size(false)) {
            (0.0, 0.0) => Err(Undefined::Empty),
            (p, n) if p == 0.0 || n == 0.0 => Err(Undefined::OneClass),
            both => Ok(both),
        }
    }

    fn classes_of(&self, block: &[u32]) -> (f64, f64) {
        block.iter().fold((0.0, 0.0), |(positive, negative), &row| {
            let weight = self.weight(row as usize);
            if self.converted[row as usize] { (positive + weight, negative) } else { (positive, negative + weight) }
        })
    }

    /// For every row, how many of the other class one of the scores puts on its right side; ties count half.
    fn placements(&self, score: &[f64], positives: f64) -> Vec<f64> {
        let order = order::rising(score);
        let mut placements = vec![0.0; score.len()];
        let (mut below, mut above) = (0.0, positives);
        for block in order.chunk_by(|&a, &b| score[a as usize] == score[b as usize]) {
            let (positive, negative) = self.classes_of(block);
            above -= positive;
            for row in block.iter().map(|&row| row as usize) {
                placements[row] = if self.converted[row] { below + negative / 2.0 } else { above + positive / 2.0 };
            }
            below += negative;
        }
        placements
    }
}

/// Compares the AUCs of two scores on the same leads: one sort a score, no matrix of pairs.
/// DeLong, DeLong & Clarke-Pearson (1988); Sun & Xu (2014). Of clustered leads the variance is that of Obuchowski (1997).
///
/// # Panics
/// When the slices differ in length.
pub fn delong_paired(scores: PairedScores) -> Result<AucComparison, Undefined> {
    assert!(scores.a.len() == scores.b.len() && scores.a.len() == scores.converted.len(), "two scores for every lead");
    let (positives, _) = scores.classes()?;
    let (a, b) = (scores.placements(scores.a, positives), scores.placements(scores.b, positives));
    delong_placed(PairedScores { a: &a, b: &b, ..scores })
}

/// For every lead, how many of the other class its score puts on its right side; ties count half. What [`delong_placed`]
/// compares: for several pairs of scores each is sorted once.
///
/// # Panics
/// When the slices differ in length.
pub fn placements(score: &[f64], converted: &[bool]) -> Result<Vec<f64>, Undefined> {
    let scores = PairedScores { a: score, b: score, converted, weight: None, cluster: None };
    scores.classes().map(|(positives, _)| scores.placements(score, positives))
}

/// The same comparison as [`delong_paired`] from the placements of both scores.
///
/// # Panics
/// When the slices differ in length.
pub fn delong_placed(placed: PairedScores) -> Result<AucComparison, Undefined> {
    let PairedScores { a, b, converted, .. } = placed;
    assert!(a.len() == b.len() && a.len() == converted.len(), "two placements for every lead");
    let (positives, negatives) = placed.classes()?;
    let class =
        |wanted: bool| {
            (0..a.len())
                .filter(move |&row| converted[row] == wanted && placed.weight(row) > 0.0)
                .map(move |row| Placed { weight: placed.weight(row), a: a[row], b: b[row] })
        };
    let area = |wins: fn(Placed) -> f64| class(true).map(wins).sum::<f64>() / (positives * negatives);
    let (auc_a, auc_b) = (area(|row| row.weight * row.a), area(|row| row.weight * row.b));
    let variance = |of: fn(Placed) -> (f64, f64)| {
        if let Some(cluster) = placed.cluster {
            return clustered_covariance(&placed, cluster, (positives, negatives), of);
        }
        let rows = |wanted| class(wanted).map(move |row| (row.weight, of(row).0, of(row).1));
        covariance(rows(true)) / negatives.powi(2) / positives + covariance(rows(false)) / positives.powi(2) / negatives
    };
    let enough = two_of_each((positives, negatives)).and_then(|_| match placed.cluster {
        Some(cluster) => two_clusters_of_each(cluster, converted),
        None => Ok(()),
    });
    let variances = enough.map(|()| AucVariance {
        a: variance(|row| (row.a, row.a)),
        b: variance(|row| (row.b, row.b)),
        covariance: variance(|row| (row.a, row.b)),
        // A difference of placements is exact, so that equal orders have no variance at all.
        difference: variance(|row| (row.b - row.a, row.b - row.a)),
    });
    Ok(AucComparison { auc_a, auc_b, difference: auc_b - auc_a, variance: variances })
}

/// The placements of one lead by two scores.
#[derive(Clone, Copy)]
struct Placed {
    weight: f64,
    a: f64,
    b: f64,
}

fn two_clusters_of_each(cluster: &[u32], converted: &[bool]) -> Result<(), Undefined> {
    let several = |class: bool| {
        let mut own = cluster.iter().zip(converted).filter(|(_, won)| **won == class).map(|(cluster, _)| *cluster);
        let first = own.next();
        own.any(|cluster| Some(cluster) != first)
    };
    if several(true) && several(false) { Ok(()) } else { Err(Undefined::TooFewClusters) }
}

/// S₁₀/m + S₀₁/n + 2 S₁₁/(mn) of Obuchowski (1997), from sums of placements by cluster. With one lead a cluster it is
/// DeLong's.
fn clustered_covariance(
    placed: &PairedScores,
    cluster: &[u32],
    (positives, negatives): (f64, f64),
    of: fn(Placed) -> (f64, f64),
) -> f64 {
    let row = |row: usize| Placed { weight: placed.weight(row), a: placed.a[row], b: placed.b[row] };
    let classes = [(true, positives, negatives), (false, negatives, positives)];
    let [won, other] = classes.map(|(class, own, opposite)| {
        let rows = || (0..cluster.len()).filter(|&i| placed.converted[i] == class);
        let mean = rows().map(row).fold((0.0, 0.0), |(a, b), one| {
            let (x, y) = of(one);
            (a + one.weight * x / own, b + one.weight * y / own)
        });
        let clusters = cluster.iter().max().map_or(0, |&last| last as usize + 1);
        let (mut sums, mut seen) = (vec![(0.0, 0.0); clusters], vec![false; clusters]);
        for i in rows() {
            let (one, sum) = (row(i), &mut sums[cluster[i] as usize]);
            let (x, y) = of(one);
            // Of shares of the other class, each a part of the mean over its own.
            sum.0 += one.weight * (x - mean.0) / opposite / own;
            sum.1 += one.weight * (y - mean.1) / opposite / own;
            seen[cluster[i] as usize] = true;
        }
        (sums, seen)
    });
    let count = |seen: &dyn Fn(usize) -> bool| (0..won.1.len()).filter(|&g| seen(g)).count() as f64;
    let correction = |clusters: f64| if clusters > 1.0 { clusters / (clusters - 1.0) } else { f64::NAN };
    let product = |x: &[(f64, f64)], y: &[(f64, f64)]| x.iter().zip(y).map(|(x, y)| x.0 * y.1).sum::<f64>();
    let both = product(&won.0, &other.0) + product(&other.0, &won.0);
    correction(count(&|g| won.1[g])) * product(&won.0, &won.0)
        + correction(count(&|g| other.1[g])) * product(&other.0, &other.0)
        + correction(count(&|g| won.1[g] || other.1[g])) * both
}

/// Compares the AUCs of two independent groups of leads, with a normal reference.
pub fn delong_unpaired(a: &Tally, b: &Tally) -> Result<AucComparison, Undefined> {
    let (auc_a, auc_b) = (auc(a)?, auc(b)?);
    let variance = delong_variance(a).and_then(|var_a| Ok(AucVariance::apart(var_a, delong_variance(b)?)));
    Ok(AucComparison { auc_a, auc_b, difference: auc_b - auc_a, variance })
}

/// The second AUC of one comparison against that of another one, on other leads.
pub fn apart(a: AucComparison, b: AucComparison) -> AucComparison {
    let variance = a.variance.and_then(|own| Ok(AucVariance::apart(own.b, b.variance?.b)));
    AucComparison { auc_a: a.auc_b, auc_b: b.auc_b, difference: b.auc_b - a.auc_b, variance }
}

impl AucVariance {
    /// Of AUCs on other leads.
    fn apart(a: f64, b: f64) -> Self {
        Self { a, b, covariance: 0.0, difference: a + b }
    }
}

/// Leads at or above each distinct score, from the top: (converted, others).
fn from_the_top(tally: &Tally) -> impl Iterator<Item = (f64, f64)> + '_ {
    (0..tally.len()).rev().scan((0.0, 0.0), |(positive, negative), i| {
        *positive += tally.positive[i];
        *negative += tally.negative[i];
        Some((*positive, *negative))
    })
}

/// Mean precision over the steps in recall at distinct scores; its baseline is the prevalence.
pub fn average_precision(tally: &Tally) -> Result<f64, Undefined> {
    let (positives, _) = tally.classes()?;
    let found = tally.positive.iter().rev();
    let steps = from_the_top(tally).zip(found).map(|((tp, fp), found)| found * tp / (tp + fp));
    Ok(steps.sum::<f64>() / positives)
}

/// Share of converted leads: the average precision of a score that knows nothing.
pub fn prevalence(tally: &Tally) -> Result<f64, Undefined> {
    if tally.is_empty() { Err(Undefined::Empty) } else { Ok(tally.positives() / tally.total()) }
}

/// Area under precision over recall, exactly along the hyperbolas between distinct scores. Davis & Goadrich (2006).
pub fn precision_recall_area(tally: &Tally) -> Result<f64, Undefined> {
    let (positives, _) = tally.classes()?;
    let mut before = (0.0, 0.0);
    let area: f64 = from_the_top(tally)
        .map(|after| {
            let strip = precision_strip(before, after);
            before = after;
            strip
        })
        .sum();
    Ok(area / positives)
}

/// ∫ precision d(tp) while the false positives grow in proportion to the true ones.
fn precision_strip((tp, fp): (f64, f64), (next_tp, next_fp): (f64, f64)) -> f64 {
    let found = next_tp - tp;
    if found == 0.0 {
        return 0.0;
    }
    let pace = 1.0 + (next_fp - fp) / found;
    let seen = tp + fp;
    if seen == 0.0 {
        return found / pace;
    }
    // ∫ (tp + v) / (seen + pace v) dv, as two terms that are never negative.
    let growth = pace * found / seen;
    tp * growth.ln_1p() / pace + seen * beyond_ln_1p(growth) / (pace * pace)
}

/// x - ln(1 + x) for x >= 0, without cancellation.
fn beyond_ln_1p(x: f64) -> f64 {
    if x > 0.05 {
        return x - x.ln_1p();
    }
    (2..16).rev().fold(0.0, |sum, k| 1.0 / f64::from(k) - x * sum) * x * x
}

/// The largest gap between the shares of converted and of other leads at or above a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KsStatistic {
    pub ks: f64,
    /// The smallest score with that gap.
    pub threshold: f64,
}

/// Kolmogorov-Smirnov distance of the two classes: max |TPR - FPR| over "score at or above t".
pub fn ks(tally: &Tally) -> Result<KsStatistic, Undefined> {
    let (positives, negatives) = tally.classes()?;
    let gaps: Vec<f64> =
        from_the_top(tally).map(|(tp, fp)| (tp * negatives - fp * positives).abs() / (positives * negatives)).collect();
    let ks = gaps.iter().copied().fold(0.0, f64::max);
    // Gaps that are equal as fractions differ in the last digit.
    let lowest = gaps.iter().rev().position(|gap| *gap >= ks - 1e-12).unwrap_or(0);
    Ok(KsStatistic { ks, threshold: tally.score[lowest] })
}

/// Beta law of the share of the cost that falls on a wrongly chosen lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostPrior {
    pub alpha: f64,
    pub beta: f64,
}

impl CostPrior {
    /// Beta(1 + π₁, 1 + π₀): the default of Hand & Anagnostopoulos (2014).
    pub fn shares(tally: &Tally) -> Result<Self, Undefined> {
        let prevalence = prevalence(tally)?;
        Ok(Self { alpha: 1.0 + prevalence, beta: 2.0 - prevalence })
    }

    /// Beta(2, 1 + n₀/n₁): its mode is the prevalence.
    pub fn severity(tally: &Tally) -> Result<Self, Undefined> {
        let (positives, negatives) = tally.classes()?;
        Ok(Self { alpha: 2.0, beta: 1.0 + negatives / positives })
    }

    /// Beta(2, 2), as in Hand (2009).
    pub fn symmetric() -> Self {
        Self { alpha: 2.0, beta: 2.0 }
    }

    /// ∫₀ᶜ x u(x) dx.
    fn cost_below(&self, c: f64) -> f64 {
        self.alpha / (self.alpha + self.beta) * dist::beta_cdf(c, self.alpha + 1.0, self.beta)
    }

    /// ∫₀ᶜ (1 - x) u(x) dx.
    fn rest_below(&self, c: f64) -> f64 {
        self.beta / (self.alpha + self.beta) * dist::beta_cdf(c, self.alpha, self.beta + 1.0)
    }
}

/// One less the expected minimal cost relative to that of a score that knows nothing, over a law of costs.
/// 0 for a score no better than none, 1 for a perfect one. Hand (2009), on the convex hull of the ROC curve.
pub fn h_measure(tally: &Tally, prior: CostPrior) -> Result<f64, Undefined> {
    let (positives, negatives) = tally.classes()?;
    let hull = cost_hull(tally);
    let turns = hull.windows(2).map(|side| turning_cost(side[0], side[1]));
    let costs: Vec<f64> = std::iter::once(0.0).chain(turns).chain([1.0]).collect();
    let loss = |&(below, missed): &(f64, f64), from: f64, to: f64| {
        (negatives - below) * (prior.cost_below(to) - prior.cost_below(from))
            + missed * (prior.rest_below(to) - prior.rest_below(from))
    };
    let achieved: f64 = hull.iter().zip(costs.windows(2)).map(|(vertex, c)| loss(vertex, c[0], c[1])).sum();
    let even = positives / (positives + negatives);
    let ignorant = loss(&(0.0, 0.0), 0.0, even) + loss(&(negatives, positives), even, 1.0);
    Ok(1.0 - achieved / ignorant)
}

/// Vertices (others below, converted below) of the lower convex hull over all thresholds, from the lowest.
fn cost_hull(tally: &Tally) -> Vec<(f64, f64)> {
    let mut hull = vec![(0.0, 0.0)];
    let mut at = (0.0, 0.0);
    for (positive, negative) in tally.positive.iter().zip(&tally.negative) {
        at = (at.0 + negative, at.1 + positive);
        while hull.len() > 1 && !turns_up(hull[hull.len() - 2], hull[hull.len() - 1], at) {
            hull.pop();
        }
        hull.push(at);
    }
    hull
}

fn turns_up(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> bool {
    (b.0 - a.0) * (c.1 - b.1) > (b.1 - a.1) * (c.0 - b.0)
}

/// The cost at which two neighbouring thresholds are equally good.
fn turning_cost(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (others, converted) = (to.0 - from.0, to.1 - from.1);
    converted / (converted + others)
}

/// Conversions among the leads with the highest scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopShare {
    /// Leads chosen.
    pub leads: f64,
    /// Conversions when a block of equal scores at the edge is ordered at random.
    pub expected: f64,
    /// When that block's conversions come last.
    pub worst: f64,
    /// When they come first.
    pub best: f64,
    /// Conversions among all leads.
    pub positives: f64,
    /// All leads.
    pub total: f64,
}

impl TopShare {
    /// Share of all conversions that the chosen leads hold.
    pub fn capture(&self) -> Result<f64, Undefined> {
        if self.positives == 0.0 { Err(Undefined::NoEvents) } else { Ok(self.expected / self.positives) }
    }

    /// Conversion rate of the chosen leads.
    pub fn rate(&self) -> Result<f64, Undefined> {
        if self.leads == 0.0 { Err(Undefined::Empty) } else { Ok(self.expected / self.leads) }
    }

    /// Their rate as a multiple of the rate of all leads.
    pub fn lift(&self) -> Result<f64, Undefined> {
        let rate = self.rate()?;
        if self.positives == 0.0 { Err(Undefined::NoEvents) } else { Ok(rate * self.total / self.positives) }
    }
}

/// Conversions among the `k` leads with the highest scores. `k` may be fractional; beyond all leads it means all.
pub fn top_share(tally: &Tally, k: f64) -> TopShare {
    top_shares(tally, &[k])[0]
}

/// [`top_share`] at several depths, in ascending order, from one pass.
pub fn top_shares(tally: &Tally, depths: &[f64]) -> Vec<TopShare> {
    let (positives, total) = (tally.positives(), tally.total());
    let (mut block, mut above, mut found) = (tally.len(), 0.0, 0.0);
    let at_depth = |&k: &f64| {
        let k = k.clamp(0.0, total);
        while block > 0 && above + tally.count(block - 1) <= k {
            block -= 1;
            above += tally.count(block);
            found += tally.positive[block];
        }
        let edge = if block > 0 { edge_block(tally, block - 1, (k - above).max(0.0)) } else { (0.0, 0.0, 0.0) };
        let (expected, worst, best) = (found + edge.0, found + edge.1, found + edge.2);
        TopShare { leads: k, expected, worst, best, positives, total }
    };
    depths.iter().map(at_depth).collect()
}

/// Conversions among `taken` leads of one block of equal scores: expected, least, most.
fn edge_block(tally: &Tally, block: usize, taken: f64) -> (f64, f64, f64) {
    let (positive, negative) = (tally.positive[block], tally.negative[block]);
    let expected = positive * (taken / (positive + negative));
    (expected, (taken - negative).max(0.0), taken.min(positive))
}

/// Gain over equal slices of the leads, best scores first. Ties share their conversions out evenly,
/// so that no number depends on the order of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// Conversions up to and including each slice.
    pub cumulative: Vec<f64>,
    /// The same as a share of all conversions.
    pub gain: Vec<f64>,
    /// Rate up to and including each slice over the rate of all leads.
    pub lift: Vec<f64>,
    /// Rate of each slice over the rate of all leads.
    pub slice_lift: Vec<f64>,
}

/// Conversions up to the end of each of `slices` equal slices of the leads.
pub fn cumulative_conversions(tally: &Tally, slices: usize) -> Vec<f64> {
    let depths: Vec<f64> = (1..=slices).map(|k| tally.total() * k as f64 / slices as f64).collect();
    top_shares(tally, &depths).iter().map(|top| top.expected).collect()
}

/// Gain and lift; undefined when nobody converted.
pub fn gain(tally: &Tally, slices: usize) -> Result<Gain, Undefined> {
    let positives = tally.positives();
    if tally.is_empty() {
        return Err(Undefined::Empty);
    }
    if positives == 0.0 {
        return Err(Undefined::NoEvents);
    }
    let cumulative = cumulative_conversions(tally, slices);
    let gain: Vec<f64> = cumulative.iter().map(|found| found / positives).collect();
    let lift = gain.iter().enumerate().map(|(k, gain)| gain * slices as f64 / (k + 1) as f64).collect();
    let before = std::iter::once(0.0).chain(cumulative.iter().copied());
    let slice_lift = cumulative.iter().zip(before).map(|(to, from)| (to - from) * slices as f64 / positives).collect();
    Ok(Gain { cumulative, gain, lift, slice_lift })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Sample;
    use proptest::prelude::*;

    fn tally(score: &[f64], converted: &[bool]) -> Tally {
        Sample::new(score, converted).tally()
    }

    const NO: bool = false;
    const YES: bool = true;

    #[test]
    fn a_tie_between_the_classes_counts_half() {
        assert_eq!(auc(&tally(&[1.0, 1.0], &[NO, YES])), Ok(0.5));
        assert_eq!(auc(&tally(&[1.0, 1.0, 0.0], &[NO, YES, NO])), Ok(0.75));
    }

    /// Values of a separate program that follows the definitions over all pairs.
    #[test]
    fn clustered_leads_have_obuchowskis_variances() {
        let a = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0];
        let b = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0, 2.0, 8.0, 4.0, 5.0];
        let converted = [NO, NO, YES, NO, YES, YES, NO, YES, NO, NO, YES, YES];
        let cluster = [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5];
        let of = |cluster| delong_paired(PairedScores { a: &a, b: &b, converted: &converted, weight: None, cluster });
        let found = of(Some(&cluster[..])).unwrap();
        let variance = found.variance.unwrap();
        let near = |value: f64, known: f64| assert!((value - known).abs() < 1e-12, "{value} {known}");
        near(found.auc_a, 0.944_444_444_444_444_4);
        near(variance.a, 0.002_349_108_367_626_887);
        near(variance.b, 0.046_642_446_844_993_14);
        near(variance.covariance, -0.002_394_118_655_692_731_6);
        near(variance.difference, 0.053_779_792_524_005_5);
        // Leads by themselves.
        let alone: Vec<u32> = (0..12).collect();
        let (own, none) = (of(Some(&alone)).unwrap().variance.unwrap(), of(None).unwrap().variance.unwrap());
        near(own.difference, none.difference);
        near(own.covariance, none.covariance);
        assert_eq!(of(Some(&[0; 12])).unwrap().variance, Err(Undefined::TooFewClusters));
    }

    #[test]
    fn aucs_that_differ_without_any_variance_have_no_interval() {
        let none = AucVariance { a: 0.0, b: 0.0, covariance: 0.0, difference: 0.0 };
        let compared = |auc_b: f64| AucComparison { auc_a: 0.5, auc_b, difference: auc_b - 0.5, variance: Ok(none) };
        assert_eq!(compared(0.7).interval(0.95), Err(Undefined::ZeroVariance));
        assert_eq!(compared(0.5).interval(0.95), Ok(Interval::new(0.0, 0.0)));
    }

    #[test]
    fn one_class_has_no_order() {
        let one = tally(&[1.0, 2.0, 3.0], &[NO; 3]);
        assert_eq!(auc(&one), Err(Undefined::OneClass));
        assert_eq!(delong_variance(&one), Err(Undefined::OneClass));
        assert_eq!(average_precision(&one), Err(Undefined::OneClass));
        assert_eq!(ks(&one), Err(Undefined::OneClass));
        assert_eq!(h_measure(&one, CostPrior::symmetric()), Err(Undefined::OneClass));
        assert_eq!(gain(&one, 10), Err(Undefined::NoEvents));
        assert_eq!(auc(&Tally::default()), Err(Undefined::Empty));
    }

    #[test]
    fn equal_scores_are_a_coin_without_variance() {
        let converted: Vec<bool> = (0..40).map(|i| i < 9).collect();
        let flat = tally(&[50.0; 40], &converted);
        assert_eq!((auc(&flat), delong_variance(&flat)), (Ok(0.5), Ok(0.0)));
        assert_eq!(auc_interval(&flat, 0.95), Err(Undefined::ZeroVariance));
        assert_eq!(ks(&flat), Ok(KsStatistic { ks: 0.0, threshold: 50.0 }));
        let diagonal = gain(&flat, 10).unwrap();
        assert!(diagonal.lift.iter().all(|lift| (lift - 1.0).abs() < 1e-12));
    }

    #[test]
    fn one_converted_lead_has_an_auc_but_no_variance() {
        let single = tally(&[1.0, 2.0, 3.0], &[NO, YES, NO]);
        assert_eq!((auc(&single), delong_variance(&single)), (Ok(0.5), Err(Undefined::TooFewRows)));
    }

    #[test]
    fn a_perfect_score_has_no_interval() {
        let perfect = tally(&[1.0, 2.0, 3.0, 4.0], &[NO, NO, YES, YES]);
        assert_eq!((auc(&perfect), delong_variance(&perfect)), (Ok(1.0), Ok(0.0)));
        assert_eq!(auc_logit(1.0, 0.0, 0.95), Err(Undefined::ZeroVariance));
        assert_eq!(h_measure(&perfect, CostPrior::symmetric()), Ok(1.0));
    }

    #[test]
    fn near_one_the_interval_of_the_auc_stays_below_it() {
        let score: Vec<f64> = (0..100).map(f64::from).collect();
        let converted: Vec<bool> = (0..100).map(|i| i >= 90 && i != 93 || i == 88).collect();
        let tally = tally(&score, &converted);
        assert!(auc(&tally).unwrap() > 0.95);
        assert!(auc_interval(&tally, 0.95).unwrap().high < 1.0);
    }

    #[test]
    fn equal_orders_do_not_differ() {
        let (score, converted) = ([3.0, 1.0, 2.0, 2.0, 5.0], [YES, NO, NO, YES, YES]);
        let cubed = score.map(|s: f64| s.powi(3));
        let compared =
            delong_paired(PairedScores { a: &score, b: &cubed, converted: &converted, weight: None, cluster: None })
                .unwrap();
        assert_eq!(compared.test(), Ok(ZTest { z: 0.0, p: 1.0 }));
    }

    #[test]
    fn a_certain_difference_has_no_test() {
        let converted = [NO, NO, YES, YES];
        let scores =
            PairedScores { a: &[1.0; 4], b: &[1.0, 2.0, 3.0, 4.0], converted: &converted, weight: None, cluster: None };
        let compared = delong_paired(scores).unwrap();
        assert_eq!((compared.difference, compared.test()), (0.5, Err(Undefined::ZeroVariance)));
    }

    #[test]
    fn a_tied_block_at_the_edge_counts_its_expectation() {
        let tally = tally(&[9.0, 5.0, 5.0, 5.0, 5.0, 1.0], &[YES, YES, NO, NO, NO, YES]);
        let top = top_share(&tally, 3.0);
        assert_eq!((top.worst, top.expected, top.best), (1.0, 1.5, 2.0));
        assert_eq!((top.lift(), top.capture()), (Ok(1.0), Ok(0.5)));
        assert_eq!(top_share(&tally, 5.0).worst, 2.0);
        assert_eq!(top_share(&tally, 99.0).expected, 3.0);
        assert_eq!(top_share(&tally, 0.0).lift(), Err(Undefined::Empty));
    }

    fn leads() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<bool>, Vec<f64>)> {
        let lead = (-6i32..6, -6i32..6, any::<bool>(), 1u32..4);
        prop::collection::vec(lead, 4..60).prop_map(|leads| {
            let column = |pick: fn(&(i32, i32, bool, u32)) -> f64| leads.iter().map(pick).collect();
            let converted = leads.iter().map(|lead| lead.2).collect();
            (column(|l| f64::from(l.0)), column(|l| f64::from(l.1)), converted, column(|l| f64::from(l.3)))
        })
    }

    fn repeated<T: Copy>(values: &[T], weight: &[f64]) -> Vec<T> {
        values.iter().zip(weight).flat_map(|(value, w)| std::iter::repeat_n(*value, *w as usize)).collect()
    }

    fn same(a: Result<f64, Undefined>, b: Result<f64, Undefined>) -> bool {
        match (a, b) {
            (Ok(a), Ok(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
            (a, b) => a == b,
        }
    }

    fn numbers(tally: &Tally) -> Vec<Result<f64, Undefined>> {
        let h = |prior: Result<CostPrior, Undefined>| h_measure(tally, prior?);
        let mut numbers =
            vec![auc(tally), delong_variance(tally), average_precision(tally), precision_recall_area(tally)];
        numbers.extend([ks(tally).map(|found| found.ks), h(CostPrior::shares(tally)), h(CostPrior::severity(tally))]);
        numbers.extend([3.0, 7.5].map(|k| top_share(tally, k).capture()));
        numbers
    }

    proptest! {
        #[test]
        fn a_weight_is_a_repetition((a, b, converted, weight) in leads()) {
            let weighted = Sample::weighted(&a, &converted, &weight).tally();
            let (long_a, long_b) = (repeated(&a, &weight), repeated(&b, &weight));
            let long_converted = repeated(&converted, &weight);
            for (x, y) in numbers(&weighted).into_iter().zip(numbers(&tally(&long_a, &long_converted))) {
                prop_assert!(same(x, y), "{x:?} {y:?}");
            }
            let short = delong_paired(PairedScores { a: &a, b: &b, converted: &converted, weight: Some(&weight), cluster: None });
            let long = delong_paired(PairedScores { a: &long_a, b: &long_b, converted: &long_converted, weight: None, cluster: None });
            let variance = |c: Result<AucComparison, Undefined>| c.and_then(|c| Ok(c.variance?.difference));
            prop_assert!(same(variance(short), variance(long)));
        }

        #[test]
        fn increasing_maps_change_nothing((a, _, converted, _) in leads()) {
            let cubed: Vec<f64> = a.iter().map(|s| s.powi(3) * 7.0 - 1.0).collect();
            prop_assert_eq!(numbers(&tally(&a, &converted)), numbers(&tally(&cubed, &converted)));
        }

        #[test]
        fn the_reversed_score_has_the_complementary_auc((a, _, converted, _) in leads()) {
            let reversed: Vec<f64> = a.iter().map(|s| -s).collect();
            let (there, back) = (tally(&a, &converted), tally(&reversed, &converted));
            prop_assert!(same(auc(&there), auc(&back).map(|area| 1.0 - area)));
            prop_assert!(same(delong_variance(&there), delong_variance(&back)));
        }

        #[test]
        fn swapped_models_flip_the_sign((a, b, converted, _) in leads()) {
            let there = delong_paired(PairedScores { a: &a, b: &b, converted: &converted, weight: None, cluster: None });
            let back = delong_paired(PairedScores { a: &b, b: &a, converted: &converted, weight: None, cluster: None });
            if let (Ok(there), Ok(back)) = (there, back) {
                prop_assert!(same(there.test().map(|t| t.z), back.test().map(|t| -t.z)));
                prop_assert!(same(there.test().map(|t| t.p), back.test().map(|t| t.p)));
                if let Ok(v) = there.variance {
                    prop_assert!((v.difference - (v.a + v.b - 2.0 * v.covariance)).abs() < 1e-12);
                }
            }
        }

        #[test]
        fn both_ways_to_delong_agree((a, b, converted, _) in leads()) {
            let paired = delong_paired(PairedScores { a: &a, b: &b, converted: &converted, weight: None, cluster: None });
            let alone = tally(&a, &converted);
            prop_assert!(same(paired.map(|c| c.auc_a), auc(&alone)));
            prop_assert!(same(paired.and_then(|c| Ok(c.variance?.a)), delong_variance(&alone)));
        }

        #[test]
        fn the_best_and_the_worst_order_frame_the_expected((a, _, converted, _) in leads(), k in 0.0f64..70.0) {
            let top = top_share(&tally(&a, &converted), k);
            prop_assert!(top.worst <= top.expected + 1e-12 && top.expected <= top.best + 1e-12);
        }
    }
}
