//! A review of the live model: its leads replayed once and put into columns by period, what earlier reviews said read
//! from their ledger, and the folder that it leaves.

mod audited;
mod error;
mod events;
mod folder;
mod gather;
mod ledger;
mod memory;
mod period;
mod sales;
mod stale;

pub use error::ReviewError;
pub use folder::{read_review, redraw, store};
pub use ledger::Kept;
pub use period::Reviewed;

use sha2::{Digest, Sha256};

use crate::data::{InputFile, hex};
use crate::evaluation::{self, Scored};
use crate::experiment::{self, Experiment};
use crate::pipeline::{self, PipelineError, Played, Progress};
use crate::replay::Scope;
use crate::result::review::{LedgerEntry, Period, REVIEW_SCHEMA, Review, ReviewDecision, ReviewSetting};
use crate::result::{CapacitySetting, Decision, Fact, HandOver, Level, Notice, Reason, Verdict};
use crate::review;
use crate::stats::random::Seed;
use crate::time::NEVER;
use crate::workflows::{audit, found};

use audited::Audited;
use gather::{Gathered, covered, ends};
use period::{Calendar, stretches};

/// What to review.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub period: Reviewed,
    /// So many periods before it are compared.
    pub compare: usize,
}

/// Reviews a period of the live model beside those before it, and beside what earlier reviews said.
///
/// # Errors
/// As a run of the experiment; and when the period is none, or holds no lead, or no model is in use.
pub fn review(
    experiment: &Experiment,
    asked: &Asked,
    kept: Kept,
    progress: &dyn Progress,
) -> Result<(Review, Vec<InputFile>), ReviewError> {
    let champion = experiment.champion.ok_or(ReviewError::NoChampion)?;
    let played = pipeline::play(experiment, Scope::Everyone, progress)?;
    let zone = &played.history.zone;
    let calendar = Calendar {
        zone,
        fiscal_year_starts: experiment.file.review.fiscal_year_starts,
        named: &experiment.file.review.periods,
        latest: played.history.created.iter().flatten().copied().filter(|at| *at != NEVER).max(),
    };
    let gathered = Gathered::new(experiment, &played, stretches(&asked.period, asked.compare, &calendar)?)?;
    progress.say("hashing the inputs".into());
    let inputs = experiment.inputs().map_err(PipelineError::from)?;
    let setting = setting(experiment, &played, &gathered);
    let compared = &gathered.compared;
    let reviewed = compared.labels[compared.reviewed()].clone();
    progress.say("judging every period".into());
    let periods: Vec<Period> = (0..compared.periods()).map(|period| of_period(&gathered, &played, period)).collect();
    let models = review::trends(compared, |period, rows| gathered.profiles(experiment, &played, period, rows));
    let changes = review::changes(compared, &models);
    progress.say("looking for drift and alarms".into());
    let alarms = review::alarms(compared);
    let drift = review::drift(compared);
    progress.say("reading the open periods early".into());
    let early = review::early_reads(compared, &alarms.rung, Seed(experiment.file.seed));
    let benchmarks = review::benchmarks(compared, Seed(experiment.file.seed));
    progress.say("deciding".into());
    let decision = decision(&gathered, experiment, &played);
    let stale = [stale::learned(&gathered, experiment, &played), stale::fits(&gathered, experiment, &played)].concat();
    progress.say("auditing the criteria".into());
    let audited = audited::audited(experiment, compared, &gathered.stretches, zone, progress);
    let found = audited.as_ref().map(Audited::found);
    let advised = review::advice(&alarms.rung, &reviewed, &decision, found.as_ref(), &models[champion]);
    progress.say("remembering earlier reviews".into());
    let kept_broken = kept.broken;
    let kept = kept.before(&reviewed, [&setting.inputs, &files(&inputs)], &setting.definition);
    let memory = memory::memory(&kept, &periods, &setting.definition, &gathered, experiment, &played);
    let mut review = Review {
        schema: REVIEW_SCHEMA,
        experiment: experiment.file.experiment.clone(),
        notices: [notices(&played, &gathered, kept_broken), stale].concat(),
        setting,
        periods,
        models,
        changes,
        drift,
        early,
        alarms,
        benchmarks,
        decision,
        advice: advised,
        criteria: audited.map(|audited| audited.audit.criteria).unwrap_or_default(),
        memory,
    };
    if !experiment.internal {
        review.withhold_rates_of_few();
    }
    Ok((review, inputs))
}

/// SHA-256 over the hashes of the data's files.
fn files(inputs: &[InputFile]) -> String {
    let lines: String = inputs.iter().map(|input| format!("{} {}\n", input.path, input.sha256)).collect();
    hex(&Sha256::digest(lines.as_bytes()))
}

