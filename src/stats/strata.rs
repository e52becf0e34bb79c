//! Two arms compared within strata: Mantel-Haenszel estimates, their homogeneity, and Simpson's paradox.

use super::proportion::Count;
use super::{Undefined, dist};

/// The two arms in one stratum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stratum {
    pub control: Count,
    pub treatment: Count,
}

/// One stratum as the four cells of a 2x2 table, the treatment's row first.
#[derive(Clone, Copy)]
struct Cells {
    a: f64,
    b: f64,
    c: f64,
    d: f64,
}

impl Cells {
    fn treated(&self) -> f64 {
        self.a + self.b
    }

    fn controls(&self) -> f64 {
        self.c + self.d
    }

    fn events(&self) -> f64 {
        self.a + self.c
    }

    fn others(&self) -> f64 {
        self.b + self.d
    }

    fn n(&self) -> f64 {
        self.treated() + self.controls()
    }

    /// Whether the table says anything about an odds ratio.
    fn informs(&self) -> bool {
        [self.treated(), self.controls(), self.events(), self.others()].iter().all(|margin| *margin > 0.0)
    }
}

impl Stratum {
    fn cells(&self) -> Cells {
        Cells {
            a: self.treatment.successes,
            b: self.treatment.failures(),
            c: self.control.successes,
            d: self.control.failures(),
        }
    }

    /// Rate of the treatment less rate of the control; undefined when an arm is empty.
    pub fn risk_difference(&self) -> Result<f64, Undefined> {
        super::proportion::difference(self.control, self.treatment)
    }
}

/// Cells of the strata that hold any leads.
fn tables(strata: &[Stratum]) -> Vec<Cells> {
    strata.iter().map(Stratum::cells).filter(|table| table.n() > 0.0).collect()
}

fn sum(tables: &[Cells], term: impl Fn(&Cells) -> f64) -> f64 {
    tables.iter().map(term).sum()
}

/// Mantel-Haenszel odds ratio; undefined without discordance against the treatment. Mantel & Haenszel (1959).
pub fn odds_ratio(strata: &[Stratum]) -> Result<f64, Undefined> {
    let tables = tables(strata);
    let (with, against) = (sum(&tables, |t| t.a * t.d / t.n()), sum(&tables, |t| t.b * t.c / t.n()));
    if against == 0.0 { Err(Undefined::ZeroCount) } else { Ok(with / against) }
}

/// Standard error of the log of [`odds_ratio`]. Robins, Breslow & Greenland (1986).
pub fn log_odds_ratio_error(strata: &[Stratum]) -> Result<f64, Undefined> {
    let tables = tables(strata);
    let (with, against) = (|t: &Cells| t.a * t.d / t.n(), |t: &Cells| t.b * t.c / t.n());
    let (plus, minus) = (|t: &Cells| (t.a + t.d) / t.n(), |t: &Cells| (t.b + t.c) / t.n());
    let (r, s) = (sum(&tables, with), sum(&tables, against));
    if r == 0.0 || s == 0.0 {
        return Err(Undefined::ZeroCount);
    }
    let own = sum(&tables, |t| plus(t) * with(t)) / (2.0 * r * r);
    let mixed = sum(&tables, |t| plus(t) * against(t) + minus(t) * with(t)) / (2.0 * r * s);
    let other = sum(&tables, |t| minus(t) * against(t)) / (2.0 * s * s);
    Ok((own + mixed + other).sqrt())
}

/// Mantel-Haenszel ratio of rates; undefined when no control converted beside a treated lead.
pub fn risk_ratio(strata: &[Stratum]) -> Result<f64, Undefined> {
    let tables = tables(strata);
    let (treated, control) =
        (sum(&tables, |t| t.a * t.controls() / t.n()), sum(&tables, |t| t.c * t.treated() / t.n()));
    if control == 0.0 { Err(Undefined::ZeroControl) } else { Ok(treated / control) }
}

/// Mantel-Haenszel difference of rates, with two standard errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PooledDifference {
    pub difference: f64,
    /// Right for many small and for few large strata. Sato (1989).
    pub sato_error: f64,
    /// For few large strata. Greenland & Robins (1985).
    pub greenland_robins_error: f64,
}

/// Mantel-Haenszel difference of rates; undefined when no stratum has both arms.
pub fn risk_difference(strata: &[Stratum]) -> Result<PooledDifference, Undefined> {
    let tables: Vec<Cells> = tables(strata).into_iter().filter(|t| t.treated() > 0.0 && t.controls() > 0.0).collect();
    let weight = sum(&tables, |t| t.treated() * t.controls() / t.n());
    if weight == 0.0 {
        return Err(Undefined::Empty);
    }
    let difference = sum(&tables, |t| (t.a * t.controls() - t.c * t.treated()) / t.n()) / weight;
    let sato = difference * sum(&tables, sato_slope) + sum(&tables, sato_base);
    Ok(PooledDifference {
        difference,
        sato_error: sato.max(0.0).sqrt() / weight,
        greenland_robins_error: sum(&tables, greenland_robins).sqrt() / weight,
    })
}

