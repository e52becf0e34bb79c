//! Which periods are compared: quarters, months, stretches of days, or ranges of rows.

use crate::experiment::{Month, NamedRows};
use crate::replay::Rows;
use crate::time::{DAY, Instant, Moment, Zone};

use super::ReviewError;

/// The period to review.
#[derive(Clone, Debug, PartialEq)]
pub enum Reviewed {
    /// `2026Q3`, or `FY2027Q1` where the fiscal year does not begin in January.
    Quarter(String),
    /// `2026-07`.
    Month(String),
    /// From a day to before another; the periods before are as long.
    Days(Moment, Moment),
    /// One of the named ranges of rows.
    Named(String),
    /// The last whole quarter of the leads' creation, or the last range of rows.
    Latest,
}

/// Leads that belong together.
#[derive(Clone, Debug, PartialEq)]
pub enum Extent {
    /// Created in `[from, to)`.
    Created(Instant, Instant),
    Rows(Rows),
}

/// A period with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    pub label: String,
    pub extent: Extent,
}

/// The periods to compare, oldest first, the reviewed one last.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretches {
    pub all: Vec<Stretch>,
    /// quarter, month or period.
    pub unit: &'static str,
    /// So many periods make a year.
    pub season: Option<usize>,
}

/// What decides on the periods beside what was asked.
pub struct Calendar<'a> {
    pub zone: &'a Zone,
    pub fiscal_year_starts: Option<Month>,
    pub named: &'a [NamedRows],
    /// The last lead's creation; nothing without creation times.
    pub latest: Option<Instant>,
}

/// The reviewed period and so many before it.
///
/// # Errors
/// When what was asked is no period, or does not fit the leads.
pub fn stretches(asked: &Reviewed, compare: usize, calendar: &Calendar) -> Result<Stretches, ReviewError> {
    match asked {
        Reviewed::Named(name) => named(Some(name), compare, calendar),
        Reviewed::Latest if !calendar.named.is_empty() => named(None, compare, calendar),
        // A name of a range of rows may be given as a quarter too.
        Reviewed::Quarter(name) if calendar.named.iter().any(|one| one.name == *name) => {
            named(Some(name), compare, calendar)
        }
        _ if calendar.latest.is_none() => Err(ReviewError::NoDates),
        Reviewed::Quarter(text) => quarters(first_month(text, calendar)?, compare, calendar),
        Reviewed::Month(text) => months(month(text)?, compare, calendar),
        Reviewed::Days(from, to) => days(from, to, compare, calendar.zone),
        Reviewed::Latest => {
            let latest = calendar.latest.ok_or(ReviewError::NoDates)?;
            let month = calendar.zone.month_of(latest);
            let start = start_of_year(calendar);
            quarters(month - (month - start).rem_euclid(3), compare, calendar)
        }
    }
}

/// The fiscal year's first month, from 0 for January.
fn start_of_year(calendar: &Calendar) -> i32 {
    calendar.fiscal_year_starts.map_or(0, |month| i32::from(month.number()) - 1)
}

/// The first month of a quarter, counted from January of the year 0.
fn first_month(text: &str, calendar: &Calendar) -> Result<i32, ReviewError> {
    let start = start_of_year(calendar);
    let example = if start == 0 { "2026Q3" } else { "FY2027Q1" };
    let wrong = || ReviewError::Quarter { text: text.into(), example };
    let plain = match (start, text.strip_prefix("FY")) {
        (0, None) => text,
        (0, Some(_)) | (_, None) => return Err(wrong()),
        (_, Some(plain)) => plain,
    };
    let (year, quarter) = plain.split_once('Q').ok_or_else(wrong)?;
    let year: i32 = Some(year).filter(|year| year.len() == 4).and_then(|year| year.parse().ok()).ok_or_else(wrong)?;
    let quarter: i32 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter)).ok_or_else(wrong)?;
    let begins = if start == 0 { year } else { year - 1 };
    Ok(begins * 12 + start + 3 * (quarter - 1))
}

fn quarter_name(month: i32, calendar: &Calendar) -> String {
    let start = start_of_year(calendar);
    let (year, quarter) = ((month - start).div_euclid(12), (month - start).rem_euclid(12) / 3 + 1);
    if start == 0 { format!("{year:04}Q{quarter}") } else { format!("FY{:04}Q{quarter}", year + 1) }
}

fn month(text: &str) -> Result<i32, ReviewError> {
    let wrong = || ReviewError::Month { text: text.into() };
    let (year, month) = text.split_once('-').ok_or_else(wrong)?;
    let year: i32 = Some(year).filter(|year| year.len() == 4).and_then(|year| year.parse().ok()).ok_or_else(wrong)?;
    let month: i32 = month.parse().ok().filter(|month| (1..=12).contains(month)).ok_or_else(wrong)?;
    Ok(year * 12 + month - 1)
}

fn quarters(first: i32, compare: usize, calendar: &Calendar) -> Result<Stretches, ReviewError> {
    let all = of_months(first, 3, compare, calendar.zone, |month| quarter_name(month, calendar))?;
    Ok(Stretches { all, unit: "quarter", season: Some(4) })
}

fn months(first: i32, compare: usize, calendar: &Calendar) -> Result<Stretches, ReviewError> {
    let name = |month: i32| format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1);
    let all = of_months(first, 1, compare, calendar.zone, name)?;
    Ok(Stretches { all, unit: "month", season: Some(12) })
}

