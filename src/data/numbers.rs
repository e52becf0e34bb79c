//! Numbers as people write them: signs and brackets, currencies, thousands marks, and what stands before decimals.

use crate::table::{is_blank, yaml_name};

use super::cells::Spot;
use super::reader::shortened;
use super::source::Source;
use super::spec::Decimal;
use super::values::{EXACT, number};

/// A number as it is written, by both readings of its marks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figure<'a> {
    /// With a point before decimals, and with a comma: nothing where the marks do not allow it.
    point: Option<f64>,
    comma: Option<f64>,
    /// A currency or `%`; empty for a bare number.
    unit: &'a str,
    /// Its digits, where blanks between thousands are all that is not one.
    spaced: Option<usize>,
}

/// A longer text is no number.
const LONGEST: usize = 64;

/// Active codes of ISO 4217.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN \
    BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ \
    GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD \
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR \
    RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH \
    UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW";

/// How currencies are abbreviated otherwise.
const ABBREVIATIONS: [&str; 10] = ["kr.", "kr", "zł", "Kč", "Ft", "Fr.", "SFr.", "Rs.", "Rs", "lei"];

/// The signs that have a code of their own.
const SIGNS: [(&str, &str); 4] = [("€", "EUR"), ("£", "GBP"), ("$", "USD"), ("US$", "USD")];

fn is_sign(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20cf}' | '\u{e3f}' | '\u{58f}' | '\u{60b}')
}

impl<'a> Figure<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (mut rest, mut negative, mut unit) = (text.trim_matches(is_blank), false, "");
        loop {
            let signless = || {
                let minus = ['-', '\u{2212}'];
                let bracketed = || rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
                bracketed().or_else(|| rest.strip_prefix(minus)).or_else(|| rest.strip_suffix(minus))
            };
            rest = match (signless().filter(|_| !negative), unit_of(rest).filter(|_| unit.is_empty())) {
                (Some(inner), _) => {
                    negative = true;
                    inner
                }
                (None, Some((found, inner))) => {
                    unit = found;
                    inner
                }
                (None, None) => break,
            }
            .trim_matches(is_blank);
        }
        let sign = if negative { -1.0 } else { 1.0 };
        let read = |decimal| marked(rest, decimal).map(|value| sign * value);
        let (point, comma) = (read('.'), read(','));
        let is_spaced = unit.is_empty() && rest.contains(is_blank) && !rest.contains(['.', ',']);
        let spaced = is_spaced.then(|| rest.bytes().filter(u8::is_ascii_digit).count());
        (point.is_some() || comma.is_some()).then_some(Self { point, comma, unit, spaced })
    }

    fn by(&self, decimal: Decimal) -> Option<f64> {
        if decimal == Decimal::Point { self.point } else { self.comma }
    }
}

/// A unit before or after a number, and the rest.
fn unit_of(text: &str) -> Option<(&str, &str)> {
    let known = |unit: &'static str| {
        let rest = text.strip_prefix(unit).or_else(|| text.strip_suffix(unit))?;
        (!rest.starts_with(char::is_alphabetic) && !rest.ends_with(char::is_alphabetic)).then_some((unit, rest))
    };
    if let Some(rest) = text.strip_suffix('%') {
        return Some(("%", rest));
    }
    if let Some(place) = text.find(is_sign) {
        let end = place + text[place..].chars().next().map_or(0, char::len_utf8);
        let (before, after) = (&text[..place], &text[end..]);
        let is_prefix = before.len() <= 3 && before.bytes().all(|byte| byte.is_ascii_uppercase());
        return match (is_prefix, after.is_empty()) {
            (true, _) => Some((canonical(&text[..end]), after)),
            (false, true) => Some((canonical(&text[place..]), before)),
            (false, false) => None,
        };
    }
    if !text.contains(char::is_alphabetic) {
        return None;
    }
    let is_code = |part: &&str| part.bytes().all(|byte| byte.is_ascii_uppercase());
    let codes = [text.get(..3), text.len().checked_sub(3).and_then(|start| text.get(start..))];
    let codes = || codes.into_iter().flatten().filter(is_code);
    let of = |code: &str| CURRENCIES.split_ascii_whitespace().find(|known| *known == code);
    codes().find_map(|code| known(of(code)?)).or_else(|| ABBREVIATIONS.into_iter().find_map(known))
}

fn canonical(sign: &str) -> &str {
    SIGNS.iter().find(|(known, _)| *known == sign).map_or(sign, |(_, code)| code)
}

