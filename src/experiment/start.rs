//! A new folder with a demo in it.

use std::path::Path;

use crate::simulate::{self, Contact, Organisation};
use crate::stats::random::Seed;
use crate::store::StoreError;
use crate::time::{Moment, Zone};

/// The demo experiment, as it stands among the experiments.
const DEMO: &str = include_str!("../../experiments/demo.yaml");

/// The organisation whose history is the demo: what `data/demo` holds.
pub fn demo() -> Organisation {
    let zone = Zone::utc();
    let moment = |text: &str| text.parse::<Moment>().expect("a date of ours");
    Organisation {
        leads: 15_000,
        events_per_lead: 7.0,
        from: moment("2025-01-01").start(&zone),
        to: moment("2026-09-23").start(&zone),
        until: moment("2026-09-30").end(&zone),
        intercept: -3.2,
        drift: None,
        contact: Contact { low: 0.5, high: 0.95 },
        seed: Seed(1),
    }
}

/// Makes a folder with the demo's data, its experiment file and the schema.
pub fn init(folder: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Io { path: folder.into(), source };
    if folder.exists() && std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(StoreError::NotEmpty { path: folder.into() });
    }
    let data = folder.join("data");
    let simulated = simulate::simulate(&demo());
    std::fs::create_dir_all(&data).map_err(failed)?;
    crate::data::write(&simulated.leads, &data.join("leads.csv")).map_err(failed)?;
    crate::data::write(&simulated.events, &data.join("events.csv.gz")).map_err(failed)?;
    crate::data::write(&simulated.outcomes, &data.join("outcomes.csv")).map_err(failed)?;
    std::fs::write(folder.join("experiment.schema.json"), schema()).map_err(failed)?;
    std::fs::write(folder.join("experiment.yaml"), DEMO.replace("data/demo/", "data/")).map_err(failed)?;
    Ok(())
}

/// The JSON Schema of the experiment file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(super::file::ExperimentFile);
    serde_json::to_string_pretty(&schema).expect("a schema has only plain values") + "\n"
}
