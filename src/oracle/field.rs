//! Adapters: field tests, fixed and sequential.

use super::Adapter;

pub(super) const STATS: &[(&str, Adapter)] = &[];
