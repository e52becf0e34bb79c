use std::collections::HashSet;

use quick_xml::events::{BytesStart, Event};

use super::super::DataError;
use super::super::files::InFile;
use super::parts::{Parts, Xml, attribute, push_text};
use super::sheet::{Sheet, Value};
use super::{Listed, broken, chosen};

const CONTENT: &str = "content.xml";

/// Cells that a sheet may repeat instead of holding them.
const REPEATED: u64 = 1 << 22;

/// Reads a sheet of an OpenDocument workbook, in one walk over its cells.
pub(super) fn read(file: &InFile, declared: Option<&str>, input: &str) -> Result<Sheet, DataError> {
    let mut parts = Parts::open(file)?;
    if is_encrypted(&mut parts)? {
        return Err(broken(file, super::PASSWORD));
    }
    let names = sheets(&mut parts)?;
    let place = chosen(file, declared, input, &names.iter().collect::<Vec<_>>())?;
    let mut sheet = Sheet::new(file, &names[place].name);
    let Some(mut xml) = parts.xml(CONTENT)? else { return Err(broken(file, "its part `content.xml` is missing")) };
    let mut tables = 0;
    while let Some(event) = xml.next()? {
        let Event::Start(element) = event else { continue };
        if is_table(&element) {
            if tables == place {
                rows(&mut xml, &mut sheet)?;
                return Ok(sheet);
            }
            tables += 1;
            xml.skip()?;
        }
    }
    Ok(sheet)
}

fn is_table(element: &BytesStart) -> bool {
    element.name().as_ref() == "table:table"
}

fn is_encrypted(parts: &mut Parts) -> Result<bool, DataError> {
    let Some(mut xml) = parts.xml("META-INF/manifest.xml")? else { return Ok(false) };
    while let Some(event) = xml.next()? {
        if matches!(&event, Event::Start(element) if element.local_name().as_ref() == "encryption-data") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The sheets. A hidden one has a style that does not show it.
fn sheets(parts: &mut Parts) -> Result<Vec<Listed>, DataError> {
    let (mut sheets, mut hiding, mut style) = (Vec::new(), HashSet::new(), String::new());
    let Some(mut xml) = parts.xml(CONTENT)? else { return Ok(sheets) };
    while let Some(event) = xml.next()? {
        let Event::Start(element) = event else { continue };
        match element.name().as_ref() {
            "style:style" => style = attribute(&element, "name").unwrap_or_default(),
            "style:table-properties" if attribute(&element, "display").is_some_and(|shown| shown == "false") => {
                hiding.insert(std::mem::take(&mut style));
            }
            "table:table" => {
                let is_hidden = attribute(&element, "style-name").is_some_and(|style| hiding.contains(&style));
                sheets.push(Listed { name: attribute(&element, "name").unwrap_or_default(), is_hidden });
                xml.skip()?;
            }
            _ => {}
        }
    }
    Ok(sheets)
}

fn repeated(element: &BytesStart, name: &str) -> u64 {
    attribute(element, name).and_then(|times| times.parse().ok()).unwrap_or(1).max(1)
}

fn is_hidden(element: &BytesStart) -> Option<bool> {
    match attribute(element, "visibility")?.as_str() {
        "collapse" => Some(false),
        "filter" => Some(true),
        _ => None,
    }
}

/// A cell's value, kept while it is repeated.
enum Held {
    Text(String),
    Number(f64),
    Time(String),
    Flag(bool),
    Error(String),
    Uncalculated,
}

impl Held {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Number(number) => Value::Number(*number),
            Self::Time(text) => Value::Time(text),
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Error(text) => Value::Error(text),
            Self::Uncalculated => Value::Uncalculated,
        }
    }
}

