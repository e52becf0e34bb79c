//! Adapters: time to an event.

use super::Adapter;

pub(super) const STATS: &[(&str, Adapter)] = &[];
