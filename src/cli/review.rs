use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use leadoff::experiment::Experiment;
use leadoff::report;
use leadoff::table::inert;
use leadoff::time::Moment;
use leadoff::workflows::next::EXPERIMENT_FILE;
use leadoff::workflows::review::{self, Asked, Kept, ReviewError, Reviewed};

use super::progress::Progress;
use super::{DATA, EXPERIMENT, FAULT, Failure, Outcome, USAGE, pipeline_code, print, show, store_code};

/// Ten years of months.
const MOST_PERIODS: u64 = 120;

/// Reviews a quarter of the model in use: whether it still works, what changed, what to do, what became of the last advice.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leadoff review experiments/demo.yaml --quarter 2026Q2\n  leadoff review experiments/demo.yaml --month 2026-05 --compare 12\n  leadoff review experiments/demo.yaml --from 2026-04-01 --to 2026-06-01"
)]
pub struct Review {
    /// The experiment file. Its champion is the model in use.
    #[arg(default_value = EXPERIMENT_FILE)]
    experiment: PathBuf,
    /// The quarter of the leads' creation, such as 2026Q3 (FY2027Q1 where `review.fiscal_year_starts` is set), or the
    /// name of a range of rows; by default the last one.
    #[arg(long, value_name = "QUARTER", group = "period")]
    quarter: Option<String>,
    /// A month instead of a quarter, such as 2026-07.
    #[arg(long, value_name = "MONTH", group = "period")]
    month: Option<String>,
    /// The first day of any other period; the periods before it are as long.
    #[arg(long, value_name = "DAY", requires = "to", group = "period")]
    from: Option<Moment>,
    /// The day after its last.
    #[arg(long, value_name = "DAY", requires = "from")]
    to: Option<Moment>,
    /// How many periods before it are compared.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4,
        value_parser = RangedU64ValueParser::<usize>::new().range(0..=MOST_PERIODS)
    )]
    compare: usize,
    /// The folder of all reviews and their ledger; by default reports/NAME-review of the experiment file.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Prints the answer as one paragraph, for a chat or a mail, in place of the report; the report is written all the same.
    #[arg(long)]
    message: bool,
    /// Leaves out the charts as PNG files.
    #[arg(long)]
    no_png: bool,
    /// Shows values of columns that name somebody (owners, companies), and rates of fewer than 10 leads: for a report that stays in
    /// the house.
    #[arg(long)]
    internal: bool,
}

impl Review {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.internal = self.internal;
        let folder = self.out.clone().unwrap_or_else(|| beside(&experiment.default_folder()));
        let period = match (self.quarter, self.month, self.from, self.to) {
            (Some(quarter), ..) => Reviewed::Quarter(quarter),
            (_, Some(month), ..) => Reviewed::Month(month),
            (_, _, Some(from), Some(to)) => Reviewed::Days(from, to),
            _ => Reviewed::Latest,
        };
        let kept = Kept::read(&folder)?;
        let progress = Progress::new();
        let asked = Asked { period, compare: self.compare };
        let (review, inputs) = review::review(&experiment, &asked, kept, &progress)?;
        let stored = review::store(&review, &inputs, &folder, !self.no_png)?;
        drop(progress);
        let document = report::review(&review);
        match self.message {
            true => print(&(inert(&report::message(&document)).into_owned() + "\n"))?,
            false => show(&document, &stored, "review.html")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The folder's name with `-review`.
fn beside(folder: &std::path::Path) -> PathBuf {
    let name = folder.file_name().map_or("experiment".into(), |name| name.to_string_lossy().into_owned());
    folder.with_file_name(format!("{name}-review"))
}

impl From<ReviewError> for Failure {
    fn from(error: ReviewError) -> Self {
        let code = match &error {
            ReviewError::Pipeline(error) => pipeline_code(error),
            ReviewError::Store(error) => store_code(error),
            ReviewError::Misaligned(_) | ReviewError::Report(_) => FAULT,
            ReviewError::Quarter { .. }
            | ReviewError::Month { .. }
            | ReviewError::NoDays { .. }
            | ReviewError::NoPeriod { .. }
            | ReviewError::OutsideTheCalendar => USAGE,
            ReviewError::NoDates
            | ReviewError::NoChampion
            | ReviewError::NoColumn { .. }
            | ReviewError::NoKind { .. } => EXPERIMENT,
            ReviewError::Empty { .. } | ReviewError::Ledger { .. } => DATA,
        };
        Self::new(code, error)
    }
}
