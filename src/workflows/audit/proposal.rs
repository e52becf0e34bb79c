//! What to change, judged on the evaluation window as any challenger is.

use crate::audit::{self, Evidence, Proposed};
use crate::evaluation;
use crate::experiment::Experiment;
use crate::models::Points;
use crate::pipeline::{Played, assemble, brackets, scored};
use crate::result::{Comparison, CriterionAudit, Proposal};
use crate::table::inert_json;

use super::{AuditError, not_points};

/// Points of ten and more are proposed in steps of this.
const STEP: f64 = 5.0;

pub(super) fn proposal(
    experiment: &Experiment,
    points: &Points,
    played: &Played,
    (evidence, criteria): (&Evidence, &[CriterionAudit]),
    training: &[usize],
    across: bool,
) -> Result<Proposal, AuditError> {
    let model = &played.models[0];
    let Some(scorer) = model.points() else { return Err(not_points(model.name())) };
    let as_of = |place: &usize| played.replayed.features.as_of[training[*place]];
    let mut order: Vec<usize> = (0..training.len()).collect();
    // Without times the rows' order is all there is.
    order.sort_by_key(as_of);
    let editable: Vec<bool> = points.criteria.iter().map(|placed| placed.criterion.points.is_some()).collect();
    let found = audit::propose(evidence, criteria, &order, &editable, STEP, |parts, rows| scorer.totals(parts, rows));
    let name = variant_name(experiment, model.name());
    // Across a break of the log the evidence would be about the log.
    let evidence = if found.edits.is_empty() || across { None } else { judged(experiment, played, &found, &name)? };
    Ok(Proposal {
        yaml: (!found.edits.is_empty()).then(|| yaml(model.name(), &name, &found)),
        name,
        edits: found.edits,
        reason: found.reason,
        held_out: found.held_out,
        held_out_leads: found.held_out_leads as u64,
        evidence,
    })
}

/// A name that no model of the experiment has.
fn variant_name(experiment: &Experiment, model: &str) -> String {
    let taken = |name: &str| experiment.file.models.names().any(|known| known == name);
    let first = format!("{model}_audited");
    let numbered = (2..).map(|number| format!("{model}_audited_{number}"));
    std::iter::once(first.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(first)
}

/// The variant as the experiment file takes it. Names are quoted as JSON, which YAML reads.
fn yaml(model: &str, name: &str, found: &Proposed) -> String {
    let quoted = |text: &str| inert_json(&serde_json::Value::from(text).to_string()).into_owned();
    let mut text = format!(
        "# Proposed by `leadoff audit`: put it under `models:` of the experiment, and judge it with `leadoff run`.\nmodels:\n  {}:\n    extends: {}\n    change:\n",
        quoted(name),
        quoted(model)
    );
    for edit in &found.edits {
        text.push_str(&format!("      {}: {{ points: {} }} # was {}\n", quoted(&edit.criterion), edit.to, edit.from));
    }
    text
}

/// The variant against the model on the evaluation window; nothing where that holds no mature lead.
fn judged(
    experiment: &Experiment,
    played: &Played,
    found: &Proposed,
    name: &str,
) -> Result<Option<Comparison>, AuditError> {
    let (model, scores) = (&played.models[0], &played.scores[0]);
    let current = scored(model, scores.clone(), &played.replayed);
    let variant = variant(played, &current, name, &found.points).ok_or_else(|| not_points(model.name()))?;
    Ok(against(experiment, played, vec![current, variant]).into_iter().next())
}

/// The model with other points.
pub(super) fn variant(
    played: &Played,
    current: &evaluation::Scored,
    name: &str,
    points: &[f64],
) -> Option<evaluation::Scored> {
    let changed = audit::with_points(&played.scores[0].contributions, points);
    let score = played.models[0].points()?.totals(&changed, played.replayed.features.rows());
    Some(evaluation::Scored { name: name.into(), score, groups: Vec::new(), ..current.clone() })
}

/// Each variant against the first model, on the evaluation window; nothing where that holds no mature lead.
pub(super) fn against(experiment: &Experiment, played: &Played, models: Vec<evaluation::Scored>) -> Vec<Comparison> {
    let rule = brackets(experiment, &played.models);
    let cohort = assemble::cohort(&experiment.file, &played.history, &played.replayed, models, Some(0), rule);
    cohort.map(|cohort| evaluation::evaluate(&cohort).comparisons).unwrap_or_default()
}
