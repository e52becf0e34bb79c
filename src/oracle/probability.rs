//! Adapters: calibration, regression.

use super::Adapter;

pub(super) const STATS: &[(&str, Adapter)] = &[];
