use std::path::Path;

use crate::result::trial::Look;
use crate::store::{StoreError, write_file};

/// The looks taken at a test so far; none without a ledger.
pub(super) fn read(path: &Path) -> Result<Vec<Look>, StoreError> {
    let failed = |why: String| StoreError::Read { path: path.into(), why };
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| failed(format!("not a ledger of looks: {error}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error.to_string())),
    }
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

pub(super) fn write(path: &Path, looks: &[Look]) -> Result<(), StoreError> {
    let text = serde_json::to_string_pretty(looks).expect("plain values") + "\n";
    write_file(path, text)
}
