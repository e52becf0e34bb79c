use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::report;
use leadoff::store::{Target, Writer};
use leadoff::workflows::audit::{self, AuditError};
use leadoff::workflows::next::EXPERIMENT_FILE;

use super::progress::Progress;
use super::{EXPERIMENT, FAULT, Failure, Outcome, USAGE, pipeline_code, show, shown, store_code, tell};

/// Holds each criterion of a points model against what happened, and proposes the smallest change worth making.
#[derive(Args)]
#[command(after_help = "Example: leadoff audit experiments/demo.yaml --model current --write challenger.yaml")]
pub struct Audit {
    /// The experiment file.
    #[arg(default_value = EXPERIMENT_FILE)]
    experiment: PathBuf,
    /// Compares leads from both sides of a break in the event log all the same, under a banner.
    #[arg(long)]
    allow_truncated: bool,
    /// The points model; by default the champion, or the first one.
    #[arg(long)]
    model: Option<String>,
    /// Writes what is proposed as a variant for the experiment file; nothing is written when nothing is proposed.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// The folder of the report; by default reports/NAME-audit of the experiment file.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Shows values of columns that name somebody (owners, companies): for a report that stays in
    /// the house.
    #[arg(long)]
    internal: bool,
}

impl Audit {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.allow_truncated = self.allow_truncated;
        experiment.internal = self.internal;
        let folder = self.out.unwrap_or_else(|| beside(&experiment.default_folder()));
        let place = Target::folder(&folder, Writer::Audit, &experiment.files())?;
        let proposal = self.write.map(|path| Target::file(&path, Writer::Audit, &experiment.files())).transpose()?;
        if let Some(proposal) = &proposal {
            proposal.is_apart_from(&place)?;
        }
        let progress = Progress::new();
        let audit = audit::audit(&experiment, self.model.as_deref(), &progress)?;
        let stored = audit::store(&audit, &place)?;
        drop(progress);
        match (&proposal, &audit.proposal.yaml) {
            (Some(place), Some(yaml)) => place.write(yaml)?,
            (Some(place), None) => tell(&format!("Nothing is proposed, so {} is not written.\n", shown(place.path()))),
            (None, _) => {}
        }
        show(&report::audit(&audit), &stored, "audit.html")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The folder's name with `-audit`.
fn beside(folder: &Path) -> PathBuf {
    let name = folder.file_name().map_or("experiment".into(), |name| name.to_string_lossy().into_owned());
    folder.with_file_name(format!("{name}-audit"))
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        let code = match &error {
            AuditError::Pipeline(error) => pipeline_code(error),
            AuditError::NoTraining { .. } => EXPERIMENT,
            AuditError::NoModel { .. } | AuditError::NoPoints | AuditError::NotPoints { .. } => USAGE,
            AuditError::Store(error) => store_code(error),
            AuditError::Report(_) => FAULT,
        };
        Self::new(code, error)
    }
}
