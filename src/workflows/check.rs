use std::path::PathBuf;

use crate::data::{self, Findings, History, RawTable};
use crate::experiment::Experiment;
use crate::models::{self, KindSpec, Wanted};
use crate::pipeline::{self, PipelineError, Progress};
use crate::replay::Scope;
use crate::report::notices;
use crate::table::inert;
use crate::time::{Calendar, Zone};

use super::tracking_breaks;

/// What is in the data of an experiment, before any result.
pub struct Checked {
    pub title: String,
    pub raw: RawTable,
    pub findings: Findings,
    pub readiness: String,
    pub zone: Zone,
    /// What keeps models from being compared: all of it, not the first alone.
    pub problems: Vec<PipelineError>,
    /// What models of files ask for.
    pub imported: Vec<Asked>,
}

/// What a model of a file asks for, input by input.
pub struct Asked {
    pub model: String,
    pub file: PathBuf,
    /// "a LightGBM text file, 100 trees".
    pub what: String,
    pub wanted: Vec<Wanted>,
}

/// Reads an experiment's data and replays them far enough to say whether models could be compared.
pub fn check(
    experiment: &Experiment,
    by: Option<&[String]>,
    progress: &dyn Progress,
) -> Result<Checked, PipelineError> {
    let (history, findings) = pipeline::read(experiment, Scope::Used, progress)?;
    let problems = pipeline::problems(experiment, &history, &findings);
    let known = pipeline::known_columns(&history);
    let segments: Vec<String> =
        experiment.file.segments.iter().filter(|name| known.iter().any(|one| one.name == **name)).cloned().collect();
    let by = by.unwrap_or(&segments);
    let raw = data::raw_table(&history, &findings, by, Calendar::Month, 0.95)?;
    let zone = history.zone.clone();
    let imported = asked(experiment, &history);
    // The models must fit the data too: a misspelt column is found here and not after a night's run.
    if !problems.is_empty() {
        let readiness = "Readiness: no model is compared before what is wrong with them is mended.".to_string();
        return Ok(Checked {
            title: experiment.file.experiment.clone(),
            raw,
            findings,
            readiness,
            zone,
            problems,
            imported,
        });
    }
    let found = findings.clone();
    let mut played = match pipeline::play_read(experiment, (history, findings), Scope::Used, progress) {
        Ok(played) => played,
        Err(error) => {
            let (title, readiness) = (experiment.file.experiment.clone(), String::new());
            return Ok(Checked { title, raw, findings: found, readiness, zone, problems: vec![error], imported });
        }
    };
    played.diagnose(experiment.champion);
    let across = match tracking_breaks::crossed(experiment, &played) {
        Err(error) => format!("\nBlind spot: {}.", inert(&error.to_string())),
        Ok(_) => String::new(),
    };
    let findings = std::mem::take(&mut played.findings);
    let ready = match pipeline::cohort(experiment, &mut played, None) {
        Ok(cohort) => notices::readiness(&crate::evaluation::readiness(&cohort)),
        Err(PipelineError::Cohort(error)) => format!("Readiness: {}.", inert(&error.to_string())),
        Err(error) => return Err(error),
    };
    Ok(Checked {
        title: experiment.file.experiment.clone(),
        raw,
        findings,
        readiness: ready + &across,
        zone,
        problems,
        imported,
    })
}

/// What each model of a file asks for, and whether it is there.
fn asked(experiment: &Experiment, history: &History) -> Vec<Asked> {
    let of = |context: &models::Context| {
        let specs = experiment.models.iter().filter_map(|spec| {
            let KindSpec::Imported(imported) = &spec.kind else { return None };
            let forest = &imported.spec.read.as_ref()?.forest;
            let trees = forest.trees().map_or(String::new(), |trees| format!(", {trees} trees"));
            let what = format!("{}{trees}, {} inputs", forest.made_as(), forest.inputs().len());
            let (model, file) = (spec.name.clone(), imported.spec.file.clone());
            Some(Asked { model, file, what, wanted: models::wanted(spec, context)? })
        });
        specs.collect()
    };
    pipeline::in_context(experiment, history, of)
}
