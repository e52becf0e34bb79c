//! What a replay promises whatever the data: no score knows the future, and neither order nor threads change a byte.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use leadoff::experiment::Experiment;
use leadoff::pipeline::PipelineError;
use leadoff::workflows::{RunError, run::run};
use proptest::prelude::*;

use crate::product::{folder, leadoff_in, write};

/// The demo's models on a history of their own, small enough for a test.
fn history() -> tempfile::TempDir {
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", "2500", "--seed", "7"]).done();
    let demo = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/demo.yaml")).unwrap();
    let here = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    let quick = here.replace("seed: 1", "seed: 1\nreplicates: 100");
    assert_ne!(quick, here);
    write(folder.path(), "experiment.yaml", quick);
    folder
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn scored(folder: &Path) -> String {
    leadoff_in(folder, &["score", "experiment.yaml", "scores.csv"]).done();
    read(folder, "scores.csv")
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The rows of a table in another order, under the same header.
fn shuffled(text: &str, seed: u64) -> String {
    let (header, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_by_key(|row| hash((row, seed)));
    format!("{header}\n{}\n", rows.join("\n"))
}

type Row = Vec<String>;

fn table(text: &str) -> (Row, Vec<Row>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(String::from).collect();
    (header, reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect())
}

fn text(header: &Row, rows: &[Row]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    std::iter::once(header).chain(rows).for_each(|row| writer.write_record(row).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// When each lead is scored, as the scores' own file says it.
fn as_of(scores: &str) -> std::collections::HashMap<String, String> {
    table(scores).1.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect()
}

#[test]
fn nothing_that_happened_after_scoring_changes_a_byte_of_the_scores() {
    let folder = history();
    let before = scored(folder.path());
    let as_of = as_of(&before);
    let (header, events) = table(&read(folder.path(), "data/events.csv"));
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (lead, at, kind, page) = (place("lead_id"), place("occurred_at"), place("kind"), place("page"));
    let is_later = |row: &Row| as_of.get(&row[lead]).is_none_or(|as_of| row[at] > *as_of);
    let later = events.iter().filter(|row| is_later(row)).count();
    assert!(later > 1000 && later < events.len() - 1000, "{later} of {}", events.len());
    // Of the later ones some are deleted, and the others told otherwise, at another later time, in any place.
    let kinds = ["demo_request", "email_open", "unsubscribe", "page_view", "never_seen_before"];
    let told = |(place, row): (usize, &Row)| {
        let mut row = row.clone();
        if is_later(&row) {
            let luck = hash((place, "later"));
            if luck % 3 == 0 {
                return None;
            }
            row[at] = format!("2026-09-{:02} 10:00:00", 1 + luck % 28).max(row[at].clone());
            row[kind] = kinds[(luck % 5) as usize].into();
            row[page] = if luck % 2 == 0 { "/careers".into() } else { String::new() };
        }
        Some(row)
    };
    let others: Vec<Row> = events.iter().enumerate().filter_map(told).collect();
    assert!(others.len() < events.len() - 300);
    write(folder.path(), "data/events.csv", shuffled(&text(&header, &others), 3));
    assert!(scored(folder.path()) == before, "what came later changed a score");
    let earlier: Vec<Row> = events.iter().filter(|row| !is_later(row)).cloned().collect();
    write(folder.path(), "data/events.csv", text(&header, &earlier));
    assert!(scored(folder.path()) == before, "deleting what came later changed a score");
    // The test can fail: what came before does change scores.
    write(folder.path(), "data/events.csv", text(&header, &earlier[..earlier.len() / 2]));
    assert!(scored(folder.path()) != before);
}

#[test]
fn neither_the_order_of_rows_nor_the_number_of_threads_changes_a_byte() {
    let folder = history();
    let run = |out: &str, threads: &str| {
        let arguments = ["run", "experiment.yaml", "--out", out, "--no-png", "--threads", threads];
        leadoff_in(folder.path(), &arguments).done();
        (read(folder.path(), &format!("{out}/evaluation.json")), read(folder.path(), &format!("{out}/report.html")))
    };
    let one = run("one", "1");
    assert!(one == run("again", "1"), "a second run differs");
    assert!(one == run("four", "4"), "four threads differ from one");
    for name in ["leads", "events", "outcomes"] {
        let name = format!("data/{name}.csv");
        write(folder.path(), &name, shuffled(&read(folder.path(), &name), 11));
    }
    let other = run("shuffled", "4");
    if one.0 != other.0 {
        let differs = one.0.lines().zip(other.0.lines()).find(|(a, b)| a != b);
        panic!("shuffled rows differ: {differs:?}");
    }
    assert!(one.1 == other.1, "the report of shuffled rows differs");
}

#[test]
fn files_in_parts_and_in_other_formats_are_the_same_history() {
    let folder = history();
    let whole = scored(folder.path());
    let (header, events) = table(&read(folder.path(), "data/events.csv"));
    let (first, second) = events.split_at(events.len() / 3);
    write(folder.path(), "data/part-2.csv", text(&header, first));
    write(folder.path(), "data/part-1.csv", text(&header, second));
    let experiment = read(folder.path(), "experiment.yaml");
    write(folder.path(), "experiment.yaml", experiment.replace("data/events.csv", "data/part-*.csv"));
    assert!(scored(folder.path()) == whole, "a log in parts is another history");
    leadoff_in(folder.path(), &["simulate", "data", "--leads", "2500", "--seed", "7", "--format", "parquet"]).done();
    let parquet = ["leads", "events", "outcomes"]
        .iter()
        .fold(experiment, |text, name| text.replace(&format!("data/{name}.csv"), &format!("data/{name}.parquet")));
    write(folder.path(), "experiment.yaml", parquet);
    assert!(scored(folder.path()) == whole, "Parquet is another history");
}

/// A made lead: when it is created, wins and losses as days after 2026-01-01, copies of its row, and a word.
#[derive(Clone, Debug)]
struct Made {
    created: Option<u8>,
    won: Vec<u8>,
    lost: Option<u8>,
    events: Vec<u8>,
    copies: u8,
    word: u8,
}

fn made() -> impl Strategy<Value = Made> {
    (
        prop::option::weighted(0.9, 0u8..120),
        prop::collection::vec(0u8..160, 0..3),
        prop::option::weighted(0.3, 0u8..160),
        prop::collection::vec(0u8..160, 0..4),
        1u8..3,
        0u8..3,
    )
        .prop_map(|(created, won, lost, events, copies, word)| Made { created, won, lost, events, copies, word })
}

fn day(day: u8) -> String {
    let (month, day) = [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30)]
        .iter()
        .scan(u16::from(day), |left, (month, days)| {
            let here = (*left < *days).then_some((*month, *left + 1));
            *left = if here.is_some() { u16::MAX } else { left.wrapping_sub(*days) };
            Some(here)
        })
        .flatten()
        .next()
        .unwrap();
    format!("2026-{month:02}-{day:02}")
}

fn files(folder: &Path, leads: &[Made]) {
    let (mut table, mut events, mut outcomes) = (
        "id,created,word\n".to_string(),
        "id,at,kind\nnobody,2026-01-01,click\n".to_string(),
        "id,won,lost\n".to_string(),
    );
    for (number, lead) in leads.iter().enumerate() {
        let created = lead.created.map(day).unwrap_or_default();
        for _ in 0..lead.copies {
            table += &format!("{number},{created},w{}\n", lead.word);
        }
        lead.events.iter().for_each(|at| events += &format!("{number},{} 12:00:00,click\n", day(*at)));
        lead.won.iter().for_each(|at| outcomes += &format!("{number},{},\n", day(*at)));
        lead.lost.iter().for_each(|at| outcomes += &format!("{number},,{}\n", day(*at)));
    }
    write(folder, "leads.csv", table);
    write(folder, "events.csv", events);
    write(folder, "outcomes.csv", outcomes);
}

const AS_OF: [&str; 4] = ["created", "{ after_created: 3d }", "{ after_created: 40d }", "{ event: click }"];
const HORIZONS: [&str; 2] = ["20d", "ever"];
const WINDOWS: [&str; 4] = [
    "",
    ", evaluate: { from: 2026-02-01, to: 2026-04-01 }",
    ", train: { to: 2026-02-01 }, evaluate: { from: 2026-02-15 }",
    ", train: { from: 2026-01-10, to: 2026-02-20 }",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_adds_up_on_any_history(
        leads in prop::collection::vec(made(), 4..40), as_of in 0usize..4, horizon in 0usize..2, window in 0usize..4,
    ) {
        let folder = folder();
        files(folder.path(), &leads);
        // `ever` leaves no training lead.
        let window = if horizon == 1 { window % 2 } else { window };
        write(folder.path(), "e.yaml", format!(
            "
version: 1
experiment: Made
data:
  leads: {{ path: {0}/leads.csv, id: id, created: created, known: at_creation }}
  events: {{ path: {0}/events.csv, lead: id, at: at, kind: kind }}
  outcomes: {{ path: {0}/outcomes.csv, lead: id, converted: won, lost: lost }}
  until: 2026-05-01
replay: {{ as_of: {1}, horizon: {2}{3} }}
models: {{ words: {{ points: {{ criteria: [{{ name: W, when: \"word = 'w1'\", points: 3 }}, {{ name: C, event: click, points: 1 }}] }} }} }}
replicates: 100
",
            folder.path().display(), AS_OF[as_of], HORIZONS[horizon], WINDOWS[window]
        ));
        let experiment = Experiment::load(&folder.path().join("e.yaml")).unwrap();
        match run(&experiment, &()) {
            Ok(run) => {
                let ledger = &run.evaluation.ledger;
                let excluded: u64 = ledger.exclusions.iter().map(|exclusion| exclusion.leads).sum();
                let rows: u64 = leads.iter().map(|lead| u64::from(lead.copies)).sum();
                prop_assert_eq!(ledger.read, rows);
                prop_assert_eq!(ledger.training + ledger.evaluated + ledger.immature + excluded, rows, "{:?}", ledger);
                let model = &run.evaluation.models[0];
                prop_assert_eq!(model.leads, ledger.evaluated);
                let bracketed: u64 = model.brackets.rows.iter().map(|row| row.leads).sum();
                prop_assert_eq!(bracketed, ledger.evaluated);
                let open: u64 = model.brackets.rows.iter().map(|row| row.immature).sum();
                prop_assert_eq!(open, ledger.immature);
                prop_assert!(ledger.wins_before_as_of <= ledger.wins_in_window);
            }
            // So few leads may leave nobody to judge a model on, or no time at all.
            Err(RunError::Pipeline(
                PipelineError::Cohort(_) | PipelineError::Data(_) | PipelineError::Replay(_),
            )) => {}
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
    }
}
