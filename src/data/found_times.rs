//! Columns of the leads that hold times, told by their values.

use crate::table::{Column, Text};
use crate::time::{Edge, Instant, Layout, MonthPlace, NEVER, Written, Zone};

/// The column as times where every text in it is one that can be read in one way; else itself.
pub(crate) fn timed(column: Column, zone: &Zone) -> Column {
    let Column::Text(text) = column else { return column };
    match times(&text.levels, zone) {
        Some(times) => {
            let time = |code: &u32| times.get(*code as usize).copied().unwrap_or(NEVER);
            Column::Instant(text.codes.iter().map(time).collect())
        }
        None => Column::Text(Text { codes: text.codes, levels: text.levels }),
    }
}

fn times(levels: &[String], zone: &Zone) -> Option<Vec<Instant>> {
    // With the year last, which of the first two numbers is the month must be declared.
    let one_way = |written: &Written| matches!(written.layout, Layout::YearFirst | Layout::Dots);
    let read = |level: &String| Written::parse(level).filter(one_way)?.at(MonthPlace::Second, zone, Edge::Start);
    (!levels.is_empty()).then(|| levels.iter().map(read).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[Option<&str>]) -> Column {
        timed(Column::Text(values.iter().copied().collect()), &Zone::utc())
    }

    #[test]
    fn a_column_is_one_of_times_where_every_value_is_a_time_that_reads_in_one_way() {
        let day = crate::time::DAY;
        assert_eq!(
            read(&[Some("1970-01-02"), None, Some("1970-01-03 00:00")]),
            Column::Instant(vec![day, NEVER, 2 * day])
        );
        assert_eq!(read(&[Some("2.1.1970")]), Column::Instant(vec![day]));
        for text in [&[Some("1970-01-02"), Some("soon")][..], &[Some("01/02/1970")], &[Some("1970-02-30")], &[None]] {
            assert!(matches!(read(text), Column::Text(_)), "{text:?}");
        }
    }
}
