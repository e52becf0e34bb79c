use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::report::{self, Format};
use leadoff::store::{Kind, Target, Writer};
use leadoff::table::inert_json;
use leadoff::workflows::compare::{self, CompareError};

use super::{FAULT, Failure, Outcome, USAGE, print, print_bytes, show, store_code};

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
        let inputs =
            [&self.run_a, &self.run_b].map(|run| if run.is_dir() { run.join(Kind::Run.file()) } else { run.clone() });
        let place = self.out.map(|out| Target::folder(&out, Writer::Changes, &inputs)).transpose()?;
        let changes = compare::compare(&self.run_a, &self.run_b)?;
        let document = report::changes(&changes);
        if let Some(place) = place {
            show(&document, &compare::store(&changes, &place)?, "compare.html")?;
            return Ok(ExitCode::SUCCESS);
        }
        match self.format {
            Ink::Terminal => print(&Format::Terminal.render(&document))?,
            Ink::Markdown => print(&Format::Markdown.render(&document))?,
            Ink::Html => print(&Format::Html.render(&document))?,
            Ink::Json => print_bytes(inert_json(&compare::to_json(&changes)).as_bytes())?,
            Ink::Xlsx if io::stdout().is_terminal() => {
                let message = "a workbook is no text: send it to a file, as in `leadoff compare A B --format xlsx > changes.xlsx`";
                return Err(Failure::new(USAGE, message));
            }
            Ink::Xlsx => {
                print_bytes(&report::workbook(&document).map_err(Failure::fault)?)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        let code = match &error {
            CompareError::NotARun { .. } | CompareError::OtherChampion { .. } => USAGE,
            CompareError::Store(error) => store_code(error),
            CompareError::Report(_) => FAULT,
        };
        Self::new(code, error)
    }
}
