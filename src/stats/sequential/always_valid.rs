use super::Undefined;
use super::calendar::{Followed, risk_sets};
use crate::stats::Interval;
use crate::stats::dist::ln_gamma;

/// Cumulative counts of both arms at every look.
#[derive(Clone, Copy, Debug)]
pub struct Looks<'a> {
    pub control_leads: &'a [f64],
    pub treatment_leads: &'a [f64],
    pub control_converted: &'a [f64],
    pub treatment_converted: &'a [f64],
}

/// What may be said at a look, however many there were and will be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnytimeLook {
    pub interval: Result<Interval, Undefined>,
    pub p: Result<f64, Undefined>,
    /// The smallest p so far.
    pub smallest_p: f64,
}

/// The asymptotic confidence sequence of a difference of rates, Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024),
/// narrowest near `planned_leads` of both arms together. A look is undefined while an arm is empty or no rate varies.
///
/// # Panics
/// When the slices differ in length.
pub fn asymptotic_sequence(looks: &Looks, alpha: f64, planned_leads: f64) -> Vec<AnytimeLook> {
    let rho2 = mixture_precision(alpha, planned_leads);
    let mut smallest_p = 1.0f64;
    let look = |i: usize| {
        let estimate = rho2.and_then(|rho2| Ok((rho2, looks.difference(i)?)));
        let p = estimate.map(|(rho2, at)| at.p(rho2));
        smallest_p = smallest_p.min(p.unwrap_or(1.0));
        AnytimeLook { interval: estimate.map(|(rho2, at)| at.interval(rho2, alpha)), p, smallest_p }
    };
    (0..looks.control_leads.len()).map(look).collect()
}

fn mixture_precision(alpha: f64, planned_leads: f64) -> Result<f64, Undefined> {
    let log = -2.0 * alpha.ln();
    let fits = alpha > 0.0 && alpha < 1.0 && planned_leads > 0.0;
    if fits { Ok((log + log.ln_1p()) / planned_leads) } else { Err(Undefined::OutOfRange) }
}

/// A difference of rates at one look.
#[derive(Clone, Copy)]
struct Estimate {
    difference: f64,
    variance: f64,
    leads: f64,
}

impl Looks<'_> {
    fn difference(&self, i: usize) -> Result<Estimate, Undefined> {
        let (control, va) = rate(self.control_converted[i], self.control_leads[i])?;
        let (treatment, vb) = rate(self.treatment_converted[i], self.treatment_leads[i])?;
        if va + vb <= 0.0 {
            return Err(Undefined::ZeroVariance);
        }
        let leads = self.control_leads[i] + self.treatment_leads[i];
        Ok(Estimate { difference: treatment - control, variance: va + vb, leads })
    }
}

/// A rate and its squared standard error.
fn rate(converted: f64, leads: f64) -> Result<(f64, f64), Undefined> {
    if leads.is_nan() || leads <= 0.0 {
        return Err(Undefined::Empty);
    }
    if !(0.0 <= converted && converted <= leads) {
        return Err(Undefined::OutOfRange);
    }
    let rate = converted / leads;
    Ok((rate, rate * ((leads - converted) / leads) / leads))
}

impl Estimate {
    fn interval(&self, rho2: f64, alpha: f64) -> Interval {
        let grown = self.leads * rho2;
        let log = 0.5 * grown.ln_1p() - alpha.ln();
        Interval::around(self.difference, (self.variance * 2.0 * (grown + 1.0) / grown * log).sqrt())
    }

    fn p(&self, rho2: f64) -> f64 {
        let grown = self.leads * rho2;
        let log_e = 0.5 * (grown / (grown + 1.0) * self.difference * self.difference / self.variance - grown.ln_1p());
        (-log_e).exp().min(1.0)
    }
}

/// The interval of one look of a confidence sequence around any difference of means: `variance` is its squared standard
/// error, `leads` are those of both arms, and it is shortest near `planned_leads`. Waudby-Smith et al. (2024).
/// Undefined for an `alpha` or a plan that is none.
pub fn asymptotic_interval(
    difference: f64,
    variance: f64,
    leads: f64,
    alpha: f64,
    planned_leads: f64,
) -> Result<Interval, Undefined> {
    Ok(Estimate { difference, variance, leads }.interval(mixture_precision(alpha, planned_leads)?, alpha))
}

