//! Type-7 quantiles (Hyndman & Fan 1996), the default of R, NumPy and spreadsheets.

/// The whole and the fractional part of a place between values. A place that is a whole number but for rounding
/// is that number: an edge that falls on a value must not leave the value on its wrong side.
fn split(place: f64) -> (f64, f64) {
    let nearest = place.round();
    let whole = (place - nearest).abs() <= 4.0 * f64::EPSILON * place.max(1.0);
    if whole { (nearest, 0.0) } else { (place.floor(), place.fract()) }
}

/// The `q`-quantile of ascending values.
///
/// # Panics
/// When there are no values.
pub fn sorted(values: &[f64], q: f64) -> f64 {
    assert!(!values.is_empty(), "a quantile of something");
    let (below, part) = split((values.len() - 1) as f64 * q);
    let below = below as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + part * (values[above] - values[below])
}

/// The `q`-quantile of values in any order; `None` when there are none.
pub fn of(values: &[f64], q: f64) -> Option<f64> {
    let mut ascending = values.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    (!ascending.is_empty()).then(|| sorted(&ascending, q))
}

/// The `q`-quantile of ascending values that stand for `count[i]` equal rows each.
///
/// # Panics
/// When there are no rows.
pub fn counted(values: &[f64], count: &[f64], q: f64) -> f64 {
    let total: f64 = count.iter().sum();
    assert!(total > 0.0, "a quantile of something");
    let (below, part) = split((total - 1.0) * q);
    let at = |rank: f64| {
        let mut through = 0.0;
        let found = values.iter().zip(count).find(|(_, n)| {
            through += **n;
            rank < through
        });
        found.map_or(values[values.len() - 1], |(value, _)| *value)
    };
    let (low, high) = (at(below), at((below + 1.0).min(total - 1.0)));
    low + part * (high - low)
}

/// The quantiles 0, 1/parts, 2/parts … 1 of ascending values that stand for `count[i]` equal rows each, from one sum.
/// Ranks are computed as k (n - 1) / parts, so that a rank that is whole is exactly so.
///
/// # Panics
/// When there are no rows or no parts.
pub fn counted_parts(values: &[f64], count: &[f64], parts: usize) -> Vec<f64> {
    assert!(!values.is_empty() && parts > 0, "parts of something");
    let through: Vec<f64> = count
        .iter()
        .scan(0.0, |sum, n| {
            *sum += n;
            Some(*sum)
        })
        .collect();
    let last = (through[through.len() - 1] - 1.0).max(0.0);
    let at = |rank: f64| values[through.partition_point(|&sum| sum <= rank).min(values.len() - 1)];
    let quantile = |k: usize| {
        let place = k as f64 * last / parts as f64;
        let (low, high) = (at(place.floor()), at((place.floor() + 1.0).min(last)));
        low + place.fract() * (high - low)
    };
    (0..=parts).map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_between_two_values_is_interpolated() {
        assert_eq!(sorted(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(sorted(&[5.0], 0.9), 5.0);
    }

    #[test]
    fn a_quantile_that_falls_on_a_value_is_that_value() {
        let values: Vec<f64> = (0..=100).map(|i| f64::from(i) * 0.1).collect();
        for percent in 0..=100 {
            assert_eq!(sorted(&values, f64::from(percent) / 100.0), values[percent as usize]);
        }
    }

    #[test]
    fn counted_values_stand_for_their_repetitions() {
        let repeated = [1.0, 1.0, 1.0, 4.0, 9.0, 9.0];
        for q in [0.0, 0.1, 0.5, 0.55, 0.77, 1.0] {
            assert_eq!(counted(&[1.0, 4.0, 9.0], &[3.0, 1.0, 2.0], q), sorted(&repeated, q));
        }
    }
}
