//! An evaluation as people read it.

pub mod chart;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("chart `{chart}` could not be drawn: {reason}")]
    Chart { chart: String, reason: String },
}
