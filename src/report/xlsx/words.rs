//! What the document says in words, and how its numbers are defined.

use rust_xlsxwriter::{ColNum, RowNum, Table, TableColumn, TableStyle, Worksheet, XlsxError};

use super::plan::Plan;
use super::style::{self, Style};

const HEADER: RowNum = 3;
const A4: u8 = 9;

pub(super) fn sheet(plan: &Plan, style: &Style) -> Result<Worksheet, XlsxError> {
    let rows = plan.words.iter().map(|line| [&line.section, &line.part, line.kind, &line.text].map(str::to_owned));
    let columns = [("Section", 30.0), ("Part", 30.0), ("Kind", 18.0), ("Text", 90.0)];
    listing(&plan.words_name, "What the report says in words", &columns, rows.collect(), plan, style)
}

pub(super) fn definitions(plan: &Plan, style: &Style) -> Result<Worksheet, XlsxError> {
    let rows = plan.definitions.iter().map(|one| [one.term, one.meaning].map(str::to_owned));
    let columns = [("Term", 28.0), ("Meaning", 110.0)];
    listing(&plan.definitions_name, "How each number is defined", &columns, rows.collect(), plan, style)
}

/// A sheet of text in columns of these widths.
fn listing<const N: usize>(
    name: &str,
    title: &str,
    columns: &[(&str, f64); N],
    rows: Vec<[String; N]>,
    plan: &Plan,
    style: &Style,
) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(name)?;
    style::put(&mut sheet, (0, 0), title, &style.title)?;
    style::link(&mut sheet, (2, 0), &plan.summary, "Back to the summary", style)?;
    let heads = columns.map(|(title, _)| TableColumn::new().set_header(title).set_header_format(&style.header));
    let table = Table::new().set_columns(&heads).set_style(TableStyle::Light1).set_banded_rows(false);
    let last = HEADER + rows.len().max(1) as RowNum;
    sheet.add_table(HEADER, 0, last, N as ColNum - 1, &table)?;
    for (at, row) in (HEADER + 1..).zip(&rows) {
        let mut lines = 1;
        for ((column, words), (_, width)) in (0..).zip(row).zip(columns) {
            lines = lines.max(style::lines(words, *width));
            style::put(&mut sheet, (at, column), words, &style.wrapped)?;
        }
        sheet.set_row_height(at, style::height(lines))?;
    }
    for (column, (_, width)) in (0..).zip(columns) {
        sheet.set_column_width(column, *width)?;
    }
    sheet.set_freeze_panes(HEADER + 1, 0)?;
    sheet.set_repeat_rows(HEADER, HEADER)?;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_footer(format!("&L{}&RPage &P of &N", plan.footer()));
    Ok(sheet)
}
