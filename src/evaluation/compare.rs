use crate::result::{Comparison, Decision, Difference, Estimate, Number, SwapCell, SwapSet};
use crate::stats::discrimination;
use crate::stats::multiplicity::holm;
use crate::stats::proportion::wilson;
use crate::stats::{Interval, Undefined, dist, quantile};

use super::LEVEL;
use super::capacity::{Schedule, inclusion};
use super::cohort::{Cohort, Scored};
use super::edges::Edge;
use super::paired::{Figures, Paired, percentiles};
use super::ranking::SHARES;

/// The smallest difference in capture that is worth a change of model, where none is stated: two wins in a hundred.
pub(super) const WORTHWHILE: f64 = 0.02;

/// A figure of the paired bootstrap that models are compared in.
pub(super) struct Compared {
    pub metric: &'static str,
    pub label: &'static str,
    pub higher_is_better: bool,
    pub read: fn(&Figures) -> f64,
    /// Where it counts the leads over an edge.
    pub edge: Option<Edge>,
}

pub(super) const COMPARED: [Compared; 16] = [
    Compared {
        metric: "capture",
        label: "share of wins captured",
        higher_is_better: true,
        read: |figures| figures.capture,
        edge: Some(Edge::Capture),
    },
    Compared { metric: "auc", label: "AUC", higher_is_better: true, read: |figures| figures.auc, edge: None },
    Compared {
        metric: "average_precision",
        label: "average precision",
        higher_is_better: true,
        read: |figures| figures.average_precision,
        edge: None,
    },
    Compared {
        metric: "lift_10",
        label: "lift in the top 10 %",
        higher_is_better: true,
        read: |figures| figures.lift_10,
        edge: Some(Edge::Top(2, 1.0 / SHARES[2])),
    },
    Compared {
        metric: "brier",
        label: "Brier score",
        higher_is_better: false,
        read: |figures| figures.brier,
        edge: None,
    },
    Compared {
        metric: "log_loss",
        label: "log loss",
        higher_is_better: false,
        read: |figures| figures.log_loss,
        edge: None,
    },
    Compared {
        metric: "capture_1",
        label: "share of wins in the top 1 %",
        higher_is_better: true,
        read: |figures| figures.top[0],
        edge: Some(Edge::Top(0, 1.0)),
    },
    Compared {
        metric: "capture_5",
        label: "share of wins in the top 5 %",
        higher_is_better: true,
        read: |figures| figures.top[1],
        edge: Some(Edge::Top(1, 1.0)),
    },
    Compared {
        metric: "capture_10",
        label: "share of wins in the top 10 %",
        higher_is_better: true,
        read: |figures| figures.top[2],
        edge: Some(Edge::Top(2, 1.0)),
    },
    Compared {
        metric: "capture_20",
        label: "share of wins in the top 20 %",
        higher_is_better: true,
        read: |figures| figures.top[3],
        edge: Some(Edge::Top(3, 1.0)),
    },
    Compared {
        metric: "capture_30",
        label: "share of wins in the top 30 %",
        higher_is_better: true,
        read: |figures| figures.top[4],
        edge: Some(Edge::Top(4, 1.0)),
    },
    Compared {
        metric: "lift_1",
        label: "lift in the top 1 %",
        higher_is_better: true,
        read: |figures| figures.top[0] / SHARES[0],
        edge: Some(Edge::Top(0, 1.0 / SHARES[0])),
    },
    Compared {
        metric: "lift_5",
        label: "lift in the top 5 %",
        higher_is_better: true,
        read: |figures| figures.top[1] / SHARES[1],
        edge: Some(Edge::Top(1, 1.0 / SHARES[1])),
    },
    Compared {
        metric: "lift_20",
        label: "lift in the top 20 %",
        higher_is_better: true,
        read: |figures| figures.top[3] / SHARES[3],
        edge: Some(Edge::Top(3, 1.0 / SHARES[3])),
    },
    Compared {
        metric: "lift_30",
        label: "lift in the top 30 %",
        higher_is_better: true,
        read: |figures| figures.top[4] / SHARES[4],
        edge: Some(Edge::Top(4, 1.0 / SHARES[4])),
    },
    Compared {
        metric: "value",
        label: "value handed over",
        higher_is_better: true,
        read: |figures| figures.value,
        edge: Some(Edge::Value),
    },
];

/// What is read off the figures, and the edge it hangs on.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    pub read: fn(&Figures) -> f64,
    pub edge: Option<Edge>,
}

