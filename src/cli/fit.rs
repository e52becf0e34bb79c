use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::store::{Target, Writer};
use leadoff::time::Moment;
use leadoff::workflows::fit::{self, FitError};

use super::progress::Progress;
use super::{Failure, Outcome, USAGE, pipeline_code, print, shown};

/// Fits a model on everything that is mature, and writes it as a file that `file:` reads.
#[derive(Args)]
#[command(after_help = "Example: leadoff fit experiments/demo.yaml regression --out regression.json")]
pub struct Fit {
    /// The experiment file.
    experiment: PathBuf,
    /// The model; by default the only one that is fitted.
    model: Option<String>,
    /// The file to write; by default named after the model, beside the experiment.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Takes outcomes as they were known at the end of this day; by default `data.until`.
    #[arg(long, value_name = "DATE")]
    until: Option<Moment>,
}

impl Fit {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        if let Some(until) = self.until {
            experiment.file.data.until = Some(until);
        }
        let target = |path: &PathBuf| Target::file(path, Writer::Fit, &experiment.files());
        // What is in the way is said before an hour is spent.
        let out = self.out.as_ref().map(target).transpose()?;
        let progress = Progress::new();
        let file = fit::fit(&experiment, self.model.as_deref(), &progress)?;
        drop(progress);
        let out = match out {
            Some(out) => out,
            None => {
                let name = format!("{}.json", leadoff::report::slug(&file.model));
                target(&self.experiment.with_file_name(name))?
            }
        };
        out.write(file.text())?;
        print(&format!(
            "`{}` is fitted on {} mature leads, {} of which won, as known on {}.\nWritten: {}\nAs a model of an experiment beside it: fitted: {{ file: {} }}\n",
            file.model,
            file.leads,
            file.wins,
            file.fitted_on,
            shown(out.path()),
            out.path().file_name().unwrap_or_default().to_string_lossy(),
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl From<FitError> for Failure {
    fn from(error: FitError) -> Self {
        let code = match &error {
            FitError::Pipeline(error) => pipeline_code(error),
            _ => USAGE,
        };
        Self::new(code, error)
    }
}
