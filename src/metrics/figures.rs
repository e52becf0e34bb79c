/// The shares of the leads, from the highest score down, at which lift and capture are told.
pub const SHARES: [f64; 5] = [0.01, 0.05, 0.1, 0.2, 0.3];

/// What one pass over a resample leaves of a model: metrics that are resampled are read off it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    pub auc: f64,
    pub average_precision: f64,
    /// Share of wins handed over at capacity (or in the top 10 %).
    pub capture: f64,
    pub wins: f64,
    /// NaN where wins carry no value.
    pub value: f64,
    pub lift_10: f64,
    /// Share of wins in the top [`SHARES`].
    pub top: [f64; SHARES.len()],
    /// NaN where the model has no probabilities.
    pub brier: f64,
    pub log_loss: f64,
    /// Conversion over all leads drawn.
    pub rate: f64,
}

/// The edge of the leads handed over, where a figure hangs on one: it moves with the leads that came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    Wins,
    Capture,
    Value,
    /// The share of wins in one of the top [`SHARES`], times a factor.
    Top(usize, f64),
}

/// How a metric is read off a resample.
#[derive(Clone, Copy, Debug)]
pub struct Resample {
    pub read: fn(&Figures) -> f64,
    pub edge: Option<Edge>,
}

impl Resample {
    pub const CAPTURE: Self = Self::at(Edge::Capture, |figures| figures.capture);
    pub const WINS: Self = Self::at(Edge::Wins, |figures| figures.wins);
    pub const VALUE: Self = Self::at(Edge::Value, |figures| figures.value);

    pub(super) const fn free(read: fn(&Figures) -> f64) -> Self {
        Self { read, edge: None }
    }

    pub(super) const fn at(edge: Edge, read: fn(&Figures) -> f64) -> Self {
        Self { read, edge: Some(edge) }
    }
}
