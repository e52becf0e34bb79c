//! The reference workbooks, where they lie beside the package (or where `LEADOFF_SHARED` says), and what is done with
//! workbooks of our own making.

use std::path::PathBuf;
use std::sync::Arc;

use rust_xlsxwriter::{ExcelDateTime, Format, Table, TableColumn, Workbook, Worksheet};

use super::*;
use crate::data::cells::Cells;
use crate::data::file_kinds;
use crate::data::files::InFile;
use crate::data::reader::Wanted;
use crate::data::spec::Dialect;

/// A file as it is read: its header, its rows as texts, and what is said of it.
#[derive(Debug)]
struct Read {
    rows: Vec<Vec<String>>,
    said: String,
}

fn read_file(path: &Path, dialect: Dialect) -> Result<Read, DataError> {
    let shown = path.file_name().unwrap().to_string_lossy().into_owned();
    let file = InFile { path: path.into(), shown };
    let reader = file_kinds::open(file_kinds::kind(&file)?, "leads", &file, &Arc::new(dialect))?;
    let header = reader.header()?;
    let named: Vec<&str> = header.columns.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let mut rows = vec![named.iter().map(|name| (*name).to_string()).collect::<Vec<_>>()];
    let wanted = Wanted { names: &named, file: 0, is_passed_over: &|_| false, bytes: &Arc::default() };
    let met = reader.read(&wanted, &mut |batch| {
        for row in 0..batch.rows() {
            let text = |cells: &Cells| match cells {
                Cells::Text(block) => block.get(row).to_string(),
                other => other.as_text().get(row).to_string(),
            };
            rows.push(batch.cells.iter().map(text).collect());
        }
        true
    })?;
    let said = header.notes.iter().chain(&met.notes).map(|finding| format!("{}; {}", finding.text, finding.advice));
    Ok(Read { rows, said: said.collect::<Vec<_>>().join("\n") })
}

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("LEADOFF_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let cases = folder.join("workbooks");
    if !cases.is_dir() {
        eprintln!("skipped: no {}", cases.display());
        return None;
    }
    Some(cases)
}

#[derive(serde::Deserialize)]
struct Case {
    file: String,
    #[serde(default)]
    sheet: Option<String>,
}

/// What must be said of a case, be it an error or a finding.
const SAID: &[(&str, &[&str])] = &[
    ("autofilter", &["6 rows are hidden by a filter"]),
    ("csv-as-xlsx", &["named .xlsx", "no workbook", "CSV", "name it .csv"]),
    ("dates-mixed-with-texts", &["B4 (`03/04/2026`)", "B6", "B7 (`46000`)", "B8", "2025-12-09"]),
    ("directory-damaged", &["damaged", "list of parts cannot be read"]),
    ("docx-as-xlsx", &["text document"]),
    ("duplicate-headers", &["page_view", "B1, C1"]),
    ("empty-file", &["is empty"]),
    ("error-cells", &["B2 (`#N/A`)", "B3 (`#DIV/0!`)", "B4 (`#REF!`)", "missing"]),
    ("formulas-without-values", &["C2, C3", "open it in one and save it"]),
    ("hidden-rows-columns-sheets", &["1 row is hidden", "hidden columns", "employees"]),
    ("html-as-xls", &["named .xls", "web page", "save it as .xlsx"]),
    ("ids-beyond-15-digits", &["A2", "A3", "more than 15 digits", "store the column as text and export it again"]),
    ("no-cells", &["`Leads`", "is empty"]),
    ("part-missing", &["`Leads` is named and not in the file"]),
    ("password", &["protected by a password", "save it without one"]),
    ("several-sheets-wrong-name", &["no sheet `leads 2026`", "`Read me`, `Leads`, `Events`"]),
    ("sheet-xml-cut", &["ends early"]),
    ("table-object", &["row 10", "prepared by sales operations", "not read"]),
    ("titles-above-header", &["found in row 4"]),
    ("truncated", &["ends early", "list of parts cannot be read"]),
    ("zip-bomb", &["unpacks to far more"]),
];

