use crate::replay::FeatureId;
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
}

impl Features {
    /// # Panics
    /// When a feature has not a value a lead.
    pub fn new(
        ids: Ids,
        as_of: Vec<Instant>,
        attributes: Table,
        as_exported: Vec<String>,
        values: Vec<Vec<f64>>,
    ) -> Self {
        assert!(values.iter().all(|feature| feature.len() == as_of.len()), "a value for every lead");
        Self { ids, as_of, attributes, as_exported, values }
    }

    pub fn rows(&self) -> usize {
        self.as_of.len()
    }

    /// The feature's value for every lead.
    pub fn event(&self, feature: FeatureId) -> &[f64] {
        &self.values[feature.0]
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
        }
    }
}
