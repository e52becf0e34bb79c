//! A history becomes features as they were known at `as_of`, and outcomes.

mod feature;
mod features;

pub use feature::{After, Decay, EventFeature, FeatureId, Measure, Plan};
pub use features::Features;
