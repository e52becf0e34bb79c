use rayon::prelude::*;

use crate::data::History;
use crate::stats::survival::End;
use crate::time::{Horizon, Instant, NEVER};

/// Fewer leads are looked at by one thread.
pub(super) const APART: usize = 16_384;

/// What had become of a lead by `until`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fate {
    /// The first win; [`NEVER`] when there is none, or no time for it.
    pub won: Instant,
    /// Won, by a flag without a time.
    pub flagged: bool,
    /// The loss that ended it; `NEVER` when there is none, or a win followed.
    pub lost: Instant,
}

impl Fate {
    /// Won or lost at or before an instant.
    pub fn is_decided(&self, at: Instant) -> bool {
        (self.won != NEVER && self.won <= at) || (self.lost != NEVER && self.lost <= at)
    }
}

/// The fate of every lead, with what is dated after `until` not happened yet.
pub(super) fn fates(history: &History) -> Vec<Fate> {
    let outcomes = &history.outcomes;
    let mut fates = vec![Fate { won: NEVER, flagged: false, lost: NEVER }; history.ids.len()];
    let mut last_win = vec![NEVER; history.ids.len()];
    for win in &outcomes.wins {
        let fate = &mut fates[win.lead as usize];
        if !outcomes.timed {
            fate.flagged = true;
        } else if win.at <= history.until {
            if fate.won == NEVER || win.at < fate.won {
                fate.won = win.at;
            }
            last_win[win.lead as usize] = last_win[win.lead as usize].max(win.at);
        }
    }
    for (lead, &lost) in outcomes.lost.iter().enumerate() {
        // A loss with a win at the same instant or later is void: the lead was reopened.
        let reopened = last_win[lead] != NEVER && last_win[lead] >= lost;
        if lost != NEVER && lost <= history.until && !reopened {
            fates[lead].lost = lost;
        }
    }
    fates
}

/// What became of the scored leads, in the features' row order. Models never see it.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// Whether there are times; without them `ending_days` and the like are empty.
    pub timed: bool,
    /// Converted within the horizon.
    pub converted: Vec<bool>,
    /// Value of the wins within the horizon; NaN when it is missing. Empty when wins carry no values.
    pub value: Vec<f64>,
    /// Days from `as_of` to the end of follow-up, whatever the horizon.
    pub ending_days: Vec<f64>,
    pub ending: Vec<End>,
    /// Days from creation to the first win within the horizon; NaN without one.
    pub created_to_win_days: Vec<f64>,
    /// Whether it has a deal that is still open; empty where no stage tells.
    pub open: Vec<bool>,
    /// When sales first worked the lead; empty when it is not recorded.
    pub worked: Vec<Instant>,
    pub created: Vec<Instant>,
    pub as_of: Vec<Instant>,
}

impl Outcomes {
    /// The rows named, ascending.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        fn of<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
            if column.is_empty() { Vec::new() } else { rows.iter().map(|&row| column[row]).collect() }
        }
        Self {
            timed: self.timed,
            converted: of(&self.converted, rows),
            value: of(&self.value, rows),
            ending_days: of(&self.ending_days, rows),
            ending: of(&self.ending, rows),
            created_to_win_days: of(&self.created_to_win_days, rows),
            open: of(&self.open, rows),
            worked: of(&self.worked, rows),
            created: of(&self.created, rows),
            as_of: of(&self.as_of, rows),
        }
    }
}

pub(super) fn outcomes(
    history: &History,
    horizon: Horizon,
    as_of: &[Instant],
    fates: &[Fate],
    leads: &[usize],
) -> Outcomes {
    let timed = history.outcomes.timed && leads.iter().all(|&lead| as_of[lead] != NEVER);
    let closes = |lead: usize| match horizon {
        Horizon::Within(span) if timed => (as_of[lead] + span.micros()).min(history.until),
        _ => history.until,
    };
    let won_in_time = |lead: usize| {
        let fate = &fates[lead];
        if timed {
            fate.won != NEVER && fate.won > as_of[lead] && fate.won <= closes(lead)
        } else {
            fate.flagged || fate.won != NEVER
        }
    };
    let days = |from: Instant, to: Instant| crate::time::days(to - from);
    let ending = |lead: usize| {
        let fate = &fates[lead];
        match (fate.won, fate.lost) {
            (NEVER, NEVER) => (End::Censored, history.until),
            (won, NEVER) => (End::Converted, won),
            (NEVER, lost) => (End::Lost, lost),
            // Won and lost at one instant: won.
            (won, lost) if won <= lost => (End::Converted, won),
            (_, lost) => (End::Lost, lost),
        }
    };
    let follow = |lead: usize| {
        let (ending, at) = ending(lead);
        (days(as_of[lead], at), ending)
    };
    let (ending_days, ending) = if timed { each(leads, follow).into_iter().unzip() } else { (Vec::new(), Vec::new()) };
    let created = |lead: usize| history.created.as_ref().map_or(NEVER, |created| created[lead]);
    let to_win = |lead: usize| match (won_in_time(lead) && timed, created(lead)) {
        (true, at) if at != NEVER => days(at, fates[lead].won),
        _ => f64::NAN,
    };
    Outcomes {
        timed,
        converted: each(leads, won_in_time),
        value: if history.outcomes.valued { values(history, timed, as_of, leads, closes) } else { Vec::new() },
        ending_days,
        ending,
        created_to_win_days: each(leads, to_win),
        open: leads.iter().filter_map(|&lead| history.outcomes.open.get(lead).copied()).collect(),
        worked: leads.iter().filter_map(|&lead| history.outcomes.worked.get(lead).copied()).collect(),
        created: each(leads, created),
        as_of: each(leads, |lead| as_of[lead]),
    }
}

