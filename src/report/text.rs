//! The only place that turns a number into text: three significant digits, an interval beside its point, a reason
//! where there is no number.

use crate::result::{Estimate, Number};
use crate::table::inert;

/// What a number measures, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// An AUC, a lift, a slope: three significant digits.
    Plain,
    /// A difference of such numbers: with its sign.
    Difference,
    /// A lift or a slope, which is read against 1: two decimals.
    Ratio,
    /// 0 to 1, written as a percentage.
    Share,
    /// A difference of shares, written in percentage points with its sign.
    Points,
    /// Leads or wins, possibly fractional (an expectation over the order of tied leads).
    Count,
    /// A difference of such counts: with its sign.
    CountDifference,
    Days,
    /// A sum of money, in whole units.
    Money,
    /// A probability of chance.
    P,
}

impl Unit {
    fn scale(self) -> f64 {
        if matches!(self, Self::Share | Self::Points) { 100.0 } else { 1.0 }
    }

    fn is_signed(self) -> bool {
        matches!(self, Self::Difference | Self::Points | Self::CountDifference)
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Share => " %",
            Self::Points => " pp",
            _ => "",
        }
    }
}

/// What stands where a number does not exist.
pub fn undefined(reason: &str) -> String {
    format!("– ({})", clean(reason))
}

/// One number: "9.96 %", "1,234,567", "infinite", "– (one class only)".
pub fn number(number: &Number, unit: Unit) -> String {
    match number {
        Number::Value(value) => quantity(*value, unit),
        Number::Undefined(reason) => undefined(reason),
    }
}

/// One value in its unit.
pub fn quantity(value: f64, unit: Unit) -> String {
    let scaled = value * unit.scale();
    if let Some(word) = not_finite(scaled) {
        return word;
    }
    let digits = match unit {
        Unit::P if (0.0..1e-4).contains(&scaled) => return "< 0.0001".to_owned(),
        Unit::P if scaled > 0.0 && scaled < 1.0 => fixed(scaled, if scaled < 0.01 { 4 } else { 3 }),
        Unit::Count | Unit::CountDifference => fixed(scaled, if is_whole(scaled) { 0 } else { count_decimals(scaled) }),
        Unit::Money => fixed(scaled, 0),
        Unit::Ratio if (0.1..100.0).contains(&scaled.abs()) => fixed(scaled, 2),
        Unit::Share if value < 1.0 && scaled >= 99.95 => return "> 99.9 %".to_owned(),
        _ => significant(scaled),
    };
    signed(digits, scaled, unit) + unit.suffix()
}

/// Two significant digits, for what is itself rough.
pub fn rough(value: f64, unit: Unit) -> String {
    let scaled = value * unit.scale();
    if !scaled.is_finite() || scaled == 0.0 {
        return quantity(value, unit);
    }
    let decimals = decimals(scaled.abs()) - 1;
    let written = fixed(round(scaled, decimals), decimals.max(0));
    let short = if written.contains('.') { written.trim_end_matches('0').trim_end_matches('.') } else { &written };
    format!("{short}{}", unit.suffix())
}

/// A count of rows.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// "12.3 % (11.0 to 13.8)": the point and its interval with the same number of decimals.
pub fn estimate(estimate: &Estimate, unit: Unit) -> String {
    let (point, interval) = parts(estimate, unit);
    match interval {
        Some(interval) => format!("{point} ({interval})"),
        None => point,
    }
}

/// The point and the interval of an estimate, apart: "12.3 %" and "11.0 to 13.8". Without an interval: why.
pub fn parts(estimate: &Estimate, unit: Unit) -> (String, Option<String>) {
    let point = match &estimate.point {
        Number::Undefined(reason) => return (undefined(reason), None),
        Number::Value(point) => *point,
    };
    match (&estimate.low, &estimate.high) {
        (Number::Value(low), Number::Value(high)) => {
            let written = aligned(&[point, *low, *high], unit);
            (format!("{}{}", written[0], unit.suffix()), Some(format!("{} to {}", written[1], written[2])))
        }
        (Number::Undefined(reason), _) | (_, Number::Undefined(reason)) => {
            (quantity(point, unit), Some(format!("no interval: {}", clean(reason))))
        }
    }
}