pub(super) const CAPTURE: Figure = Figure { read: |figures| figures.capture, edge: Some(Edge::Capture) };
const WINS: Figure = Figure { read: |figures| figures.wins, edge: Some(Edge::Wins) };
const VALUE: Figure = Figure { read: |figures| figures.value, edge: Some(Edge::Value) };

impl Compared {
    pub fn figure(&self) -> Figure {
        Figure { read: self.read, edge: self.edge }
    }
}

/// A difference and how it varies over the resamples.
pub(super) struct Spread {
    pub observed: f64,
    pub resampled: Vec<f64>,
    pub se: f64,
}

impl Spread {
    /// Of a figure; where it has an edge, with the spread of the leads' own luck about it.
    pub fn of(paired: &Paired, schedule: &Schedule, pair: (usize, usize), figure: Figure) -> Self {
        let (champion, challenger) = pair;
        let read = figure.read;
        let observed = read(&paired.observed[challenger]) - read(&paired.observed[champion]);
        let differences = paired.resampled.iter().map(|figures| read(&figures[challenger]) - read(&figures[champion]));
        // A resample without a single win has no figures.
        let mut resampled: Vec<f64> = differences.filter(|difference| difference.is_finite()).collect();
        let mut se = standard_deviation(&resampled);
        if let Some(edge) = figure.edge {
            let narrowing = schedule.edges.narrowing(edge, champion, challenger, se);
            resampled.iter_mut().for_each(|one| *one = observed + narrowing * (*one - observed));
            se *= narrowing;
        }
        Self { observed, se, resampled }
    }

    /// The percentile interval.
    fn interval(&self) -> Result<Interval, Undefined> {
        percentiles(self.resampled.clone())
    }

    pub fn p(&self) -> Result<f64, Undefined> {
        match (self.se > 0.0, self.observed == 0.0) {
            (true, _) => Ok(dist::normal_p(self.observed / self.se)),
            (false, true) => Ok(1.0),
            (false, false) => Err(Undefined::ZeroVariance),
        }
    }
}

pub(super) fn standard_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}

/// The critical value of the largest studentised deviation over several differences (max-t).
pub(super) fn max_t(spreads: &[Spread], level: f64) -> Option<f64> {
    let moving: Vec<&Spread> = spreads.iter().filter(|spread| spread.se > 0.0).collect();
    let replicates = moving.iter().map(|spread| spread.resampled.len()).min()?;
    let largest = |r: usize| {
        moving.iter().map(|spread| ((spread.resampled[r] - spread.observed) / spread.se).abs()).fold(0.0, f64::max)
    };
    quantile::of(&(0..replicates).map(largest).collect::<Vec<f64>>(), level)
}

/// Every challenger against the champion.
pub(super) fn comparisons(cohort: &Cohort, schedule: &Schedule, paired: &Paired) -> Vec<Comparison> {
    let Some(champion) = cohort.design().champion else { return Vec::new() };
    let challengers: Vec<usize> = (0..cohort.models().len()).filter(|&model| model != champion).collect();
    let mut differences: Vec<Vec<Difference>> = vec![Vec::new(); challengers.len()];
    for compared in &COMPARED {
        let spreads: Vec<Spread> = challengers
            .iter()
            .map(|&challenger| Spread::of(paired, schedule, (champion, challenger), compared.figure()))
            .collect();
        for (place, difference) in
            differences_of(schedule, paired, champion, &challengers, compared, &spreads).into_iter().enumerate()
        {
            differences[place].extend(difference);
        }
    }
    challengers
        .into_iter()
        .zip(differences)
        .map(|(challenger, differences)| comparison(cohort, schedule, paired, champion, challenger, differences))
        .collect()
}

