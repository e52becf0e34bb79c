use std::fmt::Write;
use std::sync::LazyLock;

use plotters::prelude::{Color, RGBAColor, RGBColor, ShapeStyle};

/// A colour by what it stands for. Plotters carries it as a number; the SVG names it as a class, so that one picture
/// serves light, dark and print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Text,
    Muted,
    Axis,
    Grid,
    Band,
    Paper,
    Warning,
    Champion,
    /// A model other than the champion: one of six colours.
    Model(u8),
    /// A bracket, from the lowest scores (0) to the highest.
    Step(u8),
}

/// Colours of models other than the champion, then they return dashed.
pub(super) const MODELS: u8 = 6;
pub(super) const STEPS: u8 = 12;

/// An ink and the dashes of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pen {
    pub(super) ink: Ink,
    /// An index into `DASHES`.
    pub(super) dash: u8,
}

const DASHES: [&str; 4] = ["", "7 3", "2 2.5", "8 3 2 3"];
/// A thin reference line, which is no model's.
pub(super) const REFERENCE: Pen = Pen { ink: Ink::Muted, dash: 2 };

/// Class, light, dark. Distinct for readers with deuteranopia, protanopia and tritanopia, and at least 3:1 to the paper.
const NAMED: [(&str, &str, &str); 8] = [
    ("text", "#1f2328", "#e6eaef"),
    ("muted", "#59636e", "#9aa5b1"),
    ("axis", "#8c959f", "#6b7682"),
    ("grid", "#e4e8ec", "#2a3038"),
    ("band", "#f2f4f7", "#1e242b"),
    ("paper", "#ffffff", "#14181e"),
    ("warning", "#b3261e", "#ff8f85"),
    ("champion", "#1f2328", "#f0f3f6"),
];
const MODEL: [(&str, &str); MODELS as usize] = [
    ("#1273d6", "#3d9df0"),
    ("#a8400a", "#fb6a2a"),
    ("#0a9d68", "#2fd9a0"),
    ("#cc55ab", "#dd5fb0"),
    ("#1c5378", "#a9cbf7"),
    ("#b98e00", "#e8cd62"),
];
const STEP_LIGHT: [[f64; 3]; 4] =
    [[116.0, 194.0, 163.0], [42.0, 143.0, 189.0], [43.0, 58.0, 143.0], [24.0, 16.0, 62.0]];
const STEP_DARK: [[f64; 3]; 4] =
    [[74.0, 104.0, 178.0], [47.0, 152.0, 190.0], [120.0, 216.0, 158.0], [244.0, 246.0, 200.0]];

impl Ink {
    fn id(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Muted => 1,
            Self::Axis => 2,
            Self::Grid => 3,
            Self::Band => 4,
            Self::Paper => 5,
            Self::Warning => 6,
            Self::Champion => 7,
            Self::Model(n) => 8 + n % MODELS,
            Self::Step(n) => 8 + MODELS + n.min(STEPS - 1),
        }
    }

    /// The ink of a bracket among `of`, spread over the whole scale.
    pub(super) fn step(bracket: usize, of: usize) -> Self {
        let place = if of < 2 { 0.6 } else { bracket as f64 / (of - 1) as f64 };
        Self::Step((place * f64::from(STEPS - 1)).round() as u8)
    }

    pub(super) fn solid(self) -> Pen {
        Pen { ink: self, dash: 0 }
    }

    /// Its light colour: red, green and blue in a number.
    pub(super) fn on_paper(self) -> u32 {
        let step = |step: u8| between(&STEP_LIGHT, f64::from(step) / f64::from(STEPS - 1));
        let colour = match usize::from(self.id()) {
            id if id < NAMED.len() => NAMED[id].1.to_owned(),
            id if id < NAMED.len() + MODEL.len() => MODEL[id - NAMED.len()].0.to_owned(),
            id => step((id - NAMED.len() - MODEL.len()) as u8),
        };
        u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or(0)
    }
}

impl Pen {
    pub(super) fn colour(self) -> RGBAColor {
        RGBColor(self.ink.id(), self.dash, 0).to_rgba()
    }

