//! Time to an end: curves, tests and regressions for leads that are still open.
//!
//! Events precede censorings at the same time. A lead is at risk on `(entry, time]`.

mod censoring;
mod concordance;
mod cox;
mod curve;
mod gray;
mod incidence;
mod influence;
mod ipcw;
mod km;
#[cfg(test)]
mod laws;
mod logrank;
mod timeline;

pub use censoring::Censoring;
pub use concordance::{Concordance, harrell, uno};
pub use cox::{Cox, CoxFit, CoxOptions, Proportionality, Ties, cox};
pub use curve::{Curve, Moment, Point, QuantileInterval, RestrictedMean};
pub use gray::gray_test;
pub use incidence::{cumulative_incidence, cumulative_incidence_of};
pub use influence::{IncidenceInfluence, log_rank_residuals};
pub use ipcw::{dynamic_auc, ipcw_brier};
pub use km::{event_free, kaplan_meier};
pub use logrank::{ChiSquare, LogRank, Weighting, log_rank};

/// How the follow-up of a lead ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Still open when last seen.
    Censored,
    Converted,
    /// Closed without a conversion: it competes with conversion, it does not censor it.
    Lost,
}

/// Leads followed over time, as aligned slices. A missing `entry` means at risk from the start;
/// a missing `weight` counts every lead once, a weight is a frequency.
#[derive(Clone, Copy, Debug)]
pub struct Followed<'a> {
    /// When the follow-up ended. A lead whose time is NaN is not counted.
    pub time: &'a [f64],
    pub end: &'a [End],
    /// When the lead came under observation. A lead that enters at or after its end was never at risk.
    pub entry: Option<&'a [f64]>,
    pub weight: Option<&'a [f64]>,
}

impl<'a> Followed<'a> {
    /// # Panics
    /// When the slices differ in length.
    pub fn new(time: &'a [f64], end: &'a [End]) -> Self {
        assert_eq!(time.len(), end.len(), "a time and an end for every lead");
        Self { time, end, entry: None, weight: None }
    }

    /// The same leads, at risk only after their entry.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn entering(self, entry: &'a [f64]) -> Self {
        assert_eq!(self.time.len(), entry.len(), "an entry for every lead");
        Self { entry: Some(entry), ..self }
    }

    /// The same leads, each counted `weight` times.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn weighted(self, weight: &'a [f64]) -> Self {
        assert_eq!(self.time.len(), weight.len(), "a weight for every lead");
        Self { weight: Some(weight), ..self }
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    fn weight_of(&self, row: usize) -> f64 {
        self.weight.map_or(1.0, |weight| weight[row])
    }

    /// Whether the row was under observation at all.
    fn counts(&self, row: usize) -> bool {
        let entered_before_it_left = self.entry.is_none_or(|entry| entry[row] < self.time[row]);
        !self.time[row].is_nan() && self.weight_of(row) > 0.0 && entered_before_it_left
    }
}
