//! Kinds of events, and the log as a whole.

use crate::result::{Having, Sign, Step, Subject};

use super::presence::{Ask, every_sale, had_only, p_fewer};
use super::strength::Strength;
use super::telling::touching_word;
use super::{ByFate, Kind, Leads, Look, column};

/// Fewer leads with a kind of events may all have been worked by chance.
const FEWEST: u64 = 20;
/// The share of its leads that sales did not work, or that had it before, and that may be a slip.
const SLIPS: f64 = 0.02;
/// Signs that are looked for in one kind: each has this part of its chance.
const LOOKS: f64 = 4.0;
/// Winners have events less often than this part of how often others do.
const FAR_FEWER: f64 = 0.5;

pub(super) fn look(kind: &Kind, leads: &Leads, worked: Option<&[bool]>, folds: &[u8]) -> Look {
    assert_eq!(kind.has.len(), leads.rows.len(), "every lead has one or not");
    let counts = ByFate::of(leads, |place| kind.has[place]);
    let word = touching_word(kind.name);
    let ask = if word.is_some() { Ask::NotYet } else { Ask::HardlyEver };
    let strength = Strength::of_presence(&kind.has, leads, folds);
    let mut look = Look::new(Subject::Events(kind.name.into()));
    look.evidence = had_only(&counts);
    look.evidence.extend(every_sale(&counts, Step::Event, ask));
    look.evidence.extend(worked.and_then(|worked| only_worked(kind, worked)));
    look.evidence.iter_mut().for_each(|(p, _)| *p = (*p * LOOKS).min(1.0));
    if kind.sales {
        // Declared: it needs no test.
        look.evidence.insert(0, (0.0, Sign::SalesTouch));
    }
    look.by_default = word.is_none();
    column::doubts(&mut look, word, &strength);
    (look.auc, look.filled) = (strength.estimate(), counts);
    look
}

/// Leads have it only once sales works them.
fn only_worked(kind: &Kind, worked: &[bool]) -> Option<(f64, Sign)> {
    let before = kind.before_worked.as_ref()?;
    let count = |of: bool| {
        let own = || kind.has.iter().zip(worked).filter(move |(_, worked)| **worked == of);
        Having { have: own().filter(|(has, _)| **has).count() as u64, of: own().count() as u64 }
    };
    let (worked, not_worked) = (count(true), count(false));
    let all = worked.have + not_worked.have;
    let earlier = kind.has.iter().zip(before).filter(|(has, before)| **has && **before).count() as u64;
    let slips = SLIPS * all as f64;
    let only = all >= FEWEST && not_worked.have as f64 <= slips && earlier as f64 <= slips;
    only.then(|| (p_fewer(not_worked, worked), Sign::OnlyWorked { worked, not_worked }))
}

/// Winners whose events have gone elsewhere.
pub(super) fn any(has: &[bool], leads: &Leads) -> Look {
    assert_eq!(has.len(), leads.rows.len(), "every lead has one or not");
    let counts = ByFate::of(leads, |place| has[place]);
    let (winners, others) = (counts.won, counts.not_won());
    let share = |having: Having| having.have as f64 / having.of.max(1) as f64;
    let mut look = Look { filled: counts, ..Look::new(Subject::AnyEvent) };
    if winners.of > 0 && share(winners) < FAR_FEWER * share(others) {
        look.evidence.push((p_fewer(winners, others), Sign::EventsElsewhere { winners, others }));
    }
    look
}