/// The rows of the sheet that has begun.
fn rows(xml: &mut Xml, sheet: &mut Sheet) -> Result<(), DataError> {
    let (mut depth, mut row, mut column, mut repeated_cells) = (1, 1u64, 1u64, 0u64);
    while depth > 0 {
        let Some(event) = xml.next()? else { break };
        match event {
            Event::Start(element) => match element.name().as_ref() {
                "table:table-row" => {
                    let (times, hidden) = (repeated(&element, "number-rows-repeated"), is_hidden(&element));
                    let cells = cells(xml, sheet)?;
                    if let (Some(is_filter), false) = (hidden, cells.is_empty()) {
                        sheet.is_filtered |= is_filter;
                        let last = row.saturating_add(times).min(1 << 24);
                        sheet.hidden_rows.extend((row..last).map(|row| row as u32));
                    }
                    let repeats = if cells.is_empty() { 0 } else { times };
                    let width = cells.iter().fold(0u64, |sum, (_, times, _)| sum.saturating_add(*times));
                    if repeats > 1 || width > cells.len() as u64 {
                        repeated_cells = repeated_cells.saturating_add(width.saturating_mul(repeats));
                    }
                    if repeated_cells > REPEATED {
                        return Err(sheet.broken(&format!(
                            "from row {row} on it repeats more cells than any table does; delete what is not wanted, or export it as CSV"
                        )));
                    }
                    for again in 0..repeats {
                        for (first, times, held) in &cells {
                            for column in *first..first.saturating_add(*times) {
                                sheet.put(row.saturating_add(again), column, &held.value())?;
                            }
                        }
                    }
                    row = row.saturating_add(times);
                }
                "table:table-column" => {
                    let times = repeated(&element, "number-columns-repeated");
                    let last = column.saturating_add(times);
                    if is_hidden(&element).is_some() {
                        sheet.hidden_columns.push((column.min(1 << 24) as u32, (last - 1).min(1 << 24) as u32));
                    }
                    column = last;
                    depth += 1;
                }
                "table:table-row-group"
                | "table:table-rows"
                | "table:table-header-rows"
                | "table:table-column-group"
                | "table:table-columns"
                | "table:table-header-columns" => depth += 1,
                _ => xml.skip()?,
            },
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    Ok(())
}

/// The cells of the row that has begun: their column, how often each is repeated, and its value.
fn cells(xml: &mut Xml, sheet: &Sheet) -> Result<Vec<(u64, u64, Held)>, DataError> {
    let (mut cells, mut column) = (Vec::new(), 1u64);
    while let Some(event) = xml.next()? {
        match event {
            Event::Start(element) if matches!(element.local_name().as_ref(), "table-cell" | "covered-table-cell") => {
                let times = repeated(&element, "number-columns-repeated");
                let head = Head::of(&element);
                let text = text(xml)?;
                if let Some(held) = head.held(text).map_err(|why| sheet.broken(&why))? {
                    cells.push((column, times, held));
                }
                column = column.saturating_add(times);
            }
            Event::Start(_) => xml.skip()?,
            Event::End(_) => break,
            _ => {}
        }
    }
    Ok(cells)
}

/// What a cell says of itself, before its text.
struct Head {
    kind: Option<String>,
    value: Option<String>,
    is_error: bool,
    has_formula: bool,
}

impl Head {
    fn of(element: &BytesStart) -> Self {
        let (mut kind, mut value, mut is_error, mut has_formula) = (None, None, false, false);
        for one in element.attributes().with_checks(false).flatten() {
            let text = || one.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(|text| text.into_owned());
            match one.key.as_ref() {
                "office:value-type" => kind = text(),
                "calcext:value-type" => is_error = text().is_some_and(|kind| kind == "error"),
                "office:value" | "office:date-value" | "office:time-value" | "office:boolean-value" => value = text(),
                "office:string-value" if value.is_none() => value = text(),
                "table:formula" => has_formula = true,
                _ => {}
            }
        }
        Self { kind, value, is_error, has_formula }
    }

    fn held(self, text: String) -> Result<Option<Held>, String> {
        let Self { kind, value, is_error, has_formula } = self;
        if is_error {
            return Ok(Some(Held::Error(text)));
        }
        let Some(kind) = kind else {
            return Ok(match (has_formula, text.is_empty()) {
                (true, true) => Some(Held::Uncalculated),
                (_, true) => None,
                (_, false) => Some(Held::Text(text)),
            });
        };
        let unread = |value: &str| format!("a cell of kind `{kind}` holds `{value}`, which is none");
        Ok(Some(match (kind.as_str(), value) {
            ("float" | "percentage" | "currency", Some(value)) => match value.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Held::Number(number),
                _ => return Err(unread(&value)),
            },
            ("date", Some(value)) => Held::Time(without_zeros(&value)),
            ("time", Some(value)) => clock(&value).ok_or_else(|| unread(&value))?,
            ("boolean", Some(value)) => Held::Flag(value == "true"),
            (_, value) => Held::Text(value.unwrap_or(text)),
        }))
    }
}

/// A moment without a fraction of no length.
fn without_zeros(moment: &str) -> String {
    let moment = moment.trim();
    match moment.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole.into(),
        _ => moment.into(),
    }
}

/// `PT08H15M00S`: a time of day; from a day on, a number of days as in other workbooks.
fn clock(duration: &str) -> Option<Held> {
    let (mut seconds, mut digits) = (0.0, String::new());
    for letter in duration.trim().strip_prefix("PT")?.chars() {
        let unit = match letter {
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            letter => {
                digits.push(letter);
                continue;
            }
        };
        seconds += digits.replace(',', ".").parse::<f64>().ok()? * unit;
        digits.clear();
    }
    let days = seconds / 86_400.0;
    let text = super::serial::text(days, super::serial::Shown::Clock, false).filter(|_| days < 1.0);
    Some(text.map_or(Held::Number(days), Held::Time))
}

/// The text of the cell that has begun: its paragraphs, one a line, without notes.
fn text(xml: &mut Xml) -> Result<String, DataError> {
    let (mut text, mut paragraphs, mut depth, mut within) = (String::new(), 0, 1, 0);
    while depth > 0 {
        let Some(event) = xml.next()? else { break };
        match &event {
            Event::Start(element) => match element.name().as_ref() {
                "office:annotation" | "draw:frame" | "draw:custom-shape" | "table:table" => xml.skip()?,
                name => {
                    depth += 1;
                    match name {
                        "text:p" | "text:h" => {
                            if paragraphs > 0 {
                                text.push('\n');
                            }
                            paragraphs += 1;
                            within += 1;
                        }
                        "text:s" => {
                            let times = repeated(element, "c").min(1 << 16) as usize;
                            text.push_str(&" ".repeat(times));
                            within += 1;
                        }
                        "text:tab" => {
                            text.push('\t');
                            within += 1;
                        }
                        "text:line-break" => {
                            text.push('\n');
                            within += 1;
                        }
                        _ => within += u32::from(within > 0),
                    }
                }
            },
            Event::End(_) => {
                depth -= 1;
                within = within.saturating_sub(1);
            }
            event if within > 0 => push_text(event, &mut text),
            _ => {}
        }
    }
    Ok(text)
}
