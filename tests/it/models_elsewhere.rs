//! Models made elsewhere: each public case against its library, each broken file refused, and what such a model does here.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leadoff::forest::{Forest, Format};
use serde::Deserialize;

use crate::product::{evaluated, folder, leadoff_in, model, write};

/// A case's page: what its columns are.
#[derive(Deserialize)]
struct Mapping {
    format: String,
    file: String,
    inputs: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    column: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    codes: std::collections::BTreeMap<String, f64>,
}

/// The folders of cases; none where they are absent, and a line that says so.
fn cases() -> Vec<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let root = std::env::var_os("LEADOFF_SHARED").map_or_else(beside, PathBuf::from).join("models");
    let Ok(entries) = root.read_dir() else {
        println!("skipped: {} is not there", root.display());
        return Vec::new();
    };
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("mapping.yaml").exists());
    cases.sort();
    cases
}

fn mapping(case: &Path) -> Mapping {
    let text = std::fs::read_to_string(case.join("mapping.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", case.display()))
}

/// The key under which an experiment reads such a file; nothing for formats that are not read.
fn key(format: &str) -> Option<&'static str> {
    match format {
        "lightgbm-text" => Some("lightgbm"),
        "xgboost-json" | "xgboost-ubj" => Some("xgboost"),
        "coefficients" => Some("linear"),
        _ => None,
    }
}

/// An experiment of a case's leads, every second one won, whose model is the case's file.
fn experiment(case: &Path, folder: &Path, key: &str) {
    let mapping = mapping(case);
    let leads = std::fs::read_to_string(case.join("leads.csv")).unwrap();
    let mut lines = leads.lines();
    let mut table = format!("{},won\n", lines.next().unwrap());
    for (row, line) in lines.enumerate() {
        let _ = writeln!(table, "{line},{}", row % 2);
    }
    write(folder, "leads.csv", table);
    std::fs::copy(case.join(&mapping.file), folder.join(&mapping.file)).unwrap();
    let (mut features, mut types) = (String::new(), String::new());
    for Column { name, column, kind, codes } in &mapping.inputs {
        let kind_here = match kind.as_str() {
            "number" => "number",
            "boolean" => "flag",
            _ => "text",
        };
        let _ = writeln!(types, "      {column}: {kind_here}");
        // Files of these names hold the categories themselves.
        let is_stored = case.to_string_lossy().contains("pandas") || case.to_string_lossy().contains("stored");
        if kind == "category" && !is_stored {
            let codes: Vec<String> = codes.iter().map(|(text, code)| format!("\"{text}\": {code}")).collect();
            let _ = writeln!(features, "        {name}: {{ column: {column}, codes: {{ {} }} }}", codes.join(", "));
        } else if key == "linear" && kind == "text" {
            let _ = writeln!(features, "        {name}: {{ column: {column}, missing: unknown }}");
        }
    }
    let features = if features.is_empty() { features } else { format!("      features:\n{features}") };
    let file = &mapping.file;
    write(
        folder,
        "experiment.yaml",
        format!(
            "version: 1
experiment: A model made elsewhere
data:
  leads:
    path: leads.csv
    id: lead_id
    known: at_creation
    types:
{types}  outcomes: {{ flag: won }}
models:
  elsewhere:
    {key}:
      file: {file}
{features}  floor: {{ random: {{}} }}
"
        ),
    );
}

#[test]
fn every_model_of_a_library_gives_what_its_library_gave() {
    let mut compared = 0;
    for case in cases() {
        let Some(key) = key(&mapping(&case).format).filter(|_| case.join("expected.csv").exists()) else { continue };
        let folder = folder();
        experiment(&case, folder.path(), key);
        let expected = case.join("expected.csv");
        let arguments = ["verify-model", "experiment.yaml", "elsewhere", expected.to_str().unwrap()];
        let said = leadoff_in(folder.path(), &arguments);
        assert_eq!(said.code, 0, "{}: {}{}", case.display(), said.err, said.out);
        let leads = std::fs::read_to_string(&expected).unwrap().lines().count() - 1;
        assert!(said.out.contains(&format!("all {leads} leads")), "{}: {}", case.display(), said.out);
        compared += 1;
    }
    assert!(compared == 0 || compared >= 23, "{compared} cases");
}

