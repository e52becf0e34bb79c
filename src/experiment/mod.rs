//! An experiment file, one run of it, its folder.

mod error;
mod yaml;

pub use error::ConfigError;
