//! The first sheet: the answer, the picture, and what else is in the workbook.

use rust_xlsxwriter::{RowNum, Worksheet, XlsxError};

use super::super::document::{Answer, Document, Text};
use super::charts::Drawn;
use super::plan::Plan;
use super::style::{self, Style};

const A4: u8 = 9;
/// The width of what is said, in characters.
const TEXT: f64 = 96.0;

pub(super) fn sheet(document: &Document, plan: &Plan, drawn: &Drawn, style: &Style) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(&plan.summary)?;
    sheet.set_column_width(0, 34)?;
    sheet.set_column_width(1, TEXT)?;
    sheet.set_column_width(2, 9)?;
    style::put(&mut sheet, (0, 0), &document.title, &style.title)?;
    let mut row = 1;
    line(&mut sheet, &mut row, "What was asked", &document.setting, &style.soft, style)?;
    row += 1;
    answer(&mut sheet, &mut row, &document.answer, style)?;
    row += 1;
    for (place, chart) in drawn.first.iter().enumerate() {
        sheet.insert_chart_with_offset(row, 0, chart, 630 * place as u32, 0)?;
    }
    if !drawn.first.is_empty() {
        row += 19;
    }
    contents(&mut sheet, &mut row, plan, drawn, style)?;
    row += 1;
    line(&mut sheet, &mut row, "Made by", &document.footer, &style.soft, style)?;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_screen_gridlines(false);
    sheet.set_footer(format!("&L{}&RPage &P of &N", plan.footer()));
    sheet.set_active(true);
    Ok(sheet)
}

fn answer(sheet: &mut Worksheet, row: &mut RowNum, answer: &Answer, style: &Style) -> Result<(), XlsxError> {
    let headline = answer.headline.plain();
    style::put(sheet, (*row, 0), "The answer", &style.label)?;
    style::put(sheet, (*row, 1), &headline, &style.answer(answer.tone))?;
    sheet.set_row_height(*row, 20.0 * style::lines(&headline, TEXT * 0.68) as f64)?;
    *row += 1;
    for banner in &answer.banners {
        line(sheet, row, "Forbids a conclusion", banner, &style.banner, style)?;
    }
    for doubt in &answer.doubts {
        line(sheet, row, "May change the answer", doubt, &style.wrapped, style)?;
    }
    line(sheet, row, "How much the data can say", &answer.readiness, &style.wrapped, style)?;
    for (title, all) in [("Why", &answer.reasons), ("What to do next", &answer.next)] {
        for (place, words) in all.iter().enumerate() {
            line(sheet, row, if place == 0 { title } else { "" }, words, &style.wrapped, style)?;
        }
    }
    Ok(())
}

/// A label and what is said to it; the row is as high as the words need.
fn line(
    sheet: &mut Worksheet,
    row: &mut RowNum,
    label: &str,
    words: &Text,
    format: &rust_xlsxwriter::Format,
    style: &Style,
) -> Result<(), XlsxError> {
    if !words.is_empty() {
        style::put(sheet, (*row, 0), label, &style.label)?;
        let words = words.plain();
        style::put(sheet, (*row, 1), &words, format)?;
        sheet.set_row_height(*row, style::height(style::lines(&words, TEXT)))?;
        *row += 1;
    }
    Ok(())
}

fn contents(
    sheet: &mut Worksheet,
    row: &mut RowNum,
    plan: &Plan,
    drawn: &Drawn,
    style: &Style,
) -> Result<(), XlsxError> {
    let tables = plan.tables.iter().map(|table| {
        let words = table.caption.clone().unwrap_or_else(|| table.title.clone());
        (&table.name, words, Some(table.rows.len()))
    });
    let words = (!plan.words.is_empty())
        .then(|| (&plan.words_name, "What the report says in words.".to_owned(), Some(plan.words.len())));
    let definitions = (!plan.definitions.is_empty())
        .then(|| (&plan.definitions_name, "How each number is defined.".to_owned(), Some(plan.definitions.len())));
    let charts = (!drawn.is_empty()).then(|| (&plan.charts_name, "All charts.".to_owned(), None));
    let data = (!drawn.is_empty()).then(|| (&plan.data_name, "The numbers behind the charts.".to_owned(), None));
    for (column, title) in (0..).zip(["Sheet", "What is on it", "Rows"]) {
        style::put(sheet, (*row, column), title, &style.header)?;
    }
    *row += 1;
    for (name, words, rows) in tables.chain(words).chain(definitions).chain(charts).chain(data) {
        style::link(sheet, (*row, 0), name, name, style)?;
        style::put(sheet, (*row, 1), &words, &style.wrapped)?;
        sheet.set_row_height(*row, style::height(style::lines(&words, TEXT)))?;
        if let Some(rows) = rows {
            sheet.write_number_with_format(*row, 2, rows as f64, &style.text)?;
        }
        *row += 1;
    }
    Ok(())
}
