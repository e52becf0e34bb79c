use super::curve::{Events, Reading, exhausts};
use super::{Curve, End, Followed, Moment, RestrictedMean};
use crate::stats::Undefined;

/// The share not yet converted over time, with Greenwood's variance (Kaplan & Meier 1958; Greenwood 1926). Losses
/// are taken as censorings: where there are any, [`super::cumulative_incidence`] says how many convert.
/// Undefined without leads.
pub fn kaplan_meier(followed: &Followed) -> Result<Curve, Undefined> {
    product_limit(Moment::all(followed), Events::Only(End::Converted))
}

/// The share neither converted nor lost over time. Undefined without leads.
pub fn event_free(followed: &Followed) -> Result<Curve, Undefined> {
    product_limit(Moment::all(followed), Events::Any)
}

fn product_limit(moments: Vec<Moment>, events: Events) -> Result<Curve, Undefined> {
    if moments.is_empty() {
        return Err(Undefined::Empty);
    }
    let (mut share, mut relative) = (1.0, 0.0);
    let steps = moments.iter().map(|moment| {
        let (d, n) = (events.at(moment), moment.at_risk);
        share = if exhausts(d, n) { 0.0 } else { share * ((n - d) / n) };
        relative += greenwood(d, n);
        (share, if share > 0.0 { share * share * relative } else { f64::NAN })
    });
    let (value, variance) = steps.unzip();
    Ok(Curve { reading: Reading::Survival, events, moments, value, variance, open: share })
}

/// A moment's term in the variance of log S; none once all at risk are gone.
fn greenwood(d: f64, n: f64) -> f64 {
    if d == 0.0 || exhausts(d, n) { 0.0 } else { d / (n * (n - d)) }
}

/// The area under the curve to `tau`; its variance is the sum of Greenwood's terms, each times the squared area
/// that lies after it (Klein & Moeschberger 2003, 4.5).
pub(super) fn restricted_mean(curve: &Curve, tau: f64) -> RestrictedMean {
    let (mut area, mut variance, mut first) = (0.0, 0.0, tau.max(0.0));
    for (i, length) in curve.stretches_back(tau) {
        let moment = &curve.moments[i];
        area += curve.value[i] * length;
        variance += area * area * greenwood(curve.events.at(moment), moment.at_risk);
        first = moment.time.max(0.0);
    }
    RestrictedMean { point: area + first, se: variance.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: End = End::Converted;
    const O: End = End::Censored;

    fn curve(time: &[f64], end: &[End]) -> Curve {
        kaplan_meier(&Followed::new(time, end)).unwrap()
    }

    #[test]
    fn conversions_come_before_censorings_at_the_same_time() {
        let km = curve(&[1.0, 1.0, 2.0, 3.0], &[C, O, C, O]);
        assert_eq!(km.at(1.0).unwrap().value, 0.75);
        assert_eq!(km.at(2.5).unwrap().value, 0.375);
        assert_eq!(km.at(0.5).unwrap().value, 1.0);
    }

    #[test]
    fn without_conversions_everybody_stays_and_the_median_is_not_reached() {
        let km = curve(&[1.0, 2.0, 3.0], &[O, End::Lost, O]);
        assert!(km.points().all(|point| point.value == 1.0 && point.se == Ok(0.0)));
        assert_eq!(km.quantile(0.5), Err(Undefined::NotReached));
        assert_eq!(km.quantile_interval(0.5, 0.95).high, Err(Undefined::NotReached));
        assert_eq!(km.restricted_mean(3.0), Ok(RestrictedMean { point: 3.0, se: 0.0 }));
    }

    #[test]
    fn beyond_the_follow_up_nothing_is_said() {
        let km = curve(&[1.0, 2.0], &[C, O]);
        assert_eq!(km.at(2.1).unwrap_err(), Undefined::BeyondFollowUp);
        assert_eq!(km.restricted_mean(3.0), Err(Undefined::BeyondFollowUp));
        assert_eq!(km.restricted_mean_extended(3.0).point, 2.0);
        assert_eq!(curve(&[1.0, 2.0], &[C, C]).at(9.0).unwrap().value, 0.0);
    }

    #[test]
    fn a_curve_at_nought_has_no_standard_error() {
        let km = curve(&[1.0, 2.0], &[C, C]);
        let last = km.at(2.0).unwrap();
        assert_eq!((last.value, last.se), (0.0, Err(Undefined::Exhausted)));
        assert_eq!(last.log_log(0.95), Err(Undefined::Exhausted));
    }

    #[test]
    fn a_median_on_a_flat_is_its_middle() {
        let km = curve(&[2.0, 4.0, 6.0, 8.0], &[C, C, C, C]);
        assert_eq!((km.first_passage(0.5), km.quantile(0.5)), (Ok(4.0), Ok(5.0)));
        let km = curve(&[2.0, 4.0, 9.0, 9.0], &[C, C, O, O]);
        assert_eq!(km.quantile(0.5), Ok(6.5));
    }

    #[test]
    fn a_curve_that_falls_in_one_step_reaches_everything_then() {
        let km = curve(&[5.0; 10], &[C; 10]);
        assert_eq!((km.quantile(0.5), km.first_passage(0.5)), (Ok(5.0), Ok(5.0)));
        let (low, high) = (Ok(5.0), Ok(5.0));
        assert_eq!(km.first_passage_interval(0.5, 0.95), super::super::QuantileInterval { low, high });
        assert_eq!(km.quantile_interval(0.5, 0.95).low, Err(Undefined::NotReached));
    }

    #[test]
    fn a_lead_counts_only_after_its_entry() {
        let followed = Followed::new(&[1.0, 2.0, 3.0], &[C, C, O]).entering(&[0.0, 1.0, 0.0]);
        let at_risk: Vec<f64> = kaplan_meier(&followed).unwrap().moments().iter().map(|m| m.at_risk).collect();
        assert_eq!(at_risk, [2.0, 2.0, 1.0]);
    }

    #[test]
    fn nobody_makes_no_curve() {
        assert_eq!(kaplan_meier(&Followed::new(&[], &[])), Err(Undefined::Empty));
        assert_eq!(kaplan_meier(&Followed::new(&[f64::NAN], &[C])), Err(Undefined::Empty));
        assert_eq!(kaplan_meier(&Followed::new(&[1.0], &[C]).weighted(&[0.0])), Err(Undefined::Empty));
    }
}
