//! What a new folder is made from: the demo, and the schema of experiment files.

use crate::simulate::{Contact, Organisation};
use crate::stats::random::Seed;
use crate::time::{Moment, Zone};

/// The demo experiment, as it stands among the experiments.
pub const DEMO: &str = include_str!("../../experiments/demo.yaml");

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
        account_size: None,
        seed: Seed(1),
    }
}

/// The JSON Schema of the experiment file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(super::file::ExperimentFile);
    serde_json::to_string_pretty(&schema).expect("a schema has only plain values") + "\n"
}
