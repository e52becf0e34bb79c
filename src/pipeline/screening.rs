//! What is screened of a history: its columns, and the kinds of events that models read.

use crate::data::{Finding, FindingLevel, Findings, History, KnownSpec, What};
use crate::experiment::Experiment;
use crate::models::Model;
use crate::replay::{EventFeature, FeatureId, Features, Measure, Plan, Replayed, Role};
use crate::report::screening as words;
use crate::result::{Screened, Screening, Sign, Standing, Subject};
use crate::screening::{self, Candidate, Changed, Fate, Kind, Leads, Log};
use crate::stats::survival::End;
use crate::time::{Instant, NEVER};

/// The kinds of events that models read, and what was asked of the log for their screening.
#[derive(Clone, Debug, Default)]
pub(super) struct EventsScreened {
    kinds: Vec<(String, Asked)>,
    /// Events of any kind; nothing where no model reads events.
    any: Option<Asked>,
}

/// A feature that says which leads have an event.
#[derive(Clone, Copy, Debug)]
struct Asked {
    feature: FeatureId,
    /// Whether it is the age of the latest, and not a count.
    is_age: bool,
}

impl EventsScreened {
    /// `dated`: it must be known when they happened. Ages that models ask for anyway say as much as counts.
    pub fn ask(models: &[Model], plan: &mut Plan, dated: bool) -> Self {
        let mut subjects: Vec<Subject> = models.iter().flat_map(|model| model.subjects(plan)).collect();
        subjects.sort();
        subjects.dedup();
        let reads_events = subjects.iter().any(|subject| !matches!(subject, Subject::Column(_)));
        let mut ask = |kind: Option<String>| {
            let age = EventFeature::of_kind(kind.clone(), Measure::Age);
            let is_age = dated || plan.features().contains(&age);
            let feature = plan.ask(if is_age { age } else { EventFeature::of_kind(kind, Measure::Count) });
            Asked { feature, is_age }
        };
        let kinds = subjects.into_iter().filter_map(|subject| match subject {
            Subject::Events(kind) => Some((kind.clone(), ask(Some(kind)))),
            Subject::Column(_) | Subject::AnyEvent => None,
        });
        let kinds = kinds.collect();
        Self { kinds, any: reads_events.then(|| ask(None)) }
    }
}

impl Asked {
    /// Whether the lead of each row has such an event.
    fn has(self, features: &Features, rows: &[usize]) -> Vec<bool> {
        let values = features.event(self.feature);
        rows.iter().map(|&row| if self.is_age { !values[row].is_nan() } else { values[row] > 0.0 }).collect()
    }
}

/// What was found, for those who look at the data before any result: what models read and is suspended forbids a
/// conclusion.
pub(super) fn found(screening: &Screening, models: &[Model], plan: &Plan) -> Vec<Finding> {
    let read: Vec<Subject> = models.iter().flat_map(|model| model.subjects(plan)).collect();
    let finding = |one: &Screened| {
        let is_declared = |sign: &Sign| matches!(sign, Sign::DeclaredLater { .. });
        let (what, level) = match (one.standing, read.contains(&one.subject)) {
            (Standing::Clean, _) => return None,
            // The experiment file says so.
            (Standing::Noted, _) if one.signs.iter().all(is_declared) => return None,
            (Standing::Suspended, true) => (What::KnowsTheOutcome, FindingLevel::Forbids),
            (Standing::Suspended, false) => (What::KnowsTheOutcome, FindingLevel::Note),
            (Standing::Doubted, true) => (What::MayKnowTheOutcome, FindingLevel::Doubt),
            (Standing::Doubted, false) => (What::MayKnowTheOutcome, FindingLevel::Note),
            (Standing::Declared | Standing::Noted, _) => (What::KeptOut, FindingLevel::Note),
        };
        let input = if matches!(one.subject, Subject::Column(_)) { "leads" } else { "events" };
        let finding = Finding::new(input, what, level, one.winners.have + one.others.have, words::found(one));
        let mend = one.suspicion().filter(|_| one.standing > Standing::Declared).map(|one| words::mend(&one));
        Some(finding.advice(mend.unwrap_or_default()))
    };
    screening.list.iter().filter_map(finding).collect()
}

