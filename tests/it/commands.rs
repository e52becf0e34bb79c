//! Every command, as a newcomer types it.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::product::{folder, json, leadoff_in, write};

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The bytes of a file, unpacked when it is gzip.
fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
        return text;
    }
    bytes
}

#[test]
fn init_makes_a_folder_in_which_the_demo_runs() {
    let folder = folder();
    let said = leadoff_in(folder.path(), &["init", "mine"]).done();
    assert!(said.contains("cd mine && leadoff run experiment.yaml"), "{said}");
    let mine = folder.path().join("mine");
    for name in ["leads.csv", "events.csv.gz", "outcomes.csv"] {
        let (ours, theirs) = (unpacked(&mine.join("data").join(name)), unpacked(&home().join("data/demo").join(name)));
        assert!(ours == theirs, "data/demo/{name} is not what `leadoff init` makes: make it anew");
    }
    let said = leadoff_in(&mine, &["run", "experiment.yaml"]).done();
    let lines: Vec<&str> = said.lines().collect();
    // The report's path, and the decision with its interval as the last line.
    assert_eq!(lines[lines.len() - 2], "Report: reports/experiment/report.html");
    let answer = lines[lines.len() - 1];
    assert!(answer.contains("95 %"), "{said}");
    let readme = std::fs::read_to_string(home().join("README.md")).unwrap();
    assert!(readme.contains(answer), "the README shows another answer than `{answer}`");
    let report = mine.join("reports/experiment");
    for name in ["evaluation.json", "report.html", "report.md", "findings.csv", "run.json", "experiment.yaml"] {
        assert!(report.join(name).is_file(), "{name}");
    }
    assert!(report.join("charts").read_dir().unwrap().count() >= 6);
    assert_eq!(json(&report.join("run.json"))["inputs"].as_array().unwrap().len(), 3);
    // The schema beside the experiment is the one that its first line names.
    let first = std::fs::read_to_string(mine.join("experiment.yaml")).unwrap();
    assert!(first.lines().next().unwrap().contains("$schema=experiment.schema.json"), "{first}");
    assert!(mine.join("experiment.schema.json").is_file());
    // A folder that is not empty is left alone.
    let error = leadoff_in(folder.path(), &["init", "mine"]).failed(2);
    assert!(error.contains("is there already, and holds data"), "{error}");
}

#[test]
fn nothing_in_an_evaluation_names_a_lead() {
    let folder = folder();
    let experiment = demo(folder.path());
    leadoff_in(folder.path(), &["run", &experiment, "--out", "out", "--no-png"]).done();
    for name in ["evaluation.json", "report.html", "report.md"] {
        let text = std::fs::read_to_string(folder.path().join("out").join(name)).unwrap();
        assert!(!text.contains("L000"), "{name} names a lead");
        assert!(!text.contains(&*folder.path().to_string_lossy()), "{name} names a folder of this machine");
    }
}

/// The demo's experiment on a smaller history in this folder; its file's name.
fn demo(folder: &Path) -> String {
    demo_of(folder, "2000")
}

fn demo_of(folder: &Path, leads: &str) -> String {
    leadoff_in(folder, &["simulate", "data", "--leads", leads]).done();
    let demo = std::fs::read_to_string(home().join("experiments/demo.yaml")).unwrap();
    let text = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    write(folder, "demo.yaml", text.replace("seed: 1", "seed: 1\nreplicates: 100"));
    "demo.yaml".into()
}

#[test]
fn simulate_makes_a_history_with_its_truth_and_the_same_one_again() {
    let folder = folder();
    let said = leadoff_in(folder.path(), &["simulate", "a", "--leads", "300", "--seed", "5"]).done();
    assert!(said.starts_with("300 leads, "), "{said}");
    leadoff_in(folder.path(), &["simulate", "b", "--leads", "300", "--seed", "5"]).done();
    leadoff_in(folder.path(), &["simulate", "c", "--leads", "300", "--seed", "6"]).done();
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    for name in ["leads.csv", "events.csv", "outcomes.csv", "truth.json"] {
        assert!(read(&format!("a/{name}")) == read(&format!("b/{name}")), "{name}");
    }
    assert!(read("a/leads.csv") != read("c/leads.csv"));
    assert!(json(&folder.path().join("a/truth.json")).is_object());
    let drifted = ["simulate", "d", "--leads", "300", "--seed", "5", "--drift", "2026-01-01"];
    leadoff_in(folder.path(), &drifted).done();
    assert!(read("a/outcomes.csv") != read("d/outcomes.csv"));
    let error = leadoff_in(folder.path(), &["simulate", "e", "--from", "2026-01-01", "--to", "2025-01-01"]).failed(2);
    assert!(error.contains("--from"), "{error}");
    leadoff_in(folder.path(), &["simulate", "e", "--from", "yesterday"]).failed(2);
    assert!(!folder.path().join("e").exists());
}

