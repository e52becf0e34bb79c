//! Conversions among leads: intervals of a rate, differences of rates, trend over brackets, lift of a part over its whole.

mod exact;

use std::collections::BTreeMap;

pub use exact::{TableOrder, barnard, binomial_fewer, boschloo, fisher, fisher_fewer, fisher_more};

use super::{Interval, Undefined, dist};

/// Successes among trials. Both may be fractional: weights and tied blocks share leads out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    pub successes: f64,
    pub n: f64,
}

impl Count {
    pub fn new(successes: f64, n: f64) -> Self {
        Self { successes, n }
    }

    pub fn failures(&self) -> f64 {
        self.n - self.successes
    }

    /// The share of successes; undefined of no trials.
    pub fn rate(&self) -> Result<f64, Undefined> {
        Ok(self.checked()?.share())
    }

    fn checked(self) -> Result<Self, Undefined> {
        if self.n == 0.0 {
            return Err(Undefined::Empty);
        }
        let sound = self.n > 0.0 && self.n.is_finite() && (0.0..=self.n).contains(&self.successes);
        if sound { Ok(self) } else { Err(Undefined::OutOfRange) }
    }

    fn share(&self) -> f64 {
        self.successes / self.n
    }

    /// Variance of the rate: p (1 - p) / n.
    pub(super) fn variance(&self) -> f64 {
        self.share() * (self.failures() / self.n) / self.n
    }

    /// Successes and failures exchanged.
    fn complement(self) -> Self {
        Self::new(self.failures(), self.n)
    }
}

impl std::ops::Add for Count {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.successes + other.successes, self.n + other.n)
    }
}

/// The two-sided normal critical value; `level` lies strictly between 0 and 1.
fn critical(level: f64) -> Result<f64, Undefined> {
    let sound = level > 0.0 && level < 1.0;
    if sound { Ok(dist::normal_critical(level)) } else { Err(Undefined::OutOfRange) }
}

/// Interval of a rate that keeps its coverage where the Wald interval does not: few successes, or a rate near 0 or 1.
/// No continuity correction; exactly 0 or 1 at the ends. Wilson (1927), eq. 4.
pub fn wilson(successes: f64, n: f64, level: f64) -> Result<Interval, Undefined> {
    let count = Count::new(successes, n).checked()?;
    Ok(wilson_limits(count, critical(level)?))
}

fn wilson_limits(count: Count, z: f64) -> Interval {
    let upper = |count: Count| {
        let spread = (count.successes * count.failures() / count.n + z * z / 4.0).sqrt();
        (count.successes + z * z / 2.0 + z * spread) / (count.n + z * z)
    };
    // The product of the two roots gives the lower one without cancellation.
    let lower = |count: Count| count.successes * count.share() / ((count.n + z * z) * upper(count));
    let high = if count.failures() == 0.0 { 1.0 } else { upper(count).min(1.0) };
    Interval::new(lower(count), high)
}

/// Interval of a rate that covers at least as promised, by inversion of the binomial test. Clopper & Pearson (1934).
pub fn clopper_pearson(successes: f64, n: f64, level: f64) -> Result<Interval, Undefined> {
    let count = Count::new(successes, n).checked()?;
    critical(level)?;
    let tail = (1.0 - level) / 2.0;
    let (x, rest) = (count.successes, count.failures());
    let low = if x == 0.0 { 0.0 } else { dist::beta_quantile(tail, x, rest + 1.0) };
    let high = if rest == 0.0 { 1.0 } else { dist::beta_upper_quantile(tail, x + 1.0, rest) };
    Ok(Interval::new(low, high))
}

/// Equal-tailed interval of a rate under Beta(1/2, 1/2), with 0 at no successes and 1 at no failures.
/// Brown, Cai & DasGupta (2001).
pub fn jeffreys(successes: f64, n: f64, level: f64) -> Result<Interval, Undefined> {
    let count = Count::new(successes, n).checked()?;
    critical(level)?;
    let tail = (1.0 - level) / 2.0;
    let (a, b) = (count.successes + 0.5, count.failures() + 0.5);
    let low = if count.successes == 0.0 { 0.0 } else { dist::beta_quantile(tail, a, b) };
    let high = if count.failures() == 0.0 { 1.0 } else { dist::beta_upper_quantile(tail, a, b) };
    Ok(Interval::new(low, high))
}

