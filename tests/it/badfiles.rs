//! Files as people have them: each gets an error or a finding that a person can act on, and leaves nothing behind.

use std::path::Path;

use crate::product::{folder, leadoff_in, shared, write};

/// Runs `check` and `run`: what they said together, and whether they failed. A failure leaves no folder behind.
fn said(folder: &Path, experiment: &str) -> (String, bool) {
    write(folder, "e.yaml", experiment);
    let check = leadoff_in(folder, &["check", "e.yaml"]);
    let run = leadoff_in(folder, &["run", "e.yaml", "--out", "out", "--no-png"]);
    let all = format!("{}{}{}{}", check.err, check.out, run.err, run.out);
    assert!(!all.contains("panicked"), "{all}");
    assert_eq!(check.code == 0, run.code == 0, "{all}");
    assert!([0, 3, 4].contains(&run.code), "{}: {all}", run.code);
    if run.code != 0 {
        assert!(!folder.join("out").exists(), "something is left: {all}");
        let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains("draft")), "{left:?}");
    }
    (all, run.code != 0)
}

#[track_caller]
fn fails(experiment: &str, expected: &[&str]) {
    let folder = folder();
    let (all, failed) = said(folder.path(), experiment);
    assert!(failed, "no error: {all}");
    expected.iter().for_each(|expected| assert!(all.contains(expected), "`{expected}` is not said: {all}"));
}

#[track_caller]
fn finds(experiment: &str, expected: &[&str]) {
    let folder = folder();
    let (all, failed) = said(folder.path(), experiment);
    assert!(!failed, "{all}");
    expected.iter().for_each(|expected| assert!(all.contains(expected), "`{expected}` is not said: {all}"));
}

/// An experiment on X Education's leads, or what calls itself so.
fn x_education(file: &str) -> Option<String> {
    Some(format!(
        "
version: 1
experiment: X Education
data:
  leads: {{ path: {}, id: Prospect ID, known: as_exported }}
  outcomes: {{ flag: Converted }}
replay: {{ horizon: ever }}
models: {{ visits: {{ column: {{ score: TotalVisits, scale: points }} }} }}
",
        shared(&format!("badfiles/{file}"))?.display()
    ))
}

fn olist(leads: &str, deals: &str) -> Option<String> {
    Some(format!(
        "
version: 1
experiment: Olist
data:
  leads: {{ path: {}, id: mql_id, created: first_contact_date, known: at_creation }}
  outcomes: {{ path: {}, lead: mql_id, converted: won_date }}
replay: {{ as_of: created, horizon: ever }}
models: {{ chance: {{ random: {{}} }} }}
",
        shared(leads)?.display(),
        shared(deals)?.display()
    ))
}

#[test]
fn rows_wrapped_whole_in_quotes_are_read_and_counted() {
    let Some(experiment) = x_education("x_education_rows_double_quoted.csv.gz") else { return };
    finds(&experiment, &["338", "quote", "9240"]);
}

#[test]
fn a_trailing_comma_is_a_column_without_a_name() {
    let Some(experiment) = x_education("x_education_trailing_comma_crlf.csv.gz") else { return };
    finds(&experiment, &["9240", "3561"]);
}

#[test]
fn a_workbook_that_calls_itself_csv_is_read_as_one() {
    let Some(experiment) = x_education("x_education_really_xlsx.csv") else { return };
    finds(&experiment, &["9240", "3561"]);
}

#[test]
fn a_pointer_of_git_lfs_is_named_one() {
    let Some(data) = shared("badfiles/hillstrom_really_git_lfs_pointer.csv") else { return };
    let experiment = format!(
        "
version: 1
experiment: Hillstrom
data:
  leads: {{ path: {}, known: at_creation }}
  outcomes: {{ flag: conversion }}
models: {{ recency: {{ column: {{ score: recency, scale: points }} }} }}
",
        data.display()
    );
    fails(&experiment, &["LFS"]);
}

#[test]
fn leads_with_an_id_and_nothing_else_lack_their_time() {
    let deals = "olist/olist_closed_deals_dataset.csv";
    let Some(experiment) = olist("badfiles/olist_mql_only_id_column_crlf.csv", deals) else { return };
    fails(&experiment, &["no column `first_contact_date`", "leads.created"]);
}

