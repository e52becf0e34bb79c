//! The audit as a command, on files.
