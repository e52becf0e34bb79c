use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use leadoff::experiment::Experiment;
use leadoff::report::{self, Format};
use leadoff::store::write_file;
use leadoff::workflows::audit;

use super::progress::Progress;
use super::{Outcome, print};

/// Holds each criterion of a points model against what happened, and proposes the smallest change worth making.
#[derive(Args)]
#[command(after_help = "Example: leadoff audit experiments/demo.yaml --model current --write challenger.yaml")]
pub struct Audit {
    /// The experiment file.
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
}

impl Audit {
    pub fn run(self) -> Outcome {
        let mut experiment = Experiment::load(&self.experiment)?;
        experiment.allow_truncated = self.allow_truncated;
        let progress = Progress::new();
        let audit = audit::audit(&experiment, self.model.as_deref(), &progress)?;
        let folder = self.out.unwrap_or_else(|| beside(&experiment.default_folder()));
        let folder = audit::store(&audit, &folder)?;
        drop(progress);
        match (&self.write, &audit.proposal.yaml) {
            (Some(path), Some(yaml)) => write_file(path, yaml)?,
            (Some(path), None) => eprintln!("Nothing is proposed, so {} is not written.", path.display()),
            (None, _) => {}
        }
        let text = Format::Terminal.render(&report::audit(&audit));
        // The answer is the last line; where the report stands comes before it.
        let text = text.trim_end();
        let (body, answer) = text.rsplit_once('\n').unwrap_or(("", text));
        print(&format!("{body}\nReport: {}\n{answer}\n", folder.join("audit.html").display()));
        Ok(ExitCode::SUCCESS)
    }
}

/// The folder's name with `-audit`.
fn beside(folder: &Path) -> PathBuf {
    let name = folder.file_name().map_or("experiment".into(), |name| name.to_string_lossy().into_owned());
    folder.with_file_name(format!("{name}-audit"))
}