/// One look of a mixture sequential probability ratio test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixtureLook {
    pub log_ratio: Result<f64, Undefined>,
    /// The smallest 1 / ratio so far, at most 1.
    pub p: f64,
    pub interval: Result<Interval, Undefined>,
}

/// The test of a normal estimate of known variance against N(0, `tau2`) mixed over effects. Robbins (1970);
/// Johari, Koomen, Pekelis & Walsh (2022). A look is undefined for a variance that is not positive.
///
/// # Panics
/// When the slices differ in length.
pub fn mixture_test(difference: &[f64], variance: &[f64], tau2: f64, alpha: f64) -> Vec<MixtureLook> {
    assert_eq!(difference.len(), variance.len(), "a variance for every estimate");
    let mut p = 1.0f64;
    let look = |(&difference, &variance): (&f64, &f64)| {
        let log_ratio = mixture_log_ratio(difference, variance, tau2);
        p = p.min(log_ratio.map_or(1.0, |log| (-log).exp()));
        MixtureLook { log_ratio, p, interval: log_ratio.map(|_| mixture_interval(difference, variance, tau2, alpha)) }
    };
    difference.iter().zip(variance).map(look).collect()
}

fn mixture_log_ratio(difference: f64, v: f64, tau2: f64) -> Result<f64, Undefined> {
    if v.is_nan() || v <= 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    if tau2.is_nan() || tau2 < 0.0 || difference.is_nan() {
        return Err(Undefined::OutOfRange);
    }
    Ok(0.5 * (difference * difference / v * (tau2 / (v + tau2)) - (tau2 / v).ln_1p()))
}

/// Infinite for a mixture without spread, which nothing contradicts.
fn mixture_interval(difference: f64, v: f64, tau2: f64, alpha: f64) -> Interval {
    let log = (tau2 / v).ln_1p() - 2.0 * alpha.ln();
    Interval::around(difference, (v * ((v + tau2) / tau2) * log).sqrt())
}

/// One period's evidence against the promised shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioLook {
    /// The logarithm of the Bayes factor against the shares.
    pub log_evidence: f64,
    /// The smallest 1 / Bayes factor so far, at most 1.
    pub p: f64,
}

/// Sequential evidence that counts do not come in the shares given by `weights`, from the new counts of every period:
/// a multinomial against a Dirichlet of this `concentration` around the shares. Lindon & Malek (2022). With assignments
/// it is a sample-ratio test, with conversions a test of equal rates. Arms of weight zero take no part.
/// Undefined without two such arms, for counts that are negative or missing and for a concentration that is not positive.
pub fn ratio_evidence(periods: &[Vec<f64>], weights: &[f64], concentration: f64) -> Result<Vec<RatioLook>, Undefined> {
    let counts = |values: &[f64]| values.iter().all(|value| *value >= 0.0 && value.is_finite());
    let is_period = |period: &Vec<f64>| period.len() == weights.len() && counts(period);
    let makes_sense =
        counts(&[concentration]) && concentration > 0.0 && periods.iter().all(is_period) && counts(weights);
    if !makes_sense {
        return Err(Undefined::OutOfRange);
    }
    let arms: Vec<usize> = (0..weights.len()).filter(|&arm| weights[arm] > 0.0).collect();
    let whole: f64 = arms.iter().map(|&arm| weights[arm]).sum();
    let shares: Vec<f64> = arms.iter().map(|&arm| weights[arm] / whole).collect();
    let (mut counts, mut p) = (vec![0.0; arms.len()], 1.0f64);
    let look = |period: &Vec<f64>| {
        arms.iter().zip(&mut counts).for_each(|(&arm, count)| *count += period[arm]);
        let log_evidence = dirichlet_evidence(&counts, &shares, concentration);
        p = p.min((-log_evidence).exp());
        RatioLook { log_evidence, p }
    };
    match arms.len() {
        0 => Err(Undefined::Empty),
        1 => Err(Undefined::OneClass),
        _ => Ok(periods.iter().map(look).collect()),
    }
}