/// One metric over all challengers; nothing for a challenger where either side has no such figure.
fn differences_of(
    schedule: &Schedule,
    paired: &Paired,
    champion: usize,
    challengers: &[usize],
    compared: &Compared,
    spreads: &[Spread],
) -> Vec<Option<Difference>> {
    let defined: Vec<bool> = spreads.iter().map(|spread| !spread.observed.is_nan()).collect();
    let delong: Vec<Option<discrimination::AucComparison>> = challengers
        .iter()
        .map(|&challenger| (compared.metric == "auc").then(|| paired.areas(champion, challenger)).flatten())
        .collect();
    let p: Vec<Result<f64, Undefined>> = spreads
        .iter()
        .zip(&delong)
        .map(|(spread, delong)| delong.map_or_else(|| spread.p(), |delong| delong.test().map(|test| test.p)))
        .collect();
    let family: Vec<f64> =
        p.iter().zip(&defined).map(|(p, defined)| if *defined { p.unwrap_or(1.0) } else { 1.0 }).collect();
    let adjusted = holm(&family);
    let critical = max_t(spreads, LEVEL);
    let one = |place: usize| {
        let spread = &spreads[place];
        let own = delong[place].map_or_else(|| spread.interval(), |delong| delong.interval(LEVEL));
        let simultaneous = critical.map(|critical| Interval::around(spread.observed, critical * spread.se));
        let label = if compared.metric == "capture" {
            format!("{} {}", compared.label, schedule.rule)
        } else {
            compared.label.into()
        };
        Difference {
            metric: compared.metric.into(),
            label,
            higher_is_better: compared.higher_is_better,
            champion: (compared.read)(&paired.observed[champion]).into(),
            challenger: (compared.read)(&paired.observed[challengers[place]]).into(),
            difference: Estimate::with(spread.observed, own),
            simultaneous: Estimate::with(spread.observed, simultaneous.ok_or(Undefined::ZeroVariance)),
            p: p[place].into(),
            p_adjusted: p[place].map(|_| adjusted[place]).into(),
        }
    };
    (0..challengers.len()).map(|place| defined[place].then(|| one(place))).collect()
}

fn comparison(
    cohort: &Cohort,
    schedule: &Schedule,
    paired: &Paired,
    champion: usize,
    challenger: usize,
    differences: Vec<Difference>,
) -> Comparison {
    let per_quarter = |figure: Figure| match schedule.quarters {
        None => Estimate::undefined(Undefined::NoTimes.to_string()),
        Some(quarters) => {
            let spread = Spread::of(paired, schedule, (champion, challenger), figure);
            Estimate::with(
                spread.observed / quarters,
                spread.interval().map(|interval| interval.map(|wins| wins / quarters)),
            )
        }
    };
    let wins = Spread::of(paired, schedule, (champion, challenger), WINS);
    let capture = Spread::of(paired, schedule, (champion, challenger), CAPTURE);
    let (a, b) = (&cohort.models()[champion], &cohort.models()[challenger]);
    let decision = decide(&differences, b);
    Comparison {
        champion: a.name.clone(),
        challenger: b.name.clone(),
        swap: swap(cohort, schedule, a, b),
        wins: Estimate::with(wins.observed, wins.interval()),
        wins_per_quarter: per_quarter(WINS),
        value_per_quarter: (!cohort.leads().value.is_empty()).then(|| per_quarter(VALUE)),
        decision,
        leads_needed: leads_needed(cohort.mature().len() as f64, capture.se),
        differences,
    }
}

/// The default gate: promote when the simultaneous lower bound of the difference in capture is above 0; keep when the
/// upper bound leaves no worthwhile gain; else the evidence does not reach.
fn decide(differences: &[Difference], challenger: &Scored) -> Decision {
    let capture = differences.iter().find(|difference| difference.metric == "capture");
    let bounds = capture.and_then(|capture| capture.simultaneous.interval());
    match bounds {
        Some(bounds) if bounds.low > 0.0 && challenger.not_promotable.is_none() => Decision::Promote,
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
        rule: schedule.rule.clone(),
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
            value += share * columns.value.get(row).copied().filter(|value| !value.is_nan()).unwrap_or(0.0);
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
        value: (!columns.value.is_empty()).then_some(value),
    }
}

/// The best model in capture, and all that it does not beat: simultaneous over the comparisons with the best.
pub(super) fn tied_with_best(cohort: &Cohort, schedule: &Schedule, paired: &Paired) -> (Option<usize>, Vec<usize>) {
    let capture = |model: usize| paired.observed[model].capture;
    let models: Vec<usize> = (0..cohort.models().len()).filter(|&model| !capture(model).is_nan()).collect();
    // Of equal ones the first in the file.
    let Some(best) =
        models.iter().copied().reduce(|best, model| if capture(model) > capture(best) { model } else { best })
    else {
        return (None, Vec::new());
    };
    let spreads: Vec<Spread> =
        models.iter().map(|&model| Spread::of(paired, schedule, (model, best), CAPTURE)).collect();
    let critical = max_t(&spreads, LEVEL).unwrap_or(0.0);
    let beaten = |spread: &Spread| spread.observed - critical * spread.se > 0.0;
    let tied = models.iter().zip(&spreads).filter(|(_, spread)| !beaten(spread)).map(|(&model, _)| model).collect();
    (Some(best), tied)
}
