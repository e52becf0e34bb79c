//! A cohort's columns become its evaluation: every model on the same leads, then each against the champion.

mod accounts;
mod bottom;
mod bracket;
mod calibrate;
mod capacity;
mod cohort;
mod compare;
mod deals;
mod decide;
mod deciding;
mod edges;
mod gates;
mod options;
mod paired;
mod pairs;
mod paradox;
mod part;
mod prospect;
mod ranking;
mod readiness;
mod schedule;
mod segment;
mod selfcheck;
mod silent;
mod spread;
mod swap;
mod threshold;
mod time;
mod values;
mod waiting;
mod worked;

pub use accounts::{ByAccount, by_account};
pub use cohort::{
    BracketRule, CapacityRule, Cohort, CohortError, Design, Endings, Grouping, Leads, PartOfRun, Scored, Walked,
};
pub use options::{Asked, Calibrated, Contact, Gate, Margin, Mark, ThresholdRule, Worthwhile};

use rayon::prelude::*;

use crate::result::{
    About, Barred, Comparison, Decision, Estimate, Evidence, ModelEvaluation, Readiness, Reason, Verdict, Worked,
};
use crate::stats::{Sample, Undefined};

pub use readiness::readiness;
pub use schedule::handed_over;
pub use selfcheck::{Halves, SelfCheck, decision, selfcheck};
pub use swap::{Agreement, Swap, Swapped, agreement, swapped};
pub use worked::contacts;

use self::deciding::{Against, Winners};
use self::paired::Paired;
use self::schedule::Schedule;
use self::values::Readable;
use self::worked::Corrected;

/// Confidence of every interval.
const LEVEL: f64 = 0.95;

/// What the columns say: the part of a result that needs no file.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    pub readiness: Readiness,
    pub models: Vec<ModelEvaluation>,
    pub comparisons: Vec<Comparison>,
    pub verdict: Verdict,
    pub evidence: Evidence,
}

impl Evaluated {
    /// The same figures, of which nothing can be concluded for these reasons.
    pub fn forbidden(mut self, reasons: Vec<Reason>) -> Self {
        if !reasons.is_empty() {
            self.comparisons.iter_mut().for_each(|comparison| comparison.decision = Decision::NotEnoughEvidence);
            let verdict = &mut self.verdict;
            verdict.decision = Decision::NotEnoughEvidence;
            verdict.model = self.comparisons.first().map(|comparison| comparison.champion.clone());
            verdict.tied = Vec::new();
            verdict.reasons.splice(0..0, reasons);
        }
        self
    }
}

/// Evaluates every model of a cohort. Nothing here can fail: what does not exist is undefined with a reason.
pub fn evaluate(cohort: &Cohort) -> Evaluated {
    let grounds = Grounds::of(cohort);
    let winners = grounds.winners(cohort);
    evaluate_with(cohort, &grounds, (&winners, winners.against_champion(cohort).as_ref()), &mut |_| {})
}

/// What is computed once of a cohort, whatever is asked of it.
struct Grounds {
    schedule: Schedule,
    paired: Paired,
    worked: Option<Worked>,
    corrected: Option<Corrected>,
}

impl Grounds {
    fn of(cohort: &Cohort) -> Self {
        let schedule = schedule::schedule(cohort);
        let paired = paired::bootstrap(cohort, &schedule);
        let (worked, corrected) = worked::worked(cohort, &schedule, &paired).unzip();
        Self { schedule, paired, worked, corrected: corrected.flatten() }
    }

    fn winners(&self, cohort: &Cohort) -> Winners<'_> {
        Winners::of(cohort, &self.schedule, &self.paired, self.corrected.as_ref())
    }
}

/// The verdict and the comparisons it rests on.
pub type Decided = (Verdict, Vec<Comparison>);

