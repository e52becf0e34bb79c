use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};

use super::super::DataError;
use super::super::files::InFile;
use super::parts::{Parts, Xml, attribute, push_text};
use super::serial::{self, Shown};
use super::sheet::{Sheet, Table, Value, place_of};
use super::{Listed, broken, chosen};

/// Reads a sheet of an Office Open XML workbook, in one walk over its cells.
pub(super) fn read(file: &InFile, declared: Option<&str>, input: &str) -> Result<Sheet, DataError> {
    let mut parts = Parts::open(file)?;
    let book = main_part(&mut parts)?;
    let (sheets, is_1904) = sheets(&mut parts, &book)?;
    let related = relations(&mut parts, &book)?;
    let is_sheet = |sheet: &&(Listed, String)| related.get(&sheet.1).is_none_or(|part| part.kind == "worksheet");
    let sheets: Vec<&(Listed, String)> = sheets.iter().filter(is_sheet).collect();
    let names: Vec<&Listed> = sheets.iter().map(|(listed, _)| listed).collect();
    let (listed, id) = sheets[chosen(file, declared, input, &names)?];
    let Some(part) = related.get(id).filter(|part| parts.has(&part.name)) else {
        let why = format!("its sheet `{}` is named and not in the file: it is damaged", listed.name);
        return Err(broken(file, &why));
    };
    let part_of = |kind: &str, usual: &str| {
        let named = related.values().find(|part| part.kind == kind).map(|part| part.name.clone());
        named.unwrap_or_else(|| joined(&book, usual))
    };
    let strings = Strings::read(&mut parts, &part_of("sharedStrings", "sharedStrings.xml"), file)?;
    let shown = styles(&mut parts, &part_of("styles", "styles.xml"))?;
    let mut sheet = Sheet::new(file, &listed.name);
    sheet.tables = tables(&mut parts, &part.name)?;
    let Some(xml) = parts.xml(&part.name)? else { return Ok(sheet) };
    Cells { xml, strings: &strings, shown: &shown, is_1904, row: 0, column: 0 }.read(&mut sheet)?;
    Ok(sheet)
}

/// The part that the package names as its document.
fn main_part(parts: &mut Parts) -> Result<String, DataError> {
    let related = relations(parts, "")?;
    let named = related.into_values().find(|part| part.kind == "officeDocument").map(|part| part.name);
    Ok(named.filter(|name| parts.has(name)).unwrap_or_else(|| "xl/workbook.xml".into()))
}

/// A part that another one names, and what it is to it.
struct Related {
    kind: String,
    name: String,
}

/// The parts that a part names, by id.
fn relations(parts: &mut Parts, part: &str) -> Result<HashMap<String, Related>, DataError> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let mut related = HashMap::new();
    let Some(mut xml) = parts.xml(&format!("{folder}/_rels/{name}.rels"))? else { return Ok(related) };
    while let Some(event) = xml.next()? {
        if let Event::Start(element) = event
            && element.local_name().as_ref() == "Relationship"
            && let (Some(id), Some(target)) = (attribute(&element, "Id"), attribute(&element, "Target"))
        {
            let kind = attribute(&element, "Type").unwrap_or_default();
            let kind = kind.rsplit('/').next().unwrap_or_default().into();
            related.insert(id, Related { kind, name: joined(part, &target) });
        }
    }
    Ok(related)
}

/// A target beside the part that names it.
fn joined(part: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    if let Some(whole) = target.strip_prefix('/') {
        return whole.into();
    }
    let mut folders: Vec<&str> = part.split('/').collect();
    folders.pop();
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => drop(folders.pop()),
            step => folders.push(step),
        }
    }
    folders.join("/")
}