fn of_months(
    first: i32,
    length: i32,
    compare: usize,
    zone: &Zone,
    name: impl Fn(i32) -> String,
) -> Result<Vec<Stretch>, ReviewError> {
    let back = i32::try_from(compare).map_err(|_| ReviewError::OutsideTheCalendar)?;
    let one = |back: i32| {
        let month = first - back * length;
        let (from, to) = (zone.month_start(month)?, zone.month_start(month + length)?);
        Some(Stretch { label: name(month), extent: Extent::Created(from, to) })
    };
    (0..=back).rev().map(|back| one(back).ok_or(ReviewError::OutsideTheCalendar)).collect()
}

fn days(from: &Moment, to: &Moment, compare: usize, zone: &Zone) -> Result<Stretches, ReviewError> {
    let (start, end) = (from.start(zone), to.start(zone));
    if start >= end {
        return Err(ReviewError::NoDays { from: from.to_string(), to: to.to_string() });
    }
    let length = end - start;
    let one = |back: usize| {
        let (from, to) = (start - back as i64 * length, end - back as i64 * length);
        let label = format!("{} to {}", zone.text(from), zone.text(to - DAY.min(length)));
        Stretch { label, extent: Extent::Created(from, to) }
    };
    let all = (0..=compare.min(1_000)).rev().map(one).collect();
    Ok(Stretches { all, unit: "period", season: None })
}

fn named(name: Option<&str>, compare: usize, calendar: &Calendar) -> Result<Stretches, ReviewError> {
    let place = match name {
        None => calendar.named.len().checked_sub(1),
        Some(name) => calendar.named.iter().position(|one| one.name == name),
    };
    let Some(place) = place else {
        let known: Vec<String> = calendar.named.iter().map(|one| format!("`{}`", one.name)).collect();
        let known = if known.is_empty() { "there are none".into() } else { known.join(", ") };
        return Err(ReviewError::NoPeriod { name: name.unwrap_or_default().into(), known });
    };
    let rows = &calendar.named[place.saturating_sub(compare)..=place];
    let all = rows.iter().map(|one| Stretch { label: one.name.clone(), extent: Extent::Rows(one.rows) }).collect();
    Ok(Stretches { all, unit: "period", season: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &Zone, fiscal: Option<u8>) -> Calendar<'_> {
        Calendar { zone, fiscal_year_starts: fiscal.and_then(Month::new), named: &[], latest: Some(0) }
    }

    fn labels(asked: &Reviewed, compare: usize, fiscal: Option<u8>) -> Vec<String> {
        let zone = Zone::utc();
        let found = stretches(asked, compare, &calendar(&zone, fiscal)).unwrap();
        found.all.into_iter().map(|one| one.label).collect()
    }

    #[test]
    fn four_quarters_back_is_the_same_one_a_year_ago() {
        let quarter = Reviewed::Quarter("2026Q1".into());
        assert_eq!(labels(&quarter, 4, None), ["2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"]);
        assert_eq!(labels(&Reviewed::Month("2026-01".into()), 2, None), ["2025-11", "2025-12", "2026-01"]);
    }

    #[test]
    fn a_fiscal_year_is_named_after_the_year_in_which_it_ends() {
        let zone = Zone::utc();
        let quarter = Reviewed::Quarter("FY2027Q1".into());
        let found = stretches(&quarter, 1, &calendar(&zone, Some(7))).unwrap();
        let Extent::Created(from, to) = found.all[1].extent else { panic!("dates") };
        assert_eq!((zone.text(from), zone.text(to)), ("2026-07-01".into(), "2026-10-01".into()));
        assert_eq!(found.all[0].label, "FY2026Q4");
    }

    #[test]
    fn quarters_begin_at_midnight_of_their_zone() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let found = stretches(&Reviewed::Quarter("2026Q3".into()), 0, &calendar(&berlin, None)).unwrap();
        let Extent::Created(from, _) = found.all[0].extent else { panic!("dates") };
        assert_eq!(Zone::utc().text(from), "2026-06-30 22:00:00");
    }

    #[test]
    fn stretches_of_days_go_back_by_their_own_length() {
        let days = Reviewed::Days("2026-03-01".parse().unwrap(), "2026-03-11".parse().unwrap());
        assert_eq!(labels(&days, 1, None), ["2026-02-19 to 2026-02-28", "2026-03-01 to 2026-03-10"]);
    }

    #[test]
    fn what_is_no_quarter_is_refused() {
        let zone = Zone::utc();
        for (text, fiscal) in
            [("2026Q5", None), ("2026-3", None), ("FY2026Q1", None), ("2026Q1", Some(4)), ("99999Q1", None)]
        {
            let found = stretches(&Reviewed::Quarter(text.into()), 4, &calendar(&zone, fiscal));
            assert!(matches!(found, Err(ReviewError::Quarter { .. })), "{text}");
        }
    }

    #[test]
    fn leads_without_dates_have_periods_by_row() {
        let zone = Zone::utc();
        let named = ["first", "second"].map(|name| NamedRows { name: name.into(), rows: "0..9".parse().unwrap() });
        let calendar = Calendar { zone: &zone, fiscal_year_starts: None, named: &named, latest: None };
        let found = stretches(&Reviewed::Latest, 4, &calendar).unwrap();
        assert_eq!(found.all.iter().map(|one| one.label.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(stretches(&Reviewed::Quarter("first".into()), 4, &calendar).unwrap().all.len(), 1);
        assert!(stretches(&Reviewed::Named("third".into()), 4, &calendar).is_err());
        let none = Calendar { named: &[], ..calendar };
        assert!(matches!(stretches(&Reviewed::Latest, 4, &none), Err(ReviewError::NoDates)));
    }
}
