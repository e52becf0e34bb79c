use super::leads;
use crate::stats::{Tally, Undefined};

/// What treating the leads at or above a threshold is worth (Vickers & Elkin 2006), in converted leads a lead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetBenefit {
    pub threshold: f64,
    /// Treated leads that converted.
    pub true_positives: f64,
    /// Treated leads that did not.
    pub false_positives: f64,
    /// TP/n - FP/n · t/(1 - t). Treating nobody is worth 0. Undefined for a threshold outside 0 ≤ t < 1.
    pub model: Result<f64, Undefined>,
    /// The same when everybody is treated.
    pub all: Result<f64, Undefined>,
    /// Contacts saved for each 100 leads, as against treating all, at the same benefit. Undefined at threshold 0.
    pub avoided_per_100: Result<f64, Undefined>,
}

pub fn net_benefit(tally: &Tally, threshold: f64) -> Result<NetBenefit, Undefined> {
    let n = leads(tally)?;
    let treated = tally.score.partition_point(|&p| p < threshold)..;
    let count = |side: &[f64]| side[treated.clone()].iter().fold(0.0, |sum, leads| sum + leads);
    let (true_positives, false_positives) = (count(&tally.positive), count(&tally.negative));
    let odds =
        if (0.0..1.0).contains(&threshold) { Ok(threshold / (1.0 - threshold)) } else { Err(Undefined::OutOfRange) };
    let benefit = |converted: f64, others: f64| odds.map(|odds| (converted - others * odds) / n);
    let (model, all) = (benefit(true_positives, false_positives), benefit(tally.positives(), tally.negatives()));
    let avoided =
        odds.and_then(|odds| if odds > 0.0 { Ok(100.0 * (model? - all?) / odds) } else { Err(Undefined::OutOfRange) });
    Ok(NetBenefit { threshold, true_positives, false_positives, model, all, avoided_per_100: avoided })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::calibration::samples::tally;

    #[test]
    fn a_lead_at_the_threshold_is_treated() {
        let at = net_benefit(&tally(&[(0.2, true), (0.1, false)]), 0.2).unwrap();
        assert_eq!((at.true_positives, at.false_positives), (1.0, 0.0));
        assert_eq!(at.model, Ok(0.5));
        assert_eq!(at.all, Ok((1.0 - 0.25) / 2.0));
    }

    #[test]
    fn contacts_that_cost_nothing_cannot_be_saved() {
        let at = net_benefit(&tally(&[(0.2, true), (0.1, false)]), 0.0).unwrap();
        assert_eq!((at.model, at.avoided_per_100), (Ok(0.5), Err(Undefined::OutOfRange)));
    }

    #[test]
    fn a_threshold_of_one_has_no_odds() {
        assert_eq!(net_benefit(&tally(&[(1.0, true)]), 1.0).unwrap().model, Err(Undefined::OutOfRange));
    }
}