/// Wald interval around the centre of Wilson's, not truncated to [0, 1]. Agresti & Coull (1998).
pub fn agresti_coull(successes: f64, n: f64, level: f64) -> Result<Interval, Undefined> {
    let count = Count::new(successes, n).checked()?;
    let z = critical(level)?;
    let padded = count + Count::new(z * z / 2.0, z * z);
    Ok(Interval::around(padded.share(), z * padded.variance().sqrt()))
}

/// Rate of the treatment less rate of the control.
pub fn difference(control: Count, treatment: Count) -> Result<f64, Undefined> {
    Ok(gap(control.checked()?, treatment.checked()?))
}

/// Next to 1 the failures keep the digits that the rates lose.
fn gap(control: Count, treatment: Count) -> f64 {
    if control.share().min(treatment.share()) > 0.5 {
        control.complement().share() - treatment.complement().share()
    } else {
        treatment.share() - control.share()
    }
}

/// Interval of a difference of rates from the Wilson limits of both, without correction. Newcombe (1998), method 10.
pub fn newcombe(control: Count, treatment: Count, level: f64) -> Result<Interval, Undefined> {
    let difference = difference(control, treatment)?;
    let z = critical(level)?;
    let (a, b) = (wilson_limits(control, z), wilson_limits(treatment, z));
    let below = (treatment.share() - b.low).hypot(a.high - control.share());
    let above = (b.high - treatment.share()).hypot(control.share() - a.low);
    Ok(Interval::new(difference - below, difference + above))
}

/// Fewer wins or fewer others than this in an arm are few: see [`difference_interval`].
const FEW: f64 = 10.0;

/// Whether an arm has few wins or few others.
pub fn are_few(control: Count, treatment: Count) -> bool {
    [control, treatment].iter().any(|count| count.successes < FEW || count.failures() < FEW)
}

/// The interval of a difference of rates that suits the counts: Miettinen and Nurminen's where they are few, else
/// Newcombe's.
pub fn difference_interval(control: Count, treatment: Count, level: f64) -> Result<Interval, Undefined> {
    if are_few(control, treatment) {
        miettinen_nurminen(control, treatment, level)
    } else {
        newcombe(control, treatment, level)
    }
}

/// Score interval of a difference of rates, with the variance factor N / (N - 1): right for small counts too.
/// Miettinen & Nurminen (1985).
pub fn miettinen_nurminen(control: Count, treatment: Count, level: f64) -> Result<Interval, Undefined> {
    let total = control.n + treatment.n;
    if total <= 1.0 {
        return Err(Undefined::TooFewRows);
    }
    score_interval(control, treatment, level, total / (total - 1.0))
}

/// The interval of [`miettinen_nurminen`] without its variance factor. Mee (1984).
pub fn mee(control: Count, treatment: Count, level: f64) -> Result<Interval, Undefined> {
    score_interval(control, treatment, level, 1.0)
}

fn score_interval(control: Count, treatment: Count, level: f64, factor: f64) -> Result<Interval, Undefined> {
    let (control, treatment) = (control.checked()?, treatment.checked()?);
    let bound = critical(level)?.powi(2) * factor;
    Ok(Interval::new(-score_limit(treatment, control, bound), score_limit(control, treatment, bound)))
}

/// The largest difference `d` whose squared distance to the observed one is within `bound` restricted variances.
fn score_limit(control: Count, treatment: Count, bound: f64) -> f64 {
    let observed = gap(control, treatment);
    let above = treatment.complement().share() + control.share();
    let below = treatment.share() + control.complement().share();
    let variance = |step: f64| restricted_variance(control, treatment, observed + step, above - step, below + step);
    observed + last_inside(above, |step| step * step < bound * variance(step))
}

