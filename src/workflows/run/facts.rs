//! What an evaluation says beside its figures: the setting, the models' own words, what to know before reading.

use rayon::prelude::*;

use crate::data::{self, Findings, History};
use crate::evaluation::{self, Cohort, Evaluated};
use crate::experiment::Experiment;
use crate::models::Model;
use crate::pipeline::Played;
use crate::replay::{AsOf, FitPeriod, Replayed, Walk};
use crate::result::{
    self, About, Barred, CapacitySetting, Evidence, Fact, FindingCount, FitSetting, Level, Notice, Number,
    OpenQuestion, Question, Reason, Setting, Sign, Standing, Suspicion, TierNote,
};
use crate::table::yaml_name;
use crate::time::{DAY, Moment};
use crate::workflows::found;
use crate::workflows::readings::{Alternative, Doubt, Open, by_account};

/// What the experiment file says of a model.
pub(super) fn about(experiment: &Experiment, model: &Model) -> About {
    let spec = experiment.file.models.get(model.name());
    let points = model.points().map(|points| points.spec());
    let tiers = points.iter().flat_map(|points| points.tiers.iter());
    let mut tiers: Vec<TierNote> =
        tiers.map(|(name, tier)| TierNote { name: name.into(), from: tier.from, does: tier.does.clone() }).collect();
    tiers.sort_by(|a, b| b.from.total_cmp(&a.from));
    About {
        owner: spec.and_then(|spec| spec.owner.clone()),
        description: spec.and_then(|spec| spec.description.clone()),
        tiers,
        threshold: points.and_then(|points| points.threshold),
    }
}

/// Evidence with the days by which enough leads are mature, counted from the export of the outcomes.
pub(super) fn dated(mut evidence: Evidence, history: &History) -> Evidence {
    let after = |days: &Number| {
        let days = days.finite().filter(|days| history.outcomes.timed && *days > 0.0 && *days < 36_525.0)?;
        let at = history.until.checked_add((days * DAY as f64) as i64)?;
        Some(history.zone.date(at).to_string())
    };
    evidence.gates.iter_mut().for_each(|gate| gate.by = after(&gate.days));
    evidence.waiting.iter_mut().for_each(|waiting| waiting.by = after(&waiting.days));
    evidence
}

pub(super) fn finding(finding: &data::Finding) -> FindingCount {
    FindingCount {
        input: finding.input.clone(),
        what: finding.text.clone(),
        count: finding.count,
        level: found::level(finding.level),
        advice: finding.advice.clone(),
    }
}

pub(super) fn setting(experiment: &Experiment, history: &History, walk: Option<&Walk>, cohort: &Cohort) -> Setting {
    let file = &experiment.file;
    let timed = history.outcomes.timed;
    let fits: Vec<FitSetting> = walk.into_iter().flat_map(|walk| &walk.fits).map(|fit| of_fit(fit, history)).collect();
    Setting {
        champion: file.champion.clone(),
        as_of: file.replay.as_of.in_words(),
        horizon_days: file.replay.horizon.days(),
        train: match (&file.replay.walk, walk) {
            (Some(spec), Some(_)) => Some(spec.in_words()),
            _ => file.replay.train.as_ref().map(|window| window.in_words()),
        },
        evaluate: match (&file.replay.evaluate, &file.replay.train) {
            (Some(window), _) => window.in_words(),
            (None, Some(_)) => "all leads outside the training window".into(),
            (None, None) => match (fits.first(), fits.last()) {
                (Some(first), Some(last)) if first != last => format!("{} to {}", first.period, last.period),
                (Some(only), _) => only.period.clone(),
                _ => "all leads".into(),
            },
        },
        walk: fits,
        until: timed.then(|| until(history)),
        timezone: history.zone.name().into(),
        currency: file.data.currency.clone(),
        capacity: cohort.design().capacity.as_ref().map(|rule| CapacitySetting {
            leads: rule.leads,
            per_days: rule.per.days(),
            estimated: file.capacity.is_none(),
        }),
        seed: file.seed,
    }
}

