//! Names from files and arguments stay names: nothing that is printed steers a terminal, nothing that is written for
//! people runs or is markup.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::product::{Said, folder, leadoff_in, write};

/// Orders to a terminal in seven and in eight bits, a turned direction, what is not seen, a forged line, a formula, and
/// markup of HTML and Markdown.
const EVIL: &str =
    "=1+1\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\u{200b}<img src=x onerror=alert(1)>[a](javascript:b)|`x` \"'&\r\nFORGED";
/// What a file's name can hold where it is no pattern.
const EVIL_FILE: &str = "=\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\nFORGED<img src=x>";

fn evil(name: &str) -> String {
    format!("{EVIL} {name}")
}

/// In double quotes of YAML, all but plain characters as escapes.
fn yaml(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
        }
    }
    out + "\""
}

fn csv(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A column's name in a condition.
fn column(name: &str) -> String {
    csv(name)
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An experiment in which every name is hostile.
fn experiment(at: &Path) -> String {
    let (part, kind) = (evil("part"), evil("kind"));
    let mut leads = format!("lead_id,created_at,visits,{}\n", csv(&part));
    let mut events = format!("lead_id,at,kind,{}\n", csv(&part));
    let mut outcomes = "lead_id,converted_at,amount\n".to_string();
    for lead in 0..240 {
        let (id, month) = (csv(&format!("{EVIL}L{lead:03}")), 1 + lead / 40);
        let level = csv(&evil(["north", "south", "west"][lead % 3]));
        writeln!(leads, "{id},2026-{month:02}-0{},{},{level}", 1 + lead % 9, lead % 7).unwrap();
        writeln!(events, "{id},2026-{month:02}-0{},{},{level}", 1 + lead % 9, csv(&kind)).unwrap();
        if lead % 3 == 0 || lead % 11 == 0 {
            writeln!(outcomes, "{id},2026-{month:02}-2{},{}", lead % 9, 100 + lead).unwrap();
        }
    }
    writeln!(outcomes, "{},not a day\u{1b}[2J,1", csv(&evil("stranger"))).unwrap();
    let file = |name: &str| format!("{EVIL_FILE} {name}.csv");
    write(at, &file("leads"), leads);
    write(at, &file("events"), events);
    write(at, &file("outcomes"), outcomes);
    let points = |criteria: &str| {
        format!(
            "points: {{ criteria: [{criteria}], groups: {{ {group}: [0, 50] }}, \
             tiers: {{ {hot}: {{ from: 2, does: {does} }}, {cold}: 0 }} }}",
            group = yaml(&evil("group")),
            hot = yaml(&evil("hot")),
            does = yaml(&evil("does")),
            cold = yaml(&evil("cold")),
        )
    };
    let of_column = format!(
        "{{ name: {}, when: {}, points: 3, group: {} }}",
        yaml(&evil("of a column")),
        yaml(&format!("{} = {}", column(&part), literal(&evil("north")))),
        yaml(&evil("group"))
    );
    let of_events = format!("{{ name: {}, event: {}, points: 2 }}", yaml(&evil("of events")), yaml(&kind));
    let group = yaml(&evil("group"));
    let of_visits = format!("{{ name: {}, when: visits >= 3, points: 4, group: {group} }}", yaml(&evil("of visits")));
    let about = format!("description: {}, owner: {}", yaml(&evil("description")), yaml(&evil("owner")));
    format!(
        "version: 1
experiment: {title}
data:
  leads: {{ path: {leads}, id: lead_id, created: created_at, known: at_creation, delimiter: ',' }}
  events: {{ path: {events}, delimiter: ',', lead: lead_id, at: at, kind: kind }}
  outcomes: {{ path: {outcomes}, delimiter: ',', lead: lead_id, converted: converted_at, value: amount }}
  until: 2026-12-31
  currency: {currency}
replay: {{ as_of: {{ after_created: 1d }}, horizon: 30d, train: {{ from: 2026-01-01, to: 2026-03-01 }}, evaluate: {{ from: 2026-04-01 }} }}
champion: {current}
models:
  {current}: {{ {about}, {one} }}
  {many}: {{ {other} }}
  {regression}: {{ logistic: {{ ridge: 1.0 }} }}
brackets: {{ named: {{ {low}: 1, {high}: 3 }} }}
capacity: {{ leads: 5, per: 7d }}
segments: [{part}]
replicates: 200
",
        title = yaml(&evil("title")),
        leads = yaml(&file("leads")),
        events = yaml(&file("events")),
        outcomes = yaml(&file("outcomes")),
        currency = yaml(&evil("EUR")),
        current = yaml(&evil("current")),
        many = yaml(&evil("many")),
        regression = yaml(&evil("regression")),
        one = points(&format!("{of_column}, {of_events}")),
        other = points(&of_visits),
        low = yaml(&evil("low")),
        high = yaml(&evil("high")),
        part = yaml(&part),
    )
}

/// A field test in which every name is hostile.
fn field_test(at: &Path) -> String {
    let mut assignments = format!("lead_id,arm,assigned_at,{}\n", csv(&evil("part")));
    let mut outcomes = "lead_id,converted_at\n".to_string();
    for lead in 0..300 {
        let (id, arm) = (csv(&format!("{EVIL}L{lead:03}")), csv(&evil(["current", "challenger"][lead % 2])));
        writeln!(assignments, "{id},{arm},2026-01-0{},{}", 1 + lead % 9, csv(&evil(["a", "b"][lead % 5 / 3]))).unwrap();
        if lead % 7 == 0 {
            writeln!(outcomes, "{id},2026-02-0{}", 1 + lead % 9).unwrap();
        }
    }
    let file = |name: &str| format!("{EVIL_FILE} {name}.csv");
    write(at, &file("assignments"), assignments);
    write(at, &file("results"), outcomes);
    format!(
        "version: 1
test: {title}
salt: {salt}
arms: {{ {current}: 1, {challenger}: 1 }}
horizon: 90d
queue: split
assignments: {{ path: {assignments}, delimiter: ',', unit: lead_id, arm: arm, at: assigned_at }}
outcomes: {{ path: {outcomes}, delimiter: ',', unit: lead_id, converted: converted_at }}
segments: [{part}]
until: 2026-12-31
",
        title = yaml(&evil("test")),
        salt = yaml(&evil("salt")),
        current = yaml(&evil("current")),
        challenger = yaml(&evil("challenger")),
        assignments = yaml(&file("assignments")),
        outcomes = yaml(&file("results")),
        part = yaml(&evil("part")),
    )
}

/// What a terminal would obey, and what turns text around or hides in it.
fn steers(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[track_caller]
fn is_inert(what: &str, text: &str) {
    let found = text.char_indices().find(|(_, c)| steers(*c));
    let around = found
        .map(|(at, _)| text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<String>());
    assert!(found.is_none(), "{what}: {found:?} after {around:?}");
}

/// The commands of one folder. What each prints is inert, whatever it does.
struct Walk(PathBuf);

impl Walk {
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> Said {
        let said = leadoff_in(&self.0, arguments);
        let what = format!("{arguments:?}");
        is_inert(&what, &said.out);
        is_inert(&what, &said.err);
        let is_forged = |text: &str| text.lines().any(|line| line.starts_with("FORGED"));
        // A report breaks its lines between words, where it likes.
        let breaks_lines = ["run", "audit", "review", "compare", "render", "analyze"];
        let is_report = arguments.iter().take(2).any(|word| breaks_lines.contains(word));
        assert!(is_report || !is_forged(&said.out), "{what}: {}", said.out);
        assert!(!is_forged(&said.err), "{what}: {}", said.err);
        assert!(![-1, 1, 101].contains(&said.code), "{what}: {}{}", said.out, said.err);
        said
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        self.said(arguments).done()
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str]) {
        let said = self.said(arguments);
        assert!([2, 3, 4].contains(&said.code), "{arguments:?} ended with {}: {}{}", said.code, said.out, said.err);
    }
}

/// Every file below a folder, but ours that remember.
fn files(at: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(at).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}

/// Whether what was written for people holds names as text only.
#[track_caller]
fn holds_text_only(name: &str, extension: &str, text: &str) {
    is_inert(name, text);
    match extension {
        "html" => {
            assert!(!text.contains("<img src=x"), "{name}");
            assert_eq!(text.matches("<script").count(), 1, "{name}");
        }
        "svg" => assert!(!text.contains("<img") && !text.contains("<script"), "{name}"),
        "md" => assert!(!text.contains("<img") && !text.contains("[a](javascript"), "{name}"),
        _ => {}
    }
}

#[track_caller]
fn folder_holds_text_only(at: &Path) {
    let mut met = 0;
    for path in files(at) {
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if ["html", "svg", "md"].contains(&extension.as_str()) {
            holds_text_only(&path.to_string_lossy(), &extension, &fs::read_to_string(&path).unwrap());
            met += 1;
        }
    }
    assert!(met > 0, "{}", at.display());
}

#[test]
fn no_command_says_a_hostile_name_as_anything_but_text() {
    let folder = folder();
    let at = folder.path();
    let walk = Walk(at.to_path_buf());
    write(at, "exp.yaml", experiment(at));
    let (lead, current, many, part) = (format!("{EVIL}L200"), evil("current"), evil("many"), evil("part"));
    walk.done(&["check", "exp.yaml"]);
    walk.done(&["check", "exp.yaml", "--by", "visits", "--findings", "findings.csv"]);
    let explained = walk.done(&["explain", "exp.yaml", &lead]);
    assert!(explained.contains(r"=1+1\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\u{200b}<img"), "{explained}");
    walk.done(&["explain", "exp.yaml", &lead, "--model", &current]);
    walk.done(&["run", "exp.yaml", "--timings", "--no-png", "--out", "a"]);
    walk.done(&["run", "exp.yaml", "--no-png", "--out", EVIL_FILE]);
    walk.done(&["audit", "exp.yaml", "--out", "audited", "--write", "proposal.yaml"]);
    walk.done(&["review", "exp.yaml", "--quarter", "2026Q2", "--compare", "1", "--no-png", "--out", "reviewed"]);
    walk.done(&["score", "exp.yaml", &format!("{EVIL_FILE}.csv"), "--swap", "swaps.csv"]);
    walk.done(&["selfcheck", "exp.yaml", "--runs", "2", "--replicates", "100"]);
    walk.done(&["compare", "a", EVIL_FILE, "--out", "changes"]);
    walk.done(&["render", EVIL_FILE]);
    for (format, extension) in [("terminal", ""), ("markdown", "md"), ("html", "html")] {
        let review = at.join("reviewed/2026q2");
        for asked in [&["render", "a"][..], &["render", &review.to_string_lossy()], &["compare", "a", EVIL_FILE]] {
            let text = walk.done(&[asked, &["--format", format]].concat());
            holds_text_only(&format!("{asked:?}"), extension, &text);
        }
    }
    let changes = walk.done(&["compare", "a", EVIL_FILE, "--format", "json"]);
    serde_json::from_str::<serde_json::Value>(&changes).unwrap();
    walk.said(&["ab", "plan", "--from", "exp.yaml", "--challenger", &many, "--effect", "0.1", "--rep", &part]);
    walk.done(&["ab", "plan", "--from", "exp.yaml", "--challenger", &many, "--effect", "0.1", "--out", "plan.yaml"]);
    // The plan is read again, and only its SQL refused.
    let refusal = walk.said(&["ab", "assign", "plan.yaml"]).failed(3);
    assert!(refusal.contains("holds characters that control"), "{refusal}");
    ["a", "audited", "reviewed", "changes"].iter().for_each(|report| folder_holds_text_only(&at.join(report)));
    let findings = fs::read_to_string(at.join("findings.csv")).unwrap();
    is_inert("findings.csv", &findings);
    for row in csv::Reader::from_reader(findings.as_bytes()).records() {
        for cell in row.unwrap().iter() {
            assert!(!cell.starts_with(['=', '+', '-', '@']) || cell.parse::<f64>().is_ok(), "{cell}");
        }
    }
    assert!(findings.contains("'=1+1"), "{findings}");
}

#[test]
fn no_field_test_says_a_hostile_name_as_anything_but_text() {
    let folder = folder();
    let at = folder.path();
    let walk = Walk(at.to_path_buf());
    write(at, "test.yaml", field_test(at));
    walk.done(&["ab", "analyze", "test.yaml", "--out", "analysed"]);
    walk.done(&["ab", "render", "analysed"]);
    folder_holds_text_only(&at.join("analysed"));
    let assigned = walk.done(&["ab", "assign", "test.yaml", &evil("L1"), "L2"]);
    assert_eq!(assigned.lines().count(), 2, "{assigned}");
    walk.done(&["simulate", EVIL_FILE, "--leads", "20"]);
    walk.done(&["simulate", &format!("{EVIL_FILE}-ab"), "--ab", "--leads", "20"]);
    walk.done(&["simulate", &format!("{EVIL_FILE}-planted"), "--planted", "--leads", "100"]);
    walk.done(&["init", &format!("{EVIL_FILE}-new")]);
    walk.done(&["schema"]);
    walk.done(&["--help"]);
}

#[test]
fn no_refusal_says_a_hostile_name_as_anything_but_text() {
    let folder = folder();
    let at = folder.path();
    let walk = Walk(at.to_path_buf());
    let text = experiment(at);
    write(at, "exp.yaml", &text);
    let current = evil("current");
    let flag = format!("--{EVIL}");
    walk.done(&["check", "exp.yaml"]);
    walk.refused(&["explain", "exp.yaml", &evil("nobody")]);
    walk.refused(&["explain", "exp.yaml", "L1", "--model", &evil("curent")]);
    walk.refused(&["explain", &evil("no file"), "L1"]);
    walk.refused(&["run", "exp.yaml", &flag]);
    walk.refused(&["run", "exp.yaml", "--threads", EVIL]);
    walk.refused(&["run", "exp.yaml", &format!("--threads={EVIL}")]);
    walk.refused(&[EVIL]);
    walk.refused(&["run", "exp.yaml", "--out", &format!("{EVIL_FILE} leads.csv")]);
    walk.refused(&["check", "exp.yaml", "--by", &evil("no column")]);
    walk.refused(&["check", "exp.yaml", "--findings", &format!("{EVIL_FILE} leads.csv")]);
    walk.refused(&["score", "exp.yaml", &format!("{EVIL_FILE}.pdf")]);
    walk.refused(&["audit", "exp.yaml", "--model", &evil("none")]);
    walk.refused(&["review", "exp.yaml", "--quarter", EVIL]);
    walk.refused(&["review", "exp.yaml", "--from", EVIL, "--to", EVIL]);
    walk.refused(&["render", EVIL_FILE]);
    walk.refused(&["compare", EVIL_FILE, &current]);
    walk.refused(&["ab", "plan", "--from", "exp.yaml", "--challenger", &evil("none")]);
    walk.refused(&["ab", "assign", EVIL_FILE]);
    walk.refused(&["simulate", "made", "--from", EVIL]);
    write(at, "made/notes.md", "mine");
    write(at, &format!("made/{EVIL_FILE}"), "mine");
    walk.refused(&["init", "made"]);
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        write(at, "changed.yaml", text.replacen(from, to, 1));
        walk.refused(&["check", "changed.yaml"]);
        walk.refused(&["run", "changed.yaml", "--no-png"]);
    };
    changed("champion: ", &format!("{}: 1\nchampion: ", yaml(&evil("field"))));
    changed("champion: ", &format!("champion: {}\nno: ", yaml(&evil("nobody"))));
    changed("when: visits >= 3", &format!("when: {}", yaml(&format!("{} = 1", column(&evil("none"))))));
    changed("when: visits >= 3", &format!("when: {}", yaml(&format!("visits >= {EVIL}"))));
    changed("segments: [", &format!("segments: [{}, ", yaml(&evil("none"))));
    changed("id: lead_id", &format!("id: {}", yaml(&evil("none"))));
    changed("until: 2026-12-31", &format!("until: {}", yaml(EVIL)));
    changed("ridge: 1.0", &format!("ridge: {}", yaml(EVIL)));
    changed("created: created_at", &format!("created: {}", yaml(&evil("part"))));
    // Two rows of a lead that say different things.
    let leads = at.join(format!("{EVIL_FILE} leads.csv"));
    let (id, level) = (csv(&format!("{EVIL}L000")), csv(&evil("elsewhere")));
    fs::write(&leads, fs::read_to_string(&leads).unwrap() + &format!("{id},2026-01-01,9,{level}\n")).unwrap();
    walk.refused(&["check", "exp.yaml"]);
}

#[test]
fn no_sql_is_printed_for_a_name_that_a_dialect_cannot_hold() {
    let folder = folder();
    let at = folder.path();
    let walk = Walk(at.to_path_buf());
    let test = |salt: &str, arm: &str| {
        let text = format!(
            "version: 1\ntest: {}\nsalt: {}\narms: {{ {}: 1, b: 1 }}\nhorizon: 90d\nqueue: split\n",
            yaml("x\nDROP TABLE leads;"),
            yaml(salt),
            yaml(arm)
        );
        write(at, "test.yaml", text);
        walk.said(&["ab", "assign", "test.yaml"])
    };
    let refused = [
        ("s", r"a\' END; DROP TABLE leads; -- ", "arm `a\\' END; DROP TABLE leads; -- ` holds a backslash"),
        ("s", "a\nDROP TABLE leads;", r"arm `a\nDROP TABLE leads;` holds characters that control"),
        ("s", "a\u{7f}", r"arm `a\u{7f}` holds characters that control"),
        ("s\\", "a", r"salt `s\` holds a backslash"),
        ("s\u{202e}", "a", r"salt `s\u{202e}` holds characters that control"),
    ];
    for (salt, arm, said) in refused {
        let refusal = test(salt, arm);
        assert_eq!(refusal.out, "");
        let error = refusal.failed(3);
        assert!(
            error.contains(said) && error.contains("PostgreSQL") && error.ends_with("choose another name\n"),
            "{error}"
        );
        assert!(!at.join("test.assigned.json").exists(), "a refused test is begun");
    }
    let sql = test("it's", "a' END; DROP TABLE leads; --").done();
    assert_eq!(sql.matches("THEN 'a'' END; DROP TABLE leads; --' ELSE 'b' END").count(), 4, "{sql}");
    assert_eq!(sql.matches(r"THEN 'a\' END; DROP TABLE leads; --' ELSE 'b' END").count(), 2, "{sql}");
    assert_eq!(sql.lines().filter(|line| line.starts_with("CASE ") || line.starts_with("-- ")).count(), 12, "{sql}");
}
