//! A sheet of a workbook becomes rows of text, as CSV would hold them: its cells are kept by column, and where its table
//! lies is found once all of them are known.

mod binary;
mod compound;
mod ods;
mod parts;
mod serial;
mod sheet;
mod table;
mod xlsx;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::DataError;
use super::cells::{Batch, Lines};
use super::fence::fenced;
use super::files::InFile;
use super::finding::{Finding, FindingLevel, RowUnit, What};
use super::reader::{Header, Met, TableReader, Wanted, shortened};
use super::source::listed;
use super::spec::Dialect;

use crate::table::did_you_mean;

use parts::Parts;
use sheet::{Cell, Column, Kind, Sheet, cell_name, listed_cells};
use table::Area;

/// Rows of a batch.
const ROWS: usize = 1 << 14;

const PASSWORD: &str = "it is protected by a password; save it without one (File, Info, Protect Workbook, Encrypt with Password: empty the field)";

/// The kinds of workbooks, by what is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Book {
    /// .xlsx, .xlsm
    OpenXml,
    /// .xlsb
    Binary,
    /// .ods
    OpenDocument,
    /// .xls
    Old,
}

fn broken(file: &InFile, why: &str) -> DataError {
    DataError::Workbook { file: file.shown.clone(), why: why.into() }
}

/// What a ZIP archive is: a workbook, or what else, with what to do about it.
pub(crate) fn zipped(file: &InFile) -> Result<Book, DataError> {
    let mut parts = Parts::open(file)?;
    let not = |found: &str, advice: &str| {
        Err(DataError::NotATable { file: file.shown.clone(), found: found.into(), advice: advice.into() })
    };
    let names_a = |end: &str| parts.any(|name| name.starts_with("xl/") && name.ends_with(end));
    if parts.has("xl/workbook.bin") {
        return Ok(Book::Binary);
    }
    if parts.has("xl/workbook.xml") || names_a("workbook.xml") || names_a("sheet1.xml") {
        return Ok(Book::OpenXml);
    }
    for (folder, found) in [("word/", "a text document (Word)"), ("ppt/", "a presentation (PowerPoint)")] {
        if parts.any(|name| name.starts_with(folder)) {
            return not(&format!("it is {found}, and no workbook"), "export the table as a workbook or as CSV");
        }
    }
    if let Some(mut kind) = parts.bytes("mimetype")? {
        let mut text = [0; 64];
        let length = super::files::fill(&mut kind, &mut text).map_err(|error| file.error(error))?;
        let kind = String::from_utf8_lossy(&text[..length]).into_owned();
        return match kind.contains("opendocument.spreadsheet") {
            true => Ok(Book::OpenDocument),
            false => not(
                &format!("it is `{}`, and no workbook", shortened(&kind)),
                "export the table as a workbook or as CSV",
            ),
        };
    }
    if parts.any(|name| name.ends_with("workbook.xml")) {
        return Ok(Book::OpenXml);
    }
    not("it is a ZIP archive without a workbook in it", "unzip it, and name the file within")
}

/// A sheet, as a workbook lists it.
struct Listed {
    name: String,
    is_hidden: bool,
}

/// The place of the sheet that is declared, or of the only one that is not hidden.
fn chosen(file: &InFile, declared: Option<&str>, input: &str, sheets: &[&Listed]) -> Result<usize, DataError> {
    let shown: Vec<&Listed> = sheets.iter().copied().filter(|sheet| !sheet.is_hidden).collect();
    let names = |sheets: &[&Listed]| listed(&sheets.iter().map(|sheet| sheet.name.clone()).collect::<Vec<_>>());
    if let Some(declared) = declared {
        let same = |sheet: &&Listed| sheet.name == declared;
        return sheets.iter().position(same).ok_or_else(|| {
            let near = did_you_mean(sheets.iter().map(|sheet| sheet.name.as_str()), declared);
            let all = names(sheets);
            broken(file, &format!("there is no sheet `{}`{near}; its sheets are {all}", shortened(declared)))
        });
    }
    match shown.as_slice() {
        [only] => Ok(sheets.iter().position(|sheet| std::ptr::eq(*sheet, *only)).unwrap_or_default()),
        [] if sheets.is_empty() => Err(broken(file, "it names no sheet: it is damaged")),
        [] => {
            let why = format!("all of its sheets are hidden ({})", names(sheets));
            Err(broken(file, &format!("{why}; {}", declare(input, &sheets[0].name))))
        }
        several => {
            let like = |sheet: &&&Listed| sheet.name.eq_ignore_ascii_case(input);
            let example = several.iter().find(like).unwrap_or(&several[0]);
            Err(DataError::Sheets {
                file: file.shown.clone(),
                listed: names(several),
                advice: declare(input, &example.name),
                sheets: several.iter().map(|sheet| sheet.name.clone()).collect(),
            })
        }
    }
}

fn declare(input: &str, sheet: &str) -> String {
    format!("name it under `{input}:`, as `sheet: {}`", serde_json::Value::from(sheet))
}