fn of_fit(fit: &FitPeriod, history: &History) -> FitSetting {
    let begins = history.zone.date(fit.begins).to_string();
    FitSetting { period: fit.name.clone(), begins, leads: fit.leads as u64, wins: fit.wins as u64 }
}

/// What the data leave open, with the experiments that read it otherwise.
pub(super) fn open(experiment: &Experiment, played: &Played) -> Vec<Open> {
    let Played { history, findings, .. } = played;
    let until = findings.until_or.map(|(at, rows)| {
        let mut other = experiment.clone();
        let day = history.zone.date(at).to_string();
        other.file.data.until = day.parse::<Moment>().ok();
        let said = |at| format!("with `until: {}`", history.zone.date(at));
        let others = vec![Alternative { reading: said(at), experiment: other }];
        Open { question: Question::Until { rows }, taken: said(history.until), others }
    });
    let doubted = (is_learned(experiment, played)).then(|| {
        let mut without = experiment.clone();
        without.distrusts = true;
        let others = vec![Alternative { reading: "without".into(), experiment: without }];
        Open { question: Question::KnownInTime { columns: doubted(played) }, taken: "with".into(), others }
    });
    until.into_iter().chain(doubted).collect()
}

/// What is doubted that no model has learned from: the scores are the same without it.
pub(super) fn doubt(experiment: &Experiment, played: &Played) -> Option<Doubt> {
    let columns = doubted(played);
    if columns.is_empty() || is_learned(experiment, played) {
        return None;
    }
    let mut models: Vec<(usize, Barred)> = Vec::new();
    for (readers, suspicion) in played.doubts() {
        for place in readers.iter().filter_map(|name| played.models.iter().position(|model| model.name() == name)) {
            match models.iter_mut().find(|(known, _)| *known == place) {
                Some((_, Barred::Suspended { on })) => on.push(suspicion.clone()),
                _ => models.push((place, Barred::Suspended { on: vec![suspicion.clone()] })),
            }
        }
    }
    Some(Doubt { columns, models })
}

fn doubted(played: &Played) -> Vec<String> {
    let mut columns: Vec<String> = played.doubts().into_iter().map(|(_, suspicion)| suspicion.subject.name()).collect();
    columns.dedup();
    columns
}

/// Whether a model that reads what is doubted may have learned from it.
fn is_learned(experiment: &Experiment, played: &Played) -> bool {
    let readers = played.doubts().into_iter().flat_map(|(models, _)| models);
    let spec = |name: String| experiment.models.iter().find(|spec| spec.name == name);
    readers.filter_map(spec).any(|spec| spec.kind.recipe().kind().may_learn())
}

/// Why nothing can be concluded.
pub(super) fn forbidden(findings: &Findings, readings: &[OpenQuestion]) -> Vec<Reason> {
    let open = readings.iter().filter(|reading| !reading.is_one_answer());
    let open = open.filter_map(|reading| match &reading.question {
        Question::Until { .. } => Some("it is open until when the outcomes are known, and the answer hangs on it".into()),
        Question::Accounts { column, .. } => Some(format!(
            "leads of one account (`{column}`) are taken for independent, and the answer hangs on it: say `leads: {{ account: {} }}`",
            yaml_name(column)
        )),
        Question::KnownInTime { .. } => None,
    });
    let open = open.map(|what| Reason::Forbidden { what });
    found::forbidden(findings).into_iter().chain(open).collect()
}

/// What is open, and what was found in the files.
pub(super) fn found(findings: &Findings, readings: Vec<OpenQuestion>) -> Vec<Notice> {
    let open = readings.into_iter().map(|reading| Notice {
        level: match (reading.is_one_answer(), &reading.question) {
            (true, _) => Level::Note,
            (false, Question::Until { .. } | Question::Accounts { .. }) => Level::Banner,
            (false, _) => Level::Warning,
        },
        fact: Fact::Open(reading),
    });
    open.chain(found::notices(findings)).collect()
}

