//! An evaluation as people read it.

pub mod chart;

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("chart `{id}` can not be drawn as PNG: {reason}")]
    Png { id: String, reason: String },
}
