//! Columns that name somebody: their values stay out of what is published.

use std::collections::HashMap;

use crate::data::{Finding, FindingLevel, What};
use crate::experiment::Experiment;
use crate::models::Model;
use crate::replay::{Plan, Replayed};
use crate::result::{Screening, Sign, Step, Subject};
use crate::table::{Column, concealed};

/// Numbers the values of columns that name somebody, where leads are known and where it was found what columns give away.
/// Conditions were computed before, and models sort levels by name: no score moves.
pub(super) fn conceal(replayed: &mut Replayed, screening: &mut Screening) -> Vec<String> {
    let mut names: HashMap<String, HashMap<String, String>> = HashMap::new();
    replayed.features.attributes.replace(|name, column| {
        let Column::Text(own) = column else { return None };
        let numbered = concealed(name, column)?;
        let pairs = own.levels.iter().cloned().zip(numbered.levels.iter().cloned());
        names.insert(name.into(), pairs.collect());
        Some(Column::Text(numbered))
    });
    for screened in &mut screening.list {
        let Subject::Column(column) = &screened.subject else { continue };
        let Some(numbered) = names.get(column) else { continue };
        for sign in &mut screened.signs {
            if let Sign::NearlyAllConverted { level, .. } | Sign::EverySale { step: Step::Level(level), .. } = sign {
                *level = numbered.get(level).cloned().unwrap_or_default();
            }
        }
    }
    names.into_keys().collect()
}

/// Says which of the columns that a reader meets have numbers in place of their values.
pub(super) fn found(columns: &[String], experiment: &Experiment, models: &[Model], plan: &Plan) -> Option<Finding> {
    let is_met = |name: &&String| {
        let reads = |model: &Model| model.subjects(plan).contains(&Subject::Column((*name).clone()));
        experiment.file.segments.contains(name) || models.iter().any(reads)
    };
    let mut met: Vec<String> = columns.iter().filter(is_met).map(|name| format!("`{name}`")).collect();
    met.sort();
    let text = format!("values of {} may name somebody: what is published has numbers in their place", met.join(", "));
    let finding = Finding::new("leads", What::Concealed, FindingLevel::Note, met.len() as u64, text);
    (!met.is_empty()).then(|| finding.advice("`--internal` shows them, for a report that stays in the house"))
}
