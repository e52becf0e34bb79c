//! What would be lost by not working the leads with the lowest scores.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::result::{Bottom, Estimate, Tied};
use crate::stats::proportion::wilson;
use crate::stats::{Interval, Sample, Tally, Undefined, discrimination};

use super::LEVEL;
use super::cohort::{Cohort, Scored};

/// Shares of the leads, from the lowest score up.
const SHARES: [f64; 5] = [0.05, 0.1, 0.2, 0.3, 0.5];

/// Every model's lowest leads.
pub(super) fn bottoms(cohort: &Cohort) -> Vec<Bottom> {
    let of_model = |model: &Scored| {
        let falling: Vec<f64> = model.ranked(cohort.mature()).iter().map(|score| -score).collect();
        let tally = Sample::new(&falling, &cohort.converted(cohort.mature())).tally();
        SHARES.map(|share| bottom(cohort, model, (&falling, &tally), share))
    };
    cohort.models().par_iter().map(of_model).collect::<Vec<_>>().into_iter().flatten().collect()
}

/// A tied block at the edge shares its wins evenly, as at the top. The share of the wins has Wilson's interval given how
/// many wins there are: that the edge is estimated too narrows the truth, not the interval.
fn bottom(cohort: &Cohort, model: &Scored, (falling, tally): (&[f64], &Tally), share: f64) -> Bottom {
    let rows = cohort.mature();
    let found = discrimination::top_share(tally, share * tally.total());
    let lost = if found.positives > 0.0 { Ok(found.expected / found.positives) } else { Err(Undefined::NoEvents) };
    let chosen = super::schedule::chosen(falling, share * rows.len() as f64);
    let sum = |of: &dyn Fn(usize) -> f64| rows.iter().zip(&chosen).map(|(&row, p)| p * of(row)).sum::<f64>();
    let value = |row: usize| cohort.value_of(row).unwrap_or(0.0);
    let contact = cohort.asked().contact.as_ref();
    Bottom {
        model: model.name.clone(),
        share,
        leads: found.leads,
        wins: Tied { worst: found.worst.into(), expected: found.expected.into(), best: found.best.into() },
        share_of_wins: Estimate::with(
            lost,
            found_of(cohort, &chosen, found.expected.min(found.positives), found.positives),
        ),
        wins_per_quarter: cohort.quarters().map(|quarters| found.expected / quarters).ok_or(Undefined::NoTimes).into(),
        value: cohort.is_valued().then(|| sum(&value)),
        cost: cohort.asked().thresholds.cost_per_lead.map(|cost| cost * found.leads),
        worked: contact.map(|contact| (sum(&|row| f64::from(contact.worked[row])) / found.leads).into()),
    }
}

/// The interval of the share of all wins that some leads hold, each chosen with its share.
fn found_of(cohort: &Cohort, chosen: &[f64], found: f64, wins: f64) -> Result<Interval, Undefined> {
    if cohort.leads().account.is_none() {
        return wilson(found, wins, LEVEL);
    }
    let won = cohort.mature().iter().zip(chosen).filter(|(row, _)| cohort.leads().converted[**row]);
    let (won, chosen): (Vec<usize>, Vec<f64>) = won.map(|(&row, &share)| (row, share)).unzip();
    let place: HashMap<usize, f64> = won.iter().copied().zip(chosen).collect();
    let effective = cohort.effective(&won, |row| place[&row])?;
    wilson(found / wins * effective, effective, LEVEL)
}
