use crate::result::{Bracket, Evaluation, Inversion, Number};

use super::super::facts;
use super::super::text;
use super::ink::Ink;
use super::roster::Entry;
use super::scale::{Scale, Unit};
use super::sheet::{Frame, LABEL, NOTE, Plot, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, note, words};

const TOP: f64 = 30.0;
const NAMES: f64 = 190.0;

/// Conversion by bracket, the highest scores on top.
pub(super) fn draw(evaluation: &Evaluation, entry: &Entry) -> Chart {
    let rows: Vec<&Bracket> = entry.model.brackets.rows.iter().rev().collect();
    let pitch = if rows.len() > 8 { 38.0 } else { 46.0 };
    let middle = |place: usize| TOP + pitch * (place as f64 + 0.5);
    let bottom = TOP + pitch * rows.len() as f64;
    let front = Frontispiece {
        id: format!("brackets-{}", entry.slug),
        title: format!("{}: conversion by bracket", entry.name),
        alt: alt(entry, &rows),
        entry: Some(entry),
        height: bottom + 80.0,
    };
    if rows.is_empty() {
        return front.refuse(&format!("No brackets: {}", facts::cut_rule(&entry.model.brackets.rule)));
    }
    let panel = panel(&front.title, entry, &rows);
    let chart = front.draw(|sheet| {
        let overall = evaluation.readiness.rate.point.finite();
        let ends = rows.iter().flat_map(|row| [&row.rate.point, &row.rate.high]).filter_map(Number::finite);
        let scale = Scale::share(ends.chain(overall).fold(0.01, f64::max), 5, "converted within the horizon");
        let inversions = &entry.model.brackets.inversions;
        let width = if inversions.is_empty() { 430.0 } else { 330.0 };
        let frame = Frame { x: NAMES, y: TOP, width, height: bottom - TOP };
        let mut plot = sheet.plot(frame, scale, Scale::spanning(0.0, 1.0, 1, Unit::Plain, "").without_ticks());
        for (place, row) in rows.iter().enumerate() {
            bracket(sheet, &plot, entry, row, middle(place));
        }
        sheet.line(&[plot.at((0.0, 0.0)), plot.at((0.0, 1.0))], Ink::Axis.solid(), 1.0);
        if let Some(rate) = overall {
            plot.reference((rate, 0.0), (rate, 1.0));
            let label = format!("all leads {}", figures::percent(rate));
            sheet.text((plot.at((rate, 1.0)).0, TOP - 12.0), &label, NOTE.centred());
        }
        for inversion in inversions {
            if let Some(place) = upper_row(&rows, inversion) {
                inverted(sheet, &plot, inversion, (middle(place), middle(place + 1)));
            }
        }
        note(sheet, (0.0, bottom + 62.0), "Line: 95 % interval of the rate.");
    });
    chart.of(vec![panel])
}

fn panel(title: &str, entry: &Entry, rows: &[&Bracket]) -> Panel {
    let mark = |row: &&Bracket| Mark::of(Place::label(&row.label), row.rate.point.finite(), &row.rate);
    Panel {
        title: title.into(),
        shape: Shape::Bars,
        across: Axis::new("bracket", text::Unit::Plain),
        up: Axis::new("converted within the horizon", text::Unit::Share),
        series: vec![Series::new("conversion", entry.pen, rows.iter().map(mark).collect())],
    }
}

fn bracket(sheet: &Sheet, plot: &Plot, entry: &Entry, row: &Bracket, y: f64) {
    let room = NAMES - 14.0;
    let counts =
        format!("{}, {}", figures::counted(row.leads, "lead", "leads"), figures::counted(row.wins, "win", "wins"));
    sheet.text((NAMES - 14.0, y - 8.0), &LABEL.fit(&row.label, room), LABEL.right());
    sheet.text((NAMES - 14.0, y + 9.0), &NOTE.fit(&counts, room), NOTE.right());
    let x = |rate: f64| plot.at((rate, 0.0)).0;
    let rate = match &row.rate.point {
        Number::Value(rate) => *rate,
        Number::Undefined(reason) => {
            let text = NOTE.fit(&format!("no rate: {reason}"), plot.frame.width - 20.0);
            return sheet.text((plot.frame.x + 10.0, y), &text, NOTE.rim());
        }
    };
    sheet.bar((x(0.0), y - 11.0), (x(rate), y + 11.0), entry.pen.ink, 0.28);
    if let Some(interval) = row.rate.interval() {
        sheet.line(&[(x(interval.low), y), (x(interval.high), y)], entry.pen.ink.solid(), 1.8);
    }
    sheet.dot((x(rate), y), entry.pen.ink.solid(), 4.0);
    sheet.text((plot.frame.right() + 10.0, y), &figures::percent(rate), LABEL);
}

fn upper_row(rows: &[&Bracket], inversion: &Inversion) -> Option<usize> {
    rows.windows(2).position(|pair| pair[0].label == inversion.higher && pair[1].label == inversion.lower)
}

/// A clasp around two neighbours, the higher of which converts less.
fn inverted(sheet: &Sheet, plot: &Plot, inversion: &Inversion, (upper, lower): (f64, f64)) {
    let surely = inversion.difference.interval().is_some_and(|interval| interval.high < 0.0);
    let ink = if surely { Ink::Warning } else { Ink::Muted };
    let (upper, lower, x) = (upper + 11.0, lower - 11.0, plot.frame.right() + 24.0);
    let centre = (upper + lower) / 2.0;
    sheet.line(&[(x - 4.0, upper), (x, upper), (x, lower), (x - 4.0, lower)], ink.solid(), 1.8);
    let why = match inversion.p.finite() {
        Some(_) if surely => "beyond chance",
        Some(_) => "may be chance",
        None => "too few to test",
    };
    sheet.text((x + 8.0, centre - 7.0), "wrong order", NOTE.bold(true).ink(ink));
    sheet.text((x + 8.0, centre + 8.0), why, NOTE.ink(ink));
}

fn alt(entry: &Entry, rows: &[&Bracket]) -> String {
    let say = |row: &&Bracket| {
        let rate = text::estimate(&row.rate, text::Unit::Share);
        format!("{}: {rate} of {}", words::short(&row.label), figures::counted(row.leads, "lead", "leads"))
    };
    let rates: Vec<String> = rows.iter().map(say).collect();
    let inversions = match entry.model.brackets.inversions.len() {
        0 => String::new(),
        1 => " One pair of neighbours is in the wrong order.".into(),
        n => format!(" {n} pairs of neighbours are in the wrong order."),
    };
    format!(
        "Conversion by bracket of {}, from the highest scores: {}.{inversions}",
        words::short(&entry.name),
        words::first(&rates, "; ")
    )
}