/// Variance of the difference of rates at its maximum likelihood under `treatment - control = d`,
/// where `rest = 1 - d` and `other = 1 + d`.
fn restricted_variance(control: Count, treatment: Count, d: f64, rest: f64, other: f64) -> f64 {
    if d < 0.0 {
        return restricted_variance(treatment, control, -d, other, rest);
    }
    if rest <= 0.0 {
        return 0.0;
    }
    let score = |a: Count, b: Count, t: f64| {
        a.successes / t - a.failures() / (1.0 - t) + b.successes / (d + t) - b.failures() / (rest - t)
    };
    // The control's rate t lies in [0, rest]. In the upper half the failures of the other arm take its place:
    // a rate next to 1 has no digits left, the failure rate does.
    let upper_half = score(control, treatment, rest / 2.0) > 0.0;
    let (a, b) = if upper_half { (treatment.complement(), control.complement()) } else { (control, treatment) };
    let t = last_inside(rest / 2.0, |t| score(a, b, t) > 0.0);
    t * (1.0 - t) / a.n + (d + t) * (rest - t) / b.n
}

/// The end of the range [0, high] in which `inside` holds, by bisection over the numbers themselves:
/// at most 64 steps to the last digit, however small the answer.
fn last_inside(high: f64, inside: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0, high.max(0.0).to_bits());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if inside(f64::from_bits(middle)) { low = middle } else { high = middle }
    }
    f64::from_bits(high)
}

/// Wald interval of a difference of rates, not truncated; for comparison only, it covers too little at small counts.
pub fn wald_difference(control: Count, treatment: Count, level: f64) -> Result<Interval, Undefined> {
    let difference = difference(control, treatment)?;
    let spread = (control.variance() + treatment.variance()).sqrt();
    Ok(Interval::around(difference, critical(level)? * spread))
}

/// Wald interval after one success and one failure more in each arm, not truncated. Agresti & Caffo (2000).
pub fn agresti_caffo(control: Count, treatment: Count, level: f64) -> Result<Interval, Undefined> {
    let pad = Count::new(1.0, 2.0);
    wald_difference(control.checked()? + pad, treatment.checked()? + pad, level)
}

/// A statistic with a standard normal law under the hypothesis, and its two-sided p-value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZTest {
    pub z: f64,
    pub p: f64,
}

impl ZTest {
    pub fn of(z: f64) -> Self {
        Self { z, p: dist::normal_p(z) }
    }
}

/// Test of equal rates with the pooled variance, without continuity correction. Undefined when nobody or everybody succeeds.
pub fn pooled_z(control: Count, treatment: Count) -> Result<ZTest, Undefined> {
    let difference = difference(control, treatment)?;
    let pooled = control + treatment;
    let variance = pooled.share() * pooled.complement().share() * (1.0 / control.n + 1.0 / treatment.n);
    if variance == 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    Ok(ZTest::of(difference / variance.sqrt()))
}

/// Rate of the treatment as a multiple of the control's; undefined at a control of zero.
pub fn rate_ratio(control: Count, treatment: Count) -> Result<f64, Undefined> {
    let (control, treatment) = (control.checked()?, treatment.checked()?);
    if control.successes == 0.0 {
        return Err(Undefined::ZeroControl);
    }
    Ok(treatment.share() / control.share())
}

/// Log-normal interval of the ratio of rates; undefined with a count of zero. Katz et al. (1978).
pub fn katz(control: Count, treatment: Count, level: f64) -> Result<Interval, Undefined> {
    let ratio = rate_ratio(control, treatment)?;
    if treatment.successes == 0.0 {
        return Err(Undefined::ZeroCount);
    }
    let relative = |count: Count| count.failures() / (count.successes * count.n);
    let half = critical(level)? * (relative(control) + relative(treatment)).sqrt();
    Ok(Interval::around(ratio.ln(), half).map(f64::exp))
}

/// Test for a rate that rises or falls with the score of ordered groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Positive when the rate rises with the score.
    pub z: f64,
    pub p: f64,
    pub chi2: f64,
    /// The permutation (linear-by-linear) version: `chi2 * (N - 1) / N`.
    pub chi2_permutation: f64,
}

