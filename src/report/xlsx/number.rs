//! How Excel is to write a number.

use super::super::document::{Cell, Column, Kind};
use super::super::text::Unit;

/// A number format for the numbers of one unit in one column: the same decimals in all rows.
pub(super) fn format(unit: Unit, values: &[f64], currency: Option<&str>) -> String {
    let scale = if matches!(unit, Unit::Share | Unit::Points) { 100.0 } else { 1.0 };
    let scaled: Vec<f64> = values.iter().map(|value| value * scale).filter(|value| value.is_finite()).collect();
    let decimals = match unit {
        Unit::Money => 0,
        Unit::P => 4,
        Unit::Ratio => 2,
        Unit::Share | Unit::Points => decimals(&scaled).max(1),
        _ => decimals(&scaled),
    };
    let digits = if decimals == 0 { "#,##0".to_owned() } else { format!("#,##0.{}", "0".repeat(decimals)) };
    let plain = digits.replace("#,##0", "0");
    match unit {
        Unit::Share => format!("{plain}%"),
        Unit::Points => format!("+{plain}%;-{plain}%;{plain}%"),
        Unit::Difference | Unit::CountDifference => format!("+{digits};-{digits};{digits}"),
        Unit::P => plain,
        Unit::Money => match currency {
            Some(currency) => format!("{digits} \"{}\"", currency.replace(['"', '\\'], "")),
            None => digits,
        },
        Unit::Plain | Unit::Ratio | Unit::Count | Unit::Days => digits,
    }
}

/// Three significant digits of the largest, and more where a smaller one would be written as zero.
fn decimals(values: &[f64]) -> usize {
    let sizes = || values.iter().map(|value| value.abs()).filter(|size| *size > 0.0);
    let largest = sizes().fold(0.0, f64::max);
    if largest == 0.0 || sizes().all(|size| (size - size.round()).abs() < 1e-9) {
        return 0;
    }
    let first = (2.0 - largest.log10().floor()).clamp(0.0, 6.0) as usize;
    let vanishes = |decimals: usize| sizes().any(|size| size < 0.5 * 10f64.powi(-(decimals as i32)));
    (first..=(first + 2).min(6)).find(|decimals| !vanishes(*decimals)).unwrap_or((first + 2).min(6))
}

/// The values of a column in one unit, ends of intervals with them.
pub(super) fn values<'a>(cells: impl Iterator<Item = &'a Cell>, unit: Unit) -> Vec<f64> {
    let of = |cell: &'a Cell| {
        let own = (cell.kind == Kind::Number(unit)).then_some(cell);
        own.into_iter().flat_map(|cell| cell.number.into_iter().chain(cell.ends.into_iter().flat_map(|(a, b)| [a, b])))
    };
    cells.flat_map(of).collect()
}

/// The columns of a sheet that one column of a table takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// The text, or the number.
    Itself,
    Low,
    High,
}

/// A number and the ends of its interval, each in its own column; a range has its ends alone.
pub(super) fn faces<'a>(cells: impl Iterator<Item = &'a Cell> + Clone) -> Vec<Face> {
    let has_ends = cells.clone().any(|cell| cell.ends.is_some());
    let is_range = has_ends && cells.clone().all(|cell| cell.number.is_none() && cell.interval.is_none());
    match (has_ends, is_range) {
        (false, _) => vec![Face::Itself],
        (true, true) => vec![Face::Low, Face::High],
        (true, false) => vec![Face::Itself, Face::Low, Face::High],
    }
}

pub(super) fn title(column: &Column, face: Face) -> String {
    match face {
        Face::Itself => column.title.clone(),
        Face::Low => format!("{}, low", column.title),
        Face::High => format!("{}, high", column.title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_column_share_their_decimals() {
        assert_eq!(format(Unit::Share, &[0.207, 0.0883, 0.5], None), "0.0%");
        assert_eq!(format(Unit::Share, &[0.207, 0.0003], None), "0.00%");
        assert_eq!(format(Unit::Points, &[0.0712, -0.01], None), "+0.00%;-0.00%;0.00%");
        assert_eq!(format(Unit::Plain, &[0.694, 0.5], None), "#,##0.000");
        assert_eq!(format(Unit::Plain, &[20.0, -15.0], None), "#,##0");
        assert_eq!(format(Unit::Count, &[2400.0, 12.0], None), "#,##0");
        assert_eq!(format(Unit::Money, &[23500.4], Some("E\"UR")), "#,##0 \"EUR\"");
        assert_eq!(format(Unit::Plain, &[], None), "#,##0");
        assert_eq!(format(Unit::Plain, &[f64::INFINITY, 1e300], None), "#,##0");
    }
}
