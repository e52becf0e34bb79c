use std::path::Path;

use crate::result::trial::Look;
use crate::store::{Ledger, StoreError};

/// The looks taken at a test so far; none without a ledger.
pub(super) fn read(ledger: &Ledger, path: &Path) -> Result<Vec<Look>, StoreError> {
    let failed = |error: serde_json::Error| StoreError::Read {
        path: path.into(),
        why: format!("not a ledger of looks: {error}"),
    };
    ledger.read()?.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(failed))
}

/// Adds a look, in the order of days and of a day's in the order taken. The same data on the same day are the same look.
pub(super) fn with(mut looks: Vec<Look>, look: Look) -> Vec<Look> {
    match looks.iter_mut().find(|known| known.as_of == look.as_of && known.data == look.data) {
        Some(known) => *known = look,
        None => looks.push(look),
    }
    looks.sort_by(|a, b| a.as_of.cmp(&b.as_of));
    looks
}

pub(super) fn write(ledger: &Ledger, looks: &[Look]) -> Result<(), StoreError> {
    ledger.replace(&(serde_json::to_string_pretty(looks).expect("plain values") + "\n"))
}
