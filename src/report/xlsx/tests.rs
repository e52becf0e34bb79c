use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use calamine::{Data, Range, Reader, Xlsx};

use super::super::chart::{Axis, Chart, Mark, Panel, Place, Series, Shape};
use super::super::document::{Answer, Block, Cell, Column, Document, Section, Table, Tone};
use super::super::review::tests::year;
use super::super::text::Unit;
use super::super::{fixture, review, whole};
use super::workbook;
use crate::result::{Estimate, Level, Number};

const HOSTILE: [&str; 7] = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\",\"y\")"];

struct Book(Xlsx<Cursor<Vec<u8>>>);

impl Book {
    fn of(document: &Document) -> Self {
        Self(Xlsx::new(Cursor::new(workbook(document).unwrap())).unwrap())
    }

    fn names(&self) -> Vec<String> {
        self.0.sheet_names()
    }

    fn sheet(&mut self, name: &str) -> Range<Data> {
        self.0.worksheet_range(name).unwrap()
    }

    /// The rows from the header on, as (title, value).
    fn rows(&mut self, name: &str) -> Vec<Vec<(String, Data)>> {
        let range = self.sheet(name);
        let all: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
        let titles: Vec<String> = all[3].iter().map(ToString::to_string).collect();
        all[4..].iter().map(|row| titles.iter().cloned().zip(row.iter().cloned()).collect()).collect()
    }
}

fn value(row: &[(String, Data)], title: &str) -> Data {
    row.iter().find(|(name, _)| name == title).unwrap_or_else(|| panic!("{title} in {row:?}")).1.clone()
}

/// Every file in the workbook, with its text.
fn parts(bytes: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let part = |place: usize| {
        let mut file = archive.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        (file.name().unwrap().into_owned(), text)
    };
    (0..count).map(part).collect()
}

/// A document all of whose words come from somebody who means harm.
fn hostile() -> Document {
    let tables = HOSTILE.map(|bad| {
        let columns = vec![Column::label(bad), Column::money(bad, Some(bad)), Column::label(bad)];
        let money = Cell::value(1234.5, Unit::Money);
        Block::Table(Table::new(bad, columns, vec![vec![Cell::text(bad), money, Cell::label(bad)]]))
    });
    let chart = |bad: &str| Chart {
        id: "c".into(),
        title: bad.into(),
        alt: bad.into(),
        svg: String::new(),
        model: None,
        panels: vec![Panel {
            title: bad.into(),
            shape: Shape::Columns,
            across: Axis { title: "across".into(), unit: Unit::Plain },
            up: Axis { title: "up".into(), unit: Unit::Share },
            series: vec![Series {
                name: bad.into(),
                colour: 0,
                joined: false,
                marks: vec![Mark { place: Place::Label(bad.into()), value: Some(0.5), ends: Some((0.4, 0.6)) }],
            }],
        }],
    };
    let words = HOSTILE.iter().flat_map(|bad| {
        [Block::Paragraph((*bad).into()), Block::Notice(Level::Warning, (*bad).into()), Block::Figure(chart(bad))]
    });
    let blocks: Vec<Block> = tables.into_iter().chain(words).collect();
    let all: Vec<super::super::document::Text> = HOSTILE.iter().map(|bad| (*bad).into()).collect();
    Document {
        title: HOSTILE[0].into(),
        setting: HOSTILE[1].into(),
        answer: Answer {
            tone: Tone::Keep,
            headline: HOSTILE[0].into(),
            line: HOSTILE[0].into(),
            readiness: HOSTILE[2].into(),
            banners: all.clone(),
            doubts: all.clone(),
            reasons: all.clone(),
            next: all,
        },
        sections: HOSTILE.iter().map(|bad| Section::new("s", *bad, blocks.clone())).collect(),
        charts: "charts",
        footer: HOSTILE[3].into(),
    }
}

