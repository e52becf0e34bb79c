use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::store::{Target, Writer};
use leadoff::workflows::parity::{self, ParityError};

use super::progress::Progress;
use super::{Failure, Outcome, USAGE, pipeline_code, print, shown, store_code};

/// Holds the platform's own scores against a points model, replayed at the same instants, and says why they differ.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff parity experiments/demo.yaml current --column crm_score --out differing.csv\n\nWith `data.history` the score is compared at each of its changes, else as it was exported."
)]
pub struct Parity {
    /// The experiment file.
    experiment: PathBuf,
    /// The points model that the platform should compute; by default the champion, or the only one.
    model: Option<String>,
    /// The column of the platform's score; by default the one that a `column:` model reads, or the only column of numbers
    /// with a history.
    #[arg(long, value_name = "SCORE")]
    column: Option<String>,
    /// Writes the scores that are not equal, with leads' ids: .csv, .csv.gz or .parquet.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Parity {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.internal = true;
        let out = self.out.map(|path| Target::file(&path, Writer::Parity, &experiment.files())).transpose()?;
        let progress = Progress::new();
        let found = parity::parity(&experiment, self.model.as_deref(), self.column.as_deref(), &progress)?;
        if let Some(out) = &out {
            parity::write(&found, &experiment, out)?;
        }
        drop(progress);
        print(&parity::text(&found))?;
        if let Some(out) = out {
            print(&format!("{} scores that differ: {}\n", found.differing.len(), shown(out.path())))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl From<ParityError> for Failure {
    fn from(error: ParityError) -> Self {
        let code = match &error {
            ParityError::Pipeline(error) => pipeline_code(error),
            ParityError::Store(error) => store_code(error),
            ParityError::NoScores { .. } | ParityError::NotNumbers { .. } => super::DATA,
            _ => USAGE,
        };
        Self::new(code, error)
    }
}