/// ln B(a + c) / B(a) - Σ c ln p with a = concentration · p.
///
/// Stirling's terms are gathered first: what remains is a deviance, a logarithm and small corrections, where the log-gamma
/// functions themselves would cancel most of their digits at large counts.
fn dirichlet_evidence(counts: &[f64], shares: &[f64], concentration: f64) -> f64 {
    let total: f64 = counts.iter().sum();
    let grown = concentration + total;
    let arm = |(&count, &share): (&f64, &f64)| {
        let (before, after) = (concentration * share, concentration * share + count);
        deviance(after, grown * share, count - total * share) - 0.5 * (count / before).ln_1p() + stirling_rest(after)
            - stirling_rest(before)
    };
    let arms: f64 = counts.iter().zip(shares).map(arm).sum();
    arms + 0.5 * (total / concentration).ln_1p() + stirling_rest(concentration) - stirling_rest(grown)
}

/// x ln(x / m) - (x - m), with `gap` = x - m known better than its terms. Loader (2000).
fn deviance(x: f64, m: f64, gap: f64) -> f64 {
    let v = gap / (x + m);
    if v.abs() > 0.1 {
        return x * (x / m).ln() - gap;
    }
    // ln(x / m) = 2 artanh(v), whose first term is taken together with the gap.
    let tail = (1..20).rev().fold(0.0, |sum, k| (sum + 1.0 / f64::from(2 * k + 1)) * v * v);
    gap * v + 2.0 * x * v * tail
}

/// ln Γ(x) less Stirling's (x - 1/2) ln x - x + ln √2π.
fn stirling_rest(x: f64) -> f64 {
    if x < 16.0 {
        let half_log = 0.5 * (2.0 * std::f64::consts::PI).ln();
        return ln_gamma(x) - ((x - 0.5) * x.ln() - x + half_log);
    }
    let y = 1.0 / (x * x);
    (1.0 / 12.0
        - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y * (1.0 / 1188.0 - y * 691.0 / 360_360.0)))))
        / x
}

/// The evidence against equal hazards over the events of a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EvidencePath {
    /// The logarithm of the e-value after the last event.
    pub last: f64,
    /// The largest logarithm on the path.
    pub largest: f64,
    /// 1 / the largest e-value, at most 1.
    pub p: f64,
    pub events: f64,
}

