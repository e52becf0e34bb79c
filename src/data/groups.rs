//! Row groups of Parquet files in which no lead is named, told by what the files say of them: nothing of them is decoded.

use std::cell::OnceCell;

use crate::table::Ids;

use super::decoding::RowGroups;
use super::finding::PLACES;
use super::joins::Keys;
use super::reader::{Bounds, Group};
use super::source::Source;

/// By file, which of its row groups name strangers alone in the column, but for the first: findings show who they are.
pub(crate) fn of_strangers(source: &Source, column: usize, keys: &Keys) -> RowGroups {
    let leads = Leads { ids: keys.ids, numbers: OnceCell::new() };
    let mut shown = 0;
    let mut is_passed_over = |group: Group| {
        // Bounds speak of ids as they are written.
        let strange = keys.are_ids() && group.bounds.is_some_and(|bounds| leads.has_none_within(&bounds));
        let passed_over = strange && shown >= PLACES;
        shown += if strange { group.rows } else { 0 };
        passed_over
    };
    let name = &source.header[column];
    source.readers.iter().map(|reader| reader.groups(name).into_iter().map(&mut is_passed_over).collect()).collect()
}

/// The leads as a file may name them.
struct Leads<'a> {
    ids: &'a Ids,
    /// Those that are whole numbers, ascending.
    numbers: OnceCell<Vec<i64>>,
}

impl Leads<'_> {
    fn has_none_within(&self, bounds: &Bounds) -> bool {
        match bounds {
            Bounds::Text(low, high) => !self.ids.has_between(low, high),
            Bounds::Number(low, high) => self.has_no_number(*low, *high),
        }
    }

    fn has_no_number(&self, low: i64, high: i64) -> bool {
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
    use crate::data::builder::{As, Ask};
    use crate::data::gather::{Request, gather_of_leads};
    use crate::data::joins::LeadNames;
    use crate::data::key::LeadKey;
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

    fn keys(ids: &Ids) -> Keys<'_> {
        static NONE: std::sync::OnceLock<(LeadKey, LeadNames)> = std::sync::OnceLock::new();
        let (key, names) = NONE.get_or_init(Default::default);
        Keys::new(ids, Vec::new(), key, names)
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
            let passed_over = of_strangers(&source, 0, &keys(&ids));
            assert_eq!(passed_over, [wanted.map(|wanted| !wanted)], "{}", form(1));
            let zone = Zone::utc();
            let asks = [Ask { place: 1, kind: As::Number }];
            let request = Request::new(&source, &[0], &asks, &zone);
            let read = gather_of_leads(request, &keys(&ids), &|_| ()).unwrap();
            assert_eq!(read.met.iter().map(|met| met.passed_over).sum::<u64>(), 210);
            assert_eq!(
                (read.leads.len(), read.strangers.unknown.count, read.strangers.unknown.first.len()),
                (15, 285, PLACES)
            );
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
        assert_eq!(of_strangers(&source, 0, &keys(&ids(500..600, |lead| lead.to_string()))), [[false; 10]]);
        // Ids of which it is not known that they ascend.
        let text: Vec<String> = (0..300).map(|row| format!("L{:03}", row / 3)).collect();
        let source = log(folder.path(), "text.parquet", Series::new("lead".into(), text).into());
        let unordered: Ids = ["M2", "M1"].into_iter().collect();
        assert_eq!(of_strangers(&source, 0, &keys(&unordered)), [[false; 10]]);
    }
}
