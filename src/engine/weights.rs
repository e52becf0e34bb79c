//! Decayed sums step by step: `+ - * /` and floor alone, so that every engine gives the bits that are given here.

use super::Engine;
use crate::predicate::EngineWords;
use crate::replay::{Decay, LARGEST};
use crate::stats::decay::{COEFFICIENTS, GONE};
use crate::time::Span;

/// A sum over events, by its number.
pub(super) struct Sum {
    pub n: usize,
    /// Which events count.
    pub matches: String,
    /// The value of each, where it is not 1.
    pub value: Option<String>,
    pub decay: Decay,
}

/// Names of what one step adds for the next, and the texts of it.
type Step = Vec<String>;

impl Sum {
    fn span(&self) -> Option<Span> {
        match self.decay {
            Decay::None => None,
            Decay::HalfLife(span) | Decay::Linear(span) => Some(span),
            Decay::Steps { every, .. } => Some(every),
        }
    }

    fn halves(&self) -> bool {
        matches!(self.decay, Decay::HalfLife(_))
    }

    /// How often its span has passed; null for events that do not count.
    fn lives(&self, engine: Engine) -> String {
        let (n, double) = (self.n, engine.double());
        let lives = match self.span() {
            Some(span) => format!("CAST(age AS {double}) / {}", engine.number(span.micros() as f64)),
            None => engine.number(0.0),
        };
        format!("CASE WHEN {} THEN {lives} END AS t{n}", self.matches)
    }

    /// What is left of the weight after so many lives.
    fn weight(&self, engine: Engine) -> String {
        let (n, zero, one) = (self.n, engine.number(0.0), engine.number(1.0));
        match self.decay {
            Decay::None => format!("CASE WHEN t{n} IS NOT NULL THEN {one} END"),
            Decay::HalfLife(_) => {
                let last = engine.number(COEFFICIENTS[13]);
                let rest = COEFFICIENTS[..13].iter().rev();
                let sum = rest.fold(last, |sum, one| format!("({} + f{n} * {sum})", engine.number(*one)));
                let power = engine.power_of_two(&format!("-k{n}"));
                format!(
                    "CASE WHEN t{n} < {} THEN {power} * {sum} WHEN t{n} IS NOT NULL THEN {zero} END",
                    engine.number(GONE)
                )
            }
            Decay::Linear(_) => {
                format!("CASE WHEN t{n} < {one} THEN {one} - t{n} WHEN t{n} IS NOT NULL THEN {zero} END")
            }
            Decay::Steps { share, .. } => {
                let left = format!("{one} - {} * floor(t{n})", engine.number(share));
                format!("CASE WHEN {left} > {zero} THEN {left} WHEN t{n} IS NOT NULL THEN {zero} END")
            }
        }
    }

    fn value(&self, engine: Engine) -> String {
        let weight = self.weight(engine);
        match &self.value {
            Some(value) => format!("{value} * ({weight}) AS w{}", self.n),
            None => format!("{weight} AS w{}", self.n),
        }
    }

    fn first_part(&self, engine: Engine) -> Step {
        let n = self.n;
        match self.value {
            Some(_) => vec![
                format!("CASE WHEN w{n} < {} THEN -1 ELSE 1 END AS g{n}", engine.number(0.0)),
                format!("CASE WHEN abs(w{n}) < {} THEN abs(w{n}) END AS v{n}", engine.number(LARGEST)),
                format!(
                    "CASE WHEN abs(w{n}) < {0} THEN floor(abs(w{n}) / {1}) END AS a{n}",
                    engine.number(LARGEST),
                    p(engine, 20)
                ),
            ],
            None => vec![format!("floor(w{n} * {}) AS a{n}", p(engine, 30))],
        }
    }

    fn second_part(&self, engine: Engine) -> String {
        let n = self.n;
        match self.value {
            Some(_) => format!("(v{n} - a{n} * {0}) * {0} AS r{n}", p(engine, 20)),
            None => format!("(w{n} * {0} - a{n}) * {0} AS r{n}", p(engine, 30)),
        }
    }

    fn third_part(&self, engine: Engine) -> Option<String> {
        let n = self.n;
        self.value.as_ref().map(|_| format!("(r{n} - floor(r{n})) * {} AS q{n}", p(engine, 40)))
    }

    /// The sums of the parts.
    pub fn parts(&self, engine: Engine) -> Vec<String> {
        let (n, big) = (self.n, engine.big());
        let whole = |part: &str| format!("CAST(floor({part}) AS {big})");
        // To the nearest, halves up: what is rounded is never negative, and adding a half first would round twice.
        let rounded = |part: &str| {
            let floor = whole(part);
            format!("CASE WHEN {part} - floor({part}) >= {} THEN {floor} + 1 ELSE {floor} END", engine.number(0.5))
        };
        let sum = |text: String| format!("CAST(SUM({text}) AS {big})");
        match self.value {
            Some(_) => vec![
                sum(format!("g{n} * {}", whole(&format!("a{n}")))),
                sum(format!("g{n} * {}", whole(&format!("r{n}")))),
                sum(format!("g{n} * ({})", rounded(&format!("q{n}")))),
                format!("COUNT(CASE WHEN abs(w{n}) >= {} THEN 1 END)", engine.number(LARGEST)),
            ],
            None => vec![sum(whole(&format!("a{n}"))), sum(rounded(&format!("r{n}")))],
        }
    }
}

/// A power of two.
fn p(engine: Engine, exponent: u32) -> String {
    engine.number(2f64.powi(exponent as i32))
}

/// The steps from events to the parts of sums, each a SELECT's additions; nothing where there is no sum.
pub(super) fn steps(sums: &[&Sum], engine: Engine) -> Vec<(&'static str, Step)> {
    if sums.is_empty() {
        return Vec::new();
    }
    let double = engine.double();
    let halves = || sums.iter().filter(|sum| sum.halves());
    let half = engine.number(0.5);
    let whole = halves().map(|sum| {
        let n = sum.n;
        format!("CASE WHEN t{n} < {} THEN CAST(floor(t{n} + {half}) AS {double}) END AS k{n}", engine.number(GONE))
    });
    let rest = halves().map(|sum| format!("k{0} - t{0} AS f{0}", sum.n));
    let mut steps: Vec<(&str, Step)> = vec![
        ("lives", sums.iter().map(|sum| sum.lives(engine)).collect()),
        ("whole", whole.collect()),
        ("rest", rest.collect()),
        ("weighed", sums.iter().map(|sum| sum.value(engine)).collect()),
        ("first_part", sums.iter().flat_map(|sum| sum.first_part(engine)).collect()),
        ("second_part", sums.iter().map(|sum| sum.second_part(engine)).collect()),
        ("third_part", sums.iter().filter_map(|sum| sum.third_part(engine)).collect()),
    ];
    steps.retain(|(_, added)| !added.is_empty());
    steps
}
