//! Leads that change hands, with reasons: for people who know them.

use crate::evaluation;
use crate::experiment::Experiment;
use crate::models::{Explanation, Line};
use crate::pipeline::{PipelineError, Played, Progress, cohort, play};
use crate::replay::Scope;
use crate::report::{Document, Example, Swaps};

/// Why no examples were drawn.
#[derive(Debug, thiserror::Error)]
pub enum ExampleError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error("{path}: no `champion` is named: expected the model in use, whose leads others would hand over or not", path = path.display())]
    NoChampion { path: std::path::PathBuf },
}

/// Examples of each way, for each challenger.
const EACH: usize = 10;
/// Reasons of a score that are named.
const REASONS: usize = 3;

/// Ten leads that each challenger would hand over instead of the champion's, and ten that it would not, evenly drawn among
/// all that swap wholly; with what gave their scores.
///
/// # Errors
/// When the experiment cannot be replayed, or names no champion.
pub fn examples(experiment: &Experiment, progress: &dyn Progress) -> Result<Document, ExampleError> {
    let Some(champion) = experiment.champion else {
        return Err(ExampleError::NoChampion { path: experiment.path().into() });
    };
    let mut compared = play(experiment, Scope::Used, progress)?;
    let cohort = cohort(experiment, &mut compared, None)?;
    let swapped = evaluation::swapped(&cohort);
    let ids = &compared.replayed.features.ids;
    let wholly: Vec<(&str, bool, &str)> = swapped
        .iter()
        .filter(|one| one.share.abs() > 0.5)
        .map(|one| (ids.get(one.row), one.share > 0.0, one.challenger.as_str()))
        .collect();
    // What the comparison took is scored once more, to be explained.
    let played = play(experiment, Scope::Used, progress)?;
    let of = |(place, challenger): (usize, &str)| {
        let drawn = |comes: bool| {
            let all: Vec<&str> = wholly
                .iter()
                .filter(|(_, came, model)| *came == comes && *model == challenger)
                .map(|(lead, ..)| *lead)
                .collect();
            let step = all.len().div_ceil(EACH).max(1);
            let example = |lead: &&str| example(&played, lead, (champion, place));
            all.iter().step_by(step).filter_map(example).collect::<Vec<Example>>()
        };
        Swaps { challenger: challenger.into(), came: drawn(true), went: drawn(false) }
    };
    let names = experiment.models.iter().map(|model| model.name.as_str()).enumerate();
    let all: Vec<Swaps> = names.filter(|(place, _)| *place != champion).map(of).collect();
    let all: Vec<Swaps> = all.into_iter().filter(|one| !(one.came.is_empty() && one.went.is_empty())).collect();
    Ok(crate::report::swaps(&experiment.file.experiment, &experiment.models[champion].name, &all))
}

fn example(played: &Played, lead: &str, (champion, challenger): (usize, usize)) -> Option<Example> {
    let features = &played.replayed.features;
    let row = features.ids.find(lead)?;
    let said = |model: usize| {
        let explanation = played.models[model].explain(features, &played.scores[model], row);
        (explanation.score, strongest(&explanation))
    };
    let won = played.replayed.outcomes.converted[row];
    Some(Example { lead: lead.into(), won, champion: said(champion), challenger: said(challenger) })
}

/// The lines that weigh most: "Decision maker +20; Looked at jobs -15".
fn strongest(explanation: &Explanation) -> String {
    let mut lines: Vec<&Line> = explanation.lines.iter().filter(|line| line.after.abs() > 1e-6).collect();
    lines.sort_by(|a, b| b.after.abs().total_cmp(&a.after.abs()));
    let said =
        lines.iter().take(REASONS).map(|line| format!("{} {:+}", line.name, (line.after * 100.0).round() / 100.0));
    said.collect::<Vec<String>>().join("; ")
}