/// The anytime-valid log-rank test against a hazard ratio of `theta`, treated to others: the ratio of Cox's partial
/// likelihoods (Breslow's ties) after every time of an event. Ter Schure, Pérez-Ortiz, Ly & Grünwald (2024).
/// For leads that enter together. Undefined for a ratio that is not positive.
///
/// # Panics
/// When the slices differ in length.
pub fn logrank_evidence(
    followed: &[f64],
    converted: &[bool],
    treated: &[bool],
    weight: Option<&[f64]>,
    theta: f64,
) -> Result<EvidencePath, Undefined> {
    if !(theta > 0.0 && theta.is_finite()) {
        return Err(Undefined::OutOfRange);
    }
    let mut rows: Vec<Followed> = (0..followed.len())
        .map(|i| Followed {
            time: followed[i],
            event: converted[i],
            treated: treated[i],
            weight: weight.map_or(1.0, |w| w[i]),
        })
        .collect();
    rows.retain(|row| row.weight > 0.0);
    let mut path = EvidencePath { last: 0.0, largest: f64::NEG_INFINITY, p: 1.0, events: 0.0 };
    for set in risk_sets(&mut rows) {
        let share = set.treated_at_risk / set.at_risk;
        path.last += set.treated_events * theta.ln() - set.events * (share * (theta - 1.0)).ln_1p();
        path.largest = path.largest.max(path.last);
        path.events += set.events;
    }
    // Before the first event there is an e-value of 1.
    path.largest = if path.events > 0.0 { path.largest } else { 0.0 };
    Ok(EvidencePath { p: (-path.largest).exp().min(1.0), ..path })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_look_at_nothing_is_undefined_and_the_next_one_is_not() {
        let looks = Looks {
            control_leads: &[0.0, 10.0, 400.0],
            treatment_leads: &[0.0, 10.0, 400.0],
            control_converted: &[0.0, 0.0, 40.0],
            treatment_converted: &[0.0, 0.0, 80.0],
        };
        let answer = asymptotic_sequence(&looks, 0.05, 800.0);
        assert_eq!(answer[0].p, Err(Undefined::Empty));
        assert_eq!(answer[1].interval, Err(Undefined::ZeroVariance));
        assert!(answer[2].p.unwrap() < 0.05);
        assert_eq!((answer[1].smallest_p, Ok(answer[2].smallest_p)), (1.0, answer[2].p));
    }

    #[test]
    fn a_mixture_without_spread_says_nothing() {
        let look = mixture_test(&[0.3], &[0.01], 0.0, 0.05)[0];
        assert_eq!((look.log_ratio, look.p), (Ok(0.0), 1.0));
        assert_eq!(look.interval.unwrap().high, f64::INFINITY);
    }

    #[test]
    fn evidence_agrees_with_log_gamma_functions() {
        let (counts, shares, a): ([f64; 2], [f64; 2], f64) = ([8.0, 13.0], [0.25, 0.75], 3.0);
        let ln_beta = |x: f64, y: f64| ln_gamma(x) + ln_gamma(y) - ln_gamma(x + y);
        let plain = ln_beta(a * shares[0] + counts[0], a * shares[1] + counts[1])
            - ln_beta(a * shares[0], a * shares[1])
            - counts[0] * shares[0].ln()
            - counts[1] * shares[1].ln();
        assert!((dirichlet_evidence(&counts, &shares, a) - plain).abs() < 1e-12);
    }

    #[test]
    fn a_billion_counts_in_the_promised_shares_are_evidence_for_them() {
        let look = ratio_evidence(&[vec![1e9, 1e9]], &[1.0, 1.0], 10_000.0).unwrap()[0];
        // ln √(a / (a + n)) to leading order.
        assert!((look.log_evidence - 0.5 * (1e4f64 / (2e9 + 1e4)).ln()).abs() < 1e-4);
        assert_eq!(look.p, 1.0);
    }

    #[test]
    fn counts_must_be_counts() {
        assert_eq!(ratio_evidence(&[vec![1.0, -1.0]], &[1.0, 1.0], 100.0), Err(Undefined::OutOfRange));
        assert_eq!(ratio_evidence(&[vec![1.0]], &[1.0, 1.0], 100.0), Err(Undefined::OutOfRange));
        assert_eq!(ratio_evidence(&[], &[], 100.0), Err(Undefined::Empty));
    }

    #[test]
    fn one_arm_has_no_ratio() {
        assert_eq!(ratio_evidence(&[vec![5.0]], &[1.0], 100.0), Err(Undefined::OneClass));
        assert_eq!(ratio_evidence(&[vec![5.0, 0.0]], &[1.0, 0.0], 100.0), Err(Undefined::OneClass));
    }

    #[test]
    fn no_events_are_no_evidence() {
        let path = logrank_evidence(&[1.0, 2.0], &[false, false], &[true, false], None, 2.0).unwrap();
        assert_eq!((path.last, path.largest, path.p, path.events), (0.0, 0.0, 1.0, 0.0));
    }

    #[test]
    fn a_hazard_ratio_of_one_is_no_evidence() {
        let path = logrank_evidence(&[1.0, 2.0], &[true, true], &[true, false], None, 1.0).unwrap();
        assert_eq!((path.last, path.p), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn p_never_rises_and_crosses_alpha_with_the_interval(
            steps in prop::collection::vec((1..200u32, 1..200u32, 0.0..1.0f64, 0.0..1.0f64), 1..12)
        ) {
            let running = |part: fn(&(u32, u32, f64, f64)) -> f64| -> Vec<f64> {
                steps.iter().scan(0.0, |sum, step| { *sum += part(step); Some(*sum) }).collect()
            };
            let looks = Looks {
                control_leads: &running(|s| f64::from(s.0)),
                treatment_leads: &running(|s| f64::from(s.1)),
                control_converted: &running(|s| (f64::from(s.0) * s.2).floor()),
                treatment_converted: &running(|s| (f64::from(s.1) * s.3).floor()),
            };
            let answer = asymptotic_sequence(&looks, 0.05, 500.0);
            prop_assert!(answer.windows(2).all(|pair| pair[1].smallest_p <= pair[0].smallest_p));
            for look in answer {
                if let (Ok(p), Ok(interval)) = (look.p, look.interval) {
                    prop_assert!((p - 0.05).abs() < 1e-12 || interval.contains(0.0) == (p > 0.05));
                }
            }
        }

        #[test]
        fn a_mixture_interval_excludes_zero_when_its_ratio_is_significant(d in -1.0..1.0f64, v in 0.001..0.1f64) {
            let look = mixture_test(&[d], &[v], 0.01, 0.05)[0];
            prop_assert_eq!(look.interval.unwrap().contains(0.0), look.p > 0.05);
        }
    }
}
