//! The audit of a points model: replayed once, weighed on the training leads, what it proposes judged on later ones.

mod error;
mod leaks;
mod proposal;
mod simpler;
mod store;

pub use error::AuditError;
pub use store::store;

use crate::audit::{self, Candidate, Evidence, Faded, Weighed, candidates, fading};
use crate::evaluation::Scored;
use crate::experiment::Experiment;
use crate::models::{KindSpec, Points, Spec};
use crate::pipeline::assemble::quarters;
use crate::pipeline::tracking_breaks::{bends, cliffs};
use crate::pipeline::{PipelineError, Played, Progress, known_columns, play_read, read, scored};
use crate::replay::{ReplayError, Replayed, Role, Scope};
use crate::result::{
    AUDIT_SCHEMA, Audit, Belief, Cliff, CriteriaAudit, CriterionAudit, Effort, Fact, Level, Missed, MissedKind, Notice,
    Proposal, Simpler, Subject,
};
use crate::stats::random::Seed;
use crate::table::did_you_mean;
use crate::time::NEVER;

/// A smaller difference in how often leads are worked bends no criterion's worth by as much as its interval.
const WORKED_MORE: f64 = 0.05;

/// Holds the criteria of a points model against what happened: the one named, else the champion, else the first.
///
/// # Errors
/// As a run; and when there is no such points model, or no training window.
pub fn audit(experiment: &Experiment, model: Option<&str>, progress: &dyn Progress) -> Result<Audit, AuditError> {
    let stage = Stage::set(experiment, model, progress)?;
    let Stage { alone, played, training, evidence, .. } = &stage;
    progress.say("weighing the criteria".into());
    let weighed = audit::weigh(evidence);
    let criteria = audit::criteria(evidence, &weighed);
    progress.say("looking for what to change".into());
    let proposal = stage.proposal(&criteria)?;
    let simpler = if stage.is_judged() { simpler::simpler(alone, played, evidence) } else { Simpler::default() };
    progress.say("looking for leaks, decay and what is missing".into());
    let attributes = &played.replayed.features.attributes;
    let mut known = known_columns(&played.history);
    known.retain(|column| played.screening.column(&column.name).is_none_or(|one| one.by_default));
    // No condition can be made of a number that stands for a name.
    known.retain(|column| !played.concealed.contains(&column.name));
    let columns = candidates::columns(attributes, &known, training);
    let file = &experiment.file;
    Ok(Audit {
        schema: AUDIT_SCHEMA,
        experiment: file.experiment.clone(),
        model: alone.models[0].name.clone(),
        as_of: file.replay.as_of.in_words(),
        horizon_days: file.replay.horizon.days(),
        window: window(experiment),
        seed: file.seed,
        leads: evidence.leads() as u64,
        wins: evidence.wins() as u64,
        notices: stage.notices(&criteria, weighed.sole()),
        weighing: weighed.weighing(),
        proposal,
        leaks: leaks::leaks(played, training),
        decays: audit::decays(evidence, &weighed, &stage.faded()),
        misjudged: audit::misjudged(&stage.scores(), &evidence.converted, &columns),
        missing: stage.missing(&weighed, columns),
        simpler,
        criteria,
        cliffs: stage.cliffs,
    })
}

/// The audited model on its training leads, replayed together with what is asked of the log for it.
struct Stage {
    /// The experiment with the audited model, that at other speeds of fading, and the kinds of events it does not read.
    alone: Experiment,
    points: Points,
    /// The criteria that fade, each with its model's place.
    fading: Vec<usize>,
    kinds: Option<Spec>,
    played: Played,
    training: Vec<usize>,
    evidence: Evidence,
    cliffs: Vec<Cliff>,
}

impl Stage {
    fn set(experiment: &Experiment, model: Option<&str>, progress: &dyn Progress) -> Result<Self, AuditError> {
        let spec = chosen(experiment, model)?;
        let KindSpec::Points(points) = &spec.kind else { return Err(not_points(&spec.name)) };
        let read = read(experiment, Scope::Used, progress)?;
        if read.0.events.as_ref().is_some_and(|events| events.folded.is_some()) {
            return Err(PipelineError::Replay(ReplayError::NeedsEvents { what: "an audit by itself" }).into());
        }
        let (fading, faded): (Vec<usize>, Vec<Spec>) = fading::models(points).into_iter().unzip();
        let kinds = candidates::unused_kinds(points, read.0.event_kinds());
        let mut alone = experiment.clone();
        alone.models = std::iter::once(spec.clone()).chain(faded).chain(kinds.clone()).collect();
        alone.champion = Some(0);
        let played = play_read(&alone, read, Scope::Used, progress)?;
        let training = learned(experiment, &played.replayed);
        if training.is_empty() {
            return Err(AuditError::NoTraining { model: spec.name.clone() });
        }
        let evidence = evidence(&played, 0, &training, experiment.file.seed);
        let cliffs = cliffs(&played.history, &played.replayed, &[spec]);
        Ok(Self { alone, points: (**points).clone(), fading, kinds, played, training, evidence, cliffs })
    }

