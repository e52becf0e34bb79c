//! Input that means harm, or is damaged: refused with the file's name and what to do, and at no more cost than its size.

mod arguments;
mod cases;
mod conditions;
mod mutants;
mod mutated_text;
mod order;
mod text;
mod wide;

use std::path::Path;

use crate::product::{Said, leadoff_in, write};

/// Leads in one file, with when they were created and won.
fn experiment(leads: &str) -> String {
    format!(
        "version: 1\nexperiment: Hostile\ndata:\n  \
         leads: {{ path: {leads}, id: lead_id, created: created_at, known: at_creation, except: {{ score: as_exported }} }}\n  \
         outcomes: {{ converted: won_at }}\n  until: 2026-06-30\n\
         replay: {{ as_of: {{ after_created: 1d }}, horizon: 30d, evaluate: {{ from: 2026-01-01, to: 2026-05-01 }} }}\n\
         champion: score\nmodels:\n  score: {{ column: {{ score: score, scale: points }} }}\n"
    )
}

const HEADER: &str = "lead_id,created_at,won_at,score";

/// A lead of those that the experiment compares.
fn row(lead: usize) -> String {
    let won = if lead.is_multiple_of(3) { format!("2026-02-{:02}", 1 + lead % 20) } else { String::new() };
    format!("L{lead:03},2026-01-{:02},{won},{}", 1 + lead % 20, lead % 10)
}

/// Checks an experiment whose leads are these.
fn check(folder: &Path, name: &str, leads: impl AsRef<[u8]>) -> Said {
    write(folder, name, leads);
    write(folder, "experiment.yaml", experiment(name));
    leadoff_in(folder, &["check", "experiment.yaml"])
}
