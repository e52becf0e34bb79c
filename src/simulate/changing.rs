//! Quarters of leads whose relation to conversion is steady, or changes in one of them in a known way.

use crate::stats::dist::expit;
use crate::stats::random::{Seed, Stream};
use crate::stats::survival::End;

/// What changes, from a quarter on (counted from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Leads of the second source convert less: minus 1.6 in log-odds.
    SourceFalls,
    /// The first criterion no longer has anything to do with conversion.
    CriterionStops,
    /// Events of the first kind are no longer logged.
    TrackingBreaks,
    /// Leads with the first criterion convert less, those without more, and all of them later.
    RelationTurns,
}

/// A history of quarters.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarters {
    pub quarters: usize,
    /// In each.
    pub leads: usize,
    /// Days from the end of the last quarter to the export.
    pub after: f64,
    /// Days.
    pub horizon: f64,
    pub turn: Option<(Turn, usize)>,
    pub seed: Seed,
}

/// Names of the sources, with their shares and log-odds.
pub const SOURCES: [(&str, f64, f64); 4] =
    [("organic", 0.4, 0.1), ("paid", 0.3, 0.0), ("referral", 0.15, 0.5), ("event", 0.15, -0.3)];
/// Names of the criteria, with the share of leads that meet each, its log-odds and its points.
pub const CRITERIA: [(&str, f64, f64, f64); 5] = [
    ("Decision maker", 0.3, 1.2, 20.0),
    ("Right industry", 0.35, 0.6, 10.0),
    ("Asked for a demo", 0.15, 1.0, 25.0),
    ("Large company", 0.25, 0.4, 10.0),
    ("Student", 0.1, -0.9, -15.0),
];
/// Kinds of events with their mean number a lead; how many a lead has varies as a gamma around it.
pub const KINDS: [(&str, f64); 4] = [("email_open", 1.6), ("page_view", 2.5), ("pricing_view", 0.4), ("webinar", 0.08)];
/// The points from which on leads are warm and hot.
pub const EDGES: [f64; 2] = [15.0, 35.0];
const INTERCEPT: f64 = -3.0;
const QUARTER: f64 = 91.3125;

/// Leads of all quarters as columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    pub quarter: Vec<usize>,
    pub source: Vec<u32>,
    /// A column a criterion.
    pub meets: Vec<Vec<bool>>,
    /// A column a kind.
    pub events: Vec<Vec<u32>>,
    /// A number that has nothing to do with conversion, sometimes missing (NaN).
    pub size: Vec<f64>,
    pub score: Vec<f64>,
    /// Days of follow-up, and how it ended.
    pub days: Vec<f64>,
    pub end: Vec<End>,
    /// Days from creation to the export.
    pub exposure: Vec<f64>,
    /// Whether each lead converts within the horizon, whenever the export is.
    pub converts: Vec<bool>,
}

impl Quarters {
    /// The leads; each draws from a stream of its own.
    pub fn made(&self) -> Made {
        let mut made =
            Made { meets: vec![Vec::new(); CRITERIA.len()], events: vec![Vec::new(); KINDS.len()], ..Made::default() };
        for quarter in 0..self.quarters {
            for lead in 0..self.leads {
                let number = (quarter * self.leads + lead) as u64;
                self.lead(quarter, &mut self.seed.replicate(number), &mut made);
            }
        }
        made
    }

    fn turned(&self, turn: Turn, quarter: usize) -> bool {
        self.turn.is_some_and(|(known, from)| known == turn && quarter >= from)
    }

