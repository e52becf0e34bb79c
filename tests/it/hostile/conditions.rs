//! Experiments whose parts refer to each other, or are very many.

use super::{HEADER, experiment, row};
use crate::product::{folder, leadoff_in, write};

/// Checks an experiment with more in its `models` than the score, within seconds.
fn checked(models: &str) {
    let folder = folder();
    let rows: Vec<String> = (0..60).map(row).collect();
    write(folder.path(), "leads.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    write(folder.path(), "experiment.yaml", format!("{}{models}", experiment("leads.csv")));
    let began = std::time::Instant::now();
    leadoff_in(folder.path(), &["check", "experiment.yaml"]).done();
    assert!(began.elapsed().as_secs() < 40, "{:?}", began.elapsed());
}

#[test]
fn a_long_chain_of_variants_takes_a_change_each() {
    let mut models = String::from(
        "  v0: { points: { criteria: [ { name: Any, when: \"lead_id IS NULL\", points: 1 }, { name: Few, when: \"score < 3\", points: 2 } ] } }\n",
    )
    .replace("lead_id IS NULL", "score IS NULL");
    for variant in 1..=2_000 {
        models +=
            &format!("  v{variant}: {{ extends: v{}, change: {{ Any: {{ points: {variant} }} }} }}\n", variant - 1);
    }
    checked(&models);
}

#[test]
fn many_brackets_are_read_in_time() {
    let edges: Vec<String> = (1..=10_000).map(|edge| edge.to_string()).collect();
    checked(&format!("brackets: {{ edges: [{}] }}\n", edges.join(", ")));
}
