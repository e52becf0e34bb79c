use std::path::Path;

use crate::data::{Asked, AssignmentsSpec, Paths, Wanted, columns};
use crate::store::{Ledger, StoreError};
use crate::table::Column;
use crate::trial::Assigner;

use super::TestError;
use super::load::FieldTest;

/// Writes down salt and weights at the first assignment, and holds all later ones to them.
///
/// # Errors
/// When they have changed since, or the file cannot be written.
pub fn freeze(assigner: &Assigner, test: &FieldTest) -> Result<(), TestError> {
    let path = test.beside("assigned.json");
    let kept = Ledger::hold(&path)?;
    match kept.read()? {
        Some(before) if before == assigner.frozen() => Ok(()),
        Some(_) => Err(test
            .invalid(
                "arms",
                format!(
                    "salt, arms or weights are not those of {}: units were assigned by them, and a change would move some \
                     to another arm in mid-test; undo it, or begin a new test under another file name and salt",
                    path.display()
                ),
            )
            .into()),
        None => Ok(kept.replace(&assigner.frozen())?),
    }
}

/// The test's assignment as SQL over a column, in every dialect, each with the dialect's names.
///
/// # Errors
/// When a dialect cannot hold a name.
pub fn assign_sql(
    assigner: &Assigner,
    test: &FieldTest,
    column: &str,
) -> Result<Vec<(&'static str, String)>, TestError> {
    assigner.sql_of_all(column).map_err(|error| TestError::Sql { path: test.path().into(), error })
}

/// The units of a column of a file with their arms, as CSV.
///
/// # Errors
/// When the file or the column is not there.
pub fn assign_file(assigner: &Assigner, path: &Path, column: &str) -> Result<String, TestError> {
    let spec = AssignmentsSpec { path: Paths(vec![path.to_string_lossy().into_owned()]), ..AssignmentsSpec::default() };
    let asked = Asked { column, key: "--id", wanted: Wanted::Text };
    let (mut read, _) = columns(&spec, &[asked], Path::new("."), &crate::time::Zone::utc())?;
    let Some(Column::Text(units)) = read.pop() else { return Ok(String::new()) };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut seen = vec![false; units.levels.len()];
    let failed = |error: csv::Error| StoreError::Read { path: path.into(), why: error.to_string() };
    writer.write_record([column, "arm"]).map_err(failed)?;
    for &code in &units.codes {
        // The same unit again gets the same arm: one row says it.
        if let Some(unit) = units.levels.get(code as usize)
            && !std::mem::replace(&mut seen[code as usize], true)
        {
            writer.write_record([unit, assigner.arm(unit)]).map_err(failed)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| StoreError::Read { path: path.into(), why: error.to_string() })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
