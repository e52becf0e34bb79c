use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use leadoff::simulate::{self, Contact, Drift, Organisation};
use leadoff::stats::random::Seed;
use leadoff::time::{Moment, Zone};
use leadoff::trial::simulate::Truth;
use leadoff::workflows::ab::write_simulated;
use leadoff::workflows::simulated;

use super::{Failure, Outcome, USAGE, print, shown};

/// Makes a CRM-like history with a known truth: leads, events and outcomes.
#[derive(Args)]
#[command(after_help = "Example: leadoff simulate my-data --leads 100000 --format parquet")]
pub struct Simulate {
    /// The folder to write into.
    folder: PathBuf,
    /// How many leads.
    #[arg(
        long,
        default_value_t = 15_000,
        value_parser = RangedU64ValueParser::<usize>::new().range(0..=MOST_LEADS)
    )]
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
    #[arg(long, default_value_t = -3.2, allow_hyphen_values = true)]
    intercept: f64,
    /// From this day on paid leads convert less than before.
    #[arg(long, value_name = "DATE")]
    drift: Option<Moment>,
    /// The share of leads that sales works, of those with few points and of those with many; `1,1` works all.
    #[arg(long, value_delimiter = ',', num_args = 1.., default_values_t = [0.5, 0.95], value_name = "LOW,HIGH")]
    contact: Vec<f64>,
    /// Mean leads an account: they have its industry, country and size, and convert together. By default each comes by itself.
    #[arg(long, value_name = "LEADS")]
    accounts: Option<f64>,
    /// The same seed makes the same history.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Makes a field test instead: assignments, outcomes, the truth, and the file that analyses it.
    #[arg(long)]
    ab: bool,
    /// Makes an organisation whose points model has known faults instead: leads, outcomes, the truth, and the experiment
    /// to audit. Half as many later leads come with it.
    #[arg(long, conflicts_with = "ab")]
    planted: bool,
    /// The planted organisation has no faults: nothing is to be found.
    #[arg(long, requires = "planted")]
    without_faults: bool,
    /// The challenger's rate of conversion less the current one's 12 %.
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true, requires = "ab")]
    effect: f64,
    /// Mean days to convert in both arms: `20,20`.
    #[arg(long, value_delimiter = ',', num_args = 1.., default_values_t = [20.0, 20.0], requires = "ab")]
    delays: Vec<f64>,
    /// Assigns this many representatives as wholes; their rates differ.
    #[arg(long, value_name = "REPS", requires = "ab")]
    reps: Option<usize>,
    /// Both arms stand in one queue, and the challenger's leads come first: no true effect, but a difference.
    #[arg(long, requires = "ab")]
    shared_queue: bool,
    /// The share really assigned to the challenger where one half is promised.
    #[arg(long, default_value_t = 0.5, requires = "ab")]
    share: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    /// CSV in gzip.
    Gzip,
    Parquet,
}

/// A history is made in memory: about 100 bytes a lead and 25 an event.
const MOST_LEADS: u64 = 10_000_000;
const MOST_EVENTS: f64 = 200_000_000.0;

/// Log-odds that paid leads lose by drift: about two thirds of their conversions.
const PAID_LOSS: f64 = 1.2;

impl Simulate {
    pub fn run(self) -> Outcome {
        if self.ab {
            return self.field_test();
        }
        if self.planted {
            return self.planted_organisation();
        }
        let zone = Zone::utc();
        let (from, to, until) = (self.from.start(&zone), self.to.start(&zone), self.until.end(&zone));
        if from >= to {
            return Err(Failure::new(USAGE, format!("--from {} does not come before --to {}", self.from, self.to)));
        }
        if !(0.0..=10_000.0).contains(&self.events) || !self.intercept.is_finite() {
            return Err(Failure::new(USAGE, "--events is a number from 0 to 10000, --intercept any number"));
        }
        if self.accounts.is_some_and(|size| !(1.0..=1_000.0).contains(&size)) {
            return Err(Failure::new(USAGE, "--accounts is a number of leads from 1 to 1000"));
        }
        if self.leads as f64 * self.events > MOST_EVENTS {
            let events = self.leads as f64 * self.events;
            let message = format!("--leads times --events is {events:.0} events, expected at most {MOST_EVENTS:.0}");
            return Err(Failure::new(USAGE, message));
        }
        let contact = match self.contact.as_slice() {
            &[low, high] if (0.0..=1.0).contains(&low) && (low..=1.0).contains(&high) => Contact { low, high },
            _ => {
                return Err(Failure::new(
                    USAGE,
                    "--contact takes two shares from 0 to 1, the lower first, such as 0.5,0.95",
                ));
            }
        };
        let drift = self.drift.as_ref().map(|at| Drift { at: at.start(&zone), paid: PAID_LOSS });
        let made = simulate::simulate(&Organisation {
            leads: self.leads,
            events_per_lead: self.events,
            from,
            to,
            until,
            intercept: self.intercept,
            drift,
            contact,
            account_size: self.accounts,
            seed: Seed(self.seed),
        });
        let extension = match self.format {
            Format::Csv => "csv",
            Format::Gzip => "csv.gz",
            Format::Parquet => "parquet",
        };
        let files = simulated::write_history(&made, &self.folder, extension)?;
        print(&format!(
            "{} leads, {} events: {}, {}, {}\nThe truth they were made from: {}\n",
            made.leads.rows(),
            made.events.rows(),
            shown(&files.leads),
            shown(&files.events),
            shown(&files.outcomes),
            shown(&files.truth)
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn planted_organisation(self) -> Outcome {
        let planted = simulate::planted(self.seed, self.leads, !self.without_faults);
        let experiment = simulated::write_planted(&planted, &self.folder)?;
        print(&format!(
            "{} training leads and {} later ones: {}\nWhat is planted: {}\nAudit them: leadoff audit {}\n",
            self.leads,
            self.leads / 2,
            shown(&self.folder),
            shown(&self.folder.join("truth.json")),
            shown(&experiment)
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn field_test(self) -> Outcome {
        let &[control, treatment] = self.delays.as_slice() else {
            return Err(Failure::new(USAGE, "--delays takes two numbers, such as 20,20"));
        };
        let rate = [0.12, 0.12 + self.effect];
        let sound = (0.0..=1.0).contains(&rate[1])
            && (0.0..=1.0).contains(&self.share)
            && [control, treatment].iter().all(|delay| (0.0..=10_000.0).contains(delay))
            && self.reps.is_none_or(|reps| (2..=MOST_LEADS as usize).contains(&reps));
        if !sound {
            return Err(Failure::new(
                USAGE,
                "--effect leaves the rate of 12 % between 0 and 1, --share is between 0 and 1, --delays are days up to 10000, --reps from 2 to ten million",
            ));
        }
        let truth = Truth {
            leads: self.leads,
            rate,
            delay: [control, treatment],
            share: self.share,
            reps: self.reps.map(|reps| (reps, 0.4)),
            shift: if self.shared_queue { 0.13 } else { 0.0 },
            seed: Seed(self.seed),
            ..Truth::default()
        };
        write_simulated(&truth, &self.folder)?;
        let test = self.folder.join("test.yaml");
        print(&format!(
            "{} leads: {}\nAnalyse them: leadoff ab analyze {}\n",
            self.leads,
            shown(&self.folder),
            shown(&test)
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}