/// A sheet of a workbook, and where its table lies.
pub(crate) struct WorkbookFile {
    file: InFile,
    input: &'static str,
    dialect: Arc<Dialect>,
    sheet: Sheet,
    area: Area,
}

impl WorkbookFile {
    pub fn open(input: &'static str, file: InFile, dialect: Arc<Dialect>, book: Book) -> Result<Self, DataError> {
        let declared = dialect.sheet.as_deref();
        let sheet = fenced(&file, || match book {
            Book::OpenXml => xlsx::read(&file, declared, input),
            Book::OpenDocument => ods::read(&file, declared, input),
            Book::Binary => binary::read_xlsb(&file, declared, input),
            Book::Old => binary::read_xls(&file, declared, input),
        })?;
        let area = Area::of(&sheet, dialect.header_row)?;
        Ok(Self { file, input, dialect, sheet, area })
    }

    fn note(&self, what: What, level: FindingLevel, count: u64, text: &str, advice: &str) -> Finding {
        let text = format!("{}, sheet `{}`: {text}", self.file.shown, shortened(&self.sheet.name));
        Finding::new(self.input, what, level, count, text).advice(advice)
    }

    /// What is to be said of the sheet, whatever is read of it.
    fn notes(&self) -> Vec<Finding> {
        let Self { sheet, area, .. } = self;
        let mut notes = Vec::new();
        let mut add = |what, level, count, text: String, advice: &str| {
            notes.push(self.note(what, level, count, &text, advice));
        };
        let (note, doubt) = (FindingLevel::Note, FindingLevel::Doubt);
        if let Some(first) = area.found_below {
            let text = format!(
                "the columns' names were found in row {}; row {first} and what else stands above them is left out",
                area.header
            );
            let advice =
                format!("if that is wrong, declare `header_row:` for {}, such as `header_row: {first}`", self.input);
            add(What::HeaderFound, note, 1, text, &advice);
        }
        let below = area.outside(sheet);
        if let (Some((first, example)), Some(table)) = (below.first(), &area.table) {
            let (count, of) = (below.len() as u64, format!("table `{}`", shortened(&table.name)));
            let text =
                format!("{count} rows below the {of}, from row {first} (`{}`), are not read", shortened(example));
            let text = if count == 1 { text.replace("1 rows", "1 row").replace("are not", "is not") } else { text };
            let level = if area.looks_like_rows(sheet, &below) { doubt } else { note };
            add(What::RowsOutsideTable, level, count, text, "if they belong to it, extend the table in the workbook");
        }
        if let Some(&first) = area.footers.first() {
            let (count, value) = (area.footers.len() as u64, shortened(area.first(sheet, first)));
            let text = format!(
                "{count} rows at the end have one value only and stand below an empty row, from row {first} (`{value}`); they are left out"
            );
            add(What::Footers, note, count, text, "if they are rows, delete the empty one above them");
        }
        let hidden = sheet.hidden_rows.iter().filter(|row| area.rows.binary_search(row).is_ok()).count() as u64;
        if hidden > 0 {
            let rows = if hidden == 1 { "1 row is".into() } else { format!("{hidden} rows are") };
            let by = if sheet.is_filtered { "hidden by a filter" } else { "hidden" };
            let text = format!("{rows} {by}, and read like the others");
            add(
                What::HiddenCells,
                note,
                hidden,
                text,
                "if they should not count, leave them out by `where:`, or delete them",
            );
        }
        let columns = area.columns.iter().filter(|(column, name)| !name.is_empty() && sheet.is_hidden(*column));
        let columns: Vec<String> = columns.map(|(_, name)| name.clone()).collect();
        if !columns.is_empty() {
            let text = format!("hidden columns, read like the others: {}", listed(&columns));
            add(What::HiddenCells, note, columns.len() as u64, text, "");
        }
        for (column, cell, count) in area.unnamed(sheet) {
            let text = format!(
                "column {column} has values (`{}` in {column}{}) and no name in row {}; it is left out",
                shortened(cell.text),
                cell.row,
                area.header
            );
            add(What::UnnamedColumn, doubt, count, text, "name it in the header to use it");
        }
        notes
    }

