//! Whether leads of one fate have something that the others have not.

use crate::result::{Group, Having, Sign, Step};
use crate::stats::proportion::{Count, binomial_fewer, fisher_fewer, fisher_more};

use super::{ByFate, sum};

/// So many leads must have it before it is only theirs: fewer may be chance.
const FEWEST: u64 = 5;
/// The share of those that have it, or of those expected to, that may be a slip.
const SLIPS: f64 = 0.02;
/// Winners lack a step that every sale passes less often than this …
const LACKING_WINNERS: f64 = 0.01;
/// … where the lead is scored before sales has done all it does, than this …
const NOT_YET_WINNERS: f64 = 0.05;
/// … and others at least so often.
const LACKING_OTHERS: f64 = 0.10;

pub(super) fn count(having: Having) -> Count {
    Count::new(having.have as f64, having.of as f64)
}

/// The chance of no fewer in the first of two groups.
pub(super) fn p_more(own: Having, others: Having) -> f64 {
    fisher_more(count(own), count(others)).unwrap_or(1.0)
}

/// The chance of no more in the first of two groups.
pub(super) fn p_fewer(own: Having, others: Having) -> f64 {
    fisher_fewer(count(own), count(others)).unwrap_or(1.0)
}

/// Had only by winners, or only by leads whose deal is open.
pub(super) fn had_only(counts: &ByFate) -> Vec<(f64, Sign)> {
    let only = |(group, own, others): (Group, Having, Having)| {
        let few = others.have as f64 <= SLIPS * (own.have + others.have) as f64;
        (own.have >= FEWEST && few).then(|| (p_more(own, others), Sign::HadOnlyBy { group, own, others }))
    };
    groups(counts).into_iter().filter_map(only).collect()
}

/// Had by no winner, or by no lead whose deal is open.
pub(super) fn had_by_none(counts: &ByFate) -> Vec<(f64, Sign)> {
    let none = |(group, own, others): (Group, Having, Having)| {
        let all = sum(own, others);
        let expected = all.have as f64 * own.of as f64 / all.of.max(1) as f64;
        let is_none = own.of > 0 && own.have as f64 <= SLIPS * expected;
        is_none.then(|| (p_fewer(own, others), Sign::HadByNoneOf { group, own, others }))
    };
    groups(counts).into_iter().filter_map(none).collect()
}

fn groups(counts: &ByFate) -> [(Group, Having, Having); 2] {
    [(Group::Winners, counts.won, counts.not_won()), (Group::OpenDeals, counts.open, sum(counts.won, counts.other))]
}

/// How sure it must be that winners hardly ever lack a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// That they lack it less often than others do.
    LessOften,
    /// The same of what sales does by its name, where it may come only after a lead is scored.
    NotYet,
    /// That they lack it less often than others must: a strong trait that few winners happen to share is no step.
    HardlyEver,
}

/// A step that every sale passes.
pub(super) fn every_sale(counts: &ByFate, step: Step, ask: Ask) -> Option<(f64, Sign)> {
    let (winners, others) = (counts.won, counts.not_won());
    let lacking = |having: Having| Having { have: having.of - having.have, of: having.of };
    let (no_winners, no_others) = (lacking(winners), lacking(others));
    let bound = if ask == Ask::NotYet { NOT_YET_WINNERS } else { LACKING_WINNERS };
    let hardly = (no_winners.have as f64) < bound * winners.of as f64;
    let often = others.of > 0 && no_others.have as f64 >= LACKING_OTHERS * others.of as f64;
    (hardly && often).then(|| {
        let at_all = match ask {
            Ask::LessOften | Ask::NotYet => 0.0,
            Ask::HardlyEver => binomial_fewer(count(no_winners), LACKING_OTHERS).unwrap_or(1.0),
        };
        (at_all.max(p_fewer(no_winners, no_others)), Sign::EverySale { step, winners, others })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(won: (u64, u64), other: (u64, u64)) -> ByFate {
        let having = |(have, of)| Having { have, of };
        ByFate { won: having(won), open: Having::default(), other: having(other) }
    }

    #[test]
    fn a_step_is_lacked_by_under_one_winner_in_a_hundred() {
        let step = |won, other| every_sale(&counts(won, other), Step::Filled, Ask::HardlyEver).is_some();
        assert!(step((991, 1_000), (500, 1_000)));
        assert!(!step((990, 1_000), (500, 1_000)));
    }

    #[test]
    fn a_step_is_lacked_by_at_least_one_other_in_ten() {
        let step = |won, other| every_sale(&counts(won, other), Step::Filled, Ask::HardlyEver).is_some();
        assert!(step((1_000, 1_000), (900, 1_000)));
        assert!(!step((1_000, 1_000), (901, 1_000)));
    }

    #[test]
    fn what_sales_does_by_its_name_may_not_be_done_yet() {
        let step = |won| every_sale(&counts((won, 1_000), (500, 1_000)), Step::Event, Ask::NotYet).is_some();
        assert!(step(951));
        assert!(!step(950));
    }

    #[test]
    fn few_winners_make_no_step_unless_the_name_tells() {
        let p = |ask| every_sale(&counts((20, 20), (300, 1_000)), Step::Set, ask).unwrap().0;
        assert!(p(Ask::HardlyEver) > 0.1);
        assert!(p(Ask::LessOften) < 1e-6);
    }

    #[test]
    fn what_winners_alone_have_is_had_by_hardly_any_other() {
        let only = |won, other| had_only(&counts(won, other)).len();
        assert_eq!(only((98, 200), (2, 800)), 1);
        assert_eq!(only((98, 200), (3, 800)), 0);
        assert_eq!(only((5, 200), (0, 800)), 1);
        assert_eq!(only((4, 200), (0, 800)), 0);
    }

    #[test]
    fn what_no_winner_has_is_had_by_others() {
        let found = had_by_none(&counts((0, 200), (400, 800)));
        assert!(found[0].0 < 1e-30, "{found:?}");
        assert!(had_by_none(&counts((0, 20), (8, 800)))[0].0 > 0.5);
        assert_eq!(had_by_none(&counts((10, 200), (400, 800))), []);
    }
}