/// Something of every one of these leads.
fn each<T: Send>(leads: &[usize], of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    leads.par_iter().with_min_len(APART).map(|&lead| of(lead)).collect()
}

/// The known values of each lead's wins within its horizon, summed; NaN where no win has one.
fn values(
    history: &History,
    timed: bool,
    as_of: &[Instant],
    leads: &[usize],
    closes: impl Fn(usize) -> Instant,
) -> Vec<f64> {
    let mut sum = vec![f64::NAN; history.ids.len()];
    for win in &history.outcomes.wins {
        let lead = win.lead as usize;
        let counts = !timed || (as_of[lead] < win.at && win.at <= closes(lead));
        if counts && !win.value.is_nan() {
            sum[lead] = if sum[lead].is_nan() { win.value } else { sum[lead] + win.value };
        }
    }
    leads.iter().map(|&lead| sum[lead]).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::{Outcomes as Recorded, Win};
    use crate::time::{Span, Zone};

    /// Leads named by their place, created at 0, with such first wins and losses; 0 is none.
    pub fn history(ends: &[(Instant, Instant)], until: Instant) -> History {
        let none = |at: Instant| if at == 0 { NEVER } else { at };
        let wins = ends.iter().enumerate().filter(|(_, (won, _))| *won != 0);
        History {
            zone: Zone::utc(),
            ids: (0..ends.len()).map(|lead| format!("{lead:03}")).collect(),
            position: (0..ends.len() as u64).collect(),
            created: Some(vec![0; ends.len()]),
            attributes: Vec::new(),
            changes: Vec::new(),
            events: None,
            outcomes: Recorded {
                timed: true,
                wins: wins.map(|(lead, (won, _))| Win { lead: lead as u32, at: *won, value: 1.0 }).collect(),
                lost: ends.iter().map(|(_, lost)| none(*lost)).collect(),
                ..Recorded::default()
            },
            until,
            read: ends.len() as u64,
            unreadable: 0,
            duplicates: 0,
            left_out: Vec::new(),
        }
    }

    fn told(won: Instant, lost: Instant, until: Instant) -> (Instant, Instant) {
        let fate = fates(&history(&[(won, lost)], until))[0];
        let none = |at: Instant| if at == NEVER { 0 } else { at };
        (none(fate.won), none(fate.lost))
    }

    #[test]
    fn a_loss_is_void_where_a_win_comes_at_the_same_instant_or_later() {
        for (won, lost, until, fate) in [
            (10, 10, 20, (10, 0)),
            (11, 10, 20, (11, 0)),
            (10, 11, 20, (10, 11)),
            (0, 10, 20, (0, 10)),
            // What is dated after `until` has not happened yet; at `until` it has.
            (21, 10, 20, (0, 10)),
            (20, 10, 20, (20, 0)),
            (0, 20, 20, (0, 20)),
            (0, 21, 20, (0, 0)),
            (10, 21, 20, (10, 0)),
        ] {
            assert_eq!(told(won, lost, until), fate, "won {won}, lost {lost}, until {until}");
        }
    }

    #[test]
    fn a_lead_is_decided_at_the_instant_of_its_end() {
        let fate = |won, lost| Fate { won, flagged: false, lost };
        assert!(fate(10, NEVER).is_decided(10) && !fate(10, NEVER).is_decided(9));
        assert!(fate(NEVER, 10).is_decided(10) && !fate(NEVER, 10).is_decided(9));
        assert!(!fate(NEVER, NEVER).is_decided(i64::MAX));
    }

    #[test]
    fn a_win_counts_after_scoring_and_up_to_the_end_of_the_horizon() {
        let day = crate::time::DAY;
        let history = history(&[(day, 0), (day + 1, 0), (3 * day, 0), (3 * day + 1, 0), (2 * day, 2 * day)], 9 * day);
        let leads: Vec<usize> = (0..5).collect();
        let fates = fates(&history);
        let of = |horizon| outcomes(&history, horizon, &[day; 5], &fates, &leads);
        let within = of(Horizon::Within(Span::from_days(2.0)));
        assert_eq!(within.converted, [false, true, true, false, true]);
        assert_eq!(of(Horizon::Ever).converted, [false, true, true, true, true]);
        assert_eq!((within.ending[4], within.ending_days[4]), (End::Converted, 1.0));
    }
}
