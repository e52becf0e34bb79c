//! A CRM-like history with a known truth: leads, what they did, and what became of them.

pub mod changing;
mod organisation;
mod planted;
mod truth;
mod write;

pub use organisation::{Drift, Organisation, simulate};
pub use planted::{Fault, PlantedCriterion, PlantedLeads, PlantedOrganisation};
pub use truth::Truth;
pub use write::{Files, write};

use crate::table::Table;

/// A made history and what it was made from.
#[derive(Clone, Debug)]
pub struct Simulated {
    pub leads: Table,
    pub events: Table,
    pub outcomes: Table,
    pub truth: Truth,
}
