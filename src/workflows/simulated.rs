//! Made histories as files, as `leadoff simulate` and `leadoff init` leave them.

use std::path::{Path, PathBuf};

use crate::data;
use crate::experiment::{DEMO, demo, schema};
use crate::simulate::{PlantedHistory, Simulated, simulate};
use crate::store::{StoreError, Target, Writer};
use crate::table::Table;

/// The files of a simulated history.
#[derive(Clone, Debug)]
pub struct Files {
    pub leads: PathBuf,
    pub events: PathBuf,
    pub outcomes: PathBuf,
    pub truth: PathBuf,
}

enum Part<'a> {
    Table(&'a Table),
    Text(&'a str),
}

/// Writes all of the files or, where one of them is there and of somebody else, none.
fn write(folder: &Path, parts: &[(String, Part)]) -> Result<(), StoreError> {
    let place = |(name, _): &(String, Part)| Target::file_in(folder, name, Writer::Simulation);
    let places: Vec<Target> = parts.iter().map(place).collect::<Result<_, _>>()?;
    for (place, (_, part)) in places.iter().zip(parts) {
        match part {
            Part::Table(table) => place.write_with(|draft| data::write(table, draft))?,
            Part::Text(text) => place.write(text)?,
        }
    }
    Ok(())
}

/// Writes `leads`, `events` and `outcomes` with an extension (`csv`, `csv.gz`, `parquet`) and `truth.json` into a folder.
///
/// # Errors
/// When one of them is there already and is not of an earlier simulation, or cannot be written.
pub fn write_history(simulated: &Simulated, folder: &Path, extension: &str) -> Result<Files, StoreError> {
    let name = |stem: &str| format!("{stem}.{extension}");
    let truth = serde_json::to_string_pretty(&simulated.truth).expect("plain values") + "\n";
    let parts = [
        (name("leads"), Part::Table(&simulated.leads)),
        (name("events"), Part::Table(&simulated.events)),
        (name("outcomes"), Part::Table(&simulated.outcomes)),
        ("truth.json".into(), Part::Text(&truth)),
    ];
    write(folder, &parts)?;
    let [leads, events, outcomes, truth] = parts.map(|(name, _)| folder.join(name));
    Ok(Files { leads, events, outcomes, truth })
}

/// Writes a planted organisation. Returns the path of its experiment.
///
/// # Errors
/// When one of its files is there already and is not of an earlier simulation, or cannot be written.
pub fn write_planted(planted: &PlantedHistory, folder: &Path) -> Result<PathBuf, StoreError> {
    let parts = [
        ("leads.csv.gz".into(), Part::Table(&planted.leads)),
        ("outcomes.csv.gz".into(), Part::Table(&planted.outcomes)),
        ("truth.json".into(), Part::Text(&planted.truth)),
        ("experiment.yaml".into(), Part::Text(&planted.experiment)),
    ];
    write(folder, &parts)?;
    Ok(folder.join("experiment.yaml"))
}

/// Makes a folder with the demo's data, its experiment file and the schema, all of it or nothing.
///
/// # Errors
/// When the folder holds anything, or cannot be written.
pub fn init(folder: &Path) -> Result<(), StoreError> {
    let mut draft = Target::new_folder(folder, Writer::Init)?.draft()?;
    let simulated = simulate(&demo());
    let tables = [
        ("data/leads.csv", &simulated.leads),
        ("data/events.csv.gz", &simulated.events),
        ("data/outcomes.csv", &simulated.outcomes),
    ];
    for (name, table) in tables {
        let mut bytes = Vec::new();
        data::write_as(table, name, &mut bytes).map_err(|source| StoreError::Io { path: folder.join(name), source })?;
        draft.write(name, bytes)?;
    }
    draft.write("experiment.schema.json", schema())?;
    draft.write("experiment.yaml", DEMO.replace("data/demo/", "data/"))?;
    draft.finish().map(drop)
}
