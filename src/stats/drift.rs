//! Whether the leads of today are those of yesterday: population stability, weight of evidence, two-sample KS.

use super::proportion::Count;
use super::{Sample, Tally, Undefined, discrimination, quantile};

/// Values of one population. A missing `weight` counts every row once.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub value: &'a [f64],
    pub weight: Option<&'a [f64]>,
}

impl<'a> Values<'a> {
    pub fn new(value: &'a [f64]) -> Self {
        Self { value, weight: None }
    }

    /// Whether the values have an order at all.
    fn ordered(&self) -> Result<(), Undefined> {
        if self.rows().any(|(value, _)| value.is_nan()) { Err(Undefined::OutOfRange) } else { Ok(()) }
    }

    fn rows(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let weight = |row: usize| self.weight.map_or(1.0, |weight| weight[row]);
        self.value.iter().enumerate().map(move |(row, value)| (*value, weight(row))).filter(|(_, w)| *w > 0.0)
    }
}

/// Weight of evidence of every bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// ln(share of the conversions / share of the others): positive where leads are good.
    pub woe: Vec<f64>,
    /// What each bin adds to the information value.
    pub contribution: Vec<f64>,
    pub information_value: f64,
}

/// Weight of evidence and information value of bins; undefined when a bin lacks conversions or others. Siddiqi (2006).
pub fn weight_of_evidence(bins: &[Count]) -> Result<Evidence, Undefined> {
    evidence(bins, 0.0)
}

/// [`weight_of_evidence`] with 1/2 added to every cell, for bins of which some are empty.
pub fn smoothed_weight_of_evidence(bins: &[Count]) -> Result<Evidence, Undefined> {
    evidence(bins, 0.5)
}

fn evidence(bins: &[Count], extra: f64) -> Result<Evidence, Undefined> {
    let events = shares(bins.iter().map(|bin| bin.successes), extra)?;
    let others = shares(bins.iter().map(Count::failures), extra)?;
    let woe: Vec<f64> = events.iter().zip(&others).map(|(e, o)| (e / o).ln()).collect();
    let contribution: Vec<f64> = events.iter().zip(&others).zip(&woe).map(|((e, o), woe)| (e - o) * woe).collect();
    Ok(Evidence { information_value: contribution.iter().sum(), woe, contribution })
}

/// Shares of cells after adding `extra` to each; undefined when one is still empty.
fn shares(cells: impl Iterator<Item = f64> + Clone, extra: f64) -> Result<Vec<f64>, Undefined> {
    let total: f64 = cells.clone().map(|cell| cell + extra).sum();
    if cells.clone().sum::<f64>() == 0.0 && extra == 0.0 || total == 0.0 {
        return Err(Undefined::Empty);
    }
    if cells.clone().any(|cell| cell + extra == 0.0) {
        return Err(Undefined::ZeroCount);
    }
    Ok(cells.map(|cell| (cell + extra) / total).collect())
}

/// Bins of a score, frozen with the model: right-closed, open at both ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Ascending, distinct.
    pub inner_edges: Vec<f64>,
}

impl Bins {
    /// Between the distinct type-7 quantiles that cut the reference into `parts`; its extremes are no edges. Undefined
    /// for a value that is no number.
    pub fn of_quantiles(reference: Values, parts: usize) -> Result<Self, Undefined> {
        reference.ordered()?;
        let mut rows: Vec<(f64, f64)> = reference.rows().collect();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (values, weights): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let (Some(&least), Some(&most)) = (values.first(), values.last()) else { return Err(Undefined::Empty) };
        let cut = |k: usize| match (reference.weight, k as f64 / parts as f64) {
            (None, q) => quantile::sorted(&values, q),
            (Some(_), q) => quantile::counted(&values, &weights, q),
        };
        let mut inner_edges: Vec<f64> = (1..parts).map(cut).filter(|edge| *edge != least && *edge != most).collect();
        inner_edges.dedup();
        Ok(Self { inner_edges })
    }

    /// Leads in every bin.
    pub fn count(&self, values: Values) -> Vec<f64> {
        let mut counts = vec![0.0; self.inner_edges.len() + 1];
        for (value, weight) in values.rows() {
            counts[self.inner_edges.partition_point(|edge| *edge < value)] += weight;
        }
        counts
    }
}

/// Population stability index of two tables of counts over the same bins (Jeffreys divergence);
/// undefined when a bin is empty in either.
pub fn psi(reference: &[f64], current: &[f64]) -> Result<f64, Undefined> {
    divergence(reference, current, 0.0)
}

/// [`psi`] with 1/2 added to every cell of both tables: finite whatever is empty, and the one to report.
pub fn smoothed_psi(reference: &[f64], current: &[f64]) -> Result<f64, Undefined> {
    divergence(reference, current, 0.5)
}

fn divergence(reference: &[f64], current: &[f64], extra: f64) -> Result<f64, Undefined> {
    if reference.iter().sum::<f64>() == 0.0 || current.iter().sum::<f64>() == 0.0 {
        return Err(Undefined::Empty);
    }
    let (was, is) = (shares(reference.iter().copied(), extra)?, shares(current.iter().copied(), extra)?);
    Ok(was.iter().zip(&is).map(|(was, is)| (is - was) * (is / was).ln()).sum())
}

/// The largest distance between two distribution functions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KsDistance {
    pub d: f64,
    /// From the limit law; without meaning for a million leads, whose least shift is significant.
    pub p: f64,
}

