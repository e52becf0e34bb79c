//! How fast the events of a criterion fade, by the data.

use rayon::prelude::*;

use crate::result::{Decay, Estimate, Number};
use crate::stats::linear::Matrix;
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::regression::{Rows, maximum_likelihood};
use crate::stats::{Undefined, dist};

use super::weigh::{LeftOut, weigh};
use super::{Evidence, FALSE_DISCOVERIES, LEVEL};

/// A criterion's strengths at several half-lives.
#[derive(Clone, Debug)]
pub struct Faded {
    /// The criterion's place.
    pub criterion: usize,
    /// Days; nothing where no half-life is set.
    pub configured_days: Option<f64>,
    /// Ascending half-lives in days with the strengths they give, the last one infinite: no decay.
    pub grid: Vec<(f64, Vec<f64>)>,
}

/// The half-life that each criterion's events have by profile likelihood, the other criteria free.
pub fn decays(evidence: &Evidence, faded: &[Faded]) -> Vec<Decay> {
    let left_out = weigh(evidence).left_out;
    let found: Vec<Result<Profile, Undefined>> =
        faded.par_iter().map(|one| profile(evidence, one, &left_out)).collect();
    let p: Vec<f64> = found.iter().map(|found| found.as_ref().map_or(f64::NAN, |found| found.p)).collect();
    let adjusted = benjamini_hochberg(&p);
    let all = faded.iter().zip(found).zip(adjusted);
    all.map(|((one, found), p)| decay(evidence, one, &found, p)).collect()
}

fn profile(evidence: &Evidence, faded: &Faded, left_out: &[Option<LeftOut>]) -> Result<Profile, Undefined> {
    let others: Vec<usize> =
        (0..left_out.len()).filter(|&place| place != faded.criterion && left_out[place].is_none()).collect();
    let y: Vec<f64> = evidence.converted.iter().map(|won| f64::from(*won)).collect();
    let likelihood = |strength: &[f64]| {
        let x = Matrix::from_fn(y.len(), others.len() + 1, |row, column| match others.get(column) {
            Some(&place) => evidence.criteria[place].strength[row],
            None => strength[row],
        });
        maximum_likelihood(&Rows::new(&x, &y)).map(|fit| fit.log_likelihood)
    };
    let tried = faded.grid.iter().map(|(days, strength)| Ok((*days, likelihood(strength)?)));
    Profile::of(&tried.collect::<Result<Vec<(f64, f64)>, Undefined>>()?)
}

fn decay(evidence: &Evidence, faded: &Faded, found: &Result<Profile, Undefined>, p_adjusted: f64) -> Decay {
    let (half_life, p) = match found {
        Ok(found) => (found.estimate(), p_adjusted.into()),
        Err(reason) => (Estimate::undefined(reason.to_string()), Number::from(*reason)),
    };
    let clear = p_adjusted <= FALSE_DISCOVERIES;
    Decay {
        criterion: evidence.criteria[faded.criterion].name.clone(),
        configured_days: faded.configured_days,
        half_life,
        p,
        sentence: sentence(faded.configured_days, found, clear),
    }
}

struct Profile {
    best: f64,
    low: f64,
    high: f64,
    /// Of no decay at all.
    p: f64,
}

impl Profile {
    /// The top by a parabola through the best three on a logarithmic scale; ends where the likelihood falls by 1.92.
    fn of(profile: &[(f64, f64)]) -> Result<Self, Undefined> {
        let Some(((_, never), finite)) = profile.split_last() else { return Err(Undefined::Empty) };
        if finite.len() < 3 {
            return Err(Undefined::TooFewRows);
        }
        let points: Vec<(f64, f64)> = finite.iter().map(|(days, value)| (days.ln(), *value)).collect();
        let top = (0..points.len()).fold(0, |best, i| if points[i].1 > points[best].1 { i } else { best });
        let (mut best, mut most) = points[top];
        if (1..points.len() - 1).contains(&top) {
            (best, most) = vertex(points[top - 1], points[top], points[top + 1]);
        }
        if *never >= most {
            (best, most) = (f64::INFINITY, *never);
        }
        let floor = most - dist::normal_critical(LEVEL).powi(2) / 2.0;
        let crossing = |inside: (f64, f64), outside: (f64, f64)| {
            inside.0 + (outside.0 - inside.0) * ((inside.1 - floor) / (inside.1 - outside.1)).clamp(0.0, 1.0)
        };
        let first_in = points.iter().position(|point| point.1 >= floor);
        let summit = (best, most);
        let low = match first_in {
            Some(0) => 0.0,
            Some(i) => crossing(points[i], points[i - 1]).exp(),
            // The summit stands between two points that are both below the floor.
            None if best.is_finite() => {
                points.iter().rev().find(|point| point.0 < best).map_or(0.0, |left| crossing(summit, *left).exp())
            }
            None => points[points.len() - 1].0.exp(),
        };
        let high = if *never >= floor {
            f64::INFINITY
        } else {
            match points.iter().rposition(|point| point.1 >= floor) {
                Some(i) if i + 1 < points.len() => crossing(points[i], points[i + 1]).exp(),
                Some(i) => points[i].0.exp() * 2.0,
                None => points
                    .iter()
                    .find(|point| point.0 > best)
                    .map_or(f64::INFINITY, |right| crossing(summit, *right).exp()),
            }
        };
        let p = dist::chi2_sf((2.0 * (most - never)).max(0.0), 1.0);
        Ok(Self { best: best.exp(), low, high, p })
    }

    fn estimate(&self) -> Estimate {
        Estimate { point: self.best.into(), low: self.low.into(), high: self.high.into() }
    }
}

/// The top of the parabola through three points.
fn vertex(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> (f64, f64) {
    let left = (b.1 - a.1) / (b.0 - a.0);
    let right = (c.1 - b.1) / (c.0 - b.0);
    let curvature = (right - left) / (c.0 - a.0);
    if curvature >= 0.0 || curvature.is_nan() {
        return b;
    }
    let x = ((a.0 + b.0) / 2.0 - left / (2.0 * curvature)).clamp(a.0, c.0);
    (x, b.1 + (x - b.0) * (left + curvature * (x - a.0)))
}

/// `clear`: faster than never, beyond what looking at all criteria explains.
fn sentence(configured: Option<f64>, found: &Result<Profile, Undefined>, clear: bool) -> String {
    let days = |days: f64| if days >= 10.0 { format!("{days:.0}") } else { format!("{days:.1}") };
    let Ok(found) = found else { return "The data cannot say how fast it fades.".into() };
    let range = if found.low > 0.0 {
        format!("{} to {} days", days(found.low), days(found.high))
    } else {
        format!("at most {} days", days(found.high))
    };
    match (clear && found.high.is_finite(), configured) {
        (false, None) => "No evidence that decay helps.".into(),
        (false, Some(set)) if found.low <= set => {
            format!("No evidence that decay helps; a half-life of {} days does no harm the data can see.", days(set))
        }
        (false, Some(set)) => {
            format!(
                "Fades too fast: set to {} days, the data support {} days or more, or no decay.",
                days(set),
                days(found.low)
            )
        }
        (true, None) => {
            format!("Fades with age, and is not set to: a half-life of about {} days ({range}).", days(found.best))
        }
        (true, Some(set)) if found.low <= set && set <= found.high => {
            format!("The half-life of {} days agrees with the data ({range}).", days(set))
        }
        (true, Some(set)) => {
            let speed = if set > found.high { "too slowly" } else { "too fast" };
            format!("Fades {speed}: set to {} days, the data say about {} ({range}).", days(set), days(found.best))
        }
    }
}
