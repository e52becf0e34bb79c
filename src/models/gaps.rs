//! Values between the ranges that criteria give points for, which no range holds.

use super::resolve::Points;
use super::shape::bands;
use super::spec::Criterion;
use crate::predicate::Range;

/// What lies between two neighbouring ranges of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    pub column: String,
    /// The criteria whose ranges leave it out.
    pub criteria: Vec<String>,
    pub range: Range,
    /// Its ends are neighbours as they are written, such as 100 and 101: the ranges were meant to touch.
    pub is_slip: bool,
}

/// Gaps between the bands of a criterion, and between criteria that each hold one column against numbers. What lies far
/// between the latter is left out on purpose.
pub(super) fn gaps(points: &Points) -> Vec<Gap> {
    let criteria = || points.criteria.iter().map(|placed| &placed.criterion);
    let of_bands = criteria().filter_map(|one| {
        let column = one.bands.as_ref()?.column.clone();
        let ranges = bands(one).into_iter().map(|range| (range, one.name.clone()));
        Some(between(&column, ranges.collect()))
    });
    let mut gaps: Vec<Gap> = of_bands.flatten().collect();
    let mut columns: Vec<(String, Vec<(Range, String)>)> = Vec::new();
    for (column, range, name) in criteria().filter_map(condition) {
        let folded = column.to_lowercase();
        match columns.iter_mut().find(|(known, _)| known.to_lowercase() == folded) {
            Some((_, ranges)) => ranges.push((range, name)),
            None => columns.push((column, vec![(range, name)])),
        }
    }
    let of_conditions = columns.into_iter().flat_map(|(column, ranges)| between(&column, ranges));
    gaps.extend(of_conditions.filter(|gap| gap.is_slip));
    gaps
}

/// The column and the range of a criterion that asks for nothing else.
fn condition(criterion: &Criterion) -> Option<(String, Range, String)> {
    let is_alone = criterion.event.is_none() && criterion.inactive_for.is_none() && criterion.lead_when.is_none();
    let (column, range) = criterion.when.as_ref().filter(|_| is_alone)?.range()?;
    Some((column.to_owned(), range, criterion.name.clone()))
}

fn between(column: &str, mut ranges: Vec<(Range, String)>) -> Vec<Gap> {
    ranges.sort_by(|a, b| a.0.order(&b.0));
    let mut gaps = Vec::new();
    let mut ranges = ranges.into_iter();
    let Some(mut furthest) = ranges.next() else { return gaps };
    for next in ranges {
        if let Some(range) = furthest.0.until(&next.0) {
            let mut criteria = vec![furthest.1.clone(), next.1.clone()];
            criteria.dedup();
            gaps.push(Gap { column: column.into(), criteria, range, is_slip: are_neighbours(range.low, range.high) });
        }
        if next.0.high > furthest.0.high || (next.0.high == furthest.0.high && next.0.with_high) {
            furthest = next;
        }
    }
    gaps
}

/// Whether no number with as many decimals lies between two: 100 and 101, 0.19 and 0.2.
fn are_neighbours(low: f64, high: f64) -> bool {
    let decimals = |number: f64| number.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let step = 10f64.powi(-(decimals(low).max(decimals(high)) as i32));
    high - low <= step * (1.0 + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Placed;

    fn of(criteria: &[&str]) -> Vec<String> {
        let placed = |yaml: &&str| Placed { path: String::new(), criterion: serde_yaml::from_str(yaml).unwrap() };
        let points = Points { criteria: criteria.iter().map(placed).collect(), ..Points::default() };
        let say = |gap: Gap| {
            let Range { low, high, with_low, with_high } = gap.range;
            format!("{low} {with_low} {high} {with_high} {} {}", gap.is_slip, gap.criteria.join("+"))
        };
        gaps(&points).into_iter().map(say).collect()
    }

    #[test]
    fn what_lies_between_ranges_is_found() {
        let bands =
            "{ name: Size, bands: { column: n, points: { '<50': 0, '50..100': 1, '101..499': 2, '>600': 3 } } }";
        assert_eq!(of(&[bands]), ["100 false 101 false true Size", "499 false 600 true false Size"]);
        let whole = "{ name: Size, bands: { column: n, points: { '<50': 0, '50..<100': 1, '>=100': 3 } } }";
        assert!(of(&[whole]).is_empty());
        let small = "{ name: A, when: 'n <= 100', points: 1 }";
        let middle = "{ name: B, when: 'N BETWEEN 101 AND 499', points: 1 }";
        let large = "{ name: C, when: 'n > 500', points: 1 }";
        assert_eq!(of(&[large, small, middle]), ["100 false 101 false true A+B", "499 false 500 true true B+C"]);
        assert_eq!(of(&[small, "{ name: C, when: 'n > 500', points: 1 }"]), Vec::<String>::new());
        assert!(of(&["{ name: A, when: 'n > 50', points: 1 }", large]).is_empty());
        assert!(of(&[small, "{ name: B, when: 'm >= 101', points: 1 }"]).is_empty());
    }

    #[test]
    fn neighbours_are_so_as_they_are_written() {
        assert!(are_neighbours(100.0, 101.0) && are_neighbours(0.19, 0.2) && are_neighbours(5.0, 5.0));
        assert!(!are_neighbours(100.0, 102.0) && !are_neighbours(0.1, 0.3) && !are_neighbours(0.19, 0.21));
    }
}