#[test]
fn every_broken_file_is_refused_by_name_and_at_once() {
    /// What a message must hold, by what the case's page asks for.
    const WORDS: &[(&str, &[&str])] = &[
        ("-cycle", &["tree 0", "in a circle"]),
        ("-child-range", &["tree 0", "does not exist", "4000"]),
        ("-feature-range", &["tree 0", "feature 99 of 11"]),
        ("-threshold-nan", &["tree 0", "threshold", "not a number"]),
        ("-leaf-nan", &["tree 0", "leaf", "not a number"]),
        ("lightgbm-huge-count", &["tree 0", "fewer values than leaves"]),
        ("xgboost-huge-count", &["counts do not agree"]),
        ("ubj-huge-count", &["claims more values", "than the file has bytes"]),
        ("negative-count", &["a length is negative"]),
        ("bitset-range", &["reaches beyond cat_threshold"]),
        ("base-score", &["base_score is no number"]),
        ("deep-nesting", &["nested too deeply"]),
        ("truncated-lightgbm", &["ends early", "unfinished copy?"]),
        ("truncated-xgboost", &["ends early", "unfinished copy?"]),
        ("empty-", &["it is empty"]),
        ("catboost-as-xgboost", &["looks like CatBoost JSON", "not a format read here"]),
        ("csv-as-lightgbm", &["looks like a CSV table"]),
        ("lightgbm-as-xgboost", &["looks like a LightGBM text file"]),
        ("onnx-as-lightgbm", &["looks like ONNX", "not a format read here"]),
        ("lightgbm-multiclass", &["num_class=3", "won or lost"]),
        ("xgboost-multiclass", &["num_class is 3"]),
        ("two-targets", &["num_target is 2"]),
    ];
    let mut refused = 0;
    for case in cases() {
        let mapping = mapping(&case);
        let Some(key) = key(&mapping.format).filter(|_| case.join("expected.txt").exists()) else { continue };
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        // XGBoost's two forms are told apart by what is in them.
        if name.contains("xgboost-json-as-ubj") || name.contains("xgboost-ubj-as-json") {
            continue;
        }
        let folder = folder();
        experiment(&case, folder.path(), key);
        let begun = Instant::now();
        let error = leadoff_in(folder.path(), &["check", "experiment.yaml"]).failed(3);
        assert!(begun.elapsed() < Duration::from_secs(1), "{name}: {:?}", begun.elapsed());
        assert!(error.contains(&format!("models.elsewhere.{key}.file: {}: ", mapping.file)), "{name}: {error}");
        let words = WORDS.iter().find(|(part, _)| name.contains(part)).unwrap_or_else(|| panic!("{name}: {error}")).1;
        words.iter().for_each(|word| assert!(error.contains(word), "{name}: no `{word}` in {error}"));
        refused += 1;
    }
    assert!(refused == 0 || refused >= 28, "{refused} files");
}

/// A tree of two splits, by employees and by plan (`free` and `trial` of three), and another by employees alone.
const BOOSTED: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=employees plan visits
feature_infos=[1:500] 0:1:2 [0:9]
tree_sizes=300 300

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=10 5
threshold=50 0
decision_type=10 1
left_child=-1 -2
right_child=1 -3
leaf_value=-1 0.25 0.75
leaf_weight=1 1 1
leaf_count=50 25 25
internal_value=0 0
internal_weight=0 0
internal_count=100 50
cat_boundaries=0 1
cat_threshold=3
is_linear=0
shrinkage=1


