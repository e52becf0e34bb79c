use crate::metrics::{self, AUC, Metric, Resample};
use crate::result::{Comparison, Difference, Estimate, Reason, SwapCell, SwapSet};
use crate::stats::discrimination::AucComparison;
use crate::stats::multiplicity::holm;
use crate::stats::{Interval, Undefined, dist};

use super::LEVEL;
use super::cohort::{Cohort, Scored};
use super::deciding::{Against, Winners};
use super::paired::Paired;
use super::schedule::{Schedule, inclusion};
use super::spread::{Spread, max_t};

/// The champion and its challengers, on the same leads and resamples.
#[derive(Clone, Copy)]
struct Field<'a> {
    cohort: &'a Cohort,
    schedule: &'a Schedule,
    paired: &'a Paired,
    champion: usize,
    challengers: &'a [usize],
    winners: &'a Winners<'a>,
    against: &'a Against,
}

/// One figure of all challengers, and the critical value that holds for them at once.
type Family = (Vec<Spread>, f64);

/// Every challenger against the champion.
pub(super) fn comparisons(
    cohort: &Cohort,
    schedule: &Schedule,
    paired: &Paired,
    (winners, against): (&Winners, Option<&Against>),
) -> Vec<Comparison> {
    let (Some(champion), Some(against)) = (cohort.design().champion, against) else { return Vec::new() };
    let challengers: Vec<usize> = (0..cohort.models().len()).filter(|&model| model != champion).collect();
    let field = Field { cohort, schedule, paired, champion, challengers: &challengers, winners, against };
    let mut differences: Vec<Vec<Difference>> = vec![Vec::new(); challengers.len()];
    for (metric, resample) in metrics::compared() {
        let of_metric = field.differences(metric, resample);
        of_metric.into_iter().zip(&mut differences).for_each(|(one, all)| all.extend(one));
    }
    let families = [Resample::WINS, Resample::VALUE].map(|resample| field.family(resample));
    let one = |(place, own)| field.comparison(place, own, &families);
    differences.into_iter().enumerate().map(one).collect()
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

    fn family(&self, resample: Resample) -> Family {
        let spreads: Vec<Spread> =
            self.challengers.iter().map(|&challenger| self.spread(challenger, resample)).collect();
        let critical = max_t(&spreads, LEVEL).unwrap_or_else(|| dist::normal_critical(LEVEL));
        (spreads, critical)
    }

    fn comparison(&self, place: usize, differences: Vec<Difference>, [wins, value]: &[Family; 2]) -> Comparison {
        let challenger = self.challengers[place];
        let (a, b) = (&self.cohort.models()[self.champion], &self.cohort.models()[challenger]);
        let refused = self.schedule.refuses();
        let estimate = |(spreads, critical): &Family| {
            let spread = &spreads[place];
            let simultaneous = Interval::around(spread.observed, critical * spread.se);
            match &refused {
                Some(Reason::FewAccounts { .. }) => Estimate::with(spread.observed, Err(Undefined::TooFewClusters)),
                Some(_) => Estimate::undefined("no lead is handed over by one and not by another"),
                None => Estimate::new(spread.observed, simultaneous),
            }
        };
        let per_quarter = |estimate: &Estimate| match self.schedule.quarters {
            None => Estimate::undefined(Undefined::NoTimes.to_string()),
            Some(quarters) => estimate.scaled(1.0 / quarters),
        };
        let (wins, value) = (estimate(wins), estimate(value));
        Comparison {
            champion: a.name.clone(),
            challenger: b.name.clone(),
            swap: swap(self.cohort, self.schedule, a, b),
            wins_per_quarter: per_quarter(&wins),
            value_per_quarter: self.cohort.is_valued().then(|| per_quarter(&value)),
            wins,
            decision: self.against.decision(self.winners, a, (challenger, b)),
            gain: self.against.gain(self.winners, challenger),
            leads_needed: self.against.leads_needed(self.winners, self.cohort.mature().len() as f64, challenger),
            differences,
        }
    }
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
    let of = |(row, share): (usize, f64)| (share > 0.0).then(|| (row, share, columns.converted[row]));
    let members: Vec<(usize, f64, bool)> = members.filter_map(of).collect();
    let (mut leads, mut wins, mut value) = (0.0, 0.0, 0.0);
    for &(row, share, won) in &members {
        leads += share;
        if won {
            wins += share;
            value += share * cohort.value_of(row).unwrap_or(0.0);
        }
    }
    SwapCell { leads, wins, rate: cohort.shared_rate(&members), value: cohort.is_valued().then_some(value) }
}
