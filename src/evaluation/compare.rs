use crate::metrics::{self, AUC, CAPTURE, Metric, Resample};
use crate::result::{Comparison, Decision, Difference, Estimate, Number, SwapCell, SwapSet};
use crate::stats::discrimination::AucComparison;
use crate::stats::multiplicity::holm;
use crate::stats::proportion::wilson;
use crate::stats::{Interval, Undefined, dist};

use super::LEVEL;
use super::cohort::{Cohort, Scored};
use super::paired::Paired;
use super::schedule::{Schedule, inclusion};
use super::spread::{Spread, max_t};

/// The smallest difference in capture that is worth a change of model, where none is stated: two wins in a hundred.
pub(super) const WORTHWHILE: f64 = 0.02;

/// The champion and its challengers, on the same leads and resamples.
#[derive(Clone, Copy)]
struct Field<'a> {
    cohort: &'a Cohort,
    schedule: &'a Schedule,
    paired: &'a Paired,
    champion: usize,
    challengers: &'a [usize],
}

/// Every challenger against the champion.
pub(super) fn comparisons(cohort: &Cohort, schedule: &Schedule, paired: &Paired) -> Vec<Comparison> {
    let Some(champion) = cohort.design().champion else { return Vec::new() };
    let challengers: Vec<usize> = (0..cohort.models().len()).filter(|&model| model != champion).collect();
    let field = Field { cohort, schedule, paired, champion, challengers: &challengers };
    let mut differences: Vec<Vec<Difference>> = vec![Vec::new(); challengers.len()];
    for (metric, resample) in metrics::compared() {
        let of_metric = field.differences(metric, resample);
        of_metric.into_iter().zip(&mut differences).for_each(|(one, all)| all.extend(one));
    }
    challengers.iter().zip(differences).map(|(&challenger, own)| field.comparison(challenger, own)).collect()
}

impl Field<'_> {
    fn spread(&self, challenger: usize, resample: Resample) -> Spread {
        Spread::of(self.paired, self.schedule, (self.champion, challenger), resample)
    }

    /// One metric over all challengers; nothing for a challenger where either side has no such figure.
    fn differences(&self, metric: &Metric, resample: Resample) -> Vec<Option<Difference>> {
        let Self { paired, champion, challengers, .. } = *self;
        let spreads: Vec<Spread> = challengers.iter().map(|&challenger| self.spread(challenger, resample)).collect();
        let delong = |challenger: &usize| {
            if metric.id == AUC.id { paired.areas(champion, *challenger) } else { None }
        };
        let delong: Vec<Option<AucComparison>> = challengers.iter().map(delong).collect();
        let p_of = |(spread, delong): (&Spread, &Option<AucComparison>)| {
            delong.map_or_else(|| spread.p(), |delong| delong.test().map(|test| test.p))
        };
        let p: Vec<Result<f64, Undefined>> = spreads.iter().zip(&delong).map(p_of).collect();
        let is_defined = |spread: &Spread| !spread.observed.is_nan();
        let family = p.iter().zip(&spreads).map(|(p, spread)| p.ok().filter(|_| is_defined(spread)).unwrap_or(1.0));
        let adjusted = holm(&family.collect::<Vec<f64>>());
        let critical = max_t(&spreads, LEVEL);
        let one = |place: usize| {
            let spread = &spreads[place];
            let own = delong[place].map_or_else(|| spread.interval(), |delong| delong.interval(LEVEL));
            let simultaneous = critical.map(|critical| Interval::around(spread.observed, critical * spread.se));
            Difference {
                metric: metric.id,
                champion: (resample.read)(&paired.observed[champion]).into(),
                challenger: (resample.read)(&paired.observed[challengers[place]]).into(),
                difference: Estimate::with(spread.observed, own),
                simultaneous: Estimate::with(spread.observed, simultaneous.ok_or(Undefined::ZeroVariance)),
                p: p[place].into(),
                p_adjusted: p[place].map(|_| adjusted[place]).into(),
            }
        };
        (0..challengers.len()).map(|place| is_defined(&spreads[place]).then(|| one(place))).collect()
    }

    fn comparison(&self, challenger: usize, differences: Vec<Difference>) -> Comparison {
        let per_quarter = |resample: Resample| match self.schedule.quarters {
            None => Estimate::undefined(Undefined::NoTimes.to_string()),
            Some(quarters) => {
                let spread = self.spread(challenger, resample);
                Estimate::with(
                    spread.observed / quarters,
                    spread.interval().map(|interval| interval.map(|wins| wins / quarters)),
                )
            }
        };
        let wins = self.spread(challenger, Resample::WINS);
        let capture = self.spread(challenger, Resample::CAPTURE);
        let (a, b) = (&self.cohort.models()[self.champion], &self.cohort.models()[challenger]);
        Comparison {
            champion: a.name.clone(),
            challenger: b.name.clone(),
            swap: swap(self.cohort, self.schedule, a, b),
            wins: Estimate::with(wins.observed, wins.interval()),
            wins_per_quarter: per_quarter(Resample::WINS),
            value_per_quarter: self.cohort.is_valued().then(|| per_quarter(Resample::VALUE)),
            decision: decide(&differences, a, b),
            leads_needed: leads_needed(self.cohort.mature().len() as f64, capture.se),
            differences,
        }
    }
}

