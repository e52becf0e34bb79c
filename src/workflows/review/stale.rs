//! Fits and the reviewed leads: whether a model learned from them, and what it costs to stay with the fit of the period before.

use crate::evaluation::{self, Scored};
use crate::experiment::Experiment;
use crate::models::Model;
use crate::pipeline::{Played, learned_from};
use crate::result::{Fact, Level, Notice};

use super::gather::Gathered;

/// For each model that is fitted period by period, on the leads of the compared periods that have an earlier fit.
pub(super) fn fits(gathered: &Gathered, experiment: &Experiment, played: &Played) -> Vec<Notice> {
    let models = 0..played.models.len();
    models.filter_map(|place| of_model(gathered, experiment, played, place)).collect()
}

fn of_model(gathered: &Gathered, experiment: &Experiment, played: &Played, place: usize) -> Option<Notice> {
    let refitted = played.scores[place].refitted.as_ref()?;
    let compared = &gathered.compared;
    let has_earlier = |row: &usize| refitted.fit[gathered.taken.rows[*row]] > 0;
    let rows: Vec<usize> = compared.in_periods().filter(|row| !compared.trained[*row]).filter(has_earlier).collect();
    let first = rows.iter().filter_map(|&row| compared.period(row)).min()?;
    let anew = gathered.scored[place].clone();
    let name = format!("{} as fitted before", anew.name);
    let before = Scored { name, score: refitted.before.clone(), not_promotable: None, ..anew.clone() };
    let among: [Scored; 2] = [before, Scored { not_promotable: None, ..anew }];
    let window = gathered.window(first..=compared.reviewed());
    let cohort = gathered.taken.cohort(experiment, played, &rows, window, (&among, 0)).ok()?;
    let gain = evaluation::evaluate(&cohort).comparisons.into_iter().next()?.gain;
    gain.winners.point.finite()?;
    let fact = Fact::StaleFit { model: among[1].name.clone(), winners: gain.winners, per: gain.per };
    Some(Notice { level: Level::Note, fact })
}

/// Models in files that were fitted on outcomes of the reviewed leads.
pub(super) fn learned(gathered: &Gathered, experiment: &Experiment, played: &Played) -> Vec<Notice> {
    let compared = &gathered.compared;
    let is_reviewed = |row: &usize| compared.period(*row) == Some(compared.reviewed());
    let rows: Vec<usize> = compared.in_periods().filter(is_reviewed).map(|row| gathered.taken.rows[row]).collect();
    let of = |model: &Model| {
        let because = learned_from(experiment, &played.history, &played.replayed, model, &rows)?;
        Some(Notice { level: Level::Warning, fact: Fact::Barred { model: model.name().into(), because } })
    };
    played.models.iter().filter_map(of).collect()
}