/// The sheets, each with the id of its part, and whether days are counted from 1904.
fn sheets(parts: &mut Parts, book: &str) -> Result<(Vec<(Listed, String)>, bool), DataError> {
    let (mut sheets, mut is_1904) = (Vec::new(), false);
    let Some(mut xml) = parts.xml(book)? else { return Ok((sheets, is_1904)) };
    while let Some(event) = xml.next()? {
        let Event::Start(element) = event else { continue };
        match element.local_name().as_ref() {
            "sheet" => {
                let is_hidden = attribute(&element, "state").is_some_and(|state| state != "visible");
                let name = attribute(&element, "name").unwrap_or_default();
                sheets.push((Listed { name, is_hidden }, attribute(&element, "id").unwrap_or_default()));
            }
            "workbookPr" => is_1904 |= is_set(&element, "date1904"),
            _ => {}
        }
    }
    Ok((sheets, is_1904))
}

fn is_set(element: &BytesStart, name: &str) -> bool {
    attribute(element, name).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
}

fn whole(element: &BytesStart, name: &str) -> Option<u32> {
    attribute(element, name)?.trim().parse().ok()
}

/// Texts that cells name by their number.
#[derive(Default)]
struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    fn read(parts: &mut Parts, part: &str, file: &InFile) -> Result<Self, DataError> {
        let mut strings = Self::default();
        let Some(mut xml) = parts.xml(part)? else { return Ok(strings) };
        while let Some(event) = xml.next()? {
            if matches!(&event, Event::Start(element) if element.local_name().as_ref() == "si") {
                rich_text(&mut xml, &mut strings.text)?;
                let end = u32::try_from(strings.text.len());
                let end = end.map_err(|_| broken(file, "its texts are more than 4 GiB; export it as CSV"))?;
                strings.ends.push(end);
            }
        }
        Ok(strings)
    }

    fn get(&self, place: usize) -> Option<&str> {
        let start = if place == 0 { 0 } else { *self.ends.get(place - 1)? as usize };
        Some(&self.text[start..*self.ends.get(place)? as usize])
    }
}

/// Appends the text of an element that has begun: its runs, and not how they are pronounced.
fn rich_text(xml: &mut Xml, text: &mut String) -> Result<(), DataError> {
    let (mut depth, mut within, start) = (1, false, text.len());
    while depth > 0 {
        let Some(event) = xml.next()? else { break };
        match &event {
            Event::Start(element) if element.local_name().as_ref() == "rPh" => {
                xml.skip()?;
                continue;
            }
            Event::Start(element) => {
                depth += 1;
                within = element.local_name().as_ref() == "t";
            }
            Event::End(_) => {
                depth -= 1;
                within = false;
            }
            event if within => push_text(event, text),
            _ => {}
        }
    }
    unescape(text, start);
    Ok(())
}

/// `_x000D_` stands for what XML cannot hold, a unit of UTF-16; `_x005F_` is the line before an x.
fn unescape(text: &mut String, start: usize) {
    let Some(first) = text[start..].find("_x") else { return };
    let rest = text.split_off(start + first);
    let unit = |text: &str| -> Option<u16> {
        let digits = text.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let mut at = 0;
    while let Some(letter) = rest[at..].chars().next() {
        let (one, two) = (unit(&rest[at..]), rest.get(at + 7..).and_then(unit));
        let pair = one.zip(two).and_then(|(one, two)| {
            char::decode_utf16([one, two]).next()?.ok().filter(|_| (0xD800..0xE000).contains(&one))
        });
        match (pair, one.and_then(|one| char::from_u32(u32::from(one)))) {
            (Some(letter), _) => {
                text.push(letter);
                at += 14;
            }
            (None, Some(letter)) => {
                text.push(letter);
                at += 7;
            }
            (None, None) => {
                text.push(letter);
                at += letter.len_utf8();
            }
        }
    }
}

/// As what each style of cells shows a number.
fn styles(parts: &mut Parts, part: &str) -> Result<Vec<Shown>, DataError> {
    let (mut codes, mut shown, mut within) = (HashMap::new(), Vec::new(), false);
    let Some(mut xml) = parts.xml(part)? else { return Ok(shown) };
    while let Some(event) = xml.next()? {
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    if let (Some(id), Some(code)) = (whole(&element, "numFmtId"), attribute(&element, "formatCode")) {
                        codes.entry(id).or_insert_with(|| serial::shown(&code));
                    }
                }
                "cellXfs" => within = true,
                "xf" if within => {
                    let id = whole(&element, "numFmtId").unwrap_or(0);
                    shown.push(codes.get(&id).copied().unwrap_or_else(|| serial::builtin(id)));
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => within = false,
            _ => {}
        }
    }
    Ok(shown)
}

