//! Scores that need no criteria: a column, a mix of other models, and floors to beat.

use super::context::Context;
use super::resolve::Spec;
use super::scores::{Contribution, Scores, round};
use super::spec::{BlendBy, BlendSpec, ColumnSpec, Missing};
use super::{CardLine, ModelError, Training, words};
use crate::predicate::{Expression, Kind};
use crate::replay::Features;
use crate::result::{Barred, Scale};

/// A score that came with the leads.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnModel {
    score: Expression,
    scale: Scale,
    pub(super) missing: Missing,
    pub(super) reads: Vec<String>,
}

impl ColumnModel {
    pub(super) fn new(spec: &ColumnSpec, path: &str, context: &Context) -> Result<Self, ModelError> {
        let path = format!("{path}.score");
        let columns = context.lead_columns();
        let wrong = |error| ModelError::Predicate { path: path.clone(), error };
        let score = spec.score.resolve(&columns, context.zone).map_err(wrong)?;
        match spec.score.kind(&columns).map_err(wrong)? {
            Some(Kind::Number) => {}
            None => return Err(ModelError::invalid(path, "is null for every lead, expected a number")),
            Some(kind) => {
                let advice = "if that is wrong, declare the column's type under `types:` as number";
                let what = format!("`{}` gives {kind}, expected numbers; {advice}", score.text());
                return Err(ModelError::invalid(path, what));
            }
        }
        let reads = score.columns().map(String::from).collect();
        Ok(Self { score, scale: spec.scale, missing: spec.missing, reads })
    }

    pub(super) fn score(&self, model: &str, features: &Features) -> Result<Scores, ModelError> {
        let value: Vec<f64> = self.score.numbers(&features.attributes).into_iter().map(round).collect();
        let outside = |score: &&f64| !score.is_nan() && !(0.0..=1.0).contains(*score);
        if self.scale == Scale::Probability
            && let Some(first) = value.iter().find(outside)
        {
            let count = value.iter().filter(outside).count();
            let problem = format!(
                "{count} scores are no probabilities, such as {}: expected 0 to 1; divide in `score`, or say `scale: points`",
                words::number(*first)
            );
            return Err(ModelError::NotScored { model: model.into(), problem });
        }
        Ok(Scores { value, ..Scores::default() })
    }

    pub(super) fn card(&self) -> Vec<CardLine> {
        let what = format!("the score as it came with the leads: {}", self.score.text().trim());
        vec![CardLine { name: "score".into(), what, weight: None, standard_error: None }]
    }
}

/// Other models' scores, mixed.
#[derive(Clone, Debug, PartialEq)]
pub struct BlendModel {
    /// Models and their shares, which add to 1.
    pub(super) parts: Vec<(String, f64)>,
    by: BlendBy,
}

impl BlendModel {
    pub(super) fn new(spec: &BlendSpec, path: &str, specs: &[Spec]) -> Result<Self, ModelError> {
        let total: f64 = spec.of.iter().map(|(_, weight)| weight).sum();
        let parts: Vec<(String, f64)> =
            spec.of.iter().map(|(name, weight)| (name.to_string(), weight / total)).collect();
        if spec.by == BlendBy::Probability {
            let points = parts
                .iter()
                .find(|(name, _)| specs.iter().any(|spec| spec.name == *name && spec.scale() != Scale::Probability));
            if let Some((name, _)) = points {
                let what = format!("`{name}` gives points, and those are no probabilities: mix `by: rank`");
                return Err(ModelError::invalid(format!("{path}.by"), what));
            }
        }
        Ok(Self { parts, by: spec.by })
    }

    /// Of the parts' scores, in the order of the parts.
    pub(super) fn score(&self, parts: &[&Scores], training: Option<&Training>) -> Scores {
        let strength = |part: &&Scores| match self.by {
            BlendBy::Probability => part.value.clone(),
            BlendBy::Rank => ranks(&part.value, training),
        };
        let contributions: Vec<Contribution> = self
            .parts
            .iter()
            .zip(parts)
            .map(|((name, share), part)| Contribution {
                name: name.clone(),
                group: None,
                points: *share,
                cap: None,
                strength: strength(part).into(),
            })
            .collect();
        let rows = contributions.first().map_or(0, |part| part.strength.len());
        let mix = |row: usize| round(contributions.iter().map(|part| part.points * part.strength[row]).sum::<f64>());
        let barred =
            self.parts.iter().zip(parts).find_map(|((name, _), part)| Some((name, part.not_promotable.as_ref()?)));
        let not_promotable =
            barred.map(|(name, reason)| Barred::MixedOf { model: name.clone(), because: Box::new(reason.clone()) });
        Scores { value: (0..rows).map(mix).collect(), contributions, not_promotable, ..Scores::default() }
    }

    pub(super) fn card(&self) -> Vec<CardLine> {
        let by = match self.by {
            BlendBy::Rank => "rank among the leads it is compared with, 0 to 100",
            BlendBy::Probability => "probability",
        };
        let line = |(name, share): &(String, f64)| CardLine {
            name: name.clone(),
            what: format!("{} % of the model's {by}", words::number(100.0 * share)),
            weight: Some(*share),
            standard_error: None,
        };
        self.parts.iter().map(line).collect()
    }
}

/// The mid-rank of each score among the training leads' (without any, among all), as a share of 100. Leads without a
/// score are one tied block below all others.
fn ranks(scores: &[f64], training: Option<&Training>) -> Vec<f64> {
    let low = |score: f64| if score.is_nan() { f64::NEG_INFINITY } else { score };
    let mut known: Vec<f64> = match training.filter(|training| !training.rows.is_empty()) {
        Some(training) => training.rows.iter().map(|row| low(scores[*row])).collect(),
        None => scores.iter().map(|score| low(*score)).collect(),
    };
    known.sort_unstable_by(f64::total_cmp);
    let rank = |score: &f64| {
        let below = known.partition_point(|other| *other < low(*score));
        let through = known.partition_point(|other| *other <= low(*score));
        100.0 * 0.5 * (below + through) as f64 / known.len() as f64
    };
    scores.iter().map(rank).collect()
}