#[test]
fn the_reference_workbooks_are_read_as_their_pages_say() {
    let Some(cases) = shared() else { return };
    let (mut wrong, mut read) = (Vec::new(), 0);
    for entry in cases.read_dir().unwrap() {
        let folder = entry.unwrap().path();
        let Ok(yaml) = fs::read_to_string(folder.join("case.yaml")) else { continue };
        let case: Case = serde_yaml::from_str(&yaml).unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let dialect = Dialect { sheet: case.sheet, ..Dialect::default() };
        let found = read_file(&folder.join(&case.file), dialect);
        read += 1;
        let expected =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(folder.join("expected.csv"));
        if let Ok(mut expected) = expected {
            let expected: Vec<Vec<String>> = expected.deserialize().map(Result::unwrap).collect();
            match &found {
                Ok(found) => wrong.extend(differing(&expected, &found.rows).map(|why| format!("{name}: {why}"))),
                Err(error) => wrong.push(format!("{name}: {error}")),
            }
        }
        let said = found.map_or_else(|error| error.to_string(), |found| found.said);
        let due = SAID.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, due)| due);
        wrong.extend(
            due.iter().filter(|due| !said.contains(*due)).map(|due| format!("{name}: not said `{due}`: {said}")),
        );
        if std::env::var_os("SHOW").is_some() {
            eprintln!("{name}: {said}");
        }
    }
    eprintln!("{read} reference workbooks");
    assert!(read > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first cell that differs; numbers may be written otherwise, and a moment at midnight as its date.
fn differing(expected: &[Vec<String>], found: &[Vec<String>]) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("{} rows, expected {}", found.len(), expected.len()));
    }
    let same = |one: &str, other: &str| {
        let numbers = (one.parse::<f64>(), other.parse::<f64>());
        one == other
            || one.strip_suffix("T00:00:00") == Some(other)
            || other.strip_suffix("T00:00:00") == Some(one)
            || matches!(numbers, (Ok(one_number), Ok(other_number)) if one_number == other_number && one.contains('e'))
    };
    for (row, (expected, found)) in expected.iter().zip(found).enumerate() {
        let pairs = expected.iter().zip(found);
        if expected.len() != found.len() || !pairs.clone().all(|(one, other)| same(one, other)) {
            return Some(format!("row {row}: {found:?}, expected {expected:?}"));
        }
    }
    None
}

/// A ZIP archive of these parts.
fn zip(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook of one sheet, whose part holds this.
fn xlsx_of(sheet: Vec<u8>, part: &str, target: &str) -> Vec<u8> {
    let relations = format!(
        "<Relationships><Relationship Id='r1' Type='x/worksheet' Target='{target}'/>\
         <Relationship Id='r2' Type='x/sharedStrings' Target='texts.xml'/></Relationships>"
    );
    zip(&[
        (
            "xl/workbook.xml",
            b"<workbook><sheets><sheet name='Leads' sheetId='1' r:id='r1'/></sheets></workbook>".to_vec(),
        ),
        ("xl/_rels/workbook.xml.rels", relations.into_bytes()),
        ("xl/texts.xml", b"<sst uniqueCount='99999999999999'><si/><si><t>vp</t></si></sst>".to_vec()),
        (part, sheet),
    ])
}

fn rows_of(rows: &str) -> String {
    format!("<worksheet><dimension ref='A1:XFD1048576'/><sheetData>{rows}</sheetData></worksheet>")
}

/// What is made of the rows of a sheet, or the error.
fn sheet(rows: &str) -> Result<Read, String> {
    book("b.xlsx", xlsx_of(rows_of(rows).into_bytes(), "xl/worksheets/sheet1.xml", "worksheets/sheet1.xml"), |_| {})
}

fn book(name: &str, bytes: Vec<u8>, declare: impl FnOnce(&mut Dialect)) -> Result<Read, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let mut dialect = Dialect::default();
    declare(&mut dialect);
    read_file(&folder.path().join(name), dialect).map_err(|error| error.to_string())
}

