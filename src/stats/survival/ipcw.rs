//! Evaluation at one time when some leads were not followed that long: leads whose fate is known stand, by the inverse
//! chance of having stayed in view (IPCW), for those whose fate is not.

use super::{Censoring, End, Followed};
use crate::stats::Undefined;

/// A lead by what may be known about it.
struct Lead {
    time: f64,
    end: End,
    weight: f64,
    /// The weight over the chance that the lead was not censored before its time.
    seen: f64,
    /// Its score, or its predicted risk.
    value: f64,
}

impl Lead {
    /// Whether the lead had converted by `u`, with the weight that this knowledge carries; none when it is not known.
    fn fate(&self, u: f64, still_seen: f64) -> Option<(bool, f64)> {
        match self.end {
            _ if self.time > u => Some((false, self.weight / still_seen)),
            End::Censored => None,
            End::Converted => Some((true, self.seen)),
            End::Lost => Some((false, self.seen)),
        }
    }
}

fn leads(followed: &Followed, value: &[f64]) -> (Vec<Lead>, Censoring) {
    let (censoring, before) = Censoring::before_each(followed);
    let lead = |row: usize| {
        let weight = followed.weight_of(row);
        let (time, end) = (followed.time[row], followed.end[row]);
        Lead { time, end, weight, seen: weight / before[row], value: value[row] }
    };
    ((0..followed.len()).filter(|&row| followed.counts(row)).map(lead).collect(), censoring)
}

/// The chance that a lead converted by `u` has a higher score than one that did not (lost ones included), equal scores
/// counting one half: cumulative cases, dynamic controls (Uno et al. 2007; Blanche et al. 2013). For each of `times`;
/// undefined where either group is empty. Few leads stand behind a value where [`Censoring::at`] is below 0.1.
///
/// # Panics
/// When the slices differ in length.
pub fn dynamic_auc(followed: &Followed, score: &[f64], times: &[f64]) -> Vec<Result<f64, Undefined>> {
    assert_eq!(followed.len(), score.len(), "a score for every lead");
    let (mut leads, censoring) = leads(followed, score);
    leads.retain(|lead| !lead.value.is_nan());
    // Stable, so that sums do not depend on how the sort breaks ties.
    leads.sort_by(|a, b| a.value.total_cmp(&b.value));
    times.iter().map(|&u| auc_at(&leads, u, censoring.at(u))).collect()
}

fn auc_at(leads: &[Lead], u: f64, still_seen: f64) -> Result<f64, Undefined> {
    let (mut cases, mut controls, mut won) = (0.0, 0.0, 0.0);
    for block in leads.chunk_by(|a, b| a.value == b.value) {
        let (mut case, mut control) = (0.0, 0.0);
        for (converted, weight) in block.iter().filter_map(|lead| lead.fate(u, still_seen)) {
            *(if converted { &mut case } else { &mut control }) += weight;
        }
        won += case * (controls + 0.5 * control);
        cases += case;
        controls += control;
    }
    match cases * controls {
        0.0 => Err(Undefined::OneClass),
        pairs if pairs.is_finite() => Ok(won / pairs),
        _ => Err(Undefined::Exhausted),
    }
}

/// The mean squared difference between the predicted chance `risk` of converting by `u` and whether the lead did
/// (Graf et al. 1999; with losses Schoop et al. 2011). Undefined without leads, when `risk` holds anything but
/// probabilities, and when nobody's fate at `u` is known.
///
/// # Panics
/// When the slices differ in length.
pub fn ipcw_brier(followed: &Followed, risk: &[f64], u: f64) -> Result<f64, Undefined> {
    assert_eq!(followed.len(), risk.len(), "a risk for every lead");
    let (leads, censoring) = leads(followed, risk);
    if leads.iter().any(|lead| !(0.0..=1.0).contains(&lead.value)) {
        return Err(Undefined::NotProbability);
    }
    let still_seen = censoring.at(u);
    let (mut loss, mut known) = (0.0, 0.0);
    for lead in &leads {
        let (converted, weight) = lead.fate(u, still_seen).unwrap_or((false, 0.0));
        loss += weight * (lead.value - f64::from(converted)).powi(2);
        known += weight;
    }
    match known {
        _ if leads.is_empty() => Err(Undefined::Empty),
        0.0 => Err(Undefined::BeyondFollowUp),
        known if known.is_finite() => Ok(loss / leads.iter().map(|lead| lead.weight).sum::<f64>()),
        _ => Err(Undefined::Exhausted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: End = End::Converted;
    const O: End = End::Censored;

    #[test]
    fn a_censored_lead_leaves_its_weight_to_those_still_open() {
        // One of four is censored at 1; the other open ones count 4/3 after that.
        let followed = Followed::new(&[1.0, 1.0, 2.0, 3.0, 4.0], &[C, O, C, O, O]);
        let brier = ipcw_brier(&followed, &[0.5; 5], 2.0).unwrap();
        assert!((brier - 0.25 * (1.0 + 3.0 * 4.0 / 3.0) / 5.0).abs() < 1e-15);
    }

    #[test]
    fn a_time_before_the_first_conversion_has_no_auc() {
        let followed = Followed::new(&[2.0, 3.0], &[C, C]);
        let auc = dynamic_auc(&followed, &[2.0, 1.0], &[1.0, 2.0, 3.0]);
        assert_eq!(auc, [Err(Undefined::OneClass), Ok(1.0), Err(Undefined::OneClass)]);
    }

    #[test]
    fn what_is_no_probability_has_no_brier_score() {
        let followed = Followed::new(&[2.0], &[C]);
        assert_eq!(ipcw_brier(&followed, &[1.5], 1.0), Err(Undefined::NotProbability));
        assert_eq!(ipcw_brier(&followed, &[f64::NAN], 1.0), Err(Undefined::NotProbability));
        assert_eq!(ipcw_brier(&Followed::new(&[2.0], &[O]), &[0.5], 3.0), Err(Undefined::BeyondFollowUp));
    }
}
