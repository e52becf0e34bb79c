//! A period of the live model beside the ones before it: what a head of marketing and a head of sales read together.
//!
//! All of it reads the leads of the periods as plain columns ([`Compared`]): [`alarms`], [`early_reads`], the drift of
//! inputs, what it takes to win.

mod alarm;
mod bins;
mod drift;
mod early;
mod leads;
pub(crate) mod likelihood;

pub use alarm::alarms;
pub(crate) use alarm::in_words;
pub(crate) use drift::drift;
pub use early::early_reads;
pub(crate) use early::{Forecast, no_forecast};
pub use leads::{Compared, Given, Input, LATER, NONE, Values, Volume};

use crate::result::Estimate;
use crate::stats::proportion::{Count, wilson};

/// Confidence of every interval.
pub(crate) const LEVEL: f64 = 0.95;

/// A rate with Wilson's interval.
pub(crate) fn rate(count: Count) -> Estimate {
    Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL))
}