/// The areas of a sheet that the workbook calls tables.
fn tables(parts: &mut Parts, sheet: &str) -> Result<Vec<Table>, DataError> {
    let related = relations(parts, sheet)?;
    let mut tables = Vec::new();
    for part in related.values().filter(|part| part.kind == "table") {
        let Some(mut xml) = parts.xml(&part.name)? else { continue };
        while let Some(event) = xml.next()? {
            let Event::Start(element) = event else { continue };
            if element.local_name().as_ref() == "table" {
                tables.extend(table(&element));
                break;
            }
        }
    }
    tables.sort_by_key(|table: &Table| (table.rows, table.columns));
    Ok(tables)
}

/// Nothing where it has no header: then it says nothing of where one is.
fn table(element: &BytesStart) -> Option<Table> {
    let area = attribute(element, "ref")?;
    let (from, to) = area.split_once(':').unwrap_or((&area, &area));
    let (from, to) = (place_of(from)?, place_of(to)?);
    let narrow = |number: u64| u32::try_from(number).ok();
    (whole(element, "headerRowCount") != Some(0)).then_some(Table {
        name: attribute(element, "displayName").or_else(|| attribute(element, "name")).unwrap_or_default(),
        rows: (narrow(from.0)?, narrow(to.0)?),
        columns: (narrow(from.1)?, narrow(to.1)?),
        totals: whole(element, "totalsRowCount").unwrap_or(0),
    })
}

/// The walk over a sheet.
struct Cells<'a> {
    xml: Xml<'a>,
    strings: &'a Strings,
    shown: &'a [Shown],
    is_1904: bool,
    /// Where the cell before stood.
    row: u64,
    column: u64,
}

/// What a cell says of itself, before its value.
#[derive(Default)]
struct Head {
    kind: String,
    style: Option<usize>,
}

