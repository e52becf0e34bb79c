//! Which columns and kinds of events know what became of the leads: one screening, whose list every workflow shows.
//!
//! Mechanical evidence suspends, where it lies beyond chance over all that is screened; strength alone, or a telling name
//! with a clear association, is a doubt; a telling name alone is a note.

mod changed;
mod column;
mod kind;
mod levels;
mod presence;
mod strength;
mod telling;

pub use changed::{Changed, changed};
pub use telling::{telling_word, touching_word};

use rayon::prelude::*;

use crate::data::Known;
use crate::result::{Estimate, Having, Screened, Screening, Sign, Standing, Subject};
use crate::stats::multiplicity::holm;
use crate::table::Column;

/// The chance, over all that is screened, that something honest is suspended.
const CHANCE: f64 = 0.001;
/// A column that ranks so well alone is doubted.
const NEAR_PERFECT: f64 = 0.9;

/// What became of a lead, whatever the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Won,
    /// Its deal was open when the outcomes were exported.
    Open,
    Other,
}

/// The leads that columns are held against.
#[derive(Clone, Copy, Debug)]
pub struct Leads<'a> {
    /// Their rows in the columns.
    pub rows: &'a [usize],
    /// Aligned with the rows.
    pub fates: &'a [Fate],
}

/// A column of the leads, as known when they are scored.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub name: &'a str,
    pub column: &'a Column,
    pub known: &'a Known,
    /// By name, as known at creation: the user's word.
    pub declared: bool,
    /// Of a column of times, by row: whether it holds one that comes after its lead is scored.
    pub later: Option<&'a [bool]>,
    pub changed: Option<&'a Changed>,
}

/// A kind of events: aligned with the rows.
#[derive(Clone, Debug)]
pub struct Kind<'a> {
    pub name: &'a str,
    /// Whether the lead has one when it is scored.
    pub has: Vec<bool>,
    /// Whether the latest of those comes before sales first worked the lead; nothing where that is not recorded.
    pub before_worked: Option<Vec<bool>>,
    /// Declared as sales' own touch.
    pub sales: bool,
}

/// What is known of events as a whole: aligned with the rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log<'a> {
    /// Whether the lead has any event when it is scored; nothing where no model reads events.
    pub any: Option<&'a [bool]>,
    /// Whether sales ever worked the lead; nothing where that is not recorded.
    pub worked: Option<&'a [bool]>,
}

/// What one look at a column or a kind of events found.
struct Look {
    subject: Subject,
    declared: bool,
    /// Signs that suspend, each with its chance among the others of its own.
    evidence: Vec<(f64, Sign)>,
    doubts: Vec<Sign>,
    notes: Vec<Sign>,
    by_default: bool,
    auc: Estimate,
    filled: ByFate,
}

/// Screens columns, kinds of events, and the log as a whole.
///
/// # Panics
/// When something is not aligned with the rows.
pub fn screen(leads: &Leads, columns: &[Candidate], kinds: &[Kind], log: &Log) -> Screening {
    assert_eq!(leads.rows.len(), leads.fates.len(), "a fate for every row");
    let folds = strength::folds(leads.rows.len());
    let all_exported = columns.iter().all(|column| *column.known == Known::AsExported);
    let look = |column: &Candidate| column::look(column, leads, &folds, all_exported);
    let mut looks: Vec<Look> = columns.par_iter().map(look).collect();
    looks.extend(kinds.par_iter().map(|one| kind::look(one, leads, log.worked, &folds)).collect::<Vec<_>>());
    looks.extend(log.any.map(|any| kind::any(any, leads)));
    let least = |look: &Look| look.evidence.iter().map(|(p, _)| *p).fold(1.0, f64::min);
    let adjusted = holm(&looks.iter().map(least).collect::<Vec<f64>>());
    let winners = leads.fates.iter().filter(|fate| **fate == Fate::Won).count() as u64;
    let mut list: Vec<Screened> = looks.into_iter().zip(adjusted).map(|(look, p)| look.settle(p < CHANCE)).collect();
    spread(&mut list);
    Screening { leads: leads.rows.len() as u64, winners, list }
}

impl Look {
    fn new(subject: Subject) -> Self {
        let (evidence, doubts, notes) = Default::default();
        let auc = Estimate::undefined("not ranked by it");
        let filled = ByFate::default();
        Self { subject, declared: false, evidence, doubts, notes, by_default: true, auc, filled }
    }

    fn settle(mut self, is_beyond_chance: bool) -> Screened {
        // The surest first, and of equals the one that was looked for first.
        self.evidence.sort_by(|a, b| a.0.total_cmp(&b.0));
        let found = self.evidence.into_iter().filter(|_| is_beyond_chance).map(|(_, sign)| sign).take(1);
        let mut signs: Vec<Sign> = found.collect();
        let suspends = !signs.is_empty();
        let doubted = !self.doubts.is_empty();
        signs.extend(self.doubts);
        signs.extend(self.notes);
        let standing = match (suspends, doubted, signs.is_empty()) {
            (true, ..) | (_, true, _) if self.declared => Standing::Declared,
            (true, ..) => Standing::Suspended,
            (_, true, _) => Standing::Doubted,
            (_, _, false) if self.declared => Standing::Declared,
            (_, _, false) => Standing::Noted,
            (_, _, true) => Standing::Clean,
        };
        let by_default = self.by_default && standing != Standing::Suspended;
        let (winners, others) = (self.filled.won, self.filled.not_won());
        Screened { subject: self.subject, standing, signs, by_default, auc: self.auc, winners, others }
    }
}

/// Where winners' events have gone elsewhere, no kind of events can be read.
fn spread(list: &mut [Screened]) {
    let gone = list.iter().find(|one| one.subject == Subject::AnyEvent && one.is_suspended());
    let Some(sign) = gone.and_then(|one| one.signs.first().cloned()) else { return };
    for one in list.iter_mut().filter(|one| matches!(one.subject, Subject::Events(_)) && !one.is_suspended()) {
        one.standing = Standing::Suspended;
        one.signs.insert(0, sign.clone());
        one.by_default = false;
    }
}

/// Leads that have something, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ByFate {
    won: Having,
    open: Having,
    other: Having,
}

impl ByFate {
    fn of(leads: &Leads, has: impl Fn(usize) -> bool) -> Self {
        let mut counts = Self::default();
        for (place, fate) in leads.fates.iter().enumerate() {
            let one = match fate {
                Fate::Won => &mut counts.won,
                Fate::Open => &mut counts.open,
                Fate::Other => &mut counts.other,
            };
            one.of += 1;
            one.have += u64::from(has(place));
        }
        counts
    }

    /// All but the winners.
    fn not_won(&self) -> Having {
        sum(self.open, self.other)
    }
}

fn sum(a: Having, b: Having) -> Having {
    Having { have: a.have + b.have, of: a.of + b.of }
}

#[cfg(test)]
mod tests;
