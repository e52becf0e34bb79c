//! The order in which rows were written.

use crate::product::{folder, leadoff_in, write};

#[test]
fn the_order_of_rows_changes_no_byte_of_a_review() {
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", "2500", "--seed", "7"]).done();
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let demo = std::fs::read_to_string(home.join("experiments/demo.yaml")).unwrap();
    let here = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    write(folder.path(), "experiment.yaml", here.replace("seed: 1", "seed: 1\nreplicates: 100"));
    let review = |out: &str| {
        leadoff_in(folder.path(), &["review", "experiment.yaml", "--out", out, "--no-png"]).done();
        let periods = std::fs::read_dir(folder.path().join(out)).unwrap();
        let written = periods.map(|entry| entry.unwrap().path().join("review.json")).find(|path| path.is_file());
        std::fs::read_to_string(written.expect("a review")).unwrap()
    };
    let one = review("one");
    for name in ["leads.csv", "events.csv", "outcomes.csv"] {
        let path = folder.path().join("data").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.reverse();
        let middle = rows.len() / 3;
        rows.rotate_left(middle);
        std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    }
    let other = review("other");
    assert!(one == other, "rows in another order changed the review");
}
