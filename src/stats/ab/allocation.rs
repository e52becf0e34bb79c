use super::Undefined;
use crate::stats::dist::chi2_sf;

/// Whether the arms have the sizes they were promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleRatio {
    pub chi2: f64,
    pub df: usize,
    /// Undefined for one arm.
    pub p: Result<f64, Undefined>,
}

/// Pearson's chi-square of assigned counts against shares that are proportional to `weights`.
/// Arms of weight zero take no part. Undefined without leads, without arms, or with a negative weight.
pub fn sample_ratio(counts: &[f64], weights: &[f64]) -> Result<SampleRatio, Undefined> {
    if counts.len() != weights.len() || !counts.iter().chain(weights).all(|&value| value >= 0.0 && value.is_finite()) {
        return Err(Undefined::OutOfRange);
    }
    let arms = || counts.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    let (total, whole): (f64, f64) = (arms().map(|(n, _)| n).sum(), arms().map(|(_, w)| w).sum());
    if total == 0.0 {
        return Err(Undefined::Empty);
    }
    let chi2 = arms().map(|(n, w)| (n - total * w / whole).powi(2) / (total * w / whole)).sum();
    let df = arms().count() - 1;
    let p = if df > 0 { Ok(chi2_sf(chi2, df as f64)) } else { Err(Undefined::OneClass) };
    Ok(SampleRatio { chi2, df, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_of_weight_zero_takes_no_part() {
        let two = sample_ratio(&[60.0, 40.0], &[1.0, 1.0]).unwrap();
        assert_eq!(sample_ratio(&[60.0, 0.0, 40.0], &[0.5, 0.0, 0.5]).unwrap(), two);
        assert_eq!((two.chi2, two.df), (4.0, 1));
    }

    #[test]
    fn one_arm_has_nothing_to_compare() {
        assert_eq!(sample_ratio(&[5.0], &[1.0]).unwrap().p, Err(Undefined::OneClass));
    }

    #[test]
    fn no_leads_have_no_ratio() {
        assert_eq!(sample_ratio(&[0.0, 0.0], &[1.0, 1.0]), Err(Undefined::Empty));
        assert_eq!(sample_ratio(&[], &[]), Err(Undefined::Empty));
    }
}
