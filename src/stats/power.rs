//! Planning: how many leads or events a test needs, and what it can see.

use super::Undefined;
use super::dist::{normal_cdf, normal_quantile};
use super::root::turning;

/// Two rates to be told apart by a two-sided test at `alpha`, with as many leads in each arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub control: f64,
    pub treatment: f64,
    pub alpha: f64,
}

/// The power of a test of two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    pub both_tails: f64,
    /// Without significant results in the wrong direction.
    pub one_tail: f64,
}

impl Rates {
    pub fn new(control: f64, treatment: f64, alpha: f64) -> Result<Self, Undefined> {
        if !(0.0..=1.0).contains(&control) || !(0.0..=1.0).contains(&treatment) {
            return Err(Undefined::NotProbability);
        }
        inside(alpha)?;
        Ok(Self { control, treatment, alpha })
    }

    fn difference(&self) -> f64 {
        (self.treatment - self.control).abs()
    }

    /// The standard deviation of one lead a side under equal rates: the variance is pooled.
    fn null_sd(&self) -> f64 {
        let mean = 0.5 * (self.control + self.treatment);
        (2.0 * mean * (1.0 - mean)).sqrt()
    }

    fn sd(&self) -> f64 {
        (self.control * (1.0 - self.control) + self.treatment * (1.0 - self.treatment)).sqrt()
    }

    /// Leads an arm for `power`, not rounded; infinite for equal rates. The far tail is ignored.
    /// Fleiss, Levin & Paik (2003), eq. 4.14.
    pub fn leads(&self, power: f64) -> Result<f64, Undefined> {
        let z = critical(self.alpha) * self.null_sd() + normal_quantile(inside(power)?) * self.sd();
        if self.difference() == 0.0 {
            return Ok(f64::INFINITY);
        }
        // Less power than chance gives needs no leads.
        if z < 0.0 { Err(Undefined::OutOfRange) } else { Ok((z / self.difference()).powi(2)) }
    }

    /// The same for a test with continuity correction. Fleiss, Levin & Paik (2003), eq. 4.15.
    pub fn leads_with_continuity(&self, power: f64) -> Result<f64, Undefined> {
        let leads = self.leads(power)?;
        if leads.is_infinite() || leads == 0.0 {
            return Ok(leads);
        }
        Ok(leads / 4.0 * (1.0 + (1.0 + 4.0 / (leads * self.difference())).sqrt()).powi(2))
    }

    /// The power of `leads` leads an arm; undefined when both rates are 0 or both are 1.
    pub fn power(&self, leads: f64) -> Result<Power, Undefined> {
        if leads.is_nan() || leads < 0.0 {
            return Err(Undefined::OutOfRange);
        }
        let (shift, margin) = (self.difference() * leads.sqrt(), critical(self.alpha) * self.null_sd());
        let tail = |distance: f64| normal_cdf(distance / self.sd());
        let one_tail = tail(shift - margin);
        let both_tails = one_tail + tail(-shift - margin);
        if both_tails.is_nan() { Err(Undefined::ZeroVariance) } else { Ok(Power { both_tails, one_tail }) }
    }

    /// Leads an arm by the arcsine transformation, both tails counted. Cohen (1988).
    pub fn leads_by_arcsine(&self, power: f64) -> Result<f64, Undefined> {
        let effect = 2.0 * (self.treatment.sqrt().asin() - self.control.sqrt().asin()).abs();
        let z = critical(self.alpha);
        if inside(power)? <= self.alpha {
            return Err(Undefined::OutOfRange);
        }
        let reached = |shift: f64| normal_cdf(shift - z) + normal_cdf(-shift - z) > power;
        let shift = turning(0.0, 2.0 * (z + normal_quantile(power).abs()), reached);
        Ok(2.0 * (shift / effect).powi(2))
    }
}

