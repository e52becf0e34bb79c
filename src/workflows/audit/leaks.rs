//! Columns that know the outcome, and what a regression is worth with and without them.

use crate::audit::{self, Changed};
use crate::data::History;
use crate::models::spec::{FeatureSpec, LogisticSpec};
use crate::models::{self, Context, KindSpec, KnownColumn, Model, Spec, Training};
use crate::pipeline::{Played, known_columns};
use crate::predicate::Kind;
use crate::replay::{Plan, Role};
use crate::result::{Estimate, Leaks};
use crate::stats::discrimination;
use crate::stats::random::Seed;
use crate::stats::{Sample, Undefined};
use crate::time::{DAY, Instant, NEVER};

use super::rows;

/// Those columns, named, with their worth.
pub(super) fn leaks(played: &Played, training: &[usize]) -> Leaks {
    let Played { replayed, history, .. } = played;
    let columns = known_columns(history);
    let known = rows(replayed, &[Role::Training, Role::Evaluated]);
    let converted: Vec<bool> = known.iter().map(|&row| replayed.outcomes.converted[row]).collect();
    let found = audit::leaks(&replayed.features.attributes, &columns, &known, &converted, &changed(history));
    let out: Vec<&str> = found.iter().filter(|one| one.kept_out).map(|one| one.leak.column.as_str()).collect();
    let all = || columns.iter().filter(|column| column.kind != Kind::Instant);
    let names = |keep: &dyn Fn(&KnownColumn) -> bool| {
        all().filter(|column| keep(column)).map(|column| column.name.clone()).collect()
    };
    let auc_with = regression_auc(played, &columns, names(&|_| true), training);
    let auc_without = match out.is_empty() {
        true => auc_with.clone(),
        false => regression_auc(played, &columns, names(&|column| !out.contains(&column.name.as_str())), training),
    };
    Leaks { columns: found.into_iter().map(|one| one.leak).collect(), auc_with, auc_without }
}

/// AUC on the evaluated leads of a regression on some columns, fitted on the training leads.
fn regression_auc(played: &Played, columns: &[KnownColumn], names: Vec<String>, training: &[usize]) -> Estimate {
    let Played { replayed, history, .. } = played;
    let rows = rows(replayed, &[Role::Evaluated]);
    if names.is_empty() || rows.is_empty() {
        return Estimate::undefined(Undefined::Empty.to_string());
    }
    let features = names.into_iter().map(FeatureSpec::Column).collect();
    let kind = KindSpec::Logistic(LogisticSpec { ridge: 1.0, features: Some(features) });
    let spec = Spec { name: "columns".into(), kind, brackets: None };
    let context = Context { columns, events: None, zone: &history.zone, seed: Seed(0) };
    let won = |rows: &[usize]| rows.iter().map(|&row| replayed.outcomes.converted[row]).collect::<Vec<bool>>();
    let learned = won(training);
    let training = Training { rows: training, converted: &learned };
    let model = Model::compile(&spec, std::slice::from_ref(&spec), &context, &mut Plan::default());
    let scores = model.and_then(|model| models::score(&[model], &replayed.features, Some(&training)));
    match scores {
        Ok(scores) => {
            let (score, converted): (Vec<f64>, Vec<bool>) =
                (rows.iter().map(|&row| scores[0].value[row]).collect(), won(&rows));
            let tally = Sample::new(&score, &converted).tally();
            Estimate::with(discrimination::auc(&tally), discrimination::auc_interval(&tally, 0.95))
        }
        Err(error) => Estimate::undefined(error.to_string()),
    }
}

/// Days on either side of a win in which changes are counted.
const BESIDE: i64 = 30;
/// A win is often dated by its day: what changed on the day itself changed with it.
const SAME_DAY: i64 = DAY;

/// How the columns with a history changed about the wins.
fn changed(history: &History) -> Vec<Changed> {
    let wins = first_wins(history);
    let winners = wins.iter().filter(|at| **at != NEVER).count() as u64;
    if winners == 0 || history.changes.is_empty() {
        return Vec::new();
    }
    let mut counted = vec![Both::default(); history.attributes.len()];
    // The changes of a lead's field stand together.
    for changes in history.changes.chunk_by(|a, b| (a.lead, a.field) == (b.lead, b.field)) {
        let won = wins[changes[0].lead as usize];
        if won != NEVER {
            // Its first value is how the lead began, and no change.
            let times = changes.iter().skip(1).map(|change| change.from - (won - SAME_DAY));
            counted[changes[0].field as usize].add(times);
        }
    }
    let changed = history.attributes.iter().zip(counted).filter(|(_, both)| both.after + both.before > 0);
    changed
        .map(|(attribute, both)| Changed {
            column: attribute.name.clone(),
            winners,
            after: both.after,
            before: both.before,
        })
        .collect()
}

/// The first win of every lead of which the month after it is known; [`NEVER`] for the others.
fn first_wins(history: &History) -> Vec<Instant> {
    let mut wins = vec![NEVER; history.ids.len()];
    if history.outcomes.timed {
        for win in history.outcomes.wins.iter().rev().filter(|win| win.at + BESIDE * DAY <= history.until) {
            wins[win.lead as usize] = win.at;
        }
    }
    wins
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
            after |= (0..=BESIDE * DAY).contains(&time);
            before |= (-BESIDE * DAY..0).contains(&time);
        }
        self.after += u64::from(after && !before);
        self.before += u64::from(before && !after);
    }
}
