//! Histories of field tests with a known truth.