fn written(write: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    write(&mut book);
    book.save_to_buffer().unwrap()
}

fn write_rows(sheet: &mut Worksheet, at: u32, rows: &[&[&str]]) {
    for (row, cells) in (at..).zip(rows) {
        for (column, cell) in (0u16..).zip(*cells) {
            match cell.parse::<f64>() {
                _ if cell.is_empty() => {}
                Ok(number) => drop(sheet.write_number(row, column, number).unwrap()),
                Err(_) => drop(sheet.write_string(row, column, *cell).unwrap()),
            }
        }
    }
}

const HEAD: &str = "<row><c t='inlineStr'><is><t>id</t></is></c><c t='inlineStr'><is><t>at</t></is></c></row>";

#[test]
fn a_cell_is_what_it_says_whatever_the_sheet_says_of_its_size() {
    let found = sheet(&format!("{HEAD}<row r='4'><c r='B4' t='s'><v>1</v></c><c r='A4'><v>1E3</v></c></row>")).unwrap();
    assert_eq!(found.rows, [["id", "at"], ["1000", "vp"]]);
    for (row, why) in [
        ("<row r='2'><c r='A2'><v>1</v></c><c r='A2'><v>2</v></c></row>", "cell A2 is there twice"),
        ("<row r='3'><c><v>1</v></c></row><row r='2'><c><v>1</v></c></row>", "row 2 comes after row 3"),
        ("<row r='2'><c t='s'><v>2</v></c></row>", "cell A2 names a text that the file does not hold"),
        ("<row r='2'><c><v>one</v></c></row>", "cell A2 holds a number that is none"),
        ("<row r='99999999'><c><v>1</v></c></row>", "beyond the last row"),
        ("<row r='2'><c r='A'><v>1</v></c></row>", "a cell of row 2 has a name that is none"),
    ] {
        let error = sheet(&format!("{HEAD}{row}")).unwrap_err();
        assert!(error.starts_with("b.xlsx: sheet `Leads`: ") && error.contains(why), "{error}");
    }
}

#[test]
fn a_part_may_be_utf_16_and_its_name_may_hold_escapes() {
    let text = format!(
        "\u{feff}<?xml version='1.0' encoding='UTF-16'?>{}",
        rows_of(&format!("{HEAD}<row><c><v>7</v></c></row>"))
    );
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = book("b.xlsx", xlsx_of(utf16, "xl/my sheets/first.xml", "my%20sheets/First.xml"), |_| {}).unwrap();
    assert_eq!(found.rows, [["id", "at"], ["7", ""]]);
}

#[test]
fn a_sheet_that_ends_early_is_never_its_first_rows() {
    let whole = rows_of(&format!("{HEAD}<row><c><v>7</v></c></row><row><c><v>8</v></c></row>"));
    for end in [whole.len() - 1, whole.len() - 13, whole.find("<v>8").unwrap(), whole.find("8</v>").unwrap()] {
        let bytes = xlsx_of(whole.as_bytes()[..end].to_vec(), "xl/worksheets/sheet1.xml", "worksheets/sheet1.xml");
        let error = book("b.xlsx", bytes, |_| {}).unwrap_err();
        assert!(error.contains("ends early") && error.contains("export the workbook again"), "{error}");
    }
}

#[test]
fn digits_that_a_spreadsheet_drops_are_an_error_and_those_it_may_have_dropped_a_doubt() {
    let of = |values: &[&str]| {
        let cells: String = values.iter().map(|value| format!("<row><c><v>{value}</v></c></row>")).collect();
        sheet(&format!("{HEAD}{cells}"))
    };
    let error = of(&["9007199254740994", "5"]).unwrap_err();
    assert!(
        error.contains("A2") && error.contains("store the column as text") && error.contains("`ignore: [id]`"),
        "{error}"
    );
    let said = of(&["1234567890123450", "5"]).unwrap().said;
    assert!(said.contains("more than 15 digits") && said.contains("A2"), "{said}");
    for kept in [&["1234567890123450", "1234567890123457"][..], &["123456789012345"]] {
        assert_eq!(of(kept).unwrap().said, "");
    }
}

