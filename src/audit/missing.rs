//! What no criterion says and the outcome knows: ready criteria.

use rayon::prelude::*;

use crate::result::{Estimate, Missed};
use crate::stats::linear::dot;
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::proportion::{Count, wilson};
use crate::stats::{Interval, Undefined, dist};

use super::weigh::{Fit, weigh};
use super::{Evidence, FALSE_DISCOVERIES, LEVEL};

/// Fewer leads than this share are not worth a criterion.
const RARE: f64 = 0.01;

/// A criterion that the model does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub name: String,
    /// The column it reads.
    pub column: String,
    /// The criterion in the grammar of the experiment file, without points: `when: "…"`.
    pub when: String,
    /// Whether it holds for every lead of the evidence.
    pub holds: Vec<bool>,
}

/// The candidates that would add to the criteria there are, adjusted for them and corrected for the number looked at; of
/// each column the clearest, the clearest column first.
///
/// # Panics
/// When a candidate has not a value for every lead.
pub fn missing(evidence: &Evidence, candidates: &[Candidate]) -> Vec<Missed> {
    let weighed = weigh(evidence);
    let Ok(fit) = &weighed.fit else { return Vec::new() };
    let Ok(scale) = fit.usable_scale() else { return Vec::new() };
    let gains: Vec<Result<(f64, f64), Undefined>> =
        candidates.par_iter().map(|one| gain(evidence, fit, &one.holds)).collect();
    let p = |gain: &Result<(f64, f64), Undefined>| gain.map_or(f64::NAN, |(step, error)| dist::normal_p(step / error));
    let adjusted = benjamini_hochberg(&gains.iter().map(p).collect::<Vec<f64>>());
    let mut found: Vec<(f64, usize)> = (0..candidates.len())
        .filter(|&i| adjusted[i] <= FALSE_DISCOVERIES)
        .filter_map(|i| gains[i].ok().map(|(step, error)| ((step / error).abs(), i)))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut seen: Vec<&str> = Vec::new();
    found.retain(|(_, i)| {
        let column = candidates[*i].column.as_str();
        let new = !seen.contains(&column);
        seen.push(column);
        new
    });
    let of = |(_, i): &(f64, usize)| missed(evidence, &candidates[*i], gains[*i], scale, adjusted[*i]);
    found.iter().map(of).collect()
}

/// One Newton step of a new column's coefficient from the fit, the others free, with its standard error: the score over
/// the information that the criteria leave (Rao 1948).
fn gain(evidence: &Evidence, fit: &Fit, holds: &[bool]) -> Result<(f64, f64), Undefined> {
    assert_eq!(holds.len(), evidence.leads(), "a value for every lead");
    let count = holds.iter().filter(|holds| **holds).count() as f64;
    let leads = evidence.leads() as f64;
    if count < RARE * leads || count > (1.0 - RARE) * leads {
        return Err(Undefined::TooFewRows);
    }
    let (mut score, mut own) = (0.0, 0.0);
    let mut shared = vec![0.0; fit.used.len() + 1];
    for row in (0..holds.len()).filter(|&row| holds[row]) {
        let p = fit.probability[row];
        let weight = p * (1.0 - p);
        score += f64::from(evidence.converted[row]) - p;
        own += weight;
        shared[0] += weight;
        let criteria = shared[1..].iter_mut().zip(&fit.used);
        criteria.for_each(|(sum, &place)| *sum += weight * evidence.criteria[place].strength[row]);
    }
    let left = own - dot(&shared, &fit.covariance.times_vector(&shared));
    // What the criteria say already leaves nothing to learn from.
    if left > 0.05 * own { Ok((score / left, left.sqrt().recip())) } else { Err(Undefined::Collinear) }
}

fn missed(
    evidence: &Evidence,
    candidate: &Candidate,
    gain: Result<(f64, f64), Undefined>,
    scale: f64,
    p_adjusted: f64,
) -> Missed {
    let holds = || candidate.holds.iter().zip(&evidence.converted).filter(|(holds, _)| **holds);
    let count = Count::new(holds().filter(|(_, won)| **won).count() as f64, holds().count() as f64);
    let points = match gain {
        Ok((step, error)) => {
            let half = dist::normal_critical(LEVEL) * error / scale;
            Estimate::new(step / scale, Interval::around(step / scale, half))
        }
        Err(reason) => Estimate::undefined(reason.to_string()),
    };
    let suggested = points.point.finite().map_or(0.0, |points| (points / 5.0).round() * 5.0 + 0.0);
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    Missed {
        name: candidate.name.clone(),
        column: candidate.column.clone(),
        share: Estimate::with(count.n / evidence.leads() as f64, wilson(count.n, evidence.leads() as f64, LEVEL)),
        rate: Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL)),
        points,
        p_adjusted: p_adjusted.into(),
        criterion: format!(
            "{{ name: {}, when: {}, points: {suggested} }}",
            quoted(&candidate.name),
            quoted(&candidate.when)
        ),
    }
}