    /// Where a column stands in the sheet.
    fn column(&self, name: &str) -> Result<(u32, Option<&Column>), DataError> {
        let named: Vec<u32> = self.area.columns.iter().filter(|(_, known)| known == name).map(|(at, _)| *at).collect();
        match named.as_slice() {
            [one] => Ok((*one, self.sheet.columns.get(one))),
            _ => Err(DataError::DuplicateColumn {
                file: self.file.shown.clone(),
                column: name.into(),
                times: named.len(),
                places: named.iter().map(|&at| cell_name(self.area.header, at)).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    fn cells<'a>(&'a self, column: Option<&'a Column>) -> impl Iterator<Item = Cell<'a>> {
        let (first, last) = (self.area.header + 1, self.area.last);
        column.into_iter().flat_map(move |column| column.cells(first, last))
    }

    /// What is to be said of a column that is read.
    ///
    /// # Errors
    /// When it holds numbers of which a spreadsheet has dropped digits.
    fn look_at(&self, name: &str, at: u32, column: Option<&Column>) -> Result<Vec<Finding>, DataError> {
        let mut findings = Vec::new();
        let of = |kind: Kind| listed_cells(at, self.cells(column).filter(move |cell| cell.kind == kind));
        let (errors, named) = of(Kind::Error);
        if errors > 0 {
            let text = format!("cells of `{name}` hold an error and count as missing: {named}");
            let advice = "correct the formulas in the workbook, and save it again";
            findings.push(self.note(What::ErrorCells, FindingLevel::Doubt, errors, &text, advice));
        }
        let (formulas, named) = of(Kind::Uncalculated);
        if formulas > 0 {
            let text =
                format!("cells of `{name}` are formulas whose value is not in the file and count as missing: {named}");
            let advice = "a program wrote the file and no spreadsheet has opened it since: open it in one and save it";
            findings.push(self.note(What::ErrorCells, FindingLevel::Doubt, formulas, &text, advice));
        }
        findings.extend(self.mixed(name, at, column));
        findings.extend(self.long(name, at, column)?);
        Ok(findings)
    }

    /// Texts and bare numbers in a column of dates.
    fn mixed(&self, name: &str, at: u32, column: Option<&Column>) -> Option<Finding> {
        let nulls = self.dialect.nulls(name);
        let is_date = |text: &str| text.get(..10).is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok());
        let is_other = |cell: &Cell| match cell.kind {
            Kind::Number => true,
            Kind::Text => {
                !is_date(cell.text)
                    && !cell.text.trim().is_empty()
                    && !nulls.iter().any(|null| null == cell.text.trim())
            }
            _ => false,
        };
        self.cells(column).find(|cell| cell.kind == Kind::Time)?;
        let (count, named) = listed_cells(at, self.cells(column).filter(is_other));
        let number = || self.cells(column).find(|cell| cell.kind == Kind::Number);
        let lost = || {
            let text = number()?.text;
            let date = serial::text(text.parse().ok()?, serial::Shown::Date, false)?;
            Some(format!("; {text} would be {date}, if it is a date that lost its format"))
        };
        let text = format!("`{name}` mixes dates with cells that are none: {named}{}", lost().unwrap_or_default());
        let advice = "make them dates in the workbook, or declare by `nulls` those that stand for a missing one";
        (count > 0).then(|| self.note(What::MixedDates, FindingLevel::Doubt, count, &text, advice))
    }

    /// Numbers of more digits than a spreadsheet keeps.
    fn long(&self, name: &str, at: u32, column: Option<&Column>) -> Result<Option<Finding>, DataError> {
        let long = || self.cells(column).filter(|cell| cell.kind == Kind::Long);
        let (count, named) = listed_cells(at, long());
        let exact = |cell: &Cell| cell.text.parse::<f64>().is_ok_and(|number| number.abs() <= super::values::EXACT);
        let text = format!(
            "`{name}` holds numbers of more than 15 digits, of which a spreadsheet drops the last: {named}; different ones may have become one"
        );
        let advice = format!("store the column as text and export it again; if it does not matter, `ignore: [{name}]`");
        if !long().all(|cell| exact(&cell)) {
            return Err(self.sheet.broken(&format!("{text}; {advice}")));
        }
        // A program that writes all digits ends some of them in another one than 0.
        let is_cut = count > 0 && long().all(|cell| cell.text.ends_with('0'));
        Ok(is_cut.then(|| self.note(What::LongNumbers, FindingLevel::Doubt, count, &text, &advice)))
    }
}

impl TableReader for WorkbookFile {
    fn header(&self) -> Result<Header, DataError> {
        let columns = self.area.columns.iter().map(|(_, name)| name.clone()).collect();
        let rows = self.area.rows.len();
        Ok(Header { columns, notes: self.notes(), has_rows: rows > 0, rows })
    }

    fn unit(&self) -> RowUnit {
        RowUnit::Row
    }

    fn read(&self, wanted: &Wanted, send: &mut dyn FnMut(Batch) -> bool) -> Result<Met, DataError> {
        let (mut columns, mut met) = (Vec::with_capacity(wanted.names.len()), Met::default());
        for name in wanted.names {
            let (at, column) = self.column(name)?;
            met.notes.extend(self.look_at(name, at, column)?);
            columns.push(column);
        }
        let (all, size) = (self.area.rows.len().max(1) as u64, self.file.size());
        let empty = Column::default();
        for rows in self.area.rows.chunks(ROWS) {
            let cells = columns.iter().map(|column| column.unwrap_or(&empty).values(rows)).collect();
            wanted.bytes.fetch_add(size * rows.len() as u64 / all, Ordering::Relaxed);
            if !send(Batch { file: wanted.file, lines: Lines::Each(rows.to_vec()), cells }) {
                break;
            }
        }
        Ok(met)
    }
}
