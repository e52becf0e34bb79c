//! The command line: arguments become library calls, results text, errors exit codes.

mod ab;
mod audit;
mod check;
mod compare;
mod completions;
mod explain;
mod init;
mod oracle;
mod progress;
mod render;
mod review;
mod run;
mod schema;
mod score;
mod selfcheck;
mod simulate;

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use leadoff::experiment::ConfigError;
use leadoff::models::ModelError;
use leadoff::pipeline::PipelineError;
use leadoff::store::StoreError;
use leadoff::workflows::RunError;

/// Replays historical leads through several lead-scoring models and says, with honest uncertainty, which one to trust.
#[derive(Parser)]
#[command(name = "leadoff", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "Start with `leadoff init my-folder`, or run the demo: `leadoff run experiments/demo.yaml`.

Exit codes: 0 done, 1 our fault, 2 usage, 3 experiment file, 4 data or model, 10 a gate said no, 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    Init(init::Init),
    Check(check::Check),
    Run(run::Run),
    Audit(audit::Audit),
    Review(review::Review),
    Explain(explain::Explain),
    Score(score::Score),
    Selfcheck(selfcheck::Selfcheck),
    Render(render::Render),
    Compare(compare::Compare),
    Simulate(Box<simulate::Simulate>),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Oracle(oracle::Oracle),
    Ab(ab::Ab),
}

/// What ends a command early: an exit code and what to say.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

/// Our fault, or the machine's.
const FAULT: u8 = 1;
const USAGE: u8 = 2;
const EXPERIMENT: u8 = 3;
const DATA: u8 = 4;
/// A gate said no, or not yet: the challengers stay out.
const HELD_BACK: u8 = 10;

impl Failure {
    fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    fn fault(message: impl Display) -> Self {
        Self::new(FAULT, message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(EXPERIMENT, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(store_code(&error), error)
    }
}

fn store_code(error: &StoreError) -> u8 {
    match error {
        StoreError::NotOurs { .. } | StoreError::NotEmpty { .. } => USAGE,
        StoreError::Read { .. } => DATA,
        StoreError::Io { .. } => FAULT,
    }
}

/// Whether a model cannot be made of what stands in the experiment file; else it is the data that do not fit.
fn is_in_the_file(error: &ModelError) -> bool {
    matches!(error, ModelError::Invalid { .. } | ModelError::Predicate { .. } | ModelError::Unknown { .. })
}

fn pipeline_code(error: &PipelineError) -> u8 {
    match error {
        PipelineError::Replay(_) | PipelineError::NoSegment { .. } | PipelineError::Refused { .. } => EXPERIMENT,
        PipelineError::Model(model) if is_in_the_file(model) => EXPERIMENT,
        PipelineError::Data(_) | PipelineError::Model(_) | PipelineError::Cohort(_) => DATA,
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let code = match &error {
            RunError::Config(_) | RunError::NoTraining { .. } => EXPERIMENT,
            RunError::Pipeline(error) => pipeline_code(error),
            RunError::Truncated { .. } => DATA,
            RunError::NoLead { .. }
            | RunError::NoModel { .. }
            | RunError::NoPoints
            | RunError::NotPoints { .. }
            | RunError::NotARun { .. }
            | RunError::OtherChampion { .. }
            | RunError::Format { .. } => USAGE,
            RunError::Report(_) => FAULT,
            RunError::Store(error) => store_code(error),
        };
        Self::new(code, error)
    }
}

/// What a command ends with when it does not fail.
type Outcome = Result<ExitCode, Failure>;

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Init(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Review(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Score(command) => command.run(),
        Command::Selfcheck(command) => command.run(),
        Command::Render(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Simulate(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Oracle(command) => command.run(),
        Command::Ab(command) => command.run(),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("error: {}", failure.message);
        ExitCode::from(failure.code)
    })
}

/// Prints a result. A reader that went away early (`| head`) is no error.
fn print(text: &str) {
    use std::io::Write;
    let _ = std::io::stdout().write_all(text.as_bytes());
}
