//! How much wider intervals would be had models learned from other leads: a bootstrap of the training leads.

use rayon::prelude::*;

use crate::evaluation::{self, Cohort};
use crate::models::{self, Learned, Model};
use crate::replay::Replayed;
use crate::result::{Comparison, Estimate, Fact};
use crate::stats::dist;
use crate::stats::random::Stream;

/// Refits on resampled leads.
const DRAWS: u64 = 50;
/// Of more training leads so many are drawn, and the variance is scaled (the m-out-of-n bootstrap, Bickel & Sakov 2008).
const MOST: f64 = 10_000.0;
/// Streams of this program's other draws lie below.
const STREAM: u64 = 1 << 40;

/// Of the challenger that the decision speaks of against the champion: nothing where models are not fitted period by period,
/// and where neither of the two is fitted.
pub(super) fn wider(
    models: &[Model],
    replayed: &Replayed,
    cohort: &Cohort,
    comparison: Option<&Comparison>,
) -> Option<Fact> {
    let (walk, comparison) = (replayed.walk.as_ref()?, comparison?);
    let fitted = |name: &str| models.iter().find(|model| model.name() == name && model.kind().is_fitted());
    let pair = [&comparison.champion, &comparison.challenger].map(|name| fitted(name));
    let refitted: Vec<Model> = pair.iter().flatten().map(|model| (*model).clone()).collect();
    if refitted.is_empty() {
        return None;
    }
    let own = own_error(comparison)?;
    let largest = walk.fits.iter().map(|fit| fit.leads).max()? as f64;
    let rate = (MOST / largest).min(1.0);
    let learned: Vec<Vec<usize>> = (0..walk.fits.len()).map(|fit| walk.training(fit)).collect();
    let score = |name: &str| cohort.models().iter().find(|model| model.name == name).map(|model| model.score.clone());
    let fixed = [&comparison.champion, &comparison.challenger].map(|name| score(name));
    let difference = |number: u64| {
        let times = drawn(replayed, rate, &mut cohort.design().seed.replicate(STREAM + number));
        let drawn = |rows: &Vec<usize>| Learned::of(repeated(rows, &times), &replayed.outcomes.converted);
        let drawn: Vec<Learned> = learned.iter().map(drawn).collect();
        // A draw with too few wins to fit is no draw.
        let scores = models::score_forward(&refitted, &replayed.features, &drawn, &walk.fit).ok()?;
        let mut scores = scores.into_iter().map(|scores| scores.value);
        let both = pair.iter().zip(&fixed).map(|(refit, fixed)| match refit {
            Some(_) => scores.next(),
            None => fixed.clone(),
        });
        let found = evaluation::handed_over(cohort, &both.collect::<Option<Vec<Vec<f64>>>>()?);
        Some(found[1] - found[0])
    };
    let differences: Vec<f64> = (0..DRAWS).into_par_iter().filter_map(difference).collect();
    let n = differences.len() as f64;
    if n < DRAWS as f64 / 2.0 {
        return None;
    }
    let mean = differences.iter().sum::<f64>() / n;
    let variance = rate * differences.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let wider = (1.0 + variance / own.powi(2)).sqrt();
    let undoes = comparison.gain.winners.interval().zip(comparison.gain.winners.point.finite()).is_some_and(
        |(interval, point)| {
            let holds_0 = |factor: f64| {
                point - factor * (point - interval.low) <= 0.0 && point + factor * (interval.high - point) >= 0.0
            };
            !holds_0(1.0) && holds_0(wider)
        },
    );
    let (champion, challenger) = (comparison.champion.clone(), comparison.challenger.clone());
    wider.is_finite().then_some(Fact::RefitSpread { champion, challenger, wider, draws: n as u64, undoes })
}

/// The standard error of the difference in winners, the fits as they are: what decides says both its interval and the
/// difference that it would show with 80 % power, and so its critical value.
fn own_error(comparison: &Comparison) -> Option<f64> {
    let half = |estimate: &Estimate| estimate.interval().map(|interval| (interval.high - interval.low) / 2.0);
    let (deciding, wins) = (half(&comparison.gain.winners)?, half(&comparison.wins)?);
    let power = dist::normal_quantile(0.8);
    let critical = power * deciding / (comparison.gain.detectable.finite()? - deciding);
    Some(wins / critical).filter(|error| *error > 0.0)
}

/// How often each lead is learned from: leads are drawn with replacement, or accounts with all of their leads.
fn drawn(replayed: &Replayed, rate: f64, stream: &mut Stream) -> Vec<u64> {
    match &replayed.accounts.declared {
        None => (0..replayed.roles.len()).map(|_| stream.poisson(rate)).collect(),
        Some(account) => {
            let accounts = account.iter().max().map_or(0, |&last| last as usize + 1);
            let times: Vec<u64> = (0..accounts).map(|_| stream.poisson(rate)).collect();
            account.iter().map(|&own| times[own as usize]).collect()
        }
    }
}

fn repeated(rows: &[usize], times: &[u64]) -> Vec<usize> {
    rows.iter().flat_map(|&row| std::iter::repeat_n(row, times[row] as usize)).collect()
}
