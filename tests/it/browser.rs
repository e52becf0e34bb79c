//! Pages as a real browser shows them: Chromium or Chrome, where there is one; `LEADOFF_BROWSER` names another.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::product::{folder, leadoff_in};

fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("LEADOFF_BROWSER").map(PathBuf::from);
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].map(PathBuf::from);
    let starts = |program: &PathBuf| {
        let version = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let found = named.into_iter().chain(names).find(starts);
    if found.is_none() {
        println!("skipped: no Chromium or Chrome (name one by LEADOFF_BROWSER)");
    }
    found
}

/// Runs the browser on a page, without a window.
fn shown(browser: &Path, profile: &Path, page: &Path, arguments: &[&str]) -> String {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::null())
        .output()
        .expect("the browser runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a function finds on a page in a window of this width. The page's own policy forbids foreign scripts: a copy has none.
fn found(browser: &Path, page: &Path, width: u32, function: &str) -> Value {
    let folder = folder();
    let text = std::fs::read_to_string(page).unwrap();
    let (start, end) =
        (text.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap(), text.find("</body>").unwrap());
    let policy = start + text[start..].find('>').unwrap() + 1;
    let probe = format!(
        "<script>addEventListener('load', () => parent.postMessage(JSON.stringify(({function})()), '*'));</script>"
    );
    std::fs::write(
        folder.path().join("page.html"),
        [&text[..start], &text[policy..end], &probe, &text[end..]].concat(),
    )
    .unwrap();
    // A window of a browser is never as narrow as a phone; a frame is.
    let frame = format!(
        "<script>addEventListener('message', (event) => {{ const told = document.createElement('pre'); told.id = 'found'; \
         told.textContent = encodeURIComponent(event.data); document.body.append(told); }});</script>\
         <body><iframe src=\"page.html\" style=\"width: {width}px; height: 900px; border: 0\"></iframe></body>"
    );
    let copy = folder.path().join("frame.html");
    std::fs::write(&copy, frame).unwrap();
    let dom = shown(browser, &folder.path().join("profile"), &copy, &["--window-size=1600,1000", "--dump-dom"]);
    let (_, told) =
        dom.split_once("<pre id=\"found\">").unwrap_or_else(|| panic!("{}: nothing was found", page.display()));
    let told = told.split('<').next().unwrap();
    let mut bytes = Vec::new();
    let mut rest = told.bytes();
    while let Some(byte) = rest.next() {
        let mut hex = || char::from(rest.next().unwrap()).to_digit(16).unwrap() as u8;
        bytes.push(if byte == b'%' { 16 * hex() + hex() } else { byte });
    }
    serde_json::from_slice(&bytes).unwrap()
}

/// A page of every kind: a run's, a card, an audit's, a review's.
fn pages(folder: &Path) -> Vec<PathBuf> {
    leadoff_in(folder, &["init", "demo"]).done();
    let demo = folder.join("demo");
    leadoff_in(&demo, &["run", "--no-png", "--out", "run"]).done();
    leadoff_in(&demo, &["audit", "--out", "audit"]).done();
    leadoff_in(&demo, &["review", "--out", "review", "--quarter", "2026Q2"]).done();
    let pages = ["run/report.html", "run/card-current.html", "audit/audit.html", "review/2026q2/review.html"];
    pages.map(|page| demo.join(page)).into()
}

const LAYOUT: &str = "() => {
  const words = Array.from(document.querySelectorAll('figure svg text'), (word) => word.getBoundingClientRect().height);
  const outside = Array.from(document.querySelectorAll('table, figure svg')).filter((one) => !one.closest('.scroll'));
  return {
    window: innerWidth, page: document.documentElement.scrollWidth, words: words.length, least: Math.min(...words, 99),
    outside: outside.length, mute: Array.from(document.querySelectorAll('.scroll')).filter((one) => one.tabIndex !== 0).length,
  };
}";

#[test]
fn no_page_is_cut_on_a_screen_or_a_phone_and_charts_can_be_read() {
    let Some(browser) = browser() else { return };
    let folder = folder();
    for page in pages(folder.path()) {
        for width in [1366, 400] {
            let found = found(&browser, &page, width, LAYOUT);
            let place = format!("{} at {width}: {found}", page.display());
            assert_eq!(found["window"], width, "{place}");
            assert!(found["page"].as_u64().unwrap() <= u64::from(width), "wider than its window: {place}");
            assert!(found["least"].as_f64().unwrap() >= 9.0, "words too small to be read: {place}");
            // What is wider scrolls by itself, with the keyboard too.
            assert_eq!((&found["outside"], &found["mute"]), (&0.into(), &0.into()), "{place}");
        }
    }
}

const SORTED: &str = "() => Array.from(document.querySelectorAll('table')).flatMap((table) =>
  Array.from(table.querySelectorAll('thead .sort'), (button) => {
    const column = button.closest('th').cellIndex;
    const order = () => Array.from(table.tBodies[0].rows, (row) => row.cells[column]).filter((cell) => cell.dataset.number !== undefined)
      .map((cell) => cell.dataset.number === '' ? null : Number(cell.dataset.number));
    button.click();
    const first = button.closest('th').getAttribute('aria-sort'), clicked = order();
    button.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    const second = button.closest('th').getAttribute('aria-sort'), typed = order();
    return { first, second, clicked, typed };
  }))";

#[test]
fn tables_sort_by_a_click_and_by_the_keyboard() {
    let Some(browser) = browser() else { return };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/demo/report.html");
    let found = found(&browser, &page, 1366, SORTED);
    let columns = found.as_array().unwrap();
    let mut of_numbers = 0;
    for column in columns {
        assert_ne!(column["first"], column["second"], "{column}");
        for (order, values) in [(&column["first"], &column["clicked"]), (&column["second"], &column["typed"])] {
            let values: Vec<f64> = values.as_array().unwrap().iter().filter_map(Value::as_f64).collect();
            let is_sorted = match order.as_str() {
                Some("ascending") => values.is_sorted(),
                Some("descending") => values.is_sorted_by(|a, b| a >= b),
                other => panic!("{other:?}"),
            };
            assert!(is_sorted, "{column}");
            of_numbers += usize::from(values.len() > 1);
        }
    }
    assert!(of_numbers > 20, "{of_numbers} columns of numbers");
}

#[test]
fn a_report_prints_on_a_few_pages() {
    let Some(browser) = browser() else { return };
    let folder = folder();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/demo/report.html");
    let pdf = folder.path().join("report.pdf");
    let to = format!("--print-to-pdf={}", pdf.display());
    shown(&browser, &folder.path().join("profile"), &page, &[&to, "--no-pdf-header-footer"]);
    let bytes = std::fs::read(&pdf).unwrap();
    let pages = bytes.windows(11).filter(|window| window == b"/Type /Page").count();
    let trees = bytes.windows(12).filter(|window| window == b"/Type /Pages").count();
    assert!((3..=8).contains(&(pages - trees)), "{pages} pages");
}
