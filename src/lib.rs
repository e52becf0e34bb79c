//! Leadoff replays historical leads through several lead-scoring models and says, with honest uncertainty, which one to trust.

pub mod oracle;
pub mod result;
pub mod stats;
