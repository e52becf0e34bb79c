//! Windows that fit the data: when leads are scored, how long a win may take, which train and which are evaluated.

use crate::time::{DAY, Instant, NEVER, Zone};

/// What is known of when leads came and when they were won.
pub struct Spread<'a> {
    pub created: &'a [Instant],
    /// The creation and the time of each win; [`NEVER`] where nobody knows when.
    pub wins: &'a [(Instant, Instant)],
    pub until: Instant,
    pub has_events: bool,
}

/// The replay that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Days after creation at which leads are scored; none: at creation.
    pub as_of: Option<i64>,
    /// Days that a win may take from there.
    pub horizon: i64,
    /// First day of the training leads, and the day before which the last came.
    pub train: Option<(String, String)>,
    /// First day of those evaluated.
    pub evaluate: Option<String>,
    /// Of the wins, how many come within the horizon, and how many before leads are scored.
    pub within: f64,
    pub before: f64,
}

/// Days of which the horizon is the first within which most wins come.
const HORIZONS: [i64; 5] = [30, 60, 90, 180, 365];
/// This share of the wins is most of them.
const MOST: f64 = 0.8;
/// Leads are scored so late only if few wins come before.
const EARLY: f64 = 0.1;
/// Fewer days of leads on either side train nothing and show nothing.
const FEWEST: i64 = 45;
/// Wins that a model needs to be trained on.
const TRAINING: usize = 20;

impl Fit {
    pub fn of(spread: &Spread, zone: &Zone) -> Option<Self> {
        let (first, last) = (spread.created.iter().min()?, spread.created.iter().max()?);
        let timed = spread.wins.iter().filter(|(_, won)| *won != NEVER);
        let taken: Vec<i64> = timed.map(|(created, won)| won - created).collect();
        if taken.is_empty() {
            return Some(Self::timeless(spread, (*first, *last), zone));
        }
        let share =
            |days: i64| taken.iter().filter(|taken| **taken <= days * DAY).count() as f64 / taken.len().max(1) as f64;
        let early = |days: &i64| share(*days) <= EARLY;
        let as_of = if spread.has_events { [7, 3, 1].into_iter().find(early) } else { None };
        let asked = as_of.unwrap_or(0);
        let room = |horizon: i64| (spread.until - first) / DAY - asked - horizon;
        let horizon = HORIZONS.into_iter().find(|days| share(asked + days) >= MOST).unwrap_or(365);
        let fitting =
            HORIZONS.into_iter().rev().find(|days| *days <= horizon && room(*days) >= 2 * FEWEST + days + asked);
        let horizon = fitting.unwrap_or(horizon.min(90));
        let fit =
            Self { as_of, horizon, train: None, evaluate: None, within: share(asked + horizon), before: share(asked) };
        let (gap, end) = ((horizon + asked) * DAY, (*last).min(spread.until - (horizon + asked) * DAY));
        let days = (end - first - gap) / DAY;
        if days < 2 * FEWEST {
            return Some(fit);
        }
        // Training ends where what came of it was known before evaluation began.
        let middle = first + gap + (end - first - gap) / 2;
        let from = quarter_near(middle, (first + gap + FEWEST * DAY, end - FEWEST * DAY), zone);
        let to = day(from - gap, zone);
        let is_early =
            |(created, won): &&(Instant, Instant)| *created < from - gap && *won != NEVER && won - created <= gap;
        let trains = spread.wins.iter().filter(is_early).count();
        if trains < TRAINING {
            return Some(fit);
        }
        Some(Self { train: Some((day(*first, zone), to)), evaluate: Some(day(from, zone)), ..fit })
    }

    /// Without times of wins the earlier leads train, and the later ones judge.
    fn timeless(spread: &Spread, (first, last): (Instant, Instant), zone: &Zone) -> Self {
        let from = quarter_near(first + (last - first) / 2, (first + DAY, last), zone);
        let trains = spread.wins.iter().filter(|(created, _)| *created < from).count();
        let windows = (trains >= TRAINING).then(|| (day(first, zone), day(from, zone)));
        let evaluate = windows.as_ref().map(|(_, to)| to.clone());
        Self { as_of: None, horizon: 0, train: windows, evaluate, within: 1.0, before: 0.0 }
    }
}

fn day(at: Instant, zone: &Zone) -> String {
    zone.date(at).to_string()
}

/// The first day of a quarter near an instant, or of a month, where one lies between; else its day.
fn quarter_near(at: Instant, (low, high): (Instant, Instant), zone: &Zone) -> Instant {
    let starts = |months: &[i8]| {
        let mut days: Vec<Instant> = Vec::new();
        let mut one = low - low.rem_euclid(DAY);
        while one <= high {
            let date = zone.date(one);
            if date.day() == 1 && months.contains(&date.month()) {
                days.push(one);
            }
            one += DAY;
        }
        days.retain(|day| (low..=high).contains(day));
        days.into_iter().min_by_key(|day| (day - at).abs())
    };
    let months: Vec<i8> = (1..=12).collect();
    starts(&[1, 4, 7, 10]).or_else(|| starts(&months)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Instant {
        // From 2024-09-01 on.
        (19_967 + days) * DAY
    }

    fn fit(days: i64, took: impl Fn(i64) -> i64, until: i64, has_events: bool) -> Fit {
        let created: Vec<Instant> = (0..days).map(at).collect();
        let wins: Vec<(Instant, Instant)> =
            (0..days).map(|day| (at(day), at(day + took(day)))).filter(|win| win.1 <= at(until)).collect();
        let spread = Spread { created: &created, wins: &wins, until: at(until), has_events };
        Fit::of(&spread, &Zone::utc()).unwrap()
    }

    #[test]
    fn two_years_are_halved_and_nothing_of_the_future_trains() {
        let fit = fit(730, |day| 10 + day % 60, 815, true);
        assert_eq!((fit.as_of, fit.horizon), (Some(7), 60));
        assert_eq!(fit.train, Some(("2024-09-01".into(), "2025-07-26".into())));
        assert_eq!(fit.evaluate, Some("2025-10-01".into()));
    }

    #[test]
    fn leads_are_scored_before_their_wins_come() {
        assert_eq!(fit(400, |day| 2 + day % 40, 500, true).as_of, Some(3));
        assert_eq!(fit(400, |_| 0, 500, true).as_of, None);
        assert_eq!(fit(400, |day| 20 + day % 40, 500, false).as_of, None);
    }

    #[test]
    fn without_times_of_wins_the_earlier_leads_train() {
        let created: Vec<Instant> = (0..400).map(at).collect();
        let wins: Vec<(Instant, Instant)> = (0..400).step_by(5).map(|day| (at(day), NEVER)).collect();
        let spread = Spread { created: &created, wins: &wins, until: at(400), has_events: false };
        let fit = Fit::of(&spread, &Zone::utc()).unwrap();
        assert_eq!(fit.train, Some(("2024-09-01".into(), "2025-04-01".into())));
        assert_eq!(fit.evaluate, Some("2025-04-01".into()));
    }

    #[test]
    fn a_short_history_trains_nothing() {
        let fit = fit(60, |day| 10 + day % 60, 100, true);
        assert_eq!((fit.train, fit.evaluate), (None, None));
    }
}