/// Two-sample Kolmogorov-Smirnov test. Undefined for a value that is no number. Smirnov (1939).
pub fn ks_two_sample(reference: Values, current: Values) -> Result<KsDistance, Undefined> {
    reference.ordered().and(current.ordered())?;
    let tally = both(reference, current);
    let (current, reference) = tally.classes().map_err(|_| Undefined::Empty)?;
    let d = discrimination::ks(&tally)?.ks;
    Ok(KsDistance { d, p: kolmogorov_sf(d * (reference * current / (reference + current)).sqrt()) })
}

/// Both populations by value, the current one in the place of the converted.
fn both(reference: Values, current: Values) -> Tally {
    let rows = || reference.rows().map(|row| (row, false)).chain(current.rows().map(|row| (row, true)));
    let value: Vec<f64> = rows().map(|((value, _), _)| value).collect();
    let weight: Vec<f64> = rows().map(|((_, weight), _)| weight).collect();
    let is_current: Vec<bool> = rows().map(|(_, is_current)| is_current).collect();
    Sample::weighted(&value, &is_current, &weight).tally()
}

/// P(K > x) of Kolmogorov's limit law, by whichever of its two series converges at once.
pub fn kolmogorov_sf(x: f64) -> f64 {
    use std::f64::consts::PI;
    if x <= 0.0 {
        return 1.0;
    }
    if x < 1.0 {
        let term = |k: f64| (-(2.0 * k - 1.0).powi(2) * PI * PI / (8.0 * x * x)).exp();
        return 1.0 - (2.0 * PI).sqrt() / x * (1..=8).map(|k| term(f64::from(k))).sum::<f64>();
    }
    let term = |k: i32| (if k % 2 == 1 { 2.0 } else { -2.0 }) * (-2.0 * f64::from(k * k) * x * x).exp();
    (1..=8).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_constant_reference_has_one_bin() {
        let bins = Bins::of_quantiles(Values::new(&[5.0; 20]), 10).unwrap();
        assert!(bins.inner_edges.is_empty());
        assert_eq!(bins.count(Values::new(&[4.0, 5.0, 6.0])), [3.0]);
    }

    #[test]
    fn a_value_on_an_edge_belongs_to_the_bin_below() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        let bins = Bins::of_quantiles(Values::new(&values), 10).unwrap();
        assert_eq!(bins.count(Values::new(&values)), [2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn an_empty_bin_leaves_the_smoothed_index_finite() {
        assert_eq!(psi(&[5.0, 5.0], &[0.0, 9.0]), Err(Undefined::ZeroCount));
        assert!(smoothed_psi(&[5.0, 5.0], &[0.0, 9.0]).unwrap().is_finite());
        assert_eq!(smoothed_psi(&[5.0, 5.0], &[0.0, 0.0]), Err(Undefined::Empty));
    }

    #[test]
    fn evidence_is_positive_where_leads_are_good() {
        let bins = [Count::new(8.0, 10.0), Count::new(2.0, 10.0)];
        let evidence = weight_of_evidence(&bins).unwrap();
        assert!(evidence.woe[0] > 0.0 && evidence.woe[1] < 0.0);
        assert_eq!(weight_of_evidence(&[Count::new(0.0, 3.0), bins[0]]), Err(Undefined::ZeroCount));
    }

    #[test]
    fn equal_populations_have_no_distance() {
        let same = ks_two_sample(Values::new(&[1.0, 2.0]), Values::new(&[2.0, 1.0])).unwrap();
        assert_eq!((same.d, same.p), (0.0, 1.0));
        assert_eq!(ks_two_sample(Values::new(&[]), Values::new(&[1.0])), Err(Undefined::Empty));
    }

    #[test]
    fn a_value_that_is_no_number_has_no_place() {
        let odd = [1.0, f64::NAN];
        assert_eq!(ks_two_sample(Values::new(&odd), Values::new(&[1.0])), Err(Undefined::OutOfRange));
        assert_eq!(ks_two_sample(Values::new(&[1.0]), Values::new(&odd)), Err(Undefined::OutOfRange));
        assert_eq!(Bins::of_quantiles(Values::new(&odd), 10), Err(Undefined::OutOfRange));
    }

    #[test]
    fn both_series_of_the_limit_law_meet() {
        assert!((kolmogorov_sf(1.0 - 1e-13) - kolmogorov_sf(1.0)).abs() < 1e-12);
        assert!((kolmogorov_sf(1.358_098_6) - 0.05).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn stability_is_symmetric_and_zero_of_equals(was in counts(), is in counts()) {
            prop_assert!((smoothed_psi(&was, &is).unwrap() - smoothed_psi(&is, &was).unwrap()).abs() < 1e-12);
            prop_assert_eq!(smoothed_psi(&was, &was).unwrap(), 0.0);
        }

        #[test]
        fn a_weight_is_a_repetition(rows in prop::collection::vec((0i32..9, 1u32..4), 1..40)) {
            let value: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let weight: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
            let long: Vec<f64> = rows.iter().flat_map(|row| vec![f64::from(row.0); row.1 as usize]).collect();
            let weighted = Values { value: &value, weight: Some(&weight) };
            let bins = Bins::of_quantiles(weighted, 10).unwrap();
            prop_assert_eq!(&bins, &Bins::of_quantiles(Values::new(&long), 10).unwrap());
            prop_assert_eq!(bins.count(weighted), bins.count(Values::new(&long)));
        }
    }

    fn counts() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((0u32..50).prop_map(f64::from), 5)
            .prop_filter("somebody", |counts| counts.iter().sum::<f64>() > 0.0)
    }
}
