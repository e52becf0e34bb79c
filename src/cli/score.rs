use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::{self, Experiment};

use super::progress::Progress;
use super::{Outcome, print};

/// Scores every lead by every model, as it was known when it was scored, into a CSV or Parquet file.
#[derive(Args)]
#[command(after_help = "Example: leadoff score experiments/demo.yaml scores.parquet")]
pub struct Score {
    /// The experiment file.
    experiment: PathBuf,
    /// The file to write: .csv, .csv.gz or .parquet. It names leads.
    out: PathBuf,
}

impl Score {
    pub fn run(self) -> Outcome {
        let experiment = Experiment::load(&self.experiment)?;
        let progress = Progress::new();
        let leads = experiment::score(&experiment, &self.out, &progress)?;
        drop(progress);
        print(&format!("{leads} leads scored: {}\n", self.out.display()));
        Ok(ExitCode::SUCCESS)
    }
}