/// The default gate: promote when the simultaneous lower bound of the difference in capture is above 0; keep when the
/// upper bound leaves no worthwhile gain, over a champion whose own figures can be believed; else the evidence does not
/// reach.
fn decide(differences: &[Difference], champion: &Scored, challenger: &Scored) -> Decision {
    let capture = differences.iter().find(|difference| difference.metric == CAPTURE.id);
    let bounds = capture.and_then(|capture| capture.simultaneous.interval());
    match bounds {
        _ if champion.is_hidden() => Decision::NotEnoughEvidence,
        Some(bounds) if bounds.low > 0.0 && challenger.not_promotable.is_none() => Decision::Promote,
        _ if champion.is_suspended() => Decision::NotEnoughEvidence,
        Some(bounds) if bounds.high < WORTHWHILE => Decision::Keep,
        // An identical order: nothing varies and nothing is gained.
        None if capture.is_some_and(|capture| capture.difference.point == Number::Value(0.0)) => Decision::Keep,
        _ => Decision::NotEnoughEvidence,
    }
}

/// Leads for 80 % power to see the smallest worthwhile difference in capture, from the spread that these leads show.
fn leads_needed(leads: f64, se: f64) -> Number {
    if se.is_nan() || se <= 0.0 {
        return Undefined::ZeroVariance.into();
    }
    let z = dist::normal_critical(LEVEL) + dist::normal_quantile(0.8);
    (leads * (z * se / WORTHWHILE).powi(2)).ceil().into()
}

/// Who would be handed over by both models, by one, by neither.
fn swap(cohort: &Cohort, schedule: &Schedule, champion: &Scored, challenger: &Scored) -> SwapSet {
    let (p, q) = (inclusion(champion, schedule), inclusion(challenger, schedule));
    let rows = schedule.periods.iter().zip(p.iter().zip(&q));
    let leads: Vec<(usize, f64, f64)> = rows
        .flat_map(|((rows, _), (p, q))| rows.iter().zip(p.iter().zip(q)).map(|(&row, (&p, &q))| (row, p, q)))
        .collect();
    let cell = |share: fn(f64, f64) -> f64| swap_cell(cohort, leads.iter().map(|&(row, p, q)| (row, share(p, q))));
    SwapSet {
        hand_over: schedule.hand_over.clone(),
        both: cell(f64::min),
        champion_only: cell(|p, q| (p - q).max(0.0)),
        challenger_only: cell(|p, q| (q - p).max(0.0)),
        neither: cell(|p, q| 1.0 - p.max(q)),
    }
}

fn swap_cell(cohort: &Cohort, members: impl Iterator<Item = (usize, f64)>) -> SwapCell {
    let columns = cohort.leads();
    let (mut leads, mut squares, mut wins, mut value) = (0.0, 0.0, 0.0, 0.0);
    for (row, share) in members {
        leads += share;
        squares += share * share;
        if columns.converted[row] {
            wins += share;
            value += share * cohort.value_of(row).unwrap_or(0.0);
        }
    }
    let rate = if leads > 0.0 { Ok(wins / leads) } else { Err(Undefined::Empty) };
    // A tied block that is handed over in part tells of the rate with all of its leads (Kish 1965).
    let effective = if squares > 0.0 { leads * leads / squares } else { 0.0 };
    let known = f64::min(wins / leads, 1.0) * effective;
    SwapCell {
        leads,
        wins,
        rate: Estimate::with(rate, wilson(known, effective, LEVEL)),
        value: cohort.is_valued().then_some(value),
    }
}

/// The best model in capture of those that do not seem to know the outcome, and all that it does not beat: simultaneous over the comparisons with the best.
pub(super) fn tied_with_best(cohort: &Cohort, schedule: &Schedule, paired: &Paired) -> (Option<usize>, Vec<usize>) {
    let capture = |model: usize| paired.observed[model].capture;
    let counts = |model: &usize| !capture(*model).is_nan() && !cohort.models()[*model].is_suspended();
    let models: Vec<usize> = (0..cohort.models().len()).filter(counts).collect();
    // Of equal ones the first in the file.
    let Some(best) =
        models.iter().copied().reduce(|best, model| if capture(model) > capture(best) { model } else { best })
    else {
        return (None, Vec::new());
    };
    let spreads: Vec<Spread> =
        models.iter().map(|&model| Spread::of(paired, schedule, (model, best), Resample::CAPTURE)).collect();
    let critical = max_t(&spreads, LEVEL).unwrap_or(0.0);
    let beaten = |spread: &Spread| spread.observed - critical * spread.se > 0.0;
    let tied = models.iter().zip(&spreads).filter(|(_, spread)| !beaten(spread)).map(|(&model, _)| model).collect();
    (Some(best), tied)
}
