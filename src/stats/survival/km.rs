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
