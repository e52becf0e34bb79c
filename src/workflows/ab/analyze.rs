use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::data::hashed;
use crate::pipeline::Progress;
use crate::report::{self, chart};
use crate::result::Number;
use crate::result::trial::{ArmLook, Contrast, Look, TRIAL_SCHEMA, Trial};
use crate::store::{self, Folder, Kind, StoreError, write_files};
use crate::time::Moment;
use crate::trial::{self, Test};

use super::file::PlanSpec;
use super::load::FieldTest;
use super::{held, ledger, read};
use crate::workflows::RunError;

/// An analysis with the ledger that it leaves.
#[derive(Clone, Debug)]
pub struct Analysis {
    pub trial: Trial,
    ledger: PathBuf,
    file: PathBuf,
}

/// Analyses a test as it looked at the end of `as_of`, by default at `until` of its file.
///
/// # Errors
/// When the data cannot be read as what the file says.
pub fn analyze(test: &FieldTest, as_of: Option<&Moment>, progress: &dyn Progress) -> Result<Analysis, RunError> {
    progress.say("reading".into());
    let seen = read::read(test, as_of.map(|as_of| as_of.end(&test.file.timezone)))?;
    let path = test.beside("ledger.json");
    let day = seen.as_of.as_ref().map_or("(no day)".into(), |(day, _)| day.clone());
    let data = hash(test)?;
    let all = ledger::read(&path)?;
    // Of an earlier day's looks the first counts: what it said was known then, whatever the files say now.
    let mut before: Vec<Look> = Vec::new();
    for look in all.iter().filter(|look| look.as_of < day) {
        if before.iter().all(|known| known.as_of != look.as_of) {
            before.push(look.clone());
        }
    }
    progress.say("analysing".into());
    let spec = spec(test, seen.as_of.clone());
    let mut trial = trial::analyze(&spec, &seen.units, &seen.oddities, &before);
    held::hold(test, &seen.units, &mut trial);
    let look = Look {
        data,
        planned: spec.is_planned(&day),
        arms: seen_of_arms(&trial),
        result: trial.verdict.headline.clone(),
        as_of: day,
    };
    trial.looks = ledger::with(all, look);
    Ok(Analysis { trial, ledger: path, file: test.path().into() })
}

/// What this look saw of every arm: the log-rank test where looks are planned, else conversions and the primary test.
fn seen_of_arms(trial: &Trial) -> Vec<ArmLook> {
    let control = trial.arms.first().map_or(0, |arm| arm.conversions);
    let of = |(place, contrast): (usize, &Contrast)| {
        let stage = trial.sequential.get(place).and_then(|own| own.stages.last());
        let conversions = control + trial.arms.get(place + 1).map_or(0, |arm| arm.conversions);
        ArmLook {
            arm: contrast.arm.clone(),
            information: stage.map_or(Number::Value(conversions as f64), |stage| stage.information.into()),
            z: stage.map_or_else(|| contrast.primary.statistic.clone(), |stage| stage.z.clone()),
            critical: stage.map_or(Number::undefined("not monitored by bounds"), |stage| stage.critical.clone()),
        }
    };
    trial.contrasts.iter().enumerate().map(of).collect()
}

fn hash(test: &FieldTest) -> Result<String, RunError> {
    let file = &test.file;
    let named = [
        file.assignments.as_ref().map(|spec| ("assignments", &spec.path)),
        file.outcomes.as_ref().map(|spec| ("outcomes", &spec.path)),
        file.aggregates.as_ref().map(|spec| ("aggregates", &spec.path)),
    ];
    let mut hash = Sha256::new();
    for input in hashed(named.into_iter().flatten(), &test.base)? {
        hash.update(input.sha256.as_bytes());
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn spec(test: &FieldTest, as_of: Option<(String, crate::time::Instant)>) -> Test {
    let file = &test.file;
    Test {
        name: file.test.clone(),
        unit: test.row_word().into(),
        arms: test.arms.clone(),
        horizon: file.horizon.map(|horizon| horizon.days()),
        queue: file.queue,
        confidence: file.confidence,
        monitoring: test.monitoring.clone(),
        currency: file.currency.clone(),
        winsor: file.winsor,
        foretold: file.plan.as_ref().map_or(Vec::new(), PlanSpec::predictions),
        margin: file.margin.or(file.plan.as_ref().map(|plan| plan.difference.abs())),
        as_of,
    }
}

/// Writes the folder of an analysis, all of it or nothing, then the ledger.
///
/// # Errors
/// When a file cannot be written.
pub fn store(analysis: &Analysis, target: &Path) -> Result<PathBuf, RunError> {
    let folder = Folder::create(target)?;
    folder.write("trial.json", to_json(&analysis.trial))?;
    for (name, bytes) in report_files(&analysis.trial)? {
        folder.write(&name, bytes)?;
    }
    let yaml =
        std::fs::read(&analysis.file).map_err(|source| StoreError::Io { path: analysis.file.clone(), source })?;
    folder.write("test.yaml", yaml)?;
    let done = folder.finish()?;
    ledger::write(&analysis.ledger, &analysis.trial.looks)?;
    Ok(done)
}

fn to_json(trial: &Trial) -> String {
    serde_json::to_string_pretty(trial).expect("a trial has only plain values") + "\n"
}

fn report_files(trial: &Trial) -> Result<Vec<(String, Vec<u8>)>, RunError> {
    let document = report::trial(trial);
    let mut files = report::files(&document, "report")?;
    for chart in chart::trial(trial) {
        files.push((format!("charts/{}.svg", chart.id), chart::standalone(&chart).into_bytes()));
    }
    Ok(files)
}

/// Reads a `trial.json` of this or an older version.
///
/// # Errors
/// When it is none.
pub fn read_trial(path: &Path) -> Result<Trial, StoreError> {
    store::read(path, Kind::Trial, TRIAL_SCHEMA)
}

/// Draws the report of a trial anew, beside it.
///
/// # Errors
/// When a file cannot be written.
pub fn redraw(trial: &Trial, folder: &Path) -> Result<(), RunError> {
    Ok(write_files(folder, report_files(trial)?)?)
}
