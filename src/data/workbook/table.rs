use std::collections::BTreeMap;

use super::super::DataError;
use super::sheet::{Cell, Sheet, Table, column_name};

/// Rows that are looked at to find the header.
const LOOKED_AT: usize = 64;

/// Where the rows of a sheet lie.
pub(crate) struct Area {
    pub header: u32,
    /// Columns from the first that has a name to the last; a name may be empty.
    pub columns: Vec<(u32, String)>,
    /// The last row that may be one of the table.
    pub last: u32,
    /// The rows that have a cell in a column with a name.
    pub rows: Vec<u32>,
    pub table: Option<Table>,
    /// Rows at the end that are none: one value each, below an empty row.
    pub footers: Vec<u32>,
    /// The first row that has cells, where the header was found below it.
    pub found_below: Option<u32>,
}

impl Area {
    pub fn of(sheet: &Sheet, declared: Option<u32>) -> Result<Self, DataError> {
        let first = first_rows(sheet);
        let Some(&start) = first.keys().next() else {
            return Err(sheet.broken("it is empty; export it again, or name another by `sheet:`"));
        };
        let table = match sheet.tables.as_slice() {
            [table] if declared.is_none_or(|row| row == table.rows.0) => Some(table.clone()),
            _ => None,
        };
        let header = declared.or(table.as_ref().map(|table| table.rows.0)).unwrap_or_else(|| found(&first));
        let within = table.as_ref().map_or((1, u32::MAX), |table| table.columns);
        let last = table.as_ref().map_or(u32::MAX, |table| table.rows.1.saturating_sub(table.totals));
        let columns = names(sheet, header, within);
        if columns.is_empty() {
            let rows = first.keys().take(5).map(u32::to_string).collect::<Vec<_>>().join(", ");
            return Err(sheet.broken(&format!(
                "row {header} names no column; the first rows that hold anything are {rows}: declare the one with the names, as `header_row: {start}`"
            )));
        }
        let is_stated = declared.is_some() || table.is_some();
        let found_below = (!is_stated && header > start).then_some(start);
        let mut rows = rows(sheet, &columns, header, last);
        let footers = if table.is_none() { footers(sheet, &columns, &mut rows) } else { Vec::new() };
        Ok(Self { header, columns, last, rows, table, footers, found_below })
    }

    /// The first value of a row.
    pub fn first<'a>(&self, sheet: &'a Sheet, row: u32) -> &'a str {
        sheet.columns.values().find_map(|column| column.cells(row, row).next()).map_or("", |cell| cell.text)
    }

    /// Rows below a table, each with its first cell.
    pub fn outside<'a>(&self, sheet: &'a Sheet) -> Vec<(u32, &'a str)> {
        let mut outside = BTreeMap::new();
        if self.table.is_some() {
            for column in sheet.columns.values() {
                for cell in column.cells(self.last + 1, u32::MAX) {
                    outside.entry(cell.row).or_insert(cell.text);
                }
            }
        }
        outside.into_iter().collect()
    }

    /// Whether rows fill as many columns as those of the table, so that they seem to go on with it.
    pub fn looks_like_rows(&self, sheet: &Sheet, outside: &[(u32, &str)]) -> bool {
        let named = self.columns.iter().filter(|(_, name)| !name.is_empty()).count();
        let filled = |row: u32| sheet.columns.values().filter(|column| column.cells(row, row).next().is_some()).count();
        outside.iter().take(LOOKED_AT).any(|(row, _)| named > 1 && 2 * filled(*row) > named)
    }

    /// Columns without a name that have values in the table's rows: their letters, the first of them, and how many.
    pub fn unnamed<'a>(&self, sheet: &'a Sheet) -> Vec<(String, Cell<'a>, u64)> {
        let is_named = |at: &u32| self.columns.iter().any(|(known, name)| known == at && !name.is_empty());
        let unnamed = sheet.columns.iter().filter(|(at, _)| self.table.is_none() && !is_named(at));
        let values = |(at, column): (&u32, &'a super::sheet::Column)| {
            let mut cells = column.cells(self.header + 1, self.last).filter(|cell| !cell.text.trim().is_empty());
            let first = cells.next()?;
            Some((column_name(*at), first, 1 + cells.count() as u64))
        };
        unnamed.filter_map(values).collect()
    }
}

