use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use leadoff::experiment::trial::{self, Dialect, FieldTest, Planned};
use leadoff::experiment::write_file;
use leadoff::report::{self, Format, chart};
use leadoff::time::Moment;

use super::progress::Progress;
use super::{Failure, Outcome, USAGE, print};

/// A/B tests of scoring models in the field: plan, assign, analyse.
#[derive(Args)]
pub struct Ab {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Plan(Plan),
    Assign(Assign),
    Analyze(Analyze),
    Render(Render),
}

impl Ab {
    pub fn run(self) -> Outcome {
        match self.command {
            Command::Plan(command) => command.run(),
            Command::Assign(command) => command.run(),
            Command::Analyze(command) => command.run(),
            Command::Render(command) => command.run(),
        }
    }
}

/// Says which arm each unit is in: the same on any machine and in any SQL dialect.
#[derive(Args)]
#[command(after_help = "Examples:
  leadoff ab assign test.yaml                                        prints the SQL
  leadoff ab assign test.yaml L1 L2                                  prints their arms
  leadoff ab assign test.yaml --file leads.csv --id lead_id          prints a CSV of units and arms")]
pub struct Assign {
    /// The test's file, with a `salt`.
    test: PathBuf,
    /// Units to assign.
    units: Vec<String>,
    /// A file of units.
    #[arg(long, value_name = "FILE", requires = "id")]
    file: Option<PathBuf>,
    /// The column of the file that names the unit.
    #[arg(long, value_name = "COLUMN", requires = "file")]
    id: Option<String>,
    /// Writes the CSV here instead of printing it.
    #[arg(long, value_name = "FILE", requires = "file")]
    out: Option<PathBuf>,
}

impl Assign {
    fn run(self) -> Outcome {
        let test = FieldTest::load(&self.test)?;
        let Some(assigner) = test.assigner() else {
            let message = format!(
                "{}: salt: missing: a word of this test's own, such as `salt: autumn-2026`",
                self.test.display()
            );
            return Err(Failure::new(super::EXPERIMENT, message));
        };
        assigner.freeze(&test)?;
        if let (Some(file), Some(id)) = (&self.file, &self.id) {
            let csv = trial::assign_file(&assigner, file, id)?;
            match &self.out {
                Some(out) => {
                    write_file(out, &csv)?;
                    print(&format!("{} units: {}\n", csv.lines().count().saturating_sub(1), out.display()));
                }
                None => print(&csv),
            }
        } else if self.units.is_empty() {
            for (dialect, names) in Dialect::ALL {
                print(&format!("-- {names}\n{}\n", assigner.sql(dialect, "unit_id")));
            }
        } else {
            self.units.iter().for_each(|unit| print(&format!("{unit}\t{}\n", assigner.arm(unit))));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Analyses a test: first whether it is sound, then more conversions apart from sooner ones.
#[derive(Args)]
#[command(after_help = "Example: leadoff ab analyze test.yaml --as-of 2026-10-01")]
pub struct Analyze {
    /// The test's file.
    test: PathBuf,
    /// Looks at the data as they were at the end of this day; by default at `until` of the file.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Moment>,
    /// The folder of the report; by default reports/NAME of the test's file.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Analyze {
    fn run(self) -> Outcome {
        let test = FieldTest::load(&self.test)?;
        let target = self.out.unwrap_or_else(|| test.default_folder());
        let progress = Progress::new();
        let analysis = trial::analyze(&test, self.as_of.as_ref(), &progress)?;
        let folder = trial::store(&analysis, &target)?;
        drop(progress);
        let text = Format::Terminal.render(&report::trial(&analysis.trial));
        let text = text.trim_end();
        let (body, decision) = text.rsplit_once('\n').unwrap_or(("", text));
        print(&format!("{body}\nReport: {}\n{decision}\n", folder.join("report.html").display()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Redraws the report of a test from its trial.json, without the leads.
#[derive(Args)]
pub struct Render {
    /// A report's folder or its trial.json.
    path: PathBuf,
}

impl Render {
    fn run(self) -> Outcome {
        let file = if self.path.is_dir() { self.path.join("trial.json") } else { self.path };
        let read = trial::read_trial(&file)?;
        let folder = file.parent().map(PathBuf::from).unwrap_or_default();
        trial::redraw(&read, &folder)?;
        print(&format!("Report: {}\n", folder.join("report.html").display()));
        Ok(ExitCode::SUCCESS)
    }
}

/// Says how many leads, conversions and weeks a test takes, and what a given time can show.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff ab plan --rate 0.08 --effect 0.02 --per-week 300 --horizon 90 --out test.yaml"
)]
pub struct Plan {
    /// The share that converts within the horizon today.
    #[arg(long)]
    rate: f64,
    /// The difference of shares that the test is to see: 0.02 is two percentage points.
    #[arg(long, allow_hyphen_values = true)]
    effect: f64,
    /// Leads that come in a week.
    #[arg(long)]
    per_week: f64,
    /// Days within which a conversion counts.
    #[arg(long, default_value_t = 90.0)]
    horizon: f64,
    #[arg(long, default_value_t = 0.8)]
    power: f64,
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Arms, the control included.
    #[arg(long, default_value_t = 2)]
    arms: usize,
    /// Looks: 1 reads the test once.
    #[arg(long, default_value_t = 1)]
    looks: usize,
    /// Leads of one representative, where whole representatives are assigned.
    #[arg(long, value_name = "LEADS", requires = "icc")]
    per_rep: Option<f64>,
    /// How alike the leads of a representative are: the intra-class correlation.
    #[arg(long, requires = "per_rep")]
    icc: Option<f64>,
    /// The share of leads on which the two models differ: only those can show anything.
    #[arg(long, default_value_t = 1.0)]
    discordant: f64,
    /// Both arms stand in one queue.
    #[arg(long)]
    shared_queue: bool,
    /// The difference that a replay foretold: the analysis sets it beside what it finds.
    #[arg(long, allow_hyphen_values = true)]
    foretold: Option<f64>,
    /// Writes the test's file here, and the picture of power beside it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Plan {
    fn run(self) -> Outcome {
        let question = leadoff::trial::plan::Question {
            rate: self.rate,
            effect: self.effect,
            per_week: self.per_week,
            horizon_days: self.horizon,
            power: self.power,
            alpha: self.alpha,
            arms: self.arms,
            looks: self.looks,
            cluster: self.per_rep.zip(self.icc),
            discordant: self.discordant,
        };
        let plan = leadoff::trial::plan::plan(&question).map_err(|why| Failure::new(USAGE, why))?;
        let planned = Planned { question, plan, shared_queue: self.shared_queue, foretold: self.foretold };
        print(&planned.text());
        if let Some(out) = &self.out {
            trial::write_plan(&planned, out)?;
            let picture = out.with_extension("power.svg");
            let chart = chart::power(&planned.plan.curve, planned.question.power, planned.plan.weeks);
            write_file(&picture, chart::standalone(&chart))?;
            print(&format!("Test: {}\nPower by week: {}\n", out.display(), picture.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
