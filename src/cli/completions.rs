use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Outcome, print_bytes};

/// Prints completions for a shell.
#[derive(Args)]
#[command(after_help = "Example: leadoff completions bash > ~/.local/share/bash-completion/completions/leadoff")]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "leadoff", &mut script);
        print_bytes(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}
