use std::path::Path;

use sha2::{Digest, Sha256};

use crate::data::{hashed, hex};
use crate::pipeline::Progress;
use crate::report::{self, chart};
use crate::result::Number;
use crate::result::trial::{ArmLook, Contrast, Look, TRIAL_SCHEMA, Trial};
use crate::store::{self, Kind, Ledger, StoreError, Stored, Target, Writer, write_files};
use crate::time::Moment;
use crate::trial::{self, Test};

use super::TestError;
use super::file::PlanSpec;
use super::load::FieldTest;
use super::{held, ledger, read};

/// An analysis with the ledger of looks, which nobody else reads or writes until it is stored.
pub struct Analysis {
    pub trial: Trial,
    ledger: Ledger,
    /// The test's file as it was read.
    yaml: Vec<u8>,
}

/// Analyses a test as it looked at the end of `as_of`, by default at `until` of its file.
///
/// # Errors
/// When the data cannot be read as what the file says.
pub fn analyze(test: &FieldTest, as_of: Option<&Moment>, progress: &dyn Progress) -> Result<Analysis, TestError> {
    progress.say("reading".into());
    let path = test.beside("ledger.json");
    // The looks before this one decide what it may say: two looks at once are two looks, one after the other.
    let kept = Ledger::hold(&path)?;
    let yaml = std::fs::read(test.path())
        .map_err(|error| StoreError::Read { path: test.path().into(), why: error.to_string() })?;
    let seen = read::read(test, as_of.map(|as_of| as_of.end(&test.file.timezone)))?;
    let day = seen.as_of.as_ref().map_or("(no day)".into(), |(day, _)| day.clone());
    let data = hash(test)?;
    let all = ledger::read(&kept, &path)?;
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
    Ok(Analysis { trial, ledger: kept, yaml })
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

fn hash(test: &FieldTest) -> Result<String, TestError> {
    let mut hash = Sha256::new();
    for input in hashed(test.named(), &test.base)? {
        hash.update(input.sha256.as_bytes());
    }
    Ok(hex(&hash.finalize()[..8]))
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

/// Writes the look into the ledger, then the folder of the analysis, all of it or nothing.
///
/// # Errors
/// When a file cannot be written.
pub fn store(analysis: &Analysis, place: &Target) -> Result<Stored, TestError> {
    let mut folder = place.draft()?;
    folder.write("trial.json", to_json(&analysis.trial))?;
    for (name, bytes) in report_files(&analysis.trial)? {
        folder.write(&name, bytes)?;
    }
    folder.write("test.yaml", &analysis.yaml)?;
    // Before the report: a look that somebody may have read is never forgotten.
    ledger::write(&analysis.ledger, &analysis.trial.looks)?;
    Ok(folder.finish()?)
}

fn to_json(trial: &Trial) -> String {
    serde_json::to_string_pretty(trial).expect("a trial has only plain values") + "\n"
}

fn report_files(trial: &Trial) -> Result<Vec<(String, Vec<u8>)>, TestError> {
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
pub fn redraw(trial: &Trial, folder: &Path) -> Result<(), TestError> {
    Ok(write_files(folder, Writer::Trial, report_files(trial)?)?)
}
