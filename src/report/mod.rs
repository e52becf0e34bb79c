//! An evaluation as people read it: one document, several inks.
//!
//! [`document`] turns an [`Evaluation`](crate::result::Evaluation) into blocks; [`Format::render`] writes them. No
//! statistic is computed here: what a reader sees stands in the evaluation.

mod audit;
mod card;
mod changes;
pub mod chart;
mod document;
mod evidence;
mod facts;
mod first;
#[cfg(test)]
mod fixture;
mod glossary;
mod html;
mod markdown;
mod message;
pub mod notices;
mod review;
pub mod screening;
mod sections;
mod slide;
mod swaps;
mod terminal;
pub mod text;
mod trial;
mod words;
mod xlsx;

pub use audit::document as audit;
pub use card::cards;
pub use changes::changes;
pub use document::{Answer, Block, Cell, Column, Definition, Document, Key, Kind, Section, Span, Table, Text, Tone};
pub use facts::{gate, hand_over};
pub use glossary::GLOSSARY;
pub use message::message;
pub use review::{brief as review_brief, document as review};
pub use sections::{document, models, whole};
pub use slide::slide_figures;
pub use swaps::{Example, Swaps, swaps};
pub use text::slug;
pub use trial::trial;
pub use xlsx::workbook;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("chart `{chart}` could not be drawn: {reason}")]
    Chart { chart: String, reason: String },
    #[error("the workbook could not be written: {reason}")]
    Workbook { reason: String },
}

/// A document in every format that is kept as a file, each with its name: `stem` and the format's extension. Charts as
/// files are not among them.
///
/// # Errors
/// When the document is larger than a workbook can be.
pub fn files(document: &Document, stem: &str) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let (mut pages, sheets) = rayon::join(|| pages(document, stem), || workbook(document));
    pages.push((format!("{stem}.xlsx"), sheets?));
    Ok(pages)
}

/// A document as a page to look at and as one to keep.
pub fn pages(document: &Document, stem: &str) -> Vec<(String, Vec<u8>)> {
    let text = |format: Format| (format!("{stem}.{}", format.extension()), format.render(document).into_bytes());
    [Format::Html, Format::Markdown].map(text).to_vec()
}

/// How a document is written. One more format is its own file and a line in each table here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One page that needs no network, for a browser and for print.
    Html,
    /// Tables as GitHub reads them, with charts in `charts/` beside the file.
    Markdown,
    /// A hundred columns, the decision on the last line.
    Terminal,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Html, Self::Markdown, Self::Terminal];

    pub fn render(self, document: &Document) -> String {
        match self {
            Self::Html => html::render(document),
            Self::Markdown => markdown::render(document),
            Self::Terminal => terminal::render(document),
        }
    }

    /// The file's extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Terminal => "txt",
        }
    }
}
