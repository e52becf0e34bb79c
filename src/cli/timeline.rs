use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::workflows::timeline::{self, TimelineError};

use super::progress::Progress;
use super::{Failure, Outcome, USAGE, pipeline_code, print};

/// Shows one lead's score over time: what moved it, its tiers, and when sales would have taken over.
#[derive(Args)]
#[command(after_help = "Example: leadoff timeline experiments/demo.yaml L0001234 --model current")]
pub struct Timeline {
    /// The experiment file.
    experiment: PathBuf,
    /// The lead's id.
    lead: String,
    /// The model; by default the champion, or the first that gives points.
    #[arg(long)]
    model: Option<String>,
}

impl Timeline {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.internal = true;
        let progress = Progress::new();
        let found = timeline::timeline(&experiment, &self.lead, self.model.as_deref(), &progress)?;
        drop(progress);
        print(&timeline::text(&found, &experiment.file.data.timezone))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl From<TimelineError> for Failure {
    fn from(error: TimelineError) -> Self {
        let code = match &error {
            TimelineError::Pipeline(error) => pipeline_code(error),
            _ => USAGE,
        };
        Self::new(code, error)
    }
}
