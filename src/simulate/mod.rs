//! A CRM-like history with a known truth: leads, what they did, and what became of them.

pub mod changing;
mod organisation;
mod planted;
mod truth;

pub use organisation::{Contact, Drift, Organisation, simulate};
pub use planted::{Fault, POINT, PlantedCriterion, PlantedHistory, PlantedLeads, PlantedOrganisation, planted};
pub use truth::Truth;

use crate::table::Table;

/// A made history and what it was made from.
#[derive(Clone, Debug)]
pub struct Simulated {
    pub leads: Table,
    pub events: Table,
    pub outcomes: Table,
    pub truth: Truth,
}
