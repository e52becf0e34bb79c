use std::sync::Arc;

use rayon::prelude::*;

use super::{ConditionId, FeatureId, Plan};
use crate::table::{Ids, Table};
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
}

impl Features {
    /// `values` are those of the plan's event features; its conditions are computed here, each once.
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
        Self { ids, as_of, attributes, as_exported, values, conditions }
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
        }
    }
}