/// A number without a sign whose decimals stand behind one mark; another groups its thousands, by threes or as in India.
fn marked(text: &str, decimal: char) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(base, power)| (base, Some(power)));
    let (whole, decimals) = mantissa.split_once(decimal).unwrap_or((mantissa, ""));
    let mark = whole.chars().find(|c| !c.is_ascii_digit());
    let is_mark = |mark: char| (is_blank(mark) || ".,'\u{2019}".contains(mark)) && mark != decimal;
    let is_grouped = match mark {
        None => true,
        Some(mark) => is_mark(mark) && exponent.is_none() && is_grouped(whole, mark),
    };
    let is_whole = decimals.is_empty() && exponent.is_none();
    let has_digits = whole.starts_with(|c: char| c.is_ascii_digit()) || (whole.is_empty() && !decimals.is_empty());
    let leads_with_zero = whole.starts_with('0') && whole.len() > 1;
    if !is_grouped || !has_digits || leads_with_zero || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut plain: String = whole.chars().filter(char::is_ascii_digit).collect();
    if !decimals.is_empty() {
        plain.extend([".", decimals]);
    }
    if let Some(power) = exponent {
        plain.extend(["e", power]);
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite() && !(is_whole && *value > EXACT))
}

fn is_grouped(whole: &str, mark: char) -> bool {
    let groups: Vec<&str> = whole.split(mark).collect();
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let middle = &groups[1..groups.len() - 1];
    let of = |lengths: std::ops::RangeInclusive<usize>, length: usize| {
        lengths.contains(&first.len()) && middle.iter().all(|group| group.len() == length)
    };
    let digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    digits && last.len() == 3 && (of(1..=3, 3) || of(1..=2, 2))
}

/// Whether a text is a number in any way of writing one.
pub(crate) fn is_number(text: &str) -> bool {
    number(text).is_some() || Figure::parse(text).is_some()
}

/// A value and where it stands.
type Example = (Spot, String);

/// How the numbers of a column are written, as far as its values tell.
#[derive(Clone, Default)]
pub(crate) struct NumberForm {
    declared: Option<Decimal>,
    /// The mark before decimals: as declared, or as the first value shows that only one fits.
    decimal: Option<Decimal>,
    /// Text in whose numbers programs write a point, as in JSON.
    is_of_programs: bool,
    /// The first value that only a point fits, and only a comma.
    only_point: Option<Example>,
    only_comma: Option<Example>,
    /// The first that both fit, as different numbers.
    either: Option<Example>,
    /// The first with a unit, with another one, and the first without that is not zero.
    unit: Option<(String, Example)>,
    other_unit: Option<Example>,
    bare: Option<Example>,
    /// Digits of the values while all that are there are spaced alike, as telephone numbers are.
    spaced: Option<usize>,
    is_varied: bool,
    /// How many are not as programs write numbers, and the first of them.
    rich: u64,
    first_rich: Option<Example>,
}

/// A number of a column whose mark before decimals may still be unknown.
pub(crate) struct Reading {
    pub value: f64,
    /// What it is if the mark turns out to be a comma.
    pub by_comma: Option<f64>,
}

impl NumberForm {
    pub fn new(source: &Source, column: &str) -> Self {
        let declared = source.dialect.decimal(column);
        let is_of_programs = source.readers.iter().all(|reader| reader.has_loose_rows());
        Self { declared, decimal: declared, is_of_programs, ..Self::default() }
    }

    /// Whether no later value can change how numbers are read.
    pub fn is_declared(&self) -> bool {
        self.declared.is_some()
    }

    pub fn decimal(&self) -> Option<Decimal> {
        self.decimal
    }

    pub fn read(&mut self, text: &str, spot: Spot) -> Option<Reading> {
        let certain = |value| Some(Reading { value, by_comma: None });
        // Nothing that such a value shows is new.
        let is_known = self.bare.is_some() && self.is_varied;
        let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
        if self.decimal != Some(Decimal::Comma) || is_whole {
            if let Some(value) = number(text) {
                return match is_known && (is_whole || self.decimal.is_some()) {
                    true => certain(value),
                    false => self.see_plain(text.trim_ascii(), spot, value),
                };
            }
        } else if is_known && text.bytes().all(|byte| byte.is_ascii_digit() || b".,-".contains(&byte)) {
            let figure = text.strip_prefix('-').map_or_else(|| marked(text, ','), |rest| marked(rest, ',').map(|n| -n));
            if let Some(value) = figure {
                self.rich += 1;
                return certain(value);
            }
        }
        let figure = Figure::parse(text)?;
        let example = || (spot, shortened(text));
        self.see_unit(figure.unit, figure.point.or(figure.comma) == Some(0.0), &example);
        self.is_varied |= figure.spaced.is_none() || self.spaced.is_some_and(|digits| Some(digits) != figure.spaced);
        self.spaced = figure.spaced;
        if number(text).is_none() {
            self.rich += 1;
            self.first_rich.get_or_insert_with(example);
        }
        self.see_marks((figure.point, figure.comma), &example);
        match (self.decimal, figure.point, figure.comma) {
            (None, Some(value), Some(other)) if value != other => Some(Reading { value, by_comma: Some(other) }),
            (decimal, point, comma) => {
                certain(decimal.and_then(|decimal| figure.by(decimal)).or(point).or(comma).unwrap_or(f64::NAN))
            }
        }
    }