/// That sales' touches stand where they stood before.
pub(super) fn moved(experiment: &Experiment) -> Option<Finding> {
    let touches = &experiment.file.review.touches;
    (!touches.is_empty()).then(|| {
        let text = "`review.touches` is read as `data.events.sales`".to_string();
        let finding = Finding::new("events", What::MovedKey, FindingLevel::Note, touches.len() as u64, text);
        finding.advice("write the kinds there: no default feature reads them then, in any command")
    })
}

/// The training leads, or all that are used where none are for training.
fn rows(replayed: &Replayed) -> Vec<usize> {
    let of = |is: &dyn Fn(Role) -> bool| -> Vec<usize> {
        (0..replayed.roles.len()).filter(|&row| is(replayed.roles[row])).collect()
    };
    let training = of(&|role| role == Role::Training);
    if training.is_empty() { of(&Role::is_used) } else { training }
}

/// A win counts whenever it came.
fn fate(replayed: &Replayed, row: usize) -> Fate {
    let outcomes = &replayed.outcomes;
    let won = if outcomes.timed { outcomes.ending[row] == End::Converted } else { outcomes.converted[row] };
    let is_open = outcomes.open.get(row) == Some(&true);
    match (won, is_open) {
        (true, _) => Fate::Won,
        (false, true) => Fate::Open,
        (false, false) => Fate::Other,
    }
}

/// Screens the columns as known when leads are scored, and the kinds of events that models read.
pub(super) fn screen(
    experiment: &Experiment,
    (history, findings): (&History, &Findings),
    replayed: &Replayed,
    events: &EventsScreened,
) -> Screening {
    let (rows, features) = (rows(replayed), &replayed.features);
    let fates: Vec<Fate> = rows.iter().map(|&row| fate(replayed, row)).collect();
    let changed = changed(history);
    let leads = &experiment.file.data.leads;
    let later = |name: &str| replayed.later.iter().find(|later| later.column == name);
    let of_leads = history.attributes.iter().filter(|one| Some(&one.name) != findings.lists_ids.as_ref());
    let candidates = of_leads.filter_map(|attribute| {
        Some(Candidate {
            name: &attribute.name,
            column: features.attributes.get(&attribute.name)?,
            known: &attribute.known,
            declared: leads.declared(&attribute.name) == Some(&KnownSpec::AtCreation),
            later: later(&attribute.name).map(|later| later.hidden.as_slice()),
            changed: changed.iter().find(|one| one.column == attribute.name),
        })
    });
    let candidates: Vec<Candidate> = candidates.collect();
    let worked = worked(history, replayed, &rows);
    let sales = experiment.file.sales();
    let kinds = events.kinds.iter().map(|(name, asked)| Kind {
        name,
        has: asked.has(features, &rows),
        // Where it is known whom sales worked, ages were asked for.
        before_worked: worked.is_some().then(|| before_worked(replayed, asked.feature, &rows)),
        sales: sales.contains(&name.as_str()),
    });
    let kinds: Vec<Kind> = kinds.collect();
    let any = events.any.map(|any| any.has(features, &rows));
    let leads = Leads { rows: &rows, fates: &fates };
    let log = Log { any: any.as_deref(), worked: worked.as_deref() };
    screening::screen(&leads, &candidates, &kinds, &log)
}

fn worked(history: &History, replayed: &Replayed, rows: &[usize]) -> Option<Vec<bool>> {
    let worked = &replayed.outcomes.worked;
    let by_until = |at: Instant| at != NEVER && at <= history.until;
    (!worked.is_empty()).then(|| rows.iter().map(|&row| by_until(worked[row])).collect())
}

/// Whether the latest event of a kind comes before sales first worked the lead.
fn before_worked(replayed: &Replayed, feature: FeatureId, rows: &[usize]) -> Vec<bool> {
    let (outcomes, ages) = (&replayed.outcomes, replayed.features.event(feature));
    let is_before = |row: usize| {
        let (worked, age) = (outcomes.worked[row], ages[row]);
        !age.is_nan() && (worked == NEVER || outcomes.as_of[row].saturating_sub(age as i64) < worked)
    };
    rows.iter().map(|&row| is_before(row)).collect()
}

/// How the columns with a history changed about the wins.
fn changed(history: &History) -> Vec<Changed> {
    if history.changes.is_empty() || !history.outcomes.timed {
        return Vec::new();
    }
    let mut wins = vec![None; history.ids.len()];
    for win in history.outcomes.wins.iter().rev() {
        wins[win.lead as usize] = Some(win.at);
    }
    let names: Vec<&str> = history.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    screening::changed(&history.changes, &names, &wins, history.until)
}
