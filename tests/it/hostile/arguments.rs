//! Arguments of absurd size.

use crate::product::{folder, leadoff_in, write};

/// Fails with code 2 and says this.
#[track_caller]
fn refused(arguments: &[&str], expected: &str) {
    let folder = folder();
    let error = leadoff_in(folder.path(), arguments).failed(2);
    assert!(error.contains(expected), "{arguments:?}: {error}");
}

#[test]
fn a_plan_of_absurd_figures_is_refused() {
    let base = ["ab", "plan", "--rate=0.08", "--effect=0.02", "--per-week=300"];
    let absurd = ["nan", "inf", "-inf", "-1", "1e308", "3613"];
    for figure in absurd {
        let argument = format!("--horizon={figure}");
        refused(&[&base[..], &[argument.as_str()]].concat(), "the horizon is a number of days from 0 to 3612");
    }
    for figure in ["nan", "inf", "-1", "0"] {
        let argument = format!("--delay={figure}");
        refused(&[&base[..], &[argument.as_str()]].concat(), "--delay is a number of days");
        let argument = format!("--per-rep={figure}");
        refused(&[&base[..], &[argument.as_str(), "--icc=0.05"]].concat(), "at least one lead");
    }
    for figure in ["nan", "inf", "1e308"] {
        let argument = format!("--foretold={figure}");
        refused(&[&base[..], &[argument.as_str()]].concat(), "--foretold is a difference");
    }
    refused(&[&base[..], &["--reps=inf", "--icc=0.05"]].concat(), "at most a billion");
    refused(&["ab", "plan", "--rate=0.08", "--effect=0.02", "--per-week=1e308"], "at most a billion");
    let folder = folder();
    leadoff_in(folder.path(), &[&base[..], &["--horizon=3612"]].concat()).done();
}

#[test]
fn a_history_larger_than_any_memory_is_refused() {
    for leads in ["100000000000", "18446744073709551615", "18446744073709551616", "10000001"] {
        refused(&["simulate", "s", "--leads", leads], "--leads");
        refused(&["simulate", "s", "--ab", "--leads", leads], "--leads");
        refused(&["simulate", "s", "--planted", "--leads", leads], "--leads");
    }
    refused(&["simulate", "s", "--leads", "1000000", "--events", "10000"], "expected at most 200000000");
    refused(&["simulate", "s", "--ab", "--reps", "18446744073709551615"], "--reps from 2");
}

#[test]
fn threads_and_periods_have_a_limit() {
    for threads in ["0", "1025", "1000000", "18446744073709551615"] {
        refused(&["run", "experiment.yaml", "--threads", threads], "--threads");
    }
    for periods in ["121", "18446744073709551615"] {
        refused(&["review", "experiment.yaml", "--compare", periods], "--compare");
    }
}

#[test]
fn settings_without_a_meaning_are_refused_with_their_place() {
    let folder = folder();
    let experiment = super::experiment("leads.csv");
    write(folder.path(), "leads.csv", format!("{}\n{}\n", super::HEADER, super::row(1)));
    let cases = [
        (experiment.replace("until: 2026-06-30", "until: 9999-12-31"), "until", "before 2100"),
        (format!("{experiment}capacity: {{ leads: 10, per: 0d }}\n"), "capacity", "a period of no length"),
    ];
    for (text, place, expected) in cases {
        write(folder.path(), "experiment.yaml", text);
        let error = leadoff_in(folder.path(), &["check", "experiment.yaml"]).failed(3);
        assert!(error.contains(place) && error.contains(expected) && error.contains("experiment.yaml:"), "{error}");
    }
    let test = "version: 1\ntest: Weights\nsalt: one\nqueue: split\narms: { current: 1e308, challenger: 1e308 }\n";
    write(folder.path(), "test.yaml", test);
    let error = leadoff_in(folder.path(), &["ab", "assign", "test.yaml"]).failed(3);
    assert!(error.contains("too large to be added"), "{error}");
}
