//! How fast the events of a criterion fade, by the data.

use rayon::prelude::*;

use crate::result::{Decay, Estimate, Number};
use crate::stats::Undefined;
use crate::stats::multiplicity::benjamini_hochberg;

use super::profile::{Faded, Found, Profile};
use super::weigh::Weighed;
use super::{Evidence, FALSE_DISCOVERIES, words};

/// The half-life and the linear expiry that each criterion's events have by profile likelihood, the other criteria free.
pub fn decays(evidence: &Evidence, weighed: &Weighed, faded: &[Faded]) -> Vec<Decay> {
    let found: Vec<Result<Found, Undefined>> =
        faded.par_iter().map(|one| Found::of(evidence, one, &weighed.left_out)).collect();
    let p: Vec<f64> = found.iter().map(|found| found.as_ref().map_or(f64::NAN, Found::p)).collect();
    let adjusted = benjamini_hochberg(&p);
    let all = faded.iter().zip(found).zip(adjusted);
    all.map(|((one, found), p)| decay(evidence, one, &found, p)).collect()
}

fn decay(evidence: &Evidence, faded: &Faded, found: &Result<Found, Undefined>, p_adjusted: f64) -> Decay {
    let unknown = |reason: &Undefined| Estimate::undefined(reason.to_string());
    let (half_life, expiry, p) = match found {
        Ok(found) => {
            let expiry = found.expiry.as_ref().map_or_else(unknown, Profile::estimate);
            (found.half_life.estimate(), expiry, p_adjusted.into())
        }
        Err(reason) => (unknown(reason), unknown(reason), Number::from(*reason)),
    };
    Decay {
        criterion: evidence.criteria[faded.criterion].name.clone(),
        configured_days: faded.configured_days,
        configured_expiry: faded.configured_expiry,
        half_life,
        expiry,
        p,
        sentence: words::fading(faded, found.as_ref().ok(), p_adjusted <= FALSE_DISCOVERIES),
    }
}
