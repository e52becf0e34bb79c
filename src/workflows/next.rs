//! What is in a folder, and what one would type next there.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::experiment::{ConfigError, Experiment};

use super::intake;

/// The name of an experiment file where none is given.
pub const EXPERIMENT_FILE: &str = "experiment.yaml";
/// Of more experiments the others are only counted.
const MOST: usize = 5;

/// A line of advice: what to type, and what it does or shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub command: String,
    pub does: String,
}

fn step(command: impl Into<String>, does: impl Into<String>) -> Step {
    Step { command: command.into(), does: does.into() }
}

/// What there is in the working directory, in a sentence each, and the steps that follow.
pub fn next() -> (Vec<String>, Vec<Step>) {
    let found: Vec<(PathBuf, Result<Experiment, ConfigError>)> = experiments();
    if found.is_empty() {
        return begin();
    }
    let (mut said, mut steps) = (Vec::new(), Vec::new());
    for (path, experiment) in found.iter().take(MOST) {
        let name = path.display();
        let experiment = match experiment {
            Ok(experiment) => experiment,
            Err(error) => {
                said.push(error.to_string());
                steps.push(step(format!("leadoff check {name}"), "says again what is to be mended"));
                continue;
            }
        };
        let report = experiment.default_folder().join("report.html");
        match changed(&report) {
            None => {
                said.push(format!("{name} has not been run."));
                steps.push(step(format!("leadoff check {name}"), "what is in the data, before any result"));
                steps.push(step(format!("leadoff run {name}"), "the answer, and its report"));
            }
            Some(written) if experiment.files().iter().filter_map(|file| changed(file)).any(|one| one > written) => {
                said.push(format!("{name} or its data changed after {} was written.", report.display()));
                steps.push(step(format!("leadoff run {name}"), "the answer anew"));
            }
            Some(_) => {
                said.push(format!("{name} has been run: its report is {}.", report.display()));
                if experiment.champion.is_some() {
                    steps.push(step(format!("leadoff audit {name}"), "which criteria count too much or too little"));
                    steps.push(step(format!("leadoff review {name}"), "the last quarter of the model in use"));
                }
                steps.push(step(format!("leadoff selfcheck {name}"), "how often this experiment would be wrong"));
            }
        }
    }
    if found.len() > MOST {
        said.push(format!("… and {} more experiments.", found.len() - MOST));
    }
    (said, steps)
}

fn begin() -> (Vec<String>, Vec<Step>) {
    let demo = step("leadoff init demo", "a folder with simulated leads, to try everything on");
    let tables = intake::tables_in(Path::new(".")).map_or(0, |tables| tables.len());
    let what = match tables {
        0 => "There is no experiment here, and no table.".to_owned(),
        1 => "There is no experiment here yet, but a table.".to_owned(),
        some => format!("There is no experiment here yet, but {some} tables."),
    };
    let from = if tables == 0 { "FOLDER" } else { "." };
    let init = step(format!("leadoff init --from {from}"), "an experiment of your CRM's exports");
    (vec![what], vec![init, demo])
}

/// The experiments here and in `experiments/`; one that does not load counts where its name says what it is meant to be.
fn experiments() -> Vec<(PathBuf, Result<Experiment, ConfigError>)> {
    let in_folder = |folder: &str| {
        let entries = std::fs::read_dir(if folder.is_empty() { "." } else { folder });
        let names = entries.into_iter().flatten().flatten().map(|entry| Path::new(folder).join(entry.file_name()));
        let mut names: Vec<PathBuf> =
            names.filter(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml")).collect();
        names.sort();
        names
    };
    let all = ["", "experiments"].into_iter().flat_map(in_folder);
    let loaded = all.filter(|path| path.is_file()).map(|path| (path.clone(), Experiment::load(&path)));
    loaded.filter(|(path, loaded)| loaded.is_ok() || path.as_os_str() == EXPERIMENT_FILE).collect()
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|known| known.modified()).ok()
}
