//! The cohort of leads that were scored.

use rayon::prelude::*;

use crate::evaluation::{BracketRule, Cohort, Mark, Scored};
use crate::experiment::Experiment;
use crate::models::{self, Model, Scores};
use crate::replay::{Replayed, Role};
use crate::result::{CardLine, Effort, Estimate, ModelKind, Number};
use crate::stats::{Interval, dist};

use super::history::Played;
use super::{PipelineError, assemble};

/// The cohort of what was replayed and scored, and of more models; the scores move into it.
pub(crate) fn cohort(
    experiment: &Experiment,
    played: &mut Played,
    more: impl IntoIterator<Item = Scored>,
) -> Result<Cohort, PipelineError> {
    let scores = std::mem::take(&mut played.scores);
    let models = &played.models;
    let of_model = |(model, scores): (&Model, Scores)| {
        let marks = marks(model.name(), &scores);
        let mut scored = scored(model, scores, &played.replayed);
        scored.effort = effort(experiment.champion.map(|place| &models[place]), model, scored.card.len());
        (scored, marks)
    };
    let (mut scored, marks): (Vec<Scored>, Vec<Vec<Mark>>) = models.par_iter().zip(scores).map(of_model).unzip();
    scored.extend(more);
    let mut marks: Vec<Mark> = marks.into_iter().flatten().collect();
    let excluding: Vec<usize> = (0..models.len()).filter(|&model| models[model].excludes_unscored()).collect();
    let kept = assemble::exclude(&mut played.replayed, &mut scored, &excluding);
    if kept.len() < marks.first().map_or(0, |mark| mark.holds.len()) {
        marks.iter_mut().for_each(|mark| mark.holds = kept.iter().map(|&row| mark.holds[row]).collect());
    }
    let brackets = brackets(experiment, models);
    let cohort =
        assemble::cohort(&experiment.file, &played.history, &played.replayed, scored, experiment.champion, brackets)?;
    Ok(cohort.asking(assemble::asked(&experiment.file, &played.replayed, marks))?)
}

/// Brackets of models that have none of their own: the experiment's; without any, the champion's tiers; else five of
/// equal volume.
pub(crate) fn brackets(experiment: &Experiment, models: &[Model]) -> BracketRule {
    if let Some(spec) = &experiment.file.brackets {
        return assemble::bracket_rule(spec);
    }
    experiment.champion.and_then(|place| tiers(&models[place])).unwrap_or(BracketRule::Quantiles(5))
}

/// A model's tiers by name: the rate of *Hot* is the rate of Hot.
fn tiers(model: &Model) -> Option<BracketRule> {
    let tiers = &model.points()?.spec().tiers;
    let mut bounds: Vec<(f64, &str)> = tiers.iter().map(|(name, tier)| (tier.from, name)).collect();
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    (bounds.len() > 1).then(|| assemble::named(bounds))
}

/// What it takes to put a model in the champion's place: of points what differs from the champion's, where it gives points
/// too; a score that is there is chosen; the rest must be computed elsewhere.
pub(crate) fn effort(champion: Option<&Model>, model: &Model, weights: usize) -> Effort {
    let points = |model: &'_ Model| model.points().map(|points| points.spec().clone());
    match (points(model), model.kind()) {
        (Some(own), _) => {
            let from = champion.and_then(points).unwrap_or_default();
            Effort { in_crm: true, edits: own.edits_from(&from) }
        }
        (None, ModelKind::Column) => Effort { in_crm: true, edits: 1 },
        (None, _) => Effort { in_crm: false, edits: weights as u64 },
    }
}

/// Which criteria of a model fire for whom.
fn marks(model: &str, scores: &Scores) -> Vec<Mark> {
    let mark = |part: &models::Contribution| Mark {
        model: model.into(),
        what: part.name.clone(),
        holds: part.strength.fires(),
    };
    scores.contributions.par_iter().map(mark).collect()
}

pub(crate) fn scored(model: &Model, scores: Scores, replayed: &Replayed) -> Scored {
    let used = replayed.roles.iter().filter(|role| **role != Role::Training).count();
    let fires = |name: &str| {
        let part = scores.contributions.iter().find(|part| part.name == name)?;
        let fires = replayed.roles.iter().zip(part.strength.iter());
        let count = fires.filter(|(role, strength)| **role != Role::Training && *strength != 0.0).count();
        (used > 0).then(|| count as f64 / used as f64)
    };
    let line = |line: models::CardLine| CardLine {
        fires: fires(&line.name).map_or(Number::undefined("not counted for this kind of model"), Number::from),
        weight: weight(&line, model.kind()),
        name: line.name,
        what: line.what,
    };
    Scored {
        name: model.name().into(),
        kind: model.kind().clone(),
        scale: model.scale(),
        card: model.card(Some(&scores)).into_iter().map(line).collect(),
        score: scores.value,
        groups: scores.groups.into_iter().map(|group| (group.name, group.value)).collect(),
        not_promotable: scores.not_promotable,
        brackets: model.brackets().map(assemble::bracket_rule).or_else(|| tiers(model)),
        effort: Effort::default(),
    }
}

fn weight(line: &models::CardLine, kind: &ModelKind) -> Estimate {
    let Some(point) = line.weight else { return Estimate::undefined("no single weight") };
    match line.standard_error {
        Some(error) => Estimate::new(point, Interval::around(point, dist::normal_critical(0.95) * error)),
        None => {
            // What a file of weights leaves open is not set by hand.
            let why = if *kind == ModelKind::Linear { "its file has no standard error" } else { "set by hand" };
            Estimate { point: point.into(), low: Number::undefined(why), high: Number::undefined(why) }
        }
    }
}