#[test]
fn schema_is_a_json_schema_that_names_every_section() {
    let folder = folder();
    let schema: Value = serde_json::from_str(&leadoff_in(folder.path(), &["schema"]).done()).unwrap();
    assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"), "{schema}");
    let sections = schema["properties"].as_object().unwrap();
    for section in
        ["version", "experiment", "data", "replay", "champion", "models", "brackets", "capacity", "segments", "seed"]
    {
        assert!(sections.contains_key(section), "{section}");
    }
    assert_eq!(schema["additionalProperties"], false);
    // What refers to a definition finds it.
    let text = schema.to_string();
    let defined = schema["$defs"].as_object().unwrap();
    for part in text.split("\"#/$defs/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(defined.contains_key(name), "{name}");
    }
}

#[test]
fn completions_are_made_for_the_usual_shells() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish"] {
        let script = leadoff_in(folder.path(), &["completions", shell]).done();
        for word in ["leadoff", "simulate", "explain", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    leadoff_in(folder.path(), &["completions", "abacus"]).failed(2);
}

#[test]
fn an_explanation_adds_up_to_the_score() {
    let folder = folder();
    let experiment = demo(folder.path());
    leadoff_in(folder.path(), &["score", &experiment, "scores.csv"]).done();
    let mut scores = csv::Reader::from_path(folder.path().join("scores.csv")).unwrap();
    let header: Vec<String> = scores.headers().unwrap().iter().map(String::from).collect();
    let place = header.iter().position(|name| name == "reweighted").unwrap();
    let rows: Vec<csv::StringRecord> = scores.records().map(Result::unwrap).collect();
    let mut events = 0;
    for row in rows.iter().step_by(rows.len() / 6) {
        let text = leadoff_in(folder.path(), &["explain", &experiment, &row[0], "--model", "reweighted"]).done();
        let sum: f64 = text
            .lines()
            .filter(|line| line.contains('(') && !line.contains("in all for"))
            .filter_map(|line| line.split_whitespace().next()?.parse::<f64>().ok())
            .sum();
        let score: f64 = row[place].parse().unwrap();
        assert!((sum - score).abs() < 1e-5, "{sum} is not {score}: {text}");
        assert!(text.contains(&format!("{}, scored 7 days after creation at ", &row[0])), "{text}");
        events += text.matches("email_open").count() + text.matches("demo_request").count();
    }
    assert!(events > 0);
    // All models, when none is named; the floors and the regression too.
    let text = leadoff_in(folder.path(), &["explain", &experiment, &rows[0][0]]).done();
    let models = header.iter().skip(3).take_while(|name| *name != "scored_on");
    models.for_each(|model| assert!(text.contains(&format!("\n{model}: ")), "{model}: {text}"));
    let error = leadoff_in(folder.path(), &["explain", &experiment, "nobody"]).failed(2);
    assert!(error.contains("lead `nobody` is not among the leads"), "{error}");
    let error = leadoff_in(folder.path(), &["explain", &experiment, &rows[0][0], "--model", "curent"]).failed(2);
    assert!(error.contains("did you mean `current`?"), "{error}");
}

