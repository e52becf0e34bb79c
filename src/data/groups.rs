//! Row groups of Parquet files in which no lead is named, told by what the files say of them: nothing of them is decoded.

use std::cell::OnceCell;

use polars::prelude::{ArrowDataType, ParquetReader, SerReader};
use polars_parquet::parquet::statistics::Statistics;
use polars_parquet::read::RowGroupMetadata;

use crate::table::Ids;

use super::DataError;
use super::columnar::{broken, is_text, open};
use super::decoding::RowGroups;
use super::files::{Content, InFile};
use super::finding::PLACES;
use super::source::Source;

/// By file, which of its row groups name strangers alone in the column, but for the first: findings show who they are.
/// Of a file that cannot be read none: its reader says why.
pub(crate) fn of_strangers(source: &Source, column: usize, ids: &Ids) -> RowGroups {
    let leads = Leads { ids, numbers: OnceCell::new() };
    let mut shown = 0;
    let mut of_file = |(file, content): (&InFile, &Content)| {
        let groups = match content {
            Content::Parquet => groups(file, &source.header[column], &leads).unwrap_or_default(),
            _ => Vec::new(),
        };
        let is_passed_over = |(rows, strange): (usize, bool)| {
            let passed_over = strange && shown >= PLACES;
            shown += if strange { rows } else { 0 };
            passed_over
        };
        groups.into_iter().map(is_passed_over).collect()
    };
    source.files.iter().zip(&source.contents).map(&mut of_file).collect()
}

/// The rows of each group, and whether all of them name strangers.
fn groups(file: &InFile, name: &str, leads: &Leads) -> Result<Vec<(usize, bool)>, DataError> {
    let mut reader = ParquetReader::new(open(file)?);
    let schema = reader.schema().map_err(|error| broken(file, &error))?;
    let metadata = reader.get_metadata().map_err(|error| broken(file, &error))?;
    let Some(field) = schema.get(name) else { return Ok(Vec::new()) };
    let of_group = |group: &RowGroupMetadata| {
        let chunk = group.columns_under_root_iter(name).and_then(|mut chunks| chunks.next());
        let statistics = chunk.and_then(|chunk| chunk.statistics(&metadata.footer_buf)?.ok());
        let strange = statistics.is_some_and(|statistics| leads.has_none_within(&statistics, &field.dtype));
        (group.num_rows(), strange)
    };
    Ok(metadata.row_groups.iter().map(of_group).collect())
}

/// The leads as a file may name them.
struct Leads<'a> {
    ids: &'a Ids,
    /// Those that are whole numbers, ascending.
    numbers: OnceCell<Vec<i64>>,
}

impl Leads<'_> {
    /// False too where the bounds are not known, or not those of the values' text. Bounds may be wider than the values.
    fn has_none_within(&self, statistics: &Statistics, kind: &ArrowDataType) -> bool {
        use ArrowDataType as A;
        match statistics {
            Statistics::Binary(text) if is_text(kind) => match (&text.min_value, &text.max_value) {
                (Some(low), Some(high)) => !self.ids.has_between(low, high),
                _ => false,
            },
            Statistics::Int64(number) if *kind == A::Int64 => self.has_no_number(number.min_value, number.max_value),
            Statistics::Int32(number) if *kind == A::Int32 => {
                self.has_no_number(number.min_value.map(i64::from), number.max_value.map(i64::from))
            }
            _ => false,
        }
    }

    fn has_no_number(&self, low: Option<i64>, high: Option<i64>) -> bool {
        let (Some(low), Some(high)) = (low, high) else { return false };
        let numbers = self.numbers.get_or_init(|| {
            let mut numbers: Vec<i64> = self.ids.iter().filter_map(|id| id.parse().ok()).collect();
            numbers.sort_unstable();
            numbers
        });
        let next = numbers.partition_point(|number| *number < low);
        numbers.get(next).is_none_or(|number| *number > high)
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};

    use super::*;
    use crate::data::gather::{As, Ask, Request, Step, gather_of_leads};
    use crate::data::spec::Dialect;
    use crate::time::Zone;

    /// Three rows a lead, by lead, in groups of ten leads.
    fn log(folder: &std::path::Path, name: &str, lead: Column) -> Source {
        let rows = lead.len();
        let number: Vec<f64> = (0..rows).map(|row| row as f64).collect();
        let mut frame = DataFrame::new(rows, vec![lead, Series::new("n".into(), number).into()]).unwrap();
        let file = std::fs::File::create(folder.join(name)).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(30)).finish(&mut frame).unwrap();
        Source::open("history", &name.into(), Dialect::default(), folder).unwrap()
    }

    fn ids(names: impl Iterator<Item = usize>, form: fn(usize) -> String) -> Ids {
        let mut names: Vec<String> = names.map(form).collect();
        names.sort();
        names.iter().map(String::as_str).collect()
    }

    #[test]
    fn groups_of_strangers_are_counted_without_being_read() {
        let folder = tempfile::tempdir().unwrap();
        let text: Vec<String> = (0..300).map(|row| format!("L{:03}", row / 3)).collect();
        let text = log(folder.path(), "text.parquet", Series::new("lead".into(), text).into());
        let numbers: Vec<i64> = (0..300).map(|row| row / 3).collect();
        let numbers = log(folder.path(), "numbers.parquet", Series::new("lead".into(), numbers).into());
        let named = |lead: usize| format!("L{lead:03}");
        for (source, form) in [(text, named as fn(usize) -> String), (numbers, |lead| lead.to_string())] {
            // Leads of the groups 4 and 7; the first group of strangers is shown.
            let ids = ids((42..46).chain([70]).chain([900]), form);
            let wanted = [true, false, false, false, true, false, false, true, false, false];
            let passed_over = of_strangers(&source, 0, &ids);
            assert_eq!(passed_over, [wanted.map(|wanted| !wanted)], "{}", form(1));
            let zone = Zone::utc();
            let asks = [Ask { place: 1, kind: As::Number }];
            let request = Request::new(&source, &[0], &asks, &zone);
            let mut seen = Vec::new();
            let read = gather_of_leads(
                request,
                &ids,
                true,
                &|_| (),
                |batch, _| batch.rows(),
                |step| {
                    if let Step::Of(_, rows) = step {
                        seen.push(rows);
                    }
                },
            );
            let read = read.unwrap();
            assert_eq!(seen.iter().sum::<usize>(), 90);
            assert_eq!((read.leads.len(), read.strangers.count, read.strangers.first.len()), (15, 285, PLACES));
            let at: Vec<u32> = read.spots.iter().map(|spot| spot.line).collect();
            assert_eq!(at, (127..139).chain(211..214).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn a_group_that_may_name_a_lead_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let lead: Vec<Option<f64>> = (0..300).map(|row| (row % 3 > 0).then_some(f64::from(row / 3))).collect();
        let source = log(folder.path(), "log.parquet", Series::new("lead".into(), lead).into());
        // Decimals are text of another order.
        assert_eq!(of_strangers(&source, 0, &ids(500..600, |lead| lead.to_string())), [[false; 10]]);
        // Ids of which it is not known that they ascend.
        let text: Vec<String> = (0..300).map(|row| format!("L{:03}", row / 3)).collect();
        let source = log(folder.path(), "text.parquet", Series::new("lead".into(), text).into());
        let unordered: Ids = ["M2", "M1"].into_iter().collect();
        assert_eq!(of_strangers(&source, 0, &unordered), [[false; 10]]);
    }
}
