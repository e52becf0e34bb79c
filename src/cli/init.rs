use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::workflows::simulated;

use super::{Outcome, print, shown};

/// Makes a folder with a demo: simulated leads, an experiment file to change, and its schema for editors.
#[derive(Args)]
#[command(after_help = "Example: leadoff init my-scoring && cd my-scoring && leadoff run experiment.yaml")]
pub struct Init {
    /// The new folder.
    folder: PathBuf,
}

impl Init {
    pub fn run(self) -> Outcome {
        simulated::init(&self.folder)?;
        print(&format!(
            "Made {0}: a demo experiment with simulated leads.\nNext: cd {0} && leadoff run experiment.yaml\nThen put your own files in data/ and change experiment.yaml; `leadoff check experiment.yaml` says what it finds.\n",
            shown(&self.folder)
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
