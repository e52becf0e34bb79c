//! A document as a workbook for Excel and LibreOffice: a first sheet that reads as the summary, a sheet a table, charts
//! that the program draws itself from the numbers beside them.
//!
//! Text is always stored as text: nothing from the data becomes a formula or a link.

mod charts;
mod number;
mod plan;
mod sheet;
mod style;
mod summary;
mod words;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::ReportError;
use super::document::Document;

use plan::Plan;
use style::Style;

/// The bytes of an `.xlsx` file: the same document gives the same bytes.
///
/// # Errors
/// When it is larger than a sheet can be.
pub fn workbook(document: &Document) -> Result<Vec<u8>, ReportError> {
    write(document).map_err(|error| ReportError::Workbook { reason: error.to_string() })
}

fn write(document: &Document) -> Result<Vec<u8>, XlsxError> {
    let (plan, style) = (Plan::new(document), Style::new());
    let mut book = Workbook::new();
    // A workbook says when it was made; ours depends on its document alone.
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(
        &DocProperties::new()
            .set_title(style::stored(&document.title))
            .set_author("leadoff")
            .set_creation_datetime(&made),
    );
    let mut drawn = charts::Drawn::new(&plan, &style)?;
    book.push_worksheet(summary::sheet(document, &plan, &drawn, &style)?);
    for planned in &plan.tables {
        book.push_worksheet(sheet::table(planned, &plan, &style)?);
    }
    if !plan.words.is_empty() {
        book.push_worksheet(words::sheet(&plan, &style)?);
    }
    if !plan.definitions.is_empty() {
        book.push_worksheet(words::definitions(&plan, &style)?);
    }
    drawn.sheets().into_iter().for_each(|sheet| book.push_worksheet(sheet));
    book.save_to_buffer()
}

#[cfg(test)]
mod tests;
