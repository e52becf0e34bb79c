use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::evaluation::SelfCheck;
use leadoff::experiment::Experiment;
use leadoff::workflows::next::EXPERIMENT_FILE;
use leadoff::workflows::scores;

use super::progress::Progress;
use super::{Outcome, print};

/// Says how often the comparison would cry wolf on your own data: permutes the outcomes, and splits the leads in halves.
#[derive(Args)]
#[command(after_help = "Example: leadoff selfcheck experiments/demo.yaml --runs 200")]
pub struct Selfcheck {
    /// The experiment file.
    #[arg(default_value = EXPERIMENT_FILE)]
    experiment: PathBuf,
    /// How often outcomes are permuted, and leads split.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// Resamples of the paired bootstrap in each run.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    replicates: u32,
}

impl Selfcheck {
    pub fn run(self) -> Outcome {
        let experiment = Experiment::load(&self.experiment)?;
        let progress = Progress::new();
        let found = scores::selfcheck(&experiment, self.runs as usize, self.replicates as usize, &progress)?;
        drop(progress);
        print(&in_words(&found))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn in_words(found: &SelfCheck) -> String {
    let SelfCheck { runs, replicates, false_alarms, rate, halves } = found;
    let interval =
        rate.map_or(String::new(), |rate| format!(" (95 %: {:.1} to {:.1} %)", 100.0 * rate.low, 100.0 * rate.high));
    let share = 100.0 * *false_alarms as f64 / *runs as f64;
    let halved = if halves.promoted == 0 {
        format!("Split in random halves {} times, no half was enough to promote a challenger.", halves.runs)
    } else {
        format!(
            "Split in random halves {} times, one half promoted a challenger {} times: the other half promoted it too {} times, and showed it behind the champion {} times.",
            halves.runs, halves.promoted, halves.confirmed, halves.contradicted
        )
    };
    format!(
        "With outcomes dealt at random, a challenger was promoted in {false_alarms} of {runs} runs: {share:.1} %{interval}. At most 5 % is promised, over all challengers.\n{halved}\n({replicates} resamples a run. Every promotion on permuted outcomes is a false alarm.)\n"
    )
}