    /// For text that stands on other marks: with a rim of paper.
    pub(super) fn rimmed(self) -> RGBAColor {
        RGBColor(self.ink.id(), self.dash, 1).to_rgba()
    }

    pub(super) fn stroke(self, tenths: u32) -> ShapeStyle {
        self.colour().stroke_width(tenths)
    }

    pub(super) fn fill(self, opacity: f64) -> ShapeStyle {
        self.colour().mix(opacity).filled()
    }
}

/// The name of an ink in the style sheet; no word of a page around the chart.
pub(super) fn class(id: u8) -> String {
    match id {
        0..8 => format!("ink-{}", NAMED[usize::from(id)].0),
        id if id < 8 + MODELS => format!("ink-model{}", id - 8),
        id => format!("ink-step{}", id - 8 - MODELS),
    }
}

pub(super) fn dashes(id: u8) -> &'static str {
    DASHES[usize::from(id) % DASHES.len()]
}

/// Lines of the grid are drawn on whole pixels.
pub(super) fn is_ruled(id: u8) -> bool {
    id == Ink::Grid.id() || id == Ink::Axis.id()
}

/// The style sheet of all charts: light, with dark for screens that ask for it.
pub(super) static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}@media screen and (prefers-color-scheme:dark){{\n{}}}\n", *LIGHT, rules(Mode::Dark)));

pub(super) static LIGHT: LazyLock<String> = LazyLock::new(|| {
    let font = "svg.chart{font-family:system-ui,sans-serif;font-variant-numeric:tabular-nums}\n";
    format!("{font}{}", rules(Mode::Light))
});

#[derive(Clone, Copy)]
enum Mode {
    Light,
    Dark,
}

fn rules(mode: Mode) -> String {
    let pick = |light: &str, dark: &str| match mode {
        Mode::Light => light.to_string(),
        Mode::Dark => dark.to_string(),
    };
    let named = NAMED.iter().map(|(_, light, dark)| pick(light, dark));
    let models = MODEL.iter().map(|(light, dark)| pick(light, dark));
    let anchors = match mode {
        Mode::Light => &STEP_LIGHT,
        Mode::Dark => &STEP_DARK,
    };
    let steps = (0..STEPS).map(|step| between(anchors, f64::from(step) / f64::from(STEPS - 1)));
    let mut css = String::new();
    for (id, colour) in (0..).zip(named.chain(models).chain(steps)) {
        writeln!(css, "svg.chart .{}{{color:{colour}}}", class(id)).expect("a string takes all text");
    }
    let paper = pick(NAMED[5].1, NAMED[5].2);
    css + &format!("svg.chart .ink-rim{{stroke:{paper}}}\n")
}

/// The colour at `place` (0 to 1) along the anchors.
fn between(anchors: &[[f64; 3]; 4], place: f64) -> String {
    let along = place * 3.0;
    let from = (along as usize).min(2);
    let part = along - from as f64;
    let mix = |channel: usize| {
        let (low, high) = (anchors[from][channel], anchors[from + 1][channel]);
        (low + (high - low) * part).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", mix(0), mix(1), mix(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_run_over_the_whole_scale_however_many_there_are() {
        assert_eq!((Ink::step(0, 4), Ink::step(3, 4)), (Ink::Step(0), Ink::Step(STEPS - 1)));
        assert_eq!(Ink::step(14, 15), Ink::Step(STEPS - 1));
        assert_eq!(Ink::step(0, 1), Ink::Step(7));
    }

    #[test]
    fn every_ink_has_a_colour_in_light_and_in_dark() {
        for id in 0..8 + MODELS + STEPS {
            assert_eq!(STYLE.matches(&format!(".{}{{color:#", class(id))).count(), 2, "{}", class(id));
        }
    }

    #[test]
    fn paper_is_light_where_no_screen_asks_for_dark() {
        assert!(!LIGHT.contains("@media"));
        assert!(STYLE.contains("@media screen and (prefers-color-scheme:dark)"));
    }
}
