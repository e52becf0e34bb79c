//! Numbers on axes and beside marks.

use super::super::text::{self, Unit};

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
    text::quantity(share, Unit::Share)
}

pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", text::count(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits() {
        let shown = [0.0, 0.12345, 1.0, 12.345, 123.45, 12345.6, 1e9, 1e-9].map(digits);
        assert_eq!(shown, ["0", "0.123", "1.00", "12.3", "123", "12346", "1.00e9", "1.00e-9"]);
        assert_eq!([0.1234, 0.00456, 1.0].map(percent), ["12.3 %", "0.456 %", "100 %"]);
    }
}
