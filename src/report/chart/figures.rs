//! Numbers on axes and beside marks.

use crate::result::{Estimate, Number};

/// Three significant digits.
pub(super) fn digits(value: f64) -> String {
    if value.is_nan() {
        return "unknown".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "infinite".into() } else { "minus infinite".into() };
    }
    if value != 0.0 && !(1e-4..1e7).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    let magnitude = if value == 0.0 { 2.0 } else { value.abs().log10().floor() };
    format!("{value:.*}", (2.0 - magnitude).clamp(0.0, 6.0) as usize)
}

/// Without zeros at the end.
pub(super) fn short(value: f64) -> String {
    let text = digits(value);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').into()
    } else {
        text
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{} %", digits(share * 100.0))
}

/// With separators of thousands.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits are ASCII")).collect();
    groups.join(",")
}

pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// A point with its interval, or why there is none.
pub(super) fn estimate(estimate: &Estimate, figure: impl Fn(f64) -> String) -> String {
    let point = match &estimate.point {
        Number::Value(point) => figure(*point),
        Number::Undefined(reason) => return format!("undefined ({reason})"),
    };
    let Some(interval) = estimate.interval() else { return point };
    let (low, high) = (figure(interval.low), figure(interval.high));
    format!("{point} ({} to {})", low.trim_end_matches(" %"), high.trim_end_matches(" %"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Interval;

    #[test]
    fn numbers_have_three_significant_digits() {
        let shown = [0.0, 0.12345, 1.0, 12.345, 123.45, 12345.6, 1e9, 1e-9].map(digits);
        assert_eq!(shown, ["0", "0.123", "1.00", "12.3", "123", "12346", "1.00e9", "1.00e-9"]);
        assert_eq!([0.1234, 0.00456, 1.0].map(percent), ["12.3 %", "0.456 %", "100 %"]);
        assert_eq!([7, 1234, 1234567].map(count), ["7", "1,234", "1,234,567"]);
    }

    #[test]
    fn an_estimate_says_its_interval_or_why_it_has_none() {
        let rate = Estimate::new(0.123, Interval::new(0.11, 0.138));
        assert_eq!(estimate(&rate, percent), "12.3 % (11.0 to 13.8)");
        assert_eq!(estimate(&Estimate::undefined("no leads"), percent), "undefined (no leads)");
    }
}
