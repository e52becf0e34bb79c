//! Text that has no end, or that can be read once only.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{HEADER, check, row};
use crate::product::folder;

/// A gzip of these parts, some of them many times.
fn gzip(parts: &[(&[u8], usize)]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for (part, times) in parts {
        let block = part.repeat(1 << 12);
        for _ in 0..times >> 12 {
            packed.write_all(&block).unwrap();
        }
        packed.write_all(&part.repeat(times & 0xfff)).unwrap();
    }
    packed.finish().unwrap()
}

const LONG: usize = 70 << 20;

#[test]
fn a_record_without_an_end_is_an_error_with_its_line() {
    let folder = folder();
    let start = format!("{HEADER}\n{}\n\"L2", row(1));
    let endless = gzip(&[(start.as_bytes(), 1), (b"x", LONG)]);
    let error = check(folder.path(), "leads.csv", endless).failed(4);
    assert!(error.contains("leads.csv, line 3: a record of more than 64 MiB"), "{error}");
    let error = check(folder.path(), "leads.csv", gzip(&[(b"\0", LONG)])).failed(4);
    assert!(error.contains("leads.csv, line 1: a record of more than 64 MiB"), "{error}");
    let object = gzip(&[(b"{\"lead_id\": 1}\n{\"lead_id\": \"", 1), (b"x", LONG)]);
    let error = check(folder.path(), "leads.ndjson", object).failed(4);
    assert!(error.contains("leads.ndjson, line 2: a record of more than 64 MiB"), "{error}");
}

#[test]
fn a_row_of_nothing_but_separators_is_refused() {
    let folder = folder();
    let start = format!("{HEADER}\n{}\n", row(1));
    let error = check(folder.path(), "leads.csv", gzip(&[(b",", 2_000_000)])).failed(4);
    assert!(error.contains("leads.csv, line 1: a row of more than 1000000 fields"), "{error}");
    let error = check(folder.path(), "leads.csv", gzip(&[(start.as_bytes(), 1), (b",", LONG)])).failed(4);
    assert!(error.contains("leads.csv, line 3: a row of more than 1000000 fields"), "{error}");
}

#[test]
fn a_long_record_within_the_limit_is_read() {
    let folder = folder();
    let rows: Vec<String> = (2..40).map(|lead| row(lead) + ",x").collect();
    let (start, rest) = (format!("{HEADER},note\n{},", row(1)), format!("\n{}\n", rows.join("\n")));
    let long = gzip(&[(start.as_bytes(), 1), (b"x", 20 << 20), (rest.as_bytes(), 1)]);
    check(folder.path(), "leads.csv", long).done();
}

#[test]
fn many_small_rows_are_no_long_record() {
    let folder = folder();
    let first = format!("{HEADER}\n");
    let same = format!("{}\n", row(1));
    let rows: Vec<String> = (2..40).map(row).collect();
    let rest = rows.join("\n");
    let many = gzip(&[(first.as_bytes(), 1), (same.as_bytes(), 100_000), (rest.as_bytes(), 1)]);
    check(folder.path(), "leads.csv", many).done();
}

#[test]
fn a_nul_in_an_object_is_named_with_its_line() {
    let folder = folder();
    let leads = "{\"lead_id\": \"a\", \"created_at\": \"2026-01-02\", \"won_at\": null, \"score\": 1}\n\
                 {\"lead_id\": \"b\\u0000c\", \"created_at\": \"2026-01-02\", \"won_at\": null, \"score\": 1}\n";
    let error = check(folder.path(), "leads.ndjson", leads).failed(4);
    assert!(error.contains("leads.ndjson, line 2: holds a NUL"), "{error}");
    let error = check(folder.path(), "leads.ndjson", "{\"lead\\u0000_id\": 1}\n").failed(4);
    assert!(error.contains("leads.ndjson, line 1") && error.contains("NUL"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_at_once() {
    use crate::product::{leadoff_in, write};
    let folder = folder();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status();
    if made.is_ok_and(|status| status.success()) {
        write(folder.path(), "experiment.yaml", super::experiment("pipe"));
        let error = leadoff_in(folder.path(), &["check", "experiment.yaml"]).failed(4);
        assert!(error.contains("pipe: it is a pipe or a device") && error.contains("save it as a file"), "{error}");
    }
}
