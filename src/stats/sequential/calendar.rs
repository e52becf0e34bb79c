use super::Undefined;
use crate::stats::survival::{self, End, LogRank, Weighting};

/// Leads that enter over time: day of entry, follow-up to conversion or to its end, and arm. A weight is a frequency.
#[derive(Clone, Copy, Debug)]
pub struct Entrants<'a> {
    pub entry: &'a [f64],
    pub followed: &'a [f64],
    pub converted: &'a [bool],
    pub treated: &'a [bool],
    pub weight: Option<&'a [f64]>,
}

/// The log-rank test as a look at one day sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CalendarLook {
    /// Leads that have entered before the look.
    pub leads: f64,
    pub events: f64,
    /// Positive when the treatment converts faster; undefined without information.
    pub z: Result<f64, Undefined>,
    /// The hypergeometric variance of the score.
    pub information: f64,
}

/// The unweighted log-rank test at calendar looks: a lead takes part when it entered before the look, and its follow-up
/// ends there. Scores at successive looks have independent increments, Tsiatis (1981).
///
/// # Panics
/// When the slices differ in length.
pub fn logrank_at_looks(entrants: &Entrants, looks: &[f64]) -> Vec<CalendarLook> {
    looks.iter().map(|&look| entrants.at(look)).collect()
}

impl Entrants<'_> {
    fn at(&self, look: f64) -> CalendarLook {
        let mut rows: Vec<Followed> =
            (0..self.entry.len()).filter(|&i| self.entry[i] < look).map(|i| self.followed(i, look)).collect();
        rows.retain(|row| row.weight > 0.0);
        let sums = log_rank(&rows);
        // Without a lead of the treatment there is no second group.
        let information = if sums.observed.len() > 1 { sums.variance(1) } else { 0.0 };
        CalendarLook {
            leads: rows.iter().fold(0.0, |sum, row| sum + row.weight),
            events: rows.iter().filter(|row| row.event).fold(0.0, |sum, row| sum + row.weight),
            z: sums.z(),
            information,
        }
    }

    fn followed(&self, i: usize, look: f64) -> Followed {
        let limit = look - self.entry[i];
        Followed {
            time: self.followed[i].min(limit),
            event: self.converted[i] && self.followed[i] <= limit,
            treated: self.treated[i],
            weight: self.weight.map_or(1.0, |w| w[i]),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Followed {
    pub(super) time: f64,
    pub(super) event: bool,
    pub(super) treated: bool,
    pub(super) weight: f64,
}

/// Events and leads at risk of both arms at one time of an event.
#[derive(Clone, Copy, Default)]
pub(super) struct RiskSet {
    pub(super) events: f64,
    pub(super) treated_events: f64,
    pub(super) at_risk: f64,
    pub(super) treated_at_risk: f64,
}

/// The risk sets at the distinct times of events, in time order; sorts the rows from the last time down.
pub(super) fn risk_sets(rows: &mut [Followed]) -> Vec<RiskSet> {
    rows.sort_unstable_by(|a, b| b.time.total_cmp(&a.time));
    let mut sets = Vec::new();
    let (mut at_risk, mut treated_at_risk) = (0.0, 0.0);
    for tied in rows.chunk_by(|a, b| a.time == b.time) {
        let sum = |takes_part: fn(&Followed) -> bool| {
            tied.iter().filter(|row| takes_part(row)).map(|row| row.weight).sum::<f64>()
        };
        at_risk += sum(|_| true);
        treated_at_risk += sum(|row| row.treated);
        let (events, treated_events) = (sum(|row| row.event), sum(|row| row.event && row.treated));
        if events > 0.0 {
            sets.push(RiskSet { events, treated_events, at_risk, treated_at_risk });
        }
    }
    sets.reverse();
    sets
}

/// The treatment as the second group.
fn log_rank(rows: &[Followed]) -> LogRank {
    let time: Vec<f64> = rows.iter().map(|row| row.time).collect();
    let end: Vec<End> = rows.iter().map(|row| if row.event { End::Converted } else { End::Censored }).collect();
    let weight: Vec<f64> = rows.iter().map(|row| row.weight).collect();
    let group: Vec<usize> = rows.iter().map(|row| usize::from(row.treated)).collect();
    survival::log_rank(&survival::Followed::new(&time, &end).weighted(&weight), &group, None, Weighting::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRANTS: Entrants = Entrants {
        entry: &[0.0, 0.0, 5.0, 5.0],
        followed: &[3.0, 8.0, 2.0, 9.0],
        converted: &[true, true, true, false],
        treated: &[true, false, true, false],
        weight: None,
    };

    #[test]
    fn a_lead_takes_part_from_the_day_after_its_entry() {
        let looks = logrank_at_looks(&ENTRANTS, &[5.0, 6.0]);
        assert_eq!((looks[0].leads, looks[1].leads), (2.0, 4.0));
    }

    #[test]
    fn an_event_after_the_look_is_not_yet_seen() {
        let events: Vec<f64> = logrank_at_looks(&ENTRANTS, &[2.0, 3.0, 7.0, 20.0]).iter().map(|l| l.events).collect();
        assert_eq!(events, [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_look_without_events_has_no_z() {
        let look = logrank_at_looks(&ENTRANTS, &[1.0])[0];
        assert_eq!((look.z, look.information), (Err(Undefined::NoEvents), 0.0));
    }

    #[test]
    fn one_event_of_two_leads_carries_a_quarter_of_information() {
        let look = logrank_at_looks(&ENTRANTS, &[4.0])[0];
        assert_eq!((look.z, look.information), (Ok(1.0), 0.25));
    }

    #[test]
    fn a_look_at_one_arm_has_no_information() {
        let alone = |treated: &'static [bool]| logrank_at_looks(&Entrants { treated, ..ENTRANTS }, &[20.0])[0];
        assert_eq!((alone(&[false; 4]).z, alone(&[false; 4]).information), (Err(Undefined::OneGroup), 0.0));
        assert_eq!((alone(&[true; 4]).z, alone(&[true; 4]).information), (Err(Undefined::ZeroVariance), 0.0));
    }

    #[test]
    fn a_weight_is_a_repetition() {
        let weighted = Entrants { weight: Some(&[1.0, 2.0, 1.0, 3.0]), ..ENTRANTS };
        let repeated = Entrants {
            entry: &[0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 5.0],
            followed: &[3.0, 8.0, 8.0, 2.0, 9.0, 9.0, 9.0],
            converted: &[true, true, true, true, false, false, false],
            treated: &[true, false, false, true, false, false, false],
            weight: None,
        };
        for (short, long) in
            logrank_at_looks(&weighted, &[6.0, 20.0]).iter().zip(logrank_at_looks(&repeated, &[6.0, 20.0]))
        {
            assert_eq!(short.leads, long.leads);
            assert!((short.information - long.information).abs() < 1e-14);
        }
    }
}