    /// The number, by all values of the column.
    pub fn value(&self, reading: &Reading) -> f64 {
        reading.by_comma.filter(|_| self.decimal == Some(Decimal::Comma)).unwrap_or(reading.value)
    }

    /// A value that programs write like that.
    fn see_plain(&mut self, text: &str, spot: Spot, value: f64) -> Option<Reading> {
        let example = || (spot, shortened(text));
        self.is_varied = true;
        self.see_unit("", value == 0.0, &example);
        let mut by_comma = None;
        if self.decimal.is_none() && text.contains(['.', 'e', 'E']) {
            let comma = if self.is_of_programs { None } else { Figure::parse(text).and_then(|figure| figure.comma) };
            self.see_marks((Some(value), comma), &example);
            by_comma = comma.filter(|comma| *comma != value);
        }
        Some(Reading { value, by_comma })
    }

    fn see_unit(&mut self, unit: &str, is_zero: bool, example: &dyn Fn() -> Example) {
        match &self.unit {
            _ if unit.is_empty() => {
                if !is_zero {
                    self.bare.get_or_insert_with(example);
                }
            }
            None => self.unit = Some((unit.into(), example())),
            Some((known, _)) if known != unit => drop(self.other_unit.get_or_insert_with(example)),
            Some(_) => {}
        }
    }

    fn see_marks(&mut self, by: (Option<f64>, Option<f64>), example: &dyn Fn() -> Example) {
        let (slot, shown) = match by {
            (Some(_), None) => (&mut self.only_point, Some(Decimal::Point)),
            (None, Some(_)) => (&mut self.only_comma, Some(Decimal::Comma)),
            (Some(point), Some(comma)) if point != comma => (&mut self.either, None),
            _ => return,
        };
        slot.get_or_insert_with(example);
        self.decimal = self.decimal.or(shown);
    }

    /// Whether all values are digits spaced alike: telephone numbers, not amounts.
    pub fn names_things(&self) -> bool {
        self.spaced.is_some() && !self.is_varied
    }

    /// Why the values have no one reading, if they have none.
    pub fn problem(&self, source: &Source, column: &str) -> Option<String> {
        let at = |(spot, value): &Example| format!("`{value}` ({})", source.place(*spot, "", ""));
        let said = |what: String| format!("{}: column `{column}`: {what}", source.input);
        let declare = |decimal| declaration(source, column, decimal);
        let one_form = "write all numbers of the column alike";
        match (self.declared, &self.only_point, &self.only_comma) {
            (Some(Decimal::Comma), Some(shown), _) => {
                let cure = declare(Decimal::Point);
                return Some(said(format!(
                    "`decimal: comma` is declared, and {} has a point before its decimals; declare {cure} under `{}`",
                    at(shown),
                    source.input
                )));
            }
            (Some(Decimal::Point), _, Some(shown)) => {
                let cure = declare(Decimal::Comma);
                return Some(said(format!(
                    "`decimal: point` is declared, and {} has a comma before its decimals or points between its thousands; declare {cure} under `{}`",
                    at(shown),
                    source.input
                )));
            }
            (None, Some(point), Some(comma)) => {
                let (point, comma) = (at(point), at(comma));
                return Some(said(format!(
                    "it holds numbers in two forms: {point} has a decimal point, {comma} a decimal comma; {one_form}"
                )));
            }
            _ => {}
        }
        if let Some((unit, first)) = &self.unit
            && let Some(other) = self.other_unit.as_ref().or(self.bare.as_ref())
        {
            let cure = if unit == "%" {
                one_form
            } else {
                "amounts of one column are added up: convert them to one currency, and write them alike"
            };
            return Some(said(format!("it holds numbers in two forms: {} and {}; {cure}", at(first), at(other))));
        }
        let (None, Some(either)) = (self.decimal, &self.either) else { return None };
        let figure = Figure::parse(&either.1);
        let read =
            |decimal| figure.and_then(|figure| figure.by(decimal)).map_or(String::new(), |value| value.to_string());
        Some(said(format!(
            "its numbers can be read in two ways: {} is {} with {} and {} with {}; declare under `{}` the one that is meant",
            at(either),
            read(Decimal::Point),
            declare(Decimal::Point),
            read(Decimal::Comma),
            declare(Decimal::Comma),
            source.input,
        )))
    }

