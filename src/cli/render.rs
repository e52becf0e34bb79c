use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use leadoff::report::{self, Document, Format};
use leadoff::store::Kind;
use leadoff::workflows::{review, run};

use super::{DATA, Failure, Outcome, USAGE, print, print_bytes, shown};

/// Redraws a report from its evaluation.json or review.json, without the leads.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leadoff render reports/demo\n  leadoff render reports/demo/evaluation.json --format markdown\n  leadoff render reports/demo-review/2026q2"
)]
pub struct Render {
    /// A report's folder, or its evaluation.json or review.json.
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
        let (kind, file) = stored(&self.path)?;
        let folder = file.parent().map(PathBuf::from).unwrap_or_default();
        let page = match kind {
            Kind::Review => {
                let review = review::read_review(&file)?;
                if let Some(ink) = self.format {
                    return write(ink, &report::review(&review));
                }
                review::redraw(&review, &folder)?;
                "review.html"
            }
            Kind::Run => {
                let evaluation = run::read_evaluation(&file)?;
                if let Some(ink) = self.format {
                    return write(ink, &report::document(&evaluation));
                }
                run::redraw(&evaluation, &folder)?;
                "report.html"
            }
            other => return Err(refused(&file, other)),
        };
        print(&format!("Report: {}\n", shown(&folder.join(page))))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What is to be redrawn, and its file.
fn stored(path: &Path) -> Result<(Kind, PathBuf), Failure> {
    if path.is_dir() {
        return Kind::in_folder(path).ok_or_else(|| Failure::new(DATA, format!("{}: {}", path.display(), none(path))));
    }
    // What is no result of ours is told so by whoever reads it.
    Ok((Kind::of_file(path)?.unwrap_or(Kind::Run), path.to_path_buf()))
}

/// Why there is nothing to redraw in a folder.
fn none(folder: &Path) -> String {
    let is_review = |path: &PathBuf| matches!(Kind::in_folder(path), Some((Kind::Review, _)));
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut reviews: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_review).collect();
    reviews.sort();
    match reviews.last() {
        Some(last) => format!("it holds reviews, each in a folder: name one, such as {}", last.display()),
        None => "it holds neither `evaluation.json` nor `review.json`".into(),
    }
}

fn refused(file: &Path, kind: Kind) -> Failure {
    let instead = match kind {
        Kind::Trial => ": `leadoff ab render` redraws it",
        _ => ", and what is redrawn are runs and reviews: make it again from its inputs",
    };
    Failure::new(DATA, format!("{}: it holds {}{instead}", file.display(), kind.in_words()))
}

fn write(ink: Ink, document: &Document) -> Outcome {
    match ink {
        Ink::Html => print(&Format::Html.render(document))?,
        Ink::Markdown => print(&Format::Markdown.render(document))?,
        Ink::Terminal => print(&Format::Terminal.render(document))?,
        Ink::Xlsx if io::stdout().is_terminal() => {
            let message =
                "a workbook is no text: send it to a file, as in `leadoff render FOLDER --format xlsx > report.xlsx`";
            return Err(Failure::new(USAGE, message));
        }
        Ink::Xlsx => {
            print_bytes(&report::workbook(document).map_err(Failure::fault)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