#[test]
fn scores_are_written_as_csv_and_as_parquet() {
    let folder = folder();
    let experiment = demo(folder.path());
    let said = leadoff_in(folder.path(), &["score", &experiment, "scores.csv"]).done();
    assert!(said.contains("2000 leads scored: scores.csv"), "{said}");
    leadoff_in(folder.path(), &["score", &experiment, "scores.csv.gz"]).done();
    leadoff_in(folder.path(), &["score", &experiment, "scores.parquet"]).done();
    let plain = unpacked(&folder.path().join("scores.csv"));
    assert!(plain == unpacked(&folder.path().join("scores.csv.gz")));
    let parquet = std::fs::read(folder.path().join("scores.parquet")).unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    // Parquet is read again, as leads whose column is a score.
    write(
        folder.path(),
        "again.yaml",
        "
version: 1
experiment: Again
data:
  leads: { path: scores.parquet, id: lead, created: as_of, known: at_creation }
  outcomes: { path: data/outcomes.csv, lead: lead_id, converted: converted_at }
  until: 2026-09-30
models: { again: { column: { score: current, scale: points } } }
",
    );
    leadoff_in(folder.path(), &["score", "again.yaml", "again.csv"]).done();
    let column = |bytes: &[u8], name: &str| -> Vec<f64> {
        let mut reader = csv::Reader::from_reader(bytes);
        let place = reader.headers().unwrap().iter().position(|known| known == name).unwrap();
        reader.records().map(|row| row.unwrap()[place].parse().unwrap()).collect()
    };
    assert!(column(&plain, "current") == column(&unpacked(&folder.path().join("again.csv")), "again"));
    let error = leadoff_in(folder.path(), &["score", &experiment, "scores.xlsx"]).failed(2);
    assert!(error.contains(".parquet"), "{error}");
}

#[test]
fn render_redraws_a_report_from_its_evaluation_alone() {
    let folder = folder();
    let experiment = demo(folder.path());
    leadoff_in(folder.path(), &["run", &experiment, "--out", "out"]).done();
    let names = ["report.html", "report.md", "charts/summary.svg", "charts/summary.png"];
    let read = || names.map(|name| std::fs::read(folder.path().join("out").join(name)).unwrap());
    let drawn = read();
    std::fs::remove_dir_all(folder.path().join("data")).unwrap();
    names.iter().for_each(|name| std::fs::remove_file(folder.path().join("out").join(name)).unwrap());
    leadoff_in(folder.path(), &["render", "out"]).done();
    assert!(drawn == read(), "the report drawn anew differs");
    let markdown = leadoff_in(folder.path(), &["render", "out/evaluation.json", "--format", "markdown"]).done();
    assert!(markdown.as_bytes() == drawn[1]);
    let error = leadoff_in(folder.path(), &["render", "nowhere"]).failed(4);
    assert!(error.contains("nowhere"), "{error}");
    write(folder.path(), "newer.json", "{\"schema\": 999}");
    let error = leadoff_in(folder.path(), &["render", "newer.json"]).failed(4);
    assert!(error.contains("newer"), "{error}");
    write(folder.path(), "other.json", "{\"a\": 1}");
    leadoff_in(folder.path(), &["render", "other.json"]).failed(4);
    write(folder.path(), "no.json", "hello");
    leadoff_in(folder.path(), &["render", "no.json"]).failed(4);
}

#[test]
fn check_counts_finds_and_says_whether_it_will_do() {
    let folder = folder();
    let experiment = demo(folder.path());
    let out = leadoff_in(folder.path(), &["check", &experiment, "--by", "source,country"]).done();
    for part in ["by month of creation", "by source", "by country", "What was found", "Readiness: "] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let error = leadoff_in(folder.path(), &["check", &experiment, "--by", "sorce"]).failed(4);
    assert!(error.contains("did you mean `source`?"), "{error}");
}

#[test]
fn usage_is_explained_on_stderr_and_help_on_stdout() {
    let folder = folder();
    assert!(leadoff_in(folder.path(), &["--help"]).done().contains("completions"));
    assert!(leadoff_in(folder.path(), &["run", "--help"]).done().contains("Example: leadoff run"));
    assert!(leadoff_in(folder.path(), &["--version"]).done().starts_with("leadoff "));
    assert!(leadoff_in(folder.path(), &["rum"]).failed(2).contains("run"));
    let error = leadoff_in(folder.path(), &["run"]).failed(3);
    assert!(error.contains("experiment.yaml: cannot be read") && error.contains("`leadoff` alone says"), "{error}");
}

#[test]
fn a_segment_that_is_no_column_is_the_experiment_files_fault_in_every_command() {
    let folder = folder();
    let experiment = demo(folder.path());
    let text = std::fs::read_to_string(folder.path().join(&experiment)).unwrap();
    write(folder.path(), "demo.yaml", text.replace("segments: [source, industry]", "segments: [sorce]"));
    for command in ["run", "check", "selfcheck"] {
        let error = leadoff_in(folder.path(), &[command, &experiment]).failed(3);
        assert!(error.contains("there is no column `sorce`") && error.contains("did you mean `source`"), "{error}");
    }
}

