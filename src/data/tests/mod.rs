mod fates;
mod numbers;
mod sources;
mod texts;
mod times;
mod workbooks;

use std::fs;
use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::table::{Cell, Column};
use crate::time::{NEVER, Zone};

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn try_read(yaml: &str, folder: &Path, needs: &[&str]) -> Result<(History, Findings), DataError> {
    let spec: DataSpec = serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    let needs: Vec<String> = needs.iter().map(|name| (*name).into()).collect();
    read(&spec, folder, &needs, &mut |_: &History| None, &|_| {})
}

fn read_ok(yaml: &str, folder: &Path) -> (History, Findings) {
    try_read(yaml, folder, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn error(yaml: &str, files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    match try_read(yaml, folder.path(), &[]) {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

const FLAGGED: &str = "leads: { path: l.csv, id: id }\noutcomes: { flag: won }\n";
const TIMED: &str =
    "leads: { path: l.csv, id: id, created: created }\noutcomes: { converted: won, lost: lost, value: value }\n";

fn flagged(text: &str) -> Result<(History, Findings), String> {
    let folder = folder(&[("l.csv", text)]);
    try_read(FLAGGED, folder.path(), &[]).map_err(|error| error.to_string())
}

fn attribute<'a>(history: &'a History, name: &str) -> &'a Column {
    &history.attributes.iter().find(|attribute| attribute.name == name).unwrap().column
}

fn texts(zone: &Zone, times: &[i64]) -> Vec<String> {
    times.iter().map(|at| if *at == NEVER { "-".into() } else { zone.text(*at) }).collect()
}

#[test]
fn leads_stand_in_the_order_of_their_ids_with_their_place_in_the_file() {
    let (history, _) = flagged("id,won\nb,1\na,0\nB,1\n10,0\n9,1\n").unwrap();
    assert_eq!(history.ids.iter().collect::<Vec<_>>(), ["10", "9", "B", "a", "b"]);
    assert_eq!(history.position, [3, 4, 2, 1, 0]);
    assert_eq!(history.outcomes.wins.iter().map(|win| win.lead).collect::<Vec<_>>(), [1, 2, 4]);
}

#[test]
fn leads_without_an_id_are_named_by_their_row() {
    let folder = folder(&[("l.csv", "x,won\n5,1\n5,0\n")]);
    let (history, _) = read_ok("leads: { path: l.csv }\noutcomes: { flag: won }\n", folder.path());
    assert_eq!(history.ids.iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(history.duplicates, 0);
}

#[test]
fn a_column_is_typed_by_all_of_its_values() {
    let mut text = String::from("id,zip,amount,late,yes,won\n");
    for row in 0..40_000 {
        let late = if row == 39_999 { "x".to_string() } else { row.to_string() };
        text += &format!("{row},{},{}.50,{late},yes,1\n", if row == 7 { "01234" } else { "99999" }, row);
    }
    let (history, findings) = flagged(&text).unwrap();
    let kinds: Vec<&str> = history.attributes.iter().map(|attribute| attribute.column.kind()).collect();
    assert_eq!(kinds, ["text", "numbers", "text", "text"]);
    assert_eq!(attribute(&history, "zip").cell(history.ids.find("7").unwrap()), Cell::Text("01234"));
    assert_eq!(attribute(&history, "late").cell(history.ids.find("12").unwrap()), Cell::Text("12"));
    let nearly: Vec<_> = findings.of(What::NearlyNumeric).map(|finding| finding.text.as_str()).collect();
    assert_eq!(nearly.len(), 2, "{nearly:?}");
    assert_eq!(nearly[1], "`late` is text because of a few values among numbers");
    assert_eq!(findings.of(What::NearlyNumeric).nth(1).unwrap().rows[0].value, "x");
}

#[test]
fn declared_types_and_missing_values_hold() {
    let folder =
        folder(&[("l.csv", "id;n;f;t;won\n1;1,5;Yes;26.2.2018;won\n2;999;no;;lost\n3;Select;;27.2.2018;WON\n")]);
    let yaml = "leads: { path: l.csv, id: id, decimal: comma, nulls: [Select], nulls_in: { n: [999] }, \
                types: { f: flag, t: time, n: number } }\noutcomes: { flag: won }\n";
    let (history, findings) = read_ok(yaml, folder.path());
    let Column::Number(n) = attribute(&history, "n") else { panic!() };
    assert!(n[0] == 1.5 && n[1].is_nan() && n[2].is_nan());
    assert_eq!(*attribute(&history, "f"), Column::Flag(vec![Some(true), Some(false), None]));
    let Column::Instant(t) = attribute(&history, "t") else { panic!() };
    assert_eq!(texts(&history.zone, t), ["2018-02-26", "-", "2018-02-27"]);
    assert_eq!(findings.of(What::FlagValues).next().unwrap().text, "`won`: `won`, `WON` count as won; `lost` do not");
}

#[test]
fn identical_leads_are_one_and_conflicting_ones_an_error() {
    let (history, findings) = flagged("id,x,won\na,1,1\nb,2,0\na,1,1\n").unwrap();
    assert_eq!((history.read, history.ids.len(), history.duplicates), (3, 2, 1));
    assert_eq!(history.outcomes.wins.len(), 1);
    assert_eq!(findings.of(What::IdenticalLeads).next().unwrap().rows[0].row, 4);
    let error = flagged("id,x,won\na,1,1\nb,2,0\na,3,1\n").unwrap_err();
    assert_eq!(
        error,
        "leads: `a` stands in l.csv, line 2 and in l.csv, line 4 with different values of `x` (`1` and `3`); \
         keep one row a lead, or `ignore` the column"
    );
    assert!(flagged("id,x,won\na,1,1\na,1,0\n").unwrap_err().contains("different values of `won`"));
}

#[test]
fn several_rows_of_a_lead_are_several_deals() {
    let text = "id,created,won,lost,value\na,2026-01-01,2026-02-03,,10\na,2026-01-01,2026-02-01 10:00,,\nb,2026-01-02,,2026-01-09,\n";
    let folder = folder(&[("l.csv", text)]);
    let (history, _) = read_ok(TIMED, folder.path());
    assert_eq!((history.ids.len(), history.duplicates), (2, 1));
    let wins = &history.outcomes.wins;
    let at: Vec<i64> = wins.iter().map(|win| win.at).collect();
    assert_eq!(texts(&history.zone, &at), ["2026-02-01 10:00:00", "2026-02-03 23:59:59"]);
    assert!(wins[0].value.is_nan() && wins[1].value == 10.0);
    assert_eq!(texts(&history.zone, &history.outcomes.lost), ["-", "2026-01-09 23:59:59"]);
    assert_eq!(history.zone.text(history.until), "2026-02-03 23:59:59");
}

#[test]
fn with_a_flag_one_closing_date_is_a_win_or_an_expectation() {
    let folder = folder(&[
        ("l.csv", "id,created\na,2026-01-01\nb,2026-01-01\nc,2026-01-01\n"),
        ("d.csv", "lead,closed,is_won\na,2026-02-01,TRUE\nb,2026-02-02,FALSE\nc,,TRUE\nz,2026-02-02,TRUE\n"),
    ]);
    let yaml = "leads: { path: l.csv, id: id, created: created }\n\
                outcomes: { path: d.csv, lead: lead, converted: closed, lost: closed, flag: is_won }\n";
    let (history, findings) = read_ok(yaml, folder.path());
    assert_eq!(history.outcomes.wins.iter().map(|win| win.lead).collect::<Vec<_>>(), [0]);
    assert_eq!(texts(&history.zone, &history.outcomes.lost), ["-", "-", "-"]);
    let doubt = findings.of(What::LostIsExpected).next().unwrap();
    assert_eq!((doubt.count, doubt.level), (1, FindingLevel::Doubt));
    assert!(doubt.advice.contains("closed: closed"), "{}", doubt.advice);
    assert_eq!(findings.of(What::WonWithoutTime).next().unwrap().rows[0].row, 4);
    assert_eq!(findings.of(What::OutcomeWithoutLead).next().unwrap().rows[0].value, "z");
}

#[test]
fn times_are_read_in_the_time_zone_and_dates_end_where_something_ends() {
    let text = "id,created,won,lost,value\na,2026-07-01,2026-07-02,,\nb,2026-07-01T10:00:00,2026-07-02T10:00:00Z,,\n";
    let folder = folder(&[("l.csv", text)]);
    let (history, findings) = read_ok(&format!("{TIMED}timezone: Europe/Berlin\n"), folder.path());
    let utc = Zone::utc();
    assert_eq!(texts(&utc, history.created.as_ref().unwrap()), ["2026-06-30 22:00:00", "2026-07-01 08:00:00"]);
    let wins: Vec<i64> = history.outcomes.wins.iter().map(|win| win.at).collect();
    assert_eq!(texts(&utc, &wins), ["2026-07-02 21:59:59", "2026-07-02 10:00:00"]);
    assert_eq!(findings.of(What::DatesWithoutTime).map(|finding| finding.count).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_day_that_may_be_a_month_is_an_error_unless_one_value_settles_it() {
    let yaml = "leads: { path: l.csv, id: id, created: created }\noutcomes: { flag: won }\n";
    let files = |last: &str| format!("id,created,won\na,3/3/2018,1\nb,3/4/2018 2:30 PM,1\nc,{last},1\n");
    let text = error(yaml, &[("l.csv", &files("5/6/2018"))]);
    assert_eq!(
        text,
        "leads: column `created` can be read with the month first and with the day first: `3/4/2018 2:30 PM` \
         (l.csv, line 3) is 2018-03-04 or 2018-04-03; declare under `leads` which: \
         `format: { created: \"%m/%d/%Y %I:%M %p\" }` or `format: { created: \"%d/%m/%Y %I:%M %p\" }`"
    );
    for (last, expected) in [("13/6/2018", "2018-04-03 14:30:00"), ("6/13/2018", "2018-03-04 14:30:00")] {
        let folder = folder(&[("l.csv", &files(last))]);
        let (history, _) = read_ok(yaml, folder.path());
        assert_eq!(history.zone.text(history.created.unwrap()[1]), expected);
    }
    // Days that equal their months read the same both ways.
    let folder = folder(&[("l.csv", "id,created,won\na,3/3/2018,1\nb,12/12/2018,1\n")]);
    assert_eq!(read_ok(yaml, folder.path()).0.ids.len(), 2);
}

#[test]
fn a_slip_among_times_is_a_finding_and_the_lead_unreadable() {
    let yaml = "leads: { path: l.csv, id: id, created: created }\noutcomes: { flag: won }\n";
    let rows = |wrong: &[&str]| {
        let good = (0..300).map(|row| format!("r{row},2018-01-{:02},{}\n", row % 28 + 1, row % 2));
        let bad = wrong.iter().enumerate().map(|(row, value)| format!("w{row},{value},1\n"));
        format!("id,created,won\n{}", good.chain(bad).collect::<String>())
    };
    let folder = folder(&[("l.csv", &rows(&["tomorrow", "3/4/2018"]))]);
    let (history, findings) = read_ok(yaml, folder.path());
    assert_eq!((history.read, history.unreadable, history.ids.len()), (302, 2, 300));
    let slips = findings.of(What::UnreadableTime).next().unwrap();
    let values: Vec<(u64, &str)> = slips.rows.iter().map(|place| (place.row, place.value.as_str())).collect();
    assert_eq!((slips.count, values), (2, vec![(302, "tomorrow"), (303, "3/4/2018")]));
    let text = error(yaml, &[("l.csv", &rows(&["x1", "x2", "x3", "x4"]))]);
    assert!(
        text.contains("column `created`: 4 of 304 values are not times in one format, such as `x1` (l.csv, line 302)"),
        "{text}"
    );
    let text = error(yaml, &[("l.csv", "id,created,won\na,1517443200,1\nb,1517443300,0\n")]);
    assert!(
        text.contains("declare `format: { created: seconds }` (`1517443200` is then 2018-02-01) under `leads`"),
        "{text}"
    );
}

#[test]
fn rows_of_another_length_are_an_error_with_their_line() {
    let text = flagged("id,x,won\na,1,1\nb,2\nc,3,1\nd\n").unwrap_err();
    assert_eq!(
        text,
        "l.csv, line 3: 2 fields, expected 3 as in the header (and 1 more such rows); the row is perhaps cut short"
    );
    let text = flagged("id,x,won\na,1,1,9\n").unwrap_err();
    assert!(text.contains("line 2: 4 fields, expected 3") && text.contains("needs quotes"), "{text}");
    let text = flagged("id,x,won\na,\"1,1\nb,2,1\nc,3,1\n").unwrap_err();
    assert!(text.contains("line 2") && text.contains("never closed"), "{text}");
}

#[test]
fn fields_beyond_the_header_are_left_out_when_they_are_empty() {
    let (history, findings) = flagged("id,won,,\na,1,,\nb,0,,\n,,,\n").unwrap();
    assert_eq!((history.ids.len(), history.attributes.len()), (2, 0));
    assert_eq!(findings.of(What::UnnamedColumn).count(), 2);
    assert_eq!(findings.of(What::EmptyRows).next().unwrap().rows[0].row, 4);
    let (_, findings) = flagged("id,won\na,1,,\nb,0,,\n").unwrap();
    assert_eq!(findings.of(What::TrailingDelimiters).next().unwrap().count, 2);
    let (history, findings) = flagged(",id,won\n0,a,1\n1,b,0\n").unwrap();
    assert_eq!(history.attributes.len(), 0);
    assert!(findings.of(What::UnnamedColumn).next().unwrap().text.contains("column 1 has no name"));
}

#[test]
fn a_header_that_cannot_be_right_is_an_error() {
    assert!(
        flagged("id,x,x,won\na,1,2,1\n")
            .unwrap_err()
            .contains("column `x` stands in the header 2 times (columns 2, 3)")
    );
    assert!(flagged("id,won\n").unwrap_err().contains("a header and no rows"));
    assert!(flagged("").unwrap_err().contains("it is empty"));
    assert!(flagged("\n\n").unwrap_err().contains("it is empty"));
    assert!(flagged(",,\n1,2,3\n").unwrap_err().contains("names no column"));
    assert!(flagged("\"id,x,won\"\n\"a,1,1\"\n").unwrap_err().contains("wrapped whole in quotes"));
    assert!(
        flagged("id,wonn\na,1\n")
            .unwrap_err()
            .contains("no column `won` (named by `outcomes.flag`); did you mean `wonn`?")
    );
    assert!(flagged("<!DOCTYPE html><html>").unwrap_err().contains("web page"));
    assert!(flagged("id,won\na\0b,1\n").unwrap_err().contains("line 2: holds a NUL byte"));
}

#[test]
fn letters_are_read_in_the_encoding_that_is_marked_or_declared() {
    let folder = tempfile::tempdir().unwrap();
    let latin: &[u8] = b"id,city,won\na,M\xfcnchen,1\nb,K\xf6ln,0\n";
    fs::write(folder.path().join("l.csv"), latin).unwrap();
    let text = try_read(FLAGGED, folder.path(), &[]).unwrap_err().to_string();
    assert!(text.starts_with("l.csv, line 2, column `city`: not UTF-8 text (`M\u{fffd}nchen`)"), "{text}");
    let (history, _) = read_ok(&FLAGGED.replace("id: id", "id: id, encoding: latin1"), folder.path());
    assert_eq!(attribute(&history, "city").cell(0), Cell::Text("München"));
    let text = "id,city,won\r\na,München,1\r\nb,Köln,0\r\n";
    let little: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&marked).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for bytes in [little, marked, gzip.clone(), zstd] {
        fs::write(folder.path().join("l.csv"), bytes).unwrap();
        let (history, _) = read_ok(FLAGGED, folder.path());
        assert_eq!(attribute(&history, "city").cell(1), Cell::Text("Köln"));
    }
    fs::write(folder.path().join("l.csv"), &gzip[..gzip.len() / 2]).unwrap();
    assert!(try_read(FLAGGED, folder.path(), &[]).unwrap_err().to_string().starts_with("l.csv: it is cut short ("));
}

#[test]
fn files_read_together_need_one_header() {
    let yaml = "leads: { path: 'l-*.csv', id: id }\noutcomes: { flag: won }\n";
    let files = folder(&[("l-2.csv", "won,id\n1,b\n"), ("l-1.csv", "id,won\na,0\n")]);
    let (history, _) = read_ok(yaml, files.path());
    assert_eq!((history.ids.len(), history.position[1]), (2, 1));
    let files = folder(&[("l-1.csv", "id,won\na,0\n"), ("l-2.csv", "id,won\n")]);
    let (_, findings) = read_ok(yaml, files.path());
    assert_eq!(findings.of(What::NoWins).next().unwrap().level, FindingLevel::Forbids);
    assert_eq!(findings.of(What::EmptyFile).next().unwrap().text, "l-2.csv has a header and no rows");
    let files = folder(&[("l-1.csv", "{\"id\":1,\"won\":1}\n"), ("l-2.csv", "{\"id\":2,\"won\":0,\"x\":5}\n")]);
    assert_eq!(attribute(&read_ok(yaml, files.path()).0, "x").cell(1), Cell::Number(5.0));
    let text = error(yaml, &[("l-1.csv", "id,won\na,0\n"), ("l-2.csv", "id,won,x\nb,1,1\n")]);
    assert_eq!(
        text,
        "leads: l-2.csv has other columns than l-1.csv: has `x`; files read together need the same header"
    );
}

#[test]
fn json_lines_are_read_like_csv() {
    let lines = "{\"id\": 7, \"won\": true, \"x\": 1.5, \"opt_in\": true}\n\n{\"id\": \"a\", \"won\": false, \"t\": [1, {\"k\": \"v\"}], \"opt_in\": null}\n";
    let folder = folder(&[("l.csv", lines)]);
    let (history, _) = read_ok(FLAGGED, folder.path());
    assert_eq!(history.ids.iter().collect::<Vec<_>>(), ["7", "a"]);
    assert_eq!(attribute(&history, "x").cell(0), Cell::Number(1.5));
    assert_eq!(attribute(&history, "opt_in").cell(0), Cell::Flag(true));
    assert_eq!(attribute(&history, "t").cell(1), Cell::Text("[1,{\"k\":\"v\"}]"));
    let text = flagged("{\"id\": 1, \"won\": 1}\n{\"id\": 2, \"won\": }\n").unwrap_err();
    assert!(text.starts_with("l.csv, line 2: not JSON: expected value at column 18"), "{text}");
    assert!(flagged("{\"id\": 1, \"won\": 1, \"won\": 2}\n").unwrap_err().contains("key `won` stands twice"));
}

#[test]
fn parquet_and_arrow_keep_their_types() {
    use polars::prelude::{DataFrame, DataType, IpcWriter, NamedFrom, ParquetWriter, SerWriter, Series, TimeUnit};

    let micros = [1_517_443_200_000_000i64, 1_517_443_200_000_000 + 90_000_000];
    let instants = Series::new("seen".into(), micros).cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
    let dates = Series::new("created".into(), [17_563i32, 17_564]).cast(&DataType::Date).unwrap();
    let mut frame = DataFrame::new(
        2,
        vec![
            Series::new("id".into(), [9_007_199_254_740_993i64, 5]).into(),
            Series::new("name".into(), ["x", ""]).into(),
            Series::new("ok".into(), [Some(true), None]).into(),
            Series::new("n".into(), [Some(1.5), None]).into(),
            Series::new("won".into(), [1i32, 0]).into(),
            instants.into(),
            dates.into(),
        ],
    )
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.csv");
    let yaml = "leads: { path: l.csv, id: id, created: created }\noutcomes: { flag: won }\ntimezone: Europe/Berlin\n";
    for arrow in [false, true] {
        let file = fs::File::create(&path).unwrap();
        if arrow {
            IpcWriter::new(file).finish(&mut frame).unwrap();
        } else {
            ParquetWriter::new(file).finish(&mut frame).unwrap();
        }
        let (history, _) = read_ok(yaml, folder.path());
        assert_eq!(history.ids.iter().collect::<Vec<_>>(), ["5", "9007199254740993"]);
        assert_eq!(history.zone.text(history.created.as_ref().unwrap()[1]), "2018-02-01");
        assert_eq!(attribute(&history, "ok").cell(1), Cell::Flag(true));
        assert_eq!(attribute(&history, "n").cell(1), Cell::Number(1.5));
        assert!(attribute(&history, "n").is_missing(0) && attribute(&history, "name").is_missing(0));
        // A clock without a zone is read in the time zone.
        let Cell::Instant(seen) = attribute(&history, "seen").cell(1) else { panic!() };
        assert_eq!(history.zone.text(seen), "2018-02-01");
        assert_eq!(history.outcomes.wins.len(), 1);
    }
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(try_read(yaml, folder.path(), &[]).unwrap_err().to_string().contains("perhaps damaged or cut short"));
}

/// Lead, time, kind and a number.
type MadeEvent = (String, Option<i64>, Option<&'static str>, Option<i64>);

/// Events as text, each with its lead, time, kind and the column read; of all of them what was counted.
fn told(history: &History) -> (Vec<String>, Vec<String>) {
    let events = history.events.as_ref().unwrap();
    let row = |chunk: &EventChunk, row: usize| {
        let (lead, kind) = (history.ids.get(chunk.lead[row] as usize), &events.kinds[chunk.kind[row] as usize]);
        format!("{lead} {} {kind} {:?}", chunk.at[row], chunk.columns.first().map(|column| column.cell(row)))
    };
    let mut rows: Vec<String> =
        events.chunks.iter().flat_map(|chunk| (0..chunk.lead.len()).map(move |place| row(chunk, place))).collect();
    rows.sort();
    let weeks = events.weeks.as_ref().unwrap();
    let counted = events.kinds.iter().zip(&weeks.kinds).map(|(kind, weeks)| format!("{kind}: {weeks:?}"));
    let mut counted: Vec<String> = counted.collect();
    counted.sort();
    counted.push(format!("{} after, the latest {}, arrived {:?}", events.after_until, events.latest, weeks.arrivals));
    (rows, counted)
}

#[test]
fn what_is_kept_and_counted_of_a_log_does_not_depend_on_its_format_or_its_order() {
    use polars::prelude::{DataFrame, DataType, NamedFrom, ParquetWriter, Series, TimeUnit};

    let day = 86_400_000_000i64;
    let start = 1_767_225_600_000_000i64; // 2026-01-01
    let mut chance = crate::stats::random::Seed(4).replicate(0);
    let mut rows: Vec<MadeEvent> = (0..3_000)
        .map(|_| {
            let lead = format!("L{:02}", chance.below(42)); // 40 and 41 are strangers
            let at = (!chance.chance(0.01)).then(|| start + chance.below(120) as i64 * day + 1_000_000);
            let kind = (!chance.chance(0.02)).then(|| ["visit", "open", "call"][chance.below(3) as usize]);
            (lead, at, kind, (!chance.chance(0.1)).then(|| chance.below(9) as i64))
        })
        .collect();
    // A kind of which no event is kept.
    rows.push(("L00".into(), Some(start + 99 * day + 1_000_000), Some("late"), None));
    let leads: String = (0..40).map(|lead| format!("L{lead:02},2026-01-{:02},\n", 1 + lead % 28)).collect();
    let folder = folder(&[("l.csv", &format!("id,created,won\n{leads}"))]);
    let path = folder.path();
    let text = |at: i64| Zone::utc().text(at);
    let csv = |rows: &[MadeEvent]| {
        let line = |(lead, at, kind, n): &MadeEvent| {
            let (at, n) = (at.map_or(String::new(), text), n.map_or(String::new(), |n| n.to_string()));
            format!("{lead},{at},{},{n}\n", kind.unwrap_or_default())
        };
        format!("lead,at,kind,n\n{}", rows.iter().map(line).collect::<String>())
    };
    let parquet = |rows: &[MadeEvent], name: &str| {
        let at: Vec<Option<i64>> = rows.iter().map(|row| row.1).collect();
        let at = Series::new("at".into(), at).cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
        let lead: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
        let kind: Vec<Option<&str>> = rows.iter().map(|row| row.2).collect();
        let n: Vec<Option<i64>> = rows.iter().map(|row| row.3).collect();
        let columns = vec![
            Series::new("lead".into(), lead).into(),
            at.into(),
            Series::new("kind".into(), kind).into(),
            Series::new("n".into(), n).into(),
        ];
        let mut frame = DataFrame::new(rows.len(), columns).unwrap();
        let file = fs::File::create(path.join(name)).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(700)).finish(&mut frame).unwrap();
    };
    fs::write(path.join("a.csv"), csv(&rows)).unwrap();
    parquet(&rows, "a.parquet");
    rows.reverse();
    fs::write(path.join("b.csv"), csv(&rows)).unwrap();
    parquet(&rows, "b.parquet");
    let keep = |history: &History| {
        let last = |lead: usize| match lead % 4 {
            0 => NEVER,
            1 => start + 1_000 * day,
            _ => history.created.as_ref().unwrap()[lead] + 14 * day,
        };
        Some((0..history.ids.len()).map(last).collect())
    };
    let read_log = |log: &str, needs: &[String], sink: &mut dyn EventSink| {
        let yaml = format!(
            "leads: {{ path: l.csv, id: id, created: created }}\nuntil: 2026-04-15\n\
             events: {{ path: {log}, lead: lead, at: at, kind: kind }}\noutcomes: {{ converted: won }}\n"
        );
        let spec: DataSpec = serde_yaml::from_str(&yaml).unwrap();
        let (history, findings) = read(&spec, path, needs, sink, &|_| {}).unwrap();
        let mut said: Vec<String> = findings.list.iter().map(|one| format!("{:?} {}", one.what, one.count)).collect();
        said.sort();
        (history, said)
    };
    for needs in [&[][..], &["n".to_string()][..]] {
        let (all, said) = read_log("a.csv", needs, &mut |_: &History| None);
        let last: Vec<i64> = keep(&all).unwrap();
        let (_, counted) = told(&all);
        let events = all.events.as_ref().unwrap();
        let kept = |chunk: &EventChunk| {
            (0..chunk.lead.len()).filter(|&row| chunk.at[row] <= last[chunk.lead[row] as usize]).count()
        };
        let expected: usize = events.chunks.iter().map(kept).sum();
        assert!(expected > 500 && expected < 2_000, "{expected}");
        let (first, _) = told(&read_log("a.csv", needs, &mut { keep }).0);
        assert_eq!(first.len(), expected);
        for log in ["a.csv", "b.csv", "a.parquet", "b.parquet"] {
            let mut taking = Taking { last: Vec::new(), keep: &keep, taken: Vec::new() };
            let (kept, own) = read_log(log, needs, &mut { keep });
            let (handed_over, own_too) = read_log(log, needs, &mut taking);
            assert_eq!(taking.taken.len(), expected, "{log}");
            for (history, taken, own) in [(kept, Vec::new(), own), (handed_over, taking.taken, own_too)] {
                let (mut rows, own_counted) = told(&history);
                rows.extend(taken);
                rows.sort();
                assert!(rows == first, "{log}: {} events of {}", rows.len(), first.len());
                assert_eq!(own, said, "{log}");
                assert_eq!(own_counted, counted, "{log}");
            }
        }
    }
}

/// Takes events as they come, and writes them down.
struct Taking<'a> {
    keep: &'a dyn Fn(&History) -> Option<Vec<i64>>,
    last: Vec<i64>,
    taken: Vec<String>,
}

impl EventSink for Taking<'_> {
    fn last(&mut self, history: &History) -> Option<Vec<i64>> {
        let last = (self.keep)(history);
        self.last = last.clone().unwrap_or_default();
        last
    }

    fn take(&mut self, events: &EventBatch) -> bool {
        for (kind, seen) in events.kinds.iter().zip(events.by_kind) {
            let at = |event: &SeenEvent| self.last[event.lead as usize] - event.age;
            let own = |event: &SeenEvent| events.columns.first().map(|column| column.cell(event.event as usize));
            let row = |event: &SeenEvent| format!("L{:02} {} {kind} {:?}", event.lead, at(event), own(event));
            self.taken.extend(seen.iter().map(row));
        }
        true
    }
}

/// Reads logs with and without a sink that takes events: what is kept or taken, what is said, how many were taken.
fn taken_of(folder: &Path, log: &str) -> Result<(Vec<String>, Vec<String>, usize), DataError> {
    let yaml = format!(
        "leads: {{ path: l.csv, id: id, created: created }}\nuntil: 2026-04-15\n\
         events: {{ path: {log}, lead: lead, at: at, kind: kind }}\noutcomes: {{ converted: won }}\n"
    );
    let spec: DataSpec = serde_yaml::from_str(&yaml).unwrap();
    let keep = |history: &History| Some(vec![1_775_000_000_000_000; history.ids.len()]);
    let mut taking = Taking { last: Vec::new(), keep: &keep, taken: Vec::new() };
    let said = |findings: &Findings| {
        let one = |one: &Finding| format!("{:?} {} {:?}", one.what, one.count, one.rows.first());
        findings.list.iter().map(one).collect::<Vec<String>>()
    };
    let (kept, all_said) = read(&spec, folder, &[], &mut { keep }, &|_| {})?;
    let (handed_over, own_said) = read(&spec, folder, &[], &mut taking, &|_| {})?;
    assert_eq!(said(&own_said), said(&all_said));
    let (mut rows, counted) = told(&handed_over);
    let taken = taking.taken.len();
    rows.extend(taking.taken);
    rows.sort();
    assert_eq!((rows.clone(), counted), told(&kept));
    Ok((rows, said(&all_said), taken))
}

#[test]
fn how_times_are_written_is_told_by_most_of_their_column_wherever_it_stands() {
    use polars::prelude::{DataFrame, DataType, NamedFrom, ParquetWriter, Series, TimeUnit};

    let line =
        |day: usize, written: &str| format!("L{:02},{},visit\n", day % 7, written.replace("DD", &format!("{day:02}")));
    let log = |lines: String| format!("lead,at,kind\n{lines}");
    let days =
        |days: std::ops::Range<usize>, written: &str| days.map(|day| line(1 + day % 28, written)).collect::<String>();
    let leads: String = (0..7).map(|lead| format!("L{lead:02},2026-01-01,\n")).collect();
    let folder = folder(&[
        ("l.csv", &format!("id,created,won\n{leads}")),
        ("first.csv", &log(days(0..2, "2026-01-DD 10:00"))),
        ("dots.csv", &log(days(0..300, "DD.02.2026 09:30"))),
        ("dates.csv", &log(days(0..200, "2026-02-DD"))),
        (
            "slips.csv",
            &log(days(0..200, "2026-03-DDT11:00:00Z") + "L01,soon,visit\nL02,01.02.2026,visit\nL03,,visit\n"),
        ),
    ]);
    // All but the 2 that are not written like the 300 others.
    let (rows, said, taken) = taken_of(folder.path(), "[first.csv, dots.csv]").unwrap();
    assert_eq!((rows.len(), taken), (300, 300));
    assert!(said.iter().any(|said| said.starts_with("UnreadableTime 2")), "{said:?}");
    let (rows, said, taken) = taken_of(folder.path(), "[first.csv, dates.csv]").unwrap();
    assert_eq!((rows.len(), taken), (202, 202));
    assert!(said.iter().any(|said| said.starts_with("DatesWithoutTime 200")), "{said:?}");
    let (rows, said, taken) = taken_of(folder.path(), "[dates.csv, slips.csv, first.csv]").unwrap();
    assert_eq!((rows.len(), taken), (402, 402));
    assert!(said.iter().any(|said| said.starts_with("UnreadableTime 2")), "{said:?}");
    assert!(said.iter().any(|said| said.starts_with("MissingTime 3")), "{said:?}");
    // A file with times of its own, one of which is none.
    let far = 600_000_000_000_000_000;
    let at: Vec<i64> = (0..200).map(|n| 1_770_000_000_000_000 + n).chain([far]).collect();
    let at = Series::new("at".into(), at).cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
    let text = |name: &str, text: &str| Series::new(name.into(), vec![text; 201]).into();
    let columns = vec![text("lead", "L01"), at.into(), text("kind", "visit")];
    let file = fs::File::create(folder.path().join("own.parquet")).unwrap();
    ParquetWriter::new(file).finish(&mut DataFrame::new(201, columns).unwrap()).unwrap();
    let (rows, said, taken) = taken_of(folder.path(), "own.parquet").unwrap();
    assert_eq!((rows.len(), taken), (200, 200));
    assert!(said.iter().any(|said| said.starts_with("UnreadableTime 1")), "{said:?}");
    let error = taken_of(folder.path(), "[dates.csv, dots.csv]").unwrap_err().to_string();
    assert!(error.contains("200 of 500 values are not times in one format"), "{error}");
}

#[test]
fn what_a_column_of_the_log_holds_is_known_before_its_first_event_and_told_by_all_of_them() {
    struct Kinds(Vec<String>, Vec<String>);
    impl EventSink for Kinds {
        fn last(&mut self, history: &History) -> Option<Vec<i64>> {
            let chunk = &history.events.as_ref().unwrap().chunks[0];
            assert!(chunk.lead.is_empty());
            self.0 = chunk.columns.iter().map(|column| column.kind().to_string()).collect();
            Some(vec![i64::MAX / 4; history.ids.len()])
        }

        fn take(&mut self, events: &EventBatch) -> bool {
            let seen = events.by_kind.iter().flatten().map(|event| event.event as usize);
            let first = seen.map(|row| events.columns.iter().map(|column| format!("{:?}", column.cell(row))).collect());
            self.1.extend(first.map(|cells: Vec<String>| cells.join(" ")));
            true
        }
    }
    // Values beyond the first batch; those of strangers tell nothing.
    let line = |row: usize| {
        let code = if row == 29_999 { "x" } else { "7" };
        let (lead, amount) = if row == 100 { ("Z", "much") } else { ("L1", "1.50") };
        let day = if row == 29_000 { 13 } else { 3 };
        format!("{lead},2026-01-02 10:00,visit,{code},{amount},02/{day:02}/2026,\n")
    };
    let log = (0..30_000).map(line).collect::<String>();
    let folder = folder(&[
        ("l.csv", "id,created,won\nL1,2026-01-01,\n"),
        ("e.csv", &format!("lead,at,kind,code,amount,day,nothing\n{log}")),
    ]);
    let yaml = "leads: { path: l.csv, id: id, created: created }\nuntil: 2026-04-15\noutcomes: { converted: won }\n\
                events: { path: e.csv, lead: lead, at: at, kind: kind, types: { day: time } }\n";
    let spec: DataSpec = serde_yaml::from_str(yaml).unwrap();
    let needs = ["code", "amount", "day", "nothing"].map(String::from);
    let mut sink = Kinds(Vec::new(), Vec::new());
    let (_, findings) = read(&spec, folder.path(), &needs, &mut sink, &|_| {}).unwrap();
    assert_eq!(sink.0, ["text", "numbers", "times", "text"]);
    assert_eq!(sink.1.len(), 29_999);
    assert_eq!(sink.1[0], "Text(\"7\") Number(1.5) Instant(1770076800000000) Missing");
    let words: Vec<_> = findings.of(What::NearlyNumeric).collect();
    assert_eq!((words.len(), words[0].count, words[0].rows[0].value.as_str()), (1, 1, "x"));
}

#[test]
fn a_log_whose_times_change_their_form_behind_its_first_rows_is_refused() {
    let line = |row: usize| {
        let at = if row < 20_000 { "2026-01-02 10:00" } else { "13.01.2026" };
        format!("L1,{at},visit\n")
    };
    let log = (0..60_000).map(line).collect::<String>();
    let folder = folder(&[("l.csv", "id,created,won\nL1,2026-01-01,\n"), ("e.csv", &format!("lead,at,kind\n{log}"))]);
    let yaml = "leads: { path: l.csv, id: id, created: created }\nuntil: 2026-04-15\noutcomes: { converted: won }\n\
                events: { path: e.csv, lead: lead, at: at, kind: kind }\n";
    let error = try_read(yaml, folder.path(), &[]).unwrap_err().to_string();
    assert!(error.contains("40000 of 60000 values are not times in one format"), "{error}");
}

#[test]
fn events_are_read_with_the_columns_that_are_needed() {
    let folder = folder(&[
        ("l.csv", "id,won\na,1\nb,0\n"),
        (
            "e.csv",
            "lead,at,kind,page,minutes,noise\nb,2026-01-01 9:00,visit,/x,1.5,q\nz,2026-01-01 9:00,visit,/y,2,q\n\
             a,2026-01-02 9:00,open,,,q\na,,visit,/y,3,q\nb,2026-01-03 9:00,,/y,4,q\n",
        ),
    ]);
    let yaml = "leads: { path: l.csv, id: id }\nevents: { path: e.csv, lead: lead, at: at, kind: kind }\noutcomes: { flag: won }\n";
    let (history, findings) = try_read(yaml, folder.path(), &["page", "minutes", "kind"]).unwrap();
    let events = history.events.unwrap();
    assert_eq!(
        (events.kinds.as_slice(), events.columns.as_slice()),
        (&["visit".into(), "open".into(), "(none)".into()][..], &["page".into(), "minutes".into(), "kind".into()][..])
    );
    let chunk = &events.chunks[0];
    assert_eq!((chunk.lead.as_slice(), chunk.kind.as_slice()), (&[1, 0, 1][..], &[0, 1, 2][..]));
    assert_eq!(chunk.columns[0].cell(2), Cell::Text("/y"));
    assert_eq!(chunk.columns[1].cell(0), Cell::Number(1.5));
    assert!(chunk.columns[1].is_missing(1));
    assert_eq!(findings.of(What::EventWithoutLead).next().unwrap().rows[0].row, 3);
    assert_eq!(findings.of(What::MissingTime).next().unwrap().count, 1);
    let error = try_read(yaml, folder.path(), &["pages"]).unwrap_err().to_string();
    assert!(
        error.contains("events: e.csv has no column `pages` (named by `a model`); did you mean `page`?"),
        "{error}"
    );
}

#[test]
fn a_history_gives_columns_the_values_they_took() {
    let folder = folder(&[
        ("l.csv", "id,score,stage,won\na,80,hot,1\nb,10,cold,0\n"),
        (
            "h.csv",
            "lead,field,value,from\na,score,20,2026-01-05\na,score,10,2026-01-01\na,stage,new,2026-01-01\n\
             b,stage,cold,2026-01-02\nb,shoe size,44,2026-01-02\nb,score,,2026-01-02\n",
        ),
    ]);
    let yaml = "leads: { path: l.csv, id: id }\nhistory: { path: h.csv, lead: lead, field: field, value: value, from: from }\noutcomes: { flag: won }\n";
    let (history, findings) = read_ok(yaml, folder.path());
    let told: Vec<(u32, &str, String, Cell)> = history
        .changes
        .iter()
        .map(|change| {
            let attribute = &history.attributes[change.field as usize];
            let value = attribute.changed.as_ref().unwrap().cell(change.value as usize);
            (change.lead, attribute.name.as_str(), history.zone.text(change.from), value)
        })
        .collect();
    assert_eq!(
        told,
        [
            // A date says that by its end the value was known.
            (0, "score", "2026-01-01 23:59:59".into(), Cell::Number(10.0)),
            (0, "score", "2026-01-05 23:59:59".into(), Cell::Number(20.0)),
            (0, "stage", "2026-01-01 23:59:59".into(), Cell::Text("new")),
            (1, "score", "2026-01-02 23:59:59".into(), Cell::Missing),
            (1, "stage", "2026-01-02 23:59:59".into(), Cell::Text("cold")),
        ]
    );
    assert!(history.attributes.iter().all(|attribute| attribute.known == Known::ByHistory));
    let Column::Text(stage) = attribute(&history, "stage") else { panic!() };
    assert!(stage.levels.contains(&"new".to_string()));
    assert!(findings.of(What::ChangeOfUnknownColumn).next().unwrap().text.contains("`shoe size`"));
}

#[test]
fn what_is_known_is_declared_in_bulk_with_exceptions() {
    let folder = folder(&[("l.csv", "id,a,b,c,c_at,won\n1,1,1,1,2026-01-01,1\n2,1,1,1,,0\n")]);
    let yaml = "leads: { path: l.csv, id: id, known: at_creation, except: { b: as_exported, c: { at: c_at } } }\noutcomes: { flag: won }\n";
    let (history, _) = read_ok(yaml, folder.path());
    let known: Vec<&Known> = history.attributes.iter().map(|attribute| &attribute.known).collect();
    assert_eq!(known, [&Known::AtCreation, &Known::AsExported, &Known::At("c_at".into()), &Known::AtCreation]);
    assert_eq!(attribute(&history, "c_at").kind(), "times");
}

#[test]
fn contradictions_in_the_section_are_errors() {
    let files = [("l.csv", "id,created,won\na,2026-01-01,1\n"), ("d.csv", "lead,won\na,1\n")];
    for (yaml, expected) in [
        ("leads: { path: l.csv, id: id }\noutcomes: {}\n", "expected `converted: column`, `flag: column` or `stage:"),
        ("leads: { path: l.csv }\noutcomes: { path: d.csv, lead: lead, flag: won }\n", "joined by the leads' ids"),
        ("leads: { path: l.csv, id: id }\noutcomes: { path: d.csv, flag: won }\n", "needs `lead: column`"),
        ("leads: { path: l.csv, id: id, ignore: [won] }\noutcomes: { flag: won }\n", "keep one"),
        (
            "leads: { path: l.csv, id: id }\nevents: { path: d.csv, lead: lead, at: won }\noutcomes: { flag: won }\n",
            "either `kind: column` or",
        ),
        (
            "leads: { path: l.csv, id: id }\noutcomes: { flag: created }\n",
            "`created` holds times, such as `2026-01-01`",
        ),
        (
            "leads: { path: l.csv, id: id, types: { wonn: text } }\noutcomes: { flag: won }\n",
            "no column `wonn` (named by `leads.types`)",
        ),
        ("leads: { path: '.', id: id }\noutcomes: { flag: won }\n", "it is a folder"),
    ] {
        let text = error(yaml, &files);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn until_cuts_what_comes_later_and_is_found_when_it_is_not_given() {
    let text = "id,created,won,lost,value\na,2026-01-01,2026-02-03,,\nb,2026-04-01,,,\nc,2026-01-01,9999-12-31,,\n";
    let folder = folder(&[("l.csv", text)]);
    let (history, findings) = read_ok(TIMED, folder.path());
    assert_eq!(history.zone.text(history.until), "2026-02-03 23:59:59");
    assert_eq!(findings.of(What::FarFuture).next().unwrap().count, 1);
    assert!(findings.of(What::OutcomesEndEarly).next().unwrap().text.contains("the leads run until 2026-04-01"));
    let (history, findings) = read_ok(&format!("{TIMED}until: 2026-01-31\n"), folder.path());
    assert_eq!(history.zone.text(history.until), "2026-01-31 23:59:59");
    let after: Vec<(&str, u64)> = findings.of(What::AfterUntil).map(|f| (f.input.as_str(), f.count)).collect();
    assert_eq!(after, [("outcomes", 2), ("leads", 1)]);
}

#[test]
fn no_bytes_make_the_reader_panic() {
    use proptest::prelude::*;

    let yaml = "leads: { path: l.csv, id: id, created: t }\noutcomes: { flag: won }\n";
    let piece = prop_oneof![
        Just("id,t,won\n".to_string()),
        Just("\"".into()),
        Just("\n".into()),
        Just(",".into()),
        Just("2018-01-01".into()),
        Just("3/4/2018".into()),
        Just("{\"id\":1,\"t\":\"x\"}".into()),
        Just("PAR1".into()),
        "\\PC{0,6}",
    ];
    let strategy = (proptest::collection::vec(piece, 0..24), proptest::collection::vec(any::<u8>(), 0..12));
    let folder = tempfile::tempdir().unwrap();
    proptest!(ProptestConfig::with_cases(300), |((pieces, noise) in strategy)| {
        for bytes in [pieces.concat().into_bytes(), [b"id,t,won\n".to_vec(), noise.clone()].concat(), [b"PAR1".to_vec(), noise.clone(), b"PAR1".to_vec()].concat(), [b"ARROW1\0\0".to_vec(), noise.clone()].concat()] {
            fs::write(folder.path().join("l.csv"), bytes).unwrap();
            let _ = try_read(yaml, folder.path(), &[]);
        }
    });
}

/// Peak memory of this process in MiB, where the system tells.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
#[ignore = "writes and reads 1.2 GB; LEADOFF_EVENTS says how many events"]
fn a_million_leads_and_twenty_million_events_fit_into_four_gigabytes() {
    let events: u64 = std::env::var("LEADOFF_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000_000);
    let leads = events / 20;
    let folder = tempfile::tempdir().unwrap();
    let mut out = std::io::BufWriter::new(fs::File::create(folder.path().join("l.csv")).unwrap());
    writeln!(out, "id,created,source,country,employees,score,email,won").unwrap();
    for i in 0..leads {
        let day = i % 28 + 1;
        writeln!(
            out,
            "L{i:08},2026-{:02}-{day:02} 10:{:02}:00,s{},c{},{},{}.5,a{i}@b.example,{}",
            i % 12 + 1,
            i % 60,
            i % 9,
            i % 50,
            i % 977,
            i % 101,
            i % 10 / 9
        )
        .unwrap();
    }
    out.flush().unwrap();
    let mut out = std::io::BufWriter::new(fs::File::create(folder.path().join("e.csv")).unwrap());
    writeln!(out, "lead,at,kind,page,minutes,noise").unwrap();
    for i in 0..events {
        let lead = i.wrapping_mul(2_654_435_761) % leads;
        writeln!(
            out,
            "L{lead:08},2026-{:02}-{:02}T{:02}:{:02}:13Z,k{},/p{},{}.25,xyz",
            i % 12 + 1,
            i % 28 + 1,
            i % 24,
            i % 60,
            i % 7,
            i % 300,
            i % 90
        )
        .unwrap();
    }
    out.flush().unwrap();
    drop(out);
    let yaml = "leads: { path: l.csv, id: id, created: created }\nevents: { path: e.csv, lead: lead, at: at, kind: kind }\noutcomes: { flag: won }\n";
    let start = std::time::Instant::now();
    let (history, findings) = try_read(yaml, folder.path(), &["page", "minutes"]).unwrap();
    let read: usize = history.events.unwrap().chunks.iter().map(|chunk| chunk.lead.len()).sum();
    println!("{leads} leads, {read} events: {:?}, peak {} MiB", start.elapsed(), peak());
    assert_eq!((history.ids.len() as u64, read as u64, findings.of(What::MissingTime).count()), (leads, events, 0));
    assert!(peak() < 4096);
}

#[test]
fn lines_are_counted_as_an_editor_does_whatever_ends_them() {
    for end in ["\n", "\r\n"] {
        let rows = (0..300).map(|row| format!("{row},{},1", if row == 7 { "x".into() } else { row.to_string() }));
        let text = std::iter::once("id,n,won".to_string()).chain(rows).collect::<Vec<_>>().join(end);
        let folder = folder(&[("l.csv", &text)]);
        let (_, findings) = read_ok(&FLAGGED.replace("id: id", "id: id, types: { n: number }"), folder.path());
        assert_eq!(findings.of(What::UnreadableValue).next().unwrap().rows[0].row, 9, "{end:?}");
    }
}

#[test]
fn a_line_that_tells_spreadsheets_the_delimiter_is_used_and_skipped() {
    for hint in ["sep=;", "\"sep=;\"", "SEP=;\r"] {
        let (history, findings) = flagged(&format!("{hint}\nid;a,b,c,d;won\nx;1;1\ny;2;0\n")).unwrap();
        assert_eq!((history.ids.len(), history.outcomes.wins.len()), (2, 1));
        assert_eq!(findings.of(What::DelimiterFound).count(), 0);
    }
    let said = flagged("sep=;\nid;created;won\nx;1\n").unwrap_err();
    assert!(said.contains("l.csv, line 3: 2 fields, expected 3"), "{said}");
}

#[test]
fn titles_above_the_header_are_left_out_and_said() {
    let (history, findings) = flagged("Leads, all\nmade 2026-07-31\n\nid,size,won\nx,1,1\ny,2,0\n").unwrap();
    assert_eq!(history.ids.len(), 2);
    let found = findings.of(What::HeaderFound).next().unwrap();
    assert!(found.text.contains("found in line 4") && found.text.contains("Leads, all"), "{}", found.text);
    assert!(found.advice.contains("`header_row: 1` for leads"));
    // A name may hold a line end.
    let (history, _) = flagged("id,\"size\nof it\",city,won\nx,big,Rome,yes\ny,small,Ulm,no\n").unwrap();
    assert_eq!((history.ids.len(), history.attributes[0].name.as_str()), (2, "size\nof it"));
    // Rows that have more fields than the header are rows with too many fields.
    let said = flagged("id,won\nx,1,1\ny,2,0\n").unwrap_err();
    assert!(said.contains("line 2: 3 fields, expected 2"), "{said}");
}

#[test]
fn the_row_of_the_header_may_be_declared() {
    let folder = folder(&[("l.csv", "id,won,x\r\n\r\n\"a\nb\"\r\nid;won\r\nx;1\r\ny;later\r\n")]);
    let yaml = "leads: { path: l.csv, id: id, header_row: 5 }\noutcomes: { flag: won, positive: ['1'] }\n";
    let (history, _) = try_read(yaml, folder.path(), &[]).unwrap();
    assert_eq!(history.ids.iter().collect::<Vec<_>>(), ["x", "y"]);
    for row in ["0", "-1", "many"] {
        let error = serde_yaml::from_str::<DataSpec>(&yaml.replace('5', row)).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}

#[test]
fn lines_are_numbered_as_an_editor_numbers_them() {
    for (end, name) in [("\n", "feed"), ("\r\n", "both"), ("\r", "return")] {
        let text = ["id,note,won", "", "a,\"x", "y\",1", "", "b,,0", "c,1", ""].join(end);
        let said = flagged(&text).unwrap_err();
        assert!(said.contains("l.csv, line 7: 2 fields, expected 3"), "{name}: {said}");
        let footer = text.replace("c,1", &["", "Total of 2"].join(end));
        let (history, findings) = flagged(&footer).unwrap();
        assert_eq!(history.ids.len(), 2);
        assert_eq!(findings.of(What::Footers).next().unwrap().rows[0].row, 8, "{name}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_an_error_with_its_line() {
    let rows = |open: &str, close: &str| {
        let row = |row: usize| match row {
            2 => format!("2,x,{open},0"),
            6 => format!("6,x,{close},1"),
            row => format!("{row},x,y,{}", row % 2),
        };
        format!("id,a,note,won\n{}\n", (0..9).map(row).collect::<Vec<_>>().join("\n"))
    };
    for (open, close, said) in [
        ("\"Best price", "y", "l.csv, line 4: a quote is opened before `Best price,0` and never closed"),
        ("\"Best price", "\"Top", "l.csv, line 4: a quote is opened before `Best price,0` and closed only in line 8"),
        ("\"Best price", "Top\"", "l.csv, line 4: a quote is opened before `Best price,0` and closed only in line 8"),
    ] {
        let error = flagged(&rows(open, close)).unwrap_err();
        assert!(error.contains(said) && error.contains("close it"), "{error}");
    }
    let (history, findings) = flagged(&rows("\"Best\" price", "\"a\nb, c\nd\"")).unwrap();
    assert_eq!(history.ids.len(), 9);
    let half = findings.of(What::HalfQuoted).next().unwrap();
    assert_eq!((half.level, half.count, half.rows[0].row), (FindingLevel::Doubt, 1, 4));
}

#[test]
fn backslashes_before_quotes_are_read_where_the_file_begins_with_them() {
    let text = "id,note,won\na,\"Acme \\\"Best\\\", Inc\",1\nb,\"plain\",0\n";
    let (history, findings) = flagged(text).unwrap();
    let Column::Text(notes) = attribute(&history, "note") else { panic!() };
    assert_eq!(notes.levels.iter().collect::<Vec<_>>(), ["Acme \"Best\", Inc", "plain"]);
    assert_eq!(findings.of(What::QuotesAfterBackslashes).count(), 1);
    // Doubled quotes besides: then a backslash is one.
    let (history, findings) = flagged("id,note,won\na,\"C:\\\",1\nb,\"say \"\"x\"\"\",0\n").unwrap();
    let Column::Text(notes) = attribute(&history, "note") else { panic!() };
    assert_eq!(notes.levels.iter().collect::<Vec<_>>(), ["C:\\", "say \"x\""]);
    assert_eq!(findings.of(What::QuotesAfterBackslashes).count(), 0);
}

#[test]
fn a_header_in_the_middle_is_named_and_no_lead() {
    let (history, findings) = flagged("id,size,won\na,1,1\n\u{feff}id,size,won\nb,2,0\n").unwrap();
    assert_eq!(history.ids.len(), 2);
    assert_eq!(findings.of(What::HeaderAgain).next().unwrap().rows[0].row, 3);
    let said = flagged("id,size,won\na,1,1\nsize,id,won\n2,b,0\n").unwrap_err();
    assert!(said.contains("line 3: the header once more, with its columns in another order"), "{said}");
    assert_eq!(flagged("id,size,won\nid,1,1\nb,2,0\n").unwrap().0.ids.len(), 2);
    let (_, findings) = flagged("id,größe,won\na,1,1\n id , größe,won\nb,2,0\n").unwrap();
    assert_eq!(findings.of(What::HeaderAgain).count(), 1);
}

#[test]
fn what_stands_below_the_rows_is_left_out_where_it_is_no_row() {
    let leads = |end: &str| {
        flagged(&format!("id,size,won\na,1,1\nb,2,0\n{end}")).map(|(history, findings)| {
            (history.ids.len(), findings.of(What::Footers).map(|found| found.count).sum::<u64>())
        })
    };
    assert_eq!(leads("Grand total,,\nmade by A. Person,,\n"), Ok((2, 2)));
    assert_eq!(leads(",,\nTotal,,\n"), Ok((2, 1)));
    assert_eq!(leads("\nTotal\n"), Ok((2, 1)));
    assert_eq!(leads("\nTotal,,\n"), Ok((2, 1)));
    assert_eq!(leads("Lead report\nConfidential\n"), Ok((2, 2)));
    assert_eq!(leads("c,,\n"), Ok((3, 0)));
    assert!(leads("c\n").unwrap_err().contains("line 4: 1 fields, expected 3"));
    assert!(leads("Lead report\nc,3,1\n").is_err());
    assert_eq!(leads("c d,,\ne f,3,1\n"), Ok((4, 0)));
}

#[test]
fn text_in_utf_16_is_read_without_a_mark_and_undeclared() {
    let text = "id,size,won\na,1,1\nö,2,0\n";
    for (name, bytes) in [
        ("little", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()),
        ("big", text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("l.csv"), bytes).unwrap();
        let (history, _) = read_ok(FLAGGED, folder.path());
        assert_eq!(history.ids.iter().collect::<Vec<_>>(), ["a", "ö"], "{name}");
    }
}

#[test]
fn objects_are_read_wherever_a_file_holds_them() {
    let one = r#"{"id": "a", "won": 1, "note": "[{ \"x\" }]"}"#;
    let two = r#"{"id": "b", "won": 0}"#;
    let broken = one.replace(", ", ",\n  ");
    for text in [
        format!("{one}\n{two}\n"),
        format!("[{one},\n{two}]"),
        format!("\u{feff} [\n{broken} , {two}\n]\n"),
        format!("{{\"total\": 2, \"ids\": [1, 2], \"results\": [{one}, {two}], \"errors\": [{{\"id\": \"c\"}}]}}"),
        format!("{{\n\"results\": [{broken},\n{two}],\n\"paging\": {{\"after\": \"x\"}}}}"),
        format!("{broken}\n{two}\n"),
    ] {
        let (history, _) = flagged(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(history.ids.iter().collect::<Vec<_>>(), ["a", "b"], "{text}");
    }
    let (history, _) =
        flagged("{\"id\": \"a\", \"won\": 1, \"tags\": [{\"id\": 2}]}\n{\"id\": \"b\", \"won\": 0}").unwrap();
    assert_eq!(history.ids.len(), 2);
}

#[test]
fn an_array_that_ends_early_or_holds_what_is_no_object_is_an_error() {
    let said = flagged("[{\"id\": \"a\", \"won\": 1},\n{\"id\": \"b\",").unwrap_err();
    assert!(said.contains("l.csv, line 2: not JSON: the file ends before its last bracket"), "{said}");
    let said = flagged("[{\"id\": \"a\", \"won\": 1},\n{\"id\": \"b\",\n \"won\": x}]").unwrap_err();
    assert!(said.contains("l.csv, line 3: not JSON: expected value at column 9"), "{said}");
}

#[test]
fn what_is_in_an_object_is_a_column_by_its_path() {
    let text = r#"{"id": "a", "won": true, "properties": {"email": "x@y.z", "size": {"n": 3}, "tags": ["q"]}}
{"id": "b", "won": false, "properties": null, "properties.email": "literal"}
{"id": "c", "won": false, "properties": {}}"#;
    let (history, _) = flagged(text).unwrap();
    let names: Vec<&str> = history.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["properties.email", "properties.size.n", "properties.tags"]);
    let cells = |name: &str| (0..3).map(|row| attribute(&history, name).cell(row)).collect::<Vec<_>>();
    assert_eq!(cells("properties.email"), [Cell::Text("x@y.z"), Cell::Text("literal"), Cell::Missing]);
    assert_eq!(cells("properties.size.n"), [Cell::Number(3.0), Cell::Missing, Cell::Missing]);
}

#[test]
fn objects_within_a_column_of_text_are_columns_by_their_path() {
    let text = "id,attributes,won\na,\"{\"\"Change Value\"\": 5, \"\"deep\"\": {\"\"x\"\": \"\"y\"\"}}\",1\nb,,0\nc,\"{\"\"late\"\": true}\",0\n";
    let (history, findings) = flagged(text).unwrap();
    let names: Vec<&str> = history.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["attributes", "attributes.Change Value", "attributes.deep.x", "attributes.late"]);
    assert_eq!(attribute(&history, "attributes.Change Value").cell(0), Cell::Number(5.0));
    assert_eq!(attribute(&history, "attributes.deep.x").cell(0), Cell::Text("y"));
    assert_eq!(attribute(&history, "attributes.late").cell(1), Cell::Missing);
    assert_eq!(findings.of(What::UnreadableValue).count(), 0);
    // So many objects come first that one which is broken is one that is broken.
    let rows: String = (0..70).map(|row| format!("{row},{{}},1\n")).collect();
    let (_, findings) = flagged(&format!("id,a,won\nx,\"{{\"\"k\"\": 1}}\",0\n{rows}y,{{,0\n")).unwrap();
    let unread = findings.of(What::UnreadableValue).next().unwrap();
    assert!(unread.text.contains("`a`") && unread.text.contains("line 73"), "{}", unread.text);
    let (history, _) = flagged("id,a,won\nx,{k},0\ny,{},1\n").unwrap();
    assert_eq!(history.attributes.len(), 1);
    // The first object may come late, among the rows that are looked at.
    let late: String = (0..16_000).map(|row| format!("{row},,1\n")).collect();
    for before in [late, format!("y,\"{}\",1\n", "\n".repeat(1 << 18))] {
        let (history, _) = flagged(&format!("id,a,won\n{before}x,\"{{\"\"k\"\": 1}}\",0\n")).unwrap();
        assert!(history.attributes.iter().any(|one| one.name == "a.k"));
    }
}

#[test]
fn ids_of_sixteen_bytes_are_read_as_text() {
    let id: Vec<u8> = (0..16).map(|byte| byte * 16 + byte).collect();
    let array = polars_arrow::array::FixedSizeBinaryArray::try_new(
        polars::prelude::ArrowDataType::FixedSizeBinary(16),
        [id, vec![0; 16]].concat().into(),
        None,
    );
    let Some(columnar::Values::Series(ids)) = columnar::uuids("id", &[Box::new(array.unwrap())]) else { panic!() };
    let ids = ids.str().unwrap();
    assert_eq!(ids.get(0), Some("00112233-4455-6677-8899-aabbccddeeff"));
    assert!(!columnar::is_uuid(&polars::prelude::ArrowDataType::FixedSizeBinary(20)));
}
