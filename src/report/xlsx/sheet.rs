//! A sheet with one table.

use rust_xlsxwriter::{
    ColNum, ExcelDateTime, Format, IgnoreError, RowNum, Table, TableColumn, TableStyle, Worksheet, XlsxError,
};

use super::super::document::{Cell, Column, Kind};
use super::number::{self, Face};
use super::plan::{Plan, Planned};
use super::style::{self, Style};

/// The title, the caption and the link back stand above the header.
const HEADER: RowNum = 3;
const A4: u8 = 9;
/// Widths in characters.
const NARROW: usize = 9;
const WIDE: usize = 46;

/// A column of the sheet: which column of the table it shows, and what of it.
struct Shown<'a> {
    title: String,
    column: &'a Column,
    place: usize,
    face: Face,
    width: usize,
}

pub(super) fn table(planned: &Planned, plan: &Plan, style: &Style) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(&planned.name)?;
    let shown = shown(planned);
    let width = planned.origins.len() + shown.len();
    head(&mut sheet, planned, plan, style, width)?;
    let body: Vec<_> = planned.rows.iter().filter(|row| !row.is_total).collect();
    let titles = titles(planned, &shown);
    let last = HEADER + body.len() as RowNum;
    if body.is_empty() {
        for (place, (title, _)) in titles.iter().enumerate() {
            style::put(&mut sheet, (HEADER, place as ColNum), title, &style.header)?;
        }
        style::put(&mut sheet, (HEADER + 1, 0), "There is nothing to show.", &style.reason)?;
    } else {
        let column = |(place, (title, is_number)): (usize, &(String, bool))| {
            let format = match is_number {
                true => &style.number_header,
                false if place > planned.origins.len() => &style.aside_header,
                false => &style.header,
            };
            TableColumn::new().set_header(title).set_header_format(format)
        };
        let columns: Vec<TableColumn> = titles.iter().enumerate().map(column).collect();
        let table = Table::new().set_columns(&columns).set_style(TableStyle::Light1).set_banded_rows(false);
        sheet.add_table(HEADER, 0, last, width as ColNum - 1, &table)?;
    }
    let rows = body.iter().copied().chain(planned.rows.iter().filter(|row| row.is_total));
    for (at, row) in (HEADER + 1..).zip(rows) {
        let mut lines = 1;
        for (offset, one) in shown.iter().enumerate() {
            let column = (planned.origins.len() + offset) as ColNum;
            if let Some(cell) = row.cells.get(one.place) {
                lines = lines.max(one.lines(cell));
                write(&mut sheet, (at, column), cell, one, &format(planned, one, cell, row.is_total, style), style)?;
            }
        }
        for (place, origin) in row.origin.iter().enumerate() {
            lines = lines.max(style::lines(origin, origin_width(planned, place)));
            style::put(&mut sheet, (at, place as ColNum), origin, &style.wrapped)?;
        }
        sheet.set_row_height(at, style::height(lines))?;
    }
    let deepest =
        titles.iter().zip(all_widths(planned, &shown)).map(|((title, _), width)| style::lines(title, width - 2.0));
    sheet.set_row_height(HEADER, style::height(deepest.max().unwrap_or(1)))?;
    widths(&mut sheet, planned, &shown)?;
    page(&mut sheet, plan, last + 1, width)?;
    Ok(sheet)
}

/// The columns that the sheet has for those of the table.
fn shown<'a>(planned: &'a Planned) -> Vec<Shown<'a>> {
    let mut out = Vec::new();
    for (place, column) in planned.columns.iter().enumerate() {
        let cells = planned.rows.iter().filter_map(move |row| row.cells.get(place));
        let longest = cells.clone().map(|cell| cell.text.plain().chars().count()).max().unwrap_or(0);
        for face in number::faces(cells) {
            let title = number::title(column, face);
            // The button of the filter takes room beside the title.
            let word = title.split(' ').map(|word| word.chars().count()).max().unwrap_or(0) + 3;
            let money = column.currency.as_ref().map_or(0, |currency| currency.chars().count() + 2);
            let content = if face == Face::Itself || money > 0 { longest + money } else { NARROW };
            let most = if column.is_number { 20 } else { WIDE };
            let width = content.min(most).max(word).clamp(NARROW, WIDE);
            out.push(Shown { title, column, place, face, width });
        }
    }
    out
}

/// Titles in the order of the sheet, each of its own as a table demands, with whether numbers stand under it.
fn titles(planned: &Planned, shown: &[Shown]) -> Vec<(String, bool)> {
    let origins = planned.origins.iter().map(|title| (title.clone(), false));
    let columns = shown.iter().map(|one| (one.title.clone(), one.column.is_number));
    let mut all: Vec<(String, bool)> = Vec::new();
    for (title, is_number) in origins.chain(columns) {
        let title = style::stored(if title.is_empty() { "Column" } else { &title });
        let is_taken = |name: &str| all.iter().any(|(other, _)| other.to_lowercase() == name.to_lowercase());
        let numbered = |n: usize| if n == 1 { title.clone() } else { format!("{title} ({n})") };
        let own = (1..).map(numbered).find(|name| !is_taken(name)).unwrap_or(title.clone());
        all.push((own, is_number));
    }
    all
}

