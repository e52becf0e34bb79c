//! What sales did with the leads of a review, and what it said of them.

use crate::experiment::{Experiment, FeedbackSpec};
use crate::pipeline::Played;
use crate::review::{FeedbackColumns, FirstTouch};
use crate::table::{Cell, Column, did_you_mean};
use crate::time::NEVER;

use super::ReviewError;

/// Nothing where it is not recorded which leads sales worked, or no creation is known.
pub(super) fn first_touch(played: &Played, rows: &[usize]) -> Option<FirstTouch> {
    let outcomes = &played.replayed.outcomes;
    if outcomes.worked.is_empty() || outcomes.created.iter().all(|at| *at == NEVER) {
        return None;
    }
    let until = played.history.until;
    let created = |row: usize| Some(outcomes.created[row]).filter(|at| *at != NEVER);
    let worked = |row: usize| Some(outcomes.worked[row]).filter(|at| *at != NEVER && *at <= until);
    Some(FirstTouch {
        after: rows.iter().map(|&row| Some(worked(row)? - created(row)?)).collect(),
        known_for: rows.iter().map(|&row| Some(until - created(row)?)).collect(),
    })
}

/// Which leads sales accepted and which it rejected; nothing where no column says.
pub(super) fn feedback(
    experiment: &Experiment,
    played: &Played,
    rows: &[usize],
) -> Result<Option<FeedbackColumns>, ReviewError> {
    let Some(spec) = &experiment.file.review.feedback else { return Ok(None) };
    let words = |name: &str| {
        let column = column(played, name)?;
        let ids = &played.replayed.features.ids;
        let word = |row: &usize| played.history.ids.find(ids.get(*row)).and_then(|lead| said(column, lead));
        Ok::<_, ReviewError>(rows.iter().map(word).collect::<Vec<Option<String>>>())
    };
    let verdicts = words(&spec.column)?;
    let reason = spec.reason.as_deref().map(words).transpose()?;
    Ok(Some(FeedbackColumns { accepted: verdicts.iter().map(|word| accepted(spec, word.as_ref()?)).collect(), reason }))
}

fn accepted(spec: &FeedbackSpec, word: &String) -> Option<bool> {
    let (yes, no) = (spec.accepted.contains(word), spec.rejected.contains(word));
    (yes || no).then_some(yes)
}

fn column<'a>(played: &'a Played, name: &str) -> Result<&'a Column, ReviewError> {
    let known = &played.history.attributes;
    let found = known.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.column);
    found.ok_or_else(|| {
        let near = did_you_mean(known.iter().map(|attribute| attribute.name.as_str()), name);
        ReviewError::NoColumn { column: name.into(), near }
    })
}

fn said(column: &Column, lead: usize) -> Option<String> {
    match column.cell(lead) {
        Cell::Text(text) => Some(text.to_string()),
        Cell::Flag(flag) => Some(flag.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Missing | Cell::Instant(_) => None,
    }
}