/// Of the first rows that have cells, how many each has, and whether all of them are texts.
fn first_rows(sheet: &Sheet) -> BTreeMap<u32, (usize, bool)> {
    let mut rows: BTreeMap<u32, (usize, bool)> = BTreeMap::new();
    for column in sheet.columns.values() {
        let filled = column.cells(1, u32::MAX).filter(|cell| !cell.text.trim().is_empty());
        for cell in filled.take(LOOKED_AT) {
            let (cells, are_texts) = rows.entry(cell.row).or_insert((0, true));
            *cells += 1;
            *are_texts &= cell.kind == super::sheet::Kind::Text;
        }
    }
    rows.into_iter().take(LOOKED_AT).collect()
}

/// The first row that is about as wide as the widest: titles are narrower. Below the first one it must be all texts.
fn found(rows: &BTreeMap<u32, (usize, bool)>) -> u32 {
    let widest = rows.values().map(|(cells, _)| *cells).max().unwrap_or(0);
    let wide = rows.iter().find(|(_, (cells, _))| 5 * cells >= 4 * widest);
    let first = rows.keys().next().copied().unwrap_or(1);
    match wide {
        Some((&row, (cells, true))) if *cells > 1 => row,
        _ => first,
    }
}

fn names(sheet: &Sheet, header: u32, within: (u32, u32)) -> Vec<(u32, String)> {
    let name = |at: u32| {
        let cell = sheet.columns.get(&at).and_then(|column| column.cells(header, header).next());
        cell.filter(|cell| cell.kind.is_value()).map_or(String::new(), |cell| cell.text.trim().to_string())
    };
    let mut named = sheet.columns.range(within.0..=within.1).map(|(&at, _)| at).filter(|&at| !name(at).is_empty());
    let Some(first) = named.next() else { return Vec::new() };
    let last = named.next_back().unwrap_or(first);
    (first..=last).map(|at| (at, name(at))).collect()
}

/// Takes the rows at the end that have one value each, where an empty row stands above them.
fn footers(sheet: &Sheet, columns: &[(u32, String)], rows: &mut Vec<u32>) -> Vec<u32> {
    let named: Vec<u32> = columns.iter().filter(|(_, name)| !name.is_empty()).map(|(at, _)| *at).collect();
    let is_filled =
        |at: &&u32, row: u32| sheet.columns.get(at).is_some_and(|column| column.cells(row, row).next().is_some());
    let has_one = |row: &&u32| named.iter().filter(|at| is_filled(at, **row)).count() == 1;
    let count = rows.iter().rev().take(LOOKED_AT).take_while(has_one).count();
    let (above, below) = rows.split_at(rows.len() - count);
    match (above.last(), below.first()) {
        (Some(above), Some(below)) if named.len() > 2 && above + 1 < *below => rows.split_off(rows.len() - count),
        _ => Vec::new(),
    }
}

fn rows(sheet: &Sheet, columns: &[(u32, String)], header: u32, last: u32) -> Vec<u32> {
    let named = columns.iter().filter(|(_, name)| !name.is_empty());
    let named: Vec<_> = named.filter_map(|(at, _)| sheet.columns.get(at)).collect();
    let mut is_row = Vec::new();
    for cell in named.iter().flat_map(|column| column.cells(header + 1, last)) {
        let row = cell.row as usize;
        if is_row.len() <= row {
            is_row.resize(row + 1, false);
        }
        is_row[row] = true;
    }
    (0u32..).zip(is_row).filter(|(_, is_row)| *is_row).map(|(row, _)| row).collect()
}