    /// Whether a comparison on later leads would be about a break of the log.
    fn is_cut(&self) -> bool {
        !self.alone.allow_truncated && self.cliffs.iter().any(bends)
    }

    /// Whether what is proposed can be judged on leads that it was not found on.
    fn is_judged(&self) -> bool {
        !self.is_cut() && !is_on_all(&self.played.replayed)
    }

    fn proposal(&self, criteria: &[CriterionAudit]) -> Result<Proposal, AuditError> {
        let Self { alone, points, played, training, evidence, .. } = self;
        proposal::proposal(alone, points, played, (evidence, criteria), training, !self.is_judged())
    }

    fn faded(&self) -> Vec<Faded> {
        let models = self.fading.iter().zip(&self.played.scores[1..]);
        models.map(|(&place, scores)| fading::faded(&self.points, place, scores, &self.training)).collect()
    }

    /// The model's scores of the training leads.
    fn scores(&self) -> Vec<f64> {
        self.training.iter().map(|&row| self.played.scores[0].value[row]).collect()
    }

    fn missing(&self, weighed: &Weighed, columns: Vec<Candidate>) -> Vec<Missed> {
        let of_kinds = self.kinds.as_ref().zip(self.played.scores.last());
        let events = of_kinds.map(|(spec, scores)| candidates::events(spec, scores, &self.training));
        let mut candidates = [columns, events.unwrap_or_default()].concat();
        // What sales does, or what a sale leaves, is no criterion.
        candidates.retain(|one| match one.kind {
            MissedKind::Event => {
                let screened = self.played.screening.of(&Subject::Events(one.reads.clone()));
                screened.is_none_or(|screened| screened.by_default)
            }
            MissedKind::Column | MissedKind::Pair => true,
        });
        let pairs = candidates::pairs(&self.points);
        let mut missing = audit::missing(&self.evidence, weighed, &candidates);
        missing.extend(audit::interactions(&self.evidence, weighed, &pairs));
        missing
    }

    /// That sales worked leads with a high score more often: the audit weighs leads as they were worked.
    fn worked_by_score(&self) -> Option<Fact> {
        let worked = &self.played.replayed.outcomes.worked;
        if worked.is_empty() {
            return None;
        }
        let mut order = self.training.clone();
        let score = |row: &usize| self.played.scores[0].value[*row];
        order.sort_by(|a, b| score(b).total_cmp(&score(a)));
        let (better, others) = order.split_at(order.len() / 2);
        let share =
            |rows: &[usize]| rows.iter().filter(|&&row| worked[row] != NEVER).count() as f64 / rows.len().max(1) as f64;
        let (high, low) = (share(better), share(others));
        (high - low >= WORKED_MORE).then_some(Fact::WorkedByScore { high, low })
    }

    fn notices(&self, criteria: &[CriterionAudit], sole: Option<usize>) -> Vec<Notice> {
        let (model, scores) = (&self.played.models[0], &self.played.scores[0]);
        let trace = scores
            .not_promotable
            .iter()
            .map(|because| Fact::CriteriaOfTheSale { model: model.name().into(), because: because.clone() });
        let unknown = model.notices(self.played.history.event_kinds()).into_iter().map(Fact::UnknownEvents);
        let bending = self.cliffs.iter().filter(|cliff| bends(cliff)).cloned().map(Fact::TrackingBreak);
        let cut = self.is_cut().then_some(Fact::NotJudgedAcrossBreak);
        let on_all = is_on_all(&self.played.replayed).then_some(Fact::WeighedOnAll);
        let worked = self.worked_by_score();
        let doubted = self.played.doubts().into_iter();
        let doubted = doubted.filter(|(models, _)| models.iter().any(|name| name == model.name()));
        let doubted = doubted.map(|(_, suspicion)| Fact::Doubted { models: vec![model.name().into()], suspicion });
        let facts =
            trace.chain(doubted).chain(unknown).chain(bending).chain(worked).chain(cut).chain(on_all).chain(few_wins(
                &self.evidence,
                criteria,
                sole,
            ));
        facts.map(|fact| Notice { level: Level::Warning, fact }).collect()
    }
}

/// What an audit gives to a run.
pub(super) struct BesideRun {
    pub criteria: CriteriaAudit,
    /// What it would change in the champion, as a challenger.
    pub challenger: Option<Challenger>,
}

pub(super) struct Challenger {
    pub proposal: Proposal,
    pub scored: Scored,
}

