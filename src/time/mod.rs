//! Instants are UTC microseconds; days, weeks and quarters are calendar ones in a zone; a span is exact hours.

mod moment;
mod months;
mod propose;
mod span;
mod written;
mod zone;

pub use moment::{Moment, MomentError};
pub use span::{Horizon, Span, SpanError};
pub use written::{Edge, Format, FormatError, Layout, Midnight, MonthPlace, Written, edge_of};
pub use zone::{Calendar, Zone, ZoneError};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Instant = i64;

/// An instant that is not there.
pub const NEVER: Instant = i64::MIN;

pub const SECOND: i64 = 1_000_000;
pub const HOUR: i64 = 3_600 * SECOND;
pub const DAY: i64 = 24 * HOUR;

/// Exact days (of 24 hours) in a number of microseconds.
pub fn days(micros: i64) -> f64 {
    micros as f64 / DAY as f64
}

/// The earlier of two instants, of which either may not be there.
pub fn earlier(one: Instant, other: Instant) -> Instant {
    match (one, other) {
        (NEVER, at) | (at, NEVER) => at,
        _ => one.min(other),
    }
}

/// The instant, when it is there.
pub fn known(at: Instant) -> Option<Instant> {
    (at != NEVER).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_that_is_not_there_is_not_the_earlier_one() {
        assert_eq!([earlier(1, 2), earlier(2, 1), earlier(NEVER, 2), earlier(2, NEVER)], [1, 1, 2, 2]);
        assert_eq!(earlier(NEVER, NEVER), NEVER);
    }
}
