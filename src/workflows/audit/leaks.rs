//! Columns that may know the outcome, and what a regression is worth with and without them.

use crate::audit::{Split, regression_auc};
use crate::data::Known;
use crate::models::KnownColumn;
use crate::pipeline::{Played, known_columns};
use crate::predicate::Kind;
use crate::replay::Role;
use crate::report;
use crate::result::{Estimate, Having, Leak, Leaks, Screened, Sign, Standing, Subject};
use crate::stats::proportion::{Count, wilson};

use super::rows;

/// Confidence of every interval.
const LEVEL: f64 = 0.95;

/// Those columns, named, with their worth.
pub(super) fn leaks(played: &Played, training: &[usize]) -> Leaks {
    let Played { replayed, history, screening, .. } = played;
    let columns = known_columns(history);
    let mut found: Vec<(&str, &Screened)> = screening.list.iter().filter_map(named).collect();
    let auc = |one: &Screened| one.auc.point.finite().unwrap_or(0.0);
    found.sort_by(|(_, a), (_, b)| b.is_suspended().cmp(&a.is_suspended()).then_with(|| auc(b).total_cmp(&auc(a))));
    let is_out = |column: &KnownColumn| {
        let one = found.iter().find(|(name, _)| *name == column.name);
        one.is_some_and(|(_, one)| match column.known {
            // What is read as it stood at scoring cannot know what was written later.
            Known::At(_) => false,
            Known::ByHistory => one.is_suspended(),
            Known::AtCreation | Known::AsExported | Known::Planned => one.standing != Standing::Declared,
        })
    };
    let leads = Split {
        features: &replayed.features,
        converted: &replayed.outcomes.converted,
        training,
        judged: &rows(replayed, &[Role::Evaluated]),
    };
    let auc = |keep: &dyn Fn(&KnownColumn) -> bool| {
        let kept = columns.iter().filter(|column| column.kind != Kind::Instant && keep(column));
        regression_auc(&leads, &columns, &history.zone, kept.map(|column| column.name.clone()).collect())
    };
    let auc_with = auc(&|_| true);
    let auc_without = match columns.iter().any(is_out) {
        false => auc_with.clone(),
        true => auc(&|column| !is_out(column)),
    };
    Leaks { columns: found.iter().map(|(name, one)| leak(name, one)).collect(), auc_with, auc_without }
}

/// A column that is worth naming: a telling name alone, or a name of a person, is none.
fn named(one: &Screened) -> Option<(&str, &Screened)> {
    let Subject::Column(name) = &one.subject else { return None };
    let tells = |sign: &Sign| !matches!(sign, Sign::Class { .. } | Sign::TellingName { auc: None, .. });
    one.signs.iter().any(tells).then_some((name.as_str(), one))
}

fn leak(name: &str, one: &Screened) -> Leak {
    let share = |having: Having| {
        let count = Count::new(having.have as f64, having.of as f64);
        Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL))
    };
    Leak {
        column: name.into(),
        why: report::screening::signs(one),
        auc: one.auc.clone(),
        filled_won: share(one.winners),
        filled_other: share(one.others),
    }
}
