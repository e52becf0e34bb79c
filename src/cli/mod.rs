//! The command line: arguments become library calls, results text, errors exit codes.

mod ab;
mod audit;
mod check;
mod compare;
mod completions;
mod explain;
mod export;
mod fit;
mod init;
mod next;
mod oracle;
mod parity;
mod progress;
mod render;
mod review;
mod run;
mod schema;
mod score;
mod selfcheck;
mod simulate;
mod sql;
mod timeline;
mod verify_model;

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use leadoff::experiment::ConfigError;
use leadoff::models::ModelError;
use leadoff::pipeline::PipelineError;
use leadoff::report::{Document, Format};
use leadoff::store::{StoreError, Stored};
use leadoff::table::{inert, inert_lines};

/// Replays historical leads through several lead-scoring models and says, with honest uncertainty, which one to trust.
#[derive(Parser)]
#[command(name = "leadoff", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER: &str = "Start with your CRM's exports, `leadoff init --from exports/`, or with the demo: `leadoff run experiments/demo.yaml`.

Exit codes: 0 done, 1 our fault, 2 usage, 3 experiment file, 4 data or model, 10 a gate said no, 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    Init(init::Init),
    Check(check::Check),
    Run(run::Run),
    Audit(audit::Audit),
    Review(review::Review),
    Explain(explain::Explain),
    Timeline(timeline::Timeline),
    Score(score::Score),
    Parity(parity::Parity),
    VerifyModel(verify_model::VerifyModel),
    Export(export::Export),
    Fit(fit::Fit),
    Sql(sql::Sql),
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
    /// On one line, whatever the names in it.
    fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: inert(&message.to_string()).into_owned() }
    }

    fn fault(message: impl Display) -> Self {
        Self::new(FAULT, message)
    }

    fn told(self) -> ExitCode {
        tell(&format!("error: {}\n", self.message));
        ExitCode::from(self.code)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        if let ConfigError::Rules { .. } = &error {
            // Its lines are ours, and what they quote is inert.
            return Self { message: error.to_string(), ..Self::new(EXPERIMENT, "") };
        }
        let ConfigError::Parse { snippet, .. } = &error else { return Self::new(EXPERIMENT, error) };
        // The lines of the file are lines here too.
        let said = error.to_string();
        let said = said.strip_suffix(snippet.as_str()).unwrap_or(&said).trim_end();
        Self { message: format!("{}\n{snippet}", inert(said)), ..Self::new(EXPERIMENT, "") }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(store_code(&error), error)
    }
}

fn store_code(error: &StoreError) -> u8 {
    match error {
        StoreError::NotOurs { .. } | StoreError::NoFolder { .. } | StoreError::Input { .. } => USAGE,
        StoreError::Read { .. } => DATA,
        StoreError::Io { .. } | StoreError::Held { .. } => FAULT,
    }
}

/// Whether a model cannot be made of what stands in the experiment file; else it is the data that do not fit.
fn is_in_the_file(error: &ModelError) -> bool {
    matches!(error, ModelError::Invalid { .. } | ModelError::Predicate { .. } | ModelError::Unknown { .. })
}

fn pipeline_code(error: &PipelineError) -> u8 {
    match error {
        PipelineError::Replay(_)
        | PipelineError::Engine(_)
        | PipelineError::NoColumn { .. }
        | PipelineError::Refused { .. } => EXPERIMENT,
        PipelineError::Model(model) if is_in_the_file(model) => EXPERIMENT,
        PipelineError::Data(_)
        | PipelineError::Model(_)
        | PipelineError::Folded { .. }
        | PipelineError::Forbidden { .. }
        | PipelineError::Cohort(_) => DATA,
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        Self::new(pipeline_code(&error), error)
    }
}

/// What a command ends with when it does not fail.
type Outcome = Result<ExitCode, Failure>;

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    let cli = match parsed() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let Some(command) = cli.command else { return next::run().unwrap_or_else(Failure::told) };
    let outcome = match command {
        Command::Init(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Review(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Timeline(command) => command.run(),
        Command::Score(command) => command.run(),
        Command::Parity(command) => command.run(),
        Command::VerifyModel(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Fit(command) => command.run(),
        Command::Sql(command) => command.run(),
        Command::Selfcheck(command) => command.run(),
        Command::Render(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Simulate(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Oracle(command) => command.run(),
        Command::Ab(command) => command.run(),
    };
    outcome.unwrap_or_else(Failure::told)
}

/// The command that was typed; what ends it where there is none to run, help among it.
fn parsed() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|error| {
        if error.use_stderr() {
            complain(&error);
            return ExitCode::from(USAGE);
        }
        // Help and version are what was asked for: a result like any other.
        let shown = if std::io::stdout().is_terminal() {
            error.render().ansi().to_string()
        } else {
            error.render().to_string()
        };
        // It holds no argument, and colours of its own.
        print_bytes(shown.as_bytes()).map_or_else(Failure::told, |()| ExitCode::SUCCESS)
    })
}

/// Says what is wrong with the arguments. The message repeats them and has colours of its own: so it is that of the same
/// arguments made inert, where these are wrong too.
fn complain(error: &clap::Error) {
    let arguments = std::env::args_os().map(|argument| inert(&argument.to_string_lossy()).into_owned());
    match Cli::try_parse_from(arguments) {
        Err(same) if same.kind() == error.kind() => {
            let _ = same.print();
        }
        _ => tell(&error.render().to_string()),
    }
}

/// Prints a result, of which only newlines and tabs reach the terminal as what they are.
fn print(text: &str) -> Result<(), Failure> {
    print_bytes(inert_lines(text).as_bytes())
}

/// Prints data for other programs, byte for byte. A reader that went away early (`| head`) is no error; a byte that is
/// lost in any other way is.
fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::fault(format!("standard output: cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something beside the result. That nobody can hear it is no error.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(inert_lines(text).as_bytes());
}

/// A path on one line.
fn shown(path: &Path) -> String {
    inert(&path.to_string_lossy()).into_owned()
}

/// Prints a report that was stored: where its page is and what else stays there, and its answer as the last line.
fn show(document: &Document, stored: &Stored, page: &str) -> Result<(), Failure> {
    let text = Format::Terminal.render(document);
    let text = text.trim_end();
    let (body, answer) = text.rsplit_once('\n').unwrap_or(("", text));
    let kept = match stored.kept.as_slice() {
        [] => String::new(),
        kept => format!("Not written by this command, and left as they are: {}\n", inert(&kept.join(", "))),
    };
    print(&format!("{body}\n{kept}Report: {}\n{answer}\n", shown(&stored.path.join(page))))
}