impl Cells<'_> {
    fn read(mut self, sheet: &mut Sheet) -> Result<(), DataError> {
        let mut is_sheet = false;
        while let Some(event) = self.xml.next()? {
            let Event::Start(element) = event else { continue };
            match element.local_name().as_ref() {
                "sheetData" => is_sheet = true,
                "col" if is_set(&element, "hidden") => {
                    if let (Some(first), Some(last)) = (whole(&element, "min"), whole(&element, "max")) {
                        sheet.hidden_columns.push((first, last));
                    }
                }
                "filterColumn" => sheet.is_filtered = true,
                "row" => {
                    let named = attribute(&element, "r").map(|row| row.trim().parse::<u64>());
                    self.row = match named {
                        Some(Ok(row)) => row,
                        Some(Err(_)) => return Err(sheet.broken("a row has a number that is none")),
                        None => self.row + 1,
                    };
                    self.column = 0;
                    if is_set(&element, "hidden") && self.row <= 1 << 24 {
                        sheet.hidden_rows.insert(self.row as u32);
                    }
                }
                "c" => {
                    let Some(head) = head(&element, &mut self.row, &mut self.column) else {
                        return Err(sheet.broken(&format!("a cell of row {} has a name that is none", self.row)));
                    };
                    self.cell(&head, sheet)?;
                }
                _ => {}
            }
        }
        if is_sheet { Ok(()) } else { Err(sheet.broken("its part holds no sheet: the file is damaged")) }
    }

    fn cell(&mut self, head: &Head, sheet: &mut Sheet) -> Result<(), DataError> {
        let (mut text, mut has_formula, mut depth) = (String::new(), false, 1);
        while depth > 0 {
            let Some(event) = self.xml.next()? else { break };
            match event {
                Event::Start(element) => match element.local_name().as_ref() {
                    "v" if head.kind != "inlineStr" => self.xml.text(&mut text)?,
                    "is" => rich_text(&mut self.xml, &mut text)?,
                    "f" => {
                        has_formula = true;
                        self.xml.skip()?;
                    }
                    _ => depth += 1,
                },
                Event::End(_) => depth -= 1,
                _ => {}
            }
        }
        self.put(head, text, has_formula, sheet)
    }

    fn put(&mut self, head: &Head, mut text: String, has_formula: bool, sheet: &mut Sheet) -> Result<(), DataError> {
        let (row, column) = (self.row, self.column);
        let is_text = matches!(head.kind.as_str(), "inlineStr" | "str");
        if !is_text && text.trim().is_empty() {
            return if has_formula { sheet.put(row, column, &Value::Uncalculated) } else { Ok(()) };
        }
        match head.kind.as_str() {
            "s" => {
                let string = text.trim().parse().ok().and_then(|place| self.strings.get(place));
                let unknown = || format!("cell {} names a text that the file does not hold", place(row, column));
                sheet.put(row, column, &Value::Text(string.ok_or_else(|| sheet.broken(&unknown()))?))
            }
            "inlineStr" => sheet.put(row, column, &Value::Text(&text)),
            "str" => {
                unescape(&mut text, 0);
                sheet.put(row, column, &Value::Text(&text))
            }
            "b" => sheet.put(row, column, &Value::Flag(matches!(text.trim(), "1" | "true" | "TRUE"))),
            "e" => sheet.put(row, column, &Value::Error(text.trim())),
            "d" => sheet.put(row, column, &Value::Time(text.trim().trim_end_matches('Z'))),
            _ => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => {
                    let shown = head.style.and_then(|style| self.shown.get(style)).copied().unwrap_or(Shown::Number);
                    match serial::text(number, shown, self.is_1904) {
                        Some(time) => sheet.put(row, column, &Value::Time(&time)),
                        None => sheet.put(row, column, &Value::Number(number)),
                    }
                }
                _ => Err(sheet.broken(&format!("cell {} holds a number that is none", place(row, column)))),
            },
        }
    }
}

/// What a cell says of itself, and where it stands: beside the one before, if it does not say. Nothing if it says no place.
fn head(element: &BytesStart, row: &mut u64, column: &mut u64) -> Option<Head> {
    let mut head = Head::default();
    *column += 1;
    for attribute in element.attributes().with_checks(false).flatten() {
        match attribute.key.as_ref() {
            "r" => (*row, *column) = place_of(&attribute.value)?,
            "t" => head.kind = attribute.value.into_owned(),
            "s" => head.style = attribute.value.parse().ok(),
            _ => {}
        }
    }
    Some(head)
}

fn place(row: u64, column: u64) -> String {
    super::sheet::cell_name(row.try_into().unwrap_or(u32::MAX), column.try_into().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_written_as_a_unit_of_utf_16() {
        for (text, expected) in [
            ("line_x000D_\nline", "line\r\nline"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE80_ go", "🚀 go"),
            ("_x12_ _xyz_ _x", "_x12_ _xyz_ _x"),
            ("ü_x0041_ü", "üAü"),
        ] {
            let mut text = format!("before_x0041_{text}");
            unescape(&mut text, "before_x0041_".len());
            assert_eq!(text, format!("before_x0041_{expected}"));
        }
    }

    #[test]
    fn a_target_is_beside_the_part_that_names_it() {
        for (part, target, expected) in [
            ("xl/workbook.xml", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/workbook.xml", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/worksheets/sheet1.xml", "../tables/table1.xml", "xl/tables/table1.xml"),
            ("", "xl\\workbook.xml", "xl/workbook.xml"),
        ] {
            assert_eq!(joined(part, target), expected);
        }
    }
}
