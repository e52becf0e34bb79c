//! The paired bootstrap: every model on the same resampled leads.

mod rows;
mod view;

use rayon::prelude::*;

use crate::metrics::Figures;
use crate::stats::discrimination::{AucComparison, PairedScores, delong_placed, placements};
use crate::stats::order::rising;
use crate::stats::within_strata::{delong_within, placements_within};
use crate::stats::{Interval, Undefined, quantile};

use super::LEVEL;
use super::accounts::Area;
use super::calibrate::Maps;
use super::cohort::{Cohort, Scored};
use super::schedule::Schedule;

use self::rows::{Drawn, LANES, Lanes, NOWHERE, Rows, Weight};
use self::view::{Ranks, View, drawn_of, winners};

/// Figures of every model: on the leads as they are, and on each resample.
pub(super) struct Paired {
    /// A model each.
    pub observed: Vec<Figures>,
    /// A resample each, of a model each.
    pub resampled: Vec<Vec<Figures>>,
    /// How each model's scores become probabilities.
    pub maps: Vec<Maps>,
    /// Of each model, how many leads of the other class and of its own fit each mature lead's score puts on its right side.
    placements: Vec<Result<Vec<f64>, Undefined>>,
    /// Whether each mature lead converted.
    converted: Vec<bool>,
    /// The account of each, where it is known.
    account: Option<Vec<u32>>,
    /// The fit that scores each, where there are several.
    fit: Option<Vec<u32>>,
}

impl Paired {
    /// The percentile interval of one figure of one model.
    pub fn interval(&self, model: usize, read: fn(&Figures) -> f64) -> Result<Interval, Undefined> {
        percentiles(self.resampled.iter().map(|figures| read(&figures[model])).collect())
    }

    /// The AUC of one model on the mature leads.
    pub fn area(&self, model: usize) -> Result<Area, Undefined> {
        if self.resampled.is_empty() {
            return Err(Undefined::TooFewClusters);
        }
        let own = self.areas(model, model).ok_or(Undefined::OneClass)?;
        Ok(Area { auc: own.auc_a, variance: own.variance.map(|variance| variance.a) })
    }

    /// The AUCs of two models on the mature leads.
    pub fn areas(&self, a: usize, b: usize) -> Option<AucComparison> {
        let (a, b) = (self.placements[a].as_ref().ok()?, self.placements[b].as_ref().ok()?);
        let cluster = self.account.as_deref();
        let placed = PairedScores { a, b, converted: &self.converted, weight: None, cluster };
        match &self.fit {
            None => delong_placed(placed).ok(),
            Some(fit) => delong_within(placed, fit).ok(),
        }
    }
}

/// The type-7 percentile interval; of no resamples, as of too few accounts, there is none. Resamples without a single win have no figures and are left out; where they would fill
/// a tail of the interval, the others do not tell it.
pub(super) fn percentiles(mut values: Vec<f64>) -> Result<Interval, Undefined> {
    let (tail, drawn) = ((1.0 - LEVEL) / 2.0, values.len() as f64);
    if values.is_empty() {
        return Err(Undefined::TooFewClusters);
    }
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    if values.is_empty() || drawn - values.len() as f64 > tail * drawn {
        return Err(Undefined::TooFewRows);
    }
    Ok(Interval::new(quantile::sorted(&values, tail), quantile::sorted(&values, (1.0 + LEVEL) / 2.0)))
}

