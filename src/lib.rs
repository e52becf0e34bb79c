//! Leadoff replays historical leads through several lead-scoring models and says, with honest uncertainty, which one to trust.

pub mod audit;
pub mod data;
pub mod engine;
pub mod evaluation;
pub mod experiment;
pub mod forest;
pub mod intake;
pub mod metrics;
pub mod models;
pub mod oracle;
pub mod pipeline;
pub mod predicate;
pub mod replay;
pub mod report;
pub mod result;
pub mod review;
pub mod screening;
pub mod simulate;
pub mod stats;
pub mod store;
pub mod table;
pub mod time;
pub mod trial;
pub mod workflows;