/// A value and what stands around it with the same number of decimals, without the unit: three significant digits of
/// the first, unless it is lost among the others.
/// None that is not zero is written as zero: the sign of an interval's end is what a reader looks for.
pub fn aligned(values: &[f64], unit: Unit) -> Vec<String> {
    let scaled: Vec<f64> = values.iter().map(|value| value * unit.scale()).collect();
    let telling = |value: &f64| value.is_finite() && *value != 0.0;
    let inner = scaled.iter().copied().filter(|value| telling(value) && *value != unit.scale());
    let largest = inner.map(f64::abs).fold(0.0, f64::max);
    let first = scaled.first().filter(|first| telling(first)).map_or(largest, |first| first.abs());
    let leading = if first == unit.scale() { largest } else { first.max(largest / 10.0) };
    let mut decimals = match unit {
        Unit::Count | Unit::CountDifference => count_decimals(largest),
        Unit::Ratio if (0.1..100.0).contains(&largest) => 2,
        _ if largest > 0.0 => decimals(leading).min(6),
        _ => 0,
    };
    let vanishes = |decimals: i32| scaled.iter().any(|value| telling(value) && round(*value, decimals) == 0.0);
    let most = (decimals + 3).min(6);
    while decimals < most && vanishes(decimals) {
        decimals += 1;
    }
    let write = |value: &f64| match not_finite(*value) {
        Some(word) => word,
        None if *value == 0.0 => "0".to_owned(),
        None if *value == 100.0 && unit == Unit::Share => "100".to_owned(),
        None => signed(fixed(round(*value, decimals), decimals.max(0) as usize), *value, unit),
    };
    scaled.iter().map(write).collect()
}

/// "41,000 EUR"; without a currency the amount alone.
pub fn with_currency(amount: &str, currency: Option<&str>) -> String {
    match currency {
        Some(currency) => format!("{amount} {}", clipped(currency, 12)),
        None => amount.to_owned(),
    }
}

/// "1 day", "7 days", "12.5 days".
pub fn days(value: f64) -> String {
    let unit = if value == 1.0 { "day" } else { "days" };
    format!("{} {unit}", quantity(value, if is_whole(value) { Unit::Count } else { Unit::Days }))
}

/// "10 %" for a share that was asked for, not measured: as many digits as it needs.
pub fn round_share(share: f64) -> String {
    let percent = round(share * 100.0, 4);
    if is_whole(percent) { format!("{} %", fixed(percent, 0)) } else { quantity(share, Unit::Share) }
}