/// Trend of the rate over groups with the given scores. Cochran (1954), Armitage (1955), binomial variance.
/// Undefined when nobody or everybody succeeds, or when all leads share one score.
pub fn trend(groups: &[Count], scores: &[f64]) -> Result<Trend, Undefined> {
    let filled: Vec<(Count, f64)> =
        groups.iter().zip(scores).filter(|(group, _)| group.n != 0.0).map(|(g, s)| (*g, *s)).collect();
    for (group, _) in &filled {
        group.checked()?;
    }
    let total = filled.iter().fold(Count::default(), |sum, (group, _)| sum + *group).checked()?;
    let mean = filled.iter().map(|(group, score)| group.n * score).sum::<f64>() / total.n;
    let excess = filled.iter().map(|(group, score)| (score - mean) * (group.successes - group.n * total.share()));
    let spread = filled.iter().map(|(group, score)| group.n * (score - mean).powi(2)).sum::<f64>();
    let variance = total.share() * total.complement().share() * spread;
    if filled.iter().all(|(_, score)| *score == filled[0].1) {
        return Err(Undefined::Constant);
    }
    if variance == 0.0 {
        return Err(Undefined::OneClass);
    }
    let z = excess.sum::<f64>() / variance.sqrt();
    let ZTest { z, p } = ZTest::of(z);
    Ok(Trend { z, p, chi2: z * z, chi2_permutation: z * z * (total.n - 1.0) / total.n })
}

/// Leads and conversions of every label, in the labels' order.
pub fn counts_by<L: Ord + Clone>(labels: &[L], converted: &[bool], weight: Option<&[f64]>) -> BTreeMap<L, Count> {
    let mut counts: BTreeMap<L, Count> = BTreeMap::new();
    for (i, label) in labels.iter().enumerate() {
        let w = weight.map_or(1.0, |weight| weight[i]);
        let lead = Count::new(w * f64::from(converted[i]), w);
        counts.entry(label.clone()).and_modify(|count| *count = *count + lead).or_insert(lead);
    }
    counts
}

/// One bracket beside all of them. An empty bracket has no rate, but stands in the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bracket {
    pub count: Count,
    pub rate: Result<f64, Undefined>,
    /// Wilson's interval of the rate.
    pub rate_interval: Result<Interval, Undefined>,
    /// Rate as a multiple of the rate of all leads.
    pub lift: Result<f64, Undefined>,
    pub lift_interval: Result<Interval, Undefined>,
}

/// Every bracket with its rate and lift over all brackets together.
pub fn bracket_table(brackets: &[Count], level: f64) -> Vec<Bracket> {
    let whole = brackets.iter().fold(Count::default(), |sum, bracket| sum + *bracket);
    let row = |count: &Count| Bracket {
        count: *count,
        rate: count.rate(),
        rate_interval: wilson(count.successes, count.n, level),
        lift: lift(*count, whole),
        lift_interval: lift_interval(*count, whole, level),
    };
    brackets.iter().map(row).collect()
}

/// Rate of a part as a multiple of the rate of the whole it belongs to.
pub fn lift(part: Count, whole: Count) -> Result<f64, Undefined> {
    let (rate, overall) = (part.rate()?, whole.rate()?);
    if overall == 0.0 { Err(Undefined::NoEvents) } else { Ok(rate / overall) }
}

/// Interval of the lift of a part over the whole that contains it, on the log scale.
///
/// The four cells (in the part or not, converted or not) are one multinomial draw. The delta method then gives
/// var(ln lift) = (1/x - 1/n) + (1/X - 1/N) - 2 (1 - x/n) / X for x of n in the part and X of N in the whole:
/// the last term is the covariance of a part and its whole. Undefined when the part has no conversions.
pub fn lift_interval(part: Count, whole: Count, level: f64) -> Result<Interval, Undefined> {
    let lift = lift(part, whole)?;
    let rest = Count::new(whole.successes - part.successes, whole.n - part.n);
    if rest.successes < 0.0 || rest.failures() < 0.0 {
        return Err(Undefined::OutOfRange);
    }
    if part.successes == 0.0 {
        return Err(Undefined::ZeroCount);
    }
    let half = critical(level)? * lift_variance(part, whole).sqrt();
    Ok(Interval::around(lift.ln(), half).map(f64::exp))
}