#[test]
fn dates_as_excel_writes_them_are_found_from_the_whole_column() {
    let leads = "olist/olist_marketing_qualified_leads_dataset.csv";
    let Some(experiment) = olist(leads, "badfiles/olist_closed_deals_excel_dates.csv") else { return };
    finds(&experiment, &["842", "2017-12-05"]);
}

#[test]
fn a_file_whose_columns_changed_is_refused_by_the_column_that_is_gone() {
    let Some(data) = shared("badfiles/bank_additional_schema_drift.csv.gz") else { return };
    let bank = |score: &str| {
        format!(
            "
version: 1
experiment: Bank
data:
  leads: {{ path: {}, delimiter: ';', known: at_creation }}
  outcomes: {{ flag: y }}
replay: {{ horizon: ever }}
models: {{ m: {{ column: {{ score: {score}, scale: points }} }} }}
",
            data.display()
        )
    };
    fails(&bank("poutcome"), &["no column `poutcome`"]);
    // Its outcome is 0/1 where it was yes/no: which of them count as won is said.
    finds(&bank("duration"), &["`1` count as won", "4640"]);
}

/// A small experiment whose files a test spoils.
const SMALL: &str = "
version: 1
experiment: Small
data:
  leads: { path: leads.csv, id: id, created: created, known: at_creation }
  outcomes: { path: outcomes.csv, lead: id, converted: won }
  until: 2026-06-30
replay: { as_of: created, horizon: 30d }
models: { size: { column: { score: size, scale: points } } }
";

const LEADS: &str = "id,created,size\na,2026-01-13,1\nb,2026-01-14,2\nc,2026-01-15,3\nd,2026-01-16,4\n";
const WON: &str = "id,won\na,2026-01-20\nc,2026-01-21\n";