#[test]
fn text_from_the_data_never_becomes_a_formula() {
    let document = hostile();
    let mut book = Book::of(&document);
    for name in book.names() {
        let formulas = book.0.worksheet_formula(&name).unwrap();
        assert_eq!(formulas.rows().flatten().filter(|formula| !formula.is_empty()).count(), 0, "{name}");
    }
    let names = book.names();
    let cells: Vec<Data> =
        names.iter().flat_map(|name| book.sheet(name).rows().flatten().cloned().collect::<Vec<_>>()).collect();
    for bad in ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "=1"] {
        assert!(cells.contains(&Data::String(bad.into())), "{bad} in {cells:?}");
    }
    for (name, text) in parts(workbook(&document).unwrap()) {
        assert!(!text.contains("<f>") && !text.contains("http://x\" "), "{name}");
        let chart = name.starts_with("xl/charts/").then_some(&text).into_iter();
        let references = chart.flat_map(|text| text.split("<c:f>").skip(1));
        let is_ours = |reference: &str| reference.starts_with("'Chart data'!$");
        assert!(references.clone().count() > 0 || !name.starts_with("xl/charts/chart"), "{name}");
        references.for_each(|reference| assert!(is_ours(reference), "{reference}"));
    }
}

#[test]
fn every_report_has_sheets_with_names_of_their_own() {
    let all = fixture::all().into_iter().map(|evaluation| whole(&evaluation)).chain([hostile()]);
    for document in all {
        let book = Book::of(&document);
        let names = book.names();
        let lower: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(lower.len(), names.len(), "{names:?}");
        assert_eq!(names[0], "Summary");
        for name in &names {
            assert!(name.chars().count() <= 31 && !name.contains(['[', ']', ':', '*', '?', '/', '\\']), "{name}");
            assert!(!name.starts_with('\'') && !name.ends_with('\''), "{name}");
        }
    }
}

#[test]
fn the_first_sheet_reads_as_the_answer_and_leads_to_all_others() {
    let mut book = Book::of(&whole(&fixture::promoted()));
    let words: Vec<String> = book.sheet("Summary").rows().flatten().map(ToString::to_string).collect();
    let headline = words.iter().position(|words| words.starts_with("Use reweighted instead of current")).unwrap();
    for name in book.names().iter().skip(1) {
        let place = words.iter().position(|words| words == name).unwrap_or_else(|| panic!("{name}"));
        assert!(place > headline);
    }
    let (_, sheet) = parts(workbook(&whole(&fixture::promoted())).unwrap())
        .into_iter()
        .find(|(name, _)| name == "xl/worksheets/sheet1.xml")
        .unwrap();
    assert_eq!(sheet.matches("<hyperlink ").count(), book.names().len() - 1);
}

#[test]
fn numbers_stay_numbers_with_their_intervals_beside_them() {
    let evaluation = fixture::promoted();
    let mut book = Book::of(&whole(&evaluation));
    let rows = book.rows("Brackets");
    let model = &evaluation.models[0];
    let hot = model.brackets.rows.iter().find(|row| row.label == "Hot").unwrap();
    let row = rows
        .iter()
        .find(|row| value(row, "Bracket") == Data::String("Hot".into()) && row[0].1.to_string().contains(&model.name))
        .unwrap();
    assert_eq!(value(row, "Leads"), Data::Float(hot.leads as f64));
    assert_eq!(value(row, "Conversion"), Data::Float(hot.rate.point.value().unwrap()));
    assert_eq!(value(row, "Conversion, low"), Data::Float(hot.rate.low.value().unwrap()));
    assert_eq!(value(row, "Conversion, high"), Data::Float(hot.rate.high.value().unwrap()));
    let brackets: usize = evaluation.models.iter().map(|model| model.brackets.rows.len()).sum();
    assert_eq!(rows.len(), brackets);
}

#[test]
fn what_is_undefined_or_infinite_says_so_in_words() {
    let columns = vec![Column::label("What"), Column::number("Value"), Column::label("Day")];
    let undefined = Estimate::undefined("one class only");
    let half = Estimate { point: 1.0.into(), low: Number::undefined("too few"), high: Number::undefined("too few") };
    let rows = vec![
        vec![Cell::text("a"), Cell::estimate(&undefined, Unit::Share), Cell::date("2026-01-31")],
        vec![Cell::text("b"), Cell::value(f64::INFINITY, Unit::Share), Cell::date("the last day")],
        vec![Cell::text("c"), Cell::estimate(&half, Unit::Share), Cell::empty()],
        vec![
            Cell::text("d"),
            Cell::estimate(&Estimate { low: 0.5.into(), ..half.clone() }, Unit::Share),
            Cell::empty(),
        ],
        vec![
            Cell::text("e"),
            Cell::estimate(&Estimate { low: 0.5.into(), high: f64::INFINITY.into(), ..half.clone() }, Unit::Share),
            Cell::empty(),
        ],
    ];
    let mut document = hostile();
    document.sections = vec![Section::new("t", "Table", vec![Block::Table(Table::new("", columns, rows))])];
    let mut book = Book::of(&document);
    let rows = book.rows("Table");
    assert_eq!(value(&rows[0], "Value"), Data::String("– (one class only)".into()));
    assert_eq!(value(&rows[1], "Value"), Data::String("infinite".into()));
    assert_eq!(value(&rows[2], "Value, low"), Data::String("no interval: too few".into()));
    assert_eq!(value(&rows[4], "Value, high"), Data::String("infinite".into()));
    assert!(matches!(value(&rows[0], "Day"), Data::DateTime(day) if day.as_f64() == 46053.0), "{rows:?}");
    assert_eq!(value(&rows[1], "Day"), Data::String("the last day".into()));
}

