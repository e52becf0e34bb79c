use std::path::{Path, PathBuf};

use crate::report::{self, chart};
use crate::result::Audit;
use crate::store::{StoreError, write_file};

use crate::workflows::RunError;

/// Writes the audit as JSON and as a report, and the proposal where there is one. Returns the folder.
///
/// # Errors
/// When a file cannot be written.
pub fn store(audit: &Audit, folder: &Path) -> Result<PathBuf, RunError> {
    let charts = folder.join("charts");
    std::fs::create_dir_all(&charts).map_err(|source| StoreError::Io { path: charts.clone(), source })?;
    let json = serde_json::to_string_pretty(audit).expect("an audit has only plain values") + "\n";
    write_file(&folder.join("audit.json"), json)?;
    let document = report::audit(audit);
    for (name, bytes) in report::files(&document, "audit")? {
        write_file(&folder.join(name), bytes)?;
    }
    let drawn = chart::criteria(&audit.model, &audit.criteria);
    write_file(&charts.join(format!("{}.svg", drawn.id)), chart::standalone(&drawn))?;
    Ok(folder.into())
}