fn lift_variance(part: Count, whole: Count) -> f64 {
    let failing = part.failures() / part.n;
    let own = failing / part.successes;
    let total = whole.failures() / (whole.successes * whole.n);
    (own + total - 2.0 * failing / whole.successes).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Seed;
    use proptest::prelude::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-10 * b.abs().max(1e-3)
    }

    #[test]
    fn nobody_converted_is_an_interval_from_zero() {
        let interval = wilson(0.0, 10.0, 0.95).unwrap();
        assert_eq!(interval.low, 0.0);
        assert!(near(interval.high, 0.277_532_799_862_889_3));
        assert_eq!(wilson(10.0, 10.0, 0.95).unwrap().high, 1.0);
    }

    #[test]
    fn no_leads_have_no_rate() {
        assert_eq!(wilson(0.0, 0.0, 0.95), Err(Undefined::Empty));
        assert_eq!(Count::new(0.0, 0.0).rate(), Err(Undefined::Empty));
        assert_eq!(miettinen_nurminen(Count::new(0.0, 0.0), Count::new(1.0, 2.0), 0.95), Err(Undefined::Empty));
        assert_eq!(wilson(3.0, 2.0, 0.95), Err(Undefined::OutOfRange));
    }

    #[test]
    fn three_in_a_billion_keep_their_digits() {
        let interval = clopper_pearson(3.0, 1e9, 0.95).unwrap();
        // The Poisson limits of three events.
        assert!((interval.low / 6.186_721_231_5e-10 - 1.0).abs() < 1e-7);
        assert!((interval.high / 8.767_273_070_8e-9 - 1.0).abs() < 1e-7);
    }

    #[test]
    fn a_difference_of_one_reaches_one() {
        let interval = miettinen_nurminen(Count::new(0.0, 15.0), Count::new(12.0, 12.0), 0.95).unwrap();
        assert_eq!(interval.high, 1.0);
        assert!(interval.low > 0.6 && interval.low < 1.0);
    }

    #[test]
    fn a_test_needs_someone_who_converted_and_someone_who_did_not() {
        assert_eq!(pooled_z(Count::new(0.0, 9.0), Count::new(0.0, 8.0)), Err(Undefined::ZeroVariance));
        assert_eq!(rate_ratio(Count::new(0.0, 9.0), Count::new(2.0, 8.0)), Err(Undefined::ZeroControl));
        assert_eq!(katz(Count::new(2.0, 9.0), Count::new(0.0, 8.0), 0.95), Err(Undefined::ZeroCount));
    }

    #[test]
    fn tables_that_are_equal_as_fractions_are_equal_to_barnard() {
        let p = barnard(Count::new(9.0, 10.0), Count::new(3.0, 10.0), TableOrder::Pooled).unwrap();
        assert!((p - 0.007_955_551_147_460_94).abs() < 1e-9);
    }

    #[test]
    fn fisher_reads_a_billion_leads() {
        let p = fisher(Count::new(1e8, 1e9), Count::new(1e8 + 3e4, 1e9)).unwrap();
        let z = pooled_z(Count::new(1e8, 1e9), Count::new(1e8 + 3e4, 1e9)).unwrap();
        assert!((p / z.p - 1.0).abs() < 1e-3, "{p} {}", z.p);
    }

    #[test]
    fn a_trend_over_one_score_does_not_exist() {
        let groups = [Count::new(1.0, 5.0), Count::new(2.0, 5.0)];
        assert_eq!(trend(&groups, &[3.0, 3.0]), Err(Undefined::Constant));
        assert_eq!(trend(&[Count::new(0.0, 5.0), Count::new(0.0, 5.0)], &[1.0, 2.0]), Err(Undefined::OneClass));
        assert_eq!(trend(&[], &[]), Err(Undefined::Empty));
        assert!(trend(&groups, &[1.0, 2.0]).unwrap().z > 0.0);
    }

    #[test]
    fn an_empty_bracket_stands_in_the_table() {
        let table = bracket_table(&[Count::new(3.0, 10.0), Count::default(), Count::new(0.0, 20.0)], 0.95);
        assert_eq!(table[1].rate, Err(Undefined::Empty));
        assert!(near(table[0].lift.unwrap(), 3.0));
        assert_eq!(table[2].lift, Ok(0.0));
        assert_eq!(table[2].lift_interval, Err(Undefined::ZeroCount));
    }

    #[test]
    fn the_whole_has_a_lift_of_one_for_certain() {
        let whole = Count::new(30.0, 200.0);
        let interval = lift_interval(whole, whole, 0.95).unwrap();
        assert!(near(interval.low, 1.0) && near(interval.high, 1.0));
    }

    #[test]
    fn a_lift_interval_covers_as_it_says() {
        let (leads, share, rates) = (1500, 0.2, [0.30, 0.08]);
        let truth = rates[0] / (share * rates[0] + (1.0 - share) * rates[1]);
        let runs = 4000;
        let covered = (0..runs).filter(|&run| {
            let mut stream = Seed(11).replicate(run);
            let n = stream.binomial(leads, share);
            let x = stream.binomial(n, rates[0]) as f64;
            let rest = stream.binomial(leads - n, rates[1]) as f64;
            let whole = Count::new(x + rest, leads as f64);
            lift_interval(Count::new(x, n as f64), whole, 0.95).unwrap().contains(truth)
        });
        let coverage = covered.count() as f64 / runs as f64;
        assert!((coverage - 0.95).abs() < 0.0105, "{coverage}");
    }

    fn count() -> impl Strategy<Value = Count> {
        (1u32..400).prop_flat_map(|n| (0..=n).prop_map(move |x| Count::new(f64::from(x), f64::from(n))))
    }

    type Limits = fn(f64, f64, f64) -> Result<Interval, Undefined>;

    proptest! {
        #[test]
        fn intervals_of_failures_mirror_those_of_successes(count in count(), level in 0.5f64..0.999) {
            for limits in [wilson as Limits, clopper_pearson, jeffreys] {
                let (own, other) =
                    (limits(count.successes, count.n, level).unwrap(), limits(count.failures(), count.n, level).unwrap());
                prop_assert!((own.low - (1.0 - other.high)).abs() < 1e-12);
                prop_assert!(own.contains(count.share()));
            }
        }

        #[test]
        fn the_exact_interval_contains_the_one_of_jeffreys(count in count(), level in 0.5f64..0.999) {
            let exact = clopper_pearson(count.successes, count.n, level).unwrap();
            let jeffreys = jeffreys(count.successes, count.n, level).unwrap();
            prop_assert!(exact.low <= jeffreys.low + 1e-12 && jeffreys.high <= exact.high + 1e-12);
        }

        #[test]
        fn swapped_arms_negate_the_difference(a in count(), b in count()) {
            for interval in [newcombe, miettinen_nurminen, mee, agresti_caffo] {
                let (there, back) = (interval(a, b, 0.95).unwrap(), interval(b, a, 0.95).unwrap());
                prop_assert!((there.low + back.high).abs() < 1e-12 && (there.high + back.low).abs() < 1e-12);
            }
        }

        #[test]
        fn score_intervals_contain_the_difference(a in count(), b in count(), level in 0.5f64..0.999) {
            for interval in [newcombe, miettinen_nurminen, mee] {
                let found = interval(a, b, level).unwrap();
                let difference = difference(a, b).unwrap();
                prop_assert!(found.low <= difference + 1e-12 && difference <= found.high + 1e-12);
                prop_assert!(found.low >= -1.0 - 1e-12 && found.high <= 1.0 + 1e-12);
            }
        }

        #[test]
        fn exact_p_values_do_not_care_which_arm_is_first(a in count(), b in count()) {
            let (there, back) = (fisher(a, b).unwrap(), fisher(b, a).unwrap());
            prop_assert!((there - back).abs() < 1e-9 && there > 0.0 && there <= 1.0);
            prop_assert!((fisher(a.complement(), b.complement()).unwrap() - there).abs() < 1e-9);
        }
    }
}