/// "1 lead", "2 leads".
pub fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// "a", "a and b", "a, b and c".
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The first letter as a capital.
pub fn capitalised(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// Text from data on one line; what would steer a terminal, a text direction or the reader's eye is written out.
pub fn clean(text: &str) -> String {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    inert(&spaced).into_owned()
}

/// Clean text of at most so many characters, the cut shown by an ellipsis.
pub fn clipped(text: &str, most: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= most {
        return text;
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A model's name in a file name or an anchor. A name that already reads as one stays itself; any other gets a mark
/// of its full text, so that two names never share a slug.
pub fn slug(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if !name.is_empty() && name.len() <= 40 && name.chars().all(is_plain) && !is_marked(name) {
        return name.to_owned();
    }
    let lower =
        name.chars().flat_map(char::to_lowercase).map(|c| if is_plain(c) { c } else { '-' }).collect::<String>();
    let words: Vec<&str> = lower.split('-').filter(|word| !word.is_empty()).collect();
    let stem: String = words.join("-").chars().take(30).collect();
    format!("{}-{:016x}", if stem.is_empty() { "model" } else { stem.trim_end_matches('-') }, mark(name))
}

/// A plain name that looks like a marked slug gets a mark too: then it is no one else's.
fn is_marked(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, tail)| tail.len() == 16 && tail.chars().all(|c| c.is_ascii_hexdigit()))
}

/// FNV-1a, 64 bits.
fn mark(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn not_finite(value: f64) -> Option<String> {
    if value.is_nan() {
        Some(undefined("not a number"))
    } else if value.is_infinite() {
        Some(if value > 0.0 { "infinite" } else { "minus infinite" }.to_owned())
    } else {
        None
    }
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-9
}

fn count_decimals(largest: f64) -> i32 {
    if largest.abs() < 9.95 { 1 } else { 0 }
}

/// The decimals that three significant digits take; negative above a thousand.
fn decimals(magnitude: f64) -> i32 {
    let written = format!("{magnitude:.2e}");
    let exponent = written.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    2 - exponent.unwrap_or(0)
}

fn round(value: f64, decimals: i32) -> f64 {
    if decimals >= 0 {
        return format!("{value:.*}", decimals as usize).parse().unwrap_or(value);
    }
    let unit = 10f64.powi(-decimals);
    (value / unit).round() * unit
}

/// Three significant digits; from a thousandth down without closing zeros.
fn significant(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if magnitude < 1e-6 {
        return if value > 0.0 { "< 0.000001".to_owned() } else { "> −0.000001".to_owned() };
    }
    if magnitude >= 1e15 {
        return format!("{value:.2e}").replace('-', "−");
    }
    let decimals = decimals(magnitude);
    let written = fixed(round(value, decimals), decimals.max(0));
    if magnitude < 1e-3 { written.trim_end_matches('0').to_owned() } else { written }
}

/// So many decimals, thousands grouped, a true minus sign, no negative zero.
fn fixed(value: f64, decimals: impl TryInto<usize>) -> String {
    let decimals = decimals.try_into().unwrap_or(0);
    if value.abs() >= 1e15 {
        return format!("{value:.2e}").replace('-', "−");
    }
    let written = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let dot = if fraction.is_empty() { "" } else { "." };
    let is_zero = written.chars().all(|c| c == '0' || c == '.');
    format!("{}{}{dot}{fraction}", if value < 0.0 && !is_zero { "−" } else { "" }, grouped(whole))
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn signed(written: String, value: f64, unit: Unit) -> String {
    let is_zero = !written.chars().any(|c| c.is_ascii_digit() && c != '0');
    if unit.is_signed() && value > 0.0 && !is_zero && !written.starts_with('<') {
        format!("+{written}")
    } else {
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(value: f64) -> String {
        quantity(value, Unit::Share)
    }

    fn plain(value: f64) -> String {
        quantity(value, Unit::Plain)
    }

    fn of(point: f64, low: f64, high: f64) -> Estimate {
        Estimate { point: point.into(), low: low.into(), high: high.into() }
    }

    #[test]
    fn a_percentage_has_three_significant_digits() {
        assert_eq!(percent(0.0996), "9.96 %");
        assert_eq!(percent(0.09996), "10.0 %");
        assert_eq!(percent(0.123456), "12.3 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.00012), "0.0120 %");
    }

    #[test]
    fn nearly_all_is_not_written_as_all() {
        assert_eq!(percent(0.99999), "> 99.9 %");
    }

    #[test]
    fn counts_are_exact_and_grouped() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(quantity(1_234_567.0, Unit::Count), "1,234,567");
        assert_eq!(quantity(7.25, Unit::Count), "7.2");
        assert_eq!(quantity(139.6, Unit::Count), "140");
    }

    #[test]
    fn small_numbers_keep_their_digits() {
        assert_eq!(plain(0.00012), "0.00012");
        assert_eq!(plain(0.8), "0.800");
        assert_eq!(plain(12_345.6), "12,300");
        assert_eq!(plain(1e-12), "< 0.000001");
        assert_eq!(plain(-0.0), "0");
        assert_eq!(quantity(0.000_02, Unit::P), "< 0.0001");
        assert_eq!(quantity(0.0321, Unit::P), "0.032");
        assert_eq!(quantity(0.0023, Unit::P), "0.0023");
    }

    #[test]
    fn a_rough_number_has_two_digits() {
        assert_eq!(rough(0.0402, Unit::Plain), "0.04");
        assert_eq!(rough(0.0713, Unit::Share), "7.1 %");
        assert_eq!(rough(9_450.0, Unit::Plain), "9,500");
    }

    #[test]
    fn what_is_no_number_says_so() {
        assert_eq!(plain(f64::INFINITY), "infinite");
        assert_eq!(plain(f64::NEG_INFINITY), "minus infinite");
        assert_eq!(plain(f64::NAN), "– (not a number)");
        assert_eq!(number(&Number::undefined("one class only"), Unit::Share), "– (one class only)");
        assert_eq!(estimate(&Estimate::undefined("one class only"), Unit::Share), "– (one class only)");
    }

    #[test]
    fn an_interval_has_the_decimals_of_its_point() {
        assert_eq!(estimate(&of(0.123, 0.11, 0.138), Unit::Share), "12.3 % (11.0 to 13.8)");
        assert_eq!(estimate(&of(0.0996, 0.0821, 0.12), Unit::Share), "9.96 % (8.21 to 12.00)");
        assert_eq!(estimate(&of(0.973, 0.941, 1.0), Unit::Plain), "0.973 (0.941 to 1.000)");
        assert_eq!(estimate(&of(0.0, 0.0, 0.037), Unit::Share), "0 % (0 to 3.70)");
        assert_eq!(estimate(&of(0.042, -0.011, 0.095), Unit::Points), "+4.20 pp (−1.10 to +9.50)");
    }

    #[test]
    fn a_lift_is_written_like_the_lifts_around_it() {
        assert_eq!(estimate(&of(2.344, 1.73, 3.114), Unit::Ratio), "2.34 (1.73 to 3.11)");
        assert_eq!(estimate(&of(0.364, 0.225, 0.585), Unit::Ratio), "0.36 (0.23 to 0.58)");
    }

    #[test]
    fn the_end_of_an_interval_is_never_rounded_to_zero() {
        assert_eq!(estimate(&of(15.0, 0.4, 31.0), Unit::CountDifference), "+15.0 (+0.4 to +31.0)");
    }

    #[test]
    fn a_missing_interval_says_why() {
        let lone = Estimate { low: Number::undefined("zero variance"), ..of(0.5, 0.0, 0.0) };
        assert_eq!(estimate(&lone, Unit::Plain), "0.500 (no interval: zero variance)");
    }

    #[test]
    fn no_number_is_written_as_nan_whatever_it_is() {
        let odd =
            [0.0, -0.0, 1.0, 1e-300, 1e300, -1e300, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE];
        let units = [
            Unit::Plain,
            Unit::Ratio,
            Unit::Difference,
            Unit::Share,
            Unit::Points,
            Unit::Count,
            Unit::CountDifference,
            Unit::Days,
            Unit::Money,
            Unit::P,
        ];
        for unit in units {
            for i in 0..odd.len().pow(3) {
                let [point, low, high] =
                    [i, i / odd.len(), i / odd.len().pow(2)].map(|i| Number::Value(odd[i % odd.len()]));
                let written = estimate(&Estimate { point, low, high }, unit);
                assert!(!written.contains("NaN") && !written.contains("inf ") && written.len() < 90, "{written}");
            }
        }
    }

    #[test]
    fn text_from_data_can_not_steer() {
        assert_eq!(clean("a\nb\t\u{1b}[31mc\u{202e}d"), r"a b \u{1b}[31mc\u{202e}d");
        assert_eq!(clipped("abcdefgh", 5), "abcd…");
        assert_eq!(clipped("abc", 5), "abc");
    }

    #[test]
    fn a_slug_belongs_to_one_name() {
        assert_eq!(slug("no_email_points"), "no_email_points");
        let names = ["a b", "a-b", "A b", "a  b", "ab", "AB", "日本", "🙂", "", "<script>", "a/../b"];
        let mut slugs: Vec<String> = names.iter().map(|name| slug(name)).collect();
        slugs.push(slug(&slug("a b")));
        assert!(
            slugs
                .iter()
                .all(|slug| slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_'))
        );
        slugs.sort();
        slugs.dedup();
        assert_eq!(slugs.len(), names.len() + 1);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(plural(1, "lead"), "1 lead");
        assert_eq!(days(7.0), "7 days");
        assert_eq!(days(90.5), "90.5 days");
        assert_eq!(round_share(0.1), "10 %");
        assert_eq!(round_share(0.125), "12.5 %");
    }
}
