//! Columns that change about the time at which leads are won.

use crate::data::Change;
use crate::result::Sign;
use crate::stats::proportion::{Count, binomial_fewer};
use crate::time::{DAY, Instant};

/// The time on either side of a win in which changes are counted.
const BESIDE: i64 = 30 * DAY;
/// A win is often dated by its day: what changed on the day itself changed with it.
const SAME_DAY: i64 = DAY;
/// Fewer winners than this share with a change after the win are no pattern.
const OFTEN: f64 = 0.05;
/// Nor are fewer than this.
const FEWEST: u64 = 10;

/// How often a column changed for leads about the time they were won, by its history.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    pub column: String,
    /// Winners whose history is known for a month on either side of the win.
    pub winners: u64,
    /// Of those, with a change in the month from the win on and none in the month before; and the other way round.
    pub after: u64,
    pub before: u64,
}

impl Changed {
    /// More winners change after the win than before it: McNemar's test, exact.
    pub(super) fn evidence(&self) -> Option<(f64, Sign)> {
        let &Self { winners, after, before, .. } = self;
        let often = after as f64 >= OFTEN * winners as f64 && after >= 2 * before && after >= FEWEST;
        often.then(|| {
            let count = Count::new(before as f64, (after + before) as f64);
            (binomial_fewer(count, 0.5).unwrap_or(1.0), Sign::ChangedAtWin { winners, after, before })
        })
    }
}
/// How the columns with a history changed about the wins. `wins` has each lead's first win; leads of which the month
/// after it is not known count for nothing. `columns` are named by the places that changes have.
pub fn changed(changes: &[Change], columns: &[&str], wins: &[Option<Instant>], until: Instant) -> Vec<Changed> {
    let known = |lead: u32| wins[lead as usize].filter(|won| won + BESIDE <= until);
    let winners = wins.iter().flatten().filter(|won| **won + BESIDE <= until).count() as u64;
    if winners == 0 {
        return Vec::new();
    }
    let mut counted = vec![Both::default(); columns.len()];
    // The changes of a lead's field stand together.
    for changes in changes.chunk_by(|a, b| (a.lead, a.field) == (b.lead, b.field)) {
        if let Some(won) = known(changes[0].lead) {
            // Its first value is how the lead began, and no change.
            let times = changes.iter().skip(1).map(|change| change.from - (won - SAME_DAY));
            counted[changes[0].field as usize].add(times);
        }
    }
    let changed = columns.iter().zip(counted).filter(|(_, both)| both.after + both.before > 0);
    changed
        .map(|(column, both)| Changed { column: (*column).into(), winners, after: both.after, before: both.before })
        .collect()
}

/// Winners with a change only after the win, and only before it.
#[derive(Clone, Default)]
struct Both {
    after: u64,
    before: u64,
}

impl Both {
    /// Changes of one winner, by their time from the win on.
    fn add(&mut self, times: impl Iterator<Item = i64>) {
        let (mut after, mut before) = (false, false);
        for time in times {
            after |= (0..=BESIDE).contains(&time);
            before |= (-BESIDE..0).contains(&time);
        }
        self.after += u64::from(after && !before);
        self.before += u64::from(before && !after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(lead: u32, day: i64) -> Change {
        Change { lead, field: 0, from: day * DAY, value: 0 }
    }

    #[test]
    fn winners_count_once_by_the_side_of_the_win_on_which_their_column_changed() {
        let wins = [Some(100 * DAY), Some(100 * DAY), Some(100 * DAY), None];
        let changes = [
            [change(0, 0), change(0, 100), change(0, 105)].as_slice(),
            &[change(1, 0), change(1, 90)],
            // On both sides: that says nothing.
            &[change(2, 0), change(2, 90), change(2, 105)],
            &[change(3, 0), change(3, 105)],
        ]
        .concat();
        let found = changed(&changes, &["stage"], &wins, 200 * DAY);
        assert_eq!(found, [Changed { column: "stage".into(), winners: 3, after: 1, before: 1 }]);
        assert_eq!(changed(&changes, &["stage"], &wins, 110 * DAY), []);
    }
}
