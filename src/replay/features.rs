use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::{ConditionId, FeatureId, Listed, ListedId, Plan, UNLISTED};
use crate::table::{Column, Ids, MISSING, Table};
use crate::time::Instant;

/// What was known of each lead when it was scored. Holds no outcome: a model cannot see one.
#[derive(Clone, Debug)]
pub struct Features {
    /// In row order, ascending.
    pub ids: Ids,
    pub as_of: Vec<Instant>,
    /// The leads' columns as known at `as_of`.
    pub attributes: Table,
    /// Names of attributes that are known only as exported.
    pub as_exported: Vec<String>,
    values: Vec<Vec<f64>>,
    conditions: Vec<Arc<[bool]>>,
    places: Vec<Vec<u32>>,
}

impl Features {
    /// `values` are those of the plan's event features; its conditions and lists are computed here, each once.
    ///
    /// # Panics
    /// When a feature has not a value a lead.
    pub fn new(
        ids: Ids,
        as_of: Vec<Instant>,
        attributes: Table,
        as_exported: Vec<String>,
        plan: &Plan,
        values: Vec<Vec<f64>>,
    ) -> Self {
        assert!(values.iter().all(|feature| feature.len() == as_of.len()), "a value for every lead");
        let conditions = plan.conditions().par_iter().map(|condition| condition.holds(&attributes).into()).collect();
        let places = plan.lists().par_iter().map(|listed| places(listed, &attributes)).collect();
        Self { ids, as_of, attributes, as_exported, values, conditions, places }
    }

    pub fn rows(&self) -> usize {
        self.as_of.len()
    }

    /// The feature's value for every lead.
    pub fn event(&self, feature: FeatureId) -> &[f64] {
        &self.values[feature.0]
    }

    /// Whether the condition holds for every lead.
    pub fn whether(&self, condition: ConditionId) -> &Arc<[bool]> {
        &self.conditions[condition.0]
    }

    /// Where in the list each lead's text stands: [`UNLISTED`] where it does not, [`MISSING`] where there is none.
    pub fn places(&self, listed: ListedId) -> &[u32] {
        &self.places[listed.0]
    }

    /// The rows named, ascending.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        Self {
            ids: self.ids.take(rows),
            as_of: rows.iter().map(|&row| self.as_of[row]).collect(),
            attributes: self.attributes.take(rows),
            as_exported: self.as_exported.clone(),
            values: self.values.iter().map(|feature| rows.iter().map(|&row| feature[row]).collect()).collect(),
            conditions: self.conditions.iter().map(|holds| rows.iter().map(|&row| holds[row]).collect()).collect(),
            places: self.places.iter().map(|places| rows.iter().map(|&row| places[row]).collect()).collect(),
        }
    }
}

/// The place of every text of a column in a list, as it is written in its file where that was kept; all are missing where it is no
/// column of texts.
fn places(listed: &Listed, attributes: &Table) -> Vec<u32> {
    let Some(Column::Text(text)) = attributes.get(&listed.column) else { return vec![MISSING; attributes.rows()] };
    let mut known: HashMap<&str, u32> = HashMap::with_capacity(listed.texts.len());
    listed.texts.iter().zip(0..UNLISTED).for_each(|(text, place)| {
        known.entry(text).or_insert(place);
    });
    let levels: Vec<u32> =
        text.levels.iter().map(|level| known.get(level.as_str()).copied().unwrap_or(UNLISTED)).collect();
    let mut places: Vec<u32> =
        text.codes.iter().map(|&code| levels.get(code as usize).copied().unwrap_or(MISSING)).collect();
    for (row, written) in &text.written {
        places[*row as usize] = known.get(written.as_str()).copied().unwrap_or(UNLISTED);
    }
    places
}
