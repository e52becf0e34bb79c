//! Comparisons that are looked at while they run.

mod always_valid;
mod boundaries;
mod calendar;

pub use always_valid::{
    AnytimeLook, EvidencePath, Looks, MixtureLook, RatioLook, asymptotic_interval, asymptotic_sequence,
    logrank_evidence, mixture_test, ratio_evidence,
};
pub use boundaries::{Bound, Classic, Design, Shape, Sides, Spending, Stage, stagewise_p};
pub use calendar::{CalendarLook, Entrants, logrank_at_looks};

use super::Undefined;
