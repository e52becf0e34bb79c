use crate::result::{ModelEvaluation, Number, Silent};
use crate::stats::Undefined;

use super::LEVEL;
use super::cohort::Cohort;

/// The brackets of all models that hold leads and no win.
pub(super) fn silent(cohort: &Cohort, models: &[ModelEvaluation]) -> Vec<Silent> {
    let design_effect = cohort.design_effect();
    let of = |model: &ModelEvaluation| {
        let rate = model.wins as f64 / model.leads as f64;
        let empty = model.brackets.rows.iter().filter(|row| row.wins == 0 && row.leads > 0);
        empty
            .filter(|_| rate > 0.0)
            .map(|row| Silent {
                model: model.name.clone(),
                bracket: row.label.clone(),
                leads: row.leads,
                rate,
                chance: no_win(rate, row.leads as f64 / design_effect),
                enough: enough(rate, design_effect),
            })
            .collect::<Vec<Silent>>()
    };
    models.iter().flat_map(of).collect()
}

/// The probability that none of so many leads converts at a rate.
fn no_win(rate: f64, leads: f64) -> f64 {
    (leads * (-rate).ln_1p()).exp()
}

/// The fewest leads without a win that happen by chance at most one time in twenty.
fn enough(rate: f64, design_effect: f64) -> Number {
    let leads = ((1.0 - LEVEL).ln() / (-rate).ln_1p() * design_effect).ceil();
    if leads.is_finite() { Number::Value(leads.max(1.0)) } else { Undefined::NoEvents.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_win_of_twelve_is_no_evidence_and_twenty_one_would_be() {
        assert!((no_win(0.1364, 12.0) - 0.172).abs() < 5e-4);
        assert_eq!(enough(0.1364, 1.0), Number::Value(21.0));
        assert_eq!(enough(0.1364, 2.0), Number::Value(41.0));
        assert!(no_win(0.1364, 20.0) > 0.05 && no_win(0.1364, 21.0) <= 0.05);
    }
}