#[track_caller]
fn small_fails(leads: impl AsRef<[u8]>, outcomes: impl AsRef<[u8]>, code: i32, expected: &[&str]) {
    let folder = folder();
    write(folder.path(), "leads.csv", leads);
    write(folder.path(), "outcomes.csv", outcomes);
    write(folder.path(), "e.yaml", SMALL);
    for command in [&["check", "e.yaml"][..], &["run", "e.yaml", "--out", "out"]] {
        let error = leadoff_in(folder.path(), command).failed(code);
        expected.iter().for_each(|expected| assert!(error.contains(expected), "`{expected}` is not said: {error}"));
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn the_small_experiment_runs_before_it_is_spoilt() {
    let folder = folder();
    write(folder.path(), "leads.csv", LEADS);
    write(folder.path(), "outcomes.csv", WON);
    let (all, failed) = said(folder.path(), SMALL);
    assert!(!failed, "{all}");
}

#[test]
fn an_empty_file_is_named() {
    small_fails("", WON, 4, &["leads.csv", "empty"]);
    small_fails(LEADS, "", 4, &["outcomes.csv", "empty"]);
}

#[test]
fn a_header_without_rows_is_no_history() {
    small_fails("id,created,size\n", WON, 4, &["leads.csv"]);
}

#[test]
fn bytes_that_are_no_text_are_named() {
    small_fails(b"id,created,size\na\0,2026-01-13,1\n\0\0,2026-01-13,1\n".as_slice(), WON, 4, &["leads.csv"]);
    small_fails(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), WON, 4, &["leads.csv"]);
}

#[test]
fn two_columns_of_one_name_are_refused() {
    small_fails(
        "id,created,size,size\na,2026-01-13,1,2\n",
        WON,
        4,
        &["leads.csv", "`size` stands in the header 2 times", "columns 3, 4"],
    );
}

#[test]
fn dates_with_two_readings_are_an_error_that_shows_both() {
    let leads = "id,created,size\na,03/04/2026,1\nb,05/06/2026,2\n";
    small_fails(leads, WON, 4, &["created", "2026-03-04", "2026-04-03"]);
}

#[test]
fn leads_of_one_id_that_differ_are_an_error() {
    let leads = format!("{LEADS}a,2026-01-13,9\n");
    small_fails(leads, WON, 4, &["`a`", "leads.csv"]);
}

#[test]
fn a_row_of_another_length_is_named_by_its_line() {
    let folder = folder();
    write(folder.path(), "leads.csv", format!("{LEADS}e,2026-01-17\nf,2026-01-18,3,4,5\n"));
    write(folder.path(), "outcomes.csv", WON);
    let (all, _) = said(folder.path(), SMALL);
    assert!(all.contains("leads.csv") && (all.contains("line 6") || all.contains("line 7")), "{all}");
}

#[test]
fn a_missing_file_a_folder_and_a_missing_column_are_named() {
    let folder = folder();
    write(folder.path(), "outcomes.csv", WON);
    let run = |text: &str, code: i32| {
        write(folder.path(), "e.yaml", text);
        leadoff_in(folder.path(), &["run", "e.yaml", "--out", "out"]).failed(code)
    };
    let error = run(SMALL, 4);
    assert!(error.contains("`leads.csv`"), "{error}");
    std::fs::create_dir(folder.path().join("leads.csv")).unwrap();
    let error = run(SMALL, 4);
    assert!(error.contains("leads.csv") && error.contains("folder"), "{error}");
    std::fs::remove_dir(folder.path().join("leads.csv")).unwrap();
    write(folder.path(), "leads.csv", LEADS);
    let error = run(&SMALL.replace("created: created", "created: creatd"), 4);
    assert!(error.contains("no column `creatd`") && error.contains("did you mean `created`?"), "{error}");
    let error = run(&SMALL.replace("score: size", "score: sizes"), 3);
    assert!(error.contains("no column `sizes`") && error.contains("did you mean `size`?"), "{error}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_report_is_not_written_over_what_is_not_ours() {
    let folder = folder();
    write(folder.path(), "leads.csv", LEADS);
    write(folder.path(), "outcomes.csv", WON);
    write(folder.path(), "e.yaml", SMALL);
    write(folder.path(), "out/holiday.jpg", "mine");
    let error = leadoff_in(folder.path(), &["run", "e.yaml", "--out", "out"]).failed(2);
    assert!(error.contains("holds holiday.jpg"), "{error}");
    assert_eq!(std::fs::read_to_string(folder.path().join("out/holiday.jpg")).unwrap(), "mine");
    // A file stands where the folder should.
    write(folder.path(), "file", "mine");
    let error = leadoff_in(folder.path(), &["run", "e.yaml", "--out", "file/out"]).failed(1);
    assert!(error.contains("file/out: cannot be written"), "{error}");
    leadoff_in(folder.path(), &["run", "e.yaml", "--out", "file"]).failed(2);
    assert_eq!(std::fs::read_to_string(folder.path().join("file")).unwrap(), "mine");
    leadoff_in(folder.path(), &["score", "e.yaml", "nowhere/at/all.csv"]).failed(2);
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_failing_run_leaves_the_old_report() {
    let folder = folder();
    write(folder.path(), "leads.csv", LEADS);
    write(folder.path(), "outcomes.csv", WON);
    write(folder.path(), "e.yaml", SMALL);
    leadoff_in(folder.path(), &["run", "e.yaml", "--out", "out", "--no-png"]).done();
    let old = std::fs::read(folder.path().join("out/evaluation.json")).unwrap();
    write(folder.path(), "leads.csv", "");
    leadoff_in(folder.path(), &["run", "e.yaml", "--out", "out", "--no-png"]).failed(4);
    assert!(std::fs::read(folder.path().join("out/evaluation.json")).unwrap() == old);
}

/// What is wrong with an experiment file: the text put in the place of another, and what must be said.
const TYPOS: &[(&str, &str, &[&str])] = &[
    ("horizon: 30d", "horzon: 30d", &["e.yaml:8:", "replay: unknown field `horzon`, did you mean `horizon`?"]),
    ("scale: points", "scale: percent", &["models.size.column.scale", "`points`, `probability`"]),
    ("as_of: created", "as_of: { after_creatd: 7d }", &["did you mean `after_created`?"]),
    ("version: 1", "version: one", &["version: expected a whole number of 0 or more, found `one`"]),
    ("version: 1", "version: 2", &["version 2 is not known here"]),
    ("horizon: 30d", "horizon: 30 dayz", &["`30 dayz` is not a span of time"]),
    ("experiment: Small", "experiment: Small\nexperiment: Twice", &["`experiment` stands here twice"]),
    ("until: 2026-06-30", "until: 30.06.2026", &["data.until", "`30.06.2026` is no date"]),
    ("until: 2026-06-30", "nulls: [x]", &["data: unknown field `nulls`"]),
    ("known: at_creation", "known: at_creatoin", &["did you mean `at_creation`?"]),
    ("known: at_creation", "null: [Select]", &["in quotes"]),
    ("column: {", "colum: {", &["models.size: unknown field `colum`, did you mean `column`?"]),
    ("score: size,", "score: size + +,", &["models.size.column.score"]),
    ("scale: points } }", "scale: points }, constant: {} }", &["models.size", "`column` and `constant`"]),
    ("models: {", "champion: sise\nmodels: {", &["champion: there is no model `sise`, did you mean `size`?"]),
    ("models: {", "segments: size\nmodels: {", &["segments: expected a list, such as [a, b], found `size`"]),
    ("models: {", "capacity: { leads: many, per: 7d }\nmodels: {", &["expected a number, found `many`"]),
    ("models: {", "capacity: { leads: 3 }\nmodels: {", &["capacity: missing field `per`"]),
    ("models: {", "brackets: [20, 40]\nmodels: {", &["brackets: expected a choice", "a list"]),
    ("models: {", "brackets: { edges: [40, 20] }\nmodels: {", &["brackets: edges must rise"]),
    ("models: {", "brackets: { edges: [1], quantiles: 2 }\nmodels: {", &["only one choice can stand here"]),
    ("models: {", "brackets: { named: { Low: 1, High: 1 } }\nmodels: {", &["`Low` and `High` both begin at 1"]),
    ("models: {", "seed: -1\nmodels: {", &["seed: expected a whole number of 0 or more, found `-1`"]),
    ("replay: {", "replay: 5 #", &["replay: expected keys with their values, such as `key: value`, found `5`"]),
];

#[test]
fn every_slip_in_an_experiment_file_is_named_with_its_place() {
    for (right, wrong, expected) in TYPOS {
        let folder = folder();
        write(folder.path(), "leads.csv", LEADS);
        write(folder.path(), "outcomes.csv", WON);
        let text = SMALL.replacen(right, wrong, 1);
        assert_ne!(text, SMALL, "{right}");
        write(folder.path(), "e.yaml", text);
        let error = leadoff_in(folder.path(), &["check", "e.yaml"]).failed(3);
        expected
            .iter()
            .for_each(|expected| assert!(error.contains(expected), "{wrong}: `{expected}` is not said: {error}"));
        assert!(error.starts_with("error: e.yaml"), "{error}");
    }
}

#[test]
fn an_experiment_that_is_no_experiment_is_refused() {
    let folder = folder();
    let cases: [(&[u8], &str); 8] = [
        (b"", "empty"),
        (b"# nothing yet\n", "version: 1"),
        (b"hello", "expected keys with their values"),
        (b"- a\n- b\n", "expected keys with their values"),
        (b"a\0b: 1\n", "e.yaml:1:"),
        (b"\xff\xfe\0\xd8", "not a text file"),
        (b"version: 1\nexperiment: x\n", "missing field `data`"),
        (b"version: 1\n\texperiment: x\n", "tab"),
    ];
    for (bytes, expected) in cases {
        write(folder.path(), "e.yaml", bytes);
        let error = leadoff_in(folder.path(), &["run", "e.yaml"]).failed(3);
        assert!(error.contains(expected), "`{expected}` is not said: {error}");
    }
    let error = leadoff_in(folder.path(), &["run", "nothing.yaml"]).failed(3);
    assert!(error.contains("nothing.yaml"), "{error}");
    let error = leadoff_in(folder.path(), &["run", "."]).failed(3);
    assert!(error.contains("cannot be read"), "{error}");
    assert!(!folder.path().join("reports").exists());
}
