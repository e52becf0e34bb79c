//! An evaluation as people read it: one document, several inks.
//!
//! [`document`] turns an [`Evaluation`](crate::result::Evaluation) into blocks; [`Format::render`] writes them. No
//! statistic is computed here: what a reader sees stands in the evaluation.

mod audit;
pub mod chart;
mod document;
mod evidence;
#[cfg(test)]
mod fixture;
mod glossary;
mod html;
mod markdown;
mod review;
mod sections;
mod terminal;
pub mod text;
mod trial;
mod words;

pub use audit::document as audit;
pub use document::{Answer, Block, Cell, Column, Definition, Document, Key, Section, Span, Table, Text, Tone};
pub use glossary::GLOSSARY;
pub use review::document as review;
pub use sections::document;
pub use text::slug;
pub use trial::trial;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("chart `{chart}` could not be drawn: {reason}")]
    Chart { chart: String, reason: String },
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