/// The audit's first part, for the report of a run: of the champion where it gives points, else of the first model that
/// does. Nothing without one, without training leads, or where the experiment wants none. Over leads from both sides of a
/// break of the log nothing is proposed.
pub(super) fn of_run(experiment: &Experiment, played: &Played, across: bool) -> Option<BesideRun> {
    if !experiment.file.audit {
        return None;
    }
    let spec = chosen(experiment, None).ok()?;
    let place = experiment.models.iter().position(|known| known.name == spec.name)?;
    let training = learned(experiment, &played.replayed);
    if training.is_empty() {
        return None;
    }
    let evidence = evidence(played, place, &training, experiment.file.seed);
    let weighed = audit::weigh(&evidence);
    let criteria = audit::criteria(&evidence, &weighed);
    let proposes = experiment.champion == Some(place) && !across && !is_on_all(&played.replayed);
    let challenger = proposes.then(|| challenger(experiment, played, place, (&evidence, &criteria), &training));
    Some(BesideRun {
        challenger: challenger.flatten(),
        criteria: CriteriaAudit {
            model: spec.name.clone(),
            window: window(experiment),
            leads: evidence.leads() as u64,
            wins: evidence.wins() as u64,
            weighing: weighed.weighing(),
            criteria,
        },
    })
}

/// The model at a place with the edits that its audit proposes.
fn challenger(
    experiment: &Experiment,
    played: &Played,
    place: usize,
    found: (&Evidence, &[CriterionAudit]),
    training: &[usize],
) -> Option<Challenger> {
    let model = &played.models[place];
    let scorer = model.points()?;
    let (proposal, points) =
        proposal::found(experiment, (scorer.spec(), scorer), played, found, training, model.name());
    if proposal.edits.is_empty() {
        return None;
    }
    let current = scored(model, played.scores[place].clone(), &played.replayed);
    let mut changed = proposal::variant(played, place, &current, &proposal.name, &points)?;
    changed.effort = Effort { in_crm: true, edits: proposal.edits.len() as u64 };
    for edit in &proposal.edits {
        let own = changed.card.iter_mut().filter(|line| line.name == edit.criterion);
        own.for_each(|line| line.weight.point = edit.to.into());
    }
    Some(Challenger { proposal, scored: changed })
}

fn window(experiment: &Experiment) -> String {
    let replay = &experiment.file.replay;
    match (&replay.train, &replay.walk) {
        (Some(window), _) => window.in_words(),
        (None, Some(_)) if experiment.learns() => "before the first period that is evaluated".into(),
        _ => "all leads".into(),
    }
}

fn chosen<'a>(experiment: &'a Experiment, model: Option<&str>) -> Result<&'a Spec, AuditError> {
    let is_points = |spec: &&Spec| matches!(spec.kind, KindSpec::Points(_));
    if let Some(name) = model {
        let found = experiment.models.iter().find(|spec| spec.name == name);
        return found.ok_or_else(|| {
            let near = did_you_mean(experiment.models.iter().map(|known| known.name.as_str()), name);
            AuditError::NoModel { name: name.into(), near }
        });
    }
    let champion = experiment.champion.map(|place| &experiment.models[place]).filter(is_points);
    champion.or_else(|| experiment.models.iter().find(is_points)).ok_or(AuditError::NoPoints)
}

fn not_points(model: &str) -> AuditError {
    AuditError::NotPoints { model: model.into() }
}

/// The leads that criteria are weighed on: those for training; where an experiment walks, and fits nothing, all that are
/// mature.
fn learned(experiment: &Experiment, replayed: &Replayed) -> Vec<usize> {
    let training = rows(replayed, &[Role::Training]);
    if training.is_empty() && experiment.file.replay.walk.is_some() {
        return rows(replayed, &[Role::Evaluated]);
    }
    training
}

/// Whether no lead is kept aside from what criteria are weighed on.
fn is_on_all(replayed: &Replayed) -> bool {
    !replayed.roles.contains(&Role::Training)
}

fn rows(replayed: &Replayed, roles: &[Role]) -> Vec<usize> {
    (0..replayed.roles.len()).filter(|&row| roles.contains(&replayed.roles[row])).collect()
}

/// What the criteria of the model at a place gave the training leads, and what became of them.
fn evidence(played: &Played, place: usize, training: &[usize], seed: u64) -> Evidence {
    let Played { replayed, scores, models, history, .. } = played;
    let periods = quarters(training.iter().map(|&row| replayed.outcomes.created[row]), &history.zone);
    Evidence {
        criteria: scores[place].contributions.iter().map(|one| one.take(training)).collect(),
        what: models[place].card(None).into_iter().map(|line| line.what).collect(),
        converted: training.iter().map(|&row| replayed.outcomes.converted[row]).collect(),
        periods,
        seed: Seed(seed),
    }
}

fn few_wins(evidence: &Evidence, criteria: &[CriterionAudit], sole: Option<usize>) -> Option<Fact> {
    // More leads would not help one that alone tells the scale.
    let others = criteria.iter().enumerate().filter(|(place, _)| Some(*place) != sole);
    let unsure = others.filter(|(_, one)| matches!(one.verdict, Belief::TooLittleData | Belief::Unknown)).count();
    let (wins, leads) = (evidence.wins() as u64, evidence.leads() as u64);
    (2 * unsure > criteria.len()).then_some(Fact::FewWinsForCriteria { wins, leads })
}
