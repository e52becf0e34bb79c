use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::simulate::{self, Drift, Organisation};
use leadoff::stats::random::Seed;
use leadoff::time::{Moment, Zone};

use super::{Failure, Outcome, USAGE, print};

/// Makes a CRM-like history with a known truth: leads, events and outcomes.
#[derive(Args)]
#[command(after_help = "Example: leadoff simulate my-data --leads 100000 --format parquet")]
pub struct Simulate {
    /// The folder to write into.
    folder: PathBuf,
    /// How many leads.
    #[arg(long, default_value_t = 15_000)]
    leads: usize,
    /// Mean number of events a lead.
    #[arg(long, default_value_t = 7.0)]
    events: f64,
    /// When the first lead is created.
    #[arg(long, default_value = "2025-01-01")]
    from: Moment,
    /// When the last lead is created.
    #[arg(long, default_value = "2026-09-23")]
    to: Moment,
    /// When the history is exported: nothing later is known.
    #[arg(long, default_value = "2026-09-30")]
    until: Moment,
    /// Shifts the rate of conversion: -3.4 gives about one lead in ten.
    #[arg(long, default_value_t = -3.4, allow_hyphen_values = true)]
    intercept: f64,
    /// From this day on paid leads convert less than before.
    #[arg(long, value_name = "DATE")]
    drift: Option<Moment>,
    /// The same seed makes the same history.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    /// CSV in gzip.
    Gzip,
    Parquet,
}

/// Log-odds that paid leads lose by drift: about two thirds of their conversions.
const PAID_LOSS: f64 = 1.2;

impl Simulate {
    pub fn run(self) -> Outcome {
        let zone = Zone::utc();
        let (from, to, until) = (self.from.start(&zone), self.to.start(&zone), self.until.end(&zone));
        if from >= to {
            return Err(Failure::new(USAGE, format!("--from {} does not come before --to {}", self.from, self.to)));
        }
        if !(0.0..=10_000.0).contains(&self.events) || !self.intercept.is_finite() {
            return Err(Failure::new(USAGE, "--events is a number from 0 to 10000, --intercept any number"));
        }
        let drift = self.drift.as_ref().map(|at| Drift { at: at.start(&zone), paid: PAID_LOSS });
        let simulated = simulate::simulate(&Organisation {
            leads: self.leads,
            events_per_lead: self.events,
            from,
            to,
            until,
            intercept: self.intercept,
            drift,
            seed: Seed(self.seed),
        });
        let extension = match self.format {
            Format::Csv => "csv",
            Format::Gzip => "csv.gz",
            Format::Parquet => "parquet",
        };
        let files = simulate::write(&simulated, &self.folder, extension)
            .map_err(|error| Failure::fault(format!("{}: {error}", self.folder.display())))?;
        print(&format!(
            "{} leads, {} events: {}, {}, {}\nThe truth they were made from: {}\n",
            simulated.leads.rows(),
            simulated.events.rows(),
            files.leads.display(),
            files.events.display(),
            files.outcomes.display(),
            files.truth.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}
