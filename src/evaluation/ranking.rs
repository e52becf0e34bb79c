use crate::metrics::SHARES;
use crate::result::{Estimate, GainPoint, Number, Ranking, ScoreBin, Tied, TopShare};
use crate::stats::proportion::{self, Count};
use crate::stats::{Sample, Tally, Undefined, discrimination};

use super::LEVEL;
use super::cohort::{Cohort, Scored};
use super::schedule;

pub(super) fn ranking(tally: &Tally, fits: usize) -> Ranking {
    let threshold = discrimination::ks(tally).map(|ks| ks.threshold).into();
    Ranking {
        prevalence: discrimination::prevalence(tally).into(),
        ks_threshold: if fits > 1 { Number::undefined("each period's fit has its own") } else { threshold },
    }
}

/// The evaluated leads by score, for each fit that scores some; nothing where there is one for all.
pub(super) fn by_fit(cohort: &Cohort, model: &Scored) -> Vec<Tally> {
    let fits = cohort.fits();
    if fits < 2 {
        return Vec::new();
    }
    let mut rows = vec![Vec::new(); fits];
    cohort.mature().iter().for_each(|&row| rows[cohort.fit_of(row)].push(row));
    rows.iter().map(|rows| Sample::new(&model.ranked(rows), &cohort.converted(rows)).tally()).collect()
}

/// Wins, lift and capture among the leads with the highest scores.
pub(super) fn top(cohort: &Cohort, scores: &[f64], tally: &Tally) -> Vec<TopShare> {
    SHARES.into_iter().map(|share| top_share(cohort, scores, tally, share)).collect()
}

fn top_share(cohort: &Cohort, scores: &[f64], tally: &Tally, share: f64) -> TopShare {
    let top = discrimination::top_share(tally, share * tally.total());
    let tied = |scale: &dyn Fn(f64) -> Number| Tied {
        worst: scale(top.worst),
        expected: scale(top.expected),
        best: scale(top.best),
    };
    let over =
        |whole: f64| move |wins: f64| if whole > 0.0 { (wins / whole).into() } else { Undefined::NoEvents.into() };
    let (part, whole) = (Count::new(top.expected, top.leads), Count::new(top.positives, top.total));
    let interval = match cohort.leads().account {
        None => proportion::lift_interval(part, whole, LEVEL),
        Some(_) => cohort.clustered_lift(&schedule::chosen(scores, share * tally.total())),
    };
    TopShare {
        share,
        leads: top.leads,
        wins: tied(&Number::from),
        lift: tied(&over(top.positives * top.leads / top.total)),
        lift_interval: Estimate::with(top.lift(), interval),
        capture: tied(&over(top.positives)),
    }
}

/// The cumulative gain curve at every percent of the leads.
pub(super) fn gain(tally: &Tally) -> Vec<GainPoint> {
    let positives = tally.positives();
    if positives == 0.0 {
        return Vec::new();
    }
    let inner = discrimination::cumulative_conversions(tally, 100).into_iter().enumerate();
    let start = GainPoint { share: 0.0, capture: 0.0 };
    std::iter::once(start)
        .chain(inner.map(|(i, wins)| GainPoint { share: (i + 1) as f64 / 100.0, capture: wins / positives }))
        .collect()
}

/// Scores of the converted and of the others in at most thirty bins of round width; unscored leads are left out.
pub(super) fn distribution(tally: &Tally) -> Vec<ScoreBin> {
    let first = tally.score.iter().position(|score| score.is_finite());
    let (Some(first), Some(&highest)) = (first, tally.score.last()) else { return Vec::new() };
    let lowest = tally.score[first];
    let width = round_width((highest - lowest) / 30.0);
    let start = (lowest / width).floor();
    let bins = ((highest / width).floor() - start) as usize + 1;
    let mut counts = vec![(0.0, 0.0); bins];
    for i in first..tally.len() {
        let bin = ((tally.score[i] / width).floor() - start) as usize;
        counts[bin.min(bins - 1)].0 += tally.positive[i];
        counts[bin.min(bins - 1)].1 += tally.negative[i];
    }
    let edge = |bin: usize| (start + bin as f64) * width;
    let bin = |(i, (wins, others)): (usize, (f64, f64))| ScoreBin {
        from: edge(i),
        to: edge(i + 1),
        wins: wins as u64,
        others: others as u64,
    };
    counts.into_iter().enumerate().map(bin).collect()
}

/// The smallest of 1, 2 or 5 times a power of ten that is not below `width`.
fn round_width(width: f64) -> f64 {
    if width.is_nan() || width <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(width.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|step| *step >= width * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}
