//! Adapters: proportions, discrimination, drift, resampling, strata.

use super::Adapter;

pub(super) const STATS: &[(&str, Adapter)] = &[];