fn head(sheet: &mut Worksheet, planned: &Planned, plan: &Plan, style: &Style, width: usize) -> Result<(), XlsxError> {
    style::put(sheet, (0, 0), &planned.title, &style.title)?;
    if let Some(caption) = &planned.caption {
        let caption = style::stored(caption);
        let room = (width * 12).clamp(40, 150);
        if width > 1 {
            sheet.merge_range(1, 0, 1, width as ColNum - 1, "", &style.soft)?;
        }
        style::put(sheet, (1, 0), &caption, &style.soft)?;
        sheet.set_row_height(1, style::height(style::lines(&caption, room as f64)))?;
    }
    style::link(sheet, (2, 0), &plan.summary, "Back to the summary", style)
}

/// How a cell looks: numbers of one unit in one column alike.
fn format(planned: &Planned, one: &Shown, cell: &Cell, is_total: bool, style: &Style) -> Format {
    let base = if is_total { style.total.clone() } else { style.text.clone() };
    match cell.kind {
        Kind::Number(unit) => {
            let cells = planned.rows.iter().filter_map(|row| row.cells.get(one.place));
            let values = number::values(cells, unit);
            base.set_num_format(number::format(unit, &values, one.column.currency.as_deref()))
        }
        Kind::Date => base.set_num_format("yyyy-mm-dd"),
        Kind::Text if is_total => base,
        Kind::Text if one.place > 0 => style.aside.clone(),
        Kind::Text => style.wrapped.clone(),
    }
}

fn write(
    sheet: &mut Worksheet,
    at: (RowNum, ColNum),
    cell: &Cell,
    one: &Shown,
    format: &Format,
    style: &Style,
) -> Result<(), XlsxError> {
    let value = match one.face {
        Face::Itself => cell.number,
        Face::Low => cell.ends.map(|ends| ends.0),
        Face::High => cell.ends.map(|ends| ends.1),
    };
    match (value, one.face) {
        (Some(value), _) if value.is_finite() => {
            sheet.write_number_with_format(at.0, at.1, value, format)?;
        }
        (Some(value), _) if value.is_infinite() => {
            style::put(sheet, at, if value > 0.0 { "infinite" } else { "minus infinite" }, &style.reason)?;
        }
        (_, Face::Itself) => match (cell.kind, ExcelDateTime::parse_from_str(&cell.text.plain())) {
            (Kind::Date, Ok(day)) => {
                sheet.write_datetime_with_format(at.0, at.1, &day, format)?;
            }
            (Kind::Number(_), _) => style::put(sheet, at, &cell.text.plain(), &style.reason)?,
            _ if cell.text.is_empty() => {}
            _ => style::put(sheet, at, &cell.text.plain(), format)?,
        },
        // Why there is no interval; without a number either, its own cell has said why.
        (_, Face::Low) => {
            let words = cell.interval.as_ref().filter(|_| cell.number.is_some()).cloned();
            let words = words.or_else(|| cell.is_alone().then(|| cell.text.plain()));
            if let Some(words) = words {
                style::put(sheet, at, &words, &style.reason)?;
            }
        }
        (_, Face::High) => {}
    }
    Ok(())
}

impl Shown<'_> {
    /// The lines that a cell takes here.
    fn lines(&self, cell: &Cell) -> usize {
        let is_text = cell.number.is_none() && self.face == Face::Itself;
        if is_text { style::lines(&cell.text.plain(), self.width as f64) } else { 1 }
    }
}

fn origin_width(planned: &Planned, place: usize) -> f64 {
    let longest = planned.rows.iter().filter_map(|row| row.origin.get(place)).map(|one| one.chars().count()).max();
    longest.unwrap_or(0).clamp(NARROW, WIDE) as f64 + 2.0
}

fn all_widths(planned: &Planned, shown: &[Shown]) -> Vec<f64> {
    let origins = (0..planned.origins.len()).map(|place| origin_width(planned, place));
    origins.chain(shown.iter().map(|one| one.width as f64 + 1.5)).collect()
}

fn widths(sheet: &mut Worksheet, planned: &Planned, shown: &[Shown]) -> Result<(), XlsxError> {
    for (column, width) in (0..).zip(all_widths(planned, shown)) {
        sheet.set_column_width(column, width)?;
    }
    Ok(())
}

/// What stays in sight on screen, and how it is printed.
fn page(sheet: &mut Worksheet, plan: &Plan, last: RowNum, width: usize) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(HEADER + 1, 1)?;
    sheet.set_repeat_rows(HEADER, HEADER)?;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3);
    sheet.set_footer(format!("&L{}&RPage &P of &N", plan.footer()));
    sheet.ignore_error_range(0, 0, last, width as ColNum, IgnoreError::NumberStoredAsText)?;
    Ok(())
}