/// The leads of a period, with what only their history tells.
fn of_period(gathered: &Gathered, played: &Played, period: usize) -> Period {
    let (from, to) = ends(&gathered.stretches.all[period], &played.history.zone).unzip();
    Period {
        from,
        to,
        covered: covered(&gathered.stretches.all[period], played),
        decided_before: gathered.decided[period],
        fingerprint: gathered.fingerprint(played, period),
        ..review::period(&gathered.compared, period)
    }
}

fn setting(experiment: &Experiment, played: &Played, gathered: &Gathered) -> ReviewSetting {
    let (file, history) = (&experiment.file, &played.history);
    let timed = played.replayed.outcomes.timed;
    let hash = |text: String| hex(&Sha256::digest(text.as_bytes()));
    ReviewSetting {
        champion: gathered.scored[gathered.champion].name.clone(),
        unit: gathered.stretches.unit.into(),
        season: gathered.stretches.season.map(|season| season as u64),
        as_of: file.replay.as_of.in_words(),
        horizon_days: file.replay.horizon.days(),
        until: timed.then(|| history.zone.date(history.until).to_string()),
        timezone: history.zone.name().into(),
        currency: file.data.currency.clone(),
        capacity: file.capacity.as_ref().filter(|_| timed).map(|capacity| CapacitySetting {
            leads: capacity.leads.0,
            per_days: capacity.per.days(),
            estimated: false,
        }),
        reference: match gathered.taken.reference_is_training {
            true => {
                let window = file.replay.train.as_ref().map(|window| window.in_words());
                let window = window.unwrap_or_else(|| "before the first period that is evaluated".into());
                format!("the leads that the models learned from ({window})")
            }
            false => format!("the leads of {}", gathered.compared.labels[0]),
        },
        reference_leads: gathered.compared.reference().len() as u64,
        inputs: gathered.inputs(played),
        definition: LedgerEntry::definition(&hash(experiment::definition(file))),
        seed: file.seed,
    }
}

/// Challengers and what the audit would change, against the live model, on the mature leads of all compared periods that
/// no model learned from.
fn decision(gathered: &Gathered, experiment: &Experiment, played: &Played) -> ReviewDecision {
    let compared = &gathered.compared;
    let rows: Vec<usize> = compared.in_periods().filter(|&row| !compared.trained[row]).collect();
    let first = rows.iter().filter_map(|&row| compared.period(row)).min().unwrap_or(0);
    let last = compared.reviewed();
    let (from, to) = (&compared.labels[first], &compared.labels[last]);
    let window = if from == to { from.clone() } else { format!("{from} to {to}") };
    let beside = audit::of_run(experiment, played, false).and_then(|beside| beside.challenger);
    let (proposal, changed) = beside.map(|one| (one.proposal, one.scored)).unzip();
    let models: Vec<Scored> = gathered.scored.iter().cloned().chain(changed).collect();
    let among = (models.as_slice(), gathered.champion);
    let cohort = gathered.taken.cohort(experiment, played, &rows, gathered.window(first..=last), among);
    match cohort {
        Ok(cohort) => {
            let evaluated = evaluation::evaluate(&cohort).forbidden(found::forbidden(&played.findings));
            ReviewDecision {
                window,
                leads: evaluated.readiness.leads,
                wins: evaluated.readiness.wins,
                verdict: evaluated.verdict,
                comparisons: evaluated.comparisons,
                gates: evaluated.evidence.gates,
                proposal,
            }
        }
        Err(error) => ReviewDecision {
            window,
            leads: 0,
            wins: 0,
            verdict: Verdict {
                decision: Decision::NotEnoughEvidence,
                model: Some(gathered.scored[gathered.champion].name.clone()),
                metric: None,
                hand_over: HandOver::Top { share: 0.1 },
                difference: None,
                challenger: None,
                tied: Vec::new(),
                reasons: vec![Reason::Written { text: error.to_string() }],
            },
            comparisons: Vec::new(),
            gates: Vec::new(),
            proposal: None,
        },
    }
}

/// What a reader must know to read the numbers right.
fn notices(played: &Played, gathered: &Gathered, broken: Option<usize>) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut say = |level: Level, fact: Fact| notices.push(Notice { level, fact });
    let champion = &gathered.scored[gathered.champion];
    if let Some(because) = &champion.not_promotable {
        let fact = Fact::LiveModelOfTheSale { model: champion.name.clone(), because: because.clone() };
        say(Level::Warning, fact);
    }
    for (models, suspicion) in played.doubts() {
        say(Level::Warning, Fact::Doubted { models, suspicion });
    }
    if let Some(line) = broken {
        say(Level::Banner, Fact::LedgerBroken { line: line as u64 });
    }
    if !played.replayed.outcomes.timed {
        say(Level::Warning, Fact::NoEarlyRead);
    }
    notices.extend(found::notices(&played.findings));
    notices
}
