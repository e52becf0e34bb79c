//! An experiment file: read, and with every name in it resolved.

mod definition;
mod error;
mod file;
mod gates;
mod load;
mod review;
pub mod rules;
mod source;
mod start;
pub(crate) mod yaml;

pub use definition::definition;
pub use error::ConfigError;
pub use file::{CapacitySpec, Count, ExperimentFile, Replicates, Version};
pub use gates::{GateSpec, Share, Sum, ThresholdSpec};
pub use load::Experiment;
pub use review::{FeedbackSpec, Month, NamedRows, ReviewSpec};
pub(crate) use source::Source;
pub use start::{DEMO, demo, schema};
