use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use leadoff::experiment::Experiment;
use leadoff::report::{self, chart};
use leadoff::store::{Target, Writer};
use leadoff::table::inert;
use leadoff::time::Moment;
use leadoff::trial::plan::{self as trial_plan, ClusterSize, Clusters, Delay, Question};
use leadoff::workflows::ab::{self, FieldTest, Past, Planned, TestError};

use super::progress::Progress;
use super::{
    DATA, EXPERIMENT, FAULT, Failure, Outcome, USAGE, pipeline_code, print, print_bytes, show, shown, store_code,
};

/// A/B tests of scoring models in the field: plan, assign, analyse.
#[derive(Args)]
pub struct Ab {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Plan(Box<Plan>),
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
            return Err(Failure::new(EXPERIMENT, message));
        };
        let inputs: Vec<PathBuf> = test.files().into_iter().chain(self.file.clone()).collect();
        let out = self.out.map(|out| Target::file(&out, Writer::Assignment, &inputs)).transpose()?;
        let prints_sql = self.file.is_none() && self.units.is_empty();
        // A test that no SQL can hold is not begun.
        let sql = if prints_sql { ab::assign_sql(&assigner, &test, "unit_id")? } else { Vec::new() };
        ab::freeze(&assigner, &test)?;
        if let (Some(file), Some(id)) = (&self.file, &self.id) {
            let csv = ab::assign_file(&assigner, file, id)?;
            match &out {
                Some(out) => {
                    out.write(&csv)?;
                    print(&format!("{} units: {}\n", csv.lines().count().saturating_sub(1), shown(out.path())))?;
                }
                None => print_bytes(csv.as_bytes())?,
            }
        } else {
            sql.iter().try_for_each(|(names, sql)| print(&format!("-- {names}\n{sql}\n")))?;
            let line = |unit: &String| format!("{}\t{}\n", inert(unit), inert(assigner.arm(unit)));
            self.units.iter().try_for_each(|unit| print(&line(unit)))?;
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
        let place = Target::folder(&target, Writer::Trial, &test.files())?;
        let progress = Progress::new();
        let analysis = ab::analyze(&test, self.as_of.as_ref(), &progress)?;
        let stored = ab::store(&analysis, &place)?;
        drop(progress);
        show(&report::trial(&analysis.trial), &stored, "report.html")?;
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
        let read = ab::read_trial(&file)?;
        let folder = file.parent().map(PathBuf::from).unwrap_or_default();
        ab::redraw(&read, &folder)?;
        print(&format!("Report: {}\n", shown(&folder.join("report.html"))))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Says how many leads, conversions and weeks a test takes, and what a given time can show.
#[derive(Args)]
#[command(after_help = "Examples:
  leadoff ab plan --rate 0.08 --effect 0.02 --per-week 300 --horizon 90 --out test.yaml
  leadoff ab plan --from experiments/demo.yaml --challenger regression --looks 4 --start 2027-01-11 --out test.yaml
  leadoff ab plan --from experiments/demo.yaml --challenger regression --rep owner")]
pub struct Plan {
    /// An experiment file: what is not stated comes from its history.
    #[arg(long, value_name = "EXPERIMENT")]
    from: Option<PathBuf>,
    /// The challenger of the experiment that is tested against its champion.
    #[arg(long, value_name = "MODEL", requires = "from")]
    challenger: Option<String>,
    /// Assigns whole representatives: the column of the leads that names them. Their likeness comes from history.
    #[arg(long, value_name = "COLUMN", requires = "from", conflicts_with_all = ["reps", "per_rep"])]
    rep: Option<String>,
    /// Compares all leads, those on which the two models agree too.
    #[arg(long, requires = "from", conflicts_with = "discordant")]
    all_leads: bool,
    /// The share of the leads compared that converts within the horizon today.
    #[arg(long, required_unless_present = "from")]
    rate: Option<f64>,
    /// The difference of shares that the test is to see: 0.02 is two percentage points. By default what the replay
    /// foretells.
    #[arg(long, allow_hyphen_values = true, required_unless_present = "from")]
    effect: Option<f64>,
    /// Leads that come in a week.
    #[arg(long, required_unless_present = "from")]
    per_week: Option<f64>,
    /// Days within which a conversion counts; 90, or those of the experiment.
    #[arg(long, conflicts_with = "from")]
    horizon: Option<f64>,
    /// Mean days to a conversion; by default a quarter of the horizon, or the curve of history.
    #[arg(long, value_name = "DAYS", conflicts_with = "from")]
    delay: Option<f64>,
    #[arg(long, default_value_t = 0.8)]
    power: f64,
    /// The error of all comparisons together.
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Arms, the control included.
    #[arg(long, default_value_t = 2, conflicts_with = "from")]
    arms: usize,
    /// Looks: 1 reads the test once.
    #[arg(long, default_value_t = 1)]
    looks: usize,
    /// The part of the error that planned looks keep for conversion by the horizon.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    plateau: f64,
    /// Assigns whole representatives: how many there are, in all arms together.
    #[arg(long, value_name = "COUNT", conflicts_with = "per_rep")]
    reps: Option<f64>,
    /// Assigns whole representatives with this many leads each: as many as it takes.
    #[arg(long, value_name = "LEADS", requires = "icc")]
    per_rep: Option<f64>,
    /// How alike the leads of a representative are: the intra-class correlation.
    #[arg(long)]
    icc: Option<f64>,
    /// The share of leads on which the two models differ: only those can show anything.
    #[arg(long)]
    discordant: Option<f64>,
    /// Both arms stand in one queue.
    #[arg(long)]
    shared_queue: bool,
    /// The difference that a replay foretold: the analysis sets it beside what it finds.
    #[arg(long, allow_hyphen_values = true, conflicts_with = "from")]
    foretold: Option<f64>,
    /// The first day of assignment: the days of the looks are written into the file.
    #[arg(long, value_name = "DATE")]
    start: Option<Moment>,
    /// Writes the test's file here, and the picture of power beside it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Plan {
    fn run(self) -> Outcome {
        self.check()?;
        let inputs: Vec<PathBuf> = match &self.from {
            Some(from) => Experiment::load(from)?.files(),
            None => Vec::new(),
        };
        let place = |path: PathBuf| Target::file(&path, Writer::Plan, &inputs);
        let file = self.out.clone().map(place).transpose()?;
        let picture = self.out.as_ref().map(|out| place(out.with_extension("power.svg"))).transpose()?;
        let past = self.past()?;
        let question = self.question(past.as_ref())?;
        let plan = trial_plan::plan(&question).map_err(|why| Failure::new(USAGE, why))?;
        let planned = Planned {
            question,
            plan,
            shared_queue: self.shared_queue,
            foretold: self.foretold,
            past,
            all_leads: self.all_leads,
            start: self.start,
        };
        print(&planned.text())?;
        if let (Some(file), Some(picture)) = (file, picture) {
            file.write(planned.yaml())?;
            let points: Vec<chart::PowerPoint> = (planned.plan.curve.iter())
                .map(|at| chart::PowerPoint { weeks: at.weeks, more: at.more, different: at.different })
                .collect();
            let chart = chart::power(&points, planned.question.power, planned.plan.weeks);
            picture.write(chart::standalone(&chart))?;
            print(&format!("Test: {}\nPower by week: {}\n", shown(file.path()), shown(picture.path())))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What the plan itself does not look at.
    fn check(&self) -> Result<(), Failure> {
        if self.delay.is_some_and(|days| !(days > 0.0 && days.is_finite())) {
            return Err(Failure::new(USAGE, "--delay is a number of days above 0, such as 20"));
        }
        if self.foretold.is_some_and(|share| !(-1.0..=1.0).contains(&share)) {
            return Err(Failure::new(USAGE, "--foretold is a difference of shares between -1 and 1, such as 0.02"));
        }
        Ok(())
    }

    fn past(&self) -> Result<Option<Past>, Failure> {
        let Some(from) = &self.from else { return Ok(None) };
        let experiment = Experiment::load(from)?;
        let progress = Progress::new();
        Ok(Some(ab::past(&experiment, self.challenger.as_deref(), self.rep.as_deref(), &progress)?))
    }

    /// What is stated, else what history says.
    fn question(&self, past: Option<&Past>) -> Result<Question, Failure> {
        let from_past = |read: &dyn Fn(&Past) -> f64| past.map(read);
        let horizon_days = self.horizon.or(from_past(&|past| past.horizon_days)).unwrap_or(90.0);
        let rate = self.rate.or(from_past(&|past| past.rate_compared(self.all_leads)));
        let effect = match (self.effect, past) {
            (Some(effect), _) => effect,
            (None, Some(past)) => foretold_gain(past, self.all_leads)?,
            (None, None) => 0.0,
        };
        let differing =
            |past: &Past| (past.agreement.swapped_in.leads + past.agreement.swapped_out.leads) / past.agreement.leads;
        let discordant = self.discordant.or(from_past(&differing).filter(|_| !self.all_leads)).unwrap_or(1.0);
        if discordant == 0.0 {
            return Err(Failure::new(USAGE, "the two models hand over the same leads: there is nothing to test"));
        }
        Ok(Question {
            rate: rate.unwrap_or(0.0),
            effect,
            per_week: self.per_week.or(from_past(&|past| past.per_week)).unwrap_or(0.0),
            horizon_days,
            power: self.power,
            alpha: self.alpha,
            arms: self.arms,
            looks: self.looks,
            plateau: self.plateau,
            clusters: self.clusters(past)?,
            discordant,
            delay: match past {
                Some(past) => past.delay.clone(),
                None => Delay::exponential(self.delay.unwrap_or(horizon_days / 4.0), horizon_days),
            },
        })
    }

    fn clusters(&self, past: Option<&Past>) -> Result<Option<Clusters>, Failure> {
        if let Some((_, reps)) = past.and_then(|past| past.reps.as_ref()) {
            let size = ClusterSize::Count(reps.count as f64);
            return Ok(Some(Clusters { icc: self.icc.unwrap_or(reps.icc), size }));
        }
        let size = match (self.per_rep, self.reps) {
            (Some(leads), _) => ClusterSize::Leads(leads),
            (None, Some(count)) => ClusterSize::Count(count),
            (None, None) if self.icc.is_some() => {
                return Err(Failure::new(
                    USAGE,
                    "--icc needs --reps (how many there are) or --per-rep (leads of each)",
                ));
            }
            (None, None) => return Ok(None),
        };
        let icc = self.icc.ok_or_else(|| {
            Failure::new(
                USAGE,
                "--reps needs --icc, or an experiment (--from) with the column of the representatives (--rep)",
            )
        })?;
        Ok(Some(Clusters { icc, size }))
    }
}

/// The gain that the replay foretells, where it foretells one.
fn foretold_gain(past: &Past, all_leads: bool) -> Result<f64, Failure> {
    let (difference, _) = past.foretold(all_leads);
    if difference > 0.0 {
        return Ok(difference);
    }
    let message = format!(
        "the replay foretells {:+.2} points for `{}`: no gain to plan for; state the one that would be worth it by --effect",
        100.0 * difference,
        past.challenger
    );
    Err(Failure::new(USAGE, message))
}

impl From<TestError> for Failure {
    fn from(error: TestError) -> Self {
        let code = match &error {
            TestError::Config(_) | TestError::Sql { .. } => EXPERIMENT,
            TestError::Data(_) => DATA,
            TestError::Pipeline(error) => pipeline_code(error),
            TestError::Store(error) => store_code(error),
            TestError::Report(_) => FAULT,
        };
        match error {
            TestError::Config(error) => error.into(),
            error => Self::new(code, error),
        }
    }
}
