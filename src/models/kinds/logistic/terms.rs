//! Inputs cut into terms: a number standardised, a text by its frequent levels, what is missing as a level of its own.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Source;
use crate::models::words;
use crate::replay::Features;
use crate::stats::quantile;
use crate::table::{Column, MISSING, Text};
use crate::time::DAY;

/// A level counts for itself when so many training leads have it.
const FREQUENT: usize = 30;

/// An input's values for all leads.
pub(super) enum Values<'a> {
    /// NaN is missing.
    Number(Cow<'a, [f64]>),
    Text(&'a Text),
    Flag(Cow<'a, [Option<bool>]>),
}

/// One column of the regression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) name: String,
    /// A place among the inputs.
    pub(super) input: usize,
    part: Part,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Part {
    /// (value − mean) / deviation, with `fill` where it is missing.
    Standard {
        mean: f64,
        deviation: f64,
        fill: f64,
    },
    Level(String),
    True,
    Missing,
}

/// A term beside its values.
pub(super) struct Bound<'a> {
    values: &'a Values<'a>,
    part: &'a Part,
    /// The level's code.
    code: u32,
}

impl<'a> Values<'a> {
    pub(super) fn of(source: &Source, features: &'a Features) -> Self {
        match source {
            Source::Column(name) => match features.attributes.get(name) {
                Some(Column::Number(values)) => Self::Number(Cow::Borrowed(values)),
                Some(Column::Text(text)) => Self::Text(text),
                Some(Column::Flag(flags)) => Self::Flag(Cow::Borrowed(flags)),
                Some(Column::Instant(_)) | None => Self::Number(vec![f64::NAN; features.rows()].into()),
            },
            Source::Criterion(criterion) if criterion.is_flag() => {
                Self::Flag(criterion.strength(features).iter().map(|strength| Some(strength > 0.0)).collect())
            }
            Source::Criterion(criterion) => {
                Self::Number(criterion.strength(features).iter().collect::<Vec<f64>>().into())
            }
            Source::Count(feature) => Self::Number(Cow::Borrowed(features.event(*feature))),
            Source::Recency(feature) => {
                Self::Number(features.event(*feature).iter().map(|age| age / DAY as f64).collect())
            }
        }
    }

    fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Number(values) => !values[row].is_finite(),
            Self::Text(text) => text.codes[row] == MISSING,
            Self::Flag(flags) => flags[row].is_none(),
        }
    }

    pub(super) fn seen(&self, row: usize) -> String {
        if self.is_missing(row) {
            return "missing".into();
        }
        match self {
            Self::Number(values) => words::number(values[row]),
            Self::Text(text) => format!("'{}'", text.get(row).unwrap_or_default()),
            Self::Flag(flags) => flags[row].unwrap_or_default().to_string(),
        }
    }
}

/// The terms of one input, as the training rows have it. What says nothing there is no term.
pub(super) fn of(input: usize, name: &str, values: &Values, rows: &[usize]) -> Vec<Term> {
    let parts = match values {
        Values::Number(numbers) => standard(numbers, rows),
        Values::Text(text) => levels(text, rows),
        Values::Flag(flags) => truth(flags, rows),
    };
    let missing = rows.iter().filter(|row| values.is_missing(**row)).count();
    // A text's null is a level like any other; elsewhere a single one is told apart.
    let own_level = match values {
        Values::Text(_) => missing >= FREQUENT,
        Values::Number(_) | Values::Flag(_) => missing > 0,
    };
    let missing = (own_level && missing < rows.len()).then_some(Part::Missing);
    parts.into_iter().chain(missing).map(|part| Term { name: part.name(name), input, part }).collect()
}

fn standard(numbers: &[f64], rows: &[usize]) -> Vec<Part> {
    let known: Vec<f64> = rows.iter().map(|row| numbers[*row]).filter(|value| value.is_finite()).collect();
    let Some(fill) = quantile::of(&known, 0.5) else { return Vec::new() };
    let count = known.len() as f64;
    let mean = known.iter().sum::<f64>() / count;
    let deviation = (known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    // A constant column keeps the digits that its mean lost.
    let varies = deviation.is_finite() && deviation > 1e-12 * mean.abs();
    varies.then_some(Part::Standard { mean, deviation, fill }).into_iter().collect()
}

fn levels(text: &Text, rows: &[usize]) -> Vec<Part> {
    let mut count = vec![0usize; text.levels.len()];
    for row in rows {
        if let Some(count) = count.get_mut(text.codes[*row] as usize) {
            *count += 1;
        }
    }
    let frequent = text.levels.iter().zip(&count).filter(|(_, count)| (FREQUENT..rows.len()).contains(*count));
    let mut levels: Vec<&String> = frequent.map(|(level, _)| level).collect();
    levels.sort();
    levels.into_iter().map(|level| Part::Level(level.clone())).collect()
}

fn truth(flags: &[Option<bool>], rows: &[usize]) -> Vec<Part> {
    let count = rows.iter().filter(|row| flags[**row] == Some(true)).count();
    (0 < count && count < rows.len()).then_some(Part::True).into_iter().collect()
}

impl Part {
    /// Whether every value has a place on it.
    pub(super) fn is_sound(&self) -> bool {
        let Self::Standard { mean, deviation, fill } = self else { return true };
        mean.is_finite() && fill.is_finite() && deviation.is_finite() && *deviation > 0.0
    }

    fn name(&self, input: &str) -> String {
        match self {
            Self::Standard { .. } | Self::True => input.into(),
            Self::Level(level) => format!("{input} = '{level}'"),
            Self::Missing => format!("{input} missing"),
        }
    }
}

impl Term {
    pub(super) fn new(name: String, input: usize, part: Part) -> Self {
        Self { name, input, part }
    }

    pub(super) fn part(&self) -> &Part {
        &self.part
    }

    /// What a step of 1 is.
    pub(super) fn what(&self) -> String {
        match &self.part {
            Part::Standard { mean, deviation, .. } => {
                format!(
                    "each standard deviation ({}) above the mean ({})",
                    words::number(*deviation),
                    words::number(*mean)
                )
            }
            Part::Level(_) => "this value, against the rare ones".into(),
            Part::True => "true, against false".into(),
            Part::Missing => "a missing value".into(),
        }
    }

    pub(super) fn bind<'a>(&'a self, values: &'a [Values<'a>]) -> Bound<'a> {
        let values = &values[self.input];
        let code = match (values, &self.part) {
            (Values::Text(text), Part::Level(level)) => text.levels.iter().position(|known| known == level),
            _ => None,
        };
        Bound { values, part: &self.part, code: code.map_or(MISSING, |code| code as u32) }
    }
}

impl Bound<'_> {
    pub(super) fn value(&self, row: usize) -> f64 {
        match (self.part, self.values) {
            (Part::Standard { mean, deviation, fill }, Values::Number(numbers)) => {
                let value = if numbers[row].is_finite() { numbers[row] } else { *fill };
                (value - mean) / deviation
            }
            (Part::Level(_), Values::Text(text)) => f64::from(self.code != MISSING && text.codes[row] == self.code),
            (Part::True, Values::Flag(flags)) => f64::from(flags[row] == Some(true)),
            (Part::Missing, values) => f64::from(values.is_missing(row)),
            _ => 0.0,
        }
    }
}
