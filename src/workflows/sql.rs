//! The fold of an experiment's event log as a statement for an engine.

pub use crate::engine::{Engine, Tables};

use crate::experiment::Experiment;
use crate::pipeline::{PipelineError, Progress, engine_statement};

/// One SELECT of every lead's features, and of what findings need of the log.
///
/// # Errors
/// When the leads cannot be read, or an engine would read what is asked otherwise.
pub fn sql(
    experiment: &Experiment,
    engine: Engine,
    tables: Tables,
    progress: &dyn Progress,
) -> Result<String, PipelineError> {
    engine_statement(experiment, engine, tables, progress)
}
