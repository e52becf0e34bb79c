use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::experiment;
use leadoff::report::{self, Format};

use super::{Outcome, print};

/// Redraws a report from its evaluation.json, without the leads.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leadoff render reports/demo\n  leadoff render reports/demo/evaluation.json --format markdown"
)]
pub struct Render {
    /// A report's folder or its evaluation.json.
    path: PathBuf,
    /// Prints one format instead of redrawing the folder's files.
    #[arg(long, value_enum)]
    format: Option<Ink>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ink {
    Html,
    Markdown,
    Terminal,
}

impl Render {
    pub fn run(self) -> Outcome {
        let file = if self.path.is_dir() { self.path.join("evaluation.json") } else { self.path.clone() };
        let evaluation = experiment::read_evaluation(&file)?;
        match self.format {
            Some(ink) => {
                let format = match ink {
                    Ink::Html => Format::Html,
                    Ink::Markdown => Format::Markdown,
                    Ink::Terminal => Format::Terminal,
                };
                print(&format.render(&report::document(&evaluation)));
            }
            None => {
                let folder = file.parent().map(PathBuf::from).unwrap_or_default();
                experiment::redraw(&evaluation, &folder)?;
                print(&format!("Report: {}\n", folder.join("report.html").display()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
