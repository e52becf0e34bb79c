use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::workflows::scores;

use super::progress::Progress;
use super::{Outcome, print};

/// Scores every lead by every model, as it was known when it was scored, into a CSV or Parquet file.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff score experiments/demo.yaml scores.parquet\n         leadoff score experiments/demo.yaml --swap swaps.csv"
)]
pub struct Score {
    /// The experiment file.
    experiment: PathBuf,
    /// The file to write: .csv, .csv.gz or .parquet. It names leads.
    #[arg(required_unless_present = "swap")]
    out: Option<PathBuf>,
    /// Writes the leads that change hands when a challenger replaces the champion, in and out, to this file.
    #[arg(long, value_name = "FILE")]
    swap: Option<PathBuf>,
    /// Compares leads from both sides of a break in the event log all the same.
    #[arg(long, requires = "swap")]
    allow_truncated: bool,
}

impl Score {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.allow_truncated = self.allow_truncated;
        let progress = Progress::new();
        let scored = self.out.map(|out| scores::score(&experiment, &out, &progress).map(|leads| (leads, out)));
        let scored = scored.transpose()?;
        let swapped = self.swap.map(|out| scores::swaps(&experiment, &out, &progress).map(|leads| (leads, out)));
        let swapped = swapped.transpose()?;
        drop(progress);
        if let Some((leads, out)) = scored {
            print(&format!("{leads} leads scored: {}\n", out.display()));
        }
        if let Some((leads, out)) = swapped {
            print(&format!("{leads} changes of hands, a line each: {}\n", out.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