    /// How numbers were read that programs write otherwise: how many, and in words.
    pub fn remark(&self, column: &str) -> Option<(u64, String)> {
        let (_, example) = self.first_rich.as_ref()?;
        let figure = Figure::parse(example)?;
        let value = figure.by(self.decimal.unwrap_or(Decimal::Point)).or(figure.point)?;
        let sign = if figure.unit == "%" { ", the number before its sign (not a hundredth of it)" } else { "" };
        Some((self.rich, format!("numbers of `{column}` are read as they are written: `{example}` is {value}{sign}")))
    }

    pub fn append(&mut self, other: Self) {
        self.rich += other.rich;
        self.first_rich = self.first_rich.take().or(other.first_rich);
        self.decimal = self.decimal.or(other.decimal);
    }

    /// As all values of the column told.
    pub fn settled(&self) -> Self {
        Self { declared: self.decimal, decimal: self.decimal, ..Self::default() }
    }
}

/// The YAML that says which mark stands before decimals: for one column where others of the input are read beside it.
fn declaration(source: &Source, column: &str, decimal: Decimal) -> String {
    let mark = if decimal == Decimal::Point { "point" } else { "comma" };
    match source.input {
        "leads" | "events" => format!("`decimal: {{ {}: {mark} }}`", yaml_name(column)),
        _ => format!("`decimal: {mark}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> Option<(Option<f64>, Option<f64>)> {
        Figure::parse(text).map(|figure| (figure.point, figure.comma))
    }

    #[test]
    fn marks_are_read_in_every_way_that_fits() {
        for (text, point, comma) in [
            ("1,250", Some(1250.0), Some(1.25)),
            ("1.250", Some(1.25), Some(1250.0)),
            ("0,125", None, Some(0.125)),
            ("12,34", None, Some(12.34)),
            ("1,250.00", Some(1250.0), None),
            ("1.250,00", None, Some(1250.0)),
            ("1.234.567", None, Some(1_234_567.0)),
            ("12,34,567.5", Some(1_234_567.5), None),
            ("1234,567", None, Some(1234.567)),
            ("1'250.00", Some(1250.0), None),
            ("1 250", Some(1250.0), Some(1250.0)),
            ("1\u{202f}250\u{a0}000", None, None),
            ("1\u{202f}250\u{202f}000,5", None, Some(1_250_000.5)),
            ("1,5E+06", None, Some(1_500_000.0)),
        ] {
            let found = both(text).unwrap_or_default();
            assert_eq!(found, (point, comma), "{text}");
        }
    }

    #[test]
    fn signs_brackets_and_units_stand_around_a_number() {
        for (text, value, unit) in [
            ("$22,700.00", 22_700.0, "USD"),
            ("US$ 5", 5.0, "USD"),
            ("400,00 €", 400.0, "EUR"),
            ("EUR 400.00", 400.0, "EUR"),
            ("CHF1'000", 1000.0, "CHF"),
            ("1 200 kr", 1200.0, "kr"),
            ("(400.00)", -400.0, ""),
            ("($400.00)", -400.0, "USD"),
            ("-$400", -400.0, "USD"),
            ("$-400", -400.0, "USD"),
            ("400-", -400.0, ""),
            ("\u{2212}400", -400.0, ""),
            ("26%", 26.0, "%"),
            ("26.5 %", 26.5, "%"),
        ] {
            let figure = Figure::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((figure.point.or(figure.comma), figure.unit), (Some(value), unit), "{text}");
        }
    }

    #[test]
    fn names_of_things_are_no_numbers() {
        for text in [
            "007",
            "(030) 123",
            "+49 30 123",
            "555-123-4567",
            "2026-01-05",
            "1.2.3",
            "192.168.0.1",
            "12 34",
            "A1",
            "T 1",
            "REF 1001",
            "--5",
            "(5",
            "%",
            "EUR",
            "1,25,0",
            "01 23 45",
            "12345678901234567890",
            "5 days",
            "1-2",
            "",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }
}
