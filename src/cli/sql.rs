use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::experiment::Experiment;
use leadoff::store::{Target, Writer};
use leadoff::workflows::sql::{self, Engine, Tables};

use super::progress::Progress;
use super::{Outcome, print, shown};

/// Writes what an experiment asks of its event log as one SELECT, for the engine where the log lies.
///
/// Its result, saved as Parquet, Arrow or CSV, is named as `features:` under `data.events`: `run` then gives the same
/// numbers as from the log itself. Snowflake and BigQuery are written by their documentation and were never run.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff sql experiments/demo.yaml --dialect duckdb --out features.sql\n         leadoff sql experiments/demo.yaml --dialect postgres --events-table crm.events --leads-table crm.leads"
)]
pub struct Sql {
    /// The experiment file.
    experiment: PathBuf,
    /// The engine.
    #[arg(long, value_name = "ENGINE")]
    dialect: Dialect,
    /// The table of leads, as SQL of the engine (or of dbt).
    #[arg(long, value_name = "TABLE", default_value = "leads")]
    leads_table: String,
    /// The table of events.
    #[arg(long, value_name = "TABLE", default_value = "events")]
    events_table: String,
    /// The file to write; without it the screen.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Dialect {
    Duckdb,
    /// And Databricks, and Sail.
    Spark,
    Postgres,
    /// Never run.
    Snowflake,
    /// Never run.
    Bigquery,
}

impl Sql {
    pub fn run(self) -> Outcome {
        let experiment = Experiment::load(&self.experiment)?;
        let out = self.out.map(|path| Target::file(&path, Writer::Sql, &experiment.files())).transpose()?;
        let engine = match self.dialect {
            Dialect::Duckdb => Engine::DuckDb,
            Dialect::Spark => Engine::Spark,
            Dialect::Postgres => Engine::Postgres,
            Dialect::Snowflake => Engine::Snowflake,
            Dialect::Bigquery => Engine::BigQuery,
        };
        let tables = Tables { leads: &self.leads_table, events: &self.events_table };
        let progress = Progress::new();
        let text = sql::sql(&experiment, engine, tables, &progress)?;
        drop(progress);
        match out {
            Some(out) => {
                out.write(&text)?;
                print(&format!("written: {}\n", shown(out.path())))?;
            }
            None => print(&text)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