/// The demo on a small history with another line for its capacity; its evaluation, and its report as Markdown.
fn without_capacity(contact: &str) -> (Value, String) {
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", "2000", "--contact", contact]).done();
    let demo = std::fs::read_to_string(home().join("experiments/demo.yaml")).unwrap();
    let text = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    let text = text.replace("seed: 1", "seed: 1\nreplicates: 100\ncalibration: isotonic");
    write(folder.path(), "demo.yaml", text.replace("capacity: { leads: 40, per: 7d }\n", ""));
    leadoff_in(folder.path(), &["run", "demo.yaml", "--out", "out", "--no-png"]).done();
    (json(&folder.path().join("out/evaluation.json")), report(folder.path()))
}

/// The report of the run in `out` and the page of its champion, as Markdown.
fn report(folder: &Path) -> String {
    let page = |name: &str| std::fs::read_to_string(folder.join("out").join(name)).unwrap();
    page("report.md") + &page("models/current.md")
}

/// Whether a notice or a reason of the verdict has this code.
fn has_code(evaluation: &Value, code: &str) -> bool {
    let notices = evaluation["notices"].as_array().unwrap();
    notices.iter().chain(evaluation["verdict"]["reasons"].as_array().unwrap()).any(|fact| fact["code"] == code)
}

#[test]
fn without_a_capacity_models_are_compared_at_as_many_leads_as_sales_worked() {
    let (evaluation, report) = without_capacity("0.2,0.9");
    let capacity = &evaluation["setting"]["capacity"];
    assert_eq!((&capacity["estimated"], &capacity["per_days"]), (&Value::from(true), &Value::from(7.0)));
    let worked = evaluation["evidence"]["worked"]["worked"].as_f64().unwrap();
    let leads = capacity["leads"].as_f64().unwrap();
    // 172 days of creation are 24.6 weeks; the last, cut short, is left out of what is counted as worked.
    assert!((worked / 24.0 - leads).abs() < 0.1 * leads, "{worked} {leads}");
    assert!(has_code(&evaluation, "capacity_estimated"), "{}", evaluation["notices"]);
    assert!(report.contains("No capacity is stated. Sales worked about"), "{report}");
    // Steps instead of a curve, for points.
    let map = &evaluation["models"][0]["calibration"]["map"];
    assert!(map["isotonic"].is_object(), "{map}");
    assert!(report.to_lowercase().contains("isotonic steps ("), "{report}");
}

#[test]
fn where_sales_worked_every_lead_a_sweep_says_whether_the_choice_turns() {
    let (evaluation, report) = without_capacity("1,1");
    assert!(evaluation["setting"]["capacity"].is_null());
    assert!(has_code(&evaluation, "sweep"), "{}", evaluation["verdict"]);
    assert!(report.to_lowercase().contains("no capacity is stated, and the best guess"), "{report}");
}

#[test]
fn a_report_on_few_wins_warns_of_itself() {
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", "700"]).done();
    let demo = std::fs::read_to_string(home().join("experiments/demo.yaml")).unwrap();
    let text = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    write(folder.path(), "demo.yaml", text.replace("seed: 1", "seed: 1\nreplicates: 100"));
    leadoff_in(folder.path(), &["run", "demo.yaml", "--out", "out", "--no-png"]).done();
    let evaluation = json(&folder.path().join("out/evaluation.json"));
    assert!(evaluation["readiness"]["wins"].as_u64().unwrap() < 20, "{}", evaluation["readiness"]);
    assert!(has_code(&evaluation, "few_wins"), "{}", evaluation["notices"]);
    let report = report(folder.path());
    assert!(report.contains("mature wins stand behind this report"), "{report}");
}

#[test]
fn examples_of_swaps_name_leads_with_reasons_and_say_that_they_stay() {
    let folder = folder();
    let experiment = demo_of(folder.path(), "8000");
    let said = leadoff_in(folder.path(), &["score", &experiment, "--examples", "examples.html"]).done();
    assert!(said.contains("for this machine only: examples.html"), "{said}");
    let page = std::fs::read_to_string(folder.path().join("examples.html")).unwrap();
    assert!(page.contains("do not share it"), "{page}");
    for section in ["reweighted", "regression"] {
        assert!(page.contains(section), "{section}");
    }
    // Ten each way, of each challenger that swaps so many.
    assert!(page.contains("Would be handed over instead (10 shown)") && page.contains("no more (10 shown)"), "{page}");
    assert!(page.contains("Asked for a demo +"), "{page}");
}

