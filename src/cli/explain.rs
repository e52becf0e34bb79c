use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::workflows::scores;

use super::progress::Progress;
use super::{Outcome, print};

/// Shows where a lead's score comes from, criterion by criterion.
#[derive(Args)]
#[command(after_help = "Example: leadoff explain experiments/demo.yaml L0001234 --model current")]
pub struct Explain {
    /// The experiment file.
    experiment: PathBuf,
    /// The lead's id.
    lead: String,
    /// One model; by default all of them.
    #[arg(long)]
    model: Option<String>,
}

impl Explain {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.internal = true;
        let progress = Progress::new();
        let text = scores::explain(&experiment, &self.lead, self.model.as_deref(), &progress)?;
        drop(progress);
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