/// The smallest treatment rate above `control` that `leads` leads an arm detect with `power`, the far tail ignored.
/// Undefined when even a rate of 1 is not detected.
pub fn detectable_rate(control: f64, leads: f64, alpha: f64, power: f64) -> Result<f64, Undefined> {
    Rates::new(control, 1.0, alpha)?;
    let detected = |treatment: f64| {
        let rates = Rates { control, treatment, alpha };
        rates.difference() * leads.sqrt() > critical(alpha) * rates.null_sd() + normal_quantile(power) * rates.sd()
    };
    if !(inside(power)? > alpha / 2.0 && leads > 0.0) {
        return Err(Undefined::OutOfRange);
    }
    if detected(1.0) { Ok(turning(control, 1.0, detected)) } else { Err(Undefined::NotReached) }
}

/// Events of both arms together that a two-sided log-rank test needs at 1:1 assignment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Events {
    /// Schoenfeld (1981).
    pub schoenfeld: f64,
    /// Freedman (1982).
    pub freedman: f64,
}

/// Events for a hazard ratio, not rounded; infinite at a ratio of 1. Undefined for a ratio that is not positive.
pub fn events(hazard_ratio: f64, alpha: f64, power: f64) -> Result<Events, Undefined> {
    let z = critical(inside(alpha)?) + normal_quantile(inside(power)?);
    if !(hazard_ratio > 0.0 && z > 0.0) {
        return Err(Undefined::OutOfRange);
    }
    let freedman = (1.0 + hazard_ratio) / (1.0 - hazard_ratio);
    Ok(Events { schoenfeld: (2.0 * z / hazard_ratio.ln()).powi(2), freedman: (z * freedman).powi(2) })
}

/// The two-sided critical value.
fn critical(alpha: f64) -> f64 {
    -normal_quantile(alpha / 2.0)
}

/// A probability that is neither 0 nor 1.
fn inside(p: f64) -> Result<f64, Undefined> {
    if p > 0.0 && p < 1.0 { Ok(p) } else { Err(Undefined::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_rates_need_infinitely_many_leads() {
        let rates = Rates::new(0.1, 0.1, 0.05).unwrap();
        assert_eq!((rates.leads(0.8), rates.leads_with_continuity(0.8)), (Ok(f64::INFINITY), Ok(f64::INFINITY)));
        assert!((rates.power(1000.0).unwrap().both_tails - 0.05).abs() < 1e-12);
        assert_eq!(events(1.0, 0.05, 0.8).unwrap().schoenfeld, f64::INFINITY);
    }

    #[test]
    fn a_rate_above_one_is_not_a_rate() {
        assert_eq!(Rates::new(0.1, 1.1, 0.05), Err(Undefined::NotProbability));
    }

    #[test]
    fn two_impossible_outcomes_have_no_power() {
        assert_eq!(Rates::new(0.0, 0.0, 0.05).unwrap().power(10.0), Err(Undefined::ZeroVariance));
    }

    #[test]
    fn few_leads_detect_nothing() {
        assert_eq!(detectable_rate(0.5, 3.0, 0.05, 0.8), Err(Undefined::NotReached));
    }

    #[test]
    fn opposite_hazard_ratios_need_as_many_events() {
        let (twice, half) = (events(2.0, 0.05, 0.9).unwrap(), events(0.5, 0.05, 0.9).unwrap());
        assert!((twice.schoenfeld - half.schoenfeld).abs() < 1e-10);
        assert!((twice.freedman - half.freedman).abs() < 1e-10);
    }

    proptest! {
        #[test]
        fn the_leads_for_a_power_have_that_power(control in 0.01..0.5f64, lift in 1.05..1.9f64, power in 0.2..0.99f64) {
            let rates = Rates::new(control, control * lift, 0.05).unwrap();
            let leads = rates.leads(power).unwrap();
            prop_assert!((rates.power(leads).unwrap().one_tail - power).abs() < 1e-9);
            let found = detectable_rate(control, leads, 0.05, power).unwrap();
            prop_assert!((found - rates.treatment).abs() < 1e-9);
        }
    }
}
