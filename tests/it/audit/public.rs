//! Public data, where they are there: what must be named, and what it is worth.

use std::path::{Path, PathBuf};

use leadoff::experiment::Experiment;
use leadoff::metrics::AUC;
use leadoff::workflows::{audit::audit, run::run};

fn shared(path: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("LEADOFF_SHARED").map_or(beside, PathBuf::from);
    let path = root.join("data").join(path);
    if !path.exists() {
        println!("skipped: {} is not here", path.display());
    }
    path.exists().then_some(path)
}

fn experiment(yaml: &str) -> Experiment {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("experiment.yaml");
    std::fs::write(&path, yaml).unwrap();
    Experiment::load(&path).unwrap()
}

/// The last three in ten leads by `Lead Number` judge, the others train.
fn x_education(path: &Path, models: &str) -> Experiment {
    experiment(&format!(
        "version: 1
experiment: X Education
data:
  leads:
    path: {}
    id: Prospect ID
    order_by: Lead Number
    known: as_exported
    nulls: [Select]
  outcomes: {{ flag: Converted }}
replay:
  as_of: created
  horizon: ever
  train: {{ rows: 0..6468 }}
  evaluate: {{ rows: 6468.. }}
replicates: 100
models:
{models}",
        path.display()
    ))
}

#[test]
fn x_education_s_tags_are_named_as_a_leak() {
    let Some(path) = shared("x-education/Leads.csv") else { return };
    let model = "  time:\n    points:\n      criteria: [{ name: Long visit, when: '\"Total Time Spent on Website\" > 600', points: 20 }]\n";
    let audit = audit(&x_education(&path, model), None, &()).unwrap();
    assert!(audit.leaks.columns.iter().any(|leak| leak.column == "Tags"));
}

#[test]
fn x_education_ranks_worse_without_what_was_written_after_the_outcome() {
    let Some(path) = shared("x-education/Leads.csv") else { return };
    let header = std::fs::read_to_string(&path).unwrap();
    // Written by those who worked the lead, or by the CRM in the course of it.
    let after = ["Tags", "Lead Quality", "Last Activity", "Last Notable Activity", "Lead Profile"];
    let is_after = |name: &str| after.contains(&name) || name.starts_with("Asymmetrique");
    let columns = || header.lines().next().unwrap().split(',').map(|name| name.trim_start_matches('\u{feff}').trim());
    let known = columns().filter(|name| !["Prospect ID", "Lead Number", "Converted"].contains(name));
    let list = |names: &[&str]| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let all: Vec<&str> = known.collect();
    let before: Vec<&str> = all.iter().copied().filter(|name| !is_after(name)).collect();
    let models = format!(
        "  all: {{ logistic: {{ ridge: 1.0, features: [{}] }} }}\n  before: {{ logistic: {{ ridge: 1.0, features: [{}] }} }}\n",
        list(&all),
        list(&before)
    );
    let run = run(&x_education(&path, &models), &()).unwrap();
    let auc: Vec<f64> =
        run.evaluation.models.iter().map(|model| model.metric(AUC.id).point.finite().unwrap()).collect();
    println!("AUC with all columns {:.4}, without those written after the outcome {:.4}", auc[0], auc[1]);
    assert!((auc[0] - 0.98).abs() <= 0.01 && (auc[1] - 0.88).abs() <= 0.01, "{auc:?}");
}

fn bank(path: &Path, rows: &str, models: &str) -> Experiment {
    experiment(&format!(
        "version: 1
experiment: UCI Bank
data:
  leads:
    path: {}
    delimiter: \";\"
    known: at_creation
    except: {{ duration: as_exported }}
    nulls: [unknown]
  outcomes: {{ flag: y }}
replay:
  as_of: created
  horizon: ever
  {rows}
replicates: 100
models:
{models}",
        path.display()
    ))
}

#[test]
fn macro_columns_of_the_bank_change_sign_between_blocks() {
    let Some(path) = shared("bank-marketing/bank-additional-full.csv.gz") else { return };
    let columns = [
        ("cons.conf.idx", [0.426, 0.384, 0.657], true),
        ("euribor3m", [0.493, 0.608, 0.300], true),
        ("previous", [0.499, 0.463, 0.597], true),
        ("campaign", [0.491, 0.473, 0.440], false),
    ];
    let models: String = columns
        .iter()
        .map(|(name, ..)| format!("  {name}: {{ column: {{ score: '\"{name}\"', scale: points }} }}\n"))
        .collect();
    let blocks = ["0..27972", "27972..32949", "32949.."];
    let found = blocks.map(|rows| {
        let run = run(&bank(&path, &format!("evaluate: {{ rows: {rows} }}"), &models), &()).unwrap();
        run.evaluation.models.iter().map(|model| model.metric(AUC.id).point.finite().unwrap()).collect::<Vec<f64>>()
    });
    for (place, (name, expected, turns)) in columns.into_iter().enumerate() {
        let auc = [0, 1, 2].map(|block: usize| found[block][place]);
        println!("{name}: {auc:.3?}");
        assert!(auc.iter().zip(expected).all(|(auc, expected)| (auc - expected).abs() < 0.0006), "{name}: {auc:?}");
        assert_eq!(auc.iter().any(|auc| *auc > 0.5) && auc.iter().any(|auc| *auc < 0.5), turns, "{name}: {auc:?}");
    }
}

#[test]
fn the_length_of_the_bank_s_calls_is_kept_out_and_its_worth_shown() {
    let Some(path) = shared("bank-marketing/bank-additional-full.csv.gz") else { return };
    let model = "  flags:\n    points:\n      criteria: [{ name: Cellular, when: \"contact = 'cellular'\", points: 10 }, { name: Student, when: \"job = 'student'\", points: 20 }]\n";
    let rows = "train: { rows: 0..27972 }\n  evaluate: { rows: 27972.. }";
    let audit = audit(&bank(&path, rows, model), None, &()).unwrap();
    let leak = audit.leaks.columns.iter().find(|leak| leak.column == "duration").unwrap();
    println!("{leak:#?} {:?} {:?}", audit.leaks.auc_with.point, audit.leaks.auc_without.point);
    // On the calls that are learned from.
    assert!((leak.auc.point.finite().unwrap() - 0.912).abs() < 0.01, "{leak:?}");
    assert!(audit.leaks.auc_with.point.finite().unwrap() > audit.leaks.auc_without.point.finite().unwrap());
}