#[test]
fn the_same_document_gives_the_same_bytes_whatever_the_clock_says() {
    let document = whole(&fixture::promoted());
    let bytes = workbook(&document).unwrap();
    let core = parts(bytes.clone()).into_iter().find(|(name, _)| name == "docProps/core.xml").unwrap().1;
    assert_eq!(core.matches("2000-01-01T00:00:00Z").count(), 2, "{core}");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert!(bytes == workbook(&document).unwrap());
}

#[test]
fn every_picture_with_numbers_is_a_chart() {
    for evaluation in fixture::all() {
        let document = whole(&evaluation);
        let panels: usize = super::plan::Plan::new(&document).pictures.iter().map(|group| group.panels.len()).sum();
        let first = super::plan::Plan::new(&document).pictures.first().map_or(0, |group| group.panels.len().min(2));
        let files = parts(workbook(&document).unwrap());
        let charts = files.iter().filter(|(name, _)| name.starts_with("xl/charts/chart")).count();
        assert_eq!(charts, panels + first);
    }
}

#[test]
fn a_review_is_drawn_by_the_program_itself_period_beside_period() {
    let made = year();
    let document = review(&made);
    let charts: Vec<String> = parts(workbook(&document).unwrap())
        .into_iter()
        .filter(|(name, _)| name.starts_with("xl/charts/chart"))
        .map(|(_, text)| text)
        .collect();
    // Four of the tiers, of which two stand on the first sheet too, and the trend.
    assert_eq!(charts.len(), 4 + 2 + 1);
    assert_eq!(charts.iter().filter(|chart| chart.contains("<c:lineChart>")).count(), 1);
    // Every interval ends within its axis.
    let axis = |chart: &String, end: &str| {
        let value = chart.split(&format!("<c:{end} val=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.and_then(|value| value.parse::<f64>().ok())
    };
    let ends: Vec<f64> = (3..5)
        .flat_map(|period| made.models[0].periods[period].brackets.iter().filter_map(|row| row.rate.high.value()))
        .collect();
    let highest = ends.iter().copied().fold(0.0, f64::max);
    let conversion = charts.iter().find(|chart| chart.contains("converted within the horizon")).unwrap();
    assert!(axis(conversion, "max").is_some_and(|max| (highest..highest * 1.3).contains(&max)), "{highest}");
    let trend = charts.iter().find(|chart| chart.contains("<c:lineChart>")).unwrap();
    assert_eq!((axis(trend, "min"), axis(trend, "max")), (Some(0.6), Some(0.75)));
    let mut book = Book::of(&document);
    let rows: Vec<Vec<Data>> = book.sheet("Chart data").rows().map(<[Data]>::to_vec).collect();
    let at = |title: &str| rows.iter().position(|row| row[0] == Data::String(title.into())).unwrap();
    let tiers = &made.models[0].periods[4].brackets;
    let (begin, highest) = (at("Conversion by tier"), &tiers[tiers.len() - 1]);
    let number = |value: f64| Data::Float(value);
    let rate = highest.rate.point.value().unwrap();
    let (low, high) = (highest.rate.low.value().unwrap(), highest.rate.high.value().unwrap());
    assert_eq!(rows[begin + 1][1], Data::String("2026Q2".into()));
    assert_eq!(rows[begin + 1][5], Data::String("2026Q1".into()));
    let expected = [Data::String(highest.label.clone()), number(rate), number(high - rate), number(rate - low)];
    assert_eq!(rows[begin + 2][..4], expected);
    let leads = &rows[at("Leads by tier") + 2];
    assert_eq!(leads[1], number((highest.leads + highest.immature) as f64));
    let trend = &rows[at("How well each model orders leads, period by period") + 2];
    assert_eq!(trend[..2], [Data::String("2025Q2".into()), number(0.69)]);
}
