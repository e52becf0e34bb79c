use crate::data::{Attribute, History, Known};
use crate::table::{Column, Table};
use crate::time::{Instant, NEVER, Zone};

/// A column of times, and for which leads it holds one that was not known when they were scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Later {
    pub column: String,
    pub hidden: Vec<bool>,
}

/// The leads' columns as they were known at `as_of`, and the times that come after it; leads without a moment of scoring
/// as they stand.
pub(super) fn known(history: &History, leads: &[usize], as_of: &[Instant]) -> (Table, Vec<Later>) {
    let (mut table, mut later) = (Table::new(leads.len()), Vec::new());
    for (field, attribute) in history.attributes.iter().enumerate() {
        let mut column = known_column(history, field as u32, attribute, leads, as_of);
        if let (Column::Instant(times), true) = (&mut column, attribute.known != Known::Planned) {
            let from = |at| known_from(attribute, at, &history.zone);
            later.push(Later { column: attribute.name.clone(), hidden: hide_later(times, as_of, from) });
        }
        table.push(attribute.name.clone(), column);
    }
    (table, later)
}

/// From when on a time is known: from itself; a date, from the end of its day.
fn known_from(attribute: &Attribute, at: Instant, zone: &Zone) -> Instant {
    if attribute.are_dates && at != NEVER { zone.end_of(zone.date(at)) } else { at }
}

/// A time is not known before itself, whatever is declared. Says whose was hidden.
fn hide_later(times: &mut [Instant], as_of: &[Instant], from: impl Fn(Instant) -> Instant) -> Vec<bool> {
    let hide = |(time, as_of): (&mut Instant, &Instant)| {
        let is_later = *time != NEVER && *as_of != NEVER && from(*time) > *as_of;
        if is_later {
            *time = NEVER;
        }
        is_later
    };
    times.iter_mut().zip(as_of).map(hide).collect()
}

fn known_column(history: &History, field: u32, attribute: &Attribute, leads: &[usize], as_of: &[Instant]) -> Column {
    match &attribute.known {
        Known::AtCreation | Known::AsExported | Known::Planned => attribute.column.take(leads),
        Known::At(other) => {
            let other = history.attributes.iter().find(|attribute| attribute.name == *other);
            let Some((other, Column::Instant(times))) = other.map(|other| (other, &other.column)) else {
                return attribute.column.missing(leads.len());
            };
            let is_known = |at: Instant, as_of: Instant| at != NEVER && known_from(other, at, &history.zone) <= as_of;
            let row = |(&lead, &as_of)| (as_of == NEVER || is_known(times[lead], as_of)).then_some(lead);
            attribute.column.take_some(&leads.iter().zip(as_of).map(row).collect::<Vec<_>>())
        }
        Known::ByHistory => by_history(history, field, attribute, leads, as_of),
    }
}

/// The last change at or before `as_of`; missing before the first.
fn by_history(history: &History, field: u32, attribute: &Attribute, leads: &[usize], as_of: &[Instant]) -> Column {
    let Some(changed) = attribute.changed.as_ref().filter(|changed| !changed.is_empty()) else {
        return attribute.column.missing(leads.len());
    };
    let last = |row: usize| -> Option<usize> {
        let (lead, at) = (leads[row] as u32, as_of[row]);
        let next =
            history.changes.partition_point(|change| (change.lead, change.field, change.from) <= (lead, field, at));
        let change = history.changes.get(next.checked_sub(1)?)?;
        (change.lead == lead && change.field == field).then_some(change.value as usize)
    };
    changed.take_some(&(0..leads.len()).map(last).collect::<Vec<_>>())
}

/// Attributes known only as they stood on the day of the export.
pub(super) fn as_exported(history: &History) -> Vec<String> {
    let exported = history.attributes.iter().filter(|attribute| attribute.known == Known::AsExported);
    exported.map(|attribute| attribute.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_hidden_until_it_comes_and_no_longer() {
        let mut times = vec![10, 11, NEVER, 12, 12];
        let hidden = hide_later(&mut times, &[10, 10, 10, NEVER, 11], |at| at);
        assert_eq!(times, [10, NEVER, NEVER, 12, NEVER]);
        assert_eq!(hidden, [false, true, false, false, true]);
    }

    #[test]
    fn a_date_is_known_from_the_end_of_its_day_on() {
        let zone = Zone::utc();
        let of = |are_dates| Attribute {
            name: "d".into(),
            column: Column::Instant(vec![0]),
            known: Known::AtCreation,
            are_dates,
            changed: None,
        };
        assert_eq!((known_from(&of(false), 0, &zone), known_from(&of(true), 0, &zone)), (0, crate::time::DAY - 1));
        assert_eq!(known_from(&of(true), NEVER, &zone), NEVER);
    }
}
