use std::io;
use std::path::{Path, PathBuf};

use super::Simulated;

/// The files of a simulated history.
#[derive(Clone, Debug)]
pub struct Files {
    pub leads: PathBuf,
    pub events: PathBuf,
    pub outcomes: PathBuf,
    pub truth: PathBuf,
}

/// Writes `leads`, `events` and `outcomes` with an extension (`csv`, `csv.gz`, `parquet`) and `truth.json` into a folder.
pub fn write(simulated: &Simulated, folder: &Path, extension: &str) -> io::Result<Files> {
    std::fs::create_dir_all(folder)?;
    let path = |name: &str| folder.join(format!("{name}.{extension}"));
    let files = Files {
        leads: path("leads"),
        events: path("events"),
        outcomes: path("outcomes"),
        truth: folder.join("truth.json"),
    };
    crate::data::write(&simulated.leads, &files.leads)?;
    crate::data::write(&simulated.events, &files.events)?;
    crate::data::write(&simulated.outcomes, &files.outcomes)?;
    let truth = serde_json::to_string_pretty(&simulated.truth).map_err(io::Error::other)?;
    std::fs::write(&files.truth, truth + "\n")?;
    Ok(files)
}
