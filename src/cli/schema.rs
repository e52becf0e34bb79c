use std::process::ExitCode;

use clap::Args;
use leadoff::experiment;

use super::{Outcome, print};

/// Prints the JSON Schema of the experiment file, for editors to complete and check it.
#[derive(Args)]
#[command(
    after_help = "Write it beside your experiments and name it in their first line:\n  leadoff schema > experiment.schema.json\n  # yaml-language-server: $schema=experiment.schema.json"
)]
pub struct Schema;

impl Schema {
    pub fn run(self) -> Outcome {
        print(&experiment::schema())?;
        Ok(ExitCode::SUCCESS)
    }
}
