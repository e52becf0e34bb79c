use std::fs::File;
use std::io::{BufReader, Cursor};

use calamine::{Data, ExcelDateTime, Reader, SheetType, SheetVisible, Xls, Xlsb};

use super::super::DataError;
use super::super::files::InFile;
use super::compound::{Compound, Outlines};
use super::parts::Parts;
use super::serial::{self, Shown};
use super::sheet::{Sheet, Value};
use super::{Listed, broken, chosen};

/// Bytes of an old workbook, which is held whole.
const BYTES: u64 = 256 << 20;
/// Places that any sheet may span, and places by cell: room is made for all of them.
const PLACES: usize = 1 << 22;
const PLACES_BY_CELL: usize = 16;

fn listed(sheets: &[calamine::Sheet]) -> Vec<Listed> {
    let sheets = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let is_hidden = |sheet: &calamine::Sheet| sheet.visible != SheetVisible::Visible;
    sheets.map(|sheet| Listed { name: sheet.name.clone(), is_hidden: is_hidden(sheet) }).collect()
}

/// Reads a sheet of an .xlsb workbook.
pub(super) fn read_xlsb(file: &InFile, declared: Option<&str>, input: &str) -> Result<Sheet, DataError> {
    Parts::open(file)?.check_all()?;
    let reader = File::open(&file.path).map_err(|error| file.error(error))?;
    let damaged = |error: &calamine::XlsbError| broken(file, &format!("it is damaged: {error}"));
    let mut book = Xlsb::new(BufReader::new(reader)).map_err(|error| damaged(&error))?;
    let names = listed(book.sheets_metadata());
    let name = &names[chosen(file, declared, input, &names.iter().collect::<Vec<_>>())?].name;
    let mut sheet = Sheet::new(file, name);
    let is_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(name).map_err(|error| damaged(&error))?;
    while let Some(cell) = cells.next_cell().map_err(|error| damaged(&error))? {
        put(&mut sheet, cell.get_position(), &Data::from(cell.get_value().clone()), is_1904)?;
    }
    Ok(sheet)
}

/// Reads a sheet of an .xls workbook.
pub(super) fn read_xls(file: &InFile, declared: Option<&str>, input: &str) -> Result<Sheet, DataError> {
    if file.size() > BYTES {
        return Err(broken(file, "it is larger than 256 MiB; save it as .xlsx or CSV"));
    }
    let bytes = std::fs::read(&file.path).map_err(|error| file.error(error))?;
    let damaged = || broken(file, "it is an old Office file that is damaged or ends early");
    let compound = Compound::open(&bytes).ok_or_else(damaged)?;
    for (name, found) in [
        ("EncryptedPackage", super::PASSWORD),
        ("WordDocument", "it is a text document (Word), and no workbook"),
        ("PowerPoint Document", "it is a presentation (PowerPoint), and no workbook"),
    ] {
        if compound.has(name) {
            return Err(broken(file, found));
        }
    }
    let stream = ["Workbook", "Book"].into_iter().find(|name| compound.has(name));
    let Some(stream) = stream else {
        return Err(broken(file, "it is an old Office file without a workbook in it"));
    };
    let outlines = Outlines::of(&compound.stream(stream).ok_or_else(damaged)?).map_err(|why| broken(file, why))?;
    let (places, cells) =
        outlines.sheets.iter().fold((0, 0), |(places, cells), sheet| (places + sheet.area(), cells + sheet.cells));
    if places > PLACES.max(PLACES_BY_CELL * cells) {
        return Err(broken(file, "a cell lies far from all others; delete it, or save the workbook as .xlsx"));
    }
    let mut book = Xls::new(Cursor::new(&bytes)).map_err(|error| broken(file, &format!("it is damaged: {error}")))?;
    let names = listed(book.sheets_metadata());
    let place = chosen(file, declared, input, &names.iter().collect::<Vec<_>>())?;
    let mut sheet = Sheet::new(file, &names[place].name);
    let at = book.sheets_metadata().iter().position(|sheet| sheet.name == names[place].name);
    if let Some(outline) = at.and_then(|at| outlines.named(at)) {
        sheet.hidden_rows.extend(&outline.hidden_rows);
        sheet.hidden_columns.clone_from(&outline.hidden_columns);
        sheet.is_filtered = outline.is_filtered;
    }
    let range = book.worksheet_range(&names[place].name).map_err(|error| broken(file, &error.to_string()))?;
    let is_1904 = book.has_1904_epoch();
    let (top, left) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        put(&mut sheet, (top + row as u32, left + column as u32), value, is_1904)?;
    }
    Ok(sheet)
}

/// Takes a cell as the library reads it, whose rows and columns count from 0.
fn put(sheet: &mut Sheet, (row, column): (u32, u32), value: &Data, is_1904: bool) -> Result<(), DataError> {
    let (row, column) = (u64::from(row) + 1, u64::from(column) + 1);
    let value = match value {
        Data::Empty => return Ok(()),
        Data::Int(number) => Value::Number(*number as f64),
        Data::Float(number) => Value::Number(*number),
        Data::Bool(flag) => Value::Flag(*flag),
        Data::Error(error) => return sheet.put(row, column, &Value::Error(&error.to_string())),
        Data::DateTime(time) => {
            let number = time.as_f64();
            return match time_of(time, is_1904) {
                Some(text) => sheet.put(row, column, &Value::Time(&text)),
                None => sheet.put(row, column, &Value::Number(number)),
            };
        }
        Data::DateTimeIso(text) | Data::DurationIso(text) => Value::Time(text),
        Data::String(text) => Value::Text(text),
    };
    sheet.put(row, column, &value)
}

/// The library tells dates from numbers, and not dates from moments: without a time of day it is taken for a date.
fn time_of(time: &ExcelDateTime, is_1904: bool) -> Option<String> {
    let shown = match time.as_f64() {
        _ if time.is_duration() => Shown::Number,
        number if number < 1.0 => Shown::Clock,
        number if number.fract() == 0.0 => Shown::Date,
        _ => Shown::Moment,
    };
    serial::text(time.as_f64(), shown, is_1904)
}
