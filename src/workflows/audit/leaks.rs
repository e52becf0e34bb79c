//! Columns that know the outcome, and what a regression is worth with and without them.

use crate::audit::{self, Split, regression_auc};
use crate::data::History;
use crate::models::KnownColumn;
use crate::pipeline::{Played, known_columns};
use crate::predicate::Kind;
use crate::replay::Role;
use crate::result::Leaks;
use crate::time::Instant;

use super::rows;

/// Those columns, named, with their worth.
pub(super) fn leaks(played: &Played, training: &[usize]) -> Leaks {
    let Played { replayed, history, .. } = played;
    let columns = known_columns(history);
    let known = rows(replayed, &[Role::Training, Role::Evaluated]);
    let converted: Vec<bool> = known.iter().map(|&row| replayed.outcomes.converted[row]).collect();
    let names: Vec<&str> = history.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    let changed = audit::changed(&history.changes, &names, &first_wins(history), history.until);
    let found = audit::leaks(&replayed.features.attributes, &columns, &known, &converted, &changed);
    let out: Vec<&str> = found.iter().filter(|one| one.kept_out).map(|one| one.leak.column.as_str()).collect();
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
    let auc_without = match out.is_empty() {
        true => auc_with.clone(),
        false => auc(&|column| !out.contains(&column.name.as_str())),
    };
    Leaks { columns: found.into_iter().map(|one| one.leak).collect(), auc_with, auc_without }
}

/// The first win of every lead, where times are known.
fn first_wins(history: &History) -> Vec<Option<Instant>> {
    let mut wins = vec![None; history.ids.len()];
    if history.outcomes.timed {
        for win in history.outcomes.wins.iter().rev() {
            wins[win.lead as usize] = Some(win.at);
        }
    }
    wins
}
