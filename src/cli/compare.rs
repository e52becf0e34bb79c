use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::report::{self, Format};
use leadoff::workflows::compare;

use super::{Failure, Outcome, USAGE, print};

/// Says what changed between two results: files, setting, leads, models, figures, decision.
#[derive(Args)]
#[command(after_help = "Examples:
  leadoff compare reports/q2 reports/q3
  leadoff compare reports/q2 reports/q3 --format html > changes.html
  leadoff compare reports/q2 reports/q3 --out reports/q2-to-q3

Both folders are what `leadoff run` left, by this or an older version, with the same champion.")]
pub struct Compare {
    /// The folder of the earlier run.
    run_a: PathBuf,
    /// The folder of the later run.
    run_b: PathBuf,
    /// How it is printed.
    #[arg(long, value_enum, default_value = "terminal")]
    format: Ink,
    /// Writes every format into this folder instead of printing one.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ink {
    Terminal,
    Markdown,
    Html,
    Json,
    Xlsx,
}

impl Compare {
    pub fn run(self) -> Outcome {
        let changes = compare::compare(&self.run_a, &self.run_b)?;
        let document = report::changes(&changes);
        if let Some(out) = &self.out {
            compare::store(&changes, out)?;
            let text = Format::Terminal.render(&document);
            let text = text.trim_end();
            let (body, answer) = text.rsplit_once('\n').unwrap_or(("", text));
            print(&format!("{body}\nReport: {}\n{answer}\n", out.join("compare.html").display()));
            return Ok(ExitCode::SUCCESS);
        }
        match self.format {
            Ink::Terminal => print(&Format::Terminal.render(&document)),
            Ink::Markdown => print(&Format::Markdown.render(&document)),
            Ink::Html => print(&Format::Html.render(&document)),
            Ink::Json => print(&compare::to_json(&changes)),
            Ink::Xlsx if io::stdout().is_terminal() => {
                let message = "a workbook is no text: send it to a file, as in `leadoff compare A B --format xlsx > changes.xlsx`";
                return Err(Failure::new(USAGE, message));
            }
            Ink::Xlsx => {
                let bytes = report::workbook(&document).map_err(Failure::fault)?;
                // A reader that went away early is no error.
                let _ = io::stdout().write_all(&bytes);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
