//! A CRM-like history with a known truth: leads, what they did, and what became of them.

pub mod changing;
mod organisation;
mod planted;
mod truth;
mod write;

pub use organisation::{Contact, Drift, Organisation, simulate};
pub use planted::{Fault, POINT, PlantedCriterion, PlantedLeads, PlantedOrganisation, write_planted};
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
