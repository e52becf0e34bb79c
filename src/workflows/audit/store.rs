use crate::report::{self, chart};
use crate::result::Audit;
use crate::store::{Stored, Target};

use super::AuditError;

/// Writes the audit as JSON and as a report, all of it or nothing.
///
/// # Errors
/// When a file cannot be written.
pub fn store(audit: &Audit, place: &Target) -> Result<Stored, AuditError> {
    let mut folder = place.draft()?;
    let json = serde_json::to_string_pretty(audit).expect("an audit has only plain values") + "\n";
    folder.write("audit.json", json)?;
    let document = report::audit(audit);
    for (name, bytes) in report::files(&document, "audit")? {
        folder.write(&name, bytes)?;
    }
    let drawn = chart::criteria(&audit.model, &audit.criteria);
    folder.write(&format!("charts/{}.svg", drawn.id), chart::standalone(&drawn))?;
    Ok(folder.finish()?)
}
