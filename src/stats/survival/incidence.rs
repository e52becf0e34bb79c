use super::curve::{Events, Reading, exhausts};
use super::{Curve, End, Followed, Moment, RestrictedMean};
use crate::stats::Undefined;

/// The share converted by each time when a loss ends the follow-up for good (Aalen & Johansen 1978). Without losses
/// it is one minus Kaplan-Meier. Undefined without leads.
pub fn cumulative_incidence(followed: &Followed) -> Result<Curve, Undefined> {
    cumulative_incidence_of(followed, End::Converted)
}

/// The share that has come to the given end by each time, the other end competing. The variance is the delta
/// method's, of Greenwood's type (Marubini & Valsecchi 1995, 10.2). Undefined without leads.
pub fn cumulative_incidence_of(followed: &Followed, end: End) -> Result<Curve, Undefined> {
    let moments = Moment::all(followed);
    if moments.is_empty() {
        return Err(Undefined::Empty);
    }
    let events = Events::Only(end);
    let mut walk = Walk { open: 1.0, ..Walk::default() };
    let (value, variance) = moments.iter().map(|moment| walk.step(moment, events)).unzip();
    Ok(Curve { reading: Reading::Incidence, events, moments, value, variance, open: walk.open })
}

/// The hazards at one moment.
struct Hazard {
    at_risk: f64,
    /// Of the end in question.
    own: f64,
    /// Of any end.
    any: f64,
}

impl Hazard {
    fn of(moment: &Moment, events: Events) -> Self {
        let (own, any) = (events.at(moment), Events::Any.at(moment));
        let n = moment.at_risk;
        Self { at_risk: n, own: own / n, any: if exhausts(any, n) { 1.0 } else { any / n } }
    }

    /// The variance of the hazard of any end, on the scale of log S.
    fn greenwood(&self) -> f64 {
        if self.any < 1.0 { self.any / ((1.0 - self.any) * self.at_risk) } else { 0.0 }
    }
}

/// Sums over the moments so far, from which the variance follows without differences of large numbers.
///
/// With F the incidence, S the open share, hazards h and risk sets n, the variance of F(t) is
/// Σ (F(t) - Fᵢ)² gᵢ + Σ Sᵢ₋² hᵢ(1 - hᵢ)/nᵢ - 2 Σ (F(t) - Fᵢ) Sᵢ₋ hᵢ/nᵢ, where g are Greenwood's terms.
#[derive(Default)]
struct Walk {
    open: f64,
    incidence: f64,
    other: f64,
    /// Σ g (F - Fᵢ)^k for k = 0, 1, 2.
    greenwood: [f64; 3],
    /// Σ S² h (1 - h) / n.
    own: f64,
    /// Σ S h/n (F - Fᵢ)^k for k = 0, 1.
    cross: [f64; 2],
}

impl Walk {
    fn step(&mut self, moment: &Moment, events: Events) -> (f64, f64) {
        let hazard = Hazard::of(moment, events);
        if hazard.any > 0.0 {
            self.advance(&hazard);
        }
        (self.incidence, self.variance())
    }

    fn advance(&mut self, hazard: &Hazard) {
        let rise = self.open * hazard.own;
        let [g0, g1, _] = self.greenwood;
        self.greenwood[2] += rise * (2.0 * g1 + rise * g0);
        self.greenwood[1] += rise * g0;
        self.cross[1] += rise * self.cross[0];
        self.greenwood[0] += hazard.greenwood();
        self.own += self.open * self.open * hazard.own * (1.0 - hazard.own) / hazard.at_risk;
        self.cross[0] += rise / hazard.at_risk;
        self.incidence += rise;
        self.other += self.open * (hazard.any - hazard.own).max(0.0);
        self.open *= 1.0 - hazard.any;
    }

    fn variance(&self) -> f64 {
        if self.other == 0.0 {
            // Nothing competes yet: Greenwood's own form, which is exactly 0 once all have converted.
            return self.open * self.open * self.greenwood[0];
        }
        (self.greenwood[2] + self.own - 2.0 * self.cross[1]).max(0.0)
    }
}

/// `tau` less the area under the incidence, with the variance of that area by the same delta method.
pub(super) fn restricted_mean(curve: &Curve, tau: f64) -> RestrictedMean {
    let opens = open_before(curve);
    let (mut area, mut variance, mut later) = (0.0, 0.0, 0.0);
    for (i, length) in curve.stretches_back(tau) {
        let hazard = Hazard::of(&curve.moments[i], curve.events);
        area += curve.value[i] * length;
        later += length;
        // The incidence above its present value, and what a conversion now would add, both summed to tau.
        let (above, gain) = (area - curve.value[i] * later, opens[i] * later);
        let own = gain * gain * hazard.own * (1.0 - hazard.own) / hazard.at_risk;
        variance += above * above * hazard.greenwood() + own - 2.0 * above * gain * hazard.own / hazard.at_risk;
    }
    RestrictedMean { point: tau.max(0.0) - area, se: variance.max(0.0).sqrt() }
}

/// The share open just before each moment.
fn open_before(curve: &Curve) -> Vec<f64> {
    let mut open = 1.0;
    let step = |moment: &Moment| {
        let before = open;
        open *= 1.0 - Hazard::of(moment, curve.events).any;
        before
    };
    curve.moments.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_lead_can_no_longer_convert() {
        let end = [End::Lost, End::Lost, End::Converted, End::Converted];
        let curve = cumulative_incidence(&Followed::new(&[1.0, 2.0, 3.0, 4.0], &end)).unwrap();
        assert_eq!(curve.at(4.0).unwrap().value, 0.5);
        assert_eq!(curve.at(40.0).unwrap().value, 0.5);
        // As a binomial share, since nobody is censored.
        assert!((curve.at(4.0).unwrap().se.unwrap() - 0.25).abs() < 1e-15);
    }

    #[test]
    fn an_incidence_of_one_is_certain() {
        let end = [End::Converted; 3];
        let last = cumulative_incidence(&Followed::new(&[1.0, 2.0, 3.0], &end)).unwrap().at(3.0).unwrap();
        assert_eq!((last.value, last.se), (1.0, Ok(0.0)));
        assert_eq!(last.log_log(0.95), Err(Undefined::Exhausted));
    }

    #[test]
    fn a_conversion_on_the_first_day_costs_the_whole_restricted_time() {
        let curve = cumulative_incidence(&Followed::new(&[0.0, 9.0], &[End::Converted, End::Lost])).unwrap();
        assert_eq!(curve.restricted_mean(8.0).unwrap().point, 4.0);
    }
}
