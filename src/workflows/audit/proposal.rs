//! What to change, judged on the evaluation window as any challenger is.

use crate::audit::{self, Evidence, Proposed};
use crate::evaluation;
use crate::experiment::Experiment;
use crate::models::{Points, PointsModel};
use crate::pipeline::{Played, assemble, brackets, scored};
use crate::result::{Comparison, CriterionAudit, Proposal};
use crate::table::inert_json;

use super::{AuditError, not_points};

/// Points of ten and more are proposed in steps of this.
const STEP: f64 = 5.0;

/// What to change, without the judgement, and the points after it.
pub(super) fn found(
    experiment: &Experiment,
    (points, scorer): (&Points, &PointsModel),
    played: &Played,
    (evidence, criteria): (&Evidence, &[CriterionAudit]),
    training: &[usize],
    model: &str,
) -> (Proposal, Vec<f64>) {
    let as_of = |place: &usize| played.replayed.features.as_of[training[*place]];
    let mut order: Vec<usize> = (0..training.len()).collect();
    // Without times the rows' order is all there is.
    order.sort_by_key(as_of);
    let editable: Vec<bool> = points.criteria.iter().map(|placed| placed.criterion.points.is_some()).collect();
    let found = audit::propose(evidence, criteria, &order, &editable, STEP, |parts, rows| scorer.totals(parts, rows));
    let name = variant_name(experiment, model);
    let proposal = Proposal {
        yaml: (!found.edits.is_empty()).then(|| yaml(model, &name, &found)),
        name,
        edits: found.edits,
        reason: found.reason,
        held_out: found.held_out,
        held_out_leads: found.held_out_leads as u64,
        evidence: None,
    };
    (proposal, found.points)
}

/// What to change in the first model that was played; across a break of the log the evidence would be about the log.
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
    let (mut proposal, points) =
        found(experiment, (points, scorer), played, (evidence, criteria), training, model.name());
    if !proposal.edits.is_empty() && !across {
        let current = scored(model, played.scores[0].clone(), &played.replayed);
        let changed = variant(played, 0, &current, &proposal.name, &points);
        let changed = changed.ok_or_else(|| not_points(model.name()))?;
        proposal.evidence = against(experiment, played, vec![current, changed]).into_iter().next();
    }
    Ok(proposal)
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

/// The model at a place with other points.
pub(super) fn variant(
    played: &Played,
    place: usize,
    current: &evaluation::Scored,
    name: &str,
    points: &[f64],
) -> Option<evaluation::Scored> {
    let changed = audit::with_points(&played.scores[place].contributions, points);
    let score = played.models[place].points()?.totals(&changed, played.replayed.features.rows());
    Some(evaluation::Scored { name: name.into(), score, groups: Vec::new(), ..current.clone() })
}

/// Each variant against the first model, on the evaluation window; nothing where that holds no mature lead.
pub(super) fn against(experiment: &Experiment, played: &Played, models: Vec<evaluation::Scored>) -> Vec<Comparison> {
    let rule = brackets(experiment, &played.models);
    let cohort = assemble::cohort(&experiment.file, &played.history, &played.replayed, models, Some(0), rule);
    let asked = assemble::asked(&experiment.file, &played.replayed, Vec::new());
    let evaluated = cohort.and_then(|cohort| Ok(evaluation::evaluate(&cohort.asking(asked)?)));
    evaluated.map(|evaluated| evaluated.comparisons).unwrap_or_default()
}