fn sato_slope(t: &Cells) -> f64 {
    let (treated, controls) = (t.treated() / t.n(), t.controls() / t.n());
    t.c * treated.powi(2) - t.a * controls.powi(2) + treated * controls * (t.controls() - t.treated()) / 2.0
}

fn sato_base(t: &Cells) -> f64 {
    (t.a * t.d + t.c * t.b) / (2.0 * t.n())
}

fn greenland_robins(t: &Cells) -> f64 {
    let (treated, controls) = (t.treated() / t.n(), t.controls() / t.n());
    t.a * t.b / t.treated() * controls.powi(2) + t.c * t.d / t.controls() * treated.powi(2)
}

/// Chi-square with one degree of freedom of no association within any stratum, with or without the correction
/// for continuity (1/2, where the sum deviates by as much). Undefined when no stratum can vary.
/// Cochran (1954), Mantel & Haenszel (1959).
pub fn cmh(strata: &[Stratum], corrected: bool) -> Result<f64, Undefined> {
    let tables = tables(strata);
    let excess = sum(&tables, |t| (t.a * t.d - t.b * t.c) / t.n()).abs();
    let variance = sum(&tables, |t| {
        let margins = (t.treated() / t.n()) * (t.controls() / t.n()) * t.events() * t.others();
        if t.n() > 1.0 { margins / (t.n() - 1.0) } else { 0.0 }
    });
    if variance == 0.0 {
        return Err(Undefined::ZeroVariance);
    }
    let correction = if corrected && excess >= 0.5 { 0.5 } else { 0.0 };
    Ok((excess - correction).powi(2) / variance)
}

/// Whether one odds ratio serves all strata.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Homogeneity {
    /// Breslow & Day (1980).
    pub breslow_day: f64,
    /// With Tarone's (1985) correction.
    pub tarone: f64,
    /// Informative strata less one.
    pub df: f64,
}

impl Homogeneity {
    /// P-value with Tarone's correction; undefined of a single stratum.
    pub fn p(&self) -> Result<f64, Undefined> {
        if self.df > 0.0 { Ok(dist::chi2_sf(self.tarone, self.df)) } else { Err(Undefined::TooFewRows) }
    }
}

/// Homogeneity of the odds ratios over the strata around the Mantel-Haenszel one, which must be positive and finite.
pub fn homogeneity(strata: &[Stratum]) -> Result<Homogeneity, Undefined> {
    let ratio = odds_ratio(strata)?;
    if ratio == 0.0 {
        return Err(Undefined::ZeroCount);
    }
    let informative: Vec<Cells> = tables(strata).into_iter().filter(Cells::informs).collect();
    let fits: Vec<(f64, f64)> = informative.iter().map(|table| fit(table, ratio)).collect();
    let breslow_day: f64 = fits.iter().map(|(excess, variance)| excess * excess / variance).sum();
    let (excess, variance) = fits.iter().fold((0.0, 0.0), |sum, fit| (sum.0 + fit.0, sum.1 + fit.1));
    let tarone = breslow_day - excess * excess / variance;
    Ok(Homogeneity { breslow_day, tarone, df: informative.len() as f64 - 1.0 })
}

/// Treated events beyond those expected under an odds ratio, and the variance of their number.
fn fit(table: &Cells, ratio: f64) -> (f64, f64) {
    let (n1, n2, m) = (table.treated(), table.controls(), table.events());
    let (square, linear, constant) = (ratio - 1.0, ratio * (n1 + m) + n2 - m, ratio * n1 * m);
    let root = (linear * linear - 4.0 * square * constant).max(0.0).sqrt();
    // Of the two forms of the one admissible root, the one that does not cancel.
    let expected = if linear >= 0.0 { 2.0 * constant / (linear + root) } else { (linear - root) / (2.0 * square) };
    let cells = [expected, n1 - expected, m - expected, n2 - m + expected];
    (table.a - expected, 1.0 / cells.iter().map(|cell| 1.0 / cell).sum::<f64>())
}

/// A difference of rates with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandardisedDifference {
    pub difference: f64,
    pub error: f64,
}

/// Differences within strata, weighted by each stratum's share of all leads; undefined when one lacks an arm.
pub fn standardised_difference(strata: &[Stratum]) -> Result<StandardisedDifference, Undefined> {
    let filled: Vec<&Stratum> = strata.iter().filter(|stratum| stratum.cells().n() > 0.0).collect();
    let total: f64 = filled.iter().map(|stratum| stratum.cells().n()).sum();
    if total == 0.0 {
        return Err(Undefined::Empty);
    }
    let (mut difference, mut variance) = (0.0, 0.0);
    for stratum in filled {
        let share = stratum.cells().n() / total;
        difference += share * stratum.risk_difference()?;
        variance += share * share * (stratum.control.variance() + stratum.treatment.variance());
    }
    Ok(StandardisedDifference { difference, error: variance.sqrt() })
}

