//! What scores ask of a log, made by an engine: the same numbers to the bit, or an error that says why not.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::product::{folder, leadoff_in, write};

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Python with DuckDB: the one named by `LEADOFF_PYTHON`, else that of the path; nothing where there is none.
fn python() -> Option<String> {
    let python = std::env::var("LEADOFF_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python).args(["-c", "import duckdb"]).output();
    let has = has.is_ok_and(|has| has.status.success());
    if !has {
        println!("skipped: no Python with duckdb (name one by LEADOFF_PYTHON)");
    }
    has.then_some(python)
}

#[track_caller]
fn ran(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Saves what DuckDB makes of a statement over tables that are made first; its clocks stand elsewhere.
fn by_duckdb(folder: &Path, python: &str, tables: &str, statement: &str, result: &str) {
    let form = if result.ends_with(".csv") { "HEADER" } else { "FORMAT parquet" };
    let program = format!(
        "import duckdb\nc = duckdb.connect()\nc.execute(\"SET TimeZone = 'Asia/Tokyo'\")\nc.execute(open('tables.sql').read())\n\
         c.execute(\"COPY (\" + open('{statement}').read() + \") TO '{result}' ({form})\")\n"
    );
    write(folder, "tables.sql", tables);
    ran(Command::new(python).args(["-c", &program]).current_dir(folder).output().unwrap());
}

/// A server of PostgreSQL in a folder of its own, ended when it is dropped.
struct Postgres {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
}

impl Postgres {
    /// Nothing where it is not installed, or may not be started.
    fn start() -> Option<Self> {
        let skipped = |why: &str| println!("skipped: PostgreSQL {why}");
        let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let bins = debian.map(|version| version.path().join("bin")).chain(["/usr/local/bin".into(), "/usr/bin".into()]);
        let Some(bin) = bins.into_iter().find(|bin| bin.join("initdb").exists() && bin.join("pg_ctl").exists()) else {
            skipped("is not installed");
            return None;
        };
        let free = std::net::TcpListener::bind("127.0.0.1:0").ok()?;
        let port = free.local_addr().ok()?.port();
        drop(free);
        let folder = std::env::temp_dir().join(format!("leadoff-postgres-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).ok()?;
        let server = Self { folder, bin, port };
        // It does not run as root.
        let _ = Command::new("chown").arg("postgres").arg(&server.folder).output();
        let data = server.folder.join("data").display().to_string();
        let init = server.command("initdb", &["-D", &data, "-A", "trust", "--locale=C.UTF-8", "-N", "-U", "leadoff"]);
        let socket = server.folder.display();
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -k {socket} -c fsync=off");
        let log = server.folder.join("log").display().to_string();
        let started = init.is_some_and(|init| init.status.success())
            && server
                .command("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"])
                .is_some_and(|start| start.status.success());
        if !started {
            skipped("could not be started");
            return None;
        }
        Some(server)
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Option<Output> {
        let program = self.bin.join(name);
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        let mut command = if is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        // Whoever starts a server that lives on waits for its ends of the pipes: they go nowhere.
        command.args(arguments).current_dir(&self.folder).stdin(std::process::Stdio::null());
        if name == "pg_ctl" {
            let status =
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().ok()?;
            return Some(Output { status, stdout: Vec::new(), stderr: Vec::new() });
        }
        command.output().ok()
    }

    /// Saves what a statement gives as CSV, over tables that are made first; its clocks stand elsewhere.
    fn save(&self, folder: &Path, tables: &str, statement: &str, result: &str) {
        let statement = std::fs::read_to_string(folder.join(statement)).unwrap();
        let script =
            format!("SET timezone = 'America/New_York';\n{tables}\nCOPY (\n{statement}) TO STDOUT WITH CSV HEADER;\n");
        write(folder, "script.sql", script);
        let port = self.port.to_string();
        let psql = Command::new(self.bin.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &port, "-U", "leadoff", "-q", "-v", "ON_ERROR_STOP=1", "-f", "script.sql"])
            .arg("postgres")
            .current_dir(folder)
            .output();
        write(folder, result, ran(psql.unwrap()));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data").display().to_string();
        self.command("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The experiment once from its log and once from what an engine made of it: byte for byte one evaluation and one score a
/// lead.
#[track_caller]
fn same(folder: &Path, ours: &str, theirs: &str) {
    for (name, yaml) in [("ours", ours), ("theirs", theirs)] {
        let out = format!("out-{name}");
        leadoff_in(folder, &["run", yaml, "--out", &out, "--no-png"]).done();
        leadoff_in(folder, &["score", yaml, &format!("{name}.csv")]).done();
    }
    for (one, other) in [("out-ours/evaluation.json", "out-theirs/evaluation.json"), ("ours.csv", "theirs.csv")] {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let (one, other) = (read(one), read(other));
        let differs = one.lines().zip(other.lines()).enumerate().find(|(_, (one, other))| one != other);
        assert!(one == other, "{differs:?}");
    }
}

#[test]
fn the_demo_is_the_same_from_an_engine() {
    let Some(python) = python() else { return };
    let folder = folder();
    leadoff_in(folder.path(), &["simulate", "data", "--leads", "3000"]).done();
    let demo = std::fs::read_to_string(home().join("experiments/demo.yaml")).unwrap();
    let demo = demo.replace("data/demo/", "data/").replace("events.csv.gz", "events.csv");
    write(folder.path(), "demo.yaml", &demo);
    leadoff_in(folder.path(), &["sql", "demo.yaml", "--dialect", "duckdb", "--out", "fold.sql"]).done();
    let tables = "CREATE TABLE leads AS SELECT * FROM read_csv('data/leads.csv');
                  CREATE TABLE events AS SELECT * FROM read_csv('data/events.csv');";
    for result in ["fold.parquet", "fold.csv"] {
        by_duckdb(folder.path(), &python, tables, "fold.sql", result);
        let engine = demo.replace("kind: kind }", &format!("kind: kind, features: {result} }}"));
        write(folder.path(), "engine.yaml", &engine);
        same(folder.path(), "demo.yaml", "engine.yaml");
    }
}

/// Numbers that look like chance.
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: i64) -> i64 {
        ((self.bits() << 31 | self.bits()) % end as u64) as i64
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as i64) as usize]
    }
}

const DAY: i64 = 86_400_000_000;
/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;

/// A clock of UTC, to the microsecond.
fn stamp(at: i64) -> String {
    let at = at + START;
    let (days, rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    // Days of the civil calendar, by Hinnant.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02}:{:02}.{micros:06}+00",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A history with every edge: events before their lead, at the moment of scoring and a microsecond after it, several at one
/// microsecond, repeated rows, strangers, no lead, no time, no kind, blanks around texts, negative and missing amounts.
fn edges(folder: &Path) {
    let mut dice = Dice(3);
    let (mut leads, mut events, mut wins) = (
        String::from("id,created,seg\n"),
        String::from("event_id,lead,at,kind,page,amount,flag,seen\n"),
        String::from("id,won\n"),
    );
    let mut rows: Vec<String> = Vec::new();
    for lead in 0..500 {
        let born = dice.below(150 * DAY);
        let _ = writeln!(leads, "L{lead:04},{},{}", stamp(born), dice.one(&["a", "b"]));
        if dice.below(10) < 3 {
            let _ = writeln!(wins, "L{lead:04},{}", stamp(born + 8 * DAY + dice.below(20 * DAY)));
        }
        let mut event = |dice: &mut Dice, lead: &str, at: Option<i64>, kind: &str| {
            let page = dice.one(&["/p1", "/p2", "/p1", "", "/careers", "o'x", "/P1", "/p%1"]);
            let amount =
                dice.one(&["", "", "-0.0", "0", "1.5", "-2.25", "0.1", "1000000000.3", "-123.456", "1e-12", "7"]);
            let (flag, seen) =
                (dice.one(&["true", "false", ""]), dice.one(&["", "2026-01-15 00:00:00+00", "2026-03-01 12:30:00+00"]));
            let at = at.map(stamp).unwrap_or_default();
            rows.push(format!("E{},{lead},{at},{kind},{page},{amount},{flag},{seen}", rows.len()));
        };
        let name = format!("L{lead:04}");
        for _ in 0..dice.below(22) {
            let at = born - 5 * DAY + dice.below(17 * DAY);
            let kind = dice.one(&["open", "open", "view", "view", "visit", "", "\" open \""]);
            event(&mut dice, &name, Some(at), kind);
            if dice.below(10) == 0 {
                let other = dice.one(&["open", "view"]);
                event(&mut dice, &name, Some(at), other);
            }
        }
        match dice.below(8) {
            0 => event(&mut dice, &name, Some(born + 7 * DAY), "open"),
            1 => event(&mut dice, &name, Some(born + 7 * DAY + 1), "open"),
            2 => event(&mut dice, &name, None, "open"),
            3 => event(&mut dice, &name, Some(born + 7 * DAY - 3 * DAY), "open"),
            4 if lead < 60 => event(&mut dice, &format!("X{lead}"), Some(born), "open"),
            5 if lead < 60 => event(&mut dice, "", Some(born), "open"),
            6 if lead < 60 => event(&mut dice, &name, Some(400 * DAY), "late"),
            _ => {}
        }
    }
    let repeated: Vec<String> = rows.iter().step_by(41).cloned().collect();
    rows.extend(repeated);
    rows.iter().for_each(|row| events += &format!("{row}\n"));
    write(folder, "leads.csv", leads);
    write(folder, "events.csv", events);
    write(folder, "wins.csv", wins);
}

/// Of many points, so that the last bit of a weight and of a sum in fixed point is a digit of a score that is written.
const ALL_KINDS: &str = r#"version: 1
experiment: All
data:
  leads: { path: leads.csv, id: id, created: created, known: at_creation, where: "seg IN ('a', 'b')" }
  events:
    path: events.csv
    lead: lead
    at: at
    kind: kind
    id: event_id
    where: "page IS NULL OR page <> '/p2'"
    types: { page: text, amount: number, flag: flag, seen: time }
  outcomes: { path: wins.csv, lead: id, converted: won }
  until: 2026-09-30
replay:
  as_of: { after_created: 7d }
  horizon: 30d
  train: { from: 2026-01-01, to: 2026-03-01 }
  evaluate: { from: 2026-03-15, to: 2026-05-31 }
champion: all
models:
  all:
    points:
      criteria:
        - { name: n,      event: open, per: event, points: 1 }
        - { name: near,   event: open, within: 3d, per: event, points: 1.5 }
        - { name: soon,   event: view, after: { event: open, within: 2d }, per: event, points: 2 }
        - { name: pages,  event: view, distinct: page, points: 2 }
        - { name: amts,   event: view, distinct: amount, points: 0.5 }
        - { name: seens,  event: view, distinct: seen, points: 0.25 }
        - { name: flags,  event: view, distinct: flag, points: 0.25 }
        - { name: half,   event: view, per: event, points: 3, half_life: 3d }
        - { name: line,   event: open, per: event, points: 3, expires: 5d }
        - { name: steps,  event: open, per: event, points: 3, loses: { percent: 40, every: 1d } }
        - { name: sum,    event: open, sum: amount, points: 0.001 }
        - { name: sumh,   event: open, sum: amount, points: 0.001, half_life: 36h }
        - { name: suml,   event: visit, sum: amount, points: 1, expires: 90h, within: 6d }
        - { name: once,   event: view, at_least: 2, points: 4, half_life: 2d }
        - { name: w1,     event: view, when: "page LIKE '/p%' AND (amount > 100 OR amount IS NULL)", per: event, points: 1 }
        - { name: w2,     event: view, when: "page IN ('/p1', 'o''x') OR page > '/p1'", per: event, points: 1 }
        - { name: w3,     event: view, when: "amount * 2 - 1 BETWEEN -3 AND 2.5 AND NOT (flag = TRUE)", per: event, points: 1 }
        - { name: w4,     event: visit, when: "flag IS NOT TRUE AND seen < '2026-02-01'", per: event, points: 1 }
        - { name: w5,     event: visit, when: "CASE WHEN amount > 0.1 THEN 1 ELSE 0 END = 1 OR page LIKE '/p!%_' ESCAPE '!'", per: event, points: 1 }
        - { name: w6,     event: visit, when: "coalesce(page, 'x') <> '/p2' AND nullif(amount, 7) IS NOT NULL", per: event, points: 1 }
        - { name: none,   event: "(none)", per: event, points: 1 }
        - { name: quiet,  inactive_for: 2d, points: -5 }
  bits: { points: { criteria: [{ name: half, event: view, per: event, points: 1e11, half_life: 3d }] } }
  small_bits: { points: { criteria: [{ name: half, event: view, per: event, points: 1e22, half_life: 3h }] } }
  value_bits: { points: { criteria: [{ name: sumh, event: open, sum: amount, points: 100, half_life: 36h }] } }
  step_bits: { points: { criteria: [{ name: steps, event: open, per: event, points: 1e11, loses: { percent: 7, every: 1d } }] } }
  line_bits: { points: { criteria: [{ name: line, event: open, per: event, points: 1e11, expires: 5d }] } }
segments: [seg]
"#;

fn engine_yaml(result: &str) -> String {
    ALL_KINDS.replace("    path: events.csv\n", &format!("    path: events.csv\n    features: {result}\n"))
}

/// What is missing in the files is not a number, infinite or nothing in an engine's table.
const IN_DUCKDB: &str = "
    CREATE TABLE leads AS SELECT id, created, seg FROM read_csv('leads.csv', types = {'created': 'TIMESTAMPTZ'});
    CREATE TABLE raw AS SELECT * FROM read_csv('events.csv', all_varchar = true);
    CREATE TABLE events AS SELECT event_id, lead, kind, page, CAST(flag AS BOOLEAN) AS flag, CAST(seen AS TIMESTAMPTZ) AS seen,
      COALESCE(CAST(\"at\" AS TIMESTAMPTZ), CASE WHEN event_id LIKE '%1' THEN 'infinity'::TIMESTAMPTZ WHEN event_id LIKE '%2' THEN '-infinity'::TIMESTAMPTZ END) AS \"at\",
      COALESCE(CAST(amount AS DOUBLE), CASE WHEN event_id LIKE '%1' THEN 'nan'::DOUBLE WHEN event_id LIKE '%2' THEN 'inf'::DOUBLE WHEN event_id LIKE '%3' THEN '-inf'::DOUBLE END) AS amount
    FROM raw;";

const IN_POSTGRES: &str = "
    CREATE TABLE leads (id char(8), created timestamptz, seg text);
    CREATE TABLE raw (event_id text, lead text, at timestamptz, kind text, page text, amount numeric, flag boolean, seen timestamptz);
    \\copy leads FROM 'leads.csv' CSV HEADER
    \\copy raw FROM 'events.csv' CSV HEADER
    CREATE TABLE events AS SELECT event_id, lead::char(8) AS lead, kind, page, flag, seen,
      COALESCE(at, CASE WHEN event_id LIKE '%1' THEN 'infinity'::timestamptz WHEN event_id LIKE '%2' THEN '-infinity'::timestamptz END) AS at,
      COALESCE(amount::float8, CASE WHEN event_id LIKE '%1' THEN 'nan'::float8 WHEN event_id LIKE '%2' THEN 'infinity'::float8 WHEN event_id LIKE '%3' THEN '-infinity'::float8 END) AS amount
    FROM raw;";

#[test]
fn every_kind_of_feature_is_the_same_to_the_bit_from_duckdb() {
    let Some(python) = python() else { return };
    let folder = folder();
    edges(folder.path());
    write(folder.path(), "ours.yaml", ALL_KINDS);
    leadoff_in(folder.path(), &["sql", "ours.yaml", "--dialect", "duckdb", "--out", "fold.sql"]).done();
    by_duckdb(folder.path(), &python, IN_DUCKDB, "fold.sql", "fold.parquet");
    write(folder.path(), "theirs.yaml", engine_yaml("fold.parquet"));
    same(folder.path(), "ours.yaml", "theirs.yaml");
    // The log need not be here for the statement.
    let statement = std::fs::read_to_string(folder.path().join("fold.sql")).unwrap();
    std::fs::remove_file(folder.path().join("events.csv")).unwrap();
    let said = leadoff_in(folder.path(), &["sql", "theirs.yaml", "--dialect", "duckdb"]).done();
    assert_eq!(said.replace("theirs.yaml", "ours.yaml"), statement);
}

#[test]
fn every_kind_of_feature_is_the_same_to_the_bit_from_postgres() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = folder();
    edges(folder.path());
    write(folder.path(), "ours.yaml", ALL_KINDS);
    leadoff_in(folder.path(), &["sql", "ours.yaml", "--dialect", "postgres", "--out", "fold.sql"]).done();
    postgres.save(folder.path(), IN_POSTGRES, "fold.sql", "fold.csv");
    write(folder.path(), "theirs.yaml", engine_yaml("fold.csv"));
    same(folder.path(), "ours.yaml", "theirs.yaml");
}

const SMALL: &str = "version: 1
experiment: Small
data:
  leads: { path: leads.csv, id: id, created: created, known: at_creation }
  events: { path: log.parquet, lead: lead, at: at, kind: kind, types: { amount: number, page: text } }
  outcomes: { path: wins.csv, lead: id, converted: won }
  until: 2026-09-30
models:
  all:
    points:
      criteria:
        - { name: Opens, event: open, per: event, points: 1 }
        - { name: Lately, event: open, per: event, points: 8, half_life: 1d, when: \"page = '/p1'\" }
        - { name: Worth, event: buy, sum: amount, points: 2 }
";

fn small(folder: &Path) {
    write(folder, "leads.csv", "id,created\na,2026-01-02 00:00:00\nb,2026-01-03 00:00:00\nc,2026-01-04 00:00:00\n");
    write(folder, "wins.csv", "id,won\na,2026-01-20\n");
    write(folder, "small.yaml", SMALL);
    write(folder, "engine.yaml", SMALL.replace("kind: kind,", "kind: kind, features: fold.csv,"));
}

fn plan(sql: &str) -> String {
    let (_, rest) = sql.split_once(", plan ").unwrap();
    rest[..16].to_string()
}

/// 2026-01-03 and the days about it, in microseconds.
const THIRD: i64 = START + 2 * DAY;

/// What an engine would give: of lead `a` 3 opens of which one, a day old, counts for the half-life, and -2.5 bought; of `b` one
/// open.
fn small_result(plan: &str) -> Vec<Vec<String>> {
    let text = |row: &[&str]| row.iter().map(|cell| cell.to_string()).collect::<Vec<String>>();
    let (a, b) = ((THIRD - DAY).to_string(), THIRD.to_string());
    let half = (1i64 << 29).to_string();
    // -2.5 is -(0 · 2^20 + 2621440 · 2^-20).
    let header = "lead_id,as_of,plan,events,count_of,name,week_at,lag_at,n,first_at,last_at";
    let mut names: Vec<String> = header.split(',').map(String::from).collect();
    let own = "count1,sum2_hi,sum2_lo,sum3_hi,sum3_mid,sum3_lo,sum3_over,count4,count5";
    names.extend(own.split(',').map(String::from));
    let nothing = [""; 9];
    let lead = |id: &str, as_of: &str, n: &str, own: [&str; 9]| {
        let mut row = text(&[id, as_of, plan, n, "", "", "", "", "", "", ""]);
        row.extend(text(&own));
        row
    };
    let count = |of: &str, name: &str, n: &str, first: &str, last: &str| {
        let mut row = text(&["", "", plan, "", of, name, "0", "0", n, first, last]);
        row.extend(text(&nothing));
        row
    };
    let until = (1_790_812_799_999_999i64).to_string();
    vec![
        names,
        lead("a", &a, "4", ["3", &half, "0", "0", "-2621440", "0", "0", "1", "4"]),
        lead("b", &b, "1", ["1", "", "", "", "", "", "0", "0", "1"]),
        count("event", "open", "4", &a, &b),
        count("event", "buy", "1", &a, &a),
        count("leads", "", "3", &a, &(THIRD + DAY).to_string()),
        count("until", "", "", "", &until),
        count("column number", "amount", "", "", ""),
        count("column text", "page", "", "", ""),
    ]
}

fn save(folder: &Path, rows: &[Vec<String>]) {
    let text: String = rows.iter().map(|row| row.join(",") + "\n").collect();
    write(folder, "fold.csv", text);
}

fn small_statement(folder: &Path) -> String {
    leadoff_in(folder, &["sql", "engine.yaml", "--dialect", "duckdb"]).done()
}

#[test]
fn a_result_stands_where_the_log_would() {
    let folder = folder();
    small(folder.path());
    let statement = small_statement(folder.path());
    let rows = small_result(&plan(&statement));
    let named = statement
        .lines()
        .filter_map(|line| line.trim().rsplit_once(" AS ").map(|(_, name)| name.trim_end_matches(',').to_string()));
    let named: Vec<String> = named.collect();
    for name in &rows[0][11..] {
        assert!(named.contains(name), "the statement gives {named:?}, not {name}");
    }
    save(folder.path(), &rows);
    leadoff_in(folder.path(), &["score", "engine.yaml", "scores.csv"]).done();
    let scores = std::fs::read_to_string(folder.path().join("scores.csv")).unwrap();
    let column = scores.lines().next().unwrap().split(',').position(|name| name == "all").unwrap();
    let scores: Vec<&str> = scores.lines().skip(1).map(|line| line.split(',').nth(column).unwrap()).collect();
    assert_eq!(scores, ["2", "1", "0"], "3 + 8 / 2 - 2 · 2.5, 1, nothing");
    let said = leadoff_in(folder.path(), &["explain", "engine.yaml", "a"]).failed(3);
    assert!(said.contains("explaining a score asks events for more than the models do"), "{said}");
}

#[test]
fn a_result_that_is_no_answer_is_refused_and_told_how_to_mend() {
    let folder = folder();
    small(folder.path());
    let mut plan = plan(&small_statement(folder.path()));
    let at = |rows: &[Vec<String>], name: &str| rows[0].iter().position(|known| known == name).unwrap();
    let mut said = String::new();
    let mut refused = |name: &str, change: &dyn Fn(&mut Vec<Vec<String>>)| {
        let mut rows = small_result(&plan);
        change(&mut rows);
        save(folder.path(), &rows);
        let error = leadoff_in(folder.path(), &["score", "engine.yaml", "scores.csv"]).failed(4);
        let _ = writeln!(said, "{name}: {}", error.trim());
    };
    let set = |row: usize, name: &'static str, value: &'static str| {
        move |rows: &mut Vec<Vec<String>>| {
            let place = at(rows, name);
            rows[row][place] = value.into();
        }
    };
    refused("as_of", &set(2, "as_of", "1767402000000000"));
    refused("unknown lead", &set(2, "lead_id", "z"));
    refused("many events", &set(2, "events", "1048577"));
    refused("large value", &set(1, "sum3_over", "1"));
    refused("large sum", &set(1, "sum3_hi", "9223372036854775807"));
    refused("negative", &set(1, "count5", "-1"));
    refused("rounded", &set(1, "sum2_hi", "0.5"));
    refused("twice", &|rows| rows.push(rows[1].clone()));
    refused("no counts", &|rows| rows.truncate(3));
    refused("other leads", &set(5, "n", "4"));
    refused("other zone", &set(5, "first_at", "1767315600000000"));
    refused("other until", &set(6, "last_at", "1790812800000000"));
    refused("differing repeats", &set(4, "count_of", "differing repeat"));
    refused("other columns", &set(7, "name", "cost"));
    refused("two plans", &set(2, "plan", "0123456789abcdef"));
    refused("cut", &|rows| {
        let place = at(rows, "count4");
        rows.iter_mut().for_each(|row| drop(row.remove(place)));
    });
    refused("no statement's", &|rows| {
        let place = at(rows, "plan");
        rows.iter_mut().for_each(|row| drop(row.remove(place)));
    });
    let right = std::mem::replace(&mut plan, "0123456789abcdef".into());
    let mut refused = |name: &str, change: &dyn Fn(&mut Vec<Vec<String>>)| {
        let mut rows = small_result(&plan);
        change(&mut rows);
        save(folder.path(), &rows);
        let error = leadoff_in(folder.path(), &["score", "engine.yaml", "scores.csv"]).failed(4);
        let _ = writeln!(said, "{name}: {}", error.trim().replace(&right, "[plan]"));
    };
    refused("plan", &|_| ());
    std::fs::remove_file(folder.path().join("fold.csv")).unwrap();
    let error = leadoff_in(folder.path(), &["score", "engine.yaml", "scores.csv"]).failed(4);
    let _ = writeln!(said, "no file: {}", error.trim());
    insta::assert_snapshot!(said.replace(&right, "[plan]"), @r"
    as_of: error: fold.csv: lead `b` was scored there at 2026-01-03 01:00:00, and here at 2026-01-03: the engine read its time of creation in another zone, or has another one; make it anew by the statement that `leadoff sql engine.yaml --dialect …` writes
    unknown lead: error: fold.csv, line 3: `z` is none of the leads that `data.leads` reads: the statement ran on other leads; run it again on these (`leadoff sql` writes it)
    many events: error: fold.csv: lead `b` has 1048577 events, more than can be added up to the bit in an engine: leave the lead or the rows out, or read the log from its files; make it anew by the statement that `leadoff sql engine.yaml --dialect …` writes
    large value: error: fold.csv: lead `a` has values in `sum3` of 2^62 or more, more than can be added up to the bit in an engine: leave the lead or the rows out, or read the log from its files; make it anew by the statement that `leadoff sql engine.yaml --dialect …` writes
    large sum: error: fold.csv: lead `a` has values in `sum3` of 2^62 or more, more than can be added up to the bit in an engine: leave the lead or the rows out, or read the log from its files; make it anew by the statement that `leadoff sql engine.yaml --dialect …` writes
    negative: error: fold.csv: lead `a` has -1 in column `count5`, expected none or more; make it anew by the statement that `leadoff sql engine.yaml --dialect …` writes
    rounded: error: fold.csv, line 2: column `sum2_hi` holds `0.5`, expected a whole number or nothing; save the statement's result without rounding its numbers, as Parquet or CSV
    twice: error: fold.csv, line 10: lead `a` stands in a row before: its rows in the engine's table of leads differ in their time of creation, or two results were saved together; leave one
    no counts: error: fold.csv: holds no rows that count the log (`count_of`): save every row of the statement's result
    other leads: error: fold.csv: made of 4 leads with a time of creation, and `data.leads` has 3: run the statement again on these leads
    other zone: error: fold.csv: there the first lead is created 2026-01-02 01:00:00, and here 2026-01-02: the engine reads times in another zone, or has other leads; make its column one of instants, or of clocks in UTC
    other until: error: fold.csv: made until 2026-10-01, and here `until` is 2026-09-30 23:59:59: run the statement that `leadoff sql` writes now
    differing repeats: error: fold.csv: 1 rows of the log share `data.events.id` with a row that says something else, and in a table none is the first: make the ids unique there
    other columns: error: fold.csv: made for models that do not read the events' column `amount`: run the statement that `leadoff sql` writes now
    two plans: error: fold.csv, line 3: plan `0123456789abcdef` stands here and plan `[plan]` before: the results of two statements; save one alone, of the statement that `leadoff sql` writes now
    cut: error: fold.csv: has no column `count4` of plan `[plan]`: its result was cut; make it anew by the statement that `leadoff sql engine.yaml --dialect …` writes
    no statement's: error: data.events.features: fold.csv has no column `plan`, expected the whole result of the statement that `leadoff sql` writes
    plan: error: fold.csv: made of plan `0123456789abcdef`, and these models ask for plan `[plan]`: they changed, or it is another experiment's; make it anew by the statement that `leadoff sql engine.yaml --dialect …` writes
    no file: error: data.events.features: no file matches `fold.csv`; run the statement that `leadoff sql` writes where the log lies, and save its result there
    ");
}

#[test]
fn dates_are_refused_where_spans_are_asked_for() {
    let folder = folder();
    small(folder.path());
    let within = |text: String| {
        text.replace("event: open, per: event, points: 1 }", "event: open, within: 2d, per: event, points: 1 }")
    };
    write(folder.path(), "engine.yaml", within(std::fs::read_to_string(folder.path().join("engine.yaml")).unwrap()));
    let plan = plan(&small_statement(folder.path()));
    save(folder.path(), &small_result(&plan));
    let error = leadoff_in(folder.path(), &["score", "engine.yaml", "scores.csv"]).failed(4);
    assert!(error.contains("fold.csv: all its times are midnights, so they are dates"), "{error}");
}

#[test]
fn what_engines_read_in_different_ways_is_refused_with_its_place() {
    let folder = folder();
    small(folder.path());
    let mut said = String::new();
    let mut refused = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        write(folder.path(), "other.yaml", SMALL.replace(from, to));
        let error = leadoff_in(folder.path(), &["sql", "other.yaml", "--dialect", "bigquery"]).failed(3);
        let _ = writeln!(said, "{}", error.trim());
    };
    for when in [
        "lower(page) = '/p1'",
        "page ILIKE '/P%'",
        "amount / 2 > 1",
        "amount % 2 = 1",
        "round(amount) = 1",
        "page LIKE '50!%' ESCAPE '!'",
    ] {
        refused("page = '/p1'", when);
    }
    refused("models:", "replay: { as_of: { event: open } }\nmodels:");
    refused("  until: 2026-09-30\n", "");
    refused("  until: 2026-09-30\n", "  until: 2026-09-30\n  timezone: Europe/Berlin\n");
    refused("lead: lead,", "lead: { column: lead, match: [case] },");
    refused("types: { amount: number, page: text }", "types: { amount: number }");
    refused("models:", "models:\n  learned: { logistic: {} }");
    refused("created: created, ", "");
    refused(
        "  events: { path: log.parquet, lead: lead, at: at, kind: kind, types: { amount: number, page: text } }\n",
        "",
    );
    insta::assert_snapshot!(said, @r"
    error: models.all: `lower(page) = '/p1'` at column 7: `lower(…)`: engines read it in different ways; compare the column itself (`=`, `<`, `IN`, `BETWEEN`, `LIKE`)
    error: models.all: `page ILIKE '/P%'` at column 1: ILIKE: engines fold letters in different ways; write LIKE, or list the values by `IN`
    error: models.all: `amount / 2 > 1` at column 1: a division (`/`, `%`): engines divide whole numbers and zero in different ways; multiply instead
    error: models.all: `amount % 2 = 1` at column 1: a division (`/`, `%`): engines divide whole numbers and zero in different ways; multiply instead
    error: models.all: `round(amount) = 1` at column 7: `round(…)`: engines read it in different ways; compare the column itself (`=`, `<`, `IN`, `BETWEEN`, `LIKE`)
    error: models.all: `page LIKE '50!%' ESCAPE '!'` at column 1: a pattern that asks for `%`, `_`, `!` or a backslash itself, which BigQuery writes otherwise
    error: replay.as_of: scores leads at an event, which nobody could check in the result: score at creation, or some time after it (`after_created: 7d`)
    error: data.until: is not given: the statement counts events until then; name the day on which the outcomes were exported
    error: data.timezone: is Europe/Berlin, and engines read clocks each in its own way: hold instants or clocks of UTC in both tables, and leave `timezone` out
    error: data.events.lead: joins by more than equal ids: make a column of the leads' ids in the engine, and name that
    error: data.events.types: does not say what `page` holds, and the log is not here to tell: `types: { page: text }` (or number, flag, time)
    error: models.learned: reads every kind of events, and `log.parquet` is not here to say which there are: name the features, or have the log here for this once
    error: data.leads.created: names no column: no event could be said to come before a lead is scored
    error: data.events: there is no event log: name one, its `lead`, `at` and `kind`
    ");
}

#[test]
fn each_dialect_is_written_as_its_engine_reads_it() {
    let folder = folder();
    small(folder.path());
    for dialect in ["duckdb", "spark", "postgres", "snowflake", "bigquery"] {
        let tables = ["--leads-table", "crm.leads", "--events-table", "crm.events"];
        let sql =
            leadoff_in(folder.path(), &[["sql", "small.yaml", "--dialect", dialect].as_slice(), &tables].concat());
        insta::assert_snapshot!(format!("fold_for_{dialect}"), sql.done());
    }
}
