use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::report::Format;
use leadoff::store::{Target, Writer};
use leadoff::workflows::examples::{self, ExampleError};
use leadoff::workflows::scores::{self, ScoreError};

use super::progress::Progress;
use super::{DATA, EXPERIMENT, Failure, Outcome, USAGE, pipeline_code, print, shown, store_code};

/// Scores every lead by every model, as it was known when it was scored, into a CSV or Parquet file.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff score experiments/demo.yaml scores.parquet\n         leadoff score experiments/demo.yaml --swap swaps.csv\n         leadoff score experiments/demo.yaml today.csv --changed-since yesterday.csv"
)]
pub struct Score {
    /// The experiment file.
    experiment: PathBuf,
    /// The file to write: .csv, .csv.gz or .parquet. It names leads.
    #[arg(required_unless_present_any = ["swap", "examples"])]
    out: Option<PathBuf>,
    /// Writes the leads that change hands when a challenger replaces the champion, in and out, to this file.
    #[arg(long, value_name = "FILE")]
    swap: Option<PathBuf>,
    /// A .csv that this command wrote before: only leads that are new, or whose tier (without tiers: score) by the champion
    /// is another one, are written.
    #[arg(long, value_name = "FILE", requires = "out")]
    changed_since: Option<PathBuf>,
    /// Writes a page with ten leads that each challenger would hand over instead, and ten that it would not, with reasons. It names
    /// leads: it is not to be shared.
    #[arg(long, value_name = "FILE.html")]
    examples: Option<PathBuf>,
    /// Compares leads from both sides of a break in the event log all the same.
    #[arg(long, requires = "swap")]
    allow_truncated: bool,
}

impl Score {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.allow_truncated = self.allow_truncated;
        experiment.internal = true;
        let inputs: Vec<PathBuf> = experiment.files().into_iter().chain(self.changed_since.clone()).collect();
        let place = |path: PathBuf| Target::file(&path, Writer::Scores, &inputs);
        let (out, swap) = (self.out.map(place).transpose()?, self.swap.map(place).transpose()?);
        if let (Some(out), Some(swap)) = (&out, &swap) {
            out.is_apart_from(swap)?;
        }
        let since = self.changed_since.as_deref();
        let examples = self.examples.map(place).transpose()?;
        let progress = Progress::new();
        let scored = out.map(|out| scores::score(&experiment, &out, since, &progress).map(|leads| (leads, out)));
        let scored = scored.transpose()?;
        let swapped = swap.map(|out| scores::swaps(&experiment, &out, &progress).map(|leads| (leads, out)));
        let swapped = swapped.transpose()?;
        if let Some(out) = &examples {
            out.write(Format::Html.render(&examples::examples(&experiment, &progress)?))?;
        }
        drop(progress);
        if let Some(out) = &examples {
            print(&format!("leads that would change hands, for this machine only: {}\n", shown(out.path())))?;
        }
        if let Some((leads, out)) = scored {
            print(&format!("{leads} leads scored: {}\n", shown(out.path())))?;
        }
        if let Some((leads, out)) = swapped {
            print(&format!("{leads} changes of hands, a line each: {}\n", shown(out.path())))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl From<ExampleError> for Failure {
    fn from(error: ExampleError) -> Self {
        let code = match &error {
            ExampleError::Pipeline(error) => pipeline_code(error),
            ExampleError::NoChampion { .. } => EXPERIMENT,
        };
        Self::new(code, error)
    }
}

impl From<ScoreError> for Failure {
    fn from(error: ScoreError) -> Self {
        let code = match &error {
            ScoreError::Pipeline(error) => pipeline_code(error),
            ScoreError::Truncated(_) => DATA,
            ScoreError::NoLead { .. } | ScoreError::NoModel { .. } | ScoreError::Format { .. } => USAGE,
            ScoreError::Former { .. } => DATA,
            ScoreError::Store(error) => store_code(error),
        };
        Self::new(code, error)
    }
}
