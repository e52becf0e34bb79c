use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use leadoff::experiment::Experiment;
use leadoff::report;
use leadoff::result::Decision;
use leadoff::store::{Target, Writer};
use leadoff::workflows::next::EXPERIMENT_FILE;
use leadoff::workflows::run::{self, RunError};

use super::progress::Progress;
use super::{DATA, FAULT, Failure, HELD_BACK, Outcome, pipeline_code, show, store_code, tell};

/// Each has a stack of its own.
const MOST_THREADS: u64 = 1024;

/// Replays the leads of an experiment through all its models and writes the report.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff run experiments/demo.yaml --out reports/demo\n\nExit code 10: the experiment states `gates:`, and no challenger passes them all."
)]
pub struct Run {
    /// The experiment file.
    #[arg(default_value = EXPERIMENT_FILE)]
    experiment: PathBuf,
    /// Compares leads from both sides of a break in the event log all the same, under a banner.
    #[arg(long)]
    allow_truncated: bool,
    /// The folder of the report; by default reports/NAME of the experiment file.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// How many threads; by default as many as there are processors. They change no number.
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_THREADS))]
    threads: Option<usize>,
    /// Says on stderr how long each step took and how much memory was used.
    #[arg(long)]
    timings: bool,
    /// Leaves out the charts as PNG files.
    #[arg(long)]
    no_png: bool,
    /// Shows values of columns that name somebody (owners, companies), and rates of fewer than 10 leads: for a report that stays in
    /// the house.
    #[arg(long)]
    internal: bool,
}

impl Run {
    pub fn run(self) -> Outcome {
        if let Some(threads) = self.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
            pool.map_err(Failure::fault)?;
        }
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.allow_truncated = self.allow_truncated;
        experiment.internal = self.internal;
        let target = self.out.unwrap_or_else(|| experiment.default_folder());
        let place = Target::folder(&target, Writer::Run, &experiment.files())?;
        let progress = Progress::new();
        let run = run::run(&experiment, &progress)?;
        let stored = run::store(&run, &place, !self.no_png, &progress)?;
        drop(progress);
        if self.timings {
            tell(&run.timings);
        }
        show(&report::document(&run.evaluation), &stored, "report.html")?;
        let gated = !experiment.file.gates.is_empty();
        let held_back = gated && run.evaluation.verdict.decision != Decision::Promote;
        Ok(if held_back { ExitCode::from(HELD_BACK) } else { ExitCode::SUCCESS })
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let code = match &error {
            RunError::Pipeline(error) => pipeline_code(error),
            RunError::Truncated(_) => DATA,
            RunError::Store(error) => store_code(error),
            RunError::Report(_) => FAULT,
        };
        Self::new(code, error)
    }
}
