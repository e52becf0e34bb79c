//! A period of the live model beside the ones before it: what a head of marketing and a head of sales read together.
//!
//! All of it reads the leads of the periods as plain columns ([`Compared`]): [`alarms`], [`early_reads`], the drift of
//! inputs, what it takes to win.

mod advice;
mod alarm;
mod benchmark;
mod bins;
mod drift;
mod early;
mod leads;
mod likelihood;
mod memory;
mod trend;

pub use advice::{Found, a_quarter, advice};
pub use alarm::alarms;
use alarm::in_words;
pub use benchmark::benchmarks;
pub use drift::drift;
pub use early::early_reads;
pub use leads::{
    Arrivals, Compared, FeedbackColumns, FirstTouch, FollowUp, Given, Input, LeadColumns, MisalignedError,
    ModelColumns, Place, Values, Volume,
};
pub use memory::{judged, rewritten};
pub use trend::{changes, period, trends};

use crate::result::Estimate;
use crate::stats::proportion::{Count, wilson};

/// Confidence of every interval.
const LEVEL: f64 = 0.95;

/// A rate with Wilson's interval.
fn rate(count: Count) -> Estimate {
    Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL))
}

/// The conversion of some leads, with Wilson's interval of as many as tell as much by themselves.
fn conversion(compared: &Compared, rows: &[usize]) -> Estimate {
    let known = compared.effective(rows.iter().copied());
    Estimate::with(compared.count(rows.iter().copied()).rate(), wilson(known.successes, known.n, LEVEL))
}