    fn lead(&self, quarter: usize, chance: &mut Stream, made: &mut Made) {
        let created = QUARTER * (quarter as f64 + chance.uniform());
        let source = pick(chance);
        let meets = CRITERIA.map(|(_, share, ..)| chance.chance(share));
        let mut log_odds = INTERCEPT + SOURCES[source].2;
        for (place, (_, _, worth, _)) in CRITERIA.iter().enumerate().filter(|(place, _)| meets[*place]) {
            let stopped = place == 0 && self.turned(Turn::CriterionStops, quarter);
            log_odds += if stopped { 0.0 } else { *worth };
        }
        if source == 1 && self.turned(Turn::SourceFalls, quarter) {
            log_odds -= 1.6;
        }
        let relation = self.turned(Turn::RelationTurns, quarter);
        if relation {
            log_odds += if meets[0] { -2.2 } else { 0.9 };
        }
        let wins = chance.chance(expit(log_odds));
        let delay = chance.gamma(1.6) * if relation { 34.0 } else { 22.0 };
        let loses = !wins && chance.chance(0.5);
        let lost = 5.0 + chance.gamma(1.3) * 30.0;
        let exposure = QUARTER * self.quarters as f64 + self.after - created;
        let (days, end) = match (wins && delay <= exposure, loses && lost <= exposure) {
            (true, _) => (delay, End::Converted),
            (false, true) => (lost, End::Lost),
            (false, false) => (exposure, End::Censored),
        };
        for (place, (_, mean)) in KINDS.iter().enumerate() {
            let broken = place == 0 && self.turned(Turn::TrackingBreaks, quarter);
            let heat = chance.gamma(1.2) / 1.2;
            let events = chance.poisson(mean * heat) as u32;
            made.events[place].push(if broken { 0 } else { events });
        }
        let size = (4.0 + 1.5 * chance.normal()).exp().round();
        made.size.push(if chance.chance(0.1) { f64::NAN } else { size });
        made.score.push(CRITERIA.iter().zip(meets).filter(|(_, meets)| *meets).map(|((.., points), _)| points).sum());
        made.meets.iter_mut().zip(meets).for_each(|(column, meets)| column.push(meets));
        made.quarter.push(quarter);
        made.source.push(source as u32);
        made.days.push(days);
        made.end.push(end);
        made.exposure.push(exposure);
        made.converts.push(wins && delay <= self.horizon);
    }
}

fn pick(chance: &mut Stream) -> usize {
    let mut left = chance.uniform();
    let found = SOURCES.iter().position(|(_, share, _)| {
        left -= share;
        left < 0.0
    });
    found.unwrap_or(SOURCES.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quarters(turn: Option<(Turn, usize)>) -> Quarters {
        Quarters { quarters: 4, leads: 2_000, after: 120.0, horizon: 90.0, turn, seed: Seed(7) }
    }

    fn rate(made: &Made, keep: impl Fn(usize) -> bool) -> f64 {
        let rows: Vec<usize> = (0..made.converts.len()).filter(|&row| keep(row)).collect();
        rows.iter().filter(|&&row| made.converts[row]).count() as f64 / rows.len() as f64
    }

    #[test]
    fn a_source_falls_in_its_quarter_and_not_before() {
        let (steady, falls) = (quarters(None).made(), quarters(Some((Turn::SourceFalls, 2))).made());
        let paid =
            |made: &Made, quarter: usize| rate(made, |row| made.source[row] == 1 && made.quarter[row] == quarter);
        assert_eq!(paid(&steady, 1), paid(&falls, 1));
        assert!(paid(&falls, 2) < 0.6 * paid(&steady, 2));
        assert_eq!((steady.days, steady.score), (quarters(None).made().days, quarters(None).made().score));
    }

    #[test]
    fn what_is_not_logged_has_no_events() {
        let broken = quarters(Some((Turn::TrackingBreaks, 3))).made();
        let events = |quarter: usize| {
            (0..broken.quarter.len())
                .filter(|&row| broken.quarter[row] == quarter)
                .map(|row| broken.events[0][row])
                .sum::<u32>()
        };
        assert!(events(2) > 2_000 && events(3) == 0);
    }

    #[test]
    fn a_lead_is_followed_no_longer_than_to_the_export() {
        let made = Quarters { after: 5.0, ..quarters(None) }.made();
        assert!((0..made.days.len()).all(|row| made.days[row] <= made.exposure[row] && made.exposure[row] >= 5.0));
    }
}