#[test]
fn alone_it_says_what_is_here_and_what_to_type_next() {
    let folder = folder();
    let alone = |at: &Path| leadoff_in(at, &[]).done();
    let said = alone(folder.path());
    assert!(
        said.contains("no table") && said.contains("leadoff init --from FOLDER") && said.contains("init demo"),
        "{said}"
    );
    write(folder.path(), "contacts.csv", "id\n1\n");
    let said = alone(folder.path());
    assert!(said.contains("but a table") && said.contains("leadoff init --from .  "), "{said}");
    // Other YAML is none of ours.
    write(folder.path(), "compose.yaml", "services: {}\n");
    write(folder.path(), "experiment.yaml", "version: 1\nchampoin: a\n");
    let said = alone(folder.path());
    assert!(said.contains("experiment.yaml:2:1: unknown field `champoin`") && !said.contains("compose"), "{said}");
    std::fs::rename(folder.path().join(demo(folder.path())), folder.path().join("experiment.yaml")).unwrap();
    let said = alone(folder.path());
    assert!(said.contains("has not been run") && said.contains("leadoff run experiment.yaml"), "{said}");
    // Where no file is named it is this one.
    let said = leadoff_in(folder.path(), &["run", "--no-png"]).done();
    assert!(said.contains("Report: reports/experiment/report.html"), "{said}");
    let said = alone(folder.path());
    assert!(said.contains("its report is reports/experiment/report.html") && said.contains("leadoff review"), "{said}");
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    std::fs::File::options()
        .append(true)
        .open(folder.path().join("data/leads.csv"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    assert!(alone(folder.path()).contains("or its data changed after"), "{said}");
}

#[test]
fn what_does_not_fit_is_told_with_its_line() {
    let folder = folder();
    let demo = demo(folder.path());
    let text = std::fs::read_to_string(folder.path().join(&demo)).unwrap();
    let wrong = |from: &str, to: &str, told: &str| {
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        write(folder.path(), "wrong.yaml", &text);
        let error = leadoff_in(folder.path(), &["run", "wrong.yaml"]).failed(3);
        let line =
            text.lines().position(|line| line.contains(to.trim_matches('\n').lines().last().unwrap())).unwrap() + 1;
        assert!(error.contains(&format!("wrong.yaml:{line}: {told}")), "{error}");
    };
    // However large a file claims to be, no more of it is read than a model can have.
    let large = "models:\n  large: { file: large.json }\n";
    std::fs::File::create(folder.path().join("large.json")).unwrap().set_len(1 << 40).unwrap();
    wrong("models:\n", large, "models.large.file: large.json: expected a file of `leadoff fit`");
    // Whichever command meets it.
    write(folder.path(), "wrong.yaml", text.replace("employees > 500", "employes > 500"));
    let line = text.lines().position(|line| line.contains("employees > 500")).unwrap() + 1;
    let place = format!("wrong.yaml:{line}: models.current.points.criteria");
    let leads = std::fs::read_to_string(folder.path().join("data/leads.csv")).unwrap();
    let lead = leads.lines().nth(1).unwrap().split(',').next().unwrap();
    for command in
        [&["run", "wrong.yaml"][..], &["timeline", "wrong.yaml", lead], &["sql", "wrong.yaml", "--dialect", "duckdb"]]
    {
        let error = leadoff_in(folder.path(), command).failed(3);
        assert!(error.contains(&place), "{command:?}: {error}");
    }
    wrong("champion: current", "champion: curent", "champion: there is no model `curent`");
    wrong("\nreplay:\n", "\nreplay:\n  walk: {}\n", "replay.walk: give either `walk`");
    wrong("segments: [", "segments: [sorce, ", "segments: there is no column `sorce`");
}

#[test]
fn a_terminal_says_a_warning_once() {
    let folder = folder();
    let said = leadoff_in(folder.path(), &["init", "mine"]).done();
    assert!(said.contains("Made mine"), "{said}");
    let said = leadoff_in(&folder.path().join("mine"), &["run", "--no-png"]).done();
    assert_eq!(said.matches("warning: `crm` cannot be promoted").count(), 1, "{said}");
}
