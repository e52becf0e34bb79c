//! What holds for every metric in the table.

use leadoff::metrics::{Compute, METRICS, Metric, Reads};
use leadoff::stats::Sample;
use proptest::prelude::*;

/// Scores in [0, 1] with many ties, outcomes, and frequencies.
fn leads() -> impl Strategy<Value = Vec<(f64, bool, u8)>> {
    let score = prop_oneof![(0u32..=20).prop_map(|k| f64::from(k) / 20.0), 0.0..=1.0];
    prop::collection::vec((score, any::<bool>(), 1u8..4), 1..60)
}

/// Those that leads counted by score suffice for.
fn computed() -> impl Iterator<Item = (&'static Metric, Compute)> {
    METRICS.iter().filter_map(|metric| Some((metric, metric.compute?)))
}

fn compute(metric: &Metric, score: &[f64], converted: &[bool]) -> Result<f64, String> {
    let compute = metric.compute.expect("it is computed from leads counted by score");
    compute.point(&Sample::new(score, converted).tally()).map_err(|reason| reason.to_string())
}

fn close(a: &Result<f64, String>, b: &Result<f64, String>) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => a == b || (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        (a, b) => a == b,
    }
}

fn columns(leads: &[(f64, bool, u8)]) -> (Vec<f64>, Vec<bool>) {
    leads.iter().map(|(score, converted, _)| (*score, *converted)).unzip()
}

proptest! {
    #[test]
    fn the_order_of_rows_does_not_matter(leads in leads()) {
        let (score, converted) = columns(&leads);
        let (back_score, back_converted) = columns(&leads.iter().rev().copied().collect::<Vec<_>>());
        for (metric, _) in computed() {
            let (there, back) = (compute(metric, &score, &converted), compute(metric, &back_score, &back_converted));
            prop_assert_eq!(there, back, "{}", metric.id);
        }
    }

    #[test]
    fn metrics_of_order_ignore_increasing_transformations(leads in leads()) {
        let (score, converted) = columns(&leads);
        let cubed: Vec<f64> = score.iter().map(|s| s.powi(3) * 7.0 - 1.0).collect();
        for metric in METRICS.iter().filter(|metric| metric.reads == Reads::Order) {
            prop_assert_eq!(compute(metric, &score, &converted), compute(metric, &cubed, &converted), "{}", metric.id);
        }
    }

    #[test]
    fn a_weight_is_a_repetition(leads in leads()) {
        let (score, converted) = columns(&leads);
        let weight: Vec<f64> = leads.iter().map(|(_, _, weight)| f64::from(*weight)).collect();
        let repeated: Vec<_> = leads.iter().flat_map(|lead| std::iter::repeat_n(*lead, usize::from(lead.2))).collect();
        let (many_score, many_converted) = columns(&repeated);
        for (metric, compute_) in computed() {
            let weighted = compute_.point(&Sample::weighted(&score, &converted, &weight).tally()).map_err(|reason| reason.to_string());
            let many = compute(metric, &many_score, &many_converted);
            prop_assert!(close(&weighted, &many), "{}: {weighted:?} {many:?}", metric.id);
        }
    }

    #[test]
    fn a_value_stays_in_its_range_or_has_a_reason(leads in leads()) {
        let (score, converted) = columns(&leads);
        for (metric, _) in computed() {
            if let Ok(value) = compute(metric, &score, &converted) {
                let (low, high) = metric.range;
                prop_assert!(!value.is_nan() && low - 1e-12 <= value && value <= high + 1e-12, "{}: {value}", metric.id);
            }
        }
    }

    #[test]
    fn exchanging_the_classes_mirrors_the_order(leads in leads()) {
        let (score, converted) = columns(&leads);
        let others: Vec<bool> = converted.iter().map(|won| !won).collect();
        let auc = leadoff::metrics::metric("auc").unwrap();
        if let (Ok(one), Ok(other)) = (compute(auc, &score, &converted), compute(auc, &score, &others)) {
            prop_assert!((one + other - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn a_perfect_order_has_the_best_value() {
    let (score, converted) = ([0.1, 0.2, 0.3, 0.8, 0.9], [false, false, false, true, true]);
    for (id, best) in [("auc", 1.0), ("gini", 1.0), ("average_precision", 1.0), ("ks", 1.0), ("h_measure", 1.0)] {
        assert_eq!(compute(leadoff::metrics::metric(id).unwrap(), &score, &converted), Ok(best), "{id}");
    }
}

#[test]
fn a_constant_score_says_nothing() {
    let (score, converted) = ([0.5; 4], [true, false, false, false]);
    let value = |id: &str| compute(leadoff::metrics::metric(id).unwrap(), &score, &converted).unwrap();
    assert_eq!((value("auc"), value("ks"), value("gini"), value("lift_10")), (0.5, 0.0, 0.0, 1.0));
    assert_eq!(value("average_precision"), 0.25);
}

#[test]
fn one_class_or_no_lead_has_a_reason() {
    for metric in METRICS.iter().filter(|metric| metric.definition.undefined.contains("one class")) {
        assert!(compute(metric, &[0.2, 0.7], &[false, false]).is_err(), "{}", metric.id);
    }
    for (metric, _) in computed() {
        assert!(compute(metric, &[], &[]).is_err(), "{}", metric.id);
    }
}
