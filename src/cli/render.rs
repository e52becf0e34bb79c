use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::experiment;
use leadoff::report::{self, Document, Format};

use super::{Failure, Outcome, USAGE, print};

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
    Xlsx,
}

impl Render {
    pub fn run(self) -> Outcome {
        let file = if self.path.is_dir() { self.path.join("evaluation.json") } else { self.path.clone() };
        let evaluation = experiment::read_evaluation(&file)?;
        match self.format {
            Some(ink) => write(ink, &report::document(&evaluation))?,
            None => {
                let folder = file.parent().map(PathBuf::from).unwrap_or_default();
                experiment::redraw(&evaluation, &folder)?;
                print(&format!("Report: {}\n", folder.join("report.html").display()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn write(ink: Ink, document: &Document) -> Result<(), Failure> {
    match ink {
        Ink::Html => print(&Format::Html.render(document)),
        Ink::Markdown => print(&Format::Markdown.render(document)),
        Ink::Terminal => print(&Format::Terminal.render(document)),
        Ink::Xlsx if io::stdout().is_terminal() => {
            let message =
                "a workbook is no text: send it to a file, as in `leadoff render FOLDER --format xlsx > report.xlsx`";
            return Err(Failure::new(USAGE, message));
        }
        Ink::Xlsx => {
            let bytes = report::workbook(document).map_err(Failure::fault)?;
            // A reader that went away early is no error.
            let _ = io::stdout().write_all(&bytes);
        }
    }
    Ok(())
}
