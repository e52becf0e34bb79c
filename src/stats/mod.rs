//! Slices in, numbers out: every statistic the crate reports, as a pure function.
//!
//! A statistic that does not exist for its input says why ([`Undefined`]); an infinite one is infinite.
//! Wherever rows are counted a weight means repetition.

pub mod ab;
pub mod agreement;
pub mod calibration;
pub mod clustered;
pub mod clusters;
pub mod decay;
pub mod discrimination;
pub mod dist;
pub mod drift;
pub mod exchangeable;
pub mod interval;
pub mod linear;
pub mod moments;
pub mod multiplicity;
pub mod order;
pub mod power;
pub mod proportion;
pub mod quadrature;
pub mod quantile;
pub mod random;
pub mod regression;
pub mod resampling;
pub mod root;
pub mod sample;
pub mod selected;
pub mod sequential;
pub mod strata;
pub mod survival;
mod undefined;
pub mod within_strata;

pub use interval::Interval;
pub use sample::{Sample, Tally};
pub use undefined::Undefined;
use undefined::finite;
