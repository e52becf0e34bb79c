use super::curve::exhausts;
use super::timeline::{Passage, Timeline};
use super::{End, Followed};
use crate::stats::Undefined;
use crate::stats::dist::chi2_sf;
use crate::stats::linear::Matrix;

/// How much an event counts, by when it happens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Weighting {
    /// All alike (Mantel 1966): most power when hazards are proportional.
    #[default]
    Equal,
    /// By the number at risk (Gehan 1965, Breslow 1970): early differences count more.
    Gehan,
    /// By the root of the number at risk (Tarone & Ware 1977).
    TaroneWare,
    /// By `S(t-)^rho` of the pooled Kaplan-Meier curve (Harrington & Fleming 1982).
    Harrington { rho: f64 },
}

impl Weighting {
    fn at(self, at_risk: f64, share_before: f64) -> f64 {
        match self {
            Self::Equal => 1.0,
            Self::Gehan => at_risk,
            Self::TaroneWare => at_risk.sqrt(),
            Self::Harrington { rho } => share_before.powf(rho),
        }
    }
}

/// Conversions by group against what equal hazards would give. With losses the hazards are cause-specific.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRank {
    /// Weighted conversions in each group.
    pub observed: Vec<f64>,
    pub expected: Vec<f64>,
    /// Of observed - expected, hypergeometric.
    pub covariance: Matrix,
}

/// A chi-square statistic with its degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    pub chi2: f64,
    pub df: f64,
    pub p: f64,
}

impl ChiSquare {
    pub fn new(chi2: f64, df: f64) -> Self {
        Self { chi2, df, p: chi2_sf(chi2, df) }
    }
}

/// The k-sample log-rank test of conversion; the groups are numbered from 0. Within `strata`, when given, each lead
/// is compared with those of its own stratum, and the sums are added (Mantel 1966).
///
/// # Panics
/// When the slices differ in length.
pub fn log_rank(followed: &Followed, group: &[usize], strata: Option<&[usize]>, weighting: Weighting) -> LogRank {
    assert_eq!(followed.len(), group.len(), "a group for every lead");
    let groups = group.iter().max().map_or(0, |last| last + 1);
    let mut sums = LogRank::zero(groups);
    match strata {
        None => sums.add(&Timeline::of(followed), group, weighting),
        Some(strata) => {
            assert_eq!(followed.len(), strata.len(), "a stratum for every lead");
            for timeline in Timeline::by(followed, strata) {
                sums.add(&timeline, group, weighting);
            }
        }
    }
    sums
}

impl LogRank {
    fn zero(groups: usize) -> Self {
        let zeros = vec![0.0; groups];
        Self { observed: zeros.clone(), expected: zeros, covariance: Matrix::zeros(groups, groups) }
    }

    /// The same with another covariance, such as one that allows for clusters: that of sums by cluster of
    /// [`super::log_rank_residuals`].
    #[must_use]
    pub fn varying(self, covariance: Matrix) -> Self {
        Self { covariance, ..self }
    }

    /// Observed less expected conversions of a group.
    pub fn difference(&self, group: usize) -> f64 {
        self.observed[group] - self.expected[group]
    }

    /// The variance of [`LogRank::difference`]: the information, for a group among two.
    pub fn variance(&self, group: usize) -> f64 {
        self.covariance[(group, group)]
    }

    /// Degrees of freedom: groups ever at risk of a conversion, less one.
    pub fn df(&self) -> Result<f64, Undefined> {
        self.compared().map(|groups| (groups.len() - 1) as f64)
    }

    fn compared(&self) -> Result<Vec<usize>, Undefined> {
        let groups: Vec<usize> = (0..self.expected.len()).filter(|&g| self.expected[g] > 0.0).collect();
        match groups.len() {
            0 => Err(Undefined::NoEvents),
            1 => Err(Undefined::OneGroup),
            _ => Ok(groups),
        }
    }

    /// The test of equal hazards. Undefined without conversions, with one group, or when no two groups are ever at
    /// risk together.
    pub fn test(&self) -> Result<ChiSquare, Undefined> {
        let groups = self.compared()?;
        let free = &groups[1..];
        let covariance = Matrix::from_fn(free.len(), free.len(), |i, j| self.covariance[(free[i], free[j])]);
        let difference: Vec<f64> = free.iter().map(|&g| self.difference(g)).collect();
        let solved = covariance.solve_spd(&difference).map_err(|_| Undefined::ZeroVariance)?;
        let chi2 = difference.iter().zip(solved).map(|(d, s)| d * s).sum();
        Ok(ChiSquare::new(chi2, free.len() as f64))
    }

    /// The signed root of the statistic for the second of two groups: above 0 when it converts faster. Its two-sided
    /// p-value is that of [`LogRank::test`].
    pub fn z(&self) -> Result<f64, Undefined> {
        let variance = self.variance_of_two()?;
        Ok(self.difference(1) / variance.sqrt())
    }

    /// Peto's one-step estimate of the log hazard ratio, second against first of two groups (Peto et al. 1977).
    pub fn peto_log_hazard_ratio(&self) -> Result<f64, Undefined> {
        let variance = self.variance_of_two()?;
        Ok(self.difference(1) / variance)
    }

    fn variance_of_two(&self) -> Result<f64, Undefined> {
        match (self.expected.len(), self.expected.iter().any(|e| *e > 0.0)) {
            (_, false) => Err(Undefined::NoEvents),
            (2, true) if self.variance(1) > 0.0 => Ok(self.variance(1)),
            (2, true) => Err(Undefined::ZeroVariance),
            (n, true) => Err(if n < 2 { Undefined::OneGroup } else { Undefined::OutOfRange }),
        }
    }