/// The same, told after each part what was done; and what would be decided if some models, by their places, read what the
/// outcome has written.
pub fn evaluate_twice(
    mut cohort: Cohort,
    doubted: &[(usize, Barred)],
    done: &mut dyn FnMut(&'static str),
) -> (Cohort, Evaluated, Option<Decided>) {
    let grounds = Grounds::of(&cohort);
    done("bootstrap");
    let winners = grounds.winners(&cohort);
    let against = winners.against_champion(&cohort);
    let evaluated = evaluate_with(&cohort, &grounds, (&winners, against.as_ref()), done);
    let again = (!doubted.is_empty()).then(|| {
        let before = cohort.barring(doubted.iter().cloned().map(|(place, because)| (place, Some(because))).collect());
        let mut comparisons = evaluated.comparisons.clone();
        if let Some((against, champion)) = against.as_ref().zip(cohort.design().champion) {
            let challengers = (0..cohort.models().len()).filter(|&model| model != champion);
            for (comparison, place) in comparisons.iter_mut().zip(challengers) {
                let models = cohort.models();
                comparison.decision = against.decision(&winners, &models[champion], (place, &models[place]));
            }
        }
        gates::decide(&evaluated.evidence.gates, &cohort, &mut comparisons);
        let verdict = decide::verdict(&cohort, &grounds.schedule, (&winners, against.as_ref()), &comparisons);
        cohort.barring(before);
        (verdict, comparisons)
    });
    (cohort, evaluated, again)
}

fn evaluate_with(
    cohort: &Cohort,
    Grounds { schedule, paired, worked, .. }: &Grounds,
    (winners, against): (&Winners, Option<&Against>),
    done: &mut dyn FnMut(&'static str),
) -> Evaluated {
    let models = || (0..cohort.models().len()).into_par_iter();
    let one = |place: usize| model_evaluation(cohort, place, schedule, paired);
    let compare = || compare::comparisons(cohort, schedule, paired, (winners, against));
    let (mut comparisons, models_alone) = rayon::join(compare, || models().map(one).collect::<Vec<_>>());
    done("comparisons and metrics");
    // Side by side, the longest first.
    let mut evidence = Evidence {
        silent: silent::silent(cohort, &models_alone),
        deals: deals::deals(cohort),
        worked: worked.clone(),
        ..Evidence::default()
    };
    rayon::scope(|scope| {
        let Evidence { gates, pairs, thresholds, segments, paradoxes, traits, bottom, .. } = &mut evidence;
        scope.spawn(move |_| *bottom = bottom::bottoms(cohort));
        scope.spawn(move |_| *pairs = pairs::pairs(cohort, schedule, paired));
        scope.spawn(move |_| *thresholds = models().map(|place| threshold::thresholds(cohort, place)).collect());
        scope.spawn(move |_| *traits = swap::traits(cohort, schedule));
        scope.spawn(move |_| *segments = segment::differences(cohort, schedule));
        scope.spawn(move |_| *paradoxes = paradox::paradoxes(cohort));
        scope.spawn(move |_| *gates = gates::gates(cohort, schedule, paired));
    });
    gates::decide(&evidence.gates, cohort, &mut comparisons);
    evidence.prospect = prospect::prospect(cohort, winners, against);
    evidence.waiting = waiting::waiting(cohort, &comparisons, &evidence.gates);
    let verdict = decide::verdict(cohort, schedule, (winners, against), &comparisons);
    let verdict = decide::of_the_champion(verdict, cohort, &models_alone);
    let verdict = segment::warn(gates::explain(verdict, &evidence.gates), &evidence.segments);
    let verdict = decide::sweep(verdict, schedule, &comparisons);
    done("evidence");
    Evaluated { readiness: readiness::readiness(cohort), models: models_alone, verdict, comparisons, evidence }
}

/// One model by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub evaluation: ModelEvaluation,
    /// Share of wins handed over at capacity, or in the top 10 % where none is stated.
    pub capture: Estimate,
    /// The wins of that share, and all wins of the periods that count.
    pub captured: f64,
    pub wins_in_all: f64,
}

/// Every model by itself: what [`evaluate`] says of each without holding them against one another.
pub fn profiles(cohort: &Cohort) -> Vec<Profile> {
    let schedule = schedule::schedule(cohort);
    let paired = paired::bootstrap(cohort, &schedule);
    let counted = || schedule.periods.iter().flat_map(|(rows, _)| rows);
    let wins_in_all = counted().filter(|row| cohort.leads().converted[**row]).count() as f64;
    let profile = |place: usize| {
        let observed = paired.observed[place];
        Profile {
            evaluation: model_evaluation(cohort, place, &schedule, &paired),
            capture: match observed.capture.is_finite() {
                true => Estimate::with(observed.capture, paired.interval(place, |figures| figures.capture)),
                false => Estimate::undefined(Undefined::NoEvents.to_string()),
            },
            captured: observed.wins,
            wins_in_all,
        }
    };
    (0..cohort.models().len()).into_par_iter().map(profile).collect()
}

/// Where every model's scores are cut into brackets, with the brackets' names from the lowest up.
pub fn cut(cohort: &Cohort) -> Vec<(Vec<f64>, Vec<String>)> {
    let one = |model: &Scored| {
        let cuts = bracket::cuts(cohort, model);
        (cuts.edges.clone(), (0..cuts.len()).map(|place| cuts.label(place)).collect())
    };
    cohort.models().iter().map(one).collect()
}

fn model_evaluation(cohort: &Cohort, place: usize, schedule: &Schedule, paired: &Paired) -> ModelEvaluation {
    let model = &cohort.models()[place];
    let rows = cohort.mature();
    let (scores, converted) = (model.ranked(rows), cohort.converted(rows));
    let tally = Sample::new(&scores, &converted).tally();
    let cuts = bracket::cuts(cohort, model);
    let maps = &paired.maps[place];
    let chances = calibrate::chances(cohort, model, maps);
    let chances = chances.as_ref().map_err(|reason| *reason);
    let capacity = capacity::capacity(cohort, place, schedule);
    let by_fit = ranking::by_fit(cohort, model);
    let readable = Readable {
        cohort,
        maps,
        ranked: &tally,
        by_fit,
        chances,
        capacity: capacity.as_ref(),
        schedule,
        paired,
        model: place,
    };
    ModelEvaluation {
        name: model.name.clone(),
        kind: model.kind.clone(),
        scale: model.scale,
        not_promotable: model.not_promotable.clone(),
        unscored: rows.iter().filter(|&&row| model.score[row].is_nan()).count() as u64,
        leads: rows.len() as u64,
        wins: tally.positives() as u64,
        brackets: bracket::brackets(cohort, model, &cuts),
        top: ranking::top(cohort, &scores, &tally),
        gain: ranking::gain(&tally),
        metrics: readable.values(),
        ranking: ranking::ranking(&tally, cohort.fits()),
        calibration: calibrate::calibration(cohort, model, maps, chances),
        time_to_convert: time::time_to_convert(cohort, model, &cuts),
        distribution: ranking::distribution(&tally),
        segments: part::segments(cohort, model),
        periods: part::periods(cohort, model),
        groups: part::groups(cohort, model),
        capacity,
        card: model.card.clone(),
        about: About::default(),
        effort: model.effort,
    }
}
