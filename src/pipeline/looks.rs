//! One model's scores of leads at many instants each.

use crate::data::{self, Findings, History};
use crate::experiment::Experiment;
use crate::models::{self, Model, Scores};
use crate::replay::{Plan, seen_at};
use crate::time::{Instant, NEVER};

use super::streaming::compiled;
use super::{PipelineError, Progress, doctor};

/// When leads are looked at: places in the history, ascending, each as often as it is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks {
    pub lead: Vec<usize>,
    pub at: Vec<Instant>,
}

/// A model's scores at every look, a row a look.
pub(crate) struct Looked {
    pub history: History,
    pub findings: Findings,
    pub model: Model,
    pub looks: Looks,
    pub scores: Scores,
}

/// Reads the data and scores leads by one model of the experiment whenever `choose` says.
///
/// # Errors
/// As [`play`](super::play), and when `choose` finds nothing to look at.
pub(crate) fn looked<E: From<PipelineError>>(
    experiment: &Experiment,
    place: usize,
    choose: &dyn Fn(&History) -> Result<Looks, E>,
    progress: &dyn Progress,
) -> Result<Looked, E> {
    let mut alone = experiment.clone();
    alone.models = vec![experiment.models[place].clone()];
    let mut last = |history: &History| {
        let looks = choose(history).ok()?;
        let mut last = vec![NEVER; history.ids.len()];
        looks.lead.iter().zip(&looks.at).for_each(|(&lead, &at)| last[lead] = last[lead].max(at));
        Some(last)
    };
    let say = |at: data::Progress| progress.reading(&at);
    let file = &experiment.file;
    let read = data::read(&file.data, &experiment.base, &alone.event_columns(), &mut last, &say);
    let (history, mut findings) = read.map_err(PipelineError::from)?;
    findings.list.extend(experiment.unexpressed());
    let looks = choose(&history)?;
    progress.say(format!("scoring {} times", looks.at.len()));
    let mut plan = Plan::default();
    let mut models = compiled(&alone, &history, |context| models::compile(&alone.models, context, &mut plan))
        .map_err(PipelineError::from)?;
    let features = seen_at(&history, &plan, &looks.lead, &looks.at).map_err(PipelineError::from)?;
    let mut scores = models::score(&models, &features, None).map_err(PipelineError::from)?;
    let (model, scores) = (models.swap_remove(0), scores.swap_remove(0));
    findings.list.extend(doctor::left_out(&alone, &model));
    Ok(Looked { history, findings, model, looks, scores })
}
