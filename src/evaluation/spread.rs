use crate::metrics::{Edge, Resample};
use crate::stats::{Interval, Undefined, dist, quantile};

use super::paired::{Paired, percentiles};
use super::schedule::Schedule;

/// A difference and how it varies over the resamples.
pub(super) struct Spread {
    pub observed: f64,
    pub resampled: Vec<f64>,
    pub se: f64,
}

impl Spread {
    /// Of a metric; where it has an edge, with the spread of the leads' own luck about it. A difference in the share of
    /// wins is one in wins on another scale, so that the two never have different signs.
    pub fn of(paired: &Paired, schedule: &Schedule, pair: (usize, usize), resample: Resample) -> Self {
        let (champion, challenger) = pair;
        if resample.edge == Some(Edge::Capture) {
            let figures = [paired.observed[champion], paired.observed[challenger]];
            let handed = figures.iter().find(|figures| figures.wins > 0.0);
            // Nobody has won, or the models hand over nobody who has: the share has no scale of its own.
            let scale = handed.map_or(f64::NAN, |figures| figures.capture / figures.wins);
            if scale.is_finite() {
                return Self::of(paired, schedule, pair, Resample::WINS).scaled(scale);
            }
        }
        let read = resample.read;
        let observed = read(&paired.observed[challenger]) - read(&paired.observed[champion]);
        let differences = paired.resampled.iter().map(|figures| read(&figures[challenger]) - read(&figures[champion]));
        // A resample without a single win has no figures.
        let mut resampled: Vec<f64> = differences.filter(|difference| difference.is_finite()).collect();
        let mut se = standard_deviation(&resampled);
        if let Some(edge) = resample.edge {
            let narrowing = schedule.edges.narrowing(edge, champion, challenger, se);
            resampled.iter_mut().for_each(|one| *one = observed + narrowing * (*one - observed));
            se *= narrowing;
        }
        Self { observed, se, resampled }
    }

    /// Whether the two are the same, whatever leads come.
    pub fn is_nothing(&self) -> bool {
        self.observed == 0.0 && self.se == 0.0
    }

    /// With another spread of the same resamples.
    pub fn covariance(&self, other: &Self) -> f64 {
        let pairs = self.resampled.iter().zip(&other.resampled);
        let product: f64 = pairs.map(|(a, b)| (a - self.observed) * (b - other.observed)).sum();
        let size =
            |spread: &Self| spread.resampled.iter().map(|one| (one - spread.observed).powi(2)).sum::<f64>().sqrt();
        let scale = size(self) * size(other);
        if scale > 0.0 { product / scale * self.se * other.se } else { 0.0 }
    }

    /// In another unit.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.observed *= factor;
        self.se *= factor;
        self.resampled.iter_mut().for_each(|one| *one *= factor);
        self
    }

    /// The percentile interval.
    pub fn interval(&self) -> Result<Interval, Undefined> {
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

/// The percentile interval of one model's metric, with the spread of the leads' own luck where it has an edge.
pub(super) fn interval_of_one(
    paired: &Paired,
    schedule: &Schedule,
    model: usize,
    resample: Resample,
) -> Result<Interval, Undefined> {
    let own = paired.interval(model, resample.read)?;
    let Some(edge) = resample.edge else { return Ok(own) };
    let resampled = paired.resampled.iter().map(|figures| (resample.read)(&figures[model]));
    let spread = standard_deviation(&resampled.filter(|value| value.is_finite()).collect::<Vec<f64>>());
    let narrowing = schedule.edges.narrowing_of_one(edge, model, spread);
    let point = (resample.read)(&paired.observed[model]);
    Ok(own.map(|end| point + narrowing * (end - point)))
}

fn standard_deviation(values: &[f64]) -> f64 {
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