#[test]
fn the_only_sheet_that_is_not_hidden_is_read_and_of_several_one_is_asked_for() {
    let three = |hidden: &[usize]| {
        written(|book| {
            for (place, name) in ["Leads \"A\"", "Read me", "Old"].into_iter().enumerate() {
                let sheet = book.add_worksheet().set_name(name).unwrap();
                write_rows(sheet, 0, &[&["id", "n"], &[name, "1"]]);
                sheet.set_hidden(hidden.contains(&place));
                sheet.set_active(!hidden.contains(&place));
            }
        })
    };
    assert_eq!(book("b.xlsx", three(&[0, 2]), |_| {}).unwrap().rows[1][0], "Read me");
    let error = book("b.xlsx", three(&[2]), |_| {}).unwrap_err();
    assert!(error.contains("several sheets (`Leads \"A\"`, `Read me`)"), "{error}");
    assert!(error.contains(r#"name it under `leads:`, as `sheet: "Leads \"A\""`"#), "{error}");
    let hidden = book("b.xlsx", three(&[2]), |dialect| dialect.sheet = Some("Old".into())).unwrap();
    assert_eq!(hidden.rows[1][0], "Old");
    let error = book("b.xlsx", three(&[]), |dialect| dialect.sheet = Some("Read mee".into())).unwrap_err();
    assert!(error.contains("there is no sheet `Read mee`, did you mean `Read me`?"), "{error}");
}

#[test]
fn places_are_lines_of_text_and_rows_of_everything_else() {
    use polars::prelude::{DataFrame, IpcWriter, NamedFrom, ParquetWriter, SerWriter, Series};

    let rows: [&[&str]; 4] = [&["id", "x", "won"], &["a", "k", "1"], &["b", "l", "0"], &["a", "m", "1"]];
    let folder = folder(&[("l.csv", &rows.map(|row| row.join(",")).join("\n"))]);
    let create = |name: &str| fs::File::create(folder.path().join(name)).unwrap();
    create("l.xlsx").write_all(&written(|book| write_rows(book.add_worksheet(), 0, &rows))).unwrap();
    let column = |at: usize| Series::new(rows[0][at].into(), [rows[1][at], rows[2][at], rows[3][at]]).into();
    let mut frame = DataFrame::new(3, (0..3).map(column).collect()).unwrap();
    ParquetWriter::new(create("l.parquet")).finish(&mut frame).unwrap();
    IpcWriter::new(create("l.arrow")).finish(&mut frame).unwrap();
    for (file, first, second) in [
        ("l.csv", "line 2", "line 4"),
        ("l.xlsx", "row 2", "row 4"),
        ("l.parquet", "row 1", "row 3"),
        ("l.arrow", "row 1", "row 3"),
    ] {
        let error = try_read(&FLAGGED.replace("l.csv", file), folder.path(), &[]).unwrap_err().to_string();
        assert!(error.contains(&format!("stands in {file}, {first} and in {file}, {second}")), "{error}");
    }
}

#[test]
fn what_is_no_object_in_a_column_of_objects_is_named_by_its_row() {
    let cells = |cell: &str| format!("<row><c t='str'><v>{cell}</v></c></row>");
    let rows = [cells("a"), cells(r#"{"k": 1}"#).repeat(64), cells("{"), cells(r#"{"k": "\u0000"}"#)];
    let read = sheet(&rows[..3].concat()).unwrap();
    assert!(read.said.contains("such as in row 66"), "{}", read.said);
    let error = sheet(&rows.concat()).unwrap_err();
    assert!(error.contains("b.xlsx, row 67: holds a NUL"), "{error}");
}

#[test]
fn the_header_is_the_first_row_as_wide_as_the_table() {
    let at = |at: u32, declared: Option<u32>, titles: &[&[&str]]| {
        let bytes = written(|book| {
            let sheet = book.add_worksheet();
            write_rows(sheet, 0, titles);
            write_rows(sheet, at, &[&["id", "size", "who", "why", "x"], &["a", "1"], &["b", "2", "c", "d", "e"]]);
        });
        book("b.xlsx", bytes, |dialect| dialect.header_row = declared)
    };
    let found = at(3, None, &[&["Leads of May"], &["owner", "Kim", "region"]]).unwrap();
    assert_eq!((found.rows[0].len(), found.rows.len()), (5, 3));
    assert!(found.said.contains("found in row 4; row 1") && found.said.contains("`header_row: 1`"), "{}", found.said);
    assert_eq!(at(0, None, &[]).unwrap().said, "");
    assert_eq!(at(3, Some(4), &[&["Leads of May"]]).unwrap().said, "");
    // Four names of five columns are a header with a column that has none.
    let found = at(3, Some(1), &[&["id", "size", "who", "why"]]).unwrap();
    assert_eq!((found.rows[0].len(), found.rows.len()), (4, 4));
    assert!(found.said.contains("column E has values (`x` in E4) and no name in row 1"), "{}", found.said);
    let found = at(1, None, &[&["id", "size", "who", "why"]]).unwrap();
    assert_eq!(found.rows[0].len(), 4);
    let error = at(3, Some(3), &[&["Leads of May"]]).unwrap_err();
    assert!(error.contains("row 3 names no column") && error.contains("hold anything are 1, 4, 5, 6"), "{error}");
}

#[test]
fn rows_below_a_table_are_not_read_and_said_to_be() {
    let found = |below: &[&str]| {
        let bytes = written(|book| {
            let sheet = book.add_worksheet();
            write_rows(sheet, 2, &[&["id", "size", "who"], &["a", "1", "x"], &["b", "2", "y"]]);
            write_rows(sheet, 6, &[below]);
            let columns = ["id", "size", "who"].map(|name| TableColumn::new().set_header(name));
            sheet.add_table(2, 0, 5, 2, &Table::new().set_columns(&columns).set_total_row(true)).unwrap();
            write_rows(sheet, 5, &[&["Total", "3", ""]]);
        });
        book("b.xlsx", bytes, |_| {}).unwrap()
    };
    let remark = found(&["made by sales"]);
    assert_eq!(remark.rows.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["id", "a", "b"]);
    assert!(remark.said.contains("2 rows below the table `Table1`, from row 6 (`Total`)"), "{}", remark.said);
}

#[test]
fn a_remark_below_an_empty_row_is_no_row() {
    let read = |end: &[&[&str]]| {
        let bytes = written(|book| {
            let sheet = book.add_worksheet();
            write_rows(sheet, 0, &[&["id", "size", "who"], &["a", "1", "x"], &["b", "2", "y"]]);
            write_rows(sheet, 3, end);
        });
        let found = book("b.xlsx", bytes, |_| {}).unwrap();
        (found.rows.len() - 1, found.said)
    };
    let (rows, said) = read(&[&[""], &["Total", "", ""], &["", "made by sales", ""]]);
    assert!(rows == 2 && said.contains("2 rows at the end") && said.contains("from row 5 (`Total`)"), "{said}");
    assert_eq!(read(&[&["c"]]), (3, String::new()));
    assert_eq!(read(&[&[""], &["c", "3"]]), (3, String::new()));
}

#[test]
fn what_is_no_date_in_a_column_of_dates_is_named_by_its_cell() {
    let bytes = written(|book| {
        let (sheet, day) = (book.add_worksheet(), Format::new().set_num_format("dd.mm.yyyy"));
        write_rows(
            sheet,
            0,
            &[&["id", "at", "n"], &["a", "", "1"], &["b", "2026-03-02", "x"], &["c", "46000", "2"], &["d", "n/a", "3"]],
        );
        sheet.write_datetime_with_format(1, 1, ExcelDateTime::from_ymd(2026, 3, 1).unwrap(), &day).unwrap();
    });
    let found = book("b.xlsx", bytes.clone(), |_| {}).unwrap();
    assert_eq!(
        found.rows[1..].iter().map(|row| row[1].as_str()).collect::<Vec<_>>(),
        ["2026-03-01", "2026-03-02", "46000", "n/a"]
    );
    assert!(
        found.said.contains("that are none: B4 (`46000`), B5 (`n/a`); 46000 would be 2025-12-09"),
        "{}",
        found.said
    );
    let found = book("b.xlsx", bytes, |dialect| dialect.nulls = vec!["n/a".into()]).unwrap();
    assert!(found.said.contains("B4 (`46000`);") && !found.said.contains("B5"), "{}", found.said);
}

fn ods(table: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:automatic-styles><style:style style:name='gone'><style:table-properties \
         table:display='false'/></style:style></office:automatic-styles><office:body><office:spreadsheet>\
         <table:table table:name='Hidden' table:style-name='gone'><table:table-row/></table:table>\
         <table:table table:name='Leads'>{table}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet".to_vec()),
        ("content.xml", content.into_bytes()),
    ])
}

#[test]
fn rows_and_columns_of_opendocument_may_be_repeated_without_end() {
    let text =
        |text: &str| format!("<table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell>");
    let head = format!("<table:table-row>{}{}</table:table-row>", text("id"), text("at"));
    let far = "<table:table-row table:number-rows-repeated='18446744073709551615'><table:table-cell table:number-columns-repeated='16000'/></table:table-row>";
    let row = format!(
        "<table:table-row table:number-rows-repeated='2' table:visibility='filter'>{}<table:table-cell \
         office:value-type='date' office:date-value='2026-03-01T08:15:00.000000000'><text:p>shown<office:annotation>\
         <text:p>note</text:p></office:annotation></text:p></table:table-cell></table:table-row>",
        text("a<text:s text:c='2'/>b")
    );
    let found = book("b.ods", ods(&format!("{head}{row}{far}")), |_| {}).unwrap();
    assert_eq!(found.rows, [["id", "at"], ["a  b", "2026-03-01T08:15:00"], ["a  b", "2026-03-01T08:15:00"]]);
    assert!(found.said.contains("2 rows are hidden by a filter"), "{}", found.said);
    let many = far.replace("16000'/>", "16000' office:value-type='boolean' office:boolean-value='true'/>");
    let error = book("b.ods", ods(&format!("{head}{many}")), |_| {}).unwrap_err();
    assert!(error.contains("from row 2 on it repeats more cells than any table does"), "{error}");
    let error = book("b.ods", ods(&format!("{head}<table:table-row><table:table-cell>")), |_| {}).unwrap_err();
    assert!(error.contains("content.xml` is damaged") || error.contains("ends early"), "{error}");
}

#[test]
fn what_is_no_workbook_is_called_what_it_is() {
    let table = "<html><table><tr><td>id</td></tr></table></html>";
    for (name, bytes, said) in [
        ("a.xlsx", b"id;n\n1;2\n".to_vec(), "named .xlsx, and is no workbook but text"),
        ("a.XLS", table.into(), "named .xls, and is a web page"),
        ("a.csv", table.into(), "perhaps a sign-in page"),
        ("a.xlsx", zip(&[("word/document.xml", Vec::new())]), "a text document (Word)"),
        ("a.xlsx", zip(&[("a.csv", Vec::new())]), "a ZIP archive without a workbook in it"),
        ("a.xlsx", xlsx_of(Vec::new(), "xl/x.xml", "y.xml"), "`Leads` is named and not in the file"),
        ("a.xls", [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &[7; 4000]].concat(), "damaged or ends early"),
        ("a.xlsx", b"PK\x03\x04 and nothing more".to_vec(), "damaged or ends early"),
        ("a.xlsx", Vec::new(), "it is empty"),
    ] {
        let error = book(name, bytes, |_| {}).unwrap_err();
        assert!(error.contains(said), "{name}: {error}");
    }
    let error = book("a.csv", b"id,n\n1,2\n".to_vec(), |dialect| dialect.sheet = Some("x".into())).unwrap_err();
    assert!(error.contains("data.leads: a.csv has no `sheet`: leave the key out"), "{error}");
}
