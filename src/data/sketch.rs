//! Tables as they stand, before anybody has said what they are.

use std::path::Path;

use rayon::prelude::*;

use crate::table::{Column, Text, words_of};
use crate::time::{Edge, Format, Instant, NEVER, Written, Zone};

use super::DataError;
use super::builder::{As, Ask};
use super::cells::Spot;
use super::checks::is_null_word;
use super::gather::{Request, gather_rows};
use super::source::Source;
use super::spec::{Dialect, Encoding, Paths};
use super::times::TimeColumn;

/// A table, read as far as it takes to tell what it holds.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// Its files, as they were named.
    pub files: Vec<String>,
    /// Of a workbook with several sheets, the one it stands in.
    pub sheet: Option<String>,
    /// How its letters are encoded, where not as UTF-8.
    pub encoding: Option<Encoding>,
    /// Words in it that mean that nothing is there; its columns are read without them.
    pub nulls: Vec<String>,
    pub columns: Vec<Sketched>,
    /// Rows that were looked at.
    pub rows: usize,
    /// Whether there are more.
    pub has_more: bool,
}

/// A column, as it is read without being declared.
#[derive(Clone, Debug)]
pub struct Sketched {
    pub name: String,
    pub column: Column,
    /// Of times that are not told by themselves, how they are written.
    pub format: Option<Format>,
    /// Of times and numbers with two readings, what there is to say of them.
    pub unclear: Option<String>,
    pub are_dates: bool,
}

/// Rows that are enough to tell a column by.
const ENOUGH: usize = 300_000;
/// Instants that numbers of milliseconds are taken for: 2000 to 2040. Ids and phone numbers are shorter, or longer.
const OUR_DAYS: std::ops::Range<f64> = 946_684_800_000.0..2_208_988_800_000.0;
/// Words of columns that hold times.
const TIMELY: [&str; 12] =
    ["date", "time", "timestamp", "at", "on", "created", "updated", "closed", "datum", "zeit", "zeitpunkt", "fecha"];

/// Reads the first rows of files that are read together, or of each sheet of a workbook that has several.
///
/// # Errors
/// When they are no table, differ in their columns, or cannot be read.
pub fn sketches(paths: &Paths, base: &Path) -> Result<Vec<Sketch>, DataError> {
    match sketch(paths, None, base) {
        Err(DataError::Sheets { sheets, .. }) => {
            let read: Vec<Result<Sketch, DataError>> =
                sheets.into_par_iter().map(|sheet| sketch(paths, Some(sheet), base)).collect();
            if read.iter().all(Result::is_err) {
                return read.into_iter().collect();
            }
            // A sheet of remarks or pictures is no table.
            Ok(read.into_iter().flatten().collect())
        }
        one => one.map(|one| vec![one]),
    }
}

const INPUT: &str = "table";

fn sketch(paths: &Paths, sheet: Option<String>, base: &Path) -> Result<Sketch, DataError> {
    let mut dialect = Dialect { sheet, ..Dialect::default() };
    let mut read = match first_rows(paths, &dialect, base) {
        // What spreadsheet programs of Western Europe write.
        Err(DataError::Encoding { .. }) => {
            dialect.encoding = Some(Encoding::windows());
            first_rows(paths, &dialect, base)?
        }
        read => read?,
    };
    let mut nulls: Vec<String> = read.columns.iter().flat_map(|(_, column)| null_words(column)).collect();
    nulls.sort();
    nulls.dedup();
    if !nulls.is_empty() {
        dialect.nulls = nulls.clone();
        read = first_rows(paths, &dialect, base)?;
    }
    let FirstRows { source, spots, columns, has_more } = read;
    let of = |(name, column): (String, Column)| sketched(name, column, &source, &spots);
    let columns = columns.into_par_iter().map(of).collect();
    Ok(Sketch {
        files: paths.0.clone(),
        sheet: dialect.sheet,
        encoding: dialect.encoding,
        nulls,
        columns,
        rows: spots.len(),
        has_more,
    })
}

struct FirstRows {
    source: Source,
    spots: Vec<Spot>,
    columns: Vec<(String, Column)>,
    has_more: bool,
}