    fn add(&mut self, timeline: &Timeline, group: &[usize], weighting: Weighting) {
        let groups = self.observed.len();
        let shares = shares_before(timeline, weighting);
        let mut at_risk = vec![0.0; groups];
        let mut converted = vec![0.0; groups];
        for (instant, share) in timeline.backwards().zip(shares) {
            tally(instant.exits, group, 1.0, &mut at_risk);
            tally(instant.entries, group, -1.0, &mut at_risk);
            converted.fill(0.0);
            for exit in instant.exits.iter().filter(|exit| exit.end == End::Converted) {
                converted[group[exit.row()]] += exit.weight;
            }
            self.add_moment(&at_risk, &converted, share, weighting);
        }
    }

    fn add_moment(&mut self, at_risk: &[f64], converted: &[f64], share: f64, weighting: Weighting) {
        let (n, d): (f64, f64) = (at_risk.iter().sum(), converted.iter().sum());
        if d == 0.0 {
            return;
        }
        let weight = weighting.at(n, share);
        // The hypergeometric variance, whose last factor is 0 when all at risk convert.
        let spread = if n > 1.0 && !exhausts(d, n) { weight * weight * d * (n - d) / (n - 1.0) } else { 0.0 };
        for (g, (at, of)) in at_risk.iter().zip(converted).enumerate() {
            let part = at / n;
            self.observed[g] += weight * of;
            self.expected[g] += weight * d * part;
            self.covariance[(g, g)] += spread * part * (1.0 - part);
            for (h, other) in at_risk.iter().enumerate().filter(|(h, _)| *h != g) {
                self.covariance[(g, h)] -= spread * part * (other / n);
            }
        }
    }
}

fn tally(passages: &[Passage], group: &[usize], sign: f64, into: &mut [f64]) {
    for passage in passages {
        into[group[passage.row()]] += sign * passage.weight;
    }
}

/// The pooled Kaplan-Meier share just before each time, latest first; ones where the weighting does not ask.
fn shares_before(timeline: &Timeline, weighting: Weighting) -> Vec<f64> {
    let mut at_risk = 0.0;
    let hazards = timeline.backwards().map(|instant| {
        at_risk += instant.exits.iter().map(|exit| exit.weight).sum::<f64>();
        at_risk -= instant.entries.iter().map(|entry| entry.weight).sum::<f64>();
        let converted = instant.exits.iter().filter(|exit| exit.end == End::Converted);
        converted.map(|exit| exit.weight).sum::<f64>() / at_risk
    });
    let mut factors: Vec<f64> = match weighting {
        Weighting::Harrington { .. } => hazards.map(|hazard| 1.0 - hazard).collect(),
        _ => vec![1.0; timeline.backwards().count()],
    };
    let mut share = 1.0;
    for factor in factors.iter_mut().rev() {
        share *= std::mem::replace(factor, share);
    }
    factors
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: End = End::Converted;
    const O: End = End::Censored;

    #[test]
    fn one_event_among_two_leads_is_half_expected_in_each_group() {
        let sums = log_rank(&Followed::new(&[1.0, 2.0], &[C, O]), &[0, 1], None, Weighting::Equal);
        assert_eq!((sums.observed.clone(), sums.expected.clone()), (vec![1.0, 0.0], vec![0.5, 0.5]));
        assert_eq!((sums.variance(0), sums.test().unwrap().chi2), (0.25, 1.0));
        assert_eq!((sums.z(), sums.peto_log_hazard_ratio()), (Ok(-1.0), Ok(-2.0)));
    }

    #[test]
    fn without_conversions_there_is_no_test() {
        let sums = log_rank(&Followed::new(&[1.0, 2.0], &[O, End::Lost]), &[0, 1], None, Weighting::Equal);
        assert_eq!(sums.test(), Err(Undefined::NoEvents));
        assert_eq!(sums.z(), Err(Undefined::NoEvents));
        assert_eq!(log_rank(&Followed::new(&[], &[]), &[], None, Weighting::Gehan).test(), Err(Undefined::NoEvents));
    }

    #[test]
    fn a_group_that_left_before_the_first_conversion_is_not_compared() {
        let followed = Followed::new(&[1.0, 2.0, 3.0, 4.0], &[O, C, C, O]);
        let sums = log_rank(&followed, &[0, 1, 2, 2], None, Weighting::Equal);
        assert_eq!(sums.df(), Ok(1.0));
        assert!(sums.test().is_ok());
    }

    #[test]
    fn groups_that_never_meet_cannot_be_compared() {
        let followed = Followed::new(&[1.0, 2.0, 3.0, 4.0], &[C, C, C, C]).entering(&[0.0, 0.0, 2.0, 2.0]);
        let sums = log_rank(&followed, &[0, 0, 1, 1], None, Weighting::Equal);
        assert_eq!(sums.test(), Err(Undefined::ZeroVariance));
        let sums = log_rank(&followed, &[0, 0, 0, 0], None, Weighting::Equal);
        assert_eq!(sums.test(), Err(Undefined::OneGroup));
    }

    #[test]
    fn one_stratum_is_no_stratification() {
        let followed = Followed::new(&[1.0, 2.0, 2.0, 4.0, 5.0], &[C, O, C, C, O]);
        let group = [0, 1, 1, 0, 1];
        let stratified = log_rank(&followed, &group, Some(&[3; 5]), Weighting::TaroneWare);
        assert_eq!(stratified, log_rank(&followed, &group, None, Weighting::TaroneWare));
    }
}
