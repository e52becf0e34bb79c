use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::experiment::Experiment;
use leadoff::store::{Target, Writer};
use leadoff::time::Moment;
use leadoff::workflows::export::{self, ExportError, Form};

use super::progress::Progress;
use super::{Failure, Outcome, USAGE, pipeline_code, print, shown, tell};

/// Writes a points model for those who put it into practice: a list of changes, a table, SQL, or a draft for HubSpot.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff export experiments/demo.yaml no_email_points --to checklist\n         leadoff export experiments/demo.yaml current --to sql --at 2026-09-30 --out score.sql"
)]
pub struct Export {
    /// The experiment file.
    experiment: PathBuf,
    /// The points model.
    model: String,
    /// What to write.
    #[arg(long, value_name = "FORM")]
    to: To,
    /// The file to write; without it the screen.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// With `--to sql`, the day or instant at which all leads are scored; by default each at the experiment's `as_of`.
    #[arg(long, value_name = "INSTANT")]
    at: Option<Moment>,
}

#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// What to change in the champion, numbered, for the person who edits the CRM; Markdown.
    Checklist,
    /// The table that `rules:` reads.
    Csv,
    /// One SELECT of every lead's score, for DuckDB.
    Sql,
    /// A draft of HubSpot's configuration of a lead score; what it cannot hold is told.
    Hubspot,
}

impl Export {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.internal = true;
        let out = self.out.map(|path| Target::file(&path, Writer::Export, &experiment.files())).transpose()?;
        let form = match self.to {
            To::Checklist => Form::Checklist,
            To::Csv => Form::Csv,
            To::Sql => Form::Sql,
            To::Hubspot => Form::Hubspot,
        };
        let progress = Progress::new();
        let exported = export::export(&experiment, &self.model, form, self.at.as_ref(), &progress)?;
        if let Some(out) = &out {
            out.write(&exported.text)?;
        }
        drop(progress);
        exported.notes.iter().for_each(|note| tell(&format!("note: {note}\n")));
        match out {
            Some(out) => print(&format!("{} written: {}\n", self.model, shown(out.path())))?,
            None => print(&exported.text)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let code = match &error {
            ExportError::Pipeline(error) => pipeline_code(error),
            _ => USAGE,
        };
        Self::new(code, error)
    }
}
