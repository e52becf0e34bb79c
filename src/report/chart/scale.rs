//! Axes: where they begin and end, and which values are named on them.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::figures;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Percent,
    Plain,
    Times,
}

/// One axis, as plotters knows it. What lies outside is mapped to its ends.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
    unit: Unit,
    step: f64,
    pub(super) title: String,
}

const ROUND: [f64; 4] = [1.0, 2.0, 2.5, 5.0];
const DAYS: [f64; 13] = [1.0, 2.0, 5.0, 7.0, 10.0, 15.0, 30.0, 60.0, 90.0, 180.0, 360.0, 720.0, 1800.0];

impl Scale {
    /// Shares from 0 to a round value above `high`, at most 100 %.
    pub(super) fn share(high: f64, ticks: usize, title: &str) -> Self {
        Self::upward(high.clamp(1e-4, 1.0), ticks, Unit::Percent, title)
    }

    /// From 0 to a round value above `high`.
    pub(super) fn upward(high: f64, ticks: usize, unit: Unit, title: &str) -> Self {
        let high = if high.is_finite() && high > 0.0 { high } else { 1.0 };
        let step = round_step(high / ticks as f64);
        let top = (high / step - 1e-9).ceil() * step;
        Self::ticked(0.0, top, step, unit, title)
    }

    /// Days from 0 to exactly `high`.
    pub(super) fn days(high: f64, title: &str) -> Self {
        let high = if high.is_finite() && high > 0.0 { high } else { 1.0 };
        let step = DAYS.into_iter().find(|step| high / step <= 7.0).unwrap_or_else(|| round_step(high / 6.0));
        let step = if high < 1.0 { round_step(high / 4.0) } else { step };
        Self::ticked(0.0, high, step, Unit::Plain, title)
    }

    /// Exactly from `low` to `high`, opened a little where they are one.
    pub(super) fn spanning(low: f64, high: f64, ticks: usize, unit: Unit, title: &str) -> Self {
        let (low, high) = if low.abs().max(high.abs()) < 1e300 { (low.min(high), low.max(high)) } else { (0.0, 1.0) };
        let (low, high) = if high - low > (low.abs() + high.abs()) * 1e-9 {
            (low, high)
        } else {
            (low - 0.5 - low.abs() * 1e-3, high + 0.5 + high.abs() * 1e-3)
        };
        Self::ticked(low, high, round_step((high - low) / ticks as f64), unit, title)
    }

    /// `low` and `high` moved outward to round values.
    pub(super) fn rounded(low: f64, high: f64, ticks: usize, unit: Unit, title: &str) -> Self {
        let Self { low, high, step, .. } = Self::spanning(low, high, ticks, unit, title);
        let (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        Self::ticked(low, high, step, unit, title)
    }

    fn ticked(low: f64, high: f64, step: f64, unit: Unit, title: &str) -> Self {
        let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
        let ticks = (0..40).map(|tick| first + f64::from(tick)).take_while(|tick| *tick <= last);
        let ticks = ticks.map(|tick| (tick * step).clamp(low, high)).collect();
        Self { low, high, ticks, unit, step, title: title.into() }
    }

    pub(super) fn without_ticks(mut self) -> Self {
        self.ticks.clear();
        self
    }

    fn clamp(&self, value: f64) -> f64 {
        if value.is_nan() { self.low } else { value.clamp(self.low, self.high) }
    }

    pub(super) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let along = (self.clamp(*value) - self.low) / (self.high - self.low);
        from + (along * f64::from(to - from)).round() as i32
    }

    /// The ticks; no lighter lines between them.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { vec![] } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, tick: &f64) -> String {
        match self.unit {
            Unit::Percent => format!("{} %", fixed(tick * 100.0, self.step * 100.0)),
            Unit::Plain => fixed(*tick, self.step),
            Unit::Times => format!("{}×", fixed(*tick, self.step)),
        }
    }
}

fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let step = ROUND.into_iter().map(|round| round * power).find(|step| *step >= rough * (1.0 - 1e-9));
    step.unwrap_or(10.0 * power)
}

/// As many decimals as the step between ticks needs.
fn fixed(value: f64, step: f64) -> String {
    if value.abs() >= 1e7 || (step < 1e-6 && value != 0.0) {
        return figures::digits(value);
    }
    let decimals = (0..7)
        .find(|decimals| {
            let shown = step * 10_f64.powi(*decimals);
            (shown - shown.round()).abs() < 1e-6
        })
        .unwrap_or(6);
    let shown = format!("{value:.*}", decimals as usize);
    if shown.trim_start_matches('-').chars().all(|char| char == '0' || char == '.') {
        shown.trim_start_matches('-').into()
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<String> {
        scale.ticks.iter().map(|tick| scale.format_ext(tick)).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(&Scale::share(0.234, 5, "")), ["0 %", "5 %", "10 %", "15 %", "20 %", "25 %"]);
        assert_eq!(labels(&Scale::share(1.0, 5, "")), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        assert_eq!(labels(&Scale::share(0.012, 4, "")), ["0.0 %", "0.5 %", "1.0 %", "1.5 %"]);
        assert_eq!(labels(&Scale::days(90.0, "")), ["0", "15", "30", "45", "60", "75", "90"]);
        assert_eq!(labels(&Scale::rounded(0.47, 0.83, 4, Unit::Plain, "")), ["0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(labels(&Scale::upward(7.2, 5, Unit::Times, "")), ["0×", "2×", "4×", "6×", "8×"]);
    }

    #[test]
    fn a_scale_without_extent_is_still_a_scale() {
        for scale in [
            Scale::spanning(5.0, 5.0, 5, Unit::Plain, ""),
            Scale::spanning(f64::NAN, f64::INFINITY, 5, Unit::Plain, ""),
            Scale::spanning(-1e300, 1e300, 5, Unit::Plain, ""),
            Scale::rounded(1e17, 1e17, 4, Unit::Plain, ""),
            Scale::share(0.0, 5, ""),
            Scale::days(f64::NAN, ""),
            Scale::upward(f64::INFINITY, 5, Unit::Times, ""),
        ] {
            assert!(scale.low < scale.high && scale.ticks.len() < 40, "{scale:?}");
            assert!(labels(&scale).iter().all(|label| label.len() < 16), "{:?}", labels(&scale));
        }
    }
}
