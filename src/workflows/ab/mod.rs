//! A field test's file: who is assigned to which arm, what became of them, and the ledger of looks.

mod analyze;
mod assign;
mod error;
mod file;
mod held;
mod history;
mod ledger;
mod load;
mod plan;
mod read;
mod simulate;

pub use analyze::{Analysis, analyze, read_trial, redraw, store};
pub use assign::{assign_file, assign_sql, freeze};
pub use error::TestError;
pub use file::{ForetoldSpec, MonitoringSpec, PlanSpec, TestFile, UnitKind};
pub use history::{Past, past};
pub use load::FieldTest;
pub use plan::Planned;
pub use simulate::write_simulated;
