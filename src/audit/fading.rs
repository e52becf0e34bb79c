//! The criteria on events at other speeds of fading, as models that are replayed in the same pass.

use crate::models::spec::{Criterion, Per};
use crate::models::{Contribution, KindSpec, Placed, Points, Scores, Spec};
use crate::time::Span;

use super::Faded;

/// Half-lives and expiries that are tried, in days; what lies between is found between.
const DAYS: [f64; 15] = [2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0, 42.0, 60.0, 90.0, 130.0, 180.0, 260.0, 365.0];

/// The places of the criteria whose events can fade, each with its model.
pub fn models(points: &Points) -> Vec<(usize, Spec)> {
    points.criteria.iter().enumerate().filter_map(|one| model(one, points.is_foreign)).collect()
}

/// A criterion at every half-life and every expiry; the last of its criteria does not fade.
fn model((place, placed): (usize, &Placed), is_foreign: bool) -> Option<(usize, Spec)> {
    let criterion = &placed.criterion;
    if !fades(criterion) {
        return None;
    }
    let at = |name: String, half_life: Option<f64>, expires: Option<f64>| Placed {
        path: placed.path.clone(),
        criterion: Criterion {
            name,
            points: Some(1.0),
            half_life: half_life.map(Span::from_days),
            expires: expires.map(Span::from_days),
            loses: None,
            cap: None,
            group: None,
            ..criterion.clone()
        },
    };
    let halving = DAYS.iter().map(|days| at(format!("half-life {days}"), Some(*days), None));
    let expiring = DAYS.iter().map(|days| at(format!("expires {days}"), None, Some(*days)));
    let criteria = halving.chain(expiring).chain([at("never".into(), None, None)]).collect();
    let points = Points { criteria, is_foreign, ..Points::default() };
    let name = format!("fading of {}", criterion.name);
    Some((place, Spec { name, kind: KindSpec::Points(Box::new(points)), brackets: None }))
}

/// Whether its events have an age that could count.
fn fades(criterion: &Criterion) -> bool {
    let counts_once = criterion.per == Some(Per::Lead) || (criterion.per.is_none() && criterion.sum.is_none());
    criterion.event.is_some()
        && criterion.inactive_for.is_none()
        && (criterion.distinct.is_none() || (counts_once && criterion.at_least.is_some()))
}

/// What the model of a criterion gave the training leads.
pub fn faded(points: &Points, place: usize, scores: &Scores, training: &[usize]) -> Faded {
    let criterion = &points.criteria[place].criterion;
    let strength = |one: &Contribution| training.iter().map(|&row| one.strength[row]).collect::<Vec<f64>>();
    let (fading, never) = scores.contributions.split_at(2 * DAYS.len());
    let grid = |some: &[Contribution]| {
        let days = DAYS.iter().copied().chain([f64::INFINITY]);
        days.zip(some.iter().chain(never)).map(|(days, one)| (days, strength(one))).collect::<Vec<_>>()
    };
    Faded {
        criterion: place,
        configured_days: criterion.half_life.map(Span::days),
        configured_expiry: match criterion.loses {
            Some(loses) => Some((100.0 / loses.percent).ceil() * loses.every.days()),
            None => criterion.expires.map(Span::days),
        },
        half_lives: grid(&fading[..DAYS.len()]),
        expiries: grid(&fading[DAYS.len()..]),
    }
}