pub(super) fn bootstrap(cohort: &Cohort, schedule: &Schedule) -> Paired {
    let period = periods(cohort, schedule);
    let limits: Vec<f64> = schedule.periods.iter().map(|(_, k)| *k).collect();
    let ranks: Vec<(Vec<u32>, Vec<f64>)> =
        cohort.models().par_iter().map(|model| ranks(&model.ranked(cohort.mature()))).collect();
    let (ranks, scores): (Vec<Vec<u32>>, Vec<Vec<f64>>) = ranks.into_iter().unzip();
    let rows = Rows::new(cohort, &period, &ranks);
    let by_row = |values: &[u32]| rows.first.iter().map(|&lead| values[lead as usize]).collect::<Vec<u32>>();
    let period = by_row(&period);
    let maps: Vec<Maps> = cohort.models().par_iter().map(|model| Maps::of(cohort, model)).collect();
    let fit = cohort.fits_of(cohort.mature());
    let fit_of_row = fit.as_ref().map(|fit| by_row(fit));
    let view = |place: usize| {
        let ranked = Ranks { rank: &by_row(&ranks[place]), scores: &scores[place], maps: &maps[place] };
        View::new(&rows, &ranked, fit_of_row.as_deref(), &period, &limits)
    };
    let views: Vec<View> = (0..cohort.models().len()).into_par_iter().map(view).collect();
    let once = rows.observed();
    let winners = winners(&rows, &period);
    let wins = drawn_of(&winners, &once);
    let observed = views.par_iter().map(|view| view.figures(&rows, &once, &wins)[0]).collect();
    drop(once);
    let account = cohort.account_of(cohort.mature());
    let resampled = if cohort.accounts().refused.is_some() {
        Vec::new()
    } else if rows.are_leads() {
        resample::<u8>(cohort, &rows, &winners, &views)
    } else {
        resample::<u32>(cohort, &rows, &winners, &views)
    };
    let converted = cohort.converted(cohort.mature());
    let placed = |model: &Scored| {
        let scores = model.ranked(cohort.mature());
        match &fit {
            None => placements(&scores, &converted),
            Some(fit) => Ok(placements_within(&scores, &converted, fit)),
        }
    };
    let placements = cohort.models().par_iter().map(placed).collect();
    Paired { observed, resampled, maps, placements, converted, account, fit }
}

/// The figures of every model on every resample.
fn resample<W: Weight>(cohort: &Cohort, rows: &Rows, winners: &[u32], views: &[View]) -> Vec<Vec<Figures>> {
    let design = cohort.design();
    let batch = |room: &mut Drawn<W>, first: usize| {
        let mut streams = std::array::from_fn(|lane| design.seed.replicate((first + lane) as u64));
        W::draw(rows, &mut streams, room);
        let (drawn, wins) = (&room.rows, drawn_of(winners, &room.rows));
        let figures: Vec<Lanes<Figures>> = views.iter().map(|view| view.figures(rows, drawn, &wins)).collect();
        (0..LANES).map(|lane| figures.iter().map(|model| model[lane]).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let batches = (0..design.replicates.div_ceil(LANES)).into_par_iter();
    let mut resampled: Vec<Vec<Figures>> =
        batches.map_init(Drawn::default, |room, number| batch(room, number * LANES)).flatten_iter().collect();
    resampled.truncate(design.replicates);
    resampled
}

/// The period of each mature lead.
fn periods(cohort: &Cohort, schedule: &Schedule) -> Vec<u32> {
    let mut period_of = vec![NOWHERE; cohort.leads().converted.len()];
    for (number, (members, _)) in schedule.periods.iter().enumerate() {
        members.iter().for_each(|&row| period_of[row] = number as u32);
    }
    cohort.mature().iter().map(|&row| period_of[row]).collect()
}

/// The rank of every score among the distinct ones, and those, ascending.
fn ranks(scores: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let order = rising(scores);
    let (mut rank, mut distinct): (Vec<u32>, Vec<f64>) = (vec![0; scores.len()], Vec::new());
    for &lead in &order {
        let score = scores[lead as usize];
        if distinct.last().is_none_or(|last| *last != score) {
            distinct.push(score);
        }
        rank[lead as usize] = distinct.len() as u32 - 1;
    }
    (rank, distinct)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resamples_without_figures_leave_no_interval_where_they_would_fill_a_tail() {
        let values = |missing: usize| (0..1_000).map(|n| if n < missing { f64::NAN } else { n as f64 }).collect();
        let interval = percentiles(values(25)).unwrap();
        assert!((interval.low - (25.0 + 0.025 * 974.0)).abs() < 1e-9, "{interval:?}");
        assert_eq!(percentiles(values(26)), Err(Undefined::TooFewRows));
        assert_eq!(percentiles(values(1_000)), Err(Undefined::TooFewRows));
    }
}