/// The decision by each account that the leads' columns may name.
pub(super) fn by_accounts(cohort: &Cohort, replayed: &Replayed, evaluated: &Evaluated) -> Vec<OpenQuestion> {
    let leads = cohort.mature().len() as u64;
    let tried = replayed.accounts.likely.par_iter().filter_map(|(column, account)| {
        let by = evaluation::by_account(cohort, account)?;
        let is_told = by.design_effect > WORTH_TELLING;
        Some(by_account(evaluated, column, leads, by)).filter(|question| is_told || !question.is_one_answer())
    });
    tried.collect()
}

/// A design effect that is spoken of.
const WORTH_TELLING: f64 = 1.2;

/// The day of the export, or its moment when it is not the end of a day.
fn until(history: &History) -> String {
    let zone = &history.zone;
    let date = zone.date(history.until);
    if zone.end_of(date) == history.until { date.to_string() } else { zone.text(history.until) }
}

/// Below so many wins a report warns of itself: an AUC's interval is then more than 0.25 wide.
const FEW_WINS: u64 = 20;

/// What a reader must know to read the numbers right.
pub(super) fn notices(
    experiment: &Experiment,
    history: &History,
    models: &[Model],
    replayed: &Replayed,
    cohort: &Cohort,
) -> Vec<Notice> {
    let file = &experiment.file;
    let mut notices = Vec::new();
    let mut say = |level: Level, fact: Fact| notices.push(Notice { level, fact });
    for model in cohort.models().iter().take(models.len()) {
        if let Some(because) = &model.not_promotable {
            let is_champion = file.champion.as_ref() == Some(&model.name);
            let level = if is_champion { Level::Banner } else { Level::Warning };
            say(level, Fact::Barred { model: model.name.clone(), because: because.clone() });
        }
    }
    let ledger = &replayed.ledger;
    if !ledger.wins_before.is_empty() {
        let fact = Fact::WinsBeforeAsOf {
            wins: ledger.wins_before_as_of,
            of: ledger.wins_in_window,
            as_of: file.replay.as_of.in_words(),
            others: ledger.wins_before.clone(),
        };
        say(Level::Warning, fact);
    }
    if !history.outcomes.timed {
        say(Level::Warning, Fact::NoTimes);
    }
    if history.created.is_none() && file.replay.as_of == AsOf::Created {
        say(Level::Note, Fact::NoCreationTimes);
    }
    let wins = cohort.converted(cohort.mature()).into_iter().filter(|won| *won).count() as u64;
    if wins < FEW_WINS {
        say(Level::Warning, Fact::FewWins { wins, enough: FEW_WINS });
    }
    if let Some(rule) = cohort.design().capacity.as_ref().filter(|_| file.capacity.is_none()) {
        say(Level::Note, Fact::CapacityEstimated { leads: rule.leads });
    }
    if file.capacity.is_some() && !replayed.outcomes.timed {
        say(Level::Note, Fact::CapacityNotReplayed);
    }
    if cohort.learned_by(0).is_empty() && models.iter().any(|model| model.scale() == result::Scale::Points) {
        say(Level::Note, Fact::NoTrainingLeads);
    }
    if file.champion.is_some() && history.outcomes.worked.is_empty() {
        say(Level::Note, Fact::WorkedUnknown);
    }
    for model in models {
        let unknown = model.notices(history.event_kinds()).into_iter();
        let fact = |unknown| Fact::UnknownEventsOf { model: model.name().into(), unknown };
        unknown.map(fact).for_each(|fact| say(Level::Warning, fact));
    }
    notices
}

/// What models read that may know the outcome, and what is declared not to.
pub(super) fn screened(played: &Played) -> Vec<Notice> {
    let doubted = played
        .doubts()
        .into_iter()
        .map(|(models, suspicion)| Notice { level: Level::Warning, fact: Fact::Doubted { models, suspicion } });
    let tells = |suspicion: &Suspicion| !matches!(suspicion.sign, Sign::Class { .. });
    let declared = played.read_of(Standing::Declared).into_iter().filter(|(_, suspicion)| tells(suspicion));
    let declared = declared
        .map(|(models, suspicion)| Notice { level: Level::Warning, fact: Fact::DeclaredByYou { models, suspicion } });
    doubted.chain(declared).collect()
}