/// The difference of rates with the strata thrown together.
pub fn crude_difference(strata: &[Stratum]) -> Result<f64, Undefined> {
    let empty = Stratum { control: Count::default(), treatment: Count::default() };
    let merged = strata.iter().fold(empty, |sum, stratum| Stratum {
        control: sum.control + stratum.control,
        treatment: sum.treatment + stratum.treatment,
    });
    merged.risk_difference()
}

/// Whether the crude and the Mantel-Haenszel difference point in different directions: Simpson's paradox.
pub fn sign_reversal(strata: &[Stratum]) -> Result<bool, Undefined> {
    let sign = |value: f64| if value.abs() <= 1e-12 { 0.0 } else { value.signum() };
    Ok(sign(crude_difference(strata)?) != sign(risk_difference(strata)?.difference))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stratum(treated: (f64, f64), control: (f64, f64)) -> Stratum {
        Stratum { treatment: Count::new(treated.0, treated.1), control: Count::new(control.0, control.1) }
    }

    #[test]
    fn stones_of_both_sizes_reverse_the_crude_difference() {
        let strata = [stratum((81.0, 87.0), (234.0, 270.0)), stratum((192.0, 263.0), (55.0, 80.0))];
        assert!(crude_difference(&strata).unwrap() < 0.0);
        assert!(risk_difference(&strata).unwrap().difference > 0.0);
        assert_eq!(sign_reversal(&strata), Ok(true));
    }

    #[test]
    fn a_stratum_without_controls_pools_with_the_others_but_cannot_be_standardised() {
        let strata = [stratum((3.0, 10.0), (1.0, 10.0)), stratum((2.0, 5.0), (0.0, 0.0))];
        assert_eq!(standardised_difference(&strata), Err(Undefined::Empty));
        assert!((risk_difference(&strata).unwrap().difference - 0.2).abs() < 1e-12);
    }

    #[test]
    fn without_events_there_is_nothing_to_compare() {
        let strata = [stratum((0.0, 10.0), (0.0, 10.0))];
        assert_eq!(cmh(&strata, false), Err(Undefined::ZeroVariance));
        assert_eq!(odds_ratio(&strata), Err(Undefined::ZeroCount));
        assert_eq!(risk_ratio(&strata), Err(Undefined::ZeroControl));
        assert_eq!(homogeneity(&strata), Err(Undefined::ZeroCount));
        assert_eq!(risk_difference(&[]), Err(Undefined::Empty));
    }

    #[test]
    fn one_stratum_fits_its_own_odds_ratio() {
        let found = homogeneity(&[stratum((12.0, 30.0), (5.0, 41.0))]).unwrap();
        assert!(found.breslow_day.abs() < 1e-20 && found.df == 0.0);
        assert_eq!(found.p(), Err(Undefined::TooFewRows));
    }

    fn strata() -> impl Strategy<Value = Vec<Stratum>> {
        let arm = || (0u32..9, 0u32..9).prop_map(|(x, rest)| (f64::from(x), f64::from(x + rest)));
        prop::collection::vec((arm(), arm()).prop_map(|(treated, control)| stratum(treated, control)), 0..5)
    }

    proptest! {
        #[test]
        fn swapped_arms_negate_the_difference(strata in strata()) {
            let swapped: Vec<Stratum> =
                strata.iter().map(|s| Stratum { control: s.treatment, treatment: s.control }).collect();
            if let (Ok(there), Ok(back)) = (risk_difference(&strata), risk_difference(&swapped)) {
                prop_assert!((there.difference + back.difference).abs() < 1e-12);
                prop_assert!((there.sato_error - back.sato_error).abs() < 1e-9);
            }
            if let (Ok(there), Ok(back)) = (odds_ratio(&strata), odds_ratio(&swapped)) {
                prop_assert!(back == 0.0 || (there * back - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn every_answer_is_a_number_or_a_reason(strata in strata()) {
            let answers = [
                odds_ratio(&strata), log_odds_ratio_error(&strata), risk_ratio(&strata), cmh(&strata, true),
                risk_difference(&strata).map(|found| found.sato_error),
                risk_difference(&strata).map(|found| found.greenland_robins_error),
                homogeneity(&strata).map(|found| found.tarone),
                standardised_difference(&strata).map(|found| found.error),
            ];
            prop_assert!(answers.iter().flatten().all(|value| value.is_finite()), "{answers:?}");
        }
    }
}