Tree=1
num_leaves=2
num_cat=0
split_feature=2
split_gain=1
threshold=1.5
decision_type=8
left_child=-1
right_child=-2
leaf_value=-0.5 0.5
leaf_weight=1 1
leaf_count=50 50
internal_value=0
internal_weight=0
internal_count=100
is_linear=0
shrinkage=1


end of trees

feature_importances:
employees=1

parameters:
[objective: binary]
end of parameters

pandas_categorical:[[\"free\", \"trial\", \"paid\"]]
";

/// Sixty leads with a column for each input, dates and events.
fn made(folder: &Path) {
    let (mut leads, mut events) =
        (String::from("id,created,employees,plan,trial_from,won\n"), String::from("lead,at,kind\n"));
    for lead in 0..60 {
        let employees = ["10", "50", "51", "400", ""][lead % 5];
        let plan = ["free", "trial", "paid", "gold", ""][lead % 7 % 5];
        let _ =
            writeln!(leads, "L{lead:02},2026-01-{:02},{employees},{plan},2025-12-25,{}", lead % 28 + 1, lead % 3 % 2);
        (0..lead % 4).for_each(|_| {
            let _ = writeln!(events, "L{lead:02},2025-12-30,visit");
        });
    }
    write(folder, "leads.csv", leads);
    write(folder, "events.csv", events);
    write(folder, "boosted.txt", BOOSTED);
}

fn yaml(models: &str) -> String {
    format!(
        "version: 1
experiment: A model made elsewhere
data:
  leads: {{ path: leads.csv, id: id, created: created, known: at_creation }}
  events: {{ path: events.csv, lead: lead, at: at, kind: kind }}
  outcomes: {{ flag: won }}
models:
{models}  floor: {{ random: {{}} }}
"
    )
}

const MAPPED: &str = "  boosted:
    lightgbm:
      file: boosted.txt
      features: { visits: { event: visit, per: event } }
";

#[test]
fn a_model_of_a_file_is_scored_explained_and_checked_like_any_other() {
    let folder = folder();
    made(folder.path());
    let evaluation = evaluated(folder.path(), &yaml(MAPPED));
    let boosted = model(&evaluation, "boosted");
    assert_eq!((&boosted["kind"], &boosted["scale"]), (&"lightgbm".into(), &"probability".into()));
    // 51 employees, a trial, three visits: left of the set, then the upper leaf.
    let said = leadoff_in(folder.path(), &["explain", "experiment.yaml", "L57", "--model", "boosted"]).done();
    let score = 1.0 / (1.0 + (-(0.25f64 - 0.5)).exp());
    assert!(said.contains(&format!("boosted: {:.6}", score)[..15]), "{said}");
    let adds: f64 = said
        .lines()
        .filter(|line| line.starts_with("    ") && line.contains(": ") && !line.contains("2025"))
        .filter_map(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        .sum();
    assert!((adds - (0.25 - 0.5)).abs() < 1e-5, "contributions add up to the margin: {said}");
    let said = leadoff_in(folder.path(), &["check", "experiment.yaml"]).done();
    assert!(
        said.contains("Model `boosted`: boosted.txt, a LightGBM text file, 2 trees, 3 inputs; all it uses are there"),
        "{said}"
    );
    assert!(said.contains("column `plan`, 3 texts as categories"), "{said}");
    assert!(said.contains("have a value in `plan` that the file of `boosted` does not know"), "{said}");
}

#[test]
fn a_lead_that_differs_from_its_library_is_named() {
    let folder = folder();
    made(folder.path());
    write(folder.path(), "experiment.yaml", yaml(MAPPED));
    // No employees count as the smallest, as the default direction says.
    write(folder.path(), "expected.csv", "id,margin,probability\nL57,-0.25,\nL04,-1.5,\nL01,-0.5,0.5\n");
    let said = leadoff_in(folder.path(), &["verify-model", "experiment.yaml", "boosted", "expected.csv"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert!(said.out.contains("1 of 3 leads differ") && said.out.contains("L01 "), "{}", said.out);
    assert!(!said.out.contains("L57 ") && !said.out.contains("L04 "), "{}", said.out);
    write(folder.path(), "expected.csv", "id,margin\nL57,-0.25\n");
    let said = leadoff_in(folder.path(), &["verify-model", "experiment.yaml", "boosted", "expected.csv"]).done();
    assert!(
        said.contains("equal to its library") && said.contains("59 leads of the experiment are not among"),
        "{said}"
    );
    for (text, word) in [
        ("id,score\nL57,1\n", "neither a column `margin`"),
        ("id,margin\nL57,much\n", "line 2: `much`"),
        ("id,margin\nL57,1\nL57,1\n", "line 3: lead `L57` stands here twice, first in line 2"),
        ("id,margin\nX,1\n", "line 2: lead `X` is not among"),
        ("id,margin\n", "holds no lead"),
    ] {
        write(folder.path(), "expected.csv", text);
        let error =
            leadoff_in(folder.path(), &["verify-model", "experiment.yaml", "boosted", "expected.csv"]).failed(4);
        assert!(error.contains(word), "{error}");
    }
    let error = leadoff_in(folder.path(), &["verify-model", "experiment.yaml", "bosted", "expected.csv"]).failed(2);
    assert!(error.contains("did you mean `boosted`?"), "{error}");
    let error = leadoff_in(folder.path(), &["verify-model", "experiment.yaml", "floor", "expected.csv"]).failed(2);
    assert!(error.contains("`floor` is computed here"), "{error}");
}

#[test]
fn what_an_input_is_stands_in_the_experiment_and_what_does_not_fit_is_told_where() {
    let folder = folder();
    made(folder.path());
    for (features, words) in [
        ("{}", &["column for the file's input `visits`"][..]),
        ("{ visits: visist }", &["models.boosted.lightgbm.features.visits", "`visist`"]),
        ("{ visit: employees }", &["input of the file `visit`", "did you mean `visits`?"]),
        ("{ visits: trial_from }", &["`trial_from` holds times", "{ days_before: trial_from }"]),
        ("{ visits: plan }", &["`plan` holds text", "codes: {"]),
        ("{ visits: { days_before: employees } }", &["features.visits.days_before", "expected times"]),
        ("{ visits: { column: employees, days_since: visit } }", &["column and days_since stand together"]),
        ("{ visits: { event: visit, points: 3 } }", &["features.visits.points", "leave it out"]),
        (
            "{ visits: employees, plan: { column: plan, missing: none } }",
            &["features.plan.missing", "`none` is none of the categories"],
        ),
        ("{ visits: employees, plan: { column: plan, unseen: refuse } }", &["`unseen: refuse`", "`plan`"]),
        (
            "{ visits: employees, plan: { column: plan, unseen: drop } }",
            &["`drop`, expected `missing`, `refuse` or a number", "experiment.yaml:10"],
        ),
        ("{ visits: { colum: employees } }", &["unknown field `colum`", "experiment.yaml:10"]),
    ] {
        let models = format!("  boosted:\n    lightgbm: {{ file: boosted.txt,\n      features: {features} }}\n");
        write(folder.path(), "experiment.yaml", yaml(&models));
        let said = leadoff_in(folder.path(), &["score", "experiment.yaml", "scores.csv"]);
        assert!(said.code == 3 || said.code == 4, "{features}: {}{}", said.out, said.err);
        words.iter().for_each(|word| assert!(said.err.contains(word), "{features}: no `{word}` in {}", said.err));
    }
    let whole = "{ employees: { column: employees, missing: 7 }, visits: { days_since: visit }, plan: { column: plan, codes: { free: 0, gold: 1 }, unseen: 2, missing: gold } }";
    let days = "{ visits: { days_before: trial_from } }";
    for features in [whole, days] {
        let models = format!("  boosted:\n    lightgbm: {{ file: boosted.txt, features: {features} }}\n");
        write(folder.path(), "experiment.yaml", yaml(&models));
        leadoff_in(folder.path(), &["check", "experiment.yaml"]).done();
        let said = leadoff_in(folder.path(), &["explain", "experiment.yaml", "L28", "--model", "boosted"]).done();
        // L28 was created on the 1st: seven days after its trial began, two after its last visit.
        let seen = if features == days { "visits: 7 days" } else { "visits: missing" };
        assert!(said.contains(seen), "{said}");
    }
}

#[test]
fn a_text_is_looked_up_as_it_is_written_and_compared_as_people_see_it() {
    let folder = folder();
    made(folder.path());
    let leads =
        "id,created,employees,plan,won\nA,2026-01-01,60,free,1\nB,2026-01-02,60,free ,0\nC,2026-01-03,60,paid,0\n";
    write(folder.path(), "leads.csv", leads);
    let models = format!(
        "{MAPPED}  points: {{ points: {{ criteria: [{{ name: Free, when: \"plan = 'free'\", points: 5 }}] }} }}\n"
    );
    write(folder.path(), "experiment.yaml", yaml(&models));
    leadoff_in(folder.path(), &["score", "experiment.yaml", "scores.csv"]).done();
    let scores = std::fs::read_to_string(folder.path().join("scores.csv")).unwrap();
    let of = |lead: &str, column: &str| {
        let place = scores.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
        let line = scores.lines().find(|line| line.starts_with(lead)).unwrap();
        line.split(',').nth(place).unwrap().to_string()
    };
    assert!(of("A", "boosted") != of("B", "boosted") && of("B", "boosted") == of("C", "boosted"), "{scores}");
    assert_eq!((of("A", "points"), of("B", "points"), of("C", "points")), ("5".into(), "5".into(), "0".into()));
}

#[test]
fn a_files_own_bytes_are_part_of_what_defines_a_score() {
    let folder = folder();
    made(folder.path());
    evaluated(folder.path(), &yaml(MAPPED));
    let run = std::fs::read_to_string(folder.path().join("out/run.json")).unwrap();
    assert!(run.contains("boosted.txt"), "{run}");
}

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

const COEFFICIENTS: &str = r#"{"model":"logistic regression","classes":[0,1],"intercept":-0.5,"terms":[{"column":"employees","missing":9.0,"mean":37,"scale":12.5,"coefficient":0.25},{"column":"plan","equals":"free","coefficient":-1.5},{"column":"plan","equals":"paid","coefficient":1.5}]}"#;
const TREES: &str = r#"{"learner":{"attributes":{},"feature_names":["employees","plan"],"feature_types":["q","c"],"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"1"},"iteration_indptr":[0,1],"tree_info":[0],"trees":[{"base_weights":[0,0,1,0,0],"categories":[1,33],"categories_nodes":[2],"categories_segments":[0],"categories_sizes":[2],"default_left":[1,0,0,0,0],"id":0,"left_children":[1,-1,3,-1,-1],"loss_changes":[1,0,1,0,0],"parents":[2147483647,0,0,2,2],"right_children":[2,-1,4,-1,-1],"split_conditions":[50.5,-0.5,1,0.25,0.75],"split_indices":[0,0,1,0,0],"split_type":[0,0,1,0,0],"sum_hessian":[9,3,6,3,3],"tree_param":{"num_deleted":"0","num_feature":"2","num_nodes":"5","size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"base_score":"[2.5E-1]","boost_from_average":"1","num_class":"0","num_feature":"2","num_target":"1"},"objective":{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[3,3,0]}"#;

#[test]
fn a_damaged_file_is_refused_or_scored_and_never_more() {
    const WORDS: &[&str] = &[
        "-1",
        "0",
        "1",
        "7",
        "2147483647",
        "4294967295",
        "1e308",
        "nan",
        "inf",
        "-inf",
        "",
        "99999999",
        "0.5",
        "\n",
        "[",
        "]",
        "{",
    ];
    let own = [(BOOSTED, Format::LightGbm), (TREES, Format::XgBoost), (COEFFICIENTS, Format::Coefficients)];
    let mut files: Vec<(Vec<u8>, Format)> = own.map(|(text, format)| (text.as_bytes().to_vec(), format)).to_vec();
    for case in cases().iter().filter(|case| case.ends_with("xgboost-categories-stored-ubj")) {
        files.push((std::fs::read(case.join("model.ubj")).unwrap(), Format::XgBoost));
    }
    for (file, format) in &files[..3] {
        Forest::read(file, *format).unwrap_or_else(|error| panic!("{error}"));
    }
    let (mut dice, mut refused) = (Dice(7), 0);
    for round in 0..6_000 {
        let (file, format) = &files[round % files.len()];
        let mut bytes = file.clone();
        for _ in 0..=dice.below(2) {
            let at = dice.below(bytes.len());
            let end = (at + dice.below(30)).min(bytes.len());
            match dice.below(5) {
                0 if !bytes.is_empty() => bytes[at] = dice.below(256) as u8,
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let part = bytes[at..end].to_vec();
                    let to = dice.below(bytes.len());
                    bytes.splice(to..to, part);
                }
                _ => {
                    let digit = |byte: &u8| byte.is_ascii_digit();
                    let from = bytes[at..].iter().position(digit).map_or(bytes.len(), |place| at + place);
                    let to =
                        bytes[from..].iter().position(|byte| !digit(byte)).map_or(bytes.len(), |place| from + place);
                    bytes.splice(from..to, WORDS[dice.below(WORDS.len())].bytes());
                }
            }
        }
        match Forest::read(&bytes, *format) {
            Err(_) => refused += 1,
            Ok(forest) => {
                let values = [f64::NAN, f64::INFINITY, -1e300, 0.0, 33.0, 1e300, -0.5];
                let columns: Vec<Vec<f64>> = forest
                    .inputs()
                    .iter()
                    .map(|_| (0..20).map(|_| values[dice.below(values.len())]).collect())
                    .collect();
                let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
                assert_eq!(forest.margins(&columns, 20).len(), 20);
                forest.parts(&columns.iter().map(|column| column[0]).collect::<Vec<f64>>());
            }
        }
    }
    assert!(refused > 3_000, "{refused}");
}

#[test]
fn single_precision_decides_where_the_library_computes_so() {
    let forest = Forest::read(TREES.as_bytes(), Format::XgBoost).unwrap();
    // The number below 50.5 in double precision is 50.5 in single precision.
    let beside = [50.5f64, 50.5f64.next_down(), f64::from(50.5f32.next_down()), f64::NAN];
    let plan = [33.0, 0.0, 33.0, 33.0];
    let base = f64::from(-(1.0f32 / 0.25 - 1.0).ln());
    let margins = forest.margins(&[&beside, &plan], 4);
    // Of the set, or not: the listed categories go right. Missing goes left.
    let expected = [0.75, 0.25, -0.5, -0.5].map(|leaf| base + leaf);
    margins.iter().zip(expected).for_each(|(found, expected)| assert!((found - expected).abs() < 1e-6, "{margins:?}"));
}

#[test]
fn contributions_add_up_to_the_margin() {
    for (text, format) in [(BOOSTED, Format::LightGbm), (TREES, Format::XgBoost), (COEFFICIENTS, Format::Coefficients)]
    {
        let forest = Forest::read(text.as_bytes(), format).unwrap();
        let values = [f64::NAN, 0.0, 1.0, 2.0, 33.0, 60.0];
        for first in values {
            for second in values {
                let inputs: Vec<f64> = [first, second, 2.0][..forest.inputs().len()].to_vec();
                let parts = forest.parts(&inputs);
                let sum = parts.start + parts.inputs.iter().sum::<f64>();
                assert!((sum - parts.margin).abs() < 1e-6, "{format:?} {inputs:?}: {parts:?}");
            }
        }
    }
}
