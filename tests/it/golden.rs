//! What readers of the demo see, byte by byte. `LEADOFF_BLESS=1 cargo test --test it golden` makes it anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx};

use crate::product::{folder, leadoff_in};

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands in `reports/demo`, so that a visitor sees a report without building; and the marks, so that the demo may take
/// its place.
const COMMITTED: [&str; 4] = [".leadoff", "report.html", "report.md", "slide.svg"];
/// Charts of the report, one of each family of axes.
const CHARTS: [&str; 2] = ["charts/gain.svg", "charts/time-current.svg"];

/// Compares a file with the one kept, or keeps it where goldens are to be made anew.
fn compare(kept: &Path, made: &[u8], different: &mut Vec<String>) {
    if std::env::var_os("LEADOFF_BLESS").is_some() {
        std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
        std::fs::write(kept, made).unwrap();
    }
    match std::fs::read(kept) {
        Ok(known) if known == made => {}
        Ok(_) => different.push(format!("{} is another", kept.display())),
        Err(error) => different.push(format!("{}: {error}", kept.display())),
    }
}

/// Every cell of a workbook, a line each.
fn cells(path: &Path) -> String {
    let mut book: Xlsx<_> = calamine::open_workbook(path).unwrap();
    let mut text = String::new();
    for (sheet, range) in book.worksheets() {
        for (row, column, cell) in range.used_cells().filter(|(.., cell)| **cell != Data::Empty) {
            let _ = writeln!(text, "{sheet} {} {}: {cell:?}", row + 1, column + 1);
        }
    }
    text
}

#[test]
fn the_demo_gives_the_report_that_is_committed() {
    if !cfg!(target_os = "linux") {
        println!("skipped: the last digits of logarithms differ between platforms");
        return;
    }
    let folder = folder();
    let out: PathBuf = folder.path().join("demo");
    let kept = home().join("reports/demo");
    if std::env::var_os("LEADOFF_BLESS").is_none() {
        // As on a fresh machine: what is kept here is replaced.
        std::fs::create_dir_all(&out).unwrap();
        for name in COMMITTED {
            std::fs::copy(kept.join(name), out.join(name)).unwrap();
        }
    }
    leadoff_in(home(), &["run", "experiments/demo.yaml", "--out", &out.to_string_lossy()]).done();
    let mut different = Vec::new();
    for name in COMMITTED {
        compare(&kept.join(name), &std::fs::read(out.join(name)).unwrap(), &mut different);
    }
    let golden = home().join("tests/golden/demo");
    for name in CHARTS {
        compare(&golden.join(name), &std::fs::read(out.join(name)).unwrap(), &mut different);
    }
    compare(&golden.join("workbook.txt"), cells(&out.join("report.xlsx")).as_bytes(), &mut different);
    let renew = "if that is meant, look at it and make it anew: LEADOFF_BLESS=1 cargo test --test it golden";
    assert!(different.is_empty(), "{}\n{renew}", different.join("\n"));
}