fn first_rows(paths: &Paths, dialect: &Dialect, base: &Path) -> Result<FirstRows, DataError> {
    let source = Source::open(INPUT, paths, dialect.clone(), base)?;
    let is_doubled = |name: &String| source.header.iter().filter(|other| *other == name).count() > 1;
    let places = (0..source.header.len()).filter(|&place| !is_doubled(&source.header[place]));
    let asks: Vec<Ask> = places.map(|place| Ask { place, kind: As::Found }).collect();
    let (mut spots, zone) = (Vec::new(), Zone::utc());
    let request = Request { at_most: ENOUGH, ..Request::new(&source, &[], &asks, &zone) };
    let (columns, _) = gather_rows(request, &|_| {}, &|_| ((), None), &mut |batch, ()| {
        spots.extend((0..batch.rows()).map(|row| batch.spot(row)));
    })?;
    let named = asks.iter().map(|ask| source.header[ask.place].clone());
    let columns = named.zip(columns.into_iter().map(|gathered| gathered.column)).collect();
    Ok(FirstRows { has_more: spots.len() >= ENOUGH, source, spots, columns })
}

/// Words for nothing among a column's texts, where there are other texts too.
fn null_words(column: &Column) -> Vec<String> {
    let Column::Text(text) = column else { return Vec::new() };
    let words: Vec<String> = text.levels.iter().filter(|level| is_null_word(level)).cloned().collect();
    if words.len() < text.levels.len() { words } else { Vec::new() }
}

fn sketched(name: String, column: Column, source: &Source, spots: &[Spot]) -> Sketched {
    let plain = |column: Column| Sketched { name: name.clone(), column, format: None, unclear: None, are_dates: false };
    match &column {
        Column::Instant(_) => plain(column),
        Column::Text(text) => of_text(&name, text, source, spots).unwrap_or_else(|| plain(column)),
        Column::Number(numbers) => of_numbers(&name, numbers).unwrap_or_else(|| plain(column)),
        Column::Flag(_) => plain(column),
    }
}

/// Times that are written as text; nothing where the text is another.
fn of_text(name: &str, text: &Text, source: &Source, spots: &[Spot]) -> Option<Sketched> {
    let read = |format: Option<Format>| {
        let mut times = TimeColumn::new(Zone::utc(), Edge::Start, format.clone(), text.codes.len());
        for (row, &spot) in spots.iter().enumerate() {
            match text.get(row) {
                Some(value) => times.push_text(value, spot),
                None => times.push_missing(),
            }
        }
        (times.finish(source, name), format)
    };
    let first = text.levels.first()?;
    // One slip in a hundred is none of the column's way of writing.
    let slips = text.levels.iter().filter(|level| Written::parse(level).is_none()).count();
    let are_written = slips * 100 <= text.levels.len() && Written::parse(first).is_some();
    let declared = || {
        let fits = |format: &Format| text.levels.iter().all(|level| format.is_likely(level, &Zone::utc()));
        let mut fitting: Vec<Format> = Format::candidates(first).into_iter().filter(fits).collect();
        // Four numbers with dots between them are an address.
        let is_date =
            |pattern: &str| pattern.contains("%Y") || pattern.contains(':') || pattern.matches('%').count() == 3;
        fitting.retain(|format| matches!(format, Format::Pattern(pattern) if is_date(pattern)));
        (fitting.len() == 1).then(|| fitting.remove(0))
    };
    let format = if are_written { None } else { Some(declared()?) };
    let column = |times: Vec<Instant>| Column::Instant(times);
    Some(match read(format) {
        (Ok(times), format) => {
            Sketched { name: name.into(), column: column(times.at), format, unclear: None, are_dates: times.are_dates }
        }
        // Two readings: either tells what the column is.
        (Err(DataError::AmbiguousTime(either)), _) => {
            let said = format!("`{}` is {} or {}", either.value, either.day_first, either.month_first);
            let format = Format::Pattern(either.day_format.clone());
            let times = read(Some(format.clone())).0.ok()?;
            Sketched {
                name: name.into(),
                column: column(times.at),
                format: Some(format),
                unclear: Some(said),
                are_dates: times.are_dates,
            }
        }
        (Err(_), _) => return None,
    })
}

/// Times that are written as numbers.
fn of_numbers(name: &str, numbers: &[f64]) -> Option<Sketched> {
    let filled = || numbers.iter().filter(|number| !number.is_nan());
    let is_timely = || words_of(name).iter().any(|word| TIMELY.contains(&word.as_str()));
    let are = |format: &Format| filled().all(|number| format.is_likely(&number.to_string(), &Zone::utc()));
    filled().next()?;
    let format = if filled().all(|number| OUR_DAYS.contains(number) && number.fract() == 0.0) {
        Format::Milliseconds
    } else if is_timely() {
        [Format::Seconds, Format::Excel].into_iter().find(are)?
    } else {
        return None;
    };
    let at = |number: &f64| match format.read(&number.to_string(), &Zone::utc(), Edge::Start) {
        Some((at, _)) if !number.is_nan() => at,
        _ => NEVER,
    };
    let column = Column::Instant(numbers.iter().map(at).collect());
    Some(Sketched { name: name.into(), column, format: Some(format), unclear: None, are_dates: false })
}
